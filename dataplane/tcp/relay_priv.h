/* SPDX-License-Identifier: Apache-2.0
 * The engine's inside: one worker's state, and what each file of this folder offers the others. */
#pragma once

#include "dataplane/flow/table.h"
#include "dataplane/flow/wheel.h"
#include "dataplane/net/frag.h"
#include "dataplane/net/header.h"
#include "dataplane/net/tcpopt.h"
#include "dataplane/tcp/flow_priv.h"
#include "dataplane/tcp/inspector.h"
#include "dataplane/tcp/relay.h"
#include "dataplane/tcp/restart.h"
#include "dataplane/tcp/seq.h"
#include "parsers/base/siphash.h"

enum {
	SMALL_PAYLOAD = 512, /* copied behind its predecessor rather than kept in a buffer */
	OOO_MAX = 512, /* segments out of order, one direction: a window with a hole in front */
	OOO_MAX_YELLOW = 8,
	SENT_MAX = 512,  /* segments outstanding, one direction */
	BURST_MAX = 64,  /* segments sent per flow and poll: as many as a burst brings in */
	CAP_MIN = 65536, /* bytes queued, one direction, at first */
	CAP_DEFAULT_MAX = 1 << 20, /* where the policy does not say */
	CAP_LIMIT = 4 << 20,
	HOLD_CAP = 256 << 10,
	ROUNDING_DEBT = 64 << 10, /* promised beyond the room by rounding windows up */
	RTO_MIN_MS = 200,
	RTO_INITIAL_MS = 1000,
	RTO_MAX_MS = 60000,
	RTX_MAX = 15, /* retransmissions, or probes, without an answer */
	RTX_GIVE_UP_MS = 300000,
	ACK_DELAY_MS = 1,          /* plus up to one tick */
	SYN_TIMEOUT_MS = 20000,    /* a client sends its SYN again after 1, 3, 7, 15 s */
	SYNACK_TIMEOUT_MS = 75000, /* and a server its SYN-ACK, up to 32 s apart */
	DEAD_LINGER_MS = 5000,
	ABORT_LINGER_MS = 30000,
	DENY_REPLY_MS = 60000, /* for the reply to be acknowledged */
	DENY_LINGER_MS = 2000, /* after it was */
	KA_PROBES = 5,
	KA_INTERVAL_MS = 30000,
	KA_SILENT_MS = 10000, /* a probe of one end makes us probe the other when silent for this */
	REPORT_MS = 60000,
	CHALLENGE_PER_S = 100, /* worker */
	CHALLENGE_FLOW_PER_S = 2,
	RST_PER_S = 200, /* RSTs to segments of no flow */
	SOURCES = 16384, /* counters of half-open flows, by hashed source */
};

/* Flows in order of age, linked by list_next/list_prev. */
struct flow_list {
	uint32_t head, tail, n;
};

struct source {
	uint16_t embryonic; /* half-open flows now */
	uint16_t syns;      /* in second <second> */
	uint32_t second;
};

/* Congestion control: bytes, RFC 5681 words. Fields cwnd, ssthresh and cc[] are its own. */
struct cc {
	const char *name;
	void (*init)(struct endpoint *x);
	/* <acked> new bytes were acknowledged while the window was in use. */
	void (*ack)(struct endpoint *x, uint32_t acked, uint32_t now_ms);
	/* A loss event: sets ssthresh. */
	void (*loss)(struct endpoint *x, uint32_t now_ms);
	/* After an idle time longer than the RTO. */
	void (*idle)(struct endpoint *x);
};

extern const struct cc cc_cubic, cc_reno;

struct relay {
	/* set by relay_new() */
	struct relay_conf conf;
	struct relay_env env;
	const struct cc *cc; /* borrowed: static */
	struct siphash_key hash_key;
	uint16_t max_payload; /* of a segment that fits the MTU, IPv4 without options */
	uint64_t level_bytes[PRESSURE_BLACK];
	uint32_t level_segs[PRESSURE_BLACK];

	/* pools and indices, all owned, sized by conf */
	struct flow *flows;
	struct flow_counts *counts;
	struct seg *segs;
	struct source *sources;
	struct frag_table *frags;
	struct table table;
	struct wheel wheel;

	/* changes with every packet */
	uint64_t now_us;
	uint32_t now_ms;
	uint32_t flow_free, seg_free, segs_used;
	uint32_t dirty_head, dirty_tail;
	enum pressure pressure;
	uint64_t retained;
	uint32_t kept_full; /* of them, buffers of the receive pool */
	struct counters counters;
	struct flow_list half_open; /* oldest first: evicted first */
	struct flow_list closed;    /* TIME_WAIT and DEAD, likewise */
	uint32_t n_flows, n_by_mode[MODES], n_held;
	uint32_t second; /* of the two limits below */
	uint32_t challenges, rsts;
	uint32_t relieved_ms; /* when something was last given up under pressure */
	uint32_t red_next;    /* flow index: where that goes on */
	uint64_t rng;
};

