/* SPDX-License-Identifier: Apache-2.0
 * Masks of text: whole, in part, and several parts of free text. */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>

enum {
	TOKEN_CHARS = 20, /* of 5 bits */
	PART_CHARS = 16,  /* of each part of an e-mail address */
	LOCAL_MAX = 64,   /* RFC 5321 4.5.3.1 */
	DOMAIN_MAX = 255,
	NOISE_ONE = 1000000000,
};

const char mask_marker[] = "*****";

static bool is_tail(const uint8_t *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return false;
	}
	return true;
}

/* Bytes of the character at <p>; 1 when it is none of UTF-8. */
static size_t char_len(const uint8_t *p, size_t left)
{
	size_t n = 1;

	if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else if (p[0] >= 0xe0 && p[0] < 0xf0)
		n = 3;
	else if (p[0] >= 0xc2 && p[0] < 0xe0)
		n = 2;
	return n <= left && is_tail(p, n) ? n : 1;
}

/* If <at> is inside a character: where that begins, or where it ends. */
static size_t boundary(struct span s, size_t at, bool is_end)
{
	for (size_t back = 1; back <= 3 && back <= at && at < s.len; back++) {
		const size_t p = at - back, n = char_len(s.ptr + p, s.len - p);

		if (p + n > at)
			return is_end ? p + n : p;
	}
	return at;
}

static int clip(struct span value, struct mask_part *part)
{
	if (mask_is_whole(*part, value.len)) {
		part->to = value.len;
		return 0;
	}
	if (part->to > value.len)
		part->to = value.len;
	if (part->from >= part->to)
		return -EINVAL;
	part->from = boundary(value, part->from, false);
	part->to = boundary(value, part->to, true);
	return 0;
}

static size_t count(struct span s)
{
	size_t n = 0;

	for (size_t at = 0; at < s.len; at += char_len(s.ptr + at, s.len - at))
		n++;
	return n;
}

static size_t skip(struct span s, size_t n_chars)
{
	size_t at = 0;

	while (n_chars-- > 0)
		at += char_len(s.ptr + at, s.len - at);
	return at;
}

static void put_stars(struct outbuf *o, size_t n)
{
	uint8_t *p = ob_room(o, n);

	if (p != NULL && n > 0)
		memset(p, '*', n);
}

static void put_kept(const struct mask *mask, struct span text, struct outbuf *o)
{
	const size_t n = count(text), keep = mask->keep;
	size_t at;

	if (n <= keep) {
		ob_str(o, mask_marker);
	} else if (mask->kind == MASK_KEEP_FIRST) {
		ob_put(o, text.ptr, skip(text, keep));
		put_stars(o, n - keep);
	} else {
		at = skip(text, n - keep);
		put_stars(o, n - keep);
		ob_put(o, text.ptr + at, text.len - at);
	}
}

static void put_code(struct masker *m, enum mask_use use, struct span text, size_t n_chars,
		struct outbuf *o)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t sum[MASK_MAC_BYTES], *p = ob_room(o, n_chars);

	mask_mac(m, use, 0, text, sum);
	for (size_t i = 0; p != NULL && i < n_chars; i++) {
		const size_t bit = i * 5;
		const uint32_t two = load_be16(sum + bit / 8);

		p[i] = (uint8_t)alphabet[two >> (11 - bit % 8) & 31];
	}
}

static bool is_local(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] <= ' ' || s.ptr[i] == 0x7f ||
				strchr("\"(),:;<>[\\]", s.ptr[i]) != NULL)
			return false;
	}
	return s.len > 0 && s.len <= LOCAL_MAX;
}

static bool is_domain(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		const uint8_t c = s.ptr[i], low = c | 0x20;

		if (c < 0x80 && !is_digit(c) && (low < 'a' || low > 'z') && c != '-' && c != '.')
			return false;
	}
	return s.len > 0 && s.len <= DOMAIN_MAX && s.ptr[0] != '.' && s.ptr[s.len - 1] != '.';
}

/* RFC 2606: nobody has a name under .example, so no mail goes astray. */
static bool put_email(struct masker *m, struct span text, struct outbuf *o)
{
	const uint8_t *at = text.len > 0 ? memchr(text.ptr, '@', text.len) : NULL;
	struct span local, domain;

	if (at == NULL)
		return false;
	local = span_from(text, 0, (size_t)(at - text.ptr));
	domain = span_from(text, local.len + 1, text.len);
	if (!is_local(local) || !is_domain(domain))
		return false;
	put_code(m, MASK_USE_LOCAL, local, PART_CHARS, o);
	ob_u8(o, '@');
	put_code(m, MASK_USE_DOMAIN, domain, PART_CHARS, o);
	ob_str(o, ".example");
	return true;
}

static size_t n_digits(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (is_digit(text.ptr[i]))
			n++;
		else if (text.ptr[i] == 0 || strchr(" -./()+", text.ptr[i]) == NULL)
			return 0;
	}
	return n;
}

/* Digits and what people put between them. The digits are drawn together at the front of their room
 * and put back from the last on. */
