/* SPDX-License-Identifier: Apache-2.0
 * A server's bytes: byte 0 chooses limits (bit 0), what the client asked before (bits 1 to 3) and what is
 * denied of it (bit 4); the rest is the stream. A row has columns of its shape or is flagged, edited rows
 * and errors are well formed, any chunking gives the same, memory stays in its budget and is given back. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_pg.h"

static const char *const asked[8][8] = {
	{ "Q a;b;c", "Q d" },
	{ "P |a", "B |", "D P", "E |0", "S", "Q b" },
	{ "P s|a", "D Ss", "B p|s", "E p|2", "E p|2", "C Pp", "S" },
	{ "F 1|x", "Q copy", "d 1", "c", "Q b" },
	{ "P |copy", "B |", "E |0", "S", "d 1", "c", "S" },
	{ "start 3.2 user=a" },
	{ "ssl" },
	{ "Q START_REPLICATION" },
};

static struct tap t;

static void edit_row(const struct codec_msg *msg)
{
	static const struct span stars = { (const uint8_t *)"***", 3 };
	static uint8_t out[70000];
	struct codec_edit edits[16];
	uint8_t scratch[16 * PG_EDIT_SCRATCH];
	struct outbuf o = ob_of(out, sizeof(out));
	struct pg_edits e;
	struct pg_list row;
	struct pg_value v;
	struct reader r;
	int n;

	if (pg_read_row(msg->body, &row) != 0)
		return;
	pg_edits_begin(&e, msg, edits, 16, ob_of(scratch, sizeof(scratch)));
	r = (struct reader){ .in = row.items };
	while (pg_next_value(&r, &v) && e.n + 2 <= 16) {
		must(fuzz_pg_is_inside(v.bytes, msg));
		if (!v.is_null)
			pg_edit_value(&e, v.bytes, stars);
	}
	n = pg_edits_end(&e);
	must(n >= 0 && codec_edits_apply(msg->wire, edits, (size_t)n, &o) == 0);
	must(pg_read_row((struct span){ out + 5, o.len - 5 }, &row) == 0);
	must(load_be32(out + 1) == o.len - 1);
}

/* Pieces of a row in slices never overlap, and end where the row does. */
static void walk_row(const struct codec_msg *msg)
{
	static struct pg_walk walk;
	struct reader r = { .in = msg->body };
	struct pg_piece piece;

	if ((msg->flags & CODEC_F_FIRST) != 0)
		pg_walk_begin(&walk, &r);
	while (pg_walk_next(&walk, &r, &piece)) {
		must(fuzz_pg_is_inside(piece.bytes, msg));
		must(piece.off + piece.bytes.len <= piece.len || piece.is_null);
	}
}

static void seen_row(const struct codec_msg *msg)
{
	const struct pg_answer *a = pg_session_answer(&t.s);

	must(a->id != 0);
	must((a->columns == NULL) == ((a->flags & PG_A_BLIND) != 0));
	if ((msg->flags & CODEC_F_PART) != 0) {
		walk_row(msg);
		return;
	}
	must(a->columns == NULL || a->columns->n == load_be16(msg->body.ptr));
	for (uint16_t i = 0; a->columns != NULL && i < a->columns->n; i++)
		must(pg_answer_format(a, i) <= PG_BINARY);
	edit_row(msg);
}

static void seen(void *ctx, enum codec_dir dir, const struct codec_msg *msg,
		const struct codec_plan *plan)
{
	(void)ctx;
	fuzz_pg_check_msg(dir, msg);
	must(t.s.mem.used_bytes == t.heap.n_bytes);
	if (dir == CODEC_TO_SERVER)
		return;
	must(plan->what != CODEC_HOLD && plan->to_server.len == 0);
	if (msg->kind == PG_DATA_ROW)
		seen_row(msg);
}

static uint64_t run(const uint8_t *data, size_t size, size_t chunk)
{
	static uint8_t bytes[TALK_MAX];
	const uint8_t how = data[0];
	const char *const *ask = asked[how >> 1 & 7];
	uint64_t digest;
	size_t n;

	tap_init(&t, &fuzz_pg_confs[how & 1], ask[0][0] == 's' ? PG_START_CONNECT : PG_START_READY);
	t.seen = seen;
	t.deny_of_16 = how >> 4 & 1 ? 6 : 0;
	for (; *ask != NULL; ask++) {
		n = talk_build(CODEC_TO_SERVER, *ask, bytes);
		tap_feed(&t, CODEC_TO_SERVER, bytes, n, n);
	}
	tap_feed(&t, CODEC_TO_CLIENT, data + 1, size - 1, chunk);
	digest = t.digest * 4 + t.is_bad * 2u + t.is_opaque;
	tap_done(&t);
	return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t digest;

	if (size < 2)
		return 0;
	digest = run(data, size, size);
	must(run(data, size, 1 + data[0] / 32 % 4 * 3u) == digest);
	return 0;
}
