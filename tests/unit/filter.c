/* filter.c - tests of base/filter.h and of the points of time that it reads */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/date.h"
#include "base/err.h"
#include "base/filter.h"
#include "t.h"

enum { BY_NAME, BY_DANGLING, BY_STARS, BY_LABEL, BY_UNTIL, BY_SINCE };

// clang-format off
static const struct filter_key keys[] = {
	{ "reference", BY_NAME,     FILTER_PATTERN, FILTER_AGAIN },
	{ "dangling",  BY_DANGLING, FILTER_BOOL,    FILTER_AGAIN },
	{ "stars",     BY_STARS,    FILTER_NUMBER,  FILTER_AGAIN },
	{ "label",     BY_LABEL,    FILTER_LABEL,   FILTER_MAY_NOT },
	{ "until",     BY_UNTIL,    FILTER_TIME,    FILTER_ONCE },
	{ "since",     BY_SINCE,    FILTER_TEXT,    FILTER_AGAIN },
	{ NULL,        0,           FILTER_TEXT,    FILTER_AGAIN },
};
// clang-format on

#define NOW (INT64_C(1700000000) * 1000000000)

static int parse(const char *first, const char *second, struct filters *f, struct err *e)
{
	struct opt_list words = { .at = { first, second }, .n = second ? 2 : 1 };

	*e = (struct err){ 0 };
	return filters_parse(keys, &words, NOW, f, e);
}

TEST(what_is_no_filter_is_refused_by_its_words)
{
	static const struct {
		const char *first, *second, *text;
	} rows[] = {
		{ "label", NULL, "--filter 'label' is not understood" },
		{ "=x", NULL, "--filter '=x' is not understood" },
		{ "!=x", NULL, "--filter '!=x' is not understood" },
		{ "lable=x", NULL, "--filter 'lable=x' is not understood" },
		{ "until!=1h", NULL, "--filter 'until!=1h' is not understood" },
		{ "dangling=", NULL, "--filter 'dangling=': it is true or false" },
		{ "dangling=yes", NULL, "--filter 'dangling=yes': it is true or false" },
		{ "dangling=1", "dangling=false",
		  "--filter 'dangling=false' contradicts 'dangling=1'" },
		{ "stars=-1", NULL, "--filter 'stars=-1': it is a whole number" },
		{ "label=", NULL, "--filter 'label=': a label's name is wanted, or NAME=VALUE" },
		{ "label==v", NULL,
		  "--filter 'label==v': a label's name is wanted, or NAME=VALUE" },
		{ "until=1h", "until=2h", "--filter 'until=2h': until is given more than once" },
	};
	static const char *const patterns[] = { "reference=[",   "reference=[]", "reference=[^",
						"reference=a[b", "reference=\\", "reference=[\\",
						"reference=" };
	struct filters f;
	struct err e;

	for (size_t i = 0; i < COUNT(rows); i++) {
		WANT_INT(parse(rows[i].first, rows[i].second, &f, &e), -1);
		WANT_STR(e.text, rows[i].text);
	}
	for (size_t i = 0; i < COUNT(patterns); i++) {
		WANT_INT(parse(patterns[i], NULL, &f, &e), -1);
		WANT(strstr(e.text, "no pattern"));
	}
	WANT_INT(parse("lable=x", NULL, &f, &e), -1);
	WANT_STR(e.hint, "did you mean 'label'?");
	WANT_INT(parse("what=x", NULL, &f, &e), -1);
	WANT(strstr(e.hint, "reference, dangling, stars, label, until, since"));
}

TEST(labels_are_had_or_not)
{
	struct pair pairs[] = { { text_shown("a"), text_shown("1") },
				{ text_shown("b"), text_shown("") } };
	struct pairs labels = { pairs, COUNT(pairs) };
	static const struct {
		const char *first, *second;
		bool fits;
	} rows[] = {
		{ "label=a", NULL, true },       { "label=a=1", NULL, true },
		{ "label=a=2", NULL, false },    { "label=a=", NULL, false },
		{ "label=b=", NULL, true },      { "label=c", NULL, false },
		{ "label=a", "label=c", false }, { "label=a", "label=b", true },
		{ "label!=a", NULL, false },     { "label!=a=2", NULL, true },
		{ "label!=c", NULL, true },      { "label!=c", "label!=a", false },
		{ "label=a", "label!=c", true },
	};
	struct filters f;
	struct err e;

	for (size_t i = 0; i < COUNT(rows); i++) {
		WANT_INT(parse(rows[i].first, rows[i].second, &f, &e), 0);
		if (filters_fit_labels(&f, BY_LABEL, &labels) != rows[i].fits)
			T_FAIL("%s %s", rows[i].first, rows[i].second ? rows[i].second : "");
	}
	WANT_INT(parse("LABEL=a", "", &f, &e), 0);
	WANT_INT((long long)f.n, 1);
	WANT(!filters_fit_labels(&f, BY_LABEL, NULL));
	WANT_INT(parse("label!=a", NULL, &f, &e), 0);
	WANT(filters_fit_labels(&f, BY_LABEL, NULL));
}

