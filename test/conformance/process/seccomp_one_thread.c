// SPDX-License-Identifier: Apache-2.0
// carried: seccomp filter of one thread only
#include "../conformance.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static sem_t go;
static atomic_int state;
static int mode, result, error;

static void* filtered(void* argument) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) LACKS("seccomp filters");
    state = 1;
    while (sem_wait(&go) != 0) {
    }
    mode = prctl(PR_GET_SECCOMP) + 10 * prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    result = (int)syscall(SYS_mkdir, in_folder("thread"), 0700);
    error = errno;
    state = 2;
    return argument;
}

static pthread_t thread;

static void setup(void) {
    EXPECT(sem_init(&go, 0, 0) == 0);
    EXPECT(pthread_create(&thread, NULL, filtered, NULL) == 0);
    AWAIT(state == 1);
}

static void check(void) {
    EXPECT_EQUAL(prctl(PR_GET_SECCOMP), 0);
    EXPECT_EQUAL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
    EXPECT(syscall(SYS_mkdir, in_folder(in_child() ? "child" : "parent"), 0700) == 0);
    EXPECT_EQUAL(state, 1);
    EXPECT(sem_post(&go) == 0);
    AWAIT(state == 2);
    EXPECT_EQUAL(mode, 12);
    EXPECT_EQUAL(result, -1);
    EXPECT_EQUAL(error, EPERM);
    EXPECT(pthread_join(thread, NULL) == 0);
}
