/* SPDX-License-Identifier: Apache-2.0
 * The PostgreSQL frontend/backend protocol 3.0 and 3.2 as a codec: the session tracker's side of it.
 * Message bodies are read by body.h, written by write.h, edited by edit.h.
 *
 * A session is one connection. It follows both directions, so that each answer of the server is known
 * to belong to one client message, each row to described columns, and a denial finds its place. */
#pragma once

#include "parsers/codec.h"
#include "parsers/pg/body.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pg_kind {

#define KIND(sym) PG_##sym,
#include "parsers/pg/kinds.tbl.h"
#undef KIND
	PG_KIND_MAX,
};

enum pg_why {

#define WHY(sym, text) PG_WHY_##sym,
#include "parsers/pg/why.tbl.h"
#undef WHY
	PG_WHY_MAX,
};

enum {
	PG_PLAN_BYTES = 4096,   /* each outbuf of a plan has at least this */
	PG_NAME_MAX = 63,       /* the server compares no more (NAMEDATALEN - 1) */
	PG_STARTUP_MAX = 10000, /* bytes of a packet without a type, as the server limits it */
	PG_AUTH_MAX = 65535,    /* of a 'p' message's body */
	PG_WHOLE_MAX = 256
			<< 10, /* of any other that is never sliced: need_bytes is at most this */
	PG_REQUESTS_MIN = 8,
};

/* Limits of a session. Shared by flows, immutable. */
struct pg_conf {
	/* A longer message comes in slices of this many bytes (the last one: less). At least 64. A
	 * client command that is longer comes as its header alone, then in slices. */
	uint32_t max_msg_bytes[CODEC_DIRS];
	uint32_t budget_bytes;   /* all that the session may take from its allocator */
	uint32_t text_max_bytes; /* SQL kept for each prepared statement; longer: none is kept */
	uint16_t max_statements, max_portals;
	uint16_t max_requests; /* messages awaiting an answer, then CODEC_HOLD; >= PG_REQUESTS_MIN */
	/* Ask the server itself what a portal returns before each Execute whose client did not, and
	 * keep that answer from the client: what was described earlier may be another's columns by
	 * now (search_path, DDL; see README). Whoever masks by column needs it. */
	bool describe;
};

extern const struct pg_conf pg_conf_default;

enum pg_start {
	PG_START_CONNECT, /* the client's first byte is the first of the connection */
	PG_START_READY,   /* start-up is over (the caller did it): ReadyForQuery was the last */
};

struct pg_session;

extern const struct codec pg_codec; /* state: struct pg_session */

/* <s> is pg_codec.state_bytes of the caller's. Takes no memory yet. <alloc> and <conf> outlive it. */
void pg_session_init(struct pg_session *s, const struct pg_conf *conf, const struct alloc *alloc,
		enum pg_start start);
/* Gives back all memory; the cancel key is wiped. */
void pg_session_done(struct pg_session *s);

/* Whoever speaks TLS with the client answers its SSLRequest or GSSENCRequest itself, with <answer>:
 * 'S' or 'G': encryption follows; 'N': a start-up packet. 0; -EINVAL: nothing was requested. */
int pg_session_enc_answer(struct pg_session *s, char answer);
/* Encryption stands, below this codec: bytes are plain again, from a start-up packet on. 0; -EINVAL. */
int pg_session_secured(struct pg_session *s);

/* PG_WHY_NONE, or why the last call was BAD, -EBADMSG, -EMSGSIZE or -ENOBUFS. */
enum pg_why pg_session_why(const struct pg_session *s);
const char *pg_why_text(enum pg_why why);
/* Client messages refused by a limit so far. */
uint32_t pg_session_n_limited(const struct pg_session *s);

/* 'I' idle, 'T' in a transaction, 'E' in a failed one; as of the last ReadyForQuery; 0: none yet. */
char pg_session_status(const struct pg_session *s);
/* The negotiated protocol version; 0: no start-up packet yet. */
uint32_t pg_session_version(const struct pg_session *s);
/* No message of the client's is unanswered and no batch is open. */
bool pg_session_is_quiet(const struct pg_session *s);
/* A batch of the client's has failed: commands are dropped up to its Sync, whatever they say. */
bool pg_session_is_skipping(const struct pg_session *s);
/* Towards the client no message is under way: a notice may be put in. */
bool pg_session_at_boundary(const struct pg_session *s);
/* What the server said last; empty: nothing yet. At most 31 bytes of it. */
struct span pg_session_client_encoding(const struct pg_session *s);
bool pg_session_is_utf8(const struct pg_session *s);
/* False also while unknown. */
bool pg_session_standard_strings(const struct pg_session *s);
/* What cancels this session's commands; false: the server gave none. */
bool pg_session_cancel_key(const struct pg_session *s, struct pg_cancel *ret);

