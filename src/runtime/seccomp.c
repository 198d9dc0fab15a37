/* seccomp.c - compile a policy once, and keep what came out
 *
 * Compiling Docker's default policy takes libseccomp several milliseconds, reading the result
 * from a tmpfs some microseconds. A cache entry carries everything that the filter depends on
 * (the packed policy, libseccomp's and the kernel's version, our own format) and is used only
 * when all of that is equal byte for byte and the entry's checksum holds; its name, a hash, is
 * no more than a guess where to look. The cache is never needed: what cannot be read is
 * compiled, what cannot be written is not kept.
 */
#include "runtime/seccomp.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json_text.h"
#include "base/own.h"
#include "os/seccomp_load.h"
#include "runtime/seccomp_translate.h"
#include "spec/oci.h"

#define CACHE_FORMAT  "tare seccomp cache 3" /* change it whenever a filter would differ */
#define CACHE_ENTRIES 64
#define CACHE_BYTES   (4 << 20)
#define AGENT_SECONDS 10

#define WHERE         "config.json: /linux/seccomp"

/* Linux 5.19; not in Debian 12's headers */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* struct entry - head of a cache file; key, filter and ignored names follow */
struct entry {
	char format[24];
	uint64_t sum;
	uint32_t key, filter, ignored, spare;
};

/* FNV-1a, by words: a step is a bijection, so no damage to one word goes unseen. */
static uint64_t fnv(const char *at, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325), word;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		h = (h ^ word) * UINT64_C(0x100000001b3);
	}
	for (; len; at++, len--)
		h = (h ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	return h ^ h >> 32; /* what is high in a word stays high */
}

static uint32_t kind(int64_t action)
{
	return (uint32_t)action & SECCOMP_RET_ACTION_FULL;
}

/*
 * tare-init hands over the listener by sendmsg(2), under the filter: were that to wait for
 * the listener's answer, it would wait for ever. runc uses write(2) for it and refuses that
 * one; so do we, lest a policy work here and hang there.
 */
static const struct word never_notified[] = { { "write", 1 }, { "sendmsg", 1 }, { NULL, 0 } };

static int check_notify(const struct oci_seccomp *s, const struct oci_syscall *c, struct err *e)
{
	for (size_t i = 0; c->names[i]; i++)
		if (word_find(never_notified, c->names[i]))
			return fail(e, ERR_INPUT,
				    "SCMP_ACT_NOTIFY cannot be used for the %s "
				    "syscall",
				    c->names[i]);
	if (!s->listener_path)
		return fail(e, ERR_INPUT, "SCMP_ACT_NOTIFY needs a listenerPath");
	return 0;
}

static int check(const struct oci_seccomp *s, bool *ret_notify, struct err *e)
{
	*ret_notify = false;
	if (kind(s->default_action.v) == SECCOMP_RET_USER_NOTIF) {
		fail(e, ERR_INPUT, "SCMP_ACT_NOTIFY cannot be used as default action");
		return fail_at(e, WHERE "/defaultAction");
	}
	if (s->listener_metadata && *s->listener_metadata && !s->listener_path) {
		fail(e, ERR_INPUT, "listenerMetadata needs a listenerPath");
		return fail_at(e, WHERE "/listenerMetadata");
	}
	for (size_t i = 0; i < s->syscalls.n; i++) {
		const struct oci_syscall *c = &s->syscalls.at[i];

		if (kind(c->action.v) != SECCOMP_RET_USER_NOTIF)
			continue;
		*ret_notify = true;
		if (check_notify(s, c, e) < 0)
			return fail_at(e, WHERE "/syscalls/%zu", i);
	}
	return 0;
}

/* All that the filter depends on. Listener and flags do not change it. */
static int make_key(const struct oci_seccomp *s, struct str *key)
{
	struct oci_seccomp policy = *s;
	struct utsname u;

	policy.listener_path = policy.listener_metadata = NULL;
	policy.flags = (struct opt_u64){ .set = false };
	if (uname(&u) < 0)
		return -1;
	str_addf(key, "libseccomp %s, %s %s %s;", LIBSECCOMP_VERSION, u.release, u.version,
		 u.machine);
	return bind_pack(&oci_seccomp_table, &policy, key);
}

static bool is_ours(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & 0022);
}

/* Reads an entry whole, if it is a plain file that only we can have written. */
static int try_read(int dirfd, const char *name, struct str *out)
{
	own_fd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	own_mem char *text = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || !is_ours(&st) || st.st_size > CACHE_BYTES)
		return -EPERM;
	text = malloc((size_t)st.st_size + 1);
	if (!text || pread(fd, text, (size_t)st.st_size, 0) != st.st_size)
		return -EIO;
	text[st.st_size] = '\0';
	*out = (struct str){ .at = give(text), .len = (size_t)st.st_size };
	return 0;
}

