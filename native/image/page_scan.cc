// SPDX-License-Identifier: Apache-2.0
#include "image/page_scan.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <fstream>

#include "image/layout.h"

namespace farfork {

namespace {

// linux/fs.h since 6.7; Debian 12's headers are older.
struct ScanArgument {
    uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
struct ScanRegion {
    uint64_t start, end, categories;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArgument);
constexpr uint64_t kCategoryFile = 1 << 2, kCategoryPresent = 1 << 3, kCategorySwapped = 1 << 4, kCategoryZero = 1 << 5;

// pagemap entry bits, Documentation/admin-guide/mm/pagemap.rst.
constexpr uint64_t kEntryPresent = 1ULL << 63, kEntrySwapped = 1ULL << 62, kEntryFile = 1ULL << 61;
constexpr size_t kEntriesPerRead = 64 * 1024;

Error scanError(pid_t pid, const char* what) {
    return makeErrno(ErrorCode::kCaptureFailed, "image.scan", "twin pid " + std::to_string(pid), what, errno);
}

ScanArgument wanted(const PageRange& range, std::vector<ScanRegion>& regions) {
    ScanArgument argument{};
    argument.size = sizeof argument;
    argument.start = range.start;
    argument.end = range.end;
    argument.regions = reinterpret_cast<uint64_t>(regions.data());
    argument.region_count = regions.size();
    argument.category_inverted = kCategoryFile | kCategoryZero;
    argument.category_mask = kCategoryFile | kCategoryZero;
    argument.category_anyof_mask = kCategoryPresent | kCategorySwapped;
    return argument;
}

void append(std::vector<PageRange>& runs, uint64_t start, uint64_t end) {
    if (!runs.empty() && runs.back().end == start) {
        runs.back().end = end;
    } else {
        runs.push_back({start, end});
    }
}

}  // namespace

Result<PageScan> PageScan::open(pid_t pid, Method method) {
    UniqueFd fd(::open(("/proc/" + std::to_string(pid) + "/pagemap").c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) return scanError(pid, "open of /proc/PID/pagemap");
    bool use_ioctl = false;
    if (method == Method::kBest) {
        std::vector<ScanRegion> regions(1);
        ScanArgument probe = wanted({0, kPageBytes}, regions);
        use_ioctl = ioctl(fd.get(), kPagemapScan, &probe) >= 0;
    }
    PageScan scan(pid, std::move(fd), use_ioctl);
    if (!use_ioctl) {
        if (Result<void> loaded = scan.loadOccupied(); !loaded) return loaded.error();
    }
    return scan;
}

Result<std::vector<PageRange>> PageScan::anonymousRuns(const PageRange& range) const {
    return use_ioctl_ ? byIoctl(range) : byRead(range);
}

Result<std::vector<PageRange>> PageScan::byIoctl(const PageRange& range) const {
    std::vector<PageRange> runs;
    std::vector<ScanRegion> regions(1024);
    for (uint64_t at = range.start; at < range.end;) {
        ScanArgument argument = wanted({at, range.end}, regions);
        const int count = ioctl(fd_.get(), kPagemapScan, &argument);
        if (count < 0) {
            if (errno == EINTR) continue;
            return scanError(pid_, "PAGEMAP_SCAN");
        }
        for (int index = 0; index < count; ++index) append(runs, regions[index].start, regions[index].end);
        // Linux 6.18 was seen to report an earlier walk_end than the end of its last region, and those regions again.
        const uint64_t walked =
            std::max(argument.walk_end, count > 0 ? regions[static_cast<size_t>(count) - 1].end : 0);
        if (walked <= at) return scanError(pid_, "PAGEMAP_SCAN made no progress");
        at = walked;
    }
    return runs;
}

Result<std::vector<PageRange>> PageScan::byRead(const PageRange& range) const {
    std::vector<PageRange> runs;
    std::vector<uint64_t> entries(kEntriesPerRead);
    for (const PageRange& occupied : occupied_) {
        const uint64_t end = std::min(range.end, occupied.end);
        for (uint64_t at = std::max(range.start, occupied.start); at < end;) {
            const size_t count = std::min<uint64_t>(entries.size(), (end - at) / kPageBytes);
            const ssize_t got = pread(fd_.get(), entries.data(), count * 8, static_cast<off_t>(at / kPageBytes * 8));
            if (got < 0 && errno == EINTR) continue;
            if (got < 8) return scanError(pid_, "read of /proc/PID/pagemap");
            for (size_t index = 0; index < static_cast<size_t>(got) / 8; ++index, at += kPageBytes) {
                const uint64_t entry = entries[index];
                if ((entry & (kEntryPresent | kEntrySwapped)) != 0 && (entry & kEntryFile) == 0) {
                    append(runs, at, at + kPageBytes);
                }
            }
        }
    }
    return runs;
}

Result<void> PageScan::loadOccupied() {
    std::ifstream smaps("/proc/" + std::to_string(pid_) + "/smaps");
    PageRange current;
    for (std::string line; std::getline(smaps, line);) {
        uint64_t start = 0, end = 0, kilobytes = 0;
        if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2) {
            current = {start, end};
            continue;
        }
        const bool counts = std::sscanf(line.c_str(), "Rss: %" SCNu64, &kilobytes) == 1 ||
                            std::sscanf(line.c_str(), "Swap: %" SCNu64, &kilobytes) == 1;
        if (!counts || kilobytes == 0) continue;
        if (occupied_.empty() || !(occupied_.back() == current)) occupied_.push_back(current);
    }
    if (!smaps.eof()) return scanError(pid_, "read of /proc/PID/smaps");
    return {};
}

}  // namespace farfork
