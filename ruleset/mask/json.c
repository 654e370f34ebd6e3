/* SPDX-License-Identifier: Apache-2.0
 * json and jsonb: the values that a path leads to, or that a pattern hit, are replaced in the text;
 * every other byte stays. The binary form of jsonb is its text behind a version byte
 * (jsonb_send()). */
#include "ruleset/mask/json_priv.h"

#include <errno.h>

enum {
	JSONB_VERSION = 1,
	NEST_MAX = 64, /* arrays that a path's member is looked for in, in each other */
};

struct walk {
	struct masker *m;
	const struct mask *mask;
	const struct mask_path *path;
	struct outbuf *o;
	struct json j;
	size_t copied; /* bytes of the input that <o> has, as they are or replaced */
	uint32_t depth;
	int rc; /* not 0: over */
};

static void copy_to(struct walk *w, size_t at)
{
	ob_put(w->o, w->j.in.ptr + w->copied, at - w->copied);
	w->copied = at;
}

static bool is_number(struct span s)
{
	struct json j = { s, 0 };

	return s.len > 0 && (is_digit(s.ptr[0]) || s.ptr[0] == '-') && json_scalar(&j) &&
			j.at == s.len;
}

/* As the kind of value that it replaces, if it is one; else as a string. */
static void put_fixed(struct walk *w, uint8_t first)
{
	const struct span fixed = w->mask->fixed;
	const size_t from = w->o->len;
	const bool was_number = is_digit(first) || first == '-';
	const bool was_bool = first == 't' || first == 'f';
	const bool is_bool = span_is(fixed, "true") || span_is(fixed, "false");

	ob_span_put(w->o, fixed);
	if (!(was_number && is_number(fixed)) && !(was_bool && is_bool))
		json_encode(w->o, from);
}

static void put_string(struct walk *w, struct span raw)
{
	const size_t from = w->o->len, mark = w->m->scratch.len;
	struct span text = raw;

	if (memchr(raw.ptr, '\\', raw.len) != NULL) {
		if (!json_decode(raw, &w->m->scratch))
			w->rc = -EBADMSG;
		text = ob_since(&w->m->scratch, mark);
	}
	mask_text_put(w->m, w->mask, text, w->o);
	json_encode(w->o, from);
	w->m->scratch.len = mark;
}

/* A scalar [from, to) of the input becomes what its mask says. */
static void put_scalar(struct walk *w, size_t from, size_t to)
{
	const struct span raw = span_from(w->j.in, from, to);
	const uint8_t first = raw.ptr[0];
	struct mask_decimal d;

	copy_to(w, from);
	w->copied = to;
	if (first == 'n' || w->mask->kind == MASK_NULL)
		ob_str(w->o, "null");
	else if (w->mask->kind == MASK_FIXED)
		put_fixed(w, first);
	else if (first == '"')
		put_string(w, span_from(raw, 1, raw.len - 1));
	else if (first == 't' || first == 'f')
		ob_str(w->o, "false");
	else if (mask_decimal_read(raw, &d))
		mask_decimal_put(w->m, w->mask, &d, raw, w->o);
}

/* An array or an object as a whole: its members' names would stay if only values were masked. */
static void put_empty(struct walk *w)
{
	const size_t from = w->j.at;
	const bool is_object = json_peek(&w->j) == '{';

	json_skip(&w->j);
	copy_to(w, from);
	w->copied = w->j.at;
	if (w->mask->kind == MASK_NULL)
		ob_str(w->o, "null");
	else if (w->mask->kind == MASK_FIXED)
		put_fixed(w, '"');
	else
		ob_str(w->o, is_object ? "{}" : "[]");
}

static void next_item(struct walk *w)
{
	json_blank(&w->j);
	if (json_peek(&w->j) == ',')
		w->j.at++;
	json_blank(&w->j);
}

static bool enters(struct walk *w)
{
	if (w->depth == NEST_MAX)
		w->rc = -E2BIG;
	w->depth++;
	return w->rc == 0;
}

static void mask_at(struct walk *w);

static void mask_items(struct walk *w)
{
	w->j.at++;
	next_item(w);
	while (w->rc == 0 && json_peek(&w->j) != ']') {
		mask_at(w);
		next_item(w);
	}
	w->j.at++;
}

static void mask_at(struct walk *w)
{
	const enum mask_kind kind = w->mask->kind;
	const bool as_one = kind == MASK_REDACT || kind == MASK_NULL || kind == MASK_FIXED;
	const size_t from = w->j.at;

	if (!enters(w))
		return;
	if (json_peek(&w->j) == '[' && !as_one) {
		mask_items(w);
	} else if (json_peek(&w->j) == '[' || json_peek(&w->j) == '{') {
		put_empty(w);
	} else {
		json_scalar(&w->j);
		put_scalar(w, from, w->j.at);
	}
	w->depth--;
}

