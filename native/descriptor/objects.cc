// SPDX-License-Identifier: Apache-2.0
#include "descriptor/objects.h"

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

}  // namespace

/// Whether `object` is one that a reader may use as the struct of its kind. Empty: it is; else what is wrong.
std::string DescriptorValidator::objectFault(const ff_file& file, std::span<const std::byte> object) {
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
        default:
            return object.empty() ? "" : "bytes that its kind does not have";
    }
}

}  // namespace farfork
