// SPDX-License-Identifier: Apache-2.0
#include "image/layout_builder.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace farfork {

namespace {

constexpr uint64_t kMergedGapBytes = 3 * kPageBytes;

std::string rangeText(const ff_vma& vma) {
    char text[64];
    std::snprintf(text, sizeof text, "%" PRIx64 "-%" PRIx64, vma.start, vma.end);
    return text;
}

void addTwin(Layout& layout, uint64_t start, uint64_t end) {
    if (!layout.extents.empty()) {
        LayoutExtent& last = layout.extents.back();
        if (last.origin == LayoutExtent::Origin::kTwin && last.range.end == start) {
            last.range.end = end;
            return;
        }
    }
    layout.extents.push_back({{start, end}, LayoutExtent::Origin::kTwin});
}

void addAnonymous(Layout& layout, const std::vector<PageRange>& runs) {
    for (size_t index = 0; index < runs.size(); ++index) {
        const bool near = index > 0 && runs[index].start - runs[index - 1].end <= kMergedGapBytes;
        addTwin(layout, near ? runs[index - 1].end : runs[index].start, runs[index].end);
    }
}

uint64_t endOfFile(const ff_vma& vma) {
    if (vma.file_size <= vma.file_offset) return vma.start;
    const uint64_t bytes = (vma.file_size - vma.file_offset + kPageBytes - 1) & ~(kPageBytes - 1);
    return std::min(vma.end, vma.start + bytes);
}

void addFile(Layout& layout, const ff_vma& vma, std::string_view path, const std::vector<PageRange>& runs) {
    const auto index = static_cast<uint32_t>(layout.files.size());
    layout.files.push_back(
        {std::string(path), vma.start, vma.end, vma.file_offset, vma.inode, vma.file_size, vma.file_mtime_ns});
    const uint64_t file_end = endOfFile(vma);
    const auto addClean = [&](uint64_t start, uint64_t end) {
        end = std::min(end, file_end);
        if (start >= end) return;
        layout.extents.push_back(
            {{start, end}, LayoutExtent::Origin::kFile, index, vma.file_offset + (start - vma.start)});
    };
    uint64_t at = vma.start;
    for (const PageRange& run : runs) {
        addClean(at, run.start);
        addTwin(layout, run.start, run.end);
        at = run.end;
    }
    addClean(at, vma.end);
}

}  // namespace

Result<Layout> buildLayout(const ProcessView& process, const PageScan& scan) {
    Layout layout;
    for (const ff_vma& vma : process.vmas()) {
        if (isOutsideSeed(vma) || vma.shared != 0 || (vma.flags & FF_VMA_GUARD) != 0 ||
            (vma.flags & FF_VMA_SHARED) != 0)
            continue;
        const auto refuse = [&](const char* why) {
            return Error{ErrorCode::kStateNotCarried, "image.layout", "mapping " + rangeText(vma), why};
        };
        if (vma.end > kImageBytes) return refuse("the address is above 2^47");
        const bool file = isFileMapping(process, vma);
        if (file && process.path(vma).starts_with("/memfd:farfork-image")) {
            return refuse("the process is itself a farfork child; its pages cannot be layered in this version");
        }
        Result<std::vector<PageRange>> runs = scan.anonymousRuns({vma.start, vma.end});
        if (!runs) return runs.error();
        if (!file) {
            addAnonymous(layout, runs.value());
        } else if (!runs->empty() || (vma.flags & FF_VMA_FILE_DELETED) != 0) {
            addFile(layout, vma, process.path(vma), runs.value());
        }
    }
    if (Result<void> valid = validateLayout(layout); !valid) return valid.error();
    return layout;
}

}  // namespace farfork
