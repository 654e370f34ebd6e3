/* SPDX-License-Identifier: Apache-2.0
 * The api's half that shows and changes sessions, holds and actors: over real sessions, whose workers
 * alone are a test's (tests/unit/session/lab.h). */
#include "ctrlplane/api/api_priv.h"
#include "tests/unit/api/fake_workers.h"
#include "tests/unit/api/http.h"
#include "tests/unit/session/lab.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct workers workers;
static struct lab lab;
static struct api *api;

static void begin(void)
{
	struct api_parts parts;

	lab_init(&lab, false);
	parts = (struct api_parts){ .conf = lab.conf,
		.workers = &workers,
		.sessions = lab.sessions,
		.identity = lab.identity };
	if (api_start(&parts, &api) < 0)
		abort();
}

static void end(void)
{
	api_stop(&api);
	lab_done(&lab, false);
}

/* A request; its JSON, which is the caller's, with <status>. */
static json_t *ask(const char *method_and_target, int status)
{
	struct http_answer a;
	json_t *j;

	http_do(api, lab.conf->api_socket, method_and_target, &a);
	CU_ASSERT_EQUAL(a.status, status);
	if (a.status != status)
		printf("\n  %s: %s\n", method_and_target, a.all);
	j = http_json(&a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(j);
	http_done(&a);
	return j;
}

static json_t *ask_for(int status, const char *before, uint64_t id, const char *after)
{
	char line[256];

	snprintf(line, sizeof(line), "%s%016llx%s", before, (unsigned long long)id, after);
	return ask(line, status);
}

static void fails(const char *method_and_target, int status, const char *text)
{
	json_t *j = ask(method_and_target, status);
	const char *error = json_string_value(json_object_get(j, "error"));

	CU_ASSERT_TRUE(error != NULL && strstr(error, text) != NULL);
	json_decref(j);
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *v = json_string_value(json_object_get(object, key));

	CU_ASSERT_PTR_NOT_NULL_FATAL(v);
	return v;
}

static json_int_t number_at(const json_t *object, const char *key)
{
	CU_ASSERT_TRUE(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static void test_session(void)
{
	const uint64_t id = lab_known(&lab, 1, 1, "alice");
	json_t *j = ask("GET /v1/sessions", 200), *s, *actor;
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)id);
	s = json_array_get(json_object_get(j, "sessions"), 0);
	CU_ASSERT_TRUE(json_is_null(json_object_get(j, "next")));
	CU_ASSERT_STRING_EQUAL(text_at(s, "id"), text);
	CU_ASSERT_STRING_EQUAL(text_at(s, "state"), "login");
	CU_ASSERT_STRING_EQUAL(text_at(s, "target"), "db");
	CU_ASSERT_STRING_EQUAL(text_at(s, "issuer"), "corp");
	CU_ASSERT_STRING_EQUAL(text_at(s, "sub"), "alice");
	CU_ASSERT_STRING_EQUAL(text_at(s, "user"), "agent\\x1B[7m");
	CU_ASSERT_STRING_EQUAL(text_at(json_object_get(s, "agent"), "address"), "10.0.9.1");
	CU_ASSERT_EQUAL(number_at(json_object_get(s, "agent"), "port"), 40001);
	json_decref(j);
	j = ask_for(200, "GET /v1/sessions/", id, "");
	actor = json_object_get(j, "actor");
	CU_ASSERT_STRING_EQUAL(text_at(actor, "sub"), "alice");
	json_decref(j);
	json_decref(ask_for(404, "GET /v1/sessions/", id + 1, ""));
	json_decref(ask_for(404, "GET /v1/sessions/", id - 1, ""));
	json_decref(ask_for(404, "GET /v1/sessions/", 0, ""));
}

static void test_pages(void)
{
	char line[128] = "GET /v1/sessions?limit=7";
	size_t n = 0;

	for (uint32_t slot = 0; slot < 30; slot++)
		lab_known(&lab, slot, 1, "alice");
	for (int page = 0; page < 10 && line[0] != '\0'; page++) {
		json_t *j = ask(line, 200);

		CU_ASSERT_TRUE(json_array_size(json_object_get(j, "sessions")) <= 7);
		n += json_array_size(json_object_get(j, "sessions"));
		line[0] = '\0';
		if (!json_is_null(json_object_get(j, "next")))
			snprintf(line, sizeof(line), "GET /v1/sessions?limit=7&cursor=%s",
					text_at(j, "next"));
		json_decref(j);
	}
	CU_ASSERT_EQUAL(n, 30);
	fails("GET /v1/sessions?limit=501", 400, "limit");
	fails("GET /v1/sessions?cursor=12", 400, "cursor");
	fails("GET /v1/sessions?cursor=0123456789abcdef0", 400, "cursor");
	fails("GET /v1/holds?limit=0", 400, "limit");
	fails("GET /v1/holds?cursor=0123456789abcdef", 400, "cursor");
}

static void test_kill(void)
{
	const uint64_t id = lab_ready(&lab, 1, 1, "alice");
	struct ticket_answer a;
	json_t *j = ask_for(200, "POST /v1/sessions/", id, "/kill");

	CU_ASSERT_TRUE(json_is_true(json_object_get(j, "killed")));
	json_decref(j);
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_END, 1, &a));
	CU_ASSERT_EQUAL(a.why, SESSION_KILLED);
	j = ask("GET /v1/sessions", 200);
	CU_ASSERT_STRING_EQUAL(text_at(json_array_get(json_object_get(j, "sessions"), 0), "why"),
			"killed");
	json_decref(j);
	json_decref(ask_for(404, "POST /v1/sessions/", id, "/kill"));
}

