# engine_kept.bats - containers that stay: created, started, stopped, removed, each with its shim
# nothing new with systemd: its cgroups are made by the runtime, whose own tests run there
# shellcheck disable=SC2154 # status and output are bats' own
# shellcheck disable=SC2016 # what stands in single quotes is for the container's shell

bats_require_minimum_version 1.5.0
load ../lib
load ../container

setup() { container_setup; }
teardown() { container_teardown; }

@test "run --detach prints the id; the container goes on, and its exit status stays" {
	detach -- sh -c 'echo out; echo err >&2; sleep 0.3; exit 7'
	[[ $(<whole) =~ ^[0-9a-f]{64}$ ]]
	run host_tare container ls
	expect_line "^[0-9a-f]{12} +tare/base +\"sh -c .* Up Less than a second +$id\$"
	run host_tare wait "$id"
	expect_output 7
	[[ $(shown "$id" '{{.State.Status}} {{.State.ExitCode}} {{.State.Running}} {{.State.Pid}}') = 'exited 7 false 0' ]]
	run host_tare container ls
	expect_no_line "$id"
	run host_tare container ls --all --format '{{.Names}} {{.Status}}'
	expect_line "^$id Exited \(7\) "
	[[ $(host_tare inspect --format '{{.Id}}' "$id" tare/base) = "$(<whole)"*$(shown "$id" '{{.Image}}') ]]
	run host_tare inspect --type image "$id"
	expect_status 1
	run host_tare inspect nonesuch
	expect_line "^tare: there is no container and no image 'nonesuch'"
	host_tare logs "$id" >out 2>err
	[[ $(<out) = out && $(<err) = err ]]
	run host_tare rm "$id"
	expect_output "$id"
	run host_tare container inspect "$id"
	expect_line "^tare: no such container: $id"
	expect_status 1
}

@test "what can't be started is said, and kept; with --rm it is not" {
	run host_tare run --detach --name "$id" tare/base nonesuch
	expect_status 127
	expect_error "run the container '$id': .*'nonesuch': executable file not found"
	[[ $(shown "$id" '{{.State.Status}} {{.State.ExitCode}}') = 'exited 127' ]]
	[[ $(shown "$id" '{{.State.Error}}') = *'not found'* ]]
	run host_tare start "$id"
	expect_error "start the container '$id': .*not found"
	host_tare rm "$id"
	run host_tare run --detach --rm --name "$id" tare/base nonesuch
	expect_status 127
	is_gone() { [[ ! -e root/names/$id ]]; }
	wait_for 10 is_gone
}

@test "created, started, ended, started again: what was written stays" {
	run host_tare create --name "$id" tare/base sh -c 'echo line >>/file; cat /file'
	[[ $output =~ ^[0-9a-f]{64}$ ]]
	has_status created
	run host_tare container ls --all
	expect_line "Created +$id\$"
	host_tare start "$id"
	host_tare wait "$id"
	host_tare start "$id"
	host_tare wait "$id"
	run host_tare logs "$id"
	expect_output $'line\nline\nline'
	# who runs already is left alone
	host_tare rm "$id"
	detach -- sleep 60
	host_tare start "$id"
	has_status running
}

@test "stop: the signal that it wants, then KILL" {
	detach --stop-signal USR1 -- sh -c 'trap "exit 3" USR1; echo ready; while :; do sleep 0.05; done'
	wait_for 10 has_log ready
	run host_tare stop "$id"
	expect_output "$id"
	[[ $(shown "$id" '{{.State.ExitCode}}') = 3 ]]
	host_tare start "$id"
	wait_for 10 has_status running
	host_tare stop --signal KILL "$id"
	[[ $(shown "$id" '{{.State.ExitCode}}') = 137 ]]
	host_tare rm "$id"
	detach -- sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	wait_for 10 has_log ready
	host_tare stop --time 1 "$id"
	[[ $(shown "$id" '{{.State.ExitCode}}') = 137 ]]
	# who has ended needs no stop
	host_tare stop "$id"
	run host_tare stop --time x "$id"
	expect_error "--time 'x'"
}

