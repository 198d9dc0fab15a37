/* exec.c - which program is meant, and why it does not start
 *
 * The files are made in a directory of their own; root is not needed, and where it would see
 * another error (root may search any directory), the test steps down first.
 */
#include "t.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "init/exec.h"
#include "init/exec_why.h"

static char dir[] = "/tmp/tare-exec-XXXXXX";

static void enter(void)
{
	WANT(mkdtemp(dir) != NULL);
	WANT_INT(chmod(dir, 0755) | chdir(dir), 0);
}

static void leave(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	WANT_INT(system(command), 0);
}

static void file(const char *name, mode_t mode, const void *at, size_t len)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	WANT_INT(write(fd, at, len), (ssize_t)len);
	WANT_INT(fchmod(fd, mode) | close(fd), 0);
}

static void script(const char *name, const char *text)
{
	file(name, 0755, text, strlen(text));
}

static char *no_env[] = { NULL };

static struct err why(const char *name, char **env)
{
	char *args[] = { (char *)name, NULL };
	struct err e = { 0 };

	WANT_INT(exec_program(args, env, &e), -1);
	return e;
}

#define WHY(name, env, text_, sysno_) \
	do { \
		struct err e_ = why(name, env); \
		WANT_STR(e_.text, text_); \
		WANT_INT(e_.sysno, sysno_); \
	} while (0)

TEST(a_program_is_found_along_path_past_what_cannot_be_executed)
{
	char path[128], *env[] = { path, NULL }, *args[] = { "tool", NULL }, *found = NULL;
	struct err e = { 0 };

	enter();
	mkdir("a", 0755), mkdir("b", 0755), mkdir("c", 0755), mkdir("b/tool", 0755);
	script("a/tool", "#!/bin/sh\n");
	WANT_INT(chmod("a/tool", 0644), 0);
	script("c/tool", "#!/bin/sh\n");
	snprintf(path, sizeof(path), "PATH=/no/such:%s/a:%s/b:%s/c", dir, dir, dir);
	WANT_INT(exec_resolve(args, env, &found, &e), 0);
	WANT(strstr(found, "/c/tool") != NULL);
	free(found);
	WANT_INT(unlink("c/tool"), 0);
	WANT_INT(exec_resolve(args, env, &found, &e), -1);
	WANT_INT(e.sysno, EACCES);
	WANT(strstr(e.text, "/a/tool': it is not executable: permission denied") != NULL);
	leave();
}

TEST(a_program_that_is_not_in_path_says_so_in_the_words_that_engines_look_for)
{
	char *env[] = { "PATH=/no/such:/nor/this", NULL };

	WHY("tool", env,
	    "exec 'tool': executable file not found in $PATH: no such file or directory", ENOENT);
	WHY("", env, "exec '': executable file not found in $PATH: no such file or directory",
	    ENOENT);
	WANT_INT(err_exit_status(&(struct err){ .cls = ERR_ABSENT }), 127);
}

TEST(an_empty_element_of_path_is_the_working_directory)
{
	char *env[] = { "PATH=:/no/such", NULL }, *args[] = { "tool", NULL }, *found = NULL;
	struct err e = { 0 };

	enter();
	script("tool", "#!/bin/sh\n");
	WANT_INT(exec_resolve(args, env, &found, &e), 0);
	WANT_STR(found, "./tool");
	free(found);
	leave();
}

TEST(each_reason_is_named)
{
	enter();
	script("crlf", "#!/bin/sh\r\necho\r\n");
	script("lost", "#!/no/such/sh -e\n");
	script("text", "echo hello\n");
	script("empty", "");
	mkdir("dir", 0755), mkfifo("fifo", 0777);
	file("mode", 0644, "#!/bin/sh\n", 10);
	WANT_INT(symlink("nowhere", "dangling") | symlink("loop", "loop"), 0);
	WHY("./missing", no_env, "exec './missing': no such file or directory", ENOENT);
	WHY("./dangling", no_env,
	    "exec './dangling': it links to 'nowhere', which does not exist: "
	    "no such file or directory",
	    ENOENT);
	WHY("./crlf", no_env,
	    "exec './crlf': its first line ends in CR LF, which makes its "
	    "interpreter '/bin/sh\\r': no such file or directory",
	    ENOENT);
	WHY("./lost", no_env,
	    "exec './lost': its interpreter '/no/such/sh' does not exist: no such "
	    "file or directory",
	    ENOENT);
	WHY("./text", no_env,
	    "exec './text': it is no program, and no script with '#!': exec format "
	    "error",
	    ENOEXEC);
	WHY("./empty", no_env, "exec './empty': it is empty: exec format error", ENOEXEC);
	WHY("./dir", no_env, "exec './dir': it is a directory: permission denied", EACCES);
	WHY("./fifo", no_env, "exec './fifo': it is not a regular file: permission denied", EACCES);
	WHY("./mode", no_env, "exec './mode': it is not executable: permission denied", EACCES);
	WHY("./loop", no_env, "exec './loop': too many levels of symbolic links", ELOOP);
	leave();
}

