/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/pg/tap.h"

#include <stdlib.h>
#include <string.h>

void tap_init(struct tap *t, const struct pg_conf *conf, enum pg_start start)
{
	memset(t, 0, sizeof(*t));
	talk_heap_init(&t->heap);
	pg_session_init(&t->s, conf, &t->heap.alloc, start);
	for (size_t i = 0; i < CODEC_DIRS; i++) {
		t->in[i] = malloc(TAP_BUF);
		must(t->in[i] != NULL);
	}
}

void tap_done(struct tap *t)
{
	pg_session_done(&t->s);
	talk_heap_check(&t->heap);
	free(t->in[0]);
	free(t->in[1]);
}

static uint64_t mix(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

static uint64_t hash(const void *bytes, size_t len)
{
	return mix(0xcbf29ce484222325ull, bytes, len);
}

static void note(struct tap *t, enum codec_dir dir, const struct codec_msg *msg,
		const struct codec_plan *plan)
{
	const uint64_t words[] = { (uint64_t)dir, msg->kind, msg->flags, msg->total_bytes,
		msg->part_off, plan->what, plan->id, plan->is_moot, plan->after_id };

	t->digest = mix(t->digest, words, sizeof(words));
	t->digest = mix(t->digest, msg->wire.ptr, msg->wire.len);
	t->digest = mix(t->digest, plan->to_server.ptr, plan->to_server.len);
	t->digest = mix(t->digest, plan->to_client.ptr, plan->to_client.len);
	t->n_msgs++;
	if (t->seen != NULL)
		t->seen(t->ctx, dir, msg, plan);
}

static bool is_denied(const struct tap *t, const struct codec_msg *msg)
{
	const bool is_first = (msg->flags & (CODEC_F_PART | CODEC_F_FIRST)) != CODEC_F_PART;

	if ((msg->flags & CODEC_F_COMMAND) == 0 && msg->kind != PG_COPY_DATA)
		return false;
	if (t->deny_word != NULL)
		return memmem(msg->wire.ptr, msg->wire.len, t->deny_word, strlen(t->deny_word)) !=
				NULL;
	return is_first && (hash(msg->wire.ptr, msg->wire.len) >> 20 & 15) < t->deny_of_16;
}

static int settle(struct tap *t, enum codec_dir dir, const struct codec_msg *msg,
		struct codec_plan *plan)
{
	static const struct codec_denial why = { .message = { (const uint8_t *)"denied", 6 } };
	int rc;

	if (dir == CODEC_TO_CLIENT)
		return pg_codec.answer(&t->s, msg, plan);
	if (is_denied(t, msg)) {
		t->n_denied++;
		return pg_codec.deny(&t->s, msg, &why, plan);
	}
	rc = pg_codec.forward(&t->s, msg, plan);
	if (rc == -EMSGSIZE || rc == -ENOBUFS)
		rc = pg_codec.deny(&t->s, msg, &why, plan);
	return rc;
}

static void emit(struct tap *t, enum codec_dir dir, struct span bytes)
{
	if (t->out != NULL && bytes.len > 0)
		t->out(t->ctx, dir, bytes);
}

static void carry_out(struct tap *t, enum codec_dir dir, const struct codec_msg *msg,
		const struct codec_plan *plan)
{
	const struct span put[CODEC_DIRS] = { ob_span(&plan->to_server),
		ob_span(&plan->to_client) };

	emit(t, 1 - dir, put[1 - dir]);
	emit(t, dir, put[dir]);
	if (plan->what == CODEC_PASS)
		emit(t, dir, msg->wire);
}

/* One message; false: there is none, or the direction waits. */
static bool step(struct tap *t, enum codec_dir dir)
{
	uint8_t *const of_server = t->put[CODEC_TO_SERVER],
		       *const of_client = t->put[CODEC_TO_CLIENT];
	struct codec_plan plan = { .to_server = ob_of(of_server, PG_PLAN_BYTES),
		.to_client = ob_of(of_client, PG_PLAN_BYTES) };
	uint8_t *copy = talk_copy(t->in[dir], t->n_in[dir]);
	struct codec_msg msg;
	const enum codec_rc got =
			pg_codec.decode(&t->s, dir, (struct span){ copy, t->n_in[dir] }, &msg);
	bool is_held = false;
	int rc = 0;

	if (got == CODEC_MORE)
		must(msg.need_bytes > t->n_in[dir]);
	if (got == CODEC_MSG) {
		rc = settle(t, dir, &msg, &plan);
		is_held = plan.what == CODEC_HOLD;
	}
	t->is_bad = t->is_bad || got == CODEC_BAD || rc != 0;
	t->is_opaque = t->is_opaque || got == CODEC_OPAQUE;
	if (got == CODEC_MSG && rc == 0) {
		t->n_rows += msg.kind == PG_DATA_ROW;
		note(t, dir, &msg, &plan);
		carry_out(t, dir, &msg, &plan);
		if (!is_held) {
			t->n_in[dir] -= msg.wire.len;
			memmove(t->in[dir], t->in[dir] + msg.wire.len, t->n_in[dir]);
		}
	}
	free(copy);
	t->is_held = t->is_held || is_held;
	return got == CODEC_MSG && !is_held && !t->is_bad;
}

static void run(struct tap *t, enum codec_dir dir)
{
	while (!t->is_bad && !t->is_opaque && !(dir == CODEC_TO_SERVER && t->is_held) &&
			step(t, dir)) {
		if (dir == CODEC_TO_CLIENT && t->is_held) {
			t->is_held = false;
			run(t, CODEC_TO_SERVER);
		}
	}
}

void tap_feed(struct tap *t, enum codec_dir dir, const uint8_t *bytes, size_t len, size_t chunk)
{
	size_t n;

	for (size_t at = 0; at < len && !t->is_bad && !t->is_opaque; at += n) {
		n = len - at < chunk ? len - at : chunk;
		must(t->n_in[dir] + n <= TAP_BUF);
		memcpy(t->in[dir] + t->n_in[dir], bytes + at, n);
		t->n_in[dir] += n;
		run(t, dir);
	}
}

void tap_log_add(struct tap_log *log, enum codec_dir dir, struct span bytes)
{
	if (log->len + 5 + bytes.len > log->cap) {
		log->cap = (log->cap + bytes.len + 4096) * 2;
		log->bytes = realloc(log->bytes, log->cap);
		must(log->bytes != NULL);
	}
	log->bytes[log->len] = (uint8_t)dir;
	store_be32(log->bytes + log->len + 1, (uint32_t)bytes.len);
	memcpy(log->bytes + log->len + 5, bytes.ptr, bytes.len);
	log->len += 5 + bytes.len;
}

bool tap_log_next(const struct tap_log *log, size_t *at, enum codec_dir *ret_dir,
		struct span *ret_bytes)
{
	uint32_t n;

	if (log->len - *at < 5 || log->bytes[*at] > CODEC_TO_CLIENT)
		return false;
	n = load_be32(log->bytes + *at + 1);
	if (n > log->len - *at - 5)
		return false;
	*ret_dir = (enum codec_dir)log->bytes[*at];
	*ret_bytes = (struct span){ log->bytes + *at + 5, n };
	*at += 5 + n;
	return true;
}
