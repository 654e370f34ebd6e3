/* SPDX-License-Identifier: Apache-2.0
 * What one key alone cannot tell: names given twice, devices used twice, targets that never match,
 * keys that contradict each other. Elements that are wrong already are not compared. */
#include "ctrlplane/conf/conf_priv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Devices. */

struct pci {
	unsigned domain, bus, device, function;
};

/* Up to <max> hexadecimal digits and then <after>: moves *at behind it. */
static bool hex_take(const char **at, size_t max, char after, unsigned *ret)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	*ret = 0;
	for (; n < max && isxdigit((unsigned char)(*at)[n]); n++)
		*ret = *ret * 16 +
				(unsigned)(strchr(digits, tolower((unsigned char)(*at)[n])) -
						digits);
	if (n == 0 || (*at)[n] != after)
		return false;
	*at += n + (after != '\0');
	return true;
}

/* "0000:3b:00.0" or "3b:00.0" */
static bool pci_parse(const char *text, struct pci *ret)
{
	const char *at = text;

	ret->domain = 0;
	if (strchr(text, ':') != strrchr(text, ':') && !hex_take(&at, 4, ':', &ret->domain))
		return false;
	return hex_take(&at, 2, ':', &ret->bus) && hex_take(&at, 2, '.', &ret->device) &&
			hex_take(&at, 1, '\0', &ret->function);
}

const char *conf_device_check(const char *device)
{
	struct pci pci;

	if (strlen(device) > CONF_DEVICE_MAX)
		return "is too long for a device: at most 255 bytes";
	for (const char *c = device; *c != '\0'; c++) {
		if (!isgraph((unsigned char)*c))
			return "has a blank or a control character in it: remove it";
	}
	if (strncmp(device, "net_", 4) != 0 && !pci_parse(device, &pci))
		return "is no port: write a PCI address as 0000:3b:00.0 or a DPDK vdev as "
		       "net_af_packet0,iface=eth1";
	return NULL;
}

/* The value of ",iface=" in a vdev's arguments. */
static const char *vdev_iface(const char *device, size_t *ret_len)
{
	const char *at = strstr(device, ",iface=");

	if (at == NULL)
		return NULL;
	at += strlen(",iface=");
	*ret_len = strcspn(at, ",");
	return at;
}

bool conf_device_same(const char *a, const char *b)
{
	struct pci pa, pb;
	size_t n_a = strcspn(a, ","), n_b = strcspn(b, ","), i_a, i_b;
	const char *if_a, *if_b;

	if (pci_parse(a, &pa) && pci_parse(b, &pb))
		return memcmp(&pa, &pb, sizeof(pa)) == 0;
	if (n_a == n_b && strncasecmp(a, b, n_a) == 0)
		return true;
	if_a = vdev_iface(a, &i_a);
	if_b = vdev_iface(b, &i_b);
	return if_a != NULL && if_b != NULL && i_a == i_b && memcmp(if_a, if_b, i_a) == 0;
}

static yaml_node_t *port_node(struct conf_reader *r, size_t wire, enum side side)
{
	yaml_node_t *map =
			conf_child(r, r->wire_at[wire].node, side == SIDE_AGENT ? "agent" : "prod");

	return conf_child(r, map, "port");
}

/* Port <p> counts over all wires: 2 * wire + side. */
static const char *port_device(const struct conf *c, size_t p)
{
	return c->dataplane.wires[p / SIDES].port[p % SIDES].device;
}

static void check_device(struct conf_reader *r, size_t p)
{
	const char *device = port_device(r->conf, p);
	yaml_node_t *at, *first;

	for (size_t other = 0; device != NULL && other < p; other++) {
		const char *before = port_device(r->conf, other);

		if (before == NULL || !conf_device_same(before, device))
			continue;
		at = port_node(r, p / SIDES, p % SIDES);
		first = port_node(r, other / SIDES, other % SIDES);
		conf_error(r, at,
				"port: this device is used already, in line %zu: each port needs "
				"its own",
				first->start_mark.line + 1);
		return;
	}
}

/* Names. */

struct named {
	const char *name; /* borrowed; NULL: it has none */
	size_t index;
};

static int named_compare(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);

	return by_name != 0 ? by_name : x->index < y->index ? -1 : 1;
}

/* <all>[0..n) have names; reports each that an earlier one has too. */
static void check_names(
		struct conf_reader *r, struct named *all, size_t n, const struct conf_place *places)
{
	qsort(all, n, sizeof(all[0]), named_compare);
	for (size_t i = 1; i < n; i++) {
		yaml_node_t *at = conf_child(r, places[all[i].index].node, "name");
		yaml_node_t *first = conf_child(r, places[all[i - 1].index].node, "name");

		if (strcmp(all[i - 1].name, all[i].name) == 0)
			conf_error(r, at,
					"name: '%s' is taken already, in line %zu: choose another",
					all[i].name, first->start_mark.line + 1);
	}
}

static const char *wire_name(const struct conf *c, size_t i)
{
	return c->dataplane.wires[i].name;
}

static const char *target_name(const struct conf *c, size_t i)
{
	return c->targets[i].name;
}

