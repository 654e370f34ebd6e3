/* SPDX-License-Identifier: Apache-2.0
 * libcurl against a server on this machine that answers whatever a test wants. TLS is in
 * tests/identity, with a real provider. */
#include "tests/unit/identity/world.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Answers each connection with <answer> and <n_fill> bytes more, once it was asked. */
struct server {
	int fd;
	pthread_t thread;
	char url[64];
	const char *answer; /* NULL: accepts and stays silent */
	size_t n_fill;
	char asked[1024];
};

static void send_all(int fd, const char *text, size_t len)
{
	for (ssize_t n = 1; len > 0 && n > 0; text += n, len -= (size_t)n)
		n = send(fd, text, len, MSG_NOSIGNAL);
}

static void answer_one(struct server *s, int fd)
{
	char *fill = calloc(1, s->n_fill + 1);
	const ssize_t n = recv(fd, s->asked, sizeof(s->asked) - 1, 0);

	s->asked[n > 0 ? n : 0] = '\0';
	if (s->answer == NULL) {
		while (recv(fd, fill, 1, 0) > 0) /* until the client gives up */
			continue;
	} else {
		memset(fill, ' ', s->n_fill);
		send_all(fd, s->answer, strlen(s->answer));
		send_all(fd, fill, s->n_fill);
	}
	free(fill);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		answer_one(s, fd);
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *s, const char *answer, size_t n_fill)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	memset(s, 0, sizeof(*s));
	s->answer = answer;
	s->n_fill = n_fill;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(bind(s->fd, (struct sockaddr *)&at, len), 0);
	CU_ASSERT_EQUAL_FATAL(listen(s->fd, 8), 0);
	getsockname(s->fd, (struct sockaddr *)&at, &len);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/keys?v=1", ntohs(at.sin_port));
	CU_ASSERT_EQUAL_FATAL(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

struct outcome {
	int n;
	char why[256], body[64];
	size_t len;
	int64_t max_age_s;
};

static void on_done(void *arg, size_t issuer, const struct fetch_result *r)
{
	struct outcome *o = arg;

	CU_ASSERT_EQUAL(issuer, 1);
	o->n++;
	snprintf(o->why, sizeof(o->why), "%s", r->why == NULL ? "" : r->why);
	snprintf(o->body, sizeof(o->body), "%.*s", (int)(r->body.len < 63 ? r->body.len : 63),
			(const char *)r->body.ptr);
	o->len = r->body.len;
	o->max_age_s = r->max_age_s;
}

/* One fetch, from its start to its end; milliseconds that it took. */
static uint64_t fetch(const char *url, struct outcome *ret)
{
	struct identity_env *env = NULL;
	char *copy = strdup(url);
	const struct conf_issuer conf = { .jwks = copy };
	uint64_t began;

	memset(ret, 0, sizeof(*ret));
	CU_ASSERT_EQUAL_FATAL(fetch_new(2, &env), 0);
	began = env->mono_ms(env->ctx);
	CU_ASSERT_EQUAL(env->start(env->ctx, 1, &conf), 0);
	while (ret->n == 0 && env->mono_ms(env->ctx) - began < 20000)
		env->wait(env->ctx, 1000, on_done, ret);
	CU_ASSERT_EQUAL(ret->n, 1);
	began = env->mono_ms(env->ctx) - began;
	fetch_free(&env);
	free(copy);
	return began;
}

static void expect(const char *answer, size_t n_fill, const char *why, int64_t max_age_s)
{
	struct server s;
	struct outcome o;

	server_start(&s, answer, n_fill);
	fetch(s.url, &o);
	server_stop(&s);
	if ((why == NULL) != (o.why[0] == '\0') || (why != NULL && strstr(o.why, why) == NULL))
		printf("\n  expected '%s', found '%s'\n", why == NULL ? "" : why, o.why);
	if (why == NULL) {
		CU_ASSERT_STRING_EQUAL(o.why, "");
		CU_ASSERT_EQUAL(o.max_age_s, max_age_s);
		CU_ASSERT_EQUAL(strncmp(o.body, "{}", 2), 0);
	} else {
		CU_ASSERT_PTR_NOT_NULL(strstr(o.why, why));
	}
}

#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static void test_good(void)
{
	struct server s;
	struct outcome o;

	expect(OK "\r\n{}", 0, NULL, -1);
	expect(OK "Content-Length: 2\r\nCache-Control: public, max-age=120\r\n\r\n{}", 0, NULL,
			120);
	expect(OK "cache-control:MAX-AGE=\"7\"\r\n\r\n{}", 0, NULL, 7);
	expect(OK "Cache-Control: max-age=120\r\nCache-Control: no-store\r\n\r\n{}", 0, NULL, 0);
	expect(OK "Cache-Control: max-age=-3\r\n\r\n{}", 0, NULL, 0);
	expect(OK "Cache-Control: max-age=99999999999999999999999\r\n\r\n{}", 0, NULL, INT64_MAX);
	expect(OK "Cache-Control: s-maxage=3\r\nX-Cache-Control: max-age=5\r\n\r\n{}", 0, NULL, -1);
	expect(OK "\r\n{}", FETCH_BODY_MAX - 2, NULL, -1);
	server_start(&s, OK "\r\n{}", 0);
	fetch(s.url, &o);
	server_stop(&s);
	CU_ASSERT_EQUAL(strncmp(s.asked, "GET /keys?v=1 HTTP/1.1\r\n", 24), 0);
}

static void test_refused(void)
{
	expect("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n",
			0, "redirects are not followed", 0);
	expect("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n{}", 0, "HTTP status 404", 0);
	expect("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 0, "HTTP status 204", 0);
	expect(OK "\r\n{}", FETCH_BODY_MAX - 1, "larger than 256 KiB", 0);
	expect(OK "Content-Length: 262145\r\n\r\n{}", FETCH_BODY_MAX - 1, "Maximum file size", 0);
	expect(OK "Content-Length: 9\r\n\r\n{}", 0, "transfer closed", 0);
	expect("SSH-2.0-OpenSSH_9.2\r\n", 0, "HTTP/0.9", 0);
	expect("", 0, "Empty reply", 0);
}

static void test_no_server(void)
{
	struct server s;
	struct outcome o;

	server_start(&s, "", 0);
	server_stop(&s);
	fetch(s.url, &o);
	CU_ASSERT_PTR_NOT_NULL(strstr(o.why, "connect"));
}

/* A proxy in the environment is not for this; no file is a URL. */
static void test_no_proxy(void)
{
	struct outcome o;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	expect(OK "\r\n{}", 0, NULL, -1);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	fetch("file:///etc/hostname", &o);
	CU_ASSERT_NOT_EQUAL(o.why[0], '\0');
}

static void test_silent_server(void)
{
	struct server s;
	struct outcome o;
	uint64_t took_ms;

	server_start(&s, NULL, 0);
	took_ms = fetch(s.url, &o);
	server_stop(&s);
	CU_ASSERT_PTR_NOT_NULL(strstr(o.why, "timed out"));
	CU_ASSERT_TRUE(took_ms >= FETCH_TOTAL_MS - 100 && took_ms < FETCH_TOTAL_MS + 3000);
}

static void *wake_later(void *arg)
{
	struct identity_env *env = arg;

	usleep(50000);
	env->wake(env->ctx);
	return NULL;
}

static void test_wake(void)
{
	struct identity_env *env = NULL;
	struct outcome o = { .n = 0 };
	pthread_t t;
	uint64_t began;

	CU_ASSERT_EQUAL_FATAL(fetch_new(2, &env), 0);
	began = env->mono_ms(env->ctx);
	env->wake(env->ctx);
	env->wait(env->ctx, 60000, on_done, &o); /* woken before it waits */
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, wake_later, env), 0);
	env->wait(env->ctx, 60000, on_done, &o);
	CU_ASSERT_TRUE(env->mono_ms(env->ctx) - began < 10000);
	pthread_join(t, NULL);
	env->wait(env->ctx, 1, on_done, &o);
	CU_ASSERT_EQUAL(o.n, 0);
	fetch_free(&env);
	CU_ASSERT_PTR_NULL(env);
}

int main(void)
{
	CU_pSuite s;
	unsigned failures;

	CU_initialize_registry();
	s = CU_add_suite("fetch", NULL, NULL);
	CU_add_test(s, "answers that are good, and how long they hold", test_good);
	CU_add_test(s, "answers that are not", test_refused);
	CU_add_test(s, "no server", test_no_server);
	CU_add_test(s, "no proxy, no file", test_no_proxy);
	CU_add_test(s, "a server that stays silent", test_silent_server);
	CU_add_test(s, "woken", test_wake);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
