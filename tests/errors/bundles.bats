# bundles.bats - each broken bundle has one line that says what, on what, why, and what to do
# nothing new with systemd: the lines are the same everywhere
#
# The lines are compared whole: whoever changes one looks at it here.

load ../lib
setup() { tare_setup; }
teardown() { tare_teardown; }

# says LINE [OPTION...]: run fails with exactly that line; %B in it is the bundle.
says() {
	local line=${1//%B/$bundle}

	shift
	! runs_shell || program true
	run tare "$@" run --bundle "$bundle" "$id"
	((status != 0)) || show_run
	expect_output "$line"
}

executable() {
	replace_file "$1" 755
}

# --- members ----------------------------------------------------------------------------------

@test "args that is a string" {
	config '.process.args = "sh -c true"'
	says "config.json: /process/args: must be an array, not a string"
}

@test "no args, no root, no process" {
	config '.process.args = []'
	says "config.json: /process/args: at least the program is needed"
	config '.process.args = ["true"] | del(.root)'
	says "config.json: /root/path: it is missing"
	config '.root.path = "rootfs" | del(.process)'
	run_container
	expect_output "config.json: /process: it is missing"
}

@test "numbers that are words" {
	config '.process.user.uid = "root"'
	says "config.json: /process/user/uid: must be a whole number, not a string"
	config '.process.user.uid = 0 | .linux.resources.memory.limit = "much"'
	says "config.json: /linux/resources/memory/limit: must be a whole number, not a string"
}

@test "an unknown capability, for who wants to be strict" {
	config '.process.capabilities.bounding = ["CAP_KILL", "CAP_FLY"]'
	says "config.json: /process/capabilities/bounding/1: unknown value 'CAP_FLY' (did you mean 'CAP_KILL'?)" --strict
	config '.process.capabilities.bounding = [7]'
	says "config.json: /process/capabilities/bounding/0: must be a string, not a number"
}

@test "memory nodes for a mode that takes none" {
	config '.linux.memoryPolicy = {mode: "MPOL_DEFAULT", nodes: "0-2,7"}'
	says "config.json: /linux/memoryPolicy/nodes: invalid memory policy nodes: the mode requires 0 nodes but got 4"
}

@test "an unknown limit, and one that is upside down" {
	config '.process.rlimits = [{type: "RLIMIT_FISH", hard: 1, soft: 1}]'
	says "config.json: /process/rlimits/0/type: unknown value 'RLIMIT_FISH' (did you mean 'RLIMIT_AS'?)"
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", hard: 1, soft: 2}]'
	says "config.json: /process/rlimits/0/soft: 2 is above the hard limit, 1"
}

@test "an unknown namespace, one that is listed twice, paths to none" {
	config '.linux.namespaces = [{type: "dream"}] | del(.hostname)'
	says "config.json: /linux/namespaces/0/type: unknown value 'dream'"
	config '.linux.namespaces = [{type: "mount"}, {type: "pid"}, {type: "pid"}]'
	says "config.json: /linux/namespaces/2: the pid namespace is listed twice"
	config '.linux.namespaces = [{type: "mount"}, {type: "network", path: "/no/netns"}]'
	says "config.json: /linux/namespaces/1/path: open the network namespace '/no/netns': no such file or directory"
	config '.linux.namespaces[1].path = "/etc/passwd"'
	says "config.json: /linux/namespaces/1/path: '/etc/passwd' is not a network namespace"
}

@test "an unknown action of seccomp" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_MAYBE"}'
	says "config.json: /linux/seccomp/defaultAction: unknown value 'SCMP_ACT_MAYBE' (did you mean 'SCMP_ACT_TRACE'?)"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NO"}]}'
	says "config.json: /linux/seccomp/syscalls/0/action: unknown value 'SCMP_ACT_NO' (did you mean 'SCMP_ACT_LOG'?)"
}

@test "a misspelt member of the process is a warning, and an error with --strict" {
	config '.process.noNewPrivilege = true'
	program true
	run_container
	expect_status 0
	expect_line "level=warning msg=\"config.json: /process/noNewPrivilege: unknown member \(did you mean 'noNewPrivileges'\?\)\""
	says "config.json: /process/noNewPrivilege: unknown member (did you mean 'noNewPrivileges'?)" --strict
}

