# security_process.bats - the runtime's binary, descriptors and processes are out of a container's
# reach (SECURITY.md, 1.2)
# nothing new with systemd: it works on the kernel, and asks nobody

load ../lib
load ../canary
setup() { tare_setup && canary_setup; }
teardown() { canary_intact && tare_teardown; }

# --- the binary -------------------------------------------------------------------------------

@test "CVE-2019-5736: a script whose interpreter is /proc/self/exe" {
	printf '#!/proc/self/exe\n' | replace_file bin/evil 755
	program /bin/evil
	run_container
	((status != 0))
}

@test "CVE-2019-5736: /proc/self/exe as the program" {
	program /proc/self/exe --version
	run_container
	((status != 0))
	expect_no_line 'tare-runtime'
}

@test "CVE-2019-5736: nobody inside can open what runs outside for writing, while exec goes on" {
	shell 'while :; do for p in /proc/[0-9]*/exe /proc/[0-9]*/fd/*; do
			t=$(readlink $p 2>/dev/null) || continue
			case $t in *tare*|*memfd*) (: >>$p) 2>/dev/null && echo "$p" >>/written;; esac
		done; done'
	config '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"])'
	start_container
	for _ in {1..40}; do
		tare exec "$id" true
	done
	[[ ! -e $bundle/rootfs/written ]]
}

# --- descriptors ------------------------------------------------------------------------------

only_standard() {
	expect_output $'0\n1\n2\n3'
}

@test "no descriptor of the caller reaches run, exec or a created container" {
	exec 7</etc/passwd 8<"$canary" 9<>"$canary/fifo"
	program ls /proc/self/fd
	run_container
	only_standard
	tare create --bundle "$bundle" "$id" >"$BATS_TEST_TMPDIR/out" 2>&1
	tare start "$id"
	wait_for 5 has_state stopped
	[[ $(cat "$BATS_TEST_TMPDIR/out") = $'0\n1\n2\n3' ]]
	tare delete "$id"
	program sleep 1000
	start_container
	run tare exec "$id" ls /proc/self/fd
	exec 7<&- 8<&- 9<&-
	only_standard
}

@test "no descriptor reaches a hook" {
	cat >"$BATS_TEST_TMPDIR/hook" <<-END
		#!/bin/sh
		ls /proc/self/fd | tr '\n' ' ' >>$BATS_TEST_TMPDIR/fds
	END
	chmod 755 "$BATS_TEST_TMPDIR/hook"
	config '.hooks = ({createRuntime: [{path: $h}], poststart: [{path: $h}], poststop: [{path: $h}]})' \
		--arg h "$BATS_TEST_TMPDIR/hook"
	program true
	exec 7</etc/passwd 8<"$canary"
	run_container
	exec 7<&- 8<&-
	expect_status 0
	[[ $(cat "$BATS_TEST_TMPDIR/fds") = '0 1 2 3 0 1 2 3 0 1 2 3 ' ]]
}

@test "descriptors that were asked for are passed on, and no more" {
	program ls /proc/self/fd
	# in a shell of its own: bats needs its descriptors
	run bash -c 'exec 3</etc/passwd 4</etc/group 5</etc/hosts
		"$1" --root "$2" run --bundle "$3" --preserve-fds 2 "$4"' - \
		"$TARE_RUNTIME" "$state" "$bundle" "$id"
	expect_output $'0\n1\n2\n3\n4\n5'
}

@test "CVE-2024-21626: a working directory in /proc/self/fd" {
	local n

	shell 'pwd -P; ls'
	config '.process.cwd = "/"'
	cp "$bundle/config.json" "$BATS_TEST_TMPDIR/kept"
	exec 7<"$canary" 8</
	for n in {3..16}; do
		jq --arg c "/proc/self/fd/$n" '.process.cwd = $c' <"$BATS_TEST_TMPDIR/kept" >"$bundle/config.json"
		run_container
		# a descriptor of ours on the container's own root is no escape
		((status != 0)) || expect_line '^linuxrc$'
		expect_no_line '^(private|file|canary)$|unreachable'
	done
	plant way /proc/self/fd/7
	jq '.process.cwd = "/way"' <"$BATS_TEST_TMPDIR/kept" >"$bundle/config.json"
	run_container
	exec 7<&- 8<&-
	((status != 0))
}

@test "CVE-2024-21626: exec --cwd in /proc/self/fd, and through a link" {
	local n

	plant way /proc/self/fd/7
	program sleep 1000
	start_container
	exec 7<"$canary" 8</
	for n in /proc/self/fd/{3..16} /proc/1/cwd/../../.. /way; do
		run tare exec --cwd "$n" "$id" sh -c 'pwd -P; ls'
		expect_no_line '^(private|canary)$'
	done
	exec 7<&- 8<&-
}

# --- processes --------------------------------------------------------------------------------

@test "CVE-2016-9962: a process that joins shows neither descriptors nor memory" {
	# of what it shows, sockets and memory files are ours; its program has neither
	shell 'while :; do for p in /proc/[0-9]*; do
			[ $p = /proc/1 ] || ls -l $p/fd/ $p/exe 2>/dev/null | grep -E "socket:|memfd:" >>/seen
		done; done'
	config '.root.readonly = false'
	start_container
	for _ in {1..40}; do
		tare exec "$id" true
	done
	[[ ! -s $bundle/rootfs/seen ]] || {
		cat "$bundle/rootfs/seen"
		return 1
	}
}

@test "CVE-2015-1334: a container's own /proc is not trusted by exec" {
	shell 'mount -t tmpfs none /proc 2>/dev/null; mkdir -p /proc/self/attr /proc/1; exec sleep 1000'
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"]) | .linux.maskedPaths = [] |
		.linux.readonlyPaths = []'
	start_container
	run tare exec "$id" echo joined
	refused_or_contained
	tare delete --force "$id"
}

@test "CVE-2022-1227: no program of the image runs but the one that was asked for" {
	local name

	for name in ps nsenter tar xz unpigz iptables newuidmap criu systemctl dbus-send; do
		printf '#!/bin/sh\necho %s >>/marker\n' "$name" | replace_file "bin/$name" 755
	done
	config '.root.readonly = false'
	program sleep 1000
	start_container
	tare ps "$id" >/dev/null
	tare list >/dev/null
	tare state "$id" >/dev/null
	tare events --stats "$id" >/dev/null || true
	tare exec "$id" true
	tare kill "$id" 0 || true
	tare delete --force "$id"
	[[ ! -e $bundle/rootfs/marker ]]
}

@test "the process is not dumpable before its exec, and its parent's death signal is gone after" {
	program sleep 1000
	start_container
	run tare exec "$id" cat /proc/self/status
	expect_line '^TracerPid:.0$'
	[[ $(stat -c %u "/proc/$(pid_of)/mem") = 0 ]]
}
