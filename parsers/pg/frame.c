/* SPDX-License-Identifier: Apache-2.0
 * Framing of both directions. The header is judged first, by the type's row; a message that is there
 * whole then by its body's reader. State changes only when a message is returned (or is bad). */
#include "parsers/pg/pg_priv.h"

#include <stddef.h>

enum {
	HEADER = 5,                /* type and length; the length counts itself */
	BODY_MAX = 0x3fffffff - 4, /* what buffers there can hold (MaxAllocSize) */
	SMALL_MAX = 10000 - 4,     /* PQ_SMALL_MESSAGE_LIMIT */
	PARAM_MAX = 2 + 65535 * 4, /* a counted list of OIDs */
	FORMATS_MAX = 3 + 65535 * 2,
	TLS_HANDSHAKE = 0x16, /* first byte of a ClientHello without an SSLRequest (PostgreSQL 17) */
};

#define COMMAND CODEC_F_COMMAND
#define ROWS    CODEC_F_ROWS
#define SECRET  CODEC_F_SECRET
#define TEXT    CODEC_F_TEXT

/* A row with no <max> but 0 and no kind is a type that does not exist: SSL_REQUEST has no type. */
static const struct pg_type types[CODEC_DIRS][256] = {
	[CODEC_TO_SERVER] = {
		['Q'] = { PG_QUERY, true, COMMAND, 1, BODY_MAX, pg_check_string },
		['P'] = { PG_PARSE, true, COMMAND, 4, BODY_MAX, pg_check_parse },
		['B'] = { PG_BIND, true, COMMAND, 8, BODY_MAX, pg_check_bind },
		['D'] = { PG_DESCRIBE, false, 0, 2, SMALL_MAX, pg_check_target },
		['E'] = { PG_EXECUTE, false, COMMAND, 5, SMALL_MAX, pg_check_execute },
		['C'] = { PG_CLOSE, false, 0, 2, SMALL_MAX, pg_check_target },
		['F'] = { PG_FUNCTION_CALL, true, COMMAND, 10, BODY_MAX, pg_check_function_call },
		['S'] = { PG_SYNC, false, 0, 0, 0, NULL },
		['H'] = { PG_FLUSH, false, 0, 0, 0, NULL },
		['X'] = { PG_TERMINATE, false, 0, 0, 0, NULL },
		['p'] = { PG_PASSWORD, false, SECRET, 0, PG_AUTH_MAX, NULL },
		['d'] = { PG_COPY_DATA, true, ROWS, 0, BODY_MAX, NULL },
		['c'] = { PG_COPY_DONE, false, 0, 0, 0, NULL },
		['f'] = { PG_COPY_FAIL, false, 0, 1, SMALL_MAX, pg_check_string },
	},
	[CODEC_TO_CLIENT] = {
		['R'] = { PG_AUTHENTICATION, false, SECRET, 4, PG_AUTH_MAX, pg_check_authentication },
		['K'] = { PG_BACKEND_KEY, false, SECRET, 8, 4 + PG_KEY_MAX, pg_check_key },
		['S'] = { PG_PARAMETER_STATUS, false, 0, 2, PG_WHOLE_MAX - 8, pg_check_parameter },
		['v'] = { PG_NEGOTIATE, false, 0, 8, PG_STARTUP_MAX, pg_check_negotiate },
		['Z'] = { PG_READY, false, 0, 1, 1, pg_check_ready },
		['T'] = { PG_ROW_DESCRIPTION, false, 0, 2, PG_WHOLE_MAX - 8, pg_check_columns },
		['D'] = { PG_DATA_ROW, true, ROWS, 2, BODY_MAX, NULL },
		['C'] = { PG_COMMAND_COMPLETE, false, 0, 1, SMALL_MAX, pg_check_string },
		['I'] = { PG_EMPTY_QUERY, false, 0, 0, 0, NULL },
		['E'] = { PG_ERROR, true, TEXT, 1, BODY_MAX, pg_check_report },
		['N'] = { PG_NOTICE, true, TEXT, 1, BODY_MAX, pg_check_report },
		['A'] = { PG_NOTIFICATION, false, TEXT, 6, PG_WHOLE_MAX - 8, pg_check_notification },
		['1'] = { PG_PARSE_COMPLETE, false, 0, 0, 0, NULL },
		['2'] = { PG_BIND_COMPLETE, false, 0, 0, 0, NULL },
		['3'] = { PG_CLOSE_COMPLETE, false, 0, 0, 0, NULL },
		['s'] = { PG_PORTAL_SUSPENDED, false, 0, 0, 0, NULL },
		['n'] = { PG_NO_DATA, false, 0, 0, 0, NULL },
		['t'] = { PG_PARAMETER_DESCRIPTION, false, 0, 2, PARAM_MAX - 2, pg_check_oids },
		['G'] = { PG_COPY_IN, false, 0, 3, FORMATS_MAX, pg_check_copy },
		['H'] = { PG_COPY_OUT, false, 0, 3, FORMATS_MAX, pg_check_copy },
		['W'] = { PG_COPY_BOTH, false, 0, 3, FORMATS_MAX, pg_check_copy },
		['d'] = { PG_COPY_DATA, true, ROWS, 0, BODY_MAX, NULL },
		['c'] = { PG_COPY_DONE, false, 0, 0, 0, NULL },
		['V'] = { PG_FUNCTION_RESULT, true, ROWS, 4, BODY_MAX, pg_check_function_result },
	},
};

