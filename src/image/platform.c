/* platform.c - platforms by name (image-spec image-index.md, "platform") */
#include "image/platform.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/text.h"

// clang-format off
/* What the kernel, and people, call Go's architectures. */
static const struct alias {
	const char *name, *architecture, *variant;
} aliases[] = {
	{ "x86_64",  "amd64",    "" },
	{ "x86-64",  "amd64",    "" },
	{ "i386",    "386",      "" },
	{ "i486",    "386",      "" },
	{ "i586",    "386",      "" },
	{ "i686",    "386",      "" },
	{ "aarch64", "arm64",    "" },
	{ "armhf",   "arm",      "v7" },
	{ "armel",   "arm",      "v6" },
	{ "armv6l",  "arm",      "v6" },
	{ "armv7l",  "arm",      "v7" },
	{ "armv8l",  "arm",      "v7" },
	{ "ppc64le", "ppc64le",  "" },
	{ "mips64el","mips64le", "" },
};

/* What a machine of one variant also runs, best first. The usual variant is the empty one. */
static const struct fallback {
	const char *architecture, *variant;
	const char *also[5];
} fallbacks[] = {
	{ "amd64", "",   { "v1" } },
	{ "amd64", "v1", { "" } },
	{ "amd64", "v2", { "v1", "" } },
	{ "amd64", "v3", { "v2", "v1", "" } },
	{ "amd64", "v4", { "v3", "v2", "v1", "" } },
	{ "arm64", "",   { "v8" } },
	{ "arm64", "v8", { "" } },
	{ "arm",   "",   { "v7", "v6", "v5" } },
	{ "arm",   "v8", { "v7", "v6", "v5", "" } },
	{ "arm",   "v7", { "", "v6", "v5" } },
	{ "arm",   "v6", { "v5" } },
};
// clang-format on

static void by_alias(struct platform *p)
{
	for (size_t i = 0; i < COUNT(aliases); i++)
		if (strcasecmp(p->architecture, aliases[i].name) == 0) {
			snprintf(p->architecture, sizeof(p->architecture), "%s",
				 aliases[i].architecture);
			if (!*p->variant)
				snprintf(p->variant, sizeof(p->variant), "%s", aliases[i].variant);
			return;
		}
}

/* platform_of_host() - ours */
int platform_of_host(struct platform *ret, struct err *e)
{
	struct platform p = { .os = "linux" };
	struct utsname u;

	if (uname(&u) < 0)
		return fail_sys(e, "ask for the machine's architecture");
	snprintf(p.architecture, sizeof(p.architecture), "%.31s", u.machine);
	by_alias(&p);
	*ret = p;
	return 0;
}

static bool next_part(const char **at, char *ret, size_t size)
{
	size_t len = strcspn(*at, "/");

	if (len == 0 || len >= size ||
	    strspn(*at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			"0123456789_.-") < len)
		return false;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len + ((*at)[len] == '/');
	return true;
}

/* An operating system alone is with our architecture. */
static bool is_os(const char *text)
{
	static const char *const names[] = { "linux",   "windows", "darwin", "freebsd", "netbsd",
					     "openbsd", "solaris", "aix",    "illumos", "wasip1" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcasecmp(names[i], text) == 0)
			return true;
	return false;
}

static int parse_os(const char *text, struct platform *ret, struct err *e)
{
	size_t i = 0;

	if (platform_of_host(ret, e) < 0)
		return -1;
	for (; text[i] && i + 1 < sizeof(ret->os); i++)
		ret->os[i] = (char)(text[i] | ('a' - 'A'));
	ret->os[i] = '\0';
	return 0;
}

/* platform_parse() - OS/ARCHITECTURE[/VARIANT], or one of the first two alone */
int platform_parse(const char *text, struct platform *ret, struct err *e)
{
	struct platform p = { 0 };
	const char *at = text;
	bool good;

	if (is_os(text))
		return parse_os(text, ret, e);
	if (strchr(text, '/')) {
		good = next_part(&at, p.os, sizeof(p.os)) &&
		       next_part(&at, p.architecture, sizeof(p.architecture)) &&
		       (!*at || next_part(&at, p.variant, sizeof(p.variant))) && !*at;
	} else {
		snprintf(p.os, sizeof(p.os), "linux");
		good = next_part(&at, p.architecture, sizeof(p.architecture));
	}
	if (!good) {
		fail(e, ERR_INPUT, "platform '%.80s' is not understood", text);
		return fail_hint(e, "as in linux/amd64, linux/arm/v7 or arm64");
	}
	by_alias(&p);
	*ret = p;
	return 0;
}

