/* SPDX-License-Identifier: Apache-2.0
 * Byte classes of SQL text (definitions of scan.l) and ASCII lower case. */
#pragma once

#include <emmintrin.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	SQL_C_IDENT_START = 1,
	SQL_C_IDENT = 2, /* ident_cont */
	SQL_C_DIGIT = 4,
	SQL_C_OP = 8,
	SQL_C_OP_ODD = 16, /* lets an operator end in + or - */
	SQL_C_SELF = 32,
};

/* Letters that may stand before a quote, by their low five bits: b e n u x. */
#define SQL_PREFIX_LETTERS (1U << 2 | 1U << 5 | 1U << 14 | 1U << 21 | 1U << 24)

/* What a token may begin with, to switch by. */
enum sql_first {
	SQL_F_OTHER,
	SQL_F_SPACE,
	SQL_F_WORD,
	SQL_F_DIGIT,
	SQL_F_OP,
	SQL_F_SELF, /* one of ,()[]; */
	SQL_F_QUOTE,
	SQL_F_DQUOTE,
	SQL_F_DOT,
	SQL_F_COLON,
	SQL_F_DOLLAR,
};

extern const uint8_t sql_first[256];
extern const uint8_t sql_chars[256];
extern const uint8_t sql_lower[256];

static inline bool sql_char_is(uint8_t c, uint8_t classes)
{
	return (sql_chars[c] & classes) != 0;
}

static inline __m128i sql_in_range16(__m128i c, char low, char high)
{
	/* Bytes as signed numbers: what is 0x80 and up is below 0, hence in no range. */
	return _mm_and_si128(_mm_cmpgt_epi8(c, _mm_set1_epi8((char)(low - 1))),
			_mm_cmplt_epi8(c, _mm_set1_epi8((char)(high + 1))));
}

/* How many of 16 bytes from the first on are SQL_C_IDENT: 0 to 16. Words end where no branch
 * predictor knows, so a loop over bytes costs a misprediction a word. */
static inline unsigned int sql_word_run16(const uint8_t *p)
{
	const __m128i c = _mm_loadu_si128((const __m128i *)(const void *)p);
	const __m128i folded = _mm_or_si128(c, _mm_set1_epi8(0x20));
	__m128i is_in = _mm_or_si128(sql_in_range16(folded, 'a', 'z'), sql_in_range16(c, '0', '9'));

	is_in = _mm_or_si128(is_in, _mm_cmpeq_epi8(c, _mm_set1_epi8('_')));
	is_in = _mm_or_si128(is_in, _mm_cmpeq_epi8(c, _mm_set1_epi8('$')));
	is_in = _mm_or_si128(is_in, c); /* the top bit is all that is looked at */
	return (unsigned int)__builtin_ctz(~(unsigned int)_mm_movemask_epi8(is_in));
}

/* sql_lower[] of 16 bytes. */
static inline void sql_lower16(uint8_t *to, const uint8_t *from)
{
	const __m128i c = _mm_loadu_si128((const __m128i *)(const void *)from);
	const __m128i bit = _mm_and_si128(sql_in_range16(c, 'A', 'Z'), _mm_set1_epi8(0x20));

	_mm_storeu_si128((__m128i *)(void *)to, _mm_or_si128(c, bit));
}
