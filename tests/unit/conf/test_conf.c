/* SPDX-License-Identifier: Apache-2.0
 * ctrlplane/conf: every message with its line and column, every bound from both sides, every key's
 * field, the sample against the defaults. Argument: the sample file. */
#include "ctrlplane/conf/conf.h"
#include "ctrlplane/conf/conf_priv.h"
#include "tests/unit/conf/expect.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *sample_path;

/* Messages. */

static void test_rows(void)
{
	for (size_t i = 0; i < conf_n_rows; i++)
		expect_row(&conf_rows[i]);
}

static void test_many_errors_keep_the_first(void)
{
	char yaml[2048] = MINIMAL;
	struct conf *c = NULL;
	size_t used = strlen(yaml);

	for (int i = 0; i < 40; i++)
		used += (size_t)snprintf(yaml + used, sizeof(yaml) - used, "wrong%d: 1\n", i);
	CU_ASSERT_EQUAL(parse(yaml, &c), -EINVAL);
	CU_ASSERT_EQUAL(errors.n, 40);
	for (uint32_t i = 0; i < 32; i++)
		CU_ASSERT_EQUAL(errors.at[i].line, i + 2);
}

static void test_errors_print(void)
{
	char *out = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&out, &len);

	errors.n = 0;
	doc_error_at(&errors, 0, 0, "whole file");
	for (size_t i = 0; i < 33; i++)
		doc_error_at(&errors, 3, 40 - i, "at %zu\033", i);
	conf_errors_print(to, "a.yaml", &errors);
	fclose(to);
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "a.yaml: whole file\na.yaml:3:8: at 32?\na.yaml:3:9: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "\na.yaml: and 2 more\n"));
	free(out);
}

/* Bounds: the schema itself says which there are. */

/* <path> with <part> in place of its '@'. */
static void put_at(char *out, size_t size, const char *path, const char *part)
{
	size_t head = strcspn(path, "@");

	memcpy(out, path, head);
	snprintf(out + head, size - head, "%s%s", part, path + head + 1);
}

/* A whole configuration in which the '@' of <path> is <value>. */
static void fill(char *out, size_t size, const char *path, const char *value)
{
	char part[256];

	put_at(part, sizeof(part), path, value);
	if (strstr(path, "command_kb") != NULL || strstr(path, "_s: ") != NULL)
		snprintf(out, size, POSTGRES(TLS ", %s"), part);
	else if (strstr(path, "match") != NULL)
		snprintf(out, size,
				MINIMAL
				"targets: [{name: t, match: {address: 10.0.0.1, port: %s}}]\n",
				value);
	else if (strstr(path, "tcp") != NULL)
		snprintf(out, size,
				"dataplane: {mtu: 9216, wires: [" WIRE "]}\n"
				"targets: [{name: t, match: {address: 10.0.0.1}, %s}]\n",
				part);
	else
		snprintf(out, size, "dataplane: {%s%s, wires: [" WIRE "]}\n",
				strstr(path, "embryonic") != NULL ? "flows: 16777216, " : "", part);
}

static void expect_bound(const char *yaml, int beyond)
{
	if (beyond)
		expect_bad(yaml, "out of range");
	else
		expect_good(yaml);
}

static void check_bounds(const struct conf_key *k, const char *path)
{
	const char *unit = k->type == CONF_DURATION ? "s" : "";
	char yaml[1024], value[32];

	for (int beyond = 0; beyond <= 1; beyond++) {
		snprintf(value, sizeof(value), "%llu%s",
				(unsigned long long)k->max + (unsigned)beyond, unit);
		fill(yaml, sizeof(yaml), path, value);
		expect_bound(yaml, beyond);
		if (k->min == 0)
			continue;
		snprintf(value, sizeof(value), "%llu%s",
				(unsigned long long)k->min - (unsigned)beyond, unit);
		fill(yaml, sizeof(yaml), path, value);
		expect_bound(yaml, beyond);
	}
}

