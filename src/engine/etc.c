/* etc.c - see etc.h */
#include "engine/etc.h"

#include <fcntl.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "os/file.h"

#define FILE_LIMIT ((size_t)1 << 20)

static const char hosts[] = "127.0.0.1\tlocalhost\n"
			    "::1\tlocalhost ip6-localhost ip6-loopback\n"
			    "fe00::\tip6-localnet\n"
			    "ff00::\tip6-mcastprefix\n"
			    "ff02::1\tip6-allnodes\n"
			    "ff02::2\tip6-allrouters\n";

static int write_str(int folder, const char *name, struct str *text, struct err *e)
{
	if (text->torn)
		return fail_errno(e, ENOMEM, "write the container's %s", name);
	return file_replace(folder, name, text->at ? text->at : "", text->len, e);
}

/* The host's own; none there is an empty one. */
static int add_host_file(const char *path, struct str *out, struct err *e)
{
	own_mem char *text = NULL;

	if (file_read(AT_FDCWD, path, FILE_LIMIT, &text, e) < 0) {
		if (e->sysno != ENOENT)
			return -1;
		*e = (struct err){ 0 };
		return 0;
	}
	str_add(out, text);
	return 0;
}

/* "NAME:ADDRESS", as --add-host has it, checked by who read it. */
static void add_extra(char *const *extra, struct str *out)
{
	for (; extra && *extra; extra++) {
		const char *colon = strchr(*extra, ':');

		str_addf(out, "%s\t%.*s\n", colon + 1, (int)(colon - *extra), *extra);
	}
}

/* etc_write() - make them in @folder. What has the host's network has the host's names as well */
int etc_write(const struct wish *w, const char *hostname, int folder, struct err *e)
{
	own_str struct str name = { 0 }, names = { 0 }, servers = { 0 };

	str_addf(&name, "%s\n", hostname);
	if (wish_is_host(w->host.network)) {
		if (add_host_file("/etc/hosts", &names, e) < 0)
			return -1;
	} else {
		str_add(&names, hosts);
		str_addf(&names, "127.0.1.1\t%s\n", hostname);
	}
	add_extra(w->host.extra_hosts, &names);
	if (add_host_file("/etc/resolv.conf", &servers, e) < 0)
		return -1;
	return write_str(folder, "hostname", &name, e) < 0 ||
			       write_str(folder, "hosts", &names, e) < 0 ||
			       write_str(folder, "resolv.conf", &servers, e) < 0
		       ? -1
		       : 0;
}