/* Waits until <n> holds are there. */
static json_t *holds(size_t n)
{
	json_t *j = NULL;

	for (int i = 0; i < 1000; i++) {
		json_decref(j);
		j = ask("GET /v1/holds", 200);
		if (json_array_size(json_object_get(j, "holds")) == n)
			break;
		usleep(1000);
	}
	CU_ASSERT_EQUAL_FATAL(json_array_size(json_object_get(j, "holds")), n);
	return j;
}

static void test_holds(void)
{
	const uint64_t id = lab_ready(&lab, 1, 1, "alice");
	struct ticket_answer a;
	char want[128];
	json_t *j, *h;

	for (uint64_t c = 1; c <= 3; c++)
		lab_may(&lab, 1, c, "DROP TABLE \033[8morders");
	j = holds(3);
	h = json_array_get(json_object_get(j, "holds"), 0);
	snprintf(want, sizeof(want), "%016llx/1", (unsigned long long)id);
	CU_ASSERT_STRING_EQUAL(text_at(h, "id"), want);
	CU_ASSERT_STRING_EQUAL(text_at(h, "text"), "DROP TABLE \\x1B[8morders");
	CU_ASSERT_STRING_EQUAL(text_at(h, "rule"), "ddl");
	CU_ASSERT_STRING_EQUAL(text_at(h, "sub"), "alice");
	CU_ASSERT_EQUAL(number_at(h, "parameters"), 3);
	json_decref(j);
	j = ask("GET /v1/holds?limit=2", 200);
	snprintf(want, sizeof(want), "GET /v1/holds?cursor=%s", text_at(j, "next"));
	json_decref(j);
	j = ask(want, 200);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(j, "holds")), 1);
	json_decref(j);
	json_decref(ask_for(200, "POST /v1/holds/", id, "/2/allow"));
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_ANSWER, 1, &a));
	CU_ASSERT_TRUE(a.rc == TICKET_ALLOW && a.command == 2);
	lab_block_free(&lab, &a.block);
	json_decref(ask_for(200, "POST /v1/holds/", id, "/1/deny?reason=not%20%1b[mnow"));
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_ANSWER, 1, &a));
	CU_ASSERT_TRUE(a.rc == TICKET_DENY && a.command == 1);
	CU_ASSERT_STRING_EQUAL(a.text, "not \\x1B[mnow");
	lab_block_free(&lab, &a.block);
	snprintf(want, sizeof(want), "command 2 is allowed by ");
	CU_ASSERT_TRUE(lab_logged(&lab, want));
	snprintf(want, sizeof(want), "uid %d", (int)getuid());
	CU_ASSERT_TRUE(lab_logged(&lab, want));
	json_decref(ask_for(404, "POST /v1/holds/", id, "/2/deny"));
	json_decref(ask_for(405, "GET /v1/holds/", id, "/3/deny"));
	json_decref(ask_for(200, "POST /v1/holds/", id, "/3/deny"));
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_ANSWER, 1, &a));
	lab_block_free(&lab, &a.block);
}

