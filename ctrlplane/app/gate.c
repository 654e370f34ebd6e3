/* SPDX-License-Identifier: Apache-2.0
 * What stands behind inspected sessions: who verifies tokens, who answers tickets, and how the two reach
 * the workers. Nothing of it exists while no target is inspected. */
#include "ctrlplane/app/app_priv.h"
#include "ctrlplane/log/log.h"
#include "parsers/sql/facts.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
	TICKET_RING = 4096,
	CACHE_SETS = 1024, /* 8 MB a worker: some 4000 texts */
};

static bool is_inspected(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_targets; i++) {
		if (conf->targets[i].protocol == CONF_PROTOCOL_POSTGRES)
			return true;
	}
	return false;
}

static uint32_t command_bytes_max(const struct conf *conf)
{
	uint32_t max = 0;

	for (size_t i = 0; i < conf->n_targets; i++) {
		if (conf->targets[i].protocol == CONF_PROTOCOL_POSTGRES &&
				conf->targets[i].postgres.command_bytes > max)
			max = conf->targets[i].postgres.command_bytes;
	}
	return max;
}

const struct spine_conf *app_spine_conf(struct app *a)
{
	const struct conf_dataplane *d = &a->conf->dataplane;
	struct spine_conf *sc = &a->spine;

	if (!is_inspected(a->conf))
		return NULL;
	*sc = (struct spine_conf){ .max_sessions = d->sessions,
		.memory_bytes = d->session_memory_bytes,
		.max_command_bytes = command_bytes_max(a->conf),
		.n_tickets = TICKET_RING,
		.cache_sets = CACHE_SETS,
		.tls = { .max_conns = 2 * d->sessions } };
	if (getrandom(&sc->key, sizeof(sc->key), 0) != (ssize_t)sizeof(sc->key))
		memset(&sc->key, 0x5a, sizeof(sc->key)); /* seed_get() says so, and ends us */
	return sc;
}

static bool ticket_next(void *workers, uint32_t *ret_worker, struct ticket *ret)
{
	return workers_ticket_next(workers, ret_worker, ret);
}

static bool ticket_answer(void *workers, uint32_t worker, const struct ticket_answer *answer)
{
	return workers_ticket_answer(workers, worker, answer);
}

void app_wall_clock(struct app *a)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	workers_wall_clock(a->workers, t.tv_sec);
}

int app_gate_up(struct app *a)
{
	const struct sessions_port port = { .ctx = a->workers,
		.n_workers = a->n_workers,
		.next = ticket_next,
		.answer = ticket_answer };
	struct sessions_conf sc = { .conf = a->conf, .port = &port };
	int rc;

	if (!is_inspected(a->conf))
		return 0;
	rc = sql_facts_check();
	if (rc < 0) {
		log_err("app",
				"libpg_query is not the one that this was built for: install the "
				"packages that tools/setup names, and build again");
		return rc;
	}
	app_wall_clock(a);
	rc = identity_new(a->conf, NULL, &a->identity);
	if (rc < 0) {
		log_err("identity", "%s: %s", a->conf->data_dir,
				rc == -EBADMSG ? "the file of revocations is damaged"
					       : strerror(-rc));
		return rc;
	}
	sc.identity = a->identity;
	return sessions_new(&sc, &a->sessions);
}

void app_gate_down(struct app *a)
{
	sessions_free(&a->sessions);
	identity_free(&a->identity);
}
