#!/usr/bin/env bats
# native only: registries have nothing to do with cgroups, and the guests have no network
# registry.bats - registries: a real one, plain, with TLS and with passwords; and an odd one
# (registry_odd.py), in which the repository's name says what is wrong with it

load ../lib
load ../registry

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	make_certificates
	mkdir odd
	python3 "$BATS_TEST_DIRNAME/registry_odd.py" odd tls.crt tls.key 3>&- &
	echo $! >pids
	! command -v docker-registry >/dev/null || start_registries
	wait_for_file odd/ready
}

teardown_file() {
	local pid

	while read -r pid; do
		kill "$pid"
	done <"$BATS_FILE_TMPDIR/pids"
}

setup() {
	remote=$TARE_BUILD/tests/tool-remote
	shared=$BATS_FILE_TMPDIR
	[[ -x $TARE_BUILD/src/tare-fetch ]] || skip "tare-fetch is not built"
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p home/run out
	export HOME=$PWD/home CONTAINERS_REGISTRIES_CONF=$PWD/registries.conf
	unset XDG_CONFIG_HOME DOCKER_CONFIG REGISTRY_AUTH_FILE HTTP_PROXY HTTPS_PROXY \
		NO_PROXY http_proxy https_proxy no_proxy
	export XDG_RUNTIME_DIR=$PWD/home/run
	: >registries.conf
	odd=$(cat "$shared/odd/main")
	other=$(cat "$shared/odd/other")
	odd_tls=$(cat "$shared/odd/tls")
	digest=$(cat "$shared/odd/digest")
	me=(user=user password=secret)
}

# asks WORD...: tool-remote, bounded in time
asks() {
	run --separate-stderr timeout 60 "$remote" "$@"
}

has() {
	[[ $output = *"$1"* ]] || {
		echo "no '$1' in: $output"
		return 1
	}
}

needs_registry() {
	[[ -e $shared/plain ]] || skip "there is no docker-registry"
	plain=$(cat "$shared/plain")
	secure=$(cat "$shared/secure")
}

# make_blob FILE SIZE: sets $blob to its digest
make_blob() {
	head -c "$2" /dev/urandom >"$1"
	blob=sha256:$(sha256sum "$1" | cut -c 1-64)
}

# --- a real registry --------------------------------------------------------------------------

@test "an image is pushed, pulled, listed and deleted" {
	local type=application/vnd.oci.image.manifest.v1+json layer config

	needs_registry
	make_blob layer 5000000 && layer=$blob
	make_blob config 300 && config=$blob
	asks push "$plain/whole" layer "$layer" && has "sent 5000000"
	asks push "$plain/whole" layer "$layer" && has "existed"
	asks chunk=100 push "$plain/whole" config "$config" && has "sent 300"
	asks push "$plain/linked" layer "$layer" whole && has "mounted"
	printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":300},"layers":[{"mediaType":"%s","digest":"%s","size":5000000}]}' \
		"$type" application/vnd.oci.image.config.v1+json "$config" \
		application/vnd.oci.image.layer.v1.tar "$layer" >manifest
	asks put "$plain/whole:x" manifest "$type" && has put
	asks head "$plain/whole:x" && has "sha256:$(sha256sum manifest | cut -c 1-64) $type $(stat -c %s manifest)"
	timeout 60 "$remote" manifest "$plain/whole:x" >again
	cmp manifest again
	asks blobs "$plain/whole" "$layer=5000000" "$config=300" out
	[[ $status = 0 ]] && has "good 5000000" && has "good 300"
	cmp layer "out/${layer#sha256:}"
	asks tags "$plain/whole" && [[ $output = x ]]
	asks catalog "$plain" && has whole && has linked
	asks search "$plain" hol && [[ $output = "whole||0|" ]]
	asks exists "$plain/whole" "$layer" && [[ $output = yes ]]
	asks delete "$plain/whole@sha256:$(sha256sum manifest | cut -c 1-64)" && has deleted
	asks head "$plain/whole:x"
	[[ $status = 1 ]] && has "there is no image 'x' in '$plain/whole'" && has "class: 2"
}

