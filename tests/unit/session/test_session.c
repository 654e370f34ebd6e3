/* SPDX-License-Identifier: Apache-2.0
 * Sessions, ticket by ticket: who, login, holds, cancels, news, and how they end. */
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "tests/unit/session/lab.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct lab lab;

static void begin(void)
{
	lab_init(&lab, false);
}

static void end(void)
{
	lab_done(&lab, false);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static const struct sessions_stats *stats(void)
{
	static struct sessions_stats s;

	sessions_stats(lab.sessions, &s);
	return &s;
}

/* The next answer, which must say <rc>; its block is freed. */
static struct ticket_answer expect(uint32_t slot, enum ticket_kind of, int32_t rc)
{
	struct ticket_answer a = { .rc = -1000 };

	CU_ASSERT_TRUE_FATAL(lab_answer(&lab, TICKET_ANSWER, slot, &a));
	CU_ASSERT_EQUAL(a.of, of);
	CU_ASSERT_EQUAL(a.rc, rc);
	if (a.block != NULL)
		lab_block_free(&lab, &a.block);
	return a;
}

/* Waits until the session thread has done what was put before. */
static void settle(void)
{
	static struct ticket t = { .kind = TICKET_CANCEL, .slot = 999999 };
	struct ticket_answer a;

	t.block = lab_block(&lab, &(struct ticket_cancel){ .key_len = 1 },
			sizeof(struct ticket_cancel), NULL);
	lab_put(&lab, 0, &t);
	CU_ASSERT_TRUE_FATAL(lab_answer(&lab, TICKET_ANSWER, 999999, &a));
	CU_ASSERT_EQUAL(a.rc, -ENOENT);
	lab_block_free(&lab, &a.block);
}

/* TICKET_WHO. */

static void test_who(void)
{
	static struct session_view v[2];
	char *token = lab_token(&lab, "al\\u0007ice", LAB_EXP_S);
	const struct ticket_actor *known;
	struct ticket_answer a;

	lab_who(&lab, 1, 3, 8, token);
	CU_ASSERT_TRUE_FATAL(lab_answer(&lab, TICKET_ANSWER, 3, &a));
	CU_ASSERT_TRUE(a.of == TICKET_WHO && a.rc == 0 && a.gen == 8 && a.session != 0);
	CU_ASSERT_PTR_NULL(memmem(
			a.block->bytes, a.block->cap_bytes, token, strlen(token))); /* wiped */
	CU_ASSERT_PTR_NULL(memmem(a.block->bytes, a.block->cap_bytes, strrchr(token, '.'), 20));
	known = (const void *)a.block->bytes; /* for rules */
	CU_ASSERT_TRUE(known->len >= 12 && memcmp(known->bytes, "al\aice\0corp", 12) == 0);
	lab_block_free(&lab, &a.block);
	CU_ASSERT_EQUAL_FATAL(sessions_list(lab.sessions, 0, v, 2), 1);
	CU_ASSERT_EQUAL(v[0].id, a.session);
	CU_ASSERT_EQUAL(v[0].worker, 1);
	CU_ASSERT_EQUAL(v[0].target, TARGET_DB);
	CU_ASSERT_EQUAL(v[0].state, SESSION_LOGGING_IN);
	CU_ASSERT_EQUAL(v[0].until_s, LAB_EXP_S + lab.conf->identity.issuers[0].clock_skew_s);
	CU_ASSERT_STRING_EQUAL(v[0].sub, "al\\x07ice");
	CU_ASSERT_STRING_EQUAL(v[0].user, "agent\\x1B[7m");
	CU_ASSERT_STRING_EQUAL(v[0].issuer, "corp");
	CU_ASSERT_STRING_EQUAL(v[0].database, "orders");
	CU_ASSERT_EQUAL(sessions_list(lab.sessions, a.session, v, 2), 0);
	lab_who(&lab, 1, 4, 1, token); /* known by now: answered without the identity thread */
	CU_ASSERT_TRUE(expect(4, TICKET_WHO, 0).session > a.session);
	CU_ASSERT_EQUAL(stats()->identities[IDENTITY_OK], 2);
	CU_ASSERT_EQUAL(stats()->open, 2);
	free(token);
}

static void who_fails(uint32_t slot, const char *token)
{
	const struct ticket_answer a =
			(lab_who(&lab, 0, slot, 1, token), expect(slot, TICKET_WHO, -EACCES));

	CU_ASSERT_EQUAL(a.session, 0);
	CU_ASSERT_STRING_EQUAL(a.text, "");
}

static void test_who_refused(void)
{
	char *old = lab_token(&lab, "old", WORLD_NOW_S - 3600);
	char *gone = lab_token(&lab, "gone", LAB_EXP_S);

	who_fails(1, "a.b.c");
	who_fails(2, old);
	who_fails(3, "");
	CU_ASSERT_EQUAL(identity_revoke(lab.identity, IDENTITY_REVOKE_SUB, "https://i", "gone"), 0);
	who_fails(4, gone);
	CU_ASSERT_TRUE(lab_logged(&lab, "10.0.9.1:40002 to target db as user 'agent"));
	CU_ASSERT_TRUE(lab_logged(&lab, identity_reason_text(IDENTITY_EXPIRED)));
	CU_ASSERT_TRUE(lab_logged(&lab, identity_reason_text(IDENTITY_REVOKED)));
	CU_ASSERT_TRUE(lab_logged(&lab, identity_reason_text(IDENTITY_NOT_COMPACT)));
	CU_ASSERT_FALSE(lab_logged(&lab, strrchr(old, '.')));
	CU_ASSERT_EQUAL(stats()->open, 0);
	CU_ASSERT_EQUAL(stats()->identities[IDENTITY_EXPIRED], 1);
	CU_ASSERT_EQUAL(stats()->begun, 0);
	lab_news(&lab, 0, 2, 1, TICKET_GONE);
	free(old);
	free(gone);
}

/* Blocks that do not hold what they say. */
static void test_malformed(void)
{
	static const struct {
		uint32_t kind;
		int32_t rc;
	} bare[] = { { TICKET_WHO, -EACCES }, { TICKET_LOGIN, -EACCES },
		{ TICKET_MAY, TICKET_DENY }, { TICKET_WRITTEN, -ENOSYS },
		{ TICKET_CANCEL, -ENOENT } };
	struct ticket_who who = { .token_len = 100 };
	struct ticket t = { .kind = TICKET_WHO, .slot = 1, .gen = 1 };

	t.block = lab_block(&lab, &who, sizeof(who), "99 bytes are less");
	lab_put(&lab, 0, &t);
	expect(1, TICKET_WHO, -EACCES);
	who.token_len = UINT32_MAX;
	t.block = lab_block(&lab, &who, sizeof(who), "x");
	t.gen = 2;
	lab_put(&lab, 0, &t);
	expect(1, TICKET_WHO, -EACCES);
	t.block = lab_block(&lab, &who, sizeof(who) - 1, NULL);
	lab_put(&lab, 0, &t);
	expect(1, TICKET_WHO, -EACCES);
	t.block = NULL;
	for (size_t i = 0; i < sizeof(bare) / sizeof(*bare); i++) {
		t.kind = bare[i].kind;
		lab_put(&lab, 0, &t);
		expect(1, bare[i].kind, bare[i].rc);
	}
	CU_ASSERT_EQUAL(stats()->malformed, 7);
}

/* TICKET_LOGIN. */

#define SASL  "\0\0\0\x0aSCRAM-SHA-256\0\0"
#define PLUS  "\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"
#define OK    "\0\0\0\0"
#define CLEAR "\0\0\0\3"
#define MD5   "\0\0\0\5abcd"

static void set_body(struct ticket_login *t, const void *bytes, size_t len)
{
	t->len = (uint32_t)len;
	memcpy(t->bytes, bytes, len);
}

/* One step by <body>: what comes back is in <t>, the rc is returned. */
static int32_t step(uint32_t slot, struct ticket_login *t, const void *body, size_t len)
{
	struct ticket_answer a;

	set_body(t, body, len);
	CU_ASSERT_TRUE_FATAL(lab_login(&lab, slot, t, &a));
	CU_ASSERT_EQUAL(a.of, TICKET_LOGIN);
	memcpy(t, a.block->bytes, sizeof(*t));
	lab_block_free(&lab, &a.block);
	t->begin = false;
	return a.rc;
}

#define STEP(slot, t, literal) step(slot, t, literal, sizeof(literal) - 1)

/* A whole exchange: the last rc. */
static int32_t scram(uint32_t slot, struct lab_server *server, bool is_plus)
{
	static struct ticket_login t;
	uint8_t body[1024];
	size_t len;

	memset(&t, 0, sizeof(t));
	t.begin = true;
	CU_ASSERT_EQUAL(STEP(slot, &t, SASL), 0);
	CU_ASSERT_FALSE(is_plus);
	len = lab_server_first(server, &t, body);
	CU_ASSERT_EQUAL(step(slot, &t, body, len), 0);
	len = lab_server_final(server, &t, body);
	CU_ASSERT_NOT_EQUAL_FATAL(len, 0);
	if (step(slot, &t, body, len) != 0)
		return -EACCES;
	CU_ASSERT_EQUAL(t.len, 0); /* nothing to send: its next word */
	return STEP(slot, &t, OK);
}

static void test_scram(void)
{
	struct lab_server server = {
		.password = "pencil", .salt_b64 = "W22ZaJ0SNY7soEsUEjb6gQ==", .iterations = 4096
	};

	lab_known(&lab, 1, 1, "alice");
	CU_ASSERT_EQUAL(scram(1, &server, false), 1);
	CU_ASSERT_EQUAL(stats()->works, 1);
	lab_known(&lab, 2, 1, "alice");
	CU_ASSERT_EQUAL(scram(2, &server, false), 1);
	CU_ASSERT_EQUAL(stats()->works, 1); /* the second one was known */
	CU_ASSERT_EQUAL(stats()->logins[PGAUTH_OK], 2);
	lab_known(&lab, 3, 1, "alice");
	server.spoils = true;
	CU_ASSERT_EQUAL(scram(3, &server, false), -EACCES);
	CU_ASSERT_TRUE(lab_logged(&lab, "target db does not let us in as 'app'"));
	CU_ASSERT_TRUE(lab_logged(&lab, pgauth_reason_text(PGAUTH_SIGNATURE)));
	CU_ASSERT_FALSE(lab_logged(&lab, "pencil"));
}

static void test_other_methods(void)
{
	static struct ticket_login t;

	t = (struct ticket_login){ .begin = true };
	lab_known(&lab, 1, 1, "alice");
	CU_ASSERT_EQUAL(STEP(1, &t, MD5), 0);
	CU_ASSERT_TRUE(t.len == 41 && t.bytes[0] == 'p' && memcmp(t.bytes + 5, "md5", 3) == 0);
	CU_ASSERT_EQUAL(STEP(1, &t, OK), 1);
	t = (struct ticket_login){ .begin = true, .encrypted = true, .verified = true };
	lab_known(&lab, 2, 1, "alice");
	CU_ASSERT_EQUAL(STEP(2, &t, CLEAR), 0);
	CU_ASSERT_STRING_EQUAL((char *)t.bytes + 5, "pencil");
	t = (struct ticket_login){ .begin = true, .encrypted = true };
	lab_known(&lab, 3, 1, "alice");
	CU_ASSERT_EQUAL(STEP(3, &t, CLEAR), -EACCES);
	CU_ASSERT_EQUAL(t.len, 0);
	t = (struct ticket_login){
		.begin = true, .encrypted = true, .binding_len = 32, .binding = { 1, 2, 3 }
	};
	lab_known(&lab, 4, 1, "alice");
	CU_ASSERT_EQUAL(STEP(4, &t, PLUS), 0);
	CU_ASSERT_STRING_EQUAL((char *)t.bytes + 5, "SCRAM-SHA-256-PLUS");
	t = (struct ticket_login){ .begin = true }; /* first only begun, then asked */
	lab_known(&lab, 5, 1, "alice");
	CU_ASSERT_EQUAL(step(5, &t, "", 0), 0);
	CU_ASSERT_EQUAL(t.len, 0);
	CU_ASSERT_EQUAL(STEP(5, &t, OK), 1);
}

static void test_login_out_of_turn(void)
{
	static struct ticket_login t;
	struct ticket other = { .kind = TICKET_LOGIN, .slot = 3, .gen = 1, .target = TARGET_OTHER };

	t = (struct ticket_login){ .begin = true };
	CU_ASSERT_EQUAL(STEP(1, &t, SASL), -EACCES); /* nobody is known */
	lab_known(&lab, 1, 1, "alice");
	t.begin = false;
	CU_ASSERT_EQUAL(STEP(1, &t, SASL), -EACCES);
	t.begin = true;
	CU_ASSERT_EQUAL(STEP(1, &t, SASL), 0);
	t.begin = true;
	CU_ASSERT_EQUAL(STEP(1, &t, SASL), -EACCES); /* again */
	t = (struct ticket_login){ .begin = true, .binding_len = 65 };
	lab_known(&lab, 2, 1, "alice");
	CU_ASSERT_EQUAL(STEP(2, &t, SASL), -EACCES);
	t = (struct ticket_login){ .begin = true, .len = TICKET_LOGIN_BYTES + 1 };
	other.slot = 2;
	other.block = lab_block(&lab, &t, sizeof(t), NULL);
	lab_put(&lab, 0, &other);
	expect(2, TICKET_LOGIN, -EACCES);
}

/* A target without a credential. */
static void test_no_credential(void)
{
	static struct ticket_login login = { .begin = true };
	char *token = lab_token(&lab, "alice", LAB_EXP_S);
	struct ticket_who who = { .token_len = (uint32_t)strlen(token) };
	struct ticket t = { .kind = TICKET_WHO, .slot = 1, .gen = 1, .target = TARGET_OTHER };

	t.block = lab_block(&lab, &who, sizeof(who), token);
	lab_put(&lab, 0, &t);
	expect(1, TICKET_WHO, 0);
	t.kind = TICKET_LOGIN;
	t.block = lab_block(&lab, &login, sizeof(login), NULL);
	lab_put(&lab, 0, &t);
	expect(1, TICKET_LOGIN, -EACCES);
	t.kind = TICKET_WHO;
	t.slot = 2;
	t.target = TARGET_CLOSED; /* may be reached by nobody */
	t.block = lab_block(&lab, &who, sizeof(who), token);
	lab_put(&lab, 0, &t);
	expect(2, TICKET_WHO, -EACCES);
	free(token);
}

/* TICKET_WORK. */

static _Atomic bool may_go_on;
static _Atomic uint32_t n_worked;

static void wait_for_it(void *arg)
{
	while (!atomic_load(&may_go_on))
		usleep(1000);
	atomic_fetch_add((_Atomic uint32_t *)arg, 1);
}

/* A job that takes its time keeps nobody else. */
static void test_work(void)
{
	struct ticket t = { .kind = TICKET_WORK, .slot = 1, .gen = 1 };

	t.work.run = wait_for_it;
	t.work.arg = &n_worked;
	atomic_store(&may_go_on, false);
	lab_put(&lab, 0, &t);
	t.slot = 2;
	lab_put(&lab, 1, &t);
	lab_ready(&lab, 3, 1, "alice");
	CU_ASSERT_TRUE(lab_is_silent(&lab));
	CU_ASSERT_EQUAL(atomic_load(&n_worked), 0);
	atomic_store(&may_go_on, true);
	expect(1, TICKET_WORK, 0);
	expect(2, TICKET_WORK, 0);
	CU_ASSERT_EQUAL(atomic_load(&n_worked), 2);
	CU_ASSERT_EQUAL(stats()->works, 2);
}

/* Killed while its salted password waits behind a job. */
static void test_kill_during_login(void)
{
	static struct ticket_login t;
	struct ticket work = { .kind = TICKET_WORK, .slot = 9, .gen = 1 };
	struct ticket first = { .kind = TICKET_LOGIN, .slot = 1, .gen = 1, .target = TARGET_DB };
	struct lab_server server = { .password = "pencil", .salt_b64 = "QUJD", .iterations = 5000 };
	const uint64_t id = lab_known(&lab, 1, 1, "alice");
	struct ticket_answer a;
	uint8_t body[1024];

	work.work.run = wait_for_it;
	work.work.arg = &n_worked;
	atomic_store(&may_go_on, false);
	lab_put(&lab, 0, &work);
	t = (struct ticket_login){ .begin = true };
	CU_ASSERT_EQUAL(STEP(1, &t, SASL), 0);
	set_body(&t, body, lab_server_first(&server, &t, body));
	first.block = lab_block(&lab, &t, sizeof(t), NULL);
	lab_put(&lab, 0, &first);
	first.block = lab_block(&lab, &t, sizeof(t), NULL);
	lab_put(&lab, 0, &first); /* another step meanwhile */
	expect(1, TICKET_LOGIN, -EACCES);
	CU_ASSERT_EQUAL(sessions_kill(lab.sessions, id), 0);
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_END, 1, &a));
	CU_ASSERT_EQUAL(a.why, SESSION_KILLED);
	lab_news(&lab, 0, 1, 1, TICKET_GONE);
	settle();
	CU_ASSERT_EQUAL(stats()->open, 0);
	atomic_store(&may_go_on, true);
	expect(9, TICKET_WORK, 0);
	expect(1, TICKET_LOGIN, -EACCES); /* its block comes back all the same */
}

