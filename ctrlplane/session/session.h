/* SPDX-License-Identifier: Apache-2.0
 * Inspected sessions as the control plane sees them: who is on them, what they wait for, when they
 * must end. Serves the tickets of dataplane/handoff/ticket.h. */
#pragma once

#include "ctrlplane/conf/conf.h"
#include "ctrlplane/credential/pgauth.h"
#include "ctrlplane/identity/identity.h"
#include "dataplane/handoff/ticket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where tickets come from and answers go: the workers' rings, or a test. Both are called by the
 * session thread alone and must not wait. */
struct sessions_port {
	void *ctx; /* borrowed */
	uint32_t n_workers;
	/* false: no worker has asked anything. Its block is ours until it is answered. */
	bool (*next)(void *ctx, uint32_t *ret_worker, struct ticket *ret);
	/* false: that worker's ring is full; it is asked again later. */
	bool (*answer)(void *ctx, uint32_t worker, const struct ticket_answer *a);
};

/* Called by any thread. */
struct sessions_clock {
	void *ctx;                      /* borrowed */
	uint64_t (*mono_us)(void *ctx); /* never back */
	int64_t (*wall_s)(void *ctx);   /* since 1970; what a token's end is compared with */
};

struct sessions_conf {
	const struct conf *conf;            /* borrowed */
	struct identity *identity;          /* borrowed */
	const struct sessions_port *port;   /* copied */
	const struct sessions_clock *clock; /* copied; NULL: the system's */
};

struct sessions;

/* Loads the credentials of all targets that have one, which may take CREDENTIAL_COMMAND_MS for each,
 * and starts two threads: "session" serves tickets, "session-work" does what takes its time. All that
 * <conf> names outlives it. 0; -EINVAL: no workers; -errno with a log line: a credential cannot be
 * read, no memory, no thread. */
int sessions_new(const struct sessions_conf *conf, struct sessions **ret_sessions);
/* Ends the threads, after the job that runs (seconds at most: PGAUTH_ITERATIONS_MAX). What was asked
 * is not answered any more: whoever owns the blocks frees them, and the workers stand still before.
 * To be called before identity_free(). NULL is nothing; sets *s to NULL. */
void sessions_free(struct sessions **s);

/* "revoked", and a text for the log. "-" beyond the last one. */
const char *sessions_end_name(enum session_end why);
const char *sessions_end_text(enum session_end why);

enum session_state {
	SESSION_LOGGING_IN, /* the client is known, the server has not let us in yet */
	SESSION_READY,
	SESSION_ENDING, /* its worker has been told to end it */
};

const char *sessions_state_name(enum session_state state);

enum {
	SESSION_SHOWN_MAX = 512, /* bytes of a text, NUL counted; longer ones end in ... */
	SESSION_ID_DIGITS = 16,  /* hexadecimal, lower case */
	HOLD_TEXT_MAX = 4 * TICKET_TEXT_MAX + 4, /* each byte as \xFF */
	SESSIONS_CHECK_MS = 200,                 /* between two looks at who has to go */
};

/* A copy for the api: texts are made visible (parsers/base/visible.h), whoever chose them. */
struct session_view {
	uint64_t id;
	uint32_t worker;
	uint32_t target; /* index in conf.targets */
	struct flow_key key;
	bool encrypted; /* the agent's leg */
	enum session_state state;
	enum session_end why;           /* with SESSION_ENDING */
	char issuer[SESSION_SHOWN_MAX]; /* its name in the configuration */
	char sub[SESSION_SHOWN_MAX];
	char client_id[SESSION_SHOWN_MAX], jti[SESSION_SHOWN_MAX]; /* "": the token does not say */
	char acts[SESSION_SHOWN_MAX]; /* who acts for sub now; "": nobody else */
	char user[SESSION_SHOWN_MAX], database[SESSION_SHOWN_MAX]; /* as the client asked */
	char application[SESSION_SHOWN_MAX];
	int64_t until_s;             /* since 1970: then it ends */
	uint64_t age_ms;             /* since its token came */
	uint64_t n_judged, n_denied; /* commands that met a rule; and were denied by one */
	uint32_t n_holds;            /* that wait for a decision now */
	uint32_t pid;                /* of its backend; 0: not known yet */
};

