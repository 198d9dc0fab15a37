# shellcheck shell=bash
# shellcheck disable=SC2154 # status, output and lines are bats' own
# lib.bash - what the .bats files share: bundles, commands, expectations, skips, and the leak check
#
# A file of tests begins with
#
#	load ../lib
#	setup() { tare_setup; }
#	teardown() { tare_teardown; }
#
# and each test then has, of its own:
#
#	$id       a container id that no other test has
#	$bundle   a bundle: rootfs/ (busybox and a small /etc), and the config.json that `spec` writes,
#	          without a terminal
#	$state    a state root; `tare` uses it
#
# Whatever a test leaves behind is removed by tare_teardown; what cannot be removed is a leak, and
# fails the test. The names of containers begin with $id, so tests can run side by side.

: "${TARE_RUNTIME:?run these tests with tests/run-here, or: make test LEGS=native}"
: "${TARE_PATIENCE:=1}"

# --- setup and teardown -----------------------------------------------------------------------

tare_setup() {
	id=tt-$$-$BATS_TEST_NUMBER
	state=$BATS_TEST_TMPDIR/state
	bundle=$BATS_TEST_TMPDIR/bundle
	cd "$BATS_TEST_TMPDIR" || return
	make_bundle "$bundle"
}

# The tree is unpacked once for a file of tests; each bundle's is a copy of hard links, so a test
# that writes to a file of rootfs replaces it (`replace_file`) instead.
make_bundle() {
	local master=$BATS_FILE_TMPDIR/rootfs

	if [[ ! -d $master ]]; then
		mkdir -p "$master.new"
		(cd "$master.new" && "$TARE_RUNTIME" spec && mv config.json ..)
		jq '.process.terminal = false' <"$BATS_FILE_TMPDIR/config.json" >"$master.json"
		tar -C "$master.new" -xf "$TARE_ROOTFS"
		mv "$master.new" "$master"
	fi
	mkdir -p "$1"
	cp -al "$master" "$1/rootfs"
	cp "$master.json" "$1/config.json"
}

tare_teardown() {
	local leaks

	cd /
	remove_containers
	leaks=$(find_leaks)
	[[ -z $leaks ]] || {
		echo "left behind:"
		echo "$leaks"
		return 1
	}
}

remove_containers() {
	local one

	[[ -d $state ]] || return 0
	for one in $(tare list --quiet); do
		tare delete --force "$one" || true
	done
}

