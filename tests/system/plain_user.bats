#!/usr/bin/env bats
# plain_user.bats - the runtime called by a user who is nobody special: no root, no user namespace
# around him, no cgroup of his own

bats_require_minimum_version 1.5.0
load ../lib

user=65534

setup() {
	local dir

	need_program setpriv
	tare_setup
	# he must reach the runtime, the bundle and his state; all of it is below folders of root's
	for dir in "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"; do
		chmod o+x "$dir"
	done
	mkdir "$BATS_TEST_TMPDIR/home" "$state"
	mv "$bundle" "$BATS_TEST_TMPDIR/home/bundle"
	bundle=$BATS_TEST_TMPDIR/home/bundle
	rm "$bundle/config.json"
	chown "$user:$user" "$BATS_TEST_TMPDIR/home" "$bundle" "$state"
	as_user test -x "$TARE_RUNTIME" || skip "user $user does not reach $TARE_RUNTIME"
	as_user unshare --user true 2>/dev/null || skip 'plain users may not make user namespaces here'
	as_user "$TARE_RUNTIME" spec --rootless --bundle "$bundle"
	config '.process.terminal = false'
}

teardown() {
	[[ ! $delegated ]] || find "$delegated" -depth -type d -exec rmdir {} + || true
	tare_teardown
}
delegated=

# as_user COMMAND...: with nothing in the environment but PATH, and VARIABLES
as_user() {
	setpriv --reuid "$user" --regid "$user" --clear-groups env -i PATH="$PATH" "${variables[@]}" "$@"
}
variables=()

# user_tare ARGUMENT...: with the test's state root, which is the user's
user_tare() {
	as_user "$TARE_RUNTIME" --root "$state" "$@"
}

run_as_user() {
	run user_tare run --bundle "$bundle" "$id"
}

start_as_user() {
	program sleep 1000
	user_tare run --detach --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
}

# What a host that gives its users no cgroup says; where it does, there is nothing to refuse.
need_no_cgroup() {
	local dir

	dir=$(controller_dir pids)
	[[ $dir ]] || skip 'needs the cgroup controller pids'
	! as_user test -w "$dir" || skip "user $user may make cgroups in $dir"
}

@test "the bundle that spec --rootless writes runs, and its user is root inside" {
	shell 'id -u; cat /proc/1/comm; cat /proc/self/uid_map; test -e /sys/kernel && echo sysfs'
	run_as_user
	expect_status 0
	[[ ${lines[0]} = 0 && ${lines[1]} = sh && ${lines[3]} = sysfs ]] || show_run
	expect_line "^ *0 +$user +1$"
	[[ -z $(ls -A "$state") ]]
}

