/* SPDX-License-Identifier: Apache-2.0
 * What the server says is let out, changed, or not at all. Only the mask_*.c files see this.
 *
 *	mask         one message: what kind, and what came out of it
 *	mask_gather  values as texts that patterns are looked for in, whatever their type and format
 *	mask_plan    what is done to which column of an answer
 *	mask_row     rows, mask_slice: those that no buffer holds, mask_copy: COPY
 *	mask_words   errors, notices, notifications, results of functions
 *
 * Whatever cannot be masked does not leave: the value is NULL then, or the session ends. */
#pragma once

#include "dataplane/inspect/masks.h"
#include "dataplane/inspect/session_priv.h"
#include "parsers/pg/edit.h"
#include "ruleset/mask/copy.h"
#include "ruleset/model/model.h"
#include "ruleset/scan/scan.h"

enum {
	MASKING_COLUMNS = 1664,                  /* of a result (MaxTupleAttributeNumber) */
	MASKING_EDITS = 2 * MASKING_COLUMNS + 1, /* a value and its length; the message's */
	MASKING_FIELDS = 4096,                   /* texts that are scanned in one go */
	MASKING_HITS = 4096, /* of one message; more: all that was scanned is taken for found */
	MASKING_DEPTH = 6,   /* arrays, rows and ranges in each other */
	MASKING_PATHS = 64,  /* of one result; a column beyond is masked wholly */
	MASKING_EXTRA = 128 << 10,
	OID_TEXT = 25,
};

/* A text that is scanned: where it came from. */
struct mask_field {
	uint16_t column;
	bool is_whole; /* it is the value in other words: a hit is of all of it */
	size_t from;   /* where in the value it begins, unless it is <is_whole> */
};

#define MASK_UNKNOWN (MODEL_NONE - 1) /* of mask_found.pattern: the value could not be looked at */

/* What was found in a value. */
struct mask_found {
	uint16_t column;
	bool is_whole;
	uint32_t pattern;
	struct mask_part part; /* bytes of the value */
};

enum mask_column_do {
	MASK_COLUMN_PASS, /* nothing that a pattern describes can be in it */
	MASK_COLUMN_SCAN,
	MASK_COLUMN_HIDE, /* all of it, by <mask> */
	MASK_COLUMN_PATH, /* what paths name in it, and then it is scanned */
};

struct mask_column {
	uint8_t what; /* enum mask_column_do */
	uint8_t kind; /* enum mask_type_kind */
	uint16_t format;
	bool numbers; /* they are scanned, too: an expression may have made one of anything */
	uint32_t type;
	const struct mask *mask; /* of HIDE */
	uint16_t first_path, n_paths;
	const struct model_data
			*found; /* a rule that masks its pattern in this column alone; NULL: none */
};

/* A place in a column's JSON. */
struct mask_at {
	struct mask_path path;
	const struct mask *mask;
};

/* What is done to the rows of one answer; made for the first, kept for those behind it. */
struct mask_plan {
	uint32_t slot, gen;
	uint64_t answer;
	uint32_t i_statement;
	uint64_t rules; /* their serial: what lay there may be others by now */
	const struct pg_columns *columns;
	uint64_t catalogue; /* its version; 0: none */
	uint16_t n, n_paths;
	bool is_idle; /* no column is looked at */
	struct mask_column column[MASKING_COLUMNS];
	struct mask_at paths[MASKING_PATHS];
};

/* The masks of a COPY's columns, as struct mask_plan. */
struct mask_copying {
	uint32_t slot, gen;
	uint64_t answer;
	uint32_t i_statement;
	uint64_t rules, catalogue;
	const struct mask *mask[MASKING_COLUMNS]; /* NULL: it is scanned */
};

/* What is known of a command whose answer is awaited. */
struct mask_note {
	struct mask_note *next;
	uint64_t id;                   /* codec_plan.id */
	const struct sql_facts *facts; /* behind this struct; NULL: nothing is known */
	uint32_t bytes;                /* of the block */
	bool is_approved;
	bool is_copying, has_head; /* COPY to the client; its first bytes are to come */
	struct mask_copy copy;
};

/* A worker's tools. */
struct masking {
	struct mask_crypto *crypto; /* owned */
	struct masker masker;
	uint8_t *memory;       /* owned: what the buffers below are of */
	struct outbuf values;  /* what values become */
	struct outbuf out;     /* the message that leaves */
	struct outbuf flat;    /* numbers and bytes as text */
	struct outbuf turn[2]; /* a value that is masked in several places */
	struct span spans[MASKING_FIELDS];
	struct mask_field fields[MASKING_FIELDS];
	uint32_t n_fields;
	struct mask_found found[MASKING_HITS];
	struct mask_hit hits[MASKING_HITS];
	uint32_t n_found;
	bool is_broken; /* not all could be scanned: nothing of the message is known to be clean */
	struct codec_edit edits[MASKING_EDITS];
	uint8_t lengths[MASKING_EDITS * PG_EDIT_SCRATCH];
	struct mask_plan plan;
	struct mask_copying copying;
	struct mask_copy_column copied[MASKING_COLUMNS];
};

/* One message under way. */
struct mask_task {
	struct session *s;
	struct masking *m;
	const struct spine_rules *rules;
	struct match_context context;
	const struct codec_msg *msg;
};

/* mask_plan.c */
/* What is done to the rows of the answer under way is in m->plan. false: nobody knows what they are. */
bool mask_plan_get(struct mask_task *j);
/* What is done to column <i> of <n> of a COPY: NULL: it is scanned. */
const struct mask *mask_copied_by(
		const struct mask_task *j, const struct mask_note *note, uint32_t i, uint32_t n);
uint64_t mask_catalogue_version(const struct mask_task *j); /* 0: there is none */
/* Does an exception hold for who asks? */
bool mask_is_excepted(const struct mask_task *j, const struct model_data *rule);

/* mask_gather.c */
void gather_begin(struct masking *m);
/* Adds the texts of a value, not NULL, of column <i>. */
void gather_value(struct mask_task *j, const struct mask_column *c, uint16_t i, struct span value);
/* The same of bytes of <outer>: places are of that. */
void gather_inside(struct mask_task *j, const struct mask_column *c, uint16_t i, struct span outer,
		struct mask_part part);
/* Scans what is left to be. */
void gather_end(struct mask_task *j);
/* Can the column hold what a pattern describes? */
bool gather_wants(const struct mask_column *c);

/* mask_note.c: of the answer to <id>; NULL: none. Forgets those of commands before it. */
struct mask_note *note_find(struct session *s, uint64_t id);

/* mask.c */
/* The rule that masks what <pattern> found, for who asks, in <c> (NULL: in no column); NULL: none. */
const struct model_data *mask_rule_of(
		const struct mask_task *j, const struct mask_column *c, uint32_t pattern);
/* The message with the edits, in m->out. */
enum masked mask_edited(struct mask_task *j, struct pg_edits *e);

/* mask_row.c, mask_slice.c, mask_words.c, mask_copy.c */
enum masked mask_row(struct mask_task *j);
enum masked mask_slice(struct mask_task *j);
enum masked mask_copy_begin(struct mask_task *j);
enum masked mask_copied(struct mask_task *j);
enum masked mask_words(struct mask_task *j);
enum masked mask_notification(struct mask_task *j);
enum masked mask_result(struct mask_task *j);
bool mask_finds_parameter(struct mask_task *j);
/* Text with what was found in it masked, appended to m->values. 0; negative: it must not leave. */
int mask_text_found(struct mask_task *j, const struct mask_column *c, struct span text,
		uint32_t first, uint32_t n);
