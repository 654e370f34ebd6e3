/* SPDX-License-Identifier: Apache-2.0
 * What the files of this folder share. */
#pragma once

#include "ruleset/scan/scan.h"

#include <hs/hs.h>

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

#define SCAN_NONE      UINT32_MAX
#define SCAN_UNBOUNDED UINT32_MAX /* Hyperscan's word for no limit as well */

enum {
	SCAN_SIDE_BYTES = 2, /* what stands beside a match decides \b, ^, $, and joined digits */
	SCAN_CANDIDATES = 2048,
	SCAN_PIECES = 4096,
	SCAN_PENDING = 1024, /* pieces that a stream keeps from block to block */
};

struct scan_rule {                     /* of a compiled pattern */
	hs_database_t *exact;          /* owned: this pattern alone, with start of match */
	uint32_t min_width, max_width; /* bytes; SCAN_UNBOUNDED: no limit */
	enum scan_validator validator;
	bool needs_digits;
};

struct scan_first { /* patterns without start of match, the first pass; ids are pattern indices */
	hs_database_t *hs;  /* owned; NULL: no patterns */
	uint32_t min_width; /* a shorter text cannot match */
};

struct scan_db {
	struct scan_first all, plain; /* plain: patterns that need no digits */
	uint32_t n, max_width;        /* max_width: of those with a limit */
	bool has_gate;                /* some need digits; else plain is not used */
	size_t bytes;
	struct scan_rule rules[]; /* n */
};

/* A stretch of bytes that belongs to one candidate. */
struct scan_piece {
	uint64_t from, to;     /* what it still has */
	uint64_t o_from, o_to; /* the candidate */
	uint32_t pattern;
};

struct scan_pieces {          /* sorted, disjoint */
	struct scan_piece *v; /* owned */
	uint32_t n, cap;
};

/* Each byte goes to the longest candidate, whatever the order of calls. When there is no room the last
 * piece grows over what is new: more is covered than was found, never less. */
void scan_pieces_add(struct scan_pieces *pieces, const struct scan_piece *candidate);
void scan_candidates_sort(struct scan_piece *v, uint32_t n); /* by from; in place */

struct scan_run { /* ends of one pattern's matches in one slot, near each other */
	uint32_t pattern, slot;
	uint32_t first_to, last_to; /* in the slot */
	uint32_t next;              /* of the slot; SCAN_NONE */
};

struct scan_slot {        /* one field in a gathered text */
	uint32_t at, len; /* in the text */
	uint32_t field;
	uint32_t first_run, last_run; /* SCAN_NONE: no hit */
};

struct scan_text {               /* fields with a separator after each */
	uint8_t *buf;            /* owned, block_bytes + 16 */
	struct scan_slot *slots; /* owned, sizes.fields */
	uint32_t len, n_slots;
	const struct scan_first *first;
};

struct scanner {
	const struct scan_db *db; /* borrowed */
	hs_scratch_t *scratch;    /* owned */
	struct scan_sizes sizes;
	struct scan_text all, plain;
	struct scan_run *runs; /* owned */
	uint32_t *last_runs;   /* owned: by pattern, the latest run */
	uint32_t n_runs, cap_runs;
	struct scan_piece *candidates; /* owned */
	uint32_t n_candidates;
	struct scan_pieces pieces;
	struct scan_stream *stream; /* owned: for fields larger than a block */
	uint64_t *which; /* borrowed, within scan_which(): bits of the patterns that were found */
};

/* Where a slot's text stands and which ends of it count. */
struct scan_view {
	struct span text;
	uint64_t base;           /* of text[0] in the field */
	uint32_t from_min;       /* in text: what starts before it is taken to start there */
	uint32_t to_min, to_max; /* ends that count, in text, both included */
};

/* Gathers fields from <at> on; answers how many it went through, 0 when the first is too large. At
 * most <limit> slots are used. */
uint32_t scan_gather(struct scanner *s, const struct span *fields, uint32_t n, uint32_t limit);
bool scan_has_digits(struct span text); /* SCAN_DIGITS_MIN of them */

/* The first pass: hits become runs of slots. 0; -ENOBUFS: too many runs, take fewer slots (never
 * with one slot); -EIO. */
int scan_first_pass(struct scanner *s, struct scan_text *text);
/* A text with one slot that is all of it. */
struct scan_text scan_text_one(
		const struct scanner *s, uint8_t *buf, uint32_t len, struct scan_slot *slot);
/* The second pass over one slot: into s->pieces. */
int scan_settle(struct scanner *s, const struct scan_slot *slot, const struct scan_view *view);

/* Validators: see validators.tbl.h. */
#define ROW(sym, name, check) bool check(struct span match);
#include "ruleset/scan/validators.tbl.h"
#undef ROW
