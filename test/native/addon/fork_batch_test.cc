// SPDX-License-Identifier: Apache-2.0
#include "addon/fork_batch.h"

#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

using namespace farfork;
using namespace farfork::addon;
using namespace farfork::control;

TEST(aLargeBatchIsCutWithinTheLimits) {
    Fork fork{.seed_id = "seed", .requested_at_monotonic_ns = 5, .deadline_ms = 7};
    for (uint32_t index = 0; index < 150; ++index) {
        fork.children.push_back(
            {.child_id = "c" + std::to_string(index), .index = index, .has_control = index % 3 == 0});
    }
    Result<ForkBatch> batch = cutFork(fork);
    REQUIRE(batch.ok());
    CHECK_EQ(batch->packets.size(), 3U);
    uint32_t next = 0;
    for (const ForkPacket& packet : batch->packets) {
        CHECK_EQ(packet.first, next);
        Result<Fork> part = decodeMessage<Fork>(packet.body);
        REQUIRE(part.ok());
        CHECK(part->children.size() <= kMaxChildrenPerFork);
        CHECK_EQ(part->children.size(), packet.count);
        CHECK_EQ(part->requested_at_monotonic_ns, 5U);
        size_t fd = 0;
        for (const ForkChild& child : part->children) {
            CHECK_EQ(child.index, next);
            CHECK_EQ(batch->agent_ends[next].valid(), child.has_control);
            if (child.has_control) {
                // The ends belong together.
                CHECK_EQ(write(batch->agent_ends[next].get(), "x", 1), 1);
                char letter = 0;
                CHECK_EQ(recv(packet.fds[fd++].get(), &letter, 1, MSG_DONTWAIT), 1);
            }
            ++next;
        }
        CHECK_EQ(fd, packet.fds.size());
    }
    CHECK_EQ(next, 150U);
}

TEST(longPathsMakeMorePackets) {
    Fork fork{.seed_id = "seed"};
    for (uint32_t index = 0; index < 64; ++index) {
        fork.children.push_back({.child_id = "c", .stdin_path = std::string(4000, 'p')});
    }
    Result<ForkBatch> batch = cutFork(fork);
    REQUIRE(batch.ok());
    CHECK_EQ(batch->packets.size(), 2U);
    for (const ForkPacket& packet : batch->packets) CHECK(packet.body.size() <= kMaxBodyBytes);
    fork.children[5].stdin_path = std::string(kMaxBodyBytes, 'p');
    CHECK(!cutFork(fork).ok());
    fork.children.clear();
    CHECK(cutFork(fork)->packets.empty());
}

TEST_MAIN
