# snapshot_overlay.bats - what every snapshot driver must do; the same file for each, by its name
#
# snapshot_btrfs.bats, snapshot_copy.bats (without shared blocks) and snapshot_reflink.bats are links to
# it. Each has a file system of its own, on a loop file.
# native only: an emulated machine takes a quarter of an hour for it; snapshot_quota.bats is for guests
# shellcheck disable=SC2154 # status and output are bats' own

load ../lib
load ../snapshot

setup_file() {
	export TARE_FS=$BATS_FILE_TMPDIR/fs kind=${BATS_TEST_FILENAME##*/snapshot_}
	kind=${kind%.bats}
	export kind TARE_ROOT=$TARE_FS/root TARE_STORAGE_DRIVER=$kind
	case $kind in
	btrfs) file_system btrfs "$TARE_FS" && btrfs quota enable "$TARE_FS" ;;
	reflink) TARE_STORAGE_DRIVER=copy && file_system xfs "$TARE_FS" -m reflink=1 ;;
	*) file_system ext4 "$TARE_FS" -O project,quota -E quotatype=prjquota || file_system ext4 "$TARE_FS" ;;
	esac || {
		touch "$BATS_FILE_TMPDIR/no"
		return 0
	}
	all_kinds "$BATS_FILE_TMPDIR/tree"
	pack_tree "$BATS_FILE_TMPDIR/tree" "$BATS_FILE_TMPDIR/tree.tar"
	chmod 700 "$TARE_FS"
	host_tare import "$BATS_FILE_TMPDIR/tree.tar" x:1
	# a second layer: a file and a folder gone, a folder that hides the one below, a new file
	cp -a "$BATS_FILE_TMPDIR/tree" "$BATS_FILE_TMPDIR/second"
	(
		cd "$BATS_FILE_TMPDIR/second" || exit
		rm -r gone etc/outside hidden
		mkdir hidden
		echo new >hidden/above
		echo new >etc/new
	)
	host_tare layer commit --from x:1 "$BATS_FILE_TMPDIR/tree" "$BATS_FILE_TMPDIR/second" x:2
}

teardown_file() {
	end_file_system "$TARE_FS"
}

setup() {
	[[ ! -e $BATS_FILE_TMPDIR/no ]] || skip "this machine can't make the file system for $kind"
	tare_setup
	mkdir m n
}

teardown() {
	local one

	[[ -d $BATS_TEST_TMPDIR/m ]] || return 0
	for one in $(host_tare snapshot ls --quiet --no-trunc); do
		host_tare snapshot rm --force "$one" || true
	done
	tare_teardown
	expect_nothing_left
}

@test "what is written is the snapshot's: not the image's, nor another one's" {
	[[ $(host_tare snapshot create --name a x:1) = a ]]
	host_tare snapshot create --name b x:1
	host_tare snapshot mount a m
	host_tare snapshot mount b n
	[[ $(<m/etc/greeting) = hello ]]
	echo changed >m/etc/greeting
	echo new >m/new
	rm -r m/gone
	[[ $(<n/etc/greeting) = hello && ! -e n/new && -e n/gone/file ]]
	host_tare snapshot umount a
	not_mounted m
	host_tare snapshot mount a m
	[[ $(<m/etc/greeting) = changed && $(<m/new) = new && ! -e m/gone ]]
	host_tare snapshot create --name c x:1
	host_tare snapshot umount b
	host_tare snapshot mount c n
	[[ $(<n/etc/greeting) = hello && ! -e n/new && -e n/gone/file ]]
	run host_tare snapshot create --name a x:1
	expect_error "make the snapshot 'a': there is one of that name"
	run host_tare snapshot ls
	expect_line "^a +x:1 +$TARE_STORAGE_DRIVER "
}

