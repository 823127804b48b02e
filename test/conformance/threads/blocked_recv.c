// SPDX-License-Identifier: Apache-2.0
// carried: recv, recvmsg and recv with SO_RCVTIMEO in progress on socket pairs
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

enum { STREAM, PACKET, TIMED, THREADS, SECONDS = 3 };
static int ends[THREADS][2];
static pthread_t threads[THREADS];
static atomic_int tids[THREADS], returned[THREADS];

static bool is_in(pid_t tid, long number) {
    char path[64], text[32] = "running";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    const int file = open(path, O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0) FAIL("%s cannot be read", path);
    close(file);
    return text[0] != 'r' && atol(text) == number;
}

static int64_t now(void) {
    struct timespec time;
    EXPECT(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    char seen[16] = {0};
    struct iovec into = {.iov_base = seen, .iov_len = sizeof seen};
    struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1};
    const int64_t limit = now() + SECONDS * 1000000000ll;
    tids[i] = gettid();
    const ssize_t result = i == PACKET ? recvmsg(ends[i][0], &message, 0) : recv(ends[i][0], seen, sizeof seen, 0);
    const int error = errno;
    if (i == TIMED) {
        EXPECT_EQUAL(result, -1);
        EXPECT_EQUAL(error, EAGAIN);
        /* The socket counts in ticks. */
        EXPECT(now() >= limit - 20000000);
    } else {
        EXPECT_EQUAL(result, 4);
        EXPECT(strcmp(seen, "ping") == 0);
        EXPECT_EQUAL(send(ends[i][0], "pong", 5, 0), 5);
    }
    returned[i] = 1;
    return NULL;
}

static void setup(void) {
    const struct timeval limit = {.tv_sec = SECONDS};
    for (int i = 0; i < THREADS; i++) {
        EXPECT(socketpair(AF_UNIX, i == PACKET ? SOCK_SEQPACKET : SOCK_STREAM, 0, ends[i]) == 0);
        if (i == TIMED) EXPECT(setsockopt(ends[i][0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
        EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
        AWAIT(tids[i] != 0 && is_in(tids[i], i == PACKET ? SYS_recvmsg : SYS_recvfrom));
    }
}

static void check(void) {
    AWAIT(returned[TIMED]);
    EXPECT(!returned[STREAM] && !returned[PACKET]);
    for (int i = 0; i < TIMED; i++) {
        char seen[16] = {0};
        EXPECT_EQUAL(send(ends[i][1], "ping", 4, 0), 4);
        AWAIT(returned[i]);
        EXPECT_EQUAL(recv(ends[i][1], seen, sizeof seen, MSG_DONTWAIT), 5);
        EXPECT(strcmp(seen, "pong") == 0);
    }
    for (int i = 0; i < THREADS; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
}
