/* SPDX-License-Identifier: Apache-2.0
 * The two passes. The first scans a gathered text for the ends of matches, with all patterns and
 * without start of match; it may find more than there is (across a separator, at an anchor), never
 * less. The second scans what stands around the ends again, with the pattern that hit alone and its
 * start of match: what that finds is true. */
#include "ruleset/scan/scan_priv.h"

#include <errno.h>

struct pass {
	struct scanner *s;
	struct scan_text *text;
	uint32_t at;        /* slot of the latest hit */
	uint32_t first_run; /* earlier ones are of the other text */
};

/* Is there a slot that <to> ends in? p->at is. None: it ends behind a separator. Ends come in order,
 * so the search is short. */
static bool find_slot(struct pass *p, uint32_t to)
{
	const struct scan_slot *slots = p->text->slots;

	while (p->at > 0 && to <= slots[p->at].at)
		p->at--;
	while (p->at + 1 < p->text->n_slots && to > slots[p->at + 1].at)
		p->at++;
	return to > slots[p->at].at && to - slots[p->at].at <= slots[p->at].len;
}

/* The run of <pattern> that <to> is so near to that both are scanned again together, or NULL. */
static struct scan_run *near_run(const struct pass *p, uint32_t pattern, uint32_t to)
{
	struct scanner *s = p->s;
	const uint32_t run = s->last_runs[pattern], width = s->db->rules[pattern].max_width;
	struct scan_run *r = &s->runs[run];

	if (run < p->first_run || run >= s->n_runs || r->pattern != pattern || r->slot != p->at)
		return NULL;
	if (p->text->n_slots == 1 || width == SCAN_UNBOUNDED || to < r->last_to ||
			to - r->last_to <= width)
		return r;
	return NULL;
}

static int add_run(struct pass *p, uint32_t pattern, uint32_t to)
{
	struct scanner *s = p->s;
	struct scan_slot *slot = &p->text->slots[p->at];
	const uint32_t run = s->n_runs;

	if (run == s->cap_runs)
		return -ENOBUFS;
	s->runs[run] = (struct scan_run){
		.pattern = pattern, .slot = p->at, .first_to = to, .last_to = to, .next = SCAN_NONE
	};
	if (slot->last_run == SCAN_NONE)
		slot->first_run = run;
	else
		s->runs[slot->last_run].next = run;
	slot->last_run = run;
	s->last_runs[pattern] = run;
	s->n_runs++;
	return 0;
}

static int on_end(unsigned int id, unsigned long long from, unsigned long long to,
		unsigned int flags, void *ctx)
{
	struct pass *p = ctx;
	struct scan_run *r;
	uint32_t end;

	(void)from;
	(void)flags;
	if (!find_slot(p, (uint32_t)to))
		return 0;
	end = (uint32_t)to - p->text->slots[p->at].at;
	r = near_run(p, id, end);
	if (r == NULL)
		return add_run(p, id, end);
	r->first_to = end < r->first_to ? end : r->first_to;
	r->last_to = end > r->last_to ? end : r->last_to;
	return 0;
}

int scan_first_pass(struct scanner *s, struct scan_text *text)
{
	struct pass pass = { .s = s, .text = text, .first_run = s->n_runs };
	hs_error_t rc;

	if (text->n_slots == 0 || text->first->hs == NULL)
		return 0;
	rc = hs_scan(text->first->hs, (const char *)text->buf, text->len, 0, s->scratch, on_end,
			&pass);
	if (rc == HS_SUCCESS)
		return 0;
	return rc == HS_SCAN_TERMINATED ? -ENOBUFS : -EIO;
}

/* One scan of the second pass. */
struct again {
	struct scanner *s;
	const struct scan_rule *rule;
	const struct scan_view *view;
	const struct scan_run *run;
	uint32_t lo; /* where the scan begins, in the view's text */
};

