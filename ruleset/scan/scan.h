/* SPDX-License-Identifier: Apache-2.0
 * Content detection: which bytes of which values are what a set of patterns describes. The only user
 * of Hyperscan. Offsets are bytes; text is taken as bytes of any encoding.
 *
 * A detection is a match of a pattern, from its leftmost start for that end, that its validator
 * accepts. Where detections overlap, each byte belongs to the longest one that covers it (of equally
 * long ones to the one that begins first, then to the pattern of the lesser index); what is left of
 * the others is reported, so the union of all is always covered. */
#pragma once

#include "parsers/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { /* of a pattern */
	SCAN_F_CASELESS = 1,
	SCAN_F_DOTALL = 2,    /* . matches a line feed */
	SCAN_F_MULTILINE = 4, /* ^ and $ match at line feeds, not only at the ends of the value */
	SCAN_F_ALL = 7,
};

enum {
	SCAN_PATTERNS_MAX = 4096,
	SCAN_REGEX_MAX = 2000,       /* characters */
	SCAN_WIDTH_MIN = 3,          /* bytes that the shortest match must have */
	SCAN_WIDTH_MAX = 8192,       /* bytes of the longest match, unless there is no limit */
	SCAN_DIGITS_MIN = 5,         /* digits in a match of a pattern that needs digits */
	SCAN_DB_MAX_BYTES = 1 << 28, /* of compiled patterns */
};

/* What is asked of a match after the pattern; scan/validators.tbl.h says what each asks. */
enum scan_validator {
	SCAN_V_NONE,

#define ROW(sym, name, check) SCAN_V_##sym,
#include "ruleset/scan/validators.tbl.h"
#undef ROW
	SCAN_V_MAX,
};

/* The validator of a name as rules write it. -ENOENT: there is none. */
int scan_validator_of(const char *name, enum scan_validator *ret);
const char *scan_validator_name(enum scan_validator validator); /* static */
/* All that the validator asks of <match>; true for SCAN_V_NONE. */
bool scan_validator_accepts(enum scan_validator validator, struct span match);

struct scan_pattern {
	const char *id, *regex; /* borrowed: until scan_db_new() returns */
	uint32_t flags;         /* SCAN_F_x */
	enum scan_validator validator;
	bool needs_digits; /* a match with less than SCAN_DIGITS_MIN digits is none, nor is one that
			    * a hyphen or a dot joins to one more digit */
	uint32_t line;     /* of its file, for who tells of errors; 0: of none */
};

struct scan_error {
	uint32_t pattern; /* its index; the number of patterns: it is not about one of them */
	char text[600];   /* which pattern, what is wrong, what to do; one line */
};

/* Compiled patterns. Immutable: any thread may use one. */
struct scan_db;

/* For the control plane: it allocates and takes milliseconds for each pattern.
 * -EINVAL: a pattern is refused; -E2BIG: there are too many or they are too large together;
 * -ENOMEM; -ENOTSUP: the CPU has no SSSE3. *ret_error says why. No patterns: a valid database
 * that finds nothing. */
int scan_db_new(const struct scan_pattern *patterns, uint32_t n, struct scan_db **ret,
		struct scan_error *ret_error);
void scan_db_free(struct scan_db **db);
size_t scan_db_bytes(const struct scan_db *db);

struct scan_found {
	uint64_t from, to; /* bytes of the field, from < to */
	uint32_t field;    /* index into the fields; of a stream as it was begun */
	uint32_t pattern;  /* index into the patterns */
};

/* Who hears of detections: by field, then by place, disjoint. */
struct scan_sink {
	void (*found)(void *ctx, const struct scan_found *found);
	void *ctx; /* borrowed */
};

struct scan_sizes {
	uint32_t block_bytes; /* longest text that is scanned in one go; >= 2 * reach_bytes + 64 */
	uint32_t reach_bytes; /* longest match that is sure to be found in a value larger than a block;
			       * at least the longest of all patterns that have a limit */
	uint32_t fields;      /* most fields that are scanned in one go, > 0 */
};

extern const struct scan_sizes scan_sizes_default; /* 32 KiB, 8 KiB, 4096 */

/* What one worker scans with: buffers and Hyperscan's scratch. Never shared by threads. */
struct scanner;

/* <db> is borrowed and outlives the scanner. All memory is taken here. -ENOMEM; -EINVAL: sizes. */
int scanner_new(const struct scan_db *db, const struct scan_sizes *sizes, struct scanner **ret);
void scanner_free(struct scanner **scanner);

/* All detections in the fields of one row, or of many rows one after the other; an empty field is
 * skipped, so a caller leaves out a column by an empty span. A value larger than a block is scanned
 * as a stream is. No heap, no system call. -EIO: Hyperscan failed, nothing is known of the fields
 * that the sink has not heard of: treat them all as sensitive. */
int scan_fields(struct scanner *scanner, const struct span *fields, uint32_t n,
		const struct scan_sink *sink);

/* Which patterns are in <text> at all, whatever overlaps: sets the bit of each in <bits>, of which there is one
 * for every pattern of the database, and leaves the others. As scan_fields(): any length, no heap; -EIO. */
int scan_which(struct scanner *scanner, struct span text, uint64_t *bits);

/* A value that arrives in pieces: any split gives what the whole value would. It is scanned in
 * blocks at fixed offsets; a match longer than the reach of the scanner may be cut there. */
struct scan_stream;

/* For scanners of the same sizes. -ENOMEM. */
int scan_stream_new(const struct scan_sizes *sizes, struct scan_stream **ret);
void scan_stream_free(struct scan_stream **stream);
/* Forgets the value before. <scanner> is borrowed until the stream has its last piece. */
void scan_stream_begin(struct scan_stream *stream, struct scanner *scanner, uint32_t field);
/* The next piece, of any length. 0 or -EIO, as above. */
int scan_stream_feed(struct scan_stream *stream, struct span piece, bool is_last,
		const struct scan_sink *sink);
/* Bytes of the value, from its start, that no later detection will touch: they may leave. */
uint64_t scan_stream_clear(const struct scan_stream *stream);
