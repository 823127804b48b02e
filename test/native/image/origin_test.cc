// SPDX-License-Identifier: Apache-2.0
//
// Real processes: layout from page tables, pages from twins and files, staging.
#include "image/origin_source.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "check.h"
#include "image/file_source.h"
#include "image/image.h"
#include "image/layout_builder.h"
#include "image/page_scan.h"
#include "image/pattern_source.h"
#include "image/process_descriptor.h"
#include "image/stager.h"
#include "image/twin_source.h"

using namespace farfork;
using namespace farfork::test;

namespace {

void* mapAt(uint64_t at, uint64_t bytes, int prot = PROT_READ | PROT_WRITE, int fd = -1, int flags = 0) {
    return mmap(reinterpret_cast<void*>(at), bytes, prot,
                MAP_PRIVATE | MAP_FIXED_NOREPLACE | flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
}
void fill(uint64_t at, uint64_t pages) {
    fillPattern(reinterpret_cast<std::byte*>(at), at, pages * kPage);
}
bool holdsPattern(const Image& image, uint64_t at, uint64_t pages) {
    std::vector<std::byte> expected(pages * kPage);
    fillPattern(expected.data(), at, expected.size());
    return std::memcmp(image.bytes(at), expected.data(), expected.size()) == 0;
}

std::string temporaryFile(const std::string& content) {
    char path[] = "/tmp/farfork-image-test-XXXXXX";
    const UniqueFd fd(mkstemp(path));
    CHECK_EQ(write(fd.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
    return path;
}

std::vector<LayoutExtent> extentsIn(const Layout& layout, uint64_t start, uint64_t end) {
    std::vector<LayoutExtent> found;
    for (const LayoutExtent& extent : layout.extents) {
        if (extent.range.start >= start && extent.range.end <= end) found.push_back(extent);
    }
    return found;
}

struct Origin {
    std::shared_ptr<TwinSource> twin;
    std::shared_ptr<Image> image;
};

Origin importFrom(const FrozenProcess& process, const Layout& layout, Image::Options options = {}) {
    Origin origin;
    auto twin = TwinSource::open(process.pid(), process.pidfd());
    CHECK_OK(twin);
    origin.twin = twin.value();
    std::vector<std::shared_ptr<PageSource>> files;
    for (const LayoutFile& file : layout.files) {
        auto source = FileSource::open(process.pid(), file);
        CHECK_OK(source);
        files.push_back(source.value());
    }
    auto image = Image::create(layout, {{"seed", {}, std::make_shared<OriginSource>(layout, origin.twin, files)}},
                               std::move(options));
    CHECK_OK(image);
    origin.image = image.value();
    return origin;
}

Result<StagingReport> stage(const std::shared_ptr<Image>& image) {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<StagingReport>> outcome;
    Stager stager("seed", image, [&](Result<StagingReport> report) {
        const std::lock_guard lock(mutex);
        outcome = std::move(report);
        changed.notify_all();
    });
    std::unique_lock lock(mutex);
    CHECK(changed.wait_for(lock, std::chrono::seconds(30), [&] { return outcome.has_value(); }));
    return *outcome;
}

void prepareRegions() {
    mapAt(kBase, 64 * kPage);
    fill(kBase + 4 * kPage, 8);
    fill(kBase + 14 * kPage, 2);  // a gap of two pages: included
    fill(kBase + 40 * kPage, 1);  // far away: an extent of its own
    [[maybe_unused]] volatile char zero =
        *reinterpret_cast<volatile char*>(kBase + 50 * kPage);                        // the shared zero page
    mapAt(kBase + 0x1000000, 1ULL << 42, PROT_READ | PROT_WRITE, -1, MAP_NORESERVE);  // a terabyte, one page
    fill(kBase + 0x1000000 + (1ULL << 41), 1);
    mapAt(kBase + (1ULL << 43), 16 * kPage);
    fill(kBase + (1ULL << 43), 16);
    mprotect(reinterpret_cast<void*>(kBase + (1ULL << 43)), 16 * kPage, PROT_NONE);
}

void checkRegions(const Layout& layout) {
    const auto first = extentsIn(layout, kBase, kBase + 64 * kPage);
    REQUIRE(first.size() == 2);
    CHECK((first[0].range == PageRange{kBase + 4 * kPage, kBase + 16 * kPage}));
    CHECK((first[1].range == PageRange{kBase + 40 * kPage, kBase + 41 * kPage}));
    const auto huge = extentsIn(layout, kBase + 0x1000000, kBase + 0x1000000 + (1ULL << 42));
    REQUIRE(huge.size() == 1);
    CHECK_EQ(huge[0].range.pages(), 1U);
}

TEST(layoutFollowsThePageTables) {
    const FrozenProcess process(prepareRegions);
    const DescribedProcess described = describe(process.pid(), "seed");
    const uint64_t start_ns = monotonicNs();
    auto scan = PageScan::open(process.pid());
    REQUIRE(scan.ok());
    auto layout = buildLayout(described.view, scan.value());
    CHECK_OK(layout);
    CHECK(monotonicNs() - start_ns < 500'000'000);  // four terabytes of reservation are not walked page by page
    checkRegions(layout.value());
    const Origin origin = importFrom(process, layout.value());
    CHECK_OK(stage(origin.image));
    CHECK(holdsPattern(*origin.image, kBase + 4 * kPage, 8) && holdsPattern(*origin.image, kBase + 14 * kPage, 2));
    CHECK(holdsPattern(*origin.image, kBase + 0x1000000 + (1ULL << 41), 1));
    CHECK(holdsPattern(*origin.image, kBase + (1ULL << 43), 16));  // PROT_NONE
    const std::vector<std::byte> zeros(2 * kPage);
    CHECK(std::memcmp(origin.image->bytes(kBase + 12 * kPage), zeros.data(), zeros.size()) == 0);
}

TEST(olderKernelsScanTheSame) {
    const FrozenProcess process([] {
        mapAt(kBase, 64 * kPage);
        fill(kBase + 4 * kPage, 8);
        mapAt(kBase + 0x1000000, 1ULL << 42, PROT_READ | PROT_WRITE, -1, MAP_NORESERVE);
    });
    auto best = PageScan::open(process.pid());
    auto older = PageScan::open(process.pid(), PageScan::Method::kPagemapRead);
    REQUIRE(best.ok() && older.ok());
    const PageRange range{kBase, kBase + (1ULL << 43)};
    const auto runs = best->anonymousRuns(range);
    const auto same = older->anonymousRuns(range);
    CHECK_OK(runs);
    CHECK_OK(same);
    CHECK(runs.value() == same.value());
    CHECK_EQ(runs.value().size(), 1U);
}

TEST(dirtiedFileMappingsMixTwinAndFile) {
    std::string content(5 * kPage + 100, 'f');
    for (size_t index = 0; index < content.size(); ++index)
        content[index] = static_cast<char>(index * 7 + index / kPage);
    const std::string path = temporaryFile(content);
    const FrozenProcess process([&] {
        const int fd = open(path.c_str(), O_RDONLY);
        mapAt(kBase, 10 * kPage, PROT_READ | PROT_WRITE, fd);
        fill(kBase + 2 * kPage, 1);
        mapAt(kBase + 0x100000, 10 * kPage, PROT_READ | PROT_WRITE, fd);  // stays clean
    });
    const DescribedProcess described = describe(process.pid(), "seed");
    auto scan = PageScan::open(process.pid());
    auto layout = buildLayout(described.view, scan.value());
    REQUIRE(layout.ok());
    const auto extents = extentsIn(layout.value(), kBase, kBase + 0x200000);
    REQUIRE(extents.size() == 3);
    CHECK(extents[0].origin == LayoutExtent::Origin::kFile && extents[0].range.pages() == 2);
    CHECK(extents[1].origin == LayoutExtent::Origin::kTwin && extents[1].range.pages() == 1);
    CHECK((extents[2].range == PageRange{kBase + 3 * kPage, kBase + 6 * kPage}));  // not past the file's end
    const Origin origin = importFrom(process, layout.value());
    const PageRange all{kBase, kBase + 6 * kPage};
    CHECK_OK(origin.image->ensurePresentWithin({&all, 1}, 5000));
    CHECK(std::memcmp(origin.image->bytes(kBase), content.data(), 2 * kPage) == 0);
    CHECK(holdsPattern(*origin.image, kBase + 2 * kPage, 1));
    content.resize(6 * kPage, '\0');
    CHECK(std::memcmp(origin.image->bytes(kBase + 3 * kPage), content.data() + 3 * kPage, 3 * kPage) == 0);
    unlink(path.c_str());
}

TEST(aChangedFileIsAnErrorAndADeletedOneIsNot) {
    const std::string path = temporaryFile(std::string(64 * kPage, 'a'));
    const FrozenProcess process([&] {
        const int fd = open(path.c_str(), O_RDONLY);
        mapAt(kBase, 64 * kPage, PROT_READ | PROT_WRITE, fd);
        fill(kBase, 1);
    });
    const DescribedProcess described = describe(process.pid(), "seed");
    auto scan = PageScan::open(process.pid());
    auto layout = buildLayout(described.view, scan.value());
    REQUIRE(layout.ok());
    const Origin origin = importFrom(process, layout.value());
    unlink(path.c_str());
    const PageRange early{kBase + kPage, kBase + 2 * kPage};
    CHECK_OK(origin.image->ensurePresentWithin({&early, 1}, 5000));
    CHECK_EQ(static_cast<char>(*origin.image->bytes(kBase + kPage)), 'a');
    // The file has no name any more; the process's own mapping still reaches it.
    const UniqueFd writer(open(("/proc/" + std::to_string(process.pid()) + "/fd/3").c_str(), O_RDWR));
    bool changed = false;
    for (int fd = 3; fd < 32 && !changed; ++fd) {
        const std::string link = "/proc/" + std::to_string(process.pid()) + "/fd/" + std::to_string(fd);
        char target[256] = {};
        if (readlink(link.c_str(), target, sizeof target - 1) <= 0 || std::string(target).find(path) != 0) continue;
        const UniqueFd file(open(link.c_str(), O_RDWR));
        changed = ftruncate(file.get(), 32 * kPage) == 0;
    }
    REQUIRE(changed);
    const PageRange later{kBase + 40 * kPage, kBase + 41 * kPage};
    const Result<void> refused = origin.image->ensurePresentWithin({&later, 1}, 5000);
    CHECK(!refused.ok() && refused.error().code == ErrorCode::kSourceLost);
    CHECK(!origin.image->isPresent(kBase + 40 * kPage));
}

TEST(aTwinKilledWhileStagingFailsByName) {
    constexpr uint64_t kPages = 64 * 1024;  // 256 MiB
    const FrozenProcess process([] {
        mapAt(kBase, kPages * kPage);
        for (uint64_t page = 0; page < kPages; ++page) fill(kBase + page * kPage, 1);
    });
    const Origin origin = importFrom(process, layoutOf({{kBase, kBase + kPages * kPage}}));
    std::thread killer([&] {
        while (origin.image->presentPages() < 2048) std::this_thread::yield();
        kill(process.pid(), SIGKILL);
    });
    const Result<StagingReport> report = stage(origin.image);
    killer.join();
    CHECK(!report.ok() && report.error().code == ErrorCode::kStagingFailed);
    CHECK(origin.image->presentPages() >= 2048 && origin.image->presentPages() < kPages);
    CHECK(holdsPattern(*origin.image, kBase, 2048));
}

TEST(aTwinThatIsAnotherProcessByNowGivesNoBytes) {
    auto first = std::make_unique<FrozenProcess>([] {});
    UniqueFd dead = first->pidfd();
    first.reset();
    const FrozenProcess other([] {
        mapAt(kBase, kPage);
        fill(kBase, 1);
    });
    // As if the pid had been used again: a live pid with a dead process's pidfd.
    const auto refused = TwinSource::open(other.pid(), std::move(dead));
    CHECK(!refused.ok() && refused.error().code == ErrorCode::kProcessExited);
}

TEST(manyScatteredPagesAreEachFoundOnce) {
    constexpr uint64_t kPages = 8192, kStride = 8;
    const FrozenProcess process([] {
        mapAt(kBase, kPages * kPage);
        for (uint64_t page = 0; page < kPages; page += kStride) fill(kBase + page * kPage, 1);
    });
    const Result<PageScan> scan = PageScan::open(process.pid());
    REQUIRE(scan.ok());
    const Result<std::vector<PageRange>> runs = scan.value().anonymousRuns({kBase, kBase + kPages * kPage});
    REQUIRE(runs.ok());
    CHECK_EQ(runs.value().size(), kPages / kStride);
    for (size_t index = 0; index < runs.value().size(); ++index) {
        CHECK_EQ(runs.value()[index].start, kBase + index * kStride * kPage);
        CHECK_EQ(runs.value()[index].bytes(), kPage);
    }
}

TEST(aFullFileSystemIsAnErrorAndNotASignal) {
    char folder[] = "/tmp/farfork-image-test-XXXXXX";
    REQUIRE(mkdtemp(folder) != nullptr);
    if (mount("none", folder, "tmpfs", 0, "size=4m") != 0) skipTest("mount of a tmpfs");
    UniqueFd backing(open((std::string(folder) + "/image").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    umount2(folder, MNT_DETACH);
    rmdir(folder);
    constexpr uint64_t kPages = 4096;
    const FrozenProcess process([] {
        mapAt(kBase, kPages * kPage);
        for (uint64_t page = 0; page < kPages; ++page) fill(kBase + page * kPage, 1);
    });
    const Origin origin =
        importFrom(process, layoutOf({{kBase, kBase + kPages * kPage}}), {.backing = std::move(backing)});
    const Result<StagingReport> report = stage(origin.image);
    CHECK(!report.ok() && report.error().code == ErrorCode::kStagingFailed);
    CHECK(report.error().detail.find("RESOURCE_EXHAUSTED") != std::string::npos);
    CHECK(origin.image->presentPages() <= 1024);
}

TEST(stagingKeepsUpWithMemcpy) {
    constexpr uint64_t kPages = 25'600;  // 100 MiB
    const FrozenProcess process([] {
        mapAt(kBase, kPages * kPage);
        for (uint64_t page = 0; page < kPages; ++page) fill(kBase + page * kPage, 1);
    });
    std::vector<char> bytes(kPages * kPage, 'x');
    std::vector<double> ratios;
    for (int round = 0; round < 7; ++round) {
        const uint64_t start_ns = monotonicNs();
        const UniqueFd fd(memfd_create("plain", MFD_CLOEXEC));
        CHECK_EQ(ftruncate(fd.get(), kPages * kPage), 0);
        void* at = mmap(nullptr, bytes.size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
        std::memcpy(at, bytes.data(), bytes.size());
        const uint64_t plain_ns = monotonicNs() - start_ns;
        munmap(at, bytes.size());
        const Origin origin =
            importFrom(process, layoutOf({{kBase, kBase + kPages * kPage}}), {.huge_pages = round % 2 == 0});
        const uint64_t stage_ns = monotonicNs();
        CHECK_OK(stage(origin.image));
        const double staged_ns = static_cast<double>(monotonicNs() - stage_ns);
        std::printf("     memcpy %.1f ms, staging %.1f ms%s\n", plain_ns / 1e6, staged_ns / 1e6,
                    round % 2 == 0 ? " (huge pages)" : "");
        if (round % 2 == 0) ratios.push_back(static_cast<double>(plain_ns) / staged_ns);
    }
    std::sort(ratios.begin(), ratios.end());
    CHECK(ratios[ratios.size() / 2] > 0.5);  // the goal is 0.8; the machine is noisy
}

}  // namespace

TEST_MAIN
