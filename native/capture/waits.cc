// SPDX-License-Identifier: Apache-2.0
#include "capture/waits.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "capture/ptrace_calls.h"

namespace farfork::capturing {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;

/// Where a call has its relative timeout.
struct Timeout {
    uint32_t place = 0;      ///< enum ff_wait_register; 0: it has none
    uint32_t unit = 0;       ///< enum ff_wait_unit
    uint64_t remainder = 0;  ///< where the kernel stored what was left when it was woken; 0: nowhere
    bool runs_on = true;     ///< its clock runs while the thread sleeps
};

Timeout milliseconds(uint32_t place, uint64_t value) {
    return static_cast<int32_t>(value) > 0 ? Timeout{place, FF_WAIT_MS} : Timeout{};
}

Timeout timespecAt(uint32_t place, uint64_t address, uint64_t remainder = 0, bool runs_on = true) {
    return address ? Timeout{place, FF_WAIT_TIMESPEC, remainder, runs_on} : Timeout{};
}

Timeout timeoutOf(int64_t call, const user_regs_struct& regs) {
    switch (call) {
        case SYS_poll:
            return milliseconds(FF_WAIT_RDX, regs.rdx);
        case SYS_epoll_wait:
        case SYS_epoll_pwait:
            return milliseconds(FF_WAIT_R10, regs.r10);
        case SYS_epoll_pwait2:
        case SYS_semtimedop:
            return timespecAt(FF_WAIT_R10, regs.r10);
        case SYS_rt_sigtimedwait:
            return timespecAt(FF_WAIT_RDX, regs.rdx);
        case SYS_io_getevents:
            return timespecAt(FF_WAIT_R8, regs.r8);
        case SYS_nanosleep:
            return timespecAt(FF_WAIT_RDI, regs.rdi, regs.rsi);
        case SYS_clock_nanosleep: {
            const auto clock = static_cast<int32_t>(regs.rdi);
            if (regs.rsi & TIMER_ABSTIME) return {};
            return timespecAt(FF_WAIT_RDX, regs.rdx, regs.r10, clock >= 0 && clock != CLOCK_PROCESS_CPUTIME_ID);
        }
        case SYS_futex:
            // Every other operation takes an absolute time (futex(2)).
            if ((regs.rsi & FUTEX_CMD_MASK) != FUTEX_WAIT) return {};
            return timespecAt(FF_WAIT_R10, regs.r10);
        default:
            return {};
    }
}

unsigned long long& registerOf(user_regs_struct& regs, uint32_t place) {
    return place == FF_WAIT_RDI ? regs.rdi : place == FF_WAIT_RDX ? regs.rdx : place == FF_WAIT_R8 ? regs.r8 : regs.r10;
}

std::optional<uint64_t> readTimespec(pid_t pid, uint64_t address) {
    timespec time{};
    if (!address || !readMemory(pid, address, &time, sizeof time)) return std::nullopt;
    if (time.tv_sec < 0 || time.tv_nsec < 0) return 0;
    // As the kernel does (linux include/linux/time64.h, timespec64_to_ktime): what is too long is for ever.
    constexpr int64_t kMaxSeconds = INT64_MAX / 1'000'000'000;
    if (time.tv_sec >= kMaxSeconds) return std::nullopt;
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

uint64_t roundedUpMs(uint64_t ns) {
    return (ns + kMillisecond - 1) / kMillisecond;
}

}  // namespace

bool hasRelativeTimeout(int64_t call, const user_regs_struct& regs) {
    return timeoutOf(call, regs).place != 0;
}

int64_t callOf(const user_regs_struct& regs, const Wait* wait) {
    const auto number = static_cast<int32_t>(regs.orig_rax);
    if (number != SYS_restart_syscall) return number < 0 ? -1 : number;
    return wait && wait->stack == regs.rsp ? static_cast<int64_t>(wait->number) : number;
}

bool endedByStop(const user_regs_struct& regs) {
    if (static_cast<int64_t>(regs.rax) != -EINTR) return false;
    // Not close(2): the kernel ends that with EINTR when it must not be called again (linux fs/open.c). The first three
    // lines do so always; sockets with a timeout set (linux include/net/sock.h, sock_intr_errno); the last one when the
    // timeout is in memory that cannot be written (linux fs/select.c, poll_select_finish).
    switch (static_cast<int32_t>(regs.orig_rax)) {
        case SYS_rt_sigtimedwait:
        case SYS_epoll_wait:
        case SYS_epoll_pwait:
        case SYS_epoll_pwait2:
        case SYS_io_getevents:
        case SYS_semop:
        case SYS_semtimedop:
        case SYS_read:
        case SYS_readv:
        case SYS_recvfrom:
        case SYS_recvmsg:
        case SYS_recvmmsg:
        case SYS_write:
        case SYS_writev:
        case SYS_sendto:
        case SYS_sendmsg:
        case SYS_sendmmsg:
        case SYS_accept:
        case SYS_accept4:
        case SYS_connect:
        case SYS_select:
        case SYS_pselect6:
        case SYS_ppoll:
            return true;
        default:
            return false;
    }
}

user_regs_struct goOn(const user_regs_struct& stopped, int64_t call, std::optional<uint64_t> slept_ns) {
    user_regs_struct regs = stopped;
    const auto result = static_cast<int64_t>(stopped.rax);
    const Timeout timeout = timeoutOf(call, stopped);
    if (endedByStop(stopped)) {
        regs.rax = static_cast<uint64_t>(kRestartNoHand);
        // A timeout in memory starts over: that memory may be read-only, or other threads' too.
        if (timeout.unit == FF_WAIT_MS && slept_ns) {
            unsigned long long& holder = registerOf(regs, timeout.place);
            holder -= std::min<uint64_t>(holder & UINT32_MAX, *slept_ns / kMillisecond);
        }
    } else if (result == kRestartBlock && call == SYS_futex && !timeout.place) {
        // Absolute: the same call again waits as long, and a later prepare still sees which call it is.
        if (static_cast<int32_t>(stopped.orig_rax) == SYS_futex) regs.rax = static_cast<uint64_t>(kRestartNoHand);
    }
    return regs;
}

void describeWait(ff_thread& thread, const user_regs_struct& stopped, int64_t call, std::optional<uint64_t> slept_ns,
                  pid_t twin) {
    user_regs_struct regs = stopped;
    const auto result = static_cast<int64_t>(stopped.rax);
    const bool again = result == kRestartSys || result == kRestartNoIntr || result == kRestartNoHand ||
                       result == kRestartBlock || endedByStop(stopped);
    if (call >= 0 && again) {
        if (call == SYS_restart_syscall) {  // which call it was is not known: as if a handler had run
            regs.rax = static_cast<uint64_t>(-EINTR);
        } else {
            regs.rax = static_cast<uint64_t>(call);
            regs.rip -= 2;
        }
        const Timeout timeout = timeoutOf(call, stopped);
        if (timeout.place && (result == kRestartBlock || endedByStop(stopped))) {
            const uint64_t value = registerOf(regs, timeout.place);
            const auto full = timeout.unit == FF_WAIT_MS ? std::optional<uint64_t>((value & INT32_MAX) * kMillisecond)
                                                         : readTimespec(twin, value);
            const auto stored = readTimespec(twin, timeout.remainder);
            std::optional<uint64_t> left = stored;
            if (!left && full && slept_ns && timeout.runs_on) left = *full - std::min(*full, *slept_ns);
            if (left && timeout.remainder != value) {
                thread.wait_register = timeout.place;
                thread.wait_unit = timeout.unit;
                thread.wait_left_ns = timeout.unit == FF_WAIT_MS ? roundedUpMs(*left) * kMillisecond : *left;
            }
        }
    }
    regs.orig_rax = ~0ULL;
    static_assert(sizeof thread.regs == sizeof regs);
    std::memcpy(&thread.regs, &regs, sizeof regs);
}

}  // namespace farfork::capturing
