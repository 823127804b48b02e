// SPDX-License-Identifier: Apache-2.0
// carried: reads in progress, with and without SA_RESTART
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

static int ends[2][2];
static pthread_t threads[2];
static pid_t tids[2];
static atomic_int handled[2], result[2], failure[2], returned[2];

static bool is_in(pid_t tid, long number) {
    char path[64], text[32] = "running";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    const int file = open(path, O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0) FAIL("%s cannot be read", path);
    close(file);
    return text[0] != 'r' && atol(text) == number;
}

static void note(int number) {
    handled[number == SIGUSR2]++;
}

static void* work(void* argument) {
    const int i = (int)(intptr_t)argument;
    char seen[8] = {0};
    tids[i] = gettid();
    result[i] = (int)read(ends[i][0], seen, sizeof seen);
    failure[i] = errno;
    returned[i] = 1;
    if (result[i] > 0) EXPECT(strcmp(seen, "fed") == 0);
    return NULL;
}

static void setup(void) {
    const struct sigaction restarts = {.sa_handler = note, .sa_flags = SA_RESTART}, interrupts = {.sa_handler = note};
    EXPECT(sigaction(SIGUSR1, &restarts, NULL) == 0);
    EXPECT(sigaction(SIGUSR2, &interrupts, NULL) == 0);
    for (int i = 0; i < 2; i++) {
        EXPECT(pipe(ends[i]) == 0);
        EXPECT(pthread_create(&threads[i], NULL, work, (void*)(intptr_t)i) == 0);
        AWAIT(tids[i] != 0 && is_in(tids[i], SYS_read));
    }
}

static void check(void) {
    for (int i = 0; i < 2; i++) AWAIT(returned[i] || is_in(tids[i], SYS_read));
    EXPECT(!returned[0] && !returned[1] && !handled[0] && !handled[1]);
    EXPECT(pthread_kill(threads[0], SIGUSR1) == 0);
    AWAIT(handled[0] == 1);
    AWAIT(returned[0] || is_in(tids[0], SYS_read));
    EXPECT(!returned[0]);
    EXPECT_EQUAL(write(ends[0][1], "fed", 3), 3);
    EXPECT(pthread_kill(threads[1], SIGUSR2) == 0);
    for (int i = 0; i < 2; i++) AWAIT(pthread_tryjoin_np(threads[i], NULL) == 0);
    EXPECT_EQUAL(result[0], 3);
    EXPECT_EQUAL(result[1], -1);
    EXPECT_EQUAL(failure[1], EINTR);
    EXPECT_EQUAL(handled[1], 1);
}
