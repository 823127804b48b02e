// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "image/seed_plan.h"

namespace farfork {

namespace {

constexpr uint64_t kThreadStructBytes = 2 * kPageBytes;  // glibc's struct pthread lies above fs_base: about 2.3 KiB
constexpr uint64_t kStackBelowBytes = kPageBytes;        // red zone and the next calls' frames
constexpr uint64_t kStackAboveBytes = 2 * kPageBytes;
constexpr uint64_t kMaxLockedBytes = 256ULL << 20;  // what is beyond becomes resident as it is touched
constexpr int kRobustListLimit = 2048;              // ROBUST_LIST_LIMIT, linux/futex.h

struct RobustHead {  // struct robust_list_head of linux/futex.h
    uint64_t next;
    int64_t futex_offset;
    uint64_t pending;
};

class StartPages {
  public:
    StartPages(Image& image, uint32_t timeout_ms)
        : image_(image), deadline_ns_(monotonicNs() + timeout_ms * 1'000'000ULL) {}

    void want(uint64_t address, uint64_t bytes) {
        if (address < kPageBytes || address >= kImageBytes || bytes == 0) return;
        const uint64_t end = std::min(kImageBytes, address + bytes);
        ranges_.push_back({address & ~(kPageBytes - 1), (end + kPageBytes - 1) & ~(kPageBytes - 1)});
    }

    Result<void> fetch() {
        merge();
        const uint64_t now_ns = monotonicNs();
        const uint64_t left_ms = now_ns < deadline_ns_ ? (deadline_ns_ - now_ns) / 1'000'000 + 1 : 1;
        return image_.ensurePresentWithin(ranges_, static_cast<uint32_t>(left_ms));
    }

    /// Bytes of the parent's memory; false when they are not all in the layout (then they are zeros).
    Result<bool> load(uint64_t address, void* out, size_t size) {
        const PageRange pages{address & ~(kPageBytes - 1), (address + size + kPageBytes - 1) & ~(kPageBytes - 1)};
        if (address >= kImageBytes || pages.end > kImageBytes || !image_.layout().covers(pages)) return false;
        if (!image_.allPresent(pages)) {
            want(address, size);
            if (Result<void> fetched = fetch(); !fetched) return fetched.error();
        }
        std::memcpy(out, image_.bytes(address), size);
        return true;
    }

    std::vector<PageRange> take() {
        merge();
        return std::move(ranges_);
    }

  private:
    void merge() {
        std::sort(ranges_.begin(), ranges_.end(), [](auto& a, auto& b) { return a.start < b.start; });
        std::vector<PageRange> merged;
        for (const PageRange& range : ranges_) {
            if (!merged.empty() && range.start <= merged.back().end) {
                merged.back().end = std::max(merged.back().end, range.end);
            } else {
                merged.push_back(range);
            }
        }
        ranges_ = std::move(merged);
    }

    Image& image_;
    uint64_t deadline_ns_;
    std::vector<PageRange> ranges_;
};

/// The kernel walks this list when the thread exits (exit_robust_list, linux kernel/futex/core.c).
Result<void> wantRobustNodes(StartPages& pages, const ff_thread& thread) {
    RobustHead head{};
    Result<bool> loaded = pages.load(thread.robust_list_head, &head, sizeof head);
    if (!loaded) return loaded.error();
    if (!loaded.value()) return {};
    const auto wantNode = [&](uint64_t node) {
        pages.want(node & ~1ULL, 8);  // bit 0 marks a priority-inheriting futex
        pages.want((node & ~1ULL) + static_cast<uint64_t>(head.futex_offset), 4);
    };
    if (head.pending != 0) wantNode(head.pending);
    uint64_t node = head.next;
    for (int count = 0; count < kRobustListLimit && (node & ~1ULL) != thread.robust_list_head && node != 0; ++count) {
        wantNode(node);
        uint64_t next = 0;
        loaded = pages.load(node & ~1ULL, &next, sizeof next);
        if (!loaded) return loaded.error();
        if (!loaded.value()) break;
        node = next;
    }
    return {};
}

}  // namespace

Result<std::vector<PageRange>> fetchStartPages(const ProcessView& process, Image& image, uint32_t timeout_ms) {
    StartPages pages(image, timeout_ms);
    for (const ff_thread& thread : process.threads()) {
        pages.want(thread.regs.fs_base, kThreadStructBytes);
        pages.want(thread.rseq_address, thread.rseq_size);
        pages.want(thread.robust_list_head, thread.robust_list_size);
        pages.want(thread.clear_child_tid, 4);
        pages.want(thread.regs.rsp - kStackBelowBytes, kStackBelowBytes + kStackAboveBytes);
        pages.want(thread.regs.rip, 1);
    }
    uint64_t locked = 0;
    for (const ff_vma& vma : process.vmas()) {
        if ((vma.flags & FF_VMA_LOCKED) == 0 || (vma.flags & FF_VMA_LOCKONFAULT) != 0) continue;
        locked += vma.end - vma.start;
        if (locked > kMaxLockedBytes) break;
        pages.want(vma.start, vma.end - vma.start);
    }
    if (Result<void> fetched = pages.fetch(); !fetched) return fetched.error();
    for (const ff_thread& thread : process.threads()) {
        if (thread.robust_list_head == 0) continue;
        if (Result<void> walked = wantRobustNodes(pages, thread); !walked) return walked.error();
    }
    if (Result<void> fetched = pages.fetch(); !fetched) return fetched.error();
    return pages.take();
}

}  // namespace farfork
