/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/inspect/bench.h"

#include "parsers/base/must.h"
#include "tests/unit/inspect/contexts.h"

#include <stdlib.h>
#include <string.h>

enum {
	TURNS_MAX = 20000,
	TAKE_BYTES = 4096,
	STEP_MS = 50,
};

static struct contexts tls;

void bench_open(void)
{
	contexts_init(&tls, BENCH_NOW_S);
	bench_rules_open();
}

void bench_close(void)
{
	bench_rules_close();
	contexts_done(&tls);
}

void bench_init(struct bench *b, unsigned int legs)
{
	const bool agent = (legs & BENCH_USES_TLS_AGENT) != 0;
	const bool prod = (legs & BENCH_USES_TLS_PROD) != 0;

	memset(b, 0, sizeof(*b));
	b->conf = (struct spine_conf){ .max_sessions = 16,
		.memory_bytes = 16 << 20,
		.cache_sets = 8,
		.max_command_bytes = BENCH_COMMAND_MAX,
		.n_tickets = 64,
		.tls = { .max_conns = 64, .max_handshakes = 32 },
		.key = { 1, 2 } };
	b->target = (struct spine_target){ .index = 3,
		.agent_tls = agent ? tls.to_agent : NULL,
		.prod_tls = prod ? tls.to_prod : NULL,
		.prod_verified = prod,
		.token_in_clear = !agent,
		.user = "app_ro",
		.rules = bench_rules(),
		.pg = pg_conf_default,
		.handshake_ms = BENCH_HANDSHAKE_MS,
		.notice_ms = BENCH_NOTICE_MS,
		.hold_ms = BENCH_HOLD_MS };
	b->target.pg.max_msg_bytes[CODEC_TO_SERVER] = BENCH_COMMAND_MAX;
	b->target.pg.describe = false;
	b->agent = (struct pg_agent_conf){
		.user = "app", .database = "orders", .password = "good"
	};
	b->agent.tls = (struct pg_peer_tls){ tls.worker, agent ? tls.agent : NULL, BENCH_NOW_S };
	b->server.tls = (struct pg_peer_tls){ tls.worker, prod ? tls.server : NULL, BENCH_NOW_S };
}

void bench_start(struct bench *b)
{
	b->tickets = ring_new(b->conf.n_tickets, sizeof(struct ticket));
	b->answers = ring_new(b->conf.n_tickets, sizeof(struct ticket_answer));
	must(b->tickets != NULL && b->answers != NULL);
	ctrl_init(&b->ctrl, b->tickets, b->answers);
	b->spine = spine_new(&b->conf, b->tickets, b->answers);
	must(b->spine != NULL);
	b->relay = fake_new(&inspector_postgres, &b->target, b->spine);
	fake_advance(b->relay, (uint64_t)BENCH_NOW_S * 1000000);
}

struct talk *bench_talk(struct bench *b)
{
	struct talk *t = &b->talks[b->n_talks];

	must(b->n_talks < BENCH_TALKS);
	b->n_talks++;
	pg_agent_init(&t->agent, &b->agent);
	pg_server_init(&t->server, &b->server);
	t->flow = fake_open(b->relay, NULL, SIDE_AGENT);
	return t;
}

/* What an end has to say arrives, as far as there is a window for it. */
static bool says(struct talk *t, enum side from)
{
	struct pipe *out = from == SIDE_AGENT ? &t->agent.wire.net_out : &t->server.wire.net_out;
	size_t n;

	if (out->len == 0)
		return false;
	n = fake_arrive(t->flow, from, out->bytes, out->len);
	pipe_drop(out, n);
	return n > 0;
}

/* What is on its way to an end is heard by it, and the end of it, once. */
static bool hears(struct talk *t, enum side to)
{
	static uint8_t buf[TAKE_BYTES];
	const bool is_agent = to == SIDE_AGENT;
	bool *told = is_agent ? &t->agent_told : &t->server_told;
	size_t n;

	if (is_agent ? t->agent_is_deaf : t->server_is_deaf)
		return false;
	n = fake_take(t->flow, to, buf, sizeof(buf));
	if (n == 0 && (*told || fake_seen(t->flow, to) == FAKE_OPEN))
		return false;
	*told = n == 0;
	if (is_agent)
		pg_agent_feed(&t->agent, buf, n);
	else
		pg_server_feed(&t->server, buf, n);
	return true;
}

static bool talk_turn(struct talk *t)
{
	bool moved = says(t, SIDE_AGENT);

	moved |= says(t, SIDE_PROD);
	moved |= hears(t, SIDE_AGENT);
	moved |= hears(t, SIDE_PROD);
	if (t->server.is_over && t->server.wire.net_out.len == 0 && !t->server_has_ended) {
		t->server_has_ended = true;
		fake_fin(t->flow, SIDE_PROD);
		moved = true;
	}
	return moved;
}

static bool turn(struct bench *b)
{
	bool moved = false;

	for (uint32_t i = 0; i < b->n_talks; i++)
		moved |= talk_turn(&b->talks[i]);
	moved |= spine_poll(b->spine, b->relay, stream_now_us(b->relay)) > 0;
	if (!b->ctrl_sleeps)
		moved |= ctrl_turn(&b->ctrl) > 0;
	b->has_spun |= !fake_poll(b->relay);
	return moved;
}

void bench_run(struct bench *b)
{
	int n = 0;

	while (turn(b) && n < TURNS_MAX)
		n++;
	b->has_spun |= n == TURNS_MAX;
}

void bench_wait(struct bench *b, uint32_t ms)
{
	bench_run(b);
	while (ms > 0) {
		const uint32_t step = ms < STEP_MS ? ms : STEP_MS;

		fake_advance(b->relay, (uint64_t)step * 1000);
		bench_run(b);
		ms -= step;
	}
}

void bench_say(struct bench *b, struct talk *t, const char *spec)
{
	pg_agent_say(&t->agent, spec);
	bench_run(b);
}

struct talk *bench_login(struct bench *b)
{
	struct talk *t = bench_talk(b);

	pg_agent_start(&t->agent);
	bench_run(b);
	return t;
}

bool bench_has(const struct pipe *pipe, const char *text)
{
	return pipe->len > 0 && memmem(pipe->bytes, pipe->len, text, strlen(text)) != NULL;
}

void bench_stop(struct bench *b)
{
	b->ctrl_sleeps = false;
	fake_fault(b->relay, FAKE_ENOBUFS, 0, 0);
	fake_pressure(b->relay, false);
	for (uint32_t i = 0; i < b->n_talks; i++) {
		fake_rst(b->talks[i].flow, SIDE_AGENT);
		must(fake_n_close(b->talks[i].flow) == 1);
	}
	bench_run(b);
	ctrl_answer_all(&b->ctrl);
	bench_run(b);
	must(spine_n_sessions(b->spine) == 0);
	ctrl_done(&b->ctrl);
	for (uint32_t i = 0; i < b->n_talks; i++) {
		pg_agent_done(&b->talks[i].agent);
		pg_server_done(&b->talks[i].server);
	}
	spine_free(&b->spine);
	fake_free(&b->relay);
	ring_free(&b->tickets);
	ring_free(&b->answers);
	must(tls_ctx_users(tls.to_agent) == 0 && tls_ctx_users(tls.to_prod) == 0);
}
