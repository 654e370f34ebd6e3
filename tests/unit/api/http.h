/* SPDX-License-Identifier: Apache-2.0
 * A client on the same thread as the api it talks to. */
#pragma once

#include "ctrlplane/api/api.h"

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>

struct http_answer {
	int status; /* 0: the connection ended without an answer */
	char *all;  /* owned: head and body, NUL-terminated */
	size_t len;
	const char *body;
};

/* Sends <request> as it is to <path>, drives <api> until the connection ends. */
void http_raw(struct api *api, const char *path, const char *request, size_t len,
		struct http_answer *ret);
/* The same, and ends its own direction behind the request. */
void http_raw_end(struct api *api, const char *path, const char *request, size_t len,
		struct http_answer *ret);
/* "METHOD TARGET", Connection: close. */
void http_do(struct api *api, const char *path, const char *method_and_target,
		struct http_answer *ret);
void http_done(struct http_answer *a);

/* The body as JSON; NULL when it is not. */
json_t *http_json(const struct http_answer *a);
/* The value of a header, in <out>; false: there is none. */
bool http_header(const struct http_answer *a, const char *name, char *out, size_t size);
