/* SPDX-License-Identifier: Apache-2.0
 * Every key of the configuration: its type, bounds and where its value goes. sluice.sample.yaml
 * explains each to people; a test holds the two together. */
#include "ctrlplane/conf/conf_priv.h"
#include "parsers/base/must.h"

#include <stdlib.h>
#include <string.h>

/* The field a key is written to. */
#define IN(type, member)                                                                           \
	.off = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define SCHEMA(var, called, table)                                                                 \
	static const struct conf_schema var = {                                                    \
		.name = called, .keys = table, .n_keys = sizeof(table) / sizeof((table)[0])        \
	}

/* What texts may be. */

static const char *name_check(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	if (text[strspn(text, allowed)] != '\0' || text[0] == '-' || text[0] == '.')
		return "is no name: use letters, digits, '.', '_' and '-', a letter or digit first";
	if (strlen(text) > CONF_NAME_MAX)
		return "is too long for a name: at most 63 characters";
	return NULL;
}

static const char *path_check(const char *text)
{
	if (text[0] != '/')
		return "is no absolute path: begin it with '/'";
	if (strlen(text) > CONF_PATH_MAX)
		return "is too long for a path: at most 1023 bytes";
	return NULL;
}

static const char *socket_check(const char *text)
{
	if (strlen(text) > CONF_SOCKET_MAX)
		return "is too long for a Unix socket: at most 107 bytes";
	return path_check(text);
}

/* What words mean. */

static const struct conf_word word_auto[] = { { "auto", 0 }, { NULL, 0 } };
static const struct conf_word word_any_cpu[] = { { "any", UINT32_MAX }, { NULL, 0 } };
static const struct conf_word words_level[] = { { "error", 0 }, { "warning", 1 }, { "info", 2 },
	{ "debug", 3 }, { NULL, 0 } };
static const struct conf_word words_huge_pages[] = { { "auto", CONF_HUGEPAGES_AUTO },
	{ "yes", CONF_HUGEPAGES_YES }, { "no", CONF_HUGEPAGES_NO }, { NULL, 0 } };
static const struct conf_word words_unknown[] = { { "rst", UNKNOWN_RST }, { "wire", UNKNOWN_WIRE },
	{ "drop", UNKNOWN_DROP }, { NULL, 0 } };
static const struct conf_word words_verify[] = { { "always", true }, { "offload", false },
	{ NULL, 0 } };
static const struct conf_word words_non_tcp[] = { { "forward", true }, { "drop", false },
	{ NULL, 0 } };
static const struct conf_word words_undeclared[] = { { "deny", MODE_DENY },
	{ "forward", MODE_WIRE }, { NULL, 0 } };
static const struct conf_word words_deny_with[] = { { "rst", DENY_RST }, { "silent", DENY_SILENT },
	{ NULL, 0 } };
static const struct conf_word words_protocol[] = { { "tcp", CONF_PROTOCOL_TCP },
	{ "postgres", CONF_PROTOCOL_POSTGRES }, { NULL, 0 } };
static const struct conf_word words_agent_tls[] = { { "require", CONF_AGENT_TLS_REQUIRE },
	{ "off", CONF_AGENT_TLS_OFF }, { NULL, 0 } };
static const struct conf_word words_prod_tls[] = { { "off", CONF_PROD_TLS_OFF },
	{ "require", CONF_PROD_TLS_REQUIRE }, { "verify-ca", CONF_PROD_TLS_VERIFY_CA },
	{ "verify-full", CONF_PROD_TLS_VERIFY_FULL }, { NULL, 0 } };
static const struct conf_word words_negotiation[] = { { "postgres", false }, { "direct", true },
	{ NULL, 0 } };
static const struct conf_word words_application[] = { { "session", CONF_LABELS_SESSION },
	{ "writes", CONF_LABELS_WRITES }, { "command", CONF_LABELS_COMMAND }, { NULL, 0 } };
static const struct conf_word words_ts[] = { { "strip", TS_STRIP }, { "rewrite", TS_REWRITE },
	{ NULL, 0 } };
static const struct conf_word words_urg[] = { { "inline", URG_INLINE }, { "drop", URG_DROP },
	{ NULL, 0 } };
static const struct conf_word words_md5[] = { { "refuse", false }, { "wire", true }, { NULL, 0 } };
static const struct conf_word words_simultaneous[] = { { "drop", false }, { "forward", true },
	{ NULL, 0 } };