TEST(patterns_stop_at_a_slash)
{
	static const struct {
		const char *pattern, *path;
		bool fits;
	} rows[] = {
		{ "reference=*", "debian", true },        { "reference=*", "a/b", false },
		{ "reference=a/*", "a/b:1", true },       { "reference=?/b", "a/b", true },
		{ "reference=a?b", "a/b", false },        { "reference=[a-c]", "b", true },
		{ "reference=[^a-c]", "b", false },       { "reference=deb\\*", "debian", false },
		{ "reference=*:[0-9]*", "x:12.1", true }, { "reference=debian", "debian:1", false },
	};
	struct filters f;
	struct err e;

	for (size_t i = 0; i < COUNT(rows); i++) {
		WANT_INT(parse(rows[i].pattern, NULL, &f, &e), 0);
		if (filter_fits_pattern(&f.at[0], rows[i].path) != rows[i].fits)
			T_FAIL("%s: %s", rows[i].pattern, rows[i].path);
	}
}

TEST(truths_numbers_and_times_must_all_fit)
{
	struct filters f;
	struct err e;

	WANT_INT(parse("dangling=T", "dangling=true", &f, &e), 0);
	WANT(filters_fit_truth(&f, BY_DANGLING, true) &&
	     !filters_fit_truth(&f, BY_DANGLING, false));
	WANT(filters_fit_truth(&f, BY_STARS, false));
	WANT_INT(parse("stars=3", "stars=5", &f, &e), 0);
	WANT(filters_fit_least(&f, BY_STARS, 5) && !filters_fit_least(&f, BY_STARS, 4));
	WANT_INT(parse("until=1h", NULL, &f, &e), 0);
	WANT_INT(f.at[0].ns, NOW - INT64_C(3600) * 1000000000);
	WANT(filters_fit_time(&f, BY_UNTIL, f.at[0].ns - 1));
	WANT(!filters_fit_time(&f, BY_UNTIL, f.at[0].ns));
	WANT(filters_find(&f, BY_UNTIL) == &f.at[0] && !filters_find(&f, BY_LABEL));
}

#define BAD INT64_MIN
#define S   INT64_C(1000000000)

TEST(points_of_time)
{
	static const struct {
		const char *text;
		int64_t ns;
	} rows[] = {
		{ "0", 0 },
		{ "1600000000", 1600000000 * S },
		{ "1600000000.5", 1600000000 * S + S / 2 },
		{ "1h30m", NOW - 5400 * S },
		{ "0.5s", NOW - S / 2 },
		{ "2020-01-01", 1577833200 * S },
		{ "2020-01-01Z", 1577836800 * S },
		{ "2020-01-01T10", 1577869200 * S },
		{ "2020-01-01T10Z", 1577872800 * S },
		{ "2020-01-01T10:30", 1577871000 * S },
		{ "2020-01-01T10:30+02:00", 1577867400 * S },
		{ "2020-01-01T10:30:15", 1577871015 * S },
		{ "2020-01-01T10:30:15.25Z", 1577874615 * S + S / 4 },
		{ "2020-07-01T00:00:00-03:30", 1593574200 * S },
		{ "", BAD },
		{ "yesterday", BAD },
		{ "1", 1 * S },
		{ "1d", BAD },
		{ "-1h", BAD },
		{ "2020-1-1", BAD },
		{ "2020-00-01", BAD },
		{ "2020-01-00", BAD },
		{ "2020-13-01", BAD },
		{ "2020-02-30", BAD },
		{ "2020-02-29Z", 1582934400 * S },
		{ "2021-02-29", BAD },
		{ "2020-01-01T", BAD },
		{ "2020-01-01T10:", BAD },
		{ "2020-01-01T24", BAD },
		{ "2020-01-01 ", BAD },
		{ "0001-01-01", BAD },
		{ "99999999999", BAD },
		{ "1.", BAD },
	};

	WANT_INT(setenv("TZ", "AAA-1", 1), 0);
	tzset();
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ns;

		if (!date_parse_point(rows[i].text, NOW, &ns))
			ns = BAD;
		if (ns != rows[i].ns)
			T_FAIL("'%s' is read as %lld", rows[i].text, (long long)ns);
	}
}

TEST(points_of_time_where_we_are)
{
	char text[DATE_TEXT];

	WANT_INT(setenv("TZ", "AAA-1:30", 1), 0);
	tzset();
	WANT_STR(date_local(0, text), "1970-01-01T01:30:00+01:30");
	WANT_STR(date_local_words(0, text), "1970-01-01 01:30:00 +0130 AAA");
	WANT_INT(setenv("TZ", "BBB3", 1), 0);
	tzset();
	WANT_STR(date_local(S / 2, text), "1969-12-31T21:00:00-03:00");
	WANT_INT(setenv("TZ", "UTC0", 1), 0);
	tzset();
	WANT_STR(date_local(-1, text), "1969-12-31T23:59:59Z");
	WANT_STR(date_local_words(0, text), "1970-01-01 00:00:00 +0000 UTC");
}
