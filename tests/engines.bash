# engines.bash - starts a container with each of other engines, and ends them; for load, after lib.bash
#
# Each start_ function leaves the container's first process, or the one that sleeps in it, in $pid, and
# what else the engine calls it in $cid; a test whose engine does not run here is skipped, with its words.
# The bundle's program sleeps. end_engines is for teardown.
# shellcheck shell=bash disable=SC2034,SC2154 # variables of lib.bash, and of those who load this

started=() # what in_background began
inside=()  # and the sleepers below them, which must end with them

# found [WORD]: all of the host's containers, or the one that is meant; a JSON object a line
found() { "$TARE_BUILD/tests/tool-containers" "$@"; }

# in_background COMMAND...: ended by teardown
in_background() {
	"$@" </dev/null >"$BATS_TEST_TMPDIR/background" 2>&1 3>&- &
	started+=($!)
}

# sleeper PID: the process below it, however deep, that is called sleep
sleeper() {
	local child

	for child in $(pgrep -P "$1"); do
		if [[ $(cat "/proc/$child/comm" 2>/dev/null) = sleep ]]; then
			echo "$child"
			return
		fi
		! sleeper "$child" || return 0
	done
	return 1
}

# is_gone PID, has_sleeper PID: for wait_for
is_gone() { [[ ! -d /proc/$1 ]]; }
has_sleeper() { sleeper "$1" >/dev/null; }

# podman_ WORD...: with a storage of its own, so that the machine's stays as it is
podman_() {
	timeout 60 podman --root "$BATS_TEST_TMPDIR/podman" --runroot "$BATS_TEST_TMPDIR/podman-run" \
		--storage-driver vfs --cgroup-manager cgroupfs --events-backend none --runtime "$TARE_RUNTIME" "$@" 3>&-
}

start_podman() {
	cid=$(podman_ run --detach --network none --rootfs "$bundle/rootfs" sleep 1000 2>"$BATS_TEST_TMPDIR/why") ||
		skip "podman does not run here: $(tail -n 1 "$BATS_TEST_TMPDIR/why")"
	pid=$(podman_ inspect --format '{{.State.Pid}}' "$cid")
}

start_runc() {
	runc run --detach --bundle "$bundle" "$id-runc" </dev/null >/dev/null 2>&1 3>&-
	pid=$(runc state "$id-runc" | jq -r .pid)
}

start_bwrap() {
	in_background bwrap --unshare-pid --die-with-parent --ro-bind "$bundle/rootfs" / --proc /proc --dev /dev sleep 1000
	wait_for 5 has_sleeper "${started[-1]}" || skip "bwrap does not run here: $(cat "$BATS_TEST_TMPDIR/background")"
	pid=$(sleeper "${started[-1]}")
}

start_lxc() {
	printf 'lxc.%s\n' "rootfs.path = dir:$bundle/rootfs" 'net.0.type = empty' 'autodev = 1' \
		'mount.auto = proc sys' 'init.cmd = /bin/sleep 1000' >"$BATS_TEST_TMPDIR/lxc.conf"
	mkdir "$BATS_TEST_TMPDIR/lxc"
	timeout 60 lxc-start --name "$id-lxc" --lxcpath "$BATS_TEST_TMPDIR/lxc" \
		--rcfile "$BATS_TEST_TMPDIR/lxc.conf" </dev/null >"$BATS_TEST_TMPDIR/why" 2>&1 3>&- ||
		skip "LXC does not run here: $(tail -n 1 "$BATS_TEST_TMPDIR/why")"
	pid=$(lxc-info --name "$id-lxc" --lxcpath "$BATS_TEST_TMPDIR/lxc" --pid --no-humanize)
}

# nspawn makes cgroups beside itself: in one of its own they can be found again
nspawn_apart() {
	local dir

	for dir in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
		[[ -e $dir/cgroup.procs ]] || continue
		mkdir "$dir/$id-nspawn"
		echo "$BASHPID" >"$dir/$id-nspawn/cgroup.procs"
	done
	# else it mounts v1's hierarchy of systemd for what is in this root, and every process of the host has it
	[[ ! -e /sys/fs/cgroup/cgroup.procs ]] || export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
	exec systemd-nspawn --quiet --register=no --keep-unit --directory="$bundle/rootfs" sleep 1000
}

start_nspawn() {
	in_background nspawn_apart
	wait_for 10 has_sleeper "${started[-1]}" ||
		skip "systemd-nspawn does not run here: $(cat "$BATS_TEST_TMPDIR/background")"
	pid=$(sleeper "${started[-1]}")
}

# end_engines: adds what it could not end to $leaks
end_engines() {
	local pid

	for pid in "${started[@]}"; do
		! has_sleeper "$pid" || inside+=("$(sleeper "$pid")")
	done
	# first those inside, whom not every sandbox takes along
	for pid in "${inside[@]}" "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	wait
	for pid in "${inside[@]}"; do
		wait_for 5 is_gone "$pid" || leaks+=" $pid"
	done
	find /sys/fs/cgroup -depth -type d -path "*/$id-nspawn*" -exec rmdir {} + || true
	! type -P runc >/dev/null || runc delete --force "$id-runc" 2>/dev/null || true
	[[ ! -d $BATS_TEST_TMPDIR/lxc ]] ||
		{
			timeout 60 lxc-stop --kill --name "$id-lxc" --lxcpath "$BATS_TEST_TMPDIR/lxc" || true
			# it leaves its own workbench
			find /sys/fs/cgroup -maxdepth 3 -type d -name lxc.pivot -exec rmdir {} + || true
		}
	[[ ! -d $BATS_TEST_TMPDIR/podman ]] || podman_ rm --all --force --time 0 >/dev/null 2>&1 || true
}
