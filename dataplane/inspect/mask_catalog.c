/* SPDX-License-Identifier: Apache-2.0
 * Which columns of the session's database rules name. The server itself is asked, on the session's own
 * connection, before the first command and again when the answer may have become untrue: a command
 * may have changed the catalogue, or a minute has passed, since others change it, too. What one session has
 * read serves all of the worker's that have the same target, database, encoding and policy. */
#include "dataplane/inspect/mask_priv.h"
#include "parsers/base/must.h"
#include "ruleset/catalog/build.h"

#include <errno.h>
#include <string.h>

enum {
	FRESH_US = 60 * 1000000,
	ROWS_FIRST = 64 << 10,
	ROWS_MAX = 2 << 20,
	BUILD_EXTRA = 256 << 10,
	BUILD_MAX = 1 << ARENA_MAX_SHIFT,
};

static const char own_name[] = "sluice catalogue";

/* One reading, until its catalogue stands. */
struct reading {
	struct catalogue *of;
	uint8_t *rows; /* owned, the arena's: bodies of DataRow messages */
	uint32_t cap, len;
	uint64_t n_changes; /* of <of>, when it was asked for */
	bool has_failed;
	/* what the work thread makes of them */
	const struct policy *policy; /* held: rules.h */
	_Atomic uint32_t *holders;
	struct sql_settings settings;
	uint8_t *room; /* owned, the arena's */
	uint32_t room_bytes;
	const struct catalog *built;
	size_t built_bytes;
};

/* ---- the worker's catalogues */

static void catalog_give(struct spine *sp, struct catalogue *c)
{
	if (c->block != NULL)
		arena_give(&sp->arena, c->block, c->bytes);
	c->block = NULL;
	c->catalog = NULL;
}

void catalogues_give(struct spine *sp)
{
	for (uint32_t i = 0; i < CATALOGUES; i++)
		catalog_give(sp, &sp->catalogues[i]);
}

static uint64_t key_of(const struct session *s)
{
	const struct span encoding = pg_session_client_encoding(s->pg);
	uint64_t words[6] = { s->masks.database, s->target->index };

	memcpy(words + 2, encoding.ptr, encoding.len < 31 ? encoding.len : 31);
	return siphash13_words(&s->spine->conf.key, words, 6);
}

static bool is_of(const struct catalogue *c, uint64_t key, const struct policy *policy)
{
	return c->is_used && c->key == key &&
			memcmp(c->policy, policy->sha256, sizeof(c->policy)) == 0;
}

/* An entry of nobody's; the one that was read first goes. NULL: all are in use. */
static struct catalogue *claim(struct spine *sp, uint64_t key, const struct policy *policy)
{
	struct catalogue *oldest = NULL;

	for (uint32_t i = 0; i < CATALOGUES; i++) {
		struct catalogue *c = &sp->catalogues[i];

		if (c->n_users > 0 || c->n_readers > 0)
			continue;
		if (oldest == NULL || !c->is_used ||
				(oldest->is_used && c->read_us < oldest->read_us))
			oldest = c;
	}
	if (oldest == NULL)
		return NULL;
	catalog_give(sp, oldest);
	*oldest = (struct catalogue){ .is_used = true, .key = key };
	memcpy(oldest->policy, policy->sha256, sizeof(oldest->policy));
	return oldest;
}

static struct catalogue *find(struct session *s, const struct policy *policy)
{
	struct spine *sp = s->spine;
	const uint64_t key = key_of(s);

	if (s->masks.catalogue != NULL && is_of(s->masks.catalogue, key, policy))
		return s->masks.catalogue;
	for (uint32_t i = 0; i < CATALOGUES; i++) {
		if (is_of(&sp->catalogues[i], key, policy))
			return &sp->catalogues[i];
	}
	return claim(sp, key, policy);
}

static void use(struct session *s, struct catalogue *c)
{
	if (s->masks.catalogue == c)
		return;
	if (s->masks.catalogue != NULL)
		s->masks.catalogue->n_users--;
	s->masks.catalogue = c;
	if (c != NULL)
		c->n_users++;
}

/* ---- a reading */

static void reading_give(struct session *s)
{
	struct arena *a = &s->spine->arena;
	struct reading *r = s->masks.reading;

	if (r == NULL)
		return;
	if (r->holders != NULL)
		atomic_fetch_sub(r->holders, 1);
	r->of->n_readers--;
	if (r->rows != NULL)
		arena_give(a, r->rows, r->cap);
	if (r->room != NULL)
		arena_give(a, r->room, r->room_bytes);
	arena_give(a, r, sizeof(*r));
	s->masks.reading = NULL;
}

