/* SPDX-License-Identifier: Apache-2.0
 * Whole sessions through the spine (bench.h): what the agent hears, what the server hears, and what
 * the control plane is asked and told. */
#include "parsers/base/bytes.h"
#include "tests/unit/inspect/cases.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void test_startup(void)
{
	static const struct {
		const char *row;
		unsigned int legs;
		enum pg_server_auth auth;
		bool direct_tls;
	} rows[] = {
		{ "clear", 0, PG_SERVER_TRUST, false },
		{ "TLS", BOTH_TLS, PG_SERVER_TRUST, false },
		{ "TLS, agent alone", BENCH_USES_TLS_AGENT, PG_SERVER_SCRAM, false },
		{ "TLS, server alone", BENCH_USES_TLS_PROD, PG_SERVER_CLEAR, false },
		{ "SCRAM", BOTH_TLS, PG_SERVER_SCRAM, false },
		{ "TLS at once", BOTH_TLS, PG_SERVER_CLEAR, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct talk *t;

		bench_init(&b, rows[i].legs);
		b.server.auth = rows[i].auth;
		b.server.password = "secret";
		b.server.direct_tls = b.target.prod_direct_tls = rows[i].direct_tls;
		bench_start(&b);
		t = bench_login(&b);
		CHECK_ROW(rows[i].row, t->agent.state == PG_AGENT_READY);
		CHECK_ROW(rows[i].row, begins(t->agent.log.text, "R=3 R=0 "));
		CHECK_ROW(rows[i].row, t->agent.key_len > 0);
		CHECK_ROW(rows[i].row, strcmp(t->server.user, "app_ro") == 0);
		CHECK_ROW(rows[i].row, strcmp(t->server.database, "orders") == 0);
		CHECK_ROW(rows[i].row, strcmp(b.ctrl.who.user, "app") == 0);
		CHECK_ROW(rows[i].row, b.ctrl.who.encrypted == ((rows[i].legs & 1) != 0));
		CHECK_ROW(rows[i].row, b.ctrl.was_encrypted == ((rows[i].legs & 2) != 0));
		CHECK_ROW(rows[i].row, b.ctrl.was_verified == ((rows[i].legs & 2) != 0));
		CHECK_ROW(rows[i].row, strcmp(b.ctrl.log, "READY") == 0);
		CHECK_ROW(rows[i].row, b.ctrl.n_asked[TICKET_WHO] == 1);
		end();
	}
}

static void test_refused(void)
{
	struct talk *t;

	bench_init(&b, BOTH_TLS);
	b.agent.password = "bad";
	bench_start(&b);
	t = bench_login(&b);
	CU_ASSERT_EQUAL(t->agent.state, PG_AGENT_OVER);
	CU_ASSERT_STRING_EQUAL(t->agent.code, "28P01");
	CU_ASSERT_EQUAL(fake_seen(t->flow, SIDE_AGENT), FAKE_FIN);
	CU_ASSERT_EQUAL(gone_why(), SESSION_REFUSED);
	CU_ASSERT_PTR_NULL(strstr(t->server.log.text, "start="));
	end();
	/* a token may not come in clear: nobody is asked for it */
	bench_init(&b, 0);
	b.target.token_in_clear = false;
	bench_start(&b);
	t = bench_login(&b);
	CU_ASSERT_EQUAL(t->agent.state, PG_AGENT_OVER);
	CU_ASSERT_EQUAL(b.ctrl.n_asked[TICKET_WHO], 0);
	CU_ASSERT_PTR_NULL(strstr(t->agent.log.text, "R=3"));
	end();
}

/* The answer takes a while, and the agent may leave meanwhile. */
static void test_slow_who(void)
{
	for (int i = 0; i < 2; i++) {
		struct talk *t;

		bench_init(&b, 0);
		b.agent.password = "slow";
		bench_start(&b);
		t = bench_login(&b);
		CU_ASSERT_EQUAL(t->agent.state, PG_AGENT_STARTING);
		if (i == 1)
			fake_rst(t->flow, SIDE_AGENT);
		bench_run(&b);
		CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_WHO, 0, ""));
		bench_run(&b);
		CU_ASSERT_EQUAL(t->agent.state == PG_AGENT_READY, i == 0);
		CU_ASSERT_EQUAL(spine_counters(b.spine)->stale_answers, i == 1);
		end();
	}
}

static const char *const conversation[] = { "Q select 1", "Q begin;sel 3 2 x;nonsense",
	"Q rollback", "Q copyout 5", "P s1|sel 2 2 y", "B p1|s1", "D Pp1", "E p1|1", "E p1|0", "S",
	"B |nowhere", "S", "Q select 2" };

/* The two with nothing between them: what they must hear with a spine between them, too. */
static void converse_directly(struct pg_agent *a, struct pg_server *s)
{
	bool moved = true;

	pg_agent_start(a);
	for (size_t i = 0; moved || i < sizeof(conversation) / sizeof(*conversation);) {
		struct pipe *up = &a->wire.net_out, *down = &s->wire.net_out;

		moved = up->len > 0 || down->len > 0;
		if (!moved)
			pg_agent_say(a, conversation[i++]);
		pg_server_feed(s, up->len > 0 ? up->bytes : NULL, up->len);
		pipe_drop(up, up->len);
		if (down->len > 0)
			pg_agent_feed(a, down->bytes, down->len);
		pipe_drop(down, down->len);
	}
}

