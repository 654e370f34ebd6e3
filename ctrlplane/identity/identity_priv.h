/* SPDX-License-Identifier: Apache-2.0
 * Inside ctrlplane/identity: the steps from a token's text to an actor. */
#pragma once

#include "ctrlplane/identity/env.h"
#include "ctrlplane/identity/identity.h"

#include <jansson.h>
#include <openssl/evp.h>

#include <cjose/cjose.h>
#include <sys/types.h>
#include <time.h>

enum {
	TOKEN_BYTES_MAX = 64 << 10, /* of any issuer */
	JSON_DEPTH_MAX = 12,        /* an act chain of ACTOR_ACTS_MAX, and what is around it */
	JWKS_KEYS_MAX = 64,
	RSA_BITS_MIN = 2048,
	RSA_BITS_MAX = 8192,
};

/* b64.c: RFC 4648 5 without padding, as RFC 7515 2 asks: one text for each value. <out> has room for
 * in.len * 3 / 4 bytes. The number of bytes; -1: not strict base64url. */
ssize_t b64url_decode(struct span in, uint8_t *out);

/* json.c: an object with no member twice, at most JSON_DEPTH_MAX deep. <or> when it is anything
 * else. */
enum identity_reason json_object_load(struct span text, enum identity_reason or, json_t **ret);
/* A text of 1 to ACTOR_TEXT_MAX bytes, or NULL. */
const char *json_short_text(const json_t *value);

/* token.c: the compact serialization, taken apart, its header checked. Nothing is verified. */
struct token {
	struct span text;   /* borrowed: the whole of it */
	size_t signed_len;  /* bytes of text that are signed */
	json_t *header;     /* owned */
	json_t *claims;     /* owned */
	uint8_t *signature; /* owned */
	size_t signature_len;
	enum conf_alg alg;
	const char *kid; /* borrowed of header; NULL: none */
};

enum identity_reason token_parse(struct span text, struct token *ret_token);
void token_done(struct token *t); /* also after a token_parse() that failed */

/* claims.c: what a token says; texts are borrowed of the token. */
struct claims {
	uint32_t issuer;                   /* index */
	const char *sub, *client_id, *jti; /* client_id and jti may be "" */
	const json_t *groups;              /* borrowed; NULL: none */
	const json_t *act;                 /* borrowed; NULL: none */
	int64_t exp_s, nbf_s;              /* nbf_s: INT64_MIN when not said */
};

enum identity_reason claims_issuer(
		const struct token *t, const struct conf_identity *conf, uint32_t *ret_issuer);
/* The issuer is known: everything else that a token says of itself. Sets all of *ret but issuer. */
enum identity_reason claims_check(const struct token *t, const struct conf_issuer *conf,
		int64_t now_s, struct claims *ret);

/* actor.c: with one reference; NULL: no memory. */
struct actor *actor_new(const struct claims *c, const struct conf_issuer *conf,
		const uint8_t token_sha256[32]);

/* jwks.c: the keys of an issuer (RFC 7517 5). Keys that are not fit to verify stay, with the
 * reason. */
struct jwks_key {
	char *kid;                    /* owned; NULL: none */
	enum identity_reason refused; /* IDENTITY_OK: it may verify */
	uint32_t algs;                /* bits of enum conf_alg by its type, then by its alg */
	uint32_t type_algs;
	cjose_jwk_t *jose; /* owned: RSA, EC */
	EVP_PKEY *evp;     /* owned: Ed25519 */
};

struct jwks {
	struct jwks_key *keys; /* owned */
	size_t n, n_fit;
	uint8_t sha256[32]; /* of its text */
};

/* NULL, or what is wrong with the whole of it. */
const char *jwks_parse(struct span text, struct jwks **ret_jwks);
void jwks_free(struct jwks **jwks);
/* The key that a token names, if it may verify that token. */
enum identity_reason jwks_find(
		const struct jwks *jwks, const struct token *t, const struct jwks_key **ret_key);

/* signature.c */
bool signature_is_good(const struct token *t, const struct jwks_key *key);

/* keyfile.c: a JWKS in a file. */
struct keyfile {
	struct timespec mtime;
	uint64_t ino, dev, size;
	bool recent; /* changed so lately that another change may show the same time */
};

/* 1: *ret_body was read, to be freed; 0: as before; -errno. */
int keyfile_read(const char *path, struct keyfile *last, int64_t now_s, struct span *ret_body);

