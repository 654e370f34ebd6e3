/* SPDX-License-Identifier: Apache-2.0
 * sluicectl status: what runs, how busy, how full. */
#include "tools/sluicectl/client.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <inttypes.h>
#include <string.h>

static enum ctl_exit fetch(const struct ctl *c, json_t **ret_answer)
{
	return client_ask(c, "GET", "/v1/status", ret_answer);
}

static const struct column columns[] = {
	{ .title = "WORKER" },
	{ .title = "CPU" },
	{ .title = "BUSY" },
	{ .title = "FLOWS" },
	{ .title = "RELAY", .spare = 2 },
	{ .title = "XLATE", .spare = 2 },
	{ .title = "WIRE", .spare = 2 },
	{ .title = "OPENING", .spare = 3 },
	{ .title = "CLOSED", .spare = 5 },
	{ .title = "HELD" },
	{ .title = "SEGMENTS", .spare = 4 },
	{ .title = "MEMORY", .is_left = true },
	{ .title = "PRESSURE", .is_left = true },
};

static enum style pressure_style(const char *pressure)
{
	if (strcmp(pressure, "green") == 0)
		return STYLE_GOOD;
	return strcmp(pressure, "yellow") == 0 ? STYLE_WARN : STYLE_BAD;
}

/* Of the time since the answer before, or since the start. */
static double busy_percent(const json_t *worker, const json_t *before)
{
	uint64_t busy = ctl_u64(worker, "busy_cycles") - ctl_u64(before, "busy_cycles");
	uint64_t total = ctl_u64(worker, "total_cycles") - ctl_u64(before, "total_cycles");

	return total == 0 || total > (uint64_t)INT64_MAX ? 0 : 100.0 * (double)busy / (double)total;
}

static void count_cell(struct table *t, const json_t *object, const char *key)
{
	char text[UNITS_MAX];

	table_cell(t, STYLE_PLAIN, "%s", units_count(text, ctl_u64(object, key)));
}

static void silent_row(struct table *t, const json_t *worker)
{
	table_cell(t, STYLE_BAD, "%" PRIu64, ctl_u64(worker, "worker"));
	table_cell(t, STYLE_PLAIN, "%" PRIu64, ctl_u64(worker, "cpu"));
	for (size_t i = 2; i + 1 < sizeof(columns) / sizeof(columns[0]); i++)
		table_cell(t, STYLE_DIM, "?");
	table_cell(t, STYLE_BAD, "does not answer");
}

static void worker_row(struct table *t, const json_t *worker, const json_t *before)
{
	const json_t *modes = json_object_get(worker, "flows_by_mode");
	const char *pressure = ctl_text(worker, "pressure");
	char used[UNITS_MAX], all[UNITS_MAX];

	if (!ctl_true(worker, "answers")) {
		silent_row(t, worker);
		return;
	}
	count_cell(t, worker, "worker");
	table_cell(t, STYLE_PLAIN, "%" PRIu64, ctl_u64(worker, "cpu"));
	table_cell(t, STYLE_PLAIN, "%.1f%%", busy_percent(worker, before));
	count_cell(t, worker, "flows");
	count_cell(t, modes, "relay");
	count_cell(t, modes, "xlate");
	count_cell(t, modes, "wire");
	count_cell(t, worker, "embryonic");
	count_cell(t, worker, "time_wait");
	count_cell(t, worker, "held");
	count_cell(t, worker, "segments");
	table_cell(t, STYLE_PLAIN, "%s of %s", units_bytes(used, ctl_u64(worker, "retained_bytes")),
			units_bytes(all, ctl_u64(worker, "retain_limit_bytes")));
	table_cell(t, pressure_style(pressure), "%s", pressure);
}

static void show(const struct ctl *c, const json_t *answer)
{
	const json_t *workers = json_object_get(answer, "workers");
	const json_t *before = json_object_get(c->before, "workers");
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char up[UNITS_MAX], name[128];
	const json_t *worker;
	size_t i;

	if (t == NULL)
		return;
	snprintf(name, sizeof(name), "%s", ctl_text(answer, "name"));
	fprintf(c->out, "sluice %s '%s', up %s, pid %" PRIu64 "\n", ctl_text(answer, "version"),
			name, units_duration_ms(up, ctl_u64(answer, "uptime_ms")),
			ctl_u64(answer, "pid"));
	fprintf(c->out, "%" PRIu64 " wires, %" PRIu64 " targets, configuration %.16s\n\n",
			ctl_u64(answer, "wires"), ctl_u64(answer, "targets"),
			ctl_text(answer, "configuration_sha256"));
	for (i = 0; i < json_array_size(workers); i++) {
		worker = json_array_get(workers, i);
		worker_row(t, worker, json_array_get(before, i));
	}
	table_print(t, c->out, c->width, c->colour);
	table_free(&t);
}

const struct ctl_verb ctl_status = {
	.name = "status",
	.summary = "what runs, how busy and how full it is",
	.about = "The daemon, and for each worker: the share of its time that it was busy\n"
		 "(with --watch: since the lines before), its flows by mode, those opening,\n"
		 "closed and held, the packets it has queued, their memory and its pressure\n"
		 "level.",
	.fetch = fetch,
	.show = show,
};
