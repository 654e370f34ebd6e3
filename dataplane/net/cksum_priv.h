/* SPDX-License-Identifier: Apache-2.0
 * Pieces of the Internet checksum that the header code inlines. Wide sums are of host-order
 * 32-bit or 16-bit big-endian values: 2^16 is 1 modulo 0xffff, so both fold to the same. */
#pragma once

#include "parsers/base/bytes.h"

#include <stddef.h>
#include <stdint.h>

/* 64 bits to at most 33, one carry kept. */
static inline uint64_t cksum_wide(uint64_t sum)
{
	return (sum & 0xffffffff) + (sum >> 32);
}

/* Folds a sum below 2^34 to 16 bits. */
static inline uint16_t cksum_fold(uint64_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Wide sum of <len> bytes, a multiple of 4: short runs whose length the compiler often knows. */
static inline uint64_t cksum_words(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i += 4)
		sum += load_be32(p + i);
	return sum;
}
