# images.bats - the image store: archives in and out, names, listings; and what others make of it
# native only: nothing here depends on the version of cgroups
# shellcheck disable=SC2154 # status, output and lines are bats' own

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export TARE_ROOT=$BATS_TEST_TMPDIR/root
}

teardown() {
	[[ ! -d $TARE_ROOT ]] || host_tare system check
	rm -rf "$TARE_ROOT"
}

# pod WORD...: podman with storage of the test's own
pod() {
	podman --root "$BATS_TEST_TMPDIR/podman" --runroot "$BATS_TEST_TMPDIR/podman-run" \
		--storage-driver vfs "$@" </dev/null 3>&-
}

# small_tar FILE [TEXT]: a root filesystem of a few files
small_tar() {
	mkdir -p tree/etc tree/bin
	echo "${2-hello}" >tree/etc/greeting
	ln -sf ../etc/greeting tree/bin/link
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C tree -cf "$1" .
}

image_id() {
	host_tare image inspect --format '{{.Id}}' "$1"
}

@test "tare/base is always there, with the same id everywhere" {
	run host_tare images
	expect_line '^tare/base +latest +[0-9a-f]{12} '
	first=$(image_id tare/base)
	TARE_ROOT=$BATS_TEST_TMPDIR/other host_tare images --quiet --no-trunc >ids
	[[ $(<ids) = "$first" ]]
	rm -rf other
}

@test "a root filesystem becomes an image, with what --change says" {
	small_tar fs.tar
	host_tare import --message 'made here' --change 'CMD ["cat", "/etc/greeting"]' --change 'ENV A=1 B="two words"' \
		--change 'EXPOSE 80 53/udp' --change 'LABEL who=me' --change 'USER 7' --change 'VOLUME /data' \
		--change 'WORKDIR /tmp' --change 'STOPSIGNAL SIGINT' --change 'ENTRYPOINT run it' fs.tar "a/b:1"
	host_tare image inspect a/b:1 >out
	jq -e '.[0] | .RepoTags == ["a/b:1"] and .Comment == "made here" and .Architecture != "" and
		.Config.Cmd == ["cat", "/etc/greeting"] and .Config.Env == ["A=1", "B=two words"] and
		.Config.Labels.who == "me" and .Config.User == "7" and .Config.WorkingDir == "/tmp" and
		(.Config.ExposedPorts | keys) == ["53/udp", "80/tcp"] and (.Config.Volumes | keys) == ["/data"] and
		.Config.StopSignal == "SIGINT" and .Config.Entrypoint == ["/bin/sh", "-c", "run it"]' out
	run host_tare history a/b:1
	expect_line 'made here'
	run host_tare import --change 'FROM x' fs.tar
	expect_error "no instruction that changes"
	run host_tare import --change 'CMD [1]' fs.tar
	expect_error 'no array of strings'
	run host_tare import /nonexistent
	expect_error "read '/nonexistent'"
	: >empty
	run host_tare import empty
	expect_error 'the archive is empty'
}

@test "names: tags, ids, digests; ambiguous, absent and impossible ones" {
	small_tar fs.tar
	first=$(host_tare import fs.tar x:1)
	small_tar fs2.tar other
	second=$(host_tare import fs2.tar x:2)
	host_tare tag x:1 localhost:5000/y/z
	[[ $(image_id localhost:5000/y/z:latest) = "$first" ]]
	[[ $(image_id "${second#sha256:}") = "$second" && $(image_id "${second:7:12}") = "$second" ]]
	[[ $(host_tare images --quiet --no-trunc x | sort -u | wc -l) = 2 ]]
	[[ $(host_tare images --format '{{.Repository}}:{{.Tag}}' --filter 'reference=x:*' | sort | tr '\n' ' ') = 'x:1 x:2 ' ]]
	run host_tare tag nothing:1 x:3
	expect_error 'no such image: nothing:1'
	run host_tare tag x:1 'Upper/Case'
	expect_error 'pper'
	run host_tare tag x:1 "x@$first"
	expect_error 'a name with a tag is wanted'
	# a tag moves on: its image stays, without a name
	host_tare tag x:2 x:1
	[[ $(image_id x:1) = "$second" ]]
	host_tare rmi localhost:5000/y/z >out
	[[ $(image_id x:1) = "$second" ]]
	run image_id "$first"
	expect_error 'no such image'
}