/* keyring.c: the keys of one issuer over time. Milliseconds are identity_env.mono_ms. */
enum {
	KEYRING_DEFAULT_S = 3600,   /* kept for, when the provider does not say */
	KEYRING_UNKNOWN_MS = 10000, /* between two fetches that unknown keys cause */
	KEYRING_FILE_MS = 1000,     /* between two looks at a file */
	KEYRING_FILE_UNKNOWN_MS = 100,
	KEYRING_RETRY_MS = 1000, /* doubled with each failure, up to */
	KEYRING_RETRY_MAX_MS = 30000,
	KEYRING_ABSENT = 64,       /* kids remembered that the issuer does not have */
	KEYRING_ABSENT_MS = 30000, /* for so long */
};

struct keyring_absent {
	char kid[ACTOR_TEXT_MAX + 1];
	uint64_t until_ms;
};

struct keyring {
	const struct conf_issuer *conf; /* borrowed */
	struct jwks *keys;              /* owned; NULL: none yet */
	uint32_t generation;            /* another with each other set of keys */
	uint64_t expires_ms;            /* keys are not used from then on */
	uint64_t next_ms;               /* to be fetched then */
	uint64_t unknown_ms;            /* an unknown key may cause a fetch from then on */
	uint64_t started_ms;            /* the latest fetch */
	bool is_file, fetching;
	uint32_t failures; /* in a row */
	uint32_t next_absent;
	struct keyfile file;
	struct keyring_absent absent[KEYRING_ABSENT];
};

void keyring_init(struct keyring *k, const struct conf_issuer *conf, uint64_t now_ms);
void keyring_done(struct keyring *k);
bool keyring_is_usable(const struct keyring *k, uint64_t now_ms);
/* A token needs a key that is not there (<kid> may be NULL). True: wait, a fetch is under way or due
 * now. False: it will not come, refuse. */
bool keyring_ask(struct keyring *k, const char *kid, uint64_t now_ms);
void keyring_absent_add(struct keyring *k, const char *kid, uint64_t now_ms);
void keyring_started(struct keyring *k, uint64_t now_ms);
/* <keys> is the keyring's now; NULL: as before (a file). */
void keyring_loaded(struct keyring *k, struct jwks *keys, int64_t max_age_s, uint64_t now_ms);
void keyring_failed(struct keyring *k, uint64_t now_ms);

/* known.c: tokens that were verified, by their SHA-256. Has its own lock: any thread. */
struct known;

enum { KNOWN_ENTRIES = 16384, KNOWN_BYTES = 32 << 20 };

int known_new(size_t n_issuers, size_t max_entries, size_t max_bytes, struct known **ret_known);
void known_free(struct known **k);
/* Answers of this issuer hold while its keys are of <generation>, and until they expire. */
void known_issuer_set(struct known *k, uint32_t issuer, uint32_t generation, uint64_t expires_ms);
struct actor *known_get(struct known *k, const uint8_t sha256[32], int64_t now_s, uint64_t now_ms);
/* Takes a reference of its own. It holds from <from_s> to before <until_s>. */
void known_put(struct known *k, struct actor *a, uint32_t generation, int64_t from_s,
		int64_t until_s);

/* revoked.c: who is refused though the token is good. Has its own lock: any thread. */
struct revoked;

enum { REVOKED_MAX = 65536 };

/* Reads <dir>/revoked.json, if it is there. */
int revoked_new(const char *dir, struct revoked **ret_revoked);
void revoked_free(struct revoked **r);
int revoked_add(struct revoked *r, enum identity_revoke_kind kind, const char *iss,
		const char *value);
int revoked_remove(struct revoked *r, enum identity_revoke_kind kind, const char *iss,
		const char *value);
bool revoked_has(struct revoked *r, const struct actor *a);

/* verifier.c: all of the above over one another, on one thread. */
struct request {
	struct request *next;
	struct identity_done done;
	uint64_t asked_ms; /* when it began to wait for keys */
	uint32_t target;
	bool waited;
	uint8_t sha256[32];
	size_t len;
	uint8_t token[];
};

struct verifier {
	const struct conf *conf; /* borrowed, as are the next three */
	const struct identity_env *env;
	struct known *known;
	struct revoked *revoked;
	struct keyring *rings;    /* owned: one an issuer */
	struct request **waiting; /* owned: lists, one an issuer */
	_Atomic uint64_t n_fetches, n_failed;
	/* Takes the request and, with IDENTITY_OK, the actor's reference. */
	void (*answer)(void *ctx, struct request *r, enum identity_reason reason, struct actor *a);
	void *answer_ctx;
};

int verifier_init(struct verifier *v);
void verifier_done(struct verifier *v); /* answers what waits with IDENTITY_STOPPING */
/* Answers it, now or later. */
void verifier_take(struct verifier *v, struct request *r);
/* A fetch has ended; a fetch_done_fn. */
void verifier_fetched(void *verifier, size_t issuer, const struct fetch_result *result);
/* Begins what is due; milliseconds until there is something to do again. */
uint64_t verifier_tick(struct verifier *v);

/* The token's text is its secret. */
void request_free(struct request *r);
