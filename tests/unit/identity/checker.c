/* SPDX-License-Identifier: Apache-2.0
 * The verifier without its thread. */
#include "tests/unit/identity/checker.h"

#include "parsers/base/must.h"

#include <stdlib.h>
#include <string.h>

static void answer(void *ctx, struct request *r, enum identity_reason reason, struct actor *a)
{
	struct checker *c = ctx;

	c->n_answers++;
	c->reason = reason;
	actor_unref(&c->actor);
	c->actor = a;
	request_free(r);
}

void checker_init(struct checker *c, const char *yaml)
{
	memset(c, 0, sizeof(*c));
	world_init(&c->world);
	c->conf = world_conf(yaml);
	c->dir = world_dir();
	must(known_new(c->conf->identity.n_issuers, 64, 1 << 20, &c->known) == 0);
	must(revoked_new(c->dir, &c->revoked) == 0);
	c->verifier = (struct verifier){ .conf = c->conf,
		.env = &c->world.env,
		.known = c->known,
		.revoked = c->revoked,
		.answer = answer,
		.answer_ctx = c };
	must(verifier_init(&c->verifier) == 0);
}

void checker_done(struct checker *c)
{
	verifier_done(&c->verifier);
	actor_unref(&c->actor);
	known_free(&c->known);
	revoked_free(&c->revoked);
	conf_free(&c->conf);
	world_done(&c->world);
	world_dir_remove(c->dir);
}

void checker_run(struct checker *c)
{
	verifier_tick(&c->verifier);
	c->world.env.wait(&c->world, 0, verifier_fetched, &c->verifier);
}

bool checker_ask(struct checker *c, const char *token)
{
	const size_t len = strlen(token);
	const uint32_t before = c->n_answers;
	struct request *r = calloc(1, sizeof(*r) + len);

	must(r != NULL);
	r->len = len;
	memcpy(r->token, token, len);
	must(EVP_Digest(token, len, r->sha256, NULL, EVP_sha256(), NULL) == 1);
	verifier_take(&c->verifier, r);
	return c->n_answers > before;
}

enum identity_reason checker_verify(struct checker *c, const char *token)
{
	const uint32_t before = c->n_answers;
	int turns = 0;

	checker_ask(c, token);
	while (c->n_answers == before) {
		must(turns++ < 10);
		checker_run(c);
	}
	return c->reason;
}