static bool pipes_equal(const struct pipe *x, const struct pipe *y)
{
	return x->len == y->len && x->len > 0 && memcmp(x->bytes, y->bytes, x->len) == 0;
}

/* What is allowed passes byte for byte, however it is cut. */
static void test_pass(void)
{
	static struct pg_agent a;
	static struct pg_server s;
	static const struct pg_agent_conf ac = { .user = "app", .database = "orders" };
	static const struct pg_server_conf sc = { .auth = PG_SERVER_TRUST };

	pg_agent_init(&a, &ac);
	pg_server_init(&s, &sc);
	converse_directly(&a, &s);
	for (uint32_t cut = 1; cut <= CUT_MAX; cut++) {
		struct talk *t;
		char row[32];

		snprintf(row, sizeof(row), "segments of %u", cut);
		bench_init(&b, cut % 8 == 1 ? BOTH_TLS : 0);
		b.target.rules = NULL;
		bench_start(&b);
		fake_segments(b.relay, cut, cut % 3);
		t = bench_login(&b);
		for (size_t i = 0; i < sizeof(conversation) / sizeof(*conversation); i++)
			bench_say(&b, t, conversation[i]);
		CHECK_ROW(row, pipes_equal(&t->agent.heard, &a.heard));
		CHECK_ROW(row, pipes_equal(&t->server.heard, &s.heard));
		end();
	}
	pg_agent_done(&a);
	pg_server_done(&s);
}

static void test_denied(void)
{
	struct talk *t = ready(0);

	bench_say(&b, t, "Q drop table orders");
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "E=42501 Z=I");
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.error, "nothing is dropped here"));
	CU_ASSERT_STRING_EQUAL(t->server.log.text, "");
	CU_ASSERT_STRING_EQUAL(b.ctrl.log, "READY JUDGED=deny/test/no-drop");
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_STRING_EQUAL(t->agent.log.text, "E=42501 Z=I T D C=SELECT_1 Z=I");
	CU_ASSERT(!bench_has(&t->server.heard, "drop"));
	CU_ASSERT_EQUAL(spine_counters(b.spine)->denied, 1);
	end();
}

/* What is judged is logged: nothing of the agent's data may be in it. Whoever decides sees all of it. */
static void test_told_without_literals(void)
{
	struct talk *t = ready(0);
	const struct ticket *may;

	bench_say(&b, t, "Q drop /* hunter2 */ table orders -- 'hunter2'");
	CU_ASSERT_STRING_EQUAL(ctrl_news(&b.ctrl, TICKET_JUDGED)->judged.text, "drop table orders");
	bench_say(&b, t, "Q update orders set card = 'hunter2', n = 4711");
	CU_ASSERT_STRING_EQUAL(ctrl_news(&b.ctrl, TICKET_JUDGED)->judged.text,
			"update orders set card = ?, n = ?");
	may = ctrl_waiting(&b.ctrl, TICKET_MAY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(may);
	CU_ASSERT_PTR_NOT_NULL(memmem(may->block->bytes, may->block->len_bytes, "hunter2", 7));
	CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_DENY, ""));
	bench_run(&b);
	bench_say(&b, t, "Q not sql 'hunter2"); /* nobody knows where its literals end */
	CU_ASSERT_STRING_EQUAL(ctrl_news(&b.ctrl, TICKET_JUDGED)->judged.text, "not sql");
	end();
}

static void test_held_allowed(void)
{
	struct talk *t = held();

	bench_wait(&b, 3 * BENCH_NOTICE_MS);
	CU_ASSERT(t->agent.n_notices >= 3 && t->agent.n_notices <= 4);
	CU_ASSERT(!bench_has(&t->server.heard, "true"));
	CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_ALLOW, ""));
	bench_run(&b);
	CU_ASSERT(bench_has(&t->server.heard, "true"));
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, "C=UPDATE_1 Z=I"));
	CU_ASSERT_EQUAL(spine_counters(b.spine)->held, 1);
	end();
}

static void test_held_denied(void)
{
	struct talk *t = held();

	CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_DENY, "not on a friday"));
	bench_run(&b);
	CU_ASSERT(!bench_has(&t->server.heard, "true"));
	CU_ASSERT_STRING_EQUAL(t->agent.code, "42501");
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.error, "not on a friday"));
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, "C=SELECT_1 Z=I"));
	end();
}

static void test_held_timed_out(void)
{
	struct talk *t = held();

	bench_wait(&b, BENCH_HOLD_MS + BENCH_NOTICE_MS);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, "E=42501 Z=I"));
	CU_ASSERT_PTR_NOT_NULL(ctrl_news(&b.ctrl, TICKET_FORGET));
	CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_ALLOW, "")); /* too late */
	bench_run(&b);
	CU_ASSERT(!bench_has(&t->server.heard, "true"));
	CU_ASSERT_EQUAL(spine_counters(b.spine)->stale_answers, 1);
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, "C=SELECT_1 Z=I"));
	end();
}

