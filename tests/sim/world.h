/* SPDX-License-Identifier: Apache-2.0
 * One run: the virtual clock and its events, links, endpoints, the engine between them, and what
 * was found wrong. Everything is a function of the plan. */
#pragma once

#include "dataplane/pkt/pkt.h"
#include "dataplane/tcp/relay.h"
#include "tests/sim/outlog.h"
#include "tests/sim/plan.h"
#include "tests/sim/ranges.h"
#include "tests/sim/rng.h"
#include "tests/sim/seg.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

struct world;
struct conn;
struct ep;

typedef void event_fn(struct world *w, void *arg, uint64_t num);

struct event {
	uint64_t at_us, order;
	event_fn *fn;
	void *arg;
	uint64_t num;
};

struct link {
	struct link_conf conf;
	struct rng rng[8]; /* one stream a kind of harm */
	uint64_t last_us;  /* latest arrival: what keeps the order */
	uint64_t free_us;  /* the rate limiter is busy until then */
	uint64_t n_frames;
	uint64_t burst_us; /* when the burst of losses began */
	bool in_burst;
};

enum { PORT_QUEUE = 512, RING_MAX = 256 };

/* A frame in the transmit ring that has not let go of it yet. */
struct ring_slot {
	struct pkt *pkt;
	uint64_t until_poll, sum;
	uint32_t off, len;
};

struct port {
	struct wframe *queue[PORT_QUEUE];
	uint32_t head, n;
};

/* What crossed between the engine and endpoint X of a connection, in 64-bit numbers that start at
 * 2^32 + the initial sequence number. The checker's own account, made of valid frames only. */
struct view {
	/* from X */
	bool syn_in, est_in, rst_in, fin_in;
	uint64_t irs, fin_seq, fin_at_us;
	struct ranges got;   /* payload that came in */
	uint64_t ack_max;    /* highest number that X acknowledged */
	uint64_t ack_sure;   /* the same from segments that nobody could refuse */
	uint64_t edge_max;   /* the right edge that X offered, ever */
	struct seg syn;      /* what X opened with: options, TTL and the like */
	struct seg_l2 l2[2]; /* the latest two that X used */
	/* to X */
	bool syn_out, fin_out, rst_out;
	uint64_t iss, out_max, ack_out, adv_max, fin_out_seq;
	uint64_t late_l, late_r, late_us; /* came beyond adv_max, and when */
	uint16_t syn_wnd_out, last_wnd;
	uint32_t n_rst_out, n_in_after_end; /* I10: RSTs, and frames of X that may ask for one */
	uint32_t n_dup_ack, n_asking;       /* I10: within one second */
	uint64_t second_us;
	uint32_t n_data_step;
	uint32_t rtx;          /* data segments that had been sent before */
	uint64_t last_push_us; /* data, FIN or window probe */
	uint64_t pending_since_us;
};

/* One connection. dir[s]: the stream that starts at side <s>. */
struct conn {
	struct world *w;
	const struct conn_plan *plan;
	struct flow_policy policy;
	struct ep *ep[SIDES]; /* owned */
	struct view view[SIDES];
	struct outlog dir[SIDES];
	struct inspection *insp; /* owned: inspect.c */
	bool opened, reported_end, gave_up, denied, bypassed, closed_dir[SIDES];
	bool held[SIDES], ever_held[SIDES], lossy_end;
	uint8_t deny_how, end_reason;
	uint64_t denied_at_us, bypass_at_us;
	uint32_t flow_index, flow_gen, n_flows;
	struct flow_report last_report;
};

/* What the engine was checked for in this run, and how often. */
struct sim_stats {
	uint64_t rx_frames, tx_frames, tx_bytes, polls, events, lost;
	uint32_t holds, resumes, stale_resumes;
};

struct world {
	const struct plan *plan; /* borrowed */
	uint64_t now_us, start_us;
	struct event *heap; /* owned */
	uint32_t n_events, cap_events;
	uint64_t n_order;
	struct rng rng; /* of the engine's surroundings */
	struct rng rng_tx, rng_attack;
	struct link link[HOPS];
	struct port port[SIDES]; /* frames that wait for the engine */
	struct ring_slot ring[RING_MAX];
	uint32_t n_ring;
	uint64_t n_poll, poll_at_us;
	bool stepping;
	struct pkt_pools pools;
	struct relay *relay; /* owned */
	struct conn *conn;   /* owned */
	uint32_t n_conns;
	uint64_t recent[SIDES][512]; /* sums of frames that came in and may go out unchanged */
	uint32_t n_recent[SIDES];
	uint32_t idle_polls, n_noise, n_attacks;
	bool trace, failed, no_identity, no_reports;
	char inv[8], why[400];
	struct sim_stats stats;
	struct counters counters; /* of the engine, when it was freed */
	const struct flow_policy
			*policy; /* borrowed: of flows that are no connection of the plan */
	/* frames for endpoints go here when a script plays them */
	void (*tap)(struct world *w, enum side to, const struct wframe *f); /* may be NULL */
	void *tap_ctx;
};

/* --- world.c --- */
struct world *world_new(const struct plan *p, bool trace);
void world_free(struct world **w);
/* Starts the connections of the plan. */
void world_start(struct world *w);
void world_at(struct world *w, uint64_t at_us, event_fn *fn, void *arg, uint64_t num);
/* Runs events up to <until_us>; false when the run failed. */
bool world_run_until(struct world *w, uint64_t until_us);
/* To the end: all ends at rest, all flows gone, nothing leaked. true: nothing was wrong. */
bool world_run(struct world *w);
/* The first failure counts. <inv>: "I1" .. "I15", or another short name. */
void world_fail(struct world *w, const char *inv, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
bool world_ends_done(const struct world *w);
struct conn *world_conn_of(struct world *w, const struct seg *s, enum side from);

/* --- link.c --- */
void link_init(struct link *l, const struct link_conf *c, uint64_t seed, enum hop hop);
/* Takes ownership of <f>. */
void link_send(struct world *w, enum hop hop, struct wframe *f);
/* Its argument is a frame on its way. */
bool link_event_is_frame(const struct event *e);

/* --- engine.c: the engine, its ports, rings and pools --- */
void engine_init(struct world *w);
void engine_done(struct world *w);
/* Lets the rings go and frees the engine. */
void engine_free(struct world *w);
void engine_frame_in(struct world *w, enum side from, struct wframe *f);
void engine_wake(struct world *w, uint64_t at_us);
/* Frames that are not TCP, and the blind attacker, as the plan has them. */
void engine_start_noise(struct world *w);
/* Hands over what waits, polls, checks. */
void engine_step(struct world *w);
/* Runs the clock until no flow is left, then checks that nothing leaked. */
void engine_drain(struct world *w);

/* The engine's counters, as they were when it was freed at the end of a run. */
const struct counters *relay_counters_kept(const struct world *w);

/* The engine under test says what it is. */
extern bool engine_is_cable;
extern const struct inspector *const engine_inspector; /* NULL: it has none */

/* --- host.c: where frames for endpoints arrive --- */
void host_frame_in(struct world *w, enum side at, const struct wframe *f);

/* --- trace.c --- */
void trace_frame(struct world *w, const char *where, const uint8_t *b, uint32_t len);
void trace_note(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
