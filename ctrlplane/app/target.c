/* SPDX-License-Identifier: Apache-2.0
 * See target.h. Files are read once, at the start. */
#include "ctrlplane/app/target.h"

#include "ctrlplane/log/log.h"
#include "ruleset/mask/mask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PEM_MAX = 1 << 20, /* bytes; a system's whole bundle of CAs is a quarter of it */
	MS = 1000,
};

static const char *const alpn[] = { "postgresql", NULL };

/* Whom a message is about: "target orders-db: agent_tls.cert /etc/x.pem". */
struct about {
	const char *target, *leg;
};

/* A file's bytes; perhaps a key, so they are wiped. */
struct pem {
	uint8_t *bytes; /* owned */
	size_t len;
};

static void pem_done(struct pem *p)
{
	if (p->bytes != NULL)
		explicit_bzero(p->bytes, p->len);
	free(p->bytes);
	*p = (struct pem){ NULL, 0 };
}

static struct span pem_span(const struct pem *p)
{
	return (struct span){ p->bytes, p->len };
}

static int read_exactly(int fd, uint8_t *to, size_t n)
{
	while (n > 0) {
		const ssize_t got = read(fd, to, n);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return -EIO; /* it became shorter meanwhile */
		to += got > 0 ? got : 0;
		n -= got > 0 ? (size_t)got : 0;
	}
	return 0;
}

/* -errno with what is wrong with it as a file in *ret_wrong. */
static int pem_read_open(int fd, struct pem *ret, mode_t *ret_mode, const char **ret_wrong)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_wrong = !S_ISREG(st.st_mode)      ? "is no plain file"
			: st.st_size == 0      ? "is empty"
			: st.st_size > PEM_MAX ? "is larger than 1 MiB: this is no PEM file"
					       : NULL;
	if (*ret_wrong != NULL)
		return -EINVAL;
	ret->len = (size_t)st.st_size;
	ret->bytes = malloc(ret->len);
	*ret_mode = st.st_mode;
	return ret->bytes == NULL ? -ENOMEM : read_exactly(fd, ret->bytes, ret->len);
}

/* <path> NULL: nothing, which is no error. */
static int pem_read(const struct about *a, const char *key, const char *path, struct pem *ret)
{
	const char *wrong = NULL;
	mode_t mode = 0;
	int fd, rc;

	if (path == NULL)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	rc = fd < 0 ? -errno : pem_read_open(fd, ret, &mode, &wrong);
	if (fd >= 0)
		close(fd);
	if (rc < 0)
		log_err("app", "target %s: %s.%s %s: %s", a->target, a->leg, key, path,
				wrong != NULL ? wrong : strerror(-rc));
	else if (strcmp(key, "key") == 0 && (mode & S_IRWXO) != 0)
		log_warn("app", "target %s: %s.key %s may be read or changed by others: chmod 600 it",
				a->target, a->leg, path);
	return rc;
}

static void warn_slow(const struct about *a, const struct tls_ctx *ctx, const char *key)
{
	if (key != NULL && tls_ctx_is_slow(ctx))
		log_warn("app",
				"target %s: %s.key %s is of a kind that takes long to sign with: "
				"handshakes wait for another thread; a key of ECDSA P-256 does not",
				a->target, a->leg, key);
}

/* Our certificate and its key. */
static int pair_read(const struct about *a, const char *cert, const char *key, struct pem pair[2])
{
	int rc = pem_read(a, "cert", cert, &pair[0]);

	return rc < 0 ? rc : pem_read(a, "key", key, &pair[1]);
}

static void pair_done(struct pem pair[2])
{
	pem_done(&pair[0]);
	pem_done(&pair[1]);
}

/* The key of tickets lives as long as this process does: who comes after a restart begins anew. */
static int agent_ctx_new(const struct pem pair[2], struct tls_ctx **ret, char err[TLS_ERROR_MAX])
{
	struct tls_ticket_key ticket;
	const struct tls_server_conf conf = { .chain_pem = pem_span(&pair[0]),
		.key_pem = pem_span(&pair[1]),
		.alpn = alpn,
		.ticket_keys = &ticket,
		.n_ticket_keys = 1 };
	int rc = -EIO;

	if (getrandom(&ticket, sizeof(ticket), 0) == (ssize_t)sizeof(ticket))
		rc = tls_server_new(&conf, ret, err);
	else
		snprintf(err, TLS_ERROR_MAX, "no random numbers from the kernel");
	explicit_bzero(&ticket, sizeof(ticket));
	return rc;
}

static int agent_tls_up(const struct conf_target *conf, struct tls_ctx **ret)
{
	const struct conf_agent_tls *tls = &conf->postgres.agent_tls;
	const struct about about = { conf->name, "agent_tls" };
	struct pem pair[2] = { { NULL, 0 }, { NULL, 0 } };
	char err[TLS_ERROR_MAX];
	int rc;

	if (tls->mode == CONF_AGENT_TLS_OFF)
		return 0;
	rc = pair_read(&about, tls->cert, tls->key, pair);
	if (rc == 0) {
		rc = agent_ctx_new(pair, ret, err);
		if (rc < 0)
			log_err("app", "target %s: agent_tls.cert %s, key %s: %s", conf->name,
					tls->cert, tls->key, err);
		else
			warn_slow(&about, *ret, tls->key);
	}
	pair_done(pair);
	return rc;
}

