/* SPDX-License-Identifier: Apache-2.0
 * Denials: the error in its place, the transaction aborted by the server, the connection usable. */
#include "parsers/pg/pg_priv.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/pg/script.h"
#include "tests/unit/pg/talk.h"

#include <string.h>

#define LONG_50   "12345678901234567890123456789012345678901234567890"
#define LONG_TEXT LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50

static const struct pg_conf few = { .max_msg_bytes = { 256, 256 },
	.budget_bytes = 1 << 16,
	.text_max_bytes = 200,
	.max_statements = 10,
	.max_portals = 10,
	.max_requests = 8 };

static const struct script scripts[] = {
	{ "a query, idle: nothing goes to the server", PG_START_READY, NULL,
			{
					{ "! Q drop", "drop <EZ" },
					{ "= quiet", "yes" },
					{ "> Q next", "pass #1" },
			} },
	{ "a query in a transaction: the server aborts it", PG_START_READY, NULL,
			{
					{ "> Q begin", "pass #1" },
					{ "< C BEGIN", "pass #1" },
					{ "< Z T", "pass #1 last" },
					{ "! Q drop", "drop #2 >Q" },
					{ "< E ERROR 42601 syntax", "drop #2 <E denied" },
					{ "< Z E", "pass #2 last" },
					{ "= status", "E" },
					{ "! Q again", "drop <EZ" },
					{ "> Q rollback", "pass #3" },
			} },
	{ "a query behind others", PG_START_READY, NULL,
			{
					{ "> Q begin", "pass #1" },
					{ "! Q drop", "drop #2 >Q" },
					{ "> Q next", "pass #3" },
					{ "< C BEGIN", "pass #1" },
					{ "< Z T", "pass #1 last" },
					{ "< E ERROR 42601 syntax", "drop #2 <E denied" },
					{ "< Z E", "pass #2 last" },
					{ "< E ERROR 25P02 aborted", "pass #3" },
					{ "< Z E", "pass #3 last" },
			} },
	{ "the substitute is carried out", PG_START_READY, NULL,
			{
					{ "> Q a", "pass #1" },
					{ "! Q drop", "drop #2 >Q" },
					{ "< C A", "pass #1" },
					{ "< Z I", "pass #1 last" },
					{ "< C DENIED", "bad DENIED_RAN" },
			} },
	{ "the substitute parses", PG_START_READY, NULL,
			{
					{ "> Q a", "pass #1" },
					{ "! P |drop", "drop #2 >P" },
					{ "< C A", "pass #1" },
					{ "< Z I", "pass #1 last" },
					{ "< 1", "bad DENIED_RAN" },
			} },
	{ "the server ends the session instead", PG_START_READY, NULL,
			{
					{ "> Q a", "pass #1" },
					{ "! Q drop", "drop #2 >Q" },
					{ "< E FATAL 57P01 bye", "pass #1 fatal" },
			} },
	{ "a parse, idle", PG_START_READY, NULL,
			{
					{ "! P |drop", "drop <E" },
					{ "> B |", "unknown drop moot" },
					{ "> H", "drop moot" },
					{ "! E |0", "unknown drop moot" },
					{ "> S", "drop #1 <Z" },
					{ "= quiet", "yes" },
					{ "> Q next", "pass #2" },
			} },
	{ "an execute, in its batch", PG_START_READY, NULL,
			{
					{ "> P |delete", "pass #1" },
					{ "> B |", "'delete' pass #2" },
					{ "! E |0", "'delete' drop #3 >P" },
					{ "> P |other", "drop moot" },
					{ "> S", "pass #4" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< E ERROR 42601 syntax", "drop #3 <E last denied" },
					{ "< Z I", "pass #4 last" },
					{ "= quiet", "yes" },
			} },
	{ "an execute whose parse was answered already", PG_START_READY, NULL,
			{
					{ "> P s|delete", "pass #1" },
					{ "> H", "pass" },
					{ "< 1", "pass #1 last" },
					{ "! B |s", "'delete' drop #2 >P" },
					{ "< E ERROR 42601 syntax", "drop #2 <E last denied" },
					{ "> S", "pass #3" },
					{ "< Z I", "pass #3 last" },
					{ "= names", "1 0" },
			} },
	{ "a batch that fails before the denied command", PG_START_READY, NULL,
			{
					{ "> P |bad", "pass #1" },
					{ "! P x|drop", "drop #2 >P" },
					{ "> S", "pass #3" },
					{ "< E ERROR 42601 bad", "pass #1 last" },
					{ "< Z I", "pass #3 last" },
					{ "= quiet", "yes" },
			} },
	{ "a denied command where the server skips already", PG_START_READY, NULL,
			{
					{ "> P |bad", "pass #1" },
					{ "< E ERROR 42601 bad", "pass #1 last" },
					{ "! P x|drop", "drop moot" },
					{ "> S", "pass #2" },
			} },
	{ "a close, in a transaction", PG_START_READY, NULL,
			{
					{ "> S", "pass #1" },
					{ "< Z T", "pass #1 last" },
					{ "! C Sx", "drop #2 >P" },
					{ "> S", "pass #3" },
					{ "< E ERROR 42601 syntax", "drop #2 <E last denied" },
					{ "< Z E", "pass #3 last" },
			} },
	{ "a function call", PG_START_READY, NULL,
			{
					{ "! F 1|x", "drop <EZ" },
					{ "> Q a", "pass #1" },
					{ "! F 1|x", "drop #2 >Q" },
					{ "< C A", "pass #1" },
					{ "< Z I", "pass #1 last" },
					{ "< E ERROR 42601 syntax", "drop #2 <E denied" },
					{ "< Z I", "pass #2 last" },
			} },
	{ "data of a COPY", PG_START_READY, NULL,
			{
					{ "> Q copy", "pass #1" },
					{ "! d 1", "hold >H" },
					{ "< G", "pass #1" },
					{ "> d 1", "pass" },
					{ "! d 2", "drop #1 >f" },
					{ "> d 3", "drop moot" },
					{ "> c", "drop moot" },
					{ "< E ERROR 57014 COPY failed", "drop #1 <E denied" },
					{ "< Z I", "pass #1 last" },
					{ "> d 4", "drop moot" },
					{ "> Q next", "pass #2" },
			} },
	{ "data of a COPY by Execute", PG_START_READY, NULL,
			{
					{ "> P |copy", "pass #1" },
					{ "> B |", "'copy' pass #2" },
					{ "> E |0", "'copy' pass #3" },
					{ "< 1", "pass #1 last" },
					{ "< 2", "pass #2 last" },
					{ "< G", "pass #3" },
					{ "! d 2", "drop #3 >f" },
					{ "> c", "drop moot" },
					{ "> S", "pass #4" },
					{ "< E ERROR 57014 COPY failed", "drop #3 <E last denied" },
					{ "< Z I", "pass #4 last" },
			} },
	{ "as many messages as may be, and one that is denied", PG_START_READY, &few,
			{
					{ "> P |a", "pass #1" },
					{ "> B |", "'a' pass #2" },
					{ "> E |0", "'a' pass #3" },
					{ "> B |", "'a' pass #4" },
					{ "> E |0", "'a' pass #5" },
					{ "> B |", "'a' pass #6" },
					{ "> E |0", "'a' pass #7" },
					{ "> D P", "hold >H" },
					{ "! P |drop", "drop #8 >P" },
					{ "> S", "hold" },
					{ "< 1", "pass #1 last" },
					{ "> S", "hold >H" },
					{ "< 2", "pass #2 last" },
					{ "> S", "pass #9" },
			} },
	{ "data that may be of a COPY, while the server keeps its answers", PG_START_READY, NULL,
			{
					{ "> P |select", "pass #1" },
					{ "> B |", "'select' pass #2" },
					{ "> E |0", "'select' pass #3" },
					{ "! d 1", "hold >H" },
					{ "< 1", "pass #1 last" },
					{ "! d 1", "hold >H" },
					{ "< 2", "pass #2 last" },
					{ "< C SELECT 0", "pass #3 last" },
					{ "! d 1", "drop moot" },
			} },
	{ "replication data", PG_START_READY, NULL,
			{
					{ "> Q START_REPLICATION", "pass #1" },
					{ "< W", "pass #1" },
					{ "! d x", "unable NONE" },
			} },
	{ "what is no command", PG_START_READY, NULL,
			{ { "! S", "invalid" }, { "! H", "invalid" }, { "! X", "invalid" } } },
	{ "a query beyond the limit", PG_START_READY, NULL,
			{
					{ "> Q " LONG_TEXT, "long TOO_LONG" },
			} },
	{ "a query beyond the limit is refused, its bytes skipped", PG_START_READY, NULL,
			{
					{ "! Q " LONG_TEXT, "drop <EZ drop drop" },
					{ "> Q next", "pass #1" },
					{ "! P s|" LONG_TEXT, "drop #2 >P drop drop" },
					{ "> S", "pass #3" },
			} },
	{ "a long query where the server skips", PG_START_READY, NULL,
			{
					{ "! P |drop", "drop <E" },
					{ "> Q " LONG_TEXT, "drop moot drop drop" },
					{ "> S", "drop #1 <Z" },
			} },
	{ "long COPY data passes in slices", PG_START_READY, NULL,
			{
					{ "> Q copy", "pass #1" },
					{ "< G", "pass #1" },
					{ "> d " LONG_TEXT, "pass pass pass" },
					{ "> c", "pass" },
					{ "> d " LONG_TEXT, "pass pass pass" },
			} },
};

static void test_scripts(void)
{
	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++)
		script_run(&scripts[i]);
}

