/* SPDX-License-Identifier: Apache-2.0
 * An op tape against the relay engine (design: relay.md 3, layer 2): each op injects a segment with
 * numbers relative to what the engine last promised, or moves time, or scripts the inspector, or
 * takes buffers and the transmit ring away. After every op the engine's own invariants must hold,
 * what it emits must be a valid frame, and at the end nothing may have leaked.
 *
 * An op is five bytes: code, a, b, c, d. The first two bytes of the input choose the policy. */
#include "dataplane/net/cksum.h"
#include "dataplane/net/header.h"
#include "dataplane/net/tcpopt.h"
#include "dataplane/tcp/inspector.h"
#include "dataplane/tcp/relay.h"
#include "parsers/base/must.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	N_FLOWS = 16,
	N_SEGS = 256,
	OP_BYTES = 5,
	OPS_MAX = 300,
	PAYLOAD_MAX = 1460,
};

enum op {
	OP_SEGMENT, /* a: flags; b: side, flow, anchor; c, d: offset and length */
	OP_DATA,    /* an honest segment of the size c * 8 */
	OP_ACK,     /* an honest ACK of all that was emitted */
	OP_TIME,    /* a << (b % 24) microseconds */
	OP_SCRIPT,  /* what the inspector does from now on */
	OP_RESUME,  /* of flow a, with a generation that may be stale */
	OP_RING,    /* the transmit ring refuses the next a frames */
	OP_POOL,    /* buffers of class b % 3: a are left */
	OP_SACK,    /* an ACK with blocks relative to what is outstanding */
	OP_SYN,     /* a new SYN with options from c, d */
	OPS,
};

/* What one end knows of the engine, from the frames it was sent. */
struct end {
	uint32_t ack, edge, seq; /* it acknowledges, allows up to, has sent up to */
	uint32_t iss;
	bool known;
};

struct tape {
	struct relay *r;
	struct pkt_pools pools;
	struct flow_policy policy;
	struct end end[2][SIDES]; /* two connections */
	uint64_t now_us;
	uint32_t refuse;
	bool may_wire;
	uint32_t last_index, last_gen;
	uint8_t script;
	uint8_t script_n;
};

static struct tape *tape; /* the inspector has no other way to it */

static void data(struct relay *r, struct flow *f, enum side from)
{
	const uint32_t n = stream_len(f, from);
	const uint32_t part = n < tape->script_n ? n : tape->script_n;

	stream_id(r, f, &tape->last_index, &tape->last_gen);
	switch (tape->script % 12) {
	case 0:
	case 1:
		stream_pass(r, f, from, n);
		break;
	case 2:
		stream_pass(r, f, from, part);
		break;
	case 3:
		stream_drop(r, f, from, part);
		stream_pass(r, f, from, stream_len(f, from));
		break;
	case 4:
		stream_emit(r, f, from, "emitted", 1U + tape->script_n % 7);
		stream_pass(r, f, from, stream_len(f, from));
		break;
	case 5:
		stream_hold(r, f, from);
		break;
	case 6:
		stream_need(r, f, from, (uint32_t)tape->script_n * 512);
		break;
	case 7:
		stream_deny(r, f, STREAM_DENY_REPLY, "no", 2);
		break;
	case 8:
		stream_deny(r, f, tape->script_n % 2 != 0 ? STREAM_DENY_RST : STREAM_DENY_SILENT,
				NULL, 0);
		break;
	case 9:
		stream_pass(r, f, from, part);
		stream_bypass(r, f);
		break;
	case 10:
		stream_pass(r, f, from, n);
		stream_close(r, f, from);
		break;
	default:
		stream_emit(r, f, side_other(from), "notice", 6);
		break;
	}
}

static const struct inspector inspector = { .name = "tape", .data = data };

static const struct flow_policy *classify(
		void *ctx, const struct flow_key *key, enum side initiator)
{
	(void)key;
	(void)initiator;
	return &((struct tape *)ctx)->policy;
}

/* What is emitted must be a frame with right checksums; the end learns from it. */
static bool tx(void *ctx, uint16_t wire, enum side to, struct pkt *p)
{
	struct tape *t = ctx;
	struct frame f;
	struct end *e;
	uint16_t sum;

	must(wire == 0);
	if (t->refuse > 0) {
		t->refuse--;
		return false;
	}
	must(frame_parse(pkt_data(p), pkt_len(p), &f) == DROP_NONE && f.kind == FRAME_TCP);
	must(cksum_tcp_verify(&f, &sum));
	e = &t->end[(to == SIDE_AGENT ? f.dport : f.sport) & 1][to];
	if ((f.flags & TCP_SYN) == 0) {
		if ((f.flags & TCP_ACK) != 0)
			e->ack = f.ack;
		e->edge = f.ack + f.wnd;
		e->seq = f.seq + f.payload_len + ((f.flags & TCP_FIN) != 0);
	} else {
		e->seq = f.seq + 1;
	}
	e->known = true;
	pkt_free(p);
	return true;
}

