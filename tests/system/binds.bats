# binds.bats - bind mounts: where sources are looked for, and what becomes of their flags
# nothing new with systemd: the other guest's mounts are shared as systemd shares them

load ../lib
load ../canary
setup() {
	tare_setup && canary_setup || return
	chmod 755 "$BATS_TEST_TMPDIR" "$bundle"
	mkdir -p "$BATS_TEST_TMPDIR"/one/below "$BATS_TEST_TMPDIR"/two
	echo one >"$BATS_TEST_TMPDIR/one/file"
	echo two >"$BATS_TEST_TMPDIR/two/file"
}
teardown() { canary_intact && tare_teardown; }

# $root/PATH is a path of the host's that lies in the container's root.
root() {
	echo "$bundle/rootfs"
}

own_userns() {
	cp -r "$(root)" "$bundle/own"
	rm -r "$(root)"
	mv "$bundle/own" "$(root)"
	chown -hR 100000:100000 "$(root)"
	config '.linux.namespaces += [{"type": "user"}] |
		.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
		.linux.gidMappings = .linux.uidMappings'
}

# Each source but the first two is there only when the mount before it is made.
mounts_on_mounts() {
	with_bind "$BATS_TEST_TMPDIR/one" /mnt
	with_bind "$BATS_TEST_TMPDIR/two" /mnt/below
	with_bind "$(root)/mnt" /again "$@"
	with_bind "$(root)/again/below" "$(root)/twice" "$@"
	shell 'cat /again/file /again/below/file /twice/file && stat -c %u /twice'
	run_container
	expect_status 0
}

@test "a source may be what an earlier mount has made" {
	mounts_on_mounts
	expect_output $'one\ntwo\ntwo\n0'
}

@test "a source may be what an earlier mount has made in a user namespace" {
	own_userns
	mounts_on_mounts
	expect_output $'one\ntwo\ntwo\n65534'
}

@test "such a source may be id-mapped" {
	need_kernel 5.12
	config '.linux.uidMappings = [{"containerID": 7, "hostID": 0, "size": 1}]'
	with_bind "$BATS_TEST_TMPDIR/one" /mnt
	config '.mounts += [{destination: "/again", source: $s, options: ["bind", "idmap"],
		uidMappings: [{"containerID": 0, "hostID": 7, "size": 1}],
		gidMappings: [{"containerID": 0, "hostID": 8, "size": 1}]}] | del(.linux.uidMappings)' \
		--arg s "$(root)/mnt"
	shell 'stat -c %u:%g /mnt/file /again/file'
	run_container
	expect_output $'0:0\n7:8'
}

@test "such a source may be id-mapped in a user namespace" {
	need_kernel 5.12
	own_userns
	mounts_on_mounts idmap
	expect_output $'one\ntwo\ntwo\n0'
}

@test "such a source keeps to its options" {
	with_mount '{"type": "tmpfs", "source": "tmpfs", "destination": "/mnt", "options": ["mode=755"]}'
	with_bind "$(root)/mnt" /again ro noexec
	shell 'touch /mnt/file && grep " /again " /proc/self/mounts && ! touch /again/other'
	run_container
	expect_status 0
	expect_line '/again tmpfs ro,noexec'
	expect_line 'Read-only file system'
}

@test "a source in the root that nothing has made is missed" {
	with_bind "$(root)/nothing" /mnt
	program true
	run_container
	expect_error "/mounts/[0-9]+: .*'/nothing'.*No such file|/mounts/[0-9]+: .*nothing.*no such file"
}

@test "a source in the root is looked for in the root: a link leads nowhere outside" {
	plant way "$canary"
	plant file "$canary/file"
	mkdir -p "$(root)$canary"
	echo inside >"$(root)$canary/file"
	with_bind "$(root)/way" /mnt
	with_bind "$(root)/file" /one
	shell 'cat /mnt/file /one; ls /mnt'
	run_container
	expect_output $'inside\ninside\nfile'
	TARE_TEST_LACK=openat2 run_container
	expect_output $'inside\ninside\nfile'
}

@test "a source in the root may be bound without the mount API" {
	with_bind "$BATS_TEST_TMPDIR/one" /mnt
	with_bind "$(root)/mnt" /again
	program cat /again/file
	TARE_TEST_LACK=mount_api run_container
	expect_output one
}

