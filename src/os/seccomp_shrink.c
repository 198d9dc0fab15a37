/* seccomp_shrink.c - a filter rebuilt from its own verdicts
 *
 * libseccomp writes a comparison and a verdict for each system call, and the kernel pays for
 * every instruction when the filter is loaded. But a policy's verdicts come in runs: most
 * neighbours are allowed. So the filter is asked, for every architecture and every system
 * call number, what it says before it looks at an argument: a verdict, or the instruction at
 * which it begins to look. Runs of the same answer become a balanced tree of ranges; the
 * parts that look at arguments are kept as they are behind it, and jumped to.
 *
 * "Every number" needs few questions: a filter compares the number with constants only, so its
 * answer can change at those constants and nowhere else. Instructions for which that does not
 * hold make us give up, and the filter stays as it was. What was built is asked the same
 * questions again before it is used.
 */
#include "os/seccomp_shrink.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"

#define X32_BIT  0x40000000u
#define FAR_MARK 1 /* in .jt of a BPF_JA: .k is an instruction of the original filter */
#define SHORT    255

/**
 * struct answer - what a filter says of one number on one architecture
 * @verdict: SECCOMP_RET_* when @at is NO_ARGS
 * @at:      instruction that loads an argument
 */
struct answer {
	uint32_t verdict;
	uint32_t at;
};
#define NO_ARGS UINT32_MAX

/* struct run - numbers from @first on, up to the next run, have one answer */
struct run {
	uint32_t first;
	struct answer is;
};

/**
 * struct job - one filter at work
 * @points:  numbers at which an answer may change, ascending
 * @archs:   the architectures that the filter knows, and one that it does not, last
 * @where:   index of each kept instruction in the new tail
 */
struct job {
	const struct sock_filter *in;
	size_t n, n_points, n_archs;
	uint32_t *points, *archs, *where;
	struct run *runs;
	struct str head, tail;
};

static bool same(struct answer a, struct answer b)
{
	return a.at == b.at && (a.at != NO_ARGS || a.verdict == b.verdict);
}

/*
 * Is the answer still constant between the points, and one for all other architectures, after
 * this comparison of what was @loaded?
 */
static bool is_plain(const struct sock_filter *i, uint32_t loaded)
{
	switch (i->code) {
	case BPF_JMP | BPF_JA:
		return true;
	case BPF_JMP | BPF_JEQ | BPF_K:
		return loaded != NO_ARGS;
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
		return loaded == offsetof(struct seccomp_data, nr);
	case BPF_JMP | BPF_JSET | BPF_K:
		return loaded == offsetof(struct seccomp_data, nr) && i->k == X32_BIT;
	default:
		return false;
	}
}

static uint32_t next(const struct sock_filter *i, uint32_t a)
{
	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return i->k;
	case BPF_JEQ:
		return a == i->k ? i->jt : i->jf;
	case BPF_JGT:
		return a > i->k ? i->jt : i->jf;
	case BPF_JGE:
		return a >= i->k ? i->jt : i->jf;
	default:
		return a & i->k ? i->jt : i->jf;
	}
}

/* Runs the filter up to its verdict or its first look at an argument; false: give up. */
static bool ask(const struct sock_filter *f, size_t n, uint32_t arch, uint32_t nr,
		struct answer *ret)
{
	uint32_t a = 0, loaded = NO_ARGS;

	for (size_t at = 0; at < n; at++) {
		const struct sock_filter *i = &f[at];

		if (i->code == (BPF_RET | BPF_K)) {
			*ret = (struct answer){ i->k, NO_ARGS };
			return true;
		}
		if (i->code == (BPF_LD | BPF_W | BPF_ABS)) {
			if (i->k != offsetof(struct seccomp_data, nr) &&
			    i->k != offsetof(struct seccomp_data, arch)) {
				*ret = (struct answer){ 0, (uint32_t)at };
				return true;
			}
			loaded = i->k;
			a = loaded == offsetof(struct seccomp_data, nr) ? nr : arch;
		} else if (is_plain(i, loaded)) {
			at += next(i, a);
		} else {
			return false;
		}
	}
	return false;
}

/* Do all jumps stay inside? */
static bool is_closed(const struct sock_filter *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t left = n - i - 1;

		if (BPF_CLASS(f[i].code) == BPF_RET)
			continue;
		if (f[i].code == (BPF_JMP | BPF_JA) ? f[i].k >= left : !left)
			return false;
		if (BPF_CLASS(f[i].code) == BPF_JMP && BPF_OP(f[i].code) != BPF_JA &&
		    (f[i].jt >= left || f[i].jf >= left))
			return false;
	}
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void add_point(struct job *j, uint32_t value)
{
	j->points[j->n_points++] = value;
}

