/* SPDX-License-Identifier: Apache-2.0
 * Facts as one line of text, for tables of tests:
 *
 *	KINDS [inner=KINDS] [objects=...] [FLAGS] [where=W] [limit=N] | ITEM | ITEM ; next statement
 *
 * An item is LETTER name[=alias]:roles, where the name has what was given of schema and qualifier,
 * and @n says that it is of the n-th item. */
#pragma once

#include "parsers/sql/facts.h"

#include <stddef.h>

/* Facts of <text>, or the reason why there are none, in <out>. Returns the facts, or NULL; they are
 * in static memory until the next call. */
const struct sql_facts *dump_facts(const char *text, char *out, size_t cap);
