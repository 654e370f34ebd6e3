/* SPDX-License-Identifier: Apache-2.0
 * Framing: what is a message, what is the beginning of one, and what can never become one. Bytes are
 * written as they stand on the wire; a session begins behind start-up unless the row says otherwise. */
#include "parsers/pg/pg_priv.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/pg/talk.h"

#include <string.h>

static const struct pg_conf conf = { .max_msg_bytes = { 64, 64 },
	.budget_bytes = 1 << 16,
	.max_statements = 4,
	.max_portals = 4,
	.max_requests = 8 };

struct row {
	const char *name;
	enum pg_start start;
	enum codec_dir dir;
	const char *bytes;
	size_t len;
	enum codec_rc rc;
	uint32_t n; /* MSG: bytes of it; MORE: bytes that are needed; BAD: enum pg_why */
	uint16_t kind;
};

#define CONN   PG_START_CONNECT, CODEC_TO_SERVER
#define CLIENT PG_START_READY, CODEC_TO_SERVER
#define SERVER PG_START_READY, CODEC_TO_CLIENT
#define B(s)   s, sizeof(s) - 1

static const struct row rows[] = {
	{ "nothing", CLIENT, B(""), CODEC_MORE, 5, 0 },
	{ "a type", CLIENT, B("Q"), CODEC_MORE, 5, 0 },
	{ "a header", CLIENT, B("Q\0\0\0\x0d"), CODEC_MORE, 14, 0 },
	{ "all but one byte", CLIENT, B("Q\0\0\0\x0dselect 1"), CODEC_MORE, 14, 0 },
	{ "a query", CLIENT, B("Q\0\0\0\x0dselect 1\0"), CODEC_MSG, 14, PG_QUERY },
	{ "a query and more", CLIENT, B("Q\0\0\0\x0dselect 1\0Q\0\0"), CODEC_MSG, 14, PG_QUERY },
	{ "a query without its NUL", CLIENT, B("Q\0\0\0\x0dselect 12"), CODEC_BAD, PG_WHY_BODY, 0 },
	{ "a query with two", CLIENT, B("Q\0\0\0\x0dselect\0\0\0"), CODEC_BAD, PG_WHY_BODY, 0 },
	{ "an empty body", CLIENT, B("Q\0\0\0\4"), CODEC_BAD, PG_WHY_LENGTH, 0 },
	{ "a length of 3", CLIENT, B("Q\0\0\0\3"), CODEC_BAD, PG_WHY_LENGTH, 0 },
	{ "a length of 0", CLIENT, B("S\0\0\0\0"), CODEC_BAD, PG_WHY_LENGTH, 0 },
	{ "a negative length", CLIENT, B("Q\xff\xff\xff\xff"), CODEC_BAD, PG_WHY_LENGTH, 0 },
	{ "the most negative", CLIENT, B("d\x80\0\0\0"), CODEC_BAD, PG_WHY_LENGTH, 0 },
	{ "1 GiB and more", CLIENT, B("Q\x40\0\0\0"), CODEC_BAD, PG_WHY_LENGTH, 0 },
	{ "1 GiB: its header", CLIENT, B("Q\x3f\xff\xff\xff"), CODEC_MSG, 5, PG_QUERY },
	{ "1 GiB of data: its header", CLIENT, B("d\x3f\xff\xff\xff"), CODEC_MSG, 5, PG_COPY_DATA },
	{ "a server's 1 GiB row", SERVER, B("D\x3f\xff\xff\xff"), CODEC_MORE, 64, 0 },
	{ "a sync", CLIENT, B("S\0\0\0\4"), CODEC_MSG, 5, PG_SYNC },
	{ "a sync with a body", CLIENT, B("S\0\0\0\5x"), CODEC_BAD, PG_WHY_LENGTH, 0 },
	{ "a long describe", CLIENT, B("D\0\1\0\0S"), CODEC_BAD, PG_WHY_LENGTH, 0 },
	{ "no type", CLIENT, B("?"), CODEC_BAD, PG_WHY_TYPE, 0 },
	{ "a NUL", CLIENT, B("\0\0\0\0\0\0\0\0"), CODEC_BAD, PG_WHY_TYPE, 0 },
	{ "a server's type", CLIENT, B("Z\0\0\0\5I"), CODEC_BAD, PG_WHY_TYPE, 0 },
	{ "a client's type", SERVER, B("Q\0\0\0\5\0"), CODEC_BAD, PG_WHY_TYPE, 0 },
	{ "a password", CLIENT, B("p\0\0\0\5\0"), CODEC_BAD, PG_WHY_PHASE, 0 },
	{ "ready", SERVER, B("Z\0\0\0\5I"), CODEC_MSG, 6, PG_READY },
	{ "ready for what", SERVER, B("Z\0\0\0\5X"), CODEC_BAD, PG_WHY_BODY, 0 },
	{ "an error", SERVER, B("E\0\0\0\x0cSERROR\0\0"), CODEC_MSG, 13, PG_ERROR },
	{ "an error without its end", SERVER, B("E\0\0\0\x0bSERROR\0"), CODEC_BAD, PG_WHY_BODY, 0 },
	{ "bytes behind an error", SERVER, B("E\0\0\0\x0eSERROR\0\0x\0"), CODEC_BAD, PG_WHY_BODY,
			0 },
	{ "columns cut short", SERVER, B("T\0\0\0\x0a\0\1a\0\0\0"), CODEC_BAD, PG_WHY_BODY, 0 },
	{ "bytes behind the columns", SERVER, B("T\0\0\0\7\0\0\0"), CODEC_BAD, PG_WHY_BODY, 0 },
	{ "bind: a value beyond the end", CLIENT,
			B("B\0\0\0\x11\0\0\0\0\0\1\0\0\0\x09"
			  "a\0\0"),
			CODEC_BAD, PG_WHY_BODY, 0 },
	{ "bind: a length of -2", CLIENT, B("B\0\0\0\x10\0\0\0\0\0\1\xff\xff\xff\xfe\0\0"),
			CODEC_BAD, PG_WHY_BODY, 0 },
	{ "bind: NULL", CLIENT, B("B\0\0\0\x10\0\0\0\0\0\1\xff\xff\xff\xff\0\0"), CODEC_MSG, 17,
			PG_BIND },
	{ "bind: two formats for one value", CLIENT,
			B("B\0\0\0\x14\0\0\0\2\0\0\0\0\0\1\xff\xff\xff\xff\0\0"), CODEC_BAD,
			PG_WHY_BODY, 0 },
	{ "bind: a format of 2", CLIENT, B("B\0\0\0\x0e\0\0\0\1\0\2\0\0\0\0"), CODEC_BAD,
			PG_WHY_BODY, 0 },
	{ "parse: types beyond the end", CLIENT, B("P\0\0\0\x0a\0a\0\0\1\0"), CODEC_BAD,
			PG_WHY_BODY, 0 },
	{ "start-up: a length", CONN, B("\0\0"), CODEC_MORE, 4, 0 },
	{ "start-up: its bytes", CONN, B("\0\0\0\x10\0\3"), CODEC_MORE, 16, 0 },
	{ "start-up", CONN, B("\0\0\0\x10\0\3\0\0user\0a\0\0"), CODEC_MSG, 16, PG_STARTUP },
	{ "start-up 3.2", CONN, B("\0\0\0\x10\0\3\0\2user\0a\0\0"), CODEC_MSG, 16, PG_STARTUP },
	{ "start-up 3.9999", CONN, B("\0\0\0\x10\0\3\x27\x0fuser\0a\0\0"), CODEC_MSG, 16,
			PG_STARTUP },
	{ "start-up 4.0", CONN, B("\0\0\0\x10\0\4\0\0user\0a\0\0"), CODEC_MSG, 16,
			PG_STARTUP_UNKNOWN },
	{ "start-up without its end", CONN, B("\0\0\0\x0f\0\3\0\0user\0a\0"), CODEC_BAD,
			PG_WHY_BODY, 0 },
	{ "start-up with half a parameter", CONN, B("\0\0\0\x0e\0\3\0\0user\0\0"), CODEC_BAD,
			PG_WHY_BODY, 0 },
	{ "start-up with two ends", CONN, B("\0\0\0\x11\0\3\0\0user\0a\0\0\0"), CODEC_BAD,
			PG_WHY_BODY, 0 },
	{ "start-up of 7 bytes", CONN, B("\0\0\0\7\0\3\0"), CODEC_BAD, PG_WHY_LENGTH, 0 },
	{ "start-up of 10001 bytes", CONN, B("\0\0\x27\x11"), CODEC_BAD, PG_WHY_LENGTH, 0 },
	{ "start-up of 10000 bytes", CONN, B("\0\0\x27\x10"), CODEC_MORE, 10000, 0 },
	{ "SSLRequest", CONN, B("\0\0\0\x08\4\xd2\x16\x2f"), CODEC_MSG, 8, PG_SSL_REQUEST },
	{ "SSLRequest with more", CONN, B("\0\0\0\x09\4\xd2\x16\x2f!"), CODEC_BAD, PG_WHY_LENGTH,
			0 },
	{ "GSSENCRequest", CONN, B("\0\0\0\x08\4\xd2\x16\x30"), CODEC_MSG, 8, PG_GSSENC_REQUEST },
	{ "CancelRequest", CONN, B("\0\0\0\x10\4\xd2\x16\x2e\0\0\0\7keyk"), CODEC_MSG, 16,
			PG_CANCEL_REQUEST },
	{ "another request code", CONN, B("\0\0\0\x08\4\xd2\x16\x31"), CODEC_MSG, 8,
			PG_STARTUP_UNKNOWN },
	{ "TLS at once", CONN, B("\x16\3\1"), CODEC_OPAQUE, 0, 0 },
	{ "HTTP", CONN, B("GET / HT"), CODEC_BAD, PG_WHY_LENGTH, 0 },
};

