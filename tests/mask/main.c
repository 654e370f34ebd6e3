/* SPDX-License-Identifier: Apache-2.0
 * mask_pg CONNINFO: every mask of every sample, before a real server. */
#include "tests/mask/mask_pg.h"
#include "tests/unit/mask/tool.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 512, LEAK_MAX = 512, N_MASKS = 14 };

struct named_mask {
	const char *name;
	struct mask mask;
	bool hides;  /* nothing of the value may be left */
	bool rounds; /* floating point may differ in the last digit, by format */
};

static struct named_mask masks[N_MASKS];

static void make_masks(void)
{
	const struct named_mask all[N_MASKS] = {
		{ "redact", tool_redact, true, false },
		{ "keep_first 0", tool_keep_first(0), true, false },
		{ "keep_first 3", tool_keep_first(3), false, false },
		{ "keep_last 4", tool_keep_last(4), false, false },
		{ "null", tool_null, true, false },
		{ "fixed word", tool_fixed("qqq \"\\,{}()'qqq"), true, false },
		{ "fixed nothing", tool_fixed(""), true, false },
		{ "fixed number", tool_fixed("-33.3"), true, false },
		{ "fixed small number", tool_fixed("9"), true, false },
		{ "fixed date", tool_fixed("3003-03-03"), true, false },
		{ "fixed time", tool_fixed("3003-03-03 03:03:03.3+03"), true, false },
		{ "pseudonym", tool_pseudonym, true, false },
		{ "date_to_year", tool_year, false, false },
		{ "noise", tool_noise(0.3), false, true },
	};

	memcpy(masks, all, sizeof(all));
}

/* The value as the server sends it in a format. */
static PGresult *fetch(const char *type, const char *value, int format)
{
	const struct mask_input param = { .bytes = tool_span(value) };
	char sql[128];
	PGresult *r;

	snprintf(sql, sizeof(sql), "SELECT $1::%s", type);
	r = server_ask(sql, &param, format);
	if (PQresultStatus(r) != PGRES_TUPLES_OK) {
		fprintf(stderr, "%s %s: %s", type, value, PQresultErrorMessage(r));
		exit(EXIT_FAILURE);
	}
	return r;
}

/* What the server makes of a masked value: text in <ret>, or false and why not. */
static bool give_back(const char *type, const struct mask_input *masked, char *ret, size_t max)
{
	char sql[128];
	PGresult *r;
	bool ok;

	snprintf(sql, sizeof(sql), "SELECT $1::%s", type);
	r = server_ask(sql, masked, 0);
	ok = PQresultStatus(r) == PGRES_TUPLES_OK;
	snprintf(ret, max, "%s", ok ? PQgetvalue(r, 0, 0) : PQresultErrorMessage(r));
	PQclear(r);
	return ok;
}

/* Words of the types' own, which masks leave or write. */
static void blank_words(char *text)
{
	static const char *const words[] = { "NULL", "null", "empty", "infinity" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		for (char *at = strstr(text, words[i]); at != NULL; at = strstr(at, words[i]))
			memset(at, ' ', strlen(words[i]));
	}
}

/* Do four letters or digits in a row of <value> stand in <is>? Of bytea, the digits of four
 * bytes. */
static bool leaks(const char *type, const char *value, const char *is)
{
	const size_t least = strncmp(type, "bytea", 5) == 0 ? 8 : 4;
	char was[LEAK_MAX], part[16] = { 0 };

	snprintf(was, sizeof(was), "%s", value);
	blank_words(was);
	for (size_t i = 0; strlen(was) >= i + least; i++) {
		size_t n = 0;

		while (n < least && isalnum((unsigned char)was[i + n]))
			n++;
		memcpy(part, was + i, least);
		if (n == least && strstr(is, part) != NULL && strcmp(part, "0000") != 0)
			return true;
	}
	return false;
}

struct tried {
	bool is_null;
	char text[2048]; /* of what the server has then */
};

static bool try_one(const char *type, const char *value, const struct named_mask *mask, int format,
		struct tried *ret)
{
	PGresult *r = fetch(type, value, format);
	struct mask_input in = {
		.type = PQftype(r, 0), .format = (uint16_t)format, .part = MASK_WHOLE
	};
	int len;

