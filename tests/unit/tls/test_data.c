/* SPDX-License-Identifier: Apache-2.0
 * Application data: large writes in bounded memory, refusing sinks, ends, altered bytes. */
#include "tests/unit/net/suite.h"
#include "tests/unit/tls/legs.h"

#include <stdlib.h>
#include <string.h>

enum { HUGE_BYTES = 16 << 20 };

static struct pki pki;
static struct pki_pem leaf;
static struct legs legs;
static struct tls_ctx *client, *server;

static void open_as(uint16_t version)
{
	legs_open(&legs, client, server, pki.now_s);
	SSL_set_max_proto_version(legs.client.conn->ssl, version);
	CU_ASSERT_FATAL(legs_handshake(&legs));
	legs.client.max_pending = legs.server.max_pending = 0;
}

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 167 >> 3);
}

/* Reads what is there and compares it with the pattern from *at on. */
static bool drain(struct leg *leg, size_t *at)
{
	static uint8_t buf[40000];
	enum tls_rc rc;
	size_t n;

	do {
		rc = one_leg_read(leg, buf, sizeof(buf), &n);
		for (size_t i = 0; i < n; i++) {
			if (buf[i] != pattern(*at + i))
				return false;
		}
		*at += n;
	} while (n > 0);
	return rc == TLS_NEED_INPUT || rc == TLS_SINK_FULL;
}

/* 16 MiB offered in one call, a sink that takes <take> bytes a call: what waits is a record at most. */
static void transfer(size_t take, size_t total)
{
	uint8_t *bytes = malloc(total);
	size_t sent = 0, got = 0, n;

	CU_ASSERT_FATAL(bytes != NULL);
	for (size_t i = 0; i < total; i++)
		bytes[i] = pattern(i);
	legs.client.take = take;
	while (got < total) {
		const enum tls_rc rc = one_leg_write(&legs.client, bytes + sent, total - sent, &n);

		sent += n;
		if ((rc != TLS_OK && rc != TLS_SINK_FULL) || (rc == TLS_OK && sent < total))
			break;
		if (!drain(&legs.server, &got) || legs.server.in.len > 2 * take + RECORD_MAX)
			break;
	}
	CU_ASSERT_EQUAL(sent, total);
	CU_ASSERT_EQUAL(got, total);
	CU_ASSERT(legs.client.max_pending <= RECORD_MAX + 256);
	legs.client.take = 0;
	free(bytes);
}

static void test_huge(void)
{
	for (uint16_t version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		open_as(version);
		transfer(65536, HUGE_BYTES);
		transfer(1449, 300000);
		transfer(7, 20000);
	}
}

/* Both ways at once, neither sink ever takes all: nobody waits for the other for ever. */
static void test_both_ways(void)
{
	static uint8_t bytes[200000];
	size_t sent_a = 0, sent_b = 0, got_a = 0, got_b = 0, n;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = pattern(i);
	open_as(TLS1_3_VERSION);
	legs.client.take = legs.server.take = 999;
	legs.client.chunk = legs.server.chunk = 100;
	for (int i = 0; i < 20000 && (got_a < sizeof(bytes) || got_b < sizeof(bytes)); i++) {
		(void)one_leg_write(&legs.client, bytes + sent_a, sizeof(bytes) - sent_a, &n);
		sent_a += n;
		(void)one_leg_write(&legs.server, bytes + sent_b, sizeof(bytes) - sent_b, &n);
		sent_b += n;
		CU_ASSERT_FATAL(drain(&legs.client, &got_b) && drain(&legs.server, &got_a));
	}
	CU_ASSERT(got_a == sizeof(bytes) && got_b == sizeof(bytes));
	legs.client.take = legs.server.take = legs.client.chunk = legs.server.chunk = 0;
}

