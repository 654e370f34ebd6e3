/* SPDX-License-Identifier: Apache-2.0
 * Everything that the generator's one thread works on, and what each file offers the others. */
#pragma once

#include "tests/perf/tcpgen/fifo.h"
#include "tests/perf/tcpgen/header.h"
#include "tests/perf/tcpgen/hist.h"
#include "tests/perf/tcpgen/opt.h"
#include "tests/perf/tcpgen/stream.h"

#include <rte_mbuf.h>

#include <stdbool.h>
#include <stdint.h>

enum {
	CLIENT = 0,
	SERVER = 1,
	ENDS = 2,
	BURST = 64,
	TXQ = 1024,         /* frames waiting for the device */
	TXQ_DATA_MAX = 512, /* beyond this only ACKs are queued */
	WSCALE = 7,
};

enum ep_state {
	EP_CLOSED,
	EP_SYN_SENT,
	EP_SYN_RCVD,
	EP_OPEN,
};

enum {
	EP_READY = 1,       /* in the queue of ends that may send */
	EP_IN_OWED = 2,     /* in the queue of ends that may owe an ACK */
	EP_OWES_ACK = 4,    /* and does */
	EP_UNALIGNED = 8,   /* nxt is not where a segment begins */
	EP_FIN_WANTED = 16, /* close when all is sent */
	EP_FIN_ACKED = 32,
	EP_FIN_RCVD = 64,
	EP_QUEUED = EP_READY | EP_IN_OWED, /* outlive a connection */
};

/* One end of a connection. Positions count the bytes of a stream from 0; a FIN takes one. */
struct ep {
	uint64_t una, nxt, max; /* acknowledged; sent next; sent so far */
	uint64_t right;         /* the peer lets us send up to here */
	uint64_t app;           /* the application has written up to here */
	uint64_t recover;       /* no second fast retransmission before this is acknowledged */
	uint64_t rcv;           /* received without a gap up to here */
	uint64_t tag_at;        /* where the peer's next tag is due */
	uint64_t timer_tsc;     /* of the last progress */
	uint64_t owed_tsc;      /* since when an ACK is owed */
	uint32_t iss, irs;
	uint32_t cwnd, ssthresh;
	uint32_t tag_off, tx_off; /* of tag_at and nxt in their messages */
	struct stream tx;         /* what we send */
	uint8_t state, flags;
	uint8_t unacked; /* segments received since the last ACK */
	uint8_t dupacks, backoff, wscale;
};

struct flow {
	struct ep ep[ENDS];
	uint64_t start_tsc; /* of the connection, or of the current request */
	uint64_t served;    /* requests that the server has answered */
	uint32_t idx;
	uint32_t active_at; /* place in gen.active, or UINT32_MAX */
	bool busy;
	bool opened; /* the handshake was completed */
};

/* All of type uint64_t: a report is the difference of two. [ENDS]: by the end that did it. */
struct counts {
	uint64_t rx_pkts[ENDS], rx_bytes[ENDS], tx_pkts[ENDS], tx_bytes[ENDS];
	uint64_t segs_in[ENDS], bytes_in[ENDS]; /* in order, new */
	uint64_t segs_out[ENDS], acks_out[ENDS], acks_in[ENDS];
	uint64_t retransmits[ENDS], fast_retransmits, timeouts;
	uint64_t dup_in, ooo_in, stray_in, malformed, bad_cksum, bad_payload;
	uint64_t opened, closed, reset, transactions;
	uint64_t tx_full, no_mbuf;
	uint64_t loops, busy_loops, busy_cycles, cycles;
};

struct port {
	struct rte_mbuf *txq[TXQ];
	uint32_t head, tail; /* of txq */
	uint16_t id;
};

struct gen {
	struct opt opt;
	struct hdr_tmpl tmpl[ENDS];
	struct port port[ENDS];
	struct flow *flows; /* owned: n_flows */
	uint32_t n_flows;
	uint32_t *active; /* owned: flows whose timers are looked at */
	uint32_t n_active, active_next;
	struct fifo ready, owed; /* idx << 1 | end */
	struct fifo vacant;      /* crr: flows that are closed */
	struct fifo to_open;     /* flows to be opened, or closed, by and by */
	uint32_t in_progress;    /* handshakes, or closes at the end */
	uint32_t n_open;
	uint64_t now, hz;
	uint64_t rto_tsc, delack_tsc, timers_tsc;
	struct rte_mempool *pool, *syn_pool; /* owned by EAL */
	struct rte_mbuf *stash[BURST];
	uint32_t n_stash;
	uint64_t received;
	bool running; /* applications write */
	bool closing; /* flows are being closed for good */
	struct counts c;
	struct hist latency; /* cycles: a transaction; crr: connect to close */
};

/* What a received frame says. */
struct seg_in {
	uint32_t idx, seq, ack;
	uint16_t wnd, len;
	uint8_t flags, opt_len;
	const uint8_t *payload; /* behind the options */
};

/* port.c */
int ports_open(struct gen *g);
void ports_close(struct gen *g);
void port_flush(struct gen *g, int end);
uint32_t port_rx(struct gen *g, int end);

static inline uint32_t port_queued(const struct port *p)
{
	return p->tail - p->head;
}

/* flow.c */
int flows_init(struct gen *g);
void flows_done(struct gen *g);
void flow_activate(struct gen *g, struct flow *f);
void flow_deactivate(struct gen *g, struct flow *f);

/* endpoint.c */
void ep_connect(struct gen *g, struct flow *f);
void ep_input(struct gen *g, struct flow *f, int end, const struct seg_in *s);
void ep_timers(struct gen *g);
void ep_pump(struct gen *g);
void ep_acks(struct gen *g);
void ep_wake(struct gen *g, struct flow *f, int end);
void ep_abort(struct gen *g, struct flow *f); /* an RST of the client, and no more state */

/* segment.c */
void seg_data(struct gen *g, struct flow *f, int end, uint32_t len);
void seg_ctl(struct gen *g, struct flow *f, int end, uint64_t pos, uint8_t flags);
void seg_syn(struct gen *g, struct flow *f, int end);
void seg_seek(struct ep *ep, uint64_t pos);
bool seg_check(struct gen *g, const struct flow *f, int end, const struct seg_in *s);

/* mode.c */
int mode_init(struct gen *g);
void mode_open_some(struct gen *g);
void mode_start(struct gen *g);
void mode_stop(struct gen *g);
bool mode_drained(const struct gen *g);
void mode_close_all(struct gen *g);
void mode_opened(struct gen *g, struct flow *f, int end);
void mode_received(struct gen *g, struct flow *f, int end);
void mode_closed(struct gen *g, struct flow *f, bool by_reset);

/* report.c */
void report_event(const char *event);
void report_final(const struct gen *g, const struct counts *c, const char *error);
void counts_sub(struct counts *to, const struct counts *from);
