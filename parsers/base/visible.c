/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/base/visible.h"

#include <stdint.h>

enum {
	PIECE_MAX = 10, /* \U0010FFFF */
	NOT_UTF8 = 0x110000,
};

/* The character at <text>, and how many bytes it has; NOT_UTF8 and 1 for what is none. Strict: no
 * surrogates, no longer form than needed (RFC 3629 section 4). */
static uint32_t utf8_get(struct span text, size_t *ret_len)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t first = text.ptr[0];
	const size_t len = first < 0x80 ? 1
			: first < 0xc0  ? 0
			: first < 0xe0  ? 2
			: first < 0xf0  ? 3
			: first < 0xf8  ? 4
					: 0;
	uint32_t c = len == 1 ? first : first & (0x7fu >> len);

	*ret_len = 1;
	if (len == 0 || len > text.len)
		return NOT_UTF8;
	for (size_t i = 1; i < len; i++) {
		if ((text.ptr[i] & 0xc0) != 0x80)
			return NOT_UTF8;
		c = c << 6 | (text.ptr[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return NOT_UTF8;
	*ret_len = len;
	return c;
}

static bool is_hidden(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, /* soft hyphen */
		{ 0x61c, 0x61c },                               /* Arabic letter mark */
		{ 0x180e, 0x180e },                             /* Mongolian vowel separator */
		{ 0x200b, 0x200f }, /* no width, left-to-right mark, right-to-left mark */
		{ 0x2028, 0x202e }, /* separators, embeddings, overrides */
		{ 0x2060, 0x206f }, /* joiners, isolates */
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f }, /* tags */
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	}
	return false;
}

static size_t put_escape(uint8_t *out, char kind, uint32_t value, size_t n_digits)
{
	static const char hex[] = "0123456789ABCDEF";

	out[0] = '\\';
	out[1] = (uint8_t)kind;
	for (size_t i = 0; i < n_digits; i++)
		out[2 + i] = (uint8_t)hex[value >> 4 * (n_digits - 1 - i) & 15];
	return 2 + n_digits;
}

/* Writes what stands for the character at <text>; its length. */
static size_t piece_of(struct span text, bool ascii, uint8_t *out, size_t *ret_taken)
{
	const uint32_t c = utf8_get(text, ret_taken);

	if (c == NOT_UTF8)
		return put_escape(out, 'x', text.ptr[0], 2);
	if (c == '\\') {
		out[0] = out[1] = '\\';
		return 2;
	}
	if (!is_hidden(c) && (c < 0x80 || !ascii)) {
		memcpy(out, text.ptr, *ret_taken);
		return *ret_taken;
	}
	if (c < 0x80)
		return put_escape(out, 'x', c, 2);
	return c <= 0xffff ? put_escape(out, 'u', c, 4) : put_escape(out, 'U', c, 8);
}

void visible_put(struct outbuf *o, struct span text, size_t max_bytes, bool ascii)
{
	static const char more[] = "...";
	const size_t n_more = sizeof(more) - 1;
	uint8_t piece[PIECE_MAX];
	size_t used = 0, taken, n, cut = 0;
	const size_t start = o->len;

	for (size_t at = 0; at < text.len; at += taken) {
		n = piece_of((struct span){ text.ptr + at, text.len - at }, ascii, piece, &taken);
		if (used + n > max_bytes) {
			if (!o->full && max_bytes >= n_more) {
				o->len = start + cut;
				ob_put(o, more, n_more);
			}
			return;
		}
		ob_put(o, piece, n);
		used += n;
		if (used + n_more <= max_bytes)
			cut = used; /* as far as it stays when the rest is cut off */
	}
}