enum {
	HOLD_PLAN_TABLES = 8,
	HOLD_PLAN_NAME = 64,
};

/* What a held command would do, as the server's planner guesses. All text is made visible. */
struct hold_plan {
	enum hold_plan_state {
		HOLD_PLAN_NONE, /* it was not asked, or has not answered */
		HOLD_PLAN_KNOWN,
		HOLD_PLAN_REFUSED, /* <words> say why */
	} state;

	double rows, cost;  /* rows that it changes, or returns; in the planner's units */
	char operation[16]; /* "Select", "Insert", "Update", "Delete", "Merge" */
	char tables[HOLD_PLAN_TABLES][HOLD_PLAN_NAME]; /* the first of them */
	uint32_t n_tables;                             /* all, more than there is room for */
	char words[128];
};

/* One hold that nobody has decided yet. Some 18 KiB. */
struct hold_view {
	uint64_t session, command; /* both name it */
	uint32_t target;
	char issuer[SESSION_SHOWN_MAX], sub[SESSION_SHOWN_MAX];
	char rule[SESSION_SHOWN_MAX], reason[SESSION_SHOWN_MAX];
	char text[HOLD_TEXT_MAX]; /* of the command, visible; its first TICKET_TEXT_MAX bytes */
	uint32_t text_bytes;      /* of the whole command */
	uint32_t n_values;        /* parameters of a Bind */
	uint64_t age_ms;
	struct hold_plan plan;
};

/* The calls below may be made by any thread; each takes the table's lock for as long as it copies. */

/* Open sessions in the order of their numbers, from the first one greater than <after>; at most
 * <max>. Returns how many. */
size_t sessions_list(struct sessions *s, uint64_t after, struct session_view *ret, size_t max);
/* The actor of an open session, as a reference that is the caller's. -ENOENT. */
int sessions_actor(struct sessions *s, uint64_t id, struct actor **ret_actor);
/* Ends it with SESSION_KILLED, at once. -ENOENT: there is none, or it is ending already. */
int sessions_kill(struct sessions *s, uint64_t id);

/* Holds in the order of (session, command), from the first one behind <after> (only .session and
 * .command are read; NULL: from the first). Returns how many. */
size_t sessions_holds(struct sessions *s, const struct hold_view *after, struct hold_view *ret,
		size_t max);

/* What becomes of a hold. <words> reach the client when it is denied, cut to what ticket_answer.text
 * takes, and the log. */
struct hold_decision {
	uint64_t session, command;
	bool allow;
	const char *who;   /* borrowed: for the log */
	const char *words; /* borrowed: printable; NULL: none */
};

/* 0; -ENOENT: it is not there, decided already, or nobody waits for it any more. */
int sessions_decide(struct sessions *s, const struct hold_decision *d);

struct sessions_stats {
	uint64_t open, ready, holds;           /* now */
	uint64_t identities[IDENTITY_REASONS]; /* answers to TICKET_WHO */
	uint64_t identity_busy;                /* refused: too many were being asked */
	uint64_t malformed;                    /* tickets that do not hold what they say */
	uint64_t begun, n_ready;               /* sessions with a known actor; that were let in */
	uint64_t ended[SESSION_ENDS];
	uint64_t logins[PGAUTH_REASONS];
	uint64_t weak_iterations;
	uint64_t commands, denied, held; /* of sessions that are over */
	uint64_t judged[TICKET_HOLD + 1];
	uint64_t holds_allowed, holds_denied; /* by somebody */
	uint64_t holds_forgotten;             /* nobody waited any more */
	uint64_t cancels, cancels_unknown;
	uint64_t works;           /* jobs done: TICKET_WORK, and salted passwords */
	uint64_t answers_waiting; /* now: for room in a worker's ring */
};

void sessions_stats(struct sessions *s, struct sessions_stats *ret_stats);
