/* SPDX-License-Identifier: Apache-2.0
 * What the server's own log and pg_stat_activity call this session: its application_name is
 *
 *	sluice/<session>[/<command>] <what the client calls itself>
 *
 * The client is told only the last of it. A batch of extended messages, what is sent before the last answer,
 * and a transaction have the number of their first command. With SPINE_LABELS_WRITES what is proven
 * read-only keeps the number of the last command that was not. */
#include "dataplane/inspect/session_priv.h"
#include "parsers/base/bytes.h"

#include <errno.h>
#include <string.h>

enum {
	SET_CONFIG = 2078, /* set_config(text, text, boolean) of pg_proc, in every version */
	PREFIX = 7 + 16,   /* "sluice/" and the session's number */
};

static void put_hex(struct outbuf *o, uint64_t v)
{
	static const char digits[] = "0123456789abcdef";

	for (int shift = 60; shift >= 0; shift -= 4)
		ob_u8(o, (uint8_t)digits[v >> shift & 15]);
}

void label_put(const struct session *s, uint64_t command, struct outbuf *o)
{
	const struct label *l = &s->label;
	const size_t from = o->len;
	size_t left;

	ob_put(o, "sluice/", 7);
	put_hex(o, s->id);
	if (command > 0) {
		ob_u8(o, '/');
		text_decimal(command, o);
	}
	left = from + PG_NAME_MAX - o->len; /* the longest of both is 44 bytes */
	if (l->own_len == 0)
		return;
	ob_u8(o, ' ');
	ob_put(o, l->own, l->own_len < left - 1 ? l->own_len : left - 1);
}

void label_own(struct session *s, struct span own)
{
	struct label *l = &s->label;

	l->own_len = (uint8_t)(own.len < sizeof(l->own) ? own.len : sizeof(l->own));
	memcpy(l->own, own.ptr, l->own_len);
}

void label_announce(struct session *s, struct outbuf *to_server)
{
	struct label *l = &s->label;
	uint8_t bytes[PG_NAME_MAX + 1];
	struct outbuf name = ob_of(bytes, sizeof(bytes));
	struct span args[3] = { text_span("application_name"), { bytes, 0 }, text_span("false") };
	const struct pg_call call = { .oid = SET_CONFIG, .args = args, .n_args = 3 };

	if (s->target->labels == SPINE_LABELS_NONE || l->is_refused ||
			l->command == s->n_commands + 1)
		return;
	if (s->target->labels == SPINE_LABELS_WRITES && s->only_reads)
		return;
	label_put(s, s->n_commands + 1, &name);
	args[1].len = name.len;
	if (pg_session_call(s->pg, &call, to_server) == 0)
		l->command = s->n_commands + 1;
}

void label_answered(struct session *s, const struct codec_msg *msg)
{
	struct pg_report e;

	if (msg->kind != PG_ERROR || s->label.is_refused)
		return;
	if (pg_read_report(msg->body, (msg->flags & CODEC_F_PART) == 0, &e) == 0 &&
			e.sqlstate.len == 5 && memcmp(e.sqlstate.ptr, "57014", 5) == 0)
		return; /* the client has cancelled what was running */
	s->label.is_refused = true;
	s->spine->counters.unlabelled++;
}

/* What stands behind our part of <value>; false: it is not ours. */
static bool own_part(const struct session *s, struct span value, struct span *ret)
{
	uint8_t bytes[PREFIX];
	struct outbuf o = ob_of(bytes, sizeof(bytes));
	size_t at = PREFIX;

	ob_put(&o, "sluice/", 7);
	put_hex(&o, s->id);
	if (value.len < PREFIX || memcmp(value.ptr, bytes, PREFIX) != 0)
		return false;
	while (at < value.len && value.ptr[at] != ' ')
		at++;
	at += at < value.len;
	*ret = (struct span){ value.ptr + at, value.len - at };
	return true;
}

void label_reported(struct session *s, const struct codec_msg *msg, struct codec_plan *plan)
{
	const struct span name = text_span("application_name");
	struct label *l = &s->label;
	struct pg_parameter p;
	struct span own;

	if (pg_read_parameter(msg->body, &p) != 0 || p.name.len != name.len ||
			memcmp(p.name.ptr, name.ptr, name.len) != 0)
		return;
	if (!own_part(s, p.value, &own)) {
		label_own(s, p.value);
		return;
	}
	plan->what = CODEC_DROP;
	/* what is missing of a name that was cut had no room behind our part */
	if ((own.len == l->own_len || (own.len < l->own_len && p.value.len >= PG_NAME_MAX)) &&
			memcmp(own.ptr, l->own, own.len) == 0) {
		if (s->is_ready) /* it was told */
			return;
	} else {
		label_own(s, own);
	}
	pg_write_parameter(&plan->to_client, name,
			(struct span){ (const uint8_t *)l->own, l->own_len });
}
