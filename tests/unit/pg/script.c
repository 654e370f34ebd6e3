/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/pg/script.h"

#include "parsers/pg/pg_priv.h"
#include "parsers/pg/write.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/pg/talk.h"

#include <stdarg.h>
#include <string.h>

const struct pg_conf script_conf = {
	.max_msg_bytes = { 256, 256 },
	.budget_bytes = 1 << 20,
	.text_max_bytes = 200,
	.max_statements = 6,
	.max_portals = 4,
	.max_requests = 16,
};

const struct pg_conf script_conf_describe = {
	.max_msg_bytes = { 256, 256 },
	.budget_bytes = 1 << 20,
	.text_max_bytes = 200,
	.max_statements = 6,
	.max_portals = 4,
	.max_requests = 16,
	.describe = true,
};

struct told {
	char text[600];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void tell(struct told *t, const char *format, ...)
{
	va_list args;
	int n;

	if (t->len > 0)
		t->text[t->len++] = ' ';
	va_start(args, format);
	n = vsnprintf(t->text + t->len, sizeof(t->text) - t->len - 1, format, args);
	va_end(args);
	if (n > 0)
		t->len += (size_t)n;
}

/* The types of the messages in <o>. */
static void tell_types(struct told *t, char sign, const struct outbuf *o)
{
	char types[16] = { sign };
	size_t n = 1;

	for (size_t at = 0; at < o->len && n < sizeof(types) - 1;
			at += 1 + load_be32(o->ptr + at + 1))
		types[n++] = (char)o->ptr[at];
	if (n > 1)
		tell(t, "%s", types);
}

static void tell_why(struct told *t, const struct pg_session *s, const char *what)
{
	static const char *const names[] = {
#define WHY(sym, text) [PG_WHY_##sym] = #sym,
#include "parsers/pg/why.tbl.h"
#undef WHY
	};

	tell(t, "%s %s", what, names[pg_session_why(s)]);
}

static void tell_answer(struct told *t, const struct pg_answer *a)
{
	static const char *const flags[] = { "last", "cached", "blind", "denied", "hidden", "async",
		"fatal" };

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if ((a->flags & 1 << i) != 0)
			tell(t, "%s", flags[i]);
	}
	if (a->i_statement > 0)
		tell(t, "%u.", a->i_statement);
	for (uint16_t i = 0; a->columns != NULL && i < a->columns->n; i++) {
		const struct span name = pg_col_name(a->columns, i);

		tell(t, "%c%.*s%s", i == 0 ? '(' : ',', (int)name.len, (const char *)name.ptr,
				i + 1 == a->columns->n ? ")" : "");
	}
}

static void tell_rc(struct told *t, const struct pg_session *s, int rc)
{
	const char *what = rc == -EBADMSG ? "bad"
			: rc == -EMSGSIZE ? "long"
			: rc == -ENOBUFS  ? "limit"
			: rc == -ENOTSUP  ? "unable"
					  : "invalid";

	if (rc == -EINVAL)
		tell(t, "%s", what);
	else
		tell_why(t, s, what);
}

static void tell_plan(struct told *t, const struct codec_plan *plan)
{
	static const char *const what[] = { "pass", "drop", "hold" };

	tell(t, "%s", what[plan->what]);
	if (plan->is_moot)
		tell(t, "moot");
	if (plan->id != 0)
		tell(t, "#%u", (unsigned int)plan->id);
	tell_types(t, '>', &plan->to_server);
	tell_types(t, '<', &plan->to_client);
}

static void tell_status(struct told *t, const struct pg_session *s, const char *what)
{
	struct pg_cancel key;

	if (strcmp(what, "quiet") == 0)
		tell(t, "%s", pg_session_is_quiet(s) ? "yes" : "no");
	else if (strcmp(what, "status") == 0)
		tell(t, "%c", pg_session_status(s));
	else if (strcmp(what, "version") == 0)
		tell(t, "%u.%u", pg_session_version(s) >> 16, pg_session_version(s) & 0xffff);
	else if (strcmp(what, "names") == 0)
		tell(t, "%u %u", s->names.n_stmts, s->names.n_portals);
	else if (strcmp(what, "strings") == 0)
		tell(t, "%s %.*s", pg_session_standard_strings(s) ? "standard" : "escape",
				(int)pg_session_client_encoding(s).len,
				(const char *)pg_session_client_encoding(s).ptr);
	else if (strcmp(what, "key") == 0 && pg_session_cancel_key(s, &key))
		tell(t, "%u %.*s", key.pid, (int)key.key.len, (const char *)key.key.ptr);
	else
		tell(t, "none");
}

