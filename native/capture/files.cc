// SPDX-License-Identifier: Apache-2.0
#include "capture/files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "capture/descriptions.h"
#include "capture/errors.h"
#include "capture/pipes.h"

namespace farfork::capturing {
namespace {

/// /dev/null, zero, full, random and urandom (linux Documentation/admin-guide/devices.txt).
bool isPlainDevice(uint64_t device) {
    const unsigned number = minor(device);
    return major(device) == 1 && (number == 3 || number == 5 || (number >= 7 && number <= 9));
}

}  // namespace

Result<FileTable> FileTable::read(const ProcDir& proc, int pidfd, uint64_t control_inode) {
    FileTable table;
    table.pid_ = proc.pid();
    table.folder_ = UniqueFd(openat(proc.fd(), "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto numbers = proc.numbers("fd");
    if (!numbers || !table.folder_.valid()) return unreadable(proc.pid(), "read /proc/PID/fd", errno);
    table.entries_.reserve(numbers->size());
    table.listing_.resize(256 + 40 * (numbers->size() + 16));
    for (const int number : *numbers)
        if (auto read = table.readEntry(proc, pidfd, number, control_inode); !read) return read.error();
    if (auto grouped = table.groupDescriptions(); !grouped) return grouped.error();
    if (auto checked = table.checkPipes(); !checked) return checked.error();
    return table;
}

Result<void> FileTable::readEntry(const ProcDir& proc, int pidfd, int number, uint64_t control_inode) {
    const std::string text = std::to_string(number);
    const auto link = proc.link("fd/" + text);
    const auto info = proc.read("fdinfo/" + text);
    if (!link || !info) return errno == ENOENT ? Result<void>() : unreadable(proc.pid(), "read fd " + text, errno);
    Entry entry;
    entry.link = *link;
    entry.file.fd = number;
    const auto flags = static_cast<uint32_t>(numberOf(field(*info, "flags"), 8));
    entry.file.status_flags = flags & ~static_cast<uint32_t>(O_CLOEXEC);
    entry.file.close_on_exec = flags & O_CLOEXEC ? 1 : 0;
    struct stat about {};
    if (fstatat(proc.fd(), ("fd/" + text).c_str(), &about, 0) != 0)
        return errno == ENOENT ? Result<void>() : unreadable(proc.pid(), "stat fd " + text, errno);
    if (auto kind = classify(proc, entry, about, *info, control_inode); !kind) return kind;
    entry.duplicate = UniqueFd(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, number, 0)));
    if (!entry.duplicate.valid())
        return errno == EBADF ? Result<void>() : unreadable(proc.pid(), "pidfd_getfd of fd " + text, errno);
    if (entry.file.kind == 0) {
        auto object = findObject({proc, entry.file, entry.link, about, *info, entry.duplicate.get()});
        if (!object) return object.error();
        entry.object = *std::move(object);
        if (entry.object) entry.file.kind = entry.object->kind();
    }
    if (entry.file.kind == FF_FILE_REGULAR) {
        struct statfs system {};
        if (fstatfs(entry.duplicate.get(), &system) != 0) return unreadable(proc.pid(), "fstatfs of fd " + text, errno);
        if (system.f_type == PROC_SUPER_MAGIC) return notCarried(nameFile(number, entry.link, "procfs"));
    }
    if (entry.file.kind == FF_FILE_PIPE) {
        entry.file.pipe_capacity = static_cast<uint32_t>(std::max(0, fcntl(entry.duplicate.get(), F_GETPIPE_SZ)));
        if ((flags & O_ACCMODE) == O_RDONLY &&
            !makePipeCopy(entry.file.pipe_capacity, entry.copy_read, entry.copy_write))
            return unreadable(proc.pid(), "pipe for the copy of fd " + text, errno);
    }
    entries_.push_back(std::move(entry));
    return {};
}

Result<void> FileTable::classify(const ProcDir& proc, Entry& entry, const struct stat& about, const std::string& info,
                                 uint64_t control_inode) {
    entry.file.inode = about.st_ino;
    if (!field(info, "lock").empty()) return notCarried(nameFile(entry.file.fd, entry.link, "file lock"));
    if (entry.file.status_flags & O_ASYNC)
        return notCarried(nameFile(entry.file.fd, entry.link, "signal-driven input"));
    if (S_ISSOCK(about.st_mode) && control_inode && about.st_ino == control_inode) {
        entry.file.kind = FF_FILE_CONTROL;
        return {};
    }
    if (entry.file.fd <= 2) {
        entry.file.kind = FF_FILE_STDIO;
        entry.file.stdio_fd = static_cast<uint32_t>(entry.file.fd);
        return {};
    }
    if (entry.file.status_flags & O_PATH) return notCarried(nameFile(entry.file.fd, entry.link, "O_PATH"));
    if (S_ISFIFO(about.st_mode) && entry.link.starts_with("pipe:[")) {
        if (entry.file.status_flags & O_DIRECT) return notCarried(nameFile(entry.file.fd, entry.link, "packet mode"));
        entry.file.kind = FF_FILE_PIPE;
        return {};
    }
    return classifyPath(proc, entry, about.st_mode, about.st_rdev);
}

/// Files that are opened again by their path. Others get kind 0 here: they may still be duplicates of stdio.
Result<void> FileTable::classifyPath(const ProcDir& proc, Entry& entry, unsigned mode, uint64_t device) {
    if (S_ISCHR(mode) && isPlainDevice(device)) {
        entry.file.kind = FF_FILE_DEVICE;
        return {};
    }
    if (!S_ISREG(mode) && !S_ISDIR(mode)) return {};
    struct stat named {
    }, held{};
    const std::string number = "fd/" + std::to_string(entry.file.fd);
    if (fstatat(proc.fd(), number.c_str(), &held, 0) != 0) return unreadable(proc.pid(), "stat " + number, errno);
    // A child opens it in the agent's view, before it changes its root: /proc shows the path in the same view.
    if (entry.link.empty() || entry.link[0] != '/' || stat(entry.link.c_str(), &named) != 0 ||
        named.st_ino != held.st_ino || named.st_dev != held.st_dev)
        return {};
    entry.file.kind = FF_FILE_REGULAR;
    entry.file.file_size = S_ISREG(mode) ? static_cast<uint64_t>(held.st_size) : 0;
    return {};
}

/// Numbers the open file descriptions; duplicates of 0, 1 and 2 become stdio; what has no kind by now is refused.
Result<void> FileTable::groupDescriptions() {
    const auto own = static_cast<pid_t>(getpid());
    std::vector<size_t> order(entries_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t one, size_t other) {
        return compareDescriptions(own, entries_[one].duplicate.get(), own, entries_[other].duplicate.get()) == 1;
    });
    for (size_t first = 0, group = 0; first < order.size(); group++) {
        size_t end = first + 1;
        while (end < order.size() && compareDescriptions(own, entries_[order[first]].duplicate.get(), own,
                                                         entries_[order[end]].duplicate.get()) == 0)
            end++;
        uint32_t stdio = 3;
        for (size_t i = first; i < end; i++) {
            const Entry& entry = entries_[order[i]];
            // A duplicate that can be written most likely saves standard output (dup(1)).
            const bool writable = (entry.file.status_flags & O_ACCMODE) != O_RDONLY;
            if (entry.file.fd > 2) continue;
            const auto number = static_cast<uint32_t>(entry.file.fd);
            if (stdio == 3 || (writable && stdio == 0) || (writable && number == 1)) stdio = number;
        }
        for (size_t i = first; i < end; i++) {
            Entry& entry = entries_[order[i]];
            entry.file.description = static_cast<uint32_t>(group);
            if (stdio < 3 && entry.file.fd > 2 && entry.file.kind != FF_FILE_CONTROL) {
                entry.file.kind = FF_FILE_STDIO;
                entry.file.stdio_fd = stdio;
                entry.object.reset();
            }
        }
        first = end;
    }
    for (const Entry& entry : entries_)
        if (entry.file.kind == 0) return notCarried(nameFile(entry.file.fd, entry.link));
    return {};
}

/// A pipe is carried when both of its ends are here and nowhere else.
Result<void> FileTable::checkPipes() {
    std::vector<uint64_t> inodes;
    for (const Entry& entry : entries_) {
        if (entry.file.kind != FF_FILE_PIPE) continue;
        bool read_end = false, write_end = false;
        for (const Entry& other : entries_) {
            if (other.file.kind != FF_FILE_PIPE || other.file.inode != entry.file.inode) continue;
            const uint32_t mode = other.file.status_flags & O_ACCMODE;
            read_end |= mode != O_WRONLY;
            write_end |= mode != O_RDONLY;
        }
        if (!read_end || !write_end)
            return notCarried(nameFile(entry.file.fd, entry.link, "its other end is outside the process"));
        inodes.push_back(entry.file.inode);
    }
    if (inodes.empty()) return {};
    const auto outsider = findPipeHolder(inodes, pid_);
    if (!outsider) return {};
    for (const Entry& entry : entries_)
        if (entry.file.kind == FF_FILE_PIPE && entry.file.inode == outsider->inode)
            return notCarried(nameFile(entry.file.fd, entry.link, "also open in pid " + std::to_string(outsider->pid)));
    return {};
}

}  // namespace farfork::capturing
