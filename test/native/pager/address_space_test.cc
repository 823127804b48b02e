// SPDX-License-Identifier: Apache-2.0
#include "pager/address_space.h"

#include <random>

#include "check.h"

using namespace farfork;
using Meaning = Place::Meaning;

namespace {

ff_map map(uint64_t start, uint64_t end, uint32_t kind = FF_MAP_IMAGE, uint32_t flags = 0) {
    ff_map map{};
    map.start = start;
    map.end = end;
    map.kind = kind;
    map.vma_flags = flags;
    return map;
}

constexpr uint64_t kP = 4096;

TEST(sharesTheBaseUntilTheFirstChange) {
    const std::vector<ff_map> maps{map(10 * kP, 20 * kP), map(30 * kP, 40 * kP)};
    const auto base = segmentsOf(maps);
    AddressSpace space(base);
    CHECK(space.shared());
    space.remove(12 * kP, 14 * kP);
    CHECK(!space.shared());
    CHECK_EQ(base->size(), 2U);
    CHECK(space.lookup(11 * kP).meaning == Meaning::kImage);
    CHECK(space.lookup(12 * kP).meaning == Meaning::kZero);
    CHECK_EQ(space.lookup(12 * kP).end, 14 * kP);
    CHECK(space.lookup(14 * kP).meaning == Meaning::kImage);
    CHECK_EQ(space.lookup(15 * kP).image_address, 15 * kP);
    CHECK(space.lookup(25 * kP).meaning == Meaning::kZero);
}

TEST(manySmallRemovesStaySmall) {
    AddressSpace space(segmentsOf(std::vector<ff_map>{map(0x100000, 0x100000 + 4096 * kP)}));
    for (uint64_t page = 0; page < 4096; ++page) space.remove(0x100000 + page * kP, 0x100000 + (page + 1) * kP);
    CHECK_EQ(space.segments().size(), 1U);
}

TEST(filesAndStacksGrowDifferently) {
    const std::vector<ff_map> maps{map(10 * kP, 20 * kP, FF_MAP_IMAGE, FF_VMA_FILE), map(20 * kP, 22 * kP),
                                   map(30 * kP, 31 * kP, FF_MAP_IMAGE, FF_VMA_FILE),
                                   map(50 * kP, 60 * kP, FF_MAP_COPY, FF_VMA_GROWSDOWN)};
    AddressSpace space(segmentsOf(maps));
    CHECK(space.lookup(22 * kP).meaning == Meaning::kZero);
    CHECK(space.lookup(49 * kP).meaning == Meaning::kZero);
    CHECK(space.lookup(50 * kP).meaning == Meaning::kCopy);
    space.unmap(50 * kP, 60 * kP);
    CHECK(space.lookup(31 * kP).meaning == Meaning::kPastEnd);
    space.remove(20 * kP, 22 * kP);
    CHECK(space.lookup(20 * kP).meaning == Meaning::kZero);
    space.remove(10 * kP, 11 * kP);
    CHECK(space.lookup(10 * kP).meaning == Meaning::kImage && space.lookup(10 * kP).removed);
}

/// Against one that remembers every page.
TEST(randomChangesMatchAPageTable) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 200; ++round) {
        AddressSpace space(segmentsOf(std::vector<ff_map>{map(0, 32 * kP), map(48 * kP, 64 * kP)}));
        std::vector<uint64_t> pages(128, UINT64_MAX);  // image page, 1000: zero, UINT64_MAX: unknown
        for (uint64_t page = 0; page < 64; ++page) {
            if (page < 32 || page >= 48) pages[page] = page;
        }
        for (int step = 0; step < 40; ++step) {
            const uint64_t start = random() % 96;
            const uint64_t length = 1 + random() % 16;
            const uint64_t operation = random() % 3;
            if (operation == 0) space.remove(start * kP, (start + length) * kP);
            if (operation == 1) space.unmap(start * kP, (start + length) * kP);
            for (uint64_t page = start; page < start + length; ++page) {
                if (operation == 0 && pages[page] != UINT64_MAX) pages[page] = 1000;
                if (operation == 1) pages[page] = UINT64_MAX;
            }
            const uint64_t to = random() % 96;
            if (operation == 2 && (to + length <= start || start + length <= to)) {
                space.remap(start * kP, to * kP, length * kP);
                for (uint64_t page = 0; page < length; ++page) {
                    pages[to + page] = pages[start + page];
                    if (pages[start + page] != UINT64_MAX) pages[start + page] = 1000;
                }
            }
            for (uint64_t page = 0; page < 128; ++page) {
                const Place place = space.lookup(page * kP);
                const bool image = pages[page] < 1000;
                CHECK_EQ(place.meaning == Meaning::kImage, image);
                if (image) CHECK_EQ(place.image_address, pages[page] * kP);
                CHECK(place.start <= page * kP && page * kP < place.end);
            }
        }
    }
}

}  // namespace

TEST_MAIN
