/* SPDX-License-Identifier: Apache-2.0
 * A table with a column of each type, by COPY from one table, masked, into another. */
#include "ruleset/mask/copy.h"

#include "parsers/base/must.h"
#include "tests/mask/mask_pg.h"
#include "tests/unit/mask/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 100, SQL_MAX = 16384, ROW_MAX = 1 << 16 };

struct options {
	const char *name, *out, *in;
	struct mask_copy copy;
};

#define TEXT(s)                                                                                    \
	{                                                                                          \
		(const uint8_t *)(s), sizeof(s) - 1                                                \
	}

static const struct options options[] = {
	{ "COPY text", "", "",
			{ .format = MASK_COPY_TEXT, .delimiter = '\t', .null = TEXT("\\N") } },
	{ "COPY text, delimiter and null", "(DELIMITER '|', NULL 'nil')",
			"(DELIMITER '|', NULL 'nil')",
			{ .format = MASK_COPY_TEXT, .delimiter = '|', .null = TEXT("nil") } },
	{ "COPY csv", "(FORMAT csv)", "(FORMAT csv)",
			{ .format = MASK_COPY_CSV,
					.delimiter = ',',
					.quote = '"',
					.escape = '"',
					.null = TEXT("") } },
	{ "COPY csv, header, force quote", "(FORMAT csv, HEADER, FORCE_QUOTE *)",
			"(FORMAT csv, HEADER)",
			{ .format = MASK_COPY_CSV,
					.delimiter = ',',
					.quote = '"',
					.escape = '"',
					.has_header = true,
					.null = TEXT("") } },
	{ "COPY csv, all options", "(FORMAT csv, DELIMITER ';', QUOTE '''', ESCAPE '\\', NULL 'x')",
			"(FORMAT csv, DELIMITER ';', QUOTE '''', ESCAPE '\\', NULL 'x')",
			{ .format = MASK_COPY_CSV,
					.delimiter = ';',
					.quote = '\'',
					.escape = '\\',
					.null = TEXT("x") } },
	{ "COPY binary", "(FORMAT binary)", "(FORMAT binary)", { .format = MASK_COPY_BINARY } },
};

static struct mask_copy_column columns[COLUMNS_MAX];
static struct mask masks[3];
static uint16_t n_columns;

static char sql_text[SQL_MAX];
static size_t sql_len;

static void sql_add(const char *part)
{
	const size_t n = strlen(part);

	must(n < SQL_MAX - sql_len);
	memcpy(sql_text + sql_len, part, n + 1);
	sql_len += n;
}

static void sql_run(void)
{
	server_do(sql_text);
	sql_len = 0;
}

/* The samples' <row>th values; NULL for a type that has not so many. */
static void insert(size_t row)
{
	sql_add("INSERT INTO src VALUES (");
	for (const struct sample_type *t = sample_types; t->name != NULL; t++) {
		const char *value = t->values[0];
		char *quoted = NULL;

		for (size_t i = 0; i <= row && value != NULL; i++)
			value = t->values[i];
		if (value != NULL)
			quoted = PQescapeLiteral(server_conn(), value, strlen(value));
		sql_add(t == sample_types ? "" : ", ");
		sql_add(quoted != NULL ? quoted : "NULL");
		PQfreemem(quoted);
	}
	sql_add(")");
	sql_run();
}

static void make_tables(void)
{
	char column[64];

	masks[0] = tool_keep_last(4);
	masks[1] = tool_redact;
	masks[2] = tool_pseudonym;
	sql_add("CREATE TABLE src (");
	for (const struct sample_type *t = sample_types; t->name != NULL; t++) {
		snprintf(column, sizeof(column), "%sc%u %s", n_columns > 0 ? ", " : "", n_columns,
				t->name);
		sql_add(column);
		n_columns++;
	}
	sql_add(")");
	sql_run();
	server_do("CREATE TABLE dst (LIKE src)");
	for (size_t row = 0; row < SAMPLES_MAX; row++)
		insert(row);
}

