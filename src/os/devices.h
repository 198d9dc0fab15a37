/* devices.h - which device nodes the processes of a cgroup may make and open
 *
 * A list of rules decides per access bit: the last rule that matches a device's type and
 * numbers and has the bit, wins; a bit that no rule speaks of is denied. Two back ends:
 *
 * - v2: the list becomes a BPF program that the kernel runs at every mknod and open. It says
 *   exactly what the list says.
 * - v1: devices.allow and devices.deny hold a default and exceptions to it, so there are lists
 *   they can't express: an exception to an exception ("all of major 10, but not 10:200").
 *   Those are refused; the kernel would ignore them silently.
 */
#ifndef OS_DEVICES_H
#define OS_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_insn;
struct cgroup_place;
struct err;

/* The kernel's BPF_DEVCG_ACC_* values. */
enum device_access {
	DEVICE_MKNOD = 1,
	DEVICE_READ = 2,
	DEVICE_WRITE = 4,
	DEVICE_ALL = 7,
};

#define DEVICE_ANY (-1)

/**
 * struct device_rule - one rule
 * @allow:        or deny
 * @weak:         one of ours: left out where v1 can't express it or the parent cgroup lacks it
 * @type:         'a' (both), 'b' or 'c'
 * @access:       enum device_access bits
 * @major,@minor: DEVICE_ANY matches all
 */
struct device_rule {
	bool allow, weak;
	char type;
	unsigned access;
	int64_t major, minor;
};

/* What every container may use, whatever its config says: see devices.c. */
extern const struct device_rule device_defaults[];
extern const size_t device_defaults_count;

/* struct device_set - rules in v1's terms; free @at */
struct device_set {
	bool allow_by_default;
	struct device_rule *at;
	size_t n;
};

unsigned device_access_parse(const char *text, char *odd);
bool device_rules_allow(const struct device_rule *rules, size_t n, char type, int64_t major,
			int64_t minor, unsigned access);
bool device_rules_open(const struct device_rule *rules, size_t n);
int device_set_build(const struct device_rule *rules, size_t n, struct device_set *ret_set,
		     size_t *ret_culprit, struct err *e);
int device_set_parse(const char *list, struct device_set *ret_set, struct err *e);
size_t device_rule_format(const struct device_rule *rule, char *ret_text, size_t size);
int device_program_build(const struct device_rule *rules, size_t n, struct bpf_insn **ret_insns,
			 size_t *ret_n, struct err *e);

int devices_apply(const struct cgroup_place *p, const struct device_rule *rules, size_t n,
		  bool fresh, struct err *e);

#endif