static inline void count(struct relay *r, enum stat_id s, uint64_t n)
{
	r->counters.stat[s] += n;
}

static inline uint32_t flow_index(const struct relay *r, const struct flow *f)
{
	return (uint32_t)(f - r->flows);
}

static inline struct flow_counts *flow_counts(struct relay *r, const struct flow *f)
{
	return &r->counts[flow_index(r, f)];
}

static inline uint32_t now_us32(const struct relay *r)
{
	return (uint32_t)r->now_us;
}

static inline struct endpoint *ep_other(struct flow *f, enum side x)
{
	return &f->ep[side_other(x)];
}

/* The most that one direction may queue. */
static inline uint32_t flow_cap_max(const struct flow *f)
{
	const uint32_t cap = f->policy->rcv_cap_max_bytes;

	return cap == 0 ? CAP_DEFAULT_MAX : cap < CAP_LIMIT ? cap : CAP_LIMIT;
}

/* A received segment: its frame, and what was learned of it on the way. */
struct arrival {
	struct pkt *pkt; /* owned until someone takes it: then NULL */
	const struct frame *f;
	struct tcpopt opt;
	uint16_t sum; /* of the payload */
	enum side from;
	uint16_t wire;
};

/* relay.c: frames to flows */
void drop(struct relay *r, struct arrival *a, enum drop_reason why);
void now_set(struct relay *r, uint64_t now_us);
/* Sends the frame as it came, to the other side. Takes the packet. */
void forward(struct relay *r, struct arrival *a, enum stat_id as);
/* Gives one packet to the owner's transmit queue; on refusal it is freed and false returned. */
bool frame_tx(struct relay *r, uint16_t wire, enum side to, struct pkt *p);
void mark_dirty(struct relay *r, struct flow *f);
uint32_t relay_rand(struct relay *r);

/* One more RST that a stranger provoked? Counts it. */
bool rst_allowed(struct relay *r);

/* flow.c: life and death of a flow */
struct flow *flow_lookup(struct relay *r, const struct flow_key *key, uint64_t hash);
/* Starts to load what a segment of that flow will touch. */
void flow_prefetch(const struct relay *r, uint64_t hash, enum side from);
uint64_t flow_hash(const struct relay *r, const struct flow_key *key);
struct flow *flow_new(struct relay *r, const struct flow_key *key, uint64_t hash,
		enum side initiator, const struct flow_policy *policy);
void flow_free(struct relay *r, struct flow *f);
void flow_mode_set(struct relay *r, struct flow *f, enum flow_mode mode);
void flow_embryonic_begin(struct relay *r, struct flow *f);
void flow_embryonic_end(struct relay *r, struct flow *f);
bool source_admits(
		struct relay *r, const struct flow_key *key, enum side from, enum drop_reason *why);
/* The conversation is over: tells the inspector and the owner, frees the queues. Once. */
void flow_end(struct relay *r, struct flow *f, enum end_reason why);
/* The inspector's last call, when it is done before the flow is. */
void flow_end_inspection(struct relay *r, struct flow *f, enum end_reason why);
void flow_queues_release(struct relay *r, struct flow *f);
void flow_list_add(struct relay *r, struct flow_list *l, struct flow *f);
void flow_list_remove(struct relay *r, struct flow_list *l, struct flow *f);
void flow_report_fill(const struct relay *r, const struct flow *f, struct flow_report *rep);

/* queue.c: segments. Indices into r->segs; SEG_NONE on failure. */
uint32_t seg_new(struct relay *r);
void seg_attach(struct relay *r, uint32_t i, struct pkt *p, uint32_t off, uint32_t len);
void seg_release(struct relay *r, uint32_t i);
void seg_list_release(struct relay *r, uint32_t head);
const uint8_t *seg_bytes(const struct seg *s);
/* A fresh packet with <bytes> at PKT_HEADROOM; NULL: no buffer. */
struct pkt *payload_copy(struct relay *r, const uint8_t *bytes, uint32_t len);
/* Cuts after <n> bytes; the new segment follows in the list. */
uint32_t seg_split(struct relay *r, uint32_t i, uint32_t n);
void seg_trim_front(struct relay *r, uint32_t i, uint32_t n);
/* Copies a small payload behind segment <i>, which was never sent. false: it does not fit. */
bool seg_append(struct relay *r, uint32_t i, const uint8_t *bytes, uint32_t len, uint16_t sum);
void seg_shrink(struct relay *r, uint32_t i);

/* pressure.c */
void pressure_init(struct relay *r);
void pressure_update(struct relay *r);
void pressure_relieve(struct relay *r);

/* handshake.c: until both ends have agreed */
void syn_new(struct relay *r, struct arrival *a, const struct flow_key *key, uint64_t hash);
void handshake_input(struct relay *r, struct flow *f, struct arrival *a);
/* RST to where a segment came from, or to where it was going, made from its own numbers. */
void rst_reply(struct relay *r, const struct arrival *a);
void rst_onward(struct relay *r, const struct arrival *a);
/* A segment goes on without the first <skip> bytes of its payload and its options. */
void rest_onward(struct relay *r, struct arrival *a, uint32_t skip, uint32_t seq, uint32_t ack);

