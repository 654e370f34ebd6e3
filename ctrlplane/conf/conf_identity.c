/* SPDX-License-Identifier: Apache-2.0
 * Issuers of identities, and which of their actors may reach a target. */
#include "ctrlplane/conf/conf_priv.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 40 };

void *conf_append_issuer(struct conf_reader *r, yaml_node_t *at)
{
	struct conf_identity *id = &r->conf->identity;
	struct conf_issuer *i;

	if (id->n_issuers == CONF_ISSUERS_MAX) {
		conf_error(r, at, "more than %d issuers", CONF_ISSUERS_MAX);
		return NULL;
	}
	if (!conf_grow(&r->issuer_at, id->n_issuers, sizeof(r->issuer_at[0])) ||
			!conf_grow(&id->issuers, id->n_issuers, sizeof(id->issuers[0]))) {
		conf_error(r, at, "out of memory");
		return NULL;
	}
	i = &id->issuers[id->n_issuers];
	*i = (struct conf_issuer){ .groups_claim = strdup("groups"),
		.algorithms = CONF_ALG_RS256 | CONF_ALG_ES256 | CONF_ALG_PS256 | CONF_ALG_EDDSA,
		.clock_skew_s = 30,
		.max_token_bytes = 16 << 10,
		.keys_min_s = 300,
		.keys_max_s = 86400 };
	if (i->groups_claim == NULL) {
		conf_error(r, at, "out of memory");
		return NULL;
	}
	r->last = &r->issuer_at[id->n_issuers++];
	r->last->node = at;
	return i;
}

/* The target that is being read is the last one. Its place stays the one that errors mark. */
void *conf_append_actors(struct conf_reader *r, yaml_node_t *at)
{
	struct conf_target *t = &r->conf->targets[r->conf->n_targets - 1];

	if (t->n_actors == CONF_ACTORS_MAX) {
		conf_error(r, at, "more than %d actors for one target", CONF_ACTORS_MAX);
		return NULL;
	}
	if (!conf_grow(&t->actors, t->n_actors, sizeof(t->actors[0]))) {
		conf_error(r, at, "out of memory");
		return NULL;
	}
	return &t->actors[t->n_actors++];
}

/* Texts. */

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

const char *conf_claim_check(const char *text)
{
	if (strlen(text) > CONF_CLAIM_TEXT_MAX)
		return "is too long: at most 255 bytes";
	if (has_control(text))
		return "has a control character in it: remove it";
	return NULL;
}

static bool texts_have(const struct conf_texts *t, const char *text)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->at[i], text) == 0)
			return true;
	}
	return false;
}

static void text_add(struct conf_reader *r, const struct conf_key *k, struct conf_texts *t,
		yaml_node_t *v)
{
	const char *text = conf_scalar(r, k, v), *wrong;
	char *copy;

	if (text == NULL)
		return;
	wrong = conf_claim_check(text);
	copy = strdup(text);
	if (wrong != NULL)
		conf_error(r, v, "%s: '%.*s' %s", k->name, SHOWN_MAX, text, wrong);
	else if (texts_have(t, text))
		conf_error(r, v, "%s: '%.*s' is there twice: remove one", k->name, SHOWN_MAX, text);
	else if (copy == NULL || !conf_grow(&t->at, t->n, sizeof(t->at[0])))
		conf_error(r, v, "out of memory");
	else {
		t->at[t->n++] = copy;
		return;
	}
	free(copy);
}

static size_t list_length(const yaml_node_t *v)
{
	return (size_t)(v->data.sequence.items.top - v->data.sequence.items.start);
}

/* A list that is neither empty nor too long, or one value. */
static bool list_is_good(struct conf_reader *r, const struct conf_key *k, const yaml_node_t *v)
{
	size_t n = v->type == YAML_SEQUENCE_NODE ? list_length(v) : 1;

	if (n == 0 || n > CONF_TEXTS_MAX)
		conf_error(r, v, "%s: expected 1 to %d values, found %zu", k->name, CONF_TEXTS_MAX,
				n);
	return n > 0 && n <= CONF_TEXTS_MAX;
}

void conf_read_texts(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	struct conf_texts *t = (struct conf_texts *)(void *)((uint8_t *)object + k->off);

	if (v->type != YAML_SEQUENCE_NODE) {
		text_add(r, k, t, v);
		return;
	}
	if (!list_is_good(r, k, v))
		return;
	for (size_t i = 0; i < list_length(v); i++)
		text_add(r, k, t, yaml_document_get_node(&r->doc, v->data.sequence.items.start[i]));
}

