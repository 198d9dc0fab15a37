# docker.bats - dockerd and its client drive tare-runtime unchanged
# runs alone: a daemon of its own

load ../lib
load ../registry
load ../dockerd

# a Debian is made beside the tests, and a busy machine takes its time
export BATS_TEST_TIMEOUT=$((180 * ${TARE_PATIENCE:-1}))

setup_file() {
	command -v dockerd >/dev/null || skip "docker.io is not installed"
	start_dockerd "$BATS_FILE_TMPDIR/docker"
	docker_ import - test:latest <"$TARE_ROOTFS"
	begin_debian
}

# A Debian made of packages takes most of a minute: it is made beside the other tests, and ready for the
# last one.
begin_debian() {
	export DEBIAN_STORE=$BATS_FILE_TMPDIR/debian
	# shellcheck disable=SC1091 # the host's
	DEBIAN_SUITE=$(. /etc/os-release && [[ $ID = debian ]] && echo "$VERSION_CODENAME") || return 0
	export DEBIAN_SUITE
	mkdir "$DEBIAN_STORE"
	{
		TARE_ROOT=$DEBIAN_STORE/store host_tare image bootstrap --variant essential "debian:$DEBIAN_SUITE" \
			>"$DEBIAN_STORE/id" 2>"$DEBIAN_STORE/log"
		echo $? >"$DEBIAN_STORE/status"
	} 3>&- &
	echo $! >"$DEBIAN_STORE/pid"
}

# end_debian: what the tests did not wait for
end_debian() {
	local pid

	[[ -e $DEBIAN_STORE/pid ]] || return 0
	pid=$(<"$DEBIAN_STORE/pid")
	[[ -e $DEBIAN_STORE/status ]] || pkill -TERM -P "$pid" || true # tare, with which mmdebstrap ends
	tail --pid="$pid" -f /dev/null
}

teardown_file() {
	[[ -n ${DOCKER_DIR:-} ]] || return 0
	end_debian
	stop_dockerd
}


@test "docker run gives the program's output and status" {
	run docker_run --rm test /bin/sh -c 'echo out; exit 7'
	[[ $status -eq 7 && $output = out ]]
}

@test "docker run -it gives the program a terminal" {
	run script -qec "docker run --rm -it --runtime tare --network none test /bin/sh -c '[ -t 0 ] && echo terminal'" /dev/null
	[[ $status -eq 0 && $output = *terminal* ]]
}

@test "docker exec, pause, stats, update and stop a container" {
	docker_run --detach --name one test /bin/sleep 1000
	run docker_ exec one /bin/sh -c 'echo inside; exit 3'
	[[ $status -eq 3 && $output = inside ]]
	docker_ pause one
	[[ $(docker_ inspect --format '{{.State.Status}}' one) = paused ]]
	docker_ unpause one
	[[ $(docker_ stats --no-stream --format '{{.PIDs}}' one) = 1 ]]
	docker_ update --memory 100m --memory-swap 200m one
	run docker_ exec one /bin/sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null'
	[[ $output = *104857600* ]]
	docker_ stop --time 1 one
	[[ $(docker_ inspect --format '{{.State.ExitCode}}' one) = 137 ]]
	docker_ rm one
}

@test "docker's container is found by whoever looks, by its id and its process" {
	docker_run --detach --name two test /bin/sleep 1000
	cid=$(docker_ inspect --format '{{.Id}}' two)
	pid=$(docker_ inspect --format '{{.State.Pid}}' two)
	run "$TARE_BUILD/tests/tool-containers" "docker:${cid:0:12}"
	expect_status 0
	[[ $(jq -r '[.engine, .id, .pid, .status] | join(" ")' <<<"$output") = "docker $cid $pid running" ]]
	run "$TARE_BUILD/tests/tool-containers" "$pid" -
	[[ $(jq -r .grade <<<"$output") = [CDE] ]]
	exercise docker "$pid"
	docker_ rm --force two
}

@test "a missing program is 127 to docker, one that is none is 126" {
	run docker_run --rm test /no/such/program
	[[ $status -eq 127 ]]
	run docker_run --rm test /etc
	[[ $status -eq 126 ]]
}

