/* SPDX-License-Identifier: Apache-2.0
 * Builds EAL's argument vector from what was configured and what the machine has. Nothing is shared
 * on disk: no file is left behind after a crash and no hugetlbfs has to be mounted. */
#include "dataplane/port/eal.h"

#include "dataplane/port/quiet.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ARGS_MAX = 64,
	SAID_BYTES = 200,
	CPUS_MAX = RTE_MAX_LCORE,
	LCORES_BYTES = 32 + CPUS_MAX * 5 + CPUS_MAX * 9, /* "255," and "128@255," at most */
};

struct args {
	int n;
	char *v[ARGS_MAX]; /* owned; NULL-ended, since n < ARGS_MAX */
};

/* EAL is one a process, so this is too. */
static struct {
	int lock_fd;
	FILE *log;
	void (*line)(const char *text);
	pthread_mutex_t lock; /* of said */
	char said[SAID_BYTES], told[SAID_BYTES];
} eal = { .lock_fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

static ssize_t said_write(void *cookie, const char *text, size_t len)
{
	char line[SAID_BYTES];
	size_t n = len < sizeof(line) - 1 ? len : sizeof(line) - 1;

	(void)cookie;
	memcpy(line, text, n);
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '\0')
		return (ssize_t)len;
	pthread_mutex_lock(&eal.lock);
	if (eal.said[0] == '\0')
		memcpy(eal.said, line, sizeof(eal.said));
	pthread_mutex_unlock(&eal.lock);
	if (eal.line != NULL)
		eal.line(line);
	return (ssize_t)len;
}

static int said_capture(void)
{
	const cookie_io_functions_t io = { .write = said_write };

	eal.log = fopencookie(NULL, "w", io);
	if (eal.log == NULL)
		return -ENOMEM;
	setvbuf(eal.log, NULL, _IOLBF, 0);
	return rte_openlog_stream(eal.log) < 0 ? -ENOMEM : 0;
}

void port_eal_log_to(void (*line)(const char *text))
{
	eal.line = line;
	port_libraries_log_to(line);
}

const char *port_eal_said(void)
{
	if (eal.log != NULL)
		fflush(eal.log);
	pthread_mutex_lock(&eal.lock);
	memcpy(eal.told, eal.said, sizeof(eal.told));
	eal.said[0] = '\0';
	pthread_mutex_unlock(&eal.lock);
	return eal.told;
}

unsigned int port_lcore(uint32_t i)
{
	return i + 1; /* 0 is the main lcore */
}

size_t port_cpus(uint16_t *cpus, size_t max)
{
	cpu_set_t set;
	size_t n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 0;
	for (int i = 0; i < CPU_SETSIZE && n < max; i++) {
		if (CPU_ISSET(i, &set))
			cpus[n++] = (uint16_t)i;
	}
	return n;
}

static void args_add(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void args_add(struct args *a, const char *fmt, ...)
{
	va_list ap;

	if (a->n >= ARGS_MAX - 1)
		return;
	va_start(ap, fmt);
	if (vasprintf(&a->v[a->n], fmt, ap) >= 0)
		a->n++;
	va_end(ap);
}

static void args_free(struct args *a, char **owned)
{
	for (int i = 0; i < a->n; i++)
		free(owned[i]);
}

static bool is_worker_cpu(const struct port_eal_conf *conf, uint16_t cpu)
{
	for (uint32_t i = 0; i < conf->n_workers; i++) {
		if (conf->worker_cpus[i] == cpu)
			return true;
	}
	return false;
}

/* "(0,2,3)": where the control threads may run: off the workers' CPUs if any other is left. */
static size_t control_cpus(const struct port_eal_conf *conf, char *out, size_t out_bytes)
{
	uint16_t cpus[CPUS_MAX];
	size_t n = port_cpus(cpus, CPUS_MAX), len = 0, n_free = 0;

	if (conf->control_cpu >= 0)
		return (size_t)snprintf(out, out_bytes, "%d", conf->control_cpu);
	for (size_t i = 0; i < n; i++)
		n_free += !is_worker_cpu(conf, cpus[i]);
	for (size_t i = 0; i < n; i++) {
		if (n_free > 0 && is_worker_cpu(conf, cpus[i]))
			continue;
		len += (size_t)snprintf(
				out + len, out_bytes - len, "%c%u", len == 0 ? '(' : ',', cpus[i]);
	}
	return len + (size_t)snprintf(out + len, out_bytes - len, ")");
}

static void args_lcores(struct args *a, const struct port_eal_conf *conf)
{
	char map[LCORES_BYTES] = "--lcores=0@";
	size_t len = strlen(map);

	len += control_cpus(conf, map + len, sizeof(map) - len);
	for (uint32_t i = 0; i < conf->n_workers; i++)
		len += (size_t)snprintf(map + len, sizeof(map) - len, ",%u@%u", port_lcore(i),
				conf->worker_cpus[i]);
	args_add(a, "%s", map);
	args_add(a, "--main-lcore=0");
}

static void args_devices(struct args *a, const struct port_eal_conf *conf)
{
	bool any_pci = false, shared = false;

	for (size_t i = 0; i < conf->n_devices; i++) {
		shared = shared || conf->devices[i].zero_copy_memif;
		if (conf->devices[i].driver != PORT_DRIVER_PCI)
			continue;
		any_pci = true;
		args_add(a, "--allow=%s", conf->devices[i].devargs);
	}
	if (!any_pci) {
		args_add(a, "--no-pci");
		args_add(a, "--iova-mode=va");
	}
	if (shared)
		args_add(a, "--single-file-segments");
}

struct huge {
	unsigned long long n_free, page_kb;
};

static struct huge huge_look(void)
{
	struct huge h = { .page_kb = 2048 };
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];

	if (f == NULL)
		return h;
	while (fgets(line, sizeof(line), f) != NULL) {
		(void)sscanf(line, "HugePages_Free: %llu", &h.n_free);
		(void)sscanf(line, "Hugepagesize: %llu kB", &h.page_kb);
	}
	fclose(f);
	return h;
}

