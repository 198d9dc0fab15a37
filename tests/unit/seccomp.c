/* seccomp.c - compiled policies against a model that reads the policy itself */
#include "t.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "bpf.h"
#include "docker_seccomp.h"
#include "runtime/seccomp.h"
#include "spec/oci.h"

#ifndef TEST_DATA
#define TEST_DATA "tests/data"
#endif

static struct seccomp_program compile(const struct oci_seccomp *s, int cache, struct arena *a)
{
	struct seccomp_program p = { 0 };
	struct err e = { 0 };

	if (seccomp_compile(s, cache, a, &p, &e) < 0)
		T_FAIL("%s: %s (%s)", e.origin, e.text, e.hint);
	return p;
}

static void refused(const struct oci_seccomp *s, const char *origin, const char *text)
{
	struct arena a = { 0 };
	struct seccomp_program p;
	struct err e = { 0 };

	WANT_INT(seccomp_compile(s, -1, &a, &p, &e), -1);
	WANT_STR(e.text, text);
	WANT_STR(e.origin, origin);
}

static uint32_t verdict(const struct seccomp_program *p, uint32_t arch, int nr,
			const uint64_t args[6])
{
	struct seccomp_data d = { .nr = nr, .arch = arch };

	memcpy(d.args, args, sizeof(d.args));
	return bpf_run((const struct sock_filter *)p->filter.at,
		       p->filter.n / sizeof(struct sock_filter), &d);
}

/* The model. */

static bool cond_holds(const struct oci_seccomp_arg *c, const uint64_t args[6])
{
	uint64_t v = args[c->index];

	switch (c->op.v) {
	case SCMP_CMP_NE:
		return v != c->value;
	case SCMP_CMP_LT:
		return v < c->value;
	case SCMP_CMP_LE:
		return v <= c->value;
	case SCMP_CMP_EQ:
		return v == c->value;
	case SCMP_CMP_GE:
		return v >= c->value;
	case SCMP_CMP_GT:
		return v > c->value;
	default:
		return (v & c->value) == c->value_two;
	}
}

static bool call_matches(const struct oci_syscall *c, const char *name, const uint64_t args[6])
{
	bool named = false;

	for (size_t i = 0; c->names[i]; i++)
		named |= strcmp(c->names[i], name) == 0;
	for (size_t i = 0; named && i < c->args.n; i++)
		if (!cond_holds(&c->args.at[i], args))
			return false;
	return named;
}

static uint32_t model_action(const struct opt_word *w, const struct opt_u64 *ret)
{
	uint32_t a = (uint32_t)w->v;

	return a == SECCOMP_RET_ERRNO ? a | (uint32_t)(ret->set ? ret->v : EPERM) : a;
}

static int newest(const struct oci_seccomp *s, uint32_t token)
{
	int most = 0;

	for (size_t i = 0; i < s->syscalls.n; i++)
		for (char **n = s->syscalls.at[i].names; *n; n++) {
			int nr = seccomp_syscall_resolve_name_arch(token, *n);

			most = nr > most ? nr : most;
		}
	return most;
}

static uint32_t model(const struct oci_seccomp *s, uint32_t token, int nr, const uint64_t args[6])
{
	char *name = seccomp_syscall_resolve_num_arch(token, nr);
	uint32_t action = model_action(&s->default_action, &s->default_errno_ret);

	if (nr > newest(s, token))
		action = SECCOMP_RET_ERRNO | ENOSYS;
	else
		for (size_t i = 0; name && i < s->syscalls.n; i++)
			if (call_matches(&s->syscalls.at[i], name, args))
				action = model_action(&s->syscalls.at[i].action,
						      &s->syscalls.at[i].errno_ret);
	free(name);
	return action;
}

static const uint64_t samples[] = { 0,          1,          8,          37,
				    38,         39,         40,         41,
				    0x20000,    0x20008,    0x10000000, 0x02000000,
				    0x7e020000, 0x00000011, 0x01200011, 0xffffffff };