@test "layers hide what they remove" {
	host_tare snapshot create --name a x:2
	host_tare snapshot mount a m
	[[ ! -e m/gone && ! -L m/etc/outside && ! -e m/hidden/below ]]
	[[ $(<m/hidden/above) = new && $(<m/etc/new) = new && $(<m/etc/greeting) = hello ]]
	[[ -z $(find m -name '.wh.*') ]]
}

@test "a layer that an image has twice counts where it is uppermost" {
	local one

	mkdir -p twice/{a,b}/{etc,opaque} image
	echo a | tee twice/a/{both,deleted,etc/a,opaque/a} >out
	echo b | tee twice/b/{both,onlyb,etc/b,opaque/b} >out
	: >twice/b/.wh.deleted
	: >twice/b/opaque/.wh..wh..opq
	for one in a b; do
		tar -C twice/$one -cf image/$one.tar .
	done
	jq -nc --arg a "sha256:$(sha256sum <image/a.tar | cut -c 1-64)" --arg b "sha256:$(sha256sum <image/b.tar | cut -c 1-64)" \
		'{architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: [$a, $b, $a, $a]}}' >image/c.json
	echo '[{"Config":"c.json","RepoTags":["twice:1"],"Layers":["a.tar","b.tar","a.tar","a.tar"]}]' >image/manifest.json
	tar -C image -cf twice.tar .
	host_tare load --quiet --input twice.tar
	host_tare snapshot create --name a twice:1
	host_tare snapshot mount a m
	[[ $(cat m/{both,deleted,onlyb,etc/a,etc/b,opaque/a,opaque/b} | tr -d '\n') = aababab ]]
	echo new >m/new
	host_tare snapshot diff a >out
	[[ $(<out) = 'A /new' ]]
	host_tare image mount twice:1 n
	[[ $(<n/both) = a && ! -e n/new ]]
	host_tare image unmount n
	host_tare snapshot umount a
	host_tare snapshot rm a
	host_tare rmi twice:1
}

# rooted NAME TEXT...: an image of a layer for each TEXT, as its file `text`. With "MODE:UID TEXT" the layer
# has an entry for the root folder, with that mode, that owner, and TEXT in user.note; else none.
rooted() {
	python3 - "$@" <<-'EOF'
		import hashlib, io, json, sys, tarfile
		out = tarfile.open("rooted.tar", "w")
		def add(archive, name, data):
		    info = tarfile.TarInfo(name)
		    info.size = len(data)
		    archive.addfile(info, io.BytesIO(data))
		layers, diffs = [], []
		for i, text in enumerate(sys.argv[2:]):
		    raw = io.BytesIO()
		    layer = tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT)
		    if ":" in text:
		        how, text = text.split(" ")
		        root = tarfile.TarInfo("./")
		        root.type, root.mode, root.uid = tarfile.DIRTYPE, int(how.split(":")[0], 8), int(how.split(":")[1])
		        root.pax_headers = {"SCHILY.xattr.user.note": text}
		        layer.addfile(root)
		    add(layer, "text", text.encode())
		    add(layer, "n%d" % i, b"")
		    layer.close()
		    add(out, "%d.tar" % i, raw.getvalue())
		    layers.append("%d.tar" % i)
		    diffs.append("sha256:" + hashlib.sha256(raw.getvalue()).hexdigest())
		add(out, "c.json", json.dumps({"architecture": "amd64", "os": "linux", "config": {},
		    "rootfs": {"type": "layers", "diff_ids": diffs}}).encode())
		add(out, "manifest.json", json.dumps([{"Config": "c.json", "RepoTags": [sys.argv[1]],
		    "Layers": layers}]).encode())
		out.close()
	EOF
	host_tare load --quiet --input rooted.tar
}

# expect_root FOLDER MODE:UID [NOTE]
expect_root() {
	local is

	is=$(stat -c %a:%u "$1")
	is+=$(python3 -c 'import os, sys; print(*(os.getxattr(sys.argv[1], x).decode() for x in os.listxattr(sys.argv[1]) if x == "user.note"))' "$1")
	[[ $is = "$2${3-}" ]] || {
		echo "the root is $is"
		return 1
	}
}

