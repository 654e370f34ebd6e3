/* SPDX-License-Identifier: Apache-2.0
 * A client's bytes: byte 0 chooses limits (bit 0), how much is denied (bits 1 to 3) and whether start-up
 * is over (bit 7); the rest is the stream. What is decoded lies where it is said to lie, what a command
 * is made of lies in its message or is the session's, any chunking gives the same, what is put in
 * towards the server is well formed, and memory is given back. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_pg.h"

static struct tap t;

static void check_command(const struct codec_msg *msg)
{
	struct pg_command c;
	struct reader r;
	struct pg_value v;
	uint16_t n = 0;

	if (pg_command_of(&t.s, msg, &c) != 0)
		return;
	must(c.is_known || c.text.len == 0);
	if (msg->kind == PG_QUERY || msg->kind == PG_PARSE)
		must(fuzz_pg_is_inside(c.text, msg));
	if (msg->kind != PG_BIND)
		return;
	r = (struct reader){ .in = c.bind.values };
	while (pg_next_value(&r, &v)) {
		must(fuzz_pg_is_inside(v.bytes, msg));
		n++;
	}
	must(!r.bad && n == c.bind.n_values);
}

/* Every message of ours has a type, a length and all of its bytes. */
static void check_put(const struct outbuf *o)
{
	size_t at = 0;

	must(!o->full);
	while (at < o->len)
		at += 1 + (size_t)load_be32(o->ptr + at + 1);
	must(at == o->len);
}

static void seen(void *ctx, enum codec_dir dir, const struct codec_msg *msg,
		const struct codec_plan *plan)
{
	(void)ctx;
	fuzz_pg_check_msg(dir, msg);
	check_command(msg);
	check_put(&plan->to_server);
	check_put(&plan->to_client);
	must(t.s.mem.used_bytes == t.heap.n_bytes);
}

static uint64_t run(const uint8_t *data, size_t size, size_t chunk)
{
	const uint8_t how = data[0];
	uint64_t digest;

	tap_init(&t, &fuzz_pg_confs[how & 1],
			(how & 0x80) != 0 ? PG_START_READY : PG_START_CONNECT);
	t.seen = seen;
	t.deny_of_16 = (how >> 1 & 7) * 2u;
	tap_feed(&t, CODEC_TO_SERVER, data + 1, size - 1, chunk);
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
	must(run(data, size, 1 + data[0] / 16 % 4 * 3u) == digest);
	return 0;
}
