/* SPDX-License-Identifier: Apache-2.0
 * What only protocol: postgres has: TLS of both legs, packs of rules, limits; and that nothing
 * secret goes in clear, or unasked, unless the file says so. */
#include "ctrlplane/conf/conf_priv.h"
#include "ruleset/packs/packs.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

void conf_postgres_init(struct conf_postgres *p)
{
	*p = (struct conf_postgres){ .agent_tls.mode = CONF_AGENT_TLS_REQUIRE,
		.command_bytes = 1 << 20,
		.handshake_s = 20,
		.hold_s = 900,
		.hold_notice_s = 5,
		.estimates = true,
		.labels = CONF_LABELS_WRITES };
}

const char *conf_host_check(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";
	struct in6_addr v6;

	if (inet_pton(AF_INET6, text, &v6) == 1)
		return NULL;
	if (text[strspn(text, allowed)] != '\0' || text[0] == '-' || text[0] == '.')
		return "is no host: write the name or the address that the certificate has";
	return strlen(text) > CONF_HOST_MAX ? "is too long for a host: at most 253 characters"
					    : NULL;
}

/* Packs. */

/* Those of the product, when there are no others. */
static bool is_builtin(struct conf_reader *r, const struct conf_key *k, yaml_node_t *v)
{
	struct conf_word words[CONF_PACKS_MAX + 1] = { { NULL, 0 } };
	const struct conf_key as_word = {
		.name = k->name, .type = CONF_WORD, .words = words, .size = sizeof(uint32_t)
	};
	uint32_t i = 0, got = UINT32_MAX;

	for (; i < CONF_PACKS_MAX && policy_pack_names[i] != NULL; i++)
		words[i] = (struct conf_word){ policy_pack_names[i], i };
	conf_read_value(r, &as_word, &got, v);
	return got != UINT32_MAX;
}

static const char *pack_check(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	return text[strspn(text, allowed)] != '\0' || strlen(text) > CONF_PACK_NAME_MAX
			? "is no pack's name: at most 23 letters, digits, '.', '_' and '-'"
			: NULL;
}

static bool is_there(const struct conf_postgres *p, const char *name)
{
	for (size_t i = 0; i < p->n_packs; i++) {
		if (strcmp(p->packs[i], name) == 0)
			return true;
	}
	return false;
}

static void pack_add(struct conf_reader *r, const struct conf_key *k, struct conf_postgres *p,
		yaml_node_t *v)
{
	const struct conf_key as_text = { .name = k->name, .type = CONF_TEXT, .check = pack_check };
	char *name = NULL;

	if (conf_child(r, yaml_document_get_root_node(&r->doc), "rules") == NULL &&
			!is_builtin(r, k, v))
		return;
	conf_read_value(r, &as_text, &name, v);
	if (name == NULL)
		return;
	if (is_there(p, name)) {
		conf_error(r, v, "%s: '%s' is there twice: remove one", k->name, name);
	} else if (p->n_packs == CONF_PACKS_MAX) {
		conf_error(r, v, "%s: more than %d", k->name, CONF_PACKS_MAX);
	} else {
		p->packs[p->n_packs++] = name;
		return;
	}
	free(name);
}

void conf_read_packs(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	struct conf_target *t = object;
	const yaml_node_item_t *at, *end;

	if (v->type != YAML_SEQUENCE_NODE) {
		conf_error(r, v, "%s: expected a list as [sql-risk]", k->name);
		return;
	}
	end = v->data.sequence.items.top;
	if (v->data.sequence.items.start == end)
		conf_error(r, v, "%s: is empty: name one, or remove the key", k->name);
	for (at = v->data.sequence.items.start; at < end; at++)
		pack_add(r, k, &t->postgres, yaml_document_get_node(&r->doc, *at));
}

/* Checks. */

struct at {
	struct conf_reader *r;
	struct conf_target *t;
	yaml_node_t *node; /* of the target */
};

/* An error for <key> of <map>, where it is given. */
static void no_use(const struct at *at, yaml_node_t *map, const char *key, const char *why)
{
	yaml_node_t *given = conf_child(at->r, map, key);

	if (given != NULL)
		conf_error(at->r, given, "%s: %s", key, why);
}

static void must_have(const struct at *at, yaml_node_t *map, const char *key, const char *why)
{
	if (conf_child(at->r, map, key) == NULL)
		conf_error(at->r, map, "'%s' is missing: %s", key, why);
}

static void check_pair(const struct at *at, yaml_node_t *map)
{
	const yaml_node_t *cert = conf_child(at->r, map, "cert"),
			  *key = conf_child(at->r, map, "key");

	if (cert != NULL && key == NULL)
		must_have(at, map, "key", "cert is of no use without it");
	if (key != NULL && cert == NULL)
		must_have(at, map, "cert", "key is of no use without it");
}

