/* SPDX-License-Identifier: Apache-2.0
 * See dump.h. */
#include "tests/unit/sql/dump.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sink {
	char *p, *end;
};

static void __attribute__((format(printf, 2, 3))) put(struct sink *s, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(s->p, (size_t)(s->end - s->p), format, args);
	va_end(args);
	s->p = n < s->end - s->p ? s->p + n : s->end - 1;
}

static void put_kinds(struct sink *s, uint64_t kinds)
{
	const char *plus = "";

	for (unsigned int k = 0; k < SQL_K_MAX; k++) {
		if ((kinds >> k & 1) == 0)
			continue;
		put(s, "%s%s", plus, sql_kind_name((enum sql_kind)k));
		plus = "+";
	}
}

static void put_objects(struct sink *s, uint32_t objects)
{
	for (unsigned int o = 0; o < SQL_O_MAX; o++) {
		if ((objects >> o & 1) != 0)
			put(s, " %s", sql_object_name((enum sql_object)o));
	}
}

static void put_bits(struct sink *s, uint32_t bits, const char *const *names, const char *between)
{
	const char *sep = between[0] == ' ' ? " " : "";

	for (unsigned int i = 0; names[i] != NULL; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		put(s, "%s%s", sep, names[i]);
		sep = between;
	}
}

static void put_str(
		struct sink *s, const struct sql_facts *f, struct sql_str str, const char *after)
{
	const struct span text = sql_facts_str(f, str);

	if (text.len > 0)
		put(s, "%.*s%s", (int)text.len, (const char *)text.ptr, after);
}

static void put_item(struct sink *s, const struct sql_facts *f, const struct sql_item *item)
{
	static const char letters[SQL_I_MAX + 1] = "RrC*FOTSPKNVDoULp";
	static const char *const rel_roles[] = { "read", "insert", "update", "delete", "truncate",
		"create", "alter", "drop", "lock", "grant", "maintain", NULL };
	static const char *const col_roles[] = { "out", "sub", "expr", "where", "join", "group",
		"order", "having", "distinct", "window", "filter", "limit", "written", "stored",
		"conflict", "from", "ddl", "arg", "row", "side", "counted", "exists", NULL };
	const bool is_rel = item->what == SQL_I_RELATION || item->what == SQL_I_OBJECT;

	put(s, " | %c ", letters[item->what]);
	put_str(s, f, item->schema, ".");
	put_str(s, f, item->qualifier, ".");
	put_str(s, f, item->name, "");
	if (item->alias.len > 0) {
		put(s, "=");
		put_str(s, f, item->alias, "");
	}
	if (item->range != SQL_NO_RANGE)
		put(s, "@%d", item->range);
	if (item->roles != 0)
		put(s, ":");
	put_bits(s, item->roles, is_rel ? rel_roles : col_roles, "+");
}

static void put_stmt(struct sink *s, const struct sql_facts *f, const struct sql_stmt *stmt)
{
	static const char *const flags[] = { "READONLY", "OPAQUE", "DYNAMIC", "UNKNOWN", "DISTINCT",
		"NATURAL", "STAR", "STREAM", "SIDE", "DATACTE", NULL };
	static const char *const wheres[] = { "", " where=present", " where=weak", " where=trivial",
		" where=none" };

	put_kinds(s, stmt->kinds);
	if (stmt->inner_kinds != 0) {
		put(s, " inner=");
		put_kinds(s, stmt->inner_kinds);
	}
	put_objects(s, stmt->objects);
	put_bits(s, stmt->flags, flags, " ");
	put(s, "%s", wheres[stmt->where]);
	if (stmt->limit != SQL_LIMIT_NONE)
		put(s, " limit=%lld", (long long)stmt->limit);
	for (uint32_t i = 0; i < stmt->n_items; i++)
		put_item(s, f, sql_facts_item(f, stmt->first_item + i));
}

const struct sql_facts *dump_facts(const char *text, char *out, size_t cap)
{
	static const char *const reasons[SQL_RC_MAX] = { "ok", "syntax", "unsafe encoding",
		"too large inline", "too large", "too deep", "too complex", "no room",
		"split string", "disagree" };
	static const struct siphash_key secret = { 1, 2 };
	static uint64_t memory[8192], room[4096];
	struct sql_job job = { .text = { (const uint8_t *)text, strlen(text) },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &sql_limits_default };
	struct sink s = { out, out + cap };
	const struct sql_facts *facts;
	struct sql_shape shape;
	enum sql_rc rc;

	out[0] = '\0';
	if (sql_shape_of(job.text, &job.settings, &secret, (struct sql_key_room){ room, 4096 },
			    &shape) == 0)
		job.shape = &shape;
	rc = sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &facts);
	if (rc != SQL_OK) {
		put(&s, "%s", reasons[rc]);
		return NULL;
	}
	for (uint32_t i = 0; i < facts->n_stmts; i++) {
		put(&s, "%s", i > 0 ? " ; " : "");
		put_stmt(&s, facts, sql_facts_stmt(facts, i));
	}
	if (facts->needs_literals)
		put(&s, " !");
	return facts;
}
