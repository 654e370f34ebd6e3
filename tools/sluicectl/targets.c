/* SPDX-License-Identifier: Apache-2.0
 * sluicectl targets: what the configuration protects. */
#include "tools/sluicectl/client.h"
#include "tools/text/table.h"

#include <inttypes.h>

static enum ctl_exit fetch(const struct ctl *c, json_t **ret_answer)
{
	return client_ask(c, "GET", "/v1/targets", ret_answer);
}

static const struct column columns[] = {
	{ .title = "TARGET", .is_left = true },
	{ .title = "ADDRESS", .is_left = true },
	{ .title = "PORT" },
	{ .title = "PROTOCOL", .is_left = true },
	{ .title = "MODE", .is_left = true, .spare = 1 },
	{ .title = "WHO", .is_left = true },
};

static void show(const struct ctl *c, const json_t *answer)
{
	struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	const json_t *list = json_object_get(answer, "targets");

	if (t == NULL)
		return;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *target = json_array_get(list, i);

		table_cell(t, STYLE_PLAIN, "%s", ctl_text(target, "name"));
		table_cell(t, STYLE_PLAIN, "%s", ctl_text(target, "address"));
		if (ctl_u64(target, "port") == 0)
			table_cell(t, STYLE_DIM, "any");
		else
			table_cell(t, STYLE_PLAIN, "%" PRIu64, ctl_u64(target, "port"));
		table_cell(t, STYLE_PLAIN, "%s", ctl_text(target, "protocol"));
		table_cell(t, STYLE_PLAIN, "%s", ctl_text(target, "mode"));
		table_cell(t, STYLE_PLAIN, "%s",
				ctl_true(target, "asks_who") ? "actors" : "anybody");
	}
	table_print(t, c->out, c->width, c->colour);
	table_free(&t);
}

static const struct ctl_action actions[] = {
	{ .name = "list", .fetch = fetch, .show = show },
	{ .name = NULL },
};

const struct ctl_verb ctl_targets = {
	.name = "targets",
	.summary = "what the configuration protects",
	.argument = "list",
	.about = "Each target: its address, port and protocol, how its connections are\n"
		 "relayed, and whether they must say who they are (actors) or not (anybody).",
	.actions = actions,
};
