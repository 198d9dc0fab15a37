/* store.c - blobs come in whole or not at all, and stay while somebody needs them */
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "store/images.h"
#include "store/ingest.h"
#include "store/listing.h"
#include "t.h"

static char root[64];

/* A new store for each test; the folder of the one before goes. */
static struct store fresh(void)
{
	struct store s = STORE_NONE;
	struct err e = { 0 };
	static char command[128];

	if (*root) {
		snprintf(command, sizeof(command), "rm -rf '%s'", root);
		WANT_INT(system(command), 0);
	}
	snprintf(root, sizeof(root), "/tmp/tare-store-test-XXXXXX");
	WANT(mkdtemp(root));
	WANT_INT(store_open(&s, root, &e), 0);
	WANT_STR(e.text, "");
	return s;
}

static struct digest of(const char *text)
{
	struct digest d = { 0 };
	struct err e = { 0 };

	WANT_INT(hash_of(DIGEST_SHA256, text, strlen(text), &d, &e), 0);
	return d;
}

static int take_in(struct store *s, const char *text)
{
	own_ingest in = INGEST_NONE;
	struct digest d = of(text);
	struct err e = { 0 };
	int r = ingest_begin(&in, s, &d, strlen(text), &e);

	if (r != INGEST_MINE)
		return r;
	WANT_INT(ingest_add(&in, text, strlen(text), &e), 0);
	WANT_INT(ingest_commit(&in, "text/plain", &e), 0);
	return INGEST_MINE;
}

TEST(a_blob_comes_in_once_and_is_read_back)
{
	own_store s = fresh();
	struct digest d = of("hello");
	own_mem char *text = NULL;
	struct err e = { 0 };
	size_t len;

	WANT_INT(store_blob_find(&s, &d, &e), 0);
	WANT_INT(take_in(&s, "hello"), INGEST_MINE);
	WANT_INT(take_in(&s, "hello"), INGEST_HAVE);
	WANT_INT(store_blob_read(&s, &d, 100, &text, &len, &e), 0);
	WANT_STR(text, "hello");
	WANT_INT(store_blob_read(&s, &d, 3, &text, &len, &e), -1);
}

TEST(what_is_not_its_digest_never_gets_its_name)
{
	own_store s = fresh();
	struct digest d = of("hello");
	own_ingest in = INGEST_NONE;
	struct err e = { 0 };

	WANT_INT(ingest_begin(&in, &s, &d, 5, &e), INGEST_MINE);
	WANT_INT(ingest_add(&in, "hallo", 5, &e), 0);
	WANT_INT(ingest_commit(&in, NULL, &e), -1);
	WANT(strstr(e.text, "what came has the digest"));
	WANT_INT(store_blob_find(&s, &d, &e), 0);
	WANT_INT(ingest_begin(&in, &s, &d, 5, &e), INGEST_MINE);
	WANT_INT(in.at, 0);
	WANT_INT(ingest_add(&in, "helloo", 6, &e), -1);
	WANT_INT(ingest_add(&in, "hell", 4, &e), 0);
	WANT_INT(ingest_commit(&in, NULL, &e), -1);
	WANT(strstr(e.text, "ends after 4 of 5"));
}

TEST(an_interrupted_blob_goes_on_where_it_was)
{
	own_store s = fresh();
	struct digest d = of("hello");
	own_ingest in = INGEST_NONE;
	struct err e = { 0 };

	WANT_INT(ingest_begin(&in, &s, &d, 5, &e), INGEST_MINE);
	WANT_INT(ingest_add(&in, "hel", 3, &e), 0);
	ingest_done(&in);
	WANT_INT(ingest_begin(&in, &s, &d, 5, &e), INGEST_MINE);
	WANT_INT(in.at, 3);
	WANT_INT(ingest_add(&in, "lo", 2, &e), 0);
	WANT_INT(ingest_commit(&in, NULL, &e), 0);
	WANT_INT(store_blob_find(&s, &d, &e), 1);
}

TEST(two_processes_do_not_write_the_same_blob)
{
	own_store s = fresh();
	struct digest d = of("hello");
	own_ingest in = INGEST_NONE;
	struct err e = { 0 };
	int status = 0;
	pid_t pid;

	WANT_INT(ingest_begin(&in, &s, &d, 5, &e), INGEST_MINE);
	pid = fork();
	if (pid == 0) {
		struct store other = STORE_NONE;
		struct ingest theirs = INGEST_NONE;

		_exit(store_open(&other, root, &e) < 0 ? 9
						       : ingest_begin(&theirs, &other, &d, 5, &e));
	}
	WANT(waitpid(pid, &status, 0) == pid);
	WANT_INT(WEXITSTATUS(status), INGEST_BUSY);
	/* one who waits gets it when the first is done */
	pid = fork();
	if (pid == 0) {
		struct store other = STORE_NONE;
		struct ingest theirs = INGEST_NONE;

		_exit(store_open(&other, root, &e) < 0
			      ? 9
			      : ingest_begin_wait(&theirs, &other, &d, 5, &e));
	}
	WANT_INT(ingest_add(&in, "hello", 5, &e), 0);
	WANT_INT(ingest_commit(&in, NULL, &e), 0);
	WANT(waitpid(pid, &status, 0) == pid);
	WANT_INT(WEXITSTATUS(status), INGEST_HAVE);
}

