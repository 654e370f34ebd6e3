/* SPDX-License-Identifier: Apache-2.0
 * The command line of replay. */
#include "tools/replay/replay.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum exit_status {
	EXIT_PLAYED = 0,
	EXIT_BROKEN = 1, /* the capture, or an invariant */
	EXIT_USAGE = 2,
};

enum {
	OPTION_NET = 256,
	OPTION_MAC,
	OPTION_MODE,
	OPTION_MTU,
	OPTION_FLOWS,
	OPTION_WAIT,
	OPTION_CHECK,
	OPTION_AS_RECORDED,
	OPTION_POSTGRES,
	OPTION_PACK,
	OPTION_HOLDS,
};

struct arguments {
	struct run_conf run;
	bool is_json;
};

static void print_help(FILE *to)
{
	fputs("usage: replay [OPTIONS] FILE.pcap\n"
	      "\n"
	      "Plays a capture through Sluice's relay engine, without a port, and prints the flows and\n"
	      "counters that came of it.\n"
	      "\n"
	      "      --agent-net CIDR  frames from these addresses are the agent side's (repeatable)\n"
	      "      --agent-mac MAC   the same by Ethernet address (repeatable)\n"
	      "                        without both: who sends the first SYN is the agent\n"
	      "      --mode MODE       relay (default), wire or xlate\n"
	      "      --mtu N           of both ports, 576 to 9216 (default 1500)\n"
	      "      --flows N         size of the flow table (default 65536)\n"
	      "      --wait SECONDS    lets the engine's clock run on after the last frame (default 5)\n"
	      "      --as-recorded     gives frames at their recorded time whatever the engine has\n"
	      "                        offered and sent (see README.md)\n"
	      "  -w, --write OUT.pcap  what the engine emitted\n"
	      "      --postgres        also plays what was said through the gate: which commands there\n"
	      "                        were, and what rules say (clear text only; see README.md)\n"
	      "      --pack NAME       these rules (repeatable; without: commands are listed)\n"
	      "      --holds WHAT      a person's decision on held commands: allow or deny (default)\n"
	      "      --check           verifies the engine's invariants after every frame (slow)\n"
	      "  -o, --output FORMAT   table: for people (default); json: for programs\n"
	      "  -h, --help            this\n"
	      "\n"
	      "Exit status: 0 played, 1 the capture is broken or an invariant did not hold, 2 wrong "
	      "usage.\n",
			to);
}

static bool wrong(const char *option, const char *value, const char *expected)
{
	fprintf(stderr, "replay: %s: '%s' is not %s\n", option, value, expected);
	return false;
}

static bool set_number(const char *value, unsigned long min, unsigned long max, unsigned long *ret)
{
	char *rest;

	errno = 0;
	*ret = strtoul(value, &rest, 10);
	return value[0] >= '0' && value[0] <= '9' && errno == 0 && *rest == '\0' && *ret >= min &&
			*ret <= max;
}

static bool set_net(struct sides_conf *s, const char *value)
{
	if (s->n_nets == REPLAY_NETS_MAX || !side_net_parse(value, &s->nets[s->n_nets]))
		return wrong("--agent-net", value,
				"one of at most 16 networks as 10.0.0.0/8 or fd00::/8");
	s->n_nets++;
	return true;
}

static bool set_mac(struct sides_conf *s, const char *value)
{
	if (s->n_macs == REPLAY_NETS_MAX || !side_mac_parse(value, s->macs[s->n_macs]))
		return wrong("--agent-mac", value,
				"one of at most 16 addresses as 02:00:00:00:00:01");
	s->n_macs++;
	return true;
}

static bool set_mode(struct run_conf *r, const char *value)
{
	if (strcmp(value, "relay") == 0)
		r->mode = MODE_RELAY;
	else if (strcmp(value, "wire") == 0)
		r->mode = MODE_WIRE;
	else if (strcmp(value, "xlate") == 0)
		r->mode = MODE_XLATE;
	else
		return wrong("--mode", value, "relay, wire or xlate");
	return true;
}

static bool set_output(struct arguments *a, const char *value)
{
	a->is_json = strcmp(value, "json") == 0;
	return a->is_json || strcmp(value, "table") == 0 ||
			wrong("--output", value, "table or json");
}

static bool set_pack(struct run_conf *r, const char *value)
{
	if (r->gate.n_packs == GATE_PACKS_MAX)
		return wrong("--pack", value, "one of at most 16");
	r->gate.packs[r->gate.n_packs++] = value;
	r->reads_postgres = true;
	return true;
}

