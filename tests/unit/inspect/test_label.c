/* SPDX-License-Identifier: Apache-2.0
 * What the server calls a session (label.c): the number of each command, and the client's own name, which
 * is all that the client is told. */
#include "parsers/pg/write.h"
#include "tests/unit/inspect/cases.h"
#include "tests/unit/net/suite.h"

#include <stdio.h>
#include <string.h>

/* A session with labels, of a client that calls itself <own>. */
static struct talk *labelled(const char *own, bool refuses)
{
	struct talk *t;

	bench_init(&b, 0);
	b.target.labels = SPINE_LABELS_ALL;
	b.agent.application = own;
	b.server.refuses_calls = refuses;
	bench_start(&b);
	t = bench_login(&b);
	CU_ASSERT_EQUAL_FATAL(t->agent.state, PG_AGENT_READY);
	return t;
}

/* The server has the session's number, <command>'s and <own>. */
static bool is_called(const struct talk *t, const char *behind)
{
	char name[128];
	const int n = snprintf(name, sizeof(name), "sluice/%016llx%s",
			(unsigned long long)session()->session, behind);

	return n > 0 && strcmp(t->server.application, name) == 0;
}

static void test_numbers(void)
{
	struct talk *t = labelled("report of May", false);

	CU_ASSERT(is_called(t, " report of May"));
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, " S=application_name=report_of_May "));
	t->agent.log = (struct pg_log){ .len = 0 };
	bench_say(&b, t, "Q select 1");
	CU_ASSERT(is_called(t, "/1 report of May"));
	bench_say(&b, t, "Q select 2");
	CU_ASSERT(is_called(t, "/2 report of May"));
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "T D C=SELECT_1 Z=I T D C=SELECT_1 Z=I");
	bench_say(&b, t, "Q drop table orders"); /* it never goes there */
	CU_ASSERT(is_called(t, "/2 report of May"));
	bench_say(&b, t, "Q select 4");
	CU_ASSERT(is_called(t, "/4 report of May"));
	end();
}

/* What only reads keeps the number of what did not, a transaction that it may stand in has its own. */
static void test_writes(void)
{
	struct talk *t = labelled("psql", false);

	b.target.labels = SPINE_LABELS_WRITES;
	bench_say(&b, t, "Q select 1");
	CU_ASSERT(is_called(t, " psql"));
	bench_say(&b, t, "Q insert into orders values (7)");
	CU_ASSERT(is_called(t, "/2 psql"));
	bench_say(&b, t, "Q select 3; select 3");
	CU_ASSERT(is_called(t, "/2 psql"));
	bench_say(&b, t, "Q select 4; insert into orders values (8)");
	CU_ASSERT(is_called(t, "/4 psql"));
	bench_say(&b, t, "Q select refund(7)"); /* nobody knows what that does */
	CU_ASSERT(is_called(t, "/5 psql"));
	bench_say(&b, t, "P |select 6");
	bench_say(&b, t, "B |");
	bench_say(&b, t, "E |0");
	bench_say(&b, t, "S");
	CU_ASSERT(is_called(t, "/5 psql"));
	bench_say(&b, t, "Q begin");
	CU_ASSERT(is_called(t, "/9 psql"));
	end();
}

/* A batch has the number of its first command; the next one its own. */
static void test_batch(void)
{
	struct talk *t = labelled("psql", false);

	t->agent.log = (struct pg_log){ .len = 0 };
	bench_say(&b, t, "P |select 1");
	bench_say(&b, t, "B |");
	CU_ASSERT(is_called(t, "/1 psql"));
	bench_say(&b, t, "E |0");
	bench_say(&b, t, "S");
	CU_ASSERT(is_called(t, "/1 psql"));
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "1 2 D C=SELECT_1 Z=I");
	bench_say(&b, t, "P s|select 2");
	bench_say(&b, t, "S");
	CU_ASSERT(is_called(t, "/4 psql"));
	bench_say(&b, t, "P |select 3"); /* unnamed, bound in the next batch */
	bench_say(&b, t, "S");
	bench_say(&b, t, "B |");
	bench_say(&b, t, "E |0");
	bench_say(&b, t, "S");
	CU_ASSERT(is_called(t, "/6 psql"));
	CU_ASSERT_EQUAL(t->agent.code[0], 0);
	end();
}

