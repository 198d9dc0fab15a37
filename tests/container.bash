# shellcheck shell=bash
# shellcheck disable=SC2154 # status, output and id are bats' own, and the test file's
# container.bash - for tests of the engine: a store of one's own, of which nothing is left behind

container_setup() {
	id=tt-$$-$BATS_TEST_NUMBER
	# shellcheck disable=SC2034 # what lib looks for remains in
	state=$BATS_TEST_TMPDIR/state
	cd "$BATS_TEST_TMPDIR" || return
	export TARE_ROOT=$BATS_TEST_TMPDIR/root
}

# kept containers are removed; of any other nothing may be there
container_teardown() {
	local left all one

	cd /
	mapfile -t all < <(ls "$TARE_ROOT/containers")
	((${#all[@]} == 0)) || host_tare rm --force "${all[@]}" >/dev/null 2>&1 || true
	left=$(find "$TARE_ROOT/containers" "$TARE_ROOT/names" "$TARE_ROOT/snapshots" -mindepth 1 -maxdepth 1)
	for one in "${all[@]}"; do
		[[ ! -e /run/tare/containers/$one ]] || left+=" /run/tare/containers/$one"
	done
	[[ ! $left ]] || { echo "left behind: $left" && return 1; }
	host_tare system check >/dev/null || return
	rm -rf "$TARE_ROOT"
	tare_teardown
}

# OPTION... -- WORD...: the options into $options, what follows into $words
split_options() {
	options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	words=("${@:2}")
}

# in_one [OPTION...] -- WORD...: run a container of the base image, called $id
in_one() {
	local options words

	split_options "$@"
	run host_tare run --rm --name "$id" "${options[@]}" tare/base "${words[@]}"
}

# detach [OPTION...] -- WORD...: keep one, called $id; its whole id is in the file `whole`
detach() {
	local options words

	split_options "$@"
	host_tare run --detach --name "$id" "${options[@]}" tare/base "${words[@]}" >whole
}

# run_beside OPTION... IMAGE WORD...: one in the foreground, beside us; $! is tare itself
run_beside() { "$TARE_BUILD/src/tare" run --rm --name "$id" "$@" </dev/null 3>&- & }

# shown NAME FORMAT: of inspect
shown() { host_tare inspect --format "$2" "$1"; }

has_status() { [[ $(shown "$id" '{{.State.Status}}') = "$1" ]]; }
has_log() { host_tare logs "$id" 2>&1 | grep -q -- "$1"; }

# has_process PATTERN: one of whose words it is
has_process() { pgrep -f -- "$1" >/dev/null; }
