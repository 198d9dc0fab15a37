/* documents.c - spec and features: documents that need no container */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "oci/cli.h"
#include "runtime/features.h"
#include "runtime/spec_template.h"

struct spec {
	const char *bundle, *file;
	bool rootless;
};

static const struct opt spec_opts[] = {
	OPT_STRING_("bundle", 'b', struct spec, bundle, "DIR",
		    "where to write it; the working directory by default"),
	OPT_STRING_("file", 'f', struct spec, file, "FILE", "its name; config.json by default"),
	OPT_FLAG_("rootless", 0, struct spec, rootless, "for a user without privileges"),
};

static int run_spec(const struct cli *cli __attribute__((unused)), void *options,
		    char **args __attribute__((unused)), size_t n_args __attribute__((unused)),
		    int *ret_status __attribute__((unused)), struct err *e)
{
	const struct spec *s = options;
	const struct spec_template want = {
		.rootless = s->rootless,
		.cgroup_namespace = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0,
		.uid = geteuid(),
		.gid = getegid(),
	};
	own_fd int dir = fd_open(s->bundle ? s->bundle : ".", O_RDONLY | O_DIRECTORY);
	own_str struct str text = { 0 };
	const char *name = s->file ? s->file : "config.json";
	own_fd int fd = FD_NONE;

	if (dir < 0)
		return fail_sys(e, "open the bundle '%s'", s->bundle);
	if (spec_template_add(&want, &text, e) < 0)
		return -1;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST) {
		fail_sys(e, "write '%s'", name);
		return fail_hint(e, "remove the existing file first");
	}
	if (fd < 0 || write(fd, text.at, text.len) != (ssize_t)text.len)
		return fail_sys(e, "write '%s'", name);
	return 0;
}

const struct command spec_command = {
	.name = "spec",
	.args = "",
	.summary = "write a config.json to start from",
	.opts = spec_opts,
	.n = COUNT(spec_opts),
	.size = sizeof(struct spec),
	.min = 0,
	.max = 0,
	.run = run_spec,
};

static int run_features(const struct cli *cli __attribute__((unused)),
			void *options __attribute__((unused)), char **args __attribute__((unused)),
			size_t n_args __attribute__((unused)),
			int *ret_status __attribute__((unused)), struct err *e)
{
	static const char *const unsafe[] = { "run.oci.", "org.criu.", "org.systemd.property.",
					      NULL };
	const struct features f = { .version = TARE_VERSION,
				    .unsafe = unsafe,
				    .checkpoint = true,
				    .systemd = true,
				    .systemd_user = true,
				    .rdt = true,
				    .net_devices = true };
	own_str struct str text = { 0 };

	if (features_add(&f, &text, e) < 0)
		return -1;
	puts(text.at);
	return 0;
}

const struct command features_command = {
	.name = "features",
	.args = "",
	.summary = "print what this runtime can do, as JSON",
	.min = 0,
	.max = 0,
	.run = run_features,
};
