/* leaks.h - for mains of programs that are shut in, and have no environment to be told by
 *
 * Where AddressSanitizer is built in it looks for leaks at the end, which needs ptrace(2): their
 * sandboxes do not allow that.
 */
#ifndef BASE_LEAKS_H
#define BASE_LEAKS_H

#ifdef __SANITIZE_ADDRESS__
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

#endif
