/* cgroup_names.c - the table of names, and the walk over a path's components
 *
 * Sources: moby daemon/daemon_unix.go and runc's libcontainer/cgroups (PREFIX-ID.scope), the
 * kubelet's cgroup_manager_linux.go (kubepods), podman's libpod/oci_conmon_common.go, CRI-O's
 * internal/config/cgmgr, lxc.container.conf(5) (lxc.cgroup.dir), systemd-nspawn(1),
 * systemd's Desktop Environment Integration (app-NAME-ID.scope).
 */
#include "discovery/cgroup_names.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define DEPTH_MAX 64

/* What the middle of a name has to be. */
enum id_form {
	ID_HEX, /* 64 hexadecimal digits */
	ID_ANY,
};

/**
 * struct name_row - a name is @head, an id, @tail
 * @above: what the component before must be called; NULL: anything
 * @below: what the component after must begin with; NULL: anything
 */
struct name_row {
	const char *head, *tail, *above, *below;
	enum id_form form;
	enum engine_kind engine;
	enum cgroup_says says;
};

#define IS    CGROUP_SAYS_CONTAINER
#define ASIDE CGROUP_SAYS_ASIDE
#define MAYBE CGROUP_SAYS_MAYBE
#define HOST  CGROUP_SAYS_HOST

/* The first that fits counts. */
// clang-format off
static const struct name_row rows[] = {
	/* head              tail        above     below         form    engine             says */
	{ "docker-",         ".scope",   NULL,     NULL,         ID_HEX, ENGINE_DOCKER,     IS    },
	{ "",                "",         "docker", NULL,         ID_HEX, ENGINE_DOCKER,     IS    },
	{ "cri-containerd-", ".scope",   NULL,     NULL,         ID_HEX, ENGINE_CONTAINERD, IS    },
	{ "nerdctl-",        ".scope",   NULL,     NULL,         ID_HEX, ENGINE_CONTAINERD, IS    },
	{ "libpod-conmon-",  "",         NULL,     NULL,         ID_ANY, ENGINE_PODMAN,     ASIDE },
	{ "libpod-payload-", "",         NULL,     NULL,         ID_HEX, ENGINE_PODMAN,     IS    },
	{ "libpod-",         ".scope",   NULL,     NULL,         ID_HEX, ENGINE_PODMAN,     IS    },
	{ "libpod-",         "",         NULL,     NULL,         ID_HEX, ENGINE_PODMAN,     IS    },
	{ "crio-conmon-",    "",         NULL,     NULL,         ID_ANY, ENGINE_CRIO,       ASIDE },
	{ "crio-",           ".scope",   NULL,     NULL,         ID_HEX, ENGINE_CRIO,       IS    },
	{ "crio-",           "",         NULL,     NULL,         ID_HEX, ENGINE_CRIO,       IS    },
	{ "lxc.payload.",    "",         NULL,     NULL,         ID_ANY, ENGINE_LXC,        IS    },
	{ "lxc.monitor.",    "",         NULL,     NULL,         ID_ANY, ENGINE_LXC,        ASIDE },
	{ "",                "",         "lxc",    NULL,         ID_ANY, ENGINE_LXC,        IS    },
	{ "machine-",        ".scope",   NULL,     "supervisor", ID_ANY, ENGINE_NSPAWN,     ASIDE },
	{ "machine-",        ".scope",   NULL,     NULL,         ID_ANY, ENGINE_NSPAWN,     IS    },
	{ "systemd-nspawn@", ".service", NULL,     "supervisor", ID_ANY, ENGINE_NSPAWN,     ASIDE },
	{ "systemd-nspawn@", ".service", NULL,     NULL,         ID_ANY, ENGINE_NSPAWN,     IS    },
	{ "runc-",           ".scope",   NULL,     NULL,         ID_ANY, ENGINE_RUNC,       IS    },
	{ "crun-",           ".scope",   NULL,     NULL,         ID_ANY, ENGINE_CRUN,       IS    },
	{ "",                "",         NULL,     NULL,         ID_HEX, ENGINE_UNKNOWN,    MAYBE },
	{ "app-flatpak-",    ".scope",   NULL,     NULL,         ID_ANY, ENGINE_FLATPAK,    HOST  },
	{ "",                ".service", NULL,     NULL,         ID_ANY, ENGINE_SYSTEMD,    HOST  },
};
// clang-format on

