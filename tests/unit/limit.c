/* limit.c - which cgroups are systemd's units, and what their control files are in systemd's words */
#include "base/err.h"
#include "base/own.h"
#include "base/text.h"
#include "any/limit_systemd.h"
#include "tests/unit/t.h"

TEST(a_unit_has_only_slices_above_it)
{
	static const struct {
		const char *path, *unit;
	} rows[] = {
		{ "/system.slice/a.service", "a.service" },
		{ "/machine.slice/machine-x.scope", "machine-x.scope" },
		{ "/kubepods.slice/kubepods-pod1.slice/crio-1.scope", "crio-1.scope" },
		{ "/a.slice", "a.slice" },
		{ "/init.scope", "init.scope" },
		{ "/machine.slice/machine-x.scope/payload", NULL },
		{ "/machine.slice/machine-x.scope/payload/system.slice/a.service", NULL },
		{ "/user.slice/user-1.slice/user@1.service/app.slice/a.scope", NULL },
		{ "/docker/0123", NULL },
		{ "/docker/a.service", NULL },
		{ "/.slice/a.service", NULL },
		{ "/.service/x", NULL },
		{ "/", NULL },
		{ "", NULL },
		{ "a.service", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *unit = limit_unit_of(rows[i].path);

		if (unit && rows[i].unit)
			WANT_STR(unit, rows[i].unit);
		else if (unit || rows[i].unit)
			T_FAIL("%s: %s", rows[i].path, unit ? unit : "no unit");
	}
}

TEST(control_files_are_properties)
{
	static const struct {
		enum cgroup_version version;
		const char *file, *text, *want;
	} rows[] = {
		{ CGROUP_V2, "memory.max", "1048576", "MemoryMax\tt\t1048576\n" },
		{ CGROUP_V2, "memory.max", "max", "MemoryMax\tt\t18446744073709551615\n" },
		{ CGROUP_V1, "memory.limit_in_bytes", "9223372036854771712",
		  "MemoryLimit\tt\t18446744073709551615\n" },
		{ CGROUP_V2, "pids.max", "7", "TasksMax\tt\t7\n" },
		{ CGROUP_V2, "cpu.max", "150000 100000",
		  "CPUQuotaPeriodUSec\tt\t100000\nCPUQuotaPerSecUSec\tt\t1500000\n" },
		{ CGROUP_V2, "cpu.max", "12500 100000",
		  "CPUQuotaPeriodUSec\tt\t100000\nCPUQuotaPerSecUSec\tt\t125000\n" },
		{ CGROUP_V2, "cpu.max", "max 50000",
		  "CPUQuotaPeriodUSec\tt\t50000\nCPUQuotaPerSecUSec\tt\t18446744073709551615\n" },
		{ CGROUP_V1, "cpu.cfs_quota_us", "-1",
		  "CPUQuotaPeriodUSec\tt\t100000\nCPUQuotaPerSecUSec\tt\t18446744073709551615\n" },
		{ CGROUP_V2, "cpuset.cpus", "0-2,9", "AllowedCPUs\tay\t7\t2\n" },
		{ CGROUP_V2, "cpuset.cpus", "\n", "AllowedCPUs\tay\n" },
		{ CGROUP_V2, "io.max", "8:0 rbps=5 wiops=max",
		  "IOReadBandwidthMax\ta(st)\t/dev/block/8:0\t5\n"
		  "IOWriteIOPSMax\ta(st)\t/dev/block/8:0\t18446744073709551615\n" },
		{ CGROUP_V1, "blkio.throttle.read_bps_device", "8:0 0",
		  "IOReadBandwidthMax\ta(st)\t/dev/block/8:0\t18446744073709551615\n" },
		{ CGROUP_V1, "cpuset.cpus", "0", "" },
		{ CGROUP_V1, "memory.memsw.limit_in_bytes", "5", "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		own_str struct str out = { 0 };
		struct err e = { 0 };

		WANT_INT(limit_properties(rows[i].version, rows[i].file, rows[i].text, &out, &e),
			 0);
		WANT_STR(out.at ? out.at : "", rows[i].want);
	}
}