static size_t bounds_of(const struct conf_schema *s, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_keys; i++) {
		const struct conf_key *k = &s->keys[i];
		char inner[256], key[64];

		snprintf(key, sizeof(key), "%s: %s", k->name, k->sub == NULL ? "@" : "{@}");
		put_at(inner, sizeof(inner), path, key);
		if (k->type == CONF_INT || k->type == CONF_SIZE || k->type == CONF_DURATION) {
			check_bounds(k, inner);
			n++;
		} else if (k->sub != NULL && k->type == CONF_MAP) {
			n += bounds_of(k->sub, inner);
		}
	}
	return n;
}

static void test_bounds(void)
{
	size_t n = 0;

	for (size_t i = 0; i < conf_schema_root.n_keys; i++) {
		const struct conf_key *k = &conf_schema_root.keys[i];

		if (strcmp(k->name, "dataplane") == 0 || strcmp(k->name, "targets") == 0)
			n += bounds_of(k->sub, "@");
	}
	CU_ASSERT_EQUAL(n, 24); /* a new number gets its bounds tested by being here */
}

static char *repeat(const char *head, const char *format, size_t n, const char *tail)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	fputs(head, f);
	for (size_t i = 0; i < n; i++) {
		const char *at = format;

		for (const char *mark; (mark = strchr(at, '#')) != NULL; at = mark + 1)
			fprintf(f, "%.*s%zu", (int)(mark - at), at, i);
		fputs(at, f);
	}
	fputs(tail, f);
	fclose(f);
	return out;
}

static void test_counts(void)
{
	static const struct {
		const char *head, *each, *tail, *text;
		size_t max;
	} rows[] = {
		{ "dataplane:\n  wires:\n",
				"  - {name: w#, agent: {port: net_a#}, prod: {port: net_p#}}\n", "",
				"more than 256 wires", CONF_WIRES_MAX },
		{ MINIMAL "targets:\n", "- {name: t#, match: {address: 10.0.0.1, port: 1#}}\n", "",
				"more than 4096 targets", CONF_TARGETS_MAX },
		{ "dataplane: {wires: [" WIRE "], worker_cpus: [", "#,", "]}",
				"expected 1 to 127 CPU numbers, found 128", CONF_CPUS_MAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *most = repeat(rows[i].head, rows[i].each, rows[i].max, rows[i].tail);
		char *more = repeat(rows[i].head, rows[i].each, rows[i].max + 1, rows[i].tail);

		expect_good(most);
		expect_bad(more, rows[i].text);
		free(most);
		free(more);
	}
}

/* Sixteen levels are read (and refused for what they are), 262,144 values as well. */
static void test_yaml_bounds(void)
{
	char *nodes = repeat("a: [", "x,", CONF_NODES_MAX - 3, "]");
	char *more = repeat("a: [", "x,", CONF_NODES_MAX - 2, "]");

	expect_bad("a: [[[[[[[[[[[[[[[]]]]]]]]]]]]]]]", "unknown key 'a'");
	expect_bad("a: [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", "nested more than 16 deep");
	expect_bad(nodes, "unknown key 'a'");
	expect_bad(more, "more than 262144 keys and values");
	free(nodes);
	free(more);
}

static void test_file_size(void)
{
	struct conf *c = NULL;
	char *bytes = malloc(CONF_FILE_MAX + 1);

	memset(bytes, '\n', CONF_FILE_MAX + 1);
	memcpy(bytes, MINIMAL, strlen(MINIMAL));
	CU_ASSERT_EQUAL(conf_parse(bytes, CONF_FILE_MAX, &c, &errors), 0);
	conf_free(&c);
	CU_ASSERT_EQUAL(conf_parse(bytes, CONF_FILE_MAX + 1, &c, &errors), -EINVAL);
	CU_ASSERT_EQUAL(errors.at[0].line, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(errors.at[0].text, "larger than 1 MiB"));
	free(bytes);
}

/* Text that makes a parser work: must end, in memory that is bounded. */
static void test_hostile_megabytes(void)
{
	static const char *const units[] = { "[", "{", "- ", "? ", "a: ", "{a,", "[{", "!", "&a ",
		"*a ", "\"", "'", "|\n", ">\n", "%", "---\n", "a:\n ", ",", "#", "[?[", "\\",
		"- - a\n" };
	struct conf *c = NULL;
	char *bytes = malloc(CONF_FILE_MAX);

	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		for (size_t i = 0; i < CONF_FILE_MAX; i++)
			bytes[i] = units[u][i % strlen(units[u])];
		CU_ASSERT_EQUAL(conf_parse(bytes, CONF_FILE_MAX, &c, &errors), -EINVAL);
		CU_ASSERT_TRUE(errors.n > 0);
	}
	free(bytes);
}

