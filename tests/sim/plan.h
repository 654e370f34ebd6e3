/* SPDX-License-Identifier: Apache-2.0
 * Everything that one simulated run is made of, drawn from a seed before it starts (gen.c) or
 * written down by a scenario. A run is a function of its plan. */
#pragma once

#include "dataplane/net/side.h"
#include "dataplane/tcp/inspector.h"
#include "dataplane/tcp/relay.h"

#include <stdbool.h>
#include <stdint.h>

enum { PLAN_CONNS_MAX = 4, US_PER_MS = 1000, US_PER_S = 1000000 };

/* What can be switched off one at a time while a failure is made smaller. */
enum feature {

#define FEATURE(sym, name) F_##sym,
#include "tests/sim/feature.tbl.h"
#undef FEATURE
	FEATURES,
};

const char *feature_name(enum feature f);

/* The four directed links. */
enum hop {
	HOP_A2R, /* agent to relay */
	HOP_P2R,
	HOP_R2A,
	HOP_R2P,
	HOPS,
};

struct link_conf {
	uint32_t delay_us, jitter_us; /* jitter keeps the order unless reorder_ppm says otherwise */
	uint32_t loss_ppm, ack_loss_ppm;
	uint32_t burst_ppm, burst_end_ppm; /* Gilbert-Elliott: into and out of the bad state */
	uint32_t dup_ppm;
	uint32_t reorder_ppm, reorder_us;
	uint32_t corrupt_ppm; /* a bit flips, no checksum is mended */
	uint32_t launder_ppm; /* payload bits flip and the checksum is made to fit */
	uint32_t truncate_ppm;
	uint32_t bytes_per_ms, queue_bytes; /* 0: no limit */
	uint32_t mtu;                       /* of IP packets; 0: no limit */
	bool mtu_icmp;                      /* too large ones are answered */
	uint64_t lose_mask; /* bit i: the i-th frame is lost, counted from the start of the run */
	uint64_t dark_from_us, dark_to_us; /* from the start: nothing passes */
};

/* What is wrong with the world that the engine lives in. */
struct env_conf {
	uint32_t poll_gap_us;   /* a frame waits at most so long for the engine's poll */
	uint32_t tx_refuse_ppm; /* the transmit ring takes nothing, frame by frame */
	uint32_t tx_full_every_us, tx_full_for_us;
	uint32_t tx_retain_polls; /* the ring keeps its reference so long */
	uint32_t pool_dry_every_us, pool_dry_for_us;
	uint32_t pool_full, pool_small, pool_header; /* budgets */
	uint32_t noise_every_us;                     /* ARP, UDP and the like */
	uint32_t attack_every_us; /* blind RST, SYN and ACKs with the right addresses */
	bool exact_rx;            /* received frames fill their buffers to the last byte */
	bool cksum_offload;       /* the port says which frames are good */
	bool paranoid;            /* relay_check() at every step */
	uint32_t check_every;     /* else so often; 0: now and then */
};

enum ep_cc { CC_RENO, CC_CUBIC, CC_FIXED };

/* Misbehaviour, combined at will. */
enum hostile {
	HOSTILE_OPT_ACK = 1 << 0,    /* acknowledges what has not come yet */
	HOSTILE_ACK_DIV = 1 << 1,    /* many small steps */
	HOSTILE_SACK_JUNK = 1 << 2,  /* SACK blocks from nowhere */
	HOSTILE_RENEGE = 1 << 3,     /* drops what it has SACKed */
	HOSTILE_OVERLAP = 1 << 4,    /* sends sequence ranges again with other bytes */
	HOSTILE_SPRAY = 1 << 5,      /* SYN, FIN and RST inside, outside and on the window */
	HOSTILE_TINY = 1 << 6,       /* segments of 1..8 bytes */
	HOSTILE_SHRINK = 1 << 7,     /* takes its window back */
	HOSTILE_BEYOND_FIN = 1 << 8, /* bytes after its FIN, FINs that move */
	HOSTILE_BAD = 1 << 9,        /* bad checksums, flags and offsets, low TTL, no ACK flag */
	HOSTILE_URG = 1 << 10,
};

/* Options in SYNs beyond the usual ones. */
enum syn_extra {
	EXTRA_TFO = 1 << 0,
	EXTRA_MPTCP = 1 << 1,
	EXTRA_MD5 = 1 << 2,
	EXTRA_UNKNOWN = 1 << 3,
	EXTRA_ECN = 1 << 4,
	EXTRA_DATA = 1 << 5, /* payload in the SYN */
};

