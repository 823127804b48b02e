// SPDX-License-Identifier: Apache-2.0
//
// How long a thread has slept. The kernel tells no deadline, but when a thread last ran, on its processor's scheduler
// clock (se.exec_start in /proc/PID/task/TID/sched); that clock is read by running there.
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>

#include "base/clock.h"
#include "capture/waits.h"

namespace farfork::capturing {
namespace {

struct Scheduling {
    uint64_t ran_ns = 0, switches = 0;
};

/// Reads /proc/PID/task/TID/sched; allocates nothing.
std::optional<Scheduling> readScheduling(int file) {
    char text[2048];
    const ssize_t size = pread(file, text, sizeof text - 1, 0);
    if (size <= 0) return std::nullopt;
    text[size] = '\0';
    const char* ran = std::strstr(text, "\nse.exec_start");
    const char* switches = std::strstr(text, "\nnr_switches");
    ran = ran ? std::strchr(ran, ':') : nullptr;
    switches = switches ? std::strchr(switches, ':') : nullptr;
    if (!ran || !switches) return std::nullopt;
    char* end = nullptr;
    Scheduling result;
    result.ran_ns = std::strtoull(ran + 1, &end, 10) * 1'000'000;  // milliseconds with six places
    if (*end != '.') return std::nullopt;
    result.ran_ns += std::strtoull(end + 1, nullptr, 10);
    result.switches = std::strtoull(switches + 1, nullptr, 10);
    return result;
}

/// Scheduler clocks of processors, each read by running on it.
class SchedulerClocks {
  public:
    SchedulerClocks() : file_(open("/proc/thread-self/sched", O_RDONLY | O_CLOEXEC)) {
        known_ = file_.valid() && sched_getaffinity(0, sizeof own_, &own_) == 0;
    }
    ~SchedulerClocks() {
        if (moved_) sched_setaffinity(0, sizeof own_, &own_);
    }
    SchedulerClocks(const SchedulerClocks&) = delete;

    struct Reading {
        uint64_t clock_ns = 0, monotonic_ns = 0;
    };
    std::optional<Reading> at(uint64_t processor) {
        const auto earlier = readings_.find(processor);
        if (earlier != readings_.end()) return earlier->second;
        return readings_[processor] = read(processor);
    }

  private:
    std::optional<Reading> read(uint64_t processor) {
        if (!known_ || processor >= CPU_SETSIZE) return std::nullopt;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<size_t>(processor), &one);
        if (sched_setaffinity(0, sizeof one, &one) != 0) return std::nullopt;
        moved_ = true;
        sched_yield();  // brings se.exec_start up to date
        const auto own = readScheduling(file_.get());
        if (!own) return std::nullopt;
        return Reading{own->ran_ns, monotonicNs()};
    }

    UniqueFd file_;
    cpu_set_t own_{};
    bool known_ = false, moved_ = false;
    std::map<uint64_t, std::optional<Reading>> readings_;
};

struct Call {
    uint64_t number = 0, arguments[6] = {}, stack = 0, instruction = 0;
};

/// /proc/PID/task/TID/syscall; nothing for a thread that runs or is not in a call.
std::optional<Call> readCall(const ProcDir& proc, const std::string& folder) {
    const auto text = proc.read(folder + "syscall");
    if (!text) return std::nullopt;
    Call call;
    std::istringstream words(*text);
    words >> call.number >> std::hex;
    std::string word;
    const auto next = [&] { return words >> word ? std::strtoull(word.c_str(), nullptr, 16) : 0; };
    for (uint64_t& argument : call.arguments) argument = next();
    call.stack = next();
    call.instruction = next();
    return words ? std::optional(call) : std::nullopt;
}

user_regs_struct registersOf(const Call& call) {
    user_regs_struct regs{};
    regs.orig_rax = call.number;
    regs.rdi = call.arguments[0], regs.rsi = call.arguments[1], regs.rdx = call.arguments[2];
    regs.r10 = call.arguments[3], regs.r8 = call.arguments[4], regs.r9 = call.arguments[5];
    regs.rsp = call.stack;
    return regs;
}

/// What restart_syscall(2) goes on with. The kernel function that sleeps tells which kind it is (linux
/// kernel/time/hrtimer.c, kernel/futex/waitwake.c, fs/select.c, kernel/time/posix-cpu-timers.c, alarmtimer.c).
uint64_t resolveRestart(const ProcDir& proc, const std::string& folder, const Call& call) {
    const std::string where = proc.read(folder + "wchan").value_or("");
    if (where.starts_with("futex_")) return SYS_futex;
    if (where.starts_with("poll_schedule_timeout") || where.starts_with("do_sys_poll") || where.starts_with("do_poll"))
        return SYS_poll;
    // Functions in the scheduler's section are not named: of hrtimer_nanosleep_restart one sees the caller.
    for (const char* sleeper : {"hrtimer_nanosleep", "do_syscall_64", "__x64_sys_restart_syscall",
                                "__do_sys_restart_syscall", "do_cpu_nanosleep", "alarmtimer_do_nsleep"})
        // nanosleep has an address where clock_nanosleep has a clock.
        if (where.starts_with(sleeper))
            return call.arguments[0] >= FF_PAGE_SIZE && where != "do_cpu_nanosleep" ? SYS_nanosleep
                                                                                    : SYS_clock_nanosleep;
    return SYS_restart_syscall;
}

}  // namespace

std::vector<Wait> readWaits(const ProcDir& proc, const std::vector<ThreadFacts>& threads) {
    std::vector<Wait> waits;
    SchedulerClocks clocks;
    for (const ThreadFacts& thread : threads) {
        const std::string folder = "task/" + std::to_string(thread.tid) + "/";
        const auto call = readCall(proc, folder);
        if (!call) continue;
        Wait wait;
        wait.tid = thread.tid;
        wait.stack = call->stack;
        wait.number = call->number == SYS_restart_syscall ? resolveRestart(proc, folder, *call) : call->number;
        const bool restarted = call->number == SYS_restart_syscall;
        if (!hasRelativeTimeout(static_cast<int64_t>(wait.number), registersOf(*call))) {
            if (restarted) waits.push_back(std::move(wait));
            continue;
        }
        wait.scheduling = UniqueFd(openat(proc.fd(), (folder + "sched").c_str(), O_RDONLY | O_CLOEXEC));
        const auto before = readScheduling(wait.scheduling.get());
        const auto text = proc.read(folder + "stat");
        const auto stat = text ? parseStat(*text) : std::nullopt;
        const auto after = readScheduling(wait.scheduling.get());
        if (before && after && stat && before->switches == after->switches) {
            const auto clock = clocks.at(stat->processor);
            if (clock && clock->clock_ns >= before->ran_ns) {
                wait.switches = before->switches;
                wait.slept_ns = clock->clock_ns - before->ran_ns;
                wait.at_ns = clock->monotonic_ns;
            }
        }
        waits.push_back(std::move(wait));
    }
    std::sort(waits.begin(), waits.end(), [](const Wait& one, const Wait& other) { return one.tid < other.tid; });
    return waits;
}

std::optional<uint64_t> sleptUntilStop(const Wait& wait) {
    if (wait.at_ns == 0) return std::nullopt;
    const auto now = readScheduling(wait.scheduling.get());
    // The stop woke it, and it was switched out once more, in its stop: it ran at no other time.
    if (!now || now->switches != wait.switches + 1) return std::nullopt;
    return wait.slept_ns + (monotonicNs() - wait.at_ns);
}

}  // namespace farfork::capturing
