# systemd.bats - the systemd cgroup manager: a scope's whole life, and what a killed runtime leaves
#
# The other tests run with the cgroupfs manager. These need systemd as the first process.

load ../lib

setup() {
	[[ $BATS_TEST_DESCRIPTION = elsewhere* ]] || need_systemd
	tare_setup
	program sleep 1000
}

teardown() {
	[[ ! -v state ]] || tare_teardown
	[[ ! -d /run/systemd/system ]] || no_units
}

# sd ARGUMENT...: tare with systemd's manager
sd() {
	tare --systemd-cgroup "$@"
}

# sd_start: $id, in the background
sd_start() {
	sd run --detach --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/out"
		return 1
	}
}

# unit: what the container's is called
unit() {
	tare state "$id" | jq -r '."systemd-scope"'
}

# shows PROPERTY [UNIT]
shows() {
	systemctl show --value --property "$1" "${2-$(unit)}"
}

# expect_shown PROPERTY VALUE
expect_shown() {
	local have

	have=$(shows "$1")
	[[ $have = "$2" ]] || {
		echo "systemd shows $1=$have, not $2"
		return 1
	}
}

# cgroup_of PID: in the hierarchy where systemd keeps its units
cgroup_of() {
	sed -n 's/^[0-9]*:name=systemd://p; s/^0:://p' "/proc/$1/cgroup" | head -n 1
}

# units: all of this test's that systemd remembers
units() {
	systemctl list-units --all --plain --no-legend "*$id*" | cut -d ' ' -f 1
}

no_units() {
	local left

	wait_for 5 none_left && return
	left=$(units)
	echo "left behind: $left"
	systemctl stop "$left" || true
	systemctl reset-failed "$left" || true
	return 1
}

none_left() {
	[[ -z $(units) ]]
}

# limit CONTROLLER V1-FILE V2-FILE: what the kernel has for $id
limit() {
	local dir

	dir=$(find "$(controller_dir "$1")" -type d -name "*$id*.scope" | head -n 1)
	cat "$dir/$2" 2>/dev/null || cat "$dir/$3"
}

@test "elsewhere, the manager is refused by its name before anything is made" {
	[[ ! -d /run/systemd/system ]] || skip 'systemd is the first process'
	run sd run --bundle "$bundle" "$id"
	expect_error 'systemd cgroup driver needs systemd as PID 1'
	[[ ! -e $state/$id ]]
}

@test "the container is in a scope of system.slice, called after it" {
	sd_start
	[[ $(unit) = tare-$id.scope ]]
	[[ $(cgroup_of "$(pid_of)") = "/system.slice/tare-$id.scope" ]]
	expect_shown ActiveState active
	expect_shown Slice system.slice
	expect_shown Delegate yes
}

