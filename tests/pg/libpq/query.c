/* SPDX-License-Identifier: Apache-2.0
 * One command at a time: simple and extended protocol, text and binary, prepared statements,
 * errors, savepoints, cursors. */
#include "tests/pg/libpq/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LONG_BYTES = 500000,
	NAME_BYTES = 64,
};

/* Each command by PQexec, on one line together. */
static void say_each(PGconn *c, const char *name, const char *const *sql)
{
	struct text t = { 0 };

	for (; *sql != NULL; sql++) {
		text_result(&t, PQexec(c, *sql));
		text_add(&t, " tx=%d ", (int)PQtransactionStatus(c));
	}
	say(name, &t);
}

static void take_notice(void *into, const PGresult *r)
{
	struct text *t = into;
	static const int fields[] = { PG_DIAG_SEVERITY, PG_DIAG_SQLSTATE, PG_DIAG_MESSAGE_PRIMARY,
		PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT, PG_DIAG_CONTEXT };
	size_t i;

	text_add(t, "notice:");
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *value = PQresultErrorField(r, fields[i]);

		text_add(t, " %s", value == NULL ? "-" : value);
	}
	text_add(t, "\n");
}

static void notices(PGconn *c)
{
	struct text t = { 0 };
	PQnoticeReceiver before = PQsetNoticeReceiver(c, take_notice, &t);

	text_result(&t, PQexec(c, "SELECT notices(200)"));
	text_result(&t, PQexec(c, "DROP TABLE IF EXISTS no_such_table"));
	text_result(&t, PQexec(c, "COMMIT"));
	PQsetNoticeReceiver(c, before, NULL);
	say("notices", &t);
}

static void cursors(PGconn *c)
{
	static const char *const sql[] = { "BEGIN",
		"DECLARE k SCROLL CURSOR FOR SELECT id, t, by FROM everything ORDER BY id",
		"FETCH 100 FROM k", "FETCH BACKWARD 10 FROM k", "MOVE ABSOLUTE 990 IN k",
		"FETCH ALL FROM k", "FETCH NEXT FROM k", "CLOSE k",
		"DECLARE b BINARY CURSOR WITH HOLD FOR SELECT id, num, tz FROM everything ORDER BY id",
		"COMMIT", "FETCH FORWARD 20 FROM b", "CLOSE b", "FETCH b", NULL };

	say_each(c, "cursors", sql);
}

void cases_simple(PGconn *c)
{
	static const char *const reads[] = { "SELECT * FROM everything ORDER BY id",
		"SELECT * FROM wide ORDER BY id", "SELECT FROM generate_series(1, 3)",
		"SELECT * FROM everything WHERE false", NULL };
	static const char *const empty[] = { "", ";", "/* nothing */", "SELECT 1;;", NULL };
	static const char *const tags[] = { "BEGIN", "CREATE TEMP TABLE s (a int)",
		"INSERT INTO s SELECT generate_series(1, 5)", "UPDATE s SET a = a + 1",
		"DELETE FROM s WHERE a > 4 RETURNING a", "TRUNCATE s", "SET LOCAL work_mem = '1MB'",
		"SHOW work_mem", "EXPLAIN (COSTS off) SELECT * FROM wide WHERE id = 1",
		"CALL add_up(2, 3)", "DO $$ BEGIN NULL; END $$", "LOCK TABLE s",
		"SELECT * INTO TEMP u FROM parent", "ROLLBACK", NULL };
	static const char many[] = "BEGIN; SELECT id FROM parent WHERE id < 4 ORDER BY id; "
				   "INSERT INTO child VALUES (77, 1); SELECT 'two' AS t; ROLLBACK; "
				   "SELECT 3";
	struct text t = { 0 };

	say_each(c, "reads", reads);
	say_each(c, "empty", empty);
	say_each(c, "tags", tags);
	need(c, PQsendQuery(c, many) == 1, many);
	text_results(&t, c);
	say("many", &t);
	notices(c);
	cursors(c);
}

static void long_parameters(PGconn *c)
{
	const char *values[2];
	int lengths[2] = { 0, LONG_BYTES }, formats[2] = { ROWS_TEXT, ROWS_BINARY };
	struct text t = { 0 };
	char *text = malloc(LONG_BYTES + 1);

	if (text == NULL)
		die("out of memory");
	memset(text, 'x', LONG_BYTES);
	text[LONG_BYTES] = '\0';
	values[0] = values[1] = text;
	text_result(&t,
			PQexecParams(c, "SELECT md5($1), md5($2::bytea), $1::text, $2", 2, NULL,
					values, lengths, formats, ROWS_BINARY));
	free(text);
	say("long-parameter", &t);
}

