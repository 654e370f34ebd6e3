/* SPDX-License-Identifier: Apache-2.0
 * sluicectl flows: the connections, one a line. */
#include "tools/sluicectl/client.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 1000 };

/* Sorting. */

static uint64_t of_sides(const json_t *flow, const char *key)
{
	return ctl_u64(json_object_get(flow, "agent"), key) +
			ctl_u64(json_object_get(flow, "prod"), key);
}

static uint64_t by_bytes(const json_t *flow)
{
	return of_sides(flow, "tx_bytes");
}

static uint64_t by_age(const json_t *flow)
{
	return ctl_u64(flow, "age_ms");
}

static uint64_t by_retransmits(const json_t *flow)
{
	return of_sides(flow, "retransmits");
}

static uint64_t by_queued(const json_t *flow)
{
	return of_sides(flow, "in_bytes") + of_sides(flow, "out_bytes");
}

static const struct {
	const char *name;
	uint64_t (*value)(const json_t *flow);
} orders[] = {
	{ "bytes", by_bytes },
	{ "age", by_age },
	{ "retransmits", by_retransmits },
	{ "queued", by_queued },
};

enum { N_ORDERS = sizeof(orders) / sizeof(orders[0]) };

struct ranked {
	uint64_t value;
	json_t *flow; /* borrowed */
	size_t index; /* keeps the daemon's order among equals */
};

static int ranked_compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* Sorts the flows, largest first, keeps as many as are wanted, and says how many there were. */
static void order(const struct ctl *c, json_t *answer)
{
	const json_t *flows = json_object_get(answer, "flows");
	size_t n = json_array_size(flows), n_kept = n, o = 0;
	struct ranked *all = calloc(n + 1, sizeof(all[0]));
	json_t *sorted = json_array();

	if (c->limit != 0 && c->limit < n)
		n_kept = c->limit;
	while (c->sort != NULL && o + 1 < N_ORDERS && strcmp(orders[o].name, c->sort) != 0)
		o++;
	for (size_t i = 0; all != NULL && i < n; i++) {
		json_t *flow = json_array_get(flows, i);

		all[i] = (struct ranked){ orders[o].value(flow), flow, i };
	}
	if (all != NULL)
		qsort(all, n, sizeof(all[0]), ranked_compare);
	for (size_t i = 0; all != NULL && i < n_kept; i++)
		json_array_append(sorted, all[i].flow);
	json_object_set_new(answer, "flows", sorted);
	json_object_set_new(answer, "total", json_integer((json_int_t)n));
	free(all);
}

/* Fetching: pages until the end, or until there are enough. */

static enum ctl_exit page(const struct ctl *c, const char *filter, const char *cursor, json_t **ret)
{
	char target[768];

	snprintf(target, sizeof(target), "/v1/flows?limit=%d%s%s%s", PAGE, filter,
			cursor[0] == '\0' ? "" : "&cursor=", cursor);
	return client_ask(c, "GET", target, ret);
}

static bool filter_add(char *filter, size_t size, const char *key, const char *value)
{
	size_t used = strlen(filter);
	char *escaped;
	bool fits;

	if (value == NULL)
		return true;
	escaped = client_escape(value);
	fits = escaped != NULL &&
			(size_t)snprintf(filter + used, size - used, "&%s=%s", key, escaped) <
					size - used;
	free(escaped);
	return fits;
}

static enum ctl_exit fetch(const struct ctl *c, json_t **ret_answer)
{
	json_t *all = json_object(), *flows = json_array(), *answer = NULL;
	char filter[512] = "", cursor[64] = "";
	enum ctl_exit rc = CTL_OK;

	json_object_set_new(all, "flows", flows);
	if (!filter_add(filter, sizeof(filter), "target", c->target) ||
			!filter_add(filter, sizeof(filter), "mode", c->mode)) {
		fprintf(stderr, "sluicectl: the name of the target or mode is too long\n");
		rc = CTL_USAGE;
	}
	while (rc == CTL_OK) {
		rc = page(c, filter, cursor, &answer);
		if (rc != CTL_OK)
			break;
		json_array_extend(flows, json_object_get(answer, "flows"));
		snprintf(cursor, sizeof(cursor), "%s", ctl_text(answer, "next"));
		json_decref(answer);
		if (strcmp(cursor, "-") == 0)
			break;
	}
	if (rc == CTL_OK) {
		order(c, all);
		*ret_answer = all;
	} else {
		json_decref(all);
	}
	return rc;
}

/* Showing. */

static const struct column columns[] = {
	{ .title = "AGENT", .is_left = true, .is_elastic = true },
	{ .title = "PROD", .is_left = true, .is_elastic = true },
	{ .title = "TARGET", .is_left = true, .spare = 1 },
	{ .title = "MODE", .is_left = true, .spare = 4 },
	{ .title = "STATE", .is_left = true, .spare = 1 },
	{ .title = "TO PROD" },
	{ .title = "TO AGENT" },
	{ .title = "RTT PROD", .spare = 6 },
	{ .title = "RTT AGENT", .spare = 6 },
	{ .title = "RETX", .spare = 2 },
	{ .title = "QUEUED", .spare = 3 },
	{ .title = "AGE", .spare = 2 },
	{ .title = "IDLE", .spare = 7 },
	{ .title = "ID", .spare = 5 },
};

