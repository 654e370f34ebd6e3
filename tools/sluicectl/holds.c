/* SPDX-License-Identifier: Apache-2.0
 * sluicectl holds: commands that wait, unsent, for a decision. */
#include "tools/sluicectl/client.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <stdlib.h>
#include <string.h>

static enum ctl_exit fetch_list(const struct ctl *c, json_t **ret_answer)
{
	return client_ask_pages(c, "/v1/holds", "holds", ret_answer);
}

static const struct column columns[] = {
	{ .title = "ID", .is_left = true },
	{ .title = "ACTOR", .is_left = true, .is_elastic = true },
	{ .title = "TARGET", .is_left = true },
	{ .title = "RULE", .is_left = true },
	{ .title = "AGE" },
	{ .title = "BYTES", .spare = 3 },
	{ .title = "PARAMETERS", .spare = 4 },
	{ .title = "ROWS", .spare = 1 },
	{ .title = "TABLES", .is_left = true, .is_elastic = true, .spare = 1 },
	{ .title = "REASON", .is_left = true, .spare = 2 },
	{ .title = "COMMAND", .is_left = true, .is_last = true },
};

/* What the database's planner makes of it: its guess of rows, and the tables that it touches. */
static void plan_cells(struct table *t, const json_t *plan)
{
	const json_t *tables = json_object_get(plan, "tables"), *name;
	char text[UNITS_MAX], list[256] = "";
	size_t i, n = 0;

	if (!json_is_object(plan) || tables == NULL) {
		table_cell(t, STYLE_PLAIN, "%s", "?");
		table_cell(t, STYLE_PLAIN, "%s", tables == NULL ? ctl_text(plan, "error") : "");
		return;
	}
	table_cell(t, STYLE_WARN, "~%s",
			units_count(text,
					(uint64_t)json_number_value(
							json_object_get(plan, "rows"))));
	json_array_foreach(tables, i, name)
	{
		const int got = snprintf(list + n, sizeof(list) - n, "%s%s", i > 0 ? ", " : "",
				json_string_value(name));

		n += got > 0 && (size_t)got < sizeof(list) - n ? (size_t)got : 0;
	}
	table_cell(t, STYLE_PLAIN, "%s%s", list,
			ctl_u64(plan, "n_tables") > json_array_size(tables) ? " ..." : "");
}

static void hold_row(struct table *t, const json_t *h)
{
	char text[UNITS_MAX];

	table_cell(t, STYLE_PLAIN, "%s", ctl_text(h, "id"));
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(h, "sub"));
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(h, "target"));
	table_cell(t, STYLE_WARN, "%s", ctl_text(h, "rule"));
	table_cell(t, STYLE_PLAIN, "%s", units_duration_ms(text, ctl_u64(h, "age_ms")));
	table_cell(t, STYLE_PLAIN, "%s", units_bytes(text, ctl_u64(h, "text_bytes")));
	table_cell(t, STYLE_PLAIN, "%s", units_count(text, ctl_u64(h, "parameters")));
	plan_cells(t, json_object_get(h, "plan"));
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(h, "reason"));
	table_cell(t, STYLE_PLAIN, "%s%s", ctl_text(h, "text"),
			ctl_true(h, "text_cut") ? " ..." : "");
}

static void show_list(const struct ctl *c, const json_t *answer)
{
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *list = json_object_get(answer, "holds");
	const size_t n = json_array_size(list);
	char text[UNITS_MAX];

	if (t == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		hold_row(t, json_array_get(list, i));
	table_print(t, c->out, c->width, c->colour);
	fprintf(c->out, "\n%s hold%s\n", units_count(text, n), n == 1 ? "" : "s");
	table_free(&t);
}

/* SESSION/COMMAND, so that nothing else gets into the path. */
static bool is_id(const char *id)
{
	size_t digits;

	if (ctl_is_hex(id) && id[16] == '/') {
		digits = strspn(id + 17, "0123456789");
		if (digits > 0 && digits <= 20 && id[17 + digits] == '\0')
			return true;
	}
	fprintf(stderr, "sluicectl: '%s' is no hold's id: see the column ID of sluicectl holds list\n",
			id);
	return false;
}

static enum ctl_exit decide(const struct ctl *c, const char *what, json_t **ret_answer)
{
	char *reason = client_escape(c->reason == NULL ? "" : c->reason), target[1024];
	enum ctl_exit rc = CTL_USAGE;

	if (!is_id(c->object)) {
		free(reason);
		return rc;
	}
	if (reason == NULL ||
			(size_t)snprintf(target, sizeof(target), "/v1/holds/%s/%s%s%s", c->object,
					what, reason[0] == '\0' ? "" : "?reason=", reason) >=
					sizeof(target))
		fprintf(stderr, "sluicectl: the reason is too long\n");
	else
		rc = client_ask(c, "POST", target, ret_answer);
	free(reason);
	return rc;
}

static enum ctl_exit fetch_allow(const struct ctl *c, json_t **ret_answer)
{
	return decide(c, "allow", ret_answer);
}

static enum ctl_exit fetch_deny(const struct ctl *c, json_t **ret_answer)
{
	return decide(c, "deny", ret_answer);
}

static const char *set_reason(struct ctl *c, const char *value)
{
	c->reason = value;
	return NULL;
}

static const struct ctl_option options[] = {
	{ "reason", "TEXT", "why: for the log, and for the client when it is denied", set_reason },
	{ NULL, NULL, NULL, NULL },
};

static const struct ctl_action actions[] = {
	{ .name = "list", .fetch = fetch_list, .show = show_list },
	{ .name = "allow", .object = "a hold's ID", .runs_once = true, .fetch = fetch_allow },
	{ .name = "deny", .object = "a hold's ID", .runs_once = true, .fetch = fetch_deny },
	{ .name = NULL },
};

const struct ctl_verb ctl_holds = {
	.name = "holds",
	.summary = "commands that wait for a decision: list, allow, deny",
	.argument = "list|allow ID|deny ID",
	.about = "list: each command that a rule holds, with who asks for it and its text; ROWS and\n"
		 "TABLES are the database's own guess of what it would touch (? : not known).\n"
		 "What a terminal would obey is shown as an escape (\\x1B); -o json has the\n"
		 "text as far as it is shown to anybody, 4,096 bytes.\n"
		 "allow ID, deny ID: decides it. Says nothing when it is done; a hold that was\n"
		 "decided, or that nobody waits for any more, is an error.",
	.options = options,
	.actions = actions,
};
