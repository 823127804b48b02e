// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "fabric/fabric.h"
#include "pager/pager.h"
#include "pagerd/agents.h"
#include "pagerd/jobs.h"
#include "pagerd/options.h"
#include "pagerd/seed_maker.h"
#include "pagerd/seed_table.h"
#include "pagerd/spawner_link.h"

namespace farfork::pagerd {

/// The pager process: seeds, children, agents, one main loop. What may wait runs as a job.
class Daemon {
  public:
    /// Locks the state folder, listens for agents and peers. Errors: INVALID_ARGUMENT, UNAVAILABLE (another pager runs
    /// there), RESOURCE_EXHAUSTED.
    static Result<std::unique_ptr<Daemon>> start(const Options& options);
    /// Kills the twins and the children that are left, then releases everything.
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    /// Until a signal, PagerShutdown, or the owner's end.
    void run();

  private:
    explicit Daemon(Options options) : options_(std::move(options)) {}
    static constexpr size_t kMaxJobs = 32;

    // daemon.cc
    Result<void> open();
    Result<void> lockStateDir();
    Result<void> watchSignalsAndOwner();
    void watch(int fd) const;
    void acceptAgents();
    void receiveFrom(int fd);
    [[nodiscard]] int untilNextExpiryMs();
    void attachChild(const control::AttachChild& request, UniqueFd uffd);
    void stopChild(const PagerChild& child, const Error& error);
    void stagingEnded(const std::shared_ptr<Seed>& seed, const Result<StagingReport>& report);

    // requests.cc
    void handle(const std::shared_ptr<AgentConnection>& agent, control::Packet packet);
    template <class Request, class Handler>
    void inJob(const std::shared_ptr<AgentConnection>& agent, control::Packet packet, Handler handler);
    [[nodiscard]] control::PagerHelloReply hello() const;
    Result<control::Ack> setLease(const control::SetLease& request);
    Result<control::SeedStatsReply> seedStats(const std::string& seed_id) const;
    Result<control::ChildStatsReply> childStats(const std::string& child_id) const;
    Result<control::Ack> reclaim(const std::string& seed_id, bool force);
    void reclaimExpired();

    Options options_;
    UniqueFd lock_, listener_, epoll_, signals_, owner_;
    Agents agents_;
    SeedTable seeds_;
    std::unique_ptr<Pager> pager_;
    std::unique_ptr<SpawnerLink> spawner_;
    std::unique_ptr<fabric::Client> client_;
    std::unique_ptr<SeedMaker> maker_;
    std::unique_ptr<fabric::Server> server_;
    std::atomic<bool> stopped_{false};
    std::unique_ptr<Jobs> jobs_ = std::make_unique<Jobs>(kMaxJobs);
};

}  // namespace farfork::pagerd
