/* SPDX-License-Identifier: Apache-2.0
 * Whom each answer belongs to: conversations as real servers hold them, and as they must not. */
#include "tests/unit/net/suite.h"
#include "tests/unit/pg/script.h"
#include "tests/unit/pg/tap.h"

#include <stdio.h>

static const struct pg_conf one_statement = { .max_msg_bytes = { 256, 256 },
	.budget_bytes = 600,
	.max_statements = 1,
	.max_portals = 1,
	.max_requests = 8 };

static const struct script starts[] = {
	{ "start-up with SCRAM", PG_START_CONNECT, NULL,
			{
					{ "> start 3.0 user=a database=b", "pass #1" },
					{ "< R 10 SCRAM-SHA-256", "pass #1" },
					{ "> p SCRAM-SHA-256\1", "bad BODY" },
			} },
	{ "start-up with a password", PG_START_CONNECT, NULL,
			{
					{ "> start 3.0 user=a", "pass #1" },
					{ "= version", "3.0" },
					{ "< R 3", "pass #1" },
					{ "> p ", "bad BODY" },
			} },
	{ "start-up in trust", PG_START_CONNECT, NULL,
			{
					{ "> start 3.2 user=a", "pass #1" },
					{ "< v 3.0 _pq_.x", "pass #1" },
					{ "= version", "3.0" },
					{ "< R 0", "pass #1" },
					{ "< S client_encoding=UTF8", "pass #1 async" },
					{ "< S standard_conforming_strings=on", "pass #1 async" },
					{ "= strings", "standard UTF8" },
					{ "< K 7 key4", "pass #1" },
					{ "= key", "7 key4" },
					{ "< Z I", "pass #1 last" },
					{ "= quiet", "yes" },
					{ "> Q select 1", "pass #2" },
					{ "> X", "pass" },
					{ "> Q select 1", "bad ENDED" },
			} },
	{ "a query before the answer to start-up", PG_START_CONNECT, NULL,
			{ { "> start 3.0 user=a", "pass #1" }, { "> Q select 1", "bad PHASE" } } },
	{ "a query behind AuthenticationOk", PG_START_CONNECT, NULL,
			{
					{ "> start 3.0 user=a", "pass #1" },
					{ "< R 0", "pass #1" },
					{ "> Q select 1", "pass #2" },
					{ "< Z I", "pass #1 last" },
					{ "< T a", "pass #2 (a)" },
			} },
	{ "a long cancel key", PG_START_CONNECT, NULL,
			{
					{ "> start 3.2 user=a", "pass #1" },
					{ "< R 0", "pass #1" },
					{ "< K 7 0123456789abcdef0123456789abcdef", "pass #1" },
					{ "= key", "7 0123456789abcdef0123456789abcdef" },
			} },
	{ "a long cancel key in 3.0", PG_START_CONNECT, NULL,
			{
					{ "> start 3.0 user=a", "pass #1" },
					{ "< R 0", "pass #1" },
					{ "< K 7 12345", "bad LENGTH" },
			} },
	{ "a cancel request", PG_START_CONNECT, NULL,
			{ { "> cancel 7 key4", "pass" }, { "> Q x", "bad ENDED" } } },
	{ "a cancel request with a short key", PG_START_CONNECT, NULL,
			{ { "> cancel 7 key", "bad BODY" } } },
	{ "TLS is refused", PG_START_CONNECT, NULL,
			{
					{ "> ssl", "pass" },
					{ "< .N", "pass" },
					{ "> gss", "pass" },
					{ "< .N", "pass" },
					{ "> start 3.0 user=a", "pass #1" },
			} },
	{ "TLS is taken", PG_START_CONNECT, NULL,
			{
					{ "> ssl", "pass" },
					{ "< .S", "pass" },
					{ "> start 3.0 user=a", "opaque" },
					{ "= secured", "0" },
					{ "> start 3.0 user=a", "pass #1" },
					{ "= secured", "-22" },
			} },
	{ "GSS is not TLS", PG_START_CONNECT, NULL,
			{ { "> ssl", "pass" }, { "< .G", "bad TYPE" } } },
	{ "bytes behind an SSLRequest", PG_START_CONNECT, NULL,
			{ { "> ssl", "pass" }, { "> start 3.0 user=a", "bad STUFFED" } } },
	{ "an error in place of the byte", PG_START_CONNECT, NULL,
			{ { "> ssl", "pass" }, { "< E FATAL 0A000 no", "pass fatal" } } },
	{ "protocol 2", PG_START_CONNECT, NULL,
			{ { "> start 2.0 user=a", "pass" }, { "> Q select 1", "opaque" } } },
	{ "a server that speaks first", PG_START_CONNECT, NULL, { { "< Z I", "bad UNASKED" } } },
	{ "a password that nobody asked for", PG_START_CONNECT, NULL,
			{ { "> start 3.0 user=a", "pass #1" }, { "> p x", "bad PHASE" } } },
	{ "ready before authentication", PG_START_CONNECT, NULL,
			{ { "> start 3.0 user=a", "pass #1" }, { "< Z I", "bad UNASKED" } } },
	{ "authentication twice", PG_START_CONNECT, NULL,
			{
					{ "> start 3.0 user=a", "pass #1" },
					{ "< R 0", "pass #1" },
					{ "< R 0", "bad UNASKED" },
			} },
	{ "authentication fails", PG_START_CONNECT, NULL,
			{
					{ "> start 3.0 user=a", "pass #1" },
					{ "< E FATAL 28P01 no", "pass #1 fatal" },
					{ "< R 0", "bad ENDED" },
			} },
};