/* Holds. */

static int decide(uint64_t session, uint64_t command, bool allow, const char *words)
{
	const struct hold_decision d = { session, command, allow, "root", words };

	return sessions_decide(lab.sessions, &d);
}

static void test_hold(void)
{
	static struct hold_view v[4];
	const uint64_t a = lab_ready(&lab, 1, 1, "alice"), b = lab_ready(&lab, 2, 1, "bob");
	struct ticket_answer got;

	lab_may(&lab, 1, 20, "DROP TABLE \033[2Jorders");
	lab_may(&lab, 2, 5, "TRUNCATE x");
	lab_may(&lab, 1, 7, "DROP \xff");
	settle();
	CU_ASSERT_EQUAL_FATAL(sessions_holds(lab.sessions, NULL, v, 4), 3);
	CU_ASSERT_TRUE(v[0].session == a && v[0].command == 7);
	CU_ASSERT_TRUE(v[1].session == a && v[1].command == 20);
	CU_ASSERT_TRUE(v[2].session == b && v[2].command == 5);
	CU_ASSERT_STRING_EQUAL(v[0].text, "DROP \\xFF");
	CU_ASSERT_STRING_EQUAL(v[1].text, "DROP TABLE \\x1B[2Jorders");
	CU_ASSERT_STRING_EQUAL(v[1].rule, "ddl");
	CU_ASSERT_STRING_EQUAL(v[1].reason, "a table goes");
	CU_ASSERT_STRING_EQUAL(v[2].sub, "bob");
	CU_ASSERT_EQUAL(v[2].text_bytes, 15);
	CU_ASSERT_EQUAL(v[2].n_values, 3);
	CU_ASSERT_EQUAL(sessions_holds(lab.sessions, &v[0], v + 1, 1), 1); /* a page */
	CU_ASSERT_EQUAL(v[1].command, 20);
	CU_ASSERT_EQUAL(stats()->holds, 3);
	CU_ASSERT_EQUAL(decide(a, 20, true, NULL), 0);
	got = expect(1, TICKET_MAY, TICKET_ALLOW);
	CU_ASSERT_TRUE(got.command == 20 && got.session == 0 && got.text[0] == '\0');
	CU_ASSERT_EQUAL(decide(b, 5, false, "not on a Friday"), 0);
	got = expect(2, TICKET_MAY, TICKET_DENY);
	CU_ASSERT_STRING_EQUAL(got.text, "not on a Friday");
	CU_ASSERT_EQUAL(decide(b, 5, true, NULL), -ENOENT);
	CU_ASSERT_EQUAL(decide(a, 8, true, NULL), -ENOENT);
	CU_ASSERT_EQUAL(decide(b + 1, 5, true, NULL), -ENOENT);
	CU_ASSERT_TRUE(lab_logged(&lab, "command 20 is allowed by root"));
	CU_ASSERT_TRUE(lab_logged(&lab, "command 5 is denied by root: not on a Friday"));
	lab_news(&lab, 0, 1, 1, TICKET_GONE); /* with command 7 */
	got = expect(1, TICKET_MAY, TICKET_DENY);
	CU_ASSERT_EQUAL(got.command, 7);
	CU_ASSERT_EQUAL(stats()->holds, 0);
	CU_ASSERT_EQUAL(stats()->holds_allowed, 1);
	CU_ASSERT_EQUAL(stats()->holds_denied, 1);
	CU_ASSERT_EQUAL(stats()->holds_forgotten, 1);
}

