// SPDX-License-Identifier: Apache-2.0
#include "image/layout.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace farfork {

namespace {

constexpr uint64_t kLayoutMagic = 0x315459414c464621ULL;  // "!FFLAYT1"
constexpr size_t kHeaderBytes = 16;
constexpr size_t kEntryBytes = 24;

Error corrupt(std::string detail) {
    return Error{ErrorCode::kDescriptorCorrupt, "image.layout", "layout", std::move(detail)};
}

void append(std::vector<std::byte>& out, uint64_t value) {
    const size_t at = out.size();
    out.resize(at + sizeof value);
    std::memcpy(out.data() + at, &value, sizeof value);
}

uint64_t load(std::span<const std::byte> bytes, size_t at) {
    uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

}  // namespace

uint64_t Layout::pages() const {
    uint64_t sum = 0;
    for (const LayoutExtent& extent : extents) sum += extent.range.pages();
    return sum;
}

size_t Layout::firstAbove(uint64_t address) const {
    const auto at =
        std::upper_bound(extents.begin(), extents.end(), address,
                         [](uint64_t value, const LayoutExtent& extent) { return value < extent.range.end; });
    return static_cast<size_t>(at - extents.begin());
}

const LayoutExtent* Layout::find(uint64_t address) const {
    const size_t index = firstAbove(address);
    if (index == extents.size() || extents[index].range.start > address) return nullptr;
    return &extents[index];
}

bool Layout::covers(const PageRange& range) const {
    uint64_t at = range.start;
    for (size_t index = firstAbove(at); index < extents.size() && at < range.end; ++index) {
        if (extents[index].range.start > at) return false;
        at = extents[index].range.end;
    }
    return at >= range.end;
}

std::vector<PageRange> Layout::clip(const PageRange& range) const {
    std::vector<PageRange> pieces;
    for (size_t index = firstAbove(range.start); index < extents.size(); ++index) {
        const PageRange& extent = extents[index].range;
        if (extent.start >= range.end) break;
        pieces.push_back({std::max(extent.start, range.start), std::min(extent.end, range.end)});
    }
    return pieces;
}

Result<void> validateLayout(const Layout& layout) {
    uint64_t previous_end = 0;
    for (const LayoutExtent& extent : layout.extents) {
        const auto [start, end] = extent.range;
        if (start % kPageBytes != 0 || end % kPageBytes != 0) return corrupt("an extent is not page-aligned");
        if (start >= end || end > kImageBytes) return corrupt("an extent is empty or out of bounds");
        if (start < previous_end) {
            char text[96];
            std::snprintf(text, sizeof text,
                          "extent %" PRIx64 "-%" PRIx64 " begins before the end of the one before, %" PRIx64, start,
                          end, previous_end);
            return corrupt(text);
        }
        if (extent.origin != LayoutExtent::Origin::kTwin && extent.origin != LayoutExtent::Origin::kFile) {
            return corrupt("an extent has an unknown origin");
        }
        previous_end = end;
    }
    return {};
}

std::vector<std::byte> encodeLayout(const Layout& layout) {
    std::vector<std::byte> out;
    out.reserve(kHeaderBytes + layout.extents.size() * kEntryBytes);
    append(out, kLayoutMagic);
    append(out, layout.extents.size());
    for (const LayoutExtent& extent : layout.extents) {
        append(out, extent.range.start);
        append(out, extent.range.end);
        append(out, static_cast<uint64_t>(extent.origin));
    }
    return out;
}

Result<Layout> decodeLayout(std::span<const std::byte> bytes) {
    if (bytes.size() < kHeaderBytes) return corrupt("shorter than its header");
    if (load(bytes, 0) != kLayoutMagic) return corrupt("wrong magic number");
    const uint64_t count = load(bytes, 8);
    if (count > kMaxLayoutExtents) return corrupt("too many extents");
    if (bytes.size() != kHeaderBytes + count * kEntryBytes) return corrupt("size does not match its extent count");
    Layout layout;
    layout.extents.resize(count);
    for (size_t index = 0; index < count; ++index) {
        const size_t at = kHeaderBytes + index * kEntryBytes;
        const uint64_t origin = load(bytes, at + 16);
        if (origin > UINT32_MAX) return corrupt("an extent has an unknown origin");
        layout.extents[index].range = {load(bytes, at), load(bytes, at + 8)};
        layout.extents[index].origin = static_cast<LayoutExtent::Origin>(origin);
    }
    if (Result<void> valid = validateLayout(layout); !valid) return valid.error();
    return layout;
}

}  // namespace farfork