@test "a letter of device access that means nothing is a warning, and an error with --strict" {
	local what="config.json: /linux/resources/devices/0: device access 'rwa': 'a' means nothing"

	config '.linux.resources.devices = [{allow: false, access: "rwa"}]'
	says "$what (it is one or more of r (read), w (write) and m (mknod))" --strict
	program true
	run_container
	expect_status 0
	expect_line "level=warning msg=\"$what"
	config '.linux.resources.devices[0].access = "a"'
	says "config.json: /linux/resources/devices/0: device access 'a' makes no sense (it is one or more of r (read), w (write) and m (mknod))"
}

@test "a device of no type, a propagation of none, a version of the future" {
	config '.linux.devices = [{path: "/dev/x", type: "q", major: 1, minor: 1}]'
	says "config.json: /linux/devices/0/type: unknown device type 'q'"
	config '.linux.devices = [] | .linux.rootfsPropagation = "sideways"'
	says "config.json: /linux/rootfsPropagation: unknown value 'sideways'"
	config 'del(.linux.rootfsPropagation) | .ociVersion = "9.9"'
	says "config.json: /ociVersion: version '9.9' of the specification is not supported (this runtime knows 1.0.0 to 1.3.0)"
}

@test "a working directory that is not absolute, a cgroup path that climbs" {
	config '.process.cwd = "tmp"'
	says "config.json: /process/cwd: 'tmp' is not an absolute path"
	config '.process.cwd = "/" | .linux.cgroupsPath = "../../x"'
	says "config.json: /linux/cgroupsPath: cgroup path '../../x' has a '..'"
}

# --- JSON -------------------------------------------------------------------------------------

@test "JSON that is none has line and column" {
	printf '{\n\t"ociVersion": "1.0.2",,\n}\n' >"$bundle/config.json"
	run_container
	expect_error '^config.json:2:[0-9]+: not valid JSON: '
	printf '{"ociVersion": "1.0.2"' >"$bundle/config.json"
	run_container
	expect_output "config.json:1:23: not valid JSON: the text ends too early"
	: >"$bundle/config.json"
	run_container
	expect_output "config.json:1:1: not valid JSON: the text ends too early"
}

@test "no config, no bundle" {
	rm "$bundle/config.json"
	run_container
	expect_output "read the config of bundle '$bundle': open 'config.json': no such file or directory ('tare-runtime spec' writes one)"
	run tare run --bundle /no/bundle "$id"
	expect_output "open the bundle '/no/bundle': no such file or directory"
}

# --- files ------------------------------------------------------------------------------------

@test "a root that is missing" {
	config '.root.path = "nowhere"'
	says "config.json: /root/path: open the root file system '%B/nowhere': no such file or directory (root.path is relative to the bundle)"
}

@test "a source to bind that is missing" {
	config '.mounts = [{destination: "/data", type: "bind", source: "/no/such", options: ["rbind"]}]'
	says "config.json: /mounts/0: bind '/no/such' on '/data': no such file or directory (the source must exist on the host)"
}

@test "a file system that the kernel does not know" {
	config '.mounts = [{destination: "/data", type: "nofs", source: "x"}]'
	if [[ -e /proc/modules || -e /proc/sys/kernel/modprobe ]]; then
		says "config.json: /mounts/0: cannot make the mounts: mount 'x' on '/data': unknown file system type 'nofs' (see /proc/filesystems; a kernel module may be missing)"
	else
		says "config.json: /mounts/0/type: unknown file system type 'nofs' (see /proc/filesystems; this kernel has no modules)"
	fi
}

@test "plan says what file system the kernel does not know, yet; it asks for no module" {
	local what="config.json: /mounts/0/type: unknown file system type 'fuze.x' \(see /proc/filesystems; a kernel module may bring it\)"
	local modular='mount -t tmpfs tmpfs /proc/sys/kernel && : >/proc/sys/kernel/modprobe && exec "$@"'

	config '.mounts = [{destination: "/a", type: "ramfs", source: "a"},
		{destination: "/b", type: "none", source: "/", options: ["rbind"]}]'
	run tare --strict plan --bundle "$bundle"
	expect_status 0
	config '.mounts = [{destination: "/data", type: "fuze.x", source: "x"}]'
	run unshare --mount sh -c "$modular" sh "$TARE_RUNTIME" --root "$state" plan --bundle "$bundle"
	expect_status 0
	expect_line "level=warning msg=\"$what"
	run unshare --mount sh -c "$modular" sh "$TARE_RUNTIME" --root "$state" --strict plan --bundle "$bundle"
	expect_error "^$what"
}

