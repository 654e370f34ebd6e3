/* SPDX-License-Identifier: Apache-2.0
 * Values that are neither numbers nor times nor made of others. Most of them can only be told to be
 * nothing: all zeros, which every server and client takes for a value of the type. */
#include "ruleset/mask/mask_priv.h"

#include <errno.h>

enum {
	NAME_MAX_BYTES = 63,
	UUID_BYTES = 16,
	UUID_TEXT = 36,
	NIBBLES = 32,
	FAMILY_4 = 2, /* PGSQL_AF_INET and _INET6 in utils/inet.h */
	FAMILY_6 = 3,
	SIGN_MAX = 16, /* bytes of a currency's sign, with the sign of the number */
	MAC_BYTES = 6,
	MAC8_BYTES = 8,
};

static const char hex[] = "0123456789abcdef";

int mask_string(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	if (job->path != NULL)
		return mask_json(m, job, o);
	return mask_part_put(m, job->mask, job->in, job->part, o);
}

/* name_recv() refuses what is longer. */
int mask_name(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const size_t from = o->len;
	const int rc = mask_part_put(m, job->mask, job->in, job->part, o);

	if (rc == MASK_OK && o->len - from > NAME_MAX_BYTES) {
		o->len = from;
		ob_str(o, mask_marker);
	}
	return rc;
}

/* "char", in quotes: one byte. */
int mask_char(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const struct span fixed = job->mask->fixed;

	(void)m;
	if (job->mask->kind == MASK_FIXED && fixed.len == 1 && fixed.ptr[0] > 0 &&
			fixed.ptr[0] < 0x80)
		ob_u8(o, fixed.ptr[0]);
	else
		ob_u8(o, '*');
	return MASK_OK;
}

/* An element, since a document cannot be bare text (xmloption). */
int mask_xml(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	(void)m;
	(void)job;
	ob_str(o, "<masked/>");
	return MASK_OK;
}

