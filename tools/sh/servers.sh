# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# Sourced after lab.sh.
#
# Servers in the lab's prod namespace, and how their clients in the agent namespace are called.
# Each server is started by its own program, with its data in the lab's state
# folder; nothing of the system's own services is touched.

# As an ordinary user: PostgreSQL refuses root, and an sshd that is not root lets in its own user only.
server_user=postgres
as_server=("${as_prod[@]}" setpriv --reuid="$server_user" --regid="$server_user" --init-groups)
server_as_user() {
	"${as_server[@]}" "$@"
}

server_state() { # NAME: makes the server's folder, owned by its user, and prints it
	install -d -m 755 "$lab_state"
	install -d -m 700 -o "$server_user" -g "$server_user" "$lab_state/$1"
	echo "$lab_state/$1"
}

# server_listens PORT: something in prod listens there.
server_listens() {
	in_prod ss -Hltn "sport = :$1" | grep -q .
}

server_fail() { # NAME
	printf 'the server %s did not start:\n' "$1" >&2
	tail -n 20 "$lab_state/run/$1.log" >&2
	return 1
}

# --- PostgreSQL 15 on port 5432: user app, password app, database app

pg_bin=/usr/lib/postgresql/15/bin
pg_env=(PGUSER=app PGPASSWORD=app PGDATABASE=app PGCONNECT_TIMEOUT=20)

pg_init() { # DIR: a cluster, once
	local dir=$1 tmp=$1/new
	[ ! -e "$dir/data/PG_VERSION" ] || return 0
	rm -rf "$tmp"
	echo app >"$dir/password"
	chown "$server_user" "$dir/password"
	(cd "$dir" && server_as_user "$pg_bin/initdb" -D "$tmp" -U app --pwfile="$dir/password" \
		--auth-host=scram-sha-256 --auth-local=trust --no-sync -E UTF8 --locale=C) \
		>"$lab_state/initdb.log" 2>&1 || { tail -n 20 "$lab_state/initdb.log" >&2 && return 1; }
	# huge_pages=off: "try" would take the pages that DPDK needs. No fsync: a lab's data may be lost.
	cat >>"$tmp/postgresql.conf" <<-END
		listen_addresses = '$lab_prod4, $lab_prod6'
		unix_socket_directories = '$dir'
		huge_pages = off
		fsync = off
		max_connections = 64
		shared_buffers = 128MB
		log_min_messages = fatal
		logging_collector = off
	END
	printf 'host all app 10.77.0.0/24 scram-sha-256\nhost all app fd77::/64 scram-sha-256\n' \
		>>"$tmp/pg_hba.conf"
	mv "$tmp" "$dir/data"
}

pg_start() {
	local dir
	lab_pid postgres >/dev/null && return 0
	dir=$(server_state pg)
	pg_init "$dir" || return 1
	rm -f "$dir/data/postmaster.pid"
	cd "$dir" || return 1
	lab_stop_signal=INT # fast shutdown: sessions are ended
	lab_spawn postgres "${as_server[@]}" "$pg_bin/postgres" -D "$dir/data"
	unset lab_stop_signal
	cd - >/dev/null || return 1
	lab_wait 20 server_as_user "$pg_bin/pg_isready" -q -h "$dir" -U app -d postgres ||
		server_fail postgres || return 1
	server_as_user psql -qAt -h "$dir" -U app -d postgres \
		-c "select 1 from pg_database where datname = 'app'" | grep -q 1 ||
		server_as_user "$pg_bin/createdb" -h "$dir" -U app app
}

# pg_load SCALE: pgbench's tables, from inside prod (not over the wire), if they are not there.
pg_load() {
	local dir=$lab_state/pg
	server_as_user psql -qAt -h "$dir" -U app -d app \
		-c "select count(*) = $1 from pgbench_branches" 2>/dev/null | grep -q t && return 0
	server_as_user "$pg_bin/pgbench" -q -i -s "$1" -h "$dir" -U app app \
		>"$lab_state/pgbench-init.log" 2>&1
}

