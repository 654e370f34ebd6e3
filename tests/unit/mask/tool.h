/* SPDX-License-Identifier: Apache-2.0
 * A masker for tests, and its answers as C strings. */
#pragma once

#include "ruleset/mask/mask.h"

enum {
	TOOL_ROOM = 1 << 20,
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_CHAR = 18,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_OID = 26,
	OID_JSON = 114,
	OID_XML = 142,
	OID_POINT = 600,
	OID_CIDR = 650,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_MACADDR8 = 774,
	OID_MONEY = 790,
	OID_MACADDR = 829,
	OID_INET = 869,
	OID_INT4_ARRAY = 1007,
	OID_TEXT_ARRAY = 1009,
	OID_BOX_ARRAY = 1020,
	OID_POINT_ARRAY = 1017,
	OID_DATE = 1082,
	OID_TIME = 1083,
	OID_TIMESTAMP = 1114,
	OID_DATE_ARRAY = 1182,
	OID_TIMESTAMPTZ = 1184,
	OID_INTERVAL = 1186,
	OID_TIMETZ = 1266,
	OID_BIT = 1560,
	OID_NUMERIC = 1700,
	OID_RECORD = 2249,
	OID_RECORD_ARRAY = 2287,
	OID_UUID = 2950,
	OID_JSONB = 3802,
	OID_JSONB_ARRAY = 3807,
	OID_INT4RANGE = 3904,
	OID_TSTZRANGE = 3910,
	OID_DATERANGE = 3912,
	OID_DATEMULTIRANGE = 4535,
	OID_XID8 = 5069,
};

extern const struct mask tool_redact, tool_null, tool_year, tool_pseudonym;

struct mask tool_keep_first(uint32_t n);
struct mask tool_keep_last(uint32_t n);
struct mask tool_fixed(const char *text);
struct mask tool_noise(double ratio);

/* One masker, under one key, for the whole program. */
struct masker *tool_masker(void);
/* Under another key. */
void tool_rekey(const char *secret);

struct span tool_span(const char *text);

/* The output and its length; *ret_len < 0: MASK_NULLED is -1, an error itself. Valid until the next
 * call. The input is copied to a block of exactly its size. */
const uint8_t *tool_value(const struct mask *mask, struct mask_input in, int *ret_len);
/* Of a whole value in text format: the output, "<null>", or "<badmsg>" and the like. */
const char *tool_text(const struct mask *mask, uint32_t oid, const char *text);
/* With a part or a path. */
const char *tool_input(const struct mask *mask, struct mask_input in);
/* Binary, in and out as hexadecimal digits; blanks are skipped. */
const char *tool_binary(const struct mask *mask, uint32_t oid, const char *hex);

/* Are they the same? If not, says what the answer to <row> is. */
bool tool_is(const char *row, const char *is, const char *wanted);
