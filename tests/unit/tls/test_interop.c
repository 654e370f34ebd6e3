/* SPDX-License-Identifier: Apache-2.0
 * Against OpenSSL's own programs: our client leg with openssl s_server, our server leg with openssl
 * s_client, over TCP on 127.0.0.1. The programs are other processes with other defaults; s_server -rev
 * answers each line reversed, so plaintext is compared both ways. */
#include "parsers/base/must.h"
#include "tests/unit/net/suite.h"
#include "tests/unit/tls/legs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

static struct pki pki;
static struct pki_pem leaf;
static struct tls_worker *worker;
static char folder[] = "/tmp/sluice-tls-XXXXXX";
static char cert_path[64], key_path[64], ca_path[64];

static void save(const char *path, struct span pem)
{
	FILE *file = fopen(path, "w");

	must(file != NULL && fwrite(pem.ptr, 1, pem.len, file) == pem.len);
	fclose(file);
}

/* A port that nobody has, for a moment. */
static int listen_any(uint16_t *ret_port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&a, len) == 0 && listen(fd, 4) == 0);
	CU_ASSERT_FATAL(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port) };

	for (int i = 0; i < PATIENCE_MS / 20; i++) {
		const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
			return fd;
		close(fd);
		poll(NULL, 0, 20);
	}
	return -1;
}

/* A shell's command that ends in an exec; its standard input stays open until ret_in is closed. */
static pid_t openssl_start(const char *command, int *ret_in)
{
	int in[2];
	pid_t pid;

	CU_ASSERT_FATAL(pipe2(in, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		const int null = open("/dev/null", O_WRONLY);

		dup2(in[0], STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(in[0]);
	*ret_in = in[1];
	return pid;
}

static int openssl_wait(pid_t pid, int in)
{
	int status = -1;

	close(in);
	for (int i = 0; i < PATIENCE_MS / 20 && waitpid(pid, &status, WNOHANG) == 0; i++)
		poll(NULL, 0, 20);
	return status;
}

static void openssl_kill(pid_t pid, int in)
{
	int status;

	close(in);
	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
}

/* A leg on a socket. */
struct line {
	struct tls_conn *conn;
	int fd;
	uint8_t in[32768];
	size_t in_len;
	bool at_end;
};

static int emit(void *ctx, const uint8_t *bytes, uint32_t n)
{
	const struct line *l = ctx;
	const ssize_t sent = send(l->fd, bytes, n, MSG_NOSIGNAL);

	return sent >= 0 ? (int)sent : -errno;
}

static struct tls_io io_of(struct line *l, struct span *span)
{
	*span = (struct span){ l->in, l->in_len };
	return (struct tls_io){
		.spans = span, .n_spans = 1, .at_end = l->at_end, .emit = emit, .emit_ctx = l
	};
}

static void drop(struct line *l, size_t n)
{
	memmove(l->in, l->in + n, l->in_len - n);
	l->in_len -= n;
}

static void receive(struct line *l)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, PATIENCE_MS) <= 0) {
		l->at_end = true;
		return;
	}
	n = recv(l->fd, l->in + l->in_len, sizeof(l->in) - l->in_len, 0);
	l->at_end = n <= 0;
	l->in_len += n > 0 ? (size_t)n : 0;
}

static enum tls_rc line_handshake(struct line *l)
{
	enum tls_rc rc;

	do {
		struct span span;
		struct tls_io io = io_of(l, &span);

		rc = tls_conn_handshake(l->conn, &io);
		drop(l, io.consumed);
		if (rc == TLS_NEED_INPUT)
			receive(l);
	} while (rc == TLS_NEED_INPUT || rc == TLS_SINK_FULL);
	return rc;
}

/* Until <n> bytes are there, or no more come. */
static enum tls_rc line_read(struct line *l, char *buf, size_t n, size_t *ret_n)
{
	enum tls_rc rc = TLS_OK;

	*ret_n = 0;
	while (*ret_n < n && (rc == TLS_OK || rc == TLS_NEED_INPUT)) {
		struct span span;
		struct tls_io io = io_of(l, &span);
		size_t got;

		rc = tls_conn_read(l->conn, &io, (uint8_t *)buf + *ret_n, n - *ret_n, &got);
		drop(l, io.consumed);
		*ret_n += got;
		if (rc == TLS_NEED_INPUT)
			receive(l);
	}
	return rc;
}

static enum tls_rc line_write(struct line *l, const char *text)
{
	struct span span;
	struct tls_io io = io_of(l, &span);
	size_t n;
	const enum tls_rc rc =
			tls_conn_write(l->conn, &io, (const uint8_t *)text, strlen(text), &n);

	drop(l, io.consumed);
	return rc;
}

static enum tls_rc line_close(struct line *l)
{
	struct span span;
	struct tls_io io = io_of(l, &span);

	return tls_conn_close(l->conn, &io);
}

static void talk_to_server(struct tls_ctx *ctx, uint16_t port, bool is_resumed)
{
	static struct line l;
	const struct tls_peer peer = { .now_s = pki.now_s,
		.key = { (const uint8_t *)"s_server", 8 } };
	struct tls_facts f;
	char back[16];
	size_t n;

	l = (struct line){ .conn = tls_conn_new(worker, ctx, &peer), .fd = connect_to(port) };
	CU_ASSERT_FATAL(l.fd >= 0 && l.conn != NULL);
	CU_ASSERT_EQUAL(line_handshake(&l), TLS_OK);
	tls_conn_facts(l.conn, &f);
	CU_ASSERT_EQUAL(f.resumed, is_resumed);
	CU_ASSERT(f.alpn.len == 10 && memcmp(f.alpn.ptr, "postgresql", 10) == 0);
	CU_ASSERT_EQUAL(line_write(&l, "abcdef\n"), TLS_OK);
	CU_ASSERT_EQUAL(line_read(&l, back, 7, &n), TLS_OK);
	CU_ASSERT(n == 7 && memcmp(back, "fedcba\n", 7) == 0);
	CU_ASSERT_EQUAL(line_close(&l), TLS_OK);
	tls_conn_free(&l.conn);
	close(l.fd);
}

