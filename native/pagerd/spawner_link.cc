// SPDX-License-Identifier: Apache-2.0
#include "pagerd/spawner_link.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace farfork::pagerd {

using control::MessageType;

namespace {

constexpr uint32_t kLongestPauseMs = 100;  // between attempts to connect
constexpr uint32_t kReceiveSliceMs = 500;  // only how soon a stop is noticed
constexpr uint32_t kRegisterTimeoutMs = 5000;

Error spawnerLost(std::string detail) {
    return Error{ErrorCode::kSpawnerLost, "pager.spawner", "spawner", std::move(detail)};
}

std::chrono::steady_clock::time_point timePoint(uint64_t monotonic_ns) {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(monotonic_ns));
}

uint64_t deadlineIn(uint32_t timeout_ms) {
    return monotonicNs() + timeout_ms * 1'000'000ULL;
}

}  // namespace

SpawnerLink::SpawnerLink(std::string socket_path, Callbacks callbacks)
    : path_(std::move(socket_path)), callbacks_(std::move(callbacks)), thread_([this] { run(); }) {}

SpawnerLink::~SpawnerLink() {
    stop();
    thread_.join();
}

void SpawnerLink::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        if (connection_) shutdown(connection_->socket.get(), SHUT_RDWR);
    }
    failPending();
}

void SpawnerLink::run() {
    prctl(PR_SET_NAME, "pager-spawner");
    uint32_t pause_ms = 0;
    while (!stopped_) {
        Result<UniqueFd> socket = control::connectTo(path_, 0);
        if (socket.ok()) {
            serve(std::make_shared<Connection>(Connection{std::move(socket).value()}));
            pause_ms = 0;
        }
        pause_ms = std::min(kLongestPauseMs, pause_ms + 5);
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::milliseconds(pause_ms), [this] { return stopped_.load(); });
    }
}

/// Registers, adopts what is open, and handles packets until the connection ends. Requests wait for their replies on
/// other threads, so the ones made here run on a helper thread.
void SpawnerLink::serve(const std::shared_ptr<Connection>& connection) {
    const std::vector<std::shared_ptr<Seed>> seeds = callbacks_.seeds();
    std::thread introduction([this, connection, seeds] {
        const control::PagerRegister hello{static_cast<uint32_t>(getpid())};
        const uint64_t deadline_ns = deadlineIn(kRegisterTimeoutMs);
        Result<void> done = call(connection, MessageType::kPagerRegister, encodeMessage(hello), {}, deadline_ns);
        for (size_t index = 0; done.ok() && index < seeds.size(); ++index) {
            if (!seeds[index]->failed()) done = adoptOn(connection, *seeds[index], deadline_ns);
        }
        if (!done.ok()) {
            shutdown(connection->socket.get(), SHUT_RDWR);
            return;
        }
        const std::lock_guard lock(mutex_);
        connection_ = connection;
        changed_.notify_all();
    });
    while (!stopped_) {
        Result<control::Packet> packet = control::receivePacket(connection->socket.get(), kReceiveSliceMs);
        if (packet.ok()) {
            take(std::move(packet).value());
        } else if (packet.error().code != ErrorCode::kDeadlineExceeded) {
            break;
        }
    }
    shutdown(connection->socket.get(), SHUT_RDWR);
    failPending();
    introduction.join();
    {
        const std::lock_guard lock(mutex_);
        connection_ = nullptr;
    }
    failPending();
    if (!stopped_) callbacks_.lost();
}

void SpawnerLink::take(control::Packet packet) {
    if (packet.type == MessageType::kAttachChild && packet.fds.size() == 1) {
        Result<control::AttachChild> attach = control::decodeMessage<control::AttachChild>(packet.body);
        if (attach.ok()) callbacks_.attach(attach.value(), std::move(packet.fds[0]));
    } else if (packet.type == MessageType::kDetachChild) {
        Result<control::DetachChild> detach = control::decodeMessage<control::DetachChild>(packet.body);
        if (detach.ok()) callbacks_.detach(detach->child_id);
    } else if (packet.type == MessageType::kReply) {
        const Result<control::Ack> reply = control::decodeReply<control::Ack>(packet.body);
        const std::lock_guard lock(mutex_);
        const auto found = pending_.find(packet.request_id);
        if (found == pending_.end()) return;
        found->second.finished = true;
        if (!reply.ok()) found->second.error = reply.error();
        changed_.notify_all();
    }
}

void SpawnerLink::failPending() {
    const std::lock_guard lock(mutex_);
    for (auto& [id, pending] : pending_) {
        if (pending.finished) continue;
        pending.finished = true;
        pending.error = spawnerLost("the spawner closed the connection");
    }
    changed_.notify_all();
}

Result<void> SpawnerLink::call(const std::shared_ptr<Connection>& connection, MessageType type, const std::string& body,
                               std::span<const int> fds, uint64_t deadline_ns) {
    uint64_t id = 0;
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) return spawnerLost("the pager is shutting down");
        id = next_request_++;
        pending_[id] = {};
    }
    const uint64_t now_ns = monotonicNs();
    const uint32_t left_ms = now_ns < deadline_ns ? static_cast<uint32_t>((deadline_ns - now_ns) / 1'000'000) + 1 : 1;
    Result<void> sent = control::sendPacket(connection->socket.get(), type, id, body, fds, left_ms);
    std::unique_lock lock(mutex_);
    if (!sent.ok()) {
        pending_.erase(id);
        return spawnerLost(sent.error().detail);
    }
    changed_.wait_until(lock, timePoint(deadline_ns), [&] { return pending_[id].finished; });
    const Pending outcome = pending_[id];
    pending_.erase(id);
    if (!outcome.finished) {
        return Error{ErrorCode::kDeadlineExceeded, "pager.spawner", "spawner", "it did not acknowledge in time"};
    }
    if (outcome.error) return *outcome.error;
    return {};
}

Result<void> SpawnerLink::adoptOn(const std::shared_ptr<Connection>& connection, const Seed& seed,
                                  uint64_t deadline_ns) {
    const int fds[] = {seed.descriptor_fd.get(), seed.plan_fd.get(), seed.image->fd()};
    return call(connection, MessageType::kAdoptSeed, encodeMessage(control::AdoptSeed{seed.id}), fds, deadline_ns);
}

Result<void> SpawnerLink::adopt(const Seed& seed, uint32_t timeout_ms) {
    const uint64_t deadline_ns = deadlineIn(timeout_ms);
    std::shared_ptr<Connection> connection;
    {
        std::unique_lock lock(mutex_);
        changed_.wait_until(lock, timePoint(deadline_ns), [this] { return connection_ != nullptr || stopped_; });
        connection = connection_;
    }
    if (connection == nullptr) return spawnerLost("no spawner listens at " + path_);
    return adoptOn(connection, seed, deadline_ns);
}

void SpawnerLink::drop(const std::string& seed_id) {
    std::shared_ptr<Connection> connection;
    {
        const std::lock_guard lock(mutex_);
        connection = connection_;
    }
    if (connection == nullptr) return;
    (void)control::sendMessage(connection->socket.get(), MessageType::kDropSeed, 0, control::DropSeed{seed_id}, {},
                               1000);
}

bool SpawnerLink::killChild(const std::string& child_id, const Error& error) {
    std::shared_ptr<Connection> connection;
    {
        const std::lock_guard lock(mutex_);
        connection = connection_;
    }
    if (connection == nullptr) return false;
    const control::KillChild message{child_id, control::toWire(error)};
    return control::sendMessage(connection->socket.get(), MessageType::kKillChild, 0, message, {}, 1000).ok();
}

}  // namespace farfork::pagerd
