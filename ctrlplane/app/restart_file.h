/* SPDX-License-Identifier: Apache-2.0
 * The memory in which flows outlive the process: one mapped file, written by the workers' engines,
 * read by the next process. A file made by another layout is begun anew. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct restart_record;

struct restart_file {
	void *map; /* NULL: not in use */
	size_t map_bytes;
	int fd;
	struct restart_record *records; /* n_workers * max_flows */
	uint64_t seed[2];               /* a flow finds its worker again only by the same hash */
	bool fresh;                     /* it held nothing of use */
};

/* <seed> becomes the file's when it is begun. 0 or -errno; -EBUSY: another process has it. */
int restart_file_open(struct restart_file *f, const char *path, uint32_t n_workers,
		uint32_t max_flows, const uint64_t seed[2]);
void restart_file_close(struct restart_file *f);
