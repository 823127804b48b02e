// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "descriptor/plan.h"

namespace farfork {

/// A piece of a child's address space that its userfaultfd covers.
struct Segment {
    enum class Kind : uint8_t {
        kImage,  ///< private mapping of the image memfd
        kCopy,   ///< anonymous, filled by copies of image bytes
        kZero,   ///< reads as zeros: removed by the child
    };
    uint64_t start = 0, end = 0;
    uint64_t image_address = 0;  ///< of `start`, for kImage and kCopy
    Kind kind = Kind::kZero;
    bool file_backed = false;  ///< the parent's mapping was of a file: a removed page goes back to the file's bytes
    bool removed = false;      ///< file_backed only: the child dropped its copies
    bool grows_down = false;
};

/// What an address stands for.
struct Place {
    enum class Meaning : uint8_t { kImage, kCopy, kZero, kPastEnd };
    Meaning meaning = Meaning::kZero;
    uint64_t start = 0, end = 0;  ///< neighbours of the same meaning: [start, end) holds the address
    uint64_t image_address = 0;   ///< of the address itself
    bool file_backed = false, removed = false;
};

using SegmentList = std::vector<Segment>;

/// The segments that a plan's registered maps make: the state of a child at its first instruction.
std::shared_ptr<const SegmentList> segmentsOf(std::span<const ff_map> maps);

/// Address -> meaning for one mm, kept up with userfaultfd's events. Shares the plan's list until the first change.
/// Copy it at FORK. Not thread-safe.
class AddressSpace {
  public:
    explicit AddressSpace(std::shared_ptr<const SegmentList> base) : base_(std::move(base)) {}
    AddressSpace(const AddressSpace& other)
        : base_(other.base_), own_(other.own_ ? std::make_unique<SegmentList>(*other.own_) : nullptr) {}
    AddressSpace& operator=(const AddressSpace&) = delete;

    /// An address in no segment is memory that grew: zeros, or past the end of a file mapping that grew.
    [[nodiscard]] Place lookup(uint64_t address) const;
    void remove(uint64_t start, uint64_t end);  ///< MADV_DONTNEED and the like
    void unmap(uint64_t start, uint64_t end);
    void remap(uint64_t from, uint64_t to, uint64_t length);  ///< also MREMAP_DONTUNMAP: the old range stays, empty
    [[nodiscard]] const SegmentList& segments() const { return own_ ? *own_ : *base_; }
    [[nodiscard]] bool shared() const { return own_ == nullptr; }

  private:
    SegmentList& own();
    /// Splits segments so that none crosses `start` or `end`; returns the index range of those inside.
    std::pair<size_t, size_t> cut(uint64_t start, uint64_t end);
    void insert(SegmentList pieces);
    void mergeZeros(size_t first, size_t last);

    std::shared_ptr<const SegmentList> base_;
    std::unique_ptr<SegmentList> own_;
};

}  // namespace farfork
