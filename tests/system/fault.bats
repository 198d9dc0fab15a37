# fault.bats - a sample of what `make fault` does in full: see tests/fault
# runs alone: it looks for whatever is left behind, and its time is counted
# nothing new with systemd: the kills that leave something of systemd's are in systemd.bats

load ../lib

setup() {
	fault=$BATS_TEST_DIRNAME/../fault
	[[ -x $TARE_BUILD/tests/fault-crashpt ]] || skip 'the driver knows x86-64 only'
	need_program python3 unshare
}

@test "killed anywhere, it leaves nothing that delete --force does not remove" {
	"$fault/sweep" --modes self,all --seconds 25 "$TARE_BUILD"
}

@test "whatever call fails, it says so, or the container is as safe as ever" {
	grep -q __asan_init "$TARE_RUNTIME" && skip "a sanitizer's own calls fail in its own words"
	"$fault/sweep" --modes err --seconds 25 "$TARE_BUILD"
}

@test "names exchanged under way lead nowhere outside (CVE-2021-30465, CVE-2024-45310, CVE-2025-31133)" {
	"$fault/sweep" --modes swap,flip --configs shared --commands run --seconds 15 "$TARE_BUILD"
}

@test "200 containers one by one, and 200 side by side, leave nothing" {
	"$fault/soak" --cycles 200 "$TARE_BUILD"
}