void conf_read_algorithms(
		struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v)
{
	static const struct conf_word words[] = { { "RS256", CONF_ALG_RS256 },
		{ "ES256", CONF_ALG_ES256 }, { "PS256", CONF_ALG_PS256 },
		{ "EdDSA", CONF_ALG_EDDSA }, { NULL, 0 } };
	const struct conf_key as_word = {
		.name = k->name, .type = CONF_WORD, .words = words, .size = sizeof(uint32_t)
	};
	struct conf_issuer *issuer = object;
	uint32_t all = 0;

	if (v->type != YAML_SEQUENCE_NODE) {
		conf_error(r, v, "%s: expected a list as [RS256, ES256]", k->name);
		return;
	}
	if (!list_is_good(r, k, v))
		return;
	for (size_t i = 0; i < list_length(v); i++) {
		yaml_node_t *n = yaml_document_get_node(&r->doc, v->data.sequence.items.start[i]);
		uint32_t one = 0;

		conf_read_value(r, &as_word, &one, n);
		if ((all & one) != 0)
			conf_error(r, n, "%s: is there twice: remove one", k->name);
		all |= one;
	}
	issuer->algorithms = all;
}

/* URLs. */

struct url {
	bool is_http, is_https;
	const char *host; /* borrowed, with its port */
	size_t host_len;
};

static struct url url_parse(const char *text)
{
	struct url u = { .is_http = strncmp(text, "http://", 7) == 0,
		.is_https = strncmp(text, "https://", 8) == 0 };

	u.host = text + (u.is_http ? 7 : u.is_https ? 8 : 0);
	u.host_len = strcspn(u.host, "/?#");
	return u;
}

static bool is_url_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text >= 0x7f || strchr("\"<>\\^`{|}", *text) != NULL)
			return false;
	}
	return true;
}

