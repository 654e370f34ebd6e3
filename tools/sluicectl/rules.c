/* SPDX-License-Identifier: Apache-2.0
 * sluicectl rules: packs of rules, offline: what is wrong with them, what they are, whether their examples
 * hold, what they say of a statement. What asks the daemon is in rules_apply.c and rules_diff.c. */
#include "tools/sluicectl/rules.h"

#include "ctrlplane/policy/published.h"
#include "parsers/base/visible.h"

#include <stdlib.h>
#include <string.h>

enum { VISIBLE_MAX = 4096, FACTS_BYTES = 4 << 20 };

/* ---- shared */

json_t *rules_text(struct span text)
{
	static char visible[VISIBLE_MAX];
	struct outbuf o = ob_of(visible, sizeof(visible));

	visible_put(&o, text, sizeof(visible), false);
	return json_stringn(visible, o.len);
}

enum sql_rc rules_facts(const char *text, const struct sql_facts **ret)
{
	static uint64_t memory[FACTS_BYTES / sizeof(uint64_t)];
	struct sql_limits limits = sql_limits_default;
	const struct sql_job job = { .text = { (const uint8_t *)text, strlen(text) },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &limits };

	limits.inline_bytes = 0; /* it may take its time */
	*ret = NULL;
	return sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, ret);
}

static void hear(void *ctx, const char *path, const struct doc_error *e, bool is_warning)
{
	(void)path;
	json_array_append_new(ctx,
			json_pack("{s:i, s:i, s:s, s:s}", "line", (int)e->line, "column",
					(int)e->column, "severity",
					is_warning ? "warning" : "error", "text", e->text));
}

static void hear_errors(void *ctx, const char *path, const struct doc_error *e, bool is_warning)
{
	(void)ctx;
	if (!is_warning)
		fprintf(stderr, "%s:%u:%u: %s\n", path, e->line, e->column, e->text);
}

static bool is_file(const char *what)
{
	const size_t n = strlen(what);

	return strchr(what, '/') != NULL || (n > 5 && strcmp(what + n - 5, ".yaml") == 0);
}

const struct rules_pack *rules_pack_of(struct rules *rules, const char *what)
{
	const struct rules_ear ear = { hear_errors, NULL };
	const struct rules_pack *p;

	if (is_file(what))
		return rules_add_file(rules, what, &ear) == 0 ? &rules->packs[rules->n - 1] : NULL;
	p = rules_find(rules, what);
	if (p == NULL)
		fprintf(stderr,
				"sluicectl: the product has no pack '%s'; a file is named by its path, "
				"as ./%s.yaml\n",
				what, what);
	return p;
}

static enum ctl_exit no_memory(void)
{
	fprintf(stderr, "sluicectl: out of memory\n");
	return CTL_REFUSED;
}

/* ---- check */

static void describe(json_t *file, const struct rules *rules, const char *name)
{
	struct policy *policy = NULL;
	const struct model_pack *p;
	size_t bad;

	if (rules_policy(rules, &name, 1, &policy, &bad) != 0)
		return;
	p = &policy->packs[0];
	json_object_set_new(file, "pack", json_string(p->name));
	json_object_set_new(file, "commands", json_integer(p->n_rules));
	json_object_set_new(file, "data", json_integer(p->n_data));
	json_object_set_new(file, "patterns", json_integer(p->n_patterns));
	json_object_set_new(file, "sha256", json_string(policy->hash));
	policy_free(&policy);
}

/* False: the file is wrong. */
static bool check_one(struct rules *rules, const char *path, json_t *files)
{
	json_t *file = json_pack("{s:s, s:[]}", "path", path, "problems");
	const struct rules_ear ear = { hear, json_object_get(file, "problems") };
	const int rc = rules_add_file(rules, path, &ear);

	if (rc == 0)
		describe(file, rules, rules->packs[rules->n - 1].name);
	json_array_append_new(files, file);
	return rc == 0;
}

