// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pager/worker.h"

namespace farfork {

void PagerWorker::fetch(Space& space, const Fault& fault, uint64_t image_address) {
    const uint64_t chunk = image_address & ~(kFetchChunkBytes - 1);
    const PageRange page{image_address, image_address + kPageBytes};
    const bool on_its_way = chunk < space.next_miss && chunk + kFetchChunkBytes + space.ahead_bytes >= space.next_miss;
    if (!on_its_way) countFetched(space, {chunk, chunk + kFetchChunkBytes});
    space.child->seed->image->ensurePresent({&page, 1}, [inbox = inbox_, fault](const Result<void>& result) {
        WorkerInbox::Fetched fetched{fault.space, fault.address, fault.write, std::nullopt};
        if (!result.ok()) fetched.error = result.error();
        inbox->post(std::move(fetched));
    });
    if (!on_its_way) readAhead(space, chunk);
}

/// A miss where the last one's bytes ended is a sequential reader: what is fetched ahead doubles. Any other miss
/// fetches its own chunk only.
void PagerWorker::readAhead(Space& space, uint64_t chunk) {
    const std::shared_ptr<Image>& image = space.child->seed->image;
    if (!image->isRemote()) return;
    const uint64_t next = chunk + kFetchChunkBytes;
    const uint64_t doubled = std::max(kFetchChunkBytes, 2 * space.ahead_bytes);
    space.ahead_bytes = chunk == space.next_miss ? std::min(options_.read_ahead_bytes, doubled) : 0;
    space.next_miss = next + space.ahead_bytes;
    if (space.ahead_bytes == 0) return;
    const PageRange ahead{next, next + space.ahead_bytes};
    countFetched(space, ahead);
    image->ensurePresent(
        {&ahead, 1}, [](const Result<void>&) {}, Image::Urgency::kBackground);
}

void PagerWorker::countFetched(Space& space, const PageRange& range) {
    const uint64_t absent = space.child->seed->image->absentPages(range);
    space.child->counters.pages_fetched.fetch_add(absent, std::memory_order_relaxed);
    space.child->seed->counters.pages_fetched.fetch_add(absent, std::memory_order_relaxed);
}

}  // namespace farfork
