# ns.bats - tare ns, side by side with unshare, nsenter, lsns and ip netns: same command, same effect
#
# nothing new with systemd: it works on the kernel, and asks nobody

load ../lib
setup() {
	id=tt-$$-$BATS_TEST_NUMBER
	export state=$BATS_TEST_TMPDIR/state LC_ALL=C
	cd "$BATS_TEST_TMPDIR" || return
	((EUID == 0)) || skip 'needs root'
}

teardown() {
	local pid file name

	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	wait
	for file in "$BATS_TEST_TMPDIR"/ns-*; do
		umount "$file" 2>/dev/null || true
	done
	for name in /run/netns/tr-"$$"*; do
		[[ ! -e $name ]] || ip netns delete "${name##*/}" || true
	done
	for name in /run/tare/ns/tr-"$$"*; do
		[[ ! -e $name ]] || ns release "${name##*/}" || true
	done
	[[ ! -d $BATS_TEST_TMPDIR/bundle ]] || "$TARE_RUNTIME" delete --force "$id" 2>/dev/null || true
	tare_teardown
}

started=()

# in_background COMMAND...: ended by teardown
in_background() {
	"$@" </dev/null >/dev/null 2>&1 3>&- &
	started+=($!)
}

ns() { host_tare ns "$@"; }

# same TARE-COMMAND THEIR-COMMAND OPTION-OR-WORD...: both print the same, and something, with the same
# status. The commands are split at blanks.
same() {
	local ours theirs our_status=0 their_status=0

	# shellcheck disable=SC2086 # words on purpose
	ours=$(host_tare $1 "${@:3}" 2>&1) || our_status=$?
	# shellcheck disable=SC2086
	theirs=$($2 "${@:3}" </dev/null 2>&1 3>&-) || their_status=$?
	[[ $ours && $our_status:$ours = "$their_status:$theirs" ]] || {
		echo "$1 ${*:3}: $our_status, $ours"
		echo "$2: $their_status, $theirs"
		return 1
	}
}

# --- run --------------------------------------------------------------------------------------

@test "ns run does what unshare does" {
	need_program unshare
	# shellcheck disable=SC2016 # for the shell inside
	local look='cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; id -u; id -g
		for i in mnt uts ipc net cgroup; do
			[ "$(readlink /proc/self/ns/$i)" = "$(readlink /proc/'$$'/ns/$i)" ] && echo "$i as before"
		done
		grep -c " / / .*shared" /proc/self/mountinfo'

	same 'ns run' unshare -muinC sh -c "$look; cut -d : -f 1 /proc/self/net/dev"
	same 'ns run' unshare --user --map-root-user --mount sh -c "$look"
	same 'ns run' unshare -c --keep-caps sh -c "$look; grep CapEff /proc/self/status"
	same 'ns run' unshare --map-user=5 --map-group=daemon sh -c "$look"
	# unshare has newuidmap do it, and root may have no subordinate ids
	run ns run -U --map-users 0,100000,10 --map-groups=5:7:10 -S 100003 -G 6 sh -c "$look"
	expect_line '^ *100000 +0 +10$'
	expect_line '^ *5 +7 +10$'
	expect_line '^100003$'
	expect_line '^6$'
	same 'ns run' unshare -U --setgroups deny sh -c "$look"
	same 'ns run' unshare -m --propagation unchanged sh -c "$look"
	same 'ns run' unshare -m --propagation slave -w /usr sh -c "$look; pwd; grep -c master: /proc/self/mountinfo"
	same 'ns run' unshare -f -p --mount-proc sh -c 'echo $$; cat /proc/1/comm; kill -9 $$'
	same 'ns run' unshare --kill-child=TERM -p sh -c 'echo $$; exit 3'
	same 'ns run' unshare --fork -T --monotonic 1000000000 --boottime -1 cat /proc/self/timens_offsets
}

