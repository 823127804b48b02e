// SPDX-License-Identifier: Apache-2.0
// carried: pipe with a stream before and after packets
#include "../conformance.h"

#define PAGE 4096
#define GONE 96

static int ends[2];

static void expect_read(const char* text, size_t room) {
    static char seen[2 * PAGE];
    EXPECT_EQUAL(read(ends[0], seen, room), (ssize_t)strlen(text));
    EXPECT(memcmp(seen, text, strlen(text)) == 0);
}

static void queue(const char* text, int mode) {
    EXPECT(fcntl(ends[1], F_SETFL, mode) == 0);
    EXPECT_EQUAL(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

/* A packet is no packet when it still fits into the page of a stream before it (linux fs/pipe.c, pipe_write): so one
 * page is full. */
static void setup(void) {
    char page[PAGE + 1] = {0};
    memset(page, 'a', PAGE);
    EXPECT(pipe2(ends, O_NONBLOCK) == 0);
    queue(page, 0);
    page[GONE] = '\0';
    expect_read(page, GONE);
    queue("pp", O_DIRECT);
    queue("packet", O_DIRECT);
    queue("s", 0);
    queue("tream", 0);
}

static void check(void) {
    char rest[PAGE - GONE + 3] = {0};
    memset(rest, 'a', PAGE - GONE);
    rest[PAGE - GONE] = 'p';
    expect_read(rest, PAGE - GONE + 1);  // into the first packet, whose rest is discarded
    expect_read("pack", 4);
    expect_read("str", 3);
    queue(" goes on", 0);
    expect_read("eam goes on", 32);
    queue("one", O_DIRECT);
    queue("two", O_DIRECT);
    expect_read("one", 32);
    expect_read("two", 32);
    char byte;
    EXPECT(read(ends[0], &byte, 1) == -1 && errno == EAGAIN);
}
