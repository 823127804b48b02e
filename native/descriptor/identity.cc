// SPDX-License-Identifier: Apache-2.0
#include "descriptor/identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cstring>

namespace farfork {

std::optional<Hash128> fileIdentity(int fd) {
    struct statx about {};
    struct statfs system {};
    if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &about) != 0 || fstatfs(fd, &system) != 0)
        return std::nullopt;
    struct {
        uint64_t inode, system_kind, system_id;
        int64_t birth_s;
        uint64_t birth_ns;
    } key{about.stx_ino, static_cast<uint64_t>(system.f_type), 0, 0, 0};
    if (about.stx_mask & STATX_BTIME) {
        key.birth_s = about.stx_btime.tv_sec;
        key.birth_ns = about.stx_btime.tv_nsec;
    } else {
        static_assert(sizeof system.f_fsid == sizeof key.system_id);
        std::memcpy(&key.system_id, &system.f_fsid, sizeof key.system_id);
        if (key.system_id == 0) return std::nullopt;
    }
    return hash128(std::as_bytes(std::span(&key, 1)));
}

}  // namespace farfork
