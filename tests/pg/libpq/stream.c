/* SPDX-License-Identifier: Apache-2.0
 * Many commands in flight, rows one by one, what comes unasked, and what is asked beside:
 * pipelines, single-row mode, a connection that never blocks, notifications, cancellation. */
#include "tests/pg/libpq/say.h"

#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	PIPELINED = 300,
	NAME_BYTES = 32,
	LONG_BYTES = 3000000,
	POLLS_MAX = 1000,
	POLL_NS = 20000000,
};

static void send_one(PGconn *c, const char *sql, const char *value)
{
	need(c,
			PQsendQueryParams(c, sql, value != NULL, NULL, &value, NULL, NULL,
					ROWS_BINARY) == 1,
			sql);
}

/* All results up to <syncs> ends of a pipeline; NULL between two queries is one bar. */
static void take_pipeline(struct text *t, PGconn *c, int syncs)
{
	while (syncs > 0) {
		PGresult *r = PQgetResult(c);

		if (r == NULL) {
			text_add(t, "|");
			continue;
		}
		syncs -= PQresultStatus(r) == PGRES_PIPELINE_SYNC;
		text_result(t, r);
	}
}

static void pipeline_of_many(PGconn *c)
{
	struct text t = { 0 };
	char id[NAME_BYTES];
	int i;

	for (i = 1; i <= PIPELINED; i++) {
		snprintf(id, sizeof(id), "%d", i);
		send_one(c, "SELECT id, t, by FROM everything WHERE id = $1", id);
	}
	need(c, PQpipelineSync(c) == 1, "sync");
	take_pipeline(&t, c, 1);
	say("pipeline", &t);
}

/* An error ends what stands before the next Sync, and nothing after it. */
static void pipeline_with_error(PGconn *c)
{
	struct text t = { 0 };

	send_one(c, "SELECT 'before'::text", NULL);
	send_one(c, "SELECT 1 / $1::int", "0");
	send_one(c, "SELECT 'skipped'::text", NULL);
	need(c, PQpipelineSync(c) == 1, "sync");
	send_one(c, "SELECT 'after'::text", NULL);
	need(c, PQpipelineSync(c) == 1, "sync");
	take_pipeline(&t, c, 2);
	text_add(&t, " %d", (int)PQpipelineStatus(c));
	say("pipeline-error", &t);
}

static void pipeline_in_parts(PGconn *c)
{
	struct text t = { 0 };
	PGresult *r;

	need(c, PQsendPrepare(c, "p", "SELECT $1::text", 1, NULL) == 1, "prepare");
	need(c, PQsendDescribePrepared(c, "p") == 1, "describe");
	need(c, PQsendQueryPrepared(c, "p", 1, (const char *const[]){ "v" }, NULL, NULL, 0) == 1,
			"exec");
	need(c, PQsendFlushRequest(c) == 1 && PQflush(c) == 0, "flush");
	r = PQgetResult(c); /* before any Sync */
	text_result(&t, r);
	send_one(c, "BEGIN", NULL);
	send_one(c, "SELECT * FROM no_such_table", NULL);
	need(c, PQpipelineSync(c) == 1, "sync");
	send_one(c, "ROLLBACK", NULL);
	send_one(c, "DEALLOCATE p", NULL);
	need(c, PQpipelineSync(c) == 1, "sync");
	take_pipeline(&t, c, 2);
	say("pipeline-in-parts", &t);
}

void cases_pipeline(PGconn *c)
{
	need(c, PQenterPipelineMode(c) == 1, "pipeline mode");
	pipeline_of_many(c);
	pipeline_with_error(c);
	pipeline_in_parts(c);
	need(c, PQexitPipelineMode(c) == 1, "exit of pipeline mode");
}

static void single_rows(PGconn *c)
{
	static const char sql[] = "SELECT id, t FROM everything ORDER BY id; "
				  "SELECT 1 / (3 - id) FROM parent";
	struct text t = { 0 };

	need(c, PQsendQuery(c, sql) == 1 && PQsetSingleRowMode(c) == 1, "single-row mode");
	text_results(&t, c);
	say("single-row", &t);
}

static void wait_for(PGconn *c, bool to_write)
{
	struct pollfd fd = { .fd = PQsocket(c), .events = POLLIN };

	if (to_write)
		fd.events = (short)(POLLIN | POLLOUT);
	need(c, poll(&fd, 1, 20000) == 1, "waiting");
}

static PGconn *connect_slowly(void)
{
	PGconn *c = PQconnectStart("");
	PostgresPollingStatusType step = PGRES_POLLING_WRITING;

	while (step != PGRES_POLLING_OK) {
		struct pollfd fd = { .fd = PQsocket(c),
			.events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT };

		need(c, step != PGRES_POLLING_FAILED && poll(&fd, 1, 20000) == 1, "connecting");
		step = PQconnectPoll(c);
	}
	return c;
}

