/* SPDX-License-Identifier: Apache-2.0
 * Inside ctrlplane/conf: the schema that drives the reader, and how errors are collected. */
#pragma once

#include "ctrlplane/conf/conf.h"
#include "parsers/yaml/doc.h"

enum {
	CONF_FILE_MAX = 1 << 20,  /* bytes */
	CONF_DEPTH_MAX = 16,      /* nested lists and mappings */
	CONF_NODES_MAX = 1 << 18, /* keys, values, lists, mappings */
	CONF_WIRES_MAX = 256,     /* struct flow_key keeps eight bits of it */
	CONF_TARGETS_MAX = 4096,
	CONF_CPUS_MAX = 127, /* RTE_MAX_LCORE, less the control thread */
	CONF_NAME_MAX = 63,
	CONF_DEVICE_MAX = 255,
	CONF_PACK_NAME_MAX = 23, /* LOAD_PACK_NAME_MAX */
	CONF_RULE_FILES_MAX = 256,
	CONF_PATH_MAX = 1023,
	CONF_SOCKET_MAX = 107, /* sun_path with its NUL */
	CONF_ISSUERS_MAX = 64,
	CONF_ACTORS_MAX = 64,      /* of one target */
	CONF_TEXTS_MAX = 256,      /* of one key */
	CONF_CLAIM_TEXT_MAX = 255, /* bytes: OpenID Connect Core 2 has it for sub */
	CONF_USER_MAX = 63,        /* bytes: NAMEDATALEN - 1; PostgreSQL cuts what is longer */
	CONF_ARGV_MAX = 32,
	CONF_HOST_MAX = 253,      /* characters of a DNS name (RFC 1035 2.3.4) */
	CONF_QUEUE_MAX = 4 << 20, /* flow_policy.rcv_cap_max_bytes */
	CONF_QUEUE_SPARE =
			96 << 10, /* queued beyond a command: what follows it, one segment more */
};

/* One word of several that a key may take. The array ends with a NULL name. */
struct conf_word {
	const char *name;
	uint32_t value;
};

enum conf_type {
	CONF_MAP,      /* sub: the keys in it; they are written to the same object */
	CONF_LIST,     /* sub: the keys of each element; append() makes the element's object */
	CONF_INT,      /* decimal, min..max; or one of words, when there are any */
	CONF_SIZE,     /* bytes: "64K", "1M", "1G" (1024), min..max */
	CONF_DURATION, /* seconds: "30s", "15m", "1h", "1d", min..max */
	CONF_BOOL,     /* true, false, yes, no */
	CONF_WORD,     /* one of words */
	CONF_TEXT,     /* check() says what is wrong with it */
	CONF_OWN,      /* own() reads it */
	CONF_TYPES,
};

struct conf_key;
struct conf_reader;

struct conf_schema {
	const char *name; /* as people say it: "dataplane.wires" */
	const struct conf_key *keys;
	size_t n_keys;
};

struct conf_key {
	const char *name;
	enum conf_type type;
	bool required;
	uint16_t off, size; /* the field in the object: 1, 2, 4 or 8 bytes; text: a char pointer */
	uint64_t unit;      /* the field holds value * unit; 0 is 1 */
	uint64_t min, max;
	const struct conf_word *words;
	const struct conf_schema *sub;
	void *(*append)(struct conf_reader *r, yaml_node_t *at); /* NULL: an error was noted */
	const char *(*check)(const char *text);                  /* NULL: it is good */
	void (*own)(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v);
};

/* Where a list's element was read from, for the checks that compare elements. */
struct conf_place {
	yaml_node_t *node; /* borrowed: of the document */
	bool bad;          /* something in it is wrong already */
};

struct conf_reader {
	struct conf *conf; /* owned by the caller */
	struct doc_errors *errors;
	yaml_document_t doc;
	/* owned: as many as conf has wires, targets and issuers */
	struct conf_place *wire_at, *target_at, *issuer_at;
	struct conf_place *last; /* of the element being read, or NULL */
};

/* The file's top level. */
extern const struct conf_schema conf_schema_root;

/* conf_error.c */
void conf_error(struct conf_reader *r, const yaml_node_t *at, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));

/* conf_schema.c: makes an array of <n> elements one zeroed element longer. */
bool conf_grow(void *array, size_t n, size_t size);

/* conf_read.c */
void conf_read_value(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v);
void conf_read_map(
		struct conf_reader *r, const struct conf_schema *s, void *object, yaml_node_t *map);
/* The text of a scalar without NUL, or NULL with the error noted. */
const char *conf_scalar(struct conf_reader *r, const struct conf_key *k, yaml_node_t *v);
/* The node of <key> in a mapping, or NULL. */
yaml_node_t *conf_child(struct conf_reader *r, yaml_node_t *map, const char *key);
bool conf_number(const char *text, uint64_t *ret);

/* conf_addr.c */
void conf_read_address(
		struct conf_reader *r, const struct conf_key *k, void *target, yaml_node_t *v);
bool conf_target_is_v4(const struct conf_target *t);
/* Everything that <b> matches is matched by <a>. */
bool conf_target_covers(const struct conf_target *a, const struct conf_target *b);

/* conf_check.c: what no single key can know. */
void conf_check(struct conf_reader *r);
/* Reports each of <n> elements that has the same name as an earlier one. */
void conf_check_names(struct conf_reader *r, size_t n, const struct conf_place *places,
		const char *(*name_of)(const struct conf *c, size_t i));

/* conf_identity.c: issuers, and who may reach a target. */
void *conf_append_issuer(struct conf_reader *r, yaml_node_t *at);
void *conf_append_actors(struct conf_reader *r, yaml_node_t *at);
void conf_read_texts(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v);
void conf_read_algorithms(
		struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v);
const char *conf_issuer_check(const char *text);
const char *conf_jwks_check(const char *text);
const char *conf_claim_check(const char *text);
void conf_identity_check(struct conf_reader *r);
void conf_identity_done(struct conf_identity *identity);
void conf_actors_done(struct conf_target *t);
void conf_texts_done(struct conf_texts *t);

/* conf_credential.c: what sluiced logs in to a target with. */
void conf_read_command(
		struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v);
const char *conf_user_check(const char *text);
const char *conf_env_check(const char *text);
void conf_credential_check(struct conf_reader *r);
/* Exactly one source, whether its value was good or not. <from> may be missing; <what> comes from it. */
void conf_source_check(struct conf_reader *r, yaml_node_t *from, const char *key, const char *what);
void conf_source_done(struct conf_password *p);
void conf_credential_done(struct conf_target *t);

/* conf_postgres.c: what only protocol: postgres has. */
void conf_postgres_init(struct conf_postgres *p);
void conf_read_packs(struct conf_reader *r, const struct conf_key *k, void *object, yaml_node_t *v);
const char *conf_host_check(const char *text);
void conf_postgres_check(struct conf_reader *r, size_t target);
void conf_postgres_done(struct conf_postgres *p);

/* conf_check.c. Are both one port? PCI addresses by number, vdevs by name or by the interface they open. */
bool conf_device_same(const char *a, const char *b);
const char *conf_device_check(const char *device);

/* conf.c: the defaults. */
int conf_new(struct conf **ret_conf);