static int huge_decide(const struct port_eal_conf *conf, bool *ret_huge, struct port_error *e)
{
	struct huge h = huge_look();
	unsigned long long pages =
			((unsigned long long)conf->memory_mb * 1024 + h.page_kb - 1) / h.page_kb;

	*ret_huge = conf->huge_pages != PORT_HUGE_NO && h.n_free >= pages;
	if (conf->huge_pages != PORT_HUGE_YES || *ret_huge)
		return 0;
	return port_error_set(e, -ENOMEM,
			"huge pages: %llu of %llu kB are needed and %llu are free: "
			"`sysctl -w vm.nr_hugepages=%llu`, or set huge_pages to auto or no",
			pages, h.page_kb, h.n_free, pages);
}

/* One daemon a file prefix. EAL's own lock is not taken when nothing is shared on disk. */
static int prefix_lock(const struct port_eal_conf *conf, struct port_error *e)
{
	char path[256];
	int rc;

	if (mkdir(conf->lock_dir, 0755) < 0 && errno != EEXIST)
		return port_error_set(e, -errno, "%s: %s: create it, or run as root",
				conf->lock_dir, strerror(errno));
	snprintf(path, sizeof(path), "%s/%s.lock", conf->lock_dir, conf->file_prefix);
	eal.lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (eal.lock_fd < 0)
		return port_error_set(e, -errno, "%s: %s: run as the user that owns %s", path,
				strerror(errno), conf->lock_dir);
	if (flock(eal.lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	rc = -errno;
	close(eal.lock_fd);
	eal.lock_fd = -1;
	return port_error_set(e, rc,
			"another sluiced runs with file_prefix '%s' (it holds %s): stop it, or set "
			"dataplane.file_prefix",
			conf->file_prefix, path);
}

static void prefix_unlock(void)
{
	if (eal.lock_fd >= 0)
		close(eal.lock_fd);
	eal.lock_fd = -1;
}

static int eal_start(const struct port_eal_conf *conf, bool huge, struct port_error *e)
{
	struct args a = { 0 };
	char *owned[ARGS_MAX];
	const char *said;
	int rc = 0;

	args_add(&a, "sluiced");
	args_lcores(&a, conf);
	args_devices(&a, conf);
	args_add(&a, huge ? "--in-memory" : "--no-huge");
	if (!huge)
		args_add(&a, "--no-shconf"); /* EAL refuses in-memory, which includes it */
	args_add(&a, "-m");
	args_add(&a, "%u", conf->memory_mb);
	args_add(&a, "--file-prefix=%s", conf->file_prefix);
	args_add(&a, "--no-telemetry");
	args_add(&a, "--log-level=error");
	memcpy(owned, a.v, sizeof(owned)); /* EAL reorders what it is given */
	if (rte_eal_init(a.n, a.v) < 0) {
		said = port_eal_said();
		rc = -(rte_errno > 0 ? rte_errno : EINVAL);
		port_error_set(e, rc, "DPDK did not start: %s (%u MiB of %s memory, %u workers)",
				said[0] != '\0' ? said : rte_strerror(rte_errno), conf->memory_mb,
				huge ? "huge-page" : "ordinary", conf->n_workers);
	}
	args_free(&a, owned);
	return rc;
}

int port_eal_init(
		const struct port_eal_conf *conf, struct port_eal_facts *ret, struct port_error *e)
{
	bool huge = false;
	int rc;

	rc = huge_decide(conf, &huge, e);
	if (rc < 0)
		return rc;
	rc = prefix_lock(conf, e);
	if (rc < 0)
		return rc;
	rc = said_capture();
	if (rc < 0)
		rc = port_error_set(e, rc, "out of memory");
	else
		rc = eal_start(conf, huge, e);
	if (rc < 0) {
		prefix_unlock();
		return rc;
	}
	port_libraries_log_to(eal.line); /* the drivers are loaded now */
	*ret = (struct port_eal_facts){ .huge_pages = huge, .memory_mb = conf->memory_mb };
	return 0;
}

void port_eal_done(void)
{
	rte_eal_cleanup();
	prefix_unlock();
}
