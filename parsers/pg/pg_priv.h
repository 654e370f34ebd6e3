/* SPDX-License-Identifier: Apache-2.0
 * A session's state, and what its files share. */
#pragma once

#include "parsers/pg/body_priv.h"
#include "parsers/pg/pg.h"

enum pg_phase {
	PHASE_STARTUP,  /* client: a packet without a type byte */
	PHASE_ENC_WAIT, /* client: its encryption request is not answered */
	PHASE_AUTH,     /* client: 'p' messages alone */
	PHASE_SILENT,   /* server: nothing is due */
	PHASE_ENC_BYTE, /* server: one byte, or an error */
	PHASE_TYPED,
	PHASE_OPAQUE,
	PHASE_BAD,
	PHASE_ENDED,
};

/* One direction's framing. <off> > 0: inside a sliced message. */
struct pg_framer {
	uint8_t phase; /* enum pg_phase */
	uint8_t kind;
	bool drop_slices; /* the message was taken out at its first slice */
	uint16_t flags;
	uint32_t total, off;
};

/* A type byte's row. Lengths are of the body. */
struct pg_type {
	uint8_t kind;
	bool is_sliced; /* when longer than the limit; else it is always whole */
	uint16_t flags;
	uint32_t min, max;
	int (*check)(struct span body); /* NULL: the lengths say all, or whoever reads it checks */
};

struct pg_stmt {
	struct pg_stmt *next;    /* owned by the table's chain */
	struct pg_columns *cols; /* counted */
	uint32_t refs, text_len;
	uint8_t name_len;
	bool has_text, is_doubtful; /* doubtful: SQL may have removed it, DEALLOCATE has no name */
	uint8_t bytes[];            /* name, text */
};

struct pg_portal {
	struct pg_portal *next;
	struct pg_stmt *stmt;    /* counted; NULL: prepared by SQL */
	struct pg_columns *cols; /* counted; NULL: not described */
	uint64_t described_id;   /* the message whose answer <cols> is */
	uint16_t n_formats;
	uint8_t name_len, stmt_len;
	uint8_t bytes[]; /* name, statement's name, formats */
};

struct pg_blob {
	uint32_t len;
	uint8_t bytes[];
};

enum req_step {
	STEP_START,
	STEP_PARAMS, /* Describe of a statement: its parameters came */
	STEP_ROWS,   /* rows are described */
	STEP_COPY_IN,
	STEP_COPY_OUT,
	STEP_COPY_BOTH,
	STEP_CLOSING, /* of our own query: all but its Close is answered */
	STEP_DONE,    /* a statement is complete: another one, or the end */
	STEP_FAILED,
};

enum req_flag {
	REQ_DENIED = 1 << 0,    /* the server has a substitute; <data> is our error */
	REQ_HIDDEN = 1 << 1,    /* ours: the client sees no answer */
	REQ_STATEMENT = 1 << 2, /* Describe, Close: of a statement, not of a portal */
	/* asked by nobody but us, and even its failure is not the client's: pg_session_call(), and as a
	 * PG_SYNC all that pg_session_query() sent */
	REQ_OWN = 1 << 3,
	REQ_CLOSES = 1 << 4, /* of these: it begins with a Close of what an earlier one has left */
	REQ_FULL = 1 << 5,   /* of these: it has all the rows that it asked for */
};

/* A client message that the server has not answered. */
struct pg_req {
	uint64_t id;
	/* owned: struct pg_stmt of a Parse, struct pg_portal of a Bind, else a struct pg_blob: the
	 * name of Describe, Execute, Close; the error of what was denied */
	void *data;
	uint32_t max_rows, i_statement;
	uint8_t kind; /* enum pg_kind; PG_STARTUP: until the first ReadyForQuery */
	uint8_t step, flags;
};

struct pg_queue {
	struct pg_req *ring; /* owned */
	uint16_t cap, head, n;
};

struct pg_names {
	struct pg_stmt *stmts;     /* owned; most recently parsed first */
	struct pg_portal *portals; /* owned; most recently bound first */
	uint16_t n_stmts, n_portals;
};