@test "kill, restart" {
	detach -- sh -c 'trap "echo hup" HUP; trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done'
	wait_for 10 has_log ready
	host_tare kill --signal HUP "$id"
	wait_for 10 has_log hup
	first=$(shown "$id" '{{.State.Pid}}')
	host_tare restart "$id"
	has_status running
	[[ $(shown "$id" '{{.State.Pid}}') != "$first" ]]
	host_tare kill "$id"
	[[ $(shown "$id" '{{.State.ExitCode}}') = 137 ]]
	run host_tare kill "$id"
	expect_error "kill the container '$id': it is not running"
	run host_tare kill --signal NONE "$id"
	expect_status 1
}

@test "rm: what runs only with --force; --rm removes it when it ends" {
	detach -- sleep 60
	run host_tare rm "$id"
	expect_error "remove the container '$id': it is running \(stop it first, or use --force\)"
	host_tare rm --force "$id"
	detach --rm -- sh -c 'echo x >/file; sleep 0.2'
	is_gone() { [[ ! -e root/names/$id && ! -e root/containers/$(<whole) && ! -e /run/tare/containers/$(<whole) ]]; }
	wait_for 10 is_gone
	run host_tare rm nonesuch
	expect_error 'no such container: nonesuch'
	expect_status 1
}

@test "restart policies" {
	detach --restart on-failure:2 -- sh -c 'echo again; exit 4'
	wait_for 10 has_status exited
	[[ $(host_tare logs "$id" | grep -c again) = 3 ]]
	[[ $(shown "$id" '{{.RestartCount}} {{.State.ExitCode}}') = '2 4' ]]
	host_tare rm "$id"
	detach --restart on-failure -- sh -c 'echo once'
	host_tare wait "$id"
	[[ $(host_tare logs "$id") = once ]]
	host_tare rm "$id"
	detach --restart always -- sh -c 'echo again; sleep 0.05'
	again() { (($(host_tare logs "$id" | grep -c again) >= 3)); }
	wait_for 10 again
	host_tare stop "$id"
	has_status exited
	run host_tare run -d --restart sometimes tare/base true
	expect_error "--restart 'sometimes': it is one of no, always"
	run host_tare run -d --restart always:3 tare/base true
	expect_error "--restart 'always' takes no number"
	run host_tare run -d --rm --restart always tare/base true
	expect_error '--rm and --restart'
}

@test "logs: the tail, times, along with it, of any bytes" {
	detach -- sh -c 'for i in 1 2 3; do echo line$i; done; printf "a\"b\\\\c\001\377d\n"; sleep 0.3; printf end'
	host_tare logs --follow "$id" >all
	[[ $(tail -n 1 all) = end && $(head -n 1 all) = line1 ]]
	[[ $(sed -n 4p all) = $'a"b\\c\001\xef\xbf\xbdd' ]]
	[[ $(host_tare logs --tail 2 "$id" | wc -l) = 1 ]]
	[[ $(host_tare logs -n 0 "$id") = '' ]]
	run host_tare logs --timestamps --tail 1 "$id"
	expect_line '^20[0-9-]+T[0-9:.]+Z end$'
	[[ $(host_tare logs --since 1h "$id" | head -n 1) = line1 ]]
	[[ $(host_tare logs --until 1h "$id") = '' ]]
	run host_tare logs --tail x "$id"
	expect_error "--tail 'x'"
	run host_tare logs --since x "$id"
	expect_error "--since 'x'"
}