@test "rmi: names one by one, ids with --force, and nothing that is needed" {
	small_tar fs.tar
	host_tare import fs.tar x:1 >id
	host_tare tag x:1 x:2
	run host_tare rmi "$(cut -c 8-19 id)"
	expect_error 'has 2 names'
	run host_tare rmi x:1
	expect_output 'Untagged: x:1'
	run host_tare rmi x:2
	expect_line '^Untagged: x:2$'
	expect_line "^Deleted: $(<id)\$"
	[[ $(find "$TARE_ROOT/layers" -mindepth 1 -maxdepth 1 | wc -l) = 1 ]] # tare/base
	run host_tare rmi x:1
	expect_error 'no such image'
	host_tare rmi --force x:1
	host_tare import fs.tar x:1 >id
	host_tare tag x:1 x:2
	host_tare rmi --force "$(cut -c 8-19 id)"
	run host_tare images x
	expect_no_line '^x '
}

@test "prune removes images without a name; with --all those with one" {
	small_tar fs.tar
	host_tare import fs.tar >out
	host_tare import fs.tar x:1 >out
	host_tare image prune --force >out
	grep -q 'reclaimed space' out
	[[ $(host_tare images --quiet --filter dangling=true | wc -l) = 0 ]]
	host_tare images | grep -q '^x '
	# what an interrupted pull has left is for the next one, unless all goes
	truncate -s 1M "$TARE_ROOT/ingest/sha256-$(printf '%064d' 1)"
	host_tare image prune --force >out
	[[ -e $TARE_ROOT/ingest/sha256-$(printf '%064d' 1) ]]
	host_tare image prune --all --force >out
	[[ ! -e $TARE_ROOT/ingest/sha256-$(printf '%064d' 1) ]]
	run host_tare images
	expect_no_line '^x '
}

@test "an archive is the same whenever it is saved, and comes back as it was" {
	local format

	small_tar fs.tar
	host_tare import fs.tar x:1 >out
	host_tare tag x:1 reg.example:5000/y:2
	for format in docker-archive oci-archive; do
		host_tare save --format $format --output "$format.1" x:1 reg.example:5000/y:2
		host_tare save --format $format x:1 reg.example:5000/y:2 >"$format.2"
		cmp "$format.1" "$format.2"
		host_tare save --format $format tare/base >base.tar
		rm -rf "$TARE_ROOT"
		host_tare load --input "$format.1" >out
		grep -qx 'Loaded image: x:1' out
		grep -qx 'Loaded image: reg.example:5000/y:2' out
		host_tare save --format $format --output "$format.3" x:1 reg.example:5000/y:2
		cmp "$format.1" "$format.3"
	done
	run host_tare save --format zip x:1
	expect_error "unknown format 'zip'"
	run host_tare save --output /nonexistent/x x:1
	expect_error "write '/nonexistent/x'"
	run host_tare save nothing:1
	expect_error 'no such image'
}

@test "an image without layers is one, in and out" {
	echo '{"architecture":"amd64","os":"linux","config":{"Cmd":["x"]},"rootfs":{"type":"layers","diff_ids":[]}}' >c.json
	echo '[{"Config":"c.json","RepoTags":["zero:1"],"Layers":[]}]' >manifest.json
	tar -cf zero.tar c.json manifest.json
	host_tare load --quiet -i zero.tar
	[[ $(host_tare image inspect --format '{{.Id}} {{len .RootFS.Layers}}' zero:1) = "sha256:$(sha256sum <c.json | cut -c 1-64) 0" ]]
	host_tare save -o again.tar zero:1
	host_tare rmi zero:1
	host_tare load --quiet -i again.tar
	[[ $(host_tare image inspect --format '{{json .Config.Cmd}}' zero:1) = '["x"]' ]]
	host_tare system check
}

@test "archives come from a pipe, compressed by gzip or zstd" {
	small_tar fs.tar
	host_tare import fs.tar x:1 >out
	host_tare save x:1 >x.tar
	for by in cat gzip zstd; do
		rm -rf "$TARE_ROOT"
		type -P $by >/dev/null || continue
		$by <x.tar >x.packed
		"$TARE_BUILD/src/tare" load <x.packed >out 2>&1 3>&-
		grep -qx 'Loaded image: x:1' out
	done
}

