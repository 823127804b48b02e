// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "pagerd/pagerd_fixture.h"

using namespace farfork;
using namespace farfork::test;

namespace {

constexpr uint64_t kPages = 512;
constexpr uint64_t kEnd = kBase + kPages * kPage;

ErrorCode codeOf(const auto& result) {
    return result.ok() ? ErrorCode::kNone : result.error().code;
}

/// By job control, as /proc/PID/stat says.
bool isStopped(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    return text.find(") T ") != std::string::npos;
}

TEST(importStagesAndPeersOpen) {
    PagerProcess origin, peer;
    const FrozenProcess twin(patternPages(kPages));
    const UniqueFd twin_pidfd = twin.pidfd();
    const auto imported = origin.import("sd_a", twin, kKey);
    CHECK_OK(imported);
    CHECK_EQ(imported.value().layout_pages, kPages);
    const auto staged = origin.event<control::SeedStaged>(MessageType::kSeedStaged);
    REQUIRE(staged.has_value());
    CHECK_EQ(staged->pages, kPages);
    CHECK(!isAlive(twin_pidfd, 5000));
    CHECK_EQ(codeOf(origin.import("sd_a", twin, kKey)), ErrorCode::kSeedExists);

    const auto opened = peer.open("sd_a", origin, kKey);
    CHECK_OK(opened);
    CHECK(!opened.value().was_open);
    const auto again = peer.open("sd_a", origin, kKey);
    CHECK(again.ok() && again.value().was_open);
    for (PagerProcess* node : {&origin, &peer}) {
        const auto child = node->spawner->startChild("sd_a", "c1", [] {
            if (!isPattern(kBase, kEnd) || !isZero(kEnd, kEnd + 64 * kPage)) return 1;
            setWord(kBase, 1);
            return 0;
        });
        CHECK_EQ(child->wait(), 0);
        const auto stats = node->call<control::ChildStatsReply>(MessageType::kChildStats, control::ChildStats{"c1"});
        CHECK_OK(stats);
        // Start pages and those of other children aside, each page is fetched once, for the child that missed it.
        if (node == &peer) CHECK_EQ(stats.value().pages_fetched, kPages);
        node->spawner->detach("c1");
    }
    const auto peer_stats = peer.stats("sd_a");
    CHECK_OK(peer_stats);
    CHECK_EQ(peer_stats.value().present_pages, kPages);
    CHECK_EQ(peer_stats.value().pages_fetched, kPages);
    CHECK_EQ(peer_stats.value().bytes_fetched, kPages * kPage);
    const auto origin_stats = origin.stats("sd_a");
    CHECK_EQ(origin_stats.value().pages_served, kPages);
    CHECK_EQ(origin_stats.value().staged, 1U);
    CHECK_EQ(origin_stats.value().pages_fetched, 0U);
    CHECK_EQ(origin_stats.value().image_resident_bytes, kPages * kPage);
}

TEST(opensThatMustBeRefused) {
    PagerProcess origin, peer;
    const FrozenProcess twin(patternPages(kPages));
    CHECK_OK(origin.import("sd_b", twin, kKey, 7));
    CHECK_EQ(codeOf(peer.open("sd_b", origin, std::string(32, 'x'), 7)), ErrorCode::kSeedKeyWrong);
    CHECK_EQ(codeOf(peer.open("sd_b", origin, kKey, 6)), ErrorCode::kLeaseExpired);
    CHECK_EQ(codeOf(peer.open("sd_nothing", origin, kKey, 7)), ErrorCode::kSeedNotFound);
    CHECK_OK(peer.open("sd_b", origin, kKey, 7));
    CHECK_EQ(codeOf(peer.open("sd_b", origin, std::string(32, 'x'), 7)), ErrorCode::kSeedKeyWrong);
    // A newer epoch revokes the old one; the peer learns it from the origin.
    CHECK_OK(origin.call<control::Ack>(MessageType::kSetLease, control::SetLease{"sd_b", 8, 0}));
    CHECK_EQ(codeOf(peer.open("sd_b", origin, kKey, 9)), ErrorCode::kLeaseExpired);
    CHECK_OK(peer.open("sd_b", origin, kKey, 8));
    CHECK_EQ(codeOf(peer.stats("sd_nothing")), ErrorCode::kSeedNotFound);
    const auto unknown = peer.call<control::Ack>(MessageType::kFork, control::PagerHello{});
    CHECK_EQ(codeOf(unknown), ErrorCode::kControlProtocol);
}

TEST(anUnreachablePeerEndsByTheDeadline) {
    PagerProcess node;
    PagerProcess silent;
    // Accepts connections (backlog) and never answers.
    const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener.get(), 4) == 0);
    getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
    silent.port = ntohs(address.sin_port);
    const uint64_t start_ns = monotonicNs();
    CHECK_EQ(codeOf(node.open("sd_c", silent, kKey, 1, 300)), ErrorCode::kSourceTimeout);
    CHECK(monotonicNs() - start_ns < 2'000'000'000);
    silent.port = 1;  // nobody listens
    CHECK_EQ(codeOf(node.open("sd_c", silent, kKey, 1, 300)), ErrorCode::kSourceLost);
}

