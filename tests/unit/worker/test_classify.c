/* SPDX-License-Identifier: Apache-2.0
 * The table of targets: which policy a new connection gets. */
#include "dataplane/worker/classify.h"
#include "tests/unit/net/suite.h"

#include <arpa/inet.h>
#include <string.h>

static const struct flow_policy policies[] = { { .target = 0 }, { .target = 1 }, { .target = 2 },
	{ .target = 3 }, { .target = 4 }, { .target = 100 }, { .target = 101 } };

static void address(uint8_t out[16], const char *text)
{
	memset(out, 0, 16);
	if (inet_pton(AF_INET6, text, out) == 1)
		return;
	out[10] = out[11] = 0xff;
	CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET, text, out + 12), 1);
}

static struct classify *table(void)
{
	static const struct {
		const char *addr;
		uint8_t prefix;
		uint16_t port;
	} targets[] = {
		{ "10.20.0.5", 128, 5432 },
		{ "10.20.0.0", 96 + 16, 5432 },
		{ "10.20.0.5", 128, 0 },
		{ "fd00:20::", 64, 443 },
		{ "fd00:20::7", 128, 0 },
	};
	const struct flow_policy *undeclared[] = { &policies[5], &policies[6] };
	struct classify_target t[5];

	for (size_t i = 0; i < 5; i++) {
		address(t[i].addr, targets[i].addr);
		t[i].prefix = targets[i].prefix;
		t[i].port = targets[i].port;
		t[i].policy = &policies[i];
	}
	return classify_new(t, 5, undeclared, 2);
}

static void test_rows(void)
{
	static const struct {
		const char *name, *dst;
		uint16_t dport;
		enum side initiator;
		uint8_t wire;
		uint32_t target;
	} rows[] = {
		{ "exact", "10.20.0.5", 5432, SIDE_AGENT, 0, 0 },
		{ "network", "10.20.9.9", 5432, SIDE_AGENT, 0, 1 },
		{ "first of several", "10.20.0.5", 5433, SIDE_AGENT, 0, 2 },
		{ "port differs", "10.20.9.9", 5433, SIDE_AGENT, 0, 100 },
		{ "just outside", "10.21.0.0", 5432, SIDE_AGENT, 0, 100 },
		{ "other wire's default", "10.21.0.0", 5432, SIDE_AGENT, 1, 101 },
		{ "IPv6 network", "fd00:20::1:2", 443, SIDE_AGENT, 0, 3 },
		{ "IPv6 exact, any port", "fd00:20::7", 80, SIDE_AGENT, 0, 4 },
		{ "IPv6 outside", "fd00:20:0:1::7", 443, SIDE_AGENT, 0, 100 },
		{ "not mapped", "::a14:5", 5432, SIDE_AGENT, 0, 100 },
		{ "opened by prod", "10.20.0.5", 5432, SIDE_PROD, 0, 0 },
	};
	struct classify *c = table();

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum side to = side_other(rows[i].initiator);
		struct flow_key key = { .tag = (uint32_t)rows[i].wire << 24 | 0x123 };

		/* The initiator's own address and port are a target's too: they must not count. */
		address(key.addr[rows[i].initiator], "10.20.0.5");
		key.port[rows[i].initiator] = 5432;
		address(key.addr[to], rows[i].dst);
		key.port[to] = rows[i].dport;
		CHECK_ROW(rows[i].name,
				classify_policy(c, &key, rows[i].initiator)->target ==
						rows[i].target);
	}
	classify_free(&c);
	CU_ASSERT_PTR_NULL(c);
}

static void test_no_targets(void)
{
	const struct flow_policy *undeclared[] = { &policies[5] };
	struct classify *c = classify_new(NULL, 0, undeclared, 1);
	struct flow_key key = { .tag = 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_PTR_EQUAL(classify_policy(c, &key, SIDE_AGENT), &policies[5]);
	classify_free(&c);
	classify_free(&c);
}

static void test_prefix_zero(void)
{
	const struct flow_policy *undeclared[] = { &policies[5] };
	struct classify_target t = { .prefix = 0, .port = 22, .policy = &policies[1] };
	struct classify *c = classify_new(&t, 1, undeclared, 1);
	struct flow_key key = { .port = { 1, 22 } };

	address(key.addr[SIDE_PROD], "192.0.2.1");
	CU_ASSERT_PTR_EQUAL(classify_policy(c, &key, SIDE_AGENT), &policies[1]);
	key.port[SIDE_PROD] = 23;
	CU_ASSERT_PTR_EQUAL(classify_policy(c, &key, SIDE_AGENT), &policies[5]);
	classify_free(&c);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "addresses, prefixes, ports, order", test_rows },
		{ "no targets", test_no_targets },
		{ "any address", test_prefix_zero },
	};

	return suite_run("classify", tests, sizeof(tests) / sizeof(*tests));
}
