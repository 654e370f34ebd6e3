/* SPDX-License-Identifier: Apache-2.0
 * ctrlplane/api over its real socket in real HTTP; only the workers behind it are set by hand. */
#include "ctrlplane/api/api.h"
#include "ctrlplane/api/api_priv.h"
#include "ctrlplane/log/log.h"
#include "tests/unit/api/fake_workers.h"
#include "tests/unit/api/http.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct workers workers;
static struct conf *conf;
static struct api_parts parts; /* without sessions: see test_sessions.c */
static struct api *api;
static char folder[] = "/tmp/test_api.XXXXXX";
static char path[64];
static FILE *log_file;

/* Fixture. */

static void add_flow(uint32_t worker, uint32_t index, uint32_t target, enum flow_mode mode)
{
	struct flow_report *r = &workers.flows[worker][index];

	*r = (struct flow_report){ .index = index,
		.gen = 7 + index,
		.target = target,
		.mode = (uint8_t)mode,
		.start_us = 1000000,
		.last_us = 3000000 };
	memset(&r->key.addr[SIDE_AGENT][10], 0xff, 2);
	memset(&r->key.addr[SIDE_PROD][10], 0xff, 2);
	r->key.addr[SIDE_AGENT][12] = r->key.addr[SIDE_PROD][12] = 10;
	r->key.addr[SIDE_AGENT][15] = 1;
	r->key.addr[SIDE_PROD][15] = 2;
	r->key.port[SIDE_AGENT] = (uint16_t)(40000 + index);
	r->key.port[SIDE_PROD] = 5432;
	r->side[SIDE_AGENT].rx_bytes = 11;
	r->side[SIDE_PROD].tx_bytes = UINT64_MAX;
	r->side[SIDE_PROD].delta = -5;
	workers.used[worker][index] = true;
}

static void fill_workers(void)
{
	memset(&workers, 0, sizeof(workers));
	workers.now_us = 5000000;
	for (uint32_t w = 0; w < FAKE_WORKERS; w++) {
		for (unsigned i = 0; i < STAT_MAX; i++)
			workers.counters[w].stat[i] = 1000 * (w + 1) + i;
		for (unsigned i = 0; i < DROP_MAX; i++)
			workers.counters[w].drop[i] = 100 * w + i;
		workers.stats[w] = (struct worker_stats){ .loops = 50, .idle_loops = 40, .cpu = 3 };
		workers.gauges[w] = (struct relay_gauges){ .flows = 9,
			.held = 1,
			.flow_bytes = 640,
			.retained_bytes = 1 << 20,
			.retain_limit_bytes = 1 << 22,
			.pressure = PRESSURE_RED };
		workers.gauges[w].flows_by_mode[MODE_RELAY] = 4;
	}
	workers.port[SIDE_AGENT] = (struct port_stats){ .driver = "net_fake",
		.mtu = 1500,
		.link_up = true,
		.rx_frames = 17,
		.rx_missed = 3,
		.mac = { 2, 0, 0, 0, 0, 0xab } };
}

static int open_log(void)
{
	log_file = tmpfile();
	log_redirect(log_file, false);
	log_level_set(LOG_LEVEL_INFO);
	return log_file == NULL;
}

static bool log_has(const char *text)
{
	static char all[65536];
	size_t n;

	rewind(log_file);
	n = fread(all, 1, sizeof(all) - 1, log_file);
	all[n] = '\0';
	return strstr(all, text) != NULL;
}

