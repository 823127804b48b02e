// SPDX-License-Identifier: Apache-2.0
// carried: O_ASYNC on a pipe, with its owner (F_SETOWN) and signal (F_SETSIG)
#include "../conformance.h"

static int ends[2], signal_number;
static volatile sig_atomic_t signals, seen_fd, seen_code;

static void note(int number, siginfo_t* info, void* context) {
    (void)number, (void)context;
    seen_fd = info->si_fd;
    seen_code = info->si_code;
    signals++;
}

static void setup(void) {
    signal_number = SIGRTMIN + 1;
    const struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};
    EXPECT(sigaction(signal_number, &action, NULL) == 0 && pipe(ends) == 0);
    EXPECT(fcntl(ends[0], F_SETOWN, getpid()) == 0 && fcntl(ends[0], F_SETSIG, signal_number) == 0);
    EXPECT(fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0);
}

static void check(void) {
    EXPECT_EQUAL(fcntl(ends[0], F_GETFL) & (O_ASYNC | O_NONBLOCK), O_ASYNC | O_NONBLOCK);
    EXPECT_EQUAL(fcntl(ends[0], F_GETOWN), getpid());
    EXPECT_EQUAL(fcntl(ends[0], F_GETSIG), signal_number);
    EXPECT_EQUAL(signals, 0);
    EXPECT_EQUAL(write(ends[1], "x", 1), 1);
    AWAIT(signals == 1);
    EXPECT_EQUAL(seen_fd, ends[0]);
    EXPECT_EQUAL(seen_code, POLL_IN);
    // Off, and no signal comes any more.
    EXPECT(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    EXPECT_EQUAL(write(ends[1], "y", 1), 1);
    char bytes[2];
    EXPECT_EQUAL(read(ends[0], bytes, 2), 2);
    EXPECT_EQUAL(signals, 1);
}
