/* SPDX-License-Identifier: Apache-2.0
 * The scripted inspector: what it does to a unit is drawn from the connection's key, and written
 * into the connection's edit scripts as it is done. */
#pragma once

#include "tests/sim/world.h"

/* The engine's own inspector_pass_all; NULL when the engine has none. */
const struct inspector *inspect_pass_all(void);
void inspect_conn_done(struct conn *c);
/* Answers the holds of a connection now, as another thread's answer would. */
void inspect_resume(struct conn *c);

/* The denial's text, for whoever wants to find it at the agent. */
extern const char inspect_reply[];
