/* SPDX-License-Identifier: Apache-2.0
 * The management API: HTTP/1.1 and JSON over a Unix socket, and metrics for Prometheus.
 *
 * It runs on the control thread and has no thread of its own, because the calls of
 * dataplane/worker/worker.h may be made there only. The control loop drives it:
 *
 *	poll {api_fd(a), ...} for POLLIN, at most api_timeout_ms(a) (-1: no limit)
 *	api_run(a)	after each wake-up, whatever woke it; it returns when there is nothing to do
 *
 * A request that asks a worker waits for the answer at most 1 s per worker (worker.h), so one turn
 * of the loop is bounded by that. */
#pragma once

struct api;
struct conf;
struct history;
struct identity;
struct reload;
struct sessions;
struct workers;

/* What it shows and changes: all are borrowed until api_stop(). */
struct api_parts {
	const struct conf *conf;
	struct workers *workers;
	struct sessions *sessions; /* NULL: nothing is inspected; its paths answer 503 */
	struct identity *identity; /* NULL: nobody is verified; likewise */
	struct reload *reload;     /* NULL: rules are not exchanged; likewise */
	struct history *history;   /* with <reload> */
};

/* Listens on conf->api_socket. 0, or -errno with one log line that says what to do: -EADDRINUSE
 * (somebody answers there), -ENAMETOOLONG, -EACCES, -ENOENT, ... */
int api_start(const struct api_parts *parts, struct api **ret_api);

/* Readable when api_run() has work. Valid until api_stop(). */
int api_fd(const struct api *api);

/* Longest wait before the next api_run(); -1: none is due. */
int api_timeout_ms(const struct api *api);

void api_run(struct api *api);

/* Closes every connection and removes the socket. Accepts NULL, nulls the caller's pointer. */
void api_stop(struct api **api);
