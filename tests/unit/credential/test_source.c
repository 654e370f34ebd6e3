/* SPDX-License-Identifier: Apache-2.0
 * Where passwords come from: files and who may read them, the environment, systemd, commands. */
#include "ctrlplane/credential/credential_priv.h"
#include "ctrlplane/log/log.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/sluice-credential-XXXXXX";
static char path[64], user[] = "app_ro";

static void file_write(const void *bytes, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, len), (ssize_t)len);
	CU_ASSERT_EQUAL_FATAL(fchmod(fd, mode), 0);
	close(fd);
}

static void expect_password(const struct conf_password *from, const char *want)
{
	const struct conf_credential conf = { user, *from };
	struct credential *c = NULL;
	struct credential_error e = { "" };
	int rc = credential_load(&conf, &c, &e);

	if (rc < 0)
		printf("\n  %s", e.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	CU_ASSERT_STRING_EQUAL(c->user, user);
	CU_ASSERT_TRUE(secret_is_equal(
			c->password, (struct span){ (const uint8_t *)want, strlen(want) }));
	credential_free(&c);
	CU_ASSERT_PTR_NULL(c);
}

static void expect_refused(const struct conf_password *from, int rc, const char *text)
{
	const struct conf_credential conf = { user, *from };
	struct credential *c = NULL;
	struct credential_error e = { "" };

	CU_ASSERT_EQUAL(credential_load(&conf, &c, &e), rc);
	CU_ASSERT_PTR_NULL(c);
	if (strstr(e.text, text) == NULL)
		printf("\n  expected '%s', found '%s'", text, e.text);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, text));
	CU_ASSERT_PTR_NULL(strstr(e.text, "hunter2")); /* never what was read */
}

static const struct conf_password from_file = { .file = path };

static void test_file(void)
{
	static char big[CREDENTIAL_PASSWORD_MAX + 3];

	file_write("hunter2\n", 8, 0600);
	expect_password(&from_file, "hunter2");
	file_write("hunter2", 7, 0400);
	expect_password(&from_file, "hunter2");
	file_write("hunter2\r\n", 9, 0600);
	expect_password(&from_file, "hunter2");
	file_write(" hunter2 \n\n", 11, 0600); /* one newline, no blank */
	expect_password(&from_file, " hunter2 \n");
	memset(big, 'x', sizeof(big));
	big[CREDENTIAL_PASSWORD_MAX] = '\n';
	file_write(big, CREDENTIAL_PASSWORD_MAX + 1, 0600);
	big[CREDENTIAL_PASSWORD_MAX] = '\0';
	expect_password(&from_file, big);
}

static void test_file_wrong(void)
{
	static char big[CREDENTIAL_PASSWORD_MAX + 100], none[] = "/nonexistent/pw";

	expect_refused(&(struct conf_password){ .file = none }, -ENOENT, "No such file");
	expect_refused(&(struct conf_password){ .file = dir }, -EACCES, "is no plain file");
	file_write("", 0, 0600);
	expect_refused(&from_file, -ENODATA, "has nothing in it");
	file_write("\n", 1, 0600);
	expect_refused(&from_file, -ENODATA, "has nothing in it");
	file_write("hunter2\0x", 9, 0600);
	expect_refused(&from_file, -EINVAL, "has a NUL byte");
	memset(big, 'x', sizeof(big));
	file_write(big, CREDENTIAL_PASSWORD_MAX + 1, 0600);
	expect_refused(&from_file, -EFBIG, "longer than 1024 bytes");
	file_write(big, sizeof(big), 0600);
	expect_refused(&from_file, -EFBIG, "File too large");
}

/* Nothing but a certificate (prod_tls.cert): conf has seen to it. */
static void test_no_password(void)
{
	const struct conf_credential conf = { .user = user };
	struct credential *c = NULL;
	struct credential_error e = { "" };

	CU_ASSERT_EQUAL_FATAL(credential_load(&conf, &c, &e), 0);
	CU_ASSERT_STRING_EQUAL(c->user, user);
	CU_ASSERT_TRUE(c->password == NULL && c->prepared == NULL);
	credential_free(&c);
}

