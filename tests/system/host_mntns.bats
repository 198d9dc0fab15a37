# host_mntns.bats - containers without a mount namespace: their mounts, and that the host never has any
# nothing new with systemd: the other guest's mounts are shared as systemd shares them

load ../lib
setup() {
	tare_setup
	config '.linux.namespaces |= map(select(.type != "mount"))'
}
teardown() { tare_teardown; }

# Other tests mount other things meanwhile: what is below our folder, and what nobody else mounts.
mounts() {
	grep -E "$BATS_TEST_TMPDIR| - (proc|sysfs|cgroup2?|devpts|mqueue) " /proc/self/mountinfo
}

# nothing_mounted BEFORE
nothing_mounted() {
	diff <(echo "$1") <(mounts)
}

# in_shared_world SCRIPT: runs it where "/" is shared, with a peer and a slave of it in $peer and
# $slave (pids); the script may call `seen`, which lists what any of the three sees below our folder.
in_shared_world() {
	run unshare --mount --propagation private bash -c '
		set -eu
		mount --make-rshared / # but no peer of the host
		tare() { "$TARE_RUNTIME" --root "$state" "$@"; }
		await() { for i in {1..200}; do [[ $(readlink "/proc/$1/ns/mnt") = $(readlink /proc/self/ns/mnt) || ! -e $dir/$2 ]] || return 0; sleep 0.01; done; }
		dir=$1 bundle=$1/bundle state=$1/state id=$2
		unshare --mount --propagation unchanged sh -c ": >\"$dir/peer\"; exec sleep 1000" & peer=$!
		unshare --mount --propagation slave sh -c ": >\"$dir/slave\"; exec sleep 1000" & slave=$!
		trap "kill $peer $slave" EXIT
		await "$peer" peer
		await "$slave" slave
		seen() { cat /proc/{self,$peer,$slave}/mountinfo | grep -F "$dir" | cut -d " " -f 4,5 || true; }
		'"$1" - "$BATS_TEST_TMPDIR" "$id"
}

@test "the program has its mounts, in the runtime's mount namespace, and the host has none of them" {
	local before

	before=$(mounts)
	program sh -c 'readlink /proc/self/ns/mnt; cat /proc/self/comm; ls -d /dev/pts/ptmx /sys/kernel /dev/full
		hostname; readlink /proc/self/fd/0; cd /proc/sys && pwd -P; echo >/dev/null; exec sleep 1000'
	start_container
	wait_for 5 grep -qx /proc/sys "$BATS_TEST_TMPDIR/out"
	nothing_mounted "$before"
	output=$(<"$BATS_TEST_TMPDIR/out")
	expect_line "^$(readlink /proc/self/ns/mnt | sed 's/[][]/\\&/g')$"
	expect_line '^cat$'
	expect_line '^/dev/pts/ptmx$'
	expect_line '^/sys/kernel$'
	expect_line '^/dev/full$'
	expect_line '^/dev/null$'
	[[ $(stat -Lc %d "/proc/$(pid_of)/fd/0") != "$(stat -c %d /dev)" ]]
	expect_line '^runc$'
	[[ $(readlink "/proc/$(pid_of)/ns/mnt") = "$(readlink /proc/self/ns/mnt)" ]]
	tare delete --force "$id"
	nothing_mounted "$before"
}

@test "masks and read-only paths hold, as does a read-only root, against CAP_SYS_ADMIN too" {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"])
		| .linux.maskedPaths += ["/etc/passwd"] | .linux.seccomp = null'
	shell 'wc -c </proc/keys; ls /sys/firmware | wc -l; wc -c </etc/passwd
		touch /x; echo 1 >/proc/sys/kernel/panic; umount /proc/keys; umount /etc/passwd
		mount -o remount,rw /; mount -t tmpfs none /mnt; nsenter -m/proc/self/ns/mnt true; wc -c </proc/keys; touch /x'
	run_container
	[[ $(grep -cx 0 <<<"$output") = 4 ]] || show_run
	[[ $(grep -c 'touch: /x: Read-only file system' <<<"$output") = 2 ]] || show_run
	expect_line "/proc/sys/kernel/panic: Read-only file system"
	expect_line 'nsenter.*Operation not permitted'
}

@test "binds, a tmpfs, and a mount on '/' are made as ever" {
	mkdir source
	echo here >source/file
	config '.mounts += [
		{destination: "/a/b", type: "bind", source: $d, options: ["rbind", "ro", "rprivate"]},
		{destination: "/t", type: "tmpfs", source: "tmpfs", options: ["size=64k"]},
		{destination: "/inside", type: "bind", source: "rootfs/a/b", options: ["bind"]}]' --arg d "$PWD/source"
	shell 'cat /a/b/file /inside/file; touch /a/b/file; touch /t/x && echo written'
	run_container
	[[ $(grep -cx here <<<"$output") = 2 ]] || show_run
	expect_line 'touch: /a/b/file: Read-only file system'
	expect_line '^written$'
	cp -a "$bundle/rootfs" other
	echo 'the other root' >other/marker
	config '.mounts = [{destination: "/", type: "bind", source: $d, options: ["bind"]}] + .mounts' --arg d "$PWD/other"
	shell 'cat /marker; wc -c </proc/keys; ls -d /..//marker'
	run_container
	expect_line '^the other root$'
	expect_line '^0$'
	expect_line '^/..//marker$'
	expect_status 0
}

