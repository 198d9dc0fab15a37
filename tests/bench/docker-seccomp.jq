# Docker's default policy (its own form: rules that depend on capabilities, architectures and kernel)
# as linux.seccomp of an OCI config, for a container with Docker's default capabilities on x86-64.
["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW",
 "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE",
 "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"] as $caps |
def subset($all): . == null or all(.[]; IN($all[]));
def disjoint($all): . == null or all(.[]; IN($all[]) | not);
{
	defaultAction, defaultErrnoRet,
	architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
	syscalls: [
		.syscalls[] |
		select((.includes.caps | subset($caps)) and (.excludes.caps | disjoint($caps)) and
			(.includes.arches == null or (.includes.arches | index("amd64"))) and
			(.excludes.arches | disjoint(["amd64"]))) |
		{ names, action, errnoRet, args } | with_entries(select(.value != null))
	]
}
