// SPDX-License-Identifier: Apache-2.0
#include "image/file_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/unique_fd.h"
#include "descriptor/identity.h"

namespace farfork {

namespace {

constexpr size_t kReadBytes = 1 << 20;
constexpr size_t kMaxHashes = 8192;

int64_t nanoseconds(const timespec& time) {
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

Error missing(const std::string& path, std::string why) {
    return Error{ErrorCode::kFileMissing, "image.plan", path, std::move(why)};
}

Result<Hash128> hashContents(int fd, const std::string& path) {
    XXH3_state_t* state = XXH3_createState();
    if (state == nullptr) return Error{ErrorCode::kResourceExhausted, "image.plan", path, "no memory for a hash"};
    XXH3_128bits_reset(state);
    std::vector<char> buffer(kReadBytes);
    ssize_t got = 0;
    for (off_t offset = 0;; offset += got) {
        got = pread(fd, buffer.data(), buffer.size(), offset);
        if (got < 0 && errno == EINTR) {
            got = 0;
            continue;
        }
        if (got <= 0) break;
        XXH3_128bits_update(state, buffer.data(), static_cast<size_t>(got));
    }
    const int read_errno = errno;
    const XXH128_hash_t digest = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    if (got < 0) return makeErrno(ErrorCode::kFileMissing, "image.plan", path, "read", read_errno);
    return Hash128{digest.high64, digest.low64};
}

}  // namespace

Result<Hash128> FileIdentity::hashOf(int fd, const Key& key, const std::string& path) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = hashes_.find(key); found != hashes_.end()) return found->second;
    }
    Result<Hash128> hash = hashContents(fd, path);
    if (!hash) return hash;
    const std::lock_guard lock(mutex_);
    if (hashes_.size() >= kMaxHashes) hashes_.clear();
    hashes_[key] = hash.value();
    ++files_hashed_;
    return hash;
}

Result<LocalFile> FileIdentity::find(const std::string& path, const ff_vma& vma, Trust trust) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd.valid()) return makeErrno(ErrorCode::kFileMissing, "image.plan", path, "open", errno);
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) return makeErrno(ErrorCode::kFileMissing, "image.plan", path, "fstat", errno);
    const LocalFile local{status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size)};
    if (!S_ISREG(status.st_mode)) return missing(path, "not a regular file on this node");
    if ((vma.flags & FF_VMA_SAME_FILE) != 0) {
        const auto identity = fileIdentity(fd.get());
        const Hash128 wanted{vma.file_hash_high, vma.file_hash_low};
        if (identity && *identity == wanted) return local;
        return missing(path, "the parent writes to it, and this is not the same file");
    }
    if (local.size != vma.file_size) {
        return missing(path, "has " + std::to_string(local.size) + " bytes on this node, " +
                                 std::to_string(vma.file_size) + " at the parent");
    }
    const int64_t mtime = nanoseconds(status.st_mtim);
    const bool hashed = vma.file_hash_high != 0 || vma.file_hash_low != 0;
    if (trust == Trust::kSameMachine && local.inode == vma.inode && mtime == vma.file_mtime_ns) return local;
    if (!hashed) return missing(path, "its contents at the parent are not known, so they cannot be compared");
    Result<Hash128> hash =
        hashOf(fd.get(), {local.device, local.inode, local.size, mtime, nanoseconds(status.st_ctim)}, path);
    if (!hash) return hash.error();
    if (!(hash.value() == Hash128{vma.file_hash_high, vma.file_hash_low})) {
        return missing(path, "its contents differ from the parent's");
    }
    return local;
}

uint64_t FileIdentity::filesHashed() const {
    const std::lock_guard lock(mutex_);
    return files_hashed_;
}

}  // namespace farfork
