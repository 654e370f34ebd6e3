/* SPDX-License-Identifier: Apache-2.0
 * A page of header, then the records. The header is checked as a whole: whatever differs (another
 * number of workers, another table size) makes the records worthless, since they lie by worker and
 * flow index. The records check themselves (dataplane/tcp/restart.h). */
#include "ctrlplane/app/restart_file.h"

#include "dataplane/tcp/restart.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER_BYTES = 4096,
	FILE_STEP = 2 << 20, /* hugetlbfs takes whole pages only */
	FORMAT = 1,
};

static const char magic[16] = "sluice-restart";

struct header {
	char magic[16];
	uint32_t format, n_workers, max_flows, record_bytes;
	uint64_t seed[2];
};

_Static_assert(sizeof(struct header) <= HEADER_BYTES, "one page");

static bool is_ours(const struct header *h, const struct header *want)
{
	return memcmp(h->magic, want->magic, sizeof(h->magic)) == 0 && h->format == want->format &&
			h->n_workers == want->n_workers && h->max_flows == want->max_flows &&
			h->record_bytes == want->record_bytes;
}

static int map_file(struct restart_file *f, const char *path)
{
	struct stat st;

	f->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (f->fd < 0)
		return -errno;
	if (flock(f->fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (fstat(f->fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size != f->map_bytes && ftruncate(f->fd, (off_t)f->map_bytes) < 0)
		return -errno;
	f->map = mmap(NULL, f->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, f->fd,
			0);
	if (f->map == MAP_FAILED) {
		f->map = NULL;
		return -errno;
	}
	return 0;
}

int restart_file_open(struct restart_file *f, const char *path, uint32_t n_workers,
		uint32_t max_flows, const uint64_t seed[2])
{
	struct header want = { .format = FORMAT,
		.n_workers = n_workers,
		.max_flows = max_flows,
		.record_bytes = sizeof(struct restart_record),
		.seed = { seed[0], seed[1] } };
	size_t bytes = HEADER_BYTES + (size_t)n_workers * max_flows * sizeof(struct restart_record);
	struct header *h;
	int rc;

	memcpy(want.magic, magic, sizeof(want.magic));
	*f = (struct restart_file){ .fd = -1,
		.map_bytes = (bytes + FILE_STEP - 1) / FILE_STEP * FILE_STEP };
	rc = map_file(f, path);
	if (rc < 0) {
		restart_file_close(f);
		return rc;
	}
	h = f->map;
	f->fresh = !is_ours(h, &want);
	if (f->fresh) {
		memset(f->map, 0, f->map_bytes);
		*h = want;
	}
	memcpy(f->seed, h->seed, sizeof(f->seed));
	f->records = (struct restart_record *)(void *)((char *)f->map + HEADER_BYTES);
	return 0;
}

void restart_file_close(struct restart_file *f)
{
	if (f->map != NULL)
		munmap(f->map, f->map_bytes);
	if (f->fd >= 0)
		close(f->fd);
	*f = (struct restart_file){ .fd = -1 };
}
