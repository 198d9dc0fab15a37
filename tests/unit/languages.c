/* languages.c - the small languages: every row of every table, and what must be refused */
#include "t.h"

#include <string.h>

#include <signal.h>
#include <stdbool.h>

#include "base/text.h"
#include "base/err.h"
#include "base/numlist.h"
#include "base/signals.h"
#include "base/units.h"
#include "base/userspec.h"

#define BAD INT64_MIN

struct row {
	const char *text;
	int64_t want;
};

static int64_t signal_of(const char *text)
{
	struct err e = { 0 };
	int sig = 0;

	return signal_parse(text, &sig, &e) < 0 ? BAD : sig;
}

TEST(keys_in_pointers)
{
	char buf[16], tight[8];

	WANT(strcmp(text_pointer_key("a/b~c", buf, sizeof(buf)), "a~1b~0c") == 0);
	WANT(strcmp(text_pointer_key("abcdefghijk", tight, sizeof(tight)), "abcdef") == 0);
}

TEST(paths_below)
{
	WANT(text_is_below("/a/b", "/a") && text_is_below("/a", "/a") && text_is_below("/a", "/"));
	WANT(!text_is_below("/ab", "/a") && !text_is_below("/", "/a") &&
	     !text_is_below("/a", "/a/b"));
}

TEST(every_signal_is_known_by_name_with_and_without_sig_and_by_number)
{
	for (const struct word *w = signal_words; w->name; w++) {
		char text[32];

		WANT_INT(signal_of(w->name), w->value);
		snprintf(text, sizeof(text), "SIG%s", w->name);
		WANT_INT(signal_of(text), w->value);
		snprintf(text, sizeof(text), "%d", (int)w->value);
		WANT_INT(signal_of(text), w->value);
	}
}

TEST(the_name_of_every_signal_is_read_back_as_it)
{
	for (int sig = 1; sig <= 64; sig++) {
		char name[32];

		signal_name(sig, name, sizeof(name));
		WANT_INT(signal_of(name), sig);
	}
}

