// SPDX-License-Identifier: Apache-2.0
//
// The copy of shared memory in the pause.
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "capture/errors.h"
#include "capture/ptrace_calls.h"
#include "capture/shared.h"

namespace farfork::capturing {
namespace {

/// They travel in the descriptor, which is handled as a whole.
constexpr uint64_t kMaxBytes = 1ULL << 30;
/// Of a copy from the page cache into memory that is there: 2 to 10 GB/s here.
constexpr uint64_t kCopyBytesPerMs = 2'000'000;
constexpr uint64_t kChunkBytes = 1 << 20;
constexpr size_t kSpareRuns = 4096;
constexpr uint64_t kSpareBytes = 1 << 20;

uint64_t pageUp(uint64_t value) {
    return (value + FF_PAGE_SIZE - 1) & ~(FF_PAGE_SIZE - 1);
}

// pagemap entry bits, Documentation/admin-guide/mm/pagemap.rst.
bool isThere(uint64_t entry) {
    return entry & (1ULL << 63 | 1ULL << 62);  // present, swapped
}

bool readPagemap(int fd, uint64_t start, uint64_t end, uint64_t* entries) {
    const uint64_t bytes = (end - start) / FF_PAGE_SIZE * sizeof *entries;
    const off_t offset = static_cast<off_t>(start / FF_PAGE_SIZE * sizeof *entries);
    return syscall(SYS_pread64, fd, entries, bytes, offset) == static_cast<long>(bytes);
}

/// Calls `each(start, end)` for what is not a hole; false when that fails.
template <class Each>
bool forData(int fd, uint64_t size, Each each) {
    for (uint64_t at = 0; at < size;) {
        const off_t start = lseek(fd, static_cast<off_t>(at), SEEK_DATA);
        if (start < 0) return errno == ENXIO;
        const off_t end = lseek(fd, start, SEEK_HOLE);
        if (end <= start) return false;
        at = static_cast<uint64_t>(end);
        if (!each(static_cast<uint64_t>(start), std::min(at, size))) return false;
    }
    return true;
}

}  // namespace

void Unmap::operator()(std::byte* at) const {
    munmap(at, size);
}

Result<void> SharedTable::reserve(uint32_t max_pause_ms) {
    if (objects_.empty()) return {};
    uint64_t bytes = 0;
    size_t runs = 0;
    const Object* largest = nullptr;
    uint64_t most = 0;
    for (const Object& object : objects_) {
        struct stat about {};
        uint64_t own = 0;
        if (object.kind == FF_SHARED_PRIVATE) {
            if (auto counted = countPages(object, own, runs); !counted) return counted;
            bytes += own;
            if (!largest || own > most) largest = &object;
            most = std::max(most, own);
            continue;
        }
        const bool read =
            fstat(object.file.get(), &about) == 0 &&
            forData(object.file.get(), static_cast<uint64_t>(about.st_size), [&](uint64_t start, uint64_t end) {
                own += pageUp(end - start);
                runs++;
                return true;
            });
        if (!read) return unreadable(pid_, "read shared memory '" + object.name + "'", errno);
        bytes += own;
        if (!largest || own > most) largest = &object;
        most = std::max(most, own);
    }
    if (bytes > kMaxBytes)
        return notCarried(
            "shared memory '" + largest->name + "'",
            std::to_string(bytes >> 20) + " MiB in all, at most " + std::to_string(kMaxBytes >> 20) + " are carried");
    if (max_pause_ms && bytes / kCopyBytesPerMs > max_pause_ms)
        return Error{ErrorCode::kPauseTooLong, "capture.validate", pidName(pid_),
                     "about " + std::to_string(bytes / kCopyBytesPerMs) + " ms expected for the copy of " +
                         std::to_string(bytes >> 20) + " MiB of shared memory, " + std::to_string(max_pause_ms) +
                         " allowed"};
    const size_t size = pageUp(bytes + bytes / 8 + kSpareBytes);
    void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return unreadable(pid_, "memory for a copy of its shared memory", errno);
    copy_ = {static_cast<std::byte*>(at), Unmap{size}};
    madvise(at, size, MADV_HUGEPAGE);
    if (madvise(at, size, 23 /* MADV_POPULATE_WRITE */) != 0 && errno != EINVAL)
        return unreadable(pid_, "memory for a copy of its shared memory", errno);
    runs_.reserve(2 * runs + kSpareRuns);
    return {};
}

Result<void> SharedTable::countPages(const Object& object, uint64_t& bytes, size_t& runs) {
    const uint64_t pages = (object.range.end - object.range.start) / FF_PAGE_SIZE;
    if (pages > kMaxBytes / FF_PAGE_SIZE) return notCarried(object.name, "at most 1 GiB is carried");
    if (entries_.size() < pages) entries_.resize(pages);
    if (!readPagemap(pagemap_.get(), object.range.start, object.range.end, entries_.data()))
        return unreadable(pid_, "read pagemap", errno);
    for (uint64_t i = 0; i < pages; i++) {
        if (!isThere(entries_[i])) continue;
        bytes += FF_PAGE_SIZE;
        runs += i == 0 || !isThere(entries_[i - 1]);
    }
    return {};
}

bool SharedTable::copyRange(uint32_t index, uint64_t deadline_ns) {
    const Mapping& range = objects_[index].range;
    if (!readPagemap(pagemap_.get(), range.start, range.end, entries_.data())) return false;
    const uint64_t pages = (range.end - range.start) / FF_PAGE_SIZE;
    for (uint64_t first = 0; first < pages; first++) {
        if (!isThere(entries_[first])) continue;
        uint64_t end = first + 1;
        while (end < pages && isThere(entries_[end])) end++;
        if (!copyRun(index, range.start + first * FF_PAGE_SIZE, (end - first) * FF_PAGE_SIZE, deadline_ns))
            return false;
        first = end;
    }
    return true;
}

Result<bool> SharedTable::copy(uint64_t deadline_ns) {
    if (objects_.empty()) return true;
    const uint64_t began = monotonicNs();
    // This task's own namespace: it ends with the pause.
    if (ipc_namespace_.valid() && setns(ipc_namespace_.get(), CLONE_NEWIPC) != 0) return false;
    for (uint32_t i = 0; i < objects_.size(); i++) {
        if (copyObject(i, deadline_ns)) continue;
        if (!late_) return false;
        return Error{ErrorCode::kPauseTooLong, "capture.copy", pidName(pid_),
                     "its shared memory could not be copied in time"};
    }
    copy_ns_ = monotonicNs() - began;
    return true;
}

bool SharedTable::copyObject(uint32_t index, uint64_t deadline_ns) {
    Object& object = objects_[index];
    if (object.kind == FF_SHARED_PRIVATE) return copyRange(index, deadline_ns);
    if (fstat(object.file.get(), &object.about) != 0) return false;
    const auto seals = static_cast<int>(syscall(SYS_fcntl, object.file.get(), F_GET_SEALS, 0));
    object.seals = seals < 0 ? static_cast<uint32_t>(F_SEAL_SEAL) : static_cast<uint32_t>(seals);
    object.size = static_cast<uint64_t>(object.about.st_size);
    object.mode = object.about.st_mode & 07777;
    object.uid = object.about.st_uid;
    object.gid = object.about.st_gid;
    if (object.kind == FF_SHARED_SYSV && !readSegment(object)) return false;
    if (!forData(object.file.get(), object.size,
                 [&](uint64_t start, uint64_t end) { return copyRun(index, start, end - start, deadline_ns); }))
        return false;
    if (object.tail == 0 || object.size % FF_PAGE_SIZE == 0) return true;
    // Beyond its size there is memory until the end of the page, and a program may use it.
    const uint64_t used = object.size % FF_PAGE_SIZE, rest = FF_PAGE_SIZE - used;
    if (runs_.size() == runs_.capacity() || rest > copy_.get_deleter().size - copied_) return false;
    if (!readMemory(pid_, object.tail + used, copy_.get() + copied_, rest)) return false;
    runs_.push_back({index, object.size, rest, copied_});
    copied_ += pageUp(rest);
    return true;
}

bool SharedTable::copyRun(uint32_t index, uint64_t start, uint64_t size, uint64_t deadline_ns) {
    if (runs_.size() == runs_.capacity() || size > copy_.get_deleter().size - copied_) return false;
    runs_.push_back({index, start, size, copied_});
    // /proc/PID/mem reads what the parent itself may not.
    const bool range = objects_[index].kind == FF_SHARED_PRIVATE;
    const int source = range ? memory_.get() : objects_[index].file.get();
    for (uint64_t done = 0; done < size;) {
        const uint64_t wanted = std::min(size - done, kChunkBytes);
        const long got = syscall(SYS_pread64, source, copy_.get() + copied_ + done, wanted, start + done);
        if (got <= 0) return false;
        done += static_cast<uint64_t>(got);
        late_ = deadline_ns && monotonicNs() > deadline_ns;
        if (late_) return false;
    }
    copied_ += pageUp(size);
    return copied_ <= copy_.get_deleter().size;
}

bool SharedTable::readSegment(Object& object) {
    shmid_ds about{};
    if (syscall(SYS_shmctl, static_cast<int>(object.inode), IPC_STAT, &about) != 0) return false;
    object.key = about.shm_perm.__key;
    object.mode = about.shm_perm.mode & 0777;
    object.removed = about.shm_perm.mode & SHM_DEST;
    object.uid = about.shm_perm.uid;
    object.gid = about.shm_perm.gid;
    object.creator_uid = about.shm_perm.cuid;
    object.creator_gid = about.shm_perm.cgid;
    return about.shm_segsz == object.size;
}

}  // namespace farfork::capturing
