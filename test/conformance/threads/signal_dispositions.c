// SPDX-License-Identifier: Apache-2.0
// carried: signal dispositions, their flags and masks
#include "../conformance.h"

#include <sys/syscall.h>

/* As the kernel has them; the C library hides the restorer and two signals. */
static struct kernel_action {
    void* handler;
    uint64_t flags;
    void* restorer;
    uint64_t mask;
} before[65];
static volatile int depth, deepest, ran;
static volatile bool hup_blocked;
static siginfo_t last;

static void get_action(int number, struct kernel_action* action) {
    EXPECT(syscall(SYS_rt_sigaction, number, NULL, action, 8) == 0);
}

static void recurse(int number) {
    if (++depth > deepest) deepest = depth;
    if (depth < 3) raise(number);
    depth--;
}

static void note(int number) {
    sigset_t mask;
    ran = number;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    hup_blocked = sigismember(&mask, SIGHUP) == 1;
}

static void note_info(int number, siginfo_t* info, void* context) {
    (void)context;
    ran = number;
    last = *info;
}

static void set(int number, void (*handler)(int), int flags, int masked) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    if (masked != 0) sigaddset(&action.sa_mask, masked);
    EXPECT(sigaction(number, &action, NULL) == 0);
}

static void setup(void) {
    set(SIGUSR1, recurse, SA_NODEFER, 0);
    set(SIGUSR2, note, (int)SA_RESETHAND, SIGHUP);
    set(SIGINT, note, SA_RESTART | SA_ONSTACK, SIGHUP);
    set(SIGHUP, SIG_IGN, 0, 0);
    set(SIGPIPE, SIG_IGN, SA_RESTART, SIGTERM);
    set(SIGCHLD, SIG_DFL, SA_NOCLDWAIT | SA_NOCLDSTOP, 0);
    set(SIGWINCH, SIG_DFL, 0, 0);
    set(SIGRTMAX, note, 0, SIGRTMIN);
    const struct sigaction action = {.sa_sigaction = note_info, .sa_flags = SA_SIGINFO};
    EXPECT(sigaction(SIGRTMIN, &action, NULL) == 0);
    for (int number = 1; number <= 64; number++) get_action(number, &before[number]);
}

static void check(void) {
    for (int number = 1; number <= 64; number++) {
        struct kernel_action now;
        get_action(number, &now);
        if (memcmp(&now, &before[number], sizeof now) != 0) FAIL("the disposition of signal %d is another", number);
    }
    raise(SIGUSR1);
    EXPECT_EQUAL(deepest, 3);
    raise(SIGUSR2);
    EXPECT_EQUAL(ran, SIGUSR2);
    EXPECT(hup_blocked);
    struct sigaction now;
    EXPECT(sigaction(SIGUSR2, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
    raise(SIGHUP);
    raise(SIGWINCH);
    EXPECT_EQUAL(ran, SIGUSR2);
    raise(SIGRTMAX);
    EXPECT_EQUAL(ran, SIGRTMAX);
    EXPECT(!hup_blocked);
    EXPECT(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 9}) == 0);
    EXPECT_EQUAL(ran, SIGRTMIN);
    EXPECT_EQUAL(last.si_value.sival_int, 9);
    int ends[2];
    EXPECT(pipe(ends) == 0 && close(ends[0]) == 0);
    EXPECT(write(ends[1], "x", 1) == -1 && errno == EPIPE);
}
