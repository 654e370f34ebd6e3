/* SPDX-License-Identifier: Apache-2.0
 * Policies of the packs that come with the product. */
#include "ruleset/load/load.h"
#include "ruleset/packs/packs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool load_builtin(const char *name, struct span *ret)
{
	for (const struct pack_file *f = pack_files; f->name != NULL; f++) {
		if (strcmp(f->name, name) != 0)
			continue;
		*ret = (struct span){ f->bytes, f->len };
		return true;
	}
	return false;
}

int policy_new(const char *const *packs, size_t n_packs, struct policy **ret, size_t *ret_bad)
{
	struct load_report *reports;
	struct span *texts;
	int rc = 0;

	if (n_packs > LOAD_PACKS_MAX)
		return -E2BIG;
	reports = calloc(n_packs + 1, sizeof(*reports));
	texts = calloc(n_packs + 1, sizeof(*texts));
	if (reports == NULL || texts == NULL)
		rc = -ENOMEM;
	for (size_t i = 0; rc == 0 && i < n_packs; i++) {
		if (load_builtin(packs[i], &texts[i]))
			continue;
		*ret_bad = i;
		rc = -ENOENT;
	}
	if (rc == 0)
		rc = load_policy(texts, n_packs, ret, reports);
	free(texts);
	free(reports);
	return rc;
}
