/* options.c - what may stand before the command */
#include "tare/cli.h"

// clang-format off
const struct opt tare_opts[TARE_N_OPTS] = {
	OPT_FLAG_("debug",       'D', struct cli, debug,              "log what is done"),
	OPT_STRING_("log-level", 'l', struct cli, log_level, "LEVEL", "'error', 'warn', 'info' or 'debug'; warnings by default"),
	OPT_STRING_("root",       0,  struct cli, root, "DIR",        "where images and containers lie; $TARE_ROOT, or /var/lib/tare"),
	OPT_STRING_("storage-driver", 0, struct cli, driver, "NAME",  "'overlay', 'btrfs' or 'copy'; $TARE_STORAGE_DRIVER, or what works there best"),
	OPT_FLAG_("help",        'h', struct cli, help,               "show this"),
	OPT_FLAG_("version",     'v', struct cli, version,            "show the version"),
};
// clang-format on
