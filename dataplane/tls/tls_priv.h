/* SPDX-License-Identifier: Apache-2.0
 * What the files of this folder share. */
#pragma once

#include "dataplane/tls/tls.h"

#include <openssl/ssl.h>

#include <stdatomic.h>

enum {
	RECORD_MAX = 16384,         /* plaintext of one record: RFC 8446 5.1 */
	STAGE_MAX = 48 * 1024,      /* output that may wait: our longest flight, or one record */
	SLOW_IN_MAX = 32 * 1024,    /* input that goes along with a slow step */
	PEER_CERTS_MAX = 32 * 1024, /* bytes of the peer's chain */
	OWN_CHAIN_MAX = 24 * 1024,  /* and of ours: a flight must fit STAGE_MAX */
	PEER_DEPTH_MAX = 5,         /* intermediates: each is a signature to verify */
	SESSION_LIFE_S = 7200,
};

struct tls_ctx {
	SSL_CTX *ssl_ctx;   /* owned; shared by all workers, not written after tls_*_new() */
	BIO_METHOD *bio;    /* owned */
	EVP_CIPHER *cipher; /* owned; of tickets */
	uint64_t id;        /* never used again, unlike an address */
	enum tls_mode mode; /* client side */
	bool is_server;
	bool is_slow;          /* our key */
	bool asks_client_cert; /* server side */
	char *sni;             /* owned; client side; NULL: none */
	uint8_t *alpn;         /* owned; the wire's form */
	uint32_t alpn_len;
	uint32_t n_ticket_keys;
	struct tls_ticket_key ticket_keys[TLS_TICKET_KEYS_MAX]; /* wiped at the end */
	_Atomic uint32_t users;                                 /* written by all workers */
};

/* Bytes that wait, on the heap only while there are any. */
struct stage {
	uint8_t *bytes; /* owned; NULL: empty */
	uint32_t size, len, at;
};

/* A session kept for resumption. */
struct kept {
	SSL_SESSION *session; /* owned; NULL: free slot */
	uint64_t ctx_id, used;
	int64_t made_s;
	uint32_t key_len;
	uint8_t key[TLS_PEER_KEY_MAX];
};

struct tls_worker {
	struct tls_limits limits;
	struct tls_counters counters;
	uint64_t tick;     /* of <used> */
	struct kept *kept; /* owned: limits.max_sessions of them */
};

struct tls_conn {
	SSL *ssl;                  /* owned */
	struct tls_ctx *ctx;       /* borrowed: counted in its users */
	struct tls_worker *worker; /* borrowed */
	struct tls_io *io;         /* borrowed, during a call; NULL on the slow thread */
	size_t span, span_off;     /* next byte of io->spans */
	struct stage out;
	struct stage slow_in;
	SSL_SESSION *fresh;         /* owned; came during this call, not kept yet */
	const SSL_SESSION *offered; /* only compared */
	int64_t now_s;
	uint32_t key_len;
	uint8_t key[TLS_PEER_KEY_MAX];
	char sni[TLS_SNI_MAX + 1];
	struct tls_failure failure;
	enum tls_rc final; /* TLS_TRUNCATED, TLS_FAILED; TLS_CLOSED for reading; else TLS_OK */
	bool is_open;      /* the handshake is complete */
	bool is_direct;    /* output may go to the sink while OpenSSL runs */
	bool is_sink_dead;
	bool is_counted;
	bool is_closed; /* our close_notify is out */
	bool is_away;
	bool may_be_slow;  /* on the slow thread */
	bool is_slow_peer; /* all input goes to the slow thread until the handshake is complete */
	bool out_of_memory;
};

/* bio.c */
BIO_METHOD *bio_method_new(void);
bool stage_put(struct stage *s, const uint8_t *bytes, uint32_t n);
void stage_free(struct stage *s);

static inline uint32_t stage_len(const struct stage *s)
{
	return s->len - s->at;
}

/* Up to <n> bytes of input, from the slow step's copy first. */
size_t input_take(struct tls_conn *c, uint8_t *to, size_t n);
bool input_is_empty(const struct tls_conn *c);
/* Offers what waits to the sink. true: nothing waits any more. */
bool output_flush(struct tls_conn *c);

/* credential.c: all return 0 or -EINVAL with <err>. */
int credential_use(SSL_CTX *ssl_ctx, struct span chain_pem, struct span key_pem, char *err);
int credential_trust(SSL_CTX *ssl_ctx, struct span pem, bool is_named, char *err);
bool key_is_slow(const EVP_PKEY *key);

/* ticket.c */
int ticket_seal_or_open(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
		EVP_MAC_CTX *mac, int is_seal);

/* verify.c */
int verify_peer(X509_STORE_CTX *x, void *arg);

/* session.c */
int session_arrived(SSL *ssl, SSL_SESSION *session);
void session_keep(struct tls_conn *c);
void session_opened(struct tls_conn *c);
void session_offer(struct tls_conn *c);

/* failure.c */
void failure_note_alert(const SSL *ssl, int where, int value);
/* Reads this thread's OpenSSL errors. */
void failure_set(struct tls_conn *c);
void failure_set_reason(struct tls_conn *c, enum tls_reason reason);

/* hello.c: callbacks of the server side */
int hello_arrived(SSL *ssl, int *alert, void *arg);
int hello_select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		const unsigned char *in, unsigned int in_len, void *arg);
