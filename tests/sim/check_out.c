/* SPDX-License-Identifier: Apache-2.0
 * What the engine sent: every header field, number and byte of every frame. */
#include "tests/sim/check.h"
#include "tests/sim/ep.h"

#include <string.h>

enum {
	MSS4_DEFAULT = 536,
	MSS6_DEFAULT = 1220,
	RST_MAX = 4,       /* one, and three retransmissions */
	CHALLENGE_MAX = 6, /* 2 a second, in a window that need not be the engine's */
};

static const char *side_str(enum side s)
{
	return s == SIDE_AGENT ? "agent" : "prod";
}

/* An emission to side <to> of a connection; <from> is in whose name it speaks. */
struct emission {
	struct world *w;
	struct conn *c;
	enum side to, from;
	const struct seg *s;
	struct view *v; /* of <to> */
	struct view *o; /* of <from> */
	uint64_t seq;
};

/* --- I12: addresses and the like are those of the endpoint in whose name it is --- */

static bool l2_is(const struct emission *e)
{
	return memcmp(&e->s->l2, &e->o->l2[0], sizeof(e->s->l2)) == 0 ||
			memcmp(&e->s->l2, &e->o->l2[1], sizeof(e->s->l2)) == 0;
}

static void check_l2l3(const struct emission *e)
{
	const struct seg_ip *ip = &e->s->ip, *as = &e->o->syn.ip;

	/* an RST for a flow that nobody remembers is made of the segment that asked for it */
	if ((e->c->reported_end || !e->c->opened) && (e->s->flags & TF_RST))
		return;
	if (!l2_is(e))
		world_fail(e->w, "I12", "MAC or VLAN of a frame to the %s end is not the other's",
				side_str(e->to));
	else if (e->o->syn_in && ip->ttl != as->ttl)
		world_fail(e->w, "I12", "TTL %u to the %s end, not %u", ip->ttl, side_str(e->to),
				as->ttl);
	else if (e->o->syn_in && ((ip->tos ^ as->tos) & 0xfc) != 0)
		world_fail(e->w, "I12", "DSCP %02x to the %s end, not %02x", ip->tos,
				side_str(e->to), as->tos);
	else if ((ip->tos & 3) != 0)
		world_fail(e->w, "I12", "ECN bits to the %s end", side_str(e->to));
	else if (e->o->syn_in && (ip->label != as->label || ip->df != as->df))
		world_fail(e->w, "I12", "flow label or DF to the %s end", side_str(e->to));
	else if (e->s->flags & (TF_ECE | TF_CWR | TF_URG))
		world_fail(e->w, "I12", "flags %02x to the %s end", e->s->flags, side_str(e->to));
	else if (e->s->urg != 0)
		world_fail(e->w, "I12", "an urgent pointer to the %s end", side_str(e->to));
}

/* --- options (relay.md 2.3) --- */

static const char *syn_options_wrong(const struct emission *e)
{
	const struct seg_opts *o = &e->s->o, *in = &e->o->syn.o;
	const uint16_t absent = e->s->ip.ver == 4 ? MSS4_DEFAULT : MSS6_DEFAULT;

	if (o->tfo || o->mptcp || o->md5 || o->ao || o->other)
		return "an option that must be stripped";
	if (o->has_mss && (o->mss > (in->has_mss ? in->mss : absent) || o->mss < 88))
		return "MSS";
	if (in->has_mss && !o->has_mss)
		return "MSS missing";
	if (o->has_ws != in->has_ws || (o->has_ws && o->ws != (in->ws > 14 ? 14 : in->ws)))
		return "window scale";
	if (o->sack_ok != in->sack_ok)
		return "SACK-permitted";
	if (o->has_ts != (in->has_ts && e->c->plan->ts == TS_REWRITE))
		return "timestamps";
	return e->s->len != 0 ? "payload in a SYN" : NULL;
}

