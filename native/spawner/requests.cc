// SPDX-License-Identifier: Apache-2.0
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "spawner/decode.h"
#include "spawner/spawner.h"

namespace farfork {

using control::MessageType;

void Spawner::send(Connection& to, bool alive) {
    if (!alive) {
        // The event loop drops it: it may be in use further up the stack.
        shutdown(to.fd(), SHUT_RDWR);
    } else if (to.wantsWrite()) {
        watch(to.fd(), EPOLLIN | EPOLLOUT);
    }
}

void Spawner::broadcast(MessageType type, const std::string& body) {
    for (const auto& [fd, connection] : connections_) {
        if (connection->role == Connection::Role::kAgent) send(*connection, connection->send(type, 0, body));
    }
}

void Spawner::handle(Connection& from, control::Packet packet) {
    switch (packet.type) {
        case MessageType::kPagerRegister:
        case MessageType::kAdoptSeed:
        case MessageType::kDropSeed:
        case MessageType::kKillChild:
            return handlePager(from, packet);
        default:
            break;
    }
    if (from.role == Connection::Role::kUnknown) from.role = Connection::Role::kAgent;
    switch (packet.type) {
        case MessageType::kFork:
            return fork(from, packet);
        case MessageType::kRunParent:
            return runParent(from, packet);
        case MessageType::kConfigurePool:
            return configurePool(from, packet);
        case MessageType::kKill:
            return killChild(from, packet);
        case MessageType::kListChildren:
            return listChildren(from, packet);
        case MessageType::kForgetChild:
            return forgetChild(from, packet);
        case MessageType::kSpawnerHello: {
            const control::SpawnerHelloReply reply{static_cast<uint32_t>(getpid()), static_cast<uint32_t>(pager_pid_),
                                                   static_cast<uint32_t>(pool_->ready())};
            return send(from, from.reply(packet.request_id, reply));
        }
        case MessageType::kSpawnerShutdown:
            from.reply(packet.request_id, control::Ack{});
            ending_ = true;
            return;
        default:
            send(from, from.replyError(packet.request_id, {ErrorCode::kControlProtocol, "spawner.request",
                                                           "message " + std::to_string(static_cast<int>(packet.type)),
                                                           "the spawner does not know it", 0}));
    }
}

void Spawner::handlePager(Connection& from, control::Packet& packet) {
    if (packet.type == MessageType::kPagerRegister) return registerPager(from, packet);
    if (from.fd() != pager_fd_) {
        return send(from, from.replyError(packet.request_id, {ErrorCode::kControlProtocol, "spawner.request", "pager",
                                                              "only the registered pager may say this", 0}));
    }
    if (packet.type == MessageType::kAdoptSeed) return adoptSeed(from, packet);
    if (packet.type == MessageType::kDropSeed) {
        const auto message = decodeFrom<control::DropSeed>(from, packet);
        if (!message) return;
        dropSeed(message->seed_id);
    } else {
        const auto message = decodeFrom<control::KillChild>(from, packet);
        if (!message) return;
        const auto found = children_.find(message->child_id);
        if (found != children_.end() && !found->second->isParent()) {
            found->second->stop_error = control::fromWire(message->error);
            stopChild(found->second);
        }
    }
    if (packet.request_id != 0) send(from, from.reply(packet.request_id, control::Ack{}));
}

void Spawner::configurePool(Connection& from, const control::Packet& packet) {
    const auto message = decodeFrom<control::ConfigurePool>(from, packet);
    if (!message) return;
    constexpr uint32_t kMaxReadyCells = 4096;
    if (message->ready_cells > kMaxReadyCells) {
        return send(from, from.replyError(packet.request_id,
                                          {ErrorCode::kInvalidArgument, "spawner.pool",
                                           std::to_string(message->ready_cells) + " cells", "at most 4096", 0}));
    }
    CellOptions options = pool_->options();
    options.private_network = message->private_network;
    if (options == pool_->options()) {
        pool_->setTarget(message->ready_cells);
        return send(from, from.reply(packet.request_id, control::Ack{}));
    }
    Result<CellPool> pool = CellPool::make(options, message->ready_cells);
    if (!pool.ok()) return send(from, from.replyError(packet.request_id, pool.error()));
    pool_ = std::make_unique<CellPool>(std::move(*pool));
    watch(pool_->newsFd(), EPOLLIN);
    send(from, from.reply(packet.request_id, control::Ack{}));
}

void Spawner::listChildren(Connection& from, const control::Packet& packet) {
    const auto message = decodeFrom<control::ListChildren>(from, packet);
    if (!message) return;
    constexpr size_t kReplyBytes = control::kMaxBodyBytes / 2;
    constexpr size_t kRecordBytes = 64;  // the numbers of a record, generously
    control::ListChildrenReply reply;
    size_t bytes = 0;
    for (auto entry = children_.upper_bound(message->after_id); entry != children_.end(); ++entry) {
        const Child& child = *entry->second;
        bytes += kRecordBytes + child.id.size() + (child.seed ? child.seed->id.size() : 0);
        if (bytes > kReplyBytes) {
            reply.more = true;
            break;
        }
        control::ChildRecord record;
        record.id = child.id;
        if (child.seed) {
            record.seed_id = child.seed->id;
            record.pid = child.seed->descriptor->processes()[0].pid;
        } else {
            record.pid = child.pid;
        }
        record.host_pid = static_cast<uint32_t>(child.pid);
        record.exited = child.state == ChildState::kGone;
        record.exit_code = child.exit_code;
        record.signal = child.signal;
        record.started_at_unix_ms = child.started_unix_ms;
        record.stdout_fd = child.stdout_kept.get();
        record.stderr_fd = child.stderr_kept.get();
        reply.children.push_back(std::move(record));
    }
    send(from, from.reply(packet.request_id, reply));
}

void Spawner::forgetChild(Connection& from, const control::Packet& packet) {
    const auto message = decodeFrom<control::ForgetChild>(from, packet);
    if (!message) return;
    const auto found = children_.find(message->id);
    if (found == children_.end() || found->second->state != ChildState::kGone) {
        const bool unknown = found == children_.end();
        return send(
            from, from.replyError(packet.request_id,
                                  {unknown ? ErrorCode::kChildNotFound : ErrorCode::kInvalidArgument, "spawner.forget",
                                   "child " + message->id, unknown ? "no child has this id" : "it has not ended", 0}));
    }
    children_.erase(found);
    send(from, from.reply(packet.request_id, control::Ack{}));
}

void Spawner::killChild(Connection& from, const control::Packet& packet) {
    const auto message = decodeFrom<control::Kill>(from, packet);
    if (!message) return;
    const auto found = children_.find(message->id);
    const auto refuse = [&](ErrorCode code, std::string detail) {
        send(from,
             from.replyError(packet.request_id, {code, "spawner.kill", "child " + message->id, std::move(detail), 0}));
    };
    if (found == children_.end()) return refuse(ErrorCode::kChildNotFound, "no child has this id");
    if (message->signal < 1 || message->signal > 64) return refuse(ErrorCode::kInvalidArgument, "no such signal");
    const std::shared_ptr<Child> child = found->second;
    const bool not_started = child->pending();
    if (not_started && message->signal != SIGKILL && message->signal != SIGTERM) {
        return refuse(ErrorCode::kInvalidArgument, "it has not started yet: only SIGKILL and SIGTERM cancel it");
    }
    if (not_started) {
        failChild(child,
                  {ErrorCode::kCancelled, "spawner.kill", "child " + child->id, "it was killed before it started", 0});
    } else if (child->state == ChildState::kRunning && child->pid != 0 && !child->process_gone) {
        kill(child->pid, message->signal);
    }
    send(from, from.reply(packet.request_id, control::Ack{}));
}

}  // namespace farfork
