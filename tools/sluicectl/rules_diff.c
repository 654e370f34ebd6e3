/* SPDX-License-Identifier: Apache-2.0
 * sluicectl rules diff: what would change, by rule and by line. The lines are diff(1)'s, which every Debian
 * has. */
#include "tools/sluicectl/client.h"
#include "tools/sluicectl/rules.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIFF_MAX = 4 << 20, PATH_SIZE = 64 };

/* ---- both sides */

static void hear(void *ctx, const char *path, const struct doc_error *e, bool is_warning)
{
	(void)ctx;
	if (!is_warning)
		fprintf(stderr, "%s:%u:%u: %s\n", path, e->line, e->column, e->text);
}

/* The daemon's, by hash; NULL: those in force. */
static enum ctl_exit of_daemon(const struct ctl *c, const char *sha256, struct rules *rules)
{
	const struct rules_ear ear = { hear, NULL };
	char target[128] = "/v1/rules/sources";
	json_t *answer = NULL;
	const json_t *file;
	enum ctl_exit rc;
	size_t i;

	if (sha256 != NULL)
		snprintf(target, sizeof(target), "/v1/rules/sources?sha256=%s", sha256);
	rc = client_ask(c, "GET", target, &answer);
	json_array_foreach(json_object_get(answer, "files"), i, file)
	{
		const json_t *text = json_object_get(file, "text");
		const struct span span = { (const uint8_t *)json_string_value(text),
			json_string_length(text) };

		if (rc == CTL_OK && rules_add_text(rules, ctl_text(file, "path"), span, &ear) < 0)
			rc = CTL_REFUSED;
	}
	json_decref(answer);
	return rc;
}

/* The files that the daemon is configured with, as they are now. */
static enum ctl_exit of_configuration(const struct ctl *c, struct rules *rules)
{
	json_t *answer = NULL;
	const json_t *configured, *file;
	enum ctl_exit rc = client_ask(c, "GET", "/v1/rules", &answer);
	char *dir;
	size_t i;

	configured = json_object_get(answer, "configured");
	dir = (char *)(uintptr_t)json_string_value(json_object_get(configured, "dir"));
	if (rc == CTL_OK && dir != NULL && !rules_read(rules, &dir, 1))
		rc = CTL_REFUSED;
	json_array_foreach(json_object_get(configured, "files"), i, file)
	{
		char *path = (char *)(uintptr_t)json_string_value(file);

		if (rc == CTL_OK && !rules_read(rules, &path, 1))
			rc = CTL_REFUSED;
	}
	json_decref(answer);
	return rc;
}

static enum ctl_exit other_side(const struct ctl *c, struct rules *rules)
{
	if (c->n_objects == 0)
		return of_configuration(c, rules);
	if (c->n_objects == 1 && rules_is_hash(c->objects[0]) && access(c->objects[0], F_OK) < 0)
		return of_daemon(c, c->objects[0], rules);
	return rules_read(rules, c->objects, c->n_objects) ? CTL_OK : CTL_REFUSED;
}

/* ---- rules */

/* A rule or a pattern, and the lines that say it. */
struct part {
	const char *id;
	uint32_t line;
	struct span text;
};

struct parts {
	struct policy *policy; /* owned */
	struct part *at;       /* owned; by line */
	size_t n;
};

static int by_line(const void *a, const void *b)
{
	const struct part *p = a, *q = b;

	return (p->line > q->line) - (p->line < q->line);
}

static const uint8_t *line_at(struct span text, uint32_t line)
{
	const uint8_t *at = text.ptr, *end = text.ptr + text.len;

	for (; line > 1 && at < end; line--) {
		const uint8_t *feed = memchr(at, '\n', (size_t)(end - at));

		at = feed == NULL ? end : feed + 1;
	}
	return at;
}

/* From its first line to the next part, or to a line that begins a section. */
static struct span lines_of(struct span text, uint32_t from, uint32_t to)
{
	const uint8_t *at = line_at(text, from), *end = line_at(text, to), *stop = end;