static const char update_plan[] =
		"[{\"Plan\": {\"Node Type\": \"ModifyTable\", \"Operation\": \"Update\","
		" \"Relation Name\": \"orders\", \"Total Cost\": 9.5, \"Plan Rows\": 0, \"Plans\": ["
		"{\"Node Type\": \"Hash Join\", \"Parent Relationship\": \"Outer\", \"Plan Rows\": 1200,"
		" \"Plans\": [{\"Node Type\": \"Seq Scan\", \"Relation Name\": \"orders\"},"
		" {\"Node Type\": \"Seq Scan\", \"Relation Name\": \"cust\\u001bomers\"}]},"
		"{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"SubPlan\", \"Plan Rows\": 7}]}}]";

static const char select_plan[] =
		"[{\"Plan\": {\"Node Type\": \"Append\", \"Plan Rows\": 90, \"Total Cost\": 1, \"Plans\": ["
		"{\"Relation Name\": \"p1\"}, {\"Relation Name\": \"p2\"}, {\"Relation Name\": \"p3\"},"
		"{\"Relation Name\": \"p4\"}, {\"Relation Name\": \"p5\"}, {\"Relation Name\": \"p6\"},"
		"{\"Relation Name\": \"p7\"}, {\"Relation Name\": \"p8\"}, {\"Relation Name\": \"p9\"},"
		"{\"Relation Name\": \"p1\"}]}}]";

