/* SPDX-License-Identifier: Apache-2.0
 * Pack "read-only": what is not proven to change nothing is denied. Beyond the proof of parsers/sql it
 * lets pass what a session that only reads needs: transactions, settings of a closed list, and
 * what was prepared or declared before, for that was judged then. */
#include "ruleset/match/match_priv.h"

static const uint64_t harmless = KIND(SELECT) | KIND(EXPLAIN) | KIND(EXPLAIN_ANALYZE) | KIND(SHOW) |
		KIND(COPY_TO) | KIND(BEGIN) | KIND(COMMIT) | KIND(ROLLBACK) | KIND(SAVEPOINT) |
		KIND(RELEASE) | KIND(PREPARE) | KIND(EXECUTE) | KIND(DEALLOCATE) | KIND(DECLARE) |
		KIND(FETCH) | KIND(CLOSE) | KIND(SET) | KIND(RESET) | KIND(DISCARD);

/* Settings that say how values look or how long one waits. search_path: see is_odd_path(). Not
 * here: role and session_authorization (another user's rights), standard_conforming_strings,
 * whatever else changes what a text does. "TRANSACTION" and "SESSION CHARACTERISTICS" are the
 * names that the grammar gives to SET TRANSACTION and its like; BEGIN can say the same. */
static const char *const settings[] = {
	"SESSION CHARACTERISTICS",
	"TRANSACTION",
	"TRANSACTION SNAPSHOT",
	"application_name",
	"bytea_output",
	"client_encoding",
	"client_min_messages",
	"datestyle",
	"extra_float_digits",
	"idle_in_transaction_session_timeout",
	"intervalstyle",
	"lock_timeout",
	"search_path",
	"statement_timeout",
	"timezone",
};

/* With pg_catalog named, a function of the user's may stand before PostgreSQL's own of that name. */
static bool is_odd_path(const struct sql_facts *facts, const struct sql_item *item)
{
	return match_name_is(facts, item->name, "search_path") &&
			match_name_is(facts, item->alias, "pg_catalog");
}

static bool is_odd_setting(const struct sql_facts *facts, const struct sql_item *item)
{
	return item->what == SQL_I_SETTING &&
			(!match_name_in(facts, item->name, settings, N_OF(settings)) ||
					is_odd_path(facts, item));
}

static bool may_write(const struct sql_facts *facts, const struct sql_stmt *stmt)
{
	if ((stmt->flags & SQL_F_READ_ONLY) != 0)
		return false;
	if ((stmt->flags & (SQL_F_OPAQUE | SQL_F_UNKNOWN | SQL_F_SIDE_FUNCTION)) != 0)
		return true;
	if (stmt->kinds == 0 || (stmt->kinds & ~harmless) != 0)
		return true;
	return (stmt->kinds & KIND(SET)) != 0 && match_any_item(facts, stmt, is_odd_setting);
}

static const struct rule rules[] = {
	{
			.says = { "not-read-only", VERDICT_DENY, NULL,
					"This target may only be read, and the statement is not known "
					"to change nothing",
					"Ask the operator of this gateway if it must be done." },
			.also = may_write,
	},
};

const struct pack match_read_only = {
	.name = "read-only",
	.rules = rules,
	.n_rules = N_OF(rules),
	.large_object_write = &rules[0].says,
};

bool match_read_only_is_sorted(void)
{
	return match_is_sorted(settings, N_OF(settings));
}