@test "docker's default seccomp policy is in force" {
	run docker_run --rm test /bin/sh -c 'grep Seccomp: /proc/self/status; unshare -r true || echo denied'
	[[ $output = *$'Seccomp:\t2'* && $output = *denied* ]]
}

# --- images -----------------------------------------------------------------------------------

# In a store of the test's own.
store_tare() {
	TARE_ROOT=$BATS_TEST_TMPDIR/store host_tare "$@"
}

id_in_store() {
	store_tare image inspect --format '{{.Id}}' "$1"
}

@test "docker loads and runs what tare saves, and tare what docker saves" {
	store_tare save --output "$BATS_TEST_TMPDIR/base.tar" tare/base
	docker_ load --quiet --input "$BATS_TEST_TMPDIR/base.tar"
	[[ $(docker_ image inspect --format '{{.Id}}' tare/base) = $(id_in_store tare/base) ]]
	[[ $(docker_run --rm tare/base echo from tare) = 'from tare' ]]
	docker_ run --runtime tare --network none --name made tare/base sh -c 'echo new >/etc/made; rm /etc/group'
	docker_ commit --change 'CMD ["cat", "/etc/made"]' made made:1
	docker_ save made:1 test:latest >"$BATS_TEST_TMPDIR/made.tar"
	store_tare load --quiet --input "$BATS_TEST_TMPDIR/made.tar"
	[[ $(id_in_store made:1) = $(docker_ image inspect --format '{{.Id}}' made:1) ]]
	[[ $(id_in_store test:latest) = $(docker_ image inspect --format '{{.Id}}' test:latest) ]]
	# and back again
	store_tare save --output "$BATS_TEST_TMPDIR/again.tar" made:1
	docker_ rmi --force made:1
	docker_ load --quiet --input "$BATS_TEST_TMPDIR/again.tar"
	[[ $(docker_run --rm made:1) = new ]]
	store_tare system check
	docker_ rm made
	docker_ rmi made:1 tare/base
}

@test "docker pulls and runs what tare pushes, and tare pulls what docker pushes" {
	need_program docker-registry openssl htpasswd
	cd "$BATS_TEST_TMPDIR"
	make_certificates
	start_registries
	plain=$(<plain)
	store_tare tag tare/base "$plain/base:1"
	store_tare push --quiet "$plain/base:1"
	docker_ pull --quiet "$plain/base:1"
	[[ $(docker_run --rm "$plain/base:1" echo pulled) = pulled ]]
	docker_ tag test:latest "$plain/test:1"
	docker_ push "$plain/test:1"
	store_tare pull --quiet "$plain/test:1"
	[[ $(id_in_store "$plain/test:1") = $(docker_ image inspect --format '{{.Id}}' test:latest) ]]
	[[ $(store_tare image inspect --format '{{index .RepoDigests 0}}' "$plain/test:1") = \
		$(docker_ image inspect --format '{{index .RepoDigests 0}}' "$plain/test:1") ]]
	store_tare system check
	stop_registries
	docker_ rmi "$plain/base:1" "$plain/test:1"
}

@test "a real Debian, made of packages, runs in docker and comes back byte for byte" {
	need_program mmdebstrap
	[[ $DEBIAN_SUITE ]] || skip 'needs the package sources of a Debian host'
	wait_for 150 test -e "$DEBIAN_STORE/status"
	[[ $(<"$DEBIAN_STORE/status") = 0 ]] || { tail -n 5 "$DEBIAN_STORE/log" && false; }
	cd "$BATS_TEST_TMPDIR"
	name=debian:$DEBIAN_SUITE
	TARE_ROOT=$DEBIAN_STORE/store host_tare save --output debian.tar "$name"
	docker_ load --quiet --input debian.tar
	[[ $(docker_ image inspect --format '{{.Id}}' "$name") = $(<"$DEBIAN_STORE/id") ]]
	# shellcheck disable=SC2016 # the container's
	[[ $(docker_run --rm "$name" sh -c '. /etc/os-release; echo "$VERSION_CODENAME"; id -u') = "$DEBIAN_SUITE"$'\n0' ]]
	docker_ save "$name" >docker.tar
	docker_ rmi "$name"
	store_tare load --quiet --input docker.tar
	store_tare save --output again.tar "$name"
	cmp debian.tar again.tar
	store_tare system check
}
