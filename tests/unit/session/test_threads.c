/* SPDX-License-Identifier: Apache-2.0
 * Many sessions while others list, decide and kill; answers that come late, or after the end. Also built
 * under ThreadSanitizer. */
#include "parsers/base/must.h"
#include "tests/unit/session/lab.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 600, TOKENS = 6, ASKED_MAX = 4096 };

static struct lab lab;

static const struct sessions_stats *stats(void)
{
	static struct sessions_stats s;

	sessions_stats(lab.sessions, &s);
	return &s;
}

/* Whoever looks, decides and kills meanwhile. */

static _Atomic bool stop;
static _Atomic uint32_t n_seen, n_decided, n_killed;

static void *lister_run(void *arg)
{
	struct session_view *v = calloc(64, sizeof(*v));
	struct sessions_stats s;

	(void)arg;
	while (!atomic_load(&stop)) {
		uint64_t after = 0;
		size_t n;

		while ((n = sessions_list(lab.sessions, after, v, 64)) > 0) {
			must(v[0].id > after);
			after = v[n - 1].id;
			atomic_fetch_add(&n_seen, (uint32_t)n);
		}
		sessions_stats(lab.sessions, &s);
	}
	free(v);
	return NULL;
}

static void *decider_run(void *arg)
{
	struct hold_view *v = calloc(8, sizeof(*v));
	unsigned seed = 7;

	(void)arg;
	while (!atomic_load(&stop)) {
		const size_t n = sessions_holds(lab.sessions, NULL, v, 8);

		for (size_t i = 0; i < n; i++) {
			const struct hold_decision d = { v[i].session, v[i].command,
				rand_r(&seed) % 2 == 0, "somebody", "because" };

			atomic_fetch_add(&n_decided, sessions_decide(lab.sessions, &d) == 0);
		}
	}
	free(v);
	return NULL;
}

static void *killer_run(void *arg)
{
	static struct session_view v;
	uint64_t after = 0;

	(void)arg;
	while (!atomic_load(&stop)) {
		after = sessions_list(lab.sessions, after, &v, 1) == 1 ? v.id + 9 : 0;
		if (after != 0)
			atomic_fetch_add(&n_killed, sessions_kill(lab.sessions, v.id) == 0);
		usleep(200);
	}
	return NULL;
}

/* Four commands are held; nobody waits for two of them, soon. */
static void put_all(uint32_t slot)
{
	struct ticket t = { .kind = TICKET_FORGET, .slot = slot, .gen = 1 };

	for (uint64_t c = 1; c <= 4; c++)
		lab_may(&lab, slot, c, "DROP TABLE a");
	for (t.command = 1; t.command <= 2; t.command++)
		lab_put(&lab, 0, &t);
}

/* <n> questions of <slot> have their answers. */
static void collect(uint32_t slot, uint32_t n)
{
	struct ticket_answer a;

	for (uint32_t i = 0; i < n; i++) {
		CU_ASSERT_TRUE_FATAL(lab_answer(&lab, TICKET_ANSWER, slot, &a));
		CU_ASSERT_PTR_NOT_NULL_FATAL(a.block);
		lab_block_free(&lab, &a.block);
	}
}

static void test_many(void)
{
	void *(*const runs[])(void *) = { lister_run, decider_run, killer_run };
	char *tokens[TOKENS];
	pthread_t threads[3];
	uint32_t slot;

	lab_init(&lab, false);
	atomic_store(&stop, false);
	for (int i = 0; i < TOKENS; i++) {
		char sub[8] = { 'u', (char)('0' + i) };

		tokens[i] = lab_token(&lab, sub, LAB_EXP_S);
	}
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(pthread_create(&threads[i], NULL, runs[i], NULL), 0);
	for (slot = 0; slot < SLOTS; slot++)
		lab_who(&lab, 0, slot, 1, tokens[slot % TOKENS]);
	for (slot = 0; slot < SLOTS; slot++)
		collect(slot, 1);
	for (slot = 0; slot < SLOTS; slot++) {
		lab_news(&lab, 0, slot, 1, TICKET_READY);
		put_all(slot);
	}
	while (stats()->holds > 0) /* the decider's, all that are left */
		usleep(1000);
	for (slot = 0; slot < SLOTS; slot++)
		collect(slot, 4);
	for (slot = 0; slot < SLOTS; slot++)
		lab_news(&lab, 0, slot, 1, TICKET_GONE);
	while (stats()->open > 0)
		usleep(1000);
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_TRUE(atomic_load(&n_seen) > SLOTS);
	CU_ASSERT_TRUE(atomic_load(&n_decided) > 0);
	CU_ASSERT_TRUE(atomic_load(&n_killed) > 0);
	CU_ASSERT_EQUAL(stats()->holds_allowed + stats()->holds_denied, atomic_load(&n_decided));
	CU_ASSERT_EQUAL(atomic_load(&n_decided) + stats()->holds_forgotten, 4 * SLOTS);
	CU_ASSERT_EQUAL(stats()->begun, SLOTS);
	for (int i = 0; i < TOKENS; i++)
		free(tokens[i]);
	lab_done(&lab, false);
}

