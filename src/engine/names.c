/* names.c - see names.h: an adjective, and what may be in a container */
#include "engine/names.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "os/random.h"

#define TRIES 64

static const char *const adjectives[] = {
	"able",  "agile",  "amber", "ample",  "bold",   "brave",  "brief",  "bright", "brisk",
	"broad", "calm",   "clean", "clear",  "clever", "cool",   "crisp",  "deep",   "eager",
	"early", "easy",   "even",  "fair",   "fast",   "fine",   "firm",   "fond",   "frank",
	"free",  "fresh",  "full",  "gentle", "glad",   "golden", "grand",  "green",  "happy",
	"hardy", "honest", "jolly", "keen",   "kind",   "light",  "lively", "loyal",  "lucky",
	"mild",  "neat",   "noble", "plain",  "proud",  "pure",   "quick",  "quiet",  "rapid",
	"ready", "rich",   "round", "sharp",  "silver", "smart",  "smooth", "solid",  "sound",
	"spry",  "steady", "still", "strong", "sunny",  "sweet",  "swift",  "tidy",   "warm",
};
static const char *const things[] = {
	"almond",  "anise",  "apple",   "barley", "basil",   "bean",  "beet",   "berry",   "birch",
	"bread",   "butter", "caraway", "cedar",  "cherry",  "cider", "clove",  "cocoa",   "coffee",
	"copper",  "cork",   "corn",    "cotton", "currant", "date",  "dill",   "fennel",  "fig",
	"flax",    "flour",  "garlic",  "ginger", "grape",   "hazel", "hemp",   "honey",   "hops",
	"juniper", "lemon",  "lentil",  "lime",   "linen",   "malt",  "maple",  "melon",   "mint",
	"mustard", "nutmeg", "oak",     "oat",    "olive",   "onion", "orange", "peach",   "pear",
	"pepper",  "plum",   "poppy",   "quince", "raisin",  "rice",  "rye",    "saffron", "sage",
	"salt",    "sesame", "silk",    "sugar",  "tea",     "thyme", "walnut", "wheat",   "wool",
};

/* name_choose() - one that nobody has, and gives it to @c; after some tries with a number */
int name_choose(struct store *s, struct container *c, char ret[CONTAINER_NAME], struct err *e)
{
	for (unsigned i = 0; i < TRIES; i++) {
		uint32_t n[3];

		if (random_fill(n, sizeof(n), e) < 0)
			return -1;
		snprintf(ret, CONTAINER_NAME, i < TRIES / 2 ? "%s_%s" : "%s_%s%u",
			 adjectives[n[0] % COUNT(adjectives)], things[n[1] % COUNT(things)],
			 n[2] % 10000);
		*e = (struct err){ 0 };
		if (store_name_take(s, ret, c->id, c->folder, e) == 0) {
			memcpy(c->name, ret, CONTAINER_NAME);
			return 0;
		}
		if (e->cls != ERR_CONFLICT)
			return -1;
	}
	return -1;
}