@test "what podman and skopeo push is pulled, and the other way round" {
	needs_registry
	command -v skopeo >/dev/null || skip "there is no skopeo"
	mkdir image && echo hello >image/file && tar -C image -cf layer.tar file
	mkdir -p layout/blobs/sha256
	python3 - <<-'END'
		import hashlib, json
		def put(data):
		    name = hashlib.sha256(data).hexdigest()
		    open("layout/blobs/sha256/" + name, "wb").write(data)
		    return {"digest": "sha256:" + name, "size": len(data)}
		layer = open("layer.tar", "rb").read()
		kind = "application/vnd.oci.image."
		l = {"mediaType": kind + "layer.v1.tar", **put(layer)}
		c = {"mediaType": kind + "config.v1+json", **put(json.dumps({"architecture": "amd64", "os": "linux",
		    "rootfs": {"type": "layers", "diff_ids": [l["digest"]]}}).encode())}
		m = {"mediaType": kind + "manifest.v1+json", **put(json.dumps({"schemaVersion": 2,
		    "mediaType": kind + "manifest.v1+json", "config": c, "layers": [l]}).encode()),
		    "annotations": {"org.opencontainers.image.ref.name": "x"}}
		json.dump({"schemaVersion": 2, "manifests": [m]}, open("layout/index.json", "w"))
		json.dump({"imageLayoutVersion": "1.0.0"}, open("layout/oci-layout", "w"))
	END
	skopeo copy --preserve-digests --dest-tls-verify=false oci:layout:x "docker://$plain/theirs:x" >/dev/null
	# shellcheck disable=SC2094 # "manifest" is a command there
	timeout 60 "$remote" manifest "$plain/theirs:x" >manifest
	cmp manifest "layout/blobs/sha256/$(sha256sum manifest | cut -c 1-64)"
	asks put "$plain/theirs:again" manifest application/vnd.oci.image.manifest.v1+json && has put
	skopeo copy --preserve-digests --src-tls-verify=false "docker://$plain/theirs:again" oci:back:x >/dev/null
	cmp manifest "back/blobs/sha256/$(sha256sum manifest | cut -c 1-64)"
}

@test "TLS needs an authority, and passwords a log-in" {
	needs_registry
	asks login "$secure"
	[[ $status = 1 ]] && has "signed by an unknown authority" && has "/etc/tare/certs.d/$secure/ca.crt"
	asks certs="$shared/certs" login "$secure"
	[[ $status = 1 ]] && has "class: 4"
	asks certs="$shared/certs" user=user password=wrong login "$secure"
	[[ $status = 1 ]] && has "class: 4"
	asks certs="$shared/certs" "${me[@]}" login "$secure" && has "logged in"
	asks verify=false "${me[@]}" login "$secure" && has "logged in"
	make_blob layer 1000
	asks certs="$shared/certs" "${me[@]}" push "$secure/a" layer "$blob" && has "sent 1000"
	asks certs="$shared/certs" blobs "$secure/a" "$blob=1000" out
	[[ $status = 1 ]] && has "access to '$secure/a' is denied" && has "tare login $secure"
}

@test "certificates and insecure are found in the user's files" {
	needs_registry
	mkdir -p "home/.config/containers/certs.d/$secure"
	cp "$shared/ca.crt" "home/.config/containers/certs.d/$secure/"
	asks "${me[@]}" login "$secure" && has "logged in"
	rm -r home/.config
	printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$secure" >registries.conf
	asks "${me[@]}" login "$secure" && has "logged in"
	echo '[[registry' >registries.conf
	asks login "$secure"
	[[ $status = 1 ]] && has "registries.conf': line 1: "
	printf '[[registry]]\nlocation = "%s"\nblocked = true\n' "$secure" >registries.conf
	asks head "$secure/a:b"
	[[ $status = 1 ]] && has "is blocked"
}

@test "what login stored is used, and forgotten by logout" {
	needs_registry
	asks store "$secure" user secret && [[ $output = "$HOME/.docker/config.json" ]]
	[[ $(stat -c %a home/.docker/config.json) = 600 ]]
	asks certs="$shared/certs" tags "$secure/none"
	[[ $status = 1 ]] && has "class: 2"
	asks erase "$secure" && [[ $output = erased ]]
	asks erase "$secure" && [[ $output = nothing ]]
	asks certs="$shared/certs" tags "$secure/none"
	[[ $status = 1 ]] && has "class: 4"
}

@test "a host without a registry says so" {
	asks head 127.0.0.1:1/a:b
	[[ $status = 1 ]] && has "it does not take connections" && has "class: 7"
	asks head no-such-host.invalid/a:b
	[[ $status = 1 ]] && has "there is no such host" && has "class: 2"
}

