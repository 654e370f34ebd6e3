/* SPDX-License-Identifier: Apache-2.0
 * Much data: COPY in and out, 16 MB in one value, large objects and other function calls. */
#include "tests/pg/libpq/say.h"

#include <endian.h>
#include <libpq/libpq-fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PIECE_BYTES = 8000, /* of a COPY: ends anywhere in a row */
	LO_BYTES = 300000,
	OID_INT4PL = 177, /* pg_proc.dat: int4 + int4 */
	OID_TEXTCAT = 1258,
	OID_INT4DIV = 154,
};

/* The rest of a COPY out, its rows into <data>, the end of the command into <t>. */
static void copy_rows(struct text *t, PGconn *c, struct text *data)
{
	char *row;
	int n;

	while ((n = PQgetCopyData(c, &row, 0)) > 0) {
		text_bytes(data, row, (size_t)n);
		PQfreemem(row);
	}
	need(c, n == -1, "COPY out");
	text_results(t, c);
}

static void copy_out(struct text *t, PGconn *c, const char *sql, struct text *data)
{
	PGresult *r = PQexec(c, sql);
	int i;

	need(c, PQresultStatus(r) == PGRES_COPY_OUT, sql);
	text_add(t, "{%d", PQbinaryTuples(r));
	for (i = 0; i < PQnfields(r); i++)
		text_add(t, " %d", PQfformat(r, i));
	PQclear(r);
	text_add(t, "}");
	copy_rows(t, c, data);
}

static void copy_begin(PGconn *c, const char *sql)
{
	PGresult *r = PQexec(c, sql);

	need(c, PQresultStatus(r) == PGRES_COPY_IN, sql);
	PQclear(r);
}

static void copy_in(struct text *t, PGconn *c, const char *sql, const struct text *data)
{
	size_t at, n;

	copy_begin(c, sql);
	for (at = 0; at < data->len; at += n) {
		n = data->len - at < PIECE_BYTES ? data->len - at : PIECE_BYTES;
		need(c, PQputCopyData(c, data->at + at, (int)n) == 1, "COPY in");
	}
	need(c, PQputCopyEnd(c, NULL) == 1, "end of COPY");
	text_results(t, c);
}

/* What comes out goes in again, and is the same there. */
static void round_trip(PGconn *c, const char *name, const char *options)
{
	static const char same[] = "SELECT count(*) FROM back b JOIN everything e USING (id) "
				   "WHERE b::text = e::text";
	struct text t = { 0 }, data = { 0 };
	char sql[256];

	run(c, "BEGIN; CREATE TEMP TABLE back (LIKE everything) ON COMMIT DROP");
	snprintf(sql, sizeof(sql), "COPY everything TO STDOUT %s", options);
	copy_out(&t, c, sql, &data);
	text_bytes(&t, data.at, data.len);
	snprintf(sql, sizeof(sql), "COPY back FROM STDIN %s", options);
	copy_in(&t, c, sql, &data);
	free(data.at);
	text_result(&t, PQexec(c, same));
	run(c, "ROLLBACK");
	say(name, &t);
}

static void copy_that_fails(PGconn *c)
{
	static const char bad[] = "100\tfine\nno number\tx\n";
	struct text t = { 0 };

	copy_begin(c, "COPY parent FROM STDIN");
	need(c, PQputCopyData(c, bad, (int)strlen(bad)) == 1, "COPY in");
	need(c, PQputCopyEnd(c, NULL) == 1, "end of COPY");
	text_results(&t, c);
	copy_begin(c, "COPY parent FROM STDIN");
	need(c, PQputCopyData(c, bad, 9) == 1, "COPY in");
	need(c, PQputCopyEnd(c, "given up") == 1, "CopyFail");
	text_results(&t, c);
	text_result(&t, PQexec(c, "SELECT count(*) FROM parent"));
	say("copy-fails", &t);
}

static void copy_in_the_middle(PGconn *c)
{
	static const char sql[] = "SELECT 1; COPY (SELECT 'in the middle') TO STDOUT; SELECT 2";
	struct text t = { 0 }, data = { 0 };

	need(c, PQsendQuery(c, sql) == 1, sql);
	text_result(&t, PQgetResult(c));
	text_result(&t, PQgetResult(c));
	copy_rows(&t, c, &data);
	text_bytes(&t, data.at, data.len);
	free(data.at);
	say("copy-in-the-middle", &t);
}

