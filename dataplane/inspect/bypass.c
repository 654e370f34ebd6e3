/* SPDX-License-Identifier: Apache-2.0
 * Asks for the bypass when the handshake is complete, and passes whatever comes before the engine
 * has done it (or for ever, should the engine not be able to). */
#include "dataplane/inspect/bypass.h"

static void bypass_open(struct relay *r, struct flow *f)
{
	(void)stream_bypass(r, f); /* -ENOTSUP: bypass_data() goes on passing */
}

static void bypass_data(struct relay *r, struct flow *f, enum side from)
{
	(void)stream_pass(r, f, from, stream_len(f, from)); /* what is refused now stays queued */
}

const struct inspector inspector_bypass = {
	.name = "bypass",
	.open = bypass_open,
	.data = bypass_data,
};
