/* SPDX-License-Identifier: Apache-2.0
 * A bad wire between two interfaces: every frame that comes in on one leaves by the other, late,
 * twice, out of order or never, by a seeded draw for each frame. The kernel here has no netem; loss
 * and duplication can be had from nft, delay and reordering only from this.
 *
 *	jitter -a IF -b IF [-s SEED] [-d DELAY_US] [-j JITTER_US] [-r REORDER] [-l LOSS] [-u DUP]
 *	       [-c CORRUPT]
 *
 * REORDER, LOSS, DUP and CORRUPT are per 10,000 frames; a corrupted one has a byte behind its IP
 * header changed and keeps its checksum. A frame leaves DELAY_US + (0 .. JITTER_US) after it
 * came, but never before its predecessor; one that is drawn for reordering takes JITTER_US more and
 * may be overtaken. Runs until SIGTERM or SIGINT, then says what it did. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	FRAME_MAX = 9300,
	FRAMES = 8192, /* on the way at once; more are lost, and counted */
	BATCH = 64,    /* frames taken from one side before the other has its turn */
	PARTS = 10000, /* the unit of REORDER, LOSS, DUP and CORRUPT */
	HEADERS = 54,  /* Ethernet, IPv6: what corruption leaves alone */
};

struct frame {
	uint64_t due_ns;
	uint64_t serial; /* frames that are due together leave in the order of their arrival */
	uint32_t len;
	uint32_t to; /* 0: out by -a, 1: out by -b */
	uint8_t data[FRAME_MAX];
};

struct stage {
	const char *name[2]; /* borrowed: argv */
	int fd[2];
	uint64_t delay_ns, jitter_ns;
	uint32_t reorder, loss, dup, corrupt;
	uint64_t state;          /* of the draws */
	uint64_t last_due_ns[2]; /* of the frames that keep their order, by direction */
	uint64_t serial;
	struct frame *heap[FRAMES]; /* by due_ns, then serial */
	struct frame *spare[FRAMES];
	uint32_t n_heap, n_spare;
	uint64_t forwarded, lost, doubled, reordered, corrupted, overrun, refused;
};

