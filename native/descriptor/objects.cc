// SPDX-License-Identifier: Apache-2.0
#include "descriptor/objects.h"

#include <cstring>

#include "descriptor/validator.h"

namespace farfork {
namespace {

std::string epollFault(std::span<const std::byte> object) {
    if (object.size() < sizeof(ff_epoll)) return "an epoll that is cut off";
    const auto* epoll = reinterpret_cast<const ff_epoll*>(object.data());
    if ((object.size() - sizeof(ff_epoll)) / sizeof(ff_epoll_entry) != epoll->entry_count ||
        (object.size() - sizeof(ff_epoll)) % sizeof(ff_epoll_entry))
        return "an epoll of another size";
    const auto* entries = reinterpret_cast<const ff_epoll_entry*>(epoll + 1);
    for (uint32_t i = 0; i < epoll->entry_count; i++)
        if (entries[i].number < 0 || entries[i].state > FF_EPOLL_DISARMED) return "an epoll entry of no meaning";
    return "";
}

std::string inotifyFault(std::span<const std::byte> object) {
    if (object.size() < sizeof(ff_inotify)) return "an inotify that is cut off";
    const auto* inotify = reinterpret_cast<const ff_inotify*>(object.data());
    if ((object.size() - sizeof(ff_inotify)) / sizeof(ff_inotify_watch) < inotify->watch_count)
        return "an inotify of another size";
    if (inotify->watch_count && object.back() != std::byte{0}) return "an inotify path that does not end";
    const auto* watches = reinterpret_cast<const ff_inotify_watch*>(inotify + 1);
    for (uint32_t i = 0; i < inotify->watch_count; i++)
        if (watches[i].path >= object.size()) return "an inotify path out of bounds";
    return "";
}

template <class T>
std::span<const T> arrayAt(std::span<const std::byte> object, size_t offset, size_t count) {
    if (offset > object.size() || count > (object.size() - offset) / sizeof(T)) return {};
    return {reinterpret_cast<const T*>(object.data() + offset), count};
}

std::string pipeFault(const ff_file& file, std::span<const std::byte> object) {
    if (file.pipe_run_count == 0) return "";
    const auto runs = arrayAt<ff_pipe_run>(object, 0, file.pipe_run_count);
    if (runs.empty()) return "runs out of bounds";
    uint64_t bytes = 0;
    for (const ff_pipe_run& run : runs) {
        if (run.size == 0 || run.packet > 1 || (run.packet == 1 && run.size > FF_PAGE_SIZE)) return "a wrong run";
        bytes += run.size;
    }
    return bytes == object.size() - runs.size_bytes() ? "" : "runs that do not add up";
}

std::string deletedFault(const ff_file& file, std::span<const std::byte> object) {
    const auto heads = arrayAt<ff_deleted>(object, 0, 1);
    if (heads.empty()) return "a deleted file that is too short";
    const ff_deleted& deleted = heads.front();
    constexpr uint32_t kKind = 0170000, kFolder = 0040000, kRegular = 0100000;  // stat(2), S_IFMT
    if ((deleted.mode & kKind) != kFolder && (deleted.mode & kKind) != kRegular)
        return "a deleted file of another kind";
    if (deleted.same_file < -1 || deleted.same_file >= file.fd) return "a deleted file that follows a later one";
    if (deleted.size > INT64_MAX) return "a deleted file of a negative size";
    const auto extents = arrayAt<ff_extent>(object, sizeof deleted, deleted.extent_count);
    if (extents.size() != deleted.extent_count) return "extents out of bounds";
    uint64_t end = 0, bytes = 0;
    for (const ff_extent& extent : extents) {
        if (extent.offset < end || extent.offset > deleted.size || extent.size > deleted.size - extent.offset)
            return "extents that are not in order";
        end = extent.offset + extent.size;
        bytes += extent.size;
    }
    return bytes == object.size() - sizeof deleted - extents.size_bytes() ? "" : "extents that do not add up";
}

}  // namespace

/// Whether `object` is one that a reader may use as the struct of its kind. Empty: it is; else what is wrong.
std::string DescriptorValidator::objectFault(const ff_file& file, std::span<const std::byte> object) const {
    switch (file.kind) {
        case FF_FILE_EVENTFD:
            return object.size() == sizeof(ff_eventfd) ? "" : "an eventfd of another size";
        case FF_FILE_EPOLL:
            return epollFault(object);
        case FF_FILE_TIMERFD:
            return object.size() == sizeof(ff_timerfd) ? "" : "a timerfd of another size";
        case FF_FILE_SIGNALFD:
            return object.size() == sizeof(ff_signalfd) ? "" : "a signalfd of another size";
        case FF_FILE_INOTIFY:
            return inotifyFault(object);
        case FF_FILE_PIDFD:
            return object.size() == sizeof(ff_pidfd) ? "" : "a pidfd of another size";
        case FF_FILE_PIPE:
        case FF_FILE_FIFO:
            return pipeFault(file, object);
        case FF_FILE_DELETED:
            return deletedFault(file, object);
        case FF_FILE_MEMFD: {
            ff_memfd memfd{};
            if (object.size() != sizeof memfd) return "a memfd of another size";
            std::memcpy(&memfd, object.data(), sizeof memfd);
            if (memfd.shared >= view_.shared_.size()) return "a memfd without an object";
            const uint32_t kind = view_.shared_[memfd.shared].kind;
            return kind == FF_SHARED_MEMFD || kind == FF_SHARED_NAMED ? "" : "a descriptor of memory that has none";
        }
        case FF_FILE_UNIX_SOCKET:
        case FF_FILE_INET_SOCKET:
        case FF_FILE_NETLINK:
            return socketFault(object);
        default:
            return object.empty() ? "" : "bytes that its kind does not have";
    }
}

}  // namespace farfork
