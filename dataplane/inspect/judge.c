/* SPDX-License-Identifier: Apache-2.0
 * What becomes of a command: its facts, the rules' verdict, and the wait for a person's. */
#include "dataplane/handoff/ring.h"
#include "dataplane/inspect/masks.h"
#include "dataplane/inspect/session_priv.h"
#include "parsers/base/visible.h"
#include "parsers/sql/blank.h"
#include "ruleset/match/data.h"
#include "ruleset/model/model.h"

#include <errno.h>
#include <string.h>

enum {
	WORK_FACTS_PER_BYTE = 8, /* room for the facts of a long text, and a copy of it */
	WORK_FACTS_LEAST = 64 << 10,
};

struct sql_settings judge_settings(const struct session *s)
{
	return (struct sql_settings){
		.encoding = sql_encoding_of(pg_session_client_encoding(s->pg)),
		.standard_conforming_strings = pg_session_standard_strings(s->pg),
	};
}

/* ---- long texts: off the worker */

static void facts_run(void *arg)
{
	struct sql_work *k = arg;
	const struct sql_job job = {
		.text = { k->room, k->text_len }, .settings = k->settings, .limits = &k->limits
	};

	k->rc = sql_facts_of(&job,
			(struct sql_memory){ k->room + (k->text_len + 7) / 8 * 8, k->facts_bytes },
			&k->facts);
}

static void sql_give(struct session *s)
{
	if (s->sql != NULL)
		arena_give(&s->spine->arena, s->sql, s->sql->cap);
	s->sql = NULL;
}

static enum judged facts_ask(struct session *s, struct span text)
{
	const size_t copy = (text.len + 7) / 8 * 8;
	const size_t rest = (sizeof(struct sql_work) + 15) / 16 * 16 + copy;
	const size_t most = ((size_t)1 << ARENA_MAX_SHIFT) - rest;
	size_t facts = WORK_FACTS_LEAST + text.len * WORK_FACTS_PER_BYTE;
	struct sql_work *k;
	size_t cap;

	facts = facts < most ? facts : most;
	cap = rest + facts;
	k = arena_take(&s->spine->arena, cap);
	if (k == NULL)
		return JUDGED_DENY;
	*k = (struct sql_work){ .settings = judge_settings(s),
		.limits = sql_limits_default,
		.cap = (uint32_t)cap,
		.text_len = (uint32_t)text.len,
		.facts_bytes = facts };
	k->limits.inline_bytes = 0;
	k->limits.max_bytes = s->spine->judge.limits.max_bytes;
	k->room = (uint8_t *)k + cap - copy - facts;
	memcpy(k->room, text.ptr, text.len);
	s->sql = k;
	if (session_work(s, WORK_SQL, facts_run, k) != 0) {
		sql_give(s);
		return JUDGED_DENY;
	}
	stream_hold(s->relay, s->flow, SIDE_AGENT);
	return JUDGED_WAIT;
}

/* ---- the rules */

/* Facts of <text>, from the cache, from here, or from the work thread's answer. */
static enum judged facts_get(struct session *s, struct span text, struct match_command *m)
{
	const struct sql_settings settings = judge_settings(s);

	if (s->sql != NULL) {
		m->sql = s->sql->rc;
		m->facts = s->sql->facts;
		return JUDGED_ALLOW;
	}
	m->sql = sql_judge_text(&s->spine->judge, text, &settings, &m->facts);
	if (m->sql != SQL_OK)
		m->facts = NULL;
	return m->sql == SQL_TOO_LARGE_INLINE ? facts_ask(s, text) : JUDGED_ALLOW;
}

/* May run something that changes how the text of later commands is read. */
static bool may_set(const struct match_command *m)
{
	static const uint64_t plain = 1ULL << SQL_K_SELECT | 1ULL << SQL_K_INSERT |
			1ULL << SQL_K_UPDATE | 1ULL << SQL_K_DELETE | 1ULL << SQL_K_BEGIN |
			1ULL << SQL_K_COMMIT | 1ULL << SQL_K_SHOW;

	if (m->facts == NULL)
		return true;
	for (uint32_t i = 0; i < m->facts->n_stmts; i++) {
		const struct sql_stmt *stmt = sql_facts_stmt(m->facts, i);

		if ((stmt->kinds & ~plain) != 0 ||
				(stmt->flags &
						(SQL_F_OPAQUE | SQL_F_DYNAMIC | SQL_F_UNKNOWN |
								SQL_F_SIDE_FUNCTION)) != 0)
			return true;
	}
	return false;
}

