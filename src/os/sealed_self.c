/* sealed_self.c - copy /proc/self/exe to a sealed memory file, and execute that with the same words */
#include "os/sealed_self.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "os/file.h"
#include "os/spawn.h"

#define NAME      "tare"
#define WORDS_MAX ((size_t)4 << 20)

static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_WRITE);
}

static int copy(int exe, struct err *e)
{
	struct stat st;
	void *at;
	int fd;

	if (fstat(exe, &st) < 0)
		return fail_sys(e, "look at '/proc/self/exe'");
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, exe, 0);
	if (at == MAP_FAILED)
		return fail_sys(e, "read '/proc/self/exe'");
	fd = memfd_exec_of(NAME, at, (size_t)st.st_size, e);
	(void)munmap(at, (size_t)st.st_size);
	return fd;
}

static int execute(int fd, char *words, size_t len, struct err *e)
{
	size_t n = 0;
	own_mem char **argv = NULL;

	for (size_t i = 0; i < len; i++)
		n += words[i] == '\0';
	argv = calloc(n + 1, sizeof(*argv));
	if (!argv)
		return fail_errno(e, ENOMEM, "execute a copy of ourselves");
	n = 0;
	for (size_t at = 0; at < len; at += strlen(words + at) + 1)
		argv[n++] = words + at;
	(void)syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return fail_sys(e, "execute a copy of ourselves");
}

/**
 * sealed_self() - from here on, what runs is a copy of our program in memory that cannot be changed
 *
 * A container that we enter can have us executed once more (#!/proc/self/exe), as one of its own
 * processes, and open what it finds there for writing: that must not be a file of the host's. Call it
 * first: the program starts anew. In the copy it does nothing.
 *
 * Return: 0 in the copy, or -1.
 */
int sealed_self(struct err *e)
{
	own_fd int exe = fd_open("/proc/self/exe", O_RDONLY), image = FD_NONE;
	own_mem char *words = NULL;
	int len;

	if (exe < 0)
		return fail_sys(e, "open '/proc/self/exe'");
	if (is_sealed(exe)) {
		/* the kernel has named us by the descriptor's number */
		(void)prctl(PR_SET_NAME, NAME);
		return 0;
	}
	len = file_read(AT_FDCWD, "/proc/self/cmdline", WORDS_MAX, &words, e);
	if (len < 0)
		return -1;
	image = copy(exe, e);
	return image < 0 ? -1 : execute(image, words, (size_t)len, e);
}