static const char *options_wrong(const struct emission *e)
{
	const struct seg_opts *o = &e->s->o;
	const bool ts = e->c->plan->ts == TS_REWRITE && e->o->syn.o.has_ts && e->v->syn.o.has_ts;

	if (o->has_mss || o->has_ws || o->sack_ok || o->tfo || o->mptcp || o->md5 || o->ao ||
			o->other)
		return "an option that belongs in no such segment";
	if (o->n_sack > 0 && !(e->o->syn.o.sack_ok && e->v->syn.o.sack_ok))
		return "SACK that was not agreed on";
	if (o->has_ts && !ts)
		return "timestamps that were not agreed on";
	if (ts && !o->has_ts && (e->s->flags & TF_RST) == 0)
		return "timestamps missing (RFC 7323 3.2)";
	return NULL;
}

/* --- SYNs --- */

static void check_syn(const struct emission *e)
{
	const struct seg *s = e->s;
	const char *wrong = syn_options_wrong(e);

	if (!e->c->plan->trust[e->from] && s->seq != (uint32_t)e->o->irs)
		return; /* it may open another connection before the first one stands */
	if (!e->o->syn_in || s->seq != (uint32_t)e->o->irs) {
		world_fail(e->w, "I12", "a SYN to the %s end that the other never sent",
				side_str(e->to));
		return;
	}
	if (wrong != NULL) {
		world_fail(e->w, "OPT", "SYN to the %s end: %s", side_str(e->to), wrong);
		return;
	}
	if ((s->flags & TF_ACK) && s->ack != (uint32_t)(e->v->irs + 1)) {
		world_fail(e->w, "I2", "a SYN-ACK to the %s end acknowledges something else",
				side_str(e->to));
		return;
	}
	if (e->v->syn_out)
		return;
	e->v->syn_out = true;
	e->v->iss = e->o->irs;
	e->v->out_max = e->v->iss + 1;
	e->v->syn_wnd_out = s->wnd;
	if (s->flags & TF_ACK) {
		e->v->ack_out = e->v->irs + 1;
		e->v->adv_max = e->v->irs + 1 + s->wnd;
		e->v->ack_max = e->v->ack_sure = e->v->iss;
		e->v->edge_max = e->v->iss + 1 + e->v->syn.wnd;
	}
}

/* --- I11 --- */

static void check_rst(const struct emission *e)
{
	const struct view *v = e->v;

	e->v->rst_out = true;
	e->v->n_rst_out++;
	if (!e->c->bypassed && v->n_rst_out > RST_MAX + v->n_in_after_end + e->o->n_in_after_end) {
		world_fail(e->w, "I10", "%u RSTs to the %s end", v->n_rst_out, side_str(e->to));
		return;
	}
	if (!v->est_in || e->c->bypassed || e->c->reported_end)
		return; /* numbers of a handshake, of the other end, or of a flow nobody remembers */
	if (!e->c->plan->trust[e->to])
		return; /* it may have opened another connection meanwhile */
	if (e->seq < v->ack_sure || e->seq > v->out_max)
		world_fail(e->w, "I11",
				"RST to the %s end at %ld of what it acknowledged, %ld of "
				"what it was sent",
				side_str(e->to), (long)(e->seq - v->ack_sure),
				(long)(e->seq - v->out_max));
}

/* --- payload: I1, I3, I5, I6 --- */

static void check_content(const struct emission *e)
{
	const uint64_t off = e->seq - e->v->iss - 1;
	const unsigned long l = (unsigned long)off, r = (unsigned long)(off + e->s->len);

	if (e->c->plan->no_content)
		return;
	switch (outlog_check(&e->c->dir[e->from], off, e->s->payload, e->s->len)) {
	case OUTLOG_OK:
		break;
	case OUTLOG_DIFFERS:
		world_fail(e->w, "I1", "bytes [%lu, %lu) to the %s end are not what was judged", l,
				r, side_str(e->to));
		break;
	case OUTLOG_UNJUDGED:
		world_fail(e->w, "I6", "bytes [%lu, %lu) to the %s end were not judged yet", l, r,
				side_str(e->to));
		break;
	}
	/* what passes by itself has at least come in */
	if (!e->w->failed && e->c->dir[e->from].open_ended && e->c->dir[e->from].n == 0 &&
			e->c->dir[e->from].src_len == 0 &&
			!ranges_has(&e->o->got, e->o->irs + 1 + off, e->o->irs + 1 + r))
		world_fail(e->w, "I6", "bytes [%lu, %lu) to the %s end never came in", l, r,
				side_str(e->to));
}

