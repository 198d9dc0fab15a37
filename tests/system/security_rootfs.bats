# security_rootfs.bats - a hostile root file system reaches nothing outside (SECURITY.md, 1.1)
# nothing new with systemd: the other guest's mounts are shared as systemd shares them
#
# Every test ends with a look at the host: see canary.bash.

load ../lib
load ../canary
setup() { tare_setup && canary_setup; }
teardown() { canary_intact && tare_teardown; }

# both_walks COMMAND...: with openat2, and with the walk that stands in for it.
both_walks() {
	"$@"
	TARE_TEST_LACK=openat2 "$@"
}

# --- masked paths and devices -------------------------------------------------------------------

# A volume as /dev, whose null is the thing to be written to.
mask_with_null_being() {
	local dev=$BATS_TEST_TMPDIR/dev

	mkdir "$dev"
	case $1 in
	link) ln -s /proc/sys/kernel/core_pattern "$dev/null" ;;
	file) echo trap >"$dev/null" ;;
	device) mknod "$dev/null" c 1 5 ;;
	esac
	without_mount /dev /dev/pts /dev/shm /dev/mqueue
	with_bind "$dev" /dev
	config '.linux.maskedPaths += ["/masked"]'
	echo secret | replace_file masked 666
	shell 'cat /masked; echo "|/bin/sh" >/masked; stat -c %F,%t,%T /masked; cat /proc/keys | wc -c'
	run_container
	expect_status 0
	expect_line '^character special file,1,3$'
	expect_line '^0$'
	expect_no_line secret
}

@test "CVE-2025-31133: masking with a /dev/null that is a link" {
	mask_with_null_being link
}

@test "CVE-2025-31133: masking with a /dev/null that is a file" {
	mask_with_null_being file
}

@test "CVE-2025-31133: masking with a /dev/null that is another device" {
	mask_with_null_being device
}

# own_dev: /dev is the root's own folder
own_dev() {
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
}

# ptmx_is_fifo PATH: run is refused, and who waits at the FIFO sees nobody open it
ptmx_is_fifo() {
	timeout 20 cat "$1" 3>&- &
	with_terminal env TARE_TEST_LACK="$lack" "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_error "'/dev/pts/ptmx' is not a ptmx"
	# nobody has opened it for writing
	kill "$!"
}

@test "standard input that is null is the container's own null device" {
	program sh -c '[ "$(stat -L -c %d:%i /proc/self/fd/0)" = "$(stat -c %d:%i /dev/null)" ]'
	run tare run --bundle "$bundle" "$id" </dev/null
	expect_status 0
}

@test "a FIFO in the place of /dev/null is not even opened by exec" {
	need_program python3
	own_dev
	config '.root.readonly = false'
	start_container
	rm "$bundle/rootfs/dev/null"
	mkfifo "$bundle/rootfs/dev/null"
	run timeout 20 python3 - "$bundle/rootfs/dev/null" "$TARE_RUNTIME" --root "$state" exec "$id" true <<-'EOF'
		import ctypes, os, subprocess, sys
		libc = ctypes.CDLL(None)
		watch = libc.inotify_init1(os.O_NONBLOCK)
		libc.inotify_add_watch(watch, sys.argv[1].encode(), 0x20)  # IN_OPEN
		subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL, check=True)
		try:
		    os.read(watch, 4096)
		    print('it was opened')
		except BlockingIOError:
		    pass
	EOF
	expect_status 0
	expect_output ''
}

@test "CVE-2025-52565: /dev/console is a link to a file of the host" {
	without_mount /dev /dev/pts /dev/shm /dev/mqueue
	with_mount '{"type": "devpts", "source": "devpts", "destination": "/dev/pts", "options": ["newinstance", "ptmxmode=0666"]}'
	config '.process.terminal = true | .root.readonly = false'
	plant dev/console "$canary/file"
	shell 'tty; echo reached >/dev/console'
	with_terminal "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	refused_or_contained
}

@test "CVE-2025-52565: /dev/pts/0 and /dev/pts/ptmx are links" {
	without_mount /dev /dev/pts /dev/shm /dev/mqueue
	config '.process.terminal = true | .root.readonly = false'
	plant dev/pts/ptmx "$canary/file"
	plant dev/pts/0 "$canary/file"
	plant dev/ptmx "$canary/file"
	shell 'echo reached'
	with_terminal "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	((status != 0))
	expect_line 'ptmx'
}

