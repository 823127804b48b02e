// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "base/result.h"
#include "descriptor/checksum.h"
#include "descriptor/descriptor.h"

namespace farfork {

struct LocalFile {
    uint64_t device = 0, inode = 0, size = 0;  ///< of fstat
};

/// Decides whether a mapped file of a descriptor exists identically on this node: equal size and XXH3-128 of the
/// contents; of a file that the parent writes to, whether it is the very same one. Hashes are kept by (device, inode,
/// size, mtime, ctime). Thread-safe.
class FileIdentity {
  public:
    enum class Trust {
        kHash,         ///< contents are compared
        kSameMachine,  ///< at the origin: equal inode, size and mtime suffice; else contents
    };
    /// Errors: FILE_MISSING naming the path; the detail says in what it differs.
    Result<LocalFile> find(const std::string& path, const ff_vma& vma, Trust trust);
    [[nodiscard]] uint64_t filesHashed() const;

  private:
    using Key = std::tuple<uint64_t, uint64_t, uint64_t, int64_t, int64_t>;
    Result<Hash128> hashOf(int fd, const Key& key, const std::string& path);

    mutable std::mutex mutex_;
    std::map<Key, Hash128> hashes_;
    uint64_t files_hashed_ = 0;
};

}  // namespace farfork