@test "called by a peer's name, the scope's name is what that peer's would be" {
	local name

	ln -s "$TARE_RUNTIME" "$BATS_TEST_TMPDIR/runc"
	for name in tare-systemd tare-seccomp; do
		[[ ! -e ${TARE_RUNTIME%/*}/$name ]] || ln -s "${TARE_RUNTIME%/*}/$name" "$BATS_TEST_TMPDIR"
	done
	"$BATS_TEST_TMPDIR/runc" --root "$state" --systemd-cgroup run -d -b "$bundle" "$id" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	[[ $(unit) = runc-$id.scope ]]
}

@test "crun's option means the same, and state says which unit" {
	config --arg id "$id" '.linux.cgroupsPath = "machine.slice:libpod:" + $id'
	tare --cgroup-manager systemd run -d -b "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	[[ $(unit) = libpod-$id.scope ]]
	[[ $(cgroup_of "$(pid_of)") = "/machine.slice/libpod-$id.scope" ]]
}

@test "a slice may be deep, and goes with the last of its units" {
	local top=${id//-/}

	config --arg path "$top-b-c.slice:p:$id" '.linux.cgroupsPath = $path'
	sd_start
	[[ $(cgroup_of "$(pid_of)") = "/$top.slice/$top-b.slice/$top-b-c.slice/p-$id.scope" ]]
	tare delete --force "$id"
	systemctl stop "$top.slice"
}

@test "limits are systemd's properties and the kernel's files" {
	need_controller memory pids cpu
	config '.linux.resources += {"memory": {"limit": 67108864}, "pids": {"limit": 55},
		"cpu": {"quota": 50000, "period": 100000}}'
	sd_start
	expect_shown MemoryMax 67108864 || expect_shown MemoryLimit 67108864
	expect_shown TasksMax 55
	expect_shown CPUQuotaPerSecUSec 500ms
	[[ $(limit memory memory.limit_in_bytes memory.max) = 67108864 ]]
	[[ $(limit pids pids.max pids.max) = 55 ]]
	[[ $(limit cpu cpu.cfs_quota_us cpu.max) = 50000* ]]
}

@test "update changes both, and a reload of systemd nothing" {
	need_controller memory pids cpu
	config '.linux.resources += {"pids": {"limit": 55}}'
	sd_start
	tare update --memory 32m --cpu-quota 15500 --cpu-period 100000 "$id"
	expect_shown MemoryMax 33554432 || expect_shown MemoryLimit 33554432
	expect_shown TasksMax 55
	systemctl daemon-reload
	[[ $(limit memory memory.limit_in_bytes memory.max) = 33554432 ]]
	# whole percents are systemd's finest
	[[ $(limit cpu cpu.cfs_quota_us cpu.max) = 16000* ]]
	tare update --pids-limit -1 "$id"
	expect_shown TasksMax infinity
}

@test "what systemd has no word for is in the kernel's files" {
	need_cgroup v2
	config '.linux.resources.unified = {"memory.oom.group": "1", "memory.high": "30000000"}'
	sd_start
	[[ $(limit memory - memory.oom.group) = 1 ]]
	[[ $(limit memory - memory.high) = 29999104 ]]
	expect_shown MemoryHigh 30000000
}

@test "devices stay denied, also after a reload" {
	config '.linux.devices = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}]'
	sd_start
	expect_shown DevicePolicy strict
	for _ in before after; do
		run tare exec "$id" sh -c 'echo x >/dev/null && cat </dev/kmsg'
		expect_line "can't open /dev/kmsg: Operation not permitted"
		systemctl daemon-reload
	done
	expect_shown NeedDaemonReload no
}

@test "exec enters the scope, create and start are apart, pause and kill work" {
	sd create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	[[ $(state_of) = created ]]
	expect_shown ActiveState active
	tare start "$id"
	run tare exec "$id" cat /proc/self/cgroup
	expect_status 0
	[[ $(tare ps "$id" | wc -l) = 2 ]]
	tare pause "$id"
	[[ $(state_of) = paused ]]
	tare resume "$id"
	run tare events --stats "$id"
	expect_status 0
	tare kill "$id" KILL
	wait_for 5 has_state stopped
	tare delete "$id"
	none_left
}

@test "run waits, and leaves neither unit nor state" {
	program sh -c 'exit 7'
	run sd run --bundle "$bundle" "$id"
	expect_status 7
	none_left
	[[ ! -e $state/$id ]]
}

@test "in a user namespace with its own cgroup the container's root owns the cgroup" {
	need_cgroup v2
	config '.linux.namespaces += [{"type": "user"}, {"type": "cgroup"}] | .linux.namespaces |= unique |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings |
		.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	program sh -c 'stat -c %U:%a /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/mine'
	chmod 755 "$BATS_TEST_TMPDIR" "$bundle"
	run sd run --bundle "$bundle" "$id"
	expect_status 0
	expect_output $'root:755\nroot:644'
}

@test "a container without a cgroup namespace sees its own folder" {
	need_cgroup v2
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	program sh -c 'cat /sys/fs/cgroup/cgroup.procs; cat /proc/self/cgroup'
	run sd run --bundle "$bundle" "$id"
	expect_status 0
	expect_line '^1$'
	expect_line "/system.slice/tare-$id.scope"
}

@test "annotations set properties" {
	config '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 3000000",
		"org.systemd.property.CollectMode": "'"'inactive-or-failed'"'"}'
	sd_start
	expect_shown TimeoutStopUSec 3s
	expect_shown CollectMode inactive-or-failed
}

@test "a property that does not exist is systemd's to refuse, and nothing is left" {
	config '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	run sd run --bundle "$bundle" "$id"
	expect_error 'NoSuchThing'
	none_left
	[[ ! -e $state/$id ]]
}

@test "properties that are ours, and paths that are none, are refused before anything is made" {
	local annotation

	for annotation in '"org.systemd.property.Slice": "'"'a.slice'"'"' \
		'"org.systemd.property.TasksMax": "many"' \
		'"run.oci.systemd.subgroup": "a", "run.oci.delegate-cgroup": "../up"' \
		'"run.oci.delegate-cgroup": "alone"' '"run.oci.systemd.subgroup": "a/../.."' \
		'"run.oci.systemd.force_cgroup_v1": "/sys/fs/cgroup/systemd"'; do
		config ".annotations = {$annotation}"
		run sd run --bundle "$bundle" "$id"
		expect_error 'annotations'
		[[ ! -e $state/$id ]]
	done
	config '.annotations = {} | .linux.cgroupsPath = "/a/b"'
	run sd run --bundle "$bundle" "$id"
	expect_error '/linux/cgroupsPath: .*slice:prefix:name'
}

@test "a subgroup holds the container and its limits" {
	need_controller pids
	config '.annotations["run.oci.systemd.subgroup"] = "inner/most" | .linux.resources.pids.limit = 44 |
		.linux.namespaces |= map(select(.type != "cgroup"))'
	sd_start
	[[ $(cgroup_of "$(pid_of)") = "/system.slice/tare-$id.scope/inner/most" ]]
	[[ $(cat "$(controller_dir pids)/system.slice/tare-$id.scope/inner/most/pids.max") = 44 ]]
	run tare exec "$id" cat /proc/self/cgroup
	expect_line "tare-$id.scope/inner/most"
}

@test "a delegated cgroup is below the one that the container sees as the root" {
	need_cgroup v2
	config '.annotations["run.oci.systemd.subgroup"] = "inner" | .linux.resources.pids.limit = 44 |
		.annotations["run.oci.delegate-cgroup"] = "payload"'
	sd_start
	[[ $(cgroup_of "$(pid_of)") = "/system.slice/tare-$id.scope/inner/payload" ]]
	[[ $(cat "/sys/fs/cgroup/system.slice/tare-$id.scope/inner/pids.max") = 44 ]]
	run tare exec "$id" cat /proc/self/cgroup
	expect_output 0::/payload
}

# as_user COMMAND...: as root in a user namespace of user 65534, who has a systemd of his own, and in
# a cgroup of his, as in his session
as_user() {
	local uid=65534 pid status=0 own=/sys/fs/cgroup/user.slice/user-65534.slice/user@65534.service/t-$id

	systemctl start "user@$uid.service"
	mkdir "$own"
	setpriv --reuid "$uid" --regid "$uid" --clear-groups unshare --user sleep 1000 </dev/null >/dev/null 2>&1 &
	pid=$!
	wait_for 5 differs "$pid"
	printf '0 %d 1\n1 100000 65535\n' "$uid" | tee "/proc/$pid/uid_map" >"/proc/$pid/gid_map"
	(
		echo "$BASHPID" >"$own/cgroup.procs"
		export XDG_RUNTIME_DIR=/run/user/$uid
		exec nsenter --user --target "$pid" --setuid 0 --setgid 0 unshare --mount "$@"
	) || status=$?
	kill "$pid"
	rmdir "$own"
	systemctl stop "user@$uid.service" "user-runtime-dir@$uid.service"
	return "$status"
}

# differs PID: it is in a user namespace of its own
differs() {
	[[ $(readlink "/proc/$1/ns/user") != "$(readlink /proc/self/ns/user)" ]]
}

@test "root of a user's own namespace asks the user's own systemd" {
	need_cgroup v2
	need_program setpriv nsenter unshare
	mkdir "$BATS_TEST_TMPDIR/spec"
	"$TARE_RUNTIME" spec --rootless --bundle "$BATS_TEST_TMPDIR/spec"
	jq '.process.terminal = false | .process.args = ["sleep", "1000"] | .linux.resources.pids.limit = 33 |
		del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))' \
		"$BATS_TEST_TMPDIR/spec/config.json" >"$bundle/config.json"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" "$bundle"
	install -d -o 65534 -g 65534 "$BATS_TEST_TMPDIR/user"
	cat >"$BATS_TEST_TMPDIR/script" <<-EOF
		set -ex
		t() { "$TARE_RUNTIME" --root "$BATS_TEST_TMPDIR/user" "\$@"; }
		trap 't delete --force "$id"' EXIT
		t --systemd-cgroup run -d -b "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/user/out" 2>&1 ||
			cat "$BATS_TEST_TMPDIR/user/out"
		cat /proc/\$(t state "$id" | jq .pid)/cgroup
		t exec "$id" true
		t update --pids-limit 22 "$id"
		systemctl --user show --property TasksMax "tare-$id.scope"
		t delete --force "$id"
		echo "left: \$(systemctl --user list-units --all --no-legend 'tare*')."
	EOF
	run as_user bash "$BATS_TEST_TMPDIR/script"
	expect_status 0
	expect_line "^0::/user.slice/user-65534.slice/user@65534.service/user.slice/tare-$id.scope$"
	expect_line '^TasksMax=22$'
	expect_line '^left: .$'
}

@test "a unit of somebody else with that name is left alone" {
	systemd-run --scope --unit "tare-$id.scope" sleep 1000 </dev/null >"$BATS_TEST_TMPDIR/run" 2>&1 &
	wait_for 5 systemctl is-active "tare-$id.scope"
	run sd run --detach --bundle "$bundle" "$id"
	expect_error "tare-$id.scope"
	[[ ! -e $state/$id ]]
	[[ $(shows ActiveState "tare-$id.scope") = active ]]
	systemctl stop "tare-$id.scope"
}

@test "a unit that failed goes with its container" {
	config '.annotations = {"org.systemd.property.RuntimeMaxSec": "2",
		"org.systemd.property.TimeoutStopSec": "1"}'
	sd_start
	wait_for 5 has_state stopped
	wait_for 5 [ "$(shows ActiveState "tare-$id.scope")" != active ]
	tare delete "$id"
	none_left
}

# points FILE: a dozen calls of the runtime's own, from the first record in its state to the end
points() {
	awk '$1 == "call" && $2 ~ /^0\./ { split($2, p, "."); last = p[2]; if (!first && $4 ~ /^rename/) first = p[2] }
		END { for (i = 0; i < 12; i++) print "0." int(first + i * (last - first) / 11) }' "$1"
}

@test "what a killed runtime leaves, delete --force removes" {
	local point crashpt=$TARE_BUILD/tests/fault-crashpt

	[[ -x $crashpt ]] || skip 'the driver knows x86-64 only'
	"$crashpt" -t 60 -o "$BATS_TEST_TMPDIR/calls" list 0 "$TARE_RUNTIME" --root "$state" \
		--systemd-cgroup create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	tare delete --force "$id"
	for point in $(points "$BATS_TEST_TMPDIR/calls"); do
		echo "killed at $point"
		"$crashpt" -t 60 -o "$BATS_TEST_TMPDIR/report" self "$point" "$TARE_RUNTIME" --root "$state" \
			--systemd-cgroup create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 || true
		cat "$BATS_TEST_TMPDIR/report"
		tare delete --force "$id"
		[[ ! -e $state/$id ]]
		no_units
		[[ -z $(find_leaks) ]]
	done
}
