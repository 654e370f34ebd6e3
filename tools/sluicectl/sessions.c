/* SPDX-License-Identifier: Apache-2.0
 * sluicectl sessions: who is on which target. */
#include "tools/sluicectl/client.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static enum ctl_exit fetch_list(const struct ctl *c, json_t **ret_answer)
{
	return client_ask_pages(c, "/v1/sessions", "sessions", ret_answer);
}

static const struct column columns[] = {
	{ .title = "ID", .is_left = true },
	{ .title = "STATE", .is_left = true },
	{ .title = "ACTOR", .is_left = true, .is_elastic = true },
	{ .title = "ISSUER", .is_left = true, .spare = 5 },
	{ .title = "TARGET", .is_left = true },
	{ .title = "USER", .is_left = true, .is_elastic = true, .spare = 3 },
	{ .title = "DATABASE", .is_left = true, .is_elastic = true, .spare = 2 },
	{ .title = "AGENT", .is_left = true, .is_elastic = true, .spare = 1 },
	{ .title = "AGE" },
	{ .title = "JUDGED", .spare = 6 },
	{ .title = "DENIED", .spare = 4 },
	{ .title = "HELD" },
};

static enum style state_style(const char *state)
{
	if (strcmp(state, "ready") == 0)
		return STYLE_GOOD;
	return strcmp(state, "ending") == 0 ? STYLE_BAD : STYLE_WARN;
}

static void count_cell(struct table *t, const json_t *session, const char *key)
{
	const uint64_t n = ctl_u64(session, key);
	char text[UNITS_MAX];

	table_cell(t, n == 0 ? STYLE_PLAIN : STYLE_WARN, "%s", units_count(text, n));
}

static void session_row(struct table *t, const json_t *s)
{
	const char *state = ctl_text(s, "state");
	char text[UNITS_MAX], endpoint[CTL_ENDPOINT_MAX];

	table_cell(t, STYLE_PLAIN, "%s", ctl_text(s, "id"));
	table_cell(t, state_style(state), "%s", state);
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(s, "sub"));
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(s, "issuer"));
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(s, "target"));
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(s, "user"));
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(s, "database"));
	table_cell(t, STYLE_PLAIN, "%s", ctl_endpoint(endpoint, json_object_get(s, "agent")));
	table_cell(t, STYLE_PLAIN, "%s", units_duration_ms(text, ctl_u64(s, "age_ms")));
	table_cell(t, STYLE_PLAIN, "%s", units_count(text, ctl_u64(s, "judged")));
	count_cell(t, s, "denied");
	count_cell(t, s, "holds");
}

static void show_list(const struct ctl *c, const json_t *answer)
{
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *list = json_object_get(answer, "sessions");
	const size_t n = json_array_size(list);
	char text[UNITS_MAX];

	if (t == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		session_row(t, json_array_get(list, i));
	table_print(t, c->out, c->width, c->colour);
	fprintf(c->out, "\n%s session%s\n", units_count(text, n), n == 1 ? "" : "s");
	table_free(&t);
}

/* One of them. */

static bool is_id(const char *id)
{
	if (ctl_is_hex(id) && id[16] == '\0')
		return true;
	fprintf(stderr,
			"sluicectl: '%s' is no session's id: see the column ID of sluicectl sessions "
			"list\n",
			id);
	return false;
}

static enum ctl_exit ask(const struct ctl *c, const char *method, const char *end, json_t **ret)
{
	char target[64];

	if (!is_id(c->object))
		return CTL_USAGE;
	snprintf(target, sizeof(target), "/v1/sessions/%s%s", c->object, end);
	return client_ask(c, method, target, ret);
}

static enum ctl_exit fetch_one(const struct ctl *c, json_t **ret_answer)
{
	return ask(c, "GET", "", ret_answer);
}

static enum ctl_exit fetch_kill(const struct ctl *c, json_t **ret_answer)
{
	return ask(c, "POST", "/kill", ret_answer);
}

static void line(const struct ctl *c, const char *name, const char *value)
{
	if (value[0] != '\0')
		fprintf(c->out, "%-12s %s\n", name, value);
}

static void line_of(const struct ctl *c, const json_t *s, const char *name, const char *key)
{
	line(c, name, ctl_text(s, key));
}

static void until_line(const struct ctl *c, const json_t *s)
{
	const time_t until = (time_t)ctl_u64(s, "until");
	struct tm local;
	char text[64];

	localtime_r(&until, &local);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &local);
	line(c, "until", text);
}

/* What the token says besides, as JSON in ASCII: names in it are the issuer's. */
static void member_line(const struct ctl *c, const json_t *s, const char *name)
{
	const json_t *list = json_object_get(json_object_get(s, "actor"), name);
	char *text;

	if (json_array_size(list) == 0)
		return;
	text = json_dumps(list, JSON_ENSURE_ASCII);
	line(c, name, text == NULL ? "-" : text);
	free(text);
}

static void show_one(const struct ctl *c, const json_t *s)
{
	char text[UNITS_MAX], endpoint[CTL_ENDPOINT_MAX];

	line_of(c, s, "session", "id");
	line_of(c, s, "state", "state");
	if (json_object_get(s, "why") != NULL)
		line_of(c, s, "why", "why");
	line_of(c, s, "actor", "sub");
	line_of(c, s, "issuer", "issuer");
	line_of(c, s, "acting", "acting");
	line_of(c, s, "client", "client_id");
	line_of(c, s, "token", "jti");
	member_line(c, s, "groups");
	member_line(c, s, "act");
	until_line(c, s);
	line_of(c, s, "target", "target");
	line_of(c, s, "user", "user");
	line_of(c, s, "database", "database");
	line_of(c, s, "application", "application");
	line(c, "agent", ctl_endpoint(endpoint, json_object_get(s, "agent")));
	line(c, "agent TLS", ctl_true(s, "agent_tls") ? "yes" : "no");
	line(c, "prod", ctl_endpoint(endpoint, json_object_get(s, "prod")));
	line(c, "age", units_duration_ms(text, ctl_u64(s, "age_ms")));
	line(c, "judged", units_count(text, ctl_u64(s, "judged")));
	line(c, "denied", units_count(text, ctl_u64(s, "denied")));
	line(c, "held", units_count(text, ctl_u64(s, "holds")));
}

static const struct ctl_action actions[] = {
	{ .name = "list", .fetch = fetch_list, .show = show_list },
	{ .name = "show", .object = "a session's ID", .fetch = fetch_one, .show = show_one },
	{ .name = "kill", .object = "a session's ID", .runs_once = true, .fetch = fetch_kill },
	{ .name = NULL },
};

const struct ctl_verb ctl_sessions = {
	.name = "sessions",
	.summary = "who is on which target: list, show, kill",
	.argument = "list|show ID|kill ID",
	.about = "list: each session whose client is known: its actor, the target, the user and\n"
		 "database it asked for, how many of its commands met a rule (JUDGED), were\n"
		 "denied by one, and are held now.\n"
		 "show ID: all that is known of one, and of its actor.\n"
		 "kill ID: ends it; the client is told so. Says nothing when it is done.",
	.actions = actions,
};
