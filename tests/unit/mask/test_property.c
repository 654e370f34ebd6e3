/* SPDX-License-Identifier: Apache-2.0
 * Whatever a secret is wrapped in, no more of it comes out than its mask keeps: random secrets in
 * text, arrays, rows, JSON, COPY and messages, in text and in binary. Secrets are of capital
 * letters, which no mask writes by itself. */
#include "parsers/base/bytes.h"
#include "ruleset/mask/copy.h"
#include "tests/unit/mask/tool.h"
#include "tests/unit/net/suite.h"

#include <string.h>

enum {
	ROUNDS = 20000,
	SECRETS = 3,
	SECRET_MAX = 40,
	WRAPPED_MAX = 1024,
	LEAST = 4, /* characters that would be a leak */
	OID_OWN = 16500,
};

struct world {
	uint64_t seed;
	char secret[SECRETS][SECRET_MAX]; /* each of 5 characters at least */
	uint8_t in[WRAPPED_MAX];
	struct outbuf wrapped; /* over <in> */
	struct mask mask;
};

static uint32_t pick(struct world *w, uint32_t n)
{
	return (uint32_t)(suite_random(&w->seed) % n);
}

/* Letters, and now and then what needs quotes or escapes, or has several bytes. */
static void make_secret(struct world *w, char *secret)
{
	static const char *const odd[] = { "\"", "\\", " ", ",", "{", ")", "\n", "\t", "\u00c4",
		"\u65e5", "'" };
	const uint32_t n = 5 + pick(w, 20);
	size_t at = 0;

	for (uint32_t i = 0; i < n && at < SECRET_MAX - 5; i++) {
		if (pick(w, 8) == 0)
			at += (size_t)snprintf(
					secret + at, SECRET_MAX - at, "%s", odd[pick(w, 11)]);
		else
			secret[at++] = (char)('A' + pick(w, 20)); /* no U: NULL is no secret */
	}
	secret[at] = '\0';
}

static void make_mask(struct world *w)
{
	static const enum mask_kind kinds[] = { MASK_REDACT, MASK_KEEP_FIRST, MASK_KEEP_LAST,
		MASK_FIXED, MASK_PSEUDONYM, MASK_DATE_TO_YEAR, MASK_NOISE };

	w->mask = (struct mask){ .kind = kinds[pick(w, 7)],
		.keep = pick(w, 10),
		.ratio = 0.1,
		.fixed = tool_span("n/a \"\\") };
}

static void put(struct world *w, const char *text)
{
	ob_put(&w->wrapped, text, strlen(text));
}

/* <secret> with <escape> before each of <special>; in JSON a control character is an escape,
 * too. */
static void put_escaped(struct world *w, const char *secret, const char *special, char escape)
{
	char unit[8];

	for (; *secret != '\0'; secret++) {
		if (escape == 'u' && (uint8_t)*secret < ' ') {
			snprintf(unit, sizeof(unit), "\\u%04x", (uint32_t)*secret);
			put(w, unit);
			continue;
		}
		if (strchr(special, *secret) != NULL)
			ob_u8(&w->wrapped, (uint8_t)(escape == 'd' ? *secret : '\\'));
		ob_u8(&w->wrapped, (uint8_t)*secret);
	}
}

static void put_sized(struct world *w, const char *secret)
{
	ob_be32(&w->wrapped, (uint32_t)strlen(secret));
	put(w, secret);
}

static void wrap_text(struct world *w)
{
	put(w, w->secret[0]);
}

static void wrap_array(struct world *w)
{
	for (int i = 0; i < SECRETS; i++) {
		put(w, i == 0 ? "{\"" : ",\"");
		put_escaped(w, w->secret[i], "\"\\", 'b');
		put(w, "\"");
	}
	put(w, ",NULL}");
}

static void wrap_array_binary(struct world *w)
{
	const uint32_t head[] = { 1, 0, OID_TEXT, SECRETS, 1 };

	for (int i = 0; i < 5; i++)
		ob_be32(&w->wrapped, head[i]);
	for (int i = 0; i < SECRETS; i++)
		put_sized(w, w->secret[i]);
}

