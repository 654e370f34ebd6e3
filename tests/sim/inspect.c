/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/inspect.h"

#include "dataplane/tcp/inspector.h"
#include "tests/sim/check.h"
#include "tests/sim/ep.h"
#include "tests/sim/oracle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_US = 3000, EMIT_MAX = 3000, SPANS = 4096 };

const char inspect_reply[] = "ERROR: denied by policy\n";

/* What one direction's script has done so far. */
struct direction {
	uint64_t decided_at; /* the hold, the emission at this offset have been drawn: + 1 */
	bool emitted;
};

struct inspection {
	struct conn *c;
	struct direction dir[SIDES];
};

/* A step of the judgement. */
enum step {
	STEP_GO,   /* there may be more to do now */
	STEP_WAIT, /* nothing more until the next call */
};

struct judging {
	struct relay *r;
	struct flow *f;
	struct conn *c;
	struct direction *d;
	struct outlog *log;
	enum side from;
	struct rng rng; /* of this unit */
	uint32_t unit;
};

bool engine_is_cable = false;

const struct inspector *inspect_pass_all(void)
{
	return &inspector_pass_all;
}

void inspect_conn_done(struct conn *c)
{
	free(c->insp);
	c->insp = NULL;
}

/* --- holds --- */

void inspect_resume(struct conn *c)
{
	struct world *w = c->w;
	int rc;

	if (w->relay == NULL)
		return;
	rc = relay_resume(w->relay, c->flow_index, c->flow_gen - 1, w->now_us);
	if (rc != -ESTALE)
		world_fail(w, "API", "relay_resume() of a generation that never was: %d", rc);
	c->held[SIDE_AGENT] = c->held[SIDE_PROD] = false;
	rc = relay_resume(w->relay, c->flow_index, c->flow_gen, w->now_us);
	w->stats.resumes++;
	if (rc == -ESTALE) {
		w->stats.stale_resumes++;
		if (!c->reported_end)
			world_fail(w, "API", "relay_resume() of a live flow: stale");
	} else if (rc != 0 || c->reported_end) {
		world_fail(w, "API", "relay_resume(): %d, flow %s", rc,
				c->reported_end ? "dead" : "alive");
	}
	engine_wake(w, w->now_us);
}

static void resume_event(struct world *w, void *arg, uint64_t num)
{
	(void)w;
	(void)num;
	inspect_resume(arg);
}

static void judge_hold(struct judging *j, uint64_t for_us)
{
	struct world *w = j->c->w;

	j->c->held[j->from] = j->c->ever_held[j->from] = true;
	w->stats.holds++;
	trace_note(w, "hold of %s's bytes for %.6f s", j->from == SIDE_AGENT ? "agent" : "prod",
			(double)for_us / US_PER_S);
	stream_hold(j->r, j->f, j->from);
	if (for_us != UINT64_MAX)
		world_at(w, w->now_us + for_us, resume_event, j->c, 0);
}

/* --- one call into the engine each --- */

/* No buffer: later. Anything else the script did not allow for. */
static enum step judge_refused(struct judging *j, const char *what, int rc, uint32_t had)
{
	if (stream_len(j->f, j->from) != had)
		world_fail(j->c->w, "API", "%s: %d, but something was done", what, rc);
	else if (rc == -ENOBUFS)
		judge_hold(j, RETRY_US);
	else
		world_fail(j->c->w, "API", "%s: %d", what, rc);
	return STEP_WAIT;
}

static void judge_log_pass(struct judging *j, uint32_t n)
{
	static struct span span[SPANS];
	const size_t n_spans = stream_view(j->r, j->f, j->from, span, SPANS);

	if (j->c->plan->trust[j->from]) {
		outlog_pass(j->log, n);
		return;
	}
	for (size_t i = 0; i < n_spans && n > 0; i++) {
		const uint32_t k = span[i].len < n ? (uint32_t)span[i].len : n;

		outlog_pass_bytes(j->log, span[i].ptr, k);
		n -= k;
	}
	if (n > 0)
		world_fail(j->c->w, "API", "stream_view() shows %u bytes too few", n);
}

static enum step judge_pass(struct judging *j, uint32_t n)
{
	const struct outlog_mark m = outlog_mark(j->log);
	const uint32_t had = stream_len(j->f, j->from);
	int rc;

	judge_log_pass(j, n);
	rc = stream_pass(j->r, j->f, j->from, n);
	if (rc == 0)
		return STEP_GO;
	outlog_undo(j->log, &m);
	return judge_refused(j, "stream_pass", rc, had);
}

