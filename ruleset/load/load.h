/* SPDX-License-Identifier: Apache-2.0
 * Rule text into a policy: the only reader of rules. README.md has the language. Control thread and
 * tools; uses the heap. */
#pragma once

#include "parsers/base/span.h"
#include "parsers/yaml/errors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOAD_FILE_MAX = 4 << 20, /* bytes of a pack's file */
	LOAD_PACKS_MAX = 64,     /* of a policy */
	LOAD_PACK_NAME_MAX = 23, /* bytes; with an id it is what tickets have room for */
	LOAD_ID_MAX = 39,
};

struct policy;

/* What is said of one file. Some 14 KiB: static or on the heap. Warnings are about what was loaded all
 * the same. */
struct load_report {
	struct doc_errors errors, warnings;
};

/* The packs of <texts>, one each, in that order -> a policy that is the caller's. <reports> has one for
 * each and is filled in any case. 0; -EINVAL: a text is wrong, its report says all that is; -E2BIG: too
 * many packs; -ENOMEM; -EIO: no SHA-256 from OpenSSL. *ret is untouched on failure. Texts are not kept. */
int load_policy(const struct span *texts, size_t n, struct policy **ret,
		struct load_report *reports);

/* The text of a pack that comes with the product. False: there is none of that name. */
bool load_builtin(const char *name, struct span *ret);

/* The name of a bit of sql_stmt.flags, as rules write it; NULL: there is none. */
const char *load_flag_word(size_t bit);

/* The names of packs that come with the product -> a policy. -ENOENT: no such pack, *ret_bad is its
 * index; else as load_policy(). */
int policy_new(const char *const *packs, size_t n_packs, struct policy **ret, size_t *ret_bad);