static int suite_open(void)
{
	static const char yaml[] =
			"appliance: {name: lab, api: {socket: %s}}\n"
			"dataplane: {wires: [{name: up, agent: {port: net_a}, prod: {port: "
			"net_b}},\n"
			" {name: down, agent: {port: net_c}, prod: {port: net_d}, undeclared_tcp: "
			"forward}]}\n"
			"targets: [{name: db, match: {address: 10.0.0.2}},\n"
			"          {name: web, match: {address: 10.0.0.3}},\n"
			"          {name: cache, match: {address: 10.1.0.0/16, port: 6379}},\n"
			"          {name: rest, match: {address: 'fd00::/8'}}]\n";
	static struct doc_errors errors;
	char text[1024];

	if (open_log() != 0 || mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/api.sock", folder);
	snprintf(text, sizeof(text), yaml, path);
	if (conf_parse(text, strlen(text), &conf, &errors) < 0)
		return -1;
	fill_workers();
	parts = (struct api_parts){ .conf = conf, .workers = &workers };
	return api_start(&parts, &api);
}

static int suite_close(void)
{
	api_stop(&api);
	conf_free(&conf);
	fclose(log_file);
	return rmdir(folder);
}

/* A GET that must succeed; its JSON belongs to the caller. */
static json_t *get(const char *target)
{
	struct http_answer a;
	char line[512], type[64] = "";
	json_t *j;

	snprintf(line, sizeof(line), "GET %s", target);
	http_do(api, path, line, &a);
	CU_ASSERT_EQUAL(a.status, 200);
	CU_ASSERT_TRUE(http_header(&a, "Content-Type", type, sizeof(type)));
	CU_ASSERT_STRING_EQUAL(type, "application/json");
	j = http_json(&a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(j);
	http_done(&a);
	return j;
}

/* A request that must fail with <status> and a JSON error that has <text> in it. */
static void fails(const char *method_and_target, int status, const char *text)
{
	struct http_answer a;
	const char *error;
	json_t *j;

	http_do(api, path, method_and_target, &a);
	CU_ASSERT_EQUAL(a.status, status);
	j = http_json(&a);
	error = json_string_value(json_object_get(j, "error"));
	CU_ASSERT_TRUE(error != NULL && strstr(error, text) != NULL);
	if (a.status != status || error == NULL)
		printf("\n  %s: %s\n", method_and_target, a.all);
	json_decref(j);
	http_done(&a);
}

static json_int_t number_at(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	CU_ASSERT_TRUE(json_is_integer(v));
	return json_integer_value(v);
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *v = json_string_value(json_object_get(object, key));

	CU_ASSERT_PTR_NOT_NULL_FATAL(v);
	return v;
}

/* Answers. */

static void test_status(void)
{
	json_t *j = get("/v1/status"), *w = json_array_get(json_object_get(j, "workers"), 1);

	CU_ASSERT_STRING_EQUAL(text_at(j, "name"), "lab");
	CU_ASSERT_EQUAL(number_at(j, "pid"), getpid());
	CU_ASSERT_EQUAL(strlen(text_at(j, "configuration_sha256")), 64);
	CU_ASSERT_EQUAL(number_at(j, "targets"), 4);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(j, "workers")), FAKE_WORKERS);
	CU_ASSERT_EQUAL(number_at(w, "worker"), 1);
	CU_ASSERT_EQUAL(number_at(w, "cpu"), 3);
	CU_ASSERT_EQUAL(number_at(w, "flows"), 9);
	CU_ASSERT_EQUAL(number_at(json_object_get(w, "flows_by_mode"), relay_mode_name(MODE_RELAY)),
			4);
	CU_ASSERT_STRING_EQUAL(text_at(w, "pressure"), "red");
	CU_ASSERT_EQUAL(number_at(w, "retain_limit_bytes"), 1 << 22);
	json_decref(j);

	workers.silent[1] = true;
	j = get("/v1/status");
	w = json_array_get(json_object_get(j, "workers"), 1);
	CU_ASSERT_TRUE(json_is_false(json_object_get(w, "answers")));
	CU_ASSERT_PTR_NULL(json_object_get(w, "flows"));
	workers.silent[1] = false;
	json_decref(j);
}

static void test_wires(void)
{
	json_t *j = get("/v1/wires"), *list = json_object_get(j, "wires");
	json_t *up = json_array_get(list, 0), *down = json_array_get(list, 1), *agent;

	CU_ASSERT_EQUAL(json_array_size(list), 2);
	CU_ASSERT_STRING_EQUAL(text_at(up, "name"), "up");
	CU_ASSERT_STRING_EQUAL(text_at(up, "undeclared_tcp"), "deny");
	CU_ASSERT_STRING_EQUAL(text_at(down, "undeclared_tcp"), "forward");
	agent = json_object_get(up, "agent");
	CU_ASSERT_STRING_EQUAL(text_at(agent, "device"), "net_a");
	CU_ASSERT_STRING_EQUAL(text_at(agent, "driver"), "net_fake");
	CU_ASSERT_STRING_EQUAL(text_at(agent, "mac"), "02:00:00:00:00:ab");
	CU_ASSERT_EQUAL(number_at(agent, "rx_missed"), 3);
	CU_ASSERT_TRUE(json_is_true(json_object_get(agent, "link_up")));
	CU_ASSERT_TRUE(json_is_false(json_object_get(json_object_get(down, "agent"), "present")));
	json_decref(j);
}