TEST(signals_by_other_spellings_and_not_at_all)
{
	static const struct row rows[] = {
		{ "term", SIGTERM }, { "sigterm", SIGTERM }, { "SigKill", SIGKILL },
		{ "RTMIN", 34 },     { "SIGRTMIN+3", 37 },   { "rtmin+30", 64 },
		{ "RTMAX", 64 },     { "RTMAX-14", 50 },     { "64", 64 },
		{ "1", 1 },          { "0", BAD },           { "65", BAD },
		{ "-1", BAD },       { "+9", BAD },          { " 9", BAD },
		{ "9 ", BAD },       { "9\n", BAD },         { "", BAD },
		{ "SIG", BAD },      { "SIG9", BAD },        { "RTMIN+31", BAD },
		{ "RTMIN-1", BAD },  { "RTMIN+", BAD },      { "RTMAX+1", BAD },
		{ "RTMIN+ 3", BAD }, { "TERMX", BAD },       { "4294967305", BAD },
		{ "0x9", BAD },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (signal_of(rows[i].text) != rows[i].want)
			T_FAIL("'%s' is read wrong", rows[i].text);
}

TEST(a_misspelt_signal_gets_a_hint)
{
	struct err e = { 0 };
	int sig;

	WANT_INT(signal_parse("TERMM", &sig, &e), -1);
	WANT_STR(e.text, "unknown signal 'TERMM'");
	WANT_STR(e.hint, "did you mean 'TERM'?");
}

/* SECURITY.md 1.3, the row of CVE-2026-30892 */
TEST(users_are_numbers_in_full_or_refused)
{
	static const struct {
		const char *text;
		int64_t uid, gid;
	} rows[] = {
		{ "0", 0, BAD },
		{ "1", 1, BAD },
		{ "1:2", 1, 2 },
		{ "0:0", 0, 0 },
		{ "1000:1000", 1000, 1000 },
		{ "4294967294", 4294967294, BAD },
		{ "2147483648", 2147483648, BAD },
		{ "7:4294967294", 7, 4294967294 },
		{ "1:", BAD, 0 },
		{ ":1", BAD, 0 },
		{ "01", BAD, 0 },
		{ "+1", BAD, 0 },
		{ "-1", BAD, 0 },
		{ "1:2:3", BAD, 0 },
		{ "4294967295", BAD, 0 },
		{ "4294967296", BAD, 0 },
		{ "18446744073709551617", BAD, 0 },
		{ "1e3", BAD, 0 },
		{ " 1", BAD, 0 },
		{ "1\n", BAD, 0 },
		{ "1 ", BAD, 0 },
		{ "", BAD, 0 },
		{ ":", BAD, 0 },
		{ "root", BAD, 0 },
		{ "0x1", BAD, 0 },
		{ "1:01", BAD, 0 },
		{ "1:4294967295", BAD, 0 },
		{ "00000000000000000000000000000000000000001", BAD, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct userspec u = { 0 };
		struct err e = { 0 };
		int64_t uid = userspec_parse(rows[i].text, &u, &e) < 0 ? BAD : u.uid;

		if (uid != rows[i].uid)
			T_FAIL("'%s': uid %" PRId64, rows[i].text, uid);
		if (uid != BAD && (u.has_gid ? u.gid : BAD) != rows[i].gid)
			T_FAIL("'%s': gid %u", rows[i].text, u.gid);
	}
}

/* The rows of runc's own test of the same grammar. */
TEST(number_lists)
{
	static const struct {
		const char *text, *want;
		unsigned top;
	} rows[] = {
		{ "0", "0", 0 },
		{ "0-1", "0 1", 1 },
		{ "0,1", "0 1", 1 },
		{ ",0,1,", "0 1", 1 },
		{ "0,1,2-3", "0 1 2 3", 3 },
		{ "1, 2, 1-2", "1 2", 2 },
		{ "    , 1   , 3  ,  5-7,    ", "1 3 5 6 7", 7 },
		{ "127-129, 1", "1 127 128 129", 129 },
		{ "1024", "1024", 1024 },
		{ "0,65536", "0 65536", 65536 },
		{ "-", NULL, 0 },
		{ "1-", NULL, 0 },
		{ "-3", NULL, 0 },
		{ ",", NULL, 0 },
		{ " ", NULL, 0 },
		{ "", NULL, 0 },
		{ "54-53", NULL, 0 },
		{ "1 - 2", NULL, 0 },
		{ "65537", NULL, 0 },
		{ "0-65537", NULL, 0 },
		{ "4294967296", NULL, 0 },
		{ "1;2", NULL, 0 },
		{ "0x1", NULL, 0 },
		{ "1-2-3", NULL, 0 },
		{ "1\n", NULL, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		static struct numlist l;
		char got[256] = "", *at = got;
		struct err e = { 0 };

		if (numlist_parse(rows[i].text, &l, &e) < 0) {
			if (rows[i].want)
				T_FAIL("'%s': %s", rows[i].text, e.text);
			continue;
		}
		for (unsigned n = 0; n <= NUMLIST_MAX; n++)
			if (numlist_has(&l, n))
				at += sprintf(at, "%s%u", at == got ? "" : " ", n);
		if (!rows[i].want || strcmp(got, rows[i].want) != 0 || l.top != rows[i].top)
			T_FAIL("'%s' is read as '%s'", rows[i].text, got);
	}
}

TEST(durations)
{
	static const struct row rows[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "1ns", 1 },
		{ "2us", 2000 },
		{ "2µs", 2000 },
		{ "5ms", 5000000 },
		{ "5s", 5000000000 },
		{ "1m30s", 90000000000 },
		{ "1.5h", 5400000000000 },
		{ "1h1m1s1ms", 3661001000000 },
		{ ".5s", 500000000 },
		{ "0.1234567891234s", 123456789 },
		{ "2562047h", 9223369200000000000 },
		{ "5", BAD },
		{ "", BAD },
		{ "s", BAD },
		{ "-1s", BAD },
		{ "+1s", BAD },
		{ "1s ", BAD },
		{ " 1s", BAD },
		{ "1 s", BAD },
		{ "1d", BAD },
		{ "1..5s", BAD },
		{ "2562048h", BAD },
		{ "9223372036854775808ns", BAD },
		{ "1e3s", BAD },
		{ ".s", BAD },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = { 0 };
		int64_t ns;

		if (duration_parse(rows[i].text, &ns, &e) < 0)
			ns = BAD;
		if (ns != rows[i].want)
			T_FAIL("'%s' is read as %" PRId64, rows[i].text, ns);
	}
}

TEST(sizes)
{
	static const struct row rows[] = {
		{ "0", 0 },
		{ "4096", 4096 },
		{ "-1", -1 },
		{ "1b", 1 },
		{ "512k", 524288 },
		{ "512K", 524288 },
		{ "10MB", 10485760 },
		{ "10 MiB", 10485760 },
		{ "1.5g", 1610612736 },
		{ "1t", 1099511627776 },
		{ "8191p", 9222246136947933184 },
		{ "-2", BAD },
		{ "", BAD },
		{ "k", BAD },
		{ "banana", BAD },
		{ "1x", BAD },
		{ "1kk", BAD },
		{ "1  k", BAD },
		{ "8192p", BAD },
		{ "9223372036854775808", BAD },
		{ "0x10", BAD },
		{ "1e3", BAD },
		{ "+1", BAD },
		{ " 1", BAD },
		{ "1\n", BAD },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = { 0 };
		int64_t n;

		if (size_parse(rows[i].text, &n, &e) < 0)
			n = BAD;
		if (n != rows[i].want)
			T_FAIL("'%s' is read as %" PRId64, rows[i].text, n);
	}
}

TEST(sizes_are_printed_in_few_digits)
{
	static const struct {
		uint64_t bytes;
		const char *four, *three;
	} rows[] = {
		{ 0, "0B", "0B" },
		{ 999, "999B", "999B" },
		{ 1000, "1kB", "1kB" },
		{ 1234567, "1.235MB", "1.23MB" },
		{ 999499, "999.5kB", "999kB" },
		{ 999500, "999.5kB", "1MB" },
		{ 999960, "1000kB", "1MB" },
		{ 117000000, "117MB", "117MB" },
		{ UINT64_MAX, "18.45EB", "18.4EB" },
	};
	char text[24];

	for (size_t i = 0; i < COUNT(rows); i++) {
		WANT_STR(size_format(rows[i].bytes, false, text), rows[i].four);
		WANT_STR(size_format_short(rows[i].bytes, text), rows[i].three);
	}
	WANT_STR(size_format(1023, true, text), "1023B");
	WANT_STR(size_format(1536, true, text), "1.5KiB");
}

TEST(rates)
{
	static const struct {
		const char *text;
		int64_t bytes;
		const char *back;
	} rows[] = {
		{ "8kbit", 1000, "8kbit" },
		{ "1mbit", 125000, "1mbit" },
		{ "1.5Gbit", 187500000, "1500mbit" },
		{ "100gbit", 12500000000, "100gbit" },
		{ "1mibit", 131072, "1048576bit" },
		{ "2mbps", 2000000, "16mbit" },
		{ "1KiBps", 1024, "8192bit" },
		{ "12345bit", 1543, "12344bit" },
		{ "", -1, NULL },
		{ "max", -1, NULL },
		{ "8000", -1, NULL },
		{ "10m", -1, NULL },
		{ "10mb", -1, NULL },
		{ "10 mbit", -1, NULL },
		{ "7999bit", -1, NULL },
		{ "0mbit", -1, NULL },
		{ "-1mbit", -1, NULL },
		{ "mbit", -1, NULL },
		{ "1mbit ", -1, NULL },
		{ "50%", -1, NULL },
		{ "99999999tbit", -1, NULL },
		{ "99999999999999999999bit", -1, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = { 0 };
		uint64_t n = 0;
		char text[24];

		if (rate_parse(rows[i].text, &n, &e) < 0) {
			WANT(strlen(e.hint) > 0);
			WANT_INT(-1, rows[i].bytes);
			continue;
		}
		WANT_INT((int64_t)n, rows[i].bytes);
		WANT_STR(rate_format(n, text), rows[i].back);
	}
}
