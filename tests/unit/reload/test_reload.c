/* SPDX-License-Identifier: Apache-2.0
 * Orders to exchange rules: carried out on all targets at once, or on none; what was replaced lives until
 * no worker can hold it. */
#include "ctrlplane/conf/conf.h"
#include "ctrlplane/log/log.h"
#include "ctrlplane/reload/reload.h"
#include "ruleset/model/model.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/reload/folder.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/stat.h>

static sem_t workers;              /* a worker's turn has ended */
static atomic_uint n_synchronized; /* calls that have returned */

static void synchronize(void)
{
	sem_wait(&workers);
	atomic_fetch_add(&n_synchronized, 1);
}

static const char *const packs_a[] = { "own" }, *const packs_b[] = { "sql-risk", "own" };
static const struct generation_target targets[] = { { "a", packs_a, 1 }, { "none", NULL, 0 },
	{ "b", packs_b, 2 } };
static char data_dir[64], configured_path[128];
static char *configured_files[] = { configured_path };
static const struct conf_rules configured = { .files = { configured_files, 1 } };

static struct bench {
	struct generation_conf conf;
	struct spine_target spines[3];
	struct spine_target *at[3];
	struct history *history;
	struct reload *reload;
	int verdict; /* of check() */
} bench;

static int check(void *ctx, size_t i, const struct policy *policy, const struct rules_ear *to)
{
	const struct bench *b = ctx;
	const struct doc_error e = { .text = "not today" };

	CU_ASSERT_TRUE(i != 1 && policy != NULL);
	if (b->verdict < 0)
		to->hear(to->ctx, "target x", &e, false);
	return b->verdict;
}

static void begin(struct bench *b)
{
	struct reload_parts parts = { .configured = &configured, .synchronize = synchronize };
	struct rules *rules = rules_of("first");

	*b = (struct bench){ .conf = { targets, 3, 2, check, b } };
	for (int i = 0; i < 3; i++)
		b->at[i] = i == 1 ? NULL : &b->spines[i];
	sem_init(&workers, 0, 0);
	CU_ASSERT_EQUAL_FATAL(history_open(data_dir, &b->history), 0);
	CU_ASSERT_EQUAL_FATAL(generation_new(&b->conf, &rules, &ear, &parts.first), 0);
	b->spines[0].rules = &parts.first->targets[0]->rules;
	b->spines[2].rules = &parts.first->targets[2]->rules;
	parts.conf = &b->conf;
	parts.spines = b->at;
	parts.history = b->history;
	CU_ASSERT_EQUAL_FATAL(reload_new(&parts, &b->reload), 0);
}

static void end(struct bench *b)
{
	for (int i = 0; i < 8; i++)
		sem_post(&workers); /* who waits does so no more */
	reload_free(&b->reload);
	history_free(&b->history);
	folder_clear();
	CU_ASSERT_EQUAL(mkdir(folder, 0700), 0);
	sem_destroy(&workers);
}

static void wait_for(struct bench *b)
{
	struct pollfd p = { .fd = reload_fd(b->reload), .events = POLLIN };

	CU_ASSERT_EQUAL_FATAL(poll(&p, 1, 20000), 1);
	reload_run(b->reload);
}

static const char *rule_of(const struct bench *b, int target, uint32_t pack)
{
	const struct spine_rules *r = atomic_load(&b->spines[target].rules);

	return r->policy->packs[pack].rules[0].id;
}

static int64_t send(struct bench *b, const char *json)
{
	struct reload_order o = { .what = RELOAD_SENT,
		.how = HISTORY_SENT,
		.text = strdup(json),
		.len = strlen(json),
		.uid = 42 };
	const int64_t number = reload_order(b->reload, &o);

	if (number < 0)
		free(o.text);
	return number;
}

#define FILE_OF(id)                                                                                \
	"{\"files\": [{\"path\": \"x.yaml\", \"text\": \"pack: own\\ncommands:\\n  - {id: " id     \
	", when: {sql: {kind: copy_to}}, then: deny}\\n\"}]}"

