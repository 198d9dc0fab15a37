# cg_more.bats - shares of groups, their accounts, and being told what happens in them
# nothing new with systemd: it works on the kernel, and asks nobody
# shellcheck disable=SC2034,SC2217,SC2030,SC2031 # variables of lib.bash; each test is a subshell

load ../lib
setup() {
	id=tt-$$-$BATS_TEST_NUMBER
	state=$BATS_TEST_TMPDIR/state
	cd "$BATS_TEST_TMPDIR" || return
	[[ $(cgroup_kind) != none ]] || skip 'needs cgroups'
}

teardown() {
	local pid

	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	wait
	# deepest first; a program that has just ended may hold its group for a moment
	wait_for 20 no_groups
	tare_teardown
}

started=()

# no_groups: the test's groups are gone, or can be removed
no_groups() {
	find /sys/fs/cgroup -depth -type d -path "*tare-test-$id*" -exec rmdir {} \; 2>/dev/null || true
	[[ ! $(find /sys/fs/cgroup -type d -path "*tare-test-$id*" -print -quit) ]]
}

# cg WORD...: tare cg
cg() { host_tare cg "$@"; }

# place CONTROLLER: the test's group in the hierarchy of this controller
place() { echo "$(controller_dir "$1")/tare-test-$id"; }

# version CONTROLLER: 1 or 2
version() { if [[ -e $(controller_dir "$1")/cgroup.controllers ]]; then echo 2; else echo 1; fi; }

# shares WORD...: tare cg shares in the test's group
shares() { "$TARE_BUILD/src/tare" cg shares -u "tare-test-$id" "$@" 3>&-; }

@test "lecture: professors, students and the system share CPU time and memory" {
	need_controller cpu memory
	local weight=cpu.weight limit=memory.max unit=100 total

	[[ $(version cpu) = 2 ]] || { weight=cpu.shares unit=1024; }
	[[ $(version memory) = 2 ]] || limit=memory.limit_in_bytes
	cat >tree <<-'END'
		# of one machine
		group            cpu    memory

		professors       50%    40%
		students         30%
		    bachelor     60%    -
		    master       40%    12.5%
		system           20%    30%
		system/guests/   -      1%
	END
	shares --dry-run --no-headers tree >plan
	[[ ! -e $(place cpu) && ! -e $(place memory) ]]
	grep -Eq "^tare-test-$id/students/master +memory +12.50% +$limit +[0-9]+\$" plan
	[[ $(wc -l <plan) = 10 ]]
	shares - <tree
	[[ $(cat "$(place cpu)/professors/$weight") = $((50 * unit)) ]]
	[[ $(cat "$(place cpu)/students/bachelor/$weight") = $((60 * unit)) ]]
	total=$(awk '/^MemTotal/ { printf "%d", $2 * 1024 * 0.3 / 4096 }' /proc/meminfo)
	[[ $(cat "$(place memory)/students/$limit") = $((total * 4096)) ]]
	# once more is no change
	shares tree
	shares --show --format '{{.group}} {{.cpu}} {{.cpuOfHost}} {{.memory}} {{.memoryOfHost}}' >force
	grep -x 'professors 50.00% 50.00% 40.00% 40.00%' force
	grep -x 'students 30.00% 30.00% 30.00% 30.00%' force
	grep -x 'students/master 40.00% 12.00% 12.50% 3.75%' force
	grep -x 'system 20.00% 20.00% 30.00% 30.00%' force
	[[ $(sed -n '2s/ .*//p' force) = students && $(tail -n 1 force) = system/guests* ]]
}