/* Who else may read or change it. */
static void test_file_mode(void)
{
	static const mode_t others[] = { 0604, 0602, 0601, 0644, 0666 };
	const bool root = geteuid() == 0;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		file_write("hunter2", 7, others[i]);
		expect_refused(&from_file, -EACCES, "by others: chmod 600");
	}
	file_write("hunter2", 7, 0660);
	expect_refused(&from_file, -EACCES, "changed by its group");
	file_write("hunter2", 7, 0640);
	if (root)
		expect_password(&from_file, "hunter2"); /* root's: its group may */
	if (root && chown(path, 12345, 12345) == 0)
		expect_refused(&from_file, -EACCES, "belongs to neither root nor the user");
	if (!root)
		expect_refused(&from_file, -EACCES, "may be read by its group");
	unlink(path);
}

static void test_env(void)
{
	static char name[] = "SLUICE_TEST_PW", absent[] = "SLUICE_TEST_NONE";
	static char big[CREDENTIAL_PASSWORD_MAX + 2];

	setenv(name, "hunter2\n", 1);
	expect_password(&(struct conf_password){ .env = name }, "hunter2\n");
	setenv(name, "", 1);
	expect_refused(&(struct conf_password){ .env = name }, -ENODATA, "has nothing in it");
	memset(big, 'x', sizeof(big) - 1);
	setenv(name, big, 1);
	expect_refused(&(struct conf_password){ .env = name }, -EFBIG, "SLUICE_TEST_PW");
	unsetenv(name);
	expect_refused(&(struct conf_password){ .env = absent }, -ENOENT, "no variable");
}

static void test_systemd(void)
{
	static char name[] = "db.pw";
	const struct conf_password from = { .systemd = name };

	unsetenv("CREDENTIALS_DIRECTORY");
	expect_refused(&from, -ENOENT, "LoadCredential=");
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	unlink(path);
	expect_refused(&from, -ENOENT, "No such file");
	file_write("hunter2\n", 8, 0400);
	expect_password(&from, "hunter2");
	unsetenv("CREDENTIALS_DIRECTORY");
}

/* Commands, most of them a shell that the test itself asks for. */

#define SHELL(script)                                                                              \
	((struct conf_password){ .command = { (char *[]){ sh, dash_c, (char[]){ script } }, 3 } })
static char sh[] = "/bin/sh", dash_c[] = "-c";

static void test_command(void)
{
	static char cat[] = "/bin/cat", star[] = "*", echo[] = "/bin/echo", none[] = "/nonexistent";

	file_write("hunter2\n", 8, 0600);
	expect_password(&(struct conf_password){ .command = { (char *[]){ cat, path }, 2 } },
			"hunter2");
	/* No shell: a word is what it is. */
	expect_password(&(struct conf_password){ .command = { (char *[]){ echo, star }, 2 } }, "*");
	expect_refused(&(struct conf_password){ .command = { (char *[]){ none }, 1 } }, -ENOENT,
			"/nonexistent: No such file");
	expect_refused(&SHELL("echo hunter2; exit 3"), -ECHILD, "ended with an error");
	expect_refused(&SHELL("echo hunter2; kill -9 $$"), -ECHILD, "ended with an error");
	expect_refused(&SHELL("true"), -ENODATA, "has nothing in it");
	expect_refused(&SHELL("head -c 2000 /dev/zero | tr '\\0' x"), -EFBIG, "more than 1024");
	expect_refused(&SHELL("cat /dev/zero"), -EFBIG, "more than 1024");
	/* More on stderr than anybody reads holds nothing up. */
	expect_password(&SHELL("head -c 1000000 /dev/zero >&2; echo hunter2"), "hunter2");
}

