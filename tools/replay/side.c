/* SPDX-License-Identifier: Apache-2.0
 * A capture does not say on which side of a wire a frame came in. The command line may; else the
 * agent is who sends the first SYN of a connection, or, where its beginning was not recorded, who
 * has the higher port. All frames of a connection, and of two addresses, then agree. */
#include "dataplane/flow/key.h"
#include "parsers/base/siphash.h"
#include "tools/replay/replay.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 1 << 12 };

/* Two ends, the lesser first: which of them is the agent's. */
struct pair {
	struct flow_key ends; /* [0] <= [1]; ports 0: any between the two addresses */
	uint8_t agent;        /* 0 or 1 */
	bool used;
};

struct sides {
	const struct sides_conf *conf; /* borrowed */
	struct pair *slots;            /* owned: open addressing, a power of two of them */
	size_t n_slots, n_used;
};

struct sides *sides_new(const struct sides_conf *conf)
{
	struct sides *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->conf = conf;
	s->n_slots = SLOTS_FIRST;
	s->slots = calloc(s->n_slots, sizeof(s->slots[0]));
	if (s->slots == NULL)
		sides_free(&s);
	return s;
}

void sides_free(struct sides **s)
{
	if (*s == NULL)
		return;
	free((*s)->slots);
	free(*s);
	*s = NULL;
}

bool side_net_parse(const char *text, struct side_net *ret)
{
	const char *slash = strchr(text, '/');
	size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char address[INET6_ADDRSTRLEN], *rest;
	uint8_t v4[4];
	unsigned long prefix, most = 128;

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET, address, v4) == 1) {
		flow_key_addr(ret->addr, v4, 4);
		most = 32;
	} else if (inet_pton(AF_INET6, address, ret->addr) != 1) {
		return false;
	}
	prefix = most;
	if (slash != NULL) {
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		prefix = strtoul(slash + 1, &rest, 10);
		if (*rest != '\0' || prefix > most)
			return false;
	}
	ret->prefix = (uint8_t)(prefix + 128 - most);
	return true;
}

bool side_mac_parse(const char *text, uint8_t ret[6])
{
	for (int i = 0; i < 6; i++) {
		char *rest;
		unsigned long byte = strtoul(text, &rest, 16);

		if (rest == text || rest - text > 2 || byte > 0xff ||
				*rest != (i == 5 ? '\0' : ':'))
			return false;
		ret[i] = (uint8_t)byte;
		text = rest + 1;
	}
	return true;
}

static bool net_has(const struct side_net *net, const uint8_t addr[16])
{
	uint8_t bits = net->prefix % 8, rest = (uint8_t)(0xff00 >> bits);
	size_t whole = net->prefix / 8;

	return memcmp(net->addr, addr, whole) == 0 &&
			(bits == 0 || ((net->addr[whole] ^ addr[whole]) & rest) == 0);
}

static bool is_agent_net(const struct sides_conf *c, const uint8_t addr[16])
{
	for (size_t i = 0; i < c->n_nets; i++) {
		if (net_has(&c->nets[i], addr))
			return true;
	}
	return false;
}

static bool is_agent_mac(const struct sides_conf *c, const uint8_t mac[6])
{
	for (size_t i = 0; i < c->n_macs; i++) {
		if (memcmp(c->macs[i], mac, 6) == 0)
			return true;
	}
	return false;
}

static struct pair *slot_of(const struct sides *s, const struct flow_key *ends)
{
	static const struct siphash_key key = { 0x736c75696365, 0x7265706c6179 };
	uint64_t words[sizeof(*ends) / 8];
	size_t i;

	memcpy(words, ends, sizeof(words));
	i = siphash13_words(&key, words, sizeof(words) / sizeof(words[0])) & (s->n_slots - 1);
	while (s->slots[i].used && memcmp(&s->slots[i].ends, ends, sizeof(*ends)) != 0)
		i = (i + 1) & (s->n_slots - 1);
	return &s->slots[i];
}