@test "what is no archive of images is refused with a word on why, and nothing is left" {
	small_tar fs.tar
	run host_tare load --input fs.tar
	expect_error 'there are no images in the archive.*tare import'
	head -c 1000 </dev/urandom >noise
	run host_tare load --input noise
	expect_error 'load: read the archive'
	: >empty
	run host_tare load --input empty
	expect_error 'load'
	mkdir bad
	echo '[{"Config":"../../etc/passwd","Layers":["x"]}]' >bad/manifest.json
	tar -C bad -cf bad.tar .
	run host_tare load --input bad.tar
	expect_error "open '../../etc/passwd' in the archive"
	ln -s /etc/passwd bad/config.json
	echo '[{"Config":"config.json","Layers":[]}]' >bad/manifest.json
	tar -C bad -cf bad.tar .
	run host_tare load --input bad.tar
	((status != 0))
	[[ $(find "$TARE_ROOT/ingest" -mindepth 1 | wc -l) = 0 ]]
}

@test "a layer that is not what its config says is refused, and no image is seen" {
	small_tar fs.tar
	host_tare import fs.tar x:1 >out
	host_tare save --format docker-archive x:1 >x.tar
	mkdir x
	tar -C x -xf x.tar
	config=$(jq -r '.[0].Config' x/manifest.json)
	rm x/index.json x/oci-layout
	sed -i 's/\("diff_ids":\["sha256:\)..../\10000/' "x/$config"
	tar -C x -cf y.tar .
	rm -rf "$TARE_ROOT"
	run host_tare load --input y.tar
	expect_error 'the layer is not what its image says'
	run host_tare images
	expect_no_line '^x '
	host_tare image prune --all --force
	[[ $(find "$TARE_ROOT/layers" -mindepth 1 -maxdepth 1 | wc -l) -le 1 ]]
}

@test "skopeo and umoci read the store as it stands" {
	need_program skopeo umoci
	small_tar fs.tar
	host_tare import --change 'CMD ["sh"]' fs.tar x:1 >out
	name=$TARE_ROOT/store:docker.io/library/x:1
	[[ $(skopeo inspect --config "oci:$name" | jq -r '.config.Cmd[0]') = sh ]]
	umoci stat --image "$name" --json | jq -e '.history | length == 1'
	umoci unpack --rootless --image "$name" bundle
	[[ $(<bundle/rootfs/etc/greeting) = hello ]]
	skopeo copy --quiet "oci:$name" docker-archive:sk.tar:q/x:3
	host_tare load --input sk.tar >out
	grep -q 'q/x:3' out
}

@test "podman loads what tare saves, and tare what podman saves" {
	need_program podman
	small_tar fs.tar
	host_tare import --change 'CMD ["sh"]' fs.tar x:1 >out
	host_tare save x:1 >x.tar
	pod load --quiet --input x.tar
	[[ $(pod image inspect --format '{{.Id}}' x:1) = $(image_id x:1 | cut -c 8-) ]]
	for format in docker-archive oci-archive; do
		pod tag x:1 "p/$format:2"
		pod save --quiet --format $format --output $format.tar "p/$format:2"
		host_tare load --input $format.tar >out
		grep -q "p/$format:2" out
		# the same bytes: the layer was there
		[[ $(host_tare image inspect --format '{{index .RootFS.Layers 0}}' "localhost/p/$format:2") = \
			$(host_tare image inspect --format '{{index .RootFS.Layers 0}}' x:1) ]]
	done
}

@test "an archive is compressed where that is said, or its name says it" {
	small_tar fs.tar
	host_tare import fs.tar x:1 >out
	host_tare save x:1 >x.tar
	for how in gzip:tar.gz gzip:tgz zstd:tar.zst; do
		host_tare save --output "x.${how#*:}" x:1
		"${how%%:*}" -dc <"x.${how#*:}" | cmp - x.tar
		host_tare save --compression "${how%%:*}" x:1 | cmp - "x.${how#*:}"
		host_tare load --input "x.${how#*:}" >out
		grep -q x:1 out
	done
	host_tare save --compression none --output x.gz x:1
	cmp x.gz x.tar
	run host_tare save --compression xz --output x.xz x:1
	expect_error "unknown compression 'xz'"
	[[ ! -e x.xz ]]
	run bash -c 'exec >/dev/full; exec "$0" save --compression gzip x:1' "$TARE_BUILD/src/tare"
	expect_error 'no space left'
}

