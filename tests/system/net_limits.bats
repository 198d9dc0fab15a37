# net_limits.bats - rates of containers' interfaces, and shares of an interface for groups
# nothing new with systemd: it works on the kernel, and asks nobody
# shellcheck disable=SC2034,SC2030,SC2031 # variables of lib.bash; each test is a subshell

load ../lib

# All traffic is between namespaces that a test makes: none of the machine's interfaces has a part in it.
setup() {
	net=/run/netns/tt$$-$BATS_TEST_NUMBER
	group=tare-test-tt-$$-$BATS_TEST_NUMBER
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

# connect: a container that runs, and a pair of devices: h0 with 10.99.0.1, in it c0 with 10.99.0.2; skips
# where there are no token buckets
connect() {
	start_container
	pid=$(pid_of)
	in_net ip link add h0 type veth peer name c0 netns "$pid"
	in_net tc qdisc add dev h0 root tbf rate 1mbit burst 2000 limit 9000 2>/dev/null || skip 'needs sch_tbf'
	in_net tc qdisc del dev h0 root
	in_net ip address add 10.99.0.1/24 dev h0
	in_net ip link set h0 up
	nsenter --net="/proc/$pid/ns/net" sh -c 'ip address add 10.99.0.2/24 dev c0; ip link set c0 up'
}

# transfer WORD...: transfer.py
transfer() { python3 "$BATS_TEST_DIRNAME/transfer.py" "$@" 3>&-; }

# inward, outward: milliseconds for 200 kB into the container, and out of it
inward() { transfer "$net" "/proc/$pid/ns/net" 10.99.0.2 200000; }
outward() { transfer "/proc/$pid/ns/net" "$net" 10.99.0.1 200000; }

# is_quick WAY SLOW: inward or outward takes less than half of SLOW; a busy machine gets more than one chance
is_quick() {
	local try

	for try in 1 2 3; do
		((2 * $("$1") >= $2)) || return 0
	done
	return 1
}

# qdiscs: the disciplines of both ends
qdiscs() {
	in_net tc qdisc show dev h0
	nsenter --net="/proc/$pid/ns/net" tc qdisc show dev c0
}

# --- shares -----------------------------------------------------------------------------------

# The tree of shares is in the group $group; what is divided is what goes out by s0, to d0 in $far.

# v2: where the v2 hierarchy is mounted
v2() { grep ' - cgroup2 ' /proc/self/mountinfo | cut -d ' ' -f 5 | head -n 1; }

# shares WORD...: tare cg shares in the test's group and namespace
shares() { in_net "$TARE_BUILD/src/tare" cg shares -u "$group" "$@" 3>&-; }

# pair: s0 with 10.98.0.1, and in $far d0 with 10.98.0.2; skips where nothing divides s0
pair() {
	[[ $(v2) ]] || skip 'needs a v2 hierarchy'
	far=$net-far
	ip netns add "${far##*/}"
	in_net ip link add s0 type veth peer name d0 netns "${far##*/}"
	in_net tc qdisc add dev s0 root handle 9: htb 2>/dev/null || skip 'needs sch_htb'
	in_net tc qdisc del dev s0 root
	in_net ip address add 10.98.0.1/24 dev s0
	in_net ip link set s0 up
	nsenter --net="$far" sh -c 'ip address add 10.98.0.2/24 dev d0; ip link set d0 up'
}

clear_shares() {
	[[ -e $net-far ]] || return 0
	shares --clear || true
	ip netns delete "${net##*/}-far"
	wait_for 20 no_groups
}

# no_groups: the test's groups are gone, or can be removed
no_groups() {
	find /sys/fs/cgroup -depth -type d -path "*$group*" -exec rmdir {} \; 2>/dev/null || true
	[[ ! $(find /sys/fs/cgroup -type d -path "*$group*" -print -quit) ]]
}

# classes: of s0, without figures that change
classes() { in_net tc class show dev s0 | sort; }

# packets MINOR: how many went through this class of s0
packets() {
	in_net tc -s class show dev s0 | awk -v id="$1" '
		$1 == "class" { split($3, a, ":"); now = a[2] == id }
		now && $1 == "Sent" { print $4 }'
}

# datagrams FILE COUNT PRIORITY...: a process goes to the group with this cgroup.procs, and sends COUNT packets
# from there, with a priority of its own choice unless that is 0; and so on. It waits for a file "go"
# before it sends from a socket that it has already where FILE is wait:FILE.
datagrams() {
	timeout 90 nsenter --net="$net" python3 - "$@" 3>&- <<-'END'
		import os, socket, sys, time
		words = sys.argv[1:]
		while words:
		    file, count, chosen = words.pop(0), int(words.pop(0)), int(words.pop(0), 0)
		    with open(file.removeprefix("wait:"), "w") as f:
		        f.write("0")
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    if chosen:
		        s.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, chosen)
		    if file.startswith("wait:"):
		        open("waiting", "w").close()
		        while not os.path.exists("go"):
		            time.sleep(0.05)
		    for _ in range(count):
		        s.sendto(b"x", ("10.98.0.2", 9))
	END
}