	for (const uint8_t *l = at; l < end;) {
		const uint8_t *feed = memchr(l, '\n', (size_t)(end - l));

		if (l > at && *l != ' ' && *l != '-' && *l != '\n' && *l != '#') {
			stop = l;
			break;
		}
		l = feed == NULL ? end : feed + 1;
	}
	while (stop > at && (stop[-1] == '\n' || stop[-1] == ' '))
		stop--;
	return (struct span){ at, (size_t)(stop - at) };
}

static void parts_fill(struct parts *p, const struct model_pack *pack)
{
	const struct policy *policy = p->policy;

	for (uint32_t i = 0; i < pack->n_patterns; i++)
		p->at[p->n++] = (struct part){ .id = policy->patterns[i].id,
			.line = policy->patterns[i].line };
	for (uint32_t i = 0; i < pack->n_data; i++)
		p->at[p->n++] = (struct part){ .id = pack->data[i].id, .line = pack->data[i].line };
	for (uint32_t i = 0; i < pack->n_rules; i++)
		p->at[p->n++] = (struct part){ .id = pack->rules[i].id,
			.line = pack->rules[i].line };
	qsort(p->at, p->n, sizeof(*p->at), by_line);
}

static void parts_of(const struct rules *rules, const char *name, struct parts *ret)
{
	const struct rules_pack *source = rules_find(rules, name);
	const struct model_pack *pack;
	size_t bad;

	*ret = (struct parts){ .n = 0 };
	if (source == NULL || rules_policy(rules, &name, 1, &ret->policy, &bad) != 0)
		return;
	pack = &ret->policy->packs[0];
	ret->at = calloc(pack->n_patterns + pack->n_data + pack->n_rules + 1, sizeof(*ret->at));
	if (ret->at == NULL)
		return;
	parts_fill(ret, pack);
	for (size_t i = 0; i < ret->n; i++) {
		uint32_t next = UINT32_MAX;

		for (size_t k = i + 1; k < ret->n && next == UINT32_MAX; k++)
			next = ret->at[k].line > ret->at[i].line ? ret->at[k].line : next;
		ret->at[i].text = lines_of(source->text, ret->at[i].line, next);
	}
}

static void parts_done(struct parts *p)
{
	policy_free(&p->policy);
	free(p->at);
}

static const struct part *part_find(const struct parts *p, const char *id)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->at[i].id, id) == 0)
			return &p->at[i];
	}
	return NULL;
}

static void put(json_t *changes, const char *pack, const char *id, const char *what)
{
	json_array_append_new(changes,
			json_pack("{s:s, s:s, s:s}", "pack", pack, "id", id, "change", what));
}

static bool is_same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static void compare_defaults(
		json_t *changes, const char *pack, const struct parts *a, const struct parts *b)
{
	const struct model_pack *p, *q;

	if (a->policy == NULL || b->policy == NULL)
		return;
	p = &a->policy->packs[0];
	q = &b->policy->packs[0];
	if (p->command != q->command || p->unparsed != q->unparsed)
		put(changes, pack, "default", "changed");
}

static void compare_packs(
		json_t *changes, const char *pack, const struct rules *from, const struct rules *to)
{
	struct parts a, b;

	parts_of(from, pack, &a);
	parts_of(to, pack, &b);
	for (size_t i = 0; i < a.n; i++) {
		const struct part *other = part_find(&b, a.at[i].id);

		if (other == NULL)
			put(changes, pack, a.at[i].id, "removed");
		else if (!is_same(a.at[i].text, other->text))
			put(changes, pack, a.at[i].id, "changed");
	}
	for (size_t i = 0; i < b.n; i++) {
		if (part_find(&a, b.at[i].id) == NULL)
			put(changes, pack, b.at[i].id, "added");
	}
	compare_defaults(changes, pack, &a, &b);
	parts_done(&a);
	parts_done(&b);
}

/* ---- lines */

