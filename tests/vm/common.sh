# shellcheck shell=bash
# common.sh - what build-guest and run-guest share: where the guest is kept, how errors look.

# Where the guest is kept when nobody says otherwise.
# shellcheck disable=SC2034 # used by the programs that read this file
guest_default=${TARE_GUEST:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/tare-guest}

# fail STATUS TEXT: one line that says what was attempted, on what, why not, and what would mend it.
fail() {
	printf '%s: %s\n' "${0##*/}" "$2" >&2
	exit "$1"
}

# need_programs STATUS PROGRAM...
need_programs() {
	local status=$1 program missing=()

	shift
	for program; do
		type -P "$program" >/dev/null || missing+=("$program")
	done
	((${#missing[@]} == 0)) ||
		fail "$status" "find '${missing[*]}': not installed; install the packages in tests/vm/packages.txt"
}

# show_tail LINES FILE: the end of a log, indented, for the lines below an error.
show_tail() {
	tail -n "$1" "$2" 2>/dev/null | tr -d '\r' | sed 's/^/    /' >&2
}