# in_agent_pg HOST PROGRAM...: a client program against the server's address HOST.
in_agent_pg() {
	local host=$1
	shift
	in_agent env "${pg_env[@]}" PGHOST="$host" "$@"
}

# --- redis on 6379, iperf3 on 5201

redis_start() {
	local dir
	lab_pid redis >/dev/null && return 0
	dir=$(server_state redis)
	lab_spawn redis "${as_server[@]}" redis-server --bind "$lab_prod4" "$lab_prod6" \
		--protected-mode no --save '' --appendonly no --dir "$dir"
	lab_wait 10 server_listens 6379 || server_fail redis
}

iperf_start() {
	lab_pid iperf3 >/dev/null && return 0
	lab_spawn iperf3 "${as_prod[@]}" iperf3 -s
	lab_wait 10 server_listens 5201 || server_fail iperf3
}

# --- sshd on 22: keys of its own, and an account that exists on any machine

ssh_start() {
	local dir
	lab_pid sshd >/dev/null && return 0
	dir=$(server_state ssh)
	for key in host client; do
		[ -e "$dir/$key" ] || ssh-keygen -q -t ed25519 -N '' -f "$dir/$key" -C "lab $key"
	done
	cp "$dir/client.pub" "$dir/authorized_keys"
	cat >"$dir/sshd_config" <<-END
		Port 22
		ListenAddress $lab_prod4
		ListenAddress $lab_prod6
		HostKey $dir/host
		AuthorizedKeysFile $dir/authorized_keys
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		PidFile none
		Subsystem sftp internal-sftp
	END
	chown -R "$server_user" "$dir"
	cp "$dir/client" "$lab_state/ssh-client-key"
	chmod 600 "$lab_state/ssh-client-key"
	lab_spawn sshd "${as_server[@]}" /usr/sbin/sshd -D -e -f "$dir/sshd_config"
	lab_wait 10 server_listens 22 || server_fail sshd
}

ssh_options=(-i "$lab_state/ssh-client-key" -o BatchMode=yes -o StrictHostKeyChecking=no
	-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes -F /dev/null
	-o ConnectTimeout=30)

# in_agent_ssh HOST COMMAND...
in_agent_ssh() {
	in_agent ssh "${ssh_options[@]}" "$server_user@$1" "${@:2}"
}

# --- nginx on 80: GET anything below files/, PUT below files/in/

http_start() {
	local dir
	lab_pid nginx >/dev/null && return 0
	dir=$(server_state http)
	install -d -o "$server_user" "$dir/files" "$dir/files/in" "$dir/tmp"
	cat >"$dir/nginx.conf" <<-END
		daemon off;
		worker_processes 1;
		pid $dir/nginx.pid;
		error_log stderr error;
		events { worker_connections 512; }
		http {
			access_log off;
			client_max_body_size 4g;
			client_body_temp_path $dir/tmp;
			proxy_temp_path $dir/tmp; fastcgi_temp_path $dir/tmp;
			uwsgi_temp_path $dir/tmp; scgi_temp_path $dir/tmp;
			types { }
			default_type application/octet-stream;
			server {
				listen $lab_prod4:80 reuseport;
				listen [$lab_prod6]:80 reuseport;
				root $dir/files;
				location /in/ { dav_methods PUT DELETE; client_body_timeout 120; }
			}
		}
	END
	chown "$server_user" "$dir/nginx.conf"
	lab_spawn nginx "${as_server[@]}" nginx -p "$dir" -e stderr -c "$dir/nginx.conf"
	lab_wait 10 server_listens 80 || server_fail nginx
}

# http_file NAME BYTES: a file that nginx serves, of bytes that look random but are always the same.
http_file() {
	local path=$lab_state/http/files/$1
	[ "$(stat -c %s "$path" 2>/dev/null)" = "$2" ] && return 0
	head -c "$2" /dev/zero | openssl enc -aes-128-ctr -K "$(printf '%032d' 7)" \
		-iv "$(printf '%032d' 0)" >"$path"
	chown "$server_user" "$path"
	sha256sum "$path" | cut -d ' ' -f 1 >"$path.sha256"
}
