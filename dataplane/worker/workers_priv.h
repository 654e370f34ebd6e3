/* SPDX-License-Identifier: Apache-2.0
 * All workers, as the control thread holds them. Only worker/ sees this. */
#pragma once

#include "dataplane/pkt/pkt.h"
#include "dataplane/worker/worker_priv.h"

struct workers {
	uint32_t n;
	struct worker **at;         /* owned */
	struct pkt_pools *pools;    /* owned array: where each worker's pools are */
	struct workers_wire *wires; /* owned array, borrowed ports */
	struct layout layout;       /* owned */
	struct ring **frame_rings;  /* owned: between workers */
	uint32_t n_frame_rings;
	struct tsc_clock clock; /* as it was when they started */
	uint32_t asked_id;      /* of the latest request */
	uint32_t report_from;   /* whose turn it is in workers_report_next() */
	bool started;
	uint32_t ticket_from; /* the same in workers_ticket_next(), whose thread alone touches it */
};
