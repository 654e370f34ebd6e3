/* SPDX-License-Identifier: Apache-2.0
 * Prepared statements and portals as the server has them: a name enters when the server says that it
 * is done, and so there is nothing to take back when a batch fails. */
#include "parsers/pg/pg_priv.h"

#include <string.h>

bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static uint8_t *copy(uint8_t *to, struct span from)
{
	if (from.len > 0)
		memcpy(to, from.ptr, from.len);
	return to + from.len;
}

struct pg_blob *blob_new(struct pg_session *s, struct span bytes)
{
	struct pg_blob *b = budget_take(&s->mem, sizeof(*b) + bytes.len);

	if (b == NULL)
		return NULL;
	b->len = (uint32_t)bytes.len;
	copy(b->bytes, bytes);
	return b;
}

void blob_free(struct pg_session *s, struct pg_blob **b)
{
	if (*b != NULL)
		budget_give(&s->mem, *b, sizeof(**b) + (*b)->len);
	*b = NULL;
}

struct span stmt_name(const struct pg_stmt *stmt)
{
	return (struct span){ stmt->bytes, stmt->name_len };
}

struct span portal_name(const struct pg_portal *portal)
{
	return (struct span){ portal->bytes, portal->name_len };
}

struct span portal_stmt_name(const struct pg_portal *portal)
{
	return (struct span){ portal->bytes + portal->name_len, portal->stmt_len };
}

/* <p.name> is at most PG_NAME_MAX long. */
struct pg_stmt *stmt_new(struct pg_session *s, const struct pg_parse *p)
{
	const bool has_text = p->text.len <= s->conf->text_max_bytes;
	const size_t text_len = has_text ? p->text.len : 0;
	struct pg_stmt *stmt = budget_take(&s->mem, sizeof(*stmt) + p->name.len + text_len);

	if (stmt == NULL)
		return NULL;
	*stmt = (struct pg_stmt){ .refs = 1,
		.text_len = (uint32_t)text_len,
		.name_len = (uint8_t)p->name.len,
		.has_text = has_text };
	copy(copy(stmt->bytes, p->name), (struct span){ p->text.ptr, text_len });
	return stmt;
}

void stmt_unref(struct pg_session *s, struct pg_stmt **ref)
{
	struct pg_stmt *stmt = *ref;

	*ref = NULL;
	if (stmt == NULL || --stmt->refs > 0)
		return;
	columns_unref(s, &stmt->cols);
	budget_give(&s->mem, stmt, sizeof(*stmt) + stmt->name_len + stmt->text_len);
}

/* <b.portal> and <b.statement> are at most PG_NAME_MAX long. */
struct pg_portal *portal_new(struct pg_session *s, const struct pg_bind *b)
{
	const size_t n_names = b->portal.len + b->statement.len;
	struct pg_portal *portal = budget_take(
			&s->mem, sizeof(*portal) + n_names + b->result_formats.codes.len);

	if (portal == NULL)
		return NULL;
	*portal = (struct pg_portal){ .n_formats = b->result_formats.n,
		.name_len = (uint8_t)b->portal.len,
		.stmt_len = (uint8_t)b->statement.len };
	copy(copy(copy(portal->bytes, b->portal), b->statement), b->result_formats.codes);
	return portal;
}

void portal_free(struct pg_session *s, struct pg_portal **ref)
{
	struct pg_portal *portal = *ref;

	*ref = NULL;
	if (portal == NULL)
		return;
	stmt_unref(s, &portal->stmt);
	columns_unref(s, &portal->cols);
	budget_give(&s->mem, portal,
			sizeof(*portal) + portal->name_len + portal->stmt_len +
					(size_t)portal->n_formats * 2);
}

static struct pg_col col_of(const struct pg_column *c, size_t name_off)
{
	return (struct pg_col){ .table_oid = c->table_oid,
		.type_oid = c->type_oid,
		.type_mod = c->type_mod,
		.name_off = (uint32_t)name_off,
		.attnum = c->attnum,
		.type_len = c->type_len,
		.name_len = (uint16_t)c->name.len,
		.format = c->format };
}

/* The columns as an array, with the message's bytes behind it for their names. <list> was checked. */
struct pg_columns *columns_new(struct pg_session *s, const struct pg_list *list)
{
	const size_t n_array = sizeof(struct pg_columns) + list->n * sizeof(struct pg_col);
	struct pg_columns *cols = budget_take(&s->mem, n_array + list->items.len);
	struct reader r = rd_span(list->items);
	struct pg_column c;

	if (cols == NULL)
		return NULL;
	cols->refs = 1;
	cols->n_bytes = (uint32_t)(n_array + list->items.len);
	cols->names = (uint8_t *)cols + n_array;
	cols->n = list->n;
	memcpy((uint8_t *)cols + n_array, list->items.ptr, list->items.len);
	for (uint16_t i = 0; i < list->n; i++) {
		must(pg_next_column(&r, &c));
		cols->col[i] = col_of(&c, (size_t)(c.name.ptr - list->items.ptr));
	}
	return cols;
}

