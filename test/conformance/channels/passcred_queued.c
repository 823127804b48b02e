// SPDX-License-Identifier: Apache-2.0
// carried: SO_PASSCRED with messages queued that carry credentials
#include "../conformance.h"

#include <sys/socket.h>

static int ends[2];
static struct ucred claimed;

static void receive(const char* text, struct ucred wanted) {
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
    EXPECT_EQUAL(control.header.cmsg_type, SCM_CREDENTIALS);
    memcpy(&from, CMSG_DATA(&control.header), sizeof from);
    EXPECT_EQUAL(from.pid, wanted.pid);
    EXPECT_EQUAL(from.uid, wanted.uid);
    EXPECT_EQUAL(from.gid, wanted.gid);
}

static void setup(void) {
    const int on = 1;
    EXPECT(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
    EXPECT(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
    EXPECT_EQUAL(send(ends[0], "own", 3, 0), 3);
    // Only the superuser may claim to be others.
    claimed = (struct ucred){getpid(), geteuid() ? geteuid() : 1234, geteuid() ? getegid() : 5678};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof claimed)];
    } control = {.header = {CMSG_LEN(sizeof claimed), SOL_SOCKET, SCM_CREDENTIALS}};
    memcpy(CMSG_DATA(&control.header), &claimed, sizeof claimed);
    struct iovec part = {(char[]){"claimed"}, 7};
    const struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    EXPECT_EQUAL(sendmsg(ends[0], &message, 0), 7);
}

static void check(void) {
    const struct ucred own = {getpid(), geteuid(), getegid()};
    int on = 0;
    socklen_t size = sizeof on;
    EXPECT(getsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, &size) == 0);
    EXPECT_EQUAL(on, 1);
    receive("own", own);
    receive("claimed", claimed);
    EXPECT_EQUAL(send(ends[0], "new", 3, MSG_DONTWAIT), 3);
    receive("new", own);
}
