/* SPDX-License-Identifier: Apache-2.0
 * The TCP relay engine of one worker: frames in, frames out, nothing else.
 *
 * It makes no system call, reads no clock, takes no heap after relay_new(), and knows no DPDK: time
 * is an argument, packets come through dataplane/pkt, what it needs from outside is struct
 * relay_env. So the simulator, the fuzzers and tools/replay run exactly this code.
 *
 * The owner's loop, once per poll:
 *	for each port: relay_rx(r, wire, side, frames, n, now_us);
 *	relay_poll(r, now_us);           timers, one ACK per side, the senders
 * A relay belongs to one thread.
 */
#pragma once

#include "dataplane/flow/key.h"
#include "dataplane/net/frame.h"
#include "dataplane/net/side.h"
#include "dataplane/pkt/pkt.h"
#include "dataplane/tcp/counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct relay;
struct flow;
struct inspector;

/* How a flow is treated, cheapest first (relay.md 1). */
enum flow_mode {
	MODE_WIRE,  /* frames forwarded untouched, counted */
	MODE_XLATE, /* sequence numbers shifted by a constant, no queues; only reached from RELAY */
	MODE_RELAY, /* acknowledged here, own send queue, an inspector decides */
	MODE_DRAIN, /* on the way from RELAY to XLATE */
	MODE_DENY,  /* refused: SYN answered or dropped, nothing forwarded */
	MODES,
};

enum deny_how {
	DENY_RST,    /* both ends get an RST */
	DENY_SILENT, /* nothing is sent */
};

enum knob_ts {
	TS_STRIP,   /* default: XLATE and restart need it */
	TS_REWRITE, /* own clock towards both ends; no XLATE */
};

enum knob_urg {
	URG_INLINE, /* default: flag and pointer cleared, the byte stays */
	URG_DROP,   /* segments with URG are dropped */
};

/* What is done with a flow; one per target, immutable while flows use it. */
struct flow_policy {
	enum flow_mode mode;               /* WIRE, RELAY or DENY */
	enum deny_how deny_how;            /* with MODE_DENY */
	const struct inspector *inspector; /* borrowed; with MODE_RELAY */
	void *inspector_ctx;               /* borrowed; handed to the inspector */
	enum knob_ts ts;
	enum knob_urg urg;
	bool wire_md5_ao;             /* TCP-MD5/AO SYNs go WIRE; else they are refused */
	bool allow_simultaneous_open; /* forward a bare SYN that answers a SYN (the flow goes WIRE) */
	bool rst_on_overlap_mismatch; /* else the first copy is kept */
	bool refuse_when_red;         /* new flows are refused under red pressure */
	uint16_t mss;                 /* largest MSS announced; 0: from the MTU */
	uint32_t rcv_cap_max_bytes;   /* of one direction's queues: 64 KiB .. 4 MiB; 0: 1 MiB */
	uint32_t target;              /* the caller's index, echoed in reports */
};

/* What becomes of a TCP segment that is no SYN and belongs to no flow. */
enum unknown_tcp {
	UNKNOWN_RST,  /* both ends get an RST made from the segment's own numbers */
	UNKNOWN_WIRE, /* a WIRE flow begins in mid-stream */
	UNKNOWN_DROP,
};

enum end_reason {
	END_NONE,      /* still open */
	END_FIN,       /* both FINs acknowledged */
	END_RST_AGENT, /* an endpoint reset it */
	END_RST_PROD,
	END_DENIED,
	END_TIMEOUT, /* retransmissions, probes or keepalives unanswered */
	END_IDLE,
	END_HANDSHAKE, /* never established */
	END_EVICTED,
	END_PRESSURE,
	END_RESTART,
	END_SHUTDOWN,
	END_REASONS,
};

/* A copy of one flow's state, for people and programs. */
struct flow_report {
	struct flow_key key;
	uint32_t index, gen; /* names the flow while it lives */
	uint32_t target;
	uint8_t mode;       /* enum flow_mode */
	uint8_t state;      /* enum flow_state, see relay_state_name() */
	uint8_t end_reason; /* enum end_reason */
	uint8_t initiator;  /* enum side */
	bool held[SIDES];
	uint64_t start_us, last_us;

	struct {
		uint64_t rx_pkts,
				rx_bytes; /* frames from that side; bytes are payload as received */
		uint64_t tx_bytes;        /* payload delivered to that side, each byte once */
		uint32_t retransmits;     /* sent again to that side */
		uint32_t dup_in, ooo_in;
		uint32_t overlap_mismatch, cksum_drops, challenge_acks;
		uint32_t zero_window_ms, hold_ms;
		uint32_t srtt_us, min_rtt_us;
		uint32_t cwnd_bytes;
		uint32_t in_bytes, out_bytes, ooo_segs; /* queued now */
		uint32_t peak_bytes;                    /* most queued from that side */
		int32_t delta;                          /* emitted - consumed, towards that side */
		uint32_t undelivered;
	} side[SIDES];
};

/* What the engine asks of its owner. Called on the relay's thread only. */
struct relay_env {
	void *ctx;
	struct pkt_pools *pools; /* borrowed */
	void *inspect_ctx;       /* borrowed: for inspectors, by stream_owner(). May be NULL */

