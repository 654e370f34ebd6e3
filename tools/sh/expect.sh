# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034
# For the steps of tools/test that are written in shell: "ok NAME" or "not ok NAME" for a command.

expect_failed=0

# expect NAME COMMAND...: COMMAND succeeds.
expect() {
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name"
		expect_failed=1
	fi
}

# status_is N COMMAND...
status_is() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	[ "$got" -eq "$want" ]
}

# refused COMMAND...: it fails, and says why in one line.
refused() {
	local out
	out=$("$@" 2>&1) && return 1
	echo "$out"
	[ "$(wc -l <<<"$out")" -eq 1 ]
}
