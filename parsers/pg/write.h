/* SPDX-License-Identifier: Apache-2.0
 * Writers of messages (PostgreSQL documentation, "Message Formats"). Each appends one message to <o>,
 * or sets o->full; what the caller passes as text is written up to its first NUL. */
#pragma once

#include "parsers/base/outbuf.h"
#include "parsers/base/span.h"
#include "parsers/pg/body.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	PG_REPORT_MAX = 2048, /* bytes of an error or a notice at most; longer text ends in "..." */
};

/* An error or a notice. Text is made visible (parsers/base/visible.h): it may be the agent's own. */
struct pg_say {
	const char *severity; /* ERROR, FATAL, NOTICE, WARNING ... */
	const char *sqlstate; /* five characters */
	struct span message;
	struct span detail, hint; /* may be empty: then left out */
	bool ascii;               /* for a client whose encoding is not UTF-8 */
};

/* Client. */
void pg_write_request(struct outbuf *o, uint32_t code); /* PG_CODE_SSL, PG_CODE_GSSENC */
void pg_write_cancel(struct outbuf *o, const struct pg_cancel *c);
/* Names and values by turns, NULL after the last value. */
void pg_write_startup(struct outbuf *o, uint32_t version, const char *const *params);
void pg_write_password(struct outbuf *o, struct span password);
void pg_write_sasl_initial(struct outbuf *o, struct span mechanism, struct span data);
void pg_write_sasl_response(struct outbuf *o, struct span data);
void pg_write_query(struct outbuf *o, struct span text);
void pg_write_parse(struct outbuf *o, struct span name, struct span text);
void pg_write_target(struct outbuf *o, char type, char what, struct span name); /* 'D', 'C' */

/* Of a function by its OID (pg_proc.oid); arguments and result are text. */
struct pg_call {
	uint32_t oid;
	const struct span *args; /* borrowed */
	uint16_t n_args;
};

/* A statement and a portal of the name <name>, which are closed again: Parse, Bind, Execute, Close, Sync. */
struct pg_own_query {
	struct span name;
	struct span head, text;     /* SQL: the two, one behind the other */
	const struct pg_bind *bind; /* borrowed: the values of its parameters; NULL: none */
	uint32_t max_rows;          /* 0: all */
};

void pg_write_own_query(struct outbuf *o, const struct pg_own_query *q);
void pg_write_function_call(struct outbuf *o, const struct pg_call *call);
void pg_write_copy_fail(struct outbuf *o, struct span why);
/* Messages without a body: Sync 'S', Flush 'H', Terminate 'X', CopyDone 'c', ParseComplete '1' ... */
void pg_write_empty(struct outbuf *o, char type);

/* Server. */
void pg_write_authentication(struct outbuf *o, uint32_t code, struct span data);
/* Mechanism names, NULL after the last. */
void pg_write_sasl(struct outbuf *o, const char *const *mechanisms);
void pg_write_parameter(struct outbuf *o, struct span name, struct span value);
void pg_write_key(struct outbuf *o, const struct pg_cancel *key);
void pg_write_negotiate(struct outbuf *o, uint32_t version, const struct span *options, uint32_t n);
void pg_write_ready(struct outbuf *o, char status);
void pg_write_complete(struct outbuf *o, struct span tag);
void pg_write_error(struct outbuf *o, const struct pg_say *e);
void pg_write_notice(struct outbuf *o, const struct pg_say *n);
