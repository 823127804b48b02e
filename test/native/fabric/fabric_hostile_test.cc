// SPDX-License-Identifier: Apache-2.0
//
// Whatever a peer sends, the server closes that connection, says why in its log, and serves the others.

#include <fcntl.h>

#include <fstream>

#include "memory_export.h"
#include "raw_peer.h"

using namespace farfork;
using namespace farfork::fabric;
using namespace farfork::fabric::test;

namespace {

constexpr uint64_t kSeedBytes = 16 << 20;
constexpr uint64_t kPage = 4096;

wire::FrameHeader headerOf(const Bytes& frame) {
    return readStruct<wire::FrameHeader>(frame);
}

Bytes frameOf(wire::FrameType type, uint64_t id, std::span<const std::byte> payload) {
    Bytes out;
    appendFrame(out, type, id, payload);
    return out;
}

/// A frame whose header was changed, with a right checksum: only its meaning is wrong.
Bytes forged(Bytes frame, const std::function<void(wire::FrameHeader&)>& change) {
    auto header = headerOf(frame);
    change(header);
    header.checksum = frameChecksum(header, std::span(frame).subspan(sizeof header));
    std::memcpy(frame.data(), &header, sizeof header);
    return frame;
}

uint64_t residentBytes() {
    std::ifstream file("/proc/self/statm");
    uint64_t size = 0, resident = 0;
    file >> size >> resident;
    return resident * 4096;
}

struct Fixture {
    explicit Fixture(ServerOptions options = localServer()) : origin(seeds.add("sd_hostile", kSeedBytes)) {
        options.log = log.sink();
        server = std::move(*listenTcp(options, seeds));
    }
    void checkGuestIsServed() {
        auto client = makeTcpClient({});
        auto seed = client->open(server->endpoint(), origin.credentials, 3000);
        CHECK_OK(seed);
        Memory to(1 << 20);
        CHECK(readNow(**seed, {{{kBase, kBase + (1 << 20)}, to.data()}}) == ErrorCode::kNone);
        CHECK(std::memcmp(to.data(), origin.memory.data(), 1 << 20) == 0);
    }
    Log log;
    MemoryExport seeds;
    TestSeed& origin;
    std::unique_ptr<Server> server;
};

}  // namespace

