// SPDX-License-Identifier: Apache-2.0
// pgjdbc: simple and extended protocol, server-side statements from the fifth execution on and their kept
// descriptions, binary transfer, batches, fetch size, COPY, cancel, large objects.

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;
import org.postgresql.copy.CopyOut;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

public class Jdbc {
	static final int SHORT = 120;
	static final String[] FAILING = { "SELEC 1", "SELECT 'ä', no_such_column FROM everything",
		"SELECT * FROM no_such_table", "SELECT 1 / (id - 500) FROM everything ORDER BY id",
		"INSERT INTO parent VALUES (1, 'new')", "INSERT INTO parent VALUES (1000, NULL)",
		"INSERT INTO parent VALUES (1000, 'forbidden')", "INSERT INTO child VALUES (1, 99999)",
		"SELECT (-5)::positive", "SELECT fail('XY123')", "SELECT * FROM pg_authid" };

	interface Work {
		void run() throws Exception;
	}

	static void say(String name, Object value) throws Exception {
		String text = value.toString().replaceAll("pg_temp_\\d+", "pg_temp"); // numbered by the backend
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		String folder = System.getenv("PG_DETAIL");
		if (folder != null)
			Files.write(Path.of(folder, name), bytes);
		if (text.length() > SHORT || !text.matches("[\\x20-\\x7e]*"))
			text = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)) + " "
				+ bytes.length + " bytes";
		System.out.println("case " + name + ": " + text);
	}

	static Connection connect(String... more) throws SQLException {
		Properties p = new Properties();
		p.setProperty("user", System.getenv("PGUSER"));
		p.setProperty("password", System.getenv("PGPASSWORD"));
		p.setProperty("sslmode", System.getenv("PGSSLMODE"));
		if (System.getenv("PGSSLROOTCERT") != null)
			p.setProperty("sslrootcert", System.getenv("PGSSLROOTCERT"));
		p.setProperty("connectTimeout", "20");
		p.setProperty("socketTimeout", "90");
		for (int i = 0; i < more.length; i += 2)
			p.setProperty(more[i], more[i + 1]);
		return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":"
			+ System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE"), p);
	}

	static String fields(SQLException error) {
		StringBuilder s = new StringBuilder(error.getClass().getSimpleName() + " " + error.getSQLState());
		ServerErrorMessage m = error instanceof PSQLException p ? p.getServerErrorMessage() : null;
		if (m == null)
			return s + " " + error.getMessage();
		for (Object field : new Object[] { m.getSeverity(), m.getSQLState(), m.getMessage(), m.getDetail(),
			m.getHint(), m.getPosition(), m.getWhere(), m.getSchema(), m.getTable(), m.getColumn(),
			m.getDatatype(), m.getConstraint(), m.getFile(), m.getLine(), m.getRoutine(),
			m.getInternalQuery(), m.getInternalPosition() })
			s.append("|").append(field);
		return s.toString();
	}

	/** The fields of the error that must come. */
	static String failing(Work work) throws Exception {
		try {
			work.run();
		} catch (SQLException error) {
			return fields(error);
		}
		throw new IllegalStateException("no error");
	}

	static String failing(Connection c, String sql) throws Exception {
		return failing(() -> run(c, sql));
	}

	static void cell(StringBuilder s, ResultSet r, int i) throws SQLException {
		Object value = r.getObject(i);
		if (value instanceof byte[] bytes)
			value = HexFormat.of().formatHex(bytes);
		else if (value instanceof Array)
			value = r.getString(i);
		s.append('|').append(value);
	}

	static String rows(ResultSet r) throws SQLException {
		StringBuilder s = new StringBuilder();
		ResultSetMetaData m = r.getMetaData();
		for (int i = 1; i <= m.getColumnCount(); i++)
			s.append(m.getColumnLabel(i)).append(':').append(m.getColumnTypeName(i)).append(' ');
		while (r.next()) {
			s.append('\n');
			for (int i = 1; i <= m.getColumnCount(); i++)
				cell(s, r, i);
		}
		return s.toString();
	}

	/** All results of a statement that was executed, to the last. */
	static String results(Statement s, boolean isRows) throws SQLException {
		StringBuilder all = new StringBuilder();
		while (isRows || s.getUpdateCount() != -1) {
			all.append(isRows ? rows(s.getResultSet()) : "count " + s.getUpdateCount()).append('\n');
			isRows = s.getMoreResults();
		}
		for (SQLWarning w = s.getWarnings(); w != null; w = w.getNextWarning())
			all.append(w.getSQLState()).append(' ').append(w.getMessage()).append('\n');
		return all.toString();
	}

	static String run(Connection c, String sql) throws SQLException {
		try (Statement s = c.createStatement()) {
			return results(s, s.execute(sql));
		}
	}

	static final String READABLE = "SELECT id, i2, i4, i8, num, f4, f8, b, t, vc, c, by, u, j, jb, tm, ts, tz, iv,"
		+ " ia, ta, na, m, p, ip, net, mac, bits, r, pt, pos FROM everything ";

	static void reads(Connection c) throws Exception {
		say("everything", run(c, READABLE + "ORDER BY id"));
		say("wide", run(c, "SELECT * FROM wide ORDER BY id"));
		say("many", run(c, "SELECT 1; INSERT INTO child VALUES (5, 1); SELECT 'two'; DELETE FROM child; SELECT 3"));
		say("empty", "[" + run(c, "") + "]");
		say("notices", run(c, "SELECT notices(60)"));
		DatabaseMetaData d = c.getMetaData();
		say("catalogue", d.getDatabaseProductVersion() + rows(d.getColumns(null, "public", "everything", "%"))
			+ rows(d.getPrimaryKeys(null, "public", "parent")) + rows(d.getImportedKeys(null, "public", "child")));
	}

	/** The fifth execution names the statement; from then on nothing is described again, rows come in binary. */
	static void prepared(Connection c) throws Exception {
		StringBuilder log = new StringBuilder();
		try (PreparedStatement s = c.prepareStatement(READABLE + "WHERE id = ?")) {
			for (int i = 1; i <= 40; i++) {
				s.setInt(1, i * 25);
				log.append(s.unwrap(org.postgresql.PGStatement.class).isUseServerPrepare());
				log.append(rows(s.executeQuery()));
			}
			log.append(failing(() -> {
				s.setString(1, "x");
				s.executeQuery();
			}));
		}
		say("threshold", log);
		String long500 = "x".repeat(500000);
		try (PreparedStatement s = c.prepareStatement("SELECT md5(?::text), md5(?::bytea), ?::text, ?::numeric, ?::text[]")) {
			s.setString(1, long500);
			s.setBytes(2, long500.getBytes());
			s.setNull(3, Types.VARCHAR);
			s.setBigDecimal(4, new BigDecimal("12345678901234567890.0001"));
			s.setArray(5, c.createArrayOf("text", new String[] { "a", null, "ü" }));
			say("parameters", rows(s.executeQuery()));
		}
		try (CallableStatement s = c.prepareCall("{? = call notices(?)}")) {
			s.registerOutParameter(1, Types.INTEGER);
			s.setInt(2, 1);
			s.execute();
			say("call", s.getInt(1));
		}
		run(c, "DEALLOCATE ALL");
		try (PreparedStatement s = c.prepareStatement("SELECT ?::int + 1")) {
			s.setInt(1, 41);
			say("after-deallocate", rows(s.executeQuery()));
		}
	}

	static void errors(Connection c) throws Exception {
		StringBuilder log = new StringBuilder();
		for (String sql : FAILING)
			log.append(failing(c, sql)).append('\n');
		say("errors", log);
		log.setLength(0);
		c.setAutoCommit(false);
		run(c, "CREATE TEMP TABLE steps (x int) ON COMMIT DROP");
		Savepoint a = c.setSavepoint("a");
		log.append(run(c, "INSERT INTO steps VALUES (1)")).append(failing(c, "INSERT INTO steps VALUES ('x')"));
		log.append(failing(c, "SELECT 1"));
		c.rollback(a);
		log.append(run(c, "INSERT INTO steps VALUES (2)"));
		c.releaseSavepoint(c.setSavepoint());
		log.append(run(c, "TABLE steps"));
		c.commit();
		log.append(failing(c, "TABLE steps"));
		c.rollback();
		c.setReadOnly(true);
		log.append(failing(c, "CREATE TABLE never ()"));
		c.rollback();
		c.setReadOnly(false);
		c.setAutoCommit(true);
		say("savepoints", log);
	}

	static void batches(Connection c) throws Exception {
		StringBuilder log = new StringBuilder();
		run(c, "CREATE TEMP TABLE batch (a int PRIMARY KEY, b text)");
		try (PreparedStatement s = c.prepareStatement("INSERT INTO batch VALUES (?, ?)", Statement.RETURN_GENERATED_KEYS)) {
			for (int i = 0; i < 1000; i++) {
				s.setInt(1, i);
				s.setString(2, "b" + i);
				s.addBatch();
			}
			log.append(Arrays.stream(s.executeBatch()).sum()).append(rows(s.getGeneratedKeys()));
			for (int i = 1200; i > 990; i--) {
				s.setInt(1, i);
				s.setString(2, "again");
				s.addBatch();
			}
			try {
				s.executeBatch();
				throw new IllegalStateException("no error");
			} catch (BatchUpdateException error) {
				log.append(Arrays.toString(error.getUpdateCounts())).append(fields(
					error.getNextException() == null ? error : error.getNextException()));
			}
		}
		try (Statement s = c.createStatement()) {
			s.addBatch("UPDATE batch SET b = 'x' WHERE a < 10");
			s.addBatch("DELETE FROM batch WHERE a >= 500");
			log.append(Arrays.toString(s.executeBatch()));
		}
		say("batch", log.append(run(c, "SELECT count(*), sum(a) FROM batch")));
	}

	static void portals(Connection c) throws Exception {
		c.setAutoCommit(false);
		StringBuilder log = new StringBuilder();
		try (PreparedStatement s = c.prepareStatement(READABLE + "WHERE id > ? ORDER BY id")) {
			s.setFetchSize(37);
			for (int i = 0; i < 6; i++) {
				s.setInt(1, 10);
				log.append(rows(s.executeQuery()));
			}
			s.setMaxRows(5);
			log.append(rows(s.executeQuery()));
		}
		try (Statement s = c.createStatement(); Statement t = c.createStatement()) {
			s.setFetchSize(10);
			t.setFetchSize(7);
			ResultSet one = s.executeQuery("SELECT id FROM everything ORDER BY id");
			ResultSet two = t.executeQuery("SELECT id FROM everything ORDER BY id DESC");
			for (int i = 0; i < 100; i++)
				log.append(one.next() ? one.getInt(1) : -1).append(two.next() ? two.getInt(1) : -1);
		}
		c.commit();
		c.setAutoCommit(true);
		say("fetch-size", log);
	}

	static void copies(Connection c) throws Exception {
		CopyManager copy = c.unwrap(PGConnection.class).getCopyAPI();
		StringBuilder log = new StringBuilder();
		run(c, "CREATE TEMP TABLE back (LIKE everything)");
		for (String format : new String[] { "", "(FORMAT csv)", "(FORMAT binary)" }) {
			ByteArrayOutputStream out = new ByteArrayOutputStream();
			log.append(copy.copyOut("COPY (SELECT * FROM everything ORDER BY id) TO STDOUT " + format, out));
			log.append(copy.copyIn("COPY back FROM STDIN " + format, new ByteArrayInputStream(out.toByteArray()), 5000));
			log.append(out.toString(StandardCharsets.ISO_8859_1));
			log.append(run(c, "SELECT md5(string_agg(b::text, '|' ORDER BY id)) FROM back b"));
			run(c, "TRUNCATE back");
		}
		log.append(failing(() -> copy.copyIn("COPY parent FROM STDIN",
			new ByteArrayInputStream("no number\tx\n".getBytes()))));
		CopyOut rows = copy.copyOut("COPY everything TO STDOUT");
		for (byte[] row = rows.readFromCopy(); row != null; row = rows.readFromCopy())
			log.append(new String(row, StandardCharsets.UTF_8));
		say("copy", log.append(run(c, "SELECT 'alive'")));
	}

	static void largeObjects(Connection c) throws Exception {
		c.setAutoCommit(false);
		LargeObjectManager manager = c.unwrap(PGConnection.class).getLargeObjectAPI();
		long oid = manager.createLO();
		byte[] data = new byte[300000];
		for (int i = 0; i < data.length; i++)
			data[i] = (byte) (i * 7);
		StringBuilder log = new StringBuilder();
		try (LargeObject lo = manager.open(oid, LargeObjectManager.READWRITE)) {
			lo.write(data);
			lo.seek64(100000, LargeObject.SEEK_SET);
			lo.write("changed".getBytes());
			lo.truncate64(250000);
			lo.seek64(0, LargeObject.SEEK_SET);
			log.append(lo.size64()).append(HexFormat.of().formatHex(lo.read(300000))).append(lo.tell64());
		}
		manager.delete(oid);
		c.commit();
		log.append(failing(() -> manager.open(oid)).replace(Long.toString(oid), "(OID)"));
		c.rollback();
		c.setAutoCommit(true);
		say("large-object", log);
	}

	static void cancel(Connection c, Connection other) throws Exception {
		Statement s = c.createStatement();
		Thread thread = new Thread(() -> {
			try {
				for (int i = 0; i < 1000; i++) {
					if (run(other, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query"
						+ " LIKE '%of jdbc%' AND pid <> pg_backend_pid()").contains("|1"))
						break;
					Thread.sleep(20);
				}
				s.cancel();
			} catch (Exception error) {
				error.printStackTrace();
			}
		});
		thread.start();
		String seen = failing(() -> s.execute("SELECT pg_sleep(60) /* of jdbc */"));
		thread.join();
		s.setQueryTimeout(1);
		say("cancel", seen + failing(() -> s.execute("SELECT pg_sleep(60)")) + run(c, "SELECT 'alive'"));
		s.close();
	}

	static void listen(Connection c, Connection other) throws Exception {
		StringBuilder log = new StringBuilder();
		run(c, "LISTEN jdbc");
		for (String payload : new String[] { "one", "", "ä".repeat(3000) })
			run(other, "SELECT pg_notify('jdbc', '" + payload + "')");
		for (int n = 0; n < 3;) {
			PGNotification[] got = c.unwrap(PGConnection.class).getNotifications(20000);
			if (got == null || got.length == 0)
				throw new IllegalStateException("no notification");
			for (PGNotification note : got)
				log.append(note.getName()).append(' ').append(note.getParameter()).append('\n');
			n += got.length;
		}
		say("listen", log);
	}

	static void otherModes() throws Exception {
		for (String mode : new String[] { "simple", "extended", "extendedForPrepared", "extendedCacheEverything" }) {
			StringBuilder log = new StringBuilder();
			try (Connection c = connect("preferQueryMode", mode, "prepareThreshold", "-1");
					PreparedStatement s = c.prepareStatement("SELECT id, t, by FROM everything WHERE id = ?")) {
				for (int i = 1; i < 10; i++) {
					s.setInt(1, i);
					log.append(rows(s.executeQuery()));
				}
				log.append(failing(c, "SELECT 1 / 0"));
			}
			say("mode-" + mode, log);
		}
	}

	static void tlsAsAsked(Connection c) throws Exception {
		boolean on = isTls(c);
		String mode = System.getenv("PGSSLMODE");
		if (!mode.equals("prefer") && on == mode.equals("disable"))
			throw new IllegalStateException("sslmode is " + mode + ", TLS is " + (on ? "on" : "off"));
		say("tls", "as asked");
	}

	/** The driver tells nobody; its socket does. */
	static boolean isTls(Connection c) throws Exception {
		Object executor = c.unwrap(org.postgresql.jdbc.PgConnection.class).getQueryExecutor();
		java.lang.reflect.Field stream = org.postgresql.core.QueryExecutorBase.class.getDeclaredField("pgStream");
		stream.setAccessible(true);
		return ((org.postgresql.core.PGStream) stream.get(executor)).getSocket() instanceof javax.net.ssl.SSLSocket;
	}

	public static void main(String[] arguments) throws Exception {
		try (Connection c = connect(); Connection other = connect()) {
			tlsAsAsked(c);
			reads(c);
			prepared(c);
			errors(c);
			batches(c);
			portals(c);
			copies(c);
			largeObjects(c);
			cancel(c, other);
			listen(c, other);
		}
		otherModes();
	}
}