@test "an option that the kernel refuses, in the kernel's words" {
	config '.mounts = [{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["size=banana"]}]'
	says "config.json: /mounts/0: cannot make the mounts: mount 'tmpfs' on '/data': set up file system 'tmpfs': the kernel says \"tmpfs: Bad value for 'size'\": invalid argument"
	config '.mounts[0].options = ["colour=red"]'
	says "config.json: /mounts/0: cannot make the mounts: mount 'tmpfs' on '/data': set up file system 'tmpfs': the kernel says \"tmpfs: Unknown parameter 'colour'\": invalid argument"
}

# --- programs ---------------------------------------------------------------------------------

@test "a program that is missing" {
	program /no/such
	says "cannot find the program: exec '/no/such': no such file or directory"
	program nosuch
	config '.process.env = ["PATH=/bin:/usr/bin"]'
	says "cannot find the program: exec 'nosuch': executable file not found in \$PATH: no such file or directory (PATH is '/bin:/usr/bin')"
}

@test "a program that is no program" {
	program /etc
	says "cannot find the program: exec '/etc': it is a directory: permission denied"
	program /etc/passwd
	says "cannot find the program: exec '/etc/passwd': it is not executable: permission denied (chmod +x)"
	echo 'echo x' | executable bin/plain
	program /bin/plain
	says "cannot start the program: exec '/bin/plain': it is no program, and no script with '#!': exec format error (a shell script begins with a line such as '#!/bin/sh')"
	executable bin/empty </dev/null
	program /bin/empty
	says "cannot start the program: exec '/bin/empty': it is empty: exec format error"
}

@test "a program for another architecture" {
	[[ $(uname -m) = x86_64 ]] || skip 'the line speaks of x86-64'
	{
		printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0'
		head -c 100 /dev/zero
	} | executable bin/arm
	program /bin/arm
	says "cannot start the program: exec '/bin/arm': it is for AArch64 (ELF machine 183), and this is x86-64: exec format error (take an image for this architecture, or register an emulator in binfmt_misc)"
}

@test "a script whose interpreter is missing, or ends in CR" {
	echo '#!/bin/python9' | executable bin/script
	program /bin/script
	says "cannot start the program: exec '/bin/script': its interpreter '/bin/python9' does not exist: no such file or directory"
	printf '#!/bin/sh\r\necho x\r\n' | executable bin/crlf
	program /bin/crlf
	says "cannot start the program: exec '/bin/crlf': its first line ends in CR LF, which makes its interpreter '/bin/sh\\r': no such file or directory (save it with Unix line ends)"
}

# --- hooks and terminals ------------------------------------------------------------------------

@test "a hook that cannot start, fails, or does not end" {
	local where="config.json: /hooks/createRuntime/0: cannot run the createRuntime hooks: error running createRuntime hook #0:"

	config '.hooks.createRuntime = [{path: "/no/hook"}]'
	says "$where '/no/hook': start '/no/hook': no such file or directory"
	config '.hooks.createRuntime = [{path: "/bin/false"}]'
	says "$where '/bin/false': exit status 1, stdout: , stderr: "
	config '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "9"], timeout: 1}]'
	says "$where '/bin/sleep': run '/bin/sleep': it did not end within 1 s"
}

@test "a terminal without a console socket" {
	local line="cannot allocate tty if detached without setting console socket (use --console-socket with --detach when a terminal is used)"

	config '.process.terminal = true'
	run_container --detach
	expect_output "$line"
	run tare create --bundle "$bundle" "$id"
	expect_output "${line/detached/created}"
}

# --- names ------------------------------------------------------------------------------------

@test "ids that are none" {
	program true
	run tare run --bundle "$bundle" a/b
	expect_output "invalid container ID format: invalid character '/' in the container ID 'a/b' (letters, digits, '_', '+', '-' and, not first, '.' are allowed)"
	run tare run --bundle "$bundle" ''
	expect_output "invalid container ID: it is empty"
}

@test "a container that does not exist" {
	local command

	mkdir -p "$state"
	for command in 'start none' 'state none' 'kill none' 'delete none' 'exec none true' 'pause none'; do
		# shellcheck disable=SC2086 # words
		run tare $command
		expect_output "container 'none' does not exist"
	done
}

# --- the words of another runtime -------------------------------------------------------------