static void test_applied(void)
{
	struct bench *b = &bench;
	struct reload_view v;
	const struct spine_rules *old;

	begin(b);
	reload_view(b->reload, &v);
	CU_ASSERT_TRUE(v.generation == 1 && v.state == RELOAD_NONE);
	old = atomic_load(&b->spines[0].rules);
	n_synchronized = 0;
	CU_ASSERT_EQUAL(send(b, FILE_OF("second")), 1);
	CU_ASSERT_STRING_EQUAL(rule_of(b, 0, 0), "first"); /* until the control thread says so */
	wait_for(b);
	CU_ASSERT_STRING_EQUAL(rule_of(b, 0, 0), "second");
	CU_ASSERT_STRING_EQUAL(rule_of(b, 2, 1), "second"); /* all at once */
	CU_ASSERT_EQUAL(n_synchronized, 0);
	CU_ASSERT_STRING_EQUAL(
			old->policy->packs[0].rules[0].id, "first"); /* a worker may hold it */
	reload_view(b->reload, &v);
	CU_ASSERT_TRUE(v.generation == 2 && v.state == RELOAD_DONE && v.number == 1);
	CU_ASSERT_TRUE(v.in_force.uid == 42 && v.in_force.how == HISTORY_SENT);
	CU_ASSERT_STRING_EQUAL(v.in_force.sha256, reload_in_force(b->reload)->sha256);
	/* The next is not begun before a worker's turn has ended and the old one is gone. */
	CU_ASSERT_EQUAL(send(b, FILE_OF("third")), 2);
	sem_post(&workers);
	wait_for(b);
	CU_ASSERT_EQUAL(n_synchronized, 1);
	CU_ASSERT_STRING_EQUAL(rule_of(b, 2, 1), "third");
	end(b);
}

static void test_refused(void)
{
	static const struct {
		const char *name, *json, *path, *text;
		uint32_t line;
	} rows[] = {
		{ "a mistake", FILE_OF("x, nonsense: 1"), "x.yaml", "unknown key 'nonsense'", 3 },
		{ "a pattern",
				"{\"files\": [{\"path\": \"p.yaml\", \"text\": \"pack: own\\npatterns:\\n"
				"  - {id: a, regex: '(ab)\\\\1cd'}\\ndata:\\n"
				"  - {id: d, pattern: a, mask: redact}\\n\"}]}",
				"p.yaml", "pattern 'a'", 3 },
		{ "a pack that a target names is gone", "{\"files\": []}", "target a",
				"no pack is called 'own'", 0 },
		{ "no files", "{}", "request", "no JSON with a list", 0 },
		{ "no JSON", "{\"files\": [", "request", "no JSON with a list", 0 },
		{ "no text", "{\"files\": [{\"path\": \"x\"}]}", "request", "a path and a text",
				0 },
	};
	struct bench *b = &bench;
	struct reload_view v;
	struct history_entry list[1];

	begin(b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_TRUE(send(b, rows[i].json) > 0);
		wait_for(b);
		reload_view(b->reload, &v);
		CHECK_ROW(rows[i].name, v.state == RELOAD_REFUSED && v.n_problems > 0);
		CHECK_ROW(rows[i].name, strcmp(v.problems[0].path, rows[i].path) == 0);
		CHECK_ROW(rows[i].name, strstr(v.problems[0].error.text, rows[i].text) != NULL);
		CHECK_ROW(rows[i].name, v.problems[0].error.line == rows[i].line);
		CHECK_ROW(rows[i].name, v.generation == 1);
		CHECK_ROW(rows[i].name, strcmp(rule_of(b, 0, 0), "first") == 0);
	}
	b->verdict = -ENOTSUP;
	CU_ASSERT_TRUE(send(b, FILE_OF("second")) > 0);
	wait_for(b);
	reload_view(b->reload, &v);
	CU_ASSERT_TRUE(v.state == RELOAD_REFUSED && v.n_problems == 2); /* both targets' */
	CU_ASSERT_EQUAL(history_list(b->history, list, 1), 0);          /* nothing was in force */
	end(b);
}

