/* SPDX-License-Identifier: Apache-2.0
 * Inside ctrlplane/session. What is not marked otherwise is called by the session thread with
 * sessions.lock taken. */
#pragma once

#include "ctrlplane/credential/credential.h"
#include "ctrlplane/credential/salted.h"
#include "ctrlplane/session/session.h"
#include "parsers/base/siphash.h"

#include <pthread.h>

enum {
	BUCKETS = 4096,
	SALTED_ENTRIES = 256,
	ENDPOINT_MAX = 64, /* bytes of "[address]:port" */
};

/* One answer on its way to a worker. Made before its question is taken, so that none is lost for want
 * of memory. */
struct reply {
	struct reply *next;
	uint32_t worker;
	struct ticket_answer answer;
};

/* What another thread has to say to the session thread. */
struct event {
	struct event *next;
	/* Frees <e>. <s> NULL: the sessions are over, by any thread and without the lock. */
	void (*take)(struct sessions *s, struct event *e);
};

/* inbox.c: outlives the sessions when somebody still has a reference. Any thread. */
struct inbox;
struct inbox *inbox_new(void); /* with one reference; NULL: out of memory */
struct inbox *inbox_ref(struct inbox *i);
void inbox_unref(struct inbox **i);
void inbox_put(struct inbox *i, struct event *e);
void inbox_poke(struct inbox *i); /* wakes the session thread */
/* What is put from now on, and what is there, is over: see event.take. */
void inbox_close(struct inbox *i);
/* All that was put, oldest first; waits for something to do at most <timeout_us>. */
struct event *inbox_take(struct inbox *i, uint64_t timeout_us);

/* work.c: one thread, first come first served. */
struct job {
	struct job *next;
	struct event *done;           /* put into the inbox when it was run */
	void (*run)(struct job *job); /* on the work thread */
};

struct work;
int work_new(struct inbox *inbox, struct work **ret_work); /* <inbox>: borrowed */
/* Ends the thread; jobs that were not run are over: their events are taken with NULL. */
void work_free(struct work **w);
void work_put(struct work *w, struct job *job); /* any thread; never waits */

/* A command that waits, unsent, for a decision. */
struct hold {
	struct hold *next;
	struct reply *out; /* owned: the answer to be, with the block */
	uint64_t command, since_us;
	struct hold_plan plan;
};

/* What the client said of itself: not trusted. */
struct session_client {
	struct flow_key key;
	bool encrypted;
	char user[TICKET_NAME_MAX + 1];
	char database[TICKET_NAME_MAX + 1];
	char application[TICKET_NAME_MAX + 1];
};

enum session_phase {
	PHASE_ASKED,   /* identity has not answered yet */
	PHASE_REFUSED, /* it said no, or the server did */
	PHASE_KNOWN,   /* has an actor and a number */
	PHASE_READY,
};

struct login;

/* What is known here of a session (the worker has its struct session), from its token until the worker
 * says that it is gone and nobody else has it in hand. */
struct session_entry {
	struct session_entry *next_in_bucket;
	struct session_entry *prev, *next; /* with a number: in its order */
	uint32_t worker, slot, gen, target;
	enum session_phase phase;
	_Atomic uint32_t n_refs; /* the table's, and of whoever works for it */
	bool is_gone;
	uint64_t id; /* 0: none yet */
	struct session_client client;
	struct actor *actor; /* owned reference */
	struct login *login; /* owned: until the server has let us in */
	struct reply *end;   /* owned: TICKET_END to be; NULL: it was sent */
	enum session_end end_why;
	uint64_t since_us;
	uint32_t pid;
	uint64_t key_hash; /* of what cancels its commands */
	bool has_key;
	struct hold *holds; /* owned: in the order of their commands */
	uint32_t n_holds;
	uint64_t n_judged, n_denied;
};

/* Answers that wait for room in a worker's ring. */
struct reply_queue {
	struct reply *first, **last;
};