static bool check_builtin(const struct rules *rules, const char *name, json_t *files)
{
	json_t *file = json_pack("{s:s, s:[]}", "path", "(of the product)", "problems");
	const struct rules_ear ear = { hear, json_object_get(file, "problems") };
	struct policy *policy = NULL;
	size_t bad;
	int rc = rules_policy(rules, &name, 1, &policy, &bad);

	if (rc == 0)
		rc = published_check(policy, "(of the product)", &ear);
	policy_free(&policy);
	describe(file, rules, name);
	json_array_append_new(files, file);
	return rc == 0;
}

static enum ctl_exit check(const struct ctl *c, json_t **ret_answer)
{
	struct rules *rules = rules_new();
	json_t *files = json_array();
	size_t n_wrong = 0, n_files;

	if (rules == NULL || files == NULL)
		return no_memory();
	for (size_t i = 0; i < c->n_objects; i++)
		n_wrong += !check_one(rules, c->objects[i], files);
	for (size_t i = 0; c->n_objects == 0 && i < rules->n; i++)
		n_wrong += !check_builtin(rules, rules->packs[i].name, files);
	rules_free(&rules);
	n_files = json_array_size(files);
	*ret_answer = json_pack("{s:o}", "files", files);
	if (n_wrong > 0)
		fprintf(stderr, "sluicectl: %zu of %zu files %s wrong\n", n_wrong, n_files,
				n_wrong == 1 ? "is" : "are");
	return n_wrong > 0 ? CTL_REFUSED : CTL_OK;
}

static void check_show(const struct ctl *c, const json_t *answer)
{
	const json_t *file, *p;
	size_t i, k;

	json_array_foreach(json_object_get(answer, "files"), i, file)
	{
		const char *path = ctl_text(file, "path");

		json_array_foreach(json_object_get(file, "problems"), k, p) fprintf(c->out,
				"%s:%u:%u: %s%s\n", path, (unsigned)ctl_u64(p, "line"),
				(unsigned)ctl_u64(p, "column"),
				strcmp(ctl_text(p, "severity"), "error") == 0 ? "" : "warning: ",
				ctl_text(p, "text"));
		if (json_object_get(file, "pack") != NULL)
			fprintf(c->out, "%s: pack %s: %u commands rules, %u data rules, %u patterns\n",
					path, ctl_text(file, "pack"),
					(unsigned)ctl_u64(file, "commands"),
					(unsigned)ctl_u64(file, "data"),
					(unsigned)ctl_u64(file, "patterns"));
	}
}

/* ---- show */

static enum ctl_exit show_pack(const struct ctl *c, json_t **ret_answer)
{
	struct rules *rules = rules_new();
	const struct rules_pack *p = rules == NULL ? NULL : rules_pack_of(rules, c->objects[0]);
	json_t *answer;

	if (p == NULL) {
		rules_free(&rules);
		return CTL_REFUSED;
	}
	answer = json_pack("{s:s, s:s%}", "name", p->name, "text", (const char *)p->text.ptr,
			p->text.len);
	describe(answer, rules, p->name);
	rules_free(&rules);
	*ret_answer = answer;
	return answer == NULL ? no_memory() : CTL_OK;
}

/* Without a pack it is what is in force. */
static enum ctl_exit show(const struct ctl *c, json_t **ret_answer)
{
	if (c->n_objects == 0)
		return rules_in_force(c, ret_answer);
	if (c->n_objects == 1)
		return show_pack(c, ret_answer);
	fprintf(stderr, "sluicectl: rules show takes one pack or file, or nothing\n");
	return CTL_USAGE;
}

static void show_show(const struct ctl *c, const json_t *answer)
{
	if (json_object_get(answer, "text") == NULL)
		rules_in_force_show(c, answer);
	else
		fputs(ctl_text(answer, "text"), c->out);
}

/* ---- the verb */