TEST(nonsenseClosesTheConnection) {
    Fixture f;
    const SeedCredentials& good = f.origin.credentials;
    const auto range = [](uint64_t first, uint64_t last) { return wire::Range{kBase + first, kBase + last}; };
    const auto openedRead = [&](std::vector<wire::Range> ranges, uint64_t handle = 1) {
        return [=](RawClient& peer) { peer.hello().open(good).read(handle, 1, ranges); };
    };
    const wire::Read hugeCount{1, 1, UINT32_MAX, 0};
    const wire::Read badReserved{1, 1, 1, 9};
    const Bytes close = frameOf(wire::FrameType::kClose, 0, bytesOf(wire::Close{1}));
    const Bytes open = frameOf(wire::FrameType::kOpen, 1, bytesOf(encodeOpen(good, 0)));
    wire::Open unterminated = encodeOpen(good, 0);
    std::memset(unterminated.seed_id, 's', sizeof unterminated.seed_id);
    wire::Open hidden = encodeOpen(good, 0);
    hidden.seed_id[39] = 'x';

    struct Row {
        const char* what;
        std::function<void(RawClient&)> say;
    };
    const Row rows[] = {
        {"http",
         [](RawClient& p) {
             const char t[] = "GET / HTTP/1.1\r\nHost: a\r\nAccept: everything you have\r\n\r\n";
             Bytes b(sizeof t);
             std::memcpy(b.data(), t, sizeof t);
             p.bytes(b);
         }},
        {"zeros", [](RawClient& p) { p.bytes(Bytes(4096)); }},
        {"another version", [](RawClient& p) { p.hello(9); }},
        {"hello twice", [](RawClient& p) { p.hello().hello(); }},
        {"open before hello", [&](RawClient& p) { p.open(good); }},
        {"reply from a client", [&](RawClient& p) { p.hello().frame(wire::FrameType::kReadReply, 1, {}); }},
        {"unknown type", [&](RawClient& p) { p.hello().bytes(forged(close, [](auto& h) { h.type = 99; })); }},
        {"huge payload",
         [&](RawClient& p) { p.hello().bytes(forged(close, [](auto& h) { h.payload_bytes = UINT32_MAX; })); }},
        {"bulk from a client",
         [&](RawClient& p) { p.hello().bytes(forged(close, [](auto& h) { h.bulk_bytes = 1ULL << 60; })); }},
        {"reserved", [&](RawClient& p) { p.hello().bytes(forged(close, [](auto& h) { h.reserved = 1; })); }},
        {"request id 0", [&](RawClient& p) { p.hello().bytes(forged(open, [](auto& h) { h.request_id = 0; })); }},
        {"flipped byte",
         [&](RawClient& p) {
             Bytes b = open;
             b[60] ^= std::byte{1};
             p.hello().bytes(b);
         }},
        {"id without end", [&](RawClient& p) { p.hello().frame(wire::FrameType::kOpen, 1, bytesOf(unterminated)); }},
        {"id with a tail", [&](RawClient& p) { p.hello().frame(wire::FrameType::kOpen, 1, bytesOf(hidden)); }},
        {"unknown handle", openedRead({range(0, kPage)}, 77)},
        {"handle of nobody", [&](RawClient& p) { p.hello().read(1, 1, {range(0, kPage)}); }},
        {"close of nobody", [&](RawClient& p) { p.hello().bytes(close); }},
        {"read after close", [&](RawClient& p) { p.hello().open(good).bytes(close).read(1, 1, {range(0, kPage)}); }},
        {"unaligned start", openedRead({range(1, kPage)})},
        {"unaligned end", openedRead({range(0, kPage - 1)})},
        {"empty", openedRead({range(0, 0)})},
        {"backwards", openedRead({range(2 * kPage, kPage)})},
        {"beyond the end", openedRead({{1ULL << 47, (1ULL << 47) + kPage}})},
        {"wrapping", openedRead({{UINT64_MAX - kPage + 1, 0}})},
        {"overlapping", openedRead({range(0, 2 * kPage), range(kPage, 3 * kPage)})},
        {"descending", openedRead({range(2 * kPage, 3 * kPage), range(0, kPage)})},
        {"too long", openedRead({range(0, kMaxReadBytes + kPage)})},
        {"too long in pieces", openedRead({range(0, kMaxReadBytes), range(kMaxReadBytes, kMaxReadBytes + kPage)})},
        {"count beyond payload",
         [&](RawClient& p) {
             p.hello().open(good).frame(wire::FrameType::kRead, 2, bytesOf(hugeCount), bytesOf(range(0, kPage)));
         }},
        {"reserved in read",
         [&](RawClient& p) {
             p.hello().open(good).frame(wire::FrameType::kRead, 2, bytesOf(badReserved), bytesOf(range(0, kPage)));
         }},
    };
    for (const Row& row : rows) {
        {
            std::lock_guard lock(f.log.mutex);
            f.log.errors.clear();
        }
        RawClient peer(f.server->endpoint());
        row.say(peer);
        const bool closed = peer.closedWithin(3000);
        if (!closed) std::printf("not closed: %s\n", row.what);
        CHECK(closed);
        // The limiter lets 20 lines a second through.
        static int rowIndex = 0;
        if (++rowIndex <= 20 && !f.log.has(ErrorCode::kFabricProtocol)) std::printf("not logged: %s\n", row.what);
    }
    CHECK(waitUntil([&] { return f.seeds.pinnedBytes == 0; }));
    f.checkGuestIsServed();
}

TEST(versionMismatchIsToldToTheClient) {
    Fixture f;
    RawClient peer(f.server->endpoint());
    peer.hello(9);
    Bytes buffer(4096);
    const ssize_t got = recv(peer.fd(), buffer.data(), buffer.size(), 0);
    CHECK(got > static_cast<ssize_t>(sizeof(wire::FrameHeader) + sizeof(wire::ErrorReply)));
    const auto header = readStruct<wire::FrameHeader>(buffer);
    CHECK_EQ(header.type, static_cast<uint16_t>(wire::FrameType::kError));
    const Error error = decodeError(std::span(buffer).subspan(sizeof header, header.payload_bytes));
    CHECK(error.code == ErrorCode::kFabricProtocol);
    CHECK(error.detail.find("version 9") != std::string::npos);
}

TEST(slowPeersAreClosed) {
    ServerOptions options = localServer();
    options.hello_timeout_ms = 150;
    Fixture f(options);
    RawClient silent(f.server->endpoint());
    RawClient polite(f.server->endpoint());
    polite.hello();
    RawClient slow(f.server->endpoint());
    slow.hello().open(f.origin.credentials);
    for (int i = 0; i < 10; ++i) slow.bytes(Bytes(1, std::byte{0x46}));  // a frame that never ends
    CHECK(silent.closedWithin(2000));
    CHECK(polite.closedWithin(2000));
    CHECK(slow.closedWithin(2000));
    RawClient good(f.server->endpoint());
    good.hello().open(f.origin.credentials);
    CHECK(!good.closedWithin(400));  // a peer with an open seed may be quiet
    f.checkGuestIsServed();
}

TEST(idlePeersAreClosedWhenAsked) {
    ServerOptions options = localServer();
    options.idle_timeout_ms = 150;
    Fixture f(options);
    auto client = makeTcpClient({});
    auto seed = client->open(f.server->endpoint(), f.origin.credentials, 3000);
    CHECK_OK(seed);
    RawClient good(f.server->endpoint());
    good.hello().open(f.origin.credentials);
    CHECK(good.closedWithin(2000));
    Memory to(4096);
    // On a new connection; a read that crosses the close on its way is lost.
    CHECK(waitUntil([&] { return readNow(**seed, {{{kBase, kBase + kPage}, to.data()}}) == ErrorCode::kNone; }));
    CHECK_EQ(f.seeds.opens.load(), 3u);
}

