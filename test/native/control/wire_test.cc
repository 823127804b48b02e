// SPDX-License-Identifier: Apache-2.0
#include "control/wire.h"

#include <random>

#include "check.h"
#include "control/channel.h"
#include "control/messages.h"

using namespace farfork;
using namespace farfork::control;

namespace {

/// Visits a message's fields and gives each a value that no default has.
class Filler {
  public:
    template <class T>
    void operator()(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            value = !value;
        } else if constexpr (std::integral<T>) {
            value = static_cast<T>(random_() | 1);
        } else {
            value.fields(*this);
        }
    }
    void operator()(std::string& value) {
        value.assign(1 + random_() % 40, '\0');
        for (char& letter : value) letter = static_cast<char>(random_());
    }
    template <class T>
    void operator()(std::vector<T>& values) {
        values.resize(1 + random_() % 5);
        for (T& value : values) (*this)(value);
    }

  private:
    std::mt19937_64 random_{42};
};

template <class T>
void checkMessage(const char* name) {
    T message{};
    Filler filler;
    filler(message);
    const std::string bytes = encodeMessage(message);
    Result<T> decoded = decodeMessage<T>(bytes);
    if (!decoded.ok()) return test::fail(name, 0, test::showResult(decoded));
    if (encodeMessage(*decoded) != bytes) test::fail(name, 0, "a round trip changed the message");
    // The default message too, which has empty strings and vectors.
    Result<T> empty = decodeMessage<T>(encodeMessage(T{}));
    if (!empty.ok()) return test::fail(name, 0, test::showResult(empty));
    if (encodeMessage(*empty) != encodeMessage(T{})) test::fail(name, 0, "a round trip changed the default message");
    for (size_t size = 0; size < bytes.size(); ++size) {
        if (decodeMessage<T>(std::string_view(bytes).substr(0, size)).ok()) {
            test::fail(name, 0, "accepted when cut to " + std::to_string(size) + " bytes");
        }
    }
    if (decodeMessage<T>(bytes + '\0').ok()) test::fail(name, 0, "accepted with a byte too many");
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        std::string mutated = bytes;
        for (int flips = 0; flips < 4 && !mutated.empty(); ++flips) {
            mutated[random() % mutated.size()] = static_cast<char>(random());
        }
        Result<T> result = decodeMessage<T>(mutated);
        // What is accepted is what was sent: no two byte strings mean one message.
        if (result.ok() && encodeMessage(*result) != mutated) test::fail(name, 0, "mutated bytes were reinterpreted");
    }
}

}  // namespace

#define CHECK_MESSAGE(type) checkMessage<type>(#type)

TEST(everyMessageRoundTripsAndRefusesTruncation) {
    CHECK_MESSAGE(WireError);
    CHECK_MESSAGE(PagerHello);
    CHECK_MESSAGE(PagerHelloReply);
    CHECK_MESSAGE(ImportSeed);
    CHECK_MESSAGE(SeedReply);
    CHECK_MESSAGE(OpenSeed);
    CHECK_MESSAGE(SetLease);
    CHECK_MESSAGE(ReclaimSeed);
    CHECK_MESSAGE(SeedStats);
    CHECK_MESSAGE(SeedStatsReply);
    CHECK_MESSAGE(ChildStats);
    CHECK_MESSAGE(ChildStatsReply);
    CHECK_MESSAGE(PagerShutdown);
    CHECK_MESSAGE(Ack);
    CHECK_MESSAGE(SeedStaged);
    CHECK_MESSAGE(SeedFailed);
    CHECK_MESSAGE(SpawnerHello);
    CHECK_MESSAGE(SpawnerHelloReply);
    CHECK_MESSAGE(ConfigurePool);
    CHECK_MESSAGE(ForkChild);
    CHECK_MESSAGE(Fork);
    CHECK_MESSAGE(RunParent);
    CHECK_MESSAGE(RunParentReply);
    CHECK_MESSAGE(Kill);
    CHECK_MESSAGE(ListChildren);
    CHECK_MESSAGE(ChildRecord);
    CHECK_MESSAGE(ListChildrenReply);
    CHECK_MESSAGE(ForgetChild);
    CHECK_MESSAGE(SpawnerShutdown);
    CHECK_MESSAGE(ChildStarted);
    CHECK_MESSAGE(ChildFailed);
    CHECK_MESSAGE(ChildExited);
    CHECK_MESSAGE(PagerLost);
    CHECK_MESSAGE(PagerRegister);
    CHECK_MESSAGE(AdoptSeed);
    CHECK_MESSAGE(DropSeed);
    CHECK_MESSAGE(KillChild);
    CHECK_MESSAGE(AttachChild);
    CHECK_MESSAGE(DetachChild);
}

TEST(aHostileCountIsRefusedWithoutAllocating) {
    WireWriter writer;
    writer(uint32_t{0xffffffff});
    writer(std::string("x"));
    CHECK(!decodeMessage<ListChildrenReply>(writer.bytes()).ok());
}

TEST(repliesCarryTheMessageOrTheError) {
    SeedReply reply{.layout_pages = 3, .descriptor_bytes = 4, .elapsed_us = 5, .was_open = true};
    Result<SeedReply> read = decodeReply<SeedReply>(encodeReply(reply));
    CHECK_OK(read);
    REQUIRE(read.ok());
    CHECK_EQ(read->elapsed_us, 5U);
    CHECK(read->was_open);

    const Error error{ErrorCode::kSeedKeyWrong, "pager.open", "seed s", "no", 13};
    Result<SeedReply> refused = decodeReply<SeedReply>(encodeReply(Result<SeedReply>(error)));
    REQUIRE(!refused.ok());
    CHECK_EQ(refused.error().code, ErrorCode::kSeedKeyWrong);
    CHECK_EQ(refused.error().stage, "pager.open");
    CHECK_EQ(refused.error().detail, "no");
    CHECK_EQ(refused.error().sys_errno, 13);
    CHECK_OK(decodeReply<Ack>(encodeReply(Ack{})));
    CHECK(!decodeReply<Ack>("").ok());
}

TEST_MAIN
