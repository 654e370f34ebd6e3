/* SPDX-License-Identifier: Apache-2.0
 * HTTP over the Unix socket, by libcurl. */
#include "tools/sluicectl/client.h"

#include <curl/curl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 64 << 20, CONNECT_MS = 2000, TOTAL_MS = 60000 };

struct body {
	char *bytes; /* owned */
	size_t len;
};

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct body *b = ctx;
	char *larger;

	n *= size;
	if (n > BODY_MAX - b->len)
		return 0;
	larger = realloc(b->bytes, b->len + n + 1);
	if (larger == NULL)
		return 0;
	b->bytes = larger;
	memcpy(b->bytes + b->len, bytes, n);
	b->len += n;
	b->bytes[b->len] = '\0';
	return n;
}

static const char *advice(long os_error)
{
	switch (os_error) {
	case ENOENT:
	case ECONNREFUSED:
		return "is sluiced running? Name another socket with -s";
	case EACCES:
	case EPERM:
		return "be root or in the socket's group";
	default:
		return "name another socket with -s";
	}
}

static enum ctl_exit tell_unreachable(const struct ctl *c, CURL *http, CURLcode rc)
{
	long os_error = 0;

	curl_easy_getinfo(http, CURLINFO_OS_ERRNO, &os_error);
	if (rc == CURLE_COULDNT_CONNECT)
		fprintf(stderr, "sluicectl: %s: %s: %s\n", c->socket,
				os_error == 0 ? "no connection" : strerror((int)os_error),
				advice(os_error));
	else
		fprintf(stderr, "sluicectl: %s: %s\n", c->socket, curl_easy_strerror(rc));
	return CTL_UNREACHABLE;
}

static enum ctl_exit read_answer(
		const struct ctl *c, const struct body *b, long status, json_t **ret_answer)
{
	json_t *answer = b->bytes == NULL ? NULL : json_loadb(b->bytes, b->len, 0, NULL);

	if (status == 200 && json_is_object(answer)) {
		*ret_answer = answer;
		return CTL_OK;
	}
	if (json_is_string(json_object_get(answer, "error")))
		fprintf(stderr, "sluicectl: %s\n", ctl_text(answer, "error"));
	else
		fprintf(stderr, "sluicectl: %s: no answer of sluiced (status %ld): what listens there?\n",
				c->socket, status);
	json_decref(answer);
	return CTL_REFUSED;
}

/* What is asked for, and with which words. */
struct request {
	const char *method, *target;
	const char *text; /* NULL: no body */
};

static void set_options(
		const struct ctl *c, CURL *http, const struct request *rq, struct body *body)
{
	curl_easy_setopt(http, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	curl_easy_setopt(http, CURLOPT_PROXY, "");
	curl_easy_setopt(http, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(http, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(http, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(http, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
	curl_easy_setopt(http, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(http, CURLOPT_WRITEDATA, body);
	if (strcmp(rq->method, "POST") == 0) {
		const char *text = rq->text == NULL ? "" : rq->text;

		curl_easy_setopt(http, CURLOPT_POST, 1L);
		curl_easy_setopt(http, CURLOPT_POSTFIELDSIZE, (long)strlen(text));
		curl_easy_setopt(http, CURLOPT_POSTFIELDS, text);
	}
}

static enum ctl_exit perform(const struct ctl *c, const struct request *rq, json_t **ret_answer)
{
	CURL *http = curl_easy_init();
	struct body body = { .bytes = NULL };
	enum ctl_exit exit = CTL_UNREACHABLE;
	char url[2048];
	long status = 0;
	CURLcode rc;

	if (http == NULL) {
		fprintf(stderr, "sluicectl: libcurl does not start\n");
		return CTL_UNREACHABLE;
	}
	snprintf(url, sizeof(url), "http://sluice%s", rq->target);
	curl_easy_setopt(http, CURLOPT_URL, url);
	set_options(c, http, rq, &body);
	rc = curl_easy_perform(http);
	if (rc == CURLE_OK) {
		curl_easy_getinfo(http, CURLINFO_RESPONSE_CODE, &status);
		exit = read_answer(c, &body, status, ret_answer);
	} else {
		exit = tell_unreachable(c, http, rc);
	}
	free(body.bytes);
	curl_easy_cleanup(http);
	return exit;
}

enum ctl_exit client_ask(
		const struct ctl *c, const char *method, const char *target, json_t **ret_answer)
{
	return perform(c, &(struct request){ .method = method, .target = target }, ret_answer);
}

enum ctl_exit client_send(
		const struct ctl *c, const char *target, const json_t *body, json_t **ret_answer)
{
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	enum ctl_exit rc = CTL_REFUSED;

	if (body != NULL && text == NULL)
		fprintf(stderr, "sluicectl: out of memory\n");
	else
		rc = perform(c, &(struct request){ "POST", target, text }, ret_answer);
	free(text);
	return rc;
}

enum ctl_exit client_ask_pages(
		const struct ctl *c, const char *path, const char *key, json_t **ret_answer)
{
	json_t *all = json_object(), *list = json_array(), *answer = NULL;
	char target[256];
	enum ctl_exit rc;

	json_object_set_new(all, key, list);
	snprintf(target, sizeof(target), "%s", path);
	do {
		const char *next;

		json_decref(answer);
		answer = NULL;
		rc = client_ask(c, "GET", target, &answer);
		json_array_extend(list, json_object_get(answer, key));
		next = json_string_value(json_object_get(answer, "next"));
		snprintf(target, sizeof(target), "%s?cursor=%s", path, next == NULL ? "" : next);
	} while (rc == CTL_OK && json_is_string(json_object_get(answer, "next")));
	json_decref(answer);
	if (rc == CTL_OK)
		*ret_answer = all;
	else
		json_decref(all);
	return rc;
}

char *client_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);
	char *copy = escaped == NULL ? NULL : strdup(escaped);

	curl_free(escaped);
	return copy;
}
