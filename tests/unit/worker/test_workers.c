/* SPDX-License-Identifier: Apache-2.0
 * Two running workers over one wire of software rings: what goes in on one side comes out on the
 * other, every flow lives on one worker, and when all is over no buffer is missing. */
#include "dataplane/net/cksum.h"
#include "dataplane/net/header.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/pool.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/classify.h"
#include "dataplane/worker/worker.h"
#include "parsers/base/must.h"
#include "tests/unit/net/build.h"
#include "tests/unit/net/suite.h"

#include <rte_eth_ring.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	N_WORKERS = 2,
	RING = 1024,
	N_FLOWS = 64,
	N_ROUNDS = 20,
	WAIT_MS = 5000,
};

static const struct flow_policy policy_wire = { .mode = MODE_WIRE, .target = 7 };
static const struct port_pool_conf pool_conf = {
	.n_full = 8192, .n_small = 1024, .n_header = 1024, .room_bytes = 2048
};

/* The wire's two ports, seen from outside: <in> is what the appliance will receive. */
static struct bench {
	struct port ports[SIDES];
	struct rte_ring *in[SIDES], *out[SIDES];
	struct pkt_pools pools[N_WORKERS];
	struct pkt_pools ours; /* frames that the test makes */
	struct classify *classify;
	struct workers *workers;
	uint16_t cpus[N_WORKERS];
	bool is_awake; /* workers never sleep: of one that does nobody waits for a turn */
	struct port_error e;
} bench;

