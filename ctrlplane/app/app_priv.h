/* SPDX-License-Identifier: Apache-2.0
 * The daemon's parts. Only app/ sees this. */
#pragma once

#include "ctrlplane/api/api.h"
#include "ctrlplane/app/app.h"
#include "ctrlplane/app/restart_file.h"
#include "ctrlplane/app/rules.h"
#include "ctrlplane/app/target.h"
#include "ctrlplane/conf/conf.h"
#include "ctrlplane/identity/identity.h"
#include "ctrlplane/reload/reload.h"
#include "ctrlplane/session/session.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/pool.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/classify.h"
#include "dataplane/worker/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app {
	const struct conf *conf; /* borrowed: outlives this */
	struct relay_conf relay; /* conf's, with what only app/ knows */

	struct port_device *devices; /* owned: [wire * SIDES + side] */
	struct port *ports;          /* owned: the same order */
	size_t n_ports, n_opened;
	struct workers_wire *wires; /* owned array */

	uint16_t *cpus; /* owned: of the workers */
	uint32_t n_workers;
	struct port_pool_conf pool_conf;
	struct pkt_pools *pools; /* owned: of the workers */
	uint32_t n_pools;
	bool eal_is_up;
	struct port_eal_facts facts;

	struct app_rules rules;
	struct app_target *targets;   /* owned: of conf's targets */
	struct spine_target **spines; /* owned array: of the targets that are inspected */
	struct reload *reload;        /* owned; takes the first generation over */
	struct flow_policy *policies; /* owned: of the targets, then of the wires */
	struct classify *classify;    /* owned */
	struct restart_file restart;
	struct workers *workers; /* owned */
	struct api *api;         /* owned */

	struct spine_conf spine;   /* of each worker, when a target is inspected */
	struct identity *identity; /* owned; NULL: no target is inspected */
	struct sessions *sessions; /* owned; the same */
	int signal_fd;

	uint64_t watchdog_us; /* 0: systemd does not watch us */
	uint64_t *turns_seen; /* owned: of the workers, at the last look */
};

/* dataplane.c: which CPUs, and so how many workers; then memory, EAL, pools, ports. */
int app_cpus_up(struct app *a);
int app_dataplane_up(struct app *a);
void app_dataplane_down(struct app *a);

/* policy.c: what the configuration says about flows, as the workers read it. */
int app_policy_up(struct app *a);
void app_policy_down(struct app *a);

/* reload.c: who exchanges rules. */
int app_reload_up(struct app *a);
/* Rules are freed with it: no worker runs. */
void app_reload_down(struct app *a);
/* The configured files, as SIGHUP asks. */
void app_reload_hup(struct app *a, int32_t uid);

/* gate.c: who verifies tokens and answers tickets; nothing while no target is inspected. */
const struct spine_conf *app_spine_conf(struct app *a); /* borrowed; NULL: nothing is inspected */
int app_gate_up(struct app *a);
void app_gate_down(struct app *a);
void app_wall_clock(struct app *a);

/* loop.c */
int app_signals_up(struct app *a);
void app_reports_write(struct app *a);
