/* bind.h - rows that tie a document's members to a C struct, checked by the compiler
 *
 * One table per struct serves every direction: bind_json.c reads and writes JSON by it,
 * bind_pack.c reads and writes the compact form that crosses a process boundary. A struct
 * is zero-initialised; zero, NULL and .set == false mean "absent".
 */
#ifndef BASE_BIND_H
#define BASE_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct arena;
struct err;

/* Numbers and words that may be absent. A word's number comes from the row's word table. */
struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};
struct opt_bool {
	bool set;
	bool v;
};
struct opt_word {
	bool set;
	int64_t v;
};

/* A typed array; every LIST has the layout of struct list_any. */
// clang-format off
#define LIST(T) struct { T *at; size_t n; }
// clang-format on
struct list_any {
	void *at;
	size_t n;
};

struct pair {
	char *key, *value;
};
struct pairs {
	struct pair *at;
	size_t n;
};
struct numbers {
	int64_t *at;
	size_t n;
};
struct bytes {
	unsigned char *at;
	size_t n;
};

enum bind_kind {
	BIND_STRING,    /* char *           */
	BIND_BOOL,      /* bool             */
	BIND_OPT_BOOL,  /* struct opt_bool  */
	BIND_U32,       /* uint32_t         */
	BIND_I64,       /* int64_t          */
	BIND_U64,       /* uint64_t         */
	BIND_OPT_I64,   /* struct opt_i64   */
	BIND_OPT_U64,   /* struct opt_u64   */
	BIND_WORD,      /* struct opt_word: one name of .words */
	BIND_FLAGS,     /* uint64_t: array of names, their values or-ed */
	BIND_OPT_FLAGS, /* struct opt_u64: the same, and whether the array was there */
	BIND_STRINGS,   /* char **, NULL-terminated; NULL is absent */
	BIND_NUMBERS,   /* struct numbers   */
	BIND_PAIRS,     /* struct pairs: object of strings */
	BIND_BYTES,     /* struct bytes: packed form only, never JSON */
	BIND_OBJECT,    /* pointer to a struct described by .table */
	BIND_OBJECTS,   /* LIST of such structs */
	BIND_MAP,       /* LIST of such structs whose first member is char *key */
};

enum bind_need { OPTIONAL, REQUIRED };

/**
 * struct bind_row - one member
 * @key:      its name in JSON
 * @kind:     how it is read and stored
 * @need:     REQUIRED members that are missing are an error
 * @at:       offset in the struct
 * @words:    names accepted by BIND_WORD, BIND_FLAGS and BIND_OPT_FLAGS
 * @table:    shape of BIND_OBJECT, BIND_OBJECTS and BIND_MAP
 * @lenient:  BIND_FLAGS leaves out names that are not in @words, and says so
 * @min,@max: bounds of signed numbers, when @max is not 0; of unsigned ones only @max
 */
struct bind_row {
	const char *key;
	enum bind_kind kind;
	enum bind_need need;
	size_t at;
	const struct word *words;
	const struct bind_table *table;
	bool lenient;
	int64_t min, max;
};

/**
 * struct bind_table - the shape of one struct
 * @size:    sizeof the struct
 * @guarded: an unknown member is worth a warning (an error with --strict), because a
 *           misspelt one would silently weaken the container
 */
struct bind_table {
	const struct bind_row *rows;
	size_t n;
	size_t size;
	bool guarded;
};

// clang-format off
#define BIND_TABLE(rows_, S, guarded_) { rows_, COUNT(rows_), sizeof(S), guarded_ }

