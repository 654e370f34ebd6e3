/* SPDX-License-Identifier: Apache-2.0
 * TLS legs and strangers. Byte 0 chooses:
 *	bits 0-1	0: a server leg hears the rest; 1: a client leg does;
 *			2: two honest legs, the rest is what the man in the middle does from the first byte on;
 *			3: the same, after an honest handshake
 *	bit 2		TLS 1.2 at most
 *	bit 3		the server asks for a client certificate
 *	bit 4		the server has a slow key
 *	bits 5-7	size of the spans, from one byte on
 * The middle's tape is of operations: two bytes, what and how much.
 *
 * Whatever happens, a leg gives out only what its peer has put in, in order, and after it has failed
 * nothing at all. OpenSSL's random numbers are replaced, so that an input does the same each time. */
#include "parsers/base/must.h"
#include "parsers/base/reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/random.h"
#include "tests/unit/tls/legs.h"

#include <stdlib.h>
#include <string.h>

enum {
	NOW_S = 1800000000,
	OPS_MAX = 200,
	STREAM_MAX = 4096, /* plaintext of one direction */
};

/* Made once: contexts have no state that an input could leave its traces in. */
static struct {
	struct pki pki;
	struct tls_ctx *client, *server, *asking_server, *slow_server;
	bool is_made;
} all;

static struct tls_ctx *server_with(enum pki_kind kind, bool asks)
{
	static const struct tls_ticket_key key = { "fuzzed tickets..", { 1 }, { 2 } };
	static const char *const alpn[] = { "postgresql", "h2", NULL };
	struct pki_pem pem = pki_leaf(&all.pki, kind, "db.example", -1, 1);
	const struct tls_server_conf conf = { .chain_pem = pem.chain,
		.key_pem = pem.key,
		.alpn = alpn,
		.client_ca_pem = { all.pki.root_pem.ptr, asks ? all.pki.root_pem.len : 0 },
		.ticket_keys = &key,
		.n_ticket_keys = 1 };
	struct tls_ctx *ctx = legs_server_ctx(&conf);

	pki_pem_free(&pem);
	return ctx;
}

static struct tls_ctx *client_new(void)
{
	static const char *const alpn[] = { "postgresql", NULL };
	struct pki_pem own = pki_client_leaf(&all.pki, "agent.example");
	const struct tls_client_conf conf = { .mode = TLS_VERIFY_FULL,
		.ca_pem = all.pki.root_pem,
		.host = "db.example",
		.chain_pem = own.chain,
		.key_pem = own.key,
		.alpn = alpn };
	struct tls_ctx *ctx = legs_client_ctx(&conf);

	pki_pem_free(&own);
	return ctx;
}

static void make_all(void)
{
	if (all.is_made)
		return;
	fuzz_random_seed(1);
	fuzz_random_install();
	pki_init_at(&all.pki, NOW_S);
	all.server = server_with(PKI_P256, false);
	all.asking_server = server_with(PKI_P256, true);
	all.slow_server = server_with(PKI_P384, false);
	all.client = client_new();
	all.is_made = true;
}

/* A leg, what it has written, what it has read. */
struct end {
	struct leg *leg;
	size_t n_wrote, n_read;
	bool is_over; /* it has failed, or its input has ended */
	bool is_closed;
};

/* What stands at <i> of the stream that a side writes. */
static uint8_t byte_at(const struct end *e, size_t i)
{
	return (uint8_t)(i * 131 + (e->leg->conn->ctx->is_server ? 7 : 0));
}

static void check_leg(const struct end *e, enum tls_rc rc)
{
	struct tls_failure f;

	must(rc >= TLS_OK && rc <= TLS_FAILED);
	must(tls_conn_pending(e->leg->conn) <= STAGE_MAX);
	tls_conn_failure(e->leg->conn, &f);
	must((f.reason != TLS_REASON_NONE) == (e->leg->conn->final == TLS_FAILED));
	must(f.reason != TLS_REASON_MEMORY && f.reason != TLS_REASON_SINK);
}

static void end_read(struct end *e, const struct end *peer, size_t max)
{
	uint8_t buf[256];
	size_t n;
	const enum tls_rc rc =
			one_leg_read(e->leg, buf, max <= sizeof(buf) ? max : sizeof(buf), &n);

	check_leg(e, rc);
	must(!e->is_over || n == 0);
	must(peer != NULL || n == 0); /* a stranger cannot know the keys */
	for (size_t i = 0; i < n; i++) {
		must(e->n_read < peer->n_wrote);
		must(buf[i] == byte_at(peer, e->n_read++));
	}
	e->is_over = e->leg->conn->final == TLS_FAILED || e->leg->conn->final == TLS_TRUNCATED;
}