static const struct conf_word words_overlap[] = { { "keep_first", false }, { "reset", true },
	{ NULL, 0 } };
static const struct conf_word words_pressure[] = { { "refuse", true }, { "admit", false },
	{ NULL, 0 } };

/* Keys that are more than one field. */

static void own_mode(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	static const struct conf_word words[] = { { "relay", MODE_RELAY }, { "wire", MODE_WIRE },
		{ "xlate", MODE_XLATE }, { NULL, 0 } };
	const struct conf_key as_word = {
		.name = k->name, .type = CONF_WORD, .words = words, .size = sizeof(uint32_t)
	};
	struct conf_target *t = object;
	uint32_t mode = MODE_RELAY;

	conf_read_value(r, &as_word, &mode, v);
	t->xlate = mode == MODE_XLATE;
	t->policy.mode = mode == MODE_WIRE ? MODE_WIRE : MODE_RELAY;
}

static void own_cpus(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	static const struct conf_key one = {
		.name = "worker_cpus", .type = CONF_INT, .size = 2, .max = 1023
	};
	struct conf_dataplane *d = &r->conf->dataplane;
	size_t n;

	(void)object;
	if (v->type != YAML_SEQUENCE_NODE) {
		conf_error(r, v, "%s: expected a list of CPU numbers as [2, 3]", k->name);
		return;
	}
	n = (size_t)(v->data.sequence.items.top - v->data.sequence.items.start);
	if (n == 0 || n > CONF_CPUS_MAX) {
		conf_error(r, v, "%s: expected 1 to %d CPU numbers, found %zu", k->name,
				CONF_CPUS_MAX, n);
		return;
	}
	d->worker_cpus = calloc(n, sizeof(d->worker_cpus[0]));
	if (d->worker_cpus == NULL) {
		conf_error(r, v, "out of memory");
		return;
	}
	d->n_worker_cpus = n;
	for (size_t i = 0; i < n; i++)
		conf_read_value(r, &one, &d->worker_cpus[i],
				yaml_document_get_node(&r->doc, v->data.sequence.items.start[i]));
}

bool conf_grow(void *array, size_t n, size_t size)
{
	void **owned = array, *larger = reallocarray(*owned, n + 1, size);

	if (larger == NULL)
		return false;
	memset((uint8_t *)larger + n * size, 0, size);
	*owned = larger;
	return true;
}

static void own_files(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	const struct conf_key one = { .name = k->name, .type = CONF_TEXT, .check = path_check };
	struct conf_texts *t = (struct conf_texts *)(void *)((uint8_t *)object + k->off);
	size_t n;

	if (v->type != YAML_SEQUENCE_NODE) {
		conf_error(r, v, "%s: expected a list as [/etc/sluice/rules/crm.yaml]", k->name);
		return;
	}
	n = (size_t)(v->data.sequence.items.top - v->data.sequence.items.start);
	if (n == 0 || n > CONF_RULE_FILES_MAX) {
		conf_error(r, v, "%s: expected 1 to %d files, found %zu", k->name,
				CONF_RULE_FILES_MAX, n);
		return;
	}
	t->at = calloc(n, sizeof(t->at[0]));
	if (t->at == NULL) {
		conf_error(r, v, "out of memory");
		return;
	}
	for (t->n = 0; t->n < n; t->n++)
		conf_read_value(r, &one, &t->at[t->n],
				yaml_document_get_node(
						&r->doc, v->data.sequence.items.start[t->n]));
}

/* Where rules are: one place, so that their order is told. */
static void own_rules(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	const struct conf_key as_map = { .name = k->name, .type = CONF_MAP, .sub = k->sub };
	const yaml_node_t *dir = conf_child(r, v, "dir"), *files = conf_child(r, v, "files");

	conf_read_value(r, &as_map, object, v);
	if (v->type == YAML_MAPPING_NODE && (dir == NULL) == (files == NULL))
		conf_error(r, files == NULL ? v : files, "%s: give either 'dir' or 'files'",
				k->name);
}

