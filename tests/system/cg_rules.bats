# cg_rules.bats - processes are placed by rules, side by side with libcgroup's daemon
#
# nothing new with systemd: it works on the kernel, and asks nobody
# Each test's daemon sees an /etc and a /run of its own, so its users are nobody else's, and no rule
# speaks of processes that are not the test's.
# shellcheck disable=SC2030,SC2031 # each test is a subshell

load ../lib
setup() {
	local dir program

	id=tt-$$-$BATS_TEST_NUMBER
	# shellcheck disable=SC2034 # for tare_teardown
	state=$BATS_TEST_TMPDIR/state
	cd "$BATS_TEST_TMPDIR" || return
	need_controller cpu pids
	need_program setpriv unshare nsenter
	user=$((70000 + 10 * BATS_TEST_NUMBER + $$ % 10000 * 100)) # a multiple of ten
	ours=$PWD/ours
	mkdir ours
	for program in tare cgclassify cgexec cgrulesengd; do
		ln -s "$TARE_BUILD/src/tare" "ours/$program"
	done
	# users must reach what they run
	for dir in "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"; do
		chmod o+x "$dir"
	done
	mkfifo never
	chmod 666 never
	exec {never}<>never
	begin_world
}

teardown() {
	local pid

	for pid in "${started[@]}" $(processes_of_users); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	wait
	# deepest first; a program that has just ended may hold its group for a moment
	wait_for 20 no_groups
	tare_teardown
}

started=()

# processes_of_users: that the rules' users have left
processes_of_users() {
	# ten users a test; awk would stop at a process that has just ended
	grep -lsE "^Uid:[[:space:]]+$((user / 10))[0-9][[:space:]]" /proc/[0-9]*/status | cut -d / -f 3
}

# no_groups: the test's groups are gone, or can be removed
no_groups() {
	find /sys/fs/cgroup -depth -type d -path "*tare-test-$id*" -exec rmdir {} \; 2>/dev/null || true
	[[ ! $(find /sys/fs/cgroup -type d -path "*tare-test-$id*" -print -quit) ]]
}

# begin_world: a mount namespace with an /etc of few files, and an empty /run
begin_world() {
	local file

	mkdir -p etc/cgrules.d etc/cgconfig.d run
	for file in ld.so.cache nsswitch.conf; do
		[[ ! -e /etc/$file ]] || cp "/etc/$file" etc/
	done
	touch etc/cgconfig.conf
	printf '%s\n' root:x:0:0::/:/bin/sh "ann:x:$user:$user::/:/bin/sh" \
		"bob:x:$((user + 1)):$user::/:/bin/sh" "cid:x:$((user + 2)):$((user + 2))::/:/bin/sh" >etc/passwd
	printf '%s\n' root:x:0: "ann:x:$user:" "team:x:$((user + 5)):" "club:x:$((user + 6)):nobody-here,cid" >etc/group
	mkfifo ready
	unshare -m --propagation private sh -c 'mount --bind etc /etc && mount --bind run /run &&
		echo >ready; exec sleep 1000' 3>&- {never}>&- &
	world=$!
	started+=("$world")
	read -r <ready
}

# rules [FILE]: from standard input, with {G} for the test's group (mktemp's folders have no braces)
rules() {
	sed "s|{G}/|tare-test-$id/|g" >new
	only_ours new || return 1
	cat new >"etc/${1-cgrules.conf}"
}

