/* SPDX-License-Identifier: Apache-2.0
 * Frames that arrive at the two ends: to which endpoint, if any. */
#include "tests/sim/ep.h"
#include "tests/sim/ep_priv.h"
#include "tests/sim/world.h"

#include <string.h>

/* Seen from the receiver: addresses turned round. */
static void turn(struct seg *s)
{
	const struct seg t = *s;

	memcpy(s->ip.src, t.ip.dst, 16);
	memcpy(s->ip.dst, t.ip.src, 16);
	s->sport = t.dport;
	s->dport = t.sport;
}

static void host_icmp_in(struct world *w, enum side at, const struct wframe *f)
{
	struct seg_icmp q;
	struct seg s = { 0 };
	const char *why;
	struct conn *c;

	if (!seg_icmp_parse(f->bytes, f->len, &q))
		return;
	seg_parse(f->bytes, f->len, &s, &why);
	memcpy(s.ip.src, q.src, 16);
	memcpy(s.ip.dst, q.dst, 16);
	s.sport = q.sport;
	s.dport = q.dport;
	c = world_conn_of(w, &s, at);
	if (c != NULL)
		ep_icmp(c->ep[at], &q);
}

/* A host on which nothing listens and a router says so. */
static void host_unreachable(struct world *w, enum side at, const struct wframe *f)
{
	struct wframe *icmp = seg_icmp_build(f, 0);

	if (icmp != NULL)
		link_send(w, at == SIDE_AGENT ? HOP_A2R : HOP_P2R, icmp);
}

void host_frame_in(struct world *w, enum side at, const struct wframe *f)
{
	struct seg s = { 0 };
	struct conn *c;

	switch (seg_parse(f->bytes, f->len, &s, NULL)) {
	case SEG_TCP:
		break;
	case SEG_ICMP:
		host_icmp_in(w, at, f);
		return;
	case SEG_OTHER:
	case SEG_BAD:
		return;
	}
	turn(&s);
	c = world_conn_of(w, &s, at);
	turn(&s);
	if (c == NULL)
		return;
	if (c->plan->ep[at].unreachable && (s.flags & TF_SYN))
		host_unreachable(w, at, f);
	else
		ep_input(c->ep[at], &s, f->tainted);
}