static bool set_holds(struct run_conf *r, const char *value)
{
	const bool allows = strcmp(value, "allow") == 0;

	r->gate.on_hold = allows ? TICKET_ALLOW : TICKET_DENY;
	r->reads_postgres = true;
	return allows || strcmp(value, "deny") == 0 || wrong("--holds", value, "allow or deny");
}

static bool set_sized(struct run_conf *r, int option, const char *value)
{
	unsigned long n;

	if (option == OPTION_MTU) {
		if (!set_number(value, 576, 9216, &n))
			return wrong("--mtu", value, "a number from 576 to 9216");
		r->mtu = (uint16_t)n;
	} else if (option == OPTION_FLOWS) {
		if (!set_number(value, 64, 1 << 24, &n))
			return wrong("--flows", value, "a number from 64 to 16777216");
		r->max_flows = (uint32_t)n;
	} else {
		if (!set_number(value, 0, 86400, &n))
			return wrong("--wait", value, "a number of seconds, at most 86400");
		r->wait_us = (uint64_t)n * 1000000;
	}
	return true;
}

static bool set_option(struct arguments *a, int option, const char *value)
{
	switch (option) {
	case OPTION_NET:
		return set_net(&a->run.sides, value);
	case OPTION_MAC:
		return set_mac(&a->run.sides, value);
	case OPTION_MODE:
		return set_mode(&a->run, value);
	case OPTION_MTU:
	case OPTION_FLOWS:
	case OPTION_WAIT:
		return set_sized(&a->run, option, value);
	case OPTION_CHECK:
		a->run.check = true;
		return true;
	case OPTION_AS_RECORDED:
		a->run.as_recorded = true;
		return true;
	case OPTION_POSTGRES:
		a->run.reads_postgres = true;
		return true;
	case OPTION_PACK:
		return set_pack(&a->run, value);
	case OPTION_HOLDS:
		return set_holds(&a->run, value);
	case 'w':
		a->run.out_path = value;
		return true;
	case 'o':
		return set_output(a, value);
	default:
		return false;
	}
}

static int play(const struct arguments *a, const char *path)
{
	static struct run r;
	int rc = run_play(&r, &a->run, path);

	if (r.relay != NULL) {
		if (a->is_json)
			print_json(&r, path);
		else
			print_table(&r, path);
	}
	if (r.broken != NULL)
		fprintf(stderr, "replay: an invariant does not hold: %s\n", r.broken);
	if (gate_is_unreadable(&r.gate))
		rc = -EBADMSG;
	rc = rc == 0 && r.broken == NULL ? EXIT_PLAYED : EXIT_BROKEN;
	run_done(&r);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "agent-net", required_argument, NULL, OPTION_NET },
		{ "agent-mac", required_argument, NULL, OPTION_MAC },
		{ "mode", required_argument, NULL, OPTION_MODE },
		{ "mtu", required_argument, NULL, OPTION_MTU },
		{ "flows", required_argument, NULL, OPTION_FLOWS },
		{ "wait", required_argument, NULL, OPTION_WAIT },
		{ "write", required_argument, NULL, 'w' },
		{ "as-recorded", no_argument, NULL, OPTION_AS_RECORDED },
		{ "postgres", no_argument, NULL, OPTION_POSTGRES },
		{ "pack", required_argument, NULL, OPTION_PACK },
		{ "holds", required_argument, NULL, OPTION_HOLDS },
		{ "check", no_argument, NULL, OPTION_CHECK },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct arguments a = { .run = { .mode = MODE_RELAY,
					       .mtu = 1500,
					       .max_flows = 65536,
					       .wait_us = 5000000,
					       .gate = { .on_hold = TICKET_DENY } } };
	int o;

	while ((o = getopt_long(argc, argv, "w:o:h", options, NULL)) != -1) {
		if (o == 'h') {
			print_help(stdout);
			return EXIT_PLAYED;
		}
		if (!set_option(&a, o, optarg)) {
			fprintf(stderr, "replay: see replay --help\n");
			return EXIT_USAGE;
		}
	}
	if (a.run.reads_postgres && a.run.mode != MODE_RELAY) {
		fprintf(stderr, "replay: --postgres wants --mode relay\n");
		return EXIT_USAGE;
	}
	if (argc - optind != 1) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	return play(&a, argv[optind]);
}