@test "ns run keeps namespaces alive at files, and they are the same as unshare's are for" {
	need_program unshare nsenter
	local by

	for by in "$TARE_BUILD/src/tare ns run" unshare; do
		: >ns-uts
		: >ns-net
		# shellcheck disable=SC2086 # words on purpose
		$by --uts="$PWD/ns-uts" --net="$PWD/ns-net" hostname "$id"
		[[ $(nsenter --uts="$PWD/ns-uts" hostname) = "$id" ]]
		[[ $(ns enter --uts="$PWD/ns-uts" --net="$PWD/ns-net" hostname) = "$id" ]]
		umount ns-uts ns-net
	done
}

@test "the version is printed where the peers print theirs" {
	local words want

	want=$(host_tare version)
	for words in 'ns run -V' 'ns enter -V' 'ns ls -V' 'chroot --version'; do
		# shellcheck disable=SC2086 # words on purpose
		[[ $(host_tare $words) = "$want" ]]
	done
}

@test "ns run has docker's exit codes, and refuses by name what cannot be" {
	run ns run -u "$id-none"
	expect_status 127
	run ns run -u /etc
	expect_status 126
	run ns run -fp sh -c 'kill -TERM $$'
	expect_status 0
	run ns run -f sh -c 'kill -TERM $$'
	expect_status 143
	run ns run --monotonic 5 true
	expect_status 125
	expect_error 'offset of clocks: it needs a new time namespace'
	run ns run --uts=/nowhere/at-all true
	expect_status 125
	run ns run --uts= true
	expect_status 125
	expect_error "option '--uts': the value is empty"
	run ns run --propagation=bogus true
	expect_error 'it is private, slave, shared or unchanged'
	run ns run -U --map-user nobody-there true
	expect_status 125
	expect_error "'/etc/passwd' does not know 'nobody-there'"
}

@test "ns hold, enter and net say what to do where they can do nothing" {
	run ns hold "$id" --pid
	expect_status 125
	expect_error '--target'
	run ns enter --name "$id" true
	expect_status 125
	expect_error "'tare ns held'"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$TARE_BUILD/src/tare" ns net add "$id"
	expect_error 'root'
	[[ $(ns net delete --help) = *'--all '*'forget all'* ]]
}

# --- enter and hold ---------------------------------------------------------------------------

# target: starts a process in new namespaces of all types but time; $inside is it
target() {
	in_background "$TARE_BUILD/src/tare" ns run -muinpUC -r --kill-child --mount-proc \
		sh -c "hostname $id; cd /usr; exec env -i MARK=$id sleep 1000"
	wait_for 20 is_asleep $!
	inside=$(sleeper $!)
}

# sleeper PID: its child that sleeps; there may be a helper beside it for a moment
sleeper() {
	local child

	for child in $(<"/proc/$1/task/$1/children"); do
		[[ $(<"/proc/$child/comm") != sleep ]] || echo "$child"
	done 2>/dev/null
}

is_asleep() { [[ $(sleeper "$1") ]]; }

is_gone() { [[ ! -d /proc/$1 ]]; }

@test "ns enter does what nsenter does" {
	need_program nsenter
	local look='readlink /proc/self/ns/*; id -u; id -g; pwd; hostname; echo ${MARK-none}'

	target
	same 'ns enter' nsenter -t "$inside" -a sh -c "$look"
	same 'ns enter' nsenter --target "$inside" -m -u -i -n -p -C sh -c "$look"
	same 'ns enter' nsenter -t "$inside" -U -u --preserve-credentials sh -c "$look"
	same 'ns enter' nsenter -t "$inside" -a -r -w sh -c "$look"
	same 'ns enter' nsenter -t "$inside" -a -F sh -c 'readlink /proc/self/ns/pid_for_children && echo in'
	same 'ns enter' nsenter -t "$inside" -U -u -S 0 -G 0 sh -c "$look"
	same 'ns enter' nsenter -u"/proc/$inside/ns/uts" --net="/proc/$inside/ns/net" -w/usr sh -c "$look"
	run ns enter -t "$inside" -u --wdns /usr -e /bin/sh -c "$look; exit 7"
	expect_status 7
	expect_line "^$id\$"
	[[ ${lines[*]} = */usr*"$id"*"$id" ]]
	run ns enter -t "$inside"
	expect_status 125
	expect_error 'nothing of process'
	run ns enter -t "$inside" -u "$id-none"
	expect_status 127
	# without SELinux and AppArmor there is nothing to follow, and it goes on
	run ns enter -t "$inside" -u -Z true
	expect_status 0
	run ns enter --net=/etc/passwd true
	expect_status 125
	run ns enter -n true
	expect_status 125
}

