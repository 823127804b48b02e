// SPDX-License-Identifier: Apache-2.0
//
// Shared memory after the pause: what the descriptor says of it.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "capture/errors.h"
#include "capture/shared.h"

namespace farfork::capturing {
namespace {

// pagemap entry bits, Documentation/admin-guide/mm/pagemap.rst.
constexpr uint64_t kPresent = 1ULL << 63, kSwapped = 1ULL << 62, kOfFile = 1ULL << 61;

bool isZero(const std::byte* at, uint64_t size) {
    return size == 0 || (at[0] == std::byte{0} && std::memcmp(at, at + 1, size - 1) == 0);
}

uint64_t lengthOfSegment(const std::vector<ff_vma>& vmas, size_t first) {
    uint64_t end = vmas[first].end;
    for (size_t i = first + 1; i < vmas.size() && vmas[i].start == end && vmas[i].shared == vmas[first].shared &&
                               vmas[i].file_offset == end - vmas[first].start;
         i++)
        end = vmas[i].end;
    return end - vmas[first].start;
}

/// shmat(2) attaches whole segments only; parts of one may have other protections.
Result<void> checkSegments(const std::vector<ff_vma>& vmas, const std::vector<SharedTable::Object>& objects) {
    std::vector<uint64_t> covered_end(objects.size());
    for (size_t i = 0; i < vmas.size(); i++) {
        if (vmas[i].shared == 0) continue;
        const SharedTable::Object& object = objects[vmas[i].shared - 1];
        if (object.kind != FF_SHARED_SYSV) continue;
        uint64_t& end = covered_end[vmas[i].shared - 1];
        if (vmas[i].end <= end) continue;
        const uint64_t size = (object.size + FF_PAGE_SIZE - 1) & ~(FF_PAGE_SIZE - 1);
        if (vmas[i].file_offset != 0 || lengthOfSegment(vmas, i) != size)
            return notCarried("System V segment " + std::to_string(object.inode), "only a part of it is attached");
        end = vmas[i].start + size;
    }
    return {};
}

}  // namespace

Result<bool> SharedTable::describeMapping(ff_vma& vma, const Mapping& mapping, const ProcDir& parent,
                                          const ProcDir& twin) {
    if (mapping.isNotForked()) {
        for (size_t i = 0; i < objects_.size(); i++)
            if (objects_[i].kind == FF_SHARED_PRIVATE && objects_[i].range.start == mapping.start)
                vma.shared = static_cast<uint32_t>(i) + 1;
        return vma.shared != 0;
    }
    if (mapping.path.empty() || mapping.path[0] != '/' || (objects_.empty() && !mapping.shared)) return false;
    struct stat about {};
    if (fstatat(twin.fd(), mapFile(mapping).c_str(), &about, 0) != 0)
        return unreadable(parent.pid(), "stat " + nameMapping(mapping), errno);
    if (!S_ISREG(about.st_mode)) return false;
    const bool segment = about.st_dev == shm_device_ && mapping.path.starts_with("/SYSV");
    const auto index = find(about, segment);
    if (!index) {
        if (!mapping.shared) return false;
        auto kind = kindOf(mapping, about, namesFile(parent, mapping.path, about));
        if (!kind) return kind.error();
        if (*kind == 0) return false;
        stale_ = true;
        return Error{ErrorCode::kCaptureFailed, "capture.read", pidName(pid_), "its shared memory changed meanwhile"};
    }
    vma.shared = *index + 1;
    vma.file_offset = mapping.offset;
    if (mapping.shared && !mapping.has("mw ")) vma.flags |= FF_VMA_NEVER_WRITABLE;
    // By way of /proc/PID/map_files; only a file can be mapped privately.
    if (!mapping.shared && segment) return notCarried(nameMapping(mapping, "MAP_PRIVATE"));
    if (!mapping.shared && objects_[*index].kind == FF_SHARED_ANONYMOUS) objects_[*index].kind = FF_SHARED_MEMFD;
    if (!mapping.shared) private_pages_.push_back({*index, mapping.start, mapping.end});
    return true;
}

void SharedTable::addUnforked(std::vector<Mapping>& twin) const {
    for (const Object& object : objects_) {
        if (object.kind != FF_SHARED_PRIVATE) continue;
        const auto above =
            std::upper_bound(twin.begin(), twin.end(), object.range,
                             [](const Mapping& one, const Mapping& other) { return one.start < other.start; });
        twin.insert(above, object.range);
    }
}

Result<void> SharedTable::addPrivatePages(DescriptorBuilder& builder, const ProcDir& twin, const PrivatePages& pages,
                                          uint32_t& count) {
    UniqueFd map(openat(twin.fd(), "pagemap", O_RDONLY | O_CLOEXEC)),
        memory(openat(twin.fd(), "mem", O_RDONLY | O_CLOEXEC));
    if (!map.valid() || !memory.valid()) return unreadable(pid_, "open pagemap of the twin", errno);
    std::vector<uint64_t> entries((pages.end - pages.start) / FF_PAGE_SIZE);
    const auto bytes = static_cast<ssize_t>(entries.size() * sizeof entries[0]);
    if (pread(map.get(), entries.data(), static_cast<size_t>(bytes),
              static_cast<off_t>(pages.start / FF_PAGE_SIZE * sizeof entries[0])) != bytes)
        return unreadable(pid_, "read pagemap of the twin", errno);
    const auto copied = [&](size_t i) { return entries[i] & (kPresent | kSwapped) && !(entries[i] & kOfFile); };
    for (size_t first = 0; first < entries.size(); first++) {
        if (!copied(first)) continue;
        size_t end = first + 1;
        while (end < entries.size() && copied(end)) end++;
        const uint64_t start = pages.start + first * FF_PAGE_SIZE;
        std::vector<std::byte> contents((end - first) * FF_PAGE_SIZE);
        if (pread(memory.get(), contents.data(), contents.size(), static_cast<off_t>(start)) !=
            static_cast<ssize_t>(contents.size()))
            return unreadable(pid_, "read the twin", errno);
        builder.runs.push_back({start, builder.addBytes(contents), contents.size()});
        count++;
        first = end;
    }
    return {};
}

Result<void> SharedTable::describe(DescriptorBuilder& builder, const ProcDir& twin) {
    if (auto whole = checkSegments(builder.vmas, objects_); !whole) return whole;
    for (uint32_t index = 0; index < objects_.size(); index++) {
        const Object& object = objects_[index];
        ff_shared shared{};
        shared.kind = object.kind;
        shared.name = builder.strings.add(object.name);
        shared.size = object.size;
        shared.seals = object.seals;
        shared.mode = object.mode;
        shared.uid = object.uid;
        shared.gid = object.gid;
        if (object.kind == FF_SHARED_SYSV) {
            shared.sysv_id = static_cast<int32_t>(object.inode);
            shared.sysv_key = object.key;
            shared.sysv_cuid = object.creator_uid;
            shared.sysv_cgid = object.creator_gid;
            shared.sysv_removed = object.removed ? 1 : 0;
        }
        shared.run_first = static_cast<uint32_t>(builder.runs.size());
        for (const Run& run : runs_) {
            if (run.object != index) continue;
            const std::byte* bytes = copy_.get() + run.at;
            const auto page = [&](uint64_t at) { return std::min<uint64_t>(FF_PAGE_SIZE, run.size - at); };
            for (uint64_t at = 0; at < run.size;) {
                uint64_t end = at;
                while (end < run.size && !isZero(bytes + end, page(end))) end += page(end);
                if (end > at) {
                    builder.runs.push_back({run.start + at, builder.addBytes({bytes + at, end - at}), end - at});
                    (object.kind == FF_SHARED_PRIVATE ? shared.private_count : shared.run_count)++;
                }
                at = end < run.size ? end + page(end) : end;
            }
        }
        for (const PrivatePages& pages : private_pages_) {
            if (pages.object != index) continue;
            if (auto added = addPrivatePages(builder, twin, pages, shared.private_count); !added) return added;
        }
        builder.shared.push_back(shared);
    }
    copy_.reset();
    return {};
}

}  // namespace farfork::capturing