static void with_s_server(const char *version)
{
	static const char *const alpn[] = { "postgresql", NULL };
	const struct tls_client_conf conf = {
		.mode = TLS_VERIFY_FULL, .ca_pem = pki.root_pem, .host = "db.example", .alpn = alpn
	};
	struct tls_ctx *ctx = legs_client_ctx(&conf);
	uint16_t port;
	char command[512];
	pid_t pid;
	int in;

	close(listen_any(&port));
	snprintf(command, sizeof(command),
			"exec openssl s_server -quiet -rev %s -accept 127.0.0.1:%u -cert %s -key %s"
			" -alpn postgresql",
			version, port, cert_path, key_path);
	pid = openssl_start(command, &in);
	talk_to_server(ctx, port, false);
	talk_to_server(ctx, port, true);
	talk_to_server(ctx, port, true);
	openssl_kill(pid, in);
	tls_ctx_free(&ctx);
}

static void test_s_server(void)
{
	with_s_server("-tls1_2");
	with_s_server("-tls1_3");
}

static int accept_one(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	return poll(&p, 1, PATIENCE_MS) == 1 ? accept(listener, NULL, NULL) : -1;
}

/* s_client sends a line, sees ours, and ends at the end of its input. */
static void with_s_client(const char *version, const char *session, bool is_resumed)
{
	static const struct tls_ticket_key key = { "interop ticket..", { 1 }, { 2 } };
	static const char *const alpn[] = { "postgresql", NULL };
	const struct tls_server_conf conf = { .chain_pem = leaf.chain,
		.key_pem = leaf.key,
		.alpn = alpn,
		.ticket_keys = &key,
		.n_ticket_keys = 1 };
	static struct line l;
	const struct tls_peer peer = { .now_s = pki.now_s };
	struct tls_ctx *ctx = legs_server_ctx(&conf);
	char command[512], text[16];
	struct tls_facts f;
	uint16_t port;
	const int listener = listen_any(&port);
	size_t n;
	pid_t pid;
	int in;

	snprintf(command, sizeof(command),
			"exec openssl s_client -quiet -no_ign_eof %s -connect 127.0.0.1:%u -CAfile %s"
			" -verify_return_error -verify_hostname db.example -servername db.example"
			" -alpn postgresql %s %s",
			version, port, ca_path, is_resumed ? "-sess_in" : "-sess_out", session);
	pid = openssl_start(command, &in);
	l = (struct line){ .conn = tls_conn_new(worker, ctx, &peer), .fd = accept_one(listener) };
	CU_ASSERT_FATAL(l.fd >= 0);
	CU_ASSERT_EQUAL(line_handshake(&l), TLS_OK);
	tls_conn_facts(l.conn, &f);
	CU_ASSERT_STRING_EQUAL(f.sni, "db.example");
	CU_ASSERT_EQUAL(f.alpn.len, 10);
	CU_ASSERT_EQUAL(f.resumed, is_resumed);
	CU_ASSERT_EQUAL(line_write(&l, "welcome\n"), TLS_OK);
	CU_ASSERT_EQUAL(write(in, "hello\n", 6), 6);
	CU_ASSERT_EQUAL(line_read(&l, text, 6, &n), TLS_OK);
	CU_ASSERT(n == 6 && memcmp(text, "hello\n", 6) == 0);
	CU_ASSERT_EQUAL(line_close(&l), TLS_OK);
	CU_ASSERT_EQUAL(line_read(&l, text, 1, &n), TLS_CLOSED);
	shutdown(l.fd, SHUT_WR);
	CU_ASSERT_EQUAL(openssl_wait(pid, in), 0);
	tls_conn_free(&l.conn);
	close(l.fd);
	close(listener);
	tls_ctx_free(&ctx);
}

static void test_s_client(void)
{
	char session[64];

	snprintf(session, sizeof(session), "%s/session", folder);
	with_s_client("-tls1_2", session, false);
	with_s_client("-tls1_2", session, true);
	with_s_client("-tls1_3", session, false);
	with_s_client("-tls1_3", session, true);
	unlink(session);
}

int main(void)
{
	static const struct suite_test tests[] = {
		{ "our client, openssl s_server", test_s_server },
		{ "our server, openssl s_client", test_s_client },
	};
	static const struct tls_limits defaults;
	int rc;

	if (mkdtemp(folder) == NULL)
		return EXIT_FAILURE;
	snprintf(cert_path, sizeof(cert_path), "%s/cert", folder);
	snprintf(key_path, sizeof(key_path), "%s/key", folder);
	snprintf(ca_path, sizeof(ca_path), "%s/ca", folder);
	pki_init(&pki);
	leaf = pki_leaf(&pki, PKI_P256, "db.example", -1, 1);
	save(cert_path, leaf.chain);
	save(key_path, leaf.key);
	save(ca_path, pki.root_pem);
	worker = tls_worker_new(&defaults);
	rc = suite_run("tls interop", tests, sizeof(tests) / sizeof(*tests));
	tls_worker_free(&worker);
	pki_pem_free(&leaf);
	pki_done(&pki);
	unlink(cert_path);
	unlink(key_path);
	unlink(ca_path);
	rmdir(folder);
	return rc;
}
