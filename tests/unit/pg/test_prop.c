/* SPDX-License-Identifier: Apache-2.0
 * Properties over whole conversations, generated ones and recorded ones: what the client sees is a
 * valid conversation whatever is denied; any chunking gives the same; edits change what they say. */
#include "tests/unit/net/suite.h"
#include "tests/unit/pg/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pg_conf confs[] = {
	{ .max_msg_bytes = { 4096, 4096 },
			.budget_bytes = 1 << 20,
			.text_max_bytes = 1000,
			.max_statements = 100,
			.max_portals = 100,
			.max_requests = 1024 },
	{ .max_msg_bytes = { 4096, 4096 },
			.budget_bytes = 1 << 20,
			.text_max_bytes = 1000,
			.max_statements = 100,
			.max_portals = 100,
			.max_requests = 1024,
			.describe = true },
	/* everything is scarce: slices, holds, refusals */
	{ .max_msg_bytes = { 64, 64 },
			.budget_bytes = 20000,
			.text_max_bytes = 16,
			.max_statements = 3,
			.max_portals = 2,
			.max_requests = PG_REQUESTS_MIN,
			.describe = true },
};

enum {
	N_CONFS = sizeof(confs) / sizeof(*confs),
	N_SEEDS = 400,
};

/* The log's events again, cut into chunks; what came of it all. */
static uint64_t digest_of(const struct tap_log *log, const struct pg_conf *conf,
		enum pg_start start, uint32_t deny_of_16, size_t chunk, size_t *ret_n_msgs)
{
	static struct tap t;
	enum codec_dir dir;
	struct span bytes;
	uint64_t digest;

	tap_init(&t, conf, start);
	t.deny_of_16 = deny_of_16;
	for (size_t at = 0; tap_log_next(log, &at, &dir, &bytes);)
		tap_feed(&t, dir, bytes.ptr, bytes.len, chunk);
	CU_ASSERT_FALSE(t.is_bad);
	digest = t.digest;
	*ret_n_msgs = t.n_msgs;
	tap_done(&t);
	return digest;
}

static void check_split(const struct tap_log *log, const struct pg_conf *conf, enum pg_start start,
		uint32_t deny_of_16, uint64_t want)
{
	static const size_t chunks[] = { 1, 2, 3, 7, 64, 1 << 20 };
	size_t n_msgs;

	for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++) {
		const uint64_t got = digest_of(log, conf, start, deny_of_16, chunks[i], &n_msgs);

		if (want == 0)
			want = got;
		CU_ASSERT_EQUAL(got, want);
		CU_ASSERT(n_msgs > 0);
	}
}

static void test_conversations(void)
{
	static struct relay r;
	size_t n_msgs = 0, n_denied = 0, n_rows = 0, n_substitutes = 0;

	for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
		const struct pg_conf *conf = &confs[seed % N_CONFS];
		const uint32_t deny = seed / N_CONFS % 3 * 2;

		relay_init(&r, conf, deny, seed + 1);
		relay_converse(&r, 12);
		relay_drain(&r);
		check_split(&r.log, conf, PG_START_READY, deny, r.tap.digest);
		n_msgs += r.tap.n_msgs;
		n_denied += r.tap.n_denied;
		n_rows += r.n_rows;
		n_substitutes += r.backend.n_substitutes;
		relay_done(&r);
	}
	printf("%zu messages, %zu rows, %zu denied, %zu substitutes ... ", n_msgs, n_rows, n_denied,
			n_substitutes);
	CU_ASSERT(n_msgs > 20000 && n_rows > 2000 && n_denied > 500 && n_substitutes > 200);
}

int main(void)
{
	static const struct suite_test tests[] = { { "conversations", test_conversations } };

	return suite_run("pg properties", tests, sizeof(tests) / sizeof(*tests));
}
