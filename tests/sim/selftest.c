/* SPDX-License-Identifier: Apache-2.0
 * A checker that cannot fail is worth nothing: here a cable pretends to be the engine and is broken
 * in one place at a time, and the invariant named beside the break must be the one that fires. */
#include "dataplane/tcp/inspector.h"
#include "tests/sim/cable.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the world of the current test is, for the faults. */
static struct world *the_world;
static struct pkt *kept; /* a frame that a fault holds on to */

struct row {
	const char *name, *inv; /* inv NULL: nothing is broken, nothing may fire */
	cable_fault_fn *fault;
	void (*setup)(struct plan *p);
	bool drain; /* run to the end of the engine, too */
};

/* --- how faults look at frames and alter them --- */

static bool parse(const struct cable_frame *f, struct seg *s)
{
	return seg_parse(pkt_data(f->pkt), pkt_len(f->pkt), s, NULL) == SEG_TCP;
}

static bool has_data(const struct cable_frame *f, enum side from)
{
	struct seg s;

	return f->from == from && parse(f, &s) && s.len > 0;
}

static bool is_pure_ack(const struct cable_frame *f, enum side from)
{
	struct seg s;

	return f->from == from && parse(f, &s) && s.len == 0 && s.flags == TF_ACK;
}

static uint8_t *tcp_of(const struct cable_frame *f)
{
	return pkt_data(f->pkt) + seg_l4_off(pkt_data(f->pkt), pkt_len(f->pkt));
}

static void mend(const struct cable_frame *f)
{
	struct wframe *w = wframe_copy(pkt_data(f->pkt), pkt_len(f->pkt));

	seg_mend(w);
	memcpy(pkt_data(f->pkt), w->bytes, w->len);
	wframe_free(w);
}

static void add32(const struct cable_frame *f, uint32_t off, uint32_t by)
{
	uint8_t *p = tcp_of(f) + off;
	const uint32_t v =
			((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]) +
			by;

	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	mend(f);
}

static void set_wnd(const struct cable_frame *f, uint16_t wnd)
{
	tcp_of(f)[14] = (uint8_t)(wnd >> 8);
	tcp_of(f)[15] = (uint8_t)wnd;
	mend(f);
}

static void set_flags(const struct cable_frame *f, uint8_t flags)
{
	tcp_of(f)[13] = flags;
	mend(f);
}

/* The n-th time that a fault's condition holds (from 0). */
static uint32_t n_seen;

static bool nth(bool condition, uint32_t n)
{
	return condition && n_seen++ == n;
}

/* --- I1, I5, I6 --- */

static bool flip_payload(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (nth(has_data(f, SIDE_AGENT), 3)) {
		pkt_data(f->pkt)[pkt_len(f->pkt) - 1] ^= 1;
		mend(f);
	}
	return false;
}

static bool flip_retransmission(const struct relay_env *env, const struct cable_frame *f)
{
	const struct conn *c = &the_world->conn[0];
	struct seg s;

	(void)env;
	if (f->from == SIDE_AGENT && parse(f, &s) && s.len > 0 &&
			(int32_t)(s.seq - (uint32_t)c->view[SIDE_PROD].out_max) < 0) {
		pkt_data(f->pkt)[pkt_len(f->pkt) - 1] ^= 1;
		mend(f);
	}
	return false;
}

static bool swallow_one(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (!nth(has_data(f, SIDE_AGENT), 2))
		return false;
	pkt_free(f->pkt);
	return true;
}

static bool early_fin(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (nth(has_data(f, SIDE_AGENT), 1))
		set_flags(f, TF_ACK | TF_FIN);
	return false;
}

static bool write_while_held(const struct relay_env *env, const struct cable_frame *f)
{
	if (kept != NULL) {
		pkt_data(kept)[pkt_len(kept) - 1] ^= 1;
		pkt_free(kept);
		kept = NULL;
	}
	if (!nth(has_data(f, SIDE_AGENT), 1))
		return false;
	kept = f->pkt;
	pkt_ref(kept);
	if (!env->tx(env->ctx, 0, SIDE_PROD, f->pkt))
		pkt_free(f->pkt);
	return true;
}

static bool deny_and_go_on(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (nth(has_data(f, SIDE_AGENT), 1))
		the_world->conn[0].denied = true;
	return false;
}

static void setup_scripted(struct plan *p)
{
	p->conn[0].insp.scripted = true; /* which nobody calls: nothing is judged */
}

static void setup_loss(struct plan *p)
{
	p->link[HOP_R2P].loss_ppm = 150000;
}

