/* SPDX-License-Identifier: Apache-2.0
 * sluicectl wires: the ports, their links, what the ports themselves count. */
#include "tools/sluicectl/client.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <inttypes.h>
#include <string.h>

static enum ctl_exit fetch(const struct ctl *c, json_t **ret_answer)
{
	return client_ask(c, "GET", "/v1/wires", ret_answer);
}

static const struct column columns[] = {
	{ .title = "WIRE", .is_left = true },
	{ .title = "SIDE", .is_left = true },
	{ .title = "LINK", .is_left = true },
	{ .title = "MTU", .spare = 4 },
	{ .title = "QUEUES", .spare = 6 },
	{ .title = "RX FRAMES" },
	{ .title = "RX BYTES", .spare = 2 },
	{ .title = "TX FRAMES" },
	{ .title = "TX BYTES", .spare = 2 },
	{ .title = "RX LOST" },
	{ .title = "ERRORS", .spare = 1 },
	{ .title = "FLAPS", .spare = 5 },
	{ .title = "DEVICE", .is_left = true, .is_last = true },
};

enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void loss_cell(struct table *t, uint64_t n)
{
	char text[UNITS_MAX];

	table_cell(t, n == 0 ? STYLE_PLAIN : STYLE_WARN, "%s", units_count(text, n));
}

static void link_cell(struct table *t, const json_t *port)
{
	uint64_t mbps = ctl_u64(port, "link_mbps");
	char speed[UNITS_MAX];

	if (!ctl_true(port, "link_up"))
		table_cell(t, STYLE_BAD, "down");
	else if (mbps == 0)
		table_cell(t, STYLE_GOOD, "up");
	else
		table_cell(t, STYLE_GOOD, "up %s", units_mbps(speed, mbps));
}

static void port_row(struct table *t, const char *wire, const char *side, const json_t *port)
{
	char text[UNITS_MAX];

	table_cell(t, STYLE_PLAIN, "%s", wire);
	table_cell(t, STYLE_PLAIN, "%s", side);
	if (!ctl_true(port, "present")) {
		table_cell(t, STYLE_BAD, "gone");
		for (size_t i = 3; i + 1 < N_COLUMNS; i++)
			table_cell(t, STYLE_DIM, "-");
		table_cell(t, STYLE_PLAIN, "%s", ctl_text(port, "device"));
		return;
	}
	link_cell(t, port);
	table_cell(t, STYLE_PLAIN, "%" PRIu64, ctl_u64(port, "mtu"));
	table_cell(t, STYLE_PLAIN, "%" PRIu64, ctl_u64(port, "rx_queues"));
	table_cell(t, STYLE_PLAIN, "%s", units_count(text, ctl_u64(port, "rx_frames")));
	table_cell(t, STYLE_PLAIN, "%s", units_bytes(text, ctl_u64(port, "rx_bytes")));
	table_cell(t, STYLE_PLAIN, "%s", units_count(text, ctl_u64(port, "tx_frames")));
	table_cell(t, STYLE_PLAIN, "%s", units_bytes(text, ctl_u64(port, "tx_bytes")));
	loss_cell(t, ctl_u64(port, "rx_missed") + ctl_u64(port, "rx_no_buffer"));
	loss_cell(t, ctl_u64(port, "rx_errors") + ctl_u64(port, "tx_errors"));
	table_cell(t, STYLE_PLAIN, "%" PRIu64, ctl_u64(port, "link_changes"));
	table_cell(t, STYLE_PLAIN, "%s", ctl_text(port, "device"));
}

static void describe(const struct ctl *c, const json_t *wire)
{
	bool is_forward = strcmp(ctl_text(wire, "undeclared_tcp"), "forward") == 0;

	fprintf(c->out, "%s: TCP to what is no target is %s", ctl_text(wire, "name"),
			is_forward ? "forwarded" : "denied");
	if (!is_forward)
		fprintf(c->out, " (%s)", ctl_text(wire, "deny_with"));
	fprintf(c->out, "; frames are spread by: %s\n", ctl_text(wire, "spread"));
}

static void show(const struct ctl *c, const json_t *answer)
{
	struct table *t = table_new(columns, N_COLUMNS);
	const json_t *wires = json_object_get(answer, "wires"), *wire;
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < json_array_size(wires); i++) {
		wire = json_array_get(wires, i);

		port_row(t, ctl_text(wire, "name"), "agent", json_object_get(wire, "agent"));
		port_row(t, ctl_text(wire, "name"), "prod", json_object_get(wire, "prod"));
	}
	table_print(t, c->out, c->width, c->colour);
	fputc('\n', c->out);
	for (i = 0; i < json_array_size(wires); i++) {
		wire = json_array_get(wires, i);
		describe(c, wire);
	}
	table_free(&t);
}

const struct ctl_verb ctl_wires = {
	.name = "wires",
	.summary = "the pairs of ports: link, frames, what the ports lost",
	.about = "For each port of each wire: its link, and the frames and bytes that the\n"
		 "port itself counts. RX LOST are frames it had no place or no buffer for;\n"
		 "ERRORS are frames it received broken or could not send; FLAPS counts\n"
		 "changes of the link.",
	.fetch = fetch,
	.show = show,
};
