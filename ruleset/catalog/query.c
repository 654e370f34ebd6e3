/* SPDX-License-Identifier: Apache-2.0
 * The text of the query. What an agent may have made in the database is not to be found by it: every relation, type,
 * function and operator has its schema; there is no IN, BETWEEN, LIKE, NULLIF or CASE x WHEN, which would look for
 * an operator by search_path. DISTINCT and UNION compare by the default operator class of a type.
 *
 * Names are compared as bytes of UTF-8 (of what they are, in a database that is SQL_ASCII), as model_glob()
 * does: bytealike() has one byte for _, and a pattern in letters that the server's encoding lacks is no error.
 * Literals are in dollar quotes, which no setting changes.
 *
 * pg_get_viewdef() asks with "WHERE ev_class = $1" itself, by search_path: an operator of an agent's would give it the
 * definition of another view. So it is called after search_path was set, until the end of the transaction. */
#include "ruleset/catalog/catalog_priv.h"

#include <errno.h>
#include <string.h>

/* How a rule's columns are found: by what of it is an ordinary name, so that an index or a hash can. */
enum how {
	BY_TABLE,  /* its table's name */
	BY_COLUMN, /* its column's */
	BY_GLOB,   /* all tables, a pattern of column names: of names few are different */
	BY_BOTH,   /* patterns of relations first */
	HOWS,
};

/* Types of what each has besides the rule's index: 0 its schema, 1 its table, 2 its column. */
static const char *const types[HOWS][3] = {
	[BY_TABLE] = { "bytea", "name", "bytea" },
	[BY_COLUMN] = { "bytea", "bytea", "name" },
	[BY_GLOB] = { NULL, NULL, "bytea" },
	[BY_BOTH] = { "bytea", "bytea", "bytea" },
};

static const char *const heads[HOWS] = {
	[BY_TABLE] = "rt(i,s,t,c) AS (",
	[BY_COLUMN] = "rc(i,s,t,c) AS (",
	[BY_GLOB] = "rg(i,c) AS (",
	[BY_BOTH] = "rb(i,s,t,c) AS (",
};

/* As put_sql() writes it.
 * hit: columns that a rule names. down: those of children. up: those of parents, which show them, too; so a
 * rule of one partition is not for the others. rep: what repeats values; TOAST tables are found by their
 * owners. src: all these, and views over them with what they are over: 1259 is pg_class, 2618 pg_rewrite.
 * col: all columns that the answer tells. */
// clang-format off
static const char begin[] =
	"WITH RECURSIVE enc(e) AS MATERIALIZED (SELECT CASE"
	" WHEN @set_config('search_path','pg_catalog, pg_temp',true) IS NULL THEN NULL::@name"
	" WHEN @getdatabaseencoding()='SQL_ASCII' THEN 'SQL_ASCII'::@name ELSE 'UTF8'::@name END),\n";

