// SPDX-License-Identifier: Apache-2.0
//
// One accepted connection: reads requests, asks the export, queues replies. Lives on its loop's thread.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "fabric/event_loop.h"
#include "fabric/tcp_codec.h"
#include "fabric/tcp_reply_queue.h"

namespace farfork::fabric {

/// What all connections of a server share.
struct ServerContext {
    ServerOptions options;
    SeedExport& seeds;
    std::function<void(const Error&)> log;
};

class ServerConnection : public EventLoop::Handler {
  public:
    /// `withConnection(id, use)` calls `use` if the connection with that id still lives; `close(id)` destroys it soon.
    struct Owner {
        virtual ~Owner() = default;
        virtual void withConnection(uint64_t id, const std::function<void(ServerConnection&)>& use) = 0;
        virtual void close(uint64_t id) = 0;
    };

    ServerConnection(ServerContext& context, Owner& owner, std::shared_ptr<EventLoop> loop, UniqueFd fd, uint64_t id,
                     std::string peer);
    ~ServerConnection() override;

    /// False when the socket cannot be watched.
    bool start();
    void onEvents(uint32_t events) override;
    /// Closes the connection if a deadline has passed; returns its next one.
    uint64_t checkDeadlines(uint64_t nowNs);

  private:
    struct OpenSeed {
        std::string seedId;
        uint64_t leaseEpoch;
    };

    void readInput();
    void parseInput();
    void handleFrame(const wire::FrameHeader& header, std::span<const std::byte> payload);
    void handleHello(std::span<const std::byte> payload);
    void handleOpen(uint64_t requestId, std::span<const std::byte> payload);
    void handleRead(uint64_t requestId, std::span<const std::byte> payload);
    void pinned(uint64_t requestId, const std::vector<PageRange>& ranges, Result<SeedExport::Pinned> result);

    void reply(std::unique_ptr<Reply> reply);
    void replyError(uint64_t requestId, const Error& error);
    void flushSoon();
    void flush();
    void violation(const std::string& what);
    void closeNow();
    void setDeadline(uint64_t& deadlineNs, uint32_t afterMs);
    void updateEvents();
    [[nodiscard]] bool overLimit() const;

    ServerContext& context_;
    Owner& owner_;
    std::shared_ptr<EventLoop> loop_;
    UniqueFd fd_;
    const uint64_t id_;
    const std::string peer_;
    uint64_t token_ = 0;
    uint32_t events_ = 0;

    Bytes input_;
    size_t inputBytes_ = 0;
    std::unordered_map<uint64_t, OpenSeed> seeds_;
    uint64_t lastHandle_ = 0;
    ReplyQueue replies_;
    uint64_t pinningCost_ = 0;  ///< of reads that the export has not answered yet
    bool helloDone_ = false, closed_ = false, flushPosted_ = false;
    bool blocked_ = false;   ///< the socket is full
    bool paused_ = false;    ///< over the limit: requests wait in input_ and in the socket
    bool draining_ = false;  ///< after a violation: the error is sent, input is thrown away until the peer closes
    uint64_t drainedBytes_ = 0;

    // CLOCK_MONOTONIC, or EventLoop::kNever.
    uint64_t openDeadlineNs_ = EventLoop::kNever;   ///< for the first seed
    uint64_t frameDeadlineNs_ = EventLoop::kNever;  ///< for the rest of a frame, or the end of draining
    uint64_t idleDeadlineNs_ = EventLoop::kNever;
};

}  // namespace farfork::fabric