static void test_stats(void)
{
	json_t *j = get("/v1/stats"), *drops = json_object_get(j, "drops"), *row;
	json_t *stats = json_object_get(j, "stats");

	CU_ASSERT_EQUAL(json_array_size(stats), STAT_MAX);
	CU_ASSERT_EQUAL(json_array_size(drops), DROP_MAX - 1); /* "not dropped" is no drop */
	row = json_array_get(stats, STAT_RETRANSMITS);
	CU_ASSERT_STRING_EQUAL(text_at(row, "name"), stat_info(STAT_RETRANSMITS)->name);
	CU_ASSERT_EQUAL(number_at(row, "sum"), 3000 + 2 * STAT_RETRANSMITS);
	row = json_array_get(drops, DROP_TCP_CKSUM - 1);
	CU_ASSERT_STRING_EQUAL(text_at(row, "name"), "tcp_cksum");
	CU_ASSERT_STRING_EQUAL(text_at(row, "severity"), "warn");
	CU_ASSERT_STRING_EQUAL(text_at(row, "text"), "wrong TCP checksum");
	CU_ASSERT_EQUAL(number_at(row, "sum"), 100 + 2 * DROP_TCP_CKSUM);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(row, "workers"), 1)),
			100 + DROP_TCP_CKSUM);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(j, "ports")), 4);
	json_decref(j);
}

static void test_flow(void)
{
	json_t *j, *f, *prod;

	add_flow(1, 5, 0, MODE_RELAY);
	j = get("/v1/flows");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(j, "flows")), 1);
	CU_ASSERT_TRUE(json_is_null(json_object_get(j, "next")));
	f = json_array_get(json_object_get(j, "flows"), 0);
	prod = json_object_get(f, "prod");
	CU_ASSERT_STRING_EQUAL(text_at(f, "id"), "1/5/12");
	CU_ASSERT_STRING_EQUAL(text_at(f, "target"), "db");
	CU_ASSERT_STRING_EQUAL(text_at(f, "wire"), "up");
	CU_ASSERT_EQUAL(number_at(f, "age_ms"), 4000);
	CU_ASSERT_EQUAL(number_at(f, "idle_ms"), 2000);
	CU_ASSERT_STRING_EQUAL(text_at(prod, "address"), "10.0.0.2");
	CU_ASSERT_EQUAL(number_at(prod, "port"), 5432);
	CU_ASSERT_EQUAL(number_at(prod, "delta"), -5);
	CU_ASSERT_EQUAL(number_at(prod, "tx_bytes"), INT64_MAX);
	CU_ASSERT_EQUAL(number_at(json_object_get(f, "agent"), "rx_bytes"), 11);
	json_decref(j);
}

static void test_flow_ipv6_and_vlans(void)
{
	struct flow_report *r = &workers.flows[1][5];
	struct flow_report saved = *r;
	json_t *j, *f;

	memset(r->key.addr, 0, sizeof(r->key.addr));
	r->key.addr[SIDE_AGENT][0] = 0xfd;
	r->key.addr[SIDE_AGENT][15] = 1;
	r->key.tag = 1u << 24 | 100u << 12 | 200;
	r->target = CONF_TARGET_NONE;
	j = get("/v1/flows?target=-");
	f = json_array_get(json_object_get(j, "flows"), 0);
	CU_ASSERT_STRING_EQUAL(text_at(json_object_get(f, "agent"), "address"), "fd00::1");
	CU_ASSERT_STRING_EQUAL(text_at(f, "wire"), "down");
	CU_ASSERT_STRING_EQUAL(text_at(f, "target"), "-");
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(f, "vlans"), 0)), 100);
	CU_ASSERT_EQUAL(json_integer_value(json_array_get(json_object_get(f, "vlans"), 1)), 200);
	json_decref(j);
	*r = saved;
}

