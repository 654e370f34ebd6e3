# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154
# Sourced after lab.sh.
#
# sluiced between the lab's two ports. Callers stand in the top folder of the checkout.

sluiced_bin=${SLUICED:-build/sluiced}
sluicectl_bin=${SLUICECTL:-build/sluicectl}
sluiced_socket=$lab_state/api.sock
sluiced_conf=$lab_state/sluice.yaml

# sluiced_target NAME ADDRESS PORT MODE: one entry of "targets"; PORT may be "any".
sluiced_target() {
	printf '  - name: %s\n    match: {address: "%s"%s}\n    mode: %s\n' "$1" "$2" \
		"$([ "$3" = any ] || printf ', port: %s' "$3")" "$4"
}

# sluiced_write_conf MTU UNDECLARED < TARGETS: the configuration of the lab's sluiced.
sluiced_write_conf() {
	local mtu=$1 undeclared=$2
	install -d -m 755 "$lab_state/data"
	cat >"$sluiced_conf" <<-END
		appliance:
		  name: lab
		  data_dir: $lab_state/data
		  api: {socket: $sluiced_socket}
		dataplane:
		  workers: ${SLUICE_WORKERS:-1}
		  huge_pages: ${SLUICE_HUGE_PAGES:-auto}
		  buffers: 16384
		  flows: 16384
		  segments: 32768
		  retain_mb: 64
		  mtu: $mtu
		  idle_sleep: yes
		  file_prefix: lab$lab_suffix
		  wires:
		    - name: lab
		      agent: {port: "net_af_packet0,iface=$lab_port_agent,$(sluiced_ring "$mtu")"}
		      prod: {port: "net_af_packet1,iface=$lab_port_prod,$(sluiced_ring "$mtu")"}
		      undeclared_tcp: $undeclared
		targets:
	END
	cat >>"$sluiced_conf"
}

# The rings of af_packet: a slot holds a frame of the MTU, and there are slots for a burst of several
# connections (the default of 512 loses frames from 8 streams on).
sluiced_ring() {
	if [ "$1" -gt 1900 ]; then
		echo "framesz=16384,blocksz=65536,framecnt=2048"
	else
		echo "framesz=2048,blocksz=65536,framecnt=8192"
	fi
}

sluiced_start() {
	lab_pid sluiced >/dev/null && return 0
	[ -x "$sluiced_bin" ] || { echo "$sluiced_bin does not exist: run tools/build" >&2 && return 1; }
	rm -f "$sluiced_socket"
	lab_spawn sluiced "$sluiced_bin" -c "$sluiced_conf"
	if ! lab_wait 20 sluiced_is_ready || ! lab_pid sluiced >/dev/null; then
		sluiced_fail
	fi
}

# Ready, or dead: then waiting longer is of no use.
sluiced_is_ready() {
	lab_pid sluiced >/dev/null || return 0
	sluicectl_lab status
}

sluiced_fail() {
	echo "sluiced did not start:" >&2
	tail -n 20 "$lab_state/run/sluiced.log" >&2
	return 1
}

# Ends it; the status is sluiced's own.
sluiced_stop() {
	local pid status=0
	pid=$(lab_pid sluiced) || return 1
	kill -s TERM "$pid"
	# When another shell started it, its status cannot be had: then its end has to do.
	timeout 10 tail --pid="$pid" -f /dev/null || { lab_stop sluiced && return 1; }
	wait "$pid" 2>/dev/null || status=$?
	rm -f "$lab_state/run/sluiced.pid"
	[ "$status" -eq 127 ] || return "$status"
}

sluicectl_lab() {
	"$sluicectl_bin" --socket "$sluiced_socket" "$@"
}
