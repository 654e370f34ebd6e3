/* SPDX-License-Identifier: Apache-2.0
 * Who an agent is: verifies JWT access and ID tokens (RFC 7519, RFC 9068, OpenID Connect Core 1.0)
 * against the issuers of the configuration, and says which targets the actor may reach. */
#pragma once

#include "ctrlplane/conf/conf.h"
#include "parsers/base/span.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum identity_reason {

#define REASON(sym, text) IDENTITY_##sym,
#include "ctrlplane/identity/reason.tbl.h"
#undef REASON
	IDENTITY_REASONS,
};

/* All that a client is ever told, whatever the reason. */
#define IDENTITY_CLIENT_TEXT "authentication failed"

/* "key_weak", and a text for the log. "-" beyond the last one. */
const char *identity_reason_name(enum identity_reason reason);
const char *identity_reason_text(enum identity_reason reason);

enum {
	ACTOR_TEXT_MAX = 255, /* bytes of any one text of an actor, NUL not counted */
	ACTOR_GROUPS_MAX = 256,
	ACTOR_ACTS_MAX = 8,
};

/* One link of the act chain (RFC 8693 4.1): who acts for the subject. */
struct actor_act {
	const char *sub;
	const char *iss; /* "": not said */
};

/* A verified identity: immutable but for the count, one block of memory, at most some 200 KiB. Every
 * text is UTF-8 with a NUL at its end and none within, and may hold control characters: what is
 * printed is made by actor_json(). */
struct actor {
	_Atomic uint32_t refs;
	uint32_t issuer;         /* index in conf_identity.issuers */
	const char *issuer_name; /* these point into the block */
	const char *iss, *sub;
	const char *client_id; /* client_id or azp; "": not said */
	const char *jti;       /* "": not said */
	const char *const *groups;
	const struct actor_act *acts; /* [0] acts now, the others did before */
	uint32_t n_groups, n_acts;
	int64_t exp_s;   /* since 1970: what the token says */
	int64_t until_s; /* exp_s and the issuer's clock_skew: no command is sent from then on */
	size_t size_bytes;
	uint8_t token_sha256[32];
};

struct actor *actor_ref(struct actor *a);
/* Frees it with the last reference; NULL is nothing. Sets *a to NULL. */
void actor_unref(struct actor **a);
/* One line of JSON in ASCII, every control character escaped: for logs and records. To be freed;
 * NULL: out of memory. */
char *actor_json(const struct actor *a);

struct identity;
struct identity_env;

/* Starts the thread, which fetches all keys at once. <conf> outlives it. <env>: NULL for the
 * system's clocks and libcurl; else see env.h. -EBADMSG: the file of revocations is damaged;
 * -ENOENT: there is no data_dir; other -errno: it cannot be read, or no memory, no thread. */
int identity_new(const struct conf *conf, const struct identity_env *env, struct identity **ret_id);
/* Answers what is still asked with IDENTITY_STOPPING, and ends the thread. Nobody else may be in a call
 * of this header meanwhile. */
void identity_free(struct identity **id);

/* The answer to one identity_verify(): with IDENTITY_OK a reference that is now fn's own, else NULL.
 * It comes from the identity thread, or from within identity_verify() when the token is known
 * already. It must not wait, nor call identity_free(). */
struct identity_done {
	void (*fn)(void *ctx, enum identity_reason reason, struct actor *actor);
	void *ctx; /* borrowed: until fn was called */
};

/* Asks who <token> is and whether they may reach <target>. Any thread; never waits for the network.
 * 0: fn is called exactly once. -EAGAIN: too many are being asked already, fn is never called;
 * -ENOMEM likewise. The token is copied, and wiped after use. */
int identity_verify(struct identity *id, struct span token, uint32_t target,
		const struct identity_done *done);

/* May an actor reach a target? By its `actors`; a target without them may be reached by nobody. */
bool identity_may_reach(const struct conf *conf, const struct actor *actor, uint32_t target);

enum identity_revoke_kind {
	IDENTITY_REVOKE_SUB, /* all tokens of a subject, those to come as well */
	IDENTITY_REVOKE_JTI, /* one token */
};

/* Refuses from now on what <iss> has issued to the subject, or as the token, <value>. Takes effect at
 * once, then is written to data_dir. -EINVAL: an empty or too long text; -ENOSPC: 65,536 are revoked
 * already; other -errno: it holds, but could not be written, and would be gone after a restart. */
int identity_revoke(struct identity *id, enum identity_revoke_kind kind, const char *iss,
		const char *value);
/* The opposite. -ENOENT: it was not revoked. */
int identity_restore(struct identity *id, enum identity_revoke_kind kind, const char *iss,
		const char *value);
/* For sessions that are open: has the actor been revoked since? */
bool identity_is_revoked(struct identity *id, const struct actor *actor);

struct identity_stats {
	uint64_t answers[IDENTITY_REASONS];
	uint64_t from_cache; /* of answers: those that needed no signature check */
	uint64_t busy;       /* -EAGAIN */
	uint64_t fetches, fetches_failed;
	uint64_t waiting; /* being asked now */
};

void identity_stats(struct identity *id, struct identity_stats *ret_stats);
