/* SPDX-License-Identifier: Apache-2.0
 * One worker: what it owns, grouped by who writes it. Only worker/ sees this. */
#pragma once

#include "dataplane/handoff/message.h"
#include "dataplane/handoff/ring.h"
#include "dataplane/net/frag.h"
#include "dataplane/worker/spread.h"
#include "dataplane/worker/worker.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rte_mbuf;

enum {
	LINE_PAIR = 128,     /* the adjacent-line prefetcher fetches lines in pairs */
	WORKER_BURST = 64,   /* frames taken from one queue in one turn */
	WORKER_TX_MAX = 512, /* frames that wait for one port */
	WORKER_WORKERS_MAX = 64,
};

/* A receive queue that this worker polls. */
struct rx_queue {
	uint16_t port_id, queue;
	uint16_t wire;
	uint8_t side; /* enum side */
	bool spread;  /* frames may belong to other workers */
};

/* Frames on their way out of one side of a wire, in their order. */
struct tx_queue {
	struct ring *to_owner; /* borrowed: another worker transmits for us; NULL: we do */
	uint16_t port_id, queue;
	uint32_t n;
	struct rte_mbuf *frames[WORKER_TX_MAX]; /* owned */
};

/* Rings between this worker and another one; NULL where nothing can ever pass. */
struct peer {
	struct ring *rx_to,
			*rx_from; /* borrowed: frames that came in, to the owner of their flow */
	struct ring *tx_to, *tx_from; /* borrowed: frames to send, to the owner of their port */
};

/* Microseconds out of TSC cycles, without division and without drift. */
struct tsc_clock {
	uint64_t last_tsc, us;
	uint64_t us_per_cycle; /* << 32 */
	uint32_t part;         /* of a microsecond, << 32 */
};

enum worker_command {
	WORKER_RUN,
	WORKER_DRAIN, /* shut the relay down, then only carry what is to be sent */
	WORKER_EXIT,
};

struct worker {
	/* set before launch; read-only afterwards, by anyone */
	alignas(LINE_PAIR) struct relay *relay; /* owned */
	struct rx_queue *rxqs;                  /* owned */
	struct tx_queue *txqs;                  /* owned: [wire * SIDES + side] */
	struct peer *peers;                     /* owned: [worker], its own unused; NULL: alone */
	const struct classify *classify;        /* borrowed */
	struct frag_table *frags;               /* owned; NULL when the relay does it: alone */
	struct ring *asked, *answers, *reports; /* borrowed: one producer each */
	struct ring *tickets, *orders;          /* owned: of the spine, from it and to it */
	struct spine *spine;                    /* owned; NULL: nothing is inspected */
	struct pkt_pools *pools;                /* borrowed */
	uint32_t n_rxqs, n_txqs;
	uint16_t id, n_workers;
	bool idle_sleep, resume;

	/* written and read by this worker only */
	alignas(LINE_PAIR) struct tsc_clock clock;
	uint64_t next_us; /* when the relay wants to be polled again */
	uint32_t idle_streak;
	uint32_t n_sent; /* frames that the relay gave us, modulo 2^32 */
	bool tx_refused; /* the relay has frames that we did not take */
	bool drained;
	struct spread spread;
	struct handoff_answer answer; /* being made */

	/* written by this worker, sampled by control with relaxed loads */
	alignas(LINE_PAIR) struct worker_stats stats;
	struct counters own; /* of frames that never came to the relay */
	_Atomic uint32_t at; /* the last command that was carried out */

	/* written by control, loaded once per turn by this worker */
	alignas(LINE_PAIR) _Atomic uint32_t command; /* enum worker_command */
};

static_assert(offsetof(struct worker, clock) == LINE_PAIR, "the cold part fits one line pair");
static_assert(offsetof(struct worker, stats) % LINE_PAIR == 0, "what is sampled has its own lines");
static_assert(offsetof(struct worker, command) % LINE_PAIR == 0, "control never shares our lines");
static_assert(sizeof(struct worker) % LINE_PAIR == 0, "workers never share lines");

/* loop.c: the lcore's function; <worker> is a struct worker. */
int worker_main(void *worker);

/* rx.c: one turn's frames, from the ports and from other workers. Returns how many. */
uint32_t worker_receive(struct worker *w, uint64_t now_us);
uint32_t worker_receive_handed(struct worker *w, uint64_t now_us);

/* tx.c: relay_env.tx; frames that others want sent; everything out. */
bool worker_tx(void *worker, uint16_t wire, enum side to, struct pkt *p);
uint32_t worker_tx_handed(struct worker *w);
void worker_tx_flush(struct worker *w);
void worker_tx_discard(struct worker *w);

/* serve.c: requests of control, and relay_env's other callbacks. */
void worker_serve(struct worker *w, uint64_t now_us);
const struct flow_policy *worker_classify(
		void *worker, const struct flow_key *key, enum side initiator);
void worker_report(void *worker, const struct flow_report *rep);

/* layout.c: who receives from which queue and who transmits; starts the ports. */
struct layout {
	struct spread_wire *wires; /* owned */
	uint16_t n_wires;
	uint32_t n_workers;
};

int layout_new(struct layout *l, const struct workers_conf *conf, struct port_error *e);
void layout_done(struct layout *l);
/* Does worker <i> receive from, and transmit to, the ports of <wire>? */
bool layout_owns(const struct layout *l, uint16_t wire, uint32_t i);