@test "shares: what makes no sense is an error with its line" {
	local line text

	while IFS='|' read -r line text; do
		run shares --dry-run - < <(printf '%b' "$text")
		expect_error "line $line"
	done <<-'END'
		3|a 50%\n\nb 50.01%\n
		5|a 50%\n  b 60%\nc 50%\n  d 50%\n  e 51%\n
		1|a 101%\n
		1|a 0%\n
		1|a 5\n
		1|a 1.234%\n
		2|a 1%\na 2%\n
		1|a/b 1%\n
		1|../b 1%\n
		1|group cpu gpu\n
		1|group cpu cpu\n
		2|group cpu io net\na 1% 2%\n
		1|a 1% 2% 3%\n
		1|. 5%\n
		1|network eth0 10m\na 5%\n
		1|network et/h0 10mbit\na 5%\n
		3|a 5%\nnetwork eth0 1mbit\nnetwork eth0 1mbit\n
	END
	run shares --dry-run - </dev/null
	expect_error 'names no group'
}

@test "shares: what cannot be divided here is refused before anything is touched" {
	need_controller cpu
	# net: net_limits.bats
	run shares - <<<$'group cpu net\nstudents 30%'
	expect_error "net.*network INTERFACE RATE"
	[[ ! -e $(place cpu) ]]
	if ! grep -qs '\[bfq\]' /sys/block/*/queue/scheduler && ! grep -qs enable=1 /sys/fs/cgroup/io.cost.qos; then
		run shares - <<<$'group cpu io\nstudents 30%'
		expect_error 'io'
		[[ ! -e $(place cpu) ]]
	fi
}

@test "account: CPU time, memory, I/O and processes of groups, in all and by the time" {
	need_controller memory pids
	cg create -g "memory,pids:tare-test-$id/a"
	sleep 1000 </dev/null 3>&- &
	started+=($!)
	cg classify -g "memory,pids:tare-test-$id/a" "${started[0]}"
	cg account -g "memory,pids:tare-test-$id/a" -g "pids:tare-test-$id" --json >now
	jq -e '.[0].pids == 1 and (.[0] | has("memory")) and (.[1] | has("memory") | not)' now
	cg account -g "pids:tare-test-$id/a" --interval 10ms --count 3 --format '{{.group}} {{.pids}}' >lines
	[[ $(sort lines | uniq -c | tr -s ' ') = " 3 tare-test-$id/a 1" ]]
	run cg account -g "pids:tare-test-$id/no"
	expect_error 'no such file'
	run cg account -g "pids:tare-test-$id/a" --count 3
	expect_error 'goes with --interval'
}

@test "account: CPU time of a group grows with what its processes compute" {
	local controller=cpuacct

	# on v2 it is counted with cpu
	controller_dir cpuacct >/dev/null || controller=cpu
	need_controller $controller
	cg create -g "$controller:tare-test-$id"
	cg exec -g "$controller:tare-test-$id" sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done'
	cg account -g "$controller:tare-test-$id" --json | jq -e '.[0].cpuTime > 1000000'
}

@test "account: each process, by the kernel's taskstats" {
	need_controller pids
	cg create -g "pids:tare-test-$id"
	"$TARE_BUILD/src/tare" cg exec -g "pids:tare-test-$id" sh -c \
		'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; touch ready; exec sleep 1000' </dev/null 3>&- &
	started+=($!)
	wait_for 20 test -e ready
	if ! cg account -g "pids:tare-test-$id" --processes --json >list 2>errors; then
		grep -q 'shows none in this network namespace' errors
		skip "needs the kernel's taskstats"
	fi
	jq -e --argjson pid "${started[0]}" \
		'length == 1 and (.[0] | .cpuTime > 1000000 and .command != "" and .pid == $pid)' list
}

@test "watch: a command is run when a group is empty, as by a release agent" {
	need_controller pids
	cg create -g "pids:tare-test-$id/a"
	"$TARE_BUILD/src/tare" cg exec -g "pids:tare-test-$id/a" sleep 1000 </dev/null 3>&- &
	started+=($!)
	wait_for 20 grep -qx "${started[0]}" "$(place pids)/a/cgroup.procs"
	timeout 300 "$TARE_BUILD/src/tare" cg watch -g "pids:tare-test-$id" --empty --once \
		--exec 'echo "$1 is $2" >told; exit 3' >events 2>errors </dev/null 3>&- &
	[[ ! -s events ]]
	kill "${started[0]}"
	wait "$!"
	[[ $(cat events) = "tare-test-$id empty" && $(cat told) = "tare-test-$id is empty" ]]
	grep -q failed errors
}

@test "watch: what is so already is told at once, and a group's removal ends the watch" {
	need_controller memory
	cg create -g "memory:tare-test-$id"
	run timeout 60 "$TARE_BUILD/src/tare" cg watch -g "memory:tare-test-$id" -m 0 --once --json </dev/null
	expect_status 0
	jq -e '.event == "memory-threshold" and .memory >= 0' <<<"$output"
	timeout 300 "$TARE_BUILD/src/tare" cg watch -g "memory:tare-test-$id" --empty >events </dev/null 3>&- &
	wait_for 20 grep -q empty events
	cg delete "memory:tare-test-$id"
	wait "$!"
	[[ $(tail -n 1 events) = "tare-test-$id gone" ]]
}

@test "watch: memory that passes a threshold, and memory that runs out" {
	need_controller memory
	local file=memory.max

	[[ $(version memory) = 2 ]] || file=memory.limit_in_bytes
	cg create -g "memory:tare-test-$id"
	cg set -r $file=24M "tare-test-$id"
	[[ ! -e $(place memory)/memory.swap.max ]] || cg set -r memory.swap.max=0 "tare-test-$id"
	"$TARE_BUILD/src/tare" cg watch -g "memory:tare-test-$id" --oom -m 16M >events </dev/null 3>&- &
	started+=($!)
	# again, if the watch had not begun when it happened
	wait_for 60 out_of_memory
	# on v2 what comes and goes between two looks is not seen
	[[ $(version memory) = 2 ]] || wait_for 20 grep -qE "^tare-test-$id memory-threshold [0-9]+\$" events
}

# out_of_memory: a program runs out of its group's, and the watch has told so
out_of_memory() {
	# tail keeps the last line, and this file has no end of it
	run timeout --kill-after 5 120 "$TARE_BUILD/src/tare" cg exec -g "memory:tare-test-$id" tail /dev/zero
	expect_status 137
	grep -qx "tare-test-$id oom" events
}

@test "watch: memory that gets scarce" {
	need_controller memory
	cg create -g "memory:tare-test-$id"
	if [[ $(version memory) = 2 ]]; then
		[[ -e $(place memory)/memory.pressure ]] || skip "needs the kernel's PSI (psi=1)"
		# a program that grows is made to wait, and at the limit it ends
		cg set -r memory.high=4M -r memory.max=16M -r memory.swap.max=0 "tare-test-$id"
		strain=(tail /dev/zero)
	else
		# the pages of one part of the file make room for those of the next
		cg set -r memory.limit_in_bytes=8M "tare-test-$id"
		strain=(dd if=/dev/zero of=large bs=64k count=768)
	fi
	"$TARE_BUILD/src/tare" cg watch -g "memory:tare-test-$id" --pressure low >events </dev/null 3>&- &
	started+=($!)
	wait_for 100 scarce
}

# scarce: a program wants more than its group may have, and the watch has told so
scarce() {
	timeout --kill-after 5 60 "$TARE_BUILD/src/tare" cg exec -g "memory:tare-test-$id" \
		"${strain[@]}" </dev/null >/dev/null 2>&1 3>&- || true
	grep -qx "tare-test-$id pressure" events
}

@test "watch: what makes no sense is refused" {
	need_controller pids
	cg create -g "pids:tare-test-$id"
	run cg watch -g "pids:tare-test-$id"
	expect_error 'say for what'
	run cg watch --empty
	expect_error 'no group is named'
	run cg watch -g "pids:tare-test-$id" --empty --pressure high
	expect_error 'no level of pressure'
	[[ $(version pids) = 2 ]] && return
	run cg watch -g "pids:tare-test-$id" --oom
	expect_error "not in memory's hierarchy"
}
