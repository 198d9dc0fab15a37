# run.bats - a program runs in a container, and its end comes back

load ../lib
setup() { tare_setup; }
teardown() { tare_teardown; }

@test "the program's output and status come back" {
	shell 'echo out; echo err >&2; exit 7'
	run_container
	expect_status 7
	expect_line '^out$'
	expect_line '^err$'
}

@test "a program killed by a signal is 128 and the signal" {
	shell 'kill -KILL $$'
	config '.linux.namespaces |= map(select(.type != "pid"))'
	run_container
	expect_status 137
}

@test "nothing is left after a run" {
	program true
	run_container
	expect_status 0
	run tare list --quiet
	expect_output ''
}

@test "the config that spec writes gives a container of its own" {
	shell 'hostname; id -u; echo $$; ls /sys/class/net; pwd'
	run_container
	expect_output $'runc\n0\n1\nlo\n/'
}

@test "standard input reaches the program" {
	program cat
	run bash -c '"$1" --root "$2" run --bundle "$3" "$4" <<<"some text"' - \
		"$TARE_RUNTIME" "$state" "$bundle" "$id"
	expect_status 0
	expect_output 'some text'
}

@test "the program has the environment of the config and no other" {
	config '.process.env = ["PATH=/bin:/usr/bin", "ONE=1", "TWO=a b"]'
	program env
	SECRET=1 run_container
	expect_line '^ONE=1$'
	expect_line '^TWO=a b$'
	expect_no_line SECRET
}

@test "the program has no descriptors but the standard ones" {
	# the fourth is the folder that ls reads
	program ls /proc/self/fd
	exec 7</etc/passwd
	run_container
	exec 7<&-
	expect_output $'0\n1\n2\n3'
}

@test "the root is read-only when the config says so" {
	shell 'echo x >/file'
	run_container
	expect_status 1
	expect_line 'Read-only file system'
	[[ ! -e $bundle/rootfs/file ]]
}

@test "the program gets the user, groups and umask of the config" {
	config '.process.user = {uid: 1000, gid: 1000, umask: 63, additionalGids: [5, 1]}'
	shell 'id -u; id -g; id -G; umask'
	run_container
	expect_output $'1000\n1000\n1000 1 5\n0077'
}

@test "a terminal is there when the config asks for one" {
	config '.process.terminal = true'
	shell 'test -t 0 && test -t 1 && test -t 2 && tty; ls -l /dev/console | cut -c 1'
	with_terminal "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_status 0
	expect_line '^/dev/(console|pts/0)'
	expect_line '^c'
}

@test "a program that is missing is named" {
	program no-such-program
	run_container
	expect_error "no-such-program"
	((status == 1 || status == 127))
}

@test "an id in use is refused" {
	start_container
	run_container
	expect_error "$id"
	[[ $(state_of) = running ]]
}

@test "names that are no ids are refused" {
	local name

	for name in .. . a/b '' 'a b'; do
		run tare run --bundle "$bundle" "$name"
		expect_error .
	done
}

@test "a capability that does not exist is left out, with a warning" {
	config '.process.capabilities.bounding += ["CAP_FLY"]'
	shell 'grep CapBnd /proc/self/status'
	run_container
	expect_status 0
	expect_line "warning.*capabilities/bounding/[0-9]+: unknown value 'CAP_FLY'"
	expect_line 'CapBnd:.0000000020000420'
}

@test "an ambient capability that is not inheritable is missing, with a warning" {
	config '.process.capabilities += {inheritable: ["CAP_KILL"], ambient: ["CAP_KILL", "CAP_AUDIT_WRITE"]}'
	shell 'grep CapAmb /proc/self/status'
	run_container
	expect_status 0
	expect_line "can't raise ambient capability CAP_AUDIT_WRITE: it is not in the inheritable set"
	expect_line 'CapAmb:.0000000000000020'
}

@test "a capability of exec is ambient where the config has made it inheritable, and else not" {
	config '.process.capabilities += {inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]} |
		.process.capabilities.permitted += ["CAP_CHOWN"] |
		.process.capabilities.bounding += ["CAP_CHOWN"]'
	start_container
	run tare exec --cap CAP_CHOWN --cap CAP_SYSLOG "$id" grep CapAmb /proc/self/status
	expect_output $'CapAmb:\t0000000000000001'
	tare delete --force "$id"
	config '.process.capabilities.ambient = []'
	start_container
	run tare exec --cap CAP_CHOWN --cap CAP_SYSLOG "$id" grep CapAmb /proc/self/status
	expect_output $'CapAmb:\t0000000000000001'
}

@test "a container is being made until its program runs, and nobody gets into it" {
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $s]}]' --arg s \
		"exec >$BATS_TEST_TMPDIR/hook 2>&1; for c in list state 'exec $id true'; do \
		$TARE_RUNTIME --root $state \$c \$([ \"\$c\" = state ] && echo $id); done; true"
	start_container
	run cat "$BATS_TEST_TMPDIR/hook"
	expect_line "^$id .* creating "
	expect_line "'$id' is still being created"
	expect_line "cannot exec in a creating container: '$id'"
	has_state running
}

@test "a createRuntime hook that enters the mount namespace finds the root where it is on the host" {
	need_program nsenter
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $s]}]' --arg s \
		"nsenter -m -t \$(jq .pid) sh -c 'mount --bind $bundle/config.json $bundle/rootfs/etc/hook && ls $bundle/rootfs/proc/1/status'"
	: | replace_file etc/hook
	program grep -o '"ociVersion"' /etc/hook
	run_container
	expect_output '"ociVersion"'
	config '.linux.rootfsPropagation = "rshared"'
	run_container
	expect_output '"ociVersion"'
	run_container --no-pivot
	expect_output '"ociVersion"'
	run grep -F "$bundle" /proc/self/mountinfo
	expect_status 1
}

@test "a hook does not keep a user namespace from a root that it cannot walk to" {
	chown -hR 100000:100000 "$bundle/rootfs"
	chmod 700 "$bundle"
	config '.linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings | .hooks.createRuntime = [{path: "/bin/true"}]'
	program echo made
	run_container
	expect_output made
	run_container --no-pivot
	expect_output made
}

@test "the debug log has the flags that the kernel is given with a seccomp filter" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
		listenerPath: "/nobody/listens", flags: [], syscalls: [{names: ["mkdirat"], action: "SCMP_ACT_ERRNO"}]}'
	program true
	run tare --debug run --bundle "$bundle" "$id"
	expect_status 0
	expect_line 'seccomp filter flags: 8'
}

@test "a process may come out of a pipe whose writer takes its time" {
	start_container
	run tare exec --process <(
		sleep 0.3
		jq '.process | .args = ["echo", "late"]' "$bundle/config.json"
	) "$id"
	expect_output late
}