static void test_one_at_a_time(void)
{
	struct bench *b = &bench;

	begin(b);
	CU_ASSERT_EQUAL(send(b, FILE_OF("second")), 1);
	CU_ASSERT_EQUAL(send(b, FILE_OF("third")), -EBUSY);
	wait_for(b);
	CU_ASSERT_STRING_EQUAL(rule_of(b, 0, 0), "second");
	end(b);
}

static void test_other_sources(void)
{
	struct bench *b = &bench;
	struct reload_order o = { .what = RELOAD_CONFIGURED, .how = HISTORY_SIGNAL };
	struct reload_view v;
	FILE *f;

	begin(b);
	snprintf(configured_path, sizeof(configured_path), "%s/own.yaml", folder);
	CU_ASSERT_EQUAL(reload_order(b->reload, &o), 1);
	wait_for(b);
	reload_view(b->reload, &v);
	CU_ASSERT_TRUE(v.state == RELOAD_REFUSED); /* there is no such file */
	f = fopen(configured_path, "w");
	fputs("pack: own\ncommands:\n  - {id: disk, when: {sql: {kind: select}}, then: hold}\n", f);
	fclose(f);
	CU_ASSERT_EQUAL(reload_order(b->reload, &o), 2);
	wait_for(b);
	CU_ASSERT_STRING_EQUAL(rule_of(b, 0, 0), "disk");
	sem_post(&workers);
	CU_ASSERT_EQUAL(send(b, FILE_OF("sent")), 3);
	wait_for(b);
	CU_ASSERT_STRING_EQUAL(rule_of(b, 0, 0), "sent");
	sem_post(&workers);
	o = (struct reload_order){ .what = RELOAD_STORED, .how = HISTORY_ROLLBACK };
	CU_ASSERT_EQUAL(history_before(b->history, o.sha256), 0);
	CU_ASSERT_EQUAL(reload_order(b->reload, &o), 4);
	wait_for(b);
	CU_ASSERT_STRING_EQUAL(rule_of(b, 0, 0), "disk");
	reload_view(b->reload, &v);
	CU_ASSERT_EQUAL(v.in_force.how, HISTORY_ROLLBACK);
	end(b);
}

static uint64_t n_of_second;

static void sum(void *ctx, size_t target, const struct published_hit *hit)
{
	*(uint64_t *)ctx += hit->n;
	if (target == 2 && strcmp(hit->rule, "second") == 0)
		n_of_second = hit->n;
}

static uint64_t sum_of(struct bench *b)
{
	uint64_t n = 0;

	n_of_second = UINT64_MAX;
	reload_hits(b->reload, sum, &n);
	return n;
}

/* The slot of the pack's only rule: behind those of the packs before it. */
static void hit(struct bench *b, int target, uint32_t worker)
{
	const struct spine_rules *r = atomic_load(&b->spines[target].rules);
	const uint32_t before = target == 0 ? 0 : r->policy->packs[0].n_rules + 3;

	spine_rules_hit(r, worker, before);
}

/* Counters go on, with what was counted while the old rules were on their way out. */
static void test_hits(void)
{
	struct bench *b = &bench;
	const struct spine_rules *old;

	begin(b);
	CU_ASSERT_EQUAL(send(b, FILE_OF("second")), 1);
	wait_for(b);
	sem_post(&workers);
	CU_ASSERT_EQUAL(sum_of(b), 0);
	hit(b, 0, 0);
	hit(b, 2, 0);
	hit(b, 2, 1);
	CU_ASSERT_EQUAL(sum_of(b), 3);
	CU_ASSERT_EQUAL(n_of_second, 2);
	old = atomic_load(&b->spines[2].rules);
	CU_ASSERT_EQUAL(send(b, FILE_OF("second")), 2);
	wait_for(b);
	CU_ASSERT_EQUAL(n_of_second, 2);
	spine_rules_hit(old, 1, old->policy->packs[0].n_rules + 3); /* a worker still holds it */
	hit(b, 2, 1);
	CU_ASSERT_EQUAL(sum_of(b), 5);
	CU_ASSERT_EQUAL(n_of_second, 4);
	sem_post(&workers);
	CU_ASSERT_EQUAL(send(b, FILE_OF("third")), 3);
	wait_for(b);
	sem_post(&workers);
	CU_ASSERT_EQUAL(send(b, FILE_OF("second")), 4);
	wait_for(b);
	CU_ASSERT_EQUAL(sum_of(b), 0); /* it was gone in between */
	end(b);
}

