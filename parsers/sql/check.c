/* SPDX-License-Identifier: Apache-2.0
 * The structs of the parse tree come from PostgreSQL's headers, the trees from libpg_query: do the
 * two still fit? A statement whose facts are known says so before the first stranger's does. */
#include "parsers/sql/facts.h"
#include "parsers/sql/walk_priv.h"

#include <errno.h>
#include <string.h>

static const char known[] =
		"WITH d AS (DELETE FROM s.gone AS g USING u WHERE g.id = 1 RETURNING a) "
		"INSERT INTO dest (x) SELECT f(b) FROM src c JOIN o ON c.i = o.i WHERE p LIKE 'x' "
		"GROUP BY q HAVING r > 1 ORDER BY w LIMIT 7 ON CONFLICT (k) DO UPDATE SET z = 1; "
		"COPY t TO PROGRAM 'y'; DROP VIEW v";

/* All names in the order of the walk. */
static const char names[] = "gone u id a src o i i f b p q r w dest x k z y t v ";

static bool names_are_known(const struct sql_facts *facts)
{
	const char *at = names;

	for (uint32_t i = 0; i < facts->n_items; i++) {
		const struct sql_item *item = sql_facts_item(facts, i);
		const struct span name = sql_facts_str(facts, item->name);

		if (item->name.len == 0)
			continue;
		if (strncmp(at, (const char *)name.ptr, name.len) != 0 || at[name.len] != ' ')
			return false;
		at += name.len + 1;
	}
	return *at == '\0';
}

int sql_facts_check(void)
{
	const struct sql_job job = { .text = { (const uint8_t *)known, sizeof(known) - 1 },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &sql_limits_default };
	const uint64_t kinds[] = {
		1ULL << SQL_K_SELECT | 1ULL << SQL_K_INSERT | 1ULL << SQL_K_UPDATE |
				1ULL << SQL_K_DELETE,
		1ULL << SQL_K_COPY_TO | 1ULL << SQL_K_COPY_PROGRAM,
		1ULL << SQL_K_DROP,
	};
	uint64_t memory[400];
	const struct sql_facts *facts;

	if (!builtin_is_sorted() || !fails_is_sorted())
		return -EPROTO;
	if (sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &facts) != SQL_OK)
		return -EPROTO;
	if (facts->n_stmts != 3 || !names_are_known(facts))
		return -EPROTO;
	for (uint32_t i = 0; i < 3; i++) {
		if (sql_facts_stmt(facts, i)->kinds != kinds[i])
			return -EPROTO;
	}
	return sql_facts_stmt(facts, 2)->objects == 1U << SQL_O_VIEW ? 0 : -EPROTO;
}
