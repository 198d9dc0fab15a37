/* lease.c - what a process is about to need is not garbage
 *
 * A lease is a row for each blob and layer, and a locked file with the lease's name: the kernel gives
 * the lock back when the process ends, however it ends, and the rows are then anybody's to remove.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

#include "os/random.h"
#include "store/store.h"

static int begin(struct store *s, struct err *e)
{
	uint64_t number;

	if (random_fill(&number, sizeof(number), e) < 0)
		return -1;
	snprintf(s->lease_name, sizeof(s->lease_name), "%016llx", (unsigned long long)number);
	s->lease = openat(s->leases, s->lease_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (s->lease < 0)
		return fail_sys(e, "make the lease '%s'", s->lease_name);
	if (flock(s->lease, LOCK_EX) < 0)
		return fail_sys(e, "lock the lease '%s'", s->lease_name);
	return 0;
}

/**
 * store_lease() - keep @name from being removed as unused until store_lease_end(), or our end
 * @name: a blob's digest or a layer's name, there or not yet
 */
int store_lease(struct store *s, const char *name, struct err *e)
{
	if (s->lease < 0 && begin(s, e) < 0)
		return -1;
	return db_run(&s->db, DB_LEASE_ADD, e, "ss", s->lease_name, name);
}

/* store_lease_end() - give back all that was leased */
int store_lease_end(struct store *s, struct err *e)
{
	int r;

	if (s->lease < 0)
		return 0;
	r = db_run(&s->db, DB_LEASE_DROP, e, "s", s->lease_name);
	/* the rows first: without its file a lease is taken for dead */
	(void)unlinkat(s->leases, s->lease_name, 0);
	fd_close(&s->lease);
	return r;
}

/* Whether nobody holds the lock of that lease. */
static bool is_dead(const struct store *s, const char *holder)
{
	own_fd int fd = openat(s->leases, holder, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT;
	return flock(fd, LOCK_SH | LOCK_NB) == 0;
}

/* store_forget_dead() - remove the leases of processes that ended without doing so; in a transaction */
int store_forget_dead(struct store *s, struct err *e)
{
	char dead[64][32];
	size_t n = 0;
	int r;

	{
		own_rows rows = { 0 };

		if (db_query(&s->db, DB_LEASE_HOLDERS, &rows, e, "") < 0)
			return -1;
		while ((r = db_next(&rows, e)) > 0 && n < 64)
			if (is_dead(s, db_text(&rows, 0)))
				snprintf(dead[n++], sizeof(dead[0]), "%s", db_text(&rows, 0));
		if (r < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (db_run(&s->db, DB_LEASE_DROP, e, "s", dead[i]) < 0)
			return -1;
		(void)unlinkat(s->leases, dead[i], 0);
	}
	return 0;
}
