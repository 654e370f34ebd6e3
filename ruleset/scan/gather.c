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

/* 0xff in the lane of each digit: c - '0' moved by -128, the ten least signed values. */
static __m128i digit_lanes(__m128i chars)
{
	return _mm_cmplt_epi8(_mm_add_epi8(chars, _mm_set1_epi8(80)), _mm_set1_epi8(-118));
}

static uint32_t count_lanes(__m128i lanes)
{
	const __m128i zero = _mm_setzero_si128();
	const __m128i sums = _mm_sad_epu8(_mm_sub_epi8(zero, lanes), zero);

	return (uint32_t)_mm_cvtsi128_si32(sums) +
			(uint32_t)_mm_cvtsi128_si32(_mm_unpackhi_epi64(sums, sums));
}

static __m128i load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Lanes of less than 16 bytes, read as two words that overlap; the second's part of both is shifted
 * out. */
static uint32_t count_short(const uint8_t *p, size_t len)
{
	uint64_t low = 0, high = 0;

	if (len >= 8) {
		memcpy(&low, p, 8);
		memcpy(&high, p + len - 8, 8);
		high = len > 8 ? high >> (16 - len) * 8 : 0;
	} else {
		memcpy(&low, p, 4);
		memcpy(&high, p + len - 4, 4);
		high = (uint64_t)(uint32_t)high >> (8 - len) * 8;
	}
	return count_lanes(digit_lanes(_mm_set_epi64x((int64_t)high, (int64_t)low)));
}

/* The last bytes, less than 16, of a text of at least 16. */
static uint32_t count_tail(const uint8_t *end, size_t len)
{
	const __m128i lane = _mm_set_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	const __m128i wanted = _mm_cmpgt_epi8(lane, _mm_set1_epi8((char)(LANES - 1 - len)));

	return count_lanes(_mm_and_si128(digit_lanes(load(end - LANES)), wanted));
}

bool scan_has_digits(struct span text)
{
	const uint8_t *p = text.ptr, *end = p + text.len;
	uint32_t n = 0;

	if (text.len < SCAN_DIGITS_MIN)
		return false;
	if (text.len < LANES)
		return count_short(p, text.len) >= SCAN_DIGITS_MIN;
	for (; end - p >= LANES && n < SCAN_DIGITS_MIN; p += LANES)
		n += count_lanes(digit_lanes(load(p)));
	if (n < SCAN_DIGITS_MIN && p < end)
		n += count_tail(end, (size_t)(end - p));
	return n >= SCAN_DIGITS_MIN;
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
