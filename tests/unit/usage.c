/* usage.c - what is made of the kernel's counters */
#include "any/usage.h"

#include "base/units.h"
#include "t.h"

TEST(a_line_is_found_by_its_whole_key)
{
	static const char stat[] = "inactive_file_x 1\ntotal_inactive_file 7\ninactive_file 42\n";

	WANT_INT(usage_parse_key(stat, "inactive_file"), 42);
	WANT_INT(usage_parse_key(stat, "total_inactive_file"), 7);
	WANT(usage_parse_key(stat, "inactive") == USAGE_UNKNOWN);
	WANT(usage_parse_key("", "x") == USAGE_UNKNOWN);
}

TEST(all_interfaces_but_the_loopback_are_summed)
{
	static const char dev[] = "Inter-|   Receive                            |  Transmit\n"
				  " face |bytes    packets errs drop fifo frame compressed "
				  "multicast|bytes    packets errs\n"
				  "    lo:     100       1    0    0    0     0          0         "
				  "0      100       1    0    0    0     0       0          0\n"
				  "  eth0:    2000      10    0    0    0     0          0         "
				  "0      300       3    0    0    0     0       0          0\n"
				  "eth1:5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0\n";
	uint64_t in, out;

	WANT(usage_parse_net(dev, &in, &out));
	WANT_INT(in, 2005);
	WANT_INT(out, 306);
	WANT(!usage_parse_net("    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n", &in, &out));
	WANT(!usage_parse_net("", &in, &out));
}

TEST(disks_are_summed_on_both_versions)
{
	uint64_t in, out;

	WANT(usage_parse_io("8:0 rbytes=100 wbytes=20 rios=3\n8:16 rbytes=1 wbytes=2\n", &in,
			    &out));
	WANT_INT(in, 101);
	WANT_INT(out, 22);
	WANT(usage_parse_io("8:0 Read 100\n8:0 Write 20\n8:0 Total 120\n8:16 Read 5\nTotal 125\n",
			    &in, &out));
	WANT_INT(in, 105);
	WANT_INT(out, 20);
	WANT(!usage_parse_io("Total 0\n", &in, &out));
}

TEST(sizes_have_four_digits_at_most)
{
	char text[24];

	WANT_STR(size_format(0, true, text), "0B");
	WANT_STR(size_format(1023, true, text), "1023B");
	WANT_STR(size_format(1536, true, text), "1.5KiB");
	WANT_STR(size_format(123456789, false, text), "123.5MB");
	WANT_STR(size_format(UINT64_MAX, true, text), "16EiB");
}
