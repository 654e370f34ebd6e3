/* SPDX-License-Identifier: Apache-2.0
 * Order. Heaps: no memory, and no order of rows makes it slow. */
#include "ruleset/catalog/catalog_priv.h"

#include <assert.h>
#include <string.h>

struct sorting {
	size_t bytes; /* of an element, at most SORT_MAX */
	bool (*is_before)(const void *, const void *);
};

enum { SORT_MAX = 96 };

static_assert(sizeof(struct entry) <= SORT_MAX && sizeof(struct output) <= SORT_MAX, "fits");

static void swap(uint8_t *a, uint8_t *b, size_t bytes)
{
	uint8_t kept[SORT_MAX];

	memcpy(kept, a, bytes);
	memcpy(a, b, bytes);
	memcpy(b, kept, bytes);
}

static void sift(const struct sorting *s, uint8_t *at, size_t from, size_t n)
{
	for (size_t child = 2 * from + 1; child < n; from = child, child = 2 * from + 1) {
		if (child + 1 < n &&
				s->is_before(at + child * s->bytes, at + (child + 1) * s->bytes))
			child++;
		if (!s->is_before(at + from * s->bytes, at + child * s->bytes))
			return;
		swap(at + from * s->bytes, at + child * s->bytes, s->bytes);
	}
}

static void sort(const struct sorting *s, void *elements, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(s, elements, i, n);
	for (size_t end = n; end-- > 1;) {
		swap(elements, (uint8_t *)elements + end * s->bytes, s->bytes);
		sift(s, elements, 0, end);
	}
}

static bool entry_is_before(const void *x, const void *y)
{
	const struct catalog_column *a = &((const struct entry *)x)->column;
	const struct catalog_column *b = &((const struct entry *)y)->column;

	if (a->oid != b->oid)
		return a->oid < b->oid;
	return a->attnum != b->attnum ? a->attnum < b->attnum : a->data < b->data;
}

static bool output_is_before(const void *x, const void *y)
{
	const struct output *a = x, *b = y;

	return a->oid != b->oid ? a->oid < b->oid : a->attnum < b->attnum;
}

static bool view_is_before(const void *x, const void *y)
{
	return ((const struct view *)x)->oid < ((const struct view *)y)->oid;
}

static bool depend_is_before(const void *x, const void *y)
{
	const struct depend *a = x, *b = y;

	if (a->view != b->view)
		return a->view < b->view;
	return a->oid != b->oid ? a->oid < b->oid : a->attnum < b->attnum;
}

void order_entries(struct build *b)
{
	sort(&(struct sorting){ sizeof(struct entry), entry_is_before }, b->entries, b->n);
}

void order_rows(struct build *b)
{
	sort(&(struct sorting){ sizeof(struct output), output_is_before }, b->outputs,
			b->counts.outputs);
	sort(&(struct sorting){ sizeof(struct view), view_is_before }, b->views, b->counts.views);
	sort(&(struct sorting){ sizeof(struct depend), depend_is_before }, b->depends,
			b->counts.depends);
}
