/* SPDX-License-Identifier: Apache-2.0
 * The api over workers that are set by hand, and real sessions: what sluicectl is tested against, and
 * looked at.
 * usage: fake_daemon SOCKET SECONDS; it says "ready" when it listens. */
#include "ctrlplane/api/api.h"
#include "ctrlplane/conf/conf.h"
#include "ctrlplane/log/log.h"
#include "tests/unit/api/fake_workers.h"
#include "tests/unit/session/lab.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FLOWS = 40 };

static struct workers workers;
static struct lab lab;

static struct conf *configure(const char *socket)
{
	static const char yaml[] =
			"appliance: {name: lab, api: {socket: '%s'}}\n"
			"dataplane:\n"
			"  wires:\n"
			"    - name: lab\n"
			"      agent: {port: "
			"'net_af_packet0,iface=sl-a,blocksz=65536,framecnt=8192'}\n"
			"      prod: {port: '0000:3b:00.1'}\n"
			"    - {name: spare, agent: {port: net_c}, prod: {port: net_d},\n"
			"       undeclared_tcp: forward}\n"
			"identity: {issuers: [{name: corp, issuer: 'https://i', audience: s,\n"
			"   jwks: 'https://i/k'}]}\n"
			"targets:\n"
			"  - {name: orders-db, match: {address: 10.77.0.2}}\n"
			"  - {name: web, match: {address: 10.77.0.3}}\n";
	static struct doc_errors errors;
	struct conf *conf = NULL;
	char text[1024];

	snprintf(text, sizeof(text), yaml, socket);
	if (conf_parse(text, strlen(text), &conf, &errors) < 0)
		conf_errors_print(stderr, "fake_daemon", &errors);
	return conf;
}

static void set_worker(uint32_t w)
{
	for (unsigned i = 0; i < STAT_MAX; i++)
		workers.counters[w].stat[i] = i % 3 == 0 ? 0 : 1000003ULL * (w + 1) * i;
	for (unsigned i = 0; i < DROP_MAX; i++)
		workers.counters[w].drop[i] = i % 7 == 3 ? i * 100 : 0;
	workers.stats[w] = (struct worker_stats){ .loops = 50000000,
		.idle_loops = 40,
		.cpu = (uint16_t)(w + 1),
		.busy_cycles = 1000000000ULL * (w + 1),
		.total_cycles = 9000000000ULL };
	workers.gauges[w] = (struct relay_gauges){ .flows = 1234,
		.held = 1,
		.embryonic = 2,
		.time_wait = 40,
		.segs_used = 3214,
		.retained_bytes = 12345678,
		.retain_limit_bytes = 128 << 20,
		.pressure = (uint8_t)(w * 2),
		.flow_bytes = 640 };
	workers.gauges[w].flows_by_mode[MODE_RELAY] = 1100;
	workers.gauges[w].flows_by_mode[MODE_XLATE] = 134;
}

static void set_address(struct flow_key *key, enum side side, const char *text)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1)
		flow_key_addr(key->addr[side], v4, 4);
	else
		inet_pton(AF_INET6, text, key->addr[side]);
}

/* Every fifth is of IPv6, every tenth with an address as long as they come. */
static void set_flow(uint32_t i)
{
	static const char longest[] = "2001:db8:1234:5678:9abc:def0:1111:2222";
	struct flow_report *r = &workers.flows[i % FAKE_WORKERS][i * 3];

	*r = (struct flow_report){ .index = i * 3,
		.gen = i,
		.mode = (uint8_t)(i % 3),
		.state = 3,
		.target = i % 3 == 2 ? CONF_TARGET_NONE : i % 3 };
	r->start_us = (uint64_t)i * 2000000000;
	r->last_us = workers.now_us - i * 1000000;
	set_address(&r->key, SIDE_AGENT,
			i % 10 == 5                  ? longest
					: i % 5 == 0 ? "fd77::1"
						     : "10.77.0.1");
	set_address(&r->key, SIDE_PROD, i % 5 == 0 ? "fd77::2" : "10.77.0.2");
	r->key.port[SIDE_AGENT] = (uint16_t)(40000 + i);
	r->key.port[SIDE_PROD] = 5432;
	for (enum side s = SIDE_AGENT; s < SIDES; s++) {
		r->side[s].tx_bytes = (uint64_t)i * i * i * i * 1000;
		r->side[s].srtt_us = i * 700;
		r->side[s].retransmits = i % 7 == 0 ? i : 0;
		r->side[s].out_bytes = i * 1500;
	}
	r->held[SIDE_AGENT] = i % 9 == 4;
	workers.used[i % FAKE_WORKERS][i * 3] = true;
}

static void set_all(void)
{
	workers.now_us = 90000ULL * 1000000;
	for (uint32_t w = 0; w < FAKE_WORKERS; w++)
		set_worker(w);
	for (uint32_t i = 0; i < FLOWS; i++)
		set_flow(i);
	for (enum side s = SIDE_AGENT; s < SIDES; s++)
		workers.port[s] = (struct port_stats){ .driver = "net_af_packet",
			.mtu = 1500,
			.link_up = s == SIDE_AGENT,
			.link_mbps = 10000,
			.rx_queues = 1,
			.rx_frames = 123456789,
			.rx_bytes = 98765432100,
			.tx_frames = 1234,
			.tx_bytes = 99999,
			.rx_missed = s * 17u };
}

/* Three clients, of whom the second is in its login; two commands of the first are held. */
static void set_sessions(void)
{
	lab_ready(&lab, 1, 1, "alice");
	lab_known(&lab, 2, 1, "bob\\u001b[31m");
	lab_ready(&lab, 3, 1, "carol");
	lab_may(&lab, 1, 1, "DROP TABLE orders");
	lab_may(&lab, 1, 2, "TRUNCATE \033[2J customers");
	lab_may(&lab, 1, 3, "DROP SCHEMA x CASCADE");
}

/* A worker's part: who is to end is over, who is answered goes on. */
static void sessions_go_on(void)
{
	struct ticket_answer a;

	while (lab_poll(&lab, &a)) {
		if (a.kind == TICKET_END)
			lab_news(&lab, 0, a.slot, a.gen, TICKET_GONE);
		if (a.block != NULL)
			lab_block_free(&lab, &a.block);
	}
}

/* What goes on while it is watched. */
static void go_on(void)
{
	sessions_go_on();
	workers.now_us += 1000;
	workers.counters[0].stat[STAT_RX_BYTES] += 1000;
	workers.stats[0].busy_cycles += 1000;
	workers.stats[0].total_cycles += 3000;
}

int main(int argc, char **argv)
{
	struct conf *conf = argc == 3 ? configure(argv[1]) : NULL;
	struct api_parts parts = { .conf = conf, .workers = &workers };
	struct api *api = NULL;
	time_t until;

	if (conf == NULL)
		return 2;
	set_all();
	lab_init(&lab, false);
	set_sessions();
	log_open(LOG_LEVEL_WARN);
	parts.sessions = lab.sessions;
	parts.identity = lab.identity;
	if (api_start(&parts, &api) < 0)
		return 1;
	until = time(NULL) + strtol(argv[2], NULL, 10);
	printf("ready\n");
	fflush(stdout);
	while (time(NULL) < until) {
		struct pollfd p = { .fd = api_fd(api), .events = POLLIN };
		int wait_ms = api_timeout_ms(api);

		poll(&p, 1, wait_ms < 0 || wait_ms > 200 ? 200 : wait_ms);
		api_run(api);
		go_on();
	}
	api_stop(&api);
	lab_done(&lab, true);
	conf_free(&conf);
	return 0;
}