static void *append_wire(struct conf_reader *r, yaml_node_t *at)
{
	struct conf_dataplane *d = &r->conf->dataplane;

	if (d->n_wires == CONF_WIRES_MAX) {
		conf_error(r, at, "more than %d wires", CONF_WIRES_MAX);
		return NULL;
	}
	if (!conf_grow(&r->wire_at, d->n_wires, sizeof(r->wire_at[0])) ||
			!conf_grow(&d->wires, d->n_wires, sizeof(d->wires[0]))) {
		conf_error(r, at, "out of memory");
		return NULL;
	}
	d->wires[d->n_wires] = (struct conf_wire){ .undeclared_tcp = MODE_DENY,
		.undeclared_how = DENY_RST };
	r->last = &r->wire_at[d->n_wires];
	r->last->node = at;
	return &d->wires[d->n_wires++];
}

static void *append_target(struct conf_reader *r, yaml_node_t *at)
{
	struct conf *c = r->conf;

	if (c->n_targets == CONF_TARGETS_MAX) {
		conf_error(r, at, "more than %d targets", CONF_TARGETS_MAX);
		return NULL;
	}
	if (!conf_grow(&r->target_at, c->n_targets, sizeof(r->target_at[0])) ||
			!conf_grow(&c->targets, c->n_targets, sizeof(c->targets[0]))) {
		conf_error(r, at, "out of memory");
		return NULL;
	}
	c->targets[c->n_targets].policy = (struct flow_policy){ .mode = MODE_RELAY,
		.refuse_when_red = true,
		.rcv_cap_max_bytes = 1 << 20,
		.target = (uint32_t)c->n_targets };
	conf_postgres_init(&c->targets[c->n_targets].postgres);
	r->last = &r->target_at[c->n_targets];
	r->last->node = at;
	return &c->targets[c->n_targets++];
}

/* Keys, from the leaves up. */

static const struct conf_key keys_api[] = {
	{ "socket", CONF_TEXT, IN(conf, api_socket), .check = socket_check },
};
SCHEMA(schema_api, "appliance.api", keys_api);

static const struct conf_key keys_appliance[] = {
	{ "name", CONF_TEXT, IN(conf, appliance_name), .check = name_check },
	{ "data_dir", CONF_TEXT, IN(conf, data_dir), .check = path_check },
	{ "api", CONF_MAP, .sub = &schema_api },
};
SCHEMA(schema_appliance, "appliance", keys_appliance);

static const struct conf_key keys_log[] = {
	{ "level", CONF_WORD, IN(conf, log_level), .words = words_level },
};
SCHEMA(schema_log, "log", keys_log);

#define FORWARD(kind) IN(conf, dataplane.relay.forward[kind]), .words = words_non_tcp
static const struct conf_key keys_non_tcp[] = {
	{ "arp", CONF_WORD, FORWARD(FRAME_ARP) },
	{ "nd", CONF_WORD, FORWARD(FRAME_ND) },
	{ "lldp", CONF_WORD, FORWARD(FRAME_LLDP) },
	{ "stp", CONF_WORD, FORWARD(FRAME_STP) },
	{ "icmp", CONF_WORD, FORWARD(FRAME_ICMP) },
	{ "icmp6", CONF_WORD, FORWARD(FRAME_ICMP6) },
	{ "udp", CONF_WORD, FORWARD(FRAME_UDP) },
	{ "ip_other", CONF_WORD, FORWARD(FRAME_IP_OTHER) },
	{ "l2_other", CONF_WORD, FORWARD(FRAME_L2_OTHER) },
};
SCHEMA(schema_non_tcp, "dataplane.non_tcp", keys_non_tcp);

#define RELAY(member) IN(conf, dataplane.relay.member)
static const struct conf_key keys_limits[] = {
	{ "embryonic_per_source", CONF_INT, RELAY(embryonic_per_source), .min = 1, .max = 1 << 20 },
	{ "syn_per_source_per_second", CONF_INT, RELAY(syn_per_source_per_s), .max = 10000000 },
};
SCHEMA(schema_limits, "dataplane.limits", keys_limits);

static const struct conf_key keys_timers[] = {
	{ "idle", CONF_DURATION, RELAY(idle_s), .min = 10, .max = 30 * 86400 },
	{ "half_closed_idle", CONF_DURATION, RELAY(half_closed_idle_s), .min = 5, .max = 86400 },
	{ "hold_fin_ack", CONF_DURATION, RELAY(hold_fin_ack_s), .min = 1, .max = 100 },
	{ "hold_keepalive", CONF_DURATION, RELAY(hold_keepalive_s), .min = 1, .max = 3600 },
	{ "time_wait", CONF_DURATION, RELAY(time_wait_s), .min = 1, .max = 240 },
};
SCHEMA(schema_timers, "dataplane.timers", keys_timers);

