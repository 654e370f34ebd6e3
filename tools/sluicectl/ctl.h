/* SPDX-License-Identifier: Apache-2.0
 * sluicectl: what the command line said, and the table of verbs. One file a verb. */
#pragma once

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What sluicectl exits with. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_REFUSED = 1,     /* the daemon said no, or a file could not be read or written */
	CTL_USAGE = 2,       /* the command line is wrong */
	CTL_UNREACHABLE = 3, /* no daemon answers there */
};

enum { CTL_NAMES_MAX = 64, CTL_PACKS_MAX = 16, CTL_ENDPOINT_MAX = 64 };

/* What only the verb ca takes. */
struct ctl_ca {
	const char *names[CTL_NAMES_MAX];
	size_t n_names;
	const char *out, *dir; /* NULL: not given */
	uint32_t days;         /* 0: not given */
};

struct ctl {
	const char *socket;
	bool is_json;     /* -o json */
	uint32_t watch_s; /* 0: once */

	/* Options of single verbs. */
	const char *target, *mode, *sort;
	uint32_t limit; /* 0: all */
	bool all, by_worker;
	const char *argument; /* of the verb: kill's flow, what ca does, which action */
	const char *object; /* of the action: a session's or hold's ID, an issuer; NULL: it has none */
	char *const *objects; /* of an action that takes many */
	size_t n_objects;
	const char *reason, *sub, *jti;
	const char *packs[CTL_PACKS_MAX]; /* of rules explain */
	size_t n_packs;
	bool dry_run, stop; /* of rules apply and shadow */
	struct ctl_ca ca;

	/* Where it goes. */
	FILE *out;
	bool colour;
	size_t width; /* columns; SIZE_MAX: no limit */

	/* With --watch: the answer before this one, and the time between them. */
	json_t *before; /* owned; NULL at first */
	double seconds;
};

struct ctl_option {
	const char *name;
	const char *value; /* as --help shows it; NULL: it takes none */
	const char *text;
	/* NULL, or what is wrong with <value> (NULL when it takes none) */
	const char *(*set)(struct ctl *c, const char *value);
};

/* What a verb can do, when it is more than one thing: its first argument. */
struct ctl_action {
	const char *name;
	const char *object; /* what its second argument is; NULL: it takes none */
	bool takes_many;    /* any number of them, or none */
	bool runs_once;     /* as ctl_verb's */
	enum ctl_exit (*fetch)(const struct ctl *c, json_t **ret_answer);
	void (*show)(const struct ctl *c, const json_t *answer); /* NULL: it says nothing */
};

struct ctl_verb {
	const char *name, *summary;
	const char *argument;             /* the one it needs, as --help shows it; or NULL */
	const char *about;                /* for its --help */
	const struct ctl_option *options; /* NULL name ends; may be NULL */
	const struct ctl_action *actions; /* NULL name ends; NULL: fetch and show are all */
	bool runs_once;                   /* --watch makes no sense of it */
	/* Asks the daemon (or does the work itself). *ret_answer is owned by the caller; it is shown
	 * even when not all is well, if there is one. */
	enum ctl_exit (*fetch)(const struct ctl *c, json_t **ret_answer);
	/* Prints the answer for people, to c->out. */
	void (*show)(const struct ctl *c, const json_t *answer);
};

extern const struct ctl_verb ctl_status, ctl_wires, ctl_targets, ctl_flows, ctl_sessions, ctl_holds,
		ctl_actors, ctl_stats, ctl_kill, ctl_rules, ctl_ca;

/* Numbers and texts of an answer; 0 and "-" for what is not there. */
uint64_t ctl_u64(const json_t *object, const char *key);
const char *ctl_text(const json_t *object, const char *key);
bool ctl_true(const json_t *object, const char *key);

/* "address:port" of {"address": ..., "port": ...}. */
const char *ctl_endpoint(char text[CTL_ENDPOINT_MAX], const json_t *endpoint);

/* 16 hexadecimal digits at the beginning of <text>. */
bool ctl_is_hex(const char *text);

/* A decimal number from <min> to <max>. */
bool ctl_number(const char *text, uint32_t min, uint32_t max, uint32_t *ret);