/* What rules would see of the message. */
static void tell_command(struct told *t, const struct pg_session *s, const struct codec_msg *msg)
{
	struct pg_command c;

	if (pg_command_of(s, msg, &c) != 0 || (msg->kind != PG_BIND && msg->kind != PG_EXECUTE))
		return;
	if (c.is_known)
		tell(t, "'%.*s'", (int)c.text.len, (const char *)c.text.ptr);
	else
		tell(t, "unknown");
}

static void run_message(struct pg_session *s, const char *says, struct told *t)
{
	static const struct codec_denial why = { .message = { (const uint8_t *)"no", 2 } };
	const enum codec_dir dir = says[0] == '<' ? CODEC_TO_CLIENT : CODEC_TO_SERVER;
	static uint8_t bytes[TALK_MAX], to_server[PG_PLAN_BYTES], to_client[PG_PLAN_BYTES];
	const size_t len = talk_build(dir, says + 2, bytes);
	uint8_t *copy = talk_copy(bytes, len);
	struct codec_msg msg;
	size_t at = 0;
	int rc = 0;

	while (at < len && rc == 0) {
		struct codec_plan plan = { .to_server = ob_of(to_server, sizeof(to_server)),
			.to_client = ob_of(to_client, sizeof(to_client)) };
		const enum codec_rc got =
				pg_codec.decode(s, dir, (struct span){ copy + at, len - at }, &msg);

		if (got != CODEC_MSG) {
			if (got == CODEC_BAD)
				tell_why(t, s, "bad");
			else
				tell(t, "%s", got == CODEC_OPAQUE ? "opaque" : "more");
			break;
		}
		at += msg.wire.len;
		if (dir == CODEC_TO_SERVER)
			tell_command(t, s, &msg);
		if (dir == CODEC_TO_CLIENT)
			rc = pg_codec.answer(s, &msg, &plan);
		else if (says[0] == '!')
			rc = pg_codec.deny(s, &msg, &why, &plan);
		else
			rc = pg_codec.forward(s, &msg, &plan);
		if (rc != 0)
			tell_rc(t, s, rc);
		else
			tell_plan(t, &plan);
		if (rc == 0 && dir == CODEC_TO_CLIENT)
			tell_answer(t, pg_session_answer(s));
	}
	free(copy);
}

/* A call of our own accord: set_config() with two arguments. */
static void run_call(struct pg_session *s, struct told *t)
{
	static const struct span args[] = { { (const uint8_t *)"name", 4 },
		{ (const uint8_t *)"value", 5 } };
	const struct pg_call call = { .oid = 2078, .args = args, .n_args = 2 };
	uint8_t bytes[128];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	const int rc = pg_session_call(s, &call, &o);

	tell(t, "%s", rc == -EAGAIN ? "again" : rc == 0 ? "called" : "limit");
	tell_types(t, '>', &o);
}

static void run_query(struct pg_session *s, struct told *t)
{
	static const struct pg_own_query q = { .name = { (const uint8_t *)"own", 3 },
		.head = { (const uint8_t *)"explain ", 8 },
		.text = { (const uint8_t *)"select", 6 } };
	uint8_t bytes[128];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	const int rc = pg_session_query(s, &q, &o);

	tell(t, "%s", rc == -EAGAIN ? "again" : rc == 0 ? "asked" : "limit");
	tell_types(t, '>', &o);
}

static void run_line(const struct script *script, struct pg_session *s, const struct line *line)
{
	struct told t = { .len = 0 };
	char what[900];

	t.text[0] = 0;
	if (strcmp(line->says, "= secured") == 0)
		tell(&t, "%d", pg_session_secured(s));
	else if (strcmp(line->says, "= call") == 0)
		run_call(s, &t);
	else if (strcmp(line->says, "= query") == 0)
		run_query(s, &t);
	else if (line->says[0] == '=')
		tell_status(&t, s, line->says + 2);
	else
		run_message(s, line->says, &t);
	if (strcmp(t.text, line->becomes) == 0) {
		CU_PASS(line->says);
		return;
	}
	snprintf(what, sizeof(what), "\"%s\" became \"%s\" not \"%s\"", line->says, t.text,
			line->becomes);
	suite_check(0, script->name, what, __LINE__);
}

void script_run(const struct script *script)
{
	struct talk_heap heap;
	struct pg_session s;

	talk_heap_init(&heap);
	pg_session_init(&s, script->conf != NULL ? script->conf : &script_conf, &heap.alloc,
			script->start);
	for (size_t i = 0; script->lines[i].says != NULL; i++)
		run_line(script, &s, &script->lines[i]);
	pg_session_done(&s);
	talk_heap_check(&heap);
}
