/* SPDX-License-Identifier: Apache-2.0
 * The poll loop. One turn takes what came, lets the relay work, and sends what it made; it makes no
 * system call of its own and touches no heap. */
#include "dataplane/port/idle.h"
#include "dataplane/tcp/restart.h"
#include "dataplane/worker/worker_priv.h"

#include <rte_cycles.h>
#include <rte_pause.h>
#include <urcu/urcu-qsbr.h>

enum {
	SERVICE_TURNS = 1024,     /* between looks at what is rarely due */
	SLEEP_AFTER_TURNS = 4096, /* without work, when sleeping is allowed at all */
	SLEEP_US = 50,
	DISCARD_AFTER_TURNS = 100000, /* at the end, for a port that takes nothing any more */
};

static uint64_t clock_advance(struct tsc_clock *c, uint64_t tsc)
{
	uint64_t sum = c->part + (tsc - c->last_tsc) * c->us_per_cycle;

	c->us += sum >> 32;
	c->part = (uint32_t)sum;
	c->last_tsc = tsc;
	return c->us;
}

static void frags_expire(struct worker *w, uint64_t now_us)
{
	if (w->frags != NULL)
		w->own.drop[DROP_FRAG_TIMEOUT] += frag_expire(w->frags, now_us);
}

static uint64_t next_us(const struct worker *w)
{
	const uint64_t relay_us = relay_next_us(w->relay);
	const uint64_t spine_us = w->spine != NULL ? spine_next_us(w->spine) : UINT64_MAX;

	return relay_us < spine_us ? relay_us : spine_us;
}

/* true: a frame moved. A look at timers that found nothing to send is no work. */
static bool turn(struct worker *w, uint64_t now_us)
{
	uint32_t n, sent = w->n_sent;

	n = worker_receive(w, now_us);

	if (w->peers != NULL) {
		n += worker_receive_handed(w, now_us);
		n += worker_tx_handed(w);
	}
	worker_serve(w, now_us);
	if (w->spine != NULL)
		n += spine_poll(w->spine, w->relay, now_us);
	if (n > 0 || w->tx_refused || now_us >= w->next_us) {
		w->tx_refused = false;
		relay_poll(w->relay, now_us);
		w->next_us = next_us(w);
	}
	worker_tx_flush(w);
	return n > 0 || w->n_sent != sent;
}

/* After the relay has shut down: only frames that are on their way out move. */
static bool turn_drained(struct worker *w)
{
	uint32_t n = w->peers != NULL ? worker_tx_handed(w) : 0;

	worker_tx_flush(w);
	return n > 0;
}

static void drain(struct worker *w, uint64_t now_us)
{
	relay_shutdown(w->relay, now_us);
	if (w->spine != NULL)
		(void)spine_poll(w->spine, w->relay, now_us); /* says what has ended */
	worker_tx_flush(w);
	w->drained = true;
}

/* false: the lcore is to come to rest. */
static bool obey(struct worker *w, uint64_t now_us)
{
	uint32_t command = atomic_load_explicit(&w->command, memory_order_acquire);

	if (command == WORKER_RUN)
		return true;
	if (!w->drained) {
		drain(w, now_us);
		atomic_store_explicit(&w->at, WORKER_DRAIN, memory_order_release);
	}
	return command != WORKER_EXIT;
}

static void idle(struct worker *w, uint64_t now_us)
{
	uint64_t left;

	rte_pause();
	w->stats.idle_loops++;
	if (!w->idle_sleep || ++w->idle_streak < SLEEP_AFTER_TURNS)
		return;
	left = w->next_us > now_us ? w->next_us - now_us : 0;
	if (left <= 1)
		return;
	urcu_qsbr_thread_offline();
	port_idle_wait(left < SLEEP_US ? (uint32_t)left : SLEEP_US);
	urcu_qsbr_thread_online();
}

static void run(struct worker *w)
{
	uint64_t tsc = rte_rdtsc(), end_tsc, now_us;
	bool busy;

	for (;;) {
		now_us = clock_advance(&w->clock, tsc);
		if (!obey(w, now_us))
			return;
		busy = w->drained ? turn_drained(w) : turn(w, now_us);
		if (busy)
			w->idle_streak = 0;
		else
			idle(w, now_us);
		if (++w->stats.loops % SERVICE_TURNS == 0)
			frags_expire(w, now_us);
		urcu_qsbr_quiescent_state(); /* nothing that was published is held here */
		end_tsc = rte_rdtsc();
		w->stats.total_cycles += end_tsc - tsc;
		w->stats.busy_cycles += busy ? end_tsc - tsc : 0;
		tsc = end_tsc;
	}
}

/* Everybody has shut down: what the others handed over before that is sent, too. */
static void finish(struct worker *w)
{
	uint32_t waiting = 1;

	for (uint32_t i = 0; i < DISCARD_AFTER_TURNS && waiting > 0; i++) {
		waiting = turn_drained(w);
		for (uint32_t j = 0; j < w->n_txqs; j++)
			waiting += w->txqs[j].n;
	}
	worker_tx_discard(w);
}

int worker_main(void *worker)
{
	struct worker *w = worker;

	urcu_qsbr_register_thread();
	if (w->resume)
		(void)relay_restart(w->relay, clock_advance(&w->clock, rte_rdtsc()));
	run(w);
	finish(w);
	urcu_qsbr_unregister_thread();
	atomic_store_explicit(&w->at, WORKER_EXIT, memory_order_release);
	return 0;
}
