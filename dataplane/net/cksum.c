/* SPDX-License-Identifier: Apache-2.0
 * Sums are taken over whole little-endian 64-bit words, split into halves that are added in two
 * 64-bit lanes: no carry is ever lost below 2^32 words, and the compiler turns the loop into
 * vector adds. RFC 1071 2(B) allows the other byte order; one swap at the end mends it. */
#include "dataplane/net/cksum.h"

#include "dataplane/net/cksum_priv.h"
#include "dataplane/net/net_priv.h"

#include <string.h>

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The last 0..7 bytes as one word. What is missing counts as zero, as RFC 1071 pads. */
static inline uint64_t load_tail(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	uint32_t w;
	uint16_t h;

	if (n & 4) {
		memcpy(&w, p, sizeof(w));
		v = w;
	}
	if (n & 2) {
		memcpy(&h, p + (n & 4), sizeof(h));
		v |= (uint64_t)h << ((n & 4) * 8);
	}
	if (n & 1)
		v |= (uint64_t)p[n - 1] << ((n - 1) * 8);
	return v;
}

uint16_t cksum_sum(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	const size_t n_words = len / 8;
	uint64_t lo = 0, hi = 0, v;

#pragma GCC unroll 4 /* of the vector loop: with less, its own overhead is half of it */
	for (size_t i = 0; i < n_words; i++) {
		v = load_le64(p + i * 8);
		lo += v & 0xffffffff;
		hi += v >> 32;
	}
	v = load_tail(p + n_words * 8, len % 8);
	lo += v & 0xffffffff;
	hi += v >> 32;
	return cksum_swap(cksum_fold(cksum_wide(lo) + cksum_wide(hi)));
}

/* Pseudo header and TCP header, the sender's checksum among them. */
static inline uint16_t tcp_head_sum(const struct frame *f)
{
	const uint8_t *tcp = f->bytes + f->l4_off;
	const size_t addr_len = f->ip_version == 4 ? 8 : 32;
	uint64_t sum = IP_PROTO_TCP;

	sum += (uint32_t)(f->len - f->l4_off);
	sum += cksum_words(f->bytes + f->src_off, addr_len);
	sum += cksum_words(tcp, (size_t)(f->payload_off - f->l4_off));
	return cksum_fold(cksum_wide(sum));
}

uint16_t cksum_tcp_payload_sum(const struct frame *f)
{
	return (uint16_t)~tcp_head_sum(f);
}

bool cksum_tcp_verify(const struct frame *f, uint16_t *ret_payload_sum)
{
	const uint16_t head = tcp_head_sum(f);
	const uint16_t payload = cksum_sum(f->bytes + f->payload_off, f->payload_len);

	/* The pseudo header is never all zero, so a good sum is the negative zero. */
	if (cksum_add(head, payload) != 0xffff)
		return false;
	*ret_payload_sum = (uint16_t)~head;
	return true;
}