# What speaks of $id or of the test's folder: cgroups, processes, mounts, state. What is dying gets
# a moment.
find_leaks() {
	local tries leaks one

	for ((tries = 0; tries < 20 * TARE_PATIENCE; tries++)); do
		leaks=$(
			find /sys/fs/cgroup -name "*$id*" -type d -printf '  cgroup %p\n' 2>/dev/null
			our_processes
			our_mounts
			for one in "$state"/*; do [[ ! -e $one ]] || echo "  state $one"; done
		)
		[[ $leaks ]] || return 0
		sleep 0.1
	done
	echo "$leaks"
}

our_mounts() {
	local -a words

	while read -ra words; do
		[[ ${words[*]} != *"$BATS_TEST_TMPDIR"* ]] || echo "  mount ${words[4]}"
	done </proc/self/mountinfo
}

# Processes in a cgroup of ours, or with $id among their arguments.
our_processes() {
	local file dir

	grep -lasF -e "$id" /proc/[0-9]*/cgroup /proc/[0-9]*/cmdline | while read -r file; do
		dir=${file%/*}
		grep -qs '^State:.Z' "$dir/status" || [[ ! -d $dir ]] ||
			echo "  process ${dir#/proc/} $(tr '\0' ' ' 2>/dev/null <"$dir/cmdline")"
	done
}

# --- bundles ----------------------------------------------------------------------------------

# gojq reads the same language, and starts at once: jq 1.6 compiles its library each time, which takes
# a third of a second in a guest.
! type -P gojq >/dev/null || jq() { gojq "$@"; }

# config FILTER [JQ-ARGUMENT...]: edit config.json.
config() {
	local new

	new=$(jq "$@" <"$bundle/config.json") && echo "$new" >"$bundle/config.json"
}

# program WORD...: what the container runs. Nearly every test calls it, so awk does it, which is faster
# still: process.args is the only "args" at that depth of what jq prints.
program() {
	local word json='' new

	for word; do
		word=${word//\\/\\\\}
		word=${word//\"/\\\"}
		word=${word//$'\n'/\\n}
		word=${word//$'\t'/\\t}
		json+=${json:+, }\"$word\"
	done
	if [[ $json != *[[:cntrl:]]* ]] && new=$(args="[$json]" awk '
			/^    "args": \[/ { inside = 1 }
			!inside { print }
			inside && /\],?$/ {
				print "    \"args\": " ENVIRON["args"] (/,$/ ? "," : "")
				inside = 0
				done = 1
			}
			END { exit !done }' "$bundle/config.json"); then
		echo "$new" >"$bundle/config.json"
	else
		config '.process.args = $ARGS.positional' --args -- "$@"
	fi
}

# shell SCRIPT: the container's shell runs it.
shell() {
	program sh -c "$1"
}

# replace_file PATH-IN-ROOTFS [MODE]: from standard input; never writes into the shared copy.
replace_file() {
	rm -f "$bundle/rootfs/$1"
	cat >"$bundle/rootfs/$1"
	chmod "${2-644}" "$bundle/rootfs/$1"
}

# --- commands ---------------------------------------------------------------------------------

# tare ARGUMENT...: tare-runtime with the test's own state root. For its status and output: run tare …
tare() {
	"$TARE_RUNTIME" --root "$state" "$@"
}

# run_container [OPTION...]: runs $id from $bundle to its end, as bats' run does.
run_container() {
	run tare run --bundle "$bundle" "$@" "$id"
}

# runs_shell: no program was set yet
runs_shell() {
	[[ $(<"$bundle/config.json") = *$'\n    "args": [\n      "sh"\n    ]'* ]]
}

# start_container [OPTION...]: runs $id in the background; it sleeps unless the test said otherwise.
start_container() {
	! runs_shell || program sleep 1000
	tare run --detach --bundle "$bundle" "$@" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
}

# member NAME JSON: of the outermost object, as our programs lay it out; bash is fast enough to wait by.
member() {
	local line=$'\n'"  \"$1\": \"?([a-z0-9]+)\"?,?"$'\n'

	[[ $2 =~ $line ]] && echo "${BASH_REMATCH[1]}"
}

# state_of [ID]: the one word.
state_of() {
	member status "$(tare state "${1-$id}")"
}

# pid_of [ID]
pid_of() {
	member pid "$(tare state "${1-$id}")"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1 * TARE_PATIENCE))

	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

# has_state STATE [ID]: for wait_for.
has_state() {
	[[ $(state_of "${2-$id}") = "$1" ]]
}

# with_terminal COMMAND...: on a pty of its own, as bats' run does; the output has CR LF line ends.
# The input is a pipe that never ends.
with_terminal() {
	local input

	[[ -p $BATS_TEST_TMPDIR/input ]] || mkfifo "$BATS_TEST_TMPDIR/input"
	exec {input}<>"$BATS_TEST_TMPDIR/input"
	run script -qefc "${*@Q}" /dev/null <&"$input"
	exec {input}>&-
}

# --- expectations -----------------------------------------------------------------------------

# What a failed expectation shows.
show_run() {
	echo "status $status; output:"
	echo "$output"
	return 1
}

# expect_status NUMBER
expect_status() {
	((status == $1)) || {
		echo "want status $1"
		show_run
	}
}

# expect_output TEXT: all of it.
expect_output() {
	[[ $output = "$1" ]] || {
		echo "want output: $1"
		show_run
	}
}

# expect_line REGULAR-EXPRESSION: in one of the lines.
expect_line() {
	grep -qE -e "$1" <<<"$output" || {
		echo "want a line like: $1"
		show_run
	}
}

# expect_no_line REGULAR-EXPRESSION
expect_no_line() {
	! grep -qE -e "$1" <<<"$output" || {
		echo "want no line like: $1"
		show_run
	}
}

# expect_error REGULAR-EXPRESSION: the command failed with one line that says so.
expect_error() {
	((status != 0 && ${#lines[@]} == 1)) || {
		echo 'want a failure with one line'
		show_run || return
	}
	expect_line "$1"
}

# --- skips: each says what is missing -----------------------------------------------------------

# cgroup_kind: v2, hybrid (v1 and v2 side by side), v1 or none
cgroup_kind() {
	if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
		echo v2
	elif grep -q ' - cgroup2 ' /proc/self/mountinfo; then
		echo hybrid
	elif grep -q ' - cgroup ' /proc/self/mountinfo; then
		echo v1
	else
		echo none
	fi
}

# need_cgroup KIND...: v2, hybrid, v1
need_cgroup() {
	[[ " $* " = *" $(cgroup_kind) "* ]] || skip "needs cgroup $*, this is $(cgroup_kind)"
}

# controller_dir NAME: the folder of the hierarchy that holds a controller; fails without.
controller_dir() {
	local dir

	if grep -qsw "$1" /sys/fs/cgroup/cgroup.controllers; then
		echo /sys/fs/cgroup
		return
	fi
	dir=$(grep -E " - cgroup [^ ]+ ([^ ]*,)?$1(,|$)" /proc/self/mountinfo | cut -d ' ' -f 5 | head -n 1)
	[[ ! $dir ]] || { echo "$dir" && return; }
	dir=$(grep ' - cgroup2 ' /proc/self/mountinfo | cut -d ' ' -f 5 | head -n 1)
	[[ $dir ]] && grep -qsw "$1" "$dir/cgroup.controllers" && echo "$dir"
}

# need_controller NAME...
need_controller() {
	local name

	for name; do
		controller_dir "$name" >/dev/null || skip "needs the cgroup controller $name"
	done
}

# need_program NAME...
need_program() {
	local name

	for name; do
		type -P "$name" >/dev/null || skip "needs the program $name"
	done
}

# need_kernel VERSION
need_kernel() {
	[[ $(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1) = "$1" ]] ||
		skip "needs Linux $1, this is $(uname -r)"
}

# need_systemd: as the first process
need_systemd() {
	[[ -d /run/systemd/system ]] || skip 'needs systemd as the first process'
}

# need_capability NAME NUMBER: of ours, such as sys_resource 24
need_capability() {
	(($(sed -n 's/^CapEff:\t/0x/p' /proc/self/status) >> $2 & 1)) || skip "needs CAP_${1^^}"
}

# need_lsm NAME: apparmor, selinux
need_lsm() {
	grep -qsw "$1" /sys/kernel/security/lsm || skip "needs the security module $1"
}

# need_link_type TYPE: of network devices, such as dummy
need_link_type() {
	ip link add "need$$" type "$1" 2>/dev/null || skip "needs network devices of type $1"
	ip link delete "need$$"
}

# --- containers of any engine -----------------------------------------------------------------

# host_tare WORD...: the program `tare`
host_tare() { "$TARE_BUILD/src/tare" "$@" </dev/null 3>&-; }

# status_by_ps WORD: what `tare ps` says of the container with this pid
status_by_ps() {
	host_tare ps --all-engines --json | jq -r --argjson pid "$1" '.[] | select(.pid == $pid).status'
}

# exercise ENGINE PID: what tare does to containers of any engine, done to the one with this first
# process: list, enter, limit and undo, freeze and thaw, grade
exercise() {
	local cid before limits undone

	cid=$(host_tare ps --all-engines --json |
		jq -r --argjson pid "$2" '.[] | select(.pid == $pid) | "\(.engine):\(.id)"')
	[[ $cid = "$1":* ]]

	[[ $(host_tare enter "$cid" /bin/sh -c 'echo inside $$') = 'inside '* ]]
	run host_tare enter "$cid" /bin/sh -c 'exit 9'
	expect_status 9

	before=$(host_tare limit --pids 500 "$cid")
	limits=$(host_tare limit --pids 400 --memory 900m "$cid")
	[[ $limits = *': pids: 500 -> 400 '* ]]
	[[ $limits = *': memory: '*' -> 900 MiB '* ]]
	undone=$(host_tare limit --undo "$cid")
	[[ $undone = *': pids: 400 -> 500 '* ]]
	undone=$(host_tare limit --undo "$cid")
	before=${before#*pids: } undone=${undone#*pids: 500 -> }
	[[ ${before%% -> 500 *} = "${undone%% (*}" ]]
	run host_tare limit --undo "$cid"
	expect_error 'nothing was changed'

	host_tare freeze "$cid"
	[[ $(status_by_ps "$2") = paused ]]
	host_tare thaw "$cid"
	[[ $(status_by_ps "$2") = running ]]
	[[ ! -e /run/tare/changed/$2-$(awk '{ print $22 }' "/proc/$2/stat").json ]]

	host_tare inspect-host "$cid" | grep -q ': grade [A-F]$'
}
