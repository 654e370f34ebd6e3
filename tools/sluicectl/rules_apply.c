/* SPDX-License-Identifier: Apache-2.0
 * sluicectl rules apply, rollback, show and history: the rules that the daemon has in force. */
#include "tools/sluicectl/client.h"
#include "tools/sluicectl/rules.h"
#include "tools/text/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { POLL_US = 50000, TIME_MAX = 32 };

/* ---- files that are sent */

static void hear(void *ctx, const char *path, const struct doc_error *e, bool is_warning)
{
	(void)ctx;
	if (!is_warning)
		fprintf(stderr, "%s:%u:%u: %s\n", path, e->line, e->column, e->text);
}

bool rules_read(struct rules *rules, char *const *paths, size_t n)
{
	const struct rules_ear ear = { hear, NULL };
	bool good = true;
	struct stat st;

	for (size_t i = 0; i < n; i++) {
		const bool is_dir = stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode);

		good = (is_dir ? rules_add_dir(rules, paths[i], &ear)
			       : rules_add_file(rules, paths[i], &ear)) == 0 &&
				good;
	}
	return good;
}

/* NULL: said why. */
static json_t *body_of(const struct ctl *c)
{
	struct rules *rules = rules_new();
	json_t *files = json_array();

	if (rules == NULL || !rules_read(rules, c->objects, c->n_objects)) {
		rules_free(&rules);
		json_decref(files);
		return NULL;
	}
	for (size_t i = 0; i < rules->n; i++) {
		const struct rules_pack *p = &rules->packs[i];

		if (p->path != NULL)
			json_array_append_new(files,
					json_pack("{s:s, s:s%}", "path", p->path, "text",
							(const char *)p->text.ptr, p->text.len));
	}
	rules_free(&rules);
	return json_pack("{s:o}", "files", files);
}

/* ---- orders */

/* Until order <number> is carried out; *ret_answer is what is in force then, and what became of it. */
static enum ctl_exit wait_for(const struct ctl *c, uint64_t number, json_t **ret_answer)
{
	const json_t *order;
	enum ctl_exit rc;

	for (;;) {
		rc = client_ask(c, "GET", "/v1/rules", ret_answer);
		if (rc != CTL_OK)
			return rc;
		order = json_object_get(*ret_answer, "order");
		if (ctl_u64(order, "number") != number ||
				strcmp(ctl_text(order, "state"), "running") != 0)
			break;
		json_decref(*ret_answer);
		*ret_answer = NULL;
		usleep(POLL_US);
	}
	if (ctl_u64(order, "number") != number) {
		fprintf(stderr, "sluicectl: another order followed: see sluicectl rules history\n");
		return CTL_REFUSED;
	}
	if (strcmp(ctl_text(order, "state"), "done") == 0)
		return CTL_OK;
	fprintf(stderr, "sluicectl: refused: the rules before stay in force\n");
	return CTL_REFUSED;
}

static enum ctl_exit order(
		const struct ctl *c, const char *target, const json_t *body, json_t **ret_answer)
{
	json_t *accepted = NULL;
	enum ctl_exit rc = client_send(c, target, body, &accepted);

	if (rc == CTL_OK)
		rc = wait_for(c, ctl_u64(accepted, "number"), ret_answer);
	json_decref(accepted);
	return rc;
}

enum ctl_exit rules_apply(const struct ctl *c, json_t **ret_answer)
{
	json_t *body = NULL;
	enum ctl_exit rc;

	if (c->n_objects > 0) {
		body = body_of(c);
		if (body == NULL)
			return CTL_REFUSED;
	}
	rc = order(c, c->dry_run ? "/v1/rules/apply?dry_run=yes" : "/v1/rules/apply", body,
			ret_answer);
	json_decref(body);
	return rc;
}

/* A hash, or its beginning: nothing else gets into a path. */
bool rules_is_hash(const char *text)
{
	const size_t n = strspn(text, "0123456789abcdef");

	return n >= 4 && n <= 64 && text[n] == '\0';
}

enum ctl_exit rules_rollback(const struct ctl *c, json_t **ret_answer)
{
	char target[128] = "/v1/rules/rollback";

	if (c->n_objects > 1 || (c->n_objects == 1 && !rules_is_hash(c->objects[0]))) {
		fprintf(stderr,
				"sluicectl: rules rollback takes a hash of sluicectl rules history, or 4 "
				"and more of its digits\n");
		return CTL_USAGE;
	}
	if (c->n_objects == 1)
		snprintf(target, sizeof(target), "/v1/rules/rollback?sha256=%s", c->objects[0]);
	return order(c, target, NULL, ret_answer);
}