@test "a FIFO in the place of a ptmx is not even opened" {
	local lack fifo=$BATS_TEST_TMPDIR/fifo

	mkfifo "$fifo"
	config '.process.terminal = true | .root.readonly = false'
	cp "$bundle/config.json" "$BATS_TEST_TMPDIR/good"
	program true
	with_bind "$fifo" /dev/pts/ptmx
	for lack in '' openat2; do
		ptmx_is_fifo "$fifo"
	done
	cp "$BATS_TEST_TMPDIR/good" "$bundle/config.json"
	program true
	without_mount /dev /dev/pts /dev/shm /dev/mqueue
	mkdir -p "$bundle/rootfs/dev/pts"
	mkfifo "$bundle/rootfs/dev/ptmx"
	ptmx_is_fifo "$bundle/rootfs/dev/ptmx"
}

@test "a terminal needs neither openat2 nor a procfs" {
	local lack

	without_mount /proc
	config '.process.terminal = true | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	program tty
	for lack in '' openat2; do
		with_terminal env TARE_TEST_LACK="$lack" "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
		expect_status 0
		expect_line '^/dev/'
	done
}

@test "a procfs of other descriptors does not decide what the null device is" {
	local pid n=0 null=$BATS_TEST_TMPDIR/null

	mknod "$null" c 1 3 2>/dev/null && : <"$null" || skip 'needs device nodes outside the container'
	(
		for ((n = 3; n < 100; n++)); do
			eval "exec $n<'$null'"
		done
		exec sleep 60
	) &
	pid=$!
	wait_for 5 test -e "/proc/$pid/fd/99"
	without_mount /proc
	with_bind "/proc/$pid/fd" /proc/thread-self/fd
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false'
	start_container
	run stat -L -c %d:%i "/proc/$(pid_of)/fd/0" "$null"
	kill "$pid"
	[[ ${lines[0]} != "${lines[1]}" ]] || show_run
}

# --- /proc and /sys ---------------------------------------------------------------------------

@test "CVE-2025-52881: a volume over /proc takes no write meant for a sysctl" {
	local fake=$BATS_TEST_TMPDIR/fake

	mkdir -p "$fake/sys/kernel" "$fake/self/attr" "$fake/thread-self/attr"
	ln -s "$canary/file" "$fake/sys/kernel/msgmax"
	ln -s /proc/sysrq-trigger "$fake/self/attr/exec"
	without_mount /proc
	config '.mounts = [{type: "bind", source: $s, destination: "/proc", options: ["rbind"]}] + .mounts |
		.linux.sysctl = {"kernel.msgmax": "4321"} | .linux.maskedPaths = [] | .linux.readonlyPaths = []' \
		--arg s "$fake"
	shell 'ls -l /proc/sys/kernel/msgmax'
	run_container
	refused_or_contained
	# where it ran, the real one was set, in the container's own namespace
	run tare state "$id"
}

@test "CVE-2025-52881: a sysctl is set in the container's own namespace only" {
	config '.linux.sysctl = {"kernel.msgmax": "4321"}'
	program cat /proc/sys/kernel/msgmax
	run_container
	expect_output 4321
}

proc_is_link() {
	plant proc "$1"
	mkdir -p "$bundle/rootfs/bad-proc/sys"
	shell 'ls /proc'
	run_container
	expect_error "'/proc'.*ordinary directory"
}

@test "CVE-2019-19921, CVE-2023-27561: /proc is a link inside the root" {
	both_walks proc_is_link /bad-proc
	both_walks proc_is_link bad-proc
}

@test "CVE-2023-28642: /sys is a link" {
	plant sys ..
	program true
	both_walks run_container
	expect_error "/sys"
}

@test "CVE-2019-16884: nothing is mounted on or below /proc but views of the system" {
	local target

	program true
	cp "$bundle/config.json" "$BATS_TEST_TMPDIR/config.json"
	for target in /proc/self /proc/self/attr /proc/1/attr /proc/sys /proc/sys/kernel /proc/self/exe \
		/proc/thread-self/attr/exec /proc/kcore /proc/keys /proc/../proc/self; do
		cp "$BATS_TEST_TMPDIR/config.json" "$bundle/config.json"
		with_bind "$canary/empty" "$target"
		[[ $target != */e* && $target != */kcore && $target != */keys ]] ||
			config '.mounts[-1].source = $f' --arg f "$canary/file"
		run_container
		expect_error 'procfs|ordinary directory|symbolic links'
	done
}

@test "CVE-2019-16884: through a link neither" {
	plant way /proc/self
	plant dir/way ../proc
	program true
	with_bind "$canary/empty" /way/attr
	run_container
	expect_error 'procfs'
	config '.mounts[-1].destination = "/dir/way/1/attr"'
	run_container
	expect_error 'procfs'
}

@test "a file may be shown over /proc/meminfo, as lxcfs does" {
	with_bind "$canary/file" /proc/meminfo ro
	program cat /proc/meminfo
	run_container
	expect_output secret
}

# --- mount targets ----------------------------------------------------------------------------

