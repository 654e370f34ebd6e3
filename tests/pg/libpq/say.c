/* SPDX-License-Identifier: Apache-2.0
 * Lines of cases, and what they are made of. */
#include "tests/pg/libpq/say.h"

#include <openssl/evp.h>

#include <ctype.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHORT_BYTES = 120, /* a longer text is shown by its hash */
	PATH_BYTES = 512,
	WAIT_MS = 20000,
};

void die(const char *format, ...)
{
	va_list more;

	va_start(more, format);
	vfprintf(stderr, format, more);
	va_end(more);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

void need(PGconn *c, bool fine, const char *what)
{
	if (!fine)
		die("%s: %s", what, PQerrorMessage(c));
}

static void text_room(struct text *t, size_t n)
{
	if (t->room - t->len >= n)
		return;
	t->room = 2 * (t->len + n);
	t->at = realloc(t->at, t->room);
	if (t->at == NULL)
		die("out of memory");
}

void text_bytes(struct text *t, const void *bytes, size_t n)
{
	text_room(t, n);
	if (n > 0)
		memcpy(t->at + t->len, bytes, n);
	t->len += n;
}

void text_add(struct text *t, const char *format, ...)
{
	va_list more;
	int n;

	va_start(more, format);
	n = vsnprintf(NULL, 0, format, more);
	va_end(more);
	text_room(t, (size_t)n + 1);
	va_start(more, format);
	vsnprintf(t->at + t->len, (size_t)n + 1, format, more);
	va_end(more);
	t->len += (size_t)n;
}

static void text_error(struct text *t, const PGresult *r)
{
	static const int fields[] = { PG_DIAG_SEVERITY, PG_DIAG_SEVERITY_NONLOCALIZED,
		PG_DIAG_SQLSTATE, PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_MESSAGE_DETAIL,
		PG_DIAG_MESSAGE_HINT, PG_DIAG_STATEMENT_POSITION, PG_DIAG_INTERNAL_POSITION,
		PG_DIAG_INTERNAL_QUERY, PG_DIAG_CONTEXT, PG_DIAG_SCHEMA_NAME, PG_DIAG_TABLE_NAME,
		PG_DIAG_COLUMN_NAME, PG_DIAG_DATATYPE_NAME, PG_DIAG_CONSTRAINT_NAME,
		PG_DIAG_SOURCE_FILE, PG_DIAG_SOURCE_LINE, PG_DIAG_SOURCE_FUNCTION };
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *value = PQresultErrorField(r, fields[i]);

		if (value != NULL)
			text_add(t, " %c=%s", fields[i], value);
	}
}

/* The OID of a table is not told: a temporary one gets another in each run. */
static void text_columns(struct text *t, const PGresult *r)
{
	int i;

	for (i = 0; i < PQnfields(r); i++)
		text_add(t, " %s:%u:%d:%d:%d:%d:%d", PQfname(r, i), PQftype(r, i), PQfsize(r, i),
				PQfmod(r, i), PQfformat(r, i), PQftablecol(r, i),
				PQftable(r, i) != InvalidOid);
	for (i = 0; i < PQnparams(r); i++)
		text_add(t, " $%d:%u", i + 1, PQparamtype(r, i));
}

static void text_rows(struct text *t, const PGresult *r)
{
	int row, i;

	for (row = 0; row < PQntuples(r); row++) {
		text_add(t, "\n");
		for (i = 0; i < PQnfields(r); i++) {
			if (PQgetisnull(r, row, i)) {
				text_add(t, "|-");
				continue;
			}
			text_add(t, "|%d ", PQgetlength(r, row, i));
			text_bytes(t, PQgetvalue(r, row, i), (size_t)PQgetlength(r, row, i));
		}
	}
}

void text_result(struct text *t, PGresult *r)
{
	text_add(t, "[%s", PQresStatus(PQresultStatus(r)));
	if (PQcmdStatus(r)[0] != '\0')
		text_add(t, " %s", PQcmdStatus(r));
	text_error(t, r);
	text_columns(t, r);
	text_rows(t, r);
	text_add(t, "]");
	PQclear(r);
}

void text_results(struct text *t, PGconn *c)
{
	PGresult *r;

	while ((r = PQgetResult(c)) != NULL)
		text_result(t, r);
}

static bool is_short(const struct text *t)
{
	size_t i;

	for (i = 0; i < t->len; i++) {
		if (!isprint((unsigned char)t->at[i]))
			return false;
	}
	return t->len <= SHORT_BYTES;
}

static void keep_detail(const char *name, const struct text *t)
{
	const char *folder = getenv("PG_DETAIL");
	char path[PATH_BYTES];
	FILE *file;

	if (folder == NULL)
		return;
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= PATH_BYTES)
		die("PG_DETAIL is too long");
	file = fopen(path, "wb");
	if (file == NULL || fwrite(t->at, 1, t->len, file) != t->len || fclose(file) != 0)
		die("cannot write %s", path);
}

void say(const char *name, struct text *t)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int n, i;

	text_room(t, 1); /* so that there is something to point to */
	keep_detail(name, t);
	printf("case %s: ", name);
	if (is_short(t)) {
		printf("%.*s\n", (int)t->len, t->at);
	} else {
		if (EVP_Digest(t->at, t->len, hash, &n, EVP_sha256(), NULL) != 1)
			die("no SHA-256");
		for (i = 0; i < n; i++)
			printf("%02x", hash[i]);
		printf(" %zu bytes\n", t->len);
	}
	fflush(stdout);
	free(t->at);
	*t = (struct text){ 0 };
}

PGconn *connect_now(void)
{
	PGconn *c = PQconnectdb("");

	need(c, PQstatus(c) == CONNECTION_OK, "connect");
	return c;
}

void run(PGconn *c, const char *sql)
{
	PGresult *r = PQexec(c, sql);
	ExecStatusType status = PQresultStatus(r);

	need(c, status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, sql);
	PQclear(r);
}

void wait_input(PGconn *c)
{
	struct pollfd fd = { .fd = PQsocket(c), .events = POLLIN };

	if (poll(&fd, 1, WAIT_MS) != 1)
		die("nothing came in %d ms", WAIT_MS);
	need(c, PQconsumeInput(c) == 1, "consume");
}
