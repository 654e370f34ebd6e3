/* SPDX-License-Identifier: Apache-2.0
 * Patterns into databases: all of them without start of match, for the first pass, and each alone
 * with it, for exact extents. Refuses what would be slow or unbounded, in words. */
#include "ruleset/scan/scan_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct advice {
	const char *part, *what_to_do;
};

/* Parts of Hyperscan's messages, and what the writer of a rule can do. */
static const struct advice advices[] = {
	{ "too large", "shorten its repeats, or write + or * in place of a large upper limit" },
	{ "ack-reference", "write out what may repeat" },
	{ "ero-width assertion",
			"look-around is not available: match the neighbours too, or use \\b" },
	{ "Unsupported zero-width", "look-around is not available: match the neighbours too" },
	{ "tomic group", "use an ordinary group (?:...)" },
	{ "ossessive", "use an ordinary repeat" },
	{ "Unmatched", "close every bracket, and write a literal one as \\( or \\[" },
	{ "issing close", "close every bracket, and write a literal one as \\( or \\[" },
	{ "mbedded end anchors", "use ^ at the beginning and $ at the end only" },
	{ "mbedded start anchors", "use ^ at the beginning and $ at the end only" },
};

static const char *advice_for(const char *message)
{
	for (size_t i = 0; i < N_OF(advices); i++) {
		if (strstr(message, advices[i].part) != NULL)
			return advices[i].what_to_do;
	}
	return "write it in the syntax of PCRE that Hyperscan takes";
}

/* One line of text, whatever is in the rule. */
static void tidy(char *text)
{
	for (; *text != 0; text++) {
		if ((unsigned char)*text < ' ' || *text == 127)
			*text = '?';
	}
}

static int refuse(struct scan_error *e, const struct scan_pattern *p, uint32_t i, const char *what,
		const char *what_to_do)
{
	e->pattern = i;
	snprintf(e->text, sizeof(e->text), "pattern '%.100s': %.200s: %.200s", p->id, what,
			what_to_do);
	tidy(e->text);
	return -EINVAL;
}

static int refuse_all(struct scan_error *e, uint32_t n, int rc, const char *text)
{
	e->pattern = n;
	snprintf(e->text, sizeof(e->text), "%s", text);
	return rc;
}

/* What Hyperscan said of pattern <i>. Frees <hs>. */
static int refuse_hs(struct scan_error *e, const struct scan_pattern *p, uint32_t i,
		hs_compile_error_t *hs)
{
	char what[200];

	if (hs == NULL)
		return refuse_all(e, i, -ENOMEM, "there is no memory for the patterns");
	snprintf(what, sizeof(what), "%.180s", hs->message);
	hs_free_compile_error(hs);
	if (what[0] != 0 && what[strlen(what) - 1] == '.')
		what[strlen(what) - 1] = 0;
	return refuse(e, p, i, what, advice_for(what));
}

static unsigned int hs_flags(uint32_t flags)
{
	return ((flags & SCAN_F_CASELESS) != 0 ? HS_FLAG_CASELESS : 0) |
			((flags & SCAN_F_DOTALL) != 0 ? HS_FLAG_DOTALL : 0) |
			((flags & SCAN_F_MULTILINE) != 0 ? HS_FLAG_MULTILINE : 0);
}

/* Anchors that mean the buffer, and switches to UTF-8: the first makes no sense in a gathered text,
 * the second makes bytes that are not UTF-8 undefined. */
static const char *banned_escape(const char *regex)
{
	static const char letters[] = "AZzGQE";

	if (regex[0] == '(' && regex[1] == '*')
		return "a verb (*...)";
	for (; *regex != 0; regex++) {
		if (*regex != '\\' || regex[1] == 0)
			continue;
		if (strchr(letters, regex[1]) != NULL)
			return "\\A, \\Z, \\z, \\G, \\Q or \\E";
		regex++;
	}
	return NULL;
}

static int check_text(const struct scan_pattern *p, uint32_t i, struct scan_error *e)
{
	const size_t len = strlen(p->regex);
	const char *banned = banned_escape(p->regex);

	if (len == 0 || len > SCAN_REGEX_MAX)
		return refuse(e, p, i,
				len == 0 ? "it is empty" : "it is longer than 2000 characters",
				"split it into several patterns, or remove it");
	if (banned != NULL)
		return refuse(e, p, i, banned,
				"not available: use ^ and $, and escape characters one by one");
	if ((p->flags & ~(uint32_t)SCAN_F_ALL) != 0 || p->validator >= SCAN_V_MAX)
		return refuse(e, p, i, "it has an unknown flag or validator",
				"see the list of both");
	return 0;
}

static int check_width(const struct scan_pattern *p, uint32_t i, struct scan_rule *rule,
		struct scan_error *e)
{
	hs_compile_error_t *hs = NULL;
	hs_expr_info_t *info = NULL;

	if (hs_expression_info(p->regex, hs_flags(p->flags), &info, &hs) != HS_SUCCESS)
		return refuse_hs(e, p, i, hs);
	rule->min_width = info->min_width;
	rule->max_width = info->max_width;
	free(info);
	if (rule->min_width == 0)
		return refuse(e, p, i, "it matches where there is nothing",
				"require at least 3 characters");
	if (rule->min_width < SCAN_WIDTH_MIN)
		return refuse(e, p, i, "its shortest match is less than 3 bytes",
				"require at least 3 characters");
	if (rule->max_width != SCAN_UNBOUNDED && rule->max_width > SCAN_WIDTH_MAX)
		return refuse(e, p, i, "its longest match is over 8192 bytes",
				"lower the upper limits of its repeats, or write + or *");
	return 0;
}

