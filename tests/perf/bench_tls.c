/* SPDX-License-Identifier: Apache-2.0
 * What dataplane/tls costs, beside bare OpenSSL over memory BIOs in the same run: records decrypted by
 * a server leg and encrypted again by a client leg, handshakes of such a pair, bytes of an idle
 * pair; and the time of a handshake for each kind of key, by its longest step.
 *
 * Times are the thread's processor time, so that a busy machine disturbs less. Ours and bare take turns
 * within each round; the ratio is taken per round, and the median of those is printed with the least
 * and the most. Both sides copy as often: into OpenSSL's record and out of it.
 * usage: bench_tls [PAIRS]    idle pairs for the memory figure (10,000) */
#include "parsers/base/must.h"
#include "tests/unit/tls/legs.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ROUNDS = 11,
	BATCH_BYTES = 256 * 1024, /* plaintext between two looks at the clock */
	BATCHES = 24,
	HANDSHAKES = 60,
	SINK_BYTES = 64 * 1024,
	WIRE_MAX = 2 * BATCH_BYTES, /* records of 256 bytes have 22 more */
};

static struct pki pki;
static struct tls_worker *worker;
static uint8_t plain[BATCH_BYTES], sink[SINK_BYTES];

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Bytes on their way to one side. */
struct wire {
	uint8_t bytes[WIRE_MAX];
	size_t len;
};

static int emit_wire(void *ctx, const uint8_t *bytes, uint32_t n)
{
	struct wire *w = ctx;

	must(w->len + n <= WIRE_MAX);
	memcpy(w->bytes + w->len, bytes, n);
	w->len += n;
	return (int)n;
}

/* As packets would take it: copied, and gone. */
static int emit_away(void *ctx, const uint8_t *bytes, uint32_t n)
{
	(void)ctx;
	memcpy(sink, bytes, n < SINK_BYTES ? n : SINK_BYTES);
	return (int)n;
}

/* Two of our legs with each other. */
struct ours {
	struct tls_conn *client, *server;
	struct wire to_client, to_server;
	uint64_t ns[2], longest_ns[2]; /* client, server */
};

static enum tls_rc ours_step(struct ours *o, bool is_server)
{
	struct wire *in = is_server ? &o->to_server : &o->to_client;
	struct tls_conn *c = is_server ? o->server : o->client;
	const struct span span = { in->bytes, in->len };
	struct tls_io io = { .spans = &span,
		.n_spans = 1,
		.emit = emit_wire,
		.emit_ctx = is_server ? &o->to_client : &o->to_server };
	const uint64_t start = cpu_ns();
	enum tls_rc rc = tls_conn_handshake(c, &io);
	uint64_t took;

	if (rc == TLS_SLOW)
		tls_conn_slow_run(c);
	took = cpu_ns() - start;
	o->ns[is_server] += took;
	if (took > o->longest_ns[is_server])
		o->longest_ns[is_server] = took;
	memmove(in->bytes, in->bytes + io.consumed, in->len - io.consumed);
	in->len -= io.consumed;
	return rc;
}

/* Tickets are read as well: the client leg keeps them. */
static void ours_read_tickets(struct ours *o)
{
	const struct span span = { o->to_client.bytes, o->to_client.len };
	struct tls_io io = { .spans = &span, .n_spans = 1, .emit = emit_away };
	uint8_t none[1];
	size_t n;

	(void)tls_conn_read(o->client, &io, none, sizeof(none), &n);
	o->to_client.len = 0;
}

static void ours_open(struct ours *o, struct tls_ctx *client, struct tls_ctx *server)
{
	const struct tls_peer to = { .now_s = pki.now_s, .key = { (const uint8_t *)"bench", 5 } };
	const struct tls_peer from = { .now_s = pki.now_s };
	enum tls_rc a = TLS_NEED_INPUT, b = TLS_NEED_INPUT;

	o->client = tls_conn_new(worker, client, &to);
	o->server = tls_conn_new(worker, server, &from);
	must(o->client != NULL && o->server != NULL);
	o->to_client.len = o->to_server.len = 0;
	for (int i = 0; i < 12 && (a != TLS_OK || b != TLS_OK); i++) {
		a = ours_step(o, false);
		b = ours_step(o, true);
	}
	must(a == TLS_OK && b == TLS_OK);
	ours_read_tickets(o);
}

static void ours_close(struct ours *o)
{
	tls_conn_free(&o->client);
	tls_conn_free(&o->server);
}

/* Bare OpenSSL, with the same settings where they change the cost. */
struct bare {
	SSL *client, *server;
	BIO *to_client, *to_server; /* owned by both */
};

