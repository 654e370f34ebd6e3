/* SPDX-License-Identifier: Apache-2.0
 * See published.h. */
#include "ctrlplane/policy/published.h"

#include "dataplane/inspect/shadow.h"
#include "ruleset/catalog/query.h"
#include "ruleset/match/match.h"
#include "ruleset/model/model.h"
#include "ruleset/scan/scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where errors are told, and of what. */
struct telling {
	const struct policy *policy;
	const struct rules *rules; /* NULL: all of it is in <path> */
	const char *path;
	const struct rules_ear *ear;
};

/* ---- errors */

static bool is_asked(const struct model_when *when, uint32_t text)
{
	for (uint32_t i = 0; i < when->n_conds; i++) {
		if (when->conds[i].text == text)
			return true;
	}
	return false;
}

static bool rule_asks(const struct model_rule *r, uint32_t text)
{
	bool asks = is_asked(&r->when, text);

	for (uint32_t i = 0; i < r->n_unless && !asks; i++)
		asks = is_asked(&r->unless[i].when, text);
	return asks;
}

static bool pack_asks(const struct model_pack *p, uint32_t text)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		if (rule_asks(&p->rules[i], text))
			return true;
	}
	return false;
}

static bool pack_has(const struct model_pack *p, uint32_t pattern)
{
	return pattern - p->first_pattern < p->n_patterns;
}

/* Whose the pattern is; NULL: of no pack, so the error is about all of them. */
static const struct model_pack *pack_of(const struct policy *p, bool is_text, uint32_t pattern)
{
	for (uint32_t i = 0; i < p->n_packs; i++) {
		if (is_text ? pack_asks(&p->packs[i], pattern) : pack_has(&p->packs[i], pattern))
			return &p->packs[i];
	}
	return NULL;
}

static void tell(const struct telling *t, bool is_text, const struct scan_error *e)
{
	const struct policy *p = t->policy;
	const uint32_t n = is_text ? p->n_texts : p->n_patterns;
	const struct scan_pattern *all = is_text ? p->texts : p->patterns;
	const struct model_pack *pack = pack_of(p, is_text, e->pattern);
	const struct rules_pack *from =
			pack == NULL || t->rules == NULL ? NULL : rules_find(t->rules, pack->name);
	struct doc_error told = { .line = 0 };
	char name[64];

	snprintf(name, sizeof(name), "pack %.40s", pack == NULL ? "(all)" : pack->name);
	if (pack != NULL && e->pattern < n) {
		told.line = all[e->pattern].line;
		told.column = 1;
	}
	snprintf(told.text, sizeof(told.text), "%.199s", e->text);
	t->ear->hear(t->ear->ctx,
			t->path != NULL                                      ? t->path
					: from == NULL || from->path == NULL ? name
									     : from->path,
			&told, false);
}

static int no_memory(const struct telling *t)
{
	const struct scan_error e = { UINT32_MAX, "out of memory" };

	tell(t, false, &e);
	return -ENOMEM;
}

/* ---- patterns */

/* *ret stays NULL when there are none. */
static int compile(const struct telling *t, bool is_text, struct scan_db **ret)
{
	const struct policy *p = t->policy;
	const uint32_t n = is_text ? p->n_texts : p->n_patterns;
	struct scan_error e;
	int rc = 0;

	if (n > 0)
		rc = scan_db_new(is_text ? p->texts : p->patterns, n, ret, &e);
	if (rc < 0)
		tell(t, is_text, &e);
	return rc;
}

static int scanners_new(const struct scan_db *db, uint32_t n, struct scanner ***ret)
{
	int rc = 0;

	if (db == NULL || n == 0)
		return 0;
	*ret = calloc(n, sizeof(**ret));
	if (*ret == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n && rc == 0; i++)
		rc = scanner_new(db, &scan_sizes_default, &(*ret)[i]);
	return rc;
}

static void scanners_free(struct scanner **all, uint32_t n)
{
	for (uint32_t i = 0; all != NULL && i < n; i++)
		scanner_free(&all[i]);
	free(all);
}

/* ---- what is counted */

static uint32_t n_data(const struct policy *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_packs; i++)
		n += p->packs[i].n_data;
	return n;
}

/* Of each worker on lines of its own. */
static int hits_new(struct published *p, const struct policy *policy)
{
	const size_t bytes = ((match_n_slots(policy) + n_data(policy)) * sizeof(uint64_t) + 127) /
			128 * 128;

	p->hits = calloc(p->n_workers + 1, sizeof(*p->hits));
	if (p->hits == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n_workers; i++) {
		p->hits[i] = aligned_alloc(128, bytes + 128);
		if (p->hits[i] == NULL)
			return -ENOMEM;
		memset(p->hits[i], 0, bytes + 128);
	}
	return 0;
}

static bool data_at(const struct policy *p, uint32_t i, struct published_hit *ret)
{
	for (uint32_t k = 0; k < p->n_packs; k++) {
		const struct model_pack *pack = &p->packs[k];

		if (i < pack->n_data) {
			*ret = (struct published_hit){ pack->name, pack->data[i].id, "mask", 0 };
			return true;
		}
		i -= pack->n_data;
	}
	return false;
}

