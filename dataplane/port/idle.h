/* SPDX-License-Identifier: Apache-2.0
 * The one wait that a worker may be configured to make. Here because only this folder of dataplane/
 * makes system calls. */
#pragma once

#include <stdint.h>

/* Sleeps for about <us>. */
void port_idle_wait(uint32_t us);
