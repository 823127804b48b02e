// SPDX-License-Identifier: Apache-2.0
//
// The surgery's reactions to each stop of a tracee, and what a stopped thread tells.
#include <dirent.h>
#include <fcntl.h>
#include <linux/rseq.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "capture/errors.h"
#include "capture/ptrace_calls.h"
#include "capture/surgery.h"

namespace farfork::capturing {
namespace {

constexpr long kGetSyscallUserDispatch = 0x4211;  // PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG
constexpr uint64_t kCompatCodeSegment = 0x23;     // __USER32_CS, linux arch/x86/include/asm/segment.h

ErrorCode codeOf(int sys_errno) {
    if (sys_errno == ESRCH) return ErrorCode::kProcessExited;
    if (sys_errno == EPERM || sys_errno == EACCES) return ErrorCode::kPermissionDenied;
    return ErrorCode::kCaptureFailed;
}

}  // namespace

bool Surgery::seize(pid_t tid) {
    bool suspended = false;
    if (!seizeSuspended(tid, suspended)) {
        if (errno == ESRCH && tid != plan_.pid) return true;  // the thread exited: the count is checked in the pause
        return fail(codeOf(errno), "capture.seize", tid, "PTRACE_SEIZE", errno);
    }
    // Before it is interrupted: a filter may kill for the restart of an interrupted call.
    if (!suspended && !refuseFilters(Tracee{.tid = tid})) return false;
    tracees.push_back(Tracee{.tid = tid, .suspended = suspended});
    return true;
}

bool Surgery::interrupt(Tracee& tracee) {
    waiting_++;
    if (ptraceCall(PTRACE_INTERRUPT, tracee.tid, 0, nullptr) || errno == ESRCH)
        return true;  // its exit is an event too
    return fail(codeOf(errno), "capture.stop", tracee.tid, "PTRACE_INTERRUPT", errno);
}

bool Surgery::seizeNewcomers() {
    const int folder = openat(plan_.task_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* stream = folder < 0 ? nullptr : fdopendir(folder);
    if (!stream) {
        if (folder >= 0) close(folder);
        return fail(codeOf(errno), "capture.stop", plan_.pid, "read /proc/PID/task", errno);
    }
    bool good = true;
    while (const dirent* entry = good ? readdir(stream) : nullptr) {
        const auto tid = static_cast<pid_t>(std::atoi(entry->d_name));
        if (tid <= 0) continue;
        bool known = false;
        for (const Tracee& tracee : tracees) known = known || tracee.tid == tid;
        if (known) continue;
        if (tracees.size() == slot_capacity_)
            good = fail(ErrorCode::kProcessDidNotStop, "capture.stop", plan_.pid,
                        "it makes threads faster than they stop", 0);
        const size_t before = tracees.size();
        good = good && seize(tid);
        if (good && tracees.size() > before) good = interrupt(tracees.back());
    }
    closedir(stream);
    if (good && monotonicNs() > deadline_ns_)
        return fail(ErrorCode::kProcessDidNotStop, "capture.stop", plan_.pid, "its threads keep changing", 0);
    return good;
}

bool Surgery::handle(Tracee& tracee, int status) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
        if (tracee.phase == Tracee::Phase::kRunning || injected(tracee)) waiting_--;
        tracee.phase = Tracee::Phase::kGone;
        if (indexOf(tracee) == 0) mapped_ = false;
        return indexOf(tracee) == 0 ? fail(ErrorCode::kProcessExited, "capture.stop", tracee.tid, "it exited", 0)
                                    : true;
    }
    if (tracee.phase == Tracee::Phase::kRunning) return stoppedByInterrupt(tracee, status);
    if (injected(tracee)) return stoppedInInjection(tracee, status);
    return true;
}

bool Surgery::stoppedByInterrupt(Tracee& tracee, int status) {
    const int signal = WSTOPSIG(status), event = status >> 16;
    if (event != PTRACE_EVENT_STOP)  // a signal-delivery stop: let it be delivered; the interrupt is still pending
        return ptraceCall(PTRACE_CONT, tracee.tid, 0, reinterpret_cast<void*>(static_cast<uintptr_t>(signal))) ||
               errno == ESRCH || fail(codeOf(errno), "capture.stop", tracee.tid, "PTRACE_CONT", errno);
    waiting_--;
    tracee.phase = Tracee::Phase::kStopped;
    if (closing_) {
        if (signal == SIGTRAP && getRegs(tracee.tid, tracee.regs)) readCall(tracee);
        return true;
    }
    if (signal != SIGTRAP)  // a group stop; detaching leaves it in force (linux kernel/ptrace.c, __ptrace_unlink)
        return fail(ErrorCode::kProcessStopped, "capture.stop", tracee.tid, "stopped by job control", 0);
    if (!readOnStop(tracee)) return false;
    return indexOf(tracee) != 0 || startMmap();
}

