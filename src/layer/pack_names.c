/* pack_names.c - the names in a folder, sorted: the order of an archive is no file system's */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "layer/pack_priv.h"

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add(struct names *n, size_t *len, size_t *cap, const char *name, struct err *e)
{
	size_t more = strlen(name) + 1;

	if (*len + more > *cap) {
		size_t bigger = 2 * *cap + more + 4096;
		char *text = realloc(n->text, bigger);

		if (!text)
			return fail_errno(e, ENOMEM, "read a folder");
		n->text = text;
		*cap = bigger;
	}
	memcpy(n->text + *len, name, more);
	*len += more;
	n->n++;
	return 0;
}

static int index_all(struct names *n, struct err *e)
{
	const char *p = n->text;

	n->at = reallocarray(NULL, n->n + 1, sizeof(*n->at));
	if (!n->at)
		return fail_errno(e, ENOMEM, "read a folder");
	for (size_t i = 0; i < n->n; i++) {
		n->at[i] = p;
		p += strlen(p) + 1;
	}
	n->at[n->n] = NULL;
	qsort(n->at, n->n, sizeof(*n->at), by_bytes);
	return 0;
}

/* names_read() - @dir is read through a descriptor of its own; none for FD_NONE */
int names_read(int dir, struct names *ret_names, struct err *e)
{
	own_names n = { 0 };
	own_dir DIR *d = NULL;
	size_t len = 0, cap = 0;
	int fd = FD_NONE;

	if (dir >= 0) {
		fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		d = fd < 0 ? NULL : fdopendir(fd);
		if (!d) {
			int error = errno;

			fd_close(&fd);
			return fail_errno(e, error, "read a folder");
		}
	}
	for (;;) {
		const struct dirent *entry;

		errno = 0;
		entry = d ? readdir(d) : NULL;
		if (!entry && errno)
			return fail_sys(e, "read a folder");
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (add(&n, &len, &cap, entry->d_name, e) < 0)
			return -1;
	}
	if (index_all(&n, e) < 0)
		return -1;
	*ret_names = n;
	n = (struct names){ 0 };
	return 0;
}

void names_done(struct names *n)
{
	free(n->at);
	free(n->text);
	*n = (struct names){ 0 };
}