static enum codec_rc more(struct codec_msg *msg, size_t need)
{
	*msg = (struct codec_msg){ .need_bytes = (uint32_t)need };
	return CODEC_MORE;
}

static enum codec_rc bad(struct pg_session *s, enum codec_dir dir, enum pg_why why)
{
	s->framer[dir].phase = PHASE_BAD;
	s->why = (uint8_t)why;
	return CODEC_BAD;
}

static enum codec_rc whole(struct span in, size_t total, size_t header, struct codec_msg *msg)
{
	msg->need_bytes = 0;
	msg->part_off = 0;
	msg->total_bytes = (uint32_t)total;
	msg->wire = (struct span){ in.ptr, total };
	msg->body = (struct span){ in.ptr + header, total - header };
	return CODEC_MSG;
}

/* The next slice of a message that is under way, or its first: <n> bytes, <header> of them header. */
static enum codec_rc slice(
		struct pg_framer *f, struct span in, size_t n, size_t header, struct codec_msg *msg)
{
	if (in.len < n)
		return more(msg, n);
	whole(in, n, header, msg);
	msg->kind = f->kind;
	msg->total_bytes = f->total;
	msg->part_off = f->off;
	msg->flags = f->flags | CODEC_F_PART | (f->off == 0 ? CODEC_F_FIRST : 0);
	f->off += (uint32_t)n;
	if (f->off == f->total) {
		msg->flags |= CODEC_F_LAST;
		f->off = 0;
	}
	return CODEC_MSG;
}

static enum codec_rc next_slice(const struct pg_session *s, struct pg_framer *f, enum codec_dir dir,
		struct span in, struct codec_msg *msg)
{
	const uint32_t left = f->total - f->off, limit = s->conf->max_msg_bytes[dir];

	return slice(f, in, left < limit ? left : limit, 0, msg);
}

/* Only a header may be here yet. A client's message stops there, so that a command can be refused
 * before its bytes are waited for; the server's first slice has what the tracker must read. */
static enum codec_rc first_slice(struct pg_session *s, enum codec_dir dir, const struct pg_type *t,
		struct span in, struct codec_msg *msg)
{
	const struct pg_framer before = s->framer[dir];
	struct pg_framer *f = &s->framer[dir];
	enum codec_rc rc;

	f->kind = t->kind;
	f->flags = t->flags;
	f->total = load_be32(in.ptr + 1) + 1;
	f->off = 0;
	f->drop_slices = false;
	rc = slice(f, in, dir == CODEC_TO_SERVER ? HEADER : s->conf->max_msg_bytes[dir], HEADER,
			msg);
	if (rc != CODEC_MSG)
		*f = before;
	return rc;
}

/* A 'p' message is what the server's last request made it. */
static int check_secret(const struct pg_session *s, struct span body, uint16_t *ret_kind)
{
	struct span text;
	struct pg_sasl_initial sasl;

	*ret_kind = s->server.auth_kind;
	if (*ret_kind == PG_PASSWORD)
		return pg_read_string(body, &text);
	return *ret_kind == PG_SASL_INITIAL ? pg_read_sasl_initial(body, &sasl) : 0;
}

static enum codec_rc typed(
		struct pg_session *s, enum codec_dir dir, struct span in, struct codec_msg *msg)
{
	const struct pg_type *t = in.len > 0 ? &types[dir][in.ptr[0]] : NULL;
	const bool is_auth = s->framer[dir].phase == PHASE_AUTH;
	uint32_t len;

