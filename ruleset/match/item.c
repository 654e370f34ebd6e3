/* SPDX-License-Identifier: Apache-2.0
 * What rules ask of a statement's facts. */
#include "ruleset/match/match_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* EXPLAIN only plans: it is not what it explains. What CREATE stores (the actions of a rule, the
 * body of a function) runs later inside commands that do not show it, so it counts as if it ran. */
uint64_t match_kinds_of(const struct sql_stmt *stmt)
{
	return (stmt->kinds & KIND(CREATE)) != 0 ? stmt->kinds | stmt->inner_kinds : stmt->kinds;
}

bool match_any_item(const struct sql_facts *facts, const struct sql_stmt *stmt,
		bool (*is)(const struct sql_facts *facts, const struct sql_item *item))
{
	for (uint32_t i = 0; i < stmt->n_items; i++) {
		if (is(facts, sql_facts_item(facts, stmt->first_item + i)))
			return true;
	}
	return false;
}

static int compare(struct span s, const char *name)
{
	const size_t len = strlen(name), n = s.len < len ? s.len : len;
	const int rc = n == 0 ? 0 : memcmp(s.ptr, name, n);

	return rc != 0 ? rc : (s.len > len) - (s.len < len);
}

static int compare_entry(const void *key, const void *entry)
{
	return compare(*(const struct span *)key, *(const char *const *)entry);
}

bool match_name_in(const struct sql_facts *facts, struct sql_str s, const char *const *sorted,
		size_t n)
{
	const struct span name = sql_facts_str(facts, s);

	return bsearch(&name, sorted, n, sizeof(*sorted), compare_entry) != NULL;
}

bool match_name_is(const struct sql_facts *facts, struct sql_str s, const char *name)
{
	return compare(sql_facts_str(facts, s), name) == 0;
}

bool match_setting_is(const struct sql_facts *facts, struct sql_str s, const char *name)
{
	const struct span text = sql_facts_str(facts, s);
	const size_t len = strlen(name);

	return text.len == len && strncasecmp((const char *)text.ptr, name, len) == 0;
}

bool match_name_begins(const struct sql_facts *facts, struct sql_str s, const char *head)
{
	const struct span name = sql_facts_str(facts, s);
	const size_t len = strlen(head);

	return name.len >= len && memcmp(name.ptr, head, len) == 0;
}

bool match_is_sorted(const char *const *names, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (strcmp(names[i - 1], names[i]) >= 0)
			return false;
	}
	return true;
}