static void parameters(PGconn *c)
{
	static const char *const values[] = { "7", NULL, "it's \\ \xc3\xa4", "{1,NULL,3}", "" };
	struct text t = { 0 };
	int format;

	for (format = ROWS_TEXT; format <= ROWS_BINARY; format++) {
		text_result(&t,
				PQexecParams(c, "SELECT $1::int, $2::text, $3::text, $4::int[], $5::text",
						5, NULL, values, NULL, NULL, format));
		text_result(&t,
				PQexecParams(c, "SELECT * FROM everything WHERE id <= $1 ORDER BY id",
						1, NULL, (const char *const[]){ "1000" }, NULL,
						NULL, format));
		text_result(&t, PQexecParams(c, "", 0, NULL, NULL, NULL, NULL, format));
	}
	text_result(&t,
			PQexecParams(c, "SELECT $1::int", 1, NULL, (const char *const[]){ "x" },
					NULL, NULL, ROWS_TEXT));
	text_result(&t,
			PQexecParams(c, "SELECT 1; SELECT 2", 0, NULL, NULL, NULL, NULL,
					ROWS_TEXT));
	say("parameters-of-a-query", &t);
}

/* Executed again and again without Describe, as drivers do that keep the first description. */
static void prepared(PGconn *c)
{
	static const char sql[] = "SELECT id, t, by FROM everything WHERE id = $1";
	struct text t = { 0 };
	char id[NAME_BYTES];
	int i;

	text_result(&t, PQprepare(c, "by id", sql, 0, NULL));
	text_result(&t, PQdescribePrepared(c, "by id"));
	for (i = 1; i <= 50; i++) {
		snprintf(id, sizeof(id), "%d", i * 20);
		text_result(&t,
				PQexecPrepared(c, "by id", 1, (const char *const[]){ id }, NULL,
						NULL, i % 2));
	}
	text_result(&t, PQprepare(c, "by id", "SELECT 1", 0, NULL)); /* exists */
	text_result(&t, PQexecPrepared(c, "none", 0, NULL, NULL, NULL, ROWS_TEXT));
	text_result(&t, PQdescribePortal(c, "none"));
	text_result(&t, PQexec(c, "DEALLOCATE \"by id\""));
	text_result(&t, PQprepare(c, "", "SELECT $1 || 'x'", 0, NULL));
	text_result(&t,
			PQexecPrepared(c, "", 1, (const char *const[]){ "y" }, NULL, NULL,
					ROWS_TEXT));
	say("prepared", &t);
}

static void plan_changes(PGconn *c)
{
	struct text t = { 0 };

	run(c, "CREATE TEMP TABLE shape (a int)");
	text_result(&t, PQprepare(c, "shape", "SELECT * FROM shape", 0, NULL));
	text_result(&t, PQexecPrepared(c, "shape", 0, NULL, NULL, NULL, ROWS_TEXT));
	run(c, "ALTER TABLE shape ADD b text");
	text_result(&t, PQexecPrepared(c, "shape", 0, NULL, NULL, NULL, ROWS_TEXT));
	run(c, "DROP TABLE shape; DEALLOCATE ALL");
	say("plan-changes", &t);
}

void cases_extended(PGconn *c)
{
	parameters(c);
	long_parameters(c);
	prepared(c);
	plan_changes(c);
}

void cases_errors(PGconn *c)
{
	static const char *const failing[] = { "SELEC 1",
		"SELECT '\xc3\xa4', nothing FROM everything", "SELECT * FROM no_such_table",
		"SELECT 1 / (id - 500) FROM everything ORDER BY id",
		"INSERT INTO parent VALUES (1, 'new')", "INSERT INTO parent VALUES (1000, NULL)",
		"INSERT INTO parent VALUES (1000, 'forbidden')",
		"INSERT INTO child VALUES (1, 99999)", "SELECT (-5)::positive",
		"SELECT 'angry'::mood", "SELECT fail('XY123')",
		"DO $$ DECLARE x int; BEGIN EXECUTE 'SELECT 1/0' INTO x; END $$",
		"SELECT * FROM pg_authid", "SELECT '\xff'", "SELECT 1; SELECT 1/0; SELECT 3",
		"SET statement_timeout = '50ms'; SELECT pg_sleep(30)", NULL };
	static const char *const saved[] = { "BEGIN",
		"CREATE TEMP TABLE steps (x int) ON COMMIT DROP", "SAVEPOINT a",
		"INSERT INTO steps VALUES (1)", "INSERT INTO steps VALUES ('x')", "SELECT 1",
		"ROLLBACK TO a", "INSERT INTO steps VALUES (2)", "SAVEPOINT b", "RELEASE b",
		"TABLE steps", "SAVEPOINT a", "SELECT 1/0", "ROLLBACK TO SAVEPOINT a", "COMMIT",
		"BEGIN", "SELECT 1/0", "COMMIT", "BEGIN; SELECT 1/0", "ROLLBACK AND CHAIN",
		"SELECT 1", "ROLLBACK", "BEGIN", "SET CONSTRAINTS ALL DEFERRED",
		"INSERT INTO child VALUES (1, 99999)", "COMMIT", NULL };

	say_each(c, "errors", failing);
	say_each(c, "savepoints", saved);
	run(c, "RESET ALL");
}
