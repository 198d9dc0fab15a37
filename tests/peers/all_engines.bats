# all_engines.bats - a container of each engine at the same time: found, entered, limited, frozen, graded
# runs alone: engines are slow, and share the machine's cgroups

load ../lib
load ../engines
load ../dockerd

export BATS_TEST_TIMEOUT=$((180 * ${TARE_PATIENCE:-1}))

setup() {
	tare_setup
	shell 'exec sleep 1000'
}

teardown() {
	local leaks=''

	[[ -z ${DOCKER_DIR:-} ]] || stop_dockerd
	end_engines
	tare_teardown
	[[ ! $leaks ]] || { echo "left behind: processes$leaks" && false; }
}

start_docker() {
	start_dockerd "$BATS_TEST_TMPDIR/docker"
	docker_ import - test:latest <"$TARE_ROOTFS"
	docker_run --detach --name "$id" test /bin/sleep 1000
	pid=$(docker_ inspect --format '{{.State.Pid}}' "$id")
}

start_own() {
	start_container
	pid=$(pid_of)
}

@test "docker, podman, runc, LXC, systemd-nspawn, bubblewrap and tare at once: each is listed, entered, limited, frozen and graded" {
	need_program dockerd podman runc lxc-start systemd-nspawn bwrap
	declare -A first=()
	for engine in docker podman runc lxc nspawn bwrap own; do
		"start_$engine"
		first[$engine]=$pid
	done
	# the sandboxes' first processes are their own
	for engine in nspawn bwrap; do
		first[$engine]=$(found "${first[$engine]}" | jq -r .pid)
	done
	[[ $(host_tare ps --all-engines --json | jq -r '[.[].engine] | unique | join(" ")') = \
		*bubblewrap*docker*lxc*nspawn*podman*runc* ]]
	exercise docker "${first[docker]}"
	exercise podman "${first[podman]}"
	exercise runc "${first[runc]}"
	exercise lxc "${first[lxc]}"
	exercise nspawn "${first[nspawn]}"
	exercise bubblewrap "${first[bwrap]}"
	exercise "$(found "${first[own]}" | jq -r .engine)" "${first[own]}"
}