@test "a mount added later looks for a source in the root there, too" {
	need_kernel 5.12
	config '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
	start_container
	tare exec "$id" sh -c "mkdir /tmp/a /tmp/b && ln -s $canary /tmp/way"
	echo "[{\"destination\": \"/tmp/b\", \"source\": \"$(root)/tmp/way\", \"options\": [\"bind\"]}]" \
		>"$BATS_TEST_TMPDIR/mounts"
	run tare mounts add "$id" "$BATS_TEST_TMPDIR/mounts"
	expect_error "$canary|/tmp/way"
	echo "[{\"destination\": \"/tmp/b\", \"source\": \"$(root)/tmp\", \"options\": [\"bind\"]}]" \
		>"$BATS_TEST_TMPDIR/mounts"
	tare mounts add "$id" "$BATS_TEST_TMPDIR/mounts"
	run tare exec "$id" ls /tmp/b
	expect_output $'a\nb\nway'
}

# times OPTION OPTION: of a tmpfs, and of a bind of it
times() {
	config '.mounts |= map(select(.destination | startswith("/t") | not))'
	with_mount "{\"type\": \"tmpfs\", \"source\": \"tmpfs\", \"destination\": \"/t1\", \"options\": [\"$1\"]}"
	with_bind "$(root)/t1" /t2 "$2"
	shell 'sed -n "s|.* /t2 tmpfs \([^ ]*\) .*|,\1,|p" /proc/self/mounts'
	run_container
	expect_status 0
}

@test "access times are one choice: who makes it for a bind makes all of it" {
	times noatime nodiratime
	expect_line ',nodiratime,relatime,'
	expect_no_line ',noatime,'
	times nodiratime strictatime
	expect_no_line 'atime'
	times noatime ro
	expect_line ',noatime,'
}

@test "words that say what access times shall not be choose none" {
	local word

	for word in atime norelatime nostrictatime diratime; do
		times noatime "$word"
		expect_line ',noatime,'
	done
}

# host_times OPTION OPTION: as times(), of a mount of the host's
host_times() {
	mkdir -p "$BATS_TEST_TMPDIR/host"
	mount -t tmpfs -o "$1" tmpfs "$BATS_TEST_TMPDIR/host"
	config '.mounts |= map(select(.destination != "/t2"))'
	with_bind "$BATS_TEST_TMPDIR/host" /t2 "$2"
	shell 'sed -n "s|.* /t2 tmpfs \([^ ]*\) .*|,\1,|p" /proc/self/mounts'
	run_container
	umount "$BATS_TEST_TMPDIR/host"
}

@test "in a user namespace the access times of a bind are the source's" {
	local -a words
	local pair

	own_userns
	for pair in 'noatime relatime' 'noatime strictatime' 'relatime noatime' 'relatime nodiratime' \
		'strictatime relatime' 'nodiratime noatime'; do
		read -ra words <<<"$pair"
		host_times "${words[@]}"
		expect_error "/mounts/[0-9]+: .*choose other access times than .*operation not permitted"
	done
	host_times noatime noatime
	expect_line ',noatime,'
	host_times noatime ro
	expect_line ',noatime,'
	host_times strictatime atime
	expect_no_line 'atime'
}

@test "in a user namespace recursive words take no more off a bind than the plain ones" {
	local word

	own_userns
	for word in rrw rsuid rdev rexec ratime rstrictatime rrelatime rdiratime; do
		host_times ro,nosuid,nodev,noexec,noatime,nodiratime "$word"
		expect_error "/mounts/[0-9]+: .*operation not permitted"
	done
	host_times ro,noatime rro
	expect_line ',ro,noatime,'
	host_times noatime rnoexec
	expect_line ',noexec,noatime,'
	mkdir -p "$BATS_TEST_TMPDIR/outer/inner"
	mount -t tmpfs -o ro tmpfs "$BATS_TEST_TMPDIR/outer/inner"
	config '.mounts |= map(select(.destination != "/t2"))'
	with_bind "$BATS_TEST_TMPDIR/outer" /t2 rrw
	run_container
	umount "$BATS_TEST_TMPDIR/outer/inner"
	expect_error "take flags off the mounts below '.*/outer'.*operation not permitted"
}

@test "in a user namespace, a source in the root keeps its access times, too" {
	own_userns
	times noatime noatime
	expect_line ',noatime,'
	config '.mounts |= map(select(.destination | startswith("/t") | not))'
	with_mount '{"type": "tmpfs", "source": "tmpfs", "destination": "/t1", "options": ["noatime"]}'
	with_bind "$(root)/t1" /t2 relatime
	run_container
	expect_error "choose other access times"
}

@test "an id-mapped bind without mappings has those of the user namespace that is joined" {
	need_kernel 5.12
	local holder

	own_userns
	start_container
	holder=$(pid_of)
	with_bind "$BATS_TEST_TMPDIR/one" /mnt idmap
	config '.linux.namespaces |= map(if .type == "user" then .path = $p else . end) |
		del(.linux.uidMappings, .linux.gidMappings)' --arg p "/proc/$holder/ns/user"
	program stat -c %u:%g /mnt/file
	run tare run --bundle "$bundle" "$id-2"
	expect_output 0:0
}
