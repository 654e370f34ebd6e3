/* SPDX-License-Identifier: Apache-2.0
 * The targets and the wires' defaults as flow policies, and the table that finds them. */
#include "ctrlplane/app/app_priv.h"
#include "ctrlplane/log/log.h"
#include "dataplane/inspect/bypass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Nobody can be verified where nobody is asked for a token. */
static struct flow_policy refused(const struct conf_target *t, uint32_t index)
{
	log_warn("app",
			"target %s: actors are named, but nothing asks for their tokens: every "
			"connection is refused",
			t->name);
	return (struct flow_policy){ .mode = MODE_DENY, .deny_how = DENY_RST, .target = index };
}

static struct flow_policy target_policy(const struct app *a, uint32_t index)
{
	const struct conf_target *t = &a->conf->targets[index];
	struct flow_policy p = t->policy;

	p.target = index;
	if (t->protocol == CONF_PROTOCOL_POSTGRES) {
		p.inspector = &inspector_postgres;
		p.inspector_ctx = &a->targets[index].spine;
	} else if (t->n_actors > 0) {
		p = refused(t, index);
	} else if (p.mode == MODE_RELAY) {
		p.inspector = t->xlate ? &inspector_bypass : &inspector_pass_all;
	}
	return p;
}

static struct flow_policy wire_policy(const struct conf_wire *w)
{
	return (struct flow_policy){ .mode = w->undeclared_tcp,
		.deny_how = w->undeclared_how,
		.wire_md5_ao = true, /* with mode wire nothing is read anyway */
		.target = CONF_TARGET_NONE };
}

static struct classify *table_make(const struct app *a, struct classify_target *targets,
		const struct flow_policy **undeclared)
{
	size_t n_targets = a->conf->n_targets, n_wires = a->conf->dataplane.n_wires;

	for (size_t i = 0; i < n_targets; i++) {
		const struct conf_target *t = &a->conf->targets[i];

		a->policies[i] = target_policy(a, (uint32_t)i);
		memcpy(targets[i].addr, t->addr, sizeof(targets[i].addr));
		targets[i].prefix = t->prefix;
		targets[i].port = t->port;
		targets[i].policy = &a->policies[i];
	}
	for (size_t i = 0; i < n_wires; i++) {
		a->policies[n_targets + i] = wire_policy(&a->conf->dataplane.wires[i]);
		undeclared[i] = &a->policies[n_targets + i];
	}
	return classify_new(targets, n_targets, undeclared, n_wires);
}

int app_policy_up(struct app *a)
{
	size_t n_targets = a->conf->n_targets, n_wires = a->conf->dataplane.n_wires;
	struct classify_target *targets = calloc(n_targets + 1, sizeof(*targets));
	const struct flow_policy **undeclared = calloc(n_wires, sizeof(const struct flow_policy *));

	a->policies = calloc(n_targets + n_wires, sizeof(*a->policies));
	if (targets != NULL && undeclared != NULL && a->policies != NULL)
		a->classify = table_make(a, targets, undeclared);
	free(targets);
	free(undeclared);
	return a->classify == NULL ? -ENOMEM : 0;
}

void app_policy_down(struct app *a)
{
	classify_free(&a->classify);
	free(a->policies);
	a->policies = NULL;
}