static void walk(const struct oci_seccomp *s, const struct seccomp_program *p, uint32_t token,
		 int base)
{
	uint32_t arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;

	for (int nr = base; nr < base + 700; nr++)
		for (size_t k = 0; k < COUNT(samples); k++) {
			uint64_t args[6] = { samples[k], samples[COUNT(samples) - 1 - k] };
			uint32_t got = verdict(p, arch, nr, args), want = model(s, token, nr, args);

			if (got != want)
				T_FAIL("arch %08x call %d arg %llx: %08x, want %08x", token, nr,
				       (unsigned long long)args[0], got, want);
		}
}

TEST(dockers_policy_does_what_it_says_on_all_three_architectures)
{
	struct arena a = { 0 };
	struct oci_seccomp s;
	struct seccomp_program p;
	uint64_t none[6] = { 0 }, high[6] = { UINT64_C(0x100000026) };

	docker_seccomp(TEST_DATA "/seccomp-default.json", &a, &s);
	p = compile(&s, -1, &a);
	walk(&s, &p, SCMP_ARCH_X86_64, 0);
	walk(&s, &p, SCMP_ARCH_X86, 0);
	walk(&s, &p, SCMP_ARCH_X32, 0x40000000);
	/* the upper half counts, and other architectures are killed */
	WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 41, high), SECCOMP_RET_ALLOW);
	high[0] = UINT64_C(0x100000028);
	WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 135, high), SECCOMP_RET_ERRNO | EPERM);
	WANT_INT(verdict(&p, SCMP_ARCH_AARCH64, 0, none), SECCOMP_RET_KILL_THREAD);
	WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 435, none), SECCOMP_RET_ERRNO | ENOSYS);
	arena_done(&a);
}

static char *names_read[] = { "read", NULL }, *names_odd[] = { "no_such_call", "getpid", NULL },
	    *names_write[] = { "write", NULL }, *names_send[] = { "sendmsg", NULL };

static struct oci_seccomp policy(uint32_t usual, struct oci_syscall *calls, size_t n)
{
	struct oci_seccomp s = { .default_action = { true, usual } };

	s.syscalls.at = calls;
	s.syscalls.n = n;
	return s;
}

static struct oci_syscall call(char **names, uint32_t action)
{
	return (struct oci_syscall){ .names = names, .action = { true, action } };
}

TEST(every_operator_is_obeyed)
{
	for (const struct word *w = oci_seccomp_op_words; w->name; w++) {
		struct oci_seccomp_arg arg = { 1, 0xf0f, 0x101, { true, w->value } };
		struct oci_syscall c = call(names_read, SECCOMP_RET_TRAP);
		struct oci_seccomp s;
		struct arena a = { 0 };
		struct seccomp_program p;

		c.args.at = &arg;
		c.args.n = 1;
		s = policy(SECCOMP_RET_ALLOW, &c, 1);
		p = compile(&s, -1, &a);
		for (uint64_t v = 0; v < 0x2000; v++) {
			uint64_t args[6] = { 0, v }, high[6] = { 0, v | UINT64_C(5) << 32 };

			WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 0, args),
				 cond_holds(&arg, args) ? SECCOMP_RET_TRAP : SECCOMP_RET_ALLOW);
			WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 0, high),
				 cond_holds(&arg, high) ? SECCOMP_RET_TRAP : SECCOMP_RET_ALLOW);
		}
		arena_done(&a);
	}
}

TEST(every_action_is_returned_with_its_errno)
{
	for (const struct word *w = oci_seccomp_action_words; w->name; w++) {
		struct oci_syscall c = call(names_read, (uint32_t)w->value);
		struct oci_seccomp s = policy(SECCOMP_RET_ALLOW, &c, 1);
		uint64_t args[6] = { 0 };
		struct arena a = { 0 };
		struct seccomp_program p;
		bool data = w->value == SECCOMP_RET_ERRNO || w->value == SECCOMP_RET_TRACE;

		s.listener_path = "/run/agent";
		p = compile(&s, -1, &a);
		WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 0, args),
			 (uint32_t)w->value | (data ? EPERM : 0));
		WANT_INT(p.notify, w->value == SECCOMP_RET_USER_NOTIF);
		c.errno_ret = (struct opt_u64){ true, 42 };
		if (data)
			WANT_INT(verdict((p = compile(&s, -1, &a), &p), SCMP_ARCH_X86_64, 0, args),
				 (uint32_t)w->value | 42);
		arena_done(&a);
	}
}