/* Zeros, when there is no such hold. */
static const struct hold_plan *plan_of(uint64_t command)
{
	static struct hold_view v[5];
	const size_t n = sessions_holds(lab.sessions, NULL, v, 4);
	size_t i = 0;

	while (i < n && v[i].command != command)
		i++;
	CU_ASSERT(i < n);
	return &v[i].plan;
}

static void test_plan(void)
{
	static const char *const broken[] = { "", "[", "{}", "[]", "[{\"Plan\": 3}]", "null" };
	const struct hold_plan *p;

	(void)lab_ready(&lab, 1, 1, "alice");
	lab_may(&lab, 1, 1, "UPDATE orders");
	settle();
	CU_ASSERT_EQUAL(plan_of(1)->state, HOLD_PLAN_NONE);
	lab_plan(&lab, 1, 1, true, update_plan);
	(void)expect(1, TICKET_PLAN, 0);
	p = plan_of(1);
	CU_ASSERT_TRUE(p->state == HOLD_PLAN_KNOWN && p->rows == 1200 && p->cost == 9.5);
	CU_ASSERT_STRING_EQUAL(p->operation, "Update");
	CU_ASSERT_EQUAL(p->n_tables, 2);
	CU_ASSERT_STRING_EQUAL(p->tables[0], "orders");
	CU_ASSERT_STRING_EQUAL(p->tables[1], "cust\\x1Bomers");
	lab_may(&lab, 1, 2, "SELECT");
	lab_plan(&lab, 1, 2, true, select_plan);
	(void)expect(1, TICKET_PLAN, 0);
	p = plan_of(2);
	CU_ASSERT_TRUE(p->rows == 90 && strcmp(p->operation, "Select") == 0);
	CU_ASSERT_TRUE(p->n_tables >= 9 && strcmp(p->tables[7], "p8") == 0);
	lab_may(&lab, 1, 3, "UPDATE");
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		lab_plan(&lab, 1, 3, true, broken[i]);
		(void)expect(1, TICKET_PLAN, 0);
		CU_ASSERT_EQUAL(plan_of(3)->state, HOLD_PLAN_REFUSED);
		CU_ASSERT_STRING_EQUAL(plan_of(3)->words, "the server's plan could not be read");
	}
	lab_may(&lab, 1, 4, "UPDATE");
	lab_plan(&lab, 1, 4, false, "relation \"\033x\" does not exist");
	(void)expect(1, TICKET_PLAN, 0);
	CU_ASSERT_STRING_EQUAL(plan_of(4)->words, "relation \"\\x1Bx\" does not exist");
	lab_plan(&lab, 1, 9, true, update_plan); /* decided meanwhile */
	(void)expect(1, TICKET_PLAN, 0);
	CU_ASSERT_EQUAL(stats()->malformed, 0);
	lab_news(&lab, 0, 1, 1, TICKET_GONE);
	for (int i = 0; i < 4; i++)
		(void)expect(1, TICKET_MAY, TICKET_DENY);
}

