# limit_systemd.bats - tare limit on units of systemd's, which would set its own values back

load ../lib
setup() {
	need_systemd
	id=tt-$$-$BATS_TEST_NUMBER
}
teardown() {
	[[ ! -v id ]] || systemctl stop "$id.service" "crun-$id.scope" 2>/dev/null || true
}

# told FILE: of $pid's cgroup
told() {
	local dir

	dir=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	cat "$dir/$1"
}

# has_own_mounts: for wait_for
has_own_mounts() { [[ $(readlink "/proc/$pid/ns/mnt") != "$(readlink /proc/1/ns/mnt)" ]]; }

# holds UNIT: limits of $pid outlive a reload, and with $reload their undo, too
holds() {
	run host_tare limit --memory 256m --cpus 0.125 --pids 99 --cpuset-cpus 0 "$pid"
	expect_status 0
	expect_line "memory: unlimited -> 256 MiB .memory.max, and systemd was told of $1.\$"
	# it keeps whole percents
	expect_line 'cpus: unlimited -> 0.130 '
	systemctl daemon-reload
	[[ $(told memory.max) = 268435456 ]]
	[[ $(told cpu.max) = '13000 100000' ]]
	[[ $(told pids.max) = 99 && $(told cpuset.cpus) = 0 ]]
	[[ $(systemctl show --value --property MemoryMax,TasksMax "$1" | xargs) = '268435456 99' ]]
	run host_tare limit --undo "$pid"
	expect_status 0
	[[ $(systemctl show --value --property MemoryMax,TasksMax "$1" | xargs) = "infinity $pids" ]]
	[[ ! ${reload-} ]] || systemctl daemon-reload
	[[ $(told memory.max) = max ]]
	[[ $(told cpu.max) = 'max 100000' ]]
	[[ $(told pids.max) = "$pids" ]]
	[[ $(told cpuset.cpus.effective) = "$(cat /sys/fs/cgroup/cpuset.cpus.effective)" ]]
}

@test "a service's limits outlive a reload of systemd, and their undo, too" {
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] || skip 'needs a v2 host'
	systemd-run --quiet --unit "$id" -p PrivateTmp=yes sleep 1000
	pid=$(systemctl show --value --property MainPID "$id")
	wait_for 20 has_own_mounts
	pids=$(told pids.max)
	reload=again holds "$id.service"
	# somebody else's systemd
	cp "$TARE_BUILD/src/tare" "/tmp/$id-alone"
	run "/tmp/$id-alone" limit --memory 128m "$pid"
	rm "/tmp/$id-alone"
	expect_status 0
	expect_line 'may set .memory.max. back when it reloads'
	[[ $(told memory.max) = 134217728 ]]
	host_tare limit --undo "$pid"
}

@test "a scope's limits outlive a reload of systemd" {
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] || skip 'needs a v2 host'
	systemd-run --quiet --scope --unit "crun-$id" sleep 1000 3>&- &
	wait_for 20 systemctl is-active --quiet "crun-$id.scope"
	pid=$!
	wait_for 20 grep -q "crun-$id.scope" "/proc/$pid/cgroup"
	pids=$(told pids.max)
	holds "crun-$id.scope"
	kill -KILL "$pid"
}