static void make_elf(unsigned char *at, unsigned machine, const char *loader)
{
	Elf64_Ehdr h = { .e_type = ET_EXEC,
			 .e_machine = (Elf64_Half)machine,
			 .e_version = 1,
			 .e_phoff = sizeof(h),
			 .e_ehsize = sizeof(h),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 1 };
	Elf64_Phdr p = { .p_type = PT_INTERP,
			 .p_offset = sizeof(h) + sizeof(p),
			 .p_filesz = strlen(loader) + 1 };

	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	h.e_ident[EI_VERSION] = 1;
	memcpy(at, &h, sizeof(h));
	memcpy(at + sizeof(h), &p, sizeof(p));
	memcpy(at + sizeof(h) + sizeof(p), loader, strlen(loader) + 1);
}

TEST(programs_for_other_machines_and_without_their_loader_are_named)
{
	unsigned char elf[256] = { 0 };

	enter();
	make_elf(elf, EM_AARCH64, "/lib/ld-linux-aarch64.so.1");
	file("arm", 0755, elf, sizeof(elf));
	WHY("./arm", no_env,
	    "exec './arm': it is for AArch64 (ELF machine 183), and this is x86-64: "
	    "exec format error",
	    ENOEXEC);
	make_elf(elf, EM_X86_64, "/no/such/ld.so");
	file("lost", 0755, elf, sizeof(elf));
	WHY("./lost", no_env,
	    "exec './lost': its loader '/no/such/ld.so' does not exist: no such "
	    "file or directory",
	    ENOENT);
	file("cut", 0755, elf, 32);
	WHY("./cut", no_env, "exec './cut': it is cut short: exec format error", ENOEXEC);
	leave();
}

TEST(too_long_arguments_are_counted)
{
	char *huge = malloc(200000), *args[] = { "/bin/true", huge, NULL };
	struct err e = { 0 };

	memset(huge, 'x', 199999);
	huge[199999] = '\0';
	WANT_INT(exec_now("/bin/true", args, no_env, &e), -1);
	WANT_INT(e.sysno, E2BIG);
	WANT_STR(e.hint, "one of them has 200000 bytes, the limit is 131072");
}

TEST(a_program_that_is_being_written_is_busy)
{
	int fd;

	enter();
	script("busy", "#!/bin/sh\n");
	WANT_INT(system("cp /bin/true busy"), 0);
	fd = open("busy", O_WRONLY);
	WHY("./busy", no_env, "exec './busy': text file busy", ETXTBSY);
	close(fd);
	leave();
}

TEST(a_directory_on_the_way_that_is_closed_is_named)
{
	enter();
	mkdir("closed", 0700);
	script("closed/tool", "#!/bin/sh\n");
	WANT_INT(chmod("closed", 0), 0);
	fflush(stdout);
	if (fork() == 0) {
		struct err e;

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			exit(1);
		e = why("./closed/tool", no_env);
		WANT_STR(e.text, "exec './closed/tool': permission denied");
		WANT(strncmp(e.hint, "a directory on the way is closed to uid", 39) == 0);
		exit(0);
	}
	int status;

	wait(&status);
	WANT_INT(status, 0);
	leave();
}

TEST(every_machine_has_a_name_or_none)
{
	WANT_STR(exec_machine_name(EM_X86_64), "x86-64");
	WANT_STR(exec_machine_name(40000), "another machine");
}