#define DEVICE(side)                                                                               \
	{                                                                                          \
		"port", CONF_TEXT, .required = true, IN(conf_wire, port[side].device),             \
				   .check = conf_device_check                                      \
	}
static const struct conf_key keys_agent[] = { DEVICE(SIDE_AGENT) };
static const struct conf_key keys_prod[] = { DEVICE(SIDE_PROD) };
SCHEMA(schema_agent, "agent", keys_agent);
SCHEMA(schema_prod, "prod", keys_prod);

static const struct conf_key keys_wire[] = {
	{ "name", CONF_TEXT, .required = true, IN(conf_wire, name), .check = name_check },
	{ "agent", CONF_MAP, .required = true, .sub = &schema_agent },
	{ "prod", CONF_MAP, .required = true, .sub = &schema_prod },
	{ "undeclared_tcp", CONF_WORD, IN(conf_wire, undeclared_tcp), .words = words_undeclared },
	{ "deny_with", CONF_WORD, IN(conf_wire, undeclared_how), .words = words_deny_with },
};
SCHEMA(schema_wire, "dataplane.wires", keys_wire);

#define DATAPLANE(member) IN(conf, dataplane.member)
static const struct conf_key keys_dataplane[] = {
	{ "workers", CONF_INT, DATAPLANE(n_workers), .min = 1, .max = CONF_CPUS_MAX,
			.words = word_auto },
	{ "control_cpu", CONF_INT, DATAPLANE(control_cpu), .max = 1023, .words = word_any_cpu },
	{ "worker_cpus", CONF_OWN, .own = own_cpus },
	{ "huge_pages", CONF_WORD, DATAPLANE(huge_pages), .words = words_huge_pages },
	{ "memory_mb", CONF_INT, DATAPLANE(memory_mb), .min = 64, .max = 1 << 20,
			.words = word_auto },
	{ "buffers", CONF_INT, DATAPLANE(buffers), .min = 4096, .max = 1 << 24 },
	{ "mtu", CONF_INT, DATAPLANE(mtu), .min = 576, .max = 9216 },
	{ "idle_sleep", CONF_BOOL, DATAPLANE(idle_sleep) },
	{ "file_prefix", CONF_TEXT, DATAPLANE(file_prefix), .check = name_check },
	{ "restart_file", CONF_TEXT, DATAPLANE(restart_file), .check = path_check },
	{ "flows", CONF_INT, RELAY(max_flows), .min = 64, .max = 1 << 24 },
	{ "segments", CONF_INT, RELAY(max_segs), .min = 1024, .max = 1 << 26 },
	{ "retain_mb", CONF_INT, RELAY(retain_bytes), .unit = 1 << 20, .min = 1, .max = 1 << 20 },
	{ "sessions", CONF_INT, DATAPLANE(sessions), .min = 1, .max = 65536 },
	{ "session_memory_mb", CONF_INT, DATAPLANE(session_memory_bytes), .unit = 1 << 20, .min = 1,
			.max = 1 << 20 },
	{ "unknown_tcp", CONF_WORD, RELAY(unknown_tcp), .words = words_unknown },
	{ "verify_checksums", CONF_WORD, RELAY(verify_cksum_always), .words = words_verify },
	{ "non_tcp", CONF_MAP, .sub = &schema_non_tcp },
	{ "limits", CONF_MAP, .sub = &schema_limits },
	{ "timers", CONF_MAP, .sub = &schema_timers },
	{ "wires", CONF_LIST, .required = true, .sub = &schema_wire, .append = append_wire },
};
SCHEMA(schema_dataplane, "dataplane", keys_dataplane);

static const struct conf_key keys_match[] = {
	{ "address", CONF_OWN, .required = true, .own = conf_read_address },
	{ "port", CONF_INT, IN(conf_target, port), .min = 1, .max = 65535 },
};
SCHEMA(schema_match, "targets.match", keys_match);

