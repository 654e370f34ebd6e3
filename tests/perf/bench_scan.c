/* SPDX-License-Identifier: Apache-2.0
 * bench_scan FLAT: content detection with the packs, beside plain Hyperscan, in one process on one core.
 * FLAT is packs.flat of tests/packs. Rounds take turns; a ratio is made in each round, and its
 * median is printed with the least and the most. Time is that of the thread, so that others on the
 * machine disturb less.
 *
 * raw:   hs_scan() over the texts that ours gathers, with the same databases, ends only.
 * naive: one hs_scan() over all fields of all columns, all patterns, with start of match.
 * ours:  scan_fields() over the columns that hold text, as a caller that knows their types does. */
#include "parsers/base/must.h"
#include "ruleset/scan/scan_priv.h"
#include "tests/packs/pack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ROUNDS = 9,
	ROWS = 12000,
	COLUMNS = 7,
	FIRST_TEXT = 4, /* columns from here on are text */
	BODIES = 800,
	ROOM = 1 << 23,
};

struct data {
	struct span *all, *text; /* owned: fields of all columns; those worth scanning */
	uint32_t n_all, n_text;
	size_t all_bytes, text_bytes, hit_bytes;
};

struct bench {
	struct pack pack;
	struct scan_db *db;
	struct scanner *scanner;
	hs_database_t *naive;
	hs_scratch_t *scratch;
	uint8_t *gathered; /* owned: all fields with separators, for naive */
	size_t gathered_len;
	uint64_t found;
};

static uint8_t room[ROOM];
static size_t used;
static uint64_t seed = 7;

