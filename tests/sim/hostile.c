/* SPDX-License-Identifier: Apache-2.0
 * What an endpoint does that means harm, on top of its ordinary TCP: lies in its ACKs, and segments
 * that no honest sender would send (Ptacek-Newsham, Geneva, SymTCP in the small). */
#include "tests/sim/ep_priv.h"
#include "tests/sim/oracle.h"

#include <string.h>

enum { SHOTS_MAX = 300, BYTES_MAX = 3000 };

void hostile_start(struct ep *e)
{
	if (e->cf->hostile != 0)
		ep_arm(e, TIMER_HOSTILE, rng_range(&e->rng, 10, 5000));
}

static bool does(const struct ep *e, enum hostile h)
{
	return (e->cf->hostile & (uint32_t)h) != 0;
}

/* A number somewhere about <at>. */
static uint64_t about(struct ep *e, uint64_t at, uint32_t spread)
{
	return at + rng_below(&e->rng, spread) - spread / 2;
}

/* --- lies about what was received --- */

static void twist_sack(struct ep *e, struct seg *s)
{
	s->o.n_sack = (uint8_t)rng_range(&e->rng, 0, e->ts_on ? 3 : 4);
	for (uint8_t i = 0; i < s->o.n_sack; i++) {
		s->o.sack[i][0] = (uint32_t)about(e, e->rcv_nxt, 40000);
		s->o.sack[i][1] = rng_one_in(&e->rng, 4)
				? (uint32_t)about(e, e->rcv_nxt, 40000)
				: s->o.sack[i][0] + rng_below(&e->rng, 9000);
	}
}

static void twist_divide(struct ep *e, const struct seg *s)
{
	struct seg part = *s;
	const uint32_t back = rng_below(&e->rng, 3000);

	for (uint32_t k = 0; k < 6; k++) {
		part.ack = s->ack - back + back * k / 6;
		ep_emit(e, &part);
	}
}

void hostile_twist(struct ep *e, struct seg *s)
{
	if (does(e, HOSTILE_OPT_ACK) && rng_one_in(&e->rng, 2))
		s->ack += rng_below(&e->rng, 20000);
	if (does(e, HOSTILE_SACK_JUNK) && e->sack_on)
		twist_sack(e, s);
	if (does(e, HOSTILE_SHRINK))
		s->wnd = (uint16_t)rng_below(&e->rng, s->wnd + 1u);
	if (does(e, HOSTILE_ACK_DIV))
		twist_divide(e, s);
}

void hostile_after_input(struct ep *e, const struct seg *s)
{
	(void)s;
	if (does(e, HOSTILE_RENEGE) && rng_one_in(&e->rng, 3))
		ranges_clear(&e->ooo);
}

/* --- segments that should not be --- */

/* <n> bytes that are not the stream's. */
static struct wframe *shot_data(struct ep *e, uint8_t flags, uint64_t seq, uint32_t n)
{
	static uint8_t junk[BYTES_MAX];
	struct seg s;

	ep_fill(e, &s, flags, seq);
	s.o.n_sack = 0;
	oracle_fill(rng_next(&e->rng), 0, junk, n);
	s.payload = junk;
	s.len = n < e->mss ? n : e->mss;
	return seg_build(&s, e->cf->pad);
}

static void shoot(struct ep *e, struct wframe *f)
{
	link_send(e->w, e->side == SIDE_AGENT ? HOP_A2R : HOP_P2R, f);
}

static void shoot_overlap(struct ep *e)
{
	const uint64_t at = rng_below(&e->rng, 2) ? about(e, e->una, 4000) : about(e, e->nxt, 8000);

	shoot(e, shot_data(e, TF_ACK, at, rng_range(&e->rng, 1, BYTES_MAX)));
}

