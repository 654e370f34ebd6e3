/* SPDX-License-Identifier: Apache-2.0
 * sluicectl kill: resets one connection. */
#include "tools/sluicectl/client.h"

#include <string.h>

/* Three numbers, so that nothing else gets into the path. */
static bool is_id(const char *id)
{
	size_t n_numbers = 0;

	for (size_t digits; (digits = strspn(id, "0123456789")) > 0 && digits <= 10; id++) {
		n_numbers++;
		id += digits;
		if (*id == '\0')
			return n_numbers == 3;
		if (*id != '/')
			return false;
	}
	return false;
}

static enum ctl_exit fetch(const struct ctl *c, json_t **ret_answer)
{
	char target[128];

	if (!is_id(c->argument)) {
		fprintf(stderr, "sluicectl: '%s' is no flow's id: see the column ID of sluicectl flows\n",
				c->argument);
		return CTL_USAGE;
	}
	snprintf(target, sizeof(target), "/v1/flows/%s/kill", c->argument);
	return client_ask(c, "POST", target, ret_answer);
}

const struct ctl_verb ctl_kill = {
	.name = "kill",
	.summary = "resets one connection, both ends of it",
	.argument = "ID",
	.about = "Sends an RST to both ends of the flow and forgets it. ID is what the\n"
		 "column ID of sluicectl flows shows, as 0/17/4. Says nothing when it is\n"
		 "done.",
	.runs_once = true,
	.fetch = fetch,
};