@test "nothing leads up from the root: not '..', not a second chroot" {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_CHROOT", "CAP_SETFCAP", "CAP_DAC_OVERRIDE"]) | .linux.seccomp = null
		| .mounts += [
			{destination: "/jail/bin", type: "bind", source: "rootfs/bin", options: ["rbind"]},
			{destination: "/jail/proc", type: "proc", source: "proc"}]
		| .root.readonly = false'
	shell "exec 9</; chroot /jail /bin/sh -c 'cd -P /proc/self/fd/9/../../../..; /bin/ls -d ./etc .$BATS_TEST_TMPDIR'
		ls -d /../../..$BATS_TEST_TMPDIR; unshare -r true; unshare -Ur true
		nsenter -m/proc/self/ns/mnt ls -d .$BATS_TEST_TMPDIR"
	run_container
	expect_line '^\./etc$'
	expect_line "ls: \\.$BATS_TEST_TMPDIR: No such file"
	expect_line "ls: /../../..$BATS_TEST_TMPDIR: No such file"
	[[ $(grep -c 'unshare.*Operation not permitted' <<<"$output") = 2 ]] || show_run
	expect_line 'nsenter.*Operation not permitted'
}

@test "exec finds the root with its mounts, whatever root the program has chosen since" {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_CHROOT"])
		| .mounts += [{destination: "/jail/bin", type: "bind", source: "rootfs/bin", options: ["rbind"]}]'
	mkdir "$bundle/rootfs/jail"
	program chroot /jail /bin/sh -c 'echo there; exec sleep 1000'
	start_container
	wait_for 5 grep -q there "$BATS_TEST_TMPDIR/out"
	run tare exec "$id" sh -c "ls -d /etc/passwd $BATS_TEST_TMPDIR; pwd; wc -c </proc/keys; touch /x; cat /proc/1/comm; readlink /proc/self/ns/mnt"
	expect_line '^/etc/passwd$'
	expect_line '^/$'
	expect_line '^0$'
	expect_line 'touch: /x: Read-only'
	expect_line '^sleep$'
	expect_line "^mnt:.$(readlink /proc/self/ns/mnt | tr -dc 0-9).$"
	expect_line "ls: $BATS_TEST_TMPDIR: No such file"
}

@test "a created container is entered by exec, and starts" {
	shell 'wc -c </proc/keys'
	tare create --bundle "$bundle" "$id" </dev/null >out 2>&1
	run tare exec "$id" sh -c 'wc -c </proc/keys; cat /proc/1/comm'
	expect_line '^0$'
	run grep -F "$bundle" /proc/self/mountinfo
	expect_output ''
	tare start "$id"
	wait_for 5 has_state stopped
	[[ $(<out) = 0 ]]
	tare delete "$id"
}

@test "a terminal is there, under its name, and for exec as well" {
	config '.process.terminal = true | .root.readonly = true'
	shell 'test -t 0 && tty; ls -l /dev/console; echo typed >/dev/tty; echo shown >/dev/console'
	with_terminal "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_line '^/dev/pts/0'
	expect_line '^crw.* /dev/console'
	expect_line '^typed'
	expect_line '^shown'
	config '.process.terminal = false'
	program sleep 1000
	start_container
	with_terminal "$TARE_RUNTIME" --root "$state" exec --tty "$id" tty
	expect_line '^/dev/pts/0'
}

@test "hooks see what those of any container see" {
	config '.hooks = {
		createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "pwd >hook-1; p=$(jq .pid); nsenter -t $p -m sh -c \"cat $PWD/rootfs/proc/1/comm >$PWD/hook-1b; mount -t tmpfs -o mode=700 hook $PWD/rootfs/mnt\""]}],
		createContainer: [{path: "/bin/sh", args: ["sh", "-c", "pwd >../hook-2"]}],
		startContainer: [{path: "/bin/sh", args: ["sh", "-c", "cat /proc/1/comm"]}]}
		| .root.readonly = false'
	shell 'stat -c %a /mnt'
	mkdir -p "$bundle/rootfs/mnt"
	run_container
	expect_status 0
	expect_line '^700$'
	[[ $(<"$bundle/hook-1") = "$bundle" ]]
	[[ -s $bundle/hook-1b ]]
	[[ $(<"$bundle/hook-2") = "$bundle/rootfs" ]]
}

