/* SPDX-License-Identifier: Apache-2.0
 * Why the ports could not be brought up: one line for a person, that says what to do. This folder
 * does not log; ctrlplane/app prints it. */
#pragma once

struct port_error {
	char text[320];
};

/* Writes the line. Returns <rc>, so that a failing function ends with it. */
int port_error_set(struct port_error *e, int rc, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