static void test_long_reason(void)
{
	const uint64_t id = lab_ready(&lab, 1, 1, "alice");
	struct ticket_answer a;
	char line[512];

	lab_may(&lab, 1, 1, "DROP");
	json_decref(holds(1));
	snprintf(line, sizeof(line), "POST /v1/holds/%016llx/1/deny?reason=%0128d",
			(unsigned long long)id, 0);
	fails(line, 400, "at most 127");
	line[strlen(line) - 1] = '\0';
	json_decref(ask(line, 200));
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_ANSWER, 1, &a));
	CU_ASSERT_EQUAL(strlen(a.text), 127);
	lab_block_free(&lab, &a.block);
}

static void test_revoke(void)
{
	struct ticket_answer a;

	lab_ready(&lab, 1, 1, "alice");
	lab_ready(&lab, 2, 1, "bob");
	fails("POST /v1/actors/revoke?issuer=nobody&sub=alice", 404, "issuer");
	fails("POST /v1/actors/revoke?sub=alice", 404, "issuer");
	fails("POST /v1/actors/revoke?issuer=corp", 400, "either");
	fails("POST /v1/actors/revoke?issuer=corp&sub=a&jti=b", 400, "either");
	fails("POST /v1/actors/revoke?issuer=corp&sub=", 400, "bytes");
	fails("POST /v1/actors/restore?issuer=corp&sub=alice", 404, "not revoked");
	json_decref(ask("POST /v1/actors/revoke?issuer=corp&sub=alice", 200));
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_END, 1, &a));
	CU_ASSERT_EQUAL(a.why, SESSION_REVOKED);
	json_decref(ask("POST /v1/actors/revoke?issuer=corp&jti=j-bob", 200));
	CU_ASSERT_TRUE(lab_answer(&lab, TICKET_END, 2, &a));
	json_decref(ask("POST /v1/actors/restore?issuer=corp&sub=alice", 200));
	lab_known(&lab, 3, 1, "alice");
	CU_ASSERT_TRUE(lab_logged(&lab, "sub alice of https://i: revoked by"));
}

static void test_metrics(void)
{
	struct http_answer a;

	lab_ready(&lab, 1, 1, "alice");
	lab_known(&lab, 2, 1, "bob");
	lab_news(&lab, 0, 2, 1, TICKET_GONE);
	lab_may(&lab, 1, 1, "DROP");
	json_decref(holds(1));
	http_do(api, lab.conf->api_socket, "GET /metrics", &a);
	CU_ASSERT_EQUAL(a.status, 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, "\nsluice_sessions_open 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, "\nsluice_holds_open 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, "\nsluice_sessions_begun_total 2\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, "\nsluice_session_commands_total 7\n"));
	CU_ASSERT_PTR_NOT_NULL(
			strstr(a.body, "\nsluice_sessions_ended_total{reason=\"closed\"} 1\n"));
	CU_ASSERT_PTR_NOT_NULL(
			strstr(a.body, "\nsluice_session_identities_total{result=\"ok\"} 2\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, "\n# TYPE sluice_sessions_ended_total counter\n"));
	http_done(&a);
	lab_news(&lab, 0, 1, 1, TICKET_GONE);
}

int main(void)
{
	unsigned failures;
	CU_pSuite s;

	CU_initialize_registry();
	s = CU_add_suite_with_setup_and_teardown("api/sessions", NULL, NULL, begin, end);
	CU_add_test(s, "a session", test_session);
	CU_add_test(s, "pages", test_pages);
	CU_add_test(s, "kill", test_kill);
	CU_add_test(s, "holds: listed, allowed, denied", test_holds);
	CU_add_test(s, "a reason that is too long", test_long_reason);
	CU_add_test(s, "revoke and restore", test_revoke);
	CU_add_test(s, "metrics", test_metrics);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
