/* auth.c - credentials: found in every file and helper, kept and forgotten without a trace on the rest */
#include "remote/auth.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "remote/base64.h"
#include "remote/certs.h"
#include "t.h"

static struct arena arena;
static char folder[64];
static char *listed[4]; /* credential-helpers of registries.conf */
static const struct auth_places to = { .helpers = listed };

static void write_file(const char *name, const char *text)
{
	char *path = arena_printf(&arena, "%s/%s", folder, name);
	FILE *f;

	for (char *at = strchr(path + strlen(folder) + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(path, 0700);
		*at = '/';
	}
	f = fopen(path, "we");
	WANT(f);
	WANT(fputs(text, f) >= 0);
	WANT_INT(fclose(f), 0);
	(void)chmod(path, 0700);
}

static const char *read_text(const char *name)
{
	char *text = arena_alloc(&arena, 65536);
	FILE *f = fopen(arena_printf(&arena, "%s/%s", folder, name), "re");

	WANT(f);
	(void)!fread(text, 1, 65535, f);
	fclose(f);
	return text;
}

static void clean(void)
{
	WANT(text_starts(folder, "/tmp/tare-auth-"));
	if (chdir("/tmp") == 0)
		(void)!system(arena_printf(&arena, "rm -rf '%s'", folder));
}

/* A home of its own for each test, which is a process. */
static void home(void)
{
	memcpy(folder, "/tmp/tare-auth-XXXXXX", sizeof("/tmp/tare-auth-XXXXXX"));
	WANT(mkdtemp(folder));
	atexit(clean);
	setenv("HOME", folder, 1);
	setenv("XDG_RUNTIME_DIR", arena_printf(&arena, "%s/run", folder), 1);
	setenv("PATH", arena_printf(&arena, "%s/bin:%s", folder, getenv("PATH")), 1);
	unsetenv("DOCKER_CONFIG");
	unsetenv("REGISTRY_AUTH_FILE");
	unsetenv("XDG_CONFIG_HOME");
}

/* "user:password", "token:…", "none" or the error */
static const char *found(const char *registry, const char *repository, const char *file)
{
	struct auth a = { 0 };
	struct err e = { 0 };
	const struct auth_places from = { file, listed };
	int r = auth_find(registry, repository, &from, &arena, &a, &e);

	if (r < 0)
		return arena_dup(&arena, e.text);
	if (!r)
		return "none";
	if (a.identity_token)
		return arena_printf(&arena, "token:%s", a.identity_token);
	return arena_printf(&arena, "%s:%s", a.username, a.password ? a.password : "");
}

/* "user:a" … in base64 */
#define UA "dXNlcjph"
#define UB "dXNlcjpi"
#define UC "dXNlcjpj"

TEST(the_longest_key_decides)
{
	home();
	write_file(".docker/config.json",
		   "{\"auths\":{\"q.io\":{\"auth\":\"" UA "\"},\"q.io/team\":{\"auth\":\"" UB "\"},"
		   "\"https://r.io/v1/\":{\"auth\":\"" UC "\"},"
		   "\"https://index.docker.io/v1/\":{\"auth\":\"" UC "\"},"
		   "\"s.io:5000\":{\"username\":\"u\",\"password\":\"p\"},"
		   "\"t.io\":{\"identitytoken\":\"it\"},\"empty.io\":{}}}");
	WANT_STR(found("q.io", "app", NULL), "user:a");
	WANT_STR(found("q.io", NULL, NULL), "user:a");
	WANT_STR(found("q.io", "team/app", NULL), "user:b");
	WANT_STR(found("q.io", "teams/app", NULL), "user:a");
	WANT_STR(found("r.io", "v1/x", NULL), "user:c");
	WANT_STR(found("docker.io", "library/x", NULL), "user:c");
	WANT_STR(found("s.io:5000", "x", NULL), "u:p");
	WANT_STR(found("s.io", "x", NULL), "none");
	WANT_STR(found("t.io", "x", NULL), "token:it");
	WANT_STR(found("empty.io", "x", NULL), "none");
	WANT_STR(found("xq.io", "x", NULL), "none");
}

TEST(the_files_are_read_in_their_order)
{
	home();
	WANT_STR(found("q.io", "x", NULL), "none");
	write_file(".docker/config.json", "{\"auths\":{\"q.io\":{\"auth\":\"" UA "\"}}}");
	WANT_STR(found("q.io", "x", NULL), "user:a");
	write_file(".config/containers/auth.json", "{\"auths\":{\"q.io\":{\"auth\":\"" UB "\"}}}");
	WANT_STR(found("q.io", "x", NULL), "user:b");
	write_file("run/containers/auth.json", "{\"auths\":{\"q.io\":{\"auth\":\"" UC "\"}}}");
	WANT_STR(found("q.io", "x", NULL), "user:c");
	write_file("named.json", "{}");
	WANT_STR(found("q.io", "x", arena_printf(&arena, "%s/named.json", folder)), "none");
	setenv("REGISTRY_AUTH_FILE", arena_printf(&arena, "%s/named.json", folder), 1);
	WANT_STR(found("q.io", "x", NULL), "none");
}

TEST(what_is_wrong_names_the_file)
{
	home();
	write_file(".docker/config.json", "{\"auths\":{\"q.io\":{\"auth\":\"!\"}}}");
	WANT(strstr(found("q.io", "x", NULL), ".docker/config.json"));
	WANT(strstr(found("q.io", "x", NULL), "'q.io'"));
	write_file(".docker/config.json", "{");
	WANT(strstr(found("q.io", "x", NULL), ".docker/config.json"));
	write_file(".docker/config.json", "[]");
	WANT(strstr(found("q.io", "x", NULL), "no object"));
	write_file(".docker/config.json", "");
	WANT_STR(found("q.io", "x", NULL), "none");
}

TEST(what_is_kept_is_found_and_the_rest_stays)
{
	struct auth a = { .username = "user", .password = "a" };
	struct err e = { 0 };
	struct stat st;
	struct auth_place place;

	home();
	write_file(".docker/config.json",
		   "{\"psFormat\":\"it's \\\"x\\\"\",\"big\":18446744073709551615,"
		   "\"auths\":{\"r.io\":{\"auth\":\"" UB "\",\"more\":[1,{},null,true]},"
		   "\"q.io/team\":{\"auth\":\"" UC "\"}}}");
	WANT_INT(auth_store("q.io", &a, &to, &arena, &place, &e), 0);
	WANT(!place.helper && text_ends(place.name, "/.docker/config.json"));
	WANT_INT(stat(place.name, &st), 0);
	WANT_INT(st.st_mode & 0777, 0600);
	WANT_STR(found("q.io", "x", NULL), "user:a");
	WANT_STR(found("q.io", "team/x", NULL), "user:c");
	WANT_STR(found("r.io", "x", NULL), "user:b");
	WANT(strstr(read_text(".docker/config.json"), "\"it's \\\"x\\\"\""));
	WANT(strstr(read_text(".docker/config.json"), "18446744073709551615"));
	WANT(strstr(read_text(".docker/config.json"), "\"more\""));
	WANT_INT(auth_store("docker.io", &a, &to, &arena, &place, &e), 0);
	WANT(strstr(read_text(".docker/config.json"), "https://index.docker.io/v1/"));
	WANT_INT(auth_erase("q.io", &to, &arena, &e), 1);
	WANT_STR(found("q.io", "x", NULL), "none");
	WANT_STR(found("q.io", "team/x", NULL), "user:c");
	WANT_STR(found("docker.io", "x", NULL), "user:a");
	WANT_INT(auth_erase("q.io", &to, &arena, &e), 0);
}

TEST(a_link_to_the_file_stays_a_link)
{
	struct auth a = { .username = "user", .password = "a" };
	struct err e = { 0 };
	struct stat st;
	char *path;
	struct auth_place place;

	home();
	write_file("real/config.json", "{}");
	write_file(".docker/other", "");
	path = arena_printf(&arena, "%s/.docker/config.json", folder);
	WANT_INT(symlink("../real/config.json", path), 0);
	WANT_INT(auth_store("q.io", &a, &to, &arena, &place, &e), 0);
	WANT_INT(lstat(path, &st), 0);
	WANT(S_ISLNK(st.st_mode));
	WANT_STR(found("q.io", "x", NULL), "user:a");
}

#define HELPER \
	"#!/bin/sh\necho \"$1\" >>\"$HOME/asked\"\ncase $1 in\n" \
	"get) read -r server; case $server in\n" \
	"q.io) echo '{\"ServerURL\":\"q.io\",\"Username\":\"hu\",\"Secret\":\"hs\"}' ;;\n" \
	"t.io) echo '{\"Username\":\"<token>\",\"Secret\":\"it\"}' ;;\n" \
	"bad.io) echo 'nonsense' ;;\n" \
	"broken.io) echo 'it hurts'; exit 1 ;;\n" \
	"*) echo 'credentials not found in native keychain'; exit 1 ;;\nesac ;;\n" \
	"store) cat >\"$HOME/stored\" ;;\nerase) cat >\"$HOME/erased\" ;;\nesac\n"

TEST(helpers_are_asked_told_and_made_to_forget)
{
	struct auth a = { .username = "user", .password = "p\"w" };
	struct err e = { 0 };
	struct auth_place place;

	home();
	write_file("bin/docker-credential-test", HELPER);
	write_file(".docker/config.json", "{\"credHelpers\":{\"none.io\":\"missing\",\"evil.io\":"
					  "\"../x\"},\"credsStore\":\"test\","
					  "\"auths\":{\"r.io\":{\"auth\":\"" UA "\"}}}");
	WANT_STR(found("q.io", "x", NULL), "hu:hs");
	WANT_STR(found("t.io", "x", NULL), "token:it");
	WANT_STR(found("r.io", "x", NULL), "user:a");
	WANT_STR(found("other.io", "x", NULL), "none");
	WANT(strstr(found("bad.io", "x", NULL), "its protocol"));
	WANT(strstr(found("broken.io", "x", NULL), "it hurts"));
	WANT(strstr(found("none.io", "x", NULL), "docker-credential-missing"));
	WANT(strstr(found("evil.io", "x", NULL), "it is no name"));
	WANT_INT(auth_store("s.io", &a, &to, &arena, &place, &e), 0);
	WANT(place.helper);
	WANT_STR(place.name, "docker-credential-test");
	WANT_STR(read_text("stored"),
		 "{\"ServerURL\":\"s.io\",\"Username\":\"user\",\"Secret\":\"p\\\"w\"}");
	WANT(strstr(read_text(".docker/config.json"), "\"s.io\": {}"));
	WANT(!strstr(read_text(".docker/config.json"), "p\\\"w"));
	WANT_INT(auth_erase("s.io", &to, &arena, &e), 1);
	WANT_STR(read_text("erased"), "s.io");
	WANT(!strstr(read_text(".docker/config.json"), "s.io"));
}

TEST(listed_helpers_are_asked_in_their_order)
{
	struct auth a = { .username = "user", .password = "a" };
	struct err e = { 0 };
	struct auth_place place;

	home();
	write_file("bin/docker-credential-test", HELPER);
	write_file(".docker/config.json", "{\"auths\":{\"q.io\":{\"auth\":\"" UA "\"},"
					  "\"broken.io\":{\"auth\":\"" UB "\"},"
					  "\"r.io\":{\"auth\":\"" UC "\"}}}");
	listed[0] = arena_dup(&arena, "containers-auth.json");
	listed[1] = arena_dup(&arena, "test");
	WANT_STR(found("q.io", "x", NULL), "user:a");
	WANT_STR(found("t.io", "x", NULL), "token:it");
	WANT(strstr(found("bad.io", "x", NULL), "its protocol"));
	listed[0] = arena_dup(&arena, "test");
	listed[1] = arena_dup(&arena, "containers-auth.json");
	WANT_STR(found("q.io", "x", NULL), "hu:hs");
	WANT_STR(found("r.io", "x", NULL), "user:c");
	/* what one fails at the next one may have */
	WANT_STR(found("broken.io", "x", NULL), "user:b");
	listed[1] = NULL;
	WANT_STR(found("r.io", "x", NULL), "none");
	listed[0] = arena_dup(&arena, "missing");
	WANT(strstr(found("q.io", "x", NULL), "docker-credential-missing"));
	listed[0] = arena_dup(&arena, "a/b");
	WANT(strstr(found("q.io", "x", NULL), "it is no name"));
	/* kept by the first that can, forgotten by all */
	listed[0] = arena_dup(&arena, "missing");
	listed[1] = arena_dup(&arena, "test");
	listed[2] = arena_dup(&arena, "containers-auth.json");
	WANT_INT(auth_store("docker.io", &a, &to, &arena, &place, &e), 0);
	WANT_STR(place.name, "docker-credential-test");
	WANT_STR(read_text("stored"),
		 "{\"ServerURL\":\"docker.io\",\"Username\":\"user\",\"Secret\":\"a\"}");
	WANT(!strstr(read_text(".docker/config.json"), "docker.io"));
	listed[0] = arena_dup(&arena, "test");
	listed[1] = arena_dup(&arena, "containers-auth.json");
	listed[2] = NULL;
	WANT_INT(auth_erase("r.io", &to, &arena, &e), 1);
	WANT_STR(read_text("erased"), "r.io");
	WANT(!strstr(read_text(".docker/config.json"), "r.io\""));
}

TEST(base64_is_read_strictly)
{
	static const char *const rows[][2] = { { "", "" },
					       { "a", "YQ==" },
					       { "ab", "YWI=" },
					       { "abc", "YWJj" },
					       { "\xff\xfe~", "//5+" } };
	static const char *const bad[] = { "YQ==x", "Y Q=", "YQ===", "Y\nQ", "AAAAYQ==" };

	for (size_t i = 0; i < COUNT(rows); i++) {
		WANT_STR(base64_of(rows[i][0], &arena), rows[i][1]);
		WANT_STR(base64_read(rows[i][1], &arena), rows[i][0]);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		WANT(!base64_read(bad[i], &arena));
}

TEST(folders_of_certificates_are_read_whole)
{
	struct certs c = { 0 };
	struct err e = { 0 };

	home();
	WANT_INT(certs_load_folder(folder, &arena, &c, &e), 0);
	WANT_INT((intmax_t)c.ca.n, 0);
	write_file("d/a.crt", "A");
	write_file("d/b.crt", "B");
	write_file("d/c.cert", "C");
	write_file("d/c.key", "K");
	WANT_INT(certs_load_folder(arena_printf(&arena, "%s/d", folder), &arena, &c, &e), 0);
	WANT_INT((intmax_t)c.ca.n, 4);
	WANT_INT(memcmp(c.ca.at, "A\nB\n", 4), 0);
	WANT_INT(c.cert.at[0], 'C');
	WANT_INT(c.key.at[0], 'K');
	write_file("e/x.cert", "C");
	c = (struct certs){ 0 };
	WANT_INT(certs_load_folder(arena_printf(&arena, "%s/e", folder), &arena, &c, &e), -1);
	WANT(strstr(e.text, "x.key") && strstr(e.hint, "needs its NAME.key"));
}