/* A hold whose client left never runs later. */
static void test_held_client_leaves(void)
{
	for (int i = 0; i < 2; i++) {
		struct talk *t = held();

		if (i == 0)
			fake_fin(t->flow, SIDE_AGENT);
		else
			fake_rst(t->flow, SIDE_AGENT);
		bench_wait(&b, 600);
		CU_ASSERT_PTR_NOT_NULL(ctrl_news(&b.ctrl, TICKET_FORGET));
		CU_ASSERT_EQUAL(gone_why(), SESSION_CLOSED);
		CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_ALLOW, ""));
		bench_run(&b);
		CU_ASSERT(!bench_has(&t->server.heard, "true"));
		end();
	}
}

/* A request to cancel goes where the control plane says: on, or nowhere. */
static void test_cancel(void)
{
	static const struct {
		const char *row;
		int32_t rc;
		uint32_t n;
		unsigned int legs;
	} rows[] = {
		{ "sent on", 0, 1, 0 },
		{ "sent on, TLS", 0, 1, BOTH_TLS },
		{ "done already", 1, 0, 0 },
		{ "nobody's", -ENOENT, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct talk *t = ready(rows[i].legs), *other;
		const struct ticket *r = ctrl_news(&b.ctrl, TICKET_READY);

		CHECK_ROW(rows[i].row,
				r != NULL && r->ready.pid == t->agent.pid &&
						r->ready.key_len == t->agent.key_len &&
						memcmp(r->ready.key, t->agent.key,
								r->ready.key_len) == 0);
		b.ctrl.cancel_rc = rows[i].rc;
		other = bench_talk(&b);
		pg_agent_cancel(&other->agent, t->agent.pid, t->agent.key, t->agent.key_len);
		bench_run(&b);
		CHECK_ROW(rows[i].row, b.ctrl.n_asked[TICKET_CANCEL] == 1);
		CHECK_ROW(rows[i].row, b.ctrl.cancel.pid == t->agent.pid);
		CHECK_ROW(rows[i].row, other->server.n_cancels == rows[i].n);
		CHECK_ROW(rows[i].row, fake_seen(other->flow, SIDE_AGENT) != FAKE_OPEN);
		end();
	}
}

static void test_cancel_hold(void)
{
	struct talk *t = held();

	ctrl_tell(&b.ctrl, session(), TICKET_CANCELLED, SESSION_CLOSED);
	bench_run(&b);
	CU_ASSERT_STRING_EQUAL(t->agent.code, "57014");
	CU_ASSERT_EQUAL(spine_counters(b.spine)->cancelled, 1);
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, "C=SELECT_1 Z=I"));
	CU_ASSERT(!bench_has(&t->server.heard, "true"));
	end();
}

static void test_expired(void)
{
	for (int i = 0; i < 2; i++) {
		struct talk *t = ready(i == 0 ? BOTH_TLS : 0);

		t->server.is_mute = i == 1; /* in mid-query */
		if (i == 1)
			bench_say(&b, t, "Q select 1");
		ctrl_tell(&b.ctrl, session(), TICKET_END, SESSION_EXPIRED);
		bench_run(&b);
		CU_ASSERT_EQUAL(t->agent.state, PG_AGENT_OVER);
		CU_ASSERT_NOT_EQUAL(fake_seen(t->flow, SIDE_AGENT), FAKE_OPEN);
		CU_ASSERT_NOT_EQUAL(fake_seen(t->flow, SIDE_PROD), FAKE_OPEN);
		CU_ASSERT_EQUAL(gone_why(), SESSION_EXPIRED);
		end();
	}
}

