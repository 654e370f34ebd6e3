/* SPDX-License-Identifier: Apache-2.0
 * What the statements of a text are and do, from PostgreSQL's own grammar (libpg_query 15). The
 * text is judged, not the catalogue: see "What facts cannot know" in README.md. Names are as the
 * server has them: folded, unescaped, cut to 63 bytes. */
#pragma once

#include "parsers/sql/settings.h"
#include "parsers/sql/shape.h"

enum sql_kind {

#define ROW(sym) SQL_K_##sym,
#include "parsers/sql/kinds.tbl.h"
#undef ROW
	SQL_K_MAX,
};

enum sql_object {

#define ROW(sym) SQL_O_##sym,
#include "parsers/sql/objects.tbl.h"
#undef ROW
	SQL_O_MAX,
};

/* Why there are no facts. All but SQL_OK: nothing is known, so nothing may pass for known. */
enum sql_rc {
	SQL_OK,
	SQL_SYNTAX,           /* lexer or grammar refuses it, as a server of version 15 does */
	SQL_UNSAFE_ENCODING,  /* see settings.h */
	SQL_TOO_LARGE_INLINE, /* longer than limits.inline_bytes: call again off the worker */
	SQL_TOO_LARGE,        /* longer than limits.max_bytes */
	SQL_TOO_DEEP,         /* nested beyond limits.max_depth */
	SQL_TOO_COMPLEX,      /* more work than limits.max_work */
	SQL_NO_ROOM,          /* the caller's memory is too small for the facts */
	SQL_SPLIT_STRING, /* a string goes on behind a comment: libpg_query reads it otherwise */
	SQL_DISAGREE,     /* our lexer and libpg_query see different statements */
	SQL_RC_MAX,
};

enum {                            /* sql_stmt.flags */
	SQL_F_READ_ONLY = 1 << 0, /* proven, as far as its text tells: README.md, "Read-only" */
	SQL_F_OPAQUE = 1
			<< 1, /* runs, or stores, code that is not SQL text here: DO, CALL, bodies */
	SQL_F_DYNAMIC = 1 << 2,     /* runs what was given earlier: EXECUTE, FETCH */
	SQL_F_UNKNOWN = 1 << 3,     /* has a node that is not understood */
	SQL_F_DISTINCT = 1 << 4,    /* compares any output columns: DISTINCT, UNION, EXCEPT ... */
	SQL_F_NATURAL = 1 << 5,     /* NATURAL JOIN: compares columns that are not named */
	SQL_F_STAR = 1 << 6,        /* has an item SQL_I_STAR */
	SQL_F_COPY_STREAM = 1 << 7, /* COPY over the connection: FROM STDIN, TO STDOUT */
	SQL_F_SIDE_FUNCTION =
			1 << 8, /* calls a function, operator or cast that is not known harmless */
	SQL_F_DATA_IN_CTE = 1 << 9, /* INSERT, UPDATE, DELETE in a WITH */
};

/* The worst of the UPDATEs and DELETEs of a statement. */
enum sql_where {
	SQL_WHERE_NOT_ASKED, /* it has none of the two */
	SQL_WHERE_PRESENT,
	SQL_WHERE_WEAK,    /* it only leaves some out: x > 0, x <> 5, x IS NOT NULL, NOT LIKE */
	SQL_WHERE_TRIVIAL, /* there is one, but it may hold for every row: true, 1=1, x=x, $1 ... */
	SQL_WHERE_NONE,
};

enum {                          /* sql_stmt.limit, else the number of rows */
	SQL_LIMIT_NONE = -1,    /* also LIMIT ALL */
	SQL_LIMIT_UNKNOWN = -2, /* a parameter, an expression */
};

struct sql_stmt {
	uint64_t kinds;       /* bit SQL_K_x: what it does, all the way down */
	uint64_t inner_kinds; /* of what it only plans or stores: EXPLAIN, CREATE VIEW, CREATE RULE */
	int64_t limit;        /* of the outermost query */
	uint32_t objects;     /* bit SQL_O_x */
	uint32_t flags;
	uint32_t first_item, n_items;
	uint32_t where; /* enum sql_where */
	uint32_t outs; /* first arm of what it puts out, or would when run: sql_facts_arm(); 0: none.
			 * Not to be told of EXPLAIN, SHOW, EXECUTE and FETCH */
	uint32_t arms; /* first of all its arms, sub-selects' as well: .next_of_stmt leads on */
	uint32_t unused;
};

