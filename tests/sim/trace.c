/* SPDX-License-Identifier: Apache-2.0
 * --verbose: every frame at both sides of the engine, numbers relative to the connection. */
#include "tests/sim/ep.h"
#include "tests/sim/world.h"

#include <stdio.h>

static void print_flags(uint8_t f)
{
	static const char name[] = "FSRP.UEW";
	char buf[9];
	int n = 0;

	for (int i = 0; i < 8; i++)
		if (f & (1u << i))
			buf[n++] = name[i];
	buf[n] = '\0';
	printf("%-3s", n > 0 ? buf : "-");
}

static void print_opts(const struct seg_opts *o, uint32_t ack_base)
{
	if (o->has_mss)
		printf(" mss %u", o->mss);
	if (o->sack_ok)
		printf(" sackOK");
	if (o->has_ws)
		printf(" ws %u", o->ws);
	if (o->has_ts)
		printf(" ts %u/%u", o->tsval, o->tsecr);
	for (uint8_t i = 0; i < o->n_sack; i++)
		printf(" sack %d-%d", (int32_t)(o->sack[i][0] - ack_base),
				(int32_t)(o->sack[i][1] - ack_base));
	if (o->tfo || o->mptcp || o->md5 || o->ao || o->other)
		printf(" +others");
}

/* Which end spoke: by the addresses, whatever the link. */
static struct conn *speaker(struct world *w, const struct seg *s, enum side *ret)
{
	for (int side = 0; side < SIDES; side++) {
		struct conn *c = world_conn_of(w, s, (enum side)side);

		*ret = (enum side)side;
		if (c != NULL)
			return c;
	}
	return NULL;
}

static void print_tcp(struct world *w, const struct seg *s)
{
	enum side from;
	struct conn *c = speaker(w, s, &from);
	uint32_t seq0 = 0, ack0 = 0;

	if (c != NULL) {
		seq0 = c->plan->ep[from].isn;
		ack0 = c->plan->ep[side_other(from)].isn;
		printf("c%ld ", (long)(c - w->conn));
	} else {
		printf("%u>%u ", s->sport, s->dport);
	}
	print_flags(s->flags);
	printf(" %d:%d(%u)", (int32_t)(s->seq - seq0), (int32_t)(s->seq - seq0 + s->len), s->len);
	if (s->flags & TF_ACK)
		printf(" ack %d", (int32_t)(s->ack - ack0));
	printf(" win %u", s->wnd);
	print_opts(&s->o, ack0);
	if (s->urg != 0)
		printf(" urg %u", s->urg);
}

static void print_stamp(const struct world *w)
{
	printf("%11.6f ", (double)w->now_us / US_PER_S);
}

void trace_frame(struct world *w, const char *where, const uint8_t *b, uint32_t len)
{
	struct seg s = { 0 };
	const char *why = "";

	if (!w->trace)
		return;
	print_stamp(w);
	printf("%-7s ", where);
	switch (seg_parse(b, len, &s, &why)) {
	case SEG_TCP:
		print_tcp(w, &s);
		break;
	case SEG_ICMP:
		printf("ICMP, %u bytes", len);
		break;
	case SEG_OTHER:
		printf("not TCP, %u bytes", len);
		break;
	case SEG_BAD:
		printf("malformed (%s), %u bytes", why, len);
		break;
	}
	printf("\n");
}

void trace_note(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (!w->trace)
		return;
	print_stamp(w);
	printf("        ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}
