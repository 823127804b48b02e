// SPDX-License-Identifier: Apache-2.0
#include "fabric/tcp_server_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "fabric/tcp_socket.h"

namespace farfork::fabric {

namespace {
constexpr size_t kInputBytes = 64 << 10;
static_assert(kInputBytes >= sizeof(wire::FrameHeader) + wire::kMaxRequestPayload);
constexpr uint64_t kSendBudgetBytes = 2 << 20;  // then other connections have their turn
constexpr uint32_t kDrainMs = 1000;
constexpr uint64_t kMaxDrainBytes = 1 << 20;
}  // namespace

ServerConnection::ServerConnection(ServerContext& context, Owner& owner, std::shared_ptr<EventLoop> loop, UniqueFd fd,
                                   uint64_t id, std::string peer)
    : context_(context), owner_(owner), loop_(std::move(loop)), fd_(std::move(fd)), id_(id), peer_(std::move(peer)) {}

ServerConnection::~ServerConnection() {
    if (token_ != 0) loop_->unwatch(token_, fd_.get());
}

bool ServerConnection::start() {
    tuneSocket(fd_.get());
    input_.resize(kInputBytes);
    events_ = EPOLLIN;
    token_ = loop_->watch(fd_.get(), events_, *this);
    setDeadline(openDeadlineNs_, context_.options.hello_timeout_ms);
    return token_ != 0;
}

void ServerConnection::setDeadline(uint64_t& deadlineNs, uint32_t afterMs) {
    deadlineNs = monotonicNs() + uint64_t{afterMs} * 1'000'000;
    loop_->wakeBy(deadlineNs);
}

bool ServerConnection::overLimit() const {
    return replies_.cost() + pinningCost_ >= context_.options.max_queued_bytes;
}

void ServerConnection::updateEvents() {
    if (closed_) return;
    const uint32_t wanted = (draining_ || !overLimit() ? uint32_t{EPOLLIN} : 0u) | (blocked_ ? uint32_t{EPOLLOUT} : 0u);
    if (wanted == events_) return;
    events_ = wanted;
    loop_->rearm(token_, fd_.get(), events_);
}

void ServerConnection::onEvents(uint32_t events) {
    if (context_.options.idle_timeout_ms != 0) setDeadline(idleDeadlineNs_, context_.options.idle_timeout_ms);
    // HUP: both directions are shut, so nobody waits for what is queued.
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 && (events & EPOLLIN) == 0) return closeNow();
    if ((events & EPOLLOUT) != 0) flush();
    if ((events & EPOLLIN) != 0 && !closed_) readInput();
}

void ServerConnection::readInput() {
    if (!draining_ && overLimit()) {
        paused_ = true;
        return updateEvents();
    }
    if (draining_) inputBytes_ = 0;
    const ssize_t got = recv(fd_.get(), input_.data() + inputBytes_, input_.size() - inputBytes_, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        if (inputBytes_ > 0 && !draining_)
            context_.log(
                {ErrorCode::kFabricProtocol, "fabric.serve", "peer " + peer_, "closed in the middle of a frame"});
        return closeNow();
    }
    if (draining_) {
        drainedBytes_ += static_cast<uint64_t>(got);
        return drainedBytes_ > kMaxDrainBytes ? closeNow() : void();
    }
    inputBytes_ += static_cast<size_t>(got);
    parseInput();
}

void ServerConnection::parseInput() {
    size_t at = 0;
    while (!closed_ && !draining_ && !overLimit() && inputBytes_ - at >= sizeof(wire::FrameHeader)) {
        const std::span<const std::byte> rest(input_.data() + at, inputBytes_ - at);
        const auto header = readStruct<wire::FrameHeader>(rest);
        if (const std::string wrong = checkHeader(header, true); !wrong.empty()) return violation(wrong);
        const size_t frameBytes = sizeof header + header.payload_bytes;
        if (rest.size() < frameBytes) break;
        const auto payload = rest.subspan(sizeof header, header.payload_bytes);
        if (frameChecksum(header, payload) != header.checksum) return violation("a frame does not match its checksum");
        handleFrame(header, payload);
        at += frameBytes;
    }
    if (closed_ || draining_) return;
    std::copy(input_.begin() + static_cast<ptrdiff_t>(at), input_.begin() + static_cast<ptrdiff_t>(inputBytes_),
              input_.begin());
    inputBytes_ -= at;
    // A frame that has begun must end soon, unless it is us who does not read.
    paused_ = overLimit();
    const bool partial = inputBytes_ > 0 && !paused_;
    if (!partial) frameDeadlineNs_ = EventLoop::kNever;
    if (partial && (at > 0 || frameDeadlineNs_ == EventLoop::kNever))
        setDeadline(frameDeadlineNs_, context_.options.hello_timeout_ms);
    updateEvents();
}