static void forget(uint32_t slot, uint64_t command)
{
	const struct ticket t = {
		.kind = TICKET_FORGET, .slot = slot, .gen = 1, .command = command
	};

	lab_put(&lab, 0, &t);
}

static void test_forget(void)
{
	const uint64_t a = lab_ready(&lab, 1, 1, "alice");

	lab_may(&lab, 1, 1, "DROP TABLE a");
	settle();
	forget(1, 1);
	expect(1, TICKET_MAY, TICKET_DENY);
	CU_ASSERT_EQUAL(decide(a, 1, true, NULL), -ENOENT);
	lab_may(&lab, 1, 2, "DROP TABLE a"); /* decided when nobody waits any more: one answer */
	settle();
	CU_ASSERT_EQUAL(decide(a, 2, true, NULL), 0);
	forget(1, 2);
	forget(1, 99);
	forget(7, 1);
	expect(1, TICKET_MAY, TICKET_ALLOW);
	CU_ASSERT_TRUE(lab_is_silent(&lab));
}

/* What cannot be held is denied. */
static void test_may_refused(void)
{
	static char text[TICKET_TEXT_MAX + 2];
	static struct hold_view v;

	memset(text, 0xff, TICKET_TEXT_MAX);
	lab_may(&lab, 1, 1, "DROP");
	expect(1, TICKET_MAY, TICKET_DENY); /* of nobody */
	lab_ready(&lab, 1, 1, "alice");
	lab_may(&lab, 1, 1, text);
	settle();
	CU_ASSERT_EQUAL(sessions_holds(lab.sessions, NULL, &v, 1), 1);
	CU_ASSERT_EQUAL(strlen(v.text), 4 * TICKET_TEXT_MAX);
	lab_may(&lab, 1, 1, "again");
	expect(1, TICKET_MAY, TICKET_DENY);
	text[TICKET_TEXT_MAX] = 'x';
	lab_may(&lab, 1, 2, text);
	expect(1, TICKET_MAY, TICKET_DENY);
	forget(1, 1);
	expect(1, TICKET_MAY, TICKET_DENY);
}