/* Follows <next> to the end: flows seen in all; each page keeps to <limit>. */
static size_t walk(const char *query, size_t limit, uint8_t seen[FAKE_WORKERS][FAKE_FLOWS])
{
	char target[256], next[32] = "0:0";
	size_t n = 0;

	for (int page = 0; next[0] != '\0' && page < 2000; page++) {
		json_t *j, *flow;
		size_t i;

		snprintf(target, sizeof(target), "/v1/flows?%s&limit=%zu&cursor=%s", query, limit,
				next);
		j = get(target);
		CU_ASSERT_TRUE(json_array_size(json_object_get(j, "flows")) <= limit);
		for (i = 0; i < json_array_size(json_object_get(j, "flows")); i++) {
			flow = json_array_get(json_object_get(j, "flows"), i);

			unsigned worker = 0, index = 0;

			CU_ASSERT_EQUAL(sscanf(text_at(flow, "id"), "%u/%u/", &worker, &index), 2);
			seen[worker][index]++;
			n++;
		}
		snprintf(next, sizeof(next), "%s",
				json_is_null(json_object_get(j, "next")) ? "" : text_at(j, "next"));
		json_decref(j);
	}
	CU_ASSERT_STRING_EQUAL(next, "");
	return n;
}

static void test_pages(void)
{
	static const size_t limits[] = { 1, 7, 64, 100, 1000 };
	uint8_t seen[FAKE_WORKERS][FAKE_FLOWS];

	for (uint32_t i = 0; i < FAKE_FLOWS; i += 2) {
		add_flow(0, i, i % 4 == 0 ? 0 : 1, i % 3 == 0 ? MODE_WIRE : MODE_RELAY);
		add_flow(1, i + 1, CONF_TARGET_NONE, MODE_WIRE);
	}
	for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
		memset(seen, 0, sizeof(seen));
		CU_ASSERT_EQUAL(walk("", limits[l], seen), FAKE_FLOWS);
		for (uint32_t i = 0; i < FAKE_FLOWS; i++) {
			CU_ASSERT_EQUAL(seen[0][i], i % 2 == 0);
			CU_ASSERT_EQUAL(seen[1][i], i % 2 == 1);
		}
	}
	CU_ASSERT_EQUAL(walk("target=db", 10, seen), FAKE_FLOWS / 4);
	CU_ASSERT_EQUAL(walk("target=-", 10, seen), FAKE_FLOWS / 2);
	CU_ASSERT_EQUAL(walk("target=web&mode=wire", 3, seen), FAKE_FLOWS / 12);
	CU_ASSERT_TRUE(workers.most_asked <= 64);
	memset(workers.used, 0, sizeof(workers.used));
}

static void test_flow_queries_that_are_wrong(void)
{
	fails("GET /v1/flows?limit=0", 400, "limit");
	fails("GET /v1/flows?limit=1001", 400, "limit");
	fails("GET /v1/flows?limit=-1", 400, "limit");
	fails("GET /v1/flows?limit=1x", 400, "limit");
	fails("GET /v1/flows?limit=99999999999999999999999", 400, "limit");
	fails("GET /v1/flows?cursor=1", 400, "cursor");
	fails("GET /v1/flows?cursor=0:", 400, "cursor");
	fails("GET /v1/flows?cursor=0:1:2", 400, "cursor");
	fails("GET /v1/flows?cursor=0:4294967295", 400, "cursor");
	fails("GET /v1/flows?mode=tunnel", 400, "mode");
	fails("GET /v1/flows?target=nobody", 400, "target");
	workers.silent[0] = true;
	fails("GET /v1/flows", 504, "worker 0 does not answer");
	workers.silent[0] = false;
	json_decref(get("/v1/flows?cursor=99:0")); /* beyond the last worker: an empty end */
}

static void test_kill(void)
{
	struct http_answer a;

	add_flow(1, 5, 0, MODE_RELAY);
	fails("POST /v1/flows/1/5/11/kill", 404, "it has ended");
	fails("POST /v1/flows/2/5/12/kill", 404, "it has ended");
	fails("GET /v1/flows/1/5/12/kill", 405, "POST");
	workers.silent[1] = true;
	fails("POST /v1/flows/1/5/12/kill", 504, "worker 1 does not answer");
	workers.silent[1] = false;
	http_do(api, path, "POST /v1/flows/1/5/12/kill", &a);
	CU_ASSERT_EQUAL(a.status, 200);
	CU_ASSERT_STRING_EQUAL(a.body, "{\"killed\":true}");
	CU_ASSERT_TRUE(workers.killed[0] == 1 && workers.killed[1] == 5 && workers.killed[2] == 12);
	CU_ASSERT_TRUE(log_has("POST /v1/flows/1/5/12/kill by uid"));
	http_done(&a);
}

