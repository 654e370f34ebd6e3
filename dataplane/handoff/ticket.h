/* SPDX-License-Identifier: Apache-2.0
 * What an inspected session asks the control plane, and what it is told: plain values over rings
 * (ring.h), one ring each way for each worker.
 *
 * A worker that has asked holds the direction that waits and goes on with other flows. A session is
 * named by its slot and the slot's generation at its worker: an answer to one that is gone is stale
 * and frees its block, nothing else. Every question is answered exactly once, in any order.
 *
 * Blocks are the worker's memory. One travels with the ticket and comes back with the answer, which is
 * written over the question; whoever holds the value owns the block. The control plane keeps none. */
#pragma once

#include "dataplane/flow/key.h"

#include <stdbool.h>
#include <stdint.h>

enum ticket_kind {
	/* questions */
	TICKET_WHO,     /* block: struct ticket_who. Who is it, and may they reach the target? */
	TICKET_LOGIN,   /* block: struct ticket_login. What does the server get to hear? */
	TICKET_MAY,     /* block: struct ticket_may. A command is held: may it run? */
	TICKET_WRITTEN, /* block: struct ticket_record. Is the command's record durable? */
	TICKET_CANCEL,  /* block: struct ticket_cancel. Whose commands does this key cancel? */
	TICKET_PLAN,    /* block: struct ticket_plan. What a held command would do; answered by 0 */
	TICKET_WORK,    /* run(arg) on a thread that may take its time; no block */
	/* news: not answered, no block */
	TICKET_READY,  /* the session is open: <key> cancels its commands */
	TICKET_GONE,   /* the session is over: <why>, counts */
	TICKET_FORGET, /* nobody waits any more for the decision on <command> */
	TICKET_JUDGED, /* a command got a verdict from a rule: <command>, <verdict>, <rule> */
	TICKET_KINDS,
};

/* Why a session ended. */
enum session_end {
	SESSION_CLOSED, /* by the client or the server, or the connection broke */
	SESSION_NOT_STARTED, /* before anybody was verified: garbage, silence, no TLS, a failed handshake */
	SESSION_REFUSED,  /* the token */
	SESSION_LOGIN,    /* the server did not let us in */
	SESSION_PROTOCOL, /* one of the two broke the protocol */
	SESSION_LIMIT,    /* memory, or a limit on what a session may keep */
	SESSION_EXPIRED,  /* the token has */
	SESSION_REVOKED,
	SESSION_KILLED,
	SESSION_ENDS,
};

enum ticket_verdict {
	TICKET_ALLOW,
	TICKET_DENY,
	TICKET_HOLD, /* in news only */
};

enum {
	TICKET_TOKEN_MAX = 64 << 10,
	TICKET_NAME_MAX = 255,
	TICKET_LOGIN_BYTES = 4096, /* of a ticket_login's bytes: room for any answer */
	TICKET_KEY_MAX = 256,      /* of a cancel key */
	TICKET_RULE_MAX = 64,
	TICKET_TEXT_MAX = 4096,   /* of a held command's text that is shown; the rest is counted */
	TICKET_ACTOR_ROOM = 2048, /* free bytes behind a ticket_who, for the answer */
	TICKET_PLAN_MAX = 16 << 10, /* of a plan; a longer one is cut, and no plan any more */
	TICKET_BINDING_MAX = 64,
};

struct ticket_block {
	uint32_t cap_bytes; /* of what follows this struct */
	uint32_t len_bytes;
	uint8_t bytes[];
};

struct ticket_who {
	struct flow_key key;
	uint32_t token_len;             /* its bytes follow this struct */
	bool encrypted;                 /* the agent's leg */
	char user[TICKET_NAME_MAX + 1]; /* what the client asked for: not trusted */
	char database[TICKET_NAME_MAX + 1];
	char application[TICKET_NAME_MAX + 1];
};