static uint32_t mss_of(const struct emission *e)
{
	const uint32_t head = e->s->ip.ver == 4 ? 40 : 60;
	const uint32_t room = e->w->plan->relay.mtu - head;
	uint32_t mss = head == 40 ? MSS4_DEFAULT : MSS6_DEFAULT;

	if (e->v->syn.o.has_mss)
		mss = e->v->syn.o.mss;
	return mss < room ? mss : room;
}

static void check_payload(const struct emission *e)
{
	const uint64_t end = e->seq + e->s->len;

	if (e->c->denied && e->to == SIDE_PROD) {
		world_fail(e->w, "I6", "payload to the prod end after a denial");
		return;
	}
	if (e->s->len > mss_of(e) && !e->c->bypassed) {
		world_fail(e->w, "I3", "%u bytes in a segment to the %s end, MSS is %u", e->s->len,
				side_str(e->to), mss_of(e));
		return;
	}
	if (!e->c->bypassed && e->seq > e->v->out_max) {
		world_fail(e->w, "I1", "%lu bytes are left out before a segment to the %s end",
				(unsigned long)(e->seq - e->v->out_max), side_str(e->to));
		return;
	}
	if (!e->c->bypassed && end > e->v->edge_max) {
		world_fail(e->w, "I3", "%lu bytes beyond the right edge of the %s end",
				(unsigned long)(end - e->v->edge_max), side_str(e->to));
		return;
	}
	check_content(e);
	e->v->n_data_step++;
	e->v->rtx += e->seq < e->v->out_max;
}

/* A FIN stands where the output ends, and nowhere before. */
static void check_fin(const struct emission *e)
{
	const uint64_t at = e->seq + e->s->len, off = at - e->v->iss - 1;
	const struct outlog *log = &e->c->dir[e->from];
	uint64_t want = log->out_len;

	if (!log->closed && !e->c->denied && e->c->plan->trust[e->from]) {
		want = outlog_out_of_src(log, e->o->fin_seq - e->o->irs - 1);
		if (!e->o->fin_in || (!e->c->bypassed && check_contiguous(e->o) < e->o->fin_seq))
			want = UINT64_MAX;
	}
	if (e->c->plan->no_content || (e->c->denied && e->to == SIDE_AGENT) ||
			!e->c->plan->trust[e->from])
		want = off;
	if (off != want)
		world_fail(e->w, "I1", "FIN to the %s end at %lu, the stream ends at %ld",
				side_str(e->to), (unsigned long)off, (long)want);
	else if (e->v->fin_out && e->v->fin_out_seq != at && e->c->plan->trust[e->from])
		world_fail(e->w, "I5", "the FIN to the %s end moved", side_str(e->to));
	else if (!e->c->bypassed && at > e->v->edge_max)
		world_fail(e->w, "I3", "FIN beyond the right edge of the %s end", side_str(e->to));
	e->v->fin_out = true;
	e->v->fin_out_seq = at;
}

/* --- I2: ACKs --- */

/* May the engine acknowledge the FIN of the endpoint it speaks to? */
static bool fin_ack_is_due(const struct emission *e)
{
	const uint64_t held_us = e->w->plan->relay.hold_fin_ack_s * (uint64_t)US_PER_S;
	const struct view *d = e->o; /* the FIN went on to the other end */

	if (d->fin_out && d->ack_max > d->fin_out_seq)
		return true;
	if (e->c->denied)
		return true;
	return e->c->ever_held[e->to] && e->w->now_us + US_PER_MS >= e->v->fin_at_us + held_us;
}

