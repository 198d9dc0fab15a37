/* mountopt.c - the one table that gives meaning to mount option words
 *
 * Source: mount(8), mount_setattr(2), runtime-spec config.md "Linux mount options"; "src-nofollow",
 * "dest-nofollow" and "idmap=" are crun's, and podman writes them.
 */
#include "os/mountopt.h"

#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

enum effect { SET, CLEAR, SET_ALL, CLEAR_ALL, SPREAD, SWITCH, SUPER, NOTHING };
enum {
	BIND = 1,
	RECURSE = 2,
	REMOUNT = 4,
	COPYUP = 8,
	IDMAP = 16,
	RIDMAP = 32,
	SRC_STAY = 64,
	DEST_STAY = 128,
	COPY_LINK = 256
};

// clang-format off
static const struct mountopt {
	const char *word;
	enum effect effect;
	uint64_t    value;
} table[] = {
	/* word             effect     value                    */
	{ "ro",             SET,       MOUNT_ATTR_RDONLY        },
	{ "rw",             CLEAR,     MOUNT_ATTR_RDONLY        },
	{ "nosuid",         SET,       MOUNT_ATTR_NOSUID        },
	{ "suid",           CLEAR,     MOUNT_ATTR_NOSUID        },
	{ "nodev",          SET,       MOUNT_ATTR_NODEV         },
	{ "dev",            CLEAR,     MOUNT_ATTR_NODEV         },
	{ "noexec",         SET,       MOUNT_ATTR_NOEXEC        },
	{ "exec",           CLEAR,     MOUNT_ATTR_NOEXEC        },
	{ "noatime",        SET,       MOUNT_ATTR_NOATIME       },
	{ "atime",          CLEAR,     MOUNT_ATTR_NOATIME       },
	{ "strictatime",    SET,       MOUNT_ATTR_STRICTATIME   },
	{ "nostrictatime",  CLEAR,     MOUNT_ATTR_STRICTATIME   },
	{ "relatime",       CLEAR,     MOUNT_ATTR__ATIME        },
	{ "norelatime",     NOTHING,   0                        },
	{ "nodiratime",     SET,       MOUNT_ATTR_NODIRATIME    },
	{ "diratime",       CLEAR,     MOUNT_ATTR_NODIRATIME    },
	{ "nosymfollow",    SET,       MOUNT_ATTR_NOSYMFOLLOW   },
	{ "symfollow",      CLEAR,     MOUNT_ATTR_NOSYMFOLLOW   },
	{ "rro",            SET_ALL,   MOUNT_ATTR_RDONLY        },
	{ "rrw",            CLEAR_ALL, MOUNT_ATTR_RDONLY        },
	{ "rnosuid",        SET_ALL,   MOUNT_ATTR_NOSUID        },
	{ "rsuid",          CLEAR_ALL, MOUNT_ATTR_NOSUID        },
	{ "rnodev",         SET_ALL,   MOUNT_ATTR_NODEV         },
	{ "rdev",           CLEAR_ALL, MOUNT_ATTR_NODEV         },
	{ "rnoexec",        SET_ALL,   MOUNT_ATTR_NOEXEC        },
	{ "rexec",          CLEAR_ALL, MOUNT_ATTR_NOEXEC        },
	{ "rnoatime",       SET_ALL,   MOUNT_ATTR_NOATIME       },
	{ "ratime",         CLEAR_ALL, MOUNT_ATTR_NOATIME       },
	{ "rstrictatime",   SET_ALL,   MOUNT_ATTR_STRICTATIME   },
	{ "rnostrictatime", CLEAR_ALL, MOUNT_ATTR_STRICTATIME   },
	{ "rrelatime",      CLEAR_ALL, MOUNT_ATTR__ATIME        },
	{ "rnorelatime",    CLEAR_ALL, MOUNT_ATTR__ATIME        },
	{ "rnodiratime",    SET_ALL,   MOUNT_ATTR_NODIRATIME    },
	{ "rdiratime",      CLEAR_ALL, MOUNT_ATTR_NODIRATIME    },
	{ "rnosymfollow",   SET_ALL,   MOUNT_ATTR_NOSYMFOLLOW   },
	{ "rsymfollow",     CLEAR_ALL, MOUNT_ATTR_NOSYMFOLLOW   },
	{ "private",        SPREAD,    MS_PRIVATE               },
	{ "shared",         SPREAD,    MS_SHARED                },
	{ "slave",          SPREAD,    MS_SLAVE                 },
	{ "unbindable",     SPREAD,    MS_UNBINDABLE            },
	{ "rprivate",       SPREAD,    MS_PRIVATE | MS_REC      },
	{ "rshared",        SPREAD,    MS_SHARED | MS_REC       },
	{ "rslave",         SPREAD,    MS_SLAVE | MS_REC        },
	{ "runbindable",    SPREAD,    MS_UNBINDABLE | MS_REC   },
	{ "bind",           SWITCH,    BIND                     },
	{ "rbind",          SWITCH,    BIND | RECURSE           },
	{ "remount",        SWITCH,    REMOUNT                  },
	{ "tmpcopyup",      SWITCH,    COPYUP                   },
	{ "idmap",          SWITCH,    IDMAP                    },
	{ "ridmap",         SWITCH,    IDMAP | RIDMAP           },
	{ "src-nofollow",   SWITCH,    SRC_STAY                 },
	{ "dest-nofollow",  SWITCH,    DEST_STAY                },
	{ "copy-symlink",   SWITCH,    COPY_LINK                },
	{ "sync",           SUPER,     0                        },
	{ "dirsync",        SUPER,     0                        },
	{ "mand",           SUPER,     0                        },
	{ "lazytime",       SUPER,     0                        },
	{ "async",          NOTHING,   0                        },
	{ "nomand",         NOTHING,   0                        },
	{ "nolazytime",     NOTHING,   0                        },
	{ "loud",           NOTHING,   0                        },
	{ "silent",         NOTHING,   0                        },
	{ "iversion",       NOTHING,   0                        },
	{ "noiversion",     NOTHING,   0                        },
	{ "acl",            NOTHING,   0                        },
	{ "noacl",          NOTHING,   0                        },
	{ "defaults",       NOTHING,   0                        },
};
// clang-format on