static int nibble_of(uint8_t c)
{
	const uint8_t low = c | 0x20;

	if (is_digit(c))
		return c - '0';
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static bool hex_read(struct span text, struct outbuf *o)
{
	if (text.len % 2 != 0)
		return false;
	for (size_t i = 0; i < text.len; i += 2) {
		const int high = nibble_of(text.ptr[i]), low = nibble_of(text.ptr[i + 1]);

		if (high < 0 || low < 0)
			return false;
		ob_u8(o, (uint8_t)(high << 4 | low));
	}
	return true;
}

/* What was written since <from> becomes \x and two digits a byte, from its end on. */
static void hex_grow(struct outbuf *o, size_t from)
{
	const size_t n = o->len - from;
	uint8_t *p = o->ptr + from;

	if (o->full || ob_room(o, n + 2) == NULL)
		return;
	for (size_t i = n; i-- > 0;) {
		const uint8_t c = p[i];

		p[2 + 2 * i + 1] = (uint8_t)hex[c & 15];
		p[2 + 2 * i] = (uint8_t)hex[c >> 4];
	}
	p[0] = '\\';
	p[1] = 'x';
}

/* Its bytes are masked as those of text are. What is not in hex (bytea_output = escape) is
 * redacted. */
int mask_bytea(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	static const struct mask redact = { .kind = MASK_REDACT };
	const size_t from = o->len, mark = m->scratch.len;
	const bool is_hex = job->in.len >= 2 && job->in.ptr[0] == '\\' && job->in.ptr[1] == 'x';
	const struct mask *mask = is_hex || job->mask->kind == MASK_FIXED ? job->mask : &redact;
	int rc;

	if (job->is_binary)
		return mask_part_put(m, job->mask, job->in, job->part, o);
	if (is_hex && !hex_read(span_from(job->in, 2, job->in.len), &m->scratch))
		return -EBADMSG;
	rc = mask_part_put(m, mask, ob_since(&m->scratch, mark), MASK_WHOLE, o);
	m->scratch.len = mark;
	if (rc == MASK_OK)
		hex_grow(o, from);
	return rc;
}

int mask_bool(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const struct span fixed = job->mask->fixed;
	const bool is_true = job->mask->kind == MASK_FIXED &&
			(span_is(fixed, "true") || span_is(fixed, "t"));

	(void)m;
	if (job->in.len != 1)
		return -EBADMSG;
	if (job->is_binary)
		ob_u8(o, is_true);
	else
		ob_u8(o, is_true ? 't' : 'f');
	return MASK_OK;
}

static bool is_dash(size_t at)
{
	return at == 8 || at == 13 || at == 18 || at == 23;
}

static bool uuid_read(struct span text, uint8_t nibbles[NIBBLES])
{
	size_t n = 0;

	if (text.len != UUID_TEXT)
		return false;
	for (size_t i = 0; i < UUID_TEXT; i++) {
		const int v = nibble_of(text.ptr[i]);

		if (is_dash(i) ? text.ptr[i] != '-' : v < 0)
			return false;
		if (!is_dash(i))
			nibbles[n++] = (uint8_t)v;
	}
	return true;
}

static void uuid_split(const uint8_t bytes[UUID_BYTES], uint8_t nibbles[NIBBLES])
{
	for (size_t i = 0; i < UUID_BYTES; i++) {
		nibbles[2 * i] = bytes[i] >> 4;
		nibbles[2 * i + 1] = bytes[i] & 15;
	}
}

static void uuid_write(const uint8_t nibbles[NIBBLES], bool is_binary, struct outbuf *o)
{
	size_t n = 0;

	if (is_binary) {
		for (size_t i = 0; i < NIBBLES; i += 2)
			ob_u8(o, (uint8_t)(nibbles[i] << 4 | nibbles[i + 1]));
		return;
	}
	for (size_t i = 0; i < UUID_TEXT; i++)
		ob_u8(o, is_dash(i) ? '-' : (uint8_t)hex[nibbles[n++]]);
}

/* In the form of version 4 (RFC 9562): what remains of the code is 122 bits. */
static void uuid_pseudonym(struct masker *m, uint8_t nibbles[NIBBLES])
{
	uint8_t sum[MASK_MAC_BYTES];

	mask_mac(m, MASK_USE_UUID, 0, (struct span){ nibbles, NIBBLES }, sum);
	sum[6] = (sum[6] & 0x0f) | 0x40;
	sum[8] = (sum[8] & 0x3f) | 0x80;
	uuid_split(sum, nibbles);
}

static void uuid_keep(const struct mask *mask, uint8_t nibbles[NIBBLES])
{
	const size_t keep = mask->keep < NIBBLES ? mask->keep : 0;

	if (mask->kind == MASK_KEEP_FIRST)
		memset(nibbles + keep, 0, NIBBLES - keep);
	else
		memset(nibbles, 0, NIBBLES - keep);
}

int mask_uuid(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const struct mask *mask = job->mask;
	uint8_t nibbles[NIBBLES];

	if (job->is_binary ? job->in.len != UUID_BYTES : !uuid_read(job->in, nibbles))
		return -EBADMSG;
	if (job->is_binary)
		uuid_split(job->in.ptr, nibbles);
	if (mask->kind == MASK_KEEP_FIRST || mask->kind == MASK_KEEP_LAST)
		uuid_keep(mask, nibbles);
	else if (mask->kind == MASK_PSEUDONYM)
		uuid_pseudonym(m, nibbles);
	else if (mask->kind != MASK_FIXED || !uuid_read(mask->fixed, nibbles))
		memset(nibbles, 0, sizeof(nibbles));
	uuid_write(nibbles, job->is_binary, o);
	return MASK_OK;
}

/* Zero, with the sign of its currency, which lc_monetary chose: some clients do not read it
 * without. */
int mask_money(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const struct span in = job->in;
	size_t first = 0, last = in.len;

	(void)m;
	if (job->is_binary) {
		if (in.len != sizeof(uint64_t))
			return -EBADMSG;
		ob_be64(o, 0);
		return MASK_OK;
	}
	while (first < in.len && !is_digit(in.ptr[first]))
		first++;
	if (first == in.len)
		return -EBADMSG;
	while (!is_digit(in.ptr[last - 1]))
		last--;
	if (first > SIGN_MAX || in.len - last > SIGN_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < in.len; i++) {
		if (i == first)
			ob_u8(o, '0');
		if ((i < first || i >= last) && strchr("-()", in.ptr[i]) == NULL)
			ob_u8(o, in.ptr[i]);
	}
	return MASK_OK;
}

static int inet_binary(const struct mask_job *job, struct outbuf *o)
{
	static const uint8_t zeros[16];
	struct reader r = rd_of(job->in.ptr, job->in.len);
	const uint8_t family = rd_u8(&r);
	const size_t n = family == FAMILY_4 ? 4 : 16;

	rd_u8(&r); /* bits of the net */
	rd_u8(&r); /* is it a cidr? */
	if (r.bad || (family != FAMILY_4 && family != FAMILY_6) || rd_u8(&r) != n)
		return -EBADMSG;
	rd_take(&r, n);
	ob_u8(o, family);
	ob_u8(o, (uint8_t)(8 * n));
	ob_u8(o, job->type.kind == MASK_T_CIDR);
	ob_u8(o, (uint8_t)n);
	ob_put(o, zeros, n);
	return rd_is_done(&r) ? MASK_OK : -EBADMSG;
}

int mask_inet(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const bool is_6 = job->in.len > 0 && memchr(job->in.ptr, ':', job->in.len) != NULL;

	(void)m;
	if (job->is_binary)
		return inet_binary(job, o);
	ob_str(o, is_6 ? "::" : "0.0.0.0");
	if (job->type.kind == MASK_T_CIDR)
		ob_str(o, is_6 ? "/128" : "/32");
	return MASK_OK;
}

int mask_macaddr(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	static const uint8_t zeros[MAC8_BYTES];
	const size_t n = job->type.kind == MASK_T_MACADDR ? MAC_BYTES : MAC8_BYTES;

	(void)m;
	if (job->is_binary && job->in.len != n)
		return -EBADMSG;
	if (job->is_binary)
		ob_put(o, zeros, n);
	else
		ob_put(o, "00:00:00:00:00:00:00:00", 3 * n - 1);
	return MASK_OK;
}

/* As many bits as there were: a column of bit(8) has 8. */
int mask_bit(struct masker *m, const struct mask_job *job, struct outbuf *o)
{
	const size_t n = job->in.len;
	uint8_t *p;

	(void)m;
	if (job->is_binary) {
		if (n < 4 || n - 4 != ((uint64_t)load_be32(job->in.ptr) + 7) / 8)
			return -EBADMSG;
	} else {
		for (size_t i = 0; i < n; i++) {
			if (job->in.ptr[i] != '0' && job->in.ptr[i] != '1')
				return -EBADMSG;
		}
	}
	p = ob_room(o, n);
	if (p == NULL || n == 0)
		return MASK_OK;
	memset(p, job->is_binary ? 0 : '0', n);
	if (job->is_binary)
		memcpy(p, job->in.ptr, 4);
	return MASK_OK;
}
