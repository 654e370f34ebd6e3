/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/pg/relay.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct pg_conf relay_confs[RELAY_CONFS] = {
	{ .max_msg_bytes = { 4096, 4096 },
			.budget_bytes = 1 << 20,
			.text_max_bytes = 1000,
			.max_statements = 64,
			.max_portals = 64,
			.max_requests = 1024 },
	{ .max_msg_bytes = { 4096, 4096 },
			.budget_bytes = 1 << 20,
			.text_max_bytes = 1000,
			.max_statements = 64,
			.max_portals = 64,
			.max_requests = 1024,
			.describe = true },
	/* everything is scarce: slices, holds, refusals */
	{ .max_msg_bytes = { 64, 64 },
			.budget_bytes = 20000,
			.text_max_bytes = 16,
			.max_statements = 3,
			.max_portals = 2,
			.max_requests = PG_REQUESTS_MIN,
			.describe = true },
	{ .max_msg_bytes = { 4096, 64 },
			.budget_bytes = 20000,
			.text_max_bytes = 100,
			.max_statements = 8,
			.max_portals = 3,
			.max_requests = 16 },
};

/* The client's own eyes: no limits to speak of, nothing asked besides. */
static const struct pg_conf view_conf = {
	.max_msg_bytes = { 1 << 20, 1 << 20 },
	.budget_bytes = 64 << 20,
	.text_max_bytes = 1000,
	.max_statements = 1000,
	.max_portals = 1000,
	.max_requests = 1 << 14,
};

uint32_t relay_random(struct relay *r, uint32_t below)
{
	r->rng ^= r->rng >> 12;
	r->rng ^= r->rng << 25;
	r->rng ^= r->rng >> 27;
	return (uint32_t)((r->rng * 0x2545f4914f6cdd1dull) >> 33) % below;
}

static void tap_out(void *ctx, enum codec_dir dir, struct span bytes)
{
	struct relay *r = ctx;

	if (dir == CODEC_TO_SERVER)
		backend_feed(&r->backend, bytes.ptr, bytes.len);
	else
		tap_feed(&r->view, CODEC_TO_CLIENT, bytes.ptr, bytes.len, bytes.len);
}

/* The <i>th statement of a query. */
static struct span statement(const char *text, uint32_t i)
{
	for (; i > 0 && strchr(text, ';') != NULL; i--)
		text = strchr(text, ';') + 1;
	return (struct span){ (const uint8_t *)text, strcspn(text, ";") };
}

static bool contains(struct span text, struct span word)
{
	return memmem(text.ptr, text.len, word.ptr, word.len) != NULL;
}

/* Every row says by its values which statement it is of: so must the columns, and the request. */
static void check_row(struct relay *r, const struct pg_session *s, const struct codec_msg *msg)
{
	const struct pg_answer *a = pg_session_answer(s);
	struct pg_list row;
	struct reader values;
	struct pg_value v;

	if ((msg->flags & CODEC_F_PART) != 0)
		return;
	must(pg_read_row(msg->body, &row) == 0);
	values = rd_span(row.items);
	must((a->columns == NULL) == ((a->flags & PG_A_BLIND) != 0));
	for (uint16_t i = 0; pg_next_value(&values, &v); i++) {
		must(a->columns == NULL || span_eq(pg_col_name(a->columns, i), v.bytes));
		if (s == &r->tap.s && r->texts[a->id] != NULL)
			must(contains(statement(r->texts[a->id], a->i_statement), v.bytes));
	}
	must(!values.bad);
	r->n_rows += s == &r->tap.s;
}

static char *text_of(const struct relay *r, const struct codec_msg *msg)
{
	struct pg_command c;

	if (pg_command_of(&r->tap.s, msg, &c) != 0 || !c.is_known)
		return NULL;
	return strndup((const char *)c.text.ptr, c.text.len);
}

/* A Query's text is its own; what an Execute runs must be what was said to be known of it. */
static void tap_seen(void *ctx, enum codec_dir dir, const struct codec_msg *msg,
		const struct codec_plan *plan)
{
	struct relay *r = ctx;

	if (dir == CODEC_TO_CLIENT && msg->kind == PG_DATA_ROW)
		check_row(r, &r->tap.s, msg);
	if (dir == CODEC_TO_SERVER && plan->id != 0 && plan->what == CODEC_PASS &&
			msg->kind == PG_QUERY) {
		must(plan->id < RELAY_REQUESTS);
		r->texts[plan->id] = text_of(r, msg);
	}
}