const char *platform_text(const struct platform *p, char buf[100])
{
	snprintf(buf, 100, "%s/%s%s%s", p->os, p->architecture, *p->variant ? "/" : "", p->variant);
	return buf;
}

/* platform_of() - of words that may be NULL, as an image's config has them */
struct platform platform_of(const char *os, const char *architecture, const char *variant)
{
	struct platform p;

	snprintf(p.os, sizeof(p.os), "%.31s", os ? os : "");
	snprintf(p.architecture, sizeof(p.architecture), "%.31s", architecture ? architecture : "");
	snprintf(p.variant, sizeof(p.variant), "%.31s", variant ? variant : "");
	return p;
}

/* How well what is offered fits: 0 best, -1 not at all. */
static int rank(const struct platform *want, const char *os, const char *architecture,
		const char *variant)
{
	const char *is = variant ? variant : "";

	if (!os || !architecture || strcmp(os, want->os) != 0 ||
	    strcmp(architecture, want->architecture) != 0)
		return -1;
	if (strcmp(is, want->variant) == 0)
		return 0;
	for (size_t i = 0; i < COUNT(fallbacks); i++) {
		const struct fallback *f = &fallbacks[i];

		if (strcmp(f->architecture, architecture) != 0 ||
		    strcmp(f->variant, want->variant) != 0)
			continue;
		for (int k = 0; k < (int)COUNT(f->also) && f->also[k]; k++)
			if (strcmp(f->also[k], is) == 0)
				return k + 1;
	}
	return -1;
}

/* platform_runs() - whether an image for that platform runs where @want does */
bool platform_runs(const struct platform *want, const char *os, const char *architecture,
		   const char *variant)
{
	return rank(want, os, architecture, variant) >= 0;
}

/**
 * platform_check() - refuse what does not run where @want does
 * @what: its name
 * @is:   what it is for; one that does not say so may be for anything
 */
int platform_check(const struct platform *want, const char *what, const struct platform *is,
		   struct err *e)
{
	char has[100], wanted[100];

	if (!*is->os || platform_runs(want, is->os, is->architecture, is->variant))
		return 0;
	return fail(e, ERR_ABSENT, "%s is for %s, not for %s", what, platform_text(is, has),
		    platform_text(want, wanted));
}

static void list_platforms(const struct image_index *index, struct str *out)
{
	for (size_t i = 0; i < index->manifests.n; i++) {
		const struct image_platform *p = index->manifests.at[i].platform;

		/* attestations are listed as if for a machine of that name */
		if (!p || !p->os || !p->architecture || strcmp(p->architecture, "unknown") == 0)
			continue;
		str_addf(out, "%s%.40s/%.40s%s%.40s", out->len ? ", " : "", p->os, p->architecture,
			 p->variant && *p->variant ? "/" : "", p->variant ? p->variant : "");
	}
}

/**
 * platform_choose() - the manifest of an index that fits best
 *
 * Return: NULL when none does; what there is instead is in the hint.
 */
const struct image_descriptor *platform_choose(const struct platform *want,
					       const struct image_index *index, struct err *e)
{
	const struct image_descriptor *best = NULL;
	own_str struct str there = { 0 };
	char text[100];
	int best_rank = 0;

	for (size_t i = 0; i < index->manifests.n; i++) {
		const struct image_descriptor *d = &index->manifests.at[i];
		int r = d->platform ? rank(want, d->platform->os, d->platform->architecture,
					   d->platform->variant)
				    : -1;

		if (r >= 0 && (!best || r < best_rank)) {
			best = d;
			best_rank = r;
		}
	}
	/* an index of one image may leave out what it is for */
	if (!best && index->manifests.n == 1 && !index->manifests.at[0].platform)
		best = &index->manifests.at[0];
	if (best)
		return best;
	list_platforms(index, &there);
	fail(e, ERR_ABSENT, "the image has no manifest for %s", platform_text(want, text));
	fail_hint(e, "it has %s; --platform chooses one of them",
		  there.len ? there.at : "none at all");
	return NULL;
}
