/* SPDX-License-Identifier: Apache-2.0
 * Reassembly of fragmented TCP segments (relay.md 2.4). One table a worker; no heap after
 * frag_new(). Any overlap drops the datagram, in IPv4 too (RFC 5722). */
#pragma once

#include "dataplane/net/drop.h"
#include "dataplane/net/frame.h"
#include "dataplane/net/side.h"
#include "dataplane/pkt/pkt.h"

#include <stdbool.h>
#include <stdint.h>

struct frag_table;

struct frag_conf {
	uint32_t max_datagrams;            /* incomplete at once, in all */
	uint32_t max_datagrams_per_source; /* incomplete at once, from one address */
	uint32_t max_frags;                /* per datagram, <= 64 */
	uint32_t timeout_ms;               /* 2000 */
	uint64_t seed[2];                  /* of the hash */
};

enum frag_rc {
	FRAG_WAIT, /* kept; more is to come */
	FRAG_DONE, /* *ret_pkt is the whole segment as one unfragmented frame, headers mended */
	FRAG_DROP, /* the datagram is gone; *ret_why says why */
};

struct frag_result {
	struct pkt *pkt;      /* FRAG_DONE: owned by the caller */
	enum drop_reason why; /* FRAG_DROP */
	uint32_t n_frags; /* FRAG_DONE, FRAG_DROP: fragments that were used up, this one included */
};

/* NULL: out of memory. */
struct frag_table *frag_new(const struct frag_conf *conf);
/* Frees all kept fragments too. */
void frag_free(struct frag_table **t);

/* Takes ownership of <p>, whose frame is <f> (FRAG_TCP_FRAG). <pools> is where the whole segment is
 * allocated (PKT_FULL). <wire> and <from> are part of the datagram's identity. */
enum frag_rc frag_push(struct frag_table *t, struct pkt_pools *pools, uint16_t wire, enum side from,
		struct pkt *p, const struct frame *f, uint64_t now_us, struct frag_result *ret);

/* Drops what has waited too long; returns the number of fragments dropped. */
uint32_t frag_expire(struct frag_table *t, uint64_t now_us);

/* When frag_expire() has work next; UINT64_MAX for never. */
uint64_t frag_next_us(const struct frag_table *t);
/* Fragments kept now, and what they cost in true size. */
uint64_t frag_true_bytes(const struct frag_table *t);
