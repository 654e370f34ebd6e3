/* SPDX-License-Identifier: Apache-2.0
 * Memory of a ring: taken at start, given back at the end. */
#include "dataplane/handoff/ring.h"

#include <stdlib.h>

enum { RING_N_MAX = 1 << 24 };

static uint32_t power_of_two_from(uint32_t n)
{
	uint32_t p = 2;

	while (p < n)
		p *= 2;
	return p;
}

struct ring *ring_new(uint32_t n, uint32_t value_bytes)
{
	struct ring *r;

	if (n == 0 || n > RING_N_MAX || value_bytes == 0)
		return NULL;
	r = aligned_alloc(RING_LINE_PAIR, sizeof(*r));
	if (r == NULL)
		return NULL;
	memset(r, 0, sizeof(*r));
	r->mask = power_of_two_from(n) - 1;
	r->value_bytes = value_bytes;
	r->slots = calloc((size_t)r->mask + 1, value_bytes);
	if (r->slots == NULL)
		ring_free(&r);
	return r;
}

void ring_free(struct ring **ring)
{
	if (*ring == NULL)
		return;
	free((*ring)->slots);
	free(*ring);
	*ring = NULL;
}
