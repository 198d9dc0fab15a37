# exec.bats - what exec says of its own flags and file, before anything of it runs
# nothing new with systemd: the lines are the same everywhere

load ../lib

setup() {
	tare_setup
	start_container
}
teardown() { tare_teardown; }

@test "a place in config.json is not named for what a flag says" {
	run tare exec --cwd /nope "$id" true
	expect_status 255
	expect_line "chdir to '/nope'"
	expect_no_line 'config.json'
}

@test "what is wrong in the file of --process is said to be there" {
	jq '.process | .cwd = "/nope" | .args = ["true"]' <"$bundle/config.json" >"$BATS_TEST_TMPDIR/process"
	run tare exec --process "$BATS_TEST_TMPDIR/process" "$id"
	expect_status 255
	expect_error "^$BATS_TEST_TMPDIR/process: /cwd: .*chdir to '/nope'"
}

@test "an environment or limits that cannot be are refused in the file of --process, before it joins" {
	local file=$BATS_TEST_TMPDIR/process

	jq '.process | .env = ["A=1", "B"] | .args = ["touch", "/ran"]' <"$bundle/config.json" >"$file"
	run tare exec --process "$file" "$id"
	expect_status 255
	expect_output "$file: /env/1: 'B' is not NAME=value"
	jq '.process | .rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]' <"$bundle/config.json" >"$file"
	run tare exec --process "$file" "$id" touch /ran
	expect_status 255
	expect_output "$file: /rlimits/0/soft: 2 is above the hard limit, 1"
	[[ ! -e $bundle/rootfs/ran ]]
}

@test "a label is refused where its module is off" {
	[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) != Y ]] || skip 'AppArmor is on'
	run tare exec --apparmor some "$id" true
	expect_status 255
	expect_error "AppArmor is not enabled on this host"
	expect_no_line 'config.json'
	[[ -d /sys/fs/selinux/booleans ]] && skip 'SELinux is on'
	run tare exec --process-label some "$id" true
	expect_status 255
	expect_error "SELinux is not enabled on this host"
}

@test "a log level that is none is told from those that there are" {
	run tare --log-level huh list
	expect_status 1
	expect_error 'error, warning, info or debug'
}

@test "the usage of a command without arguments ends with its name" {
	run tare list extra
	expect_status 1
	expect_error 'usage: tare-runtime list\)$'
}

@test "a capability that is written otherwise is refused, with the name that it has" {
	local name

	for name in sys_admin SYS_ADMIN Cap_Sys_Admin cap_sys_admn; do
		run tare exec --cap "$name" "$id" touch /ran
		expect_status 255
		expect_output "--cap: unknown capability '$name' (did you mean 'CAP_SYS_ADMIN'?)"
	done
	name=$(printf 'x%.0s' {1..200})
	run tare exec --cap "$name" "$id" touch /ran
	expect_output "--cap: unknown capability '$name'"
	[[ ! -e $bundle/rootfs/ran ]]
}

@test "a misspelt member is warned of in the files of exec, update and mounts, too" {
	local file=$BATS_TEST_TMPDIR/file

	jq '.process | .args = ["true"] | .noNewPrivilege = true' <"$bundle/config.json" >"$file"
	run tare exec --process "$file" "$id"
	expect_status 0
	expect_line "/noNewPrivilege: unknown member \(did you mean 'noNewPrivileges'\?\)"
	echo '{"pids": {"limits": 10}}' >"$file"
	run tare update --resources "$file" "$id"
	expect_status 0
	expect_line "/pids/limits: unknown member \(did you mean 'limit'\?\)"
	echo '{"linux": {"resources": {"pids": {"limit": 10}}}, "foo": 1}' >"$file"
	run tare update --resources "$file" "$id"
	expect_status 0
	expect_line "/linux: unknown member"
	expect_line "/foo: unknown member"
	echo '[{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "option": ["ro"]}]' >"$file"
	run tare mounts add "$id" "$file"
	expect_line "/0/option: unknown member \(did you mean 'options'\?\)"
}

@test "a pid file that cannot be is refused before the program runs" {
	run tare exec --pid-file /no/such/folder/pid "$id" touch /ran
	expect_status 255
	expect_error "^option '--pid-file': open '/no/such/folder/': no such file or directory$"
	[[ ! -e $bundle/rootfs/ran ]]
}

@test "a cgroup manager that is none is refused by every command" {
	local command

	for command in list "state $id" "kill $id 0" "exec $id true" "update $id --pids-limit 9" features; do
		# shellcheck disable=SC2086 # words
		run tare --cgroup-manager foo $command
		((status != 0))
		expect_error "^unknown cgroup manager 'foo' \(use cgroupfs, systemd or disabled\)$"
	done
}

@test "more descriptors than can be open are refused" {
	for n in 4294967295 4294967294 2147483647; do
		run tare exec --preserve-fds "$n" "$id" true
		expect_error "^option '--preserve-fds': $n and 0 of LISTEN_FDS are more than can be open"
		LISTEN_FDS=3 run timeout 10 "$TARE_RUNTIME" --root "$state" run --preserve-fds "$n" \
			--bundle "$bundle" "$id-b"
		expect_error "^option '--preserve-fds': $n and 3 of LISTEN_FDS are more than can be open"
	done
}

@test "a console socket for a process without a terminal is refused" {
	run tare exec --console-socket /nowhere "$id" true
	expect_status 255
	expect_error "--console-socket cannot be used: the process asks for no terminal"
}
