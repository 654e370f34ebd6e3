/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL's side of SCRAM-SHA-256 (RFC 5802 3 and 5), by OpenSSL alone. */
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "tests/unit/session/lab.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdio.h>
#include <string.h>

enum { HASH = 32, SASL_CONTINUE = 11, SASL_FINAL = 12 };

static void hmac(const uint8_t key[HASH], const char *text, uint8_t ret[HASH])
{
	must(HMAC(EVP_sha256(), key, HASH, (const uint8_t *)text, strlen(text), ret, NULL) != NULL);
}

static size_t body(uint8_t *ret, uint32_t request, const char *text)
{
	store_be32(ret, request);
	memcpy(ret + 4, text, strlen(text));
	return 4 + strlen(text);
}

/* 'p', length, mechanism NUL, length, "n,,n=,r=...". */
size_t lab_server_first(struct lab_server *s, const struct ticket_login *said, uint8_t *ret)
{
	const char *mechanism = (const char *)said->bytes + 5;
	const size_t at = 5 + strlen(mechanism) + 1 + 4;
	const char *bare = strstr((const char *)said->bytes + at, "n=");

	must(said->bytes[0] == 'p' && bare != NULL);
	snprintf(s->client_first, sizeof(s->client_first), "%.*s",
			(int)(said->len - (size_t)((const uint8_t *)bare - said->bytes)), bare);
	snprintf(s->server_first, sizeof(s->server_first), "r=%sSERVER,s=%s,i=%u",
			strstr(s->client_first, "r=") + 2, s->salt_b64, s->iterations);
	return body(ret, SASL_CONTINUE, s->server_first);
}

static void salted_of(const struct lab_server *s, uint8_t ret[HASH])
{
	uint8_t salt[64];
	int len = EVP_DecodeBlock(salt, (const uint8_t *)s->salt_b64, (int)strlen(s->salt_b64));

	for (const char *c = s->salt_b64; *c != '\0'; c++)
		len -= *c == '=';
	must(PKCS5_PBKDF2_HMAC(s->password, -1, salt, len, (int)s->iterations, EVP_sha256(), HASH,
			     ret) == 1);
}

static bool proof_is_good(const uint8_t salted[HASH], const char *message, const char *proof_b64)
{
	uint8_t client[HASH], stored[HASH], signature[HASH], proof[48];

	hmac(salted, "Client Key", client);
	must(EVP_Digest(client, HASH, stored, NULL, EVP_sha256(), NULL) == 1);
	hmac(stored, message, signature);
	if (EVP_DecodeBlock(proof, (const uint8_t *)proof_b64, 44) < HASH)
		return false;
	for (size_t i = 0; i < HASH; i++)
		client[i] ^= signature[i];
	return memcmp(client, proof, HASH) == 0;
}

/* 'p', length, "c=biws,r=...,p=...". 0: its proof is wrong. */
size_t lab_server_final(struct lab_server *s, const struct ticket_login *said, uint8_t *ret)
{
	char text[512], message[1024], final[64] = "v=";
	uint8_t salted[HASH], key[HASH], signature[HASH];
	char *proof;

	snprintf(text, sizeof(text), "%.*s", (int)said->len - 5, said->bytes + 5);
	proof = strstr(text, ",p=");
	must(proof != NULL);
	*proof = '\0';
	snprintf(message, sizeof(message), "%s,%s,%s", s->client_first, s->server_first, text);
	salted_of(s, salted);
	if (!proof_is_good(salted, message, proof + 3))
		return 0;
	hmac(salted, "Server Key", key);
	hmac(key, message, signature);
	signature[0] ^= s->spoils;
	EVP_EncodeBlock((uint8_t *) final + 2, signature, HASH);
	return body(ret, SASL_FINAL, final);
}
