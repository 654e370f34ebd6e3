/* SPDX-License-Identifier: Apache-2.0
 * One line a flow: who, what, how much, why it ended. */
#include "ctrlplane/log/log_priv.h"
#include "dataplane/tcp/relay.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

enum { ENDPOINT_MAX = INET6_ADDRSTRLEN + 8 };

static void endpoint(char text[ENDPOINT_MAX], const struct flow_key *key, enum side side)
{
	const uint8_t *addr = key->addr[side];
	char ip[INET6_ADDRSTRLEN];

	if (flow_key_is_v4(key)) {
		inet_ntop(AF_INET, addr + 12, ip, sizeof(ip));
		snprintf(text, ENDPOINT_MAX, "%s:%u", ip, key->port[side]);
	} else {
		inet_ntop(AF_INET6, addr, ip, sizeof(ip));
		snprintf(text, ENDPOINT_MAX, "[%s]:%u", ip, key->port[side]);
	}
}

void log_flow(uint32_t worker, const char *target, const struct flow_report *rep)
{
	static const char sites[2];
	const bool ended = rep->end_reason != END_NONE;
	const enum log_level level = ended ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
	const uint64_t ms = (rep->last_us - rep->start_us) / 1000;
	char agent[ENDPOINT_MAX], prod[ENDPOINT_MAX], text[LOG_TEXT_MAX], more[LOG_TEXT_MAX];

	if (!log_is_on(level))
		return;
	endpoint(agent, &rep->key, SIDE_AGENT);
	endpoint(prod, &rep->key, SIDE_PROD);
	snprintf(text, sizeof(text),
			"%s %s %s %s %s: %s, %" PRIu64 " bytes to prod, %" PRIu64
			" to agent, %u sent again, %" PRIu64 " ms",
			agent, rep->initiator == SIDE_AGENT ? "->" : "<-", prod, target,
			relay_mode_name(rep->mode),
			ended ? relay_end_name(rep->end_reason) : relay_state_name(rep->state),
			rep->side[SIDE_PROD].tx_bytes, rep->side[SIDE_AGENT].tx_bytes,
			rep->side[SIDE_PROD].retransmits + rep->side[SIDE_AGENT].retransmits, ms);
	snprintf(more, sizeof(more),
			",\"worker\":%u,\"agent\":\"%s\",\"prod\":\"%s\",\"target\":\"%s\","
			"\"mode\":\"%s\""
			",\"state\":\"%s\",\"end\":\"%s\",\"bytes_to_prod\":%" PRIu64
			",\"bytes_to_agent\":%" PRIu64 ",\"duration_ms\":%" PRIu64,
			worker, agent, prod, target, relay_mode_name(rep->mode),
			relay_state_name(rep->state), relay_end_name(rep->end_reason),
			rep->side[SIDE_PROD].tx_bytes, rep->side[SIDE_AGENT].tx_bytes, ms);
	log_line(&(struct log_line){ .level = level,
			.site = &sites[ended],
			.topic = "flow",
			.text = text,
			.more = more });
}
