/* SPDX-License-Identifier: Apache-2.0
 * What survives the process (relay.md 2.2): the records of WIRE and XLATE flows, and of RELAY flows
 * that owe nobody anything. A record that is torn, foreign or no longer allowed is no record. */
#include "tests/unit/net/suite.h"
#include "tests/unit/tcp/engine.h"

#include <string.h>

enum { TARGET = 4711 };

static struct engine e;
static struct restart_record records[ENGINE_FLOWS];

static void begin(enum flow_mode mode)
{
	engine_init(&e);
	e.policy.mode = mode;
	e.policy.target = TARGET;
	e.conf.restart = records;
}

/* The next process: the same records, nothing else. Returns how many flows it took up. */
static uint32_t restart(void)
{
	const struct relay_conf conf = e.conf;
	const struct flow_policy policy = e.policy;

	engine_init(&e);
	e.conf = conf;
	e.policy = policy;
	engine_start(&e);
	return relay_restart(e.r, e.now_us);
}

static uint32_t records_valid(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ENGINE_FLOWS; i++)
		n += records[i].magic == RESTART_MAGIC;
	return n;
}

/* Five bytes of the agent become three ("ab" is inserted, the first four are taken out), which the
 * server has acknowledged: delta -2 towards it. */
static void edit(void)
{
	struct flow *f = engine_flow(&e);

	engine_in(&e, SIDE_AGENT, TCP_ACK | TCP_PSH, 1, 1, 5);
	CU_ASSERT_EQUAL_FATAL(stream_drop(e.r, f, SIDE_AGENT, 4), 0);
	CU_ASSERT_EQUAL_FATAL(stream_emit(e.r, f, SIDE_AGENT, "ab", 2), 0);
	CU_ASSERT_EQUAL_FATAL(stream_pass(e.r, f, SIDE_AGENT, 1), 0);
	engine_wait(&e, 5);
	engine_in(&e, SIDE_PROD, TCP_ACK, 1, 4, 0);
	engine_wait(&e, 5);
}

static const struct {
	const char *row;
	enum flow_mode mode;
	bool bypass, edit;
	bool at_once; /* a record from the moment of the mode, without a clean stop */
	uint8_t as;
	int32_t delta;
} kinds[] = {
	{ "wire", MODE_WIRE, false, false, true, MODE_WIRE, 0 },
	{ "relay, nothing owed", MODE_RELAY, false, false, false, MODE_XLATE, 0 },
	{ "relay, edited, nothing owed", MODE_RELAY, false, true, false, MODE_XLATE, -2 },
	{ "xlate", MODE_RELAY, true, false, true, MODE_XLATE, 0 },
	{ "xlate, edited", MODE_RELAY, true, true, true, MODE_XLATE, -2 },
};

static void kind_begin(size_t k)
{
	memset(records, 0, sizeof(records));
	begin(kinds[k].mode);
	engine_start(&e);
	engine_connect(&e);
	if (kinds[k].edit)
		edit();
	if (kinds[k].bypass)
		CU_ASSERT_EQUAL_FATAL(stream_bypass(e.r, engine_flow(&e)), 0);
	engine_wait(&e, 5);
}

static void test_write(void)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		const struct restart_record *rec = &records[0];

		kind_begin(k);
		CHECK_ROW(kinds[k].row, records_valid() == (kinds[k].at_once ? 1 : 0));
		relay_shutdown(e.r, e.now_us);
		CHECK_ROW(kinds[k].row, records_valid() == 1);
		CHECK_ROW(kinds[k].row, rec->magic == RESTART_MAGIC && rec->mode == kinds[k].as);
		CHECK_ROW(kinds[k].row, rec->initiator == SIDE_AGENT);
		CHECK_ROW(kinds[k].row, rec->key.port[SIDE_AGENT] == ENGINE_PORT);
		CHECK_ROW(kinds[k].row, (int32_t)rec->delta[SIDE_PROD] == kinds[k].delta);
		CHECK_ROW(kinds[k].row, rec->delta[SIDE_AGENT] == 0);
		engine_stop(&e);
	}
}