static void check_agent_tls(const struct at *at)
{
	const struct conf_agent_tls *tls = &at->t->postgres.agent_tls;
	yaml_node_t *map = conf_child(at->r, at->node, "agent_tls");

	if (map == NULL) {
		must_have(at, at->node, "agent_tls",
				"agents send tokens: give {cert: FILE, key: FILE}");
		return;
	}
	if (tls->mode == CONF_AGENT_TLS_OFF) {
		no_use(at, map, "cert", "means nothing with mode: off: remove it");
		no_use(at, map, "key", "means nothing with mode: off: remove it");
		if (!tls->token_in_clear)
			conf_error(at->r, map,
					"agent_tls: with mode: off whoever is on the way reads "
					"tokens and can use them: say mode: require, or "
					"token_in_clear: yes");
		return;
	}
	must_have(at, map, "cert", "mode: require needs a certificate to show to agents");
	must_have(at, map, "key", "mode: require needs the key of cert");
	if (tls->token_in_clear)
		no_use(at, map, "token_in_clear", "yes contradicts mode: require: remove it");
}

static void check_prod_tls(const struct at *at)
{
	static const char *const keys[] = { "ca", "host", "cert", "key", "negotiation" };
	const struct conf_prod_tls *tls = &at->t->postgres.prod_tls;
	yaml_node_t *map = conf_child(at->r, at->node, "prod_tls");

	if (map == NULL) {
		must_have(at, at->node, "prod_tls",
				"sluiced sends a credential: give {mode: verify-full, ca: FILE, "
				"host: NAME}, or {mode: off} if it may be read on the way");
		return;
	}
	if (tls->mode == CONF_PROD_TLS_OFF) {
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			no_use(at, map, keys[i], "means nothing with mode: off: remove it");
		return;
	}
	check_pair(at, map);
	if (tls->mode == CONF_PROD_TLS_REQUIRE)
		no_use(at, map, "ca", "is not looked at with mode: require: say verify-ca");
	else
		must_have(at, map, "ca", "verifying needs the certificates that are trusted");
	if (tls->mode == CONF_PROD_TLS_VERIFY_FULL)
		must_have(at, map, "host", "verify-full needs the name that the server must have");
}

/* A command is judged whole, so it must fit into what is queued of its connection. */
static void check_queue(const struct at *at)
{
	yaml_node_t *given = conf_child(at->r, conf_child(at->r, at->node, "tcp"), "queue_max");
	const uint32_t need = at->t->postgres.command_bytes + CONF_QUEUE_SPARE;

	if (at->t->policy.rcv_cap_max_bytes >= need)
		return;
	if (given != NULL)
		conf_error(at->r, given,
				"queue_max: too little for limits.command_kb %u: at least %uK, or "
				"remove it",
				at->t->postgres.command_bytes >> 10, need >> 10);
	at->t->policy.rcv_cap_max_bytes = need;
}

/* Only what packs say is masked. */
static void check_mask_key(const struct at *at)
{
	yaml_node_t *map = conf_child(at->r, at->node, "mask_key");

	conf_source_check(at->r, map, "mask_key", "key");
	if (conf_child(at->r, at->node, "packs") == NULL)
		no_use(at, at->node, "mask_key",
				"means nothing without packs, which say what is masked: remove it");
}

static void check_postgres(const struct at *at)
{
	if (at->t->policy.mode != MODE_RELAY || at->t->xlate)
		no_use(at, at->node, "mode",
				"protocol: postgres is inspected, which only relay allows: say "
				"relay, or remove it");
	must_have(at, at->node, "actors", "protocol: postgres asks who an agent is: name who may");
	must_have(at, at->node, "credential",
			"protocol: postgres logs in with sluiced's own user and password");
	check_agent_tls(at);
	check_prod_tls(at);
	check_queue(at);
	check_mask_key(at);
}

void conf_postgres_check(struct conf_reader *r, size_t target)
{
	static const char *const keys[] = { "agent_tls", "prod_tls", "packs", "mask_key",
		"application_name", "explain_held", "limits" };
	const struct at at = { r, &r->conf->targets[target], r->target_at[target].node };

	if (at.t->protocol == CONF_PROTOCOL_POSTGRES) {
		check_postgres(&at);
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		no_use(&at, at.node, keys[i],
				"means nothing with protocol: tcp, which is not inspected: remove "
				"it, or say protocol: postgres");
}

void conf_postgres_done(struct conf_postgres *p)
{
	free(p->agent_tls.cert);
	free(p->agent_tls.key);
	free(p->prod_tls.ca);
	free(p->prod_tls.host);
	free(p->prod_tls.cert);
	free(p->prod_tls.key);
	for (size_t i = 0; i < p->n_packs; i++)
		free(p->packs[i]);
	conf_source_done(&p->mask_key);
}
