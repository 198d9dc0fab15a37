/* escape.c - the classic way out of a chroot(2): a second one leaves the working directory outside
 *
 * usage: escape FILE. Says whether FILE, which is outside, can be reached.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2 || (mkdir("/sub", 0700) < 0 && access("/sub", X_OK) < 0) || chdir("/") < 0 ||
	    chroot("/sub") < 0) {
		perror("escape");
		return 2;
	}
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return 2;
	if (chroot(".") < 0)
		return 2;
	puts(access(argv[1], F_OK) == 0 ? "out" : "held");
	return 0;
}