/* runc's spelling of a systemd cgroup to a driver that knows no systemd: SLICE:PREFIX:ID */
static const struct word prefixes[] = {
	{ "docker", ENGINE_DOCKER }, { "cri-containerd", ENGINE_CONTAINERD },
	{ "crio", ENGINE_CRIO },     { "libpod", ENGINE_PODMAN },
	{ "runc", ENGINE_RUNC },     { NULL, 0 },
};

/* struct part - a piece of a path */
struct part {
	const char *at;
	size_t len;
};

static bool part_is(const struct part *p, const char *text)
{
	return p->len == strlen(text) && memcmp(p->at, text, p->len) == 0;
}

static bool part_starts(const struct part *p, const char *text)
{
	size_t len = strlen(text);

	return p->len >= len && memcmp(p->at, text, len) == 0;
}

static bool part_ends(const struct part *p, const char *text)
{
	size_t len = strlen(text);

	return p->len >= len && memcmp(p->at + p->len - len, text, len) == 0;
}

static bool is_hex_id(const struct part *id)
{
	for (size_t i = 0; i < id->len; i++)
		if (!(id->at[i] >= '0' && id->at[i] <= '9') &&
		    !(id->at[i] >= 'a' && id->at[i] <= 'f'))
			return false;
	return id->len == 64;
}

static bool fits(const struct name_row *row, const struct part *name, const struct part *above,
		 const struct part *below, struct part *ret_id)
{
	size_t head = strlen(row->head), tail = strlen(row->tail);
	struct part id;

	if (name->len <= head + tail || !part_starts(name, row->head) ||
	    !part_ends(name, row->tail))
		return false;
	id = (struct part){ name->at + head, name->len - head - tail };
	if ((row->form == ID_HEX && !is_hex_id(&id)) || (row->above && !part_is(above, row->above)))
		return false;
	if (row->below && !part_starts(below, row->below))
		return false;
	*ret_id = id;
	return true;
}

/* SLICE:PREFIX:ID as one name */
static bool fits_colons(const struct part *name, struct cgroup_claim *c)
{
	const char *end = name->at + name->len, *one = memchr(name->at, ':', name->len);
	const char *two = one ? memchr(one + 1, ':', (size_t)(end - one - 1)) : NULL;

	if (!two || two + 1 == end)
		return false;
	for (const struct word *w = prefixes; w->name; w++) {
		struct part prefix = { one + 1, (size_t)(two - one - 1) };

		if (!part_is(&prefix, w->name))
			continue;
		c->says = CGROUP_SAYS_CONTAINER;
		c->engine = (enum engine_kind)w->value;
		c->id = two + 1;
		c->id_len = (size_t)(end - two - 1);
		return true;
	}
	return false;
}

/* "/user.slice/user-1000.slice": there only systemd makes cgroups */
static void see_user(const struct part *name, const struct part *above, size_t depth,
		     struct cgroup_claim *c)
{
	static const char head[] = "user-", tail[] = ".slice";
	uint64_t uid;
	char digits[16];
	size_t len = name->len - (sizeof(head) - 1) - (sizeof(tail) - 1);

	if (depth != 1 || !part_is(above, "user.slice") || !part_starts(name, head) ||
	    !part_ends(name, tail) || len >= sizeof(digits))
		return;
	memcpy(digits, name->at + sizeof(head) - 1, len);
	digits[len] = '\0';
	if (text_u64(digits, UINT32_MAX - 1, &uid) == 0)
		c->uid = (int64_t)uid;
}

