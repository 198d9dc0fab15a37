# image_options.bats - options and filters of the commands on images, with the meanings that docker 28 gives them
# native only: nothing here depends on the version of cgroups
# shellcheck disable=SC2154 # status, output, stderr and lines are bats' own

bats_require_minimum_version 1.5.0
load ../lib
load ../registry

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export TARE_ROOT=$BATS_TEST_TMPDIR/root HOME=$BATS_TEST_TMPDIR
	unset SOURCE_DATE_EPOCH XDG_CONFIG_HOME DOCKER_CONFIG REGISTRY_AUTH_FILE TZ
	mkdir -p tree/etc
	echo hello >tree/etc/greeting
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C tree -cf fs.tar .
}

teardown() {
	! mountpoint -q small || umount small
	[[ ! -d $TARE_ROOT ]] || host_tare system check
	rm -rf "$TARE_ROOT"
}

# an_image NAME DATE [LABEL...]: by a docker-archive, which says when it was made; its id is printed
an_image() {
	local name=$1 date=$2 label

	mkdir -p archive
	cp fs.tar archive/0.tar
	shift 2
	for label; do
		printf '%s\n' "$label"
	done | jq -Rn --arg date "$date" --arg diff "sha256:$(sha256sum <fs.tar | cut -c 1-64)" \
		--arg architecture "${architecture-amd64}" '{$architecture, os: "linux", created: $date,
		config: {Labels: [inputs | split("=") | {key: .[0], value: .[1]}] | from_entries},
		history: [{created: $date, created_by: ("first\tand then, at great length, " + "very " * 20)}],
		rootfs: {type: "layers", diff_ids: [$diff]}}' >archive/config.json
	jq -n --arg name "$name" '[{Config: "config.json", RepoTags: [$name | select(. != "")],
		Layers: ["0.tar"]}]' >archive/manifest.json
	tar -C archive -cf archive.tar .
	host_tare load --quiet --input archive.tar
}

# named FILTER...: the images that these leave, on a line
named() {
	local f words=()

	for f; do
		words+=(--filter "$f")
	done
	host_tare images --format '{{.Repository}}:{{.Tag}}' "${words[@]}" | grep -v '^tare/base' | sort | tr '\n' ' '
}

some_images() {
	an_image a/b:1 2020-01-01T00:00:00Z who=me what= >ids
	an_image a/c:1 2021-01-01T00:00:00Z who=you >>ids
	an_image d:1 2022-01-01T00:00:00Z >>ids
}

