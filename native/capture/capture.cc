// SPDX-License-Identifier: Apache-2.0
#include "capture/capture.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "capture/describe.h"
#include "capture/errors.h"
#include "capture/files.h"
#include "capture/guardian.h"
#include "capture/guards.h"
#include "capture/preparation.h"
#include "capture/shared.h"
#include "capture/surgery.h"
#include "capture/twin.h"
#include "descriptor/view.h"

namespace farfork {
namespace capturing {
namespace {

constexpr int kAttempts = 3;

/// Threads that appeared between the first reading and the stop. They stand still now; later they may be gone.
Result<void> readNewThreads(Preparation& before, const Surgery& surgery) {
    for (const Tracee& tracee : surgery.tracees) {
        bool known = tracee.phase == Tracee::Phase::kGone;
        for (const ThreadFacts& facts : before.threads) known = known || facts.tid == tracee.tid;
        if (known) continue;
        auto facts = readThread(before.proc, tracee.tid, before.status, true);
        if (!facts) return facts.error();
        before.threads.push_back(*std::move(facts));
    }
    return {};
}

Surgery::Plan planOf(const CaptureOptions& options, Preparation& before, FileTable& files, SharedTable& shared) {
    Surgery::Plan plan;
    plan.pid = options.pid;
    for (const ThreadFacts& thread : before.threads) plan.tids.push_back(thread.tid);
    plan.caller = getpid();
    plan.same_pid_namespace = samePidNamespace(before.proc);
    plan.task_fd = before.task.get();
    plan.syscall_address = before.syscall_address;
    if (getrandom(&plan.nonce, sizeof plan.nonce, 0) != sizeof plan.nonce) plan.nonce = monotonicNs();
    plan.stop_timeout_ms = options.stop_timeout_ms;
    plan.max_pause_ms = options.max_pause_ms;
    plan.twin_lifetime_s = options.twin_lifetime_s;
    plan.inspect = [&options, &before, &files, &shared](const Surgery& surgery) -> Result<bool> {
        if (auto read = readNewThreads(before, surgery); !read) return read.error();
        if (!files.confirm()) return false;
        return shared.copy(options.max_pause_ms ? surgery.began_ns + options.max_pause_ms * 1'000'000ULL : 0);
    };
    return plan;
}

/// MADV_DONTFORK since the first reading: fork(2) left such a mapping out of the twin.
Result<void> compareMappings(const ProcDir& parent, const std::vector<Mapping>& twin, bool& stale) {
    const auto text = parent.read("maps");
    if (!text) return unreadable(parent.pid(), "read maps", errno);
    const auto holds = [&](const Mapping& wanted) {
        return std::any_of(twin.begin(), twin.end(),
                           [&](const Mapping& each) { return each.start <= wanted.start && wanted.start < each.end; });
    };
    const auto now = parseMappings(*text);
    if (std::all_of(now.begin(), now.end(), holds)) return {};
    auto mappings = readMappings(parent);
    if (!mappings) return mappings.error();
    for (const Mapping& mapping : *mappings) {
        if (!mapping.isNotForked() || holds(mapping)) continue;
        stale = true;
        return Error{ErrorCode::kCaptureFailed, "capture.read", nameMapping(mapping), "it changed meanwhile"};
    }
    return checkMappings(mappings.value());
}

const Mapping* mappingAt(const std::vector<Mapping>& mappings, uint64_t address) {
    for (const Mapping& mapping : mappings)
        if (mapping.start <= address && address < mapping.end) return &mapping;
    return nullptr;
}

/// What fork(2) does not hand down: locks, and MADV_DONTFORK ranges. Read before the pause and after it; both readings
/// must say the same.
Result<void> takeOverLocks(const Preparation& before, std::vector<Mapping>& twin, bool& stale) {
    const auto inherits = [](const Mapping& mapping) { return !mapping.has("lo ") && !mapping.isNotForked(); };
    const auto status = before.proc.read("status");
    if (!status) return unreadable(before.proc.pid(), "read status", errno);
    if (numberOf(field(*status, "VmLck")) == 0 && std::all_of(before.mappings.begin(), before.mappings.end(), inherits))
        return {};
    auto read_now = readMappings(before.proc);
    if (!read_now) return read_now.error();
    const std::vector<Mapping>& now = *read_now;
    for (Mapping& mapping : twin) {
        const Mapping* first = mappingAt(before.mappings, mapping.start);
        const Mapping* last = mappingAt(now, mapping.start);
        bool same = first && last;
        for (const char* code : {"lo ", "lf ", "dc "}) same = same && first->has(code) == last->has(code);
        if (same && mapping.isNotForked())
            same = first->prot == last->prot && first->end == last->end && last->start == mapping.start;
        if (same && last->has("lo ") && (last->start > mapping.start || last->end < mapping.end)) same = false;
        if (!same && (!first || inherits(*first)) && (!last || inherits(*last))) continue;
        if (!same) {
            stale = true;
            return Error{ErrorCode::kCaptureFailed, "capture.read", nameMapping(mapping),
                         "its locks changed meanwhile"};
        }
        if (last->has("lo ") && !mapping.has("lo ")) mapping.vm_flags += "lo ";
        if (last->has("lf ") && !mapping.has("lf ")) mapping.vm_flags += "lf ";
    }
    return {};
}

Result<std::vector<std::byte>> describe(const CaptureOptions& options, Preparation& before, const Surgery& surgery,
                                        const Twin& twin, FileTable& files, SharedTable& shared, Capture& result,
                                        std::vector<Mapping>& twin_mappings, bool& stale) {
    DescriptorBuilder builder;
    if (auto set = builder.setSeedId(options.seed_id); !set) return set.error();
    builder.header.captured_at_unix_ns = surgery.captured_unix_ns;
    builder.header.captured_at_monotonic_ns = surgery.stopped_ns;
    ff_process process{};
    auto slots = twin.slots(surgery.tracees.size());
    if (!slots) return slots.error();
    auto mappings = readMappings(twin.proc());
    if (!mappings) return mappings.error();
    std::erase_if(*mappings, [&](const Mapping& mapping) { return mapping.start == surgery.scratch; });
    if (auto checked = checkMappings(*mappings); !checked) return checked.error();
    shared.addUnforked(*mappings);
    if (auto compared = compareMappings(before.proc, *mappings, stale); !compared) return compared.error();
    if (auto taken = takeOverLocks(before, *mappings, stale); !taken) return taken.error();
    if (auto split = splitAtGuards(twin.proc(), *mappings); !split) return split.error();
    if (auto done = describeProcess(builder, process, before.proc, twin); !done) return done.error();
    if (auto done = describeThreads(builder, process, surgery, *slots, before.threads); !done) return done.error();
    if (auto done = describeMemory(builder, process, before.proc, twin, *mappings, surgery.scratch, shared); !done)
        return done.error();
    if (auto done = files.describe(builder, process); !done) return done.error();
    if (auto state = checkState(before.proc); !state) return state.error();
    const bool on_fault = std::none_of(mappings->begin(), mappings->end(), [](const Mapping& mapping) {
        return mapping.has("lo ") && !mapping.has("lf ");
    });
    if (process.mm_flags & FF_MM_LOCK_FUTURE && on_fault) process.mm_flags |= FF_MM_LOCK_ONFAULT;
    twin_mappings = *std::move(mappings);
    builder.processes.push_back(process);
    result.threads = process.thread_count;
    result.vmas = process.vma_count;
    result.files = process.file_count;
    return builder.build();
}

/// One try. `stale` is set when the parent's descriptors changed just before the pause: then another try may succeed.
Result<Capture> attempt(const CaptureOptions& options, bool& stale) {
    auto before = prepare(options);
    if (!before) return before.error();
    auto shared = SharedTable::read(before->proc, before->mappings);
    if (!shared) return shared.error();
    auto files = FileTable::read(before->proc, before->pidfd.get(), options.control_inode, *shared);
    stale = shared->stale();
    if (!files) return files.error();
    if (auto room = shared->reserve(options.max_pause_ms); !room) return room.error();
    Surgery surgery(planOf(options, *before, *files, *shared));
    const uint64_t nonce = surgery.nonce();
    if (auto ran = runGuarded([&] { surgery.run(); }); !ran) return ran.error();
    auto twin = Twin::find(before->proc, surgery.twin, surgery.scratch, nonce);  // first: errors have to kill it
    if (surgery.error) {
        if (surgery.error->object == "child process")
            if (const std::string child = nameChild(before->proc); !child.empty()) surgery.error->object = child;
        stale = surgery.stale;
        return *surgery.error;
    }
    if (!twin) return twin.error();
    if (surgery.stale || startOfStack(twin->proc()) != before->start_stack) {
        stale = true;
        return Error{ErrorCode::kCaptureFailed, "capture.read", pidName(options.pid),
                     "its descriptors or its program changed meanwhile"};
    }
    Capture result;
    std::vector<Mapping> mappings;
    auto bytes = describe(options, *before, surgery, *twin, *files, *shared, result, mappings, stale);
    stale = stale || shared->stale();
    if (!bytes) return bytes.error();
    if (auto view = DescriptorView::parse(*bytes); !view)
        return Error{ErrorCode::kInternal, "capture.describe", pidName(options.pid), view.error().detail};
    auto memfd = sealedMemfd("farfork-descriptor", *bytes);
    if (!memfd) return memfd.error();
    result.descriptor = *std::move(memfd);
    result.descriptor_bytes = bytes->size();
    result.twin_pid = twin->pid();
    auto kept = twin->keep(mappings);
    if (!kept) return kept.error();
    result.twin_pidfd = *std::move(kept);
    result.pauseUs = (surgery.ended_ns - surgery.began_ns) / 1000;
    result.stopUs = (surgery.stopped_ns - surgery.began_ns) / 1000;
    result.sharedCopyUs = shared->copyNs() / 1000;
    result.forkUs = (surgery.forked_ns - surgery.forking_ns) / 1000;
    return result;
}

}  // namespace
}  // namespace capturing

Result<Capture> capture(const CaptureOptions& options) {
    const uint64_t began = monotonicNs();
    if (options.seed_id.empty() || options.seed_id.size() >= FF_SEED_ID_SIZE)
        return Error{ErrorCode::kInvalidArgument, "capture.validate", "seed id '" + options.seed_id + "'",
                     "must have 1 to 39 characters"};
    for (int remaining = capturing::kAttempts;; remaining--) {
        bool stale = false;
        auto result = capturing::attempt(options, stale);
        if (result) result->totalUs = (monotonicNs() - began) / 1000;
        if (result || !stale || remaining == 1) return result;
    }
}

}  // namespace farfork