/* TICKET_CANCEL. */

static int32_t cancel(uint32_t target, uint32_t pid, const char *key, uint8_t address)
{
	const uint8_t agent[4] = { 10, 0, 9, address };
	struct ticket_cancel c = { .target = target, .pid = pid, .key_len = 4 };
	struct ticket t = { .kind = TICKET_CANCEL, .slot = 50, .gen = 1 };
	struct ticket_answer a = { .rc = 99 };

	memcpy(c.bytes, key, 4);
	flow_key_addr(c.key.addr[SIDE_AGENT], agent, 4);
	flow_key_addr(c.key.addr[SIDE_PROD], agent, 4);
	t.block = lab_block(&lab, &c, sizeof(c), NULL);
	lab_put(&lab, 1, &t);
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_ANSWER, 50, &a));
	lab_block_free(&lab, &a.block);
	return a.rc;
}

static void test_cancel(void)
{
	struct ticket_answer a;

	lab_ready(&lab, 1, 1, "alice");
	lab_known(&lab, 2, 1, "bob"); /* not ready */
	CU_ASSERT_EQUAL(cancel(TARGET_DB, 1001, "key\1", 1), 0);
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_CANCELLED, 1, &a));
	CU_ASSERT_EQUAL(a.gen, 1);
	CU_ASSERT_EQUAL(cancel(TARGET_OTHER, 1001, "key\1", 1), -ENOENT);
	CU_ASSERT_EQUAL(cancel(TARGET_DB, 1002, "key\1", 1), -ENOENT);
	CU_ASSERT_EQUAL(cancel(TARGET_DB, 1001, "key\2", 1), -ENOENT);
	CU_ASSERT_EQUAL(cancel(TARGET_DB, 1001, "key\1", 2), -ENOENT);
	CU_ASSERT_EQUAL(cancel(TARGET_DB, 1002, "key\2", 1), -ENOENT);
	CU_ASSERT_EQUAL(cancel(TARGET_DB, 0, "\0\0\0\0", 1), -ENOENT);
	CU_ASSERT_TRUE(lab_is_silent(&lab));
	CU_ASSERT_TRUE(lab_logged(&lab, "asks to cancel at target db"));
	lab_may(&lab, 1, 3, "DROP TABLE a");
	CU_ASSERT_EQUAL(cancel(TARGET_DB, 1001, "key\1", 1), 1); /* the hold is what it cancels */
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_CANCELLED, 1, &a));
	forget(1, 3);
	expect(1, TICKET_MAY, TICKET_DENY);
	CU_ASSERT_EQUAL(stats()->cancels, 2);
	CU_ASSERT_EQUAL(stats()->cancels_unknown, 6);
}

