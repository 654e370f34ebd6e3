/* SPDX-License-Identifier: Apache-2.0
 * A tape of fragments and pauses against the table, and beside it a model that keeps every fragment
 * as it came and answers by looking at all of them: each answer must be the model's, and a whole
 * segment must be the bytes that the model would join.
 *
 * Byte 0: bit 0 IPv6. Then operations of 8 bytes: what, who, offset / 8 (2), length (2), variant,
 * and one that is not used.
 *	what 0..223   a fragment; bit 0 more to come, bit 1 length rounded down to 8, bit 2 offset
 *	              below 1024, bits 3 and 4 together length not reduced to below that
 *	what 224..255 time passes: offset / 8 milliseconds, and what is due expires
 *	who           bits 0-1 source, bits 2-3 ID, bit 4 VLAN, bit 5 side and wire
 *	variant       low nibble: other bytes in the fragment; high nibble: TCP's data offset */
#include "dataplane/net/frag.h"
#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "parsers/base/reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/net/build.h"

#include <stdlib.h>
#include <string.h>

enum {
	MAX_DATAGRAMS = 8,
	MAX_PER_SOURCE = 4,
	MAX_FRAGS = 8,
	TIMEOUT_MS = 2000,
	FULL_BYTES = 3000,
	WHO_MAX = 64,
	MAX_OPS = 100,
	OP_BYTES = 8,
	OP_TIME = 224,
	DATA_MAX = 65536 * 2, /* no fragment reaches beyond */
};

struct op {
	uint8_t what, who, variant;
	uint32_t off, len;
	bool more;
};

/* What the model knows of one datagram. Its pieces are the operations that brought them. */
struct datagram {
	bool is_live; /* it has a slot in the table */
	uint8_t why;  /* dropped: until when is <deadline_us> */
	uint64_t deadline_us;
	uint32_t n_seen, n_pieces;
	struct op pieces[MAX_FRAGS];
};

struct model {
	struct frag_table *t;
	struct pkt_pools pools;
	uint8_t ip_version;
	uint64_t now_us;
	struct datagram datagrams[WHO_MAX];
};

static uint8_t joined[DATA_MAX];

static uint8_t pattern[DATA_MAX];

static void make_pattern(void)
{
	for (uint32_t i = 0; i < DATA_MAX; i++)
		pattern[i] = (uint8_t)(i * 2654435761u >> 24);
}

/* Bytes [op->off, op->off + op->len) of the segment, as this fragment has them. By memcpy(): a loop
 * would spend the fuzzer's time in the instrumentation of its comparisons. */
static void put_data(uint8_t *out, const struct op *op)
{
	if (op->len == 0)
		return;
	memcpy(out, pattern + op->off, op->len);
	out[op->len - 1] ^= op->variant & 0x0f;
	if (op->off <= 12 && op->off + op->len > 12)
		out[12 - op->off] = op->variant & 0xf0;
}

/* ---- the frame of an operation ---- */

static size_t put_l2(uint8_t *p, const struct model *m, const struct op *op)
{
	size_t n = 12;

	memset(p, 2, 12);
	if (op->who & 0x10) {
		store_be16(p + n, 0x8100);
		store_be16(p + n + 2, 5);
		n += 4;
	}
	store_be16(p + n, m->ip_version == 4 ? 0x0800 : 0x86dd);
	return n + 2;
}

static size_t put_ip4(uint8_t *ip, const struct op *op)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	store_be16(ip + 2, (uint16_t)(20 + op->len));
	ip[5] = op->who >> 2 & 3;
	store_be16(ip + 6, (uint16_t)((op->more ? 0x2000u : 0) | op->off / 8));
	ip[8] = 64;
	ip[9] = 6;
	ip[12] = 10;
	ip[15] = op->who & 3;
	ip[16] = 10;
	build_fix_ip4(ip);
	return 20;
}