@test "the root folder is what the upmost layer that names it says" {
	local one words

	rooted named:1 '711:33 low' '750:7 first' second third
	rooted unnamed:1 one two
	rooted top:1 first '700:8 last'
	# the same layers, in another order
	rooted other:1 second '711:33 low' third
	for one in 'named 750:7 first' 'unnamed 755:0' 'top 700:8 last' 'other 711:33 low'; do
		read -ra words <<<"$one"
		set -- "${words[@]}"
		host_tare snapshot create --name a "$1:1"
		host_tare snapshot mount a m
		host_tare image mount "$1:1" n
		expect_root m "${@:2}"
		expect_root n "${@:2}"
		[[ -s n/text && -e n/n0 && -e n/n1 ]]
		host_tare image unmount n
		TARE_TEST_LACK=overlay_fd host_tare image mount "$1:1" n
		expect_root n "${@:2}"
		[[ -z $(host_tare snapshot diff a) ]]
		host_tare snapshot umount a
		host_tare snapshot mount --ro a m
		expect_root m "${@:2}"
		host_tare snapshot umount a
		host_tare image unmount n
		# a change of it is one, and is kept by a commit
		host_tare snapshot mount a m
		chmod 701 m
		host_tare snapshot commit a changed:1
		host_tare image mount changed:1 n
		expect_root n "701:${2#*:}" "${@:3}"
		host_tare image unmount n
		host_tare snapshot rm --force a
		host_tare rmi changed:1
	done
	host_tare system check
	host_tare rmi named:1 unnamed:1 top:1 other:1
	host_tare image prune --force
	[[ -z $(find "$TARE_ROOT/layers" -name '.root*') ]]
}

@test "links, attributes, capabilities, holes, devices, owners and times are kept" {
	host_tare snapshot create --name a x:1
	host_tare snapshot mount a m
	fingerprint "$BATS_FILE_TMPDIR/tree" >want
	fingerprint m >is
	diff want is
	grep -q 'security.capability' is
	grep -q 'user.note' is
	grep -q '^deep/er/hard f 644 0:0 6 2 ' is
	(($(stat -c %b m/deep/sparse) < 2000))
	[[ $(stat -c %i m/etc/greeting) = "$(stat -c %i m/deep/er/hard)" ]]
	# also of what is written to
	echo more >>m/bin/capable
	echo x >>m/deep/er/hard
	[[ $(stat -c %u:%g m/bin/capable) = 1:2 ]]
	[[ $(python3 -c 'import os; print(os.getxattr("m/deep/er/hard", "user.note"))') = "b'kept'" ]]
}

@test "what is written is counted, and given back" {
	local before after

	host_tare snapshot create --name a x:1
	host_tare snapshot mount a m
	before=$(host_tare snapshot usage --json a | jq '.[0].UsedBytes')
	dd if=/dev/urandom of=m/five bs=1M count=5 conv=fsync status=none
	after=$(host_tare snapshot usage --json a | jq '.[0].UsedBytes')
	((after - before >= 5000000 && after - before < 5600000))
	host_tare system df --json | jq -e '.[] | select(.Type == "Snapshots") | .TotalCount == "1" and .bytes >= 5000000'
	rm m/five
	sync -f m
	((before == $(host_tare snapshot usage --json a | jq '.[0].UsedBytes')))
	[[ $kind = copy ]] || ((before < 200000))
}

