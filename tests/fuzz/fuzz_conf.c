/* SPDX-License-Identifier: Apache-2.0
 * A configuration file. What is accepted keeps every promise of conf.h; what is refused is refused
 * with positions, in order, in printable text. */
#include "ctrlplane/conf/conf.h"
#include "parsers/base/must.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

/* At most: besides LF, YAML breaks lines at CR, NEL, LS and PS, which end in these bytes. */
static size_t lines_of(const uint8_t *data, size_t size)
{
	static const char breaks[] = "\n\r\x85\xa8\xa9";
	size_t n = 1;

	for (size_t i = 0; i < size; i++)
		n += memchr(breaks, data[i], sizeof(breaks) - 1) != NULL;
	return n;
}

static void check_errors(const struct doc_errors *e, size_t n_lines)
{
	const size_t kept = e->n < 32 ? e->n : 32;

	must(e->n > 0);
	for (size_t i = 0; i < kept; i++) {
		const struct doc_error *at = &e->at[i], *before = i == 0 ? at : at - 1;

		must(memchr(at->text, '\0', sizeof(at->text)) != NULL && at->text[0] != '\0');
		for (const char *c = at->text; *c != '\0'; c++)
			must((unsigned char)*c >= 0x20 && *c != 0x7f);
		must((at->line == 0) == (at->column == 0));
		must(at->line <= n_lines + 1); /* the end of a text counts as its next line */
		must(before->line < at->line ||
				(before->line == at->line && before->column <= at->column));
	}
}

static bool is_text(const char *text, size_t max)
{
	return text != NULL && text[0] != '\0' && strlen(text) <= max;
}

/* Every address that <b> has is in <a>, bit by bit. */
static bool covers(const struct conf_target *a, const struct conf_target *b)
{
	if (a->prefix > b->prefix || (a->port != 0 && a->port != b->port))
		return false;
	for (unsigned bit = 0; bit < a->prefix; bit++) {
		if (((a->addr[bit / 8] ^ b->addr[bit / 8]) >> (7 - bit % 8) & 1) != 0)
			return false;
	}
	return true;
}

static void check_texts(const struct conf_texts *t)
{
	must(t->n <= 256);
	for (size_t i = 0; i < t->n; i++)
		must(is_text(t->at[i], 255));
}

static void check_actors(const struct conf *c, const struct conf_actors *a)
{
	must(a->issuer < c->identity.n_issuers);
	must(strcmp(a->issuer_name, c->identity.issuers[a->issuer].name) == 0);
	check_texts(&a->groups);
	check_texts(&a->subjects);
	check_texts(&a->client_ids);
}

static void check_issuer(const struct conf *c, size_t i)
{
	const struct conf_issuer *is = &c->identity.issuers[i];

	must(is_text(is->name, 63) && is_text(is->issuer, 255) && is_text(is->jwks, 1023));
	must(is->jwks[0] == '/' || strncmp(is->jwks, "http", 4) == 0);
	must(is->ca == NULL || strncmp(is->jwks, "https://", 8) == 0);
	must(is_text(is->groups_claim, 255) && is->audiences.n > 0);
	check_texts(&is->audiences);
	must(is->algorithms > 0 && is->algorithms < 16 && is->clock_skew_s <= 300);
	must(is->max_token_bytes >= 512 && is->max_token_bytes <= 64 << 10);
	must(is->keys_min_s >= 1 && is->keys_max_s >= 1);
	must(is->jwks[0] == '/' || is->keys_min_s <= is->keys_max_s);
	for (size_t before = 0; before < i; before++)
		must(strcmp(c->identity.issuers[before].name, is->name) != 0 &&
				strcmp(c->identity.issuers[before].issuer, is->issuer) != 0);
}

static void check_credential(const struct conf_target *t)
{
	const struct conf_password *p = &t->credential.password;

	must((p->file != NULL) + (p->env != NULL) + (p->systemd != NULL) + (p->command.n != 0) ==
			(t->credential.user != NULL));
	must(t->credential.user == NULL || (t->n_actors > 0 && is_text(t->credential.user, 63)));
	must(p->file == NULL || (is_text(p->file, 1023) && p->file[0] == '/'));
	must(p->command.n <= 32 && (p->command.n == 0 || p->command.at[0][0] == '/'));
}