static void put_attr(uint64_t *add, uint64_t *del, uint64_t value)
{
	*add |= value;
	*del &= ~value;
}

static void put_switches(struct mount_want *w, uint64_t v)
{
	w->bind |= (v & BIND) != 0;
	w->recursive |= (v & RECURSE) != 0;
	w->remount |= (v & REMOUNT) != 0;
	w->tmpcopyup |= (v & COPYUP) != 0;
	w->idmap |= (v & IDMAP) != 0;
	w->rec_idmap |= (v & RIDMAP) != 0;
	w->src_nofollow |= (v & SRC_STAY) != 0;
	w->dest_nofollow |= (v & DEST_STAY) != 0;
	w->copy_symlink |= (v & COPY_LINK) != 0;
}

static void put_data(struct mount_want *w, const char *word)
{
	if (w->data.len)
		str_add(&w->data, ",");
	str_add(&w->data, word);
}

static void apply(struct mount_want *w, const struct mountopt *o)
{
	switch (o->effect) {
	case SET:
		put_attr(&w->attrs.set, &w->attrs.clr, o->value);
		break;
	case CLEAR:
		put_attr(&w->attrs.clr, &w->attrs.set, o->value);
		break;
	case SET_ALL:
		put_attr(&w->attrs.rec_set, &w->attrs.rec_clr, o->value);
		break;
	case CLEAR_ALL:
		put_attr(&w->attrs.rec_clr, &w->attrs.rec_set, o->value);
		break;
	case SPREAD:
		w->propagation = o->value;
		break;
	case SWITCH:
		put_switches(w, o->value);
		break;
	case SUPER:
		put_data(w, o->word);
		break;
	case NOTHING:
		break;
	}
}

/**
 * mountopt_add() - fold one option word into what will be asked of the kernel
 * @w:    request built so far
 * @word: a single word such as "nosuid" or "size=64k", never a comma list
 *
 * Later words win over earlier ones, as users expect from fstab. Words that are not in the
 * table belong to the file system and are collected in w->data; only it can judge them.
 *
 * Return: 0, or -ENOMEM.
 */
int mountopt_add(struct mount_want *w, const char *word)
{
	for (size_t i = 0; i < COUNT(table); i++)
		if (strcmp(table[i].word, word) == 0) {
			apply(w, &table[i]);
			return w->data.torn ? -ENOMEM : 0;
		}
	if (text_starts(word, "idmap=") || text_starts(word, "ridmap=")) {
		free(w->idmap_spec);
		w->idmap_spec = strdup(strchr(word, '=') + 1);
		w->idmap = true;
		w->rec_idmap |= word[0] == 'r';
		return w->idmap_spec ? 0 : -ENOMEM;
	}
	put_data(w, word);
	return w->data.torn ? -ENOMEM : 0;
}

void mountopt_done(struct mount_want *w)
{
	free(w->idmap_spec);
	str_done(&w->data);
}

static void add_word(struct str *out, const char *word)
{
	str_addf(out, "%s%s", out->len ? "," : "", word);
}

/* Does this row say something about @set and @clr? Access times are one value, not bits. */
static bool row_says(const struct mountopt *o, uint64_t set, uint64_t clr, bool clears)
{
	bool is_atime = (o->value & ~(uint64_t)MOUNT_ATTR__ATIME) == 0;

	if (!clears)
		return (set & (is_atime ? MOUNT_ATTR__ATIME : o->value)) == o->value;
	if (is_atime)
		return !(set & MOUNT_ATTR__ATIME) && (clr & MOUNT_ATTR__ATIME) == o->value;
	return (clr & o->value) == o->value && !(set & o->value);
}

/**
 * mountopt_words() - the way back: attributes and propagation as option words
 * @out: words joined by commas are added to it
 */
void mountopt_words(const struct mount_attrs *a, uint64_t propagation, struct str *out)
{
	uint64_t said[CLEAR_ALL + 1] = { 0 };

	for (size_t i = 0; i < COUNT(table); i++) {
		const struct mountopt *o = &table[i];
		bool all = o->effect == SET_ALL || o->effect == CLEAR_ALL;
		bool clears = o->effect == CLEAR || o->effect == CLEAR_ALL;

		if (o->effect == SPREAD && propagation == o->value)
			add_word(out, o->word);
		if (o->effect > CLEAR_ALL || (said[o->effect] & o->value) == o->value ||
		    !row_says(o, all ? a->rec_set : a->set, all ? a->rec_clr : a->clr, clears))
			continue;
		said[o->effect] |= o->value;
		add_word(out, o->word);
	}
}

/* mountopt_each() - visit every word of the table, for `features` and for the tests */
void mountopt_each(void (*visit)(const char *word, void *ctx), void *ctx)
{
	for (size_t i = 0; i < COUNT(table); i++)
		visit(table[i].word, ctx);
}
