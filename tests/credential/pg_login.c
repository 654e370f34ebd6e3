/* SPDX-License-Identifier: Apache-2.0
 * Logs in to a PostgreSQL server by ctrlplane/credential, asks it who is there, and prints one
 * line: "ok USER METHOD gs2=F iterations=N", "refused REASON", "server: MESSAGE" or "error: WHAT".
 *
 *	pg_login PORT USER [file=PATH|env=NAME|command=PATH] [ca=FILE] [required] [strip] [twice]
 *
 * required: nothing but channel binding will do; strip: what somebody between us and the server
 * would do, that is take -PLUS out of its offer; twice: two logins with one cache, whose hits are
 * printed. */
#include "ctrlplane/credential/credential.h"
#include "ctrlplane/credential/pgauth.h"
#include "parsers/base/bytes.h"
#include "tests/credential/pg_link.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
	const char *port, *ca;
	struct conf_credential credential;
	bool required, strip, twice;
};

static char *command[1];

static bool option_read(struct options *o, char *arg)
{
	char *value = strchr(arg, '=');

	value = value == NULL ? arg : value + 1;
	if (strncmp(arg, "file=", 5) == 0)
		o->credential.password.file = value;
	else if (strncmp(arg, "env=", 4) == 0)
		o->credential.password.env = value;
	else if (strncmp(arg, "ca=", 3) == 0)
		o->ca = value;
	else if (strcmp(arg, "required") == 0)
		o->required = true;
	else if (strcmp(arg, "strip") == 0)
		o->strip = true;
	else if (strcmp(arg, "twice") == 0)
		o->twice = true;
	else if (strncmp(arg, "command=", 8) == 0) {
		command[0] = value;
		o->credential.password.command = (struct conf_texts){ command, 1 };
	} else
		return false;
	return true;
}

static bool startup(struct link *l, const char *user)
{
	uint8_t bytes[512] = { 0 };
	const size_t n = strlen(user);
	size_t len = 8;

	store_be32(bytes + 4, 196608);
	memcpy(bytes + len, "user", 5);
	memcpy(bytes + len + 5, user, n + 1);
	len += 5 + n + 1;
	memcpy(bytes + len, "database\0postgres\0", 19);
	len += 19;
	store_be32(bytes, (uint32_t)len);
	return link_send(l, (struct span){ bytes, len });
}

/* The text of field 'M' of an ErrorResponse. */
static void print_error(const struct link *l)
{
	for (size_t at = 0; at < l->len && l->body[at] != 0;) {
		const char *text = (const char *)l->body + at + 1;

		if (l->body[at] == 'M')
			printf("server: %s\n", text);
		at += 1 + strnlen(text, l->len - at - 1) + 1;
	}
}

/* "SCRAM-SHA-256-PLUS" leads PostgreSQL's list. */
static struct span body_of(struct link *l, const struct options *o)
{
	static const char plus[] = "SCRAM-SHA-256-PLUS";

	if (o->strip && l->len > 4 + sizeof(plus) && memcmp(l->body + 4, plus, sizeof(plus)) == 0) {
		l->len -= (uint32_t)sizeof(plus);
		memmove(l->body + 4, l->body + 4 + sizeof(plus), l->len - 4);
	}
	return (struct span){ l->body, l->len };
}

static enum pgauth_rc answer(struct pgauth *a, struct salted_cache *cache, struct pgauth_out *out)
{
	uint8_t salted[SALTED_BYTES];

	if (salted_cache_get(cache, a->conf->credential->prepared,
			    (struct span){ a->salt, a->salt_len }, a->iterations, salted) < 0)
		return PGAUTH_REFUSED;
	return pgauth_salted(a, salted, out);
}

/* Until the server lets us in or either gives up. */
static bool authenticate(struct link *l, const struct options *o, struct pgauth *a,
		struct salted_cache *cache)
{
	static struct pgauth_out out;
	enum pgauth_rc rc = PGAUTH_WAIT;