static void check_target(const struct conf *c, size_t i)
{
	const struct conf_target *t = &c->targets[i];

	must(is_text(t->name, 63) && t->prefix <= 128);
	for (unsigned bit = t->prefix; bit < 128; bit++)
		must((t->addr[bit / 8] >> (7 - bit % 8) & 1) == 0);
	must(t->policy.mode == MODE_RELAY || t->policy.mode == MODE_WIRE);
	must(!t->xlate || (t->policy.mode == MODE_RELAY && t->policy.ts == TS_STRIP));
	must(t->policy.target == i && t->policy.inspector == NULL);
	must(t->policy.mss == 0 || (t->policy.mss >= 88 && t->policy.mss <= c->dataplane.mtu - 40));
	must(t->n_actors <= 64);
	must(t->n_actors == 0 ||
			(!t->xlate && t->policy.mode == MODE_RELAY && !t->policy.wire_md5_ao &&
					!t->policy.allow_simultaneous_open));
	for (size_t k = 0; k < t->n_actors; k++)
		check_actors(c, &t->actors[k]);
	check_credential(t);
	must(t->policy.rcv_cap_max_bytes >= 64 << 10 && t->policy.rcv_cap_max_bytes <= 4 << 20);
	for (size_t before = 0; before < i; before++)
		must(!covers(&c->targets[before], t) &&
				strcmp(c->targets[before].name, t->name) != 0);
}

static void check_wire(const struct conf_dataplane *d, size_t i)
{
	const struct conf_wire *w = &d->wires[i];

	must(is_text(w->name, 63));
	must(is_text(w->port[SIDE_AGENT].device, 255) && is_text(w->port[SIDE_PROD].device, 255));
	must(strcmp(w->port[SIDE_AGENT].device, w->port[SIDE_PROD].device) != 0);
	must(w->undeclared_tcp == MODE_DENY || w->undeclared_tcp == MODE_WIRE);
	for (size_t before = 0; before < i; before++)
		must(strcmp(d->wires[before].name, w->name) != 0);
}

static void check_conf(const struct conf *c)
{
	const struct conf_dataplane *d = &c->dataplane;

	must(is_text(c->appliance_name, 63) && is_text(c->data_dir, 1023));
	must(is_text(c->api_socket, 107) && c->api_socket[0] == '/' && c->log_level <= 3);
	must(d->n_workers <= 127 && d->control_cpu >= -1 && d->control_cpu <= 1023);
	must(d->n_worker_cpus == 0 || d->n_worker_cpus == d->n_workers);
	must(d->mtu >= 576 && d->mtu <= 9216 && d->relay.mtu == d->mtu);
	must(d->n_wires >= 1 && d->n_wires <= 256 && d->relay.n_wires == d->n_wires);
	must(d->relay.max_flows >= 64 && d->relay.max_flows <= 1 << 24);
	must(d->relay.retain_bytes >= 1 << 20 && d->relay.idle_s >= 10);
	must(c->n_targets <= 4096 && c->identity.n_issuers <= 64);
	for (size_t i = 0; i < c->identity.n_issuers; i++)
		check_issuer(c, i);
	for (size_t i = 0; i < d->n_wires; i++)
		check_wire(d, i);
	for (size_t i = 0; i < c->n_targets; i++)
		check_target(c, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct doc_errors errors;
	struct conf *conf = NULL;
	const int rc = conf_parse(data, size, &conf, &errors);

	must(rc == 0 || rc == -EINVAL);
	if (rc == 0) {
		must(errors.n == 0);
		check_conf(conf);
	} else {
		must(conf == NULL);
		check_errors(&errors, lines_of(data, size));
	}
	conf_free(&conf);
	must(conf == NULL);
	return 0;
}
