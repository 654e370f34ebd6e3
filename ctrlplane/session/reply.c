/* SPDX-License-Identifier: Apache-2.0
 * Answers on their way: in order for each worker, and none is lost when its ring is full. */
#include "ctrlplane/session/session_priv.h"

#include <stdlib.h>

struct reply *reply_new(void)
{
	return calloc(1, sizeof(struct reply));
}

void reply_put(struct sessions *s, struct reply *out)
{
	struct reply_queue *q = &s->replies[out->worker];

	out->next = NULL;
	*q->last = out;
	q->last = &out->next;
	s->stats.answers_waiting++;
}

void reply_rc(struct sessions *s, struct reply *out, int32_t rc)
{
	out->answer.rc = rc;
	reply_put(s, out);
}

static size_t flush(struct sessions *s, uint32_t worker)
{
	struct reply_queue *q = &s->replies[worker];
	size_t n = 0;

	for (struct reply *out; (out = q->first) != NULL; n++) {
		if (!s->port.answer(s->port.ctx, worker, &out->answer))
			break;
		q->first = out->next;
		if (q->first == NULL)
			q->last = &q->first;
		s->stats.answers_waiting--;
		free(out);
	}
	return n;
}

size_t replies_flush(struct sessions *s)
{
	size_t n = 0;

	for (uint32_t w = 0; w < s->port.n_workers; w++)
		n += flush(s, w);
	return n;
}

void replies_done(struct sessions *s)
{
	struct reply *next;

	for (uint32_t w = 0; s->replies != NULL && w < s->port.n_workers; w++) {
		for (struct reply *out = s->replies[w].first; out != NULL; out = next) {
			next = out->next;
			free(out);
		}
	}
	free(s->replies);
}
