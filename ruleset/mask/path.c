/* SPDX-License-Identifier: Apache-2.0
 * Paths into JSON documents, as rules write them. */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>

static uint8_t peek(const struct reader *r)
{
	return rd_left(r) > 0 ? r->in.ptr[r->at] : 0;
}

static bool is_name(uint8_t c)
{
	const uint8_t low = c | 0x20;

	return (low >= 'a' && low <= 'z') || is_digit(c) || c == '_' || c == '-' || c >= 0x80;
}

static bool member(struct reader *r, struct mask_step *ret)
{
	const bool is_quoted = peek(r) == '"';
	const size_t from = r->at + (is_quoted ? 1 : 0);

	ret->kind = MASK_STEP_MEMBER;
	if (peek(r) == '*') {
		ret->kind = MASK_STEP_ANY_MEMBER;
		r->at++;
		return true;
	}
	if (is_quoted)
		r->at++;
	while (is_quoted ? peek(r) >= ' ' && peek(r) != '"' && peek(r) != '\\' : is_name(peek(r)))
		r->at++;
	ret->name = span_from(r->in, from, r->at);
	if (is_quoted)
		return rd_u8(r) == '"' && !r->bad;
	return ret->name.len > 0;
}

static bool element(struct reader *r, struct mask_step *ret)
{
	uint32_t n_digits = 0;

	ret->kind = MASK_STEP_ANY_ELEMENT;
	if (peek(r) == '*') {
		r->at++;
		return rd_u8(r) == ']';
	}
	ret->kind = MASK_STEP_ELEMENT;
	for (; is_digit(peek(r)) && n_digits < 9; n_digits++)
		ret->index = ret->index * 10 + (uint32_t)(rd_u8(r) - '0');
	return n_digits > 0 && rd_u8(r) == ']';
}

int mask_path_read(struct span text, struct mask_path *ret)
{
	struct reader r = rd_of(text.ptr, text.len);
	struct mask_path path = { 0 };

	if (rd_u8(&r) != '$')
		return -EINVAL;
	while (rd_left(&r) > 0) {
		struct mask_step *step = &path.steps[path.n_steps];
		uint8_t c;

		if (path.n_steps == MASK_STEPS_MAX)
			return -E2BIG;
		c = rd_u8(&r);
		if (!(c == '.' ? member(&r, step) : c == '[' && element(&r, step)))
			return -EINVAL;
		path.n_steps++;
	}
	*ret = path;
	return 0;
}
