/* spec_template.c - a complete config.json to start from
 *
 * Content, order and layout are those of `runc spec`: people edit this file by hand, and
 * scripts by pattern.
 */
#include "runtime/spec_template.h"

#include "base/err.h"
#include "base/json_text.h"
#include "base/text.h"
#include "spec/oci.h"

#define CAPS "['CAP_AUDIT_WRITE','CAP_KILL','CAP_NET_BIND_SERVICE']"

// clang-format off
static const char head[] =
"{'ociVersion':'" OCI_VERSION_MAX "',"
"'process':{"
	"'terminal':true,"
	"'user':{'uid':0,'gid':0},"
	"'args':['sh'],"
	"'env':['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin','TERM=xterm'],"
	"'cwd':'/',"
	"'capabilities':{'bounding':" CAPS ",'effective':" CAPS ",'permitted':" CAPS "},"
	"'rlimits':[{'type':'RLIMIT_NOFILE','hard':1024,'soft':1024}],"
	"'noNewPrivileges':true},"
"'root':{'path':'rootfs','readonly':true},"
"'hostname':'runc',"
"'mounts':["
	"{'destination':'/proc','type':'proc','source':'proc'},"
	"{'destination':'/dev','type':'tmpfs','source':'tmpfs',"
		"'options':['nosuid','strictatime','mode=755','size=65536k']},"
	"{'destination':'/dev/pts','type':'devpts','source':'devpts',"
		"'options':['nosuid','noexec','newinstance','ptmxmode=0666','mode=0620'";

static const char devpts_group[] = ",'gid=5'";

static const char mounts[] =
		"]},"
	"{'destination':'/dev/shm','type':'tmpfs','source':'shm',"
		"'options':['nosuid','noexec','nodev','mode=1777','size=65536k']},"
	"{'destination':'/dev/mqueue','type':'mqueue','source':'mqueue',"
		"'options':['nosuid','noexec','nodev']},";

/* A user namespace alone may not mount sysfs: it shows the network namespace's devices. */
static const char sysfs[] =
	"{'destination':'/sys','type':'sysfs','source':'sysfs',"
		"'options':['nosuid','noexec','nodev','ro']},";
static const char sysfs_rootless[] =
	"{'destination':'/sys','type':'none','source':'/sys',"
		"'options':['rbind','nosuid','noexec','nodev','ro']},";

static const char platform[] =
	"{'destination':'/sys/fs/cgroup','type':'cgroup','source':'cgroup',"
		"'options':['nosuid','noexec','nodev','relatime','ro']}],"
"'linux':{";

static const char resources[] = "'resources':{'devices':[{'allow':false,'access':'rwm'}]},";
static const char mapping[] = "'%s':[{'containerID':0,'hostID':%u,'size':1}],";

static const char namespaces[] = "'namespaces':[{'type':'pid'},";
static const char network[] = "{'type':'network'},";
static const char more_namespaces[] = "{'type':'ipc'},{'type':'uts'},{'type':'mount'}";
static const char cgroup[] = ",{'type':'cgroup'}";
static const char user[] = ",{'type':'user'}";

static const char tail[] =
	"],"
	"'maskedPaths':['/proc/acpi','/proc/asound','/proc/kcore','/proc/keys',"
		"'/proc/latency_stats','/proc/timer_list','/proc/timer_stats','/proc/sched_debug',"
		"'/sys/firmware','/proc/scsi'],"
	"'readonlyPaths':['/proc/bus','/proc/fs','/proc/irq','/proc/sys','/proc/sysrq-trigger']}}";
// clang-format on

/**
 * spec_template_add() - append the text of a new config.json, without a last line end
 *
 * Return: 0, or -1 when memory ran out.
 */
int spec_template_add(const struct spec_template *want, struct str *out, struct err *e)
{
	own_str struct str s = { 0 };

	str_add(&s, head);
	str_add(&s, want->rootless ? "" : devpts_group);
	str_add(&s, mounts);
	str_add(&s, want->rootless ? sysfs_rootless : sysfs);
	str_add(&s, platform);
	if (want->rootless) {
		str_addf(&s, mapping, "uidMappings", want->uid);
		str_addf(&s, mapping, "gidMappings", want->gid);
	} else {
		str_add(&s, resources);
	}
	str_add(&s, namespaces);
	str_add(&s, want->rootless ? "" : network);
	str_add(&s, more_namespaces);
	str_add(&s, want->cgroup_namespace ? cgroup : "");
	str_add(&s, want->rootless ? user : "");
	str_add(&s, tail);
	if (!s.torn)
		json_text_indent(out, s.at, "\t");
	return s.torn || out->torn ? fail(e, ERR_LIMIT, "write the config: out of memory") : 0;
}
