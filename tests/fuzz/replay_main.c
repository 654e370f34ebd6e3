/* SPDX-License-Identifier: Apache-2.0
 * Runs a fuzz target over the files of a folder, or over single files: how the corpus becomes an
 * ordinary test, with any compiler, and how a crash is looked at in a debugger. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The file in a block of its size, so that ASan sees every byte read beyond it. */
static uint8_t *read_file(const char *path, size_t *ret_size)
{
	struct stat st;
	uint8_t *data = NULL;
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return NULL;
	if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode)) {
		*ret_size = (size_t)st.st_size;
		data = malloc(*ret_size > 0 ? *ret_size : 1);
		if (data != NULL && fread(data, 1, *ret_size, file) != *ret_size) {
			free(data);
			data = NULL;
		}
	}
	fclose(file);
	return data;
}

static int replay_file(const char *path)
{
	size_t size = 0;
	uint8_t *data = read_file(path, &size);

	if (data == NULL) {
		fprintf(stderr, "%s: cannot be read\n", path);
		return -1;
	}
	fprintf(stderr, "%s\n", path); /* the last one is the culprit, if it ends here */
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 1;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Number of files replayed; -1: one could not be read. */
static int replay(const char *path)
{
	struct dirent **entries;
	char name[1024];
	int n_entries, rc, n_files = 0;

	n_entries = scandir(path, &entries, is_visible, alphasort);
	if (n_entries < 0)
		return replay_file(path);
	for (int i = 0; i < n_entries; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		rc = n_files < 0 ? -1 : replay_file(name);
		n_files = rc < 0 ? -1 : n_files + rc;
		free(entries[i]);
	}
	free(entries);
	return n_files;
}

int main(int argc, char **argv)
{
	int n_files = 0, rc;

	for (int i = 1; i < argc; i++) {
		rc = replay(argv[i]);
		if (rc < 0)
			return EXIT_FAILURE;
		n_files += rc;
	}
	printf("%d inputs\n", n_files);
	return n_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
