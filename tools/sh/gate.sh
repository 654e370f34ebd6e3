# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154
# Sourced after lab.sh, servers.sh and sluiced.sh.
#
# What a gate in front of PostgreSQL needs beside sluiced: an identity provider (a real one, on
# loopback), certificates for both legs, the database's credential, and targets that name all that.
# Functions print to stderr what went wrong and return 1.

gate_dir=$lab_state/gate
gate_provider_dir=tests/identity
gate_port_file=$gate_dir/provider.port

# What the certificates of the target and of the server are for; a caller with more addresses in prod
# adds them.
gate_names=("$lab_prod4" "$lab_prod6")

gate_certificates() {
	local name dir=$gate_dir/ca
	"$sluicectl_bin" ca init --dir "$dir" --name "Lab CA" || return 1
	for name in target server; do
		"$sluicectl_bin" ca issue --dir "$dir" "${gate_names[@]/#/--name=}" --out "$gate_dir/$name" ||
			return 1
	done
	"$sluicectl_bin" ca issue --dir "$dir" --name 127.0.0.1 --out "$gate_dir/idp"
}

# gate_files: CA, certificates of the target, of the server and of the provider; the password.
gate_files() {
	[ ! -e "$gate_dir/done" ] || return 0
	rm -rf "$gate_dir"
	install -d -m 755 "$gate_dir"
	gate_certificates >"$gate_dir/ca.log" 2>&1 || { cat "$gate_dir/ca.log" >&2 && return 1; }
	chmod 755 "$gate_dir/ca" # clients read the CA's certificate; its key stays root's
	printf 'app\n' >"$gate_dir/app.pw"
	chmod 600 "$gate_dir/app.pw"
	touch "$gate_dir/done"
}

# gate_server_tls: the lab's PostgreSQL speaks TLS, too.
gate_server_tls() {
	local data=$lab_state/pg/data
	install -m 644 -o "$server_user" "$gate_dir/server.pem" "$data/server.crt"
	install -m 600 -o "$server_user" "$gate_dir/server.key" "$data/server.key"
	server_as_user psql -qAt -h "$lab_state/pg" -U app -d postgres \
		-c "alter system set ssl = on" -c "select pg_reload_conf()" >/dev/null
}

# gate_provider_start: oidc-provider on 127.0.0.1, over TLS, with keys of its own.
gate_provider_start() {
	lab_pid provider >/dev/null && return 0
	local port
	if [ ! -e $gate_provider_dir/node_modules/.done ]; then
		npm ci --prefix $gate_provider_dir --ignore-scripts --no-audit --no-fund \
			>"$gate_dir/npm.log" 2>&1 || { tail -n 20 "$gate_dir/npm.log" >&2 && return 1; }
		touch $gate_provider_dir/node_modules/.done
	fi
	port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	echo "$port" >"$gate_port_file"
	gate_provider_spawn
}

gate_provider_spawn() {
	lab_spawn provider node $gate_provider_dir/provider.mjs "$(cat "$gate_port_file")" \
		"$gate_dir/idp.keys.json" "$gate_dir/idp.key" "$gate_dir/idp.pem"
	lab_wait 20 grep -q '^ready' "$lab_state/run/provider.log" || server_fail provider
}

# gate_provider_rotate: the same provider with other keys, a second later.
gate_provider_rotate() {
	lab_stop provider
	rm -f "$gate_dir/idp.keys.json"
	gate_provider_spawn
}

gate_issuer() {
	echo "https://127.0.0.1:$(cat "$gate_port_file")"
}

# gate_token [SECONDS] [AUDIENCE] [ALG]: an access token of the provider, for the agent.
gate_token() {
	curl -sS --noproxy '*' --cacert "$gate_dir/ca/ca.pem" -u agent-7:secret \
		-d grant_type=client_credentials -d scope=db \
		-d "resource=urn:sluice:${3:-ES256}:${1:-3600}:${2:-sluice}" "$(gate_issuer)/token" |
		/usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'
}

# gate_identity: the configuration's part that says whom to believe.
gate_identity() {
	cat <<-END
		identity:
		  issuers:
		    - name: corp
		      issuer: $(gate_issuer)
		      audience: sluice
		      jwks: $(gate_issuer)/jwks
		      ca: $gate_dir/ca/ca.pem
		      clock_skew: 0s
	END
}

# gate_target NAME ADDRESS [KEY=VALUE...]: one entry of "targets" for PostgreSQL. The keys:
#   port        5432
#   packs       sql-risk; "" for none
#   agent_tls   require, off
#   prod_tls    verify-full, require, off
#   prod_ca     of the server's certificate; the lab's
#   user        app: whom the server lets in, and
#   password    the file of its password; "" for none
#   prod_more   "negotiation: direct", "cert: FILE, key: FILE": more of prod_tls
#   mask_key    the file of the key of pseudonyms; "" for none
#   limits, tcp "hold_notice_s: 2, hold_s: 60" and so on, as in the configuration
gate_target() {
	local name=$1 address=$2
	local -A o=([port]=5432 [packs]=sql-risk [agent_tls]=require [prod_tls]=verify-full
		[prod_ca]=$gate_dir/ca/ca.pem [prod_more]="" [user]=app [password]=$gate_dir/app.pw
		[mask_key]="" [limits]="hold_notice_s: 2, hold_s: 60" [tcp]="")
	local agent prod credential option
	shift 2
	for option; do
		[ -n "${o[${option%%=*}]+set}" ] || { echo "gate_target has no option $option" >&2; return 1; }
		o[${option%%=*}]=${option#*=}
	done
	agent="mode: ${o[agent_tls]}" prod="mode: ${o[prod_tls]}"
	if [ "${o[agent_tls]}" = off ]; then
		agent+=", token_in_clear: yes"
	else
		agent+=", cert: $gate_dir/target.pem, key: $gate_dir/target.key"
	fi
	[ "${o[prod_tls]}" != verify-full ] || prod+=", ca: ${o[prod_ca]}, host: \"$address\""
	prod+=${o[prod_more]:+, ${o[prod_more]}}
	credential="user: ${o[user]}${o[password]:+, password: {file: ${o[password]}\}}"
	cat <<-END
		  - name: $name
		    match: {address: "$address", port: ${o[port]}}
		    protocol: postgres
		    agent_tls: {$agent}
		    prod_tls: {$prod}
		    credential: {$credential}
		    actors: [{issuer: corp, groups: [agents]}]
		    limits: {${o[limits]}}
	END
	[ -z "${o[packs]}" ] || printf '    packs: [%s]\n' "${o[packs]}"
	[ -z "${o[mask_key]}" ] || printf '    mask_key: {file: %s}\n' "${o[mask_key]}"
	[ -z "${o[tcp]}" ] || printf '    tcp: {%s}\n' "${o[tcp]}"
}

# in_agent_gate TOKEN HOST PROGRAM...: a client program of an agent; its password is the token.
in_agent_gate() {
	local token=$1 host=$2
	shift 2
	in_agent env PGUSER=agent PGDATABASE=app PGPASSWORD="$token" PGHOST="$host" PGCONNECT_TIMEOUT=20 \
		PGSSLMODE="${GATE_SSLMODE:-verify-full}" PGSSLROOTCERT="$gate_dir/ca/ca.pem" "$@"
}

# gate_up < TARGETS: everything, and sluiced with these targets.
gate_up() {
	gate_files && pg_start && pg_load 5 && gate_server_tls && gate_provider_start || return 1
	{ cat && gate_identity; } | sluiced_write_conf "${GATE_MTU:-1500}" deny
	sluiced_start
}
