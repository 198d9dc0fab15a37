/* pack_walk.c - two trees, side by side
 *
 * A folder is told of when something below it is, if it is not told of before: so whoever applies
 * the layer knows its attributes. Folders that are the same but for their time are in a layer, and
 * in no list: Docker does not take that for a change, and every file that comes and goes makes one.
 *
 * A file of several names is in the layer by all of them or not at all, or it would become two. In
 * an overlay's upper folder all of them are: a link is made only there. For trees the walk is made twice:
 * the first one pairs the inodes of both trees (learn()).
 */
#include <stdio.h>
#include <string.h>

#include "layer/pack_priv.h"

#define WHITEOUT ".wh."

struct walk {
	const struct pack_source *s;
	enum pack_purpose purpose;
	pack_visit *visit;
	void *of;
	struct links *links, *older;
	size_t depth;
	bool named;
	char path[PATH_MAX];
};

/**
 * struct level - a folder of the newer tree, that is open
 * @lower:   the folder of that name in the older one; FD_NONE: none, or it is hidden
 * @len:     of its path
 * @merged:  what is not in @upper is still there: it is overlayfs's
 * @marked:  names in it may be whiteouts by attribute (opaque: x)
 * @told:    it has been visited
 */
struct level {
	struct level *above;
	struct pack_file file;
	int upper, lower;
	size_t len;
	bool merged, marked, told;
};

/* Which name it was: said once, by the level that it is in. */
static int failed_at(struct walk *w, struct err *e)
{
	if (w->named)
		return -1;
	w->named = true;
	return fail_in(e, "pack '/%.400s'", w->path);
}

/* The path is cut to the item's own length meanwhile. */
static int show(struct walk *w, struct pack_item *i, struct err *e)
{
	char after = w->path[i->len];
	int r;

	if (w->purpose == PACK_TO_LEARN_LINKS)
		return 0;
	w->path[i->len] = '\0';
	i->path = w->path;
	r = w->visit(w->of, i, e);
	w->path[i->len] = after;
	return r;
}

static int tell_folder(struct walk *w, struct level *l, enum pack_change_kind kind, bool opaque,
		       struct err *e)
{
	struct pack_item i = {
		.kind = kind, .len = l->len, .file = l->file, .folder = l->upper, .opaque = opaque
	};

	if (l->told)
		return 0;
	if (l->above && tell_folder(w, l->above, PACK_CHANGED, false, e) < 0)
		return -1;
	l->told = true;
	return show(w, &i, e);
}

static int tell(struct walk *w, struct level *in, struct pack_item *i, struct err *e)
{
	bool is_left_out = w->purpose == PACK_TO_WRITE && S_ISSOCK(i->file.st.st_mode) && !i->over;

	i->folder = FD_NONE;
	if (is_left_out && i->kind != PACK_DELETED)
		return show(w, i, e);
	return tell_folder(w, in, PACK_CHANGED, false, e) < 0 ? -1 : show(w, i, e);
}

static int push(struct walk *w, const struct level *in, const char *name, size_t *ret_len,
		struct err *e)
{
	size_t n = strlen(name), len = in->len + (in->len > 0) + n;

	if (len >= PATH_MAX)
		return fail(e, ERR_LIMIT, "'%.100s' in it has a path of more than %d bytes", name,
			    PATH_MAX - 1);
	if (in->len)
		w->path[in->len] = '/';
	memcpy(w->path + len - n, name, n + 1);
	*ret_len = len;
	return 0;
}

