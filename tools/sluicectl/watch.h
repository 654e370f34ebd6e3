/* SPDX-License-Identifier: Apache-2.0
 * Runs a verb: once, or until the reader has seen enough. Both return an exit status. */
#pragma once

#include "tools/sluicectl/ctl.h"

int watch_once(struct ctl *c, const struct ctl_verb *v);

/* On a terminal each answer takes the place of the one before; elsewhere a blank line parts them
 * (-o json: one line each). A daemon that is gone is waited for. Ends on a signal, or when nobody
 * reads any more. */
int watch_forever(struct ctl *c, const struct ctl_verb *v);
