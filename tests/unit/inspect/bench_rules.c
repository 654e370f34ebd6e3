/* SPDX-License-Identifier: Apache-2.0
 * Rules that need no ruleset/match; and what they are told must be sound, whatever happens. */
#include "parsers/base/must.h"
#include "ruleset/model/model.h"
#include "ruleset/scan/scan.h"
#include "tests/unit/inspect/bench.h"

static const struct model_rate rates[] = { { 1 }, { 60 } };
static const struct scan_pattern texts[] = {
	{ .id = "drop", .regex = "drop", .flags = SCAN_F_CASELESS },
};
static const struct policy policy = { .rates = rates, .n_rates = 2, .texts = texts, .n_texts = 1 };

static struct scan_db *db;
static struct scanner *scanner;
static const struct spine_rules rules = { .policy = &policy, .texts = &scanner };

struct match_context bench_context;

void bench_rules_open(void)
{
	struct scan_error error;

	must(scan_db_new(texts, 1, &db, &error) == 0);
	must(scanner_new(db, &scan_sizes_default, &scanner) == 0);
}

void bench_rules_close(void)
{
	scanner_free(&scanner);
	scan_db_free(&db);
}

const struct spine_rules *bench_rules(void)
{
	return &rules;
}

/* A DROP has the word in its text. What was sent in a second was sent in a minute, where a Bind and its Execute
 * may count once and there twice. */
static void check_context(const struct match_command *command)
{
	const struct match_context *c = command->context;
	const bool drops =
			command->facts != NULL && (command->facts->kinds & 1ULL << SQL_K_DROP) != 0;

	must(c->texts != NULL && (!drops || (c->texts[0] & 1) != 0));
	must(c->rates == NULL || c->rates[0] <= 2 * (uint64_t)c->rates[1]);
}

void match_command(const struct policy *judged_by, const struct match_command *command,
		struct match_result *ret)
{
	*ret = (struct match_result){ .verdict = VERDICT_ALLOW };
	bench_context = *command->context;
	if (judged_by == NULL)
		return;
	if (judged_by == &policy)
		check_context(command);
	if (!command->is_known || (command->function_oid == 0 && command->sql != SQL_OK)) {
		*ret = (struct match_result){ .verdict = VERDICT_DENY,
			.rule = "unparsed",
			.pack = "test",
			.reason = "not understood" };
	} else if (command->facts == NULL) {
		return;
	} else if ((command->facts->kinds & 1ULL << SQL_K_DROP) != 0) {
		*ret = (struct match_result){ .verdict = VERDICT_DENY,
			.rule = "no-drop",
			.pack = "test",
			.reason = "nothing is dropped here" };
	} else if ((command->facts->kinds & 1ULL << SQL_K_UPDATE) != 0) {
		*ret = (struct match_result){ .verdict = VERDICT_HOLD,
			.rule = "ask-first",
			.pack = "test",
			.reason = "an approver decides" };
	}
}