/* One end of a connection. */
struct ep_conf {
	uint16_t mss; /* announced; 0: no option */
	uint16_t mtu; /* of its port: segments are never larger */
	bool has_ws, sack, ts;
	uint8_t ws;
	uint32_t extra;   /* enum syn_extra */
	uint32_t hostile; /* enum hostile */
	uint32_t isn;
	uint32_t rcvbuf;
	uint8_t cc; /* enum ep_cc */
	uint8_t ttl, tos;
	uint32_t label;
	bool nagle, pad;
	bool probe_with_byte; /* zero-window probes carry a byte (BSD) or none (Linux) */
	uint32_t delack_us;
	uint32_t read_chunk, read_every_us;     /* a slow reader; 0: reads at once */
	uint64_t read_stop_at;                  /* stops at that byte ... */
	uint64_t read_stop_us;                  /* ... for that long */
	uint64_t keepalive_us, user_timeout_us; /* 0: off */
	bool refuse;                            /* nobody listens: the SYN is answered by an RST */
	bool unreachable;                       /* the SYN is answered by an ICMP error */
};

enum app_do {
	DO_WRITE, /* <arg> bytes, one unit for the inspector */
	DO_AWAIT, /* until the output for the peer's first <arg> bytes has been read */
	DO_AWAIT_EOF,
	DO_SLEEP,  /* <arg> us */
	DO_SHUT,   /* FIN after what was written */
	DO_CLOSE,  /* shutdown of both: RST if unread bytes are there or come */
	DO_ABORT,  /* RST now */
	DO_VANISH, /* the host is gone, silently */
	DO_REBOOT, /* the host answers everything with RST */
};

struct app_op {
	uint8_t what; /* enum app_do */
	uint64_t arg;
};

struct app {
	struct app_op *op; /* owned by the plan */
	uint32_t n, cap;
};

enum outcome {
	OUT_OPEN = 1 << 0,
	OUT_EOF = 1 << 1, /* both FINs sent and acknowledged */
	OUT_RESET = 1 << 2,
	OUT_TIMEOUT = 1 << 3,
	OUT_REFUSED = 1 << 4,
	OUT_ABORTED = 1 << 5, /* its own application reset it */
	OUT_VANISHED = 1 << 6,
	OUT_ANY = (1 << 7) - 1,
};

/* What the scripted inspector does (inspect.c). */
struct insp_conf {
	bool scripted;    /* else the engine's own pass-all inspector */
	bool whole_units; /* judges nothing before a unit is complete */
	uint32_t drop_ppm, edit_ppm, emit_ppm, split_ppm;
	uint32_t hold_ppm;
	uint64_t hold_max_us, hold_min_us;
	uint32_t deny_unit[SIDES]; /* unit number + 1; 0: never */
	uint8_t deny_how;          /* enum stream_deny */
	uint32_t bypass_unit[SIDES], close_unit[SIDES], stuck_unit[SIDES];
};

struct conn_plan {
	enum side initiator;
	uint8_t ip_ver, n_tags, host; /* <host>: low byte of the agent's address */
	uint16_t vid[2], sport, dport;
	uint64_t start_us;
	enum flow_mode mode;
	enum knob_ts ts;
	enum knob_urg urg;
	bool wire_md5, simultaneous, rst_on_mismatch;
	uint16_t policy_mss;
	uint32_t rcv_cap;
	struct ep_conf ep[SIDES];
	struct app app[SIDES]; /* owned */
	struct insp_conf insp;
	uint32_t expect[SIDES]; /* enum outcome: what may become of each end */
	bool trust[SIDES];      /* what this side sends is the oracle's stream and nothing else */
	bool no_content;        /* WIRE or bypass of an untrusted peer: bytes cannot be foretold */
	uint64_t key;           /* of the oracle */
};

struct plan {
	uint64_t seed, mask; /* of enum feature: those that may be on */
	uint64_t active;     /* those that are */
	uint64_t clock_us;   /* what the clock says at the start; 0: some time */
	uint64_t limit_us;   /* everything must have come to its end by then (I9) */
	struct link_conf link[HOPS];
	struct env_conf env;
	struct relay_conf relay;
	uint32_t n_conns;
	struct conn_plan conn[PLAN_CONNS_MAX];
};

/* One connection of an agent to a server over perfect links; no application. For scenarios. */
void plan_init(struct plan *p, uint64_t seed);
void plan_done(struct plan *p);
void plan_do(struct plan *p, uint32_t conn, enum side s, enum app_do what, uint64_t arg);
/* The run of a seed with only the features of <mask>. */
void plan_generate(struct plan *p, uint64_t seed, uint64_t mask, bool relay_modes);
/* Bytes that side <s> writes in all. */
uint64_t app_total(const struct app *a);
/* Where the unit that contains byte <off> ends; UINT64_MAX beyond the last. */
uint64_t app_unit_end(const struct app *a, uint64_t off, uint32_t *ret_index);