/* Values. */

static void test_values_dataplane(void)
{
	struct conf *c = NULL;
	const struct conf_dataplane *d;

	CU_ASSERT_EQUAL_FATAL(
			parse("appliance: {name: e-1, data_dir: /d, api: {socket: /s}}\n"
			      "log: {level: debug}\n"
			      "dataplane:\n"
			      "  {workers: 2, control_cpu: 7, worker_cpus: [4, 1023], huge_pages: "
			      "no,\n"
			      "   memory_mb: 512, buffers: 8192, mtu: 9000, idle_sleep: yes, "
			      "file_prefix: fp,\n"
			      "   restart_file: /r, flows: 100, segments: 2048, retain_mb: 3,\n"
			      "   sessions: 65536, session_memory_mb: 5,\n"
			      "   unknown_tcp: wire, verify_checksums: offload,\n"
			      "   wires: [{name: 'w', agent: {port: '0000:3b:00.0'}, prod: {port: "
			      "net_b},\n"
			      "            undeclared_tcp: deny, deny_with: silent},\n"
			      "           {name: v, agent: {port: net_c}, prod: {port: net_d},\n"
			      "            undeclared_tcp: forward}]}\n",
					&c),
			0);
	d = &c->dataplane;
	CU_ASSERT_STRING_EQUAL(c->appliance_name, "e-1");
	CU_ASSERT_STRING_EQUAL(c->data_dir, "/d");
	CU_ASSERT_STRING_EQUAL(c->api_socket, "/s");
	CU_ASSERT_EQUAL(c->log_level, 3);
	CU_ASSERT_EQUAL(d->n_workers, 2);
	CU_ASSERT_EQUAL(d->control_cpu, 7);
	CU_ASSERT_EQUAL(d->n_worker_cpus, 2);
	CU_ASSERT_EQUAL(d->worker_cpus[0], 4);
	CU_ASSERT_EQUAL(d->worker_cpus[1], 1023);
	CU_ASSERT_EQUAL(d->huge_pages, CONF_HUGEPAGES_NO);
	CU_ASSERT_EQUAL(d->memory_mb, 512);
	CU_ASSERT_EQUAL(d->buffers, 8192);
	CU_ASSERT_EQUAL(d->mtu, 9000);
	CU_ASSERT_EQUAL(d->relay.mtu, 9000);
	CU_ASSERT_TRUE(d->idle_sleep);
	CU_ASSERT_STRING_EQUAL(d->file_prefix, "fp");
	CU_ASSERT_STRING_EQUAL(d->restart_file, "/r");
	CU_ASSERT_EQUAL(d->relay.max_flows, 100);
	CU_ASSERT_EQUAL(d->relay.max_segs, 2048);
	CU_ASSERT_EQUAL(d->relay.retain_bytes, 3 << 20);
	CU_ASSERT_EQUAL(d->sessions, 65536);
	CU_ASSERT_EQUAL(d->session_memory_bytes, 5 << 20);
	CU_ASSERT_EQUAL(d->relay.unknown_tcp, UNKNOWN_WIRE);
	CU_ASSERT_FALSE(d->relay.verify_cksum_always);
	CU_ASSERT_EQUAL(d->relay.n_wires, 2);
	CU_ASSERT_EQUAL(d->n_wires, 2);
	CU_ASSERT_STRING_EQUAL(d->wires[0].name, "w");
	CU_ASSERT_STRING_EQUAL(d->wires[0].port[SIDE_AGENT].device, "0000:3b:00.0");
	CU_ASSERT_STRING_EQUAL(d->wires[0].port[SIDE_PROD].device, "net_b");
	CU_ASSERT_EQUAL(d->wires[0].undeclared_tcp, MODE_DENY);
	CU_ASSERT_EQUAL(d->wires[0].undeclared_how, DENY_SILENT);
	CU_ASSERT_EQUAL(d->wires[1].undeclared_tcp, MODE_WIRE);
	conf_free(&c);
	CU_ASSERT_PTR_NULL(c);
}

