/* place_attrs.c - owners, modes, times and extended attributes */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "layer/place_priv.h"

/**
 * struct xattr_rule - which attributes images may have
 *
 * trusted.* would steer overlayfs (trusted.overlay.redirect leads to other layers) and other parts
 * of the host; security.selinux and the like are the host's policy, not an image's.
 */
struct xattr_rule {
	const char *prefix;
	bool whole, allowed;
};

// clang-format off
static const struct xattr_rule xattr_rules[] = {
	{ "user.overlay.",            false, false },
	{ "user.",                    false, true  },
	{ "security.capability",      true,  true  },
	{ "system.posix_acl_access",  true,  true  },
	{ "system.posix_acl_default", true,  true  },
};
// clang-format on

static bool is_allowed(const char *name)
{
	for (size_t i = 0; i < COUNT(xattr_rules); i++) {
		const struct xattr_rule *r = &xattr_rules[i];

		if (r->whole ? strcmp(name, r->prefix) == 0 : text_starts(name, r->prefix))
			return r->allowed;
	}
	return false;
}

/* The default ACL waits until the folder is left. */
static bool keep_acl(struct place *p, int fd, const struct tar_xattr *x)
{
	struct level *l = place_top(p);
	void *copy;

	if (l->fd != fd || strcmp(x->name, "system.posix_acl_default") != 0)
		return false;
	copy = malloc(x->len ? x->len : 1);
	if (!copy)
		return false;
	memcpy(copy, x->value, x->len);
	free(l->acl);
	l->acl = copy;
	l->acl_len = x->len;
	return true;
}

/**
 * place_xattrs() - give a file or folder the attributes that it may have; count the others
 *
 * What the file system does not know or does not let us set is left out, as Docker does.
 */
int place_xattrs(struct place *p, int fd, const struct tar_entry *x, struct err *e)
{
	for (size_t i = 0; i < x->n_xattrs; i++) {
		const struct tar_xattr *a = &x->xattrs[i];

		if (!is_allowed(a->name)) {
			p->result->skipped_xattrs++;
			continue;
		}
		if (keep_acl(p, fd, a) || fsetxattr(fd, a->name, a->value, a->len, 0) == 0)
			continue;
		if (errno != EOPNOTSUPP && errno != EPERM && errno != EINVAL)
			return fail_sys(e, "set '%s' of '/%s'", a->name, p->name.path);
		p->result->skipped_xattrs++;
	}
	return 0;
}

/**
 * place_node_xattrs() - the same for what cannot be opened: links, FIFOs, devices
 *
 * There is no call for a name in an open folder (before Linux 6.13), and no /proc here; so the folder
 * becomes the working directory, which nobody else looks at.
 */
int place_node_xattrs(struct place *p, int dir, const char *name, const struct tar_entry *x,
		      struct err *e)
{
	if (x->n_xattrs && fchdir(dir) < 0)
		return fail_sys(e, "enter the folder of '/%s'", p->name.path);
	for (size_t i = 0; i < x->n_xattrs; i++) {
		const struct tar_xattr *a = &x->xattrs[i];

		if (is_allowed(a->name) && lsetxattr(name, a->name, a->value, a->len, 0) == 0)
			continue;
		if (is_allowed(a->name) && errno != EOPNOTSUPP && errno != EPERM && errno != EINVAL)
			return fail_sys(e, "set '%s' of '/%s'", a->name, p->name.path);
		p->result->skipped_xattrs++;
	}
	return 0;
}

static bool has_xattr(const struct tar_entry *x, const char *name)
{
	for (size_t i = 0; i < x->n_xattrs; i++)
		if (strcmp(x->xattrs[i].name, name) == 0)
			return true;
	return false;
}

/* The default ACL is off while we are in the folder. */
static void forget_acl(struct place *p, int fd, const struct tar_entry *x)
{
	struct level *l = place_top(p);

	if (l->fd != fd || has_xattr(x, "system.posix_acl_default"))
		return;
	free(l->acl);
	l->acl = NULL;
	l->acl_len = 0;
}

/**
 * place_forget_xattrs() - a folder of a layer below has what the layer says, and nothing else
 *
 * So it looks as it does where overlayfs merges them: the topmost folder's attributes count. What
 * images may not have is not theirs to remove.
 */
int place_forget_xattrs(struct place *p, int fd, const struct tar_entry *x, struct err *e)
{
	own_mem char *names = NULL;
	ssize_t size;

	if (p->job->mode != UNPACK_APPLY)
		return 0;
	forget_acl(p, fd, x);
	size = flistxattr(fd, NULL, 0);
	if (size == 0 || (size < 0 && errno == EOPNOTSUPP))
		return 0;
	names = size < 0 ? NULL : malloc((size_t)size);
	size = names ? flistxattr(fd, names, (size_t)size) : -1;
	if (size < 0)
		return fail_sys(e, "list the attributes of '/%s'", p->name.path);
	for (const char *n = names; n < names + size; n += strlen(n) + 1)
		if (is_allowed(n) && !has_xattr(x, n) && fremovexattr(fd, n) < 0 &&
		    errno != ENODATA)
			return fail_sys(e, "remove '%s' of '/%s'", n, p->name.path);
	return 0;
}

/* place_times() - for utimensat(2); a time of access before the last change makes no sense */
void place_times(const struct tar_entry *x, struct timespec ret_times[2])
{
	const struct timespec *a = &x->atime, *m = &x->mtime;
	bool later = a->tv_sec > m->tv_sec || (a->tv_sec == m->tv_sec && a->tv_nsec > m->tv_nsec);

	ret_times[0] = later ? *a : *m;
	ret_times[1] = *m;
}

/**
 * place_own() - give what was just made its owner, where that is not we, and its mode after that
 * @fd, @name: the file; or the folder that it is in, and its name
 * @made:      the mode that it was made with
 */
int place_own(struct place *p, int fd, const char *name, const struct tar_entry *x, mode_t made,
	      struct err *e)
{
	const int flags = *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;
	const struct level *l = place_top(p);
	/* a folder that was made is the last level itself */
	bool inherit = l->fd == fd && !*name ? p->levels[p->n_levels - 2].inherit : l->inherit;
	bool chown = x->uid != p->uid || x->gid != p->gid || inherit;

	if (chown && fchownat(fd, name, x->uid, x->gid, flags) < 0) {
		fail_sys(e, "own '/%s' to %u:%u", p->name.path, x->uid, x->gid);
		return e->sysno == EINVAL ? fail_hint(e, "these ids are not mapped here") : -1;
	}
	/* a change of owner takes the s-bits away, and so does writing, without CAP_FSETID */
	if (x->type == TAR_LINK || (made == x->mode && !(x->mode & 06000) && !inherit))
		return 0;
	if ((*name ? fchmodat(fd, name, x->mode, 0) : fchmod(fd, x->mode)) < 0)
		return fail_sys(e, "set the mode of '/%s'", p->name.path);
	return 0;
}
