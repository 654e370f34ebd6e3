/* SPDX-License-Identifier: Apache-2.0
 * Sessions: a page of them, one with its actor, and the POST that ends one. */
#include "ctrlplane/api/api_priv.h"
#include "ctrlplane/session/session.h"
#include "parsers/base/visible.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 256 }; /* one is too long that is longer than ticket_answer.text takes */

static bool are_there(const struct api_request *rq, struct api_reply *reply)
{
	if (rq->api->sessions != NULL)
		return true;
	api_reply_error(reply, API_UNAVAILABLE, "nothing is inspected here: there are no sessions");
	return false;
}

static void set_actor(json_t *session, const struct session_view *v)
{
	api_set_text(session, "issuer", v->issuer);
	api_set_text(session, "sub", v->sub);
	api_set_text(session, "client_id", v->client_id);
	api_set_text(session, "jti", v->jti);
	api_set_text(session, "acting", v->acts);
	api_set_u64(session, "until", v->until_s > 0 ? (uint64_t)v->until_s : 0);
}

static json_t *session_object(const struct api *a, const struct session_view *v)
{
	json_t *session = json_object();

	api_set_id(session, "id", v->id);
	api_set_text(session, "state", sessions_state_name(v->state));
	if (v->state == SESSION_ENDING)
		api_set_text(session, "why", sessions_end_name(v->why));
	api_set_text(session, "target", conf_target_name(a->conf, v->target));
	set_actor(session, v);
	api_set_text(session, "user", v->user);
	api_set_text(session, "database", v->database);
	api_set_text(session, "application", v->application);
	api_set(session, "agent", api_endpoint(&v->key, SIDE_AGENT));
	api_set(session, "prod", api_endpoint(&v->key, SIDE_PROD));
	api_set_bool(session, "agent_tls", v->encrypted);
	api_set_u64(session, "worker", v->worker);
	api_set_u64(session, "backend_pid", v->pid);
	api_set_u64(session, "age_ms", v->age_ms);
	api_set_u64(session, "judged", v->n_judged);
	api_set_u64(session, "denied", v->n_denied);
	api_set_u64(session, "holds", v->n_holds);
	return session;
}

/* Asked for one more than the page has, to know whether another follows. */
static void page_reply(const struct api *a, const struct session_view *v, size_t n, size_t limit,
		struct api_reply *reply)
{
	json_t *answer = json_object(), *list = json_array();

	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(list, session_object(a, &v[i]));
	api_set(answer, "sessions", list);
	if (n > limit)
		api_set_id(answer, "next", v[limit - 1].id);
	else
		api_set(answer, "next", json_null());
	api_reply_json(reply, answer);
}

void api_get_sessions(const struct api_request *rq, struct api_reply *reply)
{
	const char *cursor = rq->query(rq->ctx, "cursor");
	struct session_view *v;
	uint64_t limit, after = 0;

	if (!are_there(rq, reply) ||
			!api_limit(rq, API_SESSIONS_DEFAULT, API_SESSIONS_MAX, &limit, reply))
		return;
	if (cursor != NULL && (!api_hex(cursor, &after) || cursor[16] != '\0')) {
		api_reply_error(reply, API_BAD_REQUEST,
				"cursor is what the page before gave as next");
		return;
	}
	v = calloc(limit + 1, sizeof(*v));
	if (v != NULL)
		page_reply(rq->api, v, sessions_list(rq->api->sessions, after, v, limit + 1), limit,
				reply);
	free(v);
}

static void no_session(struct api_reply *reply)
{
	api_reply_error(reply, API_NOT_FOUND, "no such session: it has ended");
}

/* Groups and all who act: what only one session's page shows. */
static json_t *actor_object(struct sessions *s, uint64_t id)
{
	struct actor *actor = NULL;
	json_t *object;
	char *text;

	if (sessions_actor(s, id, &actor) < 0)
		return json_null();
	text = actor_json(actor);
	object = text == NULL ? NULL : json_loads(text, 0, NULL);
	free(text);
	actor_unref(&actor);
	return object == NULL ? json_null() : object;
}

void api_get_session(const struct api_request *rq, struct api_reply *reply)
{
	const uint64_t id = rq->arg[0];
	struct session_view *v;
	json_t *session;

	if (!are_there(rq, reply))
		return;
	v = calloc(1, sizeof(*v));
	if (v != NULL &&
			(id == 0 || sessions_list(rq->api->sessions, id - 1, v, 1) == 0 ||
					v->id != id)) {
		no_session(reply);
	} else if (v != NULL) {
		session = session_object(rq->api, v);
		api_set(session, "actor", actor_object(rq->api->sessions, id));
		api_reply_json(reply, session);
	}
	free(v);
}

void api_post_session_kill(const struct api_request *rq, struct api_reply *reply)
{
	json_t *answer;

	if (!are_there(rq, reply))
		return;
	if (sessions_kill(rq->api->sessions, rq->arg[0]) < 0) {
		no_session(reply);
		return;
	}
	answer = json_object();
	api_set_bool(answer, "killed", true);
	api_reply_json(reply, answer);
}

/* Holds. */

