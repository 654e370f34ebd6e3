/* SPDX-License-Identifier: Apache-2.0
 * SQL text: byte 0 holds the settings (1: standard_conforming_strings off), the rest is the text.
 * The lexer against PostgreSQL's; statements in order and without overlap; the shape of the shape's
 * own spelling; room of any size. */
#include "parsers/base/must.h"
#include "parsers/sql/shape.h"
#include "parsers/sql/split.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/sql/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_WORDS = 2048 };

static const struct siphash_key secret = { 1, 2 };

/* Tokens lie inside, in order, with nothing but blanks and comments between. */
static bool check_tokens(struct span text, const struct sql_settings *settings)
{
	struct sql_lex lex = sql_lex_of(text, settings);
	uint32_t end = 0;
	struct sql_token t;

	while (sql_lex_next(&lex, &t) > SQL_T_ERROR) {
		must(t.at >= end && t.len > 0 && t.at + t.len <= text.len);
		end = t.at + t.len;
	}
	must((t.tok == SQL_T_ERROR) == (lex.error != SQL_LEX_OK));
	must(lex.error != SQL_LEX_NUL);
	return t.tok == SQL_T_END;
}

static void check_split(struct span text, const struct sql_settings *settings)
{
	struct sql_split split = sql_split_of(text, settings);
	struct sql_part part;
	uint32_t end = 0;

	while (sql_split_next(&split, &part)) {
		must(part.at >= end && part.len > 0 && part.at + part.len <= text.len);
		end = part.at + part.len;
	}
}

static void check_shape(struct span text, const struct sql_settings *settings, bool is_valid)
{
	static uint64_t room[ROOM_WORDS];
	const size_t n = text.len / 4 + 2, less = text.len / 8;
	uint64_t *tight = malloc((less > 0 ? less : 1) * sizeof(*tight));
	struct sql_shape shape, again;
	int rc;

	must(tight != NULL && n <= ROOM_WORDS);
	rc = sql_shape_of(text, settings, &secret, (struct sql_key_room){ room, n }, &shape);
	must(rc == (is_valid ? 0 : -EBADMSG));
	rc = sql_shape_of(text, settings, &secret, (struct sql_key_room){ tight, less }, &again);
	must(rc == -ENOBUFS || (rc == 0) == is_valid);
	if (rc == 0)
		must(again.key.hash == shape.key.hash &&
				again.key.bytes.len == shape.key.bytes.len &&
				memcmp(again.key.bytes.ptr, shape.key.bytes.ptr,
						shape.key.bytes.len) == 0);
	free(tight);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sql_settings settings = { SQL_ENC_UTF8, size > 0 && data[0] % 2 == 0 };
	const size_t len = size > 0 ? size - 1 : 0;
	uint8_t *exact;
	char *text;
	bool is_valid;

	if (size > 0 && memchr(data + 1, 0, len) != NULL)
		return 0;
	exact = malloc(len > 0 ? len : 1);
	text = calloc(1, len + 1);
	must(exact != NULL && text != NULL);
	if (len > 0) {
		memcpy(exact, data + 1, len);
		memcpy(text, data + 1, len);
	}
	is_valid = check_tokens((struct span){ exact, len }, &settings);
	check_split((struct span){ exact, len }, &settings);
	check_shape((struct span){ exact, len }, &settings, is_valid);
	must(scan_compare(text, settings.standard_conforming_strings) != SCAN_DISAGREES);
	free(text);
	free(exact);
	return 0;
}
