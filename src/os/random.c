/* random.c - see random.h */
#include "os/random.h"

#include <stdio.h>
#include <sys/random.h>

/* random_fill() - @size bytes, at most 256, which come all at once */
int random_fill(void *ret, size_t size, struct err *e)
{
	return getrandom(ret, size, 0) == (ssize_t)size ? 0 : fail_sys(e, "get a random number");
}

/* random_hex() - the same as 2 * @bytes digits; @bytes is at most 32 */
int random_hex(char *ret_text, size_t bytes, struct err *e)
{
	unsigned char number[32];

	if (random_fill(number, bytes, e) < 0)
		return -1;
	for (size_t i = 0; i < bytes; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", number[i]);
	return 0;
}
