# snapshot.bats - snapshot drivers: how one is chosen, user namespaces, older kernels, volatile mounts
#
# What every driver must do is in snapshot_overlay.bats.
# native only: an emulated machine takes a quarter of an hour for it; snapshot_quota.bats is for guests
# shellcheck disable=SC2154 # status and output are bats' own

load ../lib
load ../snapshot

# two thousand layers, each unpacked by a process of its own
export BATS_TEST_TIMEOUT=$((120 * ${TARE_PATIENCE:-1}))

setup() {
	tare_setup
	export TARE_ROOT=$BATS_TEST_TMPDIR/root
	unset TARE_STORAGE_DRIVER
	mkdir m n
}

teardown() {
	local one

	unset TARE_TEST_LACK TARE_STORAGE_DRIVER
	for one in $(host_tare snapshot ls --quiet --no-trunc 2>/dev/null); do
		host_tare snapshot rm --force "$one" || true
	done
	rm -rf "$TARE_ROOT"
	tare_teardown
}

# apart COMMAND...: in a user namespace and a mount namespace of its own
apart() {
	unshare -rm true 2>/dev/null || skip 'needs user namespaces'
	unshare -rm --propagation private "$@" </dev/null 3>&-
}

@test "the first driver that works is the store's for ever" {
	[[ $(host_tare info --format '{{.Driver}}') = overlay && $(<root/driver) = overlay ]]
	run host_tare --storage-driver copy images
	expect_error "use the snapshot driver copy in '$TARE_ROOT': the store is one of overlay"
	TARE_STORAGE_DRIVER=btrfs run host_tare images
	expect_error 'the store is one of overlay'
	host_tare --storage-driver overlay images
	run host_tare --storage-driver zfs images
	expect_error "there is no snapshot driver 'zfs'.*overlay, btrfs and copy"
	echo aufs >root/driver
	run host_tare images
	expect_error "it is one of the driver 'aufs', which this tare has not"
	host_tare system check --repair
	host_tare images
	rm -r root
	run host_tare --storage-driver btrfs images
	expect_error "use the snapshot driver btrfs .*: the store does not lie on btrfs"
	TARE_STORAGE_DRIVER=copy host_tare images
	[[ $(<root/driver) = copy ]]
	host_tare images
	[[ -z $(ls -A root/snapshots) ]]
}

@test "what a killed process has left of its trial does not make another driver the store's" {
	mkdir -p root/snapshots/.probe/{upper,work}
	[[ $(host_tare info --format '{{.Driver}}') = overlay ]]
	[[ -z $(ls -A root/snapshots) ]]
}

@test "a driver whose name is lost is known by its layers" {
	TARE_STORAGE_DRIVER=copy host_tare snapshot create --name a tare/base
	rm root/driver
	[[ $(host_tare info --format '{{.Driver}}') = copy ]]
	host_tare snapshot mount a m
	[[ -e m/etc/passwd ]]
}

@test "where overlayfs can't be mounted, trees are copied" {
	mkdir lower upper work
	mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay m
	TARE_ROOT=$PWD/m/root host_tare --log-level info images >out 2>why || true
	umount m
	grep -q 'the snapshot driver overlay does not work in' why
	[[ $(<upper/root/driver) = copy ]]
}

@test "info says what is possible" {
	host_tare info | jq -e '.Driver == "overlay" and .Snapshots == 0 and (.DriverStatus |
		(.BackingFilesystem | length) > 1 and .IdMappedMounts != null and .Reflink != null and
		.SizeLimits != null and .Volatile and (.UserXattrs | not))'
	host_tare snapshot create tare/base
	[[ $(host_tare info --format '{{.Snapshots}}') = 1 ]]
}

@test "in a user namespace overlayfs reads user.* attributes" {
	all_kinds tree
	rm -rf tree/dev tree/bin/capable
	chown -R 0:0 tree
	mkdir second
	cp -a tree/. second
	rm -r second/gone second/hidden
	mkdir second/hidden
	tar -C tree -cf x.tar .
	cat >script <<-'EOF'
		set -e
		tare=$TARE_BUILD/src/tare
		$tare import x.tar x:1
		$tare layer commit --from x:1 tree second x:2
		$tare snapshot create --name a x:2
		$tare snapshot mount a m
		grep -o ' - overlay tare:a:.*userxattr' /proc/self/mountinfo
		[ ! -e m/gone ] && [ ! -e m/hidden/below ] && [ "$(cat m/etc/greeting)" = hello ]
		rm m/etc/greeting
		rm -r m/etc
		mkdir m/etc
		$tare snapshot diff a
		$tare snapshot rm --force a
		$tare system check
	EOF
	run apart bash script
	expect_status 0
	expect_line 'userxattr'
	expect_line '^D /etc/outside$'
	expect_line 'Nothing is wrong'
	[[ $(<root/driver) = 'overlay userxattr' ]]
	# root can use it, too; the other way is refused
	host_tare snapshot create --name b x:2
	host_tare snapshot mount b m
	[[ ! -e m/hidden/below ]]
	host_tare snapshot rm --force b
	rm -r root
	host_tare images
	run apart "$TARE_BUILD/src/tare" snapshot create --name c tare/base
	run apart "$TARE_BUILD/src/tare" snapshot mount c m
	expect_error "can't be read in a user namespace"
}