static bool is_name(struct walk *w, const struct mask_step *step, struct span key)
{
	const size_t mark = w->m->scratch.len;
	struct span text = key;
	bool is;

	if (step->kind == MASK_STEP_ANY_MEMBER)
		return true;
	if (memchr(key.ptr, '\\', key.len) != NULL) {
		json_decode(key, &w->m->scratch);
		text = ob_since(&w->m->scratch, mark);
	}
	is = text.len == step->name.len && memcmp(text.ptr, step->name.ptr, text.len) == 0;
	w->m->scratch.len = mark;
	return is;
}

static void walk_value(struct walk *w, uint32_t i_step);

static void walk_object(struct walk *w, uint32_t i_step)
{
	w->j.at++;
	next_item(w);
	while (w->rc == 0 && json_peek(&w->j) != '}') {
		const size_t from = w->j.at + 1;
		struct span key;

		json_scalar(&w->j);
		key = span_from(w->j.in, from, w->j.at - 1);
		json_blank(&w->j);
		w->j.at++; /* the colon */
		json_blank(&w->j);
		if (is_name(w, &w->path->steps[i_step], key))
			walk_value(w, i_step + 1);
		else
			json_skip(&w->j);
		next_item(w);
	}
	w->j.at++;
}

static void walk_array(struct walk *w, uint32_t i_step)
{
	const struct mask_step *step = &w->path->steps[i_step];
	uint32_t i = 0;

	w->j.at++;
	next_item(w);
	while (w->rc == 0 && json_peek(&w->j) != ']') {
		if (step->kind == MASK_STEP_MEMBER || step->kind == MASK_STEP_ANY_MEMBER)
			walk_value(w, i_step); /* lax: a member of each element */
		else if (step->kind == MASK_STEP_ANY_ELEMENT || step->index == i)
			walk_value(w, i_step + 1);
		else
			json_skip(&w->j);
		i++;
		next_item(w);
	}
	w->j.at++;
}

static void walk_value(struct walk *w, uint32_t i_step)
{
	const struct mask_step *step = &w->path->steps[i_step];

	if (i_step == w->path->n_steps) {
		mask_at(w);
		return;
	}
	if (!enters(w))
		return;
	if (json_peek(&w->j) == '[')
		walk_array(w, i_step);
	else if (step->kind == MASK_STEP_ANY_ELEMENT ||
			(step->kind == MASK_STEP_ELEMENT && step->index == 0))
		walk_value(w, i_step + 1); /* lax: itself */
	else if (json_peek(&w->j) == '{' && step->kind != MASK_STEP_ELEMENT)
		walk_object(w, i_step);
	else
		json_skip(&w->j);
	w->depth--;
}

/* A string of which a pattern hit a part, at [from, to) of the input. */
static void put_part(struct walk *w, struct mask_part part, size_t from, size_t to)
{
	const struct span raw = span_from(w->j.in, from + 1, to - 1);
	size_t start;

	if (w->j.in.ptr[from] != '"' || memchr(raw.ptr, '\\', raw.len) != NULL) {
		put_scalar(w, from, to);
		return;
	}
	copy_to(w, from);
	w->copied = to;
	start = w->o->len;
	w->rc = mask_part_put(w->m, w->mask, raw, mask_part_inside(part, from + 1, raw.len), w->o);
	json_encode(w->o, start);
}

/* Every name and scalar that the part touches. */
static void walk_part(struct walk *w, struct mask_part part)
{
	while (w->rc == 0 && w->j.at < w->j.in.len) {
		const size_t from = w->j.at;

		if (strchr("{}[]:, \t\r\n", json_peek(&w->j)) != NULL) {
			w->j.at++;
			continue;
		}
		json_scalar(&w->j);
		if (mask_touches(part, from, w->j.at))
			put_part(w, part, from, w->j.at);
	}
}

int mask_json(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	static const struct mask_path all = { 0 };
	const size_t head = job->type.kind == MASK_T_JSONB && job->is_binary ? 1 : 0;
	struct walk w = {
		.m = m, .mask = job->mask, .o = o, .path = job->path != NULL ? job->path : &all
	};
	struct mask_part part = job->part;
	int rc;

	if (job->in.len < head || (head > 0 && job->in.ptr[0] != JSONB_VERSION))
		return -EBADMSG;
	w.j.in = span_from(job->in, head, job->in.len);
	rc = json_check(w.j.in);
	if (rc != 0)
		return rc;
	ob_put(o, job->in.ptr, head);
	json_blank(&w.j);
	if (mask_is_whole(part, job->in.len)) {
		walk_value(&w, 0);
	} else {
		part.from -= part.from > 0 ? head : 0;
		part.to -= head;
		walk_part(&w, part);
	}
	copy_to(&w, w.j.in.len);
	return w.rc;
}
