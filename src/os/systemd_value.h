/* systemd_value.h - properties of a systemd unit, as values and as text (pure)
 *
 * tare-runtime is static and speaks no D-Bus: it writes what it wants as lines of text to the
 * program tare-systemd, which reads them with the same functions.
 */
#ifndef OS_SYSTEMD_VALUE_H
#define OS_SYSTEMD_VALUE_H

#include "base/bind.h"

struct arena;
struct err;

/**
 * struct systemd_property - one property
 * @name:   "MemoryMax"
 * @type:   D-Bus signature: b i u x t d s, an array of one of them, "ay", "a(ss)" or "a(st)"
 * @values: NULL-terminated, each as text; the last two have them in pairs
 */
struct systemd_property {
	const char *name, *type;
	const char **values;
};
typedef LIST(struct systemd_property) systemd_property_list;

int systemd_property_annotation(const char *name, const char *text, struct arena *a,
				struct systemd_property *ret_property, struct err *e);
void systemd_property_write(const struct systemd_property *p, struct str *out);
int systemd_properties_read(const char *text, struct arena *a, systemd_property_list *ret_list,
			    struct err *e);

#endif
