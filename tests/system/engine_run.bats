# engine_run.bats - tare run: a container of an image, in the foreground
# nothing new with systemd: its cgroups are made by the runtime, whose own tests run there
# shellcheck disable=SC2154 # status and output are bats' own
# shellcheck disable=SC2016 # what stands in single quotes is for the container's shell

bats_require_minimum_version 1.5.0
load ../lib
load ../container

setup() { container_setup; }
teardown() { container_teardown; }

@test "output, error and exit status are the program's" {
	in_one -- sh -c 'echo out; echo err >&2; exit 7'
	expect_status 7
	expect_line '^out$'
	expect_line '^err$'
	in_one --pid host -- sh -c 'kill -KILL $$'
	expect_status 137
}

@test "a program that can't be run is 126 or 127; a container that can't be made 125" {
	in_one -- nonesuch
	expect_status 127
	expect_line "'nonesuch': executable file not found"
	in_one -- /etc
	expect_status 126
	in_one --sysctl kernel.nonesuch=1 -- true
	expect_status 125
	# the same words from a program are the program's
	in_one -- sh -c 'echo "exec: executable file not found" >&2; exit 1'
	expect_status 1
}

@test "the standard input is the program's with -i, and empty without" {
	run bash -c 'echo words | "$0" run --rm -i tare/base cat' "$TARE_BUILD/src/tare"
	expect_output words
	run bash -c 'echo words | "$0" run --rm tare/base cat' "$TARE_BUILD/src/tare"
	expect_output ''
	run bash -c 'echo words | "$0" run --rm -it tare/base cat' "$TARE_BUILD/src/tare"
	expect_error '-t: the standard input is no terminal'
	expect_status 125
}

@test "a terminal" {
	with_terminal "$TARE_BUILD/src/tare" run --rm -it tare/base sh -c 'tty && stty size; exit 3'
	expect_status 3
	expect_line '^/dev/(pts/0|console)'
}

@test "environment: the image's, ours, a file's; what is said last holds" {
	printf '%s\n' '# a remark' 'A=file' 'B=file' '' '  C=c d' >file
	export OURS=ours
	unset NOBODYS
	in_one -e A=word -e OURS -e NOBODYS --env-file file --tz Europe/Berlin -- env
	expect_line '^A=word$'
	expect_line '^B=file$'
	expect_line '^C=c d$'
	expect_line '^OURS=ours$'
	expect_line '^TZ=Europe/Berlin$'
	expect_line '^HOME=/root$'
	expect_line '^PATH=/usr/local/sbin'
	expect_no_line '^NOBODYS'
	echo '=x' >file
	in_one --env-file file -- true
	expect_error "--env-file: file:1: the variable '=x' has no name"
}

@test "users and groups by name and number, as the container's own files have them" {
	in_one -u nobody -- sh -c 'id -u; id -g; grep CapEff /proc/self/status'
	expect_line '^65534$'
	expect_line 'CapEff:.0{16}'
	in_one -u 1234:55 --group-add 7 --group-add 8 -- id
	expect_line 'uid=1234 gid=55.* groups=7[^,]*,8'
	in_one -u nonesuch -- true
	expect_error "run as the user 'nonesuch': there is none in the container's /etc/passwd"
	expect_status 125
	in_one -u 4294967296 -- true
	expect_status 125
}

