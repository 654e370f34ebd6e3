/* SPDX-License-Identifier: Apache-2.0
 * sluicectl actors: who is refused though the token is good. */
#include "tools/sluicectl/client.h"

#include <stdlib.h>

static enum ctl_exit post(
		const struct ctl *c, const char *what, const char *value, json_t **ret_answer)
{
	char *issuer = client_escape(c->object), *whom = client_escape(value), target[1536];
	enum ctl_exit rc = CTL_USAGE;

	if (issuer == NULL || whom == NULL ||
			(size_t)snprintf(target, sizeof(target), "/v1/actors/%s?issuer=%s&%s=%s",
					what, issuer, c->sub != NULL ? "sub" : "jti",
					whom) >= sizeof(target))
		fprintf(stderr, "sluicectl: the issuer, sub or jti is too long\n");
	else
		rc = client_ask(c, "POST", target, ret_answer);
	free(issuer);
	free(whom);
	return rc;
}

static enum ctl_exit change(const struct ctl *c, const char *what, json_t **ret_answer)
{
	if ((c->sub == NULL) == (c->jti == NULL)) {
		fprintf(stderr, "sluicectl: actors %s takes either --sub or --jti\n", what);
		return CTL_USAGE;
	}
	return post(c, what, c->sub != NULL ? c->sub : c->jti, ret_answer);
}

static enum ctl_exit fetch_revoke(const struct ctl *c, json_t **ret_answer)
{
	return change(c, "revoke", ret_answer);
}

static enum ctl_exit fetch_restore(const struct ctl *c, json_t **ret_answer)
{
	return change(c, "restore", ret_answer);
}

static const char *set_sub(struct ctl *c, const char *value)
{
	c->sub = value;
	return NULL;
}

static const char *set_jti(struct ctl *c, const char *value)
{
	c->jti = value;
	return NULL;
}

static const struct ctl_option options[] = {
	{ "sub", "S", "a subject: all of its tokens, those to come as well", set_sub },
	{ "jti", "J", "one token, by its jti", set_jti },
	{ NULL, NULL, NULL, NULL },
};

static const struct ctl_action actions[] = {
	{ .name = "revoke",
			.object = "an issuer's name",
			.runs_once = true,
			.fetch = fetch_revoke },
	{ .name = "restore",
			.object = "an issuer's name",
			.runs_once = true,
			.fetch = fetch_restore },
	{ .name = NULL },
};

const struct ctl_verb ctl_actors = {
	.name = "actors",
	.summary = "refuses an actor from now on, or takes that back: revoke, restore",
	.argument = "revoke|restore ISSUER",
	.about = "revoke: what ISSUER (its name in the configuration) has issued to the subject,\n"
		 "or as the token, is refused from now on, and sessions that are open with it\n"
		 "end within a second. It outlives a restart.\n"
		 "restore: takes that back. Both say nothing when it is done.",
	.options = options,
	.actions = actions,
};