/* ---- shown */

static const char *time_text(char text[TIME_MAX], uint64_t at_s)
{
	const time_t t = (time_t)at_s;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL || strftime(text, TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		text[0] = '\0';
	return text;
}

static void problems_show(const struct ctl *c, const json_t *order)
{
	const json_t *problems = json_object_get(order, "problems"), *p;
	const size_t n = json_array_size(problems);
	size_t i;

	json_array_foreach(problems, i, p)
	{
		const bool is_error = strcmp(ctl_text(p, "severity"), "error") == 0;

		fputs(ctl_text(p, "path"), c->out);
		if (ctl_u64(p, "line") > 0) /* else it is about no place in a file */
			fprintf(c->out, ":%u:%u", (unsigned)ctl_u64(p, "line"),
					(unsigned)ctl_u64(p, "column"));
		fprintf(c->out, ": %s%s\n", is_error ? "" : "warning: ", ctl_text(p, "text"));
	}
	if (ctl_u64(order, "n_problems") > n)
		fprintf(c->out, "and %u more\n", (unsigned)(ctl_u64(order, "n_problems") - n));
}

void rules_apply_show(const struct ctl *c, const json_t *answer)
{
	const json_t *order = json_object_get(answer, "order");

	problems_show(c, order);
	if (c->dry_run && strcmp(ctl_text(order, "state"), "done") == 0)
		fprintf(c->out, "they watch, ready after %u ms: see sluicectl rules shadow\n",
				(unsigned)ctl_u64(order, "took_ms"));
	else if (strcmp(ctl_text(order, "state"), "done") == 0)
		fprintf(c->out, "generation %u is in force: %.12s, ready after %u ms\n",
				(unsigned)ctl_u64(answer, "generation"), ctl_text(answer, "sha256"),
				(unsigned)ctl_u64(order, "took_ms"));
}

enum ctl_exit rules_in_force(const struct ctl *c, json_t **ret_answer)
{
	return client_ask(c, "GET", "/v1/rules", ret_answer);
}

void rules_in_force_show(const struct ctl *c, const json_t *answer)
{
	static const struct column columns[] = {
		{ .title = "TARGET", .is_left = true },
		{ .title = "HASH", .is_left = true },
		{ .title = "PACKS", .is_left = true },
	};
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *target, *pack;
	char text[TIME_MAX];
	size_t i, k;

	if (t == NULL)
		return;
	fprintf(c->out, "generation %u: %.12s since %s, uid %lld, %s\n\n",
			(unsigned)ctl_u64(answer, "generation"), ctl_text(answer, "sha256"),
			time_text(text, ctl_u64(answer, "at")),
			(long long)json_integer_value(json_object_get(answer, "uid")),
			ctl_text(answer, "how"));
	json_array_foreach(json_object_get(answer, "targets"), i, target)
	{
		char packs[256] = "";
		size_t n = 0;

		json_array_foreach(json_object_get(target, "packs"), k, pack)
		{
			if (n < sizeof(packs))
				n += (size_t)snprintf(packs + n, sizeof(packs) - n, "%s%s",
						k == 0 ? "" : ", ", json_string_value(pack));
		}
		table_cell(t, STYLE_PLAIN, "%s", ctl_text(target, "name"));
		table_cell(t, STYLE_PLAIN, "%.12s", ctl_text(target, "hash"));
		table_cell(t, STYLE_PLAIN, "%s", packs);
	}
	table_print(t, c->out, c->width, c->colour);
	table_free(&t);
}

enum ctl_exit rules_history(const struct ctl *c, json_t **ret_answer)
{
	return client_ask(c, "GET", "/v1/rules/history", ret_answer);
}

void rules_history_show(const struct ctl *c, const json_t *answer)
{
	static const struct column columns[] = {
		{ .title = "HASH", .is_left = true },
		{ .title = "APPLIED", .is_left = true },
		{ .title = "UID" },
		{ .title = "HOW", .is_left = true },
	};
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *one;
	char text[TIME_MAX];
	size_t i;

	if (t == NULL)
		return;
	json_array_foreach(json_object_get(answer, "applied"), i, one)
	{
		table_cell(t, STYLE_PLAIN, "%.12s", ctl_text(one, "sha256"));
		table_cell(t, STYLE_PLAIN, "%s", time_text(text, ctl_u64(one, "at")));
		table_cell(t, STYLE_PLAIN, "%lld",
				(long long)json_integer_value(json_object_get(one, "uid")));
		table_cell(t, i == 0 ? STYLE_GOOD : STYLE_PLAIN, "%s%s", ctl_text(one, "how"),
				i == 0 ? ", in force" : "");
	}
	table_print(t, c->out, c->width, c->colour);
	table_free(&t);
}

enum ctl_exit rules_hits(const struct ctl *c, json_t **ret_answer)
{
	return client_ask(c, "GET", "/v1/rules/hits", ret_answer);
}

static int more_first(const void *a, const void *b)
{
	const uint64_t x = ctl_u64(*(json_t *const *)a, "hits"),
		       y = ctl_u64(*(json_t *const *)b, "hits");

	return (x < y) - (x > y);
}

/* Those that have, the most first. */
static size_t hits_sorted(const json_t *list, json_t **ret)
{
	json_t *one;
	size_t i, n = 0;

	json_array_foreach(list, i, one)
	{
		if (ctl_u64(one, "hits") > 0)
			ret[n++] = one;
	}
	qsort(ret, n, sizeof(*ret), more_first);
	return n;
}

static void hits_table(const struct ctl *c, json_t *const *hits, size_t n)
{
	static const struct column columns[] = {
		{ .title = "TARGET", .is_left = true },
		{ .title = "RULE", .is_left = true },
		{ .title = "VERDICT", .is_left = true },
		{ .title = "HITS" },
	};
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; t != NULL && i < n; i++) {
		table_cell(t, STYLE_PLAIN, "%s", ctl_text(hits[i], "target"));
		table_cell(t, STYLE_PLAIN, "%s/%s", ctl_text(hits[i], "pack"),
				ctl_text(hits[i], "rule"));
		table_cell(t, STYLE_PLAIN, "%s", ctl_text(hits[i], "verdict"));
		table_cell(t, STYLE_PLAIN, "%llu", (unsigned long long)ctl_u64(hits[i], "hits"));
	}
	if (t != NULL && n > 0)
		table_print(t, c->out, c->width, c->colour);
	table_free(&t);
}

