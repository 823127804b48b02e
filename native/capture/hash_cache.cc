// SPDX-License-Identifier: Apache-2.0
#include "capture/hash_cache.h"

#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace farfork::capturing {
namespace {

using Key = std::tuple<uint64_t, uint64_t, int64_t, int64_t, int64_t>;
constexpr size_t kMaxEntries = 16384;
constexpr size_t kChunkBytes = 1 << 20;

int64_t nanoseconds(const timespec& time) {
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

Key keyOf(const struct stat& about) {
    return {about.st_dev, about.st_ino, about.st_size, nanoseconds(about.st_mtim), nanoseconds(about.st_ctim)};
}

struct Cache {
    std::mutex mutex;
    std::map<Key, Hash128> hashes;
};
Cache& cache() {
    static Cache instance;
    return instance;
}

std::optional<Hash128> readAndHash(int fd, int64_t size) {
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    std::vector<std::byte> chunk(std::min<size_t>(kChunkBytes, static_cast<size_t>(size) + 1));
    int64_t done = 0;
    for (;;) {
        const ssize_t got = pread(fd, chunk.data(), chunk.size(), done);
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        XXH3_128bits_update(&state, chunk.data(), static_cast<size_t>(got));
        done += got;
        if (done > size) return std::nullopt;
    }
    if (done != size) return std::nullopt;
    const XXH128_hash_t hash = XXH3_128bits_digest(&state);
    return Hash128{hash.high64, hash.low64};
}

}  // namespace

std::optional<Hash128> hashFile(int fd, const struct stat& about) {
    if (!S_ISREG(about.st_mode) || about.st_size > kMaxHashedBytes) return std::nullopt;
    const Key key = keyOf(about);
    {
        const std::lock_guard lock(cache().mutex);
        if (const auto found = cache().hashes.find(key); found != cache().hashes.end()) return found->second;
    }
    const auto hash = readAndHash(fd, about.st_size);
    struct stat after {};
    if (!hash || fstat(fd, &after) != 0 || keyOf(after) != key) return std::nullopt;
    const std::lock_guard lock(cache().mutex);
    if (cache().hashes.size() >= kMaxEntries) cache().hashes.clear();
    cache().hashes.emplace(key, *hash);
    return hash;
}

}  // namespace farfork::capturing