/* What is told goes into a log, where no literal of an agent's has a place. */
static void tell(struct session *s, const struct match_result *r, struct span text)
{
	const struct sql_settings settings = judge_settings(s);
	struct ticket t = { .kind = TICKET_JUDGED, .command = s->n_commands + 1 };
	struct outbuf o = ob_of(t.judged.text, sizeof(t.judged.text) - 1);
	struct outbuf blank = ob_of(s->spine->words, sizeof(s->spine->words));

	(void)sql_blank_put(&blank, text, &settings);
	t.judged.verdict = r->verdict == VERDICT_HOLD ? TICKET_HOLD : TICKET_DENY;
	text_copy(t.judged.rule, sizeof(t.judged.rule), s->hold.rule);
	visible_put(&o, ob_span(&blank), sizeof(t.judged.text) - 1, false);
	s->is_told = true;
	(void)session_ask(s, &t);
}

/* "<pack>/<rule>" */
static void rule_name(char to[TICKET_RULE_MAX], const struct match_result *r)
{
	struct outbuf o = ob_of(to, TICKET_RULE_MAX - 1);

	memset(to, 0, TICKET_RULE_MAX);
	if (r->pack != NULL) {
		ob_put(&o, r->pack, strlen(r->pack));
		ob_u8(&o, '/');
	}
	if (r->rule != NULL)
		ob_put(&o, r->rule, strlen(r->rule));
}

static void words_put(struct outbuf *o, const char *words)
{
	const size_t room = o->cap - o->len, n = strlen(words);

	ob_put(o, words, n < room ? n : room);
}

/* The denial's words live in the session: the codec copies them before the next call. */
static void denial_fill(struct session *s, const struct match_result *r, struct codec_denial *why)
{
	struct outbuf o = ob_of(s->spine->words, sizeof(s->spine->words));

	words_put(&o, "command refused by rule ");
	words_put(&o, s->hold.rule);
	if (r->reason != NULL) {
		words_put(&o, ": ");
		words_put(&o, r->reason);
	}
	why->code = r->code;
	why->message = ob_span(&o);
	why->hint = text_span(r->hint);
}

static void decided_fill(struct session *s, struct codec_denial *why)
{
	struct outbuf o = ob_of(s->spine->words, sizeof(s->spine->words));

	why->code = s->hold.code;
	if (s->hold.code != NULL) {
		why->message = text_span(s->hold.text);
		return;
	}
	words_put(&o, "command held by rule ");
	words_put(&o, s->hold.rule);
	words_put(&o, " was refused");
	if (s->hold.text[0] != '\0') {
		words_put(&o, ": ");
		words_put(&o, s->hold.text);
	}
	why->message = ob_span(&o);
}

/* ---- holding */

static void notice(struct session *s)
{
	struct outbuf o = ob_of(s->spine->words, sizeof(s->spine->words) - 1);
	const uint64_t waited_s = (s->spine->now_us - s->hold.since_us) / 1000000;

	words_put(&o, "command held by rule ");
	words_put(&o, s->hold.rule);
	words_put(&o, ": waiting for approval");
	if (waited_s > 0) {
		words_put(&o, ", ");
		text_decimal(waited_s, &o);
		words_put(&o, " s so far");
	}
	s->spine->words[o.len] = '\0';
	(void)say_notice(s, (const char *)s->spine->words,
			"The command has not been sent to the server. Cancel it to give up.");
}

static enum judged hold_begin(
		struct session *s, const struct match_result *r, const struct pg_command *c)
{
	const uint32_t len =
			c->text.len < TICKET_TEXT_MAX ? (uint32_t)c->text.len : TICKET_TEXT_MAX;
	struct ticket t = { .kind = TICKET_MAY, .command = s->n_commands + 1 };
	const size_t bytes = sizeof(struct ticket_may) + len;
	struct ticket_may *q;

