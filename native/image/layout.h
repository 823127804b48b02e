// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/page_source.h"

namespace farfork {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kImageBytes = 1ULL << 47;        ///< size of every image memfd; addresses are below it
constexpr uint64_t kMaxLayoutExtents = 8ULL << 20;  ///< decode refuses more

/// Which addresses the seed holds bytes for. An address of an image mapping outside every extent reads as zeros.
/// Ascending, disjoint. Travels in the seed RPC (encoded by layout.cc, checksummed by the RPC).
struct LayoutExtent {
    PageRange range;
    enum class Origin : uint32_t {
        kTwin = 1,  ///< anonymous pages of the parent
        kFile = 2,  ///< clean pages of a private file mapping, read from the file at the origin
    } origin = Origin::kTwin;
    uint32_t file_index = 0;   ///< kFile: into Layout::files (meaningful at the origin only; not encoded)
    uint64_t file_offset = 0;  ///< kFile: bytes (meaningful at the origin only; not encoded)
    friend bool operator==(const LayoutExtent&, const LayoutExtent&) = default;
};

/// A file behind kFile extents, as capture saw it. Known at the origin only.
struct LayoutFile {
    std::string path;
    uint64_t map_start = 0, map_end = 0;  ///< bounds of the mapping: the name under /proc/PID/map_files
    uint64_t map_offset = 0;              ///< bytes into the file at map_start
    uint64_t inode = 0;
    uint64_t size = 0;  ///< bytes
    int64_t mtime_ns = 0;
};

struct Layout {
    std::vector<LayoutExtent> extents;
    std::vector<LayoutFile> files;  ///< origin only; empty after decodeLayout
    [[nodiscard]] uint64_t pages() const;

    /// The extent that holds `address`, or nullptr.
    [[nodiscard]] const LayoutExtent* find(uint64_t address) const;
    /// Index of the first extent whose end is above `address`; extents.size() if there is none.
    [[nodiscard]] size_t firstAbove(uint64_t address) const;
    /// True when every byte of `range` lies in some extent.
    [[nodiscard]] bool covers(const PageRange& range) const;
    /// The pieces of `range` that lie in extents, ascending.
    [[nodiscard]] std::vector<PageRange> clip(const PageRange& range) const;
};

/// DESCRIPTOR_CORRUPT unless extents are page-aligned, non-empty, ascending, disjoint and below kImageBytes.
Result<void> validateLayout(const Layout& layout);

/// Little-endian: magic u64, count u64, then per extent start u64, end u64, origin u64.
std::vector<std::byte> encodeLayout(const Layout& layout);
/// Errors: DESCRIPTOR_CORRUPT. Never reads outside `bytes`; refuses trailing bytes.
Result<Layout> decodeLayout(std::span<const std::byte> bytes);

}  // namespace farfork
