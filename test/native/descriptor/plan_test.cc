// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <functional>
#include <random>

#include "check.h"
#include "descriptor/checksum.h"
#include "descriptor/plan_view.h"

using namespace farfork;

namespace {

PlanBuilder example() {
    PlanBuilder plan;
    plan.files.push_back({.path = plan.strings.add("/usr/bin/example"), .size = 4096});
    plan.maps.push_back({.start = 0x400000, .end = 0x402000, .file_offset = 0, .kind = FF_MAP_FILE, .prot = 5});
    plan.maps.push_back({.start = 0x500000, .end = 0x510000, .file_offset = 0x500000, .kind = FF_MAP_IMAGE, .prot = 3});
    plan.maps.push_back({.start = 0x510000, .end = 0x520000, .file_offset = 0x510000, .kind = FF_MAP_IMAGE, .prot = 1});
    plan.maps.push_back({.start = 0x700000, .end = 0x720000, .kind = FF_MAP_COPY, .prot = 3});
    plan.registers.push_back({.start = 0x500000, .end = 0x520000, .mode = 5});
    plan.registers.push_back({.start = 0x700000, .end = 0x720000, .mode = 1});
    plan.presents.push_back({.start = 0x504000, .end = 0x512000, .kind = FF_MAP_IMAGE});
    plan.presents.push_back({.start = 0x71f000, .end = 0x720000, .kind = FF_MAP_COPY});
    return plan;
}

void checkRefused(const char* what, const std::function<void(PlanBuilder&)>& spoil) {
    PlanBuilder plan = example();
    spoil(plan);
    auto bytes = plan.build("sd_plan");
    CHECK_OK(bytes);
    auto view = PlanView::parse(*bytes);
    if (view || view.error().code != ErrorCode::kDescriptorCorrupt) farfork::test::fail(__FILE__, __LINE__, what);
}

}  // namespace

TEST(whatWasBuiltIsRead) {
    auto bytes = example().build("sd_plan");
    CHECK_OK(bytes);
    auto view = PlanView::parse(*bytes);
    CHECK_OK(view);
    if (!view) return;
    CHECK_EQ(view->seedId(), "sd_plan");
    CHECK_EQ(view->maps().size(), 4u);
    CHECK_EQ(view->registers().size(), 2u);
    CHECK_EQ(view->presents()[0].end, 0x512000u);
    CHECK_EQ(view->string(view->files()[0].path), "/usr/bin/example");
    CHECK_EQ(view->header().image_size, 1ULL << 47);
}

TEST(anEmptyPlanIsAPlan) {
    auto bytes = PlanBuilder().build("sd_plan");
    CHECK_OK(bytes);
    CHECK_OK(PlanView::parse(*bytes));
}

TEST(flippedAndCutPlansAreRefused) {
    auto bytes = *example().build("sd_plan");
    for (size_t i = 0; i < bytes.size(); i++) {
        auto spoiled = bytes;
        spoiled[i] ^= std::byte{0x01};
        CHECK(!PlanView::parse(spoiled));
        CHECK(!PlanView::parse(std::span(bytes).first(i)));
    }
}

TEST(changesUnderARightChecksumNeverLeadOutOfBounds) {
    auto bytes = *example().build("sd_plan");
    std::mt19937_64 random(11);
    for (int round = 0; round < 60'000; round++) {
        auto spoiled = bytes;
        const uint64_t value = random() % 2 ? random() : (1ULL << (random() % 64)) - random() % 2;
        const size_t width = size_t{1} << (random() % 4);
        std::memcpy(spoiled.data() + random() % (spoiled.size() - 8) / width * width, &value, width);
        const uint64_t checksum = flatChecksum(spoiled, offsetof(ff_plan_header, checksum));
        std::memcpy(spoiled.data() + offsetof(ff_plan_header, checksum), &checksum, sizeof checksum);
        auto view = PlanView::parse(spoiled);
        if (!view) continue;
        uint64_t sum = 0;
        for (const ff_map& map : view->maps())
            if (map.kind == FF_MAP_FILE) sum += view->string(view->files()[map.file_index].path).size();
        for (const ff_register& each : view->registers()) sum += each.end;
        for (const ff_present_run& each : view->presents()) sum += each.end;
        CHECK(sum != 1);
    }
}

TEST(whatIsNotSoundIsRefused) {
    checkRefused("descending maps", [](auto& p) { std::swap(p.maps[0], p.maps[1]); });
    checkRefused("overlap", [](auto& p) { p.maps[0].end = 0x501000; });
    checkRefused("kind", [](auto& p) { p.maps[0].kind = 7; });
    checkRefused("file index", [](auto& p) { p.maps[0].file_index = 1; });
    checkRefused("image offset", [](auto& p) { p.maps[1].file_offset = 0; });
    checkRefused("image bounds", [](auto& p) { p.image_size = 0x510000; });
    checkRefused("register without map", [](auto& p) { p.registers[1].end = 0x721000; });
    checkRefused("register on a file",
                 [](auto& p) { p.registers[0] = {.start = 0x400000, .end = 0x402000, .mode = 1}; });
    checkRefused("register across a gap",
                 [](auto& p) { p.registers = {{.start = 0x500000, .end = 0x720000, .mode = 1}}; });
    checkRefused("present of another kind", [](auto& p) { p.presents[1].kind = FF_MAP_IMAGE; });
    checkRefused("present of no kind", [](auto& p) { p.presents[1].kind = 0; });
    checkRefused("present outside", [](auto& p) { p.presents[0].start = 0x4ff000; });
    checkRefused("unaligned present", [](auto& p) { p.presents[0].start += 8; });
    checkRefused("path", [](auto& p) { p.files[0].path = 4096; });
}

TEST(seedIdsHaveBounds) {
    CHECK(!PlanBuilder().build(""));
    CHECK(!PlanBuilder().build(std::string(40, 'x')));
}

TEST_MAIN