static void check(const struct row *row)
{
	struct talk_heap heap;
	struct pg_session s;
	struct codec_msg msg = { .kind = 0 };
	uint8_t *copy = talk_copy(row->bytes, row->len);
	enum codec_rc rc;

	talk_heap_init(&heap);
	pg_session_init(&s, &conf, &heap.alloc, row->start);
	rc = pg_codec.decode(&s, row->dir, (struct span){ copy, row->len }, &msg);
	CHECK_ROW(row->name, rc == row->rc);
	if (rc == CODEC_MORE)
		CHECK_ROW(row->name, msg.need_bytes == row->n && row->n > row->len);
	if (rc == CODEC_MSG) {
		CHECK_ROW(row->name, msg.wire.len == row->n && msg.kind == row->kind);
		CHECK_ROW(row->name, msg.wire.ptr == copy && msg.wire.len <= row->len);
	}
	if (rc == CODEC_BAD) {
		CHECK_ROW(row->name, pg_session_why(&s) == row->n);
		rc = pg_codec.decode(&s, row->dir, (struct span){ copy, row->len }, &msg);
		CHECK_ROW(row->name, rc == CODEC_BAD);
	}
	pg_session_done(&s);
	free(copy);
}

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check(&rows[i]);
}

/* Every prefix of every good row is MORE (or fails as the whole does), never anything else. */
static void test_prefixes(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (size_t len = 0; rows[i].rc == CODEC_MSG && len < rows[i].n; len++) {
			struct talk_heap heap;
			struct pg_session s;
			struct codec_msg msg;
			uint8_t *copy = talk_copy(rows[i].bytes, len);

			talk_heap_init(&heap);
			pg_session_init(&s, &conf, &heap.alloc, rows[i].start);
			CHECK_ROW(rows[i].name,
					pg_codec.decode(&s, rows[i].dir, (struct span){ copy, len },
							&msg) == CODEC_MORE);
			CHECK_ROW(rows[i].name, msg.need_bytes > len);
			pg_session_done(&s);
			free(copy);
		}
	}
}

