/* SPDX-License-Identifier: Apache-2.0
 * The parts of header.h that run once, or once a connection. */
#include "tests/perf/tcpgen/header.h"

#include <rte_ip.h>

static uint32_t sum_bytes(const uint8_t *p, uint32_t n)
{
	uint32_t sum = 0, i;

	for (i = 0; i + 1 < n; i += 2)
		sum += hdr_get16(p + i);
	if (n & 1)
		sum += (uint32_t)p[n - 1] << 8;
	return sum;
}

void hdr_tmpl_init(struct hdr_tmpl *t, const struct hdr_addr *a, int end)
{
	uint8_t *b = t->bytes;

	memset(t, 0, sizeof(*t));
	memset(b + HDR_LEN, HDR_FILL, HDR_COPY - HDR_LEN);
	memcpy(b, a->mac[!end], 6);
	memcpy(b + 6, a->mac[end], 6);
	hdr_put16(b + 12, 0x0800);
	b[HDR_ETH] = 0x45;
	hdr_put16(b + HDR_ETH + 6, 0x4000); /* do not fragment */
	b[HDR_ETH + 8] = 64;
	b[HDR_ETH + 9] = 6;
	hdr_put32(b + (end == 0 ? 30 : 26), a->server_ip);
	hdr_put16(b + (end == 0 ? 36 : 34), a->server_port);
	t->client_ip = a->client_ip;
	t->ip_at = end == 0 ? 26 : 30;
	t->port_at = end == 0 ? 34 : 36;
	t->ip_sum = sum_bytes(b + HDR_ETH, HDR_IP);
	t->tcp_sum = hdr_words32(a->server_ip) + a->server_port + 6;
}

uint16_t hdr_write_syn(const struct hdr_tmpl *t, uint8_t *frame, const struct hdr_seg *s,
		uint16_t mss, uint8_t wscale_sack)
{
	uint8_t *opt = frame + HDR_LEN;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + HDR_ETH);
	uint16_t cksum;

	hdr_write(t, frame, s);
	memcpy(opt, (const uint8_t[]){ 2, 4, 0, 0, 1, 3, 3, 0, 1, 1, 1, 1 }, 12);
	hdr_put16(opt + 2, mss);
	opt[7] = wscale_sack & 0x0f;
	if (wscale_sack & 0x80) {
		opt[10] = 4;
		opt[11] = 2;
	}
	hdr_put16(frame + 46, (uint16_t)(((HDR_TCP + 12) / 4) << 12 | s->flags));
	hdr_put16(frame + HDR_ETH + 2, HDR_IP + HDR_TCP + 12);
	hdr_put16(frame + HDR_ETH + 10, 0);
	hdr_put16(frame + 50, 0);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	cksum = rte_ipv4_udptcp_cksum(ip, frame + HDR_ETH + HDR_IP);
	memcpy(frame + 50, &cksum, sizeof(cksum));
	return HDR_LEN + 12;
}

int hdr_cksum_ok(const uint8_t *frame, uint16_t ip_len)
{
	const uint8_t *ip = frame + HDR_ETH;
	uint32_t tcp_len = (uint32_t)ip_len - HDR_IP;
	uint32_t sum = sum_bytes(ip + HDR_IP, tcp_len) + sum_bytes(ip + 12, 8) + 6 + tcp_len;

	return hdr_fold(sum_bytes(ip, HDR_IP)) == 0xffff && hdr_fold(sum) == 0xffff;
}
