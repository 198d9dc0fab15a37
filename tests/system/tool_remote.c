/* tool_remote.c - remote.h by hand, for registry.bats
 *
 * usage: tool-remote [OPTION=VALUE...] COMMAND [WORD...]
 *
 *	head NAME              digest, type, size
 *	manifest NAME          the bytes
 *	blobs NAME DIGEST=SIZE[+OFFSET]... FOLDER   several at once, to files; each is hashed
 *	put NAME FILE TYPE     a manifest
 *	push NAME FILE DIGEST [FROM]                a blob
 *	delete NAME | tags NAME | exists NAME DIGEST
 *	catalog HOST | search HOST WORDS | login HOST
 *	store HOST USER PASSWORD | erase HOST | auth HOST [REPOSITORY]
 *
 * Options: user, password, authfile, certs, verify (true, false), retries, stall, connect (ms),
 * parallel, chunk, limit, cancel (bytes), registry-only
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/own.h"
#include "codec/hash.h"
#include "remote/auth.h"
#include "remote/remote.h"

static struct arena arena;
static struct err e;

static int report(void)
{
	printf("error: %s\n", e.text);
	if (*e.hint)
		printf("hint: %s\n", e.hint);
	printf("class: %d\n", (int)e.cls);
	return 1;
}

static const char *option(char **argv, const char *name)
{
	size_t len = strlen(name);

	for (; *argv && strchr(*argv, '='); argv++)
		if (strncmp(*argv, name, len) == 0 && (*argv)[len] == '=')
			return *argv + len + 1;
	return NULL;
}

static uint64_t number(char **argv, const char *name)
{
	const char *text = option(argv, name);

	return text ? strtoull(text, NULL, 10) : 0;
}

static struct remote *open_remote(char **argv, const char *name, bool push, bool registry,
				  struct reference *ref)
{
	struct auth auth = { .username = (char *)option(argv, "user"),
			     .password = (char *)option(argv, "password") };
	const char *verify = option(argv, "verify");
	struct remote_options o = { .push = push,
				    .auth = auth.username ? &auth : NULL,
				    .authfile = option(argv, "authfile"),
				    .cert_dir = option(argv, "certs") };
	struct remote_target t;
	struct remote *r = NULL;
	int ok;

	if (remote_start(&r, &e) < 0)
		return NULL;
	if (verify)
		o.tls_verify = (struct opt_bool){ true, strcmp(verify, "true") == 0 };
	ok = registry ? remote_target_of_registry(name, &o, &arena, &t, &e)
	     : reference_parse(name, ref, &e) < 0 ? -1
						  : remote_target(ref, &o, &arena, &t, &e);
	if (ok < 0) {
		remote_close(r);
		return NULL;
	}
	t.retries = option(argv, "retries") && !number(argv, "retries")
			    ? UINT32_MAX
			    : (uint32_t)number(argv, "retries");
	t.stall_ms = (uint32_t)number(argv, "stall");
	t.connect_ms = (uint32_t)number(argv, "connect");
	t.parallel = (uint32_t)number(argv, "parallel");
	return remote_direct(r, &t, &e) < 0 ? NULL : r;
}

/* --- blobs --- */

struct blob {
	char digest[DIGEST_TEXT];
	uint64_t size, offset, id;
	int pipe, file;
	struct hash hash;
	int ended; /* 1: done, -1: failed */
	uint64_t bytes;
	unsigned retries;
};