void columns_unref(struct pg_session *s, struct pg_columns **ref)
{
	struct pg_columns *cols = *ref;

	*ref = NULL;
	if (cols != NULL && --cols->refs == 0)
		budget_give(&s->mem, cols, cols->n_bytes);
}

struct pg_stmt *names_stmt(const struct pg_session *s, struct span name)
{
	for (struct pg_stmt *p = s->names.stmts; p != NULL; p = p->next) {
		if (span_eq(stmt_name(p), name))
			return p;
	}
	return NULL;
}

struct pg_portal *names_portal(const struct pg_session *s, struct span name)
{
	for (struct pg_portal *p = s->names.portals; p != NULL; p = p->next) {
		if (span_eq(portal_name(p), name))
			return p;
	}
	return NULL;
}

static void unlink_stmt(struct pg_session *s, struct pg_stmt **at)
{
	struct pg_stmt *stmt = *at;

	*at = stmt->next;
	s->names.n_stmts--;
	stmt_unref(s, &stmt);
}

void names_drop_stmt(struct pg_session *s, struct span name)
{
	struct pg_stmt **at = &s->names.stmts;

	while (*at != NULL && !span_eq(stmt_name(*at), name))
		at = &(*at)->next;
	if (*at != NULL)
		unlink_stmt(s, at);
}

void names_add_stmt(struct pg_session *s, struct pg_stmt *stmt)
{
	names_drop_stmt(s, stmt_name(stmt));
	stmt->next = s->names.stmts;
	s->names.stmts = stmt;
	s->names.n_stmts++;
}

void names_drop_portal(struct pg_session *s, struct span name)
{
	struct pg_portal **at = &s->names.portals, *portal;

	while (*at != NULL && !span_eq(portal_name(*at), name))
		at = &(*at)->next;
	portal = *at;
	if (portal == NULL)
		return;
	*at = portal->next;
	s->names.n_portals--;
	portal_free(s, &portal);
}

void names_add_portal(struct pg_session *s, struct pg_portal *portal)
{
	names_drop_portal(s, portal_name(portal));
	portal->next = s->names.portals;
	s->names.portals = portal;
	s->names.n_portals++;
}

void names_drop_portals(struct pg_session *s)
{
	while (s->names.portals != NULL)
		names_drop_portal(s, portal_name(s->names.portals));
}

/* Drops the named statements; the unnamed one is not in the server's table. */
static void drop_named(struct pg_session *s, bool doubtful_only)
{
	struct pg_stmt **at = &s->names.stmts;

	while (*at != NULL) {
		if ((*at)->name_len > 0 && (!doubtful_only || (*at)->is_doubtful))
			unlink_stmt(s, at);
		else
			at = &(*at)->next;
	}
}

static void doubt_named(struct pg_session *s)
{
	for (struct pg_stmt *p = s->names.stmts; p != NULL; p = p->next) {
		if (p->name_len > 0) {
			p->is_doubtful = true;
			columns_unref(s, &p->cols);
		}
	}
}

enum tag_effect {
	TAG_NONE,
	TAG_DEALLOCATE, /* one statement, which the tag does not name */
	TAG_PREPARE,    /* a name that was deallocated may mean another text now */
	TAG_DEALLOCATE_ALL,
	TAG_PORTALS, /* portals end, or SQL may have opened another of the same name */
	TAG_DISCARD_ALL,
};

static enum tag_effect tag_effect(struct span tag)
{
	static const struct {
		const char *tag;
		enum tag_effect effect;
	} rows[] = {
		{ "DEALLOCATE", TAG_DEALLOCATE },
		{ "PREPARE", TAG_PREPARE },
		{ "DEALLOCATE ALL", TAG_DEALLOCATE_ALL },
		{ "DISCARD ALL", TAG_DISCARD_ALL },
		{ "COMMIT", TAG_PORTALS },
		{ "ROLLBACK", TAG_PORTALS },
		{ "PREPARE TRANSACTION", TAG_PORTALS },
		{ "CLOSE CURSOR", TAG_PORTALS },
		{ "CLOSE CURSOR ALL", TAG_PORTALS },
		{ "DECLARE CURSOR", TAG_PORTALS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (span_eq(tag,
				    (struct span){ (const uint8_t *)rows[i].tag,
						    strlen(rows[i].tag) }))
			return rows[i].effect;
	}
	return TAG_NONE;
}

void names_after_tag(struct pg_session *s, struct span tag)
{
	const enum tag_effect effect = tag_effect(tag);

	if (effect == TAG_DEALLOCATE)
		doubt_named(s);
	if (effect == TAG_PREPARE)
		drop_named(s, true);
	if (effect == TAG_DEALLOCATE_ALL || effect == TAG_DISCARD_ALL)
		drop_named(s, false);
	if (effect == TAG_PORTALS || effect == TAG_DISCARD_ALL)
		names_drop_portals(s);
}

void names_done(struct pg_session *s)
{
	names_drop_portals(s);
	while (s->names.stmts != NULL)
		unlink_stmt(s, &s->names.stmts);
}
