/* SPDX-License-Identifier: Apache-2.0
 * Ethernet, IPv4 and TCP headers from a template. A flow's number is its address: the client's IP
 * and port are computed from it, so that a header costs no look-up, and a received one gives the
 * number back. Checksums are always correct: the template's constant part is summed once, the
 * changing words are added per segment. */
#pragma once

#include <rte_byteorder.h>

#include <stdint.h>
#include <string.h>

enum {
	HDR_ETH = 14,
	HDR_IP = 20,
	HDR_TCP = 20,
	HDR_LEN = HDR_ETH + HDR_IP + HDR_TCP,
	HDR_COPY = 64,      /* a template is copied in whole vectors */
	HDR_PORT_BITS = 12, /* client ports of one client address */
	HDR_PORT_BASE = 0x8000,
	HDR_FILL = 0x5a, /* payload bytes that are no tag */
	HDR_TAG = 8,
};

enum {
	TH_FIN = 0x01,
	TH_SYN = 0x02,
	TH_RST = 0x04,
	TH_PSH = 0x08,
	TH_ACK = 0x10,
};

struct hdr_addr {
	uint8_t mac[2][6];             /* of the agent end, of the prod end */
	uint32_t client_ip, server_ip; /* host order; client_ip is the first of many */
	uint16_t server_port;
};

/* One direction: end 0 (client) or end 1 (server) as the sender. */
struct hdr_tmpl {
	uint8_t bytes[HDR_COPY];
	uint32_t ip_sum, tcp_sum; /* of the constant words */
	uint32_t client_ip;
	uint8_t ip_at, port_at; /* where the client's address goes */
};

struct hdr_seg {
	uint32_t idx; /* the flow's number */
	uint32_t seq, ack;
	uint32_t pay_sum; /* unfolded sum of the payload's big-endian words */
	uint16_t len;     /* of the payload */
	uint16_t wnd;
	uint8_t flags;
};

void hdr_tmpl_init(struct hdr_tmpl *t, const struct hdr_addr *a, int end);

/* Writes a whole SYN or SYN-ACK frame with MSS, window scale and (optionally) SACK permitted.
 * Returns its length. */
uint16_t hdr_write_syn(const struct hdr_tmpl *t, uint8_t *frame, const struct hdr_seg *s,
		uint16_t mss, uint8_t wscale_sack);

/* True if IP and TCP checksums of a frame of <len> bytes without options in IP are right. */
int hdr_cksum_ok(const uint8_t *frame, uint16_t ip_len);

static inline uint16_t hdr_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static inline void hdr_put16(uint8_t *to, uint16_t v)
{
	v = rte_cpu_to_be_16(v);
	memcpy(to, &v, sizeof(v));
}

static inline void hdr_put32(uint8_t *to, uint32_t v)
{
	v = rte_cpu_to_be_32(v);
	memcpy(to, &v, sizeof(v));
}

static inline void hdr_put64(uint8_t *to, uint64_t v)
{
	v = rte_cpu_to_be_64(v);
	memcpy(to, &v, sizeof(v));
}

static inline uint16_t hdr_get16(const uint8_t *from)
{
	uint16_t v;

	memcpy(&v, from, sizeof(v));
	return rte_be_to_cpu_16(v);
}

static inline uint32_t hdr_get32(const uint8_t *from)
{
	uint32_t v;

	memcpy(&v, from, sizeof(v));
	return rte_be_to_cpu_32(v);
}

static inline uint64_t hdr_get64(const uint8_t *from)
{
	uint64_t v;

	memcpy(&v, from, sizeof(v));
	return rte_be_to_cpu_64(v);
}

static inline uint32_t hdr_words32(uint32_t v)
{
	return (v >> 16) + (v & 0xffff);
}

static inline uint32_t hdr_words64(uint64_t v)
{
	return hdr_words32((uint32_t)(v >> 32)) + hdr_words32((uint32_t)v);
}

/* The sum of <n> fill bytes that start on an even offset. */
static inline uint32_t hdr_fill_sum(uint32_t n)
{
	return (n / 2) * (HDR_FILL << 8 | HDR_FILL) + (n & 1) * (HDR_FILL << 8);
}

static inline uint32_t hdr_client_ip(uint32_t base, uint32_t idx)
{
	return base + (idx >> HDR_PORT_BITS);
}

static inline uint16_t hdr_client_port(uint32_t idx)
{
	return (uint16_t)(HDR_PORT_BASE | (idx & ((1 << HDR_PORT_BITS) - 1)));
}

static inline uint32_t hdr_index(uint32_t base, uint32_t ip, uint16_t port)
{
	return (ip - base) << HDR_PORT_BITS | (port & ((1 << HDR_PORT_BITS) - 1));
}

/* Writes the header of a segment without options; the payload and its sum are the caller's.
 * Overwrites HDR_COPY bytes: those behind the header become fill. */
static inline void hdr_write(const struct hdr_tmpl *t, uint8_t *frame, const struct hdr_seg *s)
{
	uint32_t ip = hdr_client_ip(t->client_ip, s->idx);
	uint16_t port = hdr_client_port(s->idx), ip_len = (uint16_t)(HDR_IP + HDR_TCP + s->len);
	uint16_t off_flags = (uint16_t)((HDR_TCP / 4) << 12 | s->flags);
	uint32_t sum;

	memcpy(frame, t->bytes, HDR_COPY);
	hdr_put16(frame + HDR_ETH + 2, ip_len);
	hdr_put32(frame + t->ip_at, ip);
	hdr_put16(frame + t->port_at, port);
	hdr_put32(frame + 38, s->seq);
	hdr_put32(frame + 42, s->ack);
	hdr_put16(frame + 46, off_flags);
	hdr_put16(frame + 48, s->wnd);

	sum = t->ip_sum + ip_len + hdr_words32(ip);
	hdr_put16(frame + HDR_ETH + 10, (uint16_t)~hdr_fold(sum));
	sum = t->tcp_sum + hdr_words32(ip) + port + (uint32_t)(HDR_TCP + s->len) +
			hdr_words32(s->seq) + hdr_words32(s->ack) + off_flags + s->wnd + s->pay_sum;
	hdr_put16(frame + 50, (uint16_t)~hdr_fold(sum));
}