/* What follows the edit, or the handshake, in the numbers of each end. */
static void test_resume(void)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		const uint32_t seq = kinds[k].edit ? 6 : 1;
		const uint32_t shifted = seq + (uint32_t)kinds[k].delta;

		kind_begin(k);
		relay_shutdown(e.r, e.now_us);
		engine_stop(&e);
		CHECK_ROW(kinds[k].row, restart() == 1);
		CHECK_ROW(kinds[k].row, e.r->counters.stat[STAT_RESTART_RESUMED] == 1);
		CHECK_ROW(kinds[k].row,
				engine_flow(&e) != NULL && engine_flow(&e)->mode == kinds[k].as);
		engine_in(&e, SIDE_AGENT, TCP_ACK | TCP_PSH, seq, 1, 10);
		CHECK_ROW(kinds[k].row, e.n_sent[SIDE_PROD] == 1);
		CHECK_ROW(kinds[k].row,
				engine_last(&e, SIDE_PROD)->seq == e.isn[SIDE_AGENT] + shifted);
		CHECK_ROW(kinds[k].row, engine_last(&e, SIDE_PROD)->len == 10);
		engine_in(&e, SIDE_PROD, TCP_ACK, 1, shifted + 10, 0);
		CHECK_ROW(kinds[k].row, e.n_sent[SIDE_AGENT] == 1);
		CHECK_ROW(kinds[k].row,
				engine_last(&e, SIDE_AGENT)->ack == e.isn[SIDE_AGENT] + seq + 10);
		CHECK_ROW(kinds[k].row, records_valid() == 1); /* for the time after the next one */
		engine_stop(&e);
	}
}

/* Owes somebody something: reset at the clean stop, forgotten by the next process. */
static void test_not_resumed(void)
{
	static const struct {
		const char *row;
		enum side from;
		uint8_t flags;
		uint32_t seq, len;
	} owed[] = {
		{ "unjudged bytes", SIDE_AGENT, TCP_ACK | TCP_PSH, 1, 3 },
		{ "bytes out of order", SIDE_PROD, TCP_ACK, 7, 3 },
		{ "a FIN", SIDE_PROD, TCP_ACK | TCP_FIN, 1, 0 },
	};

	for (size_t i = 0; i < sizeof(owed) / sizeof(owed[0]); i++) {
		memset(records, 0, sizeof(records));
		begin(MODE_RELAY);
		engine_start(&e);
		engine_connect(&e);
		engine_in(&e, owed[i].from, owed[i].flags, owed[i].seq, 1, owed[i].len);
		engine_wait(&e, 5);
		relay_shutdown(e.r, e.now_us);
		CHECK_ROW(owed[i].row, (engine_last(&e, SIDE_AGENT)->flags & TCP_RST) != 0);
		CHECK_ROW(owed[i].row, (engine_last(&e, SIDE_PROD)->flags & TCP_RST) != 0);
		CHECK_ROW(owed[i].row, records_valid() == 0);
		engine_stop(&e);
		CHECK_ROW(owed[i].row, restart() == 0);
		engine_stop(&e);
	}
}

/* A flow that ends leaves nothing behind. */
static void test_clear(void)
{
	memset(records, 0, sizeof(records));
	begin(MODE_WIRE);
	engine_start(&e);
	engine_connect(&e);
	CU_ASSERT_EQUAL(records_valid(), 1);
	engine_in(&e, SIDE_AGENT, TCP_RST | TCP_ACK, 1, 1, 0);
	engine_wait(&e, 121000);
	CU_ASSERT_PTR_NULL(engine_flow(&e));
	CU_ASSERT_EQUAL(records_valid(), 0);
	engine_stop(&e);
	CU_ASSERT_EQUAL(restart(), 0);
	engine_stop(&e);
}

