// SPDX-License-Identifier: Apache-2.0
#include "fabric/tcp_peer.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "fabric/tcp_socket.h"

namespace farfork::fabric {

using wire::FrameType;

namespace {
constexpr uint64_t kQueueTimeouts = 3;  // a long queue at a peer that answers is not a fault
}

Peer::Peer(Endpoint endpoint, ClientOptions options, std::shared_ptr<EventLoop> loop)
    : options_(options),
      endpoint_(std::move(endpoint)),
      name_(endpointText(endpoint_)),
      loop_(std::move(loop)),
      receiver_(*this, name_) {}

Peer::~Peer() {
    stop();
}

std::shared_ptr<SeedState> Peer::makeSeed(const SeedCredentials& credentials) {
    auto seed = std::make_shared<SeedState>();
    seed->credentials = credentials;
    // Posted: the last reader of a seed may let go of it with this peer's lock held.
    seed->onGone = [weak = weak_from_this(), loop = loop_](uint64_t generation, uint64_t handle) {
        loop->post([weak, generation, handle] {
            const auto peer = weak.lock();
            if (!peer) return;
            Lock lock(peer->mutex_);
            if (peer->state_ != State::kUp || peer->generation_ != generation) return;
            peer->sendClose(handle);
            peer->flush();
        });
    };
    return seed;
}

void Peer::submit(std::vector<std::unique_ptr<ReadRequest>> requests) {
    const uint64_t deadlineNs = monotonicNs() + kQueueTimeouts * timeoutNs();
    Completions completions;
    {
        Lock lock(mutex_);
        const Error stopped{ErrorCode::kCancelled, "fabric.read", "peer " + name_, "the fabric client is shut down"};
        for (auto& request : requests) {
            request->deadlineNs = deadlineNs;
            if (state_ == State::kStopped)
                finish(*request, stopped, completions);
            else
                (request->operation->urgent ? urgent_ : bulk_).push_back(std::move(request));
        }
        ensureConnection();
        if (state_ == State::kUp) pump();
    }
    loop_->wakeBy(deadlineNs);
    runAll(completions);
}

void Peer::open(const std::shared_ptr<SeedState>& seed, uint64_t deadlineNs, std::function<void(Result<void>)> done) {
    {
        Lock lock(mutex_);
        auto open = std::make_unique<OpenRequest>();
        open->seed = seed;
        open->deadlineNs = deadlineNs;
        open->done = std::move(done);
        const uint64_t requestId = ++lastRequestId_;
        OpenRequest& kept = *opens_.emplace(requestId, std::move(open)).first->second;
        ensureConnection();
        if (state_ == State::kUp) {
            sendOpen(requestId, kept);
            flush();
        }
    }
    loop_->wakeBy(deadlineNs);
}

bool Peer::isUp() {
    Lock lock(mutex_);
    return state_ == State::kUp;
}

void Peer::ensureConnection() {
    if (state_ != State::kDown) return;
    state_ = State::kConnecting;
    loop_->post([self = shared_from_this()] { self->connectNow(); });
}

void Peer::pump() {
    while (pumpOne(urgent_, options_.max_bytes_in_flight)) {
    }
    // The last quarter is kept for urgent reads.
    if (urgent_.empty())
        while (pumpOne(bulk_, options_.max_bytes_in_flight / 4 * 3)) {
        }
    flush();
}

bool Peer::pumpOne(Queue& queue, uint64_t limitBytes) {
    if (queue.empty()) return false;
    if (inFlightBytes_ > 0 && inFlightBytes_ + queue.front()->bytes > limitBytes) return false;
    auto request = std::move(queue.front());
    queue.pop_front();
    if (request->seed->generation == generation_)
        sendRead(std::move(request));
    else
        openAgain(std::move(request));
    return true;
}

void Peer::sendRead(std::unique_ptr<ReadRequest> request) {
    wire::Read read{};
    read.handle = request->seed->handle;
    read.lease_epoch = request->seed->credentials.lease_epoch;
    read.range_count = static_cast<uint32_t>(request->pieces.size());
    std::vector<wire::Range> ranges;
    ranges.reserve(request->pieces.size());
    for (const PageRead& piece : request->pieces) ranges.push_back({piece.range.start, piece.range.end});
    const uint64_t requestId = ++lastRequestId_;
    appendFrame(out_, FrameType::kRead, requestId, bytesOf(read), std::as_bytes(std::span(ranges)));
    inFlightBytes_ += request->bytes;
    const uint64_t deadlineNs = request->deadlineNs = monotonicNs() + timeoutNs();
    reads_.emplace(requestId, std::move(request));
    loop_->wakeBy(deadlineNs);
}

void Peer::sendOpen(uint64_t requestId, OpenRequest& open) {
    const auto frame = encodeOpen(open.seed->credentials, open.withBytes ? 0 : wire::kOpenWithoutBytes);
    appendFrame(out_, FrameType::kOpen, requestId, bytesOf(frame));
    open.sentNs = monotonicNs();
}

void Peer::openAgain(std::unique_ptr<ReadRequest> request) {
    SeedState& seed = *request->seed;
    request->deadlineNs = monotonicNs() + timeoutNs();
    if (!seed.opening) {
        seed.opening = true;
        auto open = std::make_unique<OpenRequest>();
        open->seed = request->seed;
        open->deadlineNs = request->deadlineNs;
        open->withBytes = false;
        const uint64_t requestId = ++lastRequestId_;
        sendOpen(requestId, *opens_.emplace(requestId, std::move(open)).first->second);
    }
    const uint64_t deadlineNs = request->deadlineNs;
    seed.parked.push_back(std::move(request));
    loop_->wakeBy(deadlineNs);
}

void Peer::sendClose(uint64_t handle) {
    appendFrame(out_, FrameType::kClose, 0, bytesOf(wire::Close{handle}));
}

void Peer::flush() {
    while (outSent_ < out_.size()) {
        const ssize_t sent =
            send(fd_.get(), out_.data() + outSent_, out_.size() - outSent_, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            outSent_ += static_cast<size_t>(sent);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!writeArmed_) loop_->rearm(token_, fd_.get(), EPOLLIN | EPOLLOUT);
            writeArmed_ = true;
            return;
        } else if (errno != EINTR) {
            break;  // the loop thread sees the same error when it receives, and drops the connection
        }
    }
    out_.clear();
    outSent_ = 0;
    if (writeArmed_) loop_->rearm(token_, fd_.get(), EPOLLIN);
    writeArmed_ = false;
}

}  // namespace farfork::fabric
