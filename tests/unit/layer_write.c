/* layer_write.c - the tar writer, against our own reader and against known bytes; hard links by number */
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "layer/pack_priv.h"
#include "layer/tar_write.h"

static const struct tar_limits limits = { .path = 4095,
					  .header = 1 << 20,
					  .file = UINT64_C(1) << 60,
					  .xattrs = 256,
					  .xattr_bytes = 1 << 18,
					  .regions = 1 << 18 };

static int keep(void *of, const void *at, size_t len, struct err *e)
{
	str_add_len(of, at, len);
	return 0;
}

/* struct piece - an archive that comes whole, once */
struct piece {
	const struct str *s;
	bool given;
};

static int give_piece(void *of, const unsigned char **ret_at, size_t *ret_len, struct err *e)
{
	struct piece *p = of;

	if (p->given)
		return 0;
	p->given = true;
	*ret_at = (const unsigned char *)p->s->at;
	*ret_len = p->s->len;
	return 1;
}

/* One entry with @data as its content, written and read again; what is read holds until @t is done. */
static int round_trip(struct str *s, const struct tar_entry *x, const struct tar_map *map,
		      const char *data, struct piece *p, struct tar *t, struct tar_entry *ret,
		      struct err *e)
{
	own_tar_writer w = { .write = keep, .of = s };

	if (tar_put(&w, x, map, e) < 0 || (*data && tar_put_data(&w, data, strlen(data), e) < 0) ||
	    tar_put_end(&w, e) < 0)
		return -1;
	*p = (struct piece){ .s = s };
	tar_start(t, &limits, give_piece, p);
	return tar_next(t, ret, e) == 1 ? 0 : -1;
}

TEST(what_is_written_is_read)
{
	static char longest[1001], target[301];
	static const struct tar_xattr xattrs[] = { { "security.capability", "\1\0\0\2\0\n=", 7 },
						   { "user.a", "", 0 } };
	const struct tar_entry rows[] = {
		{ .type = TAR_FILE, .path = "a", .mode = 0644, .size = 3 },
		{ .type = TAR_FILE,
		  .path = longest,
		  .mode = 07777,
		  .size = 3,
		  .uid = UINT32_MAX - 1 },
		{ .type = TAR_LINK, .path = "l", .link = target, .mode = 0777, .gid = 1 << 21 },
		{ .type = TAR_HARD_LINK, .path = "h", .link = "a", .mode = 0644 },
		{ .type = TAR_CHAR, .path = "c", .mode = 0600, .major = 250, .minor = 70000 },
		{ .type = TAR_FIFO, .path = "f\n\xff", .mode = 0600, .mtime = { -1, 500000000 } },
		{ .type = TAR_DIR, .path = "d/", .mode = 01777, .mtime = { 1 << 30, 1 } },
		{ .type = TAR_FILE,
		  .path = "x",
		  .size = 3,
		  .xattrs = xattrs,
		  .n_xattrs = 2,
		  .mtime = { INT64_C(1) << 33, 0 } },
		{ .type = TAR_FILE, .path = "t", .size = 3, .mtime = { -15, 0 } },
		{ .type = TAR_FILE, .path = "u", .size = 3, .mtime = { 5, 120000000 } },
	};

	memset(longest, 'n', sizeof(longest) - 1);
	memset(target, 't', sizeof(target) - 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct tar_entry *x = &rows[i];
		own_str struct str s = { 0 };
		own_tar t = { 0 };
		struct tar_entry got;
		struct piece p;
		struct err e = { 0 };

		if (round_trip(&s, x, NULL, x->size ? "abc" : "", &p, &t, &got, &e) < 0) {
			T_FAIL("row %zu: %s", i, e.text);
			continue;
		}
		if (got.type != x->type || strcmp(got.path, x->path) != 0 || got.mode != x->mode ||
		    got.uid != x->uid || got.gid != x->gid || got.size != x->size ||
		    got.major != x->major || got.minor != x->minor ||
		    got.mtime.tv_sec != x->mtime.tv_sec || got.mtime.tv_nsec != x->mtime.tv_nsec ||
		    (x->link && strcmp(got.link, x->link) != 0) || got.n_xattrs != x->n_xattrs)
			T_FAIL("row %zu: '%s' came back as another", i, x->path);
		for (size_t k = 0; k < x->n_xattrs && k < got.n_xattrs; k++)
			if (strcmp(got.xattrs[k].name, x->xattrs[k].name) != 0 ||
			    got.xattrs[k].len != x->xattrs[k].len ||
			    memcmp(got.xattrs[k].value, x->xattrs[k].value, x->xattrs[k].len) != 0)
				T_FAIL("row %zu: '%s' came back as another", i, x->xattrs[k].name);
		WANT_INT(s.len % TAR_BLOCK, 0);
	}
}

TEST(holes_come_back_where_they_were)
{
	static const struct tar_region regions[] = { { 4096, 3 }, { 1 << 20, 2 }, { 5 << 20, 0 } };
	const struct tar_entry x = { .type = TAR_FILE, .path = "dir/file", .size = 5 << 20 };
	own_str struct str s = { 0 };
	own_tar t = { 0 };
	struct tar_entry got;
	struct tar_chunk chunk;
	struct piece p;
	struct err e = { 0 };

	WANT_INT(round_trip(&s, &x, &(struct tar_map){ regions, 3 }, "abcde", &p, &t, &got, &e), 0);
	WANT_STR(got.path, "dir/file");
	WANT_INT(got.size, 5 << 20);
	WANT_INT(got.sparse, true);
	WANT_INT(tar_data(&t, &chunk, &e), 1);
	WANT_INT(chunk.offset, 4096);
	WANT_INT(chunk.len, 3);
	WANT_INT(memcmp(chunk.at, "abc", 3), 0);
	WANT_INT(tar_data(&t, &chunk, &e), 1);
	WANT_INT(chunk.offset, 1 << 20);
	WANT_INT(memcmp(chunk.at, "de", 2), 0);
}

