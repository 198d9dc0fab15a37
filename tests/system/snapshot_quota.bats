# snapshot_quota.bats - sizes of snapshots by project quota, which this machine's kernel may not have
#
# The guests' has it; and it is an older one, to which overlayfs's folders are names.
# nothing new with systemd: no unit and no cgroup is concerned
# shellcheck disable=SC2154 # status and output are bats' own

load ../lib
load ../snapshot

setup() {
	tare_setup
	export TARE_FS=$BATS_TEST_TMPDIR/fs TARE_ROOT=$BATS_TEST_TMPDIR/fs/root
	mkdir m n
}

teardown() {
	local one

	for one in $(host_tare snapshot ls --quiet --no-trunc 2>/dev/null); do
		host_tare snapshot rm --force "$one" || true
	done
	end_file_system "$TARE_FS"
	tare_teardown
}

# bound PROJECT [KIB]: what a project may have in $TARE_FS (quotactl(2)); set, or printed
bound() {
	python3 - "$(findmnt -no SOURCE "$TARE_FS")" "$@" <<-'EOF'
		import ctypes, struct, sys
		SETQUOTA, GETQUOTA, PROJECTS, LIMITS = 0x800008, 0x800007, 2, 1
		device, project = sys.argv[1].encode(), int(sys.argv[2])
		is_new = len(sys.argv) > 3
		block = ctypes.create_string_buffer(
		    struct.pack("8QI4x", int(sys.argv[3]) if is_new else 0, *[0] * 7, LIMITS), 72)
		command = (SETQUOTA if is_new else GETQUOTA) << 8 | PROJECTS
		libc = ctypes.CDLL(None, use_errno=True)
		if libc.quotactl(ctypes.c_int(command - (1 << 32)), device, project, block) < 0:
		    raise OSError(ctypes.get_errno(), "quotactl")
		if not is_new:
		    print(struct.unpack_from("Q", block)[0])
	EOF
}

# limited DRIVER TYPE [MKFS-OPTION...]: a snapshot with a size, and one without
limited() {
	local project

	export TARE_STORAGE_DRIVER=$1
	shift
	file_system "$1" "$TARE_FS" "${@:2}" || skip "this machine can't make $1"
	[[ $(host_tare info --format '{{.DriverStatus.SizeLimits}}') = true ]] ||
		skip "this kernel has no project quota for $1"
	host_tare snapshot create --name a --size 8m tare/base
	host_tare snapshot create --name b tare/base
	host_tare snapshot mount a m
	host_tare snapshot mount b n
	[[ $(stat -c %a m/etc/passwd) = 644 ]]
	# ext4 lets pass who has CAP_SYS_RESOURCE, which containers have not
	run setpriv --bounding-set -sys_resource dd if=/dev/urandom of=m/big bs=1M count=20 conv=fsync status=none
	((status != 0))
	expect_line 'No space left on device|Disk quota exceeded'
	(($(stat -c %s m/big) >= 7000000 && $(stat -c %s m/big) <= 9000000))
	# also what is moved there, and copied up
	cp m/bin/busybox n/copy
	dd if=/dev/urandom of=n/big bs=1M count=20 conv=fsync status=none
	(($(host_tare snapshot usage --json a | jq '.[0].UsedBytes') >= 7000000))
	rm m/big
	dd if=/dev/urandom of=m/small bs=1M count=2 conv=fsync status=none
	project=$(lsattr -pd "$TARE_ROOT/snapshots/a" | awk '{ print $1 }')
	((project > 0))
	host_tare snapshot rm --force a
	host_tare snapshot rm --force b
	# a new one has all of its size
	host_tare snapshot create --name c --size 8m tare/base
	host_tare snapshot mount --uidmap 0:100000:65536 c m
	setpriv --reuid 100000 --regid 100000 --clear-groups \
		dd if=/dev/urandom of=m/etc/most bs=1M count=7 conv=fsync status=none
	[[ $(stat -c %u m/etc/most m/etc) = $'100000\n100000' ]]
	host_tare snapshot rm --force c
	[[ -z $(ls -A "$TARE_ROOT/snapshots") ]]
}

@test "where bounds are counted and not kept, a size is refused" {
	file_system ext4 "$TARE_FS" -O project,quota -E quotatype=prjquota || skip "this machine can't make ext4"
	[[ $(host_tare info --format '{{.DriverStatus.SizeLimits}}') = true ]] || skip 'this kernel has no project quota'
	umount "$TARE_FS"
	mount -o loop,noquota "$TARE_FS.img" "$TARE_FS"
	[[ $(host_tare info --format '{{.DriverStatus.SizeLimits}}') = false ]]
	run host_tare snapshot create --size 8m tare/base
	expect_error 'limit the size: the file system has no project quota'
	[[ -z $(ls -A "$TARE_ROOT/snapshots") ]]
}

@test "a project that the store is in keeps its bound, and is not a snapshot's" {
	file_system ext4 "$TARE_FS" -O project,quota -E quotatype=prjquota || skip "this machine can't make ext4"
	[[ $(host_tare info --format '{{.DriverStatus.SizeLimits}}') = true ]] || skip 'this kernel has no project quota'
	need_program python3
	chattr -p 77 +P "$TARE_ROOT/snapshots"
	bound 77 500000
	host_tare snapshot create --name a tare/base
	(($(host_tare snapshot usage --json a | jq '.[0].UsedBytes') < 200000))
	host_tare snapshot rm a
	[[ $(bound 77) = 500000 ]]
	run host_tare snapshot create --size 8m tare/base
	expect_error 'limit the size: the store is part of the project 77'
}

@test "overlay on ext4" {
	limited overlay ext4 -O project,quota -E quotatype=prjquota
}

@test "overlay on xfs" {
	limited overlay xfs
}

@test "copies on ext4" {
	limited copy ext4 -O project,quota -E quotatype=prjquota
}

@test "copies on xfs, that share blocks" {
	limited copy xfs -m reflink=1
}
