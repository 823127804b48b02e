// SPDX-License-Identifier: Apache-2.0
//
// The surgery's injections: one system call by single step, and runs of the blob.
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "capture/errors.h"
#include "capture/ptrace_calls.h"
#include "capture/surgery.h"

namespace farfork::capturing {
namespace {

// SIGTRAP stays open: a single step forces one, for which the kernel resets the handler of a blocked signal (linux
// kernel/signal.c, force_sig_info_to_task), and the blob ends by one.
constexpr uint64_t kAllButTrap = ~(1ULL << (5 - 1));
constexpr uint64_t kTrapFlag = 0x100, kDirectionFlag = 0x400;

uint64_t offsetOf(const char* symbol) {
    return static_cast<uint64_t>(symbol - ff_blob_begin);
}

}  // namespace

bool Surgery::step(Tracee& tracee, uint64_t number, const uint64_t (&arguments)[6]) {
    user_regs_struct regs = tracee.regs;
    regs.rip = plan_.syscall_address;
    regs.rax = number;
    regs.orig_rax = ~0ULL;  // not in a system call: nothing to restart
    regs.rdi = arguments[0];
    regs.rsi = arguments[1];
    regs.rdx = arguments[2];
    regs.r10 = arguments[3];
    regs.r8 = arguments[4];
    regs.r9 = arguments[5];
    regs.eflags &= ~(kTrapFlag | kDirectionFlag);
    tracee.altered = true;
    if (!setMask(tracee.tid, kAllButTrap) || !setRegs(tracee.tid, regs))
        return fail(ErrorCode::kCaptureFailed, "capture.inject", tracee.tid, "PTRACE_SETREGS", errno);
    tracee.phase = Tracee::Phase::kMapping;
    waiting_++;
    return resume(tracee, 0);
}

bool Surgery::startMmap() {
    unsigned char code[2] = {};
    if (!readMemory(plan_.pid, plan_.syscall_address, code, sizeof code) || code[0] != 0x0f || code[1] != 0x05) {
        stale = true;
        return fail(ErrorCode::kCaptureFailed, "capture.inject", plan_.pid, "it became another program meanwhile", 0);
    }
    return step(
        tracees[0], SYS_mmap,
        {0, scratch_bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, ~0ULL, 0});
}

/// A parent that denies itself memory that is writable and executable (PR_SET_MDWE, SELinux) gets the page of code by
/// itself, without write permission.
bool Surgery::finishMmap(const user_regs_struct& regs) {
    const bool denied = regs.rax == static_cast<uint64_t>(-EACCES) || regs.rax == static_cast<uint64_t>(-EPERM);
    if (denied && !split_) {
        split_ = true;
        return step(tracees[0], SYS_mmap,
                    {0, scratch_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, ~0ULL, 0});
    }
    if (split_ && !mapped_ && regs.rax <= ~4095ULL) {
        scratch = regs.rax;
        mapped_ = true;
        // MAP_NORESERVE: it must not merge with a neighbour, which would then seem to be larger.
        constexpr uint64_t kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
        return step(tracees[0], SYS_mmap, {scratch, FF_BLOB_PAGE, PROT_READ | PROT_EXEC, kFlags, ~0ULL, 0});
    }
    if (regs.rax > ~4095ULL)
        return fail(ErrorCode::kCaptureFailed, "capture.inject", plan_.pid, "mmap in the parent",
                    static_cast<int>(-regs.rax));
    scratch = regs.rax;
    mapped_ = true;
    return writeBlob();
}

bool Surgery::writeBlob() {
    BlobHeader header{};
    header.lifetime[0] = plan_.twin_lifetime_s;
    header.nonce = plan_.nonce;
    std::memcpy(header.name, "farfork-twin", 13);
    header.seccomp = plan_.leader_seccomp;
    header.timers = timersAddress();
    header.timer_count = plan_.timers.size();
    const size_t timer_bytes = plan_.timers.size() * sizeof(BlobTimer);
    const iovec local[3] = {{&header, sizeof header},
                            {plan_.timers.data(), timer_bytes},
                            {const_cast<char*>(ff_blob_begin), offsetOf(ff_blob_end)}};
    const iovec remote[3] = {{reinterpret_cast<void*>(scratch + FF_BLOB_PAGE), sizeof header},
                             {reinterpret_cast<void*>(header.timers), timer_bytes},
                             {reinterpret_cast<void*>(scratch), local[2].iov_len}};
    const unsigned parts = split_ ? 2 : 3;
    const long wrote = syscall(SYS_process_vm_writev, plan_.pid, local, parts, remote, parts, 0);
    const size_t wanted = sizeof header + timer_bytes + (split_ ? 0 : local[2].iov_len);
    if (wrote == static_cast<long>(wanted) && (!split_ || writeCode())) return true;
    return fail(ErrorCode::kCaptureFailed, "capture.inject", plan_.pid, "write into the parent", errno);
}

/// Word by word: ptrace alone writes where the process itself may not.
bool Surgery::writeCode() {
    for (uint64_t at = 0; at < offsetOf(ff_blob_end); at += sizeof at) {
        uint64_t word = 0;
        std::memcpy(&word, ff_blob_begin + at, std::min<uint64_t>(sizeof word, offsetOf(ff_blob_end) - at));
        if (!ptraceCall(PTRACE_POKETEXT, plan_.pid, scratch + at, reinterpret_cast<void*>(word))) return false;
    }
    return true;
}

bool Surgery::startBlob(size_t index, const char* entry) {
    Tracee& tracee = tracees[index];
    user_regs_struct regs = tracee.regs;
    regs.rip = scratch + offsetOf(entry);
    regs.rbx = slotAddress(index);
    regs.r12 = scratch + FF_BLOB_PAGE;
    regs.orig_rax = ~0ULL;
    regs.eflags &= ~(kTrapFlag | kDirectionFlag);
    const bool masked = tracee.altered;
    tracee.altered = true;
    if ((!masked && !setMask(tracee.tid, kAllButTrap)) || !setRegs(tracee.tid, regs))
        return fail(errno == ESRCH ? ErrorCode::kProcessExited : ErrorCode::kCaptureFailed, "capture.inject",
                    tracee.tid, "PTRACE_SETREGS", errno);
    tracee.phase = Tracee::Phase::kInBlob;
    waiting_++;
    return resume(tracee, 0);
}

/// Reads the leader's verdict: r13 and r15 at its end (blob.S).
bool Surgery::judgeFork(const user_regs_struct& regs) {
    forked_ns = monotonicNs();
    const auto outcome = static_cast<int64_t>(regs.r15);
    const int sys_errno = outcome < 0 ? static_cast<int>(-outcome) : 0;
    const ErrorCode no_room =
        sys_errno == ENOMEM || sys_errno == EAGAIN ? ErrorCode::kResourceExhausted : ErrorCode::kCaptureFailed;
    switch (regs.r13) {
        case FF_BLOB_FORKED:
            twin = outcome;
            return true;
        case FF_BLOB_HAS_CHILDREN:
            error = notCarried("child process");
            return false;
            return false;
        case FF_BLOB_HAS_SECCOMP:
            stale = true;
            return fail(ErrorCode::kCaptureFailed, "capture.inject", plan_.pid, "its seccomp mode changed meanwhile",
                        0);
        case FF_BLOB_CLONE_FAILED:
            return fail(no_room, "capture.fork", plan_.pid, "clone in the parent", sys_errno);
        case FF_BLOB_TWIN_FAILED:
            return fail(no_room, "capture.fork", plan_.pid, "clone of the twin", sys_errno);
        case FF_BLOB_REAP_FAILED:
            return fail(ErrorCode::kCaptureFailed, "capture.fork", plan_.pid, "wait4 in the parent", 0);
    }
    return fail(ErrorCode::kCapabilityMissing, "capture.inject", plan_.pid,
                "sigaltstack, PR_GET_TID_ADDRESS or rt_sigpending", 0);
}

}  // namespace farfork::capturing
