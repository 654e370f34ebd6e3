/* SPDX-License-Identifier: Apache-2.0
 * Secret memory: what the kernel says of it, what is left of it, what a core dump has of it. */
#include "ctrlplane/credential/secret.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const size_t page = 4096;

/* secret_free() comes here: is anything left between the guard pages? */
static size_t n_unmapped, n_left;
static const uint8_t *watched;

int munmap(void *at, size_t bytes)
{
	const uint8_t *first = (const uint8_t *)at + page;

	if (watched >= (const uint8_t *)at && watched < (const uint8_t *)at + bytes) {
		n_unmapped++;
		for (size_t i = 0; i < bytes - 2 * page; i++)
			n_left += first[i] != 0;
	}
	return (int)syscall(SYS_munmap, at, bytes);
}

static struct secret *secret_of(const char *text)
{
	struct secret *s = NULL;

	CU_ASSERT_EQUAL_FATAL(secret_new(strlen(text), &s), 0);
	memcpy(secret_bytes(s), text, strlen(text));
	secret_set_len(s, strlen(text));
	return s;
}

static void test_room(void)
{
	static const size_t rooms[] = { 0, 1, 15, 16, 4095, 4096, 4097, 100000 };

	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		struct secret *s = NULL;
		struct span text;

		CU_ASSERT_EQUAL_FATAL(secret_new(rooms[i], &s), 0);
		CU_ASSERT_EQUAL(secret_room(s), rooms[i]);
		CU_ASSERT_EQUAL((uintptr_t)secret_bytes(s) % 16, 0);
		CU_ASSERT_EQUAL(secret_span(s).len, 0);
		memset(secret_bytes(s), 'x', rooms[i]);
		secret_set_len(s, rooms[i] / 2);
		text = secret_span(s);
		CU_ASSERT_EQUAL(text.len, rooms[i] / 2);
		CU_ASSERT_EQUAL(text.ptr[text.len], 0);
		secret_free(&s);
		CU_ASSERT_PTR_NULL(s);
	}
	secret_free(&(struct secret *){ NULL });
}

static void test_equal(void)
{
	struct secret *s = secret_of("hunter2");

	CU_ASSERT_TRUE(secret_is_equal(s, (struct span){ (const uint8_t *)"hunter2", 7 }));
	CU_ASSERT_FALSE(secret_is_equal(s, (struct span){ (const uint8_t *)"hunter3", 7 }));
	CU_ASSERT_FALSE(secret_is_equal(s, (struct span){ (const uint8_t *)"hunter", 6 }));
	CU_ASSERT_FALSE(secret_is_equal(s, (struct span){ (const uint8_t *)"hunter2", 8 }));
	secret_free(&s);
}

static void test_free_wipes(void)
{
	struct secret *s = secret_of("a secret that must not be left behind");

	watched = secret_bytes(s);
	n_unmapped = n_left = 0;
	secret_free(&s);
	CU_ASSERT_EQUAL(n_unmapped, 1);
	CU_ASSERT_EQUAL(n_left, 0);
	watched = NULL;
}

static void test_wipe(void)
{
	struct secret *s = secret_of("secret");

	secret_set_len(s, 3); /* what is behind goes */
	CU_ASSERT_EQUAL(memcmp(secret_bytes(s), "sec\0\0\0", 6), 0);
	secret_wipe(s);
	CU_ASSERT_EQUAL(memcmp(secret_bytes(s), "\0\0\0", 3), 0);
	CU_ASSERT_EQUAL(secret_span(s).len, 0);
	secret_free(&s);
}

/* The VmFlags line of the mapping that holds <at>, out of /proc/self/smaps. */
static void flags_of(const void *at, char out[256])
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long first, last;
	bool here = false;
	char line[512];

	out[0] = '\0';
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx", &first, &last) == 2)
			here = (uintptr_t)at >= first && (uintptr_t)at < last;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(out, 256, "%.255s", line);
	}
	fclose(f);
}

/* AddressSanitizer's mlock() does nothing and says that it did. */
static bool mlock_is_real(void)
{
	void *at = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char flags[256];
	bool real;

	real = at != MAP_FAILED && mlock(at, page) < 0;
	flags_of(at, flags);
	real = real || strstr(flags, " lo") != NULL;
	munmap(at, page);
	return real;
}

static void test_kernel_flags(void)
{
	struct secret *s = secret_of("secret");
	char flags[256], heap[256];
	char *plain = malloc(16);

	flags_of(secret_bytes(s), flags);
	CU_ASSERT_PTR_NOT_NULL(strstr(flags, " dd")); /* not in a dump */
	CU_ASSERT_PTR_NOT_NULL(strstr(flags, " wf")); /* wiped in a child */
	if (mlock_is_real())
		CU_ASSERT_EQUAL(strstr(flags, " lo") != NULL, secret_is_locked(s));
	flags_of(plain, heap);
	CU_ASSERT_PTR_NULL(strstr(heap, " dd")); /* the question can be answered with no */
	free(plain);
	secret_free(&s);
}

