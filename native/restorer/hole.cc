// SPDX-License-Identifier: Apache-2.0
#include "restorer/hole.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "restorer/machine.h"

namespace farfork {
namespace {

// Between the heaps of position-independent programs (0x55.., 0x56..) and the mappings below the stack (0x7f..), and
// clear of the address that sanitizers and Go take for themselves.
constexpr uint64_t kHighest = 0x6f0000000000;
constexpr uint64_t kLowest = 0x10000000;

uint64_t highestGap(const std::vector<AddressRange>& ascending, uint64_t size, uint64_t guard) {
    uint64_t end = kHighest;
    for (size_t index = ascending.size() + 1; index-- > 0;) {
        const uint64_t below = index == 0 ? kLowest : std::max(kLowest, ascending[index - 1].end + guard);
        if (end > below && end - below >= size) return (end - size) & ~0xfffULL;
        if (index == 0) break;
        const uint64_t start = ascending[index - 1].start;
        end = std::min(end, start > guard ? start - guard : 0);
    }
    return 0;
}

}  // namespace

Result<uint64_t> findHole(std::vector<AddressRange> occupied, uint64_t size) {
    std::sort(occupied.begin(), occupied.end(),
              [](const AddressRange& a, const AddressRange& b) { return a.start < b.start; });
    std::vector<AddressRange> merged;
    for (const AddressRange& range : occupied) {
        if (!merged.empty() && range.start <= merged.back().end) {
            merged.back().end = std::max(merged.back().end, range.end);
        } else {
            merged.push_back(range);
        }
    }
    for (const uint64_t guard : {1ULL << 30, 1ULL << 20}) {
        if (const uint64_t at = highestGap(merged, size, guard); at != 0) return at;
    }
    return Error{ErrorCode::kResumeFailed, "restorer.hole", std::to_string(size) + " bytes",
                 "the parent's mappings leave no room for the restorer"};
}

Result<std::vector<AddressRange>> ownMappings() {
    std::vector<AddressRange> ranges;
    for (const OwnMapping& mapping : readOwnMappings()) ranges.push_back({mapping.start, mapping.end});
    if (ranges.empty()) return makeErrno(ErrorCode::kInternal, "restorer.hole", "/proc/self/maps", "read", errno);
    return ranges;
}

}  // namespace farfork
