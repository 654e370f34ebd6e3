/* SPDX-License-Identifier: Apache-2.0
 * Segments: the pool they come from, the bytes they cost, and how one is cut or grown. */
#include "dataplane/net/cksum.h"
#include "dataplane/tcp/relay_priv.h"
#include "parsers/base/must.h"

#include <string.h>

uint32_t seg_new(struct relay *r)
{
	uint32_t i = r->seg_free;

	if (i == SEG_NONE) {
		count(r, STAT_ALLOC_FAILED, 1);
		return SEG_NONE;
	}
	r->seg_free = r->segs[i].next;
	r->segs_used++;
	r->segs[i] = (struct seg){ .next = SEG_NONE };
	return i;
}

static void charge(struct relay *r, struct seg *s, struct pkt *p)
{
	uint32_t size = pkt_true_size(p);

	s->pkt = p;
	s->true_size = size > UINT16_MAX ? UINT16_MAX : (uint16_t)size;
	r->retained += s->true_size;
	r->kept_full += pkt_class(p) == PKT_FULL;
	pressure_update(r);
}

static void discharge(struct relay *r, struct seg *s)
{
	r->retained -= s->true_size;
	r->kept_full -= pkt_class(s->pkt) == PKT_FULL;
	s->true_size = 0;
	s->pkt = NULL;
}

void seg_attach(struct relay *r, uint32_t i, struct pkt *p, uint32_t off, uint32_t len)
{
	struct seg *s = &r->segs[i];

	s->off = (uint16_t)off;
	s->len = (uint16_t)len;
	charge(r, s, p);
}

void seg_release(struct relay *r, uint32_t i)
{
	struct seg *s = &r->segs[i];

	if (s->pkt != NULL) {
		struct pkt *p = s->pkt;

		discharge(r, s);
		pkt_free(p);
		pressure_update(r);
	}
	s->next = r->seg_free;
	r->seg_free = i;
	r->segs_used--;
}

void seg_list_release(struct relay *r, uint32_t head)
{
	while (head != SEG_NONE) {
		uint32_t next = r->segs[head].next;

		seg_release(r, head);
		head = next;
	}
}

const uint8_t *seg_bytes(const struct seg *s)
{
	return pkt_base(s->pkt) + s->off;
}

struct pkt *payload_copy(struct relay *r, const uint8_t *bytes, uint32_t len)
{
	struct pkt *p = NULL;

	if (len <= PKT_SMALL_BYTES)
		p = pkt_alloc(r->env.pools, PKT_SMALL);
	if (p == NULL)
		p = pkt_alloc(r->env.pools, PKT_FULL);
	if (p == NULL || pkt_size(p) < PKT_HEADROOM + len) {
		if (p != NULL)
			pkt_free(p);
		count(r, STAT_ALLOC_FAILED, 1);
		return NULL;
	}
	memcpy(pkt_base(p) + PKT_HEADROOM, bytes, len);
	pkt_frame_set(p, PKT_HEADROOM, len);
	count(r, STAT_COPIES, 1);
	return p;
}

uint32_t seg_split(struct relay *r, uint32_t i, uint32_t n)
{
	struct seg *s = &r->segs[i];
	const uint32_t tail_len = s->len - n;
	const bool copy_tail = tail_len <= n;
	uint16_t head_sum, tail_sum;
	struct pkt *copy;
	uint32_t j;

	must(n > 0 && n < s->len);
	j = seg_new(r);
	if (j == SEG_NONE)
		return SEG_NONE;
	copy = payload_copy(r, seg_bytes(s) + (copy_tail ? n : 0), copy_tail ? tail_len : n);
	if (copy == NULL) {
		seg_release(r, j);
		return SEG_NONE;
	}
	/* one sum is computed, the other follows, so that both together still carry the sender's */
	head_sum = cksum_sum(seg_bytes(s), n);
	tail_sum = cksum_sub(s->sum, head_sum);
	if (n & 1)
		tail_sum = cksum_swap(tail_sum);
	struct seg *t = &r->segs[j];
	struct pkt *orig = s->pkt;
	uint32_t orig_off = s->off;

	*t = (struct seg){ .seq = s->seq + n,
		.next = s->next,
		.tx_us = s->tx_us,
		.sum = tail_sum,
		.flags = s->flags,
		.n_retx = s->n_retx };
	discharge(r, s);
	seg_attach(r, i, copy_tail ? orig : copy, copy_tail ? orig_off : PKT_HEADROOM, n);
	seg_attach(r, j, copy_tail ? copy : orig, copy_tail ? PKT_HEADROOM : orig_off + n,
			tail_len);
	s->next = j;
	s->sum = head_sum;
	s->flags &= (uint8_t)~SEG_PSH;
	return j;
}

void seg_trim_front(struct relay *r, uint32_t i, uint32_t n)
{
	struct seg *s = &r->segs[i];
	uint16_t cut = cksum_sum(seg_bytes(s), n);

	must(n < s->len);
	s->sum = cksum_sub(s->sum, cut);
	if (n & 1)
		s->sum = cksum_swap(s->sum);
	s->off = (uint16_t)(s->off + n);
	s->len = (uint16_t)(s->len - n);
	s->seq += n;
}

bool seg_append(struct relay *r, uint32_t i, const uint8_t *bytes, uint32_t len, uint16_t sum)
{
	struct seg *s;
	uint32_t end;

	if (i == SEG_NONE || len >= SMALL_PAYLOAD)
		return false;
	s = &r->segs[i];
	if (s->pkt == NULL || (s->flags & (SEG_SENT | SEG_FIN)) != 0 || pkt_is_shared(s->pkt))
		return false;
	end = (uint32_t)s->off + s->len;
	if (pkt_size(s->pkt) - end < len || s->len + len > r->max_payload)
		return false;
	memcpy(pkt_base(s->pkt) + end, bytes, len);
	s->sum = cksum_add(s->sum, (s->len & 1) != 0 ? cksum_swap(sum) : sum);
	s->len = (uint16_t)(s->len + len);
	count(r, STAT_COPIES, 1);
	return true;
}

/* Out of a full-size receive buffer into a small one: what a hold keeps must not starve reception. */
void seg_shrink(struct relay *r, uint32_t i)
{
	struct seg *s = &r->segs[i];
	struct pkt *orig = s->pkt;
	struct pkt *copy;

	if (orig == NULL || s->len > PKT_SMALL_BYTES || pkt_class(orig) == PKT_SMALL)
		return;
	copy = pkt_alloc(r->env.pools, PKT_SMALL);
	if (copy == NULL)
		return; /* it stays where it is: nothing is lost */
	memcpy(pkt_base(copy) + PKT_HEADROOM, seg_bytes(s), s->len);
	pkt_frame_set(copy, PKT_HEADROOM, s->len);
	count(r, STAT_COPIES, 1);
	discharge(r, s);
	seg_attach(r, i, copy, PKT_HEADROOM, s->len);
	pkt_free(orig);
}
