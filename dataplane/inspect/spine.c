/* SPDX-License-Identifier: Apache-2.0
 * The worker's side of all sessions: slots, tickets, time, and what the engine calls. */
#include "dataplane/handoff/ring.h"
#include "dataplane/inspect/masks.h"
#include "dataplane/inspect/session_priv.h"
#include "parsers/base/must.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	CACHE_SLOT = 2048,
	FACTS_BYTES = 128 << 10,
	ANSWERS_A_POLL = 64,
	HOLD_LOOK_US = 500000,
};

#define SLOT_NONE UINT32_MAX

static struct session *session_at(struct spine *sp, uint32_t slot)
{
	return (struct session *)(void *)(sp->slots + slot * sp->slot_bytes);
}

static uint32_t ms_of(uint64_t us)
{
	return (uint32_t)(us / 1000);
}

/* ---- made and unmade */

static void *zeroed_new(size_t bytes)
{
	void *p = aligned_alloc(128, (bytes + 127) / 128 * 128);

	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}

static int judge_init(struct spine *sp)
{
	const size_t room = sql_limits_default.inline_bytes;
	struct sql_judge *j = &sp->judge;

	sp->judge_memory[0] = zeroed_new(sql_cache_bytes(sp->conf.cache_sets, CACHE_SLOT));
	sp->judge_memory[1] = zeroed_new(room * 2 + 16);
	sp->judge_memory[2] = zeroed_new(room + 16);
	sp->judge_memory[3] = zeroed_new(FACTS_BYTES);
	for (int i = 0; i < 4; i++) {
		if (sp->judge_memory[i] == NULL)
			return -ENOMEM;
	}
	*j = (struct sql_judge){ .key = sp->conf.key,
		.shapes = { sp->judge_memory[1], room / 4 + 2 },
		.exacts = { sp->judge_memory[2], room / 8 + 2 },
		.facts = { sp->judge_memory[3], FACTS_BYTES },
		.limits = sql_limits_default };
	if (j->limits.max_bytes < sp->conf.max_command_bytes)
		j->limits.max_bytes = sp->conf.max_command_bytes;
	sql_cache_init(&j->cache, sp->judge_memory[0], sp->conf.cache_sets, CACHE_SLOT);
	return 0;
}

static int slots_init(struct spine *sp)
{
	const uint32_t n = sp->conf.max_sessions;

	sp->slot_bytes = (sizeof(struct session) + pg_codec.state_bytes + 127) / 128 * 128;
	sp->slots = zeroed_new(n * sp->slot_bytes);
	sp->free_slots = calloc(n, sizeof(*sp->free_slots));
	if (sp->slots == NULL || sp->free_slots == NULL)
		return -ENOMEM;
	for (uint32_t i = n; i-- > 0;) {
		session_at(sp, i)->slot = i;
		sp->free_slots[sp->n_free++] = i;
	}
	return wheel_init(&sp->wheel, n, 0);
}

struct spine *spine_new(const struct spine_conf *conf, struct ring *tickets, struct ring *answers)
{
	struct spine *sp = calloc(1, sizeof(*sp));
	int rc = -ENOMEM;

	if (sp == NULL)
		return NULL;
	sp->conf = *conf;
	sp->tickets = tickets;
	sp->answers = answers;
	sp->over_head = SLOT_NONE;
	sp->scratch_bytes = conf->max_command_bytes + SPINE_SCRATCH;
	sp->scratch = malloc(sp->scratch_bytes);
	sp->views = calloc(SPINE_VIEWS, sizeof(*sp->views));
	sp->tls = tls_worker_new(&conf->tls);
	if (sp->scratch != NULL && sp->views != NULL && sp->tls != NULL)
		rc = arena_init(&sp->arena, conf->memory_bytes);
	if (rc == 0)
		rc = masking_new(conf->max_command_bytes, &sp->masking);
	if (rc == 0)
		rc = slots_init(sp);
	if (rc == 0)
		rc = judge_init(sp);
	if (rc < 0)
		spine_free(&sp);
	errno = -rc;
	return sp;
}

static void block_give(struct spine *sp, struct ticket_block *b)
{
	if (b == NULL)
		return;
	explicit_bzero(b->bytes, b->cap_bytes);
	arena_give(&sp->arena, b, sizeof(*b) + b->cap_bytes);
}

/* ---- tickets */

int session_ask(struct session *s, struct ticket *t)
{
	t->slot = s->slot;
	t->gen = s->gen;
	t->target = s->target->index;
	t->session = s->id;
	if (ring_push(s->spine->tickets, t))
		return 0;
	s->spine->counters.ticket_ring_full++;
	return -ENOBUFS;
}

