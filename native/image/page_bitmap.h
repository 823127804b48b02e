// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <new>

namespace farfork {

/// One atomic bit a page. Backed by untouched zero pages of the kernel until a bit in them is set, so a bitmap for a
/// terabyte that is absent costs address space only.
class PageBitmap {
  public:
    explicit PageBitmap(uint64_t pages) : pages_(pages), words_((pages + 63) / 64) {
        if (words_ == 0) return;
        void* at =
            mmap(nullptr, words_ * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) throw std::bad_alloc();
        bits_ = static_cast<std::atomic<uint64_t>*>(at);
    }
    ~PageBitmap() {
        if (bits_ != nullptr) munmap(bits_, words_ * 8);
    }
    PageBitmap(const PageBitmap&) = delete;
    PageBitmap& operator=(const PageBitmap&) = delete;

    [[nodiscard]] bool test(uint64_t page) const {
        return (bits_[page / 64].load(std::memory_order_acquire) >> (page % 64) & 1) != 0;
    }

    /// Sets pages [first, last); returns how many were clear before. Everything written earlier by this thread is
    /// visible to whoever sees the bits.
    uint64_t set(uint64_t first, uint64_t last) {
        uint64_t newly_set = 0;
        for (uint64_t page = first; page < last;) {
            const uint64_t stop = std::min(last, (page / 64 + 1) * 64);
            const uint64_t mask = maskOf(page % 64, stop - page);
            const uint64_t before = bits_[page / 64].fetch_or(mask, std::memory_order_acq_rel);
            newly_set += static_cast<uint64_t>(std::popcount(mask & ~before));
            page = stop;
        }
        return newly_set;
    }

    /// The first page in [first, last) whose bit equals `value`; `last` if there is none.
    [[nodiscard]] uint64_t findNext(uint64_t first, uint64_t last, bool value) const {
        for (uint64_t page = first; page < last;) {
            uint64_t word = bits_[page / 64].load(std::memory_order_acquire);
            if (!value) word = ~word;
            word >>= page % 64;
            if (word != 0) return std::min(last, page + static_cast<uint64_t>(std::countr_zero(word)));
            page = (page / 64 + 1) * 64;
        }
        return last;
    }

    [[nodiscard]] uint64_t pages() const { return pages_; }

  private:
    static uint64_t maskOf(uint64_t shift, uint64_t count) {
        const uint64_t ones = count >= 64 ? ~0ULL : (1ULL << count) - 1;
        return ones << shift;
    }

    uint64_t pages_;
    uint64_t words_;
    std::atomic<uint64_t>* bits_ = nullptr;
};

}  // namespace farfork