@test "net-rate: what a container receives and sends is slowed down, and is as fast as before after an undo" {
	connect
	qdiscs >before
	run net_tare limit --net-rate in=1mbit "$pid"
	expect_no_line 'CAP_NET'
	expect_line ': net in c0: unlimited -> 1mbit .*qdisc of h0 on the host'
	expect_no_line 'net out'
	slow=$(inward)
	((slow > 1000))
	is_quick outward "$slow"
	run net_tare limit --net-rate out=1mbit,in=max "$pid"
	expect_line ': net in c0: 1mbit -> unlimited '
	expect_line ': net out c0: unlimited -> 1mbit .*qdisc of c0\)'
	slow=$(outward)
	((slow > 1000))
	is_quick inward "$slow"
	net_tare limit --undo "$pid"
	net_tare limit --undo "$pid"
	qdiscs >after
	diff before after
	[[ ! -e /run/tare/changed/$pid-$(awk '{ print $22 }' "/proc/$pid/stat").json ]]
}

@test "net-rate: each change prints the old values, and each undo gives back exactly them" {
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
	config '.process.capabilities.bounding += ["CAP_NET_RAW"]'
	connect
	run net_tare limit --net-rate 1mbit "$pid"
	expect_line 'has CAP_NET_RAW: it can get round the limit of what it sends'
	in_net ip link delete h0
	net_tare limit --undo "$pid"
	run net_tare limit --net-rate 1mbit "$pid"
	expect_error 'no interface but the loopback'
}

@test "net-rate: the other end must be there: a peer elsewhere, and what has none, are refused" {
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
	while IFS='|' read -r rate why; do
		run host_tare limit --net-rate "$rate" nobody
		expect_error "$why"
	done <<-'END'
		1m|not a rate .*10mbit
		1kbit|8kbit is the least
		in=1mbit,in=2mbit|'in=2mbit' is not understood
		1mbit,2mbit|not understood
		in=|not a rate
	END
}

