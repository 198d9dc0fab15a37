/* template.c - Go templates: not yet */
#include "base/template.h"

#include "base/err.h"

struct template *template_parse(const char *source, struct err *e)
{
	fail(e, ERR_UNSUPPORTED, "parse the template '%.64s': templates are not there yet", source);
	return NULL;
}

void template_free(struct template *t __attribute__((unused)))
{
}

int template_run(const struct template *t __attribute__((unused)),
		 const struct bind_table *table __attribute__((unused)),
		 const void *row __attribute__((unused)), bool ascii __attribute__((unused)),
		 struct str *out __attribute__((unused)), struct err *e)
{
	return fail(e, ERR_BUG, "templates are not there yet");
}

int template_sample(const struct template *t __attribute__((unused)),
		    const struct bind_table *table __attribute__((unused)),
		    const char *(*header)(const void *ctx, const char *path)
			    __attribute__((unused)),
		    const void *ctx __attribute__((unused)),
		    struct str *out __attribute__((unused)), struct err *e)
{
	return fail(e, ERR_BUG, "templates are not there yet");
}
