/* SPDX-License-Identifier: Apache-2.0
 * Which request goes to whom: one table. */
#include "ctrlplane/api/api_priv.h"

#include <string.h>

const struct api_route api_routes[] = {
	{ "GET", "/v1/status", api_get_status },
	{ "GET", "/v1/wires", api_get_wires },
	{ "GET", "/v1/flows", api_get_flows },
	{ "GET", "/v1/stats", api_get_stats },
	{ "POST", "/v1/flows/#/#/#/kill", api_post_kill },
	{ "GET", "/metrics", api_get_metrics },
	{ NULL, NULL, NULL },
};

/* A number without sign or leading zeroes that fits 32 bits: moves *at behind it. */
static bool take_number(const char **at, uint64_t *ret)
{
	uint64_t value = 0;
	const char *s = *at;

	if (*s == '0' && s[1] >= '0' && s[1] <= '9')
		return false;
	for (; *s >= '0' && *s <= '9' && value <= UINT32_MAX; s++)
		value = value * 10 + (uint64_t)(*s - '0');
	if (s == *at || value > UINT32_MAX)
		return false;
	*at = s;
	*ret = value;
	return true;
}

static bool path_matches(const char *pattern, const char *path, uint64_t arg[API_ARGS])
{
	size_t n = 0;

	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '#') {
			if (!take_number(&path, &arg[n++]))
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
