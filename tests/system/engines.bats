# engines.bats - containers of every engine that runs here are found, by whoever looks

# shellcheck disable=SC2030,SC2031 # each test is a subshell, with its teardown
load ../lib
load ../engines
setup() {
	tare_setup
	shell 'exec sleep 1000'
}

teardown() {
	local leaks=''

	end_engines
	own delete --force "$id-own" 2>/dev/null || true
	! type -P crun >/dev/null || crun delete --force "$id-crun" 2>/dev/null || true
	[[ ! $login ]] || without_user || leaks+=" those of $login"
	tare_teardown
	[[ ! $leaks ]] || {
		echo "left behind: processes$leaks"
		return 1
	}
}

login= # of a user that a test made

# own WORD...: tare-runtime as everybody calls it, with its usual state root
own() { "$TARE_RUNTIME" "$@" </dev/null 3>&-; }

# told FILTER [WORD]: what jq makes of it
told() { found "${@:2}" | jq -r "$1"; }

# is_exited ID: for wait_for
is_exited() { [[ $("$TARE_BUILD/src/tare" ps --json --filter status=exited --filter "id=$1" | jq length) = 1 ]]; }

@test "our own container is found by its id, its pid and its cgroup" {
	own run --detach --bundle "$bundle" "$id-own" >/dev/null 2>&1
	pid=$(own state "$id-own" | jq -r .pid)
	[[ $(told '[.engine, .id, .status, .pid, .processes] | join(" ")' "$id-own") = "tare $id-own running $pid 1" ]]
	[[ $(told .id "$pid") = "$id-own" ]]
	[[ $(told .id "tare:$id-own") = "$id-own" ]]
	[[ $(told .bundle "$id-own") = "$bundle" ]]
	exercise tare "$pid"
	cgroup=$(told '.cgroups[] | select(.shared | not).path' "$id-own" | head -n 1)
	[[ $(told .id "$cgroup") = "$id-own" ]]
	run found "runc:$id-own"
	expect_status 127
	expect_error 'no running container is called so'
}

@test "created, running and paused are told apart" {
	own create --bundle "$bundle" "$id-own" >/dev/null 2>&1
	[[ $(told .status "$id-own") = created ]]
	own start "$id-own"
	[[ $(told .status "$id-own") = running ]]
	own pause "$id-own"
	[[ $(told .status "$id-own") = paused ]]
	own resume "$id-own"
	[[ $(told .status "$id-own") = running ]]
	# what has ended is listed for who asks for it
	own kill "$id-own" KILL
	wait_for 20 is_exited "$id-own"
	[[ ! $("$TARE_BUILD/src/tare" ps --all-engines -q --filter "id=$id-own") ]]
	[[ $("$TARE_BUILD/src/tare" ps -aq) = *"$id-own"* ]]
	own delete --force "$id-own"
	[[ $("$TARE_BUILD/src/tare" ps -aq) != *"$id-own"* ]]
	run found "$id-own"
	expect_status 127
}

@test "with another state root it is still found, if not by whom" {
	start_container
	[[ $(told .engine "$(pid_of)") = unknown ]]
	[[ $(told .pid "$(pid_of)") = "$(pid_of)" ]]
}

@test "a process that exec brought in belongs to it, and is not the first" {
	own run --detach --bundle "$bundle" "$id-own" >/dev/null 2>&1
	pid=$(own state "$id-own" | jq -r .pid)
	own exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$id-own" sleep 1000
	[[ $(told '[.id, .pid, .processes] | join(" ")' "$(cat pid)") = "$id-own $pid 2" ]]
}

@test "runc's container is found" {
	need_program runc
	start_runc
	[[ $(told '[.engine, .id, .pid] | join(" ")' "$id-runc") = "runc $id-runc $pid" ]]
	[[ $(told .rootfs "$id-runc") = "$bundle/rootfs" ]]
	exercise runc "$pid"
	runc pause "$id-runc"
	[[ $(told .status "$id-runc") = paused ]]
	runc resume "$id-runc"
}

@test "crun's container is found" {
	need_program crun
	config '.ociVersion = "1.0.0"' # Debian 12's refuses what is newer
	crun run --detach --bundle "$bundle" "$id-crun" </dev/null >/dev/null 2>&1 3>&- ||
		skip "crun does not run here: $(crun run --detach --bundle "$bundle" "$id-crun" 2>&1 </dev/null | head -n 1)"
	pid=$(crun state "$id-crun" | jq -r .pid)
	[[ $(told '[.engine, .id, .pid] | join(" ")' "$id-crun") = "crun $id-crun $pid" ]]
	[[ $(told .bundle "$id-crun") = "$bundle" ]]
	exercise crun "$pid"
}

