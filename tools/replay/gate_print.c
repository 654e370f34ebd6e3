/* SPDX-License-Identifier: Apache-2.0
 * What was judged. */
#include "tools/replay/gate.h"
#include "tools/text/table.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const end_names[SESSION_ENDS] = {
	[SESSION_CLOSED] = "closed",
	[SESSION_NOT_STARTED] = "not started",
	[SESSION_REFUSED] = "refused",
	[SESSION_LOGIN] = "not let in",
	[SESSION_PROTOCOL] = "protocol broken",
	[SESSION_LIMIT] = "limit",
	[SESSION_EXPIRED] = "expired",
	[SESSION_REVOKED] = "revoked",
	[SESSION_KILLED] = "killed",
};

static const char *end_of(const struct played *p)
{
	if (!p->is_played)
		return "not read";
	return p->stub.is_gone ? end_names[p->stub.why] : "open";
}

static const char *verdict_of(const struct judged *j)
{
	if (j->verdict == TICKET_HOLD)
		return j->is_sent ? "hold, allowed" : "hold, denied";
	return j->verdict == TICKET_DENY ? "deny" : "allow";
}

/* Denials, by rules and decisions, and by the gate itself: limits, texts that can be read in two ways. */
static uint32_t by_rule(const struct played *p)
{
	uint32_t n = 0;

	for (size_t i = 0; i < p->stub.n; i++)
		n += !p->stub.judged[i].is_sent;
	return n;
}

static uint32_t by_itself(const struct played *p)
{
	const uint32_t n = by_rule(p);

	return p->stub.n_denied > n ? p->stub.n_denied - n : 0;
}

bool gate_is_unreadable(const struct gate *g)
{
	char end[ENDPOINT_MAX];
	bool is = false;

	for (size_t i = 0; i < g->n; i++) {
		const struct played *p = &g->all[i];

		if (p->unreadable == NULL || p->is_foreign)
			continue;
		is = true;
		fprintf(stderr, "replay: %s: %s\n", endpoint(end, &p->of->key, SIDE_AGENT),
				p->unreadable);
	}
	return is;
}

/* For people. */

static const struct column session_columns[] = {
	{ .title = "AGENT", .is_left = true, .is_elastic = true },
	{ .title = "PROD", .is_left = true, .is_elastic = true },
	{ .title = "USER", .is_left = true, .spare = 2 },
	{ .title = "DATABASE", .is_left = true, .spare = 2 },
	{ .title = "COMMANDS" },
	{ .title = "DENIED" },
	{ .title = "BY ITSELF", .spare = 3 },
	{ .title = "UNSAID", .spare = 1 },
	{ .title = "NOTICED", .is_left = true },
	{ .title = "END", .is_left = true },
	{ .title = "WHY", .is_left = true, .is_last = true, .spare = 1 },
};

static const struct column command_columns[] = {
	{ .title = "AGENT", .is_left = true, .is_elastic = true, .spare = 2 },
	{ .title = "NUMBER" },
	{ .title = "VERDICT", .is_left = true },
	{ .title = "RULE", .is_left = true },
	{ .title = "COMMAND", .is_left = true, .is_last = true },
};

static void session_row(struct table *t, const struct played *p)
{
	char end[ENDPOINT_MAX];

	table_cell(t, STYLE_PLAIN, "%s", endpoint(end, &p->of->key, SIDE_AGENT));
	table_cell(t, STYLE_PLAIN, "%s", endpoint(end, &p->of->key, SIDE_PROD));
	table_cell(t, STYLE_PLAIN, "%s", p->user);
	table_cell(t, STYLE_PLAIN, "%s", p->database);
	table_cell(t, STYLE_PLAIN, "%zu", p->stub.n);
	table_cell(t, by_rule(p) > 0 ? STYLE_WARN : STYLE_PLAIN, "%u", by_rule(p));
	table_cell(t, STYLE_PLAIN, "%u", by_itself(p));
	table_cell(t, STYLE_PLAIN, "%u", p->n_unsaid);
	table_cell(t, STYLE_PLAIN, "%s", !p->is_played ? "-" : p->is_unnoticed ? "no" : "yes");
	table_cell(t, p->unreadable != NULL ? STYLE_BAD : STYLE_PLAIN, "%s", end_of(p));
	table_cell(t, STYLE_DIM, "%s", p->unreadable != NULL ? p->unreadable : p->stub.detail);
}

