/* SPDX-License-Identifier: Apache-2.0
 * dataplane/worker/worker.h without workers: answers that a test has set. */
#pragma once

#include "dataplane/worker/worker.h"

enum { FAKE_WORKERS = 2, FAKE_FLOWS = 600 };

struct workers {
	struct counters counters[FAKE_WORKERS];
	struct worker_stats stats[FAKE_WORKERS];
	struct relay_gauges gauges[FAKE_WORKERS];
	struct flow_report flows[FAKE_WORKERS][FAKE_FLOWS]; /* by slot */
	bool used[FAKE_WORKERS][FAKE_FLOWS];
	bool silent[FAKE_WORKERS]; /* does not answer */
	struct port_stats port[SIDES];
	uint64_t now_us;
	uint32_t killed[3]; /* worker, index, gen of the latest */
	size_t most_asked;  /* largest <max> of workers_flows() */
};