static void test_garbage(void)
{
	static const struct {
		const char *row, *bytes;
		size_t n;
	} rows[] = {
		{ "HTTP", "GET / HTTP/1.1\r\n\r\n", 18 },
		{ "zeros", "\0\0\0\0\0\0\0\0", 8 },
		{ "huge", "\x7f\xff\xff\xff\0\3\0\0", 8 },
		{ "TLS where none is", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10 },
		{ "version 2", "\0\0\0\x08\0\2\0\0", 8 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct talk *t;

		bench_init(&b, 0);
		bench_start(&b);
		t = bench_talk(&b);
		pipe_put(&t->agent.wire.net_out, rows[i].bytes, rows[i].n);
		bench_wait(&b, BENCH_HANDSHAKE_MS + 1000);
		CHECK_ROW(rows[i].row, fake_seen(t->flow, SIDE_AGENT) != FAKE_OPEN);
		CHECK_ROW(rows[i].row, t->server.log.len == 0);
		CHECK_ROW(rows[i].row, gone_why() == SESSION_NOT_STARTED);
		end();
	}
}

static void test_silence(void)
{
	struct talk *t;

	bench_init(&b, 0);
	bench_start(&b);
	t = bench_talk(&b);
	bench_wait(&b, BENCH_HANDSHAKE_MS - 1000);
	CU_ASSERT_EQUAL(fake_ended(t->flow), END_NONE);
	bench_wait(&b, 2000);
	CU_ASSERT_NOT_EQUAL(fake_ended(t->flow), END_NONE);
	CU_ASSERT_EQUAL(gone_why(), SESSION_NOT_STARTED);
	CU_ASSERT_EQUAL(spine_next_us(b.spine), UINT64_MAX);
	end();
	/* a session that is open may be silent as long as it likes */
	t = ready(0);
	bench_wait(&b, 4 * BENCH_HANDSHAKE_MS);
	CU_ASSERT_EQUAL(fake_ended(t->flow), END_NONE);
	end();
}

/* It comes to its end unseen by the server, and is answered there. */
static void test_too_long(void)
{
	static uint8_t query[1 + 4 + 2 * BENCH_COMMAND_MAX + 1];
	struct talk *t = ready(0);

	memset(query, ' ', sizeof(query) - 1);
	query[0] = 'Q';
	store_be32(query + 1, sizeof(query) - 1);
	pipe_put(&t->agent.wire.net_out, query, sizeof(query));
	bench_run(&b);
	CU_ASSERT(begins(t->agent.log.text, "E="));
	CU_ASSERT_STRING_EQUAL(t->server.log.text, "");
	CU_ASSERT_EQUAL(spine_counters(b.spine)->too_long, 1);
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(t->agent.log.text, "C=SELECT_1 Z=I"));
	end();
}

/* The server does not let us in, or is none. */
static void test_bad_server(void)
{
	static const struct {
		const char *row;
		struct pg_server_conf server;
		enum session_end why;
	} rows[] = {
		{ "nonsense", { .mood = PG_SERVER_NONSENSE }, SESSION_LOGIN },
		{ "fatal", { .mood = PG_SERVER_FATAL }, SESSION_LOGIN },
		{ "silent", { .mood = PG_SERVER_SILENT }, SESSION_LOGIN },
		{ "wrong password", { .auth = PG_SERVER_CLEAR, .password = "x" }, SESSION_LOGIN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct talk *t;

		bench_init(&b, 0);
		b.server = rows[i].server;
		bench_start(&b);
		t = bench_login(&b);
		bench_wait(&b, BENCH_HANDSHAKE_MS + 1000);
		CHECK_ROW(rows[i].row, t->agent.state == PG_AGENT_OVER);
		CHECK_ROW(rows[i].row, t->agent.n_ready == 0);
		CHECK_ROW(rows[i].row, fake_seen(t->flow, SIDE_AGENT) != FAKE_OPEN);
		CHECK_ROW(rows[i].row, gone_why() == rows[i].why);
		end();
	}
}

/* Nobody takes tickets for a while: sessions wait or are refused, and none is left hanging. */
static void test_ring_full(void)
{
	uint32_t n_over = 0;

	bench_init(&b, 0);
	b.conf.n_tickets = 2;
	bench_start(&b);
	b.ctrl_sleeps = true;
	for (int i = 0; i < BENCH_TALKS; i++)
		(void)bench_login(&b);
	CU_ASSERT(spine_counters(b.spine)->ticket_ring_full > 0);
	b.ctrl_sleeps = false;
	bench_wait(&b, BENCH_HANDSHAKE_MS + 1000);
	for (int i = 0; i < BENCH_TALKS; i++) {
		const enum pg_agent_state s = b.talks[i].agent.state;

		n_over += s == PG_AGENT_READY || fake_ended(b.talks[i].flow) != END_NONE;
	}
	CU_ASSERT_EQUAL(n_over, BENCH_TALKS);
	end();
}

static void test_no_slot(void)
{
	bench_init(&b, 0);
	b.conf.max_sessions = 2;
	bench_start(&b);
	for (int i = 0; i < 3; i++)
		(void)bench_login(&b);
	CU_ASSERT_EQUAL(b.talks[1].agent.state, PG_AGENT_READY);
	CU_ASSERT_NOT_EQUAL(fake_ended(b.talks[2].flow), END_NONE);
	CU_ASSERT_EQUAL(spine_counters(b.spine)->no_slot, 1);
	CU_ASSERT_STRING_EQUAL(b.talks[2].server.log.text, "");
	end();
}

/* The n-th buffer cannot be had, for each n: it goes on later, or ends; it never stalls or lies. */
static void test_no_buffers(void)
{
	for (unsigned int how = 0; how < 2; how++) {
		for (uint32_t skip = 0; skip < 40; skip++) {
			struct talk *t;
			char row[32];

			snprintf(row, sizeof(row), "%u: without buffer %u", how, skip);
			bench_init(&b, skip % 2 == 0 ? BOTH_TLS : 0);
			bench_start(&b);
			fake_fault(b.relay, how == 0 ? FAKE_ENOBUFS : FAKE_EMIT_HALF, skip, 1);
			t = bench_login(&b);
			bench_say(&b, t, "Q select 1");
			bench_say(&b, t, "Q drop table x");
			bench_wait(&b, BENCH_HANDSHAKE_MS + 1000);
			CHECK_ROW(row, t->agent.n_ready == 3 || fake_ended(t->flow) != END_NONE);
			CHECK_ROW(row, !bench_has(&t->server.heard, "drop"));
			end();
		}
	}
}

/* A buffer that is lacking while a session is set up costs a moment, not the whole time for that. */
static void test_late_login(void)
{
	for (uint32_t skip = 0; skip < 60; skip++) {
		struct talk *t;
		char row[32];

		snprintf(row, sizeof(row), "without buffer %u", skip);
		bench_init(&b, BOTH_TLS);
		b.server.auth = PG_SERVER_SCRAM;
		bench_start(&b);
		fake_fault(b.relay, FAKE_ENOBUFS, skip, 4);
		t = bench_login(&b);
		bench_wait(&b, 500);
		CHECK_ROW(row, t->agent.n_ready == 1 || fake_ended(t->flow) != END_NONE);
		end();
	}
}

/* What a client says before it was let in waits until then. */
static void test_early_query(void)
{
	for (unsigned int legs = 0; legs <= BOTH_TLS; legs++) {
		struct talk *t;

		bench_init(&b, legs);
		b.agent.password = "slow";
		bench_start(&b);
		t = bench_login(&b);
		bench_say(&b, t, "Q select 1");
		CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_WHO, 0, ""));
		bench_run(&b);
		CU_ASSERT_EQUAL(t->agent.n_ready, 2);
		end();
	}
}

