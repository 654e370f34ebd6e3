/* SPDX-License-Identifier: Apache-2.0
 * Rules in one array, compared as two masked words each: a look-up is made once a connection, and
 * some hundred targets cost less than the connection's first frame. */
#include "dataplane/worker/classify.h"

#include <stdlib.h>
#include <string.h>

struct rule {
	uint64_t addr[2], mask[2];        /* in memory order; addr is masked already */
	const struct flow_policy *policy; /* borrowed */
	uint16_t port;
};

struct classify {
	struct rule *rules; /* owned */
	size_t n_rules;
	const struct flow_policy **undeclared; /* owned array, borrowed entries */
	size_t n_wires;
};

static void rule_set(struct rule *r, const struct classify_target *t)
{
	uint8_t mask[16] = { 0 };

	for (unsigned int bit = 0; bit < t->prefix && bit < 128; bit++)
		mask[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	memcpy(r->mask, mask, sizeof(mask));
	memcpy(r->addr, t->addr, sizeof(r->addr));
	r->addr[0] &= r->mask[0];
	r->addr[1] &= r->mask[1];
	r->port = t->port;
	r->policy = t->policy;
}

struct classify *classify_new(const struct classify_target *targets, size_t n_targets,
		const struct flow_policy *const *undeclared, size_t n_wires)
{
	struct classify *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->rules = calloc(n_targets + 1, sizeof(*c->rules));
	c->undeclared = calloc(n_wires + 1, sizeof(const struct flow_policy *));
	if (c->rules == NULL || c->undeclared == NULL) {
		classify_free(&c);
		return NULL;
	}
	for (size_t i = 0; i < n_targets; i++)
		rule_set(&c->rules[i], &targets[i]);
	for (size_t i = 0; i < n_wires; i++)
		c->undeclared[i] = undeclared[i];
	c->n_rules = n_targets;
	c->n_wires = n_wires;
	return c;
}

void classify_free(struct classify **c)
{
	if (*c == NULL)
		return;
	free((*c)->rules);
	free((*c)->undeclared);
	free(*c);
	*c = NULL;
}

const struct flow_policy *classify_policy(
		const struct classify *c, const struct flow_key *key, enum side initiator)
{
	enum side to = side_other(initiator);
	uint64_t addr[2];

	memcpy(addr, key->addr[to], sizeof(addr));
	for (size_t i = 0; i < c->n_rules; i++) {
		const struct rule *r = &c->rules[i];

		if ((addr[0] & r->mask[0]) == r->addr[0] && (addr[1] & r->mask[1]) == r->addr[1] &&
				(r->port == 0 || r->port == key->port[to]))
			return r->policy;
	}
	return c->undeclared[key->tag >> 24];
}