void cases_copy(PGconn *c)
{
	round_trip(c, "copy-text", "");
	round_trip(c, "copy-csv", "(FORMAT csv, HEADER)");
	round_trip(c, "copy-binary", "(FORMAT binary)");
	copy_that_fails(c);
	copy_in_the_middle(c);
}

static void sixteen_megabytes(PGconn *c)
{
	static const char sql[] =
			"SELECT decode(repeat('00ff10a5', 4194304), 'hex'), repeat('t', 100)";
	struct text t = { 0 };

	text_result(&t, PQexecParams(c, sql, 0, NULL, NULL, NULL, NULL, ROWS_BINARY));
	say("sixteen-megabytes", &t);
}

static void function_calls(PGconn *c)
{
	static const char left[] = "left", right[] = "right";
	PQArgBlock sum[2] = { { .len = 4, .isint = 1, .u.integer = 40 },
		{ .len = 4, .isint = 1, .u.integer = 2 } };
	PQArgBlock by_zero[2] = { { .len = 4, .isint = 1, .u.integer = 40 },
		{ .len = 4, .isint = 1, .u.integer = 0 } };
	PQArgBlock cat[2] = { { .len = 4 }, { .len = 5 } };
	struct text t = { 0 };
	char out[64];
	int value = 0, n = 0;

	text_result(&t, PQfn(c, OID_INT4PL, &value, &n, 1, sum, 2));
	text_add(&t, " %d in %d;", value, n);
	memcpy(out, left, sizeof(left));
	cat[0].u.ptr = (int *)(void *)out;
	memcpy(out + 32, right, sizeof(right));
	cat[1].u.ptr = (int *)(void *)(out + 32);
	text_result(&t, PQfn(c, OID_TEXTCAT, (int *)(void *)out, &n, 0, cat, 2));
	text_add(&t, " %.*s;", n, out);
	text_result(&t, PQfn(c, OID_INT4DIV, &value, &n, 1, by_zero, 2));
	text_result(&t, PQfn(c, 1, &value, &n, 1, sum, 2)); /* no such function */
	say("function-calls", &t);
}

static void fill(char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		bytes[i] = (char)(i * 7 + i / 256);
}

static void lo_write_and_seek(struct text *t, PGconn *c, Oid oid)
{
	static char data[LO_BYTES];
	int fd = lo_open(c, oid, INV_READ | INV_WRITE);

	need(c, fd >= 0, "lo_open");
	fill(data, sizeof(data));
	text_add(t, "w%d", lo_write(c, fd, data, sizeof(data)));
	text_add(t, " s%lld", (long long)lo_lseek64(c, fd, 100000, SEEK_SET));
	text_add(t, " w%d", lo_write(c, fd, "changed", 7));
	text_add(t, " t%lld", (long long)lo_tell64(c, fd));
	text_add(t, " %d", lo_truncate64(c, fd, 250000));
	text_add(t, " s%d", lo_lseek(c, fd, 0, SEEK_SET));
	text_add(t, " r%d ", lo_read(c, fd, data, sizeof(data)));
	text_bytes(t, data, sizeof(data));
	text_add(t, " c%d", lo_close(c, fd));
}

static void large_object(PGconn *c)
{
	struct text t = { 0 };
	Oid oid;

	run(c, "BEGIN");
	oid = lo_creat(c, INV_READ | INV_WRITE);
	need(c, oid != InvalidOid, "lo_creat");
	lo_write_and_seek(&t, c, oid);
	text_add(&t, " u%d", lo_unlink(c, oid));
	run(c, "COMMIT");
	run(c, "BEGIN");
	text_add(&t, " o%d", lo_open(c, oid, INV_READ)); /* it is gone */
	run(c, "ROLLBACK");
	say("large-object", &t);
}

void cases_large(PGconn *c)
{
	sixteen_megabytes(c);
	function_calls(c);
	large_object(c);
}