struct segment {
	uint32_t conn;
	enum side from;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t wnd, len;
	uint8_t opts[TCPOPT_MAX];
	uint8_t opt_len;
	bool bad_sum;
};

static void inject(struct tape *t, const struct segment *s)
{
	static const uint8_t addr[SIDES][16] = {
		{ [10] = 0xff, 0xff, 10, 77, 0, 1 },
		{ [10] = 0xff, 0xff, 10, 77, 0, 2 },
	};
	static uint8_t payload[PAYLOAD_MAX];
	const uint16_t port[SIDES] = { (uint16_t)(40000 + s->conn), 5432 };
	const struct header_l3 l3 = { .l2 = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 },
		.l2_len = 14,
		.ip_version = 4,
		.ttl = 64,
		.df = true,
		.src = addr[s->from],
		.dst = addr[side_other(s->from)] };
	const struct header_tcp tcp = { .sport = port[s->from],
		.dport = port[side_other(s->from)],
		.seq = s->seq,
		.ack = s->ack,
		.wnd = s->wnd,
		.flags = s->flags,
		.opts = s->opts,
		.opt_len = s->opt_len,
		.payload_len = s->len,
		.payload_sum = (uint16_t)(cksum_sum(payload, s->len) + s->bad_sum) };
	const uint32_t hlen = header_len(&l3, s->opt_len);
	struct pkt *p = pkt_heap_new(&t->pools, PKT_FULL, hlen + s->len);

	if (p == NULL)
		return;
	memcpy(pkt_base(p) + PKT_HEADROOM + hlen, payload, s->len);
	header_write(pkt_base(p) + PKT_HEADROOM + hlen, &l3, &tcp);
	pkt_frame_set(p, PKT_HEADROOM, hlen + s->len);
	relay_rx(t->r, 0, s->from, &p, 1, t->now_us);
}

static struct segment honest(const struct tape *t, uint8_t b)
{
	const struct end *e = &t->end[b & 1][b >> 1 & 1];

	return (struct segment){ .conn = b & 1,
		.from = (b >> 1 & 1) != 0 ? SIDE_PROD : SIDE_AGENT,
		.seq = e->ack,
		.ack = e->seq,
		.flags = TCP_ACK,
		.wnd = 0xffff };
}

static void op_segment(struct tape *t, const uint8_t *op)
{
	static const int32_t steps[] = { 0, 1, -1, 100, -100, 1460, 65535, 1 << 30 };
	struct segment s = honest(t, op[2]);
	const struct end *e = &t->end[s.conn][s.from];
	const uint32_t anchors[] = { e->ack, e->edge, e->ack - 1, 0 };

	s.seq = anchors[op[2] >> 2 & 3] + (uint32_t)steps[op[3] & 7];
	s.ack += (uint32_t)steps[op[3] >> 3 & 7];
	s.flags = op[1];
	s.len = (uint16_t)(op[4] * 5);
	s.wnd = (op[3] & 0x40) != 0 ? op[4] : 0xffff;
	s.bad_sum = (op[3] & 0x80) != 0 && !t->may_wire; /* WIRE forwards those as they are */
	inject(t, &s);
}

static void op_sack(struct tape *t, const uint8_t *op)
{
	struct segment s = honest(t, op[2]);
	struct sack_block blocks[TCPOPT_SACK_MAX];
	const uint32_t n = 1U + op[1] % TCPOPT_SACK_MAX;

	s.ack -= (uint32_t)op[3] * 50;
	for (uint32_t k = 0; k < n; k++) {
		blocks[k].left = s.ack + (uint32_t)op[4] * 20 * (k + 1);
		blocks[k].right = blocks[k].left + (uint32_t)op[3] * 10;
	}
	s.opt_len = (uint8_t)tcpopt_write_sack(s.opts, blocks, n);
	inject(t, &s);
}

