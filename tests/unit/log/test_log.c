/* SPDX-License-Identifier: Apache-2.0
 * ctrlplane/log: JSON stays JSON and a terminal stays a terminal whatever is logged; limits. */
#include "ctrlplane/log/log_priv.h"
#include "dataplane/tcp/relay.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <jansson.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *text;
static size_t text_len;
static FILE *to;

static void capture(bool is_tty)
{
	to = open_memstream(&text, &text_len);
	fflush(to);
	log_redirect(to, is_tty);
	log_level_set(LOG_LEVEL_INFO);
}

static void release(void)
{
	log_redirect(stderr, false);
	fclose(to);
	free(text);
}

/* The only line so far, as JSON behind "<N>". */
static json_t *line_json(const char *priority)
{
	json_t *j;

	CU_ASSERT_EQUAL(strncmp(text, priority, strlen(priority)), 0);
	CU_ASSERT_EQUAL(text[text_len - 1], '\n');
	j = json_loads(text + strlen(priority), JSON_REJECT_DUPLICATES, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(j);
	return j;
}

static const char *member(const json_t *j, const char *key)
{
	const char *v = json_string_value(json_object_get(j, key));

	CU_ASSERT_PTR_NOT_NULL_FATAL(v);
	return v;
}

static void test_json(void)
{
	json_t *j;

	capture(false);
	log_warn("port", "the \"port\" %d\\ is\n\033[31mgone\x7f \xc3\xa9\xff", 7);
	j = line_json("<4>");
	CU_ASSERT_STRING_EQUAL(member(j, "text"),
			"the \"port\" 7\\ is\n\033[31mgone\x7f \xc3\xa9\xef\xbf\xbd");
	CU_ASSERT_STRING_EQUAL(member(j, "level"), "warning");
	CU_ASSERT_STRING_EQUAL(member(j, "topic"), "port");
	CU_ASSERT_EQUAL(strlen(member(j, "time")), strlen("2025-01-31T12:00:00.123Z"));
	CU_ASSERT_EQUAL(memchr(text, '\n', text_len - 1), NULL); /* one line it is */
	json_decref(j);
	release();
}

static void test_utf8(void)
{
	static const char *const bad[] = { "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3", "\xe2\x82", "\x80", "\xfe" };
	static const char good[] = "\xc2\x80 \xe2\x82\xac \xf0\x9f\x9a\xb0 \xf4\x8f\xbf\xbf";
	json_t *j;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		capture(false);
		log_err("api", "%s", bad[i]);
		j = line_json("<3>");
		CU_ASSERT_PTR_NOT_NULL(strstr(member(j, "text"), "\xef\xbf\xbd"));
		json_decref(j);
		release();
	}
	capture(false);
	log_err("api", "%s", good);
	j = line_json("<3>");
	CU_ASSERT_STRING_EQUAL(member(j, "text"), good);
	json_decref(j);
	release();
}

static void test_terminal(void)
{
	capture(true);
	log_info("app", "a\033]0;title\a\nb");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " info    app: a\\x1b]0;title\\x07\\x0ab\n"));
	CU_ASSERT_PTR_NULL(strchr(text, '\033'));
	release();
}

static void test_level(void)
{
	capture(true);
	log_debug("app", "not %s", "this");
	CU_ASSERT_EQUAL(text_len, 0);
	log_level_set(LOG_LEVEL_DEBUG);
	CU_ASSERT_TRUE(log_is_on(LOG_LEVEL_DEBUG));
	log_debug("app", "but this");
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "but this"));
	log_level_set(LOG_LEVEL_ERR);
	CU_ASSERT_FALSE(log_is_on(LOG_LEVEL_WARN));
	release();
}

static void test_length(void)
{
	static char longest[LOG_TEXT_MAX + 2];
	json_t *j;

	memset(longest, 'x', LOG_TEXT_MAX);
	capture(false);
	log_info("app", "%s", longest);
	j = line_json("<6>");
	CU_ASSERT_STRING_EQUAL(member(j, "text"), longest);
	json_decref(j);
	release();

	longest[LOG_TEXT_MAX] = 'x';
	capture(false);
	log_info("app", "%s", longest);
	j = line_json("<6>");
	CU_ASSERT_EQUAL(strlen(member(j, "text")), LOG_TEXT_MAX);
	CU_ASSERT_STRING_EQUAL(member(j, "text") + LOG_TEXT_MAX - 3, "...");
	json_decref(j);
	release();
}

static size_t lines(void)
{
	size_t n = 0;

	fflush(to);
	for (size_t i = 0; i < text_len; i++)
		n += text[i] == '\n';
	return n;
}

