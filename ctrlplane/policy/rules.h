/* SPDX-License-Identifier: Apache-2.0
 * Packs of rules by name: those that come with the product, and those of operators' files. Blocks on
 * files; control thread and tools. */
#pragma once

#include "parsers/base/span.h"
#include "parsers/yaml/errors.h"

#include <stdbool.h>
#include <stddef.h>

struct policy;

/* Who hears what is wrong with a file, and what of it has no effect. <e> is for the call only. */
struct rules_ear {
	void (*hear)(void *ctx, const char *path, const struct doc_error *e, bool is_warning);
	void *ctx; /* borrowed */
};

/* Hears nothing. */
void rules_unheard(void *ctx, const char *path, const struct doc_error *e, bool is_warning);

struct rules_pack {
	char *name, *path; /* owned; path NULL: it comes with the product */
	struct span text;  /* owned, with <path> */
};

struct rules {
	struct rules_pack *packs; /* owned */
	size_t n;
};

/* With the product's packs. NULL: no memory. */
struct rules *rules_new(void);
void rules_free(struct rules **rules);

/* The pack of a file, checked. 0; -EINVAL: it is wrong, or its name is taken: <ear> has heard why; else
 * -errno: it cannot be read (heard as well). */
int rules_add_file(struct rules *rules, const char *path, const struct rules_ear *ear);
/* The same of a text, which is copied; errors are about <path>. */
int rules_add_text(struct rules *rules, const char *path, struct span text,
		const struct rules_ear *ear);
/* Every *.yaml of a folder, by name; hidden ones are not looked at. All that is wrong with any of them is
 * heard. 0, or the first error. */
int rules_add_dir(struct rules *rules, const char *dir, const struct rules_ear *ear);

enum { RULES_HASH_SIZE = 65 };

/* SHA-256, in hexadecimal, of what operators' packs say, whatever their files are called and in whatever order
 * they came. 0; -EIO: no SHA-256 from OpenSSL; -ENOMEM. */
int rules_hash(const struct rules *rules, char ret[RULES_HASH_SIZE]);

const struct rules_pack *rules_find(const struct rules *rules, const char *name); /* NULL: none */

/* The packs of these names, in that order. -ENOENT: no such pack, *ret_bad is its index; else as
 * load_policy(). */
int rules_policy(const struct rules *rules, const char *const *names, size_t n, struct policy **ret,
		size_t *ret_bad);
