# debian.bats - an image of a real distribution, made of its packages, by tare and docker in turns
# runs alone: a daemon of its own

load ../lib
load ../dockerd

# a distribution's packages take a minute, and a busy machine its time
export BATS_TEST_TIMEOUT=$((240 * ${TARE_PATIENCE:-1}))

setup() {
	command -v dockerd >/dev/null || skip 'docker.io is not installed'
	start_dockerd "$BATS_TEST_TMPDIR/docker"
}

teardown() {
	[[ -z ${DOCKER_DIR:-} ]] || stop_dockerd
}

@test "a real Debian, made of packages, runs in docker and comes back byte for byte" {
	need_program mmdebstrap
	# shellcheck disable=SC1091 # the host's
	suite=$(. /etc/os-release && [[ $ID = debian ]] && echo "$VERSION_CODENAME") ||
		skip 'needs the package sources of a Debian host'
	cd "$BATS_TEST_TMPDIR"
	name=debian:$suite
	first=$BATS_TEST_TMPDIR/first
	TARE_ROOT=$first host_tare image bootstrap --variant apt "$name" >id 2>log || {
		tail -n 5 log
		return 1
	}
	TARE_ROOT=$first host_tare save --output debian.tar "$name"
	# shellcheck disable=SC2016 # the container's
	[[ $(TARE_ROOT=$first host_tare run --rm "$name" sh -c '. /etc/os-release; echo "$VERSION_CODENAME"; apt-get --version | head -c 3; id -u') = "$suite"$'\napt0' ]]
	docker_ load --quiet --input debian.tar
	[[ $(docker_ image inspect --format '{{.Id}}' "$name") = $(<id) ]]
	# shellcheck disable=SC2016 # the container's
	[[ $(docker_run --rm "$name" sh -c '. /etc/os-release; echo "$VERSION_CODENAME"; id -u') = "$suite"$'\n0' ]]
	docker_ save "$name" >docker.tar
	docker_ rmi "$name"
	TARE_ROOT=$BATS_TEST_TMPDIR/second host_tare load --quiet --input docker.tar
	TARE_ROOT=$BATS_TEST_TMPDIR/second host_tare save --output again.tar "$name"
	cmp debian.tar again.tar
	TARE_ROOT=$BATS_TEST_TMPDIR/second host_tare system check
}
