/* SPDX-License-Identifier: Apache-2.0
 * The endpoint's state, for ep*.c and hostile.c. Sequence numbers are 64 bits wide: 2^32 + the
 * initial number, so that comparisons are plain and nothing wraps but the wire. */
#pragma once

#include "tests/sim/ep.h"

enum ep_state {
	EP_CLOSED,
	EP_LISTEN,
	EP_SYN_SENT,
	EP_SYN_RCVD,
	EP_OPEN,      /* established, and every state of closing */
	EP_TIME_WAIT, /* answers what it does not expect */
	EP_GONE,      /* answers everything with RST */
	EP_SILENT,    /* the host does not exist any more */
};

enum ep_timer {
	TIMER_RTO,
	TIMER_PERSIST,
	TIMER_DELACK,
	TIMER_KEEPALIVE,
	TIMER_READ,
	TIMER_APP,
	TIMER_HOSTILE,
	TIMERS,
};

struct ep {
	struct conn *c; /* borrowed */
	struct world *w;
	const struct ep_conf *cf;
	struct seg id; /* addresses of what we send */
	enum side side;
	uint8_t state;
	uint32_t outcome;
	struct rng rng;
	uint64_t timer[TIMERS]; /* 0: off */
	uint64_t armed_us;      /* the event that waits in the heap */

	/* sender */
	uint64_t iss, una, nxt, max; /* max: highest ever sent */
	uint64_t end;                /* what the application has written */
	bool shut;                   /* a FIN stands at <end> */
	uint64_t wnd_right, wl1, wl2, max_wnd;
	uint32_t mss; /* of what we send */
	uint8_t snd_ws, rcv_ws;
	bool sack_on, ts_on;
	uint32_t ts_recent;
	struct ranges sacked;
	bool recovery;
	uint64_t recover, high_rtx;
	uint32_t dupacks;
	uint64_t cwnd, ssthresh, cubic_max, cubic_at_us;
	uint64_t rtt_seq, rtt_at_us; /* the one segment that is timed; rtt_seq 0: none */
	uint32_t srtt, rttvar, rto, backoff, retries;
	uint64_t stuck_since_us; /* oldest unacknowledged byte, or window closed */
	uint32_t full_rtos;
	uint64_t written_marks[8]; /* ends of the latest writes: PSH */
	uint32_t n_marks;

	/* receiver */
	uint64_t irs, rcv_nxt, rcv_adv, read_abs;
	struct ranges ooo;
	uint64_t ooo_last;
	bool fin_seen;   /* in order */
	uint64_t fin_at; /* where the peer's FIN stands; 0: unknown */
	bool ack_now;
	uint32_t unacked_segs;
	uint64_t dsack_l, dsack_r;
	uint64_t last_rx_us, oow_at_us;
	uint32_t keep_unanswered;
	bool eof_first; /* the peer's FIN came before ours was sent */

	/* application */
	uint32_t pc;
	bool closed, sleeping, app_done, in_app;
	uint64_t read_stopped_until;
	uint32_t n_shots; /* hostile.c */
	struct ep_stats st;
};

/* ep.c */
void ep_arm(struct ep *e, enum ep_timer t, uint64_t in_us);
void ep_disarm(struct ep *e, enum ep_timer t);
void ep_die(struct ep *e, uint32_t outcome, enum ep_state state);
void ep_finish_if_done(struct ep *e);
uint64_t ep_peer_end(const struct ep *e);

/* ep_out.c */
void ep_send_syn(struct ep *e);
void ep_send_rst(struct ep *e, uint64_t seq);
void ep_answer_rst(struct ep *e, const struct seg *s);
void ep_send_ack(struct ep *e);
void ep_send_data(struct ep *e, uint64_t seq, uint32_t len);
void ep_push(struct ep *e);
void ep_window_update(struct ep *e);
void ep_fill(struct ep *e, struct seg *s, uint8_t flags, uint64_t seq);
void ep_emit(struct ep *e, const struct seg *s);
void ep_rto_fired(struct ep *e);
void ep_persist_fired(struct ep *e);
void ep_keepalive_fired(struct ep *e);
uint64_t ep_window(const struct ep *e);
void ep_grow(struct ep *e, uint64_t acked);

/* ep_in.c */
void ep_learn_syn(struct ep *e, const struct seg *s);

/* ep_app.c */
void ep_app_run(struct ep *e);
void ep_app_read(struct ep *e);
void ep_app_close_check(struct ep *e);

/* hostile.c */
void hostile_start(struct ep *e);
void hostile_fired(struct ep *e);
/* May alter an ACK that is about to go out. */
void hostile_twist(struct ep *e, struct seg *s);
void hostile_after_input(struct ep *e, const struct seg *s);

static inline uint64_t ep_stream_off(uint64_t abs, uint64_t base)
{
	return abs - base - 1;
}
