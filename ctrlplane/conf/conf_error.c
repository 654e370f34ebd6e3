/* SPDX-License-Identifier: Apache-2.0
 * Errors of the configuration, by the node they are about; and the list of them, printed. */
#include "ctrlplane/conf/conf_priv.h"

void conf_error(struct conf_reader *r, const yaml_node_t *at, const char *fmt, ...)
{
	va_list args;

	if (r->last != NULL)
		r->last->bad = true;
	va_start(args, fmt);
	doc_error_va(r->errors, at->start_mark.line + 1, at->start_mark.column + 1, fmt, args);
	va_end(args);
}

void conf_errors_print(FILE *to, const char *path, const struct doc_errors *errors)
{
	for (size_t i = 0; i < errors->n && i < DOC_ERRORS_MAX; i++) {
		const struct doc_error *e = &errors->at[i];

		if (e->line == 0)
			fprintf(to, "%s: %s\n", path, e->text);
		else
			fprintf(to, "%s:%u:%u: %s\n", path, e->line, e->column, e->text);
	}
	if (errors->n > DOC_ERRORS_MAX)
		fprintf(to, "%s: and %zu more\n", path, errors->n - DOC_ERRORS_MAX);
}
