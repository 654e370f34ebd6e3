/* SPDX-License-Identifier: Apache-2.0
 * What statements do with masked columns. Byte 0 even: the rest is SQL text, and what is said of it keeps
 * the promises of data.h and the facts. Odd: the rest chooses a statement and an expression in it; since it
 * was made here it is known whether a masked column is in that, and what is said must be so: never allowed
 * and clean with one, always without. */
#include "parsers/base/must.h"
#include "parsers/base/outbuf.h"
#include "ruleset/model/model.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/match/world.h"

#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 5,
	OUTPUTS_MAX = 12, /* that are asked for */
};

struct tape {
	const uint8_t *p, *end;
};

static unsigned int take(struct tape *t, unsigned int n)
{
	return t->p < t->end ? *t->p++ % n : 0;
}

static const struct policy *policy(void)
{
	static struct policy *made;

	if (made == NULL)
		made = world_policy("");
	return made;
}

static struct data_question question(const struct sql_facts *facts)
{
	return (struct data_question){
		.policy = policy(), .catalog = world_catalog(), .facts = facts
	};
}

/* An expression. */

struct made {
	bool has;    /* a masked column is in it */
	bool plain;  /* it is nothing but a column: the server names it */
	bool counts; /* the same, or a row: count() of it tells nothing */
};

static void say(struct outbuf *o, const char *text)
{
	ob_put(o, text, strlen(text));
}

static struct made put_leaf(struct outbuf *o, struct tape *t)
{
	static const struct {
		const char *text;
		bool has, plain, counts;
	} leaves[] = {
		{ "1", false, false, false },
		{ "'ssn'", false, false, false },
		{ "$1", false, false, false },
		{ "id", false, true, true },
		{ "c.city", false, true, true },
		{ "\"SSN\"", false, true, true },
		{ "$$ssn$$ /* ssn */", false, false, false },
		{ "ssn", true, true, true },
		{ "c.ssn", true, true, true },
		{ "\"ssn\"", true, true, true },
		{ "U&\"s\\0073n\"", true, true, true },
		{ "SSN", true, true, true },
		{ "c", true, false, true },
	};

	const unsigned int i = take(t, sizeof(leaves) / sizeof(leaves[0]));

	say(o, leaves[i].text);
	return (struct made){ leaves[i].has, leaves[i].plain, leaves[i].counts };
}

static struct made put_expr(struct outbuf *o, struct tape *t, unsigned int depth);

/* "#" is an expression. */
static struct made put_form(struct outbuf *o, struct tape *t, const char *form, unsigned int depth)
{
	struct made all = { false, false, false };

	for (; *form != '\0'; form++) {
		if (*form == '#')
			all.has |= put_expr(o, t, depth + 1).has;
		else
			ob_put(o, form, 1);
	}
	return all;
}

/* A count of a column tells of nulls alone. */
static struct made put_count(struct outbuf *o, struct tape *t, unsigned int depth)
{
	struct made arg;

	say(o, "count(");
	arg = put_expr(o, t, depth + 1);
	say(o, ")");
	return (struct made){ arg.has && !arg.counts, false, false };
}

static struct made put_expr(struct outbuf *o, struct tape *t, unsigned int depth)
{
	static const char *const forms[] = { "upper(#)", "(# || #)", "coalesce(#, #)",
		"CASE WHEN # IS NULL THEN # ELSE # END", "ARRAY[#, #]", "(#)::text", "(#)::int",
		"ROW(#, #)", "substr(#, 1, 2)", "greatest(#, #)", "(# LIKE #)", "(# + #)",
		"(SELECT #)", "ARRAY(SELECT #)", "(#).x", "(#)[1]", "to_jsonb(#)", "max(#)",
		"string_agg(#, ',')", "lag(#) OVER ()", "nullif(#, '1')", "(# IN (#, #))",
		"(# IS DISTINCT FROM #)", "(NOT #)", "xmlelement(name x, #)", "(# COLLATE \"C\")",
		"(# BETWEEN # AND #)", "json_build_object('a', #)", "extract(year from #)",
		"(# = ANY (SELECT #))", "(VALUES (#))", "(SELECT y.z FROM (SELECT # AS z) y)",
		"(WITH w AS (SELECT # AS z) SELECT z FROM w)", "(SELECT # UNION ALL SELECT #)" };
	const unsigned int n = sizeof(forms) / sizeof(forms[0]);
	const unsigned int which = depth < DEPTH_MAX ? take(t, n + 14) : n + 1;

	if (which < n)
		return put_form(o, t, forms[which], depth);
	return which == n ? put_count(o, t, depth) : put_leaf(o, t);
}

