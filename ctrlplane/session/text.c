/* SPDX-License-Identifier: Apache-2.0
 * Names and texts for people. */
#include "ctrlplane/session/session_priv.h"
#include "parsers/base/visible.h"

#include <arpa/inet.h>
#include <stdio.h>

static const struct {
	const char *name, *text;
} ends[SESSION_ENDS] = {
	[SESSION_CLOSED] = { "closed", "closed by the client or the server" },
	[SESSION_NOT_STARTED] = { "not_started", "ended before anybody was verified" },
	[SESSION_REFUSED] = { "refused", "the token was refused" },
	[SESSION_LOGIN] = { "login", "the server did not let us in" },
	[SESSION_PROTOCOL] = { "protocol", "the client or the server broke the protocol" },
	[SESSION_LIMIT] = { "limit", "memory, or a limit of a session" },
	[SESSION_EXPIRED] = { "expired", "the token has expired" },
	[SESSION_REVOKED] = { "revoked", "the actor was revoked" },
	[SESSION_KILLED] = { "killed", "killed by an operator" },
};

const char *sessions_end_name(enum session_end why)
{
	return (size_t)why < SESSION_ENDS ? ends[why].name : "-";
}

const char *sessions_end_text(enum session_end why)
{
	return (size_t)why < SESSION_ENDS ? ends[why].text : "-";
}

const char *sessions_state_name(enum session_state state)
{
	static const char *const names[] = { [SESSION_LOGGING_IN] = "login",
		[SESSION_READY] = "ready",
		[SESSION_ENDING] = "ending" };

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "-";
}

void text_endpoint(char text[ENDPOINT_MAX], const struct flow_key *key, enum side side)
{
	const bool is_v4 = flow_key_is_v4(key);
	const uint8_t *addr = key->addr[side];
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? addr + 12 : addr, ip, sizeof(ip));
	snprintf(text, ENDPOINT_MAX, is_v4 ? "%s:%u" : "[%s]:%u", ip, key->port[side]);
}

void text_show(char *to, size_t size, const void *text, size_t len)
{
	struct outbuf o = ob_of(to, size - 1);

	visible_put(&o, (struct span){ text, len }, size - 1, false);
	to[o.len] = '\0';
}
