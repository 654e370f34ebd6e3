/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/inspect/arena.h"

#include "parsers/base/must.h"

#include <errno.h>
#include <stdlib.h>

struct arena_free {
	struct arena_free *next, *prev;
};

static size_t order_bytes(uint32_t order)
{
	return (size_t)1 << (ARENA_MIN_SHIFT + order);
}

static uint32_t order_of(size_t bytes)
{
	uint32_t order = 0;

	while (order < ARENA_ORDERS && order_bytes(order) < bytes)
		order++;
	return order;
}

static uint8_t *mark_of(const struct arena *a, const void *block)
{
	return &a->free_order[(size_t)((const uint8_t *)block - a->region) >> ARENA_MIN_SHIFT];
}

static void free_add(struct arena *a, void *block, uint32_t order)
{
	struct arena_free *f = block;

	*f = (struct arena_free){ .next = a->head[order] };
	if (f->next != NULL)
		f->next->prev = f;
	a->head[order] = f;
	*mark_of(a, block) = (uint8_t)(order + 1);
}

static void free_remove(struct arena *a, struct arena_free *f, uint32_t order)
{
	if (f->prev != NULL)
		f->prev->next = f->next;
	else
		a->head[order] = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	*mark_of(a, f) = 0;
}

static void *take_by_alloc(void *ctx, size_t bytes)
{
	return arena_take(ctx, bytes);
}

static void give_by_alloc(void *ctx, void *block, size_t bytes)
{
	arena_give(ctx, block, bytes);
}

int arena_init(struct arena *a, size_t bytes)
{
	const size_t greatest = order_bytes(ARENA_ORDERS - 1);

	*a = (struct arena){ .alloc = { take_by_alloc, give_by_alloc, a },
		.region_bytes = (bytes + greatest - 1) / greatest * greatest };
	a->region = aligned_alloc(4096, a->region_bytes);
	a->free_order = calloc(a->region_bytes >> ARENA_MIN_SHIFT, 1);
	if (a->region == NULL || a->free_order == NULL) {
		arena_done(a);
		return -ENOMEM;
	}
	for (size_t at = a->region_bytes; at > 0; at -= greatest)
		free_add(a, a->region + at - greatest, ARENA_ORDERS - 1);
	return 0;
}

void arena_done(struct arena *a)
{
	free(a->region);
	free(a->free_order);
	*a = (struct arena){ .region = NULL };
}

void *arena_take(struct arena *a, size_t bytes)
{
	const uint32_t order = order_of(bytes);
	uint32_t from = order;
	struct arena_free *f;

	while (from < ARENA_ORDERS && a->head[from] == NULL)
		from++;
	if (from >= ARENA_ORDERS)
		return NULL;
	f = a->head[from];
	free_remove(a, f, from);
	while (from > order) { /* the upper halves stay free */
		from--;
		free_add(a, (uint8_t *)f + order_bytes(from), from);
	}
	a->used_bytes += order_bytes(order);
	return f;
}

void arena_give(struct arena *a, void *block, size_t bytes)
{
	uint32_t order = order_of(bytes);
	uint8_t *at = block;

	if (block == NULL)
		return;
	must(order < ARENA_ORDERS && at >= a->region && at < a->region + a->region_bytes);
	must(*mark_of(a, at) == 0);
	a->used_bytes -= order_bytes(order);
	for (; order < ARENA_ORDERS - 1; order++) {
		const size_t off = (size_t)(at - a->region);
		uint8_t *buddy = a->region + (off ^ order_bytes(order));

		if (*mark_of(a, buddy) != order + 1)
			break;
		free_remove(a, (struct arena_free *)(void *)buddy, order);
		at = buddy < at ? buddy : at;
	}
	free_add(a, at, order);
}
