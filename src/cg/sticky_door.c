/* sticky_door.c - the daemon's socket, at which processes ask to be left alone
 *
 * Who may connect is the file's mode: root, and a user and group that root names. Who he is the kernel
 * says, so nobody but root has another user's process left alone. Nobody can make the daemon wait: the
 * one who has said least for longest is sent away when there are too many.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/log.h"
#include "base/own.h"
#include "cg/rules.h"
#include "cg/sticky.h"

static const struct sockaddr_un here = { .sun_family = AF_UNIX, .sun_path = CG_STICKY_SOCKET };

/* A file without a listener is of a daemon that was killed. */
static int make_room(struct err *e)
{
	own_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return fail_sys(e, "look whether a daemon applies rules already");
	if (connect(fd, (const struct sockaddr *)&here, sizeof(here)) == 0 || errno == EAGAIN) {
		fail(e, ERR_CONFLICT, "apply rules: another daemon does, which listens at '%s'",
		     CG_STICKY_SOCKET);
		return fail_hint(e, "end it first: two would move processes to and fro");
	}
	if (unlink(CG_STICKY_SOCKET) < 0 && errno != ENOENT)
		return fail_sys(e, "remove '%s'", CG_STICKY_SOCKET);
	return 0;
}

/* Nobody can connect before listen(), so the mode is right from the beginning. */
static int listen_at(int fd, uint32_t uid, uint32_t gid, struct err *e)
{
	if (bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0 ||
	    lchown(CG_STICKY_SOCKET, uid, gid) < 0 || chmod(CG_STICKY_SOCKET, 0660) < 0 ||
	    listen(fd, CG_STICKY_CLIENTS) < 0) {
		fail_sys(e, "listen at '%s'", CG_STICKY_SOCKET);
		return e->cls == ERR_DENIED ? fail_hint(e, "this takes root") : -1;
	}
	return 0;
}

/* cg_sticky_open() - listen, for root, and the user and group that own the socket */
int cg_sticky_open(struct cg_sticky_door *d, uint32_t uid, uint32_t gid, struct err *e)
{
	own_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*d = (struct cg_sticky_door){ .fd = FD_NONE };
	for (size_t i = 0; i < CG_STICKY_CLIENTS; i++)
		d->clients[i].fd = FD_NONE;
	if (fd < 0)
		return fail_sys(e, "listen at '%s'", CG_STICKY_SOCKET);
	if (make_room(e) < 0 || listen_at(fd, uid, gid, e) < 0)
		return -1;
	d->fd = give_fd(&fd);
	return 0;
}

/* cg_sticky_accept() - somebody is at the door; the oldest of too many goes */
void cg_sticky_accept(struct cg_sticky_door *d)
{
	struct cg_sticky_client *c = &d->clients[d->next];
	int fd = accept4(d->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	fd_take(&c->fd, fd);
	c->got = 0;
	d->next = (d->next + 1) % CG_STICKY_CLIENTS;
}

/* A process is its user's, or root's, to speak for. */
static bool may(const struct ucred *who, pid_t pid)
{
	own_cg_process struct cg_process p = { .status = FD_NONE };

	return cg_process_try_open(pid, &p) == 0 && (who->uid == 0 || who->uid == p.uid);
}

static int obey(const struct cg_sticky_client *c, struct cg_sticky *s)
{
	static const char yes[] = "SUCCESS_STORE_PID";
	struct ucred who;
	socklen_t size = sizeof(who);
	int32_t words[2];
	int r = 0;

	memcpy(words, c->said, sizeof(words));
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		return -errno;
	if (words[0] <= 0 || !may(&who, words[0])) {
		log_warn("process %d of user %u may not speak for process %d", (int)who.pid,
			 who.uid, (int)words[0]);
		return -EPERM;
	}
	if (words[1] & CG_STICKY_CANCEL)
		cg_sticky_remove(s, words[0]);
	else
		r = cg_sticky_try_add(s, words[0], words[1] & CG_STICKY_CHILDREN);
	if (r < 0)
		return r;
	log_debug("process %d is %s", (int)words[0],
		  words[1] & CG_STICKY_CANCEL ? "under rules again" : "left where it is");
	return send(c->fd, yes, sizeof(yes), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* cg_sticky_hear() - a client has said something, or has gone */
void cg_sticky_hear(struct cg_sticky_door *d, size_t client, struct cg_sticky *s)
{
	struct cg_sticky_client *c = &d->clients[client];
	ssize_t n = read(c->fd, c->said + c->got, sizeof(c->said) - c->got);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	c->got += n > 0 ? (size_t)n : 0;
	if (n > 0 && c->got < sizeof(c->said))
		return;
	if (n > 0)
		(void)obey(c, s);
	fd_close(&c->fd);
}

void cg_sticky_close(struct cg_sticky_door *d)
{
	for (size_t i = 0; i < CG_STICKY_CLIENTS; i++)
		fd_close(&d->clients[i].fd);
	if (d->fd >= 0)
		(void)unlink(CG_STICKY_SOCKET);
	fd_close(&d->fd);
}
