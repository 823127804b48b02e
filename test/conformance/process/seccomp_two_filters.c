// SPDX-License-Identifier: Apache-2.0
// carried: two seccomp filters, in their order, one that logs
#include "../conformance.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static volatile sig_atomic_t trapped, trapped_call, trapped_data;

static void on_trap(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    trapped++;
    trapped_call = info->si_syscall;
    trapped_data = info->si_errno;
}

static void filter(unsigned flags, uint32_t for_mkdir, uint32_t call, uint32_t for_call) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 1, 2),
        BPF_STMT(BPF_RET | BPF_K, for_mkdir),
        BPF_STMT(BPF_RET | BPF_K, for_call),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) != 0) LACKS("seccomp filters");
}

static void setup(void) {
    const struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    EXPECT(sigaction(SIGSYS, &action, NULL) == 0);
    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    filter(0, SECCOMP_RET_ERRNO | EPERM, SYS_rmdir, SECCOMP_RET_ERRNO | ENOTTY);
    filter(SECCOMP_FILTER_FLAG_LOG, SECCOMP_RET_ERRNO | EROFS, SYS_dup, SECCOMP_RET_TRAP | 123);
}

static void check(void) {
    EXPECT_EQUAL(prctl(PR_GET_SECCOMP), SECCOMP_MODE_FILTER);
    /* Of equal actions the newest filter's counts: another order gives EPERM. */
    EXPECT(syscall(SYS_mkdir, in_folder("denied"), 0700) < 0 && errno == EROFS);
    EXPECT(syscall(SYS_rmdir, in_folder("denied")) < 0 && errno == ENOTTY);
    EXPECT_EQUAL(trapped, 0);
    syscall(SYS_dup, 0);
    EXPECT_EQUAL(trapped, 1);
    EXPECT_EQUAL(trapped_call, SYS_dup);
    EXPECT_EQUAL(trapped_data, 123);
    char line[128];
    int count = -1;
    FILE* status = fopen("/proc/self/status", "r");
    EXPECT(status != NULL);
    while (fgets(line, sizeof line, status)) sscanf(line, "Seccomp_filters: %d", &count);
    EXPECT_EQUAL(count, 2);
    filter(0, SECCOMP_RET_ERRNO | EXDEV, SYS_rmdir, SECCOMP_RET_ALLOW);
    EXPECT(syscall(SYS_mkdir, in_folder("denied"), 0700) < 0 && errno == EXDEV);
    EXPECT(syscall(SYS_rmdir, in_folder("denied")) < 0 && errno == ENOTTY);
}
