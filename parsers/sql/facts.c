/* SPDX-License-Identifier: Apache-2.0
 * From a text to its facts: parse, walk, pack. The tree comes from pg_query_raw_parse(), in memory
 * and without serialisation; it lives in a memory context of libpg_query that is gone before we
 * return. */
#include "parsers/sql/facts.h"

#include "parsers/base/lower.h"
#include "parsers/base/must.h"
#include "parsers/sql/split.h"
#include "parsers/sql/walk_priv.h"

#include <errno.h>
#include <pg_query_internal.h>
#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 1000,
	TEXT_MAX = 16 << 20,
};

const struct sql_limits sql_limits_default = {
	.inline_bytes = 8192,
	.max_bytes = 1 << 20,
	.max_depth = 500,
	.max_work = 50000,
};

/* Settings of libpg_query's scanner. Each thread has its own. */
extern __thread bool standard_conforming_strings, escape_string_warning;

/* Statements and literals as our lexer has them. */
struct census {
	uint32_t n_stmts;
	bool has_literals;
	struct sql_part last;
};

enum sql_rc sql_check_size(const struct sql_job *job)
{
	const struct sql_limits *limits = job->limits;

	must(limits->max_depth <= DEPTH_MAX && limits->max_bytes <= TEXT_MAX);
	if (job->settings.encoding == SQL_ENC_UNSAFE)
		return SQL_UNSAFE_ENCODING;
	if (job->text.len > limits->max_bytes)
		return SQL_TOO_LARGE;
	if (limits->inline_bytes > 0 && job->text.len > limits->inline_bytes)
		return SQL_TOO_LARGE_INLINE;
	return SQL_OK;
}

static enum sql_rc take_census(const struct sql_job *job, struct census *ret)
{
	struct sql_split split = sql_split_of(job->text, &job->settings);

	*ret = (struct census){ 0 };
	while (sql_split_next(&split, &ret->last))
		ret->n_stmts++;
	ret->has_literals = split.n_literals > 0;
	if (split.lex.error != SQL_LEX_OK)
		return SQL_SYNTAX;
	return split.lex.has_split_string ? SQL_SPLIT_STRING : SQL_OK;
}

static bool is_harmless_kind(const struct sql_stmt *s)
{
	const uint64_t harmless = 1ULL << SQL_K_SELECT | 1ULL << SQL_K_EXPLAIN |
			1ULL << SQL_K_EXPLAIN_ANALYZE | 1ULL << SQL_K_SHOW | 1ULL << SQL_K_BEGIN |
			1ULL << SQL_K_DECLARE | 1ULL << SQL_K_COPY_TO;

	return s->kinds != 0 && (s->kinds & ~harmless) == 0;
}

static bool is_read_only(const struct sql_stmt *s)
{
	const uint32_t unproven =
			SQL_F_OPAQUE | SQL_F_DYNAMIC | SQL_F_UNKNOWN | SQL_F_SIDE_FUNCTION;

	return is_harmless_kind(s) && (s->flags & unproven) == 0;
}

static struct sql_stmt *stmt_at(const struct sql_facts *facts, uint32_t i)
{
	const struct sql_stmt *stmts = (const struct sql_stmt *)(const void *)(facts + 1);

	return (struct sql_stmt *)(uintptr_t)&stmts[i];
}

static bool is_inside(const RawStmt *raw, const struct sql_part *part, uint32_t after)
{
	const uint32_t at = (uint32_t)raw->stmt_location, end = part->at + part->len;

	return at >= after && at <= part->at &&
			(raw->stmt_len == 0 || at + (uint32_t)raw->stmt_len >= end);
}

/* Do our lexer and the grammar have the same statements at the same places? What they differ in
 * would be a way around one of them. */
static bool is_split_alike(const struct sql_job *job, const List *tree, const struct census *census)
{
	struct sql_split split = sql_split_of(job->text, &job->settings);
	const int n = list_length(tree);
	struct sql_part part;
	uint32_t end = 0;

	if ((uint32_t)n != census->n_stmts)
		return false;
	if (n == 1)
		return is_inside(linitial(tree), &census->last, 0);
	for (int i = 0; i < n; i++) {
		if (!sql_split_next(&split, &part) || !is_inside(list_nth(tree, i), &part, end))
			return false;
		end = part.at + part.len;
	}
	return true;
}

static void walk_all(struct walk *w, const List *tree)
{
	struct sql_facts *facts = (struct sql_facts *)(void *)w->base;
	const int n = list_length(tree);

	for (int i = 0; i < n && w->rc == SQL_OK; i++) {
		const RawStmt *raw = list_nth(tree, i);

		w->stmt = stmt_at(facts, (uint32_t)i);
		*w->stmt = (struct sql_stmt){ .first_item = w->n_items, .limit = SQL_LIMIT_NONE };
		w->scope = NULL;
		walk_statement(w, raw->stmt);
		if (is_read_only(w->stmt))
			w->stmt->flags |= SQL_F_READ_ONLY;
		facts->kinds |= w->stmt->kinds;
	}
}