static void check_ack(const struct emission *e)
{
	struct view *v = e->v;
	const uint64_t have = check_contiguous(v);
	const uint64_t ack = seg_unwrap(e->s->ack, have);
	const bool fin = v->fin_in && (v->fin_seq == have || !e->c->plan->trust[e->to]);

	if (ack > have + fin) {
		world_fail(e->w, "I2", "ACK to the %s end of %lu bytes that did not come in order",
				side_str(e->to), (unsigned long)(ack - have - fin));
		return;
	}
	if (fin && ack == have + 1 && e->c->plan->trust[e->to] && !fin_ack_is_due(e)) {
		world_fail(e->w, "I2",
				"the FIN of the %s end is acknowledged before the other end "
				"has acknowledged it",
				side_str(e->to));
		return;
	}
	if (ack < v->ack_out && !e->c->bypassed) {
		world_fail(e->w, "I4", "ACK to the %s end went back by %lu", side_str(e->to),
				(unsigned long)(v->ack_out - ack));
		return;
	}
	v->ack_out = ack > v->ack_out ? ack : v->ack_out;
	for (uint8_t i = 0; i < e->s->o.n_sack; i++) {
		const uint64_t l = seg_unwrap(e->s->o.sack[i][0], have);
		const uint64_t r = seg_unwrap(e->s->o.sack[i][1], have);

		if (l < r && r <= have && (!e->c->plan->trust[e->to] || e->c->bypassed))
			continue; /* a D-SACK of nonsense that was sent, or of edited bytes */
		if (l >= r || l <= v->irs || !ranges_has(&v->got, l, r - (fin && r == have + 1)))
			world_fail(e->w, "I2", "SACK to the %s end of what did not come in",
					side_str(e->to));
	}
}

/* --- I4: windows --- */

static void check_window(const struct emission *e)
{
	struct view *v = e->v;
	const bool ws = v->syn.o.has_ws && e->o->syn.o.has_ws;
	const uint8_t shift = ws ? (e->o->syn.o.ws > 14 ? 14 : e->o->syn.o.ws) : 0;
	const uint64_t ack = seg_unwrap(e->s->ack, check_contiguous(v));
	const uint64_t edge = ack + ((uint64_t)e->s->wnd << shift);
	const uint64_t cap = e->c->plan->rcv_cap != 0 ? e->c->plan->rcv_cap : 1u << 20;
	const uint64_t slack = 2ull * e->w->plan->relay.mtu + (1ull << shift);

	if (e->c->bypassed)
		return;
	if (edge < v->adv_max) {
		world_fail(e->w, "I4", "the window offered to the %s end went back by %lu",
				side_str(e->to), (unsigned long)(v->adv_max - edge));
		return;
	}
	v->adv_max = edge;
	/* promised between two frames of one burst: the second may be taken already */
	if (v->late_us == e->w->now_us && v->late_l < edge)
		ranges_add(&v->got, v->late_l, v->late_r < edge ? v->late_r : edge);
	if (e->c->dir[e->to].open_ended && !engine_is_cable && e->c->dir[e->to].n == 0 &&
			edge > v->irs + (e->o->ack_max - e->o->iss) + cap + slack)
		world_fail(e->w, "I4", "%lu bytes offered to the %s end, the cap is %lu",
				(unsigned long)(edge - v->irs - (e->o->ack_max - e->o->iss)),
				side_str(e->to), (unsigned long)cap);
}

/* --- I10: ACKs that nobody asked for --- */

static void check_rate(const struct emission *e)
{
	struct view *v = e->v;
	const uint64_t second = e->w->now_us / US_PER_S;
	const bool again = e->s->len == 0 && (e->s->flags & TF_FIN) == 0 && e->s->o.n_sack == 0 &&
			e->seq == v->out_max && seg_unwrap(e->s->ack, v->ack_out) == v->ack_out &&
			e->s->wnd == v->last_wnd;

	if (second != v->second_us) {
		v->second_us = second;
		v->n_dup_ack = 0;
		v->n_asking = v->n_asking > 0; /* the answer may come in the next second */
	}
	v->last_wnd = e->s->wnd;
	v->n_dup_ack += again;
	if (v->n_dup_ack > v->n_asking + CHALLENGE_MAX)
		world_fail(e->w, "I10", "%u ACKs to the %s end within a second, it asked for %u",
				v->n_dup_ack, side_str(e->to), v->n_asking);
}

/* --- all of it --- */

