/* SPDX-License-Identifier: Apache-2.0
 * Recorded connections of PostgreSQL through the spine (dataplane/inspect): who judges what agents sent.
 *
 *	tap      what each end said, in order, as the engine put it together
 *	script   that as messages: which answer of the server belongs to which of the agent's
 *	ends     both ends of a connection of their own through an engine
 *	play     the recorded agent and the recorded server at these ends, the spine between them
 *	stub     the control plane: lets in anybody, decides as it was told */
#pragma once

#include "dataplane/flow/key.h"
#include "dataplane/handoff/ring.h"
#include "dataplane/handoff/ticket.h"
#include "dataplane/tcp/inspector.h"
#include "parsers/pg/pg.h"

#include <jansson.h>

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GATE_PACKS_MAX = 16,
	GATE_TEXT = 160,                 /* of a command that is shown */
	GATE_RECORDED_MAX = 512 << 20,   /* bytes of all connections that are kept */
	GATE_COMMAND_MAX = 1 << 20,      /* as targets[].limits has it by default */
	GATE_PATIENCE_US = 60 * 1000000, /* nothing moves for so long: the rest stays unsaid */
	GATE_FAREWELL_US = 2 * 1000000,
};

struct gate_conf {
	const char *packs[GATE_PACKS_MAX];
	size_t n_packs;              /* 0: nothing is judged, commands are listed */
	enum ticket_verdict on_hold; /* what a person decides: TICKET_ALLOW or _DENY */
};

/* tap.c */

struct tap_chunk {
	enum side from;
	uint32_t len;
};

/* What the two ends of one connection said. */
struct conversation {
	struct flow_key key;
	enum side initiator;
	uint8_t *bytes[SIDES]; /* owned: of each side, all in one piece */
	size_t len[SIDES], room[SIDES];
	struct tap_chunk *chunks; /* owned: in the order of their coming */
	size_t n_chunks, chunk_room;
	bool is_cut; /* there was more than could be kept */
};

struct tap {
	struct conversation **all; /* owned, and so is each */
	size_t n, room;
	size_t n_bytes;
	size_t n_lost; /* connections that no memory was left for */
};

/* Passes everything, and notes it in the struct tap that is the relay's inspect_ctx. */
extern const struct inspector inspector_tap;
void tap_done(struct tap *t);

/* script.c */

/* A message of the agent's, after the login. */
struct said {
	struct span wire; /* borrowed from the conversation */
	char type;
	char status;      /* of the ReadyForQuery among its answers; 0: there is none */
	uint64_t id;      /* the codec's; 0: nothing answers it */
	uint32_t run;     /* messages of one run came without a word of the server between them */
	uint32_t n_ready; /* ReadyForQuery messages that the agent had been sent by then */
	uint32_t first_answer, n_answers;
};

struct script {
	const char *unreadable; /* why it cannot be played, from some message on; NULL: it can */
	bool is_foreign;        /* and it is no PostgreSQL at all */
	bool is_begun;          /* the login can: what comes before that message is played */
	bool is_cancel;
	struct span hello[4]; /* untyped packets, the start-up packet or the cancel request last */
	size_t n_hello;
	struct said *said; /* owned */
	size_t n_said, said_room;
	struct span *answers; /* owned; the first <n_opening> are the login's */
	size_t n_answers, answer_room, n_opening;
	char user[64], database[64];
};

/* -ENOMEM; what cannot be read is no error: see <unreadable>. */
int script_read(struct script *s, const struct conversation *c);
void script_done(struct script *s);

/* ends.c */

struct ends;

struct ends_env {
	void *ctx;
	/* Bytes in order came to the end at <at>; n == 0: the end of them. Puts in no more than
	 * ends_say() and ends_fin(). */
	void (*heard)(void *ctx, enum side at, const uint8_t *bytes, uint32_t n);
	const struct inspector *inspector;
	void *inspector_ctx, *owner; /* flow_policy.inspector_ctx, relay_env.inspect_ctx */
};

/* A connection that the agent opens. NULL: out of memory. */
struct ends *ends_new(const struct ends_env *env, const struct flow_key *key);
void ends_free(struct ends **e);
struct relay *ends_relay(struct ends *e);
uint64_t ends_now_us(const struct ends *e);
void ends_time(struct ends *e, uint64_t now_us);
int ends_say(struct ends *e, enum side from, struct span bytes);
/* Behind all that was said. */
void ends_fin(struct ends *e, enum side from);
/* Sends what may go, polls the engine. Anything moved? */
bool ends_turn(struct ends *e);

/* stub.c */

struct judged {
	uint64_t command;
	enum ticket_verdict verdict; /* by the rules */
	bool is_sent;                /* it went to the server, or was to */
	char rule[TICKET_RULE_MAX];  /* "": none spoke */
	char text[GATE_TEXT];
};

struct stub {
	struct ring *tickets, *answers; /* borrowed */
	enum ticket_verdict on_hold;
	struct judged *judged; /* owned */
	size_t n, room;
	bool is_gone;
	uint32_t why, n_denied; /* of its end */
	uint64_t n_commands;
	char detail[96];
};

/* Answers all that is asked; how much there was. */
uint32_t stub_turn(struct stub *s);

/* play.c */

struct played {
	const struct conversation *of; /* borrowed */
	char user[64], database[64];
	const char *unreadable;
	bool is_foreign, is_cancel, is_played;
	struct stub stub;
	uint32_t n_said, n_unsaid; /* messages of the agent's after the login */
	char error[160];           /* the last that the agent was told */
	bool is_unnoticed; /* behind the login it was told, byte for byte, what it was told then */
};

struct gate {
	struct played *all; /* owned */
	size_t n;
};

/* Plays each. 0; -ENOENT: no such pack; -ENOMEM; each with one line on stderr. */
int gate_play(struct gate *g, const struct gate_conf *conf, const struct tap *tap);
void gate_done(struct gate *g);
/* A connection of PostgreSQL could not be read; says so on stderr. */
bool gate_is_unreadable(const struct gate *g);

/* print.c */

enum { ENDPOINT_MAX = INET6_ADDRSTRLEN + 10 };

struct screen {
	size_t width;
	bool colour;
};

struct screen screen_of(int fd);
const char *endpoint(char text[ENDPOINT_MAX], const struct flow_key *key, enum side side);

/* gate_print.c */
void gate_print_table(const struct gate *g, struct screen s);
json_t *gate_json(const struct gate *g);
