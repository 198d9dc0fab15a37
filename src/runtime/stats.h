/* stats.h - a cgroup's counters as the JSON that runc's `events` prints */
#ifndef RUNTIME_STATS_H
#define RUNTIME_STATS_H

struct cgroup_stats;
struct err;
struct str;

void stats_event(const struct cgroup_stats *s, const char *id, struct str *out);
void stats_notice(const char *type, const char *id, struct str *out);

#endif