@test "folders of the host, and memory" {
	mkdir data && echo text >data/file
	in_one -v "$PWD/data:/data:ro" -v "$PWD/made/too:/made" --tmpfs /memory:size=1m -- \
		sh -c 'cat /data/file; touch /data/x; touch /made/file; grep " /memory " /proc/mounts'
	expect_line '^text$'
	expect_line 'Read-only'
	expect_line 'tmpfs .*nosuid,nodev,noexec.*size=1024k'
	[[ -e made/too/file && ! -e data/x ]]
	in_one --mount "type=bind,src=$PWD/data,dst=/data,readonly" --mount type=tmpfs,dst=/m,tmpfs-size=2m -- \
		sh -c 'cat /data/file; grep " /m " /proc/mounts'
	expect_line '^text$'
	expect_line 'size=2048k'
	in_one --mount "type=bind,src=$PWD/none,dst=/data" -- true
	expect_error "mount '$PWD/none' on '/data': no such file"
	in_one --mount type=bind,dst=/data -- true
	expect_error "--mount 'type=bind,dst=/data': it has no source"
	in_one -v named:/data -- true
	expect_error 'named volumes are not there yet'
	in_one -v "$PWD/data:data" -- true
	expect_error 'must be an absolute path'
	in_one -v "$PWD/data:/data" --tmpfs /data -- true
	expect_error "mount memory on '/data': something else is mounted on '/data', too"
	in_one --mount "type=bind,src=$PWD/new,dst=/data,bind-create-src" -- touch /data/file
	[[ -e new/file ]]
	in_one -v ./data:/data --mount type=bind,src=./data,dst=/too -- cat /data/file /too/file
	expect_output $'text\ntext'
	in_one --mount type=volume,src=x,dst=/data -- true
	expect_error "mounts of type 'volume' are not there yet"
	in_one --mount type=tmpfs,dst=/m,tmpfs-mode=0700 -- stat -c %a /m
	expect_output 700
	in_one --mount type=tmpfs,dst=/m,tmpfs-mode=9 -- true
	expect_error "tmpfs-mode: '9' is no mode in octal digits"
}

@test "rights are few, and what is asked for is given or taken" {
	in_one -- sh -c 'grep -e CapEff -e Seccomp: /proc/self/status; unshare -m true'
	expect_line 'CapEff:.00000000800405fb'
	expect_line 'Seccomp:.2'
	expect_line '[Oo]peration not permitted'
	in_one --cap-drop all --cap-add net_raw --security-opt no-new-privileges -- \
		grep -e CapEff -e NoNewPrivs /proc/self/status
	expect_line 'CapEff:.0000000000002000'
	expect_line 'NoNewPrivs:.1'
	# the policy goes by what it may do: mount(2) with CAP_SYS_ADMIN only
	in_one --cap-add sys_admin -- sh -c 'mount -t tmpfs x /mnt && echo mounted'
	expect_line '^mounted$'
	in_one --privileged -- sh -c 'grep Seccomp: /proc/self/status; mount -t tmpfs x /mnt && echo mounted'
	expect_line 'Seccomp:.0'
	expect_line '^mounted$'
	in_one --cap-add nonesuch -- true
	expect_error "--cap-add: there is no capability 'nonesuch'"
	in_one --security-opt apparmor=mine -- true
	expect_error "'apparmor=mine': it can't be honoured yet"
	in_one --security-opt systempaths=unconfined -- sh -c 'grep -c -e " /proc/sys " -e " /proc/kcore " /proc/mounts; true'
	expect_output 0
	printf ' {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdirat", "mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}' >policy
	in_one --security-opt seccomp=policy -- mkdir /x
	expect_line 'not supported'
	in_one --security-opt seccomp=nonesuch -- true
	expect_error "--security-opt 'seccomp=nonesuch': .*no such file"
}

@test "limits are in the container's cgroups" {
	in_one -m 64m --pids-limit 20 --cpus 0.5 -- sh -c 'sleep 0; cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null; true'
	expect_line '^20$'
	expect_line '^67108864$'
	expect_line '^50000'
	in_one -- sh -c 'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null; true'
	expect_line '^2048$'
	in_one --ulimit nofile=100:200 --shm-size 1m -- sh -c 'ulimit -n; ulimit -Hn; grep shm /proc/mounts'
	expect_line '^100$'
	expect_line '^200$'
	expect_line 'size=1024k'
	in_one -m 1m -- true
	expect_error 'at least 6 MiB'
	in_one -m 64m --memory-swap 32m -- true
	expect_error "can't be less than --memory"
	in_one --cpus x -- true
	expect_error "--cpus 'x'"
	in_one --ulimit nofile -- true
	expect_error "--ulimit 'nofile': it is not NAME=SOFT"
	in_one --ulimit nofile=9:8 -- true
	expect_error 'the soft limit 9 is above the hard one, 8'
	in_one --cpus 1 --cpu-quota 5000 -- true
	expect_error 'give one of them'
}

