/* SPDX-License-Identifier: Apache-2.0
 * Whole life cycles of connections: open, 64-byte request, 64-byte response, close.
 *	connrate server PORT
 *	connrate client ADDRESS PORT CONCURRENT MS    prints cycles per second as one line of JSON
 * The server closes first, so that TIME_WAIT is its own and the client's ports are free again at
 * once: a Linux server takes a new SYN in TIME_WAIT when its number is higher. */
#include "tests/perf/sock/sock.h"
#include "tests/perf/tcpgen/hist.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE = 64, EVENTS = 64, MAX_CONCURRENT = 1024, FAIL_LIMIT = 100 };

static void add(int ep, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event e = { .events = events, .data.u64 = data };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) < 0)
		err(1, "epoll_ctl");
}

static void accept_all(int ep, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		add(ep, fd, EPOLLIN, (uint64_t)fd);
	if (errno != EAGAIN && errno != ECONNABORTED)
		err(1, "accept");
}

/* A request that comes in pieces is answered with the first one: they are 64 bytes long. */
static void answer(int fd)
{
	char message[MESSAGE];

	if (read(fd, message, sizeof(message)) > 0)
		(void)!write(fd, message, sizeof(message));
	close(fd);
}

static int serve(const char *port)
{
	struct epoll_event e[EVENTS];
	int i, n, fd = sock_listen(port), ep = epoll_create1(0);

	if (ep < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		err(1, "epoll");
	add(ep, fd, EPOLLIN, (uint64_t)fd);
	for (;;) {
		n = epoll_wait(ep, e, EVENTS, -1);
		for (i = 0; i < n; i++) {
			if (e[i].data.u64 == (uint64_t)fd)
				accept_all(ep, fd);
			else
				answer((int)e[i].data.u64);
		}
	}
}

struct client {
	union sock_address to;
	int ep;
	uint64_t started_ns[MAX_CONCURRENT];
	int fd[MAX_CONCURRENT];
	bool asked[MAX_CONCURRENT];
	uint64_t done, failed;
	struct hist h;
};

static void begin(struct client *c, uint32_t slot)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		err(1, "socket");
	c->fd[slot] = fd;
	c->asked[slot] = false;
	c->started_ns[slot] = sock_now_ns();
	if (connect(fd, &c->to.any, sizeof(c->to.in)) < 0 && errno != EINPROGRESS)
		err(1, "connect");
	add(c->ep, fd, EPOLLOUT, slot);
}

static void end(struct client *c, uint32_t slot, bool ok)
{
	close(c->fd[slot]);
	if (ok) {
		c->done++;
		hist_add(&c->h, sock_now_ns() - c->started_ns[slot]);
	} else if (++c->failed > FAIL_LIMIT) {
		errx(1, "%d connections failed", FAIL_LIMIT);
	}
	begin(c, slot);
}

static void step(struct client *c, uint32_t slot)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = slot };
	char message[MESSAGE] = { 0 };
	ssize_t n;

	if (!c->asked[slot]) {
		c->asked[slot] = true;
		if (write(c->fd[slot], message, sizeof(message)) != MESSAGE)
			end(c, slot, false);
		else if (epoll_ctl(c->ep, EPOLL_CTL_MOD, c->fd[slot], &e) < 0)
			err(1, "epoll_ctl");
		return;
	}
	n = read(c->fd[slot], message, sizeof(message));
	if (n == 0)
		end(c, slot, true);
	else if (n < 0 && errno != EAGAIN)
		end(c, slot, false);
}

static void turn(struct client *c)
{
	struct epoll_event e[EVENTS];
	int i, n = epoll_wait(c->ep, e, EVENTS, 100);

	for (i = 0; i < n; i++)
		step(c, (uint32_t)e[i].data.u64);
}

static int measure(struct client *c, uint32_t concurrent, uint64_t ms)
{
	uint64_t start = sock_now_ns(), warm = start + ms * 100000, stop = start + ms * 1000000,
		 now;
	uint64_t done;
	uint32_t i;

	c->ep = epoll_create1(0);
	if (c->ep < 0)
		err(1, "epoll");
	for (i = 0; i < concurrent; i++)
		begin(c, i);
	while (sock_now_ns() < warm)
		turn(c);
	memset(&c->h, 0, sizeof(c->h));
	done = c->done;
	warm = sock_now_ns();
	while ((now = sock_now_ns()) < stop)
		turn(c);
	printf("{\"per_s\": %.1f, \"n\": %lu, \"failed\": %lu, ",
			(double)(c->done - done) * 1e9 / (double)(now - warm), c->done - done,
			c->failed);
	printf("\"p50_us\": %.1f, \"p99_us\": %.1f}\n", (double)hist_quantile(&c->h, 500) / 1e3,
			(double)hist_quantile(&c->h, 990) / 1e3);
	return 0;
}

int main(int argc, char **argv)
{
	static struct client c;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "server") == 0)
		return serve(argv[2]);
	if (argc == 6 && strcmp(argv[1], "client") == 0) {
		sock_address(argv[2], argv[3], &c.to);
		return measure(&c, (uint32_t)sock_number(argv[4], 1, MAX_CONCURRENT),
				(uint64_t)sock_number(argv[5], 10, 3600000));
	}
	errx(2, "usage: connrate server PORT | connrate client ADDRESS PORT CONCURRENT MS");
}