# What runs in a network of its own, where 10.9.9.9 is no loopback address.
elsewhere() {
	local tries at

	ip link set lo up
	ip address add 10.9.9.9/32 dev lo
	for at in 10.9.9.9:5000 '[::1]:5000'; do
		printf '%s\n' 'version: 0.1' 'log: {level: error}' \
			"storage: {filesystem: {rootdirectory: $PWD/store}}" "http: {addr: '$at'}" >"$at.yml"
		docker-registry serve "$at.yml" 3>&- >"$at.log" 2>&1 &
	done
	trap 'kill $(jobs -p)' EXIT
	for ((tries = 0; tries < 300; tries++)); do
		[[ $(ss -Hltn | grep -c :5000) != 2 ]] || break
		sleep 0.1
	done
	timeout 60 "$1" head 10.9.9.9:5000/a:x >strict || true
	timeout 60 "$1" verify=false head 10.9.9.9:5000/a:x >lax || true
	timeout 60 "$1" head '[::1]:5000/a:x' >six || true
}

@test "plain HTTP is spoken to loopback, and to who is configured insecure" {
	needs_registry
	export -f elsewhere
	unshare --net bash -euo pipefail -c 'elsewhere "$1"' - "$remote"
	grep "it does not speak TLS" strict
	grep "there is no image 'x' in '10.9.9.9:5000/a'" lax
	grep "there is no image 'x' in '\[::1\]:5000/a'" six
}

@test "requests go through a proxy, but not to loopback" {
	HTTP_PROXY=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 asks head "$odd/plain:x"
	[[ $status = 0 ]]
	HTTPS_PROXY=http://127.0.0.1:1 asks retries=0 head registry.invalid/plain:x
	[[ $status = 1 ]] && has "Failed to connect to 127.0.0.1 port 1"
	NO_PROXY=.invalid HTTPS_PROXY=http://127.0.0.1:1 asks retries=0 head registry.invalid/plain:x
	[[ $status = 1 ]] && has "no such host"
}

# --- who we are, and who else hears it --------------------------------------------------------

@test "Basic and Bearer are answered, with the right credentials only" {
	asks "${me[@]}" head "$odd/basic:x" && has sha256:
	asks user=user password=bad head "$odd/basic:x"
	[[ $status = 1 ]] && has "denied to 'user'"
	asks "${me[@]}" head "$odd/bearer:x" && has sha256:
	asks head "$odd/bearer:x"
	[[ $status = 1 ]] && has "lets nobody in without a name" && has "tare login $odd"
	asks user=user password=bad head "$odd/bearer:x"
	[[ $status = 1 ]] && has "the credentials of 'user' are not accepted"
}

@test "a log-in is tried by Basic or by the token server" {
	asks "${me[@]}" login "$other" && has "logged in"
	asks user=user password=bad login "$other"
	[[ $status = 1 ]] && has "the credentials of 'user' are not accepted" && has "class: 4"
	asks login "$other"
	[[ $status = 1 ]] && has "lets nobody in without a name"
}

@test "an identity token is exchanged for tokens" {
	printf '{"auths":{"%s":{"auth":"%s","identitytoken":"identity"}}}' "$odd" \
		"$(printf 'user:' | base64)" >auth.json
	asks authfile=auth.json head "$odd/bearer:x" && has sha256:
}

@test "a token server without encryption, at a metadata address, or that sends no token gets nothing" {
	asks "${me[@]}" head "$odd/bearerclear:x"
	[[ $status = 1 ]] && has "which is not encrypted"
	asks "${me[@]}" head "$odd/bearermeta:x"
	[[ $status = 1 ]] && has "an address that only this machine can reach"
	asks "${me[@]}" head "$odd/badtoken:x"
	[[ $status = 1 ]] && has "sends no token"
	asks "${me[@]}" head "$odd/deeptoken:x"
	[[ $status = 1 ]] && has "sends no token"
	run ! grep -q X-Evil "$shared/odd/main.log"
}

@test "credentials never arrive at another origin" {
	local canary before

	before=$(wc -l <"$shared/odd/other.log")
	canary=$(printf 'user:secret' | base64)
	asks "${me[@]}" blobs "$odd/redirect" "$digest=3000000" out && has "good 3000000"
	grep -q "GET /v2/plain/blobs/$digest||" "$shared/odd/other.log"
	asks "${me[@]}" blobs "$odd/steal" "$digest=3000000" out
	[[ $status = 1 ]] && has "class: 4"
	grep -q "GET /v2/basic/blobs/$digest||" "$shared/odd/other.log"
	asks "${me[@]}" push "$odd/uploadelse" "$shared/odd/blob" "$digest" && has "sent 3000000"
	grep -q "PUT /upload" "$shared/odd/other.log"
	tail -n "+$((before + 1))" "$shared/odd/other.log" >heard
	[[ $(wc -l <heard) -ge 3 ]]
	run ! grep -qF "$canary" heard
	# the test can fail: the registry itself has them
	grep -qF "$canary" "$shared/odd/main.log"
}

