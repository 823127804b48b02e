// SPDX-License-Identifier: Apache-2.0
// policy: standard input that another process writes: the child has its own
#include "../conformance.h"

#include <poll.h>
#include <sys/wait.h>

/* Another process holds the pipe's write end: one line now, one when it is time to check. */
static void setup(void) {
    int ends[2];
    EXPECT(pipe(ends) == 0);
    const pid_t between = fork();
    EXPECT(between >= 0);
    if (between == 0) {
        if (fork() != 0) _exit(0);
        alarm(30);
        const int null = open("/dev/null", O_RDWR);
        for (int stream = 0; stream < 3; stream++) dup2(null, stream);
        if (write(ends[1], "early\n", 6) != 6) _exit(1);
        while (!go_seen()) sleep_ms(5);
        _exit(write(ends[1], "late\n", 5) != 5);
    }
    EXPECT_EQUAL(waitpid(between, NULL, 0), between);
    EXPECT_EQUAL(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    EXPECT(close(ends[0]) == 0 && close(ends[1]) == 0);
    struct pollfd event = {STDIN_FILENO, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
}

static void check(void) {
    char seen[32] = {0};
    size_t length = 0;
    for (;;) {
        struct pollfd event = {STDIN_FILENO, POLLIN, 0};
        EXPECT_EQUAL(poll(&event, 1, 10000), 1);
        const ssize_t got = read(STDIN_FILENO, seen + length, sizeof seen - 1 - length);
        EXPECT(got >= 0);
        if (got == 0) break;
        length += (size_t)got;
    }
    EXPECT(strcmp(seen, in_child() ? "" : "early\nlate\n") == 0);
}
