// SPDX-License-Identifier: Apache-2.0
#include <sys/epoll.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "base/clock.h"
#include "fabric/tcp_server_connection.h"
#include "fabric/tcp_socket.h"

namespace farfork::fabric {

namespace {

constexpr uint64_t kAcceptPauseNs = 100'000'000;
constexpr uint32_t kMaxLogLinesPerSecond = 20;

/// One thread with its connections.
class ServerLoop : public ServerConnection::Owner {
  public:
    ServerLoop(ServerContext& context, std::shared_ptr<EventLoop> loop, std::atomic<uint32_t>& connectionCount)
        : context_(context), loop_(std::move(loop)), connectionCount_(connectionCount) {}
    ~ServerLoop() override { stop(); }
    ServerLoop(const ServerLoop&) = delete;
    ServerLoop& operator=(const ServerLoop&) = delete;

    void start() {
        thread_ = std::thread([this] {
            pthread_setname_np(pthread_self(), "ff-fabric-srv");
            loop_->run([this](uint64_t nowNs) { return checkDeadlines(nowNs); });
            connections_.clear();
        });
    }
    void stop() {
        loop_->stop();
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] EventLoop& loop() { return *loop_; }

    /// Takes over an accepted socket that counts in the number of connections already. Any thread.
    void adopt(UniqueFd fd, const std::string& peer) {
        auto shared = std::make_shared<UniqueFd>(std::move(fd));
        loop_->post([this, shared, peer] {
            const uint64_t id = ++lastId_;
            auto connection = std::make_unique<ServerConnection>(context_, *this, loop_, std::move(*shared), id, peer);
            if (connection->start())
                connections_.emplace(id, std::move(connection));
            else
                --connectionCount_;
        });
    }

    void withConnection(uint64_t id, const std::function<void(ServerConnection&)>& use) override {
        if (const auto found = connections_.find(id); found != connections_.end()) use(*found->second);
    }
    void close(uint64_t id) override {
        // Soon, not now: the caller is a method of the connection.
        loop_->post([this, id] { connectionCount_ -= static_cast<uint32_t>(connections_.erase(id)); });
    }

    /// Called besides the connections' own deadlines.
    std::function<uint64_t(uint64_t nowNs)> onDeadline;

  private:
    uint64_t checkDeadlines(uint64_t nowNs) {
        uint64_t next = onDeadline ? onDeadline(nowNs) : EventLoop::kNever;
        for (auto& [id, connection] : connections_) next = std::min(next, connection->checkDeadlines(nowNs));
        return next;
    }

    ServerContext& context_;
    std::shared_ptr<EventLoop> loop_;
    std::atomic<uint32_t>& connectionCount_;
    std::unordered_map<uint64_t, std::unique_ptr<ServerConnection>> connections_;
    uint64_t lastId_ = 0;
    std::thread thread_;
};

class TcpServer : public Server, private EventLoop::Handler {
  public:
    TcpServer(const ServerOptions& options, SeedExport& seeds)
        : context_{options, seeds, [this](const Error& error) { log(error); }} {}
    ~TcpServer() override {
        for (auto& loop : loops_) loop->stop();
    }

    Result<void> start();
    [[nodiscard]] Endpoint endpoint() const override { return endpoint_; }

  private:
    void onEvents(uint32_t events) override;
    void log(const Error& error);

    std::mutex logMutex_;
    uint64_t logSecond_ = 0;
    uint32_t logLines_ = 0;
    ServerContext context_;
    Endpoint endpoint_;
    UniqueFd listener_;
    uint64_t listenerToken_ = 0;
    uint64_t acceptAgainNs_ = EventLoop::kNever;
    std::atomic<uint32_t> connectionCount_{0};
    size_t nextLoop_ = 0;
    std::vector<std::unique_ptr<ServerLoop>> loops_;
};

Result<void> TcpServer::start() {
    auto listener = listenSocket(context_.options.listen);
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
        return makeErrno(ErrorCode::kInternal, "fabric.listen", endpointText(context_.options.listen), "getsockname",
                         errno);
    endpoint_ = endpointOf(address);

    const uint32_t byCores = std::clamp(std::thread::hardware_concurrency() / 4, 1u, 4u);
    const uint32_t threads = context_.options.threads != 0 ? context_.options.threads : byCores;
    for (uint32_t i = 0; i < threads; ++i) {
        auto loop = EventLoop::create(context_.options.spin_us);
        if (!loop) return loop.error();
        loops_.push_back(std::make_unique<ServerLoop>(context_, std::move(*loop), connectionCount_));
    }
    listenerToken_ = loops_[0]->loop().watch(listener_.get(), EPOLLIN, *this);
    if (listenerToken_ == 0)
        return makeErrno(ErrorCode::kResourceExhausted, "fabric.listen", endpointText(endpoint_), "epoll_ctl", errno);
    loops_[0]->onDeadline = [this](uint64_t nowNs) {
        if (nowNs < acceptAgainNs_) return acceptAgainNs_;
        acceptAgainNs_ = EventLoop::kNever;
        loops_[0]->loop().rearm(listenerToken_, listener_.get(), EPOLLIN);
        return EventLoop::kNever;
    };
    for (auto& loop : loops_) loop->start();
    return {};
}

void TcpServer::onEvents(uint32_t) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    UniqueFd fd(accept4(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
        // Out of descriptors or memory: the connection stays in the backlog, so look again later instead of spinning.
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            log(makeErrno(ErrorCode::kResourceExhausted, "fabric.accept", endpointText(endpoint_), "accept", errno));
            loops_[0]->loop().rearm(listenerToken_, listener_.get(), 0);
            acceptAgainNs_ = monotonicNs() + kAcceptPauseNs;
            loops_[0]->loop().wakeBy(acceptAgainNs_);
        }
        return;
    }
    const std::string peer = endpointText(endpointOf(address));
    if (connectionCount_.load() >= context_.options.max_connections) {
        const Error full{ErrorCode::kResourceExhausted, "fabric.accept", "node " + endpointText(endpoint_),
                         "too many connections"};
        log({full.code, full.stage, "peer " + peer, full.detail});
        Bytes frame;
        appendErrorFrame(frame, 0, full);
        [[maybe_unused]] const ssize_t sent = send(fd.get(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return;
    }
    ++connectionCount_;
    loops_[nextLoop_++ % loops_.size()]->adopt(std::move(fd), peer);
}

void TcpServer::log(const Error& error) {
    {
        // A peer that sends rubbish in a loop must not fill the disk.
        std::lock_guard lock(logMutex_);
        const uint64_t second = monotonicNs() / 1'000'000'000;
        if (second != logSecond_) logSecond_ = second, logLines_ = 0;
        if (++logLines_ > kMaxLogLinesPerSecond) return;
    }
    if (context_.options.log) return context_.options.log(error);
    std::fprintf(stderr, "farfork fabric: %s at %s: %s: %s\n", errorCodeName(error.code), error.stage.c_str(),
                 error.object.c_str(), error.detail.c_str());
}

}  // namespace

Result<std::unique_ptr<Server>> listenTcp(const ServerOptions& options, SeedExport& seeds) {
    auto server = std::make_unique<TcpServer>(options, seeds);
    if (auto started = server->start(); !started) return std::move(started).error();
    return std::unique_ptr<Server>(std::move(server));
}

}  // namespace farfork::fabric