/* A type is known in the table or it is bad; none reads beyond its header. */
static void test_types(void)
{
	size_t n_known = 0;

	for (unsigned int type = 0; type < 256; type++) {
		for (int dir = 0; dir < CODEC_DIRS; dir++) {
			struct talk_heap heap;
			struct pg_session s;
			struct codec_msg msg;
			uint8_t *header = talk_copy("?\0\1\0\0", 5);

			header[0] = (uint8_t)type;
			talk_heap_init(&heap);
			pg_session_init(&s, &conf, &heap.alloc, PG_START_READY);
			pg_codec.decode(&s, (enum codec_dir)dir, (struct span){ header, 5 }, &msg);
			n_known += pg_session_why(&s) != PG_WHY_TYPE;
			pg_session_done(&s);
			free(header);
		}
	}
	CU_ASSERT_EQUAL(n_known, 14 + 24);
}

/* One gigabyte of CopyData, and of a row, through 64 bytes of memory. */
static void pour(enum codec_dir dir, const char *header, uint32_t total)
{
	struct talk_heap heap;
	struct pg_session s;
	struct codec_msg msg;
	uint8_t bytes[64] = { 0 };
	uint64_t sum = 0;
	size_t n_slices = 0;

	talk_heap_init(&heap);
	pg_session_init(&s, &conf, &heap.alloc, PG_START_READY);
	memcpy(bytes, header, 5);
	do {
		const enum codec_rc rc = pg_codec.decode(&s, dir, (struct span){ bytes, 64 }, &msg);

		if (rc != CODEC_MSG || msg.part_off != sum || msg.total_bytes != total)
			break;
		sum += msg.wire.len;
		n_slices++;
	} while ((msg.flags & CODEC_F_LAST) == 0);
	CU_ASSERT_EQUAL(sum, total);
	CU_ASSERT((msg.flags & CODEC_F_LAST) != 0 && n_slices >= total / 64);
	CU_ASSERT_EQUAL(heap.n_blocks, 0);
	pg_session_done(&s);
}