bool Surgery::readOnStop(Tracee& tracee) {
    if (!getRegs(tracee.tid, tracee.regs))
        return fail(codeOf(errno), "capture.read", tracee.tid, "PTRACE_GETREGS", errno);
    readCall(tracee);
    if (!getMask(tracee.tid, tracee.mask))
        return fail(codeOf(errno), "capture.read", tracee.tid, "PTRACE_GETSIGMASK", errno);
    if (!tracee.suspended && !refuseFilters(tracee)) return false;
    if (tracee.regs.cs == kCompatCodeSegment)
        return fail(ErrorCode::kArchitectureUnsupported, "capture.read", tracee.tid, "runs 32-bit code", 0);
    uint64_t dispatch[4] = {};  // struct ptrace_sud_config; from Linux 6.4 on
    if (ptraceCall(kGetSyscallUserDispatch, tracee.tid, sizeof dispatch, dispatch) && dispatch[0] != 0) {
        if (!error) error = notCarried("syscall user dispatch of thread " + std::to_string(tracee.tid));
        return false;
    }
    // A critical section contains no system call (rseq(2)), so only a thread stopped outside of one can be in it.
    if (tracee.call < 0) fixRseq(tracee);
    return true;
}

/// The call that it was in, and with which registers the thread has to go on so that it cannot tell.
void Surgery::readCall(Tracee& tracee) {
    const auto result = static_cast<int64_t>(tracee.regs.rax);
    const Wait* wait = nullptr;
    if (plan_.waits && (result == kRestartBlock || endedByStop(tracee.regs))) {
        const auto found = std::lower_bound(plan_.waits->begin(), plan_.waits->end(), tracee.tid,
                                            [](const Wait& each, pid_t tid) { return each.tid < tid; });
        if (found != plan_.waits->end() && found->tid == tracee.tid && found->stack == tracee.regs.rsp) wait = &*found;
    }
    tracee.call = callOf(tracee.regs, wait);
    if (wait && static_cast<uint64_t>(tracee.call) == wait->number && hasRelativeTimeout(tracee.call, tracee.regs))
        tracee.slept_ns = sleptUntilStop(*wait);
    tracee.back = goOn(tracee.regs, tracee.call, tracee.slept_ns);
    spareRestart(tracee);
    tracee.mended = tracee.back.rax != tracee.regs.rax;
}

/// Does what the kernel would do on the way back to user space (linux kernel/rseq.c, rseq_ip_fixup): the injected code
/// makes it forget the section, so the abort must be taken by hand.
void Surgery::fixRseq(Tracee& tracee) {
    ptrace_rseq_configuration config{};
    if (syscall(SYS_ptrace, PTRACE_GET_RSEQ_CONFIGURATION, tracee.tid, sizeof config, &config) < 0) return;
    uint64_t section = 0;
    if (!config.rseq_abi_pointer || !readMemory(tracee.tid, config.rseq_abi_pointer + 8, &section, sizeof section) ||
        !section)
        return;
    struct {
        uint32_t version, flags;
        uint64_t start_ip, post_commit_offset, abort_ip;
    } cs{};
    uint32_t signature = 0;
    if (!readMemory(tracee.tid, section, &cs, sizeof cs) || tracee.regs.rip - cs.start_ip >= cs.post_commit_offset)
        return;
    if (!readMemory(tracee.tid, cs.abort_ip - 4, &signature, sizeof signature) || signature != config.signature) return;
    tracee.regs.rip = tracee.back.rip = cs.abort_ip;
    tracee.rseq_aborted = true;
}

