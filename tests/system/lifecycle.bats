# lifecycle.bats - create, start, state, kill, delete: what each does, and what it refuses

# shellcheck disable=SC2030,SC2031 # break_state sets the pid of the test that calls it
load ../lib
setup() { tare_setup; }
teardown() { tare_teardown; }

create() {
	tare create --bundle "$bundle" "$@" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
}

@test "a container is created, runs, stops, and is gone" {
	shell 'echo started; exec sleep 1000'
	create
	[[ $(state_of) = created ]]
	[[ ! -s $BATS_TEST_TMPDIR/out ]]
	tare start "$id"
	[[ $(state_of) = running ]]
	wait_for 5 grep -q started "$BATS_TEST_TMPDIR/out"
	tare kill "$id" KILL
	wait_for 5 has_state stopped
	tare delete "$id"
	run tare state "$id"
	expect_error "$id"
}

@test "the state names version, id, bundle, pid and annotations" {
	config '.annotations = {"org.example.key": "value"}'
	start_container
	run tare state "$id"
	jq -e --arg id "$id" --arg bundle "$bundle" '
		.ociVersion and .id == $id and .bundle == $bundle and .status == "running" and .pid > 1 and
		.annotations["org.example.key"] == "value"' <<<"$output"
}

@test "the pid file holds the pid" {
	program sleep 1000
	create --pid-file "$BATS_TEST_TMPDIR/pid"
	[[ $(cat "$BATS_TEST_TMPDIR/pid") = "$(pid_of)" ]]
}

@test "a container starts only once" {
	start_container
	run tare start "$id"
	expect_error "$id"
}

@test "kill takes names, names without SIG, and numbers" {
	local signal

	shell 'for s in USR1 USR2 HUP; do trap "echo $s" $s; done; echo ready; while :; do sleep 0.05; done'
	start_container
	wait_for 5 grep -q ready "$BATS_TEST_TMPDIR/out"
	for signal in SIGUSR1 USR2 1; do
		tare kill "$id" "$signal"
	done
	wait_for 5 grep -q HUP "$BATS_TEST_TMPDIR/out"
	grep -q USR1 "$BATS_TEST_TMPDIR/out"
	grep -q USR2 "$BATS_TEST_TMPDIR/out"
	run tare kill "$id" NONSENSE
	expect_error NONSENSE
}

@test "a running container is deleted only by force" {
	start_container
	run tare delete "$id"
	expect_error "$id"
	[[ $(state_of) = running ]]
	tare delete --force "$id"
	run tare state "$id"
	expect_error "$id"
}

@test "deleting by force what is not there is no error" {
	mkdir -p "$state"
	tare delete --force "$id"
	run tare delete "$id"
	expect_error "$id"
}

@test "list shows what there is, as a table, as JSON and as ids" {
	start_container
	run tare list --quiet
	expect_output "$id"
	run tare list
	expect_line "^ID +PID +STATUS"
	expect_line "^$id +[0-9]+ +running "
	tare list --format json | jq -e --arg id "$id" '.[0].id == $id and .[0].status == "running"'
}

@test "list knows what is paused without having read its cgroups" {
	need_controller freezer
	start_container
	tare pause "$id"
	[[ $(tare list --format json | jq -r '.[0].status') = paused ]]
	tare resume "$id"
	[[ $(tare list --format json | jq -r '.[0].status') = running ]]
}

@test "list shows a container whose state is long" {
	config '.annotations = {"org.example.long": ("x" * 5000)}'
	start_container
	(($(stat -c %s "$state/$id/status") > 5000))
	run tare list
	expect_line "^$id +[0-9]+ +running "
}

@test "list tells a container that waits from one whose program has our name" {
	shell 'exec 3>/proc/self/comm; printf memfd:tare-init >&3; echo named; while :; do sleep 0.1; done'
	create
	run tare list
	expect_line "^$id +[0-9]+ +created "
	tare start "$id"
	wait_for 5 grep -q named "$BATS_TEST_TMPDIR/out"
	[[ $(cat "/proc/$(pid_of)/comm") = memfd:tare-init ]]
	# nobody's lock makes it wait again
	run flock "$state/$id" "$TARE_RUNTIME" --root "$state" list
	expect_line "^$id +[0-9]+ +running "
}

