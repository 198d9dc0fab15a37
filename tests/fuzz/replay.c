/* replay.c - run a target over its corpus: files, or folders of files, as arguments */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int replay_file(const char *path)
{
	static uint8_t bytes[1 << 20];
	FILE *f = fopen(path, "r");
	uint8_t *copy;
	size_t n;

	if (!f) {
		perror(path);
		return 1;
	}
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	/* Exactly as long as the input, so that a sanitizer sees a read beyond it. */
	copy = malloc(n ? n : 1);
	for (size_t i = 0; i < n; i++)
		copy[i] = bytes[i];
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
	return 0;
}

static int replay(const char *path)
{
	struct dirent *d;
	struct stat st;
	int bad = 0;
	DIR *dir;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		return replay_file(path);
	dir = opendir(path);
	if (!dir) {
		perror(path);
		return 1;
	}
	while ((d = readdir(dir))) {
		char inner[4096];

		if (d->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, d->d_name);
		bad |= replay_file(inner);
	}
	closedir(dir);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = argc < 2;

	for (int i = 1; i < argc; i++)
		bad |= replay(argv[i]);
	return bad;
}
