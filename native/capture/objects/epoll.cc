// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/epoll.h"

#include <linux/kcmp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "capture/errors.h"
#include "capture/files.h"

namespace farfork::capturing {
namespace {

constexpr unsigned long kGetBusyPoll = _IOR(0x8A, 0x02, uint64_t);  // EPIOCGPARAMS, from Linux 6.9 on

/// Walks the lines "tfd: ..." of fdinfo (linux fs/eventpoll.c, ep_show_fdinfo). Allocates nothing.
class EpollLines {
  public:
    explicit EpollLines(const char* text) : at_(text) {}
    bool next(EpollEntry& entry) {
        at_ = strstr(at_, "tfd:");
        if (!at_) return false;
        entry.number = static_cast<int>(number("tfd:", 10));
        entry.events = static_cast<uint32_t>(number("events:", 16));
        entry.data = number("data:", 16);
        entry.inode = number("ino:", 16);
        entry.device = number("sdev:", 16);
        return at_ != nullptr;
    }

  private:
    uint64_t number(const char* label, int base) {
        at_ = at_ ? strstr(at_, label) : nullptr;
        if (!at_) return 0;
        char* end = nullptr;
        const uint64_t value = strtoull(at_ + strlen(label), &end, base);
        at_ = end;
        return value;
    }
    const char* at_;
};

/// Not to be polled by others than the parent: a signalfd is ready for whom a signal is pending, and would leave the
/// ready list; mountinfo tells a change once (linux fs/proc_namespace.c, mounts_poll).
bool isSensitive(const FileTable::Entry& file) {
    return file.link == "anon_inode:[signalfd]" || file.link.starts_with("/proc/");
}

class CapturedEpoll final : public CapturedObject {
  public:
    explicit CapturedEpoll(const Opened& opened)
        : proc_(opened.proc),
          fd_(opened.file.fd),
          link_(opened.link),
          path_("fdinfo/" + std::to_string(opened.file.fd)),
          duplicate_(opened.duplicate),
          info_(opened) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_EPOLL; }
    Result<void> relate(const FileTable& files) override;
    bool confirm() override;
    Result<std::vector<std::byte>> describe(const FileTable& files) override;

  private:
    /// Which entry of the table watched file `entry` is; nothing when the epoll changes meanwhile.
    [[nodiscard]] Result<std::optional<size_t>> find(const FileTable& files, const EpollEntry& entry,
                                                     uint32_t earlier) const;
    [[nodiscard]] bool isWatched(const FileTable& files) const;
    [[nodiscard]] uint32_t level(const FileTable& files, int depth = 0) const;

