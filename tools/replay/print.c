/* SPDX-License-Identifier: Apache-2.0
 * What came of it: the capture, the flows, the counters that are not zero. */
#include "tools/replay/replay.h"
#include "tools/text/table.h"
#include "tools/text/units.h"

#include <jansson.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *endpoint(char text[ENDPOINT_MAX], const struct flow_key *key, enum side side)
{
	char ip[INET6_ADDRSTRLEN];

	if (flow_key_is_v4(key)) {
		inet_ntop(AF_INET, key->addr[side] + 12, ip, sizeof(ip));
		snprintf(text, ENDPOINT_MAX, "%s:%u", ip, key->port[side]);
	} else {
		inet_ntop(AF_INET6, key->addr[side], ip, sizeof(ip));
		snprintf(text, ENDPOINT_MAX, "[%s]:%u", ip, key->port[side]);
	}
	return text;
}

static const char *end_of(const struct flow_report *f)
{
	return f->end_reason == END_NONE ? relay_state_name(f->state)
					 : relay_end_name(f->end_reason);
}

static uint64_t start_ms(const struct flow_report *f)
{
	return (f->start_us - REPLAY_START_S * 1000000ULL) / 1000;
}

static uint64_t lasted_ms(const struct flow_report *f)
{
	return f->last_us > f->start_us ? (f->last_us - f->start_us) / 1000 : 0;
}

/* For people. */

static const struct column flow_columns[] = {
	{ .title = "AGENT", .is_left = true, .is_elastic = true },
	{ .title = "PROD", .is_left = true, .is_elastic = true },
	{ .title = "MODE", .is_left = true, .spare = 4 },
	{ .title = "END", .is_left = true },
	{ .title = "TO PROD" },
	{ .title = "TO AGENT" },
	{ .title = "RETX", .spare = 1 },
	{ .title = "DUP", .spare = 3 },
	{ .title = "OOO", .spare = 3 },
	{ .title = "RTT PROD", .spare = 5 },
	{ .title = "RTT AGENT", .spare = 5 },
	{ .title = "START", .spare = 2 },
	{ .title = "LASTED", .spare = 2 },
};

static void flow_row(struct table *t, const struct flow_report *f)
{
	const uint32_t retx = f->side[0].retransmits + f->side[1].retransmits;
	char text[UNITS_MAX], end[ENDPOINT_MAX];

	table_cell(t, STYLE_PLAIN, "%s", endpoint(end, &f->key, SIDE_AGENT));
	table_cell(t, STYLE_PLAIN, "%s", endpoint(end, &f->key, SIDE_PROD));
	table_cell(t, STYLE_PLAIN, "%s", relay_mode_name(f->mode));
	table_cell(t, STYLE_PLAIN, "%s", end_of(f));
	table_cell(t, STYLE_PLAIN, "%s", units_bytes(text, f->side[SIDE_PROD].tx_bytes));
	table_cell(t, STYLE_PLAIN, "%s", units_bytes(text, f->side[SIDE_AGENT].tx_bytes));
	table_cell(t, retx == 0 ? STYLE_PLAIN : STYLE_WARN, "%u", retx);
	table_cell(t, STYLE_PLAIN, "%u", f->side[0].dup_in + f->side[1].dup_in);
	table_cell(t, STYLE_PLAIN, "%u", f->side[0].ooo_in + f->side[1].ooo_in);
	table_cell(t, STYLE_PLAIN, "%s", units_us(text, f->side[SIDE_PROD].srtt_us));
	table_cell(t, STYLE_PLAIN, "%s", units_us(text, f->side[SIDE_AGENT].srtt_us));
	table_cell(t, STYLE_PLAIN, "%s", units_duration_ms(text, start_ms(f)));
	table_cell(t, STYLE_PLAIN, "%s", units_duration_ms(text, lasted_ms(f)));
}

struct screen screen_of(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	struct screen s = { .width = SIZE_MAX };
	struct winsize size;

	if (isatty(fd) != 1)
		return s;
	s.colour = no_color == NULL || no_color[0] == '\0';
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		s.width = size.ws_col;
	return s;
}