static const char *set_pack(struct ctl *c, const char *value)
{
	if (c->n_packs == CTL_PACKS_MAX)
		return "was given too often";
	c->packs[c->n_packs++] = value;
	return value[0] == '\0' ? "is empty" : NULL;
}

static const char *set_dry_run(struct ctl *c, const char *value)
{
	(void)value;
	c->dry_run = true;
	return NULL;
}

static const char *set_stop(struct ctl *c, const char *value)
{
	(void)value;
	c->stop = true;
	return NULL;
}

static const struct ctl_option options[] = {
	{ "dry-run", NULL, "apply: they only watch, beside those in force: see shadow",
			set_dry_run },
	{ "stop", NULL, "shadow: they watch no more", set_stop },
	{ "pack", "PACK|FILE", "explain: judged by it; may be given again", set_pack },
	{ .name = NULL },
};

static const struct ctl_action actions[] = {
	{ .name = "check",
			.object = "files",
			.takes_many = true,
			.runs_once = true,
			.fetch = check,
			.show = check_show },
	{ .name = "test",
			.object = "packs or files",
			.takes_many = true,
			.runs_once = true,
			.fetch = rules_test,
			.show = rules_test_show },
	{ .name = "explain",
			.object = "a statement",
			.runs_once = true,
			.fetch = rules_explain,
			.show = rules_explain_show },
	{ .name = "show",
			.object = "a pack or a file",
			.takes_many = true,
			.runs_once = true,
			.fetch = show,
			.show = show_show },
	{ .name = "apply",
			.object = "files or folders",
			.takes_many = true,
			.runs_once = true,
			.fetch = rules_apply,
			.show = rules_apply_show },
	{ .name = "diff",
			.object = "a hash, files or folders",
			.takes_many = true,
			.runs_once = true,
			.fetch = rules_diff,
			.show = rules_diff_show },
	{ .name = "shadow", .fetch = rules_shadow, .show = rules_shadow_show },
	{ .name = "hits", .fetch = rules_hits, .show = rules_hits_show },
	{ .name = "history", .fetch = rules_history, .show = rules_history_show },
	{ .name = "rollback",
			.object = "a hash",
			.takes_many = true,
			.runs_once = true,
			.fetch = rules_rollback,
			.show = rules_apply_show },
	{ .name = NULL },
};

const struct ctl_verb ctl_rules = {
	.name = "rules",
	.summary = "packs of rules: check, test, explain; apply, diff, show, hits, history, rollback",
	.argument = "check|test|explain|show|apply|diff|hits|history|rollback|shadow",
	.about = "Of files, without a daemon:\n"
		 "check [FILE...]       all that is wrong with files of rules, with line and column, and\n"
		 "                      what in them has no effect; without one, the product's packs\n"
		 "test [PACK|FILE...]   are rules about what their examples say, and nothing else?\n"
		 "                      Who asks and when is not known there\n"
		 "explain --pack P SQL  what is known of a statement, which rules speak, what becomes of it\n"
		 "show PACK|FILE        its text\n"
		 "\n"
		 "Of what is in force:\n"
		 "show                  which rules, since when and by whom\n"
		 "apply [FILE|DIR...]   these instead of the operators' packs in force, or the configured\n"
		 "                      ones as they are now; on all targets at once, between two commands.\n"
		 "                      When anything is wrong, all is refused. It outlives a restart\n"
		 "diff [HASH|FILE|DIR...]  what would change: rules, then lines; else to what is configured\n"
		 "hits                  how often each rule has denied, held or masked\n"
		 "history               all that ever were in force, the latest first\n"
		 "rollback [HASH]       applies an earlier one; without it the one before\n"
		 "shadow                what rules applied with --dry-run would have done so far, beside\n"
		 "                      what those in force have, and statements on which they differ\n"
		 "\n"
		 "A file is named by its path: with a '/' in it, or ending in .yaml.",
	.options = options,
	.actions = actions,
};
