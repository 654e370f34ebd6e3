/* SPDX-License-Identifier: Apache-2.0
 * A session's beginning and end, and what may be asked of it. */
#include "parsers/pg/pg.h"

#include "parsers/base/lower.h"
#include "parsers/pg/pg_priv.h"

#include <assert.h>
#include <string.h>

const struct pg_conf pg_conf_default = {
	.max_msg_bytes = { 1 << 20, 64 << 10 },
	.budget_bytes = 4 << 20,
	.text_max_bytes = 64 << 10,
	.max_statements = 1024,
	.max_portals = 64,
	.max_requests = 1024,
	.describe = true,
};

static const char kind_text[PG_KIND_MAX][LOWER_SIZE] = {
#define KIND(sym) [PG_##sym] = LOWER_INIT(#sym),
#include "parsers/pg/kinds.tbl.h"
#undef KIND
};

static const char *const kind_names[PG_KIND_MAX] = {
#define KIND(sym) [PG_##sym] = kind_text[PG_##sym],
#include "parsers/pg/kinds.tbl.h"
#undef KIND
};

static const char *const why_texts[PG_WHY_MAX] = {
#define WHY(sym, text) [PG_WHY_##sym] = (text),
#include "parsers/pg/why.tbl.h"
#undef WHY
};

const struct codec pg_codec = {
	.name = "postgres",
	.kind_names = kind_names,
	.n_kinds = PG_KIND_MAX,
	.state_bytes = sizeof(struct pg_session),
	.plan_bytes = PG_PLAN_BYTES,
	.decode = pg_decode,
	.forward = pg_forward,
	.deny = pg_deny,
	.answer = pg_answer,
};

static_assert(sizeof(struct pg_session) <= 768, "an idle flow has a KiB in all");

void pg_session_init(struct pg_session *s, const struct pg_conf *conf, const struct alloc *alloc,
		enum pg_start start)
{
	must(conf->max_msg_bytes[CODEC_TO_SERVER] >= 64);
	must(conf->max_msg_bytes[CODEC_TO_CLIENT] >= 64);
	must(conf->max_requests >= PG_REQUESTS_MIN && conf->max_requests <= 1 << 14);
	*s = (struct pg_session){ .conf = conf,
		.mem = { .alloc = alloc, .limit_bytes = conf->budget_bytes } };
	s->framer[CODEC_TO_CLIENT].phase = PHASE_SILENT;
	if (start == PG_START_CONNECT)
		return;
	s->framer[CODEC_TO_SERVER].phase = s->framer[CODEC_TO_CLIENT].phase = PHASE_TYPED;
	s->version = PG_PROTOCOL_3_0;
	s->server.is_auth_ok = true;
	s->server.status = 'I';
}

void pg_session_done(struct pg_session *s)
{
	if (s->key != NULL)
		explicit_bzero(s->key->bytes, s->key->len);
	blob_free(s, &s->key);
	columns_unref(s, &s->server.cols);
	queue_done(s);
	names_done(s);
	must(s->mem.used_bytes == 0);
}

enum pg_why pg_session_why(const struct pg_session *s)
{
	return (enum pg_why)s->why;
}

const char *pg_why_text(enum pg_why why)
{
	return why_texts[why];
}

uint32_t pg_session_n_limited(const struct pg_session *s)
{
	return s->n_limited;
}

char pg_session_status(const struct pg_session *s)
{
	return (char)s->server.status;
}

uint32_t pg_session_version(const struct pg_session *s)
{
	return s->version;
}

static bool has_unanswered(const struct pg_session *s)
{
	for (uint16_t i = 0; i < s->queue.n; i++) {
		if ((queue_at(&s->queue, i)->flags & REQ_OWN) == 0)
			return true;
	}
	return false;
}

bool pg_session_is_quiet(const struct pg_session *s)
{
	return !s->client.in_batch && !s->client.is_skipping && !has_unanswered(s);
}

bool pg_session_is_skipping(const struct pg_session *s)
{
	return s->client.discard_batch || s->client.is_skipping;
}

bool pg_session_at_boundary(const struct pg_session *s)
{
	return s->framer[CODEC_TO_CLIENT].off == 0;
}

struct span pg_session_client_encoding(const struct pg_session *s)
{
	return (struct span){ (const uint8_t *)s->server.encoding, s->server.encoding_len };
}

bool pg_session_is_utf8(const struct pg_session *s)
{
	const struct span name = pg_session_client_encoding(s);

	return name.len == 4 && memcmp(name.ptr, "UTF8", 4) == 0;
}

bool pg_session_standard_strings(const struct pg_session *s)
{
	return s->server.standard_strings;
}

bool pg_session_cancel_key(const struct pg_session *s, struct pg_cancel *ret)
{
	return s->key != NULL && pg_read_key((struct span){ s->key->bytes, s->key->len }, ret) == 0;
}

const struct pg_answer *pg_session_answer(const struct pg_session *s)
{
	return s->server.is_row ? &s->server.row : &s->server.answer;
}

uint16_t pg_answer_format(const struct pg_answer *a, uint16_t i)
{
	if ((a->flags & PG_A_CACHED) != 0 || a->columns == NULL)
		return pg_format_of(&a->formats, i);
	return i < a->columns->n ? a->columns->col[i].format : PG_TEXT;
}
