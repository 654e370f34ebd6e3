/* SPDX-License-Identifier: Apache-2.0
 * Reads the command line into struct opt. */
#include "tests/perf/tcpgen/opt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FLOWS = 1 << 22 };

static const struct option long_options[] = {
	{ "mode", required_argument, NULL, 'm' },
	{ "flows", required_argument, NULL, 'f' },
	{ "idle", required_argument, NULL, 'i' },
	{ "tuples", required_argument, NULL, 'u' },
	{ "payload", required_argument, NULL, 'p' },
	{ "request", required_argument, NULL, 'q' },
	{ "response", required_argument, NULL, 's' },
	{ "window", required_argument, NULL, 'w' },
	{ "rwnd", required_argument, NULL, 'W' },
	{ "opening", required_argument, NULL, 'o' },
	{ "time", required_argument, NULL, 't' },
	{ "warmup", required_argument, NULL, 'T' },
	{ "rto-us", required_argument, NULL, 'R' },
	{ "delack-us", required_argument, NULL, 'D' },
	{ "close", required_argument, NULL, 'c' },
	{ "client-ip", required_argument, NULL, 'C' },
	{ "server-ip", required_argument, NULL, 'S' },
	{ "server-port", required_argument, NULL, 'P' },
	{ "drop-every", required_argument, NULL, 'd' },
	{ "both-ways", no_argument, NULL, 'b' },
	{ "reverse", no_argument, NULL, 'r' },
	{ "loop", no_argument, NULL, 'l' },
	{ "check-all", no_argument, NULL, 'a' },
	{ "sack", no_argument, NULL, 'k' },
	{ "linger", no_argument, NULL, 'L' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

void opt_usage(FILE *to)
{
	fputs("tcpgen [EAL options] -- [options]\n"
	      "  both ends of TCP connections: clients on port 0, servers on port 1\n"
	      "  --mode bulk|rr|crr     what busy flows do (bulk)\n"
	      "  --flows N --idle N     busy flows (100), established but silent ones (0)\n"
	      "  --tuples N             crr: address pairs used in turn (65536)\n"
	      "  --payload BYTES        of a full segment (1460); 10 makes 64-byte frames\n"
	      "  --request B --response B  rr and crr messages (100, 200)\n"
	      "  --both-ways --reverse  bulk: servers send as well, or alone\n"
	      "  --window BYTES         most in flight per end (65536)\n"
	      "  --rwnd BYTES           receive window announced (262144)\n"
	      "  --opening N            handshakes in progress at once (256)\n"
	      "  --time S --warmup S    measured and unmeasured seconds (5, 1)\n"
	      "  --rto-us US            retransmission timeout, doubled each time (50000)\n"
	      "  --delack-us US         longest wait of an ACK for a second segment (500)\n"
	      "  --close fin|rst|none   how flows end (fin)\n"
	      "  --client-ip A --server-ip A --server-port P   (10.77.64.1, 10.77.0.2, 5001)\n"
	      "  --loop                 no devices: port 0 and 1 are two rings that meet\n"
	      "  --drop-every N         discard each N-th frame received: a bad wire\n"
	      "  --check-all            verify checksums and every payload byte (slow)\n"
	      "  --sack                 announce SACK permitted\n"
	      "  --linger               after the report, keep the ports open until stdin ends\n",
			to);
}

static void opt_defaults(struct opt *o)
{
	*o = (struct opt){
		.addr = { .mac = { { 2, 0x51, 0, 0, 0, 1 }, { 2, 0x51, 0, 0, 0, 2 } },
				.client_ip = 10u << 24 | 77 << 16 | 64 << 8 | 1,
				.server_ip = 10u << 24 | 77 << 16 | 2,
				.server_port = 5001 },
		.busy = 100,
		.tuples = 65536,
		.payload = 1460,
		.request_bytes = 100,
		.response_bytes = 200,
		.window_bytes = 65536,
		.rwnd_bytes = 262144,
		.opening = 256,
		.time_ms = 5000,
		.warmup_ms = 1000,
		.rto_us = 50000,
		.delack_us = 500,
	};
}

static int number(const char *text, double scale, uint32_t min, uint32_t *ret)
{
	char *end;
	double v = strtod(text, &end) * scale;

	if (*text == '\0' || *end != '\0' || v < min || v > 4e9)
		return -EINVAL;
	*ret = (uint32_t)v;
	return 0;
}

static int address(const char *text, uint32_t *ret)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		return -EINVAL;
	*ret = ntohl(a.s_addr);
	return 0;
}

/* The index of <text> among <names>, or -EINVAL. */
static int one_of(const char *text, const char *const *names)
{
	int i;

	for (i = 0; names[i] != NULL; i++) {
		if (strcmp(text, names[i]) == 0)
			return i;
	}
	return -EINVAL;
}

static int opt_flag(struct opt *o, int c)
{
	switch (c) {
	case 'b':
		o->both_ways = true;
		return 0;
	case 'r':
		o->reverse = true;
		return 0;
	case 'l':
		o->loop = true;
		return 0;
	case 'a':
		o->check_all = true;
		return 0;
	case 'k':
		o->sack = true;
		return 0;
	case 'L':
		o->linger = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static int opt_word(struct opt *o, int c, const char *v)
{
	static const char *const modes[] = { "bulk", "rr", "crr", NULL };
	static const char *const closes[] = { "fin", "rst", "none", NULL };
	uint32_t port;
	int i;

	switch (c) {
	case 'm':
		i = one_of(v, modes);
		o->mode = (enum mode)i;
		return i < 0 ? i : 0;
	case 'c':
		i = one_of(v, closes);
		o->close_how = (enum close_how)i;
		return i < 0 ? i : 0;
	case 'C':
		return address(v, &o->addr.client_ip);
	case 'S':
		return address(v, &o->addr.server_ip);
	case 'P':
		if (number(v, 1, 1, &port) < 0 || port > 65535)
			return -EINVAL;
		o->addr.server_port = (uint16_t)port;
		return 0;
	default:
		return opt_flag(o, c);
	}
}

static int opt_one(struct opt *o, int c, const char *v)
{
	const struct {
		int c;
		uint32_t *to;
		double scale;
		uint32_t min;
	} numbers[] = {
		{ 'f', &o->busy, 1, 0 },
		{ 'i', &o->idle, 1, 0 },
		{ 'u', &o->tuples, 1, 1 },
		{ 'p', &o->payload, 1, 1 },
		{ 'q', &o->request_bytes, 1, 1 },
		{ 's', &o->response_bytes, 1, 1 },
		{ 'w', &o->window_bytes, 1, 1460 },
		{ 'W', &o->rwnd_bytes, 1, 1460 },
		{ 'o', &o->opening, 1, 1 },
		{ 't', &o->time_ms, 1000, 1 },
		{ 'T', &o->warmup_ms, 1000, 0 },
		{ 'R', &o->rto_us, 1, 100 },
		{ 'D', &o->delack_us, 1, 0 },
		{ 'd', &o->drop_every, 1, 0 },
	};

	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].c == c)
			return number(v, numbers[i].scale, numbers[i].min, numbers[i].to);
	}
	return opt_word(o, c, v);
}

