# shellcheck shell=bash
# shellcheck disable=SC2154 # status and output are bats' own
# snapshot.bash - for tests of snapshots: file systems on loop files, images with all that files can be

# file_system TYPE FOLDER [MKFS-OPTION...]: a new one, in a file beside the folder, and mounted there;
# with project quota where this kernel has that
file_system() {
	local type=$1 folder=$2 options

	shift 2
	[[ -e /sys/module/loop ]] || modprobe loop 2>/dev/null || return
	modprobe "$type" 2>/dev/null || grep -qw "$type" /proc/filesystems || return
	modprobe quota_v2 2>/dev/null || true
	mkdir -p "$folder"
	truncate -s 1G "$folder.img"
	"mkfs.$type" -q "$@" "$folder.img" 2>/dev/null >&2
	for options in loop,prjquota loop; do
		! mount -o "$options" "$folder.img" "$folder" 2>/dev/null || break
	done
	mountpoint -q "$folder"
}

# not_mounted FOLDER
not_mounted() {
	if mountpoint -q "$1"; then
		echo "something is mounted on $1"
		return 1
	fi
}

# end_file_system FOLDER
end_file_system() {
	local tries

	! mountpoint -q "$1" || umount "$1"
	# the kernel lets go of it in its own time
	for ((tries = 0; tries < 50; tries++)); do
		losetup -j "$1.img" | grep -q . || break
		sleep 0.1
	done
	[[ -z $(losetup -j "$1.img") ]]
	rm -f "$1.img"
}

# all_kinds FOLDER: a tree with all that an image can hold
all_kinds() {
	mkdir -p "$1"/{bin,etc,dev,deep/er/folders,gone,hidden}
	(
		cd "$1" || exit
		echo hello >etc/greeting
		ln etc/greeting deep/er/hard
		ln -s ../etc/greeting bin/link
		ln -s /etc/passwd etc/outside
		echo run >bin/mighty
		chmod 4755 bin/mighty
		echo cap >bin/capable
		chown 1:2 bin/capable
		setcap cap_net_raw+ep bin/capable
		setfattr -n user.note -v kept etc/greeting 2>/dev/null ||
			python3 -c 'import os; os.setxattr("etc/greeting", "user.note", b"kept")'
		mknod dev/null c 1 3
		mkfifo dev/fifo
		truncate -s 8M deep/sparse
		printf end | dd of=deep/sparse bs=1 seek=4M conv=notrunc status=none
		chown 1000:1000 deep/er
		chmod 1777 deep/er
		: >gone/file
		: >hidden/below
		touch -d '2001-02-03 04:05:06.123456789Z' etc/greeting deep/er
		touch -h -d '2002-02-03 04:05:06.5Z' bin/link
	)
}

# pack_tree FOLDER TAR
pack_tree() {
	tar --format=posix --xattrs --xattrs-include='*' --sparse --numeric-owner -C "$1" -cf "$2" .
}

# fingerprint FOLDER: all that a tree is, a line for each file
fingerprint() {
	(
		cd "$1" || exit
		find . -printf '%P %y %m %U:%G %s %n %l %T@\n' | sed '/ d /s/ [0-9]* [0-9]*  *\([0-9.]*\)$/ \1/' | LC_ALL=C sort
		find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2
		python3 - <<-'EOF' | LC_ALL=C sort
			import os
			for at, folders, files in os.walk("."):
			    for name in sorted(folders + files):
			        path = os.path.join(at, name)
			        for x in sorted(os.listxattr(path, follow_symlinks=False)):
			            if not x.startswith(("trusted.overlay.", "user.overlay.")):
			                print(path, x, os.getxattr(path, x, follow_symlinks=False))
		EOF
	)
}

# many_layers N TAR: an archive of an image of N layers: layer I has the file nI, and all write to `last`
many_layers() {
	python3 - "$1" "$2" <<-'EOF'
		import hashlib, io, json, sys, tarfile
		n, out = int(sys.argv[1]), tarfile.open(sys.argv[2], "w")
		def add(archive, name, data):
		    info = tarfile.TarInfo(name)
		    info.size = len(data)
		    info.mode = 0o644
		    archive.addfile(info, io.BytesIO(data))
		layers, diffs = [], []
		for i in range(n):
		    raw = io.BytesIO()
		    layer = tarfile.open(fileobj=raw, mode="w")
		    add(layer, "n%d" % i, b"%d\n" % i)
		    add(layer, "last", b"%d\n" % i)
		    if i:
		        add(layer, ".wh.n%d" % (i - 1) if i % 10 == 0 else "again", b"")
		    layer.close()
		    add(out, "%d/layer.tar" % i, raw.getvalue())
		    layers.append("%d/layer.tar" % i)
		    diffs.append("sha256:" + hashlib.sha256(raw.getvalue()).hexdigest())
		config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
		    "rootfs": {"type": "layers", "diff_ids": diffs}}).encode()
		add(out, "config.json", config)
		add(out, "manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["many:1"],
		    "Layers": layers}]).encode())
		out.close()
	EOF
}

# expect_nothing_left: of snapshots, in $TARE_ROOT
expect_nothing_left() {
	[[ -z $(find "$TARE_ROOT/snapshots" -mindepth 1) ]] || {
		ls -lA "$TARE_ROOT/snapshots"
		return 1
	}
	if grep -F "$TARE_ROOT" /proc/self/mountinfo | grep -v " $TARE_FS "; then
		return 1
	fi
	host_tare system check
}
