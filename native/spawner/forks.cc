// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/clock.h"
#include "spawner/decode.h"
#include "spawner/outputs.h"
#include "spawner/spawner.h"

namespace farfork {
namespace {

/// The whole AttachChild packet, so that the embryo needs no encoder; the host pid, which only the child finds out, is
/// its last field.
bool encodeAttach(const Child& child, ff_request& request) {
    const std::string body = control::encodeMessage(control::AttachChild{child.id, child.seed->id, 0});
    control::PacketHeader header{.type = static_cast<uint16_t>(control::MessageType::kAttachChild),
                                 .request_id = 0,
                                 .body_bytes = static_cast<uint32_t>(body.size()),
                                 .fd_count = 1};
    const size_t total = sizeof(header) + body.size();
    if (total > sizeof(request.attach)) return false;
    std::memcpy(request.attach, &header, sizeof(header));
    std::memcpy(request.attach + sizeof(header), body.data(), body.size());
    request.attach_size = static_cast<uint32_t>(total);
    request.attach_pid_offset = static_cast<uint32_t>(total - sizeof(uint32_t));
    return true;
}

/// Opened in the node's own name space; invalid: none.
Result<UniqueFd> openStdin(const std::string& path) {
    UniqueFd input;
    if (path.empty()) return input;
    // Non-blocking while it is opened: a FIFO without its other end must not stop the spawner.
    input.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!input.valid()) {
        return makeErrno(errno == ENOENT ? ErrorCode::kFileMissing : ErrorCode::kInvalidArgument, "spawner.stdio", path,
                         "open", errno);
    }
    fcntl(input.get(), F_SETFL, 0);
    return input;
}

}  // namespace

void Spawner::fork(Connection& from, control::Packet& packet) {
    const uint64_t received_ns = monotonicNs();
    const auto message = decodeFrom<control::Fork>(from, packet);
    if (!message) return;
    if (Result<void> queued = enqueue(*message, packet); !queued.ok()) {
        return send(from, from.replyError(packet.request_id, queued.error()));
    }
    const size_t count = message->children.size();
    for (size_t index = queue_.size() - count; index < queue_.size(); ++index) queue_[index]->received_ns = received_ns;
    pump();
    // A wake-up of the agent costs tens of microseconds that a child which comes alone would wait for: its template
    // shares this processor.
    const bool alone = count == 1 && starting_ == 1 && queue_.empty();
    if (!alone) return send(from, from.reply(packet.request_id, control::Ack{}));
    from.defer(control::MessageType::kReply, packet.request_id, control::encodeReply(control::Ack{}));
    deferred_.push_back(from.fd());
}

void Spawner::flushDeferred() {
    for (const int fd : deferred_) {
        const auto found = connections_.find(fd);
        if (found != connections_.end()) send(*found->second, found->second->flush());
    }
    deferred_.clear();
}

Result<void> Spawner::enqueue(const control::Fork& message, control::Packet& packet) {
    const std::string object = "seed " + message.seed_id;
    const auto found = seeds_.find(message.seed_id);
    if (found == seeds_.end()) {
        return Error{ErrorCode::kSeedNotOpen, "spawner.fork", object, "the pager has not handed it over", 0};
    }
    const auto refused = [&](std::string detail) {
        return Error{ErrorCode::kInvalidArgument, "spawner.fork", object, std::move(detail), 0};
    };
    if (message.children.size() > control::kMaxChildrenPerFork) return refused("too many children in one packet");
    size_t controls = 0;
    for (size_t index = 0; index < message.children.size(); ++index) {
        const control::ForkChild& child = message.children[index];
        controls += child.has_control ? 1 : 0;
        const auto same = [&](const control::ForkChild& other) { return other.child_id == child.child_id; };
        const auto rest = message.children.begin() + static_cast<ptrdiff_t>(index) + 1;
        if (child.child_id.empty() || child.child_id.size() > 128 || children_.count(child.child_id) != 0 ||
            std::any_of(rest, message.children.end(), same)) {
            return refused("child id \"" + child.child_id + "\" is empty, too long, or in use");
        }
    }
    if (controls != packet.fds.size()) return refused("the number of control sockets is wrong");
    const uint64_t now_ns = monotonicNs();
    size_t next_fd = 0;
    for (const control::ForkChild& request : message.children) {
        auto child = std::make_shared<Child>();
        child->id = request.child_id;
        child->serial = next_serial_++;
        child->seed = found->second;
        child->request = request;
        if (request.has_control) child->control = std::move(packet.fds[next_fd++]);
        child->requested_ns = message.requested_at_monotonic_ns;
        child->deadline_ns = now_ns + std::max<uint64_t>(message.deadline_ms, 1) * 1'000'000ULL;
        child->started_unix_ms = unixMs();
        next_deadline_ns_ = std::min(next_deadline_ns_, child->deadline_ns);
        children_[child->id] = child;
        by_serial_[child->serial] = child;
        queue_.push_back(child);
    }
    return {};
}