# The target's path has a link at its beginning, in its middle or at its end.
bind_through_links() {
	local source=$BATS_TEST_TMPDIR/source

	mkdir -p "$source"
	echo inside >"$source/mark"
	plant abs "$canary"
	plant rel "../../../../../../../../../..$canary"
	plant deep/er/link ../../../../../../../../../../../..
	with_bind "$source" /abs/private
	with_bind "$source" /rel/new/folder
	with_bind "$source" "/deep/er/link$canary/empty"
	with_bind "$source/mark" /abs/newfile
	config '.root.readonly = false'
	shell "cat $canary/private/mark $canary/new/folder/mark $canary/empty/mark $canary/newfile"
	run_container
	expect_output $'inside\ninside\ninside\ninside'
	rm -rf "${bundle:?}/rootfs$canary"
}

@test "CVE-2015-1335: mount targets through links stay inside the root" {
	bind_through_links
}

@test "CVE-2015-1335: mount targets through links stay inside the root, without openat2" {
	TARE_TEST_LACK=openat2 bind_through_links
}

plant_farm() {
	local i

	for i in {1..60}; do
		plant "farm/l$i" "l$((i + 1))"
	done
	plant farm/loop loop
	plant farm/up ../../../../../../../../..
	plant farm/long "$(printf 'up/%.0s' {1..200})"
	program true
	config '.root.readonly = false'
}

link_farm() {
	with_bind "$canary/empty" "$1"
	run_container
	config 'del(.mounts[-1])'
}

@test "CVE-2019-18837: farms of links end in an error or inside the root" {
	local lack

	plant_farm
	for lack in '' openat2; do
		export TARE_TEST_LACK=$lack
		link_farm /farm/l1/x
		expect_error 'symbolic link|loop|no such file'
		link_farm /farm/loop/x
		expect_error 'symbolic links'
		link_farm "/farm/up/up/up$canary/x"
		expect_status 0
		link_farm "/../../../../..$canary/y"
		expect_status 0
	done
}

@test "a device that the config asks for does not replace a file, be it the host's" {
	mkdir "$BATS_TEST_TMPDIR/shared"
	echo precious >"$BATS_TEST_TMPDIR/shared/file"
	with_bind "$BATS_TEST_TMPDIR/shared" /mnt
	config '.linux.devices = [{path: "/mnt/file", type: "c", major: 1, minor: 3}]'
	program true
	both_walks run_container
	expect_error "/linux/devices/0: .*device '/mnt/file': something else is there: file exists"
	[[ $(<"$BATS_TEST_TMPDIR/shared/file") = precious ]]
}

@test "CVE-2024-45310: missing parts of a mount target are never made through a dangling link" {
	plant etc/hosts "$canary/new/hosts"
	plant data "$canary/newdir"
	echo hosts >"$BATS_TEST_TMPDIR/hosts"
	with_bind "$BATS_TEST_TMPDIR/hosts" /etc/hosts
	with_bind "$canary/empty" /data/sub
	config '.root.readonly = false'
	program true
	both_walks run_container
	refused_or_contained
}

@test "CVE-2025-24965: a mount target that is a FIFO, a device, a hard link to a file of the host" {
	mkfifo "$bundle/rootfs/fifo"
	mknod "$bundle/rootfs/device" c 1 7
	ln "$canary/file" "$bundle/rootfs/hard"
	canary_setup_again
	echo shown >"$BATS_TEST_TMPDIR/shown"
	with_bind "$BATS_TEST_TMPDIR/shown" /fifo ro
	with_bind "$BATS_TEST_TMPDIR/shown" /device ro
	with_bind "$BATS_TEST_TMPDIR/shown" /hard ro
	program cat /fifo /device /hard
	run_container
	expect_output $'shown\nshown\nshown'
}

# The hard link is ours.
canary_setup_again() {
	host_facts >"$BATS_TEST_TMPDIR/facts"
}

@test "CVE-2026-41579, CVE-2026-47766: /dev of the root is a link to a folder of the host" {
	local target

	without_mount /dev /dev/pts /dev/shm /dev/mqueue
	config '.root.readonly = false'
	program true
	for target in "$canary/dev" "../../../../../../../../../../..$canary/dev"; do
		plant dev "$target"
		both_walks run_container
		refused_or_contained
		# not by `run`: the created process would keep its pipe open
		! tare create --bundle "$bundle" "$id" >"$BATS_TEST_TMPDIR/out" 2>&1 || tare start "$id"
		tare delete --force "$id"
		rm -rf "${bundle:?}/rootfs$BATS_TEST_TMPDIR"
	done
}

@test "CVE-2026-55686: a working directory that leads through a link is made inside the root" {
	plant w "$canary/x"
	config '.process.cwd = "/w/y" | .root.readonly = false'
	program pwd -P
	both_walks run_container
	((status != 0)) || expect_output "$canary/x/y"
}