enum sql_item_what {
	SQL_I_RELATION, /* roles: SQL_R_x */
	SQL_I_RANGE,    /* in FROM, but no relation: sub-select, CTE, function. name: a CTE's */
	SQL_I_COLUMN,   /* roles: SQL_COL_x */
	SQL_I_STAR,     /* *, or t.*: all columns of .range, or of every relation of the query */
	SQL_I_FUNCTION,
	SQL_I_OPERATOR, /* those that are not known harmless */
	SQL_I_TYPE,     /* same, of casts */
	/* Of SET, RESET, SHOW, set_config(); alias: the value, where it is one constant. No name: of RESET ALL
	 * and SHOW ALL, or set_config() is given it by what is no constant. */
	SQL_I_SETTING,
	SQL_I_PREPARED, /* name of a prepared statement; none: ALL */
	SQL_I_CURSOR,
	SQL_I_CHANNEL,
	SQL_I_SAVEPOINT,
	SQL_I_FILE,   /* of COPY: name is the server's file or command */
	SQL_I_OBJECT, /* of DDL; what is no relation */
	SQL_I_ROLE,
	SQL_I_LANGUAGE,
	SQL_I_OPTION, /* of COPY; alias: its value, "true" where none is given */
	SQL_I_MAX,
};

enum { /* roles of relations */
	SQL_R_READ = 1 << 0,
	SQL_R_INSERT = 1 << 1,
	SQL_R_UPDATE = 1 << 2,
	SQL_R_DELETE = 1 << 3,
	SQL_R_TRUNCATE = 1 << 4,
	SQL_R_CREATE = 1 << 5,
	SQL_R_ALTER = 1 << 6,
	SQL_R_DROP = 1 << 7,
	SQL_R_LOCK = 1 << 8,
	SQL_R_GRANT = 1 << 9,
	SQL_R_MAINTAIN = 1 << 10, /* VACUUM, ANALYZE, CLUSTER, REINDEX, REFRESH, COMMENT ... */
	SQL_R_WRITTEN = SQL_R_INSERT | SQL_R_UPDATE | SQL_R_DELETE | SQL_R_TRUNCATE,
};

enum {                         /* roles of columns, stars and functions: where they stand */
	SQL_COL_OUT = 1 << 0,  /* output of the statement; also RETURNING */
	SQL_COL_SUB = 1 << 1,  /* output of a sub-select, which may go anywhere */
	SQL_COL_EXPR = 1 << 2, /* inside an expression, not as itself */
	SQL_COL_WHERE = 1 << 3,
	SQL_COL_JOIN = 1 << 4,
	SQL_COL_GROUP = 1 << 5,
	SQL_COL_ORDER = 1 << 6,
	SQL_COL_HAVING = 1 << 7,
	SQL_COL_DISTINCT = 1 << 8, /* DISTINCT ON, count(DISTINCT ...) */
	SQL_COL_WINDOW = 1 << 9,
	SQL_COL_FILTER = 1 << 10,
	SQL_COL_LIMIT = 1 << 11,
	SQL_COL_WRITTEN = 1 << 12, /* target of INSERT, UPDATE, COPY FROM */
	SQL_COL_STORED = 1 << 13,  /* its value is written somewhere */
	SQL_COL_CONFLICT = 1 << 14,
	SQL_COL_FROM = 1 << 15, /* argument of a function in FROM */
	SQL_COL_DDL = 1 << 16,
	SQL_COL_ARG = 1 << 17,       /* of CALL, EXECUTE */
	SQL_COL_WHOLE_ROW = 1 << 18, /* names a range: all its columns at once */
	SQL_COL_SIDE = 1 << 19,      /* given to a function that is not known harmless */
	SQL_COL_COUNTED = 1 << 20,   /* all of an argument of count(): is it null? */
	SQL_COL_EXISTS = 1 << 21,    /* output of EXISTS (...), as itself: never looked at */
	SQL_COL_PREDICATE = SQL_COL_WHERE | SQL_COL_JOIN | SQL_COL_GROUP | SQL_COL_ORDER |
			SQL_COL_HAVING | SQL_COL_DISTINCT | SQL_COL_WINDOW | SQL_COL_FILTER |
			SQL_COL_LIMIT | SQL_COL_CONFLICT,
};

struct sql_str {
	uint32_t at, len; /* of sql_facts_str() */
};

enum { SQL_NO_RANGE = -1 };

enum {                           /* sql_item.flags */
	SQL_IF_SIDE = 1 << 0,    /* of functions, operators, types: not known harmless */
	SQL_IF_RENAMED = 1 << 1, /* of ranges: AS t (a, b), so its columns have other names */
	SQL_IF_CONST = 1 << 2,   /* of types: a literal or a parameter alone is cast */
};

