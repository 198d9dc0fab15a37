# shellcheck shell=bash
# shellcheck disable=SC2034 # what these set is used by the tests
# pull.bash - what the tests of pull share: registries for a file of tests, and an image of three layers

setup_file() {
	need_program docker-registry openssl htpasswd
	cd "$BATS_FILE_TMPDIR" || return
	make_certificates
	start_registries
	# three layers, each large enough to be cut in the middle
	mkdir image
	for n in 0 1 2; do
		mkdir -p "tree$n/dir$n"
		head -c 6000000 /dev/urandom >"tree$n/dir$n/noise"
		echo "layer $n" >"tree$n/text"
		tar --sort=name --mtime=@0 --owner=0 --group=0 -C "tree$n" -cf "image/$n.tar" .
		sha256sum "image/$n.tar" | cut -c 1-64
	done >diffs
	jq -Rn '{architecture: "amd64", os: "linux", config: {Cmd: ["cat", "/text"]},
		rootfs: {type: "layers", diff_ids: [inputs | "sha256:" + .]}}' <diffs >image/config.json
	gzip -1n image/0.tar image/1.tar
	echo '[{"Config":"config.json","RepoTags":["three:1"],"Layers":["0.tar.gz","1.tar.gz","2.tar"]}]' >image/manifest.json
	tar -C image -cf three.tar .
}

teardown_file() {
	cd "$BATS_FILE_TMPDIR" || return
	[[ ! -e pids ]] || stop_registries
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	plain=$(<"$BATS_FILE_TMPDIR/plain") secure=$(<"$BATS_FILE_TMPDIR/secure")
	repository=$plain/t$BATS_TEST_NUMBER
	mkdir -p home/run
	export HOME=$PWD/home XDG_RUNTIME_DIR=$PWD/home/run CONTAINERS_REGISTRIES_CONF=$PWD/registries.conf
	unset XDG_CONFIG_HOME DOCKER_CONFIG REGISTRY_AUTH_FILE HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy
	: >registries.conf
	export TARE_ROOT=$BATS_TEST_TMPDIR/root
}

teardown() {
	[[ ! -d $TARE_ROOT ]] || host_tare system check
	rm -rf "$TARE_ROOT" there
}

# there WORD...: tare with a second store
there() {
	TARE_ROOT=$BATS_TEST_TMPDIR/there host_tare "$@"
}

# pushed [TAG]: the image of three layers, in the registry, and not here
pushed() {
	there load --quiet --input "$BATS_FILE_TMPDIR/three.tar"
	there tag three:1 "$repository:${1-1}"
	there push --quiet "$repository:${1-1}"
}

id_of() {
	host_tare image inspect --format '{{.Id}}' "$1"
}

# Where sanitizers are built in, tare-fetch says a line of its own: for tests that want one line.
need_quiet_fetch() {
	! grep -q __asan_init "$TARE_BUILD/src/tare-fetch" || skip "the sanitizer has something to say, too"
}
