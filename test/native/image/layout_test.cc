// SPDX-License-Identifier: Apache-2.0
#include "image/layout.h"

#include <cstring>
#include <random>

#include "check.h"
#include "image/page_bitmap.h"

using namespace farfork;

namespace {

Layout sample() {
    Layout layout;
    layout.extents.push_back({{0x1000, 0x3000}, LayoutExtent::Origin::kTwin});
    layout.extents.push_back({{0x3000, 0x4000}, LayoutExtent::Origin::kFile});
    layout.extents.push_back({{0x8000, 0x9000}, LayoutExtent::Origin::kTwin});
    return layout;
}

TEST(encodingRoundTrips) {
    const Layout layout = sample();
    const Result<Layout> decoded = decodeLayout(encodeLayout(layout));
    CHECK_OK(decoded);
    CHECK(decoded.value().extents == layout.extents);
    CHECK_EQ(decoded.value().pages(), 4U);
    CHECK_OK(decodeLayout(encodeLayout(Layout{})));
}

TEST(lookups) {
    const Layout layout = sample();
    CHECK(layout.find(0xfff) == nullptr);
    CHECK(layout.find(0x2fff) == layout.extents.data());
    CHECK(layout.find(0x3000) == &layout.extents[1]);
    CHECK(layout.find(0x4000) == nullptr);
    CHECK(layout.covers({0x1000, 0x4000}));
    CHECK(!layout.covers({0x1000, 0x5000}));
    CHECK(!layout.covers({0x3000, 0x9000}));
    CHECK((layout.clip({0x2000, 0x8000}) == std::vector<PageRange>{{0x2000, 0x3000}, {0x3000, 0x4000}}));
    CHECK(layout.clip({0x4000, 0x8000}).empty());
}

void expectCorrupt(std::vector<std::byte> bytes) {
    const Result<Layout> decoded = decodeLayout(bytes);
    CHECK(!decoded.ok() && decoded.error().code == ErrorCode::kDescriptorCorrupt);
}

TEST(badBytesAreRefused) {
    const std::vector<std::byte> good = encodeLayout(sample());
    for (size_t size = 0; size < good.size(); ++size)
        expectCorrupt({good.begin(), good.begin() + static_cast<long>(size)});
    std::vector<std::byte> longer = good;
    longer.push_back(std::byte{0});
    expectCorrupt(longer);
    const auto with = [&](size_t at, uint64_t value) {
        std::vector<std::byte> bytes = good;
        std::memcpy(bytes.data() + at, &value, 8);
        return bytes;
    };
    expectCorrupt(with(0, 1));
    expectCorrupt(with(8, UINT64_MAX / 24));
    expectCorrupt(with(16, 0x1001));
    expectCorrupt(with(16, 0x3000));
    expectCorrupt(with(24, 0x4000));
    expectCorrupt(with(32, 7));
    expectCorrupt(with(16 + 48 + 8, (1ULL << 47) + 4096));
    std::mt19937_64 random(7);
    for (int round = 0; round < 20000; ++round) {
        std::vector<std::byte> bytes = good;
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        const Result<Layout> decoded = decodeLayout(bytes);
        if (decoded.ok()) CHECK_OK(validateLayout(decoded.value()));
    }
}

TEST(bitmapSearch) {
    PageBitmap bitmap(1000);
    CHECK_EQ(bitmap.findNext(0, 1000, true), 1000U);
    CHECK_EQ(bitmap.set(60, 200), 140U);
    CHECK_EQ(bitmap.set(100, 210), 10U);
    CHECK_EQ(bitmap.findNext(0, 1000, true), 60U);
    CHECK_EQ(bitmap.findNext(60, 1000, false), 210U);
    CHECK_EQ(bitmap.findNext(60, 128, false), 128U);
    CHECK(!bitmap.test(59) && bitmap.test(60) && bitmap.test(209) && !bitmap.test(210));
}

}  // namespace

TEST_MAIN