static int start_blob(struct remote *r, char **argv, char *word, const char *folder, struct blob *b)
{
	struct remote_request q = { .action = REMOTE_BLOB_GET,
				    .registry_only = option(argv, "registry-only") };
	char *size = strchr(word, '='), path[4096], *offset;
	own_fd int end = FD_NONE;
	int ends[2];
	struct digest d;

	*size++ = '\0';
	offset = strchr(size, '+');
	snprintf(b->digest, sizeof(b->digest), "%s", word);
	b->size = strtoull(size, NULL, 10);
	b->offset = offset ? strtoull(offset + 1, NULL, 10) : 0;
	snprintf(path, sizeof(path), "%s/%s", folder, strchr(word, ':') + 1);
	b->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (b->file < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return fail_sys(&e, "open '%s'", path);
	b->pipe = ends[0];
	end = ends[1];
	if (digest_parse(word, &d, &e) < 0 || hash_start(&b->hash, d.algorithm, &e) < 0)
		return -1;
	q.what = b->digest;
	q.size = b->size;
	q.offset = b->offset;
	q.fd = end;
	return remote_ask(r, &q, &b->id, &e);
}

static void drain(struct remote *r, char **argv, struct blob *b)
{
	char buf[65536];
	ssize_t n = read(b->pipe, buf, sizeof(buf));
	uint64_t cancel = number(argv, "cancel");

	if (n <= 0) {
		fd_close(&b->pipe);
		return;
	}
	if (write(b->file, buf, (size_t)n) != n || hash_add(&b->hash, buf, (size_t)n, &e) < 0)
		abort();
	b->bytes += (uint64_t)n;
	if (cancel && b->bytes >= cancel) {
		(void)remote_cancel(r, b->id, &e);
		fd_close(&b->pipe);
	}
}

static void tell_end(struct blob *b, const struct remote_event *ev)
{
	struct digest d, want;

	b->ended = ev->news == REMOTE_DONE ? 1 : -1;
	if (b->ended < 0) {
		e = ev->err;
		printf("%.20s failed after %llu\n", b->digest, (unsigned long long)b->bytes);
		(void)report();
		return;
	}
	(void)digest_try_parse(b->digest, &want);
	if (hash_end(&b->hash, &d, &e) < 0)
		abort();
	printf("%.20s %s %llu from %s, %u retries\n", b->digest,
	       b->offset                ? "rest"
	       : digest_same(&d, &want) ? "good"
					: "WRONG",
	       (unsigned long long)b->bytes, ev->host, b->retries);
}

static int get_blobs(struct remote *r, char **argv, char **words, int n)
{
	struct blob *b = calloc((size_t)n, sizeof(*b));
	struct pollfd *p = calloc((size_t)n + 1, sizeof(*p));
	const char *folder = words[n - 1];
	struct remote_event ev;
	int open = --n, bad = 0;

	for (int i = 0; i < n; i++)
		if (start_blob(r, argv, words[i], folder, &b[i]) < 0)
			return report();
	while (open) {
		int got;

		p[n] = (struct pollfd){ .fd = remote_fd(r), .events = POLLIN };
		for (int i = 0; i < n; i++)
			p[i] = (struct pollfd){ .fd = b[i].pipe, .events = POLLIN };
		(void)poll(p, (nfds_t)n + 1, -1);
		for (int i = 0; i < n; i++)
			if (p[i].revents)
				drain(r, argv, &b[i]);
		got = remote_next(r, 0, &ev, &e);
		if (got < 0)
			return report();
		for (int i = 0; got && i < n; i++) {
			if (b[i].id != ev.id)
				continue;
			b[i].retries += ev.news == REMOTE_RETRY;
			if (ev.news == REMOTE_DONE || ev.news == REMOTE_FAILED) {
				while (b[i].pipe >= 0)
					drain(r, argv, &b[i]);
				tell_end(&b[i], &ev);
				bad += b[i].ended < 0;
				open--;
			}
		}
	}
	return bad ? 1 : 0;
}

/* --- the rest --- */

static int push(struct remote *r, char **argv, char **words)
{
	own_fd int fd = open(words[0], O_RDONLY | O_CLOEXEC);
	struct remote_event ev;
	struct stat st;
	uint64_t id, told = 0;
	int n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_sys(&e, "open '%s'", words[0]), report();
	if (remote_ask(r,
		       &(struct remote_request){ .action = REMOTE_BLOB_PUT,
						 .what = words[1],
						 .size = (uint64_t)st.st_size,
						 .mount_from = words[2],
						 .chunk = number(argv, "chunk"),
						 .fd = fd },
		       &id, &e) < 0)
		return report();
	while ((n = remote_next(r, -1, &ev, &e)) > 0 && ev.news < REMOTE_DONE)
		told += ev.news == REMOTE_PROGRESS;
	if (n < 0)
		return report();
	if (ev.news == REMOTE_FAILED)
		return e = ev.err, report();
	printf("%s %llu%s\n",
	       ev.existed   ? "existed"
	       : ev.mounted ? "mounted"
			    : "sent",
	       (unsigned long long)ev.bytes, told ? " with progress" : "");
	return 0;
}

static int put(struct remote *r, const struct reference *ref, char **words)
{
	static char bytes[5 << 20];
	FILE *f = fopen(words[0], "re");
	char digest[DIGEST_TEXT];
	size_t n;

	if (!f)
		return fail_sys(&e, "open '%s'", words[0]), report();
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	if (remote_manifest_put(r, *ref->tag ? ref->tag : digest_text(&ref->digest, digest),
				words[1], bytes, n, &e) < 0)
		return report();
	puts("put");
	return 0;
}

static int list(char **names)
{
	for (; *names; names++)
		puts(*names);
	return 0;
}

static int search(struct remote *r, const char *words, uint64_t limit)
{
	struct remote_results results;

	if (remote_search(r, words, limit, &arena, &results, &e) < 0)
		return report();
	for (size_t i = 0; i < results.found.n; i++)
		printf("%s|%s|%lld|%s\n", results.found.at[i].name,
		       results.found.at[i].description ? results.found.at[i].description : "",
		       (long long)results.found.at[i].stars,
		       results.found.at[i].official ? "official" : "");
	return 0;
}

static int by_registry(char **argv, const char *command, char **words)
{
	uint64_t limit = number(argv, "limit");
	struct remote *r = open_remote(argv, words[0], false, true, NULL);
	char **names;
	int status = 1;

	if (!r)
		return report();
	if (strcmp(command, "login") == 0)
		status = remote_login(r, &e) < 0 ? report() : (puts("logged in"), 0);
	else if (strcmp(command, "catalog") == 0)
		status = remote_catalog(r, limit, &arena, &names, &e) < 0 ? report() : list(names);
	else
		status = search(r, words[1], limit);
	remote_close(r);
	return status;
}

static int by_name(char **argv, const char *command, char **words, int n)
{
	bool writes = strcmp(command, "push") == 0 || strcmp(command, "put") == 0;
	struct reference ref;
	struct remote *r = open_remote(argv, words[0], writes, false, &ref);
	struct remote_manifest m;
	struct remote_event ev;
	char digest[DIGEST_TEXT], **names;
	const char *what;
	struct digest d;
	bool there;
	int status = 0;

	if (!r)
		return report();
	what = ref.digest.algorithm != DIGEST_NONE ? digest_text(&ref.digest, digest) : ref.tag;
	if (strcmp(command, "head") == 0) {
		if (remote_manifest_head(r, what, &ev, &e) < 0)
			status = report();
		else
			printf("%s %s %llu pulls left %lld\n", digest_text(&ev.digest, digest),
			       ev.media_type, (unsigned long long)ev.size,
			       (long long)ev.pulls_left);
	} else if (strcmp(command, "manifest") == 0) {
		if (remote_manifest(r, what, &arena, &m, &e) < 0)
			status = report();
		else
			fwrite(m.bytes, 1, m.size, stdout);
	} else if (strcmp(command, "blobs") == 0) {
		status = get_blobs(r, argv, words + 1, n - 1);
	} else if (strcmp(command, "push") == 0) {
		status = push(r, argv, words + 1);
	} else if (strcmp(command, "put") == 0) {
		status = put(r, &ref, words + 1);
	} else if (strcmp(command, "delete") == 0) {
		status = remote_manifest_delete(r, what, &e) < 0 ? report() : (puts("deleted"), 0);
	} else if (strcmp(command, "tags") == 0) {
		status = remote_tags(r, number(argv, "limit"), &arena, &names, &e) < 0
				 ? report()
				 : list(names);
	} else if (strcmp(command, "exists") == 0) {
		if (digest_parse(words[1], &d, &e) < 0 || remote_blob_exists(r, &d, &there, &e) < 0)
			status = report();
		else
			puts(there ? "yes" : "no");
	}
	remote_close(r);
	return status;
}

static int credentials(char **argv, const char *command, char **words)
{
	struct auth auth = { .username = words[1], .password = words[1] ? words[2] : NULL };
	const struct auth_places places = { .authfile = option(argv, "authfile") };
	struct auth_place place;
	int n;

	if (strcmp(command, "store") == 0) {
		if (auth_store(words[0], &auth, &places, &arena, &place, &e) < 0)
			return report();
		puts(place.name);
		return 0;
	}
	if (strcmp(command, "erase") == 0) {
		n = auth_erase(words[0], &places, &arena, &e);
		return n < 0 ? report() : (puts(n ? "erased" : "nothing"), 0);
	}
	auth = (struct auth){ 0 };
	n = auth_find(words[0], words[1], &places, &arena, &auth, &e);
	if (n < 0)
		return report();
	if (n)
		printf("%s|%s|%s|%s\n", auth.username ? auth.username : "",
		       auth.password ? auth.password : "",
		       auth.identity_token ? auth.identity_token : "", auth.source);
	else
		puts("none");
	return 0;
}

int main(int argc, char **argv)
{
	char **words = argv + 1;
	const char *command;

	while (*words && strchr(*words, '='))
		words++;
	command = *words;
	if (!command || !words[1]) {
		fputs("tool-remote: see the head of its source\n", stderr);
		return 2;
	}
	words++;
	if (strcmp(command, "store") == 0 || strcmp(command, "erase") == 0 ||
	    strcmp(command, "auth") == 0)
		return credentials(argv + 1, command, words);
	if (strcmp(command, "catalog") == 0 || strcmp(command, "search") == 0 ||
	    strcmp(command, "login") == 0)
		return by_registry(argv + 1, command, words);
	return by_name(argv + 1, command, words, argc - (int)(words - argv));
}