static void end_write(struct end *e, size_t max)
{
	uint8_t buf[256];
	size_t n, len = max <= sizeof(buf) ? max : sizeof(buf);
	enum tls_rc rc;

	if (e->is_closed || e->n_wrote + len > STREAM_MAX)
		return;
	for (size_t i = 0; i < len; i++)
		buf[i] = byte_at(e, e->n_wrote + i);
	rc = one_leg_write(e->leg, buf, len, &n);
	check_leg(e, rc);
	must(n <= len && (rc != TLS_OK || n == len));
	e->n_wrote += n;
}

static void end_close(struct end *e)
{
	check_leg(e, one_leg_close(e->leg));
	e->is_closed = true;
}

/* One leg alone with the input. */
static void run_alone(struct end *e, struct reader *tape)
{
	const struct span all_of_it = rd_take(tape, rd_left(tape));
	uint64_t before = UINT64_MAX;

	pipe_put(&e->leg->in, all_of_it.ptr, all_of_it.len);
	for (int i = 0; i < OPS_MAX && before != e->leg->in.len + e->leg->emitted; i++) {
		before = e->leg->in.len + e->leg->emitted;
		end_read(e, NULL, 64);
	}
	end_write(e, 10);
	e->leg->at_end = true;
	end_read(e, NULL, 64);
	end_close(e);
}

static void flip(struct pipe *p, uint8_t at)
{
	if (p->len > 0)
		p->bytes[at * p->len / 256] ^= (uint8_t)(1u << at % 8);
}

static void cut(struct pipe *p, uint8_t n)
{
	pipe_drop(p, n < p->len ? n : p->len);
}

/* The middle puts a record of its own in front of what waits. */
static void insert(struct pipe *p, uint8_t type)
{
	const uint8_t record[] = { type, 3, 3, 0, 2, type, 0 };

	if (p->len == 0)
		pipe_put(p, record, sizeof(record));
}

static void run_op(struct end *e, struct end *peer, uint8_t what, uint8_t much)
{
	struct leg *leg = e->leg;

	switch (what) {
	case 0:
		end_read(e, peer, (size_t)much + 1);
		break;
	case 1:
		end_write(e, much);
		break;
	case 2:
		leg->feed = much; /* 0: all */
		end_read(e, peer, 256);
		leg->feed = 0;
		break;
	case 3:
		flip(&leg->in, much);
		break;
	case 4:
		cut(&leg->in, much);
		break;
	case 5:
		leg->take = much; /* 0: all */
		break;
	case 6:
		insert(&leg->in, much);
		break;
	case 7:
		if (much < 128)
			end_close(e);
		else
			leg->at_end = true;
		break;
	default:
		break;
	}
}

static void run_middle(struct legs *l, struct reader *tape)
{
	struct end ends[2] = { { .leg = &l->client }, { .leg = &l->server } };

	for (int i = 0; i < OPS_MAX && rd_left(tape) >= 2; i++) {
		const uint8_t what = rd_u8(tape), much = rd_u8(tape);
		const int side = what >> 3 & 1;

		run_op(&ends[side], &ends[!side], what & 7, much);
	}
	for (int i = 0; i < 12; i++)
		end_read(&ends[i & 1], &ends[!(i & 1)], 256);
}

static struct tls_ctx *server_of(uint8_t flags)
{
	if (flags & 0x10)
		return all.slow_server;
	return flags & 0x08 ? all.asking_server : all.server;
}

static void run(struct legs *l, uint8_t flags, struct reader *tape)
{
	struct end e = { .leg = flags & 1 ? &l->client : &l->server };

	legs_open(l, all.client, server_of(flags), NOW_S);
	if (flags & 0x04)
		SSL_set_max_proto_version(l->client.conn->ssl, TLS1_2_VERSION);
	l->client.chunk = l->server.chunk = flags >> 5 == 7 ? 0 : (size_t)1 << 2 * (flags >> 5);
	if ((flags & 2) == 0) {
		run_alone(&e, tape);
		return;
	}
	if (flags & 1)
		must(legs_handshake(l));
	run_middle(l, tape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tls_limits limits = { .max_sessions = 4 };
	struct reader tape = rd_of(data, size);
	const uint8_t flags = rd_u8(&tape);
	struct legs l;

	make_all();
	fuzz_random_seed(88172645463325252ULL);
	legs_init(&l, &limits);
	run(&l, flags, &tape);
	legs_done(&l);
	must(tls_ctx_users(all.client) == 0 && tls_ctx_users(server_of(flags)) == 0);
	return 0;
}
