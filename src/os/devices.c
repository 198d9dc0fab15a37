/* devices.c - device rules as values: what they say, and what they say in v1's terms */
#include "os/devices.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "base/text.h"

#define RWM DEVICE_ALL

/* Making nodes is harmless where opening them is not; the rest is what config.md's default
 * devices and a terminal need. Same list as runc's. */
// clang-format off
const struct device_rule device_defaults[] = {
	/* allow weak  type access        major       minor           */
	{ true,  true, 'c', DEVICE_MKNOD, DEVICE_ANY, DEVICE_ANY }, /* any         */
	{ true,  true, 'b', DEVICE_MKNOD, DEVICE_ANY, DEVICE_ANY }, /* any         */
	{ true,  true, 'c', RWM,          1,          3          }, /* null        */
	{ true,  true, 'c', RWM,          1,          5          }, /* zero        */
	{ true,  true, 'c', RWM,          1,          7          }, /* full        */
	{ true,  true, 'c', RWM,          1,          8          }, /* random      */
	{ true,  true, 'c', RWM,          1,          9          }, /* urandom     */
	{ true,  true, 'c', RWM,          5,          0          }, /* tty         */
	{ true,  true, 'c', RWM,          5,          1          }, /* console     */
	{ true,  true, 'c', RWM,          5,          2          }, /* ptmx        */
	{ true,  true, 'c', RWM,          136,        DEVICE_ANY }, /* pts/N       */
};
// clang-format on
const size_t device_defaults_count = COUNT(device_defaults);

/**
 * device_access_parse() - read "rwm" in any order
 * @text: NULL is empty
 * @odd:  the first letter that means nothing, or '\0'; it is passed over
 *
 * Return: DEVICE_READ and the like; 0 when nothing is allowed or denied by it.
 */
unsigned device_access_parse(const char *text, char *odd)
{
	static const char letters[] = "mrw"; /* in the order of the bits */
	unsigned bits = 0;

	for (*odd = '\0'; text && *text; text++) {
		const char *at = strchr(letters, *text);

		if (at)
			bits |= 1U << (at - letters);
		else if (!*odd)
			*odd = *text;
	}
	return bits;
}

static bool matches(const struct device_rule *r, char type, int64_t major, int64_t minor)
{
	return (r->type == 'a' || r->type == type) &&
	       (r->major == DEVICE_ANY || r->major == major) &&
	       (r->minor == DEVICE_ANY || r->minor == minor);
}

/* device_rules_allow() - what the list says about one access; the definition of its meaning */
bool device_rules_allow(const struct device_rule *rules, size_t n, char type, int64_t major,
			int64_t minor, unsigned access)
{
	unsigned left = access;

	while (n-- > 0 && left) {
		if (!matches(&rules[n], type, major, minor))
			continue;
		if (!rules[n].allow && (left & rules[n].access))
			return false;
		left &= ~rules[n].access;
	}
	return !left;
}

static bool is_reset(const struct device_rule *r)
{
	return r->type == 'a' && r->access == DEVICE_ALL && r->major == DEVICE_ANY &&
	       r->minor == DEVICE_ANY;
}

/* device_rules_open() - is everything allowed, so that nothing need be set up? */
bool device_rules_open(const struct device_rule *rules, size_t n)
{
	while (n-- > 0) {
		if (!rules[n].allow)
			return false;
		if (is_reset(&rules[n]))
			return true;
	}
	return false;
}

/* --- v1's terms -------------------------------------------------------------------------- */

static bool number_covers(int64_t wide, int64_t narrow)
{
	return wide == DEVICE_ANY || wide == narrow;
}

static bool number_meets(int64_t a, int64_t b)
{
	return a == DEVICE_ANY || b == DEVICE_ANY || a == b;
}

static bool covers(const struct device_rule *wide, const struct device_rule *narrow)
{
	return wide->type == narrow->type && number_covers(wide->major, narrow->major) &&
	       number_covers(wide->minor, narrow->minor);
}

static bool meets(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && (a->access & b->access) && number_meets(a->major, b->major) &&
	       number_meets(a->minor, b->minor);
}

/* Adds an exception; the array has room. What a wider one says already is not repeated. */
static void except(struct device_set *s, const struct device_rule *r)
{
	struct device_rule *same = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (covers(&s->at[i], r) && !(r->access & ~s->at[i].access))
			return;
		if (covers(&s->at[i], r) && covers(r, &s->at[i]))
			same = &s->at[i];
	}
	if (same) {
		same->access |= r->access;
		same->weak &= r->weak;
		return;
	}
	for (size_t i = 0; i < s->n; i++)
		if (!covers(r, &s->at[i]) || (s->at[i].access & ~r->access))
			s->at[kept++] = s->at[i];
	s->at[kept++] = *r;
	s->n = kept;
}

