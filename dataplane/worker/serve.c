/* SPDX-License-Identifier: Apache-2.0
 * The worker's side of its talk with the control thread: questions answered, reports posted. Never
 * waits: a full ring is counted. */
#include "dataplane/worker/classify.h"
#include "dataplane/worker/worker_priv.h"

const struct flow_policy *worker_classify(
		void *worker, const struct flow_key *key, enum side initiator)
{
	const struct worker *w = worker;

	return classify_policy(w->classify, key, initiator);
}

void worker_report(void *worker, const struct flow_report *rep)
{
	struct worker *w = worker;

	if (!ring_push(w->reports, rep))
		w->stats.report_lost++;
}

static void answer_make(struct worker *w, const struct handoff_request *req, uint64_t now_us)
{
	struct handoff_answer *a = &w->answer;

	a->id = req->id;
	a->rc = 0;
	a->cursor = req->cursor;
	a->n_flows = 0;
	switch ((enum handoff_ask)req->ask) {
	case HANDOFF_ASK_GAUGES:
		relay_gauges(w->relay, &a->gauges);
		break;
	case HANDOFF_ASK_FLOWS:
		a->n_flows = (uint32_t)relay_flows(w->relay, &a->cursor, a->flows, req->max);
		break;
	case HANDOFF_ASK_KILL:
		a->rc = relay_kill(w->relay, req->index, req->gen, END_DENIED, now_us);
		w->next_us = now_us; /* the RSTs want to be sent */
		break;
	}
}

void worker_serve(struct worker *w, uint64_t now_us)
{
	const struct handoff_request *req = ring_peek(w->asked);

	if (req == NULL)
		return;
	answer_make(w, req, now_us);
	ring_drop(w->asked);
	/* Control asks one thing at a time and the ring has room for several answers: it is never
	 * full, and were it, control's own time limit would tell. */
	(void)ring_push(w->answers, &w->answer);
}
