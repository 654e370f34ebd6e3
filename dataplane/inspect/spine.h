/* SPDX-License-Identifier: Apache-2.0
 * The spine: inspected sessions of one worker. Stream bytes -> TLS -> codec -> rules -> pass, deny or
 * hold, with what the control plane has to say by tickets (handoff/ticket.h).
 *
 * A spine belongs to its worker's thread. It makes no system call, reads no clock and takes no heap
 * after spine_new(), but for what OpenSSL and libpg_query do themselves. It knows the engine by
 * dataplane/tcp/inspector.h only, so that tests and fuzzers run it over queues of their own. */
#pragma once

#include "dataplane/handoff/ticket.h"
#include "dataplane/inspect/rules.h"
#include "dataplane/tcp/inspector.h"
#include "dataplane/tls/tls.h"
#include "parsers/pg/pg.h"
#include "parsers/sql/judge.h"
#include "ruleset/match/match.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mask_key;

/* Of which commands the server is told their numbers. */
enum spine_labels {
	SPINE_LABELS_NONE,
	SPINE_LABELS_WRITES, /* of those that are not proven read-only */
	SPINE_LABELS_ALL,
};

/* What all sessions of one target share: immutable while flows use it; flow_policy.inspector_ctx. */
struct spine_target {
	uint32_t index;                  /* of the target, echoed in tickets */
	struct tls_ctx *agent_tls;       /* borrowed; NULL: that leg is clear text */
	struct tls_ctx *prod_tls;        /* borrowed; NULL: the same */
	bool prod_verified;              /* prod_tls checks the certificate */
	bool prod_direct_tls;            /* no SSLRequest: the handshake comes first */
	enum spine_labels labels;        /* label.c */
	bool estimates;                  /* held commands are planned by the server: estimate.c */
	bool token_in_clear;             /* a token may come without TLS */
	bool keeps_actor;                /* rules are, or may come to be, about who it is */
	const char *name;                /* borrowed; NULL: none */
	const char *user;                /* borrowed: whom we log in as */
	const struct mask_key *mask_key; /* borrowed; NULL while no rule masks */
	/* Borrowed; NULL: nothing is judged. */
	_Atomic(const struct spine_rules *) rules;
	/* Borrowed; NULL: none. Judged beside <rules> and only counted. */
	_Atomic(const struct spine_rules *) shadow;
	/* Each command has a record that is durable before it can have an effect, or, proven read-only,
	 * before its answer is let out: DESIGN.md 3, the two gates. */
	bool records;
	struct pg_conf pg;     /* limits; max_msg_bytes[CODEC_TO_SERVER] is the longest command */
	uint32_t handshake_ms; /* from the first byte (or none) until the session is ready */
	uint32_t notice_ms;    /* between the notices of a hold */
	uint32_t hold_ms;      /* then it is denied */
};

/* Sets what <pg> says of lengths: a command of up to <max_bytes>, header included, is judged whole, and a
 * statement that was prepared by one is kept. At most 8 MB - 1 KiB. */
static inline void spine_target_commands(struct spine_target *t, uint32_t max_bytes)
{
	t->pg.max_msg_bytes[CODEC_TO_SERVER] = max_bytes;
	if (t->pg.text_max_bytes < max_bytes)
		t->pg.text_max_bytes = max_bytes;
	/* one that is prepared while another of its name is still bound */
	t->pg.budget_bytes = pg_conf_default.budget_bytes + 2 * max_bytes;
}

extern const struct inspector inspector_postgres;

struct spine_conf {
	uint32_t max_sessions;      /* of this worker */
	uint64_t memory_bytes;      /* for all that sessions keep, taken at once */
	uint32_t max_command_bytes; /* the greatest of the targets' */
	uint32_t n_tickets;         /* in either ring */
	uint32_t cache_sets;        /* of texts whose facts are known, four each: a power of two */
	struct tls_limits tls;
	struct siphash_key key; /* of caches: random */
	uint32_t worker;        /* its number, from 0 */
};

struct spine;
struct ring;

struct spine_counters {
	uint64_t sessions, ready; /* begun; logged in */
	uint64_t ended[SESSION_ENDS];
	uint64_t commands, denied, held, cancelled;
	uint64_t notices, estimates;
	uint64_t too_long;   /* commands beyond the limit */
	uint64_t unlabelled; /* sessions whose server refused to be told commands' numbers */
	uint64_t slow;       /* steps that were done off the worker */
	uint64_t masked, unmaskable;       /* messages; values that became NULL for it */
	uint64_t catalogues, no_catalogue; /* servers were asked for theirs; in vain */
	uint64_t no_slot, no_memory, ticket_ring_full;
	uint64_t stale_answers;
};

/* NULL with errno: ENOMEM, EINVAL. <tickets> is put to by the spine, <answers> taken from: borrowed. */
struct spine *spine_new(const struct spine_conf *conf, struct ring *tickets, struct ring *answers);
/* Its flows are over, and nobody touches any more what was asked: answered or not. */
void spine_free(struct spine **s);

/* Once per turn of the worker's loop: takes answers, runs what is due. Returns how much it did. */
uint32_t spine_poll(struct spine *s, struct relay *r, uint64_t now_us);
/* When spine_poll() has something to do that no answer brings; UINT64_MAX: never. */
uint64_t spine_next_us(const struct spine *s);

/* Any thread: the wall clock's seconds since 1970 when now_us was 0. Certificates are judged by it. */
void spine_wall_clock(struct spine *s, int64_t epoch_s);

/* Written by the worker, may be sampled by anyone. */
const struct spine_counters *spine_counters(const struct spine *s);
const struct tls_counters *spine_tls_counters(const struct spine *s);
uint32_t spine_n_sessions(const struct spine *s);
uint64_t spine_memory_used(const struct spine *s);