@test "layers are shared, and the tree shows it" {
	small_tar fs.tar
	host_tare import fs.tar x:1 >out
	host_tare save x:1 >x.tar
	mkdir x
	tar -C x -xf x.tar
	# the same layer under another config
	config=$(jq -r '.[0].Config' x/manifest.json)
	sed -i 's/"os":"linux"/"os":"linux","author":"me"/' "x/$config"
	rm x/index.json x/oci-layout
	jq -c '.[0].RepoTags = ["y:1"]' <x/manifest.json >m && mv m x/manifest.json
	tar -C x -cf y.tar .
	host_tare load --input y.tar >out
	run host_tare image tree x:1 y:1
	expect_line '^[0-9a-f]{12} .* 2 +.*x:1, y:1|y:1, x:1'
	[[ $(find "$TARE_ROOT/layers" -mindepth 1 -maxdepth 1 | wc -l) = 2 ]] # and tare/base
	host_tare rmi x:1 >out
	[[ $(find "$TARE_ROOT/layers" -mindepth 1 -maxdepth 1 | wc -l) = 2 ]]
}

@test "many processes load, remove and list at the same moment, and nothing is lost" {
	local n

	small_tar fs.tar
	host_tare import fs.tar x:1 >out
	host_tare save x:1 >x.tar
	for n in 1 2 3 4; do
		(
			for _ in 1 2 3 4 5; do
				host_tare load --input x.tar
				host_tare tag x:1 "y:$n" || true
				host_tare rmi x:1 || true
				host_tare image prune --force
				host_tare images
			done
		) >"log.$n" 2>&1 &
	done
	wait
	run ! grep -hvE '^(Loaded|Untagged|Deleted|deleted|Total|REPOSITORY|x |y |tare/base|<none>)|no such image' log.*
	host_tare load --input x.tar >out
	host_tare images | grep -q '^x '
}

@test "bootstrap refuses what it cannot make, and what fails on the way leaves no image" {
	run host_tare image bootstrap gentoo:1
	expect_error 'only Debian and its kin'
	run host_tare image bootstrap debian
	expect_error 'as in debian:bookworm'
	for suite in sid@sha256:1 --version -x .; do
		run host_tare image bootstrap "debian:$suite"
		expect_error 'as in debian:bookworm'
	done
	mkdir bin
	printf '#!/bin/sh\necho "half of an archive"\nexit 25\n' >bin/mmdebstrap
	chmod 755 bin/mmdebstrap
	PATH=$PWD/bin:$PATH run host_tare image bootstrap debian:sid
	expect_error 'mmdebstrap ended with 25'
	host_tare images | grep -c debian && false
	# it ends with us, and gets time to put away what it has made
	# shellcheck disable=SC2016 # the stand-in's own words
	printf '#!/bin/sh\ntrap "touch ended; exit 1" TERM\ntouch began\nsleep 30 &\nwait\n' >bin/mmdebstrap
	PATH=$PWD/bin:$PATH "$TARE_BUILD/src/tare" image bootstrap debian:sid >log 2>&1 </dev/null 3>&- &
	wait_for 10 test -e began
	kill -TERM $!
	wait_for 10 test -e ended
	# what it is asked for, and what it makes of a root filesystem
	small_tar fs.tar
	# shellcheck disable=SC2016 # the stand-in's own words
	printf '#!/bin/sh\necho "$*" >"%s/words"\ncat "%s/fs.tar"\n' "$PWD" "$PWD" >bin/mmdebstrap
	PATH=$PWD/bin:$PATH SOURCE_DATE_EPOCH=86400 host_tare image bootstrap --include a,b --include c --variant apt \
		--mirror http://127.0.0.1/x --components main --change 'USER 7' debian:sid my/own:1 >id
	[[ $(<words) = '--variant=apt --components=main --include=a,b --include=c --format=tar sid - http://127.0.0.1/x' ]]
	[[ $(image_id my/own:1) = "$(<id)" ]]
	[[ $(host_tare image inspect --format '{{.Config.User}} {{.Created}} {{json .Config.Cmd}}' my/own:1) = \
		'7 1970-01-02T00:00:00Z ["bash"]' ]]
}

