/* SPDX-License-Identifier: Apache-2.0
 * Sessions through a spine, in one thread: agents, the fake's flows, the spine, servers, and the stub
 * control plane, turned until nothing moves. Unit tests and the fuzzer run on it.
 *
 * Rules are bench_rules.c's own (ruleset/match is replaced when linking): DROP is denied by "no-drop", UPDATE
 * held by "ask-first", what is not understood denied by "unparsed", all else allowed. */
#pragma once

#include "dataplane/inspect/spine.h"
#include "tests/support/ctrl_stub.h"
#include "tests/support/pg_peer.h"
#include "tests/support/stream_fake.h"

enum {
	BENCH_TALKS = 8,
	BENCH_NOW_S = 1800000000,
	BENCH_HANDSHAKE_MS = 5000,
	BENCH_NOTICE_MS = 2000,
	BENCH_HOLD_MS = 20000,
	BENCH_COMMAND_MAX = 8192, /* bytes of a message to the server */
	BENCH_USES_TLS_AGENT = 1,
	BENCH_USES_TLS_PROD = 2,
};

/* One connection, its two ends. */
struct talk {
	struct flow *flow; /* borrowed */
	struct pg_agent agent;
	struct pg_server server;
	bool agent_told, server_told;       /* of the end of what the other said */
	bool agent_is_deaf, server_is_deaf; /* it takes nothing: set by the test */
	bool server_has_ended;
};

struct bench {
	/* set between bench_init() and bench_start() */
	struct spine_conf conf;
	struct spine_target target;
	struct pg_agent_conf agent;
	struct pg_server_conf server;

	struct spine *spine;
	struct ring *tickets, *answers;
	struct ctrl ctrl;
	bool ctrl_sleeps; /* takes no tickets: set by the test */
	struct relay *relay;
	struct talk talks[BENCH_TALKS];
	uint32_t n_talks;
	bool has_spun; /* something asked for itself without end */
};

/* Of the default target: bench_rules.c, or a test's own. */
void bench_rules_open(void);
void bench_rules_close(void);
const struct spine_rules *bench_rules(void);

/* What the rules were told last that is not in the command's text. Borrows from its session. */
extern struct match_context bench_context;

/* What is made once: certificates and contexts. */
void bench_open(void);
void bench_close(void);

/* Defaults: clear legs, user app, token "good", a server that trusts, the rules above. <legs>: which
 * of them are TLS. */
void bench_init(struct bench *b, unsigned int legs);
void bench_start(struct bench *b);
/* Ends all flows, answers all questions; checks that blocks, memory and contexts came back. */
void bench_stop(struct bench *b);

/* A connection whose agent has not said anything yet. */
struct talk *bench_talk(struct bench *b);
/* Turns until nothing moves. */
void bench_run(struct bench *b);
/* The same over <ms> of time. */
void bench_wait(struct bench *b, uint32_t ms);
/* Says it and turns. */
void bench_say(struct bench *b, struct talk *t, const char *spec);
/* A connection that is logged in, or not: agent.state says. */
struct talk *bench_login(struct bench *b);

/* Has <pipe> these bytes in it somewhere? */
bool bench_has(const struct pipe *pipe, const char *text);
