/* SPDX-License-Identifier: Apache-2.0
 * The order in which the daemon comes up, and the opposite one. */
#include "ctrlplane/app/app_priv.h"
#include "ctrlplane/log/log.h"

#include <systemd/sd-daemon.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

static int seed_get(uint64_t seed[2])
{
	if (getrandom(seed, 2 * sizeof(seed[0]), 0) == (ssize_t)(2 * sizeof(seed[0])))
		return 0;
	log_err("app", "no random numbers from the kernel: %s", strerror(errno));
	return -EIO;
}

static int restart_up(struct app *a, uint64_t seed[2])
{
	const char *path = a->conf->dataplane.restart_file;
	int rc;

	if (path == NULL)
		return 0;
	rc = restart_file_open(&a->restart, path, a->n_workers, a->relay.max_flows, seed);
	if (rc < 0) {
		log_err("app", "restart_file %s: %s; name a file in a folder that may be written",
				path, rc == -EBUSY ? "another process has it" : strerror(-rc));
		return rc;
	}
	memcpy(seed, a->restart.seed, sizeof(a->restart.seed));
	log_info("app", "restart_file %s: %s", path,
			a->restart.fresh ? "begun" : "flows of the last run are taken up");
	return 0;
}

static int workers_up(struct app *a)
{
	struct workers_conf wc = { .n = a->n_workers,
		.cpus = a->cpus,
		.pools = a->pools,
		.wires = a->wires,
		.classify = a->classify,
		.relay = &a->relay,
		.spine = app_spine_conf(a),
		.idle_sleep = a->conf->dataplane.idle_sleep };
	struct port_error e;
	int rc = seed_get(wc.seed);

	if (rc == 0)
		rc = restart_up(a, wc.seed);
	if (rc < 0)
		return rc;
	wc.restart = a->restart.records;
	rc = workers_new(&wc, &a->workers, &e);
	if (rc < 0) {
		log_err("worker", "%s", e.text);
		return rc;
	}
	a->turns_seen = calloc(a->n_workers, sizeof(*a->turns_seen));
	rc = a->turns_seen == NULL ? -ENOMEM : workers_start(a->workers);
	if (rc < 0)
		log_err("worker", "cannot start: %s", strerror(-rc));
	return rc;
}

static void say_started(const struct app *a)
{
	const struct conf_dataplane *d = &a->conf->dataplane;

	log_info("app", "%s: %u workers, %u MiB of %s memory", a->conf->appliance_name,
			a->n_workers, a->facts.memory_mb,
			a->facts.huge_pages ? "huge-page" : "ordinary");
	for (size_t i = 0; i < d->n_wires; i++)
		log_info("app", "wire %s: agent %s, prod %s, spread: %s", d->wires[i].name,
				a->ports[i * SIDES + SIDE_AGENT].device.name,
				a->ports[i * SIDES + SIDE_PROD].device.name,
				workers_spread_name(a->workers, (uint16_t)i));
}

/* All that is wrong with rules and files is said in one run. */
static int targets_up(struct app *a)
{
	const int rules = app_rules_up(a->conf, a->n_workers, &a->rules);
	const int files = app_targets_up(a->conf, a->rules.first, &a->targets);

	return rules < 0 ? rules : files;
}

static int all_up(struct app *a)
{
	int rc = app_signals_up(a);

	if (rc == 0)
		rc = app_cpus_up(a);
	if (rc == 0)
		rc = targets_up(a);
	if (rc == 0)
		rc = app_policy_up(a);
	if (rc == 0)
		rc = app_dataplane_up(a);
	if (rc == 0)
		rc = workers_up(a);
	if (rc == 0)
		rc = app_gate_up(a);
	if (rc == 0)
		rc = app_reload_up(a);
	if (rc == 0)
		rc = api_start(&(struct api_parts){ .conf = a->conf,
					       .workers = a->workers,
					       .sessions = a->sessions,
					       .reload = a->reload,
					       .history = a->rules.history,
					       .identity = a->identity },
				&a->api);
	if (rc < 0)
		return rc;
	/* What is mapped now stays in memory: a worker takes no page fault. Not being allowed to is
	 * no reason to stop. */
	if (mlockall(MCL_CURRENT) < 0)
		log_debug("app", "mlockall: %s", strerror(errno));
	say_started(a);
	sd_notify(0, "READY=1");
	return 0;
}

int app_start(const struct conf *conf, struct app **ret)
{
	struct app *a = calloc(1, sizeof(*a));
	int rc;

	if (a == NULL)
		return -ENOMEM;
	a->conf = conf;
	a->relay = conf->dataplane.relay;
	a->signal_fd = -1;
	a->restart.fd = -1;
	rc = all_up(a);
	if (rc < 0)
		(void)app_stop(&a);
	*ret = a;
	return rc;
}

int app_stop(struct app **app)
{
	struct app *a = *app;

	*app = NULL;
	sd_notify(0, "STOPPING=1");
	api_stop(&a->api);
	if (a->workers != NULL && workers_stop(a->workers) < 0) {
		log_err("worker", "a worker did not come to rest within 2 s");
		return -ETIMEDOUT;
	}
	app_reports_write(a);
	app_gate_down(a);
	workers_free(&a->workers);
	app_reload_down(a);
	app_policy_down(a);
	app_targets_down(&a->targets, a->conf->n_targets);
	app_dataplane_down(a);
	restart_file_close(&a->restart);
	if (a->signal_fd >= 0)
		close(a->signal_fd);
	free(a->turns_seen);
	free(a);
	return 0;
}