static void print_capture(const struct run *r, const char *path)
{
	const struct capture_counts *c = &r->capture;

	printf("%s: %" PRIu64 " frames; given to the engine: %" PRIu64 " from agents, %" PRIu64
	       " from prod\n",
			path, c->frames, r->from[SIDE_AGENT], r->from[SIDE_PROD]);
	if (c->truncated > 0)
		printf("  %" PRIu64 " were recorded shorter than they were (record with -s 0)\n",
				c->truncated);
	if (c->skipped > 0)
		printf("  %" PRIu64 " had no frame in them\n", c->skipped);
	if (c->backwards > 0)
		printf("  %" PRIu64 " were stamped before the one before them\n", c->backwards);
	if (r->offload.completed > 0)
		printf("  %" PRIu64 " had a checksum left to the port: completed\n",
				r->offload.completed);
	if (r->offload.resegmented > 0)
		printf("  %" PRIu64 " were larger than the MTU: cut as the port would\n",
				r->offload.resegmented);
	if (r->paced.held > 0)
		printf("  %" PRIu64 " waited until they fitted the engine's window\n",
				r->paced.held);
	if (r->paced.forced > 0)
		printf("  %" PRIu64 " of these waited in vain: they were given all the same\n",
				r->paced.forced);
	if (r->paced.reacked > 0)
		printf("  %" PRIu64
		       " acknowledgements were added, as the engine's sender went on\n",
				r->paced.reacked);
	printf("emitted: %" PRIu64 " frames to prod, %" PRIu64 " to agents\n\n", r->sent[SIDE_PROD],
			r->sent[SIDE_AGENT]);
}

static void print_flows(const struct run *r, struct screen s)
{
	struct table *t = table_new(flow_columns, sizeof(flow_columns) / sizeof(flow_columns[0]));

	if (t == NULL)
		return;
	for (size_t i = 0; i < r->n_flows; i++)
		flow_row(t, &r->flows[i]);
	table_print(t, stdout, s.width, s.colour);
	printf("\n%zu flows\n", r->n_flows);
	if (r->flows_lost > 0)
		printf("%" PRIu64 " more are not shown\n", r->flows_lost);
	table_free(&t);
}

static const struct column counter_columns[] = {
	{ .title = "COUNTER", .is_left = true },
	{ .title = "COUNT" },
	{ .title = "MEANING", .is_left = true, .is_last = true, .spare = 1 },
};

static void counter_row(struct table *t, const char *name, uint64_t n, const char *text)
{
	char count[UNITS_MAX];

	if (n == 0)
		return;
	table_cell(t, STYLE_PLAIN, "%s", name);
	table_cell(t, STYLE_PLAIN, "%s", units_count(count, n));
	table_cell(t, STYLE_DIM, "%s", text);
}

static void counters_print(struct table *t, const char *title, struct screen s)
{
	printf("\n");
	title_print(stdout, s.colour, title);
	if (table_rows(t) > 0)
		table_print(t, stdout, s.width, s.colour);
	else
		printf("nothing\n");
}

static void print_counters(const struct counters *c, struct screen s)
{
	struct table *stats = table_new(counter_columns, 3), *drops = table_new(counter_columns, 3);

	for (unsigned i = 0; stats != NULL && i < STAT_MAX; i++)
		counter_row(stats, stat_info(i)->name, c->stat[i], stat_info(i)->text);
	for (unsigned i = DROP_NONE + 1; drops != NULL && i < DROP_MAX; i++)
		counter_row(drops, drop_info(i)->name, c->drop[i], drop_info(i)->text);
	if (stats != NULL && drops != NULL) {
		counters_print(stats, "Traffic", s);
		counters_print(drops, "Dropped", s);
	}
	table_free(&stats);
	table_free(&drops);
}

void print_table(const struct run *r, const char *path)
{
	const struct screen s = screen_of(STDOUT_FILENO);

	print_capture(r, path);
	print_flows(r, s);
	print_counters(relay_counters(r->relay), s);
	if (r->conf->reads_postgres)
		gate_print_table(&r->gate, s);
	if (r->broken != NULL)
		printf("\nan invariant does not hold: %s\n", r->broken);
}

/* For programs. */

