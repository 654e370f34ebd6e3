/* SPDX-License-Identifier: Apache-2.0
 * One inspected connection, and the worker's side of all of them. Only inspect/ sees this.
 *
 *	leg     one end: plaintext in and out, whether or not there is TLS below
 *	start   what the agent says before anybody is known
 *	login   what is said to the server before it lets us in
 *	talk    messages both ways, each settled by the codec
 *	judge   a command's verdict, and the wait for one */
#pragma once

#include "dataplane/flow/wheel.h"
#include "dataplane/inspect/arena.h"
#include "dataplane/inspect/context.h"
#include "dataplane/inspect/rate.h"
#include "dataplane/inspect/spine.h"
#include "parsers/pg/write.h"
#include "ruleset/scan/scan.h"

#include <stdatomic.h>

enum {
	SPINE_VIEWS = 2048,        /* spans of a stream that are looked at in one go */
	SPINE_SCRATCH = 128 << 10, /* plaintext that is read in one go, at least */
	SPINE_MARGIN = 16 << 10,   /* room that the settling of one message may need, either way */
	SPINE_SAY = PG_REPORT_MAX + 64,
};

enum stage {
	STAGE_HELLO,     /* the agent's first packets */
	STAGE_AGENT_TLS, /* its handshake */
	STAGE_TOKEN,     /* its password is awaited */
	STAGE_WHO,       /* asked who it is, or whose the cancel key is */
	STAGE_PROD_ASK,  /* the server is asked for TLS */
	STAGE_PROD_TLS,
	STAGE_LOGIN, /* the server's requests */
	STAGE_TALK,
	STAGE_CANCEL, /* a cancel request has been sent on: the server closes */
	STAGE_OVER,
};

struct leg {
	struct tls_conn *tls; /* owned; NULL: clear text */
	uint8_t *kept;        /* owned, the arena's: plaintext that was read and not consumed */
	uint32_t kept_cap, kept_len;
	uint32_t kept_used; /* of these consumed, while a window stands on them */
	uint32_t need;      /* bytes until it is worth looking again; 0: any */
	enum side side;
	bool at_end;    /* no more plaintext than was handed out */
	bool is_closed; /* the other end's end was passed on to here */
};

/* Plaintext of a leg that stands in one piece, while it is worked on. */
struct window {
	const uint8_t *ptr;
	uint32_t len;
	uint32_t at;    /* consumed so far */
	uint32_t fresh; /* of <len>: read just now */
	bool is_full;   /* there may be more below than had room: nobody calls again for that */
	bool is_direct; /* the bytes are still in the stream: clear text, nothing kept */
};

/* A direction of the talk. */
struct lane {
	uint64_t pass_left; /* bytes of settled messages that are still to be sent on */
	bool waits;         /* for an answer of the server */
};

enum work {
	WORK_NONE,
	WORK_AGENT_TLS,
	WORK_PROD_TLS,
	WORK_SQL,
	WORK_CATALOG,
};

/* Facts of a text that is too long for the worker; made on the work thread. */
struct sql_work {
	struct sql_settings settings;
	struct sql_limits limits;
	const struct sql_facts *facts;
	enum sql_rc rc;
	uint32_t cap, text_len;
	size_t facts_bytes;
	uint8_t *room; /* the text, then the facts: in one block of the arena with this struct */
};

enum hold_state {
	HOLD_NONE,
	HOLD_ASKED,
	HOLD_ALLOWED, /* the command at the head of the agent's direction may go */
	HOLD_DENIED,
};

/* The record of the command at the head of the agent's direction. */
enum record_state {
	RECORD_NONE,
	RECORD_ASKED, /* the command waits for it */
	RECORD_DONE,  /* the command may go: it is durable, or the answer waits for it */
	RECORD_FAILED,
};

struct hold {
	enum hold_state state;
	uint64_t since_us, notice_us; /* the next notice */
	const char *code;             /* of a denial */
	bool may_estimate;            /* the server may be asked what the command would touch */
	char rule[TICKET_RULE_MAX];
	char text[128]; /* why it was denied */
};

/* Bytes for an end that had no room for all of them. */
struct owed {
	uint8_t *ptr; /* owned, the arena's; NULL: none */
	uint32_t len, at;
};

/* application_name, as the server has it. */
struct label {
	bool is_refused; /* by the server: it keeps the name that it has */
	uint8_t own_len;
	char own[PG_NAME_MAX]; /* what the client calls itself */
	uint64_t command;      /* that was announced last */
};

/* What a session keeps for masks. */
struct session_masks {
	struct owed owed;                    /* to the agent: of a message that was masked */
	struct pg_walk walk;                 /* of a row that comes in slices */
	struct mask_note *note;              /* owned: of the command at the head */
	struct mask_note *notes, *last_note; /* owned: of those that are unanswered */
	bool may_change;                     /* the command at the head: the catalogue */
	bool has_changed;                    /* one did that was sent, and it was not read since */
	bool holds_rules;                    /* session.rules stay: they are counted */
	bool has_no_catalogue;               /* the last reading failed */
	struct reading *reading;     /* owned, the arena's: the server is asked for the catalogue */
	struct catalogue *catalogue; /* borrowed, the spine's; counted */
	uint64_t database;           /* a hash of its name */
};

