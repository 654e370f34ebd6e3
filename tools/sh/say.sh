# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034
# What our scripts say to a person: steps, notes, failures. Sourced; sets no options of the shell.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	say_bold=$'\e[1m' say_dim=$'\e[2m' say_red=$'\e[31m' say_green=$'\e[32m'
	say_yellow=$'\e[33m' say_cyan=$'\e[36m' say_off=$'\e[0m'
else
	say_bold='' say_dim='' say_red='' say_green='' say_yellow='' say_cyan='' say_off=''
fi

# A step begins: bold, on a line of its own.
say_step() {
	printf '%s==>%s %s%s%s\n' "$say_cyan" "$say_off" "$say_bold" "$*" "$say_off"
}

# A detail of the step.
say() {
	printf '    %s\n' "$*"
}

say_quiet() {
	printf '    %s%s%s\n' "$say_dim" "$*" "$say_off"
}

say_warn() {
	printf '%swarning:%s %s\n' "$say_yellow" "$say_off" "$*" >&2
}

# Ends the script: what is wrong, and what to do.
die() {
	printf '%serror:%s %s\n' "$say_red" "$say_off" "$*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" -eq 0 ] || die "${0##*/} needs root: run it as 'sudo $0 ${*}'"
}