/* News. */

static void test_news(void)
{
	static struct session_view v;
	struct ticket t = { .kind = TICKET_JUDGED, .slot = 1, .gen = 1, .command = 4 };

	t.session = lab_ready(&lab, 1, 1, "alice");
	t.judged.verdict = TICKET_DENY;
	memcpy(t.judged.rule, "no-drop", 8);
	memcpy(t.judged.text, "DROP TABLE a", 13);
	lab_put(&lab, 0, &t);
	lab_news(&lab, 0, 5, 1, TICKET_READY); /* of nobody */
	settle();
	CU_ASSERT_EQUAL(sessions_list(lab.sessions, 0, &v, 1), 1);
	CU_ASSERT_EQUAL(v.state, SESSION_READY);
	CU_ASSERT_EQUAL(v.pid, 1001);
	CU_ASSERT_TRUE(v.n_judged == 1 && v.n_denied == 1);
	CU_ASSERT_EQUAL(stats()->ready, 1);
	CU_ASSERT_TRUE(lab_logged(
			&lab, "alice of corp at target db, 10.0.9.1:40001 to 10.0.0.1:5432"));
	CU_ASSERT_TRUE(lab_logged(&lab, "command 4 is denied by rule no-drop: DROP TABLE a"));
	lab_news(&lab, 0, 1, 1, TICKET_GONE);
	lab_news(&lab, 0, 1, 1, TICKET_GONE); /* of a session that is gone */
	settle();
	CU_ASSERT_TRUE(lab_logged(&lab, "7 commands, 2 denied, 1 held"));
	CU_ASSERT_EQUAL(stats()->open, 0);
	CU_ASSERT_EQUAL(stats()->ready, 0);
	CU_ASSERT_EQUAL(stats()->ended[SESSION_CLOSED], 2);
	CU_ASSERT_EQUAL(stats()->commands, 14);
	CU_ASSERT_EQUAL(stats()->malformed, 1);
}

/* A slot is used again; the news that its session was over is late, or lost. */
static void test_slots(void)
{
	const uint64_t first = lab_ready(&lab, 1, 1, "alice");
	char *token = lab_token(&lab, "bob", LAB_EXP_S);
	static struct session_view v[2];
	struct ticket_answer a;
	uint64_t second;

	lab_may(&lab, 1, 1, "DROP");
	lab_who(&lab, 0, 1, 2, token);
	expect(1, TICKET_MAY, TICKET_DENY);
	second = expect(1, TICKET_WHO, 0).session;
	free(token);
	CU_ASSERT_EQUAL_FATAL(sessions_list(lab.sessions, 0, v, 2), 1);
	CU_ASSERT_EQUAL(v[0].id, second);
	CU_ASSERT_EQUAL(sessions_kill(lab.sessions, first), -ENOENT);
	lab_news(&lab, 0, 1, 1, TICKET_GONE); /* late */
	settle();
	CU_ASSERT_EQUAL(sessions_list(lab.sessions, 0, v, 2), 1);
	CU_ASSERT_EQUAL(sessions_kill(lab.sessions, second), 0);
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_END, 1, &a));
	CU_ASSERT_EQUAL(a.gen, 2);
}

/* Ends. */

static void ends_within_a_second(uint32_t slot, uint64_t from_ms, enum session_end why)
{
	struct ticket_answer a = { .why = SESSION_ENDS };

	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_END, slot, &a));
	CU_ASSERT_TRUE(now_ms() - from_ms < 1000);
	CU_ASSERT_EQUAL(a.why, why);
}

