/* SPDX-License-Identifier: Apache-2.0
 * The messages that the server has not answered, in the order in which it will. */
#include "parsers/pg/pg_priv.h"

#include <string.h>

/* Entries are kept in a power of two of places, so that an index wraps by a mask. */
static int queue_grow(struct pg_session *s)
{
	struct pg_queue *q = &s->queue;
	const uint16_t cap = q->cap == 0 ? PG_REQUESTS_MIN : (uint16_t)(q->cap * 2);
	struct pg_req *ring = budget_take(&s->mem, cap * sizeof(*ring));

	if (ring == NULL)
		return -ENOBUFS;
	for (uint16_t i = 0; i < q->n; i++)
		ring[i] = *queue_at(q, i);
	budget_give(&s->mem, q->ring, q->cap * sizeof(*ring));
	q->ring = ring;
	q->cap = cap;
	q->head = 0;
	return 0;
}

int queue_reserve(struct pg_session *s, uint16_t n)
{
	if ((uint32_t)s->queue.n + n > s->conf->max_requests)
		return -EAGAIN;
	while (s->queue.n + n > s->queue.cap) {
		if (queue_grow(s) != 0)
			return pg_refuse(s, PG_WHY_BUDGET, -ENOBUFS);
	}
	return 0;
}

struct pg_req *queue_push(struct pg_session *s, uint16_t kind, uint64_t id)
{
	struct pg_req *r;

	must(s->queue.n < s->queue.cap);
	r = queue_at(&s->queue, s->queue.n++);
	*r = (struct pg_req){ .id = id, .kind = (uint8_t)kind };
	return r;
}

static void req_done(struct pg_session *s, struct pg_req *r)
{
	struct pg_stmt *stmt = r->data;
	struct pg_portal *portal = r->data;
	struct pg_blob *blob = r->data;

	if ((r->flags & REQ_DENIED) != 0 || (r->kind != PG_PARSE && r->kind != PG_BIND))
		blob_free(s, &blob);
	else if (r->kind == PG_PARSE)
		stmt_unref(s, &stmt);
	else
		portal_free(s, &portal);
	r->data = NULL;
}

void queue_pop(struct pg_session *s)
{
	struct pg_queue *q = &s->queue;

	must(q->n > 0);
	req_done(s, queue_at(q, 0));
	q->head = (uint16_t)((q->head + 1) & (q->cap - 1));
	q->n--;
}

void queue_remove(struct pg_session *s, uint16_t i)
{
	struct pg_queue *q = &s->queue;

	must(i < q->n);
	req_done(s, queue_at(q, i));
	for (; i + 1 < q->n; i++)
		*queue_at(q, i) = *queue_at(q, (uint16_t)(i + 1));
	q->n--;
}

/* Up to the next Sync the server reads and does nothing, not even a simple Query. */
void queue_skip(struct pg_session *s)
{
	const struct pg_queue *q = &s->queue;

	while (q->n > 0 && queue_at(q, 0)->kind != PG_SYNC)
		queue_pop(s);
	if (q->n == 0)
		s->client.is_skipping = true;
}

bool queue_may_copy(const struct pg_queue *q)
{
	for (uint16_t i = 0; i < q->n; i++) {
		const uint8_t kind = queue_at(q, i)->kind;

		if (kind == PG_QUERY || kind == PG_EXECUTE)
			return true;
	}
	return false;
}

void queue_done(struct pg_session *s)
{
	while (s->queue.n > 0)
		queue_pop(s);
	budget_give(&s->mem, s->queue.ring, s->queue.cap * sizeof(*s->queue.ring));
	s->queue.ring = NULL;
	s->queue.cap = 0;
}
