// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "image/layout.h"
#include "image/page_bitmap.h"
#include "image/page_source.h"

namespace farfork {

constexpr uint64_t kFetchChunkBytes = 64 * 1024;      ///< smallest fetch, and the unit of coalescing
constexpr uint64_t kFetchBatchBytes = 1024 * 1024;    ///< largest single PageSource::read of an image
constexpr uint64_t kHugePageBytes = 2 * 1024 * 1024;  ///< PMD size of x86-64

/// One generation of pages. An image's layers are ordered: the first whose ranges hold an address provides it.
struct ImageLayer {
    std::string seed_id;
    std::vector<PageRange> ranges;  ///< ascending; empty: the whole layout
    std::shared_ptr<PageSource> source;
};

/// A seed's memory on this node: a sparse sealed memfd of kImageBytes (offset = the parent's virtual address), filled
/// through shared-writable mappings made before the seals, and a bitmap that alone says which pages are there.
/// Thread-safe. Lives in a shared_ptr: fetches in flight keep it alive.
class Image : public std::enable_shared_from_this<Image> {
  public:
    struct Options {
        bool huge_pages =
            false;         ///< for an origin, which fills everything: 2 MiB pages where an extent holds them whole
        UniqueFd backing;  ///< tests: a file of a size-limited tmpfs; it is not sealed
    };
    enum class Urgency { kDemand, kBackground };
    using Completion = std::function<void(Result<void>)>;

    /// Errors: DESCRIPTOR_CORRUPT (layout), RESOURCE_EXHAUSTED (memfd, address space).
    static Result<std::shared_ptr<Image>> create(Layout layout, std::vector<ImageLayer> layers, Options options);
    ~Image();
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const Layout& layout() const { return layout_; }

    /// True when the address lies in an extent and its page's bytes are there.
    [[nodiscard]] bool isPresent(uint64_t address) const;
    /// The run of present pages that holds the page of `address`, within `window` and its extent; empty if absent.
    [[nodiscard]] PageRange presentRun(uint64_t address, const PageRange& window) const;
    /// True when every page of `range` that lies in the layout is present.
    [[nodiscard]] bool allPresent(const PageRange& range) const;

    /// How many pages of `range` lie in the layout and are absent.
    [[nodiscard]] uint64_t absentPages(const PageRange& range) const;

    /// The image's bytes at `address`, which must lie in an extent; contiguous for any range that extents cover.
    /// Reading an absent page through it yields undefined bytes, never an error.
    [[nodiscard]] std::byte* bytes(uint64_t address) const;

    /// Makes every page of `ranges` that lies in the layout present, then calls `done` once, on any thread, possibly
    /// before returning. Requests for a chunk that is on its way join it. Errors are the source's.
    void ensurePresent(std::span<const PageRange> ranges, Completion done, Urgency urgency = Urgency::kDemand);
    /// The same, waiting for at most `timeout_ms`: DEADLINE_EXCEEDED.
    Result<void> ensurePresentWithin(std::span<const PageRange> ranges, uint32_t timeout_ms,
                                     Urgency urgency = Urgency::kDemand);

    /// Replaces a layer's source; reads in flight end with the old one. nullptr is not allowed: see FailedSource.
    void setSource(size_t layer, std::shared_ptr<PageSource> source);

    /// True when absent pages come over the network: then reading ahead pays.
    [[nodiscard]] bool isRemote() const { return remote_.load(std::memory_order_relaxed); }

    [[nodiscard]] uint64_t presentPages() const { return present_pages_.load(std::memory_order_relaxed); }
    [[nodiscard]] uint64_t pagesFetched() const { return pages_fetched_.load(std::memory_order_relaxed); }
    [[nodiscard]] uint64_t demandRequests() const { return demand_requests_.load(std::memory_order_relaxed); }
    [[nodiscard]] uint64_t residentBytes() const;  ///< memory that the memfd holds

  private:
    struct MappedSpan {
        PageRange range;
        std::byte* at;
    };
    struct Waiter {
        size_t pending = 0;
        std::optional<Error> error;
        Completion done;
    };
    struct InFlight {      ///< a chunk on its way
        size_t parts = 0;  ///< batches that still bring some of its pages
        std::optional<Error> error;
        std::vector<std::shared_ptr<Waiter>> waiters;
    };
    struct Batch {
        std::shared_ptr<PageSource> source;
        size_t layer = 0;
        std::vector<uint64_t> chunks;
        std::vector<PageRead> reads;
        uint64_t bytes = 0;
    };

    Image(Layout layout, std::vector<ImageLayer> layers);
    Result<void> mapAndSeal(Options options);
    Result<void> mapSpans();
    void adviseHugePages();
    [[nodiscard]] uint64_t bitOf(size_t extent, uint64_t address) const;
    [[nodiscard]] std::vector<PageRange> absentRuns(const PageRange& range) const;
    [[nodiscard]] std::vector<uint64_t> absentChunks(std::span<const PageRange> ranges) const;
    [[nodiscard]] std::pair<size_t, uint64_t> layerAt(uint64_t address, uint64_t limit) const;
    bool addRun(std::vector<Batch>& batches, uint64_t chunk, size_t layer, const PageRange& run) const;
    size_t addChunk(std::vector<Batch>& batches, uint64_t chunk, const std::vector<PageRange>& runs) const;
    void finishBatch(const Batch& batch, const Result<void>& result);
    void markPresent(const PageRange& range, bool fetched);

    Layout layout_;
    std::vector<uint64_t> first_bit_;  ///< by extent: bit of its first page
    PageBitmap bitmap_;
    UniqueFd fd_;
    std::vector<MappedSpan> spans_;  ///< ascending
    std::atomic<uint64_t> present_pages_{0}, pages_fetched_{0}, demand_requests_{0};
    std::atomic<bool> remote_{false};

    mutable std::mutex mutex_;  ///< guards layers_ and in_flight_
    std::vector<ImageLayer> layers_;
    std::unordered_map<uint64_t, InFlight> in_flight_;  ///< by chunk number
};

/// A source that has gone for good: every read fails with the same error.
class FailedSource : public PageSource {
  public:
    explicit FailedSource(Error error) : error_(std::move(error)) {}
    void read(std::vector<PageRead> reads, Completion done) override;
    [[nodiscard]] bool synchronous() const override { return true; }
    [[nodiscard]] std::string describe() const override { return "failed source"; }

  private:
    Error error_;
};

}  // namespace farfork
