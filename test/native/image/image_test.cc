// SPDX-License-Identifier: Apache-2.0
#include "image/image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "check.h"
#include "image/pattern_source.h"
#include "image/stager.h"

using namespace farfork;
using namespace farfork::test;

namespace {

std::shared_ptr<Image> makeImage(Layout layout, std::shared_ptr<PageSource> source, Image::Options options = {}) {
    auto image = Image::create(std::move(layout), {{"seed", {}, std::move(source)}}, std::move(options));
    CHECK_OK(image);
    return image.value();
}

bool holdsPattern(const Image& image, const PageRange& range) {
    for (uint64_t at = range.start; at < range.end; at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, image.bytes(at), 8);
        if (word != patternWord(at)) return false;
    }
    return true;
}

Result<void> want(Image& image, PageRange range) {
    return image.ensurePresentWithin({&range, 1}, 5000);
}

TEST(fetchesWholeChunksClippedToTheLayout) {
    auto source = std::make_shared<PatternSource>();
    const auto image =
        makeImage(layoutOf({{kBase + 0x3000, kBase + 0x5000}, {kBase + 0x8000, kBase + 0x40000}}), source);
    CHECK(!image->isPresent(kBase + 0x3000));
    CHECK_OK(want(*image, {kBase + 0x4000, kBase + 0x5000}));
    CHECK(image->isPresent(kBase + 0x3000) && image->isPresent(kBase + 0xf000));
    CHECK(!image->isPresent(kBase + 0x5000) && !image->isPresent(kBase + 0x10000));
    CHECK_EQ(source->read_calls.load(), 1U);
    CHECK_EQ(source->pages_read.load(), 10U);
    CHECK_EQ(image->presentPages(), 10U);
    CHECK(holdsPattern(*image, {kBase + 0x3000, kBase + 0x5000}));
    CHECK(holdsPattern(*image, {kBase + 0x8000, kBase + 0x10000}));
    CHECK_OK(want(*image, {kBase, kBase + 0x10000}));
    CHECK_EQ(source->read_calls.load(), 1U);
    const PageRange window{kBase, kBase + 0x20000};
    CHECK((image->presentRun(kBase + 0xa123, window) == PageRange{kBase + 0x8000, kBase + 0x10000}));
    CHECK((image->presentRun(kBase + 0xa000, {kBase + 0x9000, kBase + 0xc000}) ==
           PageRange{kBase + 0x9000, kBase + 0xc000}));
    CHECK_EQ(image->presentRun(kBase + 0x10000, window).bytes(), 0U);
}

TEST(concurrentRequestsShareOneFetch) {
    auto source = std::make_shared<PatternSource>(true);
    const auto image = makeImage(layoutOf({{kBase, kBase + 0x100000}}), source);
    std::atomic<int> done{0};
    for (int index = 0; index < 20; ++index) {
        const PageRange page{kBase + index % 16 * 0x1000ULL, kBase + (index % 16 + 1) * 0x1000ULL};
        image->ensurePresent({&page, 1}, [&done](Result<void> result) { done += result.ok() ? 1 : 1000; });
    }
    CHECK_EQ(done.load(), 0);
    CHECK_EQ(source->read_calls.load(), 1U);
    source->release();
    CHECK_OK(want(*image, {kBase, kBase + 0x1000}));
    CHECK_OK(want(*image, {kBase, kBase + 0x100000}));
    CHECK_EQ(done.load(), 20);
    CHECK_EQ(source->pages_read.load(), 256U);
    CHECK_EQ(image->pagesFetched(), 256U);
    CHECK(holdsPattern(*image, {kBase, kBase + 0x100000}));
}

TEST(aFailedFetchMakesNothingPresentAndCanBeRepeated) {
    auto source = std::make_shared<PatternSource>();
    const auto image = makeImage(layoutOf({{kBase, kBase + 0x40000}}), source);
    source->failWith(Error{ErrorCode::kSourceLost, "test", "peer", "gone"});
    const Result<void> failed = want(*image, {kBase, kBase + 0x30000});
    CHECK(!failed.ok() && failed.error().code == ErrorCode::kSourceLost);
    CHECK_EQ(image->presentPages(), 0U);
    CHECK(!image->isPresent(kBase));
    image->setSource(0, std::make_shared<PatternSource>());
    CHECK_OK(want(*image, {kBase, kBase + 0x30000}));
    CHECK(holdsPattern(*image, {kBase, kBase + 0x30000}));
}

