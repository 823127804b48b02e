// SPDX-License-Identifier: Apache-2.0
#include "addon/link.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"

namespace farfork::addon {
namespace {

/// Packets handed over at once; more would delay the first.
constexpr size_t kMaxBatch = 256;

std::vector<int> numbersOf(const std::vector<UniqueFd>& fds) {
    std::vector<int> numbers;
    numbers.reserve(fds.size());
    for (const UniqueFd& fd : fds) numbers.push_back(fd.get());
    return numbers;
}

}  // namespace

Result<std::unique_ptr<Link>> Link::start(UniqueFd socket, std::string peer, Sink sink) {
    std::unique_ptr<Link> link(new Link(std::move(socket), std::move(peer), std::move(sink)));
    link->wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    link->timer_.reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!link->wake_.valid() || !link->timer_.valid()) {
        return makeErrno(ErrorCode::kResourceExhausted, "control.connect", link->peer_, "eventfd or timerfd", errno);
    }
    try {
        link->thread_ = std::thread([raw = link.get()] { raw->run(); });
    } catch (const std::system_error& error) {
        return Error{ErrorCode::kResourceExhausted, "control.connect", link->peer_, error.what()};
    }
    return link;
}

Result<void> Link::request(uint64_t request_id, control::MessageType type, std::string body, std::vector<UniqueFd> fds,
                           uint32_t deadline_ms) {
    if (body.size() > control::kMaxBodyBytes || fds.size() > control::kMaxPacketFds) {
        return Error{ErrorCode::kInvalidArgument, "control.send", peer_,
                     "a request of " + std::to_string(body.size()) + " bytes is too large; a packet holds " +
                         std::to_string(control::kMaxBodyBytes)};
    }
    const std::lock_guard lock(mutex_);
    if (lost_) return Error{ErrorCode::kUnavailable, "control.send", peer_, "the connection is closed"};
    if (unsent_.empty()) {
        // Under the lock, so the reply cannot be looked up before it is awaited.
        Result<bool> sent = control::trySendPacket(socket_.get(), type, request_id, body, numbersOf(fds));
        if (!sent.ok()) return std::move(sent).error();
        if (!*sent) unsent_.push_back({request_id, type, std::move(body), std::move(fds)});
    } else {
        unsent_.push_back({request_id, type, std::move(body), std::move(fds)});
    }
    if (!unsent_.empty()) wake();
    const uint64_t deadline_ns = monotonicNs() + deadline_ms * 1'000'000ULL;
    waiting_.emplace(request_id, deadlines_.emplace(deadline_ns, request_id));
    if (deadline_ns < armed_ns_) armTimer(deadline_ns);
    return {};
}

void Link::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    wake();
    thread_.join();
    const std::lock_guard lock(mutex_);
    lost_ = true;
    socket_.reset();
    wake_.reset();
    timer_.reset();
    unsent_.clear();
}

void Link::run() {
    while (wait()) {
        std::vector<Delivery> out;
        std::optional<Error> broken = receive(out);
        if (!broken) broken = flush(out);
        expire(out);
        if (broken) fail(*broken, out);
        if (!out.empty()) sink_(std::move(out));
        if (broken) return;
    }
}

/// Waits until there is something to do; false when the owner stops the link.
bool Link::wait() {
    short interest = POLLIN;
    {
        const std::lock_guard lock(mutex_);
        if (!unsent_.empty()) interest |= POLLOUT;
    }
    pollfd wanted[3] = {{socket_.get(), interest, 0}, {wake_.get(), POLLIN, 0}, {timer_.get(), POLLIN, 0}};
    // Woken by the socket, by request() and stop(), or by the timer of the nearest deadline.
    (void)poll(wanted, 3, -1);
    uint64_t ignored = 0;
    if (wanted[1].revents != 0) (void)!read(wake_.get(), &ignored, sizeof(ignored));
    return !stopping_;
}

/// Takes what has arrived; an error ends the connection.
std::optional<Error> Link::receive(std::vector<Delivery>& out) {
    while (out.size() < kMaxBatch) {
        Result<std::optional<control::Packet>> received = control::tryReceivePacket(socket_.get());
        if (!received.ok()) {
            Error error = std::move(received).error();
            error.object = peer_;
            return error;
        }
        if (!received->has_value()) break;
        control::Packet packet = std::move(**received);
        const uint64_t id = packet.request_id;
        if (packet.type != control::MessageType::kReply) {
            out.push_back({Delivery::Kind::kEvent, 0, std::move(packet)});
        } else if (forget(id)) {
            out.push_back({Delivery::Kind::kReply, id, std::move(packet)});
        }  // else its deadline passed
    }
    return std::nullopt;
}

/// Sends what did not fit at once; an error ends the connection.
std::optional<Error> Link::flush(std::vector<Delivery>& out) {
    const std::lock_guard lock(mutex_);
    while (!unsent_.empty()) {
        Unsent& next = unsent_.front();
        const auto waiting = waiting_.find(next.request_id);
        // A request whose deadline passed is not sent: its caller was told that it failed.
        if (waiting != waiting_.end()) {
            Result<bool> sent =
                control::trySendPacket(socket_.get(), next.type, next.request_id, next.body, numbersOf(next.fds));
            if (sent.ok() && !*sent) break;
            if (!sent.ok() && sent.error().code == ErrorCode::kUnavailable) return std::move(sent).error();
            if (!sent.ok()) {
                out.push_back({Delivery::Kind::kReply, next.request_id, std::move(sent).error()});
                deadlines_.erase(waiting->second);
                waiting_.erase(waiting);
            }
        }
        unsent_.pop_front();
    }
    return std::nullopt;
}

void Link::expire(std::vector<Delivery>& out) {
    const std::lock_guard lock(mutex_);
    const uint64_t now_ns = monotonicNs();
    if (armed_ns_ > now_ns) return;
    while (!deadlines_.empty() && deadlines_.begin()->first <= now_ns) {
        const uint64_t id = deadlines_.begin()->second;
        deadlines_.erase(deadlines_.begin());
        waiting_.erase(id);
        out.push_back({Delivery::Kind::kReply, id,
                       Error{ErrorCode::kDeadlineExceeded, "control.call", peer_, "it did not answer in time"}});
    }
    uint64_t ignored = 0;
    (void)!read(timer_.get(), &ignored, sizeof(ignored));
    armed_ns_ = UINT64_MAX;
    if (!deadlines_.empty()) armTimer(deadlines_.begin()->first);
}

/// Answers all that wait, and says that this is the end.
void Link::fail(const Error& error, std::vector<Delivery>& out) {
    const std::lock_guard lock(mutex_);
    lost_ = true;
    for (const auto& [deadline_ns, id] : deadlines_) out.push_back({Delivery::Kind::kReply, id, error});
    deadlines_.clear();
    waiting_.clear();
    unsent_.clear();
    out.push_back({Delivery::Kind::kClosed, 0, error});
}

bool Link::forget(uint64_t request_id) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(request_id);
    if (found == waiting_.end()) return false;
    deadlines_.erase(found->second);
    waiting_.erase(found);
    return true;
}

void Link::armTimer(uint64_t deadline_ns) {
    itimerspec when{};
    when.it_value.tv_sec = static_cast<time_t>(deadline_ns / 1'000'000'000ULL);
    when.it_value.tv_nsec = static_cast<long>(deadline_ns % 1'000'000'000ULL);
    timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
    armed_ns_ = deadline_ns;
}

void Link::wake() {
    const uint64_t one = 1;
    (void)!write(wake_.get(), &one, sizeof(one));
}

}  // namespace farfork::addon
