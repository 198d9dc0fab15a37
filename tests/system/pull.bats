# pull.bats - pull, push, login and search by the command, at the real docker-registry
# native only: registries have nothing to do with cgroups, and the guests have no network
# shellcheck disable=SC2154 # status and output are bats' own

bats_require_minimum_version 1.5.0
load ../lib
load ../registry

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
	! grep -q __asan_init "$TARE_BUILD/src/tare-fetch" || skip "the sanitizer has something to say, too"
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
	run host_tare pull --platform linux/s390x "$repository:1"
	((status == 0)) || expect_error 's390x'
}

@test "with a password and a certificate: login, push, pull, search, logout" {
	! grep -q __asan_init "$TARE_BUILD/src/tare-fetch" || skip "the sanitizer has something to say, too"
	local how=(--cert-dir "$BATS_FILE_TMPDIR/certs")

	run "$TARE_BUILD/src/tare" login "${how[@]}" --username user --password-stdin "$secure" <<<wrong 3>&-
	expect_error "log in to $secure"
	run "$TARE_BUILD/src/tare" login "${how[@]}" --username user --password-stdin "$secure" <<<secret 3>&-
	expect_output 'Login Succeeded'
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

@test "rmi by digest takes that name only, and a repository's last tag its digests" {
	local digest id

	pushed >out
	host_tare pull --quiet "$repository:1"
	digest=$(host_tare images --digests --format '{{.Digest}}' "$repository")
	id=$(id_of "$repository:1")
	host_tare tag "$repository:1" kept:1
	run host_tare rmi "$repository@$digest"
	expect_output "Untagged: $repository@$digest"
	[[ $(id_of kept:1) = "$id" && $(id_of "$repository:1") = "$id" ]]
	host_tare pull --quiet "$repository:1"
	run host_tare rmi "$repository:1"
	expect_line "^Untagged: $repository:1\$"
	expect_line "^Untagged: $repository@$digest\$"
	expect_no_line '^Deleted'
	[[ $(id_of kept:1) = "$id" ]]
	run host_tare rmi kept:1
	expect_line "^Deleted: $id\$"
}

@test "a part that a power cut has spoilt is fetched anew" {
	local layer late

	pushed >out
	layer=$(sha256sum <"$BATS_FILE_TMPDIR/image/0.tar.gz" | cut -c 1-64)
	host_tare images >out
	{
		head -c 2000000 "$BATS_FILE_TMPDIR/image/0.tar.gz"
		head -c 2000000 /dev/zero
	} >"$TARE_ROOT/ingest/sha256-$layer"
	# the rest of it comes late, when what unpacks it has long come upon the zeros
	python3 - "$plain" >at 3>&- <<'END' &
import http.server, sys, time, urllib.request
class Late(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ask = urllib.request.Request(f"http://{sys.argv[1]}{self.path}", headers=dict(self.headers), method=self.command)
        with urllib.request.urlopen(ask) as answer:
            self.send_response(answer.status)
            for key, value in answer.headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.flush()
            time.sleep("Range" in self.headers)
            self.wfile.write(answer.read())
    do_HEAD = do_GET
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Late)
print(f"127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
END
	late=$!
	wait_for 20 test -s at
	run host_tare pull "$(<at)/t$BATS_TEST_NUMBER:1"
	kill $late
	((status == 0)) || show_run
	[[ $(cat "$TARE_ROOT"/layers/*/text | sort | tr '\n' ,) = 'layer 0,layer 1,layer 2,' ]]
}

@test "a log-in that is interrupted leaves the terminal as it was" {
	python3 - "$TARE_BUILD/src/tare" "$plain" <<'END'
import os, pty, signal, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(sys.argv[1], ["tare", "login", "--username", "me", sys.argv[2]])
said = b""
while b"Password: " not in said:
    said += os.read(fd, 1000)
for _ in range(100):
    if not termios.tcgetattr(fd)[3] & termios.ECHO:
        break
    time.sleep(0.05)
else:
    sys.exit("what is typed is shown")
os.write(fd, b"\x03")
_, status = os.waitpid(pid, 0)
assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, status
assert termios.tcgetattr(fd)[3] & termios.ECHO, "what is typed is hidden for ever"
END
}

@test "an image for another machine is refused where a platform is asked for, else warned of" {
	pushed >out
	run host_tare pull --quiet --platform linux/s390x "$repository:1"
	expect_error 'is for linux/amd64, not for linux/s390x'
	run host_tare images "$repository"
	expect_no_line "^$repository"
	cp -r "$BATS_FILE_TMPDIR/image" s390x
	jq -c '.architecture = "s390x"' <"$BATS_FILE_TMPDIR/image/config.json" >s390x/config.json
	jq -c '.[0].RepoTags = ["s390x:1"]' <"$BATS_FILE_TMPDIR/image/manifest.json" >s390x/manifest.json
	tar -C s390x -cf s390x.tar .
	there load --quiet --input s390x.tar
	there tag s390x:1 "$repository:s390x"
	there push --quiet "$repository:s390x"
	run host_tare pull "$repository:s390x"
	((status == 0))
	expect_line 'is for linux/s390x, and does not run on this machine'
	run host_tare pull "$repository:s390x"
	expect_line 'Image is up to date'
	run host_tare pull --platform linux/s390x "$repository:s390x"
	expect_line 'Image is up to date'
}

@test "a name with a digest is the image that came last by it" {
	local arch digest

	for arch in amd64 s390x; do
		cp -r "$BATS_FILE_TMPDIR/image" $arch
		jq -c ".architecture = \"$arch\"" <"$BATS_FILE_TMPDIR/image/config.json" >$arch/config.json
		jq -c ".[0].RepoTags = [\"$repository:$arch\"]" <"$BATS_FILE_TMPDIR/image/manifest.json" >$arch/manifest.json
		tar -C $arch -cf $arch.tar .
		there load --quiet --input $arch.tar >out
		there push --quiet "$repository:$arch" >out
		skopeo inspect --raw --tls-verify=false "docker://$repository:$arch" >$arch.json
		jq -n --arg arch $arch --arg digest "sha256:$(sha256sum <$arch.json | cut -c 1-64)" --argjson size "$(stat -c %s $arch.json)" \
			'{mediaType: "application/vnd.oci.image.manifest.v1+json", $digest, $size, platform: {os: "linux", architecture: $arch}}'
	done >list
	jq -cs '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' <list >index.json
	cp index.json both.json
	put both
	digest=sha256:$(sha256sum <index.json | cut -c 1-64)
	for arch in s390x amd64 s390x; do
		host_tare pull --quiet --platform linux/$arch "$repository@$digest"
		[[ $(host_tare image inspect --format '{{.Architecture}}' "$repository@$digest") = $arch ]]
		run host_tare pull --platform linux/$arch "$repository@$digest"
		expect_line 'Image is up to date'
	done
	run host_tare pull --platform linux/riscv64 "$repository:both"
	expect_line 'no manifest for linux/riscv64 .*linux/amd64, linux/s390x'
	# what an index says of its manifests must be so
	jq -c '.manifests[0].size += 1' <index.json >size.json
	put size
	run host_tare pull --quiet --platform linux/amd64 "$repository:size"
	expect_error 'bytes, and not [0-9]* as its index says'
	jq -c '.manifests[0].mediaType = "application/vnd.docker.distribution.manifest.v2+json"' <index.json >type.json
	put type
	run host_tare pull --quiet --platform linux/amd64 "$repository:type"
	expect_error "not 'application/vnd.docker.distribution.manifest.v2.json' as its index says"
}

# put NAME: NAME.json, an index, by that tag into the registry
put() {
	python3 - "http://$plain/v2/t$BATS_TEST_NUMBER/manifests/$1" "$1.json" <<'END'
import sys, urllib.request as r
r.urlopen(r.Request(sys.argv[1], open(sys.argv[2], "rb").read(), {"Content-Type": "application/vnd.oci.image.index.v1+json"}, method="PUT"))
END
}

@test "a short name is looked for where registries.conf says" {
	pushed >out
	printf 'unqualified-search-registries = ["127.0.0.1:1", "%s"]\n[aliases]\nother = "%s"\n' "$plain" "$repository" >registries.conf
	host_tare pull "${repository#*/}:1" >out
	grep -qx "$repository:1" out
	[[ $(id_of "${repository#*/}:1") = $(id_of "$repository:1") ]]
	host_tare image tags "${repository#*/}" >out
	grep -qx 1 out
	run host_tare rmi "${repository#*/}:1"
	expect_line "^Untagged: $repository:1\$"
	host_tare pull --quiet other:1 >out
	grep -qx "$repository:1" out
	run host_tare pull --quiet nothing/here
	expect_error "127.0.0.1:1.*; .*$plain"
	sed -i '1i short-name-mode = "enforcing"' registries.conf
	run host_tare pull --quiet "${repository#*/}:1"
	expect_error "may mean 2 images.*$repository:1"
	host_tare pull --quiet other:1 >out
}

@test "bars fit into the terminal" {
	pushed >out
	python3 - "$TARE_BUILD/src/tare" "$repository:1" <<'END'
import fcntl, os, pty, re, struct, sys, termios
for columns in (30, 60, 80, 300):
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 3, columns, 0, 0))
        os.execv(sys.argv[1], ["tare", "--root", f"{os.environ['TARE_ROOT']}-{columns}", "pull", sys.argv[2]])
    said = b""
    while True:
        try:
            said += os.read(fd, 65536)
        except OSError:
            break
    assert os.waitpid(pid, 0)[1] == 0, said
    bars = [re.sub(r"\x1b\[\d*[A-Z]", "", line) for line in said.decode().split("\r\n") if "Downloading" in line]
    assert bars and all(len(bar) <= columns for bar in bars), (columns, bars)
    assert columns < 60 or all("[" in bar for bar in bars), (columns, bars)
    assert all(int(up) <= 2 for up in re.findall(r"\x1b\[(\d+)A", said.decode())), said
END
	rm -rf "$TARE_ROOT"-*
}

@test "a layer that comes twice, compressed in two ways, is unpacked once" {
	mkdir twice tree
	head -c 300000 /dev/urandom >tree/noise
	tar -C tree -cf twice/a.tar .
	gzip -1nc twice/a.tar >twice/1.tar.gz
	gzip -9nc twice/a.tar >twice/2.tar.gz
	run ! cmp -s twice/1.tar.gz twice/2.tar.gz
	jq -nc --arg a "sha256:$(sha256sum <twice/a.tar | cut -c 1-64)" \
		'{architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: [$a, $a]}}' >twice/c.json
	echo '[{"Config":"c.json","RepoTags":["twice:1"],"Layers":["1.tar.gz","2.tar.gz"]}]' >twice/manifest.json
	tar -C twice -cf twice.tar .
	there load --quiet --input twice.tar
	there tag twice:1 "$repository:twice"
	there push --quiet "$repository:twice"
	timeout 20 "$TARE_BUILD/src/tare" pull "$repository:twice" >out 2>&1 </dev/null 3>&-
	[[ $(grep -c 'Pull complete' out) = 2 ]]
	run host_tare pull "$repository:twice"
	expect_line 'Image is up to date'
}