TEST(aPeerThatDiesKillsChildrenAndNeverShowsZeros) {
    auto origin = std::make_unique<PagerProcess>();
    PagerProcess peer;
    const FrozenProcess twin(patternPages(kPages));
    CHECK_OK(origin->import("sd_d", twin, kKey));
    CHECK_OK(peer.open("sd_d", *origin, kKey));
    kill(origin->pid, SIGKILL);
    CHECK_EQ(origin->wait(), 1000 + SIGKILL);
    const auto child = peer.spawner->startChild("sd_d", "c", [] { return wordAt(kBase + 100 * kPage) == 0 ? 1 : 2; });
    CHECK_EQ(child->wait(), 1000 + SIGKILL);
    CHECK(peer.spawner->killed("c") && peer.spawner->killed("c")->code == ErrorCode::kSourceLost);
}

TEST(aDeadPagerLeavesChildrenBlockedAndKillsItsTwins) {
    auto node = std::make_unique<PagerProcess>();
    constexpr uint64_t kManyPages = 128 * 1024;  // long enough to stage that the twin lives when the pager dies
    const FrozenProcess twin(patternPages(kManyPages));
    const UniqueFd twin_pidfd = twin.pidfd();
    CHECK_OK(node->import("sd_e", twin, kKey));
    int seen[2];
    REQUIRE(pipe(seen) == 0);
    // The grandchild's userfaultfd is known to the pager only.
    const auto child = node->spawner->startChild("sd_e", "c", [&] {
        const pid_t grandchild = fork();
        if (grandchild == 0) {
            raise(SIGSTOP);
            for (uint64_t at = kBase; at < kBase + kManyPages * kPage; at += kPage) {
                const char wrong = wordAt(at) == patternWord(at) ? 0 : 1;
                if (wrong != 0 && write(seen[1], "w", 1) != 1) return 1;
            }
            pause();
        }
        if (write(seen[1], &grandchild, sizeof grandchild) != sizeof grandchild) return 1;
        return pause();
    });
    pid_t grandchild = 0;
    REQUIRE(read(seen[0], &grandchild, sizeof grandchild) == sizeof grandchild);
    const UniqueFd grandchild_pidfd(static_cast<int>(syscall(SYS_pidfd_open, grandchild, 0)));
    while (!isStopped(grandchild)) std::this_thread::yield();
    kill(node->pid, SIGKILL);
    kill(grandchild, SIGCONT);
    CHECK_EQ(node->wait(), 1000 + SIGKILL);
    CHECK(!isAlive(twin_pidfd, 5000));
    pollfd wrong{seen[0], POLLIN, 0};
    CHECK_EQ(poll(&wrong, 1, 300), 0);
    CHECK(isAlive(grandchild_pidfd));
    kill(grandchild, SIGKILL);
    child->stop();
    CHECK_EQ(child->wait(), 1000 + SIGKILL);
    close(seen[0]);
    close(seen[1]);
}

