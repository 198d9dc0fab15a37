/* bpf.h - run a seccomp filter on a made-up system call, as the kernel would */
#ifndef TESTS_BPF_H
#define TESTS_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

#define BPF_BROKEN 0xdeadbeefu

uint32_t bpf_run(const struct sock_filter *f, size_t n, const struct seccomp_data *d);

#endif