void catalogue_leave(struct session *s)
{
	reading_give(s);
	use(s, NULL);
}

/* 0; -EAGAIN: not between two commands; -ENOBUFS: no room now; -ENOMEM. */
static int ask(struct session *s, const struct spine_rules *rules, struct catalogue *c)
{
	const struct pg_own_query q = { .name = text_span(own_name), .head = rules->catalog_query };
	struct outbuf o = s->spine->masking->out;
	struct reading *r;
	int rc;

	if (leg_room(s, &s->prod) < rules->catalog_query.len + SPINE_MARGIN)
		return -ENOBUFS;
	o.len = 0;
	o.full = false;
	rc = pg_session_query(s->pg, &q, &o);
	if (rc != 0)
		return rc == -ENOSPC ? -ENOMEM : rc;
	if (leg_write(s, &s->prod, o.ptr, (uint32_t)o.len) != (int64_t)o.len) {
		session_close(s, SESSION_LIMIT, "no buffers for what the gateway asks the server");
		return -ENOMEM;
	}
	r = arena_take(&s->spine->arena, sizeof(*r));
	if (r == NULL) {
		session_close(s, SESSION_LIMIT, "no memory for the database's catalogue");
		return -ENOMEM;
	}
	*r = (struct reading){ .of = c, .n_changes = c->n_changes };
	c->n_readers++;
	s->masks.reading = r;
	s->spine->counters.catalogues++;
	return 0;
}

enum catalogue_rc catalogue_get(struct session *s, const struct spine_rules *rules)
{
	struct catalogue *c;
	int rc;

	if (rules == NULL || rules->catalog_query.len == 0) {
		use(s, NULL);
		return CATALOGUE_READY;
	}
	if (s->masks.reading != NULL)
		return CATALOGUE_WAIT;
	if (s->masks.has_no_catalogue) {
		s->masks.has_no_catalogue = false; /* the command behind this one asks again */
		return CATALOGUE_NONE;
	}
	c = find(s, rules->policy);
	if (c == NULL)
		return CATALOGUE_NONE;
	if (c->catalog != NULL &&
			((!c->is_stale && s->spine->now_us - c->read_us < FRESH_US) ||
					(c->n_readers > 0 && !s->masks.has_changed))) {
		use(s, c);
		return CATALOGUE_READY;
	}
	rc = ask(s, rules, c);
	if (rc == -EAGAIN && c->catalog != NULL) { /* what is newer than it, is not trusted */
		use(s, c);
		return CATALOGUE_READY;
	}
	if (rc == -ENOBUFS)
		leg_room_need(s, &s->prod, (uint32_t)rules->catalog_query.len + SPINE_MARGIN);
	return rc == 0 || rc == -ENOBUFS ? CATALOGUE_WAIT : CATALOGUE_NONE;
}

/* ---- the answer */

static bool rows_room(struct session *s, struct reading *r, uint32_t n)
{
	struct arena *a = &s->spine->arena;
	uint32_t cap = r->cap == 0 ? ROWS_FIRST : r->cap;
	uint8_t *rows;

	while (cap - r->len < n && cap < ROWS_MAX)
		cap *= 2;
	if (cap - r->len < n)
		return false;
	if (cap == r->cap)
		return true;
	rows = arena_take(a, cap);
	if (rows == NULL)
		return false;
	if (r->rows != NULL) {
		memcpy(rows, r->rows, r->len);
		arena_give(a, r->rows, r->cap);
	}
	r->rows = rows;
	r->cap = cap;
	return true;
}

static void row_came(struct session *s, const struct codec_msg *msg)
{
	struct reading *r = s->masks.reading;

	if ((msg->flags & CODEC_F_PART) != 0 || !rows_room(s, r, (uint32_t)msg->body.len)) {
		r->has_failed = true;
		return;
	}
	memcpy(r->rows + r->len, msg->body.ptr, msg->body.len);
	r->len += (uint32_t)msg->body.len;
}

static void build_run(void *arg)
{
	struct reading *r = arg;
	const struct catalog_source source = { .policy = r->policy,
		.rows = { r->rows, r->len },
		.settings = r->settings,
		.limits = &sql_limits_default };

	if (catalog_build(&source, (struct sql_memory){ r->room, r->room_bytes }, &r->built,
			    &r->built_bytes) != 0)
		r->has_failed = true;
}

