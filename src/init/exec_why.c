/* exec_why.c - the post-mortem of execve(2)
 *
 * The kernel answers with one errno for many causes; ENOENT about a file that is plainly
 * there is the best known. The file belongs to the container: reads are bounded, and what
 * is no regular file is never opened (a FIFO would block, a device would act).
 */
#include "init/exec_why.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"

#ifndef EM_RISCV
#define EM_RISCV 243
#endif
#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif
#ifndef ST_NOEXEC
#define ST_NOEXEC 8
#endif

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#elif defined(__riscv)
#define OUR_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define OUR_MACHINE EM_PPC64
#elif defined(__s390x__)
#define OUR_MACHINE EM_S390
#else
#define OUR_MACHINE EM_NONE
#endif

#define SCRIPT_DEEP   4        /* the kernel follows as many scripts that interpret scripts */
#define ARG_MAX_BYTES 131072UL /* the kernel's MAX_ARG_STRLEN */

// clang-format off
static const struct word machine_words[] = {
	{ "x86-64",    EM_X86_64    },
	{ "x86",       EM_386       },
	{ "AArch64",   EM_AARCH64   },
	{ "ARM",       EM_ARM       },
	{ "RISC-V",    EM_RISCV     },
	{ "PowerPC64", EM_PPC64     },
	{ "PowerPC",   EM_PPC       },
	{ "S390",      EM_S390      },
	{ "MIPS",      EM_MIPS      },
	{ "LoongArch", EM_LOONGARCH },
	{ "SPARC",     EM_SPARCV9   },
	{ NULL, 0 },
};
// clang-format on

/* exec_machine_name() - name of an ELF machine number */
const char *exec_machine_name(unsigned machine)
{
	const char *name = word_name(machine_words, machine);

	return name ? name : "another machine";
}

/* Reads an integer of @size bytes at @offset, in the file's byte order; 0 past the end. */
static uint64_t field(const unsigned char *at, size_t len, uint64_t offset, size_t size)
{
	bool big = at[EI_DATA] == ELFDATA2MSB;
	uint64_t v = 0;

	if (offset > len || len - offset < size)
		return 0;
	for (size_t i = 0; i < size; i++)
		v = v << 8 | at[offset + (big ? i : size - 1 - i)];
	return v;
}