static void test_targets(void)
{
	json_t *j = get("/v1/targets"), *list = json_object_get(j, "targets"), *t;

	CU_ASSERT_EQUAL(json_array_size(list), 4);
	t = json_array_get(list, 0);
	CU_ASSERT_STRING_EQUAL(text_at(t, "name"), "db");
	CU_ASSERT_STRING_EQUAL(text_at(t, "address"), "10.0.0.2");
	CU_ASSERT_TRUE(json_is_null(json_object_get(t, "port")));
	CU_ASSERT_STRING_EQUAL(text_at(t, "protocol"), "tcp");
	CU_ASSERT_STRING_EQUAL(text_at(t, "mode"), "relay");
	CU_ASSERT_TRUE(json_is_false(json_object_get(t, "asks_who")));
	t = json_array_get(list, 2);
	CU_ASSERT_STRING_EQUAL(text_at(t, "address"), "10.1.0.0/16");
	CU_ASSERT_EQUAL(number_at(t, "port"), 6379);
	t = json_array_get(list, 3);
	CU_ASSERT_STRING_EQUAL(text_at(t, "address"), "fd00::/8");
	json_decref(j);
}

static void test_nothing_inspected(void)
{
	fails("GET /v1/sessions", 503, "nothing is inspected");
	fails("GET /v1/sessions/0123456789abcdef", 503, "nothing is inspected");
	fails("POST /v1/sessions/0123456789abcdef/kill", 503, "nothing is inspected");
	fails("GET /v1/holds", 503, "nothing is inspected");
	fails("POST /v1/holds/0123456789abcdef/1/allow", 503, "nothing is inspected");
	fails("POST /v1/holds/0123456789abcdef/1/deny", 503, "nothing is inspected");
	fails("POST /v1/actors/revoke?issuer=corp&sub=x", 503, "nobody is verified");
	fails("POST /v1/actors/restore?issuer=corp&sub=x", 503, "nobody is verified");
}

/* Routes. */

static void test_paths(void)
{
	static const char *const none[] = { "/", "/v1", "/v1/", "/v1/statu", "/v1/status/",
		"/v1/status0", "//v1/status", "/v1/flows/1/2/kill", "/v1/flows/1/2/3/4/kill",
		"/v1/flows/a/2/3/kill", "/v1/flows/-1/2/3/kill", "/v1/flows/01/2/3/kill",
		"/v1/flows/4294967296/2/3/kill", "/v1/flows/1/2/99999999999999999999999/kill",
		"/v1/flows/1/2/3/kill/", "/v1/sessions/0123456789ABCDEF",
		"/v1/sessions/0123456789abcde", "/v1/sessions/0123456789abcdef0",
		"/v1/holds/0123456789abcdef/01/allow",
		"/v1/holds/0123456789abcdef/18446744073709551616/allow", "/v1/holds/1/1/allow",
		"/v1/%2e%2e/x", "/etc/passwd", "/v1/../v1/statusx" };
	char line[128];

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		snprintf(line, sizeof(line), "GET %s", none[i]);
		fails(line, 404, "no such path");
	}
}

static void test_methods(void)
{
	struct http_answer a;
	char allow[64] = "";

	fails("POST /v1/status", 405, "GET");
	fails("DELETE /metrics", 405, "GET");
	fails("BREW /v1/flows", 405, "GET");
	fails("BREW /v1/nowhere", 404, "no such path");
	http_do(api, path, "PUT /v1/status", &a);
	CU_ASSERT_TRUE(http_header(&a, "Allow", allow, sizeof(allow)));
	CU_ASSERT_STRING_EQUAL(allow, "GET, HEAD");
	http_done(&a);
	http_do(api, path, "HEAD /v1/status", &a);
	CU_ASSERT_EQUAL(a.status, 200);
	CU_ASSERT_STRING_EQUAL(a.body, "");
	http_done(&a);
}

/* Sizes, and requests that are no requests. */

