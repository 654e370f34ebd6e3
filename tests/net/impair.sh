# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154
# Makes the lab's wires bad. Sourced after tools/sh/lab.sh; needs the stage (tools/lab stage on).
#
# Where nft can do what, on a kernel without netem: a packet socket (sluiced's port) sees a frame
# before the ingress hook does, and a drop in the egress hook of the sender is not a loss to Linux but
# a full queue. So loss stands in ingress hooks that no packet socket has already seen past: at the
# stage's agent end for what goes to Sluice, at the endpoints for what comes from it. The same holds
# for corruption, which at the sender's egress would be given a right checksum afterwards.
# Duplicates are made on the way out of the root namespace.

# impair_nft NAMESPACE DEVICE ingress|egress STATEMENT: for all TCP. NAMESPACE may be "root".
impair_nft() {
	local run=(nft)
	[ "$1" = root ] || run=(ip netns exec "$1" nft)
	"${run[@]}" -f - <<-END
		table netdev $lab_nft_table {
			chain $3-$2 {
				type filter hook $3 device "$2" priority 0;
				meta l4proto tcp $4
			}
		}
	END
}

# impair_loss PERCENT: on both wires, both ways but for prod's own frames (they cross the agent's
# wire, too, as what Sluice makes of them).
impair_loss() {
	local lose="numgen random mod 100 < $1 drop"
	impair_nft root "$lab_stage_a" ingress "$lose"
	impair_nft "$lab_ns_agent" eth0 ingress "$lose"
	impair_nft "$lab_ns_prod" eth0 ingress "$lose"
}

# impair_dup PERCENT: frames to the agent and to Sluice. Not on Sluice's own ports: what nft sends
# there besides comes back to Sluice as if it had been received.
impair_dup() {
	local dev
	for dev in "$lab_stage_a" "$lab_stage_b"; do
		impair_nft root "$dev" egress "numgen random mod 100 < $1 dup to \"$dev\""
	done
}

# impair_corrupt PERCENT WHERE...: overwrites two bytes 50 bytes into the TCP segment. WHERE: sluice,
# agent, prod: who receives it.
impair_corrupt() {
	local spoil="numgen random mod 100 < $1 @th,400,16 set 0xdead" where
	shift
	for where; do
		case $where in
		sluice) impair_nft root "$lab_stage_a" ingress "$spoil" ;;
		agent) impair_nft "$lab_ns_agent" eth0 ingress "$spoil" ;;
		prod) impair_nft "$lab_ns_prod" eth0 ingress "$spoil" ;;
		esac
	done
}

impair_clear() {
	nft delete table netdev "$lab_nft_table" 2>/dev/null || true
	ip netns exec "$lab_ns_agent" nft delete table netdev "$lab_nft_table" 2>/dev/null || true
	ip netns exec "$lab_ns_prod" nft delete table netdev "$lab_nft_table" 2>/dev/null || true
	lab_stop jitter
	ip link set "$lab_stage_a" nomaster 2>/dev/null || true
	ip link set "$lab_stage_b" nomaster 2>/dev/null || true
}

# impair_jitter OPTION...: the stage's ends are joined by tests/net/jitter.
impair_jitter() {
	impair_clear
	lab_spawn jitter "${JITTER:-build/tests/net/jitter}" -a "$lab_stage_a" -b "$lab_stage_b" "$@"
	sleep 0.1
	lab_pid jitter >/dev/null || { cat "$lab_state/run/jitter.log" >&2 && return 1; }
}

# impair_congestion NAME: cubic, reno or bbr, at both endpoints. By route, because a namespace may set
# as its default only what the whole machine allows to everybody.
impair_congestion() {
	local ns
	for ns in "$lab_ns_agent" "$lab_ns_prod"; do
		ip -n "$ns" route change 10.77.0.0/24 dev eth0 proto kernel scope link \
			src "$(ip -n "$ns" -4 -brief address show dev eth0 | awk '{ sub("/.*", "", $3); print $3 }')" \
			congctl "$1"
		ip -n "$ns" -6 route change fd77::/64 dev eth0 proto kernel metric 256 congctl "$1"
	done
}

# impair_count agent|prod COUNTER: one of the kernel's TCP counters (nstat's names).
impair_count() {
	local ns=$lab_ns_agent
	[ "$1" = agent ] || ns=$lab_ns_prod
	ip netns exec "$ns" nstat -asz "$2" | awk -v name="$2" '$1 == name { print $2 }'
}