static int opt_check(const struct opt *o)
{
	if (o->payload > 1460) {
		fputs("tcpgen: --payload is at most 1460\n", stderr);
		return -EINVAL;
	}
	if (o->busy + o->idle > MAX_FLOWS || o->tuples > MAX_FLOWS || o->busy + o->idle == 0) {
		fprintf(stderr, "tcpgen: between 1 and %d flows\n", MAX_FLOWS);
		return -EINVAL;
	}
	if (o->mode == MODE_CRR && (o->idle > 0 || o->busy > o->tuples)) {
		fputs("tcpgen: crr has no idle flows, and needs as many tuples as flows\n", stderr);
		return -EINVAL;
	}
	return 0;
}

int opt_parse(struct opt *o, int argc, char **argv)
{
	int c, at = 0;

	opt_defaults(o);
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", long_options, &at)) != -1) {
		if (c == 'h' || c == '?') {
			opt_usage(c == 'h' ? stdout : stderr);
			return -EINVAL;
		}
		if (opt_one(o, c, optarg) < 0) {
			fprintf(stderr, "tcpgen: --%s %s: not a value for it\n",
					long_options[at].name, optarg);
			return -EINVAL;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "tcpgen: '%s' is no option\n", argv[optind]);
		return -EINVAL;
	}
	return opt_check(o);
}
