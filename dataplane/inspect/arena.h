/* SPDX-License-Identifier: Apache-2.0
 * One worker's memory for what its sessions keep: a buddy allocator (Knowlton 1965) over one region
 * that is taken at the start. Blocks are powers of two; two free neighbours become one again, so that
 * a long life does not wear it out. No header: who gives a block back says its size again. */
#pragma once

#include "parsers/base/alloc.h"

#include <stddef.h>
#include <stdint.h>

enum {
	ARENA_MIN_SHIFT = 8,  /* 256 bytes */
	ARENA_MAX_SHIFT = 23, /* 8 MiB */
	ARENA_ORDERS = ARENA_MAX_SHIFT - ARENA_MIN_SHIFT + 1,
};

struct arena_free; /* a free block's own first bytes */

struct arena {
	struct alloc alloc; /* what parsers take by */
	uint8_t *region;    /* owned */
	uint8_t *free_order; /* owned: one for each least block: its order and 1 where a free one begins */
	size_t region_bytes, used_bytes;
	struct arena_free *head[ARENA_ORDERS];
};

/* 0; -ENOMEM. <bytes> is rounded up to whole greatest blocks. */
int arena_init(struct arena *a, size_t bytes);
void arena_done(struct arena *a);

/* At least <bytes>, aligned to 256. NULL: none left, or more than the greatest block. */
void *arena_take(struct arena *a, size_t bytes);
/* <bytes>: as they were taken. NULL is nothing. */
void arena_give(struct arena *a, void *block, size_t bytes);
