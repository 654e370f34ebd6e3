/* SPDX-License-Identifier: Apache-2.0
 * A worker's scanner, and the fields of rows. */
#include "ruleset/scan/scan_priv.h"

#include <errno.h>
#include <stdlib.h>

const struct scan_sizes scan_sizes_default = {
	.block_bytes = 1 << 15, .reach_bytes = 1 << 13, .fields = 4096
};

static bool are_sizes_good(const struct scan_sizes *z, const struct scan_db *db)
{
	return z->fields > 0 && z->block_bytes <= 1 << 24 && z->reach_bytes <= 1 << 20 &&
			z->block_bytes >= 2 * z->reach_bytes + 64 &&
			z->reach_bytes >= db->max_width;
}

static int text_init(
		struct scan_text *t, const struct scan_sizes *z, const struct scan_first *first)
{
	t->first = first;
	t->buf = malloc(z->block_bytes + 16);
	t->slots = calloc(z->fields, sizeof(t->slots[0]));
	return t->buf != NULL && t->slots != NULL ? 0 : -ENOMEM;
}

static int scratch_init(struct scanner *s)
{
	const struct scan_db *db = s->db;
	bool bad = false;

	for (uint32_t i = 0; i < db->n; i++)
		bad |= hs_alloc_scratch(db->rules[i].exact, &s->scratch) != HS_SUCCESS;
	if (db->all.hs != NULL)
		bad |= hs_alloc_scratch(db->all.hs, &s->scratch) != HS_SUCCESS;
	if (db->plain.hs != NULL)
		bad |= hs_alloc_scratch(db->plain.hs, &s->scratch) != HS_SUCCESS;
	return bad ? -ENOMEM : 0;
}

static int scanner_init(struct scanner *s)
{
	const struct scan_db *db = s->db;

	s->cap_runs = db->n > 4096 - 1 ? db->n + 1 : 4096;
	s->runs = calloc(s->cap_runs, sizeof(s->runs[0]));
	s->last_runs = calloc(db->n + 1, sizeof(s->last_runs[0]));
	s->candidates = calloc(SCAN_CANDIDATES, sizeof(s->candidates[0]));
	s->pieces.cap = SCAN_PIECES;
	s->pieces.v = calloc(SCAN_PIECES, sizeof(s->pieces.v[0]));
	if (s->runs == NULL || s->last_runs == NULL || s->candidates == NULL || s->pieces.v == NULL)
		return -ENOMEM;
	if (text_init(&s->all, &s->sizes, &db->all) != 0 ||
			text_init(&s->plain, &s->sizes, &db->plain) != 0)
		return -ENOMEM;
	if (scan_stream_new(&s->sizes, &s->stream) != 0)
		return -ENOMEM;
	return scratch_init(s);
}

int scanner_new(const struct scan_db *db, const struct scan_sizes *sizes, struct scanner **ret)
{
	struct scanner *s;
	int rc;

	if (!are_sizes_good(sizes, db))
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return -ENOMEM;
	s->db = db;
	s->sizes = *sizes;
	rc = scanner_init(s);
	if (rc != 0) {
		scanner_free(&s);
		return rc;
	}
	*ret = s;
	return 0;
}

static void text_done(struct scan_text *t)
{
	free(t->buf);
	free(t->slots);
}

void scanner_free(struct scanner **scanner)
{
	struct scanner *s = *scanner;

	if (s == NULL)
		return;
	hs_free_scratch(s->scratch);
	scan_stream_free(&s->stream);
	text_done(&s->all);
	text_done(&s->plain);
	free(s->runs);
	free(s->last_runs);
	free(s->candidates);
	free(s->pieces.v);
	free(s);
	*scanner = NULL;
}

static void report(struct scanner *s, uint32_t field, const struct scan_sink *sink)
{
	for (uint32_t i = 0; i < s->pieces.n; i++) {
		const struct scan_piece *p = &s->pieces.v[i];
		const struct scan_found found = {
			.from = p->from, .to = p->to, .field = field, .pattern = p->pattern
		};

		sink->found(sink->ctx, &found);
	}
	s->pieces.n = 0;
}

static int settle_field(struct scanner *s, const struct scan_slot *slot, const struct span *fields,
		uint32_t first, const struct scan_sink *sink)
{
	const struct scan_view view = { .text = fields[slot->field], .to_max = slot->len };
	int rc;

	if (slot->first_run == SCAN_NONE)
		return 0;
	rc = scan_settle(s, slot, &view);
	if (rc == 0)
		report(s, first + slot->field, sink);
	s->pieces.n = 0;
	return rc;
}

/* Both texts have their slots in the order of the fields. <first>: index of fields[0]. */
static int settle_all(struct scanner *s, const struct span *fields, uint32_t first,
		const struct scan_sink *sink)
{
	uint32_t a = 0, b = 0;
	int rc = 0;

	if (s->n_runs == 0)
		return 0;
	while (rc == 0 && (a < s->all.n_slots || b < s->plain.n_slots)) {
		const bool is_a = b == s->plain.n_slots ||
				(a < s->all.n_slots &&
						s->all.slots[a].field < s->plain.slots[b].field);
		const struct scan_slot *slot = is_a ? &s->all.slots[a++] : &s->plain.slots[b++];

		rc = settle_field(s, slot, fields, first, sink);
	}
	return rc;
}

static int scan_large(
		struct scanner *s, struct span field, uint32_t index, const struct scan_sink *sink)
{
	scan_stream_begin(s->stream, s, index);
	return scan_stream_feed(s->stream, field, true, sink);
}

int scan_fields(struct scanner *s, const struct span *fields, uint32_t n,
		const struct scan_sink *sink)
{
	uint32_t at = 0, limit = s->sizes.fields;
	int rc = 0;

	if (s->db->n == 0)
		return 0;
	while (at < n && rc == 0) {
		const uint32_t took = scan_gather(s, fields + at, n - at, limit);

		if (took == 0) {
			rc = scan_large(s, fields[at], at, sink);
			at++;
			continue;
		}
		s->n_runs = 0;
		rc = scan_first_pass(s, &s->all);
		if (rc == 0)
			rc = scan_first_pass(s, &s->plain);
		if (rc == -ENOBUFS) { /* hits without number: the same again in smaller parts */
			limit = (s->all.n_slots + s->plain.n_slots) / 2;
			rc = 0;
			continue;
		}
		if (rc == 0)
			rc = settle_all(s, fields + at, at, sink);
		at += took;
		limit = s->sizes.fields;
	}
	return rc;
}

static void ignore(void *ctx, const struct scan_found *found)
{
	(void)ctx;
	(void)found;
}

int scan_which(struct scanner *s, struct span text, uint64_t *bits)
{
	const struct scan_sink nobody = { ignore, NULL };
	int rc;

	s->which = bits;
	rc = scan_fields(s, &text, 1, &nobody);
	s->which = NULL;
	return rc;
}
