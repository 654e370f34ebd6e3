/* SPDX-License-Identifier: Apache-2.0
 * What the files of mask_pg share. */
#pragma once

#include "ruleset/mask/mask.h"

#include <libpq-fe.h>

enum { SAMPLES_MAX = 12 };

/* A type by its SQL name, and values of it as text. */
struct sample_type {
	const char *name;
	const char *values[SAMPLES_MAX]; /* NULL after the last */
};

extern const struct sample_type sample_types[]; /* no name after the last */
extern const char sample_schema[];

void server_open(const char *conninfo);
void server_close(void);
PGconn *server_conn(void);
/* No result is expected; ends the program on an error. */
void server_do(const char *sql);
/* One value as a parameter, NULL for none; the result in <format>. Never NULL; its status is the
 * caller's to ask. */
PGresult *server_ask(const char *sql, const struct mask_input *param, int format);
/* The types that are the database's own; to be asked for after they were made. */
const struct mask_types *server_types(void);

/* Prints "ok <name>" or what <why> says. Returns whether it was one. */
bool say(const char *name, const char *why);

/* copy.c. How many tests failed. */
int copy_tests(void);
