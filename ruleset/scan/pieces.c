/* SPDX-License-Identifier: Apache-2.0
 * Who owns a byte when candidates overlap: the longest.
 *
 * What a candidate keeps is always one stretch: a longer one that overlaps it covers one of its ends,
 * so only its ends are cut. */
#include "ruleset/scan/scan_priv.h"

#include <string.h>

static bool beats(const struct scan_piece *a, const struct scan_piece *b)
{
	const uint64_t a_len = a->o_to - a->o_from, b_len = b->o_to - b->o_from;

	if (a_len != b_len)
		return a_len > b_len;
	if (a->o_from != b->o_from)
		return a->o_from < b->o_from;
	return a->pattern <= b->pattern;
}

/* Takes from <piece> what <stronger> has. */
static void cut(struct scan_piece *piece, const struct scan_piece *stronger)
{
	if (stronger->to <= piece->from || stronger->from >= piece->to)
		return;
	if (stronger->from <= piece->from)
		piece->from = stronger->to < piece->to ? stronger->to : piece->to;
	else
		piece->to = stronger->from;
}

/* No room: the last piece becomes a candidate that reaches over the new one. */
static void flood(struct scan_pieces *p, const struct scan_piece *c)
{
	const uint64_t end = p->v[p->n - 1].to;
	struct scan_piece *last;

	while (p->n > 1 && p->v[p->n - 1].from > c->from)
		p->n--;
	last = &p->v[p->n - 1];
	last->from = last->from < c->from ? last->from : c->from;
	last->to = end > c->to ? end : c->to;
	last->o_from = last->from;
	last->o_to = last->to;
}

static void insert(struct scan_pieces *p, uint32_t at, const struct scan_piece *piece)
{
	if (p->n == p->cap) {
		flood(p, piece);
		return;
	}
	while (at < p->n && p->v[at].from < piece->from)
		at++;
	memmove(&p->v[at + 1], &p->v[at], (p->n - at) * sizeof(p->v[0]));
	p->v[at] = *piece;
	p->n++;
}

void scan_pieces_add(struct scan_pieces *p, const struct scan_piece *candidate)
{
	struct scan_piece added = *candidate;
	uint32_t first = p->n, kept, i;

	while (first > 0 && p->v[first - 1].to > candidate->from)
		first--;
	kept = first;
	for (i = first; i < p->n && p->v[i].from < candidate->to; i++) {
		struct scan_piece old = p->v[i];

		if (beats(&old, candidate))
			cut(&added, &old);
		else
			cut(&old, candidate);
		if (old.from < old.to)
			p->v[kept++] = old;
	}
	memmove(&p->v[kept], &p->v[i], (p->n - i) * sizeof(p->v[0]));
	p->n -= i - kept;
	if (added.from < added.to)
		insert(p, first, &added);
}

static void sift_down(struct scan_piece *v, uint32_t at, uint32_t n)
{
	const struct scan_piece x = v[at];

	for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && v[child + 1].from > v[child].from)
			child++;
		if (v[child].from <= x.from)
			break;
		v[at] = v[child];
	}
	v[at] = x;
}

/* Heap sort: no memory, no bad case. Most lists are sorted already. */
void scan_candidates_sort(struct scan_piece *v, uint32_t n)
{
	uint32_t i = 1;

	while (i < n && v[i - 1].from <= v[i].from)
		i++;
	if (i >= n)
		return;
	for (i = n / 2; i-- > 0;)
		sift_down(v, i, n);
	for (i = n; i-- > 1;) {
		const struct scan_piece top = v[0];

		v[0] = v[i];
		v[i] = top;
		sift_down(v, 0, i);
	}
}
