/* SPDX-License-Identifier: Apache-2.0
 * What a request says of itself: numbers in its query, who its peer is. */
#include "ctrlplane/api/api_priv.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>

bool api_number(const char *text, char end, uint64_t max, uint64_t *ret, const char **ret_rest)
{
	char *rest;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &rest, 10);
	*ret_rest = rest + (end != '\0');
	return errno == 0 && *rest == end && *ret <= max;
}

bool api_hex(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	for (int i = 0; i < 16; i++) {
		const char c = text[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*ret = value;
	return true;
}

bool api_limit(const struct api_request *rq, uint64_t otherwise, uint64_t max, uint64_t *ret,
		struct api_reply *reply)
{
	const char *limit = rq->query(rq->ctx, "limit"), *rest;

	*ret = otherwise;
	if (limit == NULL || (api_number(limit, '\0', max, ret, &rest) && *ret > 0))
		return true;
	api_reply_error(reply, API_BAD_REQUEST, "limit is a number from 1 to %u", (unsigned)max);
	return false;
}

void api_who(const struct api_request *rq, char text[API_WHO_MAX])
{
	struct passwd entry, *found = NULL;
	char buf[4096 - 512];

	if (rq->peer.uid >= 0)
		getpwuid_r((uid_t)rq->peer.uid, &entry, buf, sizeof(buf), &found);
	if (found != NULL)
		snprintf(text, API_WHO_MAX, "%.64s (uid %d)", found->pw_name, rq->peer.uid);
	else
		snprintf(text, API_WHO_MAX, "uid %d", rq->peer.uid);
}
