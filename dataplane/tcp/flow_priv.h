/* SPDX-License-Identifier: Apache-2.0
 * The state of one flow. Only dataplane/tcp looks inside. */
#pragma once

#include "dataplane/flow/key.h"
#include "dataplane/net/frame.h"
#include "dataplane/pkt/pkt.h"
#include "dataplane/tcp/relay.h"

#include <stdbool.h>
#include <stdint.h>

#define SEG_NONE  UINT32_MAX
#define FLOW_NONE UINT32_MAX

enum seg_flag {
	SEG_SENT = 0x01,
	SEG_SACKED = 0x02,
	SEG_LOST = 0x04, /* found lost and not sent again since: not in flight */
	SEG_RETX = 0x08, /* sent more than once */
	SEG_PSH = 0x10,
	SEG_FIN = 0x20,     /* the end of the direction: no payload, no packet, one number */
	SEG_EMITTED = 0x40, /* put in by an inspector */
};

/* A run of payload in a queue. Exactly one seg per packet, so that headers can be written in place
 * in front of it and memory is accounted exactly. */
struct seg {
	struct pkt *pkt; /* owned (one reference); NULL for SEG_FIN */
	uint32_t seq; /* in the receiver's numbers in in- and ooo-queues, in the sender's in out-queues */
	uint32_t next;      /* SEG_NONE at the end */
	uint32_t tx_us;     /* last sent; meaningful with SEG_SENT */
	uint16_t off, len;  /* payload in the packet's buffer */
	uint16_t sum;       /* folded sum of the payload, from the checksum that its sender wrote */
	uint16_t true_size; /* charged to the worker */
	uint8_t flags;      /* enum seg_flag */
	uint8_t n_retx;
};

_Static_assert(sizeof(struct seg) <= 40, "pooled per worker");

enum rx_state {
	RX_OPEN,
	RX_FIN_SEEN, /* in order; not acknowledged yet */
	RX_FIN_ACKED,
};

enum tx_state {
	TX_OPEN,
	TX_FIN_QUEUED, /* behind the data, perhaps sent */
	TX_FIN_DONE,   /* acknowledged */
	TX_RST_QUEUED, /* an RST follows the data */
	TX_RST_SENT,
};

enum ca_state {
	CA_OPEN,
	CA_RECOVERY, /* PRR until <recover> is acknowledged */
	CA_LOSS,     /* after an RTO, slow start until <recover> is acknowledged */
};

enum ack_due {
	ACK_NONE,
	ACK_DELAYED, /* at ack_at_ms, or with reverse data */
	ACK_NOW,
};

enum rtx_kind {
	RTX_NONE,
	RTX_RTO,
	RTX_TLP,
	RTX_REO,     /* RACK's reordering wait */
	RTX_PERSIST, /* window closed */
};

/* What the last tail loss probe was: only a repeated segment can have repaired a loss. */
enum tlp_out {
	TLP_NONE,
	TLP_FRESH,
	TLP_RETX,
};

/* What has been seen of a side whose segments pass: rx.rcv_nxt is then the end of what did. */
enum passed {
	PASSED_NONE,
	PASSED_DATA,
	PASSED_SYN, /* a SYN with the number rx.irs, too */
};

enum ep_flag {
	EP_FIN_KNOWN = 0x20, /* from X: a FIN was seen, perhaps out of order */
	EP_SACK = 0x01,      /* both ends permitted SACK */
	EP_TS = 0x02,        /* timestamps are rewritten */
	EP_HELD = 0x04,      /* from X: the inspector waits */
	EP_CLOSED = 0x08,    /* from X: stream_close() was called, later bytes are discarded */
	EP_DISCARD = 0x10,   /* from X: acknowledged and thrown away (denied) */
	EP_ZERO_WND = 0x40,  /* X's window is closed */
	EP_INSPECT = 0x80,   /* something new for the inspector */
};