static void test_values_limits(void)
{
	struct conf *c = NULL;
	const struct relay_conf *r;

	CU_ASSERT_EQUAL_FATAL(
			parse("dataplane:\n"
			      "  {wires: [" WIRE "],\n"
			      "   non_tcp: {arp: drop, stp: drop, udp: forward, l2_other: drop},\n"
			      "   limits: {embryonic_per_source: 7, syn_per_source_per_second: "
			      "8},\n"
			      "   timers: {idle: 1d, half_closed_idle: 2m, hold_fin_ack: 9s,\n"
			      "            hold_keepalive: 1h, time_wait: 10s}}\n",
					&c),
			0);
	r = &c->dataplane.relay;
	CU_ASSERT_FALSE(r->forward[FRAME_ARP]);
	CU_ASSERT_FALSE(r->forward[FRAME_STP]);
	CU_ASSERT_FALSE(r->forward[FRAME_L2_OTHER]);
	CU_ASSERT_TRUE(r->forward[FRAME_UDP]);
	CU_ASSERT_TRUE(r->forward[FRAME_ND]);
	CU_ASSERT_EQUAL(r->embryonic_per_source, 7);
	CU_ASSERT_EQUAL(r->syn_per_source_per_s, 8);
	CU_ASSERT_EQUAL(r->idle_s, 86400);
	CU_ASSERT_EQUAL(r->half_closed_idle_s, 120);
	CU_ASSERT_EQUAL(r->hold_fin_ack_s, 9);
	CU_ASSERT_EQUAL(r->hold_keepalive_s, 3600);
	CU_ASSERT_EQUAL(r->time_wait_s, 10);
	conf_free(&c);
}

static void test_values_targets(void)
{
	static const uint8_t v4[16] = { [10] = 0xff, 0xff, 10, 20, 0, 0 };
	static const uint8_t v6[16] = { 0xfd, [15] = 5 };
	const struct conf_target *t;
	struct conf *c = NULL;

	CU_ASSERT_EQUAL_FATAL(
			parse(MINIMAL "targets:\n"
				      "- {name: a, match: {address: 10.20.0.0/16, port: 5432}, "
				      "protocol: tcp, mode: xlate}\n"
				      "- name: b\n"
				      "  match: {address: 'fd00::5'}\n"
				      "  mode: relay\n"
				      "  tcp: {timestamps: rewrite, urgent: drop, md5_ao: wire, "
				      "simultaneous_open: forward,\n"
				      "        overlap_mismatch: reset, mss: 1400, queue_max: 2M, "
				      "under_pressure: admit}\n"
				      "- {name: c, match: {address: 10.0.0.1}, mode: wire}\n",
					&c),
			0);
	t = c->targets;
	CU_ASSERT_EQUAL(c->n_targets, 3);
	CU_ASSERT_EQUAL(memcmp(t[0].addr, v4, 16), 0);
	CU_ASSERT_EQUAL(t[0].prefix, 112);
	CU_ASSERT_EQUAL(t[0].port, 5432);
	CU_ASSERT_TRUE(t[0].xlate && t[0].policy.mode == MODE_RELAY && t[0].policy.target == 0);
	CU_ASSERT_TRUE(t[0].policy.refuse_when_red && !t[0].policy.wire_md5_ao);
	CU_ASSERT_EQUAL(memcmp(t[1].addr, v6, 16), 0);
	CU_ASSERT_EQUAL(t[1].prefix, 128);
	CU_ASSERT_EQUAL(t[1].port, 0);
	CU_ASSERT_TRUE(!t[1].xlate && t[1].policy.mode == MODE_RELAY && t[1].policy.target == 1);
	CU_ASSERT_TRUE(t[1].policy.ts == TS_REWRITE && t[1].policy.urg == URG_DROP);
	CU_ASSERT_TRUE(t[1].policy.wire_md5_ao && t[1].policy.allow_simultaneous_open);
	CU_ASSERT_TRUE(t[1].policy.rst_on_overlap_mismatch && !t[1].policy.refuse_when_red);
	CU_ASSERT_EQUAL(t[1].policy.mss, 1400);
	CU_ASSERT_EQUAL(t[1].policy.rcv_cap_max_bytes, 2 << 20);
	CU_ASSERT_TRUE(t[2].policy.mode == MODE_WIRE && t[2].policy.target == 2);
	CU_ASSERT_STRING_EQUAL(conf_target_name(c, 1), "b");
	CU_ASSERT_STRING_EQUAL(conf_target_name(c, 3), "-");
	CU_ASSERT_STRING_EQUAL(conf_target_name(c, CONF_TARGET_NONE), "-");
	conf_free(&c);
}