int session_work(struct session *s, enum work what, void (*run)(void *), void *arg)
{
	struct ticket t = { .kind = TICKET_WORK, .work = { run, arg } };
	const int rc = session_ask(s, &t);

	if (rc == 0) {
		s->work = what;
		s->spine->counters.slow++;
	}
	return rc;
}

struct ticket_block *session_block(struct session *s, size_t bytes)
{
	struct ticket_block *b = arena_take(&s->spine->arena, sizeof(*b) + bytes);

	if (b == NULL) {
		s->spine->counters.no_memory++;
		return NULL;
	}
	*b = (struct ticket_block){ .cap_bytes = (uint32_t)bytes };
	memset(b->bytes, 0, bytes);
	return b;
}

/* ---- the end of a session */

static void over_add(struct session *s)
{
	s->next_over = s->spine->over_head;
	s->spine->over_head = s->slot;
}

static void session_done(struct session *s)
{
	struct spine *sp = s->spine;

	leg_free(s, &s->agent);
	leg_free(s, &s->prod);
	pg_session_done(s->pg);
	context_give(s);
	rates_give(s);
	notes_give(s);
	catalogue_leave(s);
	masks_release(s);
	arena_give(&sp->arena, s->masks.owed.ptr, s->masks.owed.len);
	arena_give(&sp->arena, s->start, s->start_len);
	if (s->sql != NULL)
		arena_give(&sp->arena, s->sql, s->sql->cap);
	sp->n_sessions--;
	sp->counters.ended[s->why]++;
	s->gen++;
	s->spine = NULL;
	sp->free_slots[sp->n_free++] = s->slot;
}

/* Nobody else runs any more: what was to be done elsewhere is done here, or not at all. */
static void session_leave(struct session *s)
{
	if (s->spine == NULL)
		return;
	if (s->agent.tls != NULL && tls_conn_is_away(s->agent.tls))
		tls_conn_slow_run(s->agent.tls);
	if (s->prod.tls != NULL && tls_conn_is_away(s->prod.tls))
		tls_conn_slow_run(s->prod.tls);
	session_done(s);
}

void spine_free(struct spine **spine)
{
	struct spine *sp = *spine;
	struct ticket_answer a;

	if (sp == NULL)
		return;
	while (sp->answers != NULL && ring_pop(sp->answers, &a))
		block_give(sp, a.block);
	for (uint32_t i = 0; sp->slots != NULL && i < sp->conf.max_sessions; i++)
		session_leave(session_at(sp, i));
	wheel_done(&sp->wheel);
	tls_worker_free(&sp->tls);
	masking_free(&sp->masking);
	if (sp->arena.region != NULL)
		catalogues_give(sp);
	arena_done(&sp->arena);
	for (int i = 0; i < 4; i++)
		free(sp->judge_memory[i]);
	free(sp->slots);
	free(sp->free_slots);
	free(sp->scratch);
	free(sp->views);
	free(sp);
	*spine = NULL;
}

static bool say_gone(struct session *s)
{
	struct ticket t = { .kind = TICKET_GONE,
		.gone = { .why = s->why,
				.n_denied = s->n_denied,
				.n_held = s->n_held,
				.n_commands = s->n_commands } };

	memcpy(t.gone.detail, s->detail, sizeof(t.gone.detail));
	return session_ask(s, &t) == 0;
}

/* Those that are over, once nobody has anything of theirs and the control plane was told. */
static void over_run(struct spine *sp)
{
	uint32_t slot = sp->over_head;

	sp->over_head = SLOT_NONE;
	while (slot != SLOT_NONE) {
		struct session *s = session_at(sp, slot);

		slot = s->next_over;
		if (s->work != WORK_NONE || !say_gone(s))
			over_add(s);
		else
			session_done(s);
	}
}

/* ---- what the engine calls */

/* Before anything is done for it: the rules of now, or those that it holds. */
static void session_enter(struct session *s)
{
	if (!s->masks.holds_rules)
		s->rules = atomic_load_explicit(&s->target->rules, memory_order_acquire);
}

