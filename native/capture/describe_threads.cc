// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <cstring>
#include <fstream>
#include <map>

#include "capture/describe.h"
#include "capture/errors.h"

namespace farfork::capturing {
namespace {

constexpr uint32_t kDisable = 2, kAutoDisarm = 1u << 31;  // SS_DISABLE, SS_AUTODISARM

/// Every processor of this machine, or nothing.
std::vector<uint64_t> onlineProcessors() {
    std::ifstream file("/sys/devices/system/cpu/online");  // as 0-3,8
    std::vector<uint64_t> words;
    for (uint64_t first = 0, last = 0; file >> first;) {
        last = first;
        if (file.peek() == '-') file.ignore() >> last;
        for (uint64_t each = first; each <= last; each++) {
            if (words.size() <= each / 64) words.resize(each / 64 + 1);
            words[each / 64] |= 1ULL << each % 64;
        }
        if (file.peek() == ',') file.ignore();
    }
    return words;
}

/// A thread that may run everywhere may do so in a child, whose machine has other processors.
void describeAffinity(DescriptorBuilder& builder, ff_thread& thread, const std::vector<uint64_t>& mask,
                      const std::vector<uint64_t>& online) {
    bool everywhere = !online.empty();
    for (size_t i = 0; i < online.size(); i++)
        everywhere = everywhere && i < mask.size() && (online[i] & ~mask[i]) == 0;
    if (everywhere || mask.empty()) return;
    thread.affinity_bytes = static_cast<uint32_t>(mask.size() * sizeof(uint64_t));
    thread.affinity_offset = builder.addBytes(std::as_bytes(std::span(mask)));
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
    thread.io_priority = facts.io_priority;
    thread.no_new_privs = facts.no_new_privs;
    thread.speculation_store = facts.speculation_store;
    thread.speculation_branch = facts.speculation_branch;
}

/// The threads' filters; equal ones are described once.
class Filters {
  public:
    explicit Filters(const SeccompArena& arena) : arena_(arena) {}

    Result<void> describe(DescriptorBuilder& builder, ff_thread& thread, SeccompChain chain, const ThreadFacts& facts) {
        const std::string name = "seccomp filter of thread " + std::to_string(facts.tid);
        const std::span filters = arena_.bytes(chain);
        // Putting filters on takes no_new_privs or CAP_SYS_ADMIN, which is then dropped under them.
        const bool drops = thread.no_new_privs == 0 && !facts.system_admin;
        if (const std::string call = seccompObstacle(filters, drops); !call.empty())
            return notCarried(name, "it forbids " + call + ", which ends a child's start");
        if (hasSeccompListener(filters)) return notCarried(name, "it asks a listener (SECCOMP_RET_USER_NOTIF)");
        auto [known, fresh] = offsets_.try_emplace(chain.offset, 0);
        if (fresh) known->second = builder.addBytes(filters);
        thread.seccomp_offset = known->second;
        thread.seccomp_size = filters.size();
        return {};
    }

  private:
    const SeccompArena& arena_;
    std::map<size_t, uint64_t> offsets_;  // in the arena, in the descriptor
};

Result<void> refuseKeyrings(const BlobSlot& slot, pid_t tid) {
    if (slot.process_keyring > 0) return notCarried("process keyring", "the kernel chooses serial numbers of keys");
    if (slot.thread_keyring > 0) return notCarried("thread keyring of thread " + std::to_string(tid));
    return {};
}

}  // namespace

Result<void> describeThreads(DescriptorBuilder& builder, ff_process& process, const Surgery& surgery,
                             const std::vector<BlobSlot>& slots, const std::vector<ThreadFacts>& facts, pid_t twin) {
    const auto online = onlineProcessors();
    Filters filters(surgery.filters);
    process.thread_first = static_cast<uint32_t>(builder.threads.size());
    for (size_t i = 0; i < surgery.tracees.size(); i++) {
        const Tracee& tracee = surgery.tracees[i];
        if (slots[i].done != 1) continue;  // it exited before the fork
        ff_thread thread{};
        if (auto checked = refuseKeyrings(slots[i], tracee.tid); !checked) return checked;
        if (slots[i].securebits != slots[0].securebits)
            return notCarried("thread " + std::to_string(tracee.tid), "its securebits differ from the main thread's");
        thread.seccomp_mode = static_cast<uint32_t>(slots[i].seccomp);
        for (const ThreadFacts& known : facts) {
            if (known.tid != tracee.tid) continue;
            describeFacts(thread, known);
            describeAffinity(builder, thread, known.affinity, online);
            if (known.seccomp_mode != thread.seccomp_mode)
                return Error{ErrorCode::kCaptureFailed, "capture.read", pidName(tracee.tid),
                             "its seccomp mode changed meanwhile"};
            if (thread.seccomp_mode != 2) continue;
            if (auto done = filters.describe(builder, thread, tracee.filters, known); !done) return done;
        }
        if (slots[i].memory_policy != 0)
            return notCarried("memory policy of thread " + std::to_string(tracee.tid) + " (set_mempolicy)");
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
