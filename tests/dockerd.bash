# dockerd.bash - a dockerd of the tests' own, without networks, with tare-runtime as one of its runtimes; for
# load, after lib.bash
# shellcheck shell=bash

# start_dockerd FOLDER: in which it keeps all that is its own; DOCKER_HOST is its socket
start_dockerd() {
	local try

	export DOCKER_DIR=$1
	export DOCKER_HOST=unix://$DOCKER_DIR/sock
	mkdir -p "$DOCKER_DIR"
	dockerd --data-root "$DOCKER_DIR/data" --exec-root "$DOCKER_DIR/exec" --host "$DOCKER_HOST" \
		--pidfile "$DOCKER_DIR/pid" --bridge none --iptables=false --ip6tables=false \
		--storage-driver vfs --add-runtime "tare=$TARE_RUNTIME" \
		>"$DOCKER_DIR/log" 2>&1 3>&- &
	echo $! >"$DOCKER_DIR/dockerd"
	for ((try = 0; try < 150; try++)); do
		! docker version >/dev/null 2>&1 || break
		sleep 0.2
	done
	docker version >/dev/null || {
		tail -n 20 "$DOCKER_DIR/log"
		return 1
	}
}

# stop_dockerd: with all of its containers
stop_dockerd() {
	local pid try

	pid=$(cat "$DOCKER_DIR/dockerd")
	docker ps --all --quiet | xargs -r docker rm --force >/dev/null 2>&1 || true
	kill "$pid" || true
	for ((try = 0; try < 150; try++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	umount "$DOCKER_DIR"/exec/netns/* 2>/dev/null || true
}

docker_() { timeout 60 docker "$@" 3>&-; }
docker_run() { docker_ run --runtime tare --network none "$@"; }