@test "block I/O is limited by device" {
	local loop rules

	rules=/sys/fs/cgroup/blkio/blkio.throttle.read_bps_device
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] && rules=/sys/fs/cgroup/io.max
	truncate -s 1M disk
	loop=$(losetup --find --show disk)
	in_one --device-read-bps "$loop:1m" --device-write-iops "$loop:50" -- cat "$rules"
	losetup -d "$loop"
	expect_status 0
	expect_line '^7:[0-9]+ .*1048576'
	in_one --device-read-bps /dev/null:1m -- true
	expect_error "'/dev/null' is no block device"
	in_one --device-read-bps 1m -- true
	expect_error "--device-read-bps '1m': it is not DEVICE:NUMBER"
	in_one --blkio-weight 5 -- true
	expect_error '--blkio-weight 5: it is from 10 to 1000'
}

@test "names: the host's, its own, those that were added" {
	in_one --hostname box --add-host peer:10.1.2.3 -- sh -c 'hostname; cat /etc/hostname; grep peer /etc/hosts; ls /sys/class/net'
	expect_line '^box$'
	expect_line '10.1.2.3.peer'
	expect_line '^lo$'
	in_one --network host -- sh -c 'hostname'
	expect_output "$(hostname)"
	in_one --network bridge -- true
	expect_error "--network 'bridge' can't be honoured yet .*bridges come with networks"
	in_one --add-host peer -- true
	expect_error "--add-host 'peer': it is not NAME:ADDRESS"
}

@test "entrypoint, working folder, read-only root, devices" {
	in_one --entrypoint echo -w /tmp -- words
	expect_output words
	in_one -w /var/tmp --read-only -- sh -c 'pwd; touch /x'
	expect_line '^/var/tmp$'
	expect_line 'Read-only file system'
	in_one --device /dev/null:/dev/nothing:rw -- sh -c 'echo x >/dev/nothing && ls -l /dev/nothing'
	expect_line '^crw.* 1, +3 .*/dev/nothing'
	in_one --device /etc/passwd -- true
	expect_error "'/etc/passwd' is no device"
	in_one --cap-add mknod --device-cgroup-rule 'c 10:200 r' -- sh -c 'mknod /tun c 10 200; (: >>/tun) 2>&1; (: </tun) 2>&1'
	expect_line 'not permitted'
	[[ $(grep -c 'not permitted' <<<"$output") = 1 ]]
	in_one --device-cgroup-rule 'c 1:3' -- true
	expect_error "--device-cgroup-rule 'c 1:3': it is not TYPE MAJOR:MINOR ACCESS"
	in_one --cgroupns host -- readlink /proc/self/ns/cgroup
	expect_output "$(readlink /proc/self/ns/cgroup)"
	in_one --cgroupns x -- true
	expect_error "--cgroupns 'x' can't be honoured yet"
}

@test "what can't be honoured is refused by its name" {
	local option

	for option in '--publish=80:80' --init '--health-cmd=x' '--gpus=all'; do
		run host_tare run --rm "$option" tare/base true
		expect_error "option '${option%%=*}' is not supported"
		expect_status 125
	done
	run host_tare run --rm --platform linux/s390x --pull never tare/base true
	expect_error 'tare/base is for linux/[a-z0-9]+, not for linux/s390x'
	expect_status 125
	run host_tare run --rm --disable-content-trust=false tare/base true
	expect_error 'has no signatures here'
	run host_tare run tare/base true
	expect_error "can't be kept yet \(with --rm it is removed then, with --detach it is kept"
	run host_tare run --rm --pull never nonesuch true
	expect_error 'no such image: nonesuch'
	run host_tare run --rm --name '../x' tare/base true
	expect_error "call a container '../x'"
}

