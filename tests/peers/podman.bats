# podman.bats - podman drives tare-runtime unchanged
# runs alone: engines are slow, and share the machine's cgroups

load ../lib

setup_file() {
	command -v podman >/dev/null || skip "podman is not installed"
	export PODMAN_DIR=$BATS_FILE_TMPDIR/podman
	mkdir -p "$PODMAN_DIR/tmp"
	podman_ import - test:latest <"$TARE_ROOTFS"
}

teardown_file() {
	[[ -z ${PODMAN_DIR:-} ]] || podman_ rm --all --force >/dev/null 2>&1 || true
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
