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