/* When memory is out the table stays as it is, and full at worst by half more. */
static void grow(struct sides *s)
{
	struct sides larger = *s;

	larger.n_slots = s->n_slots * 2;
	larger.slots = calloc(larger.n_slots, sizeof(larger.slots[0]));
	if (larger.slots == NULL)
		return;
	for (size_t i = 0; i < s->n_slots; i++) {
		if (s->slots[i].used)
			*slot_of(&larger, &s->slots[i].ends) = s->slots[i];
	}
	free(s->slots);
	*s = larger;
}

/* Which end is the agent's: as remembered, else <agent> from now on. */
static uint8_t agent_of(struct sides *s, const struct flow_key *ends, uint8_t agent)
{
	struct pair *p = slot_of(s, ends);

	if (p->used)
		return p->agent;
	if (s->n_used + 1 < s->n_slots) {
		*p = (struct pair){ .ends = *ends, .agent = agent, .used = true };
		s->n_used++;
	}
	if (s->n_used * 2 > s->n_slots)
		grow(s);
	return agent;
}

/* The two ends in order; *ret_src is the sender's place in it. */
static void ends_of(const struct frame *f, bool with_ports, struct flow_key *k, uint8_t *ret_src)
{
	uint8_t src[16], dst[16];
	uint16_t sport = with_ports ? f->sport : 0, dport = with_ports ? f->dport : 0;
	int order;

	flow_key_addr(src, f->bytes + f->src_off, f->ip_version);
	flow_key_addr(dst, f->bytes + f->dst_off, f->ip_version);
	order = memcmp(src, dst, sizeof(src));
	*ret_src = order < 0 || (order == 0 && sport <= dport) ? 0 : 1;
	*k = (struct flow_key){ .tag = f->vlan };
	memcpy(k->addr[*ret_src], src, sizeof(src));
	memcpy(k->addr[1 - *ret_src], dst, sizeof(dst));
	k->port[*ret_src] = sport;
	k->port[1 - *ret_src] = dport;
}

static bool src_begins(const struct frame *f)
{
	if ((f->flags & TCP_SYN) != 0)
		return (f->flags & TCP_ACK) == 0;
	return f->sport > f->dport;
}

/* A TCP segment settles its connection, and the two addresses for all that has no ports. */
static enum side side_of_tcp(struct sides *s, const struct frame *f)
{
	struct flow_key ends;
	uint8_t src, agent;
	bool is_agent;

	ends_of(f, true, &ends, &src);
	agent = src_begins(f) ? src : (uint8_t)(1 - src);
	is_agent = agent_of(s, &ends, agent) == src;
	ends_of(f, false, &ends, &src);
	agent_of(s, &ends, is_agent ? src : (uint8_t)(1 - src));
	return is_agent ? SIDE_AGENT : SIDE_PROD;
}

static enum side side_of_ip(struct sides *s, const struct frame *f)
{
	struct flow_key ends;
	uint8_t src;

	ends_of(f, false, &ends, &src);
	return agent_of(s, &ends, src) == src ? SIDE_AGENT : SIDE_PROD;
}

enum side sides_of(struct sides *s, const uint8_t *bytes, uint32_t len)
{
	struct frame f;
	uint8_t addr[16];

	if (s->conf->n_macs > 0 && len >= 12)
		return is_agent_mac(s->conf, bytes + 6) ? SIDE_AGENT : SIDE_PROD;
	if (frame_parse(bytes, len, &f) != DROP_NONE || f.ip_version == 0)
		return SIDE_AGENT;
	if (s->conf->n_nets > 0) {
		flow_key_addr(addr, f.bytes + f.src_off, f.ip_version);
		return is_agent_net(s->conf, addr) ? SIDE_AGENT : SIDE_PROD;
	}
	return f.kind == FRAME_TCP ? side_of_tcp(s, &f) : side_of_ip(s, &f);
}