@test "redirects are followed where they may lead, and not for ever" {
	asks retries=0 blobs "$odd/loop" "$digest=3000000" out
	[[ $status = 1 ]] && has "more than 10 times"
	for repo in metadata metahex; do
		asks blobs "$odd/$repo" "$digest=3000000" out
		[[ $status = 1 ]] && has "an address that only this machine can reach"
	done
	asks blobs "$odd/scheme" "$digest=3000000" out
	[[ $status = 1 ]] && has "which is no URL"
	asks certs="$shared/certs" blobs "$odd_tls/downgrade" "$digest=3000000" out
	[[ $status = 1 ]] && has "from https to 'http://"
	asks verify=false blobs "$odd_tls/downgrade" "$digest=3000000" out && has "good 3000000"
}

# --- what is answered -------------------------------------------------------------------------

@test "a manifest that is not what its digest says is refused" {
	asks manifest "$odd/wrong:x"
	[[ $status = 1 ]] && has "its bytes are sha256:"
	asks manifest "$odd/wrong@$(cat "$shared/odd/manifest-digest")"
	[[ $status = 1 ]] && has "its bytes are sha256:"
	# a digest that is none is as good as no digest
	asks manifest "$odd/confused:x"
	[[ $status = 0 ]]
	asks head "$odd/confused:x" && [[ $output = ":"* ]]
}

@test "what is no manifest is refused by its type" {
	asks manifest "$odd/html:x"
	[[ $status = 1 ]] && has "of type 'text/html'"
	asks manifest "$odd/schema1:x"
	[[ $status = 1 ]] && has "schema 1" && has "skopeo copy" && has "class: 5"
}

@test "answers and headers without an end have one" {
	asks manifest "$odd/endless:x"
	[[ $status = 1 ]] && has "longer than is allowed" && has "class: 6"
	asks manifest "$odd/headers:x"
	[[ $status = 1 ]] && has "the headers of its answer have no end"
}

@test "a blob of another size is refused, before and while it comes" {
	asks blobs "$odd/longer" "$digest=3000000" out
	[[ $status = 1 ]] && has "another size for this blob" && has "failed after 0"
	asks blobs "$odd/longerchunks" "$digest=3000000" out
	[[ $status = 1 ]] && has "more than the blob's size"
	asks blobs "$odd/plain" "$digest=2999999" out
	[[ $status = 1 ]] && has "another size for this blob"
	asks blobs "$odd/flipped" "$digest=3000000" out && has "WRONG 3000000"
}

@test "what is cut short goes on where it ended, with and without ranges" {
	for repo in truncated norange cutchunks; do
		asks blobs "$odd/$repo" "$digest=3000000" out
		[[ $status = 0 ]] && has "good 3000000" && [[ $output != *" 0 retries"* ]]
		cmp "$shared/odd/blob" "out/${digest#sha256:}"
	done
	grep -q "GET /v2/truncated/blobs/$digest||bytes=2200000-" "$shared/odd/main.log"
	asks blobs "$odd/plain" "$digest=3000000+2999000" out && has "rest 1000"
	asks blobs "$odd/badrange" "$digest=3000000" out
	[[ $status = 1 ]] && has "another part than was asked for"
	asks retries=1 blobs "$odd/half" "$digest=3000000" out
	[[ $status = 1 ]] && has "its answer was cut short"
}

@test "several blobs come side by side, and one can be let go" {
	local one=$digest=3000000

	asks parallel=2 blobs "$odd/plain" "$one" "$one" "$one" "$one" "$one" "$one" out
	[[ $status = 0 && $(grep -c "good 3000000" <<<"$output") = 6 ]]
	asks cancel=100000 blobs "$odd/plain" "$digest=3000000" out
	[[ $status = 1 ]] && has "nobody wants the answer any more"
}

@test "moods pass: 503, and 429 with a time that is bearable" {
	asks head "$odd/moody:x" && has sha256:
	asks head "$odd/later:x" && has sha256:
	asks head "$odd/limited:x"
	[[ $status = 1 ]] && has "too many requests of ours" && has "left: 0 of 100" && has "again after 3600 s" && has "class: 6"
	asks head "$odd/counted:x" && has "pulls left 76"
	asks manifest "$odd/denied:x"
	[[ $status = 1 ]] && has "(DENIED)" && [[ $output != *$'\x1b'* ]]
}