static bool find_points(struct job *j)
{
	size_t kept = 0;

	j->points = malloc((2 * j->n + 4) * sizeof(*j->points));
	if (!j->points)
		return false;
	for (uint32_t quarter = 0; quarter < 4; quarter++)
		add_point(j, quarter * X32_BIT);
	for (size_t i = 0; i < j->n; i++) {
		if (BPF_CLASS(j->in[i].code) != BPF_JMP || BPF_OP(j->in[i].code) == BPF_JA)
			continue;
		add_point(j, j->in[i].k);
		add_point(j, j->in[i].k + 1);
	}
	qsort(j->points, j->n_points, sizeof(*j->points), by_value);
	for (size_t i = 0; i < j->n_points; i++)
		if (!kept || j->points[i] != j->points[kept - 1])
			j->points[kept++] = j->points[i];
	j->n_points = kept;
	j->runs = malloc(kept * sizeof(*j->runs));
	return j->runs != NULL;
}

/* The architectures, and at the end one that no instruction names. */
static bool find_archs(struct job *j, const uint32_t *archs, size_t n)
{
	uint32_t other = 0;

	j->archs = malloc((n + 1) * sizeof(*j->archs));
	if (!j->archs)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool known = false;

		for (size_t k = 0; k < j->n_archs; k++)
			known |= j->archs[k] == archs[i];
		if (!known)
			j->archs[j->n_archs++] = archs[i];
	}
	while (bsearch(&other, j->points, j->n_points, sizeof(other), by_value))
		other++;
	j->archs[j->n_archs++] = other;
	return true;
}

static void emit(struct str *out, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	struct sock_filter f = { code, jt, jf, k };

	str_add_len(out, (const char *)&f, sizeof(f));
}

static size_t length(const struct str *s)
{
	return s->len / sizeof(struct sock_filter);
}

static void emit_leaf(struct str *out, const struct answer *is)
{
	if (is->at == NO_ARGS)
		emit(out, BPF_RET | BPF_K, 0, 0, is->verdict);
	else
		emit(out, BPF_JMP | BPF_JA, FAR_MARK, 0, is->at);
}

/*
 * A balanced tree: lower numbers directly behind a comparison, higher ones behind those. This
 * is for what is too long to have its leaves in reach of every comparison.
 */
static void emit_tree(struct str *out, const struct run *runs, size_t n)
{
	own_str struct str low = { 0 };
	size_t half = n / 2;

	if (n == 1) {
		emit_leaf(out, &runs[0].is);
		return;
	}
	emit_tree(&low, runs, half);
	if (length(&low) <= SHORT) {
		emit(out, BPF_JMP | BPF_JGE | BPF_K, (uint8_t)length(&low), 0, runs[half].first);
	} else {
		emit(out, BPF_JMP | BPF_JGE | BPF_K, 0, 1, runs[half].first);
		emit(out, BPF_JMP | BPF_JA, 0, 0, (uint32_t)length(&low));
	}
	out->torn |= low.torn;
	str_add_len(out, low.at ? low.at : "", low.len);
	emit_tree(out, runs + half, n - half);
}

/**
 * struct leaves - different answers, each of which stands once behind its tree
 * @nodes: comparisons in the tree
 */
struct leaves {
	struct answer at[SHORT];
	size_t n, nodes;
};

/* Distance from the comparison at @node to the leaf for @is. */
static uint8_t to_leaf(const struct leaves *l, size_t node, const struct answer *is)
{
	size_t i = 0;

	while (!same(l->at[i], *is))
		i++;
	return (uint8_t)(l->nodes - node - 1 + i);
}

static bool find_leaves(struct leaves *l, const struct run *runs, size_t n)
{
	l->n = 0;
	l->nodes = n - 1;
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < l->n && !same(l->at[k], runs[i].is))
			k++;
		if (k == l->n && (l->n == SHORT || l->nodes + ++l->n > SHORT))
			return false;
		l->at[k] = runs[i].is;
	}
	return n > 1;
}

/* The same tree, but comparisons jump to shared leaves; @first is where the tree begins. */
static void emit_shared(struct str *out, size_t first, const struct run *runs, size_t n,
			const struct leaves *l)
{
	size_t half = n / 2, node = length(out) - first;
	uint8_t high = (uint8_t)(half - 1), low = 0;

	if (half == 1)
		low = to_leaf(l, node, &runs[0].is);
	if (n - half == 1)
		high = to_leaf(l, node, &runs[half].is);
	emit(out, BPF_JMP | BPF_JGE | BPF_K, high, low, runs[half].first);
	if (half > 1)
		emit_shared(out, first, runs, half, l);
	if (n - half > 1)
		emit_shared(out, first, runs + half, n - half, l);
}

