/* SPDX-License-Identifier: Apache-2.0
 * Rules that only watch: what they would have done, beside what those in force have. */
#include "ctrlplane/api/api_priv.h"
#include "ctrlplane/reload/reload.h"
#include "dataplane/inspect/shadow.h"
#include "ruleset/match/match.h"

#include <string.h>

static uint64_t sum(const struct published *p, int in_force, int shadow)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < p->n_workers; i++)
		n += __atomic_load_n(&p->shadow[i]->commands[in_force][shadow], __ATOMIC_RELAXED);
	return n;
}

static json_t *matrix(const struct published *p)
{
	json_t *list = json_array();

	for (int i = 0; i < SHADOW_VERDICTS * SHADOW_VERDICTS; i++) {
		const int a = i / SHADOW_VERDICTS, b = i % SHADOW_VERDICTS;
		json_t *one = json_object();

		api_set_text(one, "in_force", verdict_name((enum verdict)a));
		api_set_text(one, "shadow", verdict_name((enum verdict)b));
		api_set_u64(one, "commands", sum(p, a, b));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *hits(const struct published *p)
{
	json_t *list = json_array();
	struct published_hit hit;

	for (uint32_t slot = 0; published_hit_at(p, slot, &hit); slot++) {
		json_t *one;

		if (hit.n == 0)
			continue;
		one = json_object();
		api_set_text(one, "pack", hit.pack);
		api_set_text(one, "rule", hit.rule);
		api_set_text(one, "verdict", hit.verdict);
		api_set_u64(one, "hits", hit.n);
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *example_object(const struct published *p, const struct shadow_example *e)
{
	json_t *one = json_object();
	struct match_slot slot;
	char rule[128] = "-";

	if (match_slot_at(p->policy, e->slot, &slot))
		snprintf(rule, sizeof(rule), "%s/%s", slot.pack, slot.rule);
	api_set_text(one, "in_force", verdict_name(e->in_force));
	api_set_text(one, "shadow", verdict_name(e->shadow));
	api_set_text(one, "rule", rule);
	api_set(one, "text", json_stringn((const char *)e->text, e->len));
	return one;
}

static json_t *examples(const struct published *p)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->n_workers; i++) {
		const struct shadow *s = p->shadow[i];
		const uint32_t n = atomic_load_explicit(&s->n_examples, memory_order_acquire);

		for (uint32_t k = 0; k < n; k++)
			json_array_append_new(list, example_object(p, &s->examples[k]));
	}
	return list;
}

static json_t *targets(const struct api *a, const struct generation *g)
{
	json_t *list = json_array();

	for (size_t i = 0; i < g->n_targets; i++) {
		const struct published *p = g->targets[i];
		json_t *one;

		if (p == NULL)
			continue;
		one = json_object();
		api_set_text(one, "target", a->conf->targets[i].name);
		api_set(one, "commands", matrix(p));
		api_set(one, "rules", hits(p));
		api_set(one, "examples", examples(p));
		json_array_append_new(list, one);
	}
	return list;
}

void api_get_rules_shadow(const struct api_request *rq, struct api_reply *reply)
{
	const struct generation *g;
	struct history_entry entry;
	json_t *answer;

	if (rq->api->reload == NULL) {
		api_reply_error(reply, API_UNAVAILABLE, "rules are not exchanged here");
		return;
	}
	g = reload_watching(rq->api->reload, &entry);
	if (g == NULL) {
		api_reply_error(reply, API_NOT_FOUND,
				"no rules watch: begin with sluicectl rules apply --dry-run");
		return;
	}
	answer = json_object();
	api_set_text(answer, "sha256", entry.sha256);
	api_set_u64(answer, "at", (uint64_t)entry.at_s);
	api_set(answer, "uid", json_integer(entry.uid));
	api_set(answer, "targets", targets(rq->api, g));
	api_reply_json(reply, answer);
}
