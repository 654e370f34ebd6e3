/* SPDX-License-Identifier: Apache-2.0
 * The configuration: read once from one YAML file into one immutable struct, passed by pointer.
 * This folder is its only reader; DESIGN.md 5 is its shape. */
#pragma once

#include "dataplane/net/frame.h"
#include "dataplane/net/side.h"
#include "dataplane/tcp/relay.h"
#include "parsers/yaml/errors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct conf_port {
	char *device; /* owned: PCI address "0000:3b:00.0", or a vdev "net_af_packet0,iface=sl-a" */
};

struct conf_wire {
	char *name;                    /* owned */
	struct conf_port port[SIDES];  /* agent, prod */
	enum flow_mode undeclared_tcp; /* MODE_DENY (default) or MODE_WIRE ("forward") */
	enum deny_how undeclared_how;  /* rst (default) or silent */
};

/* Several texts of one key. */
struct conf_texts {
	char **at; /* owned, as is each of them */
	size_t n;
};

/* JWS algorithms (RFC 7518 3.1, RFC 8037 3.1) that an issuer may sign with: a set of bits. */
enum conf_alg {
	CONF_ALG_RS256 = 1 << 0,
	CONF_ALG_ES256 = 1 << 1,
	CONF_ALG_PS256 = 1 << 2,
	CONF_ALG_EDDSA = 1 << 3, /* Ed25519 */
};

/* One provider of identities (OpenID Connect Core 1.0, RFC 9068). */
struct conf_issuer {
	char *name;                  /* owned */
	char *issuer;                /* owned: a token's iss is exactly this */
	struct conf_texts audiences; /* a token is for one of these; at least one */
	char *jwks;                  /* owned: an absolute path, or a URL, http or https */
	char *ca;            /* owned: PEM file that alone is trusted for jwks; NULL: system */
	char *groups_claim;  /* owned */
	uint32_t algorithms; /* bits of enum conf_alg, at least one */
	uint32_t clock_skew_s;
	uint32_t max_token_bytes;
	uint32_t keys_min_s,
			keys_max_s; /* keys are kept as long as the provider says, within these */
	bool plain_http;            /* jwks may be http: beyond loopback */
};

struct conf_identity {
	struct conf_issuer *issuers; /* owned */
	size_t n_issuers;
};

/* Who may reach a target: an actor of the issuer for whom each list that is not empty names at least
 * one value. */
struct conf_actors {
	char *issuer_name; /* owned */
	uint32_t issuer;   /* index in conf_identity.issuers */
	struct conf_texts groups, subjects, client_ids;
};

/* Where a password or another secret comes from: exactly one of the four is set. It is never in
 * this file. */
struct conf_password {
	char *file;    /* owned: an absolute path */
	char *env;     /* owned: a variable of sluiced's environment */
	char *systemd; /* owned: a credential's name (systemd.exec(5), LoadCredential=) */
	struct conf_texts command; /* argv, the program's absolute path first */
};

/* What sluiced itself logs in to a target with. */
struct conf_credential {
	char *user;                    /* owned; NULL: the target has no credential */
	struct conf_password password; /* no source: a certificate does (prod_tls.cert) */
};

enum conf_protocol {
	CONF_PROTOCOL_TCP,      /* relayed, not inspected */
	CONF_PROTOCOL_POSTGRES, /* inspected; has actors and a credential */
};

enum conf_agent_tls_mode {
	CONF_AGENT_TLS_REQUIRE,
	CONF_AGENT_TLS_OFF, /* only with token_in_clear */
};

struct conf_agent_tls {
	enum conf_agent_tls_mode mode;
	char *cert, *key; /* owned: absolute paths of PEM files; both with REQUIRE, else neither */
	bool token_in_clear;
};

/* libpq's sslmode. */
enum conf_prod_tls_mode {
	CONF_PROD_TLS_OFF,
	CONF_PROD_TLS_REQUIRE, /* whose certificate it is, is not asked */
	CONF_PROD_TLS_VERIFY_CA,
	CONF_PROD_TLS_VERIFY_FULL,
};

struct conf_prod_tls {
	enum conf_prod_tls_mode mode;
	char *ca;         /* owned: an absolute path; with the two VERIFY modes, else NULL */
	char *host;       /* owned: DNS name or IP address; given with VERIFY_FULL; NULL: none */
	char *cert, *key; /* owned: absolute paths of what we show; both or neither */
	bool direct;      /* TLS from the first byte: no SSLRequest */
};

