// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fabric/fabric.h"
#include "pagerd/seed.h"

namespace farfork::pagerd {

/// The seeds of this node, by id, and what the fabric may read of them. Thread-safe.
class SeedTable : public fabric::SeedExport {
  public:
    /// The right to make a seed; nobody else makes one of the same id meanwhile.
    class Claim {
      public:
        Claim(SeedTable& table, std::string id) : table_(&table), id_(std::move(id)) {}
        Claim(Claim&& other) noexcept : table_(std::exchange(other.table_, nullptr)), id_(std::move(other.id_)) {}
        ~Claim() {
            if (table_ != nullptr) table_->settle(id_, nullptr);
        }
        Claim(const Claim&) = delete;
        Claim& operator=(const Claim&) = delete;
        Claim& operator=(Claim&&) = delete;
        void fulfil(std::shared_ptr<Seed> seed) { std::exchange(table_, nullptr)->settle(id_, std::move(seed)); }

      private:
        SeedTable* table_;
        std::string id_;
    };
    struct Found {
        std::shared_ptr<Seed> seed;  ///< nullptr: the claim is the caller's
        std::optional<Claim> claim;
    };

    /// Finds a seed or claims its id; waits while another thread is making it. Errors: DEADLINE_EXCEEDED.
    Result<Found> findOrClaim(const std::string& id, uint32_t timeout_ms);
    [[nodiscard]] std::shared_ptr<Seed> find(const std::string& id) const;
    [[nodiscard]] std::vector<std::shared_ptr<Seed>> all() const;
    /// Takes it out: later opens and reads fail with SEED_NOT_FOUND.
    void remove(const std::string& id);

    Result<fabric::OpenedSeed> open(const fabric::SeedCredentials& credentials) override;
    void pin(const std::string& seed_id, uint64_t lease_epoch, std::vector<PageRange> ranges,
             PinCompletion done) override;

  private:
    void settle(const std::string& id, std::shared_ptr<Seed> seed);
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, std::shared_ptr<Seed>> seeds_;  ///< nullptr: claimed
};

}  // namespace farfork::pagerd
