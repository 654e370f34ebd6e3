/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/inspect/contexts.h"

#include "parsers/base/must.h"

static struct tls_ctx *server_ctx(struct pki *pki)
{
	struct pki_pem pem = pki_leaf(pki, PKI_P256, "db.example", -1, 1);
	const struct tls_server_conf conf = { .chain_pem = pem.chain, .key_pem = pem.key };
	struct tls_ctx *ctx = legs_server_ctx(&conf);

	pki_pem_free(&pem);
	return ctx;
}

void contexts_init(struct contexts *c, int64_t now_s)
{
	static const struct tls_limits limits;
	struct tls_client_conf conf;

	pki_init_at(&c->pki, now_s);
	conf = (struct tls_client_conf){
		.mode = TLS_VERIFY_FULL, .ca_pem = c->pki.root_pem, .host = "db.example"
	};
	c->worker = tls_worker_new(&limits);
	must(c->worker != NULL);
	c->agent = legs_client_ctx(&conf);
	c->to_prod = legs_client_ctx(&conf);
	c->server = server_ctx(&c->pki);
	c->to_agent = server_ctx(&c->pki);
}

void contexts_done(struct contexts *c)
{
	tls_ctx_free(&c->agent);
	tls_ctx_free(&c->to_prod);
	tls_ctx_free(&c->server);
	tls_ctx_free(&c->to_agent);
	tls_worker_free(&c->worker);
	pki_done(&c->pki);
}
