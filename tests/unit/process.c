/* process.c - what the kernel tells about a process */
#include "t.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "os/process.h"

/* fields 5 to 21, which nobody reads */
#define BETWEEN " 5 6 7 -1 9 10 11 12 13 14 15 16 17 20 -5 1 0 "

TEST(a_name_may_hold_anything)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "7 (sleep) S 3" BETWEEN "4711 23 24\n", "sleep" },
		{ "7 (memfd:tare-init) S 3" BETWEEN "4711 23\n", "memfd:tare-init" },
		{ "7 (a) Z 9 (b)) S 3" BETWEEN "4711", "a) Z 9 (b)" },
		{ "7 () S 3" BETWEEN "4711", "" },
		{ "7 (kworker/u8:3-flush-254:0) S 3" BETWEEN "4711", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct process_stat st = { .state = 'X' };

		WANT_INT(process_parse_stat(rows[i].text, &st), 0);
		WANT_STR(st.name, rows[i].name);
		WANT_INT(st.state, 'S');
		WANT_INT(st.parent, 3);
		WANT_INT(st.start, 4711);
	}
}

TEST(times_and_memory_are_those_of_the_manual_page)
{
	/* fields 4 to 24 are their own numbers */
	static const char text[] = "7 (sleep) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 "
				   "23 24 25 26\n";
	struct process_stat st;

	WANT_INT(process_parse_stat(text, &st), 0);
	WANT_INT(st.parent, 4);
	WANT_INT(st.cpu, 14 + 15);
	WANT_INT(st.threads, 20);
	WANT_INT(st.start, 22);
	WANT_INT(st.resident, 24);
}

TEST(a_zombie_with_threads_goes_on)
{
	static const struct {
		struct process_stat st;
		bool ended;
	} rows[] = {
		{ { .state = 'S', .threads = 1 }, false }, { { .state = 'Z', .threads = 1 }, true },
		{ { .state = 'Z', .threads = 2 }, false }, { { .state = 'Z', .threads = 0 }, true },
		{ { .state = 'X', .threads = 2 }, true },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		WANT_INT(process_has_ended(&rows[i].st), rows[i].ended);
}

TEST(what_is_cut_short_is_refused)
{
	static const char whole[] = "7 (sleep) S 3" BETWEEN "4";
	char text[sizeof(whole)];

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		struct process_stat st;

		memcpy(text, whole, n);
		text[n] = '\0';
		if (process_parse_stat(text, &st) != -EINVAL)
			T_FAIL("'%s' is read", text);
	}
}

TEST(a_process_is_known_by_its_start)
{
	struct process_stat st, found = { 0 };

	WANT_INT(process_try_stat(getpid(), &st), 0);
	WANT_INT(st.parent, getppid());
	WANT_INT(process_try_find(getpid(), st.start, &found), 1);
	WANT_STR(found.name, st.name);
	WANT_INT(process_try_find(getpid(), st.start + 1, &found), 0);
	WANT_INT(process_try_find(0, st.start, &found), 0);
	WANT_INT(process_try_find(1 << 30, st.start, &found), 0);
}
