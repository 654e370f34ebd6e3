/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/ranges.h"

#include <stdlib.h>
#include <string.h>

void ranges_done(struct ranges *s)
{
	free(s->run);
	*s = (struct ranges){ 0 };
}

void ranges_clear(struct ranges *s)
{
	s->n = 0;
}

/* The first run that ends after <x>: s->n when none does. */
static uint32_t ranges_find(const struct ranges *s, uint64_t x)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		const uint32_t mid = (lo + hi) / 2;

		if (s->run[mid].r > x)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static void ranges_insert_at(struct ranges *s, uint32_t at, struct range r)
{
	if (s->n == s->cap) {
		s->cap = s->cap * 2 + 8;
		s->run = realloc(s->run, s->cap * sizeof(*s->run));
		if (s->run == NULL)
			abort();
	}
	memmove(&s->run[at + 1], &s->run[at], (s->n - at) * sizeof(*s->run));
	s->run[at] = r;
	s->n++;
}

uint64_t ranges_add(struct ranges *s, uint64_t l, uint64_t r)
{
	uint32_t first, end;
	uint64_t had = 0;

	if (l >= r)
		return 0;
	first = ranges_find(s, l);
	if (first > 0 && s->run[first - 1].r == l)
		first--;
	if (first == s->n || s->run[first].l > r) {
		ranges_insert_at(s, first, (struct range){ l, r });
		return r - l;
	}
	had = ranges_count(s, l, r);
	const uint64_t new = r - l - had;

	for (end = first; end < s->n && s->run[end].l <= r; end++) {
		l = s->run[end].l < l ? s->run[end].l : l;
		r = s->run[end].r > r ? s->run[end].r : r;
	}
	s->run[first] = (struct range){ l, r };
	memmove(&s->run[first + 1], &s->run[end], (s->n - end) * sizeof(*s->run));
	s->n -= end - first - 1;
	return new;
}

void ranges_trim(struct ranges *s, uint64_t x)
{
	const uint32_t first = ranges_find(s, x);

	if (first > 0) {
		memmove(s->run, s->run + first, (s->n - first) * sizeof(*s->run));
		s->n -= first;
	}
	if (s->n > 0 && s->run[0].l < x)
		s->run[0].l = x;
}

bool ranges_has(const struct ranges *s, uint64_t l, uint64_t r)
{
	return l >= r || ranges_end(s, l) >= r;
}

uint64_t ranges_end(const struct ranges *s, uint64_t x)
{
	const uint32_t i = ranges_find(s, x);

	return i < s->n && s->run[i].l <= x ? s->run[i].r : x;
}

uint64_t ranges_next(const struct ranges *s, uint64_t x, uint64_t limit)
{
	const uint32_t i = ranges_find(s, x);
	uint64_t at;

	if (i == s->n)
		return limit;
	at = s->run[i].l > x ? s->run[i].l : x;
	return at < limit ? at : limit;
}

uint64_t ranges_count(const struct ranges *s, uint64_t l, uint64_t r)
{
	uint64_t n = 0;

	for (uint32_t i = ranges_find(s, l); i < s->n && s->run[i].l < r; i++) {
		const uint64_t a = s->run[i].l > l ? s->run[i].l : l;
		const uint64_t b = s->run[i].r < r ? s->run[i].r : r;

		n += b - a;
	}
	return n;
}
