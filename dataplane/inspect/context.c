/* SPDX-License-Identifier: Apache-2.0
 * What rules ask of a command that is not in its text: who sends it, to whom, and when. What is not known here
 * counts against the command (ruleset/match). */
#include "dataplane/inspect/session_priv.h"
#include "parsers/base/reader.h"
#include "ruleset/model/model.h"

#include <string.h>

enum {
	MINUTES_A_WEEK = 7 * 24 * 60,
	MONDAY_OF_1970 = 3 * 24 * 60, /* 1 January was a Thursday */
};

/* Of the answer to TICKET_WHO, as long as it is whole: else nobody is known. */
static bool is_sound(const struct ticket_actor *a, uint32_t len_bytes)
{
	return len_bytes >= sizeof(*a) && a->len > 0 && a->len <= len_bytes - sizeof(*a) &&
			a->bytes[a->len - 1] == '\0';
}

static uint32_t n_texts(const uint8_t *bytes, uint32_t len)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < len; i++)
		n += bytes[i] == '\0';
	return n;
}

void context_keep(struct session *s, const struct ticket_block *block)
{
	const struct ticket_actor *a = block == NULL ? NULL : (const void *)block->bytes;
	struct session_actor *kept;
	struct reader r;
	size_t bytes;
	uint32_t n;

	if (!s->target->keeps_actor || a == NULL || !is_sound(a, block->len_bytes))
		return;
	n = n_texts(a->bytes, a->len);
	if (n < 2)
		return;
	bytes = sizeof(*kept) + n * sizeof(kept->texts[0]) + a->len;
	kept = arena_take(&s->spine->arena, bytes);
	if (kept == NULL) {
		s->spine->counters.no_memory++;
		return;
	}
	kept->bytes = (uint32_t)bytes;
	kept->n = n;
	memcpy(&kept->texts[n], a->bytes, a->len);
	r = rd_of((const uint8_t *)&kept->texts[n], a->len);
	for (uint32_t i = 0; i < n; i++)
		kept->texts[i] = rd_cstr(&r);
	s->actor = kept;
}

void context_give(struct session *s)
{
	if (s->actor != NULL)
		arena_give(&s->spine->arena, s->actor, s->actor->bytes);
	s->actor = NULL;
}

static int32_t week_minute(const struct spine *sp)
{
	const int64_t epoch_s = atomic_load_explicit(&sp->epoch_s, memory_order_relaxed);
	const int64_t now_s = epoch_s + (int64_t)(sp->now_us / 1000000);

	return epoch_s <= 0 ? -1 : (int32_t)((now_s / 60 + MONDAY_OF_1970) % MINUTES_A_WEEK);
}

struct match_context context_of(const struct session *s)
{
	const struct session_actor *a = s->actor;
	struct match_context c = { .target = text_span(s->target->name),
		.week_minute = week_minute(s->spine) };

	if (a == NULL)
		return c;
	c.knows_actor = true;
	c.actor = a->texts[0];
	c.issuer = a->texts[1];
	c.groups = a->texts + 2;
	c.n_groups = a->n - 2;
	return c;
}

const uint64_t *texts_of(struct session *s, const struct spine_rules *rules, struct span text)
{
	const uint32_t n = rules == NULL || rules->policy == NULL ? 0 : rules->policy->n_texts;
	struct spine *sp = s->spine;

	if (n == 0 || n > SCAN_PATTERNS_MAX || rules->texts == NULL)
		return NULL;
	memset(sp->texts, 0, (n + 63) / 64 * sizeof(sp->texts[0]));
	return scan_which(rules->texts[sp->conf.worker], text, sp->texts) == 0 ? sp->texts : NULL;
}
