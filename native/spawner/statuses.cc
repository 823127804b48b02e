// SPDX-License-Identifier: Apache-2.0
//
// What templates and children say on their way, and what follows from it.
#include <sys/socket.h>

#include <algorithm>
#include <csignal>

#include "base/clock.h"
#include "restorer/steps.h"
#include "spawner/spawner.h"

namespace farfork {

void Spawner::readStatuses() {
    ff_status status;
    while (recv(status_receiver_.get(), &status, sizeof(status), MSG_DONTWAIT) == sizeof(status)) onStatus(status);
    pump();
}

void Spawner::onStatus(const ff_status& status) {
    const auto process = templates_.find(status.template_serial);
    if (status.kind == FF_STATUS_READY) return templateReady(status.template_serial);
    if (status.kind == FF_STATUS_FAILED && status.serial == 0) {
        if (process == templates_.end()) return;
        const Seed& seed = *process->second;
        return templateFailed(status.template_serial, restorerError(status, *seed.descriptor, *seed.plan));
    }
    const auto found = by_serial_.find(status.serial);
    if (found == by_serial_.end()) return;  // given up meanwhile; it cannot live without its cell
    const std::shared_ptr<Child> child = found->second;
    if (status.host_pid > 0) learnPid(child, status.host_pid);
    if (status.kind == FF_STATUS_STARTED) childStarted(child, status);
    if (status.kind == FF_STATUS_FAILED) {
        failChild(child, restorerError(status, *child->seed->descriptor, *child->seed->plan));
    }
}

void Spawner::learnPid(const std::shared_ptr<Child>& child, pid_t pid) {
    if (pid <= 0 || child->pid != 0) return;
    child->pid = pid;
    by_pid_[pid] = child;
    if (child->state == ChildState::kStopping) kill(pid, SIGKILL);
}

void Spawner::leaveStarting(Child& child) {
    --starting_;
    child.seed->slots_used &= ~(uint64_t{1} << child.slot);
}

void Spawner::childStarted(const std::shared_ptr<Child>& child, const ff_status& status) {
    if (child->state != ChildState::kStarting || child->reported) return;
    leaveStarting(*child);
    child->state = ChildState::kRunning;
    child->reported = child->started = true;
    child->started_unix_ms = unixMs();
    const control::ChildStarted event{child->id,
                                      child->seed->id,
                                      child->seed->descriptor->processes()[0].pid,
                                      static_cast<uint32_t>(child->pid),
                                      child->requested_ns,
                                      child->received_ns,
                                      status.time_ns,
                                      child->stdout_kept.get(),
                                      child->stderr_kept.get()};
    broadcast(control::MessageType::kChildStarted, control::encodeMessage(event));
}

/// The child will not start (or, once it runs, is stopped): says so once, and takes back what was made for it.
void Spawner::failChild(const std::shared_ptr<Child>& child, const Error& error) {
    if (child->state == ChildState::kQueued) std::erase(queue_, child);
    if (child->state == ChildState::kStarting) {
        learnPid(child, child->seed->process.pidOf(child->serial, child->slot));
        leaveStarting(*child);
    }
    const bool had_cell = child->state != ChildState::kQueued;
    child->control.reset();
    child->state = ChildState::kStopping;
    if (!child->reported) {
        child->reported = true;
        const control::ChildFailed event{child->id, child->seed->id, control::toWire(error)};
        broadcast(control::MessageType::kChildFailed, control::encodeMessage(event));
    }
    if (!had_cell) return finish(child);
    stopChild(child);
}

/// Ends its process, then its cell: in this order, so that nothing in it runs on once its pages have no keeper.
void Spawner::stopChild(const std::shared_ptr<Child>& child) {
    if (child->pid != 0 && !child->process_gone) kill(child->pid, SIGKILL);
    if (child->state == ChildState::kRunning && !child->process_gone) return;  // its exit does the rest
    if (child->cell_pid != 0) kill(child->cell_pid, SIGTERM);
}

}  // namespace farfork