static int compile_one(
		const struct scan_pattern *p, uint32_t i, struct scan_db *db, struct scan_error *e)
{
	struct scan_rule *rule = &db->rules[i];
	hs_compile_error_t *hs = NULL;
	size_t bytes = 0;
	int rc = check_text(p, i, e);

	if (rc == 0)
		rc = check_width(p, i, rule, e);
	if (rc != 0)
		return rc;
	if (hs_compile(p->regex, hs_flags(p->flags) | HS_FLAG_SOM_LEFTMOST, HS_MODE_BLOCK, NULL,
			    &rule->exact, &hs) != HS_SUCCESS)
		return refuse_hs(e, p, i, hs);
	hs_database_size(rule->exact, &bytes);
	db->bytes += bytes;
	rule->validator = p->validator;
	rule->needs_digits = p->needs_digits;
	if (rule->max_width != SCAN_UNBOUNDED && rule->max_width > db->max_width)
		db->max_width = rule->max_width;
	return db->bytes <= SCAN_DB_MAX_BYTES
			? 0
			: refuse_all(e, i, -E2BIG,
					  "the patterns are over 256 MiB together: "
					  "use fewer or simpler ones");
}

/* The arguments of hs_compile_multi(). */
struct multi {
	const char **regexes;      /* owned */
	unsigned int *flags, *ids; /* owned */
	uint32_t n;
};

static int multi_init(struct multi *m, uint32_t n)
{
	*m = (struct multi){ .regexes = calloc(n, sizeof(*m->regexes)),
		.flags = calloc(n, sizeof(*m->flags)),
		.ids = calloc(n, sizeof(*m->ids)) };
	return m->regexes != NULL && m->flags != NULL && m->ids != NULL ? 0 : -ENOMEM;
}

static void multi_done(struct multi *m)
{
	free(m->regexes);
	free(m->flags);
	free(m->ids);
}

/* ^ and $ match at separators too: the first pass may find more than there is, never less. */
static void multi_push(struct multi *m, const struct scan_pattern *p, uint32_t i)
{
	m->regexes[m->n] = p->regex;
	m->flags[m->n] = hs_flags(p->flags) | HS_FLAG_MULTILINE;
	m->ids[m->n++] = i;
}

static int compile_multi(const struct multi *m, struct scan_db *db, struct scan_first *first,
		const struct scan_pattern *patterns, struct scan_error *e)
{
	hs_compile_error_t *hs = NULL;
	size_t bytes = 0;
	hs_error_t rc;

	first->min_width = UINT32_MAX;
	for (uint32_t i = 0; i < m->n; i++) {
		const uint32_t width = db->rules[m->ids[i]].min_width;

		first->min_width = width < first->min_width ? width : first->min_width;
	}
	if (m->n == 0)
		return 0;
	rc = hs_compile_multi(
			m->regexes, m->flags, m->ids, m->n, HS_MODE_BLOCK, NULL, &first->hs, &hs);
	if (rc != HS_SUCCESS && hs != NULL && hs->expression >= 0) {
		const uint32_t i = m->ids[hs->expression];

		return refuse_hs(e, &patterns[i], i, hs);
	}
	if (rc != HS_SUCCESS) {
		hs_free_compile_error(hs);
		return refuse_all(e, db->n, -E2BIG,
				"Hyperscan cannot take all patterns together: use fewer or simpler ones");
	}
	hs_database_size(first->hs, &bytes);
	db->bytes += bytes;
	return 0;
}

static int compile_first(
		const struct scan_pattern *patterns, struct scan_db *db, struct scan_error *e)
{
	struct multi all = { 0 }, plain = { 0 };
	int rc = multi_init(&all, db->n) | multi_init(&plain, db->n);

	if (rc != 0) {
		rc = refuse_all(e, db->n, -ENOMEM, "there is no memory for the patterns");
		goto out;
	}
	for (uint32_t i = 0; i < db->n; i++) {
		multi_push(&all, &patterns[i], i);
		if (!patterns[i].needs_digits)
			multi_push(&plain, &patterns[i], i);
	}
	db->has_gate = plain.n < all.n;
	rc = compile_multi(&all, db, &db->all, patterns, e);
	if (rc == 0 && db->has_gate)
		rc = compile_multi(&plain, db, &db->plain, patterns, e);
out:
	multi_done(&all);
	multi_done(&plain);
	return rc;
}

int scan_db_new(const struct scan_pattern *patterns, uint32_t n, struct scan_db **ret,
		struct scan_error *ret_error)
{
	struct scan_db *db;
	int rc = 0;

	if (hs_valid_platform() != HS_SUCCESS)
		return refuse_all(ret_error, n, -ENOTSUP, "content patterns need a CPU with SSSE3");
	if (n > SCAN_PATTERNS_MAX)
		return refuse_all(ret_error, n, -E2BIG, "there are over 4096 patterns: use fewer");
	db = calloc(1, sizeof(*db) + n * sizeof(db->rules[0]));
	if (db == NULL)
		return refuse_all(ret_error, n, -ENOMEM, "there is no memory for the patterns");
	db->n = n;
	for (uint32_t i = 0; i < n && rc == 0; i++)
		rc = compile_one(&patterns[i], i, db, ret_error);
	if (rc == 0 && n > 0)
		rc = compile_first(patterns, db, ret_error);
	if (rc != 0) {
		scan_db_free(&db);
		return rc;
	}
	*ret = db;
	return 0;
}

void scan_db_free(struct scan_db **db)
{
	if (*db == NULL)
		return;
	for (uint32_t i = 0; i < (*db)->n; i++)
		hs_free_database((*db)->rules[i].exact);
	hs_free_database((*db)->all.hs);
	hs_free_database((*db)->plain.hs);
	free(*db);
	*db = NULL;
}

size_t scan_db_bytes(const struct scan_db *db)
{
	return db->bytes;
}
