/* SPDX-License-Identifier: Apache-2.0
 * sluicectl stats: every counter, and why frames were dropped. */
#include "tools/sluicectl/client.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 32, WORKERS_SHOWN = 16 };

static enum ctl_exit fetch(const struct ctl *c, json_t **ret_answer)
{
	return client_ask(c, "GET", "/v1/stats", ret_answer);
}

/* One list of the answer as a table. */
struct section {
	const char *title, *key;
	const char *first; /* title of its first column */
	bool has_severity;
};

static const struct section sections[] = {
	{ "Traffic", "stats", "COUNTER", false },
	{ "Dropped", "drops", "REASON", true },
	{ "Workers", "loops", "COUNTER", false },
};

/* Titles of the workers' columns; they must outlive the table. */
static char worker_titles[WORKERS_SHOWN][8];

static size_t n_workers(const struct ctl *c, const json_t *list)
{
	size_t n = json_array_size(json_object_get(json_array_get(list, 0), "workers"));

	if (!c->by_worker)
		return 0;
	return n < WORKERS_SHOWN ? n : WORKERS_SHOWN;
}

static size_t make_columns(const struct ctl *c, const struct section *s, const json_t *list,
		struct column columns[COLUMNS_MAX])
{
	size_t n = 0;

	columns[n++] = (struct column){ .title = s->first, .is_left = true };
	if (s->has_severity)
		columns[n++] = (struct column){ .title = "SEVERITY", .is_left = true };
	columns[n++] = (struct column){ .title = c->by_worker ? "ALL" : "COUNT" };
	if (c->before != NULL)
		columns[n++] = (struct column){ .title = "A SECOND" };
	for (size_t w = 0; w < n_workers(c, list); w++) {
		snprintf(worker_titles[w], sizeof(worker_titles[w]), "W%zu", w);
		columns[n++] = (struct column){ .title = worker_titles[w],
			.spare = (unsigned)w + 2 };
	}
	columns[n++] = (struct column){
		.title = "MEANING", .is_left = true, .is_last = true, .spare = 1
	};
	return n;
}

static enum style severity_style(const char *severity)
{
	if (strcmp(severity, "evil") == 0)
		return STYLE_BAD;
	return strcmp(severity, "warn") == 0 ? STYLE_WARN : STYLE_PLAIN;
}

static double rate(const struct ctl *c, const json_t *row, const json_t *before)
{
	uint64_t now = ctl_u64(row, "sum"), then = ctl_u64(before, "sum");

	return now > then && c->seconds > 0 ? (double)(now - then) / c->seconds : 0;
}

static void put_row(const struct ctl *c, const struct section *s, struct table *t,
		const json_t *row, const json_t *before)
{
	const json_t *workers = json_object_get(row, "workers");
	char text[UNITS_MAX];

	table_cell(t, STYLE_PLAIN, "%s", ctl_text(row, "name"));
	if (s->has_severity)
		table_cell(t, severity_style(ctl_text(row, "severity")), "%s",
				ctl_text(row, "severity"));
	table_cell(t, STYLE_PLAIN, "%s", units_count(text, ctl_u64(row, "sum")));
	if (c->before != NULL)
		table_cell(t, STYLE_PLAIN, "%s", units_per_second(text, rate(c, row, before)));
	for (size_t w = 0; c->by_worker && w < json_array_size(workers) && w < WORKERS_SHOWN; w++) {
		json_int_t v = json_integer_value(json_array_get(workers, w));

		table_cell(t, STYLE_PLAIN, "%s", units_count(text, (uint64_t)v));
	}
	table_cell(t, STYLE_DIM, "%s", ctl_text(row, "text"));
}

static void put_section(const struct ctl *c, const struct section *s, const json_t *answer)
{
	const json_t *list = json_object_get(answer, s->key), *row;
	const json_t *before = json_object_get(c->before, s->key);
	struct column columns[COLUMNS_MAX];
	struct table *t = table_new(columns, make_columns(c, s, list, columns));
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < json_array_size(list); i++) {
		row = json_array_get(list, i);

		if (c->all || ctl_u64(row, "sum") > 0)
			put_row(c, s, t, row, json_array_get(before, i));
	}
	title_print(c->out, c->colour, s->title);
	if (table_rows(t) > 0)
		table_print(t, c->out, c->width, c->colour);
	else
		fprintf(c->out, "nothing\n");
	fputc('\n', c->out);
	table_free(&t);
}

/* Losses of the ports themselves: what never reached a worker, or never left. */
static const struct column port_columns[] = {
	{ .title = "WIRE", .is_left = true },
	{ .title = "SIDE", .is_left = true },
	{ .title = "COUNTER", .is_left = true },
	{ .title = "COUNT" },
	{ .title = "MEANING", .is_left = true, .is_last = true, .spare = 1 },
};

static const struct {
	const char *key, *text;
} losses[] = {
	{ "rx_missed", "frames lost because the port's queue was full" },
	{ "rx_no_buffer", "frames lost for want of a buffer" },
	{ "rx_errors", "frames received broken" },
	{ "tx_errors", "frames that could not be sent" },
};

static void put_ports(const struct ctl *c, const json_t *answer)
{
	const json_t *ports = json_object_get(answer, "ports"), *port;
	struct table *t = table_new(port_columns, sizeof(port_columns) / sizeof(port_columns[0]));
	char text[UNITS_MAX];
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < json_array_size(ports); i++) {
		port = json_array_get(ports, i);

		for (size_t l = 0; l < sizeof(losses) / sizeof(losses[0]); l++) {
			uint64_t n = ctl_u64(port, losses[l].key);

			if (n == 0 && !c->all)
				continue;
			table_cell(t, STYLE_PLAIN, "%s", ctl_text(port, "wire"));
			table_cell(t, STYLE_PLAIN, "%s", ctl_text(port, "side"));
			table_cell(t, n == 0 ? STYLE_PLAIN : STYLE_WARN, "%s", losses[l].key);
			table_cell(t, STYLE_PLAIN, "%s", units_count(text, n));
			table_cell(t, STYLE_DIM, "%s", losses[l].text);
		}
	}
	title_print(c->out, c->colour, "Lost by the ports");
	if (table_rows(t) > 0)
		table_print(t, c->out, c->width, c->colour);
	else
		fprintf(c->out, "nothing\n");
	table_free(&t);
}

static void show(const struct ctl *c, const json_t *answer)
{
	for (size_t s = 0; s < sizeof(sections) / sizeof(sections[0]); s++)
		put_section(c, &sections[s], answer);
	put_ports(c, answer);
}

static const char *set_all(struct ctl *c, const char *value)
{
	(void)value;
	c->all = true;
	return NULL;
}

static const char *set_by_worker(struct ctl *c, const char *value)
{
	(void)value;
	c->by_worker = true;
	return NULL;
}

static const struct ctl_option options[] = {
	{ "all", NULL, "counters that are zero as well", set_all },
	{ "by-worker", NULL, "a column for each worker (the first 16)", set_by_worker },
	{ NULL, NULL, NULL, NULL },
};

const struct ctl_verb ctl_stats = {
	.name = "stats",
	.summary = "every counter, and why frames were dropped",
	.about = "The counters of all workers together, those that are not zero. Every frame\n"
		 "that was not forwarded is counted under a reason; 'evil' is what only a\n"
		 "broken or hostile peer sends, 'warn' is worth a look, 'note' is ordinary\n"
		 "traffic. With --watch also how many a second.",
	.options = options,
	.fetch = fetch,
	.show = show,
};