/* All that is said of one architecture's calls. */
static bool emit_arch(struct job *j, uint32_t arch, struct str *out)
{
	struct leaves leaves;
	size_t n = 0;

	for (size_t i = 0; i < j->n_points; i++) {
		struct answer is;

		if (!ask(j->in, j->n, arch, j->points[i], &is))
			return false;
		if (!n || !same(is, j->runs[n - 1].is))
			j->runs[n++] = (struct run){ j->points[i], is };
	}
	emit(out, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	if (!find_leaves(&leaves, j->runs, n)) {
		emit_tree(out, j->runs, n);
		return !out->torn;
	}
	emit_shared(out, length(out), j->runs, n, &leaves);
	for (size_t i = 0; i < leaves.n; i++)
		emit_leaf(out, &leaves.at[i]);
	return !out->torn;
}

static bool emit_head(struct job *j)
{
	emit(&j->head, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < j->n_archs; i++) {
		own_str struct str part = { 0 };

		if (!emit_arch(j, j->archs[i], &part))
			return false;
		if (i + 1 < j->n_archs) {
			emit(&j->head, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, j->archs[i]);
			emit(&j->head, BPF_JMP | BPF_JA, 0, 0, (uint32_t)length(&part));
		}
		str_add_len(&j->head, part.at, part.len);
	}
	return !j->head.torn;
}

/* Marks in @where what can be reached from the places that the head jumps to. */
static void mark(struct job *j)
{
	const struct sock_filter *head = (const void *)j->head.at;

	for (size_t i = 0; i < length(&j->head); i++)
		if (head[i].code == (BPF_JMP | BPF_JA) && head[i].jt == FAR_MARK)
			j->where[head[i].k] = 1;
	for (size_t i = 0; i < j->n; i++) {
		const struct sock_filter *f = &j->in[i];

		if (!j->where[i] || BPF_CLASS(f->code) == BPF_RET)
			continue;
		if (BPF_CLASS(f->code) != BPF_JMP) {
			j->where[i + 1] = 1;
		} else if (BPF_OP(f->code) == BPF_JA) {
			j->where[i + 1 + f->k] = 1;
		} else {
			j->where[i + 1 + f->jt] = 1;
			j->where[i + 1 + f->jf] = 1;
		}
	}
}

/* Copies what is marked. Jumps get shorter only, so their 8 bits still suffice. */
static bool emit_tail(struct job *j)
{
	uint32_t n = 0;

	j->where = calloc(j->n, sizeof(*j->where));
	if (!j->where)
		return false;
	mark(j);
	for (size_t i = 0; i < j->n; i++)
		j->where[i] = j->where[i] ? n++ : NO_ARGS;
	for (size_t i = 0; i < j->n; i++) {
		struct sock_filter f = j->in[i];
		uint32_t me = j->where[i] + 1;

		if (j->where[i] == NO_ARGS)
			continue;
		if (f.code == (BPF_JMP | BPF_JA)) {
			f.k = j->where[i + 1 + f.k] - me;
		} else if (BPF_CLASS(f.code) == BPF_JMP) {
			f.jt = (uint8_t)(j->where[i + 1 + f.jt] - me);
			f.jf = (uint8_t)(j->where[i + 1 + f.jf] - me);
		}
		str_add_len(&j->tail, (const char *)&f, sizeof(f));
	}
	return !j->tail.torn;
}

static void join(struct job *j)
{
	struct sock_filter *f = (void *)j->head.at;
	size_t n = length(&j->head);

	for (size_t i = 0; i < n; i++)
		if (f[i].code == (BPF_JMP | BPF_JA) && f[i].jt == FAR_MARK)
			f[i] = (struct sock_filter){ f[i].code, 0, 0,
						     (uint32_t)(n - i - 1) + j->where[f[i].k] };
	if (j->tail.len)
		str_add_len(&j->head, j->tail.at, j->tail.len);
}

/* Asks the new filter what the old one was asked. */
static bool proves(const struct job *j, size_t head)
{
	for (size_t a = 0; a < j->n_archs; a++)
		for (size_t i = 0; i < j->n_points; i++) {
			struct answer was, is;

			if (!ask(j->in, j->n, j->archs[a], j->points[i], &was) ||
			    !ask((const void *)j->head.at, length(&j->head), j->archs[a],
				 j->points[i], &is))
				return false;
			if (was.at != NO_ARGS)
				was.at = (uint32_t)head + j->where[was.at];
			if (!same(was, is))
				return false;
		}
	return true;
}

static bool rebuild(struct job *j, const uint32_t *archs, size_t n_archs)
{
	size_t head;

	if (!is_closed(j->in, j->n) || !find_points(j) || !find_archs(j, archs, n_archs) ||
	    !emit_head(j) || !emit_tail(j))
		return false;
	head = length(&j->head);
	join(j);
	return !j->head.torn && length(&j->head) < j->n && proves(j, head);
}

/**
 * seccomp_try_shrink() - append a shorter filter that says the same to @out
 * @in, @n:  a valid filter, as the kernel would take it
 * @archs:   AUDIT_ARCH_* values that it tells apart
 *
 * Return: 0; -ENOTSUP when none shorter was found, and @out is as it was.
 */
int seccomp_try_shrink(const struct sock_filter *in, size_t n, const uint32_t *archs,
		       size_t n_archs, struct str *out)
{
	struct job j = { .in = in, .n = n };
	bool done = rebuild(&j, archs, n_archs);

	if (done)
		str_add_len(out, j.head.at, j.head.len);
	free(j.points);
	free(j.archs);
	free(j.where);
	free(j.runs);
	str_done(&j.head);
	str_done(&j.tail);
	return done ? 0 : -ENOTSUP;
}
