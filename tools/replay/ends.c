/* SPDX-License-Identifier: Apache-2.0
 * Both ends of one connection, through an engine of its own: proper, without loss, each frame
 * acknowledged at once. What they say is the caller's. */
#include "dataplane/net/cksum.h"
#include "dataplane/net/header.h"
#include "dataplane/net/tcpopt.h"
#include "parsers/base/must.h"
#include "tools/replay/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	MSS = 1400, /* fits both IP versions */
	MTU = 1500,
	WSCALE = 7,
	WINDOW = 32768, /* << WSCALE: 4 MiB, more than the engine ever has under way */
	BUFFERS = 1 << 20,
	SEGS = 16384,
	START_US = 1000000, /* 0 would be no time */
};

struct end {
	uint32_t next;  /* the sequence number of what is sent next */
	uint32_t acked; /* of ours */
	uint32_t got;   /* what is expected next */
	uint32_t wnd;   /* that we were offered, in bytes */
	uint8_t wscale;
	bool is_open, has_heard_end, owes_ack;
	bool is_closing, has_fin; /* a FIN is to be sent; was */
	bool is_dead;             /* reset */
	bool has_syn;             /* its SYN was sent */
	uint8_t *out; /* owned: <out_len> bytes from <out_at> on were said and not sent */
	size_t out_at, out_len, out_room;
};

struct ends {
	struct ends_env env;
	struct flow_key key;
	struct flow_policy policy;
	struct pkt_pools pools;
	struct relay *relay; /* owned */
	struct end end[SIDES];
	uint64_t now_us;
	bool has_moved;
};

/* ---- what an end sends */

static void send_segment(
		struct ends *e, enum side from, struct header_tcp *tcp, const uint8_t *bytes)
{
	const struct end *x = &e->end[from];
	const struct header_l3 l3 = { .l2 = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2,
						      flow_key_is_v4(&e->key) ? 8 : 0x86,
						      flow_key_is_v4(&e->key) ? 0 : 0xdd },
		.l2_len = FRAME_L2_MIN,
		.ip_version = flow_key_is_v4(&e->key) ? 4 : 6,
		.ttl = 64,
		.src = e->key.addr[from],
		.dst = e->key.addr[side_other(from)] };
	struct pkt *p = pkt_alloc(&e->pools, PKT_FULL);
	uint8_t *payload, *first;

	if (p == NULL)
		return; /* of a million; the end says it again when nothing else moves */
	payload = pkt_base(p) + PKT_HEADROOM;
	if (bytes != NULL)
		memcpy(payload, bytes, tcp->payload_len);
	tcp->payload_sum = cksum_sum(payload, tcp->payload_len);
	tcp->sport = e->key.port[from];
	tcp->dport = e->key.port[side_other(from)];
	tcp->ack = (tcp->flags & TCP_ACK) != 0 ? x->got : 0;
	tcp->wnd = WINDOW;
	first = header_write(payload, &l3, tcp);
	pkt_frame_set(p, (uint32_t)(first - pkt_base(p)),
			header_len(&l3, tcp->opt_len) + tcp->payload_len);
	e->has_moved = true;
	relay_rx(e->relay, 0, from, &p, 1, e->now_us);
}

static void send_syn(struct ends *e, enum side from, uint8_t flags)
{
	const struct tcpopt o = { .mss = MSS, .has_wscale = true, .wscale = WSCALE };
	uint8_t opts[TCPOPT_MAX];
	struct header_tcp tcp = { .seq = e->end[from].next, .flags = flags, .opts = opts };

	tcp.opt_len = (uint8_t)tcpopt_write_syn(opts, &o);
	e->end[from].has_syn = true;
	e->end[from].next++;
	send_segment(e, from, &tcp, NULL);
}

static uint32_t may_send(const struct end *x)
{
	const uint32_t flying = x->next - x->acked;
	const uint32_t room = x->wnd > flying ? x->wnd - flying : 0;
	const uint32_t most = room < MSS ? room : MSS;

	return x->out_len < most ? (uint32_t)x->out_len : most;
}

static void out_drop(struct end *x, uint32_t n)
{
	x->out_len -= n;
	x->out_at = x->out_len == 0 ? 0 : x->out_at + n;
}

static void end_send(struct ends *e, enum side from)
{
	struct end *x = &e->end[from];
	uint32_t n;

	while (x->is_open && !x->is_dead && (n = may_send(x)) > 0) {
		struct header_tcp tcp = {
			.seq = x->next, .flags = TCP_ACK | TCP_PSH, .payload_len = (uint16_t)n
		};

		x->next += n;
		x->owes_ack = false;
		send_segment(e, from, &tcp, x->out + x->out_at);
		out_drop(x, n);
	}
	if (x->is_open && !x->is_dead && x->is_closing && !x->has_fin && x->out_len == 0) {
		struct header_tcp tcp = { .seq = x->next, .flags = TCP_ACK | TCP_FIN };

		x->next++;
		x->has_fin = true;
		x->owes_ack = false;
		send_segment(e, from, &tcp, NULL);
	}
	if (x->owes_ack && !x->is_dead) {
		struct header_tcp tcp = { .seq = x->next, .flags = TCP_ACK };

		x->owes_ack = false;
		send_segment(e, from, &tcp, NULL);
	}
}

/* ---- what an end receives */

