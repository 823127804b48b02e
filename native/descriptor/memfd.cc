// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "descriptor/builder.h"

namespace farfork {

Result<UniqueFd> sealedMemfd(const char* name, std::span<const std::byte> bytes) {
    const auto failed = [&](const char* what) {
        return makeErrno(ErrorCode::kResourceExhausted, "descriptor.store", std::string("memfd ") + name, what, errno);
    };
    UniqueFd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.valid()) return failed("memfd_create");
    for (size_t done = 0; done < bytes.size();) {
        const ssize_t wrote = pwrite(fd.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return failed("pwrite");
        done += static_cast<size_t>(wrote);
    }
    if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return failed("F_ADD_SEALS");
    return fd;
}

}  // namespace farfork
