/* config_mounts.c - what is mounted in a container: the usual, three files of ours, and what was asked for */
#include <string.h>

#include "engine/config.h"

#define SHM_DEFAULT ((int64_t)64 << 20)

struct usual {
	const char *target, *type, *source;
	const char *options[8];
};

/* Docker's. @options of /dev/shm get its size; those of cgroup and sysfs "ro", unless privileged. */
static const struct usual usual[] = {
	{ "/proc", "proc", "proc", { "nosuid", "noexec", "nodev" } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777" } },
};

/* Files that are the container's own, and not its image's. */
static const char *const files[] = { "resolv.conf", "hostname", "hosts" };

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "make the container's mounts");
}

/* struct list - mounts so far, with room for all */
struct list {
	struct arena *a;
	struct oci_mount *at;
	size_t n;
};

static bool is_mounted(const struct mounts_asked *asked, const char *target)
{
	for (size_t i = 0; i < asked->n; i++)
		if (strcmp(asked->at[i].target, target) == 0)
			return true;
	return false;
}

static int add_usual(const struct host_config *h, const struct mounts_asked *asked, struct list *l,
		     struct err *e)
{
	const int64_t shm = h->shm_size ? h->shm_size : SHM_DEFAULT;

	for (size_t i = 0; i < COUNT(usual); i++) {
		const struct usual *u = &usual[i];
		struct oci_mount *m = &l->at[l->n];
		const char *more = NULL;

		if (is_mounted(asked, u->target))
			continue;
		if (strcmp(u->target, "/dev/shm") == 0)
			more = arena_printf(l->a, "size=%lld", (long long)shm);
		else if (text_starts(u->target, "/sys") && !h->privileged)
			more = "ro";
		*m = (struct oci_mount){ text_shown(u->target), text_shown(u->type),
					 text_shown(u->source), .options = NULL };
		m->options = (char **)(uintptr_t)u->options;
		if (more)
			m->options = arena_append(l->a, m->options, more);
		if (!m->options)
			return no_memory(e);
		l->n++;
	}
	return 0;
}

static int add_files(const struct mounts_asked *asked, const struct config_place *at,
		     struct list *l, struct err *e)
{
	static const char *const options[] = { "rbind", "rprivate", NULL };

	for (size_t i = 0; i < COUNT(files); i++) {
		char *target = arena_printf(l->a, "/etc/%s", files[i]);
		char *source = arena_printf(l->a, "%s/%s", at->folder, files[i]);

		if (!target || !source)
			return no_memory(e);
		if (is_mounted(asked, target))
			continue;
		l->at[l->n++] = (struct oci_mount){ .destination = target,
						    .type = text_shown("bind"),
						    .source = source,
						    .options = (char **)(uintptr_t)options };
	}
	return 0;
}

static void add_asked(const struct mount_asked *m, struct list *l)
{
	l->at[l->n++] = (struct oci_mount){
		.destination = m->target,
		.type = text_shown(m->source ? "bind" : "tmpfs"),
		.source = m->source ? m->source : text_shown("tmpfs"),
		.options = m->options,
	};
}

/* config_mounts() - all of them, in their order, into @c; @asked: of mounts_read() */
int config_mounts(const struct wish *w, const struct mounts_asked *asked,
		  const struct config_place *at, struct arena *a, struct oci_config *c,
		  struct err *e)
{
	struct list l = { .a = a };

	l.at = arena_array(a, COUNT(usual) + COUNT(files) + asked->n, sizeof(*l.at));
	if (!l.at)
		return no_memory(e);
	if (add_usual(&w->host, asked, &l, e) < 0 || add_files(asked, at, &l, e) < 0)
		return -1;
	for (size_t i = 0; i < asked->n; i++)
		add_asked(&asked->at[i], &l);
	c->mounts.at = l.at;
	c->mounts.n = l.n;
	return 0;
}