/* The host is "localhost", 127.0.0.0/8 or ::1, by its text alone. */
static bool is_loopback(const struct url *u)
{
	char host[64];
	struct in_addr v4;
	size_t n = u->host_len;

	if (n > 0 && u->host[0] == '[')
		return (n == 5 || (n > 5 && u->host[5] == ':')) &&
				strncmp(u->host, "[::1]", 5) == 0;
	n = strcspn(u->host, ":/?#");
	if (n >= sizeof(host))
		return false;
	memcpy(host, u->host, n);
	host[n] = '\0';
	return strcmp(host, "localhost") == 0 ||
			(inet_pton(AF_INET, host, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127);
}

static const char *url_check(const char *text)
{
	const struct url u = url_parse(text);

	if (strlen(text) > CONF_PATH_MAX)
		return "is too long: at most 1023 bytes";
	if (!is_url_text(text))
		return "has a character in it that no URL has: remove or encode it";
	if (u.host_len == 0 || memchr(u.host, '@', u.host_len) != NULL)
		return "has no plain host behind '://': user names and passwords are not supported";
	if (strchr(text, '#') != NULL)
		return "has a fragment ('#'): remove it";
	return NULL;
}

const char *conf_issuer_check(const char *text)
{
	const struct url u = url_parse(text);

	if (!u.is_http && !u.is_https)
		return "is no issuer: write its URL exactly as tokens have it in 'iss'";
	if (strlen(text) > CONF_CLAIM_TEXT_MAX)
		return "is too long: at most 255 bytes";
	if (strchr(text, '?') != NULL)
		return "has a query ('?'), which an issuer never has: remove it";
	return url_check(text);
}

const char *conf_jwks_check(const char *text)
{
	const struct url u = url_parse(text);

	if (text[0] == '/')
		return strlen(text) > CONF_PATH_MAX ? "is too long: at most 1023 bytes" : NULL;
	if (!u.is_http && !u.is_https)
		return "is neither an absolute path nor a URL: begin it with '/' or 'https://'";
	return url_check(text);
}

/* Checks. */

static void check_source(struct conf_reader *r, const struct conf_issuer *i, yaml_node_t *at)
{
	const struct url u = url_parse(i->jwks);

	if (u.is_http && !is_loopback(&u) && !i->plain_http)
		conf_error(r, conf_child(r, at, "jwks"),
				"jwks: plain http beyond this machine lets anyone on the way choose "
				"the keys: use https, or say plain_http: yes");
	if (i->plain_http && !u.is_http)
		conf_error(r, conf_child(r, at, "plain_http"),
				"plain_http: means nothing here, for jwks is not http: remove it");
	if (i->ca != NULL && !u.is_https)
		conf_error(r, conf_child(r, at, "ca"),
				"ca: means nothing here, for jwks is not https: remove it");
	if (!u.is_http && !u.is_https && conf_child(r, at, "keys_min_age") != NULL)
		conf_error(r, conf_child(r, at, "keys_min_age"),
				"keys_min_age: means nothing for a file, which is read again when "
				"it changes: remove it");
}

static void check_issuer(struct conf_reader *r, size_t index)
{
	const struct conf_issuer *all = r->conf->identity.issuers, *i = &all[index];
	yaml_node_t *at = r->issuer_at[index].node;

	check_source(r, i, at);
	if (i->jwks[0] != '/' && i->keys_min_s > i->keys_max_s)
		conf_error(r, at, "keys_min_age %us is more than keys_max_age %us", i->keys_min_s,
				i->keys_max_s);
	for (size_t before = 0; before < index; before++) {
		if (r->issuer_at[before].bad || strcmp(all[before].issuer, i->issuer) != 0)
			continue;
		conf_error(r, conf_child(r, at, "issuer"),
				"issuer: is that of '%s' already: tokens tell issuers apart by it "
				"alone",
				all[before].name);
		return;
	}
}

static const char *issuer_name(const struct conf *c, size_t i)
{
	return c->identity.issuers[i].name;
}

static const char *issuer_name_next(const void *conf, size_t i)
{
	const struct conf *c = conf;
	const char *name;

	if (i >= c->identity.n_issuers)
		return NULL;
	name = c->identity.issuers[i].name;
	return name == NULL ? "" : name; /* which is an error of its own */
}

static void resolve_issuer(struct conf_reader *r, struct conf_actors *a, yaml_node_t *at)
{
	const char *near, *name;

	if (a->issuer_name == NULL)
		return;
	for (a->issuer = 0; (name = issuer_name_next(r->conf, a->issuer)) != NULL; a->issuer++) {
		if (strcmp(name, a->issuer_name) == 0)
			return;
	}
	near = doc_nearest(a->issuer_name, issuer_name_next, r->conf);
	if (near != NULL)
		conf_error(r, at, "issuer: identity.issuers has no '%s': did you mean '%s'?",
				a->issuer_name, near);
	else
		conf_error(r, at, "issuer: identity.issuers has no '%s'", a->issuer_name);
}

/* What lets a connection pass unread lets it pass unasked. */
static void check_ways_round(struct conf_reader *r, const struct conf_target *t, yaml_node_t *tcp)
{
	if (t->policy.wire_md5_ao)
		conf_error(r, conf_child(r, tcp, "md5_ao"),
				"md5_ao: wire lets connections pass without asking who they are, "
				"which actors forbids: say refuse");
	if (t->policy.allow_simultaneous_open)
		conf_error(r, conf_child(r, tcp, "simultaneous_open"),
				"simultaneous_open: forward lets connections pass without asking who "
				"they are, which actors forbids: say drop");
}

static void check_actors(struct conf_reader *r, size_t target)
{
	struct conf_target *t = &r->conf->targets[target];
	yaml_node_t *at = conf_child(r, r->target_at[target].node, "actors");

	if (at == NULL || at->type != YAML_SEQUENCE_NODE)
		return;
	if (list_length(at) == 0)
		conf_error(r, at, "actors: is empty: name who may reach it, or remove the key");
	if (t->policy.mode == MODE_WIRE || t->xlate)
		conf_error(r, at,
				"actors: nobody is asked who they are with mode: %s: remove it, or "
				"say mode: relay",
				t->xlate ? "xlate" : "wire");
	check_ways_round(r, t, conf_child(r, r->target_at[target].node, "tcp"));
	for (size_t i = 0; i < t->n_actors; i++) {
		yaml_node_t *one =
				yaml_document_get_node(&r->doc, at->data.sequence.items.start[i]);

		resolve_issuer(r, &t->actors[i], conf_child(r, one, "issuer"));
	}
}

void conf_identity_check(struct conf_reader *r)
{
	const struct conf_identity *id = &r->conf->identity;
	yaml_node_t *root = yaml_document_get_root_node(&r->doc);
	yaml_node_t *at = conf_child(r, conf_child(r, root, "identity"), "issuers");

	if (at != NULL && at->type == YAML_SEQUENCE_NODE && id->n_issuers == 0)
		conf_error(r, at, "issuers: is empty: name one, or remove identity");
	for (size_t i = 0; i < id->n_issuers; i++) {
		if (!r->issuer_at[i].bad)
			check_issuer(r, i);
	}
	conf_check_names(r, id->n_issuers, r->issuer_at, issuer_name);
	for (size_t i = 0; i < r->conf->n_targets; i++)
		check_actors(r, i);
}

/* The end. */

void conf_texts_done(struct conf_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->at[i]);
	free(t->at);
}

void conf_identity_done(struct conf_identity *identity)
{
	for (size_t i = 0; i < identity->n_issuers; i++) {
		struct conf_issuer *is = &identity->issuers[i];

		free(is->name);
		free(is->issuer);
		conf_texts_done(&is->audiences);
		free(is->jwks);
		free(is->ca);
		free(is->groups_claim);
	}
	free(identity->issuers);
}

void conf_actors_done(struct conf_target *t)
{
	for (size_t i = 0; i < t->n_actors; i++) {
		free(t->actors[i].issuer_name);
		conf_texts_done(&t->actors[i].groups);
		conf_texts_done(&t->actors[i].subjects);
		conf_texts_done(&t->actors[i].client_ids);
	}
	free(t->actors);
}
