// SPDX-License-Identifier: Apache-2.0
//
// A seed table for tests: seeds whose pages are a pattern in anonymous memory.
#pragma once
#include <sys/mman.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <random>
#include <vector>

#include "check.h"
#include "fabric/fabric.h"
#include "waiter.h"

namespace farfork::fabric::test {

constexpr uint64_t kBase = 0x7f0000000000ULL;  ///< address of a test seed's first page

/// Page-aligned writable memory.
class Memory {
  public:
    explicit Memory(uint64_t bytes) : bytes_(bytes) {
        data_ = static_cast<std::byte*>(
            mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
    }
    ~Memory() { munmap(data_, bytes_); }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    [[nodiscard]] std::byte* data() const { return data_; }
    [[nodiscard]] uint64_t bytes() const { return bytes_; }
    void fillRandom(uint64_t seed) {
        std::mt19937_64 random(seed);
        for (uint64_t at = 0; at < bytes_; at += 8) {
            const uint64_t value = random();
            std::memcpy(data_ + at, &value, 8);
        }
    }

  private:
    std::byte* data_;
    uint64_t bytes_;
};

struct TestSeed {
    explicit TestSeed(std::string id, uint64_t bytes) : memory(bytes) {
        memory.fillRandom(std::hash<std::string>{}(id));
        credentials = {std::move(id), std::string(kSeedKeyBytes, 'k'), 1};
        opened.descriptor.resize(10'000);
        std::memcpy(opened.descriptor.data(), memory.data(), opened.descriptor.size());
        opened.layout.extents.push_back({{kBase, kBase + bytes}});
        opened.staged = true;
    }
    [[nodiscard]] const std::byte* at(uint64_t address) const { return memory.data() + (address - kBase); }

    Memory memory;
    SeedCredentials credentials;
    OpenedSeed opened;
};

class MemoryExport : public SeedExport {
  public:
    TestSeed& add(const std::string& id, uint64_t bytes) {
        std::lock_guard lock(mutex_);
        return *seeds_.emplace(id, std::make_unique<TestSeed>(id, bytes)).first->second;
    }
    void setEpoch(const std::string& id, uint64_t epoch) {
        std::lock_guard lock(mutex_);
        seeds_.at(id)->credentials.lease_epoch = epoch;
    }

    Result<OpenedSeed> open(const SeedCredentials& credentials) override {
        std::lock_guard lock(mutex_);
        ++opens;
        const auto found = seeds_.find(credentials.seed_id);
        if (found == seeds_.end())
            return Error{ErrorCode::kSeedNotFound, "test.open", "seed " + credentials.seed_id, "none"};
        const SeedCredentials& known = found->second->credentials;
        if (known.key != credentials.key) return Error{ErrorCode::kSeedKeyWrong, "test.open", "seed", "key"};
        if (known.lease_epoch != credentials.lease_epoch)
            return Error{ErrorCode::kLeaseExpired, "test.open", "seed", "epoch"};
        return found->second->opened;
    }

    void pin(const std::string& id, uint64_t epoch, std::vector<PageRange> ranges, PinCompletion done) override {
        std::unique_lock lock(mutex_);
        const auto found = seeds_.find(id);
        if (found == seeds_.end() || found->second->credentials.lease_epoch != epoch) {
            lock.unlock();
            return done(Error{ErrorCode::kLeaseExpired, "test.pin", "seed " + id, "epoch"});
        }
        Pinned pinned;
        uint64_t bytes = 0;
        for (const PageRange& range : ranges) {
            pinned.spans.emplace_back(found->second->at(range.start), range.bytes());
            bytes += range.bytes();
        }
        pinnedBytes += bytes;
        uint64_t peak = peakBytes;
        while (pinnedBytes > peak && !peakBytes.compare_exchange_weak(peak, pinnedBytes)) {
        }
        pinned.hold = std::shared_ptr<void>(nullptr, [this, bytes](void*) { pinnedBytes -= bytes; });
        ++pins;
        if (holdPins) {
            held_.push_back([done = std::move(done), pinned = std::move(pinned)] { done(pinned); });
            changed_.notify_all();
            return;
        }
        lock.unlock();
        done(std::move(pinned));
    }

    /// Waits until `count` pins are held back, and takes them.
    std::vector<std::function<void()>> takeHeld(size_t count) {
        std::unique_lock lock(mutex_);
        CHECK(changed_.wait_for(lock, std::chrono::seconds(5), [&] { return held_.size() >= count; }));
        return std::exchange(held_, {});
    }

    std::atomic<bool> holdPins{false};
    std::atomic<uint64_t> pins{0}, opens{0}, pinnedBytes{0}, peakBytes{0};

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, std::unique_ptr<TestSeed>> seeds_;
    std::vector<std::function<void()>> held_;
};

/// Lines that a server logged.
struct Log {
    std::mutex mutex;
    std::vector<Error> errors;
    std::function<void(const Error&)> sink() {
        return [this](const Error& error) {
            std::lock_guard lock(mutex);
            errors.push_back(error);
        };
    }
    bool has(ErrorCode code) {
        std::lock_guard lock(mutex);
        for (const Error& error : errors)
            if (error.code == code) return true;
        return false;
    }
};

template <class Condition>
bool waitUntil(Condition condition, int seconds = 5) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        struct timespec pause {
            0, 1'000'000
        };
        nanosleep(&pause, nullptr);
    }
    return true;
}

inline ServerOptions localServer(Log* log = nullptr) {
    ServerOptions options;
    options.listen = {"127.0.0.1", 0};
    if (log != nullptr) options.log = log->sink();
    return options;
}

}  // namespace farfork::fabric::test
