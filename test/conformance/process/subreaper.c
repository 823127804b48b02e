// SPDX-License-Identifier: Apache-2.0
// carried: child subreaper (PR_SET_CHILD_SUBREAPER), which does not adopt what prepare leaves behind
#include "../conformance.h"

#include <sys/prctl.h>
#include <sys/wait.h>

static volatile sig_atomic_t ended;

static void on_child(int signal) {
    (void)signal;
    ended++;
}

static void setup(void) {
    EXPECT(signal(SIGCHLD, on_child) != SIG_ERR);
    EXPECT(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
}

static void check(void) {
    int set = 0;
    EXPECT(prctl(PR_GET_CHILD_SUBREAPER, &set) == 0);
    EXPECT_EQUAL(set, 1);
    EXPECT_EQUAL(ended, 0);
    EXPECT(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD);
    int ends[2], status;
    EXPECT(pipe(ends) == 0);
    const pid_t between = fork();
    if (between == 0) {
        if (fork() != 0) _exit(0);
        char byte;
        close(ends[1]);
        if (read(ends[0], &byte, 1) != 0) _exit(1);
        _exit(31);
    }
    EXPECT_EQUAL(waitpid(between, &status, 0), between);
    EXPECT(close(ends[1]) == 0);
    EXPECT(waitpid(-1, &status, 0) > 0);
    EXPECT(WIFEXITED(status));
    EXPECT_EQUAL(WEXITSTATUS(status), 31);
}
