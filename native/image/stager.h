// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "image/image.h"

namespace farfork {

struct StagingReport {
    uint64_t pages = 0, bytes = 0, staging_us = 0;
};

/// Copies a whole image from its source in the background, in address order, giving way to demand faults.
/// The destructor cancels and joins; `done` is called exactly once, on the stager's thread.
class Stager {
  public:
    using Completion = std::function<void(Result<StagingReport>)>;
    /// Errors given to `done`: STAGING_FAILED (the cause is in its detail), CANCELLED.
    Stager(std::string seed_id, std::shared_ptr<Image> image, Completion done);
    ~Stager();
    Stager(const Stager&) = delete;
    Stager& operator=(const Stager&) = delete;

  private:
    void run();
    Result<void> copyAll();
    void giveWay();

    std::string seed_id_;
    std::shared_ptr<Image> image_;
    Completion done_;
    uint64_t demand_seen_ = 0;
    std::atomic<bool> cancelled_{false};
    std::thread thread_;
};

}  // namespace farfork
