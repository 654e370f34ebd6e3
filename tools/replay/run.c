/* SPDX-License-Identifier: Apache-2.0
 * The owner that the engine expects: it gives frames and time, takes what is emitted. */
#include "dataplane/inspect/bypass.h"
#include "dataplane/tcp/inspector.h"
#include "tools/replay/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOL = 1 << 20, REPORTS = 64, DRAIN_US = 60000000 };

/* The engine's environment. */

static const struct flow_policy *on_classify(
		void *ctx, const struct flow_key *key, enum side initiator)
{
	struct run *r = ctx;

	(void)key;
	(void)initiator;
	return &r->policy;
}

static bool on_tx(void *ctx, uint16_t wire, enum side to, struct pkt *p)
{
	struct run *r = ctx;

	(void)wire;
	r->sent[to]++;
	if (r->writer != NULL)
		writer_put(r->writer, pkt_data(p), pkt_len(p), r->now_us);
	if (r->pace != NULL)
		pace_emitted(r->pace, to, pkt_data(p), pkt_len(p));
	pkt_free(p);
	return true;
}

static void keep(struct run *r, const struct flow_report *rep)
{
	size_t room = r->room == 0 ? 256 : r->room * 2;
	struct flow_report *larger = r->flows;

	if (r->n_flows == r->room && r->room < REPLAY_FLOWS_KEPT)
		larger = reallocarray(r->flows, room, sizeof(*larger));
	if (larger == NULL || (r->n_flows == r->room && r->room == REPLAY_FLOWS_KEPT)) {
		r->flows_lost++;
		return;
	}
	r->room = r->n_flows == r->room ? room : r->room;
	r->flows = larger;
	r->flows[r->n_flows++] = *rep;
}

static void on_report(void *ctx, const struct flow_report *rep)
{
	if (rep->end_reason != END_NONE)
		keep(ctx, rep);
}

static int engine_new(struct run *r)
{
	const struct relay_env env = { .ctx = r,
		.pools = &r->pools,
		.inspect_ctx = &r->tap,
		.classify = on_classify,
		.tx = on_tx,
		.report = on_report };
	struct relay_conf conf;

	relay_conf_init(&conf);
	conf.max_flows = r->conf->max_flows;
	conf.mtu = r->conf->mtu;
	conf.unknown_tcp = UNKNOWN_WIRE; /* captures begin in mid-stream */
	conf.seed[0] = 1;                /* the same answer each time */
	r->relay = relay_new(&conf, &env);
	return r->relay == NULL ? -errno : 0;
}

void run_done(struct run *r)
{
	relay_free(&r->relay);
	sides_free(&r->sides);
	pace_free(&r->pace);
	writer_close(&r->writer);
	gate_done(&r->gate);
	tap_done(&r->tap);
	free(r->flows);
	r->flows = NULL;
}

/* Time and frames. */

static void examine(struct run *r)
{
	if (r->conf->check && r->broken == NULL)
		r->broken = relay_check(r->relay);
}

static void turn(struct run *r, uint64_t now_us)
{
	r->now_us = now_us > r->now_us ? now_us : r->now_us + 1;
	relay_poll(r->relay, r->now_us);
	examine(r);
	if (r->pace != NULL)
		pace_pump(r->pace);
}

/* Lets the engine's timers run up to <until_us>. */
static void advance(struct run *r, uint64_t until_us)
{
	for (uint64_t next; (next = relay_next_us(r->relay)) < until_us && r->now_us < until_us;)
		turn(r, next);
	if (until_us > r->now_us)
		r->now_us = until_us;
}

static void feed(void *ctx, enum side from, uint8_t *bytes, uint32_t len)
{
	struct run *r = ctx;
	struct pkt *p = pkt_heap_new(&r->pools, PKT_FULL, len);

	if (p == NULL)
		return; /* POOL frames are queued: the engine refuses long before */
	pkt_frame_set(p, PKT_HEADROOM, len);
	memcpy(pkt_data(p), bytes, len);
	r->from[from]++;
	relay_rx(r->relay, 0, from, &p, 1, r->now_us);
	relay_poll(r->relay, r->now_us);
	examine(r);
}