struct sql_item {
	uint8_t what, flags;
	uint16_t scope; /* the query it stands in: ranges of one query have the same */
	uint32_t roles;
	int32_t range; /* of columns and stars: index of the item that its qualifier names, or
			* SQL_NO_RANGE: then any of the statement may be meant */
	struct sql_str schema, qualifier, name, alias; /* empty: not given */
	uint32_t arms; /* of a range: first arm of its query; 0: a JOIN's alias, any of the query */
};

/* What one SELECT, VALUES or RETURNING puts out, in order. A UNION has an arm for each of its queries,
 * and what it puts out stands for the same place of every arm; but for stars, whose columns only the
 * server can count. */
enum sql_output_what {
	SQL_OUT_EXPR,   /* made of its items, if it has any */
	SQL_OUT_COLUMN, /* its one item, a column as itself */
	SQL_OUT_STAR,   /* its one item, a star */
	SQL_OUT_TABLE,  /* the same, of COPY table TO: without columns that are generated */
	SQL_OUT_MAX,
};

struct sql_output {
	struct sql_str name; /* empty: not to be told, it may be any */
	uint32_t first_item, n_items;
	uint8_t what;
	bool may_fail; /* an error for some values, and none for others: fails.c */
	uint16_t unused;
};

enum {                             /* sql_arm.flags */
	SQL_ARM_COMPARED = 1 << 0, /* rows of it with each other: DISTINCT, UNION, EXCEPT ... */
	SQL_ARM_CTE = 1 << 1,      /* stands for the CTE whose arms follow; has no outputs */
	SQL_ARM_RENAMED = 1 << 2,  /* with CTE: WITH t (a, b), its columns have other names */
};

struct sql_arm {
	uint32_t next;         /* of the same query; 0: the last one */
	uint32_t next_of_stmt; /* of stmt->arms; 0: the last one */
	uint32_t n;            /* outputs */
	uint32_t flags;
};

/* One block of memory without pointers: may be copied. Read by the functions below. */
struct sql_facts {
	uint32_t bytes; /* of the block */
	uint32_t n_stmts, n_items;
	bool needs_literals; /* these facts hold for this text, not for all of its shape */
	bool has_unicode;    /* a name has a byte above 0x7f: look-alikes are possible */
	uint16_t unused;
	uint64_t kinds; /* of all statements */
};

struct sql_limits {
	uint32_t inline_bytes; /* 0: this call may take its time */
	uint32_t max_bytes;    /* of a text, at most 16 MiB */
	uint32_t max_depth; /* of expressions and queries, at most 1000: about 500 B of stack each */
	uint32_t max_work;  /* nodes and comparisons */
};

extern const struct sql_limits sql_limits_default;

/* A text to be judged, as the server gets it: all of a Query message, or of a Parse. */
struct sql_job {
	struct span text;
	struct sql_settings settings;
	const struct sql_limits *limits;
	const struct sql_shape
			*shape; /* of this text, or NULL: then needs_literals is set always */
};

struct sql_memory {
	void *ptr; /* aligned to 8 */
	size_t len;
};

/* SQL_OK, or why <job> will not be looked at: encoding or size. Looks at no byte of it. */
enum sql_rc sql_check_size(const struct sql_job *job);

/* The facts of <job>, in <memory>: which must also hold a copy of the text while this runs. SQL_OK
 * and *ret_facts, or why not, and *ret_facts is untouched. Any thread; uses the heap within
 * libpg_query, and gives all back. An empty text has no statements. */
enum sql_rc sql_facts_of(const struct sql_job *job, struct sql_memory memory,
		const struct sql_facts **ret_facts);

const struct sql_stmt *sql_facts_stmt(const struct sql_facts *facts, uint32_t i);
const struct sql_item *sql_facts_item(const struct sql_facts *facts, uint32_t i);
struct span sql_facts_str(const struct sql_facts *facts, struct sql_str s);
const struct sql_arm *sql_facts_arm(const struct sql_facts *facts, uint32_t at); /* not 0 */
const struct sql_output *sql_facts_output(
		const struct sql_facts *facts, const struct sql_arm *arm, uint32_t i);

const char *sql_kind_name(enum sql_kind kind); /* "copy_from" */
const char *sql_object_name(enum sql_object object);

/* -EPROTO: the parse trees of the installed libpg_query are not those that this was built for. Call
 * once at the start, and do not go on then. */
int sql_facts_check(void);