	t.block = session_block(s, bytes);
	if (t.block == NULL)
		return JUDGED_DENY;
	q = (struct ticket_may *)(void *)t.block->bytes;
	memcpy(q->rule, s->hold.rule, sizeof(q->rule));
	if (r->reason != NULL)
		text_copy(q->reason, sizeof(q->reason), r->reason);
	q->text_bytes = (uint32_t)c->text.len;
	q->text_len = len;
	q->n_values = c->kind == PG_BIND ? c->bind.n_values : 0;
	memcpy(q + 1, c->text.ptr, len);
	t.block->len_bytes = (uint32_t)bytes;
	if (session_ask(s, &t) != 0) {
		arena_give(&s->spine->arena, t.block, sizeof(*t.block) + bytes);
		return JUDGED_DENY;
	}
	s->hold.state = HOLD_ASKED;
	s->hold.since_us = s->spine->now_us;
	s->hold.notice_us = s->spine->now_us; /* at once: with what is settled before it */
	s->n_held++;
	s->spine->counters.held++;
	stream_hold(s->relay, s->flow, SIDE_AGENT);
	session_rearm(s);
	return JUDGED_WAIT;
}

void judge_forget(struct session *s)
{
	struct ticket t = { .kind = TICKET_FORGET, .command = s->n_commands + 1 };

	if (s->hold.state == HOLD_ASKED)
		(void)session_ask(s, &t);
	s->hold.state = HOLD_NONE;
}

static void decide(struct session *s, enum hold_state state, const char *code, const char *text)
{
	s->hold.state = state;
	s->hold.code = code;
	text_copy(s->hold.text, sizeof(s->hold.text), text);
	session_rearm(s);
	stream_resume(s->relay, s->flow, SIDE_AGENT);
	talk_run(s, CODEC_TO_SERVER);
}

void judge_answered(struct session *s, const struct ticket_answer *a)
{
	if (s->hold.state != HOLD_ASKED || a->command != s->n_commands + 1) {
		s->spine->counters.stale_answers++;
		return;
	}
	decide(s, a->rc == TICKET_ALLOW ? HOLD_ALLOWED : HOLD_DENIED, NULL, a->text);
}

void judge_cancelled(struct session *s)
{
	if (s->hold.state != HOLD_ASKED)
		return;
	judge_forget(s);
	s->spine->counters.cancelled++;
	decide(s, HOLD_DENIED, "57014", "canceling statement due to user request");
}

/* While a command is held: who asked may have gone, or waited long enough. */
void judge_tick(struct session *s)
{
	const uint64_t now_us = s->spine->now_us;

	if (stream_at_end(s->flow, SIDE_AGENT)) {
		session_close(s, SESSION_CLOSED, "the client left a command that was held");
		return;
	}
	if (now_us - s->hold.since_us >= (uint64_t)s->target->hold_ms * 1000) {
		judge_forget(s);
		decide(s, HOLD_DENIED, NULL, "nobody decided in time");
		return;
	}
	if (now_us < s->hold.notice_us)
		return;
	notice(s);
	s->hold.notice_us = now_us + (uint64_t)s->target->notice_ms * 1000;
}

/* ---- the verdict */

/* A Parse runs nothing: what would be held is held when it is bound. An Execute runs what was bound, and
 * judged, with its values. */
static bool is_held_here(uint16_t kind)
{
	return kind == PG_QUERY || kind == PG_BIND || kind == PG_FUNCTION_CALL;
}

/* Read the same whatever client_encoding and standard_conforming_strings are: encodings of clients differ
 * beyond ASCII alone. */
static bool is_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\' || text.ptr[i] >= 0x80)
			return false;
	}
	return true;
}

static enum judged unsure(struct codec_denial *why)
{
	why->code = "0A000";
	why->message = text_span("the command may be read in two ways: settings may have changed");
	why->hint = text_span("Send a Sync before it.");
	return JUDGED_DENY;
}

/* Earlier commands may still change how this one's text is read. Since PostgreSQL 14 what they changed is
 * reported with ReadyForQuery alone, which in an open batch nobody can wait for. */
static enum judged bar(struct session *s, const struct pg_command *c, struct codec_denial *why)
{
	if (s->is_barred && !c->is_settled)
		return JUDGED_WAIT;
	s->is_barred = false;
	if (s->is_unsure && pg_session_is_quiet(s->pg))
		s->is_unsure = false;
	if (!s->is_unsure || is_plain(c->text))
		return JUDGED_ALLOW;
	return c->is_sync_due ? JUDGED_WAIT : unsure(why);
}