@test "a namespace is kept after its last process has gone, and entered again (lecture)" {
	local was name=tr-$$-kept

	target
	was=$(readlink "/proc/$inside/ns/uts" "/proc/$inside/ns/net")
	ns hold -t "$inside" --uts --net "$name"
	kill -KILL "$inside"
	wait_for 20 is_gone "$inside"
	[[ $(ns enter -N "$name" readlink /proc/self/ns/uts /proc/self/ns/net) = "$was" ]]
	[[ $(ns enter --name "$name" hostname) = "$id" ]]
	[[ $(ns held --json | jq -r --arg name "$name" \
		'.[] | select(.name == $name).namespaces[] | "\(.type):[\(.inode)]"' | sort -r) = "$was" ]]
	[[ $(ns held -q) = *$name* ]]
	run ns held
	expect_line "^$name +net:\\[[0-9]+\\] uts:\\[[0-9]+\\]\$"
	run ns hold --uts "$name"
	expect_error "hold '$name': the name is taken"
	ns release "$name"
	[[ ! -e /run/tare/ns/$name ]]
	run ns enter -N "$name" true
	expect_status 125
	ns hold -ui "$name"
	[[ $(ns enter -N "$name" readlink /proc/self/ns/ipc) != "$(readlink /proc/self/ns/ipc)" ]]
	ns release "$name"
	run ns release "$name"
	expect_status 1
	run ns hold -u "$(printf 'n%.0s' {1..256})"
	expect_error "'n{64}…' cannot name a namespace: it is longer than 255 bytes\$"
	# a user namespace without a map has nobody to be
	ns hold -Un "$name"
	run ns enter -N "$name" id -u
	expect_status 125
	expect_error "leaves user and groups as they are"
	[[ $(ns enter -N "$name" --preserve-credentials id -u) = 65534 ]]
	ns release "$name"
	ns hold -rn "$name"
	[[ $(ns enter -N "$name" cat /proc/self/uid_map) =~ ^\ +0\ +0\ +1$ ]]
	ns release "$name"
}

@test "uid 0 inside is an ordinary user outside (lecture)" {
	need_program setpriv
	cd /
	setpriv --reuid 12345 test -x "$TARE_BUILD/src/tare" || skip "user 12345 does not reach $TARE_BUILD/src/tare"
	setpriv --reuid 12345 --regid 12345 --clear-groups unshare --user true 2>/dev/null ||
		skip 'plain users may not make user namespaces here'
	run setpriv --reuid 12345 --regid 12345 --clear-groups "$TARE_BUILD/src/tare" ns run -r --mount \
		sh -c 'id -u; cat /proc/self/uid_map; stat -c %u /proc/self/root/etc/passwd; chown 1 /proc/self/root/etc/passwd 2>&1 || echo refused'
	expect_status 0
	[[ ${lines[0]} = 0 && ${lines[1]} =~ ^\ *0\ +12345\ +1$ && ${lines[2]} = 65534 ]]
	expect_line '^refused$'
}

@test "two containers have the same pids, and each enters its own (lecture)" {
	local first second one

	target
	first=$inside
	target
	second=$inside
	[[ $first != "$second" ]]
	for one in "$first" "$second"; do
		run ns enter -t "$one" -a -r cat /proc/1/comm
		expect_output sleep
	done
	[[ $(grep NSpid "/proc/$first/status" | cut -f 3) = 1 && $(grep NSpid "/proc/$second/status" | cut -f 3) = 1 ]]
}

# --- ls ---------------------------------------------------------------------------------------

