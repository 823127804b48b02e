// SPDX-License-Identifier: Apache-2.0
#include "capture/objects/watched_path.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/unique_fd.h"
#include "capture/errors.h"

namespace farfork::capturing {
namespace {

constexpr unsigned kMinorBits = 20;  // MINORBITS, linux include/linux/kdev_t.h

struct Handle {
    file_handle head{};
    unsigned char bytes[MAX_HANDLE_SZ] = {};
};

/// Whether `path` below `root` is the file; its handle tells, also where inode numbers of stat(2) are made up.
bool isFile(int root, const std::string& path, const WatchedInode& inode) {
    Handle seen;
    seen.head.handle_bytes = MAX_HANDLE_SZ;
    int mount = 0;
    const std::string relative = "." + path;
    if (name_to_handle_at(root, relative.c_str(), &seen.head, &mount, 0) != 0) return false;
    return seen.head.handle_type == inode.handle_type && seen.head.handle_bytes == inode.handle.size() &&
           std::equal(inode.handle.begin(), inode.handle.end(), seen.head.f_handle);
}

/// Undoes the octal escapes of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
std::string unescape(std::string_view text) {
    std::string result;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

/// Where file systems of the device are mounted, as the parent names it.
std::vector<std::string> mountPoints(const std::string& mountinfo, uint64_t device) {
    const std::string wanted =
        std::to_string(device >> kMinorBits) + ":" + std::to_string(device & ((1u << kMinorBits) - 1));
    std::vector<std::string> result;
    for (size_t at = 0; at < mountinfo.size();) {
        const size_t end = std::min(mountinfo.find('\n', at), mountinfo.size());
        std::vector<std::string_view> words;
        for (size_t word = at; word < end && words.size() < 5;) {
            const size_t stop = std::min(mountinfo.find(' ', word), end);
            words.emplace_back(mountinfo.data() + word, stop - word);
            word = stop + 1;
        }
        at = end + 1;
        if (words.size() == 5 && words[2] == wanted) result.push_back(unescape(words[4]));
    }
    return result;
}

/// The file's path from the mount at `point`, or empty, with errno set.
std::string pathFrom(const ProcDir& parent, int root, const std::string& point, const WatchedInode& inode) {
    if (isFile(root, point, inode)) return point;
    // O_PATH would not do: open_by_handle_at(2) needs an open file.
    UniqueFd mount(openat(root, ("." + point).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!mount.valid()) return {};
    Handle wanted;
    wanted.head.handle_bytes = static_cast<unsigned>(inode.handle.size());
    wanted.head.handle_type = inode.handle_type;
    std::copy(inode.handle.begin(), inode.handle.end(), wanted.head.f_handle);
    UniqueFd file(open_by_handle_at(mount.get(), &wanted.head, O_PATH | O_CLOEXEC));
    if (!file.valid()) return {};
    auto path = ProcDir(getpid()).link("fd/" + std::to_string(file.get()));
    const auto above = parent.link("root");
    if (path && above && *above != "/" && path->starts_with(*above + "/")) path->erase(0, above->size());
    if (path && path->starts_with('/') && isFile(root, *path, inode)) return *path;
    errno = ENOENT;
    return {};
}

}  // namespace

Result<std::string> findWatchedPath(const ProcDir& parent, const WatchedInode& inode) {
    if (inode.handle.empty() || inode.handle.size() > MAX_HANDLE_SZ)
        return notCarried("watched file", "its file system gives no handles");
    const auto mountinfo = parent.read("mountinfo");
    UniqueFd root(openat(parent.fd(), "root", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!mountinfo || !root.valid()) return unreadable(parent.pid(), "read mountinfo", errno);
    errno = ENOENT;
    for (const std::string& point : mountPoints(*mountinfo, inode.device)) {
        const std::string path = pathFrom(parent, root.get(), point, inode);
        if (!path.empty()) return path;
    }
    return notCarried("watched file", std::generic_category().message(errno));
}

}  // namespace farfork::capturing
