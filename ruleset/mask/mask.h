/* SPDX-License-Identifier: Apache-2.0
 * What is done to one value on its way to the agent. Pure: the caller's memory, no clock, no heap
 * but in mask_crypto_new(). README.md has the table of what each mask writes for each type.
 *
 * Every mask_x() that writes appends to an outbuf and answers enum mask_rc or an error:
 *   -EBADMSG  the value is not what its type says; it must not leave
 *   -ENOBUFS  <o> or the scratch is too small; nothing was written, a larger one will do
 *   -E2BIG    nested deeper than is looked into
 *   -EINVAL   a part that is not inside the value, or a mask that cannot be
 *   -EIO      OpenSSL failed
 * After an error <o> is as it was, and the caller lets no byte of the value leave. */
#pragma once

#include "parsers/base/outbuf.h"
#include "parsers/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mask_kind {
	MASK_REDACT,
	MASK_KEEP_FIRST,
	MASK_KEEP_LAST,
	MASK_NULL,
	MASK_FIXED,
	MASK_PSEUDONYM,
	MASK_DATE_TO_YEAR,
	MASK_NOISE,
};

struct mask {
	enum mask_kind kind;
	uint32_t keep;     /* characters */
	double ratio;      /* of noise: 0 < ratio <= 1; anything else redacts */
	struct span fixed; /* borrowed */
};

enum mask_rc {
	MASK_OK,     /* the value was written */
	MASK_NULLED, /* nothing was written: the value is to be NULL */
};

enum {
	MASK_KEY_MIN = 16, /* bytes of a secret */
	MASK_STEPS_MAX = 16,
	MASK_DEPTH_MAX = 16, /* arrays, rows and ranges in each other */
};

/* What pseudonyms and noise hang on; one for each target. Immutable: any thread. */
struct mask_key {
	uint64_t inner[14], outer[14]; /* HMAC: the hash behind either block of the key */
	uint8_t digits[32];            /* FF1: a key of AES-256 */
};

/* <secret> of MASK_KEY_MIN bytes or more; it is not kept. 0; -EINVAL: too short. */
int mask_key_init(struct mask_key *key, struct span secret);
/* Wipes it. */
void mask_key_done(struct mask_key *key);

/* A cipher of OpenSSL's that is set up; one for each thread. */
struct mask_crypto;

/* NULL: no memory. */
struct mask_crypto *mask_crypto_new(void);
void mask_crypto_free(struct mask_crypto **c);

/* How a value is built. */
enum mask_type_kind {
	MASK_T_OPAQUE, /* nothing can be said: only NULL is safe */
	MASK_T_TEXT,
	MASK_T_NAME, /* at most 63 bytes */
	MASK_T_CHAR, /* one byte */
	MASK_T_BOOL,
	MASK_T_INT2,
	MASK_T_INT4,
	MASK_T_INT8,
	MASK_T_UINT4, /* oid and its kin */
	MASK_T_UINT8,
	MASK_T_FLOAT4,
	MASK_T_FLOAT8,
	MASK_T_NUMERIC,
	MASK_T_MONEY,
	MASK_T_BYTEA,
	MASK_T_UUID,
	MASK_T_DATE,
	MASK_T_TIME,
	MASK_T_TIMETZ,
	MASK_T_TIMESTAMP,
	MASK_T_TIMESTAMPTZ,
	MASK_T_INTERVAL,
	MASK_T_JSON,
	MASK_T_JSONB,
	MASK_T_XML,
	MASK_T_INET,
	MASK_T_CIDR,
	MASK_T_MACADDR,
	MASK_T_MACADDR8,
	MASK_T_BIT,
	MASK_T_ARRAY,
	MASK_T_RECORD,
	MASK_T_RANGE,
	MASK_T_MULTIRANGE,
	MASK_T_MAX,
};

struct mask_type {
	enum mask_type_kind kind;
	uint32_t element;       /* OID: what an array holds, a range is of; a multirange's range */
	const uint32_t *fields; /* of a RECORD in text format: their OIDs, borrowed; NULL: not known */
	uint16_t n_fields;
};