/* Receiving from X: every data segment touches it. RFC 9293 3.3.1 words. */
struct ep_rx {
	uint32_t rcv_nxt, rcv_adv; /* next number; right edge promised to X */
	uint32_t irs;
	uint32_t last_ack;                   /* last ACK number sent to X */
	uint32_t fin_seq;                    /* of X's FIN; known with EP_FIN_KNOWN */
	uint32_t in_head, in_tail, in_bytes; /* ordered, unjudged */
	uint32_t in_need;                    /* the inspector wants as many */
	uint32_t rcv_cap;                    /* bytes that may be queued, both queues together */
	uint32_t ooo_head, ooo_tail;
	uint32_t ooo_last; /* a number in what came last: its SACK block is told first */
	uint16_t ooo_n;
	uint8_t ack_due, rx_state; /* enum ack_due, enum rx_state */
	uint8_t wscale_in;         /* shift of windows that X sends */
	uint8_t mss_seen;          /* full-size segments not acknowledged yet, up to 2 */
	uint32_t ack_at_ms;
	uint32_t dsack_l, dsack_r; /* to report: equal when none */
	uint32_t drs_us, drs_seq;  /* when, and at which number, a round trip's count began */
};

/* Sending to X: every ACK from X touches it. */
struct ep_tx {
	uint32_t iss;
	uint32_t snd_una, snd_nxt, snd_end; /* snd_end: behind the last queued byte */
	uint32_t snd_wnd, snd_wl1, snd_wl2, max_wnd;
	uint32_t sq_head, sq_tail, sq_unsent, sq_bytes;
	uint32_t delta; /* emitted - consumed, towards X */
	uint32_t pipe;  /* bytes in flight (RFC 6675) */
	uint16_t mss;
	uint8_t wscale_out;                            /* shift of windows that we send to X */
	uint8_t tx_state, backoff, ca_state, rtx_kind; /* enums of their names */
	uint8_t n_rtx;
	uint32_t rtx_at_ms;
};

/* Congestion control and loss recovery towards X. */
struct ep_recovery {
	uint32_t cwnd, ssthresh;
	uint32_t cc[5];   /* struct cc's own */
	uint32_t recover; /* snd_nxt when recovery began, or when reo_told was set */
	uint32_t prr_delivered, prr_out, recover_pipe;
	uint32_t srtt_us, rttvar_us, min_rtt_us, rto_ms;
	uint16_t n_sacked, n_lost, n_out;        /* segments; n_out: sent and not acknowledged */
	uint16_t full_rtos;                      /* timeouts of a full-size segment in a row */
	uint32_t rack_us, rack_end, rack_rtt_us; /* the latest segment delivered: sent, end, RTT */
	uint32_t fack;                           /* highest number SACKed or acknowledged */
	uint32_t tlp_end;                        /* snd_nxt when the probe left */
	uint32_t fwd_max; /* DRAIN: highest end forwarded beyond the out-queue */
	uint8_t tlp_out, reo_mult, reo_seen, n_dupacks;
	uint8_t reo_persist; /* recoveries until reo_mult is forgotten (RFC 8985 6.2) */
	uint8_t reo_told;    /* it has grown since snd_una passed <recover>: once a round trip */
	uint16_t min_rtt_s;  /* since when min_rtt_us holds, in seconds */
};

/* One end of the flow, X. */
struct endpoint {
	_Alignas(64) struct ep_rx rx;
	struct ep_tx tx;
	struct ep_recovery rec;

	uint32_t last_rx_ms;       /* a valid segment from X */
	uint32_t last_progress_ms; /* snd_una moved, or the queue was empty */
	uint32_t ka_at_ms;
	uint32_t zero_since_ms, held_since_ms, fin_since_ms;
	uint32_t ts_recent, ts_off;
	uint32_t flow_label;

	union {
		uint32_t floor; /* XLATE: X's numbers below it were judged here, and do not pass */
		uint32_t room_need; /* RELAY, from X: data() when there is room for as many; or 0 */
	};

