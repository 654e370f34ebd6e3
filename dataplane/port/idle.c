/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/port/idle.h"

#include <time.h>

void port_idle_wait(uint32_t us)
{
	const struct timespec t = { .tv_nsec = (long)us * 1000 };

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

uint64_t port_clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
