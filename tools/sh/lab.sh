# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034
# The lab: its names, and the processes that run in it. Sourced by tools/lab, tools/demo, the tests
# on real stacks and the benchmarks.
#
#   namespace sl-agent                root namespace                 namespace sl-prod
#   eth0 10.77.0.1, fd77::1  <-veth->  sl-a   sluiced   sl-p  <-veth->  eth0 10.77.0.2, fd77::2
#
# LAB_SUFFIX (a short word) gives every name a suffix, so that several labs can stand side by side.

lab_suffix=${LAB_SUFFIX:-}
lab_ns_agent=sl-agent$lab_suffix
lab_ns_prod=sl-prod$lab_suffix
lab_port_agent=sl-a$lab_suffix
lab_port_prod=sl-p$lab_suffix
lab_bridge=sl-br$lab_suffix
# With a stage (tools/lab stage on) the agent's wire has two pieces, and what joins these two ports
# decides how bad it is: eth0 <-veth-> sl-sa, sl-sb <-veth-> sl-a.
lab_stage_a=sl-sa$lab_suffix
lab_stage_b=sl-sb$lab_suffix
lab_stage_bridge=sl-sbr$lab_suffix
lab_agent4=10.77.0.1 lab_agent6=fd77::1
lab_prod4=10.77.0.2 lab_prod6=fd77::2
# What makes the wires bad, in each namespace (tests/net/impair.sh).
lab_nft_table=lab$lab_suffix

# Data and logs of what runs in the lab. Outside the checkout: the servers run as another user, who
# may not be able to reach it.
lab_state=/var/tmp/sluice-lab$lab_suffix

lab_is_up() {
	ip netns pids "$lab_ns_agent" >/dev/null 2>&1 && ip netns pids "$lab_ns_prod" >/dev/null 2>&1 &&
		[ -e "/sys/class/net/$lab_port_agent" ] && [ -e "/sys/class/net/$lab_port_prod" ]
}

# As words to put before a command...
as_agent=(ip netns exec "$lab_ns_agent")
as_prod=(ip netns exec "$lab_ns_prod")

# ... and as functions.
in_agent() {
	"${as_agent[@]}" "$@"
}

in_prod() {
	"${as_prod[@]}" "$@"
}

# When a process began, in clock ticks since boot: with its pid, this names it for good. Nothing for
# one that has ended, whether or not its parent has noticed.
lab_process_start() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'
}

# lab_spawn NAME COMMAND...: starts COMMAND in the background under NAME and remembers it. COMMAND is
# a program, never a function of the shell: what is remembered must be its own pid. It survives the
# terminal.
# lab_stop_signal=NAME before the call: what ends it, when TERM is not right.
lab_spawn() {
	local name=$1
	shift
	mkdir -p "$lab_state/run"
	(
		# The lock is the script's: what outlives it must not go on holding it.
		[ -z "${lab_lock_fd:-}" ] || exec {lab_lock_fd}>&-
		exec setsid "$@"
	) >"$lab_state/run/$name.log" 2>&1 </dev/null &
	printf '%s %s %s\n' "$!" "$(lab_process_start "$!")" "${lab_stop_signal:-TERM}" \
		>"$lab_state/run/$name.pid"
}

# lab_pid NAME: prints the pid if the process that lab_spawn started still runs.
lab_pid() {
	local pid start
	[ -e "$lab_state/run/$1.pid" ] || return 1
	read -r pid start _ <"$lab_state/run/$1.pid" || return 1
	[ -n "$start" ] && [ "$(lab_process_start "$pid")" = "$start" ] && echo "$pid"
}

# lab_stop NAME: ends it, by force after 5 s. Nothing else is ever signalled.
lab_stop() {
	local name=$1 pid signal i
	if pid=$(lab_pid "$name"); then
		read -r _ _ signal <"$lab_state/run/$name.pid"
		kill -s "$signal" "$pid" 2>/dev/null || true
		for ((i = 0; i < 100; i++)); do
			lab_pid "$name" >/dev/null || break
			sleep 0.05
		done
		if lab_pid "$name" >/dev/null; then
			kill -s KILL "$pid" 2>/dev/null || true
		fi
	fi
	rm -f "$lab_state/run/$name.pid"
}

lab_stop_all() {
	local file name
	for file in "$lab_state"/run/*.pid; do
		[ -e "$file" ] || continue
		name=$(basename "$file" .pid)
		lab_stop "$name"
	done
}

# lab_wait SECONDS COMMAND...: repeats COMMAND until it succeeds.
lab_wait() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# lab_lock: keeps others from using this lab until the script ends. Waits at most 10 minutes.
lab_lock() {
	mkdir -p "$lab_state"
	exec {lab_lock_fd}>"$lab_state/lock"
	flock -w 600 "$lab_lock_fd"
}
