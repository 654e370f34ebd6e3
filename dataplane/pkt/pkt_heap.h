/* SPDX-License-Identifier: Apache-2.0
 * pkt.h over malloc: one exact-size block a packet, with budgets in place of pools, so that a test
 * can empty a pool at will and ASan sees any byte read or written outside the buffer. */
#pragma once

#include <stdlib.h>

struct pkt_pools {
	uint32_t left[PKT_CLASSES]; /* buffers that may still be allocated */
	uint32_t full_bytes;        /* payload room of PKT_FULL */
	uint64_t n_live;            /* buffers not yet freed: 0 at teardown, or it leaked */
};

struct pkt {
	struct pkt_pools *pools; /* borrowed: outlives the packet */
	uint32_t refs;
	uint32_t size, off, len;
	enum pkt_class class;
	bool cksum_good;
	uint8_t bytes[];
};

/* A buffer with PKT_HEADROOM before <payload_bytes>; taken from the budget of <class>. */
static inline struct pkt *pkt_heap_new(
		struct pkt_pools *pools, enum pkt_class class, uint32_t payload_bytes)
{
	struct pkt *p;

	if (pools->left[class] == 0)
		return NULL;
	p = malloc(sizeof(*p) + PKT_HEADROOM + payload_bytes);
	if (p == NULL)
		return NULL;
	pools->left[class]--;
	pools->n_live++;
	*p = (struct pkt){ .pools = pools,
		.refs = 1,
		.size = PKT_HEADROOM + payload_bytes,
		.off = PKT_HEADROOM,
		.class = class };
	return p;
}

static inline struct pkt *pkt_alloc(struct pkt_pools *pools, enum pkt_class class)
{
	const uint32_t room[PKT_CLASSES] = {
		[PKT_FULL] = pools->full_bytes, [PKT_SMALL] = PKT_SMALL_BYTES, [PKT_HEADER] = 0
	};

	return pkt_heap_new(pools, class, room[class]);
}

static inline void pkt_free(struct pkt *p)
{
	if (--p->refs > 0)
		return;
	p->pools->left[p->class]++;
	p->pools->n_live--;
	free(p);
}

static inline void pkt_ref(struct pkt *p)
{
	p->refs++;
}

static inline bool pkt_is_shared(const struct pkt *p)
{
	return p->refs > 1;
}

static inline uint8_t *pkt_base(const struct pkt *p)
{
	return (uint8_t *)(uintptr_t)p->bytes;
}

static inline uint32_t pkt_size(const struct pkt *p)
{
	return p->size;
}

static inline uint32_t pkt_off(const struct pkt *p)
{
	return p->off;
}

static inline uint32_t pkt_len(const struct pkt *p)
{
	return p->len;
}

static inline void pkt_frame_set(struct pkt *p, uint32_t off, uint32_t len)
{
	p->off = off;
	p->len = len;
}

static inline uint32_t pkt_true_size(const struct pkt *p)
{
	return (uint32_t)sizeof(*p) + p->size;
}

static inline enum pkt_class pkt_class(const struct pkt *p)
{
	return p->class;
}

static inline bool pkt_cksum_good(const struct pkt *p)
{
	return p->cksum_good;
}
