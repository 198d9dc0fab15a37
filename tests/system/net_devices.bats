# net_devices.bats - network devices of the host's move into the container
# nothing new with systemd: it works on the kernel, and asks nobody

load ../lib

# A pair of devices, $here and $peer. What becomes of $here is the test's; $peer ends both.
setup() {
	tare_setup
	need_link_type veth
	here=th$$ peer=tp$$ netns=
	ip link add "$here" type veth peer name "$peer"
}

teardown() {
	[[ -z $netns ]] || kill "$(cut -d / -f 3 <<<"$netns")"
	tare_teardown || return
	ip link delete "$peer" 2>/dev/null || true
	ip link delete "$here" 2>/dev/null || true
}

# A network namespace that the container joins by path.
join_netns() {
	unshare --net sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
	netns=/proc/$!/ns/net
	wait_for 5 other_netns
	config --arg path "$netns" '(.linux.namespaces[] | select(.type == "network")).path = $path'
}

other_netns() {
	[[ $(readlink "$netns") != "$(readlink /proc/self/ns/net)" ]]
}

# there COMMAND...: in that namespace
there() {
	nsenter --net="$netns" "$@"
}

# devices NAME [NEW-NAME]
devices() {
	config --arg name "$1" --arg new "${2-}" \
		'.linux.netDevices[$name] = if $new == "" then {} else {name: $new} end'
}

is_here() {
	ip link show "$here" >/dev/null
}

@test "a device moves, and keeps its name, hardware address, MTU and lasting addresses" {
	ip link set "$here" mtu 1399 address 02:00:00:00:00:17 up
	ip address add 10.77.1.2/24 brd + dev "$here"
	ip address add 10.77.1.3/24 dev "$here"
	ip address add fd77::2/64 dev "$here" nodad
	ip address add 10.77.2.1/24 scope link dev "$here"
	ip address add fd77::3/64 dev "$here" valid_lft 900 preferred_lft 900
	devices "$here"
	program ip address show dev "$here"
	run_container
	expect_status 0
	expect_line "$here@.*[<,]UP[,>].* mtu 1399"
	expect_line 'link/ether 02:00:00:00:00:17'
	expect_line 'inet 10\.77\.1\.2/24 brd 10\.77\.1\.255'
	expect_line 'inet 10\.77\.1\.3/24'
	expect_line 'inet6 fd77::2/64'
	expect_no_line '10\.77\.2\.1'
	expect_no_line 'fd77::3'
}

@test "a point-to-point address keeps its peer" {
	ip address add 10.77.1.2 peer 10.77.9.9/32 dev "$here"
	devices "$here"
	program ip address show dev "$here"
	run_container
	expect_line 'inet 10\.77\.1\.2 peer 10\.77\.9\.9/32'
}

@test "a device gets the name that the config gives it" {
	ip address add 10.77.1.2/24 dev "$here"
	devices "$here" eth0
	program ip address show
	run_container
	expect_status 0
	expect_line ' eth0@.*[<,]UP[,>]'
	expect_line 'inet 10\.77\.1\.2/24.* eth0'
	expect_no_line "$here"
}

@test "the kernel completes a name that ends in %d" {
	ip address add 10.77.1.2/24 dev "$here"
	devices "$here" 'net%d'
	program ip address show
	run_container
	expect_line ' net0@.*[<,]UP[,>]'
	expect_line 'inet 10\.77\.1\.2/24.* net0'
}

@test "a template finds a free name, and the device its address, where name and index are taken" {
	local index

	join_netns
	index=$(<"/sys/class/net/$here/ifindex")
	there ip link add net0 index "$index" type veth peer name other
	ip address add 10.77.1.2/24 dev "$here"
	devices "$here" 'net%d'
	program ip address show
	run_container
	expect_status 0
	expect_line 'inet 10\.77\.1\.2/24.* net1'
	expect_line ' net1@.*[<,]UP[,>]'
}