struct session {
	struct spine *spine;
	struct relay *relay;
	struct flow *flow; /* NULL: it is over */
	const struct spine_target *target;
	const struct spine_rules *rules; /* taken anew by whoever is called from outside: spine.c */
	struct pg_session *pg;           /* behind this struct */
	uint64_t id;                     /* 0: nobody is known */
	uint32_t slot, gen;
	uint32_t next_over; /* the list of those that are over */
	enum stage stage;
	enum work work;
	enum session_end why;
	bool is_cancel, is_ready;
	bool is_barred, is_unsure; /* what may set is unanswered; is not known to be reported */
	bool has_asked, is_asking; /* the login: at all, now */
	bool has_flushed;          /* the server was asked for what a command waits for */
	bool is_shadowed;          /* so was it to the rules that only watch */
	bool is_told;              /* the verdict on the command at the head was */
	bool only_reads;           /* the command at the head: proven, and opens no transaction */
	struct leg agent, prod;
	struct lane lane[CODEC_DIRS];
	struct hold hold;
	struct label label;
	enum record_state record;
	uint32_t n_unwritten; /* records of commands that were sent: no answer is let out before */
	struct sql_work *sql; /* owned, the arena's */
	struct session_masks masks;
	struct session_actor *actor; /* owned, the arena's; NULL: not known, or no rule asks */
	struct rate_state rate;
	uint8_t *start; /* owned, the arena's: the start-up packet, or the cancel request */
	uint32_t start_len;
	uint32_t n_denied, n_held;
	uint64_t n_commands;
	bool is_estimate_told;
	uint64_t estimated;   /* the command whose plan the server is asked for; 0: none */
	uint64_t deadline_us; /* of the handshake; 0: none */
	uint64_t retry_us;    /* buffers were lacking; 0: no */
	char detail[96];
};

/* What was read of a database. */
struct catalogue {
	bool is_used, is_stale;
	uint64_t key; /* target, database, encoding */
	uint8_t policy[32];
	uint32_t n_users, n_readers;
	uint64_t read_us, version, n_changes;
	const struct catalog *catalog; /* NULL: not yet */
	uint8_t *block;                /* owned, the arena's: what it lies in */
	uint32_t bytes;
};

enum { CATALOGUES = 64 };

struct spine {
	struct spine_conf conf;
	struct ring *tickets, *answers; /* borrowed */
	struct arena arena;
	struct wheel wheel;
	struct tls_worker *tls;  /* owned */
	struct masking *masking; /* owned */
	struct catalogue catalogues[CATALOGUES];
	uint64_t n_catalogues_read;
	uint8_t *slots; /* owned: sessions, each with its codec's state */
	size_t slot_bytes;
	uint32_t *free_slots; /* owned: a stack */
	uint32_t n_free, n_sessions;
	uint32_t over_head; /* of session.next_over */
	uint8_t *scratch;   /* owned */
	uint32_t scratch_bytes;
	struct span *views; /* owned */
	struct sql_judge judge;
	void *judge_memory[4]; /* owned: cache, shapes, exacts, facts */
	uint8_t words[512];    /* of a denial or a notice, being made */
	uint8_t plan_server[PG_PLAN_BYTES], plan_client[PG_PLAN_BYTES]; /* of the codec's plan */
	uint64_t now_us;
	_Atomic int64_t epoch_s; /* wall clock when now_us was 0; written by control */
	uint64_t texts[SCAN_PATTERNS_MAX / 64]; /* of texts_of() */
	struct spine_counters counters;
};

/* leg.c. Negative results end the session. */
int leg_tls_begin(struct session *s, struct leg *l, struct tls_ctx *ctx);
/* TLS_OK, _NEED_INPUT (also: wait for room), _SLOW (a ticket is out) or _FAILED. */
enum tls_rc leg_handshake(struct session *s, struct leg *l);
/* What can be read, in one piece. 0; -ENOMEM, -EPROTO. */
int leg_window(struct session *s, struct leg *l, struct window *ret);
/* Takes the next <n> bytes of the window out. */
void leg_consume(struct session *s, struct leg *l, struct window *w, uint32_t n);
/* The same, and sends them on to <to>. Returns how many: fewer when there is no room. */
int64_t leg_pass(struct session *s, struct leg *l, struct window *w, struct leg *to, uint32_t n);
/* The window is not looked at any more; what it has left is kept. <need>: as struct leg. 0;
 * -ENOMEM, -EMSGSIZE. */
int leg_keep(struct session *s, struct leg *l, struct window *w, uint32_t need);
/* Plaintext to that end. How many bytes were taken; -EIO: TLS failed. What an end that is closed
 * would get is taken, too. */
