# pack.bats - the difference of two trees as a layer: exact, the same twice, read by others
# native only: nothing here depends on the version of cgroups, and the guests have no python
# shellcheck disable=SC2153,SC2154 # status, output and lines are bats' own, TARE_ROOTFS run-here's

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export TARE_ROOT=$BATS_TEST_TMPDIR/root
	mounted=()
}

teardown() {
	local at

	for at in "${mounted[@]}"; do
		umount "$BATS_TEST_TMPDIR/$at"
	done
	[[ ! -d $TARE_ROOT ]] || host_tare system check
}

setup_file() {
	need_program python3
}

# pod WORD...: podman with storage of the test's own
pod() {
	podman --root "$BATS_TEST_TMPDIR/podman" --runroot "$BATS_TEST_TMPDIR/podman-run" \
		--storage-driver vfs "$@" </dev/null 3>&-
}

trees() { python3 "$BATS_TEST_DIRNAME/trees.py" "$@"; }
layer() { host_tare layer "$@"; }

# apply ARCHIVE TREE: onto a copy of TREE, ./applied
apply() {
	rm -rf applied
	cp -a "$2" applied
	"$TARE_BUILD/tests/tool-unpack" -m apply "$1" applied >/dev/null
}

# overlay AT LOWER... [-- UPPER]: mount it
overlay() {
	local at=$1 lower=
	shift
	for ((; $#; )); do
		[[ $1 != -- ]] || break
		lower+=:$1
		shift
	done
	mkdir -p "$at"
	if (($#)); then
		mkdir -p work
		mount -t overlay overlay -o "lowerdir=${lower#:},upperdir=$2,workdir=work" "$at"
	else
		mount -t overlay overlay -o "lowerdir=${lower#:}" "$at"
	fi
	mounted+=("$at")
}

# upper: a new upper folder, with the attributes of ./lower
upper() {
	mkdir upper
	chown --reference=lower upper
	python3 -c 'import shutil; shutil.copystat("lower", "upper")'
}

unmount() {
	umount "$1"
	mounted=()
}

entries() { tar -tf "$1" --quoting-style=escape; }

# changed_base: the image base:1 is made of ./lower, and ./upper is that with a new file and one less
changed_base() {
	mkdir lower
	"$TARE_BUILD/tests/tool-unpack" -m root "$TARE_ROOTFS" lower >/dev/null
	layer commit lower base:1
	cp -a lower upper
	echo new >upper/etc/made
	rm upper/etc/group
}

# xattrs_of ARCHIVE NAME: its attributes, as hexadecimal digits
xattrs_of() {
	python3 -c 'import sys, tarfile
for m in tarfile.open(sys.argv[1]):
    if m.name == sys.argv[2]:
        for k, v in sorted(m.pax_headers.items()):
            if k.startswith("SCHILY.xattr."): print(k[13:], v.encode("utf-8", "surrogateescape").hex())' "$@"
}

@test "random trees: the layer makes the newer one of the older one, applied and as an overlay" {
	local seed

	for seed in 3 5 20; do
		echo "seed $seed"
		mkdir lower
		trees make $seed lower
		cp -a lower upper
		trees change $seed upper
		layer pack --output layer.tar lower upper >said 2>err
		[[ $(head -n 1 said) = "diffId: sha256:$(sha256sum <layer.tar | cut -c 1-64)" ]]
		layer pack lower upper 2>/dev/null | cmp - layer.tar
		apply layer.tar lower
		trees same upper applied
		[[ ! $(layer pack applied upper 2>/dev/null | tar -t) ]]
		mkdir folder
		"$TARE_BUILD/tests/tool-unpack" layer.tar folder >/dev/null
		overlay merged folder lower
		trees same upper merged
		unmount merged
		rm -rf lower upper folder applied
	done
}

@test "random changes through an overlay mount: its upper folder is the layer" {
	local seed

	for seed in 2 8; do
		echo "seed $seed"
		mkdir lower
		trees make $seed lower
		upper
		overlay merged lower -- upper
		trees change $seed merged
		layer pack --overlay --output layer.tar lower upper >/dev/null 2>&1
		apply layer.tar lower
		trees same merged applied
		layer diff --overlay lower upper >listed
		layer diff lower merged | cmp - listed
		unmount merged
		rm -rf lower upper work applied
	done
}

@test "a whole tree is packed without a lower one" {
	mkdir whole again
	trees make 12 whole
	layer pack --output whole.tar whole >/dev/null
	"$TARE_BUILD/tests/tool-unpack" -m root whole.tar again >/dev/null
	trees same whole again
}

@test "nothing changed: nothing is in the layer, nothing is listed" {
	mkdir lower
	trees make 4 lower
	cp -a lower upper
	layer pack --output layer.tar lower upper >/dev/null
	[[ ! $(entries layer.tar) && ! $(layer diff lower upper) ]]
	[[ $(sha256sum <layer.tar) = "$(head -c 1024 /dev/zero | sha256sum)" ]]
}

@test "changes are listed as docker lists them" {
	mkdir -p lower/{a,b/c,d,same} upper/{a,b/c,e,same}
	echo 1 | tee lower/a/changed lower/a/gone lower/same/file >/dev/null
	echo 22 | tee upper/a/changed upper/e/new upper/b/c/deep >/dev/null
	cp -a lower/same/file upper/same/file
	touch -d @5 upper/same
	run layer diff lower upper
	expect_status 0
	[[ $output = 'C /a
C /a/changed
D /a/gone
C /b
C /b/c
A /b/c/deep
D /d
A /e
A /e/new' ]]
	run layer diff --json lower upper
	[[ $(jq -r 'map(select(.Path == "/b/c/deep"))[0] | "\(.Kind) \(.Size)"' <<<"$output") = 'A 3' ]]
	# the folder whose time alone has changed is in the layer all the same
	layer pack lower upper | tar -t | grep -x same/
}

@test "content that was changed behind its time is found" {
	mkdir lower
	echo one >lower/file
	cp -a lower upper
	echo two >upper/file
	touch -r lower/file upper/file
	[[ $(layer diff lower upper) = 'C /file' ]]
}

@test "what was not changed since the tree was copied is not looked at" {
	mkdir lower
	echo one >lower/file
	cp -a lower upper
	echo two >upper/file
	touch -r lower/file upper/file
	sleep 0.05
	touch later
	[[ ! $(layer diff --since later lower upper) ]]
	[[ $(layer diff lower upper) = 'C /file' ]]
	sleep 0.05
	echo six >upper/file
	touch -r lower/file upper/file
	[[ $(layer diff --since later lower upper) = 'C /file' ]]
}

@test "a snapshot and a reflinked copy are not read to be found the same" {
	! grep -q __asan_init "$TARE_BUILD/src/tare-engine" || skip "the sanitizer reads files, too"
	local tree

	need_program mkfs.btrfs strace
	truncate -s 300M disk
	mkfs.btrfs -q disk
	mkdir at
	mount -o loop disk at
	mounted=(at)
	btrfs -q subvolume create at/lower
	head -c 8000000 /dev/urandom >at/lower/file
	sync -f at
	btrfs -q subvolume snapshot at/lower at/snapshot
	cp -a --reflink=always at/lower at/reflink
	cp -a --reflink=never at/lower at/copy
	sync -f at
	for tree in snapshot reflink copy; do
		strace -f -qq -e trace=pread64 -o "$tree" "$TARE_BUILD/src/tare" layer diff at/lower "at/$tree" >listed
		[[ ! -s listed ]]
	done
	[[ ! -s snapshot && ! -s reflink && -s copy ]]
	for tree in snapshot reflink; do
		printf x | dd of="at/$tree/file" conv=notrunc bs=1 seek=5000000 status=none
		touch -r at/lower/file "at/$tree/file"
		[[ $(layer diff at/lower "at/$tree") = 'C /file' ]]
	done
}

@test "what was changed in the same moment as the tree was copied is found" {
	need_program mkfs.ext4
	# its times are whole seconds
	truncate -s 50M disk
	mkfs.ext4 -q -I 128 disk
	mkdir at
	mount -o loop disk at
	mounted=(at)
	mkdir at/lower
	echo one >at/lower/file
	sleep 1.1
	while ((10#$(date +%N) > 300000000)); do sleep 0.05; done
	cp -a at/lower at/upper
	touch at/made
	echo two >at/upper/file
	touch -r at/lower/file at/upper/file
	[[ $(layer diff --since at/made at/lower at/upper) = 'C /file' ]]
}

@test "a copy that shares all blocks but one at the end is another file" {
	need_program mkfs.btrfs
	truncate -s 300M disk
	mkfs.btrfs -q disk
	mkdir at
	mount -o loop disk at
	mounted=(at)
	mkdir at/lower
	# as many extents as are looked at in one go, and a hole behind them
	python3 -c 'import os
fd = os.open("at/lower/file", os.O_WRONLY | os.O_CREAT)
for i in range(128):
    os.pwrite(fd, os.urandom(4096), i * 8192)
    os.fsync(fd)
os.ftruncate(fd, 4 << 20)'
	cp -a --reflink=always at/lower at/upper
	[[ ! $(layer diff at/lower at/upper) ]]
	printf x | dd of=at/upper/file conv=notrunc bs=1 seek=3000000 status=none
	touch -r at/lower/file at/upper/file
	[[ $(layer diff at/lower at/upper) = 'C /file' ]]
}

@test "capabilities of one root's containers become those of the image's" {
	mkdir upper
	touch upper/file
	python3 -c 'import os
os.setxattr("upper/file", "security.capability", bytes.fromhex("0100000300200000000000000000000000000000a0860100"))'
	layer pack --output layer.tar upper >/dev/null
	[[ $(xattrs_of layer.tar file) = "security.capability 0100000200200000000000000000000000000000" ]]
}

@test "a file's attributes are its own, also when its name goes to another meanwhile" {
	local point points

	[[ -x $TARE_BUILD/tests/fault-crashpt ]] || skip 'the driver knows x86-64 only'
	mkdir upper
	echo a >upper/a
	echo b >b
	python3 -c 'import os
os.setxattr("upper/a", "user.of", b"a")
os.setxattr("b", "user.of", b"b")'
	"$TARE_BUILD/tests/fault-crashpt" -o report list 0 "$TARE_BUILD/src/tare-engine" layer pack upper >/dev/null
	points=$(awk '$1 == "call" && $2 ~ /^0[.]/ && $4 ~ /open|stat|xattr|read|seek/ { print $2 }' report | tail -n 25)
	for point in $points; do
		echo "$point"
		"$TARE_BUILD/tests/fault-crashpt" -o report swap:"$PWD/upper/a:$PWD/b" "$point" \
			"$TARE_BUILD/src/tare-engine" layer pack upper >layer.tar
		[[ $(tar -xOf layer.tar a) = "$(xattrs_of layer.tar a | sed 's/user.of 61/a/;s/user.of 62/b/')" ]]
		[[ $(<b) = b ]] || mv -T --exchange b upper/a 2>/dev/null || {
			mv b c && mv upper/a b && mv c upper/a
		}
	done
}

@test "a file that gets another name is in the layer by all of them" {
	mkdir lower
	echo one >lower/file
	cp -a lower upper
	ln upper/file upper/zz
	layer pack --output layer.tar lower upper >/dev/null
	[[ $(entries layer.tar | tr '\n' ' ') = './ file zz ' ]]
	tar -tvf layer.tar | grep 'zz link to file'
	[[ $(layer diff lower upper) = 'A /zz' ]]
}

@test "overlayfs's opaque folders, whiteouts and copies" {
	mkdir -p lower/{opaque,new} lower/folder/inner
	touch lower/opaque/{one,two} lower/gone
	upper
	overlay merged lower -- upper
	rm -r merged/opaque merged/gone merged/folder
	mkdir merged/opaque merged/fresh
	touch merged/opaque/two
	chmod 700 merged/new
	echo file >merged/folder
	layer pack --overlay --output layer.tar lower upper >/dev/null
	[[ $(entries layer.tar | tr '\n' ' ') = './ folder fresh/ .wh.gone new/ opaque/ opaque/.wh..wh..opq opaque/two ' ]]
	[[ $(layer diff --overlay lower upper | tr '\n' ' ') = 'C /folder A /fresh D /gone C /new C /opaque D /opaque/one C /opaque/two ' ]]
	layer pack --overlay --output layer.tar lower upper >/dev/null
	run grep -a trusted.overlay layer.tar
	[[ $status = 1 ]]
	# what seems to be overlayfs's, but is a container's
	mkdir merged/mine merged/new/below
	python3 -c 'import os; os.setxattr("merged/mine", "user.overlay.opaque", b"y")'
	layer pack --overlay lower upper | tar -t | grep -x mine/
}

@test "user.overlay.* of a mount with userxattr counts where that is said" {
	mkdir -p lower/folder upper/folder
	touch lower/folder/old upper/folder/new
	python3 -c 'import os; os.setxattr("upper/folder", "user.overlay.opaque", b"y")'
	[[ $(layer pack --userxattr lower upper | tar -t | tr '\n' ' ') = *'folder/ folder/.wh..wh..opq folder/new '* ]]
	[[ $(layer pack --overlay lower upper | tar -t | tr '\n' ' ') = *'folder/ folder/new '* ]]
	mkdir upper/x
	touch upper/x/gone lower/gone
	mkdir lower/x
	touch lower/x/gone
	python3 -c 'import os
os.setxattr("upper/x", "user.overlay.opaque", b"x")
os.setxattr("upper/x/gone", "user.overlay.whiteout", b"")'
	[[ $(layer diff --userxattr lower upper) = *'D /x/gone'* ]]
}

@test "what leads out of the upper folder is refused by name" {
	mkdir -p lower upper/moved
	python3 -c 'import os; os.setxattr("upper/moved", "trusted.overlay.redirect", b"/elsewhere")'
	run layer pack --overlay lower upper
	expect_error "pack '/moved': its content is elsewhere .overlay.redirect."
	rmdir upper/moved
	touch upper/thin
	python3 -c 'import os; os.setxattr("upper/thin", "trusted.overlay.metacopy", b"")'
	run layer pack --overlay --output out.tar lower upper
	expect_error "pack '/thin': its content is elsewhere .overlay.metacopy."
	[[ ! -e out.tar ]]
}

@test "what a layer cannot say is refused by name" {
	mkdir -p lower upper/dir
	touch upper/dir/.wh.name
	run layer pack lower upper
	expect_error "pack '/dir/.wh.name'"
	layer pack upper | tar -t | grep -x dir/.wh.name
	rm upper/dir/.wh.name
	mknod upper/dir/null c 0 0
	run layer pack lower upper
	expect_error "pack '/dir/null': a device 0:0"
}

@test "what is mounted in a tree is no part of it" {
	mkdir -p lower upper/at
	touch upper/at/hidden
	mount -t tmpfs tmpfs upper/at
	mounted=(upper/at)
	touch upper/at/seen
	[[ $(layer diff lower upper) = 'A /at
A /at/hidden' ]]
}

@test "sockets are left out, and said" {
	mkdir lower upper
	touch lower/was
	python3 -c 'import os, socket
os.chdir("upper")
for name in "new", "was": socket.socket(socket.AF_UNIX).bind(name)'
	run layer pack --output layer.tar lower upper
	[[ $output = *"2 sockets were left out, '/new' first"* ]]
	[[ $(entries layer.tar | tr '\n' ' ') = './ .wh.was ' ]]
}

@test "GNU tar and python read what we write" {
	mkdir lower upper
	trees change 42 upper
	truncate -s 10G upper/huge
	echo end >>upper/huge
	layer pack --output layer.tar upper >/dev/null 2>&1
	(($(stat -c %s layer.tar) < 20000000))
	mkdir gnu
	tar --xattrs --xattrs-include='*' --same-owner -C gnu -xpf layer.tar
	find upper -type s -delete
	[[ $(stat -c '%s %b' gnu/huge) = "10737418244 $(stat -c %b upper/huge)" ]]
	rm gnu/huge upper/huge
	layer pack --output less.tar upper >/dev/null 2>&1
	(cd gnu && find . -printf '%P\t%y\t%m\t%U:%G\t%T@\t%n\t%l\t' -exec stat -c %t:%T {} \; | sort) >gnu.list
	(cd upper && find . -printf '%P\t%y\t%m\t%U:%G\t%T@\t%n\t%l\t' -exec stat -c %t:%T {} \; | sort) >our.list
	diff <(sed 1d gnu.list) <(sed 1d our.list)
	python3 -c 'import tarfile
with tarfile.open("less.tar") as t:
    for m in t:
        if m.isfile(): assert len(t.extractfile(m).read()) == m.size'
}

@test "compressed it is the same layer, and the same bytes each time" {
	local how

	mkdir lower upper
	trees make 6 upper
	head -c 3000000 /dev/urandom >upper/random
	layer pack --output plain.tar lower upper >plain
	for how in gzip zstd; do
		layer pack --compression $how --output $how.out lower upper >said.$how
		layer pack --$how lower upper | cmp - $how.out
		$how -dc <$how.out | cmp - plain.tar
		[[ $(sed -n 1p said.$how) = "$(sed -n 1p plain)" ]]
		[[ $(sed -n 2p said.$how) = "digest: sha256:$(sha256sum <$how.out | cut -c 1-64)" ]]
	done
	run layer pack --gzip --zstd lower upper
	expect_error 'exclude each other'
	run layer pack --compression lzma lower upper
	expect_error "unknown compression 'lzma'"
}

@test "a disk that is full is said, whatever writes to it" {
	need_program python3
	mkdir lower upper small
	mount -t tmpfs -o size=1m tmpfs small
	mounted=(small)
	head -c 5000000 /dev/urandom >upper/random
	run layer pack --output small/out lower upper
	expect_error 'no space left'
	run layer pack --gzip --output small/out lower upper
	expect_error 'no space left'
	[[ ! $(ls small) ]]
}

@test "a file that shrinks while it is read is said, and one that grows is cut" {
	mkdir lower upper
	head -c 60000000 /dev/zero >upper/big
	mkfifo gate
	layer pack lower upper >gate 2>err &
	pid=$!
	exec 7<gate
	head -c 1000000 <&7 >/dev/null
	truncate -s 1000 upper/big
	cat <&7 >/dev/null
	exec 7<&-
	wait $pid && return 1
	grep "pack '/big': it shrinks while it is read" err
	truncate -s 50000000 upper/big
	layer pack lower upper >gate &
	pid=$!
	exec 7<gate
	head -c 1000000 <&7 >part
	echo more >>upper/big
	cat <&7 >>part
	exec 7<&-
	wait $pid
	[[ $(tar -tvf part | awk '$6 == "big" { print $3 }') = 50000000 ]]
}

@test "a tree may change while it is packed" {
	mkdir -p lower/d/e upper/d/e upper/more
	touch lower/d/e/{1,2,3} upper/more/{1..300}
	(
		exec 3>&-
		while :; do
			mkdir -p upper/d/e/f/g
			touch upper/d/e/{1..40} upper/d/e/f/g/{1..40}
			rm -r upper/d
		done 2>/dev/null
	) &
	pid=$!
	for ((n = 0; n < 20; n++)); do
		layer pack lower upper >out || break
		tar -tf out >/dev/null
		[[ $(tar -tf out | grep -c '^more/.') = 300 ]]
	done
	kill $pid
	wait $pid || true
	((n == 20))
}

@test "a commit is an image of the one below and the difference" {
	changed_base
	layer commit --from base:1 --change 'CMD ["cat", "/etc/made"]' --change 'ENV A=1' --message 'made here' \
		--author me lower upper made:1 >id
	host_tare image inspect made:1 >out
	jq -e --arg id "$(<id)" '.[0] | .Id == $id and .RepoTags == ["made:1"] and .Comment == "made here" and
		.Author == "me" and .Config.Cmd == ["cat", "/etc/made"] and .Config.Env == ["A=1"] and
		(.RootFS.Layers | length) == 2' out
	[[ $(host_tare history --format '{{.Comment}}' made:1 | head -n 1) = 'made here' ]]
	# the layers, one above the other, are the tree
	diff <(host_tare save made:1 | tar -xO manifest.json | jq -r '.[0].Layers | length') <(echo 2)
	run layer commit --change 'FROM x' lower
	expect_error 'no instruction that changes'
	run layer commit --from nothing:1 lower upper
	expect_error 'no such image'
}

@test "a commit is the same twice with a time that is given" {
	mkdir lower upper
	echo one >upper/file
	layer commit --timestamp 1000000000 upper >one
	sleep 0.1
	touch upper/file upper
	SOURCE_DATE_EPOCH=1000000000 layer commit upper >two
	cmp one two
	layer commit --timestamp 2001-09-09T01:46:40Z upper | cmp - one
	layer commit upper >three
	run cmp one three
	[[ $status = 1 ]]
	run layer commit --timestamp yesterday upper
	expect_error 'neither seconds since 1970 nor a date'
}

@test "podman and umoci take what was committed" {
	need_program podman
	need_program umoci
	changed_base
	truncate -s 3M upper/etc/sparse
	echo end >>upper/etc/sparse
	ln upper/etc/made upper/etc/zz
	touch -d '2001-02-03 04:05:06.123456789Z' upper/etc/made
	layer commit --from base:1 --compression gzip lower upper made:1
	host_tare save --output made.tar made:1
	mkdir layout
	tar -C layout -xf made.tar
	umoci unpack --image layout:1 bundle >/dev/null
	trees same upper bundle/rootfs | grep -v "'\.' " >differ || true
	[[ ! -s differ ]]
	# its mount is what a container of it would see
	pod load --quiet --input made.tar
	cid=$(pod create made:1 sh)
	at=$(pod mount "$cid")
	cmp upper/etc/made "$at/etc/made"
	cmp upper/etc/sparse "$at/etc/sparse"
	[[ ! -e $at/etc/group ]]
	[[ $(stat -c %i "$at/etc/made") = "$(stat -c %i "$at/etc/zz")" ]]
	[[ $(date -r "$at/etc/made" +%s.%N) = 981173106.123456789 ]]
	pod rm "$cid"
}
