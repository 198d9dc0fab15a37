# pull_odd.bats - what may be odd about images, names and terminals, at the real docker-registry
# native only: registries have nothing to do with cgroups, and the guests have no network
# shellcheck disable=SC2154 # status and output are bats' own

bats_require_minimum_version 1.5.0
load ../lib
load ../registry
load ../pull

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
	python3 - "$plain" >address 3>&- <<'END' &
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
	wait_for 20 test -s address
	run host_tare pull "$(<address)/t$BATS_TEST_NUMBER:1"
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
	need_quiet_fetch
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
	need_quiet_fetch
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
		[[ $(host_tare image inspect --format '{{.Architecture}}' "$repository@$digest") = "$arch" ]]
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
	need_quiet_fetch
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

@test "an image is removed from its registry, and from nowhere else" {
	need_quiet_fetch
	pushed
	there tag three:1 "$repository:2"
	there push --quiet "$repository:2"
	run there image delete-remote "$repository"
	expect_error 'neither a tag nor a digest'
	run there image delete-remote "$repository:9"
	expect_error "there is no image '9'"
	run there image delete-remote "$repository:1"
	expect_line "^Deleted: $repository@sha256:[0-9a-f]{64}$"
	digest=${output##*@}
	for name in "$repository:1" "$repository:2" "$repository@$digest"; do
		run host_tare pull "$name"
		((status != 0))
	done
	there image inspect "$repository:1" >out
	there push --quiet "$repository:1"
	there image delete-remote "$repository@$digest"
	run host_tare pull --cert-dir nowhere "$repository:1"
	expect_error "--cert-dir 'nowhere'"
	run host_tare image delete-remote --tls-verify false "$secure/x:1"
	expect_error 'tare login'
}

@test "tare-fetch is started before tare-engine; what the environment says of it is not believed" {
	need_quiet_fetch
	local word

	pushed >out
	host_tare pull --quiet "$repository:1"
	strace -f -o calls -e trace=execve "$TARE_BUILD/src/tare" --root "$TARE_ROOT" pull --quiet "$repository:1"
	grep -o 'tare-[a-z]*", \["' calls | cut -d'"' -f 1 >order
	[[ $(tr '\n' ' ' <order) = "tare-fetch tare-engine " ]]
	# no socket, no child, no number; the socket of somebody else's process
	for word in '0 1' '9 1' '1 99999' 'x' '3 1 4' '' "3 $$"; do
		run env TARE_FETCH_STARTED="$word" "$TARE_BUILD/src/tare-engine" --root "$TARE_ROOT" pull --quiet "$repository:1"
		expect_output "$repository:1"
	done
	# strace ends when all of them have; nobody asks tare-fetch anything here
	run timeout 20 strace -f -o gone -e trace=execve "$TARE_BUILD/src/tare" pull --nonsense "$repository:1"
	expect_status 125
	grep -q '"[^"]*/tare-fetch"' gone
}