/// Starts queued children for as long as there are cells and the templates take requests.
void Spawner::pump() {
    while (!queue_.empty() && pool_->ready() != 0) {
        const std::shared_ptr<Child> child = queue_.front();
        if (!child->seed->ready) return;                      // its template is being started anew
        if (child->seed->slots_used == ~uint64_t{0}) return;  // as many as may be on their way
        Result<bool> started = start(child);
        if (!started.ok()) {
            failChild(child, started.error());
            continue;
        }
        if (!*started) return;
        queue_.pop_front();
    }
}

Result<bool> Spawner::start(const std::shared_ptr<Child>& child) {
    Result<UniqueFd> input = openStdin(child->request.stdin_path);
    if (!input.ok()) return std::move(input).error();
    for (UniqueFd* output : {&child->stdout_kept, &child->stderr_kept}) {
        if (output->valid()) continue;  // it was about to be started before
        Result<UniqueFd> made = makeOutput();
        if (!made.ok()) return std::move(made).error();
        *output = std::move(*made);
    }
    ff_request request;
    request.serial = child->serial;
    child->slot = static_cast<uint32_t>(std::countr_one(child->seed->slots_used));
    request.slot = child->slot;
    request.deadline_ns = child->deadline_ns;
    request.fds = FF_FD_CELL | FF_FD_KEEP | (input->valid() ? uint32_t{FF_FD_STDIN} : 0U) | FF_FD_STDOUT |
                  FF_FD_STDERR | (child->control.valid() ? uint32_t{FF_FD_CONTROL} : 0U);
    request.namespaces = static_cast<uint32_t>(cellNamespaces(pool_->options()));
    request.inherit_files = child->request.inherit_files ? 1 : 0;
    request.inherit_stdio = child->request.inherit_stdio ? 1 : 0;
    const bool alone = queue_.size() == 1 && starting_ == 0;
    bindTemplate(child->seed->process, alone, machine_.affinity);
    request.flags = child->seed->process.bound_cpu >= 0 ? FF_REQUEST_BOUND : 0;
    if (!encodeAttach(*child, request)) {
        return Error{ErrorCode::kInvalidArgument, "spawner.fork", "child " + child->id, "its ids are too long", 0};
    }
    std::optional<Cell> cell = pool_->take();
    if (!cell) return false;
    std::vector<int> fds{cell->pidfd.get(), cell->keep.get()};
    if (input->valid()) fds.push_back(input->get());
    fds.insert(fds.end(), {child->stdout_kept.get(), child->stderr_kept.get()});
    if (child->control.valid()) fds.push_back(child->control.get());
    Result<bool> sent = sendRequest(child->seed->process, request, fds);
    if (!sent.ok() || !*sent) {
        pool_->giveBack(std::move(*cell));
        // It ended, and will be reaped in a moment: the child waits for the next one.
        if (!sent.ok()) child->seed->ready = false;
        return false;
    }
    child->cell_pid = cell->init_pid;
    by_cell_[cell->init_pid] = child;
    child->control.reset();
    child->state = ChildState::kStarting;
    child->attached = true;
    child->seed->slots_used |= uint64_t{1} << child->slot;
    ++starting_;
    return true;
}

}  // namespace farfork