static enum tls_mode mode_of(enum conf_prod_tls_mode mode)
{
	return mode == CONF_PROD_TLS_VERIFY_FULL          ? TLS_VERIFY_FULL
			: mode == CONF_PROD_TLS_VERIFY_CA ? TLS_VERIFY_CA
							  : TLS_REQUIRE;
}

static const char *or_none(const char *path)
{
	return path == NULL ? "none" : path;
}

static int prod_tls_up(const struct conf_target *conf, struct tls_ctx **ret)
{
	const struct conf_prod_tls *tls = &conf->postgres.prod_tls;
	const struct about about = { conf->name, "prod_tls" };
	struct pem pair[2] = { { NULL, 0 }, { NULL, 0 } }, ca = { NULL, 0 };
	struct tls_client_conf tc = { .mode = mode_of(tls->mode), .host = tls->host, .alpn = alpn };
	char err[TLS_ERROR_MAX];
	int rc;

	if (tls->mode == CONF_PROD_TLS_OFF)
		return 0;
	rc = pair_read(&about, tls->cert, tls->key, pair);
	if (rc == 0)
		rc = pem_read(&about, "ca", tls->ca, &ca);
	if (rc == 0) {
		tc.ca_pem = pem_span(&ca);
		tc.chain_pem = pem_span(&pair[0]);
		tc.key_pem = pem_span(&pair[1]);
		rc = tls_client_new(&tc, ret, err);
		if (rc < 0)
			log_err("app", "target %s: prod_tls.ca %s, cert %s, key %s: %s", conf->name,
					or_none(tls->ca), or_none(tls->cert), or_none(tls->key),
					err);
		else
			warn_slow(&about, *ret, tls->key);
	}
	pem_done(&ca);
	pair_done(pair);
	return rc;
}

/* ---- what is the same whatever the rules are */

/* Without packs nothing is judged, now or later. */
static int packs_up(
		const struct conf_target *conf, const struct published *rules, struct app_target *t)
{
	const int rc = conf->postgres.n_packs == 0 ? 0 : app_mask_key_up(conf, &t->mask_key);

	if (t->mask_key == NULL)
		return rc;
	t->spine.mask_key = (const struct mask_key *)(const void *)secret_bytes(t->mask_key);
	t->spine.keeps_actor = true; /* the next rules may be about it */
	t->spine.rules = rules == NULL ? NULL : &rules->rules;
	return 0;
}

static void limits_set(const struct conf_target *conf, uint32_t index, struct spine_target *s)
{
	static const enum spine_labels labels[] = { [CONF_LABELS_SESSION] = SPINE_LABELS_NONE,
		[CONF_LABELS_WRITES] = SPINE_LABELS_WRITES,
		[CONF_LABELS_COMMAND] = SPINE_LABELS_ALL };
	const struct conf_postgres *p = &conf->postgres;

	s->index = index;
	s->name = conf->name;
	s->user = conf->credential.user;
	s->prod_verified = p->prod_tls.mode >= CONF_PROD_TLS_VERIFY_CA;
	s->prod_direct_tls = p->prod_tls.direct;
	s->labels = labels[p->labels];
	s->estimates = p->estimates;
	s->token_in_clear = p->agent_tls.token_in_clear;
	s->pg = pg_conf_default;
	/* rules that mask may come at any time: what a row is of is known, and it is looked at whole */
	s->pg.describe = p->n_packs > 0;
	if (p->n_packs > 0)
		s->pg.max_msg_bytes[CODEC_TO_CLIENT] = p->command_bytes;
	spine_target_commands(s, p->command_bytes);
	s->handshake_ms = p->handshake_s * MS;
	s->hold_ms = p->hold_s * MS;
	s->notice_ms = p->hold_notice_s * MS;
}

/* All of it, so that all that is wrong is said at once. */
static int target_up(const struct conf_target *conf, uint32_t index, const struct published *rules,
		struct app_target *t)
{
	const int agent = agent_tls_up(conf, &t->spine.agent_tls);
	const int prod = prod_tls_up(conf, &t->spine.prod_tls);
	const int packs = packs_up(conf, rules, t);

	limits_set(conf, index, &t->spine);
	return agent < 0 ? agent : prod < 0 ? prod : packs;
}

int app_targets_up(const struct conf *conf, const struct generation *rules, struct app_target **ret)
{
	struct app_target *all = calloc(conf->n_targets + 1, sizeof(*all));
	int rc = 0, one;

	if (all == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_targets; i++) {
		if (conf->targets[i].protocol != CONF_PROTOCOL_POSTGRES)
			continue;
		one = target_up(&conf->targets[i], (uint32_t)i,
				rules == NULL ? NULL : rules->targets[i], &all[i]);
		rc = rc < 0 ? rc : one;
	}
	if (rc < 0)
		app_targets_down(&all, conf->n_targets);
	else
		*ret = all;
	return rc;
}

void app_targets_down(struct app_target **targets, size_t n)
{
	struct app_target *all = *targets;

	for (size_t i = 0; all != NULL && i < n; i++) {
		tls_ctx_free(&all[i].spine.agent_tls);
		tls_ctx_free(&all[i].spine.prod_tls);
		if (all[i].mask_key != NULL)
			mask_key_done((struct mask_key *)(void *)secret_bytes(all[i].mask_key));
		secret_free(&all[i].mask_key);
	}
	free(all);
	*targets = NULL;
}