/* Takes back exceptions; false when that would leave a hole in one. */
static bool take_back(struct device_set *s, const struct device_rule *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++)
		if (meets(&s->at[i], r) && !covers(r, &s->at[i]))
			return false;
	for (size_t i = 0; i < s->n; i++) {
		if (covers(r, &s->at[i]))
			s->at[i].access &= ~r->access;
		if (s->at[i].access)
			s->at[kept++] = s->at[i];
	}
	s->n = kept;
	return true;
}

static bool apply_typed(struct device_set *s, const struct device_rule *r)
{
	if (r->allow == s->allow_by_default)
		return take_back(s, r) || r->weak;
	except(s, r);
	return true;
}

static bool apply(struct device_set *s, const struct device_rule *r)
{
	struct device_rule typed = *r;

	if (is_reset(r)) {
		s->allow_by_default = r->allow;
		s->n = 0;
		return true;
	}
	if (r->type != 'a')
		return apply_typed(s, r);
	typed.type = 'b';
	if (!apply_typed(s, &typed))
		return false;
	typed.type = 'c';
	return apply_typed(s, &typed);
}

/**
 * device_set_build() - the default and the exceptions that say what the rules say
 * @ret_set:     the caller frees ->at; exceptions have the opposite of ->allow_by_default
 * @ret_culprit: index of the rule that v1 can't express, on failure; may be NULL
 */
int device_set_build(const struct device_rule *rules, size_t n, struct device_set *ret_set,
		     size_t *ret_culprit, struct err *e)
{
	struct device_set s = { .at = calloc(2 * n + 1, sizeof(*s.at)) };
	char text[64];

	if (!s.at)
		return fail_errno(e, ENOMEM, "work out the device rules");
	for (size_t i = 0; i < n; i++) {
		if (apply(&s, &rules[i]))
			continue;
		free(s.at);
		if (ret_culprit)
			*ret_culprit = i;
		device_rule_format(&rules[i], text, sizeof(text));
		fail(e, ERR_UNSUPPORTED,
		     "device rule '%s %s' makes a hole in an earlier rule, which "
		     "cgroup v1 can't express",
		     rules[i].allow ? "allow" : "deny", text);
		return fail_hint(e, "list the wanted devices one by one instead");
	}
	*ret_set = s;
	return 0;
}

/* device_rule_format() - "c 1:3 rwm", as v1 reads it */
size_t device_rule_format(const struct device_rule *rule, char *ret_text, size_t size)
{
	char major[24] = "*", minor[24] = "*";

	if (rule->major != DEVICE_ANY)
		snprintf(major, sizeof(major), "%lld", (long long)rule->major);
	if (rule->minor != DEVICE_ANY)
		snprintf(minor, sizeof(minor), "%lld", (long long)rule->minor);
	return (size_t)snprintf(ret_text, size, "%c %s:%s %s%s%s", rule->type, major, minor,
				rule->access & DEVICE_READ ? "r" : "",
				rule->access & DEVICE_WRITE ? "w" : "",
				rule->access & DEVICE_MKNOD ? "m" : "");
}

static bool number_parse(const char **at, int64_t *ret)
{
	char *end;

	if (**at == '*') {
		*ret = DEVICE_ANY;
		++*at;
		return true;
	}
	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*ret = strtoll(*at, &end, 10);
	*at = end;
	return errno == 0 && *ret <= UINT32_MAX;
}

/* One line of devices.list. */
static bool line_parse(const char *at, size_t len, struct device_rule *ret_rule)
{
	struct device_rule r = { .allow = true };
	char line[64], *access, odd;
	const char *c = line + 2;

	if (len >= sizeof(line) || len < 7)
		return false;
	memcpy(line, at, len);
	line[len] = '\0';
	if (!strchr("abc", line[0]) || line[1] != ' ')
		return false;
	r.type = line[0];
	if (!number_parse(&c, &r.major) || *c++ != ':' || !number_parse(&c, &r.minor) ||
	    *c++ != ' ')
		return false;
	access = line + (c - line);
	r.access = device_access_parse(access, &odd);
	if (!r.access || odd)
		return false;
	*ret_rule = r;
	return true;
}

/**
 * device_set_parse() - what a cgroup's devices.list says
 * @list:    "a *:* rwm", or one exception a line; what is denied in the first case is not shown
 * @ret_set: the caller frees ->at
 */
int device_set_parse(const char *list, struct device_set *ret_set, struct err *e)
{
	struct device_set s = { 0 };
	size_t lines = 1;

	for (const char *c = list; *c; c++)
		lines += *c == '\n';
	s.at = calloc(lines, sizeof(*s.at));
	if (!s.at)
		return fail_errno(e, ENOMEM, "read the device rules in force");
	while (*list) {
		size_t len = strcspn(list, "\n");

		if (len && !line_parse(list, len, &s.at[s.n])) {
			free(s.at);
			return fail(e, ERR_SYSTEM,
				    "read the device rules in force: '%.*s' makes no sense",
				    len > 60 ? 60 : (int)len, list);
		}
		if (len && s.at[s.n++].type == 'a') {
			s.allow_by_default = true;
			s.n = 0;
			break;
		}
		list += len + (list[len] == '\n');
	}
	*ret_set = s;
	return 0;
}
