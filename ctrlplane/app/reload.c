/* SPDX-License-Identifier: Apache-2.0
 * Who exchanges rules while workers run. */
#include "ctrlplane/reload/reload.h"

#include "ctrlplane/app/app_priv.h"
#include "ctrlplane/log/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int app_reload_up(struct app *a)
{
	const struct conf *conf = a->conf;
	struct reload_parts parts = { .configured = &conf->rules,
		.conf = &a->rules.made_for,
		.first = a->rules.first,
		.history = a->rules.history,
		.synchronize = workers_synchronize };
	int rc = -ENOMEM;

	a->spines = calloc(conf->n_targets + 1, sizeof(*a->spines));
	for (size_t i = 0; a->spines != NULL && i < conf->n_targets; i++)
		a->spines[i] = conf->targets[i].protocol == CONF_PROTOCOL_POSTGRES
				? &a->targets[i].spine
				: NULL;
	parts.spines = a->spines;
	if (a->spines != NULL)
		rc = reload_new(&parts, &a->reload);
	if (rc == 0)
		a->rules.first = NULL; /* it has taken it over */
	else
		log_err("app", "rules: %s", strerror(-rc));
	return rc;
}

void app_reload_down(struct app *a)
{
	reload_free(&a->reload);
	app_rules_down(&a->rules);
	free(a->spines);
}

void app_reload_hup(struct app *a, int32_t uid)
{
	const struct reload_order order = {
		.what = RELOAD_CONFIGURED, .how = HISTORY_SIGNAL, .uid = uid
	};

	log_info("app", "SIGHUP: the configured rules are applied");
	if (reload_order(a->reload, &order) < 0)
		log_warn("app", "SIGHUP: other rules are being applied: nothing is done");
}
