/* SPDX-License-Identifier: Apache-2.0
 * How many commands a session has sent in the times that rules ask of: never less than there were.
 *
 * A time is looked at in slices of a sixteenth, and the slice that has only partly gone by counts whole:
 * so what is counted is of the time that is asked of and up to a sixteenth of it more. */
#include "dataplane/inspect/session_priv.h"
#include "ruleset/model/model.h"

#include <assert.h>
#include <string.h>

enum {
	SLICES = 16, /* of a time */
	US_PER_SLICE_S = 1000000 / SLICES,
	RING = SLICES + 1, /* with the one that has partly gone by */
};

static_assert(US_PER_SLICE_S * SLICES == 1000000, "slices are whole microseconds");

struct rate {
	uint64_t slice; /* the latest, from when now_us was 0 */
	uint32_t bound; /* Binds that were counted in it and no Execute has come for */
	uint32_t counts[RING];
};

struct session_rates {
	uint8_t sha256[32]; /* the policy's whose times these are */
	uint32_t bytes, n;
	struct rate *rates; /* all behind this struct */
	uint32_t *sums;
};

void rates_give(struct session *s)
{
	if (s->rate.all != NULL)
		arena_give(&s->spine->arena, s->rate.all, s->rate.all->bytes);
	s->rate.all = NULL;
}

static void add(uint32_t *count, uint32_t n)
{
	if (__builtin_add_overflow(*count, n, count))
		*count = UINT32_MAX;
}

static uint64_t slice_of(const struct model_rate *rate, uint64_t now_us)
{
	return now_us / ((uint64_t)rate->per_s * US_PER_SLICE_S);
}

/* Commands that there was no memory to count stand in the first slice. */
static void rates_take(struct session *s, const struct policy *p)
{
	const size_t n = p->n_rates;
	const size_t bytes =
			sizeof(struct session_rates) + n * (sizeof(struct rate) + sizeof(uint32_t));
	struct session_rates *all = arena_take(&s->spine->arena, bytes);

	if (all == NULL) {
		s->spine->counters.no_memory++;
		return;
	}
	memset(all, 0, bytes);
	memcpy(all->sha256, p->sha256, sizeof(all->sha256));
	all->bytes = (uint32_t)bytes;
	all->n = (uint32_t)n;
	all->rates = (struct rate *)(all + 1);
	all->sums = (uint32_t *)(all->rates + n);
	for (size_t i = 0; i < n; i++) {
		all->rates[i].slice = slice_of(&p->rates[i], s->spine->now_us);
		add(&all->rates[i].counts[all->rates[i].slice % RING], s->rate.n_missed);
	}
	s->rate.n_missed = 0;
	s->rate.all = all;
}

/* The slices that have begun since then are empty. */
static void roll(struct rate *r, uint64_t slice)
{
	if (slice <= r->slice)
		return;
	if (slice - r->slice >= RING)
		memset(r->counts, 0, sizeof(r->counts));
	else
		for (uint64_t i = r->slice + 1; i <= slice; i++)
			r->counts[i % RING] = 0;
	r->slice = slice;
	r->bound = 0;
}

/* An Execute is counted by its Bind if that was in the same slice, and else for itself: so none is missing,
 * whenever it comes, and however often a portal is run. */
static void count(struct rate *r, uint16_t kind)
{
	if (kind == PG_EXECUTE && r->bound > 0) {
		r->bound--;
		return;
	}
	add(&r->counts[r->slice % RING], 1);
	if (kind == PG_BIND)
		add(&r->bound, 1);
}

static uint32_t sum(const struct rate *r)
{
	uint32_t n = 0;

	for (int i = 0; i < RING; i++)
		add(&n, r->counts[i]);
	return n;
}

const uint32_t *rates_of(struct session *s, const struct policy *p, uint16_t kind)
{
	bool counts = kind != PG_PARSE && !s->rate.is_counted;

	if (s->rate.all != NULL &&
			(p == NULL || p->n_rates == 0 ||
					memcmp(s->rate.all->sha256, p->sha256, sizeof(p->sha256)) !=
							0))
		rates_give(s);
	if (p == NULL || p->n_rates == 0)
		return NULL;
	if (s->rate.all == NULL) {
		rates_take(s, p);
		counts = kind != PG_PARSE; /* also when it is judged again, by another policy */
	}
	s->rate.is_counted = true;
	if (s->rate.all == NULL) {
		add(&s->rate.n_missed, counts);
		return NULL;
	}
	for (uint32_t i = 0; i < s->rate.all->n; i++) {
		struct rate *r = &s->rate.all->rates[i];

		roll(r, slice_of(&p->rates[i], s->spine->now_us));
		if (counts)
			count(r, kind);
		s->rate.all->sums[i] = sum(r);
	}
	return s->rate.all->sums;
}