static void on_frame(void *ctx, uint8_t *bytes, uint32_t len)
{
	struct run *r = ctx;
	enum side from = sides_of(r->sides, bytes, len);

	if (r->pace != NULL)
		pace_recorded(r->pace, from, bytes, len);
	else
		feed(r, from, bytes, len);
}

/* What waits gets its time; what waits for ever is given in the end. */
static void drain(struct run *r)
{
	const uint64_t limit_us = r->now_us + DRAIN_US;
	uint64_t next;

	if (r->pace == NULL)
		return;
	while (!pace_is_idle(r->pace) && (next = relay_next_us(r->relay)) < limit_us &&
			r->now_us < limit_us)
		turn(r, next);
	pace_force(r->pace);
	r->paced = *pace_counts(r->pace);
}

static int run_init(struct run *r, const struct run_conf *conf)
{
	memset(r, 0, sizeof(*r));
	r->conf = conf;
	r->now_us = REPLAY_START_S * 1000000ULL;
	r->offload.mtu = conf->mtu;
	r->offload.ctx = r;
	r->offload.put = on_frame;
	for (int c = 0; c < PKT_CLASSES; c++)
		r->pools.left[c] = POOL;
	r->pools.full_bytes = conf->mtu + FRAME_L2_MAX;
	r->policy.mode = conf->mode == MODE_WIRE ? MODE_WIRE : MODE_RELAY;
	r->policy.inspector = conf->mode == MODE_XLATE ? &inspector_bypass : &inspector_pass_all;
	if (conf->reads_postgres)
		r->policy.inspector = &inspector_tap;
	r->policy.refuse_when_red = true;
	r->sides = sides_new(&conf->sides);
	if (r->sides == NULL)
		return -ENOMEM;
	if (!conf->as_recorded) {
		r->pace = pace_new(&(struct pace_env){ .ctx = r, .feed = feed });
		if (r->pace == NULL)
			return -ENOMEM;
	}
	if (conf->out_path != NULL) {
		r->writer = writer_open(conf->out_path);
		if (r->writer == NULL)
			return -EIO;
	}
	return engine_new(r);
}

static int play_frames(struct run *r, struct capture *c)
{
	struct capture_frame frame;
	int rc;

	while ((rc = capture_next(c, &frame)) == 1) {
		advance(r, REPLAY_START_S * 1000000ULL + frame.at_us);
		offload_undo(&r->offload, frame.bytes, frame.len);
	}
	drain(r);
	advance(r, r->now_us + r->conf->wait_us);
	r->capture = *capture_counts(c);
	return rc;
}

/* Those that had not ended when the capture did. */
static void keep_open_flows(struct run *r)
{
	struct flow_report *some = calloc(REPORTS, sizeof(some[0]));
	uint32_t cursor = 0;

	while (some != NULL && cursor != UINT32_MAX) {
		size_t n = relay_flows(r->relay, &cursor, some, REPORTS);

		for (size_t i = 0; i < n; i++) {
			if (some[i].end_reason == END_NONE)
				keep(r, &some[i]);
		}
	}
	free(some);
}

int run_play(struct run *r, const struct run_conf *conf, const char *path)
{
	struct capture *c = capture_open(path);
	int rc = c == NULL ? -ENOENT : run_init(r, conf);

	if (c == NULL) {
		memset(r, 0, sizeof(*r));
		return rc;
	}
	if (rc == 0) {
		rc = play_frames(r, c);
		keep_open_flows(r);
		if (conf->reads_postgres && gate_play(&r->gate, &conf->gate, &r->tap) != 0)
			rc = -EIO;
		if (!writer_close(&r->writer)) {
			fprintf(stderr, "replay: %s: not all could be written\n", conf->out_path);
			rc = -EIO;
		}
	} else if (rc != -EIO) {
		fprintf(stderr, "replay: the engine does not start: %s\n", strerror(-rc));
	}
	capture_close(&c);
	return rc;
}