/* 1: it is there, 0: it is not */
static int look(int dir, const char *name, struct pack_file *ret, struct err *e)
{
	ret->dir = dir;
	ret->name = name;
	if (dir < 0)
		return 0;
	if (fstatat(dir, name, &ret->st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0)
		return 1;
	return errno == ENOENT ? 0 : fail_sys(e, "look at it");
}

static int deleted(struct walk *w, struct level *in, const char *name, size_t len, struct err *e)
{
	struct pack_item i = { .kind = PACK_DELETED, .len = len };
	int r = look(in->lower, name, &i.file, e);

	return r <= 0 ? r : tell(w, in, &i, e);
}

/**
 * learn() - a name of a file that has several, in one of the trees
 *
 * The file is in the layer if it has a name that the older one does not have, or is not what that
 * was, or if that has been paired with another: it was one file of two names and is two now. Then
 * the first one stays what it was, and the others are new.
 */
static int learn(struct walk *w, const struct pack_file *was, bool has_was,
		 const struct pack_file *is, struct err *e)
{
	struct link *mine, *theirs;
	int same;

	if (is->st.st_nlink < 2 && (!has_was || was->st.st_nlink < 2))
		return 0;
	mine = links_get(w->links, &is->st, e);
	if (!mine)
		return -1;
	if (!has_was || S_ISDIR(was->st.st_mode)) {
		mine->touched = true;
		return 0;
	}
	if (mine->paired) {
		mine->touched |=
			mine->other_ino != was->st.st_ino || mine->other_dev != was->st.st_dev;
		return 0;
	}
	same = pack_same(w->s, was, is, e);
	theirs = same < 0 ? NULL : links_get(w->older, &was->st, e);
	if (!theirs)
		return -1;
	mine->paired = true;
	mine->other_ino = was->st.st_ino;
	mine->other_dev = was->st.st_dev;
	mine->touched |= same != PACK_SAME || theirs->paired;
	theirs->paired |= same == PACK_SAME;
	return 0;
}

/* Is what seems unchanged in the layer all the same, since it has other names, or had? Overlayfs copies a
 * file up by one name, which is a file of its own then. */
static bool is_linked(const struct walk *w, const struct stat *was, const struct stat *st)
{
	const struct link *k;

	if (w->purpose == PACK_TO_LIST || w->s->kind == PACK_WHOLE)
		return false;
	if (w->s->kind == PACK_OVERLAY)
		return st->st_nlink > 1 || was->st_nlink > 1;
	k = links_find(w->links, st);
	return k && k->touched;
}

static int refuse_names(const struct walk *w, const struct pack_file *f, struct err *e)
{
	if (w->purpose != PACK_TO_WRITE || w->s->kind == PACK_WHOLE)
		return 0;
	if (text_starts(f->name, WHITEOUT))
		return fail(e, ERR_UNSUPPORTED,
			    "names that begin with '" WHITEOUT
			    "' say in a layer that a file is gone");
	if (S_ISCHR(f->st.st_mode) && f->st.st_rdev == 0)
		return fail(e, ERR_UNSUPPORTED,
			    "a device 0:0 says in a layer for overlayfs that a file is gone");
	return 0;
}

static int file(struct walk *w, struct level *in, const struct pack_file *was, bool has_was,
		const struct pack_file *is, size_t len, struct err *e)
{
	struct pack_item i = { .kind = has_was ? PACK_CHANGED : PACK_ADDED,
			       .len = len,
			       .file = *is,
			       .over = has_was };
	int same = PACK_DIFFERENT;

	if (w->purpose == PACK_TO_LEARN_LINKS)
		return learn(w, was, has_was, is, e);
	if (has_was)
		same = pack_same(w->s, was, is, e);
	if (same < 0)
		return -1;
	if (same == PACK_SAME && !is_linked(w, &was->st, &is->st))
		return 0;
	return refuse_names(w, is, e) < 0 ? -1 : tell(w, in, &i, e);
}

/* What overlayfs says of a file or folder of the upper folder. */
static int marks_of(const struct walk *w, int dir, const char *name, struct overlay_marks *ret,
		    struct err *e)
{
	own_xattrs x = { 0 };

	if (xattrs_read(w->s, dir, name, &x, e) < 0)
		return -1;
	*ret = x.marks;
	if (ret->redirect || ret->metacopy) {
		fail(e, ERR_UNSUPPORTED, "its content is elsewhere (overlay.%s)",
		     ret->redirect ? "redirect" : "metacopy");
		return fail_hint(e, "mount it with redirect_dir=off,metacopy=off");
	}
	return 0;
}

/* 1: it is a whiteout, by device or by attribute */
static int is_whiteout(struct walk *w, const struct level *in, const struct pack_file *is,
		       struct err *e)
{
	struct overlay_marks marks;

	if (in->merged && S_ISCHR(is->st.st_mode) && is->st.st_rdev == 0)
		return 1;
	if (w->s->kind != PACK_OVERLAY || !S_ISREG(is->st.st_mode))
		return 0;
	if (marks_of(w, in->upper, is->name, &marks, e) < 0)
		return -1;
	return in->merged && in->marked && marks.whiteout && is->st.st_size == 0;
}

static int folder(struct walk *w, struct level *l, struct err *e);

static int refuse_mount(int fd, struct err *e)
{
	struct statx x;

	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_TYPE, &x) < 0)
		return fail_sys(e, "look at it");
	if (!(x.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	fail(e, ERR_CONFLICT, "something is mounted there, which would hide what is to be packed");
	return fail_hint(e, "unmount it, or make a mount of the tree by itself");
}

static int open_folder(int dir, const char *name, int *ret_fd, struct err *e)
{
	*ret_fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret_fd < 0)
		return fail_sys(e, "open it");
	return refuse_mount(*ret_fd, e);
}

