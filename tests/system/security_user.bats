# security_user.bats - users, groups, capabilities, keys and terminals are the config's and nothing
# else (SECURITY.md, 1.3 and 1.10)
# nothing new with systemd: it works on the kernel, and asks nobody

load ../lib
load ../canary
setup() { tare_setup && canary_setup; }
teardown() { canary_intact && tare_teardown; }

# --- capabilities -----------------------------------------------------------------------------

caps() {
	sed -n "s/^Cap$1:\t//p" <<<"$output"
}

@test "CVE-2022-29162, CVE-2022-24769, CVE-2022-27649: nothing is inheritable" {
	local user

	for user in 0 1000; do
		config '.process.user.uid = $u' --argjson u "$user"
		program cat /proc/self/status
		run_container
		[[ $(caps Inh) = 0000000000000000 ]]
		[[ $(caps Amb) = 0000000000000000 ]]
	done
	config '.process.user.uid = 0'
	program sleep 1000
	start_container
	for user in 0 1000; do
		run tare exec --user "$user" --cap CAP_NET_ADMIN "$id" cat /proc/self/status
		[[ $(caps Inh) = 0000000000000000 ]]
		run tare exec --user "$user" "$id" cat /proc/self/status
		[[ $(caps Inh) = 0000000000000000 ]]
	done
}

@test "CVE-2016-8867: a user other than root has no capability that the config does not give it" {
	config '.process.user.uid = 1000 | .process.capabilities.ambient = []'
	program cat /proc/self/status
	run_container
	[[ $(caps Amb) = 0000000000000000 ]]
	config '.process.capabilities.effective = [] | .process.capabilities.permitted = []'
	run_container
	[[ $(caps Eff) = 0000000000000000 && $(caps Prm) = 0000000000000000 ]]
}

@test "the bounding set is exactly the config's" {
	config '.process.capabilities.bounding = ["CAP_KILL"] | .process.capabilities.effective = ["CAP_KILL"] |
		.process.capabilities.permitted = ["CAP_KILL"]'
	program cat /proc/self/status
	run_container
	[[ $(caps Bnd) = 0000000000000020 && $(caps Eff) = 0000000000000020 ]]
}

# --- groups and users -------------------------------------------------------------------------

@test "CVE-2022-36109: the groups are the config's, and none of the caller's" {
	config '.process.user = {uid: 1000, gid: 1000, additionalGids: [1000, 7]}'
	program id -G
	run_container
	expect_output '1000 7'
	config '.process.user = {uid: 1000, gid: 1000}'
	run_container
	expect_output 1000
	program sleep 1000
	start_container
	run tare exec --user 5:6 --additional-gids 9 "$id" id -G
	expect_output '6 9'
}

@test "CVE-2022-36109: a file that a group may not read stays closed to the group" {
	echo secret | replace_file denied 707
	chown 0:1234 "$bundle/rootfs/denied"
	config '.process.user = {uid: 1000, gid: 1, additionalGids: [1234]}'
	program cat /denied
	run_container
	((status != 0))
	expect_no_line '^secret$'
}

@test "CVE-2026-30892, CVE-2024-40635, CVE-2016-3697: exec --user is strict, and never a name" {
	local user

	printf 'root:x:0:0::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n1000:x:0:0::/:/bin/sh\n' |
		replace_file etc/passwd
	program sleep 1000
	start_container
	for user in 1:1:uid=1,gid=1 1:uid=1,gid=0 1000:uid=1000,gid=0 4294967294:uid=4294967294,gid=0; do
		run tare exec --user "${user%:*}" "$id" sh -c 'echo uid=$(id -u),gid=$(id -g)'
		expect_output "${user##*:}"
	done
	for user in '1:' ':1' '+1' '-1' '1:2:3' 4294967295 4294967296 18446744073709551616 1e3 ' 1' $'1\n' \
		'' 0x0 'root ' '1:-1' '1:4294967295'; do
		run tare exec --user "$user" "$id" id -u
		expect_error .
	done
}

