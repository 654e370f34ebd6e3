/* SPDX-License-Identifier: Apache-2.0
 * See rules.h. A restart changes no policy that somebody has applied; what is configured is then for the next
 * `rules apply`. */
#include "ctrlplane/app/rules.h"

#include "ctrlplane/app/target.h"
#include "ctrlplane/log/log.h"
#include "ctrlplane/reload/reload.h"
#include "ruleset/model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void hear(void *ctx, const char *path, const struct doc_error *e, bool is_warning)
{
	(void)ctx;
	if (e->line == 0)
		(is_warning ? log_warn : log_err)("app", "%s: %s", path, e->text);
	else
		(is_warning ? log_warn : log_err)(
				"app", "rules: %s:%u:%u: %s", path, e->line, e->column, e->text);
}

static const struct rules_ear ear = { hear, NULL };

static void say(const struct rules_ear *to, const struct conf_target *conf, bool is_warning,
		const char *text)
{
	struct doc_error e = { .line = 0 };
	char about[96];

	snprintf(about, sizeof(about), "target %.80s", conf->name);
	snprintf(e.text, sizeof(e.text), "%s", text);
	to->hear(to->ctx, about, &e, is_warning);
}

/* Any thread: rules are checked by that of ctrlplane/reload, too. */
static int check(void *ctx, size_t i, const struct policy *policy, const struct rules_ear *to)
{
	const struct app_rules *r = ctx;
	const struct conf_target *conf = &r->conf->targets[i];

	if (app_mask_key_is_lost(conf, policy))
		say(to, conf, true,
				"there are pseudonyms or noise and no mask_key: they change with each "
				"start");
	return 0;
}

/* ---- what is in force at the start */

static bool is_kept(struct history *h, struct history_entry *ret)
{
	return history_list(h, ret, 1) == 1 && ret->how != HISTORY_START;
}

/* Tells what differs from what is configured; whatever is wrong there is no mistake now. */
static void compare(const struct conf *conf, const struct history_entry *kept)
{
	const struct rules_ear deaf = { rules_unheard, NULL };
	struct rules *configured = rules_new();
	char sha256[RULES_HASH_SIZE] = "", when[32];
	struct tm tm;

	(void)gmtime_r(&(time_t){ kept->at_s }, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%SZ", &tm);
	log_info("app", "rules: %.12s is in force, applied %s by uid %d", kept->sha256, when,
			kept->uid);
	if (configured == NULL || reload_configured(&conf->rules, configured, &deaf) < 0 ||
			rules_hash(configured, sha256) < 0 || strcmp(sha256, kept->sha256) != 0)
		log_warn("app",
				"rules: what is configured is not what is in force: sluicectl rules "
				"diff shows how, rules apply takes it");
	rules_free(&configured);
}

static int kept_up(struct app_rules *r, const struct history_entry *kept, struct rules *rules)
{
	const int rc = history_load(r->history, kept->sha256, rules, &ear);

	if (rc == 0)
		compare(r->conf, kept);
	else
		log_err("app",
				"rules: what was in force, %s/rules/%.12s..., cannot be read: restore it, "
				"or move %s/rules away, and the configured files will be",
				r->conf->data_dir, kept->sha256, r->conf->data_dir);
	return rc;
}

/* What nobody has ordered is in the history, too, but need not be. */
static void remember(struct app_rules *r)
{
	struct history_entry e = { .at_s = time(NULL), .uid = (int32_t)getuid() }, last;
	int rc;

	memcpy(e.sha256, r->first->sha256, sizeof(e.sha256));
	if (history_list(r->history, &last, 1) == 1 && strcmp(last.sha256, e.sha256) == 0)
		return;
	rc = history_put(r->history, r->first->rules, &e);
	if (rc < 0)
		log_warn("app", "rules: %s/rules: the history cannot be written: %s",
				r->conf->data_dir, strerror(-rc));
}

static int sources_up(struct app_rules *r, struct rules *rules, bool *ret_kept)
{
	struct history_entry kept;
	int rc = history_open(r->conf->data_dir, &r->history);

	if (rc < 0) {
		log_err("app", "rules: %s/rules/index.json: %s", r->conf->data_dir,
				rc == -EBADMSG ? "is damaged: restore it, or move it away, and the "
						 "configured files will be in force"
					       : strerror(-rc));
		return rc;
	}
	*ret_kept = is_kept(r->history, &kept);
	return *ret_kept ? kept_up(r, &kept, rules)
			 : reload_configured(&r->conf->rules, rules, &ear);
}

/* ---- made and unmade */

static int targets_fill(struct app_rules *r, uint32_t n_workers)
{
	const struct conf *conf = r->conf;
	struct generation_target *all = calloc(conf->n_targets + 1, sizeof(*all));

	if (all == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_targets; i++) {
		const struct conf_target *t = &conf->targets[i];

		all[i].name = t->name;
		all[i].packs = (const char *const *)t->postgres.packs;
		all[i].n_packs = t->protocol == CONF_PROTOCOL_POSTGRES ? t->postgres.n_packs : 0;
	}
	r->made_for = (struct generation_conf){ .targets = all,
		.n_targets = conf->n_targets,
		.n_workers = n_workers,
		.check = check,
		.ctx = r };
	return 0;
}

int app_rules_up(const struct conf *conf, uint32_t n_workers, struct app_rules *r)
{
	struct rules *rules = rules_new();
	bool kept = false;
	int rc;

	*r = (struct app_rules){ .conf = conf };
	rc = rules == NULL ? -ENOMEM : targets_fill(r, n_workers);
	if (rc == 0)
		rc = sources_up(r, rules, &kept);
	if (rc == 0)
		rc = generation_new(&r->made_for, &rules, &ear, &r->first);
	if (rc < 0 && kept)
		log_err("app",
				"rules: what was applied last does not do for this configuration: move "
				"%s/rules away, and the configured files will be in force",
				conf->data_dir);
	rules_free(&rules);
	if (rc == 0 && !kept)
		remember(r);
	return rc;
}

void app_rules_down(struct app_rules *r)
{
	generation_free(&r->first);
	history_free(&r->history);
	free((void *)(uintptr_t)r->made_for.targets);
	r->made_for.targets = NULL;
}