/* What is told of a folder before what is in it; the rest is told if something in it is. */
static int enter(struct walk *w, struct level *l, const struct pack_file *was, bool has_was,
		 char opaque, struct err *e)
{
	int same = PACK_DIFFERENT;
	bool over = has_was && S_ISDIR(was->st.st_mode);
	bool hides = l->merged && opaque == 'y';

	l->marked = opaque == 'x';
	if (hides)
		l->merged = false;
	if (refuse_names(w, &l->file, e) < 0)
		return -1;
	if (!has_was)
		return tell_folder(w, l, PACK_ADDED, false, e);
	if (over)
		same = pack_same(w->s, was, &l->file, e);
	if (same < 0)
		return -1;
	if (hides && over && w->purpose == PACK_TO_WRITE) {
		fd_close(&l->lower);
		return tell_folder(w, l, PACK_CHANGED, true, e);
	}
	if (same == PACK_SAME || (same == PACK_SAME_BUT_TIME && w->purpose == PACK_TO_LIST))
		return 0;
	return tell_folder(w, l, PACK_CHANGED, false, e);
}

static int subfolder(struct walk *w, struct level *in, const struct pack_file *was, bool has_was,
		     const struct pack_file *is, size_t len, struct err *e)
{
	own_fd int upper = FD_NONE;
	struct level l = {
		.above = in, .lower = FD_NONE, .len = len, .merged = in->merged, .file = *is
	};
	struct overlay_marks marks = { 0 };
	int r = 0;

	if (w->depth == PACK_DEPTH)
		return fail(e, ERR_LIMIT, "it is deeper than %d folders", PACK_DEPTH);
	if (open_folder(is->dir, is->name, &upper, e) < 0)
		return -1;
	l.upper = upper;
	if (fstat(upper, &l.file.st) < 0)
		return fail_sys(e, "look at it");
	if (has_was && S_ISDIR(was->st.st_mode))
		r = open_folder(was->dir, was->name, &l.lower, e);
	if (r == 0 && w->s->kind == PACK_OVERLAY)
		r = marks_of(w, is->dir, is->name, &marks, e);
	if (r == 0)
		r = enter(w, &l, was, has_was, marks.opaque, e);
	w->depth++;
	if (r == 0)
		r = folder(w, &l, e);
	w->depth--;
	fd_close(&l.lower);
	return r;
}

static int there_is(struct walk *w, struct level *in, const char *name, size_t len, struct err *e)
{
	struct pack_file is, was;
	int there = look(in->upper, name, &is, e), before;

	if (there == 0)
		return fail_errno(e, ENOENT, "look at it");
	before = there < 0 ? -1 : look(in->lower, name, &was, e);
	if (before < 0)
		return -1;
	there = is_whiteout(w, in, &is, e);
	if (there != 0)
		return there < 0 ? -1 : deleted(w, in, name, len, e);
	if (S_ISDIR(is.st.st_mode))
		return subfolder(w, in, &was, before, &is, len, e);
	return file(w, in, &was, before, &is, len, e);
}

