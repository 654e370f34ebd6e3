/* SPDX-License-Identifier: Apache-2.0
 * The ring by itself, and between two threads (this file is also built with ThreadSanitizer). */
#include "dataplane/handoff/ring.h"
#include "tests/unit/net/suite.h"

#include <pthread.h>
#include <sched.h>

struct value {
	uint64_t n;
	uint64_t copies[4];      /* of n: a torn value shows */
	const uint64_t *pointed; /* written by the putting thread before it puts */
};

static struct value value_of(uint64_t n)
{
	return (struct value){ .n = n, .copies = { n, n, n, n } };
}

static int is_whole(const struct value *v)
{
	return v->copies[0] == v->n && v->copies[1] == v->n && v->copies[2] == v->n &&
			v->copies[3] == v->n;
}

static void test_sizes(void)
{
	static const struct {
		const char *name;
		uint32_t n, bytes, holds; /* holds 0: refused */
	} rows[] = {
		{ "one", 1, 8, 2 },
		{ "power of two", 64, 8, 64 },
		{ "rounded up", 65, 3, 128 },
		{ "no slots", 0, 8, 0 },
		{ "no bytes", 4, 0, 0 },
		{ "too many", (1 << 24) + 1, 1, 0 },
	};

	uint8_t bytes[8] = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ring *r = ring_new(rows[i].n, rows[i].bytes);
		uint32_t n = 0;

		CHECK_ROW(rows[i].name, (r != NULL) == (rows[i].holds > 0));
		if (r == NULL)
			continue;
		while (n <= rows[i].holds && ring_push(r, bytes))
			n++;
		CHECK_ROW(rows[i].name, n == rows[i].holds);
		ring_free(&r);
		CHECK_ROW(rows[i].name, r == NULL);
	}
}

static void test_order_and_full(void)
{
	struct ring *r = ring_new(4, sizeof(struct value));
	struct value v;
	uint64_t in = 0, out = 0;

	/* Round and round, at every fill level. */
	for (unsigned int turn = 0; turn < 1000; turn++) {
		for (unsigned int i = 0; i < 1 + turn % 5; i++) {
			v = value_of(in);
			if (ring_push(r, &v))
				in++;
			else
				CU_ASSERT_EQUAL(in - out, 4);
		}
		for (unsigned int i = 0; i < 1 + turn % 3 && ring_pop(r, &v); i++) {
			CU_ASSERT_EQUAL(v.n, out);
			CU_ASSERT(is_whole(&v));
			out++;
		}
	}
	while (ring_pop(r, &v))
		CU_ASSERT_EQUAL(v.n, out++);
	CU_ASSERT_EQUAL(in, out);
	CU_ASSERT(in > 1000);
	ring_free(&r);
}

static void test_publish(void)
{
	struct ring *r = ring_new(8, sizeof(struct value));
	struct value v = value_of(7), got;

	CU_ASSERT(ring_put(r, &v));
	CU_ASSERT_PTR_NULL(ring_peek(r)); /* put, not shown */
	ring_publish(r);
	CU_ASSERT_PTR_NOT_NULL(ring_peek(r));
	CU_ASSERT(ring_pop(r, &got) && got.n == 7);
	CU_ASSERT_FALSE(ring_pop(r, &got));
	ring_publish(r); /* nothing new: nothing shown */
	CU_ASSERT_PTR_NULL(ring_peek(r));
	ring_free(&r);
}

static void test_peek_keeps(void)
{
	struct ring *r = ring_new(2, sizeof(struct value));
	struct value v = value_of(1);
	const struct value *seen;

	CU_ASSERT(ring_push(r, &v));
	seen = ring_peek(r);
	CU_ASSERT(seen != NULL && seen == ring_peek(r) && seen->n == 1);
	v = value_of(2);
	CU_ASSERT(ring_push(r, &v));
	v = value_of(3);
	CU_ASSERT_FALSE(ring_push(r, &v)); /* the peeked slot is still in use */
	CU_ASSERT(seen != NULL && seen->n == 1);
	ring_drop(r);
	CU_ASSERT(ring_push(r, &v));
	ring_free(&r);
}

/* The counters wrap at 2^32: begun just below, the ring goes on. */
static void test_wrap(void)
{
	struct ring *r = ring_new(4, sizeof(struct value));
	struct value v;

	atomic_store(&r->head, UINT32_MAX - 5);
	atomic_store(&r->tail, UINT32_MAX - 5);
	r->put = r->tail_seen = r->head_seen = UINT32_MAX - 5;
	for (uint64_t i = 0; i < 32; i++) {
		v = value_of(i);
		CU_ASSERT(ring_push(r, &v));
		if (i < 3)
			continue;
		CU_ASSERT(ring_pop(r, &v) && v.n == i - 3);
	}
	ring_free(&r);
}

enum { N_VALUES = 200000, N_CELLS = 256 };

struct pair {
	struct ring *there, *back;
	uint64_t cells[N_CELLS]; /* what values point to: guarded by the rings alone */
	uint64_t errors;
};

/* Takes each value, checks what it points to, sends it back. */
static void *echo(void *arg)
{
	struct pair *p = arg;
	struct value v;

	for (uint64_t n = 0; n < N_VALUES;) {
		if (!ring_pop(p->there, &v)) {
			sched_yield();
			continue;
		}
		p->errors += v.n != n || !is_whole(&v) || *v.pointed != n;
		n++;
		while (!ring_push(p->back, &v))
			sched_yield();
	}
	return NULL;
}

static void test_two_threads(void)
{
	static struct pair p;
	uint64_t sent = 0, came = 0, errors = 0;
	struct value v;
	pthread_t t;

	/* A cell is written again only when its last value has come back. */
	p.there = ring_new(N_CELLS / 4, sizeof(v));
	p.back = ring_new(N_CELLS / 4, sizeof(v));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, echo, &p), 0);
	while (came < N_VALUES) {
		while (sent < N_VALUES && sent - came < N_CELLS) {
			p.cells[sent % N_CELLS] = sent;
			v = value_of(sent);
			v.pointed = &p.cells[sent % N_CELLS];
			if (!ring_put(p.there, &v))
				break;
			sent++;
		}
		ring_publish(p.there);
		if (!ring_pop(p.back, &v)) {
			sched_yield();
			continue;
		}
		errors += v.n != came || !is_whole(&v);
		came++;
	}
	pthread_join(t, NULL);
	CU_ASSERT_EQUAL(errors, 0);
	CU_ASSERT_EQUAL(p.errors, 0);
	ring_free(&p.there);
	ring_free(&p.back);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "sizes", test_sizes },
		{ "order, full and empty", test_order_and_full },
		{ "put is not seen before publish", test_publish },
		{ "peek keeps its slot", test_peek_keeps },
		{ "counters wrap", test_wrap },
		{ "two threads", test_two_threads },
	};

	return suite_run("ring", tests, sizeof(tests) / sizeof(*tests));
}
