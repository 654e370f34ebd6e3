/* SPDX-License-Identifier: Apache-2.0
 * PEM files that are written once. */
#include "tools/ca/ca.h"

#include <openssl/pem.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that was not there before, with exactly <mode>. */
static int create(const char *path, mode_t mode, FILE **ret)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	*ret = fchmod(fd, mode) == 0 ? fdopen(fd, "w") : NULL;
	if (*ret != NULL)
		return 0;
	close(fd);
	unlink(path);
	return -EIO;
}

/* What was written is on the disk, or is not there. */
static int finish(const char *path, FILE *file, int is_written)
{
	int rc = is_written == 1 && fflush(file) == 0 && fsync(fileno(file)) == 0 ? 0 : -EIO;

	if (fclose(file) != 0)
		rc = -EIO;
	if (rc != 0)
		unlink(path);
	return rc;
}

int ca_write_cert(const char *path, X509 *cert)
{
	FILE *file = NULL;
	int rc = create(path, 0644, &file);

	return rc != 0 ? rc : finish(path, file, PEM_write_X509(file, cert));
}

int ca_write_key(const char *path, EVP_PKEY *key)
{
	FILE *file = NULL;
	int rc = create(path, 0600, &file);

	if (rc != 0)
		return rc;
	return finish(path, file, PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
}

static int no_password(char *buf, int size, int is_write, void *arg)
{
	(void)buf;
	(void)size;
	(void)is_write;
	(void)arg;
	return -1;
}

int ca_read_cert(const char *path, X509 **ret)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return -errno;
	*ret = PEM_read_X509(file, NULL, no_password, NULL);
	fclose(file);
	return *ret == NULL ? -EBADMSG : 0;
}

int ca_read_key(const char *path, EVP_PKEY **ret)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return -errno;
	*ret = PEM_read_PrivateKey(file, NULL, no_password, NULL);
	fclose(file);
	return *ret == NULL ? -EBADMSG : 0;
}
