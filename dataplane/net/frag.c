/* SPDX-License-Identifier: Apache-2.0
 * A datagram is a slot with its pieces sorted by offset. All slots live equally long, so the list
 * by age is also the list by deadline. A datagram that was dropped keeps its slot, without pieces,
 * until its deadline: its late pieces are then known for what they are. */
#include "dataplane/net/frag.h"

#include "dataplane/net/cksum_priv.h"
#include "dataplane/net/net_priv.h"
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "parsers/base/siphash.h"

#include <stdlib.h>
#include <string.h>

#define NIL UINT32_MAX /* no slot */

enum {
	FRAG_PIECES_MAX = 64,
	KEY_WORDS = 6, /* source 2, destination 2, ID and VLAN, wire and side and version */
	SOURCE_WORDS = 2,
};

struct frag_key {
	uint64_t word[KEY_WORDS];
};

struct piece {
	struct pkt *pkt; /* owned */
	uint16_t at;     /* of its data in the frame */
	uint16_t off, len;
};

struct datagram {
	struct frag_key key;
	uint64_t deadline_us;
	uint32_t source;      /* index of its source */
	uint32_t bucket_next; /* in its bucket, or in the free list */
	uint32_t older, newer;
	uint32_t n_pieces;
	uint32_t n_seen; /* pieces and exact duplicates of them */
	uint32_t n_bytes;
	uint32_t end;        /* of the piece that reaches furthest */
	bool has_last;       /* then <end> is the datagram's */
	uint8_t why_dropped; /* DROP_NONE while it may still become whole */
};

struct source {
	uint64_t addr[SOURCE_WORDS];
	uint32_t n_datagrams;
	uint32_t bucket_next; /* in its bucket, or in the free list */
};

struct frag_table {
	struct frag_conf conf;
	struct datagram *datagrams; /* owned: conf.max_datagrams, as the next two */
	struct source *sources;     /* owned */
	struct piece *pieces;       /* owned: conf.max_frags for each datagram */
	uint32_t *buckets; /* owned: first datagram, one more table of first sources behind */
	uint32_t bucket_mask;
	uint32_t free_datagram, free_source;
	uint32_t oldest, newest;
	uint64_t true_bytes;
};

/* ---- the table ---- */

static inline struct piece *pieces_of(const struct frag_table *t, const struct datagram *d)
{
	return t->pieces + (size_t)(d - t->datagrams) * t->conf.max_frags;
}

static uint32_t *bucket_of(const struct frag_table *t, const uint64_t *words, size_t n_words)
{
	const struct siphash_key key = { t->conf.seed[0], t->conf.seed[1] };
	const uint64_t hash = siphash13_words(&key, words, n_words);

	/* Sources have the buckets behind those of datagrams. */
	return t->buckets + (hash & t->bucket_mask) +
			(n_words == SOURCE_WORDS ? (size_t)t->bucket_mask + 1 : 0);
}

static void link_free(struct frag_table *t)
{
	const uint32_t n = t->conf.max_datagrams;

	for (uint32_t i = 0; i < n; i++) {
		t->datagrams[i].bucket_next = i + 1 < n ? i + 1 : NIL;
		t->sources[i].bucket_next = i + 1 < n ? i + 1 : NIL;
	}
	t->free_datagram = t->free_source = 0;
	t->oldest = t->newest = NIL;
	for (size_t i = 0; i < ((size_t)t->bucket_mask + 1) * 2; i++)
		t->buckets[i] = NIL;
}

struct frag_table *frag_new(const struct frag_conf *conf)
{
	const uint32_t n = conf->max_datagrams;
	struct frag_table *t;
	uint32_t n_buckets = 1;

	must(n > 0 && n <= 1u << 24);
	must(conf->max_frags >= 2 && conf->max_frags <= FRAG_PIECES_MAX);
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	while (n_buckets < n * 2)
		n_buckets *= 2;
	t->conf = *conf;
	t->bucket_mask = n_buckets - 1;
	t->datagrams = calloc(n, sizeof(*t->datagrams));
	t->sources = calloc(n, sizeof(*t->sources));
	t->pieces = calloc((size_t)n * conf->max_frags, sizeof(*t->pieces));
	t->buckets = calloc((size_t)n_buckets * 2, sizeof(*t->buckets));
	t->oldest = NIL; /* frag_free() may walk it before link_free() */
	if (t->datagrams == NULL || t->sources == NULL || t->pieces == NULL || t->buckets == NULL) {
		frag_free(&t);
		return NULL;
	}
	link_free(t);
	return t;
}

