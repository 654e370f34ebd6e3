/* SPDX-License-Identifier: Apache-2.0
 * A program that prints a password: no shell, no environment of ours, no file but its three,
 * bounded in time and in output, and gone with all that it started in its process group. */
#include "ctrlplane/credential/credential_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum end { END_READ, END_WRITE, ENDS };

enum { ARGV_MAX = 64 };

struct command {
	pid_t pid;
	int exited; /* pidfd: readable once it has ended */
	int out[ENDS], err[ENDS];
	bool over; /* it has ended: seen before the last look at the pipes */
	uint64_t deadline_ms;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int pipe_open(int ends[ENDS])
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	return fcntl(ends[END_READ], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int actions_make(const struct command *c, posix_spawn_file_actions_t *a)
{
	int rc = posix_spawn_file_actions_addopen(a, 0, "/dev/null", O_RDONLY, 0);

	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(a, c->out[END_WRITE], 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(a, c->err[END_WRITE], 2);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(a, 3);
	return rc == 0 ? posix_spawn_file_actions_addchdir_np(a, "/") : rc;
}

/* A process group of its own, no signal blocked or ignored. */
static int attributes_make(posix_spawnattr_t *a)
{
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	rc = posix_spawnattr_setflags(
			a, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(a, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(a, &all);
	return rc == 0 ? posix_spawnattr_setpgroup(a, 0) : rc;
}

static int spawn(struct command *c, const struct conf_texts *argv)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char locale[] = "LC_ALL=C.UTF-8";
	static char *const env[] = { path, locale, NULL };
	char *args[ARGV_MAX + 1] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int rc;

	if (argv->n == 0 || argv->n > ARGV_MAX)
		return -E2BIG;
	memcpy(args, argv->at, argv->n * sizeof(args[0]));
	if (posix_spawn_file_actions_init(&actions) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	rc = actions_make(c, &actions);
	if (rc == 0)
		rc = attributes_make(&attributes);
	if (rc == 0)
		rc = posix_spawn(&c->pid, args[0], &actions, &attributes, args, env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

static int start(struct command *c, const struct conf_texts *argv)
{
	int rc = pipe_open(c->out);

	if (rc == 0)
		rc = pipe_open(c->err);
	if (rc == 0)
		rc = spawn(c, argv);
	if (rc < 0)
		return rc;
	close_fd(&c->out[END_WRITE]);
	close_fd(&c->err[END_WRITE]);
	c->exited = pidfd_open(c->pid, 0);
	return c->exited < 0 ? -errno : 0;
}

/* Reads what is there behind *len; closes the pipe at its end. -EFBIG: there is more than the room.
 * */
static int take(int *fd, struct secret *to, size_t *len)
{
	uint8_t beyond[64];
	const bool full = *len == secret_room(to);
	ssize_t n = full ? read(*fd, beyond, sizeof(beyond))
			 : read(*fd, secret_bytes(to) + *len, secret_room(to) - *len);

	explicit_bzero(beyond, sizeof(beyond));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		close_fd(fd);
	else if (full)
		return -EFBIG;
	else
		*len += (size_t)n;
	return (int)n;
}

/* One step: 1 as long as there may be more. */
static int step(struct command *c, struct secret *out, size_t *n_out, struct secret *err,
		size_t *n_err)
{
	const uint64_t now = now_ms();
	struct pollfd fds[] = { { c->out[END_READ], POLLIN, 0 }, { c->err[END_READ], POLLIN, 0 },
		{ c->exited, POLLIN, 0 } };
	bool was_over;
	int rc = 0, more;

	if (now >= c->deadline_ms)
		return -ETIMEDOUT;
	if (poll(fds, 3, (int)(c->deadline_ms - now)) < 0)
		return errno == EINTR ? 1 : -errno;
	if (fds[0].revents != 0)
		rc = take(&c->out[END_READ], out, n_out);
	more = rc;
	if (rc >= 0 && fds[1].revents != 0) {
		rc = take(&c->err[END_READ], err, n_err);
		rc = rc == -EFBIG ? 1 : rc; /* what is beyond is thrown away */
		more += rc;
	}
	if (rc < 0)
		return rc;
	was_over = c->over;
	c->over |= fds[2].revents != 0;
	return more > 0 || !was_over; /* one more look: it may have written last of all */
}

/* The whole group is killed while the leader, ended or not, still keeps its number from others. */
static int reap(struct command *c)
{
	siginfo_t info = { 0 };

	kill(-c->pid, SIGKILL);
	while (waitid(P_PID, (id_t)c->pid, &info, WEXITED) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return info.si_code == CLD_EXITED && info.si_status == 0 ? 0 : -ECHILD;
}

static int fail(struct credential_error *error, int rc, const char *program, int timeout_ms)
{
	if (rc == -ETIMEDOUT)
		return credential_fail(error, rc,
				"command %s: killed, for it took longer than %d ms", program,
				timeout_ms);
	if (rc == -EFBIG)
		return credential_fail(error, rc, "command %s: prints more than %d bytes", program,
				CREDENTIAL_PASSWORD_MAX);
	if (rc == -ECHILD)
		return credential_fail(error, rc, "command %s: ended with an error", program);
	return credential_fail(error, rc, "command %s: %s", program, strerror(-rc));
}

int command_run(const struct conf_texts *argv, int timeout_ms, struct secret *out,
		struct secret *err, struct credential_error *error)
{
	struct command c = { .pid = -1,
		.exited = -1,
		.out = { -1, -1 },
		.err = { -1, -1 },
		.deadline_ms = now_ms() + (uint64_t)timeout_ms };
	size_t n_out = 0, n_err = 0;
	int rc = start(&c, argv), ended;

	if (rc == 0) {
		do
			rc = step(&c, out, &n_out, err, &n_err);
		while (rc > 0);
	}
	ended = c.pid > 0 ? reap(&c) : 0;
	secret_set_len(out, n_out);
	secret_set_len(err, n_err);
	close_fd(&c.exited);
	for (enum end e = END_READ; e < ENDS; e++) {
		close_fd(&c.out[e]);
		close_fd(&c.err[e]);
	}
	rc = rc < 0 ? rc : ended;
	return rc < 0 ? fail(error, rc, argv->at[0], timeout_ms) : 0;
}
