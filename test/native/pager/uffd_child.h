// SPDX-License-Identifier: Apache-2.0
//
// A child as the restorer would make it, for tests: maps an image and plain memory at given addresses, registers them
// with a userfaultfd of its own, hands that to the test, and runs a body when told to.
#pragma once
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <vector>

#include "base/unique_fd.h"
#include "check.h"
#include "descriptor/plan.h"
#include "image/pattern_source.h"

namespace farfork::test {

inline ff_map imageMap(uint64_t start, uint64_t end, uint32_t vma_flags = 0) {
    ff_map map{};
    map.start = start;
    map.end = end;
    map.file_offset = start;
    map.kind = FF_MAP_IMAGE;
    map.prot = PROT_READ | PROT_WRITE;
    map.mmap_flags = MAP_PRIVATE | MAP_NORESERVE;
    map.vma_flags = vma_flags;
    return map;
}

inline ff_map copyMap(uint64_t start, uint64_t end, uint32_t mmap_flags = 0, uint32_t vma_flags = 0) {
    ff_map map{};
    map.start = start;
    map.end = end;
    map.kind = FF_MAP_COPY;
    map.prot = PROT_READ | PROT_WRITE;
    map.mmap_flags = MAP_PRIVATE | MAP_ANONYMOUS | mmap_flags;
    map.vma_flags = vma_flags;
    return map;
}

/// Exit codes of a child that could not be set up.
enum { kChildMapFailed = 120, kChildUffdFailed = 121, kChildRegisterFailed = 122 };

class UffdChild {
  public:
    UffdChild(int image_fd, std::vector<ff_map> maps, std::function<int()> body) {
        int ready[2], go[2];
        if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(go, O_CLOEXEC) != 0) std::abort();
        std::fflush(nullptr);
        pid_ = fork();
        if (pid_ == 0) _exit(childMain(image_fd, maps, ready[1], go[0], body));
        close(ready[1]);
        close(go[0]);
        go_.reset(go[1]);
        pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
        int fd = -1;
        if (read(ready[0], &fd, sizeof fd) == sizeof fd) {
            uffd_.reset(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd_.get(), fd, 0)));
        }
        close(ready[0]);
    }
    ~UffdChild() {
        if (pid_ > 0 && !reaped_) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
    }
    UffdChild(const UffdChild&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool ready() const { return uffd_.valid(); }
    /// A duplicate of its userfaultfd for the pager; the child object keeps one, as the spawner does.
    [[nodiscard]] UniqueFd uffd() const { return UniqueFd(fcntl(uffd_.get(), F_DUPFD_CLOEXEC, 0)); }
    void go() {
        const char byte = 1;
        if (write(go_.get(), &byte, 1) != 1) std::abort();
    }
    void stop() { kill(pid_, SIGKILL); }
    /// Exit code, 1000 + signal, or -1 when it did not end in time (then it is killed).
    int wait(int timeout_ms = 20'000) {
        pollfd entry{pidfd_.get(), POLLIN, 0};
        const bool ended = poll(&entry, 1, timeout_ms) == 1;
        if (!ended) kill(pid_, SIGKILL);
        int status = 0;
        waitpid(pid_, &status, 0);
        reaped_ = true;
        if (!ended) return -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    }

  private:
    static int childMain(int image_fd, const std::vector<ff_map>& maps, int ready, int go,
                         const std::function<int()>& body) {
        const int uffd = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
        uffdio_api api{UFFD_API,
                       UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE |
                           UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_MINOR_SHMEM,
                       0};
        if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) != 0) return kChildUffdFailed;
        for (const ff_map& map : maps) {
            const bool image = map.kind == FF_MAP_IMAGE;
            void* at = mmap(reinterpret_cast<void*>(map.start), map.end - map.start, static_cast<int>(map.prot),
                            static_cast<int>(map.mmap_flags) | MAP_FIXED_NOREPLACE, image ? image_fd : -1,
                            image ? static_cast<off_t>(map.file_offset) : 0);
            if (at == MAP_FAILED) return kChildMapFailed;
            uffdio_register wanted{{map.start, map.end - map.start},
                                   UFFDIO_REGISTER_MODE_MISSING | (image ? UFFDIO_REGISTER_MODE_MINOR : 0),
                                   0};
            if (ioctl(uffd, UFFDIO_REGISTER, &wanted) != 0) return kChildRegisterFailed;
        }
        if (write(ready, &uffd, sizeof uffd) != sizeof uffd) return kChildUffdFailed;
        char byte = 0;
        if (read(go, &byte, 1) != 1) return kChildUffdFailed;
        return body();
    }

    pid_t pid_ = -1;
    bool reaped_ = false;
    UniqueFd go_, pidfd_, uffd_;
};

inline bool userfaultfdWorks() {
    const UniqueFd fd(static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK)));
    if (!fd.valid()) return false;
    uffdio_api api{UFFD_API, UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_MINOR_SHMEM, 0};
    return ioctl(fd.get(), UFFDIO_API, &api) == 0;
}

/// In a child: the word at `address`, and whether whole ranges hold the pattern or zeros.
inline uint64_t wordAt(uint64_t address) {
    return *reinterpret_cast<volatile uint64_t*>(address);
}
inline void setWord(uint64_t address, uint64_t value) {
    *reinterpret_cast<volatile uint64_t*>(address) = value;
}
inline bool isPattern(uint64_t start, uint64_t end, uint64_t moved_from = 0) {
    const uint64_t original = moved_from == 0 ? start : moved_from;
    for (uint64_t offset = 0; offset < end - start; offset += 8) {
        if (wordAt(start + offset) != patternWord(original + offset)) return false;
    }
    return true;
}
inline bool isZero(uint64_t start, uint64_t end) {
    for (uint64_t at = start; at < end; at += 8) {
        if (wordAt(at) != 0) return false;
    }
    return true;
}
inline void* pointer(uint64_t address) {
    return reinterpret_cast<void*>(address);
}

}  // namespace farfork::test
