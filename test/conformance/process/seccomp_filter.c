// SPDX-License-Identifier: Apache-2.0
// carried: seccomp filter with no_new_privs
#include "../conformance.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void setup(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 77, 2, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) LACKS("seccomp filters");
}

static bool filters(void) {
    const bool denied = syscall(SYS_mkdir, in_folder("denied"), 0700) < 0 && errno == EPERM;
    const bool by_argument = syscall(SYS_dup, 77) < 0 && errno == EXDEV;
    const bool passed = syscall(SYS_dup, 78) < 0 && errno == EBADF;
    return denied && by_argument && passed && access(in_folder("denied"), F_OK) < 0;
}

static void check(void) {
    EXPECT_EQUAL(prctl(PR_GET_SECCOMP), SECCOMP_MODE_FILTER);
    EXPECT_EQUAL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0 && errno == EINVAL);
    EXPECT(filters());
    const pid_t kid = fork();
    if (kid == 0) _exit(filters() ? 7 : 8);
    int status;
    EXPECT_EQUAL(waitpid(kid, &status, 0), kid);
    EXPECT(WIFEXITED(status));
    EXPECT_EQUAL(WEXITSTATUS(status), 7);
}
