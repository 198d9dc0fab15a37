# any.bats - tare's commands for any container, on one of our own: options, output, refusals
#
# nothing new with systemd: it works on the kernel, and asks nobody

load ../lib
setup() {
	tare_setup
	program sleep 1000
	start_container
	pid=$(pid_of)
}
teardown() {
	! ((${#others[@]})) || kill -KILL "${others[@]}" 2>/dev/null || true
	tare_teardown
}
others=()

# is_listed TEXT: for wait_for
is_listed() { host_tare ps --all-engines --no-trunc | grep -qF "$1"; }

@test "ps shows tables, ids, JSON and templates, and filters" {
	[[ $(host_tare ps --all-engines --filter "id=nobody" | wc -l) = 1 ]]
	run host_tare ps --all-engines --no-trunc
	expect_line '^CONTAINER ID  *ENGINE  *NAME  *IMAGE  *STATUS  *PID  *PROCESSES$'
	word=$(host_tare ps --all-engines --json | jq -r --argjson pid "$pid" '.[] | select(.pid == $pid).id')
	[[ $(host_tare ps --all-engines -q --no-trunc --filter "id=$word") = "$word" ]]
	[[ $(host_tare ps --all-engines --format '{{.pid}} {{.Processes}}' --filter "id=$word") = "$pid 1" ]]
	[[ $(host_tare ps --all-engines --filter engine=docker --filter "id=$word" -q) = '' ]]
	run host_tare ps --filter color=red
	expect_error 'not understood'
	run host_tare ps --filter engine=dockr
	expect_error 'no such engine'
}

@test "ps tells somebody at a terminal of others' containers when none is tare's" {
	cp "$(command -v sleep)" bwrap
	cat >look <<-'END'
		unshare --fork --kill-child --pid --mount ./bwrap 1000 &
		until "$1" ps -q --filter engine=bubblewrap --all-engines | grep -q .; do sleep 0.1; done
		script -qec "'$1' ps" /dev/null
		"$1" ps 2>&1
	END
	run timeout 60 unshare --fork --kill-child --pid --mount-proc sh ./look "$TARE_BUILD/src/tare" 3>&-
	[[ $(grep -c '^1 container of other engines: tare ps --all-engines' <<<"$output") = 1 ]]
	[[ $(grep -c '^CONTAINER ID' <<<"$output") = 2 ]]
}

@test "a name with escape sequences reaches no terminal" {
	unshare --fork --kill-child --pid --mount bash -c \
		'printf "\e[31mred" >/proc/$PPID/comm; printf "\e[31mred" >/proc/self/comm
		sleep 1000 & wait' >/dev/null 2>&1 3>&- &
	unshare=$!
	wait_for 10 is_listed '[31mred'
	host_tare ps --all-engines --no-trunc >out
	kill -KILL "$unshare"
	grep -q '[\]x1b\[31mred' out
	run grep -c $'\e' out
	[[ $output = 0 ]]
}

# lost PID: of a process whose first thread has ended, another one
lost() { find "/proc/$1/task" -mindepth 1 -maxdepth 1 ! -name "$1" -printf '%f\n' 2>/dev/null | grep .; }

@test "a program that has ended its first thread hides from nothing" {
	need_controller pids
	cat >hide.py <<-'END'
		import ctypes, os, threading, time
		if os.fork():
		    threading.Thread(target=time.sleep, args=(1000,)).start()
		    ctypes.CDLL(None).syscall(60, 0)
		time.sleep(1000)
	END
	unshare --fork --kill-child --pid --mount --mount-proc python3 hide.py >/dev/null 2>&1 3>&- &
	unshare=$!
	wait_for 20 pgrep -P "$unshare"
	first=$(pgrep -P "$unshare")
	others+=("$first") # unshare's signal goes to its first thread
	wait_for 20 lost "$first"
	wait_for 20 grep -q '^State:.Z' "/proc/$first/status"
	thread=$(lost "$first")
	second=$(pgrep -P "$first")

	run host_tare ps --all-engines --format '{{.pid}} {{.processes}}'
	expect_line "^$second 2\$"
	host_tare freeze "$second"
	grep -E '^[0-9]*:freezer:.*/tare-|^0::.*/tare-' "/proc/$first/task/$thread/cgroup"
	host_tare thaw "$second"
	host_tare limit --pids 50 "$second"
	grep -E '^[0-9]*:pids:.*/tare-|^0::.*/tare-' "/proc/$first/task/$thread/cgroup"
	host_tare limit --undo "$second"
	[[ $(<"/proc/$first/task/$thread/cgroup") != */tare-* ]]

	# alone it is a container, too
	kill -KILL "$second"
	wait_for 20 is_listed " $first "
	host_tare freeze "$first"
	host_tare thaw "$first"
	[[ $(host_tare enter "$first" sh -c 'echo $$') -gt 1 ]]
	[[ $(host_tare ns enter -t "$first" -a cat /proc/1/comm) = python3 ]]
	host_tare inspect-host "$first" | grep -q ': grade F$'
	kill -KILL "$first" "$unshare"
}

@test "limits are refused before anything is touched, each with its reason" {
	run host_tare limit "$pid"
	expect_error 'nothing is to change'
	run host_tare limit --memory 4095 "$pid"
	expect_error '4095 is less than a page'
	run host_tare limit --cpus 0 "$pid"
	expect_error 'not a number of processors'
	run host_tare limit --memory lots "$pid"
	expect_error 'not a size'
	run host_tare limit --io /dev/null,read=1m "$pid"
	expect_error 'no block device'
	run host_tare limit --io 8:0,reed=1m "$pid"
	expect_error 'not understood'
	run host_tare limit --undo --memory 1g "$pid"
	expect_error 'stands alone'
	for option in memory memory-swap pids; do
		run host_tare limit "--$option" 0 "$pid"
		expect_error '0 leaves nothing .*max. is no limit'
	done
	run host_tare limit --cpuset-cpus '' "$pid"
	expect_error 'no processor is given'
	run host_tare limit --memory 64m --memory-swap 32m "$pid"
	expect_error '--memory-swap 32m is less than --memory 64m'
	run host_tare limit --io 8:0junk,read=1m "$pid"
	expect_error "find the device '8:0junk'"
	run host_tare limit --memory 1g "nobody-$id"
	expect_error 'no running container'
	[[ ! -e /run/tare/changed/$pid-$(awk '{ print $22 }' "/proc/$pid/stat").json ]]
}

@test "what was so already is no change, and takes no undo" {
	need_controller pids
	host_tare limit --pids 64 "$pid"
	[[ $(host_tare limit --pids 64 "$pid") = *': pids: 64 -> 64 '* ]]
	[[ $(host_tare limit --undo "$pid") = *': pids: 64 -> '* ]]
	run host_tare limit --undo "$pid"
	expect_error 'nothing was changed'
}

@test "each change is printed as an object that says whose it is" {
	need_controller pids
	run host_tare limit --json --pids 65 "$pid"
	[[ $(jq -r '[.container, .what, .after] | join(" ")' <<<"$output") = "$(host_tare ps --all-engines --json |
		jq -r --argjson pid "$pid" '.[] | select(.pid == $pid).id') pids 65" ]]
}

@test "a limit that the kernel refuses leaves the others as they were" {
	need_controller pids memory
	host_tare limit --pids 64 "$pid"
	run host_tare limit --memory 64k --pids 50 "$pid"
	if [[ $status -ne 0 ]]; then # v2 takes it, and kills
		run host_tare limit --json --pids 65 "$pid"
		[[ $(jq -r .before <<<"$output") = 64 ]]
	fi
}

@test "what is entered is bounded as the container is" {
	run host_tare enter "$pid" sh -c 'grep -E "^(CapBnd|CapEff|NoNewPrivs)" /proc/self/status'
	inside=$output
	run tare exec "$id" sh -c 'grep -E "^(CapBnd|CapEff|NoNewPrivs)" /proc/self/status'
	[[ $(grep -v CapEff <<<"$inside") = "$(grep -v CapEff <<<"$output")" ]]
	run host_tare enter --user 1000:1000 --workdir /tmp --env A=b "$pid" sh -c 'id -u; id -g; pwd; echo "$A"'
	[[ $output = $'1000\n1000\n/tmp\nb' ]]
	run host_tare enter "$pid" /no/such/program
	expect_status 127
	run host_tare enter "$pid" /etc
	expect_status 126
	# it is not the program that was not found
	run host_tare enter "nobody-$id" true
	expect_status 125
	run host_tare enter "$pid" sh -c 'kill -KILL $$'
	expect_status 137
	run host_tare enter --user root "$pid" true
	expect_error 'give numbers'
	[[ $(echo word | "$TARE_BUILD/src/tare" enter "$pid" cat 3>&-) = word ]]
}

@test "exit codes are docker's: 125 usage, 126 and 127 the program, 1 all else" {
	local want words

	while read -r want words; do
		[[ $want ]] || continue
		# shellcheck disable=SC2086 # words on purpose
		run host_tare $words
		[[ $status = "$want" ]] || { echo "tare $words: $status, want $want" && false; }
	done <<-END
		1 freeze nobody-$id
		1 thaw nobody-$id
		1 limit --pids 9 nobody-$id
		1 limit --undo nobody-$id
		1 limit --undo $pid
		1 stats --no-stream nobody-$id
		1 inspect-host nobody-$id
		1 ns pids 2147483646
		1 ns caps 2147483646
		1 ns mounts 2147483646
		1 ns release nobody-$id
		0 ps --filter id=nobody-$id
		125 freeze
		125 freeze --bogus $pid
		125 limit --net-rate 1m $pid
		125 limit --pids many $pid
		125 ps --filter color=red
		125 top --batch --sort colour
		125 no-such-command
		125 enter nobody-$id true
		125 ns enter --container nobody-$id true
		127 enter $pid /no/such/program
		126 enter $pid /etc
	END
}

# filtered JSON: another container, with this seccomp policy; $filtered is its pid
filtered() {
	config ".linux.seccomp = $1"
	id+=-filtered
	start_container
	filtered=$(pid_of)
	[[ $(host_tare enter "$filtered" true 2>&1) != *'cannot be read'* ]] ||
		skip 'the kernel shows nobody filters, or these tests run under one'
}

@test "what is entered is under the container's seccomp filters, but by --no-seccomp" {
	local script='mkdir /dev/shm/$$ 2>&1; grep Seccomp: /proc/self/status' how
	config '.process.noNewPrivileges = false'
	filtered '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
	for how in "enter" "enter --user 1000:1000" "ns enter --container" "ns enter -S 1000 -G 1000 --container"; do
		# shellcheck disable=SC2086 # words on purpose
		run host_tare $how "$filtered" sh -c "$script"
		expect_line "can't create directory.*not supported"
		expect_line '^Seccomp:.2$'
	done
	for how in --no-seccomp --privileged; do
		run host_tare enter "$how" "$filtered" sh -c "$script"
		expect_output $'Seccomp:\t0'
	done
	run host_tare enter "$pid" sh -c "$script"
	expect_output $'Seccomp:\t0'
	# nobody is left traced or stopped
	grep -q '^TracerPid:.0$' "/proc/$filtered/status"
	[[ $(status_by_ps "$filtered") = running ]]
	run host_tare ns enter --no-seccomp -t "$filtered" -u true
	expect_error "'--no-seccomp' needs '--container'"
}

@test "a filter that feigns success keeps nobody from losing his privileges" {
	filtered '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["setuid", "setresuid", "setgid", "setresgid", "setgroups", "capset", "fchdir", "chroot"],
			action: "SCMP_ACT_ERRNO", errnoRet: 0}]}'
	run host_tare enter --user 1000:1000 "$filtered" cat /proc/self/status
	expect_line '^Uid:.1000.1000.1000.1000$'
	expect_line '^Gid:.1000.1000.1000.1000$'
	expect_line '^CapEff:.0000000000000000$'
	expect_line '^CapPrm:.0000000000000000$'
	run host_tare enter "$filtered" grep CapBnd /proc/self/status
	expect_output "$(grep CapBnd "/proc/$filtered/status")"
}

@test "a choice of processors is taken back where there was none" {
	need_controller cpuset
	run host_tare limit --cpuset-cpus 0 "$pid"
	expect_status 0
	[[ $(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$pid/status") = 0 ]]
	run host_tare limit --undo "$pid"
	expect_status 0
	[[ $(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$pid/status") = \
		"$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/$$/status)" ]]
}

@test "a limit that the kernel refuses leaves nothing behind" {
	exec 9< <(exec unshare --fork --kill-child --pid --mount-proc sh -c 'echo; exec sleep 1000' 3>&-)
	read -r -u 9
	sandbox=$(pgrep -P "$!" sleep)
	start=$(awk '{ print $22 }' "/proc/$sandbox/stat")
	for limit in --io=4095:0,read=1m --cpuset-cpus=9999; do
		run host_tare limit "$limit" "$sandbox"
		expect_error 'a whole disk that there is|a list of processors|mounted|controller'
		run host_tare limit --undo "$sandbox"
		expect_error 'nothing was changed'
		[[ ! -e /run/tare/changed/$sandbox-$start.json ]]
		[[ $(grep -c "/tare-$sandbox-" "/proc/$sandbox/cgroup") = 0 ]]
	done
	kill -KILL "$sandbox"
	exec 9<&-
}

@test "what was made for a sandbox goes when somebody looks after its end" {
	exec 9< <(exec unshare --fork --kill-child --pid --mount-proc sh -c 'echo; exec sleep 1000' 3>&-)
	read -r -u 9
	sandbox=$(pgrep -P "$!" sleep)
	start=$(awk '{ print $22 }' "/proc/$sandbox/stat")
	host_tare limit --pids 50 "$sandbox"
	[[ -e /run/tare/changed/$sandbox-$start.json ]]
	host_tare ps >/dev/null
	unshare --fork --kill-child --pid --mount-proc "$TARE_BUILD/src/tare" ps >/dev/null 3>&-
	[[ -e /run/tare/changed/$sandbox-$start.json ]]
	kill -KILL "$sandbox"
	exec 9<&-
	is_swept() {
		host_tare "$@" >/dev/null
		[[ ! -e /run/tare/changed/$sandbox-$start.json ]]
	}
	wait_for 20 is_swept ps
	[[ -z $(find /sys/fs/cgroup -type d -name "tare-$sandbox-$start") ]]
}

@test "a frozen container is not entered, to stand still with it" {
	host_tare freeze "$pid"
	run timeout -s KILL 60 "$TARE_BUILD/src/tare" enter "$pid" true </dev/null 3>&-
	host_tare thaw "$pid"
	expect_status 125
	expect_error 'it is frozen .*thaw it first'
	host_tare enter "$pid" true </dev/null
}

@test "a plain user is told that root sees more" {
	cp "$TARE_BUILD/src/tare" "/tmp/$id-tool"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "/tmp/$id-tool" freeze "nobody-$id"
	expect_error 'no running container is called so .*root finds more'
	run setpriv --reuid 65534 --regid 65534 --clear-groups "/tmp/$id-tool" ns caps "$BASHPID"
	rm "/tmp/$id-tool"
	expect_error "look at process $BASHPID: it is another user's .*root may"
}

@test "a terminal inside is not ours" {
	ours=$(script -qec 'tty' /dev/null </dev/null)
	run script -qec "$TARE_BUILD/src/tare enter $pid sh -c 'readlink /proc/self/fd/0; stty size >/dev/null && echo terminal'" /dev/null </dev/null
	[[ $output = *terminal* && $output != *"${ours%$'\r'}"* ]]
}

@test "nothing that our caller has open gets inside, whichever way in (CVE-2024-21626)" {
	local way look='ls -d /proc/self/fd/9/ /proc/self/fd/9/proc; echo "in $?"'

	exec 9</
	for way in enter 'enter --privileged' 'ns enter --container' 'ns enter --privileged --container'; do
		# shellcheck disable=SC2086 # words on purpose
		run "$TARE_BUILD/src/tare" $way "$pid" sh -c "$look" </dev/null 3>&-
		[[ $output = *'in '[12] && $output != *$'\n/proc'* && ${lines[0]} != /proc* ]]
		# shellcheck disable=SC2086
		run "$TARE_BUILD/src/tare" $way "$pid" true </ 3>&-
		expect_status 125
		expect_error 'stream 0 is a folder of the host'
	done
	exec 9<&-
}

@test "no folder and no program of the host is reached by what is open while we enter (CVE-2024-21626)" {
	local fd way look='pwd -P; ls -d ../1/root/sys/kernel /proc/self/cwd/sys/kernel; cat ./1/comm ../1/comm ../../1/comm'

	# whatever has the number: our caller's, or one that entering needs
	exec 9</ 8<"$(command -v busybox || command -v sleep)"
	mkdir -p "$bundle/rootfs/work"
	for fd in 3 4 5 6 7 9 10 11 12; do
		ln -sfn "/proc/self/fd/$fd" "$bundle/rootfs/work/there"
		for way in 'enter -w /work/there' 'ns enter -W /work/there --container'; do
			# shellcheck disable=SC2086 # words on purpose
			run "$TARE_BUILD/src/tare" $way "$pid" sh -c "$look" </dev/null 3>&-
			expect_status 125
			expect_error "change to the directory '/work/there'"
		done
	done
	printf '#!/proc/self/fd/8 1000\n' >"$bundle/rootfs/work/run"
	chmod 755 "$bundle/rootfs/work/run"
	run "$TARE_BUILD/src/tare" enter "$pid" /work/run </dev/null 3>&-
	expect_status 127
	exec 9<&- 8<&-
}

@test "a file that a stream is redirected to is read or written, and no more" {
	local way

	echo ours >file
	chmod 600 file
	for way in enter 'ns enter --container'; do
		# shellcheck disable=SC2086,SC2016 # words on purpose; for the shell inside
		"$TARE_BUILD/src/tare" $way "$pid" sh -c 'cat; echo theirs 2>&1 >/proc/self/fd/0' <file >out 3>&- || true
		[[ $(cat file) = ours && $(cat out) = ours* ]]
		# what was there before, and in which order it comes
		echo secret >log
		# shellcheck disable=SC2086,SC2016
		"$TARE_BUILD/src/tare" $way "$pid" sh -c '[ -p /proc/self/fd/1 ] && echo a; echo b >&2; echo c; exit 3' \
			</dev/null >>log 2>&1 3>&- || [[ $? = 3 ]]
		[[ $(xargs <log) = 'secret a b c' ]]
	done
	head -c 3000000 /dev/zero >file
	[[ $("$TARE_BUILD/src/tare" enter "$pid" wc -c <file 3>&-) = 3000000 ]]
	"$TARE_BUILD/src/tare" enter "$pid" head -c 3000000 /dev/zero </dev/null >out 3>&-
	[[ $(stat -c %s out) = 3000000 ]]
	# what goes on in the background does not keep us
	timeout 20 "$TARE_BUILD/src/tare" enter "$pid" sh -c 'sleep 1000 & echo ready' </dev/null >out 3>&-
	[[ $(cat out) = ready ]]
}

@test "a /proc that lies is not looked at" {
	# shellcheck disable=SC2016 # for the shell inside
	exec 9< <(exec unshare --fork --kill-child --pid --mount sh -c 'mount -t tmpfs none /proc
		mkdir -p /proc/thread-self/attr /proc/self/ns
		ln -s / /proc/self/fd
		echo; exec sleep 1000' 3>&-)
	read -r -u 9
	sandbox=$(pgrep -P "$!" sleep)
	for way in enter 'ns enter --container'; do
		# shellcheck disable=SC2086 # words on purpose
		run host_tare $way "$sandbox" sh -c 'echo "$PPID"; ls -A /proc/thread-self/attr'
		expect_status 0
		expect_output 0
	done
	kill -KILL "$sandbox"
	exec 9<&-
}

@test "who only calls himself a container runs nothing as another user" {
	local way place

	place=$(controller_dir pids)/crun-$id.scope
	stolen=/tmp/$id-stolen
	mkdir -m 755 "$stolen"
	# shellcheck disable=SC2016 # for its shell
	printf '#!/bin/sh\necho stolen by $(id -u)\n' >"$stolen/sh"
	chmod 755 "$stolen/sh"
	mkdir "$place"
	PATH=$stolen:$PATH setpriv --reuid 65534 --regid 65534 --clear-groups sleep 1000 3>&- &
	fake=$!
	is_fake() { [[ $(stat -c %u "/proc/$fake") = 65534 ]]; }
	wait_for 20 is_fake
	echo "$fake" >"$place/cgroup.procs"
	for way in 'enter --user 0' 'ns enter --container' 'ns enter -S 0 --container'; do
		# shellcheck disable=SC2086 # words on purpose
		run host_tare $way "crun:$id" sh -c 'id -u; echo "$PATH"'
		[[ ${lines[0]} = 0 && ${lines[1]} != *stolen* ]]
	done
	run host_tare enter "crun:$id" sh
	rm -r "$stolen"
	expect_output 'stolen by 65534'
	kill -KILL "$fake"
	wait "$fake" || true
	wait_for 20 rmdir "$place"
}

@test "ns enter takes a container's environment and a terminal of its own, as enter does" {
	export SECRET=hush-$id
	run host_tare ns enter --container "$pid" sh -c 'echo "have ${SECRET-nothing}"'
	expect_output 'have nothing'
	# what only joins the network is a program of the host
	run host_tare ns enter --net --container "$pid" sh -c 'echo "have ${SECRET-nothing}"'
	expect_output "have $SECRET"
	ours=$(script -qec 'tty' /dev/null </dev/null)
	run script -qec "$TARE_BUILD/src/tare ns enter --container $pid sh -c 'readlink /proc/self/fd/0; stty size >/dev/null && echo terminal'" /dev/null </dev/null
	[[ $output = *terminal* && $output != *"${ours%$'\r'}"* ]]
}

# entered COMMAND...: in the background; sets $entered, and $inside, the program's number here
entered() {
	"$TARE_BUILD/src/tare" "$@" </dev/null >/dev/null 2>&1 3>&- &
	entered=$!
	find_inside() { inside=$(pgrep -P "$(pgrep -P "$entered")" 2>/dev/null) && grep -qs "$1" "/proc/$inside/status"; }
}

@test "what is entered has a session in its own pid namespace, and job control in it" {
	local way

	for way in enter 'ns enter --container'; do
		run script -qec "$TARE_BUILD/src/tare $way $pid sh -c 'echo \$(cut -d \" \" -f 5,6,8 /proc/\$\$/stat) is \$\$'" \
			/dev/null </dev/null
		expect_line '(^|[^0-9])([0-9]+) \2 \2 is \2([^0-9]|$)'
	done
}

@test "no file of the host's is executed inside, where it could be written to (CVE-2019-5736)" {
	local way

	! grep -q __asan_init "$TARE_BUILD/src/tare" || skip "a sanitizer's libraries are not inside"
	for way in 'enter' 'ns enter --container'; do
		# a script with #!/proc/self/exe does the same
		# shellcheck disable=SC2086 # words on purpose
		entered $way "$pid" /proc/self/exe ns run --fork sleep 1000
		wait_for 20 find_inside '^Name:.exe'
		[[ $(readlink "/proc/$inside/exe") = /memfd:tare* ]]
		kill -TERM "$entered"
		wait "$entered" || true
	done
	"$TARE_BUILD/src/tare" ns enter --target "$pid" --all sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
	is_copied() { [[ $(readlink "/proc/$!/exe") = /memfd:tare* ]]; }
	wait_for 20 is_copied
	kill -KILL $(pgrep -P $!) || true
	wait $! || true
	# words and streams are what they were
	[[ $(echo word | "$TARE_BUILD/src/tare" enter "$pid" sh -c 'cat; echo "$#:$1:$2"' sh '' 'a  b' 3>&-) = $'word\n2::a  b' ]]
}

@test "signals go on to what is entered, and it stops alone" {
	local status=0

	entered enter "$pid" sleep 1000
	wait_for 20 find_inside '^Name:.sleep'
	kill -TERM "$entered"
	wait "$entered" || status=$?
	[[ $status = 143 && ! -e /proc/$inside ]]

	entered enter "$pid" sh -c 'kill -STOP $$; exit 5'
	wait_for 20 find_inside '^State:.T'
	kill -CONT "$inside"
	has_ended() { [[ $(awk '$1 == "State:" { print $2 }' "/proc/$entered/status" 2>/dev/null) = @(Z|) ]]; }
	wait_for 20 has_ended || { kill -KILL "$(pgrep -P "$entered")" && false; }
	status=0
	wait "$entered" || status=$?
	[[ $status = 5 ]]
}

@test "stats count what a container uses, and top sorts by it" {
	tare exec --detach "$id" sh -c 'while :; do :; done'
	host_tare stats --no-stream --interval 500ms --json "$pid" >out.json
	jq -e '.[0].cpuMilli > 0 and .[0].memoryBytes > 0 and (.[0].CPUPerc | endswith("%"))' out.json
	host_tare top --batch --count 1 --delay 500ms --sort cpu --json >top.json
	jq -e --argjson pid "$pid" 'any(.[]; .pid == $pid and .cpuMilli > 0)' top.json
	run host_tare top
	expect_error 'no terminal'
	run host_tare top --batch --sort colour
	expect_error 'no such key'
	run host_tare stats --no-stream "nobody-$id"
	expect_error 'no running container'
}

@test "top's keys freeze, thaw and limit the container under the bar" {
	[[ -x $TARE_BUILD/src/tare-top ]] || skip "built without ncurses"
	word=$(host_tare ps --all-engines --json | jq -r --argjson pid "$pid" '.[] | select(.pid == $pid).id')
	python3 "${BATS_TEST_FILENAME%/*}/screen.py" "$TARE_BUILD/src/tare" top -d 200ms -f "$word" -- \
		'tare top: 1 containers' f 'paused' t 'running' $'l' 'limit' $'--pids 77\n' '-> 77' \
		u '77 -> ' ' ' "$pid" q ''
	[[ $(status_by_ps "$pid") = running ]]
}

@test "what top's key enters has the limit of open files that top was called with" {
	[[ -x $TARE_BUILD/src/tare-top ]] || skip "built without ncurses"
	word=$(host_tare ps --all-engines --json | jq -r --argjson pid "$pid" '.[] | select(.pid == $pid).id')
	# shellcheck disable=SC2016 # for the shells
	python3 "${BATS_TEST_FILENAME%/*}/screen.py" /bin/sh -c 'ulimit -S -n 123; exec "$@"' sh \
		"$TARE_BUILD/src/tare" top -d 200ms -f "$word" -- \
		'tare top: 1 containers' e '/ #' $'echo files=$(ulimit -n)\n' 'files=123' \
		$'exit\n' 'the shell inside ended with 0' q ''
}
