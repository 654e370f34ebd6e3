/* SPDX-License-Identifier: Apache-2.0
 * The server, and what its catalogue says of types. */
#include "tests/mask/mask_pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPES_MAX = 64, FIELDS_MAX = 16 };

struct own_type {
	uint32_t oid, inside; /* element, base or subtype */
	char kind;            /* as in pg_type.typtype; 'a': an array */
	uint32_t fields[FIELDS_MAX];
	uint16_t n_fields;
};

static PGconn *conn;
static struct own_type own[TYPES_MAX];
static size_t n_own;

static const char own_sql[] =
		"SELECT t.oid, CASE WHEN t.typcategory = 'A' THEN 'a' ELSE t.typtype END, "
		"CASE t.typtype WHEN 'd' THEN t.typbasetype WHEN 'r' THEN r.rngsubtype "
		"WHEN 'm' THEN m.rngtypid ELSE t.typelem END, "
		"(SELECT string_agg(a.atttypid::text, ' ' ORDER BY a.attnum) FROM pg_attribute a "
		"WHERE a.attrelid = t.typrelid AND a.attnum > 0) "
		"FROM pg_type t LEFT JOIN pg_range r ON r.rngtypid = t.oid "
		"LEFT JOIN pg_range m ON m.rngmultitypid = t.oid WHERE t.oid >= 16384";

void server_open(const char *conninfo)
{
	conn = PQconnectdb(conninfo);
	if (PQstatus(conn) != CONNECTION_OK) {
		fprintf(stderr, "%s", PQerrorMessage(conn));
		exit(EXIT_FAILURE);
	}
}

void server_close(void)
{
	PQfinish(conn);
}

PGconn *server_conn(void)
{
	return conn;
}

void server_do(const char *sql)
{
	PGresult *r = PQexec(conn, sql);
	const ExecStatusType status = PQresultStatus(r);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		fprintf(stderr, "%s: %s", sql, PQerrorMessage(conn));
		exit(EXIT_FAILURE);
	}
	PQclear(r);
}

PGresult *server_ask(const char *sql, const struct mask_input *param, int format)
{
	const Oid type = param != NULL ? param->type : 0;
	const char *value = param != NULL ? (const char *)param->bytes.ptr : NULL;
	const int len = param != NULL ? (int)param->bytes.len : 0;
	const int param_format = param != NULL ? param->format : 0;
	PGresult *r = PQexecParams(
			conn, sql, param != NULL, &type, &value, &len, &param_format, format);

	if (r == NULL) {
		fprintf(stderr, "%s", PQerrorMessage(conn));
		exit(EXIT_FAILURE);
	}
	return r;
}

static void read_fields(struct own_type *t, const char *text)
{
	char *end;

	while (*text != '\0' && t->n_fields < FIELDS_MAX) {
		t->fields[t->n_fields++] = (uint32_t)strtoul(text, &end, 10);
		text = end;
	}
}

static bool find(const void *ctx, uint32_t oid, struct mask_type *ret)
{
	static const enum mask_type_kind kinds[128] = { ['a'] = MASK_T_ARRAY,
		['c'] = MASK_T_RECORD,
		['r'] = MASK_T_RANGE,
		['m'] = MASK_T_MULTIRANGE };

	(void)ctx;
	for (size_t i = 0; i < n_own; i++) {
		const struct own_type *t = &own[i];

		if (t->oid != oid)
			continue;
		if (t->kind == 'd')
			mask_type_of(server_types(), t->inside, ret);
		else
			*ret = (struct mask_type){ kinds[(unsigned char)t->kind], t->inside,
				t->fields, t->n_fields };
		return true;
	}
	return false;
}

const struct mask_types *server_types(void)
{
	static const struct mask_types types = { find, NULL };
	PGresult *r;

	if (n_own > 0)
		return &types;
	r = server_ask(own_sql, NULL, 0);
	for (int i = 0; i < PQntuples(r) && n_own < TYPES_MAX; i++) {
		struct own_type *t = &own[n_own++];

		t->oid = (uint32_t)strtoul(PQgetvalue(r, i, 0), NULL, 10);
		t->kind = PQgetvalue(r, i, 1)[0];
		t->inside = (uint32_t)strtoul(PQgetvalue(r, i, 2), NULL, 10);
		read_fields(t, PQgetvalue(r, i, 3));
	}
	PQclear(r);
	return &types;
}

bool say(const char *name, const char *why)
{
	printf(why[0] == '\0' ? "ok %s\n" : "not ok %s: %s\n", name, why);
	fflush(stdout);
	return why[0] == '\0';
}
