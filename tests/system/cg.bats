# cg.bats - cgroups by hand, side by side with libcgroup's programs on v1, mixed and v2 hosts
#
# nothing new with systemd: it works on the kernel, and asks nobody

load ../lib
setup() {
	id=tt-$$-$BATS_TEST_NUMBER
	# shellcheck disable=SC2034 # for tare_teardown
	state=$BATS_TEST_TMPDIR/state
	cd "$BATS_TEST_TMPDIR" || return
	ours=$BATS_TEST_TMPDIR/ours theirs=$BATS_TEST_TMPDIR/theirs
	mkdir "$ours" "$theirs"
	for program in cgclassify cgclear cgconfigparser cgcreate cgdelete cgexec cgget cgset cgsnapshot lscgroup lssubsys; do
		ln -s "$TARE_BUILD/src/tare" "$ours/$program"
		! type -P "$program" >/dev/null || ln -s "$(type -P "$program")" "$theirs/$program"
	done
	[[ $(cgroup_kind) != none ]] || skip 'needs cgroups'
}

teardown() {
	local pid

	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	wait
	! mountpoint -q "$BATS_TEST_TMPDIR/by-hand" || {
		find "$BATS_TEST_TMPDIR/by-hand" -mindepth 1 -depth -type d -exec rmdir {} \;
		umount "$BATS_TEST_TMPDIR/by-hand"
	}
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

# put_sleeper CONTROLLERS:PATH: a process that teardown ends, in this group
put_sleeper() {
	sleep 1000 3>&- &
	started+=($!)
	cg classify -g "$1" "${started[0]}"
}

# place CONTROLLER: the test's group in the hierarchy of this controller
place() { echo "$(controller_dir "$1")/tare-test-$id"; }

# version CONTROLLER: 1 or 2
version() { if [[ -e $(controller_dir "$1")/cgroup.controllers ]]; then echo 2; else echo 1; fi; }

# side_by_side: reads command lines. Each is run with $P, the programs' folder, and $G, a group: first
# libcgroup's and then ours. Both must print and return the same.
# shellcheck disable=SC2034 # P is the command lines'
side_by_side() {
	local line who G out=() code=()
	local P

	while read -r line; do
		for who in 0 1; do
			G=tare-test-$id-$who
			if ((who)); then P=$ours; else P=$theirs; fi
			code[who]=0
			out[who]=$(eval "$line" 2>>stderr </dev/null 3>&-) || code[who]=$?
			out[who]=${out[who]//"$G"/GROUP}
		done
		[[ ${code[0]} = "${code[1]}" && ${out[0]} = "${out[1]}" ]] || {
			printf '%s\nlibcgroup: %s, status %s\nours: %s, status %s\n' "$line" "${out[0]}" "${code[0]}" "${out[1]}" "${code[1]}"
			cat stderr
			return 1
		}
	done
}

# what is there, with modes and owners
listing='find "$(controller_dir pids)" -path "*/$G*" -printf "%P %m %u %g\n" | sort'

@test "groups are made, read, set, entered and removed as by libcgroup's programs" {
	need_program cgcreate
	need_controller pids
	side_by_side <<-END
		\$P/cgcreate -g pids:\$G/b
		$listing
		\$P/cgcreate -g pids:\$G/b
		\$P/cgset -r pids.max=5 \$G/b
		\$P/cgget -r pids.max \$G/b
		\$P/cgget -n -r pids.max \$G/b
		\$P/cgget -v -r pids.max \$G/b
		\$P/cgget -nv -r pids.max /\$G/b
		\$P/cgget -g pids:\$G/b
		\$P/cgget -g pids \$G/b \$G
		\$P/cgget -r pids.max -r pids.current \$G/b \$G
		\$P/cgget -r pids.nix \$G/b
		\$P/cgget -r pids.max \$G/no
		\$P/cgset -r pids.max=abc \$G/b
		\$P/cgset -r pids.nix=3 \$G/b
		\$P/cgset -r pids.max=3 \$G/no
		\$P/cgset -r pids.max=6 \$G/b
		\$P/cgexec -g pids:\$G/b grep -E "pids|^0:" /proc/self/cgroup
		\$P/cgexec -g pids:\$G/b sh -c 'exit 7'
		\$P/cgexec -g pids:\$G/b nosuchprogram
		\$P/cgexec -g nonsense:\$G/b true
		\$P/cgclassify -g pids:\$G/b 99999999
		\$P/cgclassify -g pids:\$G/b abc
		\$P/cgdelete -g pids:\$G/b
		\$P/cgdelete -g pids:\$G/b
		\$P/cgdelete pids:\$G
		$listing
	END
}

@test "command lines that make no sense end as with libcgroup's programs" {
	need_program cgcreate
	side_by_side <<-'END'
		$P/cgcreate
		$P/cgcreate -g pids
		$P/cgcreate -g nonsense:$G
		$P/cgcreate -g pids:/$G foo
		$P/cgdelete
		$P/cgdelete -g pids:/$G foo
		$P/cgset
		$P/cgget
		$P/cgget -g pids
		$P/cgexec
		$P/cgclassify
		$P/cgclassify -g pids:/
	END
}

@test "owners and modes are as libcgroup's" {
	need_cgroup v1 hybrid
	need_program cgcreate
	need_controller pids
	[[ $(version pids) = 1 ]] || skip 'needs pids on v1'
	side_by_side <<-END
		\$P/cgcreate -t nobody:nogroup -a daemon:daemon -d 750 -f 640 -s 600 -g pids:\$G/x
		$listing
		\$P/cgdelete -r pids:\$G
		\$P/cgcreate -a nobody:nogroup -g pids:\$G
		$listing
		\$P/cgdelete -r pids:\$G
		\$P/cgcreate -t nobody:nogroup -f 664 -g pids:\$G
		$listing
		\$P/cgdelete pids:\$G
		\$P/cgcreate -d 555 -f 777 -g pids:\$G
		$listing
		\$P/cgdelete pids:\$G
	END
}

@test "v1: several hierarchies at once, and what the kernel refuses, are as libcgroup's" {
	need_cgroup v1 hybrid
	need_program cgcreate
	need_controller pids cpuset
	[[ $(version pids)$(version cpuset) = 11 ]] || skip 'needs pids and cpuset on v1'
	side_by_side <<-'END'
		$P/cgcreate -g pids,cpuset:$G/b
		$P/cgget -a $G/b
		$P/cgget -g cpuset,pids:$G/b
		$P/cgget -g pids:$G/b -g cpuset:$G/b
		$P/cgget $G
		$P/cgget -a $G/no
		$P/cgget -g nonsense:$G
		$P/cgexec -g cpuset:$G/b true
		$P/cgset -r pids.max=7 $G
		$P/cgset --copy-from $G $G/b
		$P/cgget -r pids.max $G/b
		$P/cgset -r cpuset.cpus=0 -r cpuset.mems=0 $G
		$P/cgset --copy-from $G $G/b
		$P/cgget -r cpuset.cpus -r cpuset.mems $G/b
		$P/cgset -r cpuset.cpus=99999 $G/b
		$P/cgexec -g pids,cpuset:$G/b grep -E 'pids|cpuset' /proc/self/cgroup
		$P/cgexec -g pids:$G -g cpuset:/$G/b/ grep -E 'pids|cpuset' /proc/self/cgroup
		$P/cgexec -g pids:$G/no true
		$P/cgclassify -g pids:$G/no $$
		$P/cgdelete -g pids:$G
		$P/cgdelete -r cpuset:$G
	END
}

@test "a group is removed with those below it in every hierarchy; its processes go one up" {
	need_controller pids cpuset
	cg create -g "pids,cpuset:tare-test-$id/a/b" -g "pids:tare-test-$id/c"
	put_sleeper "pids:tare-test-$id/a/b"
	grep -q "tare-test-$id/a/b\$" "/proc/${started[0]}/cgroup"
	run cg delete "pids:tare-test-$id"
	expect_error '-r removes these, too'
	if [[ $(version pids) = 1 ]]; then
		cg delete -r "pids,cpuset:tare-test-$id"
	else
		# with a process in it, the group above could not hand on its controllers
		run cg delete -r "pids:tare-test-$id/a"
		expect_error 'no internal processes'
		kill "${started[0]}"
		wait || true
		cg delete -r "pids:tare-test-$id"
	fi
	[[ ! -e $(place pids) && ! -e $(place cpuset) ]]
}

@test "v2: controllers are handed on along the way, and what forbids it is said" {
	need_controller pids
	[[ $(version pids) = 2 ]] || skip 'needs pids on v2'
	cg create -g "pids:tare-test-$id/a/b"
	grep -qw pids "$(place pids)/a/cgroup.subtree_control"
	[[ -e $(place pids)/a/b/pids.max ]]
	cg create -g "cgroup:tare-test-$id/full"
	put_sleeper "cgroup:tare-test-$id/full"
	# what counts threads (pids, cpu, cpuset) is handed on in any case
	controller_dir memory >/dev/null || return 0
	run cg create -g "memory:tare-test-$id/full/below"
	expect_error 'no internal processes'
	cg create -g "memory:tare-test-$id/above/below"
	run cg exec -g "memory:tare-test-$id/above" true
	expect_error 'no internal processes'
}

@test "a value is read back: what the kernel made of it is told, what it refused is an error" {
	need_controller memory
	local file=memory.limit_in_bytes

	[[ $(version memory) = 1 ]] || file=memory.max
	cg create -g "memory:tare-test-$id"
	run cg set -r $file=64M "tare-test-$id"
	expect_status 0
	[[ ! $output ]]
	run cg set -r $file=67108865 "tare-test-$id"
	expect_status 0
	[[ $output = *"is '67108864'"* ]]
	run cg set -r $file=lots "tare-test-$id"
	expect_error 'does not take such a value'
	[[ $(cg get -nv -r $file "tare-test-$id") = 67108864 ]]
}

@test "a hierarchy is mounted by hand; its release agent is started for a group that is empty" {
	# others' hierarchies are not for tests
	need_cgroup v2
	# the kernel keeps the hierarchy for a while after its last umount: a name that is not the test's own,
	# or whoever sees it would take it for something left behind
	local name=name=tare-test-$RANDOM$RANDOM agent=/tmp/tare-$id-agent

	cg mount "none,$name" "$BATS_TEST_TMPDIR/by-hand"
	printf '#!/bin/sh\necho "$1" >%s\n' "$BATS_TEST_TMPDIR/told" >"$agent"
	chmod 755 "$agent"
	cg release-agent "$name" "$agent"
	[[ $(cg release-agent "$name") = "$agent" ]]
	cg create -g "$name:tare-test-$id"
	cg notify-on-release "$name:tare-test-$id" on
	[[ $(cg notify-on-release "$name:tare-test-$id") = 1 ]]
	cg exec -g "$name:tare-test-$id" true
	wait_for 20 test -s told
	[[ $(cat told) = "/tare-test-$id" ]]
	cg release-agent "$name" ''
	[[ ! $(cg release-agent "$name") ]]
	cg delete "$name:tare-test-$id"
	umount by-hand
	rm "$agent"
	run cg mount memory,nonsense "$BATS_TEST_TMPDIR/not"
	expect_error "'nonsense' is no controller"
	[[ ! -e not ]]
	run cg notify-on-release cgroup:/ on
	expect_error "cgroup.events"
}

# set_and_get NAME=VALUE [EXPECTED]: reads as EXPECTED, by default as VALUE
set_and_get() {
	cg set -r "$1" "tare-test-$id"
	[[ $(cg get -nv -r "${1%%=*}" "tare-test-$id") = "${2-${1#*=}}" ]]
}

@test "a control file can be called by the name of either version, and the formula is shown" {
	need_controller memory cpu
	cg create -g "memory,cpu:tare-test-$id"
	set_and_get memory.max=67108864
	set_and_get memory.limit_in_bytes=33554432
	[[ $(cg get -nv -r memory.max "tare-test-$id") = 33554432 ]]
	set_and_get cpu.weight=100
	[[ $(cg get -nv -r cpu.shares "tare-test-$id") = 1024 ]]
	cg set -r cpu.shares=2048 "tare-test-$id"
	[[ $(cg get -nv -r cpu.weight "tare-test-$id") = 174 ]]
	if [[ -e $(place cpu)/cpu.max || -e $(place cpu)/cpu.cfs_quota_us ]]; then
		set_and_get cpu.max='50000 200000'
		set_and_get cpu.cfs_period_us=100000
		[[ $(cg get -nv -r cpu.max "tare-test-$id") = '50000 100000' ]]
		set_and_get cpu.cfs_quota_us=-1
		[[ $(cg get -nv -r cpu.max "tare-test-$id") = 'max 100000' ]]
	fi
	[[ $(cg get --explain -n -r cpu.shares -r cpu.weight "tare-test-$id" 2>&1) = *'log2(shares)'* ]]
	run cg set -r cpu.weight=0 "tare-test-$id"
	# by us, or by the kernel
	((status == 125 || status == 1))
	run cg set -r memory.max= "tare-test-$id"
	expect_error 'has no value'
	((status == 125))
	[[ -e $(place memory)/memory.max ]] || cg_half_understood
}

# cg_half_understood: of a value that makes no sense in the other version's terms no part is set
cg_half_understood() {
	local value code

	cg set -r memory.max=64M "tare-test-$id"
	for value in memory.max='100 200' memory.max=$'1\n2' cpu.max='20000 100000 junk'; do
		code=0
		cg set -r "$value" "tare-test-$id" 2>/dev/null || code=$?
		((code == 125))
	done
	[[ $(cg get -nv -r memory.max "tare-test-$id") = 67108864 ]]
	[[ ! -e $(place cpu)/cpu.cfs_quota_us ]] || [[ $(cat "$(place cpu)/cpu.cfs_quota_us") = -1 ]]
}

@test "a snapshot's groups are made again, with their owners and settings" {
	need_controller pids memory
	cg create -g "pids,memory:tare-test-$id/a" -a 65534:65533 -t 65532:65531
	cg set -r pids.max=7 -r memory.max=64M "tare-test-$id/a"
	cg snapshot -f saved "tare-test-$id"
	grep -q "^group tare-test-$id/a {\$" saved
	cg delete -r "pids,memory:tare-test-$id" || cg delete -r "pids:tare-test-$id"
	cg restore saved
	[[ $(cg get -nv -r pids.max -r memory.max "tare-test-$id/a" | tr '\n' ' ') = '7 67108864 ' ]]
	[[ $(stat -c %u:%g "$(place pids)/a" "$(place pids)/a/cgroup.procs" | tr '\n' ' ') = 65534:65533\ * ]]
	cg snapshot "tare-test-$id" | diff saved -
	"$ours/cgclear" -l saved
	[[ ! -e $(place pids) ]]
}

@test "what a group is called reaches no terminal, and spoils no configuration" {
	need_controller pids
	cg create -g "pids:tare-test-$id/a"
	mkdir "$(place pids)/"$'b\e[31mred' "$(place pids)/c\"d"
	"$ours/lscgroup" "pids:/tare-test-$id" >listed
	grep -qF '/b\x1b[31mred' listed
	run grep -c $'\e' listed
	[[ $output = 0 ]]
	cg snapshot "tare-test-$id" >saved 2>why
	[[ $(grep -c 'left out' why) = 2 ]]
	[[ $(grep -c "^group tare-test-$id" saved) = 2 ]]
	[[ $("$ours/cgsnapshot" -s pids 2>&1) != *'left out'* ]]
	cg restore saved
	cg delete -r "pids:tare-test-$id"
}

@test "libcgroup's configurations make the same groups; one that makes no sense makes none" {
	need_program cgconfigparser
	need_controller pids
	cat >conf <<-'END'
		# a comment
		group GROUP/x {
			perm {
				task { uid = daemon; gid = daemon; fperm = 770; }
				admin { uid = nobody; gid = nogroup; dperm = 750; fperm = 600; }
			}
			pids { pids.max = "12"; }
		}
	END
	sed '$d' conf >open
	sed 's/pids {/nonsense {/' conf >unmounted
	sed 's/"12"/"many"/' conf >refused
	side_by_side <<-END
		for f in conf open unmounted refused; do sed "s/GROUP/\$G/" \$f >\$f.\$who; done
		\$P/cgconfigparser -l open.\$who >/dev/null
		\$P/cgconfigparser -l unmounted.\$who >/dev/null
		\$P/cgconfigparser -l missing >/dev/null
	END
	[[ ! -e $(controller_dir pids)/tare-test-$id-1 ]]
	side_by_side <<-END
		\$P/cgconfigparser -l conf.\$who
		\$P/cgget -r pids.max \$G/x
	END
	if [[ $(version pids) = 1 ]]; then
		side_by_side <<<"$listing"
	fi
	side_by_side <<-END
		\$P/cgconfigparser -l refused.\$who >/dev/null
	END
	"$ours/cgclear" -l conf.1
	[[ ! -e $(controller_dir pids)/tare-test-$id-1/x ]]
	run "$ours/cgclear"
	expect_error 'all groups of the host are not removed'
}

@test "paths lead nowhere else" {
	need_controller pids
	local word

	for word in "pids:tare-test-$id/../x" "pids:/" "pids:" "pids:."; do
		run cg create -g "$word"
		expect_status 125
		run cg delete -r "$word"
		expect_status 125
	done
	run cg set -r pids.max=1 "../tare-test-$id"
	expect_error "has a '..'"
	run cg set -r pids./../x=1 "tare-test-$id"
	expect_error 'is no name of a control file'
	run cg get -r ../pids.max "tare-test-$id"
	expect_error 'is no name of a control file'
}

@test "an ordinary user works where a group was given to him, and is told what is missing elsewhere" {
	need_controller pids
	need_program setpriv
	local user=(setpriv --reuid 65534 --regid 65534 --clear-groups)

	cp "$TARE_BUILD/src/tare" "/tmp/tare-$id"
	chmod 755 "/tmp/tare-$id"
	cg create -a 65534:65534 -t 65534:65534 -g "pids:tare-test-$id"
	"${user[@]}" "/tmp/tare-$id" cg create -g "pids:tare-test-$id/his"
	"${user[@]}" "/tmp/tare-$id" cg set -r pids.max=9 "tare-test-$id/his"
	[[ $(cat "$(place pids)/his/pids.max") = 9 ]]
	"${user[@]}" "/tmp/tare-$id" cg delete "pids:tare-test-$id/his"
	run "${user[@]}" "/tmp/tare-$id" cg create -g "pids:tare-test-$id-other"
	expect_error 'delegated to you'
	rm "/tmp/tare-$id"
}

@test "groups are listed as a tree, and as libcgroup lists them" {
	need_controller pids
	cg create -g "pids:tare-test-$id/a/b" -g "pids:tare-test-$id/a-b"
	put_sleeper "pids:tare-test-$id/a/b"
	# what is below /a comes before /a-b, which a plain order of texts would put first
	[[ $(cg ls --quiet "tare-test-$id" | tr '\n' ' ') = "/tare-test-$id /tare-test-$id/a /tare-test-$id/a/b /tare-test-$id/a-b " ]]
	[[ $(cg ls --json "pids:tare-test-$id" | jq -r 'map("\(.name) \(.depth) \(.pids) \(.processes)") | join(", ")') = "tare-test-$id 0 1 0, a 1 1 0, b 2 1 1, a-b 1 0 0" ]]
	run env LC_ALL=C "$TARE_BUILD/src/tare" cg ls "tare-test-$id"
	[[ ${lines[3]} = '| `-b '* ]]
	[[ $("$ours/lscgroup" "pids:tare-test-$id" | sed 's/^[^:]*pids[^:]*://' | tr '\n' ' ') = "/tare-test-$id/ /tare-test-$id/a /tare-test-$id/a/b /tare-test-$id/a-b " ]]
	! type -P lscgroup >/dev/null ||
		diff <(lscgroup -g "pids:/tare-test-$id" | sort) <("$ours/lscgroup" -g "pids:/tare-test-$id" | sort)
	cg subsystems --json | jq -e '.[] | select(.name == "pids") | .enabled' >/dev/null
	[[ $("$ours/lssubsys" -m pids) = "pids $(controller_dir pids)" ]]
}

# is_state FILE PATH VALUE
is_state() { [[ $(cg get -nv -r "$1" "$2") = "$3" ]]; }

@test "groups are frozen, thawed and killed with all processes below them" {
	local word=freezer

	controller_dir freezer >/dev/null || word=cgroup
	cg create -g "$word:tare-test-$id/a"
	put_sleeper "$word:tare-test-$id/a"
	cg freeze "$word:tare-test-$id"
	if [[ $word = freezer ]]; then
		is_state freezer.state "tare-test-$id/a" FROZEN
	else
		[[ $(cg get -nv -r cgroup.events "tare-test-$id/a") = *'frozen 1'* ]]
	fi
	cg thaw "tare-test-$id"
	cg freeze "tare-test-$id"
	# frozen ones die, too
	cg kill "tare-test-$id"
	ended=0
	wait "${started[0]}" || ended=$?
	[[ $ended = 137 ]]
	started=()
	run cg exec -g "$word:tare-test-$id" "$TARE_BUILD/src/tare" cg kill "tare-test-$id"
	expect_error 'this command runs in it itself'
	run cg freeze /
	expect_error 'names no cgroup of its own'
}

@test "a program runs in a group at the cost of a dozen system calls" {
	need_program strace
	need_controller pids
	! grep -q __asan_init "$TARE_BUILD/src/tare" || skip 'a sanitizer makes calls of its own'
	[[ $(version pids) = 1 ]] || skip 'the cheap way is for v1'
	cg create -g "pids:tare-test-$id"
	strace -o trace "$TARE_BUILD/src/tare" cg exec -g "pids:tare-test-$id" /nonexistent || true
	# those of the program's own start and end included
	(($(sed '/execve("\/nonexistent"/q' trace | wc -l) <= 20))
}

@test "lecture: a group of chosen processors and a memory node holds a shell" {
	need_controller cpuset
	local last

	last=$(cat "$(controller_dir cpuset)"/cpuset.{effective_cpus,cpus.effective} 2>/dev/null | sed 's/.*[-,]//')
	cg create -g "cpuset:tare-test-$id"
	cg set -r "cpuset.cpus=$last" -r cpuset.mems=0 "tare-test-$id"
	run cg exec -g "cpuset:tare-test-$id" sh -c 'grep -E "^(Cpus|Mems)_allowed_list" /proc/self/status'
	expect_status 0
	[[ ${lines[0]} = Cpus_allowed_list:$'\t'$last && ${lines[1]} = Mems_allowed_list:$'\t'0 ]]
}

@test "lecture: a program that grows and grows ends at its group's memory limit" {
	need_controller memory
	cg create -g "memory:tare-test-$id"
	if [[ $(version memory) = 1 ]]; then
		cg set -r memory.limit_in_bytes=32M "tare-test-$id"
		[[ ! -e $(place memory)/memory.memsw.limit_in_bytes ]] ||
			cg set -r memory.memsw.limit_in_bytes=32M "tare-test-$id"
	else
		cg set -r memory.max=32M "tare-test-$id"
		[[ ! -e $(place memory)/memory.swap.max ]] || cg set -r memory.swap.max=0 "tare-test-$id"
	fi
	# tail keeps the last line, and this file has no end of it
	run timeout --kill-after 5 120 "$TARE_BUILD/src/tare" cg exec -g "memory:tare-test-$id" tail /dev/zero
	expect_status 137
	grep -q 'oom_kill [1-9]' "$(place memory)"/memory.{oom_control,events} 2>/dev/null
}