/* input.c: a segment of an established flow (RFC 9293 3.10.7.4, RFC 5961) */
void relay_input(struct relay *r, struct flow *f, struct arrival *a);
void ack_challenge(struct relay *r, struct flow *f, enum side x);
void learn_l2(struct flow *f, const struct arrival *a);

/* reasm.c: payload into order */
void payload_input(struct relay *r, struct flow *f, struct arrival *a, uint32_t seq, uint32_t skip,
		uint32_t len);
void fin_input(struct relay *r, struct flow *f, enum side x);
void ooo_release(struct relay *r, struct endpoint *x);

/* ack.c: what an endpoint has got of ours */
void ack_input(struct relay *r, struct flow *f, const struct arrival *a);
/* recover.c: RACK-TLP (RFC 8985), PRR (RFC 9937), RTO (RFC 6298) */
void rack_delivered(struct relay *r, struct endpoint *x, const struct seg *s);
uint32_t rack_detect(struct relay *r, struct endpoint *x); /* bytes newly found lost */
void recovery_enter(struct relay *r, struct endpoint *x);
void recovery_ack(
		struct relay *r, struct endpoint *x, uint32_t delivered, bool progress, bool lost);
void rtt_sample(const struct relay *r, struct endpoint *x, uint32_t rtt_us);
/* A D-SACK: reordering is wider than was thought. And what <recover> told is acknowledged. */
void reo_grow(struct endpoint *x);
void reo_settle(struct endpoint *x);
void rtx_arm(struct relay *r, struct flow *f, enum side x);
void rtx_fire(struct relay *r, struct flow *f, enum side x);
void seg_mark_lost(struct endpoint *x, struct seg *s);

/* window.c: what an endpoint may send */
uint16_t window_field(struct relay *r, struct flow *f, enum side x);
/* The most that is accepted, whatever was promised: the cap, what rounding added, a segment. */
uint32_t window_limit(const struct flow *f, enum side x);
void window_autotune(struct relay *r, struct flow *f, enum side x);
/* The queue towards side_other(x) has drained: does X deserve to know? */
void window_drained(struct relay *r, struct flow *f, enum side x);

/* send.c: segments out */
struct header_out {
	uint32_t seq;
	uint8_t flags;
	const struct sack_block *sack;
	uint8_t n_sack;
};

void send_pump(struct relay *r, struct flow *f, enum side x);
/* One segment from the queue, now, whatever the windows say. */
bool send_seg(struct relay *r, struct flow *f, enum side x, uint32_t i);
/* A copy or the packet itself, numbers as in <s>; no state changes. */
bool send_once(struct relay *r, struct flow *f, enum side x, const struct seg *s);
bool send_control(struct relay *r, struct flow *f, enum side x, const struct header_out *h);
void send_ack(struct relay *r, struct flow *f, enum side x);
void send_rst(struct relay *r, struct flow *f, enum side x, uint32_t seq);
void send_probe(struct relay *r, struct flow *f, enum side x);
void send_retry(struct relay *r, struct flow *f);
void header_l3_fill(struct relay *r, struct flow *f, enum side to, struct header_l3 *l3);

/* close.c: FIN, RST, TIME_WAIT */
void fin_queue(struct relay *r, struct flow *f, enum side to);
void rst_input(struct relay *r, struct flow *f, enum side from);
void flow_abort(struct relay *r, struct flow *f, enum end_reason why);
void flow_dead(struct relay *r, struct flow *f);
/* An RST, and up to three more of it. */
void rst_now(struct relay *r, struct flow *f, enum side to);
void closed_input(struct relay *r, struct flow *f, struct arrival *a);
/* After anything changed: does the flow's state? */
void flow_settle(struct relay *r, struct flow *f);

/* stream.c */
void inspect(struct relay *r, struct flow *f, enum side from);
/* The queue towards side_other(from) has shrunk. */
void stream_room_check(struct relay *r, struct flow *f, enum side from);
void hold_end(struct relay *r, struct flow *f, enum side from);

/* xlate.c: constant shift; and the way there */
void xlate_input(struct relay *r, struct flow *f, struct arrival *a);
void drain_begin(struct relay *r, struct flow *f);
void drain_settle(struct relay *r, struct flow *f);
void drain_input(struct relay *r, struct flow *f, struct arrival *a);
void wire_input(struct relay *r, struct flow *f, struct arrival *a);
/* Cuts off a flow that passes: RST to both ends. */
void passing_abort(struct relay *r, struct flow *f);

/* restart.c */
void restart_write(struct relay *r, const struct flow *f);
void restart_clear(struct relay *r, const struct flow *f);

/* icmp_in.c */
void icmp_input(struct relay *r, struct arrival *a);

/* timer.c */
void flow_timer(struct relay *r, struct flow *f);
void flow_rearm(struct relay *r, struct flow *f);