static void test_values_identity(void)
{
	const struct conf_issuer *i;
	const struct conf_actors *a;
	struct conf *c = NULL;

	CU_ASSERT_EQUAL_FATAL(
			parse(MINIMAL "identity:\n"
				      "  issuers:\n"
				      "    - {name: a, issuer: 'https://a/', audience: x, jwks: /k}\n"
				      "    - {name: b, issuer: 'http://b', audience: [x, y],\n"
				      "       jwks: 'https://b/k?v=1', ca: /ca, algorithms: [EdDSA],\n"
				      "       clock_skew: 0s, groups_claim: roles, max_token_bytes: "
				      "1K,\n"
				      "       keys_min_age: 7s, keys_max_age: 30d}\n"
				      "targets:\n"
				      "  - {name: t, match: {address: 10.0.0.1}, actors: [{issuer: "
				      "b},\n"
				      "     {issuer: a, groups: [g, h], subjects: s, client_ids: "
				      "[c]}]}\n",
					&c),
			0);
	CU_ASSERT_EQUAL_FATAL(c->identity.n_issuers, 2);
	i = &c->identity.issuers[0];
	CU_ASSERT_STRING_EQUAL(i->audiences.at[0], "x");
	CU_ASSERT_STRING_EQUAL(i->groups_claim, "groups");
	CU_ASSERT_TRUE(i->algorithms == 15 && i->clock_skew_s == 30 && i->max_token_bytes == 16384);
	CU_ASSERT_TRUE(i->keys_min_s == 300 && i->keys_max_s == 86400 && i->ca == NULL);
	i = &c->identity.issuers[1];
	CU_ASSERT_STRING_EQUAL(i->issuer, "http://b");
	CU_ASSERT_STRING_EQUAL(i->jwks, "https://b/k?v=1");
	CU_ASSERT_STRING_EQUAL(i->ca, "/ca");
	CU_ASSERT_STRING_EQUAL(i->groups_claim, "roles");
	CU_ASSERT_TRUE(i->audiences.n == 2 && i->algorithms == CONF_ALG_EDDSA);
	CU_ASSERT_TRUE(i->clock_skew_s == 0 && i->max_token_bytes == 1024);
	CU_ASSERT_TRUE(i->keys_min_s == 7 && i->keys_max_s == 30 * 86400);
	CU_ASSERT_EQUAL_FATAL(c->targets[0].n_actors, 2);
	a = c->targets[0].actors;
	CU_ASSERT_TRUE(a[0].issuer == 1 && a[0].groups.n == 0);
	CU_ASSERT_TRUE(a[1].issuer == 0 && a[1].groups.n == 2 && a[1].client_ids.n == 1);
	CU_ASSERT_STRING_EQUAL(a[1].groups.at[1], "h");
	CU_ASSERT_STRING_EQUAL(a[1].subjects.at[0], "s");
	conf_free(&c);
}

#define CREDENTIAL(user, password)                                                                 \
	MINIMAL "identity: {issuers: [{name: a, issuer: 'https://a', audience: x, jwks: /k}]}\n"   \
		"targets: [{name: t, match: {address: 10.0.0.1}, actors: [{issuer: a}],\n"         \
		"  credential: {user: " user ", password: {" password "}}}]\n"