static const struct script queries[] = {
	{ "one statement", PG_START_READY, NULL,
			{
					{ "> Q select a, b", "pass #1" },
					{ "= quiet", "no" },
					{ "< T a,b", "pass #1 (a ,b)" },
					{ "< D 1,2", "pass #1 (a ,b)" },
					{ "< D ~,~", "pass #1 (a ,b)" },
					{ "< N NOTICE 00000 hello", "pass #1 async" },
					{ "< D 3,4", "pass #1 (a ,b)" },
					{ "< C SELECT 3", "pass #1" },
					{ "< Z I", "pass #1 last" },
					{ "= quiet", "yes" },
			} },
	{ "several statements", PG_START_READY, NULL,
			{
					{ "> Q a; b; ; c", "pass #1" },
					{ "< T a", "pass #1 (a)" },
					{ "< C SELECT 0", "pass #1" },
					{ "< T b", "pass #1 1. (b)" },
					{ "< D 1", "pass #1 1. (b)" },
					{ "< C SELECT 1", "pass #1 1." },
					{ "< C BEGIN", "pass #1 2." },
					{ "< E ERROR 42P01 no", "pass #1 3." },
					{ "< Z E", "pass #1 last" },
					{ "= status", "E" },
			} },
	{ "an empty query", PG_START_READY, NULL,
			{ { "> Q ", "pass #1" }, { "< I", "pass #1" },
					{ "< Z I", "pass #1 last" } } },
	{ "two result sets of one statement, as rules make them", PG_START_READY, NULL,
			{
					{ "> Q insert", "pass #1" },
					{ "< T a", "pass #1 (a)" },
					{ "< D 1", "pass #1 (a)" },
					{ "< T b", "pass #1 (b)" },
					{ "< C INSERT 0 1", "pass #1" },
			} },
	{ "pipelined queries", PG_START_READY, NULL,
			{
					{ "> Q a", "pass #1" },
					{ "> Q b", "pass #2" },
					{ "< C A", "pass #1" },
					{ "< Z I", "pass #1 last" },
					{ "< E ERROR 42P01 no", "pass #2" },
					{ "< Z I", "pass #2 last" },
			} },
	{ "asynchronous messages", PG_START_READY, NULL,
			{
					{ "< A 7 chan|text", "pass async" },
					{ "< N WARNING 01000 hm", "pass async" },
					{ "< S client_encoding=LATIN1", "pass async" },
					{ "= strings", "escape LATIN1" },
					{ "< E FATAL 57P01 bye", "pass fatal" },
					{ "< Z I", "bad ENDED" },
			} },
	{ "a function call", PG_START_READY, NULL,
			{
					{ "> F 2101|x", "pass #1" },
					{ "< V 5", "pass #1" },
					{ "< Z I", "pass #1 last" },
			} },
	{ "rows without columns", PG_START_READY, NULL,
			{ { "> Q a", "pass #1" }, { "< D 1", "bad COLUMNS" } } },
	{ "rows of another statement's columns", PG_START_READY, NULL,
			{
					{ "> Q a; b", "pass #1" },
					{ "< T a", "pass #1 (a)" },
					{ "< C SELECT 0", "pass #1" },
					{ "< D 1", "bad COLUMNS" },
			} },
	{ "a row of another shape", PG_START_READY, NULL,
			{
					{ "> Q a", "pass #1" },
					{ "< T a,b", "pass #1 (a ,b)" },
					{ "< D 1", "bad SHAPE" },
			} },
	{ "ready without an answer", PG_START_READY, NULL,
			{ { "> Q a", "pass #1" }, { "< Z I", "bad UNASKED" } } },
	{ "two errors", PG_START_READY, NULL,
			{
					{ "> Q a", "pass #1" },
					{ "< E ERROR 42P01 no", "pass #1" },
					{ "< E ERROR 42P01 no", "bad UNASKED" },
			} },
	{ "an answer after an error", PG_START_READY, NULL,
			{
					{ "> Q a", "pass #1" },
					{ "< E ERROR 42P01 no", "pass #1" },
					{ "< C SELECT 1", "bad ORDER" },
			} },
	{ "an error that nobody caused", PG_START_READY, NULL,
			{ { "< E ERROR 42P01 no", "bad UNASKED" } } },
	{ "rows that nobody asked for", PG_START_READY, NULL, { { "< D 1", "bad UNASKED" } } },
	{ "an answer of the extended protocol", PG_START_READY, NULL,
			{ { "> Q a", "pass #1" }, { "< 1", "bad UNASKED" } } },
};

