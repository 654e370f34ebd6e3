/* SPDX-License-Identifier: Apache-2.0
 * The rules in force: which they are, which were, and orders to exchange them. */
#include "ctrlplane/api/api_priv.h"
#include "ctrlplane/reload/reload.h"
#include "ruleset/model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool are_there(const struct api_request *rq, struct api_reply *reply)
{
	if (rq->api->reload != NULL)
		return true;
	api_reply_error(reply, API_UNAVAILABLE, "rules are not exchanged here");
	return false;
}

static void set_entry(json_t *object, const struct history_entry *e)
{
	api_set_text(object, "sha256", e->sha256);
	api_set_u64(object, "at", e->at_s > 0 ? (uint64_t)e->at_s : 0);
	api_set(object, "uid", json_integer(e->uid));
	api_set_text(object, "how", history_how_name(e->how));
}

/* ---- in force */

static json_t *target_object(const struct conf_target *t, const struct published *p)
{
	json_t *target = json_object(), *packs = json_array();

	api_set_text(target, "name", t->name);
	for (size_t i = 0; i < t->postgres.n_packs; i++)
		json_array_append_new(packs, json_string(t->postgres.packs[i]));
	api_set(target, "packs", packs);
	api_set_text(target, "hash", p->policy->hash);
	return target;
}

static json_t *targets_array(const struct api *a)
{
	const struct generation *g = reload_in_force(a->reload);
	json_t *list = json_array();

	for (size_t i = 0; i < g->n_targets; i++) {
		if (g->targets[i] != NULL)
			json_array_append_new(
					list, target_object(&a->conf->targets[i], g->targets[i]));
	}
	return list;
}

static json_t *problem_object(const struct reload_problem *p)
{
	json_t *problem = json_object();

	api_set_text(problem, "path", p->path == NULL ? "-" : p->path);
	api_set_u64(problem, "line", p->error.line);
	api_set_u64(problem, "column", p->error.column);
	api_set_text(problem, "severity", p->is_warning ? "warning" : "error");
	api_set_text(problem, "text", p->error.text);
	return problem;
}

static json_t *order_object(const struct reload_view *v)
{
	static const char *const states[] = {
		[RELOAD_NONE] = "none",
		[RELOAD_RUNNING] = "running",
		[RELOAD_DONE] = "done",
		[RELOAD_REFUSED] = "refused",
	};
	json_t *order = json_object(), *problems = json_array();

	api_set_u64(order, "number", (uint64_t)v->number);
	api_set_text(order, "state", states[v->state]);
	api_set_u64(order, "took_ms", v->took_ms);
	api_set_u64(order, "n_problems", v->n_problems);
	for (size_t i = 0; i < v->n_problems && i < RELOAD_PROBLEMS_MAX; i++)
		json_array_append_new(problems, problem_object(&v->problems[i]));
	api_set(order, "problems", problems);
	return order;
}

/* Where the next come from, unless they are sent. */
static json_t *configured_object(const struct conf_rules *c)
{
	json_t *object = json_object(), *files = json_array();

	api_set(object, "dir", c->dir == NULL ? json_null() : json_string(c->dir));
	for (size_t i = 0; i < c->files.n; i++)
		json_array_append_new(files, json_string(c->files.at[i]));
	api_set(object, "files", files);
	return object;
}

void api_get_rules(const struct api_request *rq, struct api_reply *reply)
{
	struct reload_view v;
	json_t *answer;

	if (!are_there(rq, reply))
		return;
	reload_view(rq->api->reload, &v);
	answer = json_object();
	api_set_u64(answer, "generation", v.generation);
	set_entry(answer, &v.in_force);
	api_set(answer, "targets", targets_array(rq->api));
	api_set(answer, "configured", configured_object(&rq->api->conf->rules));
	api_set(answer, "order", order_object(&v));
	api_reply_json(reply, answer);
}

/* ---- how often each decided */

struct hits_answer {
	const struct conf *conf;
	json_t *list;
};

static void hit_add(void *ctx, size_t target, const struct published_hit *hit)
{
	const struct hits_answer *a = ctx;
	json_t *one = json_object();

	api_set_text(one, "target", a->conf->targets[target].name);
	api_set_text(one, "pack", hit->pack);
	api_set_text(one, "rule", hit->rule);
	api_set_text(one, "verdict", hit->verdict);
	api_set_u64(one, "hits", hit->n);
	json_array_append_new(a->list, one);
}

void api_get_rules_hits(const struct api_request *rq, struct api_reply *reply)
{
	struct hits_answer a = { .conf = rq->api->conf };
	json_t *answer;

	if (!are_there(rq, reply))
		return;
	a.list = json_array();
	reload_hits(rq->api->reload, hit_add, &a);
	answer = json_object();
	api_set(answer, "rules", a.list);
	api_reply_json(reply, answer);
}

struct hits_metric {
	const struct conf *conf;
	FILE *to;
};

/* Rules that never decided are left out: there may be thousands. */
static void hit_put(void *ctx, size_t target, const struct published_hit *hit)
{
	const struct hits_metric *m = ctx;

	if (hit->n > 0)
		fprintf(m->to,
				"sluice_rule_hits_total{target=\"%s\",pack=\"%s\",rule=\"%s\","
				"verdict=\"%s\"} %llu\n",
				m->conf->targets[target].name, hit->pack, hit->rule, hit->verdict,
				(unsigned long long)hit->n);
}