/* The same when it is the last word of an end that is missing one. */
static void test_late_close(void)
{
	for (uint32_t n = 1; n < 8; n++) {
		struct talk *t = ready(BOTH_TLS);
		const enum side who = n % 2 == 0 ? SIDE_AGENT : SIDE_PROD;

		if (who == SIDE_AGENT)
			pg_wire_close(&t->agent.wire);
		else
			pg_wire_close(&t->server.wire);
		fake_fault(b.relay, FAKE_ENOBUFS, 0, n);
		bench_run(&b);
		fake_fin(t->flow, who);
		bench_wait(&b, 100);
		CU_ASSERT_EQUAL(fake_seen(t->flow, side_other(who)), FAKE_FIN);
		end();
	}
}

/* Nobody reads: what comes is bounded by windows, and goes on when it is read. */
static void test_deaf(void)
{
	static const uint32_t ways[] = { 0, BENCH_USES_TLS_AGENT, BENCH_USES_TLS_PROD, BOTH_TLS };

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct talk *t = ready(ways[i]);

		t->agent_is_deaf = true;
		for (int k = 0; k < 40; k++)
			bench_say(&b, t, "Q sel 2000 3 value-of-some-length");
		CU_ASSERT(stream_len(t->flow, SIDE_PROD) <= 1 << 20);
		t->agent_is_deaf = false;
		bench_wait(&b, 1000);
		CU_ASSERT_EQUAL(t->agent.n_ready, 41);
		end();
	}
}

/* A buffer is lacking for some part of an answer, be it the last one: it comes all the same. */
static void test_late_buffer(void)
{
	for (uint32_t skip = 0; skip < 40; skip++) {
		struct talk *t = ready(skip % 2 == 0 ? BOTH_TLS : 0);
		char row[32];

		snprintf(row, sizeof(row), "%s, without buffer %u", skip % 2 == 0 ? "TLS" : "clear",
				skip / 2);
		b.target.rules = NULL;
		fake_fault(b.relay, FAKE_ENOBUFS, skip / 2, 1);
		bench_say(&b, t, "Q sel 2000 1 value-of-some-length");
		bench_wait(&b, 1000);
		CHECK_ROW(row, t->agent.n_ready == 2);
		end();
	}
}

/* What comes in one piece with a command that waits does not make it judged twice. */
static void test_pipelined_hold(void)
{
	for (unsigned int legs = 0; legs <= BOTH_TLS; legs++) {
		struct talk *t = ready(legs);

		pg_agent_say(&t->agent, "Q select 1");
		bench_say(&b, t, "Q update orders set paid = true");
		CU_ASSERT_EQUAL(b.ctrl.n_asked[TICKET_MAY], 1);
		CU_ASSERT_EQUAL(spine_counters(b.spine)->held, 1);
		CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_ALLOW, ""));
		bench_run(&b);
		CU_ASSERT_EQUAL(t->agent.n_ready, 3);
		end();
	}
}

