/* SPDX-License-Identifier: Apache-2.0
 * Inside ruleset/load: tables of keys, what walks a document along them, and what is being built. */
#pragma once

#include "parsers/yaml/doc.h"
#include "ruleset/load/load.h"
#include "ruleset/model/model.h"

enum {
	LOAD_DEPTH_MAX = 12,
	LOAD_NODES_MAX = 1 << 19,
	LOAD_LIST_MAX = 20000,      /* entries of one list */
	LOAD_PATTERNS_MAX = 4096,   /* of a policy, of either kind */
	LOAD_RULES_MAX = 4096,      /* of a pack, of either kind */
	LOAD_SHADOW_MAX = 1 << 14,  /* conditions and names that are compared pair by pair */
	LOAD_REGEX_MAX = 2000,      /* bytes */
	LOAD_TEXT_MAX = 200,        /* bytes of reasons and hints */
	LOAD_NAME_MAX = 255,        /* bytes of a name to compare with */
	LOAD_EXAMPLE_MAX = 8 << 10, /* bytes */
	LOAD_FIXED_MAX = 255,
	LOAD_KEEP_MAX = 1000,
	LOAD_KEYS_MAX = 24,  /* of one mapping */
	LOAD_SHOWN_MAX = 40, /* bytes of the file's text quoted in an error */
};

/* An array that grows; it is moved into the arena when its length is known. */
struct load_vec {
	void *ptr; /* owned */
	size_t n, cap;
};

struct load {
	struct policy *policy;      /* owned by load_policy() */
	struct load_report *report; /* of the text that is being read; borrowed */
	yaml_document_t doc;
	struct load_vec packs, patterns, texts, rates;
	/* Of the pack that is being read. */
	struct model_pack *pack;
	struct load_vec examples;   /* of patterns */
	struct load_vec ids;        /* of rules */
	bool is_exception, is_data; /* what a <when> that is being read belongs to */
	bool out_of_memory;
};

struct load_key {
	const char *name;
	bool required;
	uint16_t off, size; /* the field in the object that is read into */
	void (*read)(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);
	const char *(*word)(size_t i);          /* the words that it takes; NULL ends */
	const char *(*check)(const char *text); /* NULL, or what is wrong with a text */
};

/* A mapping's keys. They are read in this order, whatever the file's is. */
struct load_map {
	const char *name; /* as people say it: "commands" */
	const struct load_key *keys;
	size_t n_keys;
};

#define LOAD_IN(type, member)                                                                      \
	.off = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define LOAD_N(array) (sizeof(array) / sizeof((array)[0]))

/* walk.c */
void load_error(struct load *l, const yaml_node_t *at, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
void load_warn(struct load *l, uint32_t line, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
/* index.c */
/* Of a condition, items whose names are all known, so that a statement must have one of them; NULL: none. */
const struct model_items *load_named_items(const struct model_cond *c);
/* Of the rules that were read. */
void load_index(struct load *l, struct model_pack *pack);

/* Zeroed memory of the policy; NULL: noted. */
void *load_take(struct load *l, size_t n, size_t size);
/* One more zeroed element; NULL: noted. */
void *load_push(struct load *l, struct load_vec *v, size_t size);
/* The elements in the policy's memory; <v> is empty again. */
void *load_settle(struct load *l, struct load_vec *v, size_t size);
uint32_t load_line(const yaml_node_t *at);

/* True: <v> is a mapping, and all of it was read. */
bool load_map_read(struct load *l, const struct load_map *map, void *to, yaml_node_t *v);
/* The text of a scalar in the file's own memory, not empty and without NUL; NULL: noted. */
const char *load_scalar(struct load *l, const struct load_key *k, yaml_node_t *v);
const char *load_copy(struct load *l, const char *text);
/* A list, or one value that stands for a list of it. */
size_t load_n_items(const yaml_node_t *v);
yaml_node_t *load_item(struct load *l, yaml_node_t *v, size_t i);
/* False, and noted: <v> is an empty list, or too long. */
bool load_list_check(struct load *l, const struct load_key *k, yaml_node_t *v);
/* Which of k->word() <v> is; SIZE_MAX: noted. */
size_t load_word(struct load *l, const struct load_key *k, yaml_node_t *v);
bool load_number(struct load *l, const struct load_key *k, yaml_node_t *v, uint64_t max,
		uint64_t *ret);

/* Readers of keys. */
void load_read_text(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);
void load_read_bits(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);
void load_read_names(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);
void load_read_texts(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);
void load_read_duration(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);

/* Checks of texts. */
const char *load_id_check(const char *text);
const char *load_line_check(const char *text);
const char *load_name_check(const char *text);

/* Elements of a list of names, sorted and compiled. */
void load_names_of(struct load *l, const char **all, size_t n, struct model_names *ret);

/* load.c: a zeroed array for the rules of a list; NULL: noted. And whether an id is taken. */
void *load_rules(struct load *l, const struct load_key *k, yaml_node_t *v, size_t size);
void load_id_once(struct load *l, const char *id, const yaml_node_t *at);

/* pattern.c, data.c, when.c, command.c */
void load_read_patterns(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);
void load_read_data(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);
void load_read_commands(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);
void load_read_when(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);
void load_read_examples(struct load *l, const struct load_key *k, void *to, yaml_node_t *v);
/* A regular expression with its flags; false: noted. */
bool load_regex(struct load *l, const struct load_key *k, struct scan_pattern *to, yaml_node_t *v);
const char *load_verdict_word(size_t i);

/* warn.c: what of the pack can never speak. */
void load_warnings(struct load *l, const struct model_pack *pack);

/* Every mapping of the language. */
extern const struct load_map load_map_pack, load_map_default, load_map_pattern, load_map_examples,
		load_map_text, load_map_data, load_map_data_unless, load_map_mask, load_map_rule,
		load_map_unless, load_map_then, load_map_hold, load_map_when, load_map_sql,
		load_map_time, load_map_rate;