#define ISSUER(member) IN(conf_issuer, member)
static const struct conf_key keys_issuer[] = {
	{ "name", CONF_TEXT, .required = true, ISSUER(name), .check = name_check },
	{ "issuer", CONF_TEXT, .required = true, ISSUER(issuer), .check = conf_issuer_check },
	{ "audience", CONF_OWN, .required = true, ISSUER(audiences), .own = conf_read_texts },
	{ "jwks", CONF_TEXT, .required = true, ISSUER(jwks), .check = conf_jwks_check },
	{ "ca", CONF_TEXT, ISSUER(ca), .check = path_check },
	{ "plain_http", CONF_BOOL, ISSUER(plain_http) },
	{ "algorithms", CONF_OWN, ISSUER(algorithms), .own = conf_read_algorithms },
	{ "clock_skew", CONF_DURATION, ISSUER(clock_skew_s), .max = 300 },
	{ "groups_claim", CONF_TEXT, ISSUER(groups_claim), .check = conf_claim_check },
	{ "max_token_bytes", CONF_SIZE, ISSUER(max_token_bytes), .min = 512, .max = 64 << 10 },
	{ "keys_min_age", CONF_DURATION, ISSUER(keys_min_s), .min = 1, .max = 86400 },
	{ "keys_max_age", CONF_DURATION, ISSUER(keys_max_s), .min = 1, .max = 30 * 86400 },
};
SCHEMA(schema_issuer, "identity.issuers", keys_issuer);

static const struct conf_key keys_identity[] = {
	{ "issuers", CONF_LIST, .required = true, .sub = &schema_issuer,
			.append = conf_append_issuer },
};
SCHEMA(schema_identity, "identity", keys_identity);

#define ACTORS(member) IN(conf_actors, member)
static const struct conf_key keys_actors[] = {
	{ "issuer", CONF_TEXT, .required = true, ACTORS(issuer_name), .check = name_check },
	{ "groups", CONF_OWN, ACTORS(groups), .own = conf_read_texts },
	{ "subjects", CONF_OWN, ACTORS(subjects), .own = conf_read_texts },
	{ "client_ids", CONF_OWN, ACTORS(client_ids), .own = conf_read_texts },
};
SCHEMA(schema_actors, "targets.actors", keys_actors);

#define PASSWORD(member) IN(conf_target, credential.password.member)
static const struct conf_key keys_password[] = {
	{ "file", CONF_TEXT, PASSWORD(file), .check = path_check },
	{ "env", CONF_TEXT, PASSWORD(env), .check = conf_env_check },
	{ "systemd", CONF_TEXT, PASSWORD(systemd), .check = name_check },
	{ "command", CONF_OWN, PASSWORD(command), .own = conf_read_command },
};
SCHEMA(schema_password, "targets.credential.password", keys_password);

static const struct conf_key keys_credential[] = {
	{ "user", CONF_TEXT, .required = true, IN(conf_target, credential.user),
			.check = conf_user_check },
	{ "password", CONF_MAP, .sub = &schema_password }, /* or prod_tls.cert */
};
SCHEMA(schema_credential, "targets.credential", keys_credential);

#define POLICY(member) IN(conf_target, policy.member)
static const struct conf_key keys_tcp[] = {
	{ "timestamps", CONF_WORD, POLICY(ts), .words = words_ts },
	{ "urgent", CONF_WORD, POLICY(urg), .words = words_urg },
	{ "md5_ao", CONF_WORD, POLICY(wire_md5_ao), .words = words_md5 },
	{ "simultaneous_open", CONF_WORD, POLICY(allow_simultaneous_open),
			.words = words_simultaneous },
	{ "overlap_mismatch", CONF_WORD, POLICY(rst_on_overlap_mismatch), .words = words_overlap },
	{ "mss", CONF_INT, POLICY(mss), .min = 88, .max = 9176 },
	{ "queue_max", CONF_SIZE, POLICY(rcv_cap_max_bytes), .min = 64 << 10,
			.max = CONF_QUEUE_MAX },
	{ "under_pressure", CONF_WORD, POLICY(refuse_when_red), .words = words_pressure },
};
SCHEMA(schema_tcp, "targets.tcp", keys_tcp);

#define POSTGRES(member) IN(conf_target, postgres.member)
static const struct conf_key keys_agent_tls[] = {
	{ "mode", CONF_WORD, POSTGRES(agent_tls.mode), .words = words_agent_tls },
	{ "cert", CONF_TEXT, POSTGRES(agent_tls.cert), .check = path_check },
	{ "key", CONF_TEXT, POSTGRES(agent_tls.key), .check = path_check },
	{ "token_in_clear", CONF_BOOL, POSTGRES(agent_tls.token_in_clear) },
};
SCHEMA(schema_agent_tls, "targets.agent_tls", keys_agent_tls);

