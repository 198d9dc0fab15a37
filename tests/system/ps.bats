# ps.bats - ps and plan: commands that only look

load ../lib
setup() { tare_setup; }
teardown() { tare_teardown; }

@test "ps shows the container's processes, and no others, under the header of the host's ps" {
	start_container
	run tare ps "$id"
	expect_status 0
	[[ ${lines[0]} = *UID*PID*PPID*CMD* ]]
	((${#lines[@]} == 2))
	expect_line " $(pid_of) .*sleep 1000"
}

@test "ps passes options on to the host's ps" {
	start_container
	run tare ps "$id" -e -o 'pid,args'
	expect_status 0
	expect_line "^ *$(pid_of) sleep 1000"
}

@test "ps --format json is a list of ids" {
	start_container
	run tare ps --format json "$id"
	expect_output "[$(pid_of)]"
}

@test "a shell's words are only words to ps" {
	start_container
	run tare ps "$id" -o "pid,args;touch $BATS_TEST_TMPDIR/spoiled"
	((status != 0))
	[[ ! -e $BATS_TEST_TMPDIR/spoiled ]]
}

@test "ps without a PID column is refused" {
	start_container
	run tare ps "$id" -eo args
	expect_error 'no PID column'
}

@test "plan names stages, mounts and devices, and touches nothing" {
	config '.mounts += [{"destination": "/mnt/x", "source": "/etc", "type": "bind", "options": ["rbind", "ro", "rprivate"]}]'
	run tare plan --bundle "$bundle" "$id"
	expect_status 0
	expect_line '^ +init +EXEC +start the program'
	expect_line '^ +new +pid'
	expect_line '^ +fs +proc +proc +/proc'
	expect_line '^ +rbind +- +/etc +/mnt/x +ro,rprivate'
	expect_line ' /dev/null$'
	[[ ! -e $bundle/rootfs/mnt/x && ! -e $state/$id ]]
}

@test "plan --format json is the same as JSON" {
	run tare plan --bundle "$bundle" --format json "$id"
	expect_status 0
	jq -e '.stages[-1].name == "EXEC" and (.mounts | map(.target) | contains(["/proc"]))' <<<"$output"
}

@test "plan refuses what create would refuse" {
	config '.process.args = []'
	run tare plan --bundle "$bundle" "$id"
	expect_error 'config.json: /process/args'
}
