// SPDX-License-Identifier: Apache-2.0
//
// What the spawner's tests share: a node with the self-checking parent, and looks at /proc.
#pragma once
#include "agent.h"

namespace farfork::test {

inline bool alive(pid_t pid) {
    std::string text;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), text);
    const size_t end = text.rfind(')');
    return end != std::string::npos && text.size() > end + 2 && text[end + 2] != 'Z';
}

inline std::string commOf(pid_t pid) {
    std::string comm;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), comm);
    return comm;
}

inline std::vector<pid_t> childrenOf(pid_t pid) {
    std::vector<pid_t> pids;
    std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
    for (pid_t child = 0; file >> child;) pids.push_back(child);
    return pids;
}

/// `pid` and everything below it.
inline std::vector<pid_t> treeOf(pid_t pid) {
    std::vector<pid_t> pids{pid};
    for (size_t index = 0; index < pids.size(); ++index) {
        const std::vector<pid_t> below = childrenOf(pids[index]);
        pids.insert(pids.end(), below.begin(), below.end());
    }
    return pids;
}

template <class Condition>
bool eventually(Condition condition, uint32_t timeout_ms = 10'000) {
    const uint64_t deadline_ns = monotonicNs() + timeout_ms * 1'000'000ULL;
    while (!condition()) {
        if (monotonicNs() > deadline_ns) return false;
        poll(nullptr, 0, 5);
    }
    return true;
}

inline void requireRoot() {
    if (geteuid() != 0) skipTest("root");
}

struct SelfCheckNode : Node {
    SelfCheckNode() {
        parent = runParent({SELF_CHECK_PARENT, dir});
        makeSeed(parent, "sd_check");
    }
    /// Forks and waits until all have started.
    std::vector<std::unique_ptr<ControlSocket>> start(size_t count, size_t first = 0) {
        const size_t failed = agent->events.failed.size();
        const size_t wanted = agent->events.started.size() + agent->events.failed.size() + count;
        auto sockets = fork("sd_check", count, first);
        CHECK(agent->wait([&] { return agent->events.started.size() + agent->events.failed.size() >= wanted; }));
        explainFailures(failed);
        return sockets;
    }
    pid_t parent = 0;
};

}  // namespace farfork::test
