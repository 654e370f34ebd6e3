/* SPDX-License-Identifier: Apache-2.0
 * catalog_pg RULES [CONNINFO [SQL...]]: the query for a file of rules; with a server, what it answers to it after SQL
 * was run in that session, as a catalogue: a line for each column. Last a line "= N rows, query, build". */
#include "ruleset/catalog/build.h"
#include "ruleset/catalog/query.h"
#include "ruleset/load/load.h"
#include "ruleset/model/model.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MEMORY = 64 << 20, TEXT_MAX = 1 << 20 };

static char text[TEXT_MAX];
static struct load_report report;

static void stop(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static struct policy *rules_of(const char *path)
{
	FILE *f = fopen(path, "r");
	const size_t n = f == NULL ? 0 : fread(text, 1, sizeof(text), f);
	const struct span span = { (const uint8_t *)text, n };
	struct policy *policy = NULL;

	if (f == NULL || load_policy(&span, 1, &policy, &report) != 0)
		stop(path, f == NULL ? "cannot be read" : report.errors.at[0].text);
	fclose(f);
	return policy;
}

static PGresult *ask(PGconn *conn, const char *sql)
{
	PGresult *r = PQexec(conn, sql);
	const ExecStatusType status = PQresultStatus(r);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		stop(sql, PQresultErrorMessage(r));
	return r;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void put_rows(const PGresult *r, struct outbuf *o)
{
	struct span fields[CATALOG_FIELDS];

	if (PQnfields(r) != CATALOG_FIELDS)
		stop("query", "another number of columns");
	for (int i = 0; i < PQntuples(r); i++) {
		for (int k = 0; k < CATALOG_FIELDS; k++) {
			fields[k] = (struct span){ (const uint8_t *)PQgetvalue(r, i, k),
				(size_t)PQgetlength(r, i, k) };
			if (PQgetisnull(r, i, k))
				fields[k].ptr = NULL;
		}
		catalog_row_put(fields, CATALOG_FIELDS, o);
	}
	if (o->full)
		stop("rows", "no room");
}

static void show(const struct policy *policy, const struct catalog *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct catalog_column *col = &c->columns[i];
		uint32_t data = col->data, pack = 0;

		while (data >= policy->packs[pack].n_data)
			data -= policy->packs[pack++].n_data;
		printf("%.*s.%.*s.%.*s %s %s %d %d\n", (int)col->schema.len, col->schema.ptr,
				(int)col->table.len, col->table.ptr, (int)col->column.len,
				col->column.ptr, policy->packs[pack].data[data].id,
				col->is_derived ? "derived" : "plain", col->attnum, col->copy_at);
	}
}

static struct span value_of(const PGresult *r, int row, int column)
{
	return (struct span){ (const uint8_t *)PQgetvalue(r, row, column),
		(size_t)PQgetlength(r, row, column) };
}

static bool has(const struct catalog *c, const PGresult *r, int row, uint32_t data)
{
	const uint32_t oid = (uint32_t)strtoul(PQgetvalue(r, row, 0), NULL, 10);
	const int attnum = (int)strtol(PQgetvalue(r, row, 1), NULL, 10);

	for (uint32_t i = 0; i < c->n; i++) {
		const struct catalog_column *col = &c->columns[i];

		if (col->oid == oid && col->attnum == attnum && col->data == data)
			return true;
	}
	return false;
}

/* Every column of schema globs, by every rule: does the catalogue have it where model_glob() says so? */
static void compare_globs(PGconn *conn, const struct policy *policy, const struct catalog *c)
{
	PGresult *r = ask(conn,
			"SELECT attrelid, attnum, nspname, relname, attname FROM pg_attribute "
			"JOIN pg_class t ON t.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace "
			"WHERE nspname LIKE 'globs%' AND attnum > 0 AND relkind = 'r'");
	int n_equal = 0, n_hits = 0;

	for (int i = 0; i < PQntuples(r); i++) {
		for (uint32_t d = 0; d < policy->packs[0].n_data; d++) {
			const struct model_data *rule = &policy->packs[0].data[d];
			const bool is = model_glob(rule->schema, value_of(r, i, 2), false) &&
					model_glob(rule->table, value_of(r, i, 3), false) &&
					model_glob(rule->column, value_of(r, i, 4), false);

			if (is != has(c, r, i, d))
				printf("differs: %s.%s.%s %s\n", PQgetvalue(r, i, 2),
						PQgetvalue(r, i, 3), PQgetvalue(r, i, 4), rule->id);
			n_equal += is == has(c, r, i, d);
			n_hits += is;
		}
	}
	if (PQntuples(r) > 0)
		printf("globs: %d pairs are equal, %d of them match\n", n_equal, n_hits);
	PQclear(r);
}

/* <is_plain>: no settings of the session's own. */
static void build(PGconn *conn, const struct policy *policy, const char *query, bool is_plain)
{
	static uint64_t memory[MEMORY / 8];
	static uint8_t rows[MEMORY];
	struct outbuf o = ob_of(rows, sizeof(rows));
	const double t0 = now_ms();
	PGresult *r = ask(conn, query);
	const double t1 = now_ms();
	const char *encoding = PQparameterStatus(conn, "client_encoding");
	struct catalog_source source = { .policy = policy, .limits = &sql_limits_default };
	const struct catalog *c = NULL;
	size_t bytes = 0;
	int rc;

	put_rows(r, &o);
	source.rows = ob_span(&o);
	source.settings = (struct sql_settings){
		sql_encoding_of((struct span){ (const uint8_t *)encoding, strlen(encoding) }), true
	};
	rc = catalog_build(&source, (struct sql_memory){ memory, sizeof(memory) }, &c, &bytes);
	if (rc != 0)
		stop("catalog_build", strerror(-rc));
	show(policy, c);
	if (is_plain)
		compare_globs(conn, policy, c);
	printf("= %d rows, %zu bytes of rows, %zu of a catalogue, newest %u, query %.1f ms, build %.1f ms\n",
			PQntuples(r), o.len, bytes, c->newest_oid, t1 - t0, now_ms() - t1);
	PQclear(r);
}

int main(int argc, char **argv)
{
	static char query[CATALOG_QUERY_MAX + 1];
	struct outbuf o = ob_of(query, CATALOG_QUERY_MAX);
	struct policy *policy;
	PGconn *conn;

	if (argc < 2)
		stop("usage", "catalog_pg RULES [CONNINFO [SQL...]]");
	policy = rules_of(argv[1]);
	if (catalog_query_put(policy, &o) <= 0)
		stop(argv[1], "no query");
	if (argc == 2) {
		puts(query);
		return EXIT_SUCCESS;
	}
	conn = PQconnectdb(argv[2]);
	if (PQstatus(conn) != CONNECTION_OK)
		stop(argv[2], PQerrorMessage(conn));
	for (int i = 3; i < argc; i++)
		PQclear(ask(conn, argv[i]));
	build(conn, policy, query, argc == 3);
	PQfinish(conn);
	policy_free(&policy);
	return EXIT_SUCCESS;
}
