/* image.c - digests, media types and the documents of an image */
#include "spec/image.h"

#include "base/arena.h"
#include "codec/hash.h"
#include "image/platform.h"
#include "spec/digest.h"
#include "t.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ANY \
	"{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:" HEX \
	"\",\"size\":3}"

TEST(a_digest_is_read_in_one_spelling_only)
{
	static const char *const bad[] = {
		"",
		"sha256",
		"sha256:",
		HEX,
		"sha256:" HEX "0",
		"sha256:../../canary",
		"SHA256:" HEX,
		"sha256:E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha512:" HEX,
		"md5:d41d8cd98f00b204e9800998ecf8427e",
		" sha256:" HEX
	};
	struct digest d;
	struct err e = { 0 };
	char text[DIGEST_TEXT];

	WANT_INT(digest_parse("sha256:" HEX, &d, &e), 0);
	WANT_STR(digest_text(&d, text), "sha256:" HEX);
	WANT_INT(digest_parse("sha512:" HEX HEX, &d, &e), 0);
	WANT_STR(digest_text(&d, text), "sha512:" HEX HEX);
	for (size_t i = 0; i < COUNT(bad); i++)
		WANT_INT(digest_parse(bad[i], &d, &e), -1);
}

TEST(a_hash_is_the_digest_of_all_that_came)
{
	own_hash h = { 0 };
	struct digest all, pieces;
	struct err e = { 0 };

	WANT_INT(hash_of(DIGEST_SHA256, "abc", 3, &all, &e), 0);
	WANT_INT(hash_start(&h, DIGEST_SHA256, &e), 0);
	WANT_INT(hash_add(&h, "a", 1, &e), 0);
	WANT_INT(hash_add(&h, "bc", 2, &e), 0);
	WANT_INT(hash_end(&h, &pieces, &e), 0);
	WANT(digest_same(&all, &pieces));
	WANT_INT(hash_of(DIGEST_SHA256, "", 0, &all, &e), 0);
	WANT(!digest_same(&all, &pieces));
}

TEST(every_media_type_is_found_by_its_name)
{
	for (const struct media *m = media_types; m->type; m++) {
		WANT(media_find(m->type) == m);
		WANT_STR(media_type_of(m->kind, m->compression, m->docker) ? "some" : "none",
			 "some");
	}
	WANT(media_find("application/vnd.oci.image.index.v1+json; charset=utf-8")->kind ==
	     MEDIA_INDEX);
	WANT(!media_find("application/json"));
	WANT(!media_find(NULL));
}

static int read_doc(const char *text, const char *type, struct image_document *d, struct err *e)
{
	static struct arena a;

	*e = (struct err){ 0 };
	arena_done(&a);
	return image_document(text, strlen(text), type, "manifest", &a, d, e);
}

TEST(a_document_is_what_its_members_make_it)
{
	struct image_document d;
	struct err e;

	WANT_INT(read_doc("{\"schemaVersion\":2,\"config\":" ANY ",\"layers\":[" ANY "]}", NULL, &d,
			  &e),
		 0);
	WANT_INT(d.media->kind, MEDIA_MANIFEST);
	WANT_INT(d.manifest.layers.n, 1);
	WANT_INT(d.manifest.layers.at[0].size, 3);
	WANT_INT(read_doc("{\"schemaVersion\":2,\"manifests\":[" ANY "]}", "application/json", &d,
			  &e),
		 0);
	WANT_INT(d.media->kind, MEDIA_INDEX);
	WANT_INT(read_doc("{\"schemaVersion\":2,\"mediaType\":\"application/"
			  "vnd.docker.distribution.manifest.v2+json\","
			  "\"config\":" ANY ",\"layers\":[]}",
			  NULL, &d, &e),
		 0);
	WANT(d.media->docker);
}