TEST(what_is_leased_is_not_collected_and_the_rest_is)
{
	own_store s = fresh();
	struct digest d = of("hello");
	struct collected c = { 0 };
	struct err e = { 0 };

	WANT_INT(take_in(&s, "hello"), INGEST_MINE);
	WANT_INT(store_collect_blobs(&s, &c, &e), 0);
	WANT_INT(c.blobs.n, 0);
	WANT_INT(store_blob_find(&s, &d, &e), 1);
	WANT_INT(store_lease_end(&s, &e), 0);
	WANT_INT(store_collect_blobs(&s, &c, &e), 0);
	WANT_INT(c.blobs.n, 1);
	WANT_INT(c.bytes, 5);
	WANT_INT(store_blob_find(&s, &d, &e), 0);
	collected_done(&c);
}

TEST(a_lease_ends_with_its_process)
{
	own_store s = fresh();
	struct collected c = { 0 };
	struct err e = { 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct store other = STORE_NONE;

		if (store_open(&other, root, &e) < 0)
			_exit(9);
		_exit(take_in(&other, "hello")); /* without an end */
	}
	WANT(waitpid(pid, &status, 0) == pid);
	WANT_INT(WEXITSTATUS(status), INGEST_MINE);
	WANT_INT(store_collect_blobs(&s, &c, &e), 0);
	WANT_INT(c.blobs.n, 1);
	collected_done(&c);
}

#define CONFIG \
	"{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2026-01-02T03:04:05.5Z\"," \
	"\"rootfs\":" \
	"{\"type\":\"layers\",\"diff_ids\":[\"sha256:" \
	"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"]}}"

/* A small image: its manifest's digest. */
static struct digest make_image(struct store *s)
{
	char manifest[1024], text[DIGEST_TEXT], layer[DIGEST_TEXT];
	struct digest config, m = { 0 }, l = { 0 };
	struct err e = { 0 };

	WANT_INT(store_blob_keep(s, "hello", 5, NULL, &l, &e), 0);
	WANT_INT(store_blob_keep(s, CONFIG, strlen(CONFIG), NULL, &config, &e), 0);
	snprintf(manifest, sizeof(manifest),
		 "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/"
		 "vnd.oci.image.config.v1+json\","
		 "\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
		 "\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":5}]}",
		 digest_text(&config, text), strlen(CONFIG), digest_text(&l, layer));
	WANT_INT(store_blob_keep(s, manifest, strlen(manifest), NULL, &m, &e), 0);
	WANT_STR(e.text, "");
	return m;
}

TEST(an_image_whose_blobs_were_collected_meanwhile_is_not_recorded)
{
	own_store s = fresh();
	own_arena struct arena a = { 0 };
	struct digest m = make_image(&s), found;
	struct stored_image image;
	struct collected c = { 0 };
	struct err e = { 0 };
	struct image_names name = { .tag = "docker.io/library/a:1" };

	WANT_INT(store_image_load(&s, &m, &a, &image, &e), 0);
	WANT_INT(store_lease_end(&s, &e), 0);
	WANT_INT(store_collect_blobs(&s, &c, &e), 0);
	WANT_INT(c.blobs.n, 3);
	collected_done(&c);
	WANT_INT(store_image_record(&s, &image, &name, 1, &e), -1);
	WANT(strstr(e.text, "is not here any more"));
	WANT_INT(store_image_by_tag(&s, "docker.io/library/a:1", &found, &e), 0);
}

TEST(an_image_is_found_by_all_of_its_names_and_goes_with_them)
{
	own_store s = fresh();
	own_arena struct arena a = { 0 };
	struct digest m = make_image(&s), found;
	struct stored_image image;
	struct listed_images all;
	struct collected c = { 0 };
	struct err e = { 0 };
	char id[DIGEST_TEXT];
	struct image_names names[] = { { .tag = "docker.io/library/a:1" },
				       { .tag = "docker.io/library/a:2",
					 .repository = "docker.io/library/a",
					 .digest = &m } };

	WANT_INT(store_image_load(&s, &m, &a, &image, &e), 0);
	WANT_INT(store_image_record(&s, &image, names, 2, &e), 0);
	WANT_STR(e.text, "");
	WANT_INT(store_lease_end(&s, &e), 0);
	WANT_INT(store_image_by_tag(&s, "docker.io/library/a:2", &found, &e), 1);
	WANT(digest_same(&m, &found));
	digest_text(&image.id, id);
	id[7 + 12] = '\0';
	WANT_INT(store_image_by_id(&s, id + 7, &found, &e), 1);
	WANT_INT(store_image_by_digest(&s, "docker.io/library/a", &m, &found, &e), 1);
	WANT_INT(store_images(&s, &a, &all, &e), 0);
	WANT_INT(all.n, 1);
	WANT_INT(all.at[0].tags.n, 2);
	WANT_INT(all.at[0].digests.n, 1);
	WANT_INT(all.at[0].created, 1767323045500000000);
	WANT_INT(store_collect_blobs(&s, &c, &e), 0);
	WANT_INT(c.blobs.n, 0);
	WANT_INT(store_image_untag(&s, "docker.io/library/a:1", &e), 1);
	WANT_INT(store_image_untag(&s, "docker.io/library/a:1", &e), 0);
	WANT_INT(store_image_remove(&s, &m, &e), 0);
	WANT_INT(store_image_by_tag(&s, "docker.io/library/a:2", &found, &e), 0);
	WANT_INT(store_collect_blobs(&s, &c, &e), 0);
	WANT_INT(c.blobs.n, 3);
	WANT_STR(e.text, "");
	collected_done(&c);
}
