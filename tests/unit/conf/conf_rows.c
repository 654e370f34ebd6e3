/* SPDX-License-Identifier: Apache-2.0
 * Each row is one wrong configuration: everything that must be said about it, where, in order. */
#include "tests/unit/conf/conf_rows.h"

/* A wire to put beside what is wrong elsewhere: lines 1 to 3. */
#define WIRE                                                                                       \
	"dataplane:\n"                                                                             \
	"  wires:\n"                                                                               \
	"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n"

/* An issuer in lines 4 to 6, and a target with actors in the two lines behind. */
#define ISSUER(more)                                                                               \
	"identity:\n"                                                                              \
	"  issuers:\n"                                                                             \
	"    - {name: corp, issuer: 'https://i', audience: s, " more "}\n"
#define ACTORS(actors)                                                                             \
	"targets:\n"                                                                               \
	"  - {name: t, match: {address: 10.0.0.1}, actors: " actors "}\n"

/* A target with a credential in line 8, of which <credential> begins in column 83. */
#define CREDENTIAL(credential, more)                                                               \
	WIRE ISSUER("jwks: /k") ACTORS("[{issuer: corp}], credential: " credential more)

const struct conf_row conf_rows[] = {
	{ "empty", "", { { 0, 0, "the file is empty" } } },
	{ "only a comment", "# nothing\n", { { 0, 0, "the file is empty" } } },
	{ "syntax: unclosed list",
			"dataplane: [1,\n"
			"log: x: y\n",
			{ { 2, 7, "not YAML" } } },
	{ "syntax: tab",
			"log:\n"
			"\tlevel: info\n",
			{ { 2, 1, "not YAML: found character that cannot start any token" } } },
	{ "syntax: unclosed quote", "log: {level: \"info}\n",
			{ { 2, 1, "that begins in line 1" } } },
	{ "not UTF-8",
			"log:\n"
			"  level: \377\n",
			{ { 2, 10, "not UTF-8 text" } } },
	{ "control character",
			"log:\n"
			"  ab: \001\n",
			{ { 2, 7, "not UTF-8 text: control characters" } } },
	{ "root is a list", "- a\n", { { 1, 1, "expected a mapping" } } },
	{ "two documents",
			WIRE "---\n"
			     "dataplane:\n"
			     "  wires:\n"
			     "    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 4, 1, "a second document begins here" } } },
	{ "anchor and alias",
			"log: &l {level: info}\n"
			"dataplane: *l\n",
			{ { 1, 6, "anchors (&name) are not supported" },
					{ 2, 12, "aliases (*name) are not supported" } } },
	{ "billion laughs",
			"a: &a [x, x]\n"
			"b: &b [*a, *a]\n"
			"c: [*b, *b]\n",
			{ { 1, 4, "anchors" }, { 2, 4, "anchors" }, { 2, 8, "aliases" },
					{ 2, 12, "aliases" }, { 3, 5, "aliases" },
					{ 3, 9, "aliases" } } },
	{ "tag", "log: {level: !!str info}\n", { { 1, 14, "tags (!type) are not supported" } } },
	{ "merge key", WIRE "log: {<<: {level: info}}\n", { { 4, 7, "unknown key '<<' in log" } } },
	{ "nested 17 deep", "log: [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]\n",
			{ { 1, 21, "nested more than 16 deep" } } },
	{ "no dataplane", "log: {level: info}\n",
			{ { 1, 1, "'dataplane' is missing in the top level" } } },
	{ "no wires",
			"dataplane:\n"
			"  mtu: 1500\n",
			{ { 2, 3, "'wires' is missing in dataplane" } } },
	{ "wires empty", "dataplane: {wires: []}\n",
			{ { 1, 20, "wires: is empty: at least one wire" } } },
	{ "wires is a mapping",
			"dataplane:\n"
			"  wires: {name: w}\n",
			{ { 2, 10, "wires: expected a list, found a mapping" } } },
	{ "wires is a word",
			"dataplane:\n"
			"  wires: w\n",
			{ { 2, 10, "wires: expected a list, found a single value" } } },
	{ "a wire is a word",
			"dataplane:\n"
			"  wires: [w]\n",
			{ { 2, 11,
					"wires: expected a mapping (keys and values), found a single "
					"value" } } },
	{ "dataplane is empty", "dataplane:\n",
			{ { 1, 11,
					"dataplane: expected a mapping (keys and values), found "
					"empty" } } },
	{ "value is a list", WIRE "log: {level: [info]}\n",
			{ { 4, 14, "level: expected a single value, found a list" } } },
	{ "value is empty", WIRE "log: {level: }\n",
			{ { 4, 14, "level: is empty: give a value or remove the key" } } },
	{ "key is a list",
			WIRE "? [a, b]\n"
			     ": c\n",
			{ { 4, 3, "a key must be a plain word" } } },
	{ "NUL in a value", WIRE "appliance: {name: \"a\\0b\"}\n",
			{ { 4, 19, "name: has a NUL byte" } } },
	{ "NUL in a key", WIRE "\"log\\0\": {level: info}\n",
			{ { 4, 1, "a key must be a plain word" } } },
	{ "unknown key, near", WIRE "appliances: {name: a}\n",
			{ { 4, 1,
					"unknown key 'appliances' in the top level: did you mean "
					"'appliance'?" } } },
	{ "unknown key, swapped letters",
			"dataplane:\n"
			"  mut: 1500\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 3, "unknown key 'mut' in dataplane: did you mean 'mtu'?" } } },
	{ "unknown key, at home elsewhere", WIRE "mtu: 1500\n",
			{ { 4, 1,
					"unknown key 'mtu' in the top level: it belongs into "
					"dataplane" } } },
	{ "unknown key, far", WIRE "log: {colour: red}\n",
			{ { 4, 7, "unknown key 'colour' in log, which has: level" } } },
	{ "unknown key in a target",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1, prot: 1}}\n",
			{ { 5, 42,
					"unknown key 'prot' in targets.match: did you mean "
					"'port'?" } } },
	{ "unknown key, not printable", WIRE "\"a\\e[2Jb\": 1\n",
			{ { 4, 1, "unknown key 'a?[2Jb'" } } },
	{ "key twice",
			WIRE "log: {level: info}\n"
			     "log: {level: debug}\n",
			{ { 5, 1,
					"'log' appears twice in the top level, first in line 4: remove "
					"one" } } },
	{ "key twice, inside", WIRE "log: {level: info, level: debug}\n",
			{ { 4, 20, "'level' appears twice in log, first in line 4" } } },
	{ "wire without a name",
			"dataplane:\n"
			"  wires:\n"
			"    - {agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 3, 7, "'name' is missing in dataplane.wires" } } },
	{ "wire without prod",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}}\n",
			{ { 3, 7, "'prod' is missing in dataplane.wires" } } },
	{ "wire without port",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {}}\n",
			{ { 3, 49, "'port' is missing in prod" } } },
	{ "target without match",
			WIRE "targets:\n"
			     "  - name: t\n",
			{ { 5, 5, "'match' is missing in targets" } } },
	{ "target without address",
			WIRE "targets:\n"
			     "  - {name: t, match: {port: 1}}\n",
			{ { 5, 22, "'address' is missing in targets.match" } } },
	{ "number: words",
			"dataplane:\n"
			"  mtu: big\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 8, "mtu: expected a whole number, found 'big'" } } },
	{ "number: negative",
			"dataplane:\n"
			"  mtu: -1\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 8, "mtu: expected a whole number, found '-1'" } } },
	{ "number: fraction",
			"dataplane:\n"
			"  mtu: 1500.5\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 8, "expected a whole number" } } },
	{ "number: hexadecimal",
			"dataplane:\n"
			"  mtu: 0x5dc\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 8, "expected a whole number" } } },
	{ "number: quoted",
			"dataplane:\n"
			"  mtu: \"1500\"\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 8,
					"mtu: expected a number, found text in quotes: remove the "
					"quotes" } } },
	{ "number: 30 digits",
			"dataplane:\n"
			"  mtu: 100000000000000000000000000000\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 8, "expected a whole number" } } },
	{ "number: wraps to 1500",
			"dataplane:\n"
			"  mtu: 18446744073709553116\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 8, "expected a whole number" } } },
	{ "number or word",
			"dataplane:\n"
			"  workers: many\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 12, "workers: expected a whole number or auto, found 'many'" } } },
	{ "truth: word",
			"dataplane:\n"
			"  idle_sleep: maybe\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 15, "idle_sleep: expected true or false, found 'maybe'" } } },
	{ "truth: number",
			"dataplane:\n"
			"  idle_sleep: 1\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 15, "idle_sleep: expected true or false, found '1'" } } },
	{ "truth: quoted",
			"dataplane:\n"
			"  idle_sleep: \"yes\"\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 15, "idle_sleep: expected true or false, found text in quotes" } } },
	{ "word: near",
			"dataplane:\n"
			"  unknown_tcp: wired\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 16,
					"unknown_tcp: 'wired' is none of: rst, wire, drop; did you mean "
					"'wire'?" } } },
	{ "word: far",
			"dataplane:\n"
			"  unknown_tcp: tunnel\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 16, "unknown_tcp: 'tunnel' is none of: rst, wire, drop" } } },
	{ "word: case",
			"dataplane:\n"
			"  huge_pages: YES\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 15, "huge_pages: 'YES' is none of: auto, yes, no" } } },
	{ "duration: no unit",
			"dataplane:\n"
			"  timers: {idle: 30}\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 18,
					"idle: expected a duration with its unit as 30s, 15m, 1h or 1d, "
					"found '30'" } } },
	{ "duration: unknown unit",
			"dataplane:\n"
			"  timers: {idle: 30w}\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 18, "expected a duration" } } },
	{ "duration: unit alone",
			"dataplane:\n"
			"  timers: {idle: s}\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 18, "expected a duration" } } },
	{ "duration: two units",
			"dataplane:\n"
			"  timers: {idle: 1h30m}\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 18, "expected a duration" } } },
	{ "duration: overflow",
			"dataplane:\n"
			"  timers: {idle: 99999999999999d}\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 18, "expected a duration" } } },
	{ "size: words",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1}, tcp: {queue_max: much}}\n",
			{ { 5, 60,
					"queue_max: expected a size as 65536, 64K or 1M, found "
					"'much'" } } },
	{ "size: bad unit",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1}, tcp: {queue_max: 1T}}\n",
			{ { 5, 60, "expected a size" } } },
	{ "size: space",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1}, tcp: {queue_max: 1 M}}\n",
			{ { 5, 60, "expected a size" } } },
	{ "list of CPUs is a word",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1}, x: 1}\n",
			{ { 5, 43, "unknown key 'x' in targets" } } },
	{ "cpus: no list",
			"dataplane:\n"
			"  worker_cpus: 3\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 16, "worker_cpus: expected a list of CPU numbers as [2, 3]" } } },
	{ "cpus: empty",
			"dataplane:\n"
			"  worker_cpus: []\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 16, "worker_cpus: expected 1 to 127 CPU numbers, found 0" } } },
	{ "cpus: word",
			"dataplane:\n"
			"  worker_cpus: [2, x]\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 20, "worker_cpus: expected a whole number, found 'x'" } } },
	{ "cpus: twice",
			"dataplane:\n"
			"  worker_cpus: [2, 3, 2]\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 2, 16, "worker_cpus: CPU 2 appears twice" } } },
	{ "cpus: not one for each worker",
			"dataplane:\n"
			"  workers: 3\n"
			"  worker_cpus: [2, 3]\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 3, 16,
					"worker_cpus: 2 CPUs for workers: 3: give one for each "
					"worker" } } },
	{ "name: blank", WIRE "appliance: {name: a b}\n", { { 4, 19, "name: 'a b' is no name" } } },
	{ "name: begins with a dash", WIRE "appliance: {name: -a}\n", { { 4, 19, "is no name" } } },
	{ "name: 64 characters",
			WIRE "appliance: {name: "
			     "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
			     "nnnn}\n",
			{ { 4, 19, "is too long for a name" } } },
	{ "path: relative", WIRE "appliance: {data_dir: var/lib}\n",
			{ { 4, 23,
					"data_dir: 'var/lib' is no absolute path: begin it with "
					"'/'" } } },
	{ "path: 1024 bytes",
			WIRE
			"appliance: {data_dir: "
			"/ppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"pppppppppppppppppppppppppppppppp}\n",
			{ { 4, 23, "is too long for a path" } } },
	{ "socket: relative", WIRE "appliance: {api: {socket: x}}\n",
			{ { 4, 27, "socket: 'x' is no absolute path" } } },
	{ "socket: 108 bytes",
			WIRE "appliance: {api: {socket: "
			     "/sssssssssssssssssssssssssssssssssssssssssssssssssss"
			     "ssssssssssssssssssssssssssssssssssssssssssssssssssssssss}}\n",
			{ { 4, 27, "is too long for a Unix socket: at most 107 bytes" } } },
	{ "device: interface name",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: \"eth0\"}, prod: {port: \"net_null1\"}}\n",
			{ { 3, 31,
					"port: 'eth0' is no port: write a PCI address as 0000:3b:00.0 "
					"or a DPDK vdev" } } },
	{ "device: half a PCI address",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: \"3b:00\"}, prod: {port: \"net_null1\"}}\n",
			{ { 3, 31, "is no port" } } },
	{ "device: PCI with a sign",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: \"-0000:3b:00.0\"}, prod: {port: "
			"\"net_null1\"}}\n",
			{ { 3, 31, "is no port" } } },
	{ "device: PCI function of two digits",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: \"0000:3b:00.00\"}, prod: {port: "
			"\"net_null1\"}}\n",
			{ { 3, 31, "is no port" } } },
	{ "device: blank",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: \"net_af_packet0, iface=eth0\"}, prod: "
			"{port: \"net"
			"_null1\"}}\n",
			{ { 3, 31, "has a blank or a control character" } } },
	{ "device: 256 bytes",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: "
			"\"net_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}, prod: {port: "
			"\"net_nul"
			"l1\"}}\n",
			{ { 3, 31, "is too long for a device" } } },
	{ "device: empty",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: \"\"}, prod: {port: \"net_null1\"}}\n",
			{ { 3, 31, "port: is empty" } } },
	{ "device: the same PCI address",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: \"0000:3b:00.0\"}, prod: {port: "
			"\"3B:00.0\"}}\n",
			{ { 3, 61, "port: this device is used already, in line 3" } } },
	{ "device: the same vdev name",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: \"net_tap0,iface=a\"}, prod: {port: "
			"\"net_tap0,ifac"
			"e=b\"}}\n",
			{ { 3, 65, "this device is used already" } } },
	{ "device: the same interface",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: \"net_af_packet0,iface=a\"}, prod: {port: "
			"\"net_af_"
			"xdp0,iface=a,start_queue=0\"}}\n",
			{ { 3, 71, "this device is used already" } } },
	{ "device: in two wires",
			WIRE "    - {name: v, agent: {port: net_null2}, prod: {port: net_null0}}\n",
			{ { 4, 56, "this device is used already, in line 3" } } },
	{ "wire names equal",
			WIRE "    - {name: w, agent: {port: net_null2}, prod: {port: net_null3}}\n",
			{ { 4, 14, "name: 'w' is taken already, in line 3" } } },
	{ "deny_with and forward",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}, "
			"undeclared_"
			"tcp: forward, deny_with: rst}\n",
			{ { 3, 104, "deny_with: means nothing with undeclared_tcp: forward" } } },
	{ "address: word",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: db}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: five numbers",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 1.2.3.4.5}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: number above 255",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 1.2.3.256}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: leading zero",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 10.0.0.01}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: prefix 33",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 10.0.0.0/33}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: prefix 129",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: \"fd00::/129\"}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: no prefix",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 10.0.0.0/}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: negative prefix",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 10.0.0.0/-1}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: two slashes",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 10.0.0.0/8/8}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: range",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 10.0.0.1-9}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: zone",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: \"fe80::1%eth0\"}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: far too long",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: "
			     "1111111111111111111111111111111111111111111111"
			     "111111111111111111111111}}\n",
			{ { 5, 33, "is no address: write one as 10.20.0.5" } } },
	{ "address: bits beyond the prefix",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 10.0.0.1/8}}\n",
			{ { 5, 33,
					"address: '10.0.0.1/8' has bits beyond its prefix: did you mean "
					"10.0.0.0/8?" } } },
	{ "address: bits beyond the prefix, IPv6",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: \"fd00::1/64\"}}\n",
			{ { 5, 33, "did you mean fd00::/64?" } } },
	{ "address: all IPv6 takes in IPv4",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: \"::/0\"}}\n",
			{ { 5, 33, "address: '::/0' takes in IPv4 as well" } } },
	{ "address: a mapped address",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: \"::ffff:10.0.0.1\"}}\n",
			{ { 5, 33, "takes in IPv4 as well" } } },
	{ "address: a list",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: [10.0.0.1]}}\n",
			{ { 5, 33, "address: expected a single value, found a list" } } },
	{ "target never reached: same",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 10.0.0.1, port: 5432}}\n"
			     "  - {name: t1, match: {address: 10.0.0.1, port: 5432}}\n",
			{ { 6, 23, "match: never reached, for 't0' in line 5 comes first" } } },
	{ "target never reached: block",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 10.0.0.0/8}}\n"
			     "  - {name: t1, match: {address: 10.1.2.3, port: 22}}\n",
			{ { 6, 23, "never reached, for 't0' in line 5" } } },
	{ "target never reached: everything",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 0.0.0.0/0}}\n"
			     "  - {name: t1, match: {address: 192.168.0.0/16}}\n",
			{ { 6, 23, "never reached" } } },
	{ "target never reached: block of odd length",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: 10.64.0.0/11}}\n"
			     "  - {name: t1, match: {address: 10.95.255.255}}\n",
			{ { 6, 23, "never reached" } } },
	{ "target never reached: IPv6",
			WIRE "targets:\n"
			     "  - {name: t0, match: {address: \"fd00::/8\"}}\n"
			     "  - {name: t1, match: {address: \"fd00:1::1\"}}\n",
			{ { 6, 23, "never reached" } } },
	{ "target names equal",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1}}\n"
			     "  - {name: t, match: {address: 10.0.0.2}}\n",
			{ { 6, 12, "name: 't' is taken already, in line 5: choose another" } } },
	{ "xlate and rewritten timestamps",
			WIRE
			"targets:\n"
			"  - {name: t, match: {address: 10.0.0.1}, mode: xlate, tcp: {timestamps: "
			"rewri"
			"te}}\n",
			{ { 5, 74, "timestamps: rewrite cannot be had with mode: xlate" } } },
	{ "wire and tcp",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1}, mode: wire, tcp: {urgent: "
			     "drop}}\n",
			{ { 5, 60, "tcp: means nothing with mode: wire" } } },
	{ "mode unknown",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1}, mode: deny}\n",
			{ { 5, 49, "mode: 'deny' is none of: relay, wire, xlate" } } },
	{ "protocol of a later day",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1}, protocol: redis}\n",
			{ { 5, 53, "protocol: 'redis' is none of: tcp, postgres" } } },
	{ "mss and the MTU",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: 10.0.0.1}, tcp: {mss: 1461}}\n",
			{ { 5, 54,
					"mss: 1461 does not fit into dataplane.mtu 1500: at most "
					"1460" } } },
	{ "mss and the MTU, IPv6",
			WIRE "targets:\n"
			     "  - {name: t, match: {address: \"fd::1\"}, tcp: {mss: 1441}}\n",
			{ { 5, 53,
					"mss: 1441 does not fit into dataplane.mtu 1500: at most "
					"1440" } } },
	{ "more half-open than flows",
			"dataplane:\n"
			"  flows: 64\n"
			"  limits: {embryonic_per_source: 65}\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null1}}\n",
			{ { 3, 34, "embryonic_per_source: 65 is more than dataplane.flows 64" } } },
	{ "issuers empty", WIRE "identity: {issuers: []}\n", { { 4, 21, "issuers: is empty" } } },
	{ "identity without issuers", WIRE "identity: {}\n",
			{ { 4, 11, "'issuers' is missing in identity" } } },
	{ "an issuer without anything", WIRE "identity: {issuers: [{name: a}]}\n",
			{ { 4, 22, "'issuer' is missing in identity.issuers" },
					{ 4, 22, "'audience' is missing" },
					{ 4, 22, "'jwks' is missing" } } },
	{ "an issuer that is no URL",
			WIRE "identity: {issuers: [{name: a, issuer: corp, audience: s, jwks: "
			     "/k}]}\n",
			{ { 4, 40, "issuer: 'corp' is no issuer: write its URL" } } },
	{ "an issuer with a query",
			WIRE "identity: {issuers: [{name: a, issuer: 'https://i?a', audience: s, "
			     "jwks: /k}]}\n",
			{ { 4, 40, "has a query" } } },
	{ "an issuer with a user",
			WIRE "identity: {issuers: [{name: a, issuer: 'https://u:p@i', audience: s, "
			     "jwks: /k}]}\n",
			{ { 4, 40, "no plain host" } } },
	{ "issuer names and issuers equal",
			WIRE "identity:\n"
			     "  issuers:\n"
			     "    - {name: a, issuer: 'https://i', audience: s, jwks: /k}\n"
			     "    - {name: a, issuer: 'https://i', audience: s, jwks: /l}\n",
			{ { 7, 14, "name: 'a' is taken already, in line 6" },
					{ 7, 25, "issuer: is that of 'a' already" } } },
	{ "jwks of another kind", WIRE ISSUER("jwks: 'ftp://i/k'"),
			{ { 6, 60, "is neither an absolute path nor a URL" } } },
	{ "jwks with a fragment", WIRE ISSUER("jwks: 'https://i/k#a'"),
			{ { 6, 60, "has a fragment" } } },
	{ "jwks with a blank", WIRE ISSUER("jwks: 'https://i/ k'"),
			{ { 6, 60, "a character in it that no URL has" } } },
	{ "jwks over plain http", WIRE ISSUER("jwks: 'http://10.0.0.1/k'"),
			{ { 6, 60, "plain http beyond this machine" } } },
	{ "jwks over plain http to what only looks like this machine",
			WIRE ISSUER("jwks: 'http://127.0.0.1.example.com/k'"),
			{ { 6, 60, "plain http beyond this machine" } } },
	{ "jwks over plain http to another name that begins so",
			WIRE ISSUER("jwks: 'http://[::1]x/k'"),
			{ { 6, 60, "plain http beyond this machine" } } },
	{ "plain_http without http", WIRE ISSUER("jwks: 'https://i/k', plain_http: yes"),
			{ { 6, 87, "plain_http: means nothing here" } } },
	{ "a CA for a file", WIRE ISSUER("jwks: /k, ca: /ca.pem"),
			{ { 6, 68, "ca: means nothing here" } } },
	{ "keys_min_age for a file", WIRE ISSUER("jwks: /k, keys_min_age: 5s"),
			{ { 6, 78, "keys_min_age: means nothing for a file" } } },
	{ "keys_min_age over keys_max_age", WIRE ISSUER("jwks: 'https://i/k', keys_max_age: 299s"),
			{ { 6, 7, "keys_min_age 300s is more than keys_max_age 299s" } } },
	{ "algorithms that are none",
			WIRE ISSUER("jwks: /k, algorithms: [RS256, none, HS256, RS256]"),
			{ { 6, 84, "algorithms: 'none' is none of: RS256, ES256, PS256, EdDSA" },
					{ 6, 90, "'HS256' is none of" },
					{ 6, 97, "algorithms: is there twice" } } },
	{ "algorithms empty", WIRE ISSUER("jwks: /k, algorithms: []"),
			{ { 6, 76, "algorithms: expected 1 to 256 values, found 0" } } },
	{ "algorithms as one word", WIRE ISSUER("jwks: /k, algorithms: RS256"),
			{ { 6, 76, "algorithms: expected a list as [RS256, ES256]" } } },
	{ "skew and size out of range",
			WIRE ISSUER("jwks: /k, clock_skew: 301s, max_token_bytes: 511"),
			{ { 6, 76, "clock_skew: 301s is out of range: 0s to 300s" },
					{ 6, 99,
							"max_token_bytes: 511 is out of range: 512 to "
							"64K" } } },
	{ "audiences",
			WIRE "identity: {issuers: [{name: a, issuer: 'https://i', jwks: /k, "
			     "audience: [a, a, '', \"b\\tc\"]}]}\n",
			{ { 4, 77, "audience: 'a' is there twice" },
					{ 4, 80, "audience: is empty" },
					{ 4, 84, "has a control character" } } },
	{ "no audience",
			WIRE "identity: {issuers: [{name: a, issuer: 'https://i', jwks: /k, "
			     "audience: []}]}\n",
			{ { 4, 73, "audience: expected 1 to 256 values, found 0" } } },
	{ "actors of no issuer", WIRE ISSUER("jwks: /k") ACTORS("[{issuer: corq}]"),
			{ { 8, 61, "issuer: identity.issuers has no 'corq': did you mean 'corp'?" } } },
	{ "actors without identity", WIRE ACTORS("[{issuer: corp}]"),
			{ { 5, 61, "issuer: identity.issuers has no 'corp'" } } },
	{ "actors without an issuer", WIRE ISSUER("jwks: /k") ACTORS("[{groups: [a]}]"),
			{ { 8, 52, "'issuer' is missing in targets.actors" } } },
	{ "actors empty", WIRE ACTORS("[]"), { { 5, 51, "actors: is empty: name who" } } },
	{ "actors without any group",
			WIRE ISSUER("jwks: /k") ACTORS("[{issuer: corp, groups: []}]"),
			{ { 8, 75, "groups: expected 1 to 256 values, found 0" } } },
	{ "actors and ways round them",
			WIRE ISSUER("jwks: /k") ACTORS(
					"[{issuer: corp}], tcp: {md5_ao: wire, simultaneous_open: forward}"),
			{ { 8, 83, "md5_ao: wire lets connections pass without asking" },
					{ 8, 108, "simultaneous_open: forward lets" } } },
	{ "actors where nobody is asked",
			WIRE ISSUER("jwks: /k") ACTORS("[{issuer: corp}], mode: wire"),
			{ { 8, 51, "actors: nobody is asked who they are with mode: wire" } } },
	{ "an error in actors does not hide the target's name",
			WIRE ISSUER("jwks: /k") ACTORS("[{issuer: corp, group: a}], modex: wire"),
			{ { 8, 67, "unknown key 'group' in targets.actors: did you mean 'groups'?" },
					{ 8, 79, "unknown key 'modex' in targets" } } },
	{ "a credential without anything", CREDENTIAL("{}", ""),
			{ { 8, 81, "'user' is missing in targets.credential" },
					{ 8, 81, "'password' is missing in targets.credential" } } },
	{ "a password as text", CREDENTIAL("{user: u, password: hunter2}", ""),
			{ { 8, 101,
					"password: expected a mapping (keys and values), found a single "
					"value" } } },
	{ "a password without a source", CREDENTIAL("{user: u, password: {}}", ""),
			{ { 8, 101, "password: has no source: give one of file, env" } } },
	{ "a password with two sources", CREDENTIAL("{user: u, password: {env: A, file: /p}}", ""),
			{ { 8, 107, "env: the password comes from file already: remove one" } } },
	{ "sources that are none",
			CREDENTIAL("{user: u, password: {file: p, env: 1A, command: /c}}", ""),
			{ { 8, 108, "file: 'p' is no absolute path" },
					{ 8, 116, "env: '1A' is no variable" },
					{ 8, 116, "env: the password comes from file already" },
					{ 8, 129, "command: expected a list as [/usr/bin/" },
					{ 8, 129, "command: the password comes from file" } } },
	{ "a systemd credential elsewhere", CREDENTIAL("{user: u, password: {systemd: ../p}}", ""),
			{ { 8, 111, "systemd: '../p' is no name" } } },
	{ "a command that is empty", CREDENTIAL("{user: u, password: {command: []}}", ""),
			{ { 8, 111, "command: expected 1 to 32 words, found 0" } } },
	{ "a command without a path", CREDENTIAL("{user: u, password: {command: [cat, /p]}}", ""),
			{ { 8, 112, "command: 'cat' is no absolute path" } } },
	{ "users",
			CREDENTIAL("{user: \"a\\tb\", password: {env: P}}",
					"}\n"
					"  - {name: v, match: {address: 10.0.0.2}, actors: [{issuer: corp}],"
					" credential: {password: {env: P}, user: "
					"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}"),
			{ { 8, 88, "user: 'a?b' has a control character in it" },
					{ 9, 108, "is too long for a user: at most 63 bytes" } } },
	{ "a credential for anybody",
			WIRE "targets: [{name: t, match: {address: 10.0.0.1}, "
			     "credential: {user: u, password: {env: P}}}]\n",
			{ { 4, 61, "credential: without actors it would let in whoever" } } },
	{ "a credential that is never used",
			CREDENTIAL("{user: u, password: {env: P}}", ", mode: xlate"),
			{ { 8, 51, "actors: nobody is asked" },
					{ 8, 81, "credential: is never used with mode: xlate" } } },
	{ "an unknown source", CREDENTIAL("{user: u, password: {literal: p}}", ""),
			{ { 8, 101, "password: has no source" },
					{ 8, 102, "unknown key 'literal' in targets.credential.password" } } },
	{ "all at once",
			"dataplane:\n"
			"  wires:\n"
			"    - {name: w, agent: {port: net_null0}, prod: {port: net_null0}}\n"
			"    - {name: w, agent: {port: net_null2}, prod: {port: net_null3}}\n"
			"log: {level: loud}\n"
			"targets:\n"
			"  - {name: t, match: {address: 10.0.0.300}}\n",
			{ { 3, 56, "this device is used already" },
					{ 4, 14, "'w' is taken already" },
					{ 5, 14, "'loud' is none of" },
					{ 7, 32, "is no address" } } },
};
const size_t conf_n_rows = sizeof(conf_rows) / sizeof(conf_rows[0]);