@test "a size holds for what is written, and for that snapshot only" {
	[[ $(host_tare info --format '{{.DriverStatus.SizeLimits}}') = true ]] || {
		run host_tare snapshot create --size 8m x:1
		expect_error 'limit the size: '
		skip "this kernel has no project quota for $(stat -f -c %T "$TARE_FS")"
	}
	host_tare snapshot create --name a --size 8m x:1
	host_tare snapshot create --name b x:1
	host_tare snapshot mount a m
	host_tare snapshot mount b n
	run setpriv --bounding-set -sys_resource dd if=/dev/urandom of=m/big bs=1M count=20 conv=fsync status=none
	((status != 0))
	expect_line 'No space left on device|Disk quota exceeded'
	(($(stat -c %s m/big) >= 5000000 && $(stat -c %s m/big) <= 9000000))
	dd if=/dev/urandom of=n/big bs=1M count=20 conv=fsync status=none
	run host_tare snapshot ls --size
	expect_line '^a .* 8\.389MB +[^ ]+$'
	rm m/big
	sync -f m
	dd if=/dev/urandom of=m/small bs=1M count=2 conv=fsync status=none
	# what is below it does not count
	run host_tare snapshot create --size 0 x:1
	expect_error 'a snapshot of no size'
}

@test "owners are shifted by the mount, not on the disk" {
	[[ $(host_tare info --format '{{.DriverStatus.IdMappedMounts}}') = true ]] ||
		skip "$(stat -f -c %T "$TARE_FS") has no id-mapped mounts on this kernel"
	host_tare snapshot create --name a x:2
	host_tare snapshot mount --uidmap 0:100000:65536 a m
	[[ $(stat -c %u:%g m/etc/greeting m/bin/capable m/deep/er) = $'100000:100000\n100001:100002\n101000:101000' ]]
	setpriv --reuid 100000 --regid 100000 --clear-groups sh -c 'echo mine >m/etc/mine && echo x >>m/etc/greeting'
	[[ $(stat -c %u m/etc/mine) = 100000 ]]
	host_tare snapshot umount a
	host_tare snapshot mount --ro a m
	[[ $(stat -c %u:%g m/etc/mine m/etc/greeting m/bin/capable) = $'0:0\n0:0\n1:2' ]]
	run host_tare snapshot mount --uidmap 0:x:1 a n
	expect_error "'0:x:1' is not of the form"
}

@test "nothing can be written to a read-only mount, or to an image" {
	host_tare snapshot create --name a x:2
	host_tare snapshot mount --ro a m
	run touch m/x
	((status != 0))
	expect_line 'Read-only'
	host_tare image mount x:2 n
	[[ $(<n/etc/new) = new && ! -e n/gone ]]
	run touch n/x
	expect_line 'Read-only'
	run host_tare rmi x:2
	expect_error "is made of it"
	host_tare image unmount n
	not_mounted n
	run host_tare image unmount n
	expect_error 'no image is mounted on'
	[[ $(host_tare snapshot ls --quiet) = a ]]
}

@test "an image that is mounted twice is unmounted twice, whatever else is broken" {
	host_tare snapshot create --name a x:1
	mv "$TARE_ROOT/snapshots/a" aside
	host_tare image mount x:2 m
	host_tare image mount x:2 n
	host_tare image unmount m
	not_mounted m
	[[ $(<n/etc/new) = new ]]
	host_tare image unmount n
	not_mounted n
	mv aside "$TARE_ROOT/snapshots/a"
	[[ $(host_tare snapshot ls --quiet) = a ]]
}

# mounts_of IMAGE: where its mounts are, by what `inspect` says of each
mounts_of() {
	local all

	mapfile -t all < <(host_tare snapshot ls --quiet --no-trunc)
	host_tare snapshot inspect "${all[@]}" |
		jq -r --arg image "$1" '.[] | select(.View and .Image == $image) | .Mounts | join(" ")'
}

