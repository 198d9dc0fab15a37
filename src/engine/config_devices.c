/* config_devices.c - devices of the host in a container, and what may be done with which */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "engine/config.h"

static int no_memory(struct err *e)
{
	return fail_errno(e, ENOMEM, "list the container's devices");
}

static int look_at(const char *path, struct stat *ret, struct err *e)
{
	if (stat(path, ret) < 0)
		return fail_sys(e, "look at the device '%.200s'", path);
	return S_ISCHR(ret->st_mode) || S_ISBLK(ret->st_mode)
		       ? 0
		       : fail(e, ERR_INPUT, "'%.200s' is no device", path);
}

static bool is_access(const char *text)
{
	return *text && strspn(text, "rwm") == strlen(text);
}

static int add_device(const struct host_device *from, struct oci_device *d,
		      struct oci_device_rule *r, struct err *e)
{
	struct stat st;

	if (look_at(from->host, &st, e) < 0)
		return -1;
	if (from->access && !is_access(from->access))
		return fail(e, ERR_INPUT, "'%.20s' is no access: it is of r, w and m",
			    from->access);
	*r = (struct oci_device_rule){ .allow = true,
				       .type = text_shown(S_ISCHR(st.st_mode) ? "c" : "b"),
				       .major = { true, major(st.st_rdev) },
				       .minor = { true, minor(st.st_rdev) },
				       .access = from->access ? from->access : text_shown("rwm") };
	*d = (struct oci_device){ .type = r->type,
				  .path = from->inside && *from->inside ? from->inside : from->host,
				  .major = r->major,
				  .minor = r->minor,
				  .file_mode = { true, st.st_mode & 07777 },
				  .uid = { true, st.st_uid },
				  .gid = { true, st.st_gid } };
	return 0;
}

/* A number, or '*' for all. Return: what follows it, NULL: it is neither. */
static char *read_part(char *text, char end, struct opt_i64 *ret)
{
	char *rest = text;

	*ret = (struct opt_i64){ 0 };
	if (*text == '*')
		rest++;
	else
		*ret = (struct opt_i64){ true, strtol(text, &rest, 10) };
	if (rest == text || *rest != end || ret->v < 0 || ret->v > UINT32_MAX)
		return NULL;
	return rest + 1;
}

/* "c 1:3 rwm", "b 8:* r", "a *:* rwm" */
static int read_rule(const char *word, struct arena *a, struct oci_device_rule *r, struct err *e)
{
	char *text = arena_dup(a, word), *rest;

	if (!text)
		return no_memory(e);
	*r = (struct oci_device_rule){ .allow = true, .type = text };
	rest = *text && strchr("abc", *text) && text[1] == ' ' ? text + 2 : NULL;
	text[1] = '\0';
	rest = rest ? read_part(rest, ':', &r->major) : NULL;
	rest = rest ? read_part(rest, ' ', &r->minor) : NULL;
	if (!rest || !is_access(rest)) {
		fail(e, ERR_INPUT,
		     "--device-cgroup-rule '%.100s': it is not TYPE MAJOR:MINOR ACCESS", word);
		return fail_hint(e, "such as 'c 1:3 rwm' or 'b 8:* r'");
	}
	r->access = rest;
	return 0;
}

/* config_devices() - into @l, and into its resources, which are there */
int config_devices(const struct host_config *h, struct arena *a, struct oci_linux *l, struct err *e)
{
	size_t more = text_count(h->device_cgroup_rules);
	struct oci_device_rule *rules = arena_array(a, h->devices.n + more + 1, sizeof(*rules));
	size_t n = 0;

	l->devices.at = arena_array(a, h->devices.n + 1, sizeof(*l->devices.at));
	if (!rules || !l->devices.at)
		return no_memory(e);
	/* everything is denied, but what the runtime allows everybody; then what was asked for */
	rules[n++] =
		(struct oci_device_rule){ .allow = h->privileged, .access = text_shown("rwm") };
	for (size_t i = 0; i < h->devices.n; i++)
		if (add_device(&h->devices.at[i], &l->devices.at[l->devices.n++], &rules[n++], e) <
		    0)
			return fail_in(e, "--device '%.200s'", h->devices.at[i].host);
	for (size_t i = 0; i < more; i++)
		if (read_rule(h->device_cgroup_rules[i], a, &rules[n++], e) < 0)
			return -1;
	l->resources->devices.at = rules;
	l->resources->devices.n = n;
	return 0;
}

static int find_number(const char *path, int64_t *ret_major, int64_t *ret_minor, struct err *e)
{
	struct stat st;

	if (look_at(path, &st, e) < 0)
		return -1;
	if (!S_ISBLK(st.st_mode))
		return fail(e, ERR_INPUT, "'%.200s' is no block device", path);
	*ret_major = major(st.st_rdev);
	*ret_minor = minor(st.st_rdev);
	return 0;
}

static int add_rates(const host_rates *from, struct arena *a, oci_throttles *ret, struct err *e)
{
	ret->at = arena_array(a, from->n + 1, sizeof(*ret->at));
	if (!ret->at)
		return no_memory(e);
	for (size_t i = 0; i < from->n; i++) {
		ret->at[i].rate = from->at[i].rate;
		if (find_number(from->at[i].path, &ret->at[i].major, &ret->at[i].minor, e) < 0)
			return -1;
	}
	ret->n = from->n;
	return 0;
}

/* config_block_io() - how much may be read from and written to block devices */
int config_block_io(const struct host_config *h, struct arena *a, struct oci_block_io *b,
		    struct err *e)
{
	b->weight = (struct opt_u64){ h->blkio_weight != 0, h->blkio_weight };
	b->weight_device.at =
		arena_array(a, h->blkio_weight_device.n + 1, sizeof(*b->weight_device.at));
	if (!b->weight_device.at)
		return no_memory(e);
	for (size_t i = 0; i < h->blkio_weight_device.n; i++) {
		struct oci_weight_device *d = &b->weight_device.at[b->weight_device.n++];

		d->weight = (struct opt_u64){ true, h->blkio_weight_device.at[i].weight };
		if (find_number(h->blkio_weight_device.at[i].path, &d->major, &d->minor, e) < 0)
			return -1;
	}
	return add_rates(&h->read_bps, a, &b->read_bps, e) < 0 ||
			       add_rates(&h->write_bps, a, &b->write_bps, e) < 0 ||
			       add_rates(&h->read_iops, a, &b->read_iops, e) < 0 ||
			       add_rates(&h->write_iops, a, &b->write_iops, e) < 0
		       ? -1
		       : 0;
}
