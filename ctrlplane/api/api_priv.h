/* SPDX-License-Identifier: Apache-2.0
 * Inside ctrlplane/api: requests, replies, routes. Handlers do not know the HTTP library. */
#pragma once

#include "ctrlplane/api/api.h"
#include "ctrlplane/conf/conf.h"
#include "dataplane/worker/worker.h"

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum {
	API_ARGS = 3,             /* numbers in a path */
	API_CONNECTIONS = 32,     /* at once; more wait in the listen queue */
	API_HEAD_MAX = 16 << 10,  /* bytes of a request's head */
	API_BODY_MAX = 4 << 10,   /* bytes of a request's body that nobody reads */
	API_RULES_MAX = 16 << 20, /* bytes of one that brings rules */
	API_TIMEOUT_S = 15,       /* of a connection that does not move */
	API_FLOWS_DEFAULT = 100,  /* in one page */
	API_FLOWS_MAX = 1000,     /* in one page */
	API_FLOWS_SEEN = 65536,   /* slots looked at for one page */
	API_SESSIONS_DEFAULT = 100,
	API_SESSIONS_MAX = 500,
	API_HOLDS_DEFAULT = 32, /* each with its text: up to 16 KiB */
	API_HOLDS_MAX = 128,
	API_WHO_MAX = 96, /* bytes of a peer's name and uid */
};

/* The status codes of replies, RFC 9110 15. */
enum {
	API_OK = 200,
	API_BAD_REQUEST = 400,
	API_NOT_FOUND = 404,
	API_CONFLICT = 409,
	API_SERVER_ERROR = 500,
	API_UNAVAILABLE = 503,
	API_GATEWAY_TIMEOUT = 504,
};

/* Whose socket the other end is; -1: not known. */
struct api_peer {
	int uid, pid;
};

struct api {
	const struct conf *conf;   /* borrowed */
	struct workers *workers;   /* borrowed */
	struct sessions *sessions; /* borrowed; NULL: none */
	struct identity *identity; /* borrowed; NULL: none */
	struct reload *reload;     /* borrowed; NULL: none */
	struct history *history;   /* borrowed; NULL: none */
	struct MHD_Daemon *http;   /* owned */
	struct api_socket *socket; /* owned */
	time_t started;            /* wall clock */
	uint64_t started_us;       /* workers_now_us() */
};

struct api_body {
	char *bytes; /* owned, unless a handler takes it and leaves NULL */
	size_t len;
};

struct api_request {
	struct api *api;
	const char *(*query)(const void *ctx, const char *key); /* NULL: not given */
	const void *ctx;
	struct api_peer peer;
	uint64_t arg[API_ARGS]; /* the numbers in the path, in order */
	struct api_body *body;  /* borrowed; of a route that reads one */
};

struct api_reply {
	unsigned status;  /* 200 unless set */
	const char *type; /* "application/json" unless set */
	char *body;       /* owned */
	size_t len;
};

struct api_route {
	const char *method;
	const char *path; /* '#': a number of 32 bits, '$': of 64, '@': 16 digits, hexadecimal */
	void (*handle)(const struct api_request *rq, struct api_reply *reply);
	size_t body_max; /* 0: it reads no body */
};

/* One row a request that is answered; NULL method ends. */
extern const struct api_route api_routes[];

enum api_found {
	API_FOUND,
	API_NO_PATH,
	API_NO_METHOD, /* the path is there, for other methods: *ret_allow says which */
};

enum api_found api_route_find(const char *method, const char *path, uint64_t ret_arg[API_ARGS],
		const struct api_route **ret_route, const char **ret_allow);

/* One number of struct worker_stats. */
struct api_worker_column {
	const char *name, *text;
	size_t off;
};

/* NULL name ends. */
extern const struct api_worker_column api_worker_columns[];

/* All workers' counters at about one time. */
struct api_sample {
	uint32_t n;
	struct counters *counters;  /* owned */
	struct worker_stats *stats; /* owned */
};