static void command_rows(struct table *t, const struct played *p)
{
	char end[ENDPOINT_MAX];

	for (size_t i = 0; i < p->stub.n; i++) {
		const struct judged *j = &p->stub.judged[i];

		table_cell(t, STYLE_PLAIN, "%s", endpoint(end, &p->of->key, SIDE_AGENT));
		table_cell(t, STYLE_PLAIN, "%" PRIu64, j->command);
		table_cell(t, j->is_sent ? STYLE_PLAIN : STYLE_WARN, "%s", verdict_of(j));
		table_cell(t, STYLE_PLAIN, "%s", j->rule);
		table_cell(t, STYLE_DIM, "%s", j->text);
	}
}

void gate_print_table(const struct gate *g, struct screen s)
{
	struct table *sessions = table_new(session_columns, 11);
	struct table *commands = table_new(command_columns, 5);
	size_t n = 0, n_foreign = 0;

	for (size_t i = 0; sessions != NULL && commands != NULL && i < g->n; i++) {
		n_foreign += g->all[i].is_foreign;
		if (g->all[i].is_foreign)
			continue;
		session_row(sessions, &g->all[i]);
		command_rows(commands, &g->all[i]);
		n++;
	}
	printf("\n");
	title_print(stdout, s.colour, "PostgreSQL");
	if (n > 0)
		table_print(sessions, stdout, s.width, s.colour);
	printf("%zu connections; %zu of other protocols\n", n, n_foreign);
	if (commands != NULL && table_rows(commands) > 0) {
		printf("\n");
		title_print(stdout, s.colour, "Commands");
		table_print(commands, stdout, s.width, s.colour);
	}
	table_free(&sessions);
	table_free(&commands);
}

/* For programs. */

static json_t *text_json(const char *text)
{
	return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *commands_json(const struct played *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->stub.n; i++) {
		const struct judged *j = &p->stub.judged[i];
		json_t *o = json_object();

		json_object_set_new(o, "command", json_integer((json_int_t)j->command));
		json_object_set_new(o, "verdict",
				json_string(j->verdict == TICKET_HOLD ? "hold"
								: j->verdict == TICKET_DENY
								? "deny"
								: "allow"));
		json_object_set_new(o, "sent", json_boolean(j->is_sent));
		json_object_set_new(o, "rule", text_json(j->rule));
		json_object_set_new(o, "text", json_string(j->text));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *session_json(const struct played *p)
{
	json_t *o = json_object();
	char end[ENDPOINT_MAX];

	json_object_set_new(o, "agent", json_string(endpoint(end, &p->of->key, SIDE_AGENT)));
	json_object_set_new(o, "prod", json_string(endpoint(end, &p->of->key, SIDE_PROD)));
	json_object_set_new(o, "user", text_json(p->user));
	json_object_set_new(o, "database", text_json(p->database));
	json_object_set_new(o, "is_cancel", json_boolean(p->is_cancel));
	json_object_set_new(o, "unreadable", text_json(p->unreadable));
	json_object_set_new(o, "played", json_boolean(p->is_played));
	json_object_set_new(o, "end", json_string(end_of(p)));
	json_object_set_new(o, "detail", text_json(p->stub.detail));
	json_object_set_new(o, "last_error", text_json(p->error));
	json_object_set_new(o, "unnoticed", json_boolean(p->is_unnoticed));
	json_object_set_new(o, "said", json_integer(p->n_said));
	json_object_set_new(o, "unsaid", json_integer(p->n_unsaid));
	json_object_set_new(o, "denied", json_integer(by_rule(p)));
	json_object_set_new(o, "denied_by_itself", json_integer(by_itself(p)));
	json_object_set_new(o, "commands", commands_json(p));
	return o;
}

json_t *gate_json(const struct gate *g)
{
	json_t *o = json_object(), *sessions = json_array();
	json_int_t n_foreign = 0;

	for (size_t i = 0; i < g->n; i++) {
		n_foreign += g->all[i].is_foreign;
		if (!g->all[i].is_foreign)
			json_array_append_new(sessions, session_json(&g->all[i]));
	}
	json_object_set_new(o, "sessions", sessions);
	json_object_set_new(o, "other_protocols", json_integer(n_foreign));
	return o;
}
