/* SPDX-License-Identifier: Apache-2.0
 * One packet buffer, and the only names by which the engine touches it.
 *
 * Two implementations of the same inline functions, chosen when the engine is compiled:
 *   pkt_mbuf.h  struct pkt is a struct rte_mbuf                          (sluiced)
 *   pkt_heap.h  struct pkt is an exact-size heap block, so that ASan
 *               sees every over-read                     (simulator, fuzzers, tools/replay)
 *
 * A buffer is one contiguous run of bytes. Offsets count from its first byte (not from the frame).
 * A frame in it is the run [off, off + len). Buffers are counted: a second holder is a transmit
 * ring that has not let go yet, so whoever finds pkt_is_shared() must not write to the buffer.
 *
 *	struct pkt *pkt_alloc(struct pkt_pools *, enum pkt_class);     NULL: that pool is empty
 *	void        pkt_free(struct pkt *);                            drops one reference
 *	void        pkt_ref(struct pkt *);
 *	bool        pkt_is_shared(const struct pkt *);
 *	uint8_t    *pkt_base(const struct pkt *);                      first byte of the buffer
 *	uint32_t    pkt_size(const struct pkt *);                      bytes in the buffer, room included
 *	uint32_t    pkt_off(const struct pkt *), pkt_len(const struct pkt *);     the frame
 *	void        pkt_frame_set(struct pkt *, uint32_t off, uint32_t len);
 *	uint32_t    pkt_true_size(const struct pkt *);                 what it costs, overhead included
 *	enum pkt_class pkt_class(const struct pkt *);
 *	bool        pkt_cksum_good(const struct pkt *);  the port has verified IP and TCP checksums
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pkt;
struct pkt_pools;

enum pkt_class {
	PKT_FULL,   /* as large as a frame of the port's MTU: received frames, emitted data */
	PKT_SMALL,  /* PKT_SMALL_BYTES of payload: held one-line commands */
	PKT_HEADER, /* a reserved pool for ACKs and RSTs: never used for payload */
	PKT_CLASSES,
};

enum {
	PKT_HEADROOM = 128, /* before the payload of a fresh buffer: room for any header we write */
	PKT_SMALL_BYTES = 512, /* payload room of PKT_SMALL */
};

#ifdef SLUICE_PKT_HEAP
#include "dataplane/pkt/pkt_heap.h"
#else
#include "dataplane/pkt/pkt_mbuf.h"
#endif

/* The frame's first byte. */
static inline uint8_t *pkt_data(const struct pkt *p)
{
	return pkt_base(p) + pkt_off(p);
}
