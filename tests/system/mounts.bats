# mounts.bats - mounts: changing the mounts of a container that runs

load ../lib
setup() {
	tare_setup
	need_kernel 5.12
	mkdir "$BATS_TEST_TMPDIR/source"
	echo from outside >"$BATS_TEST_TMPDIR/source/file"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/source"
	config '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
}
teardown() { tare_teardown; }

# list JSON: into the file that the command reads
list() {
	echo "$1" >"$BATS_TEST_TMPDIR/mounts"
}

inside() {
	tare exec "$id" "$@"
}

own_userns() {
	chown -R 100000:100000 "$bundle/rootfs"
	config '.linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings'
}

check_add_and_remove() {
	start_container
	list "[{\"destination\": \"/tmp/a/b\", \"source\": \"$BATS_TEST_TMPDIR/source\", \"options\": [\"bind\", \"ro\"]},
		{\"destination\": \"/tmp/t\", \"type\": \"tmpfs\", \"source\": \"tmpfs\"}]"
	tare mounts add "$id" "$BATS_TEST_TMPDIR/mounts"
	[[ $(inside cat /tmp/a/b/file) = 'from outside' ]]
	run inside touch /tmp/a/b/new
	expect_line 'Read-only file system'
	inside grep -q ' /tmp/t ' /proc/self/mountinfo
	tare mounts remove "$id" "$BATS_TEST_TMPDIR/mounts"
	run inside cat /tmp/a/b/file
	((status != 0))
	run inside grep ' /tmp/t ' /proc/self/mountinfo
	expect_status 1
}

@test "mounts are added to a running container, and removed" {
	check_add_and_remove
}

@test "mounts are added to a container in its own user namespace, and removed" {
	own_userns
	check_add_and_remove
}

@test "when one mount fails, none is left" {
	start_container
	list '[{"destination": "/tmp/one", "type": "tmpfs", "source": "tmpfs"},
		{"destination": "/tmp/two", "type": "tmpfs", "source": "tmpfs", "options": ["size=banana"]}]'
	run tare mounts add "$id" "$BATS_TEST_TMPDIR/mounts"
	expect_error '/1: .*Bad value'
	run inside grep ' /tmp/one ' /proc/self/mountinfo
	expect_status 1
}

@test "a link of the container's leads a new mount nowhere outside, and a removal nowhere at all" {
	start_container
	inside ln -s ../../../etc /tmp/link
	inside ln -s /proc/keys /tmp/mask
	list "[{\"destination\": \"/tmp/link/new\", \"type\": \"tmpfs\", \"source\": \"tmpfs\"}]"
	run tare mounts add "$id" "$BATS_TEST_TMPDIR/mounts"
	[[ ! -e /etc/new ]]
	list '[{"destination": "/tmp/mask"}]'
	run tare mounts remove "$id" "$BATS_TEST_TMPDIR/mounts"
	expect_error 'unmount'
	[[ $(inside wc -c /proc/keys) = '0 /proc/keys' ]]
}

@test "a stopped container has no mounts to change" {
	program true
	start_container
	wait_for 5 has_state stopped
	list '[]'
	run tare mounts add "$id" "$BATS_TEST_TMPDIR/mounts"
	expect_error 'not running'
}
