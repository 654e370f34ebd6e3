/* SPDX-License-Identifier: Apache-2.0
 * Content detection: byte 0 chooses sizes (2 bits) and the longest piece of a stream (6 bits), the
 * rest are fields between bytes 0xfe. What is found in the row, and in each field as a stream, is what
 * the oracle finds by scanning each field and each pattern alone. */
#include "parsers/base/must.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/scan/oracle.h"
#include "tests/unit/scan/patterns.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIELDS_MAX = 64,
	N_SIZES = 4,
	SPLIT = 0xfe,
	N_PATTERNS = sizeof(hard_patterns) / sizeof(hard_patterns[0]),
};

static const struct scan_sizes sizes[N_SIZES] = {
	{ .block_bytes = 1 << 15, .reach_bytes = 1 << 13, .fields = 4096 },
	{ .block_bytes = 168, .reach_bytes = 52, .fields = 3 },
	{ .block_bytes = 301, .reach_bytes = 60, .fields = 1 },
	{ .block_bytes = 512, .reach_bytes = 128, .fields = 7 },
};

static struct scanner *scanners[N_SIZES];
static struct scan_stream *streams[N_SIZES];
static struct oracle *oracle;
static struct found_list want, got;

static void set_up(void)
{
	static struct scan_db *db; /* kept: LeakSanitizer sees it from here */
	struct scan_error e;

	if (oracle != NULL)
		return;
	must(scan_db_new(hard_patterns, N_PATTERNS, &db, &e) == 0);
	for (int i = 0; i < N_SIZES; i++) {
		must(scanner_new(db, &sizes[i], &scanners[i]) == 0);
		must(scan_stream_new(&sizes[i], &streams[i]) == 0);
	}
	oracle = oracle_new(hard_patterns, N_PATTERNS);
}

/* A match longer than the reach may be cut at a seam: not for the oracle. */
static bool is_within(uint32_t reach_bytes)
{
	for (uint32_t i = 0; i < want.n; i++) {
		if (want.v[i].to - want.v[i].from > reach_bytes)
			return false;
	}
	return true;
}

static void check_stream(int size, struct span field, size_t most)
{
	struct scan_sink sink = found_sink(&got);
	uint64_t clear = 0;

	want.n = 0;
	oracle_scan(oracle, field, 5, &want);
	if (!is_within(sizes[size].reach_bytes))
		return;
	scan_stream_begin(streams[size], scanners[size], 5);
	for (size_t at = 0; at < field.len; at += most) {
		const size_t n = field.len - at < most ? field.len - at : most;
		const uint32_t before = got.n;

		must(scan_stream_feed(streams[size], (struct span){ field.ptr + at, n },
				     at + n == field.len, &sink) == 0);
		must(got.n == before || got.v[before].from >= clear);
		clear = scan_stream_clear(streams[size]);
	}
	must(found_is_same(&want, &got));
}

static void check_row(int size, const struct span *fields, uint32_t n)
{
	struct scan_sink sink = found_sink(&got);

	want.n = 0;
	for (uint32_t i = 0; i < n; i++)
		oracle_scan(oracle, fields[i], i, &want);
	if (!is_within(sizes[size].reach_bytes))
		return;
	must(scan_fields(scanners[size], fields, n, &sink) == 0);
	must(found_is_same(&want, &got));
}

/* What was found in the field is there; and where something is, something was found. */
static void check_which(int size, struct span field)
{
	uint64_t bits[(N_PATTERNS + 63) / 64] = { 0 }, any = 0;

	want.n = 0;
	oracle_scan(oracle, field, 0, &want);
	if (!is_within(sizes[size].reach_bytes))
		return;
	must(scan_which(scanners[size], field, bits) == 0);
	for (uint32_t i = 0; i < want.n; i++)
		must((bits[want.v[i].pattern / 64] >> want.v[i].pattern % 64 & 1) != 0);
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		any |= bits[i];
	must((any != 0) == (want.n > 0));
}

/* Each field in a block of its own size. */
static uint32_t split(const uint8_t *data, size_t size, struct span *ret)
{
	uint32_t n = 0;

	while (n < FIELDS_MAX) {
		const uint8_t *end = size > 0 ? memchr(data, SPLIT, size) : NULL;
		const size_t len = end == NULL ? size : (size_t)(end - data);
		uint8_t *bytes = malloc(len > 0 ? len : 1);

		must(bytes != NULL);
		if (len > 0)
			memcpy(bytes, data, len);
		ret[n++] = (struct span){ bytes, len };
		if (end == NULL)
			break;
		data += len + 1;
		size -= len + 1;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span fields[FIELDS_MAX];
	uint32_t n;

	if (size < 1)
		return 0;
	set_up();
	n = split(data + 1, size - 1, fields);
	check_row(data[0] % N_SIZES, fields, n);
	for (uint32_t i = 0; i < n && i < 4; i++)
		check_stream(data[0] % N_SIZES, fields[i], 1 + (data[0] >> 2) * 5U);
	for (uint32_t i = 0; i < n && i < 4; i++)
		check_which(data[0] % N_SIZES, fields[i]);
	for (uint32_t i = 0; i < n; i++)
		free((void *)(uintptr_t)fields[i].ptr);
	return 0;
}