static uint64_t draw(uint64_t below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dULL % below;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

__attribute__((format(printf, 1, 2))) static struct span put(const char *format, ...)
{
	va_list args;
	int n;
	struct span s = { room + used, 0 };

	va_start(args, format);
	n = vsnprintf((char *)room + used, ROOM - used, format, args);
	va_end(args);
	must(n >= 0 && (size_t)n < ROOM - used);
	s.len = (size_t)n;
	used += s.len;
	return s;
}

static const char *word(void)
{
	static const char *const words[] = { "order", "shipped", "late", "Miller", "garden", "blue",
		"Springfield", "customer", "asked", "about", "the", "invoice", "Anna", "return",
		"thanks", "battery", "delivery", "street", "north", "pending", "review", "box" };

	return words[draw(N_OF(words))];
}

/* A value that packs detect. */
static struct span put_hit(void)
{
	switch (draw(4)) {
	case 0:
		return put("%s.%s@example.com", word(), word());
	case 1:
		return put("4111 1111 1111 1111");
	case 2:
		return put("ssn 1%02d-%02d-%04d", (int)draw(100), 1 + (int)draw(99),
				1 + (int)draw(9999));
	default:
		return put("+1415555%04d", (int)draw(10000));
	}
}

static struct span put_text(size_t words)
{
	struct span s = { room + used, 0 };

	for (size_t i = 0; i < words; i++)
		s.len += put(i == 0 ? "%s" : " %s", word()).len;
	return s;
}

static struct span put_column(int column)
{
	switch (column) {
	case 0:
		return put("%d", (int)draw(10000000));
	case 1:
		return put("2024-%02d-%02d %02d:%02d:%02d.%06d", 1 + (int)draw(12),
				1 + (int)draw(28), (int)draw(24), (int)draw(60), (int)draw(60),
				(int)draw(1000000));
	case 2:
		return put("%d.%02d", (int)draw(100000), (int)draw(100));
	case 3:
		return put("%08x-%04x-4%03x-8%03x-%012lx", (unsigned int)draw(1ULL << 32),
				(unsigned int)draw(65536), (unsigned int)draw(4096),
				(unsigned int)draw(4096), (unsigned long)draw(1ULL << 48));
	case 4:
		return put_text(2);
	case 5:
		return put("%d %s street, %s", 1 + (int)draw(200), word(), word());
	default:
		return put_text(5);
	}
}

static void push(struct data *d, struct span field, bool is_text)
{
	d->all[d->n_all++] = field;
	d->all_bytes += field.len;
	if (!is_text)
		return;
	d->text[d->n_text++] = field;
	d->text_bytes += field.len;
}

static void data_init(struct data *d, uint32_t max)
{
	*d = (struct data){ .all = calloc(max, sizeof(struct span)),
		.text = calloc(max, sizeof(struct span)) };
	must(d->all != NULL && d->text != NULL);
	used = 0;
}

/* Rows in which <share> of all bytes is sensitive. */
static void make_rows(struct data *d, double share)
{
	data_init(d, ROWS * COLUMNS);
	for (int row = 0; row < ROWS; row++) {
		for (int c = 0; c < COLUMNS; c++) {
			if (c == FIRST_TEXT &&
					(double)d->hit_bytes < share * (double)d->all_bytes) {
				const struct span hit = put_hit();

				d->hit_bytes += hit.len;
				push(d, hit, true);
				continue;
			}
			push(d, put_column(c), c >= FIRST_TEXT);
		}
	}
}

/* JSON of about two kilobytes; a third of them with one sensitive value. */
static void make_bodies(struct data *d)
{
	data_init(d, BODIES);
	for (int i = 0; i < BODIES; i++) {
		struct span s = put("{\"id\":%d,\"items\":[", (int)draw(1000000));

		while (s.len < 1900) {
			s.len += put("{\"sku\":\"%s-%d\",\"qty\":%d,\"note\":\"", word(),
					(int)draw(999), (int)draw(9))
						 .len;
			s.len += put_text(6).len;
			s.len += put("\",\"at\":\"2024-05-%02dT10:%02d:00Z\"},", 1 + (int)draw(28),
					(int)draw(60))
						 .len;
			if (i % 3 != 0 || d->hit_bytes * 300 > d->all_bytes + s.len)
				continue;
			s.len += put("{\"contact\":\"").len;
			d->hit_bytes += put_hit().len;
			s.len = (size_t)(room + used - s.ptr);
			s.len += put("\"},").len;
		}
		s.len += put("{}]}").len;
		push(d, s, true);
	}
}

static void data_done(struct data *d)
{
	free(d->all);
	free(d->text);
}

static int on_naive(unsigned int id, unsigned long long from, unsigned long long to,
		unsigned int flags, void *ctx)
{
	(void)id;
	(void)flags;
	*(uint64_t *)ctx += to - from;
	return 0;
}

static void on_found(void *ctx, const struct scan_found *found)
{
	*(uint64_t *)ctx += found->to - found->from;
}

/* Gathers once, outside the measured time. */
static void gather_naive(struct bench *b, const struct data *d)
{
	free(b->gathered);
	b->gathered = malloc(d->all_bytes + d->n_all);
	must(b->gathered != NULL);
	b->gathered_len = 0;
	for (uint32_t i = 0; i < d->n_all; i++) {
		memcpy(b->gathered + b->gathered_len, d->all[i].ptr, d->all[i].len);
		b->gathered_len += d->all[i].len;
		b->gathered[b->gathered_len++] = '\n';
	}
}

static double time_naive(struct bench *b)
{
	const double start = now_s();

	for (size_t at = 0; at < b->gathered_len; at += 32768) {
		const size_t n = b->gathered_len - at < 32768 ? b->gathered_len - at : 32768;

		must(hs_scan(b->naive, (const char *)b->gathered + at, (unsigned int)n, 0,
				     b->scratch, on_naive, &b->found) == HS_SUCCESS);
	}
	return now_s() - start;
}

static double time_ours(struct bench *b, const struct data *d)
{
	const struct scan_sink sink = { on_found, &b->found };
	const double start = now_s();

	must(scan_fields(b->scanner, d->text, d->n_text, &sink) == 0);
	return now_s() - start;
}

static double time_text(struct bench *b, const struct scan_text *text)
{
	const double start = now_s();

	if (text->len > 0)
		must(hs_scan(text->first->hs, (const char *)text->buf, text->len, 0, b->scratch,
				     on_naive, &b->found) == HS_SUCCESS);
	return now_s() - start;
}

/* Only the calls of hs_scan() are timed. */
static double time_raw(struct bench *b, const struct data *d)
{
	struct scanner *s = b->scanner;
	double sum = 0;

	for (uint32_t at = 0; at < d->n_text;) {
		at += scan_gather(s, d->text + at, d->n_text - at, s->sizes.fields);
		sum += time_text(b, &s->all) + time_text(b, &s->plain);
	}
	return sum;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double print_ratio(const char *what, double *v, const char *asked)
{
	qsort(v, ROUNDS, sizeof(*v), by_value);
	printf("| %s | %.2f [%.2f, %.2f] | %s |\n", what, v[ROUNDS / 2], v[0], v[ROUNDS - 1],
			asked);
	return v[ROUNDS / 2];
}

struct times {
	double raw[ROUNDS], naive[ROUNDS], ours[ROUNDS];
};

static void measure(struct bench *b, const struct data *d, struct times *t)
{
	gather_naive(b, d);
	time_ours(b, d);
	for (int i = 0; i < ROUNDS; i++) {
		t->ours[i] = time_ours(b, d);
		t->naive[i] = time_naive(b);
		t->raw[i] = time_raw(b, d);
	}
}

static void print_case(struct bench *b, const char *name, const struct data *d, struct times *t)
{
	double v[ROUNDS];
	char what[160];

	measure(b, d, t);
	printf("%s: %u fields, %.2f MB of which %.2f MB text, %.2f %% sensitive; "
	       "ours %.2f GB/s of all bytes, naive %.2f, raw %.2f of text\n",
			name, d->n_all, (double)d->all_bytes * 1e-6, (double)d->text_bytes * 1e-6,
			100.0 * (double)d->hit_bytes / (double)d->all_bytes,
			(double)d->all_bytes * 1e-9 / t->ours[ROUNDS / 2],
			(double)d->all_bytes * 1e-9 / t->naive[ROUNDS / 2],
			(double)d->text_bytes * 1e-9 / t->raw[ROUNDS / 2]);
	for (int i = 0; i < ROUNDS; i++)
		v[i] = t->raw[i] / t->ours[i];
	snprintf(what, sizeof(what), "%s: ours / raw", name);
	print_ratio(what, v, ">= 0.85 at 0.1 %");
	for (int i = 0; i < ROUNDS; i++)
		v[i] = t->naive[i] / t->ours[i];
	snprintf(what, sizeof(what), "%s: ours / naive", name);
	print_ratio(what, v, ">= 5 rows at 0.1 %; >= 2 JSON");
}

static void bench_init(struct bench *b, const char *path)
{
	static const char *regexes[PACK_PATTERNS_MAX];
	static unsigned int flags[PACK_PATTERNS_MAX], ids[PACK_PATTERNS_MAX];
	hs_compile_error_t *error = NULL;
	struct scan_error e;
	const double start = now_s();

	pack_read(&b->pack, path);
	if (scan_db_new(b->pack.patterns, b->pack.n, &b->db, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(EXIT_FAILURE);
	}
	printf("%u patterns compiled in %.2f s, %zu KiB\n", b->pack.n, now_s() - start,
			scan_db_bytes(b->db) / 1024);
	must(scanner_new(b->db, &scan_sizes_default, &b->scanner) == 0);
	for (uint32_t i = 0; i < b->pack.n; i++) {
		regexes[i] = b->pack.patterns[i].regex;
		flags[i] = HS_FLAG_SOM_LEFTMOST |
				(b->pack.patterns[i].flags & SCAN_F_CASELESS ? HS_FLAG_CASELESS
									     : 0);
		ids[i] = i;
	}
	must(hs_compile_multi(regexes, flags, ids, b->pack.n, HS_MODE_BLOCK, NULL, &b->naive,
			     &error) == HS_SUCCESS);
	must(hs_alloc_scratch(b->naive, &b->scratch) == HS_SUCCESS);
	must(hs_alloc_scratch(b->db->all.hs, &b->scratch) == HS_SUCCESS);
	must(hs_alloc_scratch(b->db->plain.hs, &b->scratch) == HS_SUCCESS);
}

static void bench_done(struct bench *b)
{
	scanner_free(&b->scanner);
	scan_db_free(&b->db);
	hs_free_database(b->naive);
	hs_free_scratch(b->scratch);
	free(b->gathered);
	pack_done(&b->pack);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	struct times few, many, bodies;
	struct data d;
	double v[ROUNDS];

	must(argc == 2);
	bench_init(&bench, argv[1]);
	make_rows(&d, 0.001);
	print_case(&bench, "rows, 0.1 %", &d, &few);
	data_done(&d);
	make_rows(&d, 0.05);
	print_case(&bench, "rows, 5 %", &d, &many);
	data_done(&d);
	for (int i = 0; i < ROUNDS; i++)
		v[i] = few.ours[i] / many.ours[i];
	print_ratio("rows: 5 % / 0.1 %, ours", v, ">= 0.60 (extents, without masking)");
	make_bodies(&d);
	print_case(&bench, "JSON bodies", &d, &bodies);
	data_done(&d);
	must(bench.found > 0);
	bench_done(&bench);
	return 0;
}