/* Types that are not PostgreSQL's own (OID 16384 and above), as the target's catalogue has them. */
struct mask_types {
	bool (*find)(const void *ctx, uint32_t oid, struct mask_type *ret); /* false: not known */
	const void *ctx;                                                    /* borrowed */
};

/* PostgreSQL 15's own types, then <types>, which may be NULL. What nobody knows is OPAQUE. */
void mask_type_of(const struct mask_types *types, uint32_t oid, struct mask_type *ret);

/* One thread's tools for one target. All borrowed. */
struct masker {
	const struct mask_key *key;
	struct mask_crypto *crypto;
	const struct mask_types *types; /* or NULL */
	/* For values inside values: three times the longest value is enough, but for a numeric in
	 * binary format, which may have 150,000 digits in a few bytes. Empty before and after each
	 * call. */
	struct outbuf scratch;
};

/* Bytes [from, to) of a value: where a pattern hit. */
struct mask_part {
	size_t from, to;
};

#define MASK_WHOLE ((struct mask_part){ 0, SIZE_MAX })

/* What masks may make longer, for who chooses the size of <o>: a text of any length becomes at most
 * 41 bytes (a pseudonym), the fixed text, or as long as it was; quotes and escapes can double that.
 *
 * A text value, or a part of one, which grows to whole characters of UTF-8 (a byte that is not
 * UTF-8 is a character). MASK_NULL of a part is of the whole. */
int mask_text(struct masker *m, const struct mask *mask, struct span value, struct mask_part part,
		struct outbuf *o);

/* Free text, as of errors and notices. */
struct mask_hit {
	struct mask_part part;
	const struct mask *mask; /* borrowed; MASK_NULL redacts here: there is no NULL */
};

/* <hits> are in the order of <from>. Where two overlap, what both cover is redacted as one. Never
 * MASK_NULLED. */
int mask_hits(struct masker *m, struct span text, const struct mask_hit *hits, size_t n_hits,
		struct outbuf *o);

enum mask_step_kind {
	MASK_STEP_MEMBER,     /* .name, ."name" */
	MASK_STEP_ANY_MEMBER, /* .* */
	MASK_STEP_ELEMENT,    /* [3] */
	MASK_STEP_ANY_ELEMENT /* [*] */
};

struct mask_step {
	enum mask_step_kind kind;
	uint32_t index;   /* of ELEMENT */
	struct span name; /* of MEMBER; borrowed from the path's text */
};

/* A subset of PostgreSQL's jsonpath, lax: a member of an array is that member of each element, and
 * [*] or [0] of what is no array is itself. */
struct mask_path {
	uint32_t n_steps;
	struct mask_step steps[MASK_STEPS_MAX];
};

/* "$", then steps. 0; -EINVAL: it is none, or has an escape in a name; -E2BIG: too many steps. */
int mask_path_read(struct span text, struct mask_path *ret);

/* One value of a row, not NULL. */
struct mask_input {
	uint32_t type;                /* OID */
	uint16_t format;              /* 0 text, 1 binary, as in parsers/pg/body.h */
	struct span bytes;            /* borrowed */
	struct mask_part part;        /* MASK_WHOLE, or where a pattern hit */
	const struct mask_path *path; /* of json, jsonb, and text that holds JSON; NULL: none */
};

/* What is written is a value of the same type in the same format. In arrays and rows every element
 * that the part touches is masked, each for itself. With a path, <part> is ignored. */
int mask_value(struct masker *m, const struct mask *mask, const struct mask_input *in,
		struct outbuf *o);

/* A piece of a value that is larger than any buffer. */
struct mask_slice {
	uint32_t type; /* OID */
	uint16_t format;
	size_t from, total; /* where in the value; how long that is */
	uint8_t *bytes;     /* borrowed */
	size_t len;
};

/* Overwrites it, so that the whole, slice after slice, is a value of its type with nothing of the
 * old one but its length: text, bytea, json, jsonb, xml, whatever the mask is. 0; -ENOTSUP: no
 * other type can be; -EINVAL: not inside. */
int mask_fill(const struct masker *m, const struct mask_slice *slice);