/* Frees the pieces of <d>; returns how many fragments that were, duplicates included. */
static uint32_t free_pieces(struct frag_table *t, struct datagram *d)
{
	const uint32_t n_seen = d->n_seen;
	struct piece *p = pieces_of(t, d);

	for (uint32_t i = 0; i < d->n_pieces; i++) {
		t->true_bytes -= pkt_true_size(p[i].pkt);
		pkt_free(p[i].pkt);
	}
	d->n_pieces = d->n_seen = d->n_bytes = 0;
	return n_seen;
}

void frag_free(struct frag_table **t)
{
	struct frag_table *old = *t;

	if (old == NULL)
		return;
	for (uint32_t i = old->oldest; i != NIL; i = old->datagrams[i].newer)
		free_pieces(old, &old->datagrams[i]);
	free(old->datagrams);
	free(old->sources);
	free(old->pieces);
	free(old->buckets);
	free(old);
	*t = NULL;
}

static struct datagram *find_datagram(const struct frag_table *t, const struct frag_key *key)
{
	uint32_t i = *bucket_of(t, key->word, KEY_WORDS);

	while (i != NIL && memcmp(&t->datagrams[i].key, key, sizeof(*key)) != 0)
		i = t->datagrams[i].bucket_next;
	return i == NIL ? NULL : &t->datagrams[i];
}

static uint32_t find_source(const struct frag_table *t, const uint64_t *addr)
{
	uint32_t i = *bucket_of(t, addr, SOURCE_WORDS);

	while (i != NIL && memcmp(t->sources[i].addr, addr, sizeof(t->sources[i].addr)) != 0)
		i = t->sources[i].bucket_next;
	return i;
}

/* There are as many sources as datagrams, so a free datagram implies a free source. */
static uint32_t source_ref(struct frag_table *t, const uint64_t *addr)
{
	uint32_t i = find_source(t, addr);
	uint32_t *bucket;

	if (i == NIL) {
		i = t->free_source;
		must(i != NIL);
		t->free_source = t->sources[i].bucket_next;
		bucket = bucket_of(t, addr, SOURCE_WORDS);
		t->sources[i] = (struct source){ .bucket_next = *bucket };
		memcpy(t->sources[i].addr, addr, sizeof(t->sources[i].addr));
		*bucket = i;
	}
	t->sources[i].n_datagrams++;
	return i;
}

static void source_unref(struct frag_table *t, uint32_t i)
{
	uint32_t *link;

	if (--t->sources[i].n_datagrams > 0)
		return;
	link = bucket_of(t, t->sources[i].addr, SOURCE_WORDS);
	while (*link != i)
		link = &t->sources[*link].bucket_next;
	*link = t->sources[i].bucket_next;
	t->sources[i].bucket_next = t->free_source;
	t->free_source = i;
}

static void append_newest(struct frag_table *t, uint32_t i)
{
	t->datagrams[i].older = t->newest;
	t->datagrams[i].newer = NIL;
	if (t->newest == NIL)
		t->oldest = i;
	else
		t->datagrams[t->newest].newer = i;
	t->newest = i;
}

/* NULL: too many in all, or from this source. */
static struct datagram *datagram_add(
		struct frag_table *t, const struct frag_key *key, uint64_t now_us)
{
	const uint32_t i = t->free_datagram, source = find_source(t, key->word);
	uint32_t *bucket;

