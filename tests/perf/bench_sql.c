/* SPDX-License-Identifier: Apache-2.0
 * Cycles of what every statement passes (lexing, shape and cache look-up) and of a miss. Time-stamp
 * counter cycles a call, median and least of nine rounds; the statements are warm in the
 * first-level cache, and the cache holds all of them, so this is a floor. */
#include "parsers/sql/judge.h"
#include "parsers/sql/lex.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

enum {
	ROUNDS = 9,
	CALLS = 1024,
	TEXTS = 64, /* with different literals */
	ROOM_WORDS = 512,
	N_SETS = 256,
	SLOT_BYTES = 2048,
};

struct bench {
	const char *name;
	uint64_t (*call)(struct span text);
};

static const struct sql_settings settings = { SQL_ENC_UTF8, true };
static const struct siphash_key secret = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
static uint64_t room[ROOM_WORDS];
static alignas(64) uint8_t memory[N_SETS * (64 + 4 * SLOT_BYTES)];
static uint64_t exacts[ROOM_WORDS], facts_memory[2048];
static struct sql_judge judge;
static char texts[TEXTS][2048];
static size_t lens[TEXTS];

static uint64_t call_lex(struct span text)
{
	struct sql_lex lex = sql_lex_of(text, &settings);
	struct sql_token t;
	uint64_t n = 0;

	while (sql_lex_next(&lex, &t) > SQL_T_ERROR)
		n++;
	return n;
}

static struct sql_shape shape_of(struct span text)
{
	const struct sql_key_room r = { room, ROOM_WORDS };
	struct sql_shape shape;

	if (sql_shape_of(text, &settings, &secret, r, &shape) != 0)
		abort();
	return shape;
}

static uint64_t call_shape(struct span text)
{
	return shape_of(text).key.hash;
}

static uint64_t call_hit(struct span text)
{
	const struct sql_facts *facts;

	if (sql_judge_text(&judge, text, &settings, &facts) != SQL_OK)
		abort();
	return facts->kinds;
}

static uint64_t call_miss(struct span text)
{
	const struct sql_job job = { .text = text, .settings = settings, .limits = &judge.limits };
	const struct sql_facts *facts;

	if (sql_facts_of(&job, judge.facts, &facts) != SQL_OK)
		abort();
	return facts->kinds;
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
			sum += b->call((struct span){
					(const uint8_t *)texts[i % TEXTS], lens[i % TEXTS] });
		cycles[round] = (double)(__rdtsc() - start) / CALLS;
		*sink += sum;
	}
	qsort(cycles, ROUNDS, sizeof(*cycles), compare);
	*ret_least = cycles[0];
	return cycles[ROUNDS / 2];
}

/* A number in place of @; without one, the same text each time. */
static void make_texts(const char *format)
{
	const size_t head = strcspn(format, "@");
	const char *tail = format[head] == '@' ? format + head + 1 : NULL;

	for (size_t i = 0; i < TEXTS; i++) {
		if (tail == NULL)
			snprintf(texts[i], sizeof(texts[i]), "%s", format);
		else
			snprintf(texts[i], sizeof(texts[i]), "%.*s%zu%s", (int)head, format,
					i * 7919, tail);
		lens[i] = strlen(texts[i]);
	}
}

static void report(const struct bench *b, uint64_t *sink)
{
	double least, cycles = measure(b, sink, &least);

	printf("%-14s %4zu B %9.1f cycles, least %9.1f, %6.2f a byte\n", b->name, lens[TEXTS - 1],
			cycles, least, cycles / (double)lens[TEXTS - 1]);
}

static const char short_text[] = "SELECT * FROM orders WHERE id = @";
static const char middle_text[] =
		"SELECT c.name, sum(o.total) FROM customers c JOIN orders o ON o.cid = c.id "
		"WHERE o.id > @ GROUP BY 1";
static const char prepared_text[] =
		"SELECT c.name, sum(o.total) FROM customers c JOIN orders o ON o.cid = c.id "
		"WHERE o.id > $1 AND o.region = $2";
static const char long_text[] =
		"UPDATE accounts SET balance = balance - 100, updated_at = now(), note = 'transfer of some "
		"money between the accounts of one customer' WHERE account_id = @ AND branch_id IN "
		"(SELECT b.id FROM branches AS b WHERE b.region = 'north-west' AND b.closed IS NULL) "
		"RETURNING account_id, balance, updated_at -- a comment of the application, 42 bytes";

int main(void)
{
	static const char *const formats[] = { short_text, middle_text, prepared_text, long_text };
	static const struct bench benches[] = {
		{ "lex", call_lex },
		{ "shape", call_shape },
		{ "facts, cached", call_hit },
		{ "facts, a miss", call_miss },
	};
	uint64_t sink = 0;

	judge = (struct sql_judge){ .key = secret,
		.shapes = { room, ROOM_WORDS },
		.exacts = { exacts, ROOM_WORDS },
		.facts = { facts_memory, sizeof(facts_memory) },
		.limits = sql_limits_default };
	sql_cache_init(&judge.cache, memory, N_SETS, SLOT_BYTES);
	for (size_t f = 0; f < sizeof(formats) / sizeof(*formats); f++) {
		make_texts(formats[f]);
		for (size_t i = 0; i < sizeof(benches) / sizeof(*benches); i++)
			report(&benches[i], &sink);
	}
	return sink == 0; /* never: but the compiler must not know */
}
