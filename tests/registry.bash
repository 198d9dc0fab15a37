# shellcheck shell=bash
# registry.bash - registries for tests: the real docker-registry, on free ports of the loopback
#
# In setup_file, in the folder of the file's own: make_certificates, start_registries; in
# teardown_file: stop_registries. Then `plain` and `secure` hold HOST:PORT, the second with TLS (its
# CA is certs/ca.crt) and a password for user:secret.

# A CA, and a certificate of 127.0.0.1 that it vouches for.
make_certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt \
		-days 2 -subj /CN=tare-test-ca 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.csr \
		-subj /CN=tare-test 2>/dev/null
	openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tls.crt -days 2 \
		-extfile <(echo 'subjectAltName=IP:127.0.0.1,DNS:localhost') 2>/dev/null
	mkdir certs
	cp ca.crt certs/
}

# wait_for_file FILE
wait_for_file() {
	local tries

	for ((tries = 0; tries < 300; tries++)); do
		[[ ! -e $1 ]] || return 0
		sleep 0.1
	done
	echo "no $1"
	return 1
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_registry NAME PORT [YAML-LINE...]: docker-registry; its HOST:PORT goes to the file NAME.
start_registry() {
	local name=$1 port=$2 tries

	shift 2
	{
		printf '%s\n' 'version: 0.1' 'log: {level: error}' \
			"storage: {filesystem: {rootdirectory: $PWD/$name.store}, delete: {enabled: true}}" "$@"
	} >"$name.yml"
	docker-registry serve "$name.yml" >"$name.log" 2>&1 3>&- &
	echo $! >>pids
	for ((tries = 0; tries < 300; tries++)); do
		if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "127.0.0.1:$port" >"$name"
			return
		fi
		sleep 0.1
	done
	cat "$name.log"
	return 1
}

start_registries() {
	local port

	htpasswd -Bbn user secret >passwords
	port=$(free_port)
	start_registry plain "$port" "http: {addr: '127.0.0.1:$port'}"
	port=$(free_port)
	start_registry secure "$port" \
		"http: {addr: '127.0.0.1:$port', tls: {certificate: $PWD/tls.crt, key: $PWD/tls.key}}" \
		"auth: {htpasswd: {realm: x, path: $PWD/passwords}}"
}

stop_registries() {
	local pid

	while read -r pid; do
		kill "$pid"
	done <pids
}
