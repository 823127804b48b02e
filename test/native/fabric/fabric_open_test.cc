// SPDX-License-Identifier: Apache-2.0
//
// What open() says, and that it says it within its deadline.
#include "base/clock.h"
#include "memory_export.h"
#include "raw_peer.h"

using namespace farfork;
using namespace farfork::fabric;
using namespace farfork::fabric::test;

namespace {

ErrorCode openCode(const Endpoint& endpoint, const SeedCredentials& credentials, uint32_t deadlineMs = 3000,
                   ClientOptions options = {}) {
    auto client = makeTcpClient(options);
    auto seed = client->open(endpoint, credentials, deadlineMs);
    return seed ? ErrorCode::kNone : seed.error().code;
}

uint64_t msSince(uint64_t startNs) {
    return (monotonicNs() - startNs) / 1'000'000;
}

}  // namespace

TEST(wrongCredentialsAreNamed) {
    MemoryExport seeds;
    const SeedCredentials right = seeds.add("sd_open", 1 << 20).credentials;
    auto server = listenTcp(localServer(), seeds);
    const Endpoint endpoint = (*server)->endpoint();
    CHECK(openCode(endpoint, right) == ErrorCode::kNone);
    SeedCredentials wrong = right;
    wrong.key[31] ^= 1;
    CHECK(openCode(endpoint, wrong) == ErrorCode::kSeedKeyWrong);
    wrong = right;
    wrong.key.pop_back();
    CHECK(openCode(endpoint, wrong) == ErrorCode::kSeedKeyWrong);
    wrong = right;
    wrong.lease_epoch = 2;
    CHECK(openCode(endpoint, wrong) == ErrorCode::kLeaseExpired);
    wrong = right;
    wrong.seed_id = "sd_other";
    CHECK(openCode(endpoint, wrong) == ErrorCode::kSeedNotFound);
    wrong.seed_id = std::string(40, 's');
    CHECK(openCode(endpoint, wrong) == ErrorCode::kInvalidArgument);
    wrong.seed_id = "";
    CHECK(openCode(endpoint, wrong) == ErrorCode::kInvalidArgument);
}

TEST(oneClientOpensManySeeds) {
    MemoryExport seeds;
    auto server = listenTcp(localServer(), seeds);
    auto client = makeTcpClient({});
    std::vector<std::shared_ptr<RemoteSeed>> open;
    Memory to(4096);
    for (int i = 0; i < 20; ++i) {
        TestSeed& seed = seeds.add("sd_" + std::to_string(i), 1 << 16);
        open.push_back(std::move(*client->open((*server)->endpoint(), seed.credentials, 3000)));
    }
    for (int i = 0; i < 20; ++i) {
        TestSeed& seed = seeds.add("sd_" + std::to_string(i), 1 << 16);
        CHECK(readNow(*open[i], {{{kBase, kBase + 4096}, to.data()}}) == ErrorCode::kNone);
        CHECK(std::memcmp(to.data(), seed.memory.data(), 4096) == 0);
    }
}

TEST(largeDescriptorsArriveWhole) {
    MemoryExport seeds;
    TestSeed& origin = seeds.add("sd_large", 1 << 20);
    origin.opened.descriptor.resize(40 << 20);
    for (size_t i = 0; i < origin.opened.descriptor.size(); ++i)
        origin.opened.descriptor[i] = static_cast<std::byte>(i * i >> 7);
    origin.opened.layout.extents.clear();
    for (uint64_t i = 0; i < 100'000; ++i) origin.opened.layout.extents.push_back({{i * 8192, i * 8192 + 4096}});
    auto server = listenTcp(localServer(), seeds);
    auto client = makeTcpClient({});
    auto seed = client->open((*server)->endpoint(), origin.credentials, 5000);
    CHECK_OK(seed);
    CHECK((*seed)->opened().descriptor == origin.opened.descriptor);
    CHECK((*seed)->opened().layout.extents == origin.opened.layout.extents);
}

TEST(refusedConnection) {
    Endpoint closed;
    {
        const Listener listener(1);
        closed = listener.endpoint;
    }
    CHECK(openCode(closed, {"sd_x", std::string(32, 'k'), 1}) == ErrorCode::kSourceLost);
    CHECK(openCode({"not-an-address", 1}, {"sd_x", std::string(32, 'k'), 1}) == ErrorCode::kInvalidArgument);
}

TEST(silentPeerMeetsTheDeadline) {
    const Listener listener(4);  // the kernel accepts, nobody answers
    const uint64_t start = monotonicNs();
    CHECK(openCode(listener.endpoint, {"sd_x", std::string(32, 'k'), 1}, 150) == ErrorCode::kSourceTimeout);
    CHECK(msSince(start) >= 149 && msSince(start) < 1500);
}

TEST(unreachablePeerMeetsTheDeadline) {
    // A full backlog drops further SYNs (linux net/ipv4/tcp_input.c, tcp_conn_request), as a dead host does.
    const Listener listener(0);
    std::vector<UniqueFd> fill;
    for (int i = 0; i < 4; ++i) {
        fill.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
        const sockaddr_in address = addressOf(listener.endpoint);
        [[maybe_unused]] const int ignored =
            connect(fill.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    ClientOptions options;
    options.connect_timeout_ms = 150;
    uint64_t start = monotonicNs();
    CHECK(openCode(listener.endpoint, {"sd_x", std::string(32, 'k'), 1}, 3000, options) == ErrorCode::kSourceLost);
    CHECK(msSince(start) >= 149 && msSince(start) < 1500);
    start = monotonicNs();
    CHECK(openCode(listener.endpoint, {"sd_x", std::string(32, 'k'), 1}, 100) == ErrorCode::kSourceTimeout);
    CHECK(msSince(start) >= 99 && msSince(start) < 1500);
}

TEST(impatientOpenDoesNotHurtReads) {
    MemoryExport seeds;
    TestSeed& origin = seeds.add("sd_patience", 8 << 20);
    auto server = listenTcp(localServer(), seeds);
    auto client = makeTcpClient({});
    auto seed = client->open((*server)->endpoint(), origin.credentials, 3000);
    CHECK_OK(seed);
    Memory to(8 << 20);
    Waiter waiter;
    for (uint64_t i = 0; i < 40; ++i) {
        (*seed)->read({{{kBase, kBase + (8 << 20)}, to.data()}}, waiter.expect());
        [[maybe_unused]] const auto ignored = client->open((*server)->endpoint(), origin.credentials, 1);
    }
    for (uint64_t i = 0; i < 40; ++i) {
        const ErrorCode code = waiter.wait(i);
        if (code != ErrorCode::kNone) std::printf("%s\n", waiter.text(i).c_str());
        CHECK(code == ErrorCode::kNone);
    }
}

TEST(addressInUse) {
    MemoryExport seeds;
    auto server = listenTcp(localServer(), seeds);
    ServerOptions again;
    again.listen = (*server)->endpoint();
    auto second = listenTcp(again, seeds);
    CHECK(!second && second.error().code == ErrorCode::kUnavailable);
    again.listen = {"nonsense", 1};
    auto third = listenTcp(again, seeds);
    CHECK(!third && third.error().code == ErrorCode::kInvalidArgument);
}

TEST_MAIN