static const char columns[] =
	"names(n,b) AS MATERIALIZED (SELECT x.n,{x.n} FROM"
	" (SELECT DISTINCT attname FROM @pg_attribute WHERE attnum>0) x(n)),\n"
	"rn(i,s,t,c) AS (SELECT i,s,t,c FROM rc"
	" UNION ALL SELECT r.i,NULL,NULL,x.n FROM rg r,names x WHERE @bytealike(x.b,r.c)),\n"
	"rels(o,s,t) AS MATERIALIZED (SELECT c.oid,{s.nspname},{c.relname}"
	" FROM @pg_class c,@pg_namespace s"
	" WHERE c.relkind=ANY('{r,p,v,m,f}') AND s.oid=c.relnamespace),\n"
	"rel(i,o,c) AS MATERIALIZED (SELECT r.i,x.o,r.c FROM rb r,rels x"
	" WHERE (r.t IS NULL OR @bytealike(x.t,r.t)) AND (r.s IS NULL OR @bytealike(x.s,r.s))),\n"
	"hit(i,o,a,n) AS (SELECT r.i,c.oid,a.attnum,a.attname FROM rt r,@pg_class c,@pg_attribute a"
	" WHERE c.relname=r.t AND c.relkind=ANY('{r,p,v,m,f}')"
	" AND (r.s IS NULL OR EXISTS (SELECT FROM @pg_namespace s WHERE s.oid=c.relnamespace"
	" AND @bytealike({s.nspname},r.s)))"
	" AND a.attrelid=c.oid AND a.attnum>0 AND NOT a.attisdropped"
	" AND (r.c IS NULL OR @bytealike({a.attname},r.c))"
	" UNION ALL SELECT r.i,c.oid,a.attnum,a.attname FROM rn r,@pg_attribute a,@pg_class c"
	" WHERE a.attname=r.c AND a.attnum>0 AND NOT a.attisdropped"
	" AND c.oid=a.attrelid AND c.relkind=ANY('{r,p,v,m,f}')"
	" AND (r.s IS NULL OR EXISTS (SELECT FROM @pg_namespace s WHERE s.oid=c.relnamespace"
	" AND @bytealike({s.nspname},r.s)))"
	" AND (r.t IS NULL OR @bytealike({c.relname},r.t))"
	" UNION ALL SELECT r.i,r.o,a.attnum,a.attname FROM rel r,@pg_attribute a"
	" WHERE a.attrelid=r.o AND a.attnum>0 AND NOT a.attisdropped"
	" AND (r.c IS NULL OR @bytealike({a.attname},r.c))),\n"
	"down(i,o,a,n) AS (SELECT i,o,a,n FROM hit UNION"
	" SELECT d.i,h.inhrelid,a.attnum,d.n FROM down d,@pg_inherits h,@pg_attribute a"
	" WHERE h.inhparent=d.o AND a.attrelid=h.inhrelid AND a.attname=d.n"
	" AND a.attnum>0 AND NOT a.attisdropped),\n"
	"up(i,o,a,n) AS (SELECT i,o,a,n FROM down UNION"
	" SELECT d.i,h.inhparent,a.attnum,d.n FROM up d,@pg_inherits h,@pg_attribute a"
	" WHERE h.inhrelid=d.o AND a.attrelid=h.inhparent AND a.attname=d.n"
	" AND a.attnum>0 AND NOT a.attisdropped),\n";

static const char repeats[] =
	"rep(o,a,n) AS (SELECT c.oid,a.attnum,a.attname FROM (VALUES (NULL::@name,NULL::@name,NULL::@name)"
#define ROW(schema, relation, column) ",('" schema "','" relation "','" column "')"
#include "ruleset/match/repeats.tbl.h"
#undef ROW
	") r(s,t,c),@pg_class c,@pg_namespace s,@pg_attribute a"
	" WHERE c.relname=r.t AND s.oid=c.relnamespace AND (r.s='*' OR r.s=s.nspname)"
	" AND a.attrelid=c.oid AND a.attname=r.c AND a.attnum>0 AND NOT a.attisdropped),\n";

static const char views[] =
	"src(o,f,a) AS (SELECT o,0::@oid,0 FROM up UNION SELECT o,0,0 FROM rep UNION"
	" SELECT w.ev_class,b.o,d.refobjsubid FROM src b,@pg_depend d,@pg_rewrite w"
	" WHERE d.refclassid=1259 AND d.refobjid=b.o AND d.classid=2618"
	" AND w.oid=d.objid AND w.ev_type='1' AND w.ev_class<>b.o),\n"
	"vw(v) AS (SELECT DISTINCT o FROM src WHERE f<>0),\n"
	"col(k,o,a,i,n) AS (SELECT 'c',o,a,i,n FROM up"
	" UNION ALL SELECT DISTINCT 't',a.attrelid,a.attnum,u.i,a.attname"
	" FROM up u,@pg_class c,@pg_attribute a"
	" WHERE c.oid=u.o AND a.attrelid=c.reltoastrelid AND a.attname='chunk_data'"
	" UNION ALL SELECT 's',o,a,NULL,n FROM rep"
	" UNION ALL SELECT 'o',a.attrelid,a.attnum,NULL,a.attname FROM vw,@pg_attribute a"
	" WHERE a.attrelid=vw.v AND a.attnum>0 AND NOT a.attisdropped)\n";