    const ProcDir& proc_;
    int fd_;
    std::string link_, path_;
    int duplicate_;
    InfoFile info_;
    std::vector<EpollEntry> entries_;
    std::unique_ptr<EpollEdges> edges_;
    uint64_t busy_poll_ = 0;
    bool changed_ = false;  ///< while it was read first: not to be confirmed
};

/// The number alone does not tell: it may have been closed, or mean another file, while a duplicate keeps the watched
/// one open. kcmp(2) tells; `earlier` entries have the same number.
Result<std::optional<size_t>> CapturedEpoll::find(const FileTable& files, const EpollEntry& entry,
                                                  uint32_t earlier) const {
    const auto own = static_cast<pid_t>(getpid());
    const kcmp_epoll_slot slot{static_cast<uint32_t>(duplicate_), static_cast<uint32_t>(entry.number), earlier};
    const auto watched = [&](size_t i) {
        return syscall(SYS_kcmp, own, own, KCMP_EPOLL_TFD, files.entries()[i].duplicate.get(), &slot);
    };
    const auto& table = files.entries();
    const auto by_number = std::lower_bound(table.begin(), table.end(), entry.number,
                                            [](const FileTable::Entry& each, int fd) { return each.file.fd < fd; });
    const auto first = static_cast<size_t>(by_number - table.begin());
    if (first < table.size() && table[first].file.fd == entry.number && watched(first) == 0)
        return std::optional(first);
    for (size_t i = 0; i < table.size(); i++) {
        const long order = watched(i);
        if (order == 0) return std::optional(i);
        if (order < 0) return std::optional<size_t>();
    }
    return notCarried(nameFile(fd_, link_, "entry " + std::to_string(entry.number)),
                      "the process holds no descriptor of the file that it watches");
}

/// Whether another epoll may watch this one, and would be told when its list is read and put back.
bool CapturedEpoll::isWatched(const FileTable& files) const {
    for (const FileTable::Entry& other : files.entries()) {
        if (other.file.kind != FF_FILE_EPOLL || other.file.fd == fd_) continue;
        const auto text = proc_.read("fdinfo/" + std::to_string(other.file.fd));
        EpollLines lines(text ? text->c_str() : "");
        for (EpollEntry entry; lines.next(entry);) {
            const auto named = std::ranges::find_if(
                files.entries(), [&](const FileTable::Entry& each) { return each.file.fd == entry.number; });
            if (named == files.entries().end() || named->file.kind == FF_FILE_EPOLL) return true;
        }
    }
    return false;
}

Result<void> CapturedEpoll::relate(const FileTable& files) {
    const auto text = proc_.read(path_);
    if (!text) return unreadable(proc_.pid(), "read " + path_, errno);
    info_.reserve(2 * text->size() + 4096);
    bool sensitive = false, nested = false, any_sensitive = false;
    for (const FileTable::Entry& each : files.entries()) any_sensitive |= isSensitive(each);
    EpollLines lines(text->c_str());
    for (EpollEntry entry; lines.next(entry);) {
        const auto earlier = std::count_if(entries_.begin(), entries_.end(),
                                           [&](const EpollEntry& each) { return each.number == entry.number; });
        auto found = find(files, entry, static_cast<uint32_t>(earlier));
        if (!found) return found.error();
        changed_ |= !*found;
        if (*found) {
            const FileTable::Entry& target = files.entries()[**found];
            entry.file = **found;
            entry.target = target.duplicate.get();
            entry.target_kind = target.file.kind;
            sensitive |= isSensitive(target);
            nested |= entry.target_kind == FF_FILE_EPOLL;
        }
        entries_.push_back(entry);
    }
    edges_ = std::make_unique<EpollEdges>(duplicate_, entries_.size(), !sensitive && !(nested && any_sensitive),
                                          !isWatched(files));
    ioctl(duplicate_, kGetBusyPoll, &busy_poll_);
    return {};
}

bool CapturedEpoll::confirm() {
    if (changed_ || !info_.read()) return false;
    EpollLines lines(info_.text());
    EpollEntry seen;
    size_t count = 0;
    bool edges = false;
    for (; lines.next(seen); count++) {
        if (count == entries_.size()) return false;
        EpollEntry& entry = entries_[count];
        if (seen.number != entry.number || seen.inode != entry.inode || seen.device != entry.device) return false;
        entry.events = seen.events;
        entry.data = seen.data;
        entry.state = entry.events & ~kEpollFlags ? FF_EPOLL_ARMED : FF_EPOLL_DISARMED;
        edges |= (entry.events & EPOLLET) && entry.state == FF_EPOLL_ARMED;
    }
    return count == entries_.size() && (!edges || edges_->read(entries_));
}

uint32_t CapturedEpoll::level(const FileTable& files, int depth) const {
    constexpr int kMaxNests = 8;  // above EP_MAX_NESTS, linux fs/eventpoll.c
    uint32_t result = 0;
    for (const EpollEntry& entry : entries_) {
        if (entry.target_kind != FF_FILE_EPOLL || depth == kMaxNests) continue;
        const auto* inner = dynamic_cast<const CapturedEpoll*>(files.entries()[entry.file].object.get());
        if (inner) result = std::max(result, inner->level(files, depth + 1) + 1);
    }
    return result;
}

Result<std::vector<std::byte>> CapturedEpoll::describe(const FileTable& files) {
    auto bytes = bytesOf(ff_epoll{static_cast<uint32_t>(entries_.size()), level(files), busy_poll_});
    for (const EpollEntry& entry : entries_) {
        // In the child these cannot be made ready for the moment that disarming takes.
        constexpr uint32_t kNeverReady[] = {FF_FILE_SIGNALFD, FF_FILE_INOTIFY, FF_FILE_PIDFD, FF_FILE_EPOLL};
        if (entry.state == FF_EPOLL_DISARMED &&
            std::ranges::find(kNeverReady, entry.target_kind) != std::end(kNeverReady))
            return notCarried(
                nameFile(fd_, link_, "entry " + std::to_string(entry.number) + ", disarmed by EPOLLONESHOT"));
        const auto record = bytesOf(
            ff_epoll_entry{entry.number, static_cast<uint32_t>(entry.file), entry.events, entry.state, entry.data});
        bytes.insert(bytes.end(), record.begin(), record.end());
    }
    return bytes;
}

}  // namespace

Result<std::unique_ptr<CapturedObject>> findEpoll(const Opened& opened) {
    std::unique_ptr<CapturedObject> found;
    if (opened.link == "anon_inode:[eventpoll]") found = std::make_unique<CapturedEpoll>(opened);
    return found;
}

}  // namespace farfork::capturing
