// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "capture/errors.h"
#include "capture/objects/object.h"

namespace farfork::capturing {
namespace {

/// Of the parent's process, or of one of its threads (PIDFD_THREAD, from Linux 6.9 on).
class CapturedPidfd final : public CapturedObject {
  public:
    CapturedPidfd(const Opened& opened, ff_pidfd pidfd)
        : before_(opened.info), info_(opened, opened.info.size() + 64), pidfd_(pidfd) {}

    [[nodiscard]] uint32_t kind() const override { return FF_FILE_PIDFD; }
    /// A thread that exited since has no number any more (linux kernel/fork.c, pidfd_show_fdinfo).
    bool confirm() override { return info_.read() && strcmp(info_.text(), before_.c_str()) == 0; }
    Result<std::vector<std::byte>> describe(const FileTable&) override { return bytesOf(pidfd_); }

  private:
    std::string before_;
    InfoFile info_;
    ff_pidfd pidfd_;
};

}  // namespace

Result<std::unique_ptr<CapturedObject>> findPidfd(const Opened& opened) {
    // A file system of their own from Linux 6.9 on.
    if (opened.link != "anon_inode:[pidfd]" && !opened.link.starts_with("pidfd:["))
        return std::unique_ptr<CapturedObject>();
    const auto refused = [&](const std::string& whose) {
        return notCarried(nameFile(opened.file.fd, opened.link, "pidfd of " + whose));
    };
    const std::string_view named = field(opened.info, "Pid");
    if (named.starts_with('-')) return refused("a process that ended");
    const auto pid = static_cast<int>(numberOf(named));
    const auto tids = opened.proc.numbers("task");
    if (!tids) return unreadable(opened.proc.pid(), "read /proc/PID/task", errno);
    if (!std::binary_search(tids->begin(), tids->end(), pid))
        return refused(pid ? "another process, " + std::to_string(pid) : "a process of another pid namespace");
    const auto own = numbersOf(field(opened.info, "NSpid"));
    ff_pidfd pidfd{};
    pidfd.tid = own.empty() ? pid : static_cast<int32_t>(own.back());
    pidfd.thread = opened.file.status_flags & O_EXCL ? 1 : 0;  // PIDFD_THREAD
    return std::unique_ptr<CapturedObject>(std::make_unique<CapturedPidfd>(opened, pidfd));
}

}  // namespace farfork::capturing
