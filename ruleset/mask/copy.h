/* SPDX-License-Identifier: Apache-2.0
 * COPY ... TO STDOUT, row by row (PostgreSQL documentation, "COPY", File Formats; copyto.c). Errors
 * are those of mask.h, and -EAGAIN: the row, or the head, goes on behind what there is. */
#pragma once

#include "ruleset/mask/mask.h"

enum mask_copy_format {
	MASK_COPY_TEXT,
	MASK_COPY_CSV,
	MASK_COPY_BINARY,
};

/* As the COPY command has them. */
struct mask_copy {
	enum mask_copy_format format;
	uint8_t delimiter;     /* text: a tab, CSV: a comma, unless it says otherwise */
	uint8_t quote, escape; /* CSV */
	bool has_header;
	/* Borrowed; text: \N, CSV: empty. In text a value that is spelled like it is NULL to who
	 * reads it, as it is when the server writes it. */
	struct span null;
	uint16_t n_columns;
};

extern const struct mask_copy mask_copy_default[3]; /* by format */

/* A column that is copied. */
struct mask_copy_column {
	const struct mask *mask;      /* borrowed; NULL: it leaves as it is */
	uint32_t type;                /* OID */
	const struct mask_path *path; /* borrowed, or NULL */
	/* Where a pattern hit, in bytes of the row; of a field that it does not touch nothing is
	 * masked. <to> 0: it did not have to, the whole field is masked. */
	struct mask_part part;
};

/* Bytes before the first row: a binary file's header, a line of names, or none. */
int mask_copy_head(const struct mask_copy *copy, struct span in, size_t *ret_bytes);

/* Bytes of the first row in <in>, its end included. <is_last>: nothing follows. */
int mask_copy_row_size(
		const struct mask_copy *copy, struct span in, bool is_last, size_t *ret_bytes);

/* A field as it stands in its row. */
struct mask_copy_field {
	struct mask_part
			at; /* bytes of the row, with quotes and escapes, without a binary length */
	bool is_null;
};

/* The next field; <at> is 0 before the first. 1; 0: there is none left; -EBADMSG. */
int mask_copy_next(const struct mask_copy *copy, struct span row, size_t *at,
		struct mask_copy_field *ret);

/* Writes a row, whole as mask_copy_row_size() has it. A row of another number of fields is
 * -EBADMSG; the end of the data (\. or a binary trailer) is written as it is. */
int mask_copy_row(struct masker *m, const struct mask_copy *copy,
		const struct mask_copy_column *columns, struct span row, struct outbuf *o);