static void endpoint_cell(struct table *t, const json_t *side)
{
	const char *address = ctl_text(side, "address");
	uint64_t port = ctl_u64(side, "port");

	if (strchr(address, ':') != NULL)
		table_cell(t, STYLE_PLAIN, "[%s]:%" PRIu64, address, port);
	else
		table_cell(t, STYLE_PLAIN, "%s:%" PRIu64, address, port);
}

static void state_cell(struct table *t, const json_t *flow)
{
	const bool held = ctl_true(json_object_get(flow, "agent"), "held") ||
			ctl_true(json_object_get(flow, "prod"), "held");

	if (held)
		table_cell(t, STYLE_WARN, "%s, held", ctl_text(flow, "state"));
	else
		table_cell(t, STYLE_PLAIN, "%s", ctl_text(flow, "state"));
}

static void flow_row(struct table *t, const json_t *flow)
{
	const json_t *agent = json_object_get(flow, "agent"), *prod = json_object_get(flow, "prod");
	uint64_t retransmits = by_retransmits(flow);
	char text[UNITS_MAX];

	endpoint_cell(t, agent);
	endpoint_cell(t, prod);
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(flow, "target"));
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(flow, "mode"));
	state_cell(t, flow);
	table_cell(t, STYLE_PLAIN, "%s", units_bytes(text, ctl_u64(prod, "tx_bytes")));
	table_cell(t, STYLE_PLAIN, "%s", units_bytes(text, ctl_u64(agent, "tx_bytes")));
	table_cell(t, STYLE_PLAIN, "%s", units_us(text, ctl_u64(prod, "srtt_us")));
	table_cell(t, STYLE_PLAIN, "%s", units_us(text, ctl_u64(agent, "srtt_us")));
	table_cell(t, retransmits == 0 ? STYLE_PLAIN : STYLE_WARN, "%s",
			units_count(text, retransmits));
	table_cell(t, STYLE_PLAIN, "%s", units_bytes(text, by_queued(flow)));
	table_cell(t, STYLE_PLAIN, "%s", units_duration_ms(text, ctl_u64(flow, "age_ms")));
	table_cell(t, STYLE_PLAIN, "%s", units_duration_ms(text, ctl_u64(flow, "idle_ms")));
	table_cell(t, STYLE_DIM, "%s", ctl_text(flow, "id"));
}

static void show(const struct ctl *c, const json_t *answer)
{
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *flows = json_object_get(answer, "flows"), *flow;
	uint64_t total = ctl_u64(answer, "total");
	char text[UNITS_MAX];
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < json_array_size(flows); i++) {
		flow = json_array_get(flows, i);
		flow_row(t, flow);
	}
	table_print(t, c->out, c->width, c->colour);
	if (json_array_size(flows) < total)
		fprintf(c->out, "\n%zu of %s flows\n", json_array_size(flows),
				units_count(text, total));
	else
		fprintf(c->out, "\n%s flow%s\n", units_count(text, total), total == 1 ? "" : "s");
	table_free(&t);
}

/* Options. */

static const char *set_target(struct ctl *c, const char *value)
{
	c->target = value;
	return NULL;
}

static const char *set_mode(struct ctl *c, const char *value)
{
	c->mode = value;
	return NULL;
}

static const char *set_sort(struct ctl *c, const char *value)
{
	for (size_t i = 0; i < N_ORDERS; i++) {
		if (strcmp(orders[i].name, value) == 0) {
			c->sort = value;
			return NULL;
		}
	}
	return "is one of bytes, age, retransmits, queued";
}

static const char *set_limit(struct ctl *c, const char *value)
{
	return ctl_number(value, 1, UINT32_MAX, &c->limit) ? NULL : "takes a number from 1";
}

static const struct ctl_option options[] = {
	{ "target", "NAME", "flows to this target; '-': to what is no target", set_target },
	{ "mode", "MODE", "wire, xlate, relay, drain or deny", set_mode },
	{ "sort", "KEY", "bytes (default), age, retransmits or queued, largest first", set_sort },
	{ "limit", "N", "shows the first N", set_limit },
	{ NULL, NULL, NULL, NULL },
};

const struct ctl_verb ctl_flows = {
	.name = "flows",
	.summary = "the connections that cross it",
	.about = "Each connection with its two endpoints, target, mode and state; the\n"
		 "payload delivered to each side, each side's round trip, retransmissions\n"
		 "and queued bytes (both sides together), its age, how long it has been\n"
		 "idle, and the id by which it can be killed. What does not fit the terminal\n"
		 "is left out and named below; -o json has everything.",
	.options = options,
	.fetch = fetch,
	.show = show,
};
