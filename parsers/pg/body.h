/* SPDX-License-Identifier: Apache-2.0
 * Views of message bodies (PostgreSQL documentation, "Message Formats"). Every span is borrowed and
 * lies inside the body that was read, so that its place in the wire bytes is span.ptr - wire.ptr.
 *
 * pg_read_x() reads a whole body: 0; -EBADMSG: it is not as the protocol says, *ret is untouched.
 * Iterators: struct reader over a span of the view; pg_next_x() true while there is one more. */
#pragma once

#include "parsers/base/reader.h"
#include "parsers/base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	PG_PROTOCOL_3_0 = 3 << 16,
	PG_PROTOCOL_3_2 = 3 << 16 | 2,
	PG_CODE_CANCEL = 80877102,
	PG_CODE_SSL = 80877103,
	PG_CODE_GSSENC = 80877104,
	PG_KEY_MIN = 4, /* bytes of a cancel key; 3.0 has exactly these */
	PG_KEY_MAX = 256,
};

enum pg_format {
	PG_TEXT = 0,
	PG_BINARY = 1,
};

/* A length and its bytes, as in DataRow and Bind. Length -1 is NULL. */
struct pg_value {
	struct span bytes; /* empty when NULL; the four bytes before it are its length */
	bool is_null;
};

/* 16-bit counted list of format codes. None: all text; one: for all; else one for each. */
struct pg_formats {
	uint16_t n;
	struct span codes; /* 2 * n bytes */
};

/* Client. */
struct pg_startup {
	uint32_t version;
	struct span params; /* pg_next_param() */
};

struct pg_cancel {
	uint32_t pid;
	struct span key;
};

struct pg_parse {
	struct span name, text;
	uint16_t n_types;
	struct span types; /* 4 * n_types bytes, OIDs */
};

struct pg_bind {
	struct span portal, statement;
	struct pg_formats formats;
	uint16_t n_values;
	struct span values; /* pg_next_value() */
	struct pg_formats result_formats;
};

struct pg_target { /* Describe, Close */
	char what; /* 'S' statement, 'P' portal */
	struct span name;
};

struct pg_execute {
	struct span portal;
	uint32_t max_rows; /* 0: all */
};

struct pg_function_call {
	uint32_t oid;
	struct pg_formats formats;
	uint16_t n_values;
	struct span values; /* pg_next_value() */
	uint16_t result_format;
};

struct pg_sasl_initial {
	struct span mechanism, data;
	bool has_data;
};

/* Server. */
enum pg_auth {
	PG_AUTH_OK = 0,
	PG_AUTH_KERBEROS_V5 = 2,
	PG_AUTH_CLEARTEXT = 3,
	PG_AUTH_MD5 = 5,
	PG_AUTH_GSS = 7,
	PG_AUTH_GSS_CONTINUE = 8,
	PG_AUTH_SSPI = 9,
	PG_AUTH_SASL = 10,
	PG_AUTH_SASL_CONTINUE = 11,
	PG_AUTH_SASL_FINAL = 12,
};

struct pg_authentication {
	uint32_t code;    /* enum pg_auth */
	struct span data; /* MD5: the salt; SASL: mechanisms, pg_next_string(); else the blob */
};

struct pg_parameter {
	struct span name, value;
};

struct pg_negotiate {
	uint32_t version; /* the newest that the server speaks */
	uint32_t n_options;
	struct span options; /* names that it did not know, pg_next_string() */
};

struct pg_list { /* RowDescription, DataRow, ParameterDescription */
	uint16_t n;
	struct span items; /* pg_next_column(), pg_next_value(), or OIDs */
};

struct pg_column {
	struct span name;
	uint32_t table_oid, type_oid; /* table_oid 0: not a column of a table */
	int16_t attnum, type_len;
	int32_t type_mod;
	uint16_t format; /* enum pg_format */
};

struct pg_copy {
	uint8_t format; /* enum pg_format */
	struct pg_formats columns;
};

struct pg_notification {
	uint32_t pid;
	struct span channel, payload;
};

struct pg_field { /* of an error or a notice */
	char code;
	struct span text;
};

/* The fields of an error or a notice that programs look at. */
struct pg_report {
	struct span severity; /* never translated where the server sends 'V' (9.6 and later) */
	struct span sqlstate, message;
	bool is_fatal; /* FATAL or PANIC: the server closes the connection */
};

int pg_read_startup(struct span body, struct pg_startup *ret);
int pg_read_cancel(struct span body, struct pg_cancel *ret);
/* One string and nothing else: Query, PasswordMessage, CopyFail, CommandComplete. */
int pg_read_string(struct span body, struct span *ret);
int pg_read_parse(struct span body, struct pg_parse *ret);
int pg_read_bind(struct span body, struct pg_bind *ret);
int pg_read_target(struct span body, struct pg_target *ret);
int pg_read_execute(struct span body, struct pg_execute *ret);
int pg_read_function_call(struct span body, struct pg_function_call *ret);
int pg_read_sasl_initial(struct span body, struct pg_sasl_initial *ret);

int pg_read_authentication(struct span body, struct pg_authentication *ret);
int pg_read_key(struct span body, struct pg_cancel *ret);
int pg_read_parameter(struct span body, struct pg_parameter *ret);
int pg_read_negotiate(struct span body, struct pg_negotiate *ret);
int pg_read_ready(struct span body, char *ret_status);
int pg_read_columns(struct span body, struct pg_list *ret);
int pg_read_row(struct span body, struct pg_list *ret);
int pg_read_oids(struct span body, struct pg_list *ret);
int pg_read_copy(struct span body, struct pg_copy *ret);
int pg_read_function_result(struct span body, struct pg_value *ret);
int pg_read_notification(struct span body, struct pg_notification *ret);
/* Also of the beginning of an error: <whole> false asks for no more than severity and SQLSTATE. */
int pg_read_report(struct span body, bool whole, struct pg_report *ret);

bool pg_next_param(struct reader *r, struct pg_parameter *ret);
bool pg_next_string(struct reader *r, struct span *ret);
bool pg_next_column(struct reader *r, struct pg_column *ret);
bool pg_next_field(struct reader *r, struct pg_field *ret);

/* A row that comes in slices: the same values, in pieces. */
struct pg_walk {
	uint32_t left, len; /* of the value that is under way */
	uint16_t column, n_columns;
	uint8_t head[4], n_head; /* its length, of which <n_head> bytes came */
};

struct pg_piece {
	uint16_t column;
	bool is_null;
	uint32_t off, len; /* where in the value; how long that is */
	struct span bytes;
};

/* <r> is over the first slice's body. */
void pg_walk_begin(struct pg_walk *w, struct reader *r);
/* The next piece of this slice; false at its end. r->bad: it is not as the protocol says. */
bool pg_walk_next(struct pg_walk *w, struct reader *r, struct pg_piece *ret);
/* After the last slice: was the row whole? */
bool pg_walk_is_done(const struct pg_walk *w);

/* The <i>th of a list of format codes. */
uint16_t pg_format_of(const struct pg_formats *f, uint16_t i);

/* Inline: once for each value of each row. */
static inline bool pg_next_value(struct reader *r, struct pg_value *ret)
{
	uint32_t len;

	if (r->bad || rd_left(r) == 0)
		return false;
	len = rd_be32(r);
	ret->is_null = len == UINT32_MAX;
	ret->bytes = rd_take(r, ret->is_null ? 0 : len);
	return !r->bad;
}
