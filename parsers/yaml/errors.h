/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a file that a person wrote: a list in the file's order, and the "did you mean" of
 * wrong names. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

enum { DOC_ERRORS_MAX = 32 };

struct doc_error {
	uint32_t line, column; /* from 1; 0: the whole file */
	char text[200];        /* what is wrong and what to do; printable */
};

/* Some 7 KiB: static or on the heap, not in a stack frame. When the array is full, the errors that come
 * first in the file stay. */
struct doc_errors {
	size_t n; /* all that were found, even beyond the array */
	struct doc_error at[DOC_ERRORS_MAX];
};

/* <line> and <column> from 1. The text may quote the file: it is made printable. */
void doc_error_at(struct doc_errors *e, size_t line, size_t column, const char *fmt, ...)
		__attribute__((format(printf, 4, 5)));
void doc_error_va(struct doc_errors *e, size_t line, size_t column, const char *fmt, va_list args)
		__attribute__((format(printf, 4, 0)));

/* Of the names that next(ctx, i) gives (NULL ends), the one that <typed> was meant to be; or NULL. */
const char *doc_nearest(
		const char *typed, const char *(*next)(const void *ctx, size_t i), const void *ctx);