/* Gone, or at a slot that is used again, before identity has answered. */
static void test_late(void)
{
	char *token;

	lab_init(&lab, true);
	token = lab_token(&lab, "alice", LAB_EXP_S);
	lab_who(&lab, 0, 1, 1, token);
	lab_news(&lab, 0, 1, 1, TICKET_GONE);
	lab_who(&lab, 0, 2, 1, token);
	lab_who(&lab, 0, 2, 2, token);
	CU_ASSERT_TRUE(lab_is_silent(&lab));
	world_silence(&lab.world, false);
	collect(1, 1);
	collect(2, 2);
	CU_ASSERT_EQUAL(stats()->open, 1);
	CU_ASSERT_EQUAL(stats()->begun, 1);
	free(token);
	lab_done(&lab, false);
}

/* More at a time than identity takes: refused, not lost. */
static void test_too_many(void)
{
	struct ticket_answer a;
	char *token;

	lab_init(&lab, true);
	token = lab_token(&lab, "alice", LAB_EXP_S);
	for (uint32_t slot = 0; slot < ASKED_MAX + 5; slot++)
		lab_who(&lab, slot % LAB_WORKERS, slot, 1, token);
	for (uint32_t slot = ASKED_MAX; slot < ASKED_MAX + 5; slot++) {
		CU_ASSERT_TRUE_FATAL(lab_answer(&lab, TICKET_ANSWER, slot, &a));
		CU_ASSERT_EQUAL(a.rc, -EACCES);
		lab_block_free(&lab, &a.block);
	}
	CU_ASSERT_EQUAL(stats()->identity_busy, 5);
	CU_ASSERT_TRUE(lab_logged(&lab, "too many tokens are being verified"));
	world_silence(&lab.world, false);
	for (uint32_t slot = 0; slot < ASKED_MAX; slot++)
		collect(slot, 1);
	CU_ASSERT_EQUAL(stats()->open, ASKED_MAX);
	free(token);
	lab_done(&lab, false);
}

static void rest(void *arg)
{
	(void)arg;
	usleep(50000);
}

/* The end comes while something waits everywhere: at identity, for work, for a decision, for room. */
static void test_end(void)
{
	static struct ticket_login login = { .begin = true };
	struct ticket t = { .kind = TICKET_WORK, .slot = 9, .gen = 1, .target = TARGET_DB };
	struct lab_server server = { .password = "pencil", .salt_b64 = "QUJD", .iterations = 4096 };
	struct ticket_answer a;
	char *token;

	lab_init(&lab, false);
	token = lab_token(&lab, "new", LAB_EXP_S);
	lab_ready(&lab, 1, 1, "alice");
	lab_known(&lab, 2, 1, "bob");
	memcpy(login.bytes, "\0\0\0\x0aSCRAM-SHA-256\0", 19);
	login.len = 19;
	CU_ASSERT_TRUE(lab_login(&lab, 2, &login, &a));
	login.begin = false;
	login.len = (uint32_t)lab_server_first(
			&server, (struct ticket_login *)(void *)a.block->bytes, login.bytes);
	lab_block_free(&lab, &a.block);
	t.work.run = rest;
	lab_put(&lab, 0, &t);
	lab_put(&lab, 0, &t);
	t.kind = TICKET_LOGIN;
	t.slot = 2;
	t.block = lab_block(&lab, &login, sizeof(login), NULL);
	lab_put(&lab, 0, &t);
	lab_may(&lab, 1, 1, "DROP TABLE a");
	lab_room(&lab, 1, 0);
	lab_who(&lab, 1, 5, 1, "no.such.token"); /* answered, without room */
	world_silence(&lab.world, true);
	world_pass(&lab.world, 7200 * 1000); /* its keys are old: a new token waits for them */
	lab_who(&lab, 0, 4, 1, token);
	while (stats()->holds == 0 || stats()->answers_waiting == 0)
		usleep(1000);
	usleep(5000);
	lab_stop(&lab);
	CU_ASSERT_PTR_NULL(lab.sessions);
	free(token);
	lab_done(&lab, true);
}

int main(void)
{
	unsigned failures;
	CU_pSuite s;

	CU_initialize_registry();
	s = CU_add_suite("session threads", NULL, NULL);
	CU_add_test(s, "many sessions, and everybody at them", test_many);
	CU_add_test(s, "late answers", test_late);
	CU_add_test(s, "too many at a time", test_too_many);
	CU_add_test(s, "the end, while everything waits", test_end);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