static void test_flood(void)
{
	size_t n;

	capture(true);
	for (int i = 0; i < 10000; i++)
		log_info("app", "flood %d", i);
	n = lines();
	CU_ASSERT_TRUE(n >= LOG_BURST && n < LOG_BURST + 5 * LOG_PER_SECOND);
	log_info("app", "another site is not held back by it");
	CU_ASSERT_EQUAL(lines(), n + 1);
	release();
}

/* By the clock: a burst, then LOG_PER_SECOND, never more than a burst at once. */
static void test_limit(void)
{
	const uint64_t second = 1000000000;
	struct log_site s = { .left = 0 };
	uint64_t now = 1000 * second;
	int written = 0;

	for (int i = 0; i < 3 * LOG_BURST; i++)
		written += log_site_admit(&s, now);
	CU_ASSERT_EQUAL(written, LOG_BURST);
	CU_ASSERT_EQUAL(s.n_withheld, 2 * LOG_BURST);
	written = 0;
	for (int i = 0; i < 1000; i++)
		written += log_site_admit(&s, now += second / 1000);
	CU_ASSERT_EQUAL(written, LOG_PER_SECOND);
	written = 0;
	now += 86400 * second;
	for (int i = 0; i < 3 * LOG_BURST; i++)
		written += log_site_admit(&s, now);
	CU_ASSERT_EQUAL(written, LOG_BURST);
}

/* 60 ms after a flood a site has earned one line, which tells what was withheld before it. */
static void test_withheld_is_told(void)
{
	const struct timespec a_line = { .tv_nsec = 60000000 };
	const char *last;
	json_t *j;

	capture(false);
	for (int i = 0; i < 500; i++) {
		if (i == 499)
			nanosleep(&a_line, NULL);
		log_info("app", "flood");
	}
	fflush(to);
	last = strstr(text, "\"withheld\":");
	CU_ASSERT_PTR_NOT_NULL_FATAL(last);
	CU_ASSERT_TRUE(strtol(last + strlen("\"withheld\":"), NULL, 10) >= 499 - 2 * LOG_BURST);
	while (last > text && last[-1] != '\n')
		last--;
	j = json_loads(last + strlen("<6>"), JSON_DISABLE_EOF_CHECK, NULL);
	CU_ASSERT_PTR_NOT_NULL(j);
	json_decref(j);
	release();
}

static void test_flow(void)
{
	struct flow_report r = {
		.mode = MODE_RELAY, .end_reason = END_FIN, .start_us = 1000000, .last_us = 3500000
	};
	json_t *j;

	r.key.addr[SIDE_AGENT][0] = r.key.addr[SIDE_PROD][0] = 0xfd;
	r.key.addr[SIDE_PROD][15] = 2;
	r.key.port[SIDE_AGENT] = 40000;
	r.key.port[SIDE_PROD] = 5432;
	r.side[SIDE_PROD].tx_bytes = 12;
	r.side[SIDE_AGENT].tx_bytes = 34;
	capture(false);
	log_flow(3, "db", &r);
	j = line_json("<6>");
	CU_ASSERT_STRING_EQUAL(member(j, "topic"), "flow");
	CU_ASSERT_STRING_EQUAL(member(j, "agent"), "[fd00::]:40000");
	CU_ASSERT_STRING_EQUAL(member(j, "prod"), "[fd00::2]:5432");
	CU_ASSERT_STRING_EQUAL(member(j, "target"), "db");
	CU_ASSERT_STRING_EQUAL(member(j, "mode"), relay_mode_name(MODE_RELAY));
	CU_ASSERT_STRING_EQUAL(member(j, "end"), relay_end_name(END_FIN));
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(j, "worker")), 3);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(j, "bytes_to_prod")), 12);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(j, "bytes_to_agent")), 34);
	CU_ASSERT_EQUAL(json_integer_value(json_object_get(j, "duration_ms")), 2500);
	json_decref(j);
	release();

	r.end_reason = END_NONE;
	capture(false);
	log_flow(3, "db", &r);
	CU_ASSERT_EQUAL(lines(), 0); /* a flow that lives is DEBUG */
	release();
}

int main(void)
{
	CU_pSuite s;
	unsigned failures;

	CU_initialize_registry();
	s = CU_add_suite("log", NULL, NULL);
	CU_add_test(s, "JSON", test_json);
	CU_add_test(s, "what is UTF-8 and what is not", test_utf8);
	CU_add_test(s, "a terminal", test_terminal);
	CU_add_test(s, "levels", test_level);
	CU_add_test(s, "the longest line", test_length);
	CU_add_test(s, "a flood", test_flood);
	CU_add_test(s, "the limit by the clock", test_limit);
	CU_add_test(s, "withheld lines", test_withheld_is_told);
	CU_add_test(s, "flows", test_flow);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
