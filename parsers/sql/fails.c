/* SPDX-License-Identifier: Apache-2.0
 * Whether there is an error tells something of a value: 1 / (ssn LIKE '1%')::int, and ssn::int has the
 * value in the message. Closed lists of what cannot fail, whatever the values of a row are; that it
 * may by the size of what is made does not count. Where an argument matters, it must be given by the
 * text: a literal, a parameter. */
#include "parsers/sql/walk_priv.h"

#include <stdlib.h>
#include <string.h>

enum {
	ANY = 0,
	BUT_FIRST = -2, /* all but the first must be given */
	ALL = -1,
	FIRST = 1,
	SECOND = 2,
	THIRD = 4,
	ODD = 0x55555555, /* keys of objects: the first, the third ... */
};

struct safe_function {
	const char *name;
	int given; /* bits of the arguments that must be */
};

// clang-format off
static const struct safe_function functions[] = {
	{ "array_agg", ANY }, { "array_length", SECOND }, { "array_to_json", ANY },
	{ "array_to_string", ANY }, { "bit_length", ANY }, { "bool_and", ANY },
	{ "bool_or", ANY }, { "btrim", ANY }, { "cardinality", ANY }, { "char_length", ANY },
	{ "character_length", ANY }, { "concat", ANY }, { "concat_ws", ANY }, { "count", ANY },
	{ "cume_dist", ANY }, { "date_part", FIRST }, { "dense_rank", ANY }, { "encode", SECOND },
	{ "every", ANY }, { "extract", FIRST }, { "first_value", ANY }, { "initcap", ANY },
	{ "json_agg", ANY }, { "json_build_array", ANY }, { "json_build_object", ODD },
	{ "json_object_agg", FIRST }, { "json_typeof", ANY }, { "jsonb_agg", ANY },
	{ "jsonb_build_array", ANY }, { "jsonb_build_object", ODD },
	{ "jsonb_object_agg", FIRST }, { "jsonb_typeof", ANY }, { "lag", ANY },
	{ "last_value", ANY }, { "lead", ANY }, { "left", ANY }, { "length", ANY },
	{ "lower", ANY }, { "ltrim", ANY }, { "max", ANY }, { "md5", ANY }, { "min", ANY },
	{ "now", ANY }, { "nth_value", SECOND }, { "ntile", ALL }, { "num_nonnulls", ANY },
	{ "num_nulls", ANY }, { "octet_length", ANY }, { "overlay", BUT_FIRST },
	{ "percent_rank", ANY }, { "pg_typeof", ANY }, { "position", ANY },
	{ "quote_ident", ANY }, { "quote_literal", ANY }, { "quote_nullable", ANY },
	{ "rank", ANY }, { "regexp_match", BUT_FIRST }, { "regexp_replace", BUT_FIRST },
	{ "replace", ANY }, { "reverse", ANY }, { "right", ANY }, { "row_number", ANY },
	{ "row_to_json", ANY }, { "rtrim", ANY }, { "sha256", ANY }, { "split_part", BUT_FIRST },
	{ "starts_with", ANY }, { "string_agg", ANY }, { "string_to_array", ANY },
	{ "strpos", ANY }, { "substr", BUT_FIRST }, { "substring", BUT_FIRST },
	{ "to_char", SECOND }, { "to_json", ANY }, { "to_jsonb", ANY }, { "translate", ANY },
	{ "upper", ANY },
};

/* With a pattern: what is right of it must be given. */
static const char *const patterns[] = { "!~", "!~*", "!~~", "!~~*", "~", "~*", "~~", "~~*" };

static const char *const operators[] = { "#>", "#>>", "&&", "->", "->>", "<", "<=", "<>", "<@", "=",
	">", ">=", "?", "?&", "?|", "@>", "||" };

static const char *const types[] = { "bpchar", "name", "text", "varchar" };
// clang-format on

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_in(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}

static int compare(const void *name, const void *entry)
{
	return strcmp(name, ((const struct safe_function *)entry)->name);
}

bool walk_is_given(const Node *node)
{
	while (node != NULL && IsA(node, TypeCast))
		node = ((const TypeCast *)(const void *)node)->arg;
	return node != NULL && (IsA(node, A_Const) || IsA(node, ParamRef));
}

static bool is_of_postgres(const List *names)
{
	const int n = list_length(names);
	const char *schema = n < 2 ? NULL : walk_string(list_nth(names, n - 2));

	return n < 2 || (schema != NULL && strcmp(schema, "pg_catalog") == 0);
}

bool fails_call(const FuncCall *call)
{
	const char *name = walk_last_name(call->funcname);
	const struct safe_function *f;
	unsigned int i = 0;
	const ListCell *cell;

	if (name == NULL || !is_of_postgres(call->funcname) || call->func_variadic)
		return true;
	f = bsearch(name, functions, N_OF(functions), sizeof(*functions), compare);
	if (f == NULL)
		return true;
	foreach (cell, call->args) {
		if (i < 32 && ((unsigned int)f->given >> i & 1) != 0 &&
				!walk_is_given(lfirst(cell)))
			return true;
		i++;
	}
	return f->given != ANY && i > 32;
}

/* IN, BETWEEN, DISTINCT FROM and NULLIF compare with = and its kin. */
bool fails_operator(const A_Expr *e)
{
	const char *name = walk_last_name(e->name);

	switch ((int)e->kind) {
	case AEXPR_DISTINCT:
	case AEXPR_NOT_DISTINCT:
	case AEXPR_NULLIF:
	case AEXPR_IN:
	case AEXPR_BETWEEN:
	case AEXPR_NOT_BETWEEN:
	case AEXPR_BETWEEN_SYM:
	case AEXPR_NOT_BETWEEN_SYM:
		return false;
	default:
		break;
	}
	if (name == NULL || !is_of_postgres(e->name))
		return true;
	if (is_in(operators, N_OF(operators), name))
		return false;
	return !is_in(patterns, N_OF(patterns), name) || !walk_is_given(e->rexpr);
}

/* A literal is cast when the statement is parsed. To an array is none of these. */
bool fails_cast(const TypeCast *cast)
{
	const TypeName *type = cast->typeName;
	const char *name = type == NULL ? NULL : walk_last_name(type->names);

	if (walk_is_given(cast->arg))
		return false;
	return name == NULL || !is_of_postgres(type->names) || type->arrayBounds != NIL ||
			!is_in(types, N_OF(types), name);
}

bool fails_is_sorted(void)
{
	for (size_t i = 1; i < N_OF(functions); i++) {
		if (strcmp(functions[i - 1].name, functions[i].name) >= 0)
			return false;
	}
	return true;
}
