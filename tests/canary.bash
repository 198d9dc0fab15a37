# shellcheck shell=bash
# shellcheck disable=SC2154 # bundle, id, state are lib.bash's
# canary.bash - the host as a hostile bundle must leave it
#
#	setup() { tare_setup && canary_setup; }
#	teardown() { canary_intact && tare_teardown; }
#
# $canary is a folder of the host, outside every bundle: files, folders, links, a FIFO, a setuid
# program, a device node. canary_intact compares it and what else of the host an escape could
# change with what canary_setup saw: content, owners, modes, and the times of the last change, so
# that a write that changed nothing shows as well.

canary_setup() {
	canary=$BATS_TEST_TMPDIR/canary
	mkdir -p "$canary/dev" "$canary/private" "$canary/empty"
	chmod 700 "$canary/private"
	echo secret >"$canary/file"
	echo key >"$canary/private/key"
	echo device >"$canary/dev/ptmx"
	# one copy of each for a file of tests
	[[ -e $BATS_FILE_TMPDIR/runtime ]] || {
		cp /bin/busybox "$BATS_FILE_TMPDIR/setuid" 2>/dev/null || cp "$TARE_RUNTIME" "$BATS_FILE_TMPDIR/setuid"
		cp "$TARE_RUNTIME" "$BATS_FILE_TMPDIR/runtime"
	}
	cp "$BATS_FILE_TMPDIR/setuid" "$canary/setuid"
	chmod 4755 "$canary/setuid"
	mkfifo "$canary/fifo"
	ln -s file "$canary/link"
	mknod "$canary/null" c 1 3
	host_facts >"$BATS_TEST_TMPDIR/facts"
}

host_facts() {
	# few processes: each takes a tenth of a second in a guest
	find "$canary" -printf '%P %y %m %U:%G %s %T@ %C@ %l\n' | LC_ALL=C sort
	find "$canary" -type f ! -name setuid -exec sha256sum {} + | LC_ALL=C sort
	# the large ones are compared with copies: in a guest, a hash of a megabyte takes as long as a test
	cmp "$canary/setuid" "$BATS_FILE_TMPDIR/setuid" 2>&1 || true
	cmp "$TARE_RUNTIME" "$BATS_FILE_TMPDIR/runtime" 2>&1 || true
	stat -c '%n %f %t:%T %U:%G' /dev/null /dev/zero /dev/full /dev/ptmx /dev/tty
	grep -s . /proc/sys/kernel/{core_pattern,modprobe,hotplug,poweroff_cmd,msgmax,domainname,hostname} \
		/proc/sys/net/ipv4/ip_forward || true
	# of the host's mounts those that others, who run beside us, do not make
	grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo || true
}

canary_intact() {
	host_facts | diff "$BATS_TEST_TMPDIR/facts" - || {
		echo 'the host has changed'
		return 1
	}
}

# refused_or_contained: the run failed with one line, or it ended with status 0; the host is
# looked at by teardown.
refused_or_contained() {
	((status == 0)) || expect_error .
}

# without_mount DESTINATION...: takes mounts out of the config.
without_mount() {
	config '.mounts |= map(select(.destination as $d | $ARGS.positional | index($d) | not))' --args "$@"
}

# with_mount JSON: adds one at the end.
with_mount() {
	config '.mounts += [$m]' --argjson m "$1"
}

# with_bind SOURCE DESTINATION [OPTION...]
with_bind() {
	config '.mounts += [{type: "bind", source: $s, destination: $d, options: (["rbind"] + $ARGS.positional)}]' \
		--arg s "$1" --arg d "$2" --args "${@:3}"
}

# plant LINK TARGET: a symbolic link in the rootfs in the place of whatever is there.
plant() {
	local link=${bundle:?}/rootfs/$1

	[[ ! -e $link && ! -L $link ]] || rm -rf "$link"
	[[ -d ${link%/*} ]] || mkdir -p "${link%/*}"
	ln -s "$2" "$link"
}