TEST(two_conditions_on_one_argument_are_alternatives)
{
	struct oci_seccomp_arg both[] = { { 0, 3, 0, { true, SCMP_CMP_EQ } },
					  { 0, 5, 0, { true, SCMP_CMP_EQ } } };
	struct oci_syscall c = call(names_read, SECCOMP_RET_TRAP);
	uint64_t three[6] = { 3 }, four[6] = { 4 }, five[6] = { 5 };
	struct oci_seccomp s;
	struct arena a = { 0 };
	struct seccomp_program p;

	c.args.at = both;
	c.args.n = 2;
	s = policy(SECCOMP_RET_ALLOW, &c, 1);
	p = compile(&s, -1, &a);
	WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 0, three), SECCOMP_RET_TRAP);
	WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 0, four), SECCOMP_RET_ALLOW);
	WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 0, five), SECCOMP_RET_TRAP);
	both[1].index = 1;
	p = compile(&s, -1, &a);
	WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 0, three), SECCOMP_RET_ALLOW);
	three[1] = 5;
	WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 0, three), SECCOMP_RET_TRAP);
	arena_done(&a);
}

TEST(an_unknown_call_is_reported_only_when_its_rule_would_be_stricter)
{
	struct oci_syscall c = call(names_odd, SECCOMP_RET_ERRNO);
	struct oci_seccomp s = policy(SECCOMP_RET_ALLOW, &c, 1);
	struct arena a = { 0 };
	struct seccomp_program p = compile(&s, -1, &a);

	WANT_STR(p.ignored, "no_such_call");
	c.action.v = SECCOMP_RET_ALLOW;
	s.default_action.v = SECCOMP_RET_ERRNO;
	WANT(!compile(&s, -1, &a).ignored);
	arena_done(&a);
}

TEST(faulty_policies_are_refused_with_their_place)
{
	struct oci_syscall c = call(names_write, SECCOMP_RET_USER_NOTIF);
	struct oci_seccomp s = policy(SECCOMP_RET_ALLOW, &c, 1);
	char *archs[] = { "SCMP_ARCH_X86_46", NULL };

	refused(&s, "config.json: /linux/seccomp/syscalls/0",
		"SCMP_ACT_NOTIFY cannot be used for the write syscall");
	c.names = names_send;
	refused(&s, "config.json: /linux/seccomp/syscalls/0",
		"SCMP_ACT_NOTIFY cannot be used for the sendmsg syscall");
	c.names = names_read;
	refused(&s, "config.json: /linux/seccomp/syscalls/0",
		"SCMP_ACT_NOTIFY needs a listenerPath");
	c = call(names_read, SECCOMP_RET_ALLOW);
	c.errno_ret = (struct opt_u64){ true, 1 };
	refused(&s, "config.json: /linux/seccomp/syscalls/0", "SCMP_ACT_ALLOW takes no errno");
	c = call(names_read, SECCOMP_RET_ERRNO);
	c.errno_ret = (struct opt_u64){ true, 4096 };
	refused(&s, "config.json: /linux/seccomp/syscalls/0", "errno 4096 is above 4095");
	c.errno_ret.set = false;
	s.default_action.v = SECCOMP_RET_USER_NOTIF;
	refused(&s, "config.json: /linux/seccomp/defaultAction",
		"SCMP_ACT_NOTIFY cannot be used as default action");
	s.default_action.v = SECCOMP_RET_ALLOW;
	s.architectures = archs;
	refused(&s, "config.json: /linux/seccomp/architectures/0",
		"unknown seccomp architecture 'SCMP_ARCH_X86_46'");
	s.architectures = NULL;
	s.listener_metadata = "x";
	refused(&s, "config.json: /linux/seccomp/listenerMetadata",
		"listenerMetadata needs a listenerPath");
}