@test "net-rate: a name that an interface of the container's has reaches no terminal" {
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

@test "lecture: professors and students share CPU, memory and the network" {
	need_controller cpu memory
	pair
	cat >tree <<-'END'
		group            cpu    memory  net
		professors       50%    40%     60%
		students         30%    20%     30%
		    bachelor     60%    50%     25%
		    master       40%    50%     75%
		system           20%    30%     -

		network s0 8mbit
	END
	shares --dry-run --no-headers tree >plan
	grep -Eq "^$group/students/master +net +75.00% +s0 [0-9a-f]+:4 +1800kbit\$" plan
	[[ ! -e $(v2)/$group && ! -e $(controller_dir cpu)/$group ]]
	[[ $(in_net tc qdisc show dev s0) = *noqueue* ]]
	shares tree
	shares --show --format '{{.group}} {{.cpu}} {{.memory}} {{.net}} {{.netRate}} {{.netInterface}}' >force
	grep -x 'professors 50.00% 40.00% 60.00% 4800kbit s0' force
	grep -x 'students/bachelor 60.00% 50.00% 25.00% 600kbit s0' force
	grep -qx "0::/$group/professors" <(net_tare cg exec -g "cpu:$group/professors" cat /proc/self/cgroup)
	read -r professors bachelor master < <(transfer "$net" "$far" 10.98.0.2 700000 \
		"$(v2)/$group"/{professors,students/bachelor,students/master}/cgroup.procs)
	echo "$professors $bachelor $master"
	# they should be as 8 to 1 to 3; undivided they would be the same
	((professors > bachelor + master && 2 * master > 3 * bachelor && bachelor > 0))
}

@test "shares of the network: each packet is in the class of the innermost group, whatever priority it asks for" {
	pair
	printf '%s\n' 'group net' 'professors 50%' 'students 30%' ' bachelor 60%' ' club -' '  chess 10%' \
		'network s0 100mbit' | shares -
	root=$(v2) handle=$(in_net tc qdisc show dev s0 | sed -n 's/^qdisc htb \([0-9a-f]*\): .*/\1/p')
	mkdir "$root/$group"/{students/club,professors/ours} 2>/dev/null || [[ -d $root/$group/professors/ours ]]
	# nobody sends before the other end is known: its question would be counted with the others'
	datagrams "$root/cgroup.procs" 1 0
	before=$(packets 7ffe)
	datagrams "$root/$group/professors/cgroup.procs" 2 0 \
		"$root/$group/professors/ours/cgroup.procs" 1 "0x${handle}0003" \
		"$root/$group/students/cgroup.procs" 5 "0x${handle}0001" \
		"$root/$group/students/bachelor/cgroup.procs" 7 "0x${handle}0001" \
		"$root/$group/students/club/chess/cgroup.procs" 11 6 \
		"$root/$group/students/club/cgroup.procs" 13 0 \
		"$root/cgroup.procs" 17 0
	in_net tc -s class show dev s0
	[[ "$(packets 1) $(packets 8002) $(packets 3) $(packets 4)" = '3 18 7 11' ]]
	(($(packets 7ffe) - before >= 17))
	# a second time: nothing is made anew
	classes >first
	printf '%s\n' 'network s0 100mbit' 'group net' 'professors 50%' 'students 30%' ' bachelor 60%' ' club -' '  chess 10%' |
		shares -
	classes >second
	diff first second
	[[ $(packets 3) = 7 ]]
}

@test "shares of the network: what changes is changed, also for sockets that are there; --clear ends it" {
	pair
	in_net tc qdisc show dev s0 >before
	shares - <<<$'group net\na 50%\nb 50%\nnetwork s0 80mbit'
	datagrams "wait:$(v2)/$group/b/cgroup.procs" 13 0 &
	wait_for 20 test -e waiting
	shares - <<<$'group net\nb 25.5%\nc 10%\nnetwork s0 100gbit'
	touch go
	wait $!
	[[ $(packets 1) = 13 ]]
	shares --show --format '{{.group}} {{.net}} {{.netRate}}' >force
	grep -x 'b 25.50% 25500mbit' force
	run shares --show --format '{{with .net}}{{$.group}}{{end}}'
	[[ $(xargs <<<"$output") = 'b c' ]]
	handle=$(in_net tc qdisc show dev s0 | sed -n 's/^qdisc htb \([0-9a-f]*\): .*/\1/p')
	shares --clear
	in_net tc qdisc show dev s0 >after
	diff before after
	run shares --show --format '{{.net}}'
	expect_no_line '%'
	# what has the same handle, and is another's, stays
	in_net tc qdisc add dev s0 root handle "$handle:" tbf rate 1mbit burst 2000 limit 9000
	shares --clear
	in_net tc qdisc show dev s0 | grep "tbf $handle: root"
}

@test "shares of the network: what cannot be is refused before anything is touched" {
	pair
	while IFS='|' read -r text why; do
		run shares - < <(printf '%b' "$text")
		expect_error "$why"
	done <<-'END'
		group net\na 50%\n|no line says what is divided .*network INTERFACE RATE
		group net\na 50%\nnetwork none0 1mbit\n|network interface 'none0'
		network s0 1mbit\ngroup net\na 60%\nb -\n c 50%\n|more than 100%
		network s0 1mbit\ngroup net\na 1%\n a 1%\n  a 1%\n   a 1%\n    a 1%\n     a 1%\n      a 1%\n       a 1%\n|at most 7 levels
	END
	in_net tc qdisc add dev s0 root handle 5: htb
	run shares - <<<$'group net\na 50%\nnetwork s0 80mbit'
	expect_error "somebody put the queueing discipline 'htb' on interface 's0' .*tc qdisc del"
	in_net tc qdisc show dev s0 | grep 'htb 5:'
	[[ ! -e $(v2)/$group ]]
	in_net tc qdisc del dev s0 root
	# seven levels are what there is
	printf '%b' 'network s0 1mbit\ngroup net\na 9%\n a 9%\n  a 9%\n   a 9%\n    a 9%\n     a 9%\n      a 9%\n' | shares -
	[[ $(classes | wc -l) = 15 ]]
	in_net "$TARE_BUILD/src/tare" cg shares -u "$group/a" - <<<$'group net\nx 5%\nnetwork s0 1mbit' 2>errors 3>&- || true
	grep 'divided among groups in another place already' errors
}