@test "a name is one container's; its id is written once" {
	run_beside --cidfile cid tare/base sleep 60
	wait_for 10 test -s cid
	[[ $(<cid) =~ ^[0-9a-f]{64}$ && $(readlink "root/names/$id") = "$(<cid)" ]]
	in_one -- true
	expect_error "call a container '$id': [0-9a-f]{12} is called so"
	in_one --cidfile cid -- true
	expect_status 125
	"$TARE_BUILD/src/tare-runtime" kill "$(<cid)" KILL
	status=0
	wait $! || status=$?
	expect_status 137
}

@test "an image may lie: relative folders, files that are none, words for terminals" {
	mkdir fs
	tar -C fs -xf "$TARE_ROOTFS"
	rm -f fs/etc/{passwd,group,resolv.conf,hosts}
	mkfifo fs/etc/passwd
	ln -s /../../../../etc/shadow fs/etc/group
	echo outside >outside
	ln -s "../../../../../../../..$PWD/outside" fs/etc/resolv.conf
	mknod fs/etc/hosts c 1 3
	tar -C fs -cf fs.tar .
	host_tare import --change 'WORKDIR ../tmp' fs.tar evil:1
	run host_tare run --rm evil:1 sh -c 'pwd; test -p /etc/passwd; stat -c %F /etc/hosts'
	expect_line '^/tmp$'
	expect_line '^regular file$'
	run host_tare run --rm --user nobody evil:1 true
	expect_error "run as the user 'nobody': there is none in the container's /etc/passwd"
	[[ $(<outside) = outside ]]
	run host_tare run --rm --pull missing $'x\e[31m' true
	[[ $output != *$'\e'* ]]
}

@test "signals that we get the program gets" {
	run_beside tare/base sh -c 'trap "echo got; exit 5" TERM; echo ready; while :; do sleep 0.1; done' >out
	wait_for 10 grep -q ready out
	kill -TERM $!
	status=0
	wait $! || status=$?
	expect_status 5
	[[ $(tail -n 1 out) = got ]]
}

@test "the image of a container can't be removed meanwhile" {
	host_tare tag tare/base mine:1
	run_beside --cidfile cid mine:1 sleep 60
	wait_for 10 test -s cid
	run host_tare rmi --force "$(host_tare images --quiet mine:1)"
	expect_error "remove the image sha256:[0-9a-f]+: '$(<cid)' is made of it"
	"$TARE_BUILD/src/tare-runtime" kill "$(<cid)" KILL
	wait $! || true
	host_tare rmi mine:1
}

@test "what a killed run has left is removed by the next" {
	local pid left

	is_gone() { ! has_process "^sh -c : of $id;"; }
	run_beside tare/base sh -c ": of $id; sleep 60; true"
	pid=$!
	wait_for 10 has_process "^sh -c : of $id;"
	kill -KILL $pid
	wait $pid || true
	left=$(readlink "root/names/$id")
	[[ -e root/containers/$left && -e /run/tare/containers/$left ]]
	run host_tare run --rm --name "$id" tare/base true
	expect_status 0
	expect_output ''
	wait_for 10 is_gone
	[[ ! -e root/containers/$left && ! -e /run/tare/containers/$left ]]
}

@test "what a killed run has left is found by a check, and removed by a repair" {
	is_gone() { ! has_process "^sh -c : of $id;"; }
	run_beside tare/base sh -c ": of $id; sleep 60; true"
	wait_for 10 has_process "^sh -c : of $id;"
	kill -KILL $!
	wait $! || true
	ln -s nobody root/names/nobody
	run host_tare system check --json
	expect_status 1
	[[ $(jq -r '.[].Kind' <<<"$output" | sort | xargs) = 'container-left name-left' ]]
	run host_tare system check --repair
	expect_status 0
	run host_tare system check
	expect_line '^Nothing is wrong'
	wait_for 10 is_gone
}

@test "many at a time" {
	local pids=() n

	host_tare run --rm tare/base true
	for n in {1..12}; do
		host_tare run --rm tare/base sh -c "echo $n" >"out$n" 2>&1 &
		pids+=($!)
	done
	for n in "${pids[@]}"; do wait "$n"; done
	[[ $(cat out{1..12} | sort -n | tr '\n' ' ') = '1 2 3 4 5 6 7 8 9 10 11 12 ' ]]
}
