/* SPDX-License-Identifier: Apache-2.0
 * The bytes that an endpoint sends: byte <off> of a direction is a function of its key and <off>,
 * so that any wrong, missing, repeated or reordered byte is seen where it arrives, and so that a
 * sender needs no buffer to send again. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void oracle_fill(uint64_t key, uint64_t off, uint8_t *dst, size_t n);

/* The index of the first byte that differs; <n> when none does. */
size_t oracle_differs_at(uint64_t key, uint64_t off, const uint8_t *bytes, size_t n);
