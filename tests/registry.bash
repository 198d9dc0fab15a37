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

# start_registry NAME HTTP-LINES [YAML-LINE...]: docker-registry, on a port that the kernel chooses and its
# log tells; its HOST:PORT goes to the file NAME.
start_registry() {
	local name=$1 http=$2 tries at

	shift 2
	{
		printf '%s\n' 'version: 0.1' 'log: {level: info}' \
			"storage: {filesystem: {rootdirectory: $PWD/$name.store}, delete: {enabled: true}}" \
			"http: {addr: '127.0.0.1:0'$http}" "$@"
	} >"$name.yml"
	: >"$name.log" # it is looked at before a busy machine has begun the server
	docker-registry serve "$name.yml" >>"$name.log" 2>&1 3>&- &
	echo $! >>pids
	for ((tries = 0; tries < 300; tries++)); do
		at=$(sed -n 's/.*listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$name.log" | head -n 1)
		if [[ $at ]]; then
			echo "$at" >"$name"
			return
		fi
		sleep 0.1
	done
	cat "$name.log"
	return 1
}

start_registries() {
	htpasswd -Bbn user secret >passwords
	start_registry plain ''
	start_registry secure ", tls: {certificate: $PWD/tls.crt, key: $PWD/tls.key}" \
		"auth: {htpasswd: {realm: x, path: $PWD/passwords}}"
}

stop_registries() {
	local pid

	while read -r pid; do
		kill "$pid"
	done <pids
}