/* A refused record counts as written; the next call goes on behind it. */
static void test_refusal(void)
{
	uint8_t buf[64];
	size_t n;

	for (size_t take = 1; take < 60; take++) {
		open_as(TLS1_3_VERSION);
		while (one_leg_read(&legs.client, buf, sizeof(buf), &n) == TLS_OK)
			;
		legs.client.take = take;
		CU_ASSERT_EQUAL(one_leg_write(&legs.client, "select 1", 8, &n),
				take < 30 ? TLS_SINK_FULL : TLS_OK);
		CU_ASSERT_EQUAL(n, 8);
		CU_ASSERT_EQUAL(tls_conn_pending(legs.client.conn), take < 30 ? 30 - take : 0);
		legs.client.take = 0;
		CU_ASSERT_EQUAL(one_leg_write(&legs.client, "; 2", 3, &n), TLS_OK);
		CU_ASSERT_EQUAL(n, 3);
		CU_ASSERT_EQUAL(one_leg_read(&legs.server, buf, sizeof(buf), &n), TLS_OK);
		CU_ASSERT(n == 11 && memcmp(buf, "select 1; 2", 11) == 0);
	}
}

static void test_close(void)
{
	uint8_t buf[64];
	size_t n;

	for (uint16_t version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		open_as(version);
		CU_ASSERT_EQUAL(one_leg_write(&legs.client, "last", 4, &n), TLS_OK);
		CU_ASSERT_EQUAL(one_leg_close(&legs.client), TLS_OK);
		CU_ASSERT_EQUAL(one_leg_close(&legs.client), TLS_OK); /* once */
		legs.server.at_end = true;
		CU_ASSERT_EQUAL(one_leg_read(&legs.server, buf, sizeof(buf), &n), TLS_OK);
		CU_ASSERT_EQUAL(n, 4);
		CU_ASSERT_EQUAL(one_leg_read(&legs.server, buf, sizeof(buf), &n), TLS_CLOSED);
		CU_ASSERT_EQUAL(one_leg_read(&legs.server, buf, sizeof(buf), &n), TLS_CLOSED);
		/* the other way is still open: RFC 8446 6.1 */
		CU_ASSERT_EQUAL(one_leg_write(&legs.server, "bye", 3, &n), TLS_OK);
		CU_ASSERT_EQUAL(one_leg_close(&legs.server), TLS_OK);
		CU_ASSERT_EQUAL(one_leg_read(&legs.client, buf, sizeof(buf), &n), TLS_OK);
		CU_ASSERT(n == 3 && memcmp(buf, "bye", 3) == 0);
		CU_ASSERT_EQUAL(one_leg_read(&legs.client, buf, sizeof(buf), &n), TLS_CLOSED);
	}
	CU_ASSERT_EQUAL(tls_worker_counters(legs.worker)->truncated, 0);
}

/* The end without close_notify, wherever it falls, is no end of the data. */
static void test_truncation(void)
{
	uint8_t buf[64];
	size_t n, len;

	open_as(TLS1_3_VERSION);
	CU_ASSERT_EQUAL(one_leg_write(&legs.client, "whole", 5, &n), TLS_OK);
	len = legs.server.in.len;
	for (size_t cut = 0; cut <= len; cut++) {
		open_as(TLS1_3_VERSION);
		CU_ASSERT_EQUAL(one_leg_write(&legs.client, "whole", 5, &n), TLS_OK);
		CU_ASSERT_EQUAL(legs.server.in.len, len);
		legs.server.in.len = cut;
		legs.server.at_end = true;
		if (cut == len)
			CU_ASSERT_EQUAL(one_leg_read(&legs.server, buf, sizeof(buf), &n), TLS_OK);
		CU_ASSERT_EQUAL(one_leg_read(&legs.server, buf, sizeof(buf), &n), TLS_TRUNCATED);
		CU_ASSERT_EQUAL(n, 0);
		CU_ASSERT_EQUAL(one_leg_write(&legs.server, "x", 1, &n), TLS_OK); /* its own way */
	}
	/* and in the handshake */
	legs_open(&legs, client, server, pki.now_s);
	(void)one_leg_handshake(&legs.client);
	legs.server.in.len /= 2;
	legs.server.at_end = true;
	CU_ASSERT_EQUAL(one_leg_handshake(&legs.server), TLS_TRUNCATED);
	CU_ASSERT_EQUAL(one_leg_handshake(&legs.server), TLS_TRUNCATED);
	CU_ASSERT_EQUAL(tls_worker_counters(legs.worker)->truncated, len + 2);
}