TEST(a_length_counts_its_own_digits)
{
	static const struct {
		size_t value; /* bytes */
		const char *begins;
	} rows[] = {
		{ 75, "99 " },
		{ 76, "101 " },
		{ 974, "999 " },
		{ 975, "1001 " },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char value[1000] = { 0 };
		const struct tar_xattr a = { "user.a", value, rows[i].value };
		const struct tar_entry x = {
			.type = TAR_FILE, .path = "a", .xattrs = &a, .n_xattrs = 1
		};
		own_str struct str s = { 0 };
		own_tar t = { 0 };
		struct tar_entry got;
		struct piece p;
		struct err e = { 0 };

		WANT_INT(round_trip(&s, &x, NULL, "", &p, &t, &got, &e), 0);
		WANT_INT(got.xattrs[0].len, rows[i].value);
		if (strncmp(s.at + TAR_BLOCK, rows[i].begins, strlen(rows[i].begins)) != 0)
			T_FAIL("%zu: '%.5s'", rows[i].value, s.at + TAR_BLOCK);
	}
}

TEST(records_stand_in_the_order_of_their_keys)
{
	static const struct tar_xattr a = { "user.a", "1", 1 };
	static char path[200], target[200];
	const struct tar_entry x = { .type = TAR_LINK,
				     .path = path,
				     .link = target,
				     .uid = UINT32_MAX,
				     .gid = UINT32_MAX,
				     .mtime = { 1, 1 },
				     .xattrs = &a,
				     .n_xattrs = 1 };
	static const char *const keys[] = { "SCHILY.xattr.user.a=", " gid=",  " linkpath=",
					    " mtime=1.000000001\n", " path=", " uid=4294967295\n" };
	own_str struct str s = { 0 };
	own_tar_writer w = { .write = keep, .of = &s };
	const char *at;
	struct err e = { 0 };

	memset(path, 'p', sizeof(path) - 1);
	memset(target, 't', sizeof(target) - 1);
	WANT_INT(tar_put(&w, &x, NULL, &e), 0);
	at = s.at + TAR_BLOCK;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *found = strstr(at, keys[i]);

		if (!found)
			T_FAIL("no '%s' behind those before", keys[i]);
		at = found ? found : at;
	}
}

/* as docker save's archives have it since our first version */
TEST(gnu_headers_are_the_bytes_that_they_were)
{
	static char name[141];
	const struct tar_entry x = {
		.type = TAR_FILE, .path = name, .mode = 0644, .size = UINT64_C(1) << 33
	};
	own_str struct str s = { 0 };
	own_tar_writer w = { .write = keep, .of = &s, .dialect = TAR_GNU };
	struct err e = { 0 };

	memset(name, 'a', sizeof(name) - 1);
	WANT_INT(tar_put(&w, &x, NULL, &e), 0);
	WANT_INT(s.len, 3 * TAR_BLOCK);
	WANT_INT(memcmp(s.at, "././@LongLink\0", 14), 0);
	WANT_INT(memcmp(s.at + 100,
			"0000644\0000000000\0000000000\00000000000215\00000000000000\000", 48),
		 0);
	WANT_INT(s.at[156], 'L');
	WANT_INT(memcmp(s.at + 257, "ustar\00000", 8), 0);
	WANT_INT(memcmp(s.at + TAR_BLOCK, name, sizeof(name)), 0);
	WANT_INT(memcmp(s.at + 2 * TAR_BLOCK + 124, "\x80\0\0\0\0\0\0\2\0\0\0\0", 12), 0);
	WANT_INT(tar_put_passed(&w, x.size, &e), 0);
	WANT_INT(tar_put_end(&w, &e), 0);
}

TEST(content_is_as_long_as_its_header_says)
{
	const struct tar_entry x = { .type = TAR_FILE, .path = "a", .size = 3 };
	own_str struct str s = { 0 };
	own_tar_writer w = { .write = keep, .of = &s };
	struct err e = { 0 };

	WANT_INT(tar_put(&w, &x, NULL, &e), 0);
	WANT_INT(tar_put_data(&w, "abcd", 4, &e), -1);
	WANT_INT(tar_put_data(&w, "ab", 2, &e), 0);
	WANT_INT(tar_put_end(&w, &e), -1);
	WANT_INT(tar_put(&w, &x, NULL, &e), -1);
	WANT_INT(tar_put_data(&w, "c", 1, &e), 0);
	WANT_INT(tar_put_end(&w, &e), 0);
}

TEST(links_are_found_by_number)
{
	struct links l = { 0 };
	struct err e = { 0 };
	struct stat st = { 0 };

	for (ino_t i = 1; i <= 2000; i++) {
		char path[32];
		struct link *k;

		st = (struct stat){ .st_dev = i % 3, .st_ino = i };
		WANT_INT(links_find(&l, &st) == NULL, true);
		k = links_get(&l, &st, &e);
		snprintf(path, sizeof(path), "file%u", (unsigned)i);
		WANT_INT(k->path == LINK_NO_PATH, true);
		WANT_INT(links_name(&l, k, path, &e), 0);
	}
	st = (struct stat){ .st_dev = 1234 % 3, .st_ino = 1234 };
	WANT_STR(l.paths.at + links_find(&l, &st)->path, "file1234");
	st.st_dev = 7;
	WANT_INT(links_find(&l, &st) == NULL, true);
	links_done(&l);
}