/* Every fourth column is left as it is. */
static void make_columns(void)
{
	PGresult *r = server_ask("SELECT * FROM src LIMIT 0", NULL, 0);

	for (int i = 0; i < n_columns; i++)
		columns[i] = (struct mask_copy_column){ .mask = i % 4 < 3 ? &masks[i % 4] : NULL,
			.type = PQftype(r, i) };
	PQclear(r);
}

/* All that COPY says, in a buffer that is the caller's. */
static uint8_t *copy_out(const char *sql, size_t *ret_len)
{
	uint8_t *all = NULL;
	size_t len = 0;
	char *row;
	int n;

	PQclear(PQexec(server_conn(), sql));
	while ((n = PQgetCopyData(server_conn(), &row, 0)) > 0) {
		all = realloc(all, len + (size_t)n);
		if (all == NULL)
			exit(EXIT_FAILURE);
		memcpy(all + len, row, (size_t)n);
		len += (size_t)n;
		PQfreemem(row);
	}
	PQclear(PQgetResult(server_conn()));
	*ret_len = len;
	return all;
}

/* Masks rows one after the other, as they lie in one stream. */
static int mask_all(const struct mask_copy *copy, struct span in, struct outbuf *o)
{
	size_t n = 0;
	int rc = mask_copy_head(copy, in, &n);

	while (rc == 0) {
		if (o->len == 0 && n > 0)
			ob_put(o, in.ptr, n);
		in.ptr += n;
		in.len -= n;
		if (in.len == 0)
			return 0;
		rc = mask_copy_row_size(copy, in, true, &n);
		if (rc == 0)
			rc = mask_copy_row(tool_masker(), copy, columns, (struct span){ in.ptr, n },
					o);
	}
	return rc;
}

static bool copy_in(const char *sql, const struct outbuf *o, char *why, size_t max)
{
	PGresult *r;
	bool ok;

	PQclear(PQexec(server_conn(), sql));
	PQputCopyData(server_conn(), (const char *)o->ptr, (int)o->len);
	PQputCopyEnd(server_conn(), NULL);
	r = PQgetResult(server_conn());
	ok = PQresultStatus(r) == PGRES_COMMAND_OK;
	if (!ok)
		snprintf(why, max, "%s", PQresultErrorMessage(r));
	PQclear(r);
	while ((r = PQgetResult(server_conn())) != NULL)
		PQclear(r);
	return ok;
}

static void hash_of(char *ret, size_t max)
{
	PGresult *r = server_ask(
			"SELECT count(*) || ' ' || md5(string_agg(d::text, '|' ORDER BY d::text)) "
			"FROM dst d",
			NULL, 0);

	snprintf(ret, max, "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
}

static bool try_options(const struct options *opt, char *first)
{
	static uint8_t out[ROW_MAX * 4];
	struct outbuf o = ob_of(out, sizeof(out));
	struct mask_copy copy = opt->copy;
	char sql[256], why[256] = "", hash[64];
	size_t len;
	uint8_t *all;
	int rc;

	copy.n_columns = n_columns;
	server_do("TRUNCATE dst");
	snprintf(sql, sizeof(sql), "COPY src TO STDOUT %s", opt->out);
	all = copy_out(sql, &len);
	rc = mask_all(&copy, (struct span){ all, len }, &o);
	free(all);
	if (rc != 0) {
		snprintf(why, sizeof(why), "error %d", rc);
		return say(opt->name, why);
	}
	snprintf(sql, sizeof(sql), "COPY dst FROM STDIN %s", opt->in);
	if (!copy_in(sql, &o, why, sizeof(why)))
		return say(opt->name, why);
	hash_of(hash, sizeof(hash));
	if (first[0] == '\0')
		memcpy(first, hash, sizeof(hash));
	else if (strcmp(first, hash) != 0)
		snprintf(why, sizeof(why), "other rows than before: %s, not %s", hash, first);
	return say(opt->name, why);
}

int copy_tests(void)
{
	char first[64] = "";
	int n_failed = 0;

	make_tables();
	make_columns();
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		n_failed += !try_options(&options[i], first);
	return n_failed;
}
