/* SPDX-License-Identifier: Apache-2.0
 * Writes the headers of one TCP segment in front of its payload. */
#pragma once

#include "dataplane/net/frame.h"

#include <stdbool.h>
#include <stdint.h>

/* All that is constant or slow to change in the headers that we send to one endpoint. */
struct header_l3 {
	uint8_t l2[FRAME_L2_MAX]; /* copied from the latest valid frame of the other endpoint */
	uint8_t l2_len;
	uint8_t ip_version; /* 4 or 6 */
	uint8_t ttl, tos;
	bool df;
	uint16_t ip_id;           /* IPv4: written, the caller counts it up */
	uint32_t flow_label;      /* IPv6 */
	const uint8_t *src, *dst; /* borrowed: v4-mapped, 16 bytes each */
};

struct header_tcp {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t wnd; /* unscaled, as it goes on the wire */
	uint8_t flags;
	const uint8_t *opts; /* borrowed */
	uint8_t opt_len;     /* a multiple of 4, <= 40 */
	uint16_t payload_len;
	uint16_t payload_sum; /* folded sum of the payload (cksum.h) */
};

/* Bytes of the headers that header_write() would write. At most 22 + 40 + 60. */
uint32_t header_len(const struct header_l3 *l3, uint8_t opt_len);

/* Writes Ethernet, tags, IP and TCP headers with both checksums so that they end right before
 * <payload>; the caller has header_len() bytes there. Returns the frame's first byte. */
uint8_t *header_write(uint8_t *payload, const struct header_l3 *l3, const struct header_tcp *tcp);