/* On the work thread: views are parsed. The policy stays until it is done. */
static bool build_begin(struct session *s, struct reading *r)
{
	const struct spine_rules *rules = session_rules(s);
	const uint64_t want = (uint64_t)r->len * 3 + BUILD_EXTRA;

	if (rules == NULL ||
			memcmp(rules->policy->sha256, r->of->policy, sizeof(r->of->policy)) != 0)
		return false; /* another policy by now: it asks again */
	r->room_bytes = want < BUILD_MAX ? (uint32_t)want : BUILD_MAX;
	r->room = arena_take(&s->spine->arena, r->room_bytes);
	if (r->room == NULL)
		return false;
	r->policy = rules->policy;
	r->holders = rules->holders;
	if (r->holders != NULL)
		atomic_fetch_add(r->holders, 1);
	r->settings = judge_settings(s);
	if (session_work(s, WORK_CATALOG, build_run, r) != 0)
		return false;
	stream_hold(s->relay, s->flow, SIDE_AGENT);
	return true;
}

void catalogue_answered(struct session *s, const struct codec_msg *msg)
{
	struct reading *r = s->masks.reading;

	if (r == NULL)
		return;
	if (msg->kind == PG_DATA_ROW)
		row_came(s, msg);
	else if (msg->kind == PG_ERROR)
		r->has_failed = true;
	if (msg->kind != PG_READY)
		return;
	if (r->has_failed || !build_begin(s, r)) {
		s->masks.has_no_catalogue = true;
		s->spine->counters.no_catalogue++;
		reading_give(s);
	}
}

/* The work is done: what was built takes the place of what there was. */
void catalogue_built(struct session *s)
{
	struct spine *sp = s->spine;
	struct reading *r = s->masks.reading;
	struct catalogue *c = r->of;
	uint8_t *block = NULL;

	if (!r->has_failed)
		block = arena_take(&sp->arena, r->built_bytes);
	if (block == NULL) {
		s->masks.has_no_catalogue = true;
		sp->counters.no_catalogue++;
		reading_give(s);
		return;
	}
	catalog_give(sp, c);
	c->block = block;
	c->bytes = (uint32_t)r->built_bytes;
	c->catalog = catalog_copy(r->built, r->built_bytes, block);
	c->read_us = sp->now_us;
	c->version = ++sp->n_catalogues_read;
	c->is_stale = c->n_changes != r->n_changes; /* since it was asked for */
	s->masks.has_changed = false;
	reading_give(s);
	use(s, c);
}

/* Statements that make, change or drop relations, or run what is not here to read. */
void catalogue_changes(struct session *s, const struct sql_facts *facts)
{
	static const uint64_t makes = 1ULL << SQL_K_DO | 1ULL << SQL_K_CALL |
			1ULL << SQL_K_IMPORT_SCHEMA | 1ULL << SQL_K_DROP_OWNED |
			1ULL << SQL_K_DISCARD;
	bool may = facts == NULL;

	if (s->masks.catalogue == NULL)
		return;
	for (uint32_t i = 0; facts != NULL && i < facts->n_stmts; i++) {
		const struct sql_stmt *stmt = sql_facts_stmt(facts, i);

		may |= stmt->objects != 0 || (stmt->kinds & makes) != 0 ||
				(stmt->flags & SQL_F_OPAQUE) != 0;
	}
	s->masks.may_change |= may;
}

static void change(struct session *s)
{
	struct catalogue *c = s->masks.catalogue;

	if (c == NULL)
		return;
	c->is_stale = true;
	c->n_changes++;
}

void catalogue_sent(struct session *s)
{
	if (s->masks.may_change) {
		s->masks.has_changed = true;
		change(s);
	}
	s->masks.may_change = false;
}

/* ---- rules that stay */

static bool is_between(const struct session *s)
{
	return pg_session_is_quiet(s->pg) && pg_session_status(s->pg) == 'I' &&
			s->masks.reading == NULL && s->hold.state == HOLD_NONE &&
			s->work == WORK_NONE;
}

void masks_release(struct session *s)
{
	if (!s->masks.holds_rules)
		return;
	s->masks.holds_rules = false;
	atomic_fetch_sub(s->rules->holders, 1);
}

void masks_hold(struct session *s)
{
	const struct spine_rules *rules = s->rules;

	if (s->masks.holds_rules) {
		if (!is_between(s))
			return;
		masks_release(s);
		if (s->masks.has_changed) /* it is committed: whoever has read before has not seen it */
			change(s);
		return;
	}
	if (rules == NULL || rules->holders == NULL || is_between(s))
		return;
	s->masks.holds_rules = true;
	atomic_fetch_add(rules->holders, 1);
}
