// SPDX-License-Identifier: Apache-2.0
//
// Parents under seccomp. Tracing suspends the filters of a thread (PTRACE_O_SUSPEND_SECCOMP), so what is injected
// passes; but the intermediate and the twin inherit them without the suspension, unless they are traced too.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "capture/errors.h"
#include "capture/ptrace_calls.h"
#include "capture/surgery.h"

namespace farfork::capturing {
namespace {

constexpr uint64_t kSettleTimeoutNs = 10'000'000'000;

/// Reads the beginning of a small file without allocating; the text ends with NUL.
template <size_t kSize>
bool readSmall(int folder, const char* path, char (&text)[kSize]) {
    const int file = openat(folder, path, O_RDONLY | O_CLOEXEC);
    const ssize_t got = file < 0 ? -1 : read(file, text, kSize - 1);
    if (file >= 0) close(file);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

}  // namespace

bool Surgery::seizeSuspended(pid_t tid, bool& suspended) {
    // The leader's children are traced from their first instruction on, with the same options.
    const uint64_t follow = tid == plan_.pid && plan_.leader_seccomp ? PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE : 0;
    const uint64_t options = PTRACE_O_TRACESYSGOOD | follow;
    suspended = ptraceCall(PTRACE_SEIZE, tid, 0, reinterpret_cast<void*>(PTRACE_O_SUSPEND_SECCOMP | options));
    return suspended || ptraceCall(PTRACE_SEIZE, tid, 0, reinterpret_cast<void*>(PTRACE_O_TRACESYSGOOD));
}

/// Nothing may be injected under a filter. Only without the privilege to suspend it.
bool Surgery::refuseFilters(const Tracee& tracee) {
    char path[32], text[4096];
    std::snprintf(path, sizeof path, "%d/status", tracee.tid);
    const char* mode = readSmall(plan_.task_fd, path, text) ? strstr(text, "\nSeccomp:") : nullptr;
    if (mode && std::atoi(mode + 9) == 0) return true;
    if (!mode) return true;  // a kernel without seccomp
    if (!error)
        error = notCarried("seccomp of thread " + std::to_string(tracee.tid),
                           "suspending it takes CAP_SYS_ADMIN, CONFIG_CHECKPOINT_RESTORE and an agent without seccomp");
    return false;
}

bool Surgery::readFilters(Tracee& tracee) {
    if (!plan_.seccomp) return true;
    const int failure = filters.read(tracee.tid, tracee.filters);
    if (failure == 0) return true;
    if (!error) error = notCarried("seccomp filters of thread " + std::to_string(tracee.tid), strerror(failure));
    return false;
}

/// A sleep with a time limit is restarted by restart_syscall(2), which its filters may answer with death. Such a thread
/// makes its own call again, with the whole time.
void Surgery::spareRestart(Tracee& tracee) {
    if (!plan_.seccomp || !tracee.suspended || static_cast<int64_t>(tracee.back.rax) != kRestartBlock) return;
    SeccompChain chain;
    if (filters.read(tracee.tid, chain) != 0 || seccompPasses(filters.bytes(chain), SYS_restart_syscall)) return;
    tracee.back.rax = static_cast<uint64_t>(kRestartNoHand);
    if (tracee.call >= 0) tracee.back.orig_rax = static_cast<uint64_t>(tracee.call);
}

/// An event of the intermediate or of the twin, which nobody else lets go on.
void Surgery::attend(pid_t tid, int status) {
    if (!WIFSTOPPED(status)) return;
    if (followed_[0] == 0) followed_[0] = tid;
    if (followed_[0] != tid) followed_[1] = tid;
    ptraceCall(PTRACE_CONT, tid, 0, nullptr);
}

/// Waits until the twin has told everything and sleeps in its last call: the filters come back with the guardian's
/// end, but a call that has begun is not judged again, and detaching by exit does not interrupt it (linux
/// kernel/ptrace.c, exit_ptrace).
void Surgery::settleTwin() {
    if (!plan_.leader_seccomp || twin <= 0) return;
    sandboxed = true;
    const uint64_t deadline = monotonicNs() + kSettleTimeoutNs;
    char path[48], text[128];
    while (monotonicNs() < deadline) {
        int status = 0;
        const pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);
        if (tid > 0) attend(tid, status);
        if (tid < 0 && errno != EINTR) break;
        if (tid > 0) continue;
        std::snprintf(path, sizeof path, "/proc/%d/syscall", followed_[1]);
        if (followed_[1] != 0 && readSmall(AT_FDCWD, path, text) && std::atoi(text) == SYS_ppoll) return;
        const timespec nap{0, 20'000};
        nanosleep(&nap, nullptr);
    }
    if (!error) fail(ErrorCode::kCaptureFailed, "capture.twin", plan_.pid, "its twin did not come to rest", 0);
}

}  // namespace farfork::capturing
