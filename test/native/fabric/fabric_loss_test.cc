// SPDX-License-Identifier: Apache-2.0
//
// Peers that die, fall silent, come back, or whose bytes change on the way.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "memory_export.h"
#include "raw_peer.h"

using namespace farfork;
using namespace farfork::fabric;
using namespace farfork::fabric::test;

namespace {

constexpr uint64_t kSeedBytes = 4 << 20;
const SeedCredentials kCredentials{"sd_loss", std::string(kSeedKeyBytes, 'k'), 1};

std::vector<PageRead> everything(const Memory& to) {
    return {{{kBase, kBase + kSeedBytes}, to.data()}};
}

/// The code of a read once the client has seen that its old connection is gone.
ErrorCode readAgain(RemoteSeed& seed, const Memory& to) {
    ErrorCode code = ErrorCode::kSourceLost;
    CHECK(waitUntil([&] { return (code = readNow(seed, everything(to))) != ErrorCode::kSourceLost; }));
    return code;
}

/// A server in a process of its own.
struct ServerProcess {
    ServerProcess() {
        int fds[2];
        CHECK(pipe(fds) == 0);
        pid = fork();
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            MemoryExport seeds;
            seeds.add(kCredentials.seed_id, kSeedBytes);
            auto server = listenTcp(localServer(), seeds);
            const uint16_t port = (*server)->endpoint().port;
            if (write(fds[1], &port, sizeof port) != sizeof port) _exit(1);
            pause();
            _exit(0);
        }
        uint16_t port = 0;
        CHECK(read(fds[0], &port, sizeof port) == sizeof port);
        endpoint = {"127.0.0.1", port};
        close(fds[0]);
        close(fds[1]);
    }
    ~ServerProcess() { end(); }
    /// Every thread of it has stopped when this returns; kill(2) alone does not wait for that.
    void stop() {
        kill(pid, SIGSTOP);
        int status = 0;
        CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    }
    void end() {
        if (pid <= 0) return;
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
        pid = -1;
    }
    pid_t pid = -1;
    Endpoint endpoint;
};

}  // namespace

TEST(serverKilledMidRead) {
    ServerProcess process;
    auto client = makeTcpClient({});
    auto seed = client->open(process.endpoint, kCredentials, 3000);
    CHECK_OK(seed);
    Memory to(kSeedBytes);
    CHECK(readNow(**seed, everything(to)) == ErrorCode::kNone);
    Waiter waiter;
    process.stop();  // so that reads are under way when it dies
    for (int i = 0; i < 10; ++i) (*seed)->read(everything(to), waiter.expect());
    process.end();
    for (size_t i = 0; i < 10; ++i) CHECK(waiter.wait(i) == ErrorCode::kSourceLost);
    CHECK(readNow(**seed, everything(to)) == ErrorCode::kSourceLost);  // at once: nobody listens
}

TEST(stoppedServerMeetsTheDeadline) {
    ServerProcess process;
    ClientOptions options;
    options.read_timeout_ms = 200;
    auto client = makeTcpClient(options);
    auto seed = client->open(process.endpoint, kCredentials, 3000);
    CHECK_OK(seed);
    Memory to(kSeedBytes);
    process.stop();
    const uint64_t start = monotonicNs();
    Waiter waiter;
    (*seed)->read(everything(to), waiter.expect());
    (*seed)->read(everything(to), waiter.expect());
    CHECK(waiter.wait(0) == ErrorCode::kSourceTimeout);
    // Late too, or not quite: its connection went with the first.
    CHECK(waiter.wait(1) == ErrorCode::kSourceTimeout || waiter.wait(1) == ErrorCode::kSourceLost);
    const uint64_t ms = (monotonicNs() - start) / 1'000'000;
    CHECK(ms >= 199 && ms < 1500);
    kill(process.pid, SIGCONT);
    CHECK(waitUntil([&] { return readNow(**seed, everything(to)) == ErrorCode::kNone; }));
}

