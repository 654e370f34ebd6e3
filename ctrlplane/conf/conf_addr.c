/* SPDX-License-Identifier: Apache-2.0
 * A target's address: IPv4 or IPv6, one or a CIDR block. */
#include "ctrlplane/conf/conf_priv.h"

#include <arpa/inet.h>
#include <string.h>

enum { SHOWN_MAX = 60 };

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct block {
	uint8_t addr[16];
	uint64_t prefix; /* of the 16 bytes */
	bool is_v4;
};

static bool prefix_equal(const uint8_t *a, const uint8_t *b, uint64_t bits)
{
	uint8_t rest = (uint8_t)(0xff00 >> (bits % 8));

	return memcmp(a, b, bits / 8) == 0 &&
			(bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & rest) == 0);
}

static void block_mask(struct block *b)
{
	for (uint64_t bit = b->prefix; bit < 128; bit++)
		b->addr[bit / 8] &= (uint8_t) ~(0x80 >> (bit % 8));
}

/* "10.0.0.0/8", "10.0.0.1", "fd00::/8", "fd00::1" */
static bool block_parse(const char *text, struct block *ret)
{
	const char *slash = strchr(text, '/');
	size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
	char address[INET6_ADDRSTRLEN];
	uint64_t most;

	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	memcpy(ret->addr, mapped, sizeof(mapped));
	ret->is_v4 = inet_pton(AF_INET, address, ret->addr + 12) == 1;
	if (!ret->is_v4 && inet_pton(AF_INET6, address, ret->addr) != 1)
		return false;
	most = ret->is_v4 ? 32 : 128;
	ret->prefix = most;
	if (slash != NULL && (!conf_number(slash + 1, &ret->prefix) || ret->prefix > most))
		return false;
	ret->prefix += 128 - most;
	return true;
}

static void block_print(const struct block *b, char out[64])
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(b->is_v4 ? AF_INET : AF_INET6, b->is_v4 ? b->addr + 12 : b->addr, address,
			sizeof(address));
	snprintf(out, 64, "%s/%llu", address,
			(unsigned long long)(b->is_v4 ? b->prefix - 96 : b->prefix));
}

/* IPv4 lives in ::ffff:0:0/96. An IPv6 block around it would let IPv4 in unsaid. */
static bool block_hides_v4(const struct block *b)
{
	uint8_t v4[16] = { 0 };

	memcpy(v4, mapped, sizeof(mapped));
	return !b->is_v4 && prefix_equal(b->addr, v4, b->prefix < 96 ? b->prefix : 96);
}

void conf_read_address(
		struct conf_reader *r, const struct conf_key *k, void *target, yaml_node_t *v)
{
	const char *text = conf_scalar(r, k, v);
	struct conf_target *t = target;
	struct block given = { .prefix = 0 }, masked;
	char right[64];

	if (text == NULL)
		return;
	if (!block_parse(text, &given)) {
		conf_error(r, v,
				"%s: '%.*s' is no address: write one as 10.20.0.5, 10.20.0.0/16, "
				"fd00::5 or fd00::/8",
				k->name, SHOWN_MAX, text);
		return;
	}
	if (block_hides_v4(&given)) {
		conf_error(r, v,
				"%s: '%.*s' takes in IPv4 as well: write IPv4 as such (0.0.0.0/0), "
				"and IPv6 as 2000::/3 or fc00::/7",
				k->name, SHOWN_MAX, text);
		return;
	}
	masked = given;
	block_mask(&masked);
	block_print(&masked, right);
	if (memcmp(masked.addr, given.addr, sizeof(masked.addr)) != 0)
		conf_error(r, v, "%s: '%.*s' has bits beyond its prefix: did you mean %s?", k->name,
				SHOWN_MAX, text, right);
	memcpy(t->addr, given.addr, sizeof(t->addr));
	t->prefix = (uint8_t)given.prefix;
}

bool conf_target_is_v4(const struct conf_target *t)
{
	return t->prefix >= 96 && memcmp(t->addr, mapped, sizeof(mapped)) == 0;
}

bool conf_target_covers(const struct conf_target *a, const struct conf_target *b)
{
	return a->prefix <= b->prefix && prefix_equal(a->addr, b->addr, a->prefix) &&
			(a->port == 0 || a->port == b->port);
}