struct sessions {
	const struct conf *conf;   /* borrowed */
	struct identity *identity; /* borrowed */
	struct sessions_port port; /* the session thread's */
	struct sessions_clock clock;
	struct credential **credentials; /* owned, as each is: by target, NULL: none */
	struct pgauth_stats logins;
	struct salted_cache *salted; /* owned */
	struct inbox *inbox;         /* owned reference */
	struct work *work;           /* owned */
	struct siphash_key hash_key; /* random */
	pthread_t thread;
	bool has_thread;
	_Atomic bool stop;
	struct reply *spare;  /* owned: for the next question; the session thread's */
	uint64_t checked_us;  /* the session thread's */
	pthread_mutex_t lock; /* of all below */
	struct session_entry *buckets[BUCKETS];
	struct session_entry *first, *last; /* with a number */
	struct reply_queue *replies;        /* owned: port.n_workers */
	uint64_t next_id;
	struct sessions_stats stats; /* but for logins */
};

uint64_t sessions_now_us(const struct sessions *s);

/* table.c */
struct session_entry *session_find(struct sessions *s, uint32_t worker, const struct ticket *t);
/* A session that asks who its client is; what was at its slot before is over. NULL: no memory. */
struct session_entry *session_add(struct sessions *s, uint32_t worker, const struct ticket *t);
void session_ref(struct session_entry *e);
/* Frees it with the last reference. Any thread, without the lock. */
void session_unref(struct session_entry *e);
/* It has an actor, which is the session's from now on: gives it its number. */
void session_know(struct sessions *s, struct session_entry *e, struct actor *actor);
/* Its worker has none any more: holds are answered, the table's reference is given up. */
void session_gone(struct sessions *s, struct session_entry *e);
/* Tells the worker to end it, once. */
void session_end(struct sessions *s, struct session_entry *e, enum session_end why);
/* Ends all whose time is over or who are revoked. */
void sessions_check(struct sessions *s);
/* Gives up what is left. */
void sessions_forget_all(struct sessions *s);

/* reply.c */
struct reply *reply_new(void); /* any thread; NULL: no memory */
void reply_put(struct sessions *s, struct reply *take);
void reply_rc(struct sessions *s, struct reply *take, int32_t rc);
/* Gives the workers what they have room for. Returns how much. */
size_t replies_flush(struct sessions *s);
void replies_done(struct sessions *s);

/* Questions: each takes <q>, whose answer has all but rc, and puts it, now or later. */
void who_take(struct sessions *s, const struct ticket *t, struct reply *q);
void login_take(struct sessions *s, const struct ticket *t, struct reply *q);
void may_take(struct sessions *s, const struct ticket *t, struct reply *q);
void plan_take(struct sessions *s, const struct ticket *t, struct reply *q);
void cancel_take(struct sessions *s, const struct ticket *t, struct reply *q);
void work_take(struct sessions *s, const struct ticket *t, struct reply *q);
/* News. */
void ready_take(struct sessions *s, uint32_t worker, const struct ticket *t);
void gone_take(struct sessions *s, uint32_t worker, const struct ticket *t);
void forget_take(struct sessions *s, uint32_t worker, const struct ticket *t);
void judged_take(struct sessions *s, uint32_t worker, const struct ticket *t);

/* login.c: wipes it. NULL is nothing. */
void login_free(struct login **l);

/* hold.c: answers all of a session's with a denial that reaches nobody. */
void holds_drop(struct sessions *s, struct session_entry *e);

/* The block's struct of <size> bytes; NULL, counted: there is none, or it has no room for one. */
void *reply_block(struct sessions *s, const struct reply *q, size_t size);

/* text.c: "10.0.0.1:5432". */
void text_endpoint(char text[ENDPOINT_MAX], const struct flow_key *key, enum side side);
/* Made visible, at most <size> bytes with the NUL. */
void text_show(char *to, size_t size, const void *text, size_t len);