enum { CONF_PACKS_MAX = 8 };

/* What application_name has behind the session's number. */
enum conf_labels {
	CONF_LABELS_SESSION, /* nothing */
	CONF_LABELS_WRITES,  /* the number of the last command that is not proven read-only */
	CONF_LABELS_COMMAND,
};

/* What protocol: postgres has beside actors and a credential. */
struct conf_postgres {
	struct conf_agent_tls agent_tls;
	struct conf_prod_tls prod_tls;
	char *packs[CONF_PACKS_MAX]; /* owned: names; only with conf_rules others than the product's */
	size_t n_packs;              /* 0: nothing is judged */
	uint32_t command_bytes;      /* longest message that rules judge: 1 KiB .. 4000 KiB */
	uint32_t handshake_s, hold_s, hold_notice_s;
	bool estimates;          /* the server is asked for the plan of what is held */
	enum conf_labels labels; /* whose numbers application_name has */
	/* Of pseudonyms and noise; no source: a new one each start. */
	struct conf_password mask_key;
};

/* flow_policy.target, and so flow_report.target, of a flow that matched no target. */
#define CONF_TARGET_NONE UINT32_MAX

struct conf_target {
	char *name;       /* owned */
	uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint8_t prefix;   /* bits of addr that count: 128 for one address */
	uint16_t port;    /* 0: any */
	enum conf_protocol protocol;
	struct flow_policy
			policy; /* inspector is set by app/, all else by conf/; target = own index */
	bool xlate;             /* mode: xlate, that is RELAY with bypass after the handshake */
	struct conf_actors *actors; /* owned; any one of them suffices; none: nobody is asked */
	size_t n_actors;
	struct conf_credential credential; /* only with actors: else anybody would be let in */
	struct conf_postgres postgres;     /* with that protocol; else all as by default */
};

enum conf_hugepages {
	CONF_HUGEPAGES_AUTO, /* use them when there are enough free ones */
	CONF_HUGEPAGES_YES,
	CONF_HUGEPAGES_NO,
};

struct conf_dataplane {
	uint32_t n_workers;    /* 0: auto, that is one for each CPU but the first, at least one */
	int32_t control_cpu;   /* -1: any */
	uint16_t *worker_cpus; /* owned; NULL: chosen by number */
	size_t n_worker_cpus;
	enum conf_hugepages huge_pages;
	uint32_t memory_mb; /* for DPDK, all sockets; 0: computed from buffers */
	uint32_t buffers;   /* received frames per worker */
	uint16_t mtu;
	bool idle_sleep;    /* an idle worker sleeps in steps of at most 50 us: laptops, demos */
	char *file_prefix;  /* owned: DPDK's name for shared files; default "sluice" */
	char *restart_file; /* owned; NULL: no warm restart */
	uint32_t sessions;  /* inspected ones of a worker */
	uint64_t session_memory_bytes; /* of a worker, for all that they keep */
	struct relay_conf relay; /* limits and policies; env, seed and restart are set by app/ */
	struct conf_wire *wires; /* owned */
	size_t n_wires;
};

/* Operators' packs of rules: a folder or single files, absolute paths; or neither. */
struct conf_rules {
	char *dir; /* owned; NULL: none */
	struct conf_texts files;
};

struct conf {
	char *appliance_name; /* owned */
	char *data_dir;       /* owned */
	char *api_socket;     /* owned */
	uint32_t log_level;   /* 0 error .. 3 debug */
	struct conf_dataplane dataplane;
	struct conf_identity identity;
	struct conf_rules rules;
	struct conf_target *targets; /* owned; the order of the file: first match counts */
	size_t n_targets;
	uint8_t sha256[32]; /* of the file as read */
};

/* Reads <path>. 0: *ret_conf is owned by the caller. -EINVAL: the file is wrong, every error found
 * is in <errors>, in the file's order. Other -errno: it cannot be read (errors holds one line). */
int conf_load(const char *path, struct conf **ret_conf, struct doc_errors *errors);
/* The same from memory. */
int conf_parse(const void *bytes, size_t len, struct conf **ret_conf, struct doc_errors *errors);
void conf_free(struct conf **conf);

/* "FILE:LINE:COLUMN: text", a line each. */
void conf_errors_print(FILE *to, const char *path, const struct doc_errors *errors);

/* The name of a target by its index; "-" for CONF_TARGET_NONE and anything out of range. */
const char *conf_target_name(const struct conf *conf, uint32_t target);
