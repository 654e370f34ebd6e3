/* SPDX-License-Identifier: Apache-2.0
 * Where a secret comes from. It goes from the system call into secret memory and nowhere else. */
#include "ctrlplane/credential/credential_priv.h"
#include "ctrlplane/log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NEWLINE_MAX = 2, SHOWN_MAX = 400, PATH_SIZE = 1024 };

/* What is read, from where, into what. */
struct source {
	const struct conf_password *conf;
	const char *what; /* as errors call it */
	struct secret *to;
	struct credential_error *error;
};

int source_read_fd(int fd, struct secret *to)
{
	size_t len = 0, room = secret_room(to);
	ssize_t n = 1;
	uint8_t beyond;

	while (n > 0 && len < room) {
		n = read(fd, secret_bytes(to) + len, room - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n > 0)
		n = read(fd, &beyond, 1) > 0 ? -(errno = EFBIG) : 0;
	if (n < 0)
		return -errno;
	secret_set_len(to, len);
	return 0;
}

/* Who may know it: PostgreSQL's own rule for key files. NULL: nobody else. */
static const char *mode_check(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no plain file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "belongs to neither root nor the user that sluiced runs as: chown it";
	if ((st->st_mode & S_IRWXO) != 0)
		return "may be read or changed by others: chmod 600 it";
	if ((st->st_mode & (S_IWGRP | S_IXGRP)) != 0)
		return "may be changed by its group: chmod 600 it";
	if (st->st_uid != 0 && (st->st_mode & S_IRGRP) != 0)
		return "may be read by its group, which only a file of root's may: chmod 600 it";
	return NULL;
}

static int read_open_file(const struct source *s, int fd, const char *path)
{
	const char *wrong;
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return credential_fail(
				s->error, -errno, "%s file %s: %s", s->what, path, strerror(errno));
	wrong = mode_check(&st);
	if (wrong != NULL)
		return credential_fail(s->error, -EACCES, "%s file %s %s", s->what, path, wrong);
	rc = source_read_fd(fd, s->to);
	return rc < 0 ? credential_fail(s->error, rc, "%s file %s: %s", s->what, path,
					strerror(-rc))
		      : 0;
}

static int read_file(const struct source *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc;

	if (fd < 0)
		return credential_fail(
				s->error, -errno, "%s file %s: %s", s->what, path, strerror(errno));
	rc = read_open_file(s, fd, path);
	close(fd);
	return rc;
}

static int read_env(const struct source *s, const char *name)
{
	const char *value = getenv(name);
	size_t len = value == NULL ? 0 : strlen(value);

	if (value == NULL)
		return credential_fail(s->error, -ENOENT,
				"%s: sluiced's environment has no variable %s", s->what, name);
	if (len > CREDENTIAL_PASSWORD_MAX)
		return credential_fail(s->error, -EFBIG, "%s: variable %s: %s", s->what, name,
				strerror(EFBIG));
	memcpy(secret_bytes(s->to), value, len);
	secret_set_len(s->to, len);
	return 0;
}

static int read_systemd(const struct source *s, const char *name)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_SIZE];

	if (dir == NULL)
		return credential_fail(s->error, -ENOENT,
				"%s: no credential %s, for systemd has given sluiced none: add "
				"LoadCredential= to its unit",
				s->what, name);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return credential_fail(s->error, -ENAMETOOLONG, "%s: credential %s: %s", s->what,
				name, strerror(ENAMETOOLONG));
	return read_file(s, path);
}

/* What it wrote to stderr, one line, unless what it wrote to stdout is in there. */
static void log_stderr(const char *program, const struct secret *out, const struct secret *err,
		bool failed)
{
	struct span o = secret_span(out), e = secret_span(err);
	char shown[SHOWN_MAX + 1];
	size_t n = e.len < SHOWN_MAX ? e.len : SHOWN_MAX;

	while (o.len > 0 && (o.ptr[o.len - 1] == '\n' || o.ptr[o.len - 1] == '\r'))
		o.len--;
	if (e.len == 0)
		return;
	if (o.len > 0 && memmem(e.ptr, e.len, o.ptr, o.len) != NULL) {
		log_warn("credential", "%s: its stderr is withheld: it has the secret in it",
				program);
		return;
	}
	for (size_t i = 0; i < n; i++)
		shown[i] = e.ptr[i] >= 0x20 && e.ptr[i] < 0x7f ? (char)e.ptr[i]
				: e.ptr[i] == '\n'             ? ' '
							       : '?';
	shown[n] = '\0';
	if (failed)
		log_warn("credential", "%s says: %s", program, shown);
	else
		log_info("credential", "%s says: %s", program, shown);
}

static int read_command(const struct source *s)
{
	const struct conf_texts *argv = &s->conf->command;
	struct credential_error why;
	struct secret *err = NULL;
	int rc = secret_new(CREDENTIAL_STDERR_MAX, &err);

	if (rc < 0)
		return credential_fail(s->error, rc, "no memory for secrets: %s", strerror(-rc));
	rc = command_run(argv, CREDENTIAL_COMMAND_MS, s->to, err, &why);
	log_stderr(argv->at[0], s->to, err, rc < 0);
	secret_free(&err);
	return rc < 0 ? credential_fail(s->error, rc, "%s %s", s->what, why.text) : 0;
}

static int read_any(const struct source *s)
{
	if (s->conf->file != NULL)
		return read_file(s, s->conf->file);
	if (s->conf->env != NULL)
		return read_env(s, s->conf->env);
	if (s->conf->systemd != NULL)
		return read_systemd(s, s->conf->systemd);
	if (s->conf->command.n > 0)
		return read_command(s);
	return credential_fail(s->error, -EINVAL, "%s: has no source", s->what);
}

static int check(const struct source *s)
{
	const bool has_newline = s->conf->env == NULL;
	struct span text = secret_span(s->to);

	if (has_newline && text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len -= text.len > 1 && text.ptr[text.len - 2] == '\r' ? 2 : 1;
	secret_set_len(s->to, text.len);
	if (text.len == 0)
		return credential_fail(
				s->error, -ENODATA, "%s: its source has nothing in it", s->what);
	if (memchr(text.ptr, 0, text.len) != NULL)
		return credential_fail(s->error, -EINVAL, "%s: has a NUL byte in it", s->what);
	if (text.len > CREDENTIAL_PASSWORD_MAX)
		return credential_fail(s->error, -EFBIG, "%s: is longer than %d bytes", s->what,
				CREDENTIAL_PASSWORD_MAX);
	return 0;
}

int credential_read(const struct conf_password *conf, const char *what, struct secret **ret_secret,
		struct credential_error *error)
{
	struct source s = { .conf = conf, .what = what, .error = error };
	int rc = secret_new(CREDENTIAL_PASSWORD_MAX + NEWLINE_MAX, &s.to);

	if (rc < 0)
		return credential_fail(error, rc, "no memory for secrets: %s", strerror(-rc));
	rc = read_any(&s);
	if (rc == 0)
		rc = check(&s);
	if (rc < 0)
		secret_free(&s.to);
	else
		*ret_secret = s.to;
	return rc;
}
