/* SPDX-License-Identifier: Apache-2.0
 * The stub control plane, asked as a worker asks. Its SCRAM is run against the server's. */
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "tests/support/ctrl_stub.h"
#include "tests/support/pg_peer.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

enum { SLOTS = 4 };

static struct ring *tickets, *answers;
static struct ctrl ctrl;
static struct ticket_answer answer;

static void begin(void)
{
	tickets = ring_new(SLOTS, sizeof(struct ticket));
	answers = ring_new(SLOTS, sizeof(struct ticket_answer));
	ctrl_init(&ctrl, tickets, answers);
}

static void end(void)
{
	ctrl_done(&ctrl);
	ring_free(&tickets);
	ring_free(&answers);
}

static struct ticket_block *block_new(uint32_t n)
{
	struct ticket_block *b = calloc(1, sizeof(*b) + n);

	must(b != NULL);
	b->cap_bytes = b->len_bytes = n;
	return b;
}

static void ask(const struct ticket *t)
{
	CU_ASSERT_FATAL(ring_push(tickets, t));
	CU_ASSERT_EQUAL(ctrl_turn(&ctrl), 1);
}

static bool answered(void)
{
	return ring_pop(answers, &answer);
}

static void ask_who(const char *token)
{
	const uint32_t n = (uint32_t)strlen(token);
	struct ticket t = { .kind = TICKET_WHO,
		.slot = 3,
		.gen = 9,
		.block = block_new((uint32_t)sizeof(struct ticket_who) + n) };
	struct ticket_who who = { .token_len = n, .user = "app" };

	memcpy(t.block->bytes, &who, sizeof(who));
	memcpy(t.block->bytes + sizeof(who), token, n);
	ask(&t);
}

static void test_who(void)
{
	begin();
	ask_who("good");
	CU_ASSERT_FATAL(answered());
	CU_ASSERT_EQUAL(answer.rc, 0);
	CU_ASSERT_EQUAL(answer.session, 1);
	CU_ASSERT_EQUAL(answer.slot, 3);
	CU_ASSERT_EQUAL(answer.gen, 9);
	CU_ASSERT_STRING_EQUAL(ctrl.who.user, "app");
	free(answer.block);
	ask_who("bad");
	CU_ASSERT_FATAL(answered());
	CU_ASSERT_EQUAL(answer.rc, -EACCES);
	free(answer.block);
	ask_who("slow");
	CU_ASSERT(!answered());
	CU_ASSERT_PTR_NOT_NULL(ctrl_waiting(&ctrl, TICKET_WHO));
	CU_ASSERT(!ctrl_answer(&ctrl, TICKET_MAY, 0, ""));
	CU_ASSERT(ctrl_answer(&ctrl, TICKET_WHO, 0, ""));
	CU_ASSERT_FATAL(answered());
	CU_ASSERT_EQUAL(answer.session, 2);
	free(answer.block);
	end();
}

/* One step: the body of the server's 'R' in, what the server is to hear out; the rc. */
static int32_t ask_login(bool begins, struct span body, struct ticket_login *ret)
{
	struct ticket t = {
		.kind = TICKET_LOGIN, .session = 1, .block = block_new(sizeof(struct ticket_login))
	};
	static struct ticket_login l;

	l = (struct ticket_login){ .begin = begins, .len = (uint32_t)body.len };
	if (body.len > 0)
		memcpy(l.bytes, body.ptr, body.len);
	memcpy(t.block->bytes, &l, sizeof(l));
	ask(&t);
	CU_ASSERT_FATAL(answered());
	memcpy(ret, answer.block->bytes, sizeof(*ret));
	free(answer.block);
	return answer.rc;
}

/* A login at the server by the stub's words, as the spine will do it; the last rc. */
static int32_t log_in(const struct pg_server_conf *conf)
{
	static const char start[] = "\0\0\0\x12\0\3\0\0user\0app\0\0";
	static struct pg_server server;
	static struct ticket_login l;
	int32_t rc = 0;

	pg_server_init(&server, conf);
	pg_server_feed(&server, start, sizeof(start) - 1);
	for (int i = 0; rc == 0 && i < 8; i++) {
		const struct pipe *out = &server.wire.net_out;
		const size_t total = out->len >= 5 ? 1 + (size_t)load_be32(out->bytes + 1) : 0;

		if (total == 0 || out->bytes[0] != 'R')
			break;
		rc = ask_login(i == 0, (struct span){ out->bytes + 5, total - 5 }, &l);
		pipe_drop(&server.wire.net_out, total);
		if (rc == 0 && l.len > 0)
			pg_server_feed(&server, l.bytes, l.len);
	}
	if (rc == 1)
		CU_ASSERT(server.is_ready);
	pg_server_done(&server);
	return rc;
}

