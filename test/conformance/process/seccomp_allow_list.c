// SPDX-License-Identifier: Apache-2.0
// carried: seccomp filter that kills for everything but a few calls, none of which forks or polls
#include "../conformance.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const int allowed[] = {SYS_read,  SYS_write,           SYS_access,       SYS_faccessat, SYS_nanosleep,
                              SYS_fstat, SYS_clock_nanosleep, SYS_rt_sigreturn, SYS_getppid,   SYS_exit_group};
enum { COUNT = sizeof allowed / sizeof allowed[0] };

static void setup(void) {
    /* The first output through stdio asks for more calls. */
    static char buffer[256];
    EXPECT(setvbuf(stdout, buffer, _IOFBF, sizeof buffer) == 0);
    struct sock_filter code[2 * COUNT + 2] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    for (int i = 0; i < COUNT; i++) {
        code[1 + 2 * i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i], 0, 1);
        code[2 + 2 * i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[2 * COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    struct sock_fprog program = {2 * COUNT + 2, code};
    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) LACKS("seccomp filters");
}

static void check(void) {
    EXPECT(getppid() >= 0);
}
