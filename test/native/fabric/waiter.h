// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "check.h"
#include "fabric/fabric.h"

namespace farfork::fabric::test {

/// Collects completions.
class Waiter {
  public:
    PageSource::Completion expect() {
        std::lock_guard lock(mutex_);
        const size_t index = results_.size();
        results_.emplace_back();
        return [this, index](Result<void> result) {
            std::lock_guard inner(mutex_);
            CHECK(!results_[index].done);
            results_[index] = {true, result ? ErrorCode::kNone : result.error().code,
                               result ? "" : result.error().object + ": " + result.error().detail};
            order_.push_back(index);
            changed_.notify_all();
        };
    }
    /// The code of completion `index`; kNone: success. Fails the test after `seconds`.
    ErrorCode wait(size_t index, int seconds = 8) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, std::chrono::seconds(seconds), [&] { return results_[index].done; })) {
            std::fprintf(stderr, "completion %zu never came\n", index);
            std::abort();
        }
        return results_[index].code;
    }
    std::vector<size_t> order() {
        std::lock_guard lock(mutex_);
        return order_;
    }
    std::string text(size_t index) {
        std::lock_guard lock(mutex_);
        return results_[index].text;
    }

  private:
    struct Entry {
        bool done = false;
        ErrorCode code = ErrorCode::kNone;
        std::string text;
    };
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Entry> results_;
    std::vector<size_t> order_;
};

inline ErrorCode readNow(RemoteSeed& seed, std::vector<PageRead> reads) {
    Waiter waiter;
    seed.read(std::move(reads), waiter.expect());
    return waiter.wait(0);
}

}  // namespace farfork::fabric::test