@test "on older kernels overlayfs gets names, in a mount namespace of its own" {
	export TARE_TEST_LACK=overlay_fd
	need_program python3
	[[ $(host_tare info --format '{{.DriverStatus.LayersByDescriptor}}') = false ]]
	many_layers 600 many.tar
	host_tare load --input many.tar
	host_tare snapshot create --name a many:1
	host_tare snapshot mount a m
	# one mount, whatever it was made of
	(($(grep -cF "$PWD" /proc/self/mountinfo) == 1))
	[[ $(<m/last) = 599 && $(<m/n0) = 0 && ! -e m/n9 ]]
	echo mine >m/last
	run host_tare snapshot diff a
	expect_output 'C /last'
	host_tare snapshot umount a
	[[ $(grep -cF "$PWD" /proc/self/mountinfo) = 0 ]]
	[[ $(host_tare info --format '{{.DriverStatus.IdMappedMounts}}') = true ]] || return 0
	host_tare snapshot create --name b tare/base
	host_tare snapshot mount --uidmap 0:100000:65536 b n
	[[ $(stat -c %u n/etc/passwd) = 100000 ]]
	setpriv --reuid 100000 --regid 100000 --clear-groups touch n/etc/mine
	[[ $(stat -c %u n/etc/mine) = 100000 && $(stat -c %u root/snapshots/b/upper/etc/mine) = 0 ]]
}

@test "without 0 among its ids a snapshot can't be written to, which is said" {
	[[ $(host_tare info --format '{{.DriverStatus.IdMappedMounts}}') = true ]] ||
		skip 'this file system has no id-mapped mounts on this kernel'
	host_tare snapshot create --name a tare/base
	run host_tare snapshot mount --uidmap 5:100000:10 a m
	expect_error 'shift ids: 0 is not among them'
	not_mounted m
}

@test "a volatile snapshot is lost when the machine was restarted, and only then" {
	host_tare snapshot create --name a --volatile tare/base
	host_tare snapshot mount a m
	grep -q " $PWD/m .*[,=]volatile" /proc/self/mountinfo
	echo x >m/x
	host_tare snapshot umount a
	host_tare snapshot mount a m
	[[ $(<m/x) = x ]]
	host_tare snapshot umount a
	echo another >root/snapshots/a/boot
	run host_tare snapshot mount a m
	expect_error 'it was volatile, and the machine has been restarted since'
	host_tare snapshot rm a
	run host_tare --root "$PWD/other" --storage-driver copy snapshot create --volatile tare/base
	expect_error 'the driver copy has no volatile snapshots'
	[[ -z $(ls -A other/snapshots) ]]
}

@test "a read-only mount and an export leave alone what a container writes to" {
	host_tare snapshot create --name a tare/base
	host_tare snapshot mount a m
	echo new >m/new
	rm m/etc/group
	# what a copy that is on its way has
	touch root/snapshots/a/work/work/busy
	host_tare snapshot mount --ro a n
	[[ $(<n/new) = new && ! -e n/etc/group && -e n/etc/passwd ]]
	host_tare snapshot export --output a.tar a
	tar -tf a.tar | grep -qx new
	[[ -e root/snapshots/a/work/work/busy ]]
	umount n
	TARE_TEST_LACK=overlay_fd host_tare snapshot mount --ro a n
	[[ $(<n/new) = new && ! -e n/etc/group && -e root/snapshots/a/work/work/busy ]]
}

@test "a snapshot is mounted for writing once" {
	host_tare snapshot create --name a tare/base
	host_tare snapshot mount --ro a n
	host_tare snapshot mount a m
	umount n
	run host_tare snapshot mount a n
	expect_error "mount the snapshot 'a': it is mounted on '$PWD/m', for writing"
	not_mounted n
	host_tare snapshot umount a
	host_tare snapshot mount a n
}

@test "a snapshot that is mounted in another mount namespace is not mounted for writing again" {
	mkfifo gate
	host_tare snapshot create --name a tare/base
	# nobody is told where it is; it ends with who reads the gate
	unshare --mount --propagation private sh -c "'$TARE_BUILD/src/tare' snapshot mount a m && echo >ready && read -r x <gate" &
	wait_for 10 test -e ready
	for lack in none overlay_fd; do
		TARE_TEST_LACK=$lack run host_tare snapshot mount a n
		expect_error "mount the snapshot 'a': it is mounted for writing already, .*mount namespace"
		not_mounted n
	done
	host_tare snapshot mount --ro a n
	umount n
	echo >gate
	wait
	host_tare snapshot mount a n
	echo x >n/x
}

