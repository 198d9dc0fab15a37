# signals.bats - signals that the caller ignores or blocks stay outside

load ../lib

setup() {
	tare_setup
	env --ignore-signal=CHLD --block-signal=TERM true 2>/dev/null ||
		skip 'needs an env that knows --ignore-signal'
}

teardown() { tare_teardown; }

# as_caller COMMAND...: with SIGCHLD and others ignored, and nearly all blocked
as_caller() {
	run timeout -s KILL $((5 * TARE_PATIENCE)) env --ignore-signal=CHLD,INT,PIPE,USR1 --block-signal=TERM,CHLD,USR2,HUP "$@"
}

# ignoring COMMAND...: SIGCHLD alone, which takes its children from who waits for them
ignoring() {
	run timeout -s KILL $((5 * TARE_PATIENCE)) env --ignore-signal=CHLD "$@"
}

@test "the program starts with default dispositions and an empty mask" {
	program grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
	as_caller "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_status 0
	expect_output $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000'
}

@test "what exec runs starts so as well" {
	start_container
	as_caller "$TARE_RUNTIME" --root "$state" exec "$id" grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
	expect_status 0
	expect_output $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000'
}

@test "run waits for its program though the caller ignores SIGCHLD" {
	shell 'sleep 0.2; exit 7'
	ignoring "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_status 7
}

@test "hooks are waited for though the caller ignores SIGCHLD" {
	local kind

	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		config --arg kind "$kind" --arg dir "$BATS_TEST_TMPDIR" '
			.mounts += [{destination: $dir, type: "bind", source: $dir, options: ["bind"]}]
			| .hooks[$kind] = [
				{path: "/bin/sh", args: ["sh", "-c", "sleep 0.1; echo >>\($dir)/ran \($kind)"]},
				{path: "/bin/sh", args: ["sh", "-c", "grep -E Sig.Blk /proc/self/status; sleep 0.1"], timeout: 10}]'
	done
	program true
	as_caller "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_status 0
	[[ $(sort "$BATS_TEST_TMPDIR/ran" | uniq) = $'createContainer\ncreateRuntime\npoststart\npoststop\nprestart\nstartContainer' ]]
	config '.hooks = {createRuntime: [{path: "/bin/false"}]}'
	ignoring "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_error 'createRuntime'
}

@test "hooks start with default dispositions and an empty mask" {
	local kind out=$BATS_TEST_TMPDIR/out

	program true
	for kind in createRuntime createContainer startContainer poststart poststop; do
		config --arg kind "$kind" --arg out "$out" '
			.annotations = {"run.oci.hooks.stdout": $out}
			| .hooks = {($kind): [{path: "/bin/grep",
				args: ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]}]}'
		rm -f "$out"
		as_caller "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
		expect_status 0
		[[ $(<"$out") = $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000' ]]
	done
}

@test "the whole life of a container under a caller that ignores SIGCHLD" {
	program sleep 1000
	timeout -s KILL $((5 * TARE_PATIENCE)) env --ignore-signal=CHLD "$TARE_RUNTIME" --root "$state" create \
		--bundle "$bundle" "$id" </dev/null >out 2>&1
	ignoring "$TARE_RUNTIME" --root "$state" start "$id"
	expect_status 0
	ignoring "$TARE_RUNTIME" --root "$state" exec "$id" sh -c 'exit 5'
	expect_status 5
	ignoring "$TARE_RUNTIME" --root "$state" delete --force "$id"
	expect_status 0
}

@test "ids are mapped and namespaces entered under a caller that ignores SIGCHLD" {
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "cgroup"))'
	chmod o+x "$BATS_TEST_TMPDIR" "$bundle"
	program true
	as_caller "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_status 0
}
