/* SPDX-License-Identifier: Apache-2.0
 * Reading is strict about lengths, since a receiver that skips differently from us would read
 * another option than we did; writing knows the whitelist alone. */
#include "dataplane/net/tcpopt.h"

#include "parsers/base/bytes.h"
#include "parsers/base/must.h"

#include <errno.h>

enum {
	OPT_EOL = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_WSCALE = 3,
	OPT_SACK_PERMITTED = 4,
	OPT_SACK = 5,
	OPT_TS = 8,
	OPT_MD5 = 19,
	OPT_AO = 29,
	OPT_MPTCP = 30,
	OPT_TFO = 34,
	OPT_EXP_1 = 253,
	OPT_EXP_2 = 254,
	EXID_TFO = 0xf989, /* RFC 7413 appendix A */
};

#define NOP_NOP      ((uint32_t)OPT_NOP << 24 | (uint32_t)OPT_NOP << 16)
#define NOP_NOP_TS   (NOP_NOP | (uint32_t)OPT_TS << 8 | 10)
#define NOP_NOP_SACK (NOP_NOP | (uint32_t)OPT_SACK << 8)

/* One option that is in the header whole: <p[0]> is its kind, <len> what it says it takes. */
struct option {
	const uint8_t *p;
	uint8_t len;
	bool is_syn;
};

static int read_mss(const struct option *o, struct tcpopt *ret)
{
	uint16_t mss;

	if (o->len != 4)
		return -EBADMSG;
	mss = load_be16(o->p + 2);
	if (o->is_syn && ret->mss == 0)
		ret->mss = mss != 0 ? mss : 1;
	return 0;
}

static int read_wscale(const struct option *o, struct tcpopt *ret)
{
	if (o->len != 3)
		return -EBADMSG;
	if (o->is_syn && !ret->has_wscale) {
		ret->has_wscale = true;
		ret->wscale = o->p[2] <= TCPOPT_WSCALE_MAX ? o->p[2] : TCPOPT_WSCALE_MAX;
	}
	return 0;
}

static int read_sack(const struct option *o, struct tcpopt *ret)
{
	const uint32_t n = ((uint32_t)o->len - 2) / 8;

	if (n == 0 || o->len != 2 + n * 8 || n > TCPOPT_SACK_MAX)
		return -EBADMSG;
	if (o->is_syn || ret->n_sack != 0)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		ret->sack[i].left = load_be32(o->p + 2 + i * 8);
		ret->sack[i].right = load_be32(o->p + 6 + i * 8);
	}
	ret->n_sack = (uint8_t)n;
	return 0;
}

static int read_ts(const struct option *o, struct tcpopt *ret)
{
	if (o->len != 10)
		return -EBADMSG;
	if (!ret->has_ts) {
		ret->has_ts = true;
		ret->tsval = load_be32(o->p + 2);
		ret->tsecr = load_be32(o->p + 6);
	}
	return 0;
}

/* Fast Open in its own kind (cookie request: 2; cookie: 6..18) or in the experimental ones. */
static int read_tfo(const struct option *o, struct tcpopt *ret)
{
	if (o->p[0] == OPT_TFO)
		ret->has_tfo = true;
	else if (o->len >= 4 && load_be16(o->p + 2) == EXID_TFO)
		ret->has_tfo = true;
	else
		ret->has_unknown = true;
	return 0;
}

static int read_option(const struct option *o, struct tcpopt *ret)
{
	switch (o->p[0]) {
	case OPT_MSS:
		return read_mss(o, ret);
	case OPT_WSCALE:
		return read_wscale(o, ret);
	case OPT_SACK_PERMITTED:
		ret->has_sack_permitted |= o->is_syn;
		return o->len == 2 ? 0 : -EBADMSG;
	case OPT_SACK:
		return read_sack(o, ret);
	case OPT_TS:
		return read_ts(o, ret);
	case OPT_MD5:
		ret->has_md5_ao = true;
		return o->len == 18 ? 0 : -EBADMSG;
	case OPT_AO:
		ret->has_md5_ao = true;
		return o->len >= 4 ? 0 : -EBADMSG;
	case OPT_MPTCP:
		ret->has_mptcp = true;
		return o->len >= 3 ? 0 : -EBADMSG;
	case OPT_TFO:
	case OPT_EXP_1:
	case OPT_EXP_2:
		return read_tfo(o, ret);
	default:
		ret->has_unknown = true;
		return 0;
	}
}

int tcpopt_parse(const uint8_t *opts, size_t len, bool is_syn, struct tcpopt *ret)
{
	struct tcpopt t = { 0 };
	struct option o = { .is_syn = is_syn };
	size_t at = 0;
	int rc;

	if (len > TCPOPT_MAX)
		return -EBADMSG;
	if (len == 12 && load_be32(opts) == NOP_NOP_TS) { /* RFC 7323 appendix A: most segments */
		*ret = (struct tcpopt){
			.has_ts = true, .tsval = load_be32(opts + 4), .tsecr = load_be32(opts + 8)
		};
		return 0;
	}
	while (at < len && opts[at] != OPT_EOL) {
		if (opts[at] == OPT_NOP) {
			at++;
			continue;
		}
		if (len - at < 2 || opts[at + 1] < 2 || opts[at + 1] > len - at)
			return -EBADMSG;
		o.p = opts + at;
		o.len = opts[at + 1];
		rc = read_option(&o, &t);
		if (rc != 0)
			return rc;
		at += o.len;
	}
	*ret = t;
	return 0;
}

static uint8_t *put_ts(uint8_t *out, uint32_t tsval, uint32_t tsecr)
{
	store_be32(out + 4, tsval);
	store_be32(out + 8, tsecr);
	return out + 12;
}

size_t tcpopt_write_syn(uint8_t *out, const struct tcpopt *o)
{
	const uint32_t sack_permitted = (uint32_t)OPT_SACK_PERMITTED << 8 | 2;
	uint8_t *p = out;

	if (o->mss != 0) {
		store_be32(p, (uint32_t)OPT_MSS << 24 | 4u << 16 | o->mss);
		p += 4;
	}
	if (o->has_ts) {
		store_be16(p,
				o->has_sack_permitted ? (uint16_t)sack_permitted
						      : (uint16_t)(NOP_NOP >> 16));
		store_be16(p + 2, OPT_TS << 8 | 10);
		p = put_ts(p, o->tsval, o->tsecr);
	} else if (o->has_sack_permitted) {
		store_be32(p, NOP_NOP | sack_permitted);
		p += 4;
	}
	if (o->has_wscale) {
		store_be32(p, (uint32_t)OPT_NOP << 24 | OPT_WSCALE << 16 | 3u << 8 | o->wscale);
		p += 4;
	}
	return (size_t)(p - out);
}

size_t tcpopt_write_sack(uint8_t *out, const struct sack_block *blocks, size_t n)
{
	must_hot(n <= TCPOPT_SACK_MAX);
	if (n == 0)
		return 0;
	store_be32(out, NOP_NOP_SACK | (uint32_t)(2 + n * 8));
	for (size_t i = 0; i < n; i++) {
		store_be32(out + 4 + i * 8, blocks[i].left);
		store_be32(out + 8 + i * 8, blocks[i].right);
	}
	return 4 + n * 8;
}

size_t tcpopt_write_ts(uint8_t *out, uint32_t tsval, uint32_t tsecr)
{
	store_be32(out, NOP_NOP_TS);
	put_ts(out, tsval, tsecr);
	return 12;
}
