/* SPDX-License-Identifier: Apache-2.0
 * The command line of tcpgen, behind EAL's own and "--". */
#pragma once

#include "tests/perf/tcpgen/header.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum mode {
	MODE_BULK, /* busy flows send as fast as windows allow */
	MODE_RR,   /* busy flows exchange requests and responses */
	MODE_CRR,  /* open, request, response, close, again */
};

enum close_how {
	CLOSE_FIN,
	CLOSE_RST,
	CLOSE_NONE, /* flows are left open */
};

struct opt {
	enum mode mode;
	enum close_how close_how;
	struct hdr_addr addr;
	uint32_t busy, idle; /* flows */
	uint32_t tuples;     /* crr: address pairs used in turn */
	uint32_t payload;    /* largest segment we send */
	uint32_t request_bytes, response_bytes;
	uint32_t window_bytes; /* most that one end has in flight */
	uint32_t rwnd_bytes;   /* receive window announced */
	uint32_t opening;      /* most handshakes (and closes) in progress */
	uint32_t time_ms, warmup_ms;
	uint32_t rto_us, delack_us;
	uint32_t drop_every; /* discard each n-th frame received; 0: none */
	bool both_ways;      /* bulk: servers send, too */
	bool reverse;        /* bulk: servers send, clients do not */
	bool loop;           /* ports are two in-process rings that meet */
	bool check_all;      /* verify checksums and every payload byte */
	bool linger;         /* keep the ports until stdin ends */
	bool sack;           /* announce SACK permitted (blocks are never sent) */
};

/* 0, or -EINVAL after a line on stderr. */
int opt_parse(struct opt *o, int argc, char **argv);
void opt_usage(FILE *to);