@test "Podman's container is found, and its monitor is none" {
	need_program podman
	start_podman
	[[ $(told '[.engine, .id, .pid] | join(" ")' "$pid") = "podman $cid $pid" ]]
	[[ $(told .id "podman:${cid:0:20}") = "$cid" ]]
	[[ $(found | grep -c "$cid") = 1 ]]
	exercise podman "$pid"
	podman_ rm --force --time 0 "$cid"
}

# users_podman WORD...: as the user $login, with his own storage, from where he may be
users_podman() {
	env --chdir=/ -i PATH="$PATH" USER="$login" HOME="/home/$login" XDG_RUNTIME_DIR="/run/user/$(id -u "$login")" \
		setpriv --reuid "$login" --regid "$login" --init-groups timeout 60 \
		podman --storage-driver vfs --cgroup-manager cgroupfs --events-backend none \
		--runtime "/home/$login/tare-runtime" "$@" 3>&-
}

@test "an ordinary user's Podman: its container is found, and whose it is" {
	need_program podman
	need_program newuidmap
	login=$id-user
	useradd --create-home "$login"
	install -d -o "$login" "/run/user/$(id -u "$login")"
	install "$TARE_RUNTIME" "/home/$login/tare-runtime"
	mkdir "/home/$login/rootfs"
	tar -C "/home/$login/rootfs" -xf "$TARE_ROOTFS"
	chown -R "$login" "/home/$login/rootfs"
	cid=$(users_podman run --detach --name "$id" --network none --rootfs "/home/$login/rootfs" sleep 1000 \
		2>"$BATS_TEST_TMPDIR/why") || skip "podman does not run here: $(tail -n 1 "$BATS_TEST_TMPDIR/why")"
	pid=$(told .pid "$id")
	[[ $(told '[.engine, .id, .uid] | join(" ")' "$pid") = "podman $cid $(id -u "$login")" ]]
	[[ $(users_podman exec "$id" cat /proc/1/comm) = sleep ]]
	exercise podman "$pid"
}

# without_user: nothing of him is left
without_user() {
	local pid uid

	uid=$(id -u "$login")
	users_podman rm --all --force --time 0 >/dev/null 2>&1 || true
	for pid in $(pgrep -U "$uid"); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	wait_for 10 nobody_of "$uid" || true
	rm -rf --one-file-system "/run/user/$uid"
	userdel --remove "$login" 2>/dev/null
}
nobody_of() { ! pgrep -U "$1" >/dev/null; }

@test "bubblewrap's sandbox is found, though it has neither a name nor a cgroup" {
	need_program bwrap
	start_bwrap
	[[ $(told '[.engine, .processes] | join(" ")' "$pid") = "bubblewrap 2" ]]
	# it is where the test is
	[[ $(told '[.cgroups[] | select(.shared | not)] | length' "$pid") = 0 ]]
	exercise bubblewrap "$(told .pid "$pid")"
	[[ $(told '[.cgroups[] | select(.shared | not)] | length' "$pid") = 0 ]]
}

@test "an ordinary user's sandbox is told to be his" {
	need_program bwrap
	in_background setpriv --reuid 65534 --regid 65534 --clear-groups \
		bwrap --die-with-parent --unshare-user --unshare-pid --ro-bind / / --proc /proc sleep 1000
	wait_for 5 has_sleeper "${started[0]}" || skip "bwrap does not run here: $(cat background)"
	[[ $(told '[.engine, .uid] | join(" ")' "$(sleeper "${started[0]}")") = "bubblewrap 65534" ]]
	in_background bwrap --die-with-parent --unshare-pid --ro-bind / / --proc /proc sleep 1000
	wait_for 5 has_sleeper "${started[1]}"
	[[ $(told .uid "$(sleeper "${started[1]}")") = null ]]
}

@test "Firejail's sandbox is found, and has the name that it was given" {
	need_program firejail
	in_background firejail --quiet --noprofile --name="$id-jail" sleep 1000
	wait_for 20 has_sleeper "${started[0]}" || skip "firejail does not run here: $(cat background)"
	pid=$(told .pid "$(sleeper "${started[0]}")")
	[[ $(told '[.engine, .name] | join(" ")' "$pid") = "firejail $id-jail" ]]
	exercise firejail "$pid"
}

@test "LXC's container is found" {
	need_program lxc-start
	start_lxc
	[[ $(told '[.engine, .id, .pid] | join(" ")' "$pid") = "lxc $id-lxc $pid" ]]
	exercise lxc "$pid"
}

@test "systemd-nspawn's container is found" {
	need_program systemd-nspawn
	start_nspawn
	[[ $(told .engine "$pid") = nspawn ]]
	exercise nspawn "$(told .pid "$pid")"
}

@test "what unshare began is found as a container of nobody's" {
	in_background unshare --fork --kill-child --pid --mount sleep 1000
	wait_for 5 has_sleeper "${started[0]}"
	pid=$(sleeper "${started[0]}")
	[[ $(told '[.engine, .pid, .name] | join(" ")' "$pid") = "unknown $pid sleep" ]]
}

