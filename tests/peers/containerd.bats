# containerd.bats - containerd's shim drives tare-runtime unchanged
# runs alone: a daemon of its own

load ../lib

setup_file() {
	command -v containerd >/dev/null || skip "containerd is not installed"
	export CONTAINERD_DIR=$BATS_FILE_TMPDIR/containerd
	export CONTAINERD_ADDRESS=$CONTAINERD_DIR/sock
	mkdir -p "$CONTAINERD_DIR/rootfs"
	tar -C "$CONTAINERD_DIR/rootfs" -xf "$TARE_ROOTFS"
	containerd --root "$CONTAINERD_DIR/root" --state "$CONTAINERD_DIR/state" \
		--address "$CONTAINERD_ADDRESS" >"$CONTAINERD_DIR/log" 2>&1 3>&- &
	echo $! >"$CONTAINERD_DIR/pid"
	local try
	for ((try = 0; try < 150; try++)); do
		! ctr version >/dev/null 2>&1 || break
		sleep 0.2
	done
}

teardown_file() {
	[[ -n ${CONTAINERD_DIR:-} ]] || return 0
	local pid

	pid=$(cat "$CONTAINERD_DIR/pid")
	kill "$pid" || true
	for ((try = 0; try < 100; try++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
}

ctr_() { timeout 60 ctr "$@" 3>&-; }
ctr_run() { ctr_ run --runc-binary "$TARE_RUNTIME" --rootfs "$@"; }

@test "ctr run gives the program's output and status" {
	run ctr_run --rm "$CONTAINERD_DIR/rootfs" one /bin/sh -c 'echo out; exit 7'
	[[ $status -eq 7 && $output = *out* ]]
}

@test "ctr can exec, pause, resume, measure and kill a task" {
	ctr_run --detach "$CONTAINERD_DIR/rootfs" two /bin/sleep 1000
	run ctr_ task exec --exec-id e1 two /bin/sh -c 'echo inside; exit 3'
	[[ $status -eq 3 && $output = *inside* ]]
	ctr_ task pause two
	run ctr_ task ls
	[[ $output = *PAUSED* ]]
	ctr_ task resume two
	ctr_ task metrics two
	ctr_ task kill --signal SIGKILL two
	for ((try = 0; try < 50; try++)); do
		! ctr_ task ls | grep -q 'two.*STOPPED' || break
		sleep 0.1
	done
	ctr_ task rm two || true
	ctr_ container rm two
}
