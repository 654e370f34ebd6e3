/* SPDX-License-Identifier: Apache-2.0
 * Rows through the PostgreSQL codec: framed alone, framed and tracked, and with every value visited.
 * Bytes of the wire a second on one core, median and least of nine rounds (far apart: the machine was
 * busy). The rows lie in 256 KiB, about what is on its way at once; figures are printed, not asserted. */
#include "parsers/pg/pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ROUNDS = 9,
	PASSES = 400, /* over the rows, each round */
	BYTES = 256 << 10,
	COLUMNS = 6,
};

static uint8_t bytes[BYTES];
static size_t n_bytes, n_rows;
static struct pg_session *session;
static uint8_t put[2][PG_PLAN_BYTES];

static void *take(void *ctx, size_t n)
{
	(void)ctx;
	return malloc(n);
}

static void give(void *ctx, void *block, size_t n)
{
	(void)ctx;
	(void)n;
	free(block);
}

static const struct alloc heap = { take, give, NULL };

/* As many whole rows as fit, of <len> bytes each, in COLUMNS values. */
static void make_rows(size_t len)
{
	const size_t n_value = (len - 7) / COLUMNS - 4;

	n_bytes = n_rows = 0;
	while (n_bytes + len <= BYTES) {
		struct outbuf o = ob_of(bytes + n_bytes, BYTES - n_bytes);

		ob_u8(&o, 'D');
		ob_be32(&o, (uint32_t)(6 + COLUMNS * (4 + n_value)));
		ob_be16(&o, COLUMNS);
		for (int i = 0; i < COLUMNS; i++) {
			ob_be32(&o, (uint32_t)n_value);
			memset(ob_room(&o, n_value), 'a' + i, n_value);
		}
		n_bytes += o.len;
		n_rows++;
	}
}

static void settle(enum codec_dir dir, struct span in)
{
	struct codec_plan plan = { .to_server = ob_of(put[0], sizeof(put[0])),
		.to_client = ob_of(put[1], sizeof(put[1])) };
	struct codec_msg msg;
	int rc;

	if (pg_codec.decode(session, dir, in, &msg) != CODEC_MSG)
		abort();
	rc = dir == CODEC_TO_SERVER ? pg_codec.forward(session, &msg, &plan)
				    : pg_codec.answer(session, &msg, &plan);
	if (rc != 0)
		abort();
}

/* A session whose client has asked, and whose rows are described. */
static void begin(void)
{
	static const uint8_t query[] = "Q\0\0\0\6a";
	uint8_t columns[7 + COLUMNS * 20] = { 'T', 0, 0, 0, 6 + COLUMNS * 20, 0, COLUMNS };

	for (int i = 0; i < COLUMNS; i++)
		columns[7 + i * 20] = (uint8_t)('a' + i);
	pg_session_init(session, &pg_conf_default, &heap, PG_START_READY);
	settle(CODEC_TO_SERVER, (struct span){ query, 7 });
	settle(CODEC_TO_CLIENT, (struct span){ columns, sizeof(columns) });
}

static uint64_t pass(bool is_tracked, bool is_read)
{
	struct codec_plan plan = { .to_server = ob_of(put[0], sizeof(put[0])),
		.to_client = ob_of(put[1], sizeof(put[1])) };
	struct codec_msg msg;
	struct pg_value v;
	uint64_t sum = 0;

	for (size_t at = 0; at < n_bytes; at += msg.wire.len) {
		if (pg_codec.decode(session, CODEC_TO_CLIENT,
				    (struct span){ bytes + at, n_bytes - at }, &msg) != CODEC_MSG)
			abort();
		if (is_tracked && pg_codec.answer(session, &msg, &plan) != 0)
			abort();
		sum += msg.kind;
		if (is_read) {
			struct reader r = { .in = msg.body, .at = 2 };

			while (pg_next_value(&r, &v))
				sum += v.bytes.len;
		}
	}
	return sum;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t measure(const char *what, bool is_tracked, bool is_read)
{
	double spent[ROUNDS];
	uint64_t sink = 0;

	begin();
	for (int round = 0; round < ROUNDS; round++) {
		const double start = seconds();

		for (int i = 0; i < PASSES; i++)
			sink += pass(is_tracked, is_read);
		spent[round] = seconds() - start;
	}
	pg_session_done(session);
	qsort(spent, ROUNDS, sizeof(*spent), compare);
	printf("%-36s %7.2f GB/s, %6.1f ns a row, least %6.1f\n", what,
			(double)n_bytes * PASSES / spent[ROUNDS / 2] / 1e9,
			spent[ROUNDS / 2] / PASSES / (double)n_rows * 1e9,
			spent[0] / PASSES / (double)n_rows * 1e9);
	return sink;
}

int main(void)
{
	static const size_t lens[] = { 60, 120, 400, 1400, 8000 };
	uint64_t sink = 0;

	session = malloc(pg_codec.state_bytes);
	if (session == NULL)
		return EXIT_FAILURE;
	printf("%zu bytes of state a session\n", pg_codec.state_bytes);
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		make_rows(lens[i]);
		printf("rows of %zu bytes, %d columns\n", n_bytes / n_rows, COLUMNS);
		sink += measure("  framed", false, false);
		sink += measure("  framed, tracked", true, false);
		sink += measure("  framed, tracked, values visited", true, true);
	}
	free(session);
	return sink == 0; /* never: but the compiler must not know */
}
