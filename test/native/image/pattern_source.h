// SPDX-License-Identifier: Apache-2.0
//
// A page source for tests: every 8-byte word of a page is a function of its address.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "image/layout.h"
#include "image/page_source.h"

namespace farfork::test {

/// Where tests map things: free in a process, and outside the shadow memory of sanitizers.
#ifdef __SANITIZE_THREAD__
constexpr uint64_t kBase = 1ULL << 36;
#else
constexpr uint64_t kBase = 1ULL << 45;
#endif
constexpr uint64_t kPage = 4096;

inline uint64_t patternWord(uint64_t address) {
    return (address ^ 0x5bd1e995c0ffee11ULL) * 0x9e3779b97f4a7c15ULL;
}

inline void fillPattern(std::byte* at, uint64_t address, uint64_t bytes) {
    for (uint64_t offset = 0; offset < bytes; offset += 8) {
        const uint64_t word = patternWord(address + offset);
        std::memcpy(at + offset, &word, 8);
    }
}

/// Synchronous unless `held`: then reads wait, on a thread of their own, until release().
class PatternSource : public PageSource {
  public:
    explicit PatternSource(bool held = false) : held_(held) {
        if (held_) thread_ = std::thread([this] { serve(); });
    }
    ~PatternSource() override {
        if (!held_) return;
        {
            const std::lock_guard lock(mutex_);
            stopped_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }

    void read(std::vector<PageRead> reads, Completion done) override {
        ++read_calls;
        for (const PageRead& read : reads) pages_read += read.range.pages();
        if (!held_) return complete(reads, done);
        const std::lock_guard lock(mutex_);
        queue_.push_back({std::move(reads), std::move(done)});
        changed_.notify_all();
    }
    [[nodiscard]] bool synchronous() const override { return !held_; }
    [[nodiscard]] std::string describe() const override { return "pattern"; }

    void release() {
        const std::lock_guard lock(mutex_);
        released_ = true;
        changed_.notify_all();
    }
    void failWith(Error error) {
        const std::lock_guard lock(mutex_);
        error_ = std::move(error);
    }

    std::atomic<uint64_t> read_calls{0}, pages_read{0};

  private:
    struct Queued {
        std::vector<PageRead> reads;
        Completion done;
    };
    void complete(const std::vector<PageRead>& reads, const Completion& done) {
        std::optional<Error> error;
        {
            const std::lock_guard lock(mutex_);
            error = error_;
        }
        for (const PageRead& read : reads) {
            if (error) {
                std::memset(read.destination, 0xee, read.range.bytes());  // undefined content after an error
            } else {
                fillPattern(read.destination, read.range.start, read.range.bytes());
            }
        }
        if (error) return done(*error);
        done({});
    }
    void serve() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return stopped_ || (released_ && !queue_.empty()); });
            if (queue_.empty()) return;
            Queued next = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            complete(next.reads, next.done);
            lock.lock();
        }
    }

    const bool held_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Queued> queue_;
    std::optional<Error> error_;
    bool released_ = false, stopped_ = false;
    std::thread thread_;
};

inline Layout layoutOf(std::vector<PageRange> ranges) {
    Layout layout;
    for (const PageRange& range : ranges) layout.extents.push_back({range, LayoutExtent::Origin::kTwin});
    return layout;
}

}  // namespace farfork::test
