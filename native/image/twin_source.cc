// SPDX-License-Identifier: Apache-2.0
#include "image/twin_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "image/destination.h"
#include "image/layout.h"

namespace farfork {

namespace {
constexpr uint64_t kForcedReadBytes = 64 * 1024;
constexpr int kMadvPopulateWrite = 23;  // linux/mman.h, since 5.14
}  // namespace

Result<void> checkDestination(std::byte* at, uint64_t size) {
    if (madvise(at, size, kMadvPopulateWrite) == 0 || errno == EINVAL) return {};
    return makeErrno(ErrorCode::kResourceExhausted, "image.write", "image",
                     "no memory for " + std::to_string(size) + " bytes of pages", errno);
}

Result<std::shared_ptr<TwinSource>> TwinSource::open(pid_t pid, UniqueFd pidfd) {
    const std::string object = "twin pid " + std::to_string(pid);
    UniqueFd memory(::open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
    const int open_errno = errno;
    std::shared_ptr<TwinSource> source(new TwinSource(pid, std::move(pidfd), std::move(memory)));
    if (!source->alive()) return Error{ErrorCode::kProcessExited, "image.import", object, "the twin is not alive"};
    if (!source->memory_.valid()) {
        return makeErrno(ErrorCode::kPermissionDenied, "image.import", object, "open of /proc/PID/mem", open_errno);
    }
    return source;
}

bool TwinSource::alive() const {
    pollfd entry{pidfd_.get(), POLLIN, 0};
    return poll(&entry, 1, 0) == 0;
}

void TwinSource::kill() const {
    syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

std::string TwinSource::describe() const {
    return "twin pid " + std::to_string(pid_);
}

Error TwinSource::lost(std::string detail, int sys_errno) const {
    if (sys_errno == 0) return Error{ErrorCode::kSourceLost, "image.twin", describe(), std::move(detail)};
    return makeErrno(ErrorCode::kSourceLost, "image.twin", describe(), std::move(detail), sys_errno);
}

/// process_vm_readv needs VM_READ; /proc/PID/mem reads pages of PROT_NONE mappings as well (FOLL_FORCE).
Result<uint64_t> TwinSource::readForced(const PageRead& read, uint64_t offset) const {
    const uint64_t size = std::min(kForcedReadBytes, read.range.bytes() - offset);
    std::byte* destination = read.destination + offset;
    if (Result<void> room = checkDestination(destination, size); !room) return room.error();
    const ssize_t got = pread(memory_.get(), destination, size, static_cast<off_t>(read.range.start + offset));
    if (got > 0) return static_cast<uint64_t>(got);
    if (got == 0) return lost("the twin died");
    return lost("page at " + std::to_string(read.range.start + offset) + " cannot be read", errno);
}

Result<void> TwinSource::readOne(const PageRead& read) const {
    for (uint64_t offset = 0; offset < read.range.bytes();) {
        const iovec local{read.destination + offset, read.range.bytes() - offset};
        const iovec remote{reinterpret_cast<void*>(read.range.start + offset), local.iov_len};
        const ssize_t got = process_vm_readv(pid_, &local, 1, &remote, 1, 0);
        if (got > 0) {
            offset += static_cast<uint64_t>(got);
            continue;
        }
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == ESRCH) return lost("the twin died");
        const Result<uint64_t> forced = readForced(read, offset);
        if (!forced) return forced.error();
        offset += forced.value();
    }
    return {};
}

void TwinSource::read(std::vector<PageRead> reads, Completion done) {
    for (const PageRead& read : reads) {
        if (Result<void> result = readOne(read); !result) return done(alive() ? result : lost("the twin died"));
    }
    if (!alive()) return done(lost("the twin died"));
    done({});
}

}  // namespace farfork
