// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "capture/memory_map.h"
#include "capture/proc.h"
#include "descriptor/builder.h"

namespace farfork::capturing {

struct Opened;

struct Unmap {
    size_t size = 0;
    void operator()(std::byte* at) const;
};

/// Memory of the parent that is shared by its nature and of which each child gets its own: anonymous, memfd, files
/// without a name, POSIX and System V shared memory. The twin does not hold it still, so it is copied in the pause.
///
/// A regular file that has a name is not such an object: it stays the same file.
class SharedTable {
  public:
    /// Refuses by name what is not carried.
    static Result<SharedTable> read(const ProcDir& proc, const std::vector<Mapping>& mappings);

    /// The index of the object that a descriptor is of; nothing when it is of none.
    Result<std::optional<uint32_t>> claim(const Opened& opened);

    /// Before the pause, when all objects are known: room for their contents. Errors: PAUSE_TOO_LONG,
    /// RESOURCE_EXHAUSTED, STATE_NOT_CARRIED.
    Result<void> reserve(uint32_t max_pause_ms);

    /// For the pause: copies contents and what else can change. False: what was reserved is out of date. Allocates
    /// nothing unless it fails. Error: PAUSE_TOO_LONG, after `deadline_ns` (0: none).
    Result<bool> copy(uint64_t deadline_ns);

    /// After the pause: sets what a mapping of the twin is of; false when it is of no object.
    Result<bool> describeMapping(ff_vma& vma, const Mapping& mapping, const ProcDir& parent, const ProcDir& twin);

    /// Adds the parent's MADV_DONTFORK ranges to the twin's mappings.
    void addUnforked(std::vector<Mapping>& twin) const;

    /// After all mappings: adds objects and contents.
    Result<void> describe(DescriptorBuilder& builder, const ProcDir& twin);

    /// The parent made new shared memory just before the pause: another try may succeed.
    [[nodiscard]] bool stale() const { return stale_; }
    [[nodiscard]] uint64_t copyNs() const { return copy_ns_; }

    struct Object {
        uint32_t kind = 0;  ///< FF_SHARED_*
        uint64_t device = 0, inode = 0;
        std::string name;   ///< for descriptor and errors
        UniqueFd file;      ///< of the same inode, for reading; SysV segments as well
        uint64_t tail = 0;  ///< where the parent maps its last page, when only memory shows all of that
        // Read in the pause.
        struct stat about {};
        uint32_t seals = 0, mode = 0, uid = 0, gid = 0, creator_uid = 0, creator_gid = 0;
        int32_t key = 0;
        bool removed = false;
        uint64_t size = 0;
        Mapping range;  ///< FF_SHARED_PRIVATE
    };

  private:
    struct Run {
        uint32_t object;
        uint64_t start, size, at;  ///< `at`: in copy_
    };
    struct PrivatePages {
        uint32_t object;
        uint64_t start, end;
    };
    Result<uint32_t> kindOf(const Mapping& mapping, const struct stat& about, bool exact) const;
    Result<void> addMapping(const ProcDir& proc, const Mapping& mapping);
    [[nodiscard]] std::optional<uint32_t> find(const struct stat& about, bool sysv) const;
    Result<uint32_t> add(uint32_t kind, const struct stat& about, std::string name, UniqueFd file);
    bool copyObject(uint32_t index, uint64_t deadline_ns);
    bool copyRun(uint32_t index, uint64_t start, uint64_t size, uint64_t deadline_ns);
    bool readSegment(Object& object);
    Result<void> countPages(const Object& object, uint64_t& bytes, size_t& runs);
    bool copyRange(uint32_t index, uint64_t deadline_ns);
    [[nodiscard]] bool ownsNames() const;
    Result<void> addPrivatePages(DescriptorBuilder& builder, const ProcDir& twin, const PrivatePages& pages,
                                 uint32_t& count);

    pid_t pid_ = 0;
    uint64_t shm_device_ = 0;  ///< of the kernel's own tmpfs, where memfds, segments and anonymous memory are
    UniqueFd ipc_namespace_;   ///< of the parent; set when it has segments
    std::vector<Object> objects_;
    std::unique_ptr<std::byte, Unmap> copy_;
    uint64_t copied_ = 0, copy_ns_ = 0;
    std::vector<Run> runs_;
    UniqueFd pagemap_, memory_;  ///< of the parent; set when it has MADV_DONTFORK ranges
    std::vector<uint64_t> entries_;
    std::vector<PrivatePages> private_pages_;
    bool stale_ = false, late_ = false;
};

}  // namespace farfork::capturing
