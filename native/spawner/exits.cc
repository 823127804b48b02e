// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "spawner/outputs.h"
#include "spawner/spawner.h"

namespace farfork {

void Spawner::reap() {
    int wait_status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &wait_status, WNOHANG | __WALL)) > 0;) {
        // What it said before it ended comes first: its packets were sent before the exit that was just reaped.
        readStatuses();
        processExited(pid, wait_status);
    }
}

void Spawner::processExited(pid_t pid, int wait_status) {
    if (const auto child = by_pid_.find(pid); child != by_pid_.end()) {
        const std::shared_ptr<Child> ended = child->second;
        by_pid_.erase(child);
        return childExited(ended, wait_status);
    }
    if (const auto cell = by_cell_.find(pid); cell != by_cell_.end()) {
        const std::shared_ptr<Child> owner = cell->second;
        by_cell_.erase(cell);
        return cellExited(owner);
    }
    if (pool_->forgetExited(pid)) return;
    const auto process = std::ranges::find_if(templates_, [&](const auto& t) { return t.second->process.pid == pid; });
    if (process != templates_.end()) {
        const std::shared_ptr<Seed> seed = process->second;
        return templateExited(seed, wait_status);
    }
    // A child that ended before it said anything; or an orphan of a parent, about which nobody asks.
    for (const auto& [serial, child] : by_serial_) {
        if (child->state != ChildState::kStarting || child->pid != 0) continue;
        if (child->seed->process.pidOf(serial, child->slot) != pid) continue;
        child->pid = pid;
        const std::shared_ptr<Child> ended = child;
        return childExited(ended, wait_status);
    }
}

void Spawner::childExited(const std::shared_ptr<Child>& child, int wait_status) {
    child->process_gone = true;
    child->exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
    child->signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
    if (child->state == ChildState::kStarting) {
        const std::string how = child->signal != 0 ? "signal " + std::to_string(child->signal)
                                                   : "exit code " + std::to_string(child->exit_code);
        return failChild(child, {ErrorCode::kResumeFailed, "restorer.run", "child " + child->id,
                                 "it ended before its first instruction: " + how, 0});
    }
    if (child->state == ChildState::kRunning) {
        child->state = ChildState::kStopping;
        const control::ChildExited event{child->id, child->exit_code, child->signal,
                                         control::toWire(child->stop_error)};
        broadcast(control::MessageType::kChildExited, control::encodeMessage(event));
    }
    if (child->cell_pid != 0) {
        kill(child->cell_pid, SIGTERM);
    } else {
        finish(child);
    }
}

void Spawner::cellExited(const std::shared_ptr<Child>& child) {
    child->cell_pid = 0;
    if (child->state == ChildState::kStarting) {
        failChild(child, {ErrorCode::kCellFailed, "spawner.cell", "child " + child->id, "its cell ended", 0});
    }
    // A child that is not reaped yet is being killed with its namespace; its exit finishes the record.
    if (child->process_gone || child->pid == 0) finish(child);
}

/// Nothing of it runs any more. The record of one that had started stays until ForgetChild.
void Spawner::finish(const std::shared_ptr<Child>& child) {
    if (child->cell_pid != 0 || child->state == ChildState::kGone) return;
    child->state = ChildState::kGone;
    for (const UniqueFd* output : {&child->stdout_kept, &child->stderr_kept}) {
        if (output->valid()) trimOutput(output->get());
    }
    by_serial_.erase(child->serial);
    if (!child->started) children_.erase(child->id);
    const auto pager = connections_.find(pager_fd_);
    if (!child->attached || pager == connections_.end()) return;
    const control::DetachChild message{child->id};
    send(*pager->second, pager->second->send(control::MessageType::kDetachChild, 0, control::encodeMessage(message)));
}

}  // namespace farfork
