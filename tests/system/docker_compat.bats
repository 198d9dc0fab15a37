# docker_compat.bats - docs/docker-compat.md says of each option of docker's `run` what the program does
# native only: what it compares is text, and the same everywhere
# shellcheck disable=SC2154 # status and output are bats' own

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	# shellcheck disable=SC2034 # lib's
	id=tt-$$-$BATS_TEST_NUMBER state=$BATS_TEST_TMPDIR/state
	cd "$BATS_TEST_TMPDIR" || return
}
teardown() { tare_teardown; }

# rows of the table of options: "--name state"
table() {
	sed -n '/^## Options/,$p' "$BATS_TEST_DIRNAME/../../docs/docker-compat.md" |
		sed -nE 's/^\| .*`--([a-z0-9-]+)` \| ([a-z]+) \|.*/--\1 \2/p'
}

# is_refused OPTION: by its name, with or without a value
is_refused() {
	"$TARE_BUILD/src/tare" run "$1" x x </dev/null 2>&1 3>&- | grep -q -- "option '$1' is not supported"
}

@test "each option of the table is honoured or refused, as it says" {
	local option says wrong=

	host_tare run --help >help
	(($(table | wc -l) > 90))
	while read -r option says; do
		grep -qE -- "^ +(-[a-zA-Z], )?$option( |\$)" help || wrong+=" $option: unknown;"
		case $says in
		refused) is_refused "$option" || wrong+=" $option: is not refused;" ;;
		*) ! grep -E -- "^ +(-[a-zA-Z], )?$option( |\$)" help | grep -q 'not supported' || wrong+=" $option: is refused;" ;;
		esac
	done < <(table)
	[[ ! $wrong ]] || { echo "$wrong" && return 1; }
}

@test "no option is missing from the table" {
	local option wrong=

	host_tare run --help | sed -nE 's/^ +(-[a-zA-Z], )?(--[a-z0-9-]+).*/\2/p' >all
	while read -r option; do
		case $option in
		--tz | --net | --net-alias | --dns-opt | --help) continue ;;
		esac
		table | grep -q -- "^$option " || wrong+=" $option"
	done <all
	[[ ! $wrong ]] || { echo "not in docs/docker-compat.md:$wrong" && return 1; }
}