@test "names of strangers' files do no harm to a terminal" {
	small_tar fs.tar
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("tree/\x1b]0;owned\x07")'
	run host_tare layer commit tree y:1
	expect_line 'left out'
	[[ $output != *$'\e'* && $output != *$'\a'* ]]
}

@test "what killed commands have left goes with the next, and what one holds stays" {
	local layer load

	small_tar fs.tar
	host_tare import fs.tar x:1 >out
	host_tare save x:1 >x.tar
	layer=$(find "$TARE_ROOT/layers" -mindepth 1 -maxdepth 1 -newer fs.tar -printf '%f\n' | head -n 1)
	# half removed, half unpacked, half loaded
	mkdir -p "$TARE_ROOT"/layers/tmp-{gone-"$layer"/left,123/root/left,early-0123/root} "$TARE_ROOT/ingest/load-1-2/left"
	touch -d '1 hour ago' "$TARE_ROOT"/layers/tmp-*
	host_tare rmi x:1
	[[ -z $(find "$TARE_ROOT/layers" "$TARE_ROOT/ingest" -name 'tmp-*' -o -name 'load-*') ]]
	# tare/base's
	[[ $(find "$TARE_ROOT/layers" -mindepth 1 -maxdepth 1 | wc -l) = 1 ]]
	# one that is killed while it reads; a repair does not touch one that is alive
	mkfifo pipe
	"$TARE_BUILD/src/tare" load <pipe >log 2>&1 3>&- &
	load=$!
	exec 7>pipe
	head -c 4096 x.tar >&7
	wait_for 10 compgen -G "$TARE_ROOT/ingest/load-*"
	host_tare system check --repair
	compgen -G "$TARE_ROOT/ingest/load-*"
	kill -KILL $load
	exec 7>&-
	wait_for 10 not_running $load
	host_tare load --input x.tar
	[[ -z $(find "$TARE_ROOT/ingest" -name 'load-*') ]]
}

not_running() {
	! kill -0 "$1" 2>/dev/null
}

@test "an archive is there when it is whole; devices and appended files are written to" {
	small_tar fs.tar
	host_tare import fs.tar x:1 >out
	host_tare save x:1 >x.tar
	echo before >all
	host_tare save x:1 >>all
	tail -c +8 all | cmp - x.tar
	mknod full c 1 7
	run host_tare save --output full x:1
	expect_error 'no space left'
	[[ -c full ]]
	run host_tare layer pack --output full tree
	expect_error 'no space left'
	[[ -c full ]]
	mkdir small
	mount -t tmpfs -o size=16k none small
	echo before >small/x.tar
	ln -s small/x.tar link
	run host_tare save --output link tare/base
	[[ $(<small/x.tar) = before && $(ls -A small) = x.tar ]] || status=0
	umount small
	expect_error 'no space left'
	mkdir -p there
	ln -sf there/x.tar link
	: >there/x.tar
	host_tare save --output link x:1
	cmp there/x.tar x.tar
	[[ -L link && $(stat -c %a there/x.tar) = 600 && $(ls -A there) = x.tar ]]
	# what it leads to need not be there, and need not be one link away
	rm there/x.tar
	ln -s ../link there/again
	host_tare save --output there/again x:1
	cmp there/x.tar x.tar
	[[ -L link && -L there/again ]]
	ln -sf round round
	run host_tare save --output round x:1
	expect_error 'symbolic links'
}

@test "two who unpack the same layers do not wait for each other" {
	local n

	mkdir six
	for n in 1 2 3 4 5 6; do
		head -c 2000000 /dev/urandom >noise$n
		tar -cf six/$n.tar noise$n
		sha256sum <six/$n.tar | cut -c 1-64
	done >diffs
	jq -Rnc '{architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: [inputs | "sha256:" + .]}}' <diffs >six/c.json
	echo '[{"Config":"c.json","RepoTags":["six:1"],"Layers":["1.tar","2.tar","3.tar","4.tar","5.tar","6.tar"]}]' >six/manifest.json
	tar -C six -cf six.tar .
	host_tare images >out
	for n in 1 2 3; do
		timeout $((30 * TARE_PATIENCE)) "$TARE_BUILD/src/tare" load --quiet --input six.tar >"log.$n" 2>&1 </dev/null 3>&- &
	done
	wait
	[[ $(cat log.1) = sha256:* && $(<log.1) = "$(<log.2)" && $(<log.2) = "$(<log.3)" ]]
}
