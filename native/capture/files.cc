// SPDX-License-Identifier: Apache-2.0
#include "capture/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "capture/descriptions.h"
#include "capture/errors.h"
#include "capture/owners.h"
#include "capture/paths.h"
#include "capture/pipes.h"

namespace farfork::capturing {
namespace {

/// /dev/null, zero, full, random and urandom (linux Documentation/admin-guide/devices.txt).
bool isPlainDevice(uint64_t device) {
    const unsigned number = minor(device);
    return major(device) == 1 && (number == 3 || number == 5 || (number >= 7 && number <= 9));
}

}  // namespace

Result<FileTable> FileTable::read(const ProcDir& proc, int pidfd, uint64_t control_inode, SharedTable& shared,
                                  const std::vector<UniqueFd>& passed) {
    FileTable table;
    table.pid_ = proc.pid();
    table.folder_ = UniqueFd(openat(proc.fd(), "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto numbers = proc.numbers("fd");
    if (!numbers || !table.folder_.valid()) return unreadable(proc.pid(), "read /proc/PID/fd", errno);
    table.entries_.reserve(numbers->size());
    table.listing_.resize(256 + 40 * (numbers->size() + 16));
    for (const int number : *numbers)
        if (auto read = table.readEntry(proc, pidfd, number, control_inode, shared); !read) return read.error();
    if (auto read = table.readPassed(proc, passed, shared); !read) return read.error();
    if (auto grouped = table.groupDescriptions(); !grouped) return grouped.error();
    if (auto checked = table.checkPipes(); !checked) return checked.error();
    for (const Entry& entry : table.entries_)
        if (entry.object)
            if (auto related = entry.object->relate(table); !related) return related.error();
    return table;
}

Result<void> FileTable::readEntry(const ProcDir& proc, int pidfd, int number, uint64_t control_inode,
                                  SharedTable& shared) {
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
    if (auto owner = readOwner(proc, entry.duplicate.get(), entry.link, entry.file); !owner) return owner;
    if (auto kind = classifyByFileSystem(proc, entry); !kind) return kind;
    const Opened opened{proc, entry.file, entry.link, about, *info, entry.duplicate.get(), *this, shared};
    if (entry.file.kind == FF_FILE_REGULAR) {  // with a name, and yet the child's own: in /dev/shm
        auto object = findMemfd(opened);
        if (!object) return object.error();
        if (*object) entry.file.kind = (*object)->kind();
        entry.object = *std::move(object);
    }
    if (entry.file.kind == 0) {
        auto object = findObject(opened);
        if (!object) return object.error();
        entry.object = *std::move(object);
        if (entry.object) entry.file.kind = entry.object->kind();
    }
    if (isPipe(entry.file)) {
        entry.file.pipe_capacity = static_cast<uint32_t>(std::max(0, fcntl(entry.duplicate.get(), F_GETPIPE_SZ)));
        if ((flags & O_ACCMODE) != O_WRONLY &&
            !makePipeCopy(entry.file.pipe_capacity, entry.copy_read, entry.copy_write))
            return unreadable(proc.pid(), "pipe for the copy of fd " + text, errno);
    }
    entries_.push_back(std::move(entry));
    return {};
}

Result<void> FileTable::classify(const ProcDir& proc, Entry& entry, const struct stat& about, const std::string& info,
                                 uint64_t control_inode) {
    entry.file.inode = entry.node = about.st_ino;
    entry.device = about.st_dev;
    if (auto locks = checkLocks(info, nameFile(entry.file.fd, entry.link, "lease")); !locks) return locks;
    if (S_ISSOCK(about.st_mode) && control_inode && about.st_ino == control_inode) {
        entry.file.kind = FF_FILE_CONTROL;
        return {};
    }
    if (entry.file.fd <= 2) return classifyStandard(proc, entry, about);
    if (S_ISFIFO(about.st_mode) && !(entry.file.status_flags & O_PATH)) {
        classifyPipe(entry);
        return {};
    }
    return classifyPath(proc, entry, about);
}

/// Each child has its own; what the parent has there, too, when it is a regular file that a child can open again.
Result<void> FileTable::classifyStandard(const ProcDir& proc, Entry& entry, const struct stat& about) {
    if (S_ISREG(about.st_mode) && !(entry.file.status_flags & O_PATH)) {
        auto found = findPath(proc, entry.file.fd, entry.link, about);
        if (!found) return found.error();
        if (found->named) entry.file.stdio_kind = FF_FILE_REGULAR;
    }
    entry.file.kind = FF_FILE_STDIO;
    entry.file.stdio_fd = static_cast<uint32_t>(entry.file.fd);
    return {};
}

/// Inode numbers of FIFOs repeat from file system to file system, so those are told by the first descriptor.
void FileTable::classifyPipe(Entry& entry) const {
    entry.file.kind = entry.link.starts_with("pipe:[") ? FF_FILE_PIPE : FF_FILE_FIFO;
    if (entry.file.kind == FF_FILE_PIPE) return;
    constexpr uint64_t kNotAnInode = 1ULL << 63;
    entry.file.inode = kNotAnInode | static_cast<uint64_t>(entry.file.fd);
    for (const Entry& earlier : entries_)
        if (earlier.file.kind == FF_FILE_FIFO && earlier.node == entry.node && earlier.device == entry.device) {
            entry.file.inode = earlier.file.inode;
            break;
        }
}

/// Files that are opened again by their path. Others get kind 0 here: they may still be duplicates of stdio.
Result<void> FileTable::classifyPath(const ProcDir& proc, Entry& entry, const struct stat& about) {
    const bool path_only = entry.file.status_flags & O_PATH;
    if (S_ISCHR(about.st_mode) && isPlainDevice(about.st_rdev) && !path_only) {
        entry.file.kind = FF_FILE_DEVICE;
        return {};
    }
    if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode) && !path_only) return {};
    auto found = findPath(proc, entry.file.fd, entry.link, about);
    if (!found) return found.error();
    if (!found->named) return {};
    entry.link = std::move(found->path);
    entry.file.kind = path_only ? FF_FILE_OPATH : FF_FILE_REGULAR;
    entry.file.file_size = S_ISREG(about.st_mode) ? static_cast<uint64_t>(about.st_size) : 0;
    return {};
}

/// What is below /proc tells of a process, so a child needs its own; an O_PATH descriptor must not be taken for the
/// object behind it.
Result<void> FileTable::classifyByFileSystem(const ProcDir& proc, Entry& entry) {
    if (entry.file.kind == FF_FILE_REGULAR || entry.file.kind == FF_FILE_OPATH) {
        const auto procfs = isProcfs(entry.duplicate.get());
        if (!procfs) return unreadable(proc.pid(), "fstatfs of fd " + std::to_string(entry.file.fd), errno);
        if (!*procfs) return {};
        auto path = pathBelowProc(proc, entry.link);
        if (!path) return notCarried(nameFile(entry.file.fd, entry.link, "procfs"), path.error().detail);
        entry.link = *std::move(path);
        entry.file.kind = FF_FILE_PROC;
    }
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
                entry.file.stdio_kind = entryOf(stdio)->file.stdio_kind;
                entry.object.reset();
            }
        }
        first = end;
    }
    for (const Entry& entry : entries_) {
        if (entry.file.kind == 0)
            return notCarried(nameFile(entry.file.fd, entry.link, entry.file.status_flags & O_PATH ? "O_PATH" : ""));
        const bool replaced = entry.file.kind == FF_FILE_STDIO || entry.file.kind == FF_FILE_CONTROL;
        if (replaced && entry.file.status_flags & O_ASYNC)
            return notCarried(nameFile(entry.file.fd, entry.link, "signal-driven input"));
    }
    return {};
}

}  // namespace farfork::capturing
