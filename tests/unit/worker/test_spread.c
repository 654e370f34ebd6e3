/* SPDX-License-Identifier: Apache-2.0
 * Who owns a flow: the same worker whichever side a frame came in from and whatever quotes it, all
 * workers about equally often, and with RSS the worker whose queue the port would have chosen. */
#include "dataplane/port/port.h"
#include "dataplane/worker/spread.h"
#include "tests/unit/net/build.h"
#include "tests/unit/net/suite.h"

#include <string.h>

enum { N_WORKERS = 3, N_FLOWS = 3000 };

static const struct spread_wire wires[2] = { { .rss = false }, { .rss = true, .reta_size = 128 } };

static struct spread spread_make(uint64_t k0)
{
	return (struct spread){ .n_workers = N_WORKERS, .key = { k0, 2 }, .wires = wires };
}

/* A segment of flow <i>: the addresses' bytes, and a frame that points to them. */
static void flow_make(uint32_t i, uint8_t ip_version, uint8_t bytes[128], struct frame *f)
{
	uint16_t half = ip_version == 4 ? 4 : 16;

	memset(bytes, 0x30, 128);
	memcpy(bytes, &i, sizeof(i));
	*f = (struct frame){ .bytes = bytes,
		.kind = FRAME_TCP,
		.ip_version = ip_version,
		.src_off = 0,
		.dst_off = half,
		.sport = (uint16_t)(1024 + i * 7),
		.dport = 5432 };
}

/* The other direction. */
static void answer_make(const struct frame *q, struct frame *a)
{
	*a = *q;
	a->src_off = q->dst_off;
	a->dst_off = q->src_off;
	a->sport = q->dport;
	a->dport = q->sport;
}

static void test_directions_and_balance(void)
{
	for (int v = 0; v < 4; v++) {
		struct spread s = spread_make(77);
		uint16_t wire = (uint16_t)(v & 1);
		uint32_t count[N_WORKERS] = { 0 };

		for (uint32_t i = 0; i < N_FLOWS; i++) {
			uint8_t bytes[128];
			struct frame f, answer;
			uint16_t owner;

			flow_make(i, v & 2 ? 6 : 4, bytes, &f);
			answer_make(&f, &answer);
			owner = spread_owner(&s, &f, wire, SIDE_AGENT);
			CU_ASSERT_FATAL(owner < N_WORKERS);
			CU_ASSERT_EQUAL(spread_owner(&s, &answer, wire, SIDE_PROD), owner);
			count[owner]++;
		}
		for (int i = 0; i < N_WORKERS; i++)
			CU_ASSERT(count[i] > N_FLOWS / N_WORKERS * 4 / 5 &&
					count[i] < N_FLOWS / N_WORKERS * 6 / 5);
	}
}

/* Without the key nobody can tell which worker a flow goes to. */
static void test_keyed(void)
{
	struct spread a = spread_make(1), b = spread_make(2);
	uint32_t same = 0;

	for (uint32_t i = 0; i < N_FLOWS; i++) {
		uint8_t bytes[128];
		struct frame f;

		flow_make(i, 4, bytes, &f);
		same += spread_owner(&a, &f, 0, SIDE_AGENT) == spread_owner(&b, &f, 0, SIDE_AGENT);
	}
	CU_ASSERT(same > N_FLOWS / N_WORKERS * 4 / 5 && same < N_FLOWS / N_WORKERS * 6 / 5);
}

/* Toeplitz, written anew and bit by bit: 32 bits of key for each bit of the tuple that is set. */
static uint32_t toeplitz(const uint8_t *tuple, size_t n)
{
	uint32_t hash = 0;

	for (size_t bit = 0; bit < n * 8; bit++) {
		if ((tuple[bit / 8] & (0x80 >> bit % 8)) == 0)
			continue;
		for (size_t k = 0; k < 32; k++) {
			size_t at = bit + k;

			hash ^= (uint32_t)(port_rss_key[at / 8] >> (7 - at % 8) & 1) << (31 - k);
		}
	}
	return hash;
}