static uint64_t sum_of(const struct entry *head, const char *rest, size_t len)
{
	struct entry h = *head;

	h.sum = 0;
	return fnv((const char *)&h, sizeof(h)) ^ fnv(rest, len);
}

/* Is @file an undamaged entry for @key? */
static bool fits(const struct str *file, const struct str *key, struct entry *ret_head)
{
	const char *rest = file->at + sizeof(*ret_head);
	size_t len;

	if (file->len < sizeof(*ret_head))
		return false;
	memcpy(ret_head, file->at, sizeof(*ret_head));
	len = file->len - sizeof(*ret_head);
	return memcmp(ret_head->format, CACHE_FORMAT, sizeof(CACHE_FORMAT)) == 0 &&
	       len == (uint64_t)ret_head->key + ret_head->filter + ret_head->ignored &&
	       ret_head->key == key->len && memcmp(rest, key->at, key->len) == 0 &&
	       ret_head->filter && ret_head->filter % sizeof(struct sock_filter) == 0 &&
	       ret_head->sum == sum_of(ret_head, rest, len);
}

static bool keep(const char *filter, size_t len, const char *ignored, size_t ignored_len,
		 struct arena *a, struct seccomp_program *p)
{
	p->filter.at = arena_alloc(a, len);
	p->filter.n = len;
	if (p->filter.at)
		memcpy(p->filter.at, filter, len);
	if (ignored_len)
		p->ignored = arena_dup_len(a, ignored, ignored_len);
	return p->filter.at && (!ignored_len || p->ignored);
}

static bool find(int dirfd, const char *name, const struct str *key, struct arena *a,
		 struct seccomp_program *p)
{
	own_str struct str file = { 0 };
	struct entry head;
	const char *filter;

	if (try_read(dirfd, name, &file) < 0 || !fits(&file, key, &head))
		return false;
	filter = file.at + sizeof(head) + head.key;
	return keep(filter, head.filter, filter + head.filter, head.ignored, a, p);
}

/* The cache is small; when it is full it begins anew. */
static void make_room(int dirfd)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	own_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;
	int n = 0;

	while (dir && (d = readdir(dir)))
		n += d->d_name[0] != '.';
	if (!dir || n < CACHE_ENTRIES)
		return;
	rewinddir(dir);
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			(void)unlinkat(dirfd, d->d_name, 0);
}

/* Written without a name, so that a crash leaves nothing, and linked when it is complete. */
static void try_write(int dirfd, const char *name, const struct str *file)
{
	own_fd int fd = openat(dirfd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	char self[64];

	if (fd < 0 || write(fd, file->at, file->len) != (ssize_t)file->len)
		return;
	make_room(dirfd);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, dirfd, name, AT_SYMLINK_FOLLOW) == 0 || errno != EEXIST)
		return;
	/* A damaged entry, or another policy of the same hash, stands there. */
	if (unlinkat(dirfd, name, 0) == 0)
		(void)!linkat(AT_FDCWD, self, dirfd, name, AT_SYMLINK_FOLLOW);
}

static void store(int dirfd, const char *name, const struct str *key, const struct str *filter,
		  const struct str *ignored)
{
	struct entry head = { .format = CACHE_FORMAT,
			      .key = (uint32_t)key->len,
			      .filter = (uint32_t)filter->len,
			      .ignored = (uint32_t)ignored->len };
	own_str struct str file = { 0 };

	str_add_len(&file, (const char *)&head, sizeof(head));
	str_add_len(&file, key->at, key->len);
	str_add_len(&file, filter->at, filter->len);
	if (ignored->len)
		str_add_len(&file, ignored->at, ignored->len);
	if (file.torn || file.len > CACHE_BYTES)
		return;
	head.sum = sum_of(&head, file.at + sizeof(head), file.len - sizeof(head));
	memcpy(file.at, &head, sizeof(head));
	try_write(dirfd, name, &file);
}

static bool usable(int dirfd)
{
	struct stat st;

	return dirfd >= 0 && fstat(dirfd, &st) == 0 && S_ISDIR(st.st_mode) && is_ours(&st);
}

/*
 * Without "flags" the mitigation of speculative store bypass stays off, as in runc and crun.
 * TSYNC means nothing for the single thread that loads the filter, and clashes with a listener.
 */
static unsigned flags_of(const struct oci_seccomp *s, bool notify)
{
	unsigned flags = (unsigned)s->flags.v & ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC;

	/* It is about waiting for the listener's answer; without one the kernel refuses it. */
	if (!notify)
		flags &= ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	if (s->flags.set || seccomp_try_flag(SECCOMP_FILTER_FLAG_SPEC_ALLOW) < 0)
		return flags;
	return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
}

