/* namespaces.c - what is read of other processes, and the ranges of ids that users write
 *
 * Each is asked about every input: links, status, id maps, environments, mountinfo, subuid(5).
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ns/enter.h"
#include "ns/maps.h"
#include "host/proc_scan.h"
#include "os/mountinfo.h"
#include "os/nsfs.h"

static void link_and_status(const char *text)
{
	enum nsfs_type type = NSFS_TYPES;
	struct proc_status st;
	uint64_t inode;
	uint32_t id;

	if (nsfs_parse_link(text, &type, &inode) == 0)
		MUST(type < NSFS_TYPES && text_starts(text, nsfs_kinds[type].name));
	if (proc_parse_status(text, &st) == 0)
		MUST(st.n_nspid <= COUNT(st.nspid));
	(void)ns_enter_map_id(text, 1000, &id);
}

static void maps(const char *text)
{
	static struct ns_map m;
	struct err e = { 0 };

	m = (struct ns_map){ .own = true };
	if (ns_map_subids(text, "me", 1000, &m, true, &e) == 0)
		MUST(m.n > 0 && m.n <= NS_RANGES);
	/* the words read files of the host */
	if (*text >= '0' && *text <= '9')
		(void)ns_map_add(&m, NS_MAP_USERS, text, &e);
	for (size_t i = 0; i < m.n; i++)
		MUST(m.at[i].size && (uint64_t)m.at[i].outside + m.at[i].size <= UINT32_MAX);
	if (ns_map_settle(&m, 7, &e) < 0)
		MUST(e.text[0]);
	else
		MUST(m.at[0].outside == 7 && m.at[0].size == 1);
}

static void environment(char *text, size_t len)
{
	char **env;

	MUST(ns_enter_split_env(text, len, &env));
	for (size_t i = 0; env[i]; i++)
		MUST(strchr(env[i], '='));
	free(env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct mount_peers peers;
	struct mount_line m;
	const char *rest = text;

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	link_and_status(text);
	maps(text);
	while (mount_line_next_any(&rest, &m)) {
		mount_line_peers(&m, &peers);
		MUST(m.root_len && m.point_len);
	}
	environment(text, size);
	free(text);
	return 0;
}