	if (i == NIL || t->conf.max_datagrams_per_source == 0)
		return NULL;
	if (source != NIL && t->sources[source].n_datagrams >= t->conf.max_datagrams_per_source)
		return NULL;
	t->free_datagram = t->datagrams[i].bucket_next;
	bucket = bucket_of(t, key->word, KEY_WORDS);
	t->datagrams[i] = (struct datagram){
		.key = *key,
		.deadline_us = now_us + (uint64_t)t->conf.timeout_ms * 1000,
		.source = source_ref(t, key->word),
		.bucket_next = *bucket,
	};
	*bucket = i;
	append_newest(t, i);
	return &t->datagrams[i];
}

/* Forgets <d>, which has no pieces any more. */
static void datagram_remove(struct frag_table *t, struct datagram *d)
{
	const uint32_t i = (uint32_t)(d - t->datagrams);
	uint32_t *link = bucket_of(t, d->key.word, KEY_WORDS);

	must(d->n_pieces == 0);
	while (*link != i)
		link = &t->datagrams[*link].bucket_next;
	*link = d->bucket_next;
	*(d->older == NIL ? &t->oldest : &t->datagrams[d->older].newer) = d->newer;
	*(d->newer == NIL ? &t->newest : &t->datagrams[d->newer].older) = d->older;
	source_unref(t, d->source);
	d->bucket_next = t->free_datagram;
	t->free_datagram = i;
}

/* ---- one fragment ---- */

static void key_of(struct frag_key *key, const struct frame *f, uint16_t wire, enum side from)
{
	const size_t addr_len = f->ip_version == 4 ? 4 : 16;

	*key = (struct frag_key){ 0 };
	memcpy(&key->word[0], f->bytes + f->src_off, addr_len);
	memcpy(&key->word[2], f->bytes + f->dst_off, addr_len);
	key->word[4] = (uint64_t)f->frag_id << 32 | f->vlan;
	key->word[5] = (uint64_t)wire << 32 | (uint64_t)from << 8 | f->ip_version;
}

/* What is wrong with a fragment whatever the others are. */
static enum drop_reason judge_alone(const struct frame *f)
{
	const uint32_t len = (uint32_t)f->len - f->l4_off;
	const uint32_t head = f->ip_version == 4 ? IP4_LEN : 0; /* IPv4 counts its header in */
	uint32_t tcp_len;

	if (len == 0 || (f->frag_more && len % 8 != 0))
		return DROP_FRAG_BAD;
	if (head + f->frag_off + len > IP_BYTES_MAX)
		return DROP_FRAG_BAD;
	if (f->frag_off > 0)
		return DROP_NONE;
	if (len < TCP_LEN)
		return DROP_FRAG_TINY;
	tcp_len = (uint32_t)(f->bytes[f->l4_off + 12] >> 4) * 4;
	return tcp_len > len ? DROP_FRAG_TINY : DROP_NONE;
}

/* The end of the datagram is told once, and nothing lies beyond it. */
static bool end_fits(const struct datagram *d, uint32_t end, bool is_last)
{
	if (d->has_last)
		return is_last ? end == d->end : end < d->end;
	return !is_last || end >= d->end;
}

/* Index of the first piece that begins behind <off>. */
static uint32_t place_of(const struct frag_table *t, const struct datagram *d, uint32_t off)
{
	const struct piece *p = pieces_of(t, d);
	uint32_t i = d->n_pieces;

	while (i > 0 && p[i - 1].off > off)
		i--;
	return i;
}

/* The very fragment that we have at <i> - 1, bounds and bytes: networks duplicate packets, and
 * RFC 8200 4.5 lets that pass without calling it an overlap. */
static bool is_duplicate(const struct frag_table *t, const struct datagram *d, uint32_t i,
		const struct frame *f)
{
	const uint32_t len = (uint32_t)f->len - f->l4_off, end = f->frag_off + len;
	const struct piece *p = pieces_of(t, d);

	if (i == 0)
		return false;
	p += i - 1;
	if (p->off != f->frag_off || p->len != len)
		return false;
	if (f->frag_more == (d->has_last && end == d->end))
		return false;
	return memcmp(pkt_data(p->pkt) + p->at, f->bytes + f->l4_off, len) == 0;
}