static const char answer[] =
	"SELECT 'n',@max(oid)::@text,NULL,NULL,NULL,NULL,NULL,NULL FROM @pg_class\n"
	"UNION ALL SELECT x.k,x.o::@text,x.a::@text,CASE WHEN y.attgenerated<>'' THEN '-1'"
	" ELSE (SELECT @count(*) FROM @pg_attribute b WHERE b.attrelid=x.o AND b.attnum>0 AND b.attnum<x.a"
	" AND NOT b.attisdropped AND b.attgenerated='')::@text END,"
	"x.i::@text,s.nspname::@text,c.relname::@text,x.n::@text"
	" FROM col x,@pg_class c,@pg_namespace s,@pg_attribute y"
	" WHERE c.oid=x.o AND s.oid=c.relnamespace AND y.attrelid=x.o AND y.attnum=x.a\n"
	"UNION ALL SELECT 'd',o::@text,a::@text,NULL,f::@text,NULL,NULL,NULL FROM src WHERE f<>0\n"
	"UNION ALL SELECT 'v',v::@text,NULL,NULL,NULL,NULL,NULL,"
	"CASE WHEN (SELECT e FROM enc) IS NULL THEN NULL ELSE @pg_get_viewdef(v) END FROM vw";

// clang-format on

static void put(struct outbuf *o, const char *text)
{
	ob_put(o, text, strlen(text));
}

/* @ is pg_catalog, operators are those of pg_catalog, {name} is a name as bytes; but in quotes. */
static void put_sql(struct outbuf *o, const char *sql)
{
	bool is_quoted = false;

	for (size_t n; *sql != '\0'; sql += n) {
		n = is_quoted ? 0 : strspn(sql, "=<>");
		if (n > 0) {
			put(o, " OPERATOR(pg_catalog.");
			ob_put(o, sql, n);
			put(o, ") ");
			continue;
		}
		n = 1;
		is_quoted ^= *sql == '\'';
		if (!is_quoted && *sql == '@')
			put(o, "pg_catalog.");
		else if (!is_quoted && *sql == '{')
			put(o, "pg_catalog.convert_to(");
		else if (!is_quoted && *sql == '}')
			put(o, "::pg_catalog.text,(SELECT e FROM enc))");
		else
			ob_u8(o, (uint8_t)*sql);
	}
}

static void put_number(struct outbuf *o, uint32_t n)
{
	char digits[10];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	ob_put(o, digits + at, sizeof(digits) - at);
}

static bool is_any(const char *glob)
{
	return glob[strspn(glob, "*")] == '\0';
}

/* Can it be written, and be compared with, as it is? NAMEDATALEN is 64. */
static bool is_plain(const char *glob)
{
	size_t n = 0;

	for (; glob[n] != '\0'; n++) {
		if (glob[n] < ' ' || glob[n] > '~' || strchr("*?$", glob[n]) != NULL)
			return false;
	}
	return n < 64;
}

static enum how how_of(const struct model_data *d)
{
	if (is_plain(d->table))
		return BY_TABLE;
	if (is_plain(d->column))
		return BY_COLUMN;
	return is_any(d->schema) && is_any(d->table) ? BY_GLOB : BY_BOTH;
}

/* A byte of a pattern of LIKE, within a bytea in its escape format, within dollar quotes. */
static void put_byte(struct outbuf *o, uint8_t c)
{
	const uint8_t octal[] = { '\\', (uint8_t)('0' + (c >> 6)), (uint8_t)('0' + (c >> 3 & 7)),
		(uint8_t)('0' + (c & 7)) };

	if (c == '*')
		put(o, "%");
	else if (c == '?')
		put(o, "_");
	else if (c == '\\')
		put(o, "\\\\\\\\");
	else if (c < ' ' || c > '~' || c == '$')
		ob_put(o, octal, sizeof(octal));
	else {
		if (c == '%' || c == '_')
			put(o, "\\\\");
		ob_u8(o, c);
	}
}

