/* rules.h - cgrules.conf(5): which groups a process belongs to, by its user, group and program
 *
 *	USER|@GROUP|*[:PROGRAM]  CONTROLLERS  DESTINATION  [ignore|ignore_rt]
 *	%                        CONTROLLERS  DESTINATION
 *
 * The first rule that fits counts, with the '%' lines below it. A destination with %u (user's name),
 * %U (number), %g, %G (group), %p (program) or %P (process) is a template: its groups are made. Other
 * destinations have to be there.
 *
 * Life: cg_rules_parse() reads text, and knows nothing of this host; cg_rules_load() also looks users,
 * groups and controllers up. What of it makes no sense is reported, and that rule left out, as
 * libcgroup does; a line that is no rule at all is an error.
 *
 * A process chooses its name and its arguments, so a rule for a program is a convenience between an
 * administrator and his users: it must not be what keeps a user from a group's resources. That a user
 * is in a rule for users cannot be evaded.
 */
#ifndef CG_RULES_H
#define CG_RULES_H

#include <limits.h>
#include <stdbool.h>

#include "base/arena.h"
#include "cg/cg.h"
#include "cg/conf.h"

struct err;

#define CG_RULES_FILE "/etc/cgrules.conf"
#define CG_RULES_DIR  "/etc/cgrules.d"

enum cg_rule_who { CG_RULE_USER, CG_RULE_GROUP, CG_RULE_ANY };

enum cg_rule_option {
	CG_RULE_IGNORE = 1 << 0,    /* who is in the destination stays there */
	CG_RULE_IGNORE_RT = 1 << 1, /* if he is scheduled in real time */
};

/**
 * struct cg_rule - one line
 * @more:        it continues the one above it ('%')
 * @name:        of the user or group, as written; "*"
 * @program:     name or absolute path, the last '*' of which stands for anything; NULL: any
 * @options:     enum cg_rule_option
 *
 * From cg_rules_load():
 * @off:         it was reported, and never fits
 * @id:          of the user or group
 * @members:     users of the group; its own
 * @in:          hierarchies of the controllers
 */
struct cg_rule {
	const char *file, *name, *program, *controllers, *destination;
	unsigned line, options;
	enum cg_rule_who who;
	bool more, off;
	uint32_t id;
	uint32_t *members;
	const struct cg_in *in;
	size_t n_members, n_in;
};

/**
 * struct cg_rules - all of them
 * @world:  what they were looked up in
 * @passwd, @group: texts of the files
 */
struct cg_rules {
	struct cg_rule *at;
	size_t n, room;
	struct cgroup_world *world;
	char *passwd, *group;
	struct arena mem;
};
#define own_cg_rules __attribute__((cleanup(cg_rules_done)))

/* struct cg_rules_report - who hears what is wrong with a rule; @n counts */
struct cg_rules_report {
	void (*each)(void *ctx, struct err *problem);
	void *ctx;
	size_t n;
};

/* rules.c */
int cg_rules_parse(struct cg_rules *r, const char *file, const char *text,
		   struct cg_rules_report *report, struct err *e);
void cg_rules_done(struct cg_rules *r);
void cg_rule_report(struct cg_rules_report *report, const struct cg_rule *rule,
		    struct err *problem);

/* rules_load.c */
int cg_rules_load(struct cg_rules *r, const char *file, bool all, struct cg_rules_report *report,
		  struct err *e);
int cg_rules_load_users(struct cg_rules *r, struct cg_rules_report *report, struct err *e);

/**
 * struct cg_templates - the `template` blocks of cgconfig.conf(5): what groups that are made get
 * @first: all statements of the files
 */
struct cg_templates {
	struct cg_node *first;
	struct arena mem;
};
int cg_templates_load(struct cg_templates *t, struct err *e);
void cg_templates_done(struct cg_templates *t);
#define own_cg_templates __attribute__((cleanup(cg_templates_done)))

/* --- processes ----------------------------------------------------------------------------- */

/**
 * struct cg_process - one process, as rules see it
 * @status:   its /proc/PID/status, open: reads of this process or fails; FD_NONE: made up
 * @uid, @gid: effective
 * @comm:     the kernel's name for it
 * @program:  path of what it executes, of its script, or @comm; "" before cg_process_name()
 * @no_program: it has none: the kernel's own, or ended
 */
struct cg_process {
	int status;
	pid_t pid, parent;
	uint32_t uid, gid;
	bool no_program;
	char comm[64], program[PATH_MAX];
};
#define own_cg_process __attribute__((cleanup(cg_process_close)))

/* rules_process.c */
int cg_process_try_open(pid_t pid, struct cg_process *ret_process);
bool cg_process_same(const struct cg_process *p);
void cg_process_name(struct cg_process *p);
bool cg_process_is_at(const struct cg_process *p, const struct cgroup_hierarchy *h,
		      const char *path, bool below);
void cg_process_close(struct cg_process *p);

/* rules_match.c */
const struct cg_rule *cg_rules_find(const struct cg_rules *r, struct cg_process *p);
const struct cg_rule *cg_rules_next(const struct cg_rules *r, const struct cg_rule *rule);
int cg_rule_expand(const struct cg_rules *r, const char *text, const struct cg_process *p,
		   char ret_path[CGROUP_PATH_MAX], bool *ret_template, struct err *e);

/* What came of a process. */
enum cg_placed {
	CG_STAYED, /* no rule fits, or it was there already */
	CG_MOVED,
	CG_GONE, /* it ended meanwhile: no failure */
};

/* rules_place.c */
int cg_rules_place(struct cg_rules *r, const struct cg_templates *t, struct cg_process *p,
		   enum cg_placed *ret_placed, struct err *e);
bool cg_group_is_there(const struct cg_group *g);

#endif