/* Not in a transaction, whose snapshot a call of ours would take: it has the number of its first command. */
static void test_transaction(void)
{
	struct talk *t = labelled(NULL, false);

	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, " S=application_name= "));
	bench_say(&b, t, "Q begin");
	CU_ASSERT(is_called(t, "/1"));
	bench_say(&b, t, "Q select 1");
	CU_ASSERT(is_called(t, "/1"));
	bench_say(&b, t, "Q nonsense"); /* denied, which fails the transaction */
	CU_ASSERT_EQUAL(t->agent.status, 'E');
	bench_say(&b, t, "Q rollback");
	CU_ASSERT(is_called(t, "/1"));
	bench_say(&b, t, "Q select 1");
	CU_ASSERT(is_called(t, "/5"));
	end();
}

/* Where nobody may call the function, the session goes on without, and it is counted once. */
static void test_refused(void)
{
	struct talk *t = labelled("psql", true);

	t->agent.log = (struct pg_log){ .len = 0 };
	for (int i = 0; i < 3; i++)
		bench_say(&b, t, "Q select 1");
	CU_ASSERT(is_called(t, " psql"));
	CU_ASSERT_STRING_EQUAL(t->agent.log.text,
			"T D C=SELECT_1 Z=I T D C=SELECT_1 Z=I T D C=SELECT_1 Z=I");
	CU_ASSERT_EQUAL(spine_counters(b.spine)->unlabelled, 1);
	end();
}

static void report(struct talk *t, const char *value)
{
	uint8_t bytes[256];
	struct outbuf o = ob_of(bytes, sizeof(bytes));

	pg_write_parameter(&o, (struct span){ (const uint8_t *)"application_name", 16 },
			(struct span){ (const uint8_t *)value, strlen(value) });
	pg_server_say(&t->server, o.ptr, o.len);
	bench_run(&b);
}

/* The client names itself anew, and a rollback names it as before. */
static void test_renamed(void)
{
	struct talk *t = labelled("psql", false);
	char name[128];

	t->agent.log = (struct pg_log){ .len = 0 };
	report(t, "monthly");
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "S=application_name=monthly");
	bench_say(&b, t, "Q select 1");
	CU_ASSERT(is_called(t, "/1 monthly"));
	t->agent.log = (struct pg_log){ .len = 0 };
	(void)snprintf(name, sizeof(name), "sluice/%016llx/1 psql",
			(unsigned long long)session()->session);
	report(t, name);
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "S=application_name=psql");
	report(t, name);
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "S=application_name=psql");
	report(t, "sluice/0000000000000000/1 another's");
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, "S=application_name=sluice/0"));
	end();
}

/* RESET brings back the name that the session began with, be it the beginning of the one it had. */
static void test_reset(void)
{
	struct talk *t = labelled(NULL, false);
	char name[128];

	report(t, "job 7");
	t->agent.log = (struct pg_log){ .len = 0 };
	(void)snprintf(name, sizeof(name), "sluice/%016llx",
			(unsigned long long)session()->session);
	report(t, name);
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "S=application_name=");
	bench_say(&b, t, "Q select 1");
	CU_ASSERT(is_called(t, "/1"));
	end();
}

/* A name that has no room behind ours is told in full. */
static void test_long_name(void)
{
	static const char own[] = "a-name-of-sixty-three-bytes-which-is-all-that-the-server-takes-";
	struct talk *t = labelled(own, false);

	CU_ASSERT_EQUAL(strlen(own), 63);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, own));
	CU_ASSERT_EQUAL(strlen(t->server.application), 63);
	t->agent.log = (struct pg_log){ .len = 0 };
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_EQUAL(strlen(t->server.application), 63);
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "T D C=SELECT_1 Z=I");
	end();
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "numbers", test_numbers },
		{ "writes alone", test_writes },
		{ "a batch", test_batch },
		{ "a transaction", test_transaction },
		{ "refused", test_refused },
		{ "renamed", test_renamed },
		{ "reset", test_reset },
		{ "a long name", test_long_name },
	};
	int rc;

	bench_open();
	rc = suite_run("label", tests, sizeof(tests) / sizeof(*tests));
	bench_close();
	return rc;
}