static void setup_retain(struct plan *p)
{
	p->env.tx_retain_polls = 1000;
}

/* --- I2 --- */

static bool ack_early(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (nth(is_pure_ack(f, SIDE_PROD), 1))
		add32(f, 8, 100000);
	return false;
}

/* The FIN goes on, and is acknowledged before the other end has seen it. */
static bool ack_fin_early(const struct relay_env *env, const struct cable_frame *f)
{
	static uint32_t fin_at;
	struct seg s;

	(void)env;
	if (!parse(f, &s))
		return false;
	if (f->from == SIDE_AGENT && (s.flags & TF_FIN)) {
		fin_at = s.seq + s.len;
		pkt_free(f->pkt);
		return true;
	}
	if (f->from == SIDE_PROD && s.ack == fin_at)
		add32(f, 8, 1);
	return false;
}

static bool sack_lies(const struct relay_env *env, const struct cable_frame *f)
{
	struct seg s;

	(void)env;
	if (f->from == SIDE_PROD && parse(f, &s) && s.o.n_sack > 0)
		add32(f, (uint32_t)(s.raw - tcp_of(f)) + 8, 50000); /* NOP NOP 5 len left right */
	return false;
}

/* --- I3, I4 --- */

static bool hide_window(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (is_pure_ack(f, SIDE_PROD))
		set_wnd(f, 60000);
	return false;
}

static void setup_small_window(struct plan *p)
{
	p->conn[0].ep[SIDE_PROD].rcvbuf = 3000;
	p->conn[0].ep[SIDE_PROD].has_ws = false;
}

static bool shrink_window(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (nth(is_pure_ack(f, SIDE_PROD), 3))
		set_wnd(f, 1);
	return false;
}

static bool ack_back(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (nth(is_pure_ack(f, SIDE_PROD), 3))
		add32(f, 8, 0u - 14600);
	return false;
}

static bool past_mss(const struct relay_env *env, const struct cable_frame *f)
{
	struct view *v = the_world->conn[0].view;

	(void)env;
	(void)f;
	if (v[SIDE_AGENT].est_in)
		v[SIDE_PROD].syn.o.mss = 500; /* as if the endpoint had announced that */
	return false;
}

/* --- I7, I8, I9, I15 --- */

static bool leak(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (nth(has_data(f, SIDE_AGENT), 1))
		pkt_ref(kept = f->pkt);
	return false;
}

static void setup_never(struct plan *p)
{
	(void)p;
	cable.next_in_us = UINT64_MAX;
}

static void setup_stuck(struct plan *p)
{
	plan_do(p, 0, SIDE_PROD, DO_AWAIT, 40001);
}

static bool flood(const struct relay_env *env, const struct cable_frame *f)
{
	if (!nth(has_data(f, SIDE_AGENT), 1))
		return false;
	for (int i = 0; i < 200; i++) {
		pkt_ref(f->pkt);
		if (!env->tx(env->ctx, 0, SIDE_PROD, f->pkt))
			pkt_free(f->pkt);
	}
	return false;
}

static void setup_spin(struct plan *p)
{
	cable.next_in_us = 0;
	plan_do(p, 0, SIDE_PROD, DO_SLEEP, 5 * US_PER_S);
}

static void setup_check_says(struct plan *p)
{
	(void)p;
	cable.check = "selftest";
}

/* --- I10, I11 --- */

static bool many(const struct relay_env *env, const struct cable_frame *f, uint8_t flags)
{
	if (!nth(is_pure_ack(f, SIDE_PROD), 2))
		return false;
	if (flags != 0)
		set_flags(f, flags);
	for (int i = 0; i < 20; i++) {
		pkt_ref(f->pkt);
		if (!env->tx(env->ctx, 0, SIDE_AGENT, f->pkt))
			pkt_free(f->pkt);
	}
	return false;
}

static bool many_acks(const struct relay_env *env, const struct cable_frame *f)
{
	return many(env, f, 0);
}

static bool many_rsts(const struct relay_env *env, const struct cable_frame *f)
{
	return many(env, f, TF_RST | TF_ACK);
}

static bool wild_rst(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (nth(is_pure_ack(f, SIDE_PROD), 2)) {
		tcp_of(f)[13] = TF_RST;
		add32(f, 4, 70000);
	}
	return false;
}

/* --- I12, I13, I14, options --- */

static bool alter_byte(const struct cable_frame *f, uint32_t at, uint8_t by)
{
	if (nth(has_data(f, SIDE_AGENT), 1)) {
		pkt_data(f->pkt)[at] ^= by;
		mend(f);
	}
	return false;
}