@test "tmpcopyup copies links, and does not follow them" {
	plant source/dir "$canary/private"
	plant source/file "$canary/file"
	with_mount '{"type": "tmpfs", "source": "tmpfs", "destination": "/source", "options": ["tmpcopyup"]}'
	shell 'ls -l /source; cat /source/file /source/dir/key'
	run_container
	expect_no_line '^(secret|key)$'
	expect_line 'dir ->'
}

@test "masked and read-only paths that are links do not touch the host" {
	plant masked "$canary/file"
	plant readonly "$canary/private"
	config '.linux.maskedPaths += ["/masked", "/../../../..'"$canary"'/file"] |
		.linux.readonlyPaths += ["/readonly"]'
	program true
	both_walks run_container
	refused_or_contained
}

@test "a device's path through a link is made inside the root" {
	plant devices "$canary"
	config '.linux.devices = [{path: "/devices/made", type: "c", major: 1, minor: 3}] |
		.root.readonly = false'
	program true
	both_walks run_container
	refused_or_contained
}

shares_nothing() {
	program cat /proc/self/mountinfo
	run unshare --mount --propagation shared "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_status 0
	expect_no_line ' shared:'
}

@test "no mount inside is a peer of one of the host's, to which its mounts would spread" {
	with_bind "$canary/empty" /data
	shares_nothing
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
		.linux.gidMappings = .linux.uidMappings'
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$bundle"
	shares_nothing
}

@test "the root itself may not be the host's" {
	config '.root.path = "/"'
	program true
	run_container
	((status == 0)) || expect_error .
	canary_intact
}

@test "an id is not a path" {
	local bad

	program true
	for bad in ../x a/b .. . '' $'a\nb' "$(printf 'x%.0s' {1..300})"; do
		run tare run --bundle "$bundle" "$bad"
		expect_error .
		run tare delete --force "$bad"
		((status != 0))
	done
}

# --- with all fallbacks -------------------------------------------------------------------------

runs_without() {
	shell 'echo runs; ls /proc/self/fd | wc -l; test -c /dev/null; ! touch /made 2>/dev/null; cat /proc/keys'
	TARE_TEST_LACK=$1 run_container
	expect_output $'runs\n4'
	program sleep 1000
	TARE_TEST_LACK=$1 start_container
	run env TARE_TEST_LACK="$1" "$TARE_RUNTIME" --root "$state" exec "$id" echo inside
	expect_output inside
	TARE_TEST_LACK=$1 tare delete --force "$id"
}

@test "a container runs on a kernel without openat2" {
	runs_without openat2
}

@test "a container runs on a kernel without clone3" {
	runs_without clone3,clone_into_cgroup
}

@test "a container runs on a kernel without pidfds" {
	runs_without pidfd
}

@test "a container runs on a kernel without the mount API" {
	runs_without mount_api,mount_setattr
}

@test "a container runs on a kernel without mount_setattr" {
	runs_without mount_setattr
}

@test "a container runs on a kernel without mount_setattr below shared mounts" {
	local lack

	for lack in mount_setattr mount_api,mount_setattr; do
		shell 'echo runs'
		run env TARE_TEST_LACK=$lack unshare --mount --propagation shared \
			"$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
		expect_output runs
	done
}

@test "a container runs on a kernel without close_range" {
	runs_without close_range
}

@test "a container runs on a kernel without cgroup.kill" {
	runs_without cgroup.kill
}

@test "a container runs on a kernel without clone into a cgroup" {
	runs_without clone_into_cgroup
}

@test "a container runs on a kernel without executable memory files" {
	runs_without memfd_exec
}

@test "a container runs on a kernel that lacks all of these" {
	runs_without openat2,clone3,pidfd,mount_api,mount_setattr,close_range,cgroup.kill,clone_into_cgroup,memfd_exec
}

# --- without a pivot ------------------------------------------------------------------------------

# The host's /proc and /sys must not be left in the mount namespace, where the kernel would find them
# and let a user namespace have instances without our masks.
@test "--no-pivot: a user namespace gets no procfs or sysfs without masks" {
	config '.process.capabilities |= map_values(. + ["CAP_SETFCAP"])'
	shell 'for fs in proc sysfs; do unshare -rmpf mount -t $fs none /mnt && echo mounted $fs; done; echo end'
	mkdir -p "$bundle/rootfs/mnt"
	run_container --no-pivot
	expect_status 0
	expect_line '^end$'
	expect_no_line '^mounted'
	TARE_TEST_LACK=mount_api run_container --no-pivot
	expect_line '^end$'
	expect_no_line '^mounted'
	program sh -c 'ls /proc/self/status'
	run_container --no-pivot
	expect_output /proc/self/status
}