@test "in a namespace that was joined the device stays when the container ends" {
	join_netns
	ip address add 10.77.1.2/24 dev "$here"
	devices "$here" eth7
	program true
	run_container
	expect_status 0
	run there ip address show dev eth7
	expect_line 'inet 10\.77\.1\.2/24'
}

@test "a device moves into the namespace of a container with ids of its own" {
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.type != "cgroup"))'
	chmod o+x "$BATS_TEST_TMPDIR" "$bundle"
	ip address add 10.77.1.2/24 dev "$here"
	devices "$here" eth0
	program ip address show dev eth0
	run_container
	expect_status 0
	expect_line 'inet 10\.77\.1\.2/24'
}

@test "two devices may trade names" {
	local a="$here" b="$peer"

	ip link set "$a" address 02:00:00:00:00:0a
	ip link set "$b" address 02:00:00:00:00:0b
	devices "$a" "$b"
	devices "$b" "$a"
	program ip link show
	run_container
	expect_status 0
	grep -A 1 " $b@" <<<"$output" | grep -q 02:00:00:00:00:0a
	grep -A 1 " $a@" <<<"$output" | grep -q 02:00:00:00:00:0b
}

@test "the container can be started after the device has moved" {
	devices "$here"
	program ip link show "$here"
	tare create --bundle "$bundle" "$id" >"$BATS_TEST_TMPDIR/out" 2>&1
	run is_here
	((status != 0))
	tare start "$id"
	wait_for 10 has_state stopped
	grep -q "$here@" "$BATS_TEST_TMPDIR/out"
}

@test "when the creation fails later, the device is back as it was" {
	ip link set "$here" up
	ip address add 10.77.1.2/24 dev "$here"
	ip address add fd77::2/64 dev "$here" nodad
	devices "$here" eth0
	program no-such-program
	run_container
	expect_error no-such-program
	run ip address show dev "$here"
	expect_status 0
	expect_line "$here@.*[<,]UP[,>]"
	expect_line 'inet 10\.77\.1\.2/24'
	expect_line 'inet6 fd77::2/64'
}

@test "a device that was down is down again when the creation fails" {
	devices "$here"
	program no-such-program
	run_container
	expect_error no-such-program
	run ip link show "$here"
	expect_no_line '[<,]UP[,>]'
}

@test "a name that the container has already is refused, and the others stay" {
	join_netns
	there ip link add eth0 type veth peer name other
	devices "$peer" eth1
	devices "$here" eth0
	run_container
	expect_error "/linux/netDevices/$here: .*'$here'.* has a 'eth0' already"
	is_here
	ip link show "$peer"
}

@test "what the kernel does not move is named, with its words" {
	devices lo lo7
	run_container
	expect_error "/linux/netDevices/lo: .*'lo': .*invalid argument"
	ip link show lo
}

@test "a device that is missing is named before anything is touched" {
	devices "$here"
	devices no-such-dev
	run_container
	expect_error "/linux/netDevices/no-such-dev: there is no network device 'no-such-dev'"
	is_here
}

@test "names that no device can have are refused" {
	local name

	for name in a/b 'a b' . .. a:b sixteen-bytes-16 'a%s' '%d%d' '%'; do
		config --arg here "$here" --arg name "$name" '.linux.netDevices = {($here): {name: $name}}'
		run_container
		expect_error "/linux/netDevices/$here/name: invalid network device name"
		config --arg name "$name" '.linux.netDevices = {($name): {}}'
		run_container
		expect_error 'invalid network device name'
	done
	is_here
}

@test "two devices for one name are refused" {
	devices "$here" eth0
	devices "$peer" eth0
	run_container
	expect_error "would both be 'eth0'"
	is_here
}

@test "without a network namespace of its own a container gets no device" {
	devices "$here"
	config '.linux.namespaces |= map(select(.type != "network"))'
	run_container
	expect_error '/linux/netDevices: network devices need a network namespace'
	config '.linux.namespaces += [{type: "network", path: "/proc/self/ns/net"}]'
	run_container
	expect_error 'is the network namespace that the devices are in'
	is_here
}
