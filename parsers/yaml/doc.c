/* SPDX-License-Identifier: Apache-2.0
 * YAML into a document, within bounds.
 *
 * The text is scanned once for its events before the document is built: an alias has a position only
 * there, and the scan bounds depth and node count before memory is spent. Aliases, anchors and tags
 * are refused, so the document is a tree and every node of it is read at most once. */
#include "parsers/yaml/doc.h"

#include <string.h>

struct scan {
	const struct doc_limits *limits;
	struct doc_errors *errors;
	size_t depth, n_nodes, n_documents;
	bool stop;
};

static void scan_error(struct scan *s, const yaml_mark_t *at, const char *text)
{
	doc_error_at(s->errors, at->line + 1, at->column + 1, "%s", text);
}

/* A key, a value, a list or a mapping begins. */
static void scan_node(struct scan *s, const yaml_mark_t *at, const void *anchor, const void *tag)
{
	if (anchor != NULL)
		scan_error(s, at,
				"anchors (&name) are not supported: write the value where it is "
				"used");
	if (tag != NULL)
		scan_error(s, at, "tags (!type) are not supported: remove it");
	if (++s->n_nodes <= s->limits->nodes)
		return;
	doc_error_at(s->errors, at->line + 1, at->column + 1,
			"more than %zu keys and values: this is no %s", s->limits->nodes,
			s->limits->called);
	s->stop = true;
}

static void scan_open(struct scan *s, const yaml_mark_t *at)
{
	if (++s->depth <= s->limits->depth)
		return;
	doc_error_at(s->errors, at->line + 1, at->column + 1,
			"nested more than %zu deep: this is no %s", s->limits->depth,
			s->limits->called);
	s->stop = true;
}

static void scan_event(struct scan *s, const yaml_event_t *e)
{
	const yaml_mark_t *at = &e->start_mark;

	switch (e->type) {
	case YAML_STREAM_END_EVENT:
		s->stop = true;
		break;
	case YAML_DOCUMENT_START_EVENT:
		if (++s->n_documents > 1) {
			scan_error(s, at,
					"a second document begins here: only one is read, remove "
					"it");
			s->stop = true;
		}
		break;
	case YAML_ALIAS_EVENT:
		scan_error(s, at, "aliases (*name) are not supported: write the value here");
		break;
	case YAML_SCALAR_EVENT:
		scan_node(s, at, e->data.scalar.anchor, e->data.scalar.tag);
		break;
	case YAML_SEQUENCE_START_EVENT:
		scan_node(s, at, e->data.sequence_start.anchor, e->data.sequence_start.tag);
		scan_open(s, at);
		break;
	case YAML_MAPPING_START_EVENT:
		scan_node(s, at, e->data.mapping_start.anchor, e->data.mapping_start.tag);
		scan_open(s, at);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		s->depth--;
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
}

/* Errors below YAML (wrong UTF-8, control characters) come with a byte offset only. */
static void reader_error(
		const yaml_parser_t *p, const uint8_t *bytes, size_t len, struct doc_errors *errors)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < p->problem_offset && i < len; i++) {
		if (bytes[i] == '\n') {
			line++;
			column = 1;
		} else if ((bytes[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	doc_error_at(errors, line, column, "not UTF-8 text: %s", p->problem);
}

static void syntax_error(
		const yaml_parser_t *p, const uint8_t *bytes, size_t len, struct doc_errors *errors)
{
	size_t line = p->problem_mark.line + 1, column = p->problem_mark.column + 1;

	if (p->error == YAML_MEMORY_ERROR)
		doc_error_at(errors, 0, 0, "out of memory");
	else if (p->error == YAML_READER_ERROR)
		reader_error(p, bytes, len, errors);
	else if (p->context != NULL)
		doc_error_at(errors, line, column, "not YAML: %s, %s that begins in line %zu",
				p->problem, p->context, p->context_mark.line + 1);
	else
		doc_error_at(errors, line, column, "not YAML: %s", p->problem);
}

static bool parser_open(yaml_parser_t *p, const uint8_t *bytes, size_t len)
{
	if (yaml_parser_initialize(p) == 0)
		return false;
	yaml_parser_set_encoding(p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(p, bytes, len);
	return true;
}

static bool scan(const uint8_t *bytes, size_t len, const struct doc_limits *limits,
		struct doc_errors *errors)
{
	struct scan s = { .limits = limits, .errors = errors };
	size_t n_before = errors->n;
	yaml_parser_t p;
	yaml_event_t e;

	if (!parser_open(&p, bytes, len)) {
		doc_error_at(errors, 0, 0, "out of memory");
		return false;
	}
	while (!s.stop) {
		if (yaml_parser_parse(&p, &e) == 0) {
			syntax_error(&p, bytes, len, errors);
			break;
		}
		scan_event(&s, &e);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&p);
	return errors->n == n_before;
}

bool doc_load(struct span text, const struct doc_limits *limits, yaml_document_t *ret_doc,
		struct doc_errors *errors)
{
	yaml_parser_t p;
	bool ok;

	if (!scan(text.ptr, text.len, limits, errors))
		return false;
	if (!parser_open(&p, text.ptr, text.len)) {
		doc_error_at(errors, 0, 0, "out of memory");
		return false;
	}
	ok = yaml_parser_load(&p, ret_doc) != 0;
	if (!ok)
		syntax_error(&p, text.ptr, text.len, errors);
	yaml_parser_delete(&p);
	if (ok && yaml_document_get_root_node(ret_doc) == NULL) {
		doc_error_at(errors, 0, 0, "the file is empty: it needs at least %s",
				limits->needs);
		yaml_document_delete(ret_doc);
		ok = false;
	}
	return ok;
}
