/* template.h - Go templates, as users of docker's --format write them */
#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct bind_table;
struct err;
struct str;
struct template;

struct template *template_parse(const char *source, struct err *e);
void template_free(struct template *t);
int template_run(const struct template *t, const struct bind_table *table, const void *row,
		 bool ascii, struct str *out, struct err *e);
int template_sample(const struct template *t, const struct bind_table *table,
		    const char *(*header)(const void *ctx, const char *path), const void *ctx,
		    struct str *out, struct err *e);

static inline void own_template_(struct template **t)
{
	template_free(*t);
}

#define own_template __attribute__((cleanup(own_template_)))

#endif