@test "a mount namespace alone makes no container" {
	in_background unshare --mount sh -c 'sleep 1000; :'
	wait_for 5 has_sleeper "${started[0]}"
	run found "$(sleeper "${started[0]}")"
	# where the test itself runs in a service of systemd's, that one has now namespaces of its own
	[[ $status -eq 127 || $(jq -r '[.engine, .cgroups[].shared] | join(" ")' <<<"$output") = 'systemd true' ]]
	inside=("$(sleeper "${started[0]}")")
	kill -KILL "${inside[@]}"
}

# grade WORD [FILTER]: of the container that is meant; what jq makes of the report
grade() { found "$1" - | jq -r "${2-.grade}"; }

@test "a container as spec writes it is graded, with reasons" {
	start_container
	run found "$(pid_of)" -
	expect_status 0
	jq -e '.grade != "F" and .grade != "A"' <<<"$output"
	jq -e '[.findings[].rule] | contains(["host-root"])' <<<"$output"
	jq -e '.noNewPrivileges and .sharedNamespaces - ["cgroup"] == ["user"]' <<<"$output"
	jq -e '(.sensitiveMounts // []) + (.writable // []) == []' <<<"$output"
}

@test "what lets a container out makes its grade an F" {
	config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.noNewPrivileges = false'
	start_container
	[[ $(grade "$(pid_of)") = F ]]
	[[ $(grade "$(pid_of)" '.findings[0].rule') = cap-admin ]]
}

@test "the host's root directory in a container is seen, and where it comes from" {
	config '.mounts += [{destination: "/mnt", type: "bind", source: "/", options: ["bind"]},
		{destination: "/media", type: "bind", source: "/etc", options: ["bind", "ro"]}]'
	start_container
	run grade "$(pid_of)" '.sensitiveMounts[] | [.weight, .source, .target, .writable] | map(tostring) | join(" ")'
	expect_line '^critical / /mnt true$'
	expect_line '^serious /etc /media false$'
	[[ $(grade "$(pid_of)") = F ]]
}

@test "what something else is mounted over is not in the container" {
	need_program bwrap
	in_background bwrap --die-with-parent --unshare-pid --ro-bind / / --proc /proc --dev /dev sleep 1000
	wait_for 5 has_sleeper "${started[0]}" || skip "bwrap does not run here: $(cat background)"
	host_tare inspect-host --json "$(sleeper "${started[0]}")" >grade.json
	jq -e '[.sensitiveMounts[].target] | index("/") != null and index("/dev") == null' grade.json
}

@test "a writable /proc/sys is seen" {
	config 'del(.linux.readonlyPaths, .linux.maskedPaths)'
	start_container
	run grade "$(pid_of)" '.writable | join(" ")'
	expect_line '^/proc/sys( |$)'
	[[ $(grade "$(pid_of)") = F ]]
}

@test "the host's namespaces in a container are seen" {
	config '.linux.namespaces -= [{type: "network"}, {type: "pid"}]'
	own run --detach --bundle "$bundle" "$id-own" >/dev/null 2>&1
	run grade "$id-own" '.sharedNamespaces | join(" ")'
	expect_line '^user pid net'
	[[ $(grade "$id-own") = E ]]
}

@test "bubblewrap's sandbox of everything gets a better grade than a shell of unshare's" {
	need_program bwrap
	in_background bwrap --die-with-parent --unshare-all --uid 1000 --cap-drop ALL --ro-bind "$bundle/rootfs" / --proc /proc --dev /dev sleep 1000
	wait_for 5 has_sleeper "${started[0]}" || skip "bwrap does not run here: $(cat background)"
	in_background unshare --fork --kill-child --pid --mount sleep 1000
	wait_for 5 has_sleeper "${started[1]}"
	good=$(grade "$(sleeper "${started[0]}")")
	bad=$(grade "$(sleeper "${started[1]}")")
	[[ $good < $bad && $bad = F ]]
}

@test "a word that means two containers is refused, with both" {
	own run --detach --bundle "$bundle" "$id-own" >/dev/null 2>&1
	start_container
	in_background unshare --fork --kill-child --pid --mount sleep 1000
	wait_for 5 has_sleeper "${started[0]}"
	run found pidns-
	expect_error "it may be any of [0-9]+: .*:pidns-[0-9]+ \(pid [0-9]+\), [a-z]+:pidns-"
}

@test "an ordinary user finds others' containers by the names of their cgroups" {
	config '.linux.cgroupsPath = "/lxc.payload." + $id' --arg id "$id"
	start_container
	cp "$TARE_BUILD/tests/tool-containers" "/tmp/$id-tool"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "/tmp/$id-tool" "$id"
	rm -f "/tmp/$id-tool"
	expect_status 0
	[[ $(jq -r '[.engine, .pid] | join(" ")' <<<"$output") = "lxc $(pid_of)" ]]
}
