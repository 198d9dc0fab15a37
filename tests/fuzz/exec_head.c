/* exec_head.c - the first bytes of a program that did not start: ELF headers, "#!" lines */
#include "fuzz.h"

#include <string.h>

#include "init/exec_why.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct exec_head h;

	if (len > EXEC_HEAD_SIZE)
		len = EXEC_HEAD_SIZE;
	exec_head_read(at, len, &h);
	MUST(memchr(h.interpreter, 0, sizeof(h.interpreter)));
	MUST((h.kind == EXEC_EMPTY) == (len == 0));
	MUST(*exec_machine_name(h.machine));
	return 0;
}
