# activation.bats - what a service manager hands over: sockets, and the question whether all is ready

load ../lib
setup() { tare_setup; }
teardown() { tare_teardown; }

@test "descriptors of socket activation are passed on, and counted" {
	shell 'echo "$LISTEN_FDS $LISTEN_PID $(readlink /proc/self/fd/3)"'
	exec 3<"$bundle/config.json"
	LISTEN_FDS=1 run_container
	exec 3<&-
	expect_status 0
	expect_line '^1 1 .*config.json'
}

@test "descriptors for somebody else are not" {
	shell 'echo "${LISTEN_FDS-none}"'
	LISTEN_FDS=1 LISTEN_PID=1 run_container
	expect_output none
}

@test "READY goes on to the manager, other words do not" {
	need_program python3
	config '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
	program sleep 1000
	python3 - "$BATS_TEST_TMPDIR/notify" >"$BATS_TEST_TMPDIR/heard" <<-'EOF' &
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		s.settimeout(20)
		for i in range(3):
		    print(s.recvmsg(100, 100)[0].decode(), flush=True)
	EOF
	wait_for 5 test -S "$BATS_TEST_TMPDIR/notify"
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify tare run --detach --bundle "$bundle" "$id" </dev/null >/dev/null &
	wait_for 5 test -S "$state/$id/notify/notify"
	python3 - "$state/$id/notify/notify" <<-'EOF'
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.connect(sys.argv[1])
		s.send(b'MAINPID=1\nREADY=1')
	EOF
	wait
	run cat "$BATS_TEST_TMPDIR/heard"
	expect_output "READY=1
MAINPID=$(pid_of)
BARRIER=1"
}

@test "--pidfd-socket gets a pidfd" {
	need_program python3
	program true
	python3 - "$BATS_TEST_TMPDIR/pidfd" >"$BATS_TEST_TMPDIR/heard" <<-'EOF' &
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind(sys.argv[1])
		s.listen(1)
		fds = socket.recv_fds(s.accept()[0], 100, 4)[1]
		print(os.readlink('/proc/self/fd/%d' % fds[0]))
	EOF
	wait_for 5 test -S "$BATS_TEST_TMPDIR/pidfd"
	run_container --pidfd-socket "$BATS_TEST_TMPDIR/pidfd"
	expect_status 0
	wait
	grep -q pidfd "$BATS_TEST_TMPDIR/heard"
}