/* "kubepods-burstable-podUID.slice", or "podUID" below "kubepods" */
static void see_pod(const struct part *name, bool in_kubepods, struct cgroup_claim *c)
{
	const char *end = name->at + name->len, *at = name->at;

	if (!in_kubepods)
		return;
	if (part_starts(name, "kubepods")) {
		at = memmem(name->at, name->len, "-pod", 4);
		at = at ? at + 1 : NULL;
		end -= part_ends(name, ".slice") ? 6 : 0;
	}
	if (!at || end - at < 4 || memcmp(at, "pod", 3) != 0)
		return;
	c->pod = at + 3;
	c->pod_len = (size_t)(end - at - 3);
}

/* What one name says, if it says more than those above it. */
static void see_name(const struct part *name, const struct part *above, const struct part *below,
		     struct cgroup_claim *c)
{
	const struct name_row *row = rows;
	struct part id;

	while (row < rows + COUNT(rows) && !fits(row, name, above, below, &id))
		row++;
	/* inside a container, units and ids are the container's own matter */
	if (row == rows + COUNT(rows) || row->says < c->says)
		return;
	c->says = row->says;
	c->engine = row->engine;
	c->id = id.at;
	c->id_len = id.len;
	if (row->says == CGROUP_SAYS_MAYBE && c->pod) {
		c->says = CGROUP_SAYS_CONTAINER;
		c->engine = ENGINE_KUBERNETES;
	}
	if (row->engine == ENGINE_SYSTEMD) {
		c->id = name->at;
		c->id_len = name->len;
	}
}

/* The components of a path; those that are deeper than anybody's are not looked at. */
static size_t split(const char *path, size_t len, struct part parts[DEPTH_MAX])
{
	size_t n = 0;

	for (size_t at = 0; at < len && n < DEPTH_MAX;) {
		const char *slash = memchr(path + at, '/', len - at);
		size_t end = slash ? (size_t)(slash - path) : len;

		if (end > at)
			parts[n++] = (struct part){ path + at, end - at };
		at = end + 1;
	}
	return n;
}

/* cgroup_name_claim() - what a path of /proc/PID/cgroup says; nothing in it is copied */
struct cgroup_claim cgroup_name_claim(const char *path, size_t len)
{
	static const struct part none = { "", 0 };
	struct cgroup_claim c = { .uid = -1 };
	struct part parts[DEPTH_MAX];
	size_t n = split(path, len, parts);
	bool in_kubepods = false;

	for (size_t i = 0; i < n; i++) {
		const struct part *above = i ? &parts[i - 1] : &none;
		const struct part *below = i + 1 < n ? &parts[i + 1] : &none;
		const char *was = c.id;

		in_kubepods = in_kubepods || part_starts(&parts[i], "kubepods");
		see_user(&parts[i], above, i, &c);
		see_pod(&parts[i], in_kubepods, &c);
		if (!fits_colons(&parts[i], &c))
			see_name(&parts[i], above, below, &c);
		if (c.id != was)
			c.dir_len = (size_t)(parts[i].at + parts[i].len - path);
	}
	return c;
}

/**
 * cgroup_name_unescape() - undo systemd's escapes in a unit's name: "\x2d" is '-'
 *
 * Source: systemd.unit(5), String Escaping for Inclusion in Unit Names.
 *
 * Return: the length, or -1 when it does not fit or holds a NUL.
 */
int cgroup_name_unescape(const char *text, size_t len, char *ret, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		const char *high, *low;
		char c = text[i];

		if (c == '\\' && len - i >= 4 && text[i + 1] == 'x' && text[i + 2] && text[i + 3] &&
		    (high = strchr(digits, text[i + 2])) && (low = strchr(digits, text[i + 3]))) {
			c = (char)((high - digits) << 4 | (low - digits));
			i += 3;
		}
		if (!c || n + 1 >= size)
			return -1;
		ret[n++] = c;
	}
	ret[n] = '\0';
	return (int)n;
}