	uint16_t ip_id;
	uint8_t flags;            /* enum ep_flag */
	uint8_t l2[FRAME_L2_MAX]; /* of X's frames; what goes to the other end starts with it */
	uint8_t l2_len, ttl, tos;
	uint8_t seen;         /* WIRE, XLATE: enum passed */
	uint8_t n_ka;         /* probes unanswered */
	uint8_t ka_asked : 1; /* the other end wants to know */
	uint8_t df : 1;
	uint8_t has_floor : 1; /* XLATE: <floor> is still near enough to be compared with */
	uint8_t again : 1;     /* from X: the inspector is called whether or not bytes wait */
};

enum flow_state {
	FLOW_FREE,
	FLOW_SYN,    /* SYN forwarded */
	FLOW_SYNACK, /* SYN-ACK forwarded */
	FLOW_EST,
	FLOW_ABORT,  /* an endpoint reset: what was judged still goes to the other, then RST */
	FLOW_LINGER, /* denied with a reply: reply and FIN on their way */
	FLOW_TIME_WAIT,
	FLOW_DEAD, /* RSTs sent; answers with RST for a while */
	FLOW_STATES,
};

enum flow_flag {
	FLOW_DIRTY = 0x01,         /* in the worker's list of flows to attend to */
	FLOW_OPENED = 0x02,        /* the inspector has seen open() */
	FLOW_CLOSED = 0x04,        /* and close() */
	FLOW_SAW_FIN_AGENT = 0x08, /* WIRE, XLATE: a FIN passed from that side */
	FLOW_SAW_FIN_PROD = 0x10,
	FLOW_EMBRYONIC = 0x20, /* counted as half open */
	FLOW_BYPASS = 0x40,    /* stream_bypass() was called */
	FLOW_RESUMED = 0x80,   /* from a restart record */
};

struct flow {
	_Alignas(64) struct flow_key key;
	uint64_t hash;
	uint32_t gen;
	uint8_t state, mode;
	uint8_t initiator;
	uint8_t flags;
	const struct flow_policy *policy; /* borrowed: outlives the flow */
	void *ctx;                        /* the inspector's */
	uint64_t start_us;
	uint32_t last_ms;
	uint32_t state_at_ms; /* deadline of the state */
	uint32_t report_at_ms;
	uint32_t retry_at_ms;          /* 0: nothing to retry */
	uint32_t list_next, list_prev; /* half-open, or closed: oldest first */
	uint32_t dirty_next;
	uint32_t free_next;
	uint16_t chal_tokens;
	uint8_t end_reason;
	uint8_t pending_end; /* WIRE, XLATE: enum end_reason, unless traffic goes on */
	struct endpoint ep[SIDES];
};

_Static_assert(sizeof(struct flow) == 768, "relay.md 2.1: 128 + 2 * 320, on whole cache lines");

/* Counted apart from the state: touched once a packet, read by reports. */
struct flow_counts {
	struct {
		uint64_t rx_pkts, rx_bytes, tx_bytes;
		uint32_t retransmits, dup_in, ooo_in;
		uint32_t overlap_mismatch, cksum_drops, challenge_acks;
		uint32_t zero_window_ms, hold_ms, peak_bytes, undelivered;
	} side[SIDES];
};

/* Numbers that a segment takes. */
static inline uint32_t seg_space(const struct seg *s)
{
	return s->len + ((s->flags & SEG_FIN) != 0);
}

static inline uint32_t seg_end(const struct seg *s)
{
	return s->seq + seg_space(s);
}

static inline bool seg_in_flight(const struct seg *s)
{
	return (s->flags & (SEG_SENT | SEG_SACKED | SEG_LOST)) == SEG_SENT;
}

/* This end has all of ours, we have all of its, and both know: it may be gone for good. */
static inline bool ep_is_done(const struct endpoint *x)
{
	return x->rx.rx_state == RX_FIN_ACKED && x->tx.tx_state == TX_FIN_DONE;
}

/* The first number that the inspector has not judged. */
static inline uint32_t ep_judged(const struct endpoint *x)
{
	return x->rx.rcv_nxt - x->rx.in_bytes;
}

/* What we acknowledge to X: its FIN only when the other end has it. */
static inline uint32_t ep_ack_no(const struct endpoint *x)
{
	return x->rx.rcv_nxt + (x->rx.rx_state == RX_FIN_ACKED);
}