void rules_hits_show(const struct ctl *c, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "rules");
	const size_t n_all = json_array_size(list);
	json_t **hits = calloc(n_all + 1, sizeof(json_t *));
	const size_t n = hits == NULL ? 0 : hits_sorted(list, hits);

	if (hits != NULL)
		hits_table(c, hits, n);
	fprintf(c->out, "%s%zu of %zu rules never decided; -o json lists them\n", n > 0 ? "\n" : "",
			n_all - n, n_all);
	free(hits);
}

/* ---- rules that only watch */

enum ctl_exit rules_shadow(const struct ctl *c, json_t **ret_answer)
{
	return c->stop ? order(c, "/v1/rules/shadow/stop", NULL, ret_answer)
		       : client_ask(c, "GET", "/v1/rules/shadow", ret_answer);
}

static void shadow_target_show(const struct ctl *c, const json_t *target)
{
	const json_t *one;
	size_t i;

	fprintf(c->out, "\n%s\n", ctl_text(target, "target"));
	json_array_foreach(json_object_get(target, "commands"), i, one)
	{
		if (ctl_u64(one, "commands") > 0)
			fprintf(c->out, "  %-5s -> %-5s  %llu\n", ctl_text(one, "in_force"),
					ctl_text(one, "shadow"),
					(unsigned long long)ctl_u64(one, "commands"));
	}
	json_array_foreach(json_object_get(target, "rules"), i, one) fprintf(c->out,
			"  by %s/%s: %llu\n", ctl_text(one, "pack"), ctl_text(one, "rule"),
			(unsigned long long)ctl_u64(one, "hits"));
	json_array_foreach(json_object_get(target, "examples"), i, one) fprintf(c->out,
			"  %s -> %s by %s: %s\n", ctl_text(one, "in_force"),
			ctl_text(one, "shadow"), ctl_text(one, "rule"), ctl_text(one, "text"));
}

void rules_shadow_show(const struct ctl *c, const json_t *answer)
{
	const json_t *target;
	char text[TIME_MAX];
	size_t i;

	if (c->stop)
		return;
	fprintf(c->out, "%.12s watches since %s; commands by verdict in force -> then\n",
			ctl_text(answer, "sha256"), time_text(text, ctl_u64(answer, "at")));
	json_array_foreach(json_object_get(answer, "targets"), i, target)
			shadow_target_show(c, target);
}
