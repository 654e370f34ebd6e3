/* SPDX-License-Identifier: Apache-2.0
 * See generation.h. */
#include "ctrlplane/policy/generation.h"

#include "ruleset/model/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct making {
	const struct generation_conf *conf;
	const struct rules *rules;
	const struct rules_ear *ear;
};

static int tell(const struct making *m, size_t target, int rc, const char *text)
{
	struct doc_error e = { .line = 0 };
	char about[96];

	snprintf(about, sizeof(about), "target %.80s", m->conf->targets[target].name);
	snprintf(e.text, sizeof(e.text), "packs: %s", text);
	m->ear->hear(m->ear->ctx, about, &e, false);
	return rc;
}

static int policy_make(const struct making *m, size_t i, struct policy **ret)
{
	const struct generation_target *t = &m->conf->targets[i];
	char text[160];
	size_t bad = 0;
	int rc = rules_policy(m->rules, t->packs, t->n_packs, ret, &bad);

	if (rc == -ENOENT) {
		snprintf(text, sizeof(text),
				"no pack is called '%.40s': neither of the product nor of a file of rules",
				t->packs[bad]);
		return tell(m, i, rc, text);
	}
	if (rc < 0)
		return tell(m, i, rc, strerror(-rc));
	return m->conf->check == NULL ? 0 : m->conf->check(m->conf->ctx, i, *ret, m->ear);
}

static int target_make(const struct making *m, size_t i, struct published **ret)
{
	struct policy *policy = NULL;
	int rc;

	if (m->conf->targets[i].n_packs == 0)
		return 0;
	rc = policy_make(m, i, &policy);
	if (rc == 0)
		rc = published_new(m->rules, &policy, m->conf->n_workers, m->ear, ret);
	policy_free(&policy);
	return rc;
}

int generation_new(const struct generation_conf *conf, struct rules **rules,
		const struct rules_ear *ear, struct generation **ret)
{
	const struct making m = { conf, *rules, ear };
	struct generation *g = calloc(1, sizeof(*g));
	int rc = -ENOMEM, one;

	if (g != NULL)
		g->targets = calloc(conf->n_targets + 1, sizeof(*g->targets));
	if (g != NULL && g->targets != NULL)
		rc = rules_hash(*rules, g->sha256);
	for (size_t i = 0; rc != -ENOMEM && i < conf->n_targets; i++) {
		g->n_targets = i + 1;
		one = target_make(&m, i, &g->targets[i]);
		rc = rc < 0 ? rc : one;
	}
	if (rc < 0) {
		generation_free(&g);
		return rc;
	}
	g->rules = *rules;
	*rules = NULL;
	*ret = g;
	return 0;
}

int generation_watch(struct generation *g)
{
	int rc = 0;

	for (size_t i = 0; i < g->n_targets && rc == 0; i++) {
		if (g->targets[i] != NULL)
			rc = published_watch(g->targets[i]);
	}
	return rc;
}

bool generation_is_held(const struct generation *g)
{
	for (size_t i = 0; i < g->n_targets; i++) {
		if (g->targets[i] != NULL && published_is_held(g->targets[i]))
			return true;
	}
	return false;
}

void generation_free(struct generation **generation)
{
	struct generation *g = *generation;

	*generation = NULL;
	if (g == NULL)
		return;
	for (size_t i = 0; i < g->n_targets; i++)
		published_free(&g->targets[i]);
	free(g->targets);
	rules_free(&g->rules);
	free(g);
}