/// What does not change while the thread runs the blob.
bool Surgery::readRest(size_t index) {
    Tracee& tracee = tracees[index];
    while (tracee.phase == Tracee::Phase::kInBlob)
        if (!pump(monotonicNs() + 60'000'000'000ULL)) return false;
    if (tracee.phase == Tracee::Phase::kGone) return true;
    if (!peekSignals(tracee, 0, tracee.signal_first, tracee.signal_count)) return false;
    if (index == 0 && !peekSignals(tracee, PTRACE_PEEKSIGINFO_SHARED, shared_first, shared_count)) return false;
    iovec area{xstate.data() + index * xstate_stride, xstate_stride};
    if (!ptraceCall(PTRACE_GETREGSET, tracee.tid, kNoteX86Xstate, &area))
        return fail(codeOf(errno), "capture.read", tracee.tid, "PTRACE_GETREGSET NT_X86_XSTATE", errno);
    tracee.xstate_size = area.iov_len;
    if (!readFilters(tracee)) return false;
    ptrace_rseq_configuration config{};
    if (syscall(SYS_ptrace, PTRACE_GET_RSEQ_CONFIGURATION, tracee.tid, sizeof config, &config) < 0)
        return fail(ErrorCode::kCapabilityMissing, "capture.read", tracee.tid, "PTRACE_GET_RSEQ_CONFIGURATION", errno);
    tracee.rseq_address = config.rseq_abi_pointer;
    tracee.rseq_size = config.rseq_abi_size;
    tracee.rseq_signature = config.signature;
    if (syscall(SYS_get_robust_list, tracee.tid, &tracee.robust_head, &tracee.robust_size) != 0)
        return fail(codeOf(errno), "capture.read", tracee.tid, "get_robust_list", errno);
    return true;
}

bool Surgery::peekSignals(const Tracee& tracee, uint32_t flags, size_t& first, size_t& count) {
    constexpr size_t kAtOnce = 32;
    first = signals_used_;
    count = 0;
    for (;;) {
        const size_t room = std::min(signals.size() - signals_used_, kAtOnce);
        if (room == 0) {
            if (!error) error = notCarried("pending signals", "more than " + std::to_string(signals.size()));
            return false;
        }
        ptrace_peeksiginfo_args wanted{count, flags, static_cast<int32_t>(room)};
        const long got = syscall(SYS_ptrace, PTRACE_PEEKSIGINFO, tracee.tid, &wanted, &signals[signals_used_]);
        if (got < 0) return fail(codeOf(errno), "capture.read", tracee.tid, "PTRACE_PEEKSIGINFO", errno);
        count += static_cast<size_t>(got);
        signals_used_ += static_cast<size_t>(got);
        if (static_cast<size_t>(got) < room) return true;
    }
}

bool Surgery::resume(Tracee& tracee, int signal) {
    const bool stepping = tracee.phase == Tracee::Phase::kMapping;
    const long step = plan_.trap_ignored ? PTRACE_SYSCALL : PTRACE_SINGLESTEP;
    if (ptraceCall(stepping ? step : PTRACE_CONT, tracee.tid, 0,
                   reinterpret_cast<void*>(static_cast<uintptr_t>(signal))))
        return true;
    waiting_--;
    tracee.phase = Tracee::Phase::kDone;
    return fail(codeOf(errno), "capture.inject", tracee.tid, "resume", errno);
}

bool Surgery::stoppedInInjection(Tracee& tracee, int status) {
    const int signal = WSTOPSIG(status), event = status >> 16;
    if (event != 0) return resume(tracee, 0);
    user_regs_struct regs{};
    if (!getRegs(tracee.tid, regs)) return fail(codeOf(errno), "capture.inject", tracee.tid, "PTRACE_GETREGS", errno);
    const uint64_t code = regs.rip - scratch;
    const bool mapping = tracee.phase == Tracee::Phase::kMapping;
    const bool arrived = mapping ? regs.rip == plan_.syscall_address + 2
                                 : code == static_cast<uint64_t>(ff_blob_thread_end - ff_blob_begin) ||
                                       code == static_cast<uint64_t>(ff_blob_leader_end - ff_blob_begin);
    const bool call_stop = signal == (SIGTRAP | 0x80);                                     // PTRACE_O_TRACESYSGOOD
    if (call_stop && static_cast<int64_t>(regs.rax) == -ENOSYS) return resume(tracee, 0);  // on its way in
    if ((signal != SIGTRAP && !call_stop) ||
        !arrived) {  // only SIGSTOP and a foreign SIGTRAP can come here: keep it for later
        const bool fault = signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGSYS;
        if (!fault) {
            tracee.deferred_signal = signal;
            return resume(tracee, 0);
        }
        waiting_--;
        tracee.phase = Tracee::Phase::kDone;
        return fail(ErrorCode::kCaptureFailed, "capture.inject", tracee.tid, strsignal(signal), 0);
    }
    waiting_--;
    tracee.phase = Tracee::Phase::kDone;
    if (mapping) return closing_ || finishMmap(regs);
    return indexOf(tracee) != 0 || judgeFork(regs);
}

}  // namespace farfork::capturing
