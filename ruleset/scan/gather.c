/* SPDX-License-Identifier: Apache-2.0
 * Fields into texts: what cannot match is left out, what has too few digits for the patterns that
 * need digits goes into a text of its own, which is scanned without them.
 *
 * The separator is a line feed: not a character of words, so that \b holds at either end of a field,
 * and what ^ and $ of the first pass stop at. */
#include "ruleset/scan/scan_priv.h"

#include <emmintrin.h>
#include <string.h>

enum { LANES = 16 };

static unsigned int digits_of(const uint8_t *p)
{
	/* c - '0' as a signed byte moved by -128: digits are the ten least values. */
	const __m128i moved = _mm_add_epi8(
			_mm_loadu_si128((const __m128i *)(const void *)p), _mm_set1_epi8(80));
	const __m128i digits = _mm_cmplt_epi8(moved, _mm_set1_epi8(-118));

	return (unsigned int)__builtin_popcount((unsigned int)_mm_movemask_epi8(digits));
}

bool scan_has_digits(struct span text)
{
	uint8_t tail[LANES] = { 0 };
	unsigned int n = 0;

	for (; text.len >= LANES; text.ptr += LANES, text.len -= LANES) {
		n += digits_of(text.ptr);
		if (n >= SCAN_DIGITS_MIN)
			return true;
	}
	if (n + text.len < SCAN_DIGITS_MIN)
		return false;
	memcpy(tail, text.ptr, text.len);
	return n + digits_of(tail) >= SCAN_DIGITS_MIN;
}

/* The text that a field belongs into; NULL: no pattern can match. */
static struct scan_text *text_for(struct scanner *s, struct span field)
{
	if (field.len < s->db->all.min_width)
		return NULL;
	if (s->db->has_gate && !scan_has_digits(field))
		return field.len < s->db->plain.min_width ? NULL : &s->plain;
	return &s->all;
}

struct scan_text scan_text_one(
		const struct scanner *s, uint8_t *buf, uint32_t len, struct scan_slot *slot)
{
	const bool is_plain = s->db->has_gate && !scan_has_digits((struct span){ buf, len });

	*slot = (struct scan_slot){ .len = len, .first_run = SCAN_NONE, .last_run = SCAN_NONE };
	return (struct scan_text){ .buf = buf,
		.len = len,
		.slots = slot,
		.n_slots = 1,
		.first = is_plain ? &s->db->plain : &s->db->all };
}

static void push(struct scan_text *text, struct span field, uint32_t index)
{
	text->slots[text->n_slots++] = (struct scan_slot){ .at = text->len,
		.len = (uint32_t)field.len,
		.field = index,
		.first_run = SCAN_NONE,
		.last_run = SCAN_NONE };
	memcpy(text->buf + text->len, field.ptr, field.len);
	text->len += (uint32_t)field.len;
	text->buf[text->len++] = '\n';
}

uint32_t scan_gather(struct scanner *s, const struct span *fields, uint32_t n, uint32_t limit)
{
	uint32_t i, used = 0;

	s->all.len = s->plain.len = 0;
	s->all.n_slots = s->plain.n_slots = 0;
	for (i = 0; i < n && used < limit; i++) {
		struct scan_text *text;

		if (fields[i].len >= s->sizes.block_bytes)
			break;
		text = text_for(s, fields[i]);
		if (text == NULL)
			continue;
		if (fields[i].len >= s->sizes.block_bytes - text->len)
			break;
		push(text, fields[i], i);
		used++;
	}
	return i;
}