/* A container that runs takes files away at any moment: what is gone when its turn comes is gone. */
static int one(struct walk *w, struct level *in, const char *name, size_t len, struct err *e)
{
	struct err ignored = { 0 };
	struct pack_file is;

	if (there_is(w, in, name, len, e) == 0)
		return 0;
	if (e->sysno != ENOENT || look(in->upper, name, &is, &ignored) != 0)
		return -1;
	*e = (struct err){ 0 };
	w->named = false;
	w->path[len] = '\0';
	return in->merged ? 0 : deleted(w, in, name, len, e);
}

/* The name that comes first of both lists' next ones; NULL: none is left. */
static const char *next(const struct names *a, size_t *i, const struct names *b, size_t *k,
			bool *ret_only_b)
{
	int order = !a->at[*i] ? 1 : !b->at[*k] ? -1 : strcmp(a->at[*i], b->at[*k]);
	const char *name = order <= 0 ? a->at[*i] : b->at[*k];

	*ret_only_b = order > 0;
	*i += name && order <= 0;
	*k += name && order >= 0;
	return name;
}

static int folder(struct walk *w, struct level *l, struct err *e)
{
	own_names mine = { 0 }, below = { 0 };
	size_t i = 0, k = 0, len;
	const char *name;
	bool gone;

	if (names_read(l->upper, &mine, e) < 0 ||
	    names_read(l->merged ? FD_NONE : l->lower, &below, e) < 0)
		return -1;
	while ((name = next(&mine, &i, &below, &k, &gone)))
		if (push(w, l, name, &len, e) < 0 ||
		    (gone ? deleted(w, l, name, len, e) : one(w, l, name, len, e)) < 0)
			return failed_at(w, e);
	return 0;
}

static int root(struct walk *w, struct err *e)
{
	own_xattrs marks = { 0 };
	struct level l = { .upper = w->s->upper, .lower = w->s->lower };
	struct pack_file was = { .dir = w->s->lower, .name = "." };
	int same = PACK_SAME;

	l.merged = w->s->kind == PACK_OVERLAY;
	l.file = (struct pack_file){ .dir = w->s->upper, .name = "." };
	if (w->s->kind == PACK_WHOLE)
		l.lower = FD_NONE;
	if (fstat(l.upper, &l.file.st) < 0 || (l.lower >= 0 && fstat(l.lower, &was.st) < 0))
		return fail_sys(e, "compare: look at the root");
	if (xattrs_read(w->s, l.upper, ".", &marks, e) < 0)
		return fail_in(e, "compare: the root");
	l.marked = marks.marks.opaque == 'x';
	if (l.lower >= 0)
		same = pack_same(w->s, &was, &l.file, e);
	if (same < 0)
		return fail_in(e, "compare: the root");
	/* its time alone is none's change */
	if ((w->s->kind == PACK_WHOLE || same == PACK_DIFFERENT) &&
	    tell_folder(w, &l, PACK_CHANGED, false, e) < 0)
		return -1;
	return folder(w, &l, e);
}

/**
 * pack_walk() - visit what differs, in order
 * @visit: not called for PACK_TO_LEARN_LINKS
 */
int pack_walk(const struct pack_source *s, enum pack_purpose purpose, pack_visit *visit, void *of,
	      struct err *e)
{
	struct links links = { 0 }, older = { 0 };
	struct walk w = { .s = s, .visit = visit, .of = of, .links = &links, .older = &older };
	int r = 0;

	if (purpose == PACK_TO_WRITE && s->kind == PACK_TREES) {
		w.purpose = PACK_TO_LEARN_LINKS;
		r = root(&w, e);
	}
	w.purpose = purpose;
	w.path[0] = '\0';
	if (r == 0)
		r = root(&w, e);
	links_done(&links);
	links_done(&older);
	return r;
}