static void test_login(void)
{
	const struct pg_server_conf trust = { .auth = PG_SERVER_TRUST };
	const struct pg_server_conf clear = { .auth = PG_SERVER_CLEAR, .password = "secret" };
	const struct pg_server_conf other = { .auth = PG_SERVER_CLEAR, .password = "other" };
	const struct pg_server_conf scram = { .auth = PG_SERVER_SCRAM };
	static struct ticket_login l;

	begin();
	CU_ASSERT_EQUAL(log_in(&trust), 1);
	CU_ASSERT_EQUAL(ctrl.login_step, 1);
	CU_ASSERT_EQUAL(log_in(&clear), 1);
	CU_ASSERT_EQUAL(ctrl.login_step, 2);
	CU_ASSERT_EQUAL(log_in(&other), 0);
	CU_ASSERT_EQUAL(log_in(&scram), 1);
	CU_ASSERT_EQUAL(ctrl.login_step, 4);
	CU_ASSERT_EQUAL(ask_login(false, (struct span){ (const uint8_t *)"\0", 1 }, &l), -EACCES);
	CU_ASSERT_EQUAL(ask_login(false, (struct span){ NULL, 0 }, &l), 0);
	CU_ASSERT_EQUAL(l.len, 0);
	ctrl.password = NULL;
	CU_ASSERT_EQUAL(log_in(&clear), -EACCES);
	end();
}

static void ran(void *arg)
{
	++*(int *)arg;
}

static void test_work(void)
{
	int n = 0;
	const struct ticket t = { .kind = TICKET_WORK, .work = { ran, &n } };

	begin();
	ask(&t);
	CU_ASSERT(answered() && n == 1);
	ctrl.delays_work = true;
	ask(&t);
	CU_ASSERT(!answered() && n == 1);
	CU_ASSERT(ctrl_answer(&ctrl, TICKET_WORK, 0, ""));
	CU_ASSERT(answered() && n == 2);
	end();
}

static struct ticket may(uint64_t command)
{
	return (struct ticket){ .kind = TICKET_MAY,
		.session = 1,
		.command = command,
		.block = block_new(sizeof(struct ticket_may)) };
}

/* Answers wait for room in the ring, and none is lost. */
static void test_full(void)
{
	struct ticket t;

	begin();
	for (uint64_t i = 1; i <= SLOTS + 2; i++) {
		t = may(i);
		ask(&t);
	}
	for (uint64_t i = 1; i <= SLOTS + 2; i++)
		CU_ASSERT(ctrl_answer(&ctrl, TICKET_MAY, TICKET_DENY, "not today"));
	CU_ASSERT_EQUAL(ctrl.n_blocks, 2);
	for (uint64_t i = 1; i <= SLOTS + 2; i++) {
		CU_ASSERT_FATAL(answered());
		CU_ASSERT_EQUAL(answer.command, i);
		CU_ASSERT_EQUAL(answer.rc, TICKET_DENY);
		CU_ASSERT_STRING_EQUAL(answer.text, "not today");
		free(answer.block);
		(void)ctrl_turn(&ctrl);
	}
	t = may(7);
	ask(&t);
	ctrl_answer_all(&ctrl);
	CU_ASSERT_FATAL(answered());
	free(answer.block);
	end();
}

static void test_news(void)
{
	const struct ticket ready = { .kind = TICKET_READY, .slot = 2, .gen = 5, .session = 1 };
	const struct ticket judged = { .kind = TICKET_JUDGED,
		.session = 1,
		.command = 4,
		.judged = { .verdict = TICKET_DENY, .rule = "ddl" } };
	const struct ticket gone = { .kind = TICKET_GONE, .gone = { .why = SESSION_EXPIRED } };

	begin();
	ask(&ready);
	ask(&judged);
	ask(&gone);
	CU_ASSERT_STRING_EQUAL(ctrl.log, "READY JUDGED=deny/ddl GONE=6");
	CU_ASSERT_PTR_NULL(ctrl_news(&ctrl, TICKET_FORGET));
	CU_ASSERT_EQUAL(ctrl_news(&ctrl, TICKET_JUDGED)->command, 4);
	CU_ASSERT(!answered());
	ctrl_tell(&ctrl, ctrl_news(&ctrl, TICKET_READY), TICKET_END, SESSION_EXPIRED);
	CU_ASSERT_FATAL(answered());
	CU_ASSERT_EQUAL(answer.kind, TICKET_END);
	CU_ASSERT_EQUAL(answer.why, SESSION_EXPIRED);
	CU_ASSERT_EQUAL(answer.slot, 2);
	CU_ASSERT_EQUAL(answer.gen, 5);
	end();
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "who", test_who },
		{ "login", test_login },
		{ "work", test_work },
		{ "full ring", test_full },
		{ "news", test_news },
	};

	return suite_run("ctrl", tests, sizeof(tests) / sizeof(*tests));
}
