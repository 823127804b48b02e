// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "pager/worker.h"

namespace farfork {

namespace {

alignas(4096) constexpr std::byte kZeroPage[kPageBytes]{};

void addPages(PagerChild& child, std::atomic<uint64_t> PageCounters::*counter, uint64_t bytes) {
    (child.counters.*counter).fetch_add(bytes / kPageBytes, std::memory_order_relaxed);
    (child.seed->counters.*counter).fetch_add(bytes / kPageBytes, std::memory_order_relaxed);
}

/// The aligned window of `pages` (a power of two) around an address, within bounds.
PageRange windowAround(uint64_t address, uint64_t pages, const PageRange& bounds) {
    const uint64_t bytes = pages * kPageBytes;
    const uint64_t start = address & ~(bytes - 1);
    return {std::max(start, bounds.start), std::min(start + bytes, bounds.end)};
}

std::string addressText(const char* what, uint64_t address) {
    char text[64];
    std::snprintf(text, sizeof text, "%s at 0x%" PRIx64, what, address);
    return text;
}

}  // namespace

void PagerWorker::answer(const Fault& fault) {
    const auto found = spaces_.find(fault.space);
    if (found == spaces_.end() || found->second->child->failed) return;
    Space& space = *found->second;
    const Place place = space.map.lookup(fault.address);
    switch (place.meaning) {
        case Place::Meaning::kZero:
            return answerZero(space, fault, place);
        case Place::Meaning::kPastEnd:
            return answerPastEnd(space, fault);
        case Place::Meaning::kImage:
        case Place::Meaning::kCopy:
            return answerImage(space, fault, place);
    }
}

void PagerWorker::answerImage(Space& space, const Fault& fault, const Place& place) {
    const Image& image = *space.child->seed->image;
    const Layout& layout = image.layout();
    const size_t index = layout.firstAbove(place.image_address);
    const bool inside = index < layout.extents.size() && layout.extents[index].range.start <= place.image_address;
    if (!inside) {
        if (place.file_backed) return answerPastEnd(space, fault);
        // Zeros up to the next extents on both sides.
        Place hole = place;
        const PageRange here{place.image_address - (fault.address - place.start),
                             place.image_address + (place.end - fault.address)};
        if (index > 0 && layout.extents[index - 1].range.end > here.start) {
            hole.start = place.start + (layout.extents[index - 1].range.end - here.start);
        }
        if (index < layout.extents.size() && layout.extents[index].range.start < here.end) {
            hole.end = place.end - (here.end - layout.extents[index].range.start);
        }
        return answerZero(space, fault, hole);
    }
    if (place.removed && layout.extents[index].origin == LayoutExtent::Origin::kTwin) {
        return fail(space.child, Error{ErrorCode::kFaultFailed, "pager.fault", "child " + space.child->id,
                                       addressText("dropped its copy of a private file mapping", fault.address) +
                                           "; the file's own bytes are not carried"});
    }
    const bool copies = place.meaning == Place::Meaning::kCopy;
    const uint64_t pages = copies ? options_.copy_around_pages : options_.fault_around_pages;
    const uint64_t shift = place.image_address - fault.address;
    const PageRange window = windowAround(fault.address, pages, {place.start, place.end});
    PageRange run = image.presentRun(place.image_address, {window.start + shift, window.end + shift});
    if (run.bytes() == 0) return fetch(space, fault, place.image_address);
    run = {run.start - shift, run.end - shift};
    if (copies || fault.write) {
        answerCopy(space, fault, run, place);
    } else {
        answerShared(space, fault, run);
    }
}

void PagerWorker::answerShared(Space& space, const Fault& fault, const PageRange& run) {
    const int fd = space.uffd.get();
    uffd::Answer done = uffd::mapShared(fd, fault.address, run.end - fault.address, true);
    // The child may have split the mapping: one ioctl serves one mapping.
    if (done.outcome == uffd::Outcome::kNoMapping) done = uffd::mapShared(fd, fault.address, kPageBytes, true);
    if (!settle(space, fault, done, "UFFDIO_CONTINUE")) return;
    uint64_t bytes = done.bytes;
    if (run.start < fault.address) {
        bytes += uffd::mapShared(fd, run.start, fault.address - run.start, false).bytes;
    }
    addPages(*space.child, &PageCounters::pages_shared, bytes);
}

/// A write to a shared page would fault once more to copy it, so the page is copied right away; its neighbours are
/// mapped shared. Memory that cannot be shared is copied for the whole run.
void PagerWorker::answerCopy(Space& space, const Fault& fault, const PageRange& run, const Place& place) {
    const int fd = space.uffd.get();
    const bool all = place.meaning == Place::Meaning::kCopy;
    const std::byte* source = space.child->seed->image->bytes(place.image_address);
    uffd::Answer done = uffd::copy(fd, fault.address, source, all ? run.end - fault.address : kPageBytes);
    if (done.outcome == uffd::Outcome::kNoMapping && all) done = uffd::copy(fd, fault.address, source, kPageBytes);
    if (!settle(space, fault, done, "UFFDIO_COPY")) return;
    addPages(*space.child, &PageCounters::pages_copied, done.bytes);
    if (all) return;
    uint64_t shared = 0;
    const uint64_t next = fault.address + kPageBytes;
    if (next < run.end) shared += uffd::mapShared(fd, next, run.end - next, false).bytes;
    if (run.start < fault.address) shared += uffd::mapShared(fd, run.start, fault.address - run.start, false).bytes;
    addPages(*space.child, &PageCounters::pages_shared, shared);
}

void PagerWorker::answerZero(Space& space, const Fault& fault, const Place& place) {
    const int fd = space.uffd.get();
    const PageRange window = windowAround(fault.address, options_.fault_around_pages, {place.start, place.end});
    uint64_t next = fault.address;
    if (fault.write) {
        const uffd::Answer done = uffd::copy(fd, fault.address, kZeroPage, kPageBytes);
        if (!settle(space, fault, done, "UFFDIO_COPY of zeros")) return;
        next += kPageBytes;
        addPages(*space.child, &PageCounters::pages_zeroed, done.bytes);
        if (next < window.end) {
            addPages(*space.child, &PageCounters::pages_zeroed, uffd::zero(fd, next, window.end - next, false).bytes);
        }
        return;
    }
    uffd::Answer done = uffd::zero(fd, next, window.end - next, true);
    if (done.outcome == uffd::Outcome::kNoMapping) done = uffd::zero(fd, next, kPageBytes, true);
    if (!settle(space, fault, done, "UFFDIO_ZEROPAGE")) return;
    addPages(*space.child, &PageCounters::pages_zeroed, done.bytes);
}

void PagerWorker::answerPastEnd(Space& space, const Fault& fault) {
    settle(space, fault, uffd::poison(space.uffd.get(), fault.address, kPageBytes),
           "UFFDIO_POISON past the file's end");
}

bool PagerWorker::settle(Space& space, const Fault& fault, const uffd::Answer& answer, const char* what) {
    switch (answer.outcome) {
        case uffd::Outcome::kDone:
            return true;
        case uffd::Outcome::kExists:
        case uffd::Outcome::kNoMapping:
            return false;  // awake: it goes on, or faults anew
        case uffd::Outcome::kChanging:
            retries_.push_back({fault.space, fault.address, fault.write, fault.tries + 1});
            return false;
        case uffd::Outcome::kGone:
            if (space.forked || space.child->detached) {
                sweeping_ = true;
                next_sweep_ns_ = 0;
            }
            return false;
        case uffd::Outcome::kFailed:
            break;
    }
    fail(space.child, makeErrno(ErrorCode::kFaultFailed, "pager.fault", "child " + space.child->id,
                                addressText(what, fault.address), answer.sys_errno));
    return false;
}

}  // namespace farfork
