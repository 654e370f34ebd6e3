/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scan/oracle.h"

#include "parsers/base/must.h"

#include <hs/hs.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct oracle {
	struct scan_pattern *patterns; /* owned */
	hs_database_t **dbs;           /* owned */
	hs_scratch_t *scratch;         /* owned */
	uint32_t n;
};

struct paint { /* of one byte */
	size_t from, to;
	uint32_t pattern;
};

struct painter {
	const struct scan_pattern *pattern;
	struct span field;
	struct paint *bytes; /* owned; to == 0: no paint */
	uint32_t index;
};

struct oracle *oracle_new(const struct scan_pattern *patterns, uint32_t n)
{
	struct oracle *o = calloc(1, sizeof(*o));

	must(o != NULL);
	o->patterns = calloc(n, sizeof(*patterns));
	o->dbs = calloc(n, sizeof(*o->dbs));
	must(o->patterns != NULL && o->dbs != NULL);
	memcpy(o->patterns, patterns, n * sizeof(*patterns));
	o->n = n;
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t f = patterns[i].flags;
		const unsigned int flags = HS_FLAG_SOM_LEFTMOST |
				(f & SCAN_F_CASELESS ? HS_FLAG_CASELESS : 0) |
				(f & SCAN_F_DOTALL ? HS_FLAG_DOTALL : 0) |
				(f & SCAN_F_MULTILINE ? HS_FLAG_MULTILINE : 0);
		hs_compile_error_t *e = NULL;

		must(hs_compile(patterns[i].regex, flags, HS_MODE_BLOCK, NULL, &o->dbs[i], &e) ==
				HS_SUCCESS);
		must(hs_alloc_scratch(o->dbs[i], &o->scratch) == HS_SUCCESS);
	}
	return o;
}

void oracle_free(struct oracle **oracle)
{
	for (uint32_t i = 0; i < (*oracle)->n; i++)
		hs_free_database((*oracle)->dbs[i]);
	hs_free_scratch((*oracle)->scratch);
	free((*oracle)->dbs);
	free((*oracle)->patterns);
	free(*oracle);
	*oracle = NULL;
}

static bool is_digit(struct span text, size_t at)
{
	return at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9';
}

/* Five digits, and none beyond a hyphen or a dot at either end. */
static bool has_digits(struct span text, size_t from, size_t to)
{
	int n = 0;

	for (size_t i = from; i < to; i++)
		n += is_digit(text, i);
	if (from >= 2 && is_digit(text, from) && is_digit(text, from - 2) &&
			strchr("-.", text.ptr[from - 1]) != NULL && text.ptr[from - 1] != 0)
		return false;
	if (is_digit(text, to - 1) && is_digit(text, to + 1) && text.ptr[to] != 0 &&
			strchr("-.", text.ptr[to]) != NULL)
		return false;
	return n >= SCAN_DIGITS_MIN;
}

static bool is_better(const struct paint *a, const struct paint *b)
{
	if (a->to - a->from != b->to - b->from)
		return a->to - a->from > b->to - b->from;
	return a->from != b->from ? a->from < b->from : a->pattern < b->pattern;
}

static int on_match(unsigned int id, unsigned long long from, unsigned long long to,
		unsigned int flags, void *ctx)
{
	const struct painter *p = ctx;
	const struct paint paint = { from, to, p->index };
	const struct span match = { p->field.ptr + from, to - from };

	(void)id;
	(void)flags;
	if ((p->pattern->needs_digits && !has_digits(p->field, from, to)) ||
			!scan_validator_accepts(p->pattern->validator, match))
		return 0;
	for (size_t i = from; i < to; i++) {
		if (is_better(&paint, &p->bytes[i]))
			p->bytes[i] = paint;
	}
	return 0;
}

static bool is_same_paint(const struct paint *a, const struct paint *b)
{
	return a->from == b->from && a->to == b->to && a->pattern == b->pattern;
}

static void collect(const struct painter *p, uint32_t field, struct found_list *ret)
{
	size_t to;

	for (size_t from = 0; from < p->field.len; from = to) {
		to = from + 1;
		while (to < p->field.len && is_same_paint(&p->bytes[from], &p->bytes[to]))
			to++;
		if (p->bytes[from].to == 0)
			continue;
		must(ret->n < FOUND_MAX);
		ret->v[ret->n++] = (struct scan_found){ from, to, field, p->bytes[from].pattern };
	}
}

void oracle_scan(const struct oracle *o, struct span field, uint32_t index, struct found_list *ret)
{
	struct painter p = { .field = field };

	if (field.len == 0)
		return;
	p.bytes = calloc(field.len, sizeof(*p.bytes));
	must(p.bytes != NULL);
	for (uint32_t i = 0; i < o->n; i++) {
		p.pattern = &o->patterns[i];
		p.index = i;
		must(hs_scan(o->dbs[i], (const char *)field.ptr, (unsigned int)field.len, 0,
				     o->scratch, on_match, &p) == HS_SUCCESS);
	}
	collect(&p, index, ret);
	free(p.bytes);
}

static void append(void *ctx, const struct scan_found *found)
{
	struct found_list *list = ctx;

	must(list->n < FOUND_MAX);
	list->v[list->n++] = *found;
}

struct scan_sink found_sink(struct found_list *list)
{
	list->n = 0;
	return (struct scan_sink){ append, list };
}

static const struct scan_found none = { .pattern = UINT32_MAX };

static void say(const char *what, const struct scan_found *f)
{
	printf("%s pattern %d in field %" PRIu32 " [%" PRIu64 ", %" PRIu64 ")", what,
			(int)f->pattern, f->field, f->from, f->to);
}

bool found_is_same(const struct found_list *a, const struct found_list *b)
{
	for (uint32_t i = 0; i < a->n || i < b->n; i++) {
		const struct scan_found x = i < a->n ? a->v[i] : none;
		const struct scan_found y = i < b->n ? b->v[i] : none;

		if (x.from == y.from && x.to == y.to && x.field == y.field &&
				x.pattern == y.pattern)
			continue;
		say("\n    wanted", &x);
		say(", got", &y);
		return false;
	}
	return true;
}