void ServerConnection::replyError(uint64_t requestId, const Error& error) {
    auto answer = std::make_unique<Reply>();
    appendErrorFrame(answer->head, requestId, error);
    reply(std::move(answer));
}

void ServerConnection::reply(std::unique_ptr<Reply> reply) {
    // A large descriptor is the reply's own memory, not a pin that a reclaim waits for: it gets more time.
    const uint64_t extraMs = reply->bulkBytes > kMaxReadBytes ? reply->bulkBytes / 4096 : 0;
    setDeadline(reply->deadlineNs, static_cast<uint32_t>(context_.options.send_timeout_ms + extraMs));
    replies_.push(std::move(reply));
    flushSoon();
}

void ServerConnection::flushSoon() {
    // Once for all replies that become ready in one turn of the loop.
    if (flushPosted_ || blocked_) return;
    flushPosted_ = true;
    loop_->post([owner = &owner_, id = id_] {
        owner->withConnection(id, [](ServerConnection& connection) {
            connection.flushPosted_ = false;
            connection.flush();
        });
    });
}

void ServerConnection::flush() {
    if (closed_) return;
    const auto outcome = replies_.flush(fd_.get(), kSendBudgetBytes);
    if (outcome == ReplyQueue::Outcome::kFailed) return closeNow();
    blocked_ = outcome != ReplyQueue::Outcome::kEmpty;  // budget used: EPOLLOUT comes again at once
    if (draining_ && !blocked_) shutdown(fd_.get(), SHUT_WR);
    if (paused_ && !overLimit() && !draining_) return parseInput();
    updateEvents();
}

void ServerConnection::violation(const std::string& what) {
    const Error error{ErrorCode::kFabricProtocol, "fabric.serve", "peer " + peer_, what};
    context_.log(error);
    // Closing with unread input would reset the connection and lose the error on its way: read on, and throw away.
    draining_ = true;
    openDeadlineNs_ = EventLoop::kNever;
    setDeadline(frameDeadlineNs_, kDrainMs);
    replyError(0, error);
    updateEvents();
}

void ServerConnection::closeNow() {
    if (closed_) return;
    closed_ = true;
    if (token_ != 0) loop_->unwatch(token_, fd_.get());
    token_ = 0;
    owner_.close(id_);
}

uint64_t ServerConnection::checkDeadlines(uint64_t nowNs) {
    const char* late = nullptr;
    if (nowNs >= openDeadlineNs_) late = "opened no seed in time";
    if (nowNs >= frameDeadlineNs_ && !draining_) late = "did not finish a frame in time";
    const uint64_t sendDeadlineNs = replies_.earliestDeadlineNs();
    if (nowNs >= sendDeadlineNs) late = "did not take its replies in time";
    if (late != nullptr) context_.log({ErrorCode::kFabricProtocol, "fabric.serve", "peer " + peer_, late});
    const bool idle = nowNs >= idleDeadlineNs_ && replies_.empty() && pinningCost_ == 0;
    if (late != nullptr || idle || (draining_ && nowNs >= frameDeadlineNs_)) {
        closeNow();
        return EventLoop::kNever;
    }
    if (nowNs >= idleDeadlineNs_) setDeadline(idleDeadlineNs_, context_.options.idle_timeout_ms);
    return std::min({openDeadlineNs_, frameDeadlineNs_, sendDeadlineNs, idleDeadlineNs_});
}

}  // namespace farfork::fabric
