# checkpoint.bats - checkpoint and restore, where criu works

load ../lib
setup() { tare_setup; }
teardown() { tare_teardown; }

need_criu() {
	need_program criu
	criu check >/dev/null 2>&1 || skip 'criu does not work on this kernel'
}

counter() {
	shell 'i=0; while :; do i=$((i + 1)); echo $i >/dev/shm/n; sleep 0.2; done'
	tare run --detach --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1
	wait_for 10 tare exec "$id" test -s /dev/shm/n
}

count() {
	tare exec "$id" cat /dev/shm/n
}

@test "a container goes on where it was" {
	need_criu
	counter
	wait_for 10 eval '(($(count) > 3))'
	tare checkpoint --image-path images "$id"
	run tare state "$id"
	expect_error "$id"
	tare restore --detach --bundle "$bundle" --image-path images "$id" </dev/null >/dev/null 2>&1
	[[ $(state_of) = running ]]
	(($(count) >= 3))
	run tare exec "$id" wc -c /proc/keys
	expect_output '0 /proc/keys'
}

@test "a container may be left running" {
	need_criu
	counter
	tare checkpoint --leave-running --image-path images --work-path work "$id"
	[[ $(state_of) = running ]]
	[[ -s work/dump.log ]]
}

@test "without criu, the error names its package" {
	start_container
	run tare --criu /nonexistent checkpoint "$id"
	expect_error 'install the package criu'
	[[ $(state_of) = running ]]
}

@test "a container that does not run cannot be saved" {
	program true
	start_container
	wait_for 5 has_state stopped
	run tare checkpoint "$id"
	expect_error 'cannot be checkpointed in the stopped state'
}

@test "images of an earlier dump are relative" {
	need_criu
	start_container
	run tare checkpoint --image-path images --parent-path /images "$id"
	expect_error '--parent-path'
}

@test "a container that could not be restored is not saved, and goes on" {
	need_program criu
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "cgroup"))'
	chmod o+x "$BATS_TEST_TMPDIR" "$bundle"
	start_container
	run tare checkpoint --image-path images "$id"
	expect_error 'could not restore one with a user namespace'
	[[ $(state_of) = running ]]
	tare delete --force "$id"
	config 'del(.mounts, .linux.maskedPaths, .linux.readonlyPaths, .linux.uidMappings, .linux.gidMappings)
		| .root.readonly = false
		| .linux.namespaces |= map(select(.type != "mount" and .type != "user"))'
	start_container
	run tare checkpoint --image-path images "$id"
	expect_error 'it has no mount namespace'
	[[ $(state_of) = running ]]
}
