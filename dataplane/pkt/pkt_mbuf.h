/* SPDX-License-Identifier: Apache-2.0
 * pkt.h over DPDK: a struct pkt is a struct rte_mbuf of one segment. The three pools have three
 * sizes of buffer (dataplane/port/pool.c), and the size tells the class. */
#pragma once

#include <rte_mbuf.h>

_Static_assert((int)PKT_HEADROOM == RTE_PKTMBUF_HEADROOM,
		"rte_pktmbuf_alloc() leaves our head room");

struct pkt_pools {
	struct rte_mempool *pool[PKT_CLASSES]; /* borrowed: outlive the worker */
};

static inline struct rte_mbuf *pkt_mbuf(const struct pkt *p)
{
	return (struct rte_mbuf *)(uintptr_t)p;
}

static inline struct pkt *pkt_of_mbuf(struct rte_mbuf *m)
{
	return (struct pkt *)m;
}

static inline struct pkt *pkt_alloc(struct pkt_pools *pools, enum pkt_class class)
{
	return pkt_of_mbuf(rte_pktmbuf_alloc(pools->pool[class]));
}

static inline void pkt_free(struct pkt *p)
{
	rte_pktmbuf_free_seg(pkt_mbuf(p));
}

static inline void pkt_ref(struct pkt *p)
{
	rte_mbuf_refcnt_update(pkt_mbuf(p), 1);
}

/* Alone again means that the other holder has let go, perhaps on another core: the fence keeps our
 * writes behind its last reads (no instruction on x86). */
static inline bool pkt_is_shared(const struct pkt *p)
{
	bool shared = rte_mbuf_refcnt_read(pkt_mbuf(p)) > 1;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return shared;
}

static inline uint8_t *pkt_base(const struct pkt *p)
{
	return pkt_mbuf(p)->buf_addr;
}

static inline uint32_t pkt_size(const struct pkt *p)
{
	return pkt_mbuf(p)->buf_len;
}

static inline uint32_t pkt_off(const struct pkt *p)
{
	return pkt_mbuf(p)->data_off;
}

static inline uint32_t pkt_len(const struct pkt *p)
{
	return pkt_mbuf(p)->data_len;
}

static inline void pkt_frame_set(struct pkt *p, uint32_t off, uint32_t len)
{
	struct rte_mbuf *m = pkt_mbuf(p);

	m->data_off = (uint16_t)off;
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
}

static inline uint32_t pkt_true_size(const struct pkt *p)
{
	return (uint32_t)sizeof(struct rte_mbuf) + pkt_mbuf(p)->buf_len;
}

static inline enum pkt_class pkt_class(const struct pkt *p)
{
	uint32_t room = pkt_mbuf(p)->buf_len;

	if (room < PKT_HEADROOM + PKT_SMALL_BYTES)
		return PKT_HEADER;
	return room == PKT_HEADROOM + PKT_SMALL_BYTES ? PKT_SMALL : PKT_FULL;
}

/* GOOD alone: both bits of a pair together mean that the port did not look. */
static inline bool pkt_cksum_good(const struct pkt *p)
{
	const uint64_t good = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	const uint64_t mask = RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK;

	return (pkt_mbuf(p)->ol_flags & mask) == good;
}