static size_t put_ip6(uint8_t *ip, const struct op *op)
{
	memset(ip, 0, 48);
	ip[0] = 0x60;
	store_be16(ip + 4, (uint16_t)(8 + op->len));
	ip[6] = 44;
	ip[7] = 64;
	ip[8] = 0xfd;
	ip[23] = op->who & 3;
	ip[24] = 0xfe;
	ip[40] = 6;
	store_be16(ip + 42, (uint16_t)(op->off | (op->more ? 1u : 0)));
	ip[47] = op->who >> 2 & 3;
	return 48;
}

static struct pkt *make_pkt(struct model *m, const struct op *op)
{
	uint8_t head[22 + 48];
	size_t n = put_l2(head, m, op);
	struct pkt *p;

	n += m->ip_version == 4 ? put_ip4(head + n, op) : put_ip6(head + n, op);
	p = pkt_heap_new(&m->pools, PKT_FULL, (uint32_t)n + op->len);
	must(p != NULL);
	pkt_frame_set(p, PKT_HEADROOM, (uint32_t)n + op->len);
	memcpy(pkt_data(p), head, n);
	put_data(pkt_data(p) + n, op);
	return p;
}

/* ---- what the answer must be ---- */

static bool is_same(const struct op *a, const struct op *b)
{
	static uint8_t a_data[DATA_MAX], b_data[DATA_MAX];

	if (a->off != b->off || a->len != b->len || a->more != b->more)
		return false;
	put_data(a_data, a);
	put_data(b_data, b);
	return memcmp(a_data, b_data, a->len) == 0;
}

static bool is_overlap(const struct op *a, const struct op *b)
{
	return a->off < b->off + b->len && b->off < a->off + a->len;
}

static enum drop_reason judge_alone(const struct model *m, const struct op *op)
{
	const uint32_t end = op->off + op->len, doff = (uint32_t)(op->variant >> 4) * 4;

	if (op->len == 0 || (op->more && op->len % 8 != 0))
		return DROP_FRAG_BAD;
	if (end > (m->ip_version == 4 ? 65515u : 65535u))
		return DROP_FRAG_BAD;
	if (op->off == 0 && (op->len < 20 || op->len < doff))
		return DROP_FRAG_TINY;
	return DROP_NONE;
}

/* Against each piece alone: the end is known once, nothing lies beyond it, nothing twice. */
static enum drop_reason judge_among(const struct datagram *d, const struct op *op)
{
	enum drop_reason why = DROP_NONE;

	for (uint32_t i = 0; i < d->n_pieces; i++) {
		const struct op *p = &d->pieces[i];
		const uint32_t end = op->off + op->len, p_end = p->off + p->len;

		if (!p->more && (op->more ? end >= p_end : end != p_end))
			return DROP_FRAG_BAD;
		if (p->more && !op->more && end < p_end)
			return DROP_FRAG_BAD;
		if (is_overlap(p, op))
			why = DROP_FRAG_OVERLAP;
	}
	if (why == DROP_NONE && d->n_pieces == MAX_FRAGS)
		why = DROP_FRAG_LIMIT;
	return why;
}

/* Bytes of the whole segment, which is then in <joined>; 0: not all are there. */
static uint32_t join(const struct datagram *d)
{
	uint32_t n_bytes = 0, end = 0;

	for (uint32_t i = 0; i < d->n_pieces; i++) {
		n_bytes += d->pieces[i].len; /* they do not overlap */
		if (!d->pieces[i].more)
			end = d->pieces[i].off + d->pieces[i].len;
	}
	if (n_bytes != end)
		return 0;
	for (uint32_t i = 0; i < d->n_pieces; i++)
		put_data(joined + d->pieces[i].off, &d->pieces[i]);
	return end;
}

static bool has_slot(const struct model *m, uint8_t who)
{
	uint32_t n = 0, n_source = 0;

	for (uint32_t i = 0; i < WHO_MAX; i++) {
		n += m->datagrams[i].is_live;
		n_source += m->datagrams[i].is_live && (i & 3) == (who & 3);
	}
	return n < MAX_DATAGRAMS && n_source < MAX_PER_SOURCE;
}

