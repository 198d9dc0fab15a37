# selinux.bats - labels of the process and of mounts: set where SELinux is, refused where it is not
# nothing new with systemd: it works on the kernel, and asks nobody

load ../lib
setup() { tare_setup; }
teardown() { tare_teardown; }

label=system_u:object_r:container_file_t:s0:c1,c2

@test "without SELinux a mount label is refused by its place" {
	! grep -qsw selinux /sys/kernel/security/lsm || skip 'SELinux is here'
	config --arg text "$label" '.linux.mountLabel = $text'
	run_container
	expect_error '/linux/mountLabel: .*SELinux is not enabled'
	[[ ! -e $state/$id ]]
	config '.linux.mountLabel = ""'
	program true
	run_container
	expect_status 0
}

@test "without SELinux a process label is refused by its place" {
	! grep -qsw selinux /sys/kernel/security/lsm || skip 'SELinux is here'
	config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	run_container
	expect_error '/process/selinuxLabel: .*SELinux is not enabled'
}

@test "what is no label is refused" {
	config '.linux.mountLabel = "x\",size=1,y=\""'
	run_container
	expect_error '/linux/mountLabel: .*is no SELinux label'
}

@test "new file systems have the mount label" {
	need_lsm selinux
	config --arg text "$label" '.linux.mountLabel = $text'
	shell 'ls -dZ /dev /dev/pts /dev/shm /dev/mqueue; cat /proc/self/mountinfo'
	run_container
	expect_status 0
	[[ $(grep -c "$label /dev" <<<"$output") = 4 ]]
}