/* A statement around it. */

enum used {
	OUT,  /* it is the second of two columns; the server does not name it */
	FROM, /* the same, of a sub-select: if it is a column, the server names it all the same */
	HELD, /* it must not run by itself */
};

static const struct {
	const char *before, *after;
	enum used used;
} statements[] = {
	{ "SELECT id, ", " FROM customers c", FROM },
	{ "SELECT 1, ", " AS x FROM public.customers AS c", FROM },
	{ "SELECT x.a, x.b FROM (SELECT id AS a, ", " AS b FROM customers c) x", FROM },
	{ "SELECT * FROM (SELECT id, ", " FROM customers c) x", FROM },
	{ "WITH x AS (SELECT id AS a, ", " AS b FROM customers c) SELECT a, b FROM x", FROM },
	{ "WITH x (a, b) AS (SELECT ", ", 1 FROM customers c) SELECT 1, a FROM x", FROM },
	{ "SELECT 1, q FROM (SELECT ", " FROM customers c) AS x (q)", FROM },
	{ "SELECT 1, 2 UNION ALL SELECT id, ", " FROM customers c", OUT },
	{ "SELECT 1, y.b FROM orders o, LATERAL (SELECT ", " AS b FROM customers c) y", FROM },
	{ "UPDATE customers c SET city = 'x' WHERE id = 1 RETURNING id, ", "", FROM },
	{ "INSERT INTO customers AS c (id) VALUES (1) RETURNING id, ", "", FROM },
	{ "SELECT 1, (SELECT z FROM (SELECT ", " AS z FROM customers c) y)", OUT },
	{ "SELECT id FROM customers c WHERE ", "", HELD },
	{ "SELECT 1 FROM customers c JOIN orders o ON ", "", HELD },
	{ "SELECT 1 FROM customers c GROUP BY ", "", HELD },
	{ "SELECT id FROM customers c ORDER BY id, ", "", HELD },
	{ "SELECT 1 FROM customers c GROUP BY id HAVING ", " IS NULL", HELD },
	{ "SELECT count(*) FILTER (WHERE ", ") FROM customers c", HELD },
	{ "SELECT row_number() OVER (PARTITION BY ", ") FROM customers c", HELD },
	{ "SELECT DISTINCT ON (", ") id FROM customers c", HELD },
	{ "SELECT 1 FROM customers c, generate_series(1, ", ") g", HELD },
	{ "SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE ", ")", HELD },
	{ "INSERT INTO x SELECT ", " FROM customers c", HELD },
	{ "CREATE TABLE x AS SELECT ", " FROM customers c", HELD },
	{ "CREATE VIEW x AS SELECT ", " FROM customers c", HELD },
	{ "UPDATE customers c SET city = ", " WHERE id = 1", HELD },
	{ "DELETE FROM customers c WHERE ", "", HELD },
	{ "MERGE INTO x USING customers c ON x.id = c.id WHEN MATCHED THEN UPDATE SET a = ", "",
			HELD },
	{ "SELECT my_function(", ") FROM customers c", HELD },
	{ "EXPLAIN SELECT 1 FROM customers c WHERE ", "", HELD },
	{ "PREPARE p AS SELECT 1 FROM customers c WHERE ", "", HELD },
};

static bool is_seen_through(const struct data_question *q, const struct data_verdict *v)
{
	struct data_output first, second;

	if (v->is_clean)
		return true;
	match_output(q, 0, 0, 2, &first);
	match_output(q, 0, 1, 2, &second);
	must(first.rule == NULL);
	return second.rule == NULL;
}

static void check_made(const struct data_question *q, enum used used, struct made is)
{
	struct data_verdict v;

	match_data(q, &v);
	if (used == HELD) {
		must(!is.has || v.verdict != VERDICT_ALLOW);
		return; /* what has none may be held for the company it keeps */
	}
	if (v.verdict == VERDICT_ALLOW && is.has && !(used == FROM && is.plain))
		must(!is_seen_through(q, &v));
	if (!is.has && v.use != DATA_UNPROVEN) /* which is much too long to be looked through */
		must(v.verdict == VERDICT_ALLOW && is_seen_through(q, &v));
}

static void run_made(struct tape *t)
{
	const unsigned int which = take(t, sizeof(statements) / sizeof(statements[0]));
	static char text[8192];
	struct outbuf o = ob_of(text, sizeof(text) - 1);
	const struct sql_facts *facts;
	struct data_question q;
	struct made is;

	say(&o, statements[which].before);
	is = put_expr(&o, t, 0);
	say(&o, statements[which].after);
	text[o.len] = '\0';
	facts = o.full ? NULL : world_facts(text);
	if (facts == NULL)
		return; /* too long, or no SQL: (SELECT 1)[1] */
	q = question(facts);
	check_made(&q, statements[which].used, is);
}