TEST(halfCloseEndsTheConnection) {
    Fixture f;
    RawClient peer(f.server->endpoint());
    peer.hello().open(f.origin.credentials);
    f.seeds.holdPins = true;
    peer.read(1, 1, {{kBase, kBase + kMaxReadBytes}});
    auto held = f.seeds.takeHeld(1);
    shutdown(peer.fd(), SHUT_WR);
    CHECK(peer.closedWithin(2000));
    held[0]();
    held.clear();
    CHECK(waitUntil([&] { return f.seeds.pinnedBytes == 0; }));
}

TEST(peerThatTakesNothingIsBounded) {
    ServerOptions options = localServer();
    options.max_queued_bytes = 8 << 20;
    options.send_timeout_ms = 700;
    Fixture f(options);
    RawClient greedy(f.server->endpoint());
    greedy.hello().open(f.origin.credentials);
    const uint64_t before = residentBytes();
    fcntl(greedy.fd(), F_SETFL, O_NONBLOCK);
    for (uint64_t i = 0; i < 2000; ++i)
        greedy.read(1, 1, {{kBase, kBase + kMaxReadBytes}}, i + 2);  // 8 GB asked, nothing taken
    CHECK(waitUntil([&] { return f.seeds.pins >= 2; }));
    f.checkGuestIsServed();  // meanwhile
    CHECK(f.seeds.peakBytes <= (8u << 20) + kMaxReadBytes + (1u << 20));
    CHECK(residentBytes() < before + (24u << 20));
    CHECK(waitUntil([&] { return f.seeds.pinnedBytes == 0; }));  // the send deadline
    CHECK(f.log.has(ErrorCode::kFabricProtocol));
    CHECK(greedy.closedWithin(2000));
}

TEST(pausedConnectionGoesOn) {
    // Requests that waited in the server's buffer while it was over its limit are served when it is below again, also
    // when what it waited for failed.
    ServerOptions options = localServer();
    options.max_queued_bytes = 64 << 10;
    Fixture f(options);
    auto client = makeTcpClient({});
    auto seed = client->open(f.server->endpoint(), f.origin.credentials, 3000);
    CHECK_OK(seed);
    Memory to(1 << 20);
    Waiter waiter;
    for (uint64_t i = 0; i < 200; ++i) {
        if (i % 50 == 25) f.seeds.setEpoch("sd_hostile", 2);
        (*seed)->read({{{kBase, kBase + (64 << 10)}, to.data()}}, waiter.expect());
        if (i % 50 == 40) f.seeds.setEpoch("sd_hostile", 1);
    }
    for (size_t i = 0; i < 200; ++i) {
        const ErrorCode code = waiter.wait(i);
        CHECK(code == ErrorCode::kNone || code == ErrorCode::kLeaseExpired);
    }
}

TEST(connectionsAreLimited) {
    ServerOptions options = localServer();
    options.max_connections = 3;
    Fixture f(options);
    {
        std::vector<std::unique_ptr<RawClient>> peers;
        for (int i = 0; i < 3; ++i) {
            peers.push_back(std::make_unique<RawClient>(f.server->endpoint()));
            peers.back()->hello().open(f.origin.credentials);
        }
        CHECK(waitUntil([&] { return f.seeds.opens == 3; }));
        RawClient fourth(f.server->endpoint());
        CHECK(fourth.closedWithin(2000));
        CHECK(f.log.has(ErrorCode::kResourceExhausted));
    }
    CHECK(waitUntil([&] {
        auto client = makeTcpClient({});
        return client->open(f.server->endpoint(), f.origin.credentials, 1000).ok();
    }));
}

TEST(manyConnections) {
    Fixture f;
    std::vector<std::unique_ptr<Client>> clients;
    std::vector<std::shared_ptr<RemoteSeed>> seeds;
    for (int i = 0; i < 60; ++i) {
        clients.push_back(makeTcpClient({}));
        seeds.push_back(std::move(*clients.back()->open(f.server->endpoint(), f.origin.credentials, 5000)));
    }
    Waiter waiter;
    Memory to(16 << 20);
    for (int i = 0; i < 60; ++i)
        seeds[i]->read({{{kBase, kBase + (256 << 10)}, to.data() + (i << 18)}}, waiter.expect());
    for (size_t i = 0; i < 60; ++i) CHECK(waiter.wait(i) == ErrorCode::kNone);
    for (size_t i = 0; i < 60; ++i) CHECK(std::memcmp(to.data() + (i << 18), f.origin.memory.data(), 256 << 10) == 0);
}

TEST_MAIN