static void pg_open(struct relay *r, struct flow *f)
{
	struct spine *sp = stream_owner(r);
	uint32_t slot, gen;
	struct session *s;

	sp->now_us = stream_now_us(r);
	if (sp->n_free == 0) {
		sp->counters.no_slot++;
		stream_deny(r, f, STREAM_DENY_RST, NULL, 0);
		return;
	}
	slot = sp->free_slots[--sp->n_free];
	s = session_at(sp, slot);
	gen = s->gen;
	*s = (struct session){ .spine = sp, .relay = r, .flow = f, .slot = slot, .gen = gen };
	s->target = stream_policy_ctx(f);
	session_enter(s);
	s->pg = (struct pg_session *)(void *)(s + 1);
	s->agent.side = SIDE_AGENT;
	s->prod.side = SIDE_PROD;
	s->why = SESSION_NOT_STARTED;
	s->deadline_us = sp->now_us + (uint64_t)s->target->handshake_ms * 1000;
	pg_session_init(s->pg, &s->target->pg, &sp->arena.alloc, PG_START_CONNECT);
	sp->n_sessions++;
	sp->counters.sessions++;
	stream_ctx_set(f, s);
	session_rearm(s);
}

/* What was said over TLS before the talk, and did not fit. A handshake sees to its own. */
static void legs_flush(struct session *s)
{
	if (s->stage != STAGE_AGENT_TLS && s->stage < STAGE_TALK)
		leg_flush(s, &s->agent);
	if (s->stage == STAGE_LOGIN || s->stage == STAGE_CANCEL)
		leg_flush(s, &s->prod);
}

void session_run(struct session *s, enum side side)
{
	switch (s->stage) {
	case STAGE_HELLO:
	case STAGE_AGENT_TLS:
	case STAGE_TOKEN:
		start_run(s);
		break;
	case STAGE_WHO:
		break;
	case STAGE_PROD_ASK:
	case STAGE_PROD_TLS:
	case STAGE_LOGIN:
	case STAGE_CANCEL:
		login_run(s);
		break;
	case STAGE_TALK:
		talk_run(s, side == SIDE_AGENT ? CODEC_TO_SERVER : CODEC_TO_CLIENT);
		break;
	case STAGE_OVER:
		break;
	}
	legs_flush(s);
}

static void pg_data(struct relay *r, struct flow *f, enum side from)
{
	struct session *s = stream_ctx(f);

	if (s == NULL || s->stage == STAGE_OVER)
		return;
	s->spine->now_us = stream_now_us(r);
	session_enter(s);
	session_run(s, from);
}

static void pg_close(struct relay *r, struct flow *f, enum end_reason why)
{
	struct session *s = stream_ctx(f);

	(void)r;
	(void)why;
	if (s == NULL)
		return;
	stream_ctx_set(f, NULL);
	judge_forget(s);
	wheel_cancel(&s->spine->wheel, s->slot);
	if (s->id != 0 && s->why == SESSION_NOT_STARTED)
		s->why = SESSION_CLOSED;
	s->flow = NULL;
	s->stage = STAGE_OVER;
	over_add(s);
}

const struct inspector inspector_postgres = {
	.name = "postgres",
	.closes = true,
	.open = pg_open,
	.data = pg_data,
	.close = pg_close,
};

/* ---- time */

static void sooner(uint64_t *at_us, uint64_t us)
{
	if (us != 0 && us < *at_us)
		*at_us = us;
}

void session_rearm(struct session *s)
{
	uint64_t at_us = UINT64_MAX;

	if (s->stage == STAGE_OVER)
		return;
	if (s->spine->wheel.n_set == 0)
		s->spine->wheel.now_ms = ms_of(s->spine->now_us);
	sooner(&at_us, s->deadline_us);
	sooner(&at_us, s->retry_us);
	if (s->hold.state == HOLD_ASKED) {
		sooner(&at_us, s->hold.notice_us);
		sooner(&at_us, s->spine->now_us + HOLD_LOOK_US); /* has its client left? */
	}
	if (at_us == UINT64_MAX)
		wheel_cancel(&s->spine->wheel, s->slot);
	else
		wheel_set(&s->spine->wheel, s->slot, ms_of(at_us + 999));
}

static bool is_due(const struct session *s, uint64_t at_us)
{
	return at_us != 0 && at_us <= s->spine->now_us;
}

static void refuse_late(struct session *s)
{
	const struct refusal late = { s->stage < STAGE_PROD_ASK ? s->why : SESSION_LOGIN, "08006",
		"the session was not set up in time", NULL };

	session_refuse(s, &late);
}