static int memory_file(struct span text, char path[PATH_SIZE])
{
	const int fd = memfd_create("rules", 0); /* diff inherits it */

	if (fd < 0)
		return -errno;
	snprintf(path, PATH_SIZE, "/dev/fd/%d", fd);
	for (size_t at = 0; at < text.len;) {
		const ssize_t n = write(fd, text.ptr + at, text.len - at);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	return fd;
}

static char *read_end(int fd)
{
	char *text = malloc(DIFF_MAX + 1);
	size_t len = 0;
	ssize_t n = 1;

	while (text != NULL && n > 0 && len < DIFF_MAX) {
		n = read(fd, text + len, DIFF_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (text != NULL)
		text[len] = '\0';
	return text;
}

/* What diff(1) prints: the caller's; NULL: it did not run. */
static char *run_diff(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	char *text = NULL;
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	if (posix_spawnp(&pid, "diff", &actions, NULL, argv, environ) != 0)
		pid = -1;
	close(ends[1]);
	if (pid > 0) {
		text = read_end(ends[0]);
		(void)waitpid(pid, NULL, 0);
	}
	close(ends[0]);
	posix_spawn_file_actions_destroy(&actions);
	return text;
}

static json_t *diff_texts(const char *pack, struct span from, struct span to)
{
	static char diff[] = "diff", unified[] = "-u", label[] = "--label";
	char paths[2][PATH_SIZE], names[2][PATH_SIZE];
	const int fds[2] = { memory_file(from, paths[0]), memory_file(to, paths[1]) };
	char *argv[] = { diff, unified, label, names[0], label, names[1], paths[0], paths[1],
		NULL };
	char *text = NULL;
	json_t *answer;

	snprintf(names[0], PATH_SIZE, "%.40s (in force)", pack);
	snprintf(names[1], PATH_SIZE, "%.40s (then)", pack);
	if (fds[0] >= 0 && fds[1] >= 0)
		text = run_diff(argv);
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	answer = text == NULL ? json_null() : json_string(text);
	free(text);
	return answer;
}

/* ---- the whole */

static void compare(
		const char *pack, const struct rules *from, const struct rules *to, json_t *answer)
{
	const struct span none = { (const uint8_t *)"", 0 };
	const struct rules_pack *a = rules_find(from, pack), *b = rules_find(to, pack);
	const struct span x = a == NULL ? none : a->text, y = b == NULL ? none : b->text;

	if (is_same(x, y))
		return;
	compare_packs(json_object_get(answer, "changes"), pack, from, to);
	json_array_append_new(json_object_get(answer, "texts"),
			json_pack("{s:s, s:o}", "pack", pack, "diff", diff_texts(pack, x, y)));
}

static json_t *compare_all(const struct rules *from, const struct rules *to)
{
	char hashes[2][RULES_HASH_SIZE] = { "", "" };
	json_t *answer;

	if (rules_hash(from, hashes[0]) < 0 || rules_hash(to, hashes[1]) < 0)
		return NULL;
	answer = json_pack("{s:s, s:s, s:[], s:[]}", "from", hashes[0], "to", hashes[1], "changes",
			"texts");
	for (size_t i = 0; i < from->n; i++)
		compare(from->packs[i].name, from, to, answer);
	for (size_t i = 0; i < to->n; i++) {
		if (rules_find(from, to->packs[i].name) == NULL)
			compare(to->packs[i].name, from, to, answer);
	}
	return answer;
}

enum ctl_exit rules_diff(const struct ctl *c, json_t **ret_answer)
{
	struct rules *from = rules_new(), *to = rules_new();
	enum ctl_exit rc = CTL_REFUSED;

	if (from != NULL && to != NULL)
		rc = of_daemon(c, NULL, from);
	if (rc == CTL_OK)
		rc = other_side(c, to);
	if (rc == CTL_OK)
		*ret_answer = compare_all(from, to);
	rules_free(&from);
	rules_free(&to);
	return rc;
}

void rules_diff_show(const struct ctl *c, const json_t *answer)
{
	const json_t *changes = json_object_get(answer, "changes"), *one;
	size_t i;

	json_array_foreach(changes, i, one) fprintf(c->out, "%-8s %s/%s\n", ctl_text(one, "change"),
			ctl_text(one, "pack"), ctl_text(one, "id"));
	json_array_foreach(json_object_get(answer, "texts"), i, one)
			fprintf(c->out, "\n%s", ctl_text(one, "diff"));
	if (json_array_size(json_object_get(answer, "texts")) == 0)
		fprintf(c->out, "nothing changes\n");
}