static const struct conf_key keys_prod_tls[] = {
	{ "mode", CONF_WORD, .required = true, POSTGRES(prod_tls.mode), .words = words_prod_tls },
	{ "ca", CONF_TEXT, POSTGRES(prod_tls.ca), .check = path_check },
	{ "host", CONF_TEXT, POSTGRES(prod_tls.host), .check = conf_host_check },
	{ "cert", CONF_TEXT, POSTGRES(prod_tls.cert), .check = path_check },
	{ "key", CONF_TEXT, POSTGRES(prod_tls.key), .check = path_check },
	{ "negotiation", CONF_WORD, POSTGRES(prod_tls.direct), .words = words_negotiation },
};
SCHEMA(schema_prod_tls, "targets.prod_tls", keys_prod_tls);

static const struct conf_key keys_mask_key[] = {
	{ "file", CONF_TEXT, POSTGRES(mask_key.file), .check = path_check },
	{ "env", CONF_TEXT, POSTGRES(mask_key.env), .check = conf_env_check },
	{ "systemd", CONF_TEXT, POSTGRES(mask_key.systemd), .check = name_check },
	{ "command", CONF_OWN, POSTGRES(mask_key.command), .own = conf_read_command },
};
SCHEMA(schema_mask_key, "targets.mask_key", keys_mask_key);

static const struct conf_key keys_target_limits[] = {
	{ "command_kb", CONF_INT, POSTGRES(command_bytes), .unit = 1 << 10, .min = 1, .max = 4000 },
	{ "handshake_s", CONF_INT, POSTGRES(handshake_s), .min = 1, .max = 300 },
	{ "hold_s", CONF_INT, POSTGRES(hold_s), .min = 1, .max = 86400 },
	{ "hold_notice_s", CONF_INT, POSTGRES(hold_notice_s), .min = 1, .max = 3600 },
};
SCHEMA(schema_target_limits, "targets.limits", keys_target_limits);

static const struct conf_key keys_target[] = {
	{ "name", CONF_TEXT, .required = true, IN(conf_target, name), .check = name_check },
	{ "match", CONF_MAP, .required = true, .sub = &schema_match },
	{ "protocol", CONF_WORD, IN(conf_target, protocol), .words = words_protocol },
	{ "mode", CONF_OWN, .own = own_mode },
	{ "tcp", CONF_MAP, .sub = &schema_tcp },
	{ "actors", CONF_LIST, .sub = &schema_actors, .append = conf_append_actors },
	{ "credential", CONF_MAP, .sub = &schema_credential },
	{ "agent_tls", CONF_MAP, .sub = &schema_agent_tls },
	{ "prod_tls", CONF_MAP, .sub = &schema_prod_tls },
	{ "packs", CONF_OWN, .own = conf_read_packs },
	{ "mask_key", CONF_MAP, .sub = &schema_mask_key },
	{ "explain_held", CONF_BOOL, POSTGRES(estimates) },
	{ "application_name", CONF_WORD, POSTGRES(labels), .words = words_application },
	{ "limits", CONF_MAP, .sub = &schema_target_limits },
};
SCHEMA(schema_target, "targets", keys_target);

static const struct conf_key keys_rules[] = {
	{ "dir", CONF_TEXT, IN(conf, rules.dir), .check = path_check },
	{ "files", CONF_OWN, IN(conf, rules.files), .own = own_files },
};
SCHEMA(schema_rules, "rules", keys_rules);

static const struct conf_key keys_root[] = {
	{ "appliance", CONF_MAP, .sub = &schema_appliance },
	{ "log", CONF_MAP, .sub = &schema_log },
	{ "dataplane", CONF_MAP, .required = true, .sub = &schema_dataplane },
	{ "identity", CONF_MAP, .sub = &schema_identity },
	{ "rules", CONF_OWN, .sub = &schema_rules, .own = own_rules },
	{ "targets", CONF_LIST, .sub = &schema_target, .append = append_target },
};
const struct conf_schema conf_schema_root = {
	.name = "the top level",
	.keys = keys_root,
	.n_keys = sizeof(keys_root) / sizeof(keys_root[0]),
};