int64_t leg_write(struct session *s, struct leg *l, const uint8_t *bytes, uint32_t n);
/* Room for plaintext; 0 also while output waits. */
uint32_t leg_room(struct session *s, struct leg *l);
/* What TLS has made and the stream did not take goes out, now or when there is room. */
void leg_flush(struct session *s, struct leg *l);
/* Runs <l>'s other direction again when there is room to <l>. */
void leg_room_need(struct session *s, struct leg *l, uint32_t n);
/* The other end has nothing more to say to this one. */
void leg_close(struct session *s, struct leg *l);
/* TLS's own word for that; the stream stays open. */
void leg_close_notify(struct session *s, struct leg *l);
/* Not while its TLS is away. */
void leg_free(struct session *s, struct leg *l);

/* spine.c */
/* Goes on to <stage>, unless it is over: the engine may end a flow within any call that puts bytes in. */
static inline bool session_stage(struct session *s, enum stage stage)
{
	if (s->stage != STAGE_OVER)
		s->stage = stage;
	return s->stage == stage;
}

int session_ask(struct session *s, struct ticket *t);
int session_work(struct session *s, enum work what, void (*run)(void *), void *arg);
struct ticket_block *session_block(struct session *s, size_t bytes);
void session_rearm(struct session *s);
/* Runs what stands after something has changed on <side>. */
void session_run(struct session *s, enum side side);

/* What judges and masks in this call of the engine's, the same to its end, whatever is published meanwhile; NULL:
 * nothing does. Not to be kept beyond it. */
static inline const struct spine_rules *session_rules(const struct session *s)
{
	return s->rules;
}

/* The codec's plan over the spine's buffers. */
static inline struct codec_plan plan_of(struct spine *sp)
{
	return (struct codec_plan){ .to_server = ob_of(sp->plan_server, PG_PLAN_BYTES),
		.to_client = ob_of(sp->plan_client, PG_PLAN_BYTES) };
}

/* say.c */
struct refusal {
	enum session_end why;
	const char *code; /* SQLSTATE; NULL: nothing is said */
	const char *message, *hint;
};

/* Ends the session; the agent hears why when it can. */
void session_refuse(struct session *s, const struct refusal *r);
void session_close(struct session *s, enum session_end why, const char *detail);
int say_notice(struct session *s, const char *message, const char *hint);
struct span text_span(const char *text);
void text_decimal(uint64_t v, struct outbuf *o);
/* Cut to <size> - 1 bytes, always ended by a NUL. */
void text_copy(char *to, size_t size, const char *from);

/* start.c, login.c */
void start_run(struct session *s);
void start_answered(struct session *s, const struct ticket_answer *a);
void login_begin(struct session *s);
void login_run(struct session *s);
void login_answered(struct session *s, const struct ticket_answer *a);
/* Bytes of ours in the server's place: the codec reads them as the server's, the agent gets them. */
int say_as_server(struct session *s, struct span bytes);

/* talk.c */
void talk_run(struct session *s, enum codec_dir dir);

/* judge.c */
enum judged {
	JUDGED_ALLOW,
	JUDGED_DENY,
	JUDGED_WAIT,
};

enum judged judge_command(struct session *s, const struct codec_msg *msg, struct codec_denial *why);
/* A denial or a decision has been carried out; <id>: it was sent, as that. */
void judge_settled(struct session *s, uint64_t id);
struct sql_settings judge_settings(const struct session *s);
/* shadow.c. What rules that only watch say of a command of which those in force say <in_force>. */
void shadow_judge(struct session *s, const struct match_command *m, struct span text,
		const struct match_result *in_force);
void judge_answered(struct session *s, const struct ticket_answer *a);
void judge_cancelled(struct session *s);
/* The command at the head of the agent's direction waits: for a person, a record, facts. */
bool judge_is_waiting(const struct session *s);

/* label.c */
/* Appends the name, at most PG_NAME_MAX bytes; <command> 0: of no command. */
void label_put(const struct session *s, uint64_t command, struct outbuf *o);
/* The client calls itself so. */
void label_own(struct session *s, struct span own);
/* The next command may go: puts before it what tells the server its number, where there is a place. */
void label_announce(struct session *s, struct outbuf *to_server);
/* The server answered that. */
void label_answered(struct session *s, const struct codec_msg *msg);
/* A ParameterStatus: of application_name the client is told its own part. */
void label_reported(struct session *s, const struct codec_msg *msg, struct codec_plan *plan);

/* estimate.c */
/* Planning the command does nothing. */
bool estimate_may(const struct session *s, const struct match_command *m);
/* The command has just been held: asks for its plan, if there is a place for that. */
void estimate_ask(struct session *s, const struct codec_msg *msg, struct outbuf *to_server);
/* The server answers that. */
void estimate_answered(struct session *s, const struct codec_msg *msg);

/* record.c */
/* The gate of a command's record; <is_read_only> is proven. */
enum judged record_command(struct session *s, const struct pg_command *c, bool is_read_only,
		struct codec_denial *why);
void record_answered(struct session *s, const struct ticket_answer *a);

/* judge.c, in time */
void judge_tick(struct session *s);
void judge_forget(struct session *s);
