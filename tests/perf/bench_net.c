/* SPDX-License-Identifier: Apache-2.0
 * Cycles of the functions that every segment passes: cksum_sum, cksum_tcp_verify, frame_parse,
 * tcpopt_parse, header_write. Time-stamp counter cycles a call, median and least of nine rounds
 * (far apart: the machine was busy); what is timed has its data in the first-level cache, so this
 * is a floor, not a forecast. */
#include "dataplane/net/cksum.h"
#include "dataplane/net/frame.h"
#include "dataplane/net/header.h"
#include "dataplane/net/tcpopt.h"
#include "tests/unit/net/build.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

enum {
	ROUNDS = 9,
	CALLS = 4000,
	FRAMES = 64, /* of different content, so that branches are not learned by heart */
};

struct bench {
	const char *name;
	uint64_t (*call)(size_t i, const void *arg);
	const void *arg;
	size_t n_bytes; /* for cycles a byte; 0: none */
};

static uint8_t bytes[65536 + 64];
static uint8_t frames[FRAMES][2048];
static uint32_t frame_lens[FRAMES];
static struct frame parsed[FRAMES];

static uint64_t call_sum(size_t i, const void *arg)
{
	const size_t *len = arg;

	return cksum_sum(bytes + i % 32 * 2, *len);
}

static uint64_t call_parse(size_t i, const void *arg)
{
	struct frame f;

	(void)arg;
	if (frame_parse(frames[i % FRAMES], frame_lens[i % FRAMES], &f) != DROP_NONE)
		abort();
	return f.payload_off;
}

static uint64_t call_verify(size_t i, const void *arg)
{
	uint16_t sum = 0;

	(void)arg;
	if (!cksum_tcp_verify(&parsed[i % FRAMES], &sum))
		abort();
	return sum;
}

static uint64_t call_options(size_t i, const void *arg)
{
	const struct frame *f = &parsed[i % FRAMES];
	struct tcpopt o;

	(void)arg;
	if (tcpopt_parse(f->bytes + f->l4_off + f->opt_off, f->opt_len, false, &o) != 0)
		abort();
	return o.tsval;
}

static uint64_t call_write(size_t i, const void *arg)
{
	static const uint8_t src[16] = { [10] = 0xff, 0xff, 10, 77, 0, 1 };
	static const uint8_t dst[16] = { [10] = 0xff, 0xff, 10, 77, 0, 2 };
	static const uint8_t ts[12] = { 1, 1, 8, 10 };
	const struct header_l3 *shape = arg;
	struct header_l3 l3 = *shape;
	const struct header_tcp tcp = { .sport = 40001,
		.dport = 5432,
		.seq = (uint32_t)i,
		.ack = (uint32_t)(i * 3),
		.wnd = 501,
		.flags = TCP_ACK,
		.opts = ts,
		.opt_len = shape->ttl == 12 ? 12 : 0,
		.payload_len = 1448,
		.payload_sum = (uint16_t)i };

	l3.src = src;
	l3.dst = dst;
	l3.ip_id = (uint16_t)i;
	return (uint64_t)(header_write(bytes + 256 + i % 8 * 64, &l3, &tcp) - bytes);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double measure(const struct bench *b, uint64_t *sink, double *ret_least)
{
	double cycles[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = __rdtsc(), sum = 0;

		for (size_t i = 0; i < CALLS; i++)
			sum += b->call(i, b->arg);
		cycles[round] = (double)(__rdtsc() - start) / CALLS;
		*sink += sum;
	}
	qsort(cycles, ROUNDS, sizeof(*cycles), compare);
	*ret_least = cycles[0];
	return cycles[ROUNDS / 2];
}

/* 64 segments that differ in all but their shape. */
static void make_frames(uint8_t ip_version, size_t payload_len, size_t opt_len)
{
	static const uint8_t ts[12] = { 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 };

	for (size_t i = 0; i < FRAMES; i++) {
		struct build b = build_default;

		b.ip_version = ip_version;
		b.payload_len = payload_len;
		b.opts = ts;
		b.opt_len = opt_len;
		b.seed = i + 1;
		frame_lens[i] = (uint32_t)build_frame(frames[i], &b);
		if (frame_parse(frames[i], frame_lens[i], &parsed[i]) != DROP_NONE)
			abort();
	}
}

static void report(const struct bench *b, size_t n, uint64_t *sink)
{
	for (size_t i = 0; i < n; i++) {
		double least;
		const double cycles = measure(&b[i], sink, &least);

		printf("%-30s %8.1f cycles, least %8.1f", b[i].name, cycles, least);
		if (b[i].n_bytes > 0)
			printf(", %6.3f a byte", cycles / (double)b[i].n_bytes);
		printf("\n");
	}
}

int main(void)
{
	static const size_t lens[] = { 20, 64, 512, 1460, 8960 };
	static const struct header_l3 v4 = { .l2_len = 14, .ip_version = 4, .ttl = 64, .df = true };
	static const struct header_l3 v4_ts = { .l2_len = 18, .ip_version = 4, .ttl = 12 };
	static const struct header_l3 v6 = { .l2_len = 14, .ip_version = 6, .ttl = 64 };
	static const struct bench sums[] = {
		{ "cksum_sum 20 B", call_sum, &lens[0], 20 },
		{ "cksum_sum 64 B", call_sum, &lens[1], 64 },
		{ "cksum_sum 512 B", call_sum, &lens[2], 512 },
		{ "cksum_sum 1460 B", call_sum, &lens[3], 1460 },
		{ "cksum_sum 8960 B", call_sum, &lens[4], 8960 },
		{ "header_write IPv4", call_write, &v4, 0 },
		{ "header_write IPv4, VLAN, TS", call_write, &v4_ts, 0 },
		{ "header_write IPv6", call_write, &v6, 0 },
	};
	static const struct bench v4_frames[] = {
		{ "frame_parse IPv4", call_parse, NULL, 0 },
		{ "cksum_tcp_verify IPv4, 0 B", call_verify, NULL, 0 },
		{ "tcpopt_parse, TS", call_options, NULL, 0 },
	};
	static const struct bench v6_frames[] = {
		{ "frame_parse IPv6", call_parse, NULL, 0 },
		{ "cksum_tcp_verify IPv6, 1440 B", call_verify, NULL, 1440 },
	};
	uint64_t sink = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 >> 3);
	report(sums, sizeof(sums) / sizeof(*sums), &sink);
	make_frames(4, 0, 12);
	report(v4_frames, sizeof(v4_frames) / sizeof(*v4_frames), &sink);
	make_frames(6, 1440, 0);
	report(v6_frames, sizeof(v6_frames) / sizeof(*v6_frames), &sink);
	return sink == 0; /* never: but the compiler must not know */
}
