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

static void build(PGconn *conn, const struct policy *policy, const char *query)
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
	build(conn, policy, query);
	PQfinish(conn);
	policy_free(&policy);
	return EXIT_SUCCESS;
}
