/* SPDX-License-Identifier: Apache-2.0
 * A JWKS in a file: read again when its inode, size or time of change is another. */
#include "ctrlplane/identity/identity_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECENT_S = 2 };

static bool is_same(const struct keyfile *a, const struct stat *st)
{
	return !a->recent && a->ino == st->st_ino && a->dev == st->st_dev &&
			a->size == (uint64_t)st->st_size && a->mtime.tv_sec == st->st_mtim.tv_sec &&
			a->mtime.tv_nsec == st->st_mtim.tv_nsec;
}

static int read_body(int fd, struct span *ret)
{
	uint8_t *body = malloc(FETCH_BODY_MAX + 1);
	size_t len = 0;
	ssize_t n = 1;

	if (body == NULL)
		return -ENOMEM;
	while (n > 0 && len <= FETCH_BODY_MAX) {
		n = read(fd, body + len, FETCH_BODY_MAX + 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0 || len > FETCH_BODY_MAX) {
		free(body);
		return n < 0 ? -errno : -EFBIG;
	}
	*ret = (struct span){ body, len };
	return 1;
}

int keyfile_read(const char *path, struct keyfile *last, int64_t now_s, struct span *ret_body)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int rc = -errno;

	if (fd < 0)
		return rc;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = -EINVAL;
	else
		rc = is_same(last, &st) ? 0 : read_body(fd, ret_body);
	close(fd);
	if (rc > 0)
		*last = (struct keyfile){ .mtime = st.st_mtim,
			.ino = st.st_ino,
			.dev = st.st_dev,
			.size = (uint64_t)st.st_size,
			.recent = now_s - st.st_mtim.tv_sec < RECENT_S };
	return rc;
}
