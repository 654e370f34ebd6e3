/* SPDX-License-Identifier: Apache-2.0
 * What the small socket programs of the benchmark share: addresses, clock, whole reads and
 * writes. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOCK_MAX_BYTES = 65536 };

union sock_address {
	struct sockaddr any;
	struct sockaddr_in in;
};

uint64_t sock_now_ns(void);

/* Fills *ret_to from "a.b.c.d" and a port in text; exits with a message when it cannot. */
void sock_address(const char *ip, const char *port, union sock_address *ret_to);

/* A listening socket on all addresses; exits with a message when it cannot. */
int sock_listen(const char *port);

void sock_nodelay(int fd);

/* False: the connection ended or failed first. */
bool sock_read_all(int fd, void *to, size_t n);
bool sock_write_all(int fd, const void *from, size_t n);

/* A whole number within limits; exits with a message when it is none. */
long sock_number(const char *text, long min, long max);