@test "CVE-2024-40635: a user id that no user can have is refused in the config" {
	local n

	program id -u
	for n in 4294967295 4294967296 -1 18446744073709551616 1.5; do
		config '.process.user.uid = ($n | tonumber)' --arg n "$n"
		run_container
		expect_error '/process/user/uid'
	done
}

@test "CVE-2014-8989: whoever may not set groups cannot drop one in a user namespace" {
	need_program setpriv
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 65534, size: 1}] |
		.linux.gidMappings = [{containerID: 0, hostID: 65534, size: 1}] |
		.linux.namespaces |= map(select(.type != "network")) | del(.linux.resources) |
		.mounts |= map(select(.type != "sysfs" and .type != "cgroup" and .type != "mqueue") |
			.options = [(.options // [])[] | select(startswith("gid=") | not)])'
	program cat /proc/self/setgroups
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" 2>/dev/null || true
	mkdir -p "$BATS_TEST_TMPDIR/rootless"
	chown 65534:65534 "$BATS_TEST_TMPDIR/rootless"
	run setpriv --reuid 65534 --regid 65534 --clear-groups env -i PATH="$PATH" \
		"$TARE_RUNTIME" --root "$BATS_TEST_TMPDIR/rootless" run --bundle "$bundle" "$id"
	((status != 0)) || expect_output deny
	expect_no_line '^allow$'
}

@test "CVE-2021-43784: mappings and paths of absurd length are an error, or work" {
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [range(10000) | {containerID: ., hostID: (100000 + .), size: 1}] |
		.linux.gidMappings = .linux.uidMappings'
	program true
	run_container
	expect_error .
	config '.linux.uidMappings = [range(300) | {containerID: ., hostID: (100000 + .), size: 1}] |
		.linux.gidMappings = .linux.uidMappings'
	chown -h 100000:100000 "$bundle/rootfs"
	run_container
	refused_or_contained
	config '.linux.namespaces |= map(select(.type != "user")) | .linux.uidMappings = [] |
		.linux.gidMappings = [] | .linux.namespaces |= map(if .type == "network"
		then .path = "/" + ("x" * 70000) else . end)'
	run_container
	expect_error .
}

# --- kernel parameters ------------------------------------------------------------------------

@test "a kernel parameter that is not the container's is refused, however it is spelt" {
	local key

	program true
	for key in kernel.core_pattern kernel/core_pattern kernel.hostname/../core_pattern \
		net.ipv4/../../kernel/core_pattern net/../kernel/core_pattern fs.mqueue/../../kernel/msgmax \
		kernel.shm/../core_pattern net.. /etc/passwd ../../etc/passwd vm.overcommit_memory \
		fs.mqueue. 'net.ipv4.ip_forward ' kernel.modprobe net/ipv4/../../kernel/modprobe; do
		config '.linux.sysctl = {($k): "1"}' --arg k "$key"
		run_container
		expect_error .
	done
}

@test "a kernel parameter's name is made of names, with and without openat2" {
	local key lacks

	program cat /proc/sys/net/ipv4/conf/lo/forwarding
	for lacks in '' openat2; do
		export TARE_TEST_LACK=$lacks
		[[ $lacks ]] || unset TARE_TEST_LACK
		for key in /net/ipv4/ip_forward .net.ipv4.ip_forward net//ipv4/ip_forward net/./ipv4/ip_forward \
			net/ net. net.ipv4.//.ip_forward net.ipv4./.ip_forward net.//.//.kernel.core_pattern \
			fs.mqueue.//.//.kernel.core_pattern; do
			config '.linux.sysctl = {($k): "1"}' --arg k "$key"
			run_container
			expect_error "^config.json: /linux/sysctl/${key//\//\~1}: sysctl '$key' is not"
		done
		for key in net.ipv4.conf.lo.forwarding net/ipv4/conf/lo/forwarding; do
			config '.linux.sysctl = {($k): "1"}' --arg k "$key"
			run_container
			expect_output 1
		done
		# a dot that is part of a name
		config '.linux.sysctl = {"net.ipv4.conf.no/such.forwarding": "1"}'
		run_container
		expect_error "set 'net.ipv4.conf.no/such.forwarding': no such file"
	done
}

@test "a network parameter needs a network namespace of the container's own" {
	config '.linux.namespaces |= map(select(.type != "network")) |
		.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	program true
	run_container
	expect_error 'net.ipv4.ip_forward'
}

# --- keys and terminals -----------------------------------------------------------------------

@test "the session keyring is the container's own" {
	program cat /proc/self/status
	config '.linux.maskedPaths -= ["/proc/keys"]'
	program cat /proc/keys
	run_container
	expect_status 0
	[[ -z $output ]] || expect_line "_ses.$id|keyring"
}

@test "CVE-2017-5226: with a terminal, the program has one of its own, and leads its session" {
	config '.process.terminal = true'
	shell 'tty; cut -d " " -f 6,7 /proc/self/stat'
	with_terminal "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_line '/dev/(pts/0|console)'
}

@test "CVE-2017-5226: without a terminal, the caller's is not the controlling one" {
	shell 'cut -d " " -f 7 /proc/self/stat'
	with_terminal "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_line '^0'
}

# --- what the default config closes -----------------------------------------------------------

@test "CVE-2022-0492: a container cannot write a release_agent" {
	shell 'mkdir -p /dev/shm/c; mount -t cgroup -o memory x /dev/shm/c 2>/dev/null && echo mounted
		for f in /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/release_agent; do
			(echo /bin/sh >$f) 2>/dev/null && echo written; done; echo done'
	run_container
	expect_output 'done'
}

@test "CVE-2023-25809: the cgroups are read-only inside" {
	shell 'for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir $d/made 2>/dev/null && echo made; done; echo done'
	run_container
	expect_output 'done'
}

@test "what a policy denies is denied, and the policy cannot be left out" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 93}]} |
		.root.readonly = false'
	shell 'mkdir /x; grep ^Seccomp: /proc/self/status'
	run_container
	expect_line 'Protocol not supported'
	expect_line 'Seccomp:.2'
	program sleep 1000
	start_container
	run tare exec "$id" mkdir /y
	expect_line 'Protocol not supported'
}