static void wait_ms(long ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static int side_open(struct bench *b, int side)
{
	static const char *const names[SIDES][3] = { { "agent", "agent_in", "agent_out" },
		{ "prod", "prod_in", "prod_out" } };
	int id;

	b->in[side] = rte_ring_create(
			names[side][1], RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	b->out[side] = rte_ring_create(
			names[side][2], RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (b->in[side] == NULL || b->out[side] == NULL)
		return -ENOMEM;
	id = rte_eth_from_rings(names[side][0], &b->in[side], 1, &b->out[side], 1, 0);
	b->ports[side].id = (uint16_t)id;
	return id < 0 ? -ENODEV : 0;
}

static int bench_open(struct bench *b)
{
	struct port_eal_conf ec = { .lock_dir = "/tmp/sluice-test",
		.file_prefix = "test_workers",
		.huge_pages = PORT_HUGE_NO,
		.memory_mb = 160,
		.control_cpu = -1,
		.worker_cpus = b->cpus,
		.n_workers = N_WORKERS };
	struct port_eal_facts facts;
	uint16_t all[64];
	size_t n = port_cpus(all, 64);
	int rc;

	for (size_t i = 0; i < N_WORKERS && n > 0; i++)
		b->cpus[i] = all[i % n];
	rc = port_eal_init(&ec, &facts, &b->e);
	for (uint32_t i = 0; rc == 0 && i < N_WORKERS; i++)
		rc = port_pools_new(&b->pools[i], &pool_conf, i, &b->e);
	if (rc == 0)
		rc = port_pools_new(&b->ours, &pool_conf, N_WORKERS, &b->e);
	for (int side = 0; rc == 0 && side < SIDES; side++)
		rc = side_open(b, side);
	return rc;
}

static int workers_up(struct bench *b)
{
	const struct flow_policy *undeclared[] = { &policy_wire };
	static struct workers_wire wire;
	struct relay_conf relay;
	struct workers_conf wc = { .n = N_WORKERS,
		.cpus = b->cpus,
		.pools = b->pools,
		.wires = &wire,
		.relay = &relay,
		.seed = { 11, 12 },
		.idle_sleep = !b->is_awake };
	int rc;

	relay_conf_init(&relay);
	relay.max_flows = 1024;
	relay.max_segs = 1024;
	relay.n_wires = 1;
	relay.unknown_tcp = UNKNOWN_WIRE;
	for (int side = 0; side < SIDES; side++)
		wire.port[side] = &b->ports[side];
	b->classify = classify_new(NULL, 0, undeclared, 1);
	wc.classify = b->classify;
	rc = workers_new(&wc, &b->workers, &b->e);
	return rc < 0 ? rc : workers_start(b->workers);
}

static void workers_down(struct bench *b)
{
	CU_ASSERT_EQUAL_FATAL(workers_stop(b->workers), 0);
	workers_free(&b->workers);
	classify_free(&b->classify);
	for (int side = 0; side < SIDES; side++)
		port_stop(&b->ports[side]);
}

static void out_clear(struct bench *b)
{
	void *m;

	for (int side = 0; side < SIDES; side++) {
		while (rte_ring_dequeue(b->out[side], &m) == 0)
			rte_pktmbuf_free(m);
		while (rte_ring_dequeue(b->in[side], &m) == 0)
			rte_pktmbuf_free(m);
	}
}

/* Every buffer of every pool is back. */
static void check_no_leak(struct bench *b)
{
	out_clear(b);
	for (uint32_t i = 0; i <= N_WORKERS; i++) {
		const struct pkt_pools *p = i < N_WORKERS ? &b->pools[i] : &b->ours;

		CU_ASSERT_EQUAL(port_pools_left(p, PKT_FULL), pool_conf.n_full);
		CU_ASSERT_EQUAL(port_pools_left(p, PKT_SMALL), pool_conf.n_small);
		CU_ASSERT_EQUAL(port_pools_left(p, PKT_HEADER), pool_conf.n_header);
	}
}

static struct pkt *pkt_ours(struct bench *b)
{
	struct pkt *p = pkt_alloc(&b->ours, PKT_FULL);

	must(p != NULL);
	return p;
}

static void bytes_send(struct bench *b, enum side from, const uint8_t *bytes, size_t len)
{
	struct pkt *p = pkt_ours(b);

	memcpy(pkt_data(p), bytes, len);
	pkt_frame_set(p, pkt_off(p), (uint32_t)len);
	CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(b->in[from], p), 0);
}

/* A segment of flow <i>; with PSH it has a payload that begins with <number>. */
static void segment_send(
		struct bench *b, enum side from, uint32_t i, uint8_t flags, uint32_t number)
{
	static const uint8_t mac[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	uint8_t addr[SIDES][16] = { { [10] = 0xff, 0xff, 10, 0, 0, 1 },
		{ [10] = 0xff, 0xff, 10, 0, 0, 2 } };
	uint8_t bytes[512], *payload = bytes + 128, *frame;
	struct header_l3 l3 = { .l2_len = 14,
		.ip_version = 4,
		.ttl = 64,
		.df = true,
		.src = addr[from],
		.dst = addr[side_other(from)] };
	struct header_tcp tcp = { .sport = from == SIDE_AGENT ? (uint16_t)(20000 + i) : 5432,
		.dport = from == SIDE_AGENT ? 5432 : (uint16_t)(20000 + i),
		.seq = from == SIDE_AGENT ? 1000 : 5000,
		.ack = (flags & TCP_ACK) == 0        ? 0
				: from == SIDE_AGENT ? 5001
						     : 1001,
		.wnd = 65535,
		.flags = flags };

	memcpy(l3.l2, mac, sizeof(mac));
	if ((flags & TCP_PSH) != 0) {
		memset(payload, 0, 64);
		memcpy(payload, &number, sizeof(number));
		tcp.seq += 1 + number * 64;
		tcp.payload_len = 64;
		tcp.payload_sum = naive_sum(payload, 64, 0);
	}
	frame = header_write(payload, &l3, &tcp);
	bytes_send(b, from, frame, (size_t)(payload + tcp.payload_len - frame));
}

/* Waits for <n> frames at side <to>; hands each to <check> when there is one. Returns how many. */
static uint32_t frames_take(struct bench *b, enum side to, uint32_t n,
		void (*check)(const struct frame *f, void *ctx), void *ctx)
{
	uint32_t got = 0;
	void *m;

	for (int ms = 0; ms < WAIT_MS && got < n; ms++) {
		while (got < n && rte_ring_dequeue(b->out[to], &m) == 0) {
			struct pkt *p = pkt_of_mbuf(m);
			struct frame f;

			CU_ASSERT_EQUAL(frame_parse(pkt_data(p), pkt_len(p), &f), DROP_NONE);
			if (check != NULL)
				check(&f, ctx);
			pkt_free(p);
			got++;
		}
		if (got < n)
			wait_ms(1);
	}
	return got;
}

struct orders {
	enum side to;
	uint32_t next[N_FLOWS]; /* number that the flow's next segment must have */
	uint32_t wrong;
};

static void check_order(const struct frame *f, void *ctx)
{
	struct orders *o = ctx;
	uint32_t i = (o->to == SIDE_PROD ? f->sport : f->dport) - 20000U, number;
	uint16_t sum;

	memcpy(&number, f->bytes + f->payload_off, sizeof(number));
	o->wrong += i >= N_FLOWS || number != o->next[i] || !cksum_tcp_verify(f, &sum);
	if (i < N_FLOWS)
		o->next[i]++;
}

static void handshakes(struct bench *b)
{
	for (uint32_t i = 0; i < N_FLOWS; i++)
		segment_send(b, SIDE_AGENT, i, TCP_SYN, 0);
	CU_ASSERT_EQUAL(frames_take(b, SIDE_PROD, N_FLOWS, NULL, NULL), N_FLOWS);
	for (uint32_t i = 0; i < N_FLOWS; i++)
		segment_send(b, SIDE_PROD, i, TCP_SYN | TCP_ACK, 0);
	CU_ASSERT_EQUAL(frames_take(b, SIDE_AGENT, N_FLOWS, NULL, NULL), N_FLOWS);
	for (uint32_t i = 0; i < N_FLOWS; i++)
		segment_send(b, SIDE_AGENT, i, TCP_ACK, 0);
	CU_ASSERT_EQUAL(frames_take(b, SIDE_PROD, N_FLOWS, NULL, NULL), N_FLOWS);
}

static void data_both_ways(struct bench *b)
{
	static struct orders to_prod, to_agent;

	to_prod = (struct orders){ .to = SIDE_PROD };
	to_agent = (struct orders){ .to = SIDE_AGENT };
	for (uint32_t round = 0; round < N_ROUNDS; round++) {
		for (uint32_t i = 0; i < N_FLOWS; i++) {
			segment_send(b, SIDE_AGENT, i, TCP_ACK | TCP_PSH, round);
			segment_send(b, SIDE_PROD, i, TCP_ACK | TCP_PSH, round);
		}
		CU_ASSERT_EQUAL(frames_take(b, SIDE_PROD, N_FLOWS, check_order, &to_prod), N_FLOWS);
		CU_ASSERT_EQUAL(frames_take(b, SIDE_AGENT, N_FLOWS, check_order, &to_agent),
				N_FLOWS);
	}
	CU_ASSERT_EQUAL(to_prod.wrong, 0);
	CU_ASSERT_EQUAL(to_agent.wrong, 0);
}

/* Each flow is on one worker, which saw both directions whole; no worker is idle. */
static void check_owners(struct bench *b)
{
	static struct flow_report reports[N_FLOWS];
	uint8_t seen[N_FLOWS] = { 0 };

	for (uint32_t w = 0; w < N_WORKERS; w++) {
		uint32_t cursor = 0, n_here = 0;
		size_t n;

		while (cursor != UINT32_MAX) {
			CU_ASSERT_EQUAL_FATAL(
					workers_flows(b->workers, w, &cursor, reports, N_FLOWS, &n),
					0);
			for (size_t i = 0; i < n; i++, n_here++) {
				seen[(reports[i].key.port[SIDE_AGENT] - 20000U) % N_FLOWS]++;
				CU_ASSERT_EQUAL(reports[i].mode, MODE_WIRE);
				CU_ASSERT_EQUAL(reports[i].target, 7);
				CU_ASSERT_EQUAL(reports[i].side[SIDE_AGENT].rx_pkts, 2 + N_ROUNDS);
				CU_ASSERT_EQUAL(reports[i].side[SIDE_PROD].rx_pkts, 1 + N_ROUNDS);
			}
		}
		CU_ASSERT(n_here > N_FLOWS / N_WORKERS / 2);
	}
	for (uint32_t i = 0; i < N_FLOWS; i++)
		CU_ASSERT_EQUAL(seen[i], 1);
}

static void check_accounts(struct bench *b)
{
	const uint64_t n = (uint64_t)N_FLOWS * (3 + 2 * N_ROUNDS);
	uint64_t rx = 0, tx = 0, in = 0, out = 0;

	for (uint32_t w = 0; w < N_WORKERS; w++) {
		static struct counters c;
		struct worker_stats s;
		struct relay_gauges g;

		workers_counters(b->workers, w, &c);
		workers_stats(b->workers, w, &s);
		rx += c.stat[STAT_RX_FRAMES];
		tx += c.stat[STAT_TX_FRAMES];
		in += s.spread_in;
		out += s.spread_out;
		CU_ASSERT_EQUAL(workers_gauges(b->workers, w, &g), 0);
		CU_ASSERT(g.flows > 0 && g.flows_by_mode[MODE_WIRE] == g.flows);
		CU_ASSERT(s.busy_cycles > 0 && s.busy_cycles < s.total_cycles);
	}
	CU_ASSERT_EQUAL(rx, n);
	CU_ASSERT_EQUAL(tx, n);
	CU_ASSERT_EQUAL(in, out);
	CU_ASSERT(out > n / 4 && out < n * 3 / 4);
}

static void test_spread(void)
{
	struct bench *b = &bench;

	CU_ASSERT_EQUAL_FATAL(workers_up(b), 0);
	CU_ASSERT_STRING_EQUAL(workers_spread_name(b->workers, 0), "software");
	handshakes(b);
	data_both_ways(b);
	check_owners(b);
	check_accounts(b);
	workers_down(b);
	check_no_leak(b);
}

static void check_whole(const struct frame *f, void *ctx)
{
	uint32_t *n_whole = ctx;
	uint16_t sum;

	*n_whole += f->kind == FRAME_TCP && f->payload_len == build_default.payload_len &&
			cksum_tcp_verify(f, &sum);
}

/* The pieces of a segment come out as one, at whichever worker the flow lives. */
static void test_fragments(void)
{
	static uint8_t bytes[BUILD_MAX];
	struct bench *b = &bench;
	uint32_t n_whole = 0;
	uint64_t frags = 0, done = 0;

	CU_ASSERT_EQUAL_FATAL(workers_up(b), 0);
	for (uint32_t i = 0; i < N_FLOWS; i++) {
		struct build first = build_default, last;

		first.frag_id = i + 1;
		first.frag_len = 64;
		first.frag_more = 1;
		last = first;
		last.frag_off = 64;
		last.frag_len = 20 + first.opt_len + first.payload_len - 64;
		last.frag_more = 0;
		bytes_send(b, SIDE_AGENT, bytes, build_frame(bytes, i % 2 ? &first : &last));
		bytes_send(b, SIDE_AGENT, bytes, build_frame(bytes, i % 2 ? &last : &first));
	}
	CU_ASSERT_EQUAL(frames_take(b, SIDE_PROD, N_FLOWS, check_whole, &n_whole), N_FLOWS);
	CU_ASSERT_EQUAL(n_whole, N_FLOWS);
	for (uint32_t w = 0; w < N_WORKERS; w++) {
		static struct counters c;

		workers_counters(b->workers, w, &c);
		frags += c.stat[STAT_FRAGS_IN];
		done += c.stat[STAT_FRAGS_DONE];
	}
	CU_ASSERT_EQUAL(frags, 2 * N_FLOWS);
	CU_ASSERT_EQUAL(done, N_FLOWS);
	workers_down(b);
	check_no_leak(b);
}

/* A side that takes nothing any more: what cannot be sent is dropped by name, the workers stop in
 * time, and every buffer comes back. */
static void test_stuck_port(void)
{
	struct bench *b = &bench;
	static struct counters c;
	uint64_t dropped = 0, in = 0;

	CU_ASSERT_EQUAL_FATAL(workers_up(b), 0);
	for (uint32_t i = 0; i < N_FLOWS; i++)
		segment_send(b, SIDE_AGENT, i, TCP_SYN, 0);
	CU_ASSERT_EQUAL(frames_take(b, SIDE_PROD, N_FLOWS, NULL, NULL), N_FLOWS);
	for (uint32_t round = 0; round < 8192; round++) {
		while (rte_ring_free_count(b->in[SIDE_AGENT]) < 1)
			wait_ms(1);
		segment_send(b, SIDE_AGENT, round % N_FLOWS, TCP_ACK | TCP_PSH, round / N_FLOWS);
	}
	for (int ms = 0; ms < WAIT_MS && rte_ring_count(b->in[SIDE_AGENT]) > 0; ms++)
		wait_ms(1);
	CU_ASSERT_EQUAL(rte_ring_count(b->in[SIDE_AGENT]), 0);
	wait_ms(20);
	for (uint32_t w = 0; w < N_WORKERS; w++) {
		workers_counters(b->workers, w, &c);
		in += c.stat[STAT_RX_FRAMES];
		dropped += c.drop[DROP_LIMIT_TX] + c.drop[DROP_LIMIT_HANDOVER];
	}
	CU_ASSERT_EQUAL(in, 8192 + N_FLOWS);
	CU_ASSERT(dropped > 0);
	workers_down(b);
	check_no_leak(b);
}

/* A frame in several buffers is larger than any we carry. */
static void test_chained_buffers(void)
{
	static struct counters c;
	struct bench *b = &bench;
	struct rte_mbuf *m;

	CU_ASSERT_EQUAL_FATAL(workers_up(b), 0);
	m = pkt_mbuf(pkt_ours(b));
	CU_ASSERT_PTR_NOT_NULL(rte_pktmbuf_append(m, 2000));
	m->next = pkt_mbuf(pkt_ours(b));
	m->nb_segs = 2;
	m->pkt_len += 2000;
	m->next->data_len = 2000;
	CU_ASSERT_EQUAL(rte_ring_enqueue(b->in[SIDE_AGENT], m), 0);
	for (int ms = 0; ms < WAIT_MS && c.drop[DROP_FRAME_TOO_BIG] == 0; ms++) {
		wait_ms(1);
		workers_counters(b->workers, 0, &c);
	}
	CU_ASSERT_EQUAL(c.drop[DROP_FRAME_TOO_BIG], 1);
	CU_ASSERT_EQUAL(c.stat[STAT_RX_FRAMES], 1);
	workers_down(b);
	check_no_leak(b);
}

static void test_questions(void)
{
	struct bench *b = &bench;
	struct flow_report reports[4];
	uint32_t cursor = 0, worker = 0;
	struct relay_gauges g;
	uint64_t before;
	size_t n = 0;

	CU_ASSERT_EQUAL_FATAL(workers_up(b), 0);
	before = workers_now_us(b->workers);
	segment_send(b, SIDE_AGENT, 1, TCP_SYN, 0);
	CU_ASSERT_EQUAL(frames_take(b, SIDE_PROD, 1, NULL, NULL), 1);
	for (; worker < N_WORKERS && n == 0; worker += n == 0) {
		cursor = 0;
		while (cursor != UINT32_MAX && n == 0)
			CU_ASSERT_EQUAL(workers_flows(b->workers, worker, &cursor, reports, 4, &n),
					0);
	}
	CU_ASSERT_EQUAL_FATAL(n, 1);
	/* The reports' clock is the one that we were told. */
	CU_ASSERT(reports[0].start_us + 1000 >= before);
	CU_ASSERT(reports[0].start_us <= workers_now_us(b->workers) + 1000);
	CU_ASSERT_EQUAL(workers_kill(b->workers, worker, reports[0].index, reports[0].gen + 1),
			-ESTALE);
	CU_ASSERT_EQUAL(workers_kill(b->workers, worker, reports[0].index, reports[0].gen), 0);
	CU_ASSERT_EQUAL(workers_kill(b->workers, worker, reports[0].index, reports[0].gen),
			-ESTALE);
	CU_ASSERT_EQUAL(workers_stop(b->workers), 0);
	CU_ASSERT_EQUAL(workers_gauges(b->workers, 0, &g),
			-ETIMEDOUT); /* at once: nobody is there */
	workers_down(b);
	check_no_leak(b);
}

/* Who waits for the workers has seen each of them end a turn; the number of turns moves just before that, so
 * who waits twice has seen it move. */
static void test_synchronize(void)
{
	bench.is_awake = true;
	CU_ASSERT_EQUAL_FATAL(workers_up(&bench), 0);
	for (uint32_t i = 0; i < N_WORKERS; i++) { /* one that is not there yet is not waited for */
		while (workers_turns(bench.workers, i) == 0)
			usleep(1000);
	}
	for (int round = 0; round < 50; round++) {
		uint64_t before[N_WORKERS];

		for (uint32_t i = 0; i < N_WORKERS; i++)
			before[i] = workers_turns(bench.workers, i);
		workers_synchronize();
		workers_synchronize();
		for (uint32_t i = 0; i < N_WORKERS; i++)
			CU_ASSERT(workers_turns(bench.workers, i) > before[i]);
	}
	workers_down(&bench);
	workers_synchronize(); /* of nobody: at once */
	bench.is_awake = false;
	check_no_leak(&bench);
}

static void test_port_stats(void)
{
	struct bench *b = &bench;
	struct port_stats s;

	CU_ASSERT_EQUAL_FATAL(workers_up(b), 0);
	CU_ASSERT_EQUAL(workers_port_stats(b->workers, 0, SIDE_PROD, &s), 0);
	CU_ASSERT_STRING_EQUAL(s.driver, "net_ring");
	CU_ASSERT_EQUAL(s.mtu, 1500);
	CU_ASSERT_EQUAL(s.rx_queues, 1);
	CU_ASSERT_EQUAL(workers_port_stats(b->workers, 1, SIDE_PROD, &s), -ENODEV);
	workers_down(b);
	check_no_leak(b);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "every flow on one worker", test_spread },
		{ "fragments", test_fragments },
		{ "a port that takes nothing", test_stuck_port },
		{ "chained buffers", test_chained_buffers },
		{ "questions and answers", test_questions },
		{ "waiting for a turn of each", test_synchronize },
		{ "port statistics", test_port_stats },
	};
	int status;

	if (bench_open(&bench) < 0) {
		fprintf(stderr, "test_workers: %s\n", bench.e.text);
		return EXIT_FAILURE;
	}
	status = suite_run("workers", tests, sizeof(tests) / sizeof(*tests));
	port_eal_done();
	return status;
}
