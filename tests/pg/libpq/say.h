/* SPDX-License-Identifier: Apache-2.0
 * What the cases of the libpq client print: results, errors and notices in full, as text that is
 * equal whenever the same was received. A case that cannot be carried out ends the program. */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	ROWS_TEXT = 0,
	ROWS_BINARY = 1, /* as PQexecParams names them */
};

/* Text that grows; all zero: empty. say() empties it. */
struct text {
	char *at; /* owned */
	size_t len, room;
};

void text_bytes(struct text *t, const void *bytes, size_t n);
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Everything that <r> says: status, tag, columns, values, or all fields of its error. Frees it. */
void text_result(struct text *t, PGresult *r);
/* Every result that is still to come for the current command. */
void text_results(struct text *t, PGconn *c);

/* Prints the case's line, and its whole text into $PG_DETAIL. Frees what <t> holds. */
void say(const char *name, struct text *t);

void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Dies with the connection's words unless <fine>. */
void need(PGconn *c, bool fine, const char *what);

/* A connection by the environment alone; never NULL. */
PGconn *connect_now(void);
/* PQexec of a command that must succeed. */
void run(PGconn *c, const char *sql);
/* Waits for something to read, at most 20 s, and takes it in. */
void wait_input(PGconn *c);

/* The groups of cases: each leaves the connection idle, as it found it. */
void cases_simple(PGconn *c);
void cases_extended(PGconn *c);
void cases_errors(PGconn *c);
void cases_pipeline(PGconn *c);
void cases_copy(PGconn *c);
void cases_large(PGconn *c);
void cases_async(PGconn *c);