bool api_sample(const struct api *a, struct api_sample *ret); /* false: out of memory */
void api_sample_done(struct api_sample *s);

/* A port's device, link and numbers. */
json_t *api_port_object(const struct api *a, uint16_t wire, enum side side);

/* Handlers. */
void api_get_status(const struct api_request *rq, struct api_reply *reply);
void api_get_wires(const struct api_request *rq, struct api_reply *reply);
void api_get_flows(const struct api_request *rq, struct api_reply *reply);
void api_get_stats(const struct api_request *rq, struct api_reply *reply);
void api_get_metrics(const struct api_request *rq, struct api_reply *reply);
void api_post_kill(const struct api_request *rq, struct api_reply *reply);
void api_get_targets(const struct api_request *rq, struct api_reply *reply);
void api_get_sessions(const struct api_request *rq, struct api_reply *reply);
void api_get_session(const struct api_request *rq, struct api_reply *reply);
void api_post_session_kill(const struct api_request *rq, struct api_reply *reply);
void api_get_holds(const struct api_request *rq, struct api_reply *reply);
void api_post_allow(const struct api_request *rq, struct api_reply *reply);
void api_post_deny(const struct api_request *rq, struct api_reply *reply);
void api_post_revoke(const struct api_request *rq, struct api_reply *reply);
void api_post_restore(const struct api_request *rq, struct api_reply *reply);

void api_get_rules(const struct api_request *rq, struct api_reply *reply);
void api_get_rules_history(const struct api_request *rq, struct api_reply *reply);
void api_get_rules_sources(const struct api_request *rq, struct api_reply *reply);
void api_get_rules_shadow(const struct api_request *rq, struct api_reply *reply);
void api_post_rules_shadow_stop(const struct api_request *rq, struct api_reply *reply);
void api_get_rules_hits(const struct api_request *rq, struct api_reply *reply);
void api_post_rules_apply(const struct api_request *rq, struct api_reply *reply);
void api_post_rules_rollback(const struct api_request *rq, struct api_reply *reply);

/* api_rules.c */
void api_put_rules(FILE *to, const struct api *a);

/* api_metrics_sessions.c */
void api_put_sessions(FILE *to, const struct api *a);
void api_put_head(
		FILE *to, const char *name, const char *suffix, const char *type, const char *help);

/* Queries: api_query.c. A decimal number up to <max>, then <end>. */
bool api_number(const char *text, char end, uint64_t max, uint64_t *ret, const char **ret_rest);
/* 16 hexadecimal digits, then anything. */
bool api_hex(const char *text, uint64_t *ret);
/* The number behind "limit=", else <otherwise>. False: the reply says that it is none up to <max>. */
bool api_limit(const struct api_request *rq, uint64_t otherwise, uint64_t max, uint64_t *ret,
		struct api_reply *reply);
/* "name (uid 1000)", or "uid 1000". */
void api_who(const struct api_request *rq, char text[API_WHO_MAX]);

/* api_json.c. Objects take what they are given; out of memory shows as a NULL reply body. */
void api_reply_json(struct api_reply *reply, json_t *take);
void api_reply_error(struct api_reply *reply, unsigned status, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
void api_set_u64(json_t *object, const char *key, uint64_t value);
void api_set_text(json_t *object, const char *key, const char *text);
void api_set_bool(json_t *object, const char *key, bool value);
void api_set(json_t *object, const char *key, json_t *take);
void api_sha256_text(const uint8_t sha256[32], char text[65]);
void api_set_id(json_t *object, const char *key, uint64_t id); /* as 16 hexadecimal digits */
/* {"address": ..., "port": ...} */
json_t *api_endpoint(const struct flow_key *key, enum side side);
const char *api_side_name(enum side side);
const char *api_pressure_name(uint8_t pressure);

/* api_socket.c: the listening socket, and its name while it exists. */
int api_socket_open(const char *path, struct api_socket **ret_socket);
int api_socket_dup(const struct api_socket *s); /* another descriptor of it, or -errno */
void api_socket_close(struct api_socket **s);   /* removes the name if it is still ours */
