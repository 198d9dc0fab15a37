# image_options.bats - options and filters of the commands on images, with the meanings that docker 28 gives them
# native only: nothing here depends on the version of cgroups
# shellcheck disable=SC2154 # status, output and lines are bats' own

bats_require_minimum_version 1.5.0
load ../lib

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
	expect_line '2022-01-01T00:00:00Z'
	run host_tare history --human=false d:1
	expect_line '2022-01-01T00:00:00Z'
}
