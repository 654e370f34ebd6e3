/* SPDX-License-Identifier: Apache-2.0
 * Of GET /metrics: sessions, when there are any to be had. */
#include "ctrlplane/api/api_priv.h"
#include "ctrlplane/session/session.h"

#include <inttypes.h>

static const struct {
	const char *name, *suffix, *type, *text;
	size_t off;
} numbers[] = {
	{ "sessions_open", "", "gauge", "sessions whose client is known",
			offsetof(struct sessions_stats, open) },
	{ "sessions_ready", "", "gauge", "of these, those that the server has let in",
			offsetof(struct sessions_stats, ready) },
	{ "holds_open", "", "gauge", "commands that wait for a decision",
			offsetof(struct sessions_stats, holds) },
	{ "session_answers_waiting", "", "gauge", "answers that wait for room in a worker's ring",
			offsetof(struct sessions_stats, answers_waiting) },
	{ "sessions_begun", "_total", "counter", "sessions whose client became known",
			offsetof(struct sessions_stats, begun) },
	{ "session_commands", "_total", "counter", "commands of sessions that are over",
			offsetof(struct sessions_stats, commands) },
	{ "session_commands_denied", "_total", "counter", "of these, denied",
			offsetof(struct sessions_stats, denied) },
	{ "session_commands_held", "_total", "counter", "of these, held",
			offsetof(struct sessions_stats, held) },
	{ "holds_allowed", "_total", "counter", "holds that somebody allowed",
			offsetof(struct sessions_stats, holds_allowed) },
	{ "holds_denied", "_total", "counter", "holds that somebody denied",
			offsetof(struct sessions_stats, holds_denied) },
	{ "holds_forgotten", "_total", "counter", "holds that nobody waited for any more",
			offsetof(struct sessions_stats, holds_forgotten) },
	{ "session_cancels", "_total", "counter", "requests to cancel that named a session",
			offsetof(struct sessions_stats, cancels) },
	{ "session_cancels_unknown", "_total", "counter", "requests to cancel that named none",
			offsetof(struct sessions_stats, cancels_unknown) },
	{ "session_identity_busy", "_total", "counter",
			"clients refused because too many tokens were being verified",
			offsetof(struct sessions_stats, identity_busy) },
};

static void put_reasons(FILE *to, const struct sessions_stats *s)
{
	api_put_head(to, "sessions_ended", "_total", "counter", "sessions that ended, by reason");
	for (unsigned i = 0; i < SESSION_ENDS; i++)
		fprintf(to, "sluice_sessions_ended_total{reason=\"%s\"} %" PRIu64 "\n",
				sessions_end_name(i), s->ended[i]);
	api_put_head(to, "session_identities", "_total", "counter",
			"tokens of clients that were asked about, by result");
	for (unsigned i = 0; i < IDENTITY_REASONS; i++)
		fprintf(to, "sluice_session_identities_total{result=\"%s\"} %" PRIu64 "\n",
				identity_reason_name(i), s->identities[i]);
	api_put_head(to, "session_logins", "_total", "counter", "logins at servers, by result");
	for (unsigned i = 0; i < PGAUTH_REASONS; i++)
		fprintf(to, "sluice_session_logins_total{result=\"%s\"} %" PRIu64 "\n",
				pgauth_reason_name(i), s->logins[i]);
}

void api_put_sessions(FILE *to, const struct api *a)
{
	struct sessions_stats s;

	if (a->sessions == NULL)
		return;
	sessions_stats(a->sessions, &s);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const void *at = (const char *)&s + numbers[i].off;

		api_put_head(to, numbers[i].name, numbers[i].suffix, numbers[i].type,
				numbers[i].text);
		fprintf(to, "sluice_%s%s %" PRIu64 "\n", numbers[i].name, numbers[i].suffix,
				*(const uint64_t *)at);
	}
	put_reasons(to, &s);
}
