// SPDX-License-Identifier: Apache-2.0
#include "capture/surgery.h"

#include <cpuid.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "capture/errors.h"
#include "capture/ptrace_calls.h"

namespace farfork::capturing {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
/// The injected code itself waits for nothing but the fork, so this is long only for the hugest of parents.
constexpr uint64_t kInjectionTimeoutNs = 60'000 * kMillisecond;
/// A wake-up across cores costs 50 us here, a spin 10 (FACTS.md): spin first. Then sleep until SIGCHLD.
constexpr uint64_t kSpinNs = 10'000;
constexpr uint64_t kGraceNs = 20 * kMillisecond;
constexpr uint64_t kMaxNapNs = 10 * kMillisecond;
constexpr size_t kSpareSlots = 32, kMaxSignals = 512;

/// Bytes of an XSAVE area with every component that the kernel enabled (Intel SDM, CPUID leaf 0DH, ECX).
size_t xsaveBytes() {
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
    __cpuid_count(0xd, 0, eax, ebx, ecx, edx);
    return ((ecx ? ecx : 4096) + 63) & ~size_t{63};
}

/// The parent stands still while this task waits for a core: on a busy machine this halves the pause. Not while
/// threads are being stopped: they need this core too. Best effort, needs CAP_SYS_NICE.
void hurry() {
    const sched_param priority{1};
    if (sched_getscheduler(0) == SCHED_OTHER) sched_setscheduler(0, SCHED_FIFO, &priority);
}

}  // namespace

Surgery::Surgery(Plan plan) : plan_(std::move(plan)) {
    slot_capacity_ = plan_.tids.size() * 2 + kSpareSlots;
    const uint64_t tables = slot_capacity_ * FF_SLOT_SIZE + plan_.timers.size() * FF_BLOB_TIMER_SIZE;
    scratch_bytes = 2 * FF_BLOB_PAGE + ((tables + FF_BLOB_PAGE - 1) & ~uint64_t{FF_BLOB_PAGE - 1});
    signals.resize(kMaxSignals);
    xstate_stride = xsaveBytes();
    tracees.reserve(slot_capacity_);
    xstate.resize(slot_capacity_ * xstate_stride);
    if (plan_.seccomp) filters.open();
}

bool Surgery::fail(ErrorCode code, const char* stage, int tid, const char* what, int sys_errno) {
    if (error) return false;
    const std::string object = tid == plan_.pid ? pidName(tid) : pidName(plan_.pid) + " thread " + std::to_string(tid);
    if (sys_errno)
        error = makeErrno(code, stage, object, what, sys_errno);
    else
        error = Error{code, stage, object, what};
    return false;
}

void Surgery::run() {
    bool frozen = true;
    for (const pid_t tid : plan_.tids) frozen = frozen && seize(tid);
    frozen = frozen && freeze();
    if (frozen) fork();
    restore();
    ended_ns = monotonicNs();
    settleTwin();
    // The caller was killed meanwhile: nobody will ask for the twin.
    if (twin > 0 && plan_.same_pid_namespace && getppid() != plan_.caller) kill(static_cast<pid_t>(twin), SIGKILL);
}

bool Surgery::freeze() {
    began_ns = monotonicNs();
    uint64_t limit_ms = plan_.stop_timeout_ms;
    if (plan_.max_pause_ms && plan_.max_pause_ms < limit_ms) limit_ms = plan_.max_pause_ms;
    deadline_ns_ = began_ns + limit_ms * kMillisecond;
    for (Tracee& tracee : tracees)
        if (!interrupt(tracee)) return false;
    for (;;) {
        for (bool standing = false; !standing;) {
            standing = true;
            for (const Tracee& tracee : tracees) standing = standing && tracee.phase != Tracee::Phase::kRunning;
            if (!standing && !pump(deadline_ns_)) return false;
        }
        // The link count of /proc/PID/task counts the threads (linux fs/proc/base.c, proc_task_getattr).
        struct stat task {};
        if (fstat(plan_.task_fd, &task) != 0)
            return fail(ErrorCode::kProcessExited, "capture.stop", plan_.pid, "it is gone", 0);
        size_t living = 0;
        for (const Tracee& tracee : tracees) living += tracee.phase != Tracee::Phase::kGone;
        if (task.st_nlink == living + 2) break;
        if (!seizeNewcomers()) return false;
    }
    while (!mapped_ || injected(tracees[0]))
        if (!pump(monotonicNs() + kInjectionTimeoutNs)) return false;
    stopped_ns = monotonicNs();
    if (plan_.max_pause_ms && stopped_ns > began_ns + plan_.max_pause_ms * kMillisecond)
        return fail(ErrorCode::kPauseTooLong, "capture.stop", plan_.pid, "its threads stopped too slowly", 0);
    return true;
}

