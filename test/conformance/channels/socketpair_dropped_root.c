// SPDX-License-Identifier: Apache-2.0
// carried: socketpair of a process that gave up root, with messages that carry credentials
#include "../conformance.h"

#include <sys/socket.h>

static int ends[2];

static void setup(void) {
    const int on = 1;
    if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) LACKS("the superuser");
    EXPECT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    EXPECT(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
    EXPECT_EQUAL(send(ends[0], "queued", 6, 0), 6);
}

static void receive(const char* text) {
    char seen[16] = {0};
    struct ucred from = {0};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof from)];
    } control = {0};
    struct iovec part = {seen, sizeof seen - 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    EXPECT_EQUAL(recvmsg(ends[1], &message, MSG_DONTWAIT), (ssize_t)strlen(text));
    EXPECT(strcmp(seen, text) == 0 && message.msg_controllen > 0);
    memcpy(&from, CMSG_DATA(&control.header), sizeof from);
    EXPECT_EQUAL(from.pid, getpid());
    EXPECT_EQUAL(from.uid, 65534);
    EXPECT_EQUAL(from.gid, 65534);
}

static void check(void) {
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    EXPECT(getsockopt(ends[0], SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0);
    EXPECT_EQUAL(peer.pid, getpid());
    EXPECT_EQUAL(peer.uid, 65534);
    EXPECT_EQUAL(peer.gid, 65534);
    EXPECT_EQUAL(geteuid(), 65534);
    receive("queued");
    EXPECT_EQUAL(send(ends[0], "new", 3, MSG_DONTWAIT), 3);
    receive("new");
}
