# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Configures and builds one tree. Sourced, from the top folder.

# build_tree DIR COMPILER [MESON OPTION...]: configures DIR once, again when COMPILER or the options
# changed, and builds it.
build_tree() {
	local dir=$1 compiler=$2
	local want="$*"
	shift 2
	if [ ! -e "$dir/build.ninja" ] || [ "$(cat "$dir/.configured" 2>/dev/null)" != "$want" ]; then
		local again=()
		[ ! -e "$dir/meson-private/coredata.dat" ] || again=(--wipe)
		mkdir -p "$dir"
		if ! CC=$compiler meson setup "${again[@]}" "$@" "$dir" >"$dir.meson.log" 2>&1; then
			tail -n 25 "$dir.meson.log" >&2
			return 1
		fi
		mv "$dir.meson.log" "$dir/meson-setup.log"
		printf '%s' "$want" >"$dir/.configured"
	fi
	ninja -C "$dir" ${NINJA_JOBS:+-j "$NINJA_JOBS"}
}