static bool put_digits(struct masker *m, struct span text, struct outbuf *o)
{
	const size_t n = n_digits(text);
	uint8_t *p;
	size_t k = 0;

	if (n == 0)
		return false;
	p = ob_room(o, text.len);
	if (p == NULL)
		return true;
	for (size_t i = 0; i < text.len; i++) {
		if (is_digit(text.ptr[i]))
			p[k++] = text.ptr[i];
	}
	mask_digits(m, p, n, false);
	for (size_t i = text.len; i-- > 0;)
		p[i] = is_digit(text.ptr[i]) ? p[--k] : text.ptr[i];
	return true;
}

static void put_pseudonym(struct masker *m, struct span text, struct outbuf *o)
{
	if (put_email(m, text, o) || put_digits(m, text, o))
		return;
	ob_str(o, "p_");
	put_code(m, MASK_USE_TOKEN, text, TOKEN_CHARS, o);
}

bool mask_noise_factor(
		struct masker *m, const struct mask *mask, struct span canonical, uint32_t *ret)
{
	uint8_t sum[MASK_MAC_BYTES];
	double at;

	if (!(mask->ratio > 0 && mask->ratio <= 1))
		return false;
	mask_mac(m, MASK_USE_NOISE, 0, canonical, sum);
	at = (double)(load_be64(sum) >> 11) * 0x1p-52 - 1; /* [-1, 1) */
	*ret = (uint32_t)(NOISE_ONE + NOISE_ONE * mask->ratio * at);
	return true;
}

static void put_noise(struct masker *m, const struct mask *mask, struct span text, struct outbuf *o)
{
	struct mask_decimal d;

	if (mask_decimal_read(text, &d))
		mask_decimal_put(m, mask, &d, text, o);
	else
		ob_str(o, mask_marker);
}

void mask_text_put(struct masker *m, const struct mask *mask, struct span text, struct outbuf *o)
{
	switch (mask->kind) {
	case MASK_KEEP_FIRST:
	case MASK_KEEP_LAST:
		put_kept(mask, text, o);
		return;
	case MASK_FIXED:
		ob_span_put(o, mask->fixed);
		return;
	case MASK_PSEUDONYM:
		put_pseudonym(m, text, o);
		return;
	case MASK_NOISE:
		put_noise(m, mask, text, o);
		return;
	case MASK_DATE_TO_YEAR:
		if (!mask_year_put(text, o))
			ob_str(o, mask_marker);
		return;
	case MASK_REDACT:
	case MASK_NULL:
		break;
	}
	ob_str(o, mask_marker); /* also for a kind that is none */
}

int mask_done(struct masker *m, struct outbuf *o, size_t from, int rc)
{
	if (rc >= 0 && (o->full || m->scratch.full))
		rc = -ENOBUFS;
	if (rc >= 0 && mask_crypto_failed(m->crypto))
		rc = -EIO;
	mask_crypto_clear(m->crypto);
	m->scratch.len = 0;
	m->scratch.full = false;
	if (rc != MASK_OK)
		o->len = from;
	if (rc < 0)
		o->full = false;
	return rc;
}

int mask_part_put(struct masker *m, const struct mask *mask, struct span value,
		struct mask_part part, struct outbuf *o)
{
	const int rc = clip(value, &part);

	if (rc != 0)
		return rc;
	if (mask->kind == MASK_NULL)
		return MASK_NULLED;
	ob_put(o, value.ptr, part.from);
	mask_text_put(m, mask, span_from(value, part.from, part.to), o);
	ob_put(o, value.ptr + part.to, value.len - part.to);
	return MASK_OK;
}

int mask_text(struct masker *m, const struct mask *mask, struct span value, struct mask_part part,
		struct outbuf *o)
{
	const size_t from = o->len;

	return mask_done(m, o, from, mask_part_put(m, mask, value, part, o));
}

/* The hits from <i> on that overlap, as one: how many, and what they cover. -EINVAL. */
static int group_of(struct span text, const struct mask_hit *hits, size_t n, struct mask_part *ret)
{
	int i = 0;

	*ret = hits[0].part;
	if (clip(text, ret) != 0)
		return -EINVAL;
	while ((size_t)++i < n && hits[i].part.from < ret->to) {
		struct mask_part next = hits[i].part;

		if (next.from < hits[i - 1].part.from || clip(text, &next) != 0)
			return -EINVAL;
		if (next.to > ret->to)
			ret->to = next.to;
	}
	return i;
}

static int put_hits(struct masker *m, struct span text, const struct mask_hit *hits, size_t n,
		struct outbuf *o)
{
	static const struct mask redact = { .kind = MASK_REDACT };
	struct mask_part part;
	size_t at = 0;

	for (size_t i = 0; i < n;) {
		const int n_group = group_of(text, hits + i, n - i, &part);

		if (n_group < 0 || part.from < at)
			return -EINVAL;
		ob_put(o, text.ptr + at, part.from - at);
		mask_text_put(m, n_group == 1 ? hits[i].mask : &redact,
				span_from(text, part.from, part.to), o);
		at = part.to;
		i += (size_t)n_group;
	}
	ob_put(o, text.ptr + at, text.len - at);
	return MASK_OK;
}

int mask_hits(struct masker *m, struct span text, const struct mask_hit *hits, size_t n_hits,
		struct outbuf *o)
{
	const size_t from = o->len;

	return mask_done(m, o, from, put_hits(m, text, hits, n_hits, o));
}