static void put_pattern(struct outbuf *o, const char *glob)
{
	if (is_any(glob)) {
		put(o, "NULL");
		return;
	}
	put(o, "$$");
	for (; *glob != '\0'; glob++)
		put_byte(o, (uint8_t)*glob);
	put(o, "$$");
}

static void put_name(struct outbuf *o, const char *name)
{
	put(o, "$$");
	put(o, name);
	put(o, "$$");
}

/* One row of VALUES; the first has the types. */
static void put_rule(struct outbuf *o, enum how how, uint32_t i, const struct model_data *d,
		bool is_first)
{
	const char *const globs[] = { d->schema, d->table, d->column };

	put(o, is_first ? "VALUES (" : ",(");
	put_number(o, i);
	for (size_t k = 0; k < 3; k++) {
		if (types[how][k] == NULL)
			continue;
		put(o, ",");
		if (strcmp(types[how][k], "name") == 0)
			put_name(o, globs[k]);
		else
			put_pattern(o, globs[k]);
		if (!is_first)
			continue;
		put(o, "::pg_catalog.");
		put(o, types[how][k]);
	}
	put(o, ")");
}

static void put_none(struct outbuf *o, enum how how)
{
	put(o, "SELECT 0");
	for (size_t k = 0; k < 3; k++) {
		if (types[how][k] == NULL)
			continue;
		put(o, ",NULL::pg_catalog.");
		put(o, types[how][k]);
	}
	put(o, " WHERE false");
}

/* Does a rule before it name the same? */
static bool is_again(const struct policy *policy, const struct model_data *d, uint32_t i)
{
	for (uint32_t p = 0; p < policy->n_packs; p++) {
		const struct model_pack *pack = &policy->packs[p];

		for (uint32_t k = 0; k < pack->n_data; k++, i--) {
			if (i == 0)
				return false;
			if (rules_are_alike(&pack->data[k], d))
				return true;
		}
	}
	return false;
}

/* The rules that are found in one way. Returns how many. */
static int put_rules(const struct policy *policy, enum how how, struct outbuf *o)
{
	uint32_t i = 0;
	int n = 0;

	put(o, heads[how]);
	for (uint32_t p = 0; p < policy->n_packs; p++) {
		const struct model_pack *pack = &policy->packs[p];

		for (uint32_t k = 0; k < pack->n_data && !o->full; k++, i++) {
			const struct model_data *d = &pack->data[k];

			if (d->column != NULL && how_of(d) == how && !is_again(policy, d, i))
				put_rule(o, how, i, d, n++ == 0);
		}
	}
	if (n == 0)
		put_none(o, how);
	put(o, "),\n");
	return n;
}

static uint32_t count_columns(const struct policy *policy)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < policy->n_packs; p++) {
		for (uint32_t k = 0; k < policy->packs[p].n_data; k++)
			n += policy->packs[p].data[k].column != NULL;
	}
	return n;
}

int catalog_query_put(const struct policy *policy, struct outbuf *o)
{
	const size_t before = o->len;
	const uint32_t n_columns = count_columns(policy);
	int n = 0;

	if (n_columns == 0)
		return 0;
	if (n_columns > CATALOG_RULES_MAX)
		return -ENOSPC;
	put_sql(o, begin);
	for (size_t how = 0; how < HOWS; how++)
		n += put_rules(policy, (enum how)how, o);
	put_sql(o, columns);
	put_sql(o, repeats);
	put_sql(o, views);
	put_sql(o, answer);
	if (!o->full && o->len - before <= CATALOG_QUERY_MAX)
		return n;
	o->len = before;
	return -ENOSPC;
}