@test "a program whose executable has our name is not mistaken for one on its way" {
	local dir="$bundle/rootfs/memfd:tare-init" fd one

	mkdir "$dir"
	cp "$bundle/rootfs/bin/busybox" "$dir/sh"
	program /memfd:tare-init/sh -c \
		'exec 3>/proc/self/comm; printf memfd:tare-init >&3; echo named; while :; do sleep 0.1; done'
	create
	tare start "$id"
	wait_for 5 grep -q named "$BATS_TEST_TMPDIR/out"
	tare run --detach --bundle "$bundle" "$id-b" </dev/null >"$BATS_TEST_TMPDIR/out-b" 2>&1
	wait_for 5 grep -q named "$BATS_TEST_TMPDIR/out-b"
	for one in "$id" "$id-b"; do
		[[ $(readlink "/proc/$(pid_of "$one")/exe") = /memfd:tare-init* ]]
		# one holds the lock, others look
		exec {fd}<"$state/$one"
		flock "$fd"
		run tare list
		expect_line "^$one +[0-9]+ +running "
		[[ $(state_of "$one") = running ]]
		run tare exec "$one" echo inside
		expect_output inside
		exec {fd}<&-
	done
	# nor for one that waits, where the start command could not tidy up
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind(sys.argv[1])' \
		"$state/$id/start.sock" || skip 'needs python3 for the rest'
	[[ $(state_of "$id") = running ]]
}

@test "a state that cannot be read is named, and hides no other container" {
	start_container
	mkdir "$state/$id-a"
	echo '{"ociVersion":' >"$state/$id-a/status"
	mkdir "$state/$id-b"
	echo '[]' >"$state/$id-b/status"
	run tare list
	expect_status 0
	expect_line "^$id +[0-9]+ +running "
	expect_line ": read the state of container '$id-a': "
	expect_line ": read the state of container '$id-b': "
	run -0 --separate-stderr tare list --format json
	jq -e --arg id "$id" 'length == 1 and .[0].id == $id' <<<"$output"
	rm -r "$state/$id-a" "$state/$id-b"
}

@test "a state that is another container's is not acted on" {
	mkdir -p "$state/$id" "$BATS_TEST_TMPDIR/victim"
	program true
	tare create --bundle "$bundle" "$id-b" </dev/null >/dev/null 2>&1
	jq '.id = "../victim" | .pid = 0' <"$state/$id-b/status" >"$state/$id/status"
	run tare delete --force "$id"
	expect_error "read the state of container '$id': it is that of '../victim'"
	[[ -d $BATS_TEST_TMPDIR/victim ]]
	rm -r "${state:?}/$id"
}

# break_state TEXT: what the state of $id is from now on; its process is $pid
break_state() {
	pid=$(pid_of)
	printf %s "$1" >"$state/$id/status"
}

