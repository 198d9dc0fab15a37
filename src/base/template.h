/* template.h - Go templates, as users of docker's --format write them
 *
 * What is known of Go's text/template (https://pkg.go.dev/text/template) and of docker's functions:
 *
 *	{{.Name}} {{.Limits.Memory}} {{.Labels.env}} {{.Label "env"}}     members; {{.}} is the row
 *	{{if P}}…{{else if P}}…{{else}}…{{end}}  {{with P}}…{{end}}
 *	{{range P}}…{{else}}…{{end}}  {{range $i, $v := P}}  {{break}}  {{continue}}
 *	{{$x := P}} {{$x = P}}   {{P | function argument}}   (P)   {{/\* comment *\/}}   {{- and -}}
 *	"text\n" `text` 'c' 12 0x1f true false nil
 *	eq ne lt le gt ge and or not len index slice print printf println
 *	json join split lower upper title pad truncate
 *
 * A name means the member whose key it is, in any letters and without '_' and '-'
 * (bind_row_named()): .Pid is "pid", .NoNewPrivs "no_new_privs". In literal text, \t and \n are what
 * they are for docker. What is absent prints nothing and is false.
 *
 * Not there: define, template, block, call, html, js, urlquery; fractions. Otherwise than Go,
 * maps are in the order of the document, an index beyond the end is absent, and printf fails where
 * Go prints %!d(…).
 *
 * Templates and rows may both be hostile: a template's length, depth and variables are bounded, as
 * are the steps, memory and output that it may take for a row. Text from a row is printed as
 * render_visible() makes it; text of the template is the user's own, and is printed as it is.
 */
#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct bind_table;
struct err;
struct str;
struct template;

#define TEMPLATE_LENGTH_MAX ((size_t)64 << 10)
#define TEMPLATE_DEPTH_MAX  64                /* of blocks and parentheses together */
#define TEMPLATE_STEPS_MAX  ((size_t)1 << 20) /* for one row */
#define TEMPLATE_OUTPUT_MAX ((size_t)4 << 20) /* of one row, in bytes */

struct template *template_parse(const char *source, struct err *e);
void template_free(struct template *t);
int template_run(const struct template *t, const struct bind_table *table, const void *row,
		 bool ascii, struct str *out, struct err *e);

/* struct template_headers - what stands above a member, by its path of keys; NULL: nobody's choice */
struct template_headers {
	const char *(*of)(const void *ctx, const char *path);
	const void *ctx;
};

int template_sample(const struct template *t, const struct bind_table *table,
		    const struct template_headers *headers, struct str *out, struct err *e);

static inline void own_template_(struct template **t)
{
	template_free(*t);
}

#define own_template __attribute__((cleanup(own_template_)))

#endif
