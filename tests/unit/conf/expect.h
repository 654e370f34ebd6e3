/* SPDX-License-Identifier: Apache-2.0
 * Configurations as text, and what is expected of reading them. */
#pragma once

#include "ctrlplane/conf/conf.h"
#include "tests/unit/conf/conf_rows.h"

#define WIRE    "{name: w, agent: {port: net_null0}, prod: {port: net_null1}}"
#define MINIMAL "dataplane: {wires: [" WIRE "]}\n"

/* A target of protocol: postgres, and <more> of it. */
#define POSTGRES(more)                                                                             \
	MINIMAL "identity: {issuers: [{name: a, issuer: 'https://a', audience: x, jwks: /k}]}\n"   \
		"targets: [{name: t, match: {address: 10.0.0.1}, protocol: postgres,\n"            \
		"  actors: [{issuer: a}], credential: {user: u, password: {env: P}}, " more "}]\n"
#define TLS "agent_tls: {cert: /c, key: /k}, prod_tls: {mode: off}"

/* Of the latest parse(): too large for a stack frame. */
extern struct doc_errors errors;

int parse(const char *yaml, struct conf **ret_conf);
void expect_good(const char *yaml);
/* Wrong, with <text> in one of the messages. */
void expect_bad(const char *yaml, const char *text);
void expect_row(const struct conf_row *row);