static void test_rss_as_the_port_does(void)
{
	struct spread s = spread_make(5);

	for (uint32_t i = 0; i < 200; i++) {
		uint8_t bytes[128], tuple[36];
		size_t half = i % 2 ? 4 : 16;
		struct frame f;

		flow_make(i, i % 2 ? 4 : 6, bytes, &f);
		memcpy(tuple, bytes, 2 * half);
		tuple[2 * half] = (uint8_t)(f.sport >> 8);
		tuple[2 * half + 1] = (uint8_t)f.sport;
		tuple[2 * half + 2] = (uint8_t)(f.dport >> 8);
		tuple[2 * half + 3] = (uint8_t)f.dport;
		CU_ASSERT_EQUAL(spread_owner(&s, &f, 1, SIDE_AGENT),
				toeplitz(tuple, 2 * half + 4) % 128 % N_WORKERS);
	}
}

/* An ICMP error goes where the segment that it quotes belongs. */
static void test_icmp_quote(void)
{
	static const uint8_t unreachable[2] = { 3, 4 };
	static uint8_t segment[BUILD_MAX], error[BUILD_MAX];
	struct spread s = spread_make(9);
	struct build b = build_default;
	struct frame sent, came;
	size_t len;

	b.ip_version = 4;
	b.n_tags = 0;
	len = build_frame(segment, &b);
	CU_ASSERT_EQUAL_FATAL(frame_parse(segment, (uint32_t)len, &sent), DROP_NONE);
	len = build_icmp(error, &b, unreachable, 1400, segment + sent.l2_len, 28);
	CU_ASSERT_EQUAL_FATAL(frame_parse(error, (uint32_t)len, &came), DROP_NONE);
	for (uint16_t wire = 0; wire < 2; wire++) {
		CU_ASSERT_EQUAL(spread_owner(&s, &came, wire, SIDE_PROD),
				spread_owner(&s, &sent, wire, SIDE_AGENT));
		CU_ASSERT_EQUAL(spread_owner(&s, &came, wire, SIDE_AGENT),
				spread_owner(&s, &sent, wire, SIDE_PROD));
	}
	CU_ASSERT(spread_is_rare(error, (uint32_t)len));
	came.kind = FRAME_UDP;
	CU_ASSERT_EQUAL(spread_owner(&s, &came, 0, SIDE_PROD), SPREAD_HERE);
}

static void test_rare(void)
{
	for (int v = 0; v < 6; v++) {
		static uint8_t bytes[BUILD_MAX];
		struct build b = build_default;
		size_t len;
		uint8_t *exact;

		b.ip_version = v & 1 ? 6 : 4;
		b.n_tags = (uint8_t)(v / 2);
		len = build_frame(bytes, &b);
		CU_ASSERT_FALSE(spread_is_rare(bytes, (uint32_t)len));
		b.frag_len = 32;
		b.frag_more = 1;
		len = build_frame(bytes, &b);
		CU_ASSERT(spread_is_rare(bytes, (uint32_t)len));
		b.frag_more = 0;
		b.frag_off = 32;
		len = build_frame(bytes, &b);
		CU_ASSERT(spread_is_rare(bytes, (uint32_t)len));
		for (size_t cut = 0; cut < len; cut++) { /* no byte beyond the end: ASan watches */
			exact = exact_copy(bytes, cut);
			(void)spread_is_rare(exact, (uint32_t)cut);
			free(exact);
		}
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "both directions, all workers", test_directions_and_balance },
		{ "the hash is keyed", test_keyed },
		{ "RSS as the port does it", test_rss_as_the_port_does },
		{ "ICMP errors follow their quote", test_icmp_quote },
		{ "fragments and ICMP are rare", test_rare },
	};

	return suite_run("spread", tests, sizeof(tests) / sizeof(*tests));
}
