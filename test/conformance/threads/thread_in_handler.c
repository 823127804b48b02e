// SPDX-License-Identifier: Apache-2.0
// carried: thread inside a signal handler inside another, over a computation
#include "../conformance.h"

#include <pthread.h>
#include <stdatomic.h>

static pthread_t thread;
static atomic_int spinning, inner_in, inner_out, outer_out, release;

static bool blocks(int number) {
    sigset_t mask;
    EXPECT(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0);
    return sigismember(&mask, number) == 1;
}

static void inner(int number, siginfo_t* info, void* context) {
    (void)context;
    volatile int local = 77;
    inner_in = 1;
    wait_for_go();
    EXPECT_EQUAL(local, 77);
    EXPECT_EQUAL(info->si_signo, number);
    EXPECT_EQUAL(info->si_code, SI_QUEUE);
    EXPECT_EQUAL(info->si_value.sival_int, 4711);
    EXPECT_EQUAL(info->si_pid, getpid());
    EXPECT(blocks(SIGUSR1) && blocks(SIGUSR2) && blocks(SIGRTMIN + 3) && blocks(SIGHUP) && !blocks(SIGINT));
    inner_out = 1;
}

static void outer(int number, siginfo_t* info, void* context) {
    (void)context;
    EXPECT(pthread_sigqueue(pthread_self(), SIGRTMIN + 3, (union sigval){.sival_int = 4711}) == 0);
    EXPECT(inner_out);
    EXPECT_EQUAL(info->si_signo, number);
    EXPECT_EQUAL(info->si_code, SI_TKILL);
    EXPECT(blocks(SIGUSR1) && blocks(SIGUSR2) && !blocks(SIGRTMIN + 3) && !blocks(SIGHUP));
    outer_out = 1;
}

/* Spins with known registers; the handlers interrupt this loop. */
static void* work(void* argument) {
    uint64_t in[10], out[10] = {0};
    for (uint64_t i = 0; i < 10; i++) in[i] = 0x1111111111111111u * (i + 1) + 5;
    spinning = 1;
    __asm__ volatile(
        "mov 0(%0), %%rbx\n mov 8(%0), %%r8\n mov 16(%0), %%r9\n mov 24(%0), %%r12\n mov 32(%0), %%r13\n"
        "mov 40(%0), %%r14\n movdqu 48(%0), %%xmm3\n movdqu 64(%0), %%xmm15\n"
        "1: pause\n cmpl $0, (%2)\n je 1b\n"
        "mov %%rbx, 0(%1)\n mov %%r8, 8(%1)\n mov %%r9, 16(%1)\n mov %%r12, 24(%1)\n mov %%r13, 32(%1)\n"
        "mov %%r14, 40(%1)\n movdqu %%xmm3, 48(%1)\n movdqu %%xmm15, 64(%1)\n"
        :
        : "D"(in), "S"(out), "a"(&release)
        : "rbx", "r8", "r9", "r12", "r13", "r14", "xmm3", "xmm15", "memory", "cc");
    EXPECT(memcmp(in, out, sizeof in) == 0);
    EXPECT(!blocks(SIGUSR1) && !blocks(SIGUSR2) && !blocks(SIGRTMIN + 3) && !blocks(SIGHUP));
    return argument;
}

static void setup(void) {
    struct sigaction action = {.sa_sigaction = outer, .sa_flags = SA_SIGINFO};
    sigaddset(&action.sa_mask, SIGUSR2);
    EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
    action.sa_sigaction = inner;
    sigaddset(&action.sa_mask, SIGHUP);
    EXPECT(sigaction(SIGRTMIN + 3, &action, NULL) == 0);
    EXPECT(pthread_create(&thread, NULL, work, NULL) == 0);
    AWAIT(spinning);
    EXPECT(pthread_kill(thread, SIGUSR1) == 0);
    AWAIT(inner_in);
}

static void check(void) {
    AWAIT(outer_out);
    release = 1;
    AWAIT(pthread_tryjoin_np(thread, NULL) == 0);
}
