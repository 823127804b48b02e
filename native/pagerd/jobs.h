// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace farfork::pagerd {

/// Runs work that may wait (for peers, files, the spawner) on up to `max_threads` threads, made when needed.
class Jobs {
  public:
    explicit Jobs(size_t max_threads) : max_threads_(max_threads) {}
    ~Jobs();  ///< runs what is queued, then joins
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;
    void run(std::function<void()> job);

  private:
    void work();
    const size_t max_threads_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
    std::vector<std::thread> threads_;
    size_t idle_ = 0;
    bool stopped_ = false;
};

}  // namespace farfork::pagerd