/* Each bit of a record, turned on its own. */
static void test_torn(void)
{
	struct restart_record whole;

	kind_begin(0);
	whole = records[0];
	engine_stop(&e);
	for (size_t bit = 0; bit < 8 * sizeof(whole); bit++) {
		memset(records, 0, sizeof(records));
		records[0] = whole;
		((uint8_t *)&records[0])[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_EQUAL(restart(), 0);
		CU_ASSERT_EQUAL(records_valid(), 0);
		engine_stop(&e);
	}
	records[0] = whole;
	CU_ASSERT_EQUAL(restart(), 1);
	engine_stop(&e);
}

static void test_foreign(void)
{
	uint64_t seed = 1;

	for (uint32_t i = 0; i < ENGINE_FLOWS; i++) {
		for (size_t k = 0; k < sizeof(records[i]); k++)
			((uint8_t *)&records[i])[k] = (uint8_t)suite_random(&seed);
		records[i].magic = RESTART_MAGIC;
		records[i].mode = i % 2 != 0 ? MODE_WIRE : MODE_XLATE;
	}
	begin(MODE_WIRE);
	CU_ASSERT_EQUAL(restart(), 0);
	CU_ASSERT_EQUAL(e.r->n_flows, 0);
	CU_ASSERT_EQUAL(records_valid(), 0);
	engine_stop(&e);
}

/* The targets have changed in between: counted, not resumed, and gone from the file. */
static void test_policy_gone(void)
{
	kind_begin(0);
	engine_stop(&e);
	e.policy.mode = MODE_DENY;
	CU_ASSERT_EQUAL(restart(), 0);
	CU_ASSERT_EQUAL(e.r->counters.stat[STAT_RESTART_REFUSED], 1);
	CU_ASSERT_PTR_NULL(engine_flow(&e));
	CU_ASSERT_EQUAL(records_valid(), 0);
	engine_stop(&e);
}

/* The same conversation twice, as a crash between two writes could leave it: the first one counts. */
static void test_twice(void)
{
	kind_begin(0);
	engine_stop(&e);
	records[5] = records[0];
	CU_ASSERT_EQUAL(restart(), 1);
	CU_ASSERT_EQUAL(e.r->counters.stat[STAT_RESTART_REFUSED], 1);
	CU_ASSERT_EQUAL(records_valid(), 1);
	engine_stop(&e);
}

/* Each live flow's record stands at its own index, and no other one is valid. */
static void indices_check(const char *row, uint32_t n)
{
	CHECK_ROW(row, records_valid() == n && e.r->n_flows == n);
	for (uint32_t i = 0; i < ENGINE_FLOWS; i++) {
		const struct flow *f = &e.r->flows[i];

		CHECK_ROW(row, (f->state != FLOW_FREE) == (records[i].magic == RESTART_MAGIC));
		if (f->state != FLOW_FREE)
			CHECK_ROW(row, memcmp(&f->key, &records[i].key, sizeof(f->key)) == 0);
	}
}

/* Slots move: the flows that are left take other indices in the next process, others take theirs. */
static void test_index_reuse(void)
{
	memset(records, 0, sizeof(records));
	begin(MODE_WIRE);
	engine_start(&e);
	for (int i = 0; i < 10; i++, e.port++)
		engine_connect(&e);
	indices_check("ten", 10);
	for (e.port = ENGINE_PORT; e.port < ENGINE_PORT + 10; e.port += 2)
		engine_in(&e, SIDE_AGENT, TCP_RST | TCP_ACK, 1, 1, 0);
	engine_wait(&e, 121000);
	indices_check("five left", 5);
	engine_stop(&e);
	CU_ASSERT_EQUAL(restart(), 5);
	indices_check("restarted", 5);
	for (e.port = ENGINE_PORT + 20; e.port < ENGINE_PORT + 24; e.port++)
		engine_connect(&e);
	indices_check("four more", 9);
	engine_stop(&e);
	CU_ASSERT_EQUAL(restart(), 9);
	indices_check("restarted again", 9);
	e.port = ENGINE_PORT + 3;
	CU_ASSERT_PTR_NOT_NULL(engine_flow(&e));
	e.port = ENGINE_PORT + 4;
	CU_ASSERT_PTR_NULL(engine_flow(&e));
	engine_stop(&e);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "records are written when they should be", test_write },
		{ "and say how to go on", test_resume },
		{ "not for a flow that owes something", test_not_resumed },
		{ "nor for one that has ended", test_clear },
		{ "torn", test_torn },
		{ "foreign", test_foreign },
		{ "policy gone", test_policy_gone },
		{ "the same one twice", test_twice },
		{ "indices are used again", test_index_reuse },
	};

	return suite_run("restart", tests, sizeof(tests) / sizeof(*tests));
}
