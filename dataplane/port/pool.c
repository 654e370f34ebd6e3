/* SPDX-License-Identifier: Apache-2.0
 * Mempools by hand instead of rte_pktmbuf_pool_create(): where no hardware needs physical addresses
 * the objects may cross page boundaries. Without huge pages that halves the memory (one buffer a
 * 4 KiB page otherwise), and it makes the pool the gapless array that af_xdp takes it for. */
#include "dataplane/port/pool.h"

#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

#include <errno.h>
#include <stdio.h>

enum {
	POOL_CACHE = 256,
	HEADER_ROOM = 64, /* so that pkt_class() tells its buffers from the small ones */
	OBJECT_OVERHEAD =
			64 + 64, /* the mempool's header and what it adds to spread over channels */
};

static const char *const pool_names[PKT_CLASSES] = {
	[PKT_FULL] = "full",
	[PKT_SMALL] = "small",
	[PKT_HEADER] = "header",
};

static uint32_t pool_n(const struct port_pool_conf *conf, enum pkt_class class)
{
	return class == PKT_FULL             ? conf->n_full
			: class == PKT_SMALL ? conf->n_small
					     : conf->n_header;
}

static uint16_t pool_room(const struct port_pool_conf *conf, enum pkt_class class)
{
	uint32_t room = class == PKT_FULL    ? conf->room_bytes
			: class == PKT_SMALL ? PKT_SMALL_BYTES
					     : HEADER_ROOM;

	return (uint16_t)(PKT_HEADROOM + room);
}

uint64_t port_pools_bytes(const struct port_pool_conf *conf)
{
	uint64_t sum = 0;

	for (enum pkt_class c = 0; c < PKT_CLASSES; c++) {
		uint64_t object = sizeof(struct rte_mbuf) + pool_room(conf, c) + OBJECT_OVERHEAD;

		sum += pool_n(conf, c) *
				(object + 2 * sizeof(void *)); /* and its place in the ring */
	}
	return sum;
}

static struct rte_mempool *pool_new(
		const struct port_pool_conf *conf, enum pkt_class class, uint32_t i)
{
	uint16_t room = pool_room(conf, class);
	struct rte_pktmbuf_pool_private priv = { .mbuf_data_room_size = room };
	unsigned int flags = conf->iova_contig ? 0 : RTE_MEMPOOL_F_NO_IOVA_CONTIG;
	struct rte_mempool *mp;
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "w%u_%s", i, pool_names[class]);
	mp = rte_mempool_create_empty(name, pool_n(conf, class), sizeof(struct rte_mbuf) + room,
			POOL_CACHE, sizeof(priv), SOCKET_ID_ANY, flags);
	if (mp == NULL)
		return NULL;
	rte_pktmbuf_pool_init(mp, &priv);
	if (rte_mempool_set_ops_byname(mp, rte_mbuf_best_mempool_ops(), NULL) != 0 ||
			rte_mempool_populate_default(mp) < 0) {
		rte_mempool_free(mp);
		return NULL;
	}
	rte_mempool_obj_iter(mp, rte_pktmbuf_init, NULL);
	return mp;
}

int port_pools_new(struct pkt_pools *ret, const struct port_pool_conf *conf, uint32_t i,
		struct port_error *e)
{
	*ret = (struct pkt_pools){ 0 };
	for (enum pkt_class c = 0; c < PKT_CLASSES; c++) {
		ret->pool[c] = pool_new(conf, c, i);
		if (ret->pool[c] != NULL)
			continue;
		port_pools_free(ret);
		return port_error_set(e, -ENOMEM,
				"no memory for %u %s buffers of worker %u: raise memory_mb or "
				"lower buffers",
				pool_n(conf, c), pool_names[c], i);
	}
	return 0;
}

void port_pools_free(struct pkt_pools *pools)
{
	for (enum pkt_class c = 0; c < PKT_CLASSES; c++) {
		rte_mempool_free(pools->pool[c]);
		pools->pool[c] = NULL;
	}
}

uint32_t port_pools_left(const struct pkt_pools *pools, enum pkt_class class)
{
	return rte_mempool_avail_count(pools->pool[class]);
}