/* How a child ends that does fn(s). */
static int in_child(void (*fn)(struct secret *s), struct secret *s)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		fn(s);
		_exit(0);
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void look(struct secret *s)
{
	_exit(memcmp(secret_bytes(s), "\0\0\0\0\0\0", 6) == 0 ? 7 : 1);
}

/* In a child the pages are zero, so each of these tests its own. */
static void write_behind(struct secret *s)
{
	memset(secret_bytes(s), 1, 17); /* 6 and a NUL end within 16 */
}

static void write_before(struct secret *s)
{
	secret_bytes(s)[16 - (ptrdiff_t)page - 1] = 1;
}

static void write_within(struct secret *s)
{
	memset(secret_bytes(s), 1, 16);
}

static void test_child_and_guards(void)
{
	struct secret *s = secret_of("secret");

	CU_ASSERT_EQUAL(in_child(look, s), 7);
	CU_ASSERT_EQUAL(in_child(write_within, s), 0);
	CU_ASSERT_EQUAL(in_child(write_behind, s), -SIGSEGV);
	CU_ASSERT_EQUAL(in_child(write_before, s), -SIGSEGV);
	CU_ASSERT_EQUAL(memcmp(secret_bytes(s), "secret", 6), 0);
	secret_free(&s);
}

enum { MARKER = 128 }; /* more than registers hold, which are in a core dump as well */

/* Texts that are nowhere until they are made. */
static __attribute__((noinline)) void marker_make(char *out, int salt)
{
	for (int i = 0; i < MARKER; i++)
		out[i] = (char)('A' + (i * i + 7 * i + salt * i / 3) % 26);
}

static void die_with_a_core(const char *dir)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	char *plain = malloc(MARKER);
	struct secret *s = NULL;

	if (plain == NULL || chdir(dir) < 0 || setrlimit(RLIMIT_CORE, &all) < 0 ||
			secret_new(MARKER, &s) < 0)
		_exit(1);
	marker_make(plain, 3);
	if (write(-1, plain, MARKER) >= 0) /* else the compiler need not write it at all */
		_exit(1);
	marker_make((char *)secret_bytes(s), 11);
	signal(SIGABRT, SIG_DFL);
	abort();
}

static bool file_has(const char *path, const char *text)
{
	int fd = open(path, O_RDONLY);
	off_t len = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	void *at = len <= 0 ? MAP_FAILED : mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
	bool has = at != MAP_FAILED && at != NULL && memmem(at, (size_t)len, text, MARKER) != NULL;

	if (at != MAP_FAILED)
		munmap(at, (size_t)len);
	close(fd);
	return has;
}

/* "core" or "core.PID", where core_pattern names a file and no program. */
static bool core_path(const char *dir, pid_t pid, char out[512])
{
	snprintf(out, 512, "%s/core", dir);
	if (access(out, R_OK) == 0)
		return true;
	snprintf(out, 512, "%s/core.%d", dir, (int)pid);
	return access(out, R_OK) == 0;
}

static void test_core_dump(void)
{
	char dir[] = "/tmp/sluice-core-XXXXXX", path[512], text[MARKER];
	int status = 0;
	pid_t pid;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	pid = fork();
	if (pid == 0)
		die_with_a_core(dir);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_TRUE_FATAL(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	if (core_path(dir, pid, path)) {
		marker_make(text, 3);
		CU_ASSERT_TRUE(file_has(path, text)); /* plain memory is in it */
		marker_make(text, 11);
		CU_ASSERT_FALSE(file_has(path, text));
		unlink(path);
	} else {
		printf(" (no core file on this machine: only the flag is tested) ");
	}
	rmdir(dir);
}

int main(void)
{
	CU_pSuite s;
	unsigned int n_failed;

	CU_initialize_registry();
	s = CU_add_suite("secret", NULL, NULL);
	CU_add_test(s, "room and length", test_room);
	CU_add_test(s, "compare", test_equal);
	CU_add_test(s, "wipe", test_wipe);
	CU_add_test(s, "free wipes", test_free_wipes);
	CU_add_test(s, "the kernel's flags", test_kernel_flags);
	CU_add_test(s, "a child sees nothing, guards hold", test_child_and_guards);
	CU_add_test(s, "a core dump has none of it", test_core_dump);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	n_failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	return n_failed == 0 ? 0 : 1;
}
