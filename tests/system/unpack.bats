# unpack.bats - tare-unpack: archives into trees, exactly; hostile ones refused or contained
# native only: nothing here depends on the version of cgroups, and the guests have no python
# shellcheck disable=SC2154 # status, output and canary are lib's

load ../lib
load ../canary

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	canary_setup
}

teardown() {
	canary_intact
}

setup_file() {
	need_program python3
}

# unpack OPTION… ARCHIVE: into a new folder, $tree
unpack() {
	tree=$(mktemp -d "$BATS_TEST_TMPDIR/tree.XXXXXX")
	"$TARE_BUILD/tests/tool-unpack" "$@" "$tree"
}

# xattr FILE NAME: its value, or nothing
xattr() {
	python3 -c 'import os, sys
try: print(os.getxattr(sys.argv[1], sys.argv[2], follow_symlinks=False).decode())
except OSError: pass' "$@"
}

# listing FOLDER: all that there is to say about its files
listing() {
	(
		cd "$1" || exit
		find . -printf '%P\t%y\t%m\t%U:%G\t%T@\t%n\t%l\n' | LC_ALL=C sort
		find . -type f -printf '%P\t%s\n' | LC_ALL=C sort
		find . -type f -exec sha256sum {} + | LC_ALL=C sort
		find . \( -type c -o -type b \) -exec stat -c '%n %t:%T' {} + | LC_ALL=C sort
		python3 -c '
import os
for at, dirs, files in sorted(os.walk(".")):
    for name in sorted(dirs + files):
        path = os.path.join(at, name)
        for a in sorted(os.listxattr(path, follow_symlinks=False)):
            print(repr(path), a, os.getxattr(path, a, follow_symlinks=False))'
	)
}

# rich_tree FOLDER: whatever a file system has
rich_tree() {
	mkdir -p "$1"/{usr/bin,etc/deep/er/and/deeper,var/mail,tmp,dev,empty}
	(
		cd "$1" || exit
		echo program >usr/bin/su
		chown 0:5 usr/bin/su
		chmod 4750 usr/bin/su
		echo capable >usr/bin/ping
		setcap cap_net_raw=ep usr/bin/ping
		chown 33:44 var/mail
		chmod 2775 var/mail
		echo letter >var/mail/me
		chown 1000:8 var/mail/me
		mkdir var/mail/folder
		chmod 755 var/mail/folder
		chmod g-s var/mail/folder
		chmod 1777 tmp
		ln -s ../../usr etc/deep/link
		ln -s /etc/passwd etc/absolute
		ln -s "$(printf 'x%.0s' {1..300})" etc/long-link
		ln usr/bin/su usr/bin/sudo
		ln etc/absolute etc/absolute2
		mknod dev/null c 1 3
		mknod dev/sda b 8 0
		mkfifo dev/fifo
		chown 70000:70001 dev/sda
		: >"etc/$(printf 'long%.0s' {1..40})"
		mkdir -p "etc/$(printf 'folder%.0s' {1..30})/$(printf 'again%.0s' {1..30})"
		: >"etc/$(printf 'folder%.0s' {1..30})/$(printf 'again%.0s' {1..30})/file"
		touch $'etc/new\nline' "etc/ünïcode" $'etc/\xff\xfe' 'etc/back\slash'
		truncate -s 4M sparse
		for at in 0 1048576 3000000; do
			printf hello | dd of=sparse bs=1 seek=$at conv=notrunc status=none
		done
		truncate -s 2M all-hole
		head -c 3000000 /dev/urandom >etc/big
		chmod 0 etc/big
		find . -exec touch -h -d '2001-02-03 04:05:06.789012345' {} +
		touch -h -d '1999-12-31 23:59:59.000000001' etc/deep etc/absolute usr/bin/su
		python3 -c '
import os
os.setxattr("etc/deep", "user.on.folder", b"x\0y")
os.setxattr("usr/bin/su", "user.note", b"\n=" * 50)'
	)
}

