# rdt.bats - linux.intelRdt, with a plain folder standing in for the resctrl file system
# nothing new with systemd: it works on the kernel, and asks nobody
#
# What the kernel would make of the writes is not seen here; that they are made is.

load ../lib

setup() {
	tare_setup
	export TARE_TEST_RESCTRL=$BATS_TEST_TMPDIR/resctrl
	mkdir -p "$TARE_TEST_RESCTRL/mon_groups" "$TARE_TEST_RESCTRL/info"
	rdt=$TARE_TEST_RESCTRL
}

teardown() { tare_teardown; }

# group NAME SCHEMATA: one that is there already
group() {
	mkdir -p "$rdt/$1/mon_groups"
	printf '%b' "$2" >"$rdt/$1/schemata"
}

@test "without closID the container has a group of its own, as long as it lives" {
	config '.linux.intelRdt = {l3CacheSchema: "L3:0=ff", memBwSchema: "MB:0=20", schemata: ["L2:0=f", "L2:1=f"]}'
	start_container
	[[ $(<"$rdt/$id/schemata") = $'L3:0=ff\nMB:0=20\nL2:0=f\nL2:1=f' ]]
	[[ $(<"$rdt/$id/tasks") = $(pid_of) ]]
	tare delete --force "$id"
	[[ ! -e $rdt/$id ]]
}

@test "an empty member is enough for a group" {
	config '.linux.intelRdt = {}'
	start_container
	[[ $(<"$rdt/$id/tasks") = $(pid_of) ]]
	[[ ! -e $rdt/$id/schemata ]]
	tare delete --force "$id"
	[[ ! -e $rdt/$id ]]
}

@test "a group that closID names is made, and stays" {
	config '.linux.intelRdt = {closID: "gold", memBwSchema: "MB:0=50"}'
	start_container
	[[ $(<"$rdt/gold/schemata") = MB:0=50 ]]
	tare delete --force "$id"
	[[ -d $rdt/gold ]]
}

@test "a group that exists is joined when its shares are the ones asked for" {
	group gold '    L3:0=00ff;1=fff\n    MB:0=50\n'
	config '.linux.intelRdt = {closID: "gold", l3CacheSchema: "L3:0=FF"}'
	start_container
	[[ $(<"$rdt/gold/tasks") = $(pid_of) ]]
	grep -q 1=fff "$rdt/gold/schemata"
	tare delete --force "$id"
	config '.linux.intelRdt.l3CacheSchema = "L3:0=f"'
	run_container
	expect_error "/linux/intelRdt: .*'gold' exists, and has not 'L3:0=f'"
}

@test "a group without schemata must exist" {
	config '.linux.intelRdt = {closID: "gold"}'
	run_container
	expect_error "/linux/intelRdt/closID: there is no resctrl group 'gold'"
	group gold ''
	start_container
	[[ $(<"$rdt/gold/tasks") = $(pid_of) ]]
}

@test "closID / is the root's group" {
	config '.linux.intelRdt = {closID: "/", enableMonitoring: true}'
	start_container
	[[ $(<"$rdt/tasks") = $(pid_of) ]]
	[[ $(<"$rdt/mon_groups/$id/tasks") = $(pid_of) ]]
	tare delete --force "$id"
	[[ -d $rdt && ! -e $rdt/mon_groups/$id ]]
}

@test "a monitoring group goes with the container, whosever the group is" {
	group gold ''
	config '.linux.intelRdt = {closID: "gold", enableMonitoring: true}'
	start_container
	[[ $(<"$rdt/gold/mon_groups/$id/tasks") = $(pid_of) ]]
	tare delete --force "$id"
	[[ -d $rdt/gold/mon_groups && ! -e $rdt/gold/mon_groups/$id ]]
	config 'del(.linux.intelRdt.closID)'
	start_container
	[[ -d $rdt/$id/mon_groups/$id ]]
	tare delete --force "$id"
	[[ ! -e $rdt/$id ]]
}

@test "a monitoring group that somebody else has made is refused, and stays" {
	group gold ''
	mkdir "$rdt/gold/mon_groups/$id"
	config '.linux.intelRdt = {closID: "gold", enableMonitoring: true}'
	run_container
	expect_error "/linux/intelRdt/enableMonitoring: .*'gold/mon_groups/$id' exists"
	[[ -d $rdt/gold/mon_groups/$id ]]
}

@test "what exec runs is in the container's groups" {
	config '.linux.intelRdt = {enableMonitoring: true}'
	start_container
	tare exec --detach --pid-file pid "$id" sleep 1000
	[[ $(sort -n "$rdt/$id/tasks") = $(printf '%s\n' "$(pid_of)" "$(<pid)" | sort -n) ]]
	grep -qx "$(<pid)" "$rdt/$id/mon_groups/$id/tasks"
}

@test "update changes the shares" {
	config '.linux.intelRdt = {l3CacheSchema: "L3:0=ff"}'
	start_container
	tare update --mem-bw-schema MB:0=10 "$id"
	tare update --l3-cache-schema L3:0=f "$id"
	[[ $(<"$rdt/$id/schemata") = $'L3:0=ff\nMB:0=10\nL3:0=f' ]]
	run tare update --mem-bw-schema L3:0=f "$id"
	expect_error "does not begin with 'MB:'"
}

@test "update of a container without a group is refused" {
	start_container
	run tare update --l3-cache-schema L3:0=f "$id"
	expect_error 'has no resctrl group'
}

@test "a creation that fails leaves no group of its own" {
	config '.linux.intelRdt = {l3CacheSchema: "L3:0=ff", enableMonitoring: true}'
	program no-such-program
	run_container
	expect_error no-such-program
	[[ ! -e $rdt/$id ]]
}

@test "what a killed create leaves is found by delete" {
	config '.linux.intelRdt = {l3CacheSchema: "L3:0=ff"}
		| .hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "kill -KILL $PPID; sleep 1"]}]'
	run tare create --bundle "$bundle" "$id"
	((status != 0))
	[[ -d $rdt/$id ]]
	tare delete --force "$id"
	[[ ! -e $rdt/$id ]]
}

@test "what is no schema or no name is refused by its place" {
	local spec

	for spec in 'l3CacheSchema = "MB:0=1"' 'l3CacheSchema = "L3:0=f\nMB:0=1"' 'memBwSchema = "L3:0=1"' \
		'schemata = ["x"]' 'closID = "a/b"' 'closID = ".."' 'closID = "info"'; do
		config "del(.linux.intelRdt) | .linux.intelRdt.$spec"
		run_container
		expect_error "/linux/intelRdt/${spec%% *}(/0)?: "
	done
}

@test "without resctrl the config is refused before anything is touched" {
	unset TARE_TEST_RESCTRL
	! grep -q ' resctrl ' /proc/self/mountinfo || skip 'resctrl is mounted here'
	config '.linux.intelRdt = {}'
	run_container
	expect_error '/linux/intelRdt: Intel RDT: no resctrl file system is mounted'
	[[ ! -e $state/$id ]]
}