static bool other_mac(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	return alter_byte(f, 11, 1);
}

static bool other_vlan(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	return alter_byte(f, 15, 1);
}

static bool other_ttl(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	return alter_byte(f, 18 + 8, 1);
}

static bool other_dscp(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	return alter_byte(f, 18 + 1, 0x20);
}

static bool ecn_bits(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	return alter_byte(f, 18 + 1, 1);
}

static bool other_port(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	return alter_byte(f, 18 + 20 + 1, 1);
}

static bool urgent(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	return alter_byte(f, 18 + 20 + 13, TF_URG);
}

static bool other_isn(const struct relay_env *env, const struct cable_frame *f)
{
	struct seg s;

	(void)env;
	if (parse(f, &s) && s.flags == TF_SYN)
		add32(f, 4, 1);
	return false;
}

static bool bad_tcp_cksum(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (nth(has_data(f, SIDE_AGENT), 1))
		tcp_of(f)[16] ^= 0x40;
	return false;
}

static bool bad_ip_cksum(const struct relay_env *env, const struct cable_frame *f)
{
	(void)env;
	if (nth(has_data(f, SIDE_AGENT), 1))
		pkt_data(f->pkt)[18 + 10] ^= 0x40;
	return false;
}

static bool invent(const struct relay_env *env, const struct cable_frame *f)
{
	if (nth(has_data(f, SIDE_AGENT), 1)) {
		static const uint8_t arp[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 7 };
		struct pkt *p = pkt_heap_new(env->pools, PKT_FULL, sizeof(arp));

		if (p == NULL)
			return false;
		pkt_frame_set(p, PKT_HEADROOM, sizeof(arp));
		memcpy(pkt_data(p), arp, sizeof(arp));
		env->tx(env->ctx, 0, SIDE_PROD, p);
	}
	return false;
}

static void setup_vlan(struct plan *p)
{
	p->conn[0].n_tags = 1;
	p->conn[0].vid[0] = 100;
}

static void setup_tfo(struct plan *p)
{
	p->conn[0].ep[SIDE_AGENT].extra = EXTRA_TFO;
}

static void setup_ts(struct plan *p)
{
	p->conn[0].ep[SIDE_AGENT].ts = true;
}

static void setup_big_ws(struct plan *p)
{
	p->conn[0].ep[SIDE_AGENT].ws = 15;
}

static void setup_wire(struct plan *p)
{
	p->conn[0].mode = MODE_WIRE;
}

