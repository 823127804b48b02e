// SPDX-License-Identifier: Apache-2.0
//
// Reads through real sockets: the right bytes, wherever and however many.
#include <sys/mman.h>

#include <algorithm>
#include <thread>

#include "base/unique_fd.h"
#include "fabric/tcp_codec.h"
#include "memory_export.h"

using namespace farfork;
using namespace farfork::fabric;
using namespace farfork::fabric::test;

namespace {

constexpr uint64_t kSeedBytes = 16 << 20;

struct Fixture {
    explicit Fixture(ClientOptions options = {}, ServerOptions serverOptions = localServer())
        : origin(seeds.add("sd_read", kSeedBytes)),
          server(std::move(*listenTcp(serverOptions, seeds))),
          client(makeTcpClient(options)),
          seed(std::move(*client->open(server->endpoint(), origin.credentials, 5000))) {}
    MemoryExport seeds;
    TestSeed& origin;
    std::unique_ptr<Server> server;
    std::unique_ptr<Client> client;
    std::shared_ptr<RemoteSeed> seed;
};

PageRange pages(uint64_t first, uint64_t count) {
    return {kBase + first * 4096, kBase + (first + count) * 4096};
}

}  // namespace

TEST(descriptorAndLayoutArrive) {
    Fixture f;
    CHECK(f.seed->opened().descriptor == f.origin.opened.descriptor);
    CHECK(f.seed->opened().layout.extents == f.origin.opened.layout.extents);
    CHECK(f.seed->opened().staged);
    CHECK(!f.seed->synchronous());
}

TEST(scatteredPagesLandWhereTheyBelong) {
    Fixture f;
    Memory to(kSeedBytes);
    std::mt19937 random(1);
    std::vector<uint64_t> order(kSeedBytes / 4096);
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    order.resize(2500);  // in no order, more than one request's worth
    std::vector<PageRead> reads;
    for (const uint64_t page : order) reads.push_back({pages(page, 1), to.data() + page * 4096});
    CHECK(readNow(*f.seed, reads) == ErrorCode::kNone);
    std::vector<bool> asked(kSeedBytes / 4096);
    for (const uint64_t page : order) asked[page] = true;
    const Bytes zeros(4096);
    uint64_t wrong = 0;
    for (uint64_t page = 0; page < asked.size(); ++page) {
        const std::byte* expected = asked[page] ? f.origin.memory.data() + page * 4096 : zeros.data();
        wrong += std::memcmp(to.data() + page * 4096, expected, 4096) != 0 ? 1 : 0;
    }
    CHECK_EQ(wrong, 0u);
}

TEST(oneReadOfEverything) {
    Fixture f;
    Memory to(kSeedBytes);
    CHECK(readNow(*f.seed, {{pages(0, kSeedBytes / 4096), to.data()}}) == ErrorCode::kNone);
    CHECK(std::memcmp(to.data(), f.origin.memory.data(), kSeedBytes) == 0);
    CHECK(waitUntil([&] { return f.seeds.pinnedBytes == 0; }));
    CHECK_EQ(f.seeds.opens.load(), 1u);
}