static void on_syn(struct ends *e, enum side at, const struct frame *f)
{
	struct end *x = &e->end[at];
	struct tcpopt o = { .wscale = 0 };

	(void)tcpopt_parse(f->bytes + f->l4_off + f->opt_off, f->opt_len, true, &o);
	x->wscale = o.has_wscale ? o.wscale : 0;
	x->wnd = f->wnd;
	x->got = f->seq + 1;
	x->is_open = true;
	x->owes_ack = at == SIDE_AGENT; /* the other answers with its SYN */
}

static void end_heard(struct ends *e, enum side at)
{
	struct end *x = &e->end[at];

	if (!x->has_heard_end)
		e->env.heard(e->env.ctx, at, NULL, 0);
	x->has_heard_end = true;
}

static void on_bytes(struct ends *e, enum side at, const struct frame *f)
{
	struct end *x = &e->end[at];
	const bool has_fin = (f->flags & TCP_FIN) != 0;

	x->wnd = (uint32_t)f->wnd << x->wscale;
	if ((f->flags & TCP_ACK) != 0)
		x->acked = f->ack;
	x->owes_ack |= f->payload_len > 0 || has_fin || f->seq != x->got;
	if (f->seq != x->got || (f->payload_len == 0 && !has_fin))
		return;
	x->got += f->payload_len + has_fin;
	if (f->payload_len > 0)
		e->env.heard(e->env.ctx, at, f->bytes + f->payload_off, f->payload_len);
	if (has_fin)
		end_heard(e, at);
}

static bool on_tx(void *ctx, uint16_t wire, enum side to, struct pkt *p)
{
	struct ends *e = ctx;
	struct frame f;

	(void)wire;
	e->has_moved = true;
	if (frame_parse(pkt_data(p), pkt_len(p), &f) == DROP_NONE && f.kind == FRAME_TCP) {
		if ((f.flags & TCP_RST) != 0) {
			e->end[to].is_dead = true;
			end_heard(e, to);
		} else if ((f.flags & TCP_SYN) != 0) {
			on_syn(e, to, &f);
			e->end[to].acked = (f.flags & TCP_ACK) != 0 ? f.ack : e->end[to].next;
		} else {
			on_bytes(e, to, &f);
		}
	}
	pkt_free(p);
	return true;
}

/* ---- made and driven */

static const struct flow_policy *on_classify(
		void *ctx, const struct flow_key *key, enum side initiator)
{
	const struct ends *e = ctx;

	(void)key;
	(void)initiator;
	return &e->policy;
}

static struct relay *engine_new(struct ends *e)
{
	const struct relay_env env = { .ctx = e,
		.pools = &e->pools,
		.inspect_ctx = e->env.owner,
		.classify = on_classify,
		.tx = on_tx };
	struct relay_conf conf;

	relay_conf_init(&conf);
	conf.max_flows = 64;
	conf.max_segs = SEGS;
	conf.mtu = MTU;
	conf.seed[0] = 1; /* the same answer each time */
	return relay_new(&conf, &env);
}

struct ends *ends_new(const struct ends_env *env, const struct flow_key *key)
{
	struct ends *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->env = *env;
	e->key = *key;
	e->policy.mode = MODE_RELAY;
	e->policy.inspector = env->inspector;
	e->policy.inspector_ctx = env->inspector_ctx;
	e->now_us = START_US;
	for (int c = 0; c < PKT_CLASSES; c++)
		e->pools.left[c] = BUFFERS;
	e->pools.full_bytes = MTU + FRAME_L2_MAX;
	e->end[SIDE_AGENT].next = e->end[SIDE_AGENT].acked = 1000;
	e->end[SIDE_PROD].next = e->end[SIDE_PROD].acked = 2000;
	e->relay = engine_new(e);
	if (e->relay == NULL) {
		free(e);
		return NULL;
	}
	send_syn(e, SIDE_AGENT, TCP_SYN);
	return e;
}

void ends_free(struct ends **ends)
{
	struct ends *e = *ends;

	if (e == NULL)
		return;
	relay_free(&e->relay);
	must(e->pools.n_live == 0);
	free(e->end[SIDE_AGENT].out);
	free(e->end[SIDE_PROD].out);
	free(e);
	*ends = NULL;
}

struct relay *ends_relay(struct ends *e)
{
	return e->relay;
}

uint64_t ends_now_us(const struct ends *e)
{
	return e->now_us;
}

void ends_time(struct ends *e, uint64_t now_us)
{
	if (now_us > e->now_us)
		e->now_us = now_us;
}

int ends_say(struct ends *e, enum side from, struct span bytes)
{
	struct end *x = &e->end[from];
	size_t room = x->out_room == 0 ? 4096 : x->out_room;
	uint8_t *more;

	while (room < x->out_at + x->out_len + bytes.len)
		room *= 2;
	if (room != x->out_room) {
		more = realloc(x->out, room);
		if (more == NULL)
			return -ENOMEM;
		x->out = more;
		x->out_room = room;
	}
	memcpy(x->out + x->out_at + x->out_len, bytes.ptr, bytes.len);
	x->out_len += bytes.len;
	return 0;
}

void ends_fin(struct ends *e, enum side from)
{
	e->end[from].is_closing = true;
}

bool ends_turn(struct ends *e)
{
	e->has_moved = false;
	if (e->end[SIDE_PROD].is_open && !e->end[SIDE_PROD].has_syn)
		send_syn(e, SIDE_PROD, TCP_SYN | TCP_ACK);
	end_send(e, SIDE_AGENT);
	end_send(e, SIDE_PROD);
	relay_poll(e->relay, e->now_us);
	return e->has_moved;
}
