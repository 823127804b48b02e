// SPDX-License-Identifier: Apache-2.0
// carried: file descriptors passed by SCM_RIGHTS and not yet received
#include "../conformance.h"

#include <sys/socket.h>

static int ends[2], kept;

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
    EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    kept = open(in_folder("kept"), O_CREAT | O_RDWR, 0600);
    EXPECT(kept >= 0);
    EXPECT_EQUAL(write(kept, "0123456789", 10), 10);
    EXPECT_EQUAL(lseek(kept, 3, SEEK_SET), 3);
    send_descriptor(ends[0], kept);
    const int gone = open(in_folder("kept"), O_RDONLY);
    EXPECT_EQUAL(lseek(gone, 6, SEEK_SET), 6);
    send_descriptor(ends[0], gone);
    EXPECT(close(gone) == 0);
}

static void check(void) {
    char seen[4] = {0};
    const int same = receive_descriptor(ends[1]), only = receive_descriptor(ends[1]);
    EXPECT_EQUAL(fcntl(same, F_GETFL) & O_ACCMODE, O_RDWR);
    EXPECT_EQUAL(read(same, seen, 2), 2);
    EXPECT(strcmp(seen, "34") == 0);
    EXPECT_EQUAL(lseek(kept, 0, SEEK_CUR), 5);  // one description with the descriptor that stayed
    EXPECT_EQUAL(fcntl(only, F_GETFL) & O_ACCMODE, O_RDONLY);
    EXPECT_EQUAL(lseek(only, 0, SEEK_CUR), 6);
    EXPECT_EQUAL(read(only, seen, 3), 3);
    EXPECT(strcmp(seen, "678") == 0);
}
