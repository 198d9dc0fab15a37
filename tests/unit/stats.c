/* stats.c - counters parsed, and printed as runc prints them */
#include "tests/unit/t.h"

#include <json-c/json.h>

#include "base/arena.h"
#include "base/text.h"
#include "os/cgroup_stats.h"
#include "runtime/stats.h"

static struct arena mem;

TEST(pressure_is_read_in_hundredths)
{
	struct cgroup_pressure p;

	WANT(cgroup_pressure_parse("some avg10=1.05 avg60=0.00 avg300=12.30 total=77\n"
				   "full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n",
				   &p));
	WANT_INT(p.some.avg10, 105);
	WANT_INT(p.some.avg300, 1230);
	WANT_INT(p.some.total, 77);
	WANT_INT(p.full.total, 5);
	WANT_INT(p.full.avg10, 0);
	WANT(!cgroup_pressure_parse("", &p));
}

TEST(io_stat_becomes_v1s_tables)
{
	struct cgroup_stats s = { 0 };

	WANT(cgroup_io_stat_parse(
		"8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n254:1 rios=9\n", &mem, &s));
	WANT_INT(s.io.service_bytes.n, 2);
	WANT_INT(s.io.serviced.n, 3);
	WANT_INT(s.io.serviced.at[2].major, 254);
	WANT_INT(s.io.serviced.at[2].value, 9);
	WANT_STR(s.io.service_bytes.at[1].op, "Write");
	WANT(!cgroup_io_stat_parse("nonsense", &mem, &s));
}

TEST(blkio_lines_with_and_without_operation)
{
	cgroup_io_list l = { 0 };

	WANT(cgroup_blkio_parse("8:0 Read 10\n8:0 Total 10\nTotal 10\n", &mem, &l));
	WANT_INT(l.n, 2);
	WANT_INT(l.at[0].value, 10);
	l.n = 0;
	WANT(cgroup_blkio_parse("8:16 5\n", &mem, &l));
	WANT_INT(l.at[0].minor, 16);
	WANT_STR(l.at[0].op, "");
	WANT(!cgroup_blkio_parse("x:y z\n", &mem, &l));
}

TEST(the_event_is_runcs)
{
	struct cgroup_stats s = { .memory.usage = { .usage = 5, .limit = 100 },
				  .pids = { .current = 3 },
				  .cpu.pressure = { .present = true,
						    .some = { .avg10 = 150, .total = 9 } } };
	struct str out = { 0 };
	struct json_object *o;

	stats_event(&s, "a\"b", &out);
	WANT(!out.torn);
	o = json_tokener_parse(out.at);
	WANT(o != NULL);
	WANT_STR(json_object_get_string(json_object_object_get(o, "id")), "a\"b");
	json_object_put(o);
	WANT(strstr(out.at, "\"memory\":{\"usage\":{\"limit\":100,\"usage\":5,\"failcnt\":0},") !=
	     NULL);
	WANT(strstr(out.at, "\"pids\":{\"current\":3}") != NULL);
	WANT(strstr(out.at,
		    "\"psi\":{\"some\":{\"avg10\":1.5,\"avg60\":0,\"avg300\":0,\"total\":9}}") !=
	     NULL);
	WANT(strstr(out.at, "\"intel_rdt\":{},\"network_interfaces\":null}}\n") != NULL);
	str_done(&out);
	stats_notice("oom", "x", &out);
	WANT_STR(out.at, "{\"type\":\"oom\",\"id\":\"x\"}\n");
	str_done(&out);
}