static void wrap_row(struct world *w)
{
	for (int i = 0; i < SECRETS; i++) {
		put(w, i == 0 ? "(\"" : ",\"");
		put_escaped(w, w->secret[i], "\"\\", 'd');
		put(w, "\"");
	}
	put(w, ")");
}

static void wrap_row_binary(struct world *w)
{
	ob_be32(&w->wrapped, SECRETS);
	for (int i = 0; i < SECRETS; i++) {
		ob_be32(&w->wrapped, OID_TEXT);
		put_sized(w, w->secret[i]);
	}
}

static void wrap_json(struct world *w)
{
	for (int i = 0; i < SECRETS; i++) {
		put(w, i == 0 ? "[\"" : ", \"");
		put_escaped(w, w->secret[i], "\"\\", 'u');
		put(w, "\"");
	}
	put(w, "]");
}

static void wrap_jsonb(struct world *w)
{
	ob_u8(&w->wrapped, 1);
	wrap_json(w);
}

static void wrap_bytea(struct world *w)
{
	put(w, w->secret[0]);
}

struct wrapping {
	const char *name;
	uint32_t oid;
	uint16_t format;
	void (*wrap)(struct world *w);
};

static const struct wrapping wrappings[] = {
	{ "text", OID_TEXT, 0, wrap_text },
	{ "text, binary", OID_TEXT, 1, wrap_text },
	{ "name", OID_NAME, 0, wrap_text },
	{ "xml", OID_XML, 0, wrap_text },
	{ "unknown type", 16400, 0, wrap_text },
	{ "text[]", OID_TEXT_ARRAY, 0, wrap_array },
	{ "text[], binary", OID_TEXT_ARRAY, 1, wrap_array_binary },
	{ "record", OID_RECORD, 0, wrap_row },
	{ "row", OID_OWN, 0, wrap_row },
	{ "record, binary", OID_RECORD, 1, wrap_row_binary },
	{ "json", OID_JSON, 0, wrap_json },
	{ "jsonb, binary", OID_JSONB, 1, wrap_jsonb },
	{ "bytea, binary", OID_BYTEA, 1, wrap_bytea },
};

static bool find(const void *ctx, uint32_t oid, struct mask_type *ret)
{
	static const uint32_t fields[SECRETS] = { OID_TEXT, OID_TEXT, OID_TEXT };

	(void)ctx;
	*ret = (struct mask_type){ .kind = MASK_T_RECORD, .fields = fields, .n_fields = SECRETS };
	return oid == OID_OWN;
}

/* Is there a run of the secret that is longer than what may be seen of it? Looked for are runs of
 * letters: what is between them may have been escaped. */
static bool leaks(const struct world *w, const char *secret, const uint8_t *out, size_t len)
{
	const bool keeps = w->mask.kind == MASK_KEEP_FIRST || w->mask.kind == MASK_KEEP_LAST;
	const size_t least = keeps && w->mask.keep >= LEAST ? w->mask.keep + 1 : LEAST;

	for (size_t i = 0; strlen(secret) >= i + least; i++) {
		size_t n = 0;

		while (n < least && secret[i + n] >= 'A' && secret[i + n] <= 'Z')
			n++;
		if (n == least && memmem(out, len, secret + i, least) != NULL)
			return true;
	}
	return false;
}

static void begin(struct world *w)
{
	for (int i = 0; i < SECRETS; i++)
		make_secret(w, w->secret[i]);
	make_mask(w);
	w->wrapped = ob_of(w->in, sizeof(w->in));
}

static void test_values(void)
{
	static const struct mask_types types = { find, NULL };
	static struct world w = { .seed = 4711 };
	uint32_t n_written = 0;

	tool_masker()->types = &types;
	for (int i = 0; i < ROUNDS; i++) {
		const struct wrapping *as =
				&wrappings[pick(&w, sizeof(wrappings) / sizeof(*wrappings))];
		const uint8_t *out;
		int len;

		begin(&w);
		as->wrap(&w);
		out = tool_value(&w.mask,
				(struct mask_input){ as->oid, as->format, ob_span(&w.wrapped),
						MASK_WHOLE, NULL },
				&len);
		CHECK_ROW(as->name, len >= -1 && !w.wrapped.full);
		n_written += len >= 0;
		for (int k = 0; k < SECRETS && len > 0; k++)
			CHECK_ROW(as->name, !leaks(&w, w.secret[k], out, (size_t)len));
	}
	CU_ASSERT(n_written > ROUNDS / 2);
	tool_masker()->types = NULL;
}

