// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/clock.h"
#include "spawner/outputs.h"
#include "spawner/spawner.h"

namespace farfork {

void Spawner::checkDeadlines() {
    const uint64_t now_ns = monotonicNs();
    if (now_ns >= next_trim_ns_) trimOutputs(now_ns);
    if (now_ns < next_deadline_ns_) return;
    next_deadline_ns_ = ~uint64_t{0};
    failLateChildren(now_ns);
    failLateAdoptions(now_ns);
}

void Spawner::trimOutputs(uint64_t now_ns) {
    constexpr uint64_t kTrimEveryNs = 1'000'000'000ULL;
    next_trim_ns_ = now_ns + kTrimEveryNs;
    for (const auto& [pid, child] : by_pid_) {
        if (child->stdout_kept.valid()) trimOutput(child->stdout_kept.get());
        if (child->stderr_kept.valid()) trimOutput(child->stderr_kept.get());
    }
}

void Spawner::failLateChildren(uint64_t now_ns) {
    std::vector<std::shared_ptr<Child>> late;
    for (const auto& [serial, child] : by_serial_) {
        if (!child->pending()) continue;
        if (child->deadline_ns <= now_ns) {
            late.push_back(child);
        } else {
            next_deadline_ns_ = std::min(next_deadline_ns_, child->deadline_ns);
        }
    }
    for (const std::shared_ptr<Child>& child : late) {
        const bool queued = child->state == ChildState::kQueued;
        failChild(child, {ErrorCode::kDeadlineExceeded, queued ? "spawner.cell" : "spawner.start", "child " + child->id,
                          queued ? "no cell became ready in time" : "it did not start in time", 0});
    }
}

void Spawner::failLateAdoptions(uint64_t now_ns) {
    std::vector<std::shared_ptr<Seed>> stuck;
    for (const auto& [serial, seed] : templates_) {
        if (seed->adopter_fd < 0) continue;
        if (seed->adopt_deadline_ns <= now_ns) {
            stuck.push_back(seed);
        } else {
            next_deadline_ns_ = std::min(next_deadline_ns_, seed->adopt_deadline_ns);
        }
    }
    for (const std::shared_ptr<Seed>& seed : stuck) {
        templateFailed(seed->serial, {ErrorCode::kDeadlineExceeded, "spawner.adopt", "seed " + seed->id,
                                      "its template did not become ready in time", 0});
    }
}

}  // namespace farfork
