# store_check.bats - every kind of damage to the store is found, and mended
# native only: nothing here depends on the version of cgroups
# shellcheck disable=SC2030,SC2031,SC2154 # status and output are bats' own; each test is a subshell

load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	mkdir -p tree/etc
	echo hello >tree/etc/greeting
	ln -s greeting tree/etc/link
	mkdir tree/etc/gone tree/etc/hidden
	: >tree/etc/.wh.other
	: >tree/etc/hidden/.wh..wh..opq
	touch -d @1000000000 tree/etc/greeting
	tar -C tree -cf fs.tar .
	TARE_ROOT=$BATS_FILE_TMPDIR/master "$TARE_BUILD/src/tare" import fs.tar x:1 >id
	TARE_ROOT=$BATS_FILE_TMPDIR/master "$TARE_BUILD/src/tare" tag x:1 y:2
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export TARE_ROOT=$BATS_TEST_TMPDIR/root
}

teardown() {
	! mountpoint -q "$BATS_TEST_TMPDIR/m" || umount "$BATS_TEST_TMPDIR/m"
	rm -rf "$TARE_ROOT"
}

@test "a store that others may change is not used" {
	local root

	host_tare images
	chown 12345 "$TARE_ROOT"
	for root in "$TARE_ROOT" "$TARE_ROOT/"; do
		run host_tare --root "$root" images
		expect_error "open the store '$root': it belongs to another user, 12345"
	done
	run host_tare system check --repair
	expect_error "it belongs to another user, 12345.*another --root, or make it yours by chown"
	[[ $(stat -c %u "$TARE_ROOT") = 12345 ]]
	chown 0 "$TARE_ROOT"
	for mode in 777 1777 770 702; do
		chmod "$mode" "$TARE_ROOT"
		run host_tare images
		expect_error "open the store '$TARE_ROOT': others may write to the folder .mode 0?$mode.*chmod go-w"
	done
	host_tare system check --repair
	host_tare images
	chmod 755 "$TARE_ROOT"
	host_tare images
	# nothing is made in what others can write to
	mkdir -m 1777 shared
	run host_tare --root "$PWD/shared" images
	expect_error 'others may write to the folder'
	[[ -z $(ls -A shared) ]]
	# a folder in it is its owner's
	host_tare --root "$PWD/shared/mine" images
}

# The store's parts, for who damages them.
blob_of() {
	echo "$TARE_ROOT/store/blobs/sha256/${1#sha256:}"
}

# damage KIND KEPT COMMAND...: done to a fresh copy of a store with an image, COMMAND is found as KIND,
# mended, and not found again; the image x:1 is there afterwards if KEPT is yes.
damage() {
	local kind=$1 kept=$2

	shift 2
	rm -rf "$TARE_ROOT"
	cp -a "$BATS_FILE_TMPDIR/master" "$TARE_ROOT"
	# shellcheck disable=SC2034 # COMMAND has it
	config=$(<"$BATS_FILE_TMPDIR/id")
	manifest=$(jq -r '.manifests[] | select(.annotations["io.containerd.image.name"] | endswith("/x:1")).digest' \
		"$TARE_ROOT/store/index.json")
	# shellcheck disable=SC2034
	layer=$(jq -r '.layers[0].digest' "$(blob_of "$manifest")")
	(eval "$*")
	run host_tare system check --json
	if ((status == 0)) || ! grep -q "\"$kind\"" <<<"$output"; then
		echo "damage not found as $kind: $*"
		show_run
	fi
	run host_tare system check --repair --json
	if ((status != 0)) || ! grep -q "\"$kind\"" <<<"$output"; then
		echo "damage not mended: $*"
		show_run
	fi
	run host_tare system check --json
	if ((status != 0)) || [[ $output != '[]' ]]; then
		echo "damage found again: $*"
		show_run
	fi
	host_tare images >list
	if [[ $kept = yes ]]; then
		grep -q '^x ' list && grep -q '^y ' list
	else
		! grep -q '^x ' list
	fi || {
		echo "x:1 should be there: $kept; after: $*"
		cat list
		return 1
	}
}

@test "folders: missing, replaced, open to others" {
	damage folder-missing yes 'rmdir "$TARE_ROOT/ingest"'
	damage folder-missing yes 'rmdir "$TARE_ROOT/leases"'
	damage folder-missing yes 'rmdir "$TARE_ROOT/store/blobs/sha512"'
	damage folder-missing no 'rm -r "$TARE_ROOT/store/blobs"'
	damage folder-missing yes 'rm -r "$TARE_ROOT/layers"'
	damage folder-replaced yes 'rmdir "$TARE_ROOT/ingest"; : >"$TARE_ROOT/ingest"'
	damage folder-replaced yes 'rmdir "$TARE_ROOT/ingest"; ln -s /tmp "$TARE_ROOT/ingest"'
	damage folder-open yes 'chmod 755 "$TARE_ROOT/layers"'
	damage folder-open yes 'chown 12345 "$TARE_ROOT/store"'
}

