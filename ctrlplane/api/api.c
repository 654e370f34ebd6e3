/* SPDX-License-Identifier: Apache-2.0
 * HTTP by libmicrohttpd in its epoll mode without threads: the control loop runs it. */
#include "ctrlplane/api/api.h"

#include "ctrlplane/api/api_priv.h"
#include "ctrlplane/log/log.h"

#include <microhttpd.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* One request while it arrives. */
struct arrival {
	size_t body_bytes, body_max;
	bool reads_body; /* else it is counted and dropped */
	struct api_body body;
};

static const char *query_value(const void *ctx, const char *key)
{
	struct MHD_Connection *c = (struct MHD_Connection *)(uintptr_t)ctx;

	return MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, key);
}

/* Sends it; the body is MHD's from here on. */
static enum MHD_Result send_reply(
		struct MHD_Connection *c, struct api_reply *reply, const char *allow)
{
	static const char empty[] = "{\"error\":\"out of memory\"}";
	struct MHD_Response *r;
	enum MHD_Result rc;

	if (reply->body != NULL) {
		r = MHD_create_response_from_buffer(reply->len, reply->body, MHD_RESPMEM_MUST_FREE);
		if (r == NULL)
			free(reply->body);
	} else {
		reply->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
		r = MHD_create_response_from_buffer(sizeof(empty) - 1, (void *)(uintptr_t)empty,
				MHD_RESPMEM_PERSISTENT);
	}
	if (r == NULL)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (allow != NULL)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, allow);
	rc = MHD_queue_response(c, reply->status, r);
	MHD_destroy_response(r);
	return rc;
}

static struct api_peer peer_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer = { .pid = -1, .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);

	if (info != NULL)
		getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return (struct api_peer){ (int)peer.uid, (int)peer.pid };
}