static json_t *number(uint64_t v)
{
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

static json_t *side_json(const struct flow_report *f, enum side side)
{
	json_t *o = json_object();
	char end[ENDPOINT_MAX];

	json_object_set_new(o, "endpoint", json_string(endpoint(end, &f->key, side)));
	json_object_set_new(o, "rx_packets", number(f->side[side].rx_pkts));
	json_object_set_new(o, "rx_bytes", number(f->side[side].rx_bytes));
	json_object_set_new(o, "tx_bytes", number(f->side[side].tx_bytes));
	json_object_set_new(o, "retransmits", number(f->side[side].retransmits));
	json_object_set_new(o, "duplicates_in", number(f->side[side].dup_in));
	json_object_set_new(o, "out_of_order_in", number(f->side[side].ooo_in));
	json_object_set_new(o, "overlap_mismatches", number(f->side[side].overlap_mismatch));
	json_object_set_new(o, "checksum_drops", number(f->side[side].cksum_drops));
	json_object_set_new(o, "challenge_acks", number(f->side[side].challenge_acks));
	json_object_set_new(o, "srtt_us", number(f->side[side].srtt_us));
	json_object_set_new(o, "undelivered_bytes", number(f->side[side].undelivered));
	return o;
}

static json_t *flow_json(const struct flow_report *f)
{
	json_t *o = json_object();

	json_object_set_new(o, "mode", json_string(relay_mode_name(f->mode)));
	json_object_set_new(o, "state", json_string(relay_state_name(f->state)));
	json_object_set_new(o, "end",
			f->end_reason == END_NONE ? json_null()
						  : json_string(relay_end_name(f->end_reason)));
	json_object_set_new(
			o, "initiator", json_string(f->initiator == SIDE_AGENT ? "agent" : "prod"));
	json_object_set_new(o, "start_ms", number(start_ms(f)));
	json_object_set_new(o, "lasted_ms", number(lasted_ms(f)));
	json_object_set_new(o, "agent", side_json(f, SIDE_AGENT));
	json_object_set_new(o, "prod", side_json(f, SIDE_PROD));
	return o;
}

static json_t *capture_json(const struct run *r, const char *path)
{
	json_t *o = json_object();

	json_object_set_new(o, "file", json_string(path));
	json_object_set_new(o, "frames", number(r->capture.frames));
	json_object_set_new(o, "from_agent", number(r->from[SIDE_AGENT]));
	json_object_set_new(o, "from_prod", number(r->from[SIDE_PROD]));
	json_object_set_new(o, "truncated", number(r->capture.truncated));
	json_object_set_new(o, "skipped", number(r->capture.skipped));
	json_object_set_new(o, "backwards", number(r->capture.backwards));
	json_object_set_new(o, "checksums_completed", number(r->offload.completed));
	json_object_set_new(o, "resegmented", number(r->offload.resegmented));
	json_object_set_new(o, "waited", number(r->paced.held));
	json_object_set_new(o, "waited_in_vain", number(r->paced.forced));
	json_object_set_new(o, "acknowledgements_added", number(r->paced.reacked));
	json_object_set_new(o, "emitted_to_agent", number(r->sent[SIDE_AGENT]));
	json_object_set_new(o, "emitted_to_prod", number(r->sent[SIDE_PROD]));
	return o;
}

void print_json(const struct run *r, const char *path)
{
	const struct counters *c = relay_counters(r->relay);
	json_t *o = json_object(), *flows = json_array(), *stats = json_object(),
	       *drops = json_object();

	for (size_t i = 0; i < r->n_flows; i++)
		json_array_append_new(flows, flow_json(&r->flows[i]));
	for (unsigned i = 0; i < STAT_MAX; i++)
		json_object_set_new(stats, stat_info(i)->name, number(c->stat[i]));
	for (unsigned i = DROP_NONE + 1; i < DROP_MAX; i++)
		json_object_set_new(drops, drop_info(i)->name, number(c->drop[i]));
	json_object_set_new(o, "capture", capture_json(r, path));
	json_object_set_new(o, "flows", flows);
	json_object_set_new(o, "flows_not_shown", number(r->flows_lost));
	json_object_set_new(o, "stats", stats);
	json_object_set_new(o, "drops", drops);
	if (r->conf->reads_postgres)
		json_object_set_new(o, "postgres", gate_json(&r->gate));
	json_object_set_new(o, "broken", r->broken == NULL ? json_null() : json_string(r->broken));
	json_dumpf(o, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(o);
}