/* ---- one fragment ---- */

struct answer {
	enum frag_rc rc;
	enum drop_reason why;
	uint32_t n_frags, n_bytes;
};

static struct answer dropped(enum drop_reason why, uint32_t n_frags)
{
	return (struct answer){ FRAG_DROP, why, n_frags, 0 };
}

static struct answer drop_datagram(struct datagram *d, enum drop_reason why, uint32_t n_frags)
{
	d->why = (uint8_t)why;
	d->n_pieces = d->n_seen = 0;
	return dropped(why, n_frags);
}

static bool fits(uint32_t n_bytes)
{
	return n_bytes <= FULL_BYTES + (uint32_t)(joined[12] >> 4) * 4;
}

static struct answer finish(struct datagram *d, uint32_t n_bytes)
{
	const uint32_t n_seen = d->n_seen;

	if (!fits(n_bytes))
		return drop_datagram(d, DROP_FRAG_TOO_BIG, n_seen);
	*d = (struct datagram){ 0 };
	return (struct answer){ FRAG_DONE, DROP_NONE, n_seen, n_bytes };
}

static struct answer predict_atomic(struct model *m, const struct op *op)
{
	const enum drop_reason why = judge_alone(m, op);

	if (why != DROP_NONE)
		return dropped(why, 1);
	put_data(joined, op);
	if (!fits(op->len))
		return dropped(DROP_FRAG_TOO_BIG, 1);
	return (struct answer){ FRAG_DONE, DROP_NONE, 1, op->len };
}

static struct answer predict(struct model *m, const struct op *op)
{
	struct datagram *d = &m->datagrams[op->who];
	enum drop_reason why = judge_alone(m, op);
	uint32_t n_bytes;

	if (!d->is_live) {
		if (!has_slot(m, op->who))
			return dropped(why != DROP_NONE ? why : DROP_FRAG_LIMIT, 1);
		*d = (struct datagram){ .is_live = true,
			.deadline_us = m->now_us + TIMEOUT_MS * 1000 };
	}
	if (d->why != DROP_NONE)
		return dropped(d->why, 1);
	for (uint32_t i = 0; why == DROP_NONE && i < d->n_pieces; i++) {
		if (is_same(&d->pieces[i], op)) {
			d->n_seen++;
			return (struct answer){ FRAG_WAIT, DROP_NONE, 0, 0 };
		}
	}
	if (why == DROP_NONE)
		why = judge_among(d, op);
	if (why != DROP_NONE)
		return drop_datagram(d, why, d->n_seen + 1);
	d->pieces[d->n_pieces++] = *op;
	d->n_seen++;
	n_bytes = join(d);
	if (n_bytes == 0)
		return (struct answer){ FRAG_WAIT, DROP_NONE, 0, 0 };
	return finish(d, n_bytes);
}

static void check_whole(const struct model *m, const struct op *op, struct pkt *p, uint32_t n_bytes)
{
	const uint32_t l2_len = op->who & 0x10 ? 18 : 14, ip_len = m->ip_version == 4 ? 20 : 40;
	const uint8_t *ip = pkt_data(p) + l2_len;

	must(pkt_len(p) == l2_len + ip_len + n_bytes);
	must(memcmp(ip + ip_len, joined, n_bytes) == 0);
	must(ip[m->ip_version == 4 ? 9 : 6] == 6);
	if (m->ip_version == 4) {
		must(load_be16(ip + 2) == 20 + n_bytes && load_be16(ip + 6) == 0);
		must(naive_sum(ip, 20, 0) == 0xffff);
	} else {
		must(load_be16(ip + 4) == n_bytes);
	}
	must(pkt_off(p) + pkt_len(p) <= pkt_size(p));
	pkt_free(p);
}