static enum step judge_drop(struct judging *j, uint32_t n)
{
	const uint32_t had = stream_len(j->f, j->from);
	const int rc = stream_drop(j->r, j->f, j->from, n);

	if (rc != 0)
		return judge_refused(j, "stream_drop", rc, had);
	outlog_drop(j->log, n);
	ep_kick(j->c->ep[side_other(j->from)]);
	return STEP_GO;
}

static enum step judge_emit(struct judging *j, uint32_t n)
{
	const uint32_t room = stream_room(j->r, j->f, j->from);
	const struct outlog_mark m = outlog_mark(j->log);
	uint8_t buf[EMIT_MAX];
	int rc;

	n = n < room ? n : room;
	if (n == 0)
		return STEP_GO;
	oracle_fill(j->c->plan->key ^ 0xe317, j->log->out_len, buf, n);
	outlog_emit(j->log, buf, n);
	rc = stream_emit(j->r, j->f, j->from, buf, n);
	if (rc == 0)
		return STEP_GO;
	outlog_undo(j->log, &m);
	return rc == -ENOBUFS ? STEP_GO
			      : judge_refused(j, "stream_emit", rc, stream_len(j->f, j->from));
}

/* --- ends --- */

static enum step judge_deny(struct judging *j)
{
	struct conn *c = j->c;
	const enum stream_deny how = (enum stream_deny)c->plan->insp.deny_how;

	trace_note(c->w, "denied (%u)", how);
	c->denied = true;
	c->deny_how = (uint8_t)how;
	c->denied_at_us = c->w->now_us;
	c->held[SIDE_AGENT] = c->held[SIDE_PROD] = false;
	if (how == STREAM_DENY_REPLY)
		outlog_emit(&c->dir[SIDE_PROD], (const uint8_t *)inspect_reply,
				strlen(inspect_reply));
	c->dir[SIDE_AGENT].closed = c->dir[SIDE_PROD].closed = true;
	stream_deny(j->r, j->f, how, inspect_reply, (uint32_t)strlen(inspect_reply));
	return STEP_WAIT;
}

static enum step judge_close(struct judging *j)
{
	trace_note(j->c->w, "direction closed");
	j->c->closed_dir[j->from] = true;
	j->log->closed = true;
	ep_kick(j->c->ep[side_other(j->from)]);
	stream_close(j->r, j->f, j->from);
	return STEP_WAIT;
}

static enum step judge_bypass(struct judging *j)
{
	struct conn *c = j->c;
	int rc;

	trace_note(c->w, "bypass");
	c->bypassed = true;
	c->bypass_at_us = c->w->now_us;
	for (int s = 0; s < SIDES; s++) {
		c->dir[s].open_ended = true;
		c->held[s] = false;
	}
	rc = stream_bypass(j->r, j->f);
	if (rc != 0)
		world_fail(c->w, "API", "stream_bypass: %d", rc);
	return STEP_WAIT;
}

/* --- a unit --- */

/* Cut somewhere in the middle, some dropped, some put in. */
static enum step judge_edit(struct judging *j, uint32_t n)
{
	const uint32_t k = rng_below(&j->rng, n + 1);
	const uint32_t d = rng_below(&j->rng, n - k + 1);
	const uint32_t m = rng_size(&j->rng, 0, 2 * d < EMIT_MAX ? 2 * d + 1 : EMIT_MAX);

	if (k == 0 && d == 0) /* an edit that takes nothing would be made for ever */
		return judge_pass(j, n);
	if (k > 0 && judge_pass(j, k) == STEP_WAIT)
		return STEP_WAIT;
	if (d > 0 && judge_drop(j, d) == STEP_WAIT)
		return STEP_WAIT;
	return judge_emit(j, m);
}

static enum step judge_bytes(struct judging *j, uint32_t n)
{
	const struct insp_conf *i = &j->c->plan->insp;

	if (i->deny_unit[j->from] == j->unit + 1)
		return judge_deny(j);
	if (i->close_unit[j->from] == j->unit + 1)
		return judge_close(j);
	if (i->bypass_unit[j->from] == j->unit + 1)
		return judge_bypass(j);
	if (rng_ppm(&j->rng, i->drop_ppm))
		return judge_drop(j, n);
	if (rng_ppm(&j->rng, i->edit_ppm))
		return judge_edit(j, n);
	if (rng_ppm(&j->rng, i->split_ppm) && n > 1)
		n = rng_range(&j->rng, 1, n - 1);
	return judge_pass(j, n);
}

/* Things that are done once, before a unit is judged. */
static enum step judge_first(struct judging *j)
{
	const struct insp_conf *i = &j->c->plan->insp;
	const bool first = j->d->decided_at != j->log->src_len + 1;