static void never_blocking(void)
{
	PGconn *c = connect_slowly();
	struct text t = { 0 };
	char *value = malloc(LONG_BYTES + 1);
	int left;

	if (value == NULL)
		die("out of memory");
	memset(value, 'n', LONG_BYTES);
	value[LONG_BYTES] = '\0';
	need(c, PQsetnonblocking(c, 1) == 0, "nonblocking");
	send_one(c, "SELECT $1::text", value);
	while ((left = PQflush(c)) != 0) {
		need(c, left == 1, "flush");
		wait_for(c, true);
		need(c, PQconsumeInput(c) == 1, "consume");
	}
	while (PQisBusy(c))
		wait_input(c);
	text_results(&t, c);
	free(value);
	PQfinish(c);
	say("nonblocking", &t);
}

static void listen_and_notify(PGconn *c)
{
	PGconn *other = connect_now();
	struct text t = { 0 };
	int n = 0;

	run(c, "LISTEN libpq");
	run(other, "BEGIN; NOTIFY libpq; NOTIFY libpq, 'one'; NOTIFY libpq, 'one'; COMMIT");
	run(other, "SELECT pg_notify('libpq', repeat('y', 7999))");
	while (n < 3) {
		PGnotify *note = PQnotifies(c);

		if (note == NULL) {
			wait_input(c);
			continue;
		}
		text_add(&t, "(%s %s)", note->relname, note->extra);
		PQfreemem(note);
		n++;
	}
	text_result(&t, PQexec(c, "UNLISTEN *"));
	PQfinish(other);
	say("notifications", &t);
}

/* Until a session sleeps in pg_sleep, with <mark> in its text: then it can be cancelled. */
static void wait_asleep(PGconn *other, const char *mark)
{
	static const char sql[] = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
				  "AND query LIKE '%' || $1 || '%'";
	struct timespec pause = { .tv_nsec = POLL_NS };
	int i, n = 0;

	for (i = 0; n == 0 && i < POLLS_MAX; i++) {
		PGresult *r = PQexecParams(other, sql, 1, NULL, &mark, NULL, NULL, ROWS_TEXT);

		need(other, PQresultStatus(r) == PGRES_TUPLES_OK, sql);
		n = PQntuples(r);
		PQclear(r);
		nanosleep(&pause, NULL);
	}
	if (n == 0)
		die("it never slept: %s", mark);
}

static void cancel_plainly(PGconn *c)
{
	PGcancel *cancel = PQgetCancel(c);
	char why[256];

	if (cancel == NULL || PQcancel(cancel, why, sizeof(why)) != 1)
		die("cancel: %s", cancel == NULL ? "no key" : why);
	PQfreeCancel(cancel);
}

/* Over TLS as the connection itself: libpq 17 and later. False: this libpq cannot. */
static bool cancel_encrypted(PGconn *c)
{
	void *(*create)(PGconn *);
	int (*blocking)(void *);
	void (*finish)(void *);
	void *cancel;

	*(void **)&create = dlsym(RTLD_DEFAULT, "PQcancelCreate");
	*(void **)&blocking = dlsym(RTLD_DEFAULT, "PQcancelBlocking");
	*(void **)&finish = dlsym(RTLD_DEFAULT, "PQcancelFinish");
	if (create == NULL || blocking == NULL || finish == NULL)
		return false;
	cancel = create(c);
	if (cancel == NULL || blocking(cancel) != 1)
		die("the encrypted cancel failed");
	finish(cancel);
	return true;
}

static void cancel_cases(PGconn *c)
{
	PGconn *other = connect_now();
	struct text t = { 0 };

	need(c, PQsendQuery(c, "SELECT pg_sleep(60) /* libpq, plain */") == 1, "sleep");
	wait_asleep(other, "libpq, plain");
	cancel_plainly(c);
	text_results(&t, c);
	text_result(&t, PQexec(c, "SELECT 'alive'"));
	say("cancel", &t);
	need(c, PQsendQuery(c, "SELECT pg_sleep(60) /* libpq, encrypted */") == 1, "sleep");
	wait_asleep(other, "libpq, encrypted");
	if (!cancel_encrypted(c)) {
		text_add(&t, "by PQcancel again: ");
		cancel_plainly(c);
	}
	text_results(&t, c);
	text_result(&t, PQexec(c, "SELECT 'alive'"));
	say("cancel-encrypted", &t);
	PQfinish(other);
}

void cases_async(PGconn *c)
{
	single_rows(c);
	never_blocking();
	listen_and_notify(c);
	cancel_cases(c);
}
