// SPDX-License-Identifier: Apache-2.0
#include "capture/twin.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

#include "base/clock.h"
#include "capture/errors.h"
#include "capture/ptrace_calls.h"
#include "capture/validate.h"

namespace farfork::capturing {
namespace {

constexpr uint64_t kReportTimeoutNs = 10'000'000'000, kExitTimeoutNs = 10'000'000'000;

bool hasNonce(pid_t pid, uint64_t scratch, uint64_t nonce) {
    uint64_t seen = 0;
    return readMemory(pid, scratch + FF_BLOB_PAGE + FF_HEAD_NONCE, &seen, sizeof seen) && seen == nonce;
}

/// The pid, as we see it, of the process whose innermost pid is `own_tid` and which holds the nonce.
pid_t translate(const ProcDir& parent, int64_t own_tid, uint64_t scratch, uint64_t nonce) {
    if (samePidNamespace(parent))
        return hasNonce(static_cast<pid_t>(own_tid), scratch, nonce) ? static_cast<pid_t>(own_tid) : 0;
    DIR* processes = opendir("/proc");
    if (!processes) return 0;
    pid_t found = 0;
    while (const dirent* entry = found ? nullptr : readdir(processes)) {
        const auto pid = static_cast<pid_t>(std::atoi(entry->d_name));
        if (pid <= 0) continue;
        const auto status = ProcDir(pid).read("status");
        if (!status) continue;
        const auto ids = numbersOf(field(*status, "NSpid"));
        if (!ids.empty() && ids.back() == static_cast<uint64_t>(own_tid) && hasNonce(pid, scratch, nonce)) found = pid;
    }
    closedir(processes);
    return found;
}

/// Waits, at most kExitTimeoutNs, for the first event of the tracee that `wanted` accepts.
template <class Wanted>
bool awaitEvent(pid_t tracee, Wanted wanted) {
    const uint64_t deadline = monotonicNs() + kExitTimeoutNs;
    for (;;) {
        int status = 0;
        const pid_t got = waitpid(tracee, &status, __WALL | WNOHANG);
        if (got == tracee && wanted(status)) return true;
        if ((got < 0 && errno != EINTR) || monotonicNs() > deadline) return false;
        const timespec nap{0, 20'000};
        if (got == 0) nanosleep(&nap, nullptr);
    }
}

}  // namespace

Twin::~Twin() {
    if (!pidfd_.valid()) return;
    syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    // The tracer has to collect the exit before the real parent, init, may.
    if (!sandboxed_) awaitEvent(pid(), [](int status) { return WIFSIGNALED(status) || WIFEXITED(status); });
}

bool Twin::detach() const {
    return ptraceCall(PTRACE_INTERRUPT, pid(), 0, nullptr) &&
           awaitEvent(pid(), [](int status) { return WIFSTOPPED(status); }) &&
           ptraceCall(PTRACE_DETACH, pid(), 0, nullptr);
}

Result<UniqueFd> Twin::keep() {
    if (sandboxed_ || detach()) return std::move(pidfd_);
    return Error{ErrorCode::kCaptureFailed, "capture.twin", pidName(pid()), "the twin cannot be let go"};
}

Result<Twin> Twin::find(const ProcDir& parent, int64_t own_tid, uint64_t scratch, uint64_t nonce, bool sandboxed) {
    const auto lost = [&](const char* detail) {
        return Error{ErrorCode::kCaptureFailed, "capture.twin", pidName(parent.pid()), detail};
    };
    if (own_tid <= 0) return lost("it has no twin");
    const pid_t pid = translate(parent, own_tid, scratch, nonce);
    if (pid == 0) return lost("its twin cannot be found");
    Twin twin;
    twin.pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    // Asked again after pidfd_open: the number cannot have changed hands in between.
    if (!twin.pidfd_.valid() || !hasNonce(pid, scratch, nonce)) {
        (void)twin.pidfd_.release();
        return lost("its twin is gone");
    }
    twin.sandboxed_ = sandboxed;
    if (!sandboxed && !ptraceCall(PTRACE_SEIZE, pid, 0, reinterpret_cast<void*>(PTRACE_O_EXITKILL)))
        return lost("its twin cannot be seized");
    twin.proc_ = ProcDir(pid);
    twin.scratch_ = scratch;
    const uint64_t deadline = monotonicNs() + kReportTimeoutNs;
    for (;;) {
        if (!readMemory(pid, scratch + FF_BLOB_PAGE, &twin.report_, sizeof twin.report_))
            return lost("its twin was killed");
        if (twin.report_.twin_done) return twin;
        if (monotonicNs() > deadline) return lost("its twin did not report in time");
        const timespec nap{0, 20'000};
        nanosleep(&nap, nullptr);
    }
}

Result<std::vector<BlobSlot>> Twin::slots(size_t count) const {
    std::vector<BlobSlot> slots(count);
    if (!readMemory(pid(), scratch_ + 2 * FF_BLOB_PAGE, slots.data(), count * sizeof(BlobSlot)))
        return Error{ErrorCode::kCaptureFailed, "capture.twin", pidName(pid()), "its report cannot be read"};
    return slots;
}

}  // namespace farfork::capturing
