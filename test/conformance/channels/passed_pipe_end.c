// SPDX-License-Identifier: Apache-2.0
// carried: pipe whose read end is in a socket's queue (SCM_RIGHTS)
#include "../conformance.h"

#include <sys/socket.h>

static int ends[2], write_end;

static void send_descriptor(int to, int passed) {
    char text[] = "with it";
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof passed)];
    } control = {.header = {CMSG_LEN(sizeof passed), SOL_SOCKET, SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), &passed, sizeof passed);
    struct iovec part = {text, 7};
    const struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    EXPECT_EQUAL(sendmsg(to, &message, 0), 7);
}

static int receive_descriptor(int from) {
    char text[16] = {0};
    int passed = -1;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof passed)];
    } control = {0};
    struct iovec part = {text, sizeof text - 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    EXPECT_EQUAL(recvmsg(from, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC), 7);
    EXPECT(strcmp(text, "with it") == 0 && message.msg_controllen >= CMSG_LEN(sizeof passed));
    EXPECT(control.header.cmsg_type == SCM_RIGHTS && control.header.cmsg_len == CMSG_LEN(sizeof passed));
    memcpy(&passed, CMSG_DATA(&control.header), sizeof passed);
    EXPECT_EQUAL(fcntl(passed, F_GETFD), FD_CLOEXEC);
    return passed;
}

static void setup(void) {
    signal(SIGPIPE, SIG_IGN);  // a lost end is to be said, not to end us
    int through[2];
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && pipe(through) == 0);
    write_end = through[1];
    EXPECT_EQUAL(write(write_end, "before", 6), 6);
    send_descriptor(ends[0], through[0]);
    EXPECT(close(through[0]) == 0);
}

static void check(void) {
    char seen[16] = {0};
    const char* mine = in_child() ? "+child" : "+other";
    EXPECT_EQUAL(write(write_end, mine, 6), 6);
    const int read_end = receive_descriptor(ends[1]);
    EXPECT(fcntl(read_end, F_SETFL, O_NONBLOCK) == 0);
    EXPECT_EQUAL(read(read_end, seen, sizeof seen), 12);
    EXPECT(memcmp(seen, "before", 6) == 0 && memcmp(seen + 6, mine, 6) == 0);
    EXPECT(read(read_end, seen, 1) == -1 && errno == EAGAIN);
    EXPECT(close(write_end) == 0);
    EXPECT_EQUAL(read(read_end, seen, 1), 0);
}
