// SPDX-License-Identifier: Apache-2.0
#include "capture/paths.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "capture/errors.h"
#include "capture/objects/object.h"

namespace farfork::capturing {
namespace {

constexpr std::string_view kDeleted = " (deleted)";
constexpr size_t kMaxNames = 1 << 16;

bool names(int folder, const char* name, const struct stat& about) {
    struct stat named {};
    return fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == about.st_ino &&
           named.st_dev == about.st_dev;
}

/// A folder and a path below it that lead to what `link`, a path from the root of the mount namespace, names there:
/// /proc/PID/root is no such root when the process has called chroot(2).
struct Place {
    UniqueFd base;
    std::string path;
};
Result<Place> placeOf(const ProcDir& proc, const std::string& link) {
    const auto root = proc.link("root");
    Place place{UniqueFd(openat(proc.fd(), "root", O_PATH | O_DIRECTORY | O_CLOEXEC)), "." + link};
    if (!root || !place.base.valid()) return unreadable(proc.pid(), "open its root", errno);
    if (*root == "/") return place;
    if (link.starts_with(*root + "/")) {
        place.path = "." + link.substr(root->size());
        return place;
    }
    const auto own = ProcDir(getpid()).link("ns/mnt"), its = proc.link("ns/mnt");
    if (own && its && *own == *its) place.base.reset(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    return place;
}

/// Another name of the file in `folder`; empty: none there.
std::string findName(int folder, const struct stat& about) {
    UniqueFd listed(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DIR* stream = listed.valid() ? fdopendir(listed.get()) : nullptr;
    if (!stream) return {};
    (void)listed.release();
    std::string found;
    const dirent* entry = nullptr;
    for (size_t count = 0; found.empty() && count < kMaxNames && (entry = readdir(stream)); count++)
        if (names(folder, entry->d_name, about)) found = entry->d_name;
    closedir(stream);
    return found;
}

/// Field 22 of /proc/PID/stat; with the innermost pid it tells one process from all others.
std::optional<std::pair<uint64_t, uint64_t>> identify(const ProcDir& process) {
    const auto stat_text = process.read("stat"), status = process.read("status");
    const auto stat = stat_text ? parseStat(*stat_text) : std::nullopt;
    const auto ids = status ? numbersOf(field(*status, "NSpid")) : std::vector<uint64_t>();
    if (!stat || ids.empty()) return std::nullopt;
    return std::pair{stat->start_time, ids.back()};
}

}  // namespace

Result<FoundPath> findPath(const ProcDir& proc, int number, const std::string& link, const struct stat& about) {
    if (!link.starts_with("/")) return FoundPath{};
    auto place = placeOf(proc, link);
    if (!place) return place.error();
    if (names(place->base.get(), place->path.c_str(), about)) return FoundPath{true, link};
    const bool has_name = S_ISREG(about.st_mode) && about.st_nlink > 0 && link.ends_with(kDeleted);
    if (!has_name) return FoundPath{};
    const auto folderOf = [](const std::string& path) {
        return path.substr(0, path.rfind('/', path.size() - kDeleted.size()) + 1);
    };
    UniqueFd folder(openat(place->base.get(), folderOf(place->path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const std::string name = folder.valid() ? findName(folder.get(), about) : "";
    if (name.empty()) return notCarried(nameFile(number, link, "its other names are in other folders"));
    return FoundPath{true, folderOf(link) + name};
}

std::optional<bool> isProcfs(int fd) {
    struct statfs system {};
    if (fstatfs(fd, &system) != 0) return std::nullopt;
    return system.f_type == PROC_SUPER_MAGIC;
}

Result<std::string> pathBelowProc(const ProcDir& proc, const std::string& path) {
    constexpr std::string_view kProc = "/proc/";
    if (path == "/proc") return path;
    if (!path.starts_with(kProc)) return notCarried(path, "procfs at another path than /proc");
    const size_t end = std::min(path.find('/', kProc.size()), path.size());
    const std::string first = path.substr(kProc.size(), end - kProc.size()), rest = path.substr(end);
    if (first.empty() || first[0] < '0' || first[0] > '9') return path;
    UniqueFd root(openat(proc.fd(), "root", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const ProcDir named(root.get(), "proc/" + first);
    const auto its = identify(named), own = identify(proc);
    if (!its || !own || *its != *own) return notCarried(path, "it tells of another process");
    const std::string pid = std::to_string(own->second);
    // Threads and other descriptors are not there yet when a child opens its files.
    if (rest.starts_with("/task/") && rest != "/task/" + pid && !rest.starts_with("/task/" + pid + "/"))
        return notCarried(path, "it tells of one thread");
    if (rest.starts_with("/fdinfo/") || rest.starts_with("/map_files/"))
        return notCarried(path, "it tells of one descriptor or mapping");
    return std::string(kProc) + pid + rest;
}

}  // namespace farfork::capturing
