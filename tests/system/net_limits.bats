# net_limits.bats - rates of containers' interfaces, and shares of an interface for groups
# nothing new with systemd: it works on the kernel, and asks nobody
# shellcheck disable=SC2034,SC2030,SC2031 # variables of lib.bash; each test is a subshell

load ../lib

# All traffic is between namespaces that a test makes: none of the machine's interfaces has a part in it.
setup() {
	net=/run/netns/tt$$-$BATS_TEST_NUMBER
	need_program ip tc python3
	# where the kernel finds no modprobe
	modprobe -qa veth sch_tbf sch_htb 2>/dev/null || true
	tare_setup
	ip netns add "${net##*/}"
	in_net ip link set lo up
}

teardown() {
	remove_containers
	clear_shares
	[[ ! -e $net ]] || ip netns delete "${net##*/}"
	tare_teardown
}

# in_net WORD...: in the test's network namespace; `ip netns exec` would hide the cgroups
in_net() { nsenter --net="$net" "$@"; }

# net_tare WORD...: tare there
net_tare() { in_net "$TARE_BUILD/src/tare" "$@" </dev/null 3>&-; }

# connect: a container that runs, and a pair of devices: h0 with 10.99.0.1, in it c0 with 10.99.0.2
connect() {
	start_container
	pid=$(pid_of)
	in_net ip link add h0 type veth peer name c0 netns "$pid"
	in_net ip address add 10.99.0.1/24 dev h0
	in_net ip link set h0 up
	nsenter --net="/proc/$pid/ns/net" sh -c 'ip address add 10.99.0.2/24 dev c0; ip link set c0 up'
}

# transfer WORD...: transfer.py
transfer() { python3 "$BATS_TEST_DIRNAME/transfer.py" "$@" 3>&-; }

# inward, outward: milliseconds for 200 kB into the container, and out of it
inward() { transfer "$net" "/proc/$pid/ns/net" 10.99.0.2 200000; }
outward() { transfer "/proc/$pid/ns/net" "$net" 10.99.0.1 200000; }

# qdiscs: the disciplines of both ends
qdiscs() {
	in_net tc qdisc show dev h0
	nsenter --net="/proc/$pid/ns/net" tc qdisc show dev c0
}

# need_tbf: token buckets
need_tbf() {
	in_net ip link add tt0 type veth peer name tt1
	in_net tc qdisc add dev tt0 root tbf rate 1mbit burst 2000 limit 9000 2>/dev/null || skip 'needs sch_tbf'
	in_net ip link delete tt0
}

clear_shares() { :; }

@test "net-rate: what a container receives and sends is slowed down, and is as fast as before after an undo" {
	need_tbf
	connect
	qdiscs >before
	fast=$(inward)
	run net_tare limit --net-rate in=1mbit "$pid"
	expect_line ': net in c0: unlimited -> 1mbit .*qdisc of h0 on the host'
	expect_no_line 'net out'
	slow=$(inward)
	((slow > 1000 && slow > 2 * fast))
	((2 * $(outward) < slow))
	run net_tare limit --net-rate out=1mbit,in=max "$pid"
	expect_line ': net in c0: 1mbit -> unlimited '
	expect_line ': net out c0: unlimited -> 1mbit .*qdisc of c0\)'
	slow=$(outward)
	((slow > 1000))
	((2 * $(inward) < slow))
	net_tare limit --undo "$pid"
	net_tare limit --undo "$pid"
	qdiscs >after
	diff before after
	[[ ! -e /run/tare/changed/$pid-$(awk '{ print $22 }' "/proc/$pid/stat").json ]]
}

@test "net-rate: each change prints the old values, and each undo gives back exactly them" {
	need_tbf
	connect
	net_tare limit --net-rate 1.5mbit "$pid"
	qdiscs >first
	run net_tare limit --json --net-rate 100gbit --pids 50 "$pid"
	[[ $(jq -r 'select(.what | startswith("net")) | .before, .after' <<<"$output" | sort -u | xargs) = '100gbit 1500kbit' ]]
	net_tare limit --net-rate 8kbit "$pid"
	net_tare limit --undo "$pid"
	run net_tare limit --undo "$pid"
	expect_line ': net in c0: 100gbit -> 1500kbit '
	expect_line ': pids: 50 -> '
	qdiscs >again
	diff first again
	in_net tc qdisc show dev h0 | grep 'tbf 7a7e:'
	net_tare limit --undo "$pid"
	run net_tare limit --undo "$pid"
	expect_error 'nothing was changed'
}

