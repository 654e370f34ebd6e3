/* SPDX-License-Identifier: Apache-2.0
 * Numbers on the wire that more than one file of this folder reads or writes. */
#pragma once

enum {
	ETH_TYPE_OFF = 12,
	ETH_TYPE_IP4 = 0x0800,
	ETH_TYPE_ARP = 0x0806,
	ETH_TYPE_VLAN = 0x8100,
	ETH_TYPE_IP6 = 0x86dd,
	ETH_TYPE_QINQ = 0x88a8,
	ETH_TYPE_LLDP = 0x88cc,
	ETH_TYPE_MIN = 0x0600, /* below: an IEEE 802.3 length */
	VLAN_LEN = 4,
};

enum {
	IP_PROTO_HOPOPTS = 0,
	IP_PROTO_ICMP = 1,
	IP_PROTO_TCP = 6,
	IP_PROTO_UDP = 17,
	IP_PROTO_ROUTING = 43,
	IP_PROTO_FRAGMENT = 44,
	IP_PROTO_AH = 51,
	IP_PROTO_ICMP6 = 58,
	IP_PROTO_DSTOPTS = 60,
	IP_PROTO_MOBILITY = 135,
	IP_PROTO_HIP = 139,
	IP_PROTO_SHIM6 = 140,
};

enum {
	IP4_LEN = 20, /* without options */
	IP4_SRC = 12,
	IP4_DST = 16,
	IP4_DF = 0x4000,
	IP4_MF = 0x2000,
	IP4_OFF_MASK = 0x1fff,
	IP6_LEN = 40,
	IP6_SRC = 8,
	IP6_DST = 24,
	IP6_FRAG_LEN = 8,
	TCP_LEN = 20, /* without options */
	IP_BYTES_MAX = 65535,
};
