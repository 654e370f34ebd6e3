/* SPDX-License-Identifier: Apache-2.0
 * The daemon between its configuration and its end: what main() composes. Control thread only. */
#pragma once

struct conf;
struct app;

/* Brings everything up, in order. 0; -errno, after one log line that says what to do. */
int app_start(const struct conf *conf, struct app **ret);

/* The control loop: serves the api, writes reports to the log, watches ports and workers. Returns
 * after SIGTERM, SIGINT or SIGHUP, which the caller has blocked. 0 or -errno. */
int app_run(struct app *app);

/* Stops and frees everything, in the opposite order. -ETIMEDOUT: a worker did not come to rest, and
 * nothing that it might touch was freed: exit now. */
int app_stop(struct app **app);