# as_runc LINE: under that name, run fails with exactly that line
as_runc() {
	ln -sf "$TARE_RUNTIME" "$BATS_TEST_TMPDIR/runc"
	TARE_RUNTIME=$BATS_TEST_TMPDIR/runc run tare --log "$BATS_TEST_TMPDIR/log" run --bundle "$bundle" "$id"
	expect_status 1
	expect_output "${1//%B/$bundle}"
}

@test "called by runc's name, an error has the sentence that its callers look for; the log has ours" {
	printf '#!/nobody/here foo bar\nsh\n' | executable run.sh
	program /run.sh
	as_runc "exec /run.sh: no such file or directory"
	grep -q "its interpreter '/nobody/here' does not exist" "$BATS_TEST_TMPDIR/log"
	program true
	config '.mounts += [{type: "tmpfs", source: "tmpfs", destination: "/mnt", options: ["size=banana"]}]'
	as_runc "runc run failed: unable to start container process: error during container init: error mounting: config.json: /mounts/7: cannot make the mounts: mount 'tmpfs' on '/mnt': set up file system 'tmpfs': the kernel says \"tmpfs: Bad value for 'size'\": invalid argument"
}

# --- options ----------------------------------------------------------------------------------

@test "a pid file that cannot be is refused before anything is made" {
	local command file

	program touch /ran
	mkdir "$BATS_TEST_TMPDIR/folder"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for file in /no/such/folder/pid /etc/passwd/pid "$BATS_TEST_TMPDIR/folder" folder/ \
		"$BATS_TEST_TMPDIR/fifo"; do
		for command in run create; do
			run tare "$command" --bundle "$bundle" --pid-file "$file" "$id"
			expect_status 1
			expect_error "^option '--pid-file': (open|write) .*: "
			[[ ! -e $state/$id && ! -e $bundle/rootfs/ran ]]
		done
	done
}

# --- rules of the specification -----------------------------------------------------------------

@test "what the specification forbids is refused, with its place, before anything is touched" {
	local row

	cp "$bundle/config.json" "$BATS_TEST_TMPDIR/good"
	while read -r row; do
		cp "$BATS_TEST_TMPDIR/good" "$bundle/config.json"
		config "${row%% => *}"
		says "config.json: ${row#* => }"
		run tare plan --bundle "$bundle"
		expect_error "^config.json: "
	done <<-'EOT'
		.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 1}, {type: "RLIMIT_CORE", soft: 2, hard: 2}] => /process/rlimits/1/type: the same limit is at /process/rlimits/0
		.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 1}, {type: "RLIMIT_STACK", soft: 2, hard: 1}] => /process/rlimits/1/soft: 2 is above the hard limit, 1
		.process.env = ["A=", "B"] => /process/env/1: 'B' is not NAME=value
		.process.env = ["=C"] => /process/env/0: '=C' is not NAME=value
		.linux.personality = {domain: "LINUX", flags: ["SHORT_INODE"]} => /linux/personality/flags/0: personality flag 'SHORT_INODE' is not known
		.linux.timeOffsets = {boottime: {secs: 1}} => /linux/timeOffsets: they need a time namespace of the container's own (add {"type": "time"}, without a path, to linux.namespaces)
		.hooks.poststop = [{path: "rel.sh"}] => /hooks/poststop/0/path: 'rel.sh' is not an absolute path
		.hooks.prestart = [{path: "/bin/true", timeout: 0}] => /hooks/prestart/0/timeout: it must be greater than 0
		.linux.maskedPaths = ["/proc/kcore", "rel"] => /linux/maskedPaths/1: 'rel' is not an absolute path
		.linux.readonlyPaths = [""] => /linux/readonlyPaths/0: '' is not an absolute path
		.linux.namespaces[0].path = "ns" => /linux/namespaces/0/path: 'ns' is not an absolute path
		.mounts[0].destination = "" => /mounts/0/destination: it is empty
		.annotations[""] = "x" => /annotations: a key is empty
		.hostname = "x" * 65 => /hostname: it is longer than 64 bytes
		.process.oomScoreAdj = 5000 => /process/oomScoreAdj: 5000 is not from -1000 to 1000
		.process.user.umask = 512 => /process/user/umask: 512 is not from 0 to 511
		.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 99} => /process/ioPriority/priority: 99 is not from 0 to 7
		.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 5, hostID: 5, size: 1}] | .linux.gidMappings = .linux.uidMappings => /linux/uidMappings: id 0 of the container is not mapped (what sets the container up is its root)
	EOT
}
