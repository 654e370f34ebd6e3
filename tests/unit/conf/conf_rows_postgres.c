/* SPDX-License-Identifier: Apache-2.0
 * What can be wrong about a target of protocol postgres: as conf_rows.c. */
#include "tests/unit/conf/conf_rows.h"

/* A wire to put beside what is wrong elsewhere: lines 1 to 3. */
#define WIRE                                                                                       \
	"dataplane:\n"                                                                             \
	"  wires:\n"                                                                               \
	"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n"

/* An issuer in lines 4 to 6. */
#define ISSUER(more)                                                                               \
	"identity:\n"                                                                              \
	"  issuers:\n"                                                                             \
	"    - {name: corp, issuer: 'https://i', audience: s, " more "}\n"
/* A target of protocol postgres, with what its lines 13 and after are; it begins in 8:5. */
#define POSTGRES(more)                                                                             \
	WIRE ISSUER("jwks: /k") "targets:\n"                                                       \
				"  - name: t\n"                                                    \
				"    match: {address: 10.0.0.1}\n"                                 \
				"    protocol: postgres\n"                                         \
				"    actors: [{issuer: corp}]\n"                                   \
				"    credential: {user: u, password: {env: P}}\n" more
#define AGENT_TLS "    agent_tls: {cert: /c, key: /k}\n"
#define PROD_TLS  "    prod_tls: {mode: off}\n"