@test "logs are bounded, and split by lines that are too long" {
	detach --log-opt max-size=20k --log-opt max-file=3 -- sh -c 'for i in $(seq 2000); do echo "line $i"; done'
	host_tare wait "$id"
	[[ $(cd "root/containers/$(<whole)" && echo json.log*) = 'json.log json.log.1 json.log.2' ]]
	(($(cat root/containers/"$(<whole)"/json.log* | wc -c) < 90000))
	[[ $(host_tare logs --tail 1 "$id") = 'line 2000' ]]
	host_tare logs "$id" >all
	diff all <(seq -f 'line %g' "$((2001 - $(wc -l <all)))" 2000)
	host_tare rm "$id"
	detach -- sh -c 'head -c 40000 /dev/zero | tr "\0" x; echo'
	host_tare wait "$id"
	[[ $(wc -l <"root/containers/$(<whole)/json.log") = 3 ]]
	[[ $(host_tare logs "$id" | wc -c) = 40001 ]]
	host_tare rm "$id"
	detach --log-driver none -- echo words
	host_tare wait "$id"
	[[ $(host_tare logs "$id") = '' ]]
	run host_tare run -d --log-driver syslog tare/base true
	expect_error "--log-driver 'syslog' can't be honoured yet"
}

@test "a terminal, and a standard input that stays open" {
	detach --tty -- sh -c 'tty; echo ready; sleep 60'
	wait_for 10 has_log ready
	[[ $(host_tare logs "$id" | head -n 1 | tr -d '\r') = /dev/* ]]
	host_tare rm --force "$id"
	detach --interactive -- sh -c 'cat; echo end'
	sleep 0.3
	has_status running
	host_tare rm --force "$id"
	detach -- sh -c 'cat; echo end'
	wait_for 10 has_log end
}

@test "a shim that is killed is noticed, and what it kept ends with the next word" {
	local shim pid

	detach -- sh -c ": of $id; sleep 60; true"
	pid=$(shown "$id" '{{.State.Pid}}')
	shim=$(jq .ShimPid "root/containers/$(<whole)/state.json")
	[[ $(<"/proc/$shim/comm") = tare-shim ]]
	kill -KILL "$shim"
	not_alive() { [[ $(shown "$id" '{{.State.Status}} {{.State.ExitCode}}') = 'exited 255' ]]; }
	wait_for 10 not_alive
	[[ $(shown "$id" '{{.State.Error}}') = *'its shim was killed'* ]]
	host_tare start "$id"
	has_status running
	[[ ! -e /proc/$pid || $(tr '\0' ' ' <"/proc/$pid/cmdline") != *"of $id"* ]]
	[[ $(pgrep -c -f "^sh -c : of $id;") = 1 ]]
}

@test "two who start one container at once: it runs once, and both are content" {
	local pids=() n

	host_tare create --name "$id" tare/base sh -c "echo started; sleep 60" >whole
	for n in 1 2 3 4; do
		host_tare start "$id" >"out$n" 2>&1 &
		pids+=($!)
	done
	for n in "${pids[@]}"; do wait "$n"; done
	wait_for 10 has_log started
	[[ $(host_tare logs "$id") = started ]]
	[[ $(cat out? | sort -u) = "$id" ]]
}

@test "a shim that is killed before it could say how the start went" {
	local shim one

	# a runtime that does not come back as long as there is a file
	cat >runtime <<-EOF
		#!/bin/sh
		"$TARE_RUNTIME" "\$@"
		status=\$?
		while [ -e "$PWD/slow" ]; do sleep 0.05; done
		exit \$status
	EOF
	chmod 755 runtime
	: >slow
	host_tare create --runtime "$PWD/runtime" --name "$id" tare/base sh -c ": of $id; sleep 60; true" >whole
	"$TARE_BUILD/src/tare" start "$id" >out 2>&1 </dev/null 3>&- &
	wait_for 10 has_process "^sh -c : of $id;"
	for one in $(pgrep -x tare-shim); do
		[[ $(readlink "/proc/$one/cwd") != "/run/tare/containers/$(<whole)" ]] || shim=$one
	done
	kill -KILL "$shim"
	rm slow
	wait $! || true
	grep -q 'its shim ended without a word' out
	host_tare start "$id"
	has_status running
	[[ $(pgrep -c -f "^sh -c : of $id;") = 1 ]]
}

@test "exec: another program in it, its streams ours" {
	detach -e A=image -- sleep 60
	run host_tare exec -e B=ours -w /tmp -u nobody "$id" sh -c 'echo $A $B; pwd; id -u; exit 6'
	expect_status 6
	expect_line '^image ours$'
	expect_line '^/tmp$'
	expect_line '^65534$'
	run bash -c 'echo words | "$0" exec -i "$1" cat' "$TARE_BUILD/src/tare" "$id"
	expect_output words
	run host_tare exec "$id" nonesuch
	expect_status 127
	run host_tare exec "$id" /etc
	expect_status 126
	run host_tare exec -u nonesuch "$id" true
	expect_error "run as the user 'nonesuch'"
	expect_status 125
	with_terminal "$TARE_BUILD/src/tare" exec -it "$id" sh -c 'tty; echo $TERM; exit 3'
	expect_status 3
	expect_line '^xterm'
	host_tare exec --detach "$id" sh -c 'echo written >/file; sleep 60'
	is_done() { [[ $(host_tare exec "$id" cat /file) = written ]]; }
	wait_for 10 is_done
	host_tare stop -t 0 "$id"
	run host_tare exec "$id" true
	expect_error "run a program in the container '$id': it is not running"
	[[ ! $(compgen -G "/run/tare/containers/$(<whole)/exec-*") ]]
}

@test "one in the foreground is listed, entered and stopped as others are" {
	run_beside tare/base sh -c 'trap "exit 9" TERM; while :; do sleep 0.05; done'
	is_running() { [[ $(shown "$id" '{{.State.Running}}') = true ]]; }
	wait_for 10 is_running
	run host_tare container ls
	expect_line "Up .* $id\$"
	[[ $(host_tare exec "$id" echo in) = in ]]
	run host_tare logs "$id"
	expect_error "read the log of the container '$id': it has none"
	run host_tare rm "$id"
	expect_error 'it is running'
	host_tare stop "$id"
	status=0
	wait $! || status=$?
	expect_status 9
	run host_tare container ls --all --quiet
	expect_output ''
}

@test "names: unique, made up where none is given; ids by their beginnings" {
	local one two

	detach -- sleep 60
	run host_tare run -d --name "$id" tare/base true
	expect_error "call a container '$id': [0-9a-f]{12} is called so"
	expect_status 125
	one=$(host_tare create tare/base true)
	two=$(host_tare create tare/base true)
	[[ $(shown "$one" '{{.Name}}') =~ ^/[a-z]+_[a-z]+ ]]
	[[ $(shown "$one" '{{.Name}}') != $(shown "$two" '{{.Name}}') ]]
	[[ $(shown "${one:0:12}" '{{.Id}}') = "$one" ]]
	run host_tare container ls --all --quiet --no-trunc
	expect_line "^$one\$"
	host_tare rm "${one:0:12}" "$two"
	run host_tare create --name x tare/base true
	expect_error "call a container 'x'"
}

@test "the image of a container that is kept can't be removed" {
	host_tare tag tare/base mine:1
	detach -- true
	host_tare wait "$id"
	run host_tare rmi --force "$(host_tare images --quiet mine:1)"
	expect_error "is made of it"
	host_tare rm "$id"
}

@test "many at a time: started, listed, stopped, removed" {
	local n pids=() names=()

	host_tare images >/dev/null
	for n in {1..20}; do
		host_tare run --detach --name "$id-$n" tare/base sleep 60 >/dev/null &
		pids+=($!)
		names+=("$id-$n")
	done
	for n in "${pids[@]}"; do wait "$n"; done
	[[ $(host_tare container ls --quiet | wc -l) = 20 ]]
	host_tare stop --time 0 "${names[@]}" >/dev/null
	[[ $(host_tare container ls --quiet | wc -l) = 0 ]]
	host_tare rm "${names[@]}" >/dev/null
}