# registry: a registry of no images that searches, and lets everybody in; its address goes to the file `address`
registry() {
	python3 - >address 3>&- <<'END' &
import http.server, json
class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        found = [{"name": name, "description": about, "star_count": stars, "is_official": official}
                 for name, about, stars, official in (
                     ("user/few", "of\nfew\tstars", 2, False), ("user/many", "long " * 20, 90, False),
                     ("whole", "official", 40, True))]
        body = json.dumps({"results": found} if self.path.startswith("/v1/search") else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Registry)
print(f"127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
END
	server=$!
	wait_for 20 test -s address
}

@test "booleans are said as docker's are" {
	some_images
	run host_tare images --quiet=false --no-trunc=true d
	expect_line '^d +1 +sha256:[0-9a-f]{64} '
	run host_tare images -q=true d
	expect_line '^[0-9a-f]{12}$'
	run host_tare images --quiet=perhaps
	expect_error "'perhaps' is neither true nor false"
	# -H has no word of its own
	run host_tare history -H d:1
	expect_line 'years ago'
	run host_tare history -H=false d:1
	expect_line '^IMAGE +CREATED AT '
	expect_line '2022-01-01T00:00:00Z'
	run host_tare history --human=false d:1
	expect_line '2022-01-01T00:00:00Z'
}

@test "images --filter: names, labels and times" {
	some_images
	[[ $(named reference='a/*') = 'a/b:1 a/c:1 ' ]]
	# a star ends at a slash, as path.Match's
	[[ $(named reference='*') = 'd:1 ' ]]
	[[ $(named reference='[de]:1') = 'd:1 ' ]]
	[[ $(named reference='a/b' reference='d:*') = 'a/b:1 d:1 ' ]]
	[[ $(named label=who) = 'a/b:1 a/c:1 ' ]]
	[[ $(named label=who=me) = 'a/b:1 ' ]]
	[[ $(named label=what=) = 'a/b:1 ' ]]
	[[ $(named label=who label=what) = 'a/b:1 ' ]]
	[[ $(named label=who=they) = '' ]]
	[[ $(named before=a/c:1) = 'a/b:1 ' ]]
	[[ $(named since=a/c:1) = 'd:1 ' ]]
	[[ $(named since=a/c:1 since=a/b:1) = 'd:1 ' ]]
	[[ $(named until=2021-06-01) = 'a/b:1 a/c:1 ' ]]
	[[ $(named until=2021-01-01T00:00:00Z) = 'a/b:1 ' ]]
	[[ $(named until=1600000000) = 'a/b:1 ' ]]
	[[ $(named until=2021-06-01 until=2020-06-01T00:00) = 'a/b:1 ' ]]
	[[ $(named until=1h) = 'a/b:1 a/c:1 d:1 ' ]]
	[[ $(named until=876000h) = '' ]]
	[[ $(TZ=Etc/GMT+2 named until=2020-12-31T22:00:01) = 'a/b:1 a/c:1 ' ]]
	# a name is one reference more
	[[ $(host_tare images --quiet --filter reference=d a/b | wc -l) = 2 ]]
	run host_tare images --filter until=yesterday
	expect_error "until=yesterday.*neither a duration.*as in"
	run host_tare images --filter reference='[d'
	expect_error "reference=\[d.*no pattern"
	run host_tare images --filter labels=x
	expect_error "labels=x.*did you mean 'label'"
	run host_tare images --filter label
	expect_error "'label' is not understood.*KEY=VALUE"
	run host_tare images --filter dangling=perhaps
	expect_error 'dangling=perhaps.*true or false'
	run host_tare images --filter before=nothing:1
	expect_error 'before=nothing:1.*no such image'
}

@test "images --filter dangling: without any name" {
	some_images
	an_image '' 2023-01-01T00:00:00Z >none
	[[ $(named dangling=true) = '<none>:<none> ' ]]
	[[ $(named dangling=1) = '<none>:<none> ' ]]
	[[ $(named dangling=false) = 'a/b:1 a/c:1 d:1 ' ]]
	# what has no name fits no pattern
	[[ $(named reference='*' reference='*/*') = 'a/b:1 a/c:1 d:1 ' ]]
	run host_tare images --filter dangling=true --filter dangling=false
	expect_error 'dangling.*contradict'
}

@test "images --format: docker's fields" {
	some_images
	host_tare images --format '{{.CreatedAt}}' d:1 >out
	[[ $(<out) = '2022-01-01 00:00:00 +0000 UTC' ]]
	TZ=Etc/GMT-1 host_tare images --format '{{.CreatedAt}}' d:1 >out
	[[ $(<out) = '2022-01-01 01:00:00 +0100 +01' ]]
	host_tare images --no-trunc --format '{{.ID}} {{.Digest}} {{.Containers}} {{.SharedSize}} {{.UniqueSize}}' d:1 >out
	[[ $(<out) = "$(tail -n 1 ids) <none> N/A N/A N/A" ]]
	host_tare images --format json d:1 | jq -e '.Repository == "d" and .Tag == "1" and .Size == .VirtualSize'
	host_tare images --format raw --digests d:1 >out
	grep -qx 'digest: <none>' out && grep -qx "created_at: 2022-01-01 00:00:00 +0000 UTC" out && grep -qx 'tag: 1' out
	run host_tare images --format 'table {{.Tag}}' --digests d
	expect_line '^TAG +DIGEST$'
	expect_line '^1 +<none>$'
	# -q's format stands behind --format, as docker's
	host_tare images --format '{{.Tag}}' d >out
	[[ $(<out) = 1 ]]
}

@test "images --tree: images with their platforms, and nothing that does not go with it" {
	some_images
	host_tare tag d:1 e:1
	run env LC_ALL=C "$TARE_BUILD/src/tare" images --tree --filter reference=a/b --filter reference=d
	expect_line '^IMAGE +ID +DISK USAGE +CONTENT SIZE +EXTRA$'
	expect_line '^a/b:1 +[0-9a-f]{12} '
	expect_line 'linux/amd64 +[0-9a-f]{12} '
	expect_line '^d:1 '
	expect_no_line 'a/c'
	run host_tare image ls --tree
	expect_line '^d:1 *$'
	expect_line '^e:1 +[0-9a-f]{12} '
	for word in --quiet --no-trunc --digests --format=json; do
		run host_tare images --tree "$word"
		expect_error "^tare: images: --tree and ${word%=*} exclude each other"
	done
}

@test "image prune: filters, and what it says" {
	some_images
	an_image '' 2019-01-01T00:00:00Z keep=1 >old
	an_image '' 2023-01-01T00:00:00Z >new
	run host_tare image prune --force --filter until=2018-01-01
	expect_output 'Total reclaimed space: 0B'
	run host_tare image prune --force --filter 'label!=keep'
	expect_line '^Deleted Images:$'
	expect_line "^deleted: $(<new)\$"
	expect_no_line "$(<old)"
	expect_line '^Total reclaimed space: '
	run host_tare image prune --force --filter label=keep=2
	expect_no_line deleted
	run host_tare image prune --force --filter label=keep=1 --filter dangling=true
	expect_line "^deleted: $(<old)\$"
	run host_tare image prune --force --all --filter label=who --filter 'label!=who=you'
	expect_line '^untagged: a/b:1$'
	expect_line "^deleted: $(sed -n 1p ids)\$"
	[[ $(named) = 'a/c:1 d:1 ' ]]
	run host_tare image prune --force --all --filter until=2021-06-01
	expect_line '^untagged: a/c:1$'
	[[ $(named) = 'd:1 ' ]]
	run host_tare image prune --force --filter until=1h --filter until=2h
	expect_error 'until.*more than once'
	run host_tare image prune --force --filter dangling=false
	expect_error 'dangling=false.*--all'
	run host_tare image prune --force --filter reference=x
	expect_error "reference=x.*is not understood"
	run bash -c 'exec "$0" image prune --all --filter until=1h <<<n 3>&-' "$TARE_BUILD/src/tare"
	expect_line 'WARNING! This will remove all images without at least one container associated to them\.'
	expect_line 'Items to be pruned will be filtered with:'
	expect_line '^ *- until=1h$'
	[[ $(named) = 'd:1 ' ]]
}

@test "on a disk without a free byte image prune --all makes room" {
	mkdir small
	mount -t tmpfs -o size=24m none small
	export TARE_ROOT=$PWD/small/root
	some_images
	head -c 1M /dev/zero >"$TARE_ROOT/ingest/sha256-$(printf '%064d' 1)"
	# somebody is at work on the other one
	head -c 1M /dev/zero >"$TARE_ROOT/ingest/sha256-$(printf '%064d' 2)"
	exec {held}>>"$TARE_ROOT/ingest/sha256-$(printf '%064d' 2)"
	flock -x "$held"
	# the last user has closed the database: whoever opens it needs room for what it writes beside it
	[[ ! -e $TARE_ROOT/tare.db-shm ]]
	cat /dev/zero >small/full 2>/dev/null || true
	[[ $(df --output=avail small | tail -n 1) -eq 0 ]]
	run host_tare image prune --force
	expect_error 'no space left.*image prune --all'
	run host_tare image prune --all --force
	exec {held}>&-
	[[ -e $TARE_ROOT/ingest/sha256-$(printf '%064d' 2) ]]
	rm small/full
	expect_status 0
	expect_line '^Total reclaimed space: [1-9]'
	[[ $(named) = '' ]]
	host_tare system check
	umount small
	TARE_ROOT=$BATS_TEST_TMPDIR/root
}

@test "--platform: the image is for it, or there is none" {
	some_images
	architecture=arm64 an_image arm:1 2020-01-01T00:00:00Z >arm
	host_tare image inspect --platform linux/amd64 --format '{{.Id}}' d:1 >out
	[[ $(<out) = "$(tail -n 1 ids)" ]]
	host_tare history --platform linux/arm64/v8 --quiet --no-trunc arm:1 >out
	[[ $(head -n 1 out) = "$(<arm)" ]]
	host_tare save --platform linux/amd64 d:1 >one.tar
	host_tare save d:1 | cmp - one.tar
	for command in 'image inspect' history save rmi; do
		# shellcheck disable=SC2086 # of two words
		run host_tare $command --platform linux/s390x d:1
		expect_line 'd:1 is for linux/amd64, not for linux/s390x'
		((status != 0))
		# shellcheck disable=SC2086
		run host_tare $command --platform 'a b' d:1
		expect_line "platform 'a b' is not understood"
	done
	run host_tare rmi --platform linux/arm64,linux/amd64 arm:1
	expect_line 'arm:1 is for linux/arm64, not for linux/amd64'
	host_tare image inspect --platform linux d:1 >out
	host_tare rmi --platform linux/arm64 arm:1 >out
	run host_tare image inspect arm:1
	expect_line 'no such image'
}

@test "import is for DOCKER_DEFAULT_PLATFORM, as docker's, where no other is said" {
	DOCKER_DEFAULT_PLATFORM=linux/arm64 host_tare import fs.tar x:1 >out
	DOCKER_DEFAULT_PLATFORM=linux/arm64 host_tare import --platform linux/s390x fs.tar x:2 >out
	host_tare image inspect --format '{{.Architecture}}' x:1 x:2 >out
	[[ $(tr '\n' ' ' <out) = 'arm64 s390x ' ]]
	DOCKER_DEFAULT_PLATFORM='a b' run host_tare import fs.tar x:1
	expect_error "platform 'a b' is not understood"
}

@test "load --platform takes what is for it" {
	an_image a:1 2020-01-01T00:00:00Z >out
	architecture=arm64 an_image b:1 2020-01-01T00:00:00Z >out
	host_tare save --output both.tar a:1 b:1
	host_tare save --format oci-archive --output oci.tar a:1 b:1
	for archive in both.tar oci.tar; do
		host_tare rmi --force a:1 b:1 >out
		run host_tare load --platform linux/arm64 --input "$archive"
		expect_output 'Loaded image: b:1'
		run host_tare load --platform linux/s390x --input "$archive"
		expect_error 'no image in the archive is for linux/s390x'
	done
	run host_tare load --platform 'a b' --input both.tar
	expect_error "platform 'a b' is not understood"
}

@test "load --platform chooses from an archive of several platforms" {
	need_program skopeo
	an_image x:1 2020-01-01T00:00:00Z >amd
	architecture=arm64 an_image y:1 2020-01-01T00:00:00Z >arm
	for name in x y; do
		host_tare save --format oci-archive $name:1 | tar -xf - --one-top-level=$name
		jq -c --arg of "$(host_tare image inspect --format '{{.Architecture}}' $name:1)" \
			'.manifests[0] | del(.annotations) + {platform: {os: "linux", architecture: $of}}' <$name/index.json
	done >descriptors
	mkdir -p all/blobs/sha256
	cp x/oci-layout all/
	cp x/blobs/sha256/* all/blobs/sha256/
	cp y/blobs/sha256/* all/blobs/sha256/
	jq -sc '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' <descriptors >index
	digest=$(sha256sum <index | cut -c 1-64)
	cp index "all/blobs/sha256/$digest"
	jq -n --arg digest "sha256:$digest" --arg size "$(stat -c %s index)" '{schemaVersion: 2, manifests: [
		{mediaType: "application/vnd.oci.image.index.v1+json", $digest, size: $size | tonumber,
		annotations: {"io.containerd.image.name": "docker.io/library/both:1"}}]}' >all/index.json
	tar -C all -cf all.tar .
	for name in amd arm; do
		host_tare load --quiet --platform "linux/${name}64" --input all.tar >out
		[[ $(host_tare image inspect --format '{{.Id}}' both:1) = "$(<$name)" ]]
	done
	run host_tare load --platform linux/s390x --input all.tar
	expect_error 's390x.*linux/amd64, linux/arm64'
}

@test "history: docker's fields, cut as docker cuts them" {
	some_images
	LC_ALL=C.UTF-8 host_tare history --format '{{.CreatedBy}}|{{.CreatedAt}}|{{.ID}}' d:1 >out
	[[ $(<out) = "first and then, at great length, very very v…|2022-01-01T00:00:00Z|$(tail -n 1 ids | cut -c 8-19)" ]]
	LC_ALL=C host_tare history --format '{{.CreatedBy}}' d:1 >out
	[[ $(<out) = "first and then, at great length, very very..." ]]
	host_tare history --no-trunc --format '{{.CreatedBy}}|{{.ID}}' d:1 >out
	grep -q 'very very very very very very very' out
	grep -q "$(tail -n 1 ids)" out
	TZ=Etc/GMT-1 host_tare history --human=false --format '{{.CreatedSince}} {{.Size}}' d:1 >out
	grep -qE '^2022-01-01T01:00:00\+01:00 [0-9]+$' out
}

@test "search: filters, the most stars first, and docker's fields" {
	registry
	found() {
		host_tare search --format '{{.Name}}' "$@" "$(<address)/x" 2>&1 | tr '\n' ' '
	}
	all=$(found)
	starred=$(found --filter stars=40)
	starred_more=$(found --filter stars=2 --filter stars=50)
	official=$(found -f is-official=true)
	others=$(found -f is-official=false)
	automated=$(found --filter is-automated=true)
	few=$(found --limit 2)
	LC_ALL=C.UTF-8 host_tare search --format '{{.Name}}|{{.Description}}|{{.StarCount}}|{{.IsOfficial}}' "$(<address)/x" >fields
	host_tare search --no-trunc --format '{{.Description}}' "$(<address)/x" >whole
	host_tare search --format json "$(<address)/x" >found.json
	run host_tare search --limit 101 "$(<address)/x"
	kill "$server"
	expect_error '101.*1 to 100'
	[[ $all = 'user/many whole user/few ' ]]
	[[ $starred = 'user/many whole ' && $starred_more = 'user/many ' ]]
	[[ $official = 'whole ' && $others = 'user/many user/few ' && $automated = '' ]]
	[[ $(wc -w <<<"$few") = 2 ]]
	grep -qxF 'user/many|long long long long long long long long long…|90|' fields
	grep -qxF 'user/few|of few stars|2|' fields
	grep -qxF 'whole|official|40|[OK]' fields
	grep -q "$(printf 'long %.0s' {1..20} | sed 's/ $//')" whole
	jq -se '.[0] | .StarCount == "90" and .IsOfficial == "false"' found.json
	run host_tare search --filter stars=some x
	expect_error 'stars=some.*whole number'
	run host_tare search --filter name=x x
	expect_error "name=x.*is not understood.*is-official"
}

@test "search looks through all pages of a catalog" {
	need_program docker-registry
	start_registry small '' 'catalog: {maxentries: 1000}'
	for n in {1000..3100}; do
		printf 'small.store/docker/registry/v2/repositories/r%s/_layers\0' "$n"
	done | xargs -0 mkdir -p
	run host_tare search --format '{{.Name}}' "$(<small)/r3099"
	first=$output
	run host_tare search --limit 30 --format '{{.Name}}' "$(<small)/r3"
	stop_registries
	[[ $first = r3099 ]]
	((${#lines[@]} == 30))
}

@test "login warns of passwords in the open, wherever they are kept" {
	registry
	run host_tare login --username me --password secret "$(<address)"
	[[ $status != 0 ]] || {
		expect_line '^tare: warn: .*--password .*--password-stdin'
		expect_line "^tare: warn: .*unencrypted.*'$HOME/.docker/config.json'.*credential helper"
	}
	first=$status
	run bash -c 'exec "$0" login --authfile auth.json --username me --password-stdin "$1" <<<secret 3>&-' \
		"$TARE_BUILD/src/tare" "$(<address)"
	kill $server
	expect_status 0
	((first == 0))
	expect_line "^tare: warn: .*unencrypted.*'auth.json'"
	expect_no_line 'password-stdin'
}

@test "a SOURCE_DATE_EPOCH that is none is refused" {
	for word in yesterday -1 1.5 99999999999999999999; do
		SOURCE_DATE_EPOCH=$word run host_tare image bootstrap debian:bookworm x
		expect_error "SOURCE_DATE_EPOCH: '$word' is no number of seconds"
		SOURCE_DATE_EPOCH=$word run host_tare layer commit --from tare/base tree tree
		expect_error "SOURCE_DATE_EPOCH: '$word' is no number of seconds"
	done
}

@test "flags of docker's that change nothing here, and those that cannot be had" {
	some_images
	for command in pull push; do
		run host_tare "$command" --disable-content-trust=false 127.0.0.1:1/x
		expect_error 'disable-content-trust'
		run host_tare "$command" --disable-content-trust 127.0.0.1:1/x
		expect_no_line 'disable-content-trust'
	done
	run --separate-stderr host_tare push --platform linux/s390x d:1
	((status != 0))
	output=$stderr
	expect_line 'd:1 is for linux/amd64, not for linux/s390x'
}
