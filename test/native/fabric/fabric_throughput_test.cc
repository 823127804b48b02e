// SPDX-License-Identifier: Apache-2.0
//
// Prints the fabric's figures beside a bare TCP stream on loopback, interleaved (FACTS.md: this VM is noisy). Asserts
// only that the bytes are right.
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "memory_export.h"

using namespace farfork;
using namespace farfork::fabric;
using namespace farfork::fabric::test;

namespace {

constexpr uint64_t kSeedBytes = 64 << 20;
constexpr uint64_t kTotalBytes = 512 << 20;

struct Pair {
    UniqueFd sender, receiver;
};

Pair tcpPair() {
    UniqueFd listener(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length);
    listen(listener.get(), 1);
    getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length);
    Pair pair;
    pair.receiver.reset(socket(AF_INET, SOCK_STREAM, 0));
    CHECK(connect(pair.receiver.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
    pair.sender.reset(accept(listener.get(), nullptr, nullptr));
    return pair;
}

double bareGbPerSecond(const Memory& from, const Memory& to, size_t messageBytes) {
    const Pair pair = tcpPair();
    const uint64_t start = monotonicNs();
    std::thread sender([&] {
        for (uint64_t sent = 0; sent < kTotalBytes;) {
            const ssize_t n = send(pair.sender.get(), from.data() + sent % from.bytes(), messageBytes, MSG_NOSIGNAL);
            if (n <= 0) break;
            sent += static_cast<uint64_t>(n) == messageBytes ? messageBytes : 0;
        }
    });
    uint64_t got = 0;
    while (got < kTotalBytes) {
        const uint64_t at = got % to.bytes();
        const ssize_t n =
            recv(pair.receiver.get(), to.data() + at, std::min<uint64_t>(messageBytes, to.bytes() - at), 0);
        if (n <= 0) break;
        got += static_cast<uint64_t>(n);
    }
    const double seconds = static_cast<double>(monotonicNs() - start) / 1e9;
    sender.join();
    CHECK_EQ(got, kTotalBytes);
    return static_cast<double>(got) / seconds / 1e9;
}

double fabricGbPerSecond(RemoteSeed& seed, const Memory& to, size_t readBytes) {
    constexpr uint64_t kInFlightBytes = 16 << 20;
    std::mutex mutex;
    std::condition_variable changed;
    uint64_t inFlight = 0, failures = 0;
    const uint64_t start = monotonicNs();
    for (uint64_t at = 0; at < kTotalBytes; at += readBytes) {
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return inFlight + readBytes <= kInFlightBytes; });
            inFlight += readBytes;
        }
        const uint64_t offset = at % kSeedBytes;
        seed.read({{{kBase + offset, kBase + offset + readBytes}, to.data() + offset}}, [&](Result<void> result) {
            std::lock_guard lock(mutex);
            failures += result ? 0 : 1;
            inFlight -= readBytes;
            // Half of the window at a time, so that waking this thread is not what is measured.
            if (inFlight <= kInFlightBytes / 2) changed.notify_one();
        });
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inFlight == 0; });
    CHECK_EQ(failures, 0u);
    return static_cast<double>(kTotalBytes) / (static_cast<double>(monotonicNs() - start) / 1e9) / 1e9;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

double latencyUs(RemoteSeed& seed, const Memory& to, size_t bytes, int rounds) {
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
        std::atomic<uint64_t> doneNs{0};
        const uint64_t start = monotonicNs();
        seed.read({{{kBase, kBase + bytes}, to.data()}}, [&](Result<void>) { doneNs = monotonicNs(); });
        while (doneNs == 0) {
        }
        times.push_back(static_cast<double>(doneNs - start) / 1e3);
    }
    return median(times);
}

}  // namespace

TEST(throughputAndLatency) {
    MemoryExport seeds;
    TestSeed& origin = seeds.add("sd_throughput", kSeedBytes);
    auto server = listenTcp(localServer(), seeds);
    auto client = makeTcpClient({});
    auto seed = client->open((*server)->endpoint(), origin.credentials, 5000);
    CHECK_OK(seed);
    Memory to(kSeedBytes);
    for (const size_t bytes : {size_t{64} << 10, size_t{1} << 20}) {
        std::vector<double> ratios, bare, fabric;
        for (int round = 0; round < 5; ++round) {
            bare.push_back(bareGbPerSecond(origin.memory, to, bytes));
            fabric.push_back(fabricGbPerSecond(**seed, to, bytes));
            ratios.push_back(fabric.back() / bare.back());
        }
        CHECK(std::memcmp(to.data(), origin.memory.data(), kSeedBytes) == 0);
        std::printf("%4zu KiB reads: fabric %.2f GB/s, bare TCP %.2f GB/s, median of ratios %.2f (goal 0.8)\n",
                    bytes >> 10, median(fabric), median(bare), median(ratios));
    }
    for (const size_t bytes : {size_t{4} << 10, size_t{64} << 10, size_t{1} << 20})
        std::printf("%4zu KiB, one in flight: %.1f us\n", bytes >> 10, latencyUs(**seed, to, bytes, 500));
}

TEST(idleCostsNothing) {
    MemoryExport seeds;
    TestSeed& origin = seeds.add("sd_idle", 1 << 20);
    auto server = listenTcp(localServer(), seeds);
    auto client = makeTcpClient({});
    auto seed = client->open((*server)->endpoint(), origin.credentials, 5000);
    CHECK_OK(seed);
    struct timespec pause {
        0, 20'000'000
    };
    nanosleep(&pause, nullptr);
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    pause.tv_nsec = 300'000'000;
    nanosleep(&pause, nullptr);
    getrusage(RUSAGE_SELF, &after);
    const long switches = after.ru_nvcsw - before.ru_nvcsw;
    std::printf("idle for 300 ms: %ld wake-ups\n", switches);
    CHECK(switches < 10);
}

TEST_MAIN