/* Nothing of ours: no variable, no file, no blocked signal; another folder. */
static void test_command_is_clean(void)
{
	int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */
	sigset_t term;

	CU_ASSERT_TRUE(leak > 2);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	setenv("SLUICE_TEST_PW", "hunter2", 1);
	expect_password(&SHELL("env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | cut -d= -f1 | sort | tr "
			       "'\\n' ' '"),
			"LC_ALL PATH ");
	expect_password(&SHELL("pwd; ls /proc/self/fd | tr '\\n' ' '"),
			"/\n0 1 2 3 "); /* 3: the folder that ls reads */
	expect_password(&SHELL("readlink /proc/$$/fd/0"), "/dev/null");
	expect_password(&SHELL("grep SigBlk /proc/$$/status | tr -d ' 0\\t'"), "SigBlk:");
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	unsetenv("SLUICE_TEST_PW");
	close(leak);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run(const char *script, int timeout_ms, struct credential_error *e)
{
	char *copy = strdup(script);
	char *words[] = { sh, dash_c, copy };
	const struct conf_texts argv = { words, 3 };
	struct secret *out = NULL, *err = NULL;
	int rc;

	CU_ASSERT_TRUE_FATAL(secret_new(64, &out) == 0 && secret_new(64, &err) == 0);
	rc = command_run(&argv, timeout_ms, out, err, e);
	secret_free(&out);
	secret_free(&err);
	free(copy);
	return rc;
}

static void test_command_time(void)
{
	struct credential_error e = { "" };
	double from = seconds();

	CU_ASSERT_EQUAL(run("echo $$ >/dev/null; sleep 30", 200, &e), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "longer than 200 ms"));
	/* It says nothing any more, but has not ended. */
	CU_ASSERT_EQUAL(run("exec >&- 2>&-; sleep 30", 200, &e), -ETIMEDOUT);
	/* A child that keeps stdout open does not keep us, and is killed. */
	CU_ASSERT_EQUAL(run("sleep 30 & echo x", 20000, &e), 0);
	CU_ASSERT_TRUE(seconds() - from < 15);
}

static void test_command_leaves_nobody(void)
{
	char script[256], pid[32] = "";
	struct credential_error e = { "" };
	FILE *f;

	snprintf(script, sizeof(script), "sleep 30 & echo $! >%s; echo x", path);
	CU_ASSERT_EQUAL(run(script, 20000, &e), 0);
	f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fgets(pid, sizeof(pid), f));
	fclose(f);
	for (int i = 0; i < 100 && kill((pid_t)strtol(pid, NULL, 10), 0) == 0; i++) {
		char state[64], name[64] = "";

		snprintf(state, sizeof(state), "/proc/%ld/stat", strtol(pid, NULL, 10));
		f = fopen(state, "r");
		if (f == NULL || fscanf(f, "%*d %*s %63s", name) != 1 || strcmp(name, "Z") == 0)
			i = 1000; /* nobody has waited for it yet, but it is dead */
		if (f != NULL)
			fclose(f);
		usleep(10000);
		CU_ASSERT_TRUE(i != 99);
	}
}

/* What a command says on stderr is for the log, never the password. */
static void test_command_log(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	log_open(2);
	log_redirect(to, true);
	expect_refused(&SHELL("echo 'vault is \033[31msealed' >&2; exit 1"), -ECHILD, "error");
	expect_password(&SHELL("echo hunter2; echo 'using hunter2' >&2"), "hunter2");
	expect_refused(&SHELL("echo hunter2; echo hunter2 >&2; exit 1"), -ECHILD, "error");
	log_redirect(stderr, true);
	fclose(to);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "/bin/sh says: vault is ?[31msealed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "withheld"));
	CU_ASSERT_PTR_NULL(strstr(text, "hunter2"));
	free(text);
}

int main(void)
{
	CU_pSuite s;
	unsigned int n_failed;

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/db.pw", dir);
	CU_initialize_registry();
	s = CU_add_suite("source", NULL, NULL);
	CU_add_test(s, "file", test_file);
	CU_add_test(s, "file: what is wrong", test_file_wrong);
	CU_add_test(s, "file: who may read it", test_file_mode);
	CU_add_test(s, "no password", test_no_password);
	CU_add_test(s, "env", test_env);
	CU_add_test(s, "systemd", test_systemd);
	CU_add_test(s, "command", test_command);
	CU_add_test(s, "command: clean", test_command_is_clean);
	CU_add_test(s, "command: time", test_command_time);
	CU_add_test(s, "command: leaves nobody", test_command_leaves_nobody);
	CU_add_test(s, "command: log", test_command_log);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	n_failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	unlink(path);
	rmdir(dir);
	return n_failed == 0 ? 0 : 1;
}
