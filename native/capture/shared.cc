// SPDX-License-Identifier: Apache-2.0
//
// Which of the parent's mappings and descriptors are shared memory, and of which object.
#include "capture/shared.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "capture/errors.h"
#include "capture/objects/object.h"

namespace farfork::capturing {
namespace {

constexpr std::string_view kDeleted = " (deleted)", kMemfd = "/memfd:", kSegment = "/SYSV", kNamed = "/dev/shm/";

bool isOn(int fd, uint64_t kind) {
    struct statfs system {};
    return fstatfs(fd, &system) == 0 && static_cast<uint64_t>(system.f_type) == kind;
}

std::string baseName(std::string_view path, std::string_view prefix) {
    if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
    if (path.starts_with(prefix)) return std::string(path.substr(prefix.size()));
    return std::string(path.substr(path.find_last_of('/') + 1));
}

}  // namespace

Result<uint32_t> SharedTable::kindOf(const Mapping& mapping, const struct stat& about, bool exact) const {
    if (exact && !mapping.path.starts_with(kNamed)) return uint32_t{0};
    if (mapping.has("ht ")) return notCarried(nameMapping(mapping, "hugetlb"));
    if (about.st_dev == shm_device_) {
        if (mapping.path.starts_with(kMemfd)) return uint32_t{FF_SHARED_MEMFD};
        if (mapping.path.starts_with(kSegment)) return uint32_t{FF_SHARED_SYSV};
        if (mapping.path.starts_with("/dev/zero")) return uint32_t{FF_SHARED_ANONYMOUS};
        return notCarried(nameMapping(mapping, "MAP_SHARED, memory of a driver"));
    }
    if (exact) return uint32_t{FF_SHARED_NAMED};
    // It has names, but not this one: what others read and write there would be lost to the child.
    if (about.st_nlink > 0) return notCarried(nameMapping(mapping, "MAP_SHARED, of a file by another name,"));
    return uint32_t{FF_SHARED_MEMFD};
}

Result<SharedTable> SharedTable::read(const ProcDir& proc, const std::vector<Mapping>& mappings) {
    SharedTable table;
    table.pid_ = proc.pid();
    UniqueFd probe(memfd_create("farfork-probe", MFD_CLOEXEC));
    struct stat about {};
    if (!probe.valid() || fstat(probe.get(), &about) != 0) return unreadable(proc.pid(), "memfd_create", errno);
    table.shm_device_ = about.st_dev;
    for (const Mapping& mapping : mappings) {
        if (mapping.isNotForked()) {
            Object object;
            object.kind = FF_SHARED_PRIVATE;
            object.name = nameMapping(mapping, "MADV_DONTFORK");
            object.range = mapping;
            table.objects_.push_back(std::move(object));
            continue;
        }
        if (!mapping.shared || mapping.path.starts_with("[v")) continue;
        if (auto added = table.addMapping(proc, mapping); !added) return added.error();
    }
    for (const Object& object : table.objects_) {
        if (object.kind == FF_SHARED_PRIVATE && !table.pagemap_.valid()) {
            table.pagemap_ = UniqueFd(openat(proc.fd(), "pagemap", O_RDONLY | O_CLOEXEC));
            table.memory_ = UniqueFd(openat(proc.fd(), "mem", O_RDONLY | O_CLOEXEC));
            if (!table.pagemap_.valid() || !table.memory_.valid()) return unreadable(proc.pid(), "open pagemap", errno);
        }
        if (object.kind != FF_SHARED_SYSV || table.ipc_namespace_.valid()) continue;
        table.ipc_namespace_ = UniqueFd(openat(proc.fd(), "ns/ipc", O_RDONLY | O_CLOEXEC));
        if (!table.ipc_namespace_.valid()) return unreadable(proc.pid(), "open ns/ipc", errno);
        if (access("/proc/sys/kernel/shm_next_id", F_OK) != 0)
            return notCarried("System V segment " + std::to_string(object.inode),
                              "this kernel cannot give a segment its id (CONFIG_CHECKPOINT_RESTORE)");
    }
    return table;
}

Result<void> SharedTable::addMapping(const ProcDir& proc, const Mapping& mapping) {
    const std::string file = mapFile(mapping);
    struct stat about {};
    if (fstatat(proc.fd(), file.c_str(), &about, 0) != 0) {
        if (errno == ENOENT) return {};  // unmapped meanwhile; the pause will tell
        return unreadable(proc.pid(), "stat " + nameMapping(mapping), errno);
    }
    if (!S_ISREG(about.st_mode)) return notCarried(nameMapping(mapping, "MAP_SHARED, not a regular file"));
    auto kind = kindOf(mapping, about, namesFile(proc, mapping.path, about));
    if (!kind) return kind.error();
    if (*kind == 0) return {};
    auto index = find(about, *kind == FF_SHARED_SYSV);
    if (!index) {
        UniqueFd object(openat(proc.fd(), file.c_str(), O_RDONLY | O_CLOEXEC | O_NOATIME));
        if (!object.valid()) return unreadable(proc.pid(), "open " + nameMapping(mapping), errno);
        if (isOn(object.get(), SECRETMEM_MAGIC)) return notCarried(nameMapping(mapping, "secretmem"));
        const bool path = *kind == FF_SHARED_NAMED;
        auto added = add(*kind, about, path ? mapping.path : baseName(mapping.path, kMemfd), std::move(object));
        if (!added) return added.error();
        index = *added;
    }
    Object& object = objects_[*index];
    const uint64_t last = about.st_size > 0 ? (static_cast<uint64_t>(about.st_size) - 1) / FF_PAGE_SIZE : 0;
    const uint64_t offset = last * FF_PAGE_SIZE;
    if (static_cast<uint64_t>(about.st_size) % FF_PAGE_SIZE && mapping.offset <= offset &&
        offset - mapping.offset < mapping.end - mapping.start && mapping.prot & PROT_READ)
        object.tail = mapping.start + (offset - mapping.offset);
    return {};
}

std::optional<uint32_t> SharedTable::find(const struct stat& about, bool sysv) const {
    for (size_t i = 0; i < objects_.size(); i++)
        // A segment's inode number is its id (linux ipc/shm.c, newseg), which another object may have too.
        if (objects_[i].kind != FF_SHARED_PRIVATE && objects_[i].device == about.st_dev &&
            objects_[i].inode == about.st_ino && (objects_[i].kind == FF_SHARED_SYSV) == sysv)
            return static_cast<uint32_t>(i);
    return std::nullopt;
}

Result<uint32_t> SharedTable::add(uint32_t kind, const struct stat& about, std::string name, UniqueFd file) {
    Object object;
    object.kind = kind;
    object.device = about.st_dev;
    object.inode = about.st_ino;
    object.name = std::move(name);
    object.file = std::move(file);
    objects_.push_back(std::move(object));
    return static_cast<uint32_t>(objects_.size() - 1);
}

bool SharedTable::ownsNames() const {
    for (const Object& object : objects_)
        if (object.kind == FF_SHARED_NAMED) return true;
    return false;
}

Result<std::optional<uint32_t>> SharedTable::claim(const Opened& opened) {
    std::optional<uint32_t> none;
    if (!S_ISREG(opened.about.st_mode)) return none;
    if (const auto index = find(opened.about, false)) {
        if (objects_[*index].kind == FF_SHARED_ANONYMOUS) objects_[*index].kind = FF_SHARED_MEMFD;
        return index;
    }
    const bool memfd = opened.about.st_dev == shm_device_ && opened.link.starts_with(kMemfd);
    const bool named = opened.file.kind == FF_FILE_REGULAR && opened.link.starts_with(kNamed) && ownsNames();
    if (!memfd && !named) return none;
    UniqueFd file(
        openat(opened.proc.fd(), ("fd/" + std::to_string(opened.file.fd)).c_str(), O_RDONLY | O_CLOEXEC | O_NOATIME));
    struct stat about {};
    if (!file.valid()) return unreadable(pid_, "open " + nameFile(opened.file.fd, opened.link), errno);
    if (fstat(file.get(), &about) != 0 || about.st_ino != opened.about.st_ino || about.st_dev != opened.about.st_dev) {
        stale_ = true;
        return Error{ErrorCode::kCaptureFailed, "capture.read", pidName(pid_), "its descriptors changed meanwhile"};
    }
    auto index = add(memfd ? FF_SHARED_MEMFD : FF_SHARED_NAMED, about,
                     memfd ? baseName(opened.link, kMemfd) : opened.link, std::move(file));
    if (!index) return index.error();
    return std::optional<uint32_t>(*index);
}

}  // namespace farfork::capturing
