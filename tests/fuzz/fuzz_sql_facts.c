/* SPDX-License-Identifier: Apache-2.0
 * SQL text: byte 0 holds the settings (1: standard_conforming_strings off) and how much memory
 * there is, the rest is the text. Facts, if there are any, are well formed; less memory gives the
 * same or none; a judge with a small cache gives the same, twice. */
#include "parsers/base/must.h"
#include "parsers/sql/judge.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROOM_WORDS = 2048,
	MEMORY_WORDS = 8192,
	SETS = 4,
	SLOT = 4096,
};

static const struct siphash_key secret = { 1, 2 };

static void check_item(const struct sql_facts *f, const struct sql_item *item)
{
	const struct sql_str strs[] = { item->schema, item->qualifier, item->name, item->alias };

	must(item->what < SQL_I_MAX);
	must(item->range == SQL_NO_RANGE ||
			(item->range >= 0 && (uint32_t)item->range < f->n_items));
	for (size_t i = 0; i < 4; i++) {
		const struct span s = sql_facts_str(f, strs[i]);

		must(s.len == 0 || memchr(s.ptr, 0, s.len) == NULL);
	}
	must(item->arms == 0 ||
			(item->what == SQL_I_RANGE && sql_facts_arm(f, item->arms) != NULL));
	if (item->range == SQL_NO_RANGE)
		return;
	item = sql_facts_item(f, (uint32_t)item->range);
	must(item->what == SQL_I_RELATION || item->what == SQL_I_RANGE);
}

/* Items of outputs are the statement's; a column and a star are one. */
static void check_arm(
		const struct sql_facts *f, const struct sql_stmt *s, const struct sql_arm *arm)
{
	for (uint32_t i = 0; i < arm->n; i++) {
		const struct sql_output *o = sql_facts_output(f, arm, i);

		must(o->what < SQL_OUT_MAX && o->first_item >= s->first_item);
		must(o->first_item + o->n_items <= s->first_item + s->n_items);
		must(o->what == SQL_OUT_EXPR || o->n_items == 1);
		must(o->what != SQL_OUT_COLUMN ||
				sql_facts_item(f, o->first_item)->what == SQL_I_COLUMN);
		must((o->what != SQL_OUT_STAR && o->what != SQL_OUT_TABLE) ||
				sql_facts_item(f, o->first_item)->what == SQL_I_STAR);
		must(sql_facts_str(f, o->name).len == o->name.len);
	}
}

/* Each arm of the statement's own query is one of all. */
static void check_arms(const struct sql_facts *f, const struct sql_stmt *s)
{
	uint32_t n_own = 0, n = 0;

	for (uint32_t at = s->outs; at != 0; at = sql_facts_arm(f, at)->next)
		n_own++;
	for (uint32_t at = s->arms; at != 0; at = sql_facts_arm(f, at)->next_of_stmt) {
		check_arm(f, s, sql_facts_arm(f, at));
		n++;
	}
	must(n_own <= n && n <= f->bytes / sizeof(struct sql_arm));
}

static void check_facts(const struct sql_facts *f, size_t room)
{
	uint32_t n_items = 0;
	uint64_t kinds = 0;

	must(f->bytes <= room && f->bytes % 8 == 0);
	for (uint32_t i = 0; i < f->n_stmts; i++) {
		const struct sql_stmt *s = sql_facts_stmt(f, i);

		must(s->first_item == n_items && s->kinds != 0 && s->where <= SQL_WHERE_NONE);
		must((s->flags & SQL_F_READ_ONLY) == 0 ||
				(s->kinds &
						(1ULL << SQL_K_INSERT | 1ULL << SQL_K_UPDATE |
								1ULL << SQL_K_DELETE |
								1ULL << SQL_K_DO)) == 0);
		check_arms(f, s);
		n_items += s->n_items;
		kinds |= s->kinds;
	}
	must(n_items == f->n_items && kinds == f->kinds);
	for (uint32_t i = 0; i < n_items; i++)
		check_item(f, sql_facts_item(f, i));
}

static bool is_same(const struct sql_facts *a, const struct sql_facts *b)
{
	return a->bytes == b->bytes && memcmp(a, b, a->bytes) == 0;
}

/* A block of exactly <len> bytes: what is written beyond it is seen. */
static void check_less(const struct sql_job *job, const struct sql_facts *want, size_t len)
{
	void *memory = malloc(len > 0 ? len : 1);
	const struct sql_facts *facts;
	enum sql_rc rc;

	must(memory != NULL);
	rc = sql_facts_of(job, (struct sql_memory){ memory, len }, &facts);
	must(rc == SQL_NO_ROOM || rc == SQL_OK);
	must(rc != SQL_OK || is_same(facts, want));
	free(memory);
}

static void check_judge(const struct sql_job *job, const struct sql_facts *want)
{
	static alignas(64) uint8_t cache[SETS * (64 + 4 * SLOT)];
	static uint64_t shapes[ROOM_WORDS], exacts[ROOM_WORDS], memory[MEMORY_WORDS];
	struct sql_judge j = { .key = secret,
		.shapes = { shapes, ROOM_WORDS },
		.exacts = { exacts, ROOM_WORDS },
		.facts = { memory, sizeof(memory) },
		.limits = *job->limits };
	const struct sql_facts *facts;

	sql_cache_init(&j.cache, cache, SETS, SLOT);
	for (int i = 0; i < 3; i++) {
		must(sql_judge_text(&j, job->text, &job->settings, &facts) == SQL_OK);
		must(is_same(facts, want));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t room[ROOM_WORDS], memory[MEMORY_WORDS];
	struct sql_job job = { .settings = { SQL_ENC_UTF8, size > 0 && data[0] % 2 == 0 },
		.limits = &sql_limits_default };
	const struct sql_facts *facts;
	struct sql_shape shape;
	uint8_t *text;

	if (size < 2)
		return 0;
	text = malloc(size - 1);
	must(text != NULL);
	memcpy(text, data + 1, size - 1);
	job.text = (struct span){ text, size - 1 };
	if (sql_shape_of(job.text, &job.settings, &secret,
			    (struct sql_key_room){ room, ROOM_WORDS }, &shape) == 0)
		job.shape = &shape;
	if (sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &facts) == SQL_OK) {
		check_facts(facts, sizeof(memory));
		check_judge(&job, facts);
		check_less(&job, facts, facts->bytes + (size_t)(data[0] >> 1) * 16);
	}
	free(text);
	return 0;
}
