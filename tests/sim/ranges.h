/* SPDX-License-Identifier: Apache-2.0
 * A set of numbers kept as sorted, disjoint runs [l, r): what a receiver has, what was SACKed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t l, r;
};

struct ranges {
	struct range *run; /* owned */
	uint32_t n, cap;
};

void ranges_done(struct ranges *s);
void ranges_clear(struct ranges *s);
/* Returns how many numbers were new. */
uint64_t ranges_add(struct ranges *s, uint64_t l, uint64_t r);
/* Forgets everything below <x>. */
void ranges_trim(struct ranges *s, uint64_t x);
bool ranges_has(const struct ranges *s, uint64_t l, uint64_t r);
/* The first number at or after <x> that is not in the set. */
uint64_t ranges_end(const struct ranges *s, uint64_t x);
/* The first number at or after <x> that is in the set, <limit> when there is none below it. */
uint64_t ranges_next(const struct ranges *s, uint64_t x, uint64_t limit);
/* How many of [l, r) are in the set. */
uint64_t ranges_count(const struct ranges *s, uint64_t l, uint64_t r);
