/* SPDX-License-Identifier: Apache-2.0
 * What the targets of the PostgreSQL codec share. */
#pragma once

#include "parsers/pg/edit.h"
#include "tests/unit/pg/tap.h"

#include <stdlib.h>

/* Plenty, and as little as may be. */
static const struct pg_conf fuzz_pg_confs[2] = {
	{ .max_msg_bytes = { 4096, 4096 },
			.budget_bytes = 1 << 20,
			.text_max_bytes = 1000,
			.max_statements = 64,
			.max_portals = 64,
			.max_requests = 1024 },
	{ .max_msg_bytes = { 64, 64 },
			.budget_bytes = 4000,
			.text_max_bytes = 16,
			.max_statements = 2,
			.max_portals = 2,
			.max_requests = PG_REQUESTS_MIN,
			.describe = true },
};

/* The spans of a message lie where they are said to lie. */
static inline void fuzz_pg_check_msg(enum codec_dir dir, const struct codec_msg *msg)
{
	const bool is_part = (msg->flags & CODEC_F_PART) != 0;

	must(msg->kind < PG_KIND_MAX && msg->wire.len > 0);
	must(msg->body.ptr >= msg->wire.ptr);
	must(msg->body.ptr + msg->body.len == msg->wire.ptr + msg->wire.len);
	must(is_part || (msg->total_bytes == msg->wire.len && msg->part_off == 0));
	must(msg->part_off + msg->wire.len <= msg->total_bytes);
	must(is_part || (msg->flags & (CODEC_F_FIRST | CODEC_F_LAST)) == 0);
	must(dir == CODEC_TO_SERVER || (msg->flags & CODEC_F_COMMAND) == 0);
}

static inline bool fuzz_pg_is_inside(struct span part, const struct codec_msg *msg)
{
	return part.ptr >= msg->wire.ptr && part.ptr + part.len <= msg->wire.ptr + msg->wire.len;
}
