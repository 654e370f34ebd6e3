/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/suite.h"
#include "tests/unit/support/bed.h"

struct relay *bed_relay;
struct flow *bed_flow;
static uint32_t n_sent[SIDES];

uint8_t bed_byte(enum side from, uint32_t i)
{
	return (uint8_t)(i * 131 + 77 * from);
}

void bed_begin(const struct inspector *inspector)
{
	n_sent[0] = n_sent[1] = 0;
	bed_relay = fake_new(inspector, NULL, NULL);
	bed_flow = fake_open(bed_relay, NULL, SIDE_AGENT);
}

void bed_end(void)
{
	fake_free(&bed_relay);
}

void bed_arrive(enum side from, uint32_t n)
{
	uint8_t bytes[BED_SEG_MAX];

	CU_ASSERT_FATAL(n <= sizeof(bytes));
	for (uint32_t i = 0; i < n; i++)
		bytes[i] = bed_byte(from, n_sent[from]++);
	CU_ASSERT_EQUAL(fake_arrive(bed_flow, from, bytes, n), n);
}

void bed_fin(enum side from)
{
	fake_fin(bed_flow, from);
}

void bed_rst(enum side from)
{
	fake_rst(bed_flow, from);
}

void bed_turn(void)
{
	CU_ASSERT(fake_poll(bed_relay));
}

size_t bed_take(enum side to, uint8_t *buf, size_t size)
{
	return fake_take(bed_flow, to, buf, size);
}

enum fake_end bed_seen(enum side to)
{
	return fake_seen(bed_flow, to);
}

uint64_t bed_now_us(void)
{
	return stream_now_us(bed_relay);
}

void bed_pressure(bool is_black)
{
	fake_pressure(bed_relay, is_black);
}