static const struct row rows[] = {
	{ .name = "good_cable", .drain = true },
	{ .name = "good_cable_wire", .setup = setup_wire, .drain = true },
	{ .name = "good_cable_vlan", .setup = setup_vlan, .drain = true },
	{ .name = "I1_payload_byte_flipped", .inv = "I1", .fault = flip_payload },
	{ .name = "I1_segment_left_out", .inv = "I1", .fault = swallow_one },
	{ .name = "I1_fin_before_the_end", .inv = "I1", .fault = early_fin },
	{ .name = "I2_ack_of_what_did_not_come", .inv = "I2", .fault = ack_early },
	{ .name = "I2_fin_acked_early", .inv = "I2", .fault = ack_fin_early },
	{ .name = "I2_sack_of_what_did_not_come",
			.inv = "I2",
			.fault = sack_lies,
			.setup = setup_loss },
	{ .name = "I3_beyond_the_window",
			.inv = "I3",
			.fault = hide_window,
			.setup = setup_small_window },
	{ .name = "I3_beyond_the_mss", .inv = "I3", .fault = past_mss },
	{ .name = "I4_window_taken_back", .inv = "I4", .fault = shrink_window },
	{ .name = "I4_ack_taken_back", .inv = "I4", .fault = ack_back },
	{ .name = "I5_retransmission_differs",
			.inv = "I1",
			.fault = flip_retransmission,
			.setup = setup_loss },
	{ .name = "I5_written_in_the_ring",
			.inv = "I5",
			.fault = write_while_held,
			.setup = setup_retain,
			.drain = true },
	{ .name = "I6_not_judged", .inv = "I6", .setup = setup_scripted },
	{ .name = "I6_payload_after_denial", .inv = "I6", .fault = deny_and_go_on },
	{ .name = "I7_buffer_leaked", .inv = "I7", .fault = leak, .drain = true },
	{ .name = "I7_relay_check", .inv = "CHK", .setup = setup_check_says },
	{ .name = "I8_no_timer", .inv = "I8", .setup = setup_never },
	{ .name = "I9_no_progress", .inv = "I9", .setup = setup_stuck, .drain = true },
	{ .name = "I10_ack_flood", .inv = "I10", .fault = many_acks },
	{ .name = "I10_rst_flood", .inv = "I10", .fault = many_rsts },
	{ .name = "I11_rst_outside", .inv = "I11", .fault = wild_rst },
	{ .name = "I12_mac", .inv = "I12", .fault = other_mac, .setup = setup_vlan },
	{ .name = "I12_vlan", .inv = "I12", .fault = other_vlan, .setup = setup_vlan },
	{ .name = "I12_ttl", .inv = "I12", .fault = other_ttl, .setup = setup_vlan },
	{ .name = "I12_dscp", .inv = "I12", .fault = other_dscp, .setup = setup_vlan },
	{ .name = "I12_ecn", .inv = "I12", .fault = ecn_bits, .setup = setup_vlan },
	{ .name = "I12_port", .inv = "I12", .fault = other_port, .setup = setup_vlan },
	{ .name = "I12_urgent", .inv = "I12", .fault = urgent, .setup = setup_vlan },
	{ .name = "I12_isn", .inv = "I12", .fault = other_isn },
	{ .name = "I12_invented_frame", .inv = "I12", .fault = invent },
	{ .name = "I12_option_not_stripped", .inv = "OPT", .setup = setup_tfo },
	{ .name = "I12_timestamps_not_stripped", .inv = "OPT", .setup = setup_ts },
	{ .name = "I12_window_scale_15", .inv = "OPT", .setup = setup_big_ws },
	{ .name = "I13_tcp_checksum", .inv = "I13", .fault = bad_tcp_cksum },
	{ .name = "I13_ip_checksum", .inv = "I13", .fault = bad_ip_cksum, .setup = setup_vlan },
	{ .name = "I14_wire_frame_altered",
			.inv = "I14",
			.fault = flip_payload,
			.setup = setup_wire },
	{ .name = "I15_burst", .inv = "I15", .fault = flood },
	{ .name = "I15_busy_loop", .inv = "I15", .setup = setup_spin },
};

/* A request in several segments, an answer, and the close. */
static void plan_conversation(struct plan *p)
{
	plan_do(p, 0, SIDE_AGENT, DO_WRITE, 40000);
	plan_do(p, 0, SIDE_AGENT, DO_AWAIT, 30000);
	plan_do(p, 0, SIDE_AGENT, DO_SHUT, 0);
	plan_do(p, 0, SIDE_AGENT, DO_AWAIT_EOF, 0);
	plan_do(p, 0, SIDE_PROD, DO_AWAIT, 40000);
	plan_do(p, 0, SIDE_PROD, DO_WRITE, 30000);
	plan_do(p, 0, SIDE_PROD, DO_AWAIT_EOF, 0);
	plan_do(p, 0, SIDE_PROD, DO_SHUT, 0);
}

static bool run_row(const struct row *row, char *why, size_t why_size)
{
	struct plan p;
	bool ok;

	plan_init(&p, 7);
	cable = (struct cable_knobs){ .fault = row->fault, .next_in_us = 100 * US_PER_MS };
	n_seen = 0;
	kept = NULL;
	if (row->setup != NULL)
		row->setup(&p);
	plan_conversation(&p);
	the_world = world_new(&p,
			getenv("SIM_TRACE") != NULL && strcmp(getenv("SIM_TRACE"), row->name) == 0);
	the_world->no_reports = true;
	if (row->drain) {
		world_run(the_world);
	} else {
		world_start(the_world);
		world_run_until(the_world, the_world->now_us + 60 * US_PER_S);
	}
	ok = row->inv == NULL ? !the_world->failed
			      : the_world->failed && strcmp(the_world->inv, row->inv) == 0;
	snprintf(why, why_size, "%s: %s", the_world->inv, the_world->why);
	if (kept != NULL)
		pkt_free(kept);
	world_free(&the_world);
	plan_done(&p);
	return ok;
}

int main(void)
{
	uint32_t passed = 0, failed = 0;
	char why[500];

	engine_is_cable = false; /* it is to be judged as the engine is */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const bool ok = run_row(&rows[i], why, sizeof(why));

		printf("%s %s%s%s\n", ok ? "ok  " : "FAIL", rows[i].name, ok ? "" : ": got ",
				ok ? "" : why);
		passed += ok;
		failed += !ok;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