/* A Query with <n> bytes of text, which begins with <text>. */
static void say_long(struct talk *t, const char *text, uint32_t n)
{
	uint8_t *query = calloc(1, 1 + 4 + (size_t)n + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(query);
	memset(query + 5, ' ', n);
	memcpy(query + 5, text, strlen(text));
	query[0] = 'Q';
	store_be32(query + 1, 4 + n + 1);
	pg_wire_send(&t->agent.wire, query, 1 + 4 + (size_t)n + 1);
	free(query);
}

static struct talk *ready_for(uint32_t command_bytes, unsigned int legs)
{
	struct talk *t;

	bench_init(&b, legs);
	b.conf.max_command_bytes = command_bytes;
	spine_target_commands(&b.target, command_bytes);
	bench_start(&b);
	t = bench_login(&b);
	CU_ASSERT_EQUAL_FATAL(t->agent.state, PG_AGENT_READY);
	return t;
}

/* The same for a text that is read elsewhere: it is not judged before it was. */
static void test_pipelined_slow(void)
{
	for (unsigned int legs = 0; legs <= BOTH_TLS; legs++) {
		struct talk *t = ready_for(64 << 10, legs);

		b.ctrl.delays_work = true;
		pg_agent_say(&t->agent, "Q select 1");
		say_long(t, "drop table orders", 20000);
		bench_run(&b);
		CU_ASSERT_EQUAL(b.ctrl.n_asked[TICKET_WORK], 1);
		CU_ASSERT_EQUAL(t->agent.n_ready, 2);
		CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_WORK, 0, ""));
		bench_run(&b);
		CU_ASSERT_EQUAL(t->agent.n_ready, 3);
		CU_ASSERT_STRING_EQUAL(t->agent.code, "42501");
		CU_ASSERT(!bench_has(&t->server.heard, "drop"));
		end();
	}
}

/* A server that is busy answering does not read: its answers pass whatever waits for it. */
static void test_answers_pass(void)
{
	struct talk *t = ready_for(1 << 20, BENCH_USES_TLS_AGENT);

	b.target.rules = NULL;
	t->server.is_mute = true;
	bench_say(&b, t, "Q sel 2000 3 value-of-some-length");
	t->server_is_deaf = true;
	say_long(t, "select 1", 500000);
	bench_run(&b);
	CU_ASSERT(fake_waiting(t->flow, SIDE_PROD) > 0);
	CU_ASSERT_EQUAL(t->agent.n_ready, 1);
	t->server.is_mute = false;
	pg_server_feed(&t->server, NULL, 0);
	bench_run(&b);
	CU_ASSERT_EQUAL(t->agent.n_ready, 2);
	end();
}

/* What came in one record with the end of a held command goes when that has gone. */
static void test_behind_a_hold(void)
{
	static const char text[] = "Q\0\0\0\x15update o set a=1\0Q\0\0\0\x0dselect 1";

	for (size_t cut = 1; cut < sizeof(text); cut++) {
		struct talk *t = ready(BENCH_USES_TLS_AGENT);
		char row[32];

		snprintf(row, sizeof(row), "cut at %zu", cut);
		pg_wire_send(&t->agent.wire, text, cut);
		bench_run(&b);
		pg_wire_send(&t->agent.wire, text + cut, sizeof(text) - cut);
		bench_run(&b);
		CHECK_ROW(row, ctrl_answer(&b.ctrl, TICKET_MAY, TICKET_ALLOW, ""));
		bench_run(&b);
		CHECK_ROW(row, t->agent.n_ready == 3);
		end();
	}
}

/* A command that is too long, when as much is unanswered as may be: it waits for its denial. */
static void test_too_long_queued(void)
{
	struct talk *t;

	bench_init(&b, 0);
	b.target.pg.max_requests = PG_REQUESTS_MIN;
	bench_start(&b);
	t = bench_login(&b);
	t->server.is_mute = true;
	for (uint32_t i = 0; i < PG_REQUESTS_MIN - 1; i++)
		bench_say(&b, t, "S");
	bench_say(&b, t, "Q drop table orders");
	say_long(t, "drop table orders", 2 * BENCH_COMMAND_MAX);
	bench_say(&b, t, "Q drop table orders");
	t->server.is_mute = false;
	pg_server_feed(&t->server, NULL, 0);
	bench_run(&b);
	CU_ASSERT(!bench_has(&t->server.heard, "drop"));
	CU_ASSERT_EQUAL(t->agent.n_ready, 1 + PG_REQUESTS_MIN - 1 + 3);
	CU_ASSERT_EQUAL(spine_counters(b.spine)->denied, 3);
	CU_ASSERT_STRING_EQUAL(
			b.ctrl.log, "READY JUDGED=deny/test/no-drop JUDGED=deny/test/no-drop");
	CU_ASSERT_EQUAL(spine_counters(b.spine)->too_long, 1);
	end();
}

/* A server that leaves answers nothing any more: who waits for that is not kept. */
static void test_server_leaves(void)
{
	static const char *const waiting[] = { "Q select 1", "Q update orders set a = 1" };

	for (size_t i = 0; i < 2; i++) {
		struct talk *t = ready(0);

		t->server.is_mute = true;
		bench_say(&b, t, i == 0 ? "Q set a = 1" : "S");
		bench_say(&b, t, waiting[i]);
		fake_fin(t->flow, SIDE_PROD);
		bench_run(&b);
		fake_fin(t->flow, SIDE_AGENT);
		bench_run(&b);
		CU_ASSERT_NOT_EQUAL(fake_ended(t->flow), END_NONE);
		CU_ASSERT_EQUAL(gone_why(), SESSION_CLOSED);
		end();
	}
}

