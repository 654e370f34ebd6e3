/* SPDX-License-Identifier: Apache-2.0
 * The codec between real clients and a real server, over loopback: `record.py --live` drives it.
 *
 *	pg_live TO_PORT WORD	listens on a port of 127.0.0.1 that it prints; commands with WORD are denied
 *
 * One process a connection, until it is killed. Not what the data plane will be: blocking, and copying. */
#include "tests/unit/pg/tap.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct tap t;
static int fds[CODEC_DIRS]; /* where a direction's bytes go */

static void out(void *ctx, enum codec_dir dir, struct span bytes)
{
	(void)ctx;
	while (bytes.len > 0) {
		const ssize_t n = write(fds[dir], bytes.ptr, bytes.len);

		if (n <= 0)
			exit(EXIT_SUCCESS); /* the other side has gone */
		bytes.ptr += n;
		bytes.len -= (size_t)n;
	}
}

static int connect_to(uint16_t port)
{
	const struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	must(fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0);
	return fd;
}

/* Chunks of odd sizes; ends when either side does, or the session is bad. */
static void relay(int client, uint16_t to_port, const char *word)
{
	static uint8_t bytes[8191];
	struct pollfd p[CODEC_DIRS];

	fds[CODEC_TO_CLIENT] = client;
	fds[CODEC_TO_SERVER] = connect_to(to_port);
	p[CODEC_TO_SERVER] = (struct pollfd){ client, POLLIN, 0 };
	p[CODEC_TO_CLIENT] = (struct pollfd){ fds[CODEC_TO_SERVER], POLLIN, 0 };
	tap_init(&t, &pg_conf_default, PG_START_CONNECT);
	t.out = out;
	t.deny_word = word;
	while (!t.is_bad && poll(p, CODEC_DIRS, -1) > 0) {
		for (int dir = 0; dir < CODEC_DIRS; dir++) {
			const ssize_t n = p[dir].revents != 0
					? read(p[dir].fd, bytes, sizeof(bytes))
					: -1;

			if (n == 0)
				return;
			if (n > 0)
				tap_feed(&t, (enum codec_dir)dir, bytes, (size_t)n, 1000);
		}
	}
	fprintf(stderr, "pg_live: bad: %s\n", pg_why_text(pg_session_why(&t.s)));
	exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 3)
		return EXIT_FAILURE;
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 8) == 0);
	must(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	printf("%u\n", ntohs(a.sin_port));
	fflush(stdout);
	for (;;) {
		const int client = accept(fd, NULL, NULL);

		if (client >= 0 && fork() == 0) {
			relay(client, (uint16_t)strtoul(argv[1], NULL, 10), argv[2]);
			return EXIT_SUCCESS;
		}
		close(client);
	}
}
