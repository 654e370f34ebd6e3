/* SPDX-License-Identifier: Apache-2.0
 * What the bytes of a stream are, so that a receiver can check them without a copy.
 *
 * A stream is a row of messages of <msg> bytes, each cut into segments of <seg> bytes (the last may
 * be shorter). A segment of 8 bytes or more begins with a tag: flow number, direction and stream
 * position, big-endian. Every other byte is HDR_FILL. So each position has one value, however
 * retransmissions cut the stream. */
#pragma once

#include "tests/perf/tcpgen/header.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct stream {
	uint32_t seg, msg;
};

static inline uint64_t stream_tag(uint32_t idx, int end, uint64_t pos)
{
	return (uint64_t)end << 63 | (uint64_t)(idx & 0x7fffff) << 40 | (pos & 0xffffffffffULL);
}

/* Length of the segment that begins at offset <off> of its message. */
static inline uint32_t stream_seg_len(const struct stream *s, uint32_t off)
{
	uint32_t left = s->msg - off;

	return left < s->seg ? left : s->seg;
}

static inline uint32_t stream_advance(const struct stream *s, uint32_t off, uint32_t n)
{
	off += n;
	return off >= s->msg ? off - s->msg : off;
}

/* The byte at position <pos>: the definition, used where speed does not matter. */
static inline uint8_t stream_byte(const struct stream *s, uint32_t idx, int end, uint64_t pos)
{
	uint32_t in_msg = (uint32_t)(pos % s->msg), in_seg = in_msg % s->seg;

	if (in_seg >= HDR_TAG || stream_seg_len(s, in_msg - in_seg) < HDR_TAG)
		return HDR_FILL;
	return (uint8_t)(stream_tag(idx, end, pos - in_seg) >> (56 - 8 * in_seg));
}