@test "a start that fails leaves no mount, nor does one that is killed" {
	local before delay

	before=$(mounts)
	config '.mounts += [{destination: "/t", type: "tmpfs", source: "tmpfs", options: ["nonsense=1"]}]'
	run_container
	expect_error "nonsense"
	nothing_mounted "$before"
	config '.mounts |= .[:-1] | .hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "2"]}]'
	for delay in 0.01 0.02 0.05 0.3; do
		"$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1 3>&- &
		sleep "$delay"
		kill -KILL $!
		wait $! || true
		tare delete --force "$id" || [[ ! -d $state/$id ]]
		nothing_mounted "$before"
	done
}

@test "a root that is a mount point itself stays mounted, with what is mounted below it" {
	run unshare --mount --propagation private bash -c '
		set -eu
		mount --bind "$1/bundle/rootfs" "$1/bundle/rootfs"
		mkdir -p "$1/bundle/rootfs/mnt"
		mount -t tmpfs below "$1/bundle/rootfs/mnt"
		echo marked >"$1/bundle/rootfs/mnt/marker"
		cp /proc/self/mountinfo "$1/before"
		"$TARE_RUNTIME" --root "$2" run --bundle "$1/bundle" "$3"
		diff "$1/before" /proc/self/mountinfo
		"$TARE_RUNTIME" --root "$2" run --no-pivot --bundle "$1/bundle" "$3"
		diff "$1/before" /proc/self/mountinfo' - "$BATS_TEST_TMPDIR" "$state" "$id"
	expect_status 0
}

@test "where '/' is shared, neither its peers nor its slaves see a mount" {
	program sleep 1000
	in_shared_world '
		mount --bind "$bundle/rootfs" "$bundle/rootfs"
		mkdir -p "$bundle/rootfs/mnt" && mount -t tmpfs below "$bundle/rootfs/mnt"
		seen >before
		(($(wc -l <before) == 9)) # the tmpfs is on the root, and below it
		tare run --detach --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1
		seen | diff before -
		tare exec "$id" ls /proc/self/fd >/dev/null
		tare delete --force "$id"
		seen | diff before -'
	expect_status 0
}

@test "what cannot be had without a mount namespace is refused by name" {
	local spec

	cp "$bundle/config.json" base.json
	for spec in '.linux.rootfsPropagation = "shared"|/linux/rootfsPropagation' \
		'.linux.rootfsPropagation = "rslave"|/linux/rootfsPropagation' \
		'.linux.namespaces += [{type: "user"}]|/linux/namespaces' \
		'.mounts += [{destination: "/a", type: "bind", source: "/", options: ["rbind", "rshared"]}]|/mounts/7/options/1' \
		'.mounts[0].options = ["unbindable"]|/mounts/0/options/0'; do
		cp base.json "$bundle/config.json"
		config "${spec%|*}"
		run_container
		expect_error "config.json: ${spec##*|}: .*there is no mount namespace"
		[[ ! -e $state/$id ]]
	done
	cp base.json "$bundle/config.json"
	config '.linux.rootfsPropagation = "rprivate"'
	program true
	run_container
	expect_status 0
}

@test "in a user namespace that cannot come back to the mount namespace, it is refused by name" {
	program true
	run unshare --user --map-root-user "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_error 'config.json: /linux/namespaces: .*nobody comes back'
	run unshare --user --map-root-user --mount "$TARE_RUNTIME" --root "$state" plan --bundle "$bundle" "$id"
	expect_status 0
}

@test "a plan says that it returns" {
	run tare plan --bundle "$bundle" "$id"
	expect_status 0
	expect_line "return to the runtime's mount namespace"
	config '.linux.namespaces += [{type: "mount"}]'
	run tare plan --bundle "$bundle" "$id"
	expect_no_line "return to the runtime's mount namespace"
}

@test "on a kernel without mount_setattr or openat2; without the mount API it is refused" {
	local lack

	shell 'wc -c </proc/keys; touch /x'
	for lack in mount_setattr openat2 pidfd clone3 mount_setattr,openat2,pidfd; do
		TARE_TEST_LACK=$lack run_container
		expect_line '^0$'
		expect_line 'Read-only file system'
	done
	TARE_TEST_LACK=mount_api run_container
	expect_error 'config.json: /linux/namespaces: .*needs Linux 5.2'
	program sleep 1000
	start_container
	TARE_TEST_LACK=pidfd run tare exec "$id" sh -c 'wc -c </proc/keys'
	expect_output 0
}

@test "mounts cannot be added to it" {
	start_container
	echo '[{"destination": "/mnt", "type": "tmpfs", "source": "tmpfs"}]' >mounts.json
	run tare mounts add "$id" mounts.json
	expect_error "it has no mount namespace"
}

@test "CAP_SYS_ADMIN without a mount namespace is a warning, and an error with --strict" {
	program true
	run tare --strict run --bundle "$bundle" "$id"
	expect_status 0
	config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
	run_container
	expect_status 0
	expect_line 'CAP_SYS_ADMIN can mount on the host'
	run tare --strict run --bundle "$bundle" "$id"
	expect_error '^config.json: /process/capabilities: without a mount namespace'
}