/* Whatever may be sent is judged, however long: by text, and by the name it was prepared under. */
static void test_long_texts(void)
{
	static const uint32_t lens[] = { 100 << 10, 1200 << 10, 3900 << 10 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		struct talk *t;
		char row[32];

		snprintf(row, sizeof(row), "%u bytes", lens[i]);
		t = ready_for(4000 << 10, BENCH_USES_TLS_AGENT);
		t->server_is_deaf = true; /* it takes no more than 256 KiB */
		say_long(t, "drop table orders", lens[i]);
		bench_run(&b);
		CHECK_ROW(row, strstr(b.ctrl.log, "JUDGED=deny/test/no-drop") != NULL);
		CHECK_ROW(row, t->agent.n_ready == 2);
		say_long(t, "select 1", lens[i]);
		bench_run(&b);
		CHECK_ROW(row, fake_waiting(t->flow, SIDE_PROD) > 100 << 10);
		CHECK_ROW(row, spine_counters(b.spine)->denied == 1);
		end();
	}
}

/* A statement is judged again when it is bound: its text was kept. */
static void test_long_statement(void)
{
	enum { n = 200 << 10 };

	static uint8_t parse[n + 16];
	struct talk *t = ready_for(1 << 20, 0);

	for (int i = 0; i < 4; i++) {
		memset(parse + 8, ' ', n);
		memcpy(parse, "P\0\0\0\0s1\0select 1", 16);
		store_be32(parse + 1, 4 + 3 + n + 1 + 2);
		memset(parse + 8 + n, 0, 3);
		pg_wire_send(&t->agent.wire, parse, 8 + n + 3);
		bench_say(&b, t, "B |s1");
		bench_say(&b, t, "E |0");
		bench_say(&b, t, "C Ss1");
		bench_say(&b, t, "S");
		CU_ASSERT_EQUAL(t->agent.n_ready, 2U + (uint32_t)i);
	}
	CU_ASSERT_EQUAL(spine_counters(b.spine)->denied, 0);
	CU_ASSERT_EQUAL(spine_counters(b.spine)->commands, 12);
	end();
}

/* The arena is small: what cannot be kept is refused, nothing leaks, and others go on. */
static void test_small_memory(void)
{
	struct talk *t, *other;

	bench_init(&b, BENCH_USES_TLS_AGENT);
	b.conf.memory_bytes = 1; /* one greatest block */
	b.conf.max_command_bytes = 4000 << 10;
	spine_target_commands(&b.target, b.conf.max_command_bytes);
	bench_start(&b);
	t = bench_login(&b);
	other = bench_login(&b);
	CU_ASSERT_EQUAL(other->agent.state, PG_AGENT_READY);
	say_long(t, "drop table orders", 3000 << 10);
	bench_run(&b);
	bench_say(&b, other, "Q drop table orders");
	bench_say(&b, other, "Q update orders set a = 1");
	bench_say(&b, t, "Q select 1");
	CU_ASSERT(fake_ended(t->flow) != END_NONE || t->agent.n_ready == 3);
	CU_ASSERT(!bench_has(&t->server.heard, "drop"));
	CU_ASSERT_PTR_NOT_NULL(ctrl_waiting(&b.ctrl, TICKET_MAY));
	end();
}

static void test_function_zero(void)
{
	struct talk *t = ready(0);

	bench_say(&b, t, "F 0|drop table orders");
	CU_ASSERT_STRING_EQUAL(t->agent.code, "42501");
	CU_ASSERT_STRING_EQUAL(t->server.log.text, "");
	end();
}

/* A function called by its number may set what texts are read by, as one in a text may. */
static void test_function_bars(void)
{
	struct talk *t = ready(0);

	t->server.is_mute = true;
	pg_agent_say(&t->agent, "F 2101|value");
	bench_say(&b, t, "Q select 1");
	CU_ASSERT_PTR_NULL(strstr(t->server.log.text, "Q"));
	t->server.is_mute = false;
	pg_server_feed(&t->server, NULL, 0);
	bench_run(&b);
	CU_ASSERT_EQUAL(t->agent.n_ready, 3);
	end();
}

/* What is settled before a held command goes while that waits, be it that a buffer was lacking. */
static void test_before_a_hold(void)
{
	for (uint32_t n = 0; n < 12; n++) {
		struct talk *t = ready(n % 4);

		pg_agent_say(&t->agent, "Q select 1");
		pg_agent_say(&t->agent, "Q update orders set paid = true");
		fake_segments(b.relay, FAKE_SEG_MAX, 0);
		fake_fault(b.relay, FAKE_ENOBUFS, 0, 1 + n / 4 * 3);
		bench_wait(&b, 300);
		CU_ASSERT_EQUAL(t->agent.n_ready, 2);
		CU_ASSERT_PTR_NOT_NULL(ctrl_waiting(&b.ctrl, TICKET_MAY));
		end();
	}
}

