/* fetch.c - tare-fetch: speaks to registries for tare-engine, and can do nothing else
 *
 * usage: tare-fetch SOCKET
 *
 * SOCKET is the number of a descriptor, the engine's (remote/wire.h). What its libraries need is
 * loaded first; then it shuts itself in (os/sandbox.h), and only then hears a word: from the engine, or
 * from the network. It ends with the engine's end of the socket.
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/leaks.h"
#include "base/text.h"
#include "os/sandbox.h"
#include "remote/fetch.h"

/* Resolvers read /etc, and what it links to; NSS loads its libraries at the first name. */
static const struct landlock_rule files[] = {
	{ -1, "/etc", LANDLOCK_MAY_READ },
	{ -1, "/lib", LANDLOCK_MAY_READ },
	{ -1, "/lib64", LANDLOCK_MAY_READ },
	{ -1, "/run/resolvconf", LANDLOCK_MAY_READ },
	{ -1, "/run/systemd/resolve", LANDLOCK_MAY_READ },
	{ -1, "/run/NetworkManager", LANDLOCK_MAY_READ },
	{ -1, "/usr/lib", LANDLOCK_MAY_READ },
	{ -1, "/usr/lib64", LANDLOCK_MAY_READ },
	{ -1, "/usr/local/share/ca-certificates", LANDLOCK_MAY_READ },
	{ -1, "/usr/share/ca-certificates", LANDLOCK_MAY_READ },
	{ -1, "/usr/share/zoneinfo", LANDLOCK_MAY_READ },
};

static const struct sandbox_limit limits[] = {
	{ RLIMIT_FSIZE, "RLIMIT_FSIZE", (uint64_t)2 * WIRE_ANSWER_MAX },
	{ RLIMIT_NOFILE, "RLIMIT_NOFILE", 16384 },
#ifndef __SANITIZE_ADDRESS__
	{ RLIMIT_AS, "RLIMIT_AS", (uint64_t)2 << 30 },
#endif
};

static int enter(struct err *e)
{
	const struct sandbox s = { .rules = files,
				   .n_rules = COUNT(files),
				   .limits = limits,
				   .n_limits = COUNT(limits),
				   .network = true,
				   .threads = true };

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return fail_sys(e, "ignore SIGPIPE");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fail(e, ERR_SYSTEM, "start libcurl");
	return sandbox_enter(&s, NULL, e);
}

int main(int argc, char **argv)
{
	struct fetch f = { .sock = FD_NONE };
	struct err e = { 0 };
	uint64_t sock;

	if (argc != 2 || text_u64(argv[1], 1024, &sock) < 0) {
		(void)fputs("tare-fetch: it is started by tare-engine\n", stderr);
		return 125;
	}
	f.sock = (int)sock;
	if (enter(&e) < 0 || fetch_open(&f, (int)sock, &e) < 0) {
		/* of no question, and so of all */
		fetch_tell(&f, &(struct wire_news){ .news = REMOTE_FAILED,
						    .cls = e.cls,
						    .sysno = e.sysno,
						    .text = e.text,
						    .hint = e.hint });
		return 125;
	}
	fetch_serve(&f);
	return 0;
}