TEST(a_document_that_readers_could_see_differently_is_refused)
{
	static const struct {
		const char *text, *type;
	} bad[] = {
		{ "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", NULL },
		{ "{\"schemaVersion\":2,\"manifests\":[],\"config\":" ANY "}", NULL },
		{ "{\"schemaVersion\":2,\"config\":" ANY ",\"layers\":[],\"Layers\":[]}", NULL },
		{ "{\"schemaVersion\":2,\"config\":" ANY ",\"layers\":[],\"layers\":[]}", NULL },
		{ "{\"schemaVersion\":2,\"config\":" ANY ",\"layers\":[]}",
		  "application/vnd.oci.image.index.v1+json" },
		{ "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
		  "\"config\":" ANY ",\"layers\":[]}",
		  NULL },
		{ "{\"schemaVersion\":2,\"mediaType\":\"text/plain\",\"config\":" ANY
		  ",\"layers\":[]}",
		  NULL },
		{ "{\"schemaVersion\":1,\"config\":" ANY ",\"layers\":[]}", NULL },
		{ "{\"schemaVersion\":1,\"name\":\"x\",\"fsLayers\":[]}", NULL },
		{ "{\"schemaVersion\":2}", NULL },
		/* readers that do not mind the case see more */
		{ "{\"schemaVersion\":2,\"Manifests\":[],\"config\":" ANY ",\"layers\":[]}", NULL },
		{ "{\"schemaVersion\":2,\"mediaTypE\":\"text/plain\",\"config\":" ANY
		  ",\"layers\":[]}",
		  NULL },
		{ "{\"schemaVersion\":2,\"FSLayers\":[],\"config\":" ANY ",\"layers\":[]}", NULL },
		{ "[]", NULL },
		{ "", NULL },
	};
	struct image_document d;
	struct err e;

	for (size_t i = 0; i < COUNT(bad); i++) {
		WANT_INT(read_doc(bad[i].text, bad[i].type, &d, &e), -1);
		WANT(*e.text);
	}
}

TEST(a_config_may_have_labels_that_differ_in_case_only)
{
	own_arena struct arena a = { 0 };
	struct image_config c;
	struct err e = { 0 };
	const char *text =
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Labels\":{\"a\":\"1\","
		"\"A\":\"2\"},\"Env\":[\"PATH=/bin\"],\"Entrypoint\":null,\"ExposedPorts\":{\"80/"
		"tcp\":{}}},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX "\"]}}";

	WANT_INT(image_config_parse(text, strlen(text), "config", &a, &c, &e), 0);
	WANT_INT(c.config->labels.n, 2);
	WANT_STR(c.config->exposed_ports.at[0].key, "80/tcp");
	WANT(!c.config->entrypoint);
}

TEST(platforms_are_written_in_many_ways)
{
	struct platform ours;
	struct err e = { 0 };
	char text[100], host[100];
	static const struct {
		const char *text, *is;
	} rows[] = {
		{ "linux/amd64", "linux/amd64" },
		{ "arm64", "linux/arm64" },
		{ "linux/aarch64", "linux/arm64" },
		{ "linux/arm/v7", "linux/arm/v7" },
		{ "armhf", "linux/arm/v7" },
		{ "a b", NULL },
		{ "linux/", NULL },
		{ "linux/a/b/c", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct platform p;

		if (platform_parse(rows[i].text, &p, &e) < 0)
			WANT(!rows[i].is);
		else
			WANT_STR(platform_text(&p, text), rows[i].is);
	}
	/* an operating system alone is with our architecture */
	WANT_INT(platform_of_host(&ours, &e), 0);
	WANT_STR(ours.os, "linux");
	platform_text(&ours, host);
	WANT_INT(platform_parse("Linux", &ours, &e), 0);
	WANT_STR(platform_text(&ours, text), host);
	WANT_INT(platform_parse("windows", &ours, &e), 0);
	WANT_STR(ours.os, "windows");
}

TEST(what_is_for_another_platform_is_refused_by_its_name)
{
	struct platform want, is = platform_of("linux", "arm64", "v8"),
			      any = platform_of(NULL, NULL, NULL);
	struct err e = { 0 };

	WANT_INT(platform_parse("linux/arm64", &want, &e), 0);
	WANT_INT(platform_check(&want, "x:1", &is, &e), 0);
	WANT_INT(platform_check(&want, "x:1", &any, &e), 0);
	WANT_INT(platform_parse("linux/amd64", &want, &e), 0);
	WANT_INT(platform_check(&want, "x:1", &is, &e), -1);
	WANT_STR(e.text, "x:1 is for linux/arm64/v8, not for linux/amd64");
}
