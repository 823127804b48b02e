// SPDX-License-Identifier: Apache-2.0
#include "subject_waits.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace {

std::atomic<int> rounds[3];
std::atomic<const char*> complaint{nullptr};

void complain(const char* what) {
    complaint = what;
}

double seconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Waits that a stop ends with EINTR, unless whoever stops them sees to it.
void* timedSignalWaiter(void*) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    for (;; rounds[0]++) {
        const double began = seconds();
        const timespec limit{0, 40'000'000};
        if (sigtimedwait(&wanted, nullptr, &limit) != -1 || errno != EAGAIN) complain("sigtimedwait was interrupted");
        if (seconds() - began < 0.04) complain("sigtimedwait was short");
    }
}
void* signalWaiter(void*) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGRTMIN);
    for (;; rounds[1]++)
        if (sigwaitinfo(&wanted, nullptr) != SIGRTMIN) complain("sigwaitinfo was interrupted");
}
void* constantPoller(void*) {
    static const timespec limit{0, 30'000'000};  // in memory that cannot be written
    for (;; rounds[2]++)
        if (syscall(SYS_ppoll, nullptr, 0, &limit, nullptr, 8) != 0) complain("ppoll was interrupted");
}
void* longSleeper(void*) {
    const timespec hour{3600, 0};
    if (nanosleep(&hour, nullptr) != 0) complain("nanosleep was interrupted");
    return nullptr;
}

}  // namespace

void makeWaits() {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    for (auto* body : {timedSignalWaiter, signalWaiter, constantPoller, longSleeper}) {
        pthread_t thread;
        pthread_create(&thread, nullptr, body, nullptr);
    }
}

std::string checkWaits() {
    kill(getpid(), SIGRTMIN);
    for (int i = 0; i < 3; i++) {
        const int before = i == 1 ? 0 : rounds[i].load();
        const double limit = seconds() + 10;
        while (rounds[i] == before && seconds() < limit) usleep(1000);
        if (rounds[i] == before) return "bad: thread " + std::to_string(i) + " stands still";
    }
    return complaint.load() ? std::string("bad: ") + complaint.load() : "ok";
}