/* What the client's next message meets. */
struct pg_client_side {
	uint64_t next_id;
	uint64_t exec_id,
			other_exec_id; /* the last that ran something; the last of another portal */
	uint32_t exec_hash;
	uint8_t copy;       /* enum req_step: COPY_IN, COPY_BOTH, or START for none */
	bool in_batch;      /* extended messages went out since the last Sync */
	bool is_skipping;   /* the server failed in this batch: it skips up to the next Sync */
	bool discard_batch; /* we denied in this batch: we drop up to the next Sync */
	bool local_sync;    /* and the server knows nothing of it: we answer the Sync */
	bool discard_copy;  /* we ended its COPY: we drop the rest of its data */
	bool own_left;      /* a query of our own failed behind its Parse: its statement is there */
	bool is_flushed;    /* a Flush went out since the queue was found full */
};

struct pg_server_side {
	struct pg_columns *cols;      /* counted: of the rows that are coming */
	struct pg_answer answer, row; /* <row>: of the rows that are coming */
	bool is_row;                  /* which of the two is the last message's */
	uint8_t status;               /* of the last ReadyForQuery */
	uint8_t auth_kind;            /* what a 'p' message is now; 0: none is due */
	uint8_t copy_syncs;  /* Syncs that went out before the COPY began: it swallowed them */
	uint8_t spare_ready; /* ReadyForQuery that may come besides: a swallowed Sync was not */
	bool standard_strings, is_fatal, is_auth_ok;
	uint8_t encoding_len;
	char encoding[31];
};

struct pg_session {
	const struct pg_conf *conf; /* borrowed */
	struct budget mem;
	struct pg_framer framer[CODEC_DIRS];
	struct pg_queue queue;
	struct pg_names names;
	struct pg_client_side client;
	struct pg_server_side server;
	struct pg_blob *key; /* owned: pid and cancel key as the server sent them */
	uint32_t version, n_limited;
	uint8_t why;
};

/* Notes why and returns <rc>. */
static inline int pg_refuse(struct pg_session *s, enum pg_why why, int rc)
{
	s->why = (uint8_t)why;
	if (rc != -EBADMSG)
		s->n_limited++;
	return rc;
}

static inline int pg_bad(struct pg_session *s, enum pg_why why)
{
	return pg_refuse(s, why, -EBADMSG);
}

/* A Sync that a COPY swallows, or that it may leave for later when it fails early. */
static inline void pg_note_copy_sync(struct pg_session *s)
{
	if (s->server.copy_syncs < UINT8_MAX)
		s->server.copy_syncs++;
}

/* check.c */
int pg_check_string(struct span body);
int pg_check_parse(struct span body);
int pg_check_bind(struct span body);
int pg_check_target(struct span body);
int pg_check_execute(struct span body);
int pg_check_function_call(struct span body);
int pg_check_authentication(struct span body);
int pg_check_key(struct span body);
int pg_check_parameter(struct span body);
int pg_check_negotiate(struct span body);
int pg_check_ready(struct span body);
int pg_check_columns(struct span body);
int pg_check_oids(struct span body);
int pg_check_copy(struct span body);
int pg_check_function_result(struct span body);
int pg_check_notification(struct span body);
int pg_check_report(struct span body);

/* frame.c */
enum codec_rc pg_decode(void *state, enum codec_dir dir, struct span in, struct codec_msg *msg);

/* client.c */
int pg_forward(void *state, const struct codec_msg *msg, struct codec_plan *plan);
/* What a session does with a message whatever the verdict; true: it is settled. */
bool pg_settle_dropped(struct pg_session *s, const struct codec_msg *msg, struct codec_plan *plan);
/* The plan to wait for the server's next answer. */
void pg_hold_until(struct pg_session *s, struct codec_plan *plan);
bool pg_is_extended(uint16_t kind);

/* deny.c */
int pg_deny(void *state, const struct codec_msg *msg, const struct codec_denial *why,
		struct codec_plan *plan);

