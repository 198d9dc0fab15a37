# update.bats - update and events: limits of a container that runs, and what it uses

load ../lib
setup() { tare_setup; }
teardown() { tare_teardown; }

# limit CONTROLLER V1-FILE V2-FILE: what the kernel has for $id
limit() {
	local dir

	dir=$(find "$(controller_dir "$1")" -type d -name "$id" | head -n 1)
	cat "$dir/$2" 2>/dev/null || cat "$dir/$3"
}

@test "flags change one limit and leave the others" {
	need_controller pids memory
	config '.linux.resources.pids.limit = 50'
	start_container
	tare update --memory 64m "$id"
	[[ $(limit memory memory.limit_in_bytes memory.max) = 67108864 ]]
	[[ $(limit pids pids.max pids.max) = 50 ]]
	tare update "$id" --pids-limit -1
	[[ $(limit pids pids.max pids.max) = max ]]
	[[ $(limit memory memory.limit_in_bytes memory.max) = 67108864 ]]
}

@test "a file's members may have any case, as for Go" {
	need_controller pids
	start_container
	tare update --resources - "$id" <<<'{"Pids": {"Limit": 17}}'
	[[ $(limit pids pids.max pids.max) = 17 ]]
}

@test "what is no number is refused by its flag's name" {
	start_container
	run tare update --cpu-share many "$id"
	expect_error 'cpu-share.*many'
}

@test "what is less than no limit is refused by its name" {
	local name

	need_controller pids
	config '.linux.resources.pids.limit = 50'
	start_container
	for name in pids-limit memory memory-reservation memory-swap cpu-quota cpu-rt-runtime; do
		run tare update "--$name=-7" "$id"
		expect_status 1
		expect_error "invalid value for $name: .*-7"
	done
	for name in pids/limit memory/limit memory/reservation memory/swap cpu/quota cpu/realtimeRuntime; do
		run tare update --resources - "$id" <<<"{\"${name%/*}\": {\"${name#*/}\": -7}}"
		expect_status 1
		expect_error "^standard input: /$name: -7 is less than -1, which is no limit$"
	done
	[[ $(limit pids pids.max pids.max) = 50 ]]
}

@test "who asks for a weight wants no idle container any more, and who asks for both an idle one" {
	need_controller cpu
	start_container
	limit cpu cpu.idle cpu.idle || skip 'needs idle cgroups (Linux 5.15)'
	tare update --cpu-idle 1 "$id"
	[[ $(limit cpu cpu.idle cpu.idle) = 1 ]]
	tare update --cpu-share 200 "$id"
	[[ $(limit cpu cpu.idle cpu.idle) = 0 ]]
	run tare update --cpu-share 300 --cpu-idle 1 "$id"
	expect_status 0
	expect_line 'unable to apply both'
	[[ $(limit cpu cpu.idle cpu.idle) = 1 ]]
}

@test "what the state says of a container is the same after an update" {
	need_controller pids
	config '.annotations = {"one": "1", "two": "2"}'
	start_container
	tare update --pids-limit 20 "$id"
	tare update --pids-limit 21 "$id"
	[[ $(tare state "$id" | jq -c .annotations) = '{"one":"1","two":"2"}' ]]
	[[ $(jq '.annotations | length' "$state/$id/status") = 2 ]]
	[[ $(grep -o '"one"' "$state/$id/status" | wc -l) = 1 ]]
}

@test "a paused container stays paused" {
	need_controller pids freezer
	start_container
	tare pause "$id"
	tare update --pids-limit 20 "$id"
	[[ $(state_of) = paused ]]
	tare resume "$id"
}

@test "update of a stopped container is refused" {
	program true
	start_container
	wait_for 5 has_state stopped
	run tare update --pids-limit 20 "$id"
	expect_error 'not running'
}