static const struct spine_rules *shadow_of(const struct bench *b, int target)
{
	return atomic_load(&b->spines[target].shadow);
}

static int64_t send_to_watch(struct bench *b, const char *json)
{
	const struct reload_order o = {
		.what = RELOAD_SENT, .only_watches = true, .text = strdup(json), .len = strlen(json)
	};

	return reload_order(b->reload, &o);
}

/* Beside what is in force, in no history, until others come, none shall, or any are applied. */
static void test_watching(void)
{
	static const struct reload_order stop = { .what = RELOAD_UNWATCHED };
	struct bench *b = &bench;
	const struct generation *first;
	struct history_entry e;

	begin(b);
	CU_ASSERT_PTR_NULL(reload_watching(b->reload, &e));
	CU_ASSERT_EQUAL(send_to_watch(b, FILE_OF("second")), 1);
	wait_for(b);
	first = reload_watching(b->reload, &e);
	CU_ASSERT_PTR_NOT_NULL_FATAL(first);
	CU_ASSERT_STRING_EQUAL(rule_of(b, 0, 0), "first");
	CU_ASSERT_STRING_EQUAL(shadow_of(b, 0)->policy->packs[0].rules[0].id, "second");
	CU_ASSERT_TRUE(shadow_of(b, 2)->shadow[1] != shadow_of(b, 2)->shadow[0]);
	CU_ASSERT_PTR_NULL(atomic_load(&b->spines[0].rules)->shadow);
	CU_ASSERT_EQUAL(history_list(b->history, &e, 1), 0);
	CU_ASSERT_EQUAL(send_to_watch(b, "{}"), 2); /* refused: the others watch on */
	wait_for(b);
	CU_ASSERT_PTR_EQUAL(reload_watching(b->reload, &e), first);
	CU_ASSERT_EQUAL(reload_order(b->reload, &stop), 3);
	wait_for(b);
	CU_ASSERT_TRUE(shadow_of(b, 0) == NULL && shadow_of(b, 2) == NULL);
	CU_ASSERT_STRING_EQUAL(first->targets[0]->policy->packs[0].rules[0].id,
			"second"); /* a worker may hold it */
	sem_post(&workers);
	CU_ASSERT_EQUAL(send_to_watch(b, FILE_OF("third")), 4);
	wait_for(b);
	CU_ASSERT_EQUAL(send(b, FILE_OF("third")), 5);
	wait_for(b);
	CU_ASSERT_STRING_EQUAL(rule_of(b, 2, 1), "third");
	CU_ASSERT_TRUE(shadow_of(b, 0) == NULL && shadow_of(b, 2) == NULL);
	end(b);
}

/* An order that nobody waits for any more, and one that is not begun. */
static void test_end(void)
{
	struct bench *b = &bench;

	begin(b);
	CU_ASSERT_EQUAL(send(b, FILE_OF("second")), 1);
	end(b);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "applied", test_applied },
		{ "refused", test_refused },
		{ "one at a time", test_one_at_a_time },
		{ "configured and stored ones", test_other_sources },
		{ "counters", test_hits },
		{ "rules that only watch", test_watching },
		{ "the end", test_end },
	};
	FILE *to = fopen("/dev/null", "w");
	int rc;

	if (to == NULL || mkdtemp(folder) == NULL)
		return EXIT_FAILURE;
	log_redirect(to, false);
	snprintf(data_dir, sizeof(data_dir), "%s/data", folder);
	rc = suite_run("reload", tests, sizeof(tests) / sizeof(*tests));
	log_redirect(stderr, false);
	fclose(to);
	folder_clear();
	return rc;
}