static void expect_source(const char *yaml, const struct conf_password *want)
{
	const struct conf_credential *got;
	struct conf *c = NULL;

	CU_ASSERT_EQUAL_FATAL(parse(yaml, &c), 0);
	got = &c->targets[0].credential;
	CU_ASSERT_STRING_EQUAL(got->user, "app ro");
	CU_ASSERT_TRUE(want->file == NULL ? got->password.file == NULL
					  : strcmp(want->file, got->password.file) == 0);
	CU_ASSERT_TRUE(want->env == NULL ? got->password.env == NULL
					 : strcmp(want->env, got->password.env) == 0);
	CU_ASSERT_TRUE(want->systemd == NULL ? got->password.systemd == NULL
					     : strcmp(want->systemd, got->password.systemd) == 0);
	CU_ASSERT_EQUAL_FATAL(want->command.n, got->password.command.n);
	for (size_t i = 0; i < want->command.n; i++)
		CU_ASSERT_STRING_EQUAL(want->command.at[i], got->password.command.at[i]);
	conf_free(&c);
}

static void test_values_credential(void)
{
	static char file[] = "/p", env[] = "P_1", systemd[] = "db.pw", program[] = "/c",
		    word[] = "-f";
	static char *argv[] = { program, word, word }; /* the same word twice is no mistake here */

	expect_source(CREDENTIAL("app ro", "file: /p"), &(struct conf_password){ .file = file });
	expect_source(CREDENTIAL("app ro", "env: P_1"), &(struct conf_password){ .env = env });
	expect_source(CREDENTIAL("app ro", "systemd: db.pw"),
			&(struct conf_password){ .systemd = systemd });
	expect_source(CREDENTIAL("app ro", "command: [/c, -f, -f]"),
			&(struct conf_password){ .command = { argv, 3 } });
}

static void test_loopback_may_be_plain(void)
{
	static const char *const urls[] = { "http://127.0.0.1:9/k", "http://127.9.9.9/k",
		"http://localhost/k", "http://localhost:8080", "http://[::1]/k", "http://[::1]:9/k",
		"http://10.0.0.1/k, plain_http: yes" };
	char yaml[1024];

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		const char *more = strchr(urls[i], ',');

		snprintf(yaml, sizeof(yaml),
				MINIMAL "identity: {issuers: [{name: a, issuer: 'https://i', "
					"audience: x, jwks: '%.*s'%s}]}\n",
				(int)strcspn(urls[i], ","), urls[i], more == NULL ? "" : more);
		expect_good(yaml);
	}
}

/* The sample's identity and its second target are comments: without their "#" they are read. */
static void test_sample_examples_are_good(void)
{
	char line[256], *yaml = NULL;
	size_t len = 0;
	FILE *f = fopen(sample_path, "r"), *to = open_memstream(&yaml, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		bool example = strncmp(line, "# identity:", 11) == 0 ||
				strncmp(line, "#   ", 4) == 0 || strncmp(line, "# - ", 4) == 0;

		if (strstr(line, "plain_http") != NULL)
			continue; /* which goes with another jwks */
		if (strncmp(line, "# identity:", 11) == 0 || strncmp(line, "# rules:", 8) == 0)
			fputs(line + 2, to);
		else
			fprintf(to, "%s%s", example ? "  " : "", line + (example ? 2 : 0));
	}
	fclose(f);
	fclose(to);
	expect_good(yaml);
	CU_ASSERT_PTR_NOT_NULL(strstr(yaml, "\nidentity:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(yaml, "\nrules:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(yaml, "\n  - name: ledger-db"));
	free(yaml);
}

/* What must not be taken for a mistake. */
static void test_good(void)
{
	static const char *const targets[] = {
		"- {name: a, match: {address: 10.0.0.1, port: 22}}\n"
		"- {name: b, match: {address: 10.0.0.1}}\n"
		"- {name: c, match: {address: 10.0.0.0/8}}\n"
		"- {name: d, match: {address: 0.0.0.0/0, port: 22}}\n"
		"- {name: e, match: {address: 0.0.0.0/0}}\n",
		"- {name: a, match: {address: 10.0.0.0/8, port: 22}}\n"
		"- {name: b, match: {address: 10.0.0.0/8, port: 23}}\n"
		"- {name: c, match: {address: 11.0.0.0/8, port: 22}}\n",
		"- {name: a, match: {address: 10.64.0.0/11}}\n"
		"- {name: b, match: {address: 10.96.0.0/11}}\n",
		"- {name: a, match: {address: 2000::/3}}\n"
		"- {name: b, match: {address: fc00::/7}}\n"
		"- {name: c, match: {address: 10.0.0.1}}\n",
		"- {name: a, match: {address: 10.0.0.1}, mode: xlate, tcp: {timestamps: strip}}\n",
		"- {name: a, match: {address: 10.0.0.1}, tcp: {queue_max: 65536, mss: 1460}}\n",
		" []\n",
	};
	char yaml[1024];

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		snprintf(yaml, sizeof(yaml), MINIMAL "targets:\n%s", targets[i]);
		expect_good(yaml);
	}
	expect_good("\xef\xbb\xbf" MINIMAL);
	expect_good("{\"dataplane\": {\"wires\": [{\"name\": \"w\", \"agent\": {\"port\": "
		    "\"net_a\"},"
		    " \"prod\": {\"port\": \"net_b\"}}]}}");
	expect_good("dataplane: {workers: auto, control_cpu: any, memory_mb: auto, wires: [" WIRE
		    "]}");
}

