// SPDX-License-Identifier: Apache-2.0
// carried: close-on-exec, by descriptor
#include "../conformance.h"

#include <spawn.h>
#include <sys/wait.h>

extern char** environ;

static void setup(void) {
    const int file = open(in_folder("file"), O_CREAT | O_RDWR, 0600);
    EXPECT(file >= 0);
    // One description, three descriptors, of which the middle one closes; and one whose flag was taken off again.
    EXPECT(dup2(file, 20) == 20 && dup3(file, 21, O_CLOEXEC) == 21 && dup2(file, 22) == 22);
    EXPECT(dup3(file, 23, O_CLOEXEC) == 23 && fcntl(23, F_SETFD, 0) == 0);
    EXPECT(close(file) == 0);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(20, F_GETFD), 0);
    EXPECT_EQUAL(fcntl(21, F_GETFD), FD_CLOEXEC);
    EXPECT_EQUAL(fcntl(22, F_GETFD), 0);
    EXPECT_EQUAL(fcntl(23, F_GETFD), 0);
    char script[] = "cd /proc/self/fd && [ -e 20 ] && [ ! -e 21 ] && [ -e 22 ] && [ -e 23 ]";
    char shell[] = "sh", option[] = "-c", *arguments[] = {shell, option, script, NULL};
    pid_t pid;
    int status = -1;
    EXPECT_EQUAL(posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ), 0);
    AWAIT(waitpid(pid, &status, WNOHANG) == pid);
    EXPECT_EQUAL(status, 0);
}