@test "the database: missing, empty, cut, overwritten, replaced" {
	damage database-missing yes 'rm "$TARE_ROOT/tare.db"*'
	damage database-damaged yes 'rm -f "$TARE_ROOT"/tare.db-*; echo rubbish >"$TARE_ROOT/tare.db"'
	damage database-damaged yes 'rm -f "$TARE_ROOT"/tare.db-*; truncate -s 10000 "$TARE_ROOT/tare.db"'
	damage database-damaged yes 'rm -f "$TARE_ROOT"/tare.db-*; dd if=/dev/urandom of="$TARE_ROOT/tare.db" bs=4096 seek=2 count=6 conv=notrunc status=none'
	damage database-missing yes 'rm -f "$TARE_ROOT"/tare.db-*; : >"$TARE_ROOT/tare.db"'
	damage database-replaced yes 'rm "$TARE_ROOT/tare.db"*; mkdir "$TARE_ROOT/tare.db"'
	damage database-replaced yes 'rm "$TARE_ROOT/tare.db"*; ln -s /etc/passwd "$TARE_ROOT/tare.db"'
}

@test "index.json: missing, empty, no JSON, stale, replaced" {
	damage index-missing yes 'rm "$TARE_ROOT/store/index.json"'
	damage index-damaged yes ': >"$TARE_ROOT/store/index.json"'
	damage index-damaged yes 'echo "{" >"$TARE_ROOT/store/index.json"'
	damage index-stale yes 'echo "{\"schemaVersion\":2,\"manifests\":[]}" >"$TARE_ROOT/store/index.json"'
	damage index-stale yes 'sed -i "s/x:1/z:9/g; s/$manifest/sha256:$(printf %064d 0)/" "$TARE_ROOT/store/index.json"'
}

@test "blobs: missing, cut, empty, changed, replaced, writable, foreign, unknown" {
	local blob

	for blob in manifest config layer; do
		damage blob-missing no 'rm "$(blob_of "$'$blob'")"'
		damage blob-empty no 'f=$(blob_of "$'$blob'"); chmod 644 "$f"; : >"$f"'
		damage blob-damaged no 'f=$(blob_of "$'$blob'"); chmod 644 "$f"; truncate -s -1 "$f"; chmod 444 "$f"'
		damage blob-damaged no 'f=$(blob_of "$'$blob'"); chmod 644 "$f"; printf X | dd of="$f" seek=7 bs=1 conv=notrunc status=none'
		damage blob-replaced no 'f=$(blob_of "$'$blob'"); rm "$f"; mkdir "$f"'
		damage blob-replaced no 'f=$(blob_of "$'$blob'"); rm "$f"; ln -s /etc/passwd "$f"'
		damage blob-replaced no 'f=$(blob_of "$'$blob'"); rm "$f"; mkfifo "$f"'
	done
	damage blob-damaged no 'a=$(blob_of "$config"); b=$(blob_of "$manifest"); mv "$a" t; mv "$b" "$a"; mv t "$b"'
	damage blob-mode yes 'chmod 666 "$(blob_of "$layer")"'
	damage blob-foreign yes 'echo x >"$TARE_ROOT/store/blobs/sha256/readme"'
	damage blob-foreign yes 'mkdir "$TARE_ROOT/store/blobs/md5"'
	damage blob-unrecorded yes 'echo -n new >t; cp t "$(blob_of "$(sha256sum <t | cut -d " " -f 1)")"; chmod 444 "$TARE_ROOT"/store/blobs/sha256/*'
}

@test "layers and what interrupted work leaves" {
	damage layer-missing yes 'rm -r "$TARE_ROOT/layers/"*'
	damage layer-unrecorded yes 'mkdir "$TARE_ROOT/layers/0123"'
	damage layer-left yes 'mkdir -p "$TARE_ROOT/layers/tmp-0123/root/etc"'
	damage layer-missing yes 'for l in "$TARE_ROOT"/layers/*; do rm -r "$l"; echo x >"$l"; done'
	damage ingest-left yes 'echo x >"$TARE_ROOT/ingest/new-1"'
	damage ingest-left yes 'mkdir -p "$TARE_ROOT/ingest/load-1/x"'
	damage part-late yes ': >"$TARE_ROOT/ingest/sha256-${layer#sha256:}"'
	damage lease-dead yes ': >"$TARE_ROOT/leases/0123456789abcdef"'
}