struct pg_call;

/* Calls a function of the server's, of our own accord: appends a FunctionCall to <to_server>, which goes out
 * before the client's next message; the client sees nothing of what answers it (PG_A_HIDDEN), be it an
 * error. A FunctionCall leaves unnamed statements alone, as a Query would not. 0; -EAGAIN: not between two
 * commands, or in a transaction;
 * -ENOBUFS; -ENOSPC: <to_server> is too small. */
int pg_session_call(struct pg_session *s, const struct pg_call *call, struct outbuf *to_server);

struct pg_own_query;

/* The same with a query. Its answers are hidden, too, rows included: whoever asked takes them from the
 * messages as they come. */
int pg_session_query(struct pg_session *s, const struct pg_own_query *q, struct outbuf *to_server);

/* What a client message asks to be done, as rules see it. Spans are borrowed from the message or
 * from the session, until its next call. */
struct pg_command {
	uint16_t kind;       /* PG_QUERY, _PARSE, _BIND, _EXECUTE, _FUNCTION_CALL */
	bool is_known;       /* false: its text is not known for certain: judge it as the worst */
	bool is_settled;     /* nothing that runs SQL is unanswered: it cannot still change names */
	bool is_sync_due;    /* a Sync is unanswered */
	struct span text;    /* SQL. Of Bind and Execute: the statement's that was parsed */
	struct span name;    /* statement (Parse, Bind) or portal (Execute) */
	struct pg_bind bind; /* Bind: formats, values */
	struct pg_function_call call;
	uint32_t max_rows; /* Execute */
};

/* Of a whole message with CODEC_F_COMMAND, before it is settled. 0; -EINVAL: it is no such. */
int pg_command_of(const struct pg_session *s, const struct codec_msg *msg, struct pg_command *ret);

struct pg_col {
	uint32_t table_oid, type_oid; /* table_oid 0: not a column of a table */
	int32_t type_mod;
	uint32_t name_off; /* into <names> */
	int16_t attnum, type_len;
	uint16_t name_len;
	uint16_t format; /* enum pg_format, as described: see pg_answer_format() */
};

struct pg_columns {
	uint32_t refs, n_bytes;
	const uint8_t *names;
	uint16_t n;
	struct pg_col col[];
};

enum pg_answer_flag {
	PG_A_LAST = 1 << 0,   /* nothing more answers this request */
	PG_A_CACHED = 1 << 1, /* columns are of an earlier description of the statement */
	PG_A_BLIND = 1 << 2,  /* rows, but no columns are known (only without conf.describe) */
	PG_A_DENIED = 1 << 3, /* the request was denied; its error is in the plan */
	PG_A_HIDDEN = 1 << 4, /* answers what the codec asked for itself */
	PG_A_ASYNC = 1 << 5,  /* answers nothing: notice, notification, parameter */
	PG_A_FATAL = 1 << 6,  /* the server ends the session with this error */
};

/* What the server message settled last belongs to. */
struct pg_answer {
	uint64_t id;                      /* plan.id of the client message; 0: none */
	uint16_t request;                 /* its kind, enum pg_kind */
	uint16_t flags;                   /* enum pg_answer_flag */
	uint32_t i_statement;             /* of a Query with several: 0 for the first */
	uint64_t n_rows;                  /* of this statement so far, this row included */
	const struct pg_columns *columns; /* borrowed until the next call; NULL: none */
	struct pg_formats formats;        /* from Bind; meaningful with PG_A_CACHED */
	struct span text;                 /* SQL that an Execute runs, if kept; else empty */
};

const struct pg_answer *pg_session_answer(const struct pg_session *s);
/* The format of the values of column <i>. */
uint16_t pg_answer_format(const struct pg_answer *a, uint16_t i);

static inline struct span pg_col_name(const struct pg_columns *c, uint16_t i)
{
	return (struct span){ c->names + c->col[i].name_off, c->col[i].name_len };
}
