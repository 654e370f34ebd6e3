/* SPDX-License-Identifier: Apache-2.0
 * pkt.h over DPDK: a struct pkt is a struct rte_mbuf of one segment. */
#pragma once

#include <rte_mbuf.h>

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

static inline bool pkt_is_shared(const struct pkt *p)
{
	return rte_mbuf_refcnt_read(pkt_mbuf(p)) > 1;
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

/* By size: the three pools have three sizes (pkt_pool_bytes()). */
static inline enum pkt_class pkt_class(const struct pkt *p)
{
	const struct rte_mbuf *m = pkt_mbuf(p);

	return m->buf_len <= PKT_HEADROOM * 2                          ? PKT_HEADER
			: m->buf_len <= PKT_HEADROOM + PKT_SMALL_BYTES ? PKT_SMALL
								       : PKT_FULL;
}

static inline bool pkt_cksum_good(const struct pkt *p)
{
	const uint64_t good = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;

	return (pkt_mbuf(p)->ol_flags & good) == good;
}
