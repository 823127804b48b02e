// SPDX-License-Identifier: Apache-2.0
// carried: seccomp filter without no_new_privs, of a process that gave up CAP_SYS_ADMIN, as container runtimes install it
#include "../conformance.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
static struct __user_cap_data_struct wanted[2];

static void setup(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) LACKS("seccomp filters by CAP_SYS_ADMIN");
    EXPECT(syscall(SYS_capget, &header, wanted) == 0);
    wanted[0].permitted &= ~(1u << CAP_SYS_ADMIN);
    wanted[0].effective = wanted[0].permitted;
    EXPECT(syscall(SYS_capset, &header, wanted) == 0);
}

static void check(void) {
    struct __user_cap_data_struct now[2];
    EXPECT_EQUAL(prctl(PR_GET_SECCOMP), SECCOMP_MODE_FILTER);
    EXPECT_EQUAL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
    EXPECT(syscall(SYS_capget, &header, now) == 0);
    EXPECT(memcmp(now, wanted, sizeof now) == 0);
    EXPECT(syscall(SYS_mkdir, in_folder("denied"), 0700) < 0 && errno == EPERM);
    now[0].permitted |= 1u << CAP_SYS_ADMIN;
    EXPECT(syscall(SYS_capset, &header, now) < 0 && errno == EPERM);
}