TEST(leasesEndAndSeedsAreReclaimed) {
    PagerProcess origin, peer;
    const FrozenProcess twin(patternPages(kPages));
    CHECK_OK(origin.import("sd_f", twin, kKey, 1, unixMs() + 3'600'000));
    CHECK_OK(peer.open("sd_f", origin, kKey));
    const auto child = origin.spawner->startChild("sd_f", "c", [] { return pause(); });
    while (origin.stats("sd_f").value().live_children == 0) std::this_thread::yield();
    CHECK_EQ(codeOf(origin.call<control::Ack>(MessageType::kReclaimSeed, control::ReclaimSeed{"sd_f", false})),
             ErrorCode::kSeedInUse);
    CHECK_OK(origin.call<control::Ack>(MessageType::kSetLease, control::SetLease{"sd_f", 1, unixMs() - 1}));
    CHECK_EQ(codeOf(origin.open("sd_f", origin, kKey)), ErrorCode::kLeaseExpired);
    CHECK_OK(origin.stats("sd_f"));  // its child lives
    const auto reader = peer.spawner->startChild("sd_f", "r", [] { return wordAt(kBase + 100 * kPage) == 0 ? 1 : 2; });
    CHECK_EQ(reader->wait(), 1000 + SIGKILL);
    CHECK(peer.spawner->killed("r") && peer.spawner->killed("r")->code == ErrorCode::kLeaseExpired);
    child->stop();
    child->wait();
    origin.spawner->detach("c");
    const uint64_t deadline_ns = monotonicNs() + 5'000'000'000ULL;
    while (origin.stats("sd_f").ok() && monotonicNs() < deadline_ns) std::this_thread::yield();
    CHECK_EQ(codeOf(origin.stats("sd_f")), ErrorCode::kSeedNotFound);
}

TEST(forcedReclaimKillsChildren) {
    PagerProcess node;
    const FrozenProcess twin(patternPages(kPages));
    CHECK_OK(node.import("sd_g", twin, kKey));
    const auto child = node.spawner->startChild("sd_g", "c", [] { return pause(); });
    while (node.stats("sd_g").value().live_children == 0) std::this_thread::yield();
    CHECK_OK(node.call<control::Ack>(MessageType::kReclaimSeed, control::ReclaimSeed{"sd_g", true}));
    CHECK_EQ(child->wait(), 1000 + SIGKILL);
    CHECK_EQ(codeOf(node.stats("sd_g")), ErrorCode::kSeedNotFound);
    CHECK(!node.spawner->has("sd_g"));
}

TEST(aTwinKilledWhileStagingFailsTheSeed) {
    PagerProcess node;
    auto twin = std::make_unique<FrozenProcess>(patternPages(64 * 1024));
    CHECK_OK(node.import("sd_h", *twin, kKey));
    twin.reset();
    const auto failed = node.event<control::SeedFailed>(MessageType::kSeedFailed);
    REQUIRE(failed.has_value());
    CHECK_EQ(control::fromWire(failed->error).code, ErrorCode::kStagingFailed);
    CHECK_EQ(codeOf(node.open("sd_h", node, kKey)), ErrorCode::kStagingFailed);
}

TEST(badImportsAreRefusedAndTheTwinIsKilled) {
    PagerProcess node;
    const FrozenProcess twin(patternPages(8));
    const UniqueFd pidfd = twin.pidfd();
    auto garbage = sealedMemfd("descriptor", std::vector<std::byte>(4096));
    const int fds[] = {garbage.value().get(), pidfd.get()};
    const auto refused = node.call<control::SeedReply>(MessageType::kImportSeed,
                                                       control::ImportSeed{"sd_i", kKey, 1, 0, {twin.pid()}}, fds);
    CHECK_EQ(codeOf(refused), ErrorCode::kDescriptorCorrupt);
    CHECK(!isAlive(pidfd, 5000));
    const auto no_twin = node.call<control::SeedReply>(MessageType::kImportSeed,
                                                       control::ImportSeed{"sd_i", kKey, 1, 0, {}}, std::span(fds, 1));
    CHECK_EQ(codeOf(no_twin), ErrorCode::kInvalidArgument);
    CHECK_EQ(codeOf(node.stats("sd_i")), ErrorCode::kSeedNotFound);
}