@test "a container whose state cannot be read is deleted only by force, with its processes" {
	local text pid

	for text in '' '{"ociVersion":' 'no JSON' '[]' '{"ociVersion": 1}'; do
		start_container
		break_state "$text"
		run tare delete "$id"
		expect_error "read the state of container '$id'.*delete --force $id"
		kill -0 "$pid"
		run tare delete --force "$id"
		expect_status 0
		((${#lines[@]} == 1))
		expect_line "read the state of container '$id'.*deleted by name"
		[[ ! -e /proc/$pid/exe ]]
		[[ ! -e $state/$id && -z $(find /sys/fs/cgroup -name "$id" -type d) ]]
	done
}

@test "a container whose state is missing is deleted only by force, with its processes" {
	local pid

	start_container
	pid=$(pid_of)
	rm "$state/$id/status"
	run tare state "$id"
	expect_error "read the state of container '$id'.*no 'status'"
	run tare delete "$id"
	expect_error "read the state of container '$id'.*delete --force $id"
	kill -0 "$pid"
	run tare delete --force "$id"
	expect_status 0
	expect_line "read the state of container '$id'.*deleted by name"
	[[ ! -e /proc/$pid/exe ]]
	[[ ! -e $state/$id && -z $(find /sys/fs/cgroup -name "$id" -type d) ]]
	# of a crash before anything was made there is no more than a folder
	mkdir "$state/$id"
	tare delete "$id"
	[[ ! -e $state/$id ]]
}

@test "a state that is cut off still says where the cgroups are" {
	local pid text

	start_container
	text=$(<"$state/$id/status")
	jq '.linux.cgroupsPath = "/elsewhere"' <"$state/$id/config.json" >"$BATS_TEST_TMPDIR/config.json"
	cat "$BATS_TEST_TMPDIR/config.json" >"$state/$id/config.json"
	break_state "${text%\"external*}"
	tare delete --force "$id"
	[[ ! -e /proc/$pid/exe ]]
	[[ ! -e $state/$id && -z $(find /sys/fs/cgroup -name "$id" -type d) ]]
}

@test "with neither state nor config nobody is killed" {
	local dir pid text

	start_container
	rm "$state/$id/config.json"
	text=$(<"$state/$id/status")
	break_state "${text%\}*}"
	run tare delete --force "$id"
	expect_error "not the cgroup '.*/$id', which has processes"
	kill -0 "$pid"
	[[ ! -e $state/$id ]]
	kill -KILL "$pid"
	find /sys/fs/cgroup -name "$id" -type d | while read -r dir; do
		wait_for 5 rmdir "$dir"
	done
}

@test "with neither state nor config, the cgroup of the name is looked for, and named when it stays" {
	local dir pid

	start_container
	pid=$(pid_of)
	rm "$state/$id/config.json"
	: >"$state/$id/status"
	run tare delete --force "$id"
	expect_error "not the cgroup '.*/$id', which has processes"
	kill -KILL "$pid"
	find /sys/fs/cgroup -name "$id" -type d | while read -r dir; do
		wait_for 5 rmdir "$dir"
	done
}

@test "a state that cannot be read leads to nobody else's processes" {
	local other pid path

	# names another's process and cgroup, and ways out of the container's own
	start_container
	other=$id-b
	tare run --detach --bundle "$bundle" "$other" </dev/null >/dev/null 2>&1
	for path in "/$other" "/../$other" "/" "/$id/../$other"; do
		[[ -d $state/$id ]] || start_container
		pid=$(pid_of "$other")
		jq -c --arg path "$path" '.cgroups[].path = $path' <"$state/$other/status" |
			sed "s/\"$other\"/\"$id\"/; s/}\$//" >"$state/$id/status.new"
		mv "$state/$id/status.new" "$state/$id/status"
		tare delete --force "$id"
		[[ $(state_of "$other") = running && ! -e $state/$id ]]
		kill -0 "$pid"
	done
	tare delete --force "$other"
}

@test "of a state that cannot be read, a cgroup that another container has is left alone" {
	local other=$id-b

	config '.linux.cgroupsPath = $p' --arg p "/$id"
	program sleep 1000
	tare run --detach --bundle "$bundle" "$other" </dev/null >/dev/null 2>&1
	cp -r "$state/$other" "$state/$id"
	: >"$state/$id/status"
	run tare delete --force "$id"
	expect_error "not the cgroup '.*/$id', which has processes"
	[[ $(state_of "$other") = running ]]
	tare delete --force "$other"
}

@test "a process that forks into a pid namespace is being created meanwhile, not stopped" {
	local tries

	config '.linux.namespaces |= map(if .type == "pid" then .path = "/proc/self/ns/pid" else . end)'
	program sleep 1000
	strace -qq -o "$BATS_TEST_TMPDIR/trace" -e inject=wait4:delay_enter=600000:when=1 \
		"$TARE_RUNTIME" --root "$state" run --detach --bundle "$bundle" "$id" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 &
	for ((tries = 0; tries < 60 * TARE_PATIENCE; tries++)); do
		run tare list
		[[ $output != *stopped* ]] || show_run
		[[ $output != *running* ]] || break
		sleep 0.05
	done
	expect_line "^$id .*running"
	wait
}

@test "a container whose folder was made just now is being created, not stopped" {
	local tries

	program sleep 1000
	strace -qq -o "$BATS_TEST_TMPDIR/trace" -e inject=flock:delay_enter=400000 \
		"$TARE_RUNTIME" --root "$state" run --detach --bundle "$bundle" "$id" \
		</dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 &
	for ((tries = 0; tries < 60 * TARE_PATIENCE; tries++)); do
		run tare list
		[[ $output != *stopped* ]] || show_run
		[[ $output != *running* ]] || break
		sleep 0.05
	done
	expect_line "^$id .*running"
	wait
}

@test "crun's short words: kill and delete by pattern, spec under another name, help, version" {
	local one

	program sleep 1000
	for one in "$id-a" "$id-b" "$id-c"; do
		tare run --detach --bundle "$bundle" "$one" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	done
	tare kill -r "^$id-[ab]\$" KILL
	wait_for 5 has_state stopped "$id-a"
	wait_for 5 has_state stopped "$id-b"
	[[ $(state_of "$id-c") = running ]]
	tare delete -r "^$id-[ab]\$"
	run tare list --quiet
	expect_output "$id-c"
	tare delete --force "$id-c"
	tare spec --file other.json
	jq -e .ociVersion <other.json
	run tare spec -f other.json
	expect_error "write 'other.json': file exists"
	for one in -? --usage; do
		run tare kill "$one"
		expect_status 0
		expect_line '^Usage: [^ ]+ \[OPTION\.\.\.\] kill CONTAINER'
		run "$TARE_RUNTIME" "$one"
		expect_status 0
		expect_line '^Usage: '
	done
	run "$TARE_RUNTIME" -V
	expect_line '^tare-runtime version '
}

@test "its cgroups are there while it lives and gone with it" {
	start_container
	find /sys/fs/cgroup -name "$id" -type d | grep -q .
	tare delete --force "$id"
	[[ -z $(find /sys/fs/cgroup -name "$id" -type d) ]]
}

@test "a container whose creation failed leaves nothing" {
	config '.mounts += [{destination: "/x", type: "bind", source: "/no/such/source", options: ["bind"]}]'
	run tare create --bundle "$bundle" "$id"
	expect_error '/no/such/source'
	run tare list --quiet
	expect_output ''
	[[ -z $(find /sys/fs/cgroup -name "$id" -type d) ]]
}

@test "children of a container that lost its first process are found by kill --all" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	shell 'sleep 1000 & sleep 1000 & exit 0'
	start_container
	wait_for 5 has_state stopped
	tare kill --all "$id" KILL
	tare delete "$id"
}

@test "a created container obeys SIGTERM, although it is the first of its namespace" {
	program sleep 1000
	create
	tare kill "$id" TERM
	wait_for 5 has_state stopped
}

@test "exec enters the container's cgroup though its first process left it, as long as v2 lets it" {
	local dir mount=/sys/fs/cgroup pid controller

	[[ $(stat -f -c %T $mount) = cgroup2fs ]] || mount=/sys/fs/cgroup/unified
	[[ $(stat -f -c %T $mount 2>/dev/null) = cgroup2fs ]] || skip 'needs a v2 hierarchy'
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	start_container
	pid=$(tare state "$id" | jq .pid)
	dir=$mount$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	controller=$(cut -d ' ' -f 1 "$dir/cgroup.controllers")
	[[ $controller ]] || skip 'no controller is delegated to the container'
	mkdir "$dir/below"
	echo "$pid" >"$dir/below/cgroup.procs"
	run tare exec "$id" sed -n s/^0:://p /proc/self/cgroup
	expect_output "${dir#"$mount"}"
	echo "+$controller" >"$dir/cgroup.subtree_control"
	run tare exec "$id" sed -n s/^0:://p /proc/self/cgroup
	expect_output "${dir#"$mount"}/below"
	tare delete --force "$id"
	[[ ! -e $dir ]]
}