	while (rc != PGAUTH_DONE) {
		if (!link_receive(l))
			return false;
		if (l->type == 'E') {
			print_error(l);
			return false;
		}
		if (l->type != 'R')
			continue;
		rc = pgauth_take(a, body_of(l, o), &out);
		if (rc == PGAUTH_NEED_SALTED)
			rc = answer(a, cache, &out);
		if (rc == PGAUTH_REFUSED) {
			printf("refused %s\n", pgauth_reason_name(a->reason));
			return false;
		}
		if (rc == PGAUTH_SEND && !link_send(l, (struct span){ out.bytes, out.len }))
			return false;
	}
	pgauth_out_done(&out);
	return true;
}

/* The one field of the one row. */
static bool ask_who(struct link *l, char user[64])
{
	static const uint8_t query[] = "Q\0\0\0\x18"
				       "SELECT current_user";
	bool asked = false;

	user[0] = '\0';
	for (;;) {
		if (!link_receive(l))
			return false;
		if (l->type == 'E')
			print_error(l);
		if (l->type == 'E' || (l->type == 'Z' && asked))
			return l->type == 'Z';
		if (l->type == 'D' && l->len > 6)
			snprintf(user, 64, "%.*s", (int)(l->len - 6), (const char *)l->body + 6);
		if (l->type != 'Z')
			continue;
		asked = true;
		if (!link_send(l, (struct span){ query, sizeof(query) }))
			return false;
	}
}

static bool bind_to(struct link *l, struct pgauth_conf *conf)
{
	struct span der = link_certificate(l);
	int rc = pgauth_binding_of(der, conf->binding, &conf->binding_len);

	OPENSSL_free((void *)(uintptr_t)der.ptr);
	conf->encrypted = true;
	conf->verified = true;
	return rc == 0 || rc == -95; /* -ENOTSUP: without */
}

static bool login(const struct options *o, const struct credential *c, struct salted_cache *cache)
{
	static const char *const methods[] = { "none", "cleartext", "md5", "scram", "scram-plus" };
	struct pgauth_conf conf = { .credential = c, .binding_required = o->required };
	static struct link l;
	static struct pgauth a;
	char user[64];
	bool ok = link_open(&l, o->port, o->ca) && (o->ca == NULL || bind_to(&l, &conf));

	pgauth_init(&a, &conf);
	ok = ok && startup(&l, c->user) && authenticate(&l, o, &a, cache) && ask_who(&l, user);
	if (ok)
		printf("ok %s %s gs2=%c iterations=%" PRIu32 "\n", user, methods[a.method],
				a.gs2_flag == 0 ? '-' : a.gs2_flag, a.iterations);
	pgauth_done(&a);
	link_close(&l);
	return ok;
}

static bool run(const struct options *o, const struct credential *c)
{
	struct salted_cache_stats stats;
	struct salted_cache *cache = NULL;
	bool ok = salted_cache_new(4, &cache) == 0 && login(o, c, cache);

	if (ok && o->twice) {
		ok = login(o, c, cache);
		salted_cache_stats(cache, &stats);
		printf("hits=%" PRIu64 " misses=%" PRIu64 "\n", stats.hits, stats.misses);
	}
	salted_cache_free(&cache);
	return ok;
}

int main(int argc, char **argv)
{
	struct options o = { .port = argc > 1 ? argv[1] : NULL };
	struct credential_error error;
	struct credential *c = NULL;
	bool good = argc >= 4, ok;

	for (int i = 3; good && i < argc; i++)
		good = option_read(&o, argv[i]);
	if (!good) {
		fprintf(stderr, "usage: pg_login PORT USER SOURCE [ca=FILE] [required] [strip] [twice]\n");
		return 2;
	}
	o.credential.user = argv[2];
	if (credential_load(&o.credential, &c, &error) < 0) {
		printf("error: %s\n", error.text);
		return 1;
	}
	ok = run(&o, c);
	credential_free(&c);
	return ok ? 0 : 1;
}