void conf_check_names(struct conf_reader *r, size_t n, const struct conf_place *places,
		const char *(*name_of)(const struct conf *c, size_t i))
{
	struct named *all = calloc(n + 1, sizeof(all[0]));
	size_t n_named = 0;

	if (all == NULL) {
		doc_error_at(r->errors, 0, 0, "out of memory");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (name_of(r->conf, i) != NULL)
			all[n_named++] = (struct named){ name_of(r->conf, i), i };
	}
	check_names(r, all, n_named, places);
	free(all);
}

/* Wires and targets. */

static void check_wire(struct conf_reader *r, size_t i)
{
	const struct conf_wire *w = &r->conf->dataplane.wires[i];
	yaml_node_t *deny_with = conf_child(r, r->wire_at[i].node, "deny_with");

	if (w->undeclared_tcp == MODE_WIRE && deny_with != NULL)
		conf_error(r, deny_with,
				"deny_with: means nothing with undeclared_tcp: forward: remove it");
	check_device(r, i * SIDES + SIDE_AGENT);
	check_device(r, i * SIDES + SIDE_PROD);
}

static void check_reach(struct conf_reader *r, size_t i)
{
	const struct conf *c = r->conf;
	yaml_node_t *at = conf_child(r, r->target_at[i].node, "match");

	for (size_t before = 0; before < i; before++) {
		if (r->target_at[before].bad ||
				!conf_target_covers(&c->targets[before], &c->targets[i]))
			continue;
		conf_error(r, at,
				"match: never reached, for '%s' in line %zu comes first and "
				"matches all of it: put this one before it",
				c->targets[before].name,
				r->target_at[before].node->start_mark.line + 1);
		return;
	}
}

static void check_target(struct conf_reader *r, size_t i)
{
	const struct conf_target *t = &r->conf->targets[i];
	yaml_node_t *tcp = conf_child(r, r->target_at[i].node, "tcp");
	uint32_t most = r->conf->dataplane.mtu - (conf_target_is_v4(t) ? 40u : 60u);

	if (tcp != NULL && t->policy.mode == MODE_WIRE)
		conf_error(r, tcp,
				"tcp: means nothing with mode: wire, which changes no segment: "
				"remove it");
	if (t->xlate && t->policy.ts == TS_REWRITE)
		conf_error(r, conf_child(r, tcp, "timestamps"),
				"timestamps: rewrite cannot be had with mode: xlate: say strip "
				"here, or mode: relay");
	if (t->policy.mss > most)
		conf_error(r, conf_child(r, tcp, "mss"),
				"mss: %u does not fit into dataplane.mtu %u: at most %u",
				t->policy.mss, r->conf->dataplane.mtu, most);
}

/* CPUs and memory. */

static void check_cpus(struct conf_reader *r, yaml_node_t *dataplane)
{
	const struct conf_dataplane *d = &r->conf->dataplane;
	yaml_node_t *at = conf_child(r, dataplane, "worker_cpus");
	bool seen[1024] = { false };

	if (d->n_worker_cpus == 0)
		return;
	if (d->n_workers != 0 && d->n_workers != d->n_worker_cpus)
		conf_error(r, at, "worker_cpus: %zu CPUs for workers: %u: give one for each worker",
				d->n_worker_cpus, d->n_workers);
	for (size_t i = 0; i < d->n_worker_cpus; i++) {
		uint16_t cpu = d->worker_cpus[i];

		if (seen[cpu])
			conf_error(r, at,
					"worker_cpus: CPU %u appears twice: workers never share "
					"one",
					cpu);
		seen[cpu] = true;
	}
}

static void check_limits(struct conf_reader *r, yaml_node_t *dataplane)
{
	const struct relay_conf *relay = &r->conf->dataplane.relay;
	yaml_node_t *limits = conf_child(r, dataplane, "limits");
	yaml_node_t *at = conf_child(r, limits, "embryonic_per_source");

	if (at != NULL && relay->embryonic_per_source > relay->max_flows)
		conf_error(r, at, "embryonic_per_source: %u is more than dataplane.flows %u",
				relay->embryonic_per_source, relay->max_flows);
}

static void check_wires(struct conf_reader *r, yaml_node_t *dataplane)
{
	yaml_node_t *at = conf_child(r, dataplane, "wires");

	if (at != NULL && at->type == YAML_SEQUENCE_NODE && r->conf->dataplane.n_wires == 0)
		conf_error(r, at,
				"wires: is empty: at least one wire with its agent and prod port "
				"is needed");
	for (size_t i = 0; i < r->conf->dataplane.n_wires; i++)
		check_wire(r, i);
	conf_check_names(r, r->conf->dataplane.n_wires, r->wire_at, wire_name);
}

void conf_check(struct conf_reader *r)
{
	yaml_node_t *root = yaml_document_get_root_node(&r->doc);
	yaml_node_t *dataplane = conf_child(r, root, "dataplane");

	check_cpus(r, dataplane);
	check_limits(r, dataplane);
	check_wires(r, dataplane);
	conf_identity_check(r);
	conf_credential_check(r);
	conf_check_names(r, r->conf->n_targets, r->target_at, target_name);
	for (size_t i = 0; i < r->conf->n_targets; i++) {
		if (r->target_at[i].bad)
			continue;
		check_target(r, i);
		conf_postgres_check(r, i);
		check_reach(r, i);
	}
}