/* Texts of the greatest length; one more is in conf_rows.c. */
static void test_longest_texts(void)
{
	char text[CONF_PATH_MAX + 1], yaml[2048];

	memset(text, 'x', CONF_PATH_MAX);
	text[CONF_PATH_MAX] = '\0';
	snprintf(yaml, sizeof(yaml), MINIMAL "appliance: {name: %.63s, data_dir: '/%.1022s'}", text,
			text);
	expect_good(yaml);
	snprintf(yaml, sizeof(yaml), MINIMAL "appliance: {api: {socket: '/%.106s'}}", text);
	expect_good(yaml);
	snprintf(yaml, sizeof(yaml),
			"dataplane: {wires: [{name: w, agent: {port: net_%.251s}, prod: {port: "
			"net_p}}]}",
			text);
	expect_good(yaml);
}

/* Files. */

static void test_sample_is_the_defaults(void)
{
	struct conf *sample = NULL, *none = NULL;
	const struct conf_dataplane *a, *b;
	int rc = conf_load(sample_path, &sample, &errors);

	conf_errors_print(stdout, sample_path, &errors);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	CU_ASSERT_EQUAL_FATAL(parse(MINIMAL "targets: [{name: orders-db, match: "
					    "{address: 10.20.0.5, port: 5432}}]",
					      &none),
			0);
	a = &sample->dataplane;
	b = &none->dataplane;
	CU_ASSERT_STRING_EQUAL(sample->appliance_name, none->appliance_name);
	CU_ASSERT_STRING_EQUAL(sample->data_dir, none->data_dir);
	CU_ASSERT_STRING_EQUAL(sample->api_socket, none->api_socket);
	CU_ASSERT_EQUAL(sample->log_level, none->log_level);
	CU_ASSERT_EQUAL(a->n_workers, b->n_workers);
	CU_ASSERT_EQUAL(a->control_cpu, b->control_cpu);
	CU_ASSERT_PTR_NULL(b->worker_cpus);
	CU_ASSERT_PTR_NULL(b->restart_file);
	CU_ASSERT_EQUAL(a->huge_pages, b->huge_pages);
	CU_ASSERT_EQUAL(a->memory_mb, b->memory_mb);
	CU_ASSERT_EQUAL(a->buffers, b->buffers);
	CU_ASSERT_EQUAL(a->mtu, b->mtu);
	CU_ASSERT_EQUAL(a->sessions, b->sessions);
	CU_ASSERT_EQUAL(a->session_memory_bytes, b->session_memory_bytes);
	CU_ASSERT_EQUAL(a->idle_sleep, b->idle_sleep);
	CU_ASSERT_STRING_EQUAL(a->file_prefix, b->file_prefix);
	CU_ASSERT_EQUAL(memcmp(&a->relay, &b->relay, sizeof(a->relay)), 0);
	CU_ASSERT_EQUAL(a->wires[0].undeclared_tcp, b->wires[0].undeclared_tcp);
	CU_ASSERT_EQUAL(a->wires[0].undeclared_how, b->wires[0].undeclared_how);
	CU_ASSERT_EQUAL(memcmp(&sample->targets[0].addr, &none->targets[0].addr,
					sizeof(struct conf_target) -
							offsetof(struct conf_target, addr)),
			0);
	conf_free(&sample);
	conf_free(&none);
}