/* server.c, results.c. Handlers of one message; the head of the queue is <r>, never NULL. */
int pg_answer(void *state, const struct codec_msg *msg, struct codec_plan *plan);
int pg_answer_row(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_columns(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_no_data(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_params(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_complete(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_empty(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_suspended(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_copy_begin(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_copy_data(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_copy_done(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_parsed(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_bound(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_closed(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
int pg_answer_function(struct pg_session *s, struct pg_req *r, const struct codec_msg *msg);
/* Ends the head of the queue: its answer is whole. */
void pg_req_end(struct pg_session *s);

/* queue.c */
/* The <i>th unanswered message, the oldest first. */
static inline struct pg_req *queue_at(const struct pg_queue *q, uint16_t i)
{
	return &q->ring[(uint16_t)(q->head + i) & (uint16_t)(q->cap - 1)];
}

static inline struct pg_req *queue_head(const struct pg_queue *q)
{
	return q->n > 0 ? queue_at(q, 0) : NULL;
}

/* Room for <n> more: 0; -EAGAIN: as many as may be are unanswered; -ENOBUFS: no memory. */
int queue_reserve(struct pg_session *s, uint16_t n);
/* Reserved before. */
struct pg_req *queue_push(struct pg_session *s, uint16_t kind, uint64_t id);
void queue_pop(struct pg_session *s);
/* Takes out the <i>th. */
void queue_remove(struct pg_session *s, uint16_t i);
/* The head failed: it and all that the server skips leave. */
void queue_skip(struct pg_session *s);
void queue_done(struct pg_session *s);
/* A message is unanswered that could begin, or is, a COPY. */
bool queue_may_copy(const struct pg_queue *q);

/* names.c */
struct pg_blob *blob_new(struct pg_session *s, struct span bytes);
void blob_free(struct pg_session *s, struct pg_blob **b);
struct pg_stmt *stmt_new(struct pg_session *s, const struct pg_parse *p);
struct pg_portal *portal_new(struct pg_session *s, const struct pg_bind *b);
void stmt_unref(struct pg_session *s, struct pg_stmt **ref);
void portal_free(struct pg_session *s, struct pg_portal **ref);
struct pg_columns *columns_new(struct pg_session *s, const struct pg_list *list);
void columns_unref(struct pg_session *s, struct pg_columns **ref);

static inline struct pg_columns *columns_ref(struct pg_columns *cols)
{
	if (cols != NULL)
		cols->refs++;
	return cols;
}

struct span stmt_name(const struct pg_stmt *stmt);
struct span portal_name(const struct pg_portal *portal);
struct span portal_stmt_name(const struct pg_portal *portal);
bool span_eq(struct span a, struct span b);
struct pg_stmt *names_stmt(const struct pg_session *s, struct span name);
struct pg_portal *names_portal(const struct pg_session *s, struct span name);
/* Takes over; replaces one of the same name. */
void names_add_stmt(struct pg_session *s, struct pg_stmt *stmt);
void names_add_portal(struct pg_session *s, struct pg_portal *portal);
void names_drop_stmt(struct pg_session *s, struct span name);
void names_drop_portal(struct pg_session *s, struct span name);
void names_drop_portals(struct pg_session *s);
/* What a CommandComplete tells of names that SQL may have changed. */
void names_after_tag(struct pg_session *s, struct span tag);
void names_done(struct pg_session *s);

/* ahead.c: names as the server will have them once it has worked off the queue */
struct pg_ahead {
	const struct pg_stmt *stmt;     /* borrowed; NULL: none */
	const struct pg_portal *portal; /* borrowed; NULL: none */
	bool is_certain;                /* whatever of the queue fails, it is this or nothing */
	uint64_t described_id;          /* the last Describe of the portal; 0: none */
};

/* Of the entries before the <before>th. */
struct pg_ahead ahead_stmt(const struct pg_session *s, struct span name, uint16_t before);
struct pg_ahead ahead_portal(const struct pg_session *s, struct span name);
/* Statements (PG_PARSE) or portals (PG_BIND) that there will be at most. */
uint32_t ahead_count(const struct pg_session *s, uint8_t kind);