/* The answer to WHO, when it is 0: who it is, as rules ask. What has no room in the block has len 0. */
struct ticket_actor {
	uint32_t len;
	uint8_t bytes[]; /* texts, each with its NUL: the subject, the issuer's name, the groups */
};

/* One step of a login at the server. The first has <begin>. Asked: the body of an 'R' message.
 * Answered: one whole message for the server, or none (len 0: wait for its next word). */
struct ticket_login {
	bool begin;
	bool encrypted, verified; /* of the server's leg: TLS; and its certificate was checked */
	uint8_t binding_len;      /* tls-server-end-point (RFC 5929 4.1); 0: none */
	uint8_t binding[TICKET_BINDING_MAX];
	uint32_t len;
	uint8_t bytes[TICKET_LOGIN_BYTES];
};

struct ticket_may {
	char rule[TICKET_RULE_MAX];
	char reason[256];
	uint32_t text_bytes; /* of the command; at most TICKET_TEXT_MAX of them follow this struct */
	uint32_t text_len;   /* that follow */
	uint32_t n_values;   /* parameters of a Bind */
};

/* What the server says to EXPLAIN (FORMAT JSON), or why it does not. */
struct ticket_plan {
	bool is_plan; /* else the words of an error */
	bool is_cut;
	uint32_t len;
	uint8_t bytes[]; /* the server's: not trusted */
};

struct ticket_record {
	bool is_read_only;   /* proven: it has been sent, and its answer waits for this one */
	uint32_t text_bytes; /* of the command; at most TICKET_TEXT_MAX of them follow this struct */
	uint32_t text_len;   /* that follow */
	uint32_t n_values;   /* parameters of a Bind */
};

struct ticket_cancel {
	struct flow_key key;
	uint32_t target;
	uint32_t pid;
	uint32_t key_len;
	uint8_t bytes[TICKET_KEY_MAX];
};

struct ticket {
	uint32_t kind; /* enum ticket_kind */
	uint32_t slot, gen;
	uint32_t target;
	uint64_t session; /* 0: nobody is known yet */
	uint64_t command; /* MAY, WRITTEN, PLAN, JUDGED, FORGET: its number in the session */
	struct ticket_block *block; /* owned; NULL: none */

	union {
		struct { /* TICKET_WORK */
			void (*run)(void *arg);
			void *arg;
		} work;

		struct { /* TICKET_READY */
			uint32_t pid, key_len;
			uint8_t key[TICKET_KEY_MAX];
		} ready;

		struct {              /* TICKET_GONE */
			uint32_t why; /* enum session_end */
			uint32_t n_denied, n_held;
			uint64_t n_commands;
			char detail[96]; /* printable; "": none */
		} gone;

		struct {                  /* TICKET_JUDGED */
			uint32_t verdict; /* enum ticket_verdict */
			char rule[TICKET_RULE_MAX];
			char text[160]; /* the command's beginning without its literals, made visible */
		} judged;
	};
};

enum ticket_answer_kind {
	TICKET_ANSWER,    /* to the question <of> */
	TICKET_END,       /* no question: the session is to end, <why> */
	TICKET_CANCELLED, /* no question: the client has cancelled; ends a hold, else nothing */
};

struct ticket_answer {
	uint32_t kind; /* enum ticket_answer_kind */
	uint32_t of;   /* enum ticket_kind */
	uint32_t slot, gen;
	/* WHO: 0 or -EACCES (say no more). LOGIN: 0: the server gets the block's bytes; 1: we are let
	 * in; -EACCES: give up. WRITTEN: 0; -errno: it cannot be, the command
	 * is denied. MAY: enum ticket_verdict. CANCEL: 0: send it on; 1: done already;
	 * -ENOENT: nobody's. */
	int32_t rc;
	uint32_t why;               /* TICKET_END: enum session_end */
	uint64_t session;           /* WHO: its number */
	uint64_t command;           /* MAY: which */
	struct ticket_block *block; /* owned; what came with the question */
	char text[128];             /* MAY, denied: why, in the approver's words; "": none */
};