/* Any byte of a record flipped: the record is no plaintext, nor is anything after it. The header's
 * version is the exception that RFC 8446 5.1 makes (bytes 1 and 2 "MUST be ignored"). */
static void test_flipped_record(void)
{
	uint8_t buf[64];
	size_t n, first_len = 1;

	for (uint16_t version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		for (size_t at = 0; at < first_len; at++) {
			open_as(version);
			CU_ASSERT_EQUAL(one_leg_write(&legs.client, "a record", 8, &n), TLS_OK);
			first_len = legs.server.in.len;
			CU_ASSERT_EQUAL(one_leg_write(&legs.client, "and one more", 12, &n),
					TLS_OK);
			legs.server.in.bytes[at] ^= (uint8_t)(1u << at % 8);
			legs.server.at_end = true;
			if (one_leg_read(&legs.server, buf, sizeof(buf), &n) == TLS_OK)
				CU_ASSERT(n == 0 ||
						(version == TLS1_3_VERSION &&
								(at == 1 || at == 2)));
			if (n > 0)
				continue;
			CU_ASSERT(legs.server.conn->final == TLS_FAILED ||
					legs.server.conn->final == TLS_TRUNCATED);
			CU_ASSERT(one_leg_read(&legs.server, buf, sizeof(buf), &n) >=
							TLS_TRUNCATED &&
					n == 0);
		}
	}
}

/* The flights of a handshake, altered at one byte: never do both ends believe that they have agreed
 * and have not. */
static uint32_t flip_handshake(uint16_t version, bool of_client, size_t at)
{
	bool is_flipped = false;
	uint64_t seen = 0;
	enum tls_rc a = TLS_NEED_INPUT, b = TLS_NEED_INPUT;

	legs_open(&legs, client, server, pki.now_s);
	SSL_set_max_proto_version(legs.client.conn->ssl, version);
	for (int i = 0; i < 12 && (a != TLS_OK || b != TLS_OK); i++) {
		struct leg *to = of_client ? &legs.server : &legs.client;
		const size_t before = to->in.len;

		a = one_leg_handshake(&legs.client);
		if (!of_client)
			b = one_leg_handshake(&legs.server);
		if (!is_flipped && seen + (to->in.len - before) > at) {
			to->in.bytes[before + (at - seen)] ^= 0x55;
			is_flipped = true;
		}
		seen += to->in.len - before;
		if (of_client)
			b = one_leg_handshake(&legs.server);
	}
	if (!is_flipped)
		return UINT32_MAX;
	return a == TLS_OK && b == TLS_OK;
}

static void test_flipped_handshake(void)
{
	for (uint16_t version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		for (int of_client = 0; of_client < 2; of_client++) {
			uint32_t n_open = 0, n = 0, open;

			for (size_t at = 0; (open = flip_handshake(version, of_client, at)) !=
					UINT32_MAX;
					at++) {
				n_open += open;
				n++;
			}
			CU_ASSERT(n > 150);
			/* the low byte of a first record's version: RFC 8446 5.1 has it ignored */
			CU_ASSERT(n_open <= 1);
		}
	}
}