static void shoot_spray(struct ep *e)
{
	static const uint8_t flags[] = { TF_SYN, TF_FIN | TF_ACK, TF_RST, TF_RST | TF_ACK,
		TF_SYN | TF_FIN, TF_SYN | TF_ACK, TF_SYN | TF_RST, TF_FIN, TF_ACK, 0xff, 0 };
	struct seg s;
	uint64_t seq = about(e, e->nxt, 60000);

	if (rng_one_in(&e->rng, 8))
		seq = e->nxt;
	else if (rng_one_in(&e->rng, 4))
		seq = rng_next(&e->rng);
	ep_fill(e, &s, TF_ACK, seq);
	s.flags = flags[rng_below(&e->rng, sizeof(flags))];
	s.o = (struct seg_opts){ 0 };
	if (rng_one_in(&e->rng, 3))
		s.ack = (uint32_t)about(e, e->rcv_nxt, 100000);
	shoot(e, seg_build(&s, e->cf->pad));
}

static void shoot_beyond_fin(struct ep *e)
{
	const bool fin = rng_one_in(&e->rng, 3);

	if (e->shut)
		shoot(e,
				shot_data(e, fin ? TF_ACK | TF_FIN : TF_ACK,
						about(e, e->end + 1, 400),
						rng_range(&e->rng, 0, 300)));
}

static void spoil(struct ep *e, struct wframe *f)
{
	const uint32_t l3 = seg_l3_off(f->bytes, f->len), l4 = seg_l4_off(f->bytes, f->len);
	const bool v6 = e->id.ip.ver == 6;
	uint8_t *t = f->bytes + l4;

	switch (rng_below(&e->rng, 9)) {
	case 0: /* TCP checksum */
		t[16] ^= (uint8_t)rng_range(&e->rng, 1, 255);
		break;
	case 1: /* IPv4 checksum; in IPv6 the next header */
		f->bytes[l3 + (v6 ? 6 : 10)] ^= 0x10;
		break;
	case 2: /* header shorter than a header */
		t[12] = (uint8_t)(rng_below(&e->rng, 5) << 4);
		seg_mend(f);
		break;
	case 3: /* header longer than the segment */
		t[12] = 0xf0;
		seg_mend(f);
		break;
	case 4: /* no ACK, or nothing at all */
		t[13] = rng_below(&e->rng, 2) ? 0 : TF_PSH;
		seg_mend(f);
		break;
	case 5: /* dies before it arrives, if nobody helps it */
		f->bytes[l3 + (v6 ? 7 : 8)] = 1;
		seg_mend(f);
		break;
	case 6: /* the IP length says more than there is */
		f->bytes[l3 + (v6 ? 4 : 2)] ^= 0x08;
		seg_mend(f);
		break;
	case 7: /* fragment bits */
		f->bytes[l3 + 6] |= 0x20;
		seg_mend(f);
		break;
	default: /* cut off */
		f->len = rng_range(&e->rng, 14, f->len);
		break;
	}
}

static void shoot_bad(struct ep *e)
{
	struct wframe *f = shot_data(e, TF_ACK | TF_PSH, e->nxt, rng_range(&e->rng, 1, 600));

	spoil(e, f);
	shoot(e, f);
}

static void shoot_urgent(struct ep *e)
{
	struct wframe *f = shot_data(e, TF_ACK | TF_URG, e->nxt, rng_range(&e->rng, 1, 50));
	uint8_t *t = f->bytes + seg_l4_off(f->bytes, f->len);

	t[19] = (uint8_t)rng_below(&e->rng, 60);
	seg_mend(f);
	shoot(e, f);
}

static const struct {
	enum hostile kind;
	void (*shoot)(struct ep *e);
} arms[] = {
	{ HOSTILE_OVERLAP, shoot_overlap },
	{ HOSTILE_SPRAY, shoot_spray },
	{ HOSTILE_BEYOND_FIN, shoot_beyond_fin },
	{ HOSTILE_BAD, shoot_bad },
	{ HOSTILE_URG, shoot_urgent },
};

void hostile_fired(struct ep *e)
{
	if (e->state != EP_OPEN || ++e->n_shots > SHOTS_MAX)
		return;
	for (size_t i = 0; i < sizeof(arms) / sizeof(arms[0]); i++)
		if (does(e, arms[i].kind) && rng_below(&e->rng, 3) != 0)
			arms[i].shoot(e);
	ep_arm(e, TIMER_HOSTILE, rng_size(&e->rng, 5, 20000));
}