static void test_ends(void)
{
	static struct session_view v[4];
	const uint64_t killed = lab_ready(&lab, 1, 1, "alice");
	uint64_t from;

	lab_ready(&lab, 2, 1, "bob");
	lab_ready(&lab, 3, 1, "carol");
	lab_known(&lab, 4, 1, "dave"); /* in its login */
	from = now_ms();
	CU_ASSERT_EQUAL(sessions_kill(lab.sessions, killed), 0);
	ends_within_a_second(1, from, SESSION_KILLED);
	CU_ASSERT_TRUE(now_ms() - from < 100); /* at once */
	CU_ASSERT_EQUAL(sessions_kill(lab.sessions, killed), -ENOENT);
	CU_ASSERT_EQUAL(sessions_list(lab.sessions, 0, v, 4), 4);
	CU_ASSERT_TRUE(v[0].state == SESSION_ENDING && v[0].why == SESSION_KILLED);
	from = now_ms();
	CU_ASSERT_EQUAL(identity_revoke(lab.identity, IDENTITY_REVOKE_SUB, "https://i", "bob"), 0);
	ends_within_a_second(2, from, SESSION_REVOKED);
	from = now_ms();
	CU_ASSERT_EQUAL(identity_revoke(lab.identity, IDENTITY_REVOKE_JTI, "https://i", "j-dave"),
			0);
	ends_within_a_second(4, from, SESSION_REVOKED);
	/* one second is left, with the clock's skew */
	world_pass(&lab.world, (3599 + lab.conf->identity.issuers[0].clock_skew_s) * 1000ULL);
	usleep(300000);
	CU_ASSERT_TRUE(lab_is_silent(&lab));
	from = now_ms();
	world_pass(&lab.world, 1000);
	ends_within_a_second(3, from, SESSION_EXPIRED);
	usleep(300000);
	CU_ASSERT_TRUE(lab_is_silent(&lab)); /* each is told once */
	lab_may(&lab, 3, 1, "DROP");
	settle();
	CU_ASSERT_EQUAL(decide(v[2].id, 1, true, NULL), -ENOENT); /* it is to end */
	CU_ASSERT_EQUAL(decide(v[2].id, 1, false, NULL), 0);
	expect(3, TICKET_MAY, TICKET_DENY);
}

/* The ring. */

static void test_full_ring(void)
{
	const uint64_t id = lab_ready(&lab, 1, 1, "alice");
	struct ticket_answer a;

	lab_room(&lab, 0, 0);
	for (uint64_t c = 1; c <= 500; c++)
		lab_may(&lab, 1, c, "DROP TABLE a");
	for (uint64_t c = 501; c <= 1000; c++)
		forget(1, c - 500);
	while (stats()->answers_waiting < 500)
		usleep(1000);
	CU_ASSERT_EQUAL(sessions_kill(lab.sessions, id), 0);
	CU_ASSERT_EQUAL(stats()->answers_waiting, 501);
	CU_ASSERT_EQUAL(cancel(TARGET_DB, 1, "none", 1),
			-ENOENT); /* the other worker's is not full */
	CU_ASSERT_TRUE(lab_is_silent(&lab));
	for (uint64_t c = 1; c <= 500; c++) {
		lab_room(&lab, 0, 1);
		CU_ASSERT_TRUE_FATAL(lab_answer(&lab, TICKET_ANSWER, 1, &a));
		CU_ASSERT_EQUAL(a.command, c); /* in order */
		lab_block_free(&lab, &a.block);
	}
	lab_room(&lab, 0, UINT32_MAX);
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_END, 1, &a));
	CU_ASSERT_EQUAL(stats()->answers_waiting, 0);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "who", test_who },
	{ "who: refused", test_who_refused },
	{ "blocks that do not hold what they say", test_malformed },
	{ "a login by SCRAM", test_scram },
	{ "logins by other methods", test_other_methods },
	{ "logins out of turn", test_login_out_of_turn },
	{ "a target without a credential", test_no_credential },
	{ "work that takes its time", test_work },
	{ "killed during the login", test_kill_during_login },
	{ "holds: allowed, denied, gone", test_hold },
	{ "holds: nobody waits any more", test_forget },
	{ "holds: what they would touch", test_plan },
	{ "what cannot be held", test_may_refused },
	{ "cancel", test_cancel },
	{ "news", test_news },
	{ "a slot is used again", test_slots },
	{ "expired, revoked, killed", test_ends },
	{ "a full ring", test_full_ring },
};

int main(void)
{
	unsigned failures;
	CU_pSuite s;

	CU_initialize_registry();
	s = CU_add_suite_with_setup_and_teardown("session", NULL, NULL, begin, end);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(s, tests[i].name, tests[i].run);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