@test "net-rate: what somebody else put on an interface stays, and all is refused before anything is touched" {
	need_tbf
	connect
	in_net tc qdisc add dev h0 root handle 5: tbf rate 9mbit burst 20kb latency 50ms
	qdiscs >before
	run net_tare limit --net-rate 1mbit --pids 50 "$pid"
	expect_error "somebody put the queueing discipline 'tbf' on interface 'h0'.*tc qdisc del"
	qdiscs >after
	diff before after
	[[ ! -e /run/tare/changed/$pid-$(awk '{ print $22 }' "/proc/$pid/stat").json ]]
	# what comes between a limit and its undo stays, too
	in_net tc qdisc del dev h0 root
	net_tare limit --net-rate 1mbit "$pid"
	in_net tc qdisc replace dev h0 root handle 5: tbf rate 9mbit burst 20kb latency 50ms
	run net_tare limit --undo "$pid"
	expect_status 0
	expect_line 'on interface .h0.*it stays'
	qdiscs >after
	diff before after
}

@test "net-rate: an interface that has gone took its limit along" {
	need_tbf
	connect
	net_tare limit --net-rate 1mbit "$pid"
	in_net ip link delete h0
	net_tare limit --undo "$pid"
	run net_tare limit --net-rate 1mbit "$pid"
	expect_error 'no interface but the loopback'
}

@test "net-rate: the other end must be there: a peer elsewhere, and what has none, are refused" {
	need_tbf
	connect
	# seen from the machine's namespace, h0 is elsewhere
	run host_tare limit --net-rate 1mbit "$pid"
	expect_error "interface 'c0' has no end in this network namespace.*out=RATE"
	host_tare limit --net-rate out=1mbit "$pid"
	nsenter --net="/proc/$pid/ns/net" tc qdisc show dev c0 | grep 'tbf 7a7e: root .*rate 1Mbit'
	host_tare limit --undo "$pid"
	# a pair with both ends in the container brings nothing in
	nsenter --net="/proc/$pid/ns/net" ip link add x0 type veth peer name x1
	net_tare limit --net-rate in=1mbit "$pid" >limits
	[[ $(wc -l <limits) = 1 ]]
	nsenter --net="/proc/$pid/ns/net" sh -c 'ip link add b0 type bridge && ip link set b0 up' || skip 'needs bridges'
	run net_tare limit --net-rate 2mbit "$pid"
	expect_error "interface 'b0' has no end"
}

@test "net-rate: the host's interfaces, and those of another container, are not limited" {
	config 'del(.linux.namespaces[] | select(.type == "network"))'
	start_container
	run host_tare limit --net-rate 1mbit "$(pid_of)"
	expect_error "the host's own interfaces.*tare cg shares"
	tare delete --force "$id"
	make_bundle "$bundle.2"
	bundle=$bundle.2
	connect
	make_bundle "$bundle.3"
	bundle=$bundle.3
	config --arg path "/proc/$pid/ns/net" '(.linux.namespaces[] | select(.type == "network")).path = $path'
	program sleep 1000
	tare run --detach --bundle "$bundle" "$id-2" </dev/null >out 2>&1
	run net_tare limit --net-rate 1mbit "$pid"
	expect_error "container '.*' uses the same interfaces"
}

@test "net-rate: what is no rate is refused" {
	start_container
	pid=$(pid_of)
	while IFS='|' read -r rate why; do
		run host_tare limit --net-rate "$rate" "$pid"
		expect_error "$why"
	done <<-'END'
		1m|not a rate .*10mbit
		1000|not a rate
		1kbit|8kbit is the least
		in=1mbit,in=2mbit|'in=2mbit' is not understood
		1mbit,2mbit|not understood
		up=1mbit|not understood
		in=|not a rate
	END
	run host_tare limit --net-rate 1mbit "$pid"
	expect_error 'no interface but the loopback'
}

@test "net-rate: a name that an interface of the container's has reaches no terminal" {
	need_tbf
	connect
	nsenter --net="/proc/$pid/ns/net" ip link set c0 down
	nsenter --net="/proc/$pid/ns/net" ip link set c0 name $'c\e[1m\xff' || skip 'needs ip with odd names'
	run net_tare limit --net-rate 1mbit "$pid"
	expect_status 0
	expect_line 'net out c\?\[1m\?:'
	run net_tare limit --undo "$pid"
	expect_status 0
	[[ $output != *$'\e'* ]]
}
