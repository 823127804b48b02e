// SPDX-License-Identifier: Apache-2.0
// carried: pipe whose read end is closed
#include "../conformance.h"

#include <poll.h>

static int ends[2];
static volatile sig_atomic_t broken;

static void on_broken_pipe(int number) {
    (void)number;
    broken++;
}

static void setup(void) {
    EXPECT(pipe(ends) == 0);
    EXPECT(close(ends[0]) == 0);
    signal(SIGPIPE, on_broken_pipe);
}

static void check(void) {
    struct pollfd event = {ends[1], POLLOUT, 0};
    EXPECT_EQUAL(poll(&event, 1, 0), 1);
    EXPECT_EQUAL(event.revents, POLLOUT | POLLERR);
    EXPECT(write(ends[1], "x", 1) == -1 && errno == EPIPE);
    EXPECT_EQUAL(broken, 1);
    EXPECT_EQUAL(fcntl(ends[1], F_GETFL) & O_ACCMODE, O_WRONLY);
    EXPECT(fcntl(ends[0], F_GETFD) == -1 && errno == EBADF);
}