bool Surgery::fork() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    captured_unix_ns = static_cast<uint64_t>(now.tv_sec) * 1'000'000'000ULL + static_cast<uint64_t>(now.tv_nsec);
    if (!readRest(0)) return false;
    forking_ns = monotonicNs();
    if (!startBlob(0, ff_blob_leader)) return false;
    for (size_t i = 1; i < tracees.size(); i++)
        if (tracees[i].phase == Tracee::Phase::kStopped && !startBlob(i, ff_blob_thread)) return false;
    hurry();
    // In the shadow of the fork: nothing here needs the parent's address space.
    for (size_t i = 1; i < tracees.size(); i++)
        if (tracees[i].phase != Tracee::Phase::kGone && !readRest(i)) return false;
    if (plan_.inspect) {
        auto fresh = plan_.inspect(*this);
        if (!fresh && !error) error = fresh.error();
        stale = fresh && !*fresh;
    }
    const uint64_t deadline = monotonicNs() + kInjectionTimeoutNs;
    while (waiting_ > 0)
        if (!pump(deadline)) return false;
    if (!forked_ns) return false;
    return !error;
}

void Surgery::restore() {
    closing_ = true;
    if (tracees.empty()) return;
    const uint64_t deadline = monotonicNs() + kInjectionTimeoutNs;
    int status = 0;
    // A stop that nobody reads would end some calls with EINTR.
    const uint64_t grace = monotonicNs() + kGraceNs;
    for (const Tracee& tracee : tracees)
        while (tracee.phase == Tracee::Phase::kRunning) {
            Tracee* stopped = await(grace, status);
            if (!stopped) break;
            handle(*stopped, status);
        }
    for (const Tracee& tracee : tracees)
        while (injected(tracee)) {
            Tracee* stopped = await(deadline, status);
            if (!stopped) return;
            handle(*stopped, status);
        }
    unmapScratch();
    for (size_t i = 1; i < tracees.size(); i++) putBack(tracees[i]);
    while (injected(tracees[0])) {
        Tracee* stopped = await(deadline, status);
        if (!stopped) return;
        handle(*stopped, status);
    }
    putBack(tracees[0]);
    for (Tracee& tracee : tracees) letGo(tracee);
}

void Surgery::unmapScratch() {
    if (!mapped_ || tracees[0].phase == Tracee::Phase::kGone || injected(tracees[0])) return;
    constexpr uint64_t kMunmap = SYS_munmap;
    if (step(tracees[0], kMunmap, {scratch, scratch_bytes, 0, 0, 0, 0})) mapped_ = false;
}

void Surgery::putBack(Tracee& tracee) {
    using Phase = Tracee::Phase;
    if (tracee.phase != Phase::kStopped && tracee.phase != Phase::kDone) return;
    if (tracee.altered) setMask(tracee.tid, tracee.mask);
    if (tracee.altered || tracee.rseq_aborted || tracee.mended) setRegs(tracee.tid, tracee.back);
    tracee.altered = tracee.mended = false;
}

void Surgery::letGo(Tracee& tracee) {
    using Phase = Tracee::Phase;
    if (tracee.phase != Phase::kStopped && tracee.phase != Phase::kDone) return;
    putBack(tracee);
    ptraceCall(PTRACE_DETACH, tracee.tid, 0, reinterpret_cast<void*>(static_cast<uintptr_t>(tracee.deferred_signal)));
    tracee.phase = Phase::kGone;
}

bool Surgery::pump(uint64_t deadline_ns) {
    int status = 0;
    Tracee* tracee = await(deadline_ns, status);
    return tracee && handle(*tracee, status);
}

/// Waits for one event of any tracee. Null: the deadline passed; an error is set.
Tracee* Surgery::await(uint64_t deadline_ns, int& status) {
    const uint64_t began = monotonicNs();
    sigset_t child_stopped;
    sigemptyset(&child_stopped);
    sigaddset(&child_stopped, SIGCHLD);
    for (;;) {
        const pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);
        if (tid > 0) {
            for (Tracee& tracee : tracees)
                if (tracee.tid == tid) return &tracee;
            attend(tid, status);
            continue;
        }
        if (tid < 0 && errno != EINTR) {
            fail(ErrorCode::kProcessExited, "capture.stop", plan_.pid, "it exited", 0);
            return nullptr;
        }
        const uint64_t now = monotonicNs();
        if (now > deadline_ns) break;
        if (now - began < kSpinNs) continue;
        const timespec nap{0, static_cast<long>(std::min(deadline_ns - now + 1, kMaxNapNs))};
        sigtimedwait(&child_stopped, nullptr, &nap);
    }
    late();
    return nullptr;
}

void Surgery::late() {
    const bool short_pause = plan_.max_pause_ms && plan_.max_pause_ms < plan_.stop_timeout_ms;
    const ErrorCode code = short_pause ? ErrorCode::kPauseTooLong : ErrorCode::kProcessDidNotStop;
    for (const Tracee& tracee : tracees) {
        if (injected(tracee))
            fail(ErrorCode::kCaptureFailed, "capture.inject", tracee.tid, "injected code did not end in time", 0);
        if (tracee.phase == Tracee::Phase::kRunning) fail(code, "capture.stop", tracee.tid, "did not stop in time", 0);
    }
}

}  // namespace farfork::capturing
