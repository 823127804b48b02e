// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace farfork {

/// Half-open, page-aligned range of the parent's virtual addresses; also offsets into the image memfd (DESIGN.md:
/// image offset = virtual address).
struct PageRange {
    uint64_t start = 0;  ///< bytes
    uint64_t end = 0;    ///< bytes
    [[nodiscard]] uint64_t bytes() const { return end - start; }
    [[nodiscard]] uint64_t pages() const { return bytes() / 4096; }
    friend bool operator==(const PageRange&, const PageRange&) = default;
};

/// One piece of a read: fill `destination` with the bytes of `range`.
struct PageRead {
    PageRange range;
    std::byte* destination = nullptr;  ///< range.bytes() writable bytes: the image's own mapping
};

/// Where an image's absent pages come from: the frozen twin, a peer's image over the fabric, a local file.
///
/// `read` fills every destination completely or fails as a whole; it never writes outside them, and after an error
/// their content is undefined (the bitmap, set by the caller after success, is what makes a page exist).
/// The completion is called exactly once, on any thread, possibly before `read` returns. A synchronous source calls it
/// before returning. Every read ends within the source's own deadline.
class PageSource {
  public:
    using Completion = std::function<void(Result<void>)>;
    virtual ~PageSource() = default;
    virtual void read(std::vector<PageRead> reads, Completion done) = 0;
    /// True when `read` completes before returning without waiting for a peer (twin, file).
    [[nodiscard]] virtual bool synchronous() const = 0;
    [[nodiscard]] virtual std::string describe() const = 0;  ///< e.g. "twin pid 123", "peer 10.0.0.1:7071"
};

}  // namespace farfork