static void check_table(const struct model *m)
{
	uint64_t n_pieces = 0, next_us = UINT64_MAX;

	for (uint32_t i = 0; i < WHO_MAX; i++) {
		const struct datagram *d = &m->datagrams[i];

		n_pieces += d->n_pieces;
		if (d->is_live && d->deadline_us < next_us)
			next_us = d->deadline_us;
	}
	must(m->pools.n_live == n_pieces);
	must((frag_true_bytes(m->t) == 0) == (n_pieces == 0));
	must(frag_next_us(m->t) == next_us);
}

static void push(struct model *m, const struct op *op)
{
	struct pkt *p = make_pkt(m, op);
	const enum side from = op->who & 0x20 ? SIDE_PROD : SIDE_AGENT;
	struct frag_result r;
	struct answer want;
	enum frag_rc rc;
	struct frame f;

	must(frame_parse(pkt_data(p), pkt_len(p), &f) == DROP_NONE);
	must(f.kind == FRAME_TCP_FRAG);
	must(f.frag_off == op->off && f.frag_more == op->more && f.len - f.l4_off == (int)op->len);
	want = op->off == 0 && !op->more ? predict_atomic(m, op) : predict(m, op);
	rc = frag_push(m->t, &m->pools, op->who >> 5 & 1, from, p, &f, m->now_us, &r);
	must(rc == want.rc);
	must(rc != FRAG_DROP || (r.why == want.why && r.pkt == NULL));
	must(rc == FRAG_WAIT || r.n_frags == want.n_frags);
	if (rc == FRAG_DONE)
		check_whole(m, op, r.pkt, want.n_bytes);
}

static void pass_time(struct model *m, uint32_t ms)
{
	uint32_t n_frags = 0;

	m->now_us += ms * 1000ULL;
	for (uint32_t i = 0; i < WHO_MAX; i++) {
		struct datagram *d = &m->datagrams[i];

		if (!d->is_live || d->deadline_us > m->now_us)
			continue;
		n_frags += d->n_seen;
		*d = (struct datagram){ 0 };
	}
	must(frag_expire(m->t, m->now_us) == n_frags);
}

/* ---- the tape ---- */

static bool read_op(struct reader *r, const struct model *m, struct op *ret)
{
	struct op op = { .what = rd_u8(r), .who = rd_u8(r) % WHO_MAX };
	const uint32_t frame_max = 65535u - 18 - (m->ip_version == 4 ? 20 : 48);

	op.off = (uint32_t)rd_be16(r) % 8192 * 8;
	op.len = rd_be16(r);
	op.variant = rd_u8(r);
	op.more = op.what & 1;
	rd_u8(r);
	if (op.what & 4)
		op.off %= 1024;
	op.len %= (op.what & 0x18) == 0x18 ? 65536 : 1024;
	if (op.what & 2)
		op.len &= ~7u;
	if (op.len > frame_max)
		op.len = frame_max;
	*ret = op;
	return !r->bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct frag_conf conf = { .max_datagrams = MAX_DATAGRAMS,
		.max_datagrams_per_source = MAX_PER_SOURCE,
		.max_frags = MAX_FRAGS,
		.timeout_ms = TIMEOUT_MS,
		.seed = { 3, 4 } };
	static struct model m;
	struct reader r = rd_of(data, size);
	struct op op;

	if (pattern[1] == 0)
		make_pattern();
	m = (struct model){ .t = frag_new(&conf), .now_us = 1 };
	must(m.t != NULL);
	m.ip_version = rd_u8(&r) & 1 ? 6 : 4;
	m.pools.left[PKT_FULL] = 1000;
	m.pools.full_bytes = FULL_BYTES;
	for (int i = 0; i < MAX_OPS && read_op(&r, &m, &op); i++) {
		if (op.what >= OP_TIME)
			pass_time(&m, op.off / 8);
		else if (m.ip_version == 6 || op.off > 0 || op.more) /* else it is no fragment */
			push(&m, &op);
		check_table(&m);
	}
	frag_free(&m.t);
	must(m.pools.n_live == 0);
	return 0;
}
