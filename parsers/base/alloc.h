/* SPDX-License-Identifier: Apache-2.0
 * Memory as a parser may have it: from whoever calls it, and within a budget. The size is told again
 * when a block is given back, so that the caller's allocator needs no header of its own. */
#pragma once

#include "parsers/base/must.h"

#include <stddef.h>
#include <stdint.h>

struct alloc {
	void *(*take)(void *ctx, size_t n_bytes); /* aligned for any type; NULL: none left */
	void (*give)(void *ctx, void *block, size_t n_bytes);
	void *ctx; /* borrowed */
};

struct budget {
	const struct alloc *alloc; /* borrowed */
	uint32_t limit_bytes, used_bytes;
};

static inline void *budget_take(struct budget *b, size_t n_bytes)
{
	void *block;

	if (n_bytes > b->limit_bytes - b->used_bytes)
		return NULL;
	block = b->alloc->take(b->alloc->ctx, n_bytes);
	if (block != NULL)
		b->used_bytes += (uint32_t)n_bytes;
	return block;
}

static inline void budget_give(struct budget *b, void *block, size_t n_bytes)
{
	if (block == NULL)
		return;
	must(n_bytes <= b->used_bytes);
	b->used_bytes -= (uint32_t)n_bytes;
	b->alloc->give(b->alloc->ctx, block, n_bytes);
}
