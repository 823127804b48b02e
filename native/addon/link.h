// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/channel.h"

namespace farfork::addon {

/// What a Link hands to its owner.
struct Delivery {
    enum class Kind {
        kReply,   ///< the reply to request_id, or why there is none
        kEvent,   ///< packet of request id 0
        kClosed,  ///< the last delivery: the connection is gone; every request was answered before
    } kind = Kind::kEvent;
    uint64_t request_id = 0;
    Result<control::Packet> packet = Error{};
};

/// One connection to a daemon: requests with deadlines, replies, events. No JavaScript here.
///
/// Requests are sent by the calling thread, because a wake-up of another thread costs tens of microseconds (FACTS.md);
/// only what the socket does not take at once goes to the link's thread, which also receives.
class Link {
  public:
    /// Called on the link's thread with everything that came at once, in order.
    using Sink = std::function<void(std::vector<Delivery>)>;

    /// `peer` names the daemon in errors, e.g. "pager".
    static Result<std::unique_ptr<Link>> start(UniqueFd socket, std::string peer, Sink sink);
    ~Link() { stop(); }

    /// Sends a request whose answer, exactly one, comes through the sink; an error means that none will.
    Result<void> request(uint64_t request_id, control::MessageType type, std::string body, std::vector<UniqueFd> fds,
                         uint32_t deadline_ms);
    /// Ends the thread; nothing is delivered afterwards.
    void stop();

  private:
    struct Unsent {
        uint64_t request_id;
        control::MessageType type;
        std::string body;
        std::vector<UniqueFd> fds;
    };
    using DeadlineTable = std::multimap<uint64_t, uint64_t>;  ///< monotonic ns -> request id

    Link(UniqueFd socket, std::string peer, Sink sink)
        : socket_(std::move(socket)), peer_(std::move(peer)), sink_(std::move(sink)) {}
    void run();
    [[nodiscard]] bool wait();
    [[nodiscard]] std::optional<Error> receive(std::vector<Delivery>& out);
    [[nodiscard]] std::optional<Error> flush(std::vector<Delivery>& out);
    void expire(std::vector<Delivery>& out);
    void fail(const Error& error, std::vector<Delivery>& out);
    [[nodiscard]] bool forget(uint64_t request_id);
    void armTimer(uint64_t deadline_ns);
    void wake();

    UniqueFd socket_, wake_, timer_;
    std::string peer_;
    Sink sink_;
    std::thread thread_;
    std::atomic<bool> stopping_{false};

    std::mutex mutex_;  // guards all below
    bool lost_ = false;
    std::deque<Unsent> unsent_;
    DeadlineTable deadlines_;
    std::unordered_map<uint64_t, DeadlineTable::iterator> waiting_;
    uint64_t armed_ns_ = UINT64_MAX;
};

}  // namespace farfork::addon