static void view_seen(void *ctx, enum codec_dir dir, const struct codec_msg *msg,
		const struct codec_plan *plan)
{
	struct relay *r = ctx;

	(void)plan;
	if (dir == CODEC_TO_SERVER)
		return;
	if (msg->kind == PG_DATA_ROW)
		check_row(r, &r->view.s, msg);
	r->has_failed = r->has_failed || msg->kind == PG_ERROR;
	if (msg->kind == PG_READY) { /* an error aborts the transaction, ours as any other */
		must(!r->has_failed || pg_session_status(&r->view.s) != 'T');
		r->has_failed = false;
	}
}

void relay_init(struct relay *r, const struct pg_conf *conf, uint32_t deny_of_16, uint64_t seed)
{
	memset(r, 0, sizeof(*r));
	tap_init(&r->tap, conf, PG_START_READY);
	tap_init(&r->view, &view_conf, PG_START_READY);
	r->tap.ctx = r->view.ctx = r;
	r->tap.out = tap_out;
	r->tap.seen = tap_seen;
	r->view.seen = view_seen;
	r->tap.deny_of_16 = deny_of_16;
	backend_init(&r->backend);
	r->said = malloc(TAP_BUF);
	must(r->said != NULL);
	r->rng = seed * 0x9e3779b97f4a7c15ull + 1;
}

void relay_done(struct relay *r)
{
	relay_drain(r);
	must(!r->tap.is_bad && !r->view.is_bad);
	must(r->tap.n_in[0] == 0 && r->tap.n_in[1] == 0 && r->view.n_in[1] == 0);
	must(pg_session_is_quiet(&r->tap.s) && pg_session_is_quiet(&r->view.s));
	must(pg_session_status(&r->tap.s) == pg_session_status(&r->view.s));
	must(pg_session_status(&r->tap.s) == r->backend.status);
	tap_done(&r->tap);
	tap_done(&r->view);
	backend_done(&r->backend);
	for (size_t i = 0; i < RELAY_REQUESTS; i++)
		free(r->texts[i]);
	free(r->said);
	free(r->log.bytes);
}

void relay_say(struct relay *r, const char *spec)
{
	static uint8_t bytes[TALK_MAX];
	const size_t n = talk_build(CODEC_TO_SERVER, spec, bytes);

	must(r->n_said + n <= TAP_BUF);
	memcpy(r->said + r->n_said, bytes, n);
	r->n_said += n;
	tap_feed(&r->view, CODEC_TO_SERVER, bytes, n, n);
	must(!r->view.is_bad && !r->view.is_held);
}

/* Some of what is <*n_ready> of <*n_from>. */
static void arrive(
		struct relay *r, enum codec_dir dir, uint8_t *from, size_t *n_from, size_t *n_ready)
{
	static uint8_t bytes[BACKEND_OUT];
	const size_t most = 1 + relay_random(r, relay_random(r, 4) == 0 ? 4000 : 60);
	const size_t n = *n_ready < most ? *n_ready : most;

	memcpy(bytes, from, n);
	memmove(from, from + n, *n_from - n);
	*n_from -= n;
	*n_ready -= n;
	tap_log_add(&r->log, dir, (struct span){ bytes, n });
	tap_feed(&r->tap, dir, bytes, n, n); /* the server may say more meanwhile */
	must(!r->tap.is_bad);
	must(!r->view.is_bad);
}

bool relay_step(struct relay *r)
{
	const bool to_server =
			r->backend.n_flushed == 0 || (r->n_said > 0 && relay_random(r, 2) == 0);

	if (to_server && r->n_said == 0)
		return false;
	if (to_server)
		arrive(r, CODEC_TO_SERVER, r->said, &r->n_said, &(size_t){ r->n_said });
	else
		arrive(r, CODEC_TO_CLIENT, r->backend.out, &r->backend.out_len,
				&r->backend.n_flushed);
	return true;
}

void relay_drain(struct relay *r)
{
	while (relay_step(r))
		;
}

bool relay_is_copying(const struct relay *r)
{
	return r->view.s.client.copy == STEP_COPY_IN;
}

__attribute__((format(printf, 2, 3))) static void say(struct relay *r, const char *format, ...)
{
	char spec[400];
	va_list args;

	va_start(args, format);
	vsnprintf(spec, sizeof(spec), format, args);
	va_end(args);
	relay_say(r, spec);
}