TEST(concurrentOpensAreOne) {
    PagerProcess origin, peer;
    const FrozenProcess twin(patternPages(kPages));
    CHECK_OK(origin.import("sd_j", twin, kKey));
    for (uint64_t id = 100; id < 120; ++id) {
        const control::OpenSeed request{"sd_j", id % 5 == 4 ? std::string(32, 'x') : kKey, 1, origin.host, origin.port,
                                        5000};
        CHECK_OK(control::sendMessage(peer.socket.get(), MessageType::kOpenSeed, id, request));
    }
    int fresh = 0, warm = 0, wrong = 0;
    for (int index = 0; index < 20; ++index) {
        auto packet = control::receivePacket(peer.socket.get(), kTimeoutMs);
        REQUIRE(packet.ok());
        const auto reply = control::decodeReply<control::SeedReply>(packet->body);
        if (!reply.ok()) {
            CHECK_EQ(reply.error().code, ErrorCode::kSeedKeyWrong);
            CHECK_EQ(packet->request_id % 5, 4U);
            ++wrong;
        } else {
            (reply.value().was_open ? warm : fresh) += 1;
        }
    }
    CHECK_EQ(fresh, 1);
    CHECK_EQ(warm, 15);
    CHECK_EQ(wrong, 4);
}

TEST(aSpawnerThatReturnsGetsTheSeedsAgainAndItsOldChildrenEnd) {
    PagerProcess node;
    const FrozenProcess twin(patternPages(kPages));
    CHECK_OK(node.import("sd_k", twin, kKey));
    const auto child = node.spawner->startChild("sd_k", "c", [] { return pause(); });
    while (node.stats("sd_k").value().live_children == 0) std::this_thread::yield();
    CHECK_EQ(node.spawner->connections.load(), 1);
    node.spawner->closeConnection();
    CHECK_EQ(child->wait(), 1000 + SIGKILL);
    const uint64_t deadline_ns = monotonicNs() + 5'000'000'000ULL;
    while (node.spawner->connections.load() < 2 && monotonicNs() < deadline_ns) std::this_thread::yield();
    CHECK_EQ(node.spawner->connections.load(), 2);
    CHECK_EQ(node.spawner->startChild("sd_k", "d", [] { return isPattern(kBase, kEnd) ? 0 : 1; })->wait(), 0);
}

TEST(withoutASpawnerImportEndsWithAnError) {
    PagerProcess node(false);
    const FrozenProcess twin(patternPages(kPages));
    PagerProcess origin;
    const FrozenProcess other(patternPages(kPages));
    CHECK_OK(origin.import("sd_l", other, kKey));
    CHECK_EQ(codeOf(node.open("sd_l", origin, kKey, 1, 300)), ErrorCode::kSpawnerLost);
    CHECK_EQ(codeOf(node.stats("sd_l")), ErrorCode::kSeedNotFound);
}

TEST(onePagerAFolderAndItEndsWithItsOwner) {
    PagerProcess node;
    const pid_t second = PagerProcess::launch(node.state_dir);
    CHECK_EQ(PagerProcess::waitFor(second), 1);
    std::fflush(nullptr);
    const pid_t owner = fork();
    if (owner == 0) {
        pause();
        _exit(0);
    }
    char folder[] = "/tmp/farfork-pagerd-test-XXXXXX";
    const std::string state_dir = mkdtemp(folder);
    const pid_t owned = PagerProcess::launch(state_dir, owner);
    CHECK_OK(control::connectTo(state_dir + "/pager.sock", kTimeoutMs));
    kill(owner, SIGKILL);
    waitpid(owner, nullptr, 0);
    CHECK_EQ(PagerProcess::waitFor(owned), 0);
    CHECK(!std::filesystem::exists(state_dir + "/pager.sock"));
    std::filesystem::remove_all(state_dir);
    CHECK_OK(node.call<control::Ack>(MessageType::kPagerShutdown, control::PagerShutdown{}));
    CHECK_EQ(node.wait(), 0);
}

}  // namespace

int main(int argc, char** argv) {
    if (!userfaultfdWorks()) skipTest("userfaultfd with EVENT_FORK and MINOR_SHMEM");
    return run(argc, argv);
}