/* Elf32 and Elf64 keep the same members at different places. */
#define MEMBER(wide, S, m) \
	((wide) ? offsetof(Elf64_##S, m) : offsetof(Elf32_##S, m)), \
		((wide) ? sizeof(((Elf64_##S *)0)->m) : sizeof(((Elf32_##S *)0)->m))

static void read_elf(const unsigned char *at, size_t len, struct exec_head *h)
{
	bool wide = at[EI_CLASS] == ELFCLASS64;
	uint64_t table, each = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), n;

	h->kind = EXEC_ELF;
	h->cut = len < (wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
	if (h->cut)
		return;
	h->machine = (unsigned)field(at, len, MEMBER(wide, Ehdr, e_machine));
	table = field(at, len, MEMBER(wide, Ehdr, e_phoff));
	n = field(at, len, MEMBER(wide, Ehdr, e_phnum));
	for (uint64_t i = 0; i < n && table <= len && i < (len - table) / each; i++) {
		const unsigned char *row = at;
		uint64_t base = table + i * each;

		if (field(row, len, base + offsetof(Elf64_Phdr, p_type), 4) != PT_INTERP)
			continue;
		h->interp_at = field(row, len, base + MEMBER(wide, Phdr, p_offset));
		h->interp_len = field(row, len, base + MEMBER(wide, Phdr, p_filesz));
		return;
	}
}

static void read_script(const unsigned char *at, size_t len, struct exec_head *h)
{
	const unsigned char *end = memchr(at, '\n', len), *c = at + 2;
	size_t n = 0;

	h->kind = EXEC_SCRIPT;
	if (!end)
		end = at + len;
	h->crlf = end > c && end[-1] == '\r';
	while (c < end && (*c == ' ' || *c == '\t'))
		c++;
	for (; c < end && n < sizeof(h->interpreter) - 1; c++) {
		if (*c == ' ' || *c == '\t' || *c == '\r' || *c == '\0')
			break;
		h->interpreter[n++] = (char)*c;
	}
	h->interpreter[n] = '\0';
}

/**
 * exec_head_read() - tell what kind of program begins with these bytes
 * @at, @len: the file's first bytes, at most EXEC_HEAD_SIZE of them; never trusted
 */
void exec_head_read(const unsigned char *at, size_t len, struct exec_head *ret_head)
{
	memset(ret_head, 0, sizeof(*ret_head));
	ret_head->kind = len ? EXEC_OTHER : EXEC_EMPTY;
	if (len >= EI_NIDENT && memcmp(at, ELFMAG, SELFMAG) == 0)
		read_elf(at, len, ret_head);
	else if (len >= 2 && at[0] == '#' && at[1] == '!')
		read_script(at, len, ret_head);
}

/* Opens a regular file for reading; looks before it opens, and again behind it. */
static int open_regular(const char *path)
{
	struct stat before, after;
	own_fd int fd = FD_NONE;

	if (stat(path, &before) < 0 || !S_ISREG(before.st_mode))
		return FD_NONE;
	fd = fd_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &after) < 0 || !S_ISREG(after.st_mode))
		return FD_NONE;
	return give_fd(&fd);
}

static bool look(const char *path, struct exec_head *h)
{
	unsigned char bytes[EXEC_HEAD_SIZE];
	own_fd int fd = open_regular(path);
	ssize_t n = fd < 0 ? -1 : pread(fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		return false;
	exec_head_read(bytes, (size_t)n, h);
	if (h->kind == EXEC_ELF && h->interp_len && h->interp_len <= sizeof(h->interpreter) &&
	    h->interp_at <= INT32_MAX) {
		n = pread(fd, h->interpreter, h->interp_len, (off_t)h->interp_at);
		h->interpreter[n > 0 ? n - 1 : 0] = '\0';
	}
	return true;
}

static int why_script_absent(const char *path, const struct exec_head *h, struct err *e)
{
	if (h->crlf) {
		fail_errno(e, ENOENT,
			   "exec '%s': its first line ends in CR LF, which makes its "
			   "interpreter '%s\\r'",
			   path, h->interpreter);
		return fail_hint(e, "save it with Unix line ends");
	}
	return fail_errno(e, ENOENT, "exec '%s': its interpreter '%s' does not exist", path,
			  h->interpreter);
}

static int why_link_absent(const char *path, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return fail_errno(e, ENOENT, "exec '%s'", path);
	target[n] = '\0';
	return fail_errno(e, ENOENT, "exec '%s': it links to '%.256s', which does not exist", path,
			  target);
}

/* ENOENT: the file, or the loader or interpreter that it asks for. */
static int why_absent(const char *path, struct err *e)
{
	struct exec_head h = { 0 };
	char next[sizeof(h.interpreter)];

	if (access(path, F_OK) < 0)
		return why_link_absent(path, e);
	for (int deep = 0; deep < SCRIPT_DEEP && look(path, &h) && h.interpreter[0]; deep++) {
		bool there = access(h.interpreter, F_OK) == 0;

		if (h.kind == EXEC_SCRIPT && (!there || h.crlf))
			return why_script_absent(path, &h, e);
		if (!there) {
			fail_errno(e, ENOENT, "exec '%s': its loader '%s' does not exist", path,
				   h.interpreter);
			return fail_hint(e, "it wants a C library that is not in this root file "
					    "system; a static program needs none");
		}
		memcpy(next, h.interpreter, sizeof(next));
		path = next;
	}
	return fail_errno(e, ENOENT, "exec '%s'", path);
}

static int why_denied(const char *path, struct err *e)
{
	struct exec_head h = { 0 };
	struct statfs fs;
	struct stat st;

	if (stat(path, &st) < 0) {
		fail_errno(e, EACCES, "exec '%s'", path);
		return fail_hint(e, "a directory on the way is closed to uid %u", geteuid());
	}
	if (S_ISDIR(st.st_mode))
		return fail_errno(e, EACCES, "exec '%s': it is a directory", path);
	if (!S_ISREG(st.st_mode))
		return fail_errno(e, EACCES, "exec '%s': it is not a regular file", path);
	if (statfs(path, &fs) == 0 && (fs.f_flags & ST_NOEXEC))
		return fail_errno(e, EACCES, "exec '%s': it lies on a mount with 'noexec'", path);
	if (!(st.st_mode & 0111)) {
		fail_errno(e, EACCES, "exec '%s': it is not executable", path);
		return fail_hint(e, "chmod +x");
	}
	if (access(path, X_OK) < 0)
		return fail_errno(e, EACCES,
				  "exec '%s': mode %04o, owner %u:%u, is closed to uid %u", path,
				  st.st_mode & 07777, st.st_uid, st.st_gid, geteuid());
	if (look(path, &h) && h.interpreter[0] && access(h.interpreter, X_OK) < 0)
		return fail_errno(e, EACCES, "exec '%s': its %s '%s' is not executable", path,
				  h.kind == EXEC_ELF ? "loader" : "interpreter", h.interpreter);
	return fail_errno(e, EACCES, "exec '%s'", path);
}

static int why_format(const char *path, struct err *e)
{
	struct exec_head h;

	if (!look(path, &h))
		return fail_errno(e, ENOEXEC, "exec '%s'", path);
	if (h.kind == EXEC_EMPTY)
		return fail_errno(e, ENOEXEC, "exec '%s': it is empty", path);
	if (h.kind == EXEC_OTHER) {
		fail_errno(e, ENOEXEC, "exec '%s': it is no program, and no script with '#!'",
			   path);
		return fail_hint(e, "a shell script begins with a line such as '#!/bin/sh'");
	}
	if (h.kind == EXEC_SCRIPT)
		return fail_errno(e, ENOEXEC,
				  "exec '%s': interpreter '%s' of its '#!' line cannot run", path,
				  h.interpreter);
	if (h.cut)
		return fail_errno(e, ENOEXEC, "exec '%s': it is cut short", path);
	if (h.machine == OUR_MACHINE)
		return fail_errno(e, ENOEXEC, "exec '%s': it is damaged", path);
	fail_errno(e, ENOEXEC, "exec '%s': it is for %s (ELF machine %u), and this is %s", path,
		   exec_machine_name(h.machine), h.machine, exec_machine_name(OUR_MACHINE));
	return fail_hint(e, "take an image for this architecture, or register an emulator in "
			    "binfmt_misc");
}

static void measure(char *const *list, size_t *bytes, size_t *strings, size_t *longest)
{
	for (; list && *list; list++) {
		size_t n = strlen(*list) + 1;

		*bytes += n + sizeof(*list);
		*strings += 1;
		if (n > *longest)
			*longest = n;
	}
}

static int why_big(const char *path, char *const *args, char *const *env, struct err *e)
{
	size_t bytes = 0, strings = 0, longest = 0;
	struct rlimit stack = { 0, 0 };

	measure(args, &bytes, &strings, &longest);
	measure(env, &bytes, &strings, &longest);
	fail_errno(e, E2BIG, "exec '%s' with %zu bytes in %zu arguments and variables", path, bytes,
		   strings);
	if (longest > ARG_MAX_BYTES)
		return fail_hint(e, "one of them has %zu bytes, the limit is %lu", longest,
				 ARG_MAX_BYTES);
	if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur != RLIM_INFINITY)
		return fail_hint(e, "the limit is a quarter of RLIMIT_STACK, that is %llu",
				 (unsigned long long)stack.rlim_cur / 4);
	return -1;
}

/* The kernel refuses a program that counts on capabilities which it then would not get. */
static int why_not_permitted(const char *path, struct err *e)
{
	fail_errno(e, EPERM, "exec '%s'", path);
	if (getxattr(path, "security.capability", NULL, 0) > 0)
		return fail_hint(e, "it has file capabilities that the container's bounding "
				    "set lacks");
	return -1;
}

/**
 * exec_why() - explain why @path could not be executed
 * @args, @env: what it was to be given; may be NULL
 * @sysno:      what execve(2) said
 *
 * Return: -1, with the file's part in it, as far as it can be seen, in @e.
 */
int exec_why(const char *path, char *const *args, char *const *env, int sysno, struct err *e)
{
	switch (sysno) {
	case ENOENT:
		return why_absent(path, e);
	case EACCES:
		return why_denied(path, e);
	case ENOEXEC:
	case ELIBBAD:
		return why_format(path, e);
	case E2BIG:
		return why_big(path, args, env, e);
	case EPERM:
		return why_not_permitted(path, e);
	case ETXTBSY:
		fail_errno(e, sysno, "exec '%s'", path);
		return fail_hint(e, "another process has it open for writing");
	default:
		return fail_errno(e, sysno, "exec '%s'", path);
	}
}