TEST(aReadAfterALossConnectsAgain) {
    MemoryExport seeds;
    TestSeed& origin = seeds.add(kCredentials.seed_id, kSeedBytes);
    auto server = listenTcp(localServer(), seeds);
    ServerOptions same = localServer();
    same.listen = (*server)->endpoint();
    auto client = makeTcpClient({});
    auto seed = client->open(same.listen, kCredentials, 3000);
    CHECK_OK(seed);
    Memory to(kSeedBytes);
    CHECK(readNow(**seed, everything(to)) == ErrorCode::kNone);
    server->reset();
    CHECK(readNow(**seed, everything(to)) == ErrorCode::kSourceLost);

    auto again = listenTcp(same, seeds);
    CHECK_OK(again);
    std::memset(to.data(), 0, kSeedBytes);
    Waiter waiter;
    for (int i = 0; i < 3; ++i) (*seed)->read(everything(to), waiter.expect());
    for (size_t i = 0; i < 3; ++i) CHECK(waiter.wait(i) == ErrorCode::kNone);
    CHECK(std::memcmp(to.data(), origin.memory.data(), kSeedBytes) == 0);
    CHECK_EQ(seeds.opens.load(), 2u);

    // Gone and back, but the lease ended, or the id names something else now.
    again->reset();
    seeds.setEpoch(kCredentials.seed_id, 2);
    auto later = listenTcp(same, seeds);
    CHECK_OK(later);
    CHECK(readAgain(**seed, to) == ErrorCode::kLeaseExpired);
    seeds.setEpoch(kCredentials.seed_id, 1);
    origin.opened.descriptor[5] ^= std::byte{1};
    CHECK(readNow(**seed, everything(to)) == ErrorCode::kDescriptorCorrupt);
    origin.opened.descriptor[5] ^= std::byte{1};
    CHECK(readNow(**seed, everything(to)) == ErrorCode::kNone);
}

TEST(leaseThatEndsBetweenReads) {
    MemoryExport seeds;
    seeds.add(kCredentials.seed_id, kSeedBytes);
    auto server = listenTcp(localServer(), seeds);
    auto client = makeTcpClient({});
    auto seed = client->open((*server)->endpoint(), kCredentials, 3000);
    CHECK_OK(seed);
    Memory to(kSeedBytes);
    CHECK(readNow(**seed, everything(to)) == ErrorCode::kNone);
    seeds.setEpoch(kCredentials.seed_id, 2);
    CHECK(readNow(**seed, everything(to)) == ErrorCode::kLeaseExpired);
    seeds.setEpoch(kCredentials.seed_id, 1);
    CHECK(readNow(**seed, everything(to)) == ErrorCode::kNone);
    CHECK_EQ(seeds.opens.load(), 1u);
}

TEST(flippedBytesAreCaught) {
    // Towards the client: HELLO reply 56 bytes, OPEN reply header 40 + 48, descriptor 10000, layout, trailer, then
    // reads.
    MemoryExport seeds;
    TestSeed& origin = seeds.add(kCredentials.seed_id, kSeedBytes);
    auto server = listenTcp(localServer(), seeds);
    const uint64_t layoutBytes = encodeLayout(origin.opened.layout).size();
    const uint64_t openEnd = 56 + 88 + 10'000 + layoutBytes + 8;
    struct Row {
        const char* what;
        uint64_t at;
        ErrorCode open, read;
    };
    const Row rows[] = {
        {"hello reply", 8, ErrorCode::kFabricProtocol, {}},
        {"open reply", 56 + 41, ErrorCode::kFabricProtocol, {}},
        {"descriptor", 56 + 88 + 77, ErrorCode::kDescriptorCorrupt, {}},
        {"layout", 56 + 88 + 10'000 + 17, ErrorCode::kDescriptorCorrupt, {}},
        {"open trailer", openEnd - 1, ErrorCode::kDescriptorCorrupt, {}},
        {"read reply id", openEnd + 8, ErrorCode::kNone, ErrorCode::kFabricProtocol},
        {"page data", openEnd + 40 + 12'345, ErrorCode::kNone, ErrorCode::kPageCorrupt},
        {"page trailer", openEnd + 40 + (1 << 20), ErrorCode::kNone, ErrorCode::kPageCorrupt},
    };
    for (const Row& row : rows) {
        Proxy proxy((*server)->endpoint(), row.at);
        auto client = makeTcpClient({});
        auto seed = client->open(proxy.endpoint(), kCredentials, 3000);
        const ErrorCode open = seed ? ErrorCode::kNone : seed.error().code;
        if (open != row.open) std::printf("%s: %s\n", row.what, errorCodeName(open));
        CHECK(open == row.open);
        if (!seed) continue;
        Memory to(kSeedBytes);
        const ErrorCode read = readNow(**seed, everything(to));
        if (read != row.read) std::printf("%s: %s\n", row.what, errorCodeName(read));
        CHECK(read == row.read);
        proxy.flip = false;
        CHECK(readAgain(**seed, to) == ErrorCode::kNone);
        CHECK(std::memcmp(to.data(), origin.memory.data(), kSeedBytes) == 0);
    }
}

TEST_MAIN
