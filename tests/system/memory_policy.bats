# memory_policy.bats - linux.memoryPolicy: obeyed, or refused before anything is touched
# nothing new with systemd: it works on the kernel, and asks nobody

load ../lib
setup() { tare_setup; }
teardown() { tare_teardown; }

@test "the program and what exec runs have the policy" {
	[[ -e /proc/self/numa_maps ]] || skip 'needs a kernel with NUMA'
	config '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0"}'
	shell 'head -n 1 /proc/self/numa_maps | cut -d " " -f 2'
	run_container
	expect_output interleave:0
	program sleep 1000
	start_container
	run tare exec "$id" sh -c 'head -n 1 /proc/self/numa_maps | cut -d " " -f 2'
	expect_output interleave:0
}

@test "a mode with the wrong number of nodes is refused" {
	local spec

	for spec in '{mode: "MPOL_DEFAULT", nodes: "0-7"}|0 nodes but got 8' \
		'{mode: "MPOL_LOCAL", nodes: "0,2"}|0 nodes but got 2' \
		'{mode: "MPOL_BIND"}|at least one node but got 0' \
		'{mode: "MPOL_INTERLEAVE", nodes: ""}|at least one node but got 0' \
		'{mode: "MPOL_PREFERRED_MANY"}|at least one node but got 0' \
		'{mode: "MPOL_WEIGHTED_INTERLEAVE"}|at least one node but got 0'; do
		config ".linux.memoryPolicy = ${spec%|*}"
		run_container
		expect_error "/linux/memoryPolicy/nodes: invalid memory policy nodes: the mode requires ${spec#*|}"
		[[ ! -e $state/$id ]]
	done
}

@test "words and flags that make no policy are refused" {
	config '.linux.memoryPolicy = {mode: "INTERLEAVE", nodes: "0"}'
	run_container
	expect_error 'invalid memory policy mode'
	config '.linux.memoryPolicy = {mode: "MPOL_PREFERRED", flags: ["MPOL_F_MADE_UP"]}'
	run_container
	expect_error 'invalid memory policy flag'
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}'
	run_container
	expect_error '/linux/memoryPolicy/flags: .*exclude each other'
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0-9876543210"}'
	run_container
	expect_error '/linux/memoryPolicy/nodes: invalid memory policy nodes'
}
