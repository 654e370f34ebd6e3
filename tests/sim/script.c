/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/script.h"

#include "dataplane/tcp/inspector.h"
#include "parsers/base/must.h"
#include "tests/sim/oracle.h"
#include "tests/sim/script_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_MAX = 4096, LINE_US = 20 };

struct waiting {
	struct wframe *frame[WAITING_MAX];
	uint32_t head, n;
};

struct script {
	struct test *t;
	struct plan plan;
	struct world *w;
	struct flow_policy policy;
	struct script_conf conf;
	struct seg id[SIDES]; /* what each end's frames start from */
	uint32_t isn[SIDES];
	struct waiting in[SIDES];
	struct flow *flow; /* the one opened, or with new bytes, last; NULL: gone */
	uint32_t index, gen;
	bool manual, deaf;
	int line;
	struct seg last; /* of script_next(): its frame stays readable */
	struct wframe *last_frame;
};

/* --- failures --- */

static void script_fail(struct script *s, const char *fmt, ...)
		__attribute__((format(printf, 2, 3)));

static void script_fail(struct script *s, const char *fmt, ...)
{
	char why[500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	test_fail(s->t, "line %d: %s", s->line, why);
}

/* --- the script's inspector --- */

static void insp_open(struct relay *r, struct flow *f)
{
	struct script *s = stream_policy_ctx(f);

	s->flow = f;
	stream_id(r, f, &s->index, &s->gen);
}

static void insp_data(struct relay *r, struct flow *f, enum side from)
{
	struct script *s = stream_policy_ctx(f);

	s->flow = f;
	stream_id(r, f, &s->index, &s->gen);
	if (!s->manual)
		stream_pass(r, f, from, stream_len(f, from));
}

static void insp_close(struct relay *r, struct flow *f, enum end_reason why)
{
	struct script *s = stream_policy_ctx(f);

	(void)r;
	(void)why;
	if (s->flow == f)
		s->flow = NULL;
}

static const struct inspector scripted = {
	.name = "script",
	.open = insp_open,
	.data = insp_data,
	.close = insp_close,
};

/* --- set-up --- */

static void tap(struct world *w, enum side to, const struct wframe *f)
{
	struct script *s = w->tap_ctx;
	struct waiting *q = &s->in[to];

	if (s->deaf)
		return;
	if (q->n == WAITING_MAX) {
		script_fail(s, "more than %d frames wait", WAITING_MAX);
		return;
	}
	q->frame[(q->head + q->n++) % WAITING_MAX] = wframe_copy(f->bytes, f->len);
}

static void id_init(struct script *s, enum side e)
{
	static const uint8_t mac[SIDES][6] = { { 2, 0, 0, 0, 0, 0x0a }, { 2, 0, 0, 0, 0, 0x0b } };
	static const uint8_t ip[SIDES][4] = { { 10, 77, 0, 1 }, { 10, 77, 0, 2 } };
	const enum side peer = side_other(e);
	struct seg *id = &s->id[e];

	memcpy(id->l2.src, mac[e], 6);
	memcpy(id->l2.dst, mac[peer], 6);
	id->l2.n_tags = s->conf.n_tags;
	id->l2.tpid[0] = s->conf.n_tags == 2 ? 0x88a8 : 0x8100;
	id->l2.tpid[1] = 0x8100;
	id->l2.tci[0] = 100;
	id->l2.tci[1] = 200;
	id->ip = (struct seg_ip){ .ver = s->conf.ip_ver == 6 ? 6 : 4, .ttl = 64, .df = true };
	if (id->ip.ver == 6) {
		id->ip.src[0] = id->ip.dst[0] = 0xfd;
		id->ip.src[15] = ip[e][3];
		id->ip.dst[15] = ip[peer][3];
	} else {
		memcpy(id->ip.src, ip[e], 4);
		memcpy(id->ip.dst, ip[peer], 4);
	}
	id->sport = e == SIDE_AGENT ? 40000 : 5432;
	id->dport = e == SIDE_AGENT ? 5432 : 40000;
	id->wnd = 65535;
}

struct script *script_new(struct test *t, const struct script_conf *conf)
{
	struct script *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->t = t;
	s->conf = conf != NULL ? *conf : (struct script_conf){ 0 };
	plan_init(&s->plan, 1);
	s->plan.n_conns = 0;
	for (int h = 0; h < HOPS; h++)
		s->plan.link[h].delay_us = 0;
	s->plan.env.poll_gap_us = 0;
	if (s->conf.setup != NULL)
		s->conf.setup(&s->plan);
	for (int e = 0; e < SIDES; e++) {
		id_init(s, (enum side)e);
		s->isn[e] = s->conf.isn[e] != 0 ? s->conf.isn[e] : 1000000000u * (uint32_t)(e + 1);
	}
	s->w = world_new(&s->plan, t->trace);
	if (s->w->failed)
		test_fail(t, "%s", s->w->why);
	s->w->tap = tap;
	s->w->tap_ctx = s;
	s->w->no_identity = true;
	s->policy = (struct flow_policy){ .mode = s->plan.conn[0].mode,
		.ts = s->plan.conn[0].ts,
		.urg = s->plan.conn[0].urg,
		.wire_md5_ao = s->plan.conn[0].wire_md5,
		.allow_simultaneous_open = s->plan.conn[0].simultaneous,
		.rst_on_overlap_mismatch = s->plan.conn[0].rst_on_mismatch,
		.mss = s->plan.conn[0].policy_mss,
		.rcv_cap_max_bytes = s->plan.conn[0].rcv_cap,
		.refuse_when_red = true,
		.inspector = &scripted,
		.inspector_ctx = s };
	s->w->policy = &s->policy;
	return s;
}

struct world *script_world(struct script *s)
{
	return s->w;
}

static void waiting_flush(struct waiting *q)
{
	for (; q->n > 0; q->n--, q->head = (q->head + 1) % WAITING_MAX)
		wframe_free(q->frame[q->head]);
}

void script_end(struct script **ps)
{
	struct script *s = *ps;
	const char *broken = s->w->relay != NULL ? relay_check(s->w->relay) : NULL;

	if (broken != NULL)
		test_fail(s->t, "relay_check: %s", broken);
	if (s->w->failed)
		test_fail(s->t, "%s: %s", s->w->inv, s->w->why);
	if (s->w->relay != NULL) {
		engine_free(s->w);
		if (s->w->pools.n_live != 0)
			test_fail(s->t, "%lu buffers leaked", (unsigned long)s->w->pools.n_live);
	}
	for (int e = 0; e < SIDES; e++)
		waiting_flush(&s->in[e]);
	wframe_free(s->last_frame);
	world_free(&s->w);
	plan_done(&s->plan);
	free(s);
	*ps = NULL;
}

/* --- frames --- */

static void script_time(struct script *s, uint64_t us)
{
	if (!world_run_until(s->w, s->w->now_us + us))
		script_fail(s, "%s: %s", s->w->inv, s->w->why);
}

static uint64_t key_of(enum side by)
{
	return rng_mix((uint64_t)by + 77);
}

void script_oracle(enum side by, bool junk, uint32_t off, uint8_t *out, uint32_t n)
{
	oracle_fill(junk ? 0xbad : key_of(by), off, out, n);
}

bool script_differs(const struct script *s, enum side by, const struct seg *g)
{
	return oracle_differs_at(key_of(by), g->seq - s->isn[by] - 1, g->payload, g->len) != g->len;
}

/* Text of a payload: "..." or the oracle's bytes. */
static const uint8_t *payload_of(enum side by, const struct sframe *p)
{
	static uint8_t buf[65536];

	if (p->text_len > 0)
		return p->text;
	script_oracle(by, p->junk, (uint32_t)p->seq - 1, buf, p->len);
	return buf;
}

static void frame_spoil(const struct sframe *p, struct wframe *f)
{
	const uint32_t l3 = seg_l3_off(f->bytes, f->len), l4 = seg_l4_off(f->bytes, f->len);

	if (p->has_dataoff) {
		f->bytes[l4 + 12] = (uint8_t)(p->dataoff << 4);
		seg_mend(f);
	}
	if (p->badcsum)
		f->bytes[l4 + 16] ^= 0x5a;
	if (p->badipcsum)
		f->bytes[l3 + 10] ^= 0x5a;
	if (p->has_trunc)
		f->len = p->trunc < f->len ? p->trunc : f->len;
}

static void frame_send(struct script *s, enum side by, const struct sframe *p)
{
	struct seg g = s->id[by];
	struct wframe *f;

	g.seq = s->isn[by] + (uint32_t)p->seq;
	g.ack = p->flags & TF_ACK ? s->isn[side_other(by)] + (uint32_t)p->ack : 0;
	g.flags = p->flags;
	g.wnd = p->has_wnd ? p->wnd : 65535;
	g.urg = p->urg;
	g.o = p->o;
	for (uint8_t i = 0; i < g.o.n_sack; i++) {
		g.o.sack[i][0] += s->isn[side_other(by)];
		g.o.sack[i][1] += s->isn[side_other(by)];
	}
	g.raw = p->raw;
	g.raw_len = p->raw_len;
	g.payload = payload_of(by, p);
	g.len = p->len;
	if (p->has_ttl)
		g.ip.ttl = p->ttl;
	if (p->has_tos)
		g.ip.tos = p->tos;
	if (p->has_mac)
		g.l2.src[5] = p->mac;
	f = seg_build(&g, false);
	frame_spoil(p, f);
	if (p->has_frag) {
		struct wframe *part = seg_fragment(f, p->frag_off, p->frag_len, p->frag_id);

		wframe_free(f);
		f = part;
	}
	engine_frame_in(s->w, by, f);
	if (!p->together)
		script_time(s, LINE_US);
}

static const char *opts_differ(const struct seg_opts *a, const struct seg_opts *b)
{
	if (a->has_mss != b->has_mss || a->mss != b->mss)
		return "MSS";
	if (a->has_ws != b->has_ws || a->ws != b->ws)
		return "window scale";
	if (a->sack_ok != b->sack_ok)
		return "SACK-permitted";
	if (a->has_ts != b->has_ts)
		return "timestamps";
	if (a->tfo != b->tfo || a->mptcp != b->mptcp || a->md5 != b->md5 || a->ao != b->ao ||
			a->other != b->other)
		return "other options";
	return a->n_sack != b->n_sack ? "number of SACK blocks" : NULL;
}

static bool sack_is(
		const struct script *s, enum side at, const struct sframe *p, const struct seg *g)
{
	for (uint8_t i = 0; i < p->o.n_sack; i++)
		if (g->o.sack[i][0] != p->o.sack[i][0] + s->isn[at] ||
				g->o.sack[i][1] != p->o.sack[i][1] + s->isn[at])
			return false;
	return true;
}

/* NULL: <g>, a frame to <at>, is what the script wants. */
static const char *frame_differs(
		struct script *s, enum side at, const struct sframe *p, const struct seg *g)
{
	const enum side by = side_other(at);

	if (g->flags != p->flags)
		return "flags";
	if (p->has_seq && g->seq != s->isn[by] + (uint32_t)p->seq)
		return "sequence number";
	if (p->has_seq && g->len != p->len)
		return "length";
	if (p->has_ack && g->ack != s->isn[at] + (uint32_t)p->ack)
		return "acknowledgment";
	if (p->has_wnd && g->wnd != p->wnd)
		return "window";
	if (p->has_opts && opts_differ(&g->o, &p->o) != NULL)
		return opts_differ(&g->o, &p->o);
	if (p->has_opts && !sack_is(s, at, p, g))
		return "SACK blocks";
	if ((p->has_ttl && g->ip.ttl != p->ttl) || (p->has_tos && g->ip.tos != p->tos))
		return "TTL or TOS";
	if (p->has_mac && g->l2.src[5] != p->mac)
		return "source MAC";
	if (g->len > 0 && p->has_seq && !p->any &&
			memcmp(g->payload, payload_of(by, p), g->len) != 0)
		return "payload";
	return NULL;
}

uint32_t script_waiting(const struct script *s, enum side at)
{
	return s->in[at].n;
}

/* The next frame that waits for an end becomes last_frame. false: there is none. */
static bool frame_take(struct script *s, enum side at)
{
	struct waiting *q = &s->in[at];

	if (q->n == 0)
		return false;
	wframe_free(s->last_frame);
	s->last_frame = q->frame[q->head];
	q->head = (q->head + 1) % WAITING_MAX;
	q->n--;
	return true;
}

bool script_next(struct script *s, enum side at, struct seg *ret)
{
	const char *why = "";

	if (!frame_take(s, at))
		return false;
	memset(ret, 0, sizeof(*ret));
	if (seg_parse(s->last_frame->bytes, s->last_frame->len, ret, &why) == SEG_TCP)
		return true;
	if (*why != '\0')
		script_fail(s, "a malformed frame to the %s end: %s", at ? "prod" : "agent", why);
	return false;
}

static void frame_expect(struct script *s, enum side at, const struct sframe *p)
{
	const enum side by = side_other(at);
	const char *why = "there is none";
	struct seg g = { 0 };

	do {
		if (!script_next(s, at, &g))
			break;
		why = frame_differs(s, at, p, &g);
	} while (why != NULL && p->any_order && s->in[at].n > 0);
	if (why != NULL)
		script_fail(s, "frame to %c: %s (got flags %02x %d:%d(%u) ack %d win %u)",
				at == SIDE_AGENT ? 'C' : 'S', why, g.flags,
				(int32_t)(g.seq - s->isn[by]),
				(int32_t)(g.seq - s->isn[by] + g.len), g.len,
				(int32_t)(g.ack - s->isn[at]), g.wnd);
}

/* --- commands --- */

static void do_est(struct script *s)
{
	const int mss = s->id[0].ip.ver == 6 ? 1440 : 1460;
	const int line = s->line;

	script_f(s,
			"C> S 0:0(0) win 65535 <mss %d,sackOK,ws 7>\n"
			"S< S 0:0(0) <mss %d,sackOK,ws 7>\n"
			"S> S. 0:0(0) ack 1 win 65535 <mss %d,sackOK,ws 7>\n"
			"C< S. 0:0(0) ack 1 <mss %d,sackOK,ws 7>\n"
			"C> . 1:1(0) ack 1 win 512\n"
			"S< . 1:1(0) ack 1\n"
			"S> . 1:1(0) ack 1 win 512\n"
			"flush\n",
			mss, mss, mss, mss);
	s->line = line;
}

static bool word_is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static int verdict_do(struct script *s, enum side from, const char *what, const char *arg)
{
	static const char reply[] = "ERROR: denied by policy\n";
	struct relay *r = s->w->relay;
	const uint32_t n = word_is(arg, "all") ? stream_len(s->flow, from)
					       : (uint32_t)strtoul(arg, NULL, 10);

	if (word_is(what, "pass"))
		return stream_pass(r, s->flow, from, n);
	if (word_is(what, "drop"))
		return stream_drop(r, s->flow, from, n);
	if (word_is(what, "emit"))
		return stream_emit(r, s->flow, from, arg, (uint32_t)strlen(arg));
	if (word_is(what, "need"))
		return stream_need(r, s->flow, from, n);
	if (word_is(what, "bypass"))
		return stream_bypass(r, s->flow);
	if (word_is(what, "hold"))
		stream_hold(r, s->flow, from);
	else if (word_is(what, "close"))
		stream_close(r, s->flow, from);
	else if (word_is(what, "deny"))
		stream_deny(r, s->flow,
				word_is(arg, "rst")                      ? STREAM_DENY_RST
						: word_is(arg, "silent") ? STREAM_DENY_SILENT
									 : STREAM_DENY_REPLY,
				reply, (uint32_t)strlen(reply));
	else
		return -1000;
	return 0;
}

/* verdict C pass 10 [= -5]: the number behind = is what the call must return. */
static void cmd_verdict(struct script *s, const char *args)
{
	char side = 0, what[20] = "", arg[200] = "";
	int want = 0, rc;

	if (sscanf(args, "%c %19s %199s = %d", &side, what, arg, &want) < 2) {
		script_fail(s, "verdict: %s", args);
		return;
	}
	s->w->stepping = true; /* an RST may go out at once */
	if (word_is(what, "resume")) {
		rc = relay_resume(s->w->relay, s->index, s->gen, s->w->now_us);
		if (arg[0] == '=')
			want = (int)strtol(strchr(args, '=') + 1, NULL, 10);
	} else if (s->flow == NULL) {
		rc = -1001;
	} else {
		rc = verdict_do(s, side == 'C' ? SIDE_AGENT : SIDE_PROD, what, arg);
	}
	s->w->stepping = false;
	if (rc != want)
		script_fail(s, "verdict %s: %d, not %d", args, rc, want);
	engine_wake(s->w, s->w->now_us);
	script_time(s, LINE_US);
}

static void cmd_port(struct script *s, const char *args)
{
	s->id[SIDE_AGENT].sport = s->id[SIDE_PROD].dport = (uint16_t)strtoul(args, NULL, 10);
}

static void cmd_host(struct script *s, const char *args)
{
	const uint8_t last = (uint8_t)strtoul(args, NULL, 10);
	const int at = s->id[0].ip.ver == 6 ? 15 : 3;

	s->id[SIDE_AGENT].ip.src[at] = s->id[SIDE_PROD].ip.dst[at] = last;
}

/* icmp S mtu N seq N: about a segment that the engine sent to that end. */
static void cmd_icmp(struct script *s, const char *args)
{
	struct wframe *f, *icmp;
	struct seg g;
	char side;
	uint32_t mtu;
	int seq;

	if (sscanf(args, "%c mtu %u seq %d", &side, &mtu, &seq) != 3) {
		script_fail(s, "icmp: %s", args);
		return;
	}
	const enum side to = side == 'C' ? SIDE_AGENT : SIDE_PROD;

	g = s->id[side_other(to)];
	g.flags = TF_ACK;
	g.seq = s->isn[side_other(to)] + (uint32_t)seq;
	g.payload = (const uint8_t *)"................................";
	g.len = 32;
	f = seg_build(&g, false);
	icmp = seg_icmp_build(f, (uint16_t)mtu);
	wframe_free(f);
	engine_frame_in(s->w, to, icmp);
	script_time(s, LINE_US);
}

/* quote C seq N: what an ICMP error quotes must be the end's own segment. */
static void cmd_quote(struct script *s, const char *args)
{
	const enum side at = args[0] == 'C' ? SIDE_AGENT : SIDE_PROD;
	struct seg_icmp icmp;
	struct seg g = { 0 };
	int32_t got;
	int seq = 0;

	if (sscanf(args + 1, " seq %d", &seq) != 1)
		script_fail(s, "quote: %s", args);
	if (!frame_take(s, at) ||
			seg_parse(s->last_frame->bytes, s->last_frame->len, &g, NULL) != SEG_ICMP ||
			!seg_icmp_parse(s->last_frame->bytes, s->last_frame->len, &icmp)) {
		script_fail(s, "no ICMP error to %c", args[0]);
		return;
	}
	got = (int32_t)(icmp.seq - s->isn[at]);
	if (got != seq)
		script_fail(s, "an ICMP error to %c quotes %d, not %d", args[0], got, seq);
}

static void must_be(struct script *s, const char *what, uint64_t got, uint64_t want)
{
	if (got != want)
		script_fail(s, "%s is %lu, not %lu", what, (unsigned long)got, (unsigned long)want);
}

static void cmd_counter(struct script *s, const char *cmd, const char *args)
{
	const struct counters *c = relay_counters(s->w->relay);
	char name[60] = "";
	unsigned long want = 0;

	if (sscanf(args, "%59s %lu", name, &want) != 2)
		script_fail(s, "%s: %s", cmd, args);
	for (int i = 0; word_is(cmd, "stat") && i < STAT_MAX; i++) {
		if (word_is(stat_info((enum stat_id)i)->name, name)) {
			must_be(s, name, c->stat[i], want);
			return;
		}
	}
	for (int i = 0; word_is(cmd, "drop") && i < DROP_MAX; i++) {
		if (word_is(drop_info((enum drop_reason)i)->name, name)) {
			must_be(s, name, c->drop[i], want);
			return;
		}
	}
	script_fail(s, "no counter %s", name);
}

struct flow_report script_report(const struct script *s)
{
	struct flow_report rep = { 0 };
	uint32_t cursor = 0;

	while (cursor != UINT32_MAX && relay_flows(s->w->relay, &cursor, &rep, 1) == 0)
		;
	return rep;
}

static void cmd_report(struct script *s, const char *cmd, const char *args)
{
	const struct flow_report rep = script_report(s);
	const char *got = word_is(cmd, "mode") ? relay_mode_name(rep.mode)
					       : relay_state_name(rep.state);

	if (!word_is(got, args))
		script_fail(s, "%s is %s, not %s", cmd, got, args);
}

static void cmd_kill(struct script *s)
{
	struct flow_report rep = { 0 };
	uint32_t cursor = 0;

	while (cursor != UINT32_MAX && relay_flows(s->w->relay, &cursor, &rep, 1) == 0)
		;
	s->w->stepping = true;
	if (relay_kill(s->w->relay, rep.index, rep.gen, END_DENIED, s->w->now_us) != 0)
		script_fail(s, "there is no flow to kill");
	s->w->stepping = false;
	script_time(s, 1000);
}

static void cmd_gauge(struct script *s, const char *cmd, const char *args)
{
	struct relay_gauges g;

	relay_gauges(s->w->relay, &g);
	must_be(s, cmd, word_is(cmd, "flows") ? g.flows : g.held, strtoul(args, NULL, 10));
}

static void cmd_queue(struct script *s, const char *cmd, const char *args)
{
	for (int e = 0; e < SIDES; e++) {
		if (args[0] != '\0' && (args[0] == 'C') != (e == SIDE_AGENT))
			continue;
		if (word_is(cmd, "quiet") && s->in[e].n > 0)
			frame_expect(s, (enum side)e, &(struct sframe){ .flags = 0xfe });
		waiting_flush(&s->in[e]);
	}
}

/* Whatever waits for that end carries no payload. */
static void cmd_nodata(struct script *s, const char *args)
{
	const enum side at = args[0] == 'C' ? SIDE_AGENT : SIDE_PROD;
	struct seg g;

	while (script_next(s, at, &g))
		if (g.len > 0)
			script_fail(s, "%u bytes of payload to %s", g.len, args);
}

static void do_command(struct script *s, const char *cmd, const char *args)
{
	if (word_is(cmd, "est"))
		do_est(s);
	else if (word_is(cmd, "manual") || word_is(cmd, "auto"))
		s->manual = word_is(cmd, "manual");
	else if (word_is(cmd, "deaf"))
		s->deaf = true;
	else if (word_is(cmd, "verdict"))
		cmd_verdict(s, args);
	else if (word_is(cmd, "port"))
		cmd_port(s, args);
	else if (word_is(cmd, "host"))
		cmd_host(s, args);
	else if (word_is(cmd, "kill"))
		cmd_kill(s);
	else if (word_is(cmd, "icmp"))
		cmd_icmp(s, args);
	else if (word_is(cmd, "quote"))
		cmd_quote(s, args);
	else if (word_is(cmd, "quiet") || word_is(cmd, "flush"))
		cmd_queue(s, cmd, args);
	else if (word_is(cmd, "nodata"))
		cmd_nodata(s, args);
	else if (word_is(cmd, "stat") || word_is(cmd, "drop"))
		cmd_counter(s, cmd, args);
	else if (word_is(cmd, "mode") || word_is(cmd, "state"))
		cmd_report(s, cmd, args);
	else if (word_is(cmd, "flows") || word_is(cmd, "held"))
		cmd_gauge(s, cmd, args);
	else
		script_fail(s, "no such command: %s", cmd);
}

static void do_line(struct script *s, const char *line)
{
	char cmd[20] = "";
	struct sframe p;
	int at = 0;

	if (s->t->trace)
		trace_note(s->w, "| %s", line);
	if (line[0] == '+') {
		script_time(s, script_duration_us(line + 1));
		return;
	}
	if ((line[0] == 'C' || line[0] == 'S') && (line[1] == '>' || line[1] == '<')) {
		const enum side e = line[0] == 'C' ? SIDE_AGENT : SIDE_PROD;

		if (!script_parse_frame(line + 2, &p))
			script_fail(s, "cannot read: %s", line);
		else if (line[1] == '>')
			frame_send(s, e, &p);
		else
			frame_expect(s, e, &p);
		return;
	}
	if (sscanf(line, "%19s %n", cmd, &at) < 1)
		return;
	do_command(s, cmd, line + (at > 0 ? at : (int)strlen(line)));
}

void script_do(struct script *s, const char *text)
{
	char line[400];

	while (*text != '\0' && !s->t->failed) {
		const size_t n = strcspn(text, "\n");

		s->line++;
		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		text += n + (text[n] == '\n');
		if (line[0] != '\0' && line[0] != '#')
			do_line(s, line);
	}
}

void script_f(struct script *s, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	must(vasprintf(&text, fmt, ap) >= 0);
	va_end(ap);
	script_do(s, text);
	free(text);
}

void script_run(struct test *t, const struct script_conf *conf, const char *text)
{
	struct script *s = script_new(t, conf);

	script_do(s, text);
	script_end(&s);
}