/* Byte for byte what record.py tries on a real server. */
static void check_substitute(const char *spec, const void *want, size_t want_len)
{
	static const struct codec_denial why = { .message = { (const uint8_t *)"no", 2 } };
	static uint8_t bytes[TALK_MAX], to_server[PG_PLAN_BYTES], to_client[PG_PLAN_BYTES];
	struct codec_plan plan = { .to_server = ob_of(to_server, sizeof(to_server)),
		.to_client = ob_of(to_client, sizeof(to_client)) };
	struct talk_heap heap;
	struct pg_session s;
	struct codec_msg msg;
	size_t len;

	talk_heap_init(&heap);
	pg_session_init(&s, &script_conf, &heap.alloc, PG_START_READY);
	s.client.in_batch = true; /* the server must know of it */
	len = talk_build(CODEC_TO_SERVER, spec, bytes);
	CHECK_ROW(spec,
			pg_codec.decode(&s, CODEC_TO_SERVER, (struct span){ bytes, len }, &msg) ==
					CODEC_MSG);
	CHECK_ROW(spec, pg_codec.deny(&s, &msg, &why, &plan) == 0 && plan.what == CODEC_DROP);
	CHECK_ROW(spec, plan.to_server.len == want_len && memcmp(to_server, want, want_len) == 0);
	CHECK_ROW(spec, plan.to_client.len == 0);
	pg_session_done(&s);
	talk_heap_check(&heap);
}

