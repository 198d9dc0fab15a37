# small_memory.bats - what a start itself needs: half a megabyte in the container's cgroup, two outside
# nothing new with systemd: it works on the kernel, and asks nobody

load ../lib
setup() {
	tare_setup
	need_controller memory
	config '.linux.resources.memory.limit = 524288'
	program true
}
teardown() { tare_teardown; }

@test "a container starts in 512 KiB" {
	for _ in 1 2 3 4 5; do
		run_container
		expect_output ''
		expect_status 0
	done
}

@test "a container with ids of its own starts in 512 KiB" {
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "cgroup"))'
	chmod o+x "$BATS_TEST_TMPDIR" "$bundle"
	run_container
	expect_output ''
	expect_status 0
}

# The kernel keeps up to 63 pages for each processor that are charged and not used (memcontrol.c,
# MEMCG_CHARGE_BATCH). It asks for them back when the limit is reached, but does not wait for a processor
# that is busy: two programs with 250 KiB together were killed at 512 KiB when both processors had work.
@test "a container is created, started and joined in 512 KiB, and what the kernel keeps for each processor" {
	config ".linux.resources.memory.limit = $((524288 + ($(nproc) - 1) * 64 * 4096))"
	program sleep 1000
	tare create --bundle "$bundle" "$id" </dev/null >out 2>&1
	tare start "$id"
	run tare exec "$id" true
	expect_output ''
	expect_status 0
	tare delete --force "$id"
}

@test "the runtime itself takes at most 2 MiB" {
	need_program /usr/bin/time
	! grep -q __asan_init "$TARE_RUNTIME" || skip "a sanitizer takes more"
	/usr/bin/time -f %M -o peak "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	echo "peak: $(<peak) KiB"
	(($(tail -n 1 peak) <= 2048))
}
