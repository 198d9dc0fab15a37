/* exec_why.h - why a program cannot be executed: the look at the file after execve(2) failed */
#ifndef INIT_EXEC_WHY_H
#define INIT_EXEC_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum exec_kind { EXEC_EMPTY, EXEC_ELF, EXEC_SCRIPT, EXEC_OTHER };

#define EXEC_HEAD_SIZE 4096 /* bytes of a file that are looked at */

/**
 * struct exec_head - what the first bytes of a file say
 * @machine:     ELF: EM_*
 * @cut:         ELF: the file ends before the header's tables do
 * @interp_at:   ELF: where the loader's path stands in the file, 0 when there is none
 * @interp_len:  ELF: bytes there
 * @crlf:        script: the first line ends in CR LF
 * @interpreter: script: the path after "#!", without a CR
 */
struct exec_head {
	enum exec_kind kind;
	unsigned machine;
	bool cut, crlf;
	uint64_t interp_at, interp_len;
	char interpreter[256];
};

void exec_head_read(const unsigned char *at, size_t len, struct exec_head *ret_head);
const char *exec_machine_name(unsigned machine);

int exec_why(const char *path, char *const *args, char *const *env, int sysno, struct err *e);

#endif