static const struct script extended[] = {
	{ "parse to sync", PG_START_READY, NULL,
			{
					{ "> P |select $1", "pass #1" },
					{ "> B ||5", "'select $1' pass #2" },
					{ "> D P", "pass #3" },
					{ "> E |0", "'select $1' pass #4" },
					{ "> S", "pass #5" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< T a", "pass #3 last" },
					{ "< D 5", "pass #4 (a)" },
					{ "< C SELECT 1", "pass #4 last" },
					{ "< Z I", "pass #5 last" },
					{ "= names", "1 0" },
			} },
	{ "a statement described once, executed again", PG_START_READY, NULL,
			{
					{ "> P s|select", "pass #1" },
					{ "> D Ss", "pass #2" },
					{ "> S", "pass #3" },
					{ "< 1", "pass #1 last" },
					{ "< t 25", "pass #2" },
					{ "< T a,b", "pass #2 last" },
					{ "< Z I", "pass #3 last" },
					{ "> Bb |s", "'select' pass #4" },
					{ "> E |0", "'select' pass #5" },
					{ "> S", "pass #6" },
					{ "< 2", "pass #4 last" },
					{ "< D 1,2", "pass #5 cached (a ,b)" },
					{ "< D 1", "bad SHAPE" },
			} },
	{ "a statement that was never described", PG_START_READY, NULL,
			{
					{ "> P |select", "pass #1" },
					{ "> B |", "'select' pass #2" },
					{ "> E |0", "'select' pass #3" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< D 1", "pass #3 blind" },
			} },
	{ "a portal that returns nothing returns rows", PG_START_READY, NULL,
			{
					{ "> P |insert", "pass #1" },
					{ "> B |", "'insert' pass #2" },
					{ "> D P", "pass #3" },
					{ "> E |0", "'insert' pass #4" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< n", "pass #3 last" },
					{ "< D 1", "bad COLUMNS" },
			} },
	{ "the codec asks itself", PG_START_READY, &script_conf_describe,
			{
					{ "> P s|select", "pass #1" },
					{ "> B |s", "'select' pass #2" },
					{ "> E |0", "'select' pass #3 >D" },
					{ "> S", "pass #4" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< T a", "drop #3 last hidden" },
					{ "< D 1", "pass #3 (a)" },
					{ "< C SELECT 1", "pass #3 last" },
					{ "< Z I", "pass #4 last" },
					{ "> B |s", "'select' pass #5" },
					{ "> D P", "pass #6" },
					{ "> E |0", "'select' pass #7" },
			} },
	{ "what the codec asks fails", PG_START_READY, &script_conf_describe,
			{
					{ "> E p|0", "unknown pass #1 >D" },
					{ "> S", "pass #2" },
					{ "< E ERROR 34000 no portal", "pass #1 last" },
					{ "< Z I", "pass #2 last" },
			} },
	{ "a named portal after something else ran", PG_START_READY, &script_conf_describe,
			{
					{ "> P |select", "pass #1" },
					{ "> B c|", "'select' pass #2" },
					{ "> D Pc", "pass #3" },
					{ "> E c|1", "'select' pass #4" },
					{ "> E c|1", "'select' pass #5" },
					{ "> P |other", "pass #6" },
					{ "> B |", "'other' pass #7" },
					{ "> D P", "pass #8" },
					{ "> E |0", "'other' pass #9" },
					{ "> E c|1", "'select' pass #10 >D" },
			} },
	{ "a portal that is suspended", PG_START_READY, NULL,
			{
					{ "> P |select", "pass #1" },
					{ "> B c|", "'select' pass #2" },
					{ "> D Pc", "pass #3" },
					{ "> E c|2", "'select' pass #4" },
					{ "> E c|2", "'select' pass #5" },
					{ "> S", "pass #6" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< T a", "pass #3 last" },
					{ "< D 1", "pass #4 (a)" },
					{ "< D 1", "pass #4 (a)" },
					{ "< s", "pass #4 last" },
					{ "< D 1", "pass #5 (a)" },
					{ "< C SELECT 1", "pass #5 last" },
					{ "= names", "1 1" },
					{ "< Z T", "pass #6 last" },
					{ "= names", "1 1" },
					{ "> S", "pass #7" },
					{ "< Z I", "pass #7 last" },
					{ "= names", "1 0" },
			} },
	{ "more rows than were asked for", PG_START_READY, NULL,
			{
					{ "> P |select", "pass #1" },
					{ "> B |", "'select' pass #2" },
					{ "> E |1", "'select' pass #3" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< D 1", "pass #3 blind" },
					{ "< D 1", "bad ORDER" },
			} },
	{ "suspended, but nothing limits it", PG_START_READY, NULL,
			{ { "> E |0", "unknown pass #1" }, { "< s", "bad UNASKED" } } },
	{ "after an error all is skipped up to Sync", PG_START_READY, NULL,
			{
					{ "> P |bad", "pass #1" },
					{ "> B |", "'bad' pass #2" },
					{ "> Q select", "pass #3" },
					{ "> E |0", "unknown pass #4" },
					{ "> S", "pass #5" },
					{ "> Q next", "pass #6" },
					{ "< E ERROR 42601 no", "pass #1 last" },
					{ "< Z I", "pass #5 last" },
					{ "< C NEXT", "pass #6" },
					{ "< Z I", "pass #6 last" },
					{ "= names", "0 0" },
			} },
	{ "what the server skips is not sent", PG_START_READY, NULL,
			{
					{ "> P |bad", "pass #1" },
					{ "> H", "pass" },
					{ "< E ERROR 42601 no", "pass #1 last" },
					{ "> B |", "unknown drop moot" },
					{ "> Q x", "drop moot" },
					{ "= quiet", "no" },
					{ "> S", "pass #2" },
					{ "< Z I", "pass #2 last" },
					{ "= quiet", "yes" },
			} },
	{ "the commit of a Sync fails", PG_START_READY, NULL,
			{
					{ "> S", "pass #1" },
					{ "< E ERROR 23503 deferred", "pass #1" },
					{ "< Z I", "pass #1 last" },
			} },
	{ "an answer to the next message", PG_START_READY, NULL,
			{
					{ "> P |a", "pass #1" },
					{ "> B |", "'a' pass #2" },
					{ "< 2", "bad UNASKED" },
			} },
	{ "ready in the middle of a batch", PG_START_READY, NULL,
			{ { "> P |a", "pass #1" }, { "> S", "pass #2" },
					{ "< Z I", "bad UNASKED" } } },
};

static const struct script names[] = {
	{ "close and parse again", PG_START_READY, NULL,
			{
					{ "> P s|one", "pass #1" },
					{ "> C Ss", "pass #2" },
					{ "> B |s", "unknown pass #3" },
					{ "> S", "pass #4" },
					{ "> P s|two", "pass #5" },
					{ "> B |s", "'two' pass #6" },
					{ "< 1", "pass #1 last" },
					{ "= names", "1 0" },
					{ "< 3", "pass #2 last" },
					{ "= names", "0 0" },
			} },
	{ "a text that may not be the one", PG_START_READY, NULL,
			{
					{ "> P s|one", "pass #1" },
					{ "> S", "pass #2" },
					{ "< 1", "pass #1 last" },
					{ "< Z I", "pass #2 last" },
					/* the server refuses this one, and the Bind below is of the first */
					{ "> P s|two", "pass #3" },
					{ "> S", "pass #4" },
					{ "> B |s", "unknown pass #5" },
			} },
	{ "a text that was closed, or was not", PG_START_READY, NULL,
			{
					{ "> P s|one", "pass #1" },
					{ "> S", "pass #2" },
					{ "> P |bad", "pass #3" },
					{ "> C Ss", "pass #4" },
					{ "> S", "pass #5" },
					{ "> P s|two", "pass #6" },
					{ "> S", "pass #7" },
					{ "> B |s", "unknown pass #8" },
			} },
	{ "the unnamed statement ends with a Query", PG_START_READY, NULL,
			{
					{ "> P |one", "pass #1" },
					{ "> S", "pass #2" },
					{ "< 1", "pass #1 last" },
					{ "< Z I", "pass #2 last" },
					{ "> Q x", "pass #3" },
					{ "< C X", "pass #3" },
					{ "= names", "1 0" },
					{ "< Z I", "pass #3 last" },
					{ "= names", "0 0" },
			} },
	{ "DEALLOCATE, and PREPARE under its name", PG_START_READY, NULL,
			{
					{ "> P s|one", "pass #1" },
					{ "> S", "pass #2" },
					{ "< 1", "pass #1 last" },
					{ "< Z I", "pass #2 last" },
					{ "> Q deallocate s", "pass #3" },
					{ "< C DEALLOCATE", "pass #3" },
					{ "< Z I", "pass #3 last" },
					{ "> B |s", "unknown pass #4" },
					{ "> S", "pass #5" },
					{ "< E ERROR 26000 no", "pass #4 last" },
					{ "< Z I", "pass #5 last" },
					{ "= names", "1 0" },
					{ "> Q prepare s as two", "pass #6" },
					{ "< C PREPARE", "pass #6" },
					{ "= names", "0 0" },
			} },
	{ "DISCARD ALL", PG_START_READY, NULL,
			{
					{ "> P s|one", "pass #1" },
					{ "> P |two", "pass #2" },
					{ "> B |", "'two' pass #3" },
					{ "> E |0", "'two' pass #4" },
					{ "> S", "pass #5" },
					{ "< 1", "pass #1 last" },
					{ "< 1", "pass #2 last" },
					{ "< 2", "pass #3 last" },
					{ "= names", "2 1" },
					{ "< C DISCARD ALL", "pass #4 last" },
					{ "= names", "1 0" },
			} },
	{ "a statement that SQL prepared", PG_START_READY, &script_conf_describe,
			{
					{ "> B |s", "unknown pass #1" },
					{ "> E |0", "unknown pass #2 >D" },
					{ "< 2", "pass #1 last" },
					{ "< T a", "drop #2 last hidden" },
					{ "< D 1", "pass #2 (a)" },
			} },
	{ "a cursor that SQL declared", PG_START_READY, &script_conf_describe,
			{
					{ "> E c|5", "unknown pass #1 >D" },
					{ "< T a", "drop #1 last hidden" },
					{ "< D 1", "pass #1 (a)" },
			} },
	{ "limits", PG_START_READY, &one_statement,
			{
					{ "> P a|x", "pass #1" },
					{ "> P b|x", "hold >H" },
					{ "< 1", "pass #1 last" },
					{ "> P b|x", "limit STATEMENTS" },
					{ "! P b|x", "drop #2 >P" },
					{ "> B |a", "unknown drop moot" },
					{ "> S", "pass #3" },
			} },
	{ "the number of portals", PG_START_READY, &one_statement,
			{
					{ "> B p|", "unknown pass #1" },
					{ "> B q|", "unknown hold >H" },
					{ "< 2", "pass #1 last" },
					{ "> B q|", "unknown limit PORTALS" },
			} },
	{ "bug: a batch of the unnamed portal was taken for many", PG_START_READY, &one_statement,
			{
					{ "> B |", "unknown pass #1" },
					{ "> B |", "unknown pass #2" },
					{ "> B |", "unknown pass #3" },
					{ "> S", "pass #4" },
			} },
	{ "a name that the server cuts short", PG_START_READY, NULL,
			{
					{ "> P 123456789012345678901234567890123456789012345678901234567890"
					  "1234|x",
							"limit NAME" },
					{ "> D S12345678901234567890123456789012345678901234567890123456789"
					  "01234",
							"limit NAME" },
			} },
	{ "as many messages as may be", PG_START_READY, &one_statement,
			{
					{ "> S", "pass #1" },
					{ "> S", "pass #2" },
					{ "> S", "pass #3" },
					{ "> S", "pass #4" },
					{ "> S", "pass #5" },
					{ "> S", "pass #6" },
					{ "> S", "pass #7" },
					{ "> S", "hold >H" },
					{ "> S", "hold" },
					{ "< Z I", "pass #1 last" },
					{ "> S", "pass #8" },
			} },
};

static const struct script calls[] = {
	{ "a call of our own: the client sees nothing of it", PG_START_READY, NULL,
			{
					{ "= call", "called >F" },
					{ "> Q select", "pass #1" },
					{ "= call", "again" },
					{ "< V 0", "drop hidden" },
					{ "< S application_name,x", "pass hidden async" },
					{ "< N NOTICE 00000 hear", "pass hidden async" },
					{ "< Z I", "drop last hidden" },
					{ "< T a", "pass #1 (a)" },
					{ "< D 1", "pass #1 (a)" },
					{ "< C SELECT 1", "pass #1" },
					{ "= call", "again" },
					{ "< Z T", "pass #1 last" },
					{ "= call", "again" },
			} },
	{ "a call of our own fails", PG_START_READY, NULL,
			{
					{ "= call", "called >F" },
					{ "> P |select", "pass #1" },
					{ "> S", "pass #2" },
					{ "< E ERROR 42501 no", "drop hidden" },
					{ "< Z I", "drop last hidden" },
					{ "< 1", "pass #1 last" },
					{ "= call", "again" },
					{ "< Z E", "pass #2 last" },
					{ "= call", "again" },
			} },
	{ "a call of our own keeps the unnamed statement", PG_START_READY, NULL,
			{
					{ "> P |select", "pass #1" },
					{ "> S", "pass #2" },
					{ "< 1", "pass #1 last" },
					{ "< Z I", "pass #2 last" },
					{ "= call", "called >F" },
					{ "< V 0", "drop hidden" },
					{ "< Z I", "drop last hidden" },
					{ "> B |", "'select' pass #3" },
					{ "= call", "again" },
			} },
	{ "a call of our own as the session dies", PG_START_READY, NULL,
			{
					{ "= call", "called >F" },
					{ "< E FATAL 57P01 over", "pass fatal" },
			} },
	{ "a query of our own", PG_START_READY, NULL,
			{
					{ "> P |select", "pass #1" },
					{ "> S", "pass #2" },
					{ "< 1", "pass #1 last" },
					{ "< Z I", "pass #2 last" },
					{ "= query", "asked >PBECS" },
					{ "= quiet", "yes" },
					{ "> B |", "'select' pass #3" },
					{ "> E |0", "'select' pass #4" },
					{ "> S", "pass #5" },
					{ "< 1", "drop hidden" },
					{ "< N NOTICE 00000 hear", "pass hidden async" },
					{ "< 2", "drop hidden" },
					{ "< D 1,2", "drop hidden" },
					{ "< D 3,4", "drop hidden" },
					{ "< C EXPLAIN", "drop hidden" },
					{ "< 3", "drop hidden" },
					{ "= names", "1 0" },
					{ "< Z I", "drop last hidden" },
					{ "< 2", "pass #3 last" },
					{ "< D 1", "pass #4 blind" },
					{ "< C SELECT 1", "pass #4 last" },
					{ "< Z I", "pass #5 last" },
			} },
	{ "a query of our own fails", PG_START_READY, NULL,
			{
					{ "= query", "asked >PBECS" },
					{ "> Q select", "pass #1" },
					{ "< E ERROR 42P01 no table", "drop hidden" },
					{ "< E ERROR 42P01 no table", "bad UNASKED" },
			} },
	{ "a query of our own fails, and the client's goes on", PG_START_READY, NULL,
			{
					{ "= query", "asked >PBECS" },
					{ "> Q select", "pass #1" },
					{ "< 1", "drop hidden" },
					{ "< E ERROR 42P01 no table", "drop hidden" },
					{ "< Z I", "drop last hidden" },
					{ "< T a", "pass #1 (a)" },
			} },
	{ "a query of our own fails behind its Parse: the next one closes what it left",
			PG_START_READY, NULL,
			{
					{ "= query", "asked >PBECS" },
					{ "< 1", "drop hidden" },
					{ "< 2", "drop hidden" },
					{ "< E ERROR 42501 no", "drop hidden" },
					{ "< Z I", "drop last hidden" },
					{ "= query", "asked >CPBECS" },
					{ "< 3", "drop hidden" },
					{ "< 1", "drop hidden" },
					{ "< 2", "drop hidden" },
					{ "< D 1", "drop hidden" },
					{ "< C EXPLAIN", "drop hidden" },
					{ "< 3", "drop hidden" },
					{ "< Z I", "drop last hidden" },
					{ "= query", "asked >PBECS" },
			} },
	{ "what an earlier query has left is not closed", PG_START_READY, NULL,
			{
					{ "= query", "asked >PBECS" },
					{ "< 1", "drop hidden" },
					{ "< E ERROR 22P02 no", "drop hidden" },
					{ "< Z I", "drop last hidden" },
					{ "= query", "asked >CPBECS" },
					{ "< 1", "bad UNASKED" },
			} },
	{ "denied while a query of our own is unanswered: at once", PG_START_READY, NULL,
			{
					{ "= call", "called >F" },
					{ "= query", "asked >PBECS" },
					{ "! Q drop", "drop <EZ" },
					{ "> Q select", "pass #1" },
					{ "< V 0", "drop hidden" },
					{ "< Z I", "drop last hidden" },
					{ "< 1", "drop hidden" },
					{ "< E ERROR 55P03 no", "drop hidden" },
					{ "< Z I", "drop last hidden" },
					{ "< T a", "pass #1 (a)" },
			} },
	{ "nothing of ours in a batch that was denied", PG_START_READY, NULL,
			{
					{ "! P |drop", "drop <E" },
					{ "= call", "again" },
					{ "> S", "drop #1 <Z" },
					{ "= call", "called >F" },
			} },
	{ "a query of our own is not answered whole", PG_START_READY, NULL,
			{
					{ "= query", "asked >PBECS" },
					{ "< 1", "drop hidden" },
					{ "< Z I", "bad UNASKED" },
			} },
	{ "a query of our own is answered out of order", PG_START_READY, NULL,
			{
					{ "= query", "asked >PBECS" },
					{ "< 1", "drop hidden" },
					{ "< D 1", "bad UNASKED" },
			} },
	{ "a notice behind a description that is ours", PG_START_READY, &script_conf_describe,
			{
					{ "> P s|select", "pass #1" },
					{ "> B |s", "'select' pass #2" },
					{ "> E |0", "'select' pass #3 >D" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< N NOTICE 00000 hear", "pass #3 hidden async" },
					{ "< T a", "drop #3 last hidden" },
			} },
};

static const struct script copies[] = {
	{ "COPY to the client", PG_START_READY, NULL,
			{
					{ "> Q copy; select", "pass #1" },
					{ "< H", "pass #1" },
					{ "< d 1", "pass #1" },
					{ "< d 2", "pass #1" },
					{ "< c", "pass #1" },
					{ "< C COPY 2", "pass #1" },
					{ "< T a", "pass #1 1. (a)" },
			} },
	{ "COPY data that nobody asked for", PG_START_READY, NULL,
			{ { "> Q a", "pass #1" }, { "< d 1", "bad UNASKED" } } },
	{ "COPY from the client", PG_START_READY, NULL,
			{
					{ "> Q copy", "pass #1" },
					{ "< G", "pass #1" },
					{ "> d 1", "pass" },
					{ "> H", "pass" },
					{ "> c", "pass" },
					{ "< C COPY 1", "pass #1" },
					{ "< Z I", "pass #1 last" },
			} },
	{ "COPY complete before its data", PG_START_READY, NULL,
			{
					{ "> Q copy", "pass #1" },
					{ "< G", "pass #1" },
					{ "< C COPY 1", "bad ORDER" },
			} },
	{ "COPY that the client breaks", PG_START_READY, NULL,
			{
					{ "> Q copy", "pass #1" },
					{ "< G", "pass #1" },
					{ "> Q select", "bad COPY" },
			} },
	{ "COPY that fails while data is on its way", PG_START_READY, NULL,
			{
					{ "> Q copy", "pass #1" },
					{ "< G", "pass #1" },
					{ "> d 1", "pass" },
					{ "< E ERROR 22P04 no", "pass #1" },
					{ "< Z I", "pass #1 last" },
					{ "> d 2", "drop moot" },
					{ "> c", "drop moot" },
					{ "> Q next", "pass #2" },
			} },
	{ "COPY by Execute: the first Sync is swallowed", PG_START_READY, NULL,
			{
					{ "> P |copy", "pass #1" },
					{ "> B |", "'copy' pass #2" },
					{ "> E |0", "'copy' pass #3" },
					{ "> S", "pass #4" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< G", "pass #3" },
					{ "> d 1", "pass" },
					{ "> c", "pass" },
					{ "> S", "pass #5" },
					{ "< C COPY 1", "pass #3 last" },
					{ "< Z I", "pass #5 last" },
					{ "< Z I", "bad UNASKED" },
			} },
	{ "COPY by Execute, all sent at once", PG_START_READY, NULL,
			{
					{ "> P |copy", "pass #1" },
					{ "> B |", "'copy' pass #2" },
					{ "> E |0", "'copy' pass #3" },
					{ "> S", "pass #4" },
					{ "> d 1", "pass" },
					{ "> c", "pass #5" },
					{ "> S", "pass #6" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< G", "pass #3" },
					{ "< C COPY 1", "pass #3 last" },
					{ "< Z I", "pass #6 last" },
			} },
	{ "COPY by Execute fails before the swallowed Sync is read", PG_START_READY, NULL,
			{
					{ "> P |copy", "pass #1" },
					{ "> B |", "'copy' pass #2" },
					{ "> E |0", "'copy' pass #3" },
					{ "> S", "pass #4" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< G", "pass #3" },
					{ "< E ERROR 42501 a trigger", "pass #3 last" },
					{ "< Z I", "pass async" },
					{ "> d 1", "drop moot" },
					{ "> c", "drop moot" },
					{ "> S", "pass #5" },
					{ "< Z I", "pass #5 last" },
			} },
	{ "replication", PG_START_READY, NULL,
			{
					{ "> Q START_REPLICATION", "pass #1" },
					{ "< W", "pass #1" },
					{ "< d w", "pass #1" },
					{ "> d r", "pass" },
					{ "< d w", "pass #1" },
					{ "> c", "pass" },
					{ "< c", "pass #1" },
					{ "< C COPY 0", "pass #1" },
					{ "< Z I", "pass #1 last" },
			} },
	{ "data that nobody waits for", PG_START_READY, NULL,
			{ { "> d x", "drop moot" }, { "> f x", "drop moot" } } },
};

static void test_starts(void)
{
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		script_run(&starts[i]);
}

static void test_calls(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		script_run(&calls[i]);
}

static void test_queries(void)
{
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		script_run(&queries[i]);
}

static void test_extended(void)
{
	for (size_t i = 0; i < sizeof(extended) / sizeof(*extended); i++)
		script_run(&extended[i]);
}

static void test_names(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		script_run(&names[i]);
}

static void test_copies(void)
{
	for (size_t i = 0; i < sizeof(copies) / sizeof(*copies); i++)
		script_run(&copies[i]);
}

/* Thousands of statements with thousands of columns each: refused at the limit, or bad at the budget;
 * never more memory than that, and all of it given back. */
static void flood(const struct pg_conf *conf, const char *columns, uint32_t *ret_refused,
		bool *ret_bad)
{
	static struct tap t;
	static uint8_t bytes[TALK_MAX];
	char spec[60];
	size_t n;

	tap_init(&t, conf, PG_START_READY);
	for (int i = 0; i < 5000 && !t.is_bad; i++) {
		const uint32_t refused = pg_session_n_limited(&t.s);

		snprintf(spec, sizeof(spec), "P s%d|select", i);
		n = talk_build(CODEC_TO_SERVER, spec, bytes);
		tap_feed(&t, CODEC_TO_SERVER, bytes, n, n);
		if (pg_session_n_limited(&t.s) > refused)
			break; /* it was denied, its batch is over */
		snprintf(spec, sizeof(spec), "D Ss%d", i);
		n = talk_build(CODEC_TO_SERVER, spec, bytes);
		tap_feed(&t, CODEC_TO_SERVER, bytes, n, n);
		n = talk_build(CODEC_TO_CLIENT, "1", bytes);
		n += talk_build(CODEC_TO_CLIENT, "t ", bytes + n);
		n += talk_build(CODEC_TO_CLIENT, columns, bytes + n);
		tap_feed(&t, CODEC_TO_CLIENT, bytes, n, n);
		must(t.heap.n_bytes <= conf->budget_bytes);
	}
	*ret_refused = pg_session_n_limited(&t.s);
	*ret_bad = t.is_bad;
	tap_done(&t);
}

static void test_flood(void)
{
	static const struct pg_conf small = { .max_msg_bytes = { 4096, 4096 },
		.budget_bytes = 20000,
		.text_max_bytes = 100,
		.max_statements = 5000,
		.max_portals = 8,
		.max_requests = 16 };
	uint32_t refused;
	bool is_bad;

	flood(&pg_conf_default, "T a,b,c", &refused, &is_bad);
	CU_ASSERT(refused == 1 && !is_bad);
	flood(&small, "T a", &refused, &is_bad);
	CU_ASSERT(refused == 1 || is_bad);
	flood(&small, "T a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z", &refused, &is_bad);
	CU_ASSERT(refused == 1 || is_bad);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "start-up", test_starts },
		{ "simple queries", test_queries },
		{ "calls of our own", test_calls },
		{ "the extended protocol", test_extended },
		{ "names", test_names },
		{ "COPY", test_copies },
		{ "thousands of statements", test_flood },
	};

	return suite_run("pg session", tests, sizeof(tests) / sizeof(*tests));
}