TEST(aHeldFetchEndsByTheDeadline) {
    auto source = std::make_shared<PatternSource>(true);
    const auto image = makeImage(layoutOf({{kBase, kBase + 0x10000}}), source);
    const PageRange page{kBase, kBase + 0x1000};
    const Result<void> late = image->ensurePresentWithin({&page, 1}, 30);
    CHECK(!late.ok() && late.error().code == ErrorCode::kDeadlineExceeded);
    source->release();
    CHECK_OK(want(*image, page));
}

TEST(layersServeTheirOwnRanges) {
    auto newer = std::make_shared<PatternSource>();
    auto older = std::make_shared<PatternSource>();
    auto image = Image::create(layoutOf({{kBase, kBase + 0x20000}}),
                               {{"newer", {{kBase + 0x2000, kBase + 0x4000}}, newer}, {"older", {}, older}}, {});
    CHECK_OK(image);
    // A run of absent pages is one piece of the layout; layers split it where their ranges do.
    CHECK_OK(want(**image, {kBase, kBase + 0x20000}));
    CHECK_EQ(newer->pages_read.load(), 2U);
    CHECK_EQ(older->pages_read.load(), 30U);
    CHECK(holdsPattern(**image, {kBase, kBase + 0x20000}));
}

TEST(absentExtentsCostNoMemory) {
    auto source = std::make_shared<PatternSource>();
    const auto image = makeImage(layoutOf({{kBase, kBase + (1ULL << 40)}}), source);
    CHECK_EQ(image->residentBytes(), 0U);
    CHECK_OK(want(*image, {kBase + (1ULL << 39), kBase + (1ULL << 39) + 0x1000}));
    CHECK_EQ(image->residentBytes(), 0x10000U);
}

TEST(manyExtentsNeedFewMappings) {
    std::vector<PageRange> ranges;
    for (uint64_t index = 0; index < 5000; ++index)
        ranges.push_back({kBase + (index << 25), kBase + (index << 25) + 0x1000});
    auto source = std::make_shared<PatternSource>();
    const auto image = makeImage(layoutOf(ranges), source);
    CHECK_OK(want(*image, {kBase, kBase + (5000ULL << 25)}));
    CHECK_EQ(image->presentPages(), 5000U);
    CHECK(holdsPattern(*image, ranges[4321]));
}

TEST(theSealedMemfdRefusesWriters) {
    auto source = std::make_shared<PatternSource>();
    const auto image = makeImage(layoutOf({{kBase, kBase + 0x10000}}), source);
    const std::string path = "/proc/self/fd/" + std::to_string(image->fd());
    const UniqueFd reopened(open(path.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(reopened.valid());
    CHECK(pwrite(reopened.get(), "x", 1, static_cast<off_t>(kBase)) < 0 && errno == EPERM);
    void* at = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reopened.get(), static_cast<off_t>(kBase));
    CHECK(at == MAP_FAILED && errno == EPERM);
    CHECK(ftruncate(reopened.get(), 4096) < 0 && errno == EPERM);
    CHECK(fallocate(reopened.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(kBase), 4096) < 0);
    CHECK_OK(want(*image, {kBase, kBase + 0x10000}));  // the pager's own mapping still fills it
    CHECK(holdsPattern(*image, {kBase, kBase + 0x10000}));
}

TEST(stagingFillsEverything) {
    auto source = std::make_shared<PatternSource>();
    const auto image = makeImage(layoutOf({{kBase + 0x1000, kBase + 0x905000}, {kBase + 0xa00000, kBase + 0xa01000}}),
                                 source, {.huge_pages = true});
    std::optional<Result<StagingReport>> outcome;
    {
        Stager stager("seed", image, [&](Result<StagingReport> result) { outcome = std::move(result); });
        CHECK_OK(want(*image, {kBase + 0x800000, kBase + 0x900000}));
        while (image->presentPages() < image->layout().pages()) std::this_thread::yield();
    }
    REQUIRE(outcome && outcome->ok());
    CHECK_EQ(outcome->value().pages, 0x905U);
    CHECK_EQ(source->pages_read.load(), 0x905U);
    CHECK(holdsPattern(*image, {kBase + 0x1000, kBase + 0x905000}));
}

}  // namespace

TEST_MAIN
