/* SPDX-License-Identifier: Apache-2.0
 * A client by libpq: every case on one connection, by the environment's facts. */
#include "tests/pg/libpq/say.h"

#include <stdlib.h>
#include <string.h>

/* Is TLS on where sslmode demands it, and off where it forbids it? */
static void tls_as_asked(PGconn *c)
{
	const char *mode = getenv("PGSSLMODE");
	struct text t = { 0 };
	bool on = PQsslInUse(c) == 1;

	if (mode != NULL && strcmp(mode, "prefer") != 0 && on != (strcmp(mode, "disable") != 0))
		die("sslmode is %s, TLS is %s", mode, on ? "on" : "off");
	text_add(&t, "as asked");
	say("tls", &t);
}

static void parameters(PGconn *c)
{
	static const char *const names[] = { "server_version", "server_encoding", "client_encoding",
		"application_name", "default_transaction_read_only", "in_hot_standby",
		"is_superuser", "session_authorization", "DateStyle", "IntervalStyle", "TimeZone",
		"integer_datetimes", "standard_conforming_strings", "search_path",
		"scram_iterations" };
	struct text t = { 0 };
	size_t i;

	text_add(&t, "version %d", PQserverVersion(c));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = PQparameterStatus(c, names[i]);

		text_add(&t, " %s=%s", names[i], value == NULL ? "(not told)" : value);
	}
	say("parameters", &t);
}

int main(void)
{
	PGconn *c = connect_now();

	tls_as_asked(c);
	parameters(c);
	cases_simple(c);
	cases_extended(c);
	cases_errors(c);
	cases_pipeline(c);
	cases_copy(c);
	cases_large(c);
	cases_async(c);
	PQfinish(c);
	return EXIT_SUCCESS;
}