/* What is wrong with <f> between the pieces before <i> and at <i>. */
static enum drop_reason judge_among(const struct frag_table *t, const struct datagram *d,
		uint32_t i, const struct frame *f)
{
	const uint32_t end = (uint32_t)f->frag_off + f->len - f->l4_off;
	const struct piece *p = pieces_of(t, d);

	if (!end_fits(d, end, !f->frag_more))
		return DROP_FRAG_BAD;
	if (i > 0 && (uint32_t)p[i - 1].off + p[i - 1].len > f->frag_off)
		return DROP_FRAG_OVERLAP;
	if (i < d->n_pieces && p[i].off < end)
		return DROP_FRAG_OVERLAP;
	return d->n_pieces == t->conf.max_frags ? DROP_FRAG_LIMIT : DROP_NONE;
}

static void insert_piece(struct frag_table *t, struct datagram *d, uint32_t i, struct pkt *pkt,
		const struct frame *f)
{
	const uint16_t len = (uint16_t)(f->len - f->l4_off);
	const uint32_t end = (uint32_t)f->frag_off + len;
	struct piece *p = pieces_of(t, d);

	memmove(p + i + 1, p + i, (d->n_pieces - i) * sizeof(*p));
	p[i] = (struct piece){ .pkt = pkt, .at = f->l4_off, .off = f->frag_off, .len = len };
	d->n_pieces++;
	d->n_seen++;
	d->n_bytes += len;
	if (end > d->end)
		d->end = end;
	d->has_last |= !f->frag_more;
	t->true_bytes += pkt_true_size(pkt);
}

/* ---- the whole segment ---- */

static void mend_ip4(uint8_t *ip, uint32_t n_bytes)
{
	store_be16(ip + 2, (uint16_t)(IP4_LEN + n_bytes));
	store_be16(ip + 6, 0);
	store_be16(ip + 10, 0);
	store_be16(ip + 10, (uint16_t)~cksum_fold(cksum_words(ip, IP4_LEN)));
}

static void mend_ip6(uint8_t *ip, uint32_t n_bytes)
{
	store_be16(ip + 4, (uint16_t)n_bytes);
	ip[6] = IP_PROTO_TCP;
}

/* Joins <n> pieces, in order and without holes, behind the headers of the first (RFC 8200 4.5). Its
 * payload comes to lie where that of a fresh buffer does. frame_parse() lets no option and no other
 * extension header through, so the length of the headers tells where they begin. */
static enum drop_reason join(struct pkt_pools *pools, const struct piece *p, uint32_t n,
		uint8_t ip_version, struct pkt **ret_pkt)
{
	const uint8_t *first = pkt_data(p[0].pkt);
	const uint32_t tcp_len = (uint32_t)(first[p[0].at + 12] >> 4) * 4;
	const uint32_t head_len =
			(uint32_t)p[0].at - (ip_version == 4 ? 0 : (uint32_t)IP6_FRAG_LEN);
	const uint32_t off = PKT_HEADROOM - tcp_len - head_len;
	const uint32_t n_bytes = (uint32_t)p[n - 1].off + p[n - 1].len;
	struct pkt *whole = pkt_alloc(pools, PKT_FULL);
	uint8_t *out;

	if (whole == NULL)
		return DROP_LIMIT_BUFFERS;
	if (off + head_len + n_bytes > pkt_size(whole) || head_len + n_bytes > UINT16_MAX) {
		pkt_free(whole);
		return DROP_FRAG_TOO_BIG;
	}
	pkt_frame_set(whole, off, head_len + n_bytes);
	out = pkt_data(whole);
	memcpy(out, first, head_len);
	if (ip_version == 4)
		mend_ip4(out + head_len - IP4_LEN, n_bytes);
	else
		mend_ip6(out + head_len - IP6_LEN, n_bytes);
	for (uint32_t i = 0; i < n; i++)
		memcpy(out + head_len + p[i].off, pkt_data(p[i].pkt) + p[i].at, p[i].len);
	*ret_pkt = whole;
	return DROP_NONE;
}

static enum frag_rc drop_one(struct pkt *p, enum drop_reason why, struct frag_result *ret)
{
	pkt_free(p);
	*ret = (struct frag_result){ .why = why, .n_frags = 1 };
	return FRAG_DROP;
}

