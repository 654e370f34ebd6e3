/* SPDX-License-Identifier: Apache-2.0
 * Words for numbers. */
#include "dataplane/tcp/counters.h"
#include "dataplane/tcp/flow_priv.h"
#include "dataplane/tcp/relay.h"
#include "parsers/base/lower.h"

static const char stat_names[STAT_MAX][LOWER_SIZE] = {
#define STAT(sym, text) [STAT_##sym] = LOWER_INIT(#sym),
#include "dataplane/tcp/stat.tbl.h"
#undef STAT
};

static const struct stat_info stat_infos[STAT_MAX] = {
#define STAT(sym, text) [STAT_##sym] = { stat_names[STAT_##sym], text },
#include "dataplane/tcp/stat.tbl.h"
#undef STAT
};

const struct stat_info *stat_info(enum stat_id s)
{
	return &stat_infos[s];
}

const char *relay_state_name(uint8_t state)
{
	static const char *const names[FLOW_STATES] = {
		[FLOW_FREE] = "free",
		[FLOW_SYN] = "syn",
		[FLOW_SYNACK] = "synack",
		[FLOW_EST] = "established",
		[FLOW_ABORT] = "aborting",
		[FLOW_LINGER] = "denied",
		[FLOW_TIME_WAIT] = "time-wait",
		[FLOW_DEAD] = "reset",
	};

	return state < FLOW_STATES ? names[state] : "?";
}

const char *relay_mode_name(uint8_t mode)
{
	static const char *const names[MODES] = {
		[MODE_WIRE] = "wire",
		[MODE_XLATE] = "xlate",
		[MODE_RELAY] = "relay",
		[MODE_DRAIN] = "drain",
		[MODE_DENY] = "deny",
	};

	return mode < MODES ? names[mode] : "?";
}

const char *relay_end_name(uint8_t end_reason)
{
	static const char *const names[END_REASONS] = {
		[END_NONE] = "open",
		[END_FIN] = "fin",
		[END_RST_AGENT] = "rst-agent",
		[END_RST_PROD] = "rst-prod",
		[END_DENIED] = "denied",
		[END_TIMEOUT] = "timeout",
		[END_IDLE] = "idle",
		[END_HANDSHAKE] = "handshake",
		[END_EVICTED] = "evicted",
		[END_PRESSURE] = "pressure",
		[END_RESTART] = "restart",
		[END_SHUTDOWN] = "shutdown",
	};

	return end_reason < END_REASONS ? names[end_reason] : "?";
}