static void session_tick(struct session *s)
{
	session_enter(s);
	if (is_due(s, s->deadline_us)) {
		refuse_late(s);
		return;
	}
	if (is_due(s, s->retry_us)) {
		s->retry_us = 0;
		session_run(s, SIDE_AGENT);
		session_run(s, SIDE_PROD);
	}
	if (s->stage != STAGE_OVER && s->hold.state == HOLD_ASKED)
		judge_tick(s);
	session_rearm(s);
}

/* ---- answers */

static void work_done(struct session *s)
{
	const enum work what = s->work;

	s->work = WORK_NONE;
	if (what == WORK_CATALOG)
		catalogue_built(s);
	if (s->stage == STAGE_OVER)
		return;
	if (what == WORK_AGENT_TLS)
		session_run(s, SIDE_AGENT);
	else if (what == WORK_PROD_TLS)
		session_run(s, SIDE_PROD);
	else {
		stream_resume(s->relay, s->flow, SIDE_AGENT);
		session_run(s, SIDE_AGENT);
	}
}

static void ordered_end(struct session *s, enum session_end why)
{
	static const struct refusal refusals[SESSION_ENDS] = {
		[SESSION_EXPIRED] = { SESSION_EXPIRED, "28000", "the token has expired",
				"Connect again with a new token." },
		[SESSION_REVOKED] = { SESSION_REVOKED, "28000", "the token was revoked", NULL },
		[SESSION_KILLED] = { SESSION_KILLED, "57P01",
				"the session was ended by the operator of the gateway", NULL },
	};

	if (why < SESSION_ENDS && refusals[why].code != NULL)
		session_refuse(s, &refusals[why]);
	else
		session_close(s, SESSION_KILLED, "");
}

static void answered(struct session *s, const struct ticket_answer *a)
{
	session_enter(s);
	if (a->kind == TICKET_ANSWER && a->of == TICKET_WORK) {
		work_done(s);
		return;
	}
	if (s->stage == STAGE_OVER)
		return;
	if (a->kind == TICKET_ANSWER && a->of == TICKET_PLAN)
		return; /* its block is back */
	if (a->kind == TICKET_END)
		ordered_end(s, (enum session_end)a->why);
	else if (a->kind == TICKET_CANCELLED)
		judge_cancelled(s);
	else if (a->of == TICKET_MAY)
		judge_answered(s, a);
	else if (a->of == TICKET_WRITTEN)
		record_answered(s, a);
	else if (a->of == TICKET_LOGIN)
		login_answered(s, a);
	else
		start_answered(s, a);
	legs_flush(s);
}

static uint32_t answers_take(struct spine *sp)
{
	struct ticket_answer a;
	uint32_t n = 0;

	for (; n < ANSWERS_A_POLL && ring_pop(sp->answers, &a); n++) {
		struct session *s = a.slot < sp->conf.max_sessions ? session_at(sp, a.slot) : NULL;

		if (s == NULL || s->spine == NULL || s->gen != a.gen)
			sp->counters.stale_answers++;
		else
			answered(s, &a);
		block_give(sp, a.block);
	}
	return n;
}

uint32_t spine_poll(struct spine *sp, struct relay *r, uint64_t now_us)
{
	uint32_t slot, n;

	(void)r;
	sp->now_us = now_us;
	n = answers_take(sp);
	while ((slot = wheel_expire(&sp->wheel, ms_of(now_us))) != WHEEL_NONE) {
		session_tick(session_at(sp, slot));
		n++;
	}
	if (sp->over_head != SLOT_NONE)
		over_run(sp);
	return n;
}

uint64_t spine_next_us(const struct spine *sp)
{
	const uint32_t in_ms = wheel_next_in_ms(&sp->wheel);
	/* the wheel's clock is behind ours by what no turn has come for yet */
	const int32_t ahead_ms = (int32_t)(sp->wheel.now_ms + in_ms - ms_of(sp->now_us));

	if (in_ms == UINT32_MAX)
		return UINT64_MAX;
	return (sp->now_us / 1000 + (uint64_t)(ahead_ms > 0 ? ahead_ms : 0)) * 1000;
}

void spine_wall_clock(struct spine *sp, int64_t epoch_s)
{
	atomic_store_explicit(&sp->epoch_s, epoch_s, memory_order_relaxed);
}

const struct spine_counters *spine_counters(const struct spine *sp)
{
	return &sp->counters;
}

const struct tls_counters *spine_tls_counters(const struct spine *sp)
{
	return tls_worker_counters(sp->tls);
}

uint32_t spine_n_sessions(const struct spine *sp)
{
	return sp->n_sessions;
}

uint64_t spine_memory_used(const struct spine *sp)
{
	return sp->arena.used_bytes;
}
