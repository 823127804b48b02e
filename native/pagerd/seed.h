// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "image/image.h"
#include "image/process_view.h"
#include "image/stager.h"
#include "image/twin_source.h"
#include "pager/pager.h"

namespace farfork::pagerd {

/// A seed on this node. Filled by one import or open before it enters the table; afterwards only what says so changes.
struct Seed {
    std::string id, key;
    bool origin = false;                ///< imported here
    std::vector<std::byte> descriptor;  ///< validated
    ProcessView process;                ///< points into `descriptor`
    std::shared_ptr<Image> image;
    std::shared_ptr<PagerSeed> served;
    UniqueFd descriptor_fd, plan_fd;

    std::atomic<uint64_t> lease_epoch{0};
    std::atomic<uint64_t> lease_expires_unix_ms{0};  ///< 0: no end is known here
    std::atomic<uint64_t> pins{0};                   ///< reads of peers that hold its bytes now
    std::atomic<uint64_t> pages_served{0};           ///< to peers
    std::atomic<uint64_t> staging_us{0};
    std::atomic<bool> staged{false};

    std::shared_ptr<TwinSource> twin;  ///< origin only; killed when staging ends
    std::mutex mutex;                  ///< guards what follows
    std::optional<Error> failure;      ///< staging failed: the seed is of no more use
    std::unique_ptr<Stager> stager;

    [[nodiscard]] bool expired() const {
        const uint64_t expires = lease_expires_unix_ms.load();
        return expires != 0 && unixMs() > expires;
    }
    /// Destroying what this returns cancels staging and waits for it to end.
    [[nodiscard]] std::unique_ptr<Stager> takeStager() {
        const std::lock_guard lock(mutex);
        return std::move(stager);
    }
    [[nodiscard]] std::optional<Error> failed() {
        const std::lock_guard lock(mutex);
        return failure;
    }
};

/// Takes as long for a wrong key as for the right one.
bool sameKey(const std::string& left, const std::string& right);

/// Errors: SEED_KEY_WRONG, LEASE_EXPIRED, or the seed's own failure.
Result<void> checkAccess(Seed& seed, const std::string& key, uint64_t lease_epoch, const char* stage);

}  // namespace farfork::pagerd