@test "of two that mount a snapshot in the same instant one does" {
	need_program strace
	host_tare snapshot create --name a tare/base
	# the first one is late with its mount, and has looked before the other one comes
	strace -f -qq -o trace -e trace=fsmount,mount -e inject=fsmount,mount:delay_enter=1000000 \
		"$TARE_BUILD/src/tare" snapshot mount a m &
	wait_for 10 grep -qE 'mount\(' trace
	run host_tare snapshot mount a n
	wait $!
	expect_error "mount the snapshot 'a': it is mounted for writing already"
	not_mounted n
	mountpoint -q m
}

@test "who is killed while he mounts a snapshot is in nobody's way" {
	need_program strace
	host_tare snapshot create --name a tare/base
	strace -f -qq -o trace -e trace=fsmount,mount -e inject=fsmount,mount:signal=KILL \
		"$TARE_BUILD/src/tare" snapshot mount a m || true
	grep -q 'killed by SIGKILL' trace
	host_tare snapshot mount a m
	echo x >m/x
	umount m
	host_tare snapshot mount a m
	[[ $(<m/x) = x ]]
}

@test "an image of no layers is mounted; one of too many is refused, and the word is where" {
	need_program python3
	many_layers 0 none.tar
	host_tare load --input none.tar
	host_tare image mount many:1 m
	[[ -z $(ls -A m) ]]
	host_tare image unmount m
	many_layers 998 many.tar
	host_tare load --quiet --input many.tar
	host_tare snapshot create --name a many:1
	host_tare snapshot mount a m
	(($(find m -name 'n*' | wc -l) == 998 - 997 / 10))
	host_tare snapshot rm --force a
	# one more, on the same ones
	many_layers 999 more.tar
	host_tare load --quiet --input more.tar
	run host_tare snapshot create many:1
	expect_error 'stack 999 layers: overlayfs takes 998 of them.*another driver'
	[[ -z $(ls -A root/snapshots) ]]
}

@test "snapshots are found by what their names begin with; names are names" {
	host_tare snapshot create --name alpha tare/base
	host_tare snapshot create --name alps tare/base
	host_tare snapshot create --name al tare/base
	[[ $(host_tare snapshot inspect --format '{{.Name}}' alph) = alpha ]]
	[[ $(host_tare snapshot inspect --format '{{.Name}}' al) = al ]]
	run host_tare snapshot inspect alp
	expect_error 'several begin so'
	for name in .x a/b '' -- 'a b' ..; do
		run host_tare snapshot create --name="$name" tare/base
		expect_error 'call a snapshot|no such'
	done
	run host_tare snapshot create no-such-image
	expect_error 'no such image'
	[[ $(ls -A root/snapshots) = $'al\nalpha\nalps' ]]
}

@test "what others hold is not removed" {
	host_tare snapshot create --name a tare/base
	exec {lock}<root/snapshots/a
	flock -s "$lock"
	run host_tare snapshot rm a
	expect_error "remove the snapshot 'a': it is in use"
	exec {lock}<&-
	host_tare snapshot rm a
}

@test "what is being exported or committed is not removed meanwhile" {
	host_tare snapshot create --name a tare/base
	host_tare snapshot mount a m
	head -c 5000000 /dev/urandom >m/big
	host_tare snapshot umount a
	mkfifo gate
	host_tare snapshot export a >gate &
	pid=$!
	exec 7<gate
	head -c 100000 <&7 >/dev/null
	run host_tare snapshot rm a
	expect_error "remove the snapshot 'a': it is in use"
	cat <&7 >/dev/null
	exec 7<&-
	wait $pid
	host_tare snapshot rm a
}

@test "one that can't be removed is in no other's way" {
	host_tare snapshot create --name a tare/base
	mkdir -p root/snapshots/.gone-b/busy
	mount -t tmpfs tmpfs root/snapshots/.gone-b/busy
	run host_tare snapshot ls --quiet
	umount root/snapshots/.gone-b/busy
	expect_status 0
	expect_line '^a$'
	expect_line "another file system is mounted on it"
	host_tare snapshot ls --quiet
	[[ $(ls -A root/snapshots) = a ]]
}

@test "ids that are none are refused" {
	local map

	host_tare snapshot create --name a tare/base
	for map in 0:4294967296:10 -1:0:1 0:0:0 0:4294967290:100 0:0 0:0:1:2 ' 0:0:1' 0:+0:1; do
		run host_tare snapshot mount "--uidmap=$map" a m
		expect_error "is not of the form ID:SHOWN:N"
	done
	not_mounted m
}

# That a power cut comes just then is rare: what is asked for is the order on the way to the disk.
@test "the record of a removed snapshot is gone for good before anything in it is" {
	need_program strace
	host_tare snapshot create --name one tare/base
	strace -f -qq -o trace -e trace=renameat2,pwrite64,fsync,fdatasync,unlinkat \
		"$TARE_BUILD/src/tare" snapshot rm one
	grep -nE 'renameat2\(.*"one"' trace
	# the folder's new name, then the database's log: written, and on the disk
	sed -n '/renameat2(.*"one"/,$p' trace | sed '/unlinkat(/,$d' >before
	cat before
	[[ $(sed -n 2p before) = *fsync* && $(tail -n 1 before) = *sync* ]]
}