/* Any text. */

static void check_verdict(const struct data_verdict *v)
{
	must((v->verdict == VERDICT_ALLOW) == (v->rule == NULL));
	must((v->rule == NULL) == (v->pack == NULL) &&
			(v->rule == NULL) == (v->use == DATA_NOTHING));
	must(v->use < DATA_USE_MAX && (v->rule == NULL || v->rule->column != NULL));
}

static bool is_text(const struct sql_facts *f, struct sql_str s, const char *text)
{
	const struct span span = sql_facts_str(f, s);

	return span.len == strlen(text) && memcmp(span.ptr, text, span.len) == 0;
}

static bool is_ssn(const struct sql_facts *f, const struct sql_item *item)
{
	const struct sql_item *range;

	if (item->what != SQL_I_COLUMN || item->range == SQL_NO_RANGE ||
			!is_text(f, item->name, "ssn"))
		return false;
	range = sql_facts_item(f, (uint32_t)item->range);
	return range->what == SQL_I_RELATION && range->schema.len == 0 &&
			is_text(f, range->name, "customers") &&
			(item->roles & (SQL_COL_COUNTED | SQL_COL_EXISTS)) == 0;
}

/* Compared by name: held. */
static void check_items(const struct data_question *q, const struct data_verdict *v)
{
	for (uint32_t i = 0; i < q->facts->n_items; i++) {
		const struct sql_item *item = sql_facts_item(q->facts, i);

		if (is_ssn(q->facts, item) && (item->roles & SQL_COL_PREDICATE) != 0)
			must(v->verdict != VERDICT_ALLOW);
	}
}

static bool has_ssn(const struct sql_facts *f, const struct sql_output *o)
{
	for (uint32_t i = 0; i < o->n_items; i++) {
		if (is_ssn(f, sql_facts_item(f, o->first_item + i)))
			return true;
	}
	return false;
}

static void check_output(const struct data_question *q, uint32_t i_stmt, uint32_t i, uint32_t n)
{
	struct data_output o;

	match_output(q, i_stmt, i, n, &o);
	must(o.rule == NULL || o.rule->column != NULL);
	must(o.rule != NULL || !o.is_derived);
}

/* What is said to be clean has no rule when it is asked for; what names the column has one. */
static void check_outs(const struct data_question *q, uint32_t i_stmt, const struct data_verdict *v)
{
	const struct sql_stmt *s = sql_facts_stmt(q->facts, i_stmt);
	const struct sql_arm *arm = s->outs == 0 ? NULL : sql_facts_arm(q->facts, s->outs);
	const uint32_t n = arm == NULL ? 1 : arm->n;
	bool has_star = false;

	for (uint32_t i = 0; i < n + 1 && i < OUTPUTS_MAX; i++) {
		check_output(q, i_stmt, i, n);
		check_output(q, i_stmt, i, n + 2);
		check_output(q, i_stmt, i, i);
	}
	if (arm == NULL || arm->next != 0 || (s->kinds & 1ULL << SQL_K_EXPLAIN) != 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		has_star |= sql_facts_output(q->facts, arm, i)->what >= SQL_OUT_STAR;
	for (uint32_t i = 0; i < n && i < OUTPUTS_MAX && !has_star; i++) {
		const struct sql_output *out = sql_facts_output(q->facts, arm, i);
		struct data_output o;

		match_output(q, i_stmt, i, n, &o);
		must(!has_ssn(q->facts, out) || o.rule != NULL);
		must(!v->is_clean || out->what != SQL_OUT_EXPR || o.rule == NULL ||
				(s->kinds & (1ULL << SQL_K_PREPARE | 1ULL << SQL_K_DECLARE)) != 0);
	}
}

static void run_text(struct tape *t)
{
	const size_t len = (size_t)(t->end - t->p);
	char *text = malloc(len + 1);
	const struct sql_facts *facts;
	struct data_question q;
	struct data_verdict v;

	must(text != NULL);
	memcpy(text, t->p, len);
	text[len] = '\0';
	facts = world_facts(text);
	free(text);
	if (facts == NULL)
		return;
	q = question(facts);
	match_data(&q, &v);
	check_verdict(&v);
	check_items(&q, &v);
	for (uint32_t i = 0; i < facts->n_stmts && i < 4; i++)
		check_outs(&q, i, &v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tape t = { data, data + size };

	if (take(&t, 2) == 0)
		run_text(&t);
	else
		run_made(&t);
	return 0;
}