static enum judged no_room(struct codec_denial *why)
{
	why->code = "53200";
	why->message = text_span("the gateway has no memory to judge this command");
	why->hint = text_span("Try again.");
	return JUDGED_DENY;
}

static bool is_read_only(const struct match_command *m)
{
	if (m->facts == NULL)
		return false;
	for (uint32_t i = 0; i < m->facts->n_stmts; i++) {
		if ((sql_facts_stmt(m->facts, i)->flags & SQL_F_READ_ONLY) == 0)
			return false;
	}
	return true;
}

/* ---- masked columns */

static bool masks(const struct spine_rules *rules)
{
	return rules != NULL && rules->masks;
}

static uint32_t data_slot(const struct spine_rules *rules, const struct model_data *rule)
{
	uint32_t slot = rules->first_data;

	for (uint32_t i = 0; i < rules->policy->n_packs; i++) {
		const struct model_pack *p = &rules->policy->packs[i];

		for (uint32_t k = 0; k < p->n_data; k++, slot++) {
			if (&p->data[k] == rule)
				return slot;
		}
	}
	return UINT32_MAX;
}

/* What the command does with masked columns may be worse than what rules of commands say of it. */
static void by_data(struct session *s, const struct match_command *m, struct data_verdict *d,
		struct match_result *r)
{
	static const char *const reasons[DATA_USE_MAX] = {
		[DATA_PREDICATE] =
				"it compares or sorts by a masked column, or lets an error tell of it",
		[DATA_STORED] = "it would store a masked value where it is not masked",
		[DATA_UNPROVEN] = "what it does with masked columns cannot be told",
		[DATA_DERIVED] = "it puts out what is made of a masked column",
	};
	const struct spine_rules *rules = session_rules(s);
	const struct data_question q = { .policy = rules->policy,
		.catalog = s->masks.catalogue == NULL ? NULL : s->masks.catalogue->catalog,
		.facts = m->facts,
		.context = m->context };

	*d = (struct data_verdict){ .is_clean = rules->catalog_query.len == 0 };
	if (m->facts == NULL || d->is_clean)
		return;
	match_data(&q, d);
	if (d->verdict <= r->verdict || d->rule == NULL)
		return;
	*r = (struct match_result){ .verdict = d->verdict,
		.rule = d->rule->id,
		.pack = d->pack,
		.policy = rules->policy->hash,
		.reason = d->rule->reason != NULL ? d->rule->reason : reasons[d->use],
		.slot = data_slot(rules, d->rule) };
}

/* Of what the answer alone does not tell what must not leave, the facts are kept until it has come. */
static int note(struct session *s, const struct pg_command *c, const struct match_command *m,
		bool is_clean)
{
	const bool is_copy = m->facts != NULL && (m->facts->kinds & 1ULL << SQL_K_COPY_TO) != 0;

	if ((c->kind != PG_QUERY && c->kind != PG_EXECUTE) || (is_clean && !is_copy))
		return 0;
	return note_make(s, m->facts);
}

/* 0; -ENOMEM. */
static int judge_data(struct session *s, const struct pg_command *c, const struct match_command *m,
		struct match_result *r)
{
	struct data_verdict d;

	note_drop(s);
	if (!masks(session_rules(s)) || c->kind == PG_FUNCTION_CALL)
		return 0;
	by_data(s, m, &d, r);
	if (c->kind != PG_PARSE)
		catalogue_changes(s, m->facts);
	return r->verdict == VERDICT_DENY ? 0 : note(s, c, m, d.is_clean);
}

static enum judged catalogue_have(struct session *s, struct codec_denial *why)
{
	switch (catalogue_get(s, session_rules(s))) {
	case CATALOGUE_READY:
		return JUDGED_ALLOW;
	case CATALOGUE_WAIT:
		s->lane[CODEC_TO_SERVER].waits = true;
		return JUDGED_WAIT;
	case CATALOGUE_NONE:
		break;
	}
	why->code = "55000";
	why->message = text_span("the database could not be asked for the columns that rules mask");
	why->hint = text_span("Try again, outside of a transaction.");
	return JUDGED_DENY;
}