	in.bytes = (struct span){ (const uint8_t *)PQgetvalue(r, 0, 0),
		(size_t)PQgetlength(r, 0, 0) };
	in.bytes.ptr = tool_value(&mask->mask, in, &len);
	PQclear(r);
	*ret = (struct tried){ .is_null = len == -1 };
	if (len < 0) {
		snprintf(ret->text, sizeof(ret->text), "error %d", len);
		return ret->is_null;
	}
	in.bytes.len = (size_t)len;
	return give_back(type, &in, ret->text, sizeof(ret->text));
}

/* One value under one mask, in both formats. */
static bool try_both(const char *type, const char *value, const struct named_mask *mask, char *why)
{
	static struct tried text, binary;

	if (!try_one(type, value, mask, 0, &text) || !try_one(type, value, mask, 1, &binary))
		snprintf(why, WHY_MAX, "%s of %s: text %.150s, binary %.150s", mask->name, value,
				text.text, binary.text);
	else if (!(mask->rounds && strncmp(type, "float", 5) == 0) &&
			(text.is_null != binary.is_null || strcmp(text.text, binary.text) != 0))
		snprintf(why, WHY_MAX, "%s of %s: text %.150s, but binary %.150s", mask->name,
				value, text.is_null ? "NULL" : text.text,
				binary.is_null ? "NULL" : binary.text);
	else if (mask->hides && leaks(type, value, text.text))
		snprintf(why, WHY_MAX, "%s of %s is seen in %.150s", mask->name, value, text.text);
	return why[0] == '\0';
}

static bool try_type(const struct sample_type *type)
{
	char why[WHY_MAX] = "";

	for (size_t i = 0; i < SAMPLES_MAX && type->values[i] != NULL; i++) {
		for (size_t k = 0; k < N_MASKS; k++) {
			if (!try_both(type->name, type->values[i], &masks[k], why))
				return say(type->name, why);
		}
	}
	return say(type->name, why);
}

/* A row that the server makes up: in binary it names its fields' types. */
static bool try_record(void)
{
	static const char *const sql = "SELECT ROW('Jane', 12345, ARRAY['Roe'], NULL::text)";
	PGresult *r = server_ask(sql, NULL, 1);
	struct mask_input in = { .type = PQftype(r, 0), .format = 1, .part = MASK_WHOLE };
	int len;
	const uint8_t *out;

	in.bytes = (struct span){ (const uint8_t *)PQgetvalue(r, 0, 0),
		(size_t)PQgetlength(r, 0, 0) };
	out = tool_value(&tool_redact, in, &len);
	PQclear(r);
	if (len <= 0 || out == NULL || memmem(out, (size_t)len, "Jane", 4) != NULL ||
			memmem(out, (size_t)len, "*****", 5) == NULL)
		return say("record, binary", "it is not masked");
	return say("record, binary", "");
}

/* Values that are overwritten where they are. */
static bool try_fill(void)
{
	static const char *const types[] = { "text", "bytea", "json", "jsonb", "xml" };
	static const char *const values[] = { "Jane Roe", "\\x736563726574", "{\"Jane\": 1}",
		"{\"Jane\": 1}", "<a>Jane</a>" };
	static uint8_t bytes[64];
	char text[256], why[WHY_MAX] = "";

	for (int i = 0; i < 10 && why[0] == '\0'; i++) {
		PGresult *r = fetch(types[i / 2], values[i / 2], i % 2);
		const size_t len = (size_t)PQgetlength(r, 0, 0);
		const struct mask_slice slice = { PQftype(r, 0), (uint16_t)(i % 2), 0, len, bytes,
			len };
		struct mask_input in = { .type = slice.type, .format = slice.format };

		memcpy(bytes, PQgetvalue(r, 0, 0), len + 1); /* libpq takes text up to its NUL */
		PQclear(r);
		in.bytes = (struct span){ bytes, len };
		if (mask_fill(tool_masker(), &slice) != 0 ||
				!give_back(types[i / 2], &in, text, sizeof(text)))
			snprintf(why, sizeof(why), "%s: %s", types[i / 2], text);
		else if (strstr(text, "Jane") != NULL)
			snprintf(why, sizeof(why), "%s: it is seen", types[i / 2]);
	}
	return say("overwritten in place", why);
}

int main(int argc, char **argv)
{
	int n_failed = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: mask_pg CONNINFO\n");
		return 2;
	}
	make_masks();
	server_open(argv[1]);
	server_do(sample_schema);
	tool_masker()->types = server_types();
	for (const struct sample_type *t = sample_types; t->name != NULL; t++)
		n_failed += !try_type(t);
	n_failed += !try_record();
	n_failed += !try_fill();
	n_failed += copy_tests();
	server_close();
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