static void test_substitutes(void)
{
	static const char query[] = "Q\0\0\0\x17) denied by Sluice";
	static const char parse[] = "P\0\0\0\x27sluice denied\0) denied by Sluice\0\0";
	static const char *const extended[] = { "P |drop", "B |", "D S", "E |0", "C S" };

	check_substitute("Q drop", query, sizeof(query));
	check_substitute("F 1|x", query, sizeof(query));
	for (size_t i = 0; i < sizeof(extended) / sizeof(*extended); i++)
		check_substitute(extended[i], parse, sizeof(parse));
}

/* No memory for the error to come, or for what is forwarded: nothing is sent, nothing is lost. */
static void test_no_memory(void)
{
	static const struct codec_denial why = { .message = { (const uint8_t *)"no", 2 } };
	static uint8_t bytes[TALK_MAX], to_server[PG_PLAN_BYTES], to_client[PG_PLAN_BYTES];
	static const char *const specs[] = { "Q a", "P s|a", "B p|s", "D Ss", "C Pp", "E p|0" };

	for (size_t i = 0; i < 2 * sizeof(specs) / sizeof(*specs); i++) {
		for (size_t fail = 1; fail < 4; fail++) {
			struct codec_plan plan = { .to_server = ob_of(to_server, PG_PLAN_BYTES),
				.to_client = ob_of(to_client, PG_PLAN_BYTES) };
			struct talk_heap heap;
			struct pg_session s;
			struct codec_msg msg;
			const size_t len = talk_build(CODEC_TO_SERVER, specs[i / 2], bytes);
			int rc;

			talk_heap_init(&heap);
			pg_session_init(&s, &script_conf_describe, &heap.alloc, PG_START_READY);
			s.client.in_batch = true;
			heap.fail_after = fail;
			CU_ASSERT(pg_codec.decode(&s, CODEC_TO_SERVER, (struct span){ bytes, len },
						  &msg) == CODEC_MSG);
			rc = i % 2 == 0 ? pg_codec.forward(&s, &msg, &plan)
					: pg_codec.deny(&s, &msg, &why, &plan);
			CU_ASSERT(rc == 0 || rc == (i % 2 == 0 ? -ENOBUFS : -ENOTSUP));
			CU_ASSERT(rc == 0 || fail < 4);
			CU_ASSERT(rc == 0 || pg_session_why(&s) == PG_WHY_BUDGET);
			if (fail == 1)
				CU_ASSERT(rc != 0 && s.queue.n == 0);
			pg_session_done(&s);
			talk_heap_check(&heap);
		}
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "conversations", test_scripts },
		{ "substitutes", test_substitutes },
		{ "no memory", test_no_memory },
	};

	return suite_run("pg deny", tests, sizeof(tests) / sizeof(*tests));
}