static void op_syn(struct tape *t, const uint8_t *op)
{
	struct segment s = { .conn = op[1] & 1,
		.from = SIDE_AGENT,
		.wnd = 0xffff,
		.flags = TCP_SYN,
		.seq = 0xffffff00U + op[2] };
	const struct tcpopt o = { .mss = (uint16_t)(op[3] * 8),
		.has_wscale = (op[4] & 1) != 0,
		.wscale = op[4] >> 4,
		.has_sack_permitted = (op[4] & 2) != 0,
		.has_ts = (op[4] & 4) != 0,
		.tsval = op[2] };
	struct end *c = &t->end[s.conn][SIDE_AGENT], *p = &t->end[s.conn][SIDE_PROD];

	s.opt_len = (uint8_t)tcpopt_write_syn(s.opts, &o);
	inject(t, &s);
	if ((op[4] & 8) != 0)
		return; /* half open */
	c->ack = s.seq + 1;
	s.from = SIDE_PROD;
	s.flags = TCP_SYN | TCP_ACK;
	s.ack = s.seq + 1;
	s.seq = 0x7fffff00U + op[1];
	p->ack = s.seq + 1;
	inject(t, &s);
	s = honest(t, (uint8_t)s.conn);
	s.ack = p->ack;
	inject(t, &s);
	c->seq = p->ack;
	p->seq = c->ack;
}

static void step(struct tape *t, const uint8_t *op)
{
	struct segment s = honest(t, op[2]);

	switch (op[0] % OPS) {
	case OP_SEGMENT:
		op_segment(t, op);
		break;
	case OP_DATA:
		s.len = (uint16_t)(op[3] * 8 % (PAYLOAD_MAX + 1));
		s.flags |= TCP_PSH;
		inject(t, &s);
		break;
	case OP_ACK:
		inject(t, &s);
		break;
	case OP_TIME:
		t->now_us += (uint64_t)op[1] << (op[2] % 24);
		break;
	case OP_SCRIPT:
		t->script = op[1];
		t->script_n = op[2];
		break;
	case OP_RESUME:
		relay_resume(t->r, t->last_index, t->last_gen - (op[1] == 1), t->now_us);
		break;
	case OP_RING:
		t->refuse = op[1] % 20;
		break;
	case OP_POOL:
		t->pools.left[op[2] % PKT_CLASSES] = op[1];
		break;
	case OP_SACK:
		op_sack(t, op);
		break;
	default:
		op_syn(t, op);
		break;
	}
}

static void check(struct tape *t)
{
	const char *bad;

	relay_poll(t->r, t->now_us);
	bad = relay_check(t->r);
	if (bad != NULL)
		fprintf(stderr, "%s\n", bad);
	must(bad == NULL);
}

static struct relay *relay_for(struct tape *t, const uint8_t *data)
{
	const struct relay_env env = {
		.ctx = t, .pools = &t->pools, .classify = classify, .tx = tx
	};
	struct relay_conf conf;

	t->policy = (struct flow_policy){ .mode = MODE_RELAY,
		.inspector = &inspector,
		.ts = (data[0] & 1) != 0 ? TS_REWRITE : TS_STRIP,
		.urg = (data[0] & 2) != 0 ? URG_DROP : URG_INLINE,
		.rst_on_overlap_mismatch = (data[0] & 4) != 0,
		.allow_simultaneous_open = (data[0] & 8) != 0,
		.refuse_when_red = (data[0] & 16) != 0,
		.rcv_cap_max_bytes = 65536U << (data[0] >> 5 & 3) };
	relay_conf_init(&conf);
	conf.max_flows = N_FLOWS;
	conf.max_segs = N_SEGS;
	conf.retain_bytes = 65536U << (data[1] & 3);
	conf.unknown_tcp = (data[1] & 4) != 0 ? UNKNOWN_WIRE : UNKNOWN_RST;
	t->may_wire = conf.unknown_tcp == UNKNOWN_WIRE || t->policy.allow_simultaneous_open;
	conf.use_reno = (data[1] & 8) != 0;
	conf.seed[0] = data[1];
	return relay_new(&conf, &env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data_in, size_t size)
{
	struct tape t = { .pools = { .left = { 500, 200, 100 }, .full_bytes = 1600 },
		.now_us = 1000000 };
	uint32_t n = 0;

	if (size < 2)
		return 0;
	tape = &t;
	t.r = relay_for(&t, data_in);
	must(t.r != NULL);
	for (size_t at = 2; at + OP_BYTES <= size && n++ < OPS_MAX; at += OP_BYTES) {
		step(&t, data_in + at);
		check(&t);
	}
	/* left alone, everything comes to its end: no timer runs for ever (I9) */
	t.refuse = 0;
	for (int k = 0; k < 40; k++) {
		t.now_us += 600000000ULL;
		check(&t);
	}
	relay_free(&t.r);
	must(t.pools.n_live == 0);
	return 0;
}
