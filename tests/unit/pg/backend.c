/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/pg/backend.h"

#include "parsers/base/bytes.h"
#include "parsers/base/must.h"
#include "tests/unit/pg/talk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void backend_init(struct backend *b)
{
	memset(b, 0, sizeof(*b));
	b->status = 'I';
	b->in = malloc(BACKEND_OUT);
	b->out = malloc(BACKEND_OUT);
	must(b->in != NULL && b->out != NULL);
}

void backend_done(struct backend *b)
{
	free(b->in);
	free(b->out);
}

__attribute__((format(printf, 2, 3))) static void say(struct backend *b, const char *format, ...)
{
	static char spec[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(spec, sizeof(spec), format, args);
	va_end(args);
	must(b->out_len + TALK_MAX < BACKEND_OUT);
	b->out_len += talk_build(CODEC_TO_CLIENT, spec, b->out + b->out_len);
	if (strchr("ZEG", spec[0]) != NULL)
		b->n_flushed = b->out_len;
}

static void fail(struct backend *b, const char *code)
{
	say(b, "E ERROR %s failed", code);
	if (b->status == 'T')
		b->status = 'E';
	b->is_copying = false;
	b->is_skipping = b->is_extended;
}

static struct backend_name *find(struct backend_name *names, const char *name)
{
	for (size_t i = 0; i < BACKEND_NAMES; i++) {
		if (names[i].is_used && strcmp(names[i].name, name) == 0)
			return &names[i];
	}
	return NULL;
}

static struct backend_name *define(struct backend_name *names, const char *name, const char *text)
{
	struct backend_name *at = find(names, name);

	for (size_t i = 0; at == NULL && i < BACKEND_NAMES; i++) {
		if (!names[i].is_used)
			at = &names[i];
	}
	if (at == NULL)
		return NULL;
	memset(at, 0, sizeof(*at));
	at->is_used = true;
	snprintf(at->name, sizeof(at->name), "%s", name);
	snprintf(at->text, sizeof(at->text), "%s", text);
	return at;
}

static void drop_portals(struct backend *b)
{
	memset(b->portals, 0, sizeof(b->portals));
}

static void ready(struct backend *b)
{
	if (b->status == 'I')
		drop_portals(b);
	say(b, "Z %c", b->status);
}

struct select {
	unsigned int n_rows, n_columns;
	char tag[24];
};

static bool is_select(const char *text, struct select *s)
{
	if (strncmp(text, "select ", 7) == 0) {
		*s = (struct select){ 1, 1, "one" };
		return true;
	}
	if (strncmp(text, "EXPLAIN ", 8) == 0 && strstr(text, "nowhere") == NULL) {
		*s = (struct select){ 1, 1, "[plan]" };
		return true;
	}
	return sscanf(text, "sel %u %u %23s", &s->n_rows, &s->n_columns, s->tag) == 3;
}

static void say_list(struct backend *b, char type, const struct select *s)
{
	char list[400] = "";
	size_t n = 0;

	for (unsigned int i = 0; i < s->n_columns && n < sizeof(list) - 30; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i > 0 ? "," : "", s->tag);
	say(b, "%c %s", type, list);
}

static void describe(struct backend *b, const char *text)
{
	struct select s;

	if (is_select(text, &s))
		say_list(b, 'T', &s);
	else
		say(b, "n");
}

static bool starts(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/* What neither returns rows nor copies. False: it failed. */
static bool run_plain(struct backend *b, const char *text)
{
	if (text[0] == 0) {
		say(b, "I");
	} else if (starts(text, "begin")) {
		b->status = b->status == 'I' ? 'T' : b->status;
		say(b, "C BEGIN");
	} else if (starts(text, "commit") || starts(text, "rollback")) {
		say(b, "C %s", b->status == 'E' || text[0] == 'r' ? "ROLLBACK" : "COMMIT");
		b->status = 'I';
		drop_portals(b);
	} else if (starts(text, "notice")) {
		say(b, "N NOTICE 00000 note");
		say(b, "C DO");
	} else if (starts(text, "upd")) {
		say(b, "C UPDATE 1");
	} else {
		fail(b, "42P01");
		return false;
	}
	return true;
}

static void copy_out(struct backend *b, const char *text)
{
	unsigned int n = 0;

	sscanf(text, "copyout %u", &n);
	say(b, "H");
	for (unsigned int i = 0; i < n; i++)
		say(b, "d row %u", i);
	say(b, "c");
	say(b, "C COPY %u", n);
}

/* False: an error, or a COPY from the client has begun. */
static bool run_simple(struct backend *b, const char *text)
{
	struct select s;

	if (b->status == 'E' && !starts(text, "rollback") && !starts(text, "commit") && text[0]) {
		fail(b, "25P02");
		return false;
	}
	if (is_select(text, &s)) {
		say_list(b, 'T', &s);
		for (unsigned int i = 0; i < s.n_rows; i++)
			say_list(b, 'D', &s);
		say(b, "C SELECT %u", s.n_rows);
		return true;
	}
	if (starts(text, "copyout")) {
		copy_out(b, text);
		return true;
	}
	if (starts(text, "copyin")) {
		say(b, "G");
		b->is_copying = true;
		return false;
	}
	return run_plain(b, text);
}

static void run_query(struct backend *b, const char *query)
{
	char text[200];
	const char *at = query;
	size_t n;
	bool ok = true;

	if (query[0] == ')') {
		b->n_substitutes++;
		fail(b, "42601");
		ok = false;
	}
	while (ok) {
		n = strcspn(at, ";");
		snprintf(text, sizeof(text), "%.*s", (int)n, at);
		at += n + (at[n] != 0);
		ok = run_simple(b, text);
		if (*at == 0)
			break;
	}
	if (b->is_copying)
		snprintf(b->rest, sizeof(b->rest), "%s", at);
	else
		ready(b);
}

/* Rows of a portal, from where it stopped. */
static void run_portal_rows(struct backend *b, struct backend_name *p, unsigned int max)
{
	struct select s;

	must(is_select(p->text, &s));
	for (unsigned int n = 0; p->n_done < s.n_rows; n++) {
		if (max > 0 && n == max) {
			say(b, "s");
			return;
		}
		say_list(b, 'D', &s);
		p->n_done++;
	}
	say(b, "C SELECT %u", p->n_done);
}

static void run_execute(struct backend *b, const char *name, unsigned int max)
{
	struct backend_name *p = find(b->portals, name);
	struct select s;
	const char *text = p != NULL ? p->text : "";

	if (p == NULL)
		fail(b, "34000");
	else if (b->status == 'E' && !starts(text, "rollback") && !starts(text, "commit"))
		fail(b, "25P02");
	else if (is_select(text, &s))
		run_portal_rows(b, p, max);
	else if (starts(text, "copyout"))
		copy_out(b, text);
	else if (starts(text, "copyin")) {
		say(b, "G");
		b->is_copying = true;
	} else
		run_plain(b, text);
}

static void run_parse(struct backend *b, const char *name, const char *text)
{
	const bool is_substitute = text[0] == ')';

	if (name[0] == 0 && find(b->statements, name) != NULL)
		find(b->statements, name)->is_used = false;
	b->n_substitutes += is_substitute;
	if (is_substitute)
		fail(b, "42601");
	else if (b->status == 'E' && !starts(text, "rollback") && !starts(text, "commit"))
		fail(b, "25P02");
	else if (find(b->statements, name) != NULL)
		fail(b, "42P05");
	else if (define(b->statements, name, text) == NULL)
		fail(b, "53200");
	else
		say(b, "1");
}

static void run_bind(struct backend *b, const char *name, const char *statement)
{
	const struct backend_name *s = find(b->statements, statement);

	if (s == NULL)
		fail(b, "26000");
	else if (b->status == 'E' && !starts(s->text, "rollback") && !starts(s->text, "commit"))
		fail(b, "25P02");
	else if (name[0] != 0 && find(b->portals, name) != NULL)
		fail(b, "42P03");
	else if (define(b->portals, name, s->text) == NULL)
		fail(b, "53200");
	else
		say(b, "2");
}

static void run_target(struct backend *b, bool is_close, char what, const char *name)
{
	struct backend_name *at = find(what == 'S' ? b->statements : b->portals, name);

	if (is_close) {
		if (at != NULL)
			at->is_used = false;
		say(b, "3");
		return;
	}
	if (at == NULL || b->status == 'E') {
		fail(b, "26000");
		return;
	}
	if (what == 'S')
		say(b, "t 25");
	describe(b, at->text);
}

/* The end of a COPY's data. */
static void end_copy(struct backend *b, bool is_fail)
{
	char rest[200];

	b->is_copying = false;
	if (is_fail)
		fail(b, "57014");
	else
		say(b, "C COPY 1");
	snprintf(rest, sizeof(rest), "%s", b->rest);
	b->rest[0] = 0;
	if (b->is_extended)
		return;
	if (is_fail || rest[0] == 0)
		ready(b);
	else
		run_query(b, rest);
}

static void in_copy(struct backend *b, char type, const char *body)
{
	if (type == 'd' && starts(body, "poison")) {
		fail(b, "22P04");
		b->rest[0] = 0;
		if (!b->is_extended)
			ready(b);
	} else if (type == 'c' || type == 'f') {
		end_copy(b, type == 'f');
	} else if (type != 'd' && type != 'H' && type != 'S') {
		say(b, "E FATAL 08P01 lost");
		b->is_dead = true;
	}
}

static void run_extended(struct backend *b, char type, const char *body)
{
	const char *second = body + strlen(body) + 1;

	b->is_extended = true;
	if (type == 'P')
		run_parse(b, body, second);
	else if (type == 'B')
		run_bind(b, body, second);
	else if (type == 'E')
		run_execute(b, body, load_be32(second));
	else
		run_target(b, type == 'C', body[0], body + 1);
}

static void run(struct backend *b, char type, const char *body)
{
	if (b->is_dead)
		return;
	if (type == 'H')
		b->n_flushed = b->out_len;
	if (b->is_copying) {
		in_copy(b, type, body);
	} else if (type == 'S') {
		b->is_skipping = b->is_extended = false;
		ready(b);
	} else if (b->is_skipping) {
		return;
	} else if (type == 'Q') {
		b->is_extended = false;
		if (find(b->statements, "") != NULL)
			find(b->statements, "")->is_used = false;
		if (find(b->portals, "") != NULL)
			find(b->portals, "")->is_used = false;
		run_query(b, body);
	} else if (type == 'F') {
		b->is_extended = false;
		if (b->status == 'E')
			fail(b, "25P02");
		else
			say(b, "V 5");
		ready(b);
	} else if (strchr("PBDEC", type) != NULL) {
		run_extended(b, type, body);
	}
}

void backend_feed(struct backend *b, const uint8_t *bytes, size_t len)
{
	size_t at = 0, total;

	must(b->in_len + len <= BACKEND_OUT);
	memcpy(b->in + b->in_len, bytes, len);
	b->in_len += len;
	while (b->in_len - at >= 5) {
		total = 1 + (size_t)load_be32(b->in + at + 1);
		if (b->in_len - at < total)
			break;
		/* a copy that ends in a NUL whatever the message ends in */
		char *body = calloc(1, total);
		must(body != NULL);
		memcpy(body, b->in + at + 5, total - 5);
		run(b, (char)b->in[at], body);
		free(body);
		at += total;
	}
	memmove(b->in, b->in + at, b->in_len - at);
	b->in_len -= at;
}