/* One statement that is no COPY from the client. */
static void a_statement(struct relay *r, char *out, size_t size)
{
	static const char *const plain[] = { "begin", "commit", "rollback", "upd", "notice", "err",
		"", "copyout 2", "begin", "upd" };
	const uint32_t what = relay_random(r, 20);

	if (what < sizeof(plain) / sizeof(*plain))
		snprintf(out, size, "%s", plain[what]);
	else
		snprintf(out, size, "sel %u %u t%u", relay_random(r, 5), 1 + relay_random(r, 3),
				relay_random(r, 100000));
}

static void turn_query(struct relay *r)
{
	char text[300] = "";
	size_t n = 0;
	uint32_t left = 1 + relay_random(r, 3);

	for (; left > 0; left--) {
		a_statement(r, text + n, sizeof(text) - n);
		n += strlen(text + n);
		if (left > 1)
			text[n++] = ';';
	}
	say(r, "Q %s", text);
}

static const char *a_name(struct relay *r)
{
	static const char *const names[] = { "", "", "", "a", "b", "c" };

	return names[relay_random(r, sizeof(names) / sizeof(*names))];
}

static void extended_message(struct relay *r)
{
	char text[100];

	switch (relay_random(r, 9)) {
	case 0:
	case 1:
		a_statement(r, text, sizeof(text));
		say(r, "P %s|%s", a_name(r), text);
		break;
	case 2:
	case 3:
		say(r, "B %s|%s|%u", a_name(r), a_name(r), relay_random(r, 1000));
		break;
	case 4:
		say(r, "D %c%s", relay_random(r, 2) == 0 ? 'S' : 'P', a_name(r));
		break;
	case 5:
		say(r, "C %c%s", relay_random(r, 2) == 0 ? 'S' : 'P', a_name(r));
		break;
	case 6:
		relay_say(r, "H");
		break;
	default:
		say(r, "E %s|%u", a_name(r), relay_random(r, 4));
	}
}

/* As drivers do it: parse (or not), bind, describe (or not), execute. */
static void extended_usual(struct relay *r)
{
	const char *name = a_name(r), *portal = a_name(r);
	char text[100];

	a_statement(r, text, sizeof(text));
	if (relay_random(r, 3) > 0)
		say(r, "P %s|%s", name, text);
	say(r, "B %s|%s|%u", portal, name, relay_random(r, 1000));
	if (relay_random(r, 2) > 0)
		say(r, "D P%s", portal);
	say(r, "E %s|%u", portal, relay_random(r, 3));
}

static void turn_extended(struct relay *r)
{
	for (uint32_t n = 1 + relay_random(r, 4); n > 0; n--) {
		if (relay_random(r, 3) == 0)
			extended_message(r);
		else
			extended_usual(r);
		while (relay_random(r, 3) == 0 && relay_step(r))
			;
	}
	relay_say(r, "S");
}

/* Waits to be asked for the data, as libpq does. */
static void turn_copy(struct relay *r)
{
	const bool is_extended = relay_random(r, 2) == 0;

	relay_drain(r);
	if (is_extended) {
		relay_say(r, "C Scopy"); /* names of its own: nothing else must begin a COPY */
		relay_say(r, "C Pcopy");
		relay_say(r, "P copy|copyin");
		relay_say(r, "B copy|copy");
		relay_say(r, "E copy|0");
		relay_say(r, "S");
	} else {
		relay_say(r, relay_random(r, 2) == 0 ? "Q copyin" : "Q upd;copyin;upd");
	}
	relay_drain(r);
	if (!relay_is_copying(r))
		return;
	for (uint32_t n = relay_random(r, 5); n > 0; n--) {
		say(r, "d %s %u", relay_random(r, 20) == 0 ? "poison" : "row",
				relay_random(r, 1000));
		while (relay_random(r, 3) == 0 && relay_step(r))
			;
	}
	relay_say(r, relay_random(r, 4) == 0 ? "f no more" : "c");
	if (is_extended)
		relay_say(r, "S");
	relay_drain(r);
}

void relay_converse(struct relay *r, unsigned int n_turns)
{
	for (; n_turns > 0; n_turns--) {
		const uint32_t what = relay_random(r, 12);

		if (what < 4)
			turn_query(r);
		else if (what < 10)
			turn_extended(r);
		else if (what == 10)
			turn_copy(r);
		else
			relay_say(r, "F 2101|x");
		while (relay_random(r, 4) > 0 && relay_step(r))
			;
	}
}
