/* SPDX-License-Identifier: Apache-2.0
 * TCP options: read what a peer wrote, write what we stand for (relay.md 2.3).
 * Sources: RFC 9293 3.2, RFC 7323, RFC 2018, RFC 7413, RFC 8684, RFC 2385, RFC 5925. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TCPOPT_MAX = 40,       /* bytes of options in any header */
	TCPOPT_SACK_MAX = 4,   /* blocks in one header */
	TCPOPT_WSCALE_MAX = 14 /* RFC 7323 2.3: larger is read as 14 */
};

struct sack_block {
	uint32_t left, right; /* [left, right) */
};

struct tcpopt {
	uint16_t mss;   /* 0: absent; an announced 0 is read as 1, which is below any floor */
	uint8_t wscale; /* already limited to 14 */
	bool has_wscale, has_sack_permitted, has_ts;
	bool has_md5_ao, has_mptcp, has_tfo, has_unknown;
	uint32_t tsval, tsecr;
	uint8_t n_sack;
	struct sack_block sack[TCPOPT_SACK_MAX];
};

/* Reads the options of one header. 0: *ret is set. -EBADMSG: a length that does not fit. Options
 * that belong only in a SYN are ignored elsewhere, and SACK blocks in a SYN. The first of a
 * repeated option counts. */
int tcpopt_parse(const uint8_t *opts, size_t len, bool is_syn, struct tcpopt *ret);

/* Writes the whitelist in canonical order (MSS, SACK-permitted or TS, window scale), padded with
 * NOPs to a multiple of 4; absent ones are left out. <out> has TCPOPT_MAX bytes. Returns bytes. */
size_t tcpopt_write_syn(uint8_t *out, const struct tcpopt *o);

/* Writes a SACK option of <n> <= 4 blocks (3 when <o_ts>), preceded by NOP NOP. Returns bytes. */
size_t tcpopt_write_sack(uint8_t *out, const struct sack_block *blocks, size_t n);

/* Writes NOP NOP TS. Returns 12. */
size_t tcpopt_write_ts(uint8_t *out, uint32_t tsval, uint32_t tsecr);