/* More than may be unanswered, with one Sync behind it all. */
static void test_long_pipeline(void)
{
	for (unsigned int legs = 0; legs <= BOTH_TLS; legs++) {
		struct talk *t = ready(legs);

		pg_agent_say(&t->agent, "P |select 1");
		for (int i = 0; i < 2000; i++) {
			if (i % 100 == 0)
				pg_agent_say(&t->agent, "B ||");
			pg_agent_say(&t->agent, "E |0");
		}
		bench_say(&b, t, "S");
		CU_ASSERT_EQUAL(t->agent.n_ready, 2);
		CU_ASSERT_EQUAL(spine_counters(b.spine)->commands, 2021);
		end();
	}
}

/* A server that has left before anybody was let in is found out at once. */
static void test_server_left(void)
{
	for (unsigned int legs = 0; legs <= BOTH_TLS; legs++) {
		struct talk *t;

		bench_init(&b, legs);
		b.agent.password = "slow";
		bench_start(&b);
		t = bench_login(&b);
		fake_fin(t->flow, SIDE_PROD);
		bench_run(&b);
		CU_ASSERT(ctrl_answer(&b.ctrl, TICKET_WHO, 0, ""));
		bench_run(&b);
		CU_ASSERT_EQUAL(gone_why(), SESSION_LOGIN);
		end();
	}
}

/* PostgreSQL 14 and later report what was set with ReadyForQuery alone: until then nobody knows what a
 * backslash means. */
static void test_set_in_batch(void)
{
	static const struct {
		const char *row, *between, *text, *code;
	} rows[] = {
		{ "plain", "H", "P |select 'x'", "" },
		{ "backslash", "H", "P |select '\\x'", "0A000" },
		{ "beyond ASCII", "H", "P |select '\xc3\xbc'", "0A000" },
		{ "backslash, behind a Sync", "S", "P |select '\\x'", "" },
	};

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		const size_t k = i / 2;
		struct talk *t = ready(0);
		const char *const said[] = { "P |select 1 @#@ 2", "B ||", "E |0", rows[k].between,
			rows[k].text, "B ||", "E |0", "S" };

		for (size_t n = 0; n < sizeof(said) / sizeof(*said); n++) {
			pg_agent_say(&t->agent, said[n]);
			if (i % 2 == 0)
				bench_run(&b);
		}
		bench_run(&b);
		CHECK_ROW(rows[k].row, strcmp(t->agent.code, rows[k].code) == 0);
		CHECK_ROW(rows[k].row, t->agent.n_ready == (rows[k].between[0] == 'S' ? 3 : 2));
		bench_say(&b, t, "Q select '\\x'");
		CHECK_ROW(rows[k].row, strcmp(t->agent.code, rows[k].code) == 0);
		end();
	}
}

/* When it is to look again is in the future, and no later than what it waits for. */
static void test_next(void)
{
	uint64_t now_us, next_us;

	bench_init(&b, 0);
	bench_start(&b);
	(void)bench_talk(&b);
	bench_wait(&b, 100);
	now_us = stream_now_us(b.relay);
	next_us = spine_next_us(b.spine);
	CU_ASSERT(next_us > now_us && next_us <= now_us + BENCH_HANDSHAKE_MS * 1000);
	end();
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "start-up", test_startup },
		{ "refused", test_refused },
		{ "slow to know who", test_slow_who },
		{ "passes byte for byte, cut in any way", test_pass },
		{ "denied", test_denied },
		{ "what is told has no literals", test_told_without_literals },
		{ "held, allowed", test_held_allowed },
		{ "held, denied", test_held_denied },
		{ "held, timed out", test_held_timed_out },
		{ "held, the client leaves", test_held_client_leaves },
		{ "cancel", test_cancel },
		{ "cancel a hold", test_cancel_hold },
		{ "expired", test_expired },
		{ "garbage", test_garbage },
		{ "silence", test_silence },
		{ "too long", test_too_long },
		{ "bad servers", test_bad_server },
		{ "ring full", test_ring_full },
		{ "no slot", test_no_slot },
		{ "no buffers", test_no_buffers },
		{ "nobody reads", test_deaf },
		{ "a buffer comes late", test_late_buffer },
		{ "pipelined with a hold", test_pipelined_hold },
		{ "pipelined with a long text", test_pipelined_slow },
		{ "answers pass a command that waits", test_answers_pass },
		{ "behind a hold", test_behind_a_hold },
		{ "too long, with a full queue", test_too_long_queued },
		{ "the server leaves", test_server_leaves },
		{ "long texts", test_long_texts },
		{ "a long statement", test_long_statement },
		{ "little memory", test_small_memory },
		{ "function 0", test_function_zero },
		{ "a function call may set", test_function_bars },
		{ "when next", test_next },
		{ "set in a batch", test_set_in_batch },
		{ "before a hold", test_before_a_hold },
		{ "a long pipeline", test_long_pipeline },
		{ "the server left early", test_server_left },
		{ "a buffer comes late, before the session", test_late_login },
		{ "a query before its time", test_early_query },
		{ "a buffer comes late, at the end", test_late_close },
	};
	int rc;

	bench_open();
	rc = suite_run("spine", tests, sizeof(tests) / sizeof(*tests));
	bench_close();
	return rc;
}
