// SPDX-License-Identifier: Apache-2.0
//
// The client's connection to one peer, shared by all seeds that it exports. Any thread submits, and sends its own
// request when the socket takes it (one wake-up less on the way of a fault); the loop thread connects, receives and
// tears down.
#pragma once
#include <mutex>
#include <string>
#include <unordered_map>

#include "fabric/event_loop.h"
#include "fabric/tcp_client_types.h"
#include "fabric/tcp_receiver.h"

namespace farfork::fabric {

class Peer : public EventLoop::Handler, public std::enable_shared_from_this<Peer>, private Receiver::Sink {
  public:
    Peer(Endpoint endpoint, ClientOptions options, std::shared_ptr<EventLoop> loop);
    ~Peer() override;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const ClientOptions& options() const { return options_; }
    [[nodiscard]] std::shared_ptr<SeedState> makeSeed(const SeedCredentials& credentials);

    /// Queues the requests of one operation; each ends exactly once.
    void submit(std::vector<std::unique_ptr<ReadRequest>> requests);
    /// `done` is called once, on the loop thread, at `deadlineNs` at the latest.
    void open(const std::shared_ptr<SeedState>& seed, uint64_t deadlineNs, std::function<void(Result<void>)> done);
    /// True when a connection is up: an open that loses it may try once more on a new one.
    [[nodiscard]] bool isUp();

    // Loop thread, or no loop runs any more.
    void onEvents(uint32_t events) override;
    uint64_t checkDeadlines(uint64_t nowNs);
    /// Ends everything with CANCELLED, for good.
    void stop();

  private:
    enum class State { kDown, kConnecting, kUp, kStopped };
    using Lock = std::lock_guard<std::mutex>;
    using Queue = std::deque<std::unique_ptr<ReadRequest>>;

    // Sending (tcp_peer.cc); the lock is held.
    void ensureConnection();
    void pump();
    bool pumpOne(Queue& queue, uint64_t limitBytes);
    void sendRead(std::unique_ptr<ReadRequest> request);
    void sendOpen(uint64_t requestId, OpenRequest& open);
    void openAgain(std::unique_ptr<ReadRequest> request);
    void sendClose(uint64_t handle);
    void flush();
    [[nodiscard]] uint64_t timeoutNs() const { return uint64_t{options_.read_timeout_ms} * 1'000'000; }
    void finishOpen(OpenRequest& open, const std::optional<Error>& error, Completions& completions);

    // Connection (tcp_peer_connection.cc); loop thread.
    void connectNow();
    void connectionUp();
    /// Closes the connection. Reads and opens that are late at `nowNs` end with SOURCE_TIMEOUT, all others with
    /// `error`.
    void drop(const Error& error, uint64_t nowNs = 0);
    void failAll(const Error& error, uint64_t nowNs, Completions& completions);
    void closeSocket();
    uint64_t expireQueued(uint64_t nowNs, Completions& completions);
    uint64_t expireOpens(uint64_t nowNs, bool& silent, Completions& completions);
    [[nodiscard]] Error timeoutError(const SeedState& seed) const;

    // Receiver::Sink: replies, on the loop thread.
    ReadRequest* findRead(uint64_t requestId) override;
    OpenRequest* findOpen(uint64_t requestId) override;
    void readDone(uint64_t requestId, std::optional<Error> error) override;
    void openDone(uint64_t requestId, std::optional<Error> error) override;

    const ClientOptions options_;
    const Endpoint endpoint_;
    const std::string name_;
    const std::shared_ptr<EventLoop> loop_;

    std::mutex mutex_;
    State state_ = State::kDown;
    UniqueFd fd_;  // changed by the loop thread, with the lock held
    uint64_t token_ = 0;
    uint64_t generation_ = 0;  // counts connections
    uint64_t connectDeadlineNs_ = EventLoop::kNever;
    Bytes out_;
    size_t outSent_ = 0;
    bool writeArmed_ = false;
    uint64_t lastRequestId_ = 0;
    uint64_t inFlightBytes_ = 0;
    Queue urgent_, bulk_;
    std::unordered_map<uint64_t, std::unique_ptr<ReadRequest>> reads_;  // sent
    std::unordered_map<uint64_t, std::unique_ptr<OpenRequest>> opens_;  // sent, or waiting for a connection

    // Loop thread only.
    Receiver receiver_;
    uint64_t lastReceiveNs_ = 0;
};

}  // namespace farfork::fabric
