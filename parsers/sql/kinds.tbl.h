/* SPDX-License-Identifier: Apache-2.0
 * ROW(symbol): what a statement does. A statement has a set of these: EXPLAIN ANALYZE DELETE has
 * three. At most 64. */
ROW(SELECT)      /* also VALUES and TABLE */
ROW(SELECT_INTO) /* with CREATE */
ROW(SELECT_LOCK) /* FOR UPDATE and its kin */
ROW(INSERT)
ROW(UPDATE) /* also ON CONFLICT DO UPDATE, beside INSERT */
ROW(DELETE)
ROW(MERGE) /* with INSERT, UPDATE, DELETE as its branches have them */
ROW(TRUNCATE)
ROW(CREATE)
ROW(CREATE_AS) /* with CREATE and the query's kinds */
ROW(ALTER)
ROW(RENAME) /* with ALTER; also SET SCHEMA and OWNER TO */
ROW(DROP)
ROW(GRANT)
ROW(REVOKE)
ROW(COPY_FROM)
ROW(COPY_TO)
ROW(COPY_FILE)    /* with the two above: a file of the server */
ROW(COPY_PROGRAM) /* with the two above: a command on the server */
ROW(SET)
ROW(RESET)
ROW(SHOW)
ROW(ALTER_SYSTEM)
ROW(BEGIN)
ROW(COMMIT)
ROW(ROLLBACK) /* also to a savepoint */
ROW(SAVEPOINT)
ROW(RELEASE)
ROW(TWO_PHASE) /* PREPARE TRANSACTION, COMMIT and ROLLBACK PREPARED */
ROW(PREPARE)   /* with the query's kinds: it can run from now on */
ROW(EXECUTE)
ROW(DEALLOCATE)
ROW(EXPLAIN)
ROW(EXPLAIN_ANALYZE) /* with EXPLAIN and the query's kinds: it runs */
ROW(DO)
ROW(CALL)
ROW(LISTEN)
ROW(NOTIFY)
ROW(UNLISTEN)
ROW(LOCK)
ROW(VACUUM)
ROW(ANALYZE)
ROW(REINDEX)
ROW(CLUSTER)
ROW(REFRESH)
ROW(DECLARE) /* with the query's kinds */
ROW(FETCH)   /* also MOVE */
ROW(CLOSE)
ROW(SECURITY_LABEL)
ROW(COMMENT)
ROW(DISCARD)
ROW(LOAD)
ROW(CHECKPOINT)
ROW(CONSTRAINTS) /* SET CONSTRAINTS */
ROW(IMPORT_SCHEMA)
ROW(REASSIGN_OWNED)
ROW(DROP_OWNED) /* with DROP */
ROW(OTHER)      /* parsed, but of a kind that is not known here */