	if (t == NULL)
		return more(msg, HEADER);
	if (t->kind == PG_SSL_REQUEST)
		return bad(s, dir, PG_WHY_TYPE);
	if (dir == CODEC_TO_SERVER && t->kind != PG_TERMINATE &&
			is_auth != (t->kind == PG_PASSWORD))
		return bad(s, dir, PG_WHY_PHASE);
	if (in.len < HEADER)
		return more(msg, HEADER);
	len = load_be32(in.ptr + 1);
	if (len < 4 || len - 4 < t->min || len - 4 > t->max)
		return bad(s, dir, PG_WHY_LENGTH);
	if (len + 1 > s->conf->max_msg_bytes[dir] && t->is_sliced)
		return first_slice(s, dir, t, in, msg);
	if (in.len < (size_t)len + 1)
		return more(msg, (size_t)len + 1);
	whole(in, (size_t)len + 1, HEADER, msg);
	msg->kind = t->kind;
	msg->flags = t->flags;
	if (t->check != NULL && t->check(msg->body) != 0)
		return bad(s, dir, PG_WHY_BODY);
	if (t->kind == PG_PASSWORD && check_secret(s, msg->body, &msg->kind) != 0)
		return bad(s, dir, PG_WHY_BODY);
	if (t->kind == PG_PASSWORD && msg->kind == 0)
		return bad(s, dir, PG_WHY_PHASE);
	if (t->kind == PG_PASSWORD)
		s->server.auth_kind = 0; /* one answer to one request */
	if (t->kind == PG_TERMINATE)
		s->framer[dir].phase = PHASE_ENDED;
	return CODEC_MSG;
}

static void set_phases(struct pg_session *s, enum pg_phase client, enum pg_phase server)
{
	s->framer[CODEC_TO_SERVER].phase = (uint8_t)client;
	s->framer[CODEC_TO_CLIENT].phase = (uint8_t)server;
}

static enum codec_rc request_enc(struct pg_session *s, uint16_t kind, struct codec_msg *msg)
{
	if (msg->wire.len != 8)
		return bad(s, CODEC_TO_SERVER, PG_WHY_LENGTH);
	msg->kind = kind;
	msg->flags = CODEC_F_UPGRADE;
	s->framer[CODEC_TO_SERVER].kind = (uint8_t)kind;
	set_phases(s, PHASE_ENC_WAIT, PHASE_ENC_BYTE);
	return CODEC_MSG;
}

static enum codec_rc request_start(struct pg_session *s, struct codec_msg *msg)
{
	struct pg_startup v;

	if (pg_read_startup(msg->body, &v) != 0)
		return bad(s, CODEC_TO_SERVER, PG_WHY_BODY);
	msg->kind = PG_STARTUP;
	s->version = v.version;
	set_phases(s, PHASE_AUTH, PHASE_TYPED);
	return CODEC_MSG;
}

static enum codec_rc request(struct pg_session *s, struct codec_msg *msg)
{
	const uint32_t code = load_be32(msg->body.ptr);
	struct pg_cancel cancel;

	msg->flags = 0;
	if (code == PG_CODE_SSL)
		return request_enc(s, PG_SSL_REQUEST, msg);
	if (code == PG_CODE_GSSENC)
		return request_enc(s, PG_GSSENC_REQUEST, msg);
	if (code >> 16 == 3)
		return request_start(s, msg);
	if (code == PG_CODE_CANCEL) {
		if (pg_read_cancel(msg->body, &cancel) != 0)
			return bad(s, CODEC_TO_SERVER, PG_WHY_BODY);
		msg->kind = PG_CANCEL_REQUEST;
		msg->flags = CODEC_F_SECRET;
		set_phases(s, PHASE_ENDED, PHASE_ENDED);
		return CODEC_MSG;
	}
	msg->kind = PG_STARTUP_UNKNOWN;
	set_phases(s, PHASE_OPAQUE, PHASE_OPAQUE);
	return CODEC_MSG;
}

/* A packet without a type: its length, which counts itself, and a code. */
static enum codec_rc untyped(struct pg_session *s, struct span in, struct codec_msg *msg)
{
	uint32_t len;

