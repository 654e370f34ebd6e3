/* SPDX-License-Identifier: Apache-2.0
 * One request to the daemon. */
#pragma once

#include "tools/sluicectl/ctl.h"

/* <method> is "GET" or "POST". CTL_OK: *ret_answer is the body, owned by the caller. Else what is
 * wrong, and what to do, has been written to stderr. */
enum ctl_exit client_ask(
		const struct ctl *c, const char *method, const char *target, json_t **ret_answer);

/* The same for a POST with a body; NULL: none. */
enum ctl_exit client_send(
		const struct ctl *c, const char *target, const json_t *body, json_t **ret_answer);

/* The same for a GET of pages: *ret_answer has all their entries under <key>. */
enum ctl_exit client_ask_pages(
		const struct ctl *c, const char *path, const char *key, json_t **ret_answer);

/* <text> as part of a query: owned by the caller; NULL: out of memory. */
char *client_escape(const char *text);
