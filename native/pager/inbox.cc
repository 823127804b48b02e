// SPDX-License-Identifier: Apache-2.0
#include <sys/eventfd.h>
#include <unistd.h>

#include "pager/worker.h"

namespace farfork {

WorkerInbox::WorkerInbox() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    assert(event_.valid());
}

void WorkerInbox::wakeUp() {
    if (!asleep_.load(std::memory_order_seq_cst)) return;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t wrote = write(event_.get(), &one, sizeof one);
}

void WorkerInbox::post(Item item) {
    {
        const std::lock_guard lock(mutex_);
        items_.push_back(std::move(item));
    }
    // Sequentially consistent with the worker's "asleep, then look again": one of the two sees the other.
    filled_.store(true, std::memory_order_seq_cst);
    wakeUp();
}

void WorkerInbox::stop() {
    stopped_.store(true, std::memory_order_seq_cst);
    wakeUp();
}

std::vector<WorkerInbox::Item> WorkerInbox::take() {
    const std::lock_guard lock(mutex_);
    filled_.store(false, std::memory_order_release);
    return std::move(items_);
}

void WorkerInbox::clearEvent() {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(event_.get(), &count, sizeof count);
}

}  // namespace farfork