/* Every key of the schema is in the sample, a line that begins with it. */
static void sample_has(const struct conf_schema *s, const char *text)
{
	for (size_t i = 0; i < s->n_keys; i++) {
		char key[64];
		bool found;

		snprintf(key, sizeof(key), " %s:", s->keys[i].name);
		found = strstr(text, key) != NULL || strstr(text, key + 1) == text;
		snprintf(key, sizeof(key), "\n%s:", s->keys[i].name);
		found = found || strstr(text, key) != NULL;
		if (!found)
			printf("\n  the sample lacks %s of %s\n", s->keys[i].name, s->name);
		CU_ASSERT_TRUE(found);
		if (s->keys[i].sub != NULL)
			sample_has(s->keys[i].sub, text);
	}
}

static void test_sample_has_every_key(void)
{
	static char text[32768];
	FILE *f = fopen(sample_path, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_TRUE(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	sample_has(&conf_schema_root, text);
}

static void expect_unreadable(const char *path, int rc, const char *text)
{
	struct conf *c = NULL;

	CU_ASSERT_EQUAL(conf_load(path, &c, &errors), rc);
	CU_ASSERT_EQUAL(errors.n, 1);
	CU_ASSERT_EQUAL(errors.at[0].line, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(errors.at[0].text, text));
	CU_ASSERT_PTR_NULL(c);
}

static void test_load(void)
{
	/* sha256sum of MINIMAL */
	static const char sum[] =
			"d86c4a247b1cff345b13c4ab38a7c07b4bbd96fea9d35b913f66977f9f6c207b";
	char hex[65];
	char path[] = "/tmp/test_conf.XXXXXX";
	int fd = mkstemp(path);
	struct conf *c = NULL;

	CU_ASSERT_EQUAL(write(fd, MINIMAL, strlen(MINIMAL)), (ssize_t)strlen(MINIMAL));
	CU_ASSERT_EQUAL(conf_load(path, &c, &errors), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", c->sha256[i]);
	CU_ASSERT_STRING_EQUAL(hex, sum);
	conf_free(&c);
	CU_ASSERT_EQUAL(ftruncate(fd, CONF_FILE_MAX + 100), 0);
	expect_unreadable(path, -EINVAL, "larger than 1 MiB");
	close(fd);
	unlink(path);
	expect_unreadable(path, -ENOENT, "cannot be read: No such file");
	expect_unreadable("/tmp", -EISDIR, "cannot be read: Is a directory");
}

int main(int argc, char **argv)
{
	CU_pSuite s;
	unsigned failures;

	sample_path = argc > 1 ? argv[1] : "ctrlplane/conf/sluice.sample.yaml";
	CU_initialize_registry();
	s = CU_add_suite("conf", NULL, NULL);
	CU_add_test(s, "each message, its line and column", test_rows);
	CU_add_test(s, "more errors than are kept", test_many_errors_keep_the_first);
	CU_add_test(s, "errors as they are printed", test_errors_print);
	CU_add_test(s, "each number's bounds from both sides", test_bounds);
	CU_add_test(s, "as many elements as there may be, and one more", test_counts);
	CU_add_test(s, "depth and number of YAML nodes", test_yaml_bounds);
	CU_add_test(s, "file size", test_file_size);
	CU_add_test(s, "hostile megabytes", test_hostile_megabytes);
	CU_add_test(s, "values: dataplane", test_values_dataplane);
	CU_add_test(s, "values: limits and timers", test_values_limits);
	CU_add_test(s, "values: targets", test_values_targets);
	CU_add_test(s, "values: identity and actors", test_values_identity);
	CU_add_test(s, "values: credential", test_values_credential);
	CU_add_test(s, "plain http on this machine", test_loopback_may_be_plain);
	CU_add_test(s, "the sample's examples are good", test_sample_examples_are_good);
	CU_add_test(s, "what is no mistake", test_good);
	CU_add_test(s, "the longest texts", test_longest_texts);
	CU_add_test(s, "the sample holds the defaults", test_sample_is_the_defaults);
	CU_add_test(s, "the sample has every key", test_sample_has_every_key);
	CU_add_test(s, "files that cannot be read", test_load);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures == 0 ? 0 : 1;
}