TEST(manyThreadsManyInFlight) {
    ClientOptions options;
    options.max_bytes_in_flight = 1 << 20;  // queueing happens
    Fixture f(options);
    auto second = f.client->open(f.server->endpoint(), f.origin.credentials, 5000);  // shares the connection
    CHECK_OK(second);
    Memory to(kSeedBytes);
    std::atomic<uint64_t> failures{0}, done{0}, asked{0};
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            RemoteSeed& seed = t % 2 == 0 ? *f.seed : **second;
            for (uint64_t page = t * 1024; page < (t + 1) * 1024;) {
                const uint64_t count = std::min(1 + page % 37, (t + 1) * 1024 - page);
                ++asked;
                seed.read({{pages(page, count), to.data() + page * 4096}}, [&](Result<void> result) {
                    if (!result) ++failures;
                    ++done;
                });
                page += count;
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(waitUntil([&] { return done == asked; }));
    CHECK_EQ(failures.load(), 0u);
    CHECK(std::memcmp(to.data(), f.origin.memory.data(), kSeedBytes) == 0);
    CHECK_EQ(f.seeds.peakBytes.load() <= (2u << 20), true);
}

TEST(outOfOrderCompletion) {
    Fixture f;
    Memory to(1 << 20);
    f.seeds.holdPins = true;
    Waiter waiter;
    for (uint64_t i = 0; i < 4; ++i) f.seed->read({{pages(i * 7, 2), to.data() + i * 8192}}, waiter.expect());
    auto held = f.seeds.takeHeld(4);
    for (size_t i = held.size(); i-- > 0;) {
        held[i]();  // on this thread: not the server's
        CHECK(waiter.wait(i) == ErrorCode::kNone);
    }
    CHECK(waiter.order() == (std::vector<size_t>{3, 2, 1, 0}));
    for (uint64_t i = 0; i < 4; ++i)
        CHECK(std::memcmp(to.data() + i * 8192, f.origin.memory.data() + i * 7 * 4096, 8192) == 0);
}

TEST(badArgumentsAreRefusedHere) {
    Fixture f;
    Memory to(1 << 20);
    const std::vector<std::vector<PageRead>> bad = {
        {{{kBase, kBase}, to.data()}},
        {{{kBase + 1, kBase + 4096}, to.data()}},
        {{{kBase, kBase + 4095}, to.data()}},
        {{{kBase + 4096, kBase}, to.data()}},
        {{{1ULL << 47, (1ULL << 47) + 4096}, to.data()}},
        {{pages(0, 1), nullptr}},
        {{pages(0, 2), to.data()}, {pages(1, 1), to.data() + 8192}},
    };
    for (const auto& reads : bad) CHECK(readNow(*f.seed, reads) == ErrorCode::kInvalidArgument);
    CHECK(readNow(*f.seed, {}) == ErrorCode::kNone);
    CHECK(readNow(*f.seed, {{pages(0, 1), to.data()}}) == ErrorCode::kNone);
}

TEST(fullDestinationFailsItsReadOnly) {
    // Pages beyond the end of a file: the kernel's copy faults, as it does when tmpfs is full.
    Fixture f;
    const UniqueFd file(memfd_create("destination", MFD_CLOEXEC));
    CHECK(ftruncate(file.get(), 3 * 4096) == 0);
    void* mapping = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    Memory to(1 << 20);
    Waiter waiter;
    f.seed->read({{pages(0, 64), to.data()}}, waiter.expect());
    f.seed->read({{pages(64, 256), static_cast<std::byte*>(mapping)}}, waiter.expect());
    f.seed->read({{pages(0, 256), to.data()}}, waiter.expect());
    CHECK(waiter.wait(0) == ErrorCode::kNone);
    CHECK(waiter.wait(1) == ErrorCode::kResourceExhausted);
    CHECK(waiter.wait(2) == ErrorCode::kNone);
    CHECK(std::memcmp(to.data(), f.origin.memory.data(), 1 << 20) == 0);
    CHECK_EQ(f.seeds.opens.load(), 1u);  // the connection lived on
    munmap(mapping, 1 << 20);
}

TEST(seedsAreForgottenAtTheServer) {
    // More opens than a connection may hold: each is closed when its last holder lets go.
    Fixture f;
    Memory to(4096);
    for (int i = 0; i < 300; ++i) {
        auto seed = f.client->open(f.server->endpoint(), f.origin.credentials, 5000);
        CHECK_OK(seed);
        if (i % 100 == 0) CHECK(readNow(**seed, {{pages(0, 1), to.data()}}) == ErrorCode::kNone);
    }
    CHECK(readNow(*f.seed, {{pages(0, 1), to.data()}}) == ErrorCode::kNone);
}

TEST(readsEndWhenTheClientGoes) {
    auto f = std::make_unique<Fixture>();
    Memory to(1 << 20);
    f->seeds.holdPins = true;
    Waiter waiter;
    f->seed->read({{pages(0, 8), to.data()}}, waiter.expect());
    auto held = f->seeds.takeHeld(1);
    f->client.reset();
    CHECK(waiter.wait(0) == ErrorCode::kCancelled);
    CHECK(readNow(*f->seed, {{pages(0, 8), to.data()}}) == ErrorCode::kCancelled);
    f->server.reset();
    held[0]();  // after the server: the pin is let go
    held.clear();
    CHECK_EQ(f->seeds.pinnedBytes.load(), 0u);
}

TEST_MAIN
