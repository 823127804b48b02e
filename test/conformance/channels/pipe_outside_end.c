// SPDX-License-Identifier: Apache-2.0
// refused: pipe whose other end another process holds
// names: its other end is outside the process
#include "../conformance.h"

#include <poll.h>
#include <sys/wait.h>

static int read_end;

/* A pipe can only say EOF, which the child would take for the true end. */
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
        EXPECT(close(ends[0]) == 0);
        while (!go_seen()) sleep_ms(5);
        _exit(write(ends[1], "line", 4) != 4);
    }
    EXPECT_EQUAL(waitpid(between, NULL, 0), between);
    EXPECT(close(ends[1]) == 0);
    read_end = ends[0];
}

static void check(void) {
    char seen[8] = {0};
    struct pollfd event = {read_end, POLLIN, 0};
    EXPECT_EQUAL(poll(&event, 1, 10000), 1);
    EXPECT_EQUAL(read(read_end, seen, 4), 4);
    EXPECT(strcmp(seen, "line") == 0);
    EXPECT_EQUAL(read(read_end, seen, 4), 0);
}
