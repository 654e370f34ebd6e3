/* SPDX-License-Identifier: Apache-2.0
 * The Unix socket: mode 0660, never over somebody's shoulder. A name left behind by a daemon that
 * is gone is replaced; one that answers, or that is no socket, is not. */
#include "ctrlplane/api/api_priv.h"
#include "ctrlplane/log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64, MODE = 0660, DIR_MODE = 0755 };

struct api_socket {
	int fd;
	struct sockaddr_un name;
	dev_t dev; /* of the name, to remove no other's */
	ino_t ino;
};

/* Its folder, one level: the rest must be there. */
static void make_folder(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	size_t n = (size_t)(strrchr(path, '/') - path);

	if (n == 0 || n >= sizeof(folder))
		return;
	memcpy(folder, path, n);
	folder[n] = '\0';
	if (mkdir(folder, DIR_MODE) < 0 && errno != EEXIST)
		log_warn("api", "the folder '%s' cannot be made: %s", folder, strerror(errno));
}

/* 0: nobody answers there. */
static int probe(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc;

	if (fd < 0)
		return -errno;
	rc = connect(fd, (const struct sockaddr *)name, sizeof(*name)) == 0 ? -EADDRINUSE : -errno;
	close(fd);
	return rc == -ECONNREFUSED || rc == -ENOENT ? 0 : rc == -EAGAIN ? -EADDRINUSE : rc;
}

static int remove_stale(const struct sockaddr_un *name)
{
	const char *path = name->sun_path;
	struct stat st;
	int rc;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		log_err("api",
				"'%s' exists and is no socket: remove it, or set another "
				"appliance.api.socket",
				path);
		return -EEXIST;
	}
	rc = probe(name);
	if (rc == -EADDRINUSE)
		log_err("api",
				"somebody listens on '%s' already: stop it, or set another "
				"appliance.api.socket",
				path);
	else if (rc == 0 && unlink(path) < 0)
		rc = -errno;
	return rc;
}

/* Linux gives the name the mode that the socket has when it is bound, less umask. */
static int bind_and_listen(struct api_socket *s)
{
	struct stat st;

	if (fchmod(s->fd, MODE) < 0 ||
			bind(s->fd, (const struct sockaddr *)&s->name, sizeof(s->name)) < 0)
		return -errno;
	if (lstat(s->name.sun_path, &st) < 0 || chmod(s->name.sun_path, MODE) < 0)
		return -errno;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return listen(s->fd, BACKLOG) < 0 ? -errno : 0;
}

int api_socket_open(const char *path, struct api_socket **ret_socket)
{
	struct api_socket *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return -ENOMEM;
	s->fd = -1;
	s->name.sun_family = AF_UNIX;
	rc = -ENAMETOOLONG;
	if (strlen(path) >= sizeof(s->name.sun_path))
		goto out;
	memcpy(s->name.sun_path, path, strlen(path));
	make_folder(path);
	rc = remove_stale(&s->name);
	if (rc < 0)
		goto out;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	rc = s->fd < 0 ? -errno : bind_and_listen(s);
	if (rc == 0)
		*ret_socket = s;
out:
	if (rc < 0) {
		if (rc != -EEXIST && rc != -EADDRINUSE)
			log_err("api", "cannot listen on '%s': %s", path, strerror(-rc));
		api_socket_close(&s);
	}
	return rc;
}

int api_socket_dup(const struct api_socket *s)
{
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

void api_socket_close(struct api_socket **socket)
{
	struct api_socket *s = *socket;
	struct stat st;

	if (s == NULL)
		return;
	if (s->ino != 0 && lstat(s->name.sun_path, &st) == 0 && st.st_dev == s->dev &&
			st.st_ino == s->ino)
		unlink(s->name.sun_path);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	*socket = NULL;
}
