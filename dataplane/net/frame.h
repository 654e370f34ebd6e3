/* SPDX-License-Identifier: Apache-2.0
 * What one frame is: offsets and header fields, nothing changed, nothing kept.
 * Sources: IEEE 802.1Q, RFC 791, RFC 8200, RFC 9293 3.1. */
#pragma once

#include "dataplane/net/drop.h"

#include <stdbool.h>
#include <stdint.h>

enum frame_kind {
	FRAME_TCP,      /* a whole TCP segment: every field below is set */
	FRAME_TCP_FRAG, /* a fragment of a TCP segment: the ports and TCP fields are not set */
	FRAME_ARP,
	FRAME_ND, /* ICMPv6 133..137 */
	FRAME_LLDP,
	FRAME_STP,
	FRAME_ICMP,
	FRAME_ICMP6, /* all but ND */
	FRAME_UDP,
	FRAME_IP_OTHER, /* any other protocol over IP */
	FRAME_L2_OTHER, /* any other Ethertype */
	FRAME_KINDS,
};

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

/* L2: Ethernet header with up to two tags (802.1Q 0x8100 or 802.1ad 0x88a8). */
enum { FRAME_L2_MIN = 14, FRAME_L2_MAX = 22 };

struct frame {
	const uint8_t *bytes; /* borrowed: the frame's first byte */
	uint16_t len;       /* of the frame, IP padding (Ethernet minimum) excluded when it is IP */
	uint8_t kind;       /* enum frame_kind */
	uint8_t ip_version; /* 4, 6, or 0 when it is not IP */
	uint8_t l2_len;     /* bytes before the IP header, tags included */
	uint8_t ttl, tos;   /* hop limit and traffic class in IPv6 */
	uint8_t l4_proto;
	bool df; /* IPv4 DF; true for IPv6 */
	bool frag_more;
	uint16_t frag_off; /* bytes */
	uint32_t frag_id;
	uint32_t vlan;       /* outer VID << 12 | inner VID; a lone tag is outer; 0 when untagged */
	uint32_t flow_label; /* IPv6, 20 bits */
	uint16_t l4_off;     /* of the TCP (or ICMP, UDP) header from the frame's first byte */
	uint16_t src_off, dst_off; /* of the IP addresses */

	/* TCP */
	uint16_t payload_off, payload_len;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t wnd; /* as in the header, unscaled */
	uint8_t flags;
	uint8_t opt_off, opt_len; /* options, from l4_off */
};

/* Reads <bytes[0..len)>. DROP_NONE: *ret is set. Anything else: why the frame must be dropped.
 * TCP over IPv4 with IP options, or over IPv6 with any extension header but Fragment, is dropped;
 * what is not TCP is never looked into further than its kind needs. The IPv4 header checksum is
 * verified for TCP; the TCP checksum is not (cksum.h).
 * Sanity of ports (0 is DROP_TCP_HEADER) and flags (SYN+FIN, SYN+RST, none of the six of RFC 793:
 * DROP_TCP_FLAGS) is checked here. After any drop *ret is not to be read. */
enum drop_reason frame_parse(const uint8_t *bytes, uint32_t len, struct frame *ret);