@test "ns ls knows what lsns knows, and the holders" {
	need_program lsns
	local name=tr-$$-ls row=".[] | select(.type != \"time\")"

	target
	ns ls -p "$inside" --json >ls.json 2>warnings
	jq -r "$row"' | "\(.inode) \(.type) \(.count) \(.processes | min) \(.owner) \(.parent // 0)"' ls.json | sort >ours
	# lsns ends early when some process of the host ends while it looks
	agree() {
		lsns -n -r -p "$inside" -o NS,TYPE,NPROCS,PID,ONS,PNS |
			awk '$2 != "time" { print $1, $2, $3, $4, $5, $6 }' | sort >theirs
		diff ours theirs
	}
	wait_for 20 agree
	(($(wc -l <ours) == 7))
	run ns ls -p "$inside" -t net -t uts -q
	((${#lines[@]} >= 2))
	run ns ls --type nte
	expect_status 125
	expect_error "there are no 'nte' namespaces .it is cgroup, ipc, mnt, net, pid, time, user, uts"
	# what ps --all-engines knows of it, and whose it is
	run ns ls -p "$inside" -t pid --format '{{.engines}} {{.containers}} {{.user}} {{.uid}}'
	expect_line '^\[unknown\] \[sleep\] root 0$'

	ns hold -t "$inside" --net "$name"
	ns ls -t net --holders --json 2>warnings >held.json
	jq -e --arg path "/run/tare/ns/$name/net" '[.[] | .holders[]? | select(.kind == "mount" and .path == $path)] | length == 1' held.json
	ns release "$name"
}

@test "ns ls draws a tree of owners, and of parents" {
	local user pid

	target
	user=$(stat -Lc %i "/proc/$inside/ns/user")
	pid=$(stat -Lc %i "/proc/$inside/ns/pid")
	ns ls --tree 2>warnings >tree
	grep -qE "^(\\| |  )*[|\`]-$user +user " tree
	grep -A 10 -E "^(\\| |  )*[|\`]-$user +user " tree | grep -qE "^(\\| |  )+[|\`]-$pid +pid "
	ns ls -Tparent -t pid 2>warnings >tree
	grep -qE "^[|\`]-$pid +pid " tree
	run ns ls --tree=cousin
	expect_status 125
}

@test "ns ls names the container and its engine; ns enter --container enters it with its own rights" {
	make_bundle "$BATS_TEST_TMPDIR/bundle"
	cd bundle
	export bundle=$PWD
	program sleep 1000
	# in the state folder where everybody looks
	"$TARE_RUNTIME" run --detach "$id" </dev/null >/dev/null 2>&1 3>&-
	ns ls -p "$("$TARE_RUNTIME" state "$id" | jq .pid)" -t pid --json 2>warnings >ls.json || true
	jq -e --arg id "$id" '.[0].containers == [$id] and .[0].engines == ["tare"]' ls.json
	run ns enter --container "$id" sh -c 'cat /proc/1/comm; grep CapEff /proc/self/status; exit 9'
	expect_status 9
	expect_line '^sleep$'
	expect_line "^$(grep CapEff "/proc/$("$TARE_RUNTIME" state "$id" | jq .pid)/status")\$"
	# the caller's programs, with the caller's rights, where the container's files are not seen
	run ns enter --container "$id" --net sh -c "grep CapEff /proc/self/status; test -e $BATS_TEST_TMPDIR/bundle"
	expect_status 0
	expect_output "$(grep CapEff /proc/self/status)"
	run ns enter --container "$id-none" true
	expect_status 125
	"$TARE_RUNTIME" delete --force "$id"
}

# --- pids and caps ----------------------------------------------------------------------------

@test "ns pids shows a process's number at each level" {
	local numbers

	target
	# below of that, one more: a shell that waits for its sleeper
	in_background nsenter -t "$inside" -a unshare -pf --kill-child sh -c 'echo $$ >/tmp/'"$id"'; sleep 1000; true'
	wait_for 20 test -s "/tmp/$id"
	rm "/tmp/$id"
	run ns pids "$inside"
	expect_line "^NAMESPACE +LEVEL +PID +PIDS +COMMAND$"
	expect_line "^$(stat -Lc %i "/proc/$inside/ns/pid") +1 +$inside +$inside > 1 +sleep$"
	expect_line "^[0-9]+ +2 +[0-9]+ +[0-9]+ > [0-9]+ > 1 +sh$"
	expect_no_line "^[0-9]+ +0 "
	numbers=$(ns pids --json | jq -c --argjson pid "$inside" '.[] | select(.pid == $pid).pids')
	[[ $numbers = "[$inside,1]" ]]
	run ns pids 2147483646
	expect_status 1
}

@test "ns caps says in words what a process may" {
	need_program setpriv
	in_background setpriv --reuid 12345 --regid 12345 --clear-groups --no-new-privs \
		--bounding-set -sys_admin,-net_raw sleep 1000
	wait_for 20 grep -q 'NoNewPrivs:.*1' "/proc/$!/status"
	run ns caps "$!"
	expect_line '^process [0-9]+ \((sleep|setpriv)\)$'
	expect_line '^  runs as +uid 12345, gid 12345'
	expect_line '^  effective +none$'
	expect_line '^  bounding +(all but )?.*CAP_'
	expect_line '^  new privileges +never$'
	[[ $(grep bounding <<<"$output") != *"all but"* || $(grep bounding <<<"$output") = *CAP_NET_RAW*CAP_SYS_ADMIN* ]]
	target
	run ns caps "$inside"
	expect_line '^  users +0 is our 0$'
	expect_line '^  effective +all'
	ns caps --json "$inside" | jq -e --argjson ns "$(stat -Lc %i "/proc/$inside/ns/user")" \
		'.userNamespace == $ns and .ours == false and .groups == [{inside: 0, outside: 0, size: 1}]'
	[[ $(ns caps --format '{{.uid}} {{.ours}}' "$$") = "$EUID true" ]]
	run ns caps 2147483646
	expect_status 1
}

# --- chroot -----------------------------------------------------------------------------------

# new_root: makes $root, where busybox is
new_root() {
	make_bundle "$BATS_TEST_TMPDIR/bundle"
	root=$BATS_TEST_TMPDIR/bundle/rootfs
}

@test "a second chroot leads out of coreutils' chroot, and not out of ours" {
	new_root
	cp "$TARE_BUILD/tests/tool-escape" "$root/escape"
	: >outside
	run chroot "$root" /escape "$PWD/outside"
	expect_output out
	run host_tare chroot "$root" /escape "$PWD/outside"
	expect_output held
	# nor does a folder that the caller has open
	exec {folder}</
	run chroot "$root" /bin/sh -c "true <&$folder"
	expect_status 0
	run host_tare chroot "$root" /bin/sh -c "true <&$folder"
	expect_line 'Bad file descriptor'
	exec {folder}<&-
	run "$TARE_BUILD/src/tare" chroot "$root" /bin/pwd </ 3>&-
	expect_status 125
	expect_error 'stream 0 is a folder'
}

@test "tare chroot has chroot's options and exit codes" {
	new_root
	local look='id -u; id -g; id -G; pwd; ls /'

	same chroot chroot "$root" /bin/sh -c "$look"
	ln -s bundle/rootfs link
	same chroot chroot link /bin/sh -c "$look"
	same chroot chroot --userspec=12345:54321 "$root" /bin/sh -c "$look"
	same chroot chroot --userspec=daemon "$root" /bin/sh -c "$look"
	same chroot chroot --userspec=:daemon --groups=7,daemon,+9 "$root" /bin/sh -c "$look"
	same chroot chroot --userspec daemon: --groups= "$root" /bin/sh -c "$look"
	same chroot chroot --userspec= "$root" /bin/sh -c "$look"
	same chroot chroot --userspec=: "$root" /bin/sh -c "$look"
	run host_tare --log-level error chroot --userspec=65534.65534 "$root" /bin/sh -c "$look"
	[[ $output = "$(chroot --userspec=65534.65534 "$root" /bin/sh -c "$look" 2>/dev/null)" ]]
	cd /usr
	same chroot chroot --skip-chdir / /bin/sh -c pwd
	same chroot chroot / /bin/sh -c pwd
	run host_tare chroot --skip-chdir "$root" /bin/sh -c pwd
	expect_status 125
	run host_tare chroot "$root" /none
	expect_status 127
	run host_tare chroot "$root" /etc
	expect_status 126
	run host_tare chroot "$root" /bin/sh -c 'exit 7'
	expect_status 7
	run host_tare chroot "$root/none" /bin/sh
	expect_status 125
	run host_tare chroot --userspec 99999 "$root" /bin/sh
	expect_status 125
	expect_error "'/etc/passwd' has no group for user 99999"
	# names are the host's: the root's own files decide nothing
	echo "daemon:x:0:0::/:/bin/sh" >passwd
	cp --remove-destination passwd "$root/etc/passwd"
	[[ $(host_tare chroot --userspec=daemon "$root" /bin/sh -c 'id -u') = "$(id -u daemon)" ]]
	# the default is a shell, and mounts end with it
	[[ $(SHELL=/bin/sh "$TARE_BUILD/src/tare" chroot "$root" \
		<<<'mkdir -p /mnt && mount -t tmpfs none /mnt && echo mounted' 2>/dev/null 3>&-) = *mounted* ]]
	run grep "$root" /proc/self/mountinfo
	expect_status 1
}

# --- net --------------------------------------------------------------------------------------

# need_netns: sets $name, two of them by ip's and our hands
need_netns() {
	need_program ip
	name=tr-$$-$BATS_TEST_NUMBER
	ip netns add "$name-ip" || skip 'ip netns does not work here'
	ns net add "$name"
}

# ours_of: what a list says of our names
ours_of() { grep -E "(^|[^0-9])tr-$$-$BATS_TEST_NUMBER([^0-9]|$)" | sort; }

@test "ns net and ip netns see each other's names, ids and processes" {
	need_netns
	local inode pid nsid=$((1000 + 2 * $$))

	diff <(ns net ls | ours_of) <(ip netns list | ours_of)
	[[ $(ns net list | ours_of | wc -l) = 2 ]]
	ns net set "$name-ip" "$nsid"
	ip netns set "$name" $((nsid + 1))
	diff <(ns net ls | ours_of) <(ip netns list | ours_of)
	[[ $(ns net ls | ours_of) = *"(id: $nsid)"* ]]
	ns net ls --json | jq -e --arg name "$name" --argjson nsid "$nsid" '.[] | select(.name == $name).id == $nsid + 1'
	run ns net set "$name" "$nsid"
	expect_status 2

	inode=$(ip netns exec "$name" readlink /proc/self/ns/net)
	[[ $(ns net exec "$name" readlink /proc/self/ns/net) = "$inode" ]]
	[[ $(ns enter -N "$name" readlink /proc/self/ns/net) = "$inode" ]]
	in_background ip netns exec "$name" sleep 1000
	pid=$!
	wait_for 20 grep -qs sleep "/proc/$pid/comm"
	same 'ns net' 'ip netns' pids "$name"
	same 'ns net' 'ip netns' identify "$pid"
	[[ $(ns net identify $$) = "$(ip netns identify $$)" ]]
	ns net attach "$name-a" "$pid"
	# ip's manual says all of them, and it says one
	[[ $(ns net identify "$pid") = "$name"$'\n'"$name-a" ]]
	ns net identify "$pid" | grep -xF "$(ip netns identify "$pid")"

	ip netns delete "$name"
	ns net del "$name-ip"
	ns net delete "$name-a"
	[[ ! -e /run/netns/$name && ! -e /run/netns/$name-ip && ! -e /run/netns/$name-a ]]
	run ns net del "$name"
	expect_status 1
}

@test "ns net has ip netns's beginnings of words, exit codes and list of ids" {
	need_netns
	local id=$((1000000 + $$)) words ours theirs

	ip netns set "$name" $id
	ip netns exec "$name" ip netns set "$name-ip" 5
	while read -ra words; do
		ours=0 theirs=0
		"$TARE_BUILD/src/tare" ns net "${words[@]}" >ours 2>/dev/null </dev/null 3>&- || ours=$?
		ip netns "${words[@]}" >theirs 2>/dev/null </dev/null 3>&- || theirs=$?
		if [[ $ours != "$theirs" ]] || ! diff <(ours_of <ours) <(ours_of <theirs); then
			echo "${words[*]}: $ours, ip: $theirs"
			bad=1
		fi
	done <<-EOF

		l
		s
		list-id
		list-id nsid $id
		list-id nsid x
		list-id target-nsid $id
		list-id target-nsid $((id + 1))
		list-id target-nsid $id nsid $((id + 1))
		bogus
		exec $name-none id
		exec $name
		exec $name $name-none
		exec $name /etc
		e ../x id
		e $name true
		set $name-ip $id
		set $name-ip -5
		set $name-ip x
		se $name-none 5
		set $name-ip
		ad ../x
		add $name
		add
		del $name-none
		d ../x
		identify 2147483646
		p $name-none
		attach $name-none x
	EOF
	[[ ! ${bad-} ]]
	# the target's own numbers
	[[ $(ns net list-id target-nsid $id) = "$(ip netns list-id target-nsid $id)" && $(ns net list-id target-nsid $id) = 'nsid 5 '* ]]
}

@test "ns net exec does what ip netns exec does" {
	need_netns
	local created=''

	[[ -d /etc/netns ]] || created=1
	mkdir -p "/etc/netns/$name-ip"
	echo "nameserver 192.0.2.77" >"/etc/netns/$name-ip/hosts"
	same 'ns net exec' 'ip netns exec' "$name-ip" sh -c \
		'ls /sys/class/net; cat /etc/hosts; readlink /proc/self/ns/net; stat -fc %T /sys; exit 5' || bad=1
	rm -r "/etc/netns/$name-ip"
	[[ ! $created ]] || rmdir /etc/netns
	[[ ! ${bad-} ]]
	run ns net exec "$name" sh -c 'kill -KILL $$'
	expect_status 137
}

@test "ns net exec and delete do it to all, as ip does" {
	need_program ip
	# with a /run of its own, since the names of the host are not ours
	cat >script <<-'EOF'
		set -e
		mount -t tmpfs none /run
		t="$TARE_BUILD/src/tare ns net"
		$t add one
		$t add two
		$t exec --all sh -c 'ls /sys/class/net; [ -e /none ]' >ours || echo "status $?"
		ip -all netns exec sh -c 'ls /sys/class/net' >theirs
		sort ours >sorted
		sort theirs | cmp - sorted
		$t delete 2>&1 || echo "status $?"
		$t delete --all
		$t ls | wc -l
		ls /run/netns | wc -l
	EOF
	run host_tare ns run --mount sh script
	expect_status 0
	expect_output "status 1
tare: delete: a name is needed, or --all
status 1
0
0"
}

@test "ns net monitor tells of names that come and go" {
	need_program ip
	local mine=tr-$$-mon try

	in_background sh -c 'exec "$TARE_BUILD/src/tare" ns net monitor >told'
	# it has begun when it sees something
	is_told() {
		ns net add "$mine-$((try++))" && grep -q "^add $mine-" told
	}
	wait_for 20 is_told
	ip netns add "$mine-x"
	ip netns delete "$mine-x"
	wait_for 20 grep -q "^delete $mine-x$" told
	grep -q "^add $mine-x$" told
}

@test "a network namespace is joined to the host by a veth pair with a route (lecture)" {
	need_netns
	# of the addresses for such tests, four that nobody else uses at the same time
	local link=tr$$v four=$(($$ % 16384 * 4))
	local net=198.18.$((four / 256)) host guest
	host=$net.$((four % 256 + 1))
	guest=$net.$((four % 256 + 2))

	ip link add "${link}0" type veth peer name "${link}1" netns "$name" || skip 'there are no veth devices here'
	ip addr add $host/30 dev "${link}0"
	ip link set "${link}0" up
	ns net exec "$name" sh -c "ip link set lo up && ip addr add $guest/30 dev ${link}1 &&
		ip link set ${link}1 up && ip route add default via $host"
	run ns net exec "$name" ip route get 203.0.113.9
	expect_line "via $host"
	# nobody listens there: the answer is the proof of the way there and back
	run timeout 20 "$TARE_BUILD/src/tare" ns net exec "$name" bash -c "exec 3<>/dev/tcp/$host/9" 3>&-
	ip link del "${link}0"
	expect_line 'Connection refused'
}

# --- mounts -----------------------------------------------------------------------------------

@test "ns mount makes the four kinds of propagation, and recursive binds" {
	mkdir from to plain peer
	# in a mount namespace of its own; each line of words says what findmnt would
	cat >script <<-'EOF'
		set -e
		t="$TARE_BUILD/src/tare ns mount"
		mount -t tmpfs none from
		mkdir from/below
		mount -t tmpfs none from/below
		say() { grep -E " $PWD/$1 " /proc/self/mountinfo | sed 's/ - .*//; s/.* [^ ]*rw[^ ]*//; s/[0-9]+//g; s/:.*//'; }
		for kind in shared slave private unbindable; do
			mount --make-shared from
			mount --bind from peer
			$t --make-$kind from
			echo "$kind: $(say from)"
			umount peer
		done
		$t --make-rshared from
		echo "below: $(say from/below)"
		$t --rbind --make-rprivate from to
		echo "bound: $(grep -c " $PWD/to" /proc/self/mountinfo)$(say to)$(say to/below)"
		umount -R to
		$t -B from to
		echo "bound: $(grep -c " $PWD/to" /proc/self/mountinfo)$(say to)"
		umount to
		$t --bind --make-shared --make-slave from to 2>&1 || echo "125=$?"
		$t --make-shared plain 2>&1 || echo "1=$?"
		grep -c " $PWD/to" /proc/self/mountinfo || true
	EOF
	run host_tare ns run --mount sh script
	expect_status 0
	expect_output 'shared:  shared
slave:  master
private: 
unbindable:  unbindable
below:  shared
bound: 2
bound: 1 shared
tare: only one kind of propagation can be given
125=125
'"tare: set the propagation of 'plain': invalid argument (it is no mount: bind it to itself first)
1=1
0"
}

@test "ns mounts shows who sees whose mounts" {
	local dir=$BATS_TEST_TMPDIR/m first slave

	# first has a shared mount; one has a copy of it, and another gets its mounts alone
	mkdir m
	in_background "$TARE_BUILD/src/tare" ns run --mount sh -c "mount -t tmpfs none $dir && mount --make-shared $dir &&
		unshare --mount --propagation unchanged sh -c 'mount -t tmpfs none $dir/x 2>/dev/null; : >$dir/one; exec sleep 1000' &
		while [ ! -e $dir/one ]; do sleep 0.05; done 2>/dev/null
		unshare --mount --propagation slave sh -c ': >$dir/two; exec sleep 1000' &
		while [ ! -e $dir/two ]; do sleep 0.05; done; : >$BATS_TEST_TMPDIR/ready; exec sleep 1000"
	first=$!
	wait_for 20 test -e ready
	run ns mounts "$first"
	for slave in $(<"/proc/$first/task/$first/children"); do kill "$slave"; done
	expect_status 0
	printf '%s\n' "$output" | awk -v dir="$dir" '
		/^[|`]?-?group / { group = $0; peers = slaves = 0 }
		$0 ~ dir && / peer / { peers++ }
		$0 ~ dir && / slave / { slaves++ }
		peers == 2 && slaves == 1 { found = 1 }
		END { exit !found }'
	run ns mounts 2147483646
	expect_status 1
	ns mounts --json | jq -e 'any(.[]; .name == "/" and .theirs == false)' >/dev/null
}
