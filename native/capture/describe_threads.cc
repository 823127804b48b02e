// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <cstring>

#include "capture/describe.h"
#include "capture/errors.h"

namespace farfork::capturing {
namespace {

constexpr uint32_t kDisable = 2, kAutoDisarm = 1u << 31;  // SS_DISABLE, SS_AUTODISARM

/// A signal that is pending although it is blocked stays so for long: it is state. One that nobody blocks arrived in
/// the pause itself; it is the parent's alone, as if sent right after.
Result<void> refusePending(const Surgery& surgery, const std::vector<BlobSlot>& slots) {
    uint64_t open_somewhere = 0, pending = 0;
    for (size_t i = 0; i < surgery.tracees.size(); i++) {
        if (slots[i].done != 1) continue;
        pending |= slots[i].pending;
        open_somewhere |= ~surgery.tracees[i].mask;
    }
    for (size_t i = 0; i < surgery.tracees.size(); i++) {
        if (slots[i].done != 1) continue;
        // Pending for this thread alone unless every thread sees it, that is, unless it is the process's.
        uint64_t everywhere = ~0ULL;
        for (const BlobSlot& slot : slots)
            if (slot.done == 1) everywhere &= slot.pending;
        const uint64_t own = slots[i].pending & ~everywhere & surgery.tracees[i].mask;
        const uint64_t shared = everywhere & ~open_somewhere;
        if (const uint64_t held = own | shared) {
            const int number = __builtin_ctzll(held) + 1;
            const char* name = sigabbrev_np(number);
            return notCarried("pending signal " + std::to_string(number) +
                              (name ? std::string(" (SIG") + name + ")" : ""));
        }
    }
    return {};
}

void describeSlot(ff_thread& thread, const BlobSlot& slot) {
    thread.altstack_sp = slot.altstack_sp;
    thread.altstack_size = slot.altstack_size;
    thread.altstack_flags = slot.altstack_flags & (kDisable | kAutoDisarm);
    thread.clear_child_tid = slot.clear_child_tid;
    thread.parent_death_signal = static_cast<uint32_t>(slot.death_signal);
    thread.timer_slack_ns = slot.timer_slack_ns;
}

void describeFacts(ff_thread& thread, const ThreadFacts& facts) {
    thread.tid = facts.own_tid;
    std::memcpy(thread.comm, facts.comm.c_str(), std::min(facts.comm.size(), sizeof thread.comm - 1));
    thread.sched_policy = facts.sched_policy;
    thread.sched_priority = facts.sched_priority;
    thread.nice = facts.nice;
}

}  // namespace

Result<void> describeThreads(DescriptorBuilder& builder, ff_process& process, const Surgery& surgery,
                             const std::vector<BlobSlot>& slots, const std::vector<ThreadFacts>& facts,
                             pid_t twin) {
    if (auto refused = refusePending(surgery, slots); !refused) return refused;
    process.thread_first = static_cast<uint32_t>(builder.threads.size());
    for (size_t i = 0; i < surgery.tracees.size(); i++) {
        const Tracee& tracee = surgery.tracees[i];
        if (slots[i].done != 1) continue;  // it exited before the fork
        ff_thread thread{};
        for (const ThreadFacts& known : facts)
            if (known.tid == tracee.tid) describeFacts(thread, known);
        thread.flags = tracee.rseq_aborted ? static_cast<uint32_t>(FF_THREAD_RSEQ_ABORTED) : 0;
        describeWait(thread, tracee.regs, tracee.call, tracee.slept_ns, twin);
        thread.signal_mask = tracee.mask;
        thread.rseq_address = tracee.rseq_address;
        thread.rseq_size = tracee.rseq_size;
        thread.rseq_signature = tracee.rseq_signature;
        thread.robust_list_head = tracee.robust_head;
        thread.robust_list_size = tracee.robust_size;
        describeSlot(thread, slots[i]);
        const std::span area(surgery.xstate.data() + i * surgery.xstate_stride, tracee.xstate_size);
        thread.xstate_offset = builder.addXstate(area);
        thread.xstate_size = static_cast<uint32_t>(area.size());
        // The kernel puts XCR0 into the software-reserved bytes (linux arch/x86/include/uapi/asm/sigcontext.h).
        if (area.size() >= 472) std::memcpy(&builder.header.xcr0, area.data() + 464, sizeof builder.header.xcr0);
        builder.threads.push_back(thread);
    }
    process.thread_count = static_cast<uint32_t>(builder.threads.size()) - process.thread_first;
    return {};
}

}  // namespace farfork::capturing