static SSL_SESSION *bare_session; /* the newest */

static int bare_session_arrived(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(bare_session);
	bare_session = session;
	return 1;
}

static void bare_join(SSL *ssl, BIO *in, BIO *out)
{
	BIO_up_ref(in);
	BIO_up_ref(out);
	SSL_set_bio(ssl, in, out);
}

static void bare_open(struct bare *b, SSL_CTX *client, SSL_CTX *server, bool is_resumed)
{
	char host[] = "db.example"; /* OpenSSL's macro drops a const */
	char byte[1];
	int x = 0, y = 0;

	*b = (struct bare){ SSL_new(client), SSL_new(server), BIO_new(BIO_s_mem()),
		BIO_new(BIO_s_mem()) };
	bare_join(b->client, b->to_client, b->to_server);
	bare_join(b->server, b->to_server, b->to_client);
	SSL_set_tlsext_host_name(b->client, host);
	must(SSL_set1_host(b->client, "db.example") == 1);
	if (is_resumed)
		must(SSL_set_session(b->client, bare_session) == 1);
	SSL_set_connect_state(b->client);
	SSL_set_accept_state(b->server);
	for (int i = 0; i < 12 && (x != 1 || y != 1); i++) {
		x = SSL_do_handshake(b->client);
		y = SSL_do_handshake(b->server);
	}
	must(x == 1 && y == 1 && SSL_session_reused(b->client) == is_resumed);
	(void)SSL_read(b->client, byte, 1);
}

