// SPDX-License-Identifier: Apache-2.0
#include "pagerd/seed_table.h"

#include <chrono>

namespace farfork::pagerd {

namespace {

Error notFound(const std::string& id) {
    return Error{ErrorCode::kSeedNotFound, "pager.seed", "seed " + id, "this node has no such seed"};
}

/// Keeps a seed's bytes while they are being sent.
std::shared_ptr<void> holdOf(const std::shared_ptr<Seed>& seed) {
    seed->pins.fetch_add(1);
    return {seed.get(), [seed](void*) { seed->pins.fetch_sub(1); }};
}

}  // namespace

bool sameKey(const std::string& left, const std::string& right) {
    unsigned char difference = left.size() == right.size() ? 0 : 1;
    for (size_t index = 0; index < left.size(); ++index) {
        const char other = right.empty() ? '\0' : right[index % right.size()];
        difference = static_cast<unsigned char>(difference | (left[index] ^ other));
    }
    return difference == 0;
}

Result<void> checkAccess(Seed& seed, const std::string& key, uint64_t lease_epoch, const char* stage) {
    const std::string object = "seed " + seed.id;
    if (!sameKey(key, seed.key)) return Error{ErrorCode::kSeedKeyWrong, stage, object, "the key does not open it"};
    if (lease_epoch != seed.lease_epoch) {
        return Error{ErrorCode::kLeaseExpired, stage, object,
                     "lease epoch " + std::to_string(lease_epoch) + " is not the current one, " +
                         std::to_string(seed.lease_epoch)};
    }
    if (seed.expired()) return Error{ErrorCode::kLeaseExpired, stage, object, "the lease ended"};
    if (std::optional<Error> failure = seed.failed()) return *failure;
    return {};
}

Result<SeedTable::Found> SeedTable::findOrClaim(const std::string& id, uint32_t timeout_ms) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto [at, inserted] = seeds_.emplace(id, nullptr);
        if (inserted) return Found{nullptr, Claim(*this, id)};
        if (at->second != nullptr) return Found{at->second, std::nullopt};
        if (changed_.wait_until(lock, deadline) == std::cv_status::timeout) {
            return Error{ErrorCode::kDeadlineExceeded, "pager.open", "seed " + id,
                         "another request was still opening it after " + std::to_string(timeout_ms) + " ms"};
        }
    }
}

void SeedTable::settle(const std::string& id, std::shared_ptr<Seed> seed) {
    const std::lock_guard lock(mutex_);
    if (seed == nullptr) {
        seeds_.erase(id);
    } else {
        seeds_[id] = std::move(seed);
    }
    changed_.notify_all();
}

std::shared_ptr<Seed> SeedTable::find(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = seeds_.find(id);
    return found == seeds_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Seed>> SeedTable::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Seed>> seeds;
    for (const auto& [id, seed] : seeds_) {
        if (seed != nullptr) seeds.push_back(seed);
    }
    return seeds;
}

void SeedTable::remove(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto found = seeds_.find(id);
    if (found != seeds_.end() && found->second != nullptr) seeds_.erase(found);
    changed_.notify_all();
}

Result<fabric::OpenedSeed> SeedTable::open(const fabric::SeedCredentials& credentials) {
    const std::shared_ptr<Seed> seed = find(credentials.seed_id);
    if (seed == nullptr) return notFound(credentials.seed_id);
    if (Result<void> access = checkAccess(*seed, credentials.key, credentials.lease_epoch, "fabric.open"); !access) {
        return access.error();
    }
    fabric::OpenedSeed opened;
    opened.descriptor = seed->descriptor;
    opened.layout.extents = seed->image->layout().extents;
    opened.staged = seed->staged;
    return opened;
}

void SeedTable::pin(const std::string& seed_id, uint64_t lease_epoch, std::vector<PageRange> ranges,
                    PinCompletion done) {
    const std::shared_ptr<Seed> seed = find(seed_id);
    if (seed == nullptr) return done(notFound(seed_id));
    if (Result<void> access = checkAccess(*seed, seed->key, lease_epoch, "fabric.read"); !access) {
        return done(access.error());
    }
    for (const PageRange& range : ranges) {
        const bool aligned = range.start % kPageBytes == 0 && range.end % kPageBytes == 0 && range.start < range.end;
        if (!aligned || !seed->image->layout().covers(range)) {
            return done(
                Error{ErrorCode::kFabricProtocol, "fabric.read", "seed " + seed_id, "range outside the layout"});
        }
    }
    const std::shared_ptr<void> hold = holdOf(seed);
    seed->image->ensurePresent(ranges, [seed, hold, ranges, done](const Result<void>& present) {
        if (!present) return done(present.error());
        Pinned pinned{{}, hold};
        for (const PageRange& range : ranges) {
            pinned.spans.emplace_back(seed->image->bytes(range.start), range.bytes());
            seed->pages_served.fetch_add(range.pages(), std::memory_order_relaxed);
        }
        done(std::move(pinned));
    });
}

}  // namespace farfork::pagerd
