// SPDX-License-Identifier: Apache-2.0
#include "addon/link.h"

#include <fcntl.h>
#include <unistd.h>

#include <condition_variable>

#include "check.h"

using namespace farfork;
using namespace farfork::addon;
using namespace farfork::control;

namespace {

/// Collects what a link delivers; waits for a number of deliveries.
class Inbox {
  public:
    Link::Sink sink() {
        return [this](std::vector<Delivery> deliveries) {
            const std::lock_guard lock(mutex_);
            for (Delivery& delivery : deliveries) all_.push_back(std::move(delivery));
            changed_.notify_all();
        };
    }
    bool waitFor(size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return all_.size() >= count; });
    }
    std::vector<Delivery> take() {
        const std::lock_guard lock(mutex_);
        return std::move(all_);
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Delivery> all_;
};

struct Rig {
    Inbox inbox;
    UniqueFd peer;
    std::unique_ptr<Link> link;
    Rig() {
        auto pair = socketPair();
        peer = std::move(pair->first);
        link = std::move(Link::start(std::move(pair->second), "peer", inbox.sink()).value());
    }
    Result<void> ask(uint64_t id, uint32_t deadline_ms = 10'000, std::vector<UniqueFd> fds = {}) {
        return link->request(id, MessageType::kSeedStats, encodeMessage(SeedStats{"s"}), std::move(fds), deadline_ms);
    }
};

ErrorCode codeOf(const auto& result) {
    return result.ok() ? ErrorCode::kNone : result.error().code;
}

}  // namespace

TEST(repliesFindTheirRequestsInAnyOrder) {
    Rig rig;
    CHECK_OK(rig.ask(1));
    CHECK_OK(rig.ask(2));
    CHECK_OK(receivePacket(rig.peer.get(), 1000));
    CHECK_OK(receivePacket(rig.peer.get(), 1000));
    CHECK_OK(sendReply(rig.peer.get(), 2, Ack{}));
    CHECK_OK(sendMessage(rig.peer.get(), MessageType::kPagerLost, 0, PagerLost{4}));
    CHECK_OK(sendReply(rig.peer.get(), 77, Ack{}));  // nobody asked: dropped
    CHECK_OK(sendReply(rig.peer.get(), 1, Ack{}));
    REQUIRE(rig.inbox.waitFor(3));
    const std::vector<Delivery> got = rig.inbox.take();
    CHECK_EQ(got[0].request_id, 2U);
    CHECK(got[1].kind == Delivery::Kind::kEvent);
    CHECK_EQ(got[2].request_id, 1U);
}

TEST(aRequestFailsAtItsDeadlineAndALateReplyIsDropped) {
    Rig rig;
    CHECK_OK(rig.ask(1, 10'000));
    CHECK_OK(rig.ask(2, 20));
    REQUIRE(rig.inbox.waitFor(1));
    std::vector<Delivery> got = rig.inbox.take();
    CHECK_EQ(got[0].request_id, 2U);
    CHECK_EQ(codeOf(got[0].packet), ErrorCode::kDeadlineExceeded);
    CHECK_OK(sendReply(rig.peer.get(), 2, Ack{}));
    CHECK_OK(sendReply(rig.peer.get(), 1, Ack{}));
    REQUIRE(rig.inbox.waitFor(1));
    got = rig.inbox.take();
    CHECK_EQ(got.size(), 1U);
    CHECK_EQ(got[0].request_id, 1U);
}

TEST(aLostPeerAnswersEverythingOnceAndClosesOnce) {
    Rig rig;
    CHECK_OK(rig.ask(1));
    CHECK_OK(rig.ask(2));
    CHECK_OK(sendMessage(rig.peer.get(), MessageType::kPagerLost, 0, PagerLost{4}));
    rig.peer.reset();
    REQUIRE(rig.inbox.waitFor(4));
    const std::vector<Delivery> got = rig.inbox.take();
    REQUIRE(got.size() == 4);
    CHECK(got[0].kind == Delivery::Kind::kEvent);
    CHECK_EQ(codeOf(got[1].packet), ErrorCode::kUnavailable);
    CHECK_EQ(codeOf(got[2].packet), ErrorCode::kUnavailable);
    CHECK(got[3].kind == Delivery::Kind::kClosed);
    CHECK_EQ(codeOf(rig.ask(3)), ErrorCode::kUnavailable);
}

TEST(aPeerThatReadsLateGetsEverythingInOrder) {
    Rig rig;
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd reader(ends[0]), writer(ends[1]);
    constexpr uint64_t kRequests = 20'000;
    for (uint64_t id = 1; id <= kRequests; ++id) {
        std::vector<UniqueFd> fds;
        if (id % 100 == 0) fds.emplace_back(fcntl(writer.get(), F_DUPFD_CLOEXEC, 0));
        REQUIRE(rig.ask(id, 30'000, std::move(fds)).ok());
    }
    for (uint64_t id = 1; id <= kRequests; ++id) {
        Result<Packet> packet = receivePacket(rig.peer.get(), 5000);
        REQUIRE(packet.ok());
        REQUIRE(packet->request_id == id);
        CHECK_EQ(packet->fds.size(), id % 100 == 0 ? 1U : 0U);
    }
}

TEST(requestsThatExpireUnsentAreNotSent) {
    Rig rig;
    uint64_t id = 0;
    const std::string large(kMaxBodyBytes, 'x');
    for (int filled = 0; filled < 40; ++filled) {
        CHECK_OK(rig.link->request(++id, MessageType::kSeedStats, large, {}, 50));
    }
    REQUIRE(rig.inbox.waitFor(40));
    for (const Delivery& delivery : rig.inbox.take()) CHECK_EQ(codeOf(delivery.packet), ErrorCode::kDeadlineExceeded);
    CHECK_OK(rig.ask(1000));
    size_t before_last = 0;
    for (;; ++before_last) {
        Result<Packet> packet = receivePacket(rig.peer.get(), 5000);
        REQUIRE(packet.ok());
        if (packet->request_id == 1000) break;
    }
    CHECK(before_last < 40);
}

TEST(tooLargeIsRefusedAndTheLinkLives) {
    Rig rig;
    const std::string large(kMaxBodyBytes + 1, 'x');
    CHECK_EQ(codeOf(rig.link->request(1, MessageType::kRunParent, large, {}, 100)), ErrorCode::kInvalidArgument);
    CHECK_OK(rig.ask(2));
    CHECK_OK(receivePacket(rig.peer.get(), 1000));
}

TEST(aStoppedLinkIsSilent) {
    Rig rig;
    CHECK_OK(rig.ask(1));
    rig.link->stop();
    CHECK_EQ(codeOf(rig.ask(2)), ErrorCode::kUnavailable);
    CHECK(rig.inbox.take().empty());
    CHECK_OK(receivePacket(rig.peer.get(), 1000));
    CHECK_EQ(codeOf(receivePacket(rig.peer.get(), 1000)), ErrorCode::kUnavailable);
}

TEST_MAIN
