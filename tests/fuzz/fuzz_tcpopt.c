/* SPDX-License-Identifier: Apache-2.0
 * Option bytes of a peer: byte 0 says whether of a SYN, the rest are the options. */
#include "dataplane/net/tcpopt.h"
#include "parsers/base/must.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/net/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Parses a copy in a block of its size. */
static int parse_exact(const uint8_t *bytes, size_t len, bool is_syn, struct tcpopt *ret)
{
	uint8_t *copy = exact_copy(bytes, len);
	const int rc = tcpopt_parse(copy, len, is_syn, ret);

	free(copy);
	return rc;
}

static void check_limits(const struct tcpopt *o, bool is_syn)
{
	must(o->wscale <= TCPOPT_WSCALE_MAX);
	must(o->n_sack <= TCPOPT_SACK_MAX);
	must(is_syn ? o->n_sack == 0 : o->mss == 0 && !o->has_wscale && !o->has_sack_permitted);
	must(o->has_wscale || o->wscale == 0);
	must(o->has_ts || (o->tsval == 0 && o->tsecr == 0));
}

/* What we write of what we read is read again as the same, less what we do not stand for. */
static void check_syn(const struct tcpopt *o)
{
	struct tcpopt want = *o, back;
	uint8_t out[TCPOPT_MAX];
	const size_t len = tcpopt_write_syn(out, o);

	want.has_md5_ao = want.has_mptcp = want.has_tfo = want.has_unknown = false;
	must(len % 4 == 0 && len <= sizeof(out));
	must(parse_exact(out, len, true, &back) == 0);
	must(back.mss == want.mss && back.wscale == want.wscale);
	must(back.has_wscale == want.has_wscale && back.has_ts == want.has_ts);
	must(back.has_sack_permitted == want.has_sack_permitted);
	must(back.tsval == want.tsval && back.tsecr == want.tsecr);
	must(!back.has_md5_ao && !back.has_mptcp && !back.has_tfo && !back.has_unknown);
}

static void check_data(const struct tcpopt *o)
{
	uint8_t out[TCPOPT_MAX];
	struct tcpopt back;
	size_t len = tcpopt_write_sack(out, o->sack, o->n_sack);

	must(len == (o->n_sack == 0 ? 0 : 4 + o->n_sack * 8u));
	must(parse_exact(out, len, false, &back) == 0);
	must(back.n_sack == o->n_sack);
	must(memcmp(back.sack, o->sack, o->n_sack * sizeof(*o->sack)) == 0);
	len = tcpopt_write_ts(out, o->tsval, o->tsecr);
	must(parse_exact(out, len, false, &back) == 0);
	must(back.has_ts && back.tsval == o->tsval && back.tsecr == o->tsecr);
}

/* The lengths alone, walked a second time: what they break must be refused. */
static bool lengths_hold(const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i] != 0) {
		if (p[i] == 1)
			i += 1;
		else if (i + 1 == len || p[i + 1] < 2)
			return false;
		else
			i += p[i + 1];
	}
	return i < len || i == len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const bool is_syn = size > 0 && data[0] % 2 == 1;
	const size_t len = size > 0 ? size - 1 : 0;
	const uint8_t *opts = size > 0 ? data + 1 : data;
	struct tcpopt o;
	const int rc = tcpopt_parse(opts, len, is_syn, &o);

	must(rc == 0 || rc == -EBADMSG);
	must(rc != 0 || len <= TCPOPT_MAX);
	must(rc != 0 || lengths_hold(opts, len));
	if (rc != 0)
		return 0;
	check_limits(&o, is_syn);
	if (is_syn)
		check_syn(&o);
	else
		check_data(&o);
	return 0;
}