/* An IPv6 fragment that is all of its datagram stands alone (RFC 6946). */
static enum frag_rc push_atomic(struct pkt_pools *pools, struct pkt *p, const struct frame *f,
		struct frag_result *ret)
{
	const struct piece piece = {
		.pkt = p, .at = f->l4_off, .len = (uint16_t)(f->len - f->l4_off)
	};
	struct pkt *whole = NULL;
	const enum drop_reason why = join(pools, &piece, 1, f->ip_version, &whole);

	if (why != DROP_NONE)
		return drop_one(p, why, ret);
	pkt_free(p);
	*ret = (struct frag_result){ .pkt = whole, .n_frags = 1 };
	return FRAG_DONE;
}

/* Drops <d> with all its pieces and <p>, and keeps the slot to know its late pieces by. */
static enum frag_rc kill(struct frag_table *t, struct datagram *d, struct pkt *p,
		enum drop_reason why, struct frag_result *ret)
{
	drop_one(p, why, ret);
	ret->n_frags += free_pieces(t, d);
	d->why_dropped = (uint8_t)why;
	return FRAG_DROP;
}

static enum frag_rc finish(struct frag_table *t, struct pkt_pools *pools, struct datagram *d,
		struct frag_result *ret)
{
	const uint8_t ip_version = (uint8_t)d->key.word[KEY_WORDS - 1];
	struct pkt *whole = NULL;
	const enum drop_reason why = join(pools, pieces_of(t, d), d->n_pieces, ip_version, &whole);

	*ret = (struct frag_result){ .pkt = whole, .why = why, .n_frags = free_pieces(t, d) };
	if (why != DROP_NONE) {
		d->why_dropped = (uint8_t)why;
		return FRAG_DROP;
	}
	datagram_remove(t, d);
	return FRAG_DONE;
}

enum frag_rc frag_push(struct frag_table *t, struct pkt_pools *pools, uint16_t wire, enum side from,
		struct pkt *p, const struct frame *f, uint64_t now_us, struct frag_result *ret)
{
	enum drop_reason why = judge_alone(f);
	struct frag_key key;
	struct datagram *d;
	uint32_t i;

	must_hot(f->kind == FRAME_TCP_FRAG && f->bytes == pkt_data(p));
	if (f->frag_off == 0 && !f->frag_more)
		return why == DROP_NONE ? push_atomic(pools, p, f, ret) : drop_one(p, why, ret);
	key_of(&key, f, wire, from);
	d = find_datagram(t, &key);
	if (d == NULL)
		d = datagram_add(t, &key, now_us);
	if (d == NULL)
		return drop_one(p, why != DROP_NONE ? why : DROP_FRAG_LIMIT, ret);
	if (d->why_dropped != DROP_NONE)
		return drop_one(p, d->why_dropped, ret);
	i = place_of(t, d, f->frag_off);
	if (why == DROP_NONE && is_duplicate(t, d, i, f)) {
		d->n_seen++;
		pkt_free(p);
		*ret = (struct frag_result){ 0 };
		return FRAG_WAIT;
	}
	if (why == DROP_NONE)
		why = judge_among(t, d, i, f);
	if (why != DROP_NONE)
		return kill(t, d, p, why, ret);
	insert_piece(t, d, i, p, f);
	*ret = (struct frag_result){ 0 };
	return d->has_last && d->n_bytes == d->end ? finish(t, pools, d, ret) : FRAG_WAIT;
}

uint32_t frag_expire(struct frag_table *t, uint64_t now_us)
{
	uint32_t n_frags = 0;

	while (t->oldest != NIL && t->datagrams[t->oldest].deadline_us <= now_us) {
		n_frags += free_pieces(t, &t->datagrams[t->oldest]);
		datagram_remove(t, &t->datagrams[t->oldest]);
	}
	return n_frags;
}

uint64_t frag_next_us(const struct frag_table *t)
{
	return t->oldest == NIL ? UINT64_MAX : t->datagrams[t->oldest].deadline_us;
}

uint64_t frag_true_bytes(const struct frag_table *t)
{
	return t->true_bytes;
}
