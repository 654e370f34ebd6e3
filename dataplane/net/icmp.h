/* SPDX-License-Identifier: Apache-2.0
 * ICMP errors that quote a TCP header (RFC 792, RFC 4443, RFC 1191, RFC 8201). */
#pragma once

#include "dataplane/net/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct icmp_quote {
	bool is_too_big; /* IPv4 frag needed (3/4), ICMPv6 packet too big (2) */
	uint32_t mtu;    /* with is_too_big; 0 when the router did not say */
	uint8_t ip_version;
	uint16_t src_off, dst_off; /* quoted addresses, from the frame's first byte */
	uint16_t seq_off;          /* quoted sequence number, from the frame's first byte */
	uint16_t sport, dport;
	uint32_t seq;
};

/* Reads a FRAME_ICMP or FRAME_ICMP6 frame. true: it is an error that quotes at least the ports and
 * the sequence number of a TCP segment, and *ret is set. false: forward by policy; so is an error
 * whose ICMP checksum is wrong, which nobody will act on. The quote is what a stranger wrote:
 * nothing in it is trusted beyond its own length. */
bool icmp_quote_parse(const struct frame *f, struct icmp_quote *ret);

/* Rewrites the quoted sequence number to <seq> and mends the ICMP checksum (RFC 1624). The quoted
 * TCP checksum, where it is quoted, is mended too. <bytes> is the frame, writable. */
void icmp_quote_translate(
		uint8_t *bytes, const struct frame *f, const struct icmp_quote *q, uint32_t seq);