	/* The policy of a connection that <initiator> opens. Never NULL. Lives until the flow ends
	 * and relay_policy_release() semantics are the owner's: the engine only borrows. */
	const struct flow_policy *(*classify)(
			void *ctx, const struct flow_key *key, enum side initiator);

	/* Queues a frame for side <to> of <wire>. true: taken, with one reference. false: not sent,
	 * nothing taken; the engine tries again at the next poll. */
	bool (*tx)(void *ctx, uint16_t wire, enum side to, struct pkt *p);

	/* A flow was established, or ended (end_reason), or lives on (every 60 s). May be NULL. */
	void (*report)(void *ctx, const struct flow_report *rep);
};

struct relay_conf {
	uint32_t max_flows;
	uint32_t max_segs;       /* queued packets, all flows together */
	uint64_t retain_bytes;   /* true size of queued packets: 100 % of the pressure scale */
	uint32_t retain_rx_pkts; /* received buffers kept before payloads are copied out; 0: never */
	uint16_t n_wires;        /* <= 256 */
	uint16_t mtu;            /* of every port: 576 .. 9216 */
	enum unknown_tcp unknown_tcp;
	bool forward[FRAME_KINDS];     /* non-TCP policy, by enum frame_kind */
	bool verify_cksum_always;      /* do not believe the port's GOOD flag */
	uint32_t embryonic_per_source; /* default 1024 */
	uint32_t syn_per_source_per_s; /* 0: no limit */
	uint32_t idle_s;               /* established and silent: then keepalives; default 3600 */
	uint32_t half_closed_idle_s;   /* default 600 */
	uint32_t hold_fin_ack_s;       /* default 60 */
	uint32_t hold_keepalive_s;     /* default 30 */
	uint32_t time_wait_s;          /* default 30 */
	bool use_reno;                 /* NewReno in place of CUBIC: tests */
	uint64_t seed[2]; /* of hashes and IP IDs; from the kernel's random in the product */
	/* restart.h: one record per flow index, in memory that outlives the process; NULL: none */
	struct restart_record *restart; /* borrowed: max_flows of them */
};

/* Fills the defaults above: 65,536 flows, MTU 1500, everything that is not TCP forwarded. */
void relay_conf_init(struct relay_conf *conf);

/* NULL with errno: ENOMEM, EINVAL. <conf> and <env> are copied. */
struct relay *relay_new(const struct relay_conf *conf, const struct relay_env *env);
/* Frees every packet. Sends nothing: see relay_shutdown(). */
void relay_free(struct relay **r);

/* Takes ownership of <n> frames that came in from side <from> of <wire>, in their order. */
void relay_rx(struct relay *r, uint16_t wire, enum side from, struct pkt **frames, uint32_t n,
		uint64_t now_us);

/* Runs what is due: timers, pending ACKs, senders. Call after each round of relay_rx(), and when
 * relay_next_us() has come. */
void relay_poll(struct relay *r, uint64_t now_us);

/* When relay_poll() has something to do next: never late; early when that is over a second away;
 * UINT64_MAX for never. */
uint64_t relay_next_us(const struct relay *r);

/* Clean stop: writes the restart records, resets the flows that cannot be resumed. */
void relay_shutdown(struct relay *r, uint64_t now_us);

/* Continues a held direction from outside (a ticket's answer). -ESTALE: that flow is gone. */
int relay_resume(struct relay *r, uint32_t index, uint32_t gen, uint64_t now_us);

/* Ends a flow from outside, both sides reset. -ESTALE: that flow is gone. */
int relay_kill(struct relay *r, uint32_t index, uint32_t gen, enum end_reason why, uint64_t now_us);

const struct counters *relay_counters(const struct relay *r);

enum pressure {
	PRESSURE_GREEN,  /* < 60 % of retain_bytes */
	PRESSURE_YELLOW, /* no window growth, out-of-order queues <= 8 segments */
	PRESSURE_RED,   /* > 80 %: caps frozen, out-of-order dropped, new inspected flows refused */
	PRESSURE_BLACK, /* > 92 %: the largest held flows are aborted */
};

struct relay_gauges {
	uint32_t flows, flows_by_mode[MODES], embryonic, time_wait, held;
	uint32_t segs_used;
	uint64_t retained_bytes, retain_limit_bytes; /* now, and 100 % of the pressure scale */
	uint8_t pressure;                            /* enum pressure */
	uint32_t flow_bytes; /* state of one flow, counters and index included */
};

void relay_gauges(const struct relay *r, struct relay_gauges *ret);

/* Copies up to <max> flows, starting at index *cursor; moves *cursor on, or to UINT32_MAX at the
 * end. Returns how many. Visits at most <max> * 4 slots, so that a call is short. */
size_t relay_flows(const struct relay *r, uint32_t *cursor, struct flow_report *out, size_t max);

const char *relay_state_name(uint8_t state);
const char *relay_mode_name(uint8_t mode);
const char *relay_end_name(uint8_t end_reason);

/* The invariants of relay.md 3 that are visible from inside: queue lengths and sizes against their
 * sums (I4, I7), every armed need has a timer (I8), windows never past their promise (I3, I4).
 * NULL: all hold. Else what is broken. Walks everything: tests and debug builds. */
const char *relay_check(const struct relay *r);