bool published_hit_at(const struct published *p, uint32_t slot, struct published_hit *ret)
{
	struct match_slot named;

	if (match_slot_at(p->policy, slot, &named))
		*ret = (struct published_hit){ named.pack, named.rule, verdict_name(named.verdict),
			0 };
	else if (!data_at(p->policy, slot - p->rules.first_data, ret))
		return false;
	for (uint32_t i = 0; i < p->n_workers; i++)
		ret->n += __atomic_load_n(&p->hits[i][slot], __ATOMIC_RELAXED);
	return true;
}

/* ---- the whole */

/* What workers ask a server for the columns that rules name; *ret is malloc()'s. */
static int query_new(const struct telling *t, char **ret, struct span *ret_text)
{
	static const struct scan_error too_many = {
		UINT32_MAX,
		"rules name too many columns for one question to a server: say more with less, by * and ?"
	};
	struct outbuf o;

	*ret = malloc(CATALOG_QUERY_MAX);
	if (*ret == NULL)
		return no_memory(t);
	o = ob_of(*ret, CATALOG_QUERY_MAX);
	if (catalog_query_put(t->policy, &o) < 0) {
		tell(t, false, &too_many);
		return -E2BIG;
	}
	*ret_text = ob_span(&o);
	return 0;
}

static int fill(struct published *p, const struct telling *t)
{
	int rc = compile(t, false, &p->values_db);

	if (rc == 0)
		rc = compile(t, true, &p->texts_db);
	if (rc < 0)
		return rc;
	rc = scanners_new(p->values_db, p->n_workers, &p->values);
	if (rc == 0)
		rc = scanners_new(p->texts_db, p->n_workers, &p->texts);
	if (rc == 0)
		rc = hits_new(p, t->policy);
	p->holders = calloc(1, sizeof(*p->holders));
	if (rc < 0 || p->holders == NULL)
		return no_memory(t);
	return query_new(t, &p->catalog_query, &p->rules.catalog_query);
}

static _Atomic uint64_t last_serial;

int published_new(const struct rules *rules, struct policy **policy, uint32_t n_workers,
		const struct rules_ear *ear, struct published **ret)
{
	const struct telling t = { .policy = *policy, .rules = rules, .ear = ear };
	struct published *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return no_memory(&t);
	p->n_workers = n_workers;
	rc = fill(p, &t);
	if (rc < 0) {
		published_free(&p);
		return rc;
	}
	p->policy = *policy;
	*policy = NULL;
	p->rules = (struct spine_rules){ .policy = p->policy,
		.serial = atomic_fetch_add(&last_serial, 1) + 1,
		.values = p->values,
		.texts = p->texts,
		.masks = (p->policy->needs & MODEL_NEEDS_MASKS) != 0,
		.catalog_query = p->rules.catalog_query,
		.holders = p->holders,
		.hits = p->hits,
		.n_hits = match_n_slots(p->policy) + n_data(p->policy),
		.first_data = match_n_slots(p->policy) };
	*ret = p;
	return 0;
}

bool published_is_held(const struct published *p)
{
	return p->holders != NULL && atomic_load(p->holders) > 0;
}

void published_free(struct published **published)
{
	struct published *p = *published;

	*published = NULL;
	if (p == NULL)
		return;
	free(p->holders);
	free(p->catalog_query);
	scanners_free(p->values, p->n_workers);
	scanners_free(p->texts, p->n_workers);
	for (uint32_t i = 0; p->hits != NULL && i < p->n_workers; i++)
		free(p->hits[i]);
	free(p->hits);
	for (uint32_t i = 0; p->shadow != NULL && i < p->n_workers; i++)
		free(p->shadow[i]);
	free(p->shadow);
	scan_db_free(&p->values_db);
	scan_db_free(&p->texts_db);
	policy_free(&p->policy);
	free(p);
}

int published_watch(struct published *p)
{
	p->shadow = calloc(p->n_workers + 1, sizeof(*p->shadow));
	if (p->shadow == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n_workers; i++) {
		p->shadow[i] = calloc(1, sizeof(**p->shadow));
		if (p->shadow[i] == NULL)
			return -ENOMEM;
	}
	p->rules.shadow = p->shadow;
	return 0;
}

int published_check(const struct policy *policy, const char *path, const struct rules_ear *ear)
{
	const struct telling t = { .policy = policy, .path = path, .ear = ear };
	struct scan_db *values = NULL, *texts = NULL;
	const int values_rc = compile(&t, false, &values), texts_rc = compile(&t, true, &texts);
	char *query = NULL;
	struct span text;
	const int query_rc = query_new(&t, &query, &text);

	scan_db_free(&values);
	scan_db_free(&texts);
	free(query);
	return values_rc < 0 ? values_rc : texts_rc < 0 ? texts_rc : query_rc;
}
