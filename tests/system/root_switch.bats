# root_switch.bats - --no-pivot: the root by chroot; and mounts on '/'
# nothing new with systemd: the other guest's mounts are shared as systemd shares them

load ../lib
setup() { tare_setup; }
teardown() { tare_teardown; }

# A shell that leaves its root the classic way: a second chroot, and a descriptor outside of it.
breakout() {
	mkdir -p "$bundle/rootfs/jail"
	config '.mounts += [
		{destination: "/jail/bin", type: "bind", source: "rootfs/bin", options: ["rbind"]},
		{destination: "/jail/proc", type: "proc", source: "proc"}]
		| .root.readonly = false
		| .process.capabilities |= map_values(. + ["CAP_SYS_CHROOT", "CAP_SETFCAP"])'
	shell "exec 9</; chroot /jail /bin/sh -c 'cd -P /proc/self/fd/9/../../../..; /bin/ls -d \$PWD ./etc .$BATS_TEST_TMPDIR .$BATS_TEST_TMPDIR/bundle'"
}

# A shell that mounts a procfs in a user namespace of its own.
own_proc() {
	config '.process.capabilities |= map_values(. + ["CAP_SETFCAP"]) | .process.noNewPrivileges = false'
	program unshare -mrpf sh -c 'mount -t proc none /proc && ls /proc/sysrq-trigger'
}

@test "under --no-pivot the root is the container's" {
	shell 'ls -d /etc/passwd /proc/self /nothing; cat /proc/self/mountinfo | cut -d " " -f 5'
	run_container --no-pivot
	expect_line '^/etc/passwd$'
	expect_line '^/proc/self$'
	expect_line '^/$'
	expect_line '^/dev/pts$'
}

@test "under --no-pivot a second chroot does not reach the host" {
	breakout
	run_container --no-pivot
	expect_line '^\./etc$'
	expect_line "ls: \\.$BATS_TEST_TMPDIR: No such file"
}

@test "under --no-pivot the host's procfs is not there to be mounted without masks" {
	own_proc
	run_container --no-pivot
	((status != 0))
	expect_line 'mount: (permission denied|mounting none on /proc failed: Operation not permitted)'
}

@test "likewise with ids of its own, whose namespace may not unmount the host's" {
	own_proc
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "cgroup"))'
	chmod o+x "$BATS_TEST_TMPDIR" "$bundle"
	run_container --no-pivot
	((status != 0))
	expect_line 'mount: (permission denied|mounting none on /proc failed: Operation not permitted)'
}

@test "under --no-pivot no mount of the host's is taken from the host" {
	local spread

	program true
	for spread in '' shared rshared rslave rprivate; do
		config --arg spread "$spread" 'if $spread == "" then . else .linux.rootfsPropagation = $spread end'
		run unshare --mount --propagation shared bash -c '
			list() { grep -E " - (proc|sysfs|cgroup2?|devpts|mqueue) " /proc/self/mountinfo | cut -d " " -f 5; }
			list >before && "$1" --root "$2" run --no-pivot --bundle "$3" "$4" && list | diff before -' \
			- "$TARE_RUNTIME" "$state" "$bundle" "$id"
		expect_output ''
		expect_status 0
	done
}

@test "exec finds the root of a container under --no-pivot" {
	start_container --no-pivot
	run tare exec "$id" sh -c "ls -d /etc/passwd $BATS_TEST_TMPDIR; cat /proc/1/comm"
	expect_line '^/etc/passwd$'
	expect_line 'sleep'
	expect_line "ls: $BATS_TEST_TMPDIR: No such file"
}

@test "under --no-pivot, on a kernel without mount_setattr" {
	own_proc
	export TARE_TEST_LACK=mount_setattr
	run_container --no-pivot
	((status != 0))
	expect_line 'mount: (permission denied|mounting none on /proc failed: Operation not permitted)'
	shell 'ls -d /etc/passwd'
	run_container --no-pivot
	expect_output /etc/passwd
}

# --- mounts on '/' ------------------------------------------------------------------------------

# mounted_on_root: what the program and exec see of a mount on "/"
mounted_on_root() {
	local word

	for word in "$@"; do
		[[ $word = first ]] && config '.mounts = [$m] + .mounts' --argjson m "$mount"
		[[ $word = last ]] && config '.mounts += [$m]' --argjson m "$mount"
	done
	program /bin/sh -c 'cat /marker; touch /written; exec sleep 1000'
	start_container
	wait_for 5 grep -q 'Read-only file system' "$BATS_TEST_TMPDIR/out"
	grep -qx 'the other root' "$BATS_TEST_TMPDIR/out"
	run tare exec "$id" sh -c 'cat /marker; touch /written; wc -c </proc/keys; ls -d /dev/full'
	expect_line '^the other root$'
	expect_line 'Read-only file system'
	[[ ! -e $BATS_TEST_TMPDIR/other/written && ! -e $bundle/rootfs/written ]]
}

@test "what a config mounts on '/' is the root, for exec too: read-only, with its masks" {
	cp -a "$bundle/rootfs" "$BATS_TEST_TMPDIR/other"
	echo 'the other root' >"$BATS_TEST_TMPDIR/other/marker"
	mount='{"destination": "/", "type": "bind", "source": "'$BATS_TEST_TMPDIR'/other", "options": ["bind"]}'
	mounted_on_root first
	expect_line '^0$'
	expect_line '^/dev/full$'
	tare delete --force "$id"
	config '.hooks.createContainer = [{path: "/bin/true"}]'
	mounted_on_root
	expect_line '^0$'
}

@test "a mount on '/' hides the mounts before it" {
	cp -a "$bundle/rootfs" "$BATS_TEST_TMPDIR/other"
	echo 'the other root' >"$BATS_TEST_TMPDIR/other/marker"
	mount='{"destination": "/", "type": "bind", "source": "'$BATS_TEST_TMPDIR'/other", "options": ["bind"]}'
	mounted_on_root last
}

@test "nothing is mounted on '/' of a container that runs" {
	need_kernel 5.12
	start_container
	echo '[{"destination": "/x/..", "type": "tmpfs", "source": "tmpfs"}]' >mounts.json
	run tare mounts add "$id" mounts.json
	expect_error "/0/destination: .*stays what it is"
	tare exec "$id" true
}
