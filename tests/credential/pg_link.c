/* SPDX-License-Identifier: Apache-2.0
 * A connection to a PostgreSQL server, blocking. */
#include "tests/credential/pg_link.h"

#include "parsers/base/bytes.h"

#include <openssl/x509.h>

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool fail(const char *what)
{
	printf("error: %s\n", what);
	return false;
}

static int tcp_open(const char *port)
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *at = NULL;
	int fd = -1;

	if (getaddrinfo("127.0.0.1", port, &hints, &at) == 0) {
		fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
		freeaddrinfo(at);
	}
	return fd;
}

/* SSLRequest, then TLS that believes <ca> alone. */
static bool tls_open(struct link *l, const char *ca)
{
	static const uint8_t request[] = { 0, 0, 0, 8, 4, 210, 22, 47 };
	char answer;

	if (!link_send(l, (struct span){ request, sizeof(request) }) ||
			read(l->fd, &answer, 1) != 1 || answer != 'S')
		return fail("the server does not speak TLS");
	l->ctx = SSL_CTX_new(TLS_client_method());
	if (l->ctx == NULL || SSL_CTX_load_verify_locations(l->ctx, ca, NULL) != 1)
		return fail("no such CA");
	SSL_CTX_set_verify(l->ctx, SSL_VERIFY_PEER, NULL);
	l->ssl = SSL_new(l->ctx);
	if (l->ssl == NULL || SSL_set_fd(l->ssl, l->fd) != 1 || SSL_connect(l->ssl) != 1) {
		SSL_free(l->ssl);
		l->ssl = NULL;
		return fail("TLS does not come about");
	}
	return true;
}

bool link_open(struct link *l, const char *port, const char *ca)
{
	l->ssl = NULL;
	l->ctx = NULL;
	l->fd = tcp_open(port);
	if (l->fd < 0)
		return fail("no connection");
	return ca == NULL || tls_open(l, ca);
}

void link_close(struct link *l)
{
	SSL_free(l->ssl);
	SSL_CTX_free(l->ctx);
	if (l->fd >= 0)
		close(l->fd);
}

bool link_send(struct link *l, struct span bytes)
{
	if (l->ssl != NULL)
		return SSL_write(l->ssl, bytes.ptr, (int)bytes.len) == (int)bytes.len ||
				fail("cannot send");
	return send(l->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL) == (ssize_t)bytes.len ||
			fail("cannot send");
}

static bool read_all(struct link *l, void *to, size_t len)
{
	uint8_t *at = to;

	while (len > 0) {
		ssize_t n = l->ssl != NULL ? SSL_read(l->ssl, at, (int)len) : read(l->fd, at, len);

		if (n <= 0)
			return fail("the server has closed the connection");
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool link_receive(struct link *l)
{
	uint8_t head[5];

	if (!read_all(l, head, sizeof(head)))
		return false;
	l->type = (char)head[0];
	l->len = load_be32(head + 1) - 4;
	if (l->len > sizeof(l->body))
		return fail("a message too large for this client");
	return read_all(l, l->body, l->len);
}

struct span link_certificate(struct link *l)
{
	X509 *x = SSL_get1_peer_certificate(l->ssl);
	uint8_t *der = NULL;
	int len = x == NULL ? 0 : i2d_X509(x, &der);

	X509_free(x);
	return (struct span){ der, len > 0 ? (size_t)len : 0 };
}
