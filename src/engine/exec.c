/* exec.c - see exec.h: by the OCI runtime, whose streams are ours */
#include "engine/exec.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/config.h"
#include "engine/stand_in.h"
#include "engine/kept.h"
#include "engine/setup.h"
#include "shim/verdict.h"

/* struct words - of the runtime's command line */
struct words {
	struct arena *a;
	char **at;
	bool torn;
};

static void add(struct words *w, const char *word)
{
	char **more = word ? arena_append(w->a, w->at, word) : NULL;

	w->torn = w->torn || !more;
	w->at = more ? more : w->at;
}

static void add_option(struct words *w, const char *option, const char *value)
{
	if (!value)
		return;
	add(w, option);
	add(w, value);
}

/* Its user as numbers, by the container's own files. */
static int add_user(struct words *w, const struct container *c, const char *user, struct err *e)
{
	char root[CONTAINER_PATH + 8];
	own_fd int fd = FD_NONE;
	struct oci_user u = { 0 };

	if (!user)
		return 0;
	snprintf(root, sizeof(root), "%s/rootfs", c->path);
	fd = fd_open(root, O_PATH | O_DIRECTORY | O_NOFOLLOW);
	if (fd < 0)
		return fail_sys(e, "open the container's root");
	if (config_user(user, NULL, fd, w->a, &u, e) < 0)
		return -1;
	add_option(w, "--user", arena_printf(w->a, "%u:%u", u.uid, u.gid));
	for (size_t i = 0; i < u.additional_gids.n; i++)
		add_option(w, "--additional-gids",
			   arena_printf(w->a, "%lld", (long long)u.additional_gids.at[i]));
	return 0;
}

static int add_words(struct words *w, const struct container *c, const struct exec_wish *x,
		     const char *log, struct err *e)
{
	add_option(w, "--log", log);
	add_option(w, "--log-format", "json");
	add(w, "exec");
	if (x->tty && !x->detach)
		add(w, "--tty");
	if (x->tty)
		add_option(w, "--env", "TERM=xterm");
	if (x->detach)
		add(w, "--detach");
	add_option(w, "--cwd", x->working_dir);
	for (char **one = x->env; one && *one; one++)
		add_option(w, "--env", *one);
	if (add_user(w, c, x->user, e) < 0)
		return -1;
	add(w, c->id);
	for (char **one = x->args; *one; one++)
		add(w, *one);
	return w->torn ? fail_errno(e, ENOMEM, "list the program's words") : 0;
}

static int want_running(struct store *s, const char *id, char *runtime, size_t size, struct err *e)
{
	struct kept k = { 0 };
	int r = kept_read(s, id, &k, e);

	if (r == 0 && !k.running)
		r = fail(e, ERR_CONFLICT, "run a program in the container '%s': it is not running",
			 k.record.name);
	if (r == 0)
		r = setup_find_runtime(k.record.host->runtime, runtime, size, e);
	kept_done(&k);
	return r;
}

/**
 * exec_run() - run a program in the container @id
 * @ret_status: its exit status; 126, 127: it can't be run, or isn't there
 */
int exec_run(struct store *s, const char *id, const struct exec_wish *x, int *ret_status,
	     struct err *e)
{
	own_arena struct arena a = { 0 };
	struct container c = CONTAINER_NONE;
	char runtime[4096], name[64], log[CONTAINER_PATH + 64];
	struct words w = { .a = &a };
	own_fd int run = FD_NONE;
	int status, r;

	if (want_running(s, id, runtime, sizeof(runtime), e) < 0)
		return -1;
	snprintf(c.id, sizeof(c.id), "%s", id);
	snprintf(c.path, sizeof(c.path), CONTAINERS_RUN "/%s", id);
	snprintf(name, sizeof(name), "exec-%d.log", (int)getpid());
	snprintf(log, sizeof(log), "%s/%s", c.path, name);
	add(&w, runtime);
	run = fd_open(c.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	if (run < 0)
		return fail_sys(e, "open the folder '%s'", c.path);
	r = add_words(&w, &c, x, log, e);
	if (r == 0)
		r = stand_in(runtime, w.at, x->open_stdin || x->tty, &status, e);
	if (r == 0)
		*ret_status = WIFEXITED(status) ? verdict(run, name, WEXITSTATUS(status))
						: 128 + WTERMSIG(status);
	(void)unlinkat(run, name, 0);
	return r;
}
