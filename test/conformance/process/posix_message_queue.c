// SPDX-License-Identifier: Apache-2.0
// refused: POSIX message queue with messages
// names: /farfork-conformance
#include "../conformance.h"

#include <mqueue.h>

static const char* const name = "/farfork-conformance";
static mqd_t queue;

static void expect_next(const char* text, unsigned priority) {
    char seen[64] = {0};
    unsigned seen_priority = 0;
    EXPECT_EQUAL(mq_receive(queue, seen, sizeof seen, &seen_priority), strlen(text));
    EXPECT(strcmp(seen, text) == 0);
    EXPECT_EQUAL(seen_priority, priority);
}

static void setup(void) {
    mq_unlink(name);
    struct mq_attr attributes = {.mq_maxmsg = 5, .mq_msgsize = 64};
    queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &attributes);
    if (queue < 0) LACKS("POSIX message queues");
    EXPECT(mq_send(queue, "low", 3, 1) == 0);
    EXPECT(mq_send(queue, "high", 4, 9) == 0);
    EXPECT(mq_send(queue, "middle, first", 13, 5) == 0);
    EXPECT(mq_send(queue, "middle, second", 14, 5) == 0);
}

static void check(void) {
    struct mq_attr now;
    EXPECT(mq_getattr(queue, &now) == 0);
    EXPECT_EQUAL(now.mq_flags, O_NONBLOCK);
    EXPECT_EQUAL(now.mq_maxmsg, 5);
    EXPECT_EQUAL(now.mq_msgsize, 64);
    EXPECT_EQUAL(now.mq_curmsgs, 4);
    EXPECT(fcntl(queue, F_GETFD) & FD_CLOEXEC);
    const mqd_t by_name = mq_open(name, O_WRONLY | O_NONBLOCK);
    EXPECT(by_name >= 0);
    EXPECT(mq_send(by_name, "new", 3, 5) == 0);
    EXPECT(mq_send(by_name, "too many", 8, 5) < 0 && errno == EAGAIN);
    expect_next("high", 9);
    expect_next("middle, first", 5);
    expect_next("middle, second", 5);
    expect_next("new", 5);
    expect_next("low", 1);
    char none[64];
    EXPECT(mq_receive(queue, none, sizeof none, NULL) < 0 && errno == EAGAIN);
    EXPECT(mq_unlink(name) == 0);
}