@test "a tree comes out as GNU tar takes it out, from each format" {
	need_program setcap
	rich_tree rich
	mkdir gnu
	for format in pax gnu oldgnu; do
		tar -C rich --format=$format --sparse --xattrs --xattrs-include='*' -cf $format.tar .
		rm -rf gnu && mkdir gnu
		tar -C gnu --xattrs --xattrs-include='*' --numeric-owner -xpf $format.tar
		listing gnu >gnu.list
		unpack -m root $format.tar
		listing "$tree" >ours.list
		diff gnu.list ours.list
		# the holes are holes
		(($(stat -c %b "$tree/sparse") <= $(stat -c %b gnu/sparse)))
		(($(stat -c %b "$tree/all-hole") == 0))
	done
	for version in 0.0 0.1 1.0; do
		tar -C rich --format=pax --sparse --sparse-version=$version -cf sparse.tar sparse all-hole
		unpack sparse.tar
		cmp rich/sparse "$tree/sparse"
		cmp rich/all-hole "$tree/all-hole"
		(($(stat -c %b "$tree/sparse") <= 64))
	done
}

@test "in every compression, from files and from pipes, with the digest of what is inside" {
	need_program zstd xz
	mkdir d
	head -c 1500000 /dev/urandom >d/random
	seq 200000 >d/numbers
	tar -cf plain.tar d
	gzip -k plain.tar
	zstd -q plain.tar -o plain.zst
	# members and frames that follow each other are one stream
	split -b 700001 plain.tar part.
	for part in part.*; do
		gzip -c "$part" >>many.gz
		zstd -qc "$part" >>many.zst
		xz -c "$part" >>many.xz
	done
	xz -k plain.tar
	local digest
	digest=sha256:$(sha256sum <plain.tar | cut -d ' ' -f 1)
	for file in plain.tar plain.tar.gz plain.zst plain.tar.xz many.gz many.zst many.xz; do
		for piped in '' -p; do
			run unpack $piped -x "$digest" $file
			expect_status 0
			[[ $(jq -r .diff_id <<<"$output") = "$digest" ]]
			[[ $(jq .input <<<"$output") = $(stat -c %s $file) ]]
			[[ $(jq .size <<<"$output") = $(cat d/* | wc -c) ]]
		done
		unpack $file
		diff -r d "$tree/d"
	done
	run unpack -x "sha256:$(printf '0%.0s' {1..64})" plain.tar.gz
	expect_error 'the layer is not what its image says: it has sha256:.*, and not sha256:000'
}

@test "a broken stream is refused: cut anywhere, changed, something behind it, compressed twice" {
	need_program zstd xz
	mkdir d
	seq 3000 >d/numbers
	echo x >d/x
	tar -cf whole.tar d
	gzip -k whole.tar
	zstd -q whole.tar -o whole.zst
	xz -k whole.tar
	local size file
	for file in whole.tar.gz whole.zst whole.tar.xz; do
		for ((size = 0; size < $(stat -c %s $file); size += 512)); do
			head -c $size $file >part
			run unpack part
			expect_error '(truncated|empty|no tar)'
		done
	done
	# a tar has an end, of zeros; blocks behind the first of them are padding
	local end
	end=$(python3 -c 'print(len(open("whole.tar", "rb").read().rstrip(b"\0")) // 512 * 512 + 512)')
	for ((size = 0; size <= end; size += 512)); do
		head -c $size whole.tar >part
		run unpack part
		expect_error '(truncated|empty)'
	done
	head -c $((end + 512)) whole.tar >part
	unpack part

	python3 -c '
b = bytearray(open("whole.tar.gz", "rb").read())
open("crc", "wb").write(b[:-8] + bytes([b[-8] ^ 1]) + b[-7:])
open("length", "wb").write(b[:-1] + b"\1")
open("middle", "wb").write(b[:900] + bytes([b[900] ^ 4]) + b[901:])
open("behind", "wb").write(b + b"garbage")
open("zeros", "wb").write(b + b"\0" * 512)'
	for file in crc length middle behind zeros; do
		run unpack $file
		expect_error 'inflate the archive: broken gzip'
	done
	gzip -c whole.tar.gz >twice
	run unpack twice
	expect_error 'no tar archive \(it has been compressed twice\)'
	printf 'BZh91AY&SY' >whole.tar.bz2
	run unpack whole.tar.bz2
	expect_error 'compressed by bzip2 \(gzip, zstd, xz and uncompressed'
}

@test "a layer for overlayfs: whiteouts are its nodes, and folders its opaque ones" {
	mkdir -p l/a l/b l/c l/d
	touch l/a/.wh.gone l/b/.wh..wh..opq l/b/new l/.wh.c l/c/mine l/.wh..wh.aufs
	# a whiteout of what this layer brings itself, before and after it
	tar -cf l.tar -C l a b .wh.c c .wh..wh.aufs
	touch l/.wh.d
	tar -rf l.tar -C l d .wh.d
	run unpack l.tar
	expect_status 0
	[[ $(jq -c '[.whiteouts, .opaque]' <<<"$output") = '[4,3]' ]]
	unpack l.tar
	(cd "$tree" && find . | LC_ALL=C sort) >got
	printf '%s\n' . ./a ./a/gone ./b ./b/new ./c ./c/mine ./d | diff - got
	[[ $(stat -c '%F %t:%T %U' "$tree/a/gone") = 'character special file 0:0 root' ]]
	for folder in b c d; do
		[[ $(xattr "$tree/$folder" trusted.overlay.opaque) = y ]]
	done
	[[ -z $(xattr "$tree/a" trusted.overlay.opaque) ]]
	unpack -u l.tar
	[[ $(xattr "$tree/b" user.overlay.opaque) = y ]]

	# the kernel agrees
	mkdir -p lower/a lower/b lower/c lower/d merged
	touch lower/a/gone lower/a/stays lower/b/old lower/c/old lower/d/old
	unpack l.tar
	mount -t overlay overlay -o "lowerdir=$tree:lower" merged
	(cd merged && find . | LC_ALL=C sort) >got
	umount merged
	printf '%s\n' . ./a ./a/stays ./b ./b/new ./c ./c/mine ./d | diff - got
}

@test "a layer onto the tree of those below: whiteouts remove what these have brought, no more" {
	mkdir -p below/{a,b/old/deep,c,d,e}
	touch below/a/gone below/a/stays below/b/old/deep/f below/b/f below/c/x below/d/x below/e/x
	mkdir -p l/{a,b/old,c,d}
	touch l/a/.wh.gone l/b/.wh..wh..opq l/b/old/new l/b/f2 l/.wh.c l/c/mine l/.wh.e l/d/.wh.nothing
	touch l/a/.wh.nothing
	tar -cf l.tar -C l a b/old b/f2 b/.wh..wh..opq c .wh.c d .wh.e
	tar -cf below.tar -C below .
	unpack -m apply below.tar
	below_tree=$tree
	"$TARE_BUILD/tests/tool-unpack" -m apply l.tar "$below_tree"
	(cd "$below_tree" && find . | LC_ALL=C sort) >got
	printf '%s\n' . ./a ./a/stays ./b ./b/f2 ./b/old ./b/old/new ./c ./c/mine ./d ./d/x | diff - got
}

@test "an entry meets an earlier one: folders stay, all else is replaced, nothing is written through" {
	python3 - <<-'END'
		import io, tarfile
		def add(tar, name, kind=tarfile.REGTYPE, data=b"", link="", mode=0o644, mtime=1):
		    t = tarfile.TarInfo(name)
		    t.type, t.size, t.linkname, t.mode, t.mtime = kind, len(data), link, mode, mtime
		    tar.addfile(t, io.BytesIO(data))
		with tarfile.open("t.tar", "w") as tar:
		    add(tar, "d/", tarfile.DIRTYPE, mode=0o700)
		    add(tar, "d/in", data=b"in")
		    add(tar, "one", data=b"first")
		    add(tar, "two", tarfile.LNKTYPE, link="one")
		    add(tar, "one", data=b"second")
		    add(tar, "link", tarfile.SYMTYPE, link="two")
		    add(tar, "link", data=b"no link")
		    add(tar, "d/", tarfile.DIRTYPE, mode=0o751, mtime=77)
		    add(tar, "f", data=b"file")
		    add(tar, "f/", tarfile.DIRTYPE)
		    add(tar, "f/in", data=b"x")
		    add(tar, "g/", tarfile.DIRTYPE)
		    add(tar, "g/in", data=b"x")
		    add(tar, "g", data=b"file now")
		    add(tar, "./", tarfile.DIRTYPE, mode=0o711, mtime=99)
		    add(tar, "missing/parents/f", data=b"x")
		    add(tar, "d/late", data=b"late")
	END
	unpack t.tar
	cd "$tree"
	[[ $(cat d/in one two link f/in g d/late) = 'insecondfirstno linkxfile nowlate' ]]
	[[ $(stat -c '%a %Y' d) = '751 77' && $(stat -c '%a %Y' .) = '711 99' ]]
	[[ -f link && ! -L link && -d f && -f g && -d missing/parents ]]
	[[ $(stat -c '%a %U:%G' missing) = '755 root:root' ]]
}

@test "the order of entries does not matter to the times of folders" {
	python3 - <<-'END'
		import tarfile
		def add(tar, name, kind=tarfile.REGTYPE, mtime=1):
		    t = tarfile.TarInfo(name)
		    t.type, t.mtime, t.mode = kind, mtime, 0o755
		    tar.addfile(t)
		folders = ["a", "a/b", "a/b/c", "z", "z/y"]
		with tarfile.open("t.tar", "w") as tar:
		    for i, d in enumerate(folders):
		        add(tar, d, tarfile.DIRTYPE, 1000 + i)
		    for n in range(50):
		        add(tar, "%s/%d" % (folders[n * 7 % 5], n))
		with tarfile.open("late.tar", "w") as tar:
		    for n in range(50):
		        add(tar, "%s/%d" % (folders[n * 3 % 5], n))
		    for i, d in reversed(list(enumerate(folders))):
		        add(tar, d, tarfile.DIRTYPE, 1000 + i)
	END
	for file in t.tar late.tar; do
		unpack $file
		[[ $(cd "$tree" && stat -c %Y a a/b a/b/c z z/y | tr '\n' ' ') = '1000 1001 1002 1003 1004 ' ]]
	done
	# an archive that has no entry for a folder that is there does not change it
	tar -tf t.tar | grep -q '^a/$' && tar --delete -f t.tar a/b
	"$TARE_BUILD/tests/tool-unpack" -m apply t.tar "$tree"
	[[ $(stat -c %Y "$tree/a/b") = 1001 ]]
}

@test "files do not inherit the ACL of a folder, which keeps it" {
	python3 - <<-'END'
		import io, os, struct, tarfile
		acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in (
		    (1, 7, 0xffffffff), (2, 7, 1000), (4, 5, 0xffffffff), (16, 7, 0xffffffff), (32, 5, 0xffffffff)))
		with tarfile.open("t.tar", "w", format=tarfile.PAX_FORMAT) as tar:
		    d = tarfile.TarInfo("d")
		    d.type, d.mode = tarfile.DIRTYPE, 0o755
		    d.pax_headers = {"SCHILY.xattr.system.posix_acl_default": acl.decode("utf-8", "surrogateescape")}
		    tar.encoding, tar.errors = "utf-8", "surrogateescape"
		    tar.addfile(d)
		    for name in ("d/f", "d/e/f", "f"):
		        f = tarfile.TarInfo(name)
		        f.mode = 0o640
		        tar.addfile(f)
		os.mkdir("target")
		os.setxattr("target", "system.posix_acl_default", acl)
		open("acl", "wb").write(acl)
	END
	"$TARE_BUILD/tests/tool-unpack" t.tar target
	python3 - <<-'END'
		import os
		acl = open("acl", "rb").read()
		for folder in ("target", "target/d"):
		    assert os.getxattr(folder, "system.posix_acl_default") == acl, folder
		for name in ("d/f", "d/e", "d/e/f", "f"):
		    assert os.listxattr("target/" + name) == [], name
		assert os.stat("target/d/f").st_mode & 0o777 == 0o640
	END
}

@test "a full disk is said, and by one line" {
	mkdir small
	mount -t tmpfs -o size=1m small small
	head -c 3000000 /dev/urandom >random
	tar -cf r.tar random
	run "$TARE_BUILD/tests/tool-unpack" r.tar small
	umount small
	expect_error "write '/random': no space left on device"
}

@test "devices are made, left out or refused, as asked; FIFOs are none" {
	mkdir d
	mknod d/null c 1 3
	mknod d/loop b 7 0
	mkfifo d/fifo
	tar -cf d.tar d
	unpack d.tar
	[[ -c $tree/d/null && -b $tree/d/loop && -p $tree/d/fifo ]]
	run unpack -d skip d.tar
	[[ $(jq .skipped_devices <<<"$output") = 2 ]]
	unpack -d skip d.tar
	[[ ! -e $tree/d/null && ! -e $tree/d/loop && -p $tree/d/fifo ]]
	run unpack -d refuse d.tar
	expect_error "the device '/d/(null|loop)' is not allowed here"
}

@test "attributes that would steer the host are left out, and counted" {
	touch f
	tar -cf a.tar --format=pax --pax-option='SCHILY.xattr.trusted.overlay.redirect:=/x,SCHILY.xattr.user.overlay.opaque:=y,SCHILY.xattr.user.kept:=yes,SCHILY.xattr.security.selinux:=a' f
	run unpack a.tar
	[[ $(jq .skipped_xattrs <<<"$output") = 3 ]]
	unpack a.tar
	[[ $(python3 -c 'import os, sys; print(os.listxattr(sys.argv[1]))' "$tree/f") = "['user.kept']" ]]
}

@test "the members of an outer archive: plain files, nobody's, and links within" {
	mkdir -p o/sub
	echo text >o/file
	ln -s ../file o/sub/link
	ln o/file o/hard
	chmod 4777 o/file
	chown 55:66 o/file
	touch -d 2001-01-01 o/file
	tar -cf o.tar -C o .
	unpack -m members o.tar
	[[ $(stat -c '%a %u:%g' "$tree/file") = '644 0:0' ]]
	[[ $(stat -c %Y "$tree/file") -gt 1000000000 && $(readlink "$tree/sub/link") = ../file ]]
	[[ $tree/file -ef $tree/hard ]]
	# names of whiteouts are names
	touch o/.wh.x
	tar -cf o.tar -C o .wh.x
	unpack -m members o.tar
	[[ -f $tree/.wh.x ]]
}

# hostile MODE: each archive of the corpus that is for this mode, into a folder of its own
hostile() {
	local name modes want what lower=() pairs=() plan=()

	python3 "$BATS_TEST_DIRNAME/hostile_tars.py" corpus "$canary"
	mkdir t
	while IFS=$'\t' read -r name modes want what; do
		[[ " $modes " = *" $1 "* ]] || continue
		mkdir "t/$name"
		[[ ! -e corpus/$name.lower.tar ]] || lower+=("corpus/$name.lower.tar" "t/$name")
		pairs+=("corpus/$name.tar" "t/$name")
		plan+=("$want	$name, $what")
	done <corpus/index
	((${#lower[@]} == 0)) || "$TARE_BUILD/tests/tool-unpack" -m "$1" "${lower[@]}" >/dev/null
	"$TARE_BUILD/tests/tool-unpack" -k -m "$1" "${pairs[@]}" >got
	printf '%s\n' "${plan[@]}" >plan
	((${#plan[@]} > 90 && $(wc -l <got) == ${#plan[@]}))
	paste plan got | awk -F '\t' '{ split($3, got, ":") } got[1] != $1 { print; bad = 1 } END { exit bad }'
	rm -rf t
	# nothing beside the folders either
	[[ $(ls) = $'canary\ncorpus\nfacts\ngot\nplan' ]]
}

@test "the hostile corpus, as layers for overlayfs" {
	hostile overlay
}

@test "the hostile corpus, as layers onto others" {
	hostile apply
}

@test "the hostile corpus, as root filesystems" {
	hostile root
}

@test "the hostile corpus, as outer archives" {
	hostile members
}

@test "bombs are refused before they do harm" {
	need_program zstd
	truncate -s 300M zeros
	tar -cf - zeros | gzip -1 >bomb.gz
	run unpack bomb.gz
	expect_error 'inflates to more than 200 times its size: a bomb'
	(($(du -sm tree.* | cut -f 1) < 270))
	rm -rf tree.*
	tar -cf - zeros | zstd -q >bomb.zst
	run unpack bomb.zst
	expect_error 'inflates to more than 200 times its size: a bomb'
	rm -rf tree.*
	# what is big, but no bomb, is not
	truncate -s 60M zeros
	tar -cf - zeros | gzip -1 >big.gz
	unpack big.gz
	run unpack -l total=10000000 big.gz
	expect_error 'bigger than 10000000 bytes'
	run unpack -l file=1000000 big.gz
	expect_error 'a file of 62914560 bytes'
	python3 - <<-'END'
		import tarfile
		with tarfile.open("many.tar", "w") as tar:
		    for i in range(3000):
		        tar.addfile(tarfile.TarInfo("f%d" % i))
		with tarfile.open("deep.tar", "w") as tar:
		    tar.addfile(tarfile.TarInfo("d/" * 200 + "f"))
	END
	run unpack -l entries=2999 many.tar
	expect_error 'more than 2999 entries'
	unpack -l entries=3000 many.tar
	run unpack -l entries=200 deep.tar
	expect_error 'too many entries'
	run unpack -l depth=200 deep.tar
	expect_error 'too deep'
	unpack deep.tar
}

@test "memory is bounded, whatever the archive" {
	mkdir d
	head -c 50000000 /dev/urandom >d/random
	tar -czf big.tgz d
	run unpack big.tgz
	(($(jq .memory_kib <<<"$output") <= 16384)) || [[ $TARE_BUILD = *asan* ]]
}

@test "the worker is shut in before it reads a byte" {
	mkdir t
	mkfifo input
	exec {hold}<>input
	"$TARE_BUILD/tests/tool-unpack" -s - t <&"$hold" >pid &
	local tool=$! pid status_file
	wait_for 20 test -s pid
	pid=$(<pid)
	status_file=/proc/$pid/status
	wait_for 20 grep -q '^Seccomp:.2' "$status_file"
	grep -q '^NoNewPrivs:.1' "$status_file"
	# chown, dac_override, fowner, fsetid, mknod, setfcap
	for set in CapPrm CapEff CapBnd; do
		grep -q "^$set:.000000008800001b" "$status_file"
	done
	grep -q '^CapInh:.0000000000000000' "$status_file"
	for ns in mnt net pid ipc uts; do
		[[ $(readlink "/proc/$pid/ns/$ns") != $(readlink "/proc/$$/ns/$ns") ]]
	done
	# one mount, the folder, where no device is one
	[[ $(wc -l <"/proc/$pid/mountinfo") = 1 ]]
	grep -q "$PWD/t / rw,nosuid,nodev,noexec" "/proc/$pid/mountinfo"
	# nothing of the host's is open but the archive and the answer's pipe
	local fds
	fds=$(find "/proc/$pid/fd" -type l -printf '%l\n' | LC_ALL=C sort -u | sed 's/pipe:.*/pipe/')
	[[ $fds = "$(printf '%s\n' / /dev/null "$PWD/input" pipe | LC_ALL=C sort)" ]]
	# it ends with who started it
	kill -KILL $tool
	wait_for 20 test ! -e "/proc/$pid"
	exec {hold}>&-
}

# waiting_worker TOOL: the pid of the worker that waits for the input
waiting_worker() {
	local pid

	for pid in $(pgrep -P "$1"); do
		grep -qs '^Seccomp:.2' "/proc/$pid/status" || continue
		! find "/proc/$pid/fd" -lname "$PWD/input" 2>/dev/null | grep -q . || { echo "$pid" && return; }
	done
	return 1
}

@test "a worker that is killed leaves an error, and who starts several hears each" {
	mkdir t u
	mkfifo input
	: >f
	tar -cf f.tar f
	exec {hold}<>input
	"$TARE_BUILD/tests/tool-unpack" - t f.tar u <&"$hold" >out 2>err &
	local tool=$! worker
	wait_for 20 waiting_worker $tool
	worker=$(waiting_worker $tool)
	kill -KILL "$worker"
	wait $tool || true
	exec {hold}>&-
	grep -q 'hear of tare-unpack: it ended without an answer (it was killed' err
	[[ $(wc -l <err) = 1 && $(wc -l <out) = 1 && -e u/f ]]
}
