// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "control/channel.h"
#include "pagerd/seed.h"

namespace farfork::pagerd {

/// The pager's connection to this node's spawner: kept up by a thread of its own, which also takes in the children.
/// Thread-safe.
class SpawnerLink {
  public:
    struct Callbacks {
        std::function<void(const control::AttachChild&, UniqueFd uffd)> attach;
        std::function<void(const std::string& child_id)> detach;
        std::function<std::vector<std::shared_ptr<Seed>>()> seeds;  ///< to adopt at a (re)connect
        std::function<void()> lost;                                 ///< the spawner went away, and its children with it
    };
    SpawnerLink(std::string socket_path, Callbacks callbacks);
    ~SpawnerLink();
    SpawnerLink(const SpawnerLink&) = delete;
    SpawnerLink& operator=(const SpawnerLink&) = delete;

    /// Ends every wait with SPAWNER_LOST and connects no more.
    void stop();
    /// Makes the seed known there; waits for the spawner to come up and to acknowledge.
    /// Errors: SPAWNER_LOST (not there in time, or it closed), DEADLINE_EXCEEDED, the spawner's own.
    Result<void> adopt(const Seed& seed, uint32_t timeout_ms);
    void drop(const std::string& seed_id);
    /// False when no spawner is connected, so nobody was told.
    bool killChild(const std::string& child_id, const Error& error);

  private:
    struct Pending {
        bool finished = false;
        std::optional<Error> error;
    };
    struct Connection {
        UniqueFd socket;
    };
    void run();
    void serve(const std::shared_ptr<Connection>& connection);
    void take(control::Packet packet);
    void failPending();
    Result<void> call(const std::shared_ptr<Connection>& connection, control::MessageType type, const std::string& body,
                      std::span<const int> fds, uint64_t deadline_ns);
    Result<void> adoptOn(const std::shared_ptr<Connection>& connection, const Seed& seed, uint64_t deadline_ns);

    const std::string path_;
    const Callbacks callbacks_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<Connection> connection_;  ///< nullptr: none, or not registered yet
    uint64_t next_request_ = 1;
    std::map<uint64_t, Pending> pending_;
    std::atomic<bool> stopped_{false};
    std::thread thread_;
};

}  // namespace farfork::pagerd