@test "who stands still is given up" {
	for repo in slow slowhead; do
		asks stall=1000 retries=0 blobs "$odd/$repo" "$digest=3000000" out
		[[ $status = 1 ]] && has "it is too slow" && has "class: 6"
	done
}

@test "lists have pages, and an end" {
	asks limit=25 tags "$odd/many"
	[[ $status = 0 && ${#lines[@]} = 25 ]]
	asks catalog "$odd" && [[ $output = a/b ]]
	asks search "$odd" debian && has "|9|official" && has "user/app||0|"
}

@test "a piece of an upload that failed is sent again from where it arrived" {
	asks chunk=1000000 push "$odd/patchy" "$shared/odd/blob" "$digest" && has "sent 3000000"
}

@test "mirrors are asked first, and left when they fail, in the middle of a blob, too" {
	printf '[[registry]]\nprefix = "%s/plain"\n[[registry.mirror]]\nlocation = "%s"\n' "$odd" \
		"$other/half" >registries.conf
	asks blobs "$odd/plain" "$digest=3000000" out
	[[ $status = 0 ]] && has "good 3000000 from $odd"
	grep -q "GET /v2/half/blobs/$digest||" "$shared/odd/other.log"
	grep -q "GET /v2/plain/blobs/$digest||bytes=1500000-" "$shared/odd/main.log"
	sed -i 's,/half,/plain,' registries.conf
	asks blobs "$odd/plain" "$digest=3000000" out && has "from $other"
	sed -i 's,/plain"$,/wrong",; s,prefix = .*,prefix = "'"$odd"'/plain",' registries.conf
	# a mirror that lies about a manifest is passed over
	asks manifest "$odd/plain@$(cat "$shared/odd/manifest-digest")"
	[[ $status = 0 ]]
	echo 'pull-from-mirror = "digest-only"' >>registries.conf
	asks head "$odd/plain:x"
	run ! grep -q "HEAD /v2/wrong" "$shared/odd/other.log"
}

# --- what tare-fetch can do -------------------------------------------------------------------

# start_slow: a pull that takes its time, by $pid, and its tare-fetch, $fetch
start_slow() {
	local tries

	"$remote" stall=20000 blobs "$odd/slow" "$digest=3000000" out >said 2>&1 3>&- &
	pid=$!
	for ((tries = 0; tries < 300; tries++)); do
		fetch=$(pgrep -P "$pid" -x tare-fetch || true)
		[[ -z $fetch ]] || ! grep -q '^Seccomp:.2' "/proc/$fetch/status" || return 0
		sleep 0.1
	done
	return 1
}

@test "a plain user pulls, and so does root of a user namespace of one user" {
	asks head "$odd/plain:x" && has sha256:
	run timeout 60 unshare -Ur "$remote" head "$odd/plain:x"
	[[ $status = 0 ]] && has sha256:
	run timeout 60 setpriv --reuid 65533 --regid 65533 --clear-groups env HOME=/ XDG_RUNTIME_DIR=/none \
		CONTAINERS_REGISTRIES_CONF=/dev/null "$remote" head "$odd/plain:x"
	# who may not come to this tree cannot be tried
	[[ $status != 126 && $status != 127 ]] || skip "this tree is closed to others"
	[[ $status = 0 ]] && has sha256:
}

@test "if tare-fetch is killed, every question fails" {
	local pid fetch status=0

	start_slow
	kill -9 "$fetch"
	wait "$pid" || status=$?
	[[ $status = 1 ]]
	grep -q "'tare-fetch' has ended before its time" said
}

@test "tare-fetch is nobody, without capabilities, and ends with its caller" {
	local pid fetch tries

	start_slow
	grep -qE '^Uid:.65534.65534.65534.65534' "/proc/$fetch/status"
	grep -qE '^Gid:.65534.65534.65534.65534' "/proc/$fetch/status"
	grep -qE '^Groups:[[:space:]]*$' "/proc/$fetch/status"
	for tries in Inh Prm Eff Bnd Amb; do
		grep -qE "^Cap$tries:.0+$" "/proc/$fetch/status"
	done
	grep -qE '^NoNewPrivs:.1' "/proc/$fetch/status"
	grep -qE '^Seccomp:.2' "/proc/$fetch/status"
	kill -9 "$pid"
	for ((tries = 0; tries < 300; tries++)); do
		[[ -e /proc/$fetch ]] || return 0
		sleep 0.1
	done
	echo "tare-fetch is still there"
	return 1
}
