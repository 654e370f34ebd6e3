/* SPDX-License-Identifier: Apache-2.0
 * Waits and the clock, here because only this folder of dataplane/ makes system calls. A worker
 * waits only where it is configured to; the control thread waits for workers. */
#pragma once

#include <stdint.h>

/* Sleeps for about <us> < 1 s. */
void port_idle_wait(uint32_t us);

/* CLOCK_MONOTONIC in microseconds. */
uint64_t port_clock_us(void);
