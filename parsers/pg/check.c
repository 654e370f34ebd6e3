/* SPDX-License-Identifier: Apache-2.0
 * The readers of bodies in the one shape that a table of types can hold: 0, or -EBADMSG. */
#include "parsers/pg/pg_priv.h"

int pg_check_string(struct span body)
{
	struct span v;

	return pg_read_string(body, &v);
}

int pg_check_parse(struct span body)
{
	struct pg_parse v;

	return pg_read_parse(body, &v);
}

int pg_check_bind(struct span body)
{
	struct pg_bind v;

	return pg_read_bind(body, &v);
}

int pg_check_target(struct span body)
{
	struct pg_target v;

	return pg_read_target(body, &v);
}

int pg_check_execute(struct span body)
{
	struct pg_execute v;

	return pg_read_execute(body, &v);
}

int pg_check_function_call(struct span body)
{
	struct pg_function_call v;

	return pg_read_function_call(body, &v);
}

int pg_check_authentication(struct span body)
{
	struct pg_authentication v;

	return pg_read_authentication(body, &v);
}

int pg_check_key(struct span body)
{
	struct pg_cancel v;

	return pg_read_key(body, &v);
}

int pg_check_parameter(struct span body)
{
	struct pg_parameter v;

	return pg_read_parameter(body, &v);
}

int pg_check_negotiate(struct span body)
{
	struct pg_negotiate v;

	return pg_read_negotiate(body, &v);
}

int pg_check_ready(struct span body)
{
	char v;

	return pg_read_ready(body, &v);
}

int pg_check_columns(struct span body)
{
	struct pg_list v;

	return pg_read_columns(body, &v);
}

int pg_check_oids(struct span body)
{
	struct pg_list v;

	return pg_read_oids(body, &v);
}

int pg_check_copy(struct span body)
{
	struct pg_copy v;

	return pg_read_copy(body, &v);
}

int pg_check_function_result(struct span body)
{
	struct pg_value v;

	return pg_read_function_result(body, &v);
}

int pg_check_notification(struct span body)
{
	struct pg_notification v;

	return pg_read_notification(body, &v);
}

int pg_check_report(struct span body)
{
	struct pg_report v;

	return pg_read_report(body, true, &v);
}