static void raw_status(const char *request, size_t len, int status)
{
	struct http_answer a;

	http_raw(api, path, request, len, &a);
	CU_ASSERT_EQUAL(a.status, status);
	if (a.status != status)
		printf("\n  %.60s...: %.200s\n", request, a.all);
	http_done(&a);
}

static void test_body_sizes(void)
{
	static char request[64 << 10];
	int n;

	add_flow(1, 5, 0, MODE_RELAY);
	n = snprintf(request, sizeof(request),
			"POST /v1/flows/1/5/12/kill HTTP/1.1\r\nHost: s\r\nConnection: close\r\n"
			"Content-Length: %d\r\n\r\n%*s",
			API_BODY_MAX, API_BODY_MAX, "");
	raw_status(request, (size_t)n, 200);
	n = snprintf(request, sizeof(request),
			"POST /v1/flows/1/5/12/kill HTTP/1.1\r\nHost: s\r\nConnection: close\r\n"
			"Content-Length: %d\r\n\r\n%*s",
			API_BODY_MAX + 1, API_BODY_MAX + 1, "");
	raw_status(request, (size_t)n, 413);
	n = snprintf(request, sizeof(request),
			"POST /v1/flows/1/5/12/kill HTTP/1.1\r\nHost: s\r\nConnection: close\r\n"
			"Transfer-Encoding: chunked\r\n\r\n2000\r\n%*s\r\n0\r\n\r\n",
			0x2000, "");
	raw_status(request, (size_t)n, 0);
}

static void test_head_sizes(void)
{
	static char request[64 << 10];
	int n = snprintf(request, sizeof(request),
			"GET /v1/status HTTP/1.1\r\nHost: s\r\nConnection: close\r\nX: %*s\r\n\r\n",
			8000, "a");

	raw_status(request, (size_t)n, 200);
	n = snprintf(request, sizeof(request),
			"GET /v1/status HTTP/1.1\r\nHost: s\r\nConnection: close\r\nX: %*s\r\n\r\n",
			API_HEAD_MAX, "a");
	raw_status(request, (size_t)n, 431);
	n = snprintf(request, sizeof(request),
			"GET /%0*d HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n", API_HEAD_MAX,
			0);
	raw_status(request, (size_t)n, 414);
}

static void test_garbage(void)
{
	static const char *const all[] = { "\r\n\r\n\r\n", "GET\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01", "GET /v1/status HTTP/9.9\r\n\r\n",
		"{\"a\":1}\n\n",
		"POST /v1/status HTTP/1.1\r\nHost: s\r\nContent-Length: -1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 18446744073709551617\r\n\r\n" };
	char noise[2048];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct http_answer a;

		http_raw_end(api, path, all[i], strlen(all[i]), &a);
		CU_ASSERT_TRUE(a.status == 0 || a.status >= 400);
		http_done(&a);
	}
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct http_answer a;

		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (char)(rand_r(&seed) >> 7);
		http_raw_end(api, path, noise, sizeof(noise), &a);
		CU_ASSERT_TRUE(a.status == 0 || a.status >= 400);
		http_done(&a);
	}
	json_decref(get("/v1/status"));
}

