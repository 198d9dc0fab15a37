# store_fault.bats - a sample of what `make fault` does to the image store in full: see tests/fault
# native only: nothing here depends on the version of cgroups

load ../lib

# each cut is followed by checks of the whole store, every layer unpacked again
export BATS_TEST_TIMEOUT=$((180 * ${TARE_PATIENCE:-1}))

setup() {
	fault=$BATS_TEST_DIRNAME/../fault
	need_program python3
}

@test "commands killed or failed anywhere leave a store that holds what was acknowledged" {
	[[ -x $TARE_BUILD/tests/fault-crashpt ]] || skip 'the driver knows x86-64 only'
	"$fault/store-sweep" --seconds 20 "$TARE_BUILD"
}

@test "a power cut loses nothing that was acknowledged, and leaves nothing half" {
	need_program mkfs.xfs mkfs.ext4
	modprobe xfs 2>/dev/null || grep -qw xfs /proc/filesystems || skip 'this kernel has no XFS'
	"$fault/powercut" --cuts 40 "$TARE_BUILD"
}