# only_ours FILE...: no rule speaks of anybody but the users of this test, whatever a test's author has written.
# A rule for root or everybody would move the machine's own processes.
only_ours() {
	local who

	[[ $user -ge 70000 ]] || return 1
	! awk -F : '$3 < 70000 && $1 != "root"' etc/passwd | grep . || return 1
	! awk -F : '{ print $4 }' etc/group | tr , '\n' | grep -vxE 'cid|nobody-here|' || return 1
	while read -r who _ || [[ $who ]]; do
		[[ ! ${who%%#*} || ${who%%:*} =~ ^(ann|bob|cid|dan|@team|@club|nobody-here|%)$ ]] || return 1
	done < <(cat "$@")
}

# in_world COMMAND...
in_world() {
	nsenter -t "$world" -m -- "$@" 3>&- {never}>&-
}

# begin_daemon PROGRAM...: until it says that it applies the rules to everybody
begin_daemon() {
	only_ours etc/cgrules.conf || return 1
	: >log
	nsenter -t "$world" -m -- "$@" </dev/null >log 2>&1 3>&- {never}>&- &
	daemon=$!
	started+=("$daemon")
	wait_for 60 has_begun || { cat log && return 1; }
}

has_begun() {
	grep -qE 'Started the CGroup Rules|applied from now on' log || { ! kill -0 "$daemon" && return 1; }
}

begin_ours() { begin_daemon "$ours/tare" -l info cg rules run "$@"; }

end_daemon() {
	kill -TERM "$daemon"
	wait "$daemon"
}

# start UID GID PROGRAM...: in the background; its number is $pid. It reads from a pipe that never ends.
start() {
	setpriv --reuid "$1" --regid "$2" --clear-groups "${@:3}" <&"$never" 3>&- {never}>&- &
	pid=$!
	started+=("$pid")
}

# version CONTROLLER: 1 or 2
version() { if [[ -e $(controller_dir "$1")/cgroup.controllers ]]; then echo 2; else echo 1; fi; }

# group_of PID [CONTROLLER]: where it is, without the test's group
group_of() {
	local controller=${2-cpu} group

	if [[ $(version "$controller") = 2 ]]; then
		group=$(sed -n 's/^0:://p' "/proc/$1/cgroup" 2>/dev/null)
	else
		group=$(sed -En "s/^[0-9]+:([^:]*,)?$controller(,[^:]*)?://p" "/proc/$1/cgroup" 2>/dev/null)
	fi
	echo "${group#/tare-test-"$id"}"
}

# is_at PID GROUP [CONTROLLER]: for wait_for
is_at() { [[ $(group_of "$1" "${3-cpu}") = "$2" ]]; }

# placed PID GROUP [CONTROLLER]
placed() {
	wait_for 20 is_at "$@" || {
		echo "process $1 is at '$(group_of "$1" "${3-cpu}")', not $2:"
		grep -w "$1" log
		return 1
	}
}

# make GROUP...
make() {
	local group

	for group; do
		host_tare cg create -g "cpu,pids:tare-test-$id/$group"
	done
}

# the_same DAEMON...: what a daemon does to one process for each kind of rule
the_same() {
	local before=() i

	start "$user" "$user" sleep 1000 # it was there before
	before+=("$pid")
	begin_daemon "$@"
	start "$user" "$user" sleep 1000
	before+=("$pid")
	start "$user" "$user" "$PWD/tool" 1000
	before+=("$pid")
	start "$user" "$user" "$PWD/script"
	before+=("$pid")
	start "$user" "$user" cat
	before+=("$pid")
	start "$((user + 1))" "$((user + 5))" cat
	before+=("$pid")
	start "$((user + 2))" "$((user + 2))" cat
	before+=("$pid")
	start "$((user + 3))" "$((user + 3))" cat
	before+=("$pid")
	rest=/rest
	[[ $(version cpu) = 1 ]] || rest=/second
	placed "${before[0]}" /sleepers
	placed "${before[1]}" /sleepers
	placed "${before[2]}" "/path/$user/ann"
	placed "${before[3]}" /script/ann
	placed "${before[4]}" "$rest"
	placed "${before[4]}" /second pids
	placed "${before[5]}" "/team/team/$((user + 5))"
	placed "${before[6]}" /club/cid%u
	is_at "${before[7]}" "$(group_of $$)"
	# the daemon leaves it where it is put, and its children only if they are to stay
	in_world "$P/cgexec" -g "cpu:tare-test-$id/by-hand" setpriv --reuid "$user" --regid "$user" --clear-groups \
		sh -c 'sleep 1000 & echo $!; echo $$; exec sleep 1000' >alone &
	started+=($!)
	in_world "$P/cgexec" --sticky -g "cpu:tare-test-$id/by-hand" setpriv --reuid "$user" --regid "$user" \
		--clear-groups sh -c 'sleep 1000 & echo $!; echo $$; exec sleep 1000' >all &
	started+=($!)
	wait_for 20 has_lines 2 alone
	wait_for 20 has_lines 2 all
	# after this the daemon has seen all that came before
	start "$user" "$user" sleep 1000
	placed "$pid" /sleepers
	placed "$(sed -n 1p alone)" /sleepers
	is_at "$(sed -n 2p alone)" /by-hand
	is_at "$(sed -n 1p all)" /by-hand
	is_at "$(sed -n 2p all)" /by-hand
	end_daemon
	for i in $(processes_of_users); do
		kill -KILL "$i" || true
	done
}

has_lines() { [[ $(wc -l <"$2") = "$1" ]]; }

@test "the same rules have the same effects as with libcgroup's daemon" {
	cp "$(type -P sleep)" tool
	printf '#!/bin/sh\nread line\n' >script
	chmod 755 tool script
	make sleepers rest second by-hand
	rules <<-END
		# whoever is not there is passed over
		nobody-here * nowhere
		%       pids  nowhere
		ann:sleep cpu {G}/sleepers
		ann:$PWD/to* cpu  {G}/path/%U/%u   # a template
		ann:script cpu  {G}/script/%g
		ann     cpu   {G}/rest/
		%       pids  {G}/second
		@team   cpu   {G}/team/%g/%G
		@club   cpu   {G}/club/%u\\%u
	END
	P=$ours
	the_same "$ours/cgrulesengd" -n -vvv -f -
	grep -qE "^Cgroup change for PID: $pid, UID: $user, GID: $user, PROCNAME: .*/sleep OK\$" log
	[[ $(version cpu) = 1 ]] || return 0
	type -P cgrulesengd >/dev/null || skip 'needs the package cgroup-tools for the other half'
	P=$(dirname "$(type -P cgexec)")
	wait_for 20 no_groups
	make sleepers rest second by-hand
	the_same "$(type -P cgrulesengd)" -n -vvv -f -
}

@test "a rule that ignores leaves those alone who are in its group" {
	make kept rest
	rules <<-'END'
		ann:sleep cpu {G}/kept ignore
		ann:sleep cpu {G}/rest ignore_rt
		ann cpu {G}/rest
	END
	start "$user" "$user" sleep 1000
	wait_for 20 is_program "$pid" sleep
	host_tare cg classify -g "cpu:tare-test-$id/kept" "$pid"
	begin_ours
	kept=$pid
	start "$user" "$user" sleep 1000
	placed "$pid" /rest
	is_at "$kept" /kept
}

@test "rules are read again for a signal; wrong ones leave the old ones in force" {
	make one two
	rules <<<'ann cpu {G}/one'
	begin_ours
	start "$user" "$user" sleep 1000
	placed "$pid" /one
	rules <<<'ann cpu {G}/two more words here'
	kill -USR2 "$daemon"
	wait_for 20 grep -q 'cgrules.conf:1: .*the rules from before stay' log
	start "$user" "$user" sleep 1000
	placed "$pid" /one
	rules <<<'# from the folder'
	rules cgrules.d/ann <<<'ann cpu {G}/two/%u'
	printf 'template tare-test-%s/two/%%u { pids { pids.max = 77; } cpu { } }\n' "$id" >etc/cgconfig.conf
	kill -HUP "$daemon"
	wait_for 20 grep -q 'templates are read again' log
	start "$user" "$user" sleep 1000
	placed "$pid" /two/ann
	[[ $(cat "$(controller_dir pids)/tare-test-$id/two/ann/pids.max") = 77 ]]
	# a user who comes later; who is who is noticed without a signal
	rules <<<'dan cpu {G}/two/%u'
	kill -USR2 "$daemon"
	wait_for 20 grep -q "there is no user 'dan'" log
	sed -i "\$a dan:x:$((user + 4)):$((user + 4))::/:/bin/sh" etc/passwd
	start "$((user + 4))" "$((user + 4))" sleep 1000
	placed "$pid" /two/dan
	end_daemon
}

@test "a child that is born before its parent is moved is moved, too" {
	make one
	rules <<<'ann cpu {G}/one'
	begin_ours
	kill -STOP "$daemon"
	# it never executes anything, so there is no other news of it
	start "$user" "$user" sh -c '(read x <never; :) & echo $!; read x' >born
	wait_for 20 has_lines 1 born
	kill -CONT "$daemon"
	placed "$pid" /one
	placed "$(cat born)" /one
}

@test "news that the kernel had no room for are made up for" {
	local i

	make late hand
	mkfifo go
	rules <<<'ann:sleep cpu {G}/late'
	begin_ours --buffer 2000
	in_world "$ours/cgexec" --sticky -g "cpu:tare-test-$id/hand" setpriv --reuid "$user" --regid "$user" \
		--clear-groups sh -c 'echo; read x; sleep 1000 & echo $!; exec sleep 1000' >child <go &
	started+=($!)
	exec {go}>go
	wait_for 20 has_lines 1 child
	kill -STOP "$daemon"
	start "$user" "$user" sleep 1000
	for ((i = 0; i < 40; i++)); do
		(:)
	done
	echo >&"$go"
	exec {go}>&-
	wait_for 20 has_lines 2 child
	start "$user" "$user" sleep 1000
	wait_for 20 is_program "$pid" sleep
	kill -CONT "$daemon"
	wait_for 20 grep -q 'more news than room' log
	placed "${started[-2]}" /late
	placed "$pid" /late
	# its birth was not heard
	is_at "$(sed -n 2p child)" /hand
}

@test "a number that goes to another process brings him nothing of the first one's" {
	local other

	[[ -w /proc/sys/kernel/ns_last_pid ]] || skip 'needs CONFIG_CHECKPOINT_RESTORE'
	make late hand
	rules <<<'ann:sleep cpu {G}/late'
	begin_ours
	# news of the first are read when the number is the second's
	kill -STOP "$daemon"
	start "$user" "$user" sleep 1000
	kill -KILL "$pid"
	wait "$pid" || true
	other=$(take_number "$pid") || skip 'the number went to somebody else'
	kill -CONT "$daemon"
	start "$user" "$user" sleep 1000
	placed "$pid" /late
	is_at "$other" "$(group_of $$)"
	# nor is he sticky
	start "$user" "$user" sleep 1000
	placed "$pid" /late
	in_world "$ours/cgclassify" --sticky -g "cpu:tare-test-$id/hand" "$pid"
	is_at "$pid" /hand
	kill -KILL "$pid"
	wait "$pid" || true
	other=$(take_number "$pid" setpriv --reuid "$user" --regid "$user" --clear-groups) ||
		skip 'the number went to somebody else'
	placed "$other" /late
}

# take_number PID [COMMAND...]: starts a sleep with this number, and prints it
take_number() {
	local tries now

	for ((tries = 0; tries < 20; tries++)); do
		echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid
		"${@:2}" sleep 1000 3>&- >&- {never}>&- &
		now=$!
		[[ $now != "$1" ]] || { echo "$now" && return; }
		kill -KILL "$now"
		[[ ! -e /proc/$1 ]] || return 1
	done
	return 1
}

@test "check says what is wrong with each rule, and show where a process would go" {
	make there
	# nobody applies these
	sed "s|{G}/|tare-test-$id/|g" >etc/cgrules.conf <<-'END'
		ann:sleep cpu {G}/there
		ann cpu {G}/there/%u
		% pids {G}/nowhere
		ann cpu ..
		zoe cpu a
		ann nothing a
		* cpu {G}/there
		bob cpu {G}/there
	END
	run in_world "$ours/tare" cg rules check
	expect_status 1
	expect_line '^/etc/cgrules.conf:3: there is no group .*/nowhere.*\(tare cg create'
	expect_line "^/etc/cgrules.conf:4: .*'..'"
	expect_line "^/etc/cgrules.conf:5: there is no user 'zoe'"
	expect_line "^/etc/cgrules.conf:6: no hierarchy with controller 'nothing'"
	expect_line '^/etc/cgrules.conf:8: no process gets so far'
	run in_world "$ours/tare" cg rules show "$world"
	expect_status 125
	sed -i 4d etc/cgrules.conf
	in_world "$ours/tare" cg rules show --user ann --command /bin/cat --json >shown 2>/dev/null
	[[ $(jq -r '.[] | .rule, .group, .state' <shown) = "/etc/cgrules.conf:2
tare-test-$id/there/ann
group is made
/etc/cgrules.conf:3
tare-test-$id/nowhere
group is missing" ]]
	start "$user" "$user" sleep 1000
	wait_for 20 is_program "$pid" sleep
	in_world "$ours/tare" cg rules show "$pid" --format '{{.state}}' 2>/dev/null >shown
	[[ $(cat shown) = 'to be moved' ]]
	[[ $(in_world "$ours/tare" cg rules apply "$pid" 2>/dev/null) = "$pid" ]]
	is_at "$pid" /there
	[[ ! $(in_world "$ours/tare" cg rules apply "$pid" 2>/dev/null) ]]
	host_tare cg classify -g cpu:/ "$pid"
	in_world "$ours/cgclassify" "$pid" 2>/dev/null
	is_at "$pid" /there
	rules <<<'ann:sleep cpu {G}/there'
	in_world "$ours/tare" cg rules check
	start "$user" "$user" sleep 1000
	wait_for 20 is_program "$pid" sleep
	only_ours etc/cgrules.conf || return 1
	[[ $(in_world "$ours/tare" cg rules apply --all) = "$pid" ]]
	# cgexec without a group asks the rules
	in_world "$ours/cgexec" setpriv --reuid "$user" --regid "$user" --clear-groups cat /proc/self/cgroup >self
	[[ $(cat self) != *"tare-test-$id"* ]]
	in_world setpriv --reuid "$user" "$ours/tare" cg rules check
	run in_world setpriv --reuid "$user" --regid "$user" --clear-groups "$ours/tare" cg rules run
	expect_error 'root'
}

is_program() { [[ $(cat "/proc/$1/comm") = "$2" ]]; }

@test "cgrulesengd becomes a daemon, logs, and ends as libcgroup's" {
	local log=$PWD/daemon.log

	make one
	rules <<<'ann cpu {G}/one'
	only_ours etc/cgrules.conf || return 1
	in_world "$ours/cgrulesengd" -vv -f "$log"
	wait_for 20 grep -q 'Started the CGroup Rules Engine Daemon' "$log"
	daemon=$(sed -n 's/^Proceeding with PID //p' "$log")
	started+=("$daemon")
	[[ $(readlink "/proc/$daemon/cwd") = / && $(readlink "/proc/$daemon/fd/2") = /dev/null ]]
	[[ $(stat -c '%a %u %g' run/cgred.socket) = '660 0 0' ]]
	# two would move processes to and fro
	run in_world "$ours/cgrulesengd" -n
	expect_status 1
	expect_line 'another daemon'
	kill -USR1 "$daemon"
	wait_for 20 grep -q 'Reloading templates' "$log"
	kill -TERM "$daemon"
	wait_for 20 grep -q 'Stopped CGroup Rules Engine Daemon at' "$log"
	wait_for 20 test ! -e run/cgred.socket
	in_world "$ours/cgrulesengd" -Q -u ann -g team
	wait_for 20 test -S run/cgred.socket
	[[ $(stat -c '%a %u %g' run/cgred.socket) = "660 $user $((user + 5))" ]]
	started+=("$(in_world sh -c 'pgrep -x cgrulesengd' | tail -n 1)")
	# who may speak to it may not speak for others
	start "$((user + 1))" "$((user + 1))" sleep 1000
	run in_world setpriv --reuid "$user" --regid "$user" --clear-groups "$ours/cgclassify" --sticky \
		-g "cpu:tare-test-$id/one" "$pid"
	expect_error 'leave the process where it is'
	kill -TERM "${started[-2]}"
	wait_for 20 test ! -e run/cgred.socket
	rules <<<'ann cpu'
	run in_world "$ours/cgrulesengd"
	expect_status 99
	run in_world "$ours/cgrulesengd" -u nobody-here
	expect_status 3
	run in_world "$ours/cgrulesengd" -s9 -n
	expect_status 2
	run in_world "$ours/cgrulesengd" --what
	expect_status 2
	run in_world setpriv --reuid "$user" "$ours/cgrulesengd"
	expect_status 1
	expect_output 'Error: Only root can start/stop the control group rules engine daemon'
}
