# docker.bats - dockerd and its client drive tare-runtime unchanged
# runs alone: a daemon of its own

load ../lib
load ../registry
load ../dockerd

setup_file() {
	command -v dockerd >/dev/null || skip "docker.io is not installed"
	start_dockerd "$BATS_FILE_TMPDIR/docker"
	docker_ import - test:latest <"$TARE_ROOTFS"
}

teardown_file() {
	[[ -n ${DOCKER_DIR:-} ]] || return 0
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
	cd "$BATS_TEST_TMPDIR" || return
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

@test "tare lists what docker diff lists, and docker runs what tare commits of it" {
	local cid data=$DOCKER_DIR/data id

	cd "$BATS_TEST_TMPDIR" || return
	docker_ run --runtime tare --network none --name changed test sh -c '
		echo new >/etc/made; rm /etc/group; ln /etc/made /etc/zz; mkdir -p /a/b/c; echo deep >/a/b/c/file
		chmod 711 /tmp; mkfifo /a/fifo; ln -s nowhere /a/link; rm -r /var; mkdir /var; echo file >/var/again
		echo one >/tmp/comes; rm /tmp/comes'
	cid=$(docker_ inspect --format '{{.Id}}' changed)
	id=$data/image/vfs/layerdb/mounts/$cid
	lower=$data/vfs/dir/$(<"$id/init-id") upper=$data/vfs/dir/$(<"$id/mount-id")
	docker_ diff changed | LC_ALL=C sort >theirs
	host_tare layer diff "$lower" "$upper" | LC_ALL=C sort >ours
	diff theirs ours
	grep -x 'C /tmp' ours
	grep -x 'D /etc/group' ours

	docker_ image save test:latest >test.tar
	store_tare load --quiet --input test.tar
	store_tare layer commit --from test:latest --change 'CMD ["cat", "/etc/zz", "/a/b/c/file"]' "$lower" "$upper" mine:1
	store_tare save --output mine.tar mine:1
	docker_ load --quiet --input mine.tar
	run docker_run --rm mine:1
	[[ $output = $'new\ndeep' ]]
	run docker_run --rm mine:1 sh -c 'ls /etc/group /var 2>&1; stat -c "%a %h" /tmp /etc/zz'
	[[ $output = *again*$'\n'*'711 '*$'\n'*' 2' ]]
	store_tare system check
	docker_ rm changed
	docker_ rmi mine:1
}
