/* SPDX-License-Identifier: Apache-2.0
 * The Internet checksum (RFC 1071, RFC 1624). Sums are host-order ones-complement partial sums of
 * big-endian 16-bit words, folded to 16 bits, NOT inverted; 0 and 0xffff are the same value. */
#pragma once

#include "dataplane/net/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Folded sum of <len> bytes; an odd last byte counts as the high half of a word. */
uint16_t cksum_sum(const void *bytes, size_t len);

/* Ones-complement addition and subtraction of folded sums. */
static inline uint16_t cksum_add(uint16_t a, uint16_t b)
{
	uint32_t s = (uint32_t)a + b;

	return (uint16_t)(s + (s >> 16));
}

static inline uint16_t cksum_sub(uint16_t a, uint16_t b)
{
	return cksum_add(a, (uint16_t)~b);
}

/* The sum of a run that starts at an odd offset of the larger run. */
static inline uint16_t cksum_swap(uint16_t a)
{
	return __builtin_bswap16(a);
}

/* Verifies the TCP checksum of a FRAME_TCP frame. On success *ret_payload_sum is the folded sum of
 * its payload, derived from the checksum that the sender wrote (not from a second read), so that
 * a header rebuilt with it still carries the sender's own checksum of those bytes: corruption in
 * our memory is caught by the receiver. */
bool cksum_tcp_verify(const struct frame *f, uint16_t *ret_payload_sum);

/* The same payload sum without reading the payload: for a frame that the port has verified. */
uint16_t cksum_tcp_payload_sum(const struct frame *f);
