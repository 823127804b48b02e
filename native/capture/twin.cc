// SPDX-License-Identifier: Apache-2.0
#include "capture/twin.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/clock.h"
#include "capture/errors.h"
#include "capture/guardian.h"
#include "capture/ptrace_calls.h"
#include "capture/validate.h"

namespace farfork::capturing {
namespace {

constexpr uint64_t kReportTimeoutNs = 10'000'000'000, kExitTimeoutNs = 10'000'000'000;
constexpr uint64_t kAsleepTimeoutNs = 10'000'000'000;

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

bool isUnshared(const Mapping& mapping) {
    return mapping.shared && !mapping.isNotForked() && !mapping.path.starts_with("[v");
}

/// For a guarded task: allocates nothing.
bool sleepsInPoll(pid_t pid) {
    char path[48], text[32] = {};
    std::snprintf(path, sizeof path, "/proc/%d/syscall", pid);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    const bool got = read(file, text, sizeof text - 1) > 0;
    close(file);
    return got && std::atoi(text) == SYS_ppoll;
}

}  // namespace

Twin::~Twin() {
    if (!pidfd_.valid()) return;
    syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    // The tracer has to collect the exit before the real parent, init, may.
    if (!sandboxed_) awaitEvent(pid(), [](int status) { return WIFSIGNALED(status) || WIFEXITED(status); });
}

/// It sleeps in the blob's ppoll(2), which it starts again afterwards; the system call's instruction serves for others.
bool Twin::letGo(const std::vector<Mapping>& mappings) const {
    user_regs_struct asleep{};
    return unshare(mappings, asleep) && ptraceCall(PTRACE_DETACH, pid(), 0, nullptr);
}

/// Under its filters it may not begin ppoll(2) again. They are suspended while it is traced, and a tracer's end
/// detaches it without a stop.
bool Twin::unshareSandboxed(const std::vector<Mapping>& mappings) const {
    if (std::ranges::none_of(mappings, isUnshared)) return true;
    bool asleep = false;
    const auto ran = runGuarded([&] {
        user_regs_struct regs{};
        if (!ptraceCall(PTRACE_SEIZE, pid(), 0, reinterpret_cast<void*>(PTRACE_O_SUSPEND_SECCOMP)) ||
            !unshare(mappings, regs) || !ptraceCall(PTRACE_CONT, pid(), 0, nullptr))
            return;
        const uint64_t deadline = monotonicNs() + kAsleepTimeoutNs;
        while (!asleep && monotonicNs() < deadline) {
            asleep = sleepsInPoll(pid());
            if (!asleep) usleep(20);
        }
    });
    return ran && asleep;
}

/// Leaves it stopped, with registers that begin its ppoll(2) anew.
bool Twin::unshare(const std::vector<Mapping>& mappings, user_regs_struct& asleep) const {
    const auto stopped = [](int status) { return WIFSTOPPED(status); };
    if (!ptraceCall(PTRACE_INTERRUPT, pid(), 0, nullptr) || !awaitEvent(pid(), stopped) || !getRegs(pid(), asleep))
        return false;
    asleep.rip -= 2;
    asleep.rax = SYS_ppoll;
    const uint64_t waiting = asleep.orig_rax;
    asleep.orig_rax = ~0ULL;  // not in a system call: nothing to restart
    bool altered = false;
    for (const Mapping& mapping : mappings) {
        if (!isUnshared(mapping)) continue;
        if (waiting != SYS_ppoll) return false;
        user_regs_struct regs = asleep;
        regs.rax = SYS_munmap;
        regs.rdi = mapping.start;
        regs.rsi = mapping.end - mapping.start;
        altered = true;
        if (!setRegs(pid(), regs) || !ptraceCall(PTRACE_SINGLESTEP, pid(), 0, nullptr) || !awaitEvent(pid(), stopped) ||
            !getRegs(pid(), regs) || regs.rax != 0)
            return false;
    }
    return !altered || setRegs(pid(), asleep);
}

Result<UniqueFd> Twin::keep(const std::vector<Mapping>& mappings) {
    if (sandboxed_ ? unshareSandboxed(mappings) : letGo(mappings)) return std::move(pidfd_);
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

Result<std::vector<BlobTimer>> Twin::timers(uint64_t address, size_t count) const {
    std::vector<BlobTimer> timers(count);
    if (count != 0 && !readMemory(pid(), address, timers.data(), count * sizeof(BlobTimer)))
        return Error{ErrorCode::kCaptureFailed, "capture.twin", pidName(pid()), "its report cannot be read"};
    return timers;
}

Result<std::vector<BlobSlot>> Twin::slots(size_t count) const {
    std::vector<BlobSlot> slots(count);
    if (!readMemory(pid(), scratch_ + 2 * FF_BLOB_PAGE, slots.data(), count * sizeof(BlobSlot)))
        return Error{ErrorCode::kCaptureFailed, "capture.twin", pidName(pid()), "its report cannot be read"};
    return slots;
}

}  // namespace farfork::capturing
