/* SPDX-License-Identifier: Apache-2.0
 * sim: runs seeds, says which fail and how to run them again, makes a failure smaller.
 *
 *	sim --seeds N [--from S] [--jobs J] [--keep-going] [--paranoid]
 *	sim --seed S [--mask HEX] [--verbose]
 *	sim --seed S --shrink
 */
#include "tests/sim/world.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 64, RUN_TIMEOUT_S = 20 };

struct options {
	const char *argv0;
	uint64_t seed, from, n_seeds, mask;
	uint32_t jobs;
	bool verbose, shrink, keep_going, paranoid, one, quiet;
};

/* Shared between the parent and its workers: what each is at, and what all did. */
struct board {
	struct {
		uint64_t seed, done, failed, frames, polls, features;
	} job[JOBS_MAX];
};

struct result {
	bool failed;
	char inv[8], why[400];
	uint64_t active;
	struct sim_stats stats;
};

static void run_seed(const struct options *o, uint64_t seed, uint64_t mask, struct result *ret)
{
	struct plan p;
	struct world *w;

	plan_generate(&p, seed, mask, !engine_is_cable);
	p.env.paranoid |= o->paranoid;
	w = world_new(&p, o->verbose);
	if (!w->failed)
		world_run(w);
	*ret = (struct result){ .failed = w->failed, .active = p.active, .stats = w->stats };
	memcpy(ret->inv, w->inv, sizeof(ret->inv));
	memcpy(ret->why, w->why, sizeof(ret->why));
	world_free(&w);
	plan_done(&p);
}

static void print_features(uint64_t active)
{
	const char *sep = "";

	for (int f = 0; f < FEATURES; f++) {
		if (active >> f & 1) {
			printf("%s%s", sep, feature_name((enum feature)f));
			sep = ", ";
		}
	}
	printf("\n");
}

static void print_failure(const struct options *o, uint64_t seed, const struct result *r)
{
	printf("FAIL seed %" PRIu64 ": %s: %s\n", seed, r->inv, r->why);
	printf("  with ");
	print_features(r->active);
	printf("  again: %s --seed %" PRIu64, o->argv0, seed);
	if (o->mask != UINT64_MAX)
		printf(" --mask %" PRIx64, o->mask);
	printf(" --verbose\n");
	fflush(stdout);
}

/* --- many seeds --- */

static int job_run(const struct options *o, struct board *b, uint32_t job)
{
	int failed = 0;

	for (uint64_t s = o->from + job; s < o->from + o->n_seeds; s += o->jobs) {
		struct result r;

		b->job[job].seed = s;
		alarm(RUN_TIMEOUT_S);
		run_seed(o, s, o->mask, &r);
		alarm(0);
		b->job[job].done++;
		b->job[job].frames += r.stats.rx_frames + r.stats.tx_frames;
		b->job[job].polls += r.stats.polls;
		b->job[job].features |= r.active;
		if (!r.failed)
			continue;
		print_failure(o, s, &r);
		b->job[job].failed++;
		failed = 1;
		if (!o->keep_going)
			break;
	}
	return failed;
}

/* Starts a worker, again after each crash when asked to keep going. */
static pid_t job_start(const struct options *o, struct board *b, uint32_t job, uint64_t from)
{
	struct options mine = *o;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		mine.n_seeds = o->from + o->n_seeds - from + job;
		mine.from = from - job;
		_exit(job_run(&mine, b, job));
	}
	return pid;
}

static bool job_ended(const struct options *o, struct board *b, uint32_t job, int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == 0;
	printf("FAIL seed %" PRIu64 ": the engine died of signal %d%s\n", b->job[job].seed,
			WTERMSIG(status), WTERMSIG(status) == SIGALRM ? " (took too long)" : "");
	printf("  again: %s --seed %" PRIu64 " --verbose\n", o->argv0, b->job[job].seed);
	b->job[job].failed++;
	return false;
}

