// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cstring>

#include "capture/describe.h"
#include "capture/errors.h"

namespace farfork::capturing {
namespace {

constexpr uint64_t kSecondNs = 1'000'000'000, kMicrosecondNs = 1000;

siginfo_t infoOf(const ff_siginfo& raw) {
    siginfo_t info;
    static_assert(sizeof info == sizeof raw);
    std::memcpy(&info, &raw, sizeof info);
    return info;
}

bool holds(uint64_t set, int number) {
    return number >= 1 && number <= 64 && set >> (number - 1) & 1;
}

std::string nameSignal(int number) {
    const char* name = sigabbrev_np(number);
    return "pending signal " + std::to_string(number) + (name ? std::string(" (SIG") + name + ")" : "");
}

/// Those of a queue that stay pending for long: the blocked ones. One that is not blocked arrived in the pause itself;
/// it is the parent's alone, as if sent right after.
std::vector<ff_siginfo> blockedOf(const Surgery& surgery, size_t first, size_t count, uint64_t blocked,
                                  uint64_t& listed) {
    std::vector<ff_siginfo> result;
    for (size_t i = first; i < first + count; i++) {
        const int number = infoOf(surgery.signals[i]).si_signo;
        if (!holds(blocked, number)) continue;
        listed |= 1ULL << (number - 1);
        result.push_back(surgery.signals[i]);
    }
    return result;
}

void store(DescriptorBuilder& builder, const std::vector<ff_siginfo>& signals, uint64_t& offset, uint32_t& count) {
    count = static_cast<uint32_t>(signals.size());
    if (count != 0) offset = builder.addBytes(std::as_bytes(std::span(signals)));
}

/// The signal of a timer's expiry is taken out: the child's timer sends its own, with its overruns.
void takeTimersSignals(std::vector<ff_siginfo>& signals, std::vector<ff_posix_timer>& timers) {
    std::erase_if(signals, [&](const ff_siginfo& raw) {
        const siginfo_t info = infoOf(raw);
        if (info.si_code != SI_TIMER) return false;
        const auto timer = std::find_if(timers.begin(), timers.end(),
                                        [&](const ff_posix_timer& each) { return each.id == info.si_timerid; });
        if (timer == timers.end()) return false;
        // A one-shot that was set anew since: the kernel forgets the expiry before (timer_settime(2)).
        if (timer->setting.interval_ns != 0 || timer->setting.left_ns == 0) timer->flags |= FF_TIMER_SIGNALLED;
        return true;
    });
}

uint64_t toNs(uint64_t seconds, uint64_t fraction, uint64_t unit_ns) {
    return seconds > UINT64_MAX / kSecondNs / 2 ? UINT64_MAX / 2 : seconds * kSecondNs + fraction * unit_ns;
}

/// Refuses a timer on the CPU clock of a thread that cannot be told, or of a device.
Result<void> checkClock(const PosixTimer& timer, size_t living, const std::vector<ThreadFacts>& facts) {
    // linux include/linux/posix-timers_types.h: ~pid << 3 | per thread << 2 | which clock, of which 3 is a descriptor's
    constexpr int32_t kPerThread = 4, kWhich = 3, kDescriptor = 3;
    const std::string name = "POSIX timer " + std::to_string(timer.id);
    if (timer.clock < 0 && (timer.clock & kWhich) == kDescriptor) return notCarried(name, "its clock is a device's");
    const bool own = timer.clock == CLOCK_THREAD_CPUTIME_ID ||
                     (timer.clock < 0 && timer.clock & kPerThread && ~(timer.clock >> 3) == 0);
    if (own && living > 1) return notCarried(name, "it counts a thread's time, and which is not told");
    if (own || timer.clock >= 0 || !(timer.clock & kPerThread)) return {};
    for (const ThreadFacts& thread : facts)
        if (thread.own_tid == ~(timer.clock >> 3)) return {};
    return notCarried(name, "it counts the time of a thread that is gone");
}

Result<ff_posix_timer> describeTimer(const PosixTimer& timer, const BlobTimer& asked,
                                     const std::vector<ThreadFacts>& facts) {
    const std::string name = "POSIX timer " + std::to_string(timer.id);
    if (asked.id != timer.id || asked.result != 0) return notCarried(name, "it went away meanwhile");
    ff_posix_timer result{};
    result.id = timer.id;
    result.clock = timer.clock;
    result.notify = timer.notify;
    result.signal = timer.signal;
    result.value = timer.value;
    result.setting = {toNs(asked.setting[0], asked.setting[1], 1), toNs(asked.setting[2], asked.setting[3], 1)};
    if (!(timer.notify & SIGEV_THREAD_ID)) return result;
    for (const ThreadFacts& thread : facts)
        if (thread.tid == timer.target) result.tid = thread.own_tid;
    if (result.tid == 0) return notCarried(name, "it signals a thread that is gone");
    return result;
}

Result<void> describeSignals(DescriptorBuilder& builder, ff_process& process, const Surgery& surgery,
                             const std::vector<BlobSlot>& slots, const std::vector<ThreadFacts>& facts,
                             std::vector<ff_posix_timer>& timers) {
    uint64_t blocked_everywhere = ~0ULL, shared_listed = 0;
    for (size_t i = 0; i < surgery.tracees.size(); i++)
        if (slots[i].done == 1) blocked_everywhere &= surgery.tracees[i].mask;
    auto shared = blockedOf(surgery, surgery.shared_first, surgery.shared_count, blocked_everywhere, shared_listed);
    takeTimersSignals(shared, timers);
    store(builder, shared, process.pending_offset, process.pending_count);
    size_t index = process.thread_first;
    for (size_t i = 0; i < surgery.tracees.size(); i++) {
        const Tracee& tracee = surgery.tracees[i];
        if (slots[i].done != 1) continue;
        uint64_t listed = shared_listed, known = 0;
        auto own = blockedOf(surgery, tracee.signal_first, tracee.signal_count, tracee.mask, listed);
        takeTimersSignals(own, timers);
        ff_thread& thread = builder.threads[index++];
        store(builder, own, thread.pending_offset, thread.pending_count);
        // Pending before the pause already, and in no queue: its siginfo was lost (sigqueue(3), RLIMIT_SIGPENDING).
        for (const ThreadFacts& each : facts)
            if (each.tid == tracee.tid) known = each.pending;
        if (const uint64_t lost = slots[i].pending & known & tracee.mask & blocked_everywhere & ~listed)
            return notCarried(nameSignal(__builtin_ctzll(lost) + 1), "it is in no queue");
    }
    return {};
}

}  // namespace

Result<void> describeTimers(DescriptorBuilder& builder, ff_process& process, const Surgery& surgery,
                            const std::vector<BlobSlot>& slots, const Twin& twin, const std::vector<PosixTimer>& timers,
                            const std::vector<ThreadFacts>& facts) {
    for (size_t i = 0; i < FF_ITIMER_COUNT; i++) {
        const auto& seen = twin.report().itimers[i];  // struct itimerval
        process.itimers[i] = {toNs(seen[0], seen[1], kMicrosecondNs), toNs(seen[2], seen[3], kMicrosecondNs)};
    }
    const auto asked = twin.timers(surgery.timersAddress(), timers.size());
    if (!asked) return asked.error();
    std::vector<ff_posix_timer> described;
    for (size_t i = 0; i < timers.size(); i++) {
        if (auto checked = checkClock(timers[i], process.thread_count, facts); !checked) return checked;
        auto timer = describeTimer(timers[i], asked.value()[i], facts);
        if (!timer) return timer.error();
        described.push_back(*timer);
    }
    if (auto done = describeSignals(builder, process, surgery, slots, facts, described); !done) return done;
    process.timer_count = static_cast<uint32_t>(described.size());
    if (!described.empty()) process.timers_offset = builder.addBytes(std::as_bytes(std::span(described)));
    return {};
}

}  // namespace farfork::capturing