static void check_segment(const struct emission *e)
{
	const char *wrong = options_wrong(e);

	if (!e->v->syn_out) {
		world_fail(e->w, "I12", "a segment to the %s end before any SYN", side_str(e->to));
		return;
	}
	if (wrong != NULL)
		world_fail(e->w, "OPT", "segment to the %s end: %s", side_str(e->to), wrong);
	if ((e->s->flags & TF_ACK) == 0)
		world_fail(e->w, "I12", "a segment to the %s end without ACK", side_str(e->to));
	if (!e->c->bypassed &&
			((e->seq + e->s->len + 1 < e->v->ack_sure && e->c->plan->trust[e->to]) ||
					(e->s->len == 0 && e->seq > e->v->out_max)))
		world_fail(e->w, "I3",
				"a segment to the %s end at %ld of what it acknowledged, %ld "
				"of what it was sent",
				side_str(e->to), (long)(e->seq - e->v->ack_sure),
				(long)(e->seq - e->v->out_max));
	if (!e->w->failed && !e->c->bypassed)
		check_rate(e);
	if (e->s->len > 0 && !e->w->failed)
		check_payload(e);
	if ((e->s->flags & TF_FIN) && !e->w->failed)
		check_fin(e);
	if (!e->w->failed)
		check_ack(e);
	if (!e->w->failed)
		check_window(e);
	const uint64_t end = e->seq + seg_seqlen(e->s);

	e->v->out_max = end > e->v->out_max ? end : e->v->out_max;
	if (end > e->seq || e->seq + 1 == e->v->ack_max)
		e->v->last_push_us = e->w->now_us;
}

static void check_tcp(struct world *w, enum side to, const struct seg *s)
{
	const enum side from = side_other(to);
	struct conn *c = world_conn_of(w, s, from);
	struct emission e;

	if (c == NULL) {
		if (w->n_conns > 0)
			world_fail(w, "I12", "a segment to the %s end of no connection",
					side_str(to));
		return;
	}
	if (c->reported_end && (!c->plan->trust[SIDE_AGENT] || !c->plan->trust[SIDE_PROD]))
		return; /* whoever means harm may open a new flow now */
	if ((c->reported_end || c->bypassed) && w->plan->env.attack_every_us != 0)
		return; /* the stranger's segments pass, or open a new flow once the old one is gone */
	e = (struct emission){ .w = w,
		.c = c,
		.to = to,
		.from = from,
		.s = s,
		.v = &c->view[to],
		.o = &c->view[from] };
	e.seq = seg_unwrap(s->seq, e.v->out_max);
	check_l2l3(&e);
	if (w->failed)
		return;
	if (s->flags & TF_SYN)
		check_syn(&e);
	else if (s->flags & TF_RST)
		check_rst(&e);
	else
		check_segment(&e);
}

/* Says that it is TCP over IP, so that the engine should have verified it. */
static bool claims_tcp(const struct wframe *f)
{
	const uint32_t l3 = seg_l3_off(f->bytes, f->len);
	const uint8_t *ip = f->bytes + l3;

	if (l3 == 0)
		return false;
	if (ip[0] >> 4 == 4 && f->bytes[l3 - 2] == 0x08)
		return ip[9] == 6 && (ip[6] & 0x3f) == 0 && ip[7] == 0;
	return ip[0] >> 4 == 6 && f->bytes[l3 - 2] == 0x86 && ip[6] == 6;
}

static bool world_has_wire(const struct world *w)
{
	for (uint32_t i = 0; i < w->n_conns; i++)
		if (w->conn[i].plan->mode == MODE_WIRE)
			return true;
	return w->n_conns == 0;
}

void check_out(struct world *w, enum side to, const struct wframe *f)
{
	struct seg s = { 0 };
	const char *why = "";
	const enum seg_kind kind = seg_parse(f->bytes, f->len, &s, &why);
	const struct conn *c = kind == SEG_TCP ? world_conn_of(w, &s, side_other(to)) : NULL;

	if (kind == SEG_TCP && c != NULL && c->plan->mode == MODE_RELAY) {
		check_tcp(w, to, &s);
		return;
	}
	if (kind == SEG_ICMP || w->no_identity)
		return; /* quotes are translated */
	if (kind == SEG_TCP && c != NULL && (c->reported_end || c->gave_up) && (s.flags & TF_RST))
		return; /* an answer to a segment of a flow that nobody remembers */
	if (kind == SEG_BAD && claims_tcp(f) && !world_has_wire(w)) {
		world_fail(w, "I13", "a frame to the %s end: %s", side_str(to), why);
		return;
	}
	if (!check_was_in(w, to, f))
		world_fail(w, c != NULL ? "I14" : "I12",
				"a frame to the %s end is not one that came in", side_str(to));
}