static int run_many(const struct options *o)
{
	struct board *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	struct timespec t0, t1;
	pid_t pid[JOBS_MAX];
	uint32_t alive = o->jobs;
	uint64_t done = 0, failed = 0, frames = 0;
	double s;

	if (b == MAP_FAILED)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (uint32_t j = 0; j < o->jobs; j++)
		pid[j] = job_start(o, b, j, o->from + j);
	while (alive > 0) {
		int status;
		const pid_t got = wait(&status);

		for (uint32_t j = 0; j < o->jobs; j++) {
			if (pid[j] != got)
				continue;
			if (!job_ended(o, b, j, status) && WIFSIGNALED(status) && o->keep_going)
				pid[j] = job_start(o, b, j, b->job[j].seed + o->jobs);
			else
				alive--;
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	for (uint32_t j = 0; j < o->jobs; j++) {
		done += b->job[j].done;
		failed += b->job[j].failed;
		frames += b->job[j].frames;
	}
	s = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
	printf("%" PRIu64 " seeds in %.1f s (%.2f ms each), %" PRIu64 " frames\n", done, s,
			done > 0 ? s * 1000 * o->jobs / (double)done : 0, frames);
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", done - (failed < done ? failed : done),
			failed);
	munmap(b, sizeof(*b));
	return failed != 0;
}

/* --- one seed --- */

static int run_one(const struct options *o)
{
	struct result r;

	run_seed(o, o->seed, o->mask, &r);
	if (r.failed) {
		print_failure(o, o->seed, &r);
		return 1;
	}
	printf("seed %" PRIu64 ": passed, %" PRIu64 " frames in, %" PRIu64 " out, %" PRIu64
	       " events\n",
			o->seed, r.stats.rx_frames, r.stats.tx_frames, r.stats.events);
	printf("  with ");
	print_features(r.active);
	return 0;
}

/* How it fails with <mask>: 0 not at all, else a number that stands for the invariant or for the
 * signal that it died of. In a child, for that reason. */
static int fails_how(const struct options *o, uint64_t mask)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct result r;
		int how = 100;

		alarm(RUN_TIMEOUT_S);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(2);
		run_seed(o, o->seed, mask, &r);
		for (const char *s = r.inv; *s != '\0'; s++)
			how = (how * 31 + *s) % 100 + 100;
		_exit(r.failed ? how : 0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

static int run_shrink(struct options *o)
{
	uint64_t mask = 0;
	struct plan p;
	bool smaller = true;
	int how;

	plan_generate(&p, o->seed, o->mask, !engine_is_cable);
	mask = p.active;
	plan_done(&p);
	how = fails_how(o, mask);
	if (how == 0) {
		printf("seed %" PRIu64 " does not fail\n", o->seed);
		return 0;
	}
	while (smaller) {
		smaller = false;
		for (int f = 0; f < FEATURES; f++) {
			if ((mask >> f & 1) == 0 || fails_how(o, mask & ~(1ull << f)) != how)
				continue;
			mask &= ~(1ull << f);
			smaller = true;
		}
	}
	o->mask = mask;
	printf("smallest that still fails: --seed %" PRIu64 " --mask %" PRIx64 "\n", o->seed, mask);
	printf("  with ");
	print_features(mask);
	fflush(stdout);
	return run_one(o);
}

static _Noreturn void usage(int rc)
{
	printf("sim --seeds N [--from S] [--jobs J] [--keep-going] [--paranoid]\n"
	       "sim --seed S [--mask HEX] [--verbose] | --shrink\n");
	exit(rc);
}

static void parse_options(int argc, char **argv, struct options *o)
{
	static const struct option opt[] = { { "seeds", 1, NULL, 'n' }, { "from", 1, NULL, 'f' },
		{ "jobs", 1, NULL, 'j' }, { "seed", 1, NULL, 's' }, { "mask", 1, NULL, 'm' },
		{ "verbose", 0, NULL, 'v' }, { "shrink", 0, NULL, 'S' },
		{ "keep-going", 0, NULL, 'k' }, { "paranoid", 0, NULL, 'p' },
		{ "help", 0, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "n:f:j:s:m:vSkph", opt, NULL)) != -1) {
		switch (c) {
		case 'n':
			o->n_seeds = strtoull(optarg, NULL, 10);
			break;
		case 'f':
			o->from = strtoull(optarg, NULL, 10);
			break;
		case 'j':
			o->jobs = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 's':
			o->seed = strtoull(optarg, NULL, 10);
			o->one = true;
			break;
		case 'm':
			o->mask = strtoull(optarg, NULL, 16);
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'S':
			o->shrink = true;
			break;
		case 'k':
			o->keep_going = true;
			break;
		case 'p':
			o->paranoid = true;
			break;
		default:
			usage(c == 'h' ? 0 : 2);
		}
	}
	if (o->jobs == 0 || o->jobs > JOBS_MAX || optind != argc)
		usage(2);
}

int main(int argc, char **argv)
{
	struct options o = {
		.argv0 = argv[0], .from = 1, .n_seeds = 1000, .mask = UINT64_MAX, .jobs = 1
	};

	parse_options(argc, argv, &o);
	if (o.one && o.shrink)
		return run_shrink(&o);
	return o.one ? run_one(&o) : run_many(&o);
}