const struct conf_row conf_rows_postgres[] = {
	{ "postgres without anything",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1}, protocol: postgres}\n",
			{ { 5, 5, "'actors' is missing: protocol: postgres asks who" },
					{ 5, 5, "'credential' is missing" },
					{ 5, 5, "'agent_tls' is missing: agents send tokens" },
					{ 5, 5, "'prod_tls' is missing: sluiced sends a credential" } } },
	{ "postgres and modes that do not read", POSTGRES(AGENT_TLS PROD_TLS "    mode: wire\n"),
			{ { 11, 13, "actors: nobody is asked" },
					{ 12, 17, "credential: is never used" },
					{ 15, 11, "mode: protocol: postgres is inspected" } } },
	{ "postgres and xlate", POSTGRES(AGENT_TLS PROD_TLS "    mode: xlate\n"),
			{ { 11, 13, "actors: nobody is asked" },
					{ 12, 17, "credential: is never used" },
					{ 15, 11, "mode: protocol: postgres is inspected" } } },
	{ "keys of postgres with tcp",
			WIRE "targets:\n"
			     "  - name: t\n"
			     "    match: {address: 10.0.0.1}\n"
			     "    agent_tls: {cert: /c, key: /k}\n"
			     "    prod_tls: {mode: off}\n"
			     "    packs: [sql-risk]\n"
			     "    limits: {hold_s: 5}\n",
			{ { 7, 16, "agent_tls: means nothing with protocol: tcp" },
					{ 8, 15, "prod_tls: means nothing" },
					{ 9, 12, "packs: means nothing" },
					{ 10, 13, "limits: means nothing with protocol: tcp" } } },
	{ "agent_tls without a certificate", POSTGRES("    agent_tls: {}\n" PROD_TLS),
			{ { 13, 16, "'cert' is missing: mode: require needs a certificate" },
					{ 13, 16, "'key' is missing: mode: require needs" } } },
	{ "agent_tls off", POSTGRES("    agent_tls: {mode: off}\n" PROD_TLS),
			{ { 13, 16, "agent_tls: with mode: off whoever is on the way reads tokens" } } },
	{ "agent_tls off, and yet a certificate",
			POSTGRES("    agent_tls: {mode: off, token_in_clear: yes, cert: /c, key: /k}\n" PROD_TLS),
			{ { 13, 55, "cert: means nothing with mode: off" },
					{ 13, 64, "key: means nothing with mode: off" } } },
	{ "agent_tls required and not",
			POSTGRES("    agent_tls: {cert: /c, key: /k, token_in_clear: yes}\n" PROD_TLS),
			{ { 13, 52, "token_in_clear: yes contradicts mode: require" } } },
	{ "agent_tls of a relative path", POSTGRES("    agent_tls: {cert: c, key: /k}\n" PROD_TLS),
			{ { 13, 23, "cert: 'c' is no absolute path" } } },
	{ "prod_tls without a mode", POSTGRES(AGENT_TLS "    prod_tls: {}\n"),
			{ { 14, 15, "'mode' is missing in targets.prod_tls" } } },
	{ "prod_tls off, and yet more",
			POSTGRES(AGENT_TLS "    prod_tls: {mode: off, ca: /a, host: h, cert: /c, "
					   "key: /k, negotiation: postgres}\n"),
			{ { 14, 31, "ca: means nothing with mode: off" },
					{ 14, 41, "host: means nothing" },
					{ 14, 50, "cert: means nothing" },
					{ 14, 59, "key: means nothing" },
					{ 14, 76, "negotiation: means nothing" } } },
	{ "prod_tls with a CA that is not looked at",
			POSTGRES(AGENT_TLS "    prod_tls: {mode: require, ca: /a}\n"),
			{ { 14, 35, "ca: is not looked at with mode: require" } } },
	{ "prod_tls without a CA", POSTGRES(AGENT_TLS "    prod_tls: {mode: verify-ca}\n"),
			{ { 14, 15, "'ca' is missing: verifying needs" } } },
	{ "prod_tls without CA and host", POSTGRES(AGENT_TLS "    prod_tls: {mode: verify-full}\n"),
			{ { 14, 15, "'ca' is missing" },
					{ 14, 15, "'host' is missing: verify-full" } } },
	{ "prod_tls: half a pair", POSTGRES(AGENT_TLS "    prod_tls: {mode: require, cert: /c}\n"),
			{ { 14, 15, "'key' is missing: cert is of no use" } } },
	{ "prod_tls: the other half",
			POSTGRES(AGENT_TLS "    prod_tls: {mode: require, key: /k}\n"),
			{ { 14, 15, "'cert' is missing: key is of no use" } } },
	{ "prod_tls: no host",
			POSTGRES(AGENT_TLS "    prod_tls: {mode: require, host: 'https://h'}\n"),
			{ { 14, 37, "host: 'https://h' is no host" } } },
	{ "prod_tls: other words",
			POSTGRES(AGENT_TLS "    prod_tls: {mode: prefer, negotiation: sslmode}\n"),
			{ { 14, 22, "mode: 'prefer' is none of: off, require, verify-ca, verify-full" },
					{ 14, 43,
							"negotiation: 'sslmode' is none of: postgres, "
							"direct" } } },
	{ "a credential that proves nothing",
			WIRE ISSUER("jwks: /k") "targets:\n"
						"  - name: t\n"
						"    match: {address: 10.0.0.1}\n"
						"    protocol: postgres\n"
						"    actors: [{issuer: corp}]\n"
						"    credential: {user: u}\n" AGENT_TLS
						"    prod_tls: {mode: require}\n",
			{ { 12, 17, "'password' is missing in targets.credential: give one, or" } } },
	{ "packs that are none",
			POSTGRES(AGENT_TLS PROD_TLS
					"    packs: [sql-risk, sql_risk, sql-risk, pci]\n"),
			{ { 15, 23,
					  "packs: 'sql_risk' is none of: sql-risk, read-only, pii, "
					  "secrets; did you mean 'sql-risk'?" },
					{ 15, 33, "packs: 'sql-risk' is there twice" },
					{ 15, 43, "packs: 'pci' is none of" } } },
	{ "packs as one word", POSTGRES(AGENT_TLS PROD_TLS "    packs: sql-risk\n"),
			{ { 15, 12, "packs: expected a list as [sql-risk]" } } },
	{ "packs empty", POSTGRES(AGENT_TLS PROD_TLS "    packs: []\n"),
			{ { 15, 12, "packs: is empty" } } },
	{ "rules without a place", WIRE "rules: {}\n",
			{ { 4, 8, "rules: give either 'dir' or 'files'" } } },
	{ "rules in two places", WIRE "rules: {dir: /a, files: [/b]}\n",
			{ { 4, 25, "rules: give either 'dir' or 'files'" } } },
	{ "rules of relative paths", WIRE "rules: {files: [a, /b]}\n",
			{ { 4, 17, "files: 'a' is no absolute path" } } },
	{ "rules: files as one", WIRE "rules: {files: /a}\n",
			{ { 4, 16, "files: expected a list" } } },
	{ "rules: no files", WIRE "rules: {files: []}\n",
			{ { 4, 16, "files: expected 1 to 256 files, found 0" } } },
	{ "packs of rules that are no names",
			POSTGRES(AGENT_TLS PROD_TLS "    packs: [sql-risk, crm, a/b, crm]\n"
						    "rules: {dir: /a}\n"),
			{ { 15, 28, "packs: 'a/b' is no pack's name" },
					{ 15, 33, "packs: 'crm' is there twice" } } },
	{ "more packs than there is room for",
			POSTGRES(AGENT_TLS PROD_TLS "    packs: [a, b, c, d, e, f, g, h, i]\n"
						    "rules: {dir: /a}\n"),
			{ { 15, 37, "packs: more than 8" } } },
	{ "a mask key without a source",
			POSTGRES(AGENT_TLS PROD_TLS "    packs: [pii]\n    mask_key: {}\n"),
			{ { 16, 15, "mask_key: has no source: give one of file, env" } } },
	{ "a mask key with two sources",
			POSTGRES(AGENT_TLS PROD_TLS
					"    packs: [pii]\n    mask_key: {env: A, file: /p}\n"),
			{ { 16, 21, "env: the key comes from file already" } } },
	{ "a mask key and nothing that masks",
			POSTGRES(AGENT_TLS PROD_TLS "    mask_key: {env: A}\n"),
			{ { 15, 15, "mask_key: means nothing without packs" } } },
	{ "queue and command", POSTGRES(AGENT_TLS PROD_TLS "    tcp: {queue_max: 1119K}\n"),
			{ { 15, 22,
					"queue_max: too little for limits.command_kb 1024: at least "
					"1120K" } } },
	{ "postgres and ways round", POSTGRES(AGENT_TLS PROD_TLS "    tcp: {md5_ao: wire}\n"),
			{ { 15, 19, "md5_ao: wire lets connections pass" } } },
};
const size_t conf_n_rows_postgres = sizeof(conf_rows_postgres) / sizeof(conf_rows_postgres[0]);