	if (!first)
		return STEP_GO;
	j->d->decided_at = j->log->src_len + 1;
	if (i->stuck_unit[j->from] == j->unit + 1) {
		judge_hold(j, UINT64_MAX);
		return STEP_WAIT;
	}
	if (rng_ppm(&j->rng, i->emit_ppm) &&
			judge_emit(j, rng_size(&j->rng, 1, EMIT_MAX)) == STEP_WAIT)
		return STEP_WAIT;
	if (rng_ppm(&j->rng, i->hold_ppm)) {
		const uint64_t span = i->hold_max_us - i->hold_min_us;

		judge_hold(j, i->hold_min_us + rng_below(&j->rng, (uint32_t)span + 1));
		return STEP_WAIT;
	}
	return STEP_GO;
}

static void judge_check_bytes(struct judging *j)
{
	static struct span span[SPANS];
	const size_t n = stream_view(j->r, j->f, j->from, span, SPANS);
	uint64_t off = j->log->src_len;

	for (size_t i = 0; i < n && j->c->plan->trust[j->from]; i++) {
		if (oracle_differs_at(j->log->key, off, span[i].ptr, span[i].len) != span[i].len)
			world_fail(j->c->w, "I1", "the inspector was shown wrong bytes at %lu",
					(unsigned long)off);
		off += span[i].len;
	}
}

static enum step judge_unit(struct judging *j)
{
	const struct insp_conf *i = &j->c->plan->insp;
	const uint32_t have = stream_len(j->f, j->from);
	const uint64_t end = app_unit_end(&j->c->plan->app[j->from], j->log->src_len, &j->unit);
	const uint64_t rest = end == UINT64_MAX ? have : end - j->log->src_len;
	const uint32_t n = have < rest ? have : (uint32_t)rest;

	if (have == 0)
		return STEP_WAIT;
	judge_check_bytes(j);
	if (i->whole_units && have < rest && !stream_at_end(j->f, j->from)) {
		if (stream_need(j->r, j->f, j->from, (uint32_t)rest) == -EMSGSIZE)
			return judge_deny(j);
		return STEP_WAIT;
	}
	rng_seed(&j->rng, j->c->plan->key + (uint64_t)j->from, j->log->src_len);
	return judge_first(j) == STEP_WAIT ? STEP_WAIT : judge_bytes(j, n);
}

/* --- the engine's callbacks --- */

static void insp_open(struct relay *r, struct flow *f)
{
	struct world *w = stream_policy_ctx(f);
	struct conn *c = check_conn_of_key(w, stream_key(f));

	if (c == NULL) {
		world_fail(w, "API", "open() for a flow of no connection");
		return;
	}
	inspect_conn_done(c);
	c->insp = calloc(1, sizeof(*c->insp));
	if (c->insp == NULL)
		abort();
	c->insp->c = c;
	c->opened = true;
	c->n_flows++;
	stream_id(r, f, &c->flow_index, &c->flow_gen);
	stream_ctx_set(f, c->insp);
	if (stream_initiator(f) != c->plan->initiator)
		world_fail(w, "API", "the initiator is the other side");
}

static void insp_data(struct relay *r, struct flow *f, enum side from)
{
	struct inspection *in = stream_ctx(f);
	struct judging j = { .r = r, .f = f, .from = from };

	if (in == NULL)
		return; /* open() has complained */
	j.c = in->c;
	j.d = &in->dir[from];
	j.log = &in->c->dir[from];
	if (j.c->denied || j.c->held[from])
		world_fail(j.c->w, "API", "data() %s",
				j.c->denied ? "after a denial" : "while held");
	if (j.log->closed)
		world_fail(j.c->w, "API", "data() of a closed direction");
	while (!j.c->w->failed && judge_unit(&j) == STEP_GO)
		;
}

static void insp_close(struct relay *r, struct flow *f, enum end_reason why)
{
	struct inspection *in = stream_ctx(f);

	(void)r;
	if (in == NULL)
		return;
	if (why == END_NONE && !in->c->bypassed)
		world_fail(in->c->w, "API", "close() of a flow that goes on");
	in->c->reported_end |= why != END_NONE && why != END_HANDSHAKE;
	in->c->held[SIDE_AGENT] = in->c->held[SIDE_PROD] = false;
	stream_ctx_set(f, NULL);
}

static const struct inspector scripted = {
	.name = "scripted",
	.open = insp_open,
	.data = insp_data,
	.close = insp_close,
};
const struct inspector *const engine_inspector = &scripted;
