/* SPDX-License-Identifier: Apache-2.0
 * POST /v1/actors/revoke and restore: who is refused though the token is good. */
#include "ctrlplane/api/api_priv.h"
#include "ctrlplane/identity/identity.h"
#include "ctrlplane/log/log.h"

#include <errno.h>
#include <string.h>

/* Whom it is about. */
struct whom {
	const char *iss;
	enum identity_revoke_kind kind;
	const char *value;
};

static const char *iss_of(const struct conf *c, const char *name)
{
	for (size_t i = 0; name != NULL && i < c->identity.n_issuers; i++) {
		if (strcmp(c->identity.issuers[i].name, name) == 0)
			return c->identity.issuers[i].issuer;
	}
	return NULL;
}

/* false: the reply says what is wrong. */
static bool whom_of(const struct api_request *rq, struct whom *ret, struct api_reply *reply)
{
	const char *sub = rq->query(rq->ctx, "sub"), *jti = rq->query(rq->ctx, "jti");

	ret->iss = iss_of(rq->api->conf, rq->query(rq->ctx, "issuer"));
	ret->kind = sub != NULL ? IDENTITY_REVOKE_SUB : IDENTITY_REVOKE_JTI;
	ret->value = sub != NULL ? sub : jti;
	if (rq->api->identity == NULL)
		api_reply_error(reply, API_UNAVAILABLE,
				"nobody is verified here: no target asks who");
	else if (ret->iss == NULL)
		api_reply_error(reply, API_NOT_FOUND,
				"there is no such issuer: give its name in the configuration");
	else if ((sub == NULL) == (jti == NULL))
		api_reply_error(reply, API_BAD_REQUEST, "give either sub or jti");
	else
		return true;
	return false;
}

/* <done>: what the reply says when it is. */
static void change(const struct api_request *rq, struct api_reply *reply, const char *done,
		int (*call)(struct identity *id, enum identity_revoke_kind kind, const char *iss,
				const char *value))
{
	char who[API_WHO_MAX];
	struct whom w;
	json_t *answer;
	int rc;

	if (!whom_of(rq, &w, reply))
		return;
	rc = call(rq->api->identity, w.kind, w.iss, w.value);
	api_who(rq, who);
	log_info("api", "%s %s of %s: %s by %s%s%s", w.kind == IDENTITY_REVOKE_SUB ? "sub" : "jti",
			w.value, w.iss, done, who, rc < 0 ? ": " : "", rc < 0 ? strerror(-rc) : "");
	if (rc == 0) {
		answer = json_object();
		api_set_bool(answer, done, true);
		api_reply_json(reply, answer);
	} else if (rc == -EINVAL) {
		api_reply_error(reply, API_BAD_REQUEST, "sub or jti has 1 to %d bytes",
				ACTOR_TEXT_MAX);
	} else if (rc == -ENOENT) {
		api_reply_error(reply, API_NOT_FOUND, "that was not revoked");
	} else if (rc == -ENOSPC) {
		api_reply_error(reply, API_CONFLICT, "too many are revoked already: restore some");
	} else {
		api_reply_error(reply, API_SERVER_ERROR,
				"it holds now, but could not be written (%s): it would be gone after a "
				"restart",
				strerror(-rc));
	}
}

void api_post_revoke(const struct api_request *rq, struct api_reply *reply)
{
	change(rq, reply, "revoked", identity_revoke);
}

void api_post_restore(const struct api_request *rq, struct api_reply *reply)
{
	change(rq, reply, "restored", identity_restore);
}
