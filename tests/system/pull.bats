# pull.bats - pull, push, login and search by the command, at the real docker-registry
# native only: registries have nothing to do with cgroups, and the guests have no network
# shellcheck disable=SC2154 # status and output are bats' own

bats_require_minimum_version 1.5.0
load ../lib
load ../registry
load ../pull

@test "what is pushed comes back the same, by tag and by digest" {
	pushed >out
	run host_tare pull "$repository:1"
	expect_line '^1: Pulling from '
	expect_line '^[0-9a-f]{12}: Pull complete$'
	expect_line '^Digest: sha256:[0-9a-f]{64}$'
	expect_line "^Status: Downloaded newer image for $repository:1\$"
	[[ $(id_of "$repository:1") = $(there image inspect --format '{{.Id}}' three:1) ]]
	digest=$(sed -n 's/^Digest: //p' <<<"$output")
	run host_tare pull "$repository:1"
	expect_line '^Status: Image is up to date'
	host_tare image prune --all --force
	run host_tare pull "$repository@$digest"
	expect_line '^Status: Downloaded newer image'
	[[ $(host_tare images --digests --format '{{.Digest}}' "$repository") = "$digest" ]]
	# what is in the layers
	[[ $(cat "$TARE_ROOT"/layers/*/text | sort | tr '\n' ,) = 'layer 0,layer 1,layer 2,' ]]
}

@test "only what is missing is sent and fetched" {
	pushed >out
	run there push "$repository:1"
	expect_line 'Layer already exists$'
	expect_no_line ': Pushed$'
	there tag three:1 "$plain/elsewhere$BATS_TEST_NUMBER:1"
	run there push "$plain/elsewhere$BATS_TEST_NUMBER:1"
	expect_line 'Mounted from t'
	host_tare load --quiet --input "$BATS_FILE_TMPDIR/three.tar"
	run host_tare pull "$repository:1"
	expect_line 'Digest: '
	expect_no_line 'Pull complete'
}

@test "all tags of a repository" {
	pushed 1 >out
	there tag three:1 "$repository:2"
	there push --all-tags --quiet "$repository" >out
	[[ $(wc -l <out) = 2 ]]
	host_tare image tags "$repository" >out
	[[ $(sort out | tr "\n" " ") = "1 2 " ]]
	host_tare pull --all-tags --quiet "$repository" >out
	[[ $(host_tare images --quiet "$repository" | wc -l) = 2 ]]
}

@test "a pull that is killed goes on where it was, and nothing half is seen" {
	local tries

	pushed >out
	for ((tries = 0; tries < 12; tries++)); do
		timeout -s KILL "0.0$((tries * 2))" "$TARE_BUILD/src/tare" pull "$repository:1" >log 2>&1 3>&- || true
		run host_tare images "$repository"
		expect_no_line ' <none> '
	done
	host_tare system check --repair >out
	host_tare pull "$repository:1" >out
	[[ $(id_of "$repository:1") = $(there image inspect --format '{{.Id}}' three:1) ]]
}

@test "two who pull the same layers do it once, and a third removes meanwhile" {
	local n

	pushed >out
	for n in 1 2 3; do
		host_tare pull "$repository:1" >"log.$n" 2>&1 &
	done
	for n in 1 2 3 4 5; do
		host_tare image prune --force
		host_tare rmi tare/base || true
	done >log 2>&1
	wait
	host_tare pull "$repository:1" >out
	host_tare images | grep -q "^$repository "
	run ! grep -q '^tare: ' log.*
}

@test "errors say what is wrong and what to do next" {
	need_quiet_fetch
	run host_tare pull --quiet "$repository:nothing"
	expect_error "$repository:nothing: "
	run host_tare pull --quiet "127.0.0.1:1/x"
	expect_error '127.0.0.1:1'
	run host_tare pull --quiet "$secure/x"
	expect_error 'certificate'
	run host_tare pull --quiet --cert-dir "$BATS_FILE_TMPDIR/certs" "$secure/x"
	expect_error 'tare login'
	run host_tare pull --quiet 'Bad/Name'
	expect_error 'Bad'
	run host_tare pull --platform what/ever/it/is x
	expect_error 'as in linux/amd64'
	pushed >out
	run host_tare pull --quiet --platform linux/s390x "$repository:1"
	expect_error 's390x'
}

@test "with a password and a certificate: login, push, pull, search, logout" {
	need_quiet_fetch
	local how=(--cert-dir "$BATS_FILE_TMPDIR/certs")

	run "$TARE_BUILD/src/tare" login "${how[@]}" --username user --password-stdin "$secure" <<<wrong 3>&-
	expect_error "log in to $secure"
	run "$TARE_BUILD/src/tare" login "${how[@]}" --username user --password-stdin "$secure" <<<secret 3>&-
	expect_line '^Login Succeeded$'
	expect_line "^tare: warn: the credentials are stored unencrypted in '$HOME/.docker/config.json'"
	[[ $(stat -c %a home/.docker/config.json) = 600 ]]
	host_tare tag tare/base "$secure/base:1"
	host_tare push "${how[@]}" --quiet "$secure/base:1"
	there pull "${how[@]}" --quiet "$secure/base:1"
	run host_tare search "${how[@]}" "$secure/bas"
	expect_line '^base '
	host_tare logout "$secure"
	run there pull --quiet "${how[@]}" "$secure/base:2"
	expect_error 'tare login'
	run host_tare logout "$secure"
	expect_line 'Not logged in'
}

@test "credential helpers that registries.conf lists keep what login is told" {
	local how=(--cert-dir "$BATS_FILE_TMPDIR/certs")

	mkdir bin
	cat >bin/docker-credential-kept <<-'EOF'
		#!/bin/sh
		read -r what
		case $1 in
		store) echo "$what" >kept ;;
		get) [ -s kept ] && cat kept || { echo 'credentials not found in native keychain'; exit 1; } ;;
		erase) rm -f kept ;;
		esac
	EOF
	chmod 755 bin/docker-credential-kept
	echo 'credential-helpers = ["kept", "containers-auth.json"]' >helpers.conf
	export CONTAINERS_REGISTRIES_CONF=$PWD/helpers.conf PATH=$PWD/bin:$PATH
	run "$TARE_BUILD/src/tare" login "${how[@]}" --username user --password-stdin "$secure" <<<secret 3>&-
	expect_output 'Login Succeeded'
	jq -e --arg secure "$secure" '.ServerURL == $secure and .Username == "user" and .Secret == "secret"' kept
	[[ ! -e home/.docker/config.json ]]
	host_tare tag tare/base "$secure/helped:1"
	host_tare push "${how[@]}" --quiet "$secure/helped:1"
	host_tare logout "$secure"
	[[ ! -e kept ]]
	need_quiet_fetch
	run host_tare pull --quiet "${how[@]}" "$secure/helped:2"
	expect_error 'tare login'
}

@test "skopeo and podman pull what tare pushed, and tare what they pushed" {
	need_program skopeo podman
	pushed >out
	skopeo copy --quiet --src-tls-verify=false --dest-tls-verify=false "docker://$repository:1" "docker://$repository:skopeo"
	skopeo copy --quiet --format v2s2 --src-tls-verify=false --dest-tls-verify=false "docker://$repository:1" "docker://$repository:v2s2"
	host_tare pull --quiet "$repository:skopeo"
	host_tare pull --quiet "$repository:v2s2"
	p=(podman --root "$PWD/podman" --runroot "$PWD/podman-run" --storage-driver vfs)
	"${p[@]}" pull --quiet --tls-verify=false "$repository:1" 3>&-
	[[ sha256:$("${p[@]}" image inspect --format '{{.Id}}' "$repository:1" 3>&-) = $(id_of "$repository:skopeo") ]]
	"${p[@]}" tag "$repository:1" "$repository:podman" 3>&-
	"${p[@]}" push --quiet --tls-verify=false "$repository:podman" 3>&-
	host_tare pull --quiet "$repository:podman"
	[[ $(id_of "$repository:podman") = $(id_of "$repository:skopeo") ]]
}

@test "layers that lie here uncompressed are compressed for a push, once, and the same each time" {
	local how first

	there load --quiet --input "$BATS_FILE_TMPDIR/three.tar"
	there tag three:1 "$repository:1"
	there push "$repository:1" | sed -n 's/.* digest: \(.*\) size.*/\1/p' >first
	first=$(<first)
	there image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$repository:1" | grep -qx "$repository@$first"
	skopeo inspect --raw --tls-verify=false "docker://$repository:1" >manifest.json
	[[ sha256:$(sha256sum <manifest.json | cut -c 1-64) = "$first" ]]
	[[ $(jq -r '[.layers[].mediaType | sub(".*tar"; "")] | unique[]' manifest.json) = +gzip ]]
	# what is kept is used: nothing is made anew, also for another repository
	find there/store/blobs | sort >blobs
	there tag three:1 "$repository-two:1"
	[[ $(there push "$repository-two:1") = *"digest: $first "* ]]
	find there/store/blobs | sort | cmp - blobs
	# it goes with its image, and comes back as the image that it is
	host_tare pull --quiet "$repository:1"
	[[ $(host_tare image inspect --format '{{.Id}}' "$repository:1") = "$(there image inspect --format '{{.Id}}' three:1)" ]]
	[[ $(host_tare image inspect --format '{{.Descriptor.digest}}' "$repository:1") = "$first" ]]
	there rmi --force "$(there image inspect --format '{{.Id}}' three:1)"
	there image prune --all --force
	[[ ! -e there/store/blobs/sha256/${first#sha256:} ]]
	# the same again from the beginning
	there load --quiet --input "$BATS_FILE_TMPDIR/three.tar"
	there tag three:1 "$repository:again"
	[[ $(there push "$repository:again") = *"digest: $first "* ]]
	for how in zstd none; do
		there tag three:1 "$repository:$how"
		there push --quiet --compression $how "$repository:$how"
		skopeo inspect --raw --tls-verify=false "docker://$repository:$how" >$how.json
	done
	[[ $(jq -r '.layers[2].mediaType' zstd.json) = *+zstd ]]
	[[ $(jq -r '.layers[2].mediaType' none.json) = *tar ]]
	run there push --compression brotli "$repository:none"
	expect_error "unknown compression 'brotli'"
	TARE_ROOT=$PWD/there host_tare system check
}

@test "a pull needs no more than 40 MiB, however large the image" {
	! grep -q __asan_init "$TARE_BUILD/src/tare-fetch" || skip "the sanitizer needs more itself"
	need_controller memory
	mkdir tree
	for n in 1 2 3 4 5 6 7 8; do
		head -c 12000000 /dev/urandom >"tree/noise$n"
	done
	tar --sort=name --mtime=@0 --owner=0 --group=0 -C tree -cf tree.tar .
	there import tree.tar "$repository:1"
	there push --quiet "$repository:1"
	group=$(controller_dir memory)/tare-pull-$BATS_ROOT_PID
	mkdir "$group"
	# what the kernel keeps of the files that are written counts as well; it lets go of them
	echo 40M >"$group/memory.limit_in_bytes"
	status=0
	(echo "$BASHPID" >"$group/cgroup.procs" && host_tare pull --quiet "$repository:1") >out 2>&1 || status=$?
	killed=$(sed -n 's/^oom_kill //p' "$group/memory.oom_control")
	rmdir "$group"
	cat out
	[[ $status = 0 && $killed = 0 ]]
	[[ $(id_of "$repository:1") = $(there image inspect --format '{{.Id}}' "$repository:1") ]]
}
