// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "control/messages.h"
#include "fabric/fabric.h"
#include "image/file_identity.h"
#include "pagerd/seed_table.h"
#include "pagerd/spawner_link.h"

namespace farfork::pagerd {

/// Makes seeds: from a captured process on this node, or from a peer. Every call may wait; thread-safe.
class SeedMaker {
  public:
    using Staged = std::function<void(const std::shared_ptr<Seed>&, Result<StagingReport>)>;
    SeedMaker(SeedTable& table, SpawnerLink& spawner, fabric::Client& client, Staged staged)
        : table_(table), spawner_(spawner), client_(client), staged_(std::move(staged)) {}

    /// `fds`: descriptor memfd, then a pidfd per twin. The twins are killed when staging ends, or here on an error.
    /// Errors: SEED_EXISTS, INVALID_ARGUMENT, DESCRIPTOR_CORRUPT, STATE_NOT_CARRIED, PROCESS_EXITED, FILE_MISSING,
    /// STAGING_FAILED (no memory), SPAWNER_LOST.
    Result<control::SeedReply> import(const control::ImportSeed& request, std::vector<UniqueFd> fds);
    /// Errors: those of checkAccess and fabric::Client::open, FILE_MISSING, SPAWNER_LOST.
    Result<control::SeedReply> open(const control::OpenSeed& request);

  private:
    Result<control::SeedReply> importClaimed(const control::ImportSeed& request, const std::vector<UniqueFd>& fds);
    Result<std::shared_ptr<Seed>> importTwin(const control::ImportSeed& request, const std::vector<UniqueFd>& fds);
    Result<void> fillFromTwin(const std::shared_ptr<Seed>& seed);
    Result<std::shared_ptr<Seed>> openRemote(const control::OpenSeed& request, uint64_t deadline_ns);
    Result<void> reopen(const control::OpenSeed& request, Seed& seed);
    /// What both ways share: start pages, plan, the spawner.
    Result<void> publish(Seed& seed, FileIdentity::Trust trust, uint64_t deadline_ns);
    void startStaging(const std::shared_ptr<Seed>& seed);

    SeedTable& table_;
    SpawnerLink& spawner_;
    fabric::Client& client_;
    Staged staged_;
    FileIdentity files_;
};

/// Milliseconds until a time of CLOCK_MONOTONIC; at least 1.
uint32_t leftMs(uint64_t deadline_ns);
/// Validates the seed's descriptor bytes and points `process` at them. Errors: DESCRIPTOR_CORRUPT, STATE_NOT_CARRIED.
Result<void> bindDescriptor(Seed& seed);
/// Bytes of memory that can still be used here: MemAvailable of /proc/meminfo. UINT64_MAX when it is not known.
uint64_t availableMemoryBytes();

}  // namespace farfork::pagerd