# with_probe WORD...: the program is tests/fault/fingerprint.c.
with_probe() {
	[[ -x $TARE_BUILD/tests/fault-fingerprint ]] || skip 'needs the program fault-fingerprint'
	rm -f "$bundle/rootfs/bin/probe"
	cp "$TARE_BUILD/tests/fault-fingerprint" "$bundle/rootfs/bin/probe"
	program /bin/probe "$@"
}

# Docker's default policy, as it is for the capabilities of the default config.
with_docker_policy() {
	config --slurpfile d "$BATS_TEST_DIRNAME/../data/seccomp-default.json" '
		($d[0]) as $p | .linux.seccomp = {
			defaultAction: $p.defaultAction, defaultErrnoRet: $p.defaultErrnoRet,
			syscalls: [$p.syscalls[] | select(.includes.caps == null and
				(.includes.arches == null or (.includes.arches | index("amd64")))) |
				del(.includes, .excludes, .comment)]}'
}

@test "CVE-2026-31431, CVE-2022-0185, CVE-2020-14386: Docker's policy closes the doors that it names" {
	local door

	[[ $(uname -m) = x86_64 ]] || skip 'the policy is taken for x86-64'
	with_docker_policy
	with_probe doors:
	run_container
	expect_status 0
	for door in af_vsock unshare_user mount bpf perf_event_open userfaultfd io_uring_setup keyctl \
		add_key open_by_handle_at kexec_load init_module; do
		expect_line "^door $door: (Operation not permitted|Function not implemented)"
	done
	expect_no_line '^door af_packet: open'
	expect_line '^Seccomp|status: Seccomp:.2'
}

@test "CVE-2019-10063, CVE-2023-28100: nothing can be pushed into the caller's terminal" {
	with_probe push:
	config '.process.capabilities |= map_values(. - ["CAP_SYS_ADMIN"])'
	with_terminal "$TARE_RUNTIME" --root "$state" run --bundle "$bundle" "$id"
	expect_no_line 'push .*: done'
	expect_line '^push'
}
