// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "check.h"
#include "restorer/code.h"
#include "restorer/hole.h"
#include "restorer/sigframe.h"

using namespace farfork;

namespace {

struct Input {
    Input() : machine(*Machine::read()), xstate(16384) {
        thread.tid = 42;
        thread.regs.rip = 0x1234;
        thread.regs.cs = 0x33;
        setComponents(3);
    }
    void setComponents(uint64_t in_use) { std::memcpy(xstate.data() + 512, &in_use, sizeof(in_use)); }
    Result<Sigframe> make(uint64_t origin_xcr0) {
        return makeSigframe(thread, xstate, origin_xcr0, machine, 0x700000000000);
    }
    Machine machine;
    ff_thread thread{};
    std::vector<std::byte> xstate;
};

template <class T>
T at(const std::vector<std::byte>& bytes, size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(value));
    return value;
}

}  // namespace

TEST(the_extended_state_is_framed_by_both_magic_numbers) {
    Input input;
    Result<Sigframe> frame = input.make(input.machine.xcr0);
    REQUIRE(frame.ok());
    // struct ucontext: flags, link, stack (24 bytes), then sigcontext, whose last pointer is the fpstate at +184.
    const auto state = at<uint64_t>(frame->bytes, frame->stack_pointer + 40 + 184) - 0x700000000000;
    CHECK_EQ(state % 64, 0U);
    CHECK_EQ(at<uint32_t>(frame->bytes, state + 464), 0x46505853U);
    const auto xstate_size = at<uint32_t>(frame->bytes, state + 464 + 16);
    CHECK_EQ(at<uint32_t>(frame->bytes, state + xstate_size), 0x46505845U);
    CHECK_EQ(at<uint32_t>(frame->bytes, state + 464 + 4), xstate_size + 4);
    CHECK_EQ(at<uint64_t>(frame->bytes, frame->stack_pointer + 40 + 128), 0x1234U);
    CHECK(!frame->has_tile_data);
}

TEST(state_that_this_processor_lacks_is_refused) {
    Input input;
    input.setComponents(3 | 1ULL << 60);
    Result<Sigframe> frame = input.make(input.machine.xcr0);
    CHECK(!frame.ok() && frame.error().code == ErrorCode::kIncompatibleCpu);
    input.setComponents(3 | 1ULL << 9);
    input.machine.xcr0 |= 1ULL << 9;
    frame = input.make(input.machine.xcr0 | 1ULL << 61);
    CHECK(!frame.ok() && frame.error().code == ErrorCode::kIncompatibleCpu);
    input.setComponents(7);
    CHECK_OK(input.make(input.machine.xcr0 | 1ULL << 61));  // AVX has one place everywhere
    input.xstate.resize(100);
    frame = input.make(input.machine.xcr0);
    CHECK(!frame.ok() && frame.error().code == ErrorCode::kDescriptorCorrupt);
}

TEST(holes_keep_away_from_everything) {
    const std::vector<AddressRange> occupied{{0x400000, 0x500000},
                                             {0x555555554000, 0x555556000000},
                                             {0x6eff00000000, 0x6fffffff0000},
                                             {0x7f0000000000, 0x7ffffffff000}};
    Result<uint64_t> hole = findHole(occupied, 1 << 20);
    REQUIRE(hole.ok());
    for (const AddressRange& range : occupied) {
        CHECK(*hole + (1 << 20) + (1 << 30) <= range.start || *hole >= range.end + (1 << 30));
    }
    Result<uint64_t> none = findHole({{0, 0x7ffffffff000}}, 4096);
    CHECK(!none.ok() && none.error().code == ErrorCode::kResumeFailed);
    CHECK(!restorerCode().empty());
}

TEST_MAIN
