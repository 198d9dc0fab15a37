/* resctrl.c - names of resctrl groups, and schemata that agree */
#include "t.h"

#include "base/err.h"
#include "os/resctrl.h"

TEST(a_line_holds_when_each_value_that_it_names_is_so)
{
	static const char have[] = "    L3:0=00fff;1=C0\n    MB:0=20;1=70\nL2:0=ff\n";
	static const struct {
		const char *want;
		bool holds;
	} rows[] = {
		{ "L3:0=fff;1=c0", true },
		{ "L3:1=c0;0=fff", true },
		{ "L3:1=0c0", true },
		{ "L3:00=FFF", true },
		{ "MB:0=20", true },
		{ "L2:0=ff;", true },
		{ "L3:", true },
		{ "L3:0=ff", false },
		{ "L3:2=ff", false },
		{ "MB:0=20;1=71", false },
		{ "L3DATA:0=fff", false },
		{ "L3", false },
		{ "", false },
		{ "L3:0", false },
		{ "L3:0=", false },
		{ "L3:0=fff;1=c0;2=1", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (resctrl_line_holds(have, rows[i].want) != rows[i].holds)
			T_FAIL("'%s'", rows[i].want);
	WANT(!resctrl_line_holds("", "L3:0=1"));
}

TEST(names_of_groups)
{
	static const char *const bad[] = { "",     ".",          "..",       "a/b", "/",
					   "info", "mon_groups", "mon_data", "a\nb" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (resctrl_name_fits(bad[i]))
			T_FAIL("'%s'", bad[i]);
	WANT(resctrl_name_fits("group-1"));
	WANT(resctrl_name_fits("information"));
}