static enum MHD_Result answer(struct api *a, struct MHD_Connection *c, const char *method,
		const char *path, struct api_body *body)
{
	struct api_reply reply = { .status = MHD_HTTP_OK, .type = "application/json" };
	struct api_request rq = {
		.api = a, .query = query_value, .ctx = c, .peer = peer_of(c), .body = body
	};
	const struct api_route *route = NULL;
	const char *allow = NULL;

	switch (api_route_find(method, path, rq.arg, &route, &allow)) {
	case API_FOUND:
		route->handle(&rq, &reply);
		allow = NULL;
		break;
	case API_NO_PATH:
		api_reply_error(&reply, MHD_HTTP_NOT_FOUND, "no such path");
		break;
	case API_NO_METHOD:
		api_reply_error(&reply, MHD_HTTP_METHOD_NOT_ALLOWED,
				"this path does not take that method, but %s", allow);
		break;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		/* who asks to change something is in the log */
		log_info("api", "%s %s by uid %d, pid %d: %u", method, path, rq.peer.uid,
				rq.peer.pid, reply.status);
	return send_reply(c, &reply, allow);
}

static enum MHD_Result refuse_body(struct MHD_Connection *c, size_t max)
{
	struct api_reply reply = { .type = "application/json" };

	api_reply_error(&reply, MHD_HTTP_CONTENT_TOO_LARGE,
			"this request's body has at most %zu bytes", max);
	return send_reply(c, &reply, NULL);
}

static bool announces_too_much(struct MHD_Connection *c, size_t max)
{
	const char *length = MHD_lookup_connection_value(
			c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length != NULL && strtoull(length, NULL, 10) > max;
}

/* The head is there. */
static enum MHD_Result begin(
		struct MHD_Connection *c, const char *method, const char *path, void **request)
{
	const struct api_route *route = NULL;
	struct arrival *arrival;
	uint64_t arg[API_ARGS];
	const char *allow;
	const bool reads = api_route_find(method, path, arg, &route, &allow) == API_FOUND &&
			route->body_max > 0;
	const size_t max = reads ? route->body_max : (size_t)API_BODY_MAX;

	if (announces_too_much(c, max))
		return refuse_body(c, max);
	arrival = calloc(1, sizeof(*arrival));
	*request = arrival;
	if (arrival == NULL)
		return MHD_NO;
	arrival->body_max = max;
	arrival->reads_body = reads;
	return MHD_YES;
}

/* A piece of the body; what is beyond its room ends the connection. */
static enum MHD_Result take(struct arrival *a, const char *data, size_t n)
{
	char *larger;

	a->body_bytes += n;
	if (a->body_bytes > a->body_max)
		return MHD_NO;
	if (!a->reads_body)
		return MHD_YES;
	larger = realloc(a->body.bytes, a->body_bytes);
	if (larger == NULL)
		return MHD_NO;
	memcpy(larger + a->body.len, data, n);
	a->body = (struct api_body){ larger, a->body_bytes };
	return MHD_YES;
}

/* MHD calls it when the head is there, for each piece of the body, and at the end. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *path,
		const char *method, const char *version, const char *data, size_t *n_data,
		void **request)
{
	struct arrival *arrival = *request;
	const size_t n = *n_data;

	(void)version;
	if (arrival == NULL)
		return begin(c, method, path, request);
	*n_data = 0;
	return n > 0 ? take(arrival, data, n) : answer(ctx, c, method, path, &arrival->body);
}

static void on_done(void *ctx, struct MHD_Connection *c, void **request,
		enum MHD_RequestTerminationCode why)
{
	struct arrival *arrival = *request;

	(void)ctx;
	(void)c;
	(void)why;
	if (arrival != NULL)
		free(arrival->body.bytes);
	free(arrival);
	*request = NULL;
}

static void on_log(void *ctx, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

static void on_log(void *ctx, const char *fmt, va_list args)
{
	char text[256];

	(void)ctx;
	vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = '\0';
	log_debug("api", "http: %s", text);
}

static int http_start(struct api *a)
{
	const int fd = api_socket_dup(a->socket); /* MHD's, whatever becomes of it */
	const unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG;

	if (fd < 0) {
		log_err("api", "the socket cannot be duplicated: %s", strerror(-fd));
		return fd;
	}
	a->http = MHD_start_daemon(flags, 0, NULL, NULL, on_request, a, MHD_OPTION_EXTERNAL_LOGGER,
			on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED,
			on_done, NULL, MHD_OPTION_CONNECTION_LIMIT, (unsigned)API_CONNECTIONS,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)API_TIMEOUT_S,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)API_HEAD_MAX, MHD_OPTION_END);
	if (a->http != NULL)
		return 0;
	log_err("api", "the HTTP library does not start: is its epoll mode missing?");
	return -ENOTSUP;
}

int api_start(const struct api_parts *parts, struct api **ret_api)
{
	struct api *a = calloc(1, sizeof(*a));
	int rc;

	if (a == NULL) {
		log_err("api", "out of memory");
		return -ENOMEM;
	}
	a->conf = parts->conf;
	a->workers = parts->workers;
	a->sessions = parts->sessions;
	a->identity = parts->identity;
	a->reload = parts->reload;
	a->history = parts->history;
	a->started = time(NULL);
	a->started_us = workers_now_us(a->workers);
	rc = api_socket_open(a->conf->api_socket, &a->socket);
	if (rc == 0)
		rc = http_start(a);
	if (rc < 0) {
		api_stop(&a);
		return rc;
	}
	*ret_api = a;
	return 0;
}

int api_fd(const struct api *api)
{
	return MHD_get_daemon_info(api->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int api_timeout_ms(const struct api *api)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(api->http, &ms) == MHD_NO)
		return -1;
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

void api_run(struct api *api)
{
	MHD_run(api->http);
}

void api_stop(struct api **api)
{
	struct api *a = *api;

	if (a == NULL)
		return;
	if (a->http != NULL)
		MHD_stop_daemon(a->http);
	api_socket_close(&a->socket);
	free(a);
	*api = NULL;
}
