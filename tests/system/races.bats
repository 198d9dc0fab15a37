# races.bats - races that somebody else might win: with a hand on the root file system, or by a delete
# nothing new with systemd: the other guest's mounts are shared as systemd shares them
#
# crashpt (tests/fault) stops a program at a call and exchanges two names there, or lets the call say
# "no such file" of a link that is there: what the winner of the race would have made of it.

load ../lib

setup() {
	tare_setup
	[[ -x $TARE_BUILD/tests/fault-crashpt ]] || skip 'the driver knows x86-64 only'
	crashpt=$TARE_BUILD/tests/fault-crashpt
	report=$BATS_TEST_TMPDIR/report
	program true
	config '.root.readonly = false'
}
teardown() { tare_teardown; }

# below MODE POINT: runs $id below crashpt; does not fail
below() {
	"$crashpt" -t $((20 * TARE_PATIENCE)) -o "$report" "$1" "$2" "$TARE_RUNTIME" --root "$state" \
		run --bundle "$bundle" "$id" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null || true
	"$TARE_RUNTIME" --root "$state" delete --force "$id"
}

# points CALL...: tare-init's points of these calls, in a run that nobody disturbs
points() {
	below list 0
	awk -v names=" $* " '$1 == "call" && $3 == "tare-init" && index(names, " " $4 " ") { print $2 }' \
		"$report"
}

status_below() {
	sed -n 's/^end rc=\([0-9]*\) .*/\1/p' "$report"
}

volume() {
	volume=$BATS_TEST_TMPDIR/volume
	secret=$BATS_TEST_TMPDIR/secret
	mkdir "$volume"
	echo secret >"$secret"
	chmod 600 "$secret"
	config '.mounts += [{destination: "/volume", type: "bind", source: $v, options: ["rbind"]}]' \
		--arg v "$volume"
}

@test "a link in the place of a new device node does not get its mode" {
	local point

	volume
	config '.linux.devices = [{path: "/volume/node", type: "c", major: 1, minor: 3, fileMode: 438}]'
	ln -s "$secret" "$volume/link"
	mknod "$volume/node" c 1 3
	# the first run makes /volume, the others take fewer calls
	below list 0
	for point in $(points fchmodat fchmodat2 chmod openat newfstatat); do
		rm "$volume"/*
		ln -s "$secret" "$volume/link"
		mknod "$volume/node" c 1 3
		below "swap:$volume/node:$volume/link" "$point"
		[[ $(stat -c %a "$secret") == 600 ]]
	done
}

@test "a new device node has its mode, whatever the caller's umask" {
	volume
	config '.linux.devices = [{path: "/volume/node", type: "c", major: 1, minor: 3, fileMode: 438}]'
	(
		umask 077
		below list 0
	)
	[[ $(stat -c '%a %t,%T' "$volume/node") == '666 1,3' ]]
	chmod 600 "$volume/node"
	below list 0
	[[ $(stat -c '%a %t,%T' "$volume/node") == '666 1,3' ]]
}

@test "a folder /proc that becomes a link when it is to be made gets no procfs" {
	local point

	rmdir "$bundle/rootfs/proc"
	mkdir "$bundle/rootfs/elsewhere"
	ln -s elsewhere "$bundle/rootfs/proc"
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	for point in $(points openat2); do
		below err:2 "$point"
		[[ $(status_below) != 0 ]]
	done
}

@test "a file that becomes a link into procfs when it is to be made is not covered" {
	local point

	ln -s /proc/sys/kernel/hostname "$bundle/rootfs/link"
	config '.mounts += [{destination: "/link", type: "bind", source: "/dev/null", options: ["bind"]}]'
	for point in $(points openat2); do
		below err:2 "$point"
		[[ $(status_below) != 0 ]]
	done
}

@test "a link in the place of a file that tmpcopyup has made does not get its mode" {
	local point

	mkdir "$bundle/rootfs/source"
	echo x >"$bundle/rootfs/source/file"
	mkdir "$bundle/rootfs/source/folder"
	mknod "$bundle/rootfs/source/node" p
	chmod 4751 "$bundle/rootfs/source/file"
	chmod 1777 "$bundle/rootfs/source/folder"
	chmod 622 "$bundle/rootfs/source/node"
	config '.mounts += [{destination: "/source", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]'
	# by name, a mode is set of whatever has the name now
	point=$(points fchmodat fchmodat2 chmod)
	[[ -z $point ]]
	program stat -c '%a %n' /source/file /source/folder /source/node
	run_container
	expect_output $'4751 /source/file\n1777 /source/folder\n622 /source/node'
}

@test "a container that goes while it is listed is no error" {
	local point points

	tare create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	"$crashpt" -t $((20 * TARE_PATIENCE)) -o "$report" list 0 "$TARE_RUNTIME" --root "$state" list
	mapfile -t points < <(awk '$1 == "call" && $4 == "openat" { print $2 }' "$report")
	for point in "${points[@]}"; do
		run "$crashpt" -t $((20 * TARE_PATIENCE)) -o "$report" err:2 "$point" \
			"$TARE_RUNTIME" --root "$state" list
		expect_no_line "'$id'"
	done
}
