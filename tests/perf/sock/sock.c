/* SPDX-License-Identifier: Apache-2.0
 * See sock.h. */
#include "tests/perf/sock/sock.h"

#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t sock_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

long sock_number(const char *text, long min, long max)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || v < min || v > max)
		errx(2, "'%s' is not a number from %ld to %ld", text, min, max);
	return v;
}

void sock_address(const char *ip, const char *port, union sock_address *ret_to)
{
	memset(ret_to, 0, sizeof(*ret_to));
	ret_to->in.sin_family = AF_INET;
	ret_to->in.sin_port = htons((uint16_t)sock_number(port, 1, 65535));
	if (inet_pton(AF_INET, ip, &ret_to->in.sin_addr) != 1)
		errx(2, "'%s' is no IPv4 address", ip);
}

int sock_listen(const char *port)
{
	union sock_address a;
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	sock_address("0.0.0.0", port, &a);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
			bind(fd, &a.any, sizeof(a.in)) < 0 || listen(fd, 1024) < 0)
		err(2, "listening on port %s", port);
	return fd;
}

void sock_nodelay(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		err(1, "TCP_NODELAY");
}

bool sock_read_all(int fd, void *to, size_t n)
{
	char *at = to;

	while (n > 0) {
		ssize_t got = read(fd, at, n);

		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

bool sock_write_all(int fd, const void *from, size_t n)
{
	const char *at = from;

	while (n > 0) {
		ssize_t put = write(fd, at, n);

		if (put <= 0)
			return false;
		at += put;
		n -= (size_t)put;
	}
	return true;
}
