/* SPDX-License-Identifier: Apache-2.0
 * Which request goes to whom: one table. */
#include "ctrlplane/api/api_priv.h"

#include <string.h>

const struct api_route api_routes[] = {
	{ "GET", "/v1/status", api_get_status, 0 },
	{ "GET", "/v1/wires", api_get_wires, 0 },
	{ "GET", "/v1/flows", api_get_flows, 0 },
	{ "GET", "/v1/stats", api_get_stats, 0 },
	{ "POST", "/v1/flows/#/#/#/kill", api_post_kill, 0 },
	{ "GET", "/v1/targets", api_get_targets, 0 },
	{ "GET", "/v1/sessions", api_get_sessions, 0 },
	{ "GET", "/v1/sessions/@", api_get_session, 0 },
	{ "POST", "/v1/sessions/@/kill", api_post_session_kill, 0 },
	{ "GET", "/v1/holds", api_get_holds, 0 },
	{ "POST", "/v1/holds/@/$/allow", api_post_allow, 0 },
	{ "POST", "/v1/holds/@/$/deny", api_post_deny, 0 },
	{ "POST", "/v1/actors/revoke", api_post_revoke, 0 },
	{ "POST", "/v1/actors/restore", api_post_restore, 0 },
	{ "GET", "/v1/rules", api_get_rules, 0 },
	{ "GET", "/v1/rules/history", api_get_rules_history, 0 },
	{ "GET", "/v1/rules/hits", api_get_rules_hits, 0 },
	{ "GET", "/v1/rules/sources", api_get_rules_sources, 0 },
	{ "GET", "/v1/rules/shadow", api_get_rules_shadow, 0 },
	{ "POST", "/v1/rules/shadow/stop", api_post_rules_shadow_stop, 0 },
	{ "POST", "/v1/rules/apply", api_post_rules_apply, API_RULES_MAX },
	{ "POST", "/v1/rules/rollback", api_post_rules_rollback, 0 },
	{ "GET", "/metrics", api_get_metrics, 0 },
	{ NULL, NULL, NULL, 0 },
};

/* A number without sign or leading zeroes up to <max>: moves *at behind it. */
static bool take_number(const char **at, uint64_t max, uint64_t *ret)
{
	const char *s = *at, *rest = s + strspn(s, "0123456789");

	if ((*s == '0' && rest - s > 1) || rest - s > 20 || !api_number(s, *rest, max, ret, &s))
		return false;
	*at = rest;
	return true;
}

/* What the letter of a pattern stands for. */
static bool take(char letter, const char **at, uint64_t *ret)
{
	if (letter != '@')
		return take_number(at, letter == '#' ? UINT32_MAX : UINT64_MAX, ret);
	if (!api_hex(*at, ret))
		return false;
	*at += 16;
	return true;
}

static bool path_matches(const char *pattern, const char *path, uint64_t arg[API_ARGS])
{
	size_t n = 0;

	for (; *pattern != '\0'; pattern++) {
		if (strchr("#$@", *pattern) != NULL) {
			if (!take(*pattern, &path, &arg[n++]))
				return false;
		} else if (*path++ != *pattern) {
			return false;
		}
	}
	return *path == '\0';
}

enum api_found api_route_find(const char *method, const char *path, uint64_t ret_arg[API_ARGS],
		const struct api_route **ret_route, const char **ret_allow)
{
	enum api_found found = API_NO_PATH;

	/* HEAD is GET whose body is not sent. */
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (const struct api_route *r = api_routes; r->method != NULL; r++) {
		if (!path_matches(r->path, path, ret_arg))
			continue;
		if (strcmp(r->method, method) == 0) {
			*ret_route = r;
			return API_FOUND;
		}
		*ret_allow = strcmp(r->method, "GET") == 0 ? "GET, HEAD" : r->method;
		found = API_NO_METHOD;
	}
	return found;
}