@test "events --stats prints one reading" {
	start_container
	run tare events --stats "$id"
	expect_status 0
	jq -e --arg id "$id" '.type == "stats" and .id == $id and .data.cpu.usage.total >= 0' <<<"$output"
}

@test "events end with the container" {
	start_container
	tare events --interval 50ms "$id" >"$BATS_TEST_TMPDIR/events" &
	wait_for 5 grep -q stats "$BATS_TEST_TMPDIR/events"
	tare delete --force "$id"
	wait
}

@test "events tell of a container whose only process the kernel killed for its memory" {
	need_controller memory
	config '.linux.resources.memory.limit = 16777216 | .process.args = ["sh", "-c",
		"until [ -e /tmp/go ]; do sleep 0.1; done; exec tail /dev/zero"] |
		.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	tare run --detach --bundle "$bundle" "$id"
	tare events --interval 50ms "$id" >"$BATS_TEST_TMPDIR/events" &
	wait_for 5 grep -q stats "$BATS_TEST_TMPDIR/events"
	tare exec "$id" touch /tmp/go
	wait
	grep -q '"type":"oom"' "$BATS_TEST_TMPDIR/events"
}

@test "an interval that is none is refused" {
	start_container
	run tare events --interval 0s "$id"
	expect_error 'greater than 0'
}

# A device that no driver has: opening it fails in one way where it is allowed, in another where not.
may_open() {
	case $(tare exec "$id" cat /dev/nobodys 2>&1 || true) in
	*'No such device'*) echo yes ;;
	*'Operation not permitted'*) echo no ;;
	esac
}

@test "a file's device rules come after those in force, and other updates leave them" {
	need_controller pids
	config '.linux.devices = [{path: "/dev/nobodys", type: "c", major: 240, minor: 77}]
		| .linux.resources.devices = [{allow: false, access: "rwm"}]'
	start_container
	[[ $(may_open) = no ]]
	tare update --resources - "$id" <<<'{"devices": [{"allow": true, "type": "c", "major": 240, "minor": 77, "access": "r"}]}'
	[[ $(may_open) = yes ]]
	tare update --pids-limit 20 "$id"
	[[ $(may_open) = yes ]]
	tare update --resources - "$id" <<<'{"devices": [{"allow": false, "type": "c", "major": 240, "minor": 77, "access": "rwm"}]}'
	[[ $(may_open) = no ]]
	tare exec "$id" sh -c 'echo >/dev/null'
	run tare update --resources - "$id" <<<'{"devices": [{"allow": true, "type": "x", "access": "r"}]}'
	expect_error "standard input: /devices/.*: device type 'x'"
	[[ $(may_open) = no ]]
}

@test "limits of a device's input and output are changed one by one" {
	local dev dir

	need_controller blkio
	need_cgroup hybrid v1
	dev=$(find /sys/block -mindepth 1 -maxdepth 1 -not -name 'loop*' | head -n 1)
	[[ $dev ]] || skip 'needs a block device'
	dev=$(<"$dev/dev")
	config --argjson major "${dev%:*}" --argjson minor "${dev#*:}" '.linux.resources.blockIO = {
		throttleReadBpsDevice: [{major: $major, minor: $minor, rate: 485760}],
		throttleWriteIOPSDevice: [{major: $major, minor: $minor, rate: 900}]}'
	start_container
	jq -n --argjson major "${dev%:*}" --argjson minor "${dev#*:}" '{blockIO: {
		throttleReadBpsDevice: [{major: $major, minor: $minor, rate: 1048576}],
		throttleWriteBpsDevice: [{major: $major, minor: $minor, rate: 2097152}]}}' >io.json
	tare update --resources io.json "$id"
	[[ $(limit blkio blkio.throttle.read_bps_device io.max) = "$dev 1048576" ]]
	[[ $(limit blkio blkio.throttle.write_bps_device io.max) = "$dev 2097152" ]]
	[[ $(limit blkio blkio.throttle.write_iops_device io.max) = "$dev 900" ]]
}
