/* SPDX-License-Identifier: Apache-2.0
 * The round trip of a small message over one TCP connection.
 *	rtt server PORT BYTES                echoes, one connection after the other
 *	rtt client ADDRESS PORT BYTES MS     prints percentiles as one line of JSON
 * The first tenth of the time is not counted. */
#include "tests/perf/sock/sock.h"
#include "tests/perf/tcpgen/hist.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int serve(const char *port, size_t bytes)
{
	static char message[SOCK_MAX_BYTES];
	int at, fd = sock_listen(port);

	for (;;) {
		at = accept(fd, NULL, NULL);
		if (at < 0)
			err(1, "accept");
		sock_nodelay(at);
		while (sock_read_all(at, message, bytes) && sock_write_all(at, message, bytes))
			;
		close(at);
	}
}

static void print(const struct hist *h)
{
	printf("{\"n\": %lu, \"p50_us\": %.2f, \"p90_us\": %.2f, ", h->n,
			(double)hist_quantile(h, 500) / 1e3, (double)hist_quantile(h, 900) / 1e3);
	printf("\"p99_us\": %.2f, \"max_us\": %.2f}\n", (double)hist_quantile(h, 990) / 1e3,
			(double)h->max / 1e3);
}

static int measure(const union sock_address *to, size_t bytes, uint64_t ms)
{
	static char out[SOCK_MAX_BYTES], in[SOCK_MAX_BYTES];
	static struct hist h;
	uint64_t start, stop, count_from, t;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, &to->any, sizeof(to->in)) < 0)
		err(1, "connect");
	sock_nodelay(fd);
	memset(out, 'e', bytes);
	start = sock_now_ns();
	count_from = start + ms * 100000;
	stop = start + ms * 1000000;
	for (t = start; t < stop; t = sock_now_ns()) {
		if (!sock_write_all(fd, out, bytes) || !sock_read_all(fd, in, bytes))
			err(1, "the echo broke off");
		if (memcmp(out, in, bytes) != 0)
			errx(1, "the echo came back changed");
		if (t >= count_from)
			hist_add(&h, sock_now_ns() - t);
	}
	close(fd);
	print(&h);
	return 0;
}

int main(int argc, char **argv)
{
	union sock_address to;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 4 && strcmp(argv[1], "server") == 0)
		return serve(argv[2], (size_t)sock_number(argv[3], 1, SOCK_MAX_BYTES));
	if (argc == 6 && strcmp(argv[1], "client") == 0) {
		sock_address(argv[2], argv[3], &to);
		return measure(&to, (size_t)sock_number(argv[4], 1, SOCK_MAX_BYTES),
				(uint64_t)sock_number(argv[5], 10, 3600000));
	}
	errx(2, "usage: rtt server PORT BYTES | rtt client ADDRESS PORT BYTES MS");
}