/* What the server's planner makes of it; null: not known. */
static json_t *plan_object(const struct hold_plan *p)
{
	json_t *plan = json_object(), *tables;

	if (p->state == HOLD_PLAN_NONE) {
		json_decref(plan);
		return json_null();
	}
	if (p->state == HOLD_PLAN_REFUSED) {
		api_set_text(plan, "error", p->words);
		return plan;
	}
	api_set_text(plan, "operation", p->operation);
	json_object_set_new(plan, "rows", json_real(p->rows));
	json_object_set_new(plan, "cost", json_real(p->cost));
	tables = json_array();
	for (uint32_t i = 0; i < p->n_tables && i < HOLD_PLAN_TABLES; i++)
		json_array_append_new(tables, json_string(p->tables[i]));
	json_object_set_new(plan, "tables", tables);
	api_set_u64(plan, "n_tables", p->n_tables);
	return plan;
}

static json_t *hold_object(const struct api *a, const struct hold_view *v)
{
	json_t *hold = json_object();
	char id[48];

	snprintf(id, sizeof(id), "%016llx/%llu", (unsigned long long)v->session,
			(unsigned long long)v->command);
	api_set_text(hold, "id", id);
	api_set_id(hold, "session", v->session);
	api_set_u64(hold, "command", v->command);
	api_set_text(hold, "target", conf_target_name(a->conf, v->target));
	api_set_text(hold, "issuer", v->issuer);
	api_set_text(hold, "sub", v->sub);
	api_set_text(hold, "rule", v->rule);
	api_set_text(hold, "reason", v->reason);
	api_set_text(hold, "text", v->text);
	api_set_u64(hold, "text_bytes", v->text_bytes);
	api_set_bool(hold, "text_cut", v->text_bytes > TICKET_TEXT_MAX);
	api_set_u64(hold, "parameters", v->n_values);
	api_set_u64(hold, "age_ms", v->age_ms);
	json_object_set_new(hold, "plan", plan_object(&v->plan));
	return hold;
}

static void holds_reply(const struct api *a, const struct hold_view *v, size_t n, size_t limit,
		struct api_reply *reply)
{
	json_t *answer = json_object(), *list = json_array(), *last;

	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(list, hold_object(a, &v[i]));
	last = json_array_get(list, limit - 1);
	api_set(answer, "holds", list);
	if (n > limit && last != NULL)
		api_set(answer, "next", json_incref(json_object_get(last, "id")));
	else
		api_set(answer, "next", json_null());
	api_reply_json(reply, answer);
}

static bool hold_cursor(const char *cursor, struct hold_view *ret)
{
	const char *rest;

	return api_hex(cursor, &ret->session) && cursor[16] == '/' &&
			api_number(cursor + 17, '\0', UINT64_MAX, &ret->command, &rest);
}

void api_get_holds(const struct api_request *rq, struct api_reply *reply)
{
	const char *cursor = rq->query(rq->ctx, "cursor");
	struct hold_view *v;
	uint64_t limit;

	if (!are_there(rq, reply) ||
			!api_limit(rq, API_HOLDS_DEFAULT, API_HOLDS_MAX, &limit, reply))
		return;
	v = calloc(limit + 2, sizeof(*v));
	if (v != NULL && cursor != NULL && !hold_cursor(cursor, &v[limit + 1]))
		api_reply_error(reply, API_BAD_REQUEST,
				"cursor is what the page before gave as next");
	else if (v != NULL)
		holds_reply(rq->api, v,
				sessions_holds(rq->api->sessions, &v[limit + 1], v, limit + 1),
				limit, reply);
	free(v);
}

/* Words reach the client and the log: made visible, so that no terminal obeys them. False: too long. */
static bool words_of(const struct api_request *rq, char words[WORDS_MAX])
{
	const char *given = rq->query(rq->ctx, "reason");
	struct outbuf o = ob_of(words, WORDS_MAX - 1);

	if (given != NULL)
		visible_put(&o, (struct span){ (const uint8_t *)given, strlen(given) },
				WORDS_MAX - 1, false);
	words[o.len] = '\0';
	return o.len < sizeof(((struct ticket_answer *)0)->text);
}

static void decide(const struct api_request *rq, struct api_reply *reply, bool allow)
{
	char who[API_WHO_MAX], words[WORDS_MAX];
	const struct hold_decision d = { rq->arg[0], rq->arg[1], allow, who, words };
	json_t *answer;

	if (!are_there(rq, reply))
		return;
	if (!words_of(rq, words)) {
		api_reply_error(reply, API_BAD_REQUEST, "a reason has at most 127 bytes");
		return;
	}
	api_who(rq, who);
	if (sessions_decide(rq->api->sessions, &d) < 0) {
		api_reply_error(reply, API_NOT_FOUND,
				"no such hold: it was decided, or nobody waits for it any more");
		return;
	}
	answer = json_object();
	api_set_bool(answer, allow ? "allowed" : "denied", true);
	api_reply_json(reply, answer);
}

void api_post_allow(const struct api_request *rq, struct api_reply *reply)
{
	decide(rq, reply, true);
}

void api_post_deny(const struct api_request *rq, struct api_reply *reply)
{
	decide(rq, reply, false);
}