static void flush(struct scanner *s)
{
	scan_candidates_sort(s->candidates, s->n_candidates);
	for (uint32_t i = 0; i < s->n_candidates; i++)
		scan_pieces_add(&s->pieces, &s->candidates[i]);
	s->n_candidates = 0;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static uint32_t count_digits(struct span text)
{
	uint32_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += is_digit(text.ptr[i]);
	return n;
}

/* The digit that a hyphen or a dot joins to the match: "123-45-6789" in "123-45-6789-0" is part of
 * something else. <step> is -1 on the left of the match, 1 on its right. */
static bool is_joined(struct span text, size_t at, int step)
{
	const size_t joint = at + (size_t)step, beyond = joint + (size_t)step;

	return is_digit(text.ptr[at]) && joint < text.len && beyond < text.len &&
			(text.ptr[joint] == '-' || text.ptr[joint] == '.') &&
			is_digit(text.ptr[beyond]);
}

static bool is_accepted(
		const struct scan_rule *rule, struct span text, uint32_t begin, uint32_t end)
{
	const struct span match = { text.ptr + begin, end - begin };

	if (rule->needs_digits &&
			(count_digits(match) < SCAN_DIGITS_MIN || is_joined(text, begin, -1) ||
					is_joined(text, end - 1, 1)))
		return false;
	return scan_validator_accepts(rule->validator, match);
}

/* A longer match from the same start takes the place of the one before it. */
static void push_candidate(struct scanner *s, const struct scan_piece *c)
{
	struct scan_piece *before =
			s->n_candidates > 0 ? &s->candidates[s->n_candidates - 1] : NULL;

	if (before != NULL && before->pattern == c->pattern && before->from == c->from &&
			before->to < c->to) {
		*before = *c;
		return;
	}
	if (s->n_candidates == SCAN_CANDIDATES)
		flush(s);
	s->candidates[s->n_candidates++] = *c;
}

static int on_match(unsigned int id, unsigned long long from, unsigned long long to,
		unsigned int flags, void *ctx)
{
	const struct again *a = ctx;
	const struct scan_view *v = a->view;
	const uint32_t end = a->lo + (uint32_t)to;
	uint32_t begin = a->lo + (uint32_t)from;
	struct scan_piece c;

	(void)id;
	(void)flags;
	if (end < a->run->first_to || end > a->run->last_to || end < v->to_min || end > v->to_max)
		return 0;
	begin = begin < v->from_min ? v->from_min : begin;
	if (!is_accepted(a->rule, v->text, begin, end))
		return 0;
	if (a->s->which != NULL) { /* that it is there is all that is asked */
		a->s->which[a->run->pattern / 64] |= 1ULL << a->run->pattern % 64;
		return 1;
	}
	c = (struct scan_piece){
		.from = v->base + begin, .to = v->base + end, .pattern = a->run->pattern
	};
	c.o_from = c.from;
	c.o_to = c.to;
	push_candidate(a->s, &c);
	return 0;
}

/* A match with a limit cannot begin further left than its width; SCAN_SIDE_BYTES more decide what it
 * stands beside. */
static int scan_again(struct again *a)
{
	const struct scan_run *run = a->run;
	const uint32_t width = a->rule->max_width, left = run->first_to - 1;
	const size_t len = a->view->text.len;
	const size_t hi =
			run->last_to + SCAN_SIDE_BYTES < len ? run->last_to + SCAN_SIDE_BYTES : len;
	hs_error_t rc;

	a->lo = width >= left || left - width < SCAN_SIDE_BYTES ? 0 : left - width - 1;
	rc = hs_scan(a->rule->exact, (const char *)a->view->text.ptr + a->lo,
			(unsigned int)(hi - a->lo), 0, a->s->scratch, on_match, a);
	return rc == HS_SUCCESS || rc == HS_SCAN_TERMINATED ? 0 : -EIO;
}

int scan_settle(struct scanner *s, const struct scan_slot *slot, const struct scan_view *view)
{
	int rc = 0;

	for (uint32_t i = slot->first_run; i != SCAN_NONE && rc == 0; i = s->runs[i].next) {
		struct again again = { .s = s,
			.rule = &s->db->rules[s->runs[i].pattern],
			.view = view,
			.run = &s->runs[i] };

		rc = scan_again(&again);
	}
	flush(s);
	return rc;
}