static int check_flags(unsigned flags, struct err *e)
{
	for (const struct word *w = oci_seccomp_flag_words; w->name; w++) {
		int r = flags & w->value ? seccomp_try_flag((unsigned)w->value) : 0;

		if (r == 0)
			continue;
		if (r == -EINVAL || r == -ENOSYS)
			fail(e, ERR_UNSUPPORTED, "this kernel does not know %s", w->name);
		else
			fail_errno(e, -r, "ask the kernel for %s", w->name);
		return fail_at(e, WHERE "/flags");
	}
	return 0;
}

/**
 * seccomp_compile() - turn linux.seccomp into a filter
 * @s:           the policy, as read from config.json
 * @cache_dirfd: where compiled filters are kept: a directory of ours that nobody else can
 *               write, on a file system that ends with the boot; -1 for none
 * @a:           owns what @ret_program points to
 *
 * Return: 0, or -1 with the policy's fault and its place.
 */
int seccomp_compile(const struct oci_seccomp *s, int cache_dirfd, struct arena *a,
		    struct seccomp_program *ret_program, struct err *e)
{
	own_str struct str key = { 0 }, filter = { 0 }, ignored = { 0 };
	struct seccomp_program p = { .notify = false };
	bool cache = usable(cache_dirfd);
	char name[32];

	if (check(s, &p.notify, e) < 0)
		return -1;
	p.flags = flags_of(s, p.notify);
	if (check_flags(p.flags, e) < 0)
		return -1;
	cache = cache && make_key(s, &key) == 0;
	if (cache)
		snprintf(name, sizeof(name), "%016" PRIx64, fnv(key.at, key.len));
	p.cached = cache && find(cache_dirfd, name, &key, a, &p);
	if (!p.cached) {
		if (seccomp_translate(s, &filter, &ignored, e) < 0)
			return -1;
		if (!keep(filter.at, filter.len, ignored.at, ignored.len, a, &p))
			return fail(e, ERR_LIMIT, "compile the seccomp policy: out of memory");
		if (cache)
			store(cache_dirfd, name, &key, &filter, &ignored);
	}
	*ret_program = p;
	return 0;
}

/* config-linux.md, "The Container Process State" */
static int describe(const struct oci_seccomp *s, const struct seccomp_listen *l, struct str *out,
		    struct err *e)
{
	str_add(out, "{\"ociVersion\":");
	json_text_quote(out, l->oci_version);
	str_addf(out, ",\"fds\":[\"seccompFd\"],\"pid\":%d", l->pid);
	if (s->listener_metadata && *s->listener_metadata) {
		str_add(out, ",\"metadata\":");
		json_text_quote(out, s->listener_metadata);
	}
	str_add(out, ",\"state\":");
	str_add(out, l->state);
	str_add(out, "}");
	return out->torn ? fail(e, ERR_LIMIT, "describe the container: out of memory") : 0;
}

static int connect_agent(const char *path, struct err *e)
{
	own_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval patience = { .tv_sec = AGENT_SECONDS };
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (fd < 0)
		return fail_sys(e, "make a socket");
	if (strlen(path) >= sizeof(to.sun_path))
		return fail(e, ERR_INPUT, "the path '%s' is longer than %zu bytes", path,
			    sizeof(to.sun_path) - 1);
	memcpy(to.sun_path, path, strlen(path) + 1);
	/* An agent that does not read must not hang us. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return fail_sys(e, "set a time limit for '%s'", path);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return fail_sys(e, "failed to connect with seccomp agent '%s'", path);
	return give_fd(&fd);
}

/* The descriptor goes with the first bytes; the rest may need more calls. */
static int send_all(int sock, int fd, const struct str *text, struct err *e)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	struct iovec io = { text->at, text->len };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	while (io.iov_len) {
		ssize_t n = sendmsg(sock, &m, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_sys(e, "send the listener's descriptor");
		io.iov_base = (char *)io.iov_base + n;
		io.iov_len -= (size_t)n;
		m.msg_control = NULL;
		m.msg_controllen = 0;
	}
	return 0;
}

/* seccomp_notifies() - does any rule hand a call to the agent? */
bool seccomp_notifies(const struct oci_seccomp *s)
{
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (kind(s->syscalls.at[i].action.v) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

/**
 * seccomp_send_listener() - give the notify descriptor to the agent at linux.seccomp.listenerPath
 * @notify_fd: stays the caller's, to be closed
 *
 * Return: 0, or -1: then the container must not start, nobody would answer its calls.
 */
int seccomp_send_listener(const struct oci_seccomp *s, int notify_fd,
			  const struct seccomp_listen *l, struct err *e)
{
	own_str struct str text = { 0 };
	own_fd int sock = FD_NONE;

	if (describe(s, l, &text, e) < 0)
		return -1;
	sock = connect_agent(s->listener_path, e);
	if (sock < 0 || send_all(sock, notify_fd, &text, e) < 0) {
		fail_in(e, "hand the seccomp listener to its agent");
		return fail_at(e, WHERE "/listenerPath");
	}
	return 0;
}