@test "of mounts of several images with the same layers each is told whose it is" {
	local y

	host_tare import --change 'CMD ["y"]' "$BATS_FILE_TMPDIR/tree.tar" y:1
	host_tare image mount x:1 m
	host_tare image mount y:1 n
	run host_tare snapshot ls --no-trunc
	expect_line "^[0-9a-f]+ +x:1 +$TARE_STORAGE_DRIVER +.* $PWD/m\$"
	expect_line "^[0-9a-f]+ +y:1 +$TARE_STORAGE_DRIVER +.* $PWD/n\$"
	[[ $(mounts_of x:1) = "$PWD/m" && $(mounts_of y:1) = "$PWD/n" ]]
	host_tare image unmount m
	[[ -z $(mounts_of x:1) && $(mounts_of y:1) = "$PWD/n" && $(host_tare snapshot ls --quiet | wc -l) = 1 ]]
	# what was unmounted by hand is nobody's any more, whatever is mounted there next
	umount n
	y=$(host_tare snapshot ls --quiet --no-trunc)
	host_tare image mount x:1 n
	[[ $(mounts_of x:1) = "$PWD/n" && -z $(mounts_of y:1) ]]
	run host_tare snapshot umount "$y"
	expect_error "the snapshot '$y' is not mounted"
	mountpoint -q n
	host_tare snapshot rm "$y"
	# of two on one folder the upper one goes
	host_tare image mount y:1 n
	host_tare image unmount n
	[[ $(mounts_of x:1) = "$PWD/n" && -z $(mounts_of y:1) ]]
	# another mount namespace has copies of our mounts
	unshare --mount --propagation private "$TARE_BUILD/src/tare" snapshot ls --no-trunc >listed
	grep -E "^[0-9a-f]+ +x:1 .* $PWD/n\$" listed
	host_tare image unmount n
	[[ -z $(host_tare snapshot ls --quiet) ]]
	host_tare rmi y:1
}

@test "what was changed is listed however deep it lies" {
	local path

	path=$(printf 'd/%.0s' {1..505})
	host_tare snapshot create --name a x:1
	host_tare snapshot mount a m
	mkdir -p "m/$path"
	(
		ulimit -Sn 1024
		host_tare snapshot diff a >listed
		host_tare snapshot export --output a.tar a
	)
	(($(wc -l <listed) == 505))
}