TEST(a_policy_without_rules_compiles)
{
	struct oci_seccomp s = policy(SECCOMP_RET_ALLOW, NULL, 0);
	uint64_t args[6] = { 0 };
	struct arena a = { 0 };
	struct seccomp_program p = compile(&s, -1, &a);

	WANT_INT(verdict(&p, SCMP_ARCH_X86_64, 59, args), SECCOMP_RET_ALLOW);
	arena_done(&a);
}

/* The cache. */

static char cache_path[] = "/tmp/tare-seccomp-XXXXXX";

static int open_cache(void)
{
	WANT(mkdtemp(cache_path) != NULL);
	return open(cache_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void close_cache(int fd)
{
	char command[64];

	close(fd);
	snprintf(command, sizeof(command), "rm -r '%s'", cache_path);
	WANT_INT(system(command), 0);
}

static bool equal(const struct seccomp_program *a, const struct seccomp_program *b)
{
	return a->filter.n == b->filter.n && memcmp(a->filter.at, b->filter.at, a->filter.n) == 0 &&
	       (a->ignored ? b->ignored && strcmp(a->ignored, b->ignored) == 0 : !b->ignored);
}

TEST(a_filter_is_compiled_once)
{
	struct oci_syscall c = call(names_odd, SECCOMP_RET_ERRNO);
	struct oci_seccomp s = policy(SECCOMP_RET_ALLOW, &c, 1);
	int fd = open_cache();
	struct arena a = { 0 };
	struct seccomp_program first = compile(&s, fd, &a), second = compile(&s, fd, &a);

	WANT(!first.cached);
	WANT(second.cached);
	WANT(equal(&first, &second));
	s.listener_metadata = "other";
	s.listener_path = "/x";
	WANT(compile(&s, fd, &a).cached);
	c.action.v = SECCOMP_RET_TRAP;
	WANT(!compile(&s, fd, &a).cached);
	close_cache(fd);
	arena_done(&a);
}

/* Path of the one entry in the cache. */
static const char *entry(void)
{
	static char path[256];
	char command[128];
	FILE *f;

	snprintf(command, sizeof(command), "echo -n %s/*", cache_path);
	f = popen(command, "r");
	WANT(fgets(path, sizeof(path), f) != NULL);
	pclose(f);
	return path;
}

TEST(a_damaged_entry_is_never_used_and_is_replaced)
{
	struct oci_syscall c = call(names_odd, SECCOMP_RET_ERRNO);
	struct oci_seccomp s = policy(SECCOMP_RET_ALLOW, &c, 1);
	int dir = open_cache(), fd;
	struct arena a = { 0 };
	struct seccomp_program first = compile(&s, dir, &a), now;
	struct stat st;

	WANT_INT(stat(entry(), &st), 0);
	for (off_t at = 0; at < st.st_size; at += 3) {
		unsigned char byte;

		fd = open(entry(), O_RDWR);
		WANT_INT(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		WANT_INT(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		now = compile(&s, dir, &a);
		if (now.cached || !equal(&first, &now))
			T_FAIL("byte %lld was not missed", (long long)at);
		WANT(compile(&s, dir, &a).cached);
	}
	for (off_t len = 0; len < st.st_size; len += 7) {
		WANT_INT(truncate(entry(), len), 0);
		now = compile(&s, dir, &a);
		WANT(!now.cached && equal(&first, &now));
	}
	close_cache(dir);
	arena_done(&a);
}

TEST(a_cache_that_others_can_write_is_not_used)
{
	struct oci_syscall c = call(names_read, SECCOMP_RET_ERRNO);
	struct oci_seccomp s = policy(SECCOMP_RET_ALLOW, &c, 1);
	int fd = open_cache();
	struct arena a = { 0 };

	WANT_INT(fchmod(fd, 0777), 0);
	compile(&s, fd, &a);
	WANT(!compile(&s, fd, &a).cached);
	WANT_INT(fchmod(fd, 0700), 0);
	compile(&s, fd, &a);
	WANT(compile(&s, fd, &a).cached);
	WANT_INT(chmod(entry(), 0666), 0);
	WANT(!compile(&s, fd, &a).cached);
	close_cache(fd);
	arena_done(&a);
}

/* The agent: reads what comes with one connection. */
static size_t listen_once(int server, char *text, size_t size, int *ret_fd)
{
	int conn = accept(server, NULL, NULL);
	char room[CMSG_SPACE(sizeof(int))];
	struct iovec io = { text, size };
	struct msghdr m = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)
	};
	ssize_t n = recvmsg(conn, &m, MSG_WAITALL), more;

	WANT(n > 0 && CMSG_FIRSTHDR(&m));
	memcpy(ret_fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(*ret_fd));
	while ((more = read(conn, text + n, size - (size_t)n)) > 0)
		n += more;
	close(conn);
	return (size_t)n;
}

TEST(the_listener_reaches_the_agent_with_the_containers_state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, SOCK_STREAM, 0), cache = open_cache(), got = -1, status;
	struct oci_seccomp s = { .listener_metadata = "a \"quoted\" word" };
	struct seccomp_listen l = { "1.3.0", "{\"id\":\"c1\"}", 42 };
	char text[512] = "";

	snprintf(to.sun_path, sizeof(to.sun_path), "%s/agent", cache_path);
	s.listener_path = to.sun_path;
	WANT_INT(bind(server, (struct sockaddr *)&to, sizeof(to)) | listen(server, 1), 0);
	fflush(stdout);
	if (fork() == 0) {
		struct err e = { 0 };

		exit(seccomp_send_listener(&s, cache, &l, &e) < 0);
	}
	listen_once(server, text, sizeof(text) - 1, &got);
	wait(&status);
	WANT_INT(status, 0);
	WANT_STR(text, "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":42,"
		       "\"metadata\":\"a \\\"quoted\\\" word\",\"state\":{\"id\":\"c1\"}}");
	WANT(fcntl(got, F_GETFD) >= 0);
	close_cache(cache);
}

TEST(an_agent_that_is_not_there_is_an_error)
{
	struct oci_seccomp s = { .listener_path = "/no/such/agent" };
	struct seccomp_listen l = { "1.3.0", "{}", 42 };
	struct err e = { 0 };

	WANT_INT(seccomp_send_listener(&s, 0, &l, &e), -1);
	WANT_STR(e.text,
		 "hand the seccomp listener to its agent: failed to connect with seccomp agent "
		 "'/no/such/agent': "
		 "no such file or directory");
	WANT_STR(e.origin, "config.json: /linux/seccomp/listenerPath");
}

static double ms(const struct oci_seccomp *s, int cache, int times)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < times; i++) {
		struct arena a = { 0 };

		compile(s, cache, &a);
		arena_done(&a);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	return ((double)(to.tv_sec - from.tv_sec) * 1e3 +
		(double)(to.tv_nsec - from.tv_nsec) / 1e6) /
	       times;
}

TEST(dockers_policy_takes_few_instructions)
{
	struct arena a = { 0 };
	struct oci_seccomp s;

	/* libseccomp's tree of it has 1261, and loading costs by the instruction */
	docker_seccomp(TEST_DATA "/seccomp-default.json", &a, &s);
	WANT(compile(&s, -1, &a).filter.n / sizeof(struct sock_filter) < 400);
	arena_done(&a);
}

TEST(a_cached_policy_costs_little)
{
	struct arena a = { 0 };
	struct oci_seccomp s;
	int fd = open_cache();
	double cold, warm;

	docker_seccomp(TEST_DATA "/seccomp-default.json", &a, &s);
	cold = ms(&s, -1, 3);
	ms(&s, fd, 1);
	warm = ms(&s, fd, 50);
	printf("# docker's policy: %zu instructions, %.3f ms compiled, %.3f ms cached\n",
	       compile(&s, fd, &a).filter.n / 8, cold, warm);
	WANT(warm < cold / 4);
	close_cache(fd);
	arena_done(&a);
}
