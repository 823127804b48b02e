// SPDX-License-Identifier: Apache-2.0
//
// A peer's connection: made, watched, and torn down.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "fabric/tcp_peer.h"
#include "fabric/tcp_socket.h"

namespace farfork::fabric {

namespace {
constexpr uint64_t kReceiveBudgetBytes = 4 << 20;  // then other peers have their turn
}

void Peer::connectNow() {
    bool connected = false;
    auto socket = connectSocket(endpoint_, connected);
    if (!socket) return drop(socket.error());
    {
        Lock lock(mutex_);
        if (state_ != State::kConnecting) return;
        fd_ = std::move(*socket);
        token_ = loop_->watch(fd_.get(), connected ? EPOLLIN : EPOLLOUT, *this);
        connectDeadlineNs_ = monotonicNs() + uint64_t{options_.connect_timeout_ms} * 1'000'000;
        if (token_ != 0 && connected) connectionUp();
    }
    if (token_ == 0)
        return drop({ErrorCode::kResourceExhausted, "fabric.connect", "peer " + name_, "cannot watch a socket"});
    loop_->wakeBy(connectDeadlineNs_);
}

void Peer::connectionUp() {
    state_ = State::kUp;
    ++generation_;
    receiver_.reset();
    wire::Hello hello{};
    hello.version = kProtocolVersion;
    hello.page_bytes = FF_PAGE_SIZE;
    appendFrame(out_, wire::FrameType::kHello, 0, bytesOf(hello));
    for (auto& [id, open] : opens_) sendOpen(id, *open);
    loop_->rearm(token_, fd_.get(), EPOLLIN);
    pump();
}

void Peer::onEvents(uint32_t events) {
    int failure = 0;
    {
        Lock lock(mutex_);
        if (state_ == State::kConnecting) {
            socklen_t length = sizeof failure;
            getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &failure, &length);
            if (failure == 0) return connectionUp();
        } else if ((events & EPOLLOUT) != 0) {
            flush();
        }
    }
    if (failure != 0)
        return drop(makeErrno(ErrorCode::kSourceLost, "fabric.connect", "peer " + name_, "connect", failure));
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) == 0) return;
    lastReceiveNs_ = monotonicNs();
    Error error;
    if (receiver_.receive(fd_.get(), kReceiveBudgetBytes, error) == Receiver::Outcome::kBroken) drop(error);
}

void Peer::closeSocket() {
    if (token_ != 0) loop_->unwatch(token_, fd_.get());
    token_ = 0;
    fd_.reset();
    connectDeadlineNs_ = EventLoop::kNever;
    out_.clear();
    outSent_ = 0;
    writeArmed_ = false;
}

void Peer::drop(const Error& error, uint64_t nowNs) {
    Completions completions;
    {
        Lock lock(mutex_);
        if (state_ == State::kStopped) return;
        closeSocket();
        state_ = State::kDown;
        failAll(error, nowNs, completions);
    }
    runAll(completions);
}

void Peer::stop() {
    Completions completions;
    {
        Lock lock(mutex_);
        closeSocket();
        state_ = State::kStopped;
        failAll({ErrorCode::kCancelled, "fabric.read", "peer " + name_, "the fabric client is shut down"}, 0,
                completions);
    }
    runAll(completions);
}

Error Peer::timeoutError(const SeedState& seed) const {
    return {ErrorCode::kSourceTimeout, "fabric.read", "seed " + seed.credentials.seed_id + " at " + name_,
            "no answer within the deadline"};
}

void Peer::failAll(const Error& error, uint64_t nowNs, Completions& completions) {
    const auto end = [&](ReadRequest& request) {
        const bool late = nowNs >= request.deadlineNs;
        finish(request, late ? timeoutError(*request.seed) : error, completions);
    };
    for (auto& [id, request] : reads_) end(*request);
    for (Queue* queue : {&urgent_, &bulk_}) {
        for (auto& request : *queue) end(*request);
        queue->clear();
    }
    for (auto& [id, open] : opens_) {
        for (auto& request : open->seed->parked) end(*request);
        open->seed->parked.clear();
        finishOpen(*open, nowNs >= open->deadlineNs ? timeoutError(*open->seed) : error, completions);
    }
    reads_.clear();
    opens_.clear();
    inFlightBytes_ = 0;
}

uint64_t Peer::expireQueued(uint64_t nowNs, Completions& completions) {
    uint64_t next = EventLoop::kNever;
    const auto expire = [&](auto& requests) {
        std::erase_if(requests, [&](const std::unique_ptr<ReadRequest>& request) {
            const bool late = nowNs >= request->deadlineNs;
            if (late) finish(*request, timeoutError(*request->seed), completions);
            if (!late) next = std::min(next, request->deadlineNs);
            return late;
        });
    };
    expire(urgent_);
    expire(bulk_);
    for (auto& [id, open] : opens_) expire(open->seed->parked);
    return next;
}

uint64_t Peer::expireOpens(uint64_t nowNs, bool& silent, Completions& completions) {
    uint64_t next = EventLoop::kNever;
    bool unanswered = false;
    for (auto it = opens_.begin(); it != opens_.end();) {
        OpenRequest& open = *it->second;
        if (open.abandoned || nowNs < open.deadlineNs) {
            if (!open.abandoned) next = std::min(next, open.deadlineNs);
            ++it;
            continue;
        }
        if (open.sentNs != 0 && !open.withBytes) silent = true;
        if (open.sentNs != 0 && lastReceiveNs_ < open.sentNs) unanswered = true;
        finishOpen(open, timeoutError(*open.seed), completions);
        it = open.sentNs == 0 ? opens_.erase(it) : std::next(it);
    }
    // One impatient open must not cost others their connection: their own deadlines decide.
    if (unanswered && reads_.empty() && next == EventLoop::kNever) silent = true;
    return next;
}

uint64_t Peer::checkDeadlines(uint64_t nowNs) {
    Completions completions;
    uint64_t next = EventLoop::kNever;
    bool late = false, connecting = false;
    {
        Lock lock(mutex_);
        next = std::min(expireQueued(nowNs, completions), expireOpens(nowNs, late, completions));
        for (const auto& [id, request] : reads_) {
            late = late || nowNs >= request->deadlineNs;
            next = std::min(next, request->deadlineNs);
        }
        connecting = state_ == State::kConnecting;
        if (connecting) next = std::min(next, connectDeadlineNs_);
    }
    runAll(completions);
    const Error lost{ErrorCode::kSourceLost, connecting ? "fabric.connect" : "fabric.read", "peer " + name_,
                     connecting ? "connect: no answer within " + std::to_string(options_.connect_timeout_ms) + " ms"
                                : "the connection was dropped: the peer did not answer another request in time"};
    if (late || (connecting && nowNs >= connectDeadlineNs_)) {
        drop(lost, nowNs);
        return EventLoop::kNever;
    }
    return next;
}

}  // namespace farfork::fabric