static void test_gigabyte(void)
{
	pour(CODEC_TO_SERVER, "d\x3f\xff\xff\xff", 1u << 30);
	pour(CODEC_TO_CLIENT, "D\x3f\xff\xff\xff", 1u << 30);
	pour(CODEC_TO_CLIENT, "D\0\0\0\x40", 65);
}

/* A row in slices, its values in pieces: the same bytes, in the same columns. */
static void test_walk(void)
{
	static uint8_t bytes[TALK_MAX];
	const char *spec =
			"D aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,~,,bbbbbbbbbbbb"
			"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,c";
	const size_t len = talk_build(CODEC_TO_CLIENT, spec, bytes);
	char seen[300] = "";
	size_t n = 0, at = 0;
	struct talk_heap heap;
	struct pg_session s;
	struct codec_msg msg;
	struct pg_walk walk;
	struct pg_piece piece;

	talk_heap_init(&heap);
	pg_session_init(&s, &conf, &heap.alloc, PG_START_READY);
	for (; at < len; at += msg.wire.len) {
		struct reader r;

		CU_ASSERT_FATAL(pg_codec.decode(&s, CODEC_TO_CLIENT,
						(struct span){ bytes + at, len - at },
						&msg) == CODEC_MSG);
		r = rd_span(msg.body);
		if ((msg.flags & CODEC_F_FIRST) != 0)
			pg_walk_begin(&walk, &r);
		while (pg_walk_next(&walk, &r, &piece)) {
			if (piece.off == 0 && piece.column > 0)
				seen[n++] = ',';
			if (piece.is_null)
				seen[n++] = '~';
			memcpy(seen + n, piece.bytes.ptr, piece.bytes.len);
			n += piece.bytes.len;
		}
		CU_ASSERT(!r.bad && rd_left(&r) == 0);
	}
	CU_ASSERT(pg_walk_is_done(&walk));
	CU_ASSERT_STRING_EQUAL(seen, spec + 2);
	pg_session_done(&s);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "rows", test_rows },
		{ "prefixes", test_prefixes },
		{ "types", test_types },
		{ "a gigabyte", test_gigabyte },
		{ "a row in slices", test_walk },
	};

	return suite_run("pg frame", tests, sizeof(tests) / sizeof(*tests));
}
