// SPDX-License-Identifier: Apache-2.0
//
// spawner_bench [SINGLES [BATCH [READY_CELLS [MEGABYTES]]]]: microseconds from the request packet at the spawner to a
// child's first own instruction, and children per second of a batch that is all alive at once. One line of JSON each.
#include <algorithm>

#include "agent.h"

using namespace farfork;
using namespace farfork::test;

namespace {

double percentile(std::vector<double> values, double part) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[static_cast<size_t>(static_cast<double>(values.size() - 1) * part)];
}

void report(const char* figure, const std::vector<double>& values) {
    std::printf("{\"figure\":\"%s\",\"unit\":\"us\",\"n\":%zu,\"p10\":%.0f,\"p50\":%.0f,\"p90\":%.0f}\n", figure,
                values.size(), percentile(values, 0.1), percentile(values, 0.5), percentile(values, 0.9));
}

void singles(Node& node, size_t count) {
    std::vector<double> at_spawner, at_agent, event;
    for (size_t index = 0; index < count; ++index) {
        const size_t before = node.agent->events.started.size();
        const uint64_t asked_ns = monotonicNs();
        auto sockets = node.fork("sd_bench", 1, index);
        if (!node.agent->wait(
                [&] { return node.agent->events.started.size() > before || !node.agent->events.failed.empty(); }))
            break;
        const uint64_t heard_ns = monotonicNs();
        if (!node.agent->events.failed.empty()) {
            std::fprintf(stderr, "%s\n", node.agent->events.failed[0].error.detail.c_str());
            return;
        }
        const auto& started = node.agent->events.started.back();
        at_spawner.push_back(
            static_cast<double>(started.first_instruction_monotonic_ns - started.received_at_monotonic_ns) / 1e3);
        at_agent.push_back(static_cast<double>(started.first_instruction_monotonic_ns - asked_ns) / 1e3);
        event.push_back(static_cast<double>(heard_ns - asked_ns) / 1e3);
        if (index % 10 == 0) CHECK(sockets[0]->ask("sum") != "");
        const size_t exits = node.agent->events.exited.size();
        sockets.clear();
        node.agent->wait([&] { return node.agent->events.exited.size() > exits; });
        poll(nullptr, 0, 5);  // the pool refills; requests come spaced
    }
    report("packet_at_spawner_to_first_instruction", at_spawner);
    report("request_to_first_instruction", at_agent);
    report("request_to_started_event", event);
}

void batch(Node& node, size_t count) {
    const size_t before = node.agent->events.started.size();
    const size_t exits = node.agent->events.exited.size();
    const uint64_t asked_ns = monotonicNs();
    auto sockets = node.fork("sd_bench", count, 100'000, 60'000);
    node.agent->wait(
        [&] { return node.agent->events.started.size() + node.agent->events.failed.size() >= before + count; }, 60'000);
    const double seconds = static_cast<double>(monotonicNs() - asked_ns) / 1e9;
    for (const auto& failed : node.agent->events.failed) {
        std::fprintf(stderr, "%s %s %s\n", failed.error.stage.c_str(), failed.error.object.c_str(),
                     failed.error.detail.c_str());
        break;
    }
    std::printf("{\"figure\":\"batch_children_per_s\",\"n\":%zu,\"value\":%.0f,\"failed\":%zu}\n", count,
                static_cast<double>(count) / seconds, node.agent->events.failed.size());
    std::string first = sockets[0]->ask("sum");
    size_t right = 0;
    for (auto& socket : sockets) right += socket->ask("sum") == first ? 1 : 0;
    std::printf("{\"figure\":\"batch_right_answers\",\"n\":%zu,\"value\":%zu}\n", count, right);
    const uint64_t ending_ns = monotonicNs();
    sockets.clear();
    node.agent->wait([&] { return node.agent->events.exited.size() >= exits + count; }, 60'000);
    std::printf("{\"figure\":\"batch_exit_s\",\"value\":%.2f}\n", static_cast<double>(monotonicNs() - ending_ns) / 1e9);
}

}  // namespace

int main(int argc, char** argv) {
    const auto argument = [&](int index, size_t standard) {
        return argc > index ? static_cast<size_t>(std::atoll(argv[index])) : standard;
    };
    Node node;
    CHECK_OK(node.agent->call<control::Ack>(MessageType::kConfigurePool,
                                            control::ConfigurePool{static_cast<uint32_t>(argument(3, 64)), false}));
    const pid_t parent = node.runParent({"/usr/bin/python3", BENCH_PARENT, std::to_string(argument(4, 100))});
    node.makeSeed(parent, "sd_bench");
    std::printf("%s\n", node.seed_line.c_str());
    singles(node, argument(1, 200));
    std::fflush(stdout);
    if (argument(2, 0) != 0) batch(node, argument(2, 0));
    return failures == 0 ? 0 : 1;
}