void api_put_rules(FILE *to, const struct api *a)
{
	struct hits_metric m = { a->conf, to };

	if (a->reload == NULL)
		return;
	api_put_head(to, "rule_hits", "_total", "counter",
			"commands that a rule denied or held, values that it masked");
	reload_hits(a->reload, hit_put, &m);
}

/* ---- earlier ones */

void api_get_rules_history(const struct api_request *rq, struct api_reply *reply)
{
	json_t *answer = json_object(), *list = json_array();
	struct history_entry *all;
	size_t n;

	all = are_there(rq, reply) ? calloc(HISTORY_MAX, sizeof(*all)) : NULL;
	if (all != NULL) {
		n = history_list(rq->api->history, all, HISTORY_MAX);
		for (size_t i = 0; i < n; i++) {
			json_t *one = json_object();

			set_entry(one, &all[i]);
			json_array_append_new(list, one);
		}
		api_set(answer, "applied", json_incref(list));
		api_reply_json(reply, json_incref(answer));
	}
	json_decref(list);
	json_decref(answer);
	free(all);
}

static bool hash_of(const struct api_request *rq, const char *given, char ret[RULES_HASH_SIZE],
		struct api_reply *reply)
{
	const int rc = history_find(rq->api->history, given, ret);

	if (rc == -ENOENT)
		api_reply_error(reply, API_NOT_FOUND, "no rules of that hash were ever in force");
	else if (rc == -EEXIST)
		api_reply_error(reply, API_CONFLICT,
				"several begin with that: give more of the hash");
	return rc == 0;
}

static void sources_reply(const struct rules *rules, const char *sha256, struct api_reply *reply)
{
	json_t *answer = json_object(), *list = json_array();

	for (size_t i = 0; i < rules->n; i++) {
		const struct rules_pack *p = &rules->packs[i];
		json_t *one;

		if (p->path == NULL)
			continue;
		one = json_object();
		api_set_text(one, "pack", p->name);
		api_set_text(one, "path", p->path);
		api_set(one, "text", json_stringn((const char *)p->text.ptr, p->text.len));
		json_array_append_new(list, one);
	}
	api_set_text(answer, "sha256", sha256);
	api_set(answer, "files", list);
	api_reply_json(reply, answer);
}

void api_get_rules_sources(const struct api_request *rq, struct api_reply *reply)
{
	const struct rules_ear deaf = { rules_unheard, NULL };
	const char *given = rq->query(rq->ctx, "sha256");
	char sha256[RULES_HASH_SIZE];
	struct rules *rules;

	if (!are_there(rq, reply))
		return;
	if (given == NULL) {
		const struct generation *g = reload_in_force(rq->api->reload);

		sources_reply(g->rules, g->sha256, reply);
		return;
	}
	if (!hash_of(rq, given, sha256, reply))
		return;
	rules = rules_new();
	if (rules == NULL || history_load(rq->api->history, sha256, rules, &deaf) < 0)
		api_reply_error(reply, API_SERVER_ERROR,
				"they cannot be read any more: see DATA_DIR/rules");
	else
		sources_reply(rules, sha256, reply);
	rules_free(&rules);
}

/* ---- orders */

static void order(const struct api_request *rq, struct reload_order *o, struct api_reply *reply)
{
	int64_t number;
	json_t *answer;

	o->uid = rq->peer.uid;
	number = reload_order(rq->api->reload, o);
	if (number < 0) {
		api_reply_error(reply, API_CONFLICT,
				"other rules are being applied: wait until that is done");
		return;
	}
	answer = json_object();
	api_set_u64(answer, "number", (uint64_t)number);
	api_reply_json(reply, answer);
}

void api_post_rules_apply(const struct api_request *rq, struct api_reply *reply)
{
	const bool is_sent = rq->body != NULL && rq->body->len > 0;
	struct reload_order o = { .what = is_sent ? RELOAD_SENT : RELOAD_CONFIGURED,
		.how = is_sent ? HISTORY_SENT : HISTORY_CONFIGURED,
		.only_watches = rq->query(rq->ctx, "dry_run") != NULL };

	if (!are_there(rq, reply))
		return;
	if (is_sent) {
		o.text = rq->body->bytes;
		o.len = rq->body->len;
	}
	order(rq, &o, reply);
	if (is_sent && reply->status == API_OK)
		*rq->body = (struct api_body){ NULL, 0 }; /* it was taken over */
}

void api_post_rules_rollback(const struct api_request *rq, struct api_reply *reply)
{
	const char *given = rq->query(rq->ctx, "sha256");
	struct reload_order o = { .what = RELOAD_STORED, .how = HISTORY_ROLLBACK };

	if (!are_there(rq, reply))
		return;
	if (given != NULL ? !hash_of(rq, given, o.sha256, reply)
			  : history_before(rq->api->history, o.sha256) < 0) {
		if (given == NULL)
			api_reply_error(reply, API_NOT_FOUND, "no other rules were ever in force");
		return;
	}
	order(rq, &o, reply);
}

void api_post_rules_shadow_stop(const struct api_request *rq, struct api_reply *reply)
{
	struct reload_order o = { .what = RELOAD_UNWATCHED };

	if (are_there(rq, reply))
		order(rq, &o, reply);
}
