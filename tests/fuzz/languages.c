/* languages.c - all small languages at once: users, signals, number lists, durations, sizes,
 * points of time, filters, and lines of /etc/passwd
 *
 * Each is asked about every input. What one accepts must print and read back as the same.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/numlist.h"
#include "base/passwd.h"
#include "base/signals.h"
#include "base/units.h"
#include "base/userspec.h"

static void user(const char *text)
{
	struct userspec u = { 0 }, again = { 0 };
	struct err e = { 0 };
	char back[64];

	if (userspec_parse(text, &u, &e) < 0) {
		MUST(e.text[0]);
		return;
	}
	snprintf(back, sizeof(back), u.has_gid ? "%u:%u" : "%u", u.uid, u.gid);
	MUST(strcmp(back, text) == 0);
	MUST(userspec_parse(back, &again, &e) == 0 && again.uid == u.uid && again.gid == u.gid);
	MUST(u.uid != UINT32_MAX && u.gid != UINT32_MAX);
}

static void sig(const char *text)
{
	struct err e = { 0 };
	int n, again;
	char name[32];

	if (signal_parse(text, &n, &e) < 0) {
		MUST(e.text[0]);
		return;
	}
	MUST(n >= 1 && n <= SIGNAL_MAX);
	signal_name(n, name, sizeof(name));
	MUST(signal_parse(name, &again, &e) == 0 && again == n);
}

static void list(const char *text)
{
	static struct numlist l;
	struct err e = { 0 };

	if (numlist_parse(text, &l, &e) < 0) {
		MUST(e.text[0]);
		return;
	}
	MUST(numlist_has(&l, l.top));
	for (unsigned i = l.top + 1; i <= NUMLIST_MAX; i++)
		MUST(!numlist_has(&l, i));
}

static void units(const char *text)
{
	struct err e = { 0 };
	int64_t v;

	if (duration_parse(text, &v, &e) == 0)
		MUST(v >= 0);
	if (size_parse(text, &v, &e) == 0)
		MUST(v >= -1);
}

static void point(const char *text)
{
	const int64_t now = INT64_C(1700000000) * 1000000000;
	const int64_t first = INT64_C(-9214560000) * 1000000000,
		      last = INT64_C(9214646400) * 1000000000;
	int64_t ns, again;
	char back[DATE_TEXT];

	if (!date_parse_point(text, now, &ns))
		return;
	date_local(ns, back);
	/* dates are read of 1678 to 2261 */
	if (ns < first || ns >= last)
		return;
	MUST(date_parse_point(date_text(ns, back), now, &again) && again == ns);
}

static void filter(const char *text)
{
	static const struct filter_key keys[] = {
		{ "a", 0, FILTER_PATTERN, FILTER_AGAIN }, { "b", 1, FILTER_BOOL, FILTER_AGAIN },
		{ "c", 2, FILTER_NUMBER, FILTER_ONCE },   { "d", 3, FILTER_LABEL, FILTER_MAY_NOT },
		{ "e", 4, FILTER_TIME, FILTER_AGAIN },    { "f", 5, FILTER_TEXT, FILTER_AGAIN },
		{ NULL, 0, FILTER_TEXT, FILTER_AGAIN },
	};
	const struct opt_list words = { .at = { text }, .n = 1 };
	struct filters f;
	struct err e = { 0 };

	if (filters_parse(keys, &words, 0, &f, &e) < 0) {
		MUST(e.text[0]);
		return;
	}
	MUST(f.n == (*text ? 1 : 0));
	if (!f.n)
		return;
	MUST(f.at[0].key->name[0] == (text[0] | 0x20));
	if (f.at[0].key->kind == FILTER_PATTERN && strlen(text) < 64)
		(void)filter_fits_pattern(&f.at[0], "a/b:c");
}

static void home(const char *text)
{
	char path[32];

	if (passwd_home(text, 0, path, sizeof(path)))
		MUST(path[0] == '/' && strstr(text, path));
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	char *text = malloc(len + 1);

	memcpy(text, at, len);
	text[len] = '\0';
	user(text);
	sig(text);
	list(text);
	units(text);
	point(text);
	filter(text);
	home(text);
	free(text);
	return 0;
}