/* splitmix64 */
static uint64_t draw(struct stage *s)
{
	uint64_t z = s->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static bool chance(struct stage *s, uint32_t parts)
{
	return draw(s) % PARTS < parts;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool before(const struct frame *a, const struct frame *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->serial < b->serial;
}

static void heap_push(struct stage *s, struct frame *f)
{
	uint32_t i = s->n_heap++;

	for (; i > 0 && before(f, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = f;
}

static struct frame *heap_pop(struct stage *s)
{
	struct frame *top = s->heap[0], *last = s->heap[--s->n_heap];
	uint32_t i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < s->n_heap && before(s->heap[child + 1], s->heap[child]))
			child++;
		if (child >= s->n_heap || !before(s->heap[child], last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return top;
}

static uint64_t due_of(struct stage *s, uint32_t to, uint64_t now)
{
	uint64_t due = now + s->delay_ns + (s->jitter_ns == 0 ? 0 : draw(s) % s->jitter_ns);

	if (chance(s, s->reorder)) {
		s->reordered++;
		return due + s->jitter_ns;
	}
	if (due < s->last_due_ns[to])
		due = s->last_due_ns[to];
	s->last_due_ns[to] = due;
	return due;
}

static void schedule(struct stage *s, struct frame *f, uint32_t to, uint64_t now)
{
	f->to = to;
	f->serial = s->serial++;
	f->due_ns = due_of(s, to, now);
	heap_push(s, f);
}

static void double_frame(struct stage *s, const struct frame *f, uint64_t now)
{
	struct frame *twin;

	if (s->n_spare == 0)
		return;
	twin = s->spare[--s->n_spare];
	memcpy(twin->data, f->data, f->len);
	twin->len = f->len;
	s->doubled++;
	schedule(s, twin, f->to, now);
}

/* One byte of the transport header or the payload gets another value. */
static void corrupt(struct stage *s, struct frame *f)
{
	uint8_t *byte = &f->data[HEADERS + draw(s) % (f->len - HEADERS)];

	*byte ^= (uint8_t)(1 + draw(s) % UINT8_MAX);
	s->corrupted++;
}

static void arrive(struct stage *s, struct frame *f, uint32_t to, uint64_t now)
{
	if (chance(s, s->loss)) {
		s->lost++;
		s->spare[s->n_spare++] = f;
		return;
	}
	if (f->len > HEADERS && chance(s, s->corrupt))
		corrupt(s, f);
	schedule(s, f, to, now);
	if (chance(s, s->dup))
		double_frame(s, f, now);
}

/* Takes what has arrived on side <from>. */
static void take(struct stage *s, uint32_t from)
{
	uint64_t now = now_ns();

	for (int i = 0; i < BATCH; i++) {
		uint8_t scrap[1];
		struct frame *f = s->n_spare > 0 ? s->spare[s->n_spare - 1] : NULL;
		ssize_t n = recv(s->fd[from], f != NULL ? f->data : scrap,
				f != NULL ? sizeof(f->data) : sizeof(scrap), MSG_DONTWAIT);

		if (n < 0)
			return;
		if (f == NULL) {
			s->overrun++;
			continue;
		}
		s->n_spare--;
		f->len = (uint32_t)n;
		arrive(s, f, !from, now);
	}
}

/* Sends what is due; returns how long nothing more is, at most a second. */
static uint64_t give(struct stage *s)
{
	uint64_t now = now_ns();

	while (s->n_heap > 0 && s->heap[0]->due_ns <= now) {
		struct frame *f = heap_pop(s);

		if (send(s->fd[f->to], f->data, f->len, 0) == (ssize_t)f->len)
			s->forwarded++;
		else
			s->refused++;
		s->spare[s->n_spare++] = f;
	}
	if (s->n_heap == 0 || s->heap[0]->due_ns > now + 1000000000)
		return 1000000000;
	return s->heap[0]->due_ns - now;
}

static int side_open(const char *name)
{
	const int on = 1, room = 32 << 20;
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct packet_mreq all = { .mr_type = PACKET_MR_PROMISC };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	at.sll_ifindex = all.mr_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || at.sll_ifindex == 0 ||
			setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 ||
			setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) != 0 ||
			setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0 ||
			bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		fprintf(stderr, "jitter: %s: %s\n", name, strerror(errno));
		exit(1);
	}
	return fd;
}

static int stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void run(struct stage *s)
{
	struct pollfd fds[3] = { { .fd = s->fd[0], .events = POLLIN },
		{ .fd = s->fd[1], .events = POLLIN }, { .fd = stop_signals(), .events = POLLIN } };

	while (fds[2].revents == 0) {
		uint64_t wait = give(s);
		struct timespec t = { (time_t)(wait / 1000000000), (long)(wait % 1000000000) };

		if (ppoll(fds, 3, &t, NULL) < 0)
			return;
		for (uint32_t side = 0; side < 2; side++) {
			if (fds[side].revents != 0)
				take(s, side);
		}
	}
}

static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 0);

	if (*text == '\0' || *end != '\0' || n > max) {
		fprintf(stderr, "jitter: '%s' is no number from 0 to %llu\n", text,
				(unsigned long long)max);
		exit(2);
	}
	return n;
}

static void options(struct stage *s, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "a:b:s:d:j:r:l:u:c:")) != -1) {
		if (option == 'a' || option == 'b')
			s->name[option - 'a'] = optarg;
		else if (option == 's')
			s->state = number(optarg, UINT64_MAX);
		else if (option == 'd')
			s->delay_ns = number(optarg, 10000000) * 1000;
		else if (option == 'j')
			s->jitter_ns = number(optarg, 10000000) * 1000;
		else if (option == 'r')
			s->reorder = (uint32_t)number(optarg, PARTS);
		else if (option == 'l')
			s->loss = (uint32_t)number(optarg, PARTS);
		else if (option == 'u')
			s->dup = (uint32_t)number(optarg, PARTS);
		else if (option == 'c')
			s->corrupt = (uint32_t)number(optarg, PARTS);
		else
			exit(2);
	}
	if (s->name[0] == NULL || s->name[1] == NULL || optind != argc) {
		fprintf(stderr,
				"usage: jitter -a IF -b IF [-s SEED] [-d DELAY_US] [-j JITTER_US]\n"
				"              [-r REORDER] [-l LOSS] [-u DUP] [-c CORRUPT]\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct stage s;
	struct frame *frames = calloc(FRAMES, sizeof(*frames));

	options(&s, argc, argv);
	if (frames == NULL) {
		fprintf(stderr, "jitter: no memory\n");
		return 1;
	}
	for (s.n_spare = 0; s.n_spare < FRAMES; s.n_spare++)
		s.spare[s.n_spare] = &frames[s.n_spare];
	s.fd[0] = side_open(s.name[0]);
	s.fd[1] = side_open(s.name[1]);
	run(&s);
	printf("forwarded %llu, lost %llu, doubled %llu, reordered %llu, corrupted %llu, "
	       "overrun %llu, refused %llu\n",
			(unsigned long long)s.forwarded, (unsigned long long)s.lost,
			(unsigned long long)s.doubled, (unsigned long long)s.reordered,
			(unsigned long long)s.corrupted, (unsigned long long)s.overrun,
			(unsigned long long)s.refused);
	free(frames);
	return 0;
}