@test "a plain user's container with and without a cgroup namespace sees the cgroup that it is in" {
	need_no_cgroup
	shell 'grep -c " /sys/fs/cgroup" /proc/self/mountinfo >/dev/null && ls /sys/fs/cgroup'
	run_as_user
	expect_status 0
	[[ ${#lines[@]} -gt 0 ]] || show_run
	config '.linux.namespaces |= map(select(.type != "cgroup")) + [{type: "cgroup"}]'
	run_as_user
	expect_status 0
	[[ ${#lines[@]} -gt 0 ]] || show_run
}

@test "a plain user's folder is bound with its options, and so is one whose mount has locked flags" {
	mkdir "$bundle/data" "$bundle/rootfs/"{rw,ro,shm}
	echo here >"$bundle/data/file"
	chown -R "$user:$user" "$bundle/data"
	config '.mounts += [{destination: "/rw", type: "bind", source: "data", options: ["rbind"]},
		{destination: "/ro", type: "bind", source: "data", options: ["rbind", "ro", "noexec"]},
		{destination: "/shm", type: "bind", source: "/dev/shm", options: ["rbind", "ro"]}]'
	shell 'cat /ro/file; echo new >/rw/new; echo no >/ro/no || echo refused; ls -d /shm'
	run_as_user
	expect_line '^here$'
	expect_line '^refused$'
	expect_line '^/shm$'
	[[ $(cat "$bundle/data/new") = new && ! -e $bundle/data/no ]]
}

@test "a plain user's container answers to exec, state, kill and delete, and leaves nothing" {
	start_as_user
	run user_tare exec "$id" id -u
	expect_output 0
	[[ $(user_tare state "$id" | jq -r .status) = running ]]
	run user_tare kill "$id" KILL
	expect_status 0
	wait_for 10 user_stopped
	user_tare delete "$id"
	[[ -z $(ls -A "$state") ]]
	start_as_user
	user_tare delete --force "$id"
	[[ -z $(ls -A "$state") ]]
}

user_stopped() {
	[[ $(user_tare state "$id" | jq -r .status) = stopped ]]
}

@test "create and start by a plain user" {
	program sleep 1000
	user_tare create --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	user_tare start "$id"
	[[ $(user_tare state "$id" | jq -r .status) = running ]]
	user_tare delete --force "$id"
}

@test "what needs a cgroup of its own says that the plain user's container has none" {
	need_no_cgroup
	start_as_user
	for command in ps pause 'update --pids-limit 9' 'kill --all' 'events --stats'; do
		# shellcheck disable=SC2086 # words
		run user_tare $command "$id"
		expect_error "$id.*has no cgroup"
	done
	run user_tare exec --cgroup sub "$id" true
	expect_error "$id.*has no cgroup"
	[[ $(user_tare state "$id" | jq -r .status) = running ]]
	run user_tare kill --all "$id" KILL
	expect_status 0
	wait_for 10 user_stopped
	user_tare delete "$id"
}

@test "a plain user's limits and cgroupsPath are refused with a hint where he may make no cgroup" {
	need_no_cgroup
	config '.linux.resources = {pids: {limit: 10}}'
	program true
	run_as_user
	expect_error '/linux/resources: create cgroup .*ermission denied.*delegated'
	config "del(.linux.resources) | .linux.cgroupsPath = \"/$id\""
	run_as_user
	expect_error 'create cgroup .*ermission denied.*delegated'
	[[ -z $(ls -A "$state") ]]
}

@test "a plain user who has a cgroup delegated has his containers there" {
	need_cgroup v2 hybrid
	delegated=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)/$id-delegated
	mkdir -p "$delegated/caller"
	chown "$user" "$delegated"{,/caller}{,/cgroup.procs,/cgroup.subtree_control}
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	program sleep 1000
	(
		echo "$BASHPID" >"$delegated/caller/cgroup.procs"
		user_tare run --detach --bundle "$bundle" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	)
	[[ $(<"$delegated/$id/cgroup.procs") ]]
	run user_tare ps --format json "$id"
	[[ $output = "[$(user_tare state "$id" | jq .pid)]" ]] || show_run
	user_tare pause "$id"
	[[ $(user_tare state "$id" | jq -r .status) = paused ]]
	user_tare resume "$id"
	user_tare delete --force "$id"
	[[ ! -e $delegated/$id ]]
}

@test "device rules ask a plain user for nothing: he has no more devices than his own" {
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	program echo ran
	run_as_user
	expect_output ran
}

@test "binds that only root can make are refused to a plain user by name" {
	program true
	cp "$bundle/config.json" config.json
	config '.mounts += [{destination: "/mnt", type: "bind", source: "/tmp", options: ["rbind", "idmap"]}]'
	run_as_user
	expect_error '/mounts/[0-9]+: .*id-map.*/tmp.*only root'
	ln -s /tmp "$bundle/link"
	cp config.json "$bundle/config.json"
	config '.mounts += [{destination: "/mnt", type: "bind", source: "link", options: ["rbind", "src-nofollow"]}]'
	run_as_user
	expect_error '/mounts/[0-9]+: .*link.*only root'
	cp config.json "$bundle/config.json"
	config '.mounts += [{destination: "/mnt", type: "bind", source: "/sys", options: ["bind"]}]'
	run_as_user
	expect_error 'bind ./sys.: .*rbind'
	[[ -z $(ls -A "$state") ]]
}

@test "a plain user adds a file system to a container that runs, but no bind from the host" {
	start_as_user
	echo '[{"destination": "/mnt", "type": "bind", "source": "/etc", "options": ["rbind"]}]' >"$bundle/bind"
	run user_tare mounts add "$id" "$bundle/bind"
	expect_error 'bind ./etc. .*only root'
	echo '[{"destination": "/mnt", "type": "tmpfs", "source": "added"}]' >"$bundle/tmpfs"
	user_tare mounts add "$id" "$bundle/tmpfs"
	run user_tare exec "$id" cat /proc/mounts
	expect_line '^added /mnt tmpfs'
	user_tare delete --force "$id"
}

@test "a plain user's container without cgroup manager, and one without a user namespace" {
	shell 'ls /sys/fs/cgroup | grep -c .'
	run user_tare --cgroup-manager disabled run --bundle "$bundle" "$id"
	expect_status 0
	expect_no_line '^0$'
	config 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))'
	run_as_user
	expect_error 'without root, a user namespace is needed'
	[[ -z $(ls -A "$state") ]]
}

@test "a plain user's containers are kept in XDG_RUNTIME_DIR, and without it he is told of --root" {
	program true
	mkdir "$bundle/../xdg"
	chown "$user:$user" "$bundle/../xdg"
	variables=("XDG_RUNTIME_DIR=$(realpath "$bundle/../xdg")")
	run as_user "$TARE_RUNTIME" run --bundle "$bundle" "$id"
	expect_status 0
	[[ -d $bundle/../xdg/tare ]]
	run as_user "$TARE_RUNTIME" list
	expect_status 0
	# he may be root of a user namespace meanwhile, as rootless podman is
	as_user "$TARE_RUNTIME" create --bundle "$bundle" "$id" >/dev/null 2>&1
	variables+=(USER=somebody)
	[[ $(as_user unshare --user --map-root-user "$TARE_RUNTIME" list --quiet) = "$id" ]]
	as_user "$TARE_RUNTIME" delete --force "$id"
	variables=()
	run as_user "$TARE_RUNTIME" run --bundle "$bundle" "$id"
	expect_error 'state root.*ermission denied.*--root'
}
