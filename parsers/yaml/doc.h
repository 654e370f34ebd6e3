/* SPDX-License-Identifier: Apache-2.0
 * YAML 1.1 (libyaml) into a document that is a tree within bounds: no anchors, aliases and tags, one
 * document a text. */
#pragma once

#include "parsers/base/span.h"
#include "parsers/yaml/errors.h"

#include <yaml.h>

#include <stdbool.h>

struct doc_limits {
	size_t depth;       /* nested lists and mappings */
	size_t nodes;       /* keys, values, lists, mappings */
	const char *called; /* what the text is to be: "sluice configuration" */
	const char *needs;  /* the least that must be in it */
};

/* True: *ret_doc has a root and is for yaml_document_delete(). False: why is noted in <errors>, all of
 * it that can be found. Uses the heap; the caller has bounded <text>. */
bool doc_load(struct span text, const struct doc_limits *limits, yaml_document_t *ret_doc,
		struct doc_errors *errors);