	if (in.len > 0 && in.ptr[0] == TLS_HANDSHAKE)
		return CODEC_OPAQUE;
	if (in.len > 0 && in.ptr[0] != 0)
		return bad(s, CODEC_TO_SERVER, PG_WHY_LENGTH);
	if (in.len < 4)
		return more(msg, 4);
	len = load_be32(in.ptr);
	if (len < 8 || len > PG_STARTUP_MAX)
		return bad(s, CODEC_TO_SERVER, PG_WHY_LENGTH);
	if (in.len < len)
		return more(msg, len);
	whole(in, len, 4, msg);
	return request(s, msg);
}

static bool is_enc_answer(uint8_t request_kind, uint8_t byte)
{
	return byte == 'N' || byte == (request_kind == PG_SSL_REQUEST ? 'S' : 'G');
}

/* The one byte that answers an encryption request; or an error, of servers older than the request. */
static enum codec_rc enc_byte(struct pg_session *s, struct span in, struct codec_msg *msg)
{
	if (in.len == 0)
		return more(msg, 1);
	if (in.ptr[0] == 'E')
		return typed(s, CODEC_TO_CLIENT, in, msg);
	if (!is_enc_answer(s->framer[CODEC_TO_SERVER].kind, in.ptr[0]))
		return bad(s, CODEC_TO_CLIENT, PG_WHY_TYPE);
	whole(in, 1, 0, msg);
	msg->kind = PG_ENC_ANSWER;
	msg->flags = CODEC_F_UPGRADE;
	pg_session_enc_answer(s, (char)in.ptr[0]);
	return CODEC_MSG;
}

int pg_session_enc_answer(struct pg_session *s, char answer)
{
	if (s->framer[CODEC_TO_SERVER].phase != PHASE_ENC_WAIT ||
			!is_enc_answer(s->framer[CODEC_TO_SERVER].kind, (uint8_t)answer))
		return -EINVAL;
	if (answer == 'N')
		set_phases(s, PHASE_STARTUP, PHASE_SILENT);
	else
		set_phases(s, PHASE_OPAQUE, PHASE_OPAQUE);
	return 0;
}

int pg_session_secured(struct pg_session *s)
{
	if (s->framer[CODEC_TO_SERVER].phase != PHASE_OPAQUE || s->version != 0)
		return -EINVAL;
	set_phases(s, PHASE_STARTUP, PHASE_SILENT);
	return 0;
}

/* Most of what a server sends: a row that is here whole. Answers as typed() would, a little sooner. */
static bool is_whole_row(const struct pg_session *s, struct span in, uint32_t *ret_total)
{
	const struct pg_framer *f = &s->framer[CODEC_TO_CLIENT];
	uint32_t len;

	if (f->phase != PHASE_TYPED || f->off > 0 || in.len < HEADER || in.ptr[0] != 'D')
		return false;
	len = load_be32(in.ptr + 1);
	*ret_total = len + 1;
	return len >= 4 + 2 && len < s->conf->max_msg_bytes[CODEC_TO_CLIENT] && len < in.len;
}

enum codec_rc pg_decode(void *state, enum codec_dir dir, struct span in, struct codec_msg *msg)
{
	struct pg_session *s = state;
	struct pg_framer *f = &s->framer[dir];
	uint32_t total;

	if (dir == CODEC_TO_CLIENT && is_whole_row(s, in, &total)) {
		msg->kind = PG_DATA_ROW;
		msg->flags = CODEC_F_ROWS;
		return whole(in, total, HEADER, msg);
	}
	if (f->off > 0)
		return next_slice(s, f, dir, in, msg);
	switch ((enum pg_phase)f->phase) {
	case PHASE_TYPED:
	case PHASE_AUTH:
		return typed(s, dir, in, msg);
	case PHASE_STARTUP:
		return untyped(s, in, msg);
	case PHASE_ENC_BYTE:
		return enc_byte(s, in, msg);
	case PHASE_OPAQUE:
		return CODEC_OPAQUE;
	case PHASE_BAD:
		return CODEC_BAD;
	case PHASE_ENC_WAIT:
		return in.len == 0 ? more(msg, 1) : bad(s, dir, PG_WHY_STUFFED);
	case PHASE_SILENT:
		return in.len == 0 ? more(msg, 1) : bad(s, dir, PG_WHY_UNASKED);
	case PHASE_ENDED:
		return in.len == 0 ? more(msg, 1) : bad(s, dir, PG_WHY_ENDED);
	}
	return CODEC_BAD;
}