/* ---- all of it */

static bool opens_transaction(const struct match_command *m)
{
	return m->facts != NULL && (m->facts->kinds & 1ULL << SQL_K_BEGIN) != 0;
}

static enum judged not_allowed(struct session *s, const struct pg_command *c,
		const struct match_command *m, const struct match_result *r,
		struct codec_denial *why)
{
	enum judged got;

	rule_name(s->hold.rule, r);
	if (!s->is_told) { /* it may be judged again when the codec had no room for it */
		spine_rules_hit(session_rules(s), s->spine->conf.worker, r->slot);
		tell(s, r, c->text);
	}
	if (r->verdict == VERDICT_HOLD) {
		s->hold.may_estimate = estimate_may(s, m);
		got = hold_begin(s, r, c);
		return got == JUDGED_DENY ? no_room(why) : got;
	}
	denial_fill(s, r, why);
	return JUDGED_DENY;
}

static enum judged by_rules(struct session *s, const struct pg_command *c, struct codec_denial *why)
{
	struct match_command m = { .is_known = c->is_known &&
				(c->kind != PG_FUNCTION_CALL || c->call.oid != 0) };
	struct match_context context = context_of(s);
	const struct spine_rules *rules = session_rules(s);
	const struct policy *policy = rules == NULL ? NULL : rules->policy;
	struct match_result r;
	enum judged got = JUDGED_ALLOW;

	m.context = &context;
	if (c->kind == PG_FUNCTION_CALL)
		m.function_oid = c->call.oid;
	else if (c->is_known)
		got = facts_get(s, c->text, &m);
	if (got != JUDGED_ALLOW)
		return got == JUDGED_DENY ? no_room(why) : got;
	s->only_reads = is_read_only(&m) && !opens_transaction(&m);
	context.rates = rates_of(s, policy, c->kind);
	context.texts = texts_of(s, rules, c->text);
	match_command(policy, &m, &r);
	if (is_held_here(c->kind) || r.verdict == VERDICT_DENY)
		shadow_judge(s, &m, c->text, &r);
	if (judge_data(s, c, &m, &r) != 0)
		return no_room(why);
	if (c->kind != PG_PARSE && may_set(&m))
		s->is_barred = s->is_unsure = true;
	if (r.verdict == VERDICT_ALLOW || (r.verdict == VERDICT_HOLD && !is_held_here(c->kind)))
		return record_command(s, c, is_read_only(&m), why);
	return not_allowed(s, c, &m, &r, why);
}

enum judged judge_command(struct session *s, const struct codec_msg *msg, struct codec_denial *why)
{
	struct pg_command c;
	enum judged judged;

	if (session_rules(s) == NULL && !s->target->records)
		return JUDGED_ALLOW;
	if (pg_session_is_skipping(s->pg))
		return JUDGED_ALLOW; /* its batch has failed: the codec drops it */
	if (s->hold.state == HOLD_DENIED) {
		decided_fill(s, why);
		return JUDGED_DENY;
	}
	if (pg_command_of(s->pg, msg, &c) != 0)
		return JUDGED_ALLOW; /* no command that runs anything: Describe, Close */
	if (s->hold.state == HOLD_ALLOWED || s->record >= RECORD_DONE)
		return record_command(s, &c, false, why);
	judged = bar(s, &c, why);
	s->lane[CODEC_TO_SERVER].waits |= judged == JUDGED_WAIT;
	if (judged == JUDGED_ALLOW && masks(session_rules(s)))
		judged = catalogue_have(s, why);
	return judged == JUDGED_ALLOW ? by_rules(s, &c, why) : judged;
}

void judge_settled(struct session *s, uint64_t id)
{
	if (id == 0)
		s->masks.may_change = false;
	catalogue_sent(s);
	if (id == 0)
		note_drop(s);
	else
		note_settle(s, id, s->hold.state == HOLD_ALLOWED);
	s->hold.state = HOLD_NONE;
	s->record = RECORD_NONE;
	s->is_told = s->rate.is_counted = s->is_shadowed = s->only_reads = false;
	sql_give(s);
}

bool judge_is_waiting(const struct session *s)
{
	return s->hold.state == HOLD_ASKED || s->record == RECORD_ASKED || s->work != WORK_NONE;
}
