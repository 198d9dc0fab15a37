/* seccomp_profile.c - Docker's policy as the engine reads it, held against a reader that knows one case */
#include "t.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "docker_seccomp.h"
#include "engine/seccomp_profile.h"

static const char file[] = TEST_DATA "/seccomp-default.json";
static char text[1 << 17];

static const char *const docker_caps[] = {
	"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",     "CAP_MKNOD",
	"CAP_NET_RAW", "CAP_SETGID",       "CAP_SETUID",           "CAP_SETFCAP",    "CAP_SETPCAP",
	"CAP_KILL",    "CAP_AUDIT_WRITE",  "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
};

static uint64_t bit(const char *name)
{
	return (uint64_t)word_find(oci_capability_words, name)->value;
}

static void read_as(uint64_t caps, struct arena *a, struct oci_seccomp *ret)
{
	int fd = open(file, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text));
	struct err e = { 0 };

	close(fd);
	if (n < 0 || seccomp_profile(text, (size_t)n, file, caps, a, ret, &e) < 0)
		T_FAIL("%s: %s", file, e.text);
}

static bool allows(const struct oci_seccomp *s, const char *name)
{
	for (size_t i = 0; i < s->syscalls.n; i++)
		for (char **one = s->syscalls.at[i].names; *one; one++)
			if (strcmp(*one, name) == 0 && !s->syscalls.at[i].errno_ret.set)
				return true;
	return false;
}

TEST(dockers_own_capabilities)
{
	own_arena struct arena a = { 0 };
	own_str struct str ours = { 0 }, theirs = { 0 };
	struct oci_seccomp s, want;
	uint64_t caps = 0;

	for (size_t i = 0; i < COUNT(docker_caps); i++)
		caps |= bit(docker_caps[i]);
	read_as(caps, &a, &s);
	docker_seccomp(file, &a, &want);
	bind_write(&oci_seccomp_table, &s, &ours);
	bind_write(&oci_seccomp_table, &want, &theirs);
	WANT(ours.len > 1000);
	WANT_STR(ours.at, theirs.at);
}

TEST(a_rule_is_for_who_may_do_it_anyway)
{
	own_arena struct arena a = { 0 };
	struct oci_seccomp s;

	read_as(0, &a, &s);
	WANT(allows(&s, "read") && !allows(&s, "mount") && !allows(&s, "chroot"));
	read_as(bit("CAP_SYS_ADMIN") | bit("CAP_SYS_CHROOT"), &a, &s);
	WANT(allows(&s, "mount") && allows(&s, "chroot"));
}
