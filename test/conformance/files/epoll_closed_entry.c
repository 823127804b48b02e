// SPDX-License-Identifier: Apache-2.0
// carried: epoll whose entry's number is closed or another file, while a duplicate keeps its file open
#include "../conformance.h"

#include <sys/epoll.h>

static int epoll, number, reused, kept[2], writers[2];

static void watch(int fd, uint64_t data) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = data};
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void setup(void) {
    int one[2], other[2];
    epoll = epoll_create1(0);
    EXPECT(epoll >= 0 && pipe(one) == 0 && pipe(other) == 0);
    number = one[0];
    reused = other[0];
    writers[0] = one[1];
    writers[1] = other[1];
    watch(number, 7);
    watch(reused, 8);
    kept[0] = fcntl(number, F_DUPFD, 40);
    kept[1] = fcntl(reused, F_DUPFD, 40);
    EXPECT(kept[0] >= 40 && kept[1] >= 40 && close(number) == 0);
    // The number now means a file that cannot be watched at all.
    const int null = open("/dev/null", O_RDONLY);
    EXPECT(null >= 0 && dup2(null, reused) == reused && close(null) == 0);
}

static void check(void) {
    struct epoll_event seen[4];
    EXPECT(fcntl(number, F_GETFD) == -1 && errno == EBADF);
    EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 0);
    for (int i = 0; i < 2; i++) {
        char byte;
        EXPECT_EQUAL(write(writers[i], "x", 1), 1);
        EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 5000), 1);
        EXPECT_EQUAL(seen[0].data.u64, 7 + i);
        EXPECT_EQUAL(read(kept[i], &byte, 1), 1);
        EXPECT_EQUAL(epoll_wait(epoll, seen, 4, 0), 0);
    }
    // The entries belong to the old numbers: those of the duplicates are not registered.
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_DEL, kept[0], NULL) == -1 && errno == ENOENT);
    EXPECT_EQUAL(dup2(kept[0], number), number);
    EXPECT(epoll_ctl(epoll, EPOLL_CTL_DEL, number, NULL) == 0);
    EXPECT_EQUAL(read(reused, seen, 1), 0);
}