@test "what was changed is listed, exported and committed, and comes back the same" {
	host_tare snapshot create --name a x:2
	run host_tare snapshot diff a
	expect_output ''
	host_tare snapshot mount a m
	echo more >>m/etc/new
	rm -r m/hidden
	mkdir m/added
	echo "$kind" >m/added/file
	chmod 700 m/bin
	run host_tare snapshot diff a
	for line in 'C /etc' 'C /etc/new' 'D /hidden' 'A /added' 'A /added/file' 'C /bin'; do
		expect_line "^$line\$"
	done
	((${#lines[@]} == 6))
	host_tare snapshot commit --message why --author me --change 'CMD ["x"]' a y:1
	host_tare image inspect y:1 | jq -e '.[0] | .Config.Cmd == ["x"] and .Author == "me" and .Comment == "why"'
	host_tare snapshot create --name b y:1
	host_tare snapshot mount b n
	fingerprint m >want
	fingerprint n >is
	diff want is
	run host_tare snapshot diff b
	expect_output ''
	host_tare snapshot export --output a.tar a
	mkdir whole
	tar --xattrs --xattrs-include='*' -C whole -xpf a.tar
	fingerprint whole >is
	diff want is
	host_tare snapshot rm --force b
	host_tare rmi y:1
}

@test "an image that a snapshot is made of stays, with its layers" {
	local n

	host_tare tag x:2 z:1
	host_tare snapshot create --name keeper x:2
	host_tare image prune --all --force
	n=$(find "$TARE_ROOT/layers" -mindepth 1 -maxdepth 1 | wc -l)
	host_tare rmi x:2
	run host_tare rmi z:1
	expect_error "'keeper' is made of it"
	host_tare image prune --all --force
	[[ $n = "$(find "$TARE_ROOT/layers" -mindepth 1 -maxdepth 1 | wc -l)" ]]
	host_tare snapshot mount keeper m
	[[ $(<m/etc/new) = new ]]
	host_tare tag z:1 x:2
	host_tare rmi z:1
	# the others were pruned
	host_tare import "$BATS_FILE_TMPDIR/tree.tar" x:1
}

@test "what is mounted is not removed, unless by force; then nothing is left" {
	host_tare snapshot create --name a x:1
	host_tare snapshot mount a m
	host_tare snapshot mount a n || true # overlayfs may refuse a second time
	run host_tare snapshot rm a
	expect_error "it is mounted on '$PWD/[mn]'"
	[[ $(host_tare snapshot inspect a | jq -r '.[0].Mounts[]' | grep -cx "$PWD/m") = 1 ]]
	host_tare snapshot rm --force a
	not_mounted m
	not_mounted n
	expect_nothing_left
	run host_tare snapshot rm a
	expect_line 'no such snapshot: a'
	((status == 1))
	host_tare snapshot rm --force a
}

@test "what was made unchangeable goes with its snapshot" {
	host_tare snapshot create --name a x:1
	host_tare snapshot mount a m
	mkdir m/folder
	touch m/folder/file m/append
	chattr +i m/folder/file m/folder && chattr +a m/append || skip 'this file system has no such flags'
	host_tare snapshot rm --force a
	expect_nothing_left
}

@test "an image of many layers" {
	local n=600

	need_program python3
	# elsewhere each layer is a whole tree
	[[ $kind = overlay ]] || n=60
	many_layers "$n" many.tar
	host_tare load --input many.tar
	host_tare snapshot create --name a many:1
	host_tare snapshot mount a m
	[[ $(<m/last) = $((n - 1)) && $(<m/n0) = 0 && $(<"m/n$((n / 2 + 1))") = $((n / 2 + 1)) ]]
	[[ ! -e m/n9 && ! -e m/n$((n - 11)) && -e m/n10 ]]
	(($(find m -name 'n*' | wc -l) == n - (n - 1) / 10))
	echo mine >m/last
	rm m/n0
	run host_tare snapshot diff a
	[[ $(LC_ALL=C sort <<<"$output") = $'C /last\nD /n0' ]]
	host_tare snapshot umount a
	host_tare snapshot mount --uidmap 0:100000:65536 a m
	[[ $(stat -c %u m/last m/n2) = $'100000\n100000' && $(<m/last) = mine && ! -e m/n0 ]]
	host_tare snapshot rm --force a
	host_tare rmi many:1
}

@test "killed at any moment, nothing is left that the next command does not clear" {
	local i

	for ((i = 0; i < 24; i++)); do
		timeout --foreground -s KILL "0.0$((RANDOM % 40 + 10))" "$TARE_BUILD/src/tare" snapshot create --name "k$i" x:2 </dev/null 3>&- >/dev/null 2>&1 || true
		timeout --foreground -s KILL "0.0$((RANDOM % 30 + 5))" "$TARE_BUILD/src/tare" snapshot rm "k$((i - 1))" </dev/null 3>&- >/dev/null 2>&1 || true
	done
	host_tare snapshot ls --quiet >names
	diff names <(ls -A "$TARE_ROOT/snapshots")
	xargs -r "$TARE_BUILD/src/tare" snapshot rm <names
	host_tare system check --repair
	expect_nothing_left
}

@test "a bundle made of a snapshot runs" {
	host_tare snapshot create --name a tare/base
	host_tare snapshot mount a m
	rm -rf "$bundle/rootfs"
	config '.root.path = $path | .root.readonly = false' --arg path "$PWD/m"
	shell 'echo inside $(hostname) >/written && rm /bin/vi && cat /written'
	run_container
	expect_status 0
	expect_line '^inside '
	run host_tare snapshot diff a
	expect_line '^A /written$'
	expect_line '^D /bin/vi$'
}