static int dial(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	CU_ASSERT_EQUAL(connect(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

/* Connections that say nothing take the places, are not more than there are, and free them. */
static void test_connection_limit(void)
{
	int fd[API_CONNECTIONS + 8];
	const size_t n = sizeof(fd) / sizeof(fd[0]);

	for (size_t i = 0; i < n; i++) {
		fd[i] = dial();
		api_run(api);
	}
	for (size_t i = 0; i < n; i++)
		close(fd[i]);
	for (int i = 0; i < 50; i++)
		api_run(api);
	json_decref(get("/v1/status"));
}

/* Metrics. */

static void metrics_lines(const char *body)
{
	size_t n = 0;

	for (const char *at = body; *at != '\0'; at += strcspn(at, "\n") + 1) {
		char name[128];
		unsigned long long value;

		if (*at == '#')
			continue;
		CU_ASSERT_TRUE(sscanf(at, "sluice_%120[a-z0-9_]{%*[^}]} %llu\n", name, &value) ==
						2 ||
				sscanf(at, "sluice_%120[a-z0-9_] %llu\n", name, &value) == 2);
		n++;
	}
	CU_ASSERT_TRUE(n > FAKE_WORKERS * (STAT_MAX + DROP_MAX));
}

static void test_metrics(void)
{
	struct http_answer a;
	char type[64] = "", drop[128];

	workers.silent[1] = true;
	http_do(api, path, "GET /metrics", &a);
	CU_ASSERT_EQUAL(a.status, 200);
	CU_ASSERT_TRUE(http_header(&a, "Content-Type", type, sizeof(type)));
	CU_ASSERT_STRING_EQUAL(type, "text/plain; version=0.0.4; charset=utf-8");
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, "\n# TYPE sluice_frames_dropped_total counter\n"));
	snprintf(drop, sizeof(drop),
			"\nsluice_frames_dropped_total{reason=\"ip_cksum\","
			"severity=\"warn\",worker=\"0\"} %d\n",
			DROP_IP_CKSUM);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, drop));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, "\nsluice_worker_up{worker=\"0\"} 1\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, "\nsluice_worker_up{worker=\"1\"} 0\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, "\nsluice_flows{worker=\"0\"} 9\n"));
	CU_ASSERT_PTR_NULL(strstr(a.body, "sluice_flows{worker=\"1\"}"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body, "\nsluice_retained_bytes{worker=\"0\"} 1048576\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(a.body,
			"\nsluice_port_receive_missed_total{wire=\"up\",side=\"agent\"} 3\n"));
	metrics_lines(a.body);
	http_done(&a);
	workers.silent[1] = false;
}

/* The socket. */

static void test_socket_mode(void)
{
	struct stat st;

	CU_ASSERT_EQUAL(lstat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode, (mode_t)(S_IFSOCK | 0660));
}

static void test_socket_in_use(void)
{
	struct api *second = NULL;

	CU_ASSERT_EQUAL(api_start(&parts, &second), -EADDRINUSE);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_TRUE(log_has("somebody listens"));
	json_decref(get("/v1/status")); /* the first one still answers, at the same name */
}

static void test_socket_stale(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	api_stop(&api);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	CU_ASSERT_EQUAL(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
	close(fd); /* as after kill -9: the name stays, nobody listens */
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	CU_ASSERT_EQUAL(api_start(&parts, &api), 0);
	json_decref(get("/v1/status"));
}

static void test_socket_name_is_a_file(void)
{
	FILE *f;

	api_stop(&api);
	f = fopen(path, "w");
	fputs("precious", f);
	fclose(f);
	CU_ASSERT_EQUAL(api_start(&parts, &api), -EEXIST);
	CU_ASSERT_TRUE(log_has("is no socket"));
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	unlink(path);
	CU_ASSERT_EQUAL(api_start(&parts, &api), 0);
}

static void test_socket_of_a_successor(void)
{
	struct api *second = NULL;

	unlink(path);
	CU_ASSERT_EQUAL(api_start(&parts, &second), 0);
	api_stop(&api); /* must leave the name that is another's by now */
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	api = second;
	json_decref(get("/v1/status"));
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "status, and a worker that is silent", test_status },
	{ "wires, and a port that is not there", test_wires },
	{ "stats: every counter, by worker and in all", test_stats },
	{ "a flow", test_flow },
	{ "a flow of IPv6 in two VLANs to no target", test_flow_ipv6_and_vlans },
	{ "pages show every flow once, at any limit", test_pages },
	{ "wrong queries", test_flow_queries_that_are_wrong },
	{ "kill", test_kill },
	{ "targets", test_targets },
	{ "nothing is inspected", test_nothing_inspected },
	{ "paths that are not there", test_paths },
	{ "methods", test_methods },
	{ "bodies at and beyond the limit", test_body_sizes },
	{ "heads at and beyond the limit", test_head_sizes },
	{ "garbage", test_garbage },
	{ "more connections than places", test_connection_limit },
	{ "metrics", test_metrics },
	{ "the socket's mode", test_socket_mode },
	{ "a socket that answers is left alone", test_socket_in_use },
	{ "a stale socket is replaced", test_socket_stale },
	{ "a file of that name is left alone", test_socket_name_is_a_file },
	{ "a successor's socket is left alone", test_socket_of_a_successor },
};

int main(void)
{
	unsigned failures;
	CU_pSuite s;

	CU_initialize_registry();
	s = CU_add_suite("api", suite_open, suite_close);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(s, tests[i].name, tests[i].run);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures() + CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
