/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/suite.h"
#include "tests/unit/support/bed.h"
#include "tests/unit/tcp/engine.h"

#include <string.h>

enum { SETTLE_MS = 4 };

/* An end of the connection. */
struct end {
	uint32_t n_sent, n_got; /* bytes */
	uint32_t n_frames;      /* of those towards it that were looked at */
	bool has_fin, has_sent_fin, has_rst;
};

struct relay *bed_relay;
struct flow *bed_flow;
static struct engine e;
static struct end ends[SIDES];

uint8_t bed_byte(enum side from, uint32_t i)
{
	return (uint8_t)((e.isn[from] + 1 + i) * 131 >> 3);
}

void bed_begin(const struct inspector *inspector)
{
	memset(ends, 0, sizeof(ends));
	engine_init(&e);
	e.policy.inspector = inspector;
	engine_start(&e);
	engine_connect(&e);
	bed_relay = e.r;
	bed_flow = engine_flow(&e);
	CU_ASSERT_PTR_NOT_NULL_FATAL(bed_flow);
}

void bed_end(void)
{
	engine_stop(&e);
}

static void say(enum side from, uint8_t flags, uint32_t len)
{
	const struct end *x = &ends[from];

	engine_in(&e, from, flags | TCP_ACK, 1 + x->n_sent + x->has_sent_fin,
			1 + x->n_got + x->has_fin, len);
}

void bed_turn(void)
{
	engine_wait(&e, SETTLE_MS);
}

void bed_arrive(enum side from, uint32_t n)
{
	CU_ASSERT_FATAL(n <= BED_SEG_MAX);
	say(from, TCP_PSH, n);
	ends[from].n_sent += n;
	bed_turn();
}

/* The far ends acknowledge what they have, so that the engine knows its FIN to have come. */
static void acknowledge(void)
{
	uint8_t none[1];

	for (int s = 0; s < SIDES; s++)
		(void)bed_take((enum side)s, none, 0);
}

void bed_fin(enum side from)
{
	say(from, TCP_FIN, 0);
	ends[from].has_sent_fin = true;
	bed_turn();
	acknowledge();
}

void bed_rst(enum side from)
{
	say(from, TCP_RST, 0);
	bed_turn();
}

/* One frame towards <to>: its bytes if they are the next ones. */
static size_t frame_take(enum side to, const struct engine_sent *s, uint8_t *buf, size_t size)
{
	struct end *x = &ends[to];
	const uint32_t off = s->seq - e.isn[side_other(to)] - 1;
	const size_t len = s->len;

	x->has_rst |= (s->flags & TCP_RST) != 0;
	if (off != x->n_got || x->has_fin)
		return 0;
	if (len > size)
		return SIZE_MAX;
	CU_ASSERT_FATAL(len <= sizeof(s->bytes));
	memcpy(buf, s->bytes, len);
	x->n_got += s->len;
	x->has_fin = (s->flags & TCP_FIN) != 0;
	return len;
}

size_t bed_take(enum side to, uint8_t *buf, size_t size)
{
	struct end *x = &ends[to];
	size_t n = 0;
	bool is_new = true;

	while (is_new) {
		is_new = false;
		for (; x->n_frames < e.n_sent[to]; x->n_frames++) {
			const size_t k = frame_take(to, &e.sent[to][x->n_frames % ENGINE_SENT_MAX],
					buf + n, size - n);

			if (k == SIZE_MAX)
				return n;
			is_new |= k > 0;
			n += k;
		}
		if (!x->has_rst)
			say(to, 0, 0);
		bed_turn();
	}
	return n;
}

enum fake_end bed_seen(enum side to)
{
	uint8_t none[1];

	(void)bed_take(to, none, 0);
	if (ends[to].has_rst)
		return FAKE_RST;
	return ends[to].has_fin ? FAKE_FIN : FAKE_OPEN;
}

uint64_t bed_now_us(void)
{
	return e.now_us;
}

void bed_pressure(bool is_black)
{
	static uint32_t level;

	if (is_black) {
		level = bed_relay->level_segs[PRESSURE_BLACK - 1];
		memset(bed_relay->level_segs, 0, sizeof(bed_relay->level_segs));
	} else {
		for (int l = 0; l < PRESSURE_BLACK; l++)
			bed_relay->level_segs[l] = level;
	}
	pressure_update(bed_relay);
}