/* TLS 1.2 peers that ask for another handshake are told no, and the session goes on. */
static void test_renegotiation(void)
{
	uint8_t buf[16];
	size_t n;

	for (int by_client = 0; by_client < 2; by_client++) {
		struct leg *asks = by_client ? &legs.client : &legs.server;
		struct tls_io io = { .emit = NULL };

		open_as(TLS1_2_VERSION);
		SSL_clear_options(asks->conn->ssl, SSL_OP_NO_RENEGOTIATION);
		asks->conn->io = &io;
		CU_ASSERT_FATAL(SSL_renegotiate(asks->conn->ssl) == 1);
		(void)SSL_do_handshake(asks->conn->ssl);
		asks->conn->io = NULL;
		CU_ASSERT(tls_conn_pending(asks->conn) > 0);
		(void)one_leg_read(asks, buf, sizeof(buf), &n); /* hands out what waits */
		CU_ASSERT_FATAL(asks->peer->in.len > 0);
		CU_ASSERT_EQUAL(one_leg_read(asks->peer, buf, sizeof(buf), &n), TLS_NEED_INPUT);
		CU_ASSERT(asks->in.len > 0); /* no_renegotiation */
		CU_ASSERT_EQUAL(one_leg_write(asks->peer, "still", 5, &n), TLS_OK);
		CU_ASSERT_EQUAL(asks->peer->conn->final, TLS_OK);
	}
}

/* Keys change when a peer says so; its wish for ours is answered. */
static void test_key_update(void)
{
	uint8_t buf[16];
	size_t n;

	open_as(TLS1_3_VERSION);
	for (int i = 0; i < 40; i++) {
		CU_ASSERT(SSL_key_update(legs.client.conn->ssl, SSL_KEY_UPDATE_REQUESTED) == 1);
		CU_ASSERT(legs_say(&legs.client, "after the update"));
		CU_ASSERT(legs_say(&legs.server, "answer"));
	}
	CU_ASSERT_EQUAL(one_leg_read(&legs.client, buf, sizeof(buf), &n), TLS_NEED_INPUT);
}

/* Records of one byte, all in one call; and no records but empty ones, which must end. */
static void test_small_records(void)
{
	uint8_t buf[600];
	size_t n;

	open_as(TLS1_3_VERSION);
	for (int i = 0; i < 500; i++)
		CU_ASSERT(one_leg_write(&legs.client, "x", 1, &n) == TLS_OK);
	CU_ASSERT_EQUAL(one_leg_read(&legs.server, buf, sizeof(buf), &n), TLS_OK);
	CU_ASSERT_EQUAL(n, 500);
	/* less room than plaintext: the rest stays */
	CU_ASSERT(one_leg_write(&legs.client, "0123456789", 10, &n) == TLS_OK);
	CU_ASSERT(one_leg_read(&legs.server, buf, 4, &n) == TLS_OK && n == 4);
	CU_ASSERT(one_leg_read(&legs.server, buf, sizeof(buf), &n) == TLS_OK && n == 6);
	CU_ASSERT(one_leg_read(&legs.server, buf, sizeof(buf), &n) == TLS_NEED_INPUT);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "16 MiB in bounded memory", test_huge },
		{ "both ways at once", test_both_ways },
		{ "a sink that refuses part of a record", test_refusal },
		{ "close_notify", test_close },
		{ "truncation", test_truncation },
		{ "a flipped byte of a record", test_flipped_record },
		{ "a flipped byte of a handshake", test_flipped_handshake },
		{ "renegotiation is refused", test_renegotiation },
		{ "key updates", test_key_update },
		{ "small records, small buffers", test_small_records },
	};
	struct tls_server_conf s;
	struct tls_client_conf c;
	int rc;

	pki_init(&pki);
	leaf = pki_leaf(&pki, PKI_P256, "db.example", -1, 1);
	s = (struct tls_server_conf){ .chain_pem = leaf.chain, .key_pem = leaf.key };
	c = (struct tls_client_conf){ .mode = TLS_VERIFY_CA, .ca_pem = pki.root_pem };
	server = legs_server_ctx(&s);
	client = legs_client_ctx(&c);
	legs_init(&legs, NULL);
	rc = suite_run("tls data", tests, sizeof(tests) / sizeof(*tests));
	legs_done(&legs);
	tls_ctx_free(&client);
	tls_ctx_free(&server);
	pki_pem_free(&leaf);
	pki_done(&pki);
	return rc;
}