static void bare_close(struct bare *b)
{
	SSL_set_shutdown(b->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(b->client);
	SSL_free(b->server);
	BIO_free(b->to_client);
	BIO_free(b->to_server);
}

/* Ours without what we add: OpenSSL's own tickets, its own verification. */
static SSL_CTX *bare_ctx(const struct tls_ctx *like)
{
	SSL_CTX *s = SSL_CTX_new(like->is_server ? TLS_server_method() : TLS_client_method());
	char groups[] = "X25519:P-256";

	must(s != NULL && SSL_CTX_set1_groups_list(s, groups) == 1);
	SSL_CTX_set_mode(s, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_ciphersuites(s, "TLS_AES_128_GCM_SHA256");
	SSL_CTX_set_num_tickets(s, 1);
	if (like->is_server) {
		SSL_CTX_set_session_cache_mode(s, SSL_SESS_CACHE_OFF);
		SSL_CTX_use_certificate(s, SSL_CTX_get0_certificate(like->ssl_ctx));
		SSL_CTX_use_PrivateKey(s, SSL_CTX_get0_privatekey(like->ssl_ctx));
		return s;
	}
	SSL_CTX_set_verify(s, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(s, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(s, bare_session_arrived);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(s), pki.root);
	return s;
}

/* What is measured. */
struct bench {
	struct tls_ctx *client, *server;
	SSL_CTX *bare_client, *bare_server;
	struct ours ours;
	struct bare bare;
};

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(const char *name, const char *unit, double ours[ROUNDS], double bare[ROUNDS])
{
	double ratio[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		ratio[i] = ours[i] / bare[i];
	qsort(ratio, ROUNDS, sizeof(ratio[0]), compare);
	qsort(ours, ROUNDS, sizeof(ours[0]), compare);
	qsort(bare, ROUNDS, sizeof(bare[0]), compare);
	printf("%-28s ours %9.2f  bare %9.2f %-6s ours/bare %.2f [%.2f-%.2f]\n", name,
			ours[ROUNDS / 2], bare[ROUNDS / 2], unit, ratio[ROUNDS / 2], ratio[0],
			ratio[ROUNDS - 1]);
}

/* A batch of records of <size> in ciphertext, from a client that is not measured. */
static void fill_ours(struct ours *o, size_t size)
{
	struct tls_io io = { .emit = emit_wire, .emit_ctx = &o->to_server };
	size_t n;

	o->to_server.len = 0;
	for (size_t at = 0; at < BATCH_BYTES; at += size)
		must(tls_conn_write(o->client, &io, plain + at, size, &n) == TLS_OK && n == size);
}

/* Decrypts the batch with one pair's server leg, encrypts with the other's client leg, record by
 * record as a codec does. */
static uint64_t reencrypt_ours(struct ours *in, struct ours *out, size_t size)
{
	static uint8_t buf[RECORD_MAX];
	const uint64_t start = cpu_ns();
	size_t at = 0, done = 0, n, m;

	while (done < BATCH_BYTES) {
		const struct span span = { in->to_server.bytes + at, in->to_server.len - at };
		struct tls_io read = { .spans = &span, .n_spans = 1, .emit = emit_away };
		struct tls_io write = { .emit = emit_away };

		must(tls_conn_read(in->server, &read, buf, size, &n) == TLS_OK);
		at += read.consumed;
		must(tls_conn_write(out->client, &write, buf, n, &m) == TLS_OK && m == n);
		done += n;
	}
	return cpu_ns() - start;
}

static uint64_t reencrypt_bare(struct bare *in, struct bare *out, size_t size)
{
	static uint8_t buf[RECORD_MAX];
	uint64_t start;
	size_t done = 0;

	for (size_t at = 0; at < BATCH_BYTES; at += size)
		must(SSL_write(in->client, plain + at, (int)size) == (int)size);
	start = cpu_ns();
	while (done < BATCH_BYTES) {
		const int n = SSL_read(in->server, buf, (int)size);

		must(n > 0 && SSL_write(out->client, buf, n) == n);
		BIO_reset(out->to_server);
		done += (size_t)n;
	}
	return cpu_ns() - start;
}

static double gbytes(uint64_t ns)
{
	return (double)BATCH_BYTES * BATCHES / (double)ns;
}

static void bench_records(struct bench *b, size_t size)
{
	static struct ours in, out;
	struct bare bare_in, bare_out;
	double ours[ROUNDS], bare[ROUNDS];
	char name[32];

	ours_open(&in, b->client, b->server);
	ours_open(&out, b->client, b->server);
	bare_open(&bare_in, b->bare_client, b->bare_server, false);
	bare_open(&bare_out, b->bare_client, b->bare_server, false);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t a = 0, c = 0;

		for (int i = 0; i < BATCHES; i++) {
			fill_ours(&in, size);
			a += reencrypt_ours(&in, &out, size);
			c += reencrypt_bare(&bare_in, &bare_out, size);
		}
		ours[round] = gbytes(a);
		bare[round] = gbytes(c);
	}
	snprintf(name, sizeof(name), "re-encrypt %zu B", size);
	report(name, "GB/s", ours, bare);
	ours_close(&in);
	ours_close(&out);
	bare_close(&bare_in);
	bare_close(&bare_out);
}

static uint64_t handshake_ours(struct bench *b)
{
	const uint64_t start = cpu_ns();

	ours_open(&b->ours, b->client, b->server);
	ours_close(&b->ours);
	return cpu_ns() - start;
}

static uint64_t handshake_bare(struct bench *b, bool is_resumed)
{
	const uint64_t start = cpu_ns();

	bare_open(&b->bare, b->bare_client, b->bare_server, is_resumed);
	bare_close(&b->bare);
	return cpu_ns() - start;
}

static void bench_handshakes(struct bench *b, bool is_resumed)
{
	double ours[ROUNDS], bare[ROUNDS];
	const uint64_t before = tls_worker_counters(worker)->resumed;

	(void)handshake_ours(b);
	(void)handshake_bare(b, false);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t a = 0, c = 0;

		for (int i = 0; i < HANDSHAKES; i++) {
			a += handshake_ours(b);
			c += handshake_bare(b, is_resumed);
		}
		ours[round] = 1e9 * HANDSHAKES / (double)a;
		bare[round] = 1e9 * HANDSHAKES / (double)c;
	}
	must((tls_worker_counters(worker)->resumed - before >= 2 * ROUNDS * HANDSHAKES) ==
			is_resumed);
	report(is_resumed ? "handshakes, resumed" : "handshakes, full", "/s", ours, bare);
}

static size_t heap_bytes(void)
{
	return mallinfo2().uordblks;
}

static void bench_memory(struct bench *b, size_t n_pairs)
{
	struct tls_conn **ours = calloc(n_pairs * 2, sizeof(*ours));
	struct bare *bare = calloc(n_pairs, sizeof(*bare));
	size_t before = heap_bytes(), ours_bytes, bare_bytes;

	must(ours != NULL && bare != NULL);
	for (size_t i = 0; i < n_pairs; i++) {
		ours_open(&b->ours, b->client, b->server);
		ours[2 * i] = b->ours.client;
		ours[2 * i + 1] = b->ours.server;
	}
	ours_bytes = (heap_bytes() - before) / n_pairs;
	for (size_t i = 0; i < n_pairs * 2; i++)
		tls_conn_free(&ours[i]);
	before = heap_bytes();
	for (size_t i = 0; i < n_pairs; i++)
		bare_open(&bare[i], b->bare_client, b->bare_server, false);
	bare_bytes = (heap_bytes() - before) / n_pairs;
	for (size_t i = 0; i < n_pairs; i++)
		bare_close(&bare[i]);
	printf("%-28s ours %9.1f  bare %9.1f KiB    (%zu pairs)\n", "heap of an idle pair",
			(double)ours_bytes / 1024, (double)bare_bytes / 1024, n_pairs);
	free(ours);
	free(bare);
}

/* Both sides of a handshake for a kind of key on the server: per handshake, and its longest call. */
static void bench_kind(const char *name, enum pki_kind kind)
{
	static struct ours o;
	struct pki_pem pem = pki_leaf(&pki, kind, "db.example", -1, 1);
	const struct tls_server_conf s = { .chain_pem = pem.chain, .key_pem = pem.key };
	const struct tls_client_conf c = {
		.mode = TLS_VERIFY_FULL, .ca_pem = pki.root_pem, .host = "db.example"
	};
	struct tls_ctx *server = legs_server_ctx(&s), *client = legs_client_ctx(&c);
	double total[2][ROUNDS], longest[2][ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		memset(o.ns, 0, sizeof(o.ns));
		memset(o.longest_ns, 0, sizeof(o.longest_ns));
		ours_open(&o, client, server);
		ours_close(&o);
		for (int side = 0; side < 2; side++) {
			total[side][round] = (double)o.ns[side] / 1000;
			longest[side][round] = (double)o.longest_ns[side] / 1000;
		}
	}
	for (int side = 0; side < 2; side++) {
		qsort(total[side], ROUNDS, sizeof(double), compare);
		qsort(longest[side], ROUNDS, sizeof(double), compare);
	}
	printf("%-9s server %6.0f us, longest step %6.0f   client %6.0f us, longest step %6.0f   %s\n",
			name, total[1][ROUNDS / 2], longest[1][ROUNDS / 2], total[0][ROUNDS / 2],
			longest[0][ROUNDS / 2], tls_ctx_is_slow(server) ? "off the worker" : "");
	tls_ctx_free(&server);
	tls_ctx_free(&client);
	pki_pem_free(&pem);
}

static void bench_init(struct bench *b, const struct pki_pem *leaf, bool has_tickets)
{
	static const struct tls_ticket_key key = { "bench tickets...", { 1 }, { 2 } };
	const struct tls_server_conf s = { .chain_pem = leaf->chain,
		.key_pem = leaf->key,
		.ticket_keys = &key,
		.n_ticket_keys = has_tickets };
	const struct tls_client_conf c = {
		.mode = TLS_VERIFY_FULL, .ca_pem = pki.root_pem, .host = "db.example"
	};

	b->server = legs_server_ctx(&s);
	b->client = legs_client_ctx(&c);
	b->bare_server = bare_ctx(b->server);
	b->bare_client = bare_ctx(b->client);
	if (!has_tickets)
		SSL_CTX_set_num_tickets(b->bare_server, 0);
}

static void bench_done(struct bench *b)
{
	tls_ctx_free(&b->server);
	tls_ctx_free(&b->client);
	SSL_CTX_free(b->bare_server);
	SSL_CTX_free(b->bare_client);
}

int main(int argc, char **argv)
{
	static const struct tls_limits limits = { .max_conns = 1 << 20 };
	static struct bench plain_bench, ticket_bench;
	const size_t n_pairs = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	struct pki_pem leaf;

	pki_init(&pki);
	leaf = pki_leaf(&pki, PKI_P256, "db.example", -1, 1);
	worker = tls_worker_new(&limits);
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 167 >> 3);
	bench_init(&plain_bench, &leaf, false);
	bench_init(&ticket_bench, &leaf, true);
	bench_records(&plain_bench, 16384);
	bench_records(&plain_bench, 1024);
	bench_records(&plain_bench, 256);
	bench_handshakes(&plain_bench, false);
	bench_handshakes(&ticket_bench, true);
	if (n_pairs > 0)
		bench_memory(&plain_bench, n_pairs);
	bench_kind("P-256", PKI_P256);
	bench_kind("Ed25519", PKI_ED25519);
	bench_kind("RSA 2048", PKI_RSA_2048);
	bench_kind("RSA 3072", PKI_RSA_3072);
	bench_kind("RSA 4096", PKI_RSA_4096);
	bench_kind("P-384", PKI_P384);
	bench_kind("P-521", PKI_P521);
	bench_done(&plain_bench);
	bench_done(&ticket_bench);
	SSL_SESSION_free(bare_session);
	tls_worker_free(&worker);
	pki_pem_free(&leaf);
	pki_done(&pki);
	return EXIT_SUCCESS;
}
