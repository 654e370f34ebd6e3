/* SPDX-License-Identifier: Apache-2.0
 * What a masked value costs: nanoseconds a call of mask_value(), median and least of nine rounds,
 * on values that are warm in the first-level cache. Beside it, what copying the value costs. */
#include "ruleset/mask/mask.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 9, CALLS = 20000, ROOM = 1 << 16 };

struct row {
	const char *what;
	struct mask mask;
	uint32_t oid;
	uint16_t format;
	const char *value, *path;
	size_t len; /* 0: of the string */
};

#define LAST_4                                                                                     \
	{                                                                                          \
		.kind = MASK_KEEP_LAST, .keep = 4                                                  \
	}
#define REDACT                                                                                     \
	{                                                                                          \
		.kind = MASK_REDACT                                                                \
	}
#define PSEUDONYM                                                                                  \
	{                                                                                          \
		.kind = MASK_PSEUDONYM                                                             \
	}
#define NOISE                                                                                      \
	{                                                                                          \
		.kind = MASK_NOISE, .ratio = 0.1                                                   \
	}
#define YEAR                                                                                       \
	{                                                                                          \
		.kind = MASK_DATE_TO_YEAR                                                          \
	}

#define DOCUMENT                                                                                   \
	"{\"id\": 7, \"person\": {\"name\": \"Jane Roe\", \"ssn\": \"123-45-6789\"}, \"tags\": "   \
	"[\"a\", \"b\", \"c\"], \"note\": \"some words of no interest, but of some length\"}"

static const struct row rows[] = {
	{ "text: redact", REDACT, 25, 0, "123-45-6789", NULL, 0 },
	{ "text: keep_last 4", LAST_4, 25, 0, "123-45-6789", NULL, 0 },
	{ "text: pseudonym of digits", PSEUDONYM, 25, 0, "4111 1111 1111 1111", NULL, 0 },
	{ "text: pseudonym of an e-mail address", PSEUDONYM, 25, 0, "jane.roe@corp.org", NULL, 0 },
	{ "text: pseudonym of a word", PSEUDONYM, 25, 0, "Jane Roe", NULL, 0 },
	{ "int4, binary: pseudonym, 6 digits", PSEUDONYM, 23, 1, "\0\x01\xe2\x40", NULL, 4 },
	{ "int4, binary: pseudonym, 10 digits", PSEUDONYM, 23, 1, "\x59\x68\x2f\x00", NULL, 4 },
	{ "int4: noise", NOISE, 23, 0, "123456", NULL, 0 },
	{ "numeric: noise", NOISE, 1700, 0, "123456.78", NULL, 0 },
	{ "numeric, binary: noise", NOISE, 1700, 1, "\0\3\0\1\0\0\0\2\0\x0c\x0d\x80\x1e\x78", NULL,
			14 },
	{ "date: date_to_year", YEAR, 1082, 0, "1984-05-17", NULL, 0 },
	{ "timestamptz, binary: date_to_year", YEAR, 1184, 1, "\0\1\2\3\4\5\6\7", NULL, 8 },
	{ "text[] of 3: keep_last 4", LAST_4, 1009, 0, "{Jane Roe,\"John Doe\",NULL}", NULL, 0 },
	{ "jsonb: $.person.ssn keep_last 4", LAST_4, 3802, 0, DOCUMENT, "$.person.ssn", 0 },
};

static struct mask_key key;
static struct masker masker;
static uint8_t scratch[ROOM], out[ROOM];

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Once; bytes written. */
static size_t call(const struct row *row, const struct mask_input *in, bool is_copy)
{
	struct outbuf o = ob_of(out, sizeof(out));

	if (is_copy)
		ob_put(&o, in->bytes.ptr, in->bytes.len);
	else if (mask_value(&masker, &row->mask, in, &o) < 0)
		abort();
	return o.len;
}

static double measure(
		const struct row *row, const struct mask_input *in, bool is_copy, double *ret_least)
{
	double ns[ROUNDS];
	size_t sink = 0;

	for (int round = 0; round < ROUNDS; round++) {
		const uint64_t start = now_ns();

		for (int i = 0; i < CALLS; i++)
			sink += call(row, in, is_copy);
		ns[round] = (double)(now_ns() - start) / CALLS;
	}
	if (sink == 0)
		abort();
	qsort(ns, ROUNDS, sizeof(*ns), compare);
	*ret_least = ns[0];
	return ns[ROUNDS / 2];
}

static void report(const struct row *row)
{
	struct mask_input in = { .type = row->oid, .format = row->format, .part = MASK_WHOLE };
	struct mask_path path;
	double least, median, copy;

	in.bytes = (struct span){ (const uint8_t *)row->value,
		row->len > 0 ? row->len : strlen(row->value) };
	if (row->path != NULL) {
		if (mask_path_read((struct span){ (const uint8_t *)row->path, strlen(row->path) },
				    &path) != 0)
			abort();
		in.path = &path;
	}
	copy = measure(row, &in, true, &least);
	median = measure(row, &in, false, &least);
	printf("| %s | %zu | %.0f | %.0f | %.0f |\n", row->what, in.bytes.len, median, least, copy);
}

int main(void)
{
	static const uint8_t secret[32] = { 1 };

	masker = (struct masker){ &key, mask_crypto_new(), NULL, ob_of(scratch, sizeof(scratch)) };
	if (masker.crypto == NULL ||
			mask_key_init(&key, (struct span){ secret, sizeof(secret) }) != 0)
		return EXIT_FAILURE;
	printf("| ns a value | bytes | median | least | copied |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		report(&rows[i]);
	mask_crypto_free(&masker.crypto);
	return EXIT_SUCCESS;
}
