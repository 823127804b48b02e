// SPDX-License-Identifier: Apache-2.0
#include "spawner/outputs.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace farfork {

Result<UniqueFd> makeOutput() {
    UniqueFd output(memfd_create("farfork-output", MFD_CLOEXEC));
    if (!output.valid() || fcntl(output.get(), F_SETFL, O_APPEND) != 0) {
        return makeErrno(ErrorCode::kResourceExhausted, "spawner.stdio", "output", "memfd_create", errno);
    }
    return output;
}

void trimOutput(int fd) {
    constexpr uint64_t kBlockBytes = 512;  // of st_blocks (stat(3type))
    struct stat status {};
    if (fstat(fd, &status) != 0) return;
    const auto held = static_cast<uint64_t>(status.st_blocks) * kBlockBytes;
    const auto size = static_cast<uint64_t>(status.st_size);
    if (held <= 2 * kKeptOutputBytes || size <= kKeptOutputBytes) return;
    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size - kKeptOutputBytes));
}

}  // namespace farfork
