// SPDX-License-Identifier: Apache-2.0
// carried: strict seccomp mode of one thread
#include "../conformance.h"

#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static pthread_t thread;
static int pipe_to_thread[2], pipe_from_thread[2];
static atomic_int tid;

static void* confined(void* argument) {
    tid = gettid();
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) LACKS("strict seccomp");
    char byte;
    while (read(pipe_to_thread[0], &byte, 1) == 1) write(pipe_from_thread[1], &byte, 1);
    syscall(SYS_exit, 0);
    return argument;
}

static int mode(void) {
    char path[64], text[4096] = {0};
    snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
    const int file = open(path, O_RDONLY);
    EXPECT(file >= 0);
    EXPECT(read(file, text, sizeof text - 1) > 0);
    EXPECT(close(file) == 0);
    return atoi(strstr(text, "\nSeccomp:") + 9);
}

static void setup(void) {
    EXPECT(pipe(pipe_to_thread) == 0 && pipe(pipe_from_thread) == 0);
    EXPECT(pthread_create(&thread, NULL, confined, NULL) == 0);
    AWAIT(tid != 0 && mode() == SECCOMP_MODE_STRICT);
}

static void check(void) {
    char byte = 's';
    EXPECT_EQUAL(mode(), SECCOMP_MODE_STRICT);
    EXPECT_EQUAL(prctl(PR_GET_SECCOMP), 0);
    EXPECT_EQUAL(write(pipe_to_thread[1], &byte, 1), 1);
    byte = 0;
    EXPECT_EQUAL(read(pipe_from_thread[0], &byte, 1), 1);
    EXPECT_EQUAL(byte, 's');
}
