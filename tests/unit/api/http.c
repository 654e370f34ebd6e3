/* SPDX-License-Identifier: Apache-2.0
 * One request over a Unix socket, both ends of it polled by one loop, as in the product. */
#include "tests/unit/api/http.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TURNS_MAX = 20000, ANSWER_MAX = 4 << 20 };

static int dial(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Sends what is left, reads what is there: false when the answer has ended. */
static bool talk(int fd, const char **request, size_t *left, struct http_answer *a)
{
	ssize_t n;

	if (*left > 0) {
		n = send(fd, *request, *left, MSG_NOSIGNAL);
		if (n > 0) {
			*request += n;
			*left -= (size_t)n;
		} else if (errno != EAGAIN) {
			*left = 0;
		}
	}
	n = recv(fd, a->all + a->len, ANSWER_MAX - a->len, 0);
	if (n > 0)
		a->len += (size_t)n;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void converse(struct api *api, const char *path, const char *request, size_t len, bool end,
		struct http_answer *ret)
{
	int fd = dial(path);
	const char *body;

	*ret = (struct http_answer){ .all = calloc(1, ANSWER_MAX + 1) };
	ret->body = ret->all;
	if (fd < 0)
		return;
	for (int turn = 0; turn < TURNS_MAX && talk(fd, &request, &len, ret); turn++) {
		struct pollfd p[] = { { .fd = api_fd(api), .events = POLLIN },
			{ .fd = fd, .events = (short)(len > 0 ? POLLIN | POLLOUT : POLLIN) } };
		int wait = api_timeout_ms(api);

		if (end && len == 0)
			shutdown(fd, SHUT_WR);
		poll(p, 2, wait < 0 || wait > 100 ? 100 : wait);
		api_run(api);
	}
	close(fd);
	api_run(api);
	ret->all[ret->len] = '\0';
	body = strstr(ret->all, "\r\n\r\n");
	if (body != NULL)
		ret->body = body + 4;
	if (strncmp(ret->all, "HTTP/1.1 ", 9) == 0)
		ret->status = (int)strtol(ret->all + 9, NULL, 10);
}

void http_raw(struct api *api, const char *path, const char *request, size_t len,
		struct http_answer *ret)
{
	converse(api, path, request, len, false, ret);
}

void http_raw_end(struct api *api, const char *path, const char *request, size_t len,
		struct http_answer *ret)
{
	converse(api, path, request, len, true, ret);
}

void http_do(struct api *api, const char *path, const char *method_and_target,
		struct http_answer *ret)
{
	char request[2048];
	int n = snprintf(request, sizeof(request),
			"%s HTTP/1.1\r\nHost: sluice\r\nConnection: close\r\n\r\n",
			method_and_target);

	http_raw(api, path, request, (size_t)n, ret);
}

void http_done(struct http_answer *a)
{
	free(a->all);
	a->all = NULL;
}

json_t *http_json(const struct http_answer *a)
{
	return json_loads(a->body, JSON_REJECT_DUPLICATES, NULL);
}

bool http_header(const struct http_answer *a, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);

	for (const char *at = strstr(a->all, "\r\n"); at != NULL && at + 4 <= a->body;
			at = strstr(at + 2, "\r\n")) {
		if (strncasecmp(at + 2, name, n) == 0 && at[2 + n] == ':') {
			const char *value = at + 2 + n + 1 + strspn(at + 2 + n + 1, " ");

			snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
			return true;
		}
	}
	return false;
}
