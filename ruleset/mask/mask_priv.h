/* SPDX-License-Identifier: Apache-2.0
 * Inside ruleset/mask. Functions here append to an outbuf and leave its <full> to be looked at by
 * mask_value() and its kin, once; what they return is as in mask.h. */
#pragma once

#include "parsers/base/reader.h"
#include "ruleset/mask/mask.h"

enum {
	MASK_MAC_BYTES = 32,
	MASK_FF1_MAX = 38, /* digits */
};

static inline uint64_t load_be64(const void *p)
{
	return (uint64_t)load_be32(p) << 32 | load_be32((const uint8_t *)p + 4);
}

static inline void ob_be64(struct outbuf *o, uint64_t v)
{
	ob_be32(o, (uint32_t)(v >> 32));
	ob_be32(o, (uint32_t)v);
}

static inline void ob_str(struct outbuf *o, const char *s)
{
	ob_put(o, s, strlen(s));
}

static inline void ob_span_put(struct outbuf *o, struct span s)
{
	ob_put(o, s.ptr, s.len);
}

static inline struct span span_of(const char *s)
{
	return (struct span){ (const uint8_t *)s, strlen(s) };
}

static inline struct span span_from(struct span s, size_t from, size_t to)
{
	return (struct span){ s.ptr + from, to - from };
}

/* What was written since <o> was <from> bytes long. */
static inline struct span ob_since(const struct outbuf *o, size_t from)
{
	return (struct span){ o->ptr + from, o->len - from };
}

static inline bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static inline bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool mask_is_whole(struct mask_part part, size_t len)
{
	return part.from == 0 && part.to >= len;
}

static inline bool mask_touches(struct mask_part part, size_t from, size_t to)
{
	return part.from < to && from < part.to;
}

/* types.c, for tests. */
bool mask_types_are_sorted(void);

/* key.c: what a code is for, so that no two uses of one key meet. */
enum mask_use {
	MASK_USE_DIGITS = 1,
	MASK_USE_TOKEN,
	MASK_USE_LOCAL,
	MASK_USE_DOMAIN,
	MASK_USE_LONG_DIGITS,
	MASK_USE_ONE_DIGIT,
	MASK_USE_UUID,
	MASK_USE_FLOAT,
	MASK_USE_NOISE,
};

/* HMAC-SHA-256 of the use, <tweak> and <text>. */
void mask_mac(struct masker *m, enum mask_use use, uint32_t tweak, struct span text,
		uint8_t ret[MASK_MAC_BYTES]);
/* HMAC-SHA-256 of <text> alone, for tests. */
void mask_hmac(const struct mask_key *key, struct span text, uint8_t ret[MASK_MAC_BYTES]);
/* AES-256 of one block under the key of FF1. A failure is kept and becomes -EIO at the end. */
void mask_aes(struct masker *m, const uint8_t in[16], uint8_t ret[16]);
bool mask_crypto_failed(const struct mask_crypto *c);
void mask_crypto_clear(struct mask_crypto *c);

/* ff1.c: encrypts <n> decimal digits ('0'..'9') in place, 2 <= n <= MASK_FF1_MAX. */
void mask_ff1(struct masker *m, uint8_t *digits, size_t n);
/* A pseudonym of any number of digits, in place; <is_number>: the first one stays not '0'. */
void mask_digits(struct masker *m, uint8_t *digits, size_t n, bool is_number);

/* text.c */
extern const char mask_marker[];
void mask_text_put(struct masker *m, const struct mask *mask, struct span text, struct outbuf *o);
int mask_part_put(struct masker *m, const struct mask *mask, struct span value,
		struct mask_part part, struct outbuf *o);
/* Ends a call: full, failed and nulled leave <o> as it was, <from> bytes long. */
int mask_done(struct masker *m, struct outbuf *o, size_t from, int rc);
/* The factor of a number's noise in thousand millionths, the same for the same <canonical>. False:
 * the mask's ratio is none. */
bool mask_noise_factor(
		struct masker *m, const struct mask *mask, struct span canonical, uint32_t *ret);

/* number.c: decimal text. */
struct mask_decimal {
	bool is_negative;
	struct span whole, fraction; /* digits; either may be empty, not both */
	struct span exponent;        /* "e+10", or empty */
};

bool mask_decimal_read(struct span text, struct mask_decimal *ret);
/* <noise_of>: what the noise hangs on, the same in every format. */
void mask_decimal_put(struct masker *m, const struct mask *mask, const struct mask_decimal *d,
		struct span noise_of, struct outbuf *o);

/* What is masked, with its type known. */
struct mask_job {
	const struct mask *mask;
	uint32_t oid;
	struct mask_type type; /* of <oid> */
	bool is_binary;
	struct span in;
	struct mask_part part;
	const struct mask_path *path;
	uint32_t depth;
};

/* One for each kind of type. */
int mask_string(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_name(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_char(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_xml(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_bytea(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_bool(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_uuid(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_money(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_inet(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_macaddr(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_bit(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_int(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_float(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_numeric(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_date(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_json(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_array(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_record(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_range(struct masker *m, const struct mask_job *job, struct outbuf *o);
int mask_multirange(struct masker *m, const struct mask_job *job, struct outbuf *o);

/* value.c: a whole job but for its type, which is looked up. */
int mask_job_put(struct masker *m, const struct mask_job *job, struct outbuf *o);
/* A value inside <outer>, of <oid>. */
int mask_inner(struct masker *m, const struct mask_job *outer, const struct mask_job *inner,
		struct outbuf *o);
/* The same for binary data with its length before it, which <r> is at. MASK_NULLED: it is NULL now,
 * or was; the length says so. */
int mask_inner_binary(struct masker *m, const struct mask_job *outer, uint32_t oid,
		struct reader *r, struct outbuf *o);

/* date.c: a date or timestamp as text, any of the three types, with its day moved to the first of
 * its year. False: it is none in ISO style. */
bool mask_year_put(struct span text, struct outbuf *o);

/* quote.c */
struct mask_quoting {
	const char *specials; /* any of these makes quotes necessary */
	const char *escaped;  /* these get <escape> before them */
	uint8_t quote;        /* put around it; 0: none, and all of <escaped> is */
	uint8_t escape;       /* 0: they are doubled */
	bool has_letters;     /* a line feed becomes <escape> and an n, and so on */
	bool must;            /* quotes always */
};

/* Quotes what was written since <from>, in place. */
void mask_quote(struct outbuf *o, size_t from, const struct mask_quoting *q);

/* A value as text inside an array, a row or a range: bare or in quotes. */
struct mask_piece {
	struct span raw; /* with its quotes */
	size_t at;       /* of <raw> in what is around it */
	bool is_quoted;
	bool is_plain; /* nothing is escaped */
};

/* Up to an unquoted byte of <ends>, which is not taken. False: a quote without an end. */
bool mask_piece_read(struct span in, size_t *at, const char *ends, struct mask_piece *ret);
/* Masks it as a value of <oid> inside <outer>, or copies it if the part is elsewhere. <q> for what
 * comes out. MASK_NULLED: nothing was written. */
int mask_piece_put(struct masker *m, const struct mask_job *outer, uint32_t oid,
		const struct mask_piece *piece, const struct mask_quoting *q, struct outbuf *o);
/* The outer value's part, as seen from the piece at [from, from + len) of it. */
struct mask_part mask_part_inside(struct mask_part part, size_t from, size_t len);
