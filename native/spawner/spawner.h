// SPDX-License-Identifier: Apache-2.0
//
// The spawner: makes cells, and is the parent of every child. One thread, one epoll loop; nothing in it waits.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "cell/pool.h"
#include "restorer/machine.h"
#include "spawner/connection.h"
#include "spawner/records.h"

namespace farfork {

struct SpawnerOptions {
    std::string state_dir;
    pid_t owner_pid = 0;                 ///< end with this process; 0: none
    uint64_t parents_open_files = 1024;  ///< soft RLIMIT_NOFILE of parents; the spawner raises its own
};

class Spawner {
  public:
    /// Error: UNAVAILABLE (another spawner has this state folder), INTERNAL, CELL_FAILED.
    static Result<std::unique_ptr<Spawner>> make(SpawnerOptions options);
    ~Spawner();
    /// Serves until told to end; then kills and reaps everything that it started.
    void run();

  private:
    explicit Spawner(SpawnerOptions options) : options_(std::move(options)) {}

    // lifecycle.cc
    Result<void> open();
    void shutDown();

    // loop.cc
    void watch(int fd, uint32_t events);
    void dispatch(int fd, uint32_t events);
    [[nodiscard]] bool wantsCell(uint64_t now_ns) const;
    [[nodiscard]] int timeoutMs() const;
    void makeCells();
    void cellFailed(const Error& error);
    void acceptConnections();
    void readConnection(int fd);
    void dropConnection(int fd);
    void readSignals();

    // deadlines.cc
    void checkDeadlines();
    void trimOutputs(uint64_t now_ns);
    void failLateChildren(uint64_t now_ns);
    void failLateAdoptions(uint64_t now_ns);

    // requests.cc: messages from agents and the pager
    void handle(Connection& from, control::Packet packet);
    void handlePager(Connection& from, control::Packet& packet);
    void configurePool(Connection& from, const control::Packet& packet);
    void listChildren(Connection& from, const control::Packet& packet);
    void forgetChild(Connection& from, const control::Packet& packet);
    void killChild(Connection& from, const control::Packet& packet);
    void broadcast(control::MessageType type, const std::string& body);
    void send(Connection& to, bool alive);

    // pager.cc
    void registerPager(Connection& from, const control::Packet& packet);
    void losePager();

    // seeds.cc
    void adoptSeed(Connection& from, control::Packet& packet);
    Result<std::shared_ptr<Seed>> makeSeed(const std::string& id, control::Packet& packet);
    Result<void> launchTemplate(Seed& seed);
    void answerAdoption(Seed& seed, const Error* error);
    void templateReady(uint32_t serial);
    void templateFailed(uint32_t serial, const Error& error);
    void templateExited(const std::shared_ptr<Seed>& seed, int wait_status);
    void dropSeed(const std::string& id);

    // forks.cc
    void fork(Connection& from, control::Packet& packet);
    void flushDeferred();
    Result<void> enqueue(const control::Fork& message, control::Packet& packet);
    void pump();
    Result<bool> start(const std::shared_ptr<Child>& child);

    // statuses.cc
    void readStatuses();
    void onStatus(const ff_status& status);
    void learnPid(const std::shared_ptr<Child>& child, pid_t pid);
    void leaveStarting(Child& child);
    void childStarted(const std::shared_ptr<Child>& child, const ff_status& status);
    void failChild(const std::shared_ptr<Child>& child, const Error& error);
    void stopChild(const std::shared_ptr<Child>& child);

    // exits.cc
    void reap();
    void processExited(pid_t pid, int wait_status);
    void childExited(const std::shared_ptr<Child>& child, int wait_status);
    void cellExited(const std::shared_ptr<Child>& child);
    void finish(const std::shared_ptr<Child>& child);

    // parents.cc
    void runParent(Connection& from, control::Packet& packet);

    SpawnerOptions options_;
    Machine machine_;
    UniqueFd epoll_, lock_, listener_, signals_, owner_, userfault_device_;
    UniqueFd status_receiver_, status_sender_;
    std::map<int, std::unique_ptr<Connection>> connections_;
    std::unique_ptr<CellPool> pool_;
    uint64_t cell_retry_ns_ = 0;  ///< after a failure: not before
    uint32_t cell_failures_ = 0;  ///< in a row

    int pager_fd_ = -1;
    pid_t pager_pid_ = 0;
    UniqueFd pager_pidfd_;

    uint32_t next_template_ = 1;
    uint64_t next_serial_ = 1;
    std::map<std::string, std::shared_ptr<Seed>> seeds_;
    std::map<uint32_t, std::shared_ptr<Seed>> templates_;  ///< by serial, dropped ones too until they are reaped
    std::map<std::string, std::shared_ptr<Child>> children_;
    std::unordered_map<uint64_t, std::shared_ptr<Child>> by_serial_;
    std::unordered_map<pid_t, std::shared_ptr<Child>> by_pid_;
    std::unordered_map<pid_t, std::shared_ptr<Child>> by_cell_;
    std::deque<std::shared_ptr<Child>> queue_;
    size_t starting_ = 0;
    uint64_t next_trim_ns_ = 0;
    uint64_t next_deadline_ns_ = ~uint64_t{0};  ///< nothing is due before
    std::vector<int> deferred_;                 ///< connections with a reply that waits for the loop's next turn
    bool ending_ = false;
};

}  // namespace farfork
