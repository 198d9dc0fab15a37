# podman.bats - podman drives tare-runtime unchanged
# runs alone: engines are slow, and share the machine's cgroups

load ../lib
load ../registry

setup_file() {
	command -v podman >/dev/null || skip "podman is not installed"
	export PODMAN_DIR=$BATS_FILE_TMPDIR/podman
	mkdir -p "$PODMAN_DIR/tmp"
	podman_ import - test:latest <"$TARE_ROOTFS"
}

teardown_file() {
	[[ -z ${PODMAN_DIR:-} ]] || podman_ rm --all --force >/dev/null 2>&1 || true
}

# of what a failed test of images has left
teardown() {
	cd "$BATS_TEST_TMPDIR" || return
	umount tree theirs 2>/dev/null || true
	[[ ! -e pids ]] || stop_registries
}

podman_() {
	TMPDIR=$PODMAN_DIR/tmp timeout 60 podman --root "$PODMAN_DIR/root" --runroot "$PODMAN_DIR/run" \
		--cgroup-manager cgroupfs --events-backend file --storage-driver vfs \
		--runtime "$TARE_RUNTIME" "$@"
}

@test "podman run gives the program's output and status" {
	run podman_ run --rm --network none test /bin/sh -c 'echo out; exit 7'
	[[ $status -eq 7 ]]
	[[ $output = out ]]
}

@test "podman exec, pause, unpause and stop a container" {
	podman_ run --detach --network none --name one test /bin/sleep 1000
	run podman_ exec one /bin/sh -c 'echo inside; exit 3'
	[[ $status -eq 3 && $output = inside ]]
	podman_ pause one
	[[ $(podman_ inspect --format '{{.State.Status}}' one) = paused ]]
	podman_ unpause one
	podman_ stop --time 1 one
	[[ $(podman_ inspect --format '{{.State.ExitCode}}' one) = 137 ]]
	podman_ rm one
}

@test "a missing program is 127 to podman, one that is none is 126" {
	run podman_ run --rm --network none test /no/such/program
	[[ $status -eq 127 ]]
	run podman_ run --rm --network none test /etc
	[[ $status -eq 126 ]]
}

@test "podman's limits reach the kernel" {
	run podman_ run --rm --network none --memory 64m --pids-limit 20 test \
		/bin/sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null'
	[[ $output = *67108864* ]]
}

# --- images -----------------------------------------------------------------------------------

# In a store of the test's own.
store_tare() {
	TARE_ROOT=$BATS_TEST_TMPDIR/store host_tare "$@"
}

@test "podman pulls and runs what tare pushes, commits of its own too, and tare runs what podman pushes" {
	need_program docker-registry openssl htpasswd
	cd "$BATS_TEST_TMPDIR" || return
	tare_setup
	make_certificates
	start_registries
	plain=$(<plain)
	store_tare snapshot create --name made tare/base
	mkdir tree
	store_tare snapshot mount made tree
	echo committed >tree/etc/made
	rm tree/etc/group
	umount tree
	store_tare snapshot commit --change 'CMD ["cat", "/etc/made"]' made "$plain/made:1"
	store_tare tag tare/base "$plain/base:1"
	for name in base made; do
		store_tare push --quiet "$plain/$name:1"
		podman_ pull --quiet --tls-verify=false "$plain/$name:1"
	done
	[[ $(podman_ run --rm --network none "$plain/base:1" echo pulled) = pulled ]]
	[[ $(podman_ run --rm --network none "$plain/made:1") = committed ]]
	run podman_ run --rm --network none "$plain/made:1" ls /etc/group
	((status != 0))

	podman_ push --quiet --tls-verify=false test:latest "$plain/test:1"
	store_tare pull --quiet "$plain/test:1"
	store_tare snapshot create --name theirs "$plain/test:1"
	mkdir theirs
	store_tare snapshot mount theirs theirs
	config --arg root "$PWD/theirs" '.root.path = $root'
	program echo from podman
	run_container
	umount theirs
	expect_output 'from podman'
	expect_status 0
	store_tare snapshot rm made theirs
	store_tare system check
	podman_ rmi --force "$plain/base:1" "$plain/made:1"
	tare_teardown
}