# The store has a snapshot: in the folder s, and recorded.
@test "snapshots: missing, unrecorded, half made, half removed, and the driver" {
	TARE_ROOT=$BATS_FILE_TMPDIR/master host_tare snapshot create --name s x:1
	damage snapshot-missing yes 'rm -r "$TARE_ROOT/snapshots/s"'
	damage snapshot-unrecorded yes 'mv "$TARE_ROOT/snapshots/s" "$TARE_ROOT/snapshots/t"; cp -a "$TARE_ROOT/snapshots/t" "$TARE_ROOT/snapshots/s"'
	host_tare snapshot ls --quiet >names
	[[ $(<names) = $'s\nt' ]]
	damage snapshot-left yes 'mkdir -p "$TARE_ROOT/snapshots/.new-t/work/work"'
	damage snapshot-left yes 'mv "$TARE_ROOT/snapshots/s" "$TARE_ROOT/snapshots/.gone-s"'
	host_tare snapshot ls --quiet >names
	[[ ! -s names && -z $(ls -A "$TARE_ROOT/snapshots") ]]
	damage snapshot-foreign yes 'mkdir "$TARE_ROOT/snapshots/t"'
	damage snapshot-document yes ': >"$TARE_ROOT/snapshots/s/snapshot.json"'
	damage snapshot-document yes 'rm "$TARE_ROOT/snapshots/s/snapshot.json"'
	damage snapshot-document yes 'sed -i "s/overlay/zfs/" "$TARE_ROOT/snapshots/s/snapshot.json"'
	[[ $(host_tare snapshot inspect --format '{{.Driver}} {{.View}}' s) = 'overlay false' ]]
	damage driver-unknown yes 'echo aufs >"$TARE_ROOT/driver"'
	damage driver-unknown yes 'rm "$TARE_ROOT/driver"'
	damage folder-missing yes 'rm -r "$TARE_ROOT/snapshots"'
	# with the database goes no container
	damage database-missing yes 'rm "$TARE_ROOT/tare.db"*'
	[[ $(host_tare snapshot ls --quiet) = s && -d $TARE_ROOT/snapshots/s/upper ]]
	# what is somebody's is left alone
	mkdir "$TARE_ROOT/snapshots/mine"
	echo data >"$TARE_ROOT/snapshots/mine/file"
	run host_tare system check --repair
	((status == 1))
	expect_line '^snapshot-foreign +mine +it is no snapshot'
	[[ $(<"$TARE_ROOT/snapshots/mine/file") = data ]]
	TARE_ROOT=$BATS_FILE_TMPDIR/master host_tare snapshot rm s
}

@test "unpacked layers: what is missing, new or changed in them, be it one bit" {
	in_layer() {
		local l

		for l in "$TARE_ROOT"/layers/*; do
			[[ ! -e $l/etc/greeting ]] || (cd "$l/etc" && "$@")
		done
	}
	flip() {
		printf J | dd of=greeting bs=1 conv=notrunc status=none
		touch -d @1000000000 greeting
	}
	damage layer-damaged yes in_layer rm greeting
	damage layer-damaged yes in_layer touch greeting
	damage layer-damaged yes in_layer flip
	damage layer-damaged yes in_layer chmod u+s greeting
	damage layer-damaged yes in_layer chown 7 gone
	damage layer-damaged yes in_layer ln -sf /etc/shadow link
	damage layer-damaged yes in_layer ln greeting second
	damage layer-damaged yes in_layer rmdir gone
	damage layer-damaged yes in_layer touch new
	damage layer-damaged yes in_layer python3 -c "'import os; os.setxattr(\"greeting\", \"user.new\", b\"x\")'"
	damage layer-damaged yes in_layer python3 -c "'import os; os.removexattr(\"hidden\", \"trusted.overlay.opaque\")'"
	damage layer-damaged yes in_layer rm other
	damage layer-damaged yes 'in_layer rm greeting; in_layer mkfifo greeting'
}

@test "a damaged layer that a snapshot stands on is told of, and left" {
	cp -a "$BATS_FILE_TMPDIR/master" "$TARE_ROOT"
	host_tare snapshot create --name keeper x:1
	for l in "$TARE_ROOT"/layers/*; do
		[[ ! -e $l/etc/greeting ]] || echo rotten >"$l/etc/greeting"
	done
	run host_tare system check --repair
	expect_line "etc/greeting"
	[[ $status = 1 && $output = *keeper* ]]
	host_tare snapshot rm keeper
	host_tare system check --repair >out
	host_tare system check
}

@test "an image of chained layers that is mounted is not exchanged below its mount" {
	mkdir m
	TARE_STORAGE_DRIVER=copy host_tare import "$BATS_FILE_TMPDIR/fs.tar" x:1 >id
	host_tare image mount x:1 m
	for l in "$TARE_ROOT"/layers/*; do
		[[ ! -e $l/etc/greeting ]] || echo rotten >"$l/etc/greeting"
	done
	run host_tare system check --repair --json
	[[ $(<m/etc/greeting) = rotten ]]
	host_tare image unmount m
	((status == 1))
	expect_line 'stands on it'
	host_tare snapshot create --name copy x:1
	host_tare system check --repair >out
	host_tare system check
}

@test "a broken image that a snapshot keeps is told of, with all else" {
	local config

	cp -a "$BATS_FILE_TMPDIR/master" "$TARE_ROOT"
	host_tare snapshot create --name keeper x:1
	config=$(blob_of "$(<"$BATS_FILE_TMPDIR/id")")
	rm "$config"
	run host_tare system check --repair
	((status == 1))
	expect_line '^image-broken '
	expect_line '^blob-missing '
}

@test "a store that is not there is said so; a repair makes one" {
	run host_tare system check
	expect_error 'there is no store'
	host_tare system check --repair >out
	host_tare system check
}