/* Names move down to the items: what is left is one block. */
static void pack(struct walk *w, const struct census *census)
{
	struct sql_facts *facts = (struct sql_facts *)(void *)w->base;
	const size_t items_end = w->items_at + w->n_items * sizeof(struct sql_item);
	const size_t n_names = w->names_end - w->names_at;
	/* Names are found from the end on, so it must stay where it is: the filler is in the
	 * middle. */
	const size_t bytes = (items_end + n_names + 7) & ~(size_t)7;

	memmove(w->base + bytes - n_names, w->base + w->names_at, n_names);
	memset(w->base + items_end, 0, bytes - n_names - items_end);
	facts->bytes = (uint32_t)bytes;
	facts->n_items = w->n_items;
	facts->has_unicode = w->has_unicode;
	facts->needs_literals = census->has_literals &&
			(w->needs_literals || w->has_utility || w->job->shape == NULL);
}

/* The block begins with the head and the statements; it ends where the text's copy begins. */
static enum sql_rc lay_out(struct walk *w, struct sql_memory memory, uint32_t n_stmts)
{
	const size_t head = sizeof(struct sql_facts) + n_stmts * sizeof(struct sql_stmt);
	const size_t text = (w->job->text.len + 1 + 7) & ~(size_t)7;

	must((uintptr_t)memory.ptr % 8 == 0);
	if (memory.len > UINT32_MAX || memory.len < head + text)
		return SQL_NO_ROOM;
	w->base = memory.ptr;
	w->items_at = head;
	w->names_end = w->names_at = (memory.len & ~(size_t)7) - text;
	*(struct sql_facts *)memory.ptr = (struct sql_facts){ .n_stmts = n_stmts };
	memcpy(w->base + w->names_end, w->job->text.ptr, w->job->text.len);
	w->base[w->names_end + w->job->text.len] = '\0';
	return head <= w->names_end ? SQL_OK : SQL_NO_ROOM;
}

static enum sql_rc parse_and_walk(struct walk *w, const struct census *census)
{
	const char *text = (const char *)w->base + w->names_end;
	PgQueryInternalParsetreeAndError parsed;
	MemoryContext context;

	standard_conforming_strings = w->job->settings.standard_conforming_strings;
	escape_string_warning = false;
	context = pg_query_enter_memory_context();
	parsed = pg_query_raw_parse(text);
	free(parsed.stderr_buffer);
	if (parsed.error != NULL) {
		pg_query_free_error(parsed.error);
		w->rc = SQL_SYNTAX;
	} else if (!is_split_alike(w->job, parsed.tree, census)) {
		w->rc = SQL_DISAGREE;
	} else {
		walk_all(w, parsed.tree);
	}
	pg_query_exit_memory_context(context);
	return w->rc;
}

enum sql_rc sql_facts_of(const struct sql_job *job, struct sql_memory memory,
		const struct sql_facts **ret_facts)
{
	struct walk w = { .job = job };
	struct census census;
	enum sql_rc rc = sql_check_size(job);

	if (rc == SQL_OK)
		rc = take_census(job, &census);
	if (rc == SQL_OK)
		rc = lay_out(&w, memory, census.n_stmts);
	if (rc == SQL_OK)
		rc = parse_and_walk(&w, &census);
	if (rc != SQL_OK)
		return rc;
	pack(&w, &census);
	*ret_facts = memory.ptr;
	return SQL_OK;
}

const struct sql_stmt *sql_facts_stmt(const struct sql_facts *facts, uint32_t i)
{
	must(i < facts->n_stmts);
	return stmt_at(facts, i);
}

const struct sql_item *sql_facts_item(const struct sql_facts *facts, uint32_t i)
{
	const void *items = stmt_at(facts, facts->n_stmts);

	must(i < facts->n_items);
	return (const struct sql_item *)items + i;
}

struct span sql_facts_str(const struct sql_facts *facts, struct sql_str s)
{
	must(s.at <= facts->bytes && s.len <= s.at);
	return (struct span){ (const uint8_t *)facts + facts->bytes - s.at, s.len };
}

const struct sql_arm *sql_facts_arm(const struct sql_facts *facts, uint32_t at)
{
	must(at >= sizeof(struct sql_arm) && at <= facts->bytes && at % 4 == 0);
	return (const struct sql_arm *)(const void *)((const uint8_t *)facts + facts->bytes - at);
}

const struct sql_output *sql_facts_output(
		const struct sql_facts *facts, const struct sql_arm *arm, uint32_t i)
{
	const struct sql_output *outputs = (const void *)(arm + 1);

	must(i < arm->n &&
			(const uint8_t *)(outputs + i + 1) <=
					(const uint8_t *)facts + facts->bytes);
	return outputs + i;
}

const char *sql_kind_name(enum sql_kind kind)
{
	static const char names[SQL_K_MAX][LOWER_SIZE] = {
#define ROW(sym) [SQL_K_##sym] = LOWER_INIT(#sym),
#include "parsers/sql/kinds.tbl.h"
#undef ROW
	};

	must((unsigned int)kind < SQL_K_MAX);
	return names[kind];
}

const char *sql_object_name(enum sql_object object)
{
	static const char names[SQL_O_MAX][LOWER_SIZE] = {
#define ROW(sym) [SQL_O_##sym] = LOWER_INIT(#sym),
#include "parsers/sql/objects.tbl.h"
#undef ROW
	};

	must((unsigned int)object < SQL_O_MAX);
	return names[object];
}