static void put_copy(struct world *w, enum mask_copy_format format)
{
	if (format == MASK_COPY_BINARY)
		ob_be16(&w->wrapped, SECRETS);
	for (int i = 0; i < SECRETS; i++) {
		const char *secret = w->secret[i];

		if (format == MASK_COPY_BINARY) {
			put_sized(w, secret);
			continue;
		}
		if (i > 0)
			put(w, format == MASK_COPY_CSV ? "," : "\t");
		if (format == MASK_COPY_CSV) {
			put(w, "\"");
			put_escaped(w, secret, "\"", 'd');
			put(w, "\"");
		} else {
			put_escaped(w, secret, "\\\n\t",
					'b'); /* a backslash before the byte itself */
		}
	}
	if (format != MASK_COPY_BINARY)
		put(w, "\n");
}

static void test_copy(void)
{
	static struct world w = { .seed = 42 };
	static uint8_t out[4096];

	for (int i = 0; i < ROUNDS; i++) {
		struct mask_copy copy = mask_copy_default[pick(&w, 3)];
		const struct mask_copy_column column = { .mask = &w.mask, .type = OID_TEXT };
		const struct mask_copy_column columns[SECRETS] = { column, column, column };
		struct outbuf o = ob_of(out, sizeof(out));
		size_t n = 0;

		begin(&w);
		copy.n_columns = SECRETS;
		put_copy(&w, copy.format);
		CU_ASSERT_FATAL(mask_copy_row_size(&copy, ob_span(&w.wrapped), true, &n) == 0);
		CU_ASSERT_FATAL(n == w.wrapped.len);
		CU_ASSERT_FATAL(mask_copy_row(tool_masker(), &copy, columns, ob_span(&w.wrapped),
						&o) == 0);
		CU_ASSERT(mask_copy_row_size(&copy, ob_span(&o), true, &n) == 0 && n == o.len);
		for (int k = 0; k < SECRETS; k++)
			CU_ASSERT(!leaks(&w, w.secret[k], out, o.len));
	}
}

/* A message with secrets in it, and where they are. */
static void test_messages(void)
{
	static struct world w = { .seed = 7 };
	static uint8_t out[4096];

	for (int i = 0; i < ROUNDS; i++) {
		struct mask_hit hits[SECRETS];
		struct outbuf o = ob_of(out, sizeof(out));

		begin(&w);
		for (int k = 0; k < SECRETS; k++) {
			put(&w, "failing row contains ");
			hits[k] = (struct mask_hit){ { w.wrapped.len, 0 }, &w.mask };
			put(&w, w.secret[k]);
			hits[k].part.to = w.wrapped.len;
		}
		CU_ASSERT_FATAL(mask_hits(tool_masker(), ob_span(&w.wrapped), hits, SECRETS, &o) ==
				0);
		for (int k = 0; k < SECRETS; k++)
			CU_ASSERT(!leaks(&w, w.secret[k], out, o.len));
		CU_ASSERT(memmem(out, o.len, "failing row", 11) != NULL);
	}
}

/* The check sees what it should: without a mask all of it leaks. */
static void test_leaks_are_seen(void)
{
	static struct world w = { .seed = 3 };
	uint32_t n_seen = 0;

	for (int i = 0; i < 100; i++) {
		begin(&w);
		w.mask.keep = 4;
		wrap_json(&w);
		n_seen += leaks(&w, w.secret[2], w.in, w.wrapped.len);
	}
	CU_ASSERT(n_seen > 80);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "values", test_values },
		{ "COPY", test_copy },
		{ "messages", test_messages },
		{ "leaks are seen", test_leaks_are_seen },
	};

	return suite_run("mask/property", tests, sizeof(tests) / sizeof(*tests));
}
