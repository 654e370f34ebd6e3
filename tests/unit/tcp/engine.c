/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tcp/engine.h"

#include "dataplane/net/cksum.h"
#include "tests/unit/net/suite.h"

#include <string.h>

enum {
	SERVER_PORT = 5432,
	PAYLOAD_MAX = 1460,
	WINDOW = 64000,
};

static const uint8_t addr[SIDES][16] = {
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 77, 0, 1 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 77, 0, 2 },
};

static void leave_it(struct relay *r, struct flow *f, enum side from)
{
	(void)r;
	(void)f;
	(void)from;
}

static const struct inspector inspector_leave = { .name = "leave", .data = leave_it };

static const struct flow_policy *classify(
		void *engine, const struct flow_key *key, enum side initiator)
{
	const struct engine *e = engine;

	(void)key;
	(void)initiator;
	return &e->policy;
}

static bool take(void *engine, uint16_t wire, enum side to, struct pkt *p)
{
	struct engine *e = engine;
	struct engine_sent *s = &e->sent[to][e->n_sent[to] % ENGINE_SENT_MAX];
	struct frame f;

	(void)wire;
	CU_ASSERT_EQUAL_FATAL(frame_parse(pkt_data(p), pkt_len(p), &f), DROP_NONE);
	CU_ASSERT_EQUAL_FATAL(f.kind, FRAME_TCP);
	*s = (struct engine_sent){ .seq = f.seq, .ack = f.ack, .wnd = f.wnd, .flags = f.flags };
	s->len = f.payload_len;
	memcpy(s->bytes, f.bytes + f.payload_off,
			s->len < sizeof(s->bytes) ? s->len : sizeof(s->bytes));
	e->n_sent[to]++;
	pkt_free(p);
	return true;
}

void engine_init(struct engine *e)
{
	memset(e, 0, sizeof(*e));
	relay_conf_init(&e->conf);
	e->conf.max_flows = ENGINE_FLOWS;
	e->conf.max_segs = 8192;
	e->conf.retain_bytes = 64 << 20;
	e->policy.mode = MODE_RELAY;
	e->policy.inspector = &inspector_leave;
	e->now_us = 1000000;
	e->port = ENGINE_PORT;
	e->wscale = 7;
	e->isn[SIDE_AGENT] = 0xfffff000; /* both cross the wrap soon */
	e->isn[SIDE_PROD] = 0xffffff00;
	for (int c = 0; c < PKT_CLASSES; c++)
		e->pools.left[c] = 100000;
	e->pools.full_bytes = 2048;
}

void engine_start(struct engine *e)
{
	const struct relay_env env = {
		.ctx = e, .pools = &e->pools, .classify = classify, .tx = take
	};

	e->r = relay_new(&e->conf, &env);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e->r);
}

void engine_stop(struct engine *e)
{
	relay_free(&e->r);
	CU_ASSERT_EQUAL(e->pools.n_live, 0);
}

static void engine_rx(struct engine *e, enum side from, struct header_tcp *tcp)
{
	struct header_l3 l3 = { .l2 = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 },
		.l2_len = FRAME_L2_MIN,
		.ip_version = 4,
		.ttl = 61,
		.src = addr[from],
		.dst = addr[side_other(from)] };
	struct pkt *p = pkt_alloc(&e->pools, PKT_FULL);
	uint8_t *payload, *first;

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	payload = pkt_base(p) + PKT_HEADROOM;
	for (uint32_t i = 0; i < tcp->payload_len; i++)
		payload[i] = (uint8_t)((tcp->seq + i) * 131 >> 3);
	tcp->payload_sum = cksum_sum(payload, tcp->payload_len);
	tcp->sport = from == SIDE_AGENT ? e->port : SERVER_PORT;
	tcp->dport = from == SIDE_AGENT ? SERVER_PORT : e->port;
	first = header_write(payload, &l3, tcp);
	pkt_frame_set(p, (uint32_t)(first - pkt_base(p)),
			header_len(&l3, tcp->opt_len) + tcp->payload_len);
	relay_rx(e->r, 0, from, &p, 1, e->now_us);
}

void engine_in(struct engine *e, enum side from, uint8_t flags, uint32_t seq, uint32_t ack,
		uint32_t len)
{
	struct header_tcp tcp = { .seq = e->isn[from] + seq,
		.ack = (flags & TCP_ACK) != 0 ? e->isn[side_other(from)] + ack : 0,
		.wnd = WINDOW,
		.flags = flags };

	CU_ASSERT_FATAL(len <= PAYLOAD_MAX);
	tcp.payload_len = (uint16_t)len;
	engine_rx(e, from, &tcp);
}

static void engine_syn(struct engine *e, enum side from, uint8_t flags)
{
	const struct tcpopt o = { .mss = PAYLOAD_MAX,
		.has_sack_permitted = true,
		.has_wscale = e->wscale != ENGINE_NO_WSCALE,
		.wscale = e->wscale };
	uint8_t opts[TCPOPT_MAX];
	struct header_tcp tcp = { .seq = e->isn[from],
		.ack = (flags & TCP_ACK) != 0 ? e->isn[side_other(from)] + 1 : 0,
		.wnd = WINDOW,
		.flags = flags,
		.opts = opts };

	tcp.opt_len = (uint8_t)tcpopt_write_syn(opts, &o);
	engine_rx(e, from, &tcp);
}

void engine_poll(struct engine *e)
{
	relay_poll(e->r, e->now_us);
	CU_ASSERT_PTR_NULL(relay_check(e->r));
}

void engine_wait(struct engine *e, uint32_t ms)
{
	for (; ms > 0; ms--) {
		e->now_us += 1000;
		engine_poll(e);
	}
}

void engine_connect(struct engine *e)
{
	engine_syn(e, SIDE_AGENT, TCP_SYN);
	engine_syn(e, SIDE_PROD, TCP_SYN | TCP_ACK);
	engine_in(e, SIDE_AGENT, TCP_ACK, 1, 1, 0);
	engine_poll(e);
}

struct flow *engine_flow(struct engine *e)
{
	for (uint32_t i = 0; i < e->conf.max_flows; i++) {
		struct flow *f = &e->r->flows[i];

		if (f->state != FLOW_FREE && f->key.port[SIDE_AGENT] == e->port)
			return f;
	}
	return NULL;
}

const struct engine_sent *engine_last(const struct engine *e, enum side to)
{
	CU_ASSERT_FATAL(e->n_sent[to] > 0);
	return &e->sent[to][(e->n_sent[to] - 1) % ENGINE_SENT_MAX];
}