/* The _Generic arm is the check: a row whose kind and member disagree does not compile. */
#define BIND_AT_(S, m, T) (offsetof(S, m) + 0 * sizeof(_Generic(((S *)0)->m, T : 1)))
#define ROW_STRING(k, nd, S, m)  { .key = k, .kind = BIND_STRING, .need = nd, .at = BIND_AT_(S, m, char *) }
#define ROW_BOOL(k, nd, S, m)    { .key = k, .kind = BIND_BOOL, .need = nd, .at = BIND_AT_(S, m, bool) }
#define ROW_OPT_BOOL(k, nd, S, m) { .key = k, .kind = BIND_OPT_BOOL, .need = nd, .at = BIND_AT_(S, m, struct opt_bool) }
#define ROW_U32(k, nd, S, m)     { .key = k, .kind = BIND_U32, .need = nd, .at = BIND_AT_(S, m, uint32_t) }
#define ROW_I64(k, nd, S, m)     { .key = k, .kind = BIND_I64, .need = nd, .at = BIND_AT_(S, m, int64_t) }
#define ROW_U64(k, nd, S, m)     { .key = k, .kind = BIND_U64, .need = nd, .at = BIND_AT_(S, m, uint64_t) }
#define ROW_OPT_I64(k, nd, S, m) { .key = k, .kind = BIND_OPT_I64, .need = nd, .at = BIND_AT_(S, m, struct opt_i64) }
#define ROW_OPT_U64(k, nd, S, m) { .key = k, .kind = BIND_OPT_U64, .need = nd, .at = BIND_AT_(S, m, struct opt_u64) }
#define ROW_WORD(k, nd, S, m, w) { .key = k, .kind = BIND_WORD, .need = nd, .at = BIND_AT_(S, m, struct opt_word), .words = w }
#define ROW_FLAGS(k, nd, S, m, w) { .key = k, .kind = BIND_FLAGS, .need = nd, .at = BIND_AT_(S, m, uint64_t), .words = w }
#define ROW_FLAGS_KNOWN(k, nd, S, m, w) { .key = k, .kind = BIND_FLAGS, .need = nd, .at = BIND_AT_(S, m, uint64_t), .words = w, .lenient = true }
#define ROW_OPT_FLAGS(k, nd, S, m, w) { .key = k, .kind = BIND_OPT_FLAGS, .need = nd, .at = BIND_AT_(S, m, struct opt_u64), .words = w }
#define ROW_STRINGS(k, nd, S, m) { .key = k, .kind = BIND_STRINGS, .need = nd, .at = BIND_AT_(S, m, char **) }
#define ROW_NUMBERS(k, nd, S, m, lo, hi) { .key = k, .kind = BIND_NUMBERS, .need = nd, .at = BIND_AT_(S, m, struct numbers), .min = lo, .max = hi }
#define ROW_PAIRS(k, nd, S, m)   { .key = k, .kind = BIND_PAIRS, .need = nd, .at = BIND_AT_(S, m, struct pairs) }
#define ROW_BYTES(k, nd, S, m)   { .key = k, .kind = BIND_BYTES, .need = nd, .at = BIND_AT_(S, m, struct bytes) }
#define ROW_OBJECT(k, nd, S, m, t) { .key = k, .kind = BIND_OBJECT, .need = nd, .at = offsetof(S, m) + 0 * sizeof(*((S *)0)->m), .table = &(t) }
#define ROW_OBJECTS(k, nd, S, m, t) { .key = k, .kind = BIND_OBJECTS, .need = nd, .at = offsetof(S, m) + 0 * sizeof(((S *)0)->m.at[0]), .table = &(t) }
#define ROW_MAP(k, nd, S, m, t)  { .key = k, .kind = BIND_MAP, .need = nd, .at = offsetof(S, m) + 0 * sizeof(((S *)0)->m.at[0].key), .table = &(t) }
// clang-format on

/* struct bind_note - called for each unknown member of a guarded object, and each unknown name of a
 * lenient row; < 0 stops reading. @what says which of the two, @nearest may be NULL. */
struct bind_note {
	int (*unknown)(void *ctx, const char *what, const char *pointer, const char *nearest,
		       struct err *e);
	void *ctx;
};

struct json;
int bind_read(const struct bind_table *t, const struct json *v, const char *doc,
	      const struct bind_note *note, struct arena *a, void *ret_doc, struct err *e);
int bind_parse(const struct bind_table *t, const char *text, size_t len, const char *doc,
	       const struct bind_note *note, struct arena *a, void *ret_doc, struct err *e);
int bind_parse_but(const struct bind_table *t, const char *text, size_t len, const char *doc,
		   const char *skip, struct arena *a, void *ret_doc, struct err *e);
int bind_parse_list(const struct bind_table *item, const char *text, size_t len, const char *doc,
		    const struct bind_note *note, struct arena *a, struct list_any *ret_list,
		    struct err *e);
char *bind_print(const struct bind_table *t, const void *doc, bool pretty, struct err *e);
void bind_write(const struct bind_table *t, const void *doc, struct str *out);
void bind_write_member(const struct bind_row *row, const void *at, struct str *out);
bool bind_present(const struct bind_row *row, const void *at);

int bind_pack(const struct bind_table *t, const void *doc, struct str *out);
int bind_unpack(const struct bind_table *t, const unsigned char *at, size_t len, struct arena *a,
		void *ret_doc, struct err *e);

#endif
