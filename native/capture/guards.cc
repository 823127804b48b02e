// SPDX-License-Identifier: Apache-2.0
#include "capture/guards.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>

#include "capture/errors.h"
#include "descriptor/validator.h"

namespace farfork::capturing {
namespace {

// linux/fs.h since 6.7, the category since 6.15; Debian 12's headers are older.
struct ScanArgument {
    uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
struct ScanRegion {
    uint64_t start, end, categories;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArgument);
constexpr uint64_t kCategoryGuard = 1 << 8;

Result<std::vector<ScanRegion>> guardsOf(const ProcDir& twin) {
    std::vector<ScanRegion> guards, regions(512);
    UniqueFd map(openat(twin.fd(), "pagemap", O_RDONLY | O_CLOEXEC));
    if (!map.valid()) return unreadable(twin.pid(), "open pagemap of the twin", errno);
    for (uint64_t at = 0; at < kUserAddressEnd - FF_PAGE_SIZE;) {
        ScanArgument argument{};
        argument.size = sizeof argument;
        argument.start = at;
        argument.end = kUserAddressEnd - FF_PAGE_SIZE;
        argument.regions = reinterpret_cast<uint64_t>(regions.data());
        argument.region_count = regions.size();
        argument.category_mask = kCategoryGuard;
        argument.return_mask = kCategoryGuard;
        const int count = ioctl(map.get(), kPagemapScan, &argument);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && guards.empty() && (errno == EINVAL || errno == ENOTTY)) return guards;
        if (count < 0 || argument.walk_end <= at) return unreadable(twin.pid(), "PAGEMAP_SCAN of the twin", errno);
        guards.insert(guards.end(), regions.begin(), regions.begin() + count);
        at = argument.walk_end;
    }
    return guards;
}

Mapping pieceOf(const Mapping& whole, uint64_t start, uint64_t end, bool guard) {
    Mapping piece = whole;
    piece.vma_start = whole.start;
    piece.vma_end = whole.end;
    piece.start = start;
    piece.end = end;
    piece.offset = whole.offset + (start - whole.start);
    piece.guard = guard;
    return piece;
}

}  // namespace

Result<void> splitAtGuards(const ProcDir& twin, std::vector<Mapping>& mappings) {
    auto found = guardsOf(twin);
    if (!found) return found.error();
    const std::vector<ScanRegion>& guards = *found;
    if (guards.empty()) return {};
    std::vector<Mapping> split;
    auto guard = guards.begin();
    for (const Mapping& mapping : mappings) {
        uint64_t at = mapping.start;
        while (guard != guards.end() && guard->end <= at) ++guard;
        for (auto next = guard; next != guards.end() && next->start < mapping.end; ++next) {
            const uint64_t start = std::max(next->start, at), end = std::min(next->end, mapping.end);
            if (start > at) split.push_back(pieceOf(mapping, at, start, false));
            split.push_back(pieceOf(mapping, start, end, true));
            at = end;
        }
        if (at == mapping.start)
            split.push_back(mapping);
        else if (at < mapping.end)
            split.push_back(pieceOf(mapping, at, mapping.end, false));
    }
    mappings = std::move(split);
    return {};
}

}  // namespace farfork::capturing
