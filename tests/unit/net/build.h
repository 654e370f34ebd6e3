/* SPDX-License-Identifier: Apache-2.0
 * Frames for tests, built by code that shares nothing with the code under test: byte by byte, with
 * the checksum as RFC 1071 first describes it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	BUILD_MAX = 70000,
};

struct build {
	uint8_t ip_version; /* 4 or 6 */
	uint8_t n_tags;
	uint16_t vid[2]; /* outermost first */
	uint8_t tos, ttl;
	uint8_t flags;
	const uint8_t *opts;
	size_t opt_len;
	size_t payload_len;
	uint64_t seed; /* of the payload's bytes */
	/* a piece of the segment in place of the whole; <frag_len> 0: the whole */
	uint32_t frag_id;
	size_t frag_off, frag_len;
	uint8_t frag_more;
};

enum {
	BUILD_SPORT = 40001,
	BUILD_DPORT = 5432,
};

#define BUILD_SEQ 0x81234567u
#define BUILD_ACK 0x8fedcba9u

/* An ordinary data segment. */
extern const struct build build_default;

/* Ones-complement sum of big-endian words, one byte at a time. */
uint16_t naive_sum(const uint8_t *p, size_t len, uint16_t start);

/* Writes the frame to <out>; returns its length. */
size_t build_frame(uint8_t *out, const struct build *b);

/* The TCP segment alone, header, options and payload with a good checksum; returns its length. */
size_t build_segment(uint8_t *out, const struct build *b);

/* Writes an ICMP or ICMPv6 message of <type>/<code>, second word <rest>, that quotes the first
 * <quote_len> bytes of the IP packet at <quoted>. Returns the frame's length. */
size_t build_icmp(uint8_t *out, const struct build *b, const uint8_t type_code[2], uint32_t rest,
		const uint8_t *quoted, size_t quote_len);

/* Sets the IPv4 header checksum of the header at <ip>. */
void build_fix_ip4(uint8_t *ip);

/* A copy in a block of exactly its size, so that ASan sees a byte read beyond it. */
uint8_t *exact_copy(const uint8_t *p, size_t len);
